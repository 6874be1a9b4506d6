//! PDF by Typst, in process: archival (PDF/A-3a) and accessible (PDF/UA-1).
//!
//! The template sees `data.json`, the logos, and the e-invoice where there is one, and nothing else: no disk, no packages, no
//! clock.

use std::collections::BTreeSet;

use memchr::memmem;
use serde::Serialize;
use serde_json::Value;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::layout::{Frame, FrameItem};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Coverage, Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World, WorldExt};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use super::einvoice::{ATTACHED, Attached, xmp};
use super::looks::Looks;
use super::proof::{Fault, unshown};
use super::{InvoiceView, LetterView, RenderError};

pub(super) const TEMPLATE: &str = "invoice.typ";
/// Goes after a template: it attaches the e-invoice, where there is one.
const ATTACHING: &str = include_str!("../../templates/einvoice.typ");

/// In place of the name of a template where the logo is what cannot be used.
const LOGO: &str = "logo";
const FONTS: [&[u8]; 2] = [
    include_bytes!("../../templates/fonts/Inter-Regular.otf"),
    include_bytes!("../../templates/fonts/Inter-SemiBold.otf"),
];

/// Stands where the fonts lack a character: in PDF/A a missing glyph is an error.
const MISSING: char = '□';

/// Fields whose text is a drawing of the program's own and no words.
const DRAWN: [&str; 2] = ["chart", "svg"];

/// What all documents share.
pub(super) struct Press {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    coverage: Vec<Coverage>,
    data: FileId,
    attached: FileId,
    standards: PdfStandards,
}

/// What all documents of the same looks share.
pub(super) struct Plate {
    template: Source,
    /// So many bytes of it are of the looks; what follows attaches the e-invoice.
    own: usize,
    logos: Vec<(FileId, Bytes)>,
}

impl Plate {
    pub fn of(looks: &Looks) -> Result<Self, RenderError> {
        let text = looks.template(TEMPLATE);
        // Whatever the last line of a template is: what follows is no part of it.
        let parted = if text.ends_with('\n') { "" } else { "\n" };
        let template = Source::new(file(TEMPLATE)?, format!("{text}{parted}{ATTACHING}"));
        let mut logos = Vec::new();
        for (name, bytes) in looks.logos() {
            logos.push((file(&name)?, Bytes::new(bytes)));
        }
        Ok(Self { template, own: text.len(), logos })
    }
}

impl Plate {
    /// The plate of letters, whatever the looks.
    pub fn letter() -> Result<Self, RenderError> {
        let text = include_str!("../../templates/letter.typ");
        Ok(Self { template: Source::new(file("letter.typ")?, text.to_owned()), own: text.len(), logos: Vec::new() })
    }
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
            data: file("data.json")?,
            attached: file(ATTACHED)?,
            standards: standards.map_err(|detail| RenderError::Standard { detail: detail.message().to_string() })?,
        })
    }

    /// Prints a document with the template of its looks.
    pub fn print(&self, plate: &Plate, view: &InvoiceView) -> Result<Vec<u8>, RenderError> {
        let number = || view.number.clone();
        let data = self.data_of(view)?;
        let einvoice = view.einvoice.as_ref();
        let job = self.job(plate, &data, einvoice);
        let _forget = Forget;
        let document = typst::compile(&job).output;
        let document = document.map_err(|found| RenderError::Layout { number: number(), detail: said(&found) })?;
        let pdf = typst_pdf::pdf(&document, &self.options(&data, einvoice));
        let mut pdf = pdf.map_err(|found| RenderError::Pdf { number: number(), detail: said(&found) })?;
        part_line_ends(&mut pdf);
        let Some(einvoice) = einvoice else { return Ok(pdf) };
        if !is_attached(&pdf, einvoice) {
            return Err(RenderError::Unattached { number: number(), name: einvoice.name });
        }
        xmp::declared(pdf).ok_or_else(|| RenderError::Metadata { number: number() })
    }

    /// Prints a letter; and how many pages it has.
    pub fn print_letter(&self, plate: &Plate, view: &LetterView) -> Result<(Vec<u8>, usize), RenderError> {
        let number = || view.number.clone();
        let unwritten = |source| RenderError::Data { number: number(), source };
        let mut data = serde_json::to_value(view).map_err(unwritten)?;
        self.cover(&mut data);
        let job = self.job(plate, &data, None);
        let _forget = Forget;
        let document = typst::compile(&job).output;
        let document = document.map_err(|found| RenderError::Layout { number: number(), detail: said(&found) })?;
        let pdf = typst_pdf::pdf(&document, &self.options(&data, None));
        let mut pdf = pdf.map_err(|found| RenderError::Pdf { number: number(), detail: said(&found) })?;
        part_line_ends(&mut pdf);
        Ok((pdf, document.pages().len()))
    }

    /// Prints what is no document with a template of the program: its name and its text.
    pub fn paper(&self, (name, text): (&'static str, &str), data: &impl Serialize) -> Result<Vec<u8>, RenderError> {
        let failed = |detail: String| RenderError::Paper { name, detail };
        let mut data = serde_json::to_value(data).map_err(|error| failed(error.to_string()))?;
        self.cover(&mut data);
        let plate = Plate { template: Source::new(file(name)?, text.to_owned()), own: text.len(), logos: Vec::new() };
        let job = self.job(&plate, &data, None);
        let _forget = Forget;
        let document = typst::compile(&job).output.map_err(|found| failed(said(&found)))?;
        let pdf = typst_pdf::pdf(&document, &self.options(&data, None));
        let mut pdf = pdf.map_err(|found| failed(said(&found)))?;
        part_line_ends(&mut pdf);
        Ok(pdf)
    }

    /// What is wrong with the template of some looks when it prints this document; `None` where nothing is.
    pub fn fault(&self, plate: &Plate, view: &InvoiceView) -> Result<Option<Fault>, RenderError> {
        let data = self.data_of(view)?;
        let einvoice = view.einvoice.as_ref();
        let job = self.job(plate, &data, einvoice);
        let _forget = Forget;
        let printed = typst::compile(&job).output.and_then(|document| {
            let pdf = typst_pdf::pdf(&document, &self.options(&data, einvoice))?;
            Ok((pdf, document.pages().iter().map(|page| text_of(&page.frame)).collect::<String>()))
        });
        let unattached = |pdf: &[u8]| einvoice.filter(|einvoice| !is_attached(pdf, einvoice));
        Ok(match printed {
            Err(found) => Some(fault_of(&job, &found)),
            Ok((pdf, text)) => match unattached(&pdf) {
                Some(einvoice) => Some(Fault {
                    hint: Some("close the comments that it opens, and show all of the document".to_owned()),
                    ..Fault::of(TEMPLATE, format!("it keeps `{}` from being attached", einvoice.name))
                }),
                None => {
                    // As the fonts can show it.
                    let buyer = data.pointer("/buyer/name").and_then(Value::as_str).unwrap_or(&view.buyer.name);
                    unshown(TEMPLATE, &text, view, buyer)
                }
            },
        })
    }

    fn options(&self, data: &Value, einvoice: Option<&Attached>) -> PdfOptions {
        PdfOptions {
            // The id of the document is that of its content.
            ident: Smart::Custom(ident(data, einvoice)),
            creator: Smart::Custom(Some("ritardo".to_owned())),
            standards: self.standards.clone(),
            ..PdfOptions::default()
        }
    }

    fn job<'j>(&'j self, plate: &'j Plate, data: &Value, einvoice: Option<&Attached>) -> Job<'j> {
        let attached = einvoice.map(|einvoice| Bytes::new(einvoice.xml.clone()));
        Job { press: self, plate, data: Bytes::from_string(data.to_string()), attached }
    }

    /// The data of a document, in which nothing is left that the fonts cannot show.
    fn data_of(&self, view: &InvoiceView) -> Result<Value, RenderError> {
        let unwritten = |source| RenderError::Data { number: view.number.clone(), source };
        let mut data = serde_json::to_value(view).map_err(unwritten)?;
        // The template has the logo as a file.
        if let Some(logo) = data.pointer_mut("/sheet/logo").and_then(Value::as_object_mut) {
            logo.remove("data");
        }
        let is_whole = self.unprintable(view).is_empty();
        self.cover(&mut data);
        let missing = view.sheet.as_ref().filter(|_| !is_whole).map(|sheet| sheet.words.missing);
        if let Some(notes) = data.pointer_mut("/sheet/notes").and_then(Value::as_array_mut) {
            notes.extend(missing.map(Value::from));
        }
        Ok(data)
    }

    /// The characters that the fonts lack, of all that is not of the program: names, addresses, references, fields, reasons,
    /// the words for a logo.
    pub fn unprintable(&self, view: &InvoiceView) -> BTreeSet<char> {
        let own = view.sheet.iter().flat_map(|sheet| &sheet.fields).flat_map(|field| [&field.label, &field.value]);
        let alt = view.sheet.iter().filter_map(|sheet| sheet.logo.as_ref()).map(|logo| &logo.alt);
        let facts = view.facts.iter().chain(&view.payment).chain(&view.computation).map(|fact| &fact.value);
        let parties =
            [&view.seller, &view.buyer].into_iter().flat_map(|party| std::iter::once(&party.name).chain(&party.lines));
        let texts = own.chain(alt).chain(facts).chain(parties).chain(&view.why).chain(&view.notes);
        texts.flat_map(|text| self.lacking(text)).collect()
    }

    /// The characters of a text that the fonts lack.
    pub fn lacking(&self, text: &str) -> BTreeSet<char> {
        text.chars().filter(|sign| *sign != MISSING && self.shown(*sign) == Some(MISSING)).collect()
    }

    /// Replaces in every text what the fonts cannot show.
    fn cover(&self, data: &mut Value) {
        match data {
            Value::String(text) => {
                *text = breakable(&text.chars().filter_map(|sign| self.shown(sign)).collect::<String>())
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.cover(item)),
            Value::Object(fields) => {
                let words = fields.iter_mut().filter(|(name, _)| !DRAWN.contains(&name.as_str()));
                words.for_each(|(_, field)| self.cover(field));
            }
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

/// The text of a frame, run by run.
fn text_of(frame: &Frame) -> String {
    let of = |(_, item): &(_, FrameItem)| match item {
        FrameItem::Group(group) => text_of(&group.frame),
        FrameItem::Text(run) => run.text.to_string(),
        FrameItem::Shape(..) | FrameItem::Image(..) | FrameItem::Link(..) | FrameItem::Tag(_) => String::new(),
    };
    frame.items().map(of).collect()
}

/// Whether a PDF has the e-invoice inside.
fn is_attached(pdf: &[u8], einvoice: &Attached) -> bool {
    memmem::find(pdf, einvoice.name.as_bytes()).is_some()
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

/// What the compiler says first, and where in the template.
fn fault_of(job: &Job, found: &[SourceDiagnostic]) -> Fault {
    // A template that is not closed spoils what follows it, too.
    let place =
        |one: &SourceDiagnostic| job.range(one.span).filter(|range| range.end <= job.plate.own && is_of(job, one));
    let first = found.iter().find(|one| place(one).is_some()).or(found.first());
    let Some(first) = first else { return Fault::of(TEMPLATE, "it cannot be used".to_owned()) };
    let is_here = is_of(job, first);
    // What has a place elsewhere is in a picture.
    let whose = if is_here || first.span.id().is_none() { TEMPLATE } else { LOGO };
    Fault {
        span: place(first),
        hint: first.hints.first().map(|hint| hint.v.to_string()),
        ..Fault::of(whose, first.message.to_string())
    }
}

/// Whether a message is about the template.
fn is_of(job: &Job, message: &SourceDiagnostic) -> bool {
    message.span.id() == Some(job.main())
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
    plate: &'a Plate,
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
        self.plate.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main() { Ok(self.plate.template.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.press.data {
            return Ok(self.data.clone());
        }
        if id == self.press.attached {
            return self.attached.clone().ok_or(FileError::AccessDenied);
        }
        let logo = self.plate.logos.iter().find(|(logo, _)| *logo == id);
        logo.map(|(_, bytes)| bytes.clone()).ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.press.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

#[cfg(test)]
mod tests;
