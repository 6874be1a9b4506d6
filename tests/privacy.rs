//! What is kept of people: keyed names in the archive, plain ones beside it, and their end.
#![cfg(test)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{
    NIGHT, bodies, daily_shop, days_of_august, facts, files, give_key, night, program, ritardo, sample, text, tree,
};

/// A customer of the bakery with one late wait, its message and its answer.
const CUSTOMER: &str = "+393005550001";
const MESSAGES: [&str; 2] = ["bb-edge-first", "bb-edge-first-answer"];
const LATER: &str = "2018-09-06T00:00:00Z";

/// What a file says, mails unpacked.
fn said(bytes: &[u8]) -> String {
    use std::process::{Command, Stdio};
    let text = String::from_utf8_lossy(bytes).into_owned();
    if !text.starts_with("Message-ID") && !text.contains("MIME-Version") {
        return text;
    }
    let script = "import email,sys\nfor p in email.message_from_bytes(sys.stdin.buffer.read()).walk():\n  b=p.get_payload(decode=True)\n  b and sys.stdout.buffer.write(b)";
    let child = Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return text };
    let mut input = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || {
        use std::io::Write;
        input.write_all(&bytes).unwrap();
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    text + &String::from_utf8_lossy(&output.stdout)
}

/// Files of the state folder in which something of the customer stands.
fn traces(state: &Path) -> BTreeSet<String> {
    let needles = [&CUSTOMER[1..], MESSAGES[0], MESSAGES[1]];
    let named = |bytes: &[u8]| {
        let said = said(bytes);
        needles.iter().any(|needle| said.contains(needle)) || unpacked_parquet(bytes, &needles)
    };
    tree(state).into_iter().filter(|(_, bytes)| named(bytes)).map(|(name, _)| name).collect()
}

fn unpacked_parquet(bytes: &[u8], needles: &[&str]) -> bool {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    if !bytes.starts_with(b"PAR1") {
        return false;
    }
    let reader = SerializedFileReader::new(parquet_bytes(bytes)).unwrap();
    let mut rows = reader.get_row_iter(None).unwrap();
    rows.any(|row| {
        let row = row.unwrap().to_string();
        needles.iter().any(|needle| row.contains(needle))
    })
}

/// A file of its own, since the reader wants one.
fn parquet_bytes(bytes: &[u8]) -> fs::File {
    use std::io::{Seek, Write};
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("privacy-{:?}.parquet", std::thread::current().id()));
    let mut file = fs::File::options().read(true).write(true).create(true).truncate(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn plain_names_lie_beside_the_archive_and_in_what_the_business_receives() {
    let folder = sample("privacy-where");
    night(&folder).expect(0);
    for name in traces(&folder.join("state")) {
        let allowed = name.starts_with("names/") || name.ends_with(".csv") || name.ends_with(".eml");
        assert!(allowed, "the customer stands in {name}");
    }
    assert!(traces(&folder.join("state")).len() >= 4, "the search can find something");
}

#[test]
fn a_forgotten_customer_is_nowhere_and_everything_still_adds_up() {
    let folder = sample("privacy-forget");
    night(&folder).expect(0);
    let state = folder.join("state");
    let before = facts(&state);
    let said = ritardo(&folder, &["forget", CUSTOMER, "--as-of", LATER]).expect(0);
    assert!(said.out.contains("forgotten 2 messages"), "{}", said.out);
    assert!(!said.out.contains(&CUSTOMER[4..]), "{}", said.out);
    assert_eq!(traces(&state), BTreeSet::new());
    ritardo(&folder, &["verify"]).expect(0);
    let audit = ritardo(&folder, &["audit", "2018-08"]).expect(0);
    assert!(audit.out.contains("3 of 3 business months identical: 2,095 waits, 221 charges"), "{}", audit.out);
    assert!(!audit.out.contains("look otherwise"), "{}", audit.out);
    let after = facts(&state);
    assert!(after.closings == before.closings && after.invoices == before.invoices);
    let forgotten = bodies(&state, "forgotten");
    assert_eq!(forgotten.len(), 1);
    assert!(!forgotten[0].to_string().contains(&CUSTOMER[4..]), "{}", forgotten[0]);
    // Amounts stand as they were, row by row; the row of the customer has neither id nor number.
    let (was, is) =
        (&before.charge_files["2018-08/bologna-bakery.csv"], &after.charge_files["2018-08/bologna-bakery.csv"]);
    let cells = |bytes: &[u8]| -> Vec<String> {
        let mut rows: Vec<String> = common::rows(bytes)
            .iter()
            .map(|row| format!("{} {} {}", row["received_at"], row["verdict"], row["amount"]))
            .collect();
        rows.sort();
        rows
    };
    assert_eq!(cells(was), cells(is));
    let (was, is) = (String::from_utf8_lossy(was), String::from_utf8_lossy(is));
    assert_eq!(is.lines().filter(|line| line.starts_with("forgotten-")).count(), 1);
    assert_eq!(is.lines().filter(|line| !was.contains(line)).count(), 1);

    let again = ritardo(&folder, &["forget", CUSTOMER]).expect(0);
    assert!(again.out.contains("nothing"), "{}", again.out);
    let next = ritardo(&folder, &["run", "--as-of", LATER, "--format", "json"]).expect(0).json();
    assert_eq!(next["nothing_to_do"], true, "{next}");
}

#[test]
fn what_was_disputed_and_credited_is_forgotten_too() {
    let folder = sample("privacy-credit");
    night(&folder).expect(0);
    let state = folder.join("state");
    fs::write(folder.join("claims.csv"), "message_id,reason,decision\nbb-edge-first,a flood,accept\n").unwrap();
    let at = ["--as-of", "2018-09-05T12:00:00Z"];
    ritardo(&folder, &[&["dispute", "open", "claims.csv"][..], &at].concat()).expect(0);
    ritardo(&folder, &[&["dispute", "settle", "1", "--issue"][..], &at].concat()).expect(0);
    fs::remove_file(folder.join("claims.csv")).unwrap();
    ritardo(&folder, &["run", "--as-of", "2018-09-05T13:00:00Z"]).expect(0);
    let named = traces(&state);
    assert!(named.iter().any(|name| name.contains("LRC-2018-000001") && name.ends_with(".csv")), "{named:?}");
    assert!(named.iter().any(|name| name.contains("LRC-2018-000001") && name.ends_with(".eml")), "{named:?}");
    ritardo(&folder, &["forget", CUSTOMER, "--as-of", LATER]).expect(0);
    assert_eq!(traces(&state), BTreeSet::new());
    ritardo(&folder, &["verify"]).expect(0);
    let audit = ritardo(&folder, &["audit", "2018-08"]).expect(0).out;
    assert!(audit.contains("identical correction 1 (dispute)") && !audit.contains("look otherwise"), "{audit}");
    ritardo(&folder, &["export-month", "2018-08", "august.tar.zst"]).expect(0);
    ritardo(&folder, &["audit", "august.tar.zst"]).expect(0);
    let next = ritardo(&folder, &["run", "--as-of", LATER, "--format", "json"]).expect(0).json();
    assert_eq!(next["nothing_to_do"], true, "{next}");
}

/// A shop with two channels whose messages are numbered alike: nobody answers either of two customers.
fn numbered_alike(name: &str) -> PathBuf {
    let folder = daily_shop(name);
    let edit = |file: &str, old: &str, new: &str| {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{old} in {text}");
        fs::write(folder.join(file), text.replace(old, new)).unwrap();
    };
    edit("ritardo.toml", "channels = [\"+390510000417\"]", "channels = [\"+390510000417\", \"+390510000418\"]");
    let channel = "[[business.channel]]\nid = \"+390510000417\"\n";
    edit("businesses.toml", channel, &format!("{channel}\n[[business.channel]]\nid = \"+390510000418\"\n"));
    for day in days_of_august() {
        let row = |channel: &str, customer: &str| {
            format!("q1,bologna-bakery,{channel},{customer},inbound,2018-08-10T10:00:00Z,\n")
        };
        let rows = [row("+390510000417", CUSTOMER), row("+390510000418", "+393005550002")].concat();
        let rows = if day == "2018-08-10" { rows } else { String::new() };
        let head = "message_id,business,channel,customer,direction,sent_at,conversation\n";
        fs::write(folder.join(format!("inbox/desk/{day}.csv")), head.to_owned() + &rows).unwrap();
    }
    ritardo(&folder, &["run", "--as-of", "2018-09-05T00:00:00Z"]).expect(0);
    folder
}

#[test]
fn a_message_of_another_channel_with_the_same_id_is_not_forgotten() {
    let folder = numbered_alike("privacy-alike");
    let lines = || fs::read_to_string(folder.join("state/charges/2018-08/bologna-bakery.csv")).unwrap();
    assert_eq!(lines().matches("\nq1,").count(), 2, "{}", lines());
    ritardo(&folder, &["forget", CUSTOMER, "--as-of", LATER]).expect(0);
    assert_eq!((lines().matches("\nq1,").count(), lines().matches("\nforgotten-").count()), (1, 1), "{}", lines());
    assert!(lines().contains("0002") && !lines().contains("0001"), "{}", lines());
    ritardo(&folder, &["verify"]).expect(0);
    for way in [&["audit", "2018-08"][..], &["audit", "2018-08", "--by-rows"]] {
        let audit = ritardo(&folder, way).expect(0).out;
        assert!(audit.contains("identical"), "{audit}");
    }
}

#[test]
fn a_message_is_disputed_by_the_name_it_has_since_it_was_forgotten() {
    let folder = numbered_alike("privacy-dispute");
    ritardo(&folder, &["forget", CUSTOMER, "--as-of", LATER]).expect(0);
    let lines = fs::read_to_string(folder.join("state/charges/2018-08/bologna-bakery.csv")).unwrap();
    let id = lines.lines().find(|line| line.starts_with("forgotten-")).unwrap().split(',').next().unwrap();
    let claim = format!("message_id,reason,decision\n{id},a flood,accept\n");
    fs::write(folder.join("claims.csv"), claim).unwrap();
    let at = ["--as-of", LATER];
    ritardo(&folder, &[&["dispute", "open", "claims.csv"][..], &at].concat()).expect(0);
    let settled = ritardo(&folder, &[&["dispute", "settle", "1", "--issue"][..], &at].concat()).expect(0).out;
    assert!(settled.contains("USD 0.05"), "{settled}");
    // Named twice, by either name, it is given back once.
    let again = ritardo(&folder, &[&["dispute", "open", "claims.csv"][..], &at].concat()).expect(0).out;
    assert!(again.contains("rejected"), "{again}");
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
}

#[test]
fn what_is_forgotten_does_not_come_back() {
    let folder = sample("privacy-return");
    night(&folder).expect(0);
    let state = folder.join("state");
    ritardo(&folder, &["forget", CUSTOMER, "--as-of", LATER]).expect(0);
    // The same day exported again: another file of the same messages.
    let day = folder.join("inbox/bakery/2018-08-01.csv");
    let export = fs::read_to_string(&day).unwrap();
    assert!(export.contains(CUSTOMER));
    fs::write(folder.join("inbox/bakery/again_2018-08-01.csv"), format!("{export}\n")).unwrap();
    // Lost documents are made again.
    fs::remove_file(state.join("issued/LR-2018-000001/LR-2018-000001_2018-08.csv")).unwrap();
    let ran = ritardo(&folder, &["run", "--as-of", LATER]).expect(0);
    assert!(ran.out.contains("1 file"), "{}", ran.out);
    assert_eq!(traces(&state), BTreeSet::new());
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
}

/// Killed at many instants, a forgetting is finished by the next run.
#[test]
#[expect(clippy::disallowed_methods, reason = "the instants at which it is killed")]
fn a_killed_forgetting_is_finished_by_the_next_run() {
    let whole = sample("privacy-killed");
    night(&whole).expect(0);
    let instants: Vec<u64> = (0..18).map(|step| step * step * 5).collect();
    let finished = std::sync::atomic::AtomicUsize::new(0);
    common::in_parallel(&instants, |index, after| {
        let folder = common::scratch(&format!("privacy-killed-{index}"));
        common::copy(&whole, &folder);
        let mut child = program(&folder, &["forget", CUSTOMER, "--as-of", LATER]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(*after));
        child.kill().unwrap();
        child.wait().unwrap();
        ritardo(&folder, &["run", "--as-of", LATER]).expect(0);
        let state = folder.join("state");
        ritardo(&folder, &["verify"]).expect(0);
        let (decided, traces) = (bodies(&state, "forgotten").len(), traces(&state).len());
        assert!(decided == 0 || traces == 0, "killed after {after} ms: {decided} decided, {traces} traces");
        finished.fetch_add(decided, std::sync::atomic::Ordering::Relaxed);
        fs::remove_dir_all(&folder).unwrap();
    });
    let finished = finished.into_inner();
    assert!(finished >= 1, "none of the forgettings was decided before it was killed");
}

#[test]
fn a_business_first_receives_what_it_is_billed_for() {
    let folder = sample("privacy-queued");
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let smtp = "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = 9\ntls = \"loopback\"";
    fs::write(folder.join("ritardo.toml"), config.replace("transport = \"file\"", smtp)).unwrap();
    night(&folder).expect(0);
    let said = ritardo(&folder, &["forget", CUSTOMER, "--as-of", LATER]).expect(75);
    assert!(said.err.contains("LR-2018-000001 has not been sent"), "{}", said.err);
    assert!(!traces(&folder.join("state")).is_empty(), "nothing was changed");
    let unknown = ritardo(&folder, &["forget", "+390000000000"]).expect(2);
    assert!(unknown.err.contains("no archived message"), "{}", unknown.err);
}

/// Two states with keys of their own: other names in the archive, the same month.
#[test]
fn the_key_decides_no_amount() {
    let (one, other) = (sample("privacy-key-one"), sample("privacy-key-other"));
    fs::remove_file(other.join("state/names.key")).unwrap();
    night(&one).expect(0);
    night(&other).expect(0);
    assert!(facts(&one.join("state")) == facts(&other.join("state")));
    let archive = |folder: &Path| files(&folder.join("state/archive"));
    assert_ne!(archive(&one), archive(&other));
    let mode = fs::metadata(other.join("state/names.key")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[test]
fn without_its_key_nothing_is_read_or_written() {
    let folder = sample("privacy-key-lost");
    night(&folder).expect(0);
    let key = folder.join("state/names.key");
    let sound = fs::read(&key).unwrap();
    let before = tree(&folder.join("state"));
    let check = |says: &str| {
        for arguments in [&["run", "--as-of", LATER][..], &["audit", "2018-08"], &["explain", "bb-24h-1ms"]] {
            let ran = ritardo(&folder, arguments).expect(78);
            assert!(ran.err.contains(says), "{arguments:?}: {}", ran.err);
            assert!(!ran.err.contains("5555"), "{}", ran.err);
        }
        let told = ritardo(&folder, &["verify"]).expect(1);
        let finding = told.out.lines().find(|line| line.contains(says)).unwrap_or_else(|| panic!("{}", told.out));
        assert!(finding.starts_with("DIFFERS   ") && !finding.contains("-->"), "{finding}");
        assert!(!finding.contains("error:") && !finding.contains("hint:"), "{finding}");
    };
    fs::remove_file(&key).unwrap();
    check("the key of the names is missing");
    give_key(&folder.join("state"), '6');
    check("the key of the names is not the one of this ledger");
    fs::write(&key, &sound).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    check("the key of the names is open to others");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "short").unwrap();
    check("the key of the names is not 64 hexadecimal digits");
    fs::write(&key, sound).unwrap();
    assert_eq!(tree(&folder.join("state")), before);
    ritardo(&folder, &["verify"]).expect(0);
}

/// Who changes a plain name is found: it must hash to the keyed one beside it.
#[test]
fn changed_names_are_found() {
    let folder = sample("privacy-names");
    night(&folder).expect(0);
    let names = folder.join("state/names/2018-08");
    let mut two = files(&names).into_iter().take(2).map(|name| names.join(name));
    let (one, other) = (two.next().unwrap(), two.next().unwrap());
    fs::copy(&one, &other).unwrap();
    let told = ritardo(&folder, &["verify"]).expect(1);
    assert!(told.out.contains("names are not those of the archive"), "{}", told.out);
    fs::remove_file(&other).unwrap();
    let told = ritardo(&folder, &["verify"]).expect(1);
    assert!(told.out.contains("missing"), "{}", told.out);
    assert_eq!(text(&bodies(&folder.join("state"), "key")[0], "fingerprint").len(), 32);
    assert!(NIGHT < LATER);
}

/// A shop whose logs are kept raw: one channel, the days of August to the ninth of September.
fn raw_shop(name: &str, rows: &[(&str, &str)]) -> std::path::PathBuf {
    let folder = sample(name);
    fs::remove_dir_all(folder.join("inbox")).unwrap();
    fs::create_dir_all(folder.join("inbox")).unwrap();
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let (before, after) = (config.find("[[source]]").unwrap(), config.find("[mail]").unwrap());
    let source =
        "[[source]]\nname = \"all\"\nfiles = \"**\"\ncoverage = \"daily\"\nzone = \"UTC\"\nkeep_raw = \"90d\"\n\n";
    fs::write(folder.join("ritardo.toml"), format!("{}{source}{}", &config[..before], &config[after..])).unwrap();
    rows.iter().for_each(|(day, rows)| day_log(&folder, day, rows));
    folder
}

fn day_log(folder: &Path, day: &str, rows: &str) {
    let header = "message_id,business,channel,customer,direction,sent_at,kind,status,text";
    fs::write(folder.join(format!("inbox/{day}.csv")), format!("{header}\n{rows}")).unwrap();
}

/// A row of the bakery; an instant that cannot be read makes it a rejected one.
fn row(id: &str, customer: &str, direction: &str, at: &str) -> String {
    format!("{id},bologna-bakery,+390510000417,{customer},{direction},{at},text,,hello\n")
}

/// Raw files that hold the customer's number.
fn raw_traces(state: &Path) -> usize {
    let named = |bytes: &[u8]| String::from_utf8_lossy(&zstd::decode_all(bytes).unwrap()).contains(&CUSTOMER[1..]);
    tree(&state.join("raw")).values().filter(|bytes| named(bytes)).count()
}

const OTHER: &str = "+393005550999";

#[test]
fn raw_files_that_name_the_customer_go_too() {
    let good = row("q1", CUSTOMER, "inbound", "2018-08-10T10:00:00Z");
    let other = row("q2", OTHER, "inbound", "2018-08-11T10:00:00Z");
    let rejected = row("q3", CUSTOMER, "inbound", "yesterday");
    let later = row("q4", CUSTOMER, "inbound", "2018-09-02T10:00:00Z");
    let days = [
        ("2018-08-10", good.clone()),
        ("2018-08-11", format!("{other}{rejected}")),
        ("2018-08-12", row("q5", OTHER, "inbound", "2018-08-12T10:00:00Z")),
        ("2018-09-02", later.clone()),
    ];
    let folder = raw_shop("privacy-raw", &days.each_ref().map(|(day, rows)| (*day, rows.as_str())));
    let state = folder.join("state");
    ritardo(&folder, &["run", "--as-of", NIGHT]).expect(0);
    assert_eq!((files(&state.join("raw")).len(), raw_traces(&state)), (4, 3));
    // What was sent later is not concerned.
    let said = ritardo(&folder, &["forget", CUSTOMER, "--as-of", "2018-09-01T00:00:00Z"]).expect(0).out;
    assert!(said.contains("forgotten 1 message:") && said.contains("destroyed 2 raw files"), "{said}");
    assert_eq!((files(&state.join("raw")).len(), raw_traces(&state)), (2, 1));
    // Only what is new is counted.
    let said = ritardo(&folder, &["forget", CUSTOMER, "--as-of", LATER]).expect(0).out;
    assert!(said.contains("forgotten 1 message:") && said.contains("destroyed 1 raw file "), "{said}");
    assert_eq!((files(&state.join("raw")).len(), traces(&state)), (1, BTreeSet::new()));
    // Exported again, with the old row or with one that cannot be read: the bytes are not kept.
    day_log(&folder, "2018-08-10", &format!("{good}{other}"));
    day_log(&folder, "2018-08-11", &format!("{rejected}{other}"));
    day_log(&folder, "2018-08-12", &row("q6", OTHER, "inbound", "2018-08-12T11:00:00Z"));
    ritardo(&folder, &["run", "--as-of", LATER]).expect(0);
    assert_eq!((files(&state.join("raw")).len(), raw_traces(&state)), (2, 0));
    let said = ritardo(&folder, &["forget", CUSTOMER, "--as-of", LATER]).expect(0).out;
    assert!(said.contains("nothing   to do"), "{said}");
    let purged = ritardo(&folder, &["purge", "--as-of", "2019-09-01T00:00:00Z"]).expect(0).out;
    assert!(purged.contains("purged    2 raw files"), "{purged}");
    ritardo(&folder, &["verify"]).expect(0);
}

#[test]
fn a_customer_of_rejected_rows_alone_is_found_in_the_raw_files() {
    let rejected = row("q3", CUSTOMER, "inbound", "yesterday");
    let folder = raw_shop("privacy-rejected", &[("2018-08-11", &rejected)]);
    let state = folder.join("state");
    ritardo(&folder, &["run", "--as-of", NIGHT]).expect(0);
    ritardo(&folder, &["forget", OTHER, "--as-of", LATER]).expect(2);
    assert_eq!(raw_traces(&state), 1);
    let said = ritardo(&folder, &["forget", CUSTOMER, "--as-of", LATER]).expect(0).out;
    assert!(said.contains("destroyed 1 raw file"), "{said}");
    assert_eq!(raw_traces(&state), 0);
    ritardo(&folder, &["forget", CUSTOMER, "--as-of", LATER]).expect(2);
    ritardo(&folder, &["verify"]).expect(0);
}
