//! Personal data: a customer whose number, name and words are searched for everywhere.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::common::{NIGHT, charges, files, night, ritardo, sample, tree};

/// Never in the test's own output: parts of these would be found in it.
pub const CANARY_NUMBER: &str = "393519990417";
pub const CANARY_TEXT: &str = "tulipani neri";
pub const CANARY_NAME: &str = "Ermenegilda Prova";
/// The number as WhatsApp writes it into a message id.
pub const CANARY_ID: &str = "wamid.HBgMMzkzNTE5OTkwNDE3FQIAEhgUM0E0MTcA";

fn webhook_body(at: u64, id: &str, inner: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"700","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"390510000417","phone_number_id":"100417"}},"contacts":[{{"profile":{{"name":"{CANARY_NAME}"}},"wa_id":"{CANARY_NUMBER}"}}],"messages":[{{"from":"{CANARY_NUMBER}","id":"{id}","timestamp":"{at}",{inner}}}]}}}}]}}]}}"#
    )
}

/// A shop whose only customer is the canary: charged in August, a bad time, a bad id. A line that is broken stands
/// in a file of its own, of a day on which no wait is open: it may be an answer, and would hold the others.
pub fn canary_shop(name: &str) -> PathBuf {
    let folder = sample(name);
    fs::remove_dir_all(folder.join("inbox")).unwrap();
    fs::create_dir_all(folder.join("inbox/phone/cloud")).unwrap();
    let text = format!(r#""type":"text","text":{{"body":"{CANARY_TEXT}"}}"#);
    let day = |day: u64| 1_533_081_600 + day * 86_400;
    let bodies = [
        webhook_body(day(0) - 100_000, "wamid.first", &text),
        webhook_body(day(5), CANARY_ID, &text),
        webhook_body(day(6), "wamid.plain", &text),
        webhook_body(day(7), "wamid.odd", &format!(r#""type":"{CANARY_TEXT}""#)).replace(CANARY_TEXT, "text"),
        webhook_body(99, "wamid.early", &text),
        webhook_body(day(8), &format!("wamid.{CANARY_NAME}"), &text),
        webhook_body(day(35), "wamid.last", &text),
    ];
    fs::write(folder.join("inbox/phone/cloud/bodies.ndjson"), bodies.join("\n")).unwrap();
    let broken = format!("{{\"object\":\"whatsapp_business_account\",\"broken {CANARY_NUMBER} {CANARY_TEXT}");
    fs::create_dir_all(folder.join("inbox/broken")).unwrap();
    fs::write(folder.join("inbox/broken/2018-09-03.json"), broken).unwrap();
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let source = "[[source]]\nname = \"broken\"\nfiles = \"broken/*\"\nformat = \"webhook\"\ncoverage = \"daily\"\nzone = \"UTC\"\n\n[mail]";
    fs::write(folder.join("ritardo.toml"), config.replace("[mail]", source)).unwrap();
    let book = fs::read_to_string(folder.join("businesses.toml")).unwrap();
    let bakery = &book[..book.find("[[business]]\nid = \"lisbon-hotel\"").unwrap()];
    fs::write(folder.join("businesses.toml"), bakery.replace("+390510000417", "100417")).unwrap();
    folder
}

/// The bytes of a file, and what its parts say once unpacked: a base64 part of a mail, a stream of a PDF, the rows
/// of a Parquet file, a compressed log.
pub fn said(bytes: &[u8]) -> Vec<u8> {
    let mut said = bytes.to_vec();
    match bytes {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => said.extend(crate::leaks::said_of_raw(&zstd::decode_all(bytes).unwrap())),
        [b'P', b'A', b'R', b'1', ..] => said.extend(crate::leaks::said_of_parquet(bytes)),
        [b'%', b'P', b'D', b'F', ..] => said.extend(said_of_pdf(bytes)),
        _ => said.extend(said_of_mail(bytes)),
    }
    said
}

fn said_of_mail(bytes: &[u8]) -> Vec<u8> {
    let mut said = Vec::new();
    for part in String::from_utf8_lossy(bytes).replace('\r', "").split("\n\n") {
        let packed: String = part.lines().take_while(|line| !line.starts_with("--")).collect();
        if packed.len() > 40 && packed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)) {
            let unpacked = base64(&packed);
            said.extend(if unpacked.starts_with(b"%PDF") { said_of_pdf(&unpacked) } else { unpacked });
        }
    }
    said
}

fn said_of_pdf(bytes: &[u8]) -> Vec<u8> {
    let mut said = bytes.to_vec();
    let mut rest = bytes;
    while let Some(at) = rest.windows(8).position(|window| window == b"\nstream\n" || window == b"stream\r\n") {
        rest = &rest[at + 8..];
        let mut unpacked = Vec::new();
        // Not every stream is packed this way.
        let _ = flate2::read::ZlibDecoder::new(rest).read_to_end(&mut unpacked);
        said.extend(unpacked);
    }
    said
}

fn base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sextets = text.bytes().filter_map(|byte| alphabet.iter().position(|known| *known == byte));
    let (mut bits, mut held, mut bytes) = (0_usize, 0, Vec::new());
    for sextet in sextets {
        (bits, held) = ((bits << 6 | sextet) & 0xffff, held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

pub fn has(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[test]
fn customers_stay_in_the_file_of_names() {
    let folder = canary_shop("faults-canary");
    let mut said_aloud = String::new();
    for arguments in [
        &["run", "--dry-run", "--as-of", NIGHT][..],
        &["run", "--as-of", NIGHT],
        &["run", "--as-of", NIGHT, "--format", "json"],
        &["verify"],
        &["audit", "2018-08"],
        &["audit", "2018-08", "--format", "json"],
        &["explain", "wamid.plain", "--as-of", NIGHT],
        &["explain", "wamid.last", "--as-of", NIGHT],
        &["check"],
    ] {
        let ran = ritardo(&folder, arguments).expect(0);
        said_aloud += &ran.out;
        said_aloud += &ran.err;
    }
    assert!(said_aloud.contains("+39 ••• ••• 0417"), "explain shows the customer masked: {said_aloud}");
    let state = folder.join("state");
    assert_eq!(charges(&state).len(), 3, "the canary is charged");
    assert_eq!(files(&state.join("rejects")).len(), 2, "and rejected, in both files");
    let mut archived = 0;
    let outputs = [("what the commands print".to_owned(), said_aloud.into_bytes())];
    for (name, bytes) in outputs.into_iter().chain(tree(&state)) {
        let everything = said(&bytes);
        let allowed = name.starts_with("names/");
        archived += usize::from(allowed);
        for (what, canary) in
            [("number", CANARY_NUMBER), ("text", CANARY_TEXT), ("name", CANARY_NAME), ("local number", "3519990417")]
        {
            assert!(allowed || !has(&everything, canary), "the {what} of the customer stands in {name}");
        }
        // Message ids stand in the line files, which the business itself receives, and in its mails with them.
        let line_file = name.ends_with(".csv") || name.ends_with(".eml");
        assert!(allowed || line_file || !has(&everything, CANARY_ID), "a message id stands in {name}");
    }
    assert_eq!(archived, 3, "one file of names a month");
    // These searches can find something.
    let eml = tree(&state).into_iter().find(|(name, _)| name.ends_with(".eml")).unwrap().1;
    assert!(has(&said(&eml), CANARY_ID), "the line file in the mail is unpacked");
}

/// The archive has keyed names, and texts and words of customers are nowhere: envelope facts only.
#[test]
fn the_archive_names_nobody_and_the_names_hold_no_text() {
    let folder = canary_shop("faults-canary-archive");
    night(&folder).expect(0);
    let archive = folder.join("state/archive");
    let mut rows_of_all = 0;
    for name in files(&archive) {
        let plain = folder.join("state/names").join(&name);
        let reader = SerializedFileReader::new(fs::File::open(plain).unwrap()).unwrap();
        let rows: Vec<String> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert!(rows.iter().all(|row| !row.contains(CANARY_TEXT) && !row.contains(CANARY_NAME)), "{rows:?}");
        assert!(rows.iter().any(|row| row.contains(CANARY_NUMBER)), "{rows:?}");
        let reader = SerializedFileReader::new(fs::File::open(archive.join(&name)).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap().to_string();
            assert!(!row.contains(CANARY_TEXT) && !row.contains(CANARY_NAME), "{name}: {row}");
            assert!(!row.contains(CANARY_NUMBER) && !row.contains(CANARY_ID), "{name}: {row}");
            rows_of_all += 1;
        }
    }
    assert_eq!(rows_of_all, 5);
}
