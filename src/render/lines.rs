//! The table of an invoice: its lines, its totals and the notes on VAT.

use serde::Serialize;

use super::view::{clean, length};
use super::{markets, numbers, texts};
use crate::domain::invoice::{Invoice, Line, Vat};

/// One row of the table. Amounts are in the currency that the heading of their column names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineView {
    pub description: String,
    /// The lateness step, where the tariff has steps; empty otherwise.
    pub detail: String,
    pub quantity: String,
    /// With every decimal that the price has.
    pub unit_price: String,
    pub amount: String,
    /// Category of EN 16931: `S`, `AE`, `O`, `E`.
    pub vat: String,
}

/// A sum with its label: `VAT 22% of USD 280.94 (S)`, `USD 61.81`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TotalView {
    pub label: String,
    pub amount: String,
}

pub(super) fn lines(invoice: &Invoice) -> Vec<LineView> {
    invoice.lines.iter().map(|line| line_view(line, invoice)).collect()
}

fn line_view(line: &Line, invoice: &Invoice) -> LineView {
    let (language, words) = (invoice.language, texts::of(invoice.language));
    let mut description = match markets::named(&line.market, language) {
        Some(market) => texts::fill(words.line, &[("market", &market)]),
        None => words.line_elsewhere.to_owned(),
    };
    if let Some(entry_point) = words.entry_point(line.entry_point) {
        description.push_str(", ");
        description.push_str(entry_point);
    }
    let step = line.step.map(|step| texts::fill(words.step, &[("length", &length(step))]));
    LineView {
        description,
        detail: step.unwrap_or_default(),
        quantity: numbers::count(line.quantity, language),
        unit_price: numbers::decimal(line.unit_price, language),
        amount: numbers::amount_digits(line.amount, language),
        vat: vat_code(invoice),
    }
}

/// A business has one VAT treatment, so all lines of its invoice share one category.
fn vat_code(invoice: &Invoice) -> String {
    let mut codes: Vec<_> = invoice.vat.iter().map(|vat| clean(&vat.category)).collect();
    codes.dedup();
    codes.join(", ")
}

pub(super) fn totals(invoice: &Invoice) -> Vec<TotalView> {
    let net = TotalView {
        label: texts::of(invoice.language).net.to_owned(),
        amount: numbers::money(invoice.net, invoice.language),
    };
    std::iter::once(net).chain(invoice.vat.iter().map(|vat| vat_total(vat, invoice))).collect()
}

fn vat_total(vat: &Vat, invoice: &Invoice) -> TotalView {
    let (language, words) = (invoice.language, texts::of(invoice.language));
    let sentence = match vat.category.as_str() {
        "S" => words.vat_standard,
        "AE" => words.vat_reverse,
        "O" => words.vat_outside,
        "E" => words.vat_exempt,
        _ => words.vat_any,
    };
    let (rate, net) = (numbers::percent(vat.rate, language), numbers::money(vat.net, language));
    let label = texts::fill(sentence, &[("rate", &rate), ("net", &net), ("category", &clean(&vat.category))]);
    TotalView { label, amount: numbers::money(vat.tax, language) }
}

pub(super) fn total(invoice: &Invoice) -> TotalView {
    TotalView {
        label: texts::of(invoice.language).total.to_owned(),
        amount: numbers::money(invoice.total, invoice.language),
    }
}

/// Why no VAT is charged: the sentence of the category, then the invoice's own reason where it says more.
pub(super) fn notes(invoice: &Invoice) -> Vec<String> {
    let words = texts::of(invoice.language);
    let note = |vat: &Vat| {
        let usual = match vat.category.as_str() {
            "AE" => words.note_reverse,
            "O" => words.note_outside,
            "E" => words.note_exempt,
            _ => "",
        };
        let reason = clean(vat.reason.as_deref().unwrap_or_default());
        let says_more = !reason.is_empty() && reason != usual;
        match (usual.is_empty(), says_more) {
            (false, true) => format!("{}: {usual}. {reason}", vat.category),
            (false, false) => format!("{}: {usual}", vat.category),
            (true, true) => format!("{}: {reason}", clean(&vat.category)),
            (true, false) => String::new(),
        }
    };
    invoice.vat.iter().map(note).filter(|text| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::business::Language;

    #[test]
    fn a_line_names_market_entry_point_and_step() {
        let invoice = sample::invoice(Language::English);
        let said: Vec<_> = lines(&invoice).into_iter().map(|line| (line.description, line.detail)).collect();
        let expected = [
            ("Late replies: Italy (+39), click to chat", ""),
            ("Late replies: Italy (+39), live support", "waited more than 48 h"),
            ("Late replies: Dominican Republic (+1\u{a0}809)", ""),
            ("Late replies: other countries, information request", "waited more than 24 h"),
        ];
        assert_eq!(said, expected.map(|(text, detail)| (text.to_owned(), detail.to_owned())));
        let italian = lines(&sample::invoice(Language::Italian));
        assert_eq!(italian[0].description, "Risposte in ritardo: Italia (+39), click to chat");
        assert_eq!((italian[0].unit_price.as_str(), italian[0].quantity.as_str()), ("0,05", "20.005"));
    }

    #[test]
    fn vat_has_a_label_and_a_reason() {
        for (category, rate, tax, label, note) in [
            ("S", "22", "295.41", "VAT 22% of USD 1,342.75 (S)", None),
            ("AE", "0", "0", "VAT, reverse charge (AE)", Some("AE: Reverse charge / Inversione contabile")),
            ("O", "0", "0", "VAT, out of scope (O)", Some("O: Not subject to VAT")),
            ("E", "0", "0", "VAT, exempt (E)", Some("E: Exempt from VAT")),
        ] {
            let invoice = sample::taxed(Language::English, category, rate, tax);
            assert_eq!(totals(&invoice)[1].label, label);
            assert_eq!(notes(&invoice), note.map(str::to_owned).into_iter().collect::<Vec<_>>());
            assert_eq!(lines(&invoice)[0].vat, category);
        }
        let mut exempt = sample::taxed(Language::English, "E", "0", "0");
        exempt.vat[0].reason = Some("Art. 10".to_owned());
        assert_eq!(notes(&exempt), ["E: Exempt from VAT. Art. 10"]);
    }
}
