//! The outermost parts of a mail. The library decodes them; where they begin and end is found here, line by line and
//! without looking into them, so that a hostile mail takes no longer than any other of its size.

use std::borrow::Cow;

use mailparse::body::Body;
use mailparse::{MailHeader, ParsedContentType};
use sha2::{Digest, Sha256};

use super::{NoReport, fields};
use crate::domain::text::hex;

/// Bytes of all headers together.
const LONGEST_HEADERS: usize = 256 << 10;
/// A report has three parts.
const MOST_PARTS: usize = 20;

/// A mail, or a part of one, with its headers read.
pub(super) struct Part<'m> {
    pub headers: Vec<MailHeader<'m>>,
    /// As it stands there, encoded.
    pub body: &'m [u8],
    content: ParsedContentType,
}

impl<'m> Part<'m> {
    pub fn of(bytes: &'m [u8]) -> Result<Self, NoReport> {
        let section = bytes.get(..LONGEST_HEADERS).unwrap_or(bytes);
        let unreadable = |_| NoReport::Damaged("headers of it cannot be read");
        let (headers, begin) = mailparse::parse_headers(section).map_err(unreadable)?;
        if begin >= section.len() && section.len() < bytes.len() {
            return Err(NoReport::Damaged("headers of it are longer than 256 KiB"));
        }
        let content = fields::text(&headers, "Content-Type")?;
        let content = content.as_deref().map(mailparse::parse_content_type).unwrap_or_default();
        Ok(Self { headers, body: bytes.get(begin..).unwrap_or_default(), content })
    }

    /// Its media type in small letters.
    pub fn kind(&self) -> &str {
        &self.content.mimetype
    }

    /// A parameter of its media type; `name` in small letters.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.content.params.get(name).map(String::as_str)
    }

    /// The body without its transfer encoding.
    pub fn decoded(&self) -> Result<Cow<'m, [u8]>, NoReport> {
        let encoding = fields::text(&self.headers, "Content-Transfer-Encoding")?;
        let encoding = encoding.map(|name| name.trim().to_ascii_lowercase());
        match Body::new(self.body, &self.content, &encoding) {
            Body::Base64(body) | Body::QuotedPrintable(body) => {
                body.get_decoded().map(Cow::Owned).map_err(|_| NoReport::Damaged("a part of it cannot be decoded"))
            }
            Body::SevenBit(_) | Body::EightBit(_) | Body::Binary(_) => Ok(Cow::Borrowed(self.body)),
        }
    }
}

/// The parts between the lines of a boundary. The last line may be missing, as in a report that was cut off.
pub(super) fn split<'m>(body: &'m [u8], boundary: &str) -> Result<Vec<&'m [u8]>, NoReport> {
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let (mut parts, mut begin, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let rest = line.strip_prefix(delimiter.as_slice()).map(<[u8]>::trim_ascii_end);
        if let Some(b"" | b"--") = rest {
            parts.extend(begin.and_then(|begin| body.get(begin..at)));
            if rest == Some(b"--") {
                return Ok(parts);
            }
            if parts.len() >= MOST_PARTS {
                return Err(NoReport::Damaged("it has more than 20 parts"));
            }
            begin = Some(at + line.len());
        }
        at += line.len();
    }
    parts.extend(begin.and_then(|begin| body.get(begin..)));
    Ok(parts)
}

/// SHA-256 of a body with LF as line ends and without blanks at its end.
pub(super) fn digest(body: &[u8]) -> String {
    let mut hasher = Sha256::new();
    for line in body.trim_ascii_end().split(|byte| *byte == b'\n') {
        hasher.update(line.strip_suffix(b"\r").unwrap_or(line));
        hasher.update(b"\n");
    }
    hex(&hasher.finalize())
}
