//! The pairing kernel: the default reading over numbers instead of texts, for logs of any size.
//!
//! A message is held in sixteen bytes: its conversation, and its instant with what it is. Messages lie in buckets by
//! conversation, in the order in which they were read, and the answer of each question is found in one pass over its
//! bucket from the end: what answers next stands in a small table. No row is joined with a row, and nothing is sorted
//! where a log is in the order of time. Data beyond a budget of memory lies in scratch files.
//!
//! A conversation is the exact number of a customer on a channel, never a hash. Ids of messages are held as hashes: while
//! no two are equal, no two ids are; where two are equal, the caller looks at the ids themselves.

use super::scratch::{Buckets, ScratchError};
use crate::domain::message::Role;
use crate::domain::{EntryPoint, Instant, Reading};

/// Buckets of messages: each is small enough for the second cache.
pub const BUCKETS: usize = 512;
/// Parts of the hashes of ids.
const PARTS: usize = 256;
/// Bits of a customer's number: fifteen decimal digits.
const NUMBER_BITS: u32 = 50;
/// So many channels have a place above the number.
pub const CHANNELS_MAX: u32 = 1 << (64 - NUMBER_BITS);
const ANSWERS: u64 = 15;

/// Whether the kernel can judge by a reading: what hangs on runs of questions, on deliveries or on another date cannot be
/// told from a table of next answers.
pub fn supports(reading: &Reading) -> bool {
    let Reading { window, boundary, price_date, month_of, .. } = *reading;
    *reading == Reading { window, boundary, price_date, month_of, ..Reading::default() }
}

/// A message, as it is held: conversation; instant and what it is.
pub type Held = (u64, u64);

/// The conversation of a customer on a channel, both given as numbers.
pub const fn conversation(channel: u32, customer: u64) -> u64 {
    ((channel as u64) << NUMBER_BITS) | customer
}

/// Channel and customer of a conversation.
pub fn parties(conversation: u64) -> (usize, u64) {
    let channel = usize::try_from(conversation >> NUMBER_BITS).unwrap_or(usize::MAX);
    (channel, conversation & ((1 << NUMBER_BITS) - 1))
}

/// The bucket of a conversation.
pub fn bucket(conversation: u64) -> usize {
    usize::try_from(conversation.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 55).unwrap_or_default()
}

/// What one worker has gathered.
pub struct Gathered {
    pub messages: Buckets<Held>,
    ids: Buckets<u64>,
    /// Rows, whatever they are.
    pub rows: u64,
    /// Of these, at or after the watermark.
    pub after: u64,
    watermark: u64,
}

impl Gathered {
    /// For about `rows` messages, of which those before `watermark` are evidence; in memory up to `budget` bytes, beyond
    /// it in files of `folder` that begin with `name`.
    pub fn new(rows: usize, watermark: Instant, scratch: (&std::path::Path, &str), budget: usize) -> Self {
        let (folder, name) = scratch;
        let ids = Buckets::new(PARTS, rows, folder, &format!("{name}-ids"), budget / 3);
        let messages = Buckets::new(BUCKETS, rows, folder, &format!("{name}-messages"), budget - budget / 3);
        Self { messages, ids, rows: 0, after: 0, watermark: stamped(watermark.micros()) }
    }

    /// Takes a message.
    ///
    /// # Errors
    /// When a scratch file cannot be written.
    pub fn take(&mut self, id: u64, channel: u32, customer: u64, at: i64, role: Role) -> Result<(), ScratchError> {
        self.rows += 1;
        // The same id on two channels is two messages.
        let id = id ^ u64::from(channel).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        self.ids.push(usize::try_from(id >> 56).unwrap_or_default(), id)?;
        let at = stamped(at);
        if at >= self.watermark {
            self.after += 1;
            return Ok(());
        }
        let what = match role {
            Role::Neither => return Ok(()),
            Role::Answers => ANSWERS,
            Role::Asks(point) => point as u64,
        };
        let conversation = conversation(channel, customer);
        self.messages.push(bucket(conversation), (conversation, at | what))
    }
}

/// Where a message comes to lie: its bucket, when it is one that pairing needs.
pub fn place_of(channel: u32, customer: u64, at: i64, role: Role, watermark: Instant) -> Option<usize> {
    let is_held = role != Role::Neither && stamped(at) < stamped(watermark.micros());
    is_held.then(|| bucket(conversation(channel, customer)))
}

/// An instant of the years of stamps above the four bits of what a message is.
const fn stamped(micros: i64) -> u64 {
    if micros < 0 { 0 } else { micros.cast_unsigned() << 4 }
}

/// Whether two messages may have the same id: two of their hashes are equal.
///
/// # Errors
/// When a scratch file cannot be read.
pub fn has_equal_ids(gathered: &[Gathered], part: usize) -> Result<bool, ScratchError> {
    let mut all = Vec::new();
    for worker in gathered {
        worker.ids.read(part, &mut all)?;
    }
    let size = (all.len() * 2).next_power_of_two();
    let mut table = vec![0_u64; size];
    let mut has_zero = false;
    for id in all {
        if id == 0 {
            if std::mem::replace(&mut has_zero, true) {
                return Ok(true);
            }
            continue;
        }
        let mut place = usize::try_from(id).unwrap_or_default() & (size - 1);
        while table[place] != 0 {
            if table[place] == id {
                return Ok(true);
            }
            place = (place + 1) & (size - 1);
        }
        table[place] = id;
    }
    Ok(false)
}

/// The parts that [`has_equal_ids`] is to be asked of.
pub const fn parts() -> usize {
    PARTS
}

/// A question without an answer in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// Its place in the bucket.
    pub place: usize,
    pub conversation: u64,
    pub received_at: Instant,
    pub answered_at: Option<Instant>,
    pub entry_point: EntryPoint,
}

/// What a bucket comes to.
#[derive(Debug, Default)]
pub struct Paired {
    /// By the place of the channel: questions that were answered in time.
    pub on_time: Vec<u64>,
    /// In the order of the bucket; those that nothing answers may be pending still.
    pub late: Vec<Late>,
}

/// All messages of a bucket, in the order of the workers.
///
/// # Errors
/// When a scratch file cannot be read.
pub fn messages(gathered: &[Gathered], bucket: usize) -> Result<Vec<Held>, ScratchError> {
    let mut all = Vec::new();
    gathered.iter().try_for_each(|worker| worker.messages.read(bucket, &mut all))?;
    Ok(all)
}

/// Finds the answer of every question of a bucket: the next one of its conversation, the same instant included.
pub fn pair(messages: &[Held], reading: &Reading) -> Paired {
    let is_in_order = messages.windows(2).all(|pair| pair[0].1 >> 4 <= pair[1].1 >> 4);
    let mut paired = Paired::default();
    if is_in_order && backwards(messages.iter().copied().enumerate(), reading, &mut paired) {
        paired.late.reverse();
        return paired;
    }
    // Of one instant the answers stand behind the questions: they answer them.
    let mut sorted: Vec<(usize, Held)> = messages.iter().copied().enumerate().collect();
    sorted.sort_unstable_by_key(|(place, (_, at))| (*at, *place));
    paired = Paired::default();
    backwards(sorted.into_iter(), reading, &mut paired);
    paired.late.sort_unstable_by_key(|late| late.place);
    paired
}

/// What comes next in a conversation, seen from the end of its bucket. Instants are above 0.
#[derive(Clone, Copy, Default)]
struct Next {
    conversation: u64,
    /// 0: none.
    answer: u64,
    question: u64,
}

/// The conversations of a bucket: no conversation is 0, since no number is.
struct Table {
    places: Vec<Next>,
    mask: usize,
}

impl Table {
    /// For so many messages; a conversation has several, so that most places stay free.
    fn new(messages: usize) -> Self {
        let size = (messages + messages / 4 + 1).next_power_of_two();
        Self { places: vec![Next::default(); size], mask: size - 1 }
    }

    fn of(&mut self, conversation: u64) -> &mut Next {
        // The upper bits chose the bucket.
        let hash = conversation.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16;
        let mut place = usize::try_from(hash).unwrap_or_default() & self.mask;
        while self.places[place].conversation != conversation && self.places[place].conversation != 0 {
            place = (place + 1) & self.mask;
        }
        let next = &mut self.places[place];
        next.conversation = conversation;
        next
    }
}

/// The one pass. Says whether no answer stands before a question of its conversation and instant, which it would miss.
fn backwards(
    messages: impl DoubleEndedIterator<Item = (usize, Held)> + ExactSizeIterator,
    reading: &Reading,
    paired: &mut Paired,
) -> bool {
    let mut next = Table::new(messages.len());
    for (place, (conversation, held)) in messages.rev() {
        let (at, what) = (held >> 4, held & 15);
        let Next { answer, question, .. } = next.of(conversation);
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
            let channel = parties(conversation).0;
            if paired.on_time.len() <= channel {
                paired.on_time.resize(channel + 1, 0);
            }
            paired.on_time[channel] += 1;
        } else {
            let entry_point = usize::try_from(what).ok().and_then(|what| EntryPoint::ALL.get(what)).copied();
            let entry_point = entry_point.unwrap_or(EntryPoint::Unknown);
            paired.late.push(Late { place, conversation, received_at, answered_at, entry_point });
        }
    }
    true
}

/// How long the evidence must reach beyond the deadline of a question without an answer.
pub fn is_settled(late: &Late, watermark: Instant, reading: &Reading) -> bool {
    late.answered_at.is_some() || watermark > late.received_at.plus(reading.window)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;
    const HOUR: i64 = 3_600_000_000;

    /// Questions (`q`) and answers (`a`) of one conversation, as hours since 2018 began, in the order of the log.
    #[track_caller]
    fn check(log: &[(char, i64)], expected: &str) {
        let start = 1_514_764_800_000_000;
        let mut gathered = Gathered::new(log.len(), Instant::MAX, (std::path::Path::new("/nonexistent"), "t"), 1 << 20);
        for (id, (what, hours)) in (1..).zip(log) {
            let role = if *what == 'a' { Role::Answers } else { Role::Asks(EntryPoint::LiveSupport) };
            gathered.take(id, 3, 39_333, start + hours * HOUR, role).unwrap();
        }
        let all = [gathered];
        let held = messages(&all, bucket(conversation(3, 39_333))).unwrap();
        let paired = pair(&held, &Reading::default());
        let late: Vec<String> = (paired.late.iter())
            .map(|late| {
                let hours = |at: Instant| (at.micros() - start) / HOUR;
                let answered = late.answered_at.map_or("-".to_owned(), |at| hours(at).to_string());
                format!("{}>{answered}@{}", hours(late.received_at), late.place)
            })
            .collect();
        let on_time = paired.on_time.get(3).copied().unwrap_or(0);
        assert_eq!(format!("{on_time} {}", late.join(" ")).trim_end(), expected, "{log:?}");
    }

    #[test]
    fn the_next_answer_of_the_conversation_counts() {
        check(&[('q', 0), ('q', 1), ('a', 24), ('q', 30), ('a', 55), ('q', 60)], "2 30>55@3 60>-@5");
        check(&[('q', 0), ('a', 25)], "0 0>25@0");
        // The same instant counts, in whatever order the log has the two.
        check(&[('q', 5), ('a', 5)], "1");
        check(&[('a', 5), ('q', 5)], "1");
        check(&[('a', 5), ('q', 5), ('q', 6), ('a', 40)], "1 6>40@2");
        // A log in no order.
        check(&[('a', 55), ('q', 30), ('q', 60), ('a', 24), ('q', 0)], "1 30>55@1 60>-@2");
    }

    #[test]
    fn equal_ids_are_seen_and_a_channel_parts_them() {
        let with = |rows: &[(u64, u32)]| {
            let mut gathered = Gathered::new(8, Instant::MAX, (std::path::Path::new("/nonexistent"), "t"), 1 << 20);
            rows.iter().for_each(|(id, channel)| gathered.take(*id, *channel, 39, DAY, Role::Neither).unwrap());
            let all = [gathered];
            (0..parts()).any(|part| has_equal_ids(&all, part).unwrap())
        };
        assert!(!with(&[(1, 0), (2, 0), (1, 1)]));
        assert!(with(&[(1, 0), (2, 0), (1, 0)]));
        assert!(with(&[(0, 0), (0, 0)]));
        assert!(!with(&[(0, 0), (1, 0)]));
    }

    #[test]
    fn a_conversation_is_exact() {
        let largest = (CHANNELS_MAX - 1, 999_999_999_999_999);
        let place = conversation(largest.0, largest.1);
        assert_eq!(parties(place), (usize::try_from(largest.0).unwrap(), largest.1));
        assert!(bucket(place) < BUCKETS);
        assert!(supports(&Reading::default()) && !supports(&Reading::late_outbound()));
    }
}
