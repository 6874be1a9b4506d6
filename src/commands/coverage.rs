//! `ritardo coverage`: what the logs prove, as text, JSON or a picture. It reads the state and writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::archived::Archive;
use super::closing::{OpenMonth, tolerance};
use super::evidence::Evidence;
use super::open::{Tonight, open_months};
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::{Outcome, World, alarms, clocks, say};
use crate::cli::{Coverage, CoverageForm};
use crate::close::readiness::cut;
use crate::domain::charge::RatedWait;
use crate::domain::{Business, BusinessId, Date, Instant, Month, Ownership, Span, Verdict, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::ledger::entry::LogRead;
use crate::pair::Skew;
use crate::report::alarms::{Alarm, Traffic};
use crate::report::coverage::{ChannelCoverage, Days, Lane, SourceKind};
use crate::report::{lanes, strip};

/// The form of `--format json`.
#[derive(Serialize)]
struct Told {
    format: &'static str,
    as_of: Instant,
    months: Vec<MonthTold>,
    /// How far the clocks lie apart.
    clocks: Vec<Skew>,
    alarms: Vec<Alarm>,
}

#[derive(Serialize)]
struct MonthTold {
    month: Month,
    channels: Vec<ChannelCoverage>,
}

pub fn coverage(args: &Coverage, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let as_of = args.as_of.unwrap_or(world.now);
    let files: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).collect();
    let archive = Archive::open(&state, &history)?;
    let evidence = Evidence::gather(files.iter().copied(), &setup, &archive)?;
    let evidence = evidence.with_accepted(history.accepted_through(history.last));
    let tonight = Tonight { setup: &setup, history: &history, archive: &archive, as_of, is_kept: false, timings: None };
    let open = open_months(&tonight, &evidence)?;
    let months = match args.month {
        Some(month) => vec![month],
        None => usual_months(&history, &evidence, &open),
    };
    let of_month =
        |month: Month| Ok(MonthTold { month, channels: month_coverage(&setup, &evidence, &open, month, as_of)? });
    let months = months.into_iter().map(of_month).collect::<Result<Vec<_>, Failure>>()?;
    if months.iter().all(|told| told.channels.is_empty()) {
        let failure = Failure::new(Kind::CommandLine, "no business of the book owns a channel in that month");
        return Err(failure.hint("--month names another one, such as 2018-08"));
    }
    let alarms = alarms::alarms(&setup, &evidence, &open, as_of)?;
    let told = Told { format: "ritardo-coverage/1", as_of, months, clocks: evidence.skews()?, alarms };
    let text = match args.format {
        CoverageForm::Text => text(&told),
        CoverageForm::Json => json(&told)?,
        CoverageForm::Svg => svg(&told)?,
    };
    say(world.out, &text)?;
    Ok(Outcome::Done)
}

/// The open months of which anything is known; without any, the last closed one, or the first open one.
fn usual_months(history: &History, evidence: &Evidence, open: &[OpenMonth]) -> Vec<Month> {
    let is_known = |open: &&OpenMonth| {
        let month = open.month.span(open.business.zone);
        let known = open.business.channels_in(month).filter_map(|owned| evidence.known.get(owned.channel.as_str()));
        known.flat_map(|known| known.inbound.iter().chain(&known.outbound)).any(|proven| proven.overlaps(&month))
    };
    let known: BTreeSet<Month> = open.iter().filter(is_known).map(|open| open.month).collect();
    if !known.is_empty() {
        return known.into_iter().collect();
    }
    let last_closed = history.closed.values().map(|closed| closed.month).max();
    last_closed.or_else(|| open.iter().map(|open| open.month).min()).into_iter().collect()
}

/// All channels of the businesses that are billed for the month.
fn month_coverage(
    setup: &Setup,
    evidence: &Evidence,
    open: &[OpenMonth],
    month: Month,
    as_of: Instant,
) -> Result<Vec<ChannelCoverage>, Failure> {
    let of_month = open.iter().filter(|open| open.month == month);
    let waits: BTreeMap<&BusinessId, &[RatedWait]> =
        of_month.map(|open| (&open.business.id, open.waits.as_slice())).collect();
    let mut channels = Vec::new();
    for business in setup.businesses.iter().filter(|business| business.first_month <= month) {
        let waits = waits.get(&business.id).copied().unwrap_or_default();
        let cut = cut(business, month, setup.tariff.horizon(), tolerance(setup, business));
        channels.extend(of_business(setup, evidence, business, &Look { month, cut, through: as_of, waits })?);
    }
    Ok(channels)
}

/// What of a business is looked at.
pub struct Look<'l> {
    pub month: Month,
    /// Where the evidence of the month ends.
    pub cut: Instant,
    /// Nothing from here on is known.
    pub through: Instant,
    pub waits: &'l [RatedWait],
}

/// The coverage of each channel that the business owned in the month.
pub fn of_business(
    setup: &Setup,
    evidence: &Evidence,
    business: &Business,
    look: &Look,
) -> Result<Vec<ChannelCoverage>, Failure> {
    let span = look.month.span(business.zone);
    let traffic = evidence.traffic(&business.id, Span { to: look.cut.min(look.through), ..span })?;
    let mut owned: Vec<&Ownership> = business.channels_in(span).collect();
    owned.sort_by_key(|owned| (&owned.channel, owned.span));
    let of_channel = |owned: &Ownership| {
        let channel = owned.channel.as_str();
        let looked_at = looked_at(owned, span, look.cut);
        let known = evidence.known.get(channel);
        let watermark = evidence.of_channel(channel, look.through).map(|proof| proof.watermark);
        let accepted = evidence.accepted_spans(&business.id, channel);
        let [mut inbound, mut outbound] = lanes_of(evidence, channel, accepted, look.through, looked_at);
        if let Some(Traffic { inbound: received, outbound: sent, .. }) = traffic.get(channel) {
            inbound.messages = by_day(received, looked_at, business.zone);
            outbound.messages = by_day(sent, looked_at, business.zone);
        }
        let settled = evidence.settled.get(business.id.as_str());
        let place = (look.month, channel.to_owned(), owned.span.from);
        if let Some([received, sent]) = settled.and_then(|settled| settled.days.get(&place)) {
            add_days(&mut inbound.messages, received);
            add_days(&mut outbound.messages, sent);
        }
        // Sorted by name, as they are.
        let names = known.into_iter().flat_map(|known| &known.sources);
        let sources = names.filter_map(|name| setup.source(name)).map(SourceKind::from).collect();
        let is_held = |rated: &&RatedWait| {
            rated.wait.verdict == Verdict::Held && !rated.wait.excluded && *rated.wait.channel == *channel
        };
        ChannelCoverage {
            business: business.id.clone(),
            channel: channel.to_owned(),
            zone: business.zone,
            looked_at,
            watermark,
            inbound,
            outbound,
            sources,
            held: look.waits.iter().filter(is_held).count() as u64,
        }
    };
    Ok(owned.into_iter().map(of_channel).collect())
}

/// Inbound and outbound. Without a watermark nothing is a gap: the channel waits for its first logs.
fn lanes_of(evidence: &Evidence, channel: &str, accepted: &[Span], through: Instant, looked_at: Span) -> [Lane; 2] {
    let Some(known) = evidence.known.get(channel) else { return [Lane::default(), Lane::default()] };
    let (inbound_gaps, outbound_gaps) = match evidence.of_channel(channel, through) {
        Some(proof) => (known.inbound_gaps(proof.watermark), proof.gaps),
        None => (Vec::new(), Vec::new()),
    };
    [
        Lane::of(&known.inbound, &inbound_gaps, &[], looked_at),
        Lane::of(&known.outbound, &outbound_gaps, accepted, looked_at),
    ]
}

/// What is looked at of an ownership in a month, whose evidence ends at `cut`.
pub fn looked_at(owned: &Ownership, month: Span, cut: Instant) -> Span {
    // The answers to the last messages of an ownership may come after it.
    let until = owned.span.to.plus(cut.since(month.to));
    Span { from: month.from.max(owned.span.from), to: cut.min(until) }
}

/// Adds the messages of each day to those that are known of it.
pub fn add_days(days: &mut BTreeMap<Date, u64>, more: &BTreeMap<Date, u64>) {
    for (day, messages) in more {
        *days.entry(*day).or_default() += messages;
    }
}

/// Messages by civil day, of those that were sent in the time that is looked at.
pub fn by_day(instants: &[Instant], looked_at: Span, zone: Zone) -> BTreeMap<Date, u64> {
    let mut days = BTreeMap::new();
    for at in instants.iter().filter(|at| looked_at.contains(**at)) {
        *days.entry(zone.date_of(*at)).or_default() += 1;
    }
    days
}

fn text(told: &Told) -> String {
    let mut lines = Vec::new();
    for MonthTold { month, channels } in &told.months {
        let days = Days::of(*month, channels);
        lines.push(format!("coverage  {month}, as of {}", told.as_of));
        for coverage in channels {
            lines.push(String::new());
            lines.extend(strip::channel(coverage, &days));
        }
        lines.push(String::new());
    }
    lines.push(strip::LEGEND.to_owned());
    lines.extend(told.clocks.iter().map(|skew| format!("{:<9} {}", "clocks", clocks::told(skew))));
    lines.extend(told.alarms.iter().map(|alarm| format!("{:<9} {}", "alarm", alarm.text)));
    lines.join("\n")
}

fn json(told: &Told) -> Result<String, Failure> {
    serde_json::to_string_pretty(told)
        .map_err(|error| Failure::new(Kind::SelfCheck, "the coverage cannot be written").because(error))
}

fn svg(told: &Told) -> Result<String, Failure> {
    match told.months.as_slice() {
        [MonthTold { month, channels }] => Ok(lanes::picture(channels, &Days::of(*month, channels))),
        several => {
            let months: Vec<String> = several.iter().map(|told| told.month.to_string()).collect();
            let failure = Failure::new(Kind::CommandLine, "a picture shows one month");
            Err(failure.hint(format!("--month names it; open are {}", months.join(", "))))
        }
    }
}
