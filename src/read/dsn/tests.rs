use super::*;

/// A report with this delivery status, and with `returned` as its third part.
fn mail(status: &str, returned: &str) -> String {
    let head =
        "From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nMIME-Version: 1.0\nContent-Type: multipart/report;\n";
    let kind = "\treport-type=delivery-status; boundary=\"=_b.1\"\n\nFor programs that do not know MIME.\n";
    let text = "--=_b.1\nContent-Type: text/plain\n\nFinal-Recipient: rfc822; nobody@here.example\nAction: failed\n\n";
    let status = format!("--=_b.1\nContent-Type: message/delivery-status\n\n{status}\n");
    let returned = format!("--=_b.1\nContent-Type: text/rfc822-headers\n\n{returned}\n");
    [head, kind, text, &status, &returned, "--=_b.1--\n"].concat()
}

const STATUS: &str = "Reporting-MTA: dns; mx.example\nOriginal-Envelope-Id: a+2Bb@c.example\n\n\
    Final-Recipient: rfc822; accounts@forno.example\nAction: failed\nStatus: 5.1.1 (bad mailbox)\n\
    Diagnostic-Code: smtp; 550 5.1.1\n  no such\u{202e} user\n";
const RETURNED: &str = "From: \"Late, Replies\" <billing@late.example>\nTo: accounts@forno.example\n\
    Message-ID: <LR-2018-000001.1@late.example>\nSubject: =?utf-8?q?LR-2018-000001:_fattura_perch=C3=A9?=\n";

fn read(text: &str) -> Report {
    report(text.as_bytes()).unwrap()
}

#[track_caller]
fn refused(text: &str, why: &str) {
    let found = report(text.as_bytes()).unwrap_err();
    assert!(found.to_string().contains(why), "{found}\n{text}");
}

#[test]
fn a_report_is_read_by_its_fields() {
    let report = read(&mail(STATUS, RETURNED));
    let [recipient] = report.recipients.as_slice() else { panic!("{report:?}") };
    assert_eq!((recipient.action, recipient.address.as_str()), (Action::Failed, "accounts@forno.example"));
    assert_eq!((recipient.status.as_str(), recipient.original.as_deref()), ("5.1.1", None));
    assert_eq!(recipient.diagnostic, "smtp; 550 5.1.1 no such user");
    assert_eq!(report.envelope_id.as_deref(), Some("a+b@c.example"));
    let Original { message_id, from, to, subject } = &report.original;
    assert_eq!(message_id.as_deref(), Some("LR-2018-000001.1@late.example"));
    assert_eq!(
        (from.as_deref(), to.as_slice()),
        (Some("billing@late.example"), ["accounts@forno.example".to_owned()].as_slice())
    );
    assert_eq!(subject.as_deref(), Some("LR-2018-000001: fattura perché"));
}

#[test]
fn a_copy_with_other_line_ends_and_headers_is_the_same_report() {
    let text = mail(STATUS, RETURNED);
    let copy =
        format!("Return-Path: <>\r\nDelivered-To: billing@late.example\r\n{}\r\n\r\n", text.replace('\n', "\r\n"));
    assert_eq!(read(&text), read(&copy));
    assert_ne!(read(&text).sha256, read(&mail(&STATUS.replace("550", "551"), RETURNED)).sha256);
}

#[test]
fn every_recipient_of_a_report_is_told() {
    let groups = "Reporting-MTA: dns; mx.example\n\n\
        Original-Recipient: rfc822;first+2Bname@a.example\nFinal-Recipient: RFC822;<first@b.example>\nAction: Delayed\nStatus: 4.4.1\n\n\n\
        Original-Recipient: utf-8; caff\\x{E8}@c.example\nFinal-Recipient: utf-8;caff\\x{E8}@c.example\naction: delivered (here)\nStatus: 2.0.0\n\n\
        Final-Recipient: x-local; third\nAction: RELAYED\n";
    let report = read(&mail(groups, ""));
    let told: Vec<_> =
        report.recipients.iter().map(|it| (it.action, it.address.as_str(), it.status.as_str())).collect();
    let expected = [
        (Action::Delayed, "first@b.example", "4.4.1"),
        (Action::Delivered, "caffè@c.example", "2.0.0"),
        (Action::Relayed, "third", ""),
    ];
    assert_eq!(told, expected);
    assert!(report.recipients[0].is("First+Name@A.example") && report.recipients[0].is("first@b.example"));
    assert!(report.recipients[1].is("caffè@c.example") && !report.recipients[1].is("caff@c.example"));
    assert_eq!(report.original, Original::default());
}

#[test]
fn parts_may_be_encoded() {
    let encoded = |text: &str| {
        let digits: String = text.bytes().map(|byte| format!("={byte:02X}")).collect();
        digits.as_bytes().chunks(72).map(|line| format!("{}=\n", String::from_utf8_lossy(line))).collect::<String>()
    };
    let plain = mail(STATUS, RETURNED);
    let kind = "message/delivery-status\n";
    let quoted = format!("{kind}Content-Transfer-Encoding: Quoted-Printable\n");
    let packed = plain.replace(kind, &quoted).replace(&format!("\n{STATUS}"), &format!("\n{}", encoded(STATUS)));
    assert_ne!(plain, packed);
    assert_eq!(read(&packed).recipients, read(&plain).recipients);
    refused(&packed.replace("Quoted-Printable", "base64"), "cannot be decoded");
}

#[test]
fn what_is_damaged_is_named_and_not_guessed() {
    for (from, to, why) in [
        ("Action: failed\nStatus", "Status", "has no action"),
        ("Action: failed\nStatus", "Action: fail\nStatus", "none of RFC 3464"),
        ("Final-Recipient: rfc822; accounts@forno.example\nAction", "Action", "has no address"),
        ("rfc822; accounts@forno.example\nAction", "rfc822;\nAction", "has no address"),
        ("Status: 5.1.1", "Status: 5.1", "none of RFC 3463"),
        ("Status: 5.1.1", "Status: 2.1.5", "a status of success"),
        ("Status: 5.1.1", "Action: delivered\nStatus: 5.1.1", "stands in it twice"),
        ("message/delivery-status", "text/plain", "no part with a delivery status"),
        ("; boundary=\"=_b.1\"", "", "no boundary"),
        ("Action: failed\nStatus", "Action: failed\n\rStatus", "cannot be read"),
    ] {
        let text = mail(STATUS, RETURNED);
        // The first part says the same to people, and is not looked at.
        let at = text.find("Reporting-MTA").unwrap();
        let (head, tail) = text.split_at(at);
        let damaged = if tail.contains(from) {
            head.to_owned() + &tail.replacen(from, to, 1)
        } else {
            text.replacen(from, to, 1)
        };
        refused(&damaged, why);
    }
    refused(&mail("Reporting-MTA: dns; mx.example\n", RETURNED), "names no recipient");
    refused(&mail(&format!("{STATUS}X-Long: {}\nAction: failed\n", "x".repeat(9000)), RETURNED), "twice");
    let long = STATUS.replace("(bad", &format!("({} bad", "x".repeat(9000)));
    refused(&mail(&long, RETURNED), "longer than 8 KiB");
    refused(&format!("X-Long: {}\n\n", "x".repeat(300 << 10)), "longer than 256 KiB");
    let many = "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n".repeat(1001);
    refused(&mail(&many, RETURNED), "more than 1000 recipients");
    let parts = "--=_b.1\nContent-Type: text/plain\n\n".repeat(30);
    refused(&mail(STATUS, RETURNED).replace("--=_b.1--", &parts), "more than 20 parts");
}

#[test]
fn what_is_no_report_is_told_with_what_it_is() {
    for (text, expected) in [
        ("From: a@b.example\nSubject: Re: LR-2018-000001\n\nWhat is this?\n", NoReport::Ordinary),
        ("From: a@b.example\nAuto-Submitted: no\n\n", NoReport::Ordinary),
        ("From: a@b.example\nAuto-Submitted: auto-replied (vacation)\n\nI am away.\n", NoReport::AutomaticReply),
        ("From: a@b.example\nReturn-Path: <>\n\nI am away.\n", NoReport::AutomaticReply),
        ("From: a@b.example\nPrecedence: auto_reply\n\n", NoReport::AutomaticReply),
        ("From: MAILER-DAEMON@mx.example\n\nHi. This is the qmail-send program at mx.example.\n", NoReport::Unformed),
        ("From: x@mx.example\n\nHi. This is the deliver program.\n", NoReport::Unformed),
        ("From: Mail Delivery <Mailer-Daemon@mx.example>\nX-Failed-Recipients: a@b.example\n\n", NoReport::Unformed),
        ("", NoReport::Ordinary),
        (
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n--x--\n",
            NoReport::OtherReport("disposition-notification".to_owned()),
        ),
    ] {
        assert_eq!(report(text.as_bytes()), Err(expected), "{text}");
    }
    let doubtful = [NoReport::Unformed, NoReport::Damaged(""), NoReport::TooLarge, NoReport::NotAFile];
    assert!(doubtful.iter().all(NoReport::is_doubtful));
    assert!(![NoReport::Ordinary, NoReport::AutomaticReply, NoReport::Gone].iter().any(NoReport::is_doubtful));
}

/// A mail that was cut off anywhere, or of which a byte was changed, is refused or read; it never says that another
/// recipient failed.
#[test]
fn every_cut_and_every_changed_byte_ends_well() {
    let text = mail(STATUS, RETURNED);
    for cut in 0..text.len() {
        if let Ok(report) = report(&text.as_bytes()[..cut]) {
            let [recipient] = report.recipients.as_slice() else { panic!("cut at {cut}") };
            assert_eq!((recipient.action, recipient.address.as_str()), (Action::Failed, "accounts@forno.example"));
        }
    }
    for at in 0..text.len() {
        for byte in [b'\n', b'\r', 0, b'=', b'?', 0xff, b':'] {
            let mut changed = text.clone().into_bytes();
            changed[at] = byte;
            let _ = report(&changed);
        }
    }
}

/// What would take a careless parser minutes takes this one no time that anybody sees.
#[test]
fn hostile_mails_take_as_long_as_others() {
    let size = 4 << 20;
    let nested: String =
        (0..size / 64).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
    let words = format!("Content-Type: {}\n\n", "=?".repeat(size / 2));
    let parameters =
        format!("Content-Type: a/b{}\n\n", (0..size / 16).map(|n| format!("; a*{n}*=''b")).collect::<String>());
    let boundary = format!("{}\n\n{}", mail("", "").replace("=_b.1", &"-".repeat(4000)), "-".repeat(size));
    for hostile in [nested, words, parameters, boundary] {
        assert!(report(hostile.as_bytes()).is_err());
    }
}
