//! The canary in exported chats and in logs of vendors, where the text of messages stands beside what is read of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::canary::{CANARY_ID, CANARY_NAME, CANARY_NUMBER, CANARY_TEXT, canary_shop, said};
use crate::common::{NIGHT, bodies, charges, files, ritardo, text, tree};
use crate::leaks::found;

/// A chat of an evening on which no wait of August is open: from a name, with its words in every place where they can be.
fn chats() -> Vec<(&'static str, String)> {
    let number =
        format!("+{} {} {} {}", &CANARY_NUMBER[..2], &CANARY_NUMBER[2..5], &CANARY_NUMBER[5..8], &CANARY_NUMBER[8..]);
    let line =
        |time: &str, who: &str| format!("03/09/18, {time} - {who}: {CANARY_TEXT}\n{CANARY_TEXT} {CANARY_NUMBER}\n");
    let talk = |who: &str| line("20:00", who) + &line("20:00", "Forno Esempio") + &line("20:10", who);
    let foreign = format!("[03/09/18, 20:20:00] {CANARY_NAME}: {CANARY_TEXT}\n");
    let app = format!("03/09/18, 20:01 - {CANARY_NAME} changed the subject to \"{CANARY_TEXT}: {CANARY_NUMBER}\"\n");
    let no_time = format!("03/09/18, 29:00 - {CANARY_NAME}: {CANARY_TEXT}\n");
    vec![
        ("chats/name-2018-09-03.txt", talk(CANARY_NAME) + &app),
        ("chats/number-2018-09-03.txt", talk(&number)),
        // An earlier question, never answered: it is charged.
        ("chats/charged-2018-08-20.txt", format!("20/08/18, 10:00 - {CANARY_NAME}: {CANARY_TEXT}\n")),
        ("chats/rejected-2018-09-03.txt", format!("{CANARY_TEXT}\n{}{foreign}{no_time}", talk(CANARY_NAME))),
        ("chats/group-2018-09-03.txt", talk(CANARY_NAME) + &talk(&number)),
        ("chats/headless-2018-09-03.txt", format!("{CANARY_NAME} {CANARY_TEXT} {CANARY_NUMBER}\n")),
        ("chats/yearless-2018-09-03.txt", format!("[03/09, 20:00] {CANARY_NAME}: {CANARY_TEXT}\n")),
        ("strict/sender-2018-09-03.txt", talk(CANARY_NAME).replace("Forno Esempio", CANARY_TEXT)),
    ]
}

/// Rows of vendors with the canary in every cell that can be wrong.
fn vendors() -> Vec<(&'static str, String)> {
    let header = "From,To,Body,Status,SentDate,Sid,Direction,ProfileName\n";
    let row = |customer: &str, status: &str, at: &str, id: &str, direction: &str| {
        format!("whatsapp:{customer},whatsapp:100417,{CANARY_TEXT},{status},{at},{id},{direction},{CANARY_NAME}\n")
    };
    let (number, at) = (format!("+{CANARY_NUMBER}"), "2018-09-03T20:00:00Z");
    let twilio = [
        header.to_owned(),
        row(&number, "received", at, &format!("{CANARY_ID}9"), "inbound"),
        row(&number, "received", at, CANARY_ID, CANARY_TEXT),
        row(&number, "received", CANARY_TEXT, CANARY_ID, "inbound"),
        row(&number, "received", CANARY_NUMBER, CANARY_ID, "inbound"),
        row(CANARY_NAME, CANARY_TEXT, at, &format!("{CANARY_ID} {CANARY_NAME}"), "outbound-api"),
        format!("{CANARY_TEXT},{number},{CANARY_ID}\n"),
    ];
    let infobip = |id: &str, kind: &str, at: &str| {
        format!(
            "{{\"from\":\"{CANARY_NUMBER}\",\"to\":\"100417\",\"receivedAt\":\"{at}\",\"messageId\":{id},\"message\":\
             {{\"type\":\"{kind}\",\"text\":\"{CANARY_TEXT}\"}},\"contact\":{{\"name\":\"{CANARY_NAME}\"}}}}"
        )
    };
    let (id, zoned) = (format!("\"{CANARY_ID}2\""), "2018-09-03T20:00:00.000+0000");
    let results = [
        infobip(&id, "TEXT", zoned),
        infobip(&format!("[\"{CANARY_ID}\"]"), "TEXT", zoned),
        infobip(&format!("\"{CANARY_ID}3\""), CANARY_TEXT, CANARY_NUMBER),
        format!("\"{CANARY_TEXT}\""),
    ];
    vec![
        ("twilio/2018-09-03.csv", twilio.concat()),
        ("twilio/people-2018-09-03.csv", format!("{CANARY_NAME},{number},{CANARY_TEXT}\n{CANARY_NAME},1,2\n")),
        ("infobip/2018-09-03.json", format!("{{\"results\":[{}]}}\n", results.join(","))),
        ("infobip/cut-2018-09-03.json", format!("{{\"results\":[{}", infobip(&id, "TEXT", zoned))),
        ("infobip/keys-2018-09-03.json", format!("{{\"{CANARY_NUMBER}\":\"{CANARY_TEXT}\"}}\n")),
    ]
}

/// The files that are set aside; of the others what can be read is.
const ASIDE: [&str; 7] = [
    "chats/group-2018-09-03.txt",
    "chats/headless-2018-09-03.txt",
    "chats/yearless-2018-09-03.txt",
    "infobip/cut-2018-09-03.json",
    "infobip/keys-2018-09-03.json",
    "strict/sender-2018-09-03.txt",
    "twilio/people-2018-09-03.csv",
];

fn shop(name: &str) -> PathBuf {
    let folder = canary_shop(name);
    for (name, text) in [chats(), vendors()].concat() {
        let path = folder.join("inbox").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let source = |name: &str, says: &str| {
        format!("[[source]]\nname = \"{name}\"\nfiles = \"{name}/*\"\ncoverage = \"daily\"\n{says}\n\n")
    };
    let chat = "format = \"chat\"\nzone = \"Europe/Rome\"\nbusiness = \"bologna-bakery\"\nchannel = \"100417\"\n\
                sender = \"Forno Esempio\"\ndate_order = \"day-first\"\nweak_ids = \"billable\"";
    let sources = source("chats", &format!("{chat}\nwithout_sender = \"inbound\""))
        + &source("strict", chat)
        + &source("twilio", "mapping = \"twilio\"\nzone = \"UTC\"")
        + &source("infobip", "mapping = \"infobip\"\nzone = \"UTC\"");
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    fs::write(folder.join("ritardo.toml"), config.replace("[mail]", &format!("{sources}[mail]"))).unwrap();
    folder
}

/// Every command that tells of logs: all that they say.
fn everything_said(folder: &Path) -> String {
    let mut said = String::new();
    let mut say = |line: &str, allowed: &[i32]| {
        let arguments: Vec<&str> = line.split(' ').collect();
        let ran = ritardo(folder, &arguments);
        assert!(allowed.contains(&ran.code), "{line}\n{}{}", ran.out, ran.err);
        said += &format!("$ {line}\n{}{}", ran.out, ran.err);
    };
    say(&format!("run --dry-run --as-of {NIGHT}"), &[65]);
    say(&format!("run --as-of {NIGHT}"), &[65]);
    say(&format!("run --as-of {NIGHT} --format json"), &[0]);
    for line in ["verify", "rejects", "rejects --format json", "quarantine list", "quarantine list --format json"] {
        say(line, &[0]);
    }
    say(&format!("gap list --as-of {NIGHT} --format json"), &[0]);
    for name in ASIDE {
        say(&format!("quarantine show {name}"), &[0]);
    }
    for name in chats().iter().map(|(name, _)| *name).chain(vendors().iter().map(|(name, _)| *name)) {
        let code = if ASIDE.contains(&name) { 65 } else { 0 };
        say(&format!("inspect inbox/{name} --config ritardo.toml --as-of {NIGHT}"), &[code]);
        say(&format!("inspect inbox/{name} --as-of {NIGHT}"), &[0, 65]);
    }
    said
}

#[test]
fn the_canary_is_nowhere_in_chats_and_logs_of_vendors() {
    let folder = shop("faults-exports");
    let aloud = everything_said(&folder);
    let state = folder.join("state");
    let aside: BTreeSet<String> = bodies(&state, "set_aside").iter().map(|file| text(file, "name")).collect();
    assert_eq!(aside, ASIDE.map(str::to_owned).into());
    assert!(files(&state.join("rejects")).len() >= 3, "of a chat and of both vendors");
    let weak = charges(&state).into_iter().filter(|(_, _, message, _)| message.starts_with("weak-")).count();
    assert_eq!(weak, 1, "the question of a chat is charged");
    let leaks: Vec<&str> = aloud.lines().filter(|line| !found(line.as_bytes()).is_empty()).collect();
    assert_eq!(leaks, Vec::<&str>::new());
    let mut places = BTreeSet::new();
    for (name, bytes) in tree(&state) {
        let everything = found(&said(&bytes));
        let place = name.split('/').next().unwrap().to_owned();
        let allowed: &[&str] = match (place.as_str(), name.rsplit('.').next().unwrap()) {
            // A customer of a chat is known by name alone.
            ("names", _) => &["number", "name", "id"],
            ("charges" | "issued", "csv") | ("issued" | "outbox", "eml") => &["id"],
            _ => &[],
        };
        assert!(everything.iter().all(|what| allowed.contains(what)), "{everything:?} of the customer stand in {name}");
        places.extend(everything.into_iter().map(|what| format!("{place} {what}")));
    }
    // These searches can find something.
    assert!(["names name", "names number", "names id"].iter().all(|place| places.contains(*place)), "{places:?}");
}
