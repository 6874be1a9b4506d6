//! Whole chats: ids, stamps, sides, and what is rejected or refused. All of them are made up.

use super::*;
use crate::domain::chat::{WeakIds, WithoutSender};
use crate::domain::{Instant, columns};

fn options() -> Options {
    let chat = ChatSource {
        business: "shop".to_owned(),
        channel: "+390510000417".to_owned(),
        senders: vec!["Forno".to_owned()],
        date_order: Some(DateOrder::DayFirst),
        weak_ids: WeakIds::Billable,
        without_sender: WithoutSender::Refuse,
        conversation: None,
    };
    let latest = "2019-09-05T00:00:00Z".parse().unwrap();
    Options { zone: Some("Europe/Rome".parse().unwrap()), latest, chat: Some(chat), ..Options::default() }
}

/// Rows as `direction customer kind sent_at`, rejects as `row: reason`; or why the chat is refused.
fn told(text: &str, options: &Options) -> Vec<String> {
    let mut builder = Builder::new(options);
    if let Err(refused) = read(text.as_bytes(), options, &mut builder) {
        return vec![refused.to_string()];
    }
    let (frame, rejects) = builder.finish().unwrap();
    let text = |name: &str, row: usize| frame.column(name).unwrap().str().unwrap().get(row).unwrap().to_owned();
    let sent_at = |row: usize| frame.column(columns::SENT_AT).unwrap().i64().unwrap().get(row).unwrap();
    let row = |row: usize| {
        let at = Instant::from_micros(sent_at(row));
        let facts = [columns::DIRECTION, columns::CUSTOMER, columns::KIND].map(|name| text(name, row)).join(" ");
        format!("{facts} {at}")
    };
    let rejects = rejects.iter().map(|reject| format!("{}: {}", reject.row, reject.reason));
    (0..frame.height()).map(row).chain(rejects).collect()
}

fn ids(text: &str, options: &Options) -> Vec<String> {
    let mut builder = Builder::new(options);
    read(text.as_bytes(), options, &mut builder).unwrap();
    let (frame, _) = builder.finish().unwrap();
    frame.column(columns::MESSAGE_ID).unwrap().str().unwrap().iter().map(|id| id.unwrap().to_owned()).collect()
}

const CHAT: &str = "12/08/18, 09:00 - Messages and calls are end-to-end encrypted.\n\
                    12/08/18, 09:00 - Anna: buongiorno\nc'è pane?\n\
                    12/08/18, 09:00 - Anna: ?\n\
                    12/08/18, 09:00 - Forno: sì\n\
                    12/08/18, 09:01 - Anna: <Media omitted>\n";

#[test]
fn messages_of_one_minute_keep_their_order() {
    let expected = [
        "inbound Anna text 2018-08-12T07:00:00.000Z",
        "inbound Anna text 2018-08-12T07:00:00.000001Z",
        "outbound Anna text 2018-08-12T07:00:00.000002Z",
        "inbound Anna document 2018-08-12T07:01:00.000Z",
    ];
    assert_eq!(told(CHAT, &options()), expected);
    assert_eq!(told(&CHAT.replace('\n', "\r\n"), &options()), expected);
    let mut held = options();
    held.chat = held.chat.map(|chat| ChatSource { weak_ids: WeakIds::Hold, ..chat });
    let kinds: Vec<String> = told(CHAT, &held).iter().map(|row| row.split(' ').nth(2).unwrap().to_owned()).collect();
    assert_eq!(kinds, ["other", "other", "text", "other"]);
}

#[test]
fn a_chat_exported_again_has_the_same_ids() {
    let first = ids(CHAT, &options());
    assert!(first.iter().all(|id| id.starts_with("weak-") && id.len() == 37), "{first:?}");
    // Longer, without its first line, with its media beside it, on lines that end otherwise.
    let longer = format!("{CHAT}13/08/18, 10:00 - Anna: grazie");
    assert_eq!(ids(&longer, &options())[..4], first);
    let cut = CHAT.split_once('\n').unwrap().1.replace("<Media omitted>", "IMG-1.jpg (file attached)");
    assert_eq!(ids(&cut, &options()), first);
    assert_eq!(ids(&CHAT.replace('\n', "\r\n"), &options()), first);
    // A phone that shows seconds exports the same messages.
    let seconds =
        CHAT.replace("12/08/18, 09:00 -", "[12/08/18, 09:00:07]").replace("12/08/18, 09:01 -", "[12/08/18, 09:01:59]");
    assert_eq!(ids(&seconds, &options()), first);
    // Equal messages of one minute are several, and those of another customer are others.
    let twice = "12/08/18, 09:00 - Anna: ?\n12/08/18, 09:00 - Anna: ?\n12/08/18, 09:01 - Forno: sì\n";
    let mut all = ids(twice, &options());
    all.extend(ids(&twice.replace("Anna", "Bruno"), &options()));
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!((count, all.len()), (6, 6));
}

#[test]
fn what_cannot_be_read_is_rejected_and_the_rest_is_read() {
    let text = "lost\n31/08/18, 09:00 - Anna: x\n31/09/18, 09:00 - Forno: x\n31/08/18, 29:00 - Anna: x\n\
                [31/08/18, 09:00:00] Forno: x\n28/10/18, 02:30 - Anna: x\n31/03/19, 02:30 - Anna: x\n";
    let no_day = Wrong::NoDay.reason();
    assert_eq!(
        told(text, &options()),
        [
            "inbound Anna text 2018-08-31T07:00:00.000Z".to_owned(),
            "inbound Anna text 2018-10-28T01:30:00.000Z".to_owned(),
            format!("1: {BEFORE}"),
            format!("5: {FOREIGN}"),
            format!("3: {no_day}"),
            format!("4: {NO_TIME}"),
            "7: sent_at does not exist: the clocks of the zone were put forward over it".to_owned(),
        ]
    );
}

#[test]
fn a_chat_is_refused_with_the_setting_that_helps() {
    let mut proved = options();
    proved.chat = proved.chat.map(|chat| ChatSource { date_order: None, ..chat });
    for (text, expected) in [
        ("01/08/18, 09:00 - Anna: x\n02/08/18, 09:00 - Forno: x\n", Refused::Order.to_string()),
        ("13/08/18, 09:00 - Anna: x\n08/13/18, 09:00 - Forno: x\n", Refused::NoOrder.to_string()),
        ("31/07/18, 09:00 - Anna: x\n", Refused::NoSender("A••• (1)".to_owned()).to_string()),
        ("31/07/18, 09:00 - Forno: x\n", Refused::NoCustomer.to_string()),
        ("31/07/18, 09:00 - Forno: x\n31/07/18, 09:00 - A: x\n31/07/18, 09:00 - B: x\n", Refused::Group(2).to_string()),
        ("[31/07, 09:00] Anna: x\n", Refused::NoYear.to_string()),
        ("hello\n", Refused::NoHeader.to_string()),
    ] {
        assert_eq!(told(text, &proved), [expected], "{text}");
    }
    assert_eq!(told("x", &Options::default()), [Refused::Undeclared.to_string()]);
    assert_eq!(told("31/07/18, 09:00 - Anna: x\n31/07/18, 09:00 - Forno: x\n", &proved).len(), 2);
    // Nothing was written, or only by the app.
    for text in ["", "\u{feff}\n", "31/07/18, 09:00 - You blocked this contact\n"] {
        assert_eq!(told(text, &proved), [""; 0], "{text:?}");
    }
    let mut builder = Builder::new(&proved);
    let refused = read(b"31/07/18, 09:00 - Ann\xe0: x\n", &proved, &mut builder).unwrap_err();
    assert_eq!(refused.to_string(), Refused::NotUtf8.to_string());
}

#[test]
fn a_chat_is_known_by_its_first_line() {
    assert!(looks_like(CHAT.as_bytes(), 1000));
    assert!(looks_like("\u{200e}[12/08/18, 09:00:00] A: x".as_bytes(), 1000));
    for other in ["", "message_id,business\n1,b\n", "{\"a\":1}", "12/08/18,09:00,x\n", "hello\n"] {
        assert!(!looks_like(other.as_bytes(), 1000), "{other}");
    }
}
