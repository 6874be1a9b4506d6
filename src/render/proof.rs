//! Whether templates of one's own can draw every kind of document: each draws samples before it may draw an invoice.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::html::{INVOICE, MAIL_HTML, MAIL_TEXT};
use super::looks::Looks;
use super::{InvoiceView, RenderError, Renderer, html, markup, pdf, qr};
use crate::domain::Invoice;
use crate::domain::brand::{Brand, Logo};
use crate::domain::business::Language;

/// Documents that show everything a template may meet.
pub(super) const INVOICE_SAMPLE: &str = include_str!("../../templates/samples/invoice.json");
pub(super) const CREDIT_SAMPLE: &str = include_str!("../../templates/samples/credit_note.json");
pub(super) const CHARGES: &str = include_str!("../../templates/samples/charges.csv");
pub(super) const CHANGES: &str = include_str!("../../templates/samples/changes.csv");

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Its name, such as `invoice.typ`.
    pub template: String,
    /// The bytes of it that are wrong, where that is known.
    pub span: Option<Range<usize>>,
    pub message: String,
    pub hint: Option<String>,
}

impl Fault {
    pub(super) fn of(template: &str, message: String) -> Self {
        Self { template: template.to_owned(), span: None, message, hint: None }
    }
}

impl Renderer {
    /// Draws samples with some looks: an invoice with everything, an invoice with little, a credit note, previews of both, each in
    /// the looks of every issuer, and reads what they show. The first thing that is wrong with each template; empty where all
    /// can be used. `drawing` is told the name of each template before it is used: whatever keeps this from coming to an end is
    /// the doing of the last.
    ///
    /// # Errors
    /// Only when the program itself is broken.
    pub fn faults(
        &self,
        looks: &Looks,
        brands: &[(String, Brand)],
        drawing: &mut dyn FnMut(&str),
    ) -> Result<Vec<Fault>, RenderError> {
        let invalid = html::faults(looks, drawing);
        if !invalid.is_empty() {
            return Ok(invalid);
        }
        drawing(pdf::TEMPLATE);
        let (renderer, mut faults) = (self.in_looks(looks)?, Vec::<Fault>::new());
        for view in views(looks, brands)? {
            for fault in renderer.faults_of(looks, &view, drawing)? {
                if faults.iter().all(|known| known.template != fault.template) {
                    faults.push(fault);
                }
            }
        }
        Ok(faults)
    }

    fn faults_of(
        &self,
        looks: &Looks,
        view: &InvoiceView,
        drawing: &mut dyn FnMut(&str),
    ) -> Result<Vec<Fault>, RenderError> {
        let mut faults = Vec::new();
        for name in [INVOICE, MAIL_HTML, MAIL_TEXT] {
            drawing(name);
            match self.page(name, view) {
                Ok(page) => faults.extend(fault_of_page(looks, name, &page, view)),
                Err(RenderError::Page { source, .. }) => faults.push(html::fault(looks, name, &source)),
                Err(error) => return Err(error),
            }
        }
        drawing(pdf::TEMPLATE);
        faults.extend(self.fault_of_pdf(view)?);
        if let Some(fault) = faults.iter_mut().find(|fault| fault.template == pdf::TEMPLATE && fault.hint.is_none()) {
            fault.hint =
                Some("the template sees data.json and the logo alone: no other file, no package, no clock".to_owned());
        }
        Ok(faults)
    }
}

/// What is wrong with a page, or with a text, that was drawn.
fn fault_of_page(looks: &Looks, name: &str, page: &str, view: &InvoiceView) -> Option<Fault> {
    if name == MAIL_TEXT {
        return unshown(name, page, view, &view.buyer.name);
    }
    if let Some(found) = markup::fetched(page) {
        return Some(Fault {
            span: markup::place(looks.template(name), &found.tag),
            hint: Some("styles belong into <style>, and the logo is {{ sheet.logo.data }}".to_owned()),
            ..Fault::of(name, format!("`{}` would fetch or run something when the document is opened", found.what))
        });
    }
    if name == INVOICE && !markup::has_policy(page) {
        return Some(Fault {
            hint: Some(format!("put {POLICY} at the beginning of <head>, as the program's own has it")),
            ..Fault::of(name, "it does not forbid its readers to fetch anything".to_owned())
        });
    }
    unshown(name, &markup::text(page), view, &view.buyer.name)
}

/// What a page begins with, so that nothing that comes after it is fetched.
const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
                      style-src 'unsafe-inline'; img-src data:\">";

/// What a document cannot be without, where its text lacks it: its number (a preview its mark), its total, its buyer. `buyer`
/// is the name as the template has it.
pub(super) fn unshown(template: &str, text: &str, view: &InvoiceView, buyer: &str) -> Option<Fault> {
    let is_mail = matches!(template, MAIL_HTML | MAIL_TEXT);
    let (named, name) = match &view.preview {
        // A preview is not mailed.
        Some(_) if is_mail => return None,
        Some(preview) => ("the mark of a preview", preview.word),
        None => ("the number", view.number.as_str()),
    };
    let (total, shown) = (view.total.amount.as_str(), joined(text));
    let needed = [(named, name), ("the total", total), ("the name of the buyer", buyer)];
    let (what, needed) = needed.into_iter().find(|(_, needed)| !shown.contains(&joined(needed)))?;
    Some(Fault {
        hint: Some(format!("this sample has `{needed}`; begin with a copy of the program's own template")),
        ..Fault::of(template, format!("it does not show {what}"))
    })
}

/// A text as it is looked through: wherever its lines and words are broken, and in small letters.
fn joined(text: &str) -> String {
    let is_break = |sign: char| {
        sign.is_whitespace()
            || matches!(
                sign,
                '-' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2010}' | '\u{2011}' | '\u{2060}' | '\u{feff}'
            )
    };
    text.chars().filter(|sign| !is_break(*sign)).flat_map(char::to_lowercase).collect()
}

/// The samples as templates see them, with the brand of each issuer; without one, as an issuer that says nothing.
fn views(looks: &Looks, brands: &[(String, Brand)]) -> Result<Vec<InvoiceView>, RenderError> {
    let electronic = |invoice: Invoice| Invoice { electronic: true, ..invoice };
    let (full, credit) = (electronic(sample(INVOICE_SAMPLE)?), electronic(sample(CREDIT_SAMPLE)?));
    let bare = Invoice {
        reference: None,
        language: Language::Italian,
        earlier: Vec::new(),
        adjustments: Vec::new(),
        lines: full.lines.iter().take(1).cloned().collect(),
        ..full.clone()
    };
    let alone = [(String::new(), Brand::default())];
    let brands = if brands.is_empty() { alone.as_slice() } else { brands };
    let mut views = Vec::new();
    for (issuer, brand) in brands {
        let fields = vec![("Share capital".to_owned(), "EUR 10,000 株".to_owned())];
        let with_fields = Brand { fields, ..brand.clone() };
        let dressed = |view: InvoiceView, brand: &Brand, invoice: &Invoice, file: Option<&str>| {
            view.in_looks(looks, issuer, brand, invoice, file.map(str::as_bytes))
        };
        // The code of an invoice in euro, too.
        let shown = InvoiceView { qr: qr::drawn("a sample", full.language), ..InvoiceView::of(&full, HEAD) };
        views.push(dressed(shown, &with_fields, &full, Some(CHARGES)));
        views.push(dressed(InvoiceView::of(&bare, HEAD), &without_logo(brand), &bare, None));
        views.push(dressed(InvoiceView::of(&credit, HEAD), brand, &credit, Some(CHANGES)));
        views.push(dressed(InvoiceView::preview(&full), brand, &full, Some(CHARGES)));
        views.push(dressed(InvoiceView::preview(&credit), brand, &credit, Some(CHANGES)));
    }
    Ok(views)
}

/// In place of the head of a chain.
const HEAD: &str = "c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4";

fn without_logo(brand: &Brand) -> Brand {
    let logo: Option<Logo> = None;
    Brand { logo, fields: Vec::new(), ..brand.clone() }
}

fn sample(text: &str) -> Result<Invoice, RenderError> {
    serde_json::from_str(text).map_err(|source| RenderError::Data { number: "of the sample".to_owned(), source })
}

#[cfg(test)]
mod tests;
