//! What an invoice needs beside its charges: a treatment of VAT for each of its days, the VAT id of a buyer who accounts for
//! the tax, a rate where it is billed in another currency. What is missing holds the month; nothing is guessed.

use super::closing::OpenMonth;
use super::correct::Withheld;
use super::decide::Due;
use super::setup::Setup;
use super::state::ledger_failure;
use crate::close::guards::{Found, Guard};
use crate::close::{self, ClosedMonth, Frozen, FrozenRates, check};
use crate::config::parse_rates;
use crate::domain::correction::Earlier;
use crate::domain::vat::{is_in_the_union, is_of_the_union};
use crate::domain::{Business, Currency, Date, Exchange, Invoice, Month, Rates, VatAccounting, VatTreatment};
use crate::error::{Failure, Kind};
use crate::ledger::{History, Ledger};

/// What keeps a month from being billed, in sentences that say what to do; nothing where it has no invoice.
pub fn wanting(
    setup: &Setup,
    history: &History,
    month: &OpenMonth,
    closed: &ClosedMonth,
    withheld: &Withheld,
) -> Vec<Found> {
    let due = Due::of(setup, history, month, closed, withheld);
    if !due.is_worth_an_invoice {
        return Vec::new();
    }
    let business = month.business;
    let of = |guard| move |text| Found { guard, text };
    let mut found: Vec<Found> =
        close::wanting(business, month.month, &due.earlier).map(of(Guard::Vat)).into_iter().collect();
    let is_under = |category: &str| is_under(category, business, closed, &due.earlier);
    found.extend(contradicted(business, &is_under).map(of(Guard::Vat)));
    let rates = frozen(setup, business, month.month, is_under("S"));
    found.extend(rates.err().map(of(Guard::Exchange)));
    found
}

/// Whether something of a month, or of the earlier months that are billed with it, falls under a category of VAT.
fn is_under(category: &str, business: &Business, closed: &ClosedMonth, earlier: &[Earlier]) -> bool {
    let of_month = |month: Month| business.vat.of_month(month).map(VatTreatment::category);
    closed.vat.iter().any(|vat| vat.category == category)
        || earlier.iter().any(|earlier| of_month(earlier.month) == Some(category))
}

/// Whether an invoice of a month charges tax, which its seller accounts for.
pub fn is_taxed(business: &Business, closed: &ClosedMonth, earlier: &[Earlier]) -> bool {
    is_under("S", business, closed, earlier)
}

/// What the party itself contradicts of its treatment; `is_under` says whether something of a document is of a category.
pub fn contradicted(business: &Business, is_under: &dyn Fn(&str) -> bool) -> Option<String> {
    let without = if is_under("AE") { without_vat_id(business) } else { None };
    without.or_else(|| if is_under("G") { within_the_union(business) } else { None })
}

/// An export goes to a buyer outside the EU.
fn within_the_union(business: &Business) -> Option<String> {
    let Business { id, party, .. } = business;
    is_in_the_union(&party.country).then(|| {
        format!(
            "an export goes outside the EU, and `{id}` is in {}: correct its country in the book, or give the business \
             another treatment",
            party.country
        )
    })
}

/// Under reverse charge the buyer accounts for the tax, under an id of its own (EN 16931, BR-AE-02 and 03).
fn without_vat_id(business: &Business) -> Option<String> {
    let Business { id, party, .. } = business;
    let then = "correct it in the book, or give the business another treatment";
    match &party.vat_id {
        None => Some(format!("reverse charge needs the VAT id of `{id}`, and the book has none: {then}")),
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

/// From which currency to which a month needs a rate: to be billed, and to account for the tax that it charges.
fn wanted(setup: &Setup, business: &Business, is_taxed: bool) -> [Option<(Currency, Currency)>; 2] {
    let tariff = setup.tariff.currency;
    let billed = business.currency.unwrap_or(tariff);
    let returned = setup.config.issuer_of(business).vat_currency.filter(|_| is_taxed).unwrap_or(billed);
    [(tariff, billed), (billed, returned)].map(|(from, to)| (from != to).then_some((from, to)))
}

/// The rates by which a month is billed and its tax accounted for, with the rows of the table that prove them; nothing where
/// one currency is enough. `is_taxed` as of [`is_taxed`]. The error says what to do.
pub fn frozen(
    setup: &Setup,
    business: &Business,
    month: Month,
    is_taxed: bool,
) -> Result<Option<(FrozenRates, Vec<u8>)>, String> {
    let (wanted, day) = (wanted(setup, business, is_taxed), rate_day(month));
    let mut currencies: Vec<Currency> = Vec::new();
    for currency in wanted.iter().flatten().flat_map(|(from, to)| [*from, *to]) {
        if !currencies.contains(&currency) {
            currencies.push(currency);
        }
    }
    if currencies.is_empty() {
        return Ok(None);
    }
    let table = setup.rates.as_ref().map(|rates| rates.proof(day, &currencies).into_bytes()).unwrap_or_default();
    let table_sha256 = check::sha256(&table);
    let of = |pair: Option<(Currency, Currency)>| {
        let Some((from, to)) = pair else { return Ok(None) };
        let wanted = format!("there is no rate of {from} in {to} for {day}");
        let rates = setup.rates.as_ref().ok_or_else(|| format!("{wanted}: add [exchange] to ritardo.toml"))?;
        let rate = rates.on(day, from, to).map_err(|why| format!("{wanted}: {why}; fetch a newer table"))?;
        Ok::<_, String>(Some(Frozen { rate, table_sha256: table_sha256.clone() }))
    };
    let [exchange, vat] = wanted.map(of);
    Ok(Some((FrozenRates { exchange: exchange?, vat: vat? }, table)))
}

/// The frozen rates of an issued invoice, for a document that takes its place.
pub fn frozen_in(invoice: &Invoice) -> FrozenRates {
    let billed = invoice.exchange.as_ref().map_or(invoice.currency, |exchange| exchange.currency);
    let exchange = |of: &Exchange| Frozen { rate: of.rate(invoice.currency), table_sha256: of.table_sha256.clone() };
    let vat = |of: &VatAccounting| Frozen { rate: of.rate(billed), table_sha256: of.table_sha256.clone() };
    FrozenRates { exchange: invoice.exchange.as_ref().map(exchange), vat: invoice.vat_accounting.as_ref().map(vat) }
}

/// The rates of a closed month, looked up once more in the rows that the ledger holds under `sha256`. The inner error is a
/// difference.
pub fn frozen_again(
    ledger: &Ledger,
    (month, sha256): (Month, Option<&str>),
    setup: &Setup,
    business: &Business,
    is_taxed: bool,
) -> Result<Result<FrozenRates, String>, Failure> {
    let Some(sha256) = sha256 else { return Ok(Ok(FrozenRates::default())) };
    let bytes = ledger.content(sha256).map_err(|error| {
        let message = "the recorded exchange rates cannot be used".to_owned();
        Failure { message, ..ledger_failure(error, ledger.path()) }
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::new(Kind::Differences, "the recorded exchange rates are not text").at(ledger.path()).because(error)
    })?;
    let rates = parse_rates(ledger.path(), &text).map_err(Failure::of_mistakes)?;
    Ok(looked_up(&rates, month, wanted(setup, business, is_taxed), sha256))
}

fn looked_up(
    rates: &Rates,
    month: Month,
    wanted: [Option<(Currency, Currency)>; 2],
    table_sha256: &str,
) -> Result<FrozenRates, String> {
    let of = |pair: Option<(Currency, Currency)>| {
        let rate = pair.map(|(from, to)| rates.on(rate_day(month), from, to)).transpose();
        let rate = rate.map_err(|why| format!("the recorded exchange rates have none for {month}: {why}"))?;
        Ok::<_, String>(rate.map(|rate| Frozen { rate, table_sha256: table_sha256.to_owned() }))
    };
    let [exchange, vat] = wanted.map(of);
    Ok(FrozenRates { exchange: exchange?, vat: vat? })
}
