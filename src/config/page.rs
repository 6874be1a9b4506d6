//! One configuration file: its text, the mistakes found in it so far, and the folder its paths start from.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use toml::de::{DeTable, Error};

use super::{secrets, words};
use crate::domain::Mistake;

/// Longest excerpt in a message, in characters.
const EXCERPT_CHARS: usize = 160;

/// The file that is being read. A wrong value is noted here, and reading goes on to find the others.
pub(super) struct Page<'a> {
    path: &'a Path,
    text: &'a str,
    /// Offset of the first byte of each line.
    lines: Vec<usize>,
    mistakes: RefCell<Vec<Mistake>>,
    /// The ledger holds the text: it was accepted once, perhaps when less was checked.
    pub is_recorded: bool,
}

impl<'a> Page<'a> {
    pub fn new(path: &'a Path, text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Self { path, text, lines, mistakes: RefCell::default(), is_recorded: false }
    }

    /// The same of a text that the ledger holds.
    pub fn recorded(path: &'a Path, text: &'a str) -> Self {
        Self { is_recorded: true, ..Self::new(path, text) }
    }

    /// The file as a tree of TOML. When it is not TOML, its mistakes of writing are all that can be told.
    pub fn tree(&self) -> Result<DeTable<'a>, Vec<Mistake>> {
        let (tree, errors) = DeTable::parse_recoverable(self.text);
        if errors.is_empty() {
            return Ok(tree.into_inner());
        }
        for error in &errors {
            self.note_syntax(error);
        }
        let mut mistakes = self.sorted();
        // What follows from a mistake on its own line would only repeat it.
        mistakes.dedup_by_key(|mistake| mistake.line);
        Err(mistakes)
    }

    /// Notes a mistake at `place`, or about the file as a whole.
    pub fn note(&self, place: Option<Range<usize>>, message: impl Into<String>, hint: impl Into<String>) {
        let line = place.map(|place| self.line(&place));
        let excerpt = line.map(|line| printable(self.line_text(line)));
        let mistake = Mistake { line, excerpt, ..Mistake::of_file(self.path, message, hint) };
        self.mistakes.borrow_mut().push(mistake);
    }

    /// The value, if nothing was noted on the way to it.
    pub fn outcome<T>(self, value: Option<T>) -> Result<T, Vec<Mistake>> {
        match value {
            Some(value) if self.mistakes.borrow().is_empty() => Ok(value),
            _ => Err(self.sorted()),
        }
    }

    /// The line of `place`, counted from 1.
    pub fn line(&self, place: &Range<usize>) -> u32 {
        let count = self.lines.partition_point(|start| *start <= place.start);
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn line_text(&self, line: u32) -> &str {
        let start = self.lines.get(line as usize - 1).and_then(|start| self.text.get(*start..));
        start.and_then(|rest| rest.lines().next()).unwrap_or_default().trim_end()
    }

    /// A path as the file means it: relative ones start at the folder of the file.
    pub fn joined(&self, path: &str) -> PathBuf {
        tidy(&self.path.parent().unwrap_or(Path::new("")).join(path))
    }

    fn note_syntax(&self, error: &Error) {
        let hint = match error.message() {
            "duplicate key" => "each key and each [table] stands once; only [[tables]] repeat",
            _ => "TOML writes a text as key = \"text\", a list as [\"a\", \"b\"] and a remark after #",
        };
        let place = error.span().unwrap_or(self.text.len()..self.text.len());
        self.note(Some(place), format!("this is not TOML: {}", error.message()), hint);
        // What belongs to a secret cannot be told in a text that cannot be read.
        if let Some(mistake) = self.mistakes.borrow_mut().last_mut().filter(|_| secrets::has_secret(self.text)) {
            mistake.excerpt = None;
        }
    }

    fn sorted(&self) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.take();
        mistakes.sort_by_key(|mistake| mistake.line);
        mistakes
    }
}

/// A line as a terminal may show it: no secret, no control characters, not endless.
fn printable(line: &str) -> String {
    let visible = |c: char| if words::is_hidden(c) { ' ' } else { c };
    let line = secrets::masked(line);
    let cut = line.chars().nth(EXCERPT_CHARS).map_or("", |_| "…");
    line.chars().take(EXCERPT_CHARS).map(visible).chain(cut.chars()).collect()
}

/// Without needless `.` and `a/..`, judged by the text alone, so that folders can be compared.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        let inside = matches!(tidied.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if inside => {
                tidied.pop();
            }
            part => tidied.push(part),
        }
    }
    if tidied.as_os_str().is_empty() { PathBuf::from(".") } else { tidied }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_start_at_the_folder_of_the_file() {
        for (file, path, joined) in [
            ("ritardo.toml", "state", "state"),
            ("/etc/ritardo/ritardo.toml", "state", "/etc/ritardo/state"),
            ("/etc/ritardo/ritardo.toml", "/var/ritardo", "/var/ritardo"),
            ("/etc/ritardo/ritardo.toml", "./a/../../state/", "/etc/state"),
            ("a/ritardo.toml", "../../b", "../b"),
            ("ritardo.toml", ".", "."),
            ("a/ritardo.toml", "..", "."),
        ] {
            let file = Path::new(file);
            assert_eq!(Page::new(file, "").joined(path), Path::new(joined), "{path}");
        }
    }

    #[test]
    fn a_place_has_a_line() {
        let text = "a = 1\r\nb = 2\n\nc = 3";
        let page = Page::new(Path::new("x"), text);
        for (offset, line, shown) in [(0, 1, "a = 1"), (6, 1, "a = 1"), (7, 2, "b = 2"), (13, 3, ""), (19, 4, "c = 3")]
        {
            assert_eq!(page.line(&(offset..offset)), line);
            assert_eq!(crate::domain::mistake::line_of(text, offset), line);
            assert_eq!(page.line_text(line), shown);
        }
    }

    #[test]
    fn an_excerpt_is_short_and_visible() {
        assert_eq!(printable("a\u{1b}[31m"), "a [31m");
        assert_eq!(printable(&"x".repeat(EXCERPT_CHARS)).chars().count(), EXCERPT_CHARS);
        assert!(printable(&"x".repeat(500)).ends_with("x…"));
    }
}
