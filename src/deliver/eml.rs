//! The finished mail. Pure: the same letter gives the same bytes, whenever and wherever it is made.

use std::time::{Duration, SystemTime};

use lettre::message::header::{
    self, Cc, ContentTransferEncoding, ContentType, Date, HeaderName, HeaderValue, MessageId, ReplyTo, Subject, To,
};
use lettre::message::{Body, Mailbox, Mailboxes, MaybeString, MultiPart, MultiPartKind, SinglePart};
use sha2::{Digest, Sha256};

use super::{DeliverError, field};
use crate::domain::text::hex;
use crate::domain::{Instant, InvoiceNumber};

/// The first second of the year 10000.
const END_OF_DATES: u64 = 253_402_300_800;

/// Everything that a mail is made from.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// `local@domain`, without angle brackets; see [`message_id`].
    pub message_id: &'a str,
    /// Written in whole seconds, UTC.
    pub date: Instant,
    pub from_name: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    pub others: Others<'a>,
    /// Tag of the language of both bodies, such as `en`.
    pub language: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    pub html: &'a str,
    /// In the order in which they are shown.
    pub attachments: Vec<Attachment<'a>>,
    /// Whether attachments are named as in mails of before, which are to come out the same: a long name in parts.
    pub in_parts: bool,
}

/// Who stands in the headers beside sender and recipient.
#[derive(Clone, Copy, Debug, Default)]
pub struct Others<'a> {
    /// Behind `to` in its header.
    pub to: &'a [String],
    pub cc: &'a [String],
    /// Where replies go; `None`: to the sender.
    pub reply_to: Option<&'a str>,
}

/// A file that goes with a mail.
#[derive(Clone, Debug)]
pub struct Attachment<'a> {
    /// 1 to 120 of letters, digits, `.`, `_`, `-`.
    pub name: &'a str,
    /// Such as `application/pdf`.
    pub content_type: &'a str,
    pub bytes: &'a [u8],
}

/// The Message-ID of an invoice's mail to its recipient `recipient_index`, counted from 0:
/// `LR-2018-000001.1@example.com`. It exists before the mail does, and a second copy has the same one.
pub fn message_id(number: &InvoiceNumber, recipient_index: usize, from: &str) -> String {
    let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    format!("{number}.{}@{domain}", recipient_index.saturating_add(1))
}

/// Makes the mail: `multipart/mixed` of `multipart/alternative` (text, HTML) and the attachments.
///
/// Bodies are quoted-printable and attachments base64, so that every line is short ASCII and no line of a
/// letter can look like the end of the mail or like a boundary.
///
/// # Errors
/// A field that holds what its header cannot carry: line breaks and other control characters above all.
pub fn eml(letter: &Letter) -> Result<Vec<u8>, DeliverError> {
    let id = field::message_id(letter.message_id)?;
    let from = mailbox(letter)?;
    let others = &letter.others;
    let to = mailboxes("recipient", std::iter::once(letter.to).chain(others.to.iter().map(String::as_str)))?;
    let cc = mailboxes("further recipient", others.cc.iter().map(String::as_str))?;
    let answers = match others.reply_to {
        Some(address) => Mailbox::new(None, field::address("address for answers", address)?),
        None => from.clone(),
    };
    // The headers stand on the outermost part: lettre's own builder of messages reads them back, and its
    // parser refuses some names that its writer writes.
    let mut builder = MultiPart::builder()
        .header(Date::new(date(letter.date)?))
        .header(header::From::from(Mailboxes::from(from)))
        .header(ReplyTo::from(Mailboxes::from(answers)))
        .header(To::from(to));
    if !others.cc.is_empty() {
        builder = builder.header(Cc::from(cc));
    }
    let mut mail = builder
        .header(Subject::from(field::text("subject", letter.subject)?))
        .header(MessageId::from(format!("<{id}>")))
        .header(header::MIME_VERSION_1_0)
        .kind(MultiPartKind::Mixed)
        .boundary(boundary("mixed", id))
        .multipart(bodies(letter, id)?);
    for attachment in &letter.attachments {
        mail = mail.singlepart(attached(attachment, letter.in_parts)?);
    }
    let language = field::language(letter.language)?;
    for (name, value) in [("Auto-Submitted", "auto-generated"), ("Content-Language", language)] {
        mail.headers_mut().insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()));
    }
    let bytes = mail.formatted();
    field::travels(&bytes)?;
    Ok(bytes)
}

fn mailboxes<'a>(field: &'static str, addresses: impl Iterator<Item = &'a str>) -> Result<Mailboxes, DeliverError> {
    addresses.map(|address| Ok(Mailbox::new(None, field::address(field, address)?))).collect()
}

fn mailbox(letter: &Letter) -> Result<Mailbox, DeliverError> {
    let name = field::text("sender's name", letter.from_name)?;
    Ok(Mailbox::new((!name.is_empty()).then_some(name), field::address("sender", letter.from)?))
}

fn date(instant: Instant) -> Result<SystemTime, DeliverError> {
    let seconds = u64::try_from(instant.micros().div_euclid(1_000_000)).map_err(|_| DeliverError::Date)?;
    if seconds < END_OF_DATES {
        Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    } else {
        Err(DeliverError::Date)
    }
}

/// `=_` occurs neither in quoted-printable nor in base64, so a boundary never occurs in a part.
fn boundary(kind: &str, id: &str) -> String {
    let digest = hex(&Sha256::digest(id.as_bytes()));
    format!("=_{kind}_{}", digest.get(..32).unwrap_or(&digest))
}

fn bodies(letter: &Letter, id: &str) -> Result<MultiPart, DeliverError> {
    let part = |content_type, text| Ok(SinglePart::builder().header(content_type).body(quoted(text)?));
    Ok(MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(boundary("alternative", id))
        .singlepart(part(ContentType::TEXT_PLAIN, letter.text)?)
        .singlepart(part(ContentType::TEXT_HTML, letter.html)?))
}

/// Any line break, CR alone too, is one line break.
fn quoted(text: &str) -> Result<Body, DeliverError> {
    encoded(text.replace("\r\n", "\n").replace('\r', "\n"), ContentTransferEncoding::QuotedPrintable)
}

fn attached(attachment: &Attachment, in_parts: bool) -> Result<SinglePart, DeliverError> {
    let name = field::file_name(attachment.name)?.to_owned();
    let content_type = ContentType::parse(&field::text("content type", attachment.content_type)?)
        .map_err(|_| DeliverError::Form { why: "the content type of an attachment is not one" })?;
    // Left to itself, lettre would send a CSV as 7bit text, its line breaks open to change on the way.
    let body = encoded(attachment.bytes.to_vec(), ContentTransferEncoding::Base64)?;
    let part = SinglePart::builder();
    let part = if in_parts {
        part.header(header::ContentDisposition::attachment(&name))
    } else {
        part.header(field::Disposition(name))
    };
    Ok(part.header(content_type).body(body))
}

fn encoded(body: impl Into<MaybeString>, encoding: ContentTransferEncoding) -> Result<Body, DeliverError> {
    Body::new_with_encoding(body, encoding).map_err(|_| DeliverError::Form { why: "a part cannot be encoded" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter<'static> {
        Letter {
            message_id: "LR-2018-000001.1@example.com",
            date: "2018-10-05T06:00:00Z".parse().unwrap(),
            from_name: "Late Replies S.r.l.",
            from: "billing@example.com",
            to: "accounts@bakery.example",
            others: Others::default(),
            language: "en",
            subject: "LR-2018-000001: invoice for August 2018",
            text: "USD 0.15\n.\n..\n\n.\r\nMAIL FROM:<x@example.com>\r.\rend",
            html: "<p>Caffè</p>\n.\n",
            attachments: vec![Attachment { name: "a.csv", content_type: "text/csv", bytes: b"a,b\n.\n\n.\r\n1,2\n" }],
            in_parts: false,
        }
    }

    fn made(letter: &Letter) -> String {
        String::from_utf8(eml(letter).unwrap()).unwrap()
    }

    #[test]
    fn the_same_letter_is_the_same_bytes() {
        let first = made(&letter());
        assert_eq!(first, made(&letter()));
        for line in [
            "Date: Fri, 05 Oct 2018 06:00:00 +0000",
            "From: \"Late Replies S.r.l.\" <billing@example.com>",
            "Reply-To: \"Late Replies S.r.l.\" <billing@example.com>",
            "To: accounts@bakery.example",
            "Subject: LR-2018-000001: invoice for August 2018",
            "Message-ID: <LR-2018-000001.1@example.com>",
            "Auto-Submitted: auto-generated",
            "Content-Language: en",
            "Content-Disposition: attachment; filename=\"a.csv\"",
        ] {
            assert_eq!(first.matches(&format!("{line}\r\n")).count(), 1, "{line}\n{first}");
        }
        let other = made(&Letter { message_id: "LR-2018-000001.2@example.com", ..letter() });
        assert_ne!(first.replace("000001.1@", "000001.2@"), other, "boundaries come from the Message-ID");
    }

    #[test]
    fn everybody_who_gets_a_mail_stands_in_it() {
        let [to, cc] = [["b@bakery.example".to_owned()], ["c@bakery.example".to_owned()]];
        let others = Others { to: &to, cc: &cc, reply_to: Some("questions@example.com") };
        let made = made(&Letter { others, ..letter() });
        for line in
            ["To: accounts@bakery.example, b@bakery.example", "Cc: c@bakery.example", "Reply-To: questions@example.com"]
        {
            assert_eq!(made.matches(&format!("{line}\r\n")).count(), 1, "{line}\n{made}");
        }
        let evil = ["x@example.com\r\nBcc: victim@example.com".to_owned()];
        for others in [
            Others { to: &evil, ..Others::default() },
            Others { cc: &evil, ..Others::default() },
            Others { reply_to: Some(&evil[0]), ..Others::default() },
        ] {
            assert!(eml(&Letter { others, ..letter() }).is_err());
        }
    }

    #[test]
    fn names_and_subjects_never_open_a_header() {
        let evil = "x\r\nBcc: victim@example.com";
        let mut letters = vec![
            Letter { from_name: evil, ..letter() },
            Letter { from: evil, ..letter() },
            Letter { to: evil, ..letter() },
            Letter { subject: evil, ..letter() },
            Letter { language: evil, ..letter() },
            Letter { message_id: evil, ..letter() },
            Letter { from_name: "x\ny", ..letter() },
        ];
        for (name, content_type) in [(evil, "text/csv"), ("a\".csv", "text/csv"), ("a.csv", evil), ("a.csv", "csv")] {
            letters.push(Letter { attachments: vec![Attachment { name, content_type, bytes: b"" }], ..letter() });
        }
        for letter in letters {
            assert!(eml(&letter).is_err(), "{letter:?}");
        }
    }

    #[test]
    fn attachments_of_any_length_have_a_plain_name() {
        for length in 1..=120 {
            let name = "n".repeat(length);
            let attachments = vec![Attachment { name: &name, content_type: "text/csv", bytes: b"" }];
            let made = made(&Letter { attachments, ..letter() }).replace("\r\n ", " ");
            let field = format!("\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n");
            assert_eq!(made.matches(&field).count(), 1, "{length}: {made}");
            assert_eq!(made.matches("Content-Disposition").count(), 1, "{length}");
        }
    }

    /// From 32 characters on; all else of a mail is as it was.
    #[test]
    fn long_names_of_before_stay_in_parts() {
        for length in [1, 31, 32, 34, 35, 120] {
            let name = "n".repeat(length);
            let attachments = || vec![Attachment { name: &name, content_type: "text/csv", bytes: b"" }];
            let new = made(&Letter { attachments: attachments(), ..letter() });
            let old = made(&Letter { attachments: attachments(), in_parts: true, ..letter() });
            assert_eq!(old.contains("filename*0="), length >= 32, "{length}: {old}");
            assert_eq!(old == new, length < 32, "{length}");
        }
    }

    #[test]
    fn names_outside_ascii_are_encoded() {
        let made = made(&Letter { from_name: "Caffè \"Roma\" 株式会社, S.p.A.", subject: "È ora", ..letter() });
        assert!(made.is_ascii());
        assert!(made.contains("From: =?utf-8?") || made.contains("From: \r\n =?utf-8?"), "{made}");
        assert!(made.contains("Subject: =?utf-8?b?w4g=?= ora"), "{made}");
    }

    #[test]
    fn no_body_can_end_the_mail() {
        let made = made(&letter());
        assert!(!made.replace("\r\n", "").contains(['\r', '\n']));
        assert!(made.contains("\r\n.\r\n..\r\n\r\n.\r\nMAIL FROM:<x@example.com>\r\n.\r\nend\r\n"), "{made}");
        let lines = made.split("\r\n").map(str::len).max();
        assert!(lines.is_some_and(|longest| longest <= 78), "{lines:?}");
    }

    #[test]
    fn dates_outside_the_calendar_of_mail_are_refused() {
        for date in [Instant::MIN, Instant::MAX, "1969-12-31T23:59:59Z".parse().unwrap()] {
            assert!(matches!(eml(&Letter { date, ..letter() }), Err(DeliverError::Date)));
        }
        assert!(eml(&Letter { date: "9999-12-31T23:59:59Z".parse().unwrap(), ..letter() }).is_ok());
    }

    #[test]
    fn a_message_id_comes_from_invoice_and_recipient() {
        let number = "LR-2018-000001".parse().unwrap();
        assert_eq!(message_id(&number, 0, "billing@example.com"), "LR-2018-000001.1@example.com");
        assert_eq!(message_id(&number, 1, "billing@example.com"), "LR-2018-000001.2@example.com");
    }
}
