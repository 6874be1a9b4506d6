//! Pages of closed months that need not be drawn again: to draw one is to judge its months once more.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Task;
use super::store::{Left, Written};
use crate::close::check::sha256;
use crate::commands::closing::OpenMonth;
use crate::commands::correct::Late;
use crate::commands::state::{State, ledger_failure};
use crate::commands::status::of_closed;
use crate::domain::Month;
use crate::error::Failure;
use crate::ledger::entry::Dispute;

/// Kinds of entries of which the page of a closed month tells nothing: files count up to the evidence of the month.
const UNTOLD: [&str; 10] = [
    "digest",
    "file",
    "mail_begun",
    "payment",
    "payment_matched",
    "payment_reversed",
    "reconciled",
    "reminder",
    "set_aside",
    "tariff",
];

/// Pages of closed months by the SHA-256 that they were left with, where the ledger and the settings tell nothing new of
/// them.
pub type Drawn = BTreeMap<Month, String>;

/// What an earlier night has drawn.
pub fn drawn(task: &Task) -> Result<Drawn, Failure> {
    let Some(list) = Written::read(&task.state.settled()) else { return Ok(Drawn::new()) };
    let ledger = task.ledger;
    let kinds = ledger.kinds_since(list.last, &list.head).map_err(|error| ledger_failure(error, ledger.path()))?;
    let Some(kinds) = kinds.filter(|_| list.is_like(&Written::of(task))) else { return Ok(Drawn::new()) };
    let is_untold = kinds.iter().all(|kind| UNTOLD.contains(&kind.as_str()));
    let is_left = |left: &Left| is_untold || left.told == told(task, left.month);
    Ok(list.pages.into_iter().filter(is_left).map(|left| (left.month, left.page)).collect())
}

/// A digest of all that the ledger tells of a closed month and that may still change: what stands, documents and their mails,
/// corrections, disputes. What its waits are is settled by its closings.
fn told(task: &Task, month: Month) -> String {
    let Task { setup, history, .. } = *task;
    let mut text = format!("{:?}\n", history.heads.get(&month));
    for closed in history.closed.values().filter(|closed| closed.month == month) {
        let key = (closed.business.clone(), month);
        let row = serde_json::to_string(&of_closed(history, closed, setup.tariff.currency)).unwrap_or_default();
        let (corrected, compared) = (history.corrected.get(&key), history.compared.get(&key));
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{closed:?} {row} {corrected:?} {compared:?}");
        for issued in history.issued_to(&closed.business).filter(|issued| issued.part_of(month).is_some()) {
            let mails = history.mails_of(&issued.number);
            let mails: Vec<_> = mails.map(|mail| (mail.copy.is_none(), history.mail_state(mail))).collect();
            let is_drawn = history.documents.contains_key(&issued.number);
            let _ = writeln!(text, "{issued:?} {mails:?} {is_drawn}");
        }
    }
    for dispute in history.disputes.iter().filter(|dispute| dispute.month == month) {
        let _ = writeln!(text, "{dispute:?} {:?}", history.settled.get(&dispute.dispute));
    }
    sha256(text.as_bytes())
}

/// Whether the page of a month is there as it was left, and nothing beside the ledger tells anything new of it.
pub fn is_as_left(drawn: &Drawn, state: &State, month: Month, open: &[OpenMonth], late: &[Late]) -> bool {
    let is_told = open.iter().any(|open| open.month == month) || late.iter().any(|late| late.month == month);
    !is_told && drawn.get(&month).is_some_and(|left| of_page(state, month).as_ref() == Some(left))
}

/// The pages that this night leaves: of months that are closed for every business, without late logs, and without open
/// disputes, whose previews come and go.
pub(super) fn left(task: &Task, open: &[OpenMonth], late: &[Late]) -> Vec<Left> {
    let Task { state, history, .. } = *task;
    let is_over = |month: &Month| {
        let of_month = || open.iter().map(|open| open.month).chain(late.iter().map(|late| late.month));
        let is_open = |dispute: &Dispute| {
            dispute.claims.iter().any(|claim| claim.accepted) && !history.settled.contains_key(&dispute.dispute)
        };
        let is_disputed = history.disputes.iter().any(|dispute| dispute.month == *month && is_open(dispute));
        !of_month().any(|of| of == *month) && !is_disputed
    };
    let months = history.months().into_iter().filter(is_over);
    months.filter_map(|month| Some(Left { month, page: of_page(state, month)?, told: told(task, month) })).collect()
}

fn of_page(state: &State, month: Month) -> Option<String> {
    std::fs::read(state.report(month)).ok().map(|page| sha256(&page))
}
