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
use super::{briefs, day, items};
use crate::cli::PaymentsRemind;
use crate::deliver::{self, DeliverError, Letter, Others, Signer};
use crate::domain::receivable::OpenItem;
use crate::domain::{Business, BusinessId, Currency, Instant, InvoiceNumber, Money};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{DigestMail, Entry, Reminder};
use crate::ledger::{Additions, History, LedgerError};
use crate::read::sha256;
use crate::render::{Reminding, reminder};
use crate::report::receivables::Items;

/// What a business is to be reminded of, in one currency.
struct Reminded<'a> {
    business: &'a Business,
    level: u32,
    items: Vec<&'a OpenItem>,
    amount: Money,
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
        Some(folder) => draft(&setup, &state, args, folder, at, world),
        None => freeze(&setup, &state, args, at, world),
    }
}

/// Writes drafts into a folder; nothing is recorded.
fn draft(
    setup: &Setup,
    state: &State,
    args: &PaymentsRemind,
    folder: &Path,
    at: Instant,
    world: &mut World,
) -> Result<Outcome, Failure> {
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let items = items(&briefs(&ledger, &history)?, &history)?;
    let found = reminded(setup, &history, &items, args.business.as_ref(), at)?;
    std::fs::create_dir_all(folder).map_err(|error| Failure::io("create the folder", folder, error))?;
    for reminded in &found {
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
    let items = items(&briefs(&held.ledger, &history)?, &history)?;
    let found = reminded(setup, &history, &items, args.business.as_ref(), at)?;
    let mut entries = Vec::new();
    for reminded in &found {
        let from = &setup.config.issuer_of(reminded.business).email;
        let mut mails = Vec::new();
        for Draft { name, message_id, to, bytes } in drafts(setup, reminded, at, signer.as_ref())? {
            if history.mail_named(&name).is_some() {
                return Err(Failure::new(Kind::CommandLine, format!("the mail {name} was frozen before"))
                    .hint("reminders are made again another day"));
            }
            keep(&state.reminders().join(&name), &bytes)?;
            mails.push(DigestMail { message_id, from: from.clone(), to, sha256: sha256(&bytes), name });
        }
        let numbers = reminded.items.iter().map(|item| item.number.clone()).collect();
        let (business, level) = (reminded.business.id.clone(), reminded.level);
        entries.push(Entry::Reminder(Reminder { business, level, at, numbers, mails }));
        say(world.out, &format!("{:<9} {}", "frozen", reminded.words()))?;
    }
    if !entries.is_empty() {
        let added = held.ledger.append(|_| Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() }));
        added.map_err(|error| ledger_failure(error, &state.ledger()))?;
    }
    ended(&found, world)
}

fn ended(found: &[Reminded], world: &mut World) -> Result<Outcome, Failure> {
    if found.is_empty() {
        say(world.out, "nobody is to be reminded")?;
    }
    Ok(Outcome::Done)
}

/// Whom to remind of what: overdue invoices that were not reminded of at the level that they have come to.
fn reminded<'a>(
    setup: &'a Setup,
    history: &History,
    items: &'a Items,
    only: Option<&BusinessId>,
    at: Instant,
) -> Result<Vec<Reminded<'a>>, Failure> {
    let before = levels(history);
    let mut found: BTreeMap<(&BusinessId, Currency), (u32, Vec<&OpenItem>)> = BTreeMap::new();
    for item in items.iter().filter(|item| only.is_none_or(|only| *only == item.business)) {
        let Some(days) = item.overdue_by(day(setup, Some(&item.business), at)) else { continue };
        let level = level(&setup.config.payments.reminders, days);
        if level == 0 || before.get(&item.number).is_some_and(|before| *before >= level) {
            continue;
        }
        let of = found.entry((&item.business, item.balance.currency())).or_default();
        of.0 = of.0.max(level);
        of.1.push(item);
    }
    let mut reminded = Vec::new();
    for ((id, currency), (level, items)) in found {
        // Who is no longer in the book has no address.
        let Some(business) = setup.business(id.as_str()) else { continue };
        let unsummed = || Failure::new(Kind::SelfCheck, format!("what is overdue of {id} does not fit"));
        let amount = Money::sum(currency, items.iter().map(|item| item.balance)).ok_or_else(unsummed)?;
        reminded.push(Reminded { business, level, items, amount });
    }
    Ok(reminded)
}

/// The highest level at which each invoice was reminded of.
fn levels(history: &History) -> BTreeMap<&InvoiceNumber, u32> {
    let mut levels: BTreeMap<&InvoiceNumber, u32> = BTreeMap::new();
    for reminder in &history.reminders {
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
