//! What a document has since its second edition: paper, colour, logo, fields of the issuer, notes, details.

use serde::Serialize;

use super::annex::{self, AnnexView};
use super::labels::{self, Labels};
use super::looks::{Edition, Looks};
use super::view::{InvoiceView, clean};
use crate::domain::Invoice;
use crate::domain::brand::{Brand, Paper};

/// A label of the issuer's own with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnFact {
    pub label: String,
    pub value: String,
}

/// A picture at the top.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogoView {
    /// The name by which the template of the PDF asks for it.
    pub file: String,
    /// The picture itself, for a page that fetches nothing. The PDF has it as a file and not here.
    pub data: String,
    /// What it shows, in words.
    pub alt: String,
}

/// What templates of the second edition see beside what those of the first one see.
#[derive(Clone, Debug, Serialize)]
pub struct SheetView {
    /// As Typst calls it.
    pub paper: &'static str,
    /// As style sheets call it.
    pub page_size: &'static str,
    /// `#0b5e55`.
    pub accent: String,
    /// The same for a dark page.
    pub accent_dark: String,
    pub logo: Option<LogoView>,
    pub fields: Vec<OwnFact>,
    /// Sentences after the notes on VAT.
    pub notes: Vec<String>,
    pub words: &'static Labels,
    pub annex: Option<AnnexView>,
}

impl InvoiceView {
    /// The view of a document as its issuer's documents look. `file` is the file that goes with it: the charges of an invoice,
    /// the changes of a credit note. A document of the first edition stays as it is.
    #[must_use]
    pub fn in_looks(
        mut self,
        looks: &Looks,
        issuer: &str,
        brand: &Brand,
        invoice: &Invoice,
        file: Option<&[u8]>,
    ) -> Self {
        if looks.edition == Edition::First {
            return self;
        }
        let (paper, page_size) = match brand.paper {
            Paper::A4 => ("a4", "A4"),
            Paper::Letter => ("us-letter", "letter"),
        };
        let usual = brand.colour == Brand::default().colour;
        let logo = brand.logo.as_ref().zip(looks.logo(issuer));
        let field = |(label, value): &(String, String)| OwnFact { label: clean(label), value: clean(value) };
        self.sheet = Some(SheetView {
            paper,
            page_size,
            accent: brand.colour.to_string(),
            accent_dark: if usual { "#6fd0c1".to_owned() } else { brand.colour.pale().to_string() },
            logo: logo.map(|(logo, file)| LogoView {
                file: file.name(issuer),
                data: file.data_uri(),
                alt: clean(&logo.alt),
            }),
            fields: brand.fields.iter().map(field).collect(),
            notes: Vec::new(),
            words: labels::of(invoice.language),
            annex: file.and_then(|file| annex::annex(invoice, file, &brand.colour.to_string())),
        });
        if self.preview.is_some() {
            annex::of_preview(&mut self);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::brand::Logo;
    use crate::domain::business::Language;
    use crate::render::looks::LogoFile;

    #[test]
    fn a_document_of_the_first_edition_has_no_sheet() {
        let invoice = sample::invoice(Language::English);
        let view = InvoiceView::of(&invoice, "c");
        let before = serde_json::to_string(&view).unwrap();
        let view = view.in_looks(&Looks::first(), "", &Brand::default(), &invoice, None);
        assert_eq!(serde_json::to_string(&view).unwrap(), before, "its identity is made of these bytes");
        assert!(!before.contains("sheet"));
    }

    #[test]
    fn a_logo_is_shown_where_its_file_is_there() {
        let invoice = sample::invoice(Language::English);
        let logo = Logo { path: "logo.svg".into(), alt: "A clock".to_owned() };
        let brand = Brand { logo: Some(logo), paper: Paper::Letter, ..Brand::default() };
        let sheet_of =
            |looks: &Looks| InvoiceView::of(&invoice, "c").in_looks(looks, "ie", &brand, &invoice, None).sheet.unwrap();
        assert_eq!(sheet_of(&Looks::default()).logo, None);
        let logos = [("ie".to_owned(), LogoFile::new("svg", b"<svg/>"))].into();
        let sheet = sheet_of(&Looks::with([].into(), logos));
        let shown = sheet.logo.unwrap();
        assert_eq!((shown.file.as_str(), shown.data.as_str()), ("logo-ie.svg", "data:image/svg+xml;base64,PHN2Zy8+"));
        assert_eq!((sheet.paper, sheet.page_size), ("us-letter", "letter"));
    }
}
