//! The QR code of a credit transfer, drawn: one picture for pages and for paper.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;

use crate::domain::business::Language;
use crate::domain::{Invoice, payment};

/// What the scheme allows: bytes of the text, and modules of a side (version 13).
const BYTES_MAX: usize = 331;
const MODULES_MAX: usize = 69;
/// Modules without ink around the code.
const QUIET: usize = 4;

/// A picture with what it is in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QrView {
    /// An SVG of its own. Its words are short, so that none is broken where long ones are.
    pub svg: String,
    /// For who does not see it, and as its caption.
    pub alt: &'static str,
}

/// The QR code of an invoice as it is billed, where there can be one.
pub(super) fn qr(invoice: &Invoice) -> Option<QrView> {
    let text = payment::qr_text(invoice).filter(|text| text.len() <= BYTES_MAX)?;
    drawn(&text, invoice.language)
}

/// A text as a QR code; `None` where it does not fit.
pub(super) fn drawn(text: &str, language: Language) -> Option<QrView> {
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).ok()?;
    let alt = words(language);
    (code.width() <= MODULES_MAX).then(|| QrView { svg: svg(&code, alt), alt })
}

fn words(language: Language) -> &'static str {
    match language.code() {
        "it" => "Codice QR per il bonifico (EPC)",
        "de" => "QR-Code für die Überweisung (EPC)",
        "fr" => "Code QR pour le virement (EPC)",
        "es" => "Código QR para la transferencia (EPC)",
        "pt" => "Código QR para a transferência (EPC)",
        _ => "QR code for the credit transfer (EPC)",
    }
}

/// Each run of dark modules of a row is one rectangle.
fn svg(code: &QrCode, alt: &str) -> String {
    let (width, colors) = (code.width().max(1), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (row, modules) in colors.chunks(width).enumerate() {
        let mut column = 0;
        for run in modules.chunk_by(|one, other| one == other) {
            if run.first() == Some(&Color::Dark) {
                let (x, y, length) = (column + QUIET, row + QUIET, run.len());
                // Writing to memory cannot fail.
                let _ = write!(path, " M{x} {y}h{length}v1h-{length}z");
            }
            column += run.len();
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"132\" height=\"132\" role=\"img\" \
         shape-rendering=\"crispEdges\"><title>{alt}</title><path fill=\"#ffffff\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path fill=\"#000000\" d=\"{}\"/></svg>",
        path.trim_start()
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::Money;

    fn in_euro() -> Invoice {
        let mut invoice = sample::invoice(Language::English);
        invoice.currency = "EUR".parse().unwrap();
        invoice.total = Money::new(134_275, invoice.currency);
        invoice
    }

    #[test]
    fn the_code_says_whom_to_pay_how_much() {
        let text = payment::qr_text(&in_euro()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let expected = [
            "BCD",
            "002",
            "1",
            "SCT",
            "BLOPIT22XXX",
            "Late Replies Inc.",
            "IT60X0542811101000000123456",
            "EUR1342.75",
            "",
        ];
        assert_eq!(lines[..9], expected);
        assert_eq!(Some(lines[9]), payment::creditor_reference(&in_euro().number).as_deref());
        assert_eq!(lines.len(), 10);
        let mut long = in_euro();
        long.number = "ABCDEFGH-2018-1000000000".parse().unwrap();
        let text = payment::qr_text(&long).unwrap();
        assert_eq!(text.lines().skip(8).collect::<Vec<_>>(), ["", "", "ABCDEFGH-2018-1000000000"]);
    }

    #[test]
    fn the_picture_is_drawn_of_short_words() {
        let view = qr(&in_euro()).unwrap();
        assert!(view.svg.split(' ').all(|word| word.chars().count() <= 64));
        // The three finders begin with seven dark modules, at the quiet zone.
        assert!(view.svg.contains("d=\"M4 4h7v1h-7z M"), "{}", view.svg);
        assert_eq!(qr(&in_euro()), Some(view));
    }

    #[test]
    fn what_the_scheme_does_not_know_has_no_code() {
        let mut free = in_euro();
        free.total = Money::zero(free.currency);
        let mut without = in_euro();
        without.payment.iban = None;
        let mut large = in_euro();
        large.total = Money::new(100_000_000_000, large.currency);
        let abroad = ["BR1800360305000010009795493C1", "SA0380000000608010167519", "TR330006100519786457841326"];
        let abroad = abroad.map(|iban| {
            let mut invoice = in_euro();
            invoice.payment.iban = Some(iban.to_owned());
            invoice
        });
        for invoice in [sample::invoice(Language::English), free, without, large].into_iter().chain(abroad) {
            assert_eq!(qr(&invoice), None);
        }
        let mut long = in_euro();
        long.seller.legal_name = "Ж".repeat(200);
        assert!(qr(&long).is_some(), "a name is cut to what the scheme allows");
    }
}
