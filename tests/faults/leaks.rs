//! The canary in every form of log, in rows that are rejected and in files that are set aside: where it may be found
//! afterwards, and where never.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::canary::{CANARY_ID, CANARY_NAME, CANARY_NUMBER, CANARY_TEXT, canary_shop, has, said};
use crate::common::{NIGHT, bodies, charges, files, gzip, parquet_of, ritardo, text, tree, zstd};

const COLUMNS: [&str; 8] =
    ["message_id", "business", "channel", "customer", "direction", "sent_at", "text", "contact_name"];

/// What a raw log says, packed or not.
pub fn said_of_raw(bytes: &[u8]) -> Vec<u8> {
    let mut plain = bytes.to_vec();
    if bytes.starts_with(b"\x1f\x8b") {
        // One of them was cut off on purpose.
        let _ = flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain);
    }
    plain
}

pub fn said_of_parquet(bytes: &[u8]) -> Vec<u8> {
    let thread = format!("{:?}", std::thread::current().id());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("leaks-{thread}.parquet"));
    let mut file = fs::File::options().read(true).write(true).create(true).truncate(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.flat_map(|row| row.unwrap().to_string().into_bytes()).collect()
}

/// A row of the canary, each cell as `COLUMNS` names it.
fn cells(id: &str, customer: &str, direction: &str, sent_at: &str) -> Vec<String> {
    let cells = [id, "bologna-bakery", "100417", customer, direction, sent_at, CANARY_TEXT, CANARY_NAME];
    cells.map(str::to_owned).to_vec()
}

fn csv(rows: &[Vec<String>]) -> String {
    let lines = rows.iter().map(|row| row.join(",") + "\n");
    std::iter::once(COLUMNS.join(",") + "\n").chain(lines).collect()
}

fn ndjson(rows: &[Vec<String>]) -> String {
    let object = |row: &Vec<String>| {
        let fields = COLUMNS.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), cell.as_str().into()));
        serde_json::Value::Object(fields.collect()).to_string() + "\n"
    };
    rows.iter().map(object).collect()
}

fn parquet(rows: &[Vec<String>]) -> Vec<u8> {
    parquet_of(&COLUMNS.map(str::to_owned), rows)
}

/// One question in each form: it is charged.
fn sound_files() -> Vec<(&'static str, Vec<u8>)> {
    let row = |form: &str| {
        [cells(&format!("{CANARY_ID}{form}"), &format!("+{CANARY_NUMBER}"), "inbound", "2018-08-09T10:00:00Z")]
    };
    vec![
        ("all/a.csv", csv(&row("1")).into_bytes()),
        ("all/a.csv.gz", gzip(csv(&row("2")).as_bytes())),
        ("all/a.csv.zst", zstd(csv(&row("3")).as_bytes())),
        ("all/a.ndjson", ndjson(&row("4")).into_bytes()),
        ("all/a.parquet", parquet(&row("5"))),
    ]
}

/// Rows with the canary in every cell that can be wrong, on a day when no wait is open.
fn rejected_files() -> Vec<(&'static str, Vec<u8>)> {
    let (number, at) = (format!("+{CANARY_NUMBER}"), "2018-09-03T10:00:00Z");
    let rows = |form: &str| {
        [
            cells(&format!("{CANARY_ID} {CANARY_NAME}"), &number, "inbound", at),
            cells(CANARY_ID, &format!("\u{200e}{number}"), "outbound", at),
            cells(CANARY_ID, &number, CANARY_TEXT, at),
            cells(CANARY_ID, &number, CANARY_NUMBER, at),
            cells(CANARY_ID, &number, "inbound", CANARY_NUMBER),
            cells(CANARY_ID, &number, "outbound", CANARY_TEXT),
            cells("", &number, "outbound", at),
            cells(&format!("{CANARY_ID}{form}"), &number, "outbound", at),
        ]
    };
    let shifted = format!("{CANARY_TEXT},{number},{CANARY_ID}\n{number}\n");
    let broken = format!(
        "{{\"message_id\":\"{CANARY_ID}\",\"customer\":\"{number} {CANARY_TEXT}\n{CANARY_TEXT}\n[\"{CANARY_NAME}\"]\n"
    );
    vec![
        ("bad/2018-09-03.csv", (csv(&rows("6")) + &shifted).into_bytes()),
        ("bad/2018-09-03.ndjson", (ndjson(&rows("7")) + &broken).into_bytes()),
        ("bad/2018-09-03.parquet", parquet(&rows("8"))),
    ]
}

/// Files that cannot be read, each full of the canary.
fn unreadable_files() -> Vec<(&'static str, Vec<u8>)> {
    let row = [cells(CANARY_ID, &format!("+{CANARY_NUMBER}"), "inbound", "2018-08-09T10:00:00Z")];
    let (sheet, whole) = (csv(&row), gzip(csv(&row).as_bytes()));
    let headless = sheet.lines().nth(1).unwrap().to_owned();
    let utf16: Vec<u8> = sheet.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let names = COLUMNS.map(|name| if name == "text" { CANARY_NUMBER } else { name }.replace("sent_at", "at"));
    let bad_parquet =
        parquet_of(&names.map(|name| if name == CANARY_NUMBER { format!("c{name}") } else { name }), &row);
    vec![
        ("aside/headless.csv", headless.clone().into_bytes()),
        ("aside/twice.csv", sheet.replace("contact_name", "channel").into_bytes()),
        ("aside/words-twice.csv", format!("{CANARY_TEXT},{CANARY_TEXT},{headless}\n").into_bytes()),
        ("aside/quote.csv", format!("{sheet}\"{headless}\n{headless}\n").into_bytes()),
        ("aside/cut.csv.gz", whole[..whole.len() - 9].to_vec()),
        ("aside/utf16.csv", utf16),
        ("aside/excel.csv", sheet.replace(&format!("+{CANARY_NUMBER}"), "3.93519990417E+11").into_bytes()),
        ("aside/keys.ndjson", format!("{{\"{CANARY_NUMBER}\":\"{CANARY_ID}\",\"{CANARY_TEXT}\":1}}\n").into_bytes()),
        ("aside/words.txt", format!("{CANARY_NAME} {CANARY_TEXT} {CANARY_NUMBER} {CANARY_ID}").into_bytes()),
        ("aside/columns.parquet", bad_parquet),
        ("aside/sent/a.csv", sheet.clone().into_bytes()),
        ("aside/sent/a.csv.manifest.json", format!("{{\"{CANARY_NUMBER}\":\"{CANARY_TEXT}\"}}").into_bytes()),
    ]
}

/// The canary's shop with files of every form; `more` is said of each source.
fn full_shop(name: &str, more: &str) -> PathBuf {
    let folder = canary_shop(name);
    for (name, bytes) in [sound_files(), rejected_files(), unreadable_files()].concat() {
        let path = folder.join("inbox").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let source =
        |name: &str, files: &str, says: &str| format!("[[source]]\nname = \"{name}\"\nfiles = \"{files}\"\n{says}\n");
    let sources = source("all", "all/*", more)
        + &source("bad", "bad/*", &format!("coverage = \"daily\"\nzone = \"UTC\"\n{more}"))
        + &source("sent", "aside/sent/*", &format!("coverage = \"manifest\"\n{more}"))
        + &source("aside", "aside/*", more);
    fs::write(folder.join("ritardo.toml"), config.replace("[mail]", &format!("{sources}[mail]"))).unwrap();
    folder
}

/// Every command that tells of logs, in every form: their exit codes and all that they say.
fn everything_said(folder: &Path) -> String {
    let mut commands: Vec<(i32, Vec<String>)> = Vec::new();
    let mut add = |code: i32, line: &str| commands.push((code, line.split(' ').map(str::to_owned).collect()));
    add(65, &format!("run --dry-run --as-of {NIGHT}"));
    add(65, &format!("run --dry-run --as-of {NIGHT} --format json"));
    add(65, &format!("run --as-of {NIGHT}"));
    add(0, &format!("run --as-of {NIGHT} --format json"));
    add(0, "verify");
    add(0, "check");
    add(0, "audit 2018-08");
    add(0, "audit 2018-08 --format json");
    add(0, &format!("explain wamid.plain --as-of {NIGHT}"));
    add(0, &format!("explain wamid.last --as-of {NIGHT}"));
    for form in ["text", "json", "svg"] {
        add(0, &format!("coverage --month 2018-09 --as-of {NIGHT} --format {form}"));
    }
    for form in ["text", "json"] {
        add(0, &format!("gap list --as-of {NIGHT} --format {form}"));
        add(0, &format!("rejects --format {form}"));
        add(0, &format!("quarantine list --format {form}"));
    }
    let unreadable: Vec<&str> =
        unreadable_files().into_iter().map(|(name, _)| name).filter(|name| !name.ends_with(".manifest.json")).collect();
    for name in &unreadable {
        add(0, &format!("quarantine show {name}"));
    }
    add(65, &format!("quarantine retry --as-of {NIGHT}"));
    for name in files(&folder.join("inbox")).iter().filter(|name| !name.ends_with(".manifest.json")) {
        // By itself, without its manifest, a log of that source is sound.
        let code = if unreadable.contains(&name.as_str()) && !name.contains("/sent/") { 65 } else { 0 };
        for form in if name.starts_with("bad/") { &["text"][..] } else { &["text", "json"] } {
            add(code, &format!("inspect inbox/{name} --config ritardo.toml --as-of {NIGHT} --format {form}"));
            add(code, &format!("inspect inbox/{name} --as-of {NIGHT} --format {form}"));
        }
    }
    let mut said = String::new();
    for (code, arguments) in commands {
        let ran = ritardo(folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(ran.code, code, "{arguments:?}\n{}{}", ran.out, ran.err);
        said += &format!("$ {}\n{}{}", arguments.join(" "), ran.out, ran.err);
    }
    said
}

/// What of the canary stands in these bytes.
pub fn found(bytes: &[u8]) -> BTreeSet<&'static str> {
    let needles =
        [("number", &CANARY_NUMBER[2..]), ("text", CANARY_TEXT), ("name", CANARY_NAME), ("id", &CANARY_ID[6..26])];
    needles.into_iter().filter(|(_, needle)| has(bytes, needle)).map(|(what, _)| what).collect()
}

#[test]
fn the_canary_is_nowhere_in_any_form() {
    let folder = full_shop("leaks-everywhere", "");
    let aloud = everything_said(&folder);
    assert_eq!(charges(&folder.join("state")).len(), 8, "three of webhooks, and one in each other form");
    let aside: BTreeSet<String> =
        bodies(&folder.join("state"), "set_aside").iter().map(|file| text(file, "name")).collect();
    let unreadable = unreadable_files().into_iter().map(|(name, _)| name.to_owned());
    assert_eq!(aside, unreadable.filter(|name| !name.ends_with(".manifest.json")).collect());
    assert!(aloud.contains("+39 ••• ••• 0417"), "explain shows the customer masked");
    let leaks: Vec<&str> = aloud.lines().filter(|line| !found(line.as_bytes()).is_empty()).collect();
    assert_eq!(leaks, Vec::<&str>::new());
    let mut places = BTreeSet::new();
    for (name, bytes) in tree(&folder.join("state")) {
        let everything = found(&said(&bytes));
        let place = name.split('/').next().unwrap().to_owned();
        let allowed: &[&str] = match (place.as_str(), name.rsplit('.').next().unwrap()) {
            ("names", _) => &["number", "id"],
            ("charges" | "issued", "csv") | ("issued" | "outbox", "eml") => &["id"],
            _ => &[],
        };
        assert!(everything.iter().all(|what| allowed.contains(what)), "{everything:?} of the customer stand in {name}");
        places.extend(everything.into_iter().map(|what| format!("{place} {what}")));
    }
    // These searches can find something, packed or not.
    assert_eq!(places, ["charges id", "issued id", "names id", "names number", "outbox id"].map(str::to_owned).into());
}

/// Raw files are kept where the configuration says so, and for as long: then nothing of them is left.
#[test]
fn raw_files_that_are_kept_have_everything_until_they_are_purged() {
    let folder = full_shop("leaks-raw", "keep_raw = \"30d\"");
    let state = folder.join("state");
    ritardo(&folder, &["run", "--as-of", NIGHT]).expect(65);
    let with_text = |folder: &Path| -> Vec<String> {
        let has_text = |bytes: &[u8]| found(&said(bytes)).contains("text");
        tree(folder).into_iter().filter(|(_, bytes)| has_text(bytes)).map(|(name, _)| name).collect()
    };
    let raw = with_text(&state);
    assert!(raw.iter().all(|name| name.starts_with("raw/") && name.ends_with(".zst")), "{raw:?}");
    // Two of the eight are Parquet, whose pages are packed once more.
    assert!(raw.len() >= 6, "{raw:?}");
    assert_eq!(files(&state.join("raw")).len(), 8, "what was read is kept, what was set aside is not");
    let early = ritardo(&folder, &["purge", "--as-of", "2018-10-04T23:59:59Z"]).expect(0);
    assert!(early.out.contains("nothing   to purge"), "{}", early.out);
    ritardo(&folder, &["purge", "--as-of", "2018-10-05T00:00:00Z"]).expect(0);
    assert_eq!(files(&state.join("raw")), Vec::<String>::new());
    assert_eq!(with_text(&state), Vec::<String>::new());
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
}
