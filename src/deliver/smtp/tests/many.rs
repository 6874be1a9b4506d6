//! Many mails past a server that fails in every way: none is lost, and none is in more copies than were in doubt.
//! `RITARDO_MAILS` says how many; the tests make do with a few.

use std::collections::BTreeMap;

use super::*;

const COPIES: usize = 3;

#[expect(clippy::disallowed_methods, reason = "who measures asks for more mails")]
fn mails() -> usize {
    std::env::var("RITARDO_MAILS").ok().and_then(|mails| mails.parse().ok()).unwrap_or(12)
}

fn eml(number: usize) -> String {
    format!("Message-ID: <{number}@example.com>\r\nSubject: x\r\n\r\n{number}\r\n.\r\nend\r\n")
}

/// How a mail stands after its attempts, as the outbox counts them: once more while it is deferred, and at most so many
/// copies while nobody knows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    sent: usize,
    refused: usize,
    unknown: usize,
    deferred: usize,
    /// All mail was stopped, and nothing counts for this one.
    stopped: usize,
}

fn sent_on(agent: &mut Agent, eml: &str) -> Told {
    let mut told = Told::default();
    // More rounds than any script lasts.
    for _ in 0..8 {
        let Ok(carried) = tried(agent, FROM, eml) else {
            told.stopped += 1;
            continue;
        };
        match parts(&carried).0 {
            "sent" => told.sent += 1,
            "refused" | "too big" => told.refused += 1,
            "unknown" => told.unknown += 1,
            _ => told.deferred += 1,
        }
        if told.sent + told.refused > 0 || told.unknown > COPIES {
            break;
        }
    }
    told
}

fn scripts() -> Vec<(&'static str, Act)> {
    let mut scripts = Vec::new();
    for stage in ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        for act in [
            Act::code(421),
            Act::code(451),
            Act::code(552),
            Act::code(299),
            Act::Drop,
            Act::say("hello\r\n"),
            Act::say("250 a\r\n250 b\r\n"),
            Act::Flood,
            Act::Endless,
        ] {
            scripts.push((stage, act));
        }
    }
    scripts
}

#[test]
fn no_mail_is_lost_or_sent_twice_unsaid() {
    let mails = mails();
    for (stage, act) in scripts() {
        // Over and over at first, then every other time.
        let first = Rule { times: 6, ..Rule::at(stage, act.clone()) };
        let then = Rule { every: 2, ..Rule::at(stage, act.clone()) };
        let server = Server::start(Plan::of(&[first, then]));
        let mut agent = agent(&server);
        let told: Vec<Told> = (0..mails).map(|number| sent_on(&mut agent, &eml(number))).collect();
        agent.close();
        let heard = server.stop();
        let mut copies: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
        for ((id, sha256), count) in heard.copies() {
            copies.entry(id).or_default().push((sha256, count));
        }
        for (number, told) in told.iter().enumerate() {
            let case = format!("{stage} {act:?}, mail {number}: {told:?}");
            let id = format!("<{number}@example.com>");
            let accepted = heard.accepted().filter(|mail| mail.id == id).count();
            // It is at its end, or was in doubt as often as it may be.
            assert_eq!(told.sent + told.refused + usize::from(told.unknown > COPIES), 1, "{case}");
            assert!(accepted >= told.sent, "sent is what the server took: {case}");
            let there: Vec<usize> = copies.remove(&id).unwrap_or_default().iter().map(|(_, count)| *count).collect();
            // All copies are the same bytes, and no more than said.
            assert!(there.len() <= 1, "{case}");
            assert!(there.iter().sum::<usize>() <= told.sent + told.unknown, "{case}");
        }
        assert!(copies.is_empty(), "{stage} {act:?}: {copies:?}");
    }
}
