//! What the documents of an invoice show, read back from the finished texts.

use super::issue;
use super::setup::Setup;
use crate::close::Filed;
use crate::domain::{Invoice, Money};
use crate::error::{Failure, Kind};
use crate::render::{self, Renderer};

/// Documents in which a total of the invoice does not stand, in sentences.
pub fn differing(
    setup: &Setup,
    renderer: &Renderer,
    invoice: &Invoice,
    line_file: &[u8],
) -> Result<Vec<String>, Failure> {
    let mut differing = Vec::new();
    let billed = invoice.as_billed();
    // The tax is shown by category and rate.
    let taxes = billed.vat.iter().map(|vat| ("tax", vat.tax));
    let returned = billed.vat_accounting.iter().map(|accounting| ("tax of the VAT return", accounting.tax));
    let due = billed.prepaid.iter().map(|_| ("amount due", billed.due()));
    let sums = [("net amount", billed.net), ("total", billed.total)];
    let shown: Vec<_> = sums.into_iter().chain(taxes).chain(returned).chain(due).collect();
    let texts = match texts(setup, renderer, invoice, line_file) {
        // A template of one's own that cannot draw it: seen now, before it is frozen with the month.
        Err(failure) if failure.kind == Kind::Configuration => return Ok(vec![failure.in_a_line()]),
        texts => texts?,
    };
    for (name, text) in texts {
        let numbers = numbers(&text);
        for &(what, amount) in &shown {
            let shows_all = what == "total" || name != "mail";
            if shows_all && !numbers.contains(&digits(amount)) {
                differing.push(format!("the {name} does not show the {what} {amount}"));
            }
        }
    }
    let own = invoice.earlier.iter().try_fold(invoice.net, |net, earlier| net.checked_sub(earlier.amount));
    let filed = Filed::read(line_file).ok().and_then(|filed| filed.net());
    if !invoice.is_credit_note() && own.map(Money::exact) != filed {
        differing.push("the file of charges does not come to the net amount of the month".to_owned());
    }
    Ok(differing)
}

/// The texts of the documents. With templates of one's own all documents are drawn, and let go.
fn texts(
    setup: &Setup,
    renderer: &Renderer,
    invoice: &Invoice,
    line_file: &[u8],
) -> Result<Vec<(&'static str, String)>, Failure> {
    if setup.looks.own().next().is_some() {
        let charges = vec![(render::line_file(invoice), line_file.to_vec())];
        issue::documents(setup, renderer, invoice, "", charges)?;
    }
    issue::texts(setup, renderer, invoice)
}

/// The digits of every number in a text, whatever parts its thousands and its cents.
fn numbers(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\u{a0}' | '\u{202f}');
    let words = text.split(|c: char| !is_part(c));
    words.map(|word| word.chars().filter(char::is_ascii_digit).collect::<String>()).collect()
}

fn digits(amount: Money) -> String {
    amount.digits().chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_however_they_are_written() {
        let found = numbers("USD 1,342.75 da pagare 1.342,75<b>7</b>");
        assert_eq!(found.iter().filter(|digits| *digits == "134275").count(), 2);
        assert!(found.contains(&digits("USD 0.07".parse().unwrap())) || digits("USD 0.07".parse().unwrap()) == "007");
    }
}
