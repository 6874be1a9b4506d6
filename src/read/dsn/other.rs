//! What a mail is that is no report. Only what may be the bounce of a server that writes no reports needs a person.

use super::parts::Part;
use super::{NoReport, fields};

/// How qmail begins its bounces.
const QMAIL: &[u8] = b"Hi. This is the ";

/// What else a mail is.
pub(super) fn kind(mail: &Part) -> NoReport {
    let text = |name: &str| fields::text(&mail.headers, name).ok().flatten().unwrap_or_default().to_ascii_lowercase();
    let has = |name: &str| fields::has(&mail.headers, name);
    let from = text("From");
    let is_of_a_server = ["mailer-daemon", "postmaster@"].into_iter().any(|name| from.contains(name));
    if is_of_a_server || has("X-Failed-Recipients") || mail.body.trim_ascii_start().starts_with(QMAIL) {
        return NoReport::Unformed;
    }
    let is_automatic = ["Auto-Submitted", "X-Auto-Submitted"].into_iter().any(|name| {
        let value = text(name);
        !value.is_empty() && !value.trim_start().starts_with("no")
    });
    let is_reply = ["X-Autoreply", "X-Autorespond"].into_iter().any(has) || text("Precedence") == "auto_reply";
    // Nobody can answer what has no sender.
    if is_automatic || is_reply || text("Return-Path").trim() == "<>" {
        NoReport::AutomaticReply
    } else {
        NoReport::Ordinary
    }
}
