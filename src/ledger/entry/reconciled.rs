//! The statement of a partner, compared with what is billed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{BusinessId, Decimal, Instant, Month};

/// A statement was compared with what is billed of a month. It decides nothing: what follows from it is done by other means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthReconciled {
    pub month: Month,
    /// `None`: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessId>,
    pub at: Instant,
    /// Entries up to this one were known.
    pub known_through: u64,
    /// The name of the file without its folder, and its SHA-256.
    pub file: String,
    pub file_sha256: String,
    /// Name of the mapping that it was read through.
    pub mapping: String,
    pub cells: u64,
    pub differences: u64,
    /// Differences that something explains only in part, or nothing.
    pub unexplained: u64,
    /// Rows of the statement that could not be read.
    pub rejected: u64,
    /// How many differences each cause has a part in.
    pub causes: BTreeMap<String, u64>,
    pub ours: Decimal,
    pub theirs: Decimal,
    /// SHA-256 of the comparison in full, which is stored as content.
    pub result_sha256: String,
}
