//! Months that a night parked.

use serde::{Deserialize, Serialize};

use crate::domain::{BusinessId, Instant, Month};

/// What a night parked, where that is not what the last such entry says. It decides nothing: every night judges anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthsParked {
    pub at: Instant,
    /// By month and business; empty when nothing is parked any more.
    pub months: Vec<MonthParked>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthParked {
    pub month: Month,
    pub business: BusinessId,
    /// Names of the guards that found something, sorted; `self-check` where the closing did.
    pub guards: Vec<String>,
}
