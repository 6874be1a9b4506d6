//! Archives as they come, and as somebody makes them to harm.

use std::io::Write;
use std::path::Path;

use rawzip::path::EntryPath;
use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::domain::columns;
use crate::read::mention::{Mention, mentions};
use crate::read::{Limits, LogFile, Options, ReadError, described, read_bytes};

const HEADER: &str = "message_id,business,channel,customer,direction,sent_at\n";

fn row(id: &str) -> String {
    format!("{id},b,c,+391,inbound,2018-08-01T00:00:00Z\n")
}

fn csv(ids: &[&str]) -> Vec<u8> {
    format!("{HEADER}{}", ids.iter().map(|id| row(id)).collect::<String>()).into_bytes()
}

/// A body with one message.
fn body(id: &str) -> Vec<u8> {
    format!(
        "{{\"object\":\"whatsapp_business_account\",\"entry\":[{{\"id\":\"900\",\"changes\":[{{\"field\":\"messages\",\"value\":{{\
         \"metadata\":{{\"display_phone_number\":\"390510000417\",\"phone_number_id\":\"100417\"}},\"messages\":[{{\
         \"id\":\"{id}\",\"from\":\"393330000400\",\"timestamp\":\"1533117600\",\"type\":\"text\"}}]}}}}]}}]}}"
    )
    .into_bytes()
}

fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in members {
        let file = archive.new_file(EntryPath::verbatim(name.as_bytes()));
        let (mut entry, config) = file.compression_method(CompressionMethod::DEFLATE).start().unwrap();
        let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        let mut writer = config.wrap(encoder);
        writer.write_all(bytes).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

fn header(name: &str, size: usize, kind: tar::EntryType) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_entry_type(kind);
    header.set_cksum();
    header
}

fn tar(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        archive.append(&header(name, bytes.len(), tar::EntryType::Regular), bytes.as_slice()).unwrap();
    }
    archive.into_inner().unwrap()
}

type Pack = fn(&[(&str, Vec<u8>)]) -> Vec<u8>;
const PACKS: [Pack; 2] = [zip, tar];

fn read(bytes: &[u8], options: &Options) -> Result<LogFile, ReadError> {
    read_bytes(bytes, Path::new("log"), options)
}

fn ids(log: &LogFile) -> Vec<String> {
    let ids = log.frame.column(columns::MESSAGE_ID).unwrap().str().unwrap();
    ids.iter().map(|id| id.unwrap().to_owned()).collect()
}

#[track_caller]
fn refused(bytes: &[u8], options: &Options) -> String {
    described(&read(bytes, options).err().unwrap())
}

#[test]
fn members_are_read_in_the_order_of_their_names() {
    for pack in PACKS {
        let members = [
            ("b/2.csv", csv(&["3", "4"])),
            (".DS_Store", b"x".to_vec()),
            ("__MACOSX/._a.csv", b"x".to_vec()),
            ("a/._1.csv", vec![0, 5, 0x16, 7, 0]),
            ("a/", Vec::new()),
            ("a/empty.csv", Vec::new()),
            ("a/1.csv", csv(&["1", "2"])),
        ];
        let log = read(&pack(&members), &Options::default()).unwrap();
        assert_eq!((ids(&log), log.recorded.as_str()), (["1", "2", "3", "4"].map(str::to_owned).to_vec(), "csv"));
        assert!(log.rejects.is_empty() && log.others.is_empty());
    }
}

#[test]
fn a_rejected_row_tells_its_member() {
    let broken = format!("{HEADER}{}x,b\n", row("1")).into_bytes();
    for pack in PACKS {
        let log = read(&pack(&[("b.csv", broken.clone()), ("a.csv", broken.clone())]), &Options::default()).unwrap();
        let told: Vec<String> = log.rejects.iter().map(|reject| format!("{} {}", reject.row, reject.reason)).collect();
        let reason = "the row has 2 fields, the header 6 (row 3 of its member";
        assert_eq!(told, [format!("3 {reason} `a.csv`)"), format!("7 {reason} `b.csv`)")]);
    }
}

#[test]
fn a_body_that_is_cut_off_spoils_no_other() {
    for pack in PACKS {
        let mut members = vec![("b.json", body("1")), ("c.json", b"[]".to_vec()), ("a.json", body("2")[..9].to_vec())];
        let log = read(&pack(&members), &Options::default()).unwrap();
        assert_eq!((ids(&log), log.rejects.len(), log.recorded.as_str()), (vec!["1".to_owned()], 1, "webhook"));
        assert_eq!(log.rejects[0].reason, "the JSON is cut off (row 1 of its member `a.json`)");
        members.push(("d.csv", csv(&["9"])));
        assert_eq!(
            refused(&pack(&members), &Options::default()),
            "its members `a.json` (webhook) and `d.csv` (csv) are of different forms: pack each form by itself"
        );
    }
}

/// With the beginning of the reason.
#[test]
fn what_is_no_log_refuses_the_archive() {
    let good = || ("a.csv", csv(&["1"]));
    let gzip = {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(&csv(&["2"])).unwrap();
        packer.finish().unwrap()
    };
    for pack in PACKS {
        for (member, reason) in [
            (("b.txt", b"call the bakery\n".to_vec()), "its member `b.txt` is of no form that is read"),
            (("b.csv", b"name,price\nbread,2\n".to_vec()), "in its member `b.csv`: required columns are missing"),
            (("b.csv", vec![0; 700]), "in its member `b.csv`: the file has nothing but zero bytes"),
            (("b.csv.gz", gzip.clone()), "its member `b.csv.gz` is packed or an archive itself"),
            (("b.zip", zip(&[good()])), "its member `b.zip` is packed or an archive itself"),
            (("b.tar", tar(&[good()])), "its member `b.tar` is packed or an archive itself"),
            (("b.parquet", b"PAR1".to_vec()), "its member `b.parquet` is Parquet"),
            (("../b.csv", csv(&["2"])), "its member `../b.csv` has a name that no file of a log has"),
            (("/b.csv", csv(&["2"])), "its member `/b.csv` has a name"),
            (("a.csv", csv(&["2"])), "two of its members have the name `a.csv`"),
            (("c.txt", b"12/08/2018, 09:00 - Anna: hi\n".to_vec()), "it is an exported chat, and no source says whose"),
        ] {
            let told = refused(&pack(&[good(), member]), &Options::default());
            assert!(told.starts_with(reason), "{told}");
        }
        let none = refused(&pack(&[("notes/", Vec::new())]), &Options::default());
        assert!(none.starts_with("it holds no log"), "{none}");
    }
}

#[test]
fn an_archive_is_read_whole_or_not_at_all() {
    for pack in PACKS {
        let whole = pack(&[("a.csv", csv(&["1", "2"])), ("b.csv", csv(&["3"]))]);
        for cut in (0..whole.len()).rev().filter(|cut| cut % 7 == 0 || *cut < 600) {
            // A tar may have more zeros at its end than it needs.
            let lost = &whole[cut..];
            if lost.iter().all(|byte| *byte == 0) && lost.len() <= 512 {
                continue;
            }
            let read = read(&whole[..cut], &Options::default());
            assert!(read.is_err(), "cut at {cut} of {}", whole.len());
        }
        let twice = refused(&[whole.as_slice(), &whole].concat(), &Options::default());
        assert!(twice.starts_with("the archive is damaged or cut off: "), "{twice}");
    }
    let named = read_bytes(b"", Path::new("2018-08-01.zip"), &Options::default());
    assert!(described(&named.err().unwrap()).starts_with("its name is that of an archive"));
}

#[test]
fn limits_hold_for_all_members_together() {
    let limited = |limits| Options { limits, ..Options::default() };
    let members: Vec<(&str, Vec<u8>)> =
        ["a.csv", "b.csv", "c.csv"].map(|name| (name, [HEADER.as_bytes(), &[b'\n'; 4_000]].concat())).to_vec();
    for pack in PACKS {
        let few = limited(Limits { members: 2, ..Limits::default() });
        assert_eq!(refused(&pack(&members), &few), "it has more than 2 members; cut it into days");
        let rows = ["a.csv", "b.csv", "c.csv"].map(|name| (name, csv(&[name])));
        let few = limited(Limits { rows: 2, ..Limits::default() });
        assert_eq!(refused(&pack(&rows), &few), "the file has more than 2 rows; cut it into days");
    }
    let small = limited(Limits { unpacked: 10_000, ..Limits::default() });
    assert!(refused(&zip(&members), &small).starts_with("the file is a bomb"));
    assert!(read(&zip(&members), &limited(Limits { unpacked: 20_000, ..Limits::default() })).is_ok());
}

/// The directory of a zip that leads to the same bytes twice.
#[test]
fn a_member_may_not_share_its_bytes() {
    let mut bytes = zip(&[("a.csv", csv(&["1"])), ("b.csv", csv(&["2"]))]);
    let second = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    // Where its bytes lie is said at 42 of an entry.
    bytes[second + 42..second + 46].fill(0);
    let told = refused(&bytes, &Options::default());
    assert!(told.starts_with("its member `a.csv` shares") || told.starts_with("its member `b.csv` shares"), "{told}");
}

#[test]
fn what_a_zip_claims_is_checked() {
    let whole = zip(&[("a.csv", csv(&["1"]))]);
    let entry = whole.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    let changed = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[entry + at] = byte;
        refused(&bytes, &Options::default())
    };
    assert!(changed(8, 9).starts_with("its member `a.csv` is encrypted"), "{}", changed(8, 9));
    assert!(changed(10, 12).starts_with("its member `a.csv` is packed in a way that is not read"));
    assert!(changed(16, whole[entry + 16] ^ 1).starts_with("in its member `a.csv`: the compressed data is damaged"));
    assert!(changed(24, 1).starts_with("in its member `a.csv`: the compressed data is damaged"));
}

#[test]
fn a_tar_holds_files_and_folders_only() {
    use tar::EntryType;
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo] {
        let mut archive = tar::Builder::new(Vec::new());
        let file = csv(&["1"]);
        archive.append(&header("a.csv", file.len(), EntryType::Regular), file.as_slice()).unwrap();
        archive.append(&header("b.csv", 0, kind), std::io::empty()).unwrap();
        let told = refused(&archive.into_inner().unwrap(), &Options::default());
        assert!(told.starts_with("its member `b.csv` is a link, a device"), "{kind:?}: {told}");
    }
}

/// Whoever is forgotten is found in raw archives too, packed as they are kept.
#[test]
fn words_are_found_inside_of_archives() {
    let is_it = |word: &str| word == "393330000400";
    for pack in PACKS {
        let named = pack(&[("a.json", csv(&["1"])), ("b.json", body("2"))]);
        let other = pack(&[("a.json", csv(&["1"]))]);
        let kept = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
        for (bytes, found) in [(&named, Mention::Yes), (&other, Mention::No)] {
            assert_eq!(mentions(bytes.as_slice(), &is_it).unwrap(), found);
            assert_eq!(mentions(kept(bytes).as_slice(), &is_it).unwrap(), found);
        }
    }
    let of_name = zip(&[("393330000400.json", csv(&["1"]))]);
    assert_eq!(mentions(of_name.as_slice(), &is_it).unwrap(), Mention::No, "a name with an ending is one word");
    let damaged = &zip(&[("a.json", body("2"))])[..80];
    assert_eq!(mentions(damaged, &is_it).unwrap(), Mention::Unseen);
}

/// A text of messages may have the word where a tar has it.
#[test]
fn mustard_makes_no_archive() {
    let mut text = format!("{},text\n{},", HEADER.trim_end(), row("1").trim_end());
    while text.len() < 256 {
        text.push('x');
    }
    text.push_str("mustard  please\n");
    assert_eq!(&text.as_bytes()[257..262], b"ustar");
    assert_eq!(ids(&read_bytes(text.as_bytes(), Path::new("log.csv"), &Options::default()).unwrap()), ["1"]);
}
