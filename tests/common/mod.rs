//! What the tests of the command share: a scratch folder each, the program, and the sample month.
#![expect(dead_code, reason = "each test file uses its part")]
#![expect(clippy::print_stderr, reason = "a test that skips says so")]

pub mod bank;
pub mod shop;
pub mod smtp;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

/// The sample month can be closed as of this instant.
pub const NIGHT: &str = "2018-09-05T00:00:00Z";
/// Its businesses.
pub const BUSINESSES: [&str; 3] = ["bologna-bakery", "lisbon-hotel", "sao-paulo-phone"];

/// How the program ended, and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The exit code; negative where a signal ended it.
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// The program, in a folder, without a terminal.
pub fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ritardo"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

#[track_caller]
pub fn ritardo(folder: &Path, arguments: &[&str]) -> Ran {
    let ran = |arguments: &[&str]| Ran::of(&program(folder, arguments).output().expect("the program starts"));
    let first = ran(arguments);
    // Whatever a test audits is audited both ways; they differ in nothing but their timings. What is wrong with a command
    // line is told with its words.
    let is_audit = first.code != 2 && arguments.first() == Some(&"audit");
    if is_audit && !["--timings", "--by-rows"].iter().any(|word| arguments.contains(word)) {
        assert_eq!(first, ran(&[arguments, &["--by-rows"]].concat()), "by columns, and row by row");
    }
    first
}

/// The nightly run of the sample.
pub fn night(folder: &Path) -> Ran {
    ritardo(folder, &["run", "--as-of", NIGHT])
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder of this name, for this test alone.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The data that lies beside the repository, where it does; a test that finds none says that it skips.
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} does not exist", path.display());
    None
}

pub fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
}

/// Configuration, businesses, tariff and inbox of the sample month in a folder of their own.
pub fn sample(name: &str) -> PathBuf {
    let folder = scratch(name);
    for part in ["ritardo.toml", "businesses.toml", "tariff.toml", "inbox"] {
        copy(&root().join("sample_data").join(part), &folder.join(part));
    }
    give_key(&folder.join("state"), '5');
    folder
}

/// The shop of the refusals with a file for each day in UTC, and no file yet.
pub fn daily_shop(name: &str) -> PathBuf {
    let folder = scratch(name);
    copy(&root().join("tests/refusals/base"), &folder);
    give_key(&folder.join("state"), '5');
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let daily = "coverage = \"daily\"\nzone = \"UTC\"\nchannels = [\"+390510000417\"]";
    fs::write(folder.join("ritardo.toml"), config.replace("coverage = \"continuous\"", daily)).unwrap();
    fs::remove_file(folder.join("inbox/desk/2018-08.csv")).unwrap();
    folder
}

/// The days that prove August 2018: 31 July to 3 September.
pub fn days_of_august() -> impl Iterator<Item = String> {
    let august = (1..=31).map(|day| format!("2018-08-{day:02}"));
    std::iter::once("2018-07-31".to_owned()).chain(august).chain((1..=3).map(|day| format!("2018-09-{day:02}")))
}

/// A key of names for a state folder: with the same one, two of them hold the same bytes.
pub fn give_key(state: &Path, digit: char) {
    fs::create_dir_all(state).unwrap();
    fs::set_permissions(state, fs::Permissions::from_mode(0o700)).unwrap();
    let key = state.join("names.key");
    fs::write(&key, String::from_iter([digit; 64])).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The files below a folder, sorted, by their names inside it.
pub fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Every file below a folder with its bytes.
pub fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    files(folder).into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

#[track_caller]
pub fn assert_same_tree(one: &Path, other: &Path) {
    let (first, second) = (tree(one), tree(other));
    let names = |tree: &BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&first), names(&second), "{} and {} hold other files", one.display(), other.display());
    let differing: Vec<&String> = first.keys().filter(|name| first[*name] != second[*name]).collect();
    assert!(differing.is_empty(), "{} and {} differ in {differing:?}", one.display(), other.display());
}

/// The charge files, by `MONTH/BUSINESS.csv`.
pub fn charge_files(state: &Path) -> BTreeMap<String, Vec<u8>> {
    let folder = state.join("charges");
    if folder.exists() { tree(&folder) } else { BTreeMap::new() }
}

/// The rows of a CSV file, each by column.
pub fn rows(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(bytes);
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// The charges of closed months: (business, month, message, amount).
pub fn charges(state: &Path) -> BTreeSet<(String, String, String, String)> {
    let mut charges = BTreeSet::new();
    let closed: BTreeSet<String> =
        bodies(state, "invoice").iter().map(|i| format!("{}/{}.csv", text(i, "month"), text(i, "business"))).collect();
    for (name, bytes) in charge_files(state).into_iter().filter(|(name, _)| closed.contains(name)) {
        let (month, business) = name.trim_end_matches(".csv").split_once('/').unwrap();
        for row in rows(&bytes).iter().filter(|row| row["verdict"] != "rounding") {
            let (message, amount) = (row["message_id"].clone(), row["amount"].clone());
            assert!(charges.insert((business.to_owned(), month.to_owned(), message, amount)), "charged twice: {row:?}");
        }
    }
    charges
}

pub fn ledger(state: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(state.join("ledger.db")).unwrap()
}

/// The entries of one kind, in order.
pub fn bodies(state: &Path, kind: &str) -> Vec<Value> {
    let ledger = ledger(state);
    let mut statement = ledger.prepare("SELECT body FROM entry WHERE kind = ?1 ORDER BY seq").unwrap();
    let bodies = statement.query_map([kind], |row| row.get::<_, String>(0)).unwrap();
    bodies.map(|body| serde_json::from_str(&body.unwrap()).unwrap()).collect()
}

/// The canonical invoice that the ledger holds under a SHA-256.
pub fn content(state: &Path, sha256: &str) -> Value {
    let bytes: Vec<u8> =
        ledger(state).query_row("SELECT bytes FROM content WHERE sha256 = ?1", [sha256], |row| row.get(0)).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value}")).to_owned()
}

/// What a month must be equal in, however its logs came: waits, charges, lines, totals, data digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub charge_files: BTreeMap<String, Vec<u8>>,
    /// By business and month: cut, counts, charges, exact sum, digest.
    pub closings: BTreeMap<(String, String), Vec<Value>>,
    /// By business and month: lines and totals.
    pub invoices: BTreeMap<(String, String), Vec<Value>>,
}

pub fn facts(state: &Path) -> Facts {
    let key = |body: &Value| (text(body, "business"), text(body, "month"));
    let pick = |body: &Value, names: &[&str]| names.iter().map(|name| body[*name].clone()).collect::<Vec<_>>();
    let closings = bodies(state, "month_closed");
    let closing = |body: &Value| (key(body), pick(body, &["cut", "counts", "charges", "exact", "data_sha256"]));
    let invoice = |issued: &Value| {
        let document = content(state, &text(issued, "document_sha256"));
        assert!(document["lines"].as_array().is_some_and(|lines| !lines.is_empty()), "{document}");
        let mut facts = pick(issued, &["net", "tax", "total", "data_sha256"]);
        facts.push(document["lines"].clone());
        (key(issued), facts)
    };
    Facts {
        charge_files: charge_files(state),
        closings: closings.iter().map(closing).collect(),
        invoices: bodies(state, "invoice").iter().map(invoice).collect(),
    }
}

/// Calls `work` for every job, several at once: most of a run is waiting for the disk.
pub fn in_parallel<T: Sync>(jobs: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(index) else { return };
                    work(index, job);
                }
            });
        }
    });
}

/// A Parquet file of text columns, as other programs write them: one row group, Zstandard.
pub fn parquet_of(header: &[String], rows: &[Vec<String>]) -> Vec<u8> {
    use parquet::data_type::{ByteArray, ByteArrayType};
    use parquet::file::{properties::WriterProperties, writer::SerializedFileWriter};
    let columns: String = header.iter().map(|name| format!("REQUIRED BYTE_ARRAY {name} (STRING);")).collect();
    let schema = parquet::schema::parser::parse_message_type(&format!("message log {{ {columns} }}")).unwrap();
    let compression = parquet::basic::Compression::ZSTD(parquet::basic::ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for place in 0..header.len() {
        let mut column = group.next_column().unwrap().unwrap();
        let values: Vec<ByteArray> = rows.iter().map(|row| row[place].as_str().into()).collect();
        column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// A zip with these members, as programs write it that do not know how much will come.
pub fn zip(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in members {
        let file = archive.new_file(rawzip::path::EntryPath::verbatim(name.as_bytes()));
        let (mut entry, config) = file.compression_method(rawzip::CompressionMethod::DEFLATE).start().unwrap();
        let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        let mut writer = config.wrap(encoder);
        writer.write_all(bytes).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

/// A tar with these members.
pub fn tar(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    archive.into_inner().unwrap()
}

pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Numbers that look random and are the same each time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `limit`.
    pub fn roll(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.roll(last + 1));
        }
    }
}

/// The shop of the refusals without a log, whose only source says this in place of its `files` and `format`.
pub fn shop_of(name: &str, says: &str) -> PathBuf {
    let folder = scratch(name);
    copy(&root().join("tests/refusals/base"), &folder);
    give_key(&folder.join("state"), '5');
    fs::remove_file(folder.join("inbox/desk/2018-08.csv")).unwrap();
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let old = "files = \"desk/*.csv\"\nformat = \"csv\"\n";
    assert!(config.contains(old), "{config}");
    fs::write(folder.join("ritardo.toml"), config.replace(old, says)).unwrap();
    folder
}
