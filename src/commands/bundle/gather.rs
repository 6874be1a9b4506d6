//! What goes into a bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::super::archived::{Archive, Kept};
use super::super::audit::{Basis, Replays};
use super::super::closing::{charge_file, filed_charges, stored_invoice};
use super::super::recorded::texts;
use super::super::state::{State, ledger_failure};
use super::super::{correct, progress};
use super::manifest::{closed_in, contents_of, issued_for, name_of};
use super::{CONTENTS, README, README_TEXT, ROWS};
use crate::domain::{BusinessId, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, LogRead, MonthClosed};
use crate::ledger::{History, Ledger, Recorded};
use crate::read::archive;

/// A file of a bundle, before it is packed.
pub enum Held {
    Bytes(Vec<u8>),
    /// One of the archive, with its SHA-256.
    File(PathBuf, String),
}

/// The files of a bundle by name, and the names of channels.
pub struct Content {
    pub files: BTreeMap<String, Held>,
    pub channels: BTreeMap<String, String>,
}

/// Where everything is taken from.
pub struct Whole<'a> {
    pub state: &'a State,
    pub ledger: &'a Ledger,
    /// Ends with the last entry that concerns the month.
    pub history: &'a History,
    pub month: Month,
    pub watched: bool,
}

/// Place of the last entry that concerns a month: closing, corrections, documents, mails, and what was forgotten in its
/// charges or in those of earlier months that it bills.
pub fn last_of(recorded: &[Recorded], month: Month) -> u64 {
    let mut numbers = BTreeSet::new();
    let (mut message_ids, mut mail_names) = (BTreeSet::new(), BTreeSet::new());
    let mut disputes = BTreeSet::new();
    let mut last = 0;
    for Recorded { seq, entry, .. } in recorded {
        let concerns = match entry {
            Entry::MonthClosed(closed) => closed.month == month,
            Entry::Invoice(issued) | Entry::CreditNote(issued) | Entry::Replacement(issued) => {
                issued.month == month && numbers.insert(&issued.number)
            }
            Entry::Documents(documents) => numbers.contains(&documents.number),
            Entry::Mail(mail) => {
                let concerns = numbers.contains(&mail.number) && message_ids.insert(&mail.message_id);
                concerns && mail_names.insert(&mail.name)
            }
            Entry::MailBegun(begun) => message_ids.contains(&begun.message_id),
            Entry::MailAttempt(attempt) => message_ids.contains(&attempt.message_id),
            Entry::MailRetried(retried) => message_ids.contains(&retried.message_id),
            Entry::MailCancelled(cancelled) => message_ids.contains(&cancelled.message_id),
            Entry::MailBounced(bounced) => mail_names.contains(&bounced.mail),
            Entry::Corrected(corrected) => corrected.month == month,
            Entry::Compared(compared) => compared.month == month,
            Entry::Approved(approved) => approved.month == month,
            Entry::Unparked(unparked) => unparked.month == month,
            Entry::Dispute(dispute) => dispute.month == month && disputes.insert(dispute.dispute),
            Entry::DisputeSettled(settled) => disputes.contains(&settled.dispute),
            Entry::Forgotten(forgotten) => forgotten.line_files.iter().any(|file| file.month <= month),
            Entry::File(_)
            | Entry::SetAside(_)
            | Entry::Key(_)
            | Entry::Erased(_)
            | Entry::Purged(_)
            | Entry::HoldAccepted(_)
            | Entry::Digest(_)
            | Entry::Payment(_)
            | Entry::PaymentMatched(_)
            | Entry::PaymentReversed(_)
            | Entry::Reminder(_)
            | Entry::Reconciled(_)
            | Entry::Parked(_)
            | Entry::Tariff(_) => false,
        };
        if concerns {
            last = *seq;
        }
    }
    last
}

impl Whole<'_> {
    /// Everything that the month needs.
    pub fn content(&self) -> Result<Content, Failure> {
        let mut files = BTreeMap::from([(README.to_owned(), Held::Bytes(README_TEXT.as_bytes().to_vec()))]);
        self.rows(&mut files)?;
        self.contents(&mut files)?;
        self.charges(&mut files)?;
        self.documents(&mut files)?;
        let replays = Replays::new(self.state, self.history)?;
        let wanted = self.charged(&replays)?;
        self.messages(&replays.archive, &wanted, &mut files)?;
        Ok(Content { files, channels: self.channels(&replays)? })
    }

    fn closed(&self) -> impl Iterator<Item = &MonthClosed> {
        closed_in(self.history, self.month)
    }

    fn rows(&self, files: &mut BTreeMap<String, Held>) -> Result<(), Failure> {
        let rows = self.ledger.rows(self.history.last).map_err(|error| ledger_failure(error, self.ledger.path()))?;
        let mut lines = Vec::new();
        for row in &rows {
            let failed = |error| Failure::new(Kind::SelfCheck, "a row of the ledger cannot be written").because(error);
            serde_json::to_writer(&mut lines, row).map_err(failed)?;
            lines.push(b'\n');
        }
        files.insert(ROWS.to_owned(), Held::Bytes(lines));
        Ok(())
    }

    /// Texts of every decision, and the canonical documents, with those that they correct.
    fn contents(&self, files: &mut BTreeMap<String, Held>) -> Result<(), Failure> {
        for sha256 in contents_of(self.history, self.month).into_keys() {
            let bytes = self.ledger.content(&sha256).map_err(|error| ledger_failure(error, self.ledger.path()))?;
            files.insert(format!("{CONTENTS}{sha256}"), Held::Bytes(bytes));
        }
        Ok(())
    }

    /// The files of charges of the closings and corrections, and of earlier months that its invoices bill.
    fn charges(&self, files: &mut BTreeMap<String, Held>) -> Result<(), Failure> {
        let mut wanted: BTreeSet<(&BusinessId, Month, &str)> = BTreeSet::new();
        for closed in self.closed() {
            let (business, month) = (&closed.business, closed.month);
            // Of a month without an invoice there may be no file.
            if self.history.invoice_of(business, month).is_some() || closed.carried.is_some() {
                wanted.insert((business, month, &closed.data_sha256));
            }
            // Each its own, also where one came back to the charges of another.
            for corrected in self.history.corrections(business, month) {
                let bytes = filed_charges(self.state, self.history, business, month, &corrected.data_sha256)?;
                let path = self.state.corrected_charges(business, month, corrected.correction);
                files.insert(name_of(self.state, &path), Held::Bytes(bytes));
            }
        }
        for issued in issued_for(self.history, self.month) {
            let invoice = stored_invoice(self.ledger, issued)?;
            for earlier in invoice.earlier {
                self.charge_file(&issued.business, earlier.month, &earlier.data_sha256, files)?;
            }
        }
        wanted.into_iter().try_for_each(|(business, month, sha256)| self.charge_file(business, month, sha256, files))
    }

    fn charge_file(
        &self,
        business: &BusinessId,
        month: Month,
        sha256: &str,
        files: &mut BTreeMap<String, Held>,
    ) -> Result<(), Failure> {
        let bytes = filed_charges(self.state, self.history, business, month, sha256)?;
        let mut corrections = self.history.corrections(business, month);
        let correction = corrections.find(|corrected| corrected.data_sha256 == sha256);
        let correction = correction.map_or(0, |corrected| corrected.correction);
        let path = self.state.corrected_charges(business, month, correction);
        files.insert(name_of(self.state, &path), Held::Bytes(bytes));
        Ok(())
    }

    /// The documents as they were written; mails are made of them.
    fn documents(&self, files: &mut BTreeMap<String, Held>) -> Result<(), Failure> {
        for issued in issued_for(self.history, self.month) {
            let written = self.history.documents.get(&issued.number);
            for file in written.into_iter().flat_map(|documents| &documents.files) {
                let path = self.state.documents(&issued.number).join(&file.name);
                let read = std::fs::read(&path).map_err(|error| Failure::io("read the document", &path, error));
                let bytes =
                    read.map_err(|failure| failure.hint("the next `ritardo run` makes lost documents again"))?;
                files.insert(name_of(self.state, &path), Held::Bytes(bytes));
            }
            if issued.kind.is_invoice() && issued.corrects.is_none() {
                // Read as an audit reads it, so that what it lacks is found here.
                charge_file(self.state, self.history, issued)?;
            }
        }
        Ok(())
    }

    /// Keyed ids of the messages that were ever charged in the month.
    fn charged(&self, replays: &Replays) -> Result<BTreeSet<String>, Failure> {
        let mut charged = BTreeSet::new();
        for closed in self.closed() {
            let corrections = self.history.corrections(&closed.business, closed.month);
            let bases = corrections.map(|corrected| Basis::of_correction(closed, corrected));
            for basis in std::iter::once(Basis::of_closing(closed)).chain(bases) {
                let of = |why| {
                    let message = format!("{} of {} cannot be judged again: {why}", closed.month, closed.business);
                    Failure::new(Kind::Differences, message).hint("see `ritardo audit`")
                };
                let replayed = replays.replay(self.ledger, &basis)?.map_err(of)?;
                let rated = replayed.rated.iter().filter(|rated| rated.charge.is_some());
                charged.extend(rated.map(|rated| replays.archive.key.message(&rated.wait.message_id)));
            }
            let accepted = correct::accepted(self.history, &closed.business, closed.month, self.history.last);
            charged.extend(accepted.into_keys().map(|(_, keyed)| keyed));
        }
        Ok(charged)
    }

    /// The messages that the month was judged by, with the plain names of charged ones.
    fn messages(
        &self,
        archive: &Archive,
        wanted: &BTreeSet<String>,
        files: &mut BTreeMap<String, Held>,
    ) -> Result<(), Failure> {
        let known = self.evidence();
        let bar = progress::bar(self.watched, "bundle", known.len());
        for file in known {
            for kept in archive.kept(file) {
                let Kept::Part(part) = kept else {
                    let message =
                        format!("{} was archived in plain by version 0.1.0, and others would be shown", file.name);
                    let failure = Failure::new(Kind::Configuration, message).at(&archive.path(kept));
                    return Err(failure.hint("such a month is audited where it is: ritardo audit MONTH"));
                };
                let path = archive.here(kept)?;
                files.insert(name_of(self.state, &path), Held::File(path, part.sha256.clone()));
                let Some(names) = archive.names(kept)? else { continue };
                let keyed = archive.messages(kept)?;
                let failed = |error| Failure::new(Kind::SelfCheck, "the names cannot be written").because(error);
                let names = archive::names_of(&names, &keyed, &|id| wanted.contains(id)).map_err(failed)?;
                files.insert(name_of(self.state, &self.state.names(part)), Held::Bytes(names));
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// The files that were known to the last decision about the month.
    fn evidence(&self) -> Vec<&LogRead> {
        let of = |closed: &MonthClosed| {
            let corrections = self.history.corrections(&closed.business, closed.month);
            let later = corrections.map(|corrected| corrected.evidence_through).max();
            later.map_or(closed.evidence_through, |later| later.max(closed.evidence_through))
        };
        let through = self.closed().map(of).max().unwrap_or_default();
        self.history.files_through(through).collect()
    }

    /// Channels of the recorded books: a message that has one as its customer may be an answer from it.
    fn channels(&self, replays: &Replays) -> Result<BTreeMap<String, String>, Failure> {
        let mut channels = BTreeMap::new();
        for closed in self.closed() {
            let setup = replays.setup(self.ledger, &texts(closed))?;
            let owned = setup.businesses.iter().flat_map(|business| &business.channels);
            let names = owned.map(|owned| owned.channel.to_string());
            channels.extend(names.map(|name| (name.clone(), replays.archive.key.party(&name))));
        }
        Ok(channels)
    }
}
