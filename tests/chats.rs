//! Exported chats from the phone to the charge. The chats are made up; what they cost is worked out by hand.
#![cfg(test)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{bodies, charge_files, ritardo, rows, shop_of, text};

const NIGHT: &str = "2018-09-05T00:00:00Z";
const BILLABLE: &str = "weak_ids = \"billable\"";

/// The shop of the refusals, whose only source is of chats: `more` is what it says beside what every one says.
fn shop(name: &str, zone: &str, more: &str) -> PathBuf {
    let says = format!(
        "files = \"desk/*.txt\"\nformat = \"chat\"\nzone = \"{zone}\"\nbusiness = \"bologna-bakery\"\n\
         channel = \"+390510000417\"\nsender = \"Forno Esempio\"\n{more}\n"
    );
    shop_of(&format!("chats-{name}"), &says)
}

fn put(folder: &Path, name: &str, chat: &str) {
    fs::write(folder.join("inbox/desk").join(name), chat).unwrap();
}

/// The charges of closed months as `verdict received_at amount`, and how many waits are held.
fn night(folder: &Path) -> (Vec<String>, u64) {
    let ran = ritardo(folder, &["run", "--as-of", NIGHT]);
    assert!(matches!(ran.code, 0 | 65), "{}{}", ran.out, ran.err);
    let list = ritardo(folder, &["gap", "list", "--as-of", NIGHT, "--format", "json"]).expect(0).json();
    let held = list["held"].as_array().unwrap().iter().map(|hold| hold["waits"].as_u64().unwrap()).sum();
    let charges = charge_files(&folder.join("state")).into_values().flat_map(|bytes| rows(&bytes));
    let told = charges
        .filter(|row| row["verdict"] != "rounding")
        .map(|row| format!("{} {} {}", row["verdict"], row["received_at"], row["amount"]));
    let mut charges: Vec<String> = told.collect();
    charges.sort();
    ritardo(folder, &["verify"]).expect(0);
    (charges, held)
}

#[track_caller]
fn check(name: &str, zone: &str, more: &str, chat: &str, charges: &[&str], held: u64) {
    let folder = shop(name, zone, more);
    put(&folder, "_chat.txt", chat);
    let expected: Vec<String> = charges.iter().map(|charge| (*charge).to_owned()).collect();
    assert_eq!(night(&folder), (expected, held), "{name}");
}

/// Of Android in Italy: hours in minutes only, so that an answer is a minute later than a day and still in time.
const ITALIAN: &str = "31/07/18, 09:00 - I messaggi e le chiamate sono crittografati end-to-end.\n\
    31/07/18, 09:00 - Anna Bianchi: buongiorno\n\
    31/07/18, 09:05 - Forno Esempio: buongiorno\n\
    10/08/18, 10:00 - Anna Bianchi: avete pane?\ne focacce?\n\
    11/08/18, 10:01 - Forno Esempio: certo\n\
    15/08/18, 10:00 - Anna Bianchi: <Media omessi>\n\
    16/08/18, 10:02 - Forno Esempio: bella\n\
    20/08/18, 10:00 - Anna Bianchi: a domani\n\
    03/09/18, 12:00 - Anna Bianchi: ci siete?\n";
const ITALIAN_CHARGES: [&str; 2] = ["late 2018-08-15T08:00:00.000Z 0.09", "unanswered 2018-08-20T08:00:00.000Z 0.09"];

#[test]
fn an_italian_chat_of_android_is_billed_to_the_minute() {
    check("italian", "Europe/Rome", BILLABLE, ITALIAN, &ITALIAN_CHARGES, 0);
}

#[test]
fn nothing_of_a_chat_is_billed_unless_its_source_says_so() {
    let folder = shop("held", "Europe/Rome", "");
    put(&folder, "_chat.txt", ITALIAN);
    let (charges, held) = night(&folder);
    // Those of August, and what is open in September.
    assert!(charges.is_empty() && held >= 3, "{charges:?} {held}");
}

#[test]
fn an_american_chat_of_an_iphone_is_month_first_and_of_twelve_hours() {
    let chat = "[7/31/18, 9:00:00\u{202f}AM] +1 (809) 555-0001: \u{200e}Messages and calls are end-to-end encrypted.\n\
        [7/31/18, 9:00:00\u{202f}AM] +1 (809) 555-0001: hello\n\
        [8/14/18, 9:00:00\u{202f}PM] +1 (809) 555-0001: any news?\n\
        [8/15/18, 9:30:00\u{202f}PM] Forno Esempio: yes\n\
        \u{200e}[8/20/18, 12:05:00\u{202f}AM] +1 (809) 555-0001: \u{200e}image omitted\n\
        [8/20/18, 12:10:00\u{202f}PM] Forno Esempio: nice\n\
        [9/3/18, 1:00:00\u{202f}PM] +1 (809) 555-0001: bye\n";
    check("american", "America/New_York", BILLABLE, chat, &["late 2018-08-15T01:00:00.000Z 0.09"], 0);
}

#[test]
fn a_deleted_message_of_the_business_may_have_been_the_answer() {
    let chat = "31.07.18, 09:00 - Anna Muster: Hallo\n\
        31.07.18, 09:01 - Forno Esempio: Hallo\n\
        10.08.18, 10:00 - Anna Muster: Diese Nachricht wurde gelöscht\n\
        12.08.18, 10:00 - Anna Muster: Brot?\n\
        12.08.18, 11:00 - Forno Esempio: Du hast diese Nachricht gelöscht\n\
        03.09.18, 12:00 - Anna Muster: Hallo\n";
    check("german", "Europe/Berlin", BILLABLE, chat, &[], 1);
}

#[test]
fn messages_of_one_minute_stay_in_their_order() {
    let chat = "31/07/2018 09:00 - Anna Souza: oi\n\
        31/07/2018 09:01 - Forno Esempio: oi\n\
        10/08/2018 10:00 - Anna Souza: tem pão?\n\
        10/08/2018 10:00 - Forno Esempio: tem\n\
        20/08/2018 10:00 - Forno Esempio: promoção\n\
        20/08/2018 10:00 - Anna Souza: quanto?\n\
        03/09/2018 12:00 - Anna Souza: oi\n";
    check("brazilian", "America/Sao_Paulo", BILLABLE, chat, &[], 0);
    let exact = format!("{BILLABLE}\ntolerance = \"0s\"");
    let unanswered = "unanswered 2018-08-20T13:00:00.000001Z 0.09";
    check("brazilian-exact", "America/Sao_Paulo", &exact, chat, &[unanswered], 0);
}

#[test]
fn digits_and_halves_of_the_day_may_be_arabic() {
    let chat = "\u{200f}[\u{200f}٣١\u{200f}/٧\u{200f}/٢٠١٨\u{60c} ٩:٠٠:٠٠\u{a0}ص] سارة: \u{200e}الرسائل والمكالمات مشفرة تمامًا بين الطرفين\n\
        [\u{200f}٣١\u{200f}/٧\u{200f}/٢٠١٨\u{60c} ٩:٠٠:٠٠\u{a0}ص] سارة: مرحبا\n\
        [\u{200f}٣١\u{200f}/٧\u{200f}/٢٠١٨\u{60c} ٩:٠١:٠٠\u{a0}ص] Forno Esempio: مرحبا\n\
        [\u{200f}١٠\u{200f}/٨\u{200f}/٢٠١٨\u{60c} ٩:٠٠:٠٠\u{a0}م] سارة: خبز؟\n\
        [\u{200f}١٢\u{200f}/٨\u{200f}/٢٠١٨\u{60c} ٨:٠٠:٠٠\u{a0}ص] Forno Esempio: نعم\n\
        [\u{200f}٣\u{200f}/٩\u{200f}/٢٠١٨\u{60c} ١:٠٠:٠٠\u{a0}م] سارة: شكرا\n";
    check("arabic", "Asia/Riyadh", BILLABLE, chat, &["late 2018-08-10T18:00:00.000Z 0.09"], 0);
}

#[test]
fn a_group_needs_the_name_of_its_conversation() {
    let chat = "31/07/18, 09:00 - Anna Bianchi created group \"Orders: bread\"\n\
        31/07/18, 09:00 - Anna Bianchi: ciao\n\
        31/07/18, 09:05 - Forno Esempio: ciao\n\
        10/08/18, 10:00 - Anna Bianchi: pane?\n\
        10/08/18, 10:30 - Bruno Neri: pizza?\n\
        10/08/18, 11:00 - Forno Esempio: sì e sì\n\
        20/08/18, 10:00 - Bruno Neri: a domani\n\
        03/09/18, 12:00 - Anna Bianchi: grazie\n";
    let refused = shop("group-refused", "Europe/Rome", BILLABLE);
    put(&refused, "_chat.txt", chat);
    assert_eq!(night(&refused), (vec![], 0));
    let reason = text(&bodies(&refused.join("state"), "set_aside")[0], "reason");
    assert!(reason.starts_with("2 people beside the business write in it"), "{reason}");
    let named = format!("{BILLABLE}\nconversation = \"orders\"");
    check("group", "Europe/Rome", &named, chat, &["unanswered 2018-08-20T08:00:00.000Z 0.09"], 0);
}

#[test]
fn a_chat_exported_again_is_no_second_chat() {
    let folder = shop("again", "Europe/Rome", &format!("{BILLABLE}\ndate_order = \"day-first\""));
    let (first, _) = ITALIAN.split_at(ITALIAN.find("16/08/18").unwrap());
    put(&folder, "2018-08-15.txt", first);
    put(&folder, "2018-09-03.txt", ITALIAN);
    put(&folder, "2018-09-03-media.txt", &ITALIAN.replace("<Media omessi>", "IMG-20180815-WA0001.jpg (file allegato)"));
    assert_eq!(night(&folder), (ITALIAN_CHARGES.map(str::to_owned).to_vec(), 0));
    assert_eq!(bodies(&folder.join("state"), "file").len(), 3);
}

/// A line that was pasted into a text, or is of another export: what it may be is not charged.
#[test]
fn a_line_of_another_shape_holds_what_it_may_answer() {
    let pasted = ITALIAN.replace("a domani\n", "a domani\n[20/08/18, 10:05:00] Forno Esempio: a domani\n");
    let folder = shop("pasted", "Europe/Rome", BILLABLE);
    put(&folder, "_chat.txt", &pasted);
    let (charges, held) = night(&folder);
    // The late one and the unanswered one of August, and what is open in September.
    assert!(charges.is_empty() && held >= 2, "{charges:?} {held}");
}

#[test]
fn what_is_not_proved_is_set_aside() {
    for (name, chat, reason) in [
        ("order", "01/08/18, 09:00 - Anna: a\n02/08/18, 09:00 - Forno Esempio: b\n", "set date_order in its source"),
        ("name", "31/07/18, 09:00 - Anna: a\n01/08/18, 09:00 - Forno: b\n", "but A••• (1), F••• (1): correct sender"),
        ("year", "[31/07, 09:00] Anna: a\n", "its dates have no year"),
    ] {
        let folder = shop(&format!("refused-{name}"), "Europe/Rome", BILLABLE);
        put(&folder, "_chat.txt", chat);
        assert_eq!(night(&folder), (vec![], 0));
        let told = text(&bodies(&folder.join("state"), "set_aside")[0], "reason");
        assert!(told.contains(reason), "{told}");
    }
}
