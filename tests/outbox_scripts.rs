//! Many mails past a server that fails in every way, through the whole program: the outbox of the ledger, run after run, until
//! nothing waits. None is lost, none is told as sent that the server has not answered 250 to, and there are never more copies
//! than the rules allow, all of the same bytes.
//!
//! `RITARDO_MAILS=1000 cargo test --release --locked --test outbox_scripts -- --nocapture` does it with a thousand mails and
//! shows the numbers; a dozen are tried otherwise. Servers that only let one wait are tried in `deliver`, with shorter limits.
#![cfg(test)]
#![expect(clippy::print_stderr, reason = "the numbers are what this is asked for")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use common::shop::{Shop, edit};
use common::smtp::{Act, Heard, Plan, Rule, Server};
use common::{NIGHT, bodies, copy, ritardo, scratch, text};
use ritardo::domain::{Elapsed, Instant};
use serde_json::Value;

/// `copies` of the settings, as they are without one.
const COPIES: usize = 3;

#[expect(clippy::disallowed_methods, reason = "who measures asks for more mails")]
fn mails() -> usize {
    std::env::var("RITARDO_MAILS").ok().and_then(|mails| mails.parse().ok()).unwrap_or(12)
}

/// What a server does at a stage: six times in a row, and then every other time.
fn scripts() -> Vec<(&'static str, &'static str, Act)> {
    let acts = [
        ("421", Act::code(421)),
        ("451", Act::code(451)),
        ("552", Act::code(552)),
        ("299", Act::code(299)),
        ("goes away", Act::Drop),
        ("no reply", Act::say("hello\r\n")),
        ("two replies", Act::say("250 a\r\n250 b\r\n")),
        ("no end of lines", Act::Flood),
        ("no end of a line", Act::Endless),
    ];
    let stages = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "."];
    stages.into_iter().flat_map(|stage| acts.clone().map(|(what, act)| (stage, what, act))).collect()
}

fn server(stage: &'static str, act: &Act) -> Server {
    let first = Rule { times: 6, ..Rule::at(stage, act.clone()) };
    let then = Rule { every: 2, ..Rule::at(stage, act.clone()) };
    Server::start(Plan { forgets: true, ..Plan::of(&[first, then]) })
}

/// A shop whose mails are frozen and wait, each of the same invoice to another recipient.
fn frozen(count: usize) -> PathBuf {
    let shop = Shop::new("outbox-scripts", "");
    let addresses: Vec<String> = (1..=count).map(|place| format!("\"desk-{place}@forno.example\"")).collect();
    edit(&shop.folder, "businesses.toml", "\"accounts@forno.example\"", &addresses.join(", "));
    let road = "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = 1\ntls = \"loopback\"\nsend = \"by hand\"";
    shop.setting("transport = \"file\"", road);
    shop.run(NIGHT).expect(0);
    fs::remove_dir_all(shop.folder.join("inbox")).unwrap();
    fs::create_dir(shop.folder.join("inbox")).unwrap();
    shop.folder
}

/// Sends hour after hour until no mail waits. Gives the number of runs.
#[track_caller]
fn send_all(folder: &Path, case: &str, most: usize) -> usize {
    let mut at: Instant = NIGHT.parse().unwrap();
    for runs in 1..=most {
        at = at.plus(Elapsed::from_seconds(3600));
        let ran = ritardo(folder, &["mail", "send", "--as-of", &at.to_string()]);
        assert!([0, 65, 75].contains(&ran.code), "{case}: {ran:?}");
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
        let is_said = mail["doubt"] == Value::from("possibly twice");
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
    let (base, rows) = (frozen(count), Mutex::new(BTreeMap::new()));
    common::in_parallel(&scripts(), |index, (stage, what, act)| {
        let (server, case) = (server(*stage, act), format!("{stage}: {what}"));
        let folder = scratch(&format!("outbox-scripts-{index}"));
        copy(&base, &folder);
        edit(&folder, "ritardo.toml", "port = 1\n", &format!("port = {}\n", server.port));
        let runs = send_all(&folder, &case, 2 * count + 200);
        let heard = server.stop();
        let numbers = judged(&folder, &heard, &case);
        let Numbers { sent, refused, given_up, failed, said_twice, twice, copies } = numbers;
        assert_eq!(sent + refused + given_up + failed, count, "{case}: {numbers:?}");
        ritardo(&folder, &["verify"]).expect(0);
        let cells = format!(
            "| {stage} | {what} | {runs} | {sent} | {refused} | {given_up} | {failed} | {copies} | {twice} | {said_twice} |"
        );
        rows.lock().unwrap().insert(index, cells);
        fs::remove_dir_all(&folder).unwrap();
    });
    let head = "| stage | what the server does | runs | sent | refused | unknown | failed | copies there | twice there | said to be possibly twice |";
    eprintln!("{count} mails a script\n{head}\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    rows.into_inner().unwrap().values().for_each(|row: &String| eprintln!("{row}"));
}
