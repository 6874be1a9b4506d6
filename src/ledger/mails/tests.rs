//! The states of mails as a table: what happened, and where the mail stands then.

use super::*;

const START: &str = "2018-09-05T00:00:00Z";

/// So many minutes after the start.
fn at(minutes: i64) -> Instant {
    let start: Instant = START.parse().unwrap();
    start.plus(Elapsed::from_seconds(minutes * 60))
}

fn ended(minutes: i64, outcome: MailOutcome) -> MailEvent {
    MailEvent::Ended(MailAttempt {
        message_id: "m".to_owned(),
        at: at(minutes),
        outcome,
        detail: format!("said at {minutes}"),
        tried_by: None,
    })
}

/// Words such as `begun@5 deferred@5 retried@10 bounced@20`.
fn events(told: &str) -> Vec<MailEvent> {
    let event = |word: &str| {
        let (what, minutes) = word.split_once('@').unwrap();
        let minutes: i64 = minutes.parse().unwrap();
        let (message_id, at) = ("m".to_owned(), at(minutes));
        let bounced = |action: &str| {
            MailEvent::Bounced(MailBounced {
                mail: "m.eml".to_owned(),
                status: "5.1.1".to_owned(),
                diagnostic: "unknown user".to_owned(),
                action: action.to_owned(),
                report_sha256: String::new(),
                unproved: false,
                at,
            })
        };
        match what {
            "begun" => MailEvent::Begun(at),
            "sent" => ended(minutes, MailOutcome::Sent),
            "deferred" => ended(minutes, MailOutcome::Deferred),
            "refused" => ended(minutes, MailOutcome::Refused),
            "unknown" => ended(minutes, MailOutcome::Unknown),
            "untried" => ended(minutes, MailOutcome::Untried),
            "retried" => MailEvent::Retried(at),
            "cancelled" => MailEvent::Cancelled(MailCancelled { message_id, at, reason: "a slip".to_owned() }),
            "bounced" => bounced("failed"),
            "delayed" => bounced("delayed"),
            other => panic!("{other}"),
        }
    };
    told.split_whitespace().map(event).collect()
}

/// State, minute of the next attempt, attempts and doubt after `told`, as of minute `now`.
#[track_caller]
fn check(told: &str, now: i64, state: MailState, next: Option<i64>, attempts: u32, doubt: Option<&str>) {
    let found = standing(&events(told), &MailRules::default(), at(now));
    let expected = (state, next.map(at), attempts, doubt);
    assert_eq!((found.state, found.until(), found.attempts, found.doubt()), expected, "{told} at {now}: {found:?}");
}

#[test]
fn a_mail_stands_where_its_events_have_left_it() {
    use MailState::{Bounced, Cancelled, Deferred, Queued, Refused, Sending, Sent, Unknown};
    check("", 0, Queued, None, 0, None);
    check("begun@0", 1, Sending, Some(0), 1, Some("possibly arrived"));
    check("begun@0", 119, Sending, Some(0), 1, Some("possibly arrived"));
    check("begun@0", 121, Unknown, Some(0), 1, Some("possibly arrived"));
    check("begun@0 sent@0", 1, Sent, None, 1, None);
    check("sent@0", 1, Sent, None, 1, None);
    check("begun@0 refused@0", 1, Refused, None, 1, None);
    check("begun@0 deferred@0", 1, Deferred, Some(5), 1, None);
    check("begun@0 deferred@0 begun@5 deferred@5", 6, Deferred, Some(15), 2, None);
    check("deferred@0 deferred@5 deferred@15 deferred@35", 36, Deferred, Some(75), 4, None);
    check("deferred@0 deferred@5 deferred@15 deferred@35 deferred@75", 76, Deferred, Some(135), 5, None);
    check("deferred@0 sent@5", 6, Sent, None, 2, None);
    check("unknown@0", 1, Unknown, Some(5), 1, Some("possibly arrived"));
    check("unknown@0 sent@5", 6, Sent, None, 2, Some("possibly twice"));
    check("unknown@0 refused@5", 6, Refused, None, 2, Some("possibly arrived"));
    check("unknown@0 deferred@5", 6, Deferred, Some(15), 2, Some("possibly arrived"));
    check("unknown@0 unknown@5 unknown@15", 16, Unknown, Some(35), 3, Some("possibly twice"));
    check("unknown@0 unknown@5 unknown@15 unknown@35", 36, Unknown, None, 4, Some("possibly twice"));
    // Stopped in the middle: like an unknown fate, but no server asked for time.
    check("begun@0 begun@90 sent@90", 91, Sent, None, 2, Some("possibly twice"));
    check("begun@0 begun@1 begun@2 begun@3", 199, Unknown, None, 4, Some("possibly twice"));
    check("begun@0 begun@1 begun@2", 199, Unknown, Some(2), 3, Some("possibly twice"));
    // What is wrong on this side leaves everything as it was.
    check("begun@0 untried@0", 1, Queued, None, 0, None);
    check("begun@0 deferred@0 begun@9 untried@9", 10, Deferred, Some(5), 1, None);
    check("untried@0", 1, Queued, None, 0, None);
    // People.
    check("refused@0 retried@60", 61, Queued, Some(60), 1, None);
    check("unknown@0 unknown@5 unknown@15 unknown@35 retried@99", 100, Queued, Some(99), 4, Some("possibly twice"));
    check("deferred@0 deferred@5 retried@6 deferred@6", 7, Deferred, Some(11), 3, None);
    check("deferred@0 cancelled@3", 4, Cancelled, None, 1, None);
    check("cancelled@0 retried@3", 4, Queued, Some(3), 0, None);
    check("sent@0 bounced@9", 10, Bounced, None, 1, None);
    check("refused@0 bounced@9", 10, Bounced, None, 1, None);
    // What waits is sent, whatever a report says: it may be forged.
    check("bounced@9", 10, Queued, None, 0, None);
    check("deferred@0 bounced@9", 10, Deferred, Some(5), 1, None);
    check("unknown@0 bounced@9", 10, Unknown, Some(5), 1, Some("possibly arrived"));
    check("unknown@0 bounced@9 sent@9", 10, Sent, None, 2, Some("possibly twice"));
    check("unknown@0 unknown@5 unknown@15 unknown@35 bounced@99", 100, Bounced, None, 4, Some("possibly twice"));
    check("sent@0 bounced@9 retried@20", 21, Queued, Some(20), 1, None);
    check("sent@0 delayed@9", 10, Sent, None, 1, None);
}

/// Every run that is due tries; no server ever takes the mail.
#[track_caller]
fn story(runs_every: i64, attempts: u32, days: i64) {
    let (mut events, mut minute) = (Vec::new(), 0);
    let mut last = 0;
    while minute < 40 * 24 * 60 {
        let found = standing(&events, &MailRules::default(), at(minute));
        if found.is_due(at(minute)) {
            events.push(MailEvent::Begun(at(minute)));
            events.push(ended(minute, MailOutcome::Deferred));
            last = minute;
        }
        minute += runs_every;
    }
    let found = standing(&events, &MailRules::default(), at(minute));
    assert_eq!((found.state, found.next, found.attempts), (MailState::Failed, None, attempts), "{found:?}");
    assert_eq!(found.detail, format!("said at {last}"));
    assert_eq!(last.div_euclid(24 * 60), days);
}

#[test]
fn a_mail_that_nobody_takes_fails_after_five_days() {
    // At 0, 5, 15, 35, 75 minutes, and then each hour.
    story(5, 123, 4);
    story(60, 121, 5);
    story(24 * 60, 6, 5);
    // No run came for a week: what was due then is tried once more.
    story(7 * 24 * 60, 2, 7);
}

#[test]
fn a_clock_that_was_wrong_keeps_no_mail_back() {
    let year = 365 * 24 * 60;
    let stands = |told: &str, now: i64| standing(&events(told), &MailRules::default(), at(now));
    let ahead = format!("begun@{year} deferred@{year}");
    let found = stands(&ahead, 10);
    assert!(found.is_due(at(10)) && found.is_ahead(at(10)), "{found:?}");
    assert!(!stands("deferred@0", 1).is_due(at(1)) && !stands("deferred@0", 1).is_ahead(at(1)));
    // What failed by it did not; by another clock that is right it did.
    let failed = format!("deferred@0 deferred@{year}");
    let found = stands(&failed, 10);
    assert!(found.state == MailState::Deferred && found.is_due(at(10)), "{found:?}");
    assert_eq!(stands(&failed, year).state, MailState::Failed);
    // An attempt that a wrong clock began is none that is being made.
    let found = stands(&format!("begun@{year}"), 10);
    assert!(found.state == MailState::Unknown && found.is_due(at(10)), "{found:?}");
    // And the five days are counted from the first attempt of all clocks.
    let found = stands(&format!("{ahead} deferred@10 deferred@{}", 10 + 5 * 24 * 60), 20 * 24 * 60);
    assert_eq!((found.state, found.next), (MailState::Failed, None), "{found:?}");
}

#[test]
fn copies_are_as_many_as_the_rules_say() {
    for copies in 0..=5 {
        let rules = MailRules { copies, ..MailRules::default() };
        let mut events = Vec::new();
        let mut minute = 0;
        while let Some(next) = standing(&events, &rules, at(minute)).next {
            minute = next.max(at(0)).since(at(0)).micros() / 60_000_000;
            events.push(MailEvent::Begun(at(minute)));
            events.push(ended(minute, MailOutcome::Unknown));
        }
        assert_eq!(events.len(), 2 * (copies as usize + 1), "once, and {copies} copies");
    }
}

#[test]
fn what_needs_a_person_does_not_wait() {
    for (told, waits, needs) in [
        ("", true, false),
        ("deferred@0", true, false),
        ("unknown@0", true, false),
        ("unknown@0 unknown@5 unknown@15 unknown@35", false, true),
        ("refused@0", false, true),
        ("sent@0", false, false),
        ("sent@0 bounced@5", false, true),
        ("cancelled@0", false, false),
    ] {
        let found = standing(&events(told), &MailRules::default(), at(1000));
        assert_eq!((found.waits(), found.needs_a_person()), (waits, needs), "{told}");
    }
}

#[test]
fn an_entry_of_the_first_version_is_read_and_written_as_it_was() {
    let mail = r#"{"entry":"mail","number":"LR-2018-000001","message_id":"LR-2018-000001.1@a.ie","from":"b@a.ie","to":"c@d.it","name":"LR-2018-000001_1.eml","sha256":"00"}"#;
    let attempt = r#"{"entry":"mail_attempt","message_id":"LR-2018-000001.1@a.ie","at":"2018-09-05T00:00:00.000Z","outcome":"deferred","detail":"later"}"#;
    let mut history = History::default();
    for text in [mail, attempt] {
        let entry: Entry = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&entry).unwrap(), text);
        history.add_mail(entry);
    }
    let [outgoing] = history.outgoing()[..] else { panic!("one mail") };
    let found = history.mail_standing(outgoing.message_id, &MailRules::default(), at(1));
    assert_eq!((found.state, found.until()), (MailState::Deferred, Some(at(5))));
    assert_eq!(history.mail_named("LR-2018-000001_1.eml"), Some(outgoing));
}
