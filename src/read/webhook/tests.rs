use super::both::check_both_ways;
use super::*;
use crate::domain::Kind;

/// A body with one change of the business 900 on the channel 800, whose own number is +39 02 1000.
fn change(field: &str, inside: &str) -> String {
    let metadata = r#""metadata":{"display_phone_number":"+39 02-1000","phone_number_id":"800"}"#;
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"900","changes":[{{"field":"{field}","value":{{{metadata},{inside}}}}}]}}]}}"#
    )
}

fn read(json: &str) -> Read {
    let mut read = Read::default();
    body(json.as_bytes(), 1, &mut read);
    check_both_ways(json.as_bytes());
    read
}

/// All of a row that can differ between the messages of [`change`], in one line.
fn told(row: &Row) -> String {
    assert_eq!((row.business.as_str(), row.channel.as_str()), ("900", "800"));
    let customer = if row.customer == row.conversation { String::new() } else { format!(" customer {}", row.customer) };
    let words = [
        row.message_id.clone(),
        row.direction.to_string(),
        row.conversation.clone(),
        (row.sent_at.micros() / 1_000_000).to_string(),
        row.kind.name().to_owned(),
        format!("{:?}", row.status),
        row.entry_point.to_string(),
        format!("{:?}", row.sighting),
    ];
    format!("{}{customer}", words.join(" "))
}

#[track_caller]
fn check(json: &str, rows: &[&str], reasons: &[&str]) {
    let read = read(json);
    assert_eq!(read.rows.iter().map(told).collect::<Vec<_>>(), rows, "{json}");
    assert_eq!(read.rejects.iter().map(|reject| reject.reason.as_str()).collect::<Vec<_>>(), reasons, "{json}");
}

#[test]
fn a_message_of_a_customer_is_inbound() {
    for (message, row) in [
        (
            r#""from":"3933300001","timestamp":"1533081600","type":"text","text":{"body":"?"}"#,
            "m1 inbound +3933300001 1533081600 text Unstated unknown Stamped",
        ),
        (
            r#""from":"3933300001","from_user_id":"IT.77","timestamp":1533081600,"type":"image""#,
            "m1 inbound +3933300001 1533081600 image Unstated unknown Stamped",
        ),
        (
            r#""from_user_id":"IT.77","timestamp":"1533081600","type":"voice""#,
            "m1 inbound IT.77 1533081600 audio Unstated unknown Stamped",
        ),
        (
            r#""timestamp":"1533081600","type":"system","system":{"user_id":"IT.78"}"#,
            "m1 inbound IT.78 1533081600 system Unstated unknown Stamped",
        ),
        (
            r#""from":"3933300001","group_id":"Y2FwaQ","timestamp":"1533081600","type":"text""#,
            "m1 inbound Y2FwaQ 1533081600 text Unstated unknown Stamped customer +3933300001",
        ),
        (
            r#""from":"3933300001","timestamp":"1533081600","type":"text","referral":{"source_type":"ad"}"#,
            "m1 inbound +3933300001 1533081600 text Unstated click_to_chat Stamped",
        ),
        (
            r#""from":"3933300001","timestamp":"1533081600","type":"text","context":{"id":"m0","referred_product":{}}"#,
            "m1 inbound +3933300001 1533081600 text Unstated information_request Stamped",
        ),
        (
            r#""from":"3933300001","timestamp":"1533081600","type":"text","referral":null,"context":{"id":"m0"}"#,
            "m1 inbound +3933300001 1533081600 text Unstated unknown Stamped",
        ),
    ] {
        check(&change("messages", &format!(r#""messages":[{{"id":"m1",{message}}}]"#)), &[row], &[]);
    }
    let contact = r#""contacts":[{"wa_id":"","user_id":"IT.79"}],"messages":[{"id":"m1","timestamp":"1533081600","type":"text"}]"#;
    check(&change("messages", contact), &["m1 inbound IT.79 1533081600 text Unstated unknown Stamped"], &[]);
    let contacts = contact.replace("[{\"wa_id\"", "[{\"wa_id\":\"3933300002\"},{\"wa_id\"");
    check(&change("messages", &contacts), &[], &["message: customer is missing"]);
}

#[test]
fn the_kind_is_that_of_the_type() {
    for (name, kind) in [
        (r#""sticker""#, Kind::Sticker),
        (r#""contacts""#, Kind::Contacts),
        (r#""interactive""#, Kind::Interactive),
        (r#""reaction""#, Kind::Reaction),
        (r#""revoke""#, Kind::Revoke),
        (r#""edit""#, Kind::Edit),
        (r#""request_welcome""#, Kind::System),
        (r#""unsupported""#, Kind::Other),
        (r#""note""#, Kind::Other),
        (r#""automatic""#, Kind::Other),
        (r#""a type of tomorrow""#, Kind::Other),
        ("null", Kind::Other),
        ("{}", Kind::Other),
    ] {
        let message = format!(r#""messages":[{{"id":"m1","from":"39333","timestamp":"1533081600","type":{name}}}]"#);
        assert_eq!(read(&change("messages", &message)).rows.first().map(|row| row.kind), Some(kind), "{name}");
    }
}

#[test]
fn a_status_shows_an_outbound_message() {
    for (status, row) in [
        (r#""status":"sent","recipient_id":"39333""#, "m1 outbound +39333 1533081600 text Sent unknown OnSent"),
        (
            r#""status":"delivered","recipient_id":"39333""#,
            "m1 outbound +39333 1533081600 text Delivered unknown OnDelivered",
        ),
        (r#""status":"READ","recipient_user_id":"IT.77""#, "m1 outbound IT.77 1533081600 text Read unknown OnRead"),
        (r#""status":"played","recipient_id":"39333""#, "m1 outbound +39333 1533081600 text Read unknown OnRead"),
        (
            r#""status":"failed","recipient_id":"39333","errors":[{"code":131047}]"#,
            "m1 outbound +39333 1533081600 text Failed unknown OnFailed",
        ),
        (
            r#""status":"sent","recipient_id":"77","recipient_type":"group","recipient_participant_id":"39333""#,
            "m1 outbound 77 1533081600 text Sent unknown OnSent",
        ),
    ] {
        check(
            &change("messages", &format!(r#""statuses":[{{"id":"m1","timestamp":"1533081600",{status}}}]"#)),
            &[row],
            &[],
        );
    }
}

#[test]
fn an_echo_is_outbound() {
    let echo = r#""message_echoes":[{"from":"39021000","to":"39333","id":"m1","timestamp":"1533081600","type":"image"},
        {"from":"39021000","to_user_id":"IT.77","id":"m2","timestamp":"1533081601","type":"revoke"}]"#;
    let rows = [
        "m1 outbound +39333 1533081600 image Unstated unknown Stamped",
        "m2 outbound IT.77 1533081601 revoke Unstated unknown Stamped",
    ];
    check(&change("smb_message_echoes", echo), &rows, &[]);
}

#[test]
fn the_history_tells_direction_by_its_sender() {
    let message = |id: &str, from: &str, rest: &str| {
        format!(r#"{{"id":"{id}","from":"{from}","timestamp":"1533081600","type":"text"{rest}}}"#)
    };
    let messages = [
        message("m1", "39333", r#","history_context":{"status":"READ"}"#),
        message("m2", "39021000", r#","history_context":{"status":"DELIVERED"}"#),
        message("m3", "39021000", r#","history_context":{"status":"ERROR"}"#),
        message("m4", "39021000", r#","history_context":{"status":"PENDING"}"#),
        message("m5", "39021000", r#","history_context":{"status":"TOMORROW"}"#),
        message("m6", "44555", ""),
    ];
    let rows = [
        "m1 inbound +39333 1533081600 text Unstated unknown Stamped",
        "m2 outbound +39333 1533081600 text Delivered unknown Stamped",
        "m3 outbound +39333 1533081600 text Failed unknown Stamped",
        "m4 outbound +39333 1533081600 text Unstated unknown Stamped",
    ];
    let reasons =
        ["message: status is not known", "message: from is neither the business nor the customer of the thread"];
    let threads = format!(r#"{{"threads":[{{"id":"39333","messages":[{}]}}]}}"#, messages.join(","));
    check(&change("history", &format!(r#""history":[{threads}]"#)), &rows, &reasons);
    let without_number = change("history", &format!(r#""history":[{threads}]"#)).replace("display_phone_number", "x");
    assert_eq!(read(&without_number).rows.len(), 5, "who is not the customer of the thread is the business");

    let media = [message("m1", "39333", ""), message("m2", "39021000", r#","to":"39333""#)].join(",");
    let rows = [
        "m1 inbound +39333 1533081600 text Unstated unknown Stamped",
        "m2 outbound +39333 1533081600 text Unstated unknown Stamped",
    ];
    check(&change("history", &format!(r#""messages":[{media}]"#)), &rows, &[]);
    check(
        &change("history", r#""history":["x"]"#),
        &[],
        &["a chunk or a thread of the history is not an object with each key once"],
    );
}

#[test]
fn what_is_broken_rejects_itself_alone() {
    let long = "x".repeat(256);
    let good = r#"{"id":"m1","from":"39333","timestamp":"1533081600","type":"text"}"#;
    for (from, to, reason) in [
        (r#""m1""#, r#""""#, "message: message id is missing"),
        (r#""m1""#, "null", "message: message id is missing"),
        (r#""m1""#, r#""m\u00e9""#, "message: message id has characters other than visible ASCII"),
        (r#""m1""#, r#""m 1""#, "message: message id has characters other than visible ASCII"),
        (r#""m1""#, &format!("\"{long}\""), "message: message id is longer than 255 bytes"),
        (r#""39333""#, r#""\u0007""#, "message: customer has control characters"),
        (r#""39333""#, &format!("\"{long}\""), "message: customer is longer than 255 bytes"),
        (r#""39333""#, "[1]", "message: customer is missing"),
        (r#""1533081600""#, r#""noon""#, "message: timestamp is not a count of seconds"),
        (r#""1533081600""#, r#""""#, "message: timestamp is not a count of seconds"),
        (r#""1533081600""#, r#""-1533081600""#, "message: timestamp is not a count of seconds"),
        (r#""1533081600""#, "-5", "message: timestamp is not a count of seconds"),
        (r#""1533081600""#, "1533081600.5", "message: timestamp is not a count of seconds"),
        (r#""1533081600""#, r#""99999999999999999999""#, "message: timestamp is not a count of seconds"),
        (r#""1533081600""#, "1533081600000", "message: timestamp lies after 2099: it must be in seconds"),
        (r#""1533081600""#, "1230767999", "message: timestamp lies before 2009"),
        (r#""1533081600""#, "null", "message: timestamp is missing"),
        (r#""type""#, r#""id""#, "message: not an object with each key once"),
        (good, "\"text\"", "message: not an object with each key once"),
    ] {
        let bad = good.replacen(from, to, 1);
        let json = change("messages", &format!(r#""messages":[{bad},{}]"#, good.replace("m1", "m2")));
        check(&json, &["m2 inbound +39333 1533081600 text Unstated unknown Stamped"], &[reason]);
    }
    let status = |name: &str| {
        let status = format!(r#"{{"id":"m1","recipient_id":"39333","timestamp":"1533081600","status":"{name}"}}"#);
        change("messages", &format!(r#""statuses":[{status}]"#))
    };
    check(&status(""), &[], &["status: status is missing"]);
    check(&status("deleted"), &["m1 outbound +39333 1533081600 other Unstated unknown OnRead"], &[]);
}

#[test]
fn a_message_without_business_or_channel_is_rejected() {
    let message = r#""messages":[{"id":"m1","from":"39333","timestamp":"1533081600","type":"text"}]"#;
    let whole = change("messages", message);
    for (json, reason) in [
        (whole.replace(r#""id":"900","#, ""), "message: entry id is missing"),
        (whole.replace("phone_number_id", "x"), "message: phone_number_id is missing"),
        (format!(r#"{{"messaging_product":"whatsapp","metadata":{{}},{message}}}"#), "message: entry id is missing"),
        (format!(r#"{{"field":"messages","value":{{{message}}}}}"#), "message: entry id is missing"),
        (r#"{"entry":[{"id":"1"}]}"#.to_owned(), "an entry has no changes"),
        (r#"{"entry":{}}"#.to_owned(), "entry is not a list"),
        (
            r#"{"entry":[{"changes":[{"field":"messages"}]}]}"#.to_owned(),
            "the value of a change is not an object with each key once",
        ),
        (change("messages", r#""messages":{}"#), "messages is not a list"),
        (r#"{"hello":1}"#.to_owned(), NOT_A_BODY),
        ("[]".to_owned(), NOT_A_BODY),
        ("nonsense".to_owned(), "not valid JSON"),
        (whole[..whole.len() - 1].to_owned(), "the JSON is cut off"),
    ] {
        check(&json, &[], &[reason]);
    }
}

#[test]
fn changes_without_a_message_are_counted_by_field() {
    let mut read = Read::default();
    for (field, inside) in [
        ("account_update", r#""event":"X""#),
        ("account_update", r#""messages":[],"statuses":null"#),
        ("calls", r#""statuses":[{"id":"c1","status":"RINGING"}],"calls":[{"id":"c1"}]"#),
        ("messages", r#""statuses":[{"id":"c1","type":"call","status":"RINGING"}]"#),
        ("history", r#""history":[{"errors":[{"code":1}]}]"#),
        ("Jos\u{e9} 1", r#""a":1"#),
    ] {
        body(change(field, inside).as_bytes(), 1, &mut read);
    }
    body(br#"{"entry":[]}"#, 1, &mut read);
    body(br#"{"entry":[{"id":"900","changes":[]}]}"#, 1, &mut read);
    assert_eq!((read.rows.len(), &read.rejects), (0, &Vec::new()));
    let others: Vec<_> = read.others.iter().map(|(field, count)| (field.as_str(), *count)).collect();
    assert_eq!(others, [("-", 2), ("Jos??1", 1), ("account_update", 2), ("calls", 1), ("history", 1), ("messages", 1)]);
}

#[test]
fn a_file_is_one_body_or_many() {
    let message = |id: &str| {
        change("messages", &format!(r#""messages":[{{"id":"{id}","from":"39333","timestamp":"1533081600"}}]"#))
    };
    let pretty = |id: &str| message(id).replace(',', ",\n  ").replace("}]}", "}\n ]\n}");
    let (one, two) = (message("m1"), message("m2"));
    let broken = &one[..one.len() / 2];
    for (text, ids, rejects) in [
        (String::new(), "", vec![]),
        (" \n\t".to_owned(), "", vec![]),
        (format!("\u{feff}{one}"), "m1", vec![]),
        (pretty("m1"), "m1", vec![]),
        (format!("{}\n{}", pretty("m1"), pretty("m2")), "m1 m2", vec![]),
        (format!("[{one},\n{two}]"), "m1 m2", vec![]),
        (format!("[{one},7,{two}]"), "m1 m2", vec![(2, NOT_A_BODY)]),
        (format!("{one}\r\n\r\n{two}\r\n"), "m1 m2", vec![]),
        (format!("{one}{two}"), "m1 m2", vec![]),
        (format!("{one}\n{broken}\n{two}"), "m1 m2", vec![(2, "not valid JSON")]),
        (format!("{broken}\n{one}\n{two}"), "m1 m2", vec![(1, "not valid JSON")]),
        (format!("{one}\n\n{two}\n{broken}"), "m1 m2", vec![(4, "the JSON is cut off")]),
        (format!("{one}\nnonsense\nmore\n7\n{two}\n{{}}"), "m1 m2", vec![(2, "not valid JSON"), (6, NOT_A_BODY)]),
        (format!("[\n{one},\n{two},\n{broken}"), "m1 m2", vec![(1, "the JSON is cut off"), (4, "the JSON is cut off")]),
        (pretty("m1").replacen(':', "", 1), "", vec![(1, "not valid JSON")]),
        ("[".repeat(10_000), "", vec![(1, "not valid JSON")]),
    ] {
        check_both_ways(text.as_bytes());
        let read = file(text.as_bytes());
        assert_eq!(read.rows.iter().map(|row| row.message_id.as_str()).collect::<Vec<_>>().join(" "), ids, "{text}");
        let found: Vec<_> = read.rejects.iter().map(|reject| (reject.row, reject.reason.as_str())).collect();
        assert_eq!(found, rejects, "{text}");
    }
}

#[test]
fn bodies_are_told_from_the_canonical_log() {
    for (text, expected) in [
        (r#"{"object":"#, true),
        ("\u{feff}\n [\n {\"entry\" : [", true),
        (r#"{"value":{"message_id":[1,"}"]},"field":"messages"}"#, true),
        (r#"{"note":"a \" {[","changes":[]}"#, true),
        (r#"{"messaging_product":"whatsapp"}"#, true),
        (r#"{"business":"object","message_id":"entry","object":1}"#, false),
        (r#"{"business":"b"}{"entry":[]}"#, false),
        (r#"{"business":{"entry":1}}"#, false),
        (r#"{"entry"#, false),
        ("{\"", false),
        ("message_id,business,entry:", false),
        ("PAR1{\"entry\":1}", false),
        ("", false),
    ] {
        assert_eq!(looks_like(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn a_body_with_any_byte_changed_or_cut_is_never_a_panic_and_never_more() {
    let message = r#"{"id":"m1","from":"39333","timestamp":"1533081600","type":"text"}"#;
    let whole = change("history", &format!(r#""history":[{{"threads":[{{"id":"39333","messages":[{message}]}}]}}]"#));
    assert_eq!(file(whole.as_bytes()).rows.len(), 1);
    for at in 0..whole.len() {
        assert_eq!(file(&whole.as_bytes()[..at]).rows, [], "cut at {at}");
        for byte in [0, b' ', b'"', b'{', b']', b',', b'\n', b'\\', b'7', b'x', 0xFF] {
            let mut spoiled = whole.clone().into_bytes();
            spoiled[at] = byte;
            looks_like(&spoiled);
            assert!(file(&spoiled).rows.len() <= 1, "{byte} at {at}");
            check_both_ways(&spoiled);
        }
    }
}
