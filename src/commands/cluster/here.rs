//! Messages that are read from the archive here: of those a cluster gives back no more than channel and id.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::ask::Question;
use super::files::Exchange;
use super::told::{odd, unfit};
use crate::commands::evidence::broken;
use crate::commands::loaded::{Owners, loaded, owners};
use crate::commands::strays::take_back;
use crate::domain::{Instant, columns};
use crate::engine::spark::sieve::Seen;
use crate::error::Failure;
use crate::read::coverage::Known;
use crate::read::{frame, sieved};

/// Messages of the archive, by channel and id, and when the first and the last of them were sent.
#[derive(Default)]
pub(super) struct Wanted<'w> {
    messages: BTreeSet<(&'w str, &'w str)>,
    sent: Option<(i64, i64)>,
}

/// Messages that stand under a name that is not their channel's owner's.
pub struct Strays {
    /// By the name of the business.
    pub by_business: BTreeMap<String, DataFrame>,
    /// What is known of each channel, after what these take back of it.
    pub known: BTreeMap<String, Known>,
}

impl<'w> Wanted<'w> {
    /// Wants a message with rows between two instants, in microseconds.
    pub fn add(&mut self, channel: &'w str, id: &'w str, (first, last): (i64, i64)) {
        self.messages.insert((channel, id));
        let (least, greatest) = self.sent.unwrap_or((first, last));
        self.sent = Some((least.min(first), greatest.max(last)));
    }

    /// All their rows, with the places of their files; those of webhooks with the owners of their channels.
    pub fn read(&self, question: &Question) -> Result<DataFrame, Failure> {
        let Question { evidence, setup, archive, .. } = *question;
        let Some((first, last)) = self.sent else {
            return frame::empty().and_then(|none| frame::with_file(none, 0)).map_err(broken);
        };
        let (first, last) = (Instant::from_micros(first), Instant::from_micros(last));
        let channels: BTreeSet<&str> = self.messages.iter().map(|(channel, _)| *channel).collect();
        let files = evidence.carrying_places(channels.iter().copied()).into_iter();
        let files = files.filter(|(_, file)| file.parts.iter().any(|part| part.first <= last && first <= part.last));
        let only = |messages: DataFrame| {
            let is_wanted = |channel: &str, id: &str| self.messages.contains(&(channel, id));
            filtered(&messages, [columns::CHANNEL, columns::MESSAGE_ID], &is_wanted)
        };
        loaded(files, BTreeSet::new(), &owners(setup), archive, &only)
    }
}

/// Those rows that are of the only owner of their channel, or those that are not.
pub(super) fn of_owners(messages: &DataFrame, owners: &Owners, are: bool) -> Result<DataFrame, Failure> {
    let is_owners = |business: &str, channel: &str| {
        let of_channel = owners.get(channel);
        are == of_channel.is_some_and(|owners| owners.iter().any(|(owner, _)| owner.id.as_str() == business))
    };
    filtered(messages, [columns::BUSINESS, columns::CHANNEL], &is_owners)
}

/// What strays in an archive; `None`: nothing does.
pub(super) fn strays(question: &Question, exchange: &Exchange, seen: &Seen) -> Result<Option<Strays>, Failure> {
    if seen.strays == 0 {
        return Ok(None);
    }
    let told = sieved::wanted(&exchange.read("strays")?).map_err(unfit)?;
    exchange.compare(seen.named_strays, told.len())?;
    let mut wanted = Wanted::default();
    for message in &told {
        wanted.add(&message.channel, &message.id, (message.first_at, message.last_at));
    }
    let owners = owners(question.setup);
    // With those of the owners that have the same ids: what they have as well is no stray.
    let all = wanted.read(question)?;
    let mut known = question.evidence.known.clone();
    let keyed = |channel: &str| question.archive.key.party(channel);
    take_back(&mut known, &frame::by_business(all.clone()).map_err(broken)?, &owners, &keyed).map_err(broken)?;
    let strays = of_owners(&all, &owners, false)?;
    if strays.height() as u64 != seen.strays {
        return Err(odd());
    }
    Ok(Some(Strays { by_business: frame::by_business(strays).map_err(broken)?, known }))
}

fn filtered(
    messages: &DataFrame,
    [one, other]: [&str; 2],
    is_kept: &dyn Fn(&str, &str) -> bool,
) -> Result<DataFrame, Failure> {
    let text = |name: &str| messages.column(name).and_then(|column| column.str()).map_err(broken);
    let rows = text(one)?.iter().zip(text(other)?.iter());
    let mask: Vec<bool> =
        rows.map(|(one, other)| is_kept(one.unwrap_or_default(), other.unwrap_or_default())).collect();
    frame::filtered(messages, &mask).map_err(broken)
}
