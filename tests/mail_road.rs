//! Mails from a run to a server behind TLS and a login, signed: what arrives, what an audit says of it, and what is made
//! again where it was lost; and what stops all mails, or one alone.
#![cfg(test)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::shop::{Shop, edit};
use common::smtp::papers::{Authority, Paper};
use common::smtp::{Act, Plan, Rule, Server, Tls};
use common::{bodies, files, program, text};
use serde_json::Value;

const NIGHT: &str = "2018-09-05T00:00:00Z";

/// An Ed25519 key of no use but this: that of RFC 8410, section 10.3.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                   -----END PRIVATE KEY-----\n";

fn secret(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
}

/// A shop whose August can be billed, with a server of this paper, a login and a key.
fn shop(name: &str, paper: Paper, rules: &[Rule]) -> (Shop, Server) {
    planned(name, paper, Plan::of(rules))
}

/// The same with any server.
fn planned(name: &str, paper: Paper, plan: Plan) -> (Shop, Server) {
    let authority = Authority::new();
    let server = Server::start(Plan { tls: Some(Tls::Implicit(authority.server(paper))), ..plan });
    let shop = Shop::new(name, "");
    let settings = format!(
        "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nca_file = \"ca.pem\"\nuser = \"billing\"\n\
         password_file = \"password\"\n[mail.dkim]\ndomain = \"late-reply.example\"\nselector = \"s1\"\n\
         key_file = \"dkim.pem\"\n",
        server.port
    );
    edit(&shop.folder, "ritardo.toml", "transport = \"file\"", &settings);
    fs::write(shop.folder.join("ca.pem"), &authority.pem).unwrap();
    secret(&shop.folder, "password", "canary-password\n");
    secret(&shop.folder, "dkim.pem", KEY);
    (shop, server)
}

/// So many recipients of the one invoice, each with a mail of its own.
fn with_recipients(shop: &Shop, count: usize) {
    let addresses: Vec<String> = (1..=count).map(|place| format!("\"desk-{place}@forno.example\"")).collect();
    edit(&shop.folder, "businesses.toml", "\"accounts@forno.example\"", &addresses.join(", "));
}

/// State and attempts of every mail.
fn listed(shop: &Shop, as_of: &str) -> Vec<(String, u64)> {
    let told = shop.ritardo(&["mail", "list", "--format", "json", "--as-of", as_of]).expect(0).json();
    let of = |mail: &Value| (text(mail, "state"), mail["attempts"].as_u64().unwrap());
    told["mails"].as_array().unwrap().iter().map(of).collect()
}

fn all(state: &str, attempts: u64, count: usize) -> Vec<(String, u64)> {
    vec![(state.to_owned(), attempts); count]
}

#[test]
fn a_login_that_is_refused_is_tried_once_and_all_mails_wait_as_they_are() {
    let (shop, server) =
        shop("mail-road-login", Paper::Good, &[Rule::once("AUTH", Act::say("535 5.7.8 no such user\r\n"))]);
    with_recipients(&shop, 3);
    let told = shop.run(NIGHT).expect(78);
    assert!(told.err.contains("`127.0.0.1` does not accept the login: 535 5.7.8 no such user"), "{}", told.err);
    assert_eq!(bodies(&shop.state(), "invoice").len(), 1, "the month is closed all the same");
    let heard = server.heard();
    assert_eq!((heard.verbs().iter().filter(|verb| **verb == "AUTH").count(), heard.mails.len()), (1, 0), "{heard:?}");
    assert!(!heard.verbs().contains(&"MAIL"), "{heard:?}");
    assert_eq!(listed(&shop, NIGHT), all("queued", 0, 3));
    // Who sends every ten minutes leaves it alone for an hour: nothing is asked, and nothing recorded.
    let entries = kinds(&shop).len();
    let told = shop.ritardo(&["mail", "send", "--as-of", "2018-09-05T00:59:00Z"]).expect(78);
    assert!(told.err.contains("is left alone until 2018-09-05T01:00:00.000Z"), "{}", told.err);
    assert_eq!((kinds(&shop).len(), server.heard().connections), (entries, 1));
    // With another password it goes on at once.
    secret(&shop.folder, "password", "canary-of-another-password\n");
    let told = shop.ritardo(&["mail", "send", "--as-of", "2018-09-05T00:59:00Z"]).expect(0);
    assert_eq!(told.out, "mail      3 sent\n");
    assert_eq!((listed(&shop, NIGHT), server.stop().accepted().count()), (all("sent", 1, 3), 3));
    shop.holds();
}

#[test]
fn a_server_that_takes_so_many_mails_over_one_connection_gets_all_of_them() {
    let (shop, server) = planned("mail-road-most", Paper::Good, Plan { most: Some(2), dsn: true, ..Plan::default() });
    with_recipients(&shop, 5);
    let told = shop.run(NIGHT).expect(0);
    assert!(told.out.contains("mail      5 sent\n"), "{}", told.out);
    let heard = server.stop();
    assert_eq!((heard.connections, heard.accepted().count()), (3, 5));
    // A token that only the key of the ledger gives, and the Message-ID.
    let named = ".LR-2018-000001.5@late-reply.example";
    let names = heard.commands.iter().filter_map(|line| line.split_once("RET=HDRS ENVID=")?.1.strip_suffix(named));
    let tokens: Vec<&str> = names.collect::<BTreeSet<_>>().into_iter().collect();
    assert!(matches!(tokens[..], [token] if token.len() == 16), "{heard:?}");
    // The end of each attempt stands in the ledger before the next begins.
    let kinds = kinds(&shop);
    let mails: Vec<&str> = kinds.iter().map(String::as_str).filter(|kind| kind.starts_with("mail_")).collect();
    assert_eq!(mails, ["mail_begun", "mail_attempt"].repeat(5));
    shop.holds();
}

fn kinds(shop: &Shop) -> Vec<String> {
    let ledger = common::ledger(&shop.state());
    let mut statement = ledger.prepare("SELECT kind FROM entry ORDER BY seq").unwrap();
    let kinds = statement.query_map([], |row| row.get(0)).unwrap();
    kinds.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_server_that_takes_nothing_now_is_left_alone() {
    let (shop, server) = shop("mail-road-421", Paper::Good, &[Rule::once("MAIL", Act::code(421))]);
    with_recipients(&shop, 5);
    let told = shop.run(NIGHT).expect(0);
    assert!(told.out.contains("mail      0 sent, 1 deferred\n"), "{}", told.out);
    assert!(told.out.contains("mail      4 mails left: MAIL: 421 as planned\n"), "{}", told.out);
    let warning = "warning: 5 mails wait, the first since 2018-09-05T00:00:00.000Z: MAIL: 421 as planned\n";
    assert_eq!(told.err, warning);
    assert_eq!(listed(&shop, NIGHT), [all("deferred", 1, 1), all("queued", 0, 4)].concat());
    assert_eq!(server.heard().connections, 1);
    let later = shop.ritardo(&["mail", "send", "--as-of", "2018-09-05T00:05:00Z"]).expect(0);
    assert_eq!(later.out, "mail      5 sent\n");
    assert_eq!((server.heard().connections, server.stop().accepted().count()), (2, 5));
    shop.holds();
}

#[test]
fn a_mail_that_a_server_cannot_take_keeps_no_other_back() {
    let poison = Rule { line: "desk-1@", ..Rule::at("RCPT", Act::code(421)) };
    let (shop, server) = shop("mail-road-poison", Paper::Good, &[poison]);
    with_recipients(&shop, 5);
    let told = shop.run(NIGHT).expect(0);
    assert!(told.out.contains("mail      4 sent, 1 deferred\n") && told.err.is_empty(), "{}{}", told.out, told.err);
    assert_eq!(listed(&shop, NIGHT), [all("deferred", 1, 1), all("sent", 1, 4)].concat());
    assert_eq!(server.heard().connections, 2, "what it says 421 to ends a connection");
    shop.holds();
}

#[test]
fn what_was_never_tried_goes_before_what_was() {
    let poison = |desk| Rule { line: desk, ..Rule::at("RCPT", Act::code(421)) };
    let (shop, server) = shop("mail-road-order", Paper::Good, &[poison("desk-1@"), poison("desk-2@")]);
    with_recipients(&shop, 5);
    let told = shop.run(NIGHT).expect(0);
    assert!(told.out.contains("mail      3 mails left: RCPT: 421 as planned\n"), "two in a row: {}", told.out);
    let next = "2018-09-06T00:00:00Z";
    let told = shop.run(next).expect(75);
    assert!(told.out.contains("mail      3 sent, 2 deferred\n"), "{}", told.out);
    assert_eq!(listed(&shop, next), [all("deferred", 2, 2), all("sent", 1, 3)].concat());
    assert_eq!(server.stop().accepted().count(), 3);
}

#[test]
fn a_server_that_serves_nobody_from_here_refuses_no_mail() {
    for (name, stage, text) in [
        ("greeting", "greeting", "554 5.7.1 this address is on a list\r\n"),
        ("hello", "EHLO", "550 no such name\r\n"),
        ("login", "MAIL", "530 5.7.0 log in first\r\n"),
        ("offer", "EHLO", "250-script\r\n250 AUTH XOAUTH2\r\n"),
    ] {
        let (shop, server) =
            shop(&format!("mail-road-unserved-{name}"), Paper::Good, &[Rule::once(stage, Act::say(text))]);
        with_recipients(&shop, 3);
        let told = shop.run(NIGHT).expect(78);
        assert!(told.err.contains("error: the mail was not sent: `127.0.0.1` "), "{}", told.err);
        assert!(told.err.contains("hint: nothing is lost"), "{}", told.err);
        assert_eq!((listed(&shop, NIGHT), server.heard().connections), (all("queued", 0, 3), 1), "{name}");
        let later = "2018-09-05T01:00:00Z";
        assert_eq!(shop.ritardo(&["mail", "send", "--as-of", later]).expect(0).out, "mail      3 sent\n");
        assert_eq!(server.stop().accepted().count(), 3);
    }
}

#[test]
fn a_sender_that_is_rejected_costs_two_mails_and_not_a_month() {
    let text = "553 5.7.1 <billing@late-reply.example>: Sender address rejected: not owned by user billing\r\n";
    let (shop, server) =
        shop("mail-road-sender", Paper::Good, &[Rule { times: 4, ..Rule::at("MAIL", Act::say(text)) }]);
    with_recipients(&shop, 5);
    let told = shop.run(NIGHT).expect(78);
    let words = "refuses one mail after the other with the same words: MAIL: 553 5.7.1 Sender address rejected: not owned by user";
    assert!(told.err.contains(words) && told.err.contains("`ritardo mail retry`"), "{}", told.err);
    assert_eq!(told.err.matches("is refused: ").count(), 2, "{}", told.err);
    assert_eq!(listed(&shop, NIGHT), [all("refused", 1, 2), all("queued", 0, 3)].concat());
    // As long as nobody has corrected it, the next runs ask once and refuse no more mails.
    let next = "2018-09-06T00:00:00Z";
    let told = shop.run(next).expect(78);
    assert!(told.err.contains(words) && !told.err.contains("is refused: "), "{}", told.err);
    assert_eq!(listed(&shop, next), [all("refused", 1, 2), all("queued", 0, 3)].concat());
    let last = "2018-09-07T00:00:00Z";
    assert!(shop.run(last).expect(0).out.contains("mail      3 sent\n"));
    let again = ["mail", "retry", "LR-2018-000001_1", "LR-2018-000001_2", "--as-of", last];
    assert_eq!(shop.ritardo(&again).expect(0).out, "retried   2 mails\nmail      2 sent\n");
    assert_eq!(server.stop().accepted().count(), 5);
    shop.holds();
}

#[test]
fn a_server_that_cuts_every_connection_is_left_alone_and_told_of() {
    for (name, stage, tried, state, words) in [
        ("dot", ".", 2, "unknown", "the server left one mail after the other without an answer (end of mail: "),
        ("mail", "MAIL", 3, "deferred", "one connection after the other broke (MAIL: "),
    ] {
        let (shop, server) = shop(&format!("mail-road-cut-{name}"), Paper::Good, &[Rule::at(stage, Act::Drop)]);
        with_recipients(&shop, 5);
        let told = shop.run(NIGHT).expect(0);
        assert!(told.err.starts_with(&format!("warning: no more mail was sent: {words}")), "{}", told.err);
        assert_eq!(listed(&shop, NIGHT), [all(state, 1, tried), all("queued", 0, 5 - tried)].concat());
        assert_eq!(server.stop().connections, tried);
    }
}

#[test]
fn mails_that_do_not_go_in_time_are_left_for_the_next_run() {
    let slow = Rule::once(".", Act::Wait(Duration::from_millis(1_300)));
    let (shop, server) = shop("mail-road-within", Paper::Good, &[slow]);
    with_recipients(&shop, 5);
    shop.setting("transport = \"smtp\"", "transport = \"smtp\"\nwithin = \"1s\"");
    let told = shop.run(NIGHT).expect(0);
    assert!(told.out.contains("mail      1 sent\n"), "{}", told.out);
    let left = "mail      4 mails left: the time for sending (`within` of [mail]) is over\n";
    assert!(told.out.contains(left) && told.err.is_empty(), "{}{}", told.out, told.err);
    assert_eq!(listed(&shop, NIGHT), [all("sent", 1, 1), all("queued", 0, 4)].concat());
    shop.setting("within = \"1s\"", "within = \"1h\"");
    assert_eq!(shop.ritardo(&["mail", "send", "--as-of", NIGHT]).expect(0).out, "mail      4 sent\n");
    assert_eq!(server.stop().accepted().count(), 5);
}

#[test]
fn another_file_of_its_name_refuses_one_mail_and_no_other() {
    let shop = Shop::new("mail-road-taken", "");
    with_recipients(&shop, 3);
    let taken = shop.state().join("outbox/LR-2018-000001_2.eml");
    fs::create_dir_all(taken.parent().unwrap()).unwrap();
    fs::write(&taken, "another mail\r\n").unwrap();
    let told = shop.run(NIGHT).expect(65);
    assert!(told.out.contains("mail      2 sent, 1 refused\n"), "{}", told.out);
    let why = "LR-2018-000001_2.eml exists and is another mail than the one to be written";
    assert!(told.err.contains("is refused: ") && told.err.contains(why), "{}", told.err);
    assert_eq!(fs::read_to_string(&taken).unwrap(), "another mail\r\n");
    assert_eq!(listed(&shop, NIGHT), [all("sent", 1, 1), all("refused", 1, 1), all("sent", 1, 1)].concat());
    fs::remove_file(&taken).unwrap();
    let again = ["mail", "retry", "LR-2018-000001_2", "--as-of", "2018-09-05T00:10:00Z"];
    assert_eq!(shop.ritardo(&again).expect(0).out, "retried   1 mail\nmail      1 sent\n");
    shop.holds();
}

#[test]
fn a_signed_mail_goes_over_tls_and_is_audited_without_the_key() {
    let (shop, server) = shop("mail-road-signed", Paper::Good, &[]);
    shop.ritardo(&["check"]).expect(0);
    shop.run(NIGHT).expect(0);
    let heard = server.heard();
    assert_eq!(heard.accepted_for("accounts@forno.example"), 1, "{:?}", heard.commands);
    let mail = String::from_utf8(heard.mails[0].bytes.clone()).unwrap();
    let start = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n\td=late-reply.example;\r\n\ts=s1; t=";
    assert!(mail.starts_with(start), "{mail}");
    let stored = shop.state().join("issued/LR-2018-000001/LR-2018-000001_1.eml");
    assert_eq!(fs::read(&stored).unwrap(), heard.mails[0].bytes, "the bytes that are sent are those that were stored");
    // Another key tomorrow: the mail is made again with the signature that it had, and an audit needs none.
    fs::remove_file(&stored).unwrap();
    let other = KEY.replace("MC4CAQAwBQYDK2VwBCIEINTu", "MC4CAQAwBQYDK2VwBCIEINTv");
    secret(&shop.folder, "dkim.pem", &other);
    shop.run("2018-09-06T00:00:00Z").expect(0);
    assert_eq!(fs::read(&stored).unwrap(), heard.mails[0].bytes);
    fs::remove_file(shop.folder.join("dkim.pem")).unwrap();
    shop.ritardo(&["audit", "2018-08"]).expect(0);
    shop.ritardo(&["verify"]).expect(0);
    // Without the key nothing new is written.
    let told = shop.run("2018-09-07T00:00:00Z").expect(78);
    assert!(told.err.contains("mails cannot be signed"), "{}", told.err);
    assert_eq!(server.stop().accepted().count(), 1);
}

#[test]
fn a_server_that_is_not_proved_gets_no_mail_and_no_password() {
    for (name, paper) in [("expired", Paper::Expired), ("name", Paper::OtherName), ("self", Paper::SelfSigned)] {
        let (shop, server) = shop(&format!("mail-road-{name}"), paper, &[]);
        let told = shop.run(NIGHT).expect(0);
        assert!(told.out.contains("TLS: its certificate "), "{}", told.out);
        let warning = "warning: 1 mail waits, the first since 2018-09-05T00:00:00.000Z: TLS: its certificate ";
        assert!(told.err.starts_with(warning), "{}", told.err);
        // A day later somebody is to get up.
        let later = shop.run("2018-09-06T00:00:01Z").expect(75);
        assert!(later.err.contains(warning), "{}", later.err);
        assert!(server.stop().commands.is_empty(), "{name}");
    }
}

#[test]
fn the_password_is_nowhere() {
    let (shop, server) =
        shop("mail-road-password", Paper::Good, &[Rule::at("AUTH", Act::say("535 canary-password\r\n"))]);
    let told = shop.run(NIGHT).expect(78);
    assert!(told.err.contains("does not accept the login"), "{}", told.err);
    let list = program(&shop.folder, &["mail", "list", "--as-of", NIGHT]).output().unwrap();
    for text in [&told.out, &told.err, &String::from_utf8_lossy(&list.stdout).into_owned()] {
        assert!(!text.contains("canary-password"), "{text}");
    }
    for name in files(&shop.state()) {
        let bytes = fs::read(shop.state().join(&name)).unwrap();
        assert!(!bytes.windows(15).any(|window| window == b"canary-password"), "{name}");
    }
    assert!(!server.stop().verbs().contains(&"MAIL"), "a login that is refused stops all mail");
}

/// Receivers do not count a signature of the future, and distrust a mail of it.
#[test]
fn nothing_in_a_mail_is_of_the_future() {
    let (shop, server) = shop("mail-road-date", Paper::Good, &[]);
    shop.run(NIGHT).expect(0);
    let mail = String::from_utf8(server.stop().mails.remove(0).bytes).unwrap();
    assert!(mail.contains("\r\nDate: Wed, 05 Sep 2018 00:00:00 +0000\r\n"), "{mail}");
    assert!(mail.contains("; t=1536105600;\r\n"), "{mail}");
    assert_eq!(bodies(&shop.state(), "mail")[0]["date"], "2018-09-05T00:00:00.000Z");
    // Whenever it is made again, it is the same.
    let stored = shop.state().join("issued/LR-2018-000001/LR-2018-000001_1.eml");
    fs::remove_file(&stored).unwrap();
    shop.run("2018-09-06T10:00:00Z").expect(0);
    assert_eq!(fs::read_to_string(&stored).unwrap(), mail);
    shop.holds();
}

/// A shop whose August is closed, and whose invoice has no documents yet: the folder for them could not be made.
fn without_documents(name: &str) -> (Shop, Server, PathBuf) {
    let (shop, server) = shop(name, Paper::Good, &[]);
    let folder = shop.state().join("issued/LR-2018-000001");
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    fs::write(&folder, "in the way").unwrap();
    assert_ne!(shop.run(NIGHT).code, 0);
    assert_eq!((bodies(&shop.state(), "invoice").len(), bodies(&shop.state(), "documents").len()), (1, 0));
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    (shop, server, folder)
}

/// A run was killed after it wrote a mail and before the ledger named it; then the key was changed.
#[test]
fn a_mail_that_no_entry_names_is_made_anew() {
    let (shop, server, folder) = without_documents("mail-road-half");
    let stored = folder.join("LR-2018-000001_1.eml");
    fs::write(&stored, "DKIM-Signature: of the key before\r\n").unwrap();
    let told = shop.run(NIGHT).expect(0);
    assert!(told.out.contains("mail      1 sent\n"), "{}", told.out);
    assert_eq!(fs::read(&stored).unwrap(), server.stop().mails.remove(0).bytes);
    shop.holds();
    // Any other file of that number stops it: the ledger has forgotten what it issued.
    let (shop, server, folder) = without_documents("mail-road-forgotten");
    fs::write(folder.join("LR-2018-000001_2018-08.html"), "another").unwrap();
    let told = shop.run(NIGHT).expect(1);
    assert!(told.err.contains("another document of this number lies there already"), "{}", told.err);
    assert!(server.stop().mails.is_empty());
}
