//! `[alarms]`: when a person is told of what may be missing. Nothing here changes what is billed.

use super::table::{Form, Table};
use crate::domain::settings::AlarmLimits;

const ALARMS: Form = Form { name: "[alarms]", needs: &[], allows: &["silence_messages = 10", "held_days = 7"] };

/// Beyond these an alarm would never be heard; 0 says so.
const MOST_MESSAGES: u32 = 1_000_000;
const MOST_DAYS: u32 = 3650;

/// The limits of the file at `root`; the usual ones where it names none.
pub(super) fn alarms(root: &Table<'_>) -> AlarmLimits {
    let usual = AlarmLimits::default();
    let Some(table) = root.table("alarms", &ALARMS) else { return usual };
    AlarmLimits {
        silence_messages: table.number("silence_messages", 0..=MOST_MESSAGES).unwrap_or(usual.silence_messages),
        held_days: table.number("held_days", 0..=MOST_DAYS).unwrap_or(usual.held_days),
    }
}
