//! Mails in a row: one that a server cannot take keeps no other back, and a server that fails one after the other is left
//! alone.

use super::*;

/// So many mails, each to another domain, to a server that does this with the first `times` of them; for each its outcome and `+` where others may
/// follow, `-` where not, `!` where somebody is to be told; a stop of all mail is its words.
fn row(stage: &'static str, act: &Act, times: usize, mails: usize) -> (Vec<String>, Heard) {
    let server = Server::start(Plan::of(&[Rule { times, ..Rule::at(stage, act.clone()) }]));
    let mut agent = agent(&server);
    let to = |place: usize| format!("accounts@bakery-{place}.example");
    let told = (0..mails).map(|place| shown(&tried_to(&mut agent, FROM, &to(place), MAIL))).collect();
    agent.close();
    (told, server.stop())
}

fn shown(carried: &Result<Carried, DeliverError>) -> String {
    match carried {
        Ok(carried) => {
            let road = match carried.road {
                Road::Open => '+',
                Road::Busy { .. } => '-',
                Road::Broken { .. } => '!',
            };
            format!("{}{road}", parts(carried).0)
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn one_mail_that_a_server_cannot_take_keeps_no_other_back() {
    let late = Act::Wait(Duration::from_millis(1500));
    for (stage, act, first) in [
        ("RCPT", Act::code(421), "deferred+"),
        ("DATA", Act::code(421), "deferred+"),
        (".", Act::code(421), "deferred+"),
        ("RCPT", late.clone(), "deferred+"),
        (".", late, "unknown+"),
        ("MAIL", Act::Drop, "deferred+"),
        ("RCPT", Act::Drop, "deferred+"),
        (".", Act::Drop, "unknown+"),
        (".", Act::code(251), "unknown+"),
    ] {
        let (told, heard) = row(stage, &act, 1, 3);
        assert_eq!((told, heard.connections), (vec![first.to_owned(), "sent+".to_owned(), "sent+".to_owned()], 2));
    }
}

#[test]
fn a_server_that_fails_one_mail_after_the_other_is_left_alone() {
    for (stage, act, expected) in [
        ("RCPT", Act::code(421), ["deferred+", "deferred-", "deferred-"]),
        (".", Act::code(421), ["deferred+", "deferred-", "deferred-"]),
        ("MAIL", Act::Drop, ["deferred+", "deferred+", "deferred!"]),
        ("DATA", Act::say("hello\r\n"), ["deferred+", "deferred+", "deferred!"]),
        (".", Act::Drop, ["unknown+", "unknown!", "unknown!"]),
        (".", Act::code(251), ["unknown+", "unknown!", "unknown!"]),
        ("MAIL", Act::code(421), ["deferred-", "deferred-", "deferred-"]),
        ("RCPT", Act::code(451), ["deferred+", "deferred+", "deferred+"]),
    ] {
        let (told, _) = row(stage, &act, usize::MAX, 3);
        assert_eq!(told, expected, "{stage} {act:?}");
    }
}

const NOT_VERIFIED: &str = "end of mail: 554 Message rejected: Email address is not verified.";

#[test]
fn what_every_mail_meets_is_refused_to_two_and_then_stops_all() {
    let alike = "`127.0.0.1` refuses one mail after the other with the same words: ";
    for (stage, text, words) in [
        ("MAIL", "553 5.7.1 <billing@example.com>: not owned by user\r\n", "MAIL: 553 5.7.1 not owned by user"),
        ("RCPT", "554 5.7.1 <accounts@bakery.example>: no relay\r\n", "RCPT: 554 5.7.1 no relay"),
        (".", "554 Message rejected: Email address is not verified.\r\n", NOT_VERIFIED),
    ] {
        let (told, _) = row(stage, &Act::say(text), usize::MAX, 4);
        let stop = format!("{alike}{words}");
        assert_eq!(told, ["refused+", "refused+", stop.as_str(), stop.as_str()]);
        // The next run knows.
        let server = Server::start(Plan::of(&[Rule::at(stage, Act::say(text))]));
        let mut agent = agent(&server);
        agent.was_stopped(vec![format!("the mail was not sent: {stop}")]);
        let first = shown(&tried(&mut agent, FROM, MAIL));
        // One recipient may be refused for itself; the second one is not.
        let second = shown(&tried_to(&mut agent, FROM, "accounts@other.example", MAIL));
        assert_eq!((first.as_str(), second), (if stage == "MAIL" { stop.as_str() } else { "refused+" }, stop.clone()));
    }
    let (told, _) = row("RCPT", &Act::say("550 5.1.1 no such user\r\n"), usize::MAX, 4);
    assert_eq!(told, ["refused+"; 4], "it is the recipients that there are not");
}

#[test]
fn a_server_that_said_421_is_given_a_moment() {
    let server = Server::start(Plan { most: Some(1), ..Plan::default() });
    let mut agent = agent(&server);
    let clock = Arc::new(Still::default());
    agent.door.clock = Arc::clone(&clock) as Arc<dyn Clock>;
    for _ in 0..4 {
        assert_eq!(parts(&carry(&mut agent, MAIL)).0, "sent");
    }
    assert_eq!((server.heard().connections, clock.now()), (4, 3 * SHORT.rest));
}
