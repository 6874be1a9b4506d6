//! The holds that keep open months waiting: gathered from the waits that they hold.

use std::collections::{BTreeMap, BTreeSet};

use crate::close::check::sha256;
use crate::commands::closing::OpenMonth;
use crate::commands::evidence::Evidence;
use crate::domain::evidence::united;
use crate::domain::wait::HeldFor;
use crate::domain::{Business, BusinessId, ChannelId, Elapsed, Instant, Month, Span, Wait};
use crate::ledger::entry::{Cause, HoldAccepted};

/// A hold that keeps an open month waiting. To accept it excludes the waits that it holds.
pub struct Hold<'b> {
    /// Short, and the same as long as the hold is.
    pub id: String,
    pub cause: Cause,
    pub business: &'b Business,
    pub channel: String,
    /// The month of its waits, where holds of a month are listed together.
    pub month: Option<Month>,
    /// By conversation; `None`: of the whole channel. Sorted, disjoint.
    pub spans: BTreeMap<Option<String>, Vec<Span>>,
    /// Ids of questions of unknown kind, or of the message of which exports disagree.
    pub messages: BTreeSet<String>,
    /// How many waits it holds.
    pub waits: u64,
}

/// Business, channel, cause, and which of them.
type Key = (String, String, Cause, Which);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    Gap(Span),
    Month(Month),
    Message(String),
}

/// What keeps the open months of all businesses waiting, in order of business, channel and cause.
pub fn holds<'b>(open: &[OpenMonth<'b>], evidence: &Evidence, as_of: Instant) -> Vec<Hold<'b>> {
    let mut found: BTreeMap<Key, Hold> = BTreeMap::new();
    for month in open {
        let held = month.waits.iter().map(|rated| &rated.wait).filter(|wait| wait.held_for.is_some() && wait.is_open());
        for wait in held {
            gather(month, wait, evidence, as_of, &mut found);
        }
    }
    // The first open month of each business.
    let mut first: BTreeMap<&BusinessId, Month> = BTreeMap::new();
    for month in open {
        first.entry(&month.business.id).or_insert(month.month);
    }
    let holds = found.into_iter().map(|((_, _, _, which), hold)| {
        let start = first.get(&hold.business.id).map(|first| first.span(hold.business.zone).from);
        let hold = hold.tidy(which, start);
        Hold { id: hold.digest(), ..hold }
    });
    holds.collect()
}

fn gather<'b>(
    month: &OpenMonth<'b>,
    wait: &Wait,
    evidence: &Evidence,
    as_of: Instant,
    found: &mut BTreeMap<Key, Hold<'b>>,
) {
    let mut add = |cause, which, span: Option<(Option<&str>, Span)>, message: Option<&str>| {
        let key = (wait.business.to_string(), wait.channel.to_string(), cause, which);
        let hold = found.entry(key).or_insert_with(|| Hold::new(month, wait, cause));
        if let Some((conversation, span)) = span {
            hold.spans.entry(conversation.map(str::to_owned)).or_default().push(span);
        }
        hold.messages.extend(message.map(str::to_owned));
        hold.waits += 1;
    };
    let of_month = Which::Month(month.month);
    match wait.held_for {
        Some(HeldFor::Gap(at) | HeldFor::InboundGap(at)) => {
            let known = evidence.of_channel(&wait.channel, as_of);
            let gap = known.and_then(|known| known.gaps.into_iter().find(|gap| gap.contains(at)));
            let gap = gap.unwrap_or_else(|| moment(at));
            add(Cause::Gap, Which::Gap(gap), Some((None, Span { from: at, to: gap.to })), None);
        }
        Some(HeldFor::Unread(at)) => {
            let known = evidence.of_business(&month.business.id, &wait.channel, as_of);
            let spans = known.and_then(|mut known| known.doubts.remove(&*wait.conversation)).unwrap_or_default();
            let span = spans.into_iter().find(|span| span.contains(at)).unwrap_or_else(|| moment(at));
            add(Cause::Unread, of_month, Some((Some(&wait.conversation), span)), None);
        }
        Some(HeldFor::UnknownAnswer(at) | HeldFor::UnknownDelivery(at) | HeldFor::OtherConversation(at)) => {
            add(Cause::UnknownAnswer, of_month, Some((Some(&wait.conversation), moment(at))), None);
        }
        Some(HeldFor::UnknownKind) => add(Cause::UnknownKind, of_month, None, Some(&wait.message_id)),
        Some(HeldFor::Conflict) => {
            let concerns = |conflict: &&crate::pair::Conflict| {
                let here = |version: &crate::pair::Version| *version.conversation == *wait.conversation;
                !conflict.accepted && *conflict.channel == *wait.channel && conflict.versions.iter().any(here)
            };
            for conflict in month.conflicts.iter().filter(concerns) {
                let id = &conflict.message_id;
                add(Cause::Conflict, Which::Message(id.clone()), None, Some(id));
            }
        }
        None => {}
    }
}

/// The instant alone.
fn moment(at: Instant) -> Span {
    Span { from: at, to: at.plus(Elapsed::from_micros(1)) }
}

impl<'b> Hold<'b> {
    fn new(month: &OpenMonth<'b>, wait: &Wait, cause: Cause) -> Self {
        let grouped = matches!(cause, Cause::Unread | Cause::UnknownAnswer | Cause::UnknownKind);
        Self {
            id: String::new(),
            cause,
            business: month.business,
            channel: wait.channel.to_string(),
            month: grouped.then_some(month.month),
            spans: BTreeMap::new(),
            messages: BTreeSet::new(),
            waits: 0,
        }
    }

    /// Spans in order. A gap reaches back to its start, but not before the first open month: so it stays the same
    /// hold when more of its waits become known.
    fn tidy(mut self, which: Which, first_month: Option<Instant>) -> Self {
        for spans in self.spans.values_mut() {
            *spans = united(std::mem::take(spans));
        }
        if let (Which::Gap(gap), Some(start), Some(spans)) = (which, first_month, self.spans.get_mut(&None)) {
            spans.iter_mut().for_each(|span| span.from = gap.from.max(start.min(span.from)));
        }
        self
    }

    /// `g-` and eight digits of the SHA-256 of what the hold is about.
    fn digest(&self) -> String {
        let spans = self.spans.values().flatten().map(|span| format!("{}/{}", span.from, span.to));
        let month = self.month.map(|month| month.to_string()).into_iter();
        let named = [self.cause.name().to_owned(), self.business.id.to_string(), self.channel.clone()];
        let parts = named.into_iter().chain(month).chain(spans).chain(self.messages.iter().cloned());
        let digest = sha256(parts.collect::<Vec<_>>().join("\n").as_bytes());
        format!("g-{}", digest.get(..8).unwrap_or(&digest))
    }

    /// From the first instant to the last that it is about, where it is about time.
    pub fn span(&self) -> Option<Span> {
        let spans = || self.spans.values().flatten();
        Some(Span { from: spans().map(|span| span.from).min()?, to: spans().map(|span| span.to).max()? })
    }

    /// What the ledger records when it is accepted: one entry for each conversation.
    pub fn entries(&self, channel: &ChannelId, reason: &str, as_of: Instant) -> Vec<HoldAccepted> {
        let month_end = self.month.map(|month| month.span(self.business.zone).to);
        let through = match self.cause {
            Cause::Conflict => as_of,
            _ => self.span().map(|span| span.to).or(month_end).unwrap_or(as_of),
        };
        let entry = |conversation: Option<String>, spans: Vec<Span>| HoldAccepted {
            id: self.id.clone(),
            business: self.business.id.clone(),
            channel: channel.clone(),
            cause: self.cause,
            spans,
            conversation,
            messages: self.messages.iter().cloned().collect(),
            through,
            reason: reason.to_owned(),
            at: as_of,
        };
        if self.spans.is_empty() {
            return vec![entry(None, Vec::new())];
        }
        self.spans.iter().map(|(conversation, spans)| entry(conversation.clone(), spans.clone())).collect()
    }

    /// What would decide its waits.
    pub fn decided_by(&self) -> String {
        match self.cause {
            Cause::Gap => format!("send the outbound log of {}", self.days()),
            Cause::Unread => "send the rejected rows again in a form that can be read".to_owned(),
            Cause::UnknownAnswer => {
                "send a log that says what these messages were, such as their `sent` status".to_owned()
            }
            Cause::UnknownKind => "nothing that arrives: a later version may know the kind".to_owned(),
            Cause::Conflict => "nothing that arrives: both copies stay in the archive".to_owned(),
        }
    }

    /// The civil days of its span.
    fn days(&self) -> String {
        let Some(span) = self.span() else { return String::new() };
        let zone = self.business.zone;
        let (first, last) = (zone.date_of(span.from), zone.date_of(span.to.minus(Elapsed::from_micros(1))));
        if first == last { first.to_string() } else { format!("{first} to {last}") }
    }
}
