//! VAT by rate and treatment: as it is billed, and as the seller's VAT return has it.

use super::{Entry, grid, summed};
use crate::domain::Money;
use crate::domain::grid::{Column, Grid};
use crate::domain::invoice::Vat;

/// What an accountant calls a category.
fn treatment(category: &str) -> &'static str {
    match category {
        "S" => "standard",
        "Z" => "zero",
        "AE" => "reverse charge",
        "O" => "out of scope",
        "E" => "exempt",
        "G" => "export",
        _ => "other",
    }
}

/// Currency, country of the seller, category, treatment, rate.
fn key(of: &Entry, vat: &Vat, currency: String) -> Vec<String> {
    let (category, rate) = (vat.category.clone(), vat.rate.to_string());
    vec![currency, of.country.clone(), category, treatment(&vat.category).to_owned(), rate]
}

/// A document of two rates stands in two rows, so that documents are not added up.
fn columns() -> Vec<Column> {
    let texts = ["currency", "seller", "category", "treatment"].map(Column::text).into_iter();
    let sums = [Column::rate("rate"), Column::number("documents")].into_iter();
    texts.chain(sums).chain(["net", "tax", "total"].map(Column::amount)).collect()
}

/// In the currencies that documents are billed in: the sum of what they say.
pub(super) fn vat(entries: &[&Entry]) -> Option<Grid> {
    let parts = entries.iter().flat_map(|of| of.vat.iter().map(move |vat| (key(of, vat, of.currency()), vat)));
    grid("VAT", columns(), summed(parts.map(|(key, vat)| (key, vat.net, vat.tax)))?)
}

/// All documents in the currency of the VAT return: that which they say their tax in, else the one that they are billed in.
pub(super) fn returned(entries: &[&Entry]) -> Option<Grid> {
    let mut parts = Vec::new();
    for of in entries {
        for (vat, (net, tax)) in of.vat.iter().zip(accounted(of)?) {
            parts.push((key(of, vat, net.currency().to_string()), net, tax));
        }
    }
    grid("VAT return", columns(), summed(parts.into_iter())?)
}

/// Net amount and tax of each category and rate in the currency of the VAT return. The taxes come to what the document says in
/// it; rounding is in the last of them that is not nothing.
fn accounted(of: &Entry) -> Option<Vec<(Money, Money)>> {
    let Some((whole, rate)) = &of.accounted else {
        return Some(of.vat.iter().map(|vat| (vat.net, vat.tax)).collect());
    };
    let convert = |amount: Money| rate.convert(amount.exact());
    let parts = of.vat.iter().map(|vat| Some((convert(vat.net)?, convert(vat.tax)?)));
    let mut parts: Vec<(Money, Money)> = parts.collect::<Option<_>>()?;
    let sum = Money::sum(whole.currency(), parts.iter().map(|(_, tax)| *tax))?;
    let rounding = whole.checked_sub(sum)?;
    let taxed = of.vat.iter().rposition(Vat::is_charged);
    if let Some((_, tax)) = taxed.and_then(|place| parts.get_mut(place)) {
        *tax = tax.checked_add(rounding)?;
    }
    Some(parts)
}
