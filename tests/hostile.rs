//! Files that were damaged, or made to harm: no file takes a run down, and none changes a message unseen.
//!
//! `RITARDO_MUTANTS=10000 cargo test --release --locked --test hostile` tries more of them.
#![cfg(test)]

mod common;

#[path = "hostile/exports.rs"]
mod exports;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use common::{Dice, bodies, copy, give_key, gzip, ritardo, root, scratch, tar, text, zip, zstd};
use serde_json::json;

const AS_OF: &str = "2018-09-05T00:00:00Z";

#[expect(clippy::disallowed_methods, reason = "how many are tried is up to who runs the test")]
fn mutants() -> usize {
    std::env::var("RITARDO_MUTANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(1000)
}

/// A few messages in every form that is read: name of the file, its bytes.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let mut csv = "message_id,business,channel,customer,direction,sent_at,kind,status,entry_point\n".to_owned();
    let mut ndjson = String::new();
    for (row, (direction, at)) in
        [("inbound", "01T10:00:00.123"), ("outbound", "02T11:00:00"), ("inbound", "03T09:30:00")]
            .iter()
            .cycle()
            .take(24)
            .enumerate()
    {
        let (id, customer, at) = (format!("m-{row}"), format!("+3933300004{:02}", row % 5), format!("2018-08-{at}Z"));
        writeln!(csv, "{id},bologna-bakery,+390510000417,{customer},{direction},{at},text,,live_support").unwrap();
        let line = json!({"message_id": id, "business": "bologna-bakery", "channel": "+390510000417",
            "customer": customer, "direction": direction, "sent_at": at, "kind": "text"});
        writeln!(ndjson, "{line}").unwrap();
    }
    let message = |id: usize| {
        json!({"object": "whatsapp_business_account", "entry": [{"id": "900", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp", "metadata": {"display_phone_number": "390510000417", "phone_number_id": "100417"},
            "messages": [{"id": format!("wamid.{id}"), "from": "393330000400", "timestamp": "1533117600", "type": "text"}],
            "statuses": [{"id": format!("wamid.o{id}"), "recipient_id": "393330000400", "timestamp": "1533121200", "status": "sent"}]
        }}]}]})
        .to_string()
    };
    let webhook = (0..6).map(message).collect::<Vec<_>>().join("\n");
    let bodies: Vec<(String, Vec<u8>)> =
        (0..6).map(|id| (format!("2018-08/{id}.json"), message(id).into_bytes())).collect();
    let days = [("a/1.csv".to_owned(), csv.clone().into_bytes()), ("a/2.csv".to_owned(), csv.clone().into_bytes())];
    vec![
        ("log.csv.zst", zstd(csv.as_bytes())),
        ("log.csv.gz", gzip(csv.as_bytes())),
        ("log.csv", csv.into_bytes()),
        ("log.ndjson", ndjson.into_bytes()),
        ("bodies.json", webhook.into_bytes()),
        ("log.parquet", fs::read(root().join("tests/hostile/log.parquet")).unwrap()),
        ("bodies.zip", zip(&bodies)),
        ("bodies.tar", tar(&bodies)),
        ("days.tar.zst", zstd(&tar(&days))),
    ]
}

/// The file with something wrong in it: bytes turned, cut, doubled, taken out, or put in.
fn mutant(whole: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
        let length = 1 + dice.roll(40);
        let until = (at + length).min(bytes.len());
        match dice.roll(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..until)),
            2 => bytes.splice(at..at, whole.iter().copied().skip(at).take(length)).for_each(drop),
            3 => bytes.insert(at.min(bytes.len()), u8::try_from(dice.roll(256)).unwrap()),
            _ if bytes.is_empty() => {}
            4 => bytes[at] ^= 1 << dice.roll(8),
            _ => bytes[at] = u8::try_from(dice.roll(256)).unwrap(),
        }
    }
    bytes
}

/// The sample's books, with one source for the whole inbox.
fn books(name: &str, source: &str) -> std::path::PathBuf {
    let folder = scratch(name);
    for part in ["ritardo.toml", "businesses.toml", "tariff.toml"] {
        copy(&root().join("sample_data").join(part), &folder.join(part));
    }
    give_key(&folder.join("state"), '5');
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let (before, after) = (config.find("[[source]]").unwrap(), config.find("[mail]").unwrap());
    let source = format!("[[source]]\nname = \"all\"\nfiles = \"**\"\n{source}\n\n");
    fs::write(folder.join("ritardo.toml"), format!("{}{source}{}", &config[..before], &config[after..])).unwrap();
    folder
}

/// An inbox with mutants of every form, one source for all of them.
fn laboratory(name: &str, coverage: &str, seed: u64) -> (std::path::PathBuf, usize) {
    let folder = books(name, &format!("coverage = \"{coverage}\""));
    let mut files = 0;
    for (name, whole) in forms() {
        let mut dice = Dice::new(seed);
        let inbox = folder.join("inbox").join(name.replace('.', "-"));
        fs::create_dir_all(&inbox).unwrap();
        for count in 0..mutants() {
            let bytes = mutant(&whole, &mut dice);
            let path = inbox.join(format!("{count:05}-{name}"));
            if coverage == "manifest" {
                let manifest = json!({"from": "2018-08-01T00:00:00Z", "to": "2018-08-04T00:00:00Z", "rows": 24,
                    "sha256": sha256(&whole)});
                fs::write(format!("{}.manifest.json", path.display()), manifest.to_string()).unwrap();
            }
            fs::write(path, bytes).unwrap();
            files += 1;
        }
    }
    (folder, files)
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
fn night(folder: &Path) -> serde_json::Value {
    let ran = ritardo(folder, &["run", "--as-of", AS_OF, "--format", "json"]);
    assert!([0, 65].contains(&ran.code), "{}\n{}", ran.code, ran.err);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    ran.json()
}

/// I1, P13: every mutant is read, or set aside with a reason; the run goes on, and can be run again.
#[test]
fn no_mutant_takes_the_run_down() {
    let (folder, files) = laboratory("hostile-mutants", "span", 20180801);
    let summary = night(&folder);
    let digests: std::collections::BTreeSet<String> = common::files(&folder.join("inbox"))
        .iter()
        .map(|name| sha256(&fs::read(folder.join("inbox").join(name)).unwrap()))
        .collect();
    let early = summary["ahead"].as_array().unwrap().len();
    let mut told: std::collections::BTreeSet<String> =
        bodies(&folder.join("state"), "file").iter().map(|file| text(file, "sha256")).collect();
    let read = told.len();
    let aside = bodies(&folder.join("state"), "set_aside");
    assert!(aside.iter().all(|file| !text(file, "reason").is_empty()));
    told.extend(aside.iter().map(|file| text(file, "sha256")));
    assert!(told.len() + early >= digests.len(), "{files} files, {} different: {} told", digests.len(), told.len());
    assert!(read > files / 20 && aside.len() > files / 20, "{read} read, {} set aside", aside.len());
    assert_eq!(night(&folder)["read"]["files"], 0, "a second night has nothing to read");
    ritardo(&folder, &["verify"]).expect(0);
}

/// I2: where a manifest is given, a changed file is refused, before a byte of it is parsed.
#[test]
fn no_mutant_passes_a_manifest() {
    let (folder, _) = laboratory("hostile-manifest", "manifest", 20180802);
    night(&folder);
    let wholes: Vec<String> = forms().iter().map(|(_, whole)| sha256(whole)).collect();
    for file in bodies(&folder.join("state"), "file") {
        assert!(wholes.contains(&text(&file, "sha256")), "{file}");
    }
    let aside = bodies(&folder.join("state"), "set_aside");
    assert!(aside.len() > mutants(), "{}", aside.len());
    assert!(aside.iter().all(|file| text(file, "reason").contains("its manifest says")), "{:?}", aside.first());
}

const HEADER: &str = "message_id,business,channel,customer,direction,sent_at,kind,status,text\n";

/// The sample's books with an empty inbox and one source for all of it.
fn shop(name: &str, source: &str) -> std::path::PathBuf {
    let folder = books(name, source);
    fs::create_dir_all(folder.join("inbox")).unwrap();
    folder
}

fn reasons(summary: &serde_json::Value, list: &str) -> Vec<String> {
    summary[list].as_array().unwrap().iter().map(|file| text(file, "file")).collect()
}

/// Readers that make the same files at the same time do not meet: no sound file is ever set aside.
#[test]
fn files_of_the_same_content_are_read_side_by_side() {
    for round in 0..4 {
        let folder = shop("hostile-same", "coverage = \"daily\"\nzone = \"UTC\"\nkeep_raw = \"30d\"");
        for day in 1..=31 {
            fs::write(folder.join(format!("inbox/2018-08-{day:02}.csv")), HEADER).unwrap();
        }
        assert_eq!(night(&folder)["set_aside"], json!([]), "round {round}, files of the same bytes");
        assert_eq!(common::files(&folder.join("state/raw")).len(), 1);
        let folder = shop("hostile-same", "coverage = \"span\"");
        let (_, csv) = forms().swap_remove(2);
        for copy in 0..40 {
            let bytes = [csv.as_slice(), &b"\n".repeat(copy)].concat();
            fs::write(folder.join(format!("inbox/{copy:02}.csv")), bytes).unwrap();
        }
        let summary = night(&folder);
        assert_eq!(summary["set_aside"], json!([]), "round {round}, the same messages in other bytes");
        assert_eq!(summary["read"]["files"], 40);
        ritardo(&folder, &["verify"]).expect(0);
    }
}

/// A disk that takes no more is no fault of a file: the run ends, names the place, and sets nothing aside.
#[test]
fn what_cannot_be_written_is_no_fault_of_the_file() {
    let folder = shop("hostile-full", "coverage = \"span\"\nkeep_raw = \"30d\"");
    let mut dice = Dice::new(20180803);
    let mut log = HEADER.to_owned();
    for row in 0..4000 {
        let noise: String = (0..500).map(|_| char::from(b'!' + u8::try_from(dice.roll(90)).unwrap())).collect();
        let noise = noise.replace(['"', ','], "x");
        writeln!(log, "m-{row},bologna-bakery,+390510000417,+393330000400,inbound,2018-08-01T10:00:00Z,text,,{noise}")
            .unwrap();
    }
    fs::write(folder.join("inbox/large.csv"), &log).unwrap();
    // No file may grow beyond one MiB: the raw bytes cannot be kept.
    let program = env!("CARGO_BIN_EXE_ritardo");
    let script = format!("trap '' XFSZ; ulimit -f 1024; exec '{program}' run --as-of {AS_OF}");
    let full = std::process::Command::new("bash").args(["-c", &script]).current_dir(&folder).output().unwrap();
    let full = common::Ran::of(&full).expect(74);
    assert!(full.err.contains("cannot write the file") && full.err.contains("/job-0/raw.zst"), "{}", full.err);
    assert_eq!(bodies(&folder.join("state"), "set_aside"), Vec::<serde_json::Value>::new());
    assert_eq!(night(&folder)["read"]["messages"], 4000);
}

/// The same bytes under the name of another day are another file.
#[test]
fn a_file_is_set_aside_by_name_bytes_and_time() {
    let folder = shop("hostile-names", "coverage = \"daily\"\nzone = \"UTC\"");
    let put = |name: &str| fs::write(folder.join("inbox").join(name), HEADER).unwrap();
    put("2018-08-11.csv");
    // These are no compressed bytes.
    put("2018-08-12.csv.gz");
    put("2018-08-13.csv.gz");
    assert_eq!(reasons(&night(&folder), "set_aside"), ["2018-08-12.csv.gz", "2018-08-13.csv.gz"]);
    let summary = night(&folder);
    assert_eq!(summary["set_aside"], json!([]));
    assert_eq!(reasons(&summary, "still_set_aside"), ["2018-08-12.csv.gz", "2018-08-13.csv.gz"]);
    let list = || ritardo(&folder, &["quarantine", "list"]).expect(0).out;
    assert!(list().contains("2018-08-12.csv.gz") && list().contains("2018-08-13.csv.gz"), "{}", list());
    // Asked for one, it tells of that one, and why.
    let retried = ritardo(&folder, &["quarantine", "retry", "2018-08-12.csv.gz", "--as-of", AS_OF]).expect(65).out;
    assert!(retried.contains("set aside 2018-08-12.csv.gz: the compressed data is damaged"), "{retried}");
    assert!(retried.contains("left      1 file set aside; 1 other not asked for"), "{retried}");
    // Read for its own day under a name that fits, and the other replaced by what can be read.
    fs::remove_file(folder.join("inbox/2018-08-12.csv.gz")).unwrap();
    assert!(list().contains("(no longer in the inbox)"), "its day is proven by nobody: {}", list());
    put("2018-08-12.csv");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(HEADER.as_bytes()).unwrap();
    fs::write(folder.join("inbox/2018-08-13.csv.gz"), gzip.finish().unwrap()).unwrap();
    let summary = night(&folder);
    assert_eq!((&summary["read"]["files"], reasons(&summary, "still_set_aside")), (&json!(2), Vec::new()));
    assert!(list().contains("no file is set aside"), "{}", list());
    // Damaged again, it stands again.
    fs::write(folder.join("inbox/2018-08-13.csv.gz"), HEADER).unwrap();
    assert_eq!(reasons(&night(&folder), "set_aside"), ["2018-08-13.csv.gz"]);
    assert!(list().contains("2018-08-13.csv.gz"), "{}", list());
}

/// A run opens neither links nor folders, and `inspect` says so.
#[test]
fn inspect_says_what_a_run_passes_over() {
    let folder = shop("hostile-inspect", "coverage = \"daily\"\nzone = \"UTC\"");
    fs::write(folder.join("elsewhere.csv"), HEADER).unwrap();
    fs::create_dir_all(folder.join("inbox/2018-08-18.csv")).unwrap();
    for name in ["16", "17", "19", "20"] {
        std::os::unix::fs::symlink("../elsewhere.csv", folder.join(format!("inbox/2018-08-{name}.csv"))).unwrap();
    }
    let inspect = |name: &str| ritardo(&folder, &["inspect", name, "--config", "ritardo.toml", "--as-of", AS_OF]);
    let link = inspect("inbox/2018-08-16.csv").expect(0).out;
    assert!(link.contains("a run     would pass it over"), "{link}");
    let inside = inspect("inbox/2018-08-18.csv").expect(65).out;
    assert!(inside.contains("refused   it is a folder: name the files inside it"), "{inside}");
    let said = ritardo(&folder, &["run", "--as-of", AS_OF]).expect(0).out;
    let named = "the inbox has 4 links or devices, which are never opened: 2018-08-16.csv, 2018-08-17.csv, \
                 2018-08-19.csv and 1 more";
    assert!(said.contains(named), "{said}");
}
