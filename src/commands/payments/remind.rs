//! `ritardo payments remind`: reminders of what is overdue, as drafts that people send, or frozen as mails of the ledger.
//!
//! An invoice is reminded of once at each level; the level follows from the days by which it is overdue.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::files::{self, Access};
use super::super::held::Held;
use super::super::letters::{signed, signer};
use super::super::outbox::REMINDER;
use super::super::setup::Setup;
use super::super::state::{State, keep, ledger_failure};
use super::super::{Outcome, World, say};
use super::{Books, briefs, day, items};
use crate::cli::PaymentsRemind;
use crate::deliver::{self, DeliverError, Letter, Others, Signer};
use crate::domain::receivable::{OpenItem, PaidPart};
use crate::domain::{Business, BusinessId, Currency, Instant, InvoiceNumber, Money};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{DigestMail, Entry, Reminder};
use crate::ledger::{Additions, History, LedgerError, Payment};
use crate::read::sha256;
use crate::render::{Reminding, reminder};
use crate::report::receivables::Items;

/// What a business is to be reminded of at one level, in one currency.
struct Reminded<'a> {
    business: &'a Business,
    level: u32,
    items: Vec<&'a OpenItem>,
    /// What of them its credit covers.
    credit: Money,
    /// The sum of them, less that; above zero.
    amount: Money,
}

/// Where it is seen.
#[derive(Clone, Copy)]
struct Sight<'a> {
    setup: &'a Setup,
    history: &'a History,
    items: &'a Items,
    payments: &'a [Payment],
}

/// Whom to remind of what, and who cannot be.
#[derive(Default)]
struct Found<'a> {
    reminded: Vec<Reminded<'a>>,
    /// A sentence each.
    left_out: Vec<String>,
}

/// A finished mail.
struct Draft {
    name: String,
    message_id: String,
    to: String,
    bytes: Vec<u8>,
}

pub fn remind(args: &PaymentsRemind, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let (state, at) = (State::new(&setup.config), args.as_of.unwrap_or(world.now));
    if setup.config.payments.reminders.is_empty() {
        let failure = Failure::new(Kind::Configuration, "the configuration has no reminders");
        return Err(failure
            .at(&setup.config_text.path)
            .hint("add [[payments.reminder]] with days = 7 for the first level"));
    }
    match &args.out {
        Some(folder) => draft(&Books::cut(setup, Some(at))?, args, folder, at, world),
        None => freeze(&setup, &state, args, at, world),
    }
}

/// Writes drafts into a folder; nothing is recorded.
fn draft(
    books: &Books,
    args: &PaymentsRemind,
    folder: &Path,
    at: Instant,
    world: &mut World,
) -> Result<Outcome, Failure> {
    let Books { setup, history, items, payments, .. } = books;
    let found = reminded(Sight { setup, history, items, payments }, args.business.as_ref(), at)?;
    std::fs::create_dir_all(folder).map_err(|error| Failure::io("create the folder", folder, error))?;
    for reminded in &found.reminded {
        // A person signs what a person sends.
        for draft in drafts(setup, reminded, at, None)? {
            let path = folder.join(&draft.name);
            files::write(&path, &draft.bytes, Access::Usual)?;
            say(world.out, &format!("{:<9} {}  {}", "draft", reminded.words(), path.display()))?;
        }
    }
    ended(&found, world)
}

/// Freezes reminders as mails of the ledger, which are sent with the others.
fn freeze(
    setup: &Setup,
    state: &State,
    args: &PaymentsRemind,
    at: Instant,
    world: &mut World,
) -> Result<Outcome, Failure> {
    let signer = signer(&setup.config)?;
    let mut held = Held::of(setup, state, at)?;
    let history = std::sync::Arc::clone(&held.history);
    let payments = &history.payments;
    let items = items(&briefs(&held.ledger, history.issued.iter(), payments)?, payments)?;
    let sight = Sight { setup, history: &history, items: &items, payments };
    let mut found = reminded(sight, args.business.as_ref(), at)?;
    let (mut entries, mut frozen) = (Vec::new(), Vec::new());
    for reminded in std::mem::take(&mut found.reminded) {
        let mails = drafts(setup, &reminded, at, signer.as_ref())?;
        // Before anything is kept: one that was frozen already keeps no other back.
        if let Some(before) = mails.iter().find(|draft| history.mail_named(&draft.name).is_some()) {
            let what = format!("{}: the mail {} was frozen before", reminded.words(), before.name);
            found.left_out.push(format!("{what}; it is made again another day"));
            continue;
        }
        entries.push(Entry::Reminder(kept(setup, state, &reminded, mails, at)?));
        frozen.push(reminded);
    }
    if !entries.is_empty() {
        let added = held.ledger.append(|_| Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() }));
        added.map_err(|error| ledger_failure(error, &state.ledger()))?;
    }
    frozen.iter().try_for_each(|reminded| say(world.out, &format!("{:<9} {}", "frozen", reminded.words())))?;
    found.reminded = frozen;
    ended(&found, world)
}

/// Keeps the mails of a reminder, and gives its entry.
fn kept(setup: &Setup, state: &State, of: &Reminded, drafts: Vec<Draft>, at: Instant) -> Result<Reminder, Failure> {
    let from = &setup.config.issuer_of(of.business).email;
    let mut mails = Vec::new();
    for Draft { name, message_id, to, bytes } in drafts {
        keep(&state.reminders().join(&name), &bytes)?;
        mails.push(DigestMail { message_id, from: from.clone(), to, sha256: sha256(&bytes), name });
    }
    let numbers = of.items.iter().map(|item| item.number.clone()).collect();
    Ok(Reminder { business: of.business.id.clone(), level: of.level, at, numbers, mails })
}

fn ended(found: &Found, world: &mut World) -> Result<Outcome, Failure> {
    found.left_out.iter().try_for_each(|sentence| say(world.out, &format!("{:<9} {sentence}", "left out")))?;
    if !found.left_out.is_empty() {
        return Ok(Outcome::SetAside);
    }
    if found.reminded.is_empty() {
        say(world.out, "nobody is to be reminded")?;
    }
    Ok(Outcome::Done)
}

/// Whom to remind of what: overdue invoices that were not reminded of at the level that they have come to, a letter a level.
fn reminded<'a>(sight: Sight<'a>, only: Option<&BusinessId>, at: Instant) -> Result<Found<'a>, Failure> {
    let unsummed = |id: &BusinessId| Failure::new(Kind::SelfCheck, format!("what is overdue of {id} does not fit"));
    let mut overdue: BTreeMap<(&BusinessId, Currency), Vec<(&OpenItem, u32)>> = BTreeMap::new();
    for item in sight.items.iter().filter(|item| only.is_none_or(|only| *only == item.business)) {
        let Some(days) = item.overdue_by(day(sight.setup, Some(&item.business), at)) else { continue };
        overdue.entry((&item.business, item.balance.currency())).or_default().push((item, days));
    }
    let (before, rules) = (levels(sight.history, at), &sight.setup.config.payments.reminders);
    let mut found = Found::default();
    for ((id, currency), mut items) in overdue {
        items.sort_by(|(one, _), (other, _)| (one.due, &one.number).cmp(&(other.due, &other.number)));
        let Some(business) = sight.setup.business(id.as_str()) else {
            items.retain(|(_, days)| level(rules, *days) > 0);
            let numbers: Vec<String> = items.iter().map(|(item, _)| item.number.to_string()).collect();
            if !numbers.is_empty() {
                let numbers = numbers.join(", ");
                found.left_out.push(format!("{id} is no longer in the book, and has no address: {numbers}"));
            }
            continue;
        };
        let credit = credit(sight, id, currency).ok_or_else(|| unsummed(id))?;
        found.reminded.extend(of_business(business, rules, &before, &items, credit).ok_or_else(|| unsummed(id))?);
    }
    Ok(found)
}

/// What a business has to its credit in a currency: invoices of which more was paid than stands, and what is left of payments that
/// are for its invoices alone. `None` when a sum does not fit.
fn credit(sight: Sight, id: &BusinessId, currency: Currency) -> Option<Money> {
    let of_items = sight.items.iter().filter(|item| item.business == *id && item.balance.minor() < 0);
    let mut credit = Money::zero(currency);
    for item in of_items.filter(|item| item.balance.currency() == currency) {
        credit = credit.checked_sub(item.balance)?;
    }
    let is_own = |part: &PaidPart| sight.history.document(&part.number).is_some_and(|issued| issued.business == *id);
    let is_of = |payment: &&Payment| !payment.parts.is_empty() && payment.parts.iter().all(is_own);
    for payment in sight.payments.iter().filter(|payment| payment.received.amount.currency() == currency).filter(is_of)
    {
        credit = credit.checked_add(payment.left()?)?;
    }
    Some(credit)
}

/// The letters to a business: what is due first is covered by its credit first. `None` when a sum does not fit.
fn of_business<'a>(
    business: &'a Business,
    rules: &[u32],
    before: &BTreeMap<&InvoiceNumber, u32>,
    overdue: &[(&'a OpenItem, u32)],
    credit: Money,
) -> Option<Vec<Reminded<'a>>> {
    let (mut rest, nothing) = (credit, Money::zero(credit.currency()));
    let mut letters: BTreeMap<u32, Reminded> = BTreeMap::new();
    for (item, days) in overdue {
        let covered = if rest.minor() < item.balance.minor() { rest } else { item.balance };
        rest = rest.checked_sub(covered)?;
        let (owed, level) = (item.balance.checked_sub(covered)?, level(rules, *days));
        let was_reminded = before.get(&item.number).is_some_and(|before| *before >= level);
        if level == 0 || was_reminded || owed.is_zero() {
            continue;
        }
        let letter = letters.entry(level).or_insert_with(|| Reminded {
            business,
            level,
            items: Vec::new(),
            credit: nothing,
            amount: nothing,
        });
        letter.items.push(item);
        letter.credit = letter.credit.checked_add(covered)?;
        letter.amount = letter.amount.checked_add(owed)?;
    }
    Some(letters.into_values().collect())
}

/// The highest level at which each invoice was reminded of by an instant.
fn levels(history: &History, at: Instant) -> BTreeMap<&InvoiceNumber, u32> {
    let mut levels: BTreeMap<&InvoiceNumber, u32> = BTreeMap::new();
    for reminder in history.reminders.iter().filter(|reminder| reminder.at <= at) {
        for number in &reminder.numbers {
            let level = levels.entry(number).or_default();
            *level = (*level).max(reminder.level);
        }
    }
    levels
}

/// The level of so many days, counted from 1; 0 before the first.
fn level(reminders: &[u32], days: u32) -> u32 {
    u32::try_from(reminders.iter().filter(|from| **from <= days).count()).unwrap_or(u32::MAX)
}

impl Reminded<'_> {
    fn words(&self) -> String {
        let numbers: BTreeSet<&InvoiceNumber> = self.items.iter().map(|item| &item.number).collect();
        let numbers: Vec<String> = numbers.into_iter().map(ToString::to_string).collect();
        format!("{}, level {}: {}  {}", self.business.id, self.level, self.amount, numbers.join(", "))
    }
}

/// One mail a recipient.
fn drafts(setup: &Setup, of: &Reminded, at: Instant, signer: Option<&Signer>) -> Result<Vec<Draft>, Failure> {
    let (business, issuer) = (of.business, setup.config.issuer_of(of.business));
    let today = issuer.zone.date_of(at);
    let bodies = reminder(&Reminding {
        language: business.language,
        level: of.level,
        buyer: &business.party.legal_name,
        seller: &issuer.party.legal_name,
        iban: issuer.iban.as_deref(),
        items: &of.items,
        credit: of.credit,
        amount: of.amount,
        today,
    });
    let failed = |error: DeliverError| {
        Failure::new(Kind::SelfCheck, format!("the reminder of {} cannot be made", business.id)).because(error)
    };
    let domain = issuer.email.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let mut drafts = Vec::new();
    for (index, to) in (1..).zip(&business.recipients) {
        let stem = format!("{REMINDER}{}-{}-{}-{today}_{index}", business.id, of.amount.currency(), of.level);
        let message_id = format!("{stem}@{domain}");
        let letter = Letter {
            message_id: &message_id,
            date: at,
            from_name: &issuer.party.legal_name,
            from: &issuer.email,
            to,
            others: Others { reply_to: business.mailing.reply_to.as_deref(), ..Others::default() },
            language: business.language.code(),
            subject: &bodies.subject,
            text: &bodies.text,
            html: &bodies.html,
            in_parts: false,
            attachments: Vec::new(),
        };
        let eml = deliver::eml(&letter).map_err(failed)?;
        let bytes = signed(signer, eml, at).map_err(failed)?;
        drafts.push(Draft { name: format!("{stem}.eml"), message_id, to: to.clone(), bytes });
    }
    Ok(drafts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_follows_from_the_days() {
        for (days, expected) in [(0, 0), (6, 0), (7, 1), (20, 1), (21, 2), (900, 3)] {
            assert_eq!(level(&[7, 21, 45], days), expected, "{days}");
        }
    }
}
