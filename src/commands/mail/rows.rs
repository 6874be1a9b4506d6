//! Mails as rows of a list.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::summary::counted;
use super::super::table::Table;
use crate::cli::MailFilter;
use crate::domain::{BusinessId, Elapsed, Instant, InvoiceNumber, MailRules, Month};
use crate::ledger::entry::DigestMail;
use crate::ledger::{History, Outgoing};

/// A mail with where it stands.
#[derive(Serialize)]
pub struct Row<'h> {
    pub name: &'h str,
    /// Of its document; `null` of a digest and of a reminder, as is the month.
    number: Option<&'h InvoiceNumber>,
    pub business: Option<&'h BusinessId>,
    pub month: Option<Month>,
    to: &'h str,
    from: &'h str,
    message_id: &'h str,
    pub state: &'static str,
    /// When it may be tried again.
    until: Option<Instant>,
    attempts: u32,
    /// What nobody can know about it.
    doubt: Option<&'static str>,
    /// The last words about it: of the server, of the operator, of a report.
    detail: String,
    /// When the last thing happened to it.
    since: Option<Instant>,
    /// Since when it waits, where it does.
    waits_since: Option<Instant>,
    /// The mail that it repeats.
    copy_of: Option<&'h str>,
    sha256: &'h str,
    /// Bytes that it would have with its documents, where it goes without them.
    too_big: Option<u64>,
    /// Whether it waits for a run, or for a person.
    #[serde(skip)]
    pub is_open: bool,
}

/// Every mail in the order in which they were made, digests last.
pub fn rows<'h>(history: &'h History, rules: &MailRules, now: Instant) -> Vec<Row<'h>> {
    let mails = history.mails.iter().map(|mail| {
        let issued = history.document(&mail.number);
        let mut row = row(history, mail.into(), rules, now);
        row.business = issued.map(|issued| &issued.business);
        row.month = issued.map(|issued| issued.month);
        row.too_big = mail.too_big;
        row.copy_of = mail.copy.as_ref().map(|copy| copy.of.as_str());
        if history.is_destroyed(mail) {
            (row.state, row.is_open, row.waits_since) = ("destroyed", false, None);
        }
        row
    });
    let reminders = history.reminders.iter().flat_map(|reminder| {
        let of_reminder = move |mail: &'h DigestMail| Row {
            business: Some(&reminder.business),
            ..row(history, Outgoing::from(mail), rules, now)
        };
        reminder.mails.iter().map(of_reminder)
    });
    let digests = history.digests.iter().filter_map(|digest| digest.mail.as_ref());
    mails.chain(reminders).chain(digests.map(|mail| row(history, mail.into(), rules, now))).collect()
}

fn row<'h>(history: &'h History, mail: Outgoing<'h>, rules: &MailRules, now: Instant) -> Row<'h> {
    let standing = history.mail_standing(mail.message_id, rules, now);
    Row {
        name: mail.name,
        number: mail.number,
        business: None,
        month: None,
        to: mail.to,
        from: mail.from,
        message_id: mail.message_id,
        state: standing.state.name(),
        until: standing.until(),
        attempts: standing.attempts,
        doubt: standing.doubt(),
        is_open: standing.waits() || standing.needs_a_person(),
        since: standing.since,
        waits_since: history.waits_since(&mail).filter(|_| standing.waits()),
        detail: standing.detail,
        copy_of: None,
        sha256: mail.sha256,
        too_big: None,
    }
}

impl Row<'_> {
    /// When it may be tried again.
    pub const fn until(&self) -> Option<Instant> {
        self.until
    }

    /// What nobody can know about it.
    pub const fn doubt(&self) -> Option<&'static str> {
        self.doubt
    }

    /// Bytes that it would have with its documents, where it goes without them.
    pub const fn too_big(&self) -> Option<u64> {
        self.too_big
    }

    fn told_detail(&self) -> String {
        let detail = &self.detail;
        self.too_big
            .map_or_else(|| detail.clone(), |size| format!("too big ({size} bytes), without its documents: {detail}"))
    }

    /// Addresses are compared as servers compare their domains: large letters are small ones.
    fn is_to(&self, text: &str) -> bool {
        self.to.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
    }

    /// Whether a filter lets it pass.
    pub fn is_wanted(&self, filter: &MailFilter) -> bool {
        filter.state.is_none_or(|state| state.name() == self.state)
            && filter.month.is_none_or(|months| self.month.is_some_and(|month| months.contains(month)))
            && filter.business.as_ref().is_none_or(|business| self.business == Some(business))
            && filter.recipient.as_ref().is_none_or(|text| self.is_to(text))
    }
}

/// Rows for people and spreadsheets.
pub fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&["mail", "month", "business", "to", "state", "until", ">attempts", "doubt", "detail"]);
    for row in rows {
        table.add(vec![
            row.name.to_owned(),
            row.month.map(|month| month.to_string()).unwrap_or_default(),
            row.business.map(ToString::to_string).unwrap_or_default(),
            row.to.to_owned(),
            row.state.to_owned(),
            row.until.map(|until| until.to_string()).unwrap_or_default(),
            row.attempts.to_string(),
            row.doubt.unwrap_or_default().to_owned(),
            row.told_detail(),
        ]);
    }
    table
}

/// How many there are in each state, when the first that waits is due, and since when the oldest does.
pub fn counts(rows: &[Row], as_of: Instant) -> String {
    let mut by_state: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter().for_each(|row| *by_state.entry(row.state).or_default() += 1);
    let states: Vec<String> = by_state.iter().map(|(state, count)| format!("{count} {state}")).collect();
    let first = rows.iter().filter_map(|row| row.until).min();
    let first = first.map(|first| format!("; the first waits until {first}")).unwrap_or_default();
    let oldest = rows.iter().filter_map(|row| row.waits_since).min();
    let told = |since: Instant| format!("; the oldest waits since {since} ({})", age(as_of.since(since)));
    let oldest = oldest.map(told).unwrap_or_default();
    format!("{}: {}{first}{oldest}", counted(rows.len() as u64, "mail"), states.join(", "))
}

/// A length of time in whole minutes, hours or days.
fn age(length: Elapsed) -> String {
    match length.micros().max(0).unsigned_abs() / 60_000_000 {
        minutes @ 0..120 => counted(minutes, "minute"),
        minutes @ 120..2_880 => counted(minutes / 60, "hour"),
        minutes => counted(minutes / 1_440, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_one_unit() {
        let told = [-5, 60, 7_199, 7_200, 172_799, 172_800].map(|seconds| age(Elapsed::from_seconds(seconds)));
        assert_eq!(told, ["0 minutes", "1 minute", "119 minutes", "2 hours", "47 hours", "2 days"]);
    }
}
