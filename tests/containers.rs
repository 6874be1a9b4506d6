//! Logs inside archives: one log each, which says what it would say in another packing.
#![cfg(test)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use common::{
    NIGHT, bodies, charge_files, copy, files, gzip, ritardo, root, rows, sample, scratch, shop_of, tar, text, zip, zstd,
};
use serde_json::json;

type Member = (String, Vec<u8>);

/// A folder with a tariff.
fn folder(name: &str) -> PathBuf {
    let folder = scratch(&format!("containers-{name}"));
    copy(&root().join("tests/refusals/base/tariff.toml"), &folder.join("tariff.toml"));
    folder
}

/// The waits of a log, which both ways judge alike.
#[track_caller]
fn waits(folder: &Path, input: &str) -> String {
    let mut told = Vec::new();
    for way in [&["--by-rows"][..], &[]] {
        let words = ["rate", input, "--tariff", "tariff.toml", "--as-of", NIGHT, "--out", "waits.csv"];
        ritardo(folder, &[&words[..], way].concat()).expect(0);
        told.push(fs::read_to_string(folder.join("waits.csv")).unwrap());
    }
    assert_eq!(told[0], told[1], "{input}: row by row, and as it likes");
    told.swap_remove(0)
}

/// Bodies as the API sends them: a question of each customer, and an answer that comes in time, late, or never.
fn webhooks() -> Vec<String> {
    let body = |value: serde_json::Value| {
        let change = json!({"field": "messages", "value": value});
        json!({"object": "whatsapp_business_account", "entry": [{"id": "900", "changes": [change]}]}).to_string()
    };
    let metadata = json!({"display_phone_number": "390510000417", "phone_number_id": "100417"});
    let mut found = Vec::new();
    for customer in 0..12_u64 {
        let (who, at) = (format!("3933300004{customer:02}"), 1_533_895_200 + customer * 60);
        let question =
            json!({"id": format!("wamid.q{customer}"), "from": who, "timestamp": at.to_string(), "type": "text"});
        found.push(body(json!({"messaging_product": "whatsapp", "metadata": metadata, "messages": [question]})));
        let hours = [2, 30, 0][usize::try_from(customer % 3).unwrap()];
        let at = (at + hours * 3600).to_string();
        let answer =
            json!({"id": format!("wamid.a{customer}"), "recipient_id": who, "timestamp": at, "status": "sent"});
        if hours > 0 {
            found.push(body(json!({"messaging_product": "whatsapp", "metadata": metadata, "statuses": [answer]})));
        }
    }
    found
}

#[test]
fn bodies_say_the_same_in_every_packing() {
    let folder = folder("bodies");
    let bodies = webhooks();
    // Not in the order of their names.
    let mut members: Vec<Member> =
        (0..).zip(&bodies).map(|(count, body)| (format!("day/{count:03}.json"), body.clone().into_bytes())).collect();
    members.reverse();
    let array = format!("[{}]", bodies.join(","));
    let halves = [
        ("1.json".to_owned(), format!("[{}]", bodies[..9].join(","))),
        ("2.ndjson".to_owned(), bodies[9..].join("\n")),
    ];
    let halves = halves.map(|(name, text)| (name, text.into_bytes()));
    let packings: [(&str, Vec<u8>); 8] = [
        ("bodies.ndjson", bodies.join("\n").into_bytes()),
        ("bodies.json", array.into_bytes()),
        ("bodies.zip", zip(&members)),
        ("bodies.tar", tar(&members)),
        ("bodies.tar.gz", gzip(&tar(&members))),
        ("bodies.tgz", gzip(&tar(&members))),
        ("bodies.tar.zst", zstd(&tar(&members))),
        ("halves.zip", zip(&halves)),
    ];
    let mut told: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, bytes) in &packings {
        fs::write(folder.join(name), bytes).unwrap();
        told.entry(waits(&folder, name)).or_default().push(name);
    }
    assert_eq!(told.len(), 1, "{:?}", told.values());
    let waits = told.into_keys().next().unwrap();
    let verdicts: Vec<String> = rows(waits.as_bytes()).into_iter().map(|wait| wait["verdict"].clone()).collect();
    let in_time = verdicts.iter().filter(|verdict| *verdict == "on_time").count();
    assert_eq!((verdicts.len(), in_time), (12, 4), "{waits}");
}

/// An archive that has the name of a log is known by its bytes, and one member stored as it is does not pass for all.
#[test]
fn an_archive_is_known_by_its_bytes() {
    let folder = folder("names");
    let day = |name: &str| (name.to_owned(), fs::read(root().join("sample_data/inbox/bakery").join(name)).unwrap());
    let days = ["2018-08-07.csv", "2018-08-08.csv", "2018-08-09.csv"].map(day);
    fs::create_dir(folder.join("plain")).unwrap();
    for (name, bytes) in &days {
        fs::write(folder.join("plain").join(name), bytes).unwrap();
    }
    let expected = waits(&folder, "plain");
    assert!(expected.lines().count() > 20, "{expected}");
    for (name, bytes) in [
        ("a.zip", zip(&days)),
        ("b.csv", zip(&days)),
        ("c.ndjson", tar(&days)),
        ("d.csv.gz", gzip(&tar(&days))),
        ("e", zstd(&tar(&days))),
    ] {
        fs::write(folder.join(name), bytes).unwrap();
        assert_eq!(waits(&folder, name), expected, "{name}");
    }
    let convert = |input: &str, out: &str| {
        ritardo(&folder, &["convert", input, "--out", out]).expect(0);
        fs::read(folder.join(out)).unwrap()
    };
    assert_eq!(convert("a.zip", "one.csv"), convert("plain", "two.csv"));
}

/// What a night says of the sample, when the bodies of a source come in one archive.
#[test]
fn a_night_reads_an_archive_as_its_members() {
    let charges = |name: &str, packs: bool| {
        let folder = sample(name);
        let inbox = folder.join("inbox/phone/cloud");
        if packs {
            let member = |name: String| {
                let bytes = fs::read(inbox.join(&name)).unwrap();
                // A member is packed by its archive alone.
                let Some(plain) = name.strip_suffix(".gz") else { return (name, bytes) };
                let mut unpacked = Vec::new();
                flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
                (plain.to_owned(), unpacked)
            };
            let members: Vec<Member> = files(&inbox).into_iter().map(member).collect();
            fs::remove_dir_all(&inbox).unwrap();
            fs::create_dir(&inbox).unwrap();
            fs::write(inbox.join("2018-08.tar.zst"), zstd(&tar(&members))).unwrap();
        }
        ritardo(&folder, &["run", "--as-of", NIGHT]).expect(0);
        ritardo(&folder, &["verify"]).expect(0);
        charge_files(&folder.join("state"))
    };
    let plain = charges("containers-night-plain", false);
    assert!(!plain.is_empty());
    assert_eq!(charges("containers-night-packed", true), plain);
}

/// The shop of the refusals with a source of chats.
fn shop(name: &str) -> PathBuf {
    let says = "files = \"desk/*\"\nformat = \"chat\"\nzone = \"Europe/Rome\"\nbusiness = \"bologna-bakery\"\n\
               channel = \"+390510000417\"\nsender = \"Forno Esempio\"\nweak_ids = \"billable\"\n";
    shop_of(&format!("containers-{name}"), says)
}

const CHAT: &str = "31/07/18, 09:00 - Anna Bianchi: buongiorno\n\
    31/07/18, 09:05 - Forno Esempio: buongiorno\n\
    10/08/18, 10:00 - Anna Bianchi: avete pane?\ne focacce?\n\
    11/08/18, 10:01 - Forno Esempio: certo\n\
    15/08/18, 10:00 - Anna Bianchi: IMG-20180815-WA0001.jpg (file allegato)\n\
    16/08/18, 10:02 - Forno Esempio: bella\n\
    20/08/18, 10:00 - Anna Bianchi: a domani\n\
    03/09/18, 12:00 - Anna Bianchi: ci siete?\n";

/// What a phone packs: the text, and whatever was sent.
fn of_phone(chat: &str) -> Vec<Member> {
    let sheet = zip(&[("xl/workbook.xml".to_owned(), b"<workbook/>".to_vec())]);
    vec![
        ("00000001-AUDIO-2018-08-15.opus".to_owned(), b"OggS\0\x02".repeat(9000)),
        ("IMG-20180815-WA0001.jpg".to_owned(), b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec()),
        ("Anna Bianchi.vcf".to_owned(), b"BEGIN:VCARD\nFN:Anna Bianchi\nEND:VCARD\n".to_vec()),
        ("prezzi.xlsx".to_owned(), sheet),
        ("prezzi.csv".to_owned(), b"nome,prezzo\npane,2\n".to_vec()),
        (chat.to_owned(), CHAT.as_bytes().to_vec()),
    ]
}

#[test]
fn a_chat_is_read_out_of_what_a_phone_packs() {
    let charges = |name: &str, file: &str, bytes: &[u8]| {
        let folder = shop(name);
        fs::write(folder.join("inbox/desk").join(file), bytes).unwrap();
        let ran = ritardo(&folder, &["run", "--as-of", NIGHT]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        (charge_files(&folder.join("state")), folder)
    };
    let (plain, _) = charges("chat-plain", "_chat.txt", CHAT.as_bytes());
    let lines: usize = plain.values().map(|bytes| String::from_utf8_lossy(bytes).lines().count()).sum();
    assert!(lines > 2, "{plain:?}");
    for name in ["_chat.txt", "WhatsApp Chat with Anna Bianchi.txt"] {
        let (packed, folder) = charges("chat-packed", "WhatsApp Chat - Anna.zip", &zip(&of_phone(name)));
        assert_eq!(packed, plain, "{name}");
        let file = &bodies(&folder.join("state"), "file")[0];
        assert_eq!(text(file, "format"), "chat");
        let words = ["inspect", "inbox/desk/WhatsApp Chat - Anna.zip", "--config", "ritardo.toml", "--as-of", NIGHT];
        let told = ritardo(&folder, &words);
        assert!(told.out.contains("file beside the chat"), "{}{}", told.out, told.err);
    }
}

#[test]
fn an_archive_of_a_chat_holds_one_chat() {
    let log = fs::read(root().join("sample_data/inbox/bakery/2018-08-07.csv")).unwrap();
    for (name, more, reason) in [
        ("two", Some(("other.txt", CHAT.as_bytes().to_vec())), "its members `_chat.txt` and `other.txt` are two chats"),
        ("log", Some(("z.csv", log)), "its members `z.csv` (csv) and the chat are of different forms"),
        ("none", None, "it holds no exported chat"),
    ] {
        let folder = shop(&format!("chat-{name}"));
        let mut members = of_phone("_chat.txt");
        match more {
            Some((name, bytes)) => members.push((name.to_owned(), bytes)),
            None => drop(members.pop()),
        }
        fs::write(folder.join("inbox/desk/chat.zip"), zip(&members)).unwrap();
        ritardo(&folder, &["run", "--as-of", NIGHT]);
        let told = text(&bodies(&folder.join("state"), "set_aside")[0], "reason");
        assert!(told.starts_with(reason), "{told}");
    }
}

/// A bomb is refused with what it would have been, and not unpacked.
#[test]
fn a_bomb_stops_at_its_limits() {
    let folder = folder("bomb");
    let members: Vec<Member> = (0..30).map(|count| (format!("{count:02}.csv"), vec![b'\n'; 4 << 20])).collect();
    fs::write(folder.join("bomb.zip"), zip(&members)).unwrap();
    fs::write(folder.join("bomb.tar.gz"), gzip(&tar(&members))).unwrap();
    for name in ["bomb.zip", "bomb.tar.gz"] {
        let words = ["rate", name, "--tariff", "tariff.toml", "--as-of", NIGHT, "--out", "waits.csv"];
        let told = ritardo(&folder, &words).expect(65).err;
        assert!(told.contains("the file is a bomb"), "{told}");
    }
}

/// A name that a desktop gives to what it leaves does not hide a log.
#[test]
fn a_log_under_the_name_of_litter_is_refused() {
    let folder = folder("litter");
    let header = "message_id,business,channel,customer,direction,sent_at\n";
    let log = format!("{header}1,b,c,+393330000001,inbound,2018-08-10T10:00:00Z\n").into_bytes();
    for name in ["desktop.ini", "a/Thumbs.db", ".DS_Store", "__MACOSX/b.csv"] {
        for pack in [zip, tar] {
            let members = |litter: &[u8]| [("a.csv".to_owned(), log.clone()), (name.to_owned(), litter.to_vec())];
            fs::write(folder.join("log"), pack(&members(b"[.ShellClassInfo]\r\n"))).unwrap();
            let words = ["rate", "log", "--tariff", "tariff.toml", "--as-of", NIGHT, "--out", "waits.csv"];
            ritardo(&folder, &words).expect(0);
            fs::write(folder.join("log"), pack(&members(&log))).unwrap();
            let told = ritardo(&folder, &words).expect(65).err;
            assert!(told.contains("the name of what a desktop leaves, and is a log"), "{told}");
        }
    }
}
