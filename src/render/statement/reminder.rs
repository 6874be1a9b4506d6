//! The reminder of what is overdue: subject, text and page of a mail.

use super::words::words;
use super::{open_items, open_view};
use crate::domain::business::Language;
use crate::domain::receivable::OpenItem;
use crate::domain::{Date, Money};
use crate::render::texts::fill;
use crate::render::view::clean;
use crate::render::{MailBodies, numbers};

/// What a reminder says.
#[derive(Clone, Copy, Debug)]
pub struct Reminding<'r> {
    pub language: Language,
    /// Counted from 1.
    pub level: u32,
    pub buyer: &'r str,
    pub seller: &'r str,
    pub iban: Option<&'r str>,
    /// Overdue, in one currency; at least one.
    pub items: &'r [&'r OpenItem],
    /// What of them its credit covers.
    pub credit: Money,
    /// The sum of them, less that.
    pub amount: Money,
    pub today: Date,
}

/// Subject and bodies of a reminder.
pub fn reminder(of: &Reminding) -> MailBodies {
    let words = words(of.language);
    let (amount, level) = (numbers::money(of.amount, of.language), of.level.to_string());
    let is_first = of.level <= 1;
    let places = [("amount", amount.as_str()), ("level", level.as_str())];
    let subject = fill(if is_first { words.subject } else { words.subject_again }, &places);
    let greeting = fill(words.greeting, &[("name", &clean(of.buyer))]);
    let please = fill(if is_first { words.please } else { words.please_again }, &places);
    let views: Vec<_> = of.items.iter().map(|item| open_view(item, of.today, of.language)).collect();
    let table = open_items(words, &views, &of.amount.currency().to_string());
    let credit = numbers::money(of.credit, of.language);
    let less = (!of.credit.is_zero()).then(|| fill(words.less, &[("amount", &credit)]));
    let account = of.iban.map(|iban| fill(words.account, &[("iban", &clean(iban))]));
    let end: Vec<String> =
        less.into_iter().chain(account).chain([words.crossed.to_owned(), clean(of.seller)]).collect();
    let text = format!("{greeting}\n\n{please}\n\n{table}\n{}\n", end.join("\n\n"));
    let paragraphs =
        |texts: &[String]| texts.iter().map(|text| format!("<p>{}</p>\n", escaped(text))).collect::<String>();
    let html = format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n{}<pre>{}</pre>\n{}</body></html>\n",
        of.language.code(),
        escaped(&subject),
        paragraphs(&[greeting.clone(), please.clone()]),
        escaped(&table),
        paragraphs(&end)
    );
    MailBodies { subject, text, html }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
