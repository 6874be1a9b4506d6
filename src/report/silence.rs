//! Stretches of time in which many ask and nobody answers. What lies behind is kept as a few numbers, which give the
//! same as all of its messages.

use serde::{Deserialize, Serialize};

use crate::domain::{Elapsed, Instant, Span};

/// When the messages of a channel were sent. Each message once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Those that ask for an answer; sorted.
    pub asking: Vec<Instant>,
    /// All inbound messages, sorted.
    pub inbound: Vec<Instant>,
    /// All outbound messages, sorted.
    pub outbound: Vec<Instant>,
}

impl Traffic {
    /// What of it was sent before an instant.
    pub fn before(&self, end: Instant) -> Self {
        let known = |sorted: &[Instant]| sorted.iter().copied().take_while(|at| *at < end).collect();
        Self { asking: known(&self.asking), inbound: known(&self.inbound), outbound: known(&self.outbound) }
    }
}

/// A stretch of time without any outbound message, and how many asked in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    pub span: Span,
    pub inbound: u64,
}

/// What the silences of a channel hang on of the messages before an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// Between two outbound messages, the two longest in which enough asked; the longest first.
    longest: Vec<Silence>,
    /// The last outbound message.
    last: Option<Instant>,
    /// The first message that asked, as long as there is no outbound one.
    first_asked: Option<Instant>,
    /// How many asked from the last outbound message on; without one, all that did.
    asked: u64,
}

impl Past {
    /// As somebody else has found it: stretches between two outbound messages with how many asked in them, of which those
    /// below eight hours may be left out; the last outbound message, or the first that asked where there is none; and how
    /// many asked since. A silence is told from a day on where no other has more than a third of its length, so that the
    /// short ones have no say.
    pub fn told(
        stretches: impl IntoIterator<Item = Silence>,
        (last, first_asked, asked): (Option<Instant>, Option<Instant>, u64),
        messages: u32,
    ) -> Self {
        let mut past = Self { longest: Vec::new(), last, first_asked, asked };
        stretches.into_iter().for_each(|stretch| past.add(stretch, messages));
        past
    }

    /// The same with the messages that were sent next, none of them earlier. A silence counts from so many `messages`
    /// on that asked in it.
    pub fn and(mut self, traffic: &Traffic, messages: u32) -> Self {
        let mut asking = traffic.asking.iter().copied().peekable();
        if self.last.is_none() {
            self.first_asked = self.first_asked.or(asking.peek().copied());
        }
        for sent_at in traffic.outbound.iter().copied() {
            while asking.next_if(|asked_at| *asked_at < sent_at).is_some() {
                self.asked += 1;
            }
            if let Some(from) = self.last {
                self.add(Silence { span: Span { from, to: sent_at }, inbound: self.asked }, messages);
            }
            (self.last, self.first_asked, self.asked) = (Some(sent_at), None, 0);
        }
        self.asked += asking.count() as u64;
        self
    }

    /// The silence before the watermark that is unusual, with the messages that were sent next; see [`silence`].
    pub fn silence(&self, next: &Traffic, watermark: Instant, messages: u32) -> Option<Silence> {
        let mut past = self.clone().and(&next.before(watermark), messages);
        if let Some(from) = past.last.or(past.first_asked) {
            past.add(Silence { span: Span { from, to: watermark }, inbound: past.asked }, messages);
        }
        let (longest, other) = (past.longest.first()?, past.longest.get(1).map_or(0, length));
        let unusual = length(longest) > Elapsed::DAY.micros() && length(longest) > other.saturating_mul(3);
        unusual.then_some(*longest)
    }

    fn add(&mut self, silence: Silence, messages: u32) {
        if messages > 0 && silence.inbound >= u64::from(messages) {
            self.longest.push(silence);
            self.longest.sort_by_key(|silence| std::cmp::Reverse((length(silence), silence.span)));
            self.longest.truncate(2);
        }
    }
}

fn length(silence: &Silence) -> i64 {
    silence.span.to.since(silence.span.from).micros()
}

/// The silence of a channel before its watermark that is unusual: longer than a day, and than three times the
/// longest other one in which as many as `messages` asked. There is at most one.
pub fn silence(traffic: &Traffic, watermark: Instant, messages: u32) -> Option<Silence> {
    Past::default().silence(traffic, watermark, messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever the past is cut off, it tells what its messages tell.
    #[test]
    fn a_past_tells_what_its_messages_tell() {
        let at = |hour: usize| Instant::from_micros(i64::try_from(hour).unwrap() * 3_600_000_000);
        let (mut state, mut found) = (1_u64, 0);
        let mut roll = |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % limit
        };
        for case in 0..500 {
            let (one_in, hours) = (roll(40) + 1, 200);
            let instants = |with: &dyn Fn(usize) -> bool| (0..hours).filter(|hour| with(*hour)).map(at).collect();
            let sent: Vec<bool> = (0..hours).map(|_| roll(one_in) == 0).collect();
            let asked: Vec<bool> = (0..hours).map(|_| roll(3) == 0).collect();
            let cut = at(usize::try_from(roll(150)).unwrap());
            let asking: Vec<Instant> = instants(&|hour| asked[hour]);
            let all = Traffic { inbound: asking.clone(), asking, outbound: instants(&|hour| sent[hour]) };
            let part = |is_in: &dyn Fn(&Instant) -> bool| {
                let of = |all: &[Instant]| all.iter().copied().filter(|at| is_in(at)).collect();
                Traffic { asking: of(&all.asking), inbound: of(&all.inbound), outbound: of(&all.outbound) }
            };
            let (before, after) = (part(&|at| *at < cut), part(&|at| *at >= cut));
            for watermark in [150, 170, 200].map(at) {
                let whole = silence(&all, watermark, 5);
                found += usize::from(whole.is_some());
                let past = Past::default().and(&before, 5);
                assert_eq!(past.silence(&after, watermark, 5), whole, "case {case}");
            }
        }
        assert!(found > 0, "none was unusual");
    }
}
