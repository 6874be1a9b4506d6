//! Damaged chats of phones and logs of vendors: each form has a source of its own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use serde_json::json;

use crate::common::{Dice, bodies, files, ritardo, text, tree};
use crate::{books, mutant, mutants, night, sha256};

/// Stands in every text, and nowhere afterwards.
const CANARY: &str = "tulipani neri";
const CHAT: &str = "format = \"chat\"\nzone = \"Europe/Rome\"\nbusiness = \"bologna-bakery\"\nchannel = \"+390510000417\"\n\
                    sender = \"Forno\"\nweak_ids = \"billable\"\nconversation = \"orders\"";

/// A form: its name, what its source says, and a sound file of it.
struct Form {
    name: &'static str,
    source: String,
    whole: String,
}

fn chat(name: &'static str, line: impl Fn(u32, u32, &str) -> String) -> Form {
    let mut whole = String::new();
    for message in 0..24 {
        let who = ["Anna", "Forno", "+39 333 000 0400"][message as usize % 3];
        writeln!(whole, "{}{who}: {CANARY}\ne {CANARY}", line(1 + message, 10 + message % 12, who)).unwrap();
    }
    Form { name, source: CHAT.to_owned(), whole }
}

fn vendor(name: &'static str, mapping: &str, header: &str, line: impl Fn(u32, bool) -> String) -> Form {
    let mut whole = header.to_owned();
    for message in 0..24 {
        writeln!(whole, "{}", line(message, message % 3 != 1)).unwrap();
    }
    Form { name, source: format!("mapping = \"{mapping}\"\nzone = \"UTC\""), whole }
}

fn forms() -> Vec<Form> {
    let twilio = |message: u32, is_inbound: bool| {
        let (customer, desk) = (format!("whatsapp:+3933300004{:02}", message % 5), "whatsapp:+390510000417".to_owned());
        let (from, to, direction) =
            if is_inbound { (customer, desk, "inbound") } else { (desk, customer, "outbound-api") };
        format!("{from},{to},\"{CANARY}, {CANARY}\",read,2018-08-{:02}T10:00:00Z,SM{message},{direction}", 1 + message)
    };
    let infobip = |message: u32, is_inbound: bool| {
        let customer = format!("3933300004{:02}", message % 5);
        let at = format!("2018-08-{:02}T10:00:00.000+0000", 1 + message);
        let row = if is_inbound {
            json!({"from": customer, "to": "390510000417", "receivedAt": at, "messageId": message.to_string(),
                "message": {"type": "TEXT", "text": CANARY}})
        } else {
            json!({"from": "390510000417", "to": customer, "sentAt": at, "messageId": message.to_string(),
                "text": CANARY, "status": {"groupName": "DELIVERED"}})
        };
        json!({"results": [row]}).to_string()
    };
    let gupshup = |message: u32, is_inbound: bool| {
        let (customer, at) =
            (format!("3933300004{:02}", message % 5), 1_533_117_600_000_u64 + u64::from(message) * 1000);
        let payload = if is_inbound {
            json!({"id": format!("g{message}"), "source": customer, "type": "text", "payload": {"text": CANARY}})
        } else {
            json!({"id": format!("w{message}"), "gsId": format!("g{message}"), "type": "sent", "destination": customer,
                "payload": {"ts": at / 1000}})
        };
        let kind = if is_inbound { "message" } else { "message-event" };
        json!({"app": "+390510000417", "timestamp": at, "type": kind, "payload": payload}).to_string()
    };
    vec![
        chat("android", |day, hour, _| format!("{day:02}/08/2018, {hour}:00 - ")),
        chat("iphone", |day, hour, _| {
            let half = if hour < 12 { "AM" } else { "PM" };
            format!("\u{200e}[8/{day}/18, {}:00:00\u{202f}{half}] ", (hour + 11) % 12 + 1)
        }),
        chat("arabic", |day, hour, _| {
            let digits = format!("{day}\u{200f}/8\u{200f}/2018\u{60c} {hour}:00:00");
            let digit = |sign: char| sign.to_digit(10).and_then(|digit| char::from_u32(0x660 + digit)).unwrap_or(sign);
            format!("[\u{200f}{}] ", digits.chars().map(digit).collect::<String>())
        }),
        vendor("twilio", "twilio", "From,To,Body,Status,SentDate,Sid,Direction\n", twilio),
        vendor("infobip", "infobip", "", infobip),
        vendor("gupshup", "gupshup", "", gupshup),
    ]
}

/// Every mutant is read, or set aside with a reason; what people wrote is nowhere.
#[test]
fn no_mutant_of_a_chat_or_a_vendor_takes_the_run_down() {
    for Form { name, source, whole } in forms() {
        let folder = books(&format!("hostile-export-{name}"), &format!("coverage = \"continuous\"\n{source}"));
        let inbox = folder.join("inbox");
        fs::create_dir_all(&inbox).unwrap();
        fs::write(inbox.join("whole.txt"), &whole).unwrap();
        let mut dice = Dice::new(20_180_804);
        for count in 0..mutants().div_ceil(4) {
            fs::write(inbox.join(format!("{count:05}.txt")), mutant(whole.as_bytes(), &mut dice)).unwrap();
        }
        let summary = night(&folder);
        let digests: BTreeSet<String> =
            files(&inbox).iter().map(|file| sha256(&fs::read(inbox.join(file)).unwrap())).collect();
        let read = bodies(&folder.join("state"), "file");
        let aside = bodies(&folder.join("state"), "set_aside");
        assert!(aside.iter().all(|file| !text(file, "reason").is_empty()), "{name}");
        let told: BTreeSet<String> = read.iter().chain(&aside).map(|file| text(file, "sha256")).collect();
        let ahead = summary["ahead"].as_array().unwrap().len();
        assert!(told.len() + ahead >= digests.len(), "{name}: {} different, {} told", digests.len(), told.len());
        // The sound one is among those that were read, whole.
        let sound = read.iter().find(|file| text(file, "sha256") == sha256(whole.as_bytes())).unwrap();
        assert_eq!((&sound["rows"], &sound["rejected"]), (&json!(24), &json!(0)), "{name}");
        // A damaged byte of Arabic is no UTF-8, so that most of its mutants are refused.
        assert!(read.len() > 1 && !aside.is_empty(), "{name}: {} read, {} set aside", read.len(), aside.len());
        assert_eq!(night(&folder)["read"]["files"], 0, "{name}: a second night has nothing to read");
        ritardo(&folder, &["verify"]).expect(0);
        says_nothing(&folder, name);
    }
}

/// Neither commands nor what a night leaves have a word of a text. Pages of Parquet are searched as they are packed: what
/// stands in them unpacked, `tests/faults/` looks for.
fn says_nothing(folder: &std::path::Path, name: &str) {
    for arguments in [&["rejects"][..], &["rejects", "--format", "json"], &["quarantine", "list"]] {
        let ran = ritardo(folder, arguments).expect(0);
        assert!(!ran.out.contains("tulipani") && !ran.err.contains("tulipani"), "{name}: {arguments:?}");
    }
    for (file, bytes) in tree(&folder.join("state")) {
        let has_word = bytes.windows(8).any(|window| window == b"tulipani");
        assert!(!has_word || file.starts_with("names/"), "{name}: a word of a text stands in {file}");
    }
}

/// A file that is deep, or long in one line, is no way to take memory or time.
#[test]
fn a_chat_and_a_log_of_a_vendor_that_were_made_to_harm() {
    let day = "01/08/2018, 10:00 - ";
    let long = "x".repeat(2 << 20);
    let chats = [
        ("line.txt", format!("{day}Anna: {long}\n"), true),
        ("lines.txt", format!("{day}Anna: a\n{}", "b\n".repeat(1 << 20)), false),
        ("colons.txt", format!("{day}{}\n{day}Forno: a\n", "a:".repeat(1 << 18)), false),
        ("marks.txt", format!("{}{day}Forno: a\n{day}Anna: a\n", "\u{200e}".repeat(100)), false),
        ("digits.txt", format!("{day}Forno: a\n{}/08/2018, 10:00 - Anna: b\n", "9".repeat(1 << 18)), false),
    ];
    let folder = books("hostile-harm-chat", &format!("coverage = \"continuous\"\n{CHAT}\ndate_order = \"day-first\""));
    fs::create_dir_all(folder.join("inbox")).unwrap();
    for (name, chat, _) in &chats {
        fs::write(folder.join("inbox").join(name), chat).unwrap();
    }
    night(&folder);
    let aside: BTreeSet<String> =
        bodies(&folder.join("state"), "set_aside").iter().map(|file| text(file, "name")).collect();
    for (name, _, is_refused) in chats {
        assert!(!is_refused || aside.contains(name), "{name}: {aside:?}");
    }
    let deep = format!("{{\"results\":{}{}}}\n", "[".repeat(1 << 18), "]".repeat(1 << 18));
    let folder = books("hostile-harm-vendor", "coverage = \"continuous\"\nmapping = \"infobip\"\nzone = \"UTC\"");
    fs::create_dir_all(folder.join("inbox")).unwrap();
    fs::write(folder.join("inbox/deep.json"), deep).unwrap();
    night(&folder);
    assert_eq!(bodies(&folder.join("state"), "set_aside").len(), 1);
}
