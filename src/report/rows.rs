//! The rows of the tables of the month page.

use std::collections::BTreeMap;

use super::bars::market_name;
use super::coverage::{ChannelCoverage, GAPS_NAMED, Lane, more_gaps};
use super::facts::{BusinessMonth, MonthFacts, RejectedRows, State};
use super::issued;
use super::number::{Amounts, NONE};
use super::page::{
    BusinessRow, ChannelRow, CountCells, EntryPointRow, FileRow, GapRow, LaneRow, MarketRow, OpenRow, PlainSums,
    RejectRow, TotalRow, VerdictRow,
};
use super::portrait::Portrait;
use super::strip;
use super::sums;
use super::sums::{CurrencyTotal, Totals};
use super::tally::Tally;
use crate::domain::{Direction, EntryPoint, Instant, Market, Money, Span, Verdict};

/// The row of a business.
pub fn business(amounts: Amounts, business: &BusinessMonth) -> BusinessRow {
    let tally = Tally::of(business.weighed());
    let (word, class) = state(&business.state);
    BusinessRow {
        id: business.id.to_string(),
        href: business.page.clone(),
        name: business.legal_name.to_owned(),
        state: amounts.say(word),
        class,
        documents: business.state.documents().iter().map(issued::link).collect(),
        said: said(amounts, &business.state, &tally),
        counts: own_counts(amounts, business, &tally),
        sums: sums::of_business(amounts, business.state.documents()),
    }
}

/// What no document bills of a closed month, and why.
fn said(amounts: Amounts, state: &State, tally: &Tally) -> Vec<String> {
    let State::Closed(closed) = state else { return Vec::new() };
    let free = match tally {
        _ if !closed.documents.is_empty() => None,
        Tally { charged: 0, .. } => Some("no charges"),
        Tally { charged, free, .. } if charged == free => Some("free units only"),
        _ => None,
    };
    let now = closed
        .charged_now
        .map(|now| amounts.tongue.fill("{count} charged after corrections", &[("count", &amounts.count(now))]));
    let said = free.map(|said| amounts.say(said).to_owned()).into_iter().chain(closed.said.iter().cloned());
    said.chain(now).collect()
}

/// With the code of their currency, where that is not the page's.
fn own_counts(amounts: Amounts, business: &BusinessMonth, tally: &Tally) -> CountCells {
    let cells = counts(amounts, tally);
    if business.currency == amounts.currency {
        return cells;
    }
    CountCells { amount: format!("{}\u{a0}{}", business.currency, cells.amount), ..cells }
}

/// The last row of the table of businesses.
pub fn total(amounts: Amounts, facts: &MonthFacts, all: &Tally, totals: &Totals) -> TotalRow {
    TotalRow {
        label: amounts.counted(facts.businesses.len() as u64, "business", "businesses"),
        documents: totals.documents(amounts),
        counts: counts(amounts, all),
        sums: totals.own.cells(amounts),
        plain: PlainSums::of(amounts, all, &totals.own),
    }
}

impl PlainSums {
    /// Of waits and of what documents in one currency bill.
    pub fn of(amounts: Amounts, all: &Tally, sums: &CurrencyTotal) -> Self {
        let plain = |amount: Option<Money>| amount.map(Money::digits).unwrap_or_default();
        Self {
            waits: all.counts.waits,
            on_time: all.counts.on_time,
            late: all.counts.late,
            unanswered: all.counts.unanswered,
            open: all.open(),
            charged: all.charged,
            amount: amounts.plain(all.amount),
            issued: plain(sums.issued),
            credited: plain(sums.credited),
            standing: plain(sums.standing()),
        }
    }
}

/// The state in the word of `ritardo status`, and its class.
fn state(state: &State) -> (&'static str, &'static str) {
    match state {
        State::Closed(closed) if closed.documents.is_empty() => (closed.word, "closed"),
        State::Closed(closed) => (closed.word, "issued"),
        State::Open(open) => {
            let class = match open.word {
                "parked" => "parked",
                "open" => "open",
                "waiting" => "waiting",
                _ => "ready",
            };
            (open.word, class)
        }
    }
}

pub fn counts(amounts: Amounts, tally: &Tally) -> CountCells {
    CountCells {
        waits: amounts.count(tally.counts.waits),
        on_time: amounts.count(tally.counts.on_time),
        late: amounts.count(tally.counts.late),
        unanswered: amounts.count(tally.counts.unanswered),
        open: amounts.count(tally.open()),
        charged: amounts.count(tally.charged),
        amount: amounts.exact(tally.amount),
    }
}

/// One row per verdict; none when there is no wait.
pub fn verdicts(amounts: Amounts, tallies: &BTreeMap<Verdict, Tally>, all: &Tally) -> Vec<VerdictRow> {
    let row = |verdict: Verdict| {
        let tally = tallies.get(&verdict).copied().unwrap_or_default();
        let (class, name, meaning) = verdict_words(verdict);
        VerdictRow {
            class,
            name: amounts.say(name),
            meaning: amounts.say(meaning),
            waits: amounts.count(tally.counts.waits),
            share: amounts.share(tally.counts.waits, all.counts.waits),
            charged: amounts.count(tally.charged),
            amount: amounts.exact(tally.amount),
        }
    };
    if tallies.is_empty() { Vec::new() } else { Verdict::ALL.into_iter().map(row).collect() }
}

/// Class, name and meaning.
const fn verdict_words(verdict: Verdict) -> (&'static str, &'static str, &'static str) {
    match verdict {
        Verdict::OnTime => ("on-time", "On time", "answered within the window"),
        Verdict::Late => ("late", "Late", "answered after it"),
        Verdict::Unanswered => ("unanswered", "Unanswered", "the window is over, no answer"),
        Verdict::Pending => ("open", "Pending", "the logs do not reach far enough yet"),
        Verdict::Held => ("open", "Held", "the logs cannot prove it; not billed"),
    }
}

/// One row per entry point that occurs.
pub fn entry_points(amounts: Amounts, portrait: &Portrait) -> Vec<EntryPointRow> {
    portrait.entry_points.iter().map(|(point, tally)| entry_point(amounts, entry_point_name(*point), tally)).collect()
}

pub fn entry_point(amounts: Amounts, name: &'static str, tally: &Tally) -> EntryPointRow {
    let share_missed = amounts.share(tally.missed(), tally.decided());
    EntryPointRow { name: amounts.say(name), counts: counts(amounts, tally), share_missed }
}

/// One row per market that occurs.
pub fn markets(amounts: Amounts, portrait: &Portrait) -> Vec<MarketRow> {
    let row = |(market, tally): (&Market, &Tally)| market_row(amounts, market_name(amounts, market), tally);
    portrait.markets.iter().map(row).collect()
}

pub fn market_row(amounts: Amounts, name: String, tally: &Tally) -> MarketRow {
    let share_missed = amounts.share(tally.missed(), tally.decided());
    MarketRow { name, counts: counts(amounts, tally), share_missed }
}

const fn entry_point_name(point: EntryPoint) -> &'static str {
    match point {
        EntryPoint::InformationRequest => "Information request",
        EntryPoint::ClickToChat => "Click to chat",
        EntryPoint::LiveSupport => "Live support",
        EntryPoint::Unknown => "Not stated",
    }
}

/// A business that is not closed, with its reasons.
pub fn open(amounts: Amounts, business: &BusinessMonth) -> Option<OpenRow> {
    let State::Open(open) = &business.state else { return None };
    let (state, class) = state(&business.state);
    Some(OpenRow {
        id: business.id.to_string(),
        href: business.page.clone(),
        name: business.legal_name.to_owned(),
        state: amounts.say(state),
        class,
        net: open.net.map_or(NONE.to_owned(), |net| amounts.money(Some(net))),
        reasons: open.reasons.clone(),
        next: open.next.clone().unwrap_or_default(),
        preview: open.preview.clone(),
    })
}

pub fn rejected(amounts: Amounts, of: &RejectedRows) -> RejectRow {
    RejectRow { file: of.file.clone(), reason: of.reason.clone(), rows: amounts.count(of.rows) }
}

pub fn file((name, reason): &(String, String)) -> FileRow {
    FileRow { name: name.clone(), reason: reason.clone() }
}

/// The row of a channel in the table below the picture.
pub fn channel(amounts: Amounts, channel: &ChannelCoverage) -> ChannelRow {
    let known = if channel.watermark.is_some() { "known " } else { "" };
    ChannelRow {
        business: channel.business.to_string(),
        channel: channel.channel.clone(),
        zone: channel.zone.to_string(),
        known: format!("{known}{}", strip::known(channel)),
        lanes: channel.lanes().map(|(direction, lane)| lane_row(amounts, channel, direction, lane)).into(),
        sources: channel.sources.clone(),
        held: if channel.held == 0 { NONE.to_owned() } else { amounts.count(channel.held) },
    }
}

fn lane_row(amounts: Amounts, channel: &ChannelCoverage, direction: Direction, lane: &Lane) -> LaneRow {
    let local = |at: Option<Instant>| at.map_or(NONE.to_owned(), |at| channel.local(at));
    let row = |note: &'static str| {
        move |gap: &Span| GapRow { from: channel.local(gap.from), to: channel.local(gap.to), note }
    };
    let gaps = lane.gaps.iter().map(row("")).chain(lane.accepted.iter().map(row(amounts.say("accepted"))));
    LaneRow {
        direction: amounts.say(direction.name()),
        from: local(lane.first_proven),
        through: local(lane.proven_through),
        gaps: gaps.take(GAPS_NAMED).collect(),
        more: more_gaps(lane.gaps.len() + lane.accepted.len()),
        messages: amounts.count(lane.messages()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::coverage::GAPS_NAMED;
    use super::super::coverage::tests::channel;

    #[test]
    fn a_channel_has_a_row_a_direction() {
        let amounts = super::Amounts::fitting("USD".parse().unwrap(), std::iter::empty());
        let row = super::channel(amounts, &channel());
        assert_eq!((row.known.as_str(), row.held.as_str()), ("known through 2018-08-25 00:00", "3"));
        let [inbound, outbound] = row.lanes.as_slice() else { panic!("{row:?}") };
        assert_eq!((inbound.from.as_str(), inbound.through.as_str()), ("2018-07-30 00:00", "2018-08-28 00:00"));
        assert!(inbound.gaps.is_empty());
        let gaps: Vec<_> = outbound.gaps.iter().map(|gap| (gap.from.as_str(), gap.note)).collect();
        assert_eq!(gaps, [("2018-08-05 00:00", ""), ("2018-08-10 12:00", ""), ("2018-08-20 00:00", "accepted")]);
        assert_eq!(outbound.more, "");
        let mut many = channel();
        many.outbound.gaps = vec![many.looked_at; 1233];
        let many = super::channel(amounts, &many);
        assert_eq!((many.lanes[1].gaps.len(), many.lanes[1].more.as_str()), (GAPS_NAMED, "and 1,224 more"));
    }
}
