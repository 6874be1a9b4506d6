//! What is kept of a customer: messages, plain names, and the raw files that may tell of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use super::super::archived::{Archive, Kept};
use super::super::state::State;
use crate::domain::{Instant, columns};
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::ledger::entry::LogRead;
use crate::read::archive;
use crate::read::mention::{Mention, mentions};

/// What the archive and the raw files know of a customer.
pub(super) struct Known {
    /// In the archive, those that were forgotten before included.
    pub messages: u64,
    /// Channels and plain ids of the messages, with their keyed ids: on another channel an id is another message's.
    pub names: BTreeMap<(String, String), String>,
    /// Digests of the log files that told of the customer.
    pub raw: BTreeSet<String>,
}

impl Known {
    pub fn of(archive: &Archive, history: &History, person: &str, until: Instant) -> Result<Self, Failure> {
        let mut known = Self { messages: 0, names: BTreeMap::new(), raw: BTreeSet::new() };
        let (mut counted_already, mut later_only) = (BTreeSet::new(), BTreeSet::new());
        for (_, file) in &history.files {
            for kept in archive.kept(file) {
                let messages = archive.messages(kept)?;
                let (ids, is_later) = of_person(&messages, person, until)?;
                later_only.extend(is_later.then_some(file.sha256.as_str()));
                if ids.is_empty() {
                    continue;
                }
                if matches!(kept, Kept::Whole(_)) {
                    let failure = Failure::new(Kind::Configuration, "version 0.1.0 archived this customer in plain");
                    return Err(failure.at(&archive.path(kept)).hint("rate these logs again in a new state folder"));
                }
                known.raw.insert(file.sha256.clone());
                if counted_already.insert(kept.sha256()) {
                    known.messages += ids.len() as u64;
                    known.add_names(archive, kept, &ids, person)?;
                }
            }
        }
        let is_legitimate = |file: &LogRead| file.rejected == 0 && later_only.contains(file.sha256.as_str());
        let files = history.files.iter().map(|(_, file)| file).filter(|file| !is_legitimate(file));
        known.search_raw(archive, files, person)?;
        Ok(known)
    }

    /// Adds the raw files that have the customer in a row that could not be read, or in a text. Where the form of a
    /// file hides its rejected rows, it goes with those that are found.
    fn search_raw<'f>(
        &mut self,
        archive: &Archive,
        files: impl Iterator<Item = &'f LogRead>,
        person: &str,
    ) -> Result<(), Failure> {
        let key = archive.needed_key()?;
        let is_person = |word: &str| key.is_party(person, word);
        let mut hidden = Vec::new();
        for file in files.filter(|file| file.raw_until.is_some()) {
            let path = archive.state.raw(&file.sha256);
            if self.raw.contains(&file.sha256) || !path.exists() {
                continue;
            }
            let searched = File::open(&path).and_then(|raw| mentions(raw, &is_person));
            match searched.map_err(|error| Failure::io("read the raw file", &path, error))? {
                Mention::Yes => drop(self.raw.insert(file.sha256.clone())),
                Mention::Unseen if file.rejected > 0 => hidden.push(file.sha256.clone()),
                Mention::Unseen | Mention::No => {}
            }
        }
        if self.messages > 0 || !self.raw.is_empty() {
            self.raw.extend(hidden);
        }
        Ok(())
    }

    /// Those of the raw files that are kept.
    pub fn raw_of(&self, state: &State) -> Vec<String> {
        self.raw.iter().filter(|sha256| state.raw(sha256).exists()).cloned().collect()
    }

    fn add_names(
        &mut self,
        archive: &Archive,
        kept: Kept,
        ids: &BTreeSet<(String, String)>,
        person: &str,
    ) -> Result<(), Failure> {
        let Some(names) = archive.names(kept)? else { return Ok(()) };
        let wanted: BTreeSet<&str> = ids.iter().map(|(_, id)| id.as_str()).collect();
        let found = archive::find(&archive.messages(kept)?, &names, &|id| wanted.contains(id)).map_err(unfit)?;
        for (channel, keyed) in ids {
            if let Some((plain, _)) = found.get(&(channel.clone(), keyed.clone(), person.to_owned())) {
                self.names.insert((channel.clone(), plain.clone()), keyed.clone());
            }
        }
        Ok(())
    }
}

/// Channels and keyed ids of the messages to and from a customer, and whether there are later ones.
fn of_person(
    messages: &polars::prelude::DataFrame,
    person: &str,
    until: Instant,
) -> Result<(BTreeSet<(String, String)>, bool), Failure> {
    let text = |name: &str| messages.column(name).and_then(|column| column.str()).map_err(unfit);
    let stamps = messages.column(columns::SENT_AT).and_then(|column| column.i64()).map_err(unfit)?;
    let messages = text(columns::CHANNEL)?.iter().zip(text(columns::MESSAGE_ID)?.iter());
    let rows = text(columns::CUSTOMER)?.iter().zip(messages).zip(stamps.iter());
    let of_person = rows.filter(|((customer, _), _)| *customer == Some(person));
    let (before, later): (Vec<_>, Vec<_>) = of_person.partition(|(_, at)| *at < Some(until.micros()));
    let message = |((_, (channel, id)), _): (_, Option<i64>)| Some((String::from(channel?), String::from(id?)));
    Ok((before.into_iter().filter_map(message).collect(), !later.is_empty()))
}

fn unfit(error: polars::prelude::PolarsError) -> Failure {
    Failure::new(Kind::SelfCheck, "the frames of the archive do not fit together").because(error)
}
