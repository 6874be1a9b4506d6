//! Messages of the archive as frames, and whose they are.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::archived::{Archive, Kept};
use super::evidence::broken;
use super::setup::Setup;
use super::workers;
use crate::domain::settings::is_of_owners;
use crate::domain::{Business, Instant, Span};
use crate::error::Failure;
use crate::ledger::entry::LogRead;
use crate::read::frame;

/// A file of the archive that is to be loaded.
struct Load<'f> {
    /// Of its log among all files.
    place: i64,
    kept: Kept<'f>,
    is_webhook: bool,
}

/// By channel: who owned it, and when.
pub type Owners<'s> = BTreeMap<&'s str, Vec<(&'s Business, Span)>>;

/// The owners of all channels of the book.
pub fn owners(setup: &Setup) -> Owners<'_> {
    let mut owners = Owners::new();
    for business in &setup.businesses {
        for owned in &business.channels {
            owners.entry(owned.channel.as_str()).or_default().push((business, owned.span));
        }
    }
    owners
}

/// The same messages with the owners of their channels as businesses.
pub fn owned(messages: &DataFrame, owners: &Owners) -> Result<DataFrame, Failure> {
    let owner = |channel: &str, at: Instant, _: &str| {
        let (business, _) = owners.get(channel)?.iter().find(|(_, span)| span.contains(at))?;
        Some(business.id.to_string())
    };
    frame::with_businesses(messages, &owner).map_err(broken)
}

/// Whether a file is of webhooks, or as they are: its messages are of the owners of their channels.
pub fn is_webhook(file: &LogRead) -> bool {
    is_of_owners(&file.format)
}

/// The messages of some files with their places, each part of the archive once, and those that were `seen` before not at
/// all; those of webhooks with the owners of their channels. Of each part what `only` leaves of it.
pub fn loaded<'f>(
    files: impl Iterator<Item = (i64, &'f LogRead)>,
    mut seen: BTreeSet<(&'f str, bool)>,
    owners: &Owners,
    archive: &Archive,
    only: &(dyn Fn(DataFrame) -> Result<DataFrame, Failure> + Sync),
) -> Result<DataFrame, Failure> {
    let mut loads: Vec<Load> = Vec::new();
    for (place, file) in files {
        let is_webhook = is_webhook(file);
        let kept = archive.kept(file).into_iter().filter(|kept| seen.insert((kept.sha256(), is_webhook)));
        loads.extend(kept.map(|kept| Load { place, kept, is_webhook }));
    }
    let work = |load: &Load| {
        let messages = only(archive.messages(load.kept)?)?;
        let messages = if load.is_webhook { owned(&messages, owners)? } else { messages };
        frame::with_file(messages, load.place).map_err(broken)
    };
    let mut all: Option<DataFrame> = None;
    workers::in_order(&loads, work, |_, messages| {
        match &mut all {
            Some(all) => {
                all.vstack_mut(&messages).map_err(broken)?;
            }
            None => all = Some(messages),
        }
        Ok(())
    })?;
    all.map_or_else(frame::empty, Ok).map_err(broken)
}

/// Whether every message is of a business that alone ever owned its channel: then none strays.
pub fn are_owned(owners: &Owners, by_business: &BTreeMap<String, DataFrame>) -> Result<bool, Failure> {
    for messages in by_business.values() {
        for (name, channel) in frame::channels(messages).map_err(broken)?.into_keys() {
            let of_channel = owners.get(channel.as_str());
            if !of_channel.is_some_and(|owners| owners.iter().all(|(owner, _)| *owner.id.as_str() == *name)) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
