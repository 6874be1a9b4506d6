//! Messages and coverage of recorded files: what a closing or an audit judges by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::DataFrame;

use super::archived::Archive;
use super::loaded::{loaded, owners};
use super::portions::Unread;
use super::settled::Settled;
use super::setup::Setup;
use super::strays;
use crate::domain::charge::RatedWait;
use crate::domain::reading::DateOf;
use crate::domain::settings::Source;
use crate::domain::{
    Accepted, Business, BusinessId, ChannelEvidence, Direction, Elapsed, Instant, Month, Span, columns,
};
use crate::engine;
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Cause, HoldAccepted, LogRead};
use crate::pair::Conflict;
use crate::rate::{NoRate, Tariff};
use crate::read::coverage::{Known, Proof, known};
use crate::read::frame;

/// All messages of some files, and what the files prove.
pub struct Evidence {
    /// Frames by business; messages of businesses that are in no book are under their own names.
    pub by_business: BTreeMap<String, DataFrame>,
    /// By channel.
    pub known: BTreeMap<String, Known>,
    /// What the files of each source alone prove, by source and channel.
    pub by_source: Arc<BTreeMap<String, BTreeMap<String, Known>>>,
    /// The files, in the order of their places in the column `file`.
    pub files: Arc<Vec<LogRead>>,
    /// By business and channel: what the operator accepted.
    pub(super) accepted: BTreeMap<(String, String), Accepted>,
    /// By business: what was found when its messages were last paired.
    paired: Mutex<BTreeMap<String, Paired>>,
    /// By channel: places of the files that have a message of it.
    carrying: Arc<BTreeMap<String, Vec<usize>>>,
    /// The greatest tolerance of all channels.
    tolerance: Elapsed,
    /// By business: what is counted of messages that are not in its frame, by earlier nights or tonight. Nothing is billed
    /// from it; of a month that is closed it gives the number of waits that were answered in time.
    pub settled: BTreeMap<String, Settled>,
    /// Businesses that are judged from the archive and of which no message is here yet.
    pub unread: Unread,
}

/// What the pairing of a business's messages found, and what it depends on.
struct Paired {
    /// Of each channel of the messages.
    watermarks: BTreeMap<String, Option<Instant>>,
    /// When the messages were sent, sorted.
    sent_at: Vec<i64>,
    conflicts: Vec<Conflict>,
}

impl Evidence {
    /// Loads each archived file once, compares it with its digest, and gives webhook messages the business
    /// that owns their channel. The frames have one more column: the place of their file among `files`.
    pub fn gather<'f>(
        files: impl Iterator<Item = &'f LogRead> + Clone,
        setup: &Setup,
        archive: &Archive,
    ) -> Result<Self, Failure> {
        let owners = owners(setup);
        let all = loaded((0..).zip(files.clone()), BTreeSet::new(), &owners, archive, &Ok)?;
        let mut evidence = Self::of_files(files, setup);
        evidence.by_business = frame::by_business(all).map_err(broken)?;
        let keyed = |channel: &str| archive.key.party(channel);
        strays::take_back(&mut evidence.known, &evidence.by_business, &owners, &keyed).map_err(broken)?;
        Ok(evidence)
    }

    /// What the files prove by themselves, without their messages: for logs in which nothing strays.
    pub fn of_files<'f>(files: impl Iterator<Item = &'f LogRead> + Clone, setup: &Setup) -> Self {
        let proofs: Vec<(&str, Proof)> = files.clone().map(|file| (file.source.as_str(), proof(file))).collect();
        let mut of_source: BTreeMap<&str, Vec<(&str, &Proof)>> = BTreeMap::new();
        for (source, proof) in &proofs {
            of_source.entry(*source).or_default().push((*source, proof));
        }
        let alone = |source: &Source| {
            let own = of_source.get(source.name.as_str()).into_iter().flatten().copied();
            known(std::slice::from_ref(source), own)
        };
        let by_source = setup.config.sources.iter().map(|source| (source.name.clone(), alone(source))).collect();
        let known = known(&setup.config.sources, proofs.iter().map(|(source, proof)| (*source, proof)));
        let mut carrying: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, file) in files.clone().enumerate() {
            for channel in &file.channels {
                match carrying.get_mut(channel) {
                    Some(places) => places.push(place),
                    None => drop(carrying.insert(channel.clone(), vec![place])),
                }
            }
        }
        Self {
            by_business: BTreeMap::new(),
            by_source: Arc::new(by_source),
            files: Arc::new(files.cloned().collect()),
            accepted: BTreeMap::new(),
            paired: Mutex::default(),
            carrying: Arc::new(carrying),
            tolerance: known.values().map(|known| known.tolerance).max().unwrap_or(Elapsed::ZERO),
            settled: BTreeMap::new(),
            unread: Unread::default(),
            known,
        }
    }

    /// The same proof over these messages, which name the owners of their channels.
    pub fn over(&self, messages: DataFrame) -> Result<Self, Failure> {
        let Self { known, by_source, files, accepted, carrying, tolerance, .. } = self;
        Ok(Self {
            by_business: frame::by_business(messages).map_err(broken)?,
            known: known.clone(),
            by_source: Arc::clone(by_source),
            files: Arc::clone(files),
            accepted: accepted.clone(),
            paired: Mutex::default(),
            carrying: Arc::clone(carrying),
            tolerance: *tolerance,
            settled: BTreeMap::new(),
            unread: Unread::default(),
        })
    }

    /// The files that have a message of one of the channels, in their order.
    pub fn carrying<'c>(&self, channels: impl Iterator<Item = &'c str>) -> Vec<&LogRead> {
        self.carrying_places(channels).into_iter().map(|(_, file)| file).collect()
    }

    /// The same files, each with its place in the column `file`.
    pub fn carrying_places<'c>(&self, channels: impl Iterator<Item = &'c str>) -> Vec<(i64, &LogRead)> {
        let places: BTreeSet<usize> =
            channels.filter_map(|channel| self.carrying.get(channel)).flatten().copied().collect();
        places.into_iter().filter_map(|place| Some((i64::try_from(place).ok()?, self.files.get(place)?))).collect()
    }

    /// The same evidence, judged with the holds that the operator accepted.
    pub fn with_accepted<'h>(self, holds: impl Iterator<Item = &'h HoldAccepted>) -> Self {
        let mut accepted: BTreeMap<(String, String), Accepted> = BTreeMap::new();
        for hold in holds {
            let of_channel = accepted.entry((hold.business.to_string(), hold.channel.to_string())).or_default();
            match (hold.cause, &hold.conversation) {
                (Cause::UnknownKind, _) => of_channel.questions.extend(hold.messages.iter().cloned()),
                (Cause::Conflict, _) => {
                    for message in &hold.messages {
                        let through = of_channel.disputes.entry(message.clone()).or_insert(hold.through);
                        *through = hold.through.max(*through);
                    }
                }
                (Cause::Gap | Cause::Unread | Cause::UnknownAnswer, Some(conversation)) => {
                    of_channel.conversations.entry(conversation.clone()).or_default().extend(&hold.spans);
                }
                (Cause::Gap | Cause::Unread | Cause::UnknownAnswer, None) => of_channel.spans.extend(&hold.spans),
            }
        }
        accepted.values_mut().for_each(Accepted::tidy);
        Self { accepted, paired: Mutex::default(), ..self }
    }

    /// The proof about a channel as of `as_of`.
    pub fn of_channel(&self, channel: &str, as_of: Instant) -> Option<ChannelEvidence> {
        self.known.get(channel)?.evidence(as_of)
    }

    /// The gaps of a channel that the operator accepted.
    pub fn accepted_spans(&self, business: &BusinessId, channel: &str) -> &[Span] {
        let accepted = self.accepted.get(&(business.to_string(), channel.to_owned()));
        accepted.map(|accepted| accepted.spans.as_slice()).unwrap_or_default()
    }

    /// What a business's waits on a channel are judged by, as of `through`.
    pub fn of_business(&self, business: &BusinessId, channel: &str, through: Instant) -> Option<ChannelEvidence> {
        let key = (business.to_string(), channel.to_owned());
        let accepted = self.accepted.get(&key).cloned().unwrap_or_default();
        Some(ChannelEvidence { accepted, ..self.of_channel(channel, through)? }.cut_at(through))
    }

    /// The rated waits of a month of a business, judged by what was known before `through`.
    pub fn waits(&self, business: &Business, month: Month, through: Instant, setup: &Setup) -> Result<Waits, Failure> {
        if let Some(conflicts) = self.quiet(business, month, through, &setup.tariff) {
            return Ok(Waits { rated: Ok(Vec::new()), conflicts });
        }
        let waits = self.waits_under(business, month, through, &setup.tariff, None)?;
        if let Some(messages) = self.by_business.get(business.id.as_str()) {
            let channels = frame::channels(messages).map_err(broken)?.into_keys().map(|(_, channel)| channel);
            let sent_at = messages.column(columns::SENT_AT).and_then(|column| column.i64()).map_err(broken)?;
            let mut sent_at: Vec<i64> = sent_at.iter().flatten().collect();
            sent_at.sort_unstable();
            let watermarks = channels.map(|channel| (channel.clone(), self.watermark(&channel, through))).collect();
            let paired = Paired { watermarks, sent_at, conflicts: waits.conflicts.clone() };
            self.paired.lock().unwrap_or_else(PoisonError::into_inner).insert(business.id.to_string(), paired);
        }
        Ok(waits)
    }

    /// What a pairing would find for a month that no wait can lie in: no message was sent in it, nor so shortly
    /// before that its wait could reach it. The disagreements are those of the last pairing that knew as much.
    fn quiet(&self, business: &Business, month: Month, through: Instant, tariff: &Tariff) -> Option<Vec<Conflict>> {
        let paired = self.paired.lock().unwrap_or_else(PoisonError::into_inner);
        let last = paired.get(business.id.as_str())?;
        let reading = &tariff.reading;
        let reaches_far = reading.month_of == DateOf::Answered && reading.give_up.is_none();
        let reach = [tariff.horizon(), tariff.horizon(), self.tolerance, Elapsed::DAY];
        let span = month.span(business.zone);
        let from = reach.into_iter().fold(span.from, Instant::minus).micros();
        let to = reach.into_iter().fold(span.to, Instant::plus).micros();
        let sent_within = last.sent_at.partition_point(|at| *at < from) < last.sent_at.partition_point(|at| *at < to);
        let knows_as_much = || last.watermarks.iter().all(|(channel, at)| self.watermark(channel, through) == *at);
        (!reaches_far && !sent_within && knows_as_much()).then(|| last.conflicts.clone())
    }

    /// Lets go of what the last pairing of a business found.
    pub fn forget_paired(&mut self, business: &str) {
        self.paired.get_mut().unwrap_or_else(PoisonError::into_inner).remove(business);
    }

    fn watermark(&self, channel: &str, through: Instant) -> Option<Instant> {
        Some(self.of_channel(channel, through)?.watermark.min(through))
    }

    /// The same under another tariff; `more` are messages that were never sent, for what might have been.
    pub fn waits_under(
        &self,
        business: &Business,
        month: Month,
        through: Instant,
        tariff: &Tariff,
        more: Option<&DataFrame>,
    ) -> Result<Waits, Failure> {
        let Some(messages) = self.by_business.get(business.id.as_str()) else {
            return Ok(Waits { rated: Ok(Vec::new()), conflicts: Vec::new() });
        };
        let messages = match more {
            Some(more) => &messages.vstack(more).map_err(broken)?,
            None => messages,
        };
        let span = month.span(business.zone);
        let evidence = |_: &str, channel: &str| self.of_business(&business.id, channel, through);
        let wanted = |wait: &crate::domain::Wait| crate::close::is_of_month(wait, business, span, &tariff.reading);
        let decided = engine::decide(messages, &evidence, tariff, &wanted, &|_, _| month)
            .map_err(|error| Failure::new(Kind::SelfCheck, "the messages could not be paired").because(error))?;
        Ok(Waits { rated: decided.rated, conflicts: decided.conflicts })
    }

    /// Rows of a business from an instant (included) to another (excluded).
    pub fn rows_between(&self, business: &BusinessId, from: Instant, to: Instant) -> Result<u64, Failure> {
        let Some(messages) = self.by_business.get(business.as_str()) else { return Ok(0) };
        let sent_at = messages.column(columns::SENT_AT).and_then(|column| column.i64()).map_err(broken)?;
        let within = |micros: &i64| (from.micros()..to.micros()).contains(micros);
        Ok(sent_at.iter().flatten().filter(within).count() as u64)
    }

    /// Businesses with channels that the logs name and the book does not, with their rows: nothing of them is
    /// ever billed.
    pub fn strangers(&self, setup: &Setup) -> Result<Vec<Stranger>, Failure> {
        let in_book = |name: &str, channel: &str| {
            let business = setup.business(name);
            business.is_some_and(|business| business.channels.iter().any(|owned| owned.channel.as_str() == channel))
        };
        let mut strangers = Vec::new();
        for messages in self.by_business.values() {
            let channels = frame::channels(messages).map_err(broken)?;
            strangers.extend(channels.into_iter().filter(|((name, channel), _)| !in_book(name, channel)));
        }
        Ok(strangers)
    }
}

/// A message as the archive has it.
pub struct Seen {
    pub business: String,
    pub channel: String,
    pub direction: Direction,
    pub sent_at: Instant,
    /// Empty where the log does not state it.
    pub kind: String,
    pub status: String,
}

impl Evidence {
    /// All copies and sightings of the messages with a wanted id (keyed), in the order of business and file.
    pub fn seen(&self, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Seen>, Failure> {
        let mut seen = Vec::new();
        for (business, messages) in &self.by_business {
            let text = |name: &str| messages.column(name).and_then(|column| column.str()).map_err(broken);
            let ids = text(columns::MESSAGE_ID)?;
            let sent_at = messages.column(columns::SENT_AT).and_then(|column| column.i64()).map_err(broken)?;
            let (channel, direction) = (text(columns::CHANNEL)?, text(columns::DIRECTION)?);
            let (kind, status) = (text(columns::KIND)?, text(columns::STATUS)?);
            for row in (0..messages.height()).filter(|row| ids.get(*row).is_some_and(is_wanted)) {
                let at = |column: &polars::prelude::StringChunked| column.get(row).unwrap_or_default().to_owned();
                let direction = Direction::named(&at(direction)).unwrap_or(Direction::Outbound);
                let sent_at = Instant::from_micros(sent_at.get(row).unwrap_or_default());
                let (channel, kind, status) = (at(channel), at(kind), at(status));
                seen.push(Seen { business: business.clone(), channel, direction, sent_at, kind, status });
            }
        }
        Ok(seen)
    }
}

/// Business and channel that are in no book, with the number of their rows.
pub type Stranger = ((String, String), u64);

/// The waits of one month of one business.
pub struct Waits {
    /// Sorted; the error names a charge without a rate.
    pub rated: Result<Vec<RatedWait>, NoRate>,
    pub conflicts: Vec<Conflict>,
}

pub fn broken(error: polars::prelude::PolarsError) -> Failure {
    Failure::new(Kind::SelfCheck, "the frames of the archive do not fit together").because(error)
}

/// The proof that an entry recorded.
fn proof(file: &LogRead) -> Proof {
    Proof {
        declared: file.declared,
        first: file.first,
        last: file.last,
        channels: file.channels.clone(),
        speaks_for: file.speaks_for.clone(),
        directions: file.directions.clone(),
        unread: file.unread.clone(),
    }
}
