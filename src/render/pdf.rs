//! PDF by Typst, in process: archival (PDF/A-3a) and accessible (PDF/UA-1).
//!
//! The template sees `data.json`, and the e-invoice where there is one, and nothing else: no disk, no packages, no clock.

use memchr::memmem;
use serde_json::Value;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Coverage, Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use super::einvoice::{ATTACHED, Attached, xmp};
use super::{InvoiceView, RenderError};

const TEMPLATE: &str = include_str!("../../templates/invoice.typ");
/// Goes after a template: it attaches the e-invoice, where there is one.
const ATTACHING: &str = include_str!("../../templates/einvoice.typ");
const FONTS: [&[u8]; 2] = [
    include_bytes!("../../templates/fonts/Inter-Regular.otf"),
    include_bytes!("../../templates/fonts/Inter-SemiBold.otf"),
];

/// Stands where the fonts lack a character: in PDF/A a missing glyph is an error.
const MISSING: char = '□';

/// What all documents share.
pub(super) struct Press {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    coverage: Vec<Coverage>,
    template: Source,
    data: FileId,
    attached: FileId,
    standards: PdfStandards,
}

impl Press {
    pub fn new() -> Result<Self, RenderError> {
        let font = |(index, bytes)| Font::new(Bytes::new(bytes), 0).ok_or(RenderError::Font { index });
        let fonts: Vec<Font> = FONTS.into_iter().enumerate().map(font).collect::<Result<_, _>>()?;
        let standards = PdfStandards::new(&[PdfStandard::A_3a, PdfStandard::Ua_1]);
        Ok(Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            coverage: fonts.iter().map(|font| font.info().coverage.clone()).collect(),
            fonts,
            template: Source::new(file("invoice.typ")?, format!("{TEMPLATE}{ATTACHING}")),
            data: file("data.json")?,
            attached: file(ATTACHED)?,
            standards: standards.map_err(|detail| RenderError::Standard { detail: detail.message().to_string() })?,
        })
    }

    pub fn print(&self, view: &InvoiceView) -> Result<Vec<u8>, RenderError> {
        let number = || view.number.clone();
        let unwritten = |source| RenderError::Data { number: number(), source };
        let mut data = serde_json::to_value(view).map_err(unwritten)?;
        self.cover(&mut data);
        let einvoice = view.einvoice.as_ref();
        let attached = einvoice.map(|einvoice| Bytes::new(einvoice.xml.clone()));
        let job = Job { press: self, data: Bytes::from_string(data.to_string()), attached };
        let _forget = Forget;
        let document = typst::compile(&job).output;
        let document = document.map_err(|found| RenderError::Layout { number: number(), detail: said(&found) })?;
        let options = PdfOptions {
            // The id of the document is that of its content.
            ident: Smart::Custom(ident(&data, einvoice)),
            creator: Smart::Custom(Some("ritardo".to_owned())),
            standards: self.standards.clone(),
            ..PdfOptions::default()
        };
        let pdf = typst_pdf::pdf(&document, &options);
        let mut pdf = pdf.map_err(|found| RenderError::Pdf { number: number(), detail: said(&found) })?;
        part_line_ends(&mut pdf);
        let Some(einvoice) = einvoice else { return Ok(pdf) };
        if memmem::find(&pdf, einvoice.name.as_bytes()).is_none() {
            return Err(RenderError::Unattached { number: number(), name: einvoice.name });
        }
        xmp::declared(pdf).ok_or_else(|| RenderError::Metadata { number: number() })
    }

    /// Replaces in every text what the fonts cannot show.
    fn cover(&self, data: &mut Value) {
        match data {
            Value::String(text) => {
                *text = breakable(&text.chars().filter_map(|sign| self.shown(sign)).collect::<String>())
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.cover(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.cover(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The character itself, [`MISSING`], or nothing for one that is invisible by nature.
    fn shown(&self, sign: char) -> Option<char> {
        let is_covered = self.coverage.iter().all(|coverage| coverage.contains(u32::from(sign)));
        match sign {
            // Joiners and variation selectors: without the glyphs that they join they mean nothing.
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => None,
            // Private use: no reader of the archive could tell what the glyph means.
            '\u{e000}'..='\u{f8ff}' => Some(MISSING),
            _ if is_covered => Some(sign),
            _ => Some(MISSING),
        }
    }
}

/// What the id of a document is made of: all of its content.
fn ident(data: &Value, einvoice: Option<&Attached>) -> String {
    let xml = einvoice.map(|einvoice| String::from_utf8_lossy(&einvoice.xml));
    format!("{data}{}", xml.unwrap_or_default())
}

/// Words longer than a digest may be broken after every sixteenth character, so that they stay in their column.
fn breakable(text: &str) -> String {
    const DIGEST: usize = 64;
    let mut broken = String::with_capacity(text.len());
    for word in text.split_inclusive(' ') {
        let is_long = word.trim_end().chars().count() > DIGEST;
        for (index, sign) in word.chars().enumerate() {
            if is_long && index > 0 && index % 16 == 0 {
                broken.push('\u{200b}');
            }
            broken.push(sign);
        }
    }
    broken
}

fn file(name: &str) -> Result<FileId, RenderError> {
    let path = VirtualPath::new(name).map_err(|_| RenderError::File { name: name.to_owned() })?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

/// The messages of the compiler, on one line.
fn said(found: &[SourceDiagnostic]) -> String {
    found.iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// Where the last byte of a stream is CR, the LF before `endstream` looks like the second half of one line
/// end, and validators count the stream one byte short. CR is as good a line end and cannot be misread; no
/// offset moves.
fn part_line_ends(pdf: &mut [u8]) {
    const MISREAD: &[u8] = b"\r\nendstream\nendobj\n";
    let mut from = 0;
    while let Some(at) = pdf.get(from..).and_then(|rest| rest.windows(MISREAD.len()).position(|seen| seen == MISREAD)) {
        if let Some(line_feed) = pdf.get_mut(from + at + 1) {
            *line_feed = b'\r';
        }
        from += at + MISREAD.len();
    }
}

/// Empties the compiler's cache when a document is done, also when it failed.
struct Forget;

impl Drop for Forget {
    fn drop(&mut self) {
        typst::comemo::evict(0);
    }
}

/// One document: the world as the compiler sees it.
struct Job<'a> {
    press: &'a Press,
    data: Bytes,
    /// The e-invoice.
    attached: Option<Bytes>,
}

impl World for Job<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.press.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.press.book
    }

    fn main(&self) -> FileId {
        self.press.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main() { Ok(self.press.template.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let attached = self.attached.as_ref().filter(|_| id == self.press.attached);
        let found = if id == self.press.data { Some(&self.data) } else { attached };
        found.cloned().ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.press.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fonts_lack_is_shown_as_a_box() {
        let press = Press::new().unwrap();
        for (text, shown) in [
            ("Città Ωμέγα Жёлтый Łódź €", "Città Ωμέγα Жёлтый Łódź €"),
            ("Bar 株式会社", "Bar □□□□"),
            ("Forno 🥖", "Forno □"),
            ("a\u{200d}b\u{fe0f}c\u{feff}", "abc"),
            ("\u{e000}", "□"),
            (&"a".repeat(64), &"a".repeat(64)),
            (&"a".repeat(65), &format!("{0}\u{200b}{0}\u{200b}{0}\u{200b}{0}\u{200b}a", "a".repeat(16))),
        ] {
            let mut data = serde_json::json!([{ "name": text }]);
            press.cover(&mut data);
            assert_eq!(data, serde_json::json!([{ "name": shown }]));
        }
    }

    #[test]
    fn a_stream_that_ends_in_a_carriage_return_keeps_its_length() {
        for (pdf, parted) in [
            ("1\r\nendstream\nendobj\n", "1\r\rendstream\nendobj\n"),
            ("1\nendstream\nendobj\n\r\n", "1\nendstream\nendobj\n\r\n"),
            ("\r\nendstream\nendobj\n\r\nendstream\nendobj\n", "\r\rendstream\nendobj\n\r\rendstream\nendobj\n"),
            ("", ""),
        ] {
            let mut bytes = pdf.as_bytes().to_vec();
            part_line_ends(&mut bytes);
            assert_eq!(bytes, parted.as_bytes());
        }
    }

    #[test]
    fn the_world_has_two_files_and_an_e_invoice() {
        let press = Press::new().unwrap();
        let job = Job { press: &press, data: Bytes::from_string(String::new()), attached: None };
        let other = file("/etc/passwd").unwrap();
        assert!(job.file(press.attached).is_err());
        let job = Job { attached: Some(Bytes::from_string("<x/>".to_owned())), ..job };
        assert!(job.file(press.attached).is_ok() && job.source(press.attached).is_err());
        assert!(job.file(other).is_err() && job.source(other).is_err() && job.today(None).is_none());
        assert!(job.file(press.data).is_ok() && job.source(job.main()).is_ok());
    }
}
