//! All messages by conversation, each conversation judged on its own, and the waits of all in one order.

use std::sync::Arc;

use super::answer::{Place, Talk, answer};
use super::elsewhere::{Elsewhere, elsewhere};
use super::event::{Channel, Conversation, Told};
use super::intern::index;
use super::order::{Key, Part};
use super::outbound::outbound;
use super::rows::Rows;
use super::threads::{gathered, share, workers};
use crate::domain::reading::ChargeFor;
use crate::domain::{ChannelEvidence, Instant, Reading, Wait};

/// All messages by the code of their conversation. Conversations of several channels may have one name.
pub(super) struct Talks<'r, 'f> {
    pub rows: &'r Rows<'f>,
    channels: &'r [Channel<'f>],
    /// Numbers of the rows that are a message of their own, and where those of each conversation begin.
    rows_by_code: (Vec<u32>, Vec<usize>),
    /// What comes of the others.
    told_by_code: (Vec<Told<'f>>, Vec<usize>),
    elsewhere: Elsewhere,
}

/// What a worker gathers.
struct Worker<'f> {
    /// Names of the places that it has met. They are its own: a count that several processors write is slow.
    names: Vec<Option<(Arc<str>, Arc<str>)>>,
    told: Vec<Told<'f>>,
    part: Part,
    after_watermark: u64,
}

impl<'r, 'f> Talks<'r, 'f> {
    pub fn of(rows: &'r Rows<'f>, channels: &'r [Channel<'f>], told: Vec<Told<'f>>) -> Self {
        let mut is_single = vec![true; rows.all.len()];
        for number in rows.repeated.rows() {
            is_single[index(*number)] = false;
        }
        let singles = || (0_u32..).zip(&rows.all).zip(&is_single).filter(|(_, single)| **single);
        let codes = || singles().map(|((number, row), _)| (number, row.conversation));
        let starts = starts(rows.parties.len(), codes().map(|(_, code)| code));
        let mut next = starts.clone();
        let mut numbers = vec![0; starts.last().copied().unwrap_or_default()];
        for (number, code) in codes() {
            let place = &mut next[index(code)];
            numbers[*place] = number;
            *place += 1;
        }
        let mut told = told;
        // Versions of one message keep their order.
        told.sort_by_key(|told| told.conversation);
        let told_starts = self::starts(rows.parties.len(), told.iter().map(|told| told.conversation));
        let (rows_by_code, told_by_code) = ((numbers, starts), (told, told_starts));
        let mut talks = Self { rows, channels, rows_by_code, told_by_code, elsewhere: Elsewhere::new() };
        talks.elsewhere = elsewhere(&talks);
        talks
    }

    /// Whether some row stands in a conversation of this code.
    pub fn is_conversation(&self, code: u32) -> bool {
        !of_code(&self.rows_by_code, code).is_empty() || !of_code(&self.told_by_code, code).is_empty()
    }

    /// Adds the events of all conversations of a code; gives how many messages are not evidence yet.
    pub fn told_of(&self, code: u32, told: &mut Vec<Told<'f>>) -> u64 {
        let mut after_watermark = 0;
        for number in of_code(&self.rows_by_code, code) {
            match self.told(*number) {
                Some(single) => told.push(single),
                None => after_watermark += 1,
            }
        }
        told.extend_from_slice(of_code(&self.told_by_code, code));
        after_watermark
    }

    /// Shows every event.
    pub fn each_told(&self, show: &mut dyn FnMut(&Told<'f>)) {
        let singles = self.rows_by_code.0.iter().filter_map(|number| self.told(*number));
        singles.for_each(|told| show(&told));
        self.told_by_code.0.iter().for_each(show);
    }

    /// The event of a row that is a message of its own; `None` where it is no evidence yet.
    fn told(&self, number: u32) -> Option<Told<'f>> {
        let row = &self.rows.all[index(number)];
        let channel = &self.channels[index(row.place)];
        channel.knows(row.sighting, row.sent_at).then(|| Told::of(row, self.rows, channel))
    }

    /// All waits, sorted by [`Wait::order`], and the number of messages that are not evidence yet.
    pub fn judged(&self, reading: &Reading) -> (Vec<Wait>, u64) {
        let workers = workers(self.rows.all.len());
        let shares = workers * 32;
        let ranks = ranks(self.channels);
        let begin = || Worker {
            names: vec![None; self.channels.len()],
            told: Vec::new(),
            part: Part::default(),
            after_watermark: 0,
        };
        let work = |worker: &mut Worker<'f>, number: usize| {
            for code in share(self.rows.parties.len(), number, shares) {
                // Invariant: codes are numbers of 32 bits.
                let code = u32::try_from(code).unwrap_or(u32::MAX);
                self.judge(code, reading, &ranks, worker);
            }
        };
        let end = |worker: Worker<'f>| (worker.part.sorted(), worker.after_watermark);
        let (parts, after): (Vec<Part>, Vec<u64>) = gathered(workers, shares, begin, work, end).into_iter().unzip();
        (Part::merged(parts), after.into_iter().sum())
    }

    /// Judges the conversations of a code.
    fn judge(&self, code: u32, reading: &Reading, ranks: &[u32], worker: &mut Worker<'f>) {
        let mut told = std::mem::take(&mut worker.told);
        told.clear();
        worker.after_watermark += self.told_of(code, &mut told);
        if !told.is_sorted_by_key(|told| told.place) {
            // Versions of one message keep their order.
            told.sort_by_key(|told| told.place);
        }
        for told in told.chunk_by(|a, b| a.place == b.place) {
            let Some(place) = told.first().map(|told| told.place) else { continue };
            let Some(evidence) = &self.channels[index(place)].evidence else { continue };
            let conversation = Conversation::of(told, self.elsewhere_of(code, place));
            let later = conversation.events().filter(|event| event.at >= evidence.watermark).count();
            worker.after_watermark += later as u64;
            let named = self.named(code, place, worker);
            let from = worker.part.waits.len();
            self.wait(&named, &conversation, (evidence, reading), &mut worker.part.waits);
            let made = worker.part.waits.iter().enumerate().skip(from);
            let rank = ranks[index(place)];
            worker.part.keys.extend(made.map(|(number, wait)| Key { rank, at: wait.received_at, number }));
        }
        worker.told = told;
    }

    /// Adds the waits of a conversation.
    fn wait(
        &self,
        place: &Place,
        conversation: &Conversation,
        (evidence, reading): (&ChannelEvidence, &Reading),
        waits: &mut Vec<Wait>,
    ) {
        let talk = Talk { place, conversation, evidence, reading, parties: &self.rows.parties };
        match reading.charge_for {
            ChargeFor::LateOutbound => outbound(&talk, waits),
            ChargeFor::UnansweredInbound | ChargeFor::LateReply => answer(&talk, waits),
        }
    }

    fn named(&self, code: u32, place: u32, worker: &mut Worker<'f>) -> Place {
        let Channel { business, channel, .. } = &self.channels[index(place)];
        let names = &mut worker.names[index(place)];
        let (business, channel) = names.get_or_insert_with(|| (Arc::from(*business), Arc::from(*channel)));
        let conversation = Arc::clone(&self.rows.parties[index(code)]);
        Place { business: Arc::clone(business), channel: Arc::clone(channel), conversation }
    }

    fn elsewhere_of(&self, code: u32, place: u32) -> Vec<Instant> {
        let from = self.elsewhere.partition_point(|(conversation, of, _)| (*conversation, *of) < (code, place));
        let known = self.elsewhere[from..].iter();
        known.take_while(|(conversation, of, _)| (*conversation, *of) == (code, place)).map(|(.., at)| *at).collect()
    }
}

/// Where the entries of each code below `count` begin, once they are sorted by it; then where the last ones end.
fn starts(count: usize, codes: impl Iterator<Item = u32>) -> Vec<usize> {
    let mut starts = vec![0; count + 1];
    for code in codes {
        starts[index(code) + 1] += 1;
    }
    let mut before = 0;
    for start in &mut starts {
        before += *start;
        *start = before;
    }
    starts
}

fn of_code<T>((sorted, starts): &(Vec<T>, Vec<usize>), code: u32) -> &[T] {
    &sorted[starts[index(code)]..starts[index(code) + 1]]
}

/// The place of each channel's business among all businesses; channels are sorted.
fn ranks(channels: &[Channel]) -> Vec<u32> {
    let mut ranks = Vec::with_capacity(channels.len());
    let mut rank = 0;
    for (number, channel) in channels.iter().enumerate() {
        let before = number.checked_sub(1).map(|before| channels[before].business);
        rank += u32::from(before.is_some_and(|before| before != channel.business));
        ranks.push(rank);
    }
    ranks
}
