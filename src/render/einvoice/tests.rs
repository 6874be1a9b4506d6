//! E-invoices of every case against recorded ones; kept for validators where `RITARDO_DOCUMENTS` names a folder.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::cases::{self, head, terms_of};
use super::terms::LineTerms;
use super::{cii, ubl};
use crate::domain::brand::Brand;
use crate::domain::business::Language;
use crate::domain::invoice::Line;
use crate::domain::{Decimal, Invoice, Money, Rounding};
use crate::render::{InvoiceView, Looks, Renderer, as_ubl, pdf_file, sample, ubl_file};

/// What the shell asks of these tests.
#[expect(clippy::disallowed_methods, reason = "tests are blessed, and their documents kept, from the shell")]
fn asked(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

/// Writes a file for the validators, where they ask for it.
fn keep(case: &str, name: &str, bytes: &[u8]) {
    if let Some(folder) = asked("RITARDO_DOCUMENTS") {
        let folder = PathBuf::from(folder).join(case);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// Names of the recorded files that differ from what is written now; `BLESS=1` writes them again.
fn differing(files: &[(String, Vec<u8>)]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents");
    let mut differing = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        if fs::read(&path).ok().as_ref() != Some(bytes) {
            if asked("BLESS").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&path, bytes).unwrap();
            }
            differing.push(name.clone());
        }
    }
    differing
}

#[test]
fn every_case_is_written_as_recorded() {
    let mut files = Vec::new();
    for (case, invoice) in cases::documents() {
        let terms = terms_of(&invoice);
        files.push((format!("{case}.json"), invoice.canonical()));
        files.push((format!("{case}.cii.xml"), cii::written(&terms)));
        let asked = as_ubl(&invoice, &head());
        assert_eq!(asked.is_some(), case != "bare");
        files.extend(asked.map(|xml| (format!("{case}.ubl.xml"), xml)));
    }
    let differing = differing(&files);
    assert!(differing.is_empty(), "BLESS=1 accepts what is written now: {}", differing.join(", "));
}

#[test]
fn every_case_is_inside_its_pdf() {
    let renderer = Renderer::new().unwrap();
    let holds = |pdf: &[u8], text: &str| memchr::memmem::find(pdf, text.as_bytes()).is_some();
    for (case, invoice) in cases::documents() {
        let first = InvoiceView::of(&invoice, &head());
        let today = first.clone().in_looks(&Looks::default(), "", &Brand::default(), &invoice, None);
        let drawn = [&first, &today].map(|view| {
            let pdf = renderer.pdf(view).unwrap_or_else(|error| panic!("{case}: {error}"));
            assert!(holds(&pdf, "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>"), "{case}");
            assert!(holds(&pdf, "/AFRelationship/Alternative"), "{case}");
            pdf
        });
        let [of_first, pdf] = drawn;
        assert_ne!(of_first, pdf, "{case}: another edition has other looks");
        assert_eq!(pdf, renderer.pdf(&today).unwrap(), "{case}: the same bytes twice");
        keep(case, &pdf_file(&invoice), &pdf);
        keep(case, &format!("{}.json", invoice.file_stem()), &invoice.canonical());
        if let Some(xml) = as_ubl(&invoice, &head()) {
            keep(case, &ubl_file(&invoice), &xml);
        }
    }
}

#[test]
fn what_has_no_e_invoice_stays_without() {
    let renderer = Renderer::new().unwrap();
    let old = sample::invoice(Language::English);
    let (_, new) = cases::documents().swap_remove(0);
    assert!(InvoiceView::of(&new, &head()).einvoice.is_some());
    for view in [InvoiceView::of(&old, &head()), InvoiceView::preview(&new)] {
        assert_eq!(view.einvoice, None);
        let pdf = renderer.pdf(&view).unwrap();
        assert!(memchr::memmem::find(&pdf, super::ATTACHED.as_bytes()).is_none());
    }
    assert_eq!(as_ubl(&old, &head()), None);
}

#[test]
fn a_document_with_several_treatments_says_which_line_has_which_or_has_no_e_invoice() {
    let (_, mut invoice) = cases::documents().swap_remove(0);
    let other = invoice.vat[0].clone();
    invoice.vat.push(other);
    assert_eq!(InvoiceView::of(&invoice, &head()).einvoice, None);
    let (_, parted) = cases::documents().into_iter().find(|(case, _)| *case == "two-rates").unwrap();
    let terms = terms_of(&parted);
    let rates = terms.lines.iter().map(|line| line.rate.unwrap().to_string());
    assert_eq!(rates.collect::<Vec<_>>(), ["10.00", "22.00", "10.00", "22.00"]);
    assert_eq!(terms.vat.len(), 2);
}

#[test]
fn an_invoice_in_another_currency_is_written_in_what_is_paid() {
    let (_, invoice) = cases::documents().into_iter().find(|(case, _)| *case == "in-euro").unwrap();
    let terms = terms_of(&invoice);
    assert_eq!((terms.currency.code(), terms.means_code()), ("EUR", "58"));
    assert!(terms.lines.iter().all(is_product));
    assert_eq!(Money::sum(terms.currency, terms.lines.iter().map(|line| line.net)), Some(terms.net));
}

#[test]
fn what_was_paid_in_advance_is_no_longer_due() {
    let all = cases::documents();
    let terms = |wanted: &str| terms_of(&all.iter().find(|(case, _)| *case == wanted).unwrap().1);
    for (case, paid) in [("prepaid", "500.00"), ("prepaid-in-euro", "500.00"), ("prepaid-whole", "5.00")] {
        let terms = terms(case);
        // BR-CO-16.
        assert_eq!(terms.gross.checked_sub(terms.prepaid.unwrap()), Some(terms.payable), "{case}");
        assert_eq!(terms.prepaid.unwrap().digits(), paid, "{case}");
        // BR-CO-25: what is due has its day.
        assert_eq!(terms.due.is_some(), terms.payable.minor() > 0, "{case}");
        let [cii, ubl] = [cii::written(&terms), ubl::written(&terms)].map(|xml| String::from_utf8(xml).unwrap());
        assert!(cii.contains(&format!("<ram:TotalPrepaidAmount>{paid}<")), "{case}");
        assert!(ubl.contains(&format!("PrepaidAmount currencyID=\"{}\">{paid}<", terms.currency)), "{case}");
    }
    let note = terms("prepaid-credit-note");
    assert_eq!((note.prepaid, note.payable), (None, note.gross));
}

#[test]
fn tax_is_said_in_the_currency_of_the_vat_return_too() {
    for (case, invoice) in cases::documents().into_iter().filter(|(case, _)| case.starts_with("vat-return")) {
        let terms = terms_of(&invoice);
        let returned = terms.tax_returned.unwrap();
        assert_eq!(
            (returned.currency().code(), returned),
            ("EUR", invoice.vat_accounting.as_ref().unwrap().tax),
            "{case}"
        );
        assert_ne!(terms.currency, returned.currency(), "{case}");
        let [cii, ubl] = [cii::written(&terms), ubl::written(&terms)].map(|xml| String::from_utf8(xml).unwrap());
        let digits = returned.digits();
        for (xml, element) in [
            (&cii, "<ram:TaxCurrencyCode>EUR<".to_owned()),
            (&cii, format!("<ram:TaxTotalAmount currencyID=\"EUR\">{digits}<")),
            (&ubl, "<cbc:TaxCurrencyCode>EUR<".to_owned()),
            (&ubl, format!("<cbc:TaxAmount currencyID=\"EUR\">{digits}<")),
        ] {
            assert_eq!(xml.matches(&element).count(), 1, "{case}: {element}");
        }
    }
}

#[test]
fn without_the_vat_id_that_its_treatment_asks_for_there_is_no_e_invoice() {
    let (_, mut invoice) = cases::documents().swap_remove(0);
    invoice.seller.vat_id = None;
    assert_eq!(InvoiceView::of(&invoice, &head()).einvoice, None);
}

#[test]
fn a_tax_number_that_names_no_country_is_no_vat_id() {
    let (_, abroad) = cases::documents().into_iter().find(|(case, _)| *case == "reverse-charge-abroad").unwrap();
    let terms = terms_of(&abroad);
    let said = |party: &super::terms::PartyTerms| {
        [&party.identifier, &party.registration, &party.vat_id, &party.tax_number]
            .map(|id| id.clone().unwrap_or_default())
    };
    assert_eq!(said(&terms.seller), ["51824753556", "", "", "51824753556"]);
    assert_eq!(said(&terms.buyer), ["bologna-bakery", "EIN12-3456789", "", ""]);
    let texts = [cii::written(&terms), ubl::written(&terms)].map(|xml| String::from_utf8(xml).unwrap());
    assert!(!texts[0].contains("schemeID=\"VA\"") && texts[0].contains("<ram:ID schemeID=\"FC\">51824753556<"));
    assert_eq!(texts[1].matches("<cac:PartyTaxScheme>").count(), 1);
    let (_, domestic) = cases::documents().swap_remove(0);
    let terms = terms_of(&domestic);
    assert_eq!((terms.seller.vat_id.as_deref(), terms.seller.tax_number), (Some("IE9999990AH"), None));
}

#[test]
fn post_code_and_city_are_told_once() {
    let (_, mut invoice) = cases::documents().swap_remove(0);
    (invoice.buyer.post_code, invoice.buyer.city) = (Some("40121".to_owned()), Some("Bologna".to_owned()));
    for address in [&["Via 1", "40121 Bologna"][..], &["Via 1", "40121", "Bologna"], &["Via 1", "Bologna", "40121"]] {
        invoice.buyer.address = address.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(terms_of(&invoice).buyer.address, ["Via 1"]);
    }
}

#[test]
fn the_reason_of_no_tax_is_in_the_language_of_the_document() {
    for (category, frozen, said) in [
        ("AE", "Reverse charge / Inversione contabile", "Steuerschuldnerschaft des Leistungsempfängers"),
        ("O", "Not subject to VAT", "Nicht steuerbare Leistung"),
        ("E", "Art. 132", "Art. 132"),
    ] {
        let mut invoice = cases::from_dublin(sample::taxed(Language::German, category, "0", "0"));
        invoice.vat[0].reason = Some(frozen.to_owned());
        assert_eq!(terms_of(&invoice).vat[0].reason.as_deref(), Some(said));
    }
}

#[test]
fn what_banks_are_told_is_what_people_are_told() {
    let (_, invoice) = cases::documents().into_iter().find(|(case, _)| *case == "in-euro").unwrap();
    let asked = terms_of(&invoice).payment.unwrap().remittance;
    let view = InvoiceView::of(&invoice, &head());
    let printed = view.payment.iter().find(|fact| fact.label == view.words.payment_reference).unwrap();
    assert_eq!(printed.value.replace(' ', ""), asked);
    assert!(asked.starts_with("RF") && view.please_pay.contains(&printed.value), "{}", view.please_pay);
    assert!(view.payment.iter().all(|fact| fact.value != invoice.number.to_string()), "one reference alone");
}

#[test]
fn a_mail_names_the_e_invoice_that_it_carries() {
    let (_, asked) = cases::documents().swap_remove(0);
    let silent = Invoice { e_invoice: None, ..asked.clone() };
    let mut unnamed = asked.clone();
    unnamed.seller.vat_id = None;
    for (invoice, is_named) in [(&asked, true), (&silent, false), (&unnamed, false)] {
        let attached = InvoiceView::of(invoice, &head()).mail.attached;
        assert_eq!(attached.contains(&ubl_file(invoice)), is_named, "{attached}");
        assert_eq!(as_ubl(invoice, &head()).is_some(), is_named);
    }
}

#[test]
fn names_are_true_and_nothing_is_empty() {
    for (case, invoice) in cases::documents() {
        for xml in [cii::written(&terms_of(&invoice)), ubl::written(&terms_of(&invoice))] {
            let text = String::from_utf8(xml).unwrap();
            assert!(!text.contains("/>") && !text.contains("></"), "{case}: {text}");
            assert!(text.chars().all(|sign| sign == '\n' || !sign.is_control()), "{case}");
        }
    }
    let (_, hostile) = cases::documents().into_iter().find(|(case, _)| *case == "hostile").unwrap();
    let terms = terms_of(&hostile);
    assert_eq!(terms.buyer.name, "=1+1 <b>&\"'</b> ]]> #$*_@ Bar 株式会社 🥖 مقهى  Ωμέγα");
    assert_eq!(terms.buyer.address.len(), 3);
    assert_eq!(terms.buyer.address[2], "&amp;, %PDF /Metadata");
}

#[test]
fn a_credit_note_is_a_381_over_positive_sums_that_names_what_it_corrects() {
    for (case, invoice) in cases::documents().into_iter().filter(|(_, invoice)| invoice.is_credit_note()) {
        let terms = terms_of(&invoice);
        assert_eq!((terms.type_code(), terms.due, &terms.payment), ("381", None, &None), "{case}");
        assert!(terms.net.minor() > 0 && terms.payable.minor() > 0, "{case}");
        let (number, date) = terms.preceding.unwrap();
        assert_eq!((number.to_string(), date.to_string()), ("LR-2026-000123".to_owned(), "2026-11-01".to_owned()));
    }
}

#[test]
fn a_cap_is_a_quantity_below_zero_and_never_a_price() {
    let (_, capped) = cases::documents().into_iter().find(|(case, _)| *case == "capped").unwrap();
    let terms = terms_of(&capped);
    let cap = terms.lines.last().unwrap();
    assert_eq!((cap.quantity, cap.price.to_string(), cap.net.to_string()), (-1, "24.00".into(), "USD -24.00".into()));
    assert_eq!(cap.name, "Cap of the month (USD 250.00)");
}

/// An invoice over lines of so many units at prices of so many millionths, with a rate of VAT.
fn invoiced(counted: &[(u32, u32)], rate: u32) -> Invoice {
    let mut invoice = super::cases::from_dublin(sample::taxed(Language::English, "S", "22", "0"));
    let first = invoice.lines[0].clone();
    let line = |&(quantity, price): &(u32, u32)| {
        let quantity = u64::from(quantity);
        let unit_price: Decimal = format!("{}.{:06}", price / 1_000_000, price % 1_000_000).parse().unwrap();
        let exact = unit_price.times(quantity).unwrap();
        let amount = exact.rounded(invoice.currency, Rounding::HalfAwayFromZero).unwrap();
        Line { quantity, unit_price, exact, amount, ..first.clone() }
    };
    invoice.lines = counted.iter().map(line).collect();
    invoice.net = Money::sum(invoice.currency, invoice.lines.iter().map(|line| line.amount)).unwrap();
    let rate: Decimal = rate.to_string().parse().unwrap();
    invoice.tax = invoice.net.percent(rate, Rounding::HalfAwayFromZero).unwrap();
    invoice.total = invoice.net.checked_add(invoice.tax).unwrap();
    let vat = &mut invoice.vat[0];
    (vat.rate, vat.net, vat.tax) = (rate, invoice.net, invoice.tax);
    invoice
}

/// Quantity times price over the units that have it, which a validator compares with the amount of the line.
fn is_product(line: &LineTerms) -> bool {
    let units = if line.priced_units.is_some() { 1 } else { u64::try_from(line.quantity.unsigned_abs()).unwrap() };
    let rounded = line.price.times(units).unwrap().rounded(line.net.currency(), Rounding::HalfAwayFromZero).unwrap();
    let product = if line.quantity < 0 { rounded.negated() } else { rounded };
    product == line.net
}

fn decimals(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

proptest! {
    #[test]
    fn the_sums_are_those_of_en_16931(
        counted in vec((1_u32..100_000, 0_u32..2_000_000), 1..20),
        rate in 1_u32..30,
    ) {
        let terms = terms_of(&invoiced(&counted, rate));
        let sum = |amounts: Vec<Money>| Money::sum(terms.currency, amounts).unwrap();
        // BR-CO-10, BR-CO-13.
        prop_assert_eq!(sum(terms.lines.iter().map(|line| line.net).collect()), terms.net);
        // BR-CO-14, BR-CO-15, BR-CO-16.
        prop_assert_eq!(sum(terms.vat.iter().map(|vat| vat.tax).collect()), terms.tax);
        prop_assert_eq!(terms.net.checked_add(terms.tax), Some(terms.gross));
        prop_assert_eq!(terms.gross, terms.payable);
        // BR-CO-17.
        for vat in &terms.vat {
            prop_assert_eq!(vat.net.percent(vat.rate.unwrap(), Rounding::HalfAwayFromZero), Some(vat.tax));
        }
        prop_assert!(terms.lines.iter().all(is_product));
        // BR-DEC.
        for money in terms.lines.iter().map(|line| line.net).chain([terms.net, terms.tax, terms.gross]) {
            prop_assert_eq!(decimals(&super::terms::amount(money)), 2);
        }
    }
}
