//! Whether templates of one's own can draw every kind of document: each draws samples before it may draw an invoice.

use std::ops::Range;

use super::html::{INVOICE, MAIL_HTML, MAIL_TEXT};
use super::looks::Looks;
use super::{InvoiceView, RenderError, Renderer, html, pdf, qr};
use crate::domain::Invoice;
use crate::domain::brand::{Brand, Logo};
use crate::domain::business::Language;

/// Documents that show everything a template may meet.
pub(super) const INVOICE_SAMPLE: &str = include_str!("../../templates/samples/invoice.json");
pub(super) const CREDIT_SAMPLE: &str = include_str!("../../templates/samples/credit_note.json");
pub(super) const CHARGES: &str = include_str!("../../templates/samples/charges.csv");
pub(super) const CHANGES: &str = include_str!("../../templates/samples/changes.csv");

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Draws samples with some looks: an invoice with everything, an invoice with little, a credit note, a preview, each in
    /// the looks of every issuer. The first thing that is wrong with each template; empty where all can be used.
    ///
    /// # Errors
    /// Only when the program itself is broken.
    pub fn faults(&self, looks: &Looks, brands: &[(String, Brand)]) -> Result<Vec<Fault>, RenderError> {
        let invalid = html::faults(looks);
        if !invalid.is_empty() {
            return Ok(invalid);
        }
        let (renderer, mut faults) = (self.in_looks(looks)?, html::fetching(looks));
        for view in views(looks, brands)? {
            for fault in renderer.faults_of(&view)? {
                if faults.iter().all(|known| known.template != fault.template) {
                    faults.push(fault);
                }
            }
        }
        Ok(faults)
    }

    fn faults_of(&self, view: &InvoiceView) -> Result<Vec<Fault>, RenderError> {
        let mut faults = Vec::new();
        for name in [INVOICE, MAIL_HTML, MAIL_TEXT] {
            match self.page(name, view) {
                Ok(_) => {}
                Err(RenderError::Page { source, .. }) => faults.push(html::fault(name, &source)),
                Err(error) => return Err(error),
            }
        }
        faults.extend(self.fault_of_pdf(view)?);
        if let Some(fault) = faults.iter_mut().find(|fault| fault.template == pdf::TEMPLATE && fault.hint.is_none()) {
            fault.hint =
                Some("the template sees data.json and the logo alone: no other file, no package, no clock".to_owned());
        }
        Ok(faults)
    }
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
