//! Codes at every stage, connections that end at every byte, and servers that are slow or never end.

use std::time::Instant;

use super::*;

const STAGES: [&str; 6] = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "."];

#[test]
fn a_4xx_defers_at_every_stage() {
    for stage in STAGES {
        for code in [421, 450, 451, 452, 454] {
            let (carried, heard) = attempt(&[Rule::at(stage, Act::code(code))]);
            assert_eq!(parts(&carried).0, "deferred", "{stage} {code}: {carried:?}");
            // What is said before the server knows of the mail concerns all of them.
            let busy = ["greeting", "EHLO"].contains(&stage) || (code == 421 && stage == "MAIL");
            assert_eq!(is_busy(&carried), busy, "{stage} {code}: {carried:?}");
            assert!(heard.copies().is_empty(), "{stage} {code}: {heard:?}");
        }
    }
}

#[test]
fn a_5xx_refuses_a_mail_and_before_any_mail_nobody() {
    for stage in STAGES {
        for code in [500, 530, 534, 535, 538, 550, 552, 554] {
            let server = Server::start(Plan::of(&[Rule::at(stage, Act::code(code))]));
            let mut agent = agent(&server);
            let told = tried(&mut agent, FROM, MAIL);
            agent.close();
            let heard = server.stop();
            assert!(heard.copies().is_empty(), "{stage} {code}: {heard:?}");
            let name = if stage == "." { "end of mail" } else { stage };
            let said = match (stage, code) {
                ("greeting" | "EHLO", _) => {
                    format!("`127.0.0.1` does not serve this program: {name}: {code} as planned")
                }
                (_, 530 | 534 | 535 | 538) => {
                    format!("`127.0.0.1` takes no mail without another login: {name}: {code} as planned")
                }
                _ => {
                    let carried = told.unwrap();
                    assert_eq!((parts(&carried).0, is_busy(&carried)), ("refused", false), "{stage} {code}");
                    continue;
                }
            };
            // Nothing of it is the recipient's: it stops all mail, and counts for nothing.
            assert_eq!(told.unwrap_err().to_string(), said);
        }
    }
}

/// What a reply that is none means at a stage.
fn none_at(stage: &str) -> &'static str {
    if stage == "." { "unknown" } else { "deferred" }
}

#[test]
fn what_is_no_whole_reply_counts_for_nothing() {
    for stage in STAGES {
        for act in [
            Act::Drop,
            Act::say("hello\r\n"),
            Act::say("250 fine\n"),
            Act::say("250-half\r\n"),
            Act::say("25"),
            Act::say("250-a\r\n251 b\r\n"),
            Act::say("\r\n"),
            Act::Endless,
            Act::Flood,
        ] {
            let (carried, heard) = attempt(&[Rule::at(stage, act.clone())]);
            assert_eq!(parts(&carried).0, none_at(stage), "{stage} {act:?}: {carried:?}");
            assert_eq!(heard.mails.len(), usize::from(stage == "."), "{stage} {act:?}: {heard:?}");
        }
    }
}

#[test]
fn a_reply_that_came_too_early_never_counts() {
    for (stage, text) in [
        ("greeting", "220 script\r\n250 script\r\n250 mail\r\n250 rcpt\r\n354 data\r\n250 queued\r\n"),
        ("EHLO", "250 script\r\n250 extra\r\n"),
        ("EHLO", "250 script\r\n250 mail\r\n250 rcpt\r\n354 data\r\n250 queued\r\n"),
        ("MAIL", "250 mail\r\n250 rcpt\r\n"),
        ("RCPT", "250 rcpt\r\n354 data\r\n250 queued\r\n"),
        ("DATA", "354 data\r\n250 queued\r\n"),
    ] {
        let (carried, heard) = attempt(&[Rule::at(stage, Act::say(text))]);
        assert_eq!(parts(&carried).0, "deferred", "{stage} {text:?}: {carried:?}");
        assert!(heard.mails.is_empty(), "{stage} {text:?}: {heard:?}");
    }
    // One reply too many, too late to be seen at its stage: every one after it is that to another command.
    let late = Act::Parts(vec!["250 script\r\n".to_owned(), "250 extra\r\n".to_owned()]);
    let wait = Rule::at("MAIL", Act::Wait(Duration::from_millis(100)));
    let (carried, heard) = attempt(&[Rule::at("EHLO", late), wait]);
    assert_eq!(parts(&carried).0, "deferred", "{carried:?}");
    assert!(heard.mails.is_empty(), "{heard:?}");
}

/// A mail to a server that goes away, and the same mail once more; with the copy that the first attempt left, where it
/// left one.
fn cut(cut: Cut) -> (Carried, Option<Option<u16>>) {
    let server = Server::start(Plan { cut: Some(cut), ..Plan::default() });
    let mut agent = agent(&server);
    let first = carry(&mut agent, MAIL);
    if parts(&first).0 != "sent" {
        let second = carry(&mut agent, MAIL);
        assert_eq!(parts(&second).0, "sent", "{cut:?}: {second:?}");
    }
    agent.close();
    let heard = server.stop();
    let left = heard.mails.iter().find(|mail| mail.connection == 1).map(|mail| mail.said);
    // One mail whatever happens, and a second copy of the same bytes only where the first was in doubt.
    let copies: Vec<usize> = heard.copies().into_values().collect();
    let in_doubt = parts(&first).0 == "unknown" && left.is_some();
    assert_eq!(copies, [1 + usize::from(in_doubt)], "{cut:?}: {first:?}");
    (first, left)
}

#[test]
fn a_server_that_goes_away_after_any_byte_it_says_loses_nothing() {
    let mut kinds = Vec::new();
    for bytes in 0..1000 {
        let (first, left) = cut(Cut::Said(bytes));
        // The client waits for each reply, so it is known what it has sent.
        let expected = match left {
            None => "deferred",
            Some(None) => "unknown",
            Some(Some(_)) => "sent",
        };
        assert_eq!(parts(&first).0, expected, "{bytes}: {first:?}");
        kinds.push(expected);
        if expected == "sent" {
            break;
        }
    }
    let times = |kind: &str| kinds.iter().filter(|other| **other == kind).count();
    // The whole answer to the mail, but for its last byte.
    assert_eq!((times("unknown"), times("sent")), ("250 2.0.0 queued as 1\r\n".len(), 1));
    assert!(times("deferred") > 60, "{kinds:?}");
}

#[test]
fn a_server_that_goes_away_after_any_byte_it_hears_loses_nothing() {
    let mut tried = 0;
    for bytes in 0..2000 {
        tried = bytes;
        let (first, left) = cut(Cut::Heard(bytes));
        match parts(&first).0 {
            "sent" => {
                assert_eq!(left, Some(Some(250)), "{bytes}");
                break;
            }
            // The end of the mail may have left this side before the connection ended.
            kind => assert!(["deferred", "unknown"].contains(&kind), "{bytes}: {first:?}"),
        }
    }
    assert!(tried > MAIL.len() + 80, "{tried}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the patience of an attempt is measured")]
fn nobody_is_waited_for_without_end() {
    for stage in ["greeting", "MAIL", "DATA", "."] {
        for act in [Act::Wait(Duration::from_millis(1500)), Act::Drip(Duration::from_millis(200))] {
            let server = Server::start(Plan::of(&[Rule::at(stage, act.clone())]));
            let mut agent = agent(&server);
            let begun = Instant::now();
            let carried = carry(&mut agent, MAIL);
            assert!(begun.elapsed() < Duration::from_millis(1200), "{stage} {act:?}");
            assert_eq!(parts(&carried).0, none_at(stage), "{stage} {act:?}: {carried:?}");
            // Once the server knows of the mail, it may be this one alone that it hangs on.
            let is_at_once = ["greeting", "MAIL"].contains(&stage);
            assert_eq!(is_busy(&carried), is_at_once, "{stage} {act:?}: {carried:?}");
            let second = carry(&mut agent, MAIL);
            assert!(is_busy(&second), "{stage} {act:?}: {second:?}");
            agent.close();
            assert_eq!(server.stop().mails.len(), if stage == "." { 2 } else { 0 }, "{stage} {act:?}");
        }
    }
}

/// So much that the socket cannot hold it.
fn long() -> String {
    format!("Subject: x\r\n\r\n{}", format!("{}\r\n", "x".repeat(70)).repeat(200_000))
}

#[test]
fn a_connection_lost_before_the_end_of_the_mail_is_no_doubt() {
    let server = Server::start(Plan::of(&[Rule::at("content", Act::Drop)]));
    let carried = carry(&mut agent(&server), &long());
    assert_eq!(parts(&carried).0, "deferred", "{carried:?}");
    assert!(server.stop().mails.is_empty());
}

#[test]
fn a_server_that_reads_nothing_is_given_up() {
    let server = Server::start(Plan::of(&[Rule::at("content", Act::Wait(Duration::from_millis(1500)))]));
    let carried = carry(&mut agent(&server), &long());
    assert_eq!(parts(&carried), ("deferred", "mail: no reply in time"));
    assert!(!is_busy(&carried) && server.stop().mails.is_empty(), "it may read the next one: {carried:?}");
}

#[test]
fn a_server_that_breaks_in_says_why() {
    for (text, kind) in [
        ("552 5.3.4 too much\r\n", "refused"),
        ("421 4.3.2 going down\r\n", "deferred"),
        ("250 queued\r\n", "deferred"),
    ] {
        let server = Server::start(Plan::of(&[Rule::at("content", Act::say(text))]));
        let carried = carry(&mut agent(&server), &long());
        assert_eq!(parts(&carried).0, kind, "{text:?}: {carried:?}");
        assert!(parts(&carried).1.contains(text.trim_end()) || kind == "deferred", "{text:?}: {carried:?}");
        assert!(server.stop().mails.is_empty(), "{text:?}: the mail was not ended");
    }
}
