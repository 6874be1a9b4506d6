//! What a server said later of a mail that it had taken.

use serde::{Deserialize, Serialize};

use crate::domain::Instant;

/// A delivery status report says that a mail failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailBounced {
    /// Its file beside the documents of the invoice.
    pub mail: String,
    /// Such as `5.1.1`; empty where the report has none.
    pub status: String,
    /// The words of the server that refused it.
    pub diagnostic: String,
    /// As the report says it: `failed`.
    pub action: String,
    /// Of the body of the report: a report is heard once.
    pub report_sha256: String,
    /// When the report was read.
    pub at: Instant,
}
