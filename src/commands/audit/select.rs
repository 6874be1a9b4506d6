//! Which closed months are audited, and which cannot be.

use std::collections::BTreeSet;
use std::path::Path;

use crate::cli::{Audit, Months};
use crate::domain::{BusinessId, Month, RuleVersion};
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::ledger::entry::MonthClosed;

/// The closed months that are asked for: by month, then by business. Months of one night stand together, so that what
/// they were closed with is loaded once.
pub fn months<'h>(
    months: Option<Months>,
    business: Option<&BusinessId>,
    history: &'h History,
    ledger: &Path,
) -> Result<Vec<&'h MonthClosed>, Failure> {
    let of_business: Vec<&MonthClosed> =
        history.closed.values().filter(|closed| business.is_none_or(|id| *id == closed.business)).collect();
    let refused = |message: String, hint: String| Err(Failure::new(Kind::CommandLine, message).at(ledger).hint(hint));
    if let (Some(id), true) = (business, of_business.is_empty()) {
        let known: BTreeSet<&str> = history.closed.keys().map(|(business, _)| business.as_str()).collect();
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        let hint = if known.is_empty() { closed(&[]) } else { format!("businesses with closed months: {known}") };
        return refused(format!("`{id}` has no closed month"), hint);
    }
    let is_wanted = |closed: &&&MonthClosed| months.is_none_or(|months| months.contains(closed.month));
    let mut wanted: Vec<&MonthClosed> = of_business.iter().filter(is_wanted).copied().collect();
    if wanted.is_empty() {
        let who = business.map_or("no business has".to_owned(), |id| format!("`{id}` has not"));
        let message = match months {
            Some(Months::One(month)) => format!("{who} closed {month}"),
            Some(range @ Months::Range(..)) => format!("{who} closed any month of {range}"),
            None => format!("{who} closed any month"),
        };
        return refused(message, closed(&of_business));
    }
    wanted.sort_by_key(|closed| (closed.month, &closed.business));
    Ok(wanted)
}

/// An option that only a whole ledger can answer.
pub fn of_the_whole_ledger(args: &Audit) -> Option<&'static str> {
    let asked = [("--as-known", args.as_known.is_some()), ("--tariff-as-of", args.tariff_as_of.is_some())];
    asked.into_iter().find(|(_, is_asked)| *is_asked).map(|(option, _)| option)
}

/// Which months are closed, as a hint.
pub fn closed_months(history: &History) -> String {
    closed(&history.closed.values().collect::<Vec<_>>())
}

fn closed(months: &[&MonthClosed]) -> String {
    let months: BTreeSet<Month> = months.iter().map(|closed| closed.month).collect();
    if months.is_empty() {
        return "no month is closed yet".to_owned();
    }
    let months: Vec<String> = months.iter().map(Month::to_string).collect();
    format!("closed months: {}", months.join(", "))
}

/// A month that was closed by a rule that this program does not know would be compared with nonsense.
pub fn refuse_unknown_rules(months: &[&MonthClosed], history: &History, ledger: &Path) -> Result<(), Failure> {
    for closed in months {
        let (business, month) = (&closed.business, closed.month);
        let corrected = history.corrections(business, month).map(|corrected| ("corrected", &corrected.version));
        let decided = std::iter::once(("closed", &closed.version)).chain(corrected);
        if let Some((what, version)) = decided.into_iter().find(|(_, version)| RuleVersion::of(version).is_none()) {
            let message =
                format!("{month} of {business} was {what} by version {version}, whose rule this program does not know");
            let failure = Failure::new(Kind::Configuration, message).at(ledger);
            return Err(failure.hint("audit it with that version of ritardo, or a newer one; name other months here"));
        }
    }
    Ok(())
}
