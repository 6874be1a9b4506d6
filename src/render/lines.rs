//! The table of an invoice: its lines, its totals and the notes on VAT.

use serde::Serialize;

use super::view::{clean, length};
use super::{corrections, exchange, labels, markets, numbers, prepaid, terms, texts};
use crate::domain::business::Language;
use crate::domain::correction::{Earlier, EarlierCause};
use crate::domain::invoice::{Adjustment, AdjustmentKind, Invoice, Line, Vat};
use crate::domain::vat::VatShare;
use crate::domain::{Elapsed, EntryPoint, Market, Money, VatKey};

/// One row of the table. Amounts are in the currency that the heading of their column names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineView {
    pub description: String,
    /// Tier and lateness step, where the tariff has them; empty otherwise.
    pub detail: String,
    pub quantity: String,
    /// With every decimal that the price has.
    pub unit_price: String,
    pub amount: String,
    /// Category of EN 16931: `S`, `Z`, `AE`, `O`, `E`, `G`; with its rate where the invoice has several.
    pub vat: String,
}

/// A sum with its label: `VAT 22% of USD 280.94 (S)`, `USD 61.81`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TotalView {
    pub label: String,
    pub amount: String,
}

pub(super) fn lines(invoice: &Invoice) -> Vec<LineView> {
    let lines = invoice.lines.iter().map(|line| line_view(line, invoice));
    lines.chain(invoice.earlier.iter().map(|earlier| earlier_view(earlier, invoice))).collect()
}

pub(super) fn line_view(line: &Line, invoice: &Invoice) -> LineView {
    let language = invoice.language;
    LineView {
        description: described(&line.market, line.entry_point, line.free, language),
        detail: detail(line.tier, line.step, invoice).join(", "),
        quantity: numbers::count(line.quantity, language),
        unit_price: numbers::decimal(line.unit_price, language),
        amount: numbers::amount_digits(line.amount, language),
        vat: vat_of(line.vat.as_ref(), invoice),
    }
}

/// What the charges of a line are for: `Late replies: Italy (+39), click to chat`.
pub(super) fn described(market: &Market, entry_point: EntryPoint, free: bool, language: Language) -> String {
    let (words, terms) = (texts::of(language), terms::of(language));
    let (named, elsewhere) =
        if free { (terms.line_free, terms.line_free_elsewhere) } else { (words.line, words.line_elsewhere) };
    let mut description = match markets::named(market, language) {
        Some(market) => texts::fill(named, &[("market", &market)]),
        None => elsewhere.to_owned(),
    };
    if let Some(entry_point) = words.entry_point(entry_point) {
        description.push_str(", ");
        description.push_str(entry_point);
    }
    description
}

/// Tier and step, where there are any.
pub(super) fn detail(tier: Option<u64>, step: Option<Elapsed>, invoice: &Invoice) -> Vec<String> {
    let words = texts::of(invoice.language);
    let step = step.map(|step| texts::fill(words.step, &[("length", &length(step, invoice))]));
    tier.map(|above| tier_text(above, invoice)).into_iter().chain(step).collect()
}

/// An amount of an earlier month: it has no price of its own.
fn earlier_view(earlier: &Earlier, invoice: &Invoice) -> LineView {
    let (language, words) = (invoice.language, corrections::of(invoice.language));
    let (description, detail) = match earlier.cause {
        EarlierCause::CarriedOver if earlier.charges == 1 => (words.carried_over_one, words.carried_over_why),
        EarlierCause::CarriedOver => (words.carried_over, words.carried_over_why),
        EarlierCause::LateLogs => (words.known_later, ""),
    };
    let (month, count) = (texts::written_month(earlier.month, language), numbers::count(earlier.charges, language));
    LineView {
        description: texts::fill(description, &[("month", &month), ("count", &count)]),
        detail: detail.to_owned(),
        quantity: String::new(),
        unit_price: String::new(),
        amount: numbers::amount_digits(earlier.amount, language),
        vat: vat_of_earlier(earlier, invoice),
    }
}

/// Where the tier of a line begins. With tiers of all units that is where the number of charges has come to, not
/// where the charges of the line begin.
fn tier_text(above: u64, invoice: &Invoice) -> String {
    let (language, terms) = (invoice.language, terms::of(invoice.language));
    match (invoice.computation.tiers.as_str(), above) {
        (terms::ALL_UNITS, 0) => terms.tier_first.to_owned(),
        (terms::ALL_UNITS, _) => texts::fill(terms.tier_above, &[("count", &numbers::count(above, language))]),
        _ => {
            let nth = numbers::ordinal(above.saturating_add(1), language);
            texts::fill(terms.tier_from, &[("nth", &nth)])
        }
    }
}

/// The category of a row that has one of its own, with its rate where there is one.
pub(super) fn vat_of(key: Option<&VatKey>, invoice: &Invoice) -> String {
    let rate = |key: &VatKey| format!(" {}", numbers::percent(key.rate, invoice.language));
    match key {
        Some(key) if key.rate.is_zero() => clean(&key.category),
        Some(key) => clean(&key.category) + &rate(key),
        None => vat_code(invoice),
    }
}

/// The categories of a row by its parts; those of the document, where it has none.
pub(super) fn vat_of_shares(shares: &[VatShare], invoice: &Invoice) -> String {
    let codes: Vec<String> = shares.iter().map(|share| vat_of(Some(&share.vat), invoice)).collect();
    if codes.is_empty() { vat_code(invoice) } else { codes.join(", ") }
}

/// Those of an amount of an earlier month, which may have several.
fn vat_of_earlier(earlier: &Earlier, invoice: &Invoice) -> String {
    let codes: Vec<String> = earlier.by_key().into_iter().map(|(key, _)| vat_of(key, invoice)).collect();
    codes.join(", ")
}

/// The categories of an invoice: one, unless its rows have their own.
pub(super) fn vat_code(invoice: &Invoice) -> String {
    let mut codes: Vec<_> = invoice.vat.iter().map(|vat| clean(&vat.category)).collect();
    codes.dedup();
    codes.join(", ")
}

/// The sum of the month's lines with what a minimum or a cap makes of it, where there is one, and what earlier months
/// add to that; then the net amount and VAT, its groups and their sum where there are several, and all VAT in the currency
/// of the VAT return where that is another; then the total and what was paid of it in advance, where something was.
pub(super) fn totals(invoice: &Invoice) -> Vec<TotalView> {
    let net = TotalView {
        label: texts::of(invoice.language).net.to_owned(),
        amount: numbers::money(invoice.net, invoice.language),
    };
    let taxes = invoice.vat.iter().map(|vat| vat_total(vat, invoice)).chain(all_taxes(invoice));
    let sums = adjusted(invoice).into_iter().chain([net]).chain(taxes).chain(exchange::returned(invoice));
    sums.chain(prepaid::rows(invoice)).collect()
}

fn adjusted(invoice: &Invoice) -> Vec<TotalView> {
    let language = invoice.language;
    let sum = |label: String, amount| TotalView { label, amount: numbers::money(amount, language) };
    let of = |adjustment: &Adjustment| sum(adjustment_label(adjustment, language), adjustment.amount);
    if invoice.adjustments.is_empty() {
        return Vec::new();
    }
    let charges = Money::sum(invoice.currency, invoice.lines.iter().map(|line| line.amount));
    let charges = charges.map(|charges| sum(charges_label(invoice), charges));
    let earlier = Money::sum(invoice.currency, invoice.earlier.iter().map(|earlier| earlier.amount));
    let earlier = earlier.filter(|_| !invoice.earlier.is_empty());
    let earlier = earlier.map(|earlier| sum(corrections::of(language).earlier_months.to_owned(), earlier));
    charges.into_iter().chain(invoice.adjustments.iter().map(of)).chain(earlier).collect()
}

/// `Cap of the month (USD 250.00)`.
pub(super) fn adjustment_label(adjustment: &Adjustment, language: Language) -> String {
    let terms = terms::of(language);
    let label = match adjustment.kind {
        AdjustmentKind::Minimum => terms.minimum,
        AdjustmentKind::Cap => terms.cap,
    };
    texts::fill(label, &[("limit", &numbers::money(adjustment.limit, language))])
}

/// The month is named where another one is on the invoice.
fn charges_label(invoice: &Invoice) -> String {
    if invoice.earlier.is_empty() {
        return terms::of(invoice.language).charges.to_owned();
    }
    let month = texts::written_month(invoice.month, invoice.language);
    texts::fill(corrections::of(invoice.language).charges_of, &[("month", &month)])
}

fn vat_total(vat: &Vat, invoice: &Invoice) -> TotalView {
    let (language, words) = (invoice.language, texts::of(invoice.language));
    let sentence = match vat.category.as_str() {
        "S" => words.vat_standard,
        "AE" => words.vat_reverse,
        "O" => words.vat_outside,
        "E" => words.vat_exempt,
        "G" => terms::of(language).vat_export,
        _ => words.vat_any,
    };
    let (rate, net) = (numbers::percent(vat.rate, language), numbers::money(vat.net, language));
    let label = texts::fill(sentence, &[("rate", &rate), ("net", &net), ("category", &clean(&vat.category))]);
    TotalView { label, amount: numbers::money(vat.tax, language) }
}

/// All VAT of an invoice with several groups.
fn all_taxes(invoice: &Invoice) -> Option<TotalView> {
    let label = labels::of(invoice.language).vat_total.to_owned();
    (invoice.vat.len() > 1).then(|| TotalView { label, amount: numbers::money(invoice.tax, invoice.language) })
}

/// What is to be paid: the total, or what payments in advance leave of it.
pub(super) fn total(invoice: &Invoice) -> TotalView {
    prepaid::due(invoice).unwrap_or_else(|| TotalView {
        label: texts::of(invoice.language).total.to_owned(),
        amount: numbers::money(invoice.total, invoice.language),
    })
}

/// The sentence of a category on which no tax is charged; empty for others.
fn usual(vat: &Vat, language: Language) -> &'static str {
    let words = texts::of(language);
    match vat.category.as_str() {
        "AE" => words.note_reverse,
        "O" => words.note_outside,
        "E" => words.note_exempt,
        "G" => terms::of(language).note_export,
        _ => "",
    }
}

/// Why no VAT is charged, as the invoice says it. The words that the program itself gave, which are frozen in English, are
/// in the language of the document; those of the book stay as they are.
pub(super) fn reason(vat: &Vat, language: Language) -> Option<String> {
    let reason = clean(vat.reason.as_deref()?);
    let is_ours = !reason.is_empty() && reason == usual(vat, Language::English);
    Some(if is_ours { usual(vat, language).to_owned() } else { reason })
}

/// Why no VAT is charged: the sentence of the category, then the invoice's own reason where it says more.
pub(super) fn notes(invoice: &Invoice) -> Vec<String> {
    let note = |vat: &Vat| {
        let usual = usual(vat, invoice.language);
        // Documents of before there were e-invoices keep their bytes.
        let reason = if invoice.electronic { reason(vat, invoice.language) } else { vat.reason.as_deref().map(clean) };
        let reason = reason.unwrap_or_default();
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
    use crate::domain::vat::VatTreatment;

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

    #[track_caller]
    fn check_sums(invoice: &Invoice, expected: &[(&str, &str)]) {
        let sums: Vec<_> = totals(invoice).into_iter().map(|sum| (sum.label, sum.amount)).collect();
        let sums: Vec<_> = sums.iter().map(|(label, amount)| (label.as_str(), amount.as_str())).collect();
        assert_eq!(sums[..expected.len()], *expected);
    }

    #[test]
    fn free_units_tiers_minimum_and_cap_are_told() {
        let capped = sample::capped(Language::English);
        let said = lines(&capped).into_iter().map(|line| format!("{} | {}", line.description, line.detail));
        let expected = [
            "Free units: Italy (+39), click to chat | ",
            "Late replies: Italy (+39), click to chat | from the 1st charge",
            "Late replies: Italy (+39), click to chat | from the 101st charge",
            "Free units: other countries | ",
            "Late replies: other countries | from the 1st charge, waited more than 24 h",
            "Late replies: other countries | from the 1,001st charge, waited more than 48 h",
        ];
        assert_eq!(said.collect::<Vec<_>>(), expected);
        let cap = ("Cap of the month (USD 250.00)", "USD -24.00");
        check_sums(&capped, &[("Charges", "USD 274.00"), cap, ("Net amount", "USD 250.00")]);

        let lifted = sample::lifted(Language::Italian);
        let said: Vec<_> = lines(&lifted).into_iter().map(|line| line.detail).collect();
        assert_eq!(said, ["prima fascia", "fascia oltre 25 addebiti"]);
        let minimum = ("Minimo del mese (USD 5,00)", "USD 1,80");
        check_sums(&lifted, &[("Addebiti", "USD 3,20"), minimum, ("Imponibile", "USD 5,00")]);
        check_sums(&sample::invoice(Language::English), &[("Net amount", "USD 1,342.75")]);
    }

    #[test]
    fn amounts_of_earlier_months_are_lines_and_the_sums_lead_to_the_net_amount() {
        let invoice = sample::with_earlier(Language::English);
        let said = lines(&invoice).into_iter().skip(2).map(|line| format!("{} | {}", line.description, line.amount));
        let expected = [
            "Charges of August 2026, carried over (1 charge) | 0.09",
            "Charges of September 2026, carried over (1,240 charges) | 62.00",
            "Charges of September 2026 known later (logs that arrived after the closing) | 3.00",
        ];
        assert_eq!(said.collect::<Vec<_>>(), expected);
        let minimum = ("Minimum of the month (USD 5.00)", "USD 1.80");
        let (charges, earlier) = (("Charges of October 2026", "USD 3.20"), ("Charges of earlier months", "USD 65.09"));
        check_sums(&invoice, &[charges, minimum, earlier, ("Net amount", "USD 70.09")]);
        // Without a minimum or a cap the lines alone add up to the net amount.
        let unlimited = Invoice { adjustments: Vec::new(), ..invoice };
        check_sums(&unlimited, &[("Net amount", "USD 70.09")]);
    }

    #[test]
    fn vat_has_a_label_and_a_reason() {
        for (category, rate, tax, label, note) in [
            ("S", "22", "295.41", "VAT 22% of USD 1,342.75 (S)", None),
            ("AE", "0", "0", "VAT, reverse charge (AE)", Some("AE: Reverse charge / Inversione contabile")),
            ("O", "0", "0", "VAT, out of scope (O)", Some("O: Not subject to VAT")),
            ("E", "0", "0", "VAT, exempt (E)", Some("E: Exempt from VAT")),
            ("G", "0", "0", "VAT, export (G)", Some("G: Export outside the EU")),
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

    #[test]
    fn the_words_of_the_program_are_in_the_language_of_the_document() {
        let ours = ["Reverse charge / Inversione contabile", "Not subject to VAT"];
        let frozen = [VatTreatment::ReverseCharge, VatTreatment::OutOfScope].map(|treatment| treatment.reason());
        assert_eq!(frozen, ours.map(|reason| Some(reason.to_owned())), "they are known by these words");
        for (category, frozen, language, note) in [
            ("AE", ours[0], Language::French, "AE: Autoliquidation"),
            ("AE", ours[0], Language::Italian, "AE: Reverse charge / Inversione contabile"),
            ("O", ours[1], Language::German, "O: Nicht steuerbare Leistung"),
            ("E", "Art. 132", Language::German, "E: Steuerfreie Leistung. Art. 132"),
        ] {
            let mut invoice = Invoice { electronic: true, ..sample::taxed(language, category, "0", "0") };
            invoice.vat[0].reason = Some(frozen.to_owned());
            assert_eq!(notes(&invoice), [note], "{language}");
        }
        let mut before = sample::taxed(Language::Italian, "O", "0", "0");
        before.vat[0].reason = Some(ours[1].to_owned());
        assert_eq!(notes(&before), ["O: Operazione fuori campo IVA. Not subject to VAT"], "it keeps its bytes");
    }

    #[test]
    fn groups_of_vat_are_summed() {
        let mut invoice = sample::taxed(Language::English, "S", "22", "295.41");
        let (one, other) = (invoice.vat[0].clone(), sample::taxed(Language::English, "S", "10", "0").vat.remove(0));
        invoice.vat = vec![other, one];
        let sums = totals(&invoice);
        let last = sums.last().unwrap();
        assert_eq!((sums.len(), last.label.as_str(), last.amount.as_str()), (4, "Total VAT", "USD 295.41"));
    }
}
