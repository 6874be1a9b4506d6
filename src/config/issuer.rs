//! `[issuer]`: who bills, and how documents are numbered. Several issuers are `[[issuer]]`, each with an id.

use super::invoice::{Numbering, numbering};
use super::party::party;
use super::table::{Form, Table, refuse_shared};
use super::{bank, brand, words};
use crate::domain::business::Issuer;
use crate::domain::header;

const ISSUER: Form = Form {
    name: "[issuer]",
    needs: &[
        "legal_name = \"Late Reply Ltd\"",
        "address = [\"1 Quay Street\", \"Dublin\"]",
        "country = \"IE\"",
        "email = \"billing@late-reply.example\"",
        "zone = \"Europe/Dublin\"",
    ],
    allows: &[
        "id = \"late-reply-ie\"",
        "vat_id = \"IE1234567FA\"",
        "registration = \"Companies Registration Office 123456\"",
        "iban = \"IE29 AIBK 9311 5212 3456 78\"",
        "bic = \"AIBKIE2D\"",
        "payment_days = 30",
        "series = \"LR\"",
        "credit_series = \"LRC\"",
        "first_number = 1",
        "post_code = \"D02 X285\"",
        "city = \"Dublin\"",
        "endpoint = \"0088:9520000004170\"",
        "logo = \"logo.svg\"",
        "logo_alt = \"Late Reply\"",
        "colour = \"#0b5e55\"",
        "paper = \"a4\"",
        "fields = [\"Share capital: EUR 10,000\"]",
        "vat_currency = \"EUR\"",
    ],
};

const PAYMENT_DAYS: u32 = 30;

/// The issuers that the file at `root` describes, in the order of their ids; at least one.
pub(super) fn issuers(root: &Table<'_>) -> Option<Vec<Issuer>> {
    let usual = numbering(root);
    let tables = root.one_or_more("issuer", &ISSUER);
    refuse_shared(&tables, "id");
    for table in tables.iter().filter(|table| tables.len() > 1 && !table.has("id")) {
        table.wrong("id", "one of several issuers has no `id`", "add id = \"late-reply-ie\"; businesses name it");
    }
    let mut issuers: Vec<Issuer> = tables.iter().map(|table| issuer(table, &usual)).collect::<Option<_>>()?;
    refuse_shared_series(&tables, &issuers);
    issuers.sort_by(|one, other| one.id.cmp(&other.id));
    (!issuers.is_empty()).then_some(issuers)
}

fn issuer(table: &Table<'_>, usual: &Numbering) -> Option<Issuer> {
    let party = party(table);
    let email = table.parsed("email", words::email_on(table.page.is_recorded));
    if !table.page.is_recorded {
        check_sender(table, party.as_ref().map(|party| party.legal_name.as_str()), email.as_deref());
    }
    let zone = table.parsed("zone", str::parse);
    let iban = table.parsed("iban", |text| bank::iban(text, table.page.is_recorded));
    let bic = table.parsed("bic", bank::bic);
    let payment_days = table.number("payment_days", 0..=365).unwrap_or(PAYMENT_DAYS);
    let id = table.parsed("id", words::source_name).unwrap_or_default();
    let vat_currency = table.parsed("vat_currency", str::parse);
    let brand = brand::brand(table, party.as_ref().map(|party| party.legal_name.as_str()));
    let Numbering { series, credit_series, first_number } = Numbering::of(table, usual);
    Some(Issuer {
        id,
        party: party?,
        email: email?,
        zone: zone?,
        iban,
        bic,
        payment_days,
        series,
        credit_series,
        first_number,
        vat_currency,
        brand,
    })
}

/// Name and address stand in every mail: what no mail could carry is refused before a document has its number.
fn check_sender(table: &Table<'_>, legal_name: Option<&str>, email: Option<&str>) {
    if let Some(why) = legal_name.and_then(|name| header::text(name).err()) {
        table.wrong("legal_name", format!("no mail can come from this name: {why}"), "shorten it, or take it out");
    }
    if let Some(why) = email.and_then(|email| header::sender(email).err()) {
        table.wrong("email", format!("no mail can come from this address: {why}"), "write one of a shorter domain");
    }
}

/// A number belongs to one issuer and one kind of document.
fn refuse_shared_series(tables: &[Table<'_>], issuers: &[Issuer]) {
    let mut taken: Vec<&str> = Vec::new();
    for (table, issuer) in tables.iter().zip(issuers) {
        for (key, series) in [("series", &issuer.series), ("credit_series", &issuer.credit_series)] {
            if taken.contains(&series.as_str()) {
                let message = format!("the series {series} is that of other documents already");
                table.wrong(key, message, format!("give each issuer, and its credit notes, a {key} of their own"));
            }
            taken.push(series);
        }
    }
}
