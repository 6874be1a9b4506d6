//! Real files beside the project, each read as its README says. The counts were made without the program.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{copy, ritardo, root, scratch, shared, text};
use crate::shop;

/// After the last message of any of the files.
const AS_OF: &str = "2030-01-01T00:00:00Z";

/// What stands in an exported chat of others.
struct Chat {
    /// The begin of its name.
    file: &'static str,
    /// Who of it is taken for the business.
    sender: &'static str,
    messages: u64,
    /// Lines that begin as messages of another export.
    rejected: u64,
    /// Sentences of the app.
    notices: u64,
}

const fn chat(file: &'static str, sender: &'static str, messages: u64, rejected: u64, notices: u64) -> Chat {
    Chat { file, sender, messages, rejected, notices }
}

const CHATS: [Chat; 10] = [
    chat("WhatsApp-Analyzer__chat_example", "+62 8xx-xxx-x09", 123, 0, 23),
    // Of each of these five the second message lacks the blank after its name: nobody can tell it from a sentence.
    chat("chat-miner__test__whatsapp__test__mmddyy__24hrs", "Jahn Doe", 6, 0, 3),
    chat("chat-miner__test__whatsapp__test_ddmmyy_24hrs", "Jahn Doe", 6, 0, 3),
    chat("chat-miner__test__whatsapp__test_mmddyy_24hrs", "Jahn Doe", 6, 0, 3),
    chat("chat-miner__test__whatsapp__test_mmddyyyy_12hrs", "Jahn Doe", 6, 0, 3),
    chat("chat-miner__test__whatsapp__test_yyyymmdd_24hrs", "Jahn Doe", 6, 0, 3),
    // Ten forms in one file, which no phone exports: the first counts.
    chat("langchain-community__integration_tests__whatsapp_chat", "Nobody", 1, 9, 0),
    chat("langchain-community__libs__community__tests__unit_tests", "Jungle Jane", 11, 0, 1),
    // Of Android, with lines of an iPhone between them.
    chat("whatsapp-chat-parser-rb__spec__fixtures", "John Doe", 2, 4, 1),
    chat("whatsapp-reader__sample__whatsapp_chat_en", "The Joker", 30, 0, 0),
];

/// A shop whose only source is of chats of groups, with this sender.
fn group_shop(name: &str, sender: &str, more: &str) -> PathBuf {
    let says = format!(
        "format = \"chat\"\nzone = \"UTC\"\nbusiness = \"bologna-bakery\"\nchannel = \"+390510000417\"\nsender = \"{sender}\"\n\
         without_sender = \"inbound\"\nconversation = \"group\"\nweak_ids = \"billable\"\n{more}"
    );
    shop(name, &says, &[])
}

/// What `inspect` says of files in the inbox.
fn inspected(folder: &Path, files: &[String], code: i32) -> Vec<Value> {
    let arguments = ["--config", "ritardo.toml", "--as-of", AS_OF, "--format", "json"];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let told = ritardo(folder, &[&["inspect"], &files[..], &arguments].concat()).expect(code).json();
    told.as_array().unwrap().clone()
}

#[test]
fn every_public_chat_is_read() {
    let Some(data) = shared("data/chat_exports") else { return };
    let names = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".txt")).collect();
    names.sort();
    assert_eq!(names.len(), CHATS.len(), "{names:?}");
    for (name, chat) in names.iter().zip(CHATS) {
        assert!(name.starts_with(chat.file), "{name}");
        let folder = group_shop(&format!("real-{}", chat.file), chat.sender, "");
        copy(&data.join(name), &folder.join("inbox/desk").join(name));
        let told = inspected(&folder, &[format!("inbox/desk/{name}")], 0);
        let (told, others) = (&told[0], &told[0]["others"]);
        assert_eq!(told["format"], "chat", "{name}");
        let notices = others.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>();
        let counts = [told["rows"].as_u64().unwrap(), told["rejected"].as_u64().unwrap(), notices];
        assert_eq!(counts, [chat.messages, chat.rejected, chat.notices], "{name}: {told:#}");
        // Both sides are found, but where nobody of it is the business.
        let channel = told["channels"][0].as_array().unwrap();
        let (inbound, outbound) = (channel[2].as_u64().unwrap(), channel[3].as_u64().unwrap());
        assert!(inbound > 0 && (outbound > 0) == (chat.sender != "Nobody"), "{name}: {inbound} {outbound}");
    }
}

/// A header of this shape, where 9 is a digit: a day that exists whether its day or its month comes first.
fn header(shape: &str) -> String {
    let (mut told, mut rest, mut place) = (String::new(), shape, 0);
    // Of the date first; what comes after the third number, or begins with it, is the time.
    while let Some(sign) = rest.chars().next() {
        let digits = rest.bytes().take_while(|byte| *byte == b'9').count();
        if digits == 0 {
            told.push(sign);
            rest = &rest[sign.len_utf8()..];
            continue;
        }
        let number = match (place, digits) {
            (_, 4) => "2018",
            (0, 1) => "8",
            (1, 1) => "9",
            (0 | 1, 2) => "12",
            (2, 2) => "18",
            (_, 1) => "7",
            _ => "10",
        };
        // Where the year comes first, the day comes third.
        let is_day = place == 2 && digits == 2 && told.starts_with("2018");
        told.push_str(if is_day { "11" } else { number });
        rest = &rest[digits..];
        place += 1;
    }
    told
}

#[test]
fn a_shape_becomes_a_header() {
    for (shape, expected) in [
        ("9/99/99, 9:99 PM - ", "8/12/18, 7:10 PM - "),
        ("99/9/99, 99:99 - ", "12/9/18, 10:10 - "),
        ("9999/99/99, 99:99 - ", "2018/12/11, 10:10 - "),
        ("[9/9/99 99:99:99]", "[8/9/18 10:10:10]"),
    ] {
        assert_eq!(header(shape), expected);
    }
}

/// The most frequent shapes of real headers: forty with a year are read, those that were copied out of the app are not.
#[test]
fn the_most_frequent_shapes_of_real_chats_are_read() {
    let Some(inventory) = shared("data/chat_exports/FORMAT_INVENTORY.tsv") else { return };
    let inventory = fs::read_to_string(inventory).unwrap();
    let shapes = inventory.lines().skip(1).map(|line| line.split('\t').nth(2).unwrap());
    let shapes: Vec<String> = shapes.map(|shape| shape.replace("<U+200E>", "\u{200e}")).collect();
    let is_dated = |shape: &&String| shape.matches('/').count() == 2;
    let folder = group_shop("shapes", "Forno Esempio", "date_order = \"month-first\"");
    let write = |shapes: &[&String], kind: &str| -> Vec<String> {
        let mut names = Vec::new();
        for (place, shape) in shapes.iter().enumerate() {
            let header = header(shape);
            let header = header.trim_end();
            let mut chat = String::new();
            writeln!(chat, "{header} Anna: parole\naltre parole\n{header} Forno Esempio: parole").unwrap();
            let name = format!("inbox/desk/{kind}-{place:02}.txt");
            fs::write(folder.join(&name), chat).unwrap();
            names.push(name);
        }
        names
    };
    let dated: Vec<&String> = shapes.iter().filter(is_dated).take(40).collect();
    assert_eq!(dated.len(), 40);
    let told = inspected(&folder, &write(&dated, "dated"), 0);
    for (told, shape) in told.iter().zip(&dated) {
        assert_eq!((told["format"].as_str(), told["rows"].as_u64()), (Some("chat"), Some(2)), "{shape}: {told:#}");
        assert_eq!(
            (told["rejected"].as_u64(), &told["others"]),
            (Some(0), &serde_json::json!({})),
            "{shape}: {told:#}"
        );
    }
    let copied: Vec<&String> = shapes.iter().take(44).filter(|shape| !is_dated(shape)).collect();
    assert!(!copied.is_empty());
    for (told, shape) in inspected(&folder, &write(&copied, "copied"), 65).iter().zip(&copied) {
        assert!(text(told, "refused").starts_with("its dates have no year"), "{shape}: {told:#}");
    }
}

/// Files, messages, rejected rows of a folder.
fn counted(folder: &Path, input: &Path, as_of: &str) -> [u64; 3] {
    let tariff = root().join("sample_data/tariff.toml");
    let (input, tariff) = (input.to_str().unwrap(), tariff.to_str().unwrap());
    let options = ["--tariff", tariff, "--as-of", as_of, "--summary", "summary.json", "--out", "waits.csv"];
    ritardo(folder, &[&["rate", input], &options[..]].concat()).expect(0);
    let summary: Value = serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
    let inputs = summary["inputs"].as_array().unwrap();
    let sum = |key: &str| inputs.iter().map(|input| input[key].as_u64().unwrap()).sum::<u64>();
    [inputs.len() as u64, sum("rows"), sum("rejected")]
}

/// What happens to each wait of 2017 is compared in `tests/rate.rs`, each body of the webhooks, too.
#[test]
fn every_other_real_file_is_read() {
    let folder = scratch("formats-real-others");
    let expected: BTreeMap<&str, [u64; 3]> = BTreeMap::from([
        ("webhooks_messages", [123, 128, 5]),
        ("webhooks_other", [46, 0, 0]),
        ("support_2017/messages.csv", [1, 2950, 0]),
    ]);
    for (name, expected) in expected {
        let Some(input) = shared(&format!("data/{name}")) else { continue };
        assert_eq!(counted(&folder, &input, AS_OF), expected, "{name}");
    }
}
