//! TLS, certificates and logins: no mail and no password goes to anybody but the server that was meant.

use std::fs;
use std::path::PathBuf;

use super::*;

struct Place {
    authority: Authority,
    ca_file: PathBuf,
}

impl Place {
    fn new(test: &str) -> Self {
        let authority = Authority::new();
        let ca_file = script::folder(test).join("ca.pem");
        fs::write(&ca_file, &authority.pem).unwrap();
        Self { authority, ca_file }
    }

    fn plan(&self, tls: Tls, paper: Paper, rules: &[Rule]) -> Plan {
        let config = self.authority.server(paper);
        let tls = match tls {
            Tls::Implicit => Some(script::Tls::Implicit(config)),
            Tls::StartTls => Some(script::Tls::StartTls(config)),
            Tls::Loopback => None,
        };
        Plan { tls, ..Plan::of(rules) }
    }

    fn settings(&self, port: u16, tls: Tls) -> Smtp {
        let login = Login { user: "user".to_owned(), password: PasswordFrom::Environment("X".to_owned()) };
        Smtp { tls, ca_file: Some(self.ca_file.clone()), login: Some(login), ..to(port) }
    }

    /// One mail with a login.
    fn attempt(&self, tls: Tls, plan: Plan) -> (Result<Carried, DeliverError>, Heard) {
        let server = Server::start(plan);
        let mut agent = agent_of(&self.settings(server.port, tls));
        let carried = tried(&mut agent, FROM, MAIL);
        agent.close();
        (carried, server.stop())
    }
}

#[track_caller]
fn check_nothing_told(carried: &Carried, heard: &Heard) {
    assert_eq!(parts(carried).0, "deferred", "{carried:?}");
    assert!(is_busy(carried), "{carried:?}");
    assert!(!heard.verbs().iter().any(|verb| ["AUTH", "MAIL"].contains(verb)), "{heard:?}");
    assert!(heard.mails.is_empty());
}

#[test]
fn a_proved_server_gets_login_and_mail() {
    let place = Place::new("proved");
    for (tls, hellos) in [(Tls::Implicit, 1), (Tls::StartTls, 2)] {
        let (carried, heard) = place.attempt(tls, place.plan(tls, Paper::Good, &[]));
        assert_eq!(parts(&carried.unwrap()).0, "sent");
        assert!(heard.commands.contains(&"AUTH PLAIN AHVzZXIAY2FuYXJ5".to_owned()), "{heard:?}");
        assert_eq!(heard.verbs().iter().filter(|verb| **verb == "EHLO").count(), hellos);
        assert_eq!(heard.accepted().map(|mail| mail.bytes.as_slice()).collect::<Vec<_>>(), [MAIL.as_bytes()]);
    }
}

#[test]
fn one_tls_connection_carries_many_mails() {
    let place = Place::new("many");
    let server = Server::start(place.plan(Tls::Implicit, Paper::Good, &[]));
    let mut agent = agent_of(&place.settings(server.port, Tls::Implicit));
    let large = format!("Subject: x\r\n\r\n{}", "0123456789\r\n".repeat(100_000));
    for eml in [MAIL, large.as_str(), MAIL] {
        assert_eq!(parts(&carry(&mut agent, eml)).0, "sent");
    }
    agent.close();
    let heard = server.stop();
    assert_eq!((heard.connections, heard.accepted().count()), (1, 3));
    assert_eq!(heard.mails[1].bytes, large.as_bytes());
}

#[test]
fn a_server_that_is_not_proved_gets_nothing() {
    let place = Place::new("not-proved");
    for tls in [Tls::Implicit, Tls::StartTls] {
        for (paper, words) in [
            (Paper::OtherName, "its certificate is of another name"),
            (Paper::Expired, "its certificate has expired"),
            (Paper::SelfSigned, "its certificate is of no authority that is trusted"),
        ] {
            let (carried, heard) = place.attempt(tls, place.plan(tls, paper, &[]));
            let carried = carried.unwrap();
            check_nothing_told(&carried, &heard);
            assert!(parts(&carried).1.starts_with(&format!("TLS: {words}")), "{paper:?}: {carried:?}");
        }
        let other = Place { authority: Authority::new(), ca_file: place.ca_file.clone() };
        let (carried, heard) = place.attempt(tls, other.plan(tls, Paper::Good, &[]));
        check_nothing_told(&carried.unwrap(), &heard);
    }
}

#[test]
fn without_tls_no_mail_and_no_password_is_sent() {
    let place = Place::new("without-tls");
    let plain = |rules: &[Rule]| Plan::of(rules);
    let (carried, heard) = place.attempt(Tls::Implicit, plain(&[]));
    check_nothing_told(&carried.unwrap(), &heard);
    let offer = Rule::at("EHLO", Act::say("250-script\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"));
    for rules in [
        // Taken off the offers on the way.
        vec![],
        vec![Rule::at("greeting", Act::code(554))],
        vec![Rule::at("EHLO", Act::code(552))],
        vec![offer.clone(), Rule::at("STARTTLS", Act::code(454))],
        vec![offer.clone(), Rule::at("STARTTLS", Act::code(502))],
        vec![offer.clone(), Rule::at("STARTTLS", Act::code(250))],
        vec![offer.clone(), Rule::at("STARTTLS", Act::Drop)],
        // A server that goes on in plain text.
        vec![offer, Rule::at("STARTTLS", Act::code(220))],
    ] {
        let (carried, heard) = place.attempt(Tls::StartTls, plain(&rules));
        check_nothing_told(&carried.unwrap(), &heard);
    }
}

#[test]
fn what_is_slipped_in_before_tls_is_never_heard_under_it() {
    let place = Place::new("slipped-in");
    let parts_of = |texts: &[&str]| Act::Parts(texts.iter().map(|text| (*text).to_owned()).collect());
    for act in [
        // One reply, several, half of one, in the packet of the 220 and in one of their own.
        Act::say("220 go\r\n250 script\r\n"),
        Act::say(
            "220 go\r\n250-script\r\n250 AUTH PLAIN\r\n235 in\r\n250 mail\r\n250 rcpt\r\n354 data\r\n250 queued\r\n",
        ),
        Act::say("220 go\r\n2"),
        Act::say("220 go\r\n\r\n"),
        parts_of(&["220 go\r\n", "250 script\r\n"]),
        parts_of(&["220 go\r\n", "2"]),
    ] {
        let rules = [Rule::at("STARTTLS", act.clone())];
        let (carried, heard) = place.attempt(Tls::StartTls, place.plan(Tls::StartTls, Paper::Good, &rules));
        check_nothing_told(&carried.unwrap(), &heard);
        assert_eq!(heard.verbs(), ["EHLO", "STARTTLS"], "{act:?}");
    }
    // Before STARTTLS: the 220 of somebody else, and then that of the server, which is no TLS.
    let early = [Rule::once("EHLO", parts_of(&["250-script\r\n250 STARTTLS\r\n", "220 go\r\n"]))];
    let (carried, heard) = place.attempt(Tls::StartTls, place.plan(Tls::StartTls, Paper::Good, &early));
    check_nothing_told(&carried.unwrap(), &heard);
}

#[test]
fn a_login_that_is_rejected_stops_all_mail() {
    let place = Place::new("rejected");
    let reply =
        |act: Act| place.attempt(Tls::Implicit, place.plan(Tls::Implicit, Paper::Good, &[Rule::at("AUTH", act)]));
    for code in [500, 530, 535, 550, 552, 554] {
        let (carried, heard) = reply(Act::code(code));
        let error = carried.unwrap_err().to_string();
        assert_eq!(error, format!("`127.0.0.1` does not accept the login: {code} as planned"));
        assert!(!heard.verbs().contains(&"MAIL"), "{heard:?}");
    }
    for code in [421, 450, 451, 452, 454, 250, 354] {
        let (carried, heard) = reply(Act::code(code));
        let carried = carried.unwrap();
        assert_eq!((parts(&carried).0, is_busy(&carried)), ("deferred", true), "{code}: {carried:?}");
        assert!(!heard.verbs().contains(&"MAIL"), "{heard:?}");
    }
    // A server that repeats what it was told gives nothing away here.
    for act in [Act::say("535 AHVzZXIAY2FuYXJ5 canary\r\n"), Act::say("454 Y2FuYXJ5\r\n")] {
        let (carried, _) = reply(act);
        let told = format!("{carried:?}");
        assert!(told.contains('…') && !told.contains("anary") && !told.contains("Y2FuYXJ5"), "{told}");
    }
}

#[test]
fn the_older_login_is_used_where_only_that_is_offered() {
    let place = Place::new("older-login");
    let rules = [Rule::at("EHLO", Act::say("250-script\r\n250 AUTH LOGIN\r\n"))];
    let (carried, heard) = place.attempt(Tls::Implicit, place.plan(Tls::Implicit, Paper::Good, &rules));
    assert_eq!(parts(&carried.unwrap()).0, "sent");
    assert_eq!(heard.commands[1..4], ["AUTH LOGIN", "dXNlcg==", "Y2FuYXJ5"]);
    let rules = [Rule::at("EHLO", Act::say("250-script\r\n250 AUTH CRAM-MD5\r\n"))];
    let (carried, heard) = place.attempt(Tls::Implicit, place.plan(Tls::Implicit, Paper::Good, &rules));
    let words = "`127.0.0.1` offers no login that is known here, which are PLAIN and LOGIN";
    assert_eq!((carried.unwrap_err().to_string().as_str(), heard.verbs()), (words, vec!["EHLO"]));
    // One that asks for more than a login of this kind has.
    let rules = [Rule::at("AUTH", Act::say("334 \r\n"))];
    let (carried, heard) = place.attempt(Tls::Implicit, place.plan(Tls::Implicit, Paper::Good, &rules));
    assert_eq!((carried.unwrap_err().to_string().as_str(), heard.verbs()), (words, vec!["EHLO", "AUTH"]));
}

#[test]
fn a_password_that_is_repeated_later_is_not_shown_either() {
    let place = Place::new("repeated");
    for (stage, code) in [("MAIL", 550), ("RCPT", 450), ("DATA", 530), (".", 250), (".", 299)] {
        let rules = [Rule::at(stage, Act::Say(format!("{code}-AHVzZXIAY2FuYXJ5\r\n{code} canary Y2FuYXJ5\r\n")))];
        let (carried, _) = place.attempt(Tls::Implicit, place.plan(Tls::Implicit, Paper::Good, &rules));
        let told = format!("{carried:?}");
        assert!(told.contains("… … …") && !told.contains("anary") && !told.contains("FuYXJ5"), "{told}");
    }
}

#[test]
fn nothing_travels_in_plain_text_but_to_this_machine() {
    let mail = |server: &Smtp| tried(&mut agent_of(server), FROM, MAIL);
    for host in ["192.0.2.1", "0.0.0.0"] {
        let server = Smtp { host: host.to_owned(), ..to(9) };
        assert!(matches!(mail(&server), Err(DeliverError::PlainText { .. })), "{host}");
    }
    let login = Login { user: "user".to_owned(), password: PasswordFrom::Environment("X".to_owned()) };
    let server = Smtp { login: Some(login), ..to(9) };
    let made = Agent::new(&server, &|_| Password::new("canary")).map(|_| ());
    assert!(matches!(made, Err(DeliverError::PlainLogin { .. })));
}
