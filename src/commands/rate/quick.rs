//! The quick way of `rate`: Parquet logs over the pairing kernel, when nothing in them needs the long way.
//!
//! Every worker reads its share of the row groups and gathers numbers; then the buckets are paired and priced, each as a
//! whole. Whatever is unusual (a row that would be rejected, a conversation with a name, ids that may be equal, a tariff
//! that counts) gives `None`: the long way judges, and it alone says what is wrong.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::charges::Charges;
use super::named;
use super::sums::Totals;
use crate::commands::scratch::Scratch;
use crate::domain::charge::RatedWait;
use crate::domain::invoice::Counts;
use crate::domain::{Decimal, Instant};
use crate::engine::kernel::{self, Gathered, Late};
use crate::error::{Failure, Kind};
use crate::rate::Tariff;
use crate::read::project::{Projection, Unusual};

/// What is held of all messages in memory; what is more lies in scratch files.
const BUDGET: usize = 640 << 20;

/// What is to be judged, and by what.
pub(super) struct Task<'t> {
    pub paths: &'t [PathBuf],
    pub tariff: &'t Tariff,
    pub as_of: Instant,
    pub complete_through: Instant,
    /// Whether the charged waits are wanted one by one.
    pub by_name: bool,
}

/// What the quick way found.
pub(super) struct Quick {
    pub rows: Vec<u64>,
    pub messages: u64,
    pub after: u64,
    pub overall: Totals,
    pub businesses: BTreeMap<String, Totals>,
    /// The charged waits, in no order, where they are wanted.
    pub charged: Option<Vec<RatedWait>>,
}

/// The late questions of all buckets.
pub(super) struct Found {
    pub by_bucket: Vec<Vec<Late>>,
    /// How many messages each worker has put into each bucket.
    pub lengths: Vec<Vec<usize>>,
    pub shares: Vec<Vec<Share>>,
    /// Business and channel of each place.
    pub channels: Vec<(String, String)>,
}

/// A row group of a file.
#[derive(Clone, Copy)]
pub(super) struct Share {
    pub file: usize,
    pub group: usize,
    pub rows: usize,
}

/// Channels by the place that all workers know them under.
#[derive(Default)]
pub(super) struct Channels(Mutex<BTreeMap<(String, String), u32>>);

impl Channels {
    /// Those that are known by their places.
    pub fn of(names: &[(String, String)]) -> Result<Self, Unusual> {
        let places = names.iter().cloned().enumerate().map(|(place, name)| Some((name, u32::try_from(place).ok()?)));
        let places: Option<BTreeMap<_, _>> = places.collect();
        Ok(Self(Mutex::new(places.ok_or(Unusual)?)))
    }

    /// The places of the channels that a worker has met; `known` are those that it knew.
    pub fn places(&self, met: &[(String, String)], known: &mut Vec<u32>) -> Result<(), Unusual> {
        if met.len() == known.len() {
            return Ok(());
        }
        let mut all = self.0.lock().map_err(|_| Unusual)?;
        for channel in &met[known.len()..] {
            let next = u32::try_from(all.len()).map_err(|_| Unusual)?;
            known.push(*all.entry(channel.clone()).or_insert(next));
        }
        if all.len() > usize::try_from(kernel::CHANNELS_MAX).map_err(|_| Unusual)? { Err(Unusual) } else { Ok(()) }
    }

    fn named(self) -> Vec<(String, String)> {
        let mut named: Vec<_> = self.0.into_inner().unwrap_or_default().into_iter().collect();
        named.sort_by_key(|(_, place)| *place);
        named.into_iter().map(|(channel, _)| channel).collect()
    }
}

/// Why the quick way ended early.
enum Stop {
    /// The long way is to judge.
    Unusual,
    Failed(Failure),
}

impl From<Unusual> for Stop {
    fn from(Unusual: Unusual) -> Self {
        Self::Unusual
    }
}

impl From<crate::engine::scratch::ScratchError> for Stop {
    fn from(error: crate::engine::scratch::ScratchError) -> Self {
        Self::Failed(Failure::new(Kind::InputOutput, "the scratch files cannot be used").because(error))
    }
}

/// Judges the logs; `None`: the long way is to.
pub(super) fn quick(task: &Task) -> Result<Option<Quick>, Failure> {
    let Task { paths, tariff, .. } = task;
    let counts = tariff.counts() || tariff.minimum.is_some() || tariff.cap.is_some();
    if counts || !kernel::supports(&tariff.reading) || !paths.iter().all(|path| is_parquet(path)) {
        return Ok(None);
    }
    match judged(task) {
        Ok(quick) => Ok(Some(quick)),
        Err(Stop::Unusual) => Ok(None),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

fn is_parquet(path: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"PAR1"
}

fn judged(task: &Task) -> Result<Quick, Stop> {
    let shares = shares(task)?;
    let scratch = Scratch::temporary();
    let channels = Channels::default();
    let gathered = in_parallel(&shares, |worker, share| gather(task, worker, share, &channels, &scratch.path))?;
    let channels = channels.named();
    check_ids(&gathered, shares.len())?;
    let results = paired(task, &gathered, shares.len())?;
    let mut rows = vec![0; task.paths.len()];
    shares.iter().flatten().for_each(|share| rows[share.file] += share.rows as u64);
    let (messages, after) =
        gathered.iter().fold((0, 0), |(rows, after), worker| (rows + worker.rows, after + worker.after));
    let bucket_lengths = |worker: &Gathered| (0..kernel::BUCKETS).map(|bucket| worker.messages.len(bucket)).collect();
    let lengths = gathered.iter().map(bucket_lengths).collect();
    let (by_bucket, sums): (Vec<Vec<Late>>, Vec<Sums>) = results.into_iter().unzip();
    let (overall, businesses) = totals(&sums, &channels, task.tariff).ok_or(Stop::Unusual)?;
    // What was gathered is not needed to name what was found.
    drop(gathered);
    let found = Found { by_bucket, lengths, shares, channels };
    let charged = task.by_name.then(|| named::charged(task, &found)).transpose()?;
    Ok(Quick { rows, messages, after, overall, businesses, charged })
}

/// The row groups of all files, a run of them for each worker.
fn shares(task: &Task) -> Result<Vec<Vec<Share>>, Unusual> {
    let mut all = Vec::new();
    for (file, path) in task.paths.iter().enumerate() {
        let groups = Projection::open(path, task.as_of)?.groups;
        all.extend(groups.into_iter().enumerate().map(|(group, rows)| Share { file, group, rows }));
    }
    let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let rows: usize = all.iter().map(|share| share.rows).sum();
    let mut shares = vec![Vec::new(); workers];
    let mut before = 0;
    for share in all {
        shares[(before * workers / rows.max(1)).min(workers - 1)].push(share);
        before += share.rows;
    }
    Ok(shares)
}

/// Runs `work` for each share on a thread of its own.
pub(super) fn in_parallel<S: Sync, T: Send, E: Send>(
    shares: &[S],
    work: impl Fn(usize, &S) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    std::thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> =
            shares.iter().enumerate().map(|(worker, share)| scope.spawn(move || work(worker, share))).collect();
        let done = handles.into_iter().map(|handle| handle.join());
        // A panic of a worker is one of the program.
        done.map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

fn gather(task: &Task, worker: usize, shares: &[Share], channels: &Channels, scratch: &Path) -> Result<Gathered, Stop> {
    let rows = shares.iter().map(|share| share.rows).sum();
    let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let name = format!("worker-{worker}");
    let mut gathered = Gathered::new(rows, task.complete_through, (scratch, &name), BUDGET / workers);
    let (mut open, mut places): (Option<(usize, Projection)>, Vec<u32>) = (None, Vec::new());
    for share in shares {
        if open.as_ref().is_none_or(|(file, _)| *file != share.file) {
            open = Some((share.file, Projection::open(&task.paths[share.file], task.as_of)?));
            places.clear();
        }
        let Some((_, log)) = &mut open else { return Err(Stop::Unusual) };
        let batch = log.batch(share.group)?;
        channels.places(&log.names().channels, &mut places)?;
        let ids = log.hashed_ids(share.group)?;
        let rows = ids.into_iter().zip(batch.channels).zip(batch.customers).zip(batch.sent_at).zip(batch.roles);
        for ((((id, channel), customer), at), role) in rows {
            let channel = usize::try_from(channel).ok().and_then(|channel| places.get(channel)).ok_or(Unusual)?;
            gathered.take(id, *channel, customer, at, role)?;
        }
    }
    Ok(gathered)
}

/// Runs `work` for all numbers below `count`, and gives the results in their order.
fn numbered<S, T: Send>(
    workers: usize,
    count: usize,
    begin: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> Result<T, Stop> + Sync,
) -> Result<Vec<T>, Stop> {
    let next = AtomicUsize::new(0);
    let all = in_parallel(&vec![(); workers], |_, ()| {
        let (mut state, mut done) = (begin(), Vec::new());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok::<_, Stop>(done);
            }
            done.push((number, work(&mut state, number)?));
        }
    })?;
    let mut all: Vec<(usize, T)> = all.into_iter().flatten().collect();
    all.sort_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

/// Where two ids may be the same, the long way compares them, and what their rows say.
fn check_ids(gathered: &[Gathered], workers: usize) -> Result<(), Stop> {
    let equal = numbered(workers, kernel::parts(), || (), |(), part| Ok(kernel::has_equal_ids(gathered, part)?))?;
    if equal.contains(&true) { Err(Stop::Unusual) } else { Ok(()) }
}

/// What the waits of a bucket come to, by channel.
type Sums = BTreeMap<usize, (Counts, Decimal)>;

/// Pairs and prices every bucket; of the late questions those stay that are charged.
fn paired(task: &Task, gathered: &[Gathered], workers: usize) -> Result<Vec<(Vec<Late>, Sums)>, Stop> {
    numbered(
        workers,
        kernel::BUCKETS,
        || Charges::new(task),
        |charges, bucket| {
            let messages = kernel::messages(gathered, bucket)?;
            let paired = kernel::pair(&messages, &task.tariff.reading);
            let mut sums = Sums::new();
            for (channel, on_time) in paired.on_time.iter().enumerate().filter(|(_, on_time)| **on_time > 0) {
                let (counts, _) = sums.entry(channel).or_default();
                counts.on_time += on_time;
                counts.waits += on_time;
            }
            let mut charged = Vec::with_capacity(paired.late.len());
            for late in paired.late {
                let (counts, sum) = sums.entry(kernel::parties(late.conversation).0).or_default();
                let (verdict, amount) = charges.judge(&late)?;
                counts.add(verdict);
                if let Some(amount) = amount {
                    *sum = Decimal::sum([*sum, amount]).ok_or(Unusual)?;
                    charged.push(late);
                }
            }
            Ok((charged, sums))
        },
    )
}

fn totals(sums: &[Sums], channels: &[(String, String)], tariff: &Tariff) -> Option<(Totals, BTreeMap<String, Totals>)> {
    let mut businesses: BTreeMap<&str, (Counts, Decimal)> = BTreeMap::new();
    let mut overall = (Counts::default(), Decimal::ZERO);
    for (channel, (counts, sum)) in sums.iter().flatten() {
        for (all, total) in [&mut overall, businesses.entry(channels.get(*channel)?.0.as_str()).or_default()] {
            all.join(counts);
            *total = Decimal::sum([*total, *sum])?;
        }
    }
    let of = |(counts, total): (Counts, Decimal)| Totals::counted(counts, total, tariff.currency);
    Some((of(overall), businesses.into_iter().map(|(name, sums)| (name.to_owned(), of(sums))).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Month;
    use crate::generate::{self, Form, Order, Sink, Stream, Trap};

    /// A generated month as one Parquet file.
    fn log(name: &str, traps: &[Trap]) -> (PathBuf, Order) {
        let path = std::env::temp_dir().join(format!("ritardo-quick-{}-{name}.parquet", std::process::id()));
        let (messages, seed, unit) = (3000, 5, Form::Parquet.unit());
        let traps = traps.iter().copied().collect();
        let order = Order { messages, month: Month::new(2018, 10).unwrap(), businesses: 7, seed, traps, unit };
        let mut stream = Stream::new(&order);
        let businesses = stream.businesses().to_vec();
        let mut sink = Sink::new(Form::Parquet, File::create(&path).unwrap()).unwrap();
        while let Some((_, messages)) = stream.hour() {
            for message in &messages {
                sink.write(message, &businesses[usize::try_from(message.business).unwrap()]).unwrap();
            }
        }
        sink.finish().unwrap();
        (path, order)
    }

    fn tariff(more: &str) -> Tariff {
        Tariff::parse(Path::new("t.toml"), &(generate::tariff() + more)).unwrap()
    }

    fn is_quick(path: &Path, order: &Order, tariff: &Tariff) -> bool {
        let (as_of, paths) = (order.complete_through(), [path.to_owned()]);
        let task = Task { paths: &paths, tariff, as_of, complete_through: as_of, by_name: false };
        quick(&task).unwrap().is_some()
    }

    #[test]
    fn what_is_usual_goes_the_quick_way_and_nothing_else() {
        let (plain, order) = log("plain", &[Trap::Edge, Trap::Dst]);
        assert!(is_quick(&plain, &order, &tariff("")));
        let (twice, of_twice) = log("twice", &[Trap::Duplicates]);
        assert!(!is_quick(&twice, &of_twice, &tariff("")), "the long way compares copies");
        let early = Order { month: Month::new(2018, 9).unwrap(), ..order };
        assert!(!is_quick(&plain, &early, &tariff("")), "later messages are rejected by name");
        let counting = generate::tariff().replace("currency", "free = 5\ncurrency");
        let counting = Tariff::parse(Path::new("t.toml"), &counting).unwrap();
        assert!(!is_quick(&plain, &of_twice, &counting), "free units need the ids");
        for path in [plain, twice] {
            std::fs::remove_file(path).unwrap();
        }
    }
}
