//! `[guards]`: beyond which a month is parked until a person has looked at it. Nothing here changes an amount.

use super::table::{Form, Table};
use super::words;
use crate::domain::settings::GuardLimits;

const GUARDS: Form = Form {
    name: "[guards]",
    needs: &[],
    allows: &["jump = 10", "jump_from = \"100.00\"", "charges_per_day = 100000", "largest = \"10000.00\""],
};

const MOST_JUMP: u32 = 1_000_000;
const MOST_CHARGES: u32 = 1_000_000_000;

/// The guards of the file at `root`; the usual ones where it names none.
pub(super) fn guards(root: &Table<'_>) -> GuardLimits {
    let usual = GuardLimits::default();
    let Some(table) = root.table("guards", &GUARDS) else { return usual };
    let jump = table.number("jump", 0..=MOST_JUMP).unwrap_or(usual.jump);
    if jump == 1 {
        table.wrong("jump", "every other month is more than the median", "write jump = 10, or 0 for no such guard");
    }
    GuardLimits {
        jump,
        jump_from: table.parsed("jump_from", words::amount).unwrap_or(usual.jump_from),
        charges_per_day: table.number("charges_per_day", 0..=MOST_CHARGES).unwrap_or(usual.charges_per_day),
        largest: table.parsed("largest", words::amount),
    }
}
