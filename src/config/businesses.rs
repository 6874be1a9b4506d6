//! The book of businesses: who is billed, for which channels, with which tax.

use std::path::Path;

use super::channels::{CHANNEL, Claim, claims, refuse_overlaps};
use super::mailing;
use super::page::Page;
use super::party::party;
use super::table::{Form, Table, refuse_shared};
use super::vat::vat;
use super::words;
use crate::domain::business::EInvoice;
use crate::domain::{Advance, Business, Currency, LineForm, Mistake, Money, Ownership};

const BOOK: Form = Form { name: "the file", needs: &["[[business]]"], allows: &[] };

const BUSINESS: Form = Form {
    name: "[[business]]",
    needs: &[
        "id = \"bologna-bakery\"",
        "legal_name = \"Forno Esempio S.r.l.\"",
        "address = [\"Via Esempio 1\", \"40121 Bologna BO\"]",
        "country = \"IT\"",
        "emails = [\"accounts@bakery.example\"]",
        "language = \"it\"",
        "zone = \"Europe/Rome\"",
        "first_month = \"2018-08\"",
        "vat = { treatment = \"standard\", rate = \"22\" }",
        "[[business.channel]]",
    ],
    allows: &[
        "vat_id = \"IT12345678903\"",
        "registration = \"REA BO-123456\"",
        "reference = \"PO 4711\"",
        "issuer = \"late-reply-ie\"",
        "tax_point = \"charge\"",
        "currency = \"EUR\"",
        "post_code = \"40121\"",
        "city = \"Bologna\"",
        "endpoint = \"0211:IT12345678903\"",
        "e_invoice = \"ubl\"",
        "lines = [\"xlsx\", \"csv\"]",
        "cc = [\"archive@bakery.example\"]",
        "reply_to = \"questions@late-reply.example\"",
        "attach = [\"pdf\", \"lines\"]",
        "[[business.prepaid]]",
    ],
};

const PREPAID: Form = Form {
    name: "[[business.prepaid]]",
    needs: &[
        "received = \"2018-08-03\"",
        "amount = \"100.00\"",
        "currency = \"EUR\"",
        "reference = \"transfer of 3 August\"",
    ],
    allows: &[],
};

/// The businesses of a book, sorted by id.
///
/// Pure: `path` only names the file in messages.
///
/// # Errors
/// Every mistake of the file, in order of lines; with mistakes there is no book.
pub fn parse_businesses(path: &Path, text: &str) -> Result<Vec<Business>, Vec<Mistake>> {
    businesses_of(Page::new(path, text))
}

/// The same of a text that the ledger holds: what is checked since it was accepted is not asked of it.
///
/// # Errors
/// As of [`parse_businesses`].
pub fn parse_recorded_businesses(path: &Path, text: &str) -> Result<Vec<Business>, Vec<Mistake>> {
    businesses_of(Page::recorded(path, text))
}

fn businesses_of(page: Page<'_>) -> Result<Vec<Business>, Vec<Mistake>> {
    let tree = page.tree()?;
    let businesses = book(&Table::root(&page, &BOOK, &tree));
    page.outcome(Some(businesses))
}

fn book(root: &Table<'_>) -> Vec<Business> {
    let tables = root.tables("business", &BUSINESS);
    refuse_shared(&tables, "id");
    let mut businesses = Vec::new();
    let mut claimed = Vec::new();
    for table in &tables {
        let claims = claims(&table.tables("channel", &CHANNEL));
        businesses.extend(business(table, &claims));
        claimed.extend(claims);
    }
    refuse_overlaps(root.page, &claimed);
    businesses.sort_by(|one: &Business, other| one.id.cmp(&other.id));
    businesses
}

fn business(table: &Table<'_>, claims: &[Claim]) -> Option<Business> {
    let id = table.parsed("id", str::parse);
    let party = party(table);
    let recipients = table.parsed_set("emails", words::email_on(table.page.is_recorded));
    let language = table.parsed("language", str::parse);
    let zone = table.parsed("zone", str::parse);
    let first_month = table.parsed("first_month", str::parse);
    let (reference, issuer) = (table.text("reference"), table.parsed("issuer", words::source_name));
    let lines = table.parsed_set("lines", str::parse).unwrap_or_else(|| vec![LineForm::Csv]);
    let (vat, currency) = (vat(table), table.parsed("currency", str::parse));
    let (e_invoice, prepaid) = (e_invoice(table), advances(table));
    let mailing = mailing::mailing(table, recipients.as_deref().unwrap_or_default());
    Some(Business {
        id: id?,
        party: party?,
        channels: channels(claims),
        recipients: recipients?,
        mailing,
        language: language?,
        zone: zone?,
        vat: vat?,
        currency,
        e_invoice,
        first_month: first_month?,
        reference,
        prepaid,
        issuer,
        lines,
    })
}

/// What the business paid in advance, in the order in which it was received.
fn advances(business: &Table<'_>) -> Vec<Advance> {
    let tables = business.tables("prepaid", &PREPAID);
    refuse_shared(&tables, "reference");
    let mut advances: Vec<Advance> = tables.iter().filter_map(advance).collect();
    advances.sort_by(|one, other| (one.received, &one.reference).cmp(&(other.received, &other.reference)));
    advances
}

fn advance(table: &Table<'_>) -> Option<Advance> {
    let (received, reference) = (table.date("received"), table.text("reference"));
    let currency: Currency = table.parsed("currency", str::parse)?;
    let amount = table.parsed("amount", |text| {
        let amount: Money = format!("{currency} {text}").parse()?;
        if amount.minor() > 0 { Ok(amount) } else { Err(format!("a payment of {amount} is none")) }
    });
    Some(Advance { received: received?, reference: reference?, amount: amount? })
}

/// What the business asks for. Networks such as Peppol deliver to an address, and refuse what names no reference of the buyer.
fn e_invoice(business: &Table<'_>) -> Option<EInvoice> {
    let asked = business.choice("e_invoice", &EInvoice::ALL)?;
    for key in ["endpoint", "reference"].into_iter().filter(|key| !business.has(key)) {
        let hint = format!("add {} to the business", BUSINESS.example(key));
        business.wrong("e_invoice", format!("e_invoice = \"ubl\" needs the {key} of the business"), hint);
    }
    Some(asked)
}

fn channels(claims: &[Claim]) -> Vec<Ownership> {
    let mut channels: Vec<Ownership> = claims.iter().map(|claim| claim.ownership.clone()).collect();
    channels.sort_by(|one, other| (&one.channel, one.span).cmp(&(&other.channel, other.span)));
    channels
}
