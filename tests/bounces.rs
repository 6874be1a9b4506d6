//! `ritardo bounces`: delivery status reports in the forms of several servers, wherever they lie.
#![cfg(test)]

mod common;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use common::shop::edit;
use common::smtp::{Act, Heard, Plan, Rule, Server};
use common::{Ran, bodies, copy, program, ritardo, root, scratch, tree};
use serde_json::Value;

const NIGHT: &str = "2018-09-05T00:00:00Z";
const LATER: &str = "2018-09-06T00:00:00Z";
const ADDRESS: &str = "accounts@forno.example";
const MESSAGE_ID: &str = "LR-2018-000001.1@late-reply.example";

/// A shop whose only invoice was mailed to one address.
fn shop(name: &str) -> PathBuf {
    let folder = scratch(name);
    copy(&root().join("tests/refusals/base"), &folder);
    common::give_key(&folder.join("state"), '5');
    ritardo(&folder, &["run", "--as-of", NIGHT]).expect(0);
    folder
}

fn put(folder: &Path, name: &str, mail: &str) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, mail).unwrap();
    name.to_owned()
}

fn bounces(folder: &Path, places: &[&str]) -> Ran {
    ritardo(folder, &[["bounces"].as_slice(), places, &["--as-of", LATER]].concat())
}

fn json(folder: &Path, places: &[&str], code: i32) -> Value {
    ritardo(folder, &[["bounces"].as_slice(), places, &["--as-of", LATER, "--format", "json"]].concat())
        .expect(code)
        .json()
}

fn recorded(folder: &Path) -> Vec<Value> {
    bodies(&folder.join("state"), "mail_bounced")
}

/// The frozen mail, as a server gives it back: cut off after some lines.
fn given_back(folder: &Path, lines: usize) -> String {
    let mail = fs::read_to_string(folder.join("state/issued/LR-2018-000001/LR-2018-000001_1.eml")).unwrap();
    mail.lines().take(lines).map(|line| format!("{line}\n")).collect()
}

/// Only its headers.
fn headers_given_back(folder: &Path) -> String {
    let mail = given_back(folder, 1000);
    mail.split_once("\n\n").unwrap().0.to_owned() + "\n"
}

/// A multipart mail: its headers, its boundary, and its parts with theirs.
fn multipart(headers: &str, boundary: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--{boundary}\n{part}\n")).collect();
    format!("{headers}\n\n{parts}--{boundary}--\n")
}

fn postfix(folder: &Path, action: &str, status: &str, words: &str) -> String {
    let head = "Return-Path: <>\nReceived: by mx.late-reply.example (Postfix)\n\tid 4XyZ0k1v2; Wed,  5 Sep 2018 04:11:00 +0000 (UTC)\n\
        Date: Wed,  5 Sep 2018 04:11:00 +0000 (UTC)\nFrom: MAILER-DAEMON@mx.late-reply.example (Mail Delivery System)\n\
        Subject: Undelivered Mail Returned to Sender\nTo: billing@late-reply.example\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n\
        Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"4XyZ0j0001.1536120660/mx.late-reply.example\"\n\
        Message-Id: <20180905041100.4XyZ0k1v2@mx.late-reply.example>";
    let text = "Content-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\n\
        This is the mail system at host mx.late-reply.example.\n\n<accounts@forno.example>: host mail.forno.example said: no\n";
    let status = format!(
        "Content-Description: Delivery report\nContent-Type: message/delivery-status\n\n\
        Reporting-MTA: dns; mx.late-reply.example\nX-Postfix-Queue-ID: 4XyZ0j0001\n\
        X-Postfix-Sender: rfc822; billing@late-reply.example\nArrival-Date: Wed,  5 Sep 2018 04:10:58 +0000 (UTC)\n\n\
        Final-Recipient: rfc822; {ADDRESS}\nOriginal-Recipient: rfc822;{ADDRESS}\nAction: {action}\nStatus: {status}\n\
        Remote-MTA: dns; mail.forno.example\nDiagnostic-Code: {words}\n"
    );
    let returned =
        format!("Content-Description: Undelivered Message\nContent-Type: message/rfc822\n\n{}", given_back(folder, 60));
    multipart(head, "4XyZ0j0001.1536120660/mx.late-reply.example", &[text, &status, &returned])
}

fn failed_postfix(folder: &Path) -> String {
    postfix(
        folder,
        "failed",
        "5.1.1",
        "smtp; 550 5.1.1\n    <accounts@forno.example>: Recipient address rejected: User unknown",
    )
}

fn exim(folder: &Path) -> String {
    let head = "Return-path: <>\nX-Failed-Recipients: accounts@forno.example\nAuto-Submitted: auto-replied\n\
        From: Mail Delivery System <Mailer-Daemon@relay.example>\nTo: billing@late-reply.example\nReferences: <LR-2018-000001.1@late-reply.example>\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=1536120660-eximdsn-804289383\nMIME-Version: 1.0\n\
        Subject: Mail delivery failed: returning message to sender";
    let text = "Content-type: text/plain; charset=us-ascii\n\nThis message was created automatically by mail delivery software.\n";
    let status = "Content-type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n\
        Action: failed\nFinal-Recipient: rfc822;accounts@forno.example\nStatus: 5.0.0\nRemote-MTA: dns; mail.forno.example\n\
        Diagnostic-Code: smtp; 550 no mailbox by that name\n";
    let returned = format!(
        "Content-type: message/rfc822\n\nReturn-path: <billing@late-reply.example>\n{}",
        given_back(folder, 40)
    );
    multipart(head, "1536120660-eximdsn-804289383", &[text, status, &returned])
}

fn exchange(folder: &Path) -> String {
    let head = "From: <postmaster@forno.example>\nTo: <billing@late-reply.example>\nDate: Wed, 5 Sep 2018 04:11:02 +0000\n\
        Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"_0001_DB7PR01_0002_\"\nX-MS-Exchange-Message-Is-Ndr:\n\
        Content-Language: en-US\nMessage-ID: <5e1c@DB7PR01MB0001.example>\nIn-Reply-To: <LR-2018-000001.1@late-reply.example>\n\
        Subject: Undeliverable: LR-2018-000001\nAuto-Submitted: auto-replied\nMIME-Version: 1.0";
    let text = "Content-Type: multipart/alternative; differences=Content-Type;\n\tboundary=\"_0003_\"\n\n\
        --_0003_\nContent-Type: text/plain; charset=\"us-ascii\"\nContent-Transfer-Encoding: quoted-printable\n\n\
        Your message couldn't be delivered.\n--_0003_\nContent-Type: text/html; charset=\"us-ascii\"\n\n<p>No</p>\n--_0003_--\n";
    let status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns;DB7PR01MB0001.example\n\
        Received-From-MTA: dns;mx.late-reply.example\nArrival-Date: Wed, 5 Sep 2018 04:11:01 +0000\n\n\
        Final-Recipient: rfc822;ACCOUNTS@forno.example\nAction: failed\nStatus: 5.1.10\n\
        Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup\n\
        X-Display-Name: accounts@forno.example\n\n";
    let returned =
        format!("Content-Type: message/rfc822\n\nReceived: from mx.late-reply.example\n{}", headers_given_back(folder));
    multipart(head, "_0001_DB7PR01_0002_", &[text, status, &returned])
}

fn gmail(_: &Path) -> String {
    let head = "Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\n\
        To: billing@late-reply.example\nSubject: Delivery Status Notification (Failure)\nReferences: <LR-2018-000001.1@late-reply.example>\n\
        Content-Type: multipart/report; boundary=\"0000000000001a2b3c\"; report-type=delivery-status";
    let text = "Content-Type: multipart/related; boundary=\"0000000000001a2b3d\"\n\n--0000000000001a2b3d\n\
        Content-Type: text/plain; charset=\"UTF-8\"\n\n** Address not found **\n--0000000000001a2b3d--\n";
    // The Message-ID stands here too, where a server has cut the third part off.
    let status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; googlemail.com\n\
        Received-From-MTA: dns; billing@late-reply.example\nArrival-Date: Tue, 04 Sep 2018 21:11:00 -0700 (PDT)\n\
        X-Original-Message-ID: <LR-2018-000001.1@late-reply.example>\n\n\
        Final-Recipient: rfc822; accounts@forno.example\nAction: failed\nStatus: 5.1.1\n\
        Remote-MTA: dns; mail.forno.example. (192.0.2.25, the server for the domain forno.example.)\n\
        Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.\n 550 5.1.1 Please check it.\n\
        Last-Attempt-Date: Tue, 04 Sep 2018 21:11:01 -0700 (PDT)\n";
    multipart(head, "0000000000001a2b3c", &[text, status, "Content-Type: message/rfc822\n\n"])
}

fn opensmtpd(folder: &Path) -> String {
    let head = "Subject: Delivery status notification: error\nFrom: Mailer Daemon <MAILER-DAEMON@mx.late-reply.example>\n\
        To: billing@late-reply.example\nDate: Wed, 05 Sep 2018 06:11:00 +0200 (CEST)\nMIME-Version: 1.0\n\
        Content-Type: multipart/report;boundary=\"7890/mx.late-reply.example\"";
    let text = "Content-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\n    Hi!\n\n    This is the MAILER-DAEMON.\n";
    let status = "Content-Description: Delivery Report\nContent-Type: message/delivery-status\n\n\
        Reporting-MTA: dns; mx.late-reply.example\n\nFinal-Recipient: rfc822; accounts@forno.example\nAction: failed\nStatus: 5.0.0\n\n";
    let returned = format!(
        "Content-Description: Message headers\nContent-Type: text/rfc822-headers\n\n{}",
        headers_given_back(folder)
    );
    multipart(head, "7890/mx.late-reply.example", &[text, status, &returned])
}

/// It has given the mail another Message-ID.
fn ses(folder: &Path) -> String {
    let head = "From: MAILER-DAEMON@eu-west-1.amazonses.com\nTo: billing@late-reply.example\n\
        Subject: Delivery Status Notification (Failure)\nDate: Wed, 5 Sep 2018 04:11:05 +0000\nMIME-Version: 1.0\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=\"----=_Part_1_2.3\"";
    let text = "Content-Type: text/plain; charset=us-ascii\nContent-Description: Notification\n\nAn error occurred.\n";
    let status = "Content-Type: message/delivery-status\nContent-Transfer-Encoding: 7bit\n\n\
        Reporting-MTA: dns; a6-1.smtp-out.eu-west-1.amazonses.com\n\nAction: failed\n\
        Final-Recipient: rfc822; accounts@forno.example\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\nStatus: 5.1.1\n";
    let other = "Message-ID: <0102016580000000-1a2b-000000@eu-west-1.amazonses.com>";
    let returned = headers_given_back(folder).replace(&format!("Message-ID: <{MESSAGE_ID}>"), other);
    assert!(returned.contains(other), "{returned}");
    multipart(head, "----=_Part_1_2.3", &[text, status, &format!("Content-Type: message/rfc822\n\n{returned}")])
}

/// A service that gives no Message-ID back.
fn service(folder: &Path) -> String {
    ses(folder).replace("Message-ID: <0102016580000000-1a2b-000000@eu-west-1.amazonses.com>\n", "")
}

/// Writes a report for a shop in this folder.
type Form = fn(&Path) -> String;

#[test]
fn reports_of_every_server_mark_the_mail_that_came_back() {
    let folder = shop("bounces-forms");
    let forms: [(&str, Form, &str); 6] = [
        ("postfix", failed_postfix, "5.1.1"),
        ("exim", exim, "5.0.0"),
        ("exchange", exchange, "5.1.10"),
        ("gmail", gmail, "5.1.1"),
        ("opensmtpd", opensmtpd, "5.0.0"),
        ("service", service, "5.1.1"),
    ];
    for (count, (name, form, status)) in forms.into_iter().enumerate() {
        let file = put(&folder, &format!("{name}.eml"), &form(&folder));
        let told = json(&folder, &[&file], 65);
        let row = &told["recipients"][0];
        assert_eq!((&row["said"], &row["number"]), (&"bounced".into(), &"LR-2018-000001".into()), "{name}: {told:#}");
        assert_eq!((&row["to"], &row["status"]), (&ADDRESS.into(), &status.into()), "{name}: {told:#}");
        let recorded = recorded(&folder);
        assert_eq!(recorded.len(), count + 1, "{name}");
        assert_eq!(recorded[count]["mail"], "LR-2018-000001_1.eml");
        assert_eq!((&recorded[count]["action"], &recorded[count]["status"]), (&"failed".into(), &status.into()));
        assert_eq!(recorded[count]["at"], "2018-09-06T00:00:00.000Z");
        assert_eq!((&recorded[count]["unproved"], &row["unproved"]), (&true.into(), &true.into()), "{name}");
        // Other line ends are the same report.
        let again = put(&folder, &format!("{name}-again.eml"), &form(&folder).replace('\n', "\r\n"));
        let told = json(&folder, &[&file, &again], 0);
        let said: Vec<&Value> = told["recipients"].as_array().unwrap().iter().map(|row| &row["said"]).collect();
        assert_eq!(said, ["heard_before", "heard_before"], "{name}");
    }
    assert_eq!(recorded(&folder).len(), 6);
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
}

#[test]
fn a_bounce_is_told_in_a_line_and_by_the_exit_code() {
    let folder = shop("bounces-told");
    let file = put(&folder, "bounce.eml", &failed_postfix(&folder));
    let first = bounces(&folder, &[&file]).expect(65);
    let line = "bounced   LR-2018-000001  accounts@forno.example  5.1.1  unproved  smtp; 550 5.1.1 <accounts@forno.example>: Recipient address rejected: User unknown\n\
        read      1 mail, 1 delivery status report\n";
    assert_eq!((first.out.as_str(), first.err.as_str()), (line, ""));
    let again = bounces(&folder, &[&file]).expect(0);
    assert_eq!(again.out, "read      1 mail, 1 delivery status report; 1 bounce heard before\n");
    // A night after it has nothing to do with it, and nothing is sent again.
    let night = ritardo(&folder, &["run", "--as-of", LATER]).expect(0);
    assert!(night.out.contains("nothing   to do"), "{}", night.out);
}

/// Only `failed` marks a mail.
#[test]
fn what_did_not_fail_is_told_and_nothing_more() {
    let folder = shop("bounces-delayed");
    let before = tree(&folder.join("state"));
    for (action, status) in [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.0.0"), ("expanded", "2.0.0")]
    {
        let file = put(&folder, "mail.eml", &postfix(&folder, action, status, "smtp; 250 noted"));
        let told = bounces(&folder, &[&file]).expect(0);
        let line = format!("{action:<9} LR-2018-000001  accounts@forno.example  {status}  smtp; 250 noted\n");
        assert!(told.out.starts_with(&line), "{}", told.out);
    }
    assert_eq!(recorded(&folder), Vec::<Value>::new());
    assert!(before == tree(&folder.join("state")), "the state is what it was");
}

#[test]
fn what_is_not_certain_is_told_and_never_marked() {
    let folder = shop("bounces-doubtful");
    let report = failed_postfix(&folder);
    let others = |text: &str| text.replace(ADDRESS, "someone@else.example").replace(MESSAGE_ID, "1@else.example");
    let without_returned = report.split("Content-Description: Undelivered").next().unwrap().to_owned();
    let without_id = report.replace(&format!("Message-ID: <{MESSAGE_ID}>\n"), "");
    for (text, label, why) in [
        (others(&report).replace("LR-2018-000001", "Hello"), "other", "it is about the mail <1@else.example>"),
        (report.replace(ADDRESS, "someone@else.example"), "set aside", "and from there to someone@else.example"),
        (without_returned.replace(ADDRESS, "someone@else.example"), "other", "it does not say which mail it is about"),
        (without_returned, "set aside", "it does not say which mail to accounts@forno.example it is about"),
        (
            without_id.replace("From: \"Late Reply", "From: x@y.example\nX-F: \"Late Reply"),
            "set aside",
            "it names LR-2018-000001, but",
        ),
        (
            report.replace("Action: failed", "Action: fell"),
            "set aside",
            "the report is damaged: the action of a recipient",
        ),
        (
            report.replace("message/delivery-status\n", "message/x\n"),
            "set aside",
            "it has no part with a delivery status",
        ),
        (
            "From: MAILER-DAEMON@mx.example\n\nHi. This is the qmail-send program at mx.example.\n".to_owned(),
            "set aside",
            "not like a delivery status report",
        ),
        ("From: a@b.example\nAuto-Submitted: auto-replied\n\nI am away.\n".to_owned(), "other", "an automatic reply"),
        (
            report.replace("report-type=delivery-status", "report-type=disposition-notification"),
            "other",
            "a report of another kind (disposition-notification)",
        ),
    ] {
        let file = put(&folder, "mail.eml", &text);
        let told = bounces(&folder, &[&file]).expect(if label == "other" { 0 } else { 65 });
        assert!(
            told.out.starts_with(&format!("{label:<9} mail.eml: ")) && told.out.contains(why),
            "{why}\n{}",
            told.out
        );
    }
    let reply = put(&folder, "mail.eml", "From: accounts@forno.example\nSubject: Re: LR-2018-000001\n\nPaid.\n");
    assert_eq!(bounces(&folder, &[&reply]).expect(0).out, "read      1 mail, 0 delivery status reports\n");
    assert_eq!(recorded(&folder), Vec::<Value>::new());
}

/// A mail that no server was given cannot come back; Message-IDs are no secret.
#[test]
fn a_report_about_a_mail_that_waits_is_not_believed() {
    let folder = scratch("bounces-waiting");
    copy(&root().join("tests/refusals/base"), &folder);
    common::give_key(&folder.join("state"), '5');
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let away =
        "transport = \"smtp\"\nhost = \"smtp.late-reply.example\"\nuser = \"billing\"\npassword_file = \"missing\"";
    fs::write(folder.join("ritardo.toml"), config.replace("transport = \"file\"", away)).unwrap();
    ritardo(&folder, &["run", "--as-of", NIGHT]).expect(78);
    let file = put(&folder, "mail.eml", &failed_postfix(&folder));
    let told = bounces(&folder, &[&file]).expect(65);
    assert!(told.out.contains("LR-2018-000001 was never sent to accounts@forno.example"), "{}", told.out);
    assert_eq!(recorded(&folder), Vec::<Value>::new());
}

#[test]
fn an_mbox_is_read_mail_by_mail() {
    let folder = shop("bounces-mbox");
    let mail = "From: a@b.example\nSubject: Re\n\nHello,\n>From here on all is well.\n";
    let line = "From MAILER-DAEMON Wed Sep  5 04:11:00 2018\n";
    let delayed = postfix(&folder, "delayed", "4.4.1", "smtp; 451 later");
    let mbox = format!(
        "{line}{mail}\n{line}{}\n{line}{delayed}\n{line}{}\n",
        failed_postfix(&folder),
        failed_postfix(&folder)
    );
    let file = put(&folder, "mbox", &mbox);
    let told = json(&folder, &[&file], 65);
    assert_eq!((&told["mails"], &told["reports"]), (&4.into(), &3.into()), "{told:#}");
    let rows = told["recipients"].as_array().unwrap();
    let said: Vec<(&str, &str)> =
        rows.iter().map(|row| (row["said"].as_str().unwrap(), row["place"].as_str().unwrap())).collect();
    assert_eq!(said, [("bounced", "mbox, mail 2"), ("delayed", "mbox, mail 3"), ("heard_before", "mbox, mail 4")]);
    // Another copy of it, in a file of its own, is the same report.
    let single = put(&folder, "single.eml", &failed_postfix(&folder));
    assert_eq!(json(&folder, &[&single], 0)["recipients"][0]["said"], "heard_before");
    assert_eq!(fs::read_to_string(folder.join("mbox")).unwrap(), mbox);
}

#[test]
fn a_maildir_is_read_and_stays_as_it_is() {
    let folder = shop("bounces-maildir");
    put(&folder, "Maildir/new/1536120660.M1.mx", &failed_postfix(&folder));
    put(&folder, "Maildir/cur/1536120600.M2.mx:2,S", &postfix(&folder, "delayed", "4.4.1", "smtp; 451 later"));
    put(&folder, "Maildir/cur/1536120500.M3.mx:2,RS", "From: a@b.example\n\nPaid.\n");
    put(&folder, "Maildir/cur/.hidden", "nothing");
    put(&folder, "Maildir/tmp/1536120700.M4.mx", &exim(&folder));
    std::os::unix::fs::symlink("/dev/zero", folder.join("Maildir/new/1536120800.M5.mx")).unwrap();
    let hard = || {
        let mut names = common::files(&folder.join("Maildir"));
        names.retain(|name| !name.contains("M5"));
        names.into_iter().map(|name| fs::read(folder.join("Maildir").join(name)).unwrap()).collect::<Vec<_>>()
    };
    let before = hard();
    let told = json(&folder, &["Maildir"], 65);
    assert_eq!((&told["mails"], &told["reports"]), (&4.into(), &2.into()), "{told:#}");
    let said: Vec<&Value> = told["recipients"].as_array().unwrap().iter().map(|row| &row["said"]).collect();
    assert_eq!(said, ["delayed", "bounced"], "{told:#}");
    assert_eq!(told["others"][0]["reason"], "not a regular file");
    assert_eq!(hard(), before);
    fs::remove_file(folder.join("Maildir/new/1536120800.M5.mx")).unwrap();
    // Its owner has seen the report since; for cron there is nothing new.
    let (new, seen) = (folder.join("Maildir/new/1536120660.M1.mx"), folder.join("Maildir/cur/1536120660.M1.mx:2,S"));
    fs::rename(new, seen).unwrap();
    bounces(&folder, &["Maildir"]).expect(0);
    assert_eq!(recorded(&folder).len(), 1);
}

/// Where a service gives no Message-ID back, the subject tells the one from the other.
#[test]
fn a_report_of_a_copy_is_told_from_one_of_its_original() {
    let folder = shop("bounces-copy");
    let resend = ["mail", "resend", "LR-2018-000001_1", "--reason", "a test", "--as-of", "2018-09-05T12:00:00Z"];
    ritardo(&folder, &resend).expect(0);
    let copied = service(&folder).replace("Subject: LR-2018-000001", "Subject: Copy: LR-2018-000001");
    for (name, report, mail) in [
        ("original.eml", service(&folder), "LR-2018-000001_1.eml"),
        ("copy.eml", copied, "LR-2018-000001_1_copy-1.eml"),
    ] {
        let file = put(&folder, name, &report);
        let told = json(&folder, &[&file], 65);
        assert_eq!(
            (&told["recipients"][0]["mail"], &told["others"]),
            (&mail.into(), &Value::Array(vec![])),
            "{told:#}"
        );
    }
    let states = ritardo(&folder, &["mail", "list", "--format", "json", "--as-of", LATER]).expect(0).json();
    let bounced = states["mails"].as_array().unwrap().iter().filter(|mail| mail["state"] == "bounced").count();
    assert_eq!(bounced, 2, "{states:#}");
}

/// A server that was asked for reports names the envelope, also where it gives nothing of the mail back.
#[test]
fn an_envelope_id_names_the_mail() {
    let folder = shop("bounces-envelope");
    let named = format!("Original-Envelope-Id: {MESSAGE_ID}\nReporting-MTA:");
    let report = failed_postfix(&folder).replace("Reporting-MTA:", &named);
    let bare = report.split("Content-Description: Undelivered").next().unwrap();
    let file = put(&folder, "mail.eml", bare);
    let told = json(&folder, &[&file], 65);
    assert_eq!(told["recipients"][0]["said"], "bounced", "{told:#}");
}

/// A mail server can hand a report over as it comes.
#[test]
fn reports_come_through_a_pipe_too() {
    let folder = shop("bounces-pipe");
    let line = "From MAILER-DAEMON Wed Sep  5 04:11:00 2018\n";
    let mbox = format!("{line}From: a@b.example\n\nPaid.\n\n{line}{}\n", failed_postfix(&folder));
    let mut command = program(&folder, &["bounces", "/dev/stdin", "--as-of", LATER]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(mbox.as_bytes()).unwrap();
    let told = Ran::of(&child.wait_with_output().unwrap()).expect(65);
    assert!(told.out.ends_with("read      2 mails, 1 delivery status report\n"), "{}", told.out);
    assert_eq!(recorded(&folder).len(), 1);
}

/// A shop whose invoice was mailed over SMTP, to a server that says this to it.
fn mailed(name: &str, verdict: &str) -> (PathBuf, Heard) {
    let plan = Plan { dsn: true, ..Plan::of(&[Rule::at(".", Act::say(verdict))]) };
    let (folder, server) = (scratch(name), Server::start(plan));
    copy(&root().join("tests/refusals/base"), &folder);
    common::give_key(&folder.join("state"), '5');
    let settings = format!("transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"loopback\"", server.port);
    edit(&folder, "ritardo.toml", "transport = \"file\"", &settings);
    ritardo(&folder, &["run", "--as-of", NIGHT]).expect(0);
    (folder, server.stop())
}

/// Nobody but the server was told the token; with it a report is certain.
#[test]
fn a_report_with_the_token_of_its_envelope_proves_itself() {
    let (folder, heard) = mailed("bounces-proved", "250 2.0.0 ok\r\n");
    let line = heard.commands.iter().find_map(|line| line.split_once("ENVID=")).unwrap_or_else(|| panic!("{heard:?}"));
    let name = line.1;
    assert_eq!(name.len(), 16 + 1 + MESSAGE_ID.len(), "{name}");
    let forged = format!("0123456789abcdef.{MESSAGE_ID}");
    for (place, name, unproved) in [(0, name, false), (1, forged.as_str(), true)] {
        let named = format!("Original-Envelope-Id: {name}\nReporting-MTA:");
        let file = put(&folder, "mail.eml", &failed_postfix(&folder).replace("Reporting-MTA:", &named));
        let told = bounces(&folder, &[&file]).expect(65);
        assert_eq!(told.out.contains("  unproved  "), unproved, "{}", told.out);
        assert_eq!(recorded(&folder)[place].get("unproved").is_some(), unproved);
    }
    ritardo(&folder, &["verify"]).expect(0);
}

/// A service that writes another Message-ID into a mail names it when it takes the mail.
#[test]
fn a_message_id_of_a_service_is_that_of_its_reply() {
    for (name, verdict) in
        [("named", "250 Ok 0102016580000000-1a2b-000000\r\n"), ("other", "250 Ok 0102016589999999-1a2b\r\n")]
    {
        let (folder, _) = mailed(&format!("bounces-service-{name}"), verdict);
        let file = put(&folder, "mail.eml", &ses(&folder));
        let told = bounces(&folder, &[&file]).expect(65);
        let beginning =
            if name == "named" { "bounced   LR-2018-000001  " } else { "set aside mail.eml: it names LR-2018" };
        assert!(told.out.starts_with(beginning), "{}", told.out);
        assert_eq!(recorded(&folder).len(), usize::from(name == "named"));
    }
}

/// What a person of the issuer writes under the subject of an invoice, and comes back, says nothing of the invoice.
#[test]
fn an_answer_that_comes_back_is_not_the_invoice() {
    let folder = shop("bounces-answer");
    let answered = |text: &str| text.replace("Subject: LR-2018", "Subject: Re: LR-2018");
    for text in [answered(&service(&folder)), answered(&ses(&folder)), ses(&folder)] {
        let file = put(&folder, "mail.eml", &text);
        let told = bounces(&folder, &[&file]).expect(65);
        assert!(told.out.starts_with("set aside mail.eml: "), "{}", told.out);
    }
    assert_eq!(recorded(&folder), Vec::<Value>::new());
}

/// Several recipients in one report: each mail is marked by what is said of it.
#[test]
fn a_report_may_be_about_several_recipients() {
    let folder = shop("bounces-several");
    let group = "Final-Recipient: rfc822; someone@else.example\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; accounts@";
    let report = failed_postfix(&folder).replacen("Final-Recipient: rfc822; accounts@", group, 1);
    let file = put(&folder, "mail.eml", &report);
    let told = json(&folder, &[&file], 65);
    assert_eq!(told["recipients"].as_array().unwrap().len(), 1, "{told:#}");
    assert_eq!(told["others"].as_array().unwrap().len(), 1, "{told:#}");
    assert_eq!(recorded(&folder).len(), 1);
}

#[test]
fn a_second_command_waits_for_the_first() {
    let folder = shop("bounces-locked");
    let file = put(&folder, "mail.eml", &failed_postfix(&folder));
    let lock = fs::File::options().append(true).open(folder.join("state/lock")).unwrap();
    lock.lock().unwrap();
    bounces(&folder, &[&file]).expect(75);
    lock.unlock().unwrap();
    bounces(&folder, &[&file]).expect(65);
    assert_eq!(recorded(&folder).len(), 1);
    // A full disk for what is said changes nothing of what was recorded.
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = program(&folder, &["bounces", &file]).stdout(full).output().unwrap();
    assert_eq!(Ran::of(&output).code, 74);
    assert_eq!(recorded(&folder).len(), 1);
}
