//! `[report]`: how the pages are written. Nothing here changes what is billed.

use super::table::{Form, Table};
use crate::domain::Tongue;
use crate::domain::settings::ReportRules;

const REPORT: Form = Form { name: "[report]", needs: &[], allows: &["language = \"en\"", "each_business = true"] };

const LANGUAGES: [(&str, Tongue); 2] = [("en", Tongue::English), ("it", Tongue::Italian)];

/// The rules of the file at `root`; the usual ones where it names none.
pub(super) fn report(root: &Table<'_>) -> ReportRules {
    let usual = ReportRules::default();
    let Some(table) = root.table("report", &REPORT) else { return usual };
    ReportRules {
        tongue: table.choice("language", &LANGUAGES).unwrap_or(usual.tongue),
        each_business: table.truth("each_business").unwrap_or(usual.each_business),
    }
}
