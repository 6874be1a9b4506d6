//! The files of a document.

use serde::{Deserialize, Serialize};

use crate::domain::InvoiceNumber;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    pub number: InvoiceNumber,
    pub files: Vec<Artefact>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artefact {
    pub name: String,
    pub sha256: String,
}
