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
use crate::domain::business::Party;
use crate::domain::correction::Earlier;
use crate::domain::prepaid::Taken;
use crate::domain::vat::{is_for_goods, is_in_the_union, is_of_the_union};
use crate::domain::{
    Advance, Available, Business, Currency, Date, Exchange, Invoice, InvoiceNumber, Month, Rates, VatAccounting,
};
use crate::error::{Failure, Kind};
use crate::ledger::{History, Ledger, returned_advances};

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
    let wanting = close::wanting(business, closed, &due.earlier, setup.tariff.reading.is_by_receipt());
    let mut found: Vec<Found> = wanting.map(of(Guard::Vat)).into_iter().collect();
    let is_under = |category: &str| is_under(category, business, closed, &due.earlier);
    let seller = &setup.config.issuer_of(business).party;
    found.extend(contradicted(business, seller, &is_under).map(of(Guard::Vat)));
    let rates = frozen(setup, business, month.month, is_under("S"));
    found.extend(rates.err().map(of(Guard::Exchange)));
    found.extend(misnamed(history, business).or_else(|| returned(history, business)).map(of(Guard::Prepaid)));
    found
}

/// A payment in advance of which the book says otherwise than the invoices that took it. What is left of a payment is told
/// by its reference: under another one it would be taken twice, and under that of another payment it would be lost.
fn misnamed(history: &History, business: &Business) -> Option<String> {
    let taken = history.taken_from(&business.id);
    business.prepaid.iter().find_map(|advance| match taken.get(advance.reference.as_str()) {
        Some(&(number, of)) => changed(history, business, advance, (number, of)),
        None => renamed(business, advance, taken.values().copied()),
    })
}

/// A payment in advance whose money went back: invoices would take what is not there.
fn returned(history: &History, business: &Business) -> Option<String> {
    if business.prepaid.is_empty() {
        return None;
    }
    let returned = returned_advances(&history.payments);
    let of = |advance: &&Advance| returned.contains(&(&business.id, advance.reference.as_str()));
    let Advance { reference, received, .. } = business.prepaid.iter().find(of)?;
    Some(format!("`{reference}`, paid in advance on {received}, was taken back: take it out of the book"))
}

/// A payment whose day or amount is another than the last invoice says that took something of it, or of which invoices took
/// more than there is.
fn changed(
    history: &History,
    business: &Business,
    advance: &Advance,
    (number, of): (&InvoiceNumber, &Taken),
) -> Option<String> {
    let Advance { received, reference, amount } = advance;
    if (of.received, of.amount) != (*received, *amount) {
        return Some(format!(
            "{number} took of `{reference}` as {} paid in advance on {}, and the book has it as {amount} on {received}: give it \
             day and amount of then again; another payment needs a reference of its own",
            of.amount, of.received
        ));
    }
    let is_overdrawn = history.left_of(&business.id, advance, None).is_none_or(|left| left.minor() < 0);
    is_overdrawn.then(|| {
        format!(
            "invoices took more of `{reference}` than the {amount} paid in advance on {received}: take it out of the book; what \
             is left of others needs a reference of its own"
        )
    })
}

/// A payment that no invoice names, where one took the same under a reference that the book has no more.
fn renamed<'t>(
    business: &Business,
    advance: &Advance,
    mut taken: impl Iterator<Item = (&'t InvoiceNumber, &'t Taken)>,
) -> Option<String> {
    let Advance { received, reference, amount } = advance;
    let is_gone = |reference: &str| business.prepaid.iter().all(|advance| advance.reference != reference);
    let is_same = |of: &Taken| (of.received, of.amount) == (*received, *amount) && is_gone(&of.reference);
    let (number, then) = taken.find(|(_, of)| is_same(of))?;
    Some(format!(
        "{number} took of {amount}, paid in advance on {received}, as `{}`, and the book has that as `{reference}` alone: give \
         it the reference of then again; if these are two payments, keep both in the book",
        then.reference
    ))
}

/// Whether something of a month, or of the earlier months that are billed with it, falls under a category of VAT.
fn is_under(category: &str, business: &Business, closed: &ClosedMonth, earlier: &[Earlier]) -> bool {
    close::keys(business, closed, earlier).iter().any(|key| key.category == category)
}

/// Whether an invoice of a month charges tax, which its seller accounts for.
pub fn is_taxed(business: &Business, closed: &ClosedMonth, earlier: &[Earlier]) -> bool {
    is_under("S", business, closed, earlier)
}

/// What the party itself contradicts of its treatment; `is_under` says whether something of a document is of a category.
pub fn contradicted(business: &Business, seller: &Party, is_under: &dyn Fn(&str) -> bool) -> Option<String> {
    let without = if is_under("AE") { without_vat_id(business, seller) } else { None };
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

/// What is left of the payments in advance of a business that were received by a day, before the invoice `until`, or now.
pub fn available(history: &History, business: &Business, by: Date, until: Option<&InvoiceNumber>) -> Vec<Available> {
    let received = business.prepaid.iter().filter(|advance| advance.received <= by);
    let available = received.filter_map(|advance| {
        let left = history.left_of(&business.id, advance, until)?;
        (left.minor() > 0).then(|| Available { advance: advance.clone(), left })
    });
    available.collect()
}

/// Under reverse charge the buyer accounts for the tax, under an id of its own (EN 16931, BR-AE-02 and 03).
fn without_vat_id(business: &Business, seller: &Party) -> Option<String> {
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

/// A currency, and another into which its amounts go.
type Pair = (Currency, Currency);

/// From which currency to which a month needs a rate: to be billed, and to account for the tax that it charges. `tariff` is the
/// currency of its tariff.
fn wanted(tariff: Currency, setup: &Setup, business: &Business, is_taxed: bool) -> [Option<Pair>; 2] {
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
    frozen_of(setup, month, wanted(setup.tariff.currency, setup, business, is_taxed))
}

fn frozen_of(setup: &Setup, month: Month, wanted: [Option<Pair>; 2]) -> Result<Option<(FrozenRates, Vec<u8>)>, String> {
    let day = rate_day(month);
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
    let of = |pair: Option<Pair>| {
        let Some((from, to)) = pair else { return Ok(None) };
        let wanted = format!("there is no rate of {from} in {to} for {day}");
        let rates = setup.rates.as_ref().ok_or_else(|| format!("{wanted}: add [exchange] to ritardo.toml"))?;
        let rate = rates.on(day, from, to).map_err(|why| format!("{wanted}: {why}; fetch a newer table"))?;
        Ok::<_, String>(Some(Frozen { rate, table_sha256: table_sha256.clone() }))
    };
    let [exchange, vat] = wanted.map(of);
    Ok(Some((FrozenRates { exchange: exchange?, vat: vat? }, table)))
}

/// The rates of an invoice in place of another.
pub struct Anew {
    pub rates: FrozenRates,
    /// The rows of the table of today that prove those which the other invoice did not have.
    pub table: Option<Vec<u8>>,
    /// Whether the currencies are the same.
    pub is_same: bool,
}

/// The rates of an invoice in place of `invoice`: its own, but where the book or the configuration names other currencies
/// today. `is_taxed`: whether the new one charges tax. The error says what to do.
pub fn frozen_anew(setup: &Setup, business: &Business, invoice: &Invoice, is_taxed: bool) -> Result<Anew, String> {
    let known = frozen_in(invoice);
    let [exchange, vat] = wanted(invoice.currency, setup, business, is_taxed);
    let pair = |frozen: &Frozen| (frozen.rate.from, frozen.rate.to);
    let same_exchange = known.exchange.as_ref().map(pair) == exchange;
    let same_vat = known.vat.as_ref().map(pair) == vat;
    let missing = [exchange.filter(|_| !same_exchange), vat.filter(|_| !same_vat)];
    let (found, table) = frozen_of(setup, invoice.month, missing)?.unzip();
    let found = found.unwrap_or_default();
    let rates = FrozenRates {
        exchange: known.exchange.filter(|_| same_exchange).or(found.exchange),
        vat: known.vat.filter(|_| same_vat).or(found.vat),
    };
    Ok(Anew { rates, table, is_same: same_exchange && same_vat })
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
    let rates = recorded(ledger, sha256)?;
    Ok(looked_up(&rates, month, wanted(setup.tariff.currency, setup, business, is_taxed), sha256))
}

/// The rows of a table of rates that the ledger holds.
fn recorded(ledger: &Ledger, sha256: &str) -> Result<Rates, Failure> {
    let bytes = ledger.content(sha256).map_err(|error| {
        let message = "the recorded exchange rates cannot be used".to_owned();
        Failure { message, ..ledger_failure(error, ledger.path()) }
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::new(Kind::Differences, "the recorded exchange rates are not text").at(ledger.path()).because(error)
    })?;
    parse_rates(ledger.path(), &text).map_err(Failure::of_mistakes)
}

/// What of the frozen rates of an invoice is not what the rows say that prove them; nothing where everything is.
pub fn unproved(ledger: &Ledger, invoice: &Invoice) -> Result<Option<String>, Failure> {
    let FrozenRates { exchange, vat } = frozen_in(invoice);
    for Frozen { rate, table_sha256 } in exchange.into_iter().chain(vat) {
        if recorded(ledger, &table_sha256)?.on(rate_day(invoice.month), rate.from, rate.to) != Ok(rate) {
            let (number, from, to) = (&invoice.number, rate.from, rate.to);
            return Ok(Some(format!("{number}: the recorded exchange rates have another of {from} in {to}")));
        }
    }
    Ok(None)
}

fn looked_up(
    rates: &Rates,
    month: Month,
    wanted: [Option<Pair>; 2],
    table_sha256: &str,
) -> Result<FrozenRates, String> {
    let of = |pair: Option<Pair>| {
        let rate = pair.map(|(from, to)| rates.on(rate_day(month), from, to)).transpose();
        let rate = rate.map_err(|why| format!("the recorded exchange rates have none for {month}: {why}"))?;
        Ok::<_, String>(rate.map(|rate| Frozen { rate, table_sha256: table_sha256.to_owned() }))
    };
    let [exchange, vat] = wanted.map(of);
    Ok(FrozenRates { exchange: exchange?, vat: vat? })
}
