//! The preview of a document: what would be issued, marked so that nobody takes it for issued.

use serde::Serialize;

use super::mail::ascii;
use super::texts::{self, fill};
use super::view::{Fact, InvoiceView, MailView, clean, preview_pdf_file};
use super::{corrections, numbers};
use crate::domain::Invoice;

/// What marks each page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreviewView {
    /// `PREVIEW - NOT AN INVOICE`.
    pub mark: String,
    /// Its two halves, for two lines.
    pub word: &'static str,
    pub denial: &'static str,
}

/// Name of the files of a preview, without their ending: it names the business, since there is no number, and the
/// invoice that it corrects, since there may be several.
pub(super) fn file_stem(invoice: &Invoice) -> String {
    let corrects = invoice.corrects.as_ref().map(|corrects| format!("_{}", corrects.number)).unwrap_or_default();
    format!("preview_{}_{}{corrects}", invoice.business.as_str(), invoice.month)
}

/// The longest value of the box, where the widest column is.
fn last(mut facts: Vec<Fact>, label: &str) -> Vec<Fact> {
    facts.sort_by_key(|fact| fact.label == label);
    facts
}

/// Takes from the view of a document what only an issued one has, and marks it.
pub(super) fn preview(invoice: &Invoice, view: InvoiceView) -> InvoiceView {
    let (words, ours) = (texts::of(invoice.language), corrections::of(invoice.language));
    let (title, headline, denial) = if invoice.is_credit_note() {
        (ours.preview_title_credit, ours.preview_headline_credit, ours.no_credit_note)
    } else {
        (ours.preview_title, ours.preview_headline, ours.no_invoice)
    };
    let issued_only = [
        words.number,
        ours.credit_number,
        words.issue_date,
        words.due_date,
        words.line_file,
        ours.changed_file,
        words.chain_head,
    ];
    let without = |mut facts: Vec<Fact>| {
        facts.retain(|fact| !issued_only.contains(&fact.label));
        facts
    };
    let title = fill(title, &[("month", &texts::written_month(invoice.month, invoice.language))]);
    let mark = format!("{} - {denial}", ours.preview);
    let amount = numbers::money(invoice.due(), invoice.language);
    InvoiceView {
        number: file_stem(invoice),
        facts: last(without(view.facts), words.service_period),
        headline: fill(headline, &[("amount", &amount)]),
        settling: Some(ours.preview_settling),
        please_pay: ours.preview_settled.to_owned(),
        payment: Vec::new(),
        qr: None,
        questions: clean(&fill(ours.preview_questions, &[("email", &invoice.seller_email)])),
        computation: without(view.computation),
        digests: without(view.digests),
        mail: MailView {
            subject: ascii(&title),
            intro: mark.clone(),
            attached: fill(ours.preview_attached, &[("pdf", &preview_pdf_file(invoice))]),
        },
        title,
        preview: Some(PreviewView { mark, word: ours.preview, denial }),
        einvoice: None,
        ..view
    }
}
