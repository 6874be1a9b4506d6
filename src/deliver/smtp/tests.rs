//! Against a scripted server on a loopback socket: each stage, each kind of answer.

use std::time::{Duration, Instant};

use super::super::script::Act::{Drop, Say, Wait};
use super::super::script::{Act, Heard, serve};
use super::super::{attempt, field};
use super::*;
use crate::domain::settings::Login;

const MAIL: &str = "Subject: x\r\n\r\n.\r\n..\r\n.x\r\nMAIL FROM:<evil@example.com>\r\n\r\n.\r\nend\r\n";

fn server(port: u16, tls: Tls) -> Smtp {
    Smtp { host: "127.0.0.1".to_owned(), port, tls, ca_file: None, login: None }
}

fn job(server: &Smtp, eml: &[u8]) -> Job {
    let (from, to) = ("billing@example.com", "accounts@bakery.example");
    let (from, to) = (field::address("from", from).unwrap(), field::address("to", to).unwrap());
    let mut job = Job::new(server, eml, from, to, &|_| Password::new("canary")).unwrap();
    job.patience.reply = Duration::from_millis(700);
    job.patience.verdict = Duration::from_millis(700);
    job
}

fn attempt(script: &[(&'static str, Act)]) -> (Outcome, Heard) {
    let (port, heard) = serve(script);
    let outcome = attempt::run(job(&server(port, Tls::Loopback), MAIL.as_bytes())).unwrap();
    (outcome, heard.join().unwrap())
}

/// The kind of an outcome, and its words.
fn parts(outcome: &Outcome) -> (&'static str, &str) {
    match outcome {
        Outcome::Sent { reply } => ("sent", reply),
        Outcome::Deferred { reason } => ("deferred", reason),
        Outcome::Refused { reason } => ("refused", reason),
        Outcome::Unknown { reason } => ("unknown", reason),
        Outcome::TooBig { reason } => ("too big", reason),
    }
}

#[track_caller]
fn check(stage: &'static str, act: Act, kind: &str) {
    let (outcome, heard) = attempt(&[(stage, act)]);
    assert_eq!(parts(&outcome).0, kind, "{stage} {act:?}: {outcome:?}");
    assert_eq!(heard.whole, kind == "sent" || stage == ".", "{stage} {act:?}: {heard:?}");
}

#[test]
fn every_stage_accepts_its_own_reply_alone() {
    let garbage = Say("hello\r\n");
    for (stage, ok, again) in [
        ("greeting", "sent", "sent"),
        ("EHLO", "sent", "sent"),
        ("MAIL", "sent", "deferred"),
        ("RCPT", "sent", "deferred"),
        ("DATA", "deferred", "deferred"),
        (".", "sent", "unknown"),
    ] {
        let lost = if stage == "." { "unknown" } else { "deferred" };
        check(stage, Say("250 fine\r\n"), ok);
        check(stage, Say("451 4.3.0 later\r\n"), "deferred");
        check(stage, Say("552 5.3.4 too big\r\n"), "refused");
        check(stage, garbage, lost);
        check(stage, Say("250-half\r\n"), if stage == "." { "unknown" } else { "deferred" });
        check(stage, Drop, lost);
        if !matches!(stage, "DATA") {
            check(stage, Say("354 go on\r\n"), again);
        }
    }
    check(".", Say("251 forwarded\r\n"), "unknown");
    check(".", Say("250-a\r\n251 b\r\n"), "unknown");
    check(".", Say("25"), "unknown");
}

#[test]
fn what_arrives_is_the_mail_byte_for_byte() {
    let (outcome, heard) = attempt(&[]);
    assert_eq!(outcome, Outcome::Sent { reply: "250 2.0.0 queued as 7".to_owned() });
    assert_eq!(String::from_utf8(heard.mail).unwrap(), MAIL);
    assert_eq!(
        heard.commands,
        ["EHLO example.com", "MAIL FROM:<billing@example.com>", "RCPT TO:<accounts@bakery.example>", "DATA", "QUIT"]
    );
}

#[test]
fn a_connection_lost_before_the_end_of_the_mail_is_no_doubt() {
    let (port, heard) = serve(&[("content", Drop)]);
    let long = format!("Subject: x\r\n\r\n{}", format!("{}\r\n", "x".repeat(70)).repeat(200_000));
    let outcome = attempt::run(job(&server(port, Tls::Loopback), long.as_bytes())).unwrap();
    assert_eq!(parts(&outcome).0, "deferred", "{outcome:?}");
    assert!(!heard.join().unwrap().whole);
}

#[test]
fn replies_are_kept_short_and_clean() {
    const LONG: &str = "550 \u{1b}[31mno\u{7}\u{85} 1234567890123456789012345678901234567890123456789012345678901234567890\
        1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890\
        1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890\r\n";
    let (outcome, _) = attempt(&[("RCPT", Say(LONG))]);
    let (kind, reason) = parts(&outcome);
    assert_eq!((kind, reason.chars().count()), ("refused", 200));
    assert!(reason.starts_with("RCPT: 550 [31mno 123"), "{reason}");
}

#[test]
fn a_reply_that_came_too_early_never_counts() {
    for script in [
        ("EHLO", Say("250 script\r\n250 extra\r\n")),
        ("EHLO", Say("250 script\r\n250 mail\r\n250 rcpt\r\n354 data\r\n")),
        ("EHLO", Say("250 script\r\n250 mail\r\n250 rcpt\r\n354 data\r\n250 queued\r\n")),
        ("RCPT", Say("250 rcpt\r\n354 data\r\n250 queued\r\n")),
        ("greeting", Say("220 script\r\n250 script\r\n250 mail\r\n250 rcpt\r\n354 data\r\n250 queued\r\n")),
    ] {
        let (outcome, heard) = attempt(&[script]);
        assert_eq!(parts(&outcome).0, "deferred", "{script:?}: {outcome:?}");
        assert!(heard.mail.is_empty(), "{script:?}: {heard:?}");
    }
}

#[test]
fn a_second_reply_in_the_buffer_breaks_the_silence() {
    for (ehlo, fits) in [("250 script\r\n", true), ("250 script\r\n250 x\r\n", false), ("250 script\r\nx\r\n", false)] {
        // The reply must lie in lettre's buffer whole, as bytes injected in one packet do.
        let (port, _) = serve(&[("EHLO", Say(ehlo))]);
        let job = job(&server(port, Tls::Loopback), MAIL.as_bytes());
        let Ok(mut line) = connect(&job) else { panic!("no connection") };
        assert_eq!(silence(&mut line, "test", &job.patience).is_ok(), fits, "{ehlo:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the patience of an attempt is measured")]
fn nobody_is_waited_for_without_end() {
    let slow = Wait(Duration::from_millis(900));
    for (stage, kind) in [("greeting", "deferred"), ("MAIL", "deferred"), ("DATA", "deferred"), (".", "unknown")] {
        for by_the_clock in [false, true] {
            let (port, heard) = serve(&[(stage, slow)]);
            let mut job = job(&server(port, Tls::Loopback), MAIL.as_bytes());
            let short = Duration::from_millis(300);
            if by_the_clock {
                job.patience.whole = short;
            } else {
                (job.patience.reply, job.patience.verdict) = (short, short);
            }
            let begun = Instant::now();
            let outcome = attempt::run(job).unwrap();
            assert_eq!(parts(&outcome).0, kind, "{stage} {by_the_clock}: {outcome:?}");
            assert!(begun.elapsed() < Duration::from_millis(800), "{stage} {by_the_clock}");
            // An attempt that was given up sends nothing later, even when the server answers at last.
            assert_eq!(heard.join().unwrap().mail.is_empty(), kind == "deferred", "{stage} {by_the_clock}");
        }
    }
}

#[test]
fn a_fault_inside_the_library_is_a_lost_connection() {
    // lettre 0.11.23 panics on a capability line of blanks.
    check("EHLO", Say("250-script\r\n250  \r\n"), "deferred");
}

#[test]
fn a_login_is_welcomed_by_235_alone() {
    let said = |act| {
        let (port, heard) = serve(&[("AUTH", act)]);
        let job = job(&server(port, Tls::Loopback), MAIL.as_bytes());
        let Ok(mut line) = connect(&job) else { panic!("no connection") };
        let credentials = Credentials::new("user".to_owned(), "canary".to_owned());
        let said = match authenticate(&mut line, &credentials, "127.0.0.1") {
            Ok(()) => "welcome".to_owned(),
            Err(Stop::Mail(outcome)) => parts(&outcome).0.to_owned(),
            Err(Stop::All(error)) => error.to_string(),
        };
        std::mem::drop(line);
        assert!(heard.join().unwrap().commands.contains(&"AUTH PLAIN AHVzZXIAY2FuYXJ5".to_owned()));
        said
    };
    assert_eq!(said(Say("235 welcome\r\n")), "welcome");
    assert_eq!(said(Say("250 ok\r\n")), "deferred");
    assert_eq!(said(Say("354 go on\r\n")), "deferred");
    assert_eq!(said(Say("454 4.7.0 later\r\n")), "deferred");
    assert_eq!(said(Drop), "deferred");
    assert_eq!(said(Say("535 5.7.8 wrong\r\n")), "`127.0.0.1` does not accept the login: 535 5.7.8 wrong");
}

#[test]
fn nothing_travels_in_plain_text_but_to_this_machine() {
    let refused = |host: &str, login: Option<Login>| {
        let server = Smtp { host: host.to_owned(), login, ..server(9, Tls::Loopback) };
        let (from, to) = ("a@example.com".parse().unwrap(), "b@example.com".parse().unwrap());
        Job::new(&server, MAIL.as_bytes(), from, to, &|_| Password::new("canary")).and_then(attempt::run).unwrap_err()
    };
    assert!(matches!(refused("192.0.2.1", None), DeliverError::PlainText { .. }));
    assert!(matches!(refused("0.0.0.0", None), DeliverError::PlainText { .. }));
    let login = Login { user: "user".to_owned(), password: PasswordFrom::Environment("X".to_owned()) };
    assert!(matches!(refused("127.0.0.1", Some(login)), DeliverError::PlainLogin { .. }));
}

#[test]
fn without_tls_no_mail_and_no_password_is_sent() {
    let login = Login { user: "user".to_owned(), password: PasswordFrom::Environment("X".to_owned()) };
    let offer = ("EHLO", Say("250-script\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"));
    for (tls, script) in [
        (Tls::Implicit, vec![]),
        (Tls::StartTls, vec![]),
        (Tls::StartTls, vec![("greeting", Say("554 away\r\n"))]),
        (Tls::StartTls, vec![("EHLO", Say("552 away\r\n"))]),
        (Tls::StartTls, vec![offer, ("STARTTLS", Say("454 no TLS\r\n"))]),
        (Tls::StartTls, vec![offer, ("STARTTLS", Say("502 no TLS\r\n"))]),
        (Tls::StartTls, vec![offer, ("STARTTLS", Say("220 go\r\n250 script\r\n235 in\r\n250 ok\r\n"))]),
        (Tls::StartTls, vec![offer, ("STARTTLS", Drop)]),
    ] {
        let (port, heard) = serve(&script);
        let server = Smtp { login: Some(login.clone()), ..server(port, tls) };
        let outcome = attempt::run(job(&server, MAIL.as_bytes())).unwrap();
        assert_eq!(parts(&outcome).0, "deferred", "{script:?}: {outcome:?}");
        let heard = heard.join().unwrap();
        assert!(!heard.verbs().iter().any(|verb| ["AUTH", "MAIL"].contains(verb)), "{heard:?}");
    }
}

#[test]
fn nobody_listening_defers() {
    let outcome = attempt::run(job(&server(1, Tls::Loopback), MAIL.as_bytes())).unwrap();
    assert_eq!(parts(&outcome).0, "deferred", "{outcome:?}");
}

#[test]
fn a_file_without_certificates_is_not_taken_for_one() {
    let path = super::super::script::folder("certificates").join("ca.pem");
    let made = |path: &std::path::Path| {
        parameters(&Smtp { ca_file: Some(path.to_owned()), ..server(9, Tls::Implicit) }).map(|_| ())
    };
    assert!(matches!(made(&path), Err(DeliverError::Certificates { .. })));
    fs::write(&path, "nothing\n").unwrap();
    assert!(matches!(made(&path), Err(DeliverError::NoCertificate { .. })));
    fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(matches!(made(&path), Err(DeliverError::Tls { .. })));
}
