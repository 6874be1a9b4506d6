//! The quick way of `audit`: the archive over the pairing kernel, as `rate` has it over logs.
//!
//! A month of several businesses that were closed together is judged in one pass. Every worker projects parts of the
//! archive to numbers; the buckets are paired, each as a whole, and of the questions only those are told one by one
//! that were not answered in time. Conversations that numbers cannot judge go row by row ([`odd`]), and so do channels
//! of which more than a watermark is known. Whatever is unusual beyond that (messages that may stray, files that were
//! not cut into parts, damage, a charge without a rate) gives `None`: the long way judges, and it alone says what is
//! wrong.

mod judged;
mod named;
mod odd;
mod places;
mod prices;
mod walk;

use std::collections::BTreeMap;

use self::odd::OddRows;
use self::places::{Places, Trust};
use self::walk::{Share, shares, walk};
use crate::commands::archived::Archive;
use crate::commands::columns::{Stop, in_parallel, numbered, twice, workers};
use crate::commands::evidence::Evidence;
use crate::commands::scratch::unnamed;
use crate::commands::setup::Setup;
use crate::domain::reading::DateOf;
use crate::domain::{BusinessId, EntryPoint, Instant, Month};
use crate::engine::kernel::{self, Conversation, Gathered, Held, Keyed, Odd, Paired, Room, Rows, Told, Use};
use crate::error::Failure;
use crate::read::project::{Party, Unusual};

pub(super) use self::judged::Judged;

/// What is held of all messages in memory; what is more lies in scratch files.
const BUDGET: usize = 768 << 20;

/// What is to be judged, and by what.
pub(super) struct Task<'t> {
    pub archive: &'t Archive<'t>,
    pub setup: &'t Setup,
    /// Of the files, without their messages.
    pub evidence: &'t Evidence,
    pub month: Month,
    /// Where the evidence of each business that is asked about ends.
    pub cuts: &'t BTreeMap<BusinessId, Instant>,
}

/// Judges the month; `None`: the long way is to.
pub(super) fn quick(task: &Task) -> Result<Option<Judged>, Failure> {
    let reading = &task.setup.tariff.reading;
    // A question without an answer lies in every month while its answer gives the month.
    if !kernel::supports(reading) || reading.month_of == DateOf::Answered {
        return Ok(None);
    }
    match judged(task) {
        Ok(judged) => Ok(Some(judged)),
        Err(Stop::Unusual) => Ok(None),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// A question that was not answered in time.
#[derive(Clone, Copy)]
struct Question {
    conversation: Keyed,
    received_at: Instant,
    answered_at: Option<Instant>,
    entry_point: EntryPoint,
}

impl Question {
    /// Who asked it.
    const fn party(&self) -> Party {
        let Keyed { high, low, begins, .. } = self.conversation;
        Party { high, low, begins }
    }
}

/// The same, with the place where it was found.
#[derive(Clone, Copy)]
struct Found {
    question: Question,
    /// Among those of its worker.
    row: u32,
    worker: usize,
}

fn judged(task: &Task) -> Result<Judged, Stop> {
    let (places, shares) = (Places::of(task)?, shares(task)?);
    let read = in_parallel(&shares, |worker, shares| gather(task, &places, worker, shares))?;
    let (mut gathered, named): (Vec<Gathered<Keyed>>, Vec<Vec<bool>>) = read.into_iter().unzip();
    let is_by_rows = |(place, of): (usize, &places::Place)| {
        of.trust == Trust::Nothing || named.iter().any(|worker| worker.get(place).copied().unwrap_or(true))
    };
    let by_rows: Vec<bool> = places.all.iter().enumerate().map(is_by_rows).collect();
    let twice = twice(&gathered)?;
    gathered.iter_mut().for_each(Gathered::forget_ids);
    let mut apart = if twice.is_empty() { Vec::new() } else { odd::concerned(task, &places, &shares, &twice)? };
    apart.extend(doubtful(task, &places, &by_rows, &gathered)?);
    let odd = Odd::of(&gathered, apart);
    let (found, on_time) = paired(task, &by_rows, &gathered, &odd, shares.len())?;
    drop(gathered);
    let asked = |place: usize| places.all.get(place).is_some_and(|place| place.trust != Trust::Unasked);
    let any_by_rows = by_rows.iter().enumerate().any(|(place, by_rows)| *by_rows && asked(place));
    let odd_rows =
        if any_by_rows || !odd.is_empty() { Some(OddRows::of(task, &places, &shares, &by_rows, &odd)?) } else { None };
    let mut judged = named::named(task, &places, &shares, found, odd_rows)?;
    for (place, on_time) in places.all.iter().zip(on_time) {
        if let Some(of_business) = judged.all.get_mut(place.business.id.as_str()) {
            of_business.on_time += on_time;
        }
    }
    Ok(judged)
}

/// The conversation of a customer on the channel of a place.
fn keyed(place: u32, Party { high, low, begins }: Party) -> Result<Keyed, Unusual> {
    Keyed::of(place, (high, low, begins)).ok_or(Unusual)
}

/// Takes the messages of one worker's parts; says which channels have conversations that are not their customers.
fn gather(task: &Task, places: &Places, worker: usize, shares: &[Share]) -> Result<(Gathered<Keyed>, Vec<bool>), Stop> {
    let rows = shares.iter().map(|share| share.part.rows).sum::<u64>();
    let expected = usize::try_from(rows).map_err(|_| Unusual)?;
    let (folder, name) = unnamed();
    let room = Room { folder: &folder, name: &format!("{name}-{worker}"), budget: BUDGET / workers() };
    let mut gathered = Gathered::new(expected, Instant::MAX, Rows::Kept, room);
    let mut named = vec![false; places.all.len()];
    walk(task, places, shares, |_, open| {
        let batch = open.batch;
        let rows = open.places.iter().zip(&batch.customers).zip(&batch.sent_at).zip(&batch.facts).zip(&batch.ids);
        let rows = rows.zip(batch.is_named.iter().zip(&batch.is_odd));
        for (((((place, customer), at), facts), id), (is_named, is_odd)) in rows {
            let conversation = keyed(*place, *customer)?;
            let use_as = places.get(*place)?.use_of(Instant::from_micros(*at), *facts);
            if *is_named {
                let place = usize::try_from(*place).map_err(|_| Unusual)?;
                *named.get_mut(place).ok_or(Unusual)? = true;
            }
            if *is_odd && use_as != Use::TooLate {
                gathered.set_apart(conversation);
            }
            gathered.take_told(Told { id: *id, conversation, at: *at, facts: *facts, use_as })?;
        }
        Ok(())
    })?;
    Ok((gathered, named))
}

/// What a worker needs to pair one bucket after the other.
type Bench = (Vec<Held<Keyed>>, Paired<Keyed>);

fn bench() -> Bench {
    (Vec::new(), Paired::default())
}

/// Where something is missing, or was accepted, conversations with a question that was not answered in time.
fn doubtful(task: &Task, places: &Places, by_rows: &[bool], gathered: &[Gathered<Keyed>]) -> Result<Vec<Keyed>, Stop> {
    let is_doubtful = |place: usize| {
        let trust = places.all.get(place).map(|place| place.trust);
        trust == Some(Trust::OnTime) && !by_rows.get(place).copied().unwrap_or(true)
    };
    if !(0..places.all.len()).any(is_doubtful) {
        return Ok(Vec::new());
    }
    let none = Odd::default();
    let found = numbered(kernel::BUCKETS, bench, |(messages, paired), bucket| {
        kernel::messages(gathered, bucket, &none, messages)?;
        kernel::pair(messages, &task.setup.tariff.reading, paired);
        let late = paired.late.iter().map(|late| late.conversation);
        Ok(late.filter(|conversation| is_doubtful(conversation.channel())).collect::<Vec<_>>())
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// The questions that were not answered in time, by worker and in the order of rows; and by place how many were.
fn paired(
    task: &Task,
    by_rows: &[bool],
    gathered: &[Gathered<Keyed>],
    odd: &Odd<Keyed>,
    workers: usize,
) -> Result<(Vec<Vec<Found>>, Vec<u64>), Stop> {
    let is_left_out = |place: usize| by_rows.get(place).copied().unwrap_or(true);
    let results = numbered(kernel::BUCKETS, bench, |(messages, paired), bucket| {
        kernel::messages(gathered, bucket, odd, messages)?;
        kernel::pair(messages, &task.setup.tariff.reading, paired);
        let rows = kernel::Places::of(gathered, bucket)?;
        let mut found = Vec::new();
        for late in paired.late.iter().filter(|late| !is_left_out(late.conversation.channel())) {
            let (worker, row) = rows.get(late.place).ok_or(Unusual)?;
            let kernel::Late { conversation, received_at, answered_at, entry_point, .. } = *late;
            let question = Question { conversation, received_at, answered_at, entry_point };
            found.push(Found { question, row, worker });
        }
        Ok((found, paired.on_time.clone()))
    })?;
    let mut by_worker: Vec<Vec<Found>> = (0..workers).map(|_| Vec::new()).collect();
    let mut on_time = vec![0; by_rows.len()];
    for (found, of_bucket) in results {
        for found in found {
            by_worker.get_mut(found.worker).ok_or(Unusual)?.push(found);
        }
        let counted = of_bucket.into_iter().enumerate().filter(|(place, _)| !is_left_out(*place));
        for (place, count) in counted {
            *on_time.get_mut(place).ok_or(Unusual)? += count;
        }
    }
    by_worker.iter_mut().for_each(|found| found.sort_unstable_by_key(|found| found.row));
    Ok((by_worker, on_time))
}
