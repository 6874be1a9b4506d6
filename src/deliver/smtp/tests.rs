//! Against a server on a loopback socket that follows a plan: each stage, each kind of answer, each byte.

mod faults;
mod many;
mod rows;
mod secure;

use super::super::clock::tests::Still;
use super::super::script::{self, Act, Authority, Cut, Heard, Paper, Plan, Rule, Server};
use super::super::{Carrier, Parcel, field};
use super::*;
use crate::domain::Elapsed;
use crate::domain::settings::{Login, Transport};

const MAIL: &str = "Message-ID: <1@example.com>\r\nSubject: x\r\n\r\n.\r\n..\r\n.x\r\nMAIL FROM:<evil@example.com>\r\n\r\n.\r\n\
    end\r\n";
const FROM: &str = "billing@example.com";
const TO: &str = "accounts@bakery.example";

const SHORT: Limits = Limits {
    connect: Duration::from_millis(2000),
    greeting: Duration::from_millis(700),
    command: Duration::from_millis(700),
    data: Duration::from_millis(700),
    block: Duration::from_millis(700),
    content: Duration::from_secs(10),
    verdict: Duration::from_millis(700),
    courtesy: Duration::from_millis(300),
    rest: Duration::from_millis(20),
};

fn to(port: u16) -> Smtp {
    let host = "127.0.0.1".to_owned();
    Smtp { host, port, tls: Tls::Loopback, ca_file: None, login: None, rate: None, max_size: None }
}

fn agent_of(server: &Smtp) -> Agent {
    let mut agent = Agent::new(server, &|_| Password::new("canary")).unwrap();
    agent.door.limits = SHORT;
    agent
}

/// Who carries mails to this server in plain text.
fn agent(server: &Server) -> Agent {
    agent_of(&to(server.port))
}

fn tried(agent: &mut Agent, from: &str, eml: &str) -> Result<Carried, DeliverError> {
    tried_to(agent, from, TO, eml)
}

fn tried_to(agent: &mut Agent, from: &str, to: &str, eml: &str) -> Result<Carried, DeliverError> {
    field::travels(eml.as_bytes()).unwrap();
    let (from, to) = (field::address("from", from).unwrap(), field::address("to", to).unwrap());
    agent.carry(&Mail { id: "1@example.com", from, to, eml: eml.as_bytes() })
}

fn carry(agent: &mut Agent, eml: &str) -> Carried {
    tried(agent, FROM, eml).unwrap()
}

/// One mail to a server with these rules, and what both sides say of it.
fn attempt(rules: &[Rule]) -> (Carried, Heard) {
    let server = Server::start(Plan::of(rules));
    let mut agent = agent(&server);
    let carried = carry(&mut agent, MAIL);
    agent.close();
    (carried, server.stop())
}

/// The kind of an outcome, and its words.
fn parts(carried: &Carried) -> (&'static str, &str) {
    match &carried.outcome {
        Outcome::Sent { reply } => ("sent", reply),
        Outcome::Deferred { reason } => ("deferred", reason),
        Outcome::Refused { reason } => ("refused", reason),
        Outcome::Unknown { reason } => ("unknown", reason),
        Outcome::TooBig { reason } => ("too big", reason),
    }
}

fn is_busy(carried: &Carried) -> bool {
    matches!(carried.road, Road::Busy { .. } | Road::Broken { .. })
}

#[test]
fn what_arrives_is_the_mail_byte_for_byte() {
    let (carried, heard) = attempt(&[]);
    assert_eq!(parts(&carried), ("sent", "250 2.0.0 queued as 1"));
    let arrived: Vec<&str> = heard.mails.iter().map(|mail| std::str::from_utf8(&mail.bytes).unwrap()).collect();
    assert_eq!(arrived, [MAIL]);
    assert_eq!(
        heard.commands,
        ["EHLO example.com", "MAIL FROM:<billing@example.com>", "RCPT TO:<accounts@bakery.example>", "DATA", "QUIT"]
    );
}

#[test]
fn a_stage_accepts_its_own_reply_alone() {
    for (stage, code) in [("greeting", 220), ("EHLO", 250), ("MAIL", 250), ("RCPT", 251), ("DATA", 354), (".", 250)] {
        for other in [200, 211, 220, 221, 250, 251, 252, 299, 334, 354] {
            let (carried, heard) = attempt(&[Rule::once(stage, Act::code(other))]);
            let accepts = other == code || (stage == "RCPT" && other == 250);
            let expected = match (accepts, stage) {
                (true, _) => "sent",
                (false, ".") => "unknown",
                (false, _) => "deferred",
            };
            assert_eq!(parts(&carried).0, expected, "{stage} {other}: {carried:?}");
            assert_eq!(heard.mails.is_empty(), !accepts && stage != ".", "{stage} {other}: {heard:?}");
        }
    }
}

#[test]
fn one_connection_carries_many_mails() {
    let server = Server::start(Plan { size: Some(1 << 20), ..Plan::default() });
    let mut agent = agent(&server);
    for number in 0..100 {
        let carried = carry(&mut agent, &format!("Message-ID: <{number}@example.com>\r\n\r\n{number}\r\n"));
        assert_eq!(parts(&carried).0, "sent");
    }
    agent.close();
    let heard = server.stop();
    assert_eq!((heard.connections, heard.accepted().count(), heard.copies().len()), (1, 100, 100));
    assert_eq!(heard.verbs().iter().filter(|verb| **verb == "EHLO").count(), 1);
    assert!(heard.commands.iter().any(|line| line == "MAIL FROM:<billing@example.com> SIZE=36"), "{heard:?}");
}

#[test]
fn a_refused_mail_is_taken_back_before_the_next() {
    for (stage, resets) in [("MAIL", 1), ("RCPT", 1), ("DATA", 1), (".", 0)] {
        for code in [450, 550] {
            let server = Server::start(Plan::of(&[Rule::once(stage, Act::code(code))]));
            let mut agent = agent(&server);
            assert_ne!(parts(&carry(&mut agent, MAIL)).0, "sent");
            assert_eq!(parts(&carry(&mut agent, MAIL)).0, "sent", "{stage} {code}");
            agent.close();
            let heard = server.stop();
            let reset = heard.verbs().iter().filter(|verb| **verb == "RSET").count();
            assert_eq!((heard.connections, reset), (1, resets), "{stage} {code}: {heard:?}");
        }
    }
}

#[test]
fn a_connection_that_died_meanwhile_is_opened_anew_once() {
    let rule = |times| Rule { line: "second@", times, ..Rule::at("MAIL", Act::Drop) };
    for (times, outcome) in [(1, "sent"), (usize::MAX, "deferred")] {
        let server = Server::start(Plan::of(&[rule(times)]));
        let mut agent = agent(&server);
        assert_eq!(parts(&carry(&mut agent, MAIL)).0, "sent");
        let second = tried(&mut agent, "second@example.com", MAIL).unwrap();
        assert_eq!((parts(&second).0, server.heard().connections), (outcome, 2), "{second:?}");
    }
    let server = Server::start(Plan::of(&[rule(1)]));
    let fresh = tried(&mut agent(&server), "second@example.com", MAIL).unwrap();
    assert_eq!((parts(&fresh).0, server.heard().connections), ("deferred", 1), "a new one that dies is an attempt");
    // Said after the mail, when nobody asks any more.
    let leave = Act::Parts(vec!["250 ok\r\n".to_owned(), "421 idle\r\n".to_owned()]);
    let server = Server::start(Plan::of(&[Rule::once(".", leave)]));
    let mut agent = agent(&server);
    assert_eq!(parts(&carry(&mut agent, MAIL)).0, "sent");
    wait(Duration::from_millis(100));
    assert_eq!(parts(&carry(&mut agent, MAIL)).0, "sent");
    assert_eq!(server.heard().connections, 2);
}

#[test]
fn a_server_that_takes_so_many_mails_over_one_connection_is_asked_again() {
    let server = Server::start(Plan { most: Some(2), ..Plan::default() });
    let mut agent = agent(&server);
    for _ in 0..5 {
        let carried = carry(&mut agent, MAIL);
        assert_eq!((parts(&carried).0, is_busy(&carried)), ("sent", false), "{carried:?}");
    }
    agent.close();
    let heard = server.stop();
    assert_eq!((heard.connections, heard.accepted().count()), (3, 5));
    // 421 on a new connection, or to one: it takes no more now.
    let server = Server::start(Plan::of(&[Rule { line: "second@", ..Rule::at("MAIL", Act::code(421)) }]));
    let mut agent = agent_of(&to(server.port));
    for (connections, kind) in [(1, "sent"), (2, "deferred"), (3, "deferred")] {
        let from = if kind == "sent" { FROM } else { "second@example.com" };
        let carried = tried(&mut agent, from, MAIL).unwrap();
        assert_eq!((parts(&carried).0, is_busy(&carried)), (kind, kind == "deferred"), "{carried:?}");
        assert_eq!(server.heard().connections, connections);
    }
}

#[test]
fn reports_are_asked_for_where_they_are_offered() {
    let server = Server::start(Plan { dsn: true, ..Plan::default() });
    let mut agent = agent(&server);
    assert_eq!(parts(&carry(&mut agent, MAIL)).0, "sent");
    let heard = server.heard();
    assert_eq!(heard.commands[1], "MAIL FROM:<billing@example.com> RET=HDRS ENVID=1@example.com");
    assert_eq!(
        heard.commands[2],
        "RCPT TO:<accounts@bakery.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;accounts@bakery.example"
    );
}

#[expect(clippy::disallowed_methods, reason = "a server is given time to say more than it was asked")]
fn wait(time: Duration) {
    std::thread::sleep(time);
}

#[test]
fn a_mail_beyond_the_servers_size_is_not_begun() {
    let server = Server::start(Plan { size: Some(1000), ..Plan::default() });
    let mut agent = agent(&server);
    let large = format!("Subject: x\r\n\r\n{}", "0123456789\r\n".repeat(100));
    let carried = carry(&mut agent, &large);
    assert_eq!(parts(&carried), ("too big", "the mail has 1214 bytes, and the server takes 1000"));
    assert_eq!(parts(&carry(&mut agent, MAIL)).0, "sent", "another one goes over the same connection");
    agent.close();
    let heard = server.stop();
    assert_eq!((heard.connections, heard.verbs()), (1, vec!["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]));
    // With a limit of one's own nobody is asked.
    let own = Smtp { max_size: Some(1213), ..to(1) };
    let carried = carry(&mut agent_of(&own), &large);
    assert_eq!(parts(&carried), ("too big", "the mail has 1214 bytes, and max_size takes 1213"));
    assert_eq!(carried.road, Road::Open);
}

#[test]
fn a_rate_is_kept_by_waiting() {
    let server = Server::start(Plan::default());
    let rate = MailRate { mails: 30, period: Elapsed::from_seconds(60) };
    let mut agent = agent_of(&Smtp { rate: Some(rate), ..to(server.port) });
    let clock = Arc::new(Still::default());
    agent.door.clock = Arc::clone(&clock) as Arc<dyn Clock>;
    for _ in 0..4 {
        assert_eq!(parts(&carry(&mut agent, MAIL)).0, "sent");
    }
    assert_eq!(clock.now(), Duration::from_secs(6), "the first need not wait");
    assert_eq!(interval(MailRate { mails: 7, period: Elapsed::from_seconds(1) }), Duration::from_micros(142_858));
}

#[test]
fn replies_are_kept_short_and_clean() {
    let long = format!("550 \u{1b}[31mno\u{7}\u{85} {}\r\n", "1234567890".repeat(40));
    let (carried, _) = attempt(&[Rule::at("RCPT", Act::Say(long))]);
    let (kind, reason) = parts(&carried);
    assert_eq!((kind, reason.chars().count()), ("refused", 200));
    assert!(reason.starts_with("RCPT: 550 [31mno 123"), "{reason}");
}

#[test]
fn an_address_that_never_answers_leaves_time_to_the_others() {
    let share = |left: u64, addresses| super::share(Duration::from_secs(left), addresses).as_millis();
    assert_eq!([1, 2, 8].map(|addresses| share(60, addresses)), [60_000, 30_000, 7_500]);
    // Less than this is no time to connect in, and more than there is left nobody gets.
    assert_eq!((share(8, 4), share(3, 4), share(0, 1), share(60, 0)), (5_000, 3_000, 0, 60_000));
}

#[test]
fn nobody_listening_defers_and_stops_the_others() {
    let carried = carry(&mut agent_of(&to(1)), MAIL);
    assert_eq!(parts(&carried).0, "deferred", "{carried:?}");
    assert!(is_busy(&carried) && parts(&carried).1.starts_with("connection: "), "{carried:?}");
}

#[test]
fn a_parcel_is_checked_before_anybody_is_asked() {
    let transport = Transport::Smtp(to(1));
    let mut carrier = Carrier::new(&transport, &|_| Password::new("canary")).unwrap();
    let parcel = Parcel { id: "1@example.com", name: "a.eml", from: FROM, to: TO, eml: MAIL.as_bytes() };
    let evil = "x@example.com>\r\nRCPT TO:<y@example.com";
    for bad in [
        Parcel { from: evil, ..parcel },
        Parcel { to: evil, ..parcel },
        Parcel { id: evil, ..parcel },
        Parcel { eml: b"a\n.\r\n", ..parcel },
        Parcel { eml: b"", ..parcel },
    ] {
        assert!(carrier.carry(&bad).is_err(), "{bad:?}");
    }
    assert!(matches!(carrier.carry(&parcel), Ok(Carried { outcome: Outcome::Deferred { .. }, .. })));
    carrier.close();
}
