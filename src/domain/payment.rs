//! How an invoice is paid: the creditor reference of ISO 11649, and what a QR code says to the app of a bank.

use super::{Invoice, InvoiceNumber};

/// The remainder by 97 of letters and digits, where letters count as two digits: A is 10, Z is 35. ISO 7064, MOD 97-10.
pub fn remainder_by_97(letters: impl Iterator<Item = u8>) -> u32 {
    letters.fold(0, |rest, letter| {
        let value = char::from(letter).to_digit(36).unwrap_or(0);
        (if value > 9 { rest * 100 + value } else { rest * 10 + value }) % 97
    })
}

/// Characters of a reference after `RF` and its check digits.
const OWN_MAX: usize = 21;

/// The reference of an invoice that a bank can check (ISO 11649), without blanks: `RF` and two check digits before the
/// number without its hyphens. `None` where that is longer than the standard allows: a series of eight letters has room for
/// counts of nine digits.
pub fn creditor_reference(number: &InvoiceNumber) -> Option<String> {
    let own: String = number.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let check = 98 - remainder_by_97(own.bytes().chain(*b"RF00"));
    (own.len() <= OWN_MAX).then(|| format!("RF{check:02}{own}"))
}

/// Countries whose accounts take part in SEPA, by the first letters of their IBANs: those of the EU and the EEA, and those that
/// joined since.
const SEPA: [&str; 42] = [
    "AD", "AL", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR", "HR", "HU",
    "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MD", "ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE",
    "SI", "SK", "SM", "VA",
];

/// The greatest amount of a credit transfer by QR code, in cents.
const LARGEST: i64 = 99_999_999_999;
/// Characters of a beneficiary's name.
const NAME_CHARS: usize = 70;

/// What the QR code of an invoice says (EPC069-12, version 002): whom to pay how much, with which reference: what is left to
/// pay. `None` where the scheme does not know it: without an IBAN of SEPA, in another currency than the euro, or with nothing
/// to pay.
///
/// `invoice` is as it is billed.
pub fn qr_text(invoice: &Invoice) -> Option<String> {
    let iban = invoice.payment.iban.as_deref().filter(|iban| SEPA.iter().any(|country| iban.starts_with(*country)))?;
    let due = invoice.due();
    let is_possible =
        invoice.currency.code() == "EUR" && !invoice.is_credit_note() && (1..=LARGEST).contains(&due.minor());
    let name: String = invoice.seller.legal_name.chars().filter(|c| !c.is_control()).take(NAME_CHARS).collect();
    let bic = invoice.payment.bic.as_deref().unwrap_or_default();
    let amount = format!("EUR{}", due.digits());
    let (reference, number) = (creditor_reference(&invoice.number), invoice.number.to_string());
    // Service tag, version, UTF-8, credit transfer; then purpose, reference, and a text only where there is none.
    let mut lines = vec!["BCD", "002", "1", "SCT", bic, name.trim(), iban, &amount, ""];
    match &reference {
        Some(reference) => lines.push(reference),
        None => lines.extend(["", &number]),
    }
    is_possible.then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_creditor_reference_proves_its_digits() {
        for number in ["LR-2018-000001", "LRC-2026-999999", "ABCDEFGH-2018-999999999", "A-0000-000000"] {
            let reference = creditor_reference(&number.parse().unwrap()).unwrap();
            let (head, own) = reference.split_at(4);
            assert_eq!(own, number.replace('-', ""));
            assert_eq!(remainder_by_97(own.bytes().chain(head.bytes())), 1, "{reference}");
            assert!(reference.len() <= 25);
        }
        assert_eq!(creditor_reference(&"ABCDEFGH-2018-1000000000".parse().unwrap()), None);
        // The example of the standard.
        assert_eq!(98 - remainder_by_97(b"539007547034".iter().copied().chain(*b"RF00")), 18);
    }
}
