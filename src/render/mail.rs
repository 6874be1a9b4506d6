//! The mail that carries an invoice or credit note: subject, text, HTML.

use super::html::{MAIL_HTML, MAIL_TEXT, Pages};
use super::texts::{self, fill};
use super::view::{MailView, clean, is_payable, line_file, pdf_file};
use super::{InvoiceView, RenderError, corrections, credit, labels, numbers, rule, terms, ubl_file};
use crate::domain::business::{EInvoice, Language};
use crate::domain::correction::DocumentKind;
use crate::domain::{Invoice, LineForm};

/// Lines of the text body are shorter than 78 columns, as RFC 5322 asks.
const COLUMNS: usize = 76;

/// Subject and bodies of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailBodies {
    /// ASCII on one line, the number of the invoice first.
    pub subject: String,
    pub text: String,
    /// No images, nothing remote.
    pub html: String,
}

pub(super) fn bodies(pages: &Pages, view: &InvoiceView) -> Result<MailBodies, RenderError> {
    Ok(MailBodies {
        subject: view.mail.subject.clone(),
        text: folded(&pages.render(MAIL_TEXT, view)?),
        html: pages.render(MAIL_HTML, view)?,
    })
}

/// What only the mail says.
pub(super) fn letter(invoice: &Invoice) -> MailView {
    let (subject, intro, attached) = sentences(invoice);
    let language = invoice.language;
    let number = invoice.number.to_string();
    let month = texts::written_month(invoice.month, language);
    let (amount, due) = (numbers::money(invoice.due(), language), invoice.due_date.to_string());
    let corrected = invoice.corrects.as_ref();
    let date = corrected.map(|correction| texts::written_date(correction.issue_date, language)).unwrap_or_default();
    let values = [
        ("number", number.as_str()),
        ("month", &month),
        ("amount", &amount),
        ("due", &due),
        ("corrected", &corrected.map(|correction| correction.number.to_string()).unwrap_or_default()),
        ("date", &date),
        ("why", &credit::in_mail(invoice).join(" ")),
        ("pdf", &pdf_file(invoice)),
        ("lines", &line_file(invoice)),
    ];
    MailView {
        subject: ascii(&fill(subject, &values)),
        intro: clean(&fill(intro, &values)),
        attached: clean(&fill(attached, &values)),
    }
}

/// The view of a document whose mail has its line file in this form.
pub(super) fn with_lines_as(form: LineForm, invoice: &Invoice, view: InvoiceView) -> InvoiceView {
    let attached = view.mail.attached.replace(&line_file(invoice), &format!("{}.{form}", invoice.file_stem()));
    InvoiceView { mail: MailView { attached, ..view.mail }, ..view }
}

/// The view of a document whose mail carries no line file.
pub(super) fn without_lines(invoice: &Invoice, view: InvoiceView) -> InvoiceView {
    let ours = corrections::of(invoice.language);
    let sentence = if invoice.is_credit_note() { ours.attached_alone } else { ours.attached_invoice };
    let attached = clean(&fill(sentence, &[("pdf", &pdf_file(invoice))]));
    with_e_invoice(invoice, InvoiceView { mail: MailView { attached, ..view.mail }, ..view })
}

/// The view of a document whose mail carries nothing, because it would be too large.
pub(super) fn without_documents(invoice: &Invoice, view: InvoiceView) -> InvoiceView {
    let number = invoice.number.to_string();
    let attached = clean(&fill(corrections::of(invoice.language).too_big, &[("number", &number)]));
    InvoiceView { mail: MailView { attached, ..view.mail }, ..view }
}

/// The view of a document whose mail a person had made once more.
pub(super) fn copied(invoice: &Invoice, view: InvoiceView) -> InvoiceView {
    let subject = ascii(&format!("{}: {}", corrections::of(invoice.language).copy, view.mail.subject));
    InvoiceView { mail: MailView { subject, ..view.mail }, ..view }
}

/// Whether the subject of a copy begins with this word, in one of the languages.
pub fn begins_copy(word: &str) -> bool {
    Language::ALL.into_iter().any(|language| ascii(corrections::of(language).copy) == word)
}

/// The view of a document whose mail carries the e-invoice as a file, too, where its business asks for it.
pub(super) fn with_e_invoice(invoice: &Invoice, view: InvoiceView) -> InvoiceView {
    let Some(told) = of_e_invoice(invoice, &view) else { return view };
    let attached = clean(&format!("{} {told}", view.mail.attached));
    InvoiceView { mail: MailView { attached, ..view.mail }, ..view }
}

/// The view of a document whose mail carries the e-invoice inside of the PDF alone.
pub(super) fn without_e_invoice(invoice: &Invoice, view: InvoiceView) -> InvoiceView {
    let Some(told) = of_e_invoice(invoice, &view) else { return view };
    let told = clean(&told);
    let attached = view.mail.attached.strip_suffix(told.as_str()).unwrap_or(&view.mail.attached).trim_end().to_owned();
    InvoiceView { mail: MailView { attached, ..view.mail }, ..view }
}

/// What a mail says of the e-invoice beside it, where there is one.
fn of_e_invoice(invoice: &Invoice, view: &InvoiceView) -> Option<String> {
    let is_beside = view.einvoice.is_some() && invoice.e_invoice == Some(EInvoice::Ubl);
    is_beside.then(|| fill(labels::of(invoice.language).e_invoice_attached, &[("xml", &ubl_file(invoice))]))
}

/// Subject, introduction and what is attached, with their places.
fn sentences(invoice: &Invoice) -> (&'static str, &'static str, &'static str) {
    let (words, terms) = (texts::of(invoice.language), terms::of(invoice.language));
    let ours = corrections::of(invoice.language);
    let subject = if is_payable(invoice) { words.subject } else { words.subject_nothing_due };
    let intro = if rule::is_outbound(invoice) { terms.mail_intro_outbound } else { words.mail_intro };
    match (&invoice.corrects, invoice.kind) {
        (None, DocumentKind::Invoice) => (subject, intro, words.mail_attached),
        (Some(_), DocumentKind::Invoice) => {
            let subject = if is_payable(invoice) { ours.subject_replaced } else { subject };
            (subject, ours.intro_replaced, words.mail_attached)
        }
        (Some(correction), DocumentKind::CreditNote) if correction.messages > 0 => {
            (ours.subject, ours.intro, ours.attached)
        }
        (_, DocumentKind::CreditNote) => (ours.subject, ours.intro, ours.attached_alone),
    }
}

/// Subjects are ASCII: letters of Latin alphabets lose their marks, and what else is not ASCII is a question mark.
pub(super) fn ascii(text: &str) -> String {
    let mut subject = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            ' '..='~' => subject.push(sign),
            '\u{a0}' | '\u{202f}' => subject.push(' '),
            '\u{2010}'..='\u{2015}' => subject.push('-'),
            '‘' | '’' => subject.push('\''),
            _ => subject.push_str(plain(sign)),
        }
    }
    subject
}

/// The letters of our languages without their marks.
const fn plain(letter: char) -> &'static str {
    match letter {
        'à' | 'á' | 'â' | 'ã' => "a",
        'À' | 'Á' | 'Â' | 'Ã' => "A",
        'ä' => "ae",
        'Ä' => "Ae",
        'ç' => "c",
        'Ç' => "C",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'È' | 'É' | 'Ê' | 'Ë' => "E",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'Ì' | 'Í' | 'Î' | 'Ï' => "I",
        'ñ' => "n",
        'Ñ' => "N",
        'ò' | 'ó' | 'ô' | 'õ' => "o",
        'Ò' | 'Ó' | 'Ô' | 'Õ' => "O",
        'ö' => "oe",
        'Ö' => "Oe",
        'œ' => "oe",
        'ß' => "ss",
        'ù' | 'ú' | 'û' => "u",
        'Ù' | 'Ú' | 'Û' => "U",
        'ü' => "ue",
        'Ü' => "Ue",
        _ => "?",
    }
}

/// The text with no line longer than [`COLUMNS`]: broken at blanks, and within a word only where it alone
/// is longer than a line. At most one empty line in a row.
fn folded(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim().lines().map(str::trim_end) {
        let repeats = line.is_empty() && lines.last().is_some_and(String::is_empty);
        if !repeats {
            fold_line(line, &mut lines);
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn fold_line(line: &str, lines: &mut Vec<String>) {
    let (mut current, mut columns) = (String::new(), 0);
    for word in line.split(' ') {
        let length = word.chars().count();
        if columns > 0 && columns + 1 + length > COLUMNS {
            lines.push(std::mem::take(&mut current));
            columns = 0;
        } else if columns > 0 {
            current.push(' ');
            columns += 1;
        }
        for sign in word.chars() {
            if columns == COLUMNS {
                lines.push(std::mem::take(&mut current));
                columns = 0;
            }
            current.push(sign);
            columns += 1;
        }
    }
    lines.push(current);
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn subjects_keep_their_letters() {
        assert_eq!(
            ascii("Rechnung für März 2026: 1.342,75\u{a0}EUR, fällig"),
            "Rechnung fuer Maerz 2026: 1.342,75 EUR, faellig"
        );
        assert_eq!(ascii("Aperçu de l’avoir – août 株"), "Apercu de l'avoir - aout ?");
    }

    /// What is said of the e-invoice beside the PDF is taken back word by word, in every language, and nothing else.
    #[test]
    fn a_mail_without_the_e_invoice_does_not_speak_of_it() {
        for language in Language::ALL {
            let invoice = Invoice { electronic: true, e_invoice: Some(EInvoice::Ubl), ..sample::invoice(language) };
            let with = InvoiceView::of(&invoice, "c");
            assert!(with.einvoice.is_some(), "{language}: the sample has no e-invoice");
            let told = ubl_file(&invoice);
            assert!(with.mail.attached.contains(&told), "{language}: {}", with.mail.attached);
            let before = letter(&invoice).attached;
            let without = with.clone().without_e_invoice(&invoice);
            assert_eq!(without.mail.attached, before, "{language}");
            assert_eq!(without.mail.subject, with.mail.subject, "{language}");
            // Once more, or where nothing was said, nothing is taken.
            assert_eq!(without.without_e_invoice(&invoice).mail.attached, before, "{language}");
            let plain = Invoice { e_invoice: None, ..invoice.clone() };
            let view = InvoiceView::of(&plain, "c");
            assert_eq!(view.clone().without_e_invoice(&plain).mail.attached, view.mail.attached, "{language}");
            // Nor of the lines: what is left is the document alone.
            let alone = with.without_lines(&invoice).without_e_invoice(&invoice).mail.attached;
            assert!(!alone.contains(&told) && alone.contains(&pdf_file(&invoice)), "{language}: {alone}");
        }
    }

    #[test]
    fn a_mail_that_is_too_large_says_that_documents_are_to_be_asked_for() {
        for language in Language::ALL {
            let invoice = sample::invoice(language);
            let attached = InvoiceView::of(&invoice, "c").without_documents(&invoice).mail.attached;
            assert!(attached.contains(&invoice.number.to_string()), "{language}: {attached}");
            assert!(
                !attached.contains(&pdf_file(&invoice)) && !attached.contains(['{', '}']),
                "{language}: {attached}"
            );
        }
    }

    #[test]
    fn lines_are_folded_at_blanks() {
        let word = "x".repeat(40);
        for (text, expected) in [
            ("a\n\n\n\nb".to_owned(), "a\n\nb\n".to_owned()),
            (format!("{word} {word}"), format!("{word}\n{word}\n")),
            ("y".repeat(80), format!("{}\nyyyy\n", "y".repeat(76))),
            (format!("{} z", "y".repeat(76)), format!("{}\nz\n", "y".repeat(76))),
        ] {
            assert_eq!(folded(&text), expected);
        }
    }
}
