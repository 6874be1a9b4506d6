//! The quick way beside the long one: over bodies of every kind, whole and spoiled, both say the same.

use std::fs;
use std::path::Path;

use super::envelope::{KEPT, MARKS};
use super::public::public_bodies;
use super::quick::Quick;
use super::{Read, Told, documents, file};

/// A message of a customer, with its keys in alphabetical order.
const INBOUND: &str = r#"{"entry":[{"changes":[{"field":"messages","value":{"contacts":[{"profile":{"name":"-"},"wa_id":"5500001"}],"messages":[{"from":"5500001","id":"ABGG9p","text":{"body":"-"},"timestamp":"1533081600","type":"text"}],"messaging_product":"whatsapp","metadata":{"display_phone_number":"100201","phone_number_id":"100200"}}}],"id":"business-00015"}],"object":"whatsapp_business_account"}"#;

/// Bodies without a reject: how many rows each has, and whether the quick way reads it.
const BODIES: [(&str, usize, bool); 13] = [
    (INBOUND, 1, true),
    // An answer with all its statuses.
    (
        r#"{"entry":[{"changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"1","phone_number_id":"2"},"statuses":[{"id":"m1","recipient_id":"39333","status":"sent","timestamp":"1533081600"},{"id":"m1","recipient_id":"39333","status":"delivered","timestamp":"1533081601"},{"id":"m1","recipient_id":"39333","status":"read","timestamp":1533081602}]}}],"id":"b"}],"object":"x"}"#,
        3,
        true,
    ),
    // As the API sends them: more keys than are known, and texts with escapes where nobody decodes them.
    (
        r#"{"object":"whatsapp_business_account","entry":[{"id":"900","time":1533081600,"changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"+39 02-1000","phone_number_id":"800"},"contacts":[{"profile":{"name":"\u00c8 \"x\" \ud83d\ude00"},"wa_id":"39333","user_id":"IT.77"}],"messages":[{"context":{"from":"39021000","id":"m0","forwarded":true},"from":"39333","from_user_id":"IT.77","id":"wamid.HBgN==","timestamp":"1533081600","text":{"body":"a\n{[\\\"è","n":[1,-2.5,null,{"a":{}}]},"type":"text","errors":[{"code":131051}]}]},"field":"messages"}]}]}"#,
        1,
        true,
    ),
    (
        r#"{"object":"x","entry":[{"id":"900","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":800},"statuses":[{"id":"m1","status":"failed","timestamp":"1533081600","recipient_id":"39333","conversation":{"id":"c","origin":{"type":"service"}},"pricing":{"billable":true,"category":"service"},"errors":[{"code":131047,"title":"-"}],"type":"message"}]}}]}]}"#,
        1,
        true,
    ),
    (
        r#"{"entry":[{"id":"900","changes":[{"field":"smb_message_echoes","value":{"metadata":{"phone_number_id":"800"},"message_echoes":[{"from":"39021000","to":"39333","id":"m1","timestamp":"1533081600","type":"image"},{"from":"39021000","to_user_id":"IT.77","id":"m2","timestamp":"1533081601","type":"voice"}]}}]}]}"#,
        2,
        true,
    ),
    // Several of everything.
    (
        r#"{"entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"2"},"messages":[{"from":"39333","id":"m1","timestamp":"1533081600","type":"request_welcome","referral":{"a":[]}},{"from":"+39334","id":"m2","group_id":"G1","timestamp":"1533081600","type":"note","context":{"referred_product":{"id":[]}}}],"statuses":[{"id":"m3","status":"played","timestamp":"1533081600","recipient_user_id":"IT.77"}]}},{"field":"messages","value":{"metadata":{"phone_number_id":"3"},"contacts":[{"user_id":"IT.78"}],"messages":[{"id":"m4","timestamp":"1533081600"}]}}]},{"id":"4","changes":[{"value":{"metadata":{"phone_number_id":"5"},"contacts":[{"wa_id":"39335"}],"statuses":[{"id":"m5","status":"sent","timestamp":"1533081600"}]}}]}]}"#,
        5,
        true,
    ),
    // What is read without a reject, but not quickly.
    (
        r#"{"entry":[{"id":"1","changes":[{"field":"history","value":{"metadata":{"display_phone_number":"39021000","phone_number_id":"2"},"history":[{"threads":[{"id":"39333","messages":[{"from":"39021000","id":"m1","timestamp":"1533081600","type":"text","history_context":{"status":"READ"}}]}]}]}}]}]}"#,
        1,
        false,
    ),
    (
        r#"{"entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"2"},"statuses":[{"id":"m1","status":"sent","timestamp":"1533081600","recipient_id":"39333"}],"messages":[{"from":"39333","id":"m2","timestamp":"1533081600"}]}}]}]}"#,
        2,
        false,
    ),
    (
        r#"{"entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"2"},"statuses":[{"id":"m1","status":"READ","timestamp":"1533081600","recipient_id":"39 333"},{"id":"m2","status":"of tomorrow","timestamp":"1533081600","recipient_id":"G1","recipient_type":"group"}]}}]}]}"#,
        2,
        false,
    ),
    (
        r#"{"entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"2"},"messages":[{"from":"39333","id":"\u006d1","timestamp":"1533081600","contacts":[{"name":{}}]}]}},{"field":"account_update","value":{"event":"X"}}]}]}"#,
        1,
        false,
    ),
    (
        r#"{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"2"},"messages":[{"from":"39333","id":"m1","timestamp":"1533081600"}]}}],"id":"1"}"#,
        1,
        false,
    ),
    (
        r#"{"entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"2"},"statuses":[{"id":"m1","status":"RINGING","type":"call"}]}}]}]}"#,
        0,
        false,
    ),
    (r#"{"entry":[]}"#, 0, false),
];

/// What stands in the place of one text, number or sign.
const ODD: [&str; 52] = [
    "",
    "null",
    "true",
    "false",
    "0",
    "7",
    "-5",
    "1533081600",
    "01533081600",
    "1533081600.5",
    "1e3",
    "1e999",
    "999999999999999999",
    "9223372036854775807",
    "9223372036854775808",
    "\"\"",
    "\" \"",
    "\"x\"",
    "\"è\"",
    "\"39 333\"",
    "\"+39333\"",
    "\"+\"",
    "\"39333\"",
    "\"0039333\"",
    "\"00393331234567\"",
    "\"1234567890123456\"",
    "\"IT.77-1\"",
    "\"a b\"",
    "\"\u{202e}\"",
    "\"0001533081600\"",
    "\"0999999999\"",
    "\"4102444800\"",
    "\"sent\"",
    "\"Sent\"",
    "\"call\"",
    "\"group\"",
    "\"history\"",
    "\"calls\"",
    "\"\\u0031\"",
    "\"\\ud83d\"",
    "\"\\x\"",
    "\"\t\"",
    "\"",
    "[]",
    "{}",
    "[1]",
    "[{}]",
    "{\"id\":\"1\"}",
    "{\"id\":\"1\",\"id\":\"2\"}",
    "{\"a\":1,\"a\":{\"b\":\"\\ud83d\"}}",
    ",",
    "\u{a0}",
];

/// Compares both ways over the bytes of a file.
#[track_caller]
pub(super) fn check_both_ways(bytes: &[u8]) {
    let mut rows = Vec::new();
    let Told { rejects, others } = documents(bytes, None, &mut |row| rows.push(row.into_row()));
    assert_eq!(file(bytes), Read { rows, rejects, others }, "{}", String::from_utf8_lossy(bytes));
}

/// The same, of a body by itself and between two that are sound.
#[track_caller]
fn check(body: &str) {
    check_both_ways(body.as_bytes());
    check_both_ways(format!("{INBOUND}{body}\n{INBOUND}").as_bytes());
}

/// The parts of a body: texts with their quotes, signs, and whatever stands between these.
fn tokens(json: &str) -> Vec<&str> {
    const SIGNS: [char; 7] = ['"', '{', '}', '[', ']', ',', ':'];
    let (mut found, mut rest) = (Vec::new(), json);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                let mut is_escaped = false;
                let end = rest.bytes().skip(1).position(|byte| {
                    let is_end = byte == b'"' && !is_escaped;
                    is_escaped = byte == b'\\' && !is_escaped;
                    is_end
                });
                end.map_or(rest.len(), |end| end + 2)
            }
            _ if SIGNS.contains(&first) => 1,
            _ => rest.find(SIGNS).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        found.push(token);
        rest = after;
    }
    found
}

/// Where the value that begins at `at` ends.
fn end_of_value(tokens: &[&str], at: usize) -> usize {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        match *token {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return place + 1;
        }
    }
    tokens.len()
}

/// The body with something wrong at one of its parts, in every way.
fn mutants(json: &str, at: usize) -> Vec<String> {
    let tokens = tokens(json);
    let (before, after) = (tokens[..at].concat(), tokens[at + 1..].concat());
    let token = tokens[at];
    let mut found: Vec<String> = ODD.iter().map(|odd| format!("{before}{odd}{after}")).collect();
    found.extend([
        format!("{before}{token}{token}{after}"),
        format!("{before} \r\n\t{token} \r\n\t{after}"),
        format!("{before}\u{a0}{token}{after}"),
        before.clone(),
    ]);
    if !token.starts_with('"') || tokens.get(at + 1) != Some(&":") {
        return found;
    }
    // A key: another one, none, twice, escaped, and its member in another place.
    let value = &tokens[at + 1..];
    found.extend(KEPT.iter().chain(&MARKS).map(|key| format!("{before}\"{key}\"{}", value.concat())));
    found.push(format!("{before}{}{after}", token.replacen('"', "\"\\u0078", 1)));
    if token.len() > 2 && token.is_char_boundary(2) {
        let escaped = format!("\"\\u{:04x}{}", u32::from(token.as_bytes()[1]), &token[2..]);
        found.push(format!("{before}{escaped}{after}"));
    }
    let end = end_of_value(&tokens, at + 2);
    let (member, rest) = (tokens[at..end].concat(), tokens[end..].concat());
    found.push(format!("{before}{member},{member}{rest}"));
    found.push(format!("{before}{token}:null,{member}{rest}"));
    found.push(format!("{before}{member},{token}:[7]{rest}"));
    found.push(format!("{}{rest}", before.trim_end_matches(',')));
    let without = rest.strip_prefix(',').unwrap_or(&rest);
    found.push(format!("{before}{without}"));
    // Behind the next member of the same object, if there is one.
    if tokens.get(end) == Some(&",") {
        let next = end_of_value(&tokens, (end + 3).min(tokens.len()));
        found.push(format!("{before}{},{member}{}", tokens[end + 1..next].concat(), tokens[next..].concat()));
    }
    found
}

/// Numbers that look like chance and are always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides.max(1)
    }

    /// The body with two things wrong.
    fn spoiled(&mut self, json: &str) -> String {
        let mut json = json.to_owned();
        for _ in 0..2 {
            let count = tokens(&json).len();
            if count > 0 {
                let mut mutants = mutants(&json, self.roll(count));
                json = mutants.swap_remove(self.roll(mutants.len()));
            }
        }
        json
    }
}

#[test]
fn usual_bodies_take_the_quick_way_and_no_others() {
    for (json, rows, is_quick) in BODIES {
        let found = file(json.as_bytes());
        assert_eq!((found.rows.len(), found.rejects.len()), (rows, 0), "{json}");
        // A pretty one, and one that others follow.
        for text in [json.to_owned(), tokens(json).join(" \n"), format!("{json}\n{json}"), format!("{json}x")] {
            let length = Quick::default().read(text.as_bytes());
            assert_eq!(length.is_some(), is_quick, "{text}");
            check_both_ways(text.as_bytes());
        }
        let length = Quick::default().read(format!("{json}\n{json}").as_bytes());
        assert_eq!(length, is_quick.then_some(json.len()), "{json}");
    }
}

#[test]
fn a_body_with_one_thing_wrong_is_read_alike() {
    for (json, ..) in BODIES {
        for mutant in (0..tokens(json).len()).flat_map(|at| mutants(json, at)) {
            check(&mutant);
        }
    }
}

#[test]
fn a_body_with_two_things_wrong_is_read_alike() {
    let mut dice = Dice(1);
    for (json, ..) in BODIES {
        for _ in 0..500 {
            check(&dice.spoiled(json));
        }
    }
}

#[test]
fn a_body_with_any_byte_changed_or_cut_is_read_alike() {
    for (json, ..) in BODIES {
        for at in 0..json.len() {
            check_both_ways(&json.as_bytes()[..at]);
            for byte in [0, b' ', b'"', b'{', b']', b',', b'\n', b'\\', b'7', b'u', 0x80, 0xFF] {
                let mut spoiled = json.as_bytes().to_vec();
                spoiled[at] = byte;
                check_both_ways(&spoiled);
            }
        }
    }
}

#[test]
fn the_bodies_of_the_sample_and_of_others_are_read_alike() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data/inbox/phone/cloud/2018-W36.ndjson");
    let sample = fs::read(sample).unwrap();
    check_both_ways(&sample);
    let bodies = std::str::from_utf8(&sample).unwrap().lines().take(50).map(str::to_owned);
    let public = public_bodies().into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap());
    let mut dice = Dice(2);
    for json in bodies.chain(public) {
        check(&json);
        for _ in 0..50 {
            check(&dice.spoiled(&json));
        }
    }
}
