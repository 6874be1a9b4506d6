//! What must be equal: a month comes out the same in whatever order, on whatever machine its logs are read;
//! and the same inbox as of the same instant gives the same bytes.
#![cfg(test)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use common::{
    Dice, NIGHT, Ran, assert_same_tree, charges, copy, facts, files, night, program, ritardo, sample, scratch,
};

/// The undisturbed night, run once: what all others are compared with.
fn undisturbed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = sample("equal-undisturbed");
        night(&folder).expect(0);
        assert_eq!(charges(&folder.join("state")).len(), 221);
        folder
    })
}

#[track_caller]
fn assert_same_month(folder: &Path) {
    let (expected, found) = (facts(&undisturbed().join("state")), facts(&folder.join("state")));
    assert_eq!(found.closings, expected.closings);
    assert_eq!(found.invoices, expected.invoices);
    assert!(found.charge_files == expected.charge_files, "the charge files differ");
    ritardo(folder, &["verify"]).expect(0);
    ritardo(folder, &["audit", "2018-08"]).expect(0);
}

fn rename(inbox: &Path, name: &str, other: &str) {
    let to = inbox.join(other);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(inbox.join(name), to).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// Another name that its source claims and from which the same coverage follows.
fn other_name(name: &str, index: usize) -> String {
    let (folder, file) = name.rsplit_once('/').unwrap();
    let place = 97 - index % 50;
    match folder {
        "bakery" => format!("bakery/till-{place}_{file}"),
        "hotel" => format!("hotel/x{place}.{file}"),
        _ => format!("{folder}/x{place}.{file}"),
    }
}

#[test]
fn files_under_other_names() {
    let folder = sample("equal-renamed");
    let inbox = folder.join("inbox");
    for (index, name) in logs(&inbox).iter().enumerate() {
        let other = other_name(name, index);
        rename(&inbox, name, &other);
        if name.starts_with("hotel/") {
            rename(&inbox, &format!("{name}.manifest.json"), &format!("{other}.manifest.json"));
        }
    }
    night(&folder).expect(0);
    assert_same_month(&folder);
}

#[test]
fn files_twice_and_three_times() {
    let folder = sample("equal-duplicated");
    let inbox = folder.join("inbox");
    for (index, name) in files(&inbox).iter().enumerate() {
        let (log, manifest) = match name.strip_suffix(".manifest.json") {
            Some(log) => (log, ".manifest.json"),
            None => (name.as_str(), ""),
        };
        for copy_number in [40, 80] {
            // The copies of a file and of its manifest get one name.
            let other = other_name(log, copy_number);
            copy(&inbox.join(name), &inbox.join(format!("{other}{manifest}")));
        }
        assert!(index < 100);
    }
    night(&folder).expect(0);
    assert_same_month(&folder);
}

/// Files come over several nights, in three orders; the first nights see only some of them. A night on which
/// the month could be closed has all that its sources wrote until then: they write in the order of time.
#[test]
fn files_that_arrive_over_several_nights() {
    let orders: [(&str, u64, &[&str]); 3] = [
        ("equal-halves", 0, &["2018-09-03T00:00:00Z"]),
        ("equal-thirds", 1, &["2018-08-31T12:00:00Z", "2018-09-01T21:00:00Z"]),
        ("equal-quarters", 2, &["2018-08-20T00:00:00Z", "2018-08-31T00:00:00Z", "2018-09-01T00:00:00Z"]),
    ];
    common::in_parallel(&orders, |_, (name, seed, nights)| {
        let folder = sample(name);
        let mut logs = logs(&folder.join("inbox"));
        if *seed == 0 {
            logs.sort_by_key(|log| log.rsplit('/').next().unwrap().to_owned());
        } else {
            Dice::new(*seed).shuffle(&mut logs);
        }
        let later = take_away(&folder, &logs);
        let share = logs.len().div_ceil(nights.len() + 1);
        let mut arriving = logs.chunks(share);
        for as_of in *nights {
            arriving.next().unwrap().iter().for_each(|log| move_log(&later, &folder.join("inbox"), log));
            let ran = ritardo(&folder, &["run", "--as-of", as_of]).expect(0);
            assert!(ran.out.contains("waiting   2018-08") && !ran.out.contains("closed"), "{}", ran.out);
        }
        arriving.flatten().for_each(|log| move_log(&later, &folder.join("inbox"), log));
        assert_eq!(files(&later), Vec::<String>::new());
        night(&folder).expect(0);
        assert_same_month(&folder);
    });
}

/// A month may close although a day of its inbound logs never came: what was never seen is not billed. The run
/// says so, and a file that comes afterwards is named too and changes nothing.
#[test]
fn a_day_that_arrives_after_the_closing_is_named() {
    let folder = sample("equal-late-day");
    let day = "bakery/2018-08-27.csv".to_owned();
    let later = take_away(&folder, std::slice::from_ref(&day));
    let closing = ritardo(&folder, &["run", "--as-of", "2018-09-04T23:00:00Z"]).expect(0);
    let span = "are missing from 2018-08-26T22:00:00.000Z to 2018-08-27T22:00:00.000Z";
    assert!(closing.out.contains(span), "{}", closing.out);
    move_log(&later, &folder.join("inbox"), &day);
    let late = night(&folder).expect(0);
    assert!(late.out.contains("arrived after 2018-08 was closed"), "{}", late.out);
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
}

fn logs(inbox: &Path) -> Vec<String> {
    files(inbox).into_iter().filter(|name| !name.ends_with(".manifest.json")).collect()
}

/// Moves logs with their manifests out of the inbox, and gives the folder in which they are.
fn take_away(folder: &Path, logs: &[String]) -> PathBuf {
    let later = scratch(&format!("{}-later", folder.file_name().unwrap().to_str().unwrap()));
    logs.iter().for_each(|log| move_log(&folder.join("inbox"), &later, log));
    later
}

fn move_log(from: &Path, to: &Path, log: &str) {
    for name in [log.to_owned(), format!("{log}.manifest.json")] {
        if from.join(&name).exists() {
            fs::create_dir_all(to.join(&name).parent().unwrap()).unwrap();
            fs::rename(from.join(&name), to.join(&name)).unwrap();
        }
    }
}

/// Files that are gone from the inbox are in the archive, and long after the month nothing else comes out.
#[test]
fn an_inbox_that_was_tidied_and_a_run_that_comes_late() {
    let folder = sample("equal-tidied");
    let ran = ritardo(&folder, &["run", "--as-of", "2018-09-01T00:00:00Z", "--format", "json"]).expect(0);
    let summary: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    // Files of days that were not over yet, and those that tell of later days, were left for a later run: they stay.
    let ahead = summary["ahead"].as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap());
    assert_eq!(ahead.clone().count(), 3, "the telephone shop's: {summary}");
    let early = summary["early"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    let early: Vec<&str> = early.chain(ahead).collect();
    let done: Vec<String> =
        logs(&folder.join("inbox")).into_iter().filter(|log| !early.contains(&log.as_str())).collect();
    take_away(&folder, &done);
    ritardo(&folder, &["run", "--as-of", "2018-11-20T07:00:00Z"]).expect(0);
    assert_same_month(&folder);
}

#[test]
fn another_state_folder_and_another_working_directory() {
    let folder = sample("equal-elsewhere");
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let elsewhere = scratch("equal-elsewhere-state");
    fs::write(folder.join("ritardo.toml"), config.replace("\"state\"", &format!("{:?}", elsewhere.join("deep/er"))))
        .unwrap();
    let config = folder.join("ritardo.toml");
    ritardo(Path::new("/"), &["run", "--config", config.to_str().unwrap(), "--as-of", NIGHT]).expect(0);
    let found = facts(&elsewhere.join("deep/er"));
    assert!(found == facts(&undisturbed().join("state")));
    assert_eq!(common::files(&folder.join("state")), ["names.key"], "as the test put it there");
}

/// Same inbox, same configuration, same instant: every file of the state folder, the ledger too, has the
/// same bytes, and is readable by its owner alone.
#[test]
fn the_same_bytes_in_every_environment() {
    type Change = fn(&mut Command);
    let environments: [(&str, &str, Change); 8] = [
        ("kolkata", "umask 022", |run| _ = run.env("TZ", "Asia/Kolkata")),
        ("apia", "umask 022", |run| _ = run.env("TZ", "Pacific/Apia").env("LC_ALL", "tr_TR.UTF-8")),
        ("italian", "umask 022", |run| _ = run.env("LANG", "it_IT").env("LC_ALL", "it_IT")),
        ("one-thread", "umask 022", |run| _ = run.env("POLARS_MAX_THREADS", "1")),
        ("eight-threads", "umask 022", |run| _ = run.env("POLARS_MAX_THREADS", "8").env("RAYON_NUM_THREADS", "8")),
        ("open", "umask 000", |_| ()),
        ("closed", "umask 077", |_| ()),
        ("bare", "umask 022", |run| _ = run.env_clear().env("HOME", "/nonexistent").env("TMPDIR", "/nonexistent")),
    ];
    common::in_parallel(&environments, |index, (name, umask, change)| {
        let folder = sample(&format!("equal-environment-{name}"));
        let ran = if index % 2 == 0 {
            in_shell(umask, &folder, &["run", "--as-of", NIGHT], *change)
        } else {
            let config = folder.join("ritardo.toml");
            in_shell(
                umask,
                Path::new("/tmp"),
                &["run", "--config", config.to_str().unwrap(), "--as-of", NIGHT],
                *change,
            )
        };
        ran.expect(0);
        assert_same_tree(&undisturbed().join("state"), &folder.join("state"));
        assert_private(&folder.join("state"));
    });
}

fn in_shell(umask: &str, folder: &Path, arguments: &[&str], change: fn(&mut Command)) -> Ran {
    let program = program(folder, arguments);
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("{umask}; exec \"$0\" \"$@\"")).arg(program.get_program()).args(program.get_args());
    shell.current_dir(folder);
    change(&mut shell);
    Ran::of(&shell.output().unwrap())
}

fn assert_private(folder: &Path) {
    let mode = fs::metadata(folder).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "{}", folder.display());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_private(&path);
        } else {
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
        }
    }
}

/// A change that matters is seen: these comparisons can fail.
#[test]
fn one_message_more_is_another_month() {
    let folder = sample("equal-other");
    let path = folder.join("inbox/bakery/2018-08-15.csv");
    let header = fs::read_to_string(folder.join("inbox/bakery/2018-08-26.csv")).unwrap();
    let columns: Vec<&str> = header.trim().split(',').collect();
    let field = |name: &&str| match *name {
        "message_id" => "one-more",
        "business" => "bologna-bakery",
        "channel" => "+390510000417",
        "customer" | "conversation" => "+390000000001",
        "direction" => "inbound",
        "sent_at" => "2018-08-15T10:00:00Z",
        "kind" => "text",
        _ => "",
    };
    let row: Vec<&str> = columns.iter().map(field).collect();
    fs::write(&path, format!("{}\n{}\n", header.trim(), row.join(","))).unwrap();
    night(&folder).expect(0);
    let (expected, found) = (facts(&undisturbed().join("state")), facts(&folder.join("state")));
    let differing: Vec<_> =
        expected.closings.keys().filter(|key| expected.closings[*key] != found.closings[*key]).collect();
    assert_eq!(differing, [&("bologna-bakery".to_owned(), "2018-08".to_owned())]);
    assert_eq!(charges(&folder.join("state")).len(), 222);
}
