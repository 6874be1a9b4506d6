//! The lines of an export as messages: a line without a header goes on with the message before it.

use super::date::Written;
use super::header::{Header, Shape, header, is_dated};
use super::token::{is_blank, is_unseen};
use crate::read::{ReadError, lines};

/// No name of a business has so many colons that a later one could end it.
const COLONS: usize = 8;

/// One message with its header read, or one sentence of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry<'t> {
    /// The line that it begins in.
    pub row: u64,
    pub date: Written,
    pub second: Option<u32>,
    /// All lines after the header: sender and text.
    pub rest: &'t str,
}

/// An export, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts<'t> {
    pub entries: Vec<Entry<'t>>,
    /// The shape of all headers.
    pub shape: Option<Shape>,
    /// Lines that begin as messages of another export do: somebody may have pasted them into a message, or two
    /// exports were joined.
    pub foreign: Vec<u64>,
    /// The first line that stands before any message.
    pub before: Option<u64>,
}

/// Takes the text of an export apart.
pub(super) fn parts(text: &str, longest: usize) -> Result<Parts<'_>, ReadError> {
    let mut parts = Parts::default();
    let (mut begin, mut padding) = (0, Padding::default());
    // Where the text of the message at hand begins, with its header.
    let mut open: Option<(Entry<'_>, usize)> = None;
    for line in lines::lines(text.as_bytes(), longest) {
        let (row, bytes) = line?;
        let line = text.get(begin..begin + bytes.len()).unwrap_or_default();
        let found = header(line);
        let is_own = found
            .is_some_and(|found| *parts.shape.get_or_insert(found.shape) == found.shape && padding.is_of(&found.date));
        match found {
            Some(Header { date, second, rest, .. }) if is_own => {
                parts.close(open.take(), text, begin);
                let place = begin + (line.len() - rest.len());
                open = Some((Entry { row, date, second, rest: "" }, place));
            }
            Some(_) => parts.foreign.push(row),
            None if open.is_none() && !line.trim().is_empty() => {
                parts.before.get_or_insert(row);
            }
            None if is_dated(line) => parts.foreign.push(row),
            None => {}
        }
        begin += bytes.len() + 1;
    }
    parts.close(open, text, text.len() + 1);
    Ok(parts)
}

/// By the place of a number in the dates of an export: whether those below ten have a zero before them.
#[derive(Default)]
struct Padding([Option<bool>; 3]);

impl Padding {
    /// Whether a date has its zeros where those before it have.
    fn is_of(&mut self, date: &Written) -> bool {
        let Written::Numbers(numbers, _) = date else { return true };
        let pairs = self.0.iter_mut().zip(numbers).filter(|(_, number)| number.value < 10 && number.digits <= 2);
        let mut is_own = true;
        for (known, number) in pairs {
            let has_zero = number.digits == 2;
            is_own &= *known.get_or_insert(has_zero) == has_zero;
        }
        is_own
    }
}

impl<'t> Parts<'t> {
    /// Takes the message at hand, which ends before the line that begins at `end`.
    fn close(&mut self, open: Option<(Entry<'t>, usize)>, text: &'t str, end: usize) {
        if let Some((entry, place)) = open {
            let rest = text.get(place..end.saturating_sub(1)).unwrap_or_default();
            self.entries.push(Entry { rest, ..entry });
        }
    }
}

/// The name that writes, and its text; `None` for a sentence of the app. A name with a colon in it is known only where
/// it is one of `senders`.
pub(super) fn speaker<'t>(rest: &'t str, senders: &[String]) -> Option<(String, &'t str)> {
    let line = rest.lines().next().unwrap_or_default();
    let cut = |colon: usize| {
        let (name, text) = (rest.get(..colon)?, rest.get(colon + 1..)?);
        Some((super::names::cleaned(name), text.strip_prefix(is_blank).unwrap_or(text)))
    };
    let is_own = |(name, _): &(String, &str)| senders.contains(name);
    if let Some(own) = line.match_indices(':').take(COLONS).filter_map(|(colon, _)| cut(colon)).find(is_own) {
        return Some(own);
    }
    let ends_name = |colon: &usize| line.get(colon + 1..).is_some_and(is_end_of_name);
    let colon = line.match_indices(':').map(|(colon, _)| colon).find(ends_name)?;
    let (name, text) = cut(colon)?;
    let is_name = !name.is_empty() && !super::body::is_sentence(&name);
    is_name.then_some((name, text))
}

/// Whether what stands after a colon is the text of somebody: a blank parts them, behind marks that are not seen.
fn is_end_of_name(after: &str) -> bool {
    after.trim_start_matches(is_unseen).chars().next().is_none_or(is_blank)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let parts = parts(text, 1000).unwrap();
        let entry = |entry: &Entry| format!("{}:{:?}", entry.row, entry.rest);
        let entries: Vec<String> = parts.entries.iter().map(entry).collect();
        format!("{} foreign {:?} before {:?}", entries.join(" "), parts.foreign, parts.before)
    }

    #[test]
    fn a_line_without_a_header_goes_on_with_its_message() {
        let text = "12/08/18, 09:00 - A: x\ny\n\n12/08/18, 09:01 - B: z\n";
        assert_eq!(told(text), "1:\"A: x\\ny\\n\" 4:\"B: z\\n\" foreign [] before None");
        assert_eq!(told("12/08/18, 09:00 - A: x"), "1:\"A: x\" foreign [] before None");
        assert_eq!(told("x\ny\n12/08/18, 09:00 - A: x"), "3:\"A: x\" foreign [] before Some(1)");
        assert_eq!(told(""), " foreign [] before None");
    }

    #[test]
    fn a_header_of_another_shape_is_foreign() {
        for foreign in [
            "[12/08/18, 09:00:00] A: x",
            "12.08.18, 09:00 - A: x",
            "8/12/18, 9:00 PM - A: x",
            // What is no header of any shape that is known here.
            "12/08/18, 9:00 at dawn - A: x",
            "12/08/18, 09:00-A: x",
            "2018年8月12日 黎明9:00 - A: x",
        ] {
            let text = format!("12/08/18, 09:00 - A: x\n{foreign}\n");
            let rest = format!("A: x\n{foreign}\n");
            assert_eq!(told(&text), format!("1:{rest:?} foreign [2] before None"));
        }
        // Only its zeros are others.
        let text = "02/08/18, 09:00 - A: x\n12/08/18, 09:00 - A: x\n8/12/18, 09:00 - A: x\n";
        let expected = "1:\"A: x\" 2:\"A: x\\n8/12/18, 09:00 - A: x\\n\" foreign [3] before None";
        assert_eq!(told(text), expected);
    }

    #[test]
    fn a_name_stands_before_the_first_colon() {
        let senders = ["Forno: pane".to_owned()];
        for (rest, expected) in [
            ("Anna: ciao: x", Some(("Anna", "ciao: x"))),
            ("Forno: pane: ciao", Some(("Forno: pane", "ciao"))),
            ("Forno: pane:ciao", Some(("Forno: pane", "ciao"))),
            ("Anna:", Some(("Anna", ""))),
            ("Anna:\u{a0}ciao", Some(("Anna", "ciao"))),
            ("Anna:\u{200f} ciao", Some(("Anna", "\u{200f} ciao"))),
            ("Anna: \nx", Some(("Anna", "\nx"))),
            ("You were added", None),
            ("Anna changed the subject to \"Offer: bread\"", None),
            ("see https://example.com", None),
            (": x", None),
        ] {
            let expected = expected.map(|(name, text)| (name.to_owned(), text));
            assert_eq!(speaker(rest, &senders), expected, "{rest}");
        }
    }
}
