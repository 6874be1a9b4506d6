//! What an invoice needs beside its charges: a treatment of VAT for each of its days, the VAT id of a buyer who accounts for
//! the tax, a rate where it is billed in another currency. What is missing holds the month; nothing is guessed.

use super::closing::OpenMonth;
use super::correct::Withheld;
use super::decide::Due;
use super::setup::Setup;
use super::state::ledger_failure;
use crate::close::guards::{Found, Guard};
use crate::close::{self, ClosedMonth, Frozen, check};
use crate::config::parse_rates;
use crate::domain::business::Party;
use crate::domain::vat::{is_for_goods, is_in_the_union, is_of_the_union};
use crate::domain::{Business, Date, Exchange, Invoice, Month, Rate, Rates};
use crate::error::{Failure, Kind};
use crate::ledger::entry::MonthClosed;
use crate::ledger::{History, Ledger};

/// What keeps a month from being billed, in sentences that say what to do. A month that is only carried over needs a treatment
/// for each of its charges where their days decide, since that is frozen with it.
pub fn wanting(
    setup: &Setup,
    history: &History,
    month: &OpenMonth,
    closed: &ClosedMonth,
    withheld: &Withheld,
) -> Vec<Found> {
    let due = Due::of(setup, history, month, closed, withheld);
    let of = |guard| move |text| Found { guard, text };
    if !due.is_worth_an_invoice {
        return close::untreated(closed).map(of(Guard::Vat)).into_iter().collect();
    }
    let business = month.business;
    let mut found: Vec<Found> =
        close::wanting(business, closed, &due.earlier).map(of(Guard::Vat)).into_iter().collect();
    if close::keys(business, closed, &due.earlier).iter().any(|key| key.category == "AE") {
        let seller = &setup.config.issuer_of(business).party;
        found.extend(without_vat_id(business, seller).map(of(Guard::Vat)));
    }
    found.extend(frozen(setup, business, month.month).err().map(of(Guard::Exchange)));
    found
}

/// Under reverse charge the buyer accounts for the tax, under an id of its own (EN 16931, BR-AE-02 and 03).
pub fn without_vat_id(business: &Business, seller: &Party) -> Option<String> {
    let Business { id, party, .. } = business;
    let then = "correct it in the book, or give the business another treatment";
    match &party.vat_id {
        None => Some(format!("reverse charge needs the VAT id of `{id}`, and the book has none: {then}")),
        Some(vat_id) if seller.vat_id.as_ref() == Some(vat_id) => Some(format!(
            "reverse charge needs the VAT id of the buyer, and `{vat_id}` of `{id}` is that of the issuer: {then}"
        )),
        Some(vat_id) if is_for_goods(vat_id) => Some(format!(
            "reverse charge needs a VAT id that counts for services, which `{vat_id}` of `{id}` does not: {then}"
        )),
        Some(vat_id) if is_in_the_union(&party.country) && !is_of_the_union(vat_id) => {
            Some(format!("reverse charge needs a VAT id of the EU, which `{vat_id}` of `{id}` is not: {then}"))
        }
        Some(_) => None,
    }
}

/// The rate of a month: the last that was published until its last day, when the supply ends. It does not hang on the night
/// of the closing.
fn rate_day(month: Month) -> Date {
    month.last_day()
}

/// The rate by which a month is billed, with the rows of the table that prove it; nothing where it is billed in the currency
/// of the tariff. The error says what to do.
pub fn frozen(setup: &Setup, business: &Business, month: Month) -> Result<Option<(Frozen, Vec<u8>)>, String> {
    let (from, day) = (setup.tariff.currency, rate_day(month));
    let Some(to) = business.currency.filter(|to| *to != from) else { return Ok(None) };
    let wanted = format!("there is no rate of {from} in {to} for {day}");
    let rates = setup.rates.as_ref().ok_or_else(|| format!("{wanted}: add [exchange] to ritardo.toml"))?;
    let rate = rates.on(day, from, to).map_err(|why| format!("{wanted}: {why}; fetch a newer table"))?;
    let table = rates.proof(day, &[from, to]).into_bytes();
    let table_sha256 = check::sha256(&table);
    Ok(Some((Frozen { rate, table_sha256 }, table)))
}

/// The frozen rate of an issued invoice, for a document that takes its place.
pub fn frozen_in(invoice: &Invoice) -> Option<Frozen> {
    let of = |exchange: &Exchange| Frozen {
        rate: exchange.rate(invoice.currency),
        table_sha256: exchange.table_sha256.clone(),
    };
    invoice.exchange.as_ref().map(of)
}

/// The rate of a closed month, looked up once more in the rows that the ledger holds. The inner error is a difference.
pub fn frozen_again(
    ledger: &Ledger,
    closed: &MonthClosed,
    setup: &Setup,
    business: &Business,
) -> Result<Result<Option<Frozen>, String>, Failure> {
    let Some(sha256) = &closed.exchange_sha256 else { return Ok(Ok(None)) };
    let bytes = ledger.content(sha256).map_err(|error| {
        let message = "the recorded exchange rates cannot be used".to_owned();
        Failure { message, ..ledger_failure(error, ledger.path()) }
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::new(Kind::Differences, "the recorded exchange rates are not text").at(ledger.path()).because(error)
    })?;
    let rates = parse_rates(ledger.path(), &text).map_err(Failure::of_mistakes)?;
    Ok(looked_up(&rates, closed.month, setup, business)
        .map(|rate| rate.map(|rate| Frozen { rate, table_sha256: sha256.clone() })))
}

fn looked_up(rates: &Rates, month: Month, setup: &Setup, business: &Business) -> Result<Option<Rate>, String> {
    let from = setup.tariff.currency;
    let Some(to) = business.currency.filter(|to| *to != from) else { return Ok(None) };
    let rate = rates.on(rate_day(month), from, to);
    rate.map(Some).map_err(|why| format!("the recorded exchange rates have none for {month}: {why}"))
}
