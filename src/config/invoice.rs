//! `[invoice]`: how documents are numbered, when they are issued, and below which amount they are not.

use super::table::{Form, Table};
use super::words;
use crate::domain::settings::{IssueMode, IssueRules, LateLogs};

const INVOICE: Form = Form {
    name: "[invoice]",
    needs: &[],
    allows: &[
        "series = \"LR\"",
        "credit_series = \"LRC\"",
        "first_number = 1",
        "issue = \"after-approval\"",
        "smallest = \"5.00\"",
        "smallest_correction = \"1.00\"",
        "late_logs = \"credit-only\"",
    ],
};

const SERIES: &str = "LR";

/// How the documents of an issuer are numbered.
pub(super) struct Numbering {
    pub series: String,
    pub credit_series: String,
    pub first_number: u32,
}

impl Numbering {
    /// What a table says, and for the rest `usual`. Credit notes have the series of invoices with a `C` behind it.
    pub fn of(table: &Table<'_>, usual: &Numbering) -> Numbering {
        let series = table.parsed("series", words::series);
        let of_series = |series: &Option<String>| series.as_ref().map(|series| format!("{series}C"));
        let credit_series = table.parsed("credit_series", words::series).or_else(|| of_series(&series));
        Numbering {
            credit_series: credit_series.unwrap_or_else(|| usual.credit_series.clone()),
            series: series.unwrap_or_else(|| usual.series.clone()),
            // Six digits: the printed number has as many.
            first_number: table.number("first_number", 1..=999_999).unwrap_or(usual.first_number),
        }
    }
}

/// The numbering of the file at `root`, which an issuer of several may change for itself.
pub(super) fn numbering(root: &Table<'_>) -> Numbering {
    let usual = Numbering { series: SERIES.to_owned(), credit_series: format!("{SERIES}C"), first_number: 1 };
    match root.table("invoice", &INVOICE) {
        Some(table) => Numbering::of(&table, &usual),
        None => usual,
    }
}

/// The rules of issue of the file at `root`; the usual ones where it names none.
pub(super) fn rules(root: &Table<'_>) -> IssueRules {
    let usual = IssueRules::default();
    let Some(table) = root.quiet_table("invoice", &INVOICE) else { return usual };
    IssueRules {
        mode: table.choice("issue", &IssueMode::ALL).unwrap_or(usual.mode),
        smallest: table.parsed("smallest", words::amount).unwrap_or(usual.smallest),
        smallest_correction: table.parsed("smallest_correction", words::amount).unwrap_or(usual.smallest_correction),
        late_logs: table.choice("late_logs", &LateLogs::ALL).unwrap_or(usual.late_logs),
    }
}
