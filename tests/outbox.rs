//! Mails from the outbox to a server that takes them, puts them off, refuses them or falls silent: what the ledger says of
//! each, what the next run does, and what a person does about it.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "a command is killed after real time")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::shop::{SHOP, Shop, edit};
use common::smtp::{Act, Heard, Plan, Rule, Server};
use common::{NIGHT, Ran, bodies, copy, files, night, program, ritardo, sample, scratch, text};
use serde_json::Value;

/// A server that does this so many times with the mails that come, and then takes them.
fn server(stage: &'static str, act: Act, times: usize) -> Server {
    Server::start(Plan::of(&[Rule { times, ..Rule::at(stage, act) }]))
}

/// A server that takes every mail.
fn good() -> Server {
    Server::start(Plan::default())
}

/// How the settings name a server.
fn settings(server: &Server) -> String {
    format!("transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"loopback\"", server.port)
}

/// Every whole mail that came, in order.
fn mails(server: &Server) -> Vec<String> {
    server.heard().mails.into_iter().map(|mail| String::from_utf8(mail.bytes).unwrap()).collect()
}

/// A shop whose August can be billed, with a server and these settings of mail.
fn shop(name: &str, server: &Server, more: &str) -> Shop {
    let shop = Shop::new(name, "");
    shop.setting("transport = \"file\"", &format!("{}\n{more}", settings(server)));
    shop
}

/// The mails of the list: name, state, attempts, until.
fn listed(folder: &Path, as_of: &str) -> Vec<(String, String, u64, String)> {
    let told = ritardo(folder, &["mail", "list", "--format", "json", "--as-of", as_of]).expect(0).json();
    assert_eq!(told["format"], "ritardo-mails/1");
    let of = |mail: &Value| {
        let until = mail["until"].as_str().unwrap_or_default().to_owned();
        (text(mail, "name"), text(mail, "state"), mail["attempts"].as_u64().unwrap(), until)
    };
    told["mails"].as_array().unwrap().iter().map(of).collect()
}

#[track_caller]
fn stands(folder: &Path, as_of: &str, state: &str, attempts: u64, until: &str) {
    let found = listed(folder, as_of);
    assert_eq!(found, [("LR-2018-000001_1.eml".to_owned(), state.to_owned(), attempts, until.to_owned())]);
}

fn message_id(mail: &str) -> &str {
    mail.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap_or_else(|| panic!("{mail}"))
}

#[test]
fn a_mail_that_is_put_off_for_five_days_fails_and_is_sent_when_a_person_says_so() {
    let server = server("RCPT", Act::say("451 4.2.1 come back later\r\n"), 6);
    let shop = shop("outbox-five-days", &server, "");
    let first = shop.run("2018-09-05T00:00:00Z").expect(0);
    assert!(first.out.contains("mail      0 sent, 1 deferred"), "{}", first.out);
    assert!(first.out.contains("deferred  LR-2018-000001 to accounts@forno.example: "), "{}", first.out);
    assert!(first.err.is_empty(), "cron hears nothing yet: {}", first.err);
    stands(&shop.folder, "2018-09-05T00:00:00Z", "deferred", 1, "2018-09-05T00:05:00.000Z");
    // A run before its time leaves it.
    let early = shop.run("2018-09-05T00:04:59Z").expect(0);
    assert!(early.out.contains("mail      1 mail waits until 2018-09-05T00:05:00.000Z"), "{}", early.out);
    let status = shop.ritardo(&["status", "--as-of", "2018-09-05T00:04:59Z"]).expect(0);
    assert!(status.out.contains("LR-2018-000001_1.eml") && status.out.contains("00:05:00.000Z"), "{}", status.out);
    let counts = "1 mail: 1 deferred; the first waits until 2018-09-05T00:05:00.000Z; \
                  the oldest waits since 2018-09-05T00:00:00.000Z (4 minutes)\n";
    assert!(status.out.ends_with(counts), "{}", status.out);
    let told = shop.ritardo(&["status", "--format", "json", "--as-of", "2018-09-05T00:04:59Z"]).expect(0).json();
    assert_eq!(
        (told["mails"][0]["state"].as_str(), told["mails"][0]["attempts"].as_u64()),
        (Some("deferred"), Some(1))
    );
    for day in 6..=9 {
        let at = format!("2018-09-{day:02}T00:00:00Z");
        // From the next night on somebody is told.
        let ran = shop.ritardo(&["mail", "send", "--as-of", &at]).expect(75);
        let told = "warning: 1 mail waits for about a day, the first since 2018-09-05T00:00:00.000Z; see `ritardo mail list`\n";
        assert_eq!(ran.err, told);
        let (_, state, attempts, _) = listed(&shop.folder, &at).remove(0);
        assert_eq!((state.as_str(), attempts), ("deferred", day - 4));
    }
    let last = shop.run("2018-09-10T00:00:00Z").expect(65);
    assert!(last.out.contains("1 failed for good"), "{}", last.out);
    assert!(last.err.contains("the mail LR-2018-000001_1.eml to accounts@forno.example is failed"), "{}", last.err);
    stands(&shop.folder, "2018-09-10T00:00:00Z", "failed", 6, "");
    // Later nights do not repeat it, and do not try again.
    shop.run("2018-09-11T00:00:00Z").expect(0);
    stands(&shop.folder, "2018-09-11T00:00:00Z", "failed", 6, "");
    assert!(mails(&server).is_empty());
    shop.ritardo(&["mail", "retry", "LR-2018-000001_1", "--as-of", "2018-09-12T00:00:00Z"]).expect(0);
    stands(&shop.folder, "2018-09-12T00:00:00Z", "sent", 7, "");
    assert_eq!(mails(&server).len(), 1);
    shop.holds();
}

#[test]
fn a_refused_mail_is_not_tried_again_and_cron_hears_of_it() {
    let server = server("RCPT", Act::say("550 5.1.1 no such mailbox\r\n"), 1);
    let shop = shop("outbox-refused", &server, "");
    let ran = shop.run(NIGHT).expect(65);
    assert!(ran.err.contains("is refused: ") && ran.err.contains("550 5.1.1"), "{}", ran.err);
    shop.run("2018-09-06T00:00:00Z").expect(0);
    stands(&shop.folder, NIGHT, "refused", 1, "");
    // To another address, as a copy that says what it is.
    let arguments = ["mail", "resend", "LR-2018-000001_1", "--to", "new@forno.example", "--reason", "a new address"];
    shop.ritardo(&[&arguments[..], &["--as-of", "2018-09-07T00:00:00Z"]].concat()).expect(0);
    let mails = mails(&server);
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("To: new@forno.example\r\n") && mails[0].contains("Subject: Copy: LR-2018-000001 "));
    assert_eq!(message_id(&mails[0]), "<LR-2018-000001.1.copy-1@late-reply.example>");
    let found = listed(&shop.folder, NIGHT);
    assert_eq!(found[1].0, "LR-2018-000001_1_copy-1.eml");
    shop.holds();
    // A lost copy is made again, byte for byte.
    let file = shop.state().join("issued/LR-2018-000001/LR-2018-000001_1_copy-1.eml");
    let bytes = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    shop.run("2018-09-08T00:00:00Z").expect(0);
    assert!(fs::read(&file).unwrap() == bytes);
    shop.ritardo(&["mail", "cancel", "LR-2018-000001_1", "--reason", "the copy has arrived"]).expect(0);
    stands_first(&shop, "cancelled");
    shop.holds();
}

#[track_caller]
fn stands_first(shop: &Shop, state: &str) {
    assert_eq!(listed(&shop.folder, "2018-10-01T00:00:00Z")[0].1, state);
}

#[test]
fn a_mail_of_unknown_fate_is_sent_again_as_often_as_the_settings_say() {
    for copies in [0, 3] {
        // It hangs up when the mail is there.
        let server = server(".", Act::Drop, 9);
        let shop = shop(&format!("outbox-unknown-{copies}"), &server, &format!("copies = {copies}"));
        let codes: Vec<i32> = (5..=12).map(|day| shop.run(&format!("2018-09-{day:02}T00:00:00Z")).code).collect();
        let mails = mails(&server);
        assert_eq!(mails.len(), copies + 1);
        assert!(mails.iter().all(|mail| *mail == mails[0]), "a copy is the same mail");
        let code = |run: usize| match run {
            run if run == copies => 65,
            run if run < copies && run > 0 => 75,
            _ => 0,
        };
        let expected: Vec<i32> = (0..8).map(code).collect();
        assert_eq!(codes, expected, "the run that gives up says so, and those before it from the next night on");
        stands(&shop.folder, "2018-09-12T00:00:00Z", "unknown", copies as u64 + 1, "");
        let doubt = if copies == 0 { "possibly arrived" } else { "possibly twice" };
        let said = shop.ritardo(&["mail", "show", "LR-2018-000001_1"]).expect(0).out;
        assert!(said.contains(doubt) && said.matches("\nbegun     ").count() == copies + 1, "{said}");
        let eml = shop.ritardo(&["mail", "show", "LR-2018-000001_1.eml", "--eml"]).expect(0).out;
        assert!(mails[0].starts_with(&eml[..200]), "{eml}");
        shop.holds();
    }
}

#[test]
fn nothing_is_sent_by_a_run_where_a_person_sends() {
    let server = good();
    let shop = shop("outbox-by-hand", &server, "send = \"by hand\"");
    let ran = shop.run(NIGHT).expect(0);
    assert!(ran.out.contains("mail      1 mail left: send = \"by hand\""), "{}", ran.out);
    assert!(mails(&server).is_empty());
    stands(&shop.folder, NIGHT, "queued", 0, "");
    let sent = shop.ritardo(&["mail", "send", "--as-of", NIGHT]).expect(0);
    assert_eq!(sent.out, "mail      1 sent\n");
    let again = shop.ritardo(&["mail", "send", "--as-of", NIGHT]).expect(0);
    assert_eq!((again.out.as_str(), mails(&server).len()), ("nothing   to do: no mail to send\n", 1));
    let none = ritardo(&shop.folder, &["mail", "list", "--recipient", "nobody@"]).expect(0);
    assert_eq!(none.out, "no mail is like that\n");
    shop.holds();
}

/// Sends what waits, as often as runs come; gives up when that does not end.
fn send_all(folder: &Path) -> Ran {
    for day in 6..=30 {
        let ran = ritardo(folder, &["mail", "send", "--as-of", &format!("2018-09-{day:02}T00:00:00Z")]);
        if ran.out.starts_with("nothing   to do") {
            return ran;
        }
    }
    panic!("mails wait for ever");
}

/// Kills the sending at instants spread over it: between connections, in the middle of mails, before and after commits.
#[test]
fn a_killed_sending_loses_no_mail_and_says_which_may_be_there_twice() {
    let base = sample("outbox-killed");
    edit(
        &base,
        "ritardo.toml",
        "transport = \"file\"",
        "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = 1\ntls = \"loopback\"\nsend = \"by hand\"",
    );
    night(&base).expect(0);
    let place = |name: &str, server: &Server| {
        let folder = scratch(name);
        copy(&base, &folder);
        edit(&folder, "ritardo.toml", "port = 1\n", &format!("port = {}\n", server.port));
        folder
    };
    let (server, send) = (good(), ["mail", "send", "--as-of", "2018-09-05T12:00:00Z"]);
    let undisturbed = place("outbox-killed-undisturbed", &server);
    let begun = Instant::now();
    ritardo(&undisturbed, &send).expect(0);
    let length = begun.elapsed().as_micros();
    assert_eq!(mails(&server).len(), 4);
    let (killed, doubtful) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let steps: Vec<u128> = (0..40).map(|step| length * step / 28).collect();
    common::in_parallel(&steps, |index, after| {
        let server = good();
        let folder = place(&format!("outbox-killed-{index}"), &server);
        let mut child = program(&folder, &send).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(u64::try_from(*after).unwrap()));
        child.kill().unwrap();
        killed.fetch_add(usize::from(Ran::of(&child.wait_with_output().unwrap()).code == -1), Ordering::Relaxed);
        send_all(&folder);
        let mut copies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mails = mails(&server);
        for mail in &mails {
            copies.entry(message_id(mail).to_owned()).or_default().insert(mail.clone());
        }
        assert_eq!(copies.len(), 4, "killed after {after} µs: a mail is lost");
        assert!(copies.values().all(|bytes| bytes.len() == 1), "killed after {after} µs: copies differ");
        let (begun, ended) =
            (bodies(&folder.join("state"), "mail_begun"), bodies(&folder.join("state"), "mail_attempt"));
        let interrupted = begun.len() - ended.len();
        assert!(interrupted <= 1 && mails.len() <= 4 + interrupted, "killed after {after} µs: {} mails", mails.len());
        assert!(ended.iter().all(|attempt| text(attempt, "outcome") == "sent"));
        let told = ritardo(&folder, &["mail", "list", "--format", "json"]).expect(0).json();
        let doubts = told["mails"].as_array().unwrap().iter().filter(|mail| mail["doubt"] == "possibly twice").count();
        assert_eq!(doubts, interrupted, "killed after {after} µs: {told:#}");
        doubtful.fetch_add(doubts, Ordering::Relaxed);
        ritardo(&folder, &["verify"]).expect(0);
        fs::remove_dir_all(&folder).unwrap();
    });
    assert!(killed.into_inner() >= 8, "hardly any was killed");
    assert!(doubtful.into_inner() >= 1, "none was killed in the middle of an attempt");
}

/// Waits until a server has come so far.
fn until(server: &Server, reached: impl Fn(&Heard) -> bool) {
    for _ in 0..2_000 {
        if reached(&server.heard()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("the server was not asked so far: {:?}", server.heard().commands);
}

/// A shop with five mails that wait, and a server that there is not.
fn five_waiting(name: &str) -> Shop {
    let shop = Shop::new(name, "");
    let addresses: Vec<String> = (1..=5).map(|place| format!("\"desk-{place}@forno.example\"")).collect();
    edit(&shop.folder, "businesses.toml", "\"accounts@forno.example\"", &addresses.join(", "));
    let road = "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = 1\ntls = \"loopback\"\nsend = \"by hand\"";
    shop.setting("transport = \"file\"", road);
    shop.run(NIGHT).expect(0);
    shop
}

/// Killed while the server thinks: of the first mail at the greeting and EHLO, of the second at the other stages.
#[test]
fn a_sending_killed_at_any_stage_goes_on_and_says_what_may_be_there_twice() {
    let base = five_waiting("outbox-stages");
    let send = ["mail", "send", "--as-of", NIGHT];
    let stages = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "content", "."];
    common::in_parallel(&stages, |_, stage| {
        let place = usize::from(!["greeting", "EHLO"].contains(stage));
        let wait = Act::Wait(Duration::from_secs(3));
        let rule = Rule { times: place + 1, every: place + 1, ..Rule::at(stage, wait) };
        let server = Server::start(Plan::of(&[rule]));
        let folder = scratch(&format!("outbox-stages-{}", stage.replace('.', "dot")));
        copy(&base.folder, &folder);
        edit(&folder, "ritardo.toml", "port = 1\n", &format!("port = {}\n", server.port));
        let mut child = program(&folder, &send).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        until(&server, |heard| match *stage {
            "greeting" => heard.connections == 1,
            "content" => heard.verbs().iter().filter(|verb| **verb == "DATA").count() == 2,
            "." => heard.mails.len() == 2,
            verb => heard.verbs().iter().filter(|found| **found == verb).count() == place + 1,
        });
        if *stage == "content" {
            std::thread::sleep(Duration::from_millis(200));
        }
        child.kill().unwrap();
        assert_eq!(Ran::of(&child.wait_with_output().unwrap()).code, -1, "{stage}");
        let states = |as_of: &str| listed(&folder, as_of).into_iter().map(|(_, state, ..)| state).collect::<Vec<_>>();
        let before = |place: usize| ["sent"].repeat(place);
        let after = |place: usize| ["queued"].repeat(4 - place);
        assert_eq!(states("2018-09-05T00:10:00Z"), [before(place), vec!["sending"], after(place)].concat(), "{stage}");
        let later = "2018-09-05T02:30:00Z";
        assert_eq!(states(later), [before(place), vec!["unknown"], after(place)].concat(), "{stage}");
        ritardo(&folder, &["mail", "send", "--as-of", later]).expect(0);
        let told = ritardo(&folder, &["mail", "list", "--format", "json", "--as-of", later]).expect(0).json();
        for (index, mail) in told["mails"].as_array().unwrap().iter().enumerate() {
            let doubt = if index == place { Value::from("possibly twice") } else { Value::Null };
            assert_eq!((&mail["state"], &mail["doubt"]), (&Value::from("sent"), &doubt), "{stage}: {mail:#}");
        }
        let heard = server.stop();
        let copies: Vec<usize> = heard.copies().into_values().collect();
        assert_eq!(copies.len(), 5, "{stage}: every mail, and each of the same bytes");
        // What was on its way when the client was killed may arrive all the same.
        let least = 5 + usize::from(*stage == ".");
        let most = least.max(5 + usize::from(*stage == "content"));
        let there: usize = copies.iter().sum();
        assert!((least..=most).contains(&there), "{stage}: {there}");
        ritardo(&folder, &["verify"]).expect(0);
        fs::remove_dir_all(&folder).unwrap();
    });
}

#[test]
fn a_business_says_who_else_gets_its_mails_and_what_is_in_them() {
    let shop = Shop::new("outbox-mailing", "");
    let more = "cc = [\"archive@forno.example\"]\nreply_to = \"questions@late-reply.example\"\nattach = [\"pdf\"]\n";
    edit(&shop.folder, "businesses.toml", "language = \"en\"\n", &format!("language = \"en\"\n{more}"));
    edit(
        &shop.folder,
        "businesses.toml",
        "[\"accounts@forno.example\"]",
        "[\"accounts@forno.example\", \"desk@forno.example\"]",
    );
    shop.run(NIGHT).expect(0);
    let outbox = shop.state().join("outbox");
    let told: Vec<String> = bodies(&shop.state(), "mail").iter().map(|mail| text(mail, "to")).collect();
    assert_eq!(told, ["accounts@forno.example", "desk@forno.example", "archive@forno.example"]);
    let to = ["accounts@forno.example", "desk@forno.example", "accounts@forno.example, desk@forno.example"];
    for (index, to) in (1..).zip(to) {
        let mail = fs::read_to_string(outbox.join(format!("LR-2018-000001_{index}.eml"))).unwrap();
        for line in
            [format!("To: {to}").as_str(), "Cc: archive@forno.example", "Reply-To: questions@late-reply.example"]
        {
            assert!(mail.contains(&format!("{line}\r\n")), "{line}\n{mail}");
        }
        let said = mail.replace("=\r\n", "");
        assert!(
            said.contains(".pdf (the invoice).") && !said.contains("filename=\"LR-2018-000001_2018-08.csv\""),
            "{said}"
        );
    }
    shop.holds();
}

#[test]
fn the_issuer_is_told_once_what_happened() {
    let shop = Shop::new("outbox-digest", "");
    shop.setting(
        "[mail]\n",
        "[digest]\nto = \"office@late-reply.example\"\nwrite = true\nlanguage = \"it\"\n\n[mail]\n",
    );
    shop.run(NIGHT).expect(0);
    let digests = || -> Vec<String> {
        files(&shop.state().join("digests")).into_iter().filter(|name| name.ends_with(".eml")).collect()
    };
    let first = digests();
    assert_eq!(first.len(), 1);
    let written = shop.state().join("digests").join(first[0].replace(".eml", ".txt"));
    let told = fs::read_to_string(&written).unwrap();
    assert!(told.contains("Documenti emessi (1)\n  LR-2018-000001  2018-08  bologna-bakery  USD 0.15\n"), "{told}");
    assert!(told.contains("Messaggi inviati (1)\n  LR-2018-000001_1.eml  accounts@forno.example\n"), "{told}");
    let sent = fs::read_to_string(shop.state().join("outbox").join(&first[0])).unwrap();
    assert!(sent.contains("To: office@late-reply.example\r\n") && sent.contains("1 emessi, 1 inviati"), "{sent}");
    // Nothing new, nothing told.
    shop.run("2018-09-06T00:00:00Z").expect(0);
    assert_eq!(digests(), first);
    shop.setting("write = true\n", "write = true\nquiet = false\n");
    shop.run("2018-09-07T00:00:00Z").expect(0);
    assert_eq!(digests().len(), 2);
    let (ledger, list) = (bodies(&shop.state(), "digest"), listed(&shop.folder, "2018-09-07T00:00:00Z"));
    let heads: BTreeSet<String> = ledger.iter().map(|digest| text(digest, "head")).collect();
    assert_eq!((heads.len(), list.len()), (2, 3));
    assert!(list.iter().all(|(_, state, ..)| state == "sent"), "{list:?}");
    shop.holds();
    // What waits for a person is told when it comes to that, and not every night.
    shop.setting("quiet = false\n", "");
    shop.setting("[invoice]\n", "[guards]\nlargest = \"0.01\"\n\n[invoice]\n");
    shop.run("2018-10-05T00:00:00Z").expect(65);
    shop.run("2018-10-06T00:00:00Z").expect(65);
    let last = digests();
    assert_eq!(last.len(), 3);
    let parked = fs::read_to_string(shop.state().join("digests").join(last[2].replace(".eml", ".txt"))).unwrap();
    assert!(parked.contains("Mesi sospesi da un controllo (1)\n  2018-09  bologna-bakery  "), "{parked}");
    assert_eq!(shop.status("2018-09", "2018-10-06T00:00:00Z")["business"], SHOP);
}

#[test]
fn a_mail_that_is_named_twice_is_tried_once() {
    let server = server("RCPT", Act::say("550 5.1.1 no such mailbox\r\n"), 2);
    let shop = shop("outbox-named-twice", &server, "");
    edit(&shop.folder, "businesses.toml", "\"accounts@forno.example\"", "\"Desk@forno.example\", \"b@forno.example\"");
    shop.run(NIGHT).expect(65);
    let list = ["mail", "list", "--recipient", "desk@FORNO", "--format", "json", "--as-of", NIGHT];
    assert_eq!(shop.ritardo(&list).expect(0).json()["mails"].as_array().unwrap().len(), 1, "letters are letters");
    let [one, two] = ["LR-2018-000001_1", "LR-2018-000001_2"];
    let told = shop.ritardo(&["mail", "retry", one, two, one, "--as-of", "2018-09-06T00:00:00Z"]).expect(0);
    assert_eq!(told.out, "retried   2 mails\nmail      2 sent\n");
    assert_eq!((bodies(&shop.state(), "mail_retried").len(), mails(&server).len()), (2, 2));
}

/// More rows than fit: the mail has the totals, and says that the documents are to be asked for.
#[test]
fn a_mail_that_is_too_big_goes_without_its_documents() {
    let server = good();
    let shop = shop("outbox-too-big", &server, "max_size = \"1MiB\"");
    let rows: Vec<String> = (1..=12_000).map(|n| format!("big-{n} inbound 2018-08-06T10:00:00Z {n:05}")).collect();
    shop.log("2018-08-06", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    let ran = shop.run(NIGHT).expect(65);
    assert!(ran.err.contains("LR-2018-000001_1.eml to accounts@forno.example is too big: with its "), "{}", ran.err);
    assert!(ran.out.contains("mail      1 sent\n"), "{}", ran.out);
    let entry = &bodies(&shop.state(), "mail")[0];
    assert!(entry["too_big"].as_u64().is_some_and(|size| size > 1 << 20), "{entry:#}");
    let sent = mails(&server).remove(0);
    assert!(sent.len() < 100_000 && !sent.contains("Content-Disposition: attachment"), "{sent}");
    assert!(sent.contains("LR-2018-000001") && sent.contains("are too large for a mail"), "{sent}");
    let told = shop.ritardo(&["mail", "list", "--as-of", NIGHT]).expect(0).out;
    assert!(told.contains(" bytes), without its documents: "), "{told}");
    assert!(shop.ritardo(&["mail", "show", "LR-2018-000001_1"]).expect(0).out.contains("\ntoo big   "));
    // It is made again as it was, whatever the settings say by then; a copy is as large as they let it be.
    let file = shop.state().join("issued/LR-2018-000001/LR-2018-000001_1.eml");
    fs::remove_file(&file).unwrap();
    shop.setting("max_size = \"1MiB\"", "max_size = \"50MiB\"");
    shop.run("2018-09-06T00:00:00Z").expect(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), sent);
    let resend = ["mail", "resend", "LR-2018-000001_1", "--reason", "asked for", "--as-of", "2018-09-07T00:00:00Z"];
    shop.ritardo(&resend).expect(0);
    assert!(mails(&server)[1].contains("Content-Disposition: attachment"));
    shop.holds();
}

/// What the server alone finds too large is refused before it is offered, and the ledger says why.
#[test]
fn a_mail_that_is_too_big_for_the_server_is_refused_with_these_words() {
    let server = Server::start(Plan { size: Some(2_000), ..Plan::default() });
    let shop = shop("outbox-server-size", &server, "");
    let ran = shop.run(NIGHT).expect(65);
    assert!(ran.err.contains("is refused: too big: the mail has ") && ran.err.contains("takes 2000"), "{}", ran.err);
    assert!(server.stop().mails.is_empty());
}
