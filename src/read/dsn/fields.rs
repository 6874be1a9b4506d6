//! The fields of a delivery status, and those of the mail that it gives back.

use mailparse::{MailAddr, MailHeader};

use super::{Action, NoReport, Original, Recipient};
use crate::read::party;

/// Bytes of a field that is decoded; longer ones are no fields of a report.
const LONGEST_FIELD: usize = 8 << 10;
/// Recipients of one report.
const MOST_RECIPIENTS: usize = 1_000;
/// Characters of a text that is told and kept.
const LONGEST_TEXT: usize = 200;

/// What a delivery status says of the mail as a whole.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub envelope_id: Option<String>,
    /// Google tells it here, too.
    pub message_id: Option<String>,
}

/// The fields of a delivery status: those of the mail, and one group a recipient.
pub(super) fn groups(status: &[u8]) -> Result<(Message, Vec<Recipient>), NoReport> {
    let (mut message, mut recipients, mut rest) = (None, Vec::new(), status.trim_ascii_start());
    while !rest.is_empty() {
        let unreadable = |_| NoReport::Damaged("its delivery status cannot be read");
        let (fields, next) = mailparse::parse_headers(rest).map_err(unreadable)?;
        if message.is_none() {
            message = Some(of_message(&fields)?);
        }
        // Some servers write what is of the mail and what is of its only recipient as one group.
        if has(&fields, "Final-Recipient") || has(&fields, "Action") {
            recipients.push(recipient(&fields)?);
        }
        if recipients.len() > MOST_RECIPIENTS {
            return Err(NoReport::Damaged("it has more than 1000 recipients"));
        }
        rest = rest.get(next..).unwrap_or_default().trim_ascii_start();
    }
    if recipients.is_empty() {
        return Err(NoReport::Damaged("it names no recipient"));
    }
    Ok((message.unwrap_or_default(), recipients))
}

fn of_message(fields: &[MailHeader]) -> Result<Message, NoReport> {
    let envelope_id = text(fields, "Original-Envelope-Id")?.map(|id| decoded(id.trim()));
    let message_id = text(fields, "X-Original-Message-ID")?.as_deref().and_then(message_id);
    Ok(Message { envelope_id, message_id })
}

fn recipient(fields: &[MailHeader]) -> Result<Recipient, NoReport> {
    let only = |name, what| text(fields, name)?.ok_or(NoReport::Damaged(what));
    let action = only("Action", "a recipient of it has no action")?;
    // A comment may follow.
    let word = action.split([' ', '(', '\t']).next().unwrap_or_default();
    let action = Action::ALL.into_iter().find(|action| word.eq_ignore_ascii_case(action.name()));
    let action = action.ok_or(NoReport::Damaged("the action of a recipient is none of RFC 3464"))?;
    let address = address_of(&only("Final-Recipient", "a recipient of it has no address")?);
    if address.is_empty() {
        return Err(NoReport::Damaged("a recipient of it has no address"));
    }
    let original = text(fields, "Original-Recipient")?.map(|typed| address_of(&typed));
    let status = match text(fields, "Status")? {
        Some(status) => {
            status_code(&status).ok_or(NoReport::Damaged("the status of a recipient is none of RFC 3463"))?
        }
        None => String::new(),
    };
    if action == Action::Failed && status.starts_with('2') {
        return Err(NoReport::Damaged("it says of a recipient that the mail failed, with a status of success"));
    }
    // Servers quote one another: it is taken as it is.
    let diagnostic = fields.iter().find(|field| is_named(field, "Diagnostic-Code"));
    let diagnostic = diagnostic.map(|field| line(field.get_value_raw())).unwrap_or_default();
    Ok(Recipient { action, address, original: original.filter(|original| !original.is_empty()), status, diagnostic })
}

/// `5.1.1`, without the comment that may follow.
fn status_code(text: &str) -> Option<String> {
    let code = text.split([' ', '(', '\t']).find(|word| !word.is_empty())?;
    let parts: Vec<&str> = code.split('.').collect();
    let number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let [class, subject, detail] = parts.as_slice() else { return None };
    let fits = matches!(*class, "2" | "4" | "5") && number(subject) && number(detail);
    fits.then(|| code.to_owned())
}

/// The address of a field such as `rfc822; accounts@bakery.example`.
fn address_of(typed: &str) -> String {
    let (kind, address) = typed.split_once(';').unwrap_or(("rfc822", typed));
    let address = address.trim().trim_start_matches('<').trim_end_matches('>');
    let kind = kind.trim();
    let address = if kind.eq_ignore_ascii_case("utf-8") { from_utf8_address(address) } else { address.to_owned() };
    line(address.as_bytes())
}

/// `\x{E8}` of RFC 6533 as the character.
fn from_utf8_address(address: &str) -> String {
    let mut pieces = address.split("\\x{");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let found = piece.split_once('}').and_then(|(digits, rest)| {
            let code = u32::from_str_radix(digits, 16).ok()?;
            Some((char::from_u32(code)?, rest))
        });
        match found {
            Some((character, rest)) => {
                text.push(character);
                text.push_str(rest);
            }
            None => {
                text.push_str("\\x{");
                text.push_str(piece);
            }
        }
    }
    text
}

/// Without the encoding of RFC 3461: `+2B` stands for a plus. Some servers write it as it came, others decode it.
fn decoded(xtext: &str) -> String {
    let mut bytes = Vec::with_capacity(xtext.len());
    let mut rest = xtext.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|_| *first == b'+').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether an address of a report, as it is or without its xtext, is this one.
///
/// The part before the @ is compared without regard to case, too: no server that anybody uses tells two mailboxes apart
/// by it.
pub fn is_address(named: &str, address: &str) -> bool {
    named.eq_ignore_ascii_case(address) || decoded(named).eq_ignore_ascii_case(address)
}

/// The headers of the mail that a report gives back.
pub(super) fn original(mail: &[u8]) -> Result<Original, NoReport> {
    // Some servers begin with an empty line.
    let part = super::parts::Part::of(mail.trim_ascii_start())?;
    let headers = part.headers.as_slice();
    // A header that stands there twice says nothing; nor does one that is too long.
    let one = |name| text(headers, name).ok().flatten();
    Ok(Original {
        message_id: one("Message-ID").as_deref().and_then(message_id),
        from: one("From").map(|from| addresses(&from)).and_then(|from| from.into_iter().next()),
        to: ["To", "Cc"].into_iter().filter_map(one).flat_map(|to| addresses(&to)).collect(),
        subject: one("Subject").map(|subject| line(subject.as_bytes())),
    })
}

fn message_id(text: &str) -> Option<String> {
    let id = text.trim().trim_start_matches('<').trim_end_matches('>');
    (!id.is_empty()).then(|| id.to_owned())
}

fn addresses(text: &str) -> Vec<String> {
    let found = mailparse::addrparse(text);
    let one = |address: &MailAddr| match address {
        MailAddr::Single(single) => Some(single.addr.clone()),
        MailAddr::Group(_) => None,
    };
    found.map(|found| found.iter().filter_map(one).collect()).unwrap_or_default()
}

fn is_named(field: &MailHeader, name: &str) -> bool {
    field.get_key_raw().trim_ascii().eq_ignore_ascii_case(name.as_bytes())
}

pub(super) fn has(fields: &[MailHeader], name: &str) -> bool {
    fields.iter().any(|field| is_named(field, name))
}

/// The decoded value of a field that may stand there once.
pub(super) fn text(fields: &[MailHeader], name: &str) -> Result<Option<String>, NoReport> {
    let mut named = fields.iter().filter(|field| is_named(field, name));
    match (named.next(), named.next()) {
        (None, _) => Ok(None),
        (Some(field), None) if field.get_value_raw().len() <= LONGEST_FIELD => Ok(Some(field.get_value())),
        (Some(_), None) => Err(NoReport::Damaged("a field of it is longer than 8 KiB")),
        (Some(_), Some(_)) => Err(NoReport::Damaged("a field stands in it twice")),
    }
}

/// One line of at most 200 characters, without what a terminal or the order of a text would obey.
pub fn line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join(" ");
    joined.chars().filter(|c| !party::is_mark(*c) && !party::is_unseen(*c)).take(LONGEST_TEXT).collect()
}
