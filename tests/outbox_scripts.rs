//! Many mails past a server that fails in every way, through the whole program: the outbox of the ledger, run after run, until
//! nothing waits. None is lost, none is told as sent that the server has not answered 250 to, and there are never more copies
//! than the rules allow, all of the same bytes.
//!
//! `RITARDO_MAILS=1000 cargo test --release --locked --test outbox_scripts -- --nocapture` does it with a thousand mails and
//! shows the numbers; a dozen are tried otherwise. Servers that let one wait too long are tried in `deliver`, with shorter limits.
#![cfg(test)]
#![expect(clippy::print_stderr, reason = "the numbers are what this is asked for")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use common::shop::{Shop, edit};
use common::smtp::papers::{Authority, Paper};
use common::smtp::{Act, Heard, Plan, Rule, Server, Tls};
use common::{NIGHT, bodies, copy, ritardo, scratch, text};
use ritardo::domain::{Elapsed, Instant};

/// `copies` of the settings, as they are without one.
const COPIES: usize = 3;

#[expect(clippy::disallowed_methods, reason = "who measures asks for more mails")]
fn mails() -> usize {
    std::env::var("RITARDO_MAILS").ok().and_then(|mails| mails.parse().ok()).unwrap_or(12)
}

/// How the mails travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Road {
    Plain,
    /// With a login.
    StartTls,
    Implicit,
}

/// How often a run comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Every {
    Hour,
    Night,
}

/// What a server does at a stage: six times in a row, and then every other time.
#[derive(Clone, Debug)]
struct Script {
    road: Road,
    every: Every,
    stage: &'static str,
    what: &'static str,
    act: Act,
}

fn acts() -> [(&'static str, Act); 11] {
    [
        ("421", Act::code(421)),
        ("451", Act::code(451)),
        ("552", Act::code(552)),
        ("299", Act::code(299)),
        ("goes away", Act::Drop),
        ("no reply", Act::say("hello\r\n")),
        ("two replies", Act::say("250 a\r\n250 b\r\n")),
        ("no end of lines", Act::Flood),
        ("no end of a line", Act::Endless),
        ("thinks", Act::Wait(Duration::from_millis(40))),
        ("a byte at a time", Act::Drip(Duration::from_millis(1))),
    ]
}

/// Every act at every stage, hour after hour; of them the kinds at the plain stages night after night, too.
fn scripts() -> Vec<Script> {
    let plain = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "."].map(|stage| (Road::Plain, stage));
    let stages = plain.into_iter().chain([
        (Road::StartTls, "STARTTLS"),
        (Road::StartTls, "AUTH"),
        (Road::Implicit, "greeting"),
        (Road::Implicit, "AUTH"),
        (Road::Implicit, "."),
    ]);
    let of = |(road, stage): (Road, &'static str)| {
        acts().map(|(what, act)| Script { road, every: Every::Hour, stage, what, act })
    };
    let hourly: Vec<Script> = stages.flat_map(of).collect();
    let kinds = ["421", "451", "552", "goes away"];
    let nightly = hourly.iter().filter(|script| script.road == Road::Plain && kinds.contains(&script.what)).cloned();
    let nightly: Vec<Script> = nightly.map(|script| Script { every: Every::Night, ..script }).collect();
    [hourly, nightly].concat()
}

/// A server that follows a script, and what the settings of a shop say of it.
fn server(script: &Script, authority: &Authority) -> (Server, String) {
    let first = Rule { times: 6, ..Rule::at(script.stage, script.act.clone()) };
    let then = Rule { every: 2, ..Rule::at(script.stage, script.act.clone()) };
    let config = || authority.server(Paper::Good);
    let (tls, name) = match script.road {
        Road::Plain => (None, "loopback"),
        Road::StartTls => (Some(Tls::StartTls(config())), "starttls"),
        Road::Implicit => (Some(Tls::Implicit(config())), "implicit"),
    };
    let login =
        if tls.is_some() { "\nca_file = \"ca.pem\"\nuser = \"billing\"\npassword_file = \"password\"" } else { "" };
    let server = Server::start(Plan { forgets: true, tls, ..Plan::of(&[first, then]) });
    let settings = format!("port = {}\ntls = \"{name}\"{login}\n", server.port);
    (server, settings)
}

/// A copy of a shop, with the server that its mails go to.
fn placed(base: &Path, name: &str, settings: &str, authority: &Authority) -> PathBuf {
    let folder = scratch(name);
    copy(base, &folder);
    edit(&folder, "ritardo.toml", "port = 1\ntls = \"loopback\"\n", settings);
    fs::write(folder.join("ca.pem"), &authority.pem).unwrap();
    fs::write(folder.join("password"), "canary\n").unwrap();
    fs::set_permissions(folder.join("password"), fs::Permissions::from_mode(0o600)).unwrap();
    folder
}

/// A shop whose mails are frozen and wait, each of the same invoice to another recipient.
fn frozen(name: &str, count: usize) -> PathBuf {
    let shop = Shop::new(name, "");
    let addresses: Vec<String> = (1..=count).map(|place| format!("\"desk-{place}@forno.example\"")).collect();
    edit(&shop.folder, "businesses.toml", "\"accounts@forno.example\"", &addresses.join(", "));
    let road = "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = 1\ntls = \"loopback\"\nsend = \"by hand\"";
    shop.setting("transport = \"file\"", road);
    shop.run(NIGHT).expect(0);
    fs::remove_dir_all(shop.folder.join("inbox")).unwrap();
    fs::create_dir(shop.folder.join("inbox")).unwrap();
    shop.folder
}

/// Sends hour after hour, or night after night, until no mail waits. Gives the number of runs.
#[track_caller]
fn send_all(folder: &Path, script: &Script, case: &str, most: usize) -> usize {
    let step = if script.every == Every::Hour { 3_600 } else { 86_400 };
    // A refusal before any mail is of this side: it stops all mail, and counts for none.
    let may_stop = script.what == "552" && ["greeting", "EHLO", "AUTH"].contains(&script.stage);
    let mut at: Instant = NIGHT.parse().unwrap();
    for runs in 1..=most {
        at = at.plus(Elapsed::from_seconds(step));
        let ran = ritardo(folder, &["mail", "send", "--as-of", &at.to_string()]);
        assert!([0, 65, 75].contains(&ran.code) || (may_stop && ran.code == 78), "{case}: {ran:?}");
        if ran.out.starts_with("nothing   to do") {
            return runs;
        }
    }
    panic!("{case}: mails wait after {most} runs");
}

/// What became of the mails of a script.
#[derive(Debug, Default)]
struct Numbers {
    sent: usize,
    refused: usize,
    /// Of unknown fate to the end.
    given_up: usize,
    failed: usize,
    /// Told as possibly there twice, and those of them that are.
    said_twice: usize,
    twice: usize,
    copies: usize,
}

/// Compares what the ledger tells of every mail with what the server has.
fn judged(folder: &Path, heard: &Heard, case: &str) -> Numbers {
    let list =
        ritardo(folder, &["mail", "list", "--format", "json", "--as-of", "2019-12-01T00:00:00Z"]).expect(0).json();
    let mut copies: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
    for ((id, sha256), count) in heard.copies() {
        copies.entry(id).or_default().push((sha256, count));
    }
    let mut may_be_there: BTreeMap<String, usize> = BTreeMap::new();
    for attempt in bodies(&folder.join("state"), "mail_attempt") {
        if ["sent", "unknown"].contains(&attempt["outcome"].as_str().unwrap()) {
            *may_be_there.entry(text(&attempt, "message_id")).or_default() += 1;
        }
    }
    let mut numbers = Numbers::default();
    for mail in list["mails"].as_array().unwrap() {
        let id = text(mail, "message_id");
        let there = copies.remove(&format!("<{id}>")).unwrap_or_default();
        let accepted = heard.accepted().filter(|taken| taken.id == format!("<{id}>")).count();
        let count: usize = there.iter().map(|(_, count)| *count).sum();
        let case = format!("{case}: {mail:#}, {there:?}, {accepted} answered 250");
        match mail["state"].as_str().unwrap() {
            "sent" => {
                assert!(accepted >= 1, "told as sent: {case}");
                numbers.sent += 1;
            }
            "refused" => numbers.refused += 1,
            "unknown" => numbers.given_up += 1,
            "failed" => numbers.failed += 1,
            _ => panic!("lost: {case}"),
        }
        assert!(mail["until"].is_null(), "it waits: {case}");
        assert!(there.iter().all(|(sha256, _)| *sha256 == text(mail, "sha256")), "other bytes: {case}");
        assert!(count <= COPIES + 1, "too many copies: {case}");
        assert!(count <= may_be_there.get(&id).copied().unwrap_or_default(), "nobody knows of it: {case}");
        let is_said = mail["doubt"] == "possibly twice";
        assert!(count < 2 || is_said, "it is there twice, and nobody says so: {case}");
        numbers.said_twice += usize::from(is_said);
        numbers.twice += usize::from(count > 1);
        numbers.copies += count;
    }
    assert!(copies.is_empty(), "{case}: mails of nobody: {copies:?}");
    numbers
}

#[test]
fn no_script_of_a_server_loses_a_mail_or_sends_one_twice_unsaid() {
    let count = mails();
    let (base, rows, authority) = (frozen("outbox-scripts", count), Mutex::new(BTreeMap::new()), Authority::new());
    common::in_parallel(&scripts(), |index, script| {
        let Script { road, every, stage, what, .. } = script;
        let (server, settings) = server(script, &authority);
        let case = format!("{road:?}, each {every:?}, {stage}: {what}");
        let folder = placed(&base, &format!("outbox-scripts-{index}"), &settings, &authority);
        let runs = send_all(&folder, script, &case, 2 * count + 200);
        let heard = server.stop();
        let numbers = judged(&folder, &heard, &case);
        let Numbers { sent, refused, given_up, failed, said_twice, twice, copies } = numbers;
        assert_eq!(sent + refused + given_up + failed, count, "{case}: {numbers:?}");
        ritardo(&folder, &["verify"]).expect(0);
        let cells = format!(
            "| {road:?} | {every:?} | {stage} | {what} | {runs} | {sent} | {refused} | {given_up} | {failed} | {copies} | {twice} | {said_twice} |"
        );
        rows.lock().unwrap().insert(index, cells);
        fs::remove_dir_all(&folder).unwrap();
    });
    let head = "| road | each | stage | what the server does | runs | sent | refused | unknown | failed | copies there | twice there | said to be possibly twice |";
    eprintln!("{count} mails a script\n{head}\n|---|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    rows.into_inner().unwrap().values().for_each(|row: &String| eprintln!("{row}"));
}

/// State of each mail, in the order in which they were frozen.
fn states(folder: &Path, at: &str) -> Vec<String> {
    let list = ritardo(folder, &["mail", "list", "--format", "json", "--as-of", at]).expect(0).json();
    list["mails"].as_array().unwrap().iter().map(|mail| text(mail, "state")).collect()
}

#[test]
fn mails_that_no_server_takes_keep_no_other_back_night_after_night() {
    const COUNT: usize = 12;
    let (base, authority) = (frozen("outbox-poison", COUNT), Authority::new());
    let of = ["421", "451", "299", "goes away", "no reply", "no end of lines"];
    let acts: Vec<(&str, Act)> = acts().into_iter().filter(|(what, _)| of.contains(what)).collect();
    common::in_parallel(&acts, |index, (what, act)| {
        // The two that are the first in every order but that of the last attempt.
        let poison = ["desk-1@", "desk-2@"].map(|line| Rule { line, ..Rule::at("RCPT", act.clone()) });
        let server = Server::start(Plan { forgets: true, ..Plan::of(&poison) });
        let settings = format!("port = {}\ntls = \"loopback\"\n", server.port);
        let folder = placed(&base, &format!("outbox-poison-{index}"), &settings, &authority);
        for night in 6..=12 {
            let at = format!("2018-09-{night:02}T00:00:00Z");
            ritardo(&folder, &["mail", "send", "--as-of", &at]);
            let found = states(&folder, &at);
            let left = if night < 11 { "deferred" } else { "failed" };
            assert_eq!(found[..2], [left, left], "{what}, night {night}");
            if night >= 7 {
                assert!(found[2..].iter().all(|state| state == "sent"), "{what}, night {night}: {found:?}");
            }
        }
        assert_eq!(server.stop().accepted().count(), COUNT - 2, "{what}");
        ritardo(&folder, &["verify"]).expect(0);
        fs::remove_dir_all(&folder).unwrap();
    });
}
