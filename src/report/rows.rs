//! The rows of the tables of the month page.

use super::chart::Bar;
use super::coverage::{ChannelCoverage, GAPS_NAMED, Lane, more_gaps};
use super::facts::{BusinessMonth, MonthFacts, State};
use super::issued;
use super::number::{Amounts, NONE, count, counted, share};
use super::page::{
    BusinessRow, ChannelRow, CountCells, EntryPointRow, FileRow, GapRow, LaneRow, OpenRow, StackRow, TotalRow,
    VerdictRow,
};
use super::strip;
use super::sums;
use super::sums::Totals;
use super::tally::{Tally, by};
use crate::domain::{Direction, EntryPoint, Instant, Span, Verdict};

/// The row of a business.
pub fn business(amounts: Amounts, business: &BusinessMonth) -> BusinessRow {
    let tally = Tally::of(business.weighed());
    let (word, class) = state(&business.state);
    BusinessRow {
        id: business.id.to_string(),
        name: business.legal_name.to_owned(),
        state: word,
        class,
        documents: business.state.documents().iter().map(issued::link).collect(),
        said: said(&business.state, &tally),
        counts: counts(amounts, &tally),
        sums: sums::of_business(amounts, business.state.documents()),
    }
}

/// What no document bills of a closed month, and why.
fn said(state: &State, tally: &Tally) -> Vec<String> {
    let State::Closed(closed) = state else { return Vec::new() };
    let free = match tally {
        _ if !closed.documents.is_empty() => None,
        Tally { charged: 0, .. } => Some("no charges"),
        Tally { charged, free, .. } if charged == free => Some("free units only"),
        _ => None,
    };
    free.map(str::to_owned).into_iter().chain(closed.said.iter().cloned()).collect()
}

/// The last row of the table of businesses.
pub fn total(amounts: Amounts, facts: &MonthFacts, all: &Tally, totals: &Totals) -> TotalRow {
    TotalRow {
        label: counted(facts.businesses.len() as u64, "business", "businesses"),
        documents: totals.documents(),
        counts: counts(amounts, all),
        sums: totals.own.cells(amounts),
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

fn counts(amounts: Amounts, tally: &Tally) -> CountCells {
    CountCells {
        waits: count(tally.counts.waits),
        on_time: count(tally.counts.on_time),
        late: count(tally.counts.late),
        unanswered: count(tally.counts.unanswered),
        open: count(tally.open()),
        charged: count(tally.charged),
        amount: amounts.exact(tally.amount),
    }
}

/// One row per verdict; none when there is no wait.
pub fn verdicts(amounts: Amounts, facts: &MonthFacts, all: &Tally) -> Vec<VerdictRow> {
    let tallies = by(facts, |_, rated| rated.wait.verdict);
    let row = |verdict: Verdict| {
        let tally = tallies.get(&verdict).copied().unwrap_or_default();
        let (class, name, meaning) = verdict_words(verdict);
        VerdictRow {
            class,
            name,
            meaning,
            waits: count(tally.counts.waits),
            share: share(tally.counts.waits, all.counts.waits),
            charged: count(tally.charged),
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
pub fn entry_points(amounts: Amounts, facts: &MonthFacts) -> Vec<EntryPointRow> {
    let tallies = by(facts, |_, rated| rated.wait.entry_point);
    tallies.iter().map(|(point, tally)| entry_point(amounts, entry_point_name(*point), tally)).collect()
}

pub fn entry_point(amounts: Amounts, name: &'static str, tally: &Tally) -> EntryPointRow {
    EntryPointRow { name, counts: counts(amounts, tally), share_missed: share(tally.missed(), tally.decided()) }
}

const fn entry_point_name(point: EntryPoint) -> &'static str {
    match point {
        EntryPoint::InformationRequest => "Information request",
        EntryPoint::ClickToChat => "Click to chat",
        EntryPoint::LiveSupport => "Live support",
        EntryPoint::Unknown => "Not stated",
    }
}

/// The numbers of a chart, bar by bar.
pub fn stacks(bars: &[Bar]) -> Vec<StackRow> {
    bars.iter().map(|bar| stack(&bar.name, bar.parts)).collect()
}

pub fn stack(name: &str, parts: [u64; 4]) -> StackRow {
    StackRow { name: name.to_owned(), waits: count(parts.iter().sum()), parts: parts.map(count).into() }
}

/// A business that is not closed, with its reasons.
pub fn open(amounts: Amounts, business: &BusinessMonth) -> Option<OpenRow> {
    let State::Open(open) = &business.state else { return None };
    let (state, class) = state(&business.state);
    Some(OpenRow {
        id: business.id.to_string(),
        name: business.legal_name.to_owned(),
        state,
        class,
        net: open.net.map_or(NONE.to_owned(), |net| amounts.money(Some(net))),
        reasons: open.reasons.clone(),
        next: open.next.clone().unwrap_or_default(),
        preview: open.preview.clone(),
    })
}

pub fn file((name, reason): &(String, String)) -> FileRow {
    FileRow { name: name.clone(), reason: reason.clone() }
}

/// The row of a channel in the table below the picture.
pub fn channel(channel: &ChannelCoverage) -> ChannelRow {
    let known = if channel.watermark.is_some() { "known " } else { "" };
    ChannelRow {
        business: channel.business.to_string(),
        channel: channel.channel.clone(),
        zone: channel.zone.to_string(),
        known: format!("{known}{}", strip::known(channel)),
        lanes: channel.lanes().map(|(direction, lane)| lane_row(channel, direction, lane)).into(),
        sources: channel.sources.clone(),
        held: if channel.held == 0 { NONE.to_owned() } else { count(channel.held) },
    }
}

fn lane_row(channel: &ChannelCoverage, direction: Direction, lane: &Lane) -> LaneRow {
    let local = |at: Option<Instant>| at.map_or(NONE.to_owned(), |at| channel.local(at));
    let row = |note: &'static str| {
        move |gap: &Span| GapRow { from: channel.local(gap.from), to: channel.local(gap.to), note }
    };
    let gaps = lane.gaps.iter().map(row("")).chain(lane.accepted.iter().map(row("accepted")));
    LaneRow {
        direction: direction.name(),
        from: local(lane.first_proven),
        through: local(lane.proven_through),
        gaps: gaps.take(GAPS_NAMED).collect(),
        more: more_gaps(lane.gaps.len() + lane.accepted.len()),
        messages: count(lane.messages()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::coverage::GAPS_NAMED;
    use super::super::coverage::tests::channel;

    #[test]
    fn a_channel_has_a_row_a_direction() {
        let row = super::channel(&channel());
        assert_eq!((row.known.as_str(), row.held.as_str()), ("known through 2018-08-25 00:00", "3"));
        let [inbound, outbound] = row.lanes.as_slice() else { panic!("{row:?}") };
        assert_eq!((inbound.from.as_str(), inbound.through.as_str()), ("2018-07-30 00:00", "2018-08-28 00:00"));
        assert!(inbound.gaps.is_empty());
        let gaps: Vec<_> = outbound.gaps.iter().map(|gap| (gap.from.as_str(), gap.note)).collect();
        assert_eq!(gaps, [("2018-08-05 00:00", ""), ("2018-08-10 12:00", ""), ("2018-08-20 00:00", "accepted")]);
        assert_eq!(outbound.more, "");
        let mut many = channel();
        many.outbound.gaps = vec![many.looked_at; 1233];
        let many = super::channel(&many);
        assert_eq!((many.lanes[1].gaps.len(), many.lanes[1].more.as_str()), (GAPS_NAMED, "and 1,224 more"));
    }
}
