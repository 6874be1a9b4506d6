//! The promises, attacked: parallel starts, kills, missing logs, closed outputs, tampering, personal data.
#![cfg(test)]
#![expect(clippy::print_stderr, reason = "a test that skips says so")]
#![expect(clippy::disallowed_methods, reason = "a run is killed after real time")]

mod common;

#[path = "faults/canary.rs"]
mod canary;
#[path = "faults/evidence.rs"]
mod evidence;
#[path = "faults/exports.rs"]
mod exports;
#[path = "faults/leaks.rs"]
mod leaks;
#[path = "faults/tampering.rs"]
mod tampering;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{
    BUSINESSES, Dice, NIGHT, Ran, assert_same_tree, bodies, charges, facts, files, night, program, ritardo, sample,
    text, tree,
};

/// The undisturbed night, and how long it took.
fn undisturbed() -> &'static (PathBuf, Duration) {
    static NIGHT_RUN: OnceLock<(PathBuf, Duration)> = OnceLock::new();
    NIGHT_RUN.get_or_init(|| {
        let folder = sample("faults-undisturbed");
        let begun = Instant::now();
        night(&folder).expect(0);
        (folder.join("state"), begun.elapsed())
    })
}

fn start(folder: &Path, arguments: &[&str]) -> Child {
    program(folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> Ran {
    Ran::of(&child.wait_with_output().unwrap())
}

/// Numbers 1..n without a gap, one invoice and one closing a business month, one document set and mail each.
fn assert_numbers_in_order(state: &Path) {
    let invoices = bodies(state, "invoice");
    let numbers: Vec<String> = invoices.iter().map(|invoice| text(invoice, "number")).collect();
    let expected: Vec<String> = (1..=invoices.len()).map(|count| format!("LR-2018-{count:06}")).collect();
    assert_eq!(numbers, expected);
    for kind in ["invoice", "month_closed"] {
        let months: Vec<_> = bodies(state, kind).iter().map(|b| (text(b, "business"), text(b, "month"))).collect();
        let distinct: BTreeSet<_> = months.iter().cloned().collect();
        assert_eq!(months.len(), distinct.len(), "{kind}: {months:?}");
    }
    let documents: Vec<String> = bodies(state, "documents").iter().map(|body| text(body, "number")).collect();
    assert_eq!(documents, expected, "documents are made once");
    let mails: Vec<String> = bodies(state, "mail").iter().map(|body| text(body, "message_id")).collect();
    let distinct: BTreeSet<_> = mails.iter().collect();
    assert_eq!(mails.len(), distinct.len(), "mails are made once: {mails:?}");
}

#[test]
fn twenty_starts_at_once_do_the_work_once() {
    let folder = sample("faults-parallel");
    let children: Vec<Child> =
        (0..20).map(|_| start(&folder, &["run", "--as-of", NIGHT, "--format", "json", "--wait", "0"])).collect();
    let ran: Vec<Ran> = children.into_iter().map(end).collect();
    let worked = ran.iter().filter(|ran| ran.code == 0 && ran.json()["nothing_to_do"] == false).count();
    assert_eq!(worked, 1, "{:?}", ran.iter().map(|ran| ran.code).collect::<Vec<_>>());
    for ran in &ran {
        match ran.code {
            0 => {}
            75 => assert!(ran.err.contains("another run holds the lock"), "{}", ran.err),
            code => panic!("exit {code}: {}", ran.err),
        }
    }
    assert!(ran.iter().any(|ran| ran.code == 75), "none met the lock");
    let state = folder.join("state");
    assert_numbers_in_order(&state);
    assert_eq!(bodies(&state, "invoice").len(), 3);
    assert_same_tree(&undisturbed().0, &state);
    ritardo(&folder, &["verify"]).expect(0);
}

/// Kills at 44 instants spread over a run, and, on one of four folders, many times in a row.
#[test]
fn a_killed_run_is_finished_by_the_next() {
    let (expected, length) = undisturbed();
    // A run beside five others takes longer than one alone.
    let instants: Vec<u128> = (0..44).map(|step| length.as_micros() * step / 25).collect();
    let killed = AtomicUsize::new(0);
    common::in_parallel(&instants, |index, after| {
        let folder = sample(&format!("faults-killed-{index}"));
        let times = if index % 4 == 3 { 5 } else { 1 };
        for time in 0..times {
            let mut child = start(&folder, &["run", "--as-of", NIGHT]);
            std::thread::sleep(Duration::from_micros(u64::try_from(*after + 1_000 * time).unwrap()));
            child.kill().unwrap();
            killed.fetch_add(usize::from(end(child).code == -1), Ordering::Relaxed);
        }
        night(&folder).expect(0);
        let state = folder.join("state");
        ritardo(&folder, &["verify"]).expect(0);
        assert_numbers_in_order(&state);
        assert!(facts(&state) == facts(expected), "killed after {after} µs: the month differs");
        let expected_names: BTreeSet<String> = files(expected).into_iter().collect();
        let more: Vec<String> =
            files(&state).into_iter().filter(|name| !expected_names.contains(name) && !is_partial(name)).collect();
        assert_eq!(more, Vec::<String>::new(), "killed after {after} µs");
        let (found, expected) = (tree(&state), tree(expected));
        // What was counted names the entry of the ledger that it was made at.
        let is_of_ledger = |name: &str| name.starts_with("ledger.") || name == "settled/settled.json";
        // The page of a run tells what that run did, and not what a killed one did before it.
        let is_of_run = |name: &str| name == "reports/run.html";
        for (name, bytes) in expected.iter().filter(|(name, _)| !is_of_ledger(name) && !is_of_run(name)) {
            assert!(found.get(name) == Some(bytes), "killed after {after} µs: {name} differs");
        }
        fs::remove_dir_all(&folder).unwrap();
    });
    let killed = killed.into_inner();
    assert!(killed >= 20, "only {killed} runs were killed before they ended");
}

/// The marked leftover of a file that was never finished.
fn is_partial(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap();
    name.starts_with('.') && name.ends_with(".partial")
}

fn logs() -> Vec<String> {
    let inbox = common::root().join("sample_data/inbox");
    files(&inbox).into_iter().filter(|name| !name.ends_with(".manifest.json")).collect()
}

/// Runs the sample without some logs, and gives the charges that the whole sample does not have.
fn charges_without(name: &str, missing: &[&String]) -> (Vec<(String, String, String, String)>, String) {
    let folder = sample(name);
    for log in missing {
        fs::remove_file(folder.join("inbox").join(log)).unwrap();
        let _ = fs::remove_file(folder.join("inbox").join(format!("{log}.manifest.json")));
    }
    let ran = night(&folder).expect(0);
    let state = folder.join("state");
    assert_numbers_in_order(&state);
    for business in BUSINESSES {
        let closed = bodies(&state, "month_closed").iter().any(|body| text(body, "business") == business);
        let waits = ran.out.contains(&format!("waiting   2018-08  {business}: "));
        assert!(closed != waits, "{business} is either closed or waits:\n{}", ran.out);
    }
    let whole = charges(&undisturbed().0);
    let added = charges(&state).into_iter().filter(|charge| !whole.contains(charge)).collect();
    fs::remove_dir_all(&folder).unwrap();
    (added, ran.out)
}

/// Where a `continuous` source vouches that none of its files between the first and the last is missing, a
/// missing one makes the voucher false: that is no evidence taken away but a wrong statement made.
fn breaks_a_voucher(log: &str) -> bool {
    log.starts_with("phone/cloud/") && !log.contains("W31") && !log.contains("W36")
}

#[test]
fn a_log_taken_away_never_adds_a_charge() {
    let logs: Vec<String> = logs().into_iter().filter(|log| !breaks_a_voucher(log)).collect();
    assert_eq!(logs.len(), 44);
    let waiting = AtomicUsize::new(0);
    common::in_parallel(&logs, |index, log| {
        let (added, out) = charges_without(&format!("faults-without-{index}"), &[log]);
        assert_eq!(added, [], "without {log}");
        waiting.fetch_add(usize::from(out.contains("waiting   2018-08")), Ordering::Relaxed);
    });
    // The others hold no answer that may have been given in time, or end after the evidence of August.
    let waiting = waiting.into_inner();
    assert!(waiting > 20, "only {waiting} of {} missing logs keep a month waiting", logs.len());
}

#[test]
fn any_logs_taken_away_never_add_a_charge() {
    let mut dice = Dice::new(7);
    let mut logs: Vec<String> = logs().into_iter().filter(|log| !breaks_a_voucher(log)).collect();
    let subsets: Vec<Vec<String>> = (0..12)
        .map(|_| {
            dice.shuffle(&mut logs);
            logs[..2 + dice.roll(12)].to_vec()
        })
        .collect();
    common::in_parallel(&subsets, |index, missing| {
        let (added, _) = charges_without(&format!("faults-subset-{index}"), &missing.iter().collect::<Vec<_>>());
        assert_eq!(added, [], "without {missing:?}");
    });
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

#[test]
fn a_state_folder_that_cannot_be_written_is_said_before_any_work() {
    let folder = sample("faults-state");
    fs::remove_dir_all(folder.join("state")).unwrap();
    fs::write(folder.join("state"), "a file in the place of the folder").unwrap();
    for state in ["state", "state/below"] {
        let config = fs::read_to_string(common::root().join("sample_data/ritardo.toml")).unwrap();
        fs::write(folder.join("ritardo.toml"), config.replace("state = \"state\"", &format!("state = {state:?}")))
            .unwrap();
        let ran = night(&folder);
        assert!([73, 74].contains(&ran.code), "{state}: {} {}", ran.code, ran.err);
        assert!(ran.err.contains("state"), "{}", ran.err);
        assert_eq!(fs::read_to_string(folder.join("state")).unwrap(), "a file in the place of the folder");
    }
    if is_root() {
        eprintln!("skipped: root may write into read-only folders");
        return;
    }
    fs::remove_file(folder.join("state")).unwrap();
    fs::copy(common::root().join("sample_data/ritardo.toml"), folder.join("ritardo.toml")).unwrap();
    fs::create_dir(folder.join("state")).unwrap();
    let mode = |mode| fs::set_permissions(folder.join("state"), std::os::unix::fs::PermissionsExt::from_mode(mode));
    mode(0o500).unwrap();
    let ran = night(&folder).expect(77);
    assert!(ran.err.contains("state"), "{}", ran.err);
    assert_eq!(files(&folder.join("state")), Vec::<String>::new());
    mode(0o700).unwrap();
    night(&folder).expect(0);
}

/// A closed or full output loses what is said, never what is done, and is never a panic.
#[test]
fn closed_and_full_outputs_are_no_panic() {
    let outputs = [">&-", ">&- 2>&-", ">/dev/full", "2>/dev/full", ">/dev/full 2>/dev/full", "| true"];
    common::in_parallel(&outputs, |index, output| {
        let folder = sample(&format!("faults-output-{index}"));
        let state = folder.join("state");
        for arguments in [
            "run --as-of 2018-09-05T00:00:00Z",
            "verify",
            "audit 2018-08",
            "explain bb-exact-24h",
            "check",
            "--help",
            "frobnicate",
        ] {
            let program = env!("CARGO_BIN_EXE_ritardo");
            let script = format!("set -o pipefail; '{program}' {arguments} {output}");
            let ran = Command::new("/bin/bash").arg("-c").arg(&script).current_dir(&folder).output().unwrap();
            let ran = Ran::of(&ran);
            assert!(!ran.err.contains("panicked") && !ran.out.contains("panicked"), "{script}: {}", ran.err);
            assert!([0, 2, 74].contains(&ran.code), "{script}: exit {} {}", ran.code, ran.err);
            if output.starts_with(">/dev/full") && !["--help", "frobnicate"].contains(&arguments) {
                assert_eq!(ran.code, 74, "{script}: what cannot be said is an error: {}", ran.err);
            }
        }
        assert_same_tree(&undisturbed().0, &state);
    });
}
