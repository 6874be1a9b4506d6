//! From the canonical invoice to what people read: HTML page, PDF, mail; and from rated waits to files.
//!
//! [`InvoiceView`] is all that a template sees. Values reach Tera and Typst as data and are never parsed as
//! markup. Nothing here reads a file, a clock or the network: templates and fonts are part of the program.

mod computed;
mod corrections;
mod countries;
mod credit;
mod html;
mod labels;
mod languages;
mod lines;
mod mail;
mod markets;
mod numbers;
mod pdf;
mod preview;
mod rule;
#[cfg(test)]
pub(crate) mod sample;
mod terms;
mod texts;
mod view;
pub mod waits;

use serde::Serialize;

pub use credit::{CreditRow, CreditView};
pub use mail::MailBodies;
pub use markets::{codes_named as calling_codes, named as market_named};
pub use numbers::ordinal;
pub use preview::PreviewView;
pub use view::{
    DateView, Fact, InvoiceView, LineView, MailView, PartyView, TotalView, line_file, pdf_file, preview_html_file,
    preview_pdf_file,
};

/// What can go wrong when a document is made. All but the last two are faults of the program's own
/// templates and fonts, which the tests cover.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("a template of the program is not valid")]
    Template(#[source] tera::Error),
    #[error("the page `{template}` cannot be made")]
    Page {
        template: String,
        #[source]
        source: tera::Error,
    },
    #[error("the embedded font {index} cannot be read")]
    Font { index: usize },
    #[error("`{name}` cannot be the name of a file that the PDF library sees")]
    File { name: String },
    #[error("the PDF library does not know the standards PDF/A-3a and PDF/UA-1 together: {detail}")]
    Standard { detail: String },
    #[error("the invoice {number} cannot be written as data for its template")]
    Data {
        number: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("the invoice {number} cannot be set in type: {detail}")]
    Layout { number: String, detail: String },
    #[error("the invoice {number} cannot be written as PDF/A-3a and PDF/UA-1: {detail}")]
    Pdf { number: String, detail: String },
}

/// Makes documents. Made once and shared between threads; it keeps nothing of one document for the next.
pub struct Renderer {
    pages: html::Pages,
    press: pdf::Press,
}

impl Renderer {
    /// Compiles the templates and reads the fonts.
    ///
    /// # Errors
    /// Only when a template or font of the program itself is broken.
    pub fn new() -> Result<Self, RenderError> {
        Ok(Self { pages: html::Pages::new()?, press: pdf::Press::new()? })
    }

    /// The invoice, credit note or preview as one self-contained HTML page.
    ///
    /// # Errors
    /// [`RenderError::Page`].
    pub fn html(&self, view: &InvoiceView) -> Result<String, RenderError> {
        self.pages.render(html::INVOICE, view)
    }

    /// The invoice, credit note or preview as PDF/A-3a and PDF/UA-1. The same view gives the same bytes. Characters that the fonts
    /// lack are shown as `□`.
    ///
    /// # Errors
    /// [`RenderError::Layout`] and [`RenderError::Pdf`] name the invoice.
    pub fn pdf(&self, view: &InvoiceView) -> Result<Vec<u8>, RenderError> {
        self.press.print(view)
    }

    /// Subject and bodies of the mail that carries the invoice or credit note.
    ///
    /// # Errors
    /// [`RenderError::Page`].
    pub fn mail(&self, view: &InvoiceView) -> Result<MailBodies, RenderError> {
        mail::bodies(&self.pages, view)
    }

    /// Any registered page, from its own data.
    ///
    /// # Errors
    /// [`RenderError::Page`]: no such template, or it names what the data does not have.
    pub fn page(&self, template: &str, data: &impl Serialize) -> Result<String, RenderError> {
        self.pages.render(template, data)
    }
}

#[cfg(test)]
mod tests;
