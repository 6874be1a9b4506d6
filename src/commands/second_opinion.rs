//! The second opinion on a month that is about to be closed: a sample of its conversations, judged by plain loops.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, Int64Chunked, PolarsResult, StringChunked};

use super::evidence::{Evidence, broken};
use super::setup::Setup;
use crate::audit::naive::{self, Question, Row};
use crate::domain::charge::RatedWait;
use crate::domain::message::Sighting;
use crate::domain::{
    Business, ChannelEvidence, Decimal, Direction, Elapsed, EntryPoint, Instant, Kind, Month, Reading, Span, Status,
    columns,
};
use crate::error::Failure;
use crate::read::frame;

/// So many conversations of a business and month.
const SAMPLE: usize = 500;
/// The conversations of so many of its largest charges are always among them.
const LARGEST: usize = 10;
/// So many findings are told one by one: what is wrong everywhere needs no list.
const TOLD: usize = 10;

/// What plain loops find to be wrong with the waits and prices of a month; empty where they agree.
///
/// `rated` are all waits of the month, with the keyed names that they were judged by, as of `cut`.
pub fn second_opinion(
    evidence: &Evidence,
    business: &Business,
    month: Month,
    cut: Instant,
    setup: &Setup,
    rated: &[RatedWait],
) -> Result<Vec<String>, Failure> {
    let reading = setup.tariff.reading;
    let mut findings = naive::price_findings(&setup.tariff_text.text, rated, &reading);
    let span = month.span(business.zone);
    let messages = evidence.by_business.get(business.id.as_str()).filter(|messages| messages.height() > 0);
    let texts = messages.map(Texts::of).transpose().map_err(broken)?;
    let wanted = match &texts {
        Some(texts) => conversations(texts, &format!("{} {month}", business.id), span, &reading, rated),
        None => rated.iter().map(place).collect(),
    };
    let rows = texts.as_ref().map(|texts| texts.rows(&wanted)).unwrap_or_default();
    let judged: Vec<RatedWait> = rated.iter().filter(|rated| wanted.contains(&place(rated))).cloned().collect();
    let names: BTreeSet<&str> = rows.iter().map(|row| row.channel.as_str()).collect();
    let of_channel = |name: &str| Some((name.to_owned(), evidence.of_business(&business.id, name, cut)?));
    let evidence: BTreeMap<String, ChannelEvidence> = names.into_iter().filter_map(of_channel).collect();
    let channels = &business.channels;
    let question = Question { rows: &rows, judged: &judged, reading, evidence: &evidence, channels, month: span };
    findings.extend(naive::opinion(&question).findings);
    Ok(told(findings))
}

fn told(mut findings: Vec<String>) -> Vec<String> {
    let more = findings.len().saturating_sub(TOLD);
    findings.truncate(TOLD);
    if more > 0 {
        findings.push(format!("and {more} more"));
    }
    findings
}

/// Channel and conversation.
type Place<'p> = (&'p str, &'p str);

fn place(rated: &RatedWait) -> Place<'_> {
    (&rated.wait.channel, &rated.wait.conversation)
}

/// The conversations to ask about: some of those that have a message in the month or so shortly before that it could
/// reach into it, and those of the largest charges.
fn conversations<'p>(
    texts: &Texts<'p>,
    seed: &str,
    month: Span,
    reading: &Reading,
    rated: &'p [RatedWait],
) -> BTreeSet<Place<'p>> {
    let reach = reading.give_up.map_or(reading.window, |give_up| give_up.max(reading.window)).plus(Elapsed::DAY);
    let within = Span { from: month.from.minus(reach), to: month.to };
    let near = (0..texts.height).filter(|row| within.contains(texts.sent_at(*row)));
    let mut places: Vec<(u64, Place)> = near.map(|row| (texts.hash(row), texts.place(row))).collect();
    places.sort_unstable();
    places.dedup();
    let names: Vec<(String, Place)> =
        places.into_iter().map(|(_, place)| (format!("{} {}", place.0, place.1), place)).collect();
    let drawn = naive::sample(names.iter().map(|(name, _)| name.as_str()), seed, SAMPLE);
    let mut charges: Vec<(Decimal, &RatedWait)> =
        rated.iter().filter_map(|rated| Some((rated.charge.as_ref()?.amount, rated))).collect();
    charges.sort_by(|(one, a), (other, b)| other.cmp(one).then_with(|| a.wait.order().cmp(&b.wait.order())));
    let largest = charges.into_iter().take(LARGEST).map(|(_, rated)| place(rated));
    let drawn = names.iter().filter(|(name, _)| drawn.contains(name)).map(|(_, place)| *place);
    drawn.chain(largest).collect()
}

/// The columns of the archive's frame.
struct Texts<'f> {
    columns: BTreeMap<&'static str, &'f StringChunked>,
    channel: &'f StringChunked,
    conversation: &'f StringChunked,
    sent_at: &'f Int64Chunked,
    /// Of channel and conversation.
    hashes: Vec<u64>,
    height: usize,
}

impl<'f> Texts<'f> {
    fn of(messages: &'f DataFrame) -> PolarsResult<Self> {
        let names = columns::ALL.into_iter().filter(|name| *name != columns::SENT_AT);
        let columns = names.map(|name| Ok((name, messages.column(name)?.str()?))).collect::<PolarsResult<_>>()?;
        Ok(Self {
            columns,
            channel: messages.column(columns::CHANNEL)?.str()?,
            conversation: messages.column(columns::CONVERSATION)?.str()?,
            sent_at: messages.column(columns::SENT_AT)?.i64()?,
            hashes: frame::hashes(messages, [columns::CHANNEL, columns::CONVERSATION])?,
            height: messages.height(),
        })
    }

    fn text(&self, name: &str, row: usize) -> &'f str {
        self.columns.get(name).and_then(|column| column.get(row)).unwrap_or_default()
    }

    fn sent_at(&self, row: usize) -> Instant {
        Instant::from_micros(self.sent_at.get(row).unwrap_or_default())
    }

    fn place(&self, row: usize) -> Place<'f> {
        (self.channel.get(row).unwrap_or_default(), self.conversation.get(row).unwrap_or_default())
    }

    fn hash(&self, row: usize) -> u64 {
        self.hashes.get(row).copied().unwrap_or_default()
    }

    /// All rows of some conversations.
    fn rows(&self, wanted: &BTreeSet<Place>) -> Vec<Row> {
        let hashes: BTreeSet<u64> = wanted.iter().map(|place| frame::hash_of(*place)).collect();
        let is_wanted = |row: &usize| hashes.contains(&self.hash(*row)) && wanted.contains(&self.place(*row));
        (0..self.height).filter(is_wanted).map(|row| self.row(row)).collect()
    }

    fn row(&self, row: usize) -> Row {
        let text = |name: &str| self.text(name, row);
        let fold: i64 = text(columns::FOLD).parse().unwrap_or_default();
        let kind = Some(text(columns::KIND)).filter(|name| !name.is_empty());
        Row {
            message_id: text(columns::MESSAGE_ID).to_owned(),
            channel: text(columns::CHANNEL).to_owned(),
            conversation: text(columns::CONVERSATION).to_owned(),
            customer: text(columns::CUSTOMER).to_owned(),
            direction: Direction::named(text(columns::DIRECTION)).unwrap_or(Direction::Outbound),
            sent_at: self.sent_at(row),
            fold: Elapsed::from_seconds(fold),
            kind: kind.map(Kind::named),
            status: Status::named(text(columns::STATUS)),
            entry_point: text(columns::ENTRY_POINT).parse().unwrap_or(EntryPoint::Unknown),
            sighting: Sighting::named(text(columns::SIGHTING)).unwrap_or(Sighting::Stamped),
        }
    }
}
