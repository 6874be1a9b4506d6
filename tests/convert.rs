//! Any logs as one canonical log, and what is read of it: the same waits, from whatever form they went through.
#![cfg(test)]

mod common;

use std::fs;
use std::path::Path;

use common::{NIGHT, copy, ritardo, root, sample, scratch, sha256};

/// The waits of some logs, as `rate` writes them.
fn waits(folder: &Path, inputs: &[&str]) -> String {
    let options = ["--tariff", "tariff.toml", "--as-of", NIGHT, "--by-rows", "--out", "waits.csv"];
    ritardo(folder, &[&["rate"][..], inputs, &options].concat()).expect(0);
    fs::read_to_string(folder.join("waits.csv")).unwrap()
}

#[track_caller]
fn convert(folder: &Path, arguments: &[&str]) -> common::Ran {
    ritardo(folder, &[&["convert"][..], arguments].concat())
}

#[test]
fn the_sample_goes_through_every_form_and_stays_what_it_is() {
    let folder = sample("convert-sample");
    // Of all but the bakery, two of whose rows are broken on purpose.
    let inputs = ["inbox/hotel", "inbox/phone"];
    // Without a book the channels of webhooks have no owners: both sides are read without one.
    let expected = waits(&folder, &inputs);
    assert!(expected.lines().count() > 1_000, "{}", expected.lines().count());
    let mut from: Vec<&str> = inputs.to_vec();
    for to in ["one.csv", "two.ndjson", "three.parquet", "four.csv"] {
        convert(&folder, &[&from[..], &["--out", to]].concat()).expect(0);
        assert_eq!(waits(&folder, &[to]), expected, "{to}");
        from = vec![to];
    }
    let bytes = |name: &str| sha256(&fs::read(folder.join(name)).unwrap());
    assert_eq!(bytes("one.csv"), bytes("four.csv"));
    convert(&folder, &["inbox/phone", "inbox/hotel", "--out", "again.csv"]).expect(0);
    assert_eq!(bytes("one.csv"), bytes("again.csv"), "in any order of the inputs");
}

#[test]
fn a_rejected_row_that_may_be_an_answer_is_not_left_out_silently() {
    let folder = sample("convert-rejects");
    // Both rows of the sample that are broken are a customer's: they answer nothing.
    convert(&folder, &["inbox/bakery", "--out", "sound.parquet"]).expect(0);
    let day = folder.join("inbox/bakery/2018-08-16.csv");
    let broken = fs::read_to_string(&day).unwrap().replacen("outbound,2018-08-16T", "outbound,2018-08-16 at ", 1);
    fs::write(&day, broken).unwrap();
    let refused = convert(&folder, &["inbox/bakery", "--out", "bakery.parquet"]).expect(65);
    assert!(refused.err.contains("2018-08-16.csv, row 31: sent_at is not an instant"), "{}", refused.err);
    assert!(refused.err.contains("--leave-out-rejected"), "{}", refused.err);
    assert!(!folder.join("bakery.parquet").exists());
    let done = convert(&folder, &["inbox/bakery", "--out", "bakery.parquet", "--leave-out-rejected"]).expect(0);
    assert!(done.out.starts_with("converted "), "{}", done.out);
}

/// The source says how a file is read, and the book whose a channel is.
#[test]
fn the_configuration_says_how_files_are_read() {
    let folder = scratch("convert-config");
    copy(&root().join("tests/refusals/base"), &folder);
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    fs::write(folder.join("ritardo.toml"), config.replace("format = \"csv\"", "mapping = \"twilio\"")).unwrap();
    let log = "From,To,Status,SentDate,Sid,Direction\n\
               whatsapp:+390510000417,whatsapp:+393330000001,read,2018-08-12T10:00:00Z,SM2,outbound-api\n\
               whatsapp:+393330000001,whatsapp:+390510000417,received,2018-08-10T12:00:00+02:00,SM1,inbound\n";
    fs::write(folder.join("inbox/desk/2018-08.csv"), log).unwrap();
    convert(&folder, &["inbox", "--config", "ritardo.toml", "--out", "log.csv"]).expect(0);
    assert_eq!(
        fs::read_to_string(folder.join("log.csv")).unwrap(),
        "message_id,business,channel,customer,direction,sent_at,conversation,kind,status,entry_point\n\
         SM1,bologna-bakery,+390510000417,+393330000001,inbound,2018-08-10T10:00:00.000Z,+393330000001,,,unknown\n\
         SM2,bologna-bakery,+390510000417,+393330000001,outbound,2018-08-12T10:00:00.000Z,+393330000001,,read,unknown\n"
    );
    // Without the source its columns say nothing.
    convert(&folder, &["inbox", "--out", "log.csv"]).expect(65);
    convert(&folder, &["inbox", "--mapping", "twilio", "--out", "log.txt"]).expect(2);
}

#[test]
fn what_a_canonical_log_cannot_say_is_refused() {
    let folder = scratch("convert-fold");
    let log = "message_id,business,channel,customer,direction,sent_at\n1,b,c,+391,inbound,2018-10-28T02:30:00\n";
    fs::write(folder.join("log.csv"), log).unwrap();
    let refused = convert(&folder, &["log.csv", "--zone", "Europe/Rome", "--out", "out.csv"]).expect(65);
    assert!(refused.err.contains("has two readings"), "{}", refused.err);
    // A quiet day is a log too.
    fs::write(folder.join("log.csv"), log.lines().next().unwrap()).unwrap();
    for out in ["out.csv", "out.ndjson", "out.parquet"] {
        convert(&folder, &["log.csv", "--out", out]).expect(0);
    }
}

/// What a run would set aside is not converted either, and later messages only where they are asked for.
#[test]
fn a_log_is_read_as_a_run_reads_it() {
    let folder = sample("convert-declared");
    let hotel = folder.join("inbox/hotel");
    convert(&folder, &["inbox/hotel", "--config", "ritardo.toml", "--out", "hotel.csv"]).expect(0);
    fs::write(hotel.join("2018-W99.ndjson.gz"), "").unwrap();
    let refused = convert(&folder, &["inbox/hotel", "--config", "ritardo.toml", "--out", "hotel.csv"]).expect(65);
    assert!(refused.err.contains("it has no manifest"), "{}", refused.err);
    let early = ["hotel.csv", "--as-of", "2018-08-01T00:00:00Z", "--leave-out-rejected", "--out", "early.csv"];
    convert(&folder, &early).expect(0);
    let rows = |name: &str| fs::read_to_string(folder.join(name)).unwrap().lines().count();
    assert!(rows("early.csv") < rows("hotel.csv"));
}

#[test]
fn an_input_is_not_written_over_and_an_empty_folder_is_told() {
    let folder = scratch("convert-out");
    let log = "message_id,business,channel,customer,direction,sent_at\n1,b,c,+391,inbound,2018-08-10T02:30:00Z\n";
    fs::create_dir_all(folder.join("logs/none")).unwrap();
    fs::write(folder.join("logs/log.csv"), log).unwrap();
    let refused = convert(&folder, &["logs", "--out", "logs/log.csv"]).expect(2);
    assert!(refused.err.contains("the output is one of the inputs"), "{}", refused.err);
    assert_eq!(fs::read_to_string(folder.join("logs/log.csv")).unwrap(), log);
    let told = convert(&folder, &["logs/log.csv", "logs/none", "--out", "out.csv"]).expect(0).err;
    assert!(told.contains("warning: the folder logs/none has no log"), "{told}");
}
