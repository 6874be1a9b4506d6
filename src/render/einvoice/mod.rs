//! E-invoices of EN 16931: [`terms`] has the business terms, [`fill`] takes them from the canonical invoice and its view,
//! and each syntax has a writer of its own. [`xmp`] says in a PDF that one is inside.

mod cii;
mod fill;
mod lines;
mod terms;
mod tree;
mod ubl;
pub(super) mod xmp;

use serde::Serialize;

use self::terms::Terms;
use super::view::InvoiceView;
use crate::domain::Invoice;
use crate::domain::business::EInvoice;

/// The unit of measure of everything that is counted (UN/ECE Recommendation 20): one.
const UNIT: &str = "C62";
/// The scheme of the tax.
const VAT: &str = "VAT";

/// The same document for programs, inside its PDF.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attached {
    /// As Factur-X wants it.
    pub name: &'static str,
    /// For people who look at the list of attachments.
    pub description: &'static str,
    /// Not for templates: it is a file beside their data.
    #[serde(skip)]
    pub xml: Vec<u8>,
}

/// Name of the e-invoice inside a PDF.
pub(super) const ATTACHED: &str = "factur-x.xml";

/// The Factur-X of a document; `None` for one of before there were e-invoices.
pub(super) fn attached(invoice: &Invoice, view: &InvoiceView) -> Option<Attached> {
    let terms = Terms::of(invoice, view).filter(|_| invoice.electronic)?;
    let xml = cii::written(&terms);
    Some(Attached { name: ATTACHED, description: "Factur-X / ZUGFeRD e-invoice (EN 16931)", xml })
}

/// The UBL of a document whose business asks for it; `None` for others. `head` as in [`InvoiceView::of`].
pub fn as_ubl(invoice: &Invoice, head: &str) -> Option<Vec<u8>> {
    let is_asked = invoice.electronic && invoice.e_invoice == Some(EInvoice::Ubl);
    let terms = is_asked.then(|| Terms::of(invoice, &InvoiceView::of(invoice, head))).flatten()?;
    Some(ubl::written(&terms))
}

/// Name of the file of UBL: `LR-2018-000123_2018-08.xml`.
pub fn ubl_file(invoice: &Invoice) -> String {
    format!("{}.xml", invoice.file_stem())
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;
