//! I5, I6, I9 and I21: letters, lines, ids and kinds that are not what a log should have.

use crate::common::{facts, gzip, rows, zstd};
use crate::shop::{AUGUST, HEADER, Shop, log, row, sheet};

fn utf16(text: &str, is_little: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if is_little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

/// A log in another encoding, or with marks that nobody sees, must not make one customer two or lose an answer.
#[test]
fn i05_other_encodings_and_hidden_marks_are_seen() {
    let shop = Shop::with_lab("i05");
    let plain = log(&AUGUST);
    for (name, bytes) in [
        ("le-mark", [b"\xff\xfe".to_vec(), utf16(&plain, true)].concat()),
        ("be-mark", [b"\xfe\xff".to_vec(), utf16(&plain, false)].concat()),
        ("le", utf16(&plain, true)),
        ("be", utf16(&plain, false)),
    ] {
        shop.put(&format!("lab/utf16-{name}.csv"), bytes);
    }
    shop.put("lab/utf8-mark.csv", [b"\xef\xbb\xbf".as_slice(), plain.as_bytes()].concat());
    // The text of a message may be anything: it is never decoded.
    let texts = [b"Caff\xe8".as_slice(), b"\"\xff\xfe\n\xc3\x28\"", "\u{200e}\u{202e}ok".as_bytes(), b"nul \0 nul"];
    let mut said = format!("{HEADER},text\n").into_bytes();
    for (number, text) in texts.iter().enumerate() {
        said.extend(row(&format!("t-{number}"), "outbound", "2018-08-20T10:00:00Z").as_bytes());
        said.extend([b",", *text, b"\n"].concat());
    }
    shop.put("lab/texts.csv", said);
    let respelled = "customer is a phone number with blanks or marks in it: write it like +393331234567";
    let bad: [(&[u8], &[u8], &str); 12] = [
        (b"x-1,", b"x-\xe8,", "a field is not UTF-8"),
        (b"x-1,", b"x-\0,", "message_id has characters other than visible ASCII"),
        (b"x-1,", "x-\u{200e}1,".as_bytes(), "message_id has characters other than visible ASCII"),
        (b"x-1,", "x-\u{ff11},".as_bytes(), "message_id has characters other than visible ASCII"),
        (b"+390510000417", "\u{200e}+390510000417".as_bytes(), "channel has characters other than visible ASCII"),
        (b"+390000000120", "\u{200e}+390000000120".as_bytes(), "customer has marks of text direction"),
        (b"+390000000120", "\u{202a}+390000000120\u{202c}".as_bytes(), "customer has marks of text direction"),
        (b"+390000000120", b"+39000\x000000120", "customer has control characters"),
        (b"+390000000120", b"+39 000 0000120", respelled),
        (b"+390000000120", b"+390000000120 ", "customer begins or ends with a blank"),
        (b"+390000000120", "\u{a0}+390000000120".as_bytes(), "customer begins or ends with a blank"),
        (b"+390000000120", "+39\u{200b}0000000120".as_bytes(), "customer has characters that nobody sees"),
    ];
    let sound = row("x-1", "inbound", "2018-08-21T10:00:00Z");
    let mut rows = format!("{HEADER}\n").into_bytes();
    for (old, new, _) in &bad {
        let at = sound.as_bytes().windows(old.len()).position(|window| window == *old).unwrap();
        rows.extend([&sound.as_bytes()[..at], *new, &sound.as_bytes()[at + old.len()..], b"\n"].concat());
    }
    // A file without any row that can be read would be refused as a whole.
    rows.extend(row("marks-sound", "outbound", "2018-08-21T11:00:00Z").into_bytes());
    rows.push(b'\n');
    shop.put("lab/marks.csv", rows);
    shop.night(65);
    let aside = shop.aside();
    assert_eq!(aside.len(), 4, "{aside:?}");
    assert!(aside.iter().all(|(name, why)| name.contains("utf16") && why.contains("UTF-16")), "{aside:?}");
    assert_eq!(shop.rejects("lab/marks.csv"), bad.map(|(_, _, reason)| reason), "none of them is another customer");
    assert_eq!(shop.rejects("lab/texts.csv"), Vec::<String>::new());
    assert_eq!(shop.read().len(), 4, "with the mark of UTF-8, and with any text: {:?}", shop.read());
    assert_eq!(shop.billed(), ["a-late"]);
}

/// An answer to the same customer in another spelling is no answer that can be seen: its question is not charged.
#[test]
fn i05_one_customer_in_two_spellings_is_never_charged() {
    let answer = "+390000000098,outbound";
    assert_eq!(log(&AUGUST).matches(answer).count(), 1);
    for (spelling, code) in [
        ("+39 000 0000098", 0),
        ("+390000000098 ", 0),
        ("00390000000098", 0),
        ("\u{a0}+390000000098", 0),
        ("'+390000000098", 65),
        ("\"=\"\"+390000000098\"\"\"", 65),
    ] {
        let shop = Shop::with_lab("i05-spelling");
        shop.put("desk/august.csv", log(&AUGUST).replace(answer, &format!("{spelling},outbound")));
        shop.night(code);
        assert!(shop.billed().is_empty(), "{spelling}: {:?}", shop.billed());
        let waits: u64 = shop.held().iter().map(|hold| hold["waits"].as_u64().unwrap()).sum();
        assert_eq!(waits, u64::from(code == 0), "{spelling}: only what the row may answer is held");
    }
}

/// A file of which no row could be read may be full of answers, whenever they were.
#[test]
fn i05_a_file_of_rejected_rows_alone_holds_what_it_may_have_answered() {
    let (asked, answered) = AUGUST.split_at(4);
    let answer = log(&answered[..1]);
    for bad in [
        answer.replace("outbound", "out"),
        answer.replace("2018-08-15T12:00:00Z", "noon"),
        answer.replace("+390000000098", "+39 000 0000098"),
        format!("{HEADER}\nb-answer,outbound\n"),
    ] {
        let shop = Shop::with_lab("i05-rejected");
        shop.put("desk/august.csv", log(asked));
        shop.put("desk/september.csv", log(&answered[1..]));
        shop.put("desk/answer.csv", &bad);
        shop.night(0);
        assert!(shop.closed().is_empty() && shop.billed().is_empty(), "{bad}: {:?}", shop.billed());
        // What comes after it is another month's, and proven by its own logs.
        shop.put("desk/october.csv", log(&[("z-october", "outbound", "2018-10-04T10:00:00Z")]));
        shop.run("2018-10-05T00:00:00Z").expect(0);
        assert!(shop.billed().is_empty(), "{bad}: {:?}", shop.billed());
        let waits: u64 = shop.held().iter().map(|hold| hold["waits"].as_u64().unwrap()).sum();
        assert!(waits >= 1, "{bad}: nothing is held that could be accepted");
    }
}

/// A quote that is never closed, in a text before the other columns, swallows an answer up to the next quote.
#[test]
fn i06_a_swallowed_answer_is_missed_whatever_the_columns() {
    let said = |texts: [&str; 6]| {
        let rows =
            AUGUST.iter().zip(texts).map(|((id, direction, at), text)| format!("{text},{}\n", row(id, direction, at)));
        format!("text,{HEADER}\n{}", rows.collect::<String>())
    };
    for (texts, refused) in [
        (["ok"; 6], false),
        (["ok", "\"two\nlines\"", "\"a, b\nc, d\"", "ok", "ok", "\"inbound?\nno\""], false),
        (["ok", "ok", "ok", "ok", "\"hi", "so \"fine"], true),
        (["ok", "ok", "ok", "ok", "\"hi", "so\""], true),
        (["ok", "ok", "ok", "ok", "\"hi, you", "so, so\""], true),
    ] {
        let shop = Shop::with_lab("i06-swallowed");
        shop.put("desk/august.csv", said(texts));
        shop.night(if refused { 65 } else { 0 });
        let aside = shop.aside();
        if refused {
            assert!(aside["desk/august.csv"].starts_with("line 6: a quote is opened and never closed"), "{aside:?}");
            assert!(shop.billed().is_empty(), "{:?}", shop.billed());
        } else {
            assert!(aside.is_empty() && shop.billed() == ["a-late"], "{texts:?}: {aside:?}");
        }
    }
}

/// A line without end, a quote that swallows the rest, a hundred thousand columns, a header that says two things.
#[test]
fn i06_a_log_of_wrong_shape_is_refused_and_columns_are_found_by_name() {
    let (shop, sound) = (Shop::with_lab("i06"), Shop::with_lab("i06-sound"));
    let plain = log(&AUGUST);
    let huge = "x".repeat(2 << 20);
    let open = plain.replace("2018-08-10T10:00:00Z,text", "2018-08-10T10:00:00Z,\"text");
    let wide = (0..100_000).fold(HEADER.to_owned(), |header, column| header + ",c" + &column.to_string());
    let doubled = plain.replacen(",kind\n", ",channel\n", 1);
    let ndjson = format!("{{\"message_id\":\"{huge}");
    for (name, bytes, says) in [
        (
            "huge-field.csv",
            format!("{plain}{huge},b,c,d,outbound,2018-08-20T10:00:00Z,text\n"),
            "line 8 is longer than a line may be",
        ),
        ("huge-line.ndjson", ndjson, "line 1 is longer than a line may be"),
        ("open-quote.csv", open, "a quote is opened and never closed"),
        ("columns.csv", format!("{wide}\n"), "100007 columns"),
        ("doubled.csv", doubled, "`channel` stands twice"),
    ] {
        shop.put(&format!("lab/{name}"), &bytes);
        shop.put(&format!("lab/{name}.gz"), gzip(bytes.as_bytes()));
        shop.put(&format!("lab/{name}.zst"), zstd(bytes.as_bytes()));
        let told = shop.ritardo(&["inspect", &format!("inbox/lab/{name}")]).expect(65);
        assert!(told.out.contains(says), "{name}: {}", told.out);
        assert!(told.out.len() < 1000, "no line of the file is printed");
    }
    // The same rows with their columns the other way round.
    let turned = |line: &str| line.rsplit(',').collect::<Vec<_>>().join(",");
    let turned = plain.lines().fold(String::new(), |sheet, line| sheet + &turned(line) + "\n");
    shop.put("desk/august.csv", turned);
    shop.night(65);
    sound.night(0);
    let aside = shop.aside();
    assert_eq!(aside.len(), 15, "{aside:?}");
    assert!(facts(&shop.state()) == facts(&sound.state()));
    assert_eq!(shop.billed(), ["a-late"]);
}

/// A row without an id cannot be told from its copy in another export: it is rejected, and never billed.
#[test]
fn i09_a_row_without_an_id_is_never_billed() {
    let shop = Shop::with_lab("i09");
    let nameless = |direction: &str, at: &str| row("n-1", direction, at).replace("n-1,", ",");
    let questions = [nameless("inbound", "2018-08-20T10:00:00Z"), nameless("inbound", "2018-08-21T10:00:00Z")];
    shop.put("lab/chat.csv", sheet(&questions));
    let object = r#"{"business":"bologna-bakery","channel":"+390510000417","customer":"+390000000110","direction":"inbound","sent_at":"2018-08-20T10:00:00Z","message_id":"#;
    shop.put("lab/chat.ndjson", format!("{object}\"\"}}\n{object}null}}\n"));
    // Two exports that overlap do not make two of it.
    shop.put("lab/chat-again.csv", sheet(&questions[..1]));
    let ran = shop.night(0);
    for (file, count) in [("lab/chat.csv", 2), ("lab/chat.ndjson", 2), ("lab/chat-again.csv", 1)] {
        let reasons = shop.rejects(file);
        assert!(
            reasons.len() == count && reasons.iter().all(|why| why == "message_id is empty"),
            "{file}: {reasons:?}"
        );
    }
    assert!(ran.out.contains("rejected  lab/chat-again.csv row 2: message_id is empty"), "{}", ran.out);
    assert_eq!(shop.billed(), ["a-late"]);
    // An answer without an id may be one to any question of its conversation: they are held, and not charged.
    let shop = Shop::with_lab("i09-answer");
    let sound = row("z-sound", "outbound", "2018-08-20T10:00:00Z");
    shop.put("desk/nameless.csv", sheet(&[nameless("outbound", "2018-08-11T09:00:00Z").replace("110", "097"), sound]));
    shop.night(0);
    let held = shop.held();
    assert!(shop.billed().is_empty(), "{:?}", shop.billed());
    assert_eq!(held.iter().map(|hold| hold["waits"].as_u64().unwrap()).sum::<u64>(), 1, "{held:?}");
}

/// What counts as a question and what as an answer is told by kind; a kind that nobody knows holds.
#[test]
fn i21_each_kind_asks_and_answers_as_the_rule_says() {
    const ASKS: [&str; 13] = [
        "text",
        "image",
        "audio",
        "video",
        "document",
        "sticker",
        "location",
        "contacts",
        "order",
        "button",
        "interactive",
        "template",
        "automatic",
    ];
    const NEITHER: [&str; 6] = ["reaction", "edit", "revoke", "system", "note", "call"];
    const UNKNOWN: [&str; 3] = ["poll", "payment", "list_reply"];
    let shop = Shop::new("i21", "");
    let header = "message_id,business,channel,customer,direction,sent_at,kind,status\n";
    let mut sheet = header.to_owned();
    let mut add = |id: &str, customer: &str, direction: &str, day: u32, kind: &str, status: &str| {
        sheet += &format!("{id},b,c,{customer},{direction},2018-08-{day:02}T10:00:00Z,{kind},{status}\n");
    };
    let kinds: Vec<&str> = ASKS.into_iter().chain(NEITHER).chain(UNKNOWN).collect();
    for kind in &kinds {
        add(&format!("asks-{kind}"), &format!("one-{kind}"), "inbound", 10, kind, "");
        add(&format!("asked-{kind}"), &format!("two-{kind}"), "inbound", 10, "text", "");
        add(&format!("answers-{kind}"), &format!("two-{kind}"), "outbound", 11, kind, "");
    }
    let statuses = [
        ("", "on_time"),
        ("sent", "on_time"),
        ("delivered", "on_time"),
        ("read", "on_time"),
        ("failed", "unanswered"),
        ("warning", "held"),
    ];
    for (status, _) in statuses {
        add(&format!("asked-status-{status}"), &format!("three-{status}"), "inbound", 10, "text", "");
        add(&format!("answers-status-{status}"), &format!("three-{status}"), "outbound", 11, "text", status);
    }
    shop.put("kinds.csv", sheet);
    let arguments = ["rate", "inbox/kinds.csv", "--tariff", "tariff.toml", "--as-of", "2018-09-05T00:00:00Z"];
    shop.ritardo(&[&arguments[..], &["--out", "waits.csv", "--summary", "summary.json"]].concat()).expect(0);
    let waits = rows(shop.text("waits.csv").as_bytes());
    let verdict = |id: &str| waits.iter().find(|row| row["message_id"] == id).map(|row| row["verdict"].clone());
    for kind in kinds {
        let (asks, asked) = match kind {
            kind if ASKS.contains(&kind) => (Some("unanswered"), "on_time"),
            kind if NEITHER.contains(&kind) => (None, "unanswered"),
            _ => (Some("held"), "held"),
        };
        assert_eq!(verdict(&format!("asks-{kind}")).as_deref(), asks, "{kind} of a customer");
        assert_eq!(verdict(&format!("asked-{kind}")).as_deref(), Some(asked), "{kind} of the business");
    }
    for (status, expected) in statuses {
        assert_eq!(verdict(&format!("asked-status-{status}")).as_deref(), Some(expected), "{status}");
    }
    let summary: serde_json::Value = serde_json::from_str(&shop.text("summary.json")).unwrap();
    assert_eq!(summary["inputs"][0]["rejected"], 0);
}
