//! The one pass over a bucket, from its end.

use super::{ANSWERS, Conversation, Held, NEITHER};
use crate::domain::{EntryPoint, Instant, Reading};

/// A question without an answer in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late<K = u64> {
    /// Its place in the bucket.
    pub place: usize,
    pub conversation: K,
    pub received_at: Instant,
    pub answered_at: Option<Instant>,
    pub entry_point: EntryPoint,
}

/// What a bucket comes to.
#[derive(Debug, Default)]
pub struct Paired<K = u64> {
    /// By the place of the channel: questions that were answered in time.
    pub on_time: Vec<u64>,
    /// In the order of the bucket; those that nothing answers may be pending still.
    pub late: Vec<Late<K>>,
    next: Table<K>,
}

impl<K> Paired<K> {
    fn clear(&mut self) {
        self.on_time.fill(0);
        self.late.clear();
    }
}

/// Finds the answer of every question of a bucket: the next one of its conversation, the same instant included.
/// `paired` is emptied; a worker uses one for all its buckets.
pub fn pair<K: Conversation>(messages: &[Held<K>], reading: &Reading, paired: &mut Paired<K>) {
    paired.clear();
    if backwards(messages.iter().copied().enumerate(), reading, paired) {
        paired.late.reverse();
        return;
    }
    // Of one instant the answers stand behind the questions: they answer them. Logs that overlap a little are few long
    // runs, which a stable sort merges.
    let mut sorted: Vec<(usize, Held<K>)> = messages.iter().copied().enumerate().collect();
    sorted.sort_by_key(|(_, (_, at))| *at);
    paired.clear();
    backwards(sorted.into_iter(), reading, paired);
    paired.late.sort_unstable_by_key(|late| late.place);
}

/// What comes next in a conversation, seen from the end of its bucket. Instants are above 0.
#[derive(Clone, Copy, Debug, Default)]
struct Next<K> {
    conversation: K,
    /// 0: none.
    answer: u64,
    question: u64,
}

/// The conversations of a bucket: no conversation is the default one.
#[derive(Debug, Default)]
struct Table<K> {
    places: Vec<Next<K>>,
    mask: usize,
}

impl<K: Conversation> Table<K> {
    /// Empties it for so many messages; a conversation has several, so that most places stay free.
    fn clear(&mut self, messages: usize) {
        let size = (messages + messages / 4 + 1).next_power_of_two();
        self.places.clear();
        self.places.resize(size, Next::default());
        self.mask = size - 1;
    }

    fn of(&mut self, conversation: K) -> &mut Next<K> {
        // The upper bits chose the bucket.
        let hash = conversation.mixed() >> 16;
        let mut place = usize::try_from(hash).unwrap_or_default() & self.mask;
        while self.places[place].conversation != conversation && self.places[place].conversation != K::default() {
            place = (place + 1) & self.mask;
        }
        let next = &mut self.places[place];
        next.conversation = conversation;
        next
    }
}

/// The one pass. Says whether the messages of each conversation stand in the order of time, and no answer before a question
/// of its instant: otherwise it would miss answers. How those of several conversations stand does not matter: the files of
/// one business may lie behind those of another.
fn backwards<K: Conversation>(
    messages: impl DoubleEndedIterator<Item = (usize, Held<K>)> + ExactSizeIterator,
    reading: &Reading,
    paired: &mut Paired<K>,
) -> bool {
    let Paired { on_time, late, next } = paired;
    next.clear(messages.len());
    for (place, (conversation, held)) in messages.rev() {
        let (at, what) = (held >> 4, held & 15);
        if what == NEITHER {
            continue;
        }
        let Next { answer, question, .. } = next.of(conversation);
        // What was seen of the conversation so far comes later, or at the same instant.
        if (*answer > 0 && *answer < at) || (*question > 0 && *question < at) {
            return false;
        }
        if what == ANSWERS {
            if *question == at {
                return false;
            }
            *answer = at;
            continue;
        }
        *question = at;
        let received_at = Instant::from_micros(at.cast_signed());
        let answered_at = (*answer > 0).then(|| Instant::from_micros(answer.cast_signed()));
        let is_in_time = |answered: Instant| reading.is_within(answered.since(received_at), reading.window);
        if answered_at.is_some_and(is_in_time) {
            let channel = conversation.channel();
            if on_time.len() <= channel {
                on_time.resize(channel + 1, 0);
            }
            on_time[channel] += 1;
        } else {
            let entry_point = usize::try_from(what).ok().and_then(|what| EntryPoint::ALL.get(what)).copied();
            let entry_point = entry_point.unwrap_or(EntryPoint::Unknown);
            late.push(Late { place, conversation, received_at, answered_at, entry_point });
        }
    }
    true
}

/// How long the evidence must reach beyond the deadline of a question without an answer.
pub fn is_settled<K>(late: &Late<K>, watermark: Instant, reading: &Reading) -> bool {
    late.answered_at.is_some() || watermark > late.received_at.plus(reading.window)
}
