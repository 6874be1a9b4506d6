//! Logs in the shapes of vendors, read through their mappings: a story for each, with its verdicts by hand.
//!
//! The logs are invented. In each of them the first customer has an answer in time, the second a late one.
#![cfg(test)]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use common::{NIGHT, charges, copy, give_key, ritardo, root, rows, scratch, text};
use serde_json::Value;

/// A folder with a tariff and these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = scratch(&format!("vendors-{name}"));
    copy(&root().join("tests/refusals/base/tariff.toml"), &folder.join("tariff.toml"));
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
    folder
}

/// The verdict of every wait, and the rejected rows with their reasons.
fn judged(folder: &Path, logs: &[&str], mapping: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let options = ["--mapping", mapping, "--tariff", "tariff.toml", "--as-of", NIGHT, "--out", "waits.csv"];
    ritardo(folder, &[&["rate"][..], logs, &options, &["--summary", "summary.json"]].concat()).expect(0);
    let waits = rows(&fs::read(folder.join("waits.csv")).unwrap());
    let verdicts = waits.into_iter().map(|wait| (wait["message_id"].clone(), wait["verdict"].clone())).collect();
    let summary: Value = serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
    let rejects = summary["rejects"].as_array().unwrap().iter();
    (verdicts, rejects.map(|reject| format!("{} {}", reject["row"], text(reject, "reason"))).collect())
}

#[track_caller]
fn check(name: &str, logs: &[(&str, &str)], mapping: &str, waits: &[(&str, &str)], rejects: &[&str]) {
    let folder = folder(name, logs);
    let names: Vec<&str> = logs.iter().map(|(name, _)| *name).filter(|name| !name.ends_with(".toml")).collect();
    let (verdicts, told) = judged(&folder, &names, mapping);
    let waits = waits.iter().map(|(id, verdict)| ((*id).to_owned(), (*verdict).to_owned()));
    assert_eq!(verdicts, waits.collect::<BTreeMap<String, String>>());
    assert_eq!(told, rejects);
}

const TWILIO: &str =
    "From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit";

/// A row of the console: sender and receiver, status, time, id and direction.
fn twilio(ends: (&str, &str), status: &str, at: &str, id: &str, direction: &str) -> String {
    let (from, to) = ends;
    format!("{from},{to},hello,{status},\"{at}\",2010-04-01,1,,AC1,{id},{direction},-0.005,USD\n")
}

const DESK: &str = "whatsapp:+390510000417";

#[test]
fn twilio_csv() {
    let customers = [1, 2, 4, 5, 6].map(|number| format!("whatsapp:+39333000000{number}"));
    let [c1, c2, c4, c5, c6] = customers.each_ref().map(String::as_str);
    let log = [
        format!("{TWILIO}\n"),
        twilio((c1, DESK), "received", "2018-08-10T10:00:00Z", "SMq1", "inbound"),
        twilio((DESK, c1), "delivered", "2018-08-10T12:00:00Z", "SMa1", "outbound-api"),
        twilio((c2, DESK), "received", "Fri, 10 Aug 2018 10:00:00 +0000", "SMq2", "inbound"),
        twilio((DESK, c2), "failed", "2018-08-10T12:00:00Z", "SMf2", "outbound-reply"),
        twilio((DESK, c2), "read", "2018-08-12 10:00:00 +0000", "SMa2", "outbound-reply"),
        twilio(("+393330000003", "+390510000417"), "received", "2018-08-10T10:00:00Z", "SMs3", "inbound"),
        twilio((c4, DESK), "received", "2018-08-11T10:00:00Z", "SMq4", "inbound"),
        twilio((DESK, c4), "queued", "2018-08-11T11:00:00Z", "SMa4", "outbound-api"),
        twilio((c5, DESK), "received", "2018-08-30T10:00:00Z", "SMq5", "sideways"),
        twilio((c6, DESK), "received", "10/08/2018 10:00", "SMq6", "inbound"),
        twilio((c6, DESK), "received", "2018-08-10T10:00:00Z", "", "inbound"),
    ];
    check(
        "twilio",
        &[("log.csv", &log.concat())],
        "twilio",
        &[("SMq1", "on_time"), ("SMq2", "late"), ("SMq4", "held")],
        &[
            "9 `Status` has a status that the mapping does not know",
            "10 `Direction` has a direction that the mapping does not know",
            "11 `SentDate` is not written in a form that the mapping declares as `time`",
            "12 message_id is empty (from `Sid`)",
        ],
    );
}

/// A messaging service sends from a number that nobody knows, and some rows have `whatsapp:` in capitals.
#[test]
fn one_end_of_whatsapp_is_enough() {
    let customers = [1, 2, 3].map(|number| format!("whatsapp:+39333000000{number}"));
    let [c1, c2, c3] = customers.each_ref().map(String::as_str);
    let desk = DESK.replace("whatsapp", "WhatsApp");
    let log = [
        format!("{TWILIO}\n"),
        twilio((c1, DESK), "received", "2018-08-10T10:00:00Z", "SMq1", "inbound"),
        twilio(("MG1", c1), "delivered", "2018-08-10T12:00:00Z", "SMa1", "outbound-api"),
        twilio((c2, DESK), "received", "2018-08-10T10:00:00Z", "SMq2", "inbound"),
        twilio((desk.as_str(), c2), "delivered", "2018-08-10T12:00:00Z", "SMa2", "outbound-api"),
        twilio((c3, DESK), "received", "2018-08-10T10:00:00Z", "SMq3", "inbound"),
        twilio(("MG1", "+393330000003"), "delivered", "2018-08-10T12:00:00Z", "SMs3", "outbound-api"),
        twilio((DESK, c3), "delivered", "2018-08-12T12:00:00Z", "SMa3", "outbound-api"),
    ];
    check(
        "one-end",
        &[("log.csv", &log.concat())],
        "twilio",
        &[("SMq1", "held"), ("SMq2", "on_time"), ("SMq3", "late")],
        &["3 `From` is no phone number, so nobody knows whose channel it is"],
    );
}

/// The name of a conversation is of two columns, and a row that lacks one of them may belong to any.
#[test]
fn a_conversation_of_two_columns() {
    let mapping = "like = \"twilio\"\nconversation = { join = [\"Inbox\", \"Thread\"] }\n";
    let customer = "whatsapp:+393330000001";
    let row = |id: &str, at: &str, thread: &str| {
        let (ends, way) = if id.starts_with('q') {
            (format!("{customer},{DESK}"), "inbound")
        } else {
            (format!("{DESK},{customer}"), "outbound-api")
        };
        format!("{ends},sent,{at},{id},{way},{thread}\n")
    };
    let log = [
        "From,To,Status,SentDate,Sid,Direction,Inbox,Thread\n".to_owned(),
        row("q1", "2018-08-10T10:00:00Z", "a|,b"),
        row("a1", "2018-08-10T12:00:00Z", "a,|b"),
        row("q2", "2018-08-12T10:00:00Z", "c,d"),
        row("a2", "2018-08-12T12:00:00Z", "c,d"),
    ];
    let (one, other) = (log.concat(), log.concat() + &row("a3", "2018-08-10T13:00:00Z", "a,"));
    // The answer of another conversation may not end the wait.
    let folder = folder("joined", &[("mapping.toml", mapping), ("log.csv", &one), ("lacking.csv", &other)]);
    let (verdicts, rejects) = judged(&folder, &["log.csv"], "mapping.toml");
    assert_eq!((verdicts["q1"].as_str() == "on_time", verdicts["q2"].as_str()), (false, "on_time"));
    assert!(rejects.is_empty(), "{rejects:?}");
    let (verdicts, rejects) = judged(&folder, &["lacking.csv"], "mapping.toml");
    assert_eq!(verdicts["q1"], "held");
    assert_eq!(rejects, ["6 `Thread` is empty, and the name of a conversation needs it"]);
}

/// A log in which nothing is of WhatsApp is not what its source says.
#[test]
fn a_file_of_which_every_row_is_passed_over_is_refused() {
    let log = [
        format!("{TWILIO}\n"),
        twilio(("+393330000003", "+390510000417"), "received", "2018-08-10T10:00:00Z", "SMs3", "inbound"),
    ];
    let folder = folder("all-passed", &[("log.csv", &log.concat())]);
    let options = ["--mapping", "twilio", "--tariff", "tariff.toml", "--as-of", NIGHT, "--out", "waits.csv"];
    let told = ritardo(&folder, &[&["rate", "log.csv"][..], &options].concat()).expect(65).err;
    assert!(told.contains("every row of the file is passed over, since `From` has nothing"), "{told}");
}

#[test]
fn twilio_json() {
    let line = |id: &str, from: &str, to: &str, direction: &str, at: &str, status: &str| {
        format!(
            "{{\"sid\":\"{id}\",\"from\":\"{from}\",\"to\":\"{to}\",\"direction\":\"{direction}\",\"date_sent\":{at},\
             \"date_created\":\"Fri, 10 Aug 2018 09:00:00 +0000\",\"status\":\"{status}\",\"body\":\"hi\",\"price\":null}}\n"
        )
    };
    let (c1, c2) = ("whatsapp:+393330000001", "whatsapp:+393330000002");
    let log = [
        line("q1", c1, DESK, "inbound", "\"Fri, 10 Aug 2018 10:00:00 +0000\"", "received"),
        line("a1", DESK, c1, "outbound-api", "\"2018-08-10T12:00:00Z\"", "sent"),
        line("q2", c2, DESK, "inbound", "null", "received"),
        line("a2", DESK, c2, "outbound-reply", "\"2018-08-12T10:00:00Z\"", "delivered"),
    ];
    check("twilio-json", &[("log.ndjson", &log.concat())], "twilio-json", &[("q1", "on_time"), ("q2", "late")], &[]);
}

#[test]
fn kaleyra_tabular_report() {
    let header = "WABA ID,WHATSAPP_ID,FROM,TO,MESSAGE_DIRECTION,SOURCE,FORMAT,REASON_FOR_FAILURE,COUNTRY,TEMPLATE_NAME,\
                  MESSAGE,CREATED_AT,FAILED_AT,SENT_AT,DELIVERED_AT,SEEN_AT\n";
    let row = |id: &str, ends: &str, is_inbound: &str, created: &str, failed: &str, sent: &str| {
        let format = if id == "k7" { "reaction" } else { "text" };
        format!("1,{id},{ends},{is_inbound},API,{format},,IT,,\"two\nlines\",{created},{failed},{sent},,\n")
    };
    let log = [
        header.to_owned(),
        row("k1", "393330000001,390510000417", "true", "2018-08-10T10:00:00.000Z", "", ""),
        row("k2", "390510000417,393330000001", "false", "2018-08-10T11:00:00.000Z", "", "2018-08-10T12:00:00.000Z"),
        row("k3", "393330000002,390510000417", "true", "2018-08-10T10:00:00.000Z", "", ""),
        row("k4", "390510000417,393330000002", "false", "2018-08-10T11:00:00.000Z", "2018-08-10T11:00:01.000Z", ""),
        row("k5", "390510000417,393330000002", "false", "2018-08-12T10:00:00.000Z", "", "2018-08-12T10:00:00.000Z"),
        row("k6", "393330000003,390510000417", "maybe", "2018-08-30T10:00:00.000Z", "", ""),
        // A reaction asks for nothing, and what is of a new format holds.
        row("k7", "393330000007,390510000417", "true", "2018-08-10T10:00:00.000Z", "", ""),
        row("k8", "393330000008,390510000417", "true", "2018-08-10T10:00:00.000Z", "", "")
            .replace(",text,", ",hologram,"),
    ];
    check(
        "kaleyra",
        &[("log.csv", &log.concat())],
        "kaleyra",
        &[("k1", "on_time"), ("k3", "late"), ("k8", "held")],
        &["12 `MESSAGE_DIRECTION` has a direction that the mapping does not know"],
    );
}

#[test]
fn infobip_feed_and_logs() {
    let inbound = |id: &str, customer: &str, at: &str| {
        format!(
            "{{\"from\":\"{customer}\",\"to\":\"390510000417\",\"integrationType\":\"WHATSAPP\",\"receivedAt\":\"{at}\",\
             \"messageId\":\"{id}\",\"message\":{{\"type\":\"TEXT\",\"text\":\"hi\"}}}}"
        )
    };
    let outbound = |id: &str, customer: &str, at: &str, group: &str| {
        format!(
            "{{\"messageId\":\"{id}\",\"to\":\"{customer}\",\"from\":\"390510000417\",\"text\":\"hi\",\"sentAt\":\"{at}\",\
             \"doneAt\":\"{at}\",\"status\":{{\"groupName\":\"{group}\"}}}}"
        )
    };
    let feed = format!(
        "{{\n\"results\": [\n{},\n{},\n{},\n{},\n{}],\n\"messageCount\": 4, \"pendingMessageCount\": 0\n}}\n",
        inbound("i1", "393330000001", "2018-08-10T10:00:00.000+0000"),
        inbound("i2", "393330000002", "2018-08-10T12:00:00.000+0200"),
        inbound("i3", "393330000003", "2018-08-10T10:00:00.000+0000"),
        inbound("i4", "393330000004", "2018-08-10T10:00:00.000+0000").replace("TEXT", "REACTION"),
        inbound("i5", "393330000005", "2018-08-10T10:00:00.000+0000").replace("WHATSAPP", "SMS"),
    );
    let logs = format!(
        "{{\"results\":[{},{}]}}\n{{\"results\":[{},{}]}}\n{{\"results\":[]}}\n",
        outbound("o1", "393330000001", "2018-08-10T12:00:00.440+0000", "DELIVERED"),
        outbound("o2", "393330000002", "2018-08-10T12:00:00.440+0000", "REJECTED"),
        outbound("o3", "393330000002", "2018-08-12T12:00:00.440+0000", "DELIVERED"),
        outbound("o4", "393330000003", "2018-08-10T12:00:00.440+0000", "PENDING"),
    );
    check(
        "infobip",
        &[("feed.json", &feed), ("logs.json", &logs)],
        "infobip",
        &[("i1", "on_time"), ("i2", "late"), ("i3", "held")],
        &["4 `status.groupName` has a status that the mapping does not know"],
    );
}

fn without_kinds(log: &str) -> String {
    log.replace(",message_type", "").replace(",text", "")
}

#[test]
fn vonage_reports() {
    let header = "account_id,message_id,from,to,direction,provider,date_received,status,message_type\n";
    let row = |id: &str, ends: &str, direction: &str, provider: &str, at: &str, status: &str| {
        format!("abc,{id},{ends},{direction},{provider},{at},{status},text\n")
    };
    let ([c1, c2], desk) = (["393330000001", "393330000002"], "390510000417");
    let inbound = [
        header.to_owned(),
        row("v1", &format!("{c1},{desk}"), "inbound", "whatsapp", "2018-08-10T10:00:00+0000", "submitted"),
        row("v2", &format!("{c2},{desk}"), "inbound", "whatsapp", "2018-08-10T10:00:00+0000", "submitted"),
        row("v6", &format!("{c2},{desk}"), "inbound", "whatsapp", "2018-08-10T10:00:00+0000", "submitted")
            .replace(",text", ",reaction"),
        row("v3", &format!("{c2},{desk}"), "inbound", "viber_service", "2018-08-10T10:00:00+0000", "submitted"),
    ];
    let outbound = [
        header.to_owned(),
        row("v4", &format!("{desk},{c1}"), "outbound", "WhatsApp Business", "2018-08-11T10:00:00+0000", "read"),
        row("v5", &format!("{desk},{c2}"), "outbound", "whatsapp", "2018-08-11T10:00:01+0000", "delivered"),
    ];
    check(
        "vonage",
        // A report without the kinds is one too.
        &[("inbound.csv", &inbound.concat()), ("outbound.csv", &without_kinds(&outbound.concat()))],
        "vonage",
        &[("v1", "on_time"), ("v2", "late")],
        &[],
    );
}

#[test]
fn chatwoot_messages() {
    let line = |id: u32, kind: &str, customer: u32, at: &str, is_private: bool, sender: &str| {
        format!(
            "{{\"id\":{id},\"content\":\"hi\",\"message_type\":{kind},\"created_at\":{at},\"private\":{is_private},\
             \"status\":\"sent\",\"sender\":{{\"type\":\"{sender}\"}},\
             \"conversation\":{{\"inbox_id\":7,\"contact_inbox\":{{\"source_id\":\"39333000000{customer}\"}}}}}}\n"
        )
    };
    // 10 August 2018, 10:00 in UTC, and hours after it.
    let at = |hours: u32| (1_533_895_200 + 3600 * hours).to_string();
    let log = [
        line(1, "0", 1, &at(0), false, "contact"),
        line(2, "1", 1, &at(1), false, "user"),
        line(3, "0", 2, &at(0), false, "contact"),
        line(4, "1", 2, &at(1), true, "user"),
        line(5, "2", 2, &at(2), false, "user"),
        line(6, "1", 2, &at(25), false, "user"),
        line(7, "0", 3, &at(0), false, "contact"),
        line(8, "3", 3, &at(1), false, "agent_bot"),
        line(9, "9", 4, &at(480), false, "user"),
        line(10, "0", 4, &format!("{}.5", at(0)), false, "contact"),
    ];
    check(
        "chatwoot",
        &[("log.ndjson", &log.concat())],
        "chatwoot",
        &[("1", "on_time"), ("3", "late"), ("7", "on_time")],
        &[
            "9 `message_type` has a direction that the mapping does not know",
            "10 `created_at` has a value of the wrong type, or stands twice",
        ],
    );
    // Where only people answer, a bot does not.
    let folder = folder("chatwoot-human", &[("log.ndjson", &log.concat())]);
    let tariff = fs::read_to_string(folder.join("tariff.toml")).unwrap();
    fs::write(
        folder.join("tariff.toml"),
        tariff.replace("[[rate]]\nmarket = \"39\"", "[reading]\nanswered_by = \"human\"\n\n[[rate]]\nmarket = \"39\""),
    )
    .unwrap();
    assert_eq!(judged(&folder, &["log.ndjson"], "chatwoot").0["7"], "unanswered");
}

#[test]
fn gupshup_callbacks() {
    let mut log = String::new();
    let mut line = |timestamp: u64, kind: &str, payload: &str| {
        writeln!(log, "{{\"app\":\"bakery\",\"timestamp\":{timestamp},\"version\":2,\"type\":\"{kind}\",\"payload\":{{{payload}}}}}").unwrap();
    };
    let asks = |id: &str, who: u32| {
        format!("\"id\":\"{id}\",\"source\":\"39333000000{who}\",\"type\":\"text\",\"payload\":{{\"text\":\"hi\"}}")
    };
    let seen = |id: &str, what: &str, who: u32, ts: &str| {
        format!(
            "\"id\":\"wamid.{id}\",\"gsId\":\"{id}\",\"type\":\"{what}\",\"destination\":\"39333000000{who}\",\"payload\":{{{ts}}}"
        )
    };
    let (noon, ms) = (1_533_895_200_u64, 1000);
    line(noon * ms, "message", &asks("g1", 1));
    line((noon + 100) * ms, "message-event", &seen("e1", "enqueued", 1, ""));
    line((noon + 7300) * ms, "message-event", &seen("e1", "sent", 1, &format!("\"ts\":{}", noon + 7200)));
    line((noon + 7300) * ms, "message-event", &seen("e1", "delivered", 1, &format!("\"ts\":{}", (noon + 7201) * ms)));
    line(noon * ms, "message", &asks("g2", 2));
    // A failure that comes at once has the first id alone.
    line(
        (noon + 60) * ms,
        "message-event",
        "\"id\":\"e2\",\"type\":\"failed\",\"destination\":\"393330000002\",\"payload\":{\"code\":1}",
    );
    line((noon + 90_000) * ms, "message-event", &seen("e3", "read", 2, &format!("\"ts\":{}", noon + 90_000)));
    line(noon * ms, "billing-event", "\"deductions\":{}");
    line((noon + 1_000_000) * ms, "message-event", &seen("e4", "deleted", 3, "\"ts\":1"));
    // A reaction asks for nothing, and what is of a new kind holds.
    line(noon * ms, "message", &asks("g5", 5).replace("\"type\":\"text\"", "\"type\":\"reaction\""));
    line(noon * ms, "message", &asks("g6", 6).replace("\"type\":\"text\"", "\"type\":\"hologram\""));
    check(
        "gupshup",
        &[("log.ndjson", &log)],
        "gupshup",
        &[("g1", "on_time"), ("g2", "late"), ("g6", "held")],
        &["9 `payload.payload.ts` is not written in a form that the mapping declares as `time`"],
    );
}

#[test]
fn a_mapping_of_ones_own() {
    let mapping = "separator = \";\"\nmessage_id = \"Id\"\nbusiness = { value = \"bologna-bakery\" }\nfrom = \"Sender\"\nto = \"Receiver\"\n\
                   own_numbers = [\"+390510000417\"]\nsent_at = \"When\"\ntime = \"%d/%m/%Y %H:%M\"\nzone = \"Europe/Rome\"\n\
                   kind = \"Kind\"\nkinds = { text = \"msg\" }\nskip = { Kind = \"memo\" }\nautomatic = { Bot = \"yes\" }\n";
    let desk = "+390510000417";
    let log = format!(
        "Id;Sender;Receiver;When;Kind;Bot;Text\n\
         q1;+393330000001;{desk};10/08/2018 12:00;msg;no;a, b\n\
         n1;{desk};+393330000001;10/08/2018 12:30;memo;no;\n\
         a1;{desk};+393330000001;12/08/2018 12:00;msg;no;\n\
         q2;+393330000002;{desk};10/08/2018 12:00;msg;no;\n\
         b2;{desk};+393330000002;10/08/2018 12:01;msg;yes;\n\
         x3;+393330000003;+393330000004;30/08/2018 12:00;msg;no;\n\
         q4;+393330000004;{desk};08/31/2018 12:00;msg;no;\n\
         q5;+39 333 0000005;{desk};10/08/2018 12:00;msg;no;\n"
    );
    check(
        "own",
        &[("mapping.toml", mapping), ("log.csv", &log)],
        "mapping.toml",
        &[("q1", "late"), ("q2", "on_time")],
        &[
            "7 neither of `Receiver` or `Sender` is an own number of the business",
            "8 `When` is not written in a form that the mapping declares as `time`",
            "9 customer is a phone number with blanks or marks in it: write it like +393331234567 (from `Receiver` or `Sender`)",
        ],
    );
}

/// A file that is not what its mapping says is refused, and a header of names is shown only where it is one.
#[test]
fn a_file_without_the_columns_is_refused() {
    let people = "Maria Rossi,+393330000001,ciao\nMario Bianchi,+393330000002,ciao\n";
    let folder = folder("columns", &[("people.csv", people), ("other.ndjson", "{\"sid\":\"1\",\"from\":\"a\"}\n")]);
    let refused = |log: &str, mapping: &str| {
        let options = ["--mapping", mapping, "--tariff", "tariff.toml", "--as-of", NIGHT, "--out", "waits.csv"];
        ritardo(&folder, &[&["rate", log][..], &options].concat()).expect(65).err
    };
    let told = refused("people.csv", "twilio");
    assert!(told.contains("none of the columns that its mapping names") && !told.contains("Rossi"), "{told}");
    let told = refused("other.ndjson", "twilio-json");
    assert!(
        told.contains(
            "lacks columns of its mapping: `to`, `date_created` or `date_sent`, `direction`; it has `from`, `sid`"
        ),
        "{told}"
    );
}

/// A month of a vendor's log, closed, audited and verified: the business is the owner of the channel.
#[test]
fn a_month_of_a_vendor_is_closed() {
    let folder = scratch("vendors-month");
    copy(&root().join("tests/refusals/base"), &folder);
    give_key(&folder.join("state"), '5');
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    fs::write(folder.join("ritardo.toml"), config.replace("format = \"csv\"", "mapping = \"twilio\"")).unwrap();
    let customer = "whatsapp:+393330000001";
    let log = [
        format!("{TWILIO}\n"),
        twilio((DESK, customer), "read", "2018-07-31T10:00:00Z", "SMfirst", "outbound-api"),
        twilio((customer, DESK), "received", "2018-08-10T10:00:00Z", "SMasked", "inbound"),
        twilio((DESK, customer), "read", "2018-08-12T10:00:00Z", "SManswered", "outbound-api"),
        twilio((DESK, customer), "read", "2018-09-04T10:00:00Z", "SMlast", "outbound-api"),
        twilio(("+393330000003", "+390510000417"), "received", "2018-08-10T10:00:00Z", "SMs3", "inbound"),
    ];
    fs::write(folder.join("inbox/desk/2018-08.csv"), log.concat()).unwrap();
    // The book says whose the channel is, and what is passed over is told everywhere.
    let told = ritardo(&folder, &["inspect", "inbox/desk/2018-08.csv", "--config", "ritardo.toml"]).expect(0).out;
    assert!(told.contains("+390510000417 of bologna-bakery: 1 inbound, 3 outbound"), "{told}");
    let told = ritardo(&folder, &["run", "--as-of", NIGHT, "--dry-run", "--format", "json"]).expect(0).out;
    let summary: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(summary["read"]["passed_over"], 1);
    let options = ["--mapping", "twilio", "--tariff", "tariff.toml", "--as-of", NIGHT, "--summary", "summary.json"];
    let told = ritardo(&folder, &[&["rate", "inbox"][..], &options, &["--out", "waits.csv"]].concat()).expect(0).err;
    assert!(told.contains("warning: 1 row passed over"), "{told}");
    let summary: Value = serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["inputs"][0]["passed_over"], 1);
    let told = ritardo(&folder, &["run", "--as-of", NIGHT]).expect(0).out;
    assert!(told.contains("0 rows rejected, 1 passed over"), "{told}");
    let charged: Vec<(String, String)> =
        charges(&folder.join("state")).into_iter().map(|(business, _, message, _)| (business, message)).collect();
    assert_eq!(charged, [("bologna-bakery".to_owned(), "SMasked".to_owned())]);
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
}
