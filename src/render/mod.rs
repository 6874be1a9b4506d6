//! From the canonical invoice to what people read: HTML page, PDF, mail; and from rated waits to files.
//!
//! [`InvoiceView`] is all that a template sees. Values reach Tera and Typst as data and are never parsed as
//! markup. Nothing here reads a file, a clock or the network: fonts are part of the program, and templates too, unless
//! [`Looks`] brings others.

mod annex;
mod chart;
mod computed;
mod corrections;
mod countries;
mod credit;
mod einvoice;
mod exchange;
mod html;
mod labels;
mod languages;
mod letter;
mod line_forms;
mod lines;
mod looks;
mod mail;
mod markets;
mod markup;
mod numbers;
mod payment;
mod pdf;
mod plain;
mod prepaid;
mod preview;
mod proof;
mod qr;
mod rule;
#[cfg(test)]
pub(crate) mod sample;
mod sheet;
mod statement;
mod terms;
mod texts;
mod together;
mod view;
pub mod waits;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::domain::Tongue;

pub(crate) use crate::domain::base64;
pub use annex::{AnnexView, TableView, WaitsView};
pub use credit::{CreditRow, CreditView};
pub use einvoice::{Attached, as_ubl, ubl_file};
pub use html::Pages;
pub use letter::{LetterView, is_letter_pdf, letter, letter_page_file, letter_pdf_file};
pub use line_forms::{grid_as_csv, grid_as_parquet, line_file_as, workbook_of};
pub use looks::{Edition, LogoFile, Looks};
pub use mail::{MailBodies, begins_copy};
pub use markets::{codes_named as calling_codes, named as market_named};
pub use numbers::ordinal;
pub use plain::{Paper, text};
pub use preview::PreviewView;
pub use proof::Fault;
pub use qr::QrView;
pub use sheet::{LogoView, OwnFact, SheetView};
pub use statement::{AccountView, Reminding, StatementView, reminder};
pub use view::{
    DateView, Fact, InvoiceView, LineView, MailView, PartyView, TotalView, line_file, pdf_file, preview_html_file,
    preview_line_file, preview_pdf_file,
};

/// What can go wrong when a document is made. All but the last three are faults of the program's own
/// templates and fonts, which the tests cover.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("a template is not valid")]
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
    #[error("the template keeps `{name}` from being attached to the invoice {number}")]
    Unattached { number: String, name: &'static str },
    #[error("the metadata of the invoice {number} cannot say that an e-invoice is inside")]
    Metadata { number: String },
    #[error("{name} cannot be set in type: {detail}")]
    Paper { name: &'static str, detail: String },
    #[error("the line file {name} cannot be written in another form: {detail}")]
    Lines { name: String, detail: String },
}

/// Makes documents. Made once and shared between threads; it keeps nothing of one document for the next.
#[derive(Clone)]
pub struct Renderer {
    press: Arc<pdf::Press>,
    /// For views without a sheet, which are of the first edition.
    first: Arc<Made>,
    made: Arc<Made>,
    letters: Arc<Letters>,
    /// Those of the last looks that were asked for: nearly all documents of a run have the same.
    known: Arc<Mutex<Vec<Arc<Made>>>>,
}

/// What is made of looks once.
struct Made {
    looks: Looks,
    pages: html::Pages,
    plate: pdf::Plate,
}

impl Made {
    fn of(looks: &Looks) -> Result<Self, RenderError> {
        Ok(Self { looks: looks.clone(), pages: html::Pages::of(looks)?, plate: pdf::Plate::of(looks)? })
    }
}

/// What letters are made of: they have the colours of all looks and the templates of none.
struct Letters {
    pages: html::Pages,
    plate: pdf::Plate,
}

impl Letters {
    fn new() -> Result<Self, RenderError> {
        let page = include_str!("../../templates/letter.html");
        let pages = Tongue::ALL.map(|tongue| (tongue.code().to_owned(), tongue.template(page)));
        Ok(Self { pages: html::Pages::with(&pages)?, plate: pdf::Plate::letter()? })
    }
}

/// So many looks are kept ready.
const LOOKS_KEPT: usize = 4;

impl Renderer {
    /// Compiles the templates of the program and reads the fonts. Its documents have the looks of the program.
    ///
    /// # Errors
    /// Only when a template or font of the program itself is broken.
    pub fn new() -> Result<Self, RenderError> {
        let made = Arc::new(Made::of(&Looks::default())?);
        let known = Arc::new(Mutex::new(vec![Arc::clone(&made)]));
        let (first, letters) = (Arc::new(Made::of(&Looks::first())?), Arc::new(Letters::new()?));
        Ok(Self { press: Arc::new(pdf::Press::new()?), first, made, letters, known })
    }

    /// The same with the templates and logos of some looks: what [`InvoiceView::in_looks`] was given, too.
    ///
    /// # Errors
    /// [`RenderError::Template`]: a template of these looks is not valid.
    pub fn in_looks(&self, looks: &Looks) -> Result<Self, RenderError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|made| made.looks == *looks).cloned();
        let made = match found {
            Some(made) => made,
            None => {
                let made = Arc::new(Made::of(looks)?);
                if known.len() >= LOOKS_KEPT {
                    known.remove(0);
                }
                known.push(Arc::clone(&made));
                made
            }
        };
        let (press, first, letters) = (Arc::clone(&self.press), Arc::clone(&self.first), Arc::clone(&self.letters));
        Ok(Self { press, first, made, letters, known: Arc::clone(&self.known) })
    }

    fn made(&self, view: &InvoiceView) -> &Made {
        if view.sheet.is_none() { &self.first } else { &self.made }
    }

    /// The invoice, credit note or preview as one self-contained HTML page.
    ///
    /// # Errors
    /// [`RenderError::Page`].
    pub fn html(&self, view: &InvoiceView) -> Result<String, RenderError> {
        self.made(view).pages.render(html::INVOICE, view)
    }

    /// The invoice, credit note or preview as PDF/A-3a and PDF/UA-1. The same view gives the same bytes. Characters that the fonts
    /// lack are shown as `□`. The e-invoice that the view has is inside, as Factur-X.
    ///
    /// # Errors
    /// [`RenderError::Layout`] and [`RenderError::Pdf`] name the invoice.
    pub fn pdf(&self, view: &InvoiceView) -> Result<Vec<u8>, RenderError> {
        self.press.print(&self.made(view).plate, view)
    }

    /// Subject and bodies of the mail that carries the invoice or credit note.
    ///
    /// # Errors
    /// [`RenderError::Page`].
    pub fn mail(&self, view: &InvoiceView) -> Result<MailBodies, RenderError> {
        mail::bodies(&self.made(view).pages, view)
    }

    /// The letter of a month as one self-contained HTML page.
    ///
    /// # Errors
    /// [`RenderError::Page`].
    pub fn letter_html(&self, view: &LetterView) -> Result<String, RenderError> {
        self.letters.pages.render(view.language, view)
    }

    /// The letter as PDF/A-3a and PDF/UA-1. The same view gives the same bytes.
    ///
    /// # Errors
    /// [`RenderError::Layout`] and [`RenderError::Pdf`] name its invoice.
    pub fn letter_pdf(&self, view: &LetterView) -> Result<Vec<u8>, RenderError> {
        self.press.print_letter(&self.letters.plate, view).map(|(pdf, _)| pdf)
    }

    /// How many pages its PDF has.
    #[cfg(test)]
    fn letter_pages(&self, view: &LetterView) -> Result<usize, RenderError> {
        self.press.print_letter(&self.letters.plate, view).map(|(_, pages)| pages)
    }

    /// The statement of account of a business as one self-contained HTML page.
    ///
    /// # Errors
    /// [`RenderError::Page`].
    pub fn statement_html(&self, view: &StatementView) -> Result<String, RenderError> {
        self.page(statement::HTML.0, view)
    }

    /// The same as PDF/A-3a and PDF/UA-1. The same view gives the same bytes.
    ///
    /// # Errors
    /// [`RenderError::Paper`].
    pub fn statement_pdf(&self, view: &StatementView) -> Result<Vec<u8>, RenderError> {
        self.press.paper(statement::TYPST, view)
    }

    /// Any registered page, from its own data.
    ///
    /// # Errors
    /// [`RenderError::Page`]: no such template, or it names what the data does not have.
    pub fn page(&self, template: &str, data: &impl Serialize) -> Result<String, RenderError> {
        self.made.pages.render(template, data)
    }

    /// What the template of the PDF does wrong with a document; `None` where nothing is.
    fn fault_of_pdf(&self, view: &InvoiceView) -> Result<Option<Fault>, RenderError> {
        self.press.fault(&self.made.plate, view)
    }

    /// The characters of a document that the fonts of the PDF lack, wherever they stand on it.
    pub fn unprintable(&self, view: &InvoiceView) -> BTreeSet<char> {
        self.press.unprintable(view)
    }

    /// The characters of a text that the fonts of the PDF lack: `□` stands in their place there, and nowhere else.
    pub fn lacking(&self, text: &str) -> BTreeSet<char> {
        self.press.lacking(text)
    }
}

#[cfg(test)]
mod tests;
