//! Whether what earlier nights have counted still holds, and the evidence of a night that it is a part of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use polars::prelude::DataFrame;

use super::odd::Rows;
use super::store::{OfBusiness, Written};
use super::{Settled, Task, can_settle, ids, proof};
use crate::close::readiness::{cut, missing_logs};
use crate::commands::closing::tolerance;
use crate::commands::evidence::{Evidence, broken};
use crate::commands::loaded::{Owners, are_owned, is_webhook, loaded, owners};
use crate::commands::portions::{Unread, is_for_portions};
use crate::commands::state::ledger_failure;
use crate::domain::Business;
use crate::error::Failure;
use crate::ledger::entry::LogRead;
use crate::read::frame;

/// Kinds of entries by which no wait of an open month changes, beside those of files, which are looked at. Whatever else a
/// person decided puts everything back to the archive.
const HARMLESS: [&str; 24] = [
    "approved",
    "compared",
    "corrected",
    "credit_note",
    "digest",
    "documents",
    "file",
    "invoice",
    "mail",
    "mail_attempt",
    "mail_begun",
    "mail_bounced",
    "mail_cancelled",
    "mail_retried",
    "month_closed",
    "payment",
    "payment_matched",
    "payment_reversed",
    "reconciled",
    "reminder",
    "replacement",
    "set_aside",
    "tariff",
    "unparked",
];

/// The evidence of a night: of businesses of which something is settled, that and the messages that are not; of the others
/// all messages. `None` where everything is to come from the archive.
pub fn evidence(task: &Task) -> Result<Option<Evidence>, Failure> {
    let Task { setup, history, .. } = *task;
    let folder = task.state.settled();
    let Some(list) = Written::read(&folder) else { return Ok(None) };
    let files: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).collect();
    let known = usize::try_from(list.files).unwrap_or(usize::MAX);
    if !may_be_used(task, &list)? || known > files.len() {
        return Ok(None);
    }
    let owners = owners(setup);
    let Some(new) = new_messages(task, &files, known, &owners)? else { return Ok(None) };
    let mut evidence = Evidence::of_files(files.iter().copied(), setup);
    let (mut rest, mut by_business, mut settled) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for business in &setup.businesses {
        let id = business.id.as_str();
        let fitting = Fitting { task, evidence: &evidence, folder: &folder, business };
        let of = list.businesses.get(id);
        match of.map(|of| fitting.messages(of, new.get(id))).transpose()?.flatten() {
            Some((counted, messages)) => {
                settled.insert(id.to_owned(), counted);
                // A business without messages has no frame.
                if messages.height() > 0 {
                    by_business.insert(id.to_owned(), messages);
                }
            }
            None => rest.push(business),
        }
    }
    if settled.is_empty() {
        return Ok(None);
    }
    if task.room.is_on_cluster || is_for_portions(&files, setup, task.room.rows_at_once) {
        let businesses = rest.iter().map(|business| business.id.to_string()).collect();
        evidence.unread = Unread { businesses, rows_at_once: task.room.rows_at_once };
    } else {
        by_business.extend(from_scratch(task, &files, &owners, &rest)?);
    }
    (evidence.by_business, evidence.settled) = (by_business, settled);
    Ok(Some(evidence))
}

/// Whether nothing but files came to the ledger that the list was made at, and the settings are the same.
fn may_be_used(task: &Task, list: &Written) -> Result<bool, Failure> {
    if !can_settle(task.setup) || !list.is_like(&Written::of(task)) || task.as_of < list.as_of {
        return Ok(false);
    }
    let ledger = task.ledger;
    let kinds = ledger.kinds_since(list.last, &list.head).map_err(|error| ledger_failure(error, ledger.path()))?;
    Ok(kinds.is_some_and(|kinds| kinds.iter().all(|kind| HARMLESS.contains(&kind.as_str()))))
}

/// The messages of the files from a place on, by business; `None` where one is not of the only owner of its channel.
fn new_messages(
    task: &Task,
    files: &[&LogRead],
    known: usize,
    owners: &Owners,
) -> Result<Option<BTreeMap<String, DataFrame>>, Failure> {
    let mut seen = BTreeSet::new();
    for file in files.iter().copied().take(known) {
        seen.extend(task.archive.kept(file).into_iter().map(|kept| (kept.sha256(), is_webhook(file))));
    }
    let new = (0..).zip(files.iter().copied()).skip(known);
    let messages = loaded(new, seen, owners, task.archive, &Ok)?;
    let by_business = frame::by_business(messages).map_err(broken)?;
    Ok(are_owned(owners, &by_business)?.then_some(by_business))
}

/// All messages of some businesses, from the files that have one of theirs.
fn from_scratch(
    task: &Task,
    files: &[&LogRead],
    owners: &Owners,
    businesses: &[&Business],
) -> Result<BTreeMap<String, DataFrame>, Failure> {
    let channels = businesses.iter().flat_map(|business| &business.channels);
    let channels: BTreeSet<&str> = channels.map(|owned| owned.channel.as_str()).collect();
    let carries = |file: &LogRead| file.channels.iter().any(|channel| channels.contains(channel.as_str()));
    let carrying = (0..).zip(files.iter().copied()).filter(|(_, file)| carries(file));
    let on_channels = |messages: DataFrame| frame::on_channels(messages, &channels).map_err(broken);
    let messages = loaded(carrying, BTreeSet::new(), owners, task.archive, &on_channels)?;
    let wanted: BTreeSet<&str> = businesses.iter().map(|business| business.id.as_str()).collect();
    let mut by_business = frame::by_business(messages).map_err(broken)?;
    by_business.retain(|name, _| wanted.contains(name.as_str()));
    Ok(by_business)
}

/// A business of which something was counted.
struct Fitting<'t> {
    task: &'t Task<'t>,
    /// Of the files, without their messages.
    evidence: &'t Evidence,
    folder: &'t Path,
    business: &'t Business,
}

impl Fitting<'_> {
    /// What is settled and the messages that are not; `None` where the business is to be judged from the archive.
    fn messages(&self, of: &OfBusiness, new: Option<&DataFrame>) -> Result<Option<(Settled, DataFrame)>, Failure> {
        let Self { task, evidence, folder, business } = *self;
        let is_proven_alike = proof(evidence, business, of.before, task.as_of).as_ref() == Some(&of.proof);
        if !is_proven_alike || !self.waits_for_logs() {
            return Ok(None);
        }
        let Some(settled) = of.settled(business, &task.setup.tariff) else { return Ok(None) };
        let Some(carried) = of.carried(folder)? else { return Ok(None) };
        let Some(new) = new else { return Ok(Some((settled, carried))) };
        if !self.fits(of, &carried, new)? {
            return Ok(None);
        }
        let mut messages = carried.vstack(new).map_err(broken)?;
        messages.rechunk_mut_par();
        Ok(Some((settled, messages)))
    }

    /// Whether no open month can be closed tonight: what can be is judged from the archive.
    fn waits_for_logs(&self) -> bool {
        let Self { task, evidence, business, .. } = *self;
        let (horizon, tolerance) = (task.setup.tariff.horizon(), tolerance(task.setup, business));
        let of_channel = |channel: &str| evidence.of_channel(channel, task.as_of);
        let mut months = task.open_months(business);
        months.all(|month| {
            let cut = cut(business, month, horizon, tolerance);
            !missing_logs(business, month, cut, task.as_of, &of_channel).is_empty()
        })
    }

    /// Whether new messages change nothing that was counted: none lies before the frontier, or may,
    /// and none has an id again.
    fn fits(&self, of: &OfBusiness, carried: &DataFrame, new: &DataFrame) -> Result<bool, Failure> {
        let (Some(rows), Some(carried)) = (Rows::of(new)?, Rows::of(carried)?) else { return Ok(false) };
        if (0..new.height()).any(|row| rows.sent_at(row) < of.before || rows.may_be_earlier(row)) {
            return Ok(false);
        }
        let mut halves = rows.halves;
        halves.sort_unstable();
        let is_twice = halves.windows(2).any(|pair| pair[0] == pair[1]);
        if is_twice || carried.halves.iter().any(|half| halves.binary_search(half).is_ok()) {
            return Ok(false);
        }
        // A file that was damaged may have had any of them.
        Ok(of.ids.iter().all(|run| ids::has_any(self.folder, run, &halves) == Some(false)))
    }
}
