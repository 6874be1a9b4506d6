//! The steps that most of the time goes into, each alone, over a generated month in memory.
//!
//!     cargo bench --locked --bench kernels [NAME]
//!
//! Nothing here is a test of speed. What one does with a figure stands in `benches/README.md`.
#![expect(clippy::unwrap_used, reason = "a benchmark over what cannot be made ends at once, and says where")]

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use ritardo::domain::charge::RatedWait;
use ritardo::domain::{ChannelEvidence, Instant, Month, Reading, Wait, Zone};
use ritardo::engine::kernel::{self, Arrived, Gathered, Held, Odd, Paired, Room, Rows, ids};
use ritardo::generate::{self, Business, Form, Message, Order, Sink, Stream};
use ritardo::pair::pair;
use ritardo::rate::{Tariff, rate};
use ritardo::read::identity::IdKey;
use ritardo::read::project::{Batch, Log};
use ritardo::read::{LogFile, Options, archive, read_bytes};
use ritardo::render::waits::{self, Rated};

/// Two row groups, and more than a chunk of text.
const MESSAGES: u64 = 200_000;
/// What a worker may hold in memory: more than there is here, so that nothing goes into scratch files.
const BUDGET: usize = 768 << 20;

fn main() {
    divan::main();
    // What the projection was read from. It is missing where that was not asked for.
    let _ = fs::remove_dir_all(folder());
}

/// A generated month.
struct Generated {
    businesses: Vec<Business>,
    messages: Vec<Message>,
    /// From here on nothing is known.
    through: Instant,
}

fn generated() -> &'static Generated {
    static MADE: OnceLock<Generated> = OnceLock::new();
    MADE.get_or_init(|| {
        let month = Month::new(2018, 8).unwrap();
        let unit = Form::Parquet.unit();
        let order = Order { messages: MESSAGES, month, businesses: 20, seed: 1, traps: [].into(), unit };
        let mut stream = Stream::new(&order);
        let businesses = stream.businesses().to_vec();
        let messages = std::iter::from_fn(|| stream.hour()).flat_map(|(_, messages)| messages).collect();
        Generated { businesses, messages, through: order.complete_through() }
    })
}

/// The month as a log, uncompressed where it is text.
fn log(form: Form) -> Vec<u8> {
    let Generated { businesses, messages, .. } = generated();
    let mut sink = Sink::new(form, Vec::new()).unwrap();
    for message in messages {
        sink.write(message, &businesses[usize::try_from(message.business).unwrap()]).unwrap();
    }
    sink.finish().unwrap()
}

fn name(form: Form) -> String {
    format!("messages.{}", form.extension())
}

/// Of this process alone.
fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("ritardo-kernels-{}", std::process::id()))
}

fn options() -> Options {
    Options { latest: generated().through, ..Options::default() }
}

/// The month as a frame, read row by row.
fn frame() -> &'static LogFile {
    static READ: OnceLock<LogFile> = OnceLock::new();
    READ.get_or_init(|| read_bytes(&log(Form::Csv), name(Form::Csv).as_ref(), &options()).unwrap())
}

fn evidence(_: &str, _: &str) -> Option<ChannelEvidence> {
    Some(ChannelEvidence::complete_through(generated().through))
}

fn month_of(_: &str, at: Instant) -> Month {
    Month::of(at, Zone::UTC)
}

fn tariff() -> Tariff {
    Tariff::parse("tariff.toml".as_ref(), &generate::tariff()).unwrap()
}

fn waits() -> &'static [Wait] {
    static PAIRED: OnceLock<Vec<Wait>> = OnceLock::new();
    PAIRED.get_or_init(|| pair(&frame().frame, &evidence, Reading::default()).unwrap().waits)
}

/// A log of this form to numbers: what a worker of `rate` does first, chunk by chunk.
#[divan::bench(args = [Form::Parquet, Form::Csv, Form::Ndjson], sample_count = 20, sample_size = 1)]
fn project(bencher: Bencher, form: Form) {
    let (path, bytes) = (folder().join(name(form)), log(form));
    fs::create_dir_all(folder()).unwrap();
    fs::write(&path, &bytes).unwrap();
    let mut log = Log::open(&path, generated().through).unwrap();
    let chunks = log.chunks().len();
    bencher.counter(BytesCount::new(bytes.len())).counter(ItemsCount::new(generated().messages.len())).bench_local(
        || {
            let mut batch = Batch::default();
            (0..chunks).for_each(|chunk| log.batch(chunk, &mut batch).unwrap());
            batch
        },
    );
}

/// A log of this form, row by row, with every row checked: what a run does, and `rate` where a log is not usual.
#[divan::bench(args = Form::ALL, sample_count = 10, sample_size = 1)]
fn read(bencher: Bencher, form: Form) {
    let (name, bytes, options) = (name(form), log(form), options());
    bencher
        .counter(BytesCount::new(bytes.len()))
        .counter(ItemsCount::new(generated().messages.len()))
        .bench(|| read_bytes(&bytes, name.as_ref(), &options).unwrap());
}

/// A worker that has taken nothing yet.
fn worker() -> Gathered {
    let Generated { messages, through, .. } = generated();
    let folder = std::env::temp_dir();
    let room = Room { folder: &folder, name: "ritardo-kernels", budget: BUDGET };
    Gathered::new(messages.len(), *through, Rows::Forgotten, room)
}

/// The month as numbers.
fn arrived() -> Vec<Arrived> {
    let path = folder().join("gathered.parquet");
    fs::create_dir_all(folder()).unwrap();
    fs::write(&path, log(Form::Parquet)).unwrap();
    let mut log = Log::open(&path, generated().through).unwrap();
    let batches = (0..log.chunks().len()).map(|chunk| {
        let mut batch = Batch::default();
        log.batch(chunk, &mut batch).unwrap();
        batch
    });
    let arrived = |batch: Batch| {
        (0..batch.ids.len()).map(move |row| Arrived {
            id: batch.ids[row],
            channel: batch.channels[row],
            customer: batch.customers[row],
            at: batch.sent_at[row],
            facts: batch.facts[row],
        })
    };
    batches.flat_map(arrived).collect()
}

fn filled(mut worker: Gathered, arrived: &[Arrived]) -> Gathered {
    arrived.iter().for_each(|message| worker.take(*message).unwrap());
    worker
}

/// Numbers into the buckets of their conversations.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn gather(bencher: Bencher) {
    let arrived = arrived();
    bencher.counter(ItemsCount::new(arrived.len())).with_inputs(worker).bench_values(|worker| filled(worker, &arrived));
}

/// Whether two messages have one id: all parts of the hashes.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn equal_ids(bencher: Bencher) {
    let arrived = arrived();
    let gathered = [filled(worker(), &arrived)];
    let mut table = ids::Table::default();
    bencher
        .counter(ItemsCount::new(arrived.len()))
        .bench_local(|| (0..ids::PARTS).map(|part| table.twice(&gathered, part).unwrap().len()).sum::<usize>());
}

/// The first so many messages that ask or answer, in the order of time, as if they were of one bucket.
fn bucket(messages: usize) -> Vec<Held> {
    let gathered = [filled(worker(), &arrived())];
    let (mut all, mut held) = (Vec::new(), Vec::new());
    for bucket in 0..kernel::BUCKETS {
        kernel::messages(&gathered, bucket, &Odd::default(), &mut held).unwrap();
        all.append(&mut held);
    }
    all.sort_unstable_by_key(|(_, at)| *at);
    all.truncate(messages);
    all
}

/// The pairing kernel over one bucket of a log in the order of time. A log of twenty million messages has buckets of
/// forty thousand.
#[divan::bench(args = [1_000, 40_000, 160_000], sample_count = 50, sample_size = 4)]
fn pair_bucket(bencher: Bencher, messages: usize) {
    pair_one(bencher, &bucket(messages));
}

/// The same where the second half of the log lies before the first: everything is sorted.
#[divan::bench(args = [1_000, 40_000, 160_000], sample_count = 50, sample_size = 4)]
fn pair_unsorted_bucket(bencher: Bencher, messages: usize) {
    let mut held = bucket(messages);
    let half = held.len() / 2;
    held.rotate_left(half);
    pair_one(bencher, &held);
}

fn pair_one(bencher: Bencher, held: &[Held]) {
    let (reading, mut paired) = (Reading::default(), Paired::default());
    bencher.counter(ItemsCount::new(held.len())).bench_local(|| {
        kernel::pair(held, &reading, &mut paired);
        paired.late.len()
    });
}

/// The frame of the month to waits, row by row: every reading and every kind of evidence.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn pair_rows(bencher: Bencher) {
    let frame = &frame().frame;
    bencher
        .counter(ItemsCount::new(frame.height()))
        .bench_local(|| pair(frame, &evidence, Reading::default()).unwrap().waits);
}

/// Waits to charges.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn price(bencher: Bencher) {
    let (waits, tariff) = (waits(), tariff());
    bencher
        .counter(ItemsCount::new(waits.len()))
        .with_inputs(|| waits.to_vec())
        .bench_local_values(|waits| rate(waits, &tariff, &month_of).unwrap());
}

/// All waits of the month as CSV.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn write_csv(bencher: Bencher) {
    written(bencher, |rated| Some(waits::csv(rated)));
}

/// The same as Parquet, on all processors.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn write_parquet(bencher: Bencher) {
    written(bencher, |rated| waits::parquet(rated).ok());
}

fn written(bencher: Bencher, write: fn(&Rated) -> Option<Vec<u8>>) {
    let tariff = tariff();
    let all: Vec<RatedWait> = rate(waits().to_vec(), &tariff, &month_of).unwrap();
    let (rows, name): (Vec<&RatedWait>, String) = (all.iter().collect(), tariff.name());
    let rated = Rated { rows: &rows, tariff: &name, currency: tariff.currency };
    bencher
        .counter(BytesCount::new(write(&rated).unwrap().len()))
        .counter(ItemsCount::new(rows.len()))
        .bench_local(|| write(&rated));
}

/// The month as the archive keeps it: keyed, cut by months, written and hashed.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn archive_parts(bencher: Bencher) {
    let (frame, key) = (&frame().frame, IdKey::of([7; 32]));
    bencher
        .counter(ItemsCount::new(frame.height()))
        .bench_local(|| archive::parts(frame, &key, &|_, _| false).unwrap());
}
