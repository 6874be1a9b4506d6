//! `[issuer]` and `[invoice]`: who bills, and how the invoices are numbered.

use super::party::party;
use super::table::{Form, Table};
use super::{bank, words};
use crate::domain::business::Issuer;

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
        "vat_id = \"IE1234567FA\"",
        "registration = \"Companies Registration Office 123456\"",
        "iban = \"IE29 AIBK 9311 5212 3456 78\"",
        "bic = \"AIBKIE2D\"",
        "payment_days = 30",
    ],
};

const INVOICE: Form = Form { name: "[invoice]", needs: &[], allows: &["series = \"LR\"", "first_number = 1"] };

const PAYMENT_DAYS: u32 = 30;
const SERIES: &str = "LR";

/// The issuer that the file at `root` describes.
pub(super) fn issuer(root: &Table<'_>) -> Option<Issuer> {
    let (series, first_number) = numbering(root);
    let table = root.table("issuer", &ISSUER)?;
    let party = party(&table);
    let email = table.parsed("email", words::email);
    let zone = table.parsed("zone", str::parse);
    let iban = table.parsed("iban", bank::iban);
    let bic = table.parsed("bic", bank::bic);
    let payment_days = table.number("payment_days", 0..=365).unwrap_or(PAYMENT_DAYS);
    Some(Issuer { party: party?, email: email?, zone: zone?, iban, bic, payment_days, series, first_number })
}

fn numbering(root: &Table<'_>) -> (String, u32) {
    let Some(table) = root.table("invoice", &INVOICE) else { return (SERIES.to_owned(), 1) };
    let series = table.parsed("series", words::series).unwrap_or_else(|| SERIES.to_owned());
    // Six digits: the printed number has as many.
    let first_number = table.number("first_number", 1..=999_999).unwrap_or(1);
    (series, first_number)
}
