//! Mails that wait: a sending that is stopped, a folder that somebody empties, a server that takes nothing for days, and
//! what is told of it.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "a command is stopped after real time")]

mod common;

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Parser;
use common::shop::{Shop, edit};
use common::smtp::{Act, Plan, Rule, Server};
use common::{NIGHT, Ran, ledger, program, text};
use ritardo::cli::Cli;
use ritardo::commands::{Outcome, World, run};
use ritardo::ledger::entry::{Entry, MailBegun};
use ritardo::ledger::{Additions, Ledger, LedgerError};
use serde_json::Value;

/// A shop whose one invoice goes to so many recipients, each with a mail of its own.
fn shop(name: &str, count: usize) -> Shop {
    let shop = Shop::new(name, "");
    let addresses: Vec<String> = (1..=count).map(|place| format!("\"desk-{place:02}@forno.example\"")).collect();
    edit(&shop.folder, "businesses.toml", "\"accounts@forno.example\"", &addresses.join(", "));
    shop
}

/// The same with a server on this port.
fn with_server(name: &str, count: usize, port: u16, more: &str) -> Shop {
    let shop = shop(name, count);
    let road = format!("transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"loopback\"\n{more}");
    shop.setting("transport = \"file\"", &road);
    shop
}

/// State, attempts and doubt of every mail.
fn listed(shop: &Shop, as_of: &str) -> Vec<(String, u64, String)> {
    let told = shop.ritardo(&["mail", "list", "--format", "json", "--as-of", as_of]).expect(0).json();
    let doubt = |mail: &Value| mail["doubt"].as_str().unwrap_or_default().to_owned();
    let of = |mail: &Value| (text(mail, "state"), mail["attempts"].as_u64().unwrap(), doubt(mail));
    told["mails"].as_array().unwrap().iter().map(of).collect()
}

fn row(state: &str, attempts: u64, doubt: &str) -> (String, u64, String) {
    (state.to_owned(), attempts, doubt.to_owned())
}

/// The kinds of the entries about attempts, with how many of each follow one another.
fn attempts(shop: &Shop) -> Vec<(String, usize)> {
    let ledger = ledger(&shop.state());
    let mut statement =
        ledger.prepare("SELECT kind FROM entry WHERE kind LIKE 'mail\\_%' ESCAPE '\\' ORDER BY seq").unwrap();
    let kinds = statement.query_map([], |row| row.get(0)).unwrap();
    let mut runs: Vec<(String, usize)> = Vec::new();
    for kind in kinds.collect::<Result<Vec<String>, _>>().unwrap() {
        match runs.last_mut() {
            Some((last, count)) if *last == kind => *count += 1,
            _ => runs.push((kind, 1)),
        }
    }
    runs
}

const SEND: [&str; 4] = ["mail", "send", "--as-of", NIGHT];

/// Sends, and is told to stop as soon as the server has the first mail and has not answered yet.
fn stopped_with_a_mail_in_hand(shop: &Shop, server: &Server) -> Ran {
    let child = program(&shop.folder, &SEND).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for _ in 0..2_000 {
        if server.heard().mails.len() == 1 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = format!("kill -TERM {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    Ran::of(&child.wait_with_output().unwrap()).expect(143)
}

#[test]
fn a_signal_stops_the_sending_after_the_mail_in_hand() {
    let server = Server::start(Plan::of(&[Rule::once(".", Act::Wait(Duration::from_millis(1_500)))]));
    let shop = with_server("waits-signal", 3, server.port, "send = \"by hand\"");
    shop.run(NIGHT).expect(0);
    let ran = stopped_with_a_mail_in_hand(&shop, &server);
    assert!(ran.out.contains("mail      1 sent\n") && ran.out.contains("2 mails left: a signal"), "{}", ran.out);
    assert!(ran.err.contains("a signal stopped the sending of mails"), "{}", ran.err);
    let queued = row("queued", 0, "");
    assert_eq!(listed(&shop, NIGHT), [row("sent", 1, ""), queued.clone(), queued], "no doubt is left");
    assert_eq!(shop.ritardo(&SEND).expect(0).out, "mail      2 sent\n");
    assert_eq!(server.stop().accepted().count(), 3);
    shop.ritardo(&["verify"]).expect(0);
}

#[test]
fn a_signal_while_the_last_mail_is_in_hand_is_not_forgotten() {
    let server = Server::start(Plan::of(&[Rule::once(".", Act::Wait(Duration::from_millis(1_500)))]));
    let shop = with_server("waits-signal-last", 1, server.port, "send = \"by hand\"");
    shop.run(NIGHT).expect(0);
    let ran = stopped_with_a_mail_in_hand(&shop, &server);
    assert!(ran.err.contains("a signal stopped the sending of mails"), "{}", ran.err);
    assert_eq!(listed(&shop, NIGHT), [row("sent", 1, "")]);
    assert_eq!(server.stop().accepted().count(), 1);
}

/// `mail send` of a program that began at `at` and has worked for two hours since.
fn sent_late(shop: &Shop, at: &str, is_given: bool) -> (Outcome, String) {
    let config = shop.folder.join("ritardo.toml");
    let words = ["ritardo", "mail", "send", "--config", config.to_str().unwrap()];
    let given: &[&str] = if is_given { &["--as-of", at] } else { &[] };
    let cli = Cli::try_parse_from(words.iter().chain(given)).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut world = World {
        out: &mut out,
        err: &mut err,
        now: at.parse().unwrap(),
        clock: || Duration::from_secs(2 * 3600),
        watched: false,
        columns: None,
        hold_signals: |_| (),
        is_stopped: || false,
    };
    let outcome = run(cli, &mut world).unwrap();
    (outcome, String::from_utf8(err).unwrap())
}

/// What it does lies ahead of its beginning, and no clock is wrong by that.
#[test]
fn a_mail_that_fails_late_in_a_long_run_is_told_of() {
    for is_given in [true, false] {
        let server = Server::start(Plan::of(&[Rule { times: usize::MAX, ..Rule::at("RCPT", Act::code(451)) }]));
        let shop = with_server(&format!("waits-long-{is_given}"), 1, server.port, "send = \"by hand\"");
        shop.run(NIGHT).expect(0);
        let (outcome, err) = sent_late(&shop, "2018-09-05T01:00:00Z", is_given);
        assert_eq!((outcome, err.as_str()), (Outcome::Done, ""));
        assert_eq!(listed(&shop, "2018-09-05T04:00:00Z"), [row("deferred", 1, "")]);
        let (outcome, err) = sent_late(&shop, "2018-09-10T02:00:00Z", is_given);
        assert_eq!(outcome, Outcome::SetAside, "{err}");
        assert!(err.contains("is failed: ") && !err.contains("a clock is wrong"), "{err}");
    }
}

#[test]
fn mails_to_a_folder_are_begun_before_they_are_put_there() {
    let shop = shop("waits-folder", 70);
    shop.run(NIGHT).expect(0);
    let both = |count| [("mail_begun".to_owned(), count), ("mail_attempt".to_owned(), count)];
    assert_eq!(attempts(&shop), [both(64), both(6)].concat());
    assert_eq!(listed(&shop, NIGHT), vec![row("sent", 1, ""); 70]);
}

/// A run was killed among the puts. Of three mails one lies in the folder, and the others may have been taken out of it.
#[test]
fn what_a_stopped_run_may_have_put_into_a_folder_is_looked_for_there() {
    let shop = shop("waits-folder-stopped", 4);
    shop.setting("transport = \"file\"", "transport = \"file\"\nsend = \"by hand\"");
    shop.run(NIGHT).expect(0);
    let begun = |place: usize| {
        let message_id = format!("LR-2018-000001.{place}@late-reply.example");
        Entry::MailBegun(MailBegun { message_id, at: NIGHT.parse().unwrap(), tried_by: None })
    };
    let mut ledger = Ledger::open(&shop.state().join("ledger.db")).unwrap();
    let entries = (1..=3).map(begun).collect();
    ledger.append(|_| Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() })).unwrap();
    drop(ledger);
    let outbox = shop.state().join("outbox");
    fs::create_dir_all(&outbox).unwrap();
    let stored = shop.state().join("issued/LR-2018-000001/LR-2018-000001_2.eml");
    fs::copy(&stored, outbox.join("LR-2018-000001_2.eml")).unwrap();
    let later = "2018-09-05T00:10:00Z";
    assert_eq!(shop.ritardo(&["mail", "send", "--as-of", later]).expect(0).out, "mail      4 sent\n");
    let doubtful = row("sent", 2, "possibly twice");
    assert_eq!(listed(&shop, later), [doubtful.clone(), row("sent", 1, ""), doubtful, row("sent", 1, "")]);
    shop.holds();
}

#[test]
fn a_server_that_cannot_be_reached_for_days_is_heard_of() {
    let shop = with_server("waits-away", 3, 1, "");
    shop.setting("[mail]\n", "[digest]\nwrite = true\n\n[mail]\n");
    let why = "the first since 2018-09-05T00:00:00.000Z: connection: Connection refused (os error 111)\n";
    let first = shop.run(NIGHT).expect(0);
    assert_eq!(first.err, format!("warning: 3 mails wait, {why}"));
    let told = |at: &str| {
        let status = shop.ritardo(&["status", "--as-of", at]).expect(0).out;
        status.lines().last().unwrap().to_owned()
    };
    let since = "the oldest waits since 2018-09-05T00:00:00.000Z";
    let at = "2018-09-05T22:00:00Z";
    let waits = "3 mails: 1 deferred, 2 queued; the first waits until 2018-09-05T00:05:00.000Z";
    assert_eq!(told(at), format!("{waits}; {since} (22 hours)"));
    shop.ritardo(&["mail", "send", "--as-of", at]).expect(0);
    // A day is over: whoever runs it is told, by the exit code too, and the digest tells of mails that nobody touched.
    for (at, age) in [("2018-09-05T23:59:00Z", "23 hours"), ("2018-09-07T00:00:00Z", "2 days")] {
        let ran = shop.run(at).expect(75);
        assert!(ran.err.contains(&format!("warning: 3 mails wait, {why}")), "{}", ran.err);
        assert!(told(at).ends_with(&format!("{since} ({age})")), "{}", told(at));
        shop.ritardo(&["mail", "send", "--as-of", at]).expect(75);
    }
    let folder = shop.state().join("digests");
    let mut digests: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    digests.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    digests.sort();
    assert_eq!(digests.len(), 3);
    let last = fs::read_to_string(&digests[2]).unwrap();
    assert!(last.contains("Mails that wait (3)\n"), "{last}");
    assert_eq!(last.matches("  since 2018-09-05T00:00:00.000Z").count(), 3, "{last}");
    // Who sends some by their names is told of those.
    shop.ritardo(&["mail", "cancel", "LR-2018-000001_1", "--reason", "paid", "--as-of", at]).expect(0);
    shop.ritardo(&["mail", "retry", "LR-2018-000001_1", "--as-of", "2018-09-08T00:00:00Z"]).expect(0);
}

/// Names of the digests in a folder, sorted.
fn digests(shop: &Shop, folder: &str) -> Vec<String> {
    let named = common::files(&shop.state().join(folder)).into_iter();
    named.filter(|name| name.starts_with("digest-") && name.ends_with(".eml")).collect()
}

#[test]
fn a_digest_that_was_lost_or_changed_keeps_no_other_back() {
    let shop = shop("waits-digest", 1);
    let settings = "[digest]\nto = \"office@late-reply.example\"\nquiet = false\n\n[mail]\nsend = \"by hand\"\n";
    shop.setting("[mail]\n", settings);
    shop.run(NIGHT).expect(0);
    shop.run("2018-09-05T01:00:00Z").expect(0);
    let names = digests(&shop, "digests");
    let [lost, changed] = &names[..] else { panic!("{names:?}") };
    let path = |name: &str| shop.state().join("digests").join(name);
    let bytes = fs::read(path(lost)).unwrap();
    fs::remove_file(path(lost)).unwrap();
    fs::write(path(changed), "another\r\n").unwrap();
    shop.setting("send = \"by hand\"\n", "");
    let ran = shop.run("2018-09-05T02:00:00Z").expect(1);
    assert!(ran.err.contains("a finished mail was changed; it is not sent"), "{}", ran.err);
    assert!(ran.out.contains("mail      3 sent\n"), "{}", ran.out);
    assert!(fs::read(path(lost)).unwrap() == bytes, "it is as it was");
    let sent = digests(&shop, "outbox");
    assert!(sent.len() == 2 && sent.contains(lost) && !sent.contains(changed), "{sent:?}");
}

#[test]
fn what_was_sent_is_told_where_a_digest_cannot_be_made() {
    let shop = shop("waits-no-digest", 2);
    shop.setting("[mail]\n", "[digest]\nwrite = true\n\n[mail]\n");
    let taken = shop.state().join("outbox/LR-2018-000001_2.eml");
    fs::create_dir_all(taken.parent().unwrap()).unwrap();
    fs::write(&taken, "another mail\r\n").unwrap();
    fs::write(shop.state().join("digests"), "").unwrap();
    let ran = shop.run(NIGHT).expect(73);
    assert!(ran.out.contains("mail      1 sent, 1 refused\n"), "{}", ran.out);
    let warning = "warning: the mail LR-2018-000001_2.eml to desk-02@forno.example is refused";
    assert!(ran.err.contains(warning), "{}", ran.err);
    assert!(ran.err.contains("cannot create the folder"), "{}", ran.err);
}

#[test]
fn what_a_wrong_clock_put_off_is_tried_at_once() {
    let server = Server::start(Plan::of(&[Rule::once("RCPT", Act::code(451))]));
    let shop = with_server("waits-clock", 1, server.port, "send = \"by hand\"");
    shop.run(NIGHT).expect(0);
    shop.ritardo(&["mail", "send", "--as-of", "2031-01-01T00:00:00Z"]).expect(75);
    let ran = shop.ritardo(&["mail", "send", "--as-of", "2018-09-05T01:00:00Z"]).expect(0);
    assert_eq!(ran.out, "mail      1 sent\n");
    let told = "warning: what happened to 1 mail that waited lies ahead of now: a clock is wrong, or was\n";
    assert_eq!(ran.err, told);
    assert_eq!(server.stop().accepted().count(), 1);
}
