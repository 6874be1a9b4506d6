//! Forms of logs: one conversation in each of them is judged and charged alike, and each has its row in the README.
#![cfg(test)]

mod common;

#[path = "formats/real.rs"]
mod real;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use common::{NIGHT, bodies, charge_files, parquet_of, ritardo, root, rows, shop_of, text};
use serde_json::{Value, json};

const CHANNEL: &str = "+390510000417";
/// The columns of the log in its canonical forms.
const COLUMNS: [&str; 6] = ["message_id", "business", "channel", "customer", "direction", "sent_at"];

/// One message: who with, from whom, when.
struct Message {
    id: &'static str,
    customer: u8,
    is_inbound: bool,
    at: DateTime<Utc>,
}

impl Message {
    fn customer(&self) -> String {
        format!("+39333000000{}", self.customer)
    }

    /// The two ends without their pluses: sender and receiver.
    fn ends(&self) -> (String, String) {
        let (customer, desk) = (self.customer()[1..].to_owned(), CHANNEL[1..].to_owned());
        if self.is_inbound { (customer, desk) } else { (desk, customer) }
    }

    fn direction(&self) -> &'static str {
        if self.is_inbound { "inbound" } else { "outbound" }
    }

    fn row(&self) -> Vec<String> {
        let at = self.at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        [self.id, "bologna-bakery", CHANNEL, &self.customer(), self.direction(), &at].map(str::to_owned).to_vec()
    }
}

/// All minutes are whole. The first customer's messages frame August and the horizon after it.
fn messages() -> Vec<Message> {
    let told = [
        ("q0", 1, true, "2018-07-31T09:00:00Z"),
        ("a0", 1, false, "2018-07-31T09:05:00Z"),
        ("n0", 1, false, "2018-09-03T12:00:00Z"),
        // In time, after two hours.
        ("q1", 2, true, "2018-08-10T10:00:00Z"),
        ("a1", 2, false, "2018-08-10T12:00:00Z"),
        // Late, after two days.
        ("q2", 3, true, "2018-08-10T10:00:00Z"),
        ("a2", 3, false, "2018-08-12T10:00:00Z"),
        // Never answered.
        ("q3", 4, true, "2018-08-15T09:30:00Z"),
        // One answer is late for the first and in time for the second.
        ("q4", 5, true, "2018-08-20T08:00:00Z"),
        ("q5", 5, true, "2018-08-20T09:00:00Z"),
        ("a4", 5, false, "2018-08-21T08:30:00Z"),
    ];
    told.map(|(id, customer, is_inbound, at)| Message { id, customer, is_inbound, at: at.parse().unwrap() }).into()
}

/// Verdict, received at, amount of each charge.
const CHARGES: [&str; 3] = [
    "late 2018-08-10T10:00:00.000Z 0.05",
    "late 2018-08-20T08:00:00.000Z 0.05",
    "unanswered 2018-08-15T09:30:00.000Z 0.05",
];

/// The shop of the refusals, whose source says this of its files instead of `format = "csv"`.
fn shop(name: &str, says: &str, files: &[(String, Vec<u8>)]) -> PathBuf {
    let folder = shop_of(&format!("formats-{name}"), &format!("files = \"desk/*\"\n{says}\n"));
    for (name, bytes) in files {
        fs::write(folder.join("inbox/desk").join(name), bytes).unwrap();
    }
    folder
}

/// A night over the files: the form that its summary says, and what is charged.
#[track_caller]
fn check(folder: &Path, form: &str, files: u64) -> Vec<String> {
    let summary = ritardo(folder, &["run", "--as-of", NIGHT, "--format", "json"]).expect(0).json();
    let read = &summary["read"];
    assert_eq!((&read["formats"], &read["rejected"]), (&json!({ form: files }), &json!(0)), "{summary:#}");
    let logs = read["logs"].as_array().unwrap();
    assert!(logs.iter().all(|log| text(log, "format") == form) && logs.len() as u64 == files, "{summary:#}");
    let closed = bodies(&folder.join("state"), "month_closed");
    assert_eq!(closed.len(), 1, "{form}: {summary:#}");
    let counts = ["on_time", "late", "unanswered", "held"].map(|verdict| closed[0]["counts"][verdict].clone());
    assert_eq!(counts, [json!(2), json!(2), json!(1), json!(0)], "{form}");
    let charges = charge_files(&folder.join("state")).into_values().flat_map(|bytes| rows(&bytes));
    let charges: Vec<_> = charges.filter(|row| row["verdict"] != "rounding").collect();
    let mut told: Vec<String> =
        charges.iter().map(|row| format!("{} {} {}", row["verdict"], row["received_at"], row["amount"])).collect();
    told.sort();
    assert_eq!(told, CHARGES, "{form}");
    ritardo(folder, &["verify"]).expect(0);
    ritardo(folder, &["audit", "2018-08"]).expect(0);
    let mut ids: Vec<String> = charges.into_iter().map(|row| row["message_id"].clone()).collect();
    ids.sort();
    ids
}

/// The form of one file, in which the ids are those of the log.
#[track_caller]
fn check_file(name: &str, says: &str, file: &str, bytes: Vec<u8>, form: &str) {
    let folder = shop(name, says, &[(file.to_owned(), bytes)]);
    assert_eq!(check(&folder, form, 1), ["q2", "q3", "q4"], "{name}");
}

fn lines(header: &str, line: impl Fn(&Message) -> String) -> Vec<u8> {
    let mut log = header.to_owned();
    for message in messages() {
        writeln!(log, "{}", line(&message)).unwrap();
    }
    log.into_bytes()
}

#[test]
fn canonical_logs() {
    let header = COLUMNS.join(",") + "\n";
    check_file("csv", "", "log.csv", lines(&header, |message| message.row().join(",")), "csv");
    let object = |message: &Message| {
        let fields = COLUMNS.iter().zip(message.row()).map(|(name, cell)| ((*name).to_owned(), Value::from(cell)));
        Value::Object(fields.collect()).to_string()
    };
    check_file("ndjson", "", "log.txt", lines("", object), "ndjson");
    let rows: Vec<Vec<String>> = messages().iter().map(Message::row).collect();
    check_file("parquet", "", "log.bin", parquet_of(&COLUMNS.map(str::to_owned), &rows), "parquet");
}

#[test]
fn an_archive_of_webhooks() {
    let body = |message: &Message| {
        let (customer, at) = (message.customer()[1..].to_owned(), message.at.timestamp().to_string());
        let metadata = json!({"display_phone_number": &CHANNEL[1..], "phone_number_id": "100417"});
        let value = if message.is_inbound {
            json!({"messaging_product": "whatsapp", "metadata": metadata, "messages":
                [{"id": message.id, "from": customer, "timestamp": at, "type": "text", "text": {"body": "x"}}]})
        } else {
            json!({"messaging_product": "whatsapp", "metadata": metadata, "statuses":
                [{"id": message.id, "recipient_id": customer, "timestamp": at, "status": "sent"}]})
        };
        let changes = json!([{"field": "messages", "value": value}]);
        json!({"object": "whatsapp_business_account", "entry": [{"id": "900", "changes": changes}]}).to_string()
    };
    let folder = shop("webhook", "", &[("bodies.txt".to_owned(), lines("", body))]);
    let book = fs::read_to_string(folder.join("businesses.toml")).unwrap();
    fs::write(folder.join("businesses.toml"), book.replace(CHANNEL, "100417")).unwrap();
    assert_eq!(check(&folder, "webhook", 1), ["q2", "q3", "q4"]);
}

#[test]
fn logs_of_vendors() {
    let twilio = |message: &Message| {
        let (from, to) = message.ends();
        let (status, direction) =
            if message.is_inbound { ("received", "inbound") } else { ("delivered", "outbound-api") };
        let at = message.at.format("%a, %d %b %Y %H:%M:%S +0000");
        format!("whatsapp:+{from},whatsapp:+{to},x,{status},\"{at}\",{},{direction}", message.id)
    };
    let log = lines("From,To,Body,Status,SentDate,Sid,Direction\n", twilio);
    check_file("twilio", "mapping = \"twilio\"", "log.csv", log, "csv through a mapping");
    let vonage = |message: &Message| {
        let ((from, to), at) = (message.ends(), message.at.format("%Y-%m-%dT%H:%M:%S+0000"));
        format!("{},{from},{to},{},whatsapp,{at},submitted", message.id, message.direction())
    };
    let log = lines("message_id,from,to,direction,provider,date_received,status\n", vonage);
    check_file("vonage", "mapping = \"vonage\"", "log.csv", log, "csv through a mapping");
    let infobip = |message: &Message| {
        let ((from, to), at) = (message.ends(), message.at.format("%Y-%m-%dT%H:%M:%S.000+0000").to_string());
        let mut row = json!({"messageId": message.id, "from": from, "to": to});
        if message.is_inbound {
            row["receivedAt"] = at.into();
            row["message"] = json!({"type": "TEXT", "text": "x"});
        } else {
            row["sentAt"] = at.into();
            row["status"] = json!({"groupName": "DELIVERED"});
        }
        json!({"results": [row]}).to_string()
    };
    check_file("infobip", "mapping = \"infobip\"", "log.json", lines("", infobip), "ndjson through a mapping");
}

/// The chat of each customer, as Android in Italy exports it: to the minute, two hours before UTC all the while.
fn chats() -> Vec<(String, Vec<u8>)> {
    let chat = |customer: u8| {
        let mut chat = String::new();
        for message in messages().iter().filter(|message| message.customer == customer) {
            let local = (message.at + Duration::hours(2)).format("%d/%m/%y, %H:%M");
            let name =
                if message.is_inbound { format!("+39 333 000 000{customer}") } else { "Forno Esempio".to_owned() };
            writeln!(chat, "{local} - {name}: parole {}\ne altre", message.id).unwrap();
        }
        (format!("{customer}.txt"), chat.into_bytes())
    };
    (1..=5).map(chat).collect()
}

const CHAT: &str = "format = \"chat\"\nzone = \"Europe/Rome\"\nbusiness = \"bologna-bakery\"\nchannel = \"+390510000417\"\n\
                    sender = \"Forno Esempio\"\ndate_order = \"day-first\"\nwithout_sender = \"inbound\"";

#[test]
fn exported_chats_to_the_minute() {
    let folder = shop("chat", &format!("{CHAT}\nweak_ids = \"billable\""), &chats());
    let ids = check(&folder, "chat", 5);
    assert!(ids.len() == 3 && ids.iter().all(|id| id.starts_with("weak-")), "{ids:?}");
}

/// Unless their source says so, weak ids bill nothing, and the month says what it waits for.
#[test]
fn weak_ids_are_not_billable_of_themselves() {
    let folder = shop("weak", CHAT, &chats());
    let summary = ritardo(&folder, &["run", "--as-of", NIGHT, "--format", "json"]).expect(0).json();
    assert!(charge_files(&folder.join("state")).is_empty(), "{summary:#}");
    let reasons = summary["waiting"][0]["reasons"].to_string();
    assert!(reasons.contains("held"), "{reasons}");
}

/// What no source claims, and what no reader knows, is set aside under its name, beside files that are read.
#[test]
fn what_nobody_claims_is_set_aside_by_name() {
    let log = lines(&(COLUMNS.join(",") + "\n"), |message| message.row().join(","));
    let files = [("log.csv".to_owned(), log), ("notes.txt".to_owned(), b"call the bakery back\n".to_vec())];
    let folder = shop("unclaimed", "", &files);
    fs::create_dir_all(folder.join("inbox/elsewhere")).unwrap();
    fs::write(folder.join("inbox/elsewhere/_chat.txt"), "31/07/18, 09:00 - Anna: a\n").unwrap();
    fs::write(folder.join("inbox/desk/chat.txt"), "31/07/18, 09:00 - Anna: a\n").unwrap();
    let ran = ritardo(&folder, &["run", "--as-of", NIGHT]).expect(65);
    assert!(ran.out.contains("\nformats   1 csv\n"), "{}", ran.out);
    for told in [
        "set aside desk/chat.txt: it is an exported chat, and no source says whose",
        "set aside desk/notes.txt: the form of the log is not known",
        "set aside elsewhere/_chat.txt: no source claims it",
    ] {
        assert!(ran.out.contains(told), "{told}\n{}", ran.out);
    }
    let list = ritardo(&folder, &["quarantine", "list"]).expect(0).out;
    assert!(
        ["desk/chat.txt", "desk/notes.txt", "elsewhere/_chat.txt"].iter().all(|name| list.contains(name)),
        "{list}"
    );
}

/// Links of a row that begin with this, by their targets.
fn links<'r>(row: &'r str, begin: &str) -> Vec<&'r str> {
    let targets = row.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| target.starts_with(begin)).collect()
}

/// Every form of the README has a story test that names it, and a refusal.
#[test]
fn every_form_of_the_readme_has_its_story_and_its_refusal() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = readme.split_once("### Forms of logs\n").expect("a section on forms");
    let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    for row in &rows {
        let (stories, refusals) = (links(row, "tests/"), links(row, "tests/refusals/"));
        assert!(stories.len() == 2 && refusals.len() == 1, "a story and a refusal: {row}");
        let story = stories.into_iter().find(|path| !path.starts_with("tests/refusals/")).unwrap();
        let name = row.split(story).next().and_then(|before| before.rsplit('[').next()).unwrap();
        let name = name.trim_end_matches("](").trim_matches('`');
        let code = fs::read_to_string(root().join(story)).unwrap_or_else(|error| panic!("{story}: {error}"));
        assert!(code.contains(&format!("fn {name}()")), "{story} has no test `{name}`");
        assert!(root().join(refusals[0]).exists() && refusals[0].ends_with("/case.txt"), "{row}");
    }
    for form in ["CSV", "NDJSON", "Parquet", "webhook", "chat", "twilio", "kaleyra", "infobip", "vonage", "chatwoot"] {
        assert!(rows.iter().any(|row| row.contains(form)), "no row of {form}");
    }
}
