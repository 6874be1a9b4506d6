//! A mistake in a file that a person wrote: what, where, and what to do.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One mistake in a configuration or tariff file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub message: String,
    pub path: PathBuf,
    /// Counted from 1; `None` when the mistake is that something is absent.
    pub line: Option<u32>,
    /// The text of that line.
    pub excerpt: Option<String>,
    pub hint: String,
}

impl Mistake {
    /// A mistake about the file as a whole.
    pub fn of_file(path: &Path, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), path: path.to_owned(), line: None, excerpt: None, hint: hint.into() }
    }

    /// A mistake at the bytes `span` of `text`.
    pub fn at(
        path: &Path,
        text: &str,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let line = line_of(text, span.start);
        let excerpt = text.lines().nth(line as usize - 1).map(|line| line.trim_end().to_owned());
        Self { line: Some(line), excerpt, ..Self::of_file(path, message, hint) }
    }
}

/// The line of a byte offset, counted from 1.
pub fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    1 + before.iter().map(|byte| u32::from(*byte == b'\n')).sum::<u32>()
}

impl fmt::Display for Mistake {
    /// ```text
    /// the tariff has no rate for market 39 from 2018-08-01
    ///   --> tariff.toml:14
    ///    | market = "39"
    /// hint: add a rate from 2018-08-01
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.message)?;
        match self.line {
            Some(line) => writeln!(f, "  --> {}:{line}", self.path.display())?,
            None => writeln!(f, "  --> {}", self.path.display())?,
        }
        if let Some(excerpt) = &self.excerpt {
            writeln!(f, "   | {excerpt}")?;
        }
        write!(f, "hint: {}", self.hint)
    }
}
