//! The quick way of `rate`: logs of Parquet, CSV and NDJSON over the pairing kernel.
//!
//! Every worker reads its share of the row groups and gathers numbers; then the buckets are paired and priced, each as a
//! whole. Conversations that numbers cannot judge go row by row ([`super::odd`]). Whatever is unusual beyond that (a row
//! that would be rejected, a conversation with a name, a tariff that counts) gives `None`: the long way judges, and it
//! alone says what is wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::charges::{Charged, Charges, Tables};
use super::named::{self, Found};
use super::odd::{self, OddRows};
use super::shares::{Channels, Cut, Share, walk};
use super::sums::Totals;
use crate::close;
use crate::commands::columns::{Stop, in_parallel, numbered, twice, workers};
use crate::commands::scratch::unnamed;
use crate::domain::charge::RatedWait;
use crate::domain::invoice::Counts;
use crate::domain::settings::LogFormat;
use crate::domain::{Decimal, Instant};
use crate::engine::kernel::{self, Columns, Gathered, Odd, Paired, Room, Rows};
use crate::error::Failure;
use crate::pair::Conflict;
use crate::rate::Tariff;
use crate::read::project::{Batch, Unusual};

/// What is to be judged, and by what.
pub(super) struct Task<'t> {
    pub paths: &'t [PathBuf],
    pub tariff: &'t Tariff,
    pub as_of: Instant,
    pub complete_through: Instant,
    /// Whether the charged waits are wanted one by one.
    pub rows: Rows,
    /// Bytes of all messages that are held in memory; what is more lies in scratch files.
    pub memory: usize,
}

/// What the quick way found.
pub(super) struct Quick {
    /// By file.
    pub rows: Vec<u64>,
    pub formats: Vec<LogFormat>,
    pub messages: u64,
    pub after: u64,
    pub overall: Totals,
    pub businesses: BTreeMap<String, Totals>,
    pub conflicts: Vec<Conflict>,
    /// The charged waits in their order, where they are wanted.
    pub charged: Option<named::Table>,
}

/// The logs as far as they are known before they are read; `None`: the long way is to judge.
pub(super) fn cut(task: &Task) -> Option<Cut> {
    let Task { paths, tariff, .. } = task;
    let counts = tariff.counts() || tariff.minimum.is_some() || tariff.cap.is_some();
    if counts || !kernel::supports(&tariff.reading) || paths.is_empty() {
        return None;
    }
    Cut::of(task).ok()
}

/// Judges the logs; `None`: the long way is to.
pub(super) fn quick(task: &Task, cut: Cut) -> Result<Option<Quick>, Failure> {
    match judged(task, cut) {
        Ok(quick) => Ok(Some(quick)),
        Err(Stop::Unusual) => Ok(None),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

fn judged(task: &Task, mut cut: Cut) -> Result<Quick, Stop> {
    let channels = Channels::default();
    let read = in_parallel(&cut.shares, |worker, share| gather(task, worker, share, &channels))?;
    let (mut gathered, rows): (Vec<Gathered>, Vec<Vec<usize>>) = read.into_iter().unzip();
    let rows = cut.count(rows)?;
    let Cut { shares, formats, .. } = cut;
    let twice = twice(&gathered)?;
    gathered.iter_mut().for_each(Gathered::forget_ids);
    let concerned = if twice.is_empty() { Vec::new() } else { odd::concerned(task, &shares, &channels, &twice)? };
    let odd = Odd::of(&gathered, concerned);
    let odd_rows = if odd.is_empty() { None } else { Some(odd::judged(task, &shares, &channels, &odd)?) };
    let (tables, channels) = (Tables::default(), channels.named());
    let results = paired(task, &gathered, &odd, &tables)?;
    let (messages, after) =
        gathered.iter().fold((0, 0), |(rows, after), worker| (rows + worker.rows, after + worker.after));
    drop(gathered);
    let mut quick = Quick {
        rows,
        formats,
        messages,
        after,
        overall: Totals::counted(Counts::default(), Decimal::ZERO, task.tariff.currency),
        businesses: BTreeMap::new(),
        conflicts: Vec::new(),
        charged: None,
    };
    let (by_bucket, mut sums): (Vec<Vec<Charged>>, Vec<Sums>) = results.into_iter().unzip();
    let odd = odd_rows.map_or_else(|| Ok(Vec::new()), |rows| quick.add_odd(rows, &channels, &mut sums))?;
    (quick.overall, quick.businesses) = totals(&sums, &channels, task.tariff).ok_or(Stop::Unusual)?;
    if task.rows == Rows::Kept {
        let found = Found { charges: by_bucket.into_iter().flatten().collect(), odd, tables, shares, channels };
        quick.charged = Some(named::table(task, found)?);
    }
    Ok(quick)
}

impl Quick {
    /// Takes in what went row by row; gives its waits.
    fn add_odd(
        &mut self,
        odd: OddRows,
        channels: &[(String, String)],
        sums: &mut Vec<Sums>,
    ) -> Result<Vec<RatedWait>, Unusual> {
        let rated = odd.decided.rated.map_err(|_| Unusual)?;
        self.conflicts = odd.decided.conflicts;
        self.messages = (self.messages + odd.decided.messages).checked_sub(odd.rows).ok_or(Unusual)?;
        self.after = (self.after + odd.decided.after_watermark).checked_sub(odd.after).ok_or(Unusual)?;
        let places = places_of(channels);
        for of_channel in
            rated.chunk_by(|a, b| (&a.wait.business, &a.wait.channel) == (&b.wait.business, &b.wait.channel))
        {
            let wait = &of_channel.first().ok_or(Unusual)?.wait;
            let place = *places.get(&(&*wait.business, &*wait.channel)).ok_or(Unusual)?;
            let amounts = of_channel.iter().filter_map(|rated| Some(rated.charge.as_ref()?.amount));
            sums.push(Sums::from([(place, (close::counts(of_channel), Decimal::sum(amounts).ok_or(Unusual)?))]));
        }
        Ok(rated)
    }
}

fn gather(task: &Task, worker: usize, shares: &[Share], channels: &Channels) -> Result<(Gathered, Vec<usize>), Stop> {
    let expected = shares.iter().map(|share| share.rows).sum();
    let (folder, name) = unnamed();
    let room = Room { folder: &folder, name: &format!("{name}-{worker}"), budget: task.memory / workers() };
    let mut gathered = Gathered::new(expected, task.complete_through, task.rows, room);
    let mut counted = Vec::with_capacity(shares.len());
    walk(task, shares, channels, |open| {
        let Batch { channels, customers, sent_at, facts, ids } = open.batch;
        counted.push(ids.len());
        gathered.take_all(&Columns { ids, channels, places: open.places(), customers, sent_at, facts })?;
        Ok(())
    })?;
    Ok((gathered, counted))
}

/// The places of channels by business and channel.
pub(super) fn places_of(channels: &[(String, String)]) -> BTreeMap<(&str, &str), usize> {
    channels
        .iter()
        .zip(0..)
        .map(|((business, channel), place)| ((business.as_str(), channel.as_str()), place))
        .collect()
}

/// What the waits of a bucket come to, by channel.
type Sums = BTreeMap<usize, (Counts, Decimal)>;

/// Pairs and prices every bucket; of the late questions those stay that are charged, where they are wanted.
fn paired(task: &Task, gathered: &[Gathered], odd: &Odd, tables: &Tables) -> Result<Vec<(Vec<Charged>, Sums)>, Stop> {
    let begin = || (Charges::new(task, tables), Vec::new(), Paired::default());
    numbered(kernel::BUCKETS, begin, |(charges, messages, paired), bucket| {
        kernel::messages(gathered, bucket, odd, messages)?;
        kernel::pair(messages, &task.tariff.reading, paired);
        let mut sums = Sums::new();
        for (channel, on_time) in paired.on_time.iter().enumerate().filter(|(_, on_time)| **on_time > 0) {
            let (counts, _) = sums.entry(channel).or_default();
            counts.on_time += on_time;
            counts.waits += on_time;
        }
        let places = if task.rows == Rows::Kept { Some(kernel::Places::of(gathered, bucket)?) } else { None };
        let mut charged = Vec::new();
        for late in &paired.late {
            let (counts, sum) = sums.entry(kernel::parties(late.conversation).0).or_default();
            let (verdict, charge) = charges.judge(late)?;
            counts.add(verdict);
            let Some((amount, charge)) = charge else { continue };
            *sum = Decimal::sum([*sum, amount]).ok_or(Unusual)?;
            if let Some(places) = &places {
                let (worker, at) = places.get(late.place).ok_or(Unusual)?;
                charged.push(Charged { at, worker: u8::try_from(worker).map_err(|_| Unusual)?, ..charge });
            }
        }
        Ok((charged, sums))
    })
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
    use std::fs::File;
    use std::path::Path;

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
        let task =
            Task { paths: &paths, tariff, as_of, complete_through: as_of, rows: Rows::Forgotten, memory: 1 << 20 };
        cut(&task).is_some_and(|cut| quick(&task, cut).unwrap().is_some())
    }

    #[test]
    fn what_is_usual_goes_the_quick_way_and_nothing_else() {
        let (plain, order) = log("plain", &[Trap::Edge, Trap::Dst]);
        assert!(is_quick(&plain, &order, &tariff("")));
        let (twice, of_twice) = log("twice", &[Trap::Duplicates]);
        assert!(is_quick(&twice, &of_twice, &tariff("")), "of copies only their conversations go the long way");
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
