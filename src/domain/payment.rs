//! How an invoice is paid: the creditor reference of ISO 11649, and what a QR code says to the app of a bank.

use super::{Invoice, InvoiceNumber};

/// The remainder by 97 of letters and digits, where letters count as two digits: A is 10, Z is 35. ISO 7064, MOD 97-10.
pub fn remainder_by_97(letters: impl Iterator<Item = u8>) -> u32 {
    letters.fold(0, |rest, letter| {
        let value = char::from(letter).to_digit(36).unwrap_or(0);
        (if value > 9 { rest * 100 + value } else { rest * 10 + value }) % 97
    })
}

/// The reference of an invoice that a bank can check (ISO 11649), without blanks: `RF` and two check digits before the
/// number without its hyphens. A series has at most eight letters, so that it fits into the 21 characters of the standard.
pub fn creditor_reference(number: &InvoiceNumber) -> String {
    let own: String = number.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let check = 98 - remainder_by_97(own.bytes().chain(*b"RF00"));
    format!("RF{check:02}{own}")
}

/// The greatest amount of a credit transfer by QR code, in cents.
const LARGEST: i64 = 99_999_999_999;
/// Characters of a beneficiary's name.
const NAME_CHARS: usize = 70;

/// What the QR code of an invoice says (EPC069-12, version 002): whom to pay how much, with which reference: what is left to pay. `None` where
/// the scheme does not know it: without an IBAN, in another currency than the euro, or with nothing to pay.
///
/// `invoice` is as it is billed.
pub fn qr_text(invoice: &Invoice) -> Option<String> {
    let iban = invoice.payment.iban.as_deref()?;
    let due = invoice.due();
    let is_possible =
        invoice.currency.code() == "EUR" && !invoice.is_credit_note() && (1..=LARGEST).contains(&due.minor());
    let name: String = invoice.seller.legal_name.chars().filter(|c| !c.is_control()).take(NAME_CHARS).collect();
    let bic = invoice.payment.bic.as_deref().unwrap_or_default();
    let amount = format!("EUR{}", due.digits());
    let reference = creditor_reference(&invoice.number);
    // Service tag, version, UTF-8, credit transfer; then purpose, reference, and no text beside a reference.
    let lines = ["BCD", "002", "1", "SCT", bic, name.trim(), iban, &amount, "", &reference];
    is_possible.then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_creditor_reference_proves_its_digits() {
        for number in ["LR-2018-000001", "LRC-2026-999999", "ABCDEFGH-2018-000123", "A-0000-000000"] {
            let reference = creditor_reference(&number.parse().unwrap());
            let (head, own) = reference.split_at(4);
            assert_eq!(own, number.replace('-', ""));
            assert_eq!(remainder_by_97(own.bytes().chain(head.bytes())), 1, "{reference}");
            assert!(reference.len() <= 25);
        }
        // The example of the standard.
        assert_eq!(98 - remainder_by_97(b"539007547034".iter().copied().chain(*b"RF00")), 18);
    }
}
