//! What documents are drawn with: the templates of the program or of one's own, the logos, and the edition of what
//! templates see. As one text it is frozen with every closed month, so that an audit draws with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::base64;
use crate::domain::text::hex;

/// Every template of a document, with the text that the program has for it.
const TEMPLATES: [(&str, &str); 4] = [
    ("invoice.html", include_str!("../../templates/invoice.html")),
    ("invoice.typ", include_str!("../../templates/invoice.typ")),
    ("mail.html", include_str!("../../templates/mail.html")),
    ("mail.txt", include_str!("../../templates/mail.txt")),
];

/// The templates of documents that were issued before templates were frozen with them.
const FIRST: [(&str, &str); 4] = [
    ("invoice.html", include_str!("../../templates/first/invoice.html")),
    ("invoice.typ", include_str!("../../templates/first/invoice.typ")),
    ("mail.html", include_str!("../../templates/first/mail.html")),
    ("mail.txt", include_str!("../../templates/first/mail.txt")),
];

const FORM: &str = "ritardo-looks/1";

/// What templates see: it grows with the editions, and the data of one edition is never changed, because the identity of a
/// PDF is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// Page one alone.
    First,
    /// With a sheet: paper, colour, logo, fields, notes and the pages of details.
    Second,
}

/// A logo, as its file is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogoFile {
    /// `svg` or `png`.
    pub kind: String,
    /// The bytes in hexadecimal.
    hex: String,
}

impl std::fmt::Debug for LogoFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a logo of {} bytes ({})", self.hex.len() / 2, self.kind)
    }
}

impl LogoFile {
    pub fn new(kind: &str, bytes: &[u8]) -> Self {
        Self { kind: kind.to_owned(), hex: hex(bytes) }
    }

    /// The name by which a template of the PDF asks for the logo of an issuer.
    pub(super) fn name(&self, issuer: &str) -> String {
        let parted = if issuer.is_empty() { "" } else { "-" };
        format!("logo{parted}{issuer}.{}", self.kind)
    }

    /// The file itself. What is no hexadecimal is left out: then the digest of the text would be another.
    pub fn bytes(&self) -> Vec<u8> {
        let pairs = self.hex.as_bytes().chunks_exact(2);
        pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
    }

    /// For a page that fetches nothing.
    pub(super) fn data_uri(&self) -> String {
        let media_type = if self.kind == "svg" { "image/svg+xml" } else { "image/png" };
        format!("data:{media_type};base64,{}", base64::encoded(&self.bytes()))
    }
}

/// The written form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    form: String,
    edition: u8,
    templates: BTreeMap<String, String>,
    /// By the id of the issuer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    logos: BTreeMap<String, LogoFile>,
}

/// All that documents are drawn with beside their data and the fonts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looks {
    pub edition: Edition,
    templates: BTreeMap<String, String>,
    logos: BTreeMap<String, LogoFile>,
}

impl Default for Looks {
    fn default() -> Self {
        Self::with(BTreeMap::new(), BTreeMap::new())
    }
}

impl Looks {
    /// Names of the templates that can be one's own.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TEMPLATES.into_iter().map(|(name, _)| name)
    }

    /// The templates of the program with some in place of theirs, and logos by the id of their issuer.
    pub fn with(own: BTreeMap<String, String>, logos: BTreeMap<String, LogoFile>) -> Self {
        let mut templates: BTreeMap<String, String> = texts(&TEMPLATES);
        templates.extend(own);
        Self { edition: Edition::Second, templates, logos }
    }

    /// Names of the templates that are not those of the program.
    pub fn own(&self) -> impl Iterator<Item = &'static str> {
        TEMPLATES.into_iter().filter(move |(name, text)| self.template(name) != *text).map(|(name, _)| name)
    }

    /// Of documents that were issued before looks were recorded.
    pub fn first() -> Self {
        Self { edition: Edition::First, templates: texts(&FIRST), logos: BTreeMap::new() }
    }

    /// The text of a template.
    pub(super) fn template(&self, name: &str) -> &str {
        self.templates.get(name).map_or("", String::as_str)
    }

    /// The logo of an issuer.
    pub fn logo(&self, issuer: &str) -> Option<&LogoFile> {
        self.logos.get(issuer)
    }

    /// The logos by the names that a template of the PDF has for them.
    pub(super) fn logos(&self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.logos.iter().map(|(issuer, logo)| (logo.name(issuer), logo.bytes()))
    }

    /// As one text, which is the same for the same looks.
    pub fn written(&self) -> String {
        let written = Written {
            form: FORM.to_owned(),
            edition: match self.edition {
                Edition::First => 1,
                Edition::Second => 2,
            },
            templates: self.templates.clone(),
            logos: self.logos.clone(),
        };
        // Invariant: texts and numbers alone; writing to memory cannot fail.
        let mut text = serde_json::to_string_pretty(&written).unwrap_or_else(|error| unreachable!("{error}"));
        text.push('\n');
        text
    }

    /// From the text of [`Looks::written`].
    ///
    /// # Errors
    /// Says what the text has that this version does not know.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let edition = match (written.form.as_str(), written.edition) {
            (FORM, 1) => Edition::First,
            (FORM, 2) => Edition::Second,
            (form, edition) => return Err(format!("`{form}`, edition {edition}, is no form that this version reads")),
        };
        Ok(Self { edition, templates: written.templates, logos: written.logos })
    }
}

fn texts(templates: &[(&str, &str)]) -> BTreeMap<String, String> {
    templates.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_read_as_they_were_written() {
        let own = BTreeMap::from([("mail.txt".to_owned(), "{{ title | safe }}".to_owned())]);
        let logos = BTreeMap::from([(String::new(), LogoFile::new("png", b"\x89PNG\x00"))]);
        for looks in [Looks::default(), Looks::first(), Looks::with(own, logos)] {
            assert_eq!(Looks::parse(&looks.written()), Ok(looks.clone()));
        }
        assert!(Looks::parse("{}").is_err());
        let newer = Looks::default().written().replace("\"edition\": 2", "\"edition\": 3");
        assert!(Looks::parse(&newer).unwrap_err().contains("edition 3"));
    }

    #[test]
    fn a_logo_keeps_its_bytes() {
        let logo = LogoFile::new("png", &[0, 1, 0xfe, 0xff]);
        assert_eq!((logo.bytes(), logo.name("")), (vec![0, 1, 0xfe, 0xff], "logo.png".to_owned()));
        assert_eq!(logo.data_uri(), "data:image/png;base64,AAH+/w==");
    }
}
