//! The mail that carries an invoice: subject, text, HTML.

use super::html::{MAIL_HTML, MAIL_TEXT, Pages};
use super::{InvoiceView, RenderError};

/// Lines of the text body are shorter than 78 columns, as RFC 5322 asks.
const COLUMNS: usize = 76;

/// Subject and bodies of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailBodies {
    /// ASCII on one line, the number of the invoice first.
    pub subject: String,
    pub text: String,
    /// No images, nothing remote.
    pub html: String,
}

pub(super) fn bodies(pages: &Pages, view: &InvoiceView) -> Result<MailBodies, RenderError> {
    Ok(MailBodies {
        subject: view.mail.subject.clone(),
        text: folded(&pages.render(MAIL_TEXT, view)?),
        html: pages.render(MAIL_HTML, view)?,
    })
}

/// The text with no line longer than [`COLUMNS`]: broken at blanks, and within a word only where it alone
/// is longer than a line. At most one empty line in a row.
fn folded(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim().lines().map(str::trim_end) {
        let repeats = line.is_empty() && lines.last().is_some_and(String::is_empty);
        if !repeats {
            fold_line(line, &mut lines);
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn fold_line(line: &str, lines: &mut Vec<String>) {
    let (mut current, mut columns) = (String::new(), 0);
    for word in line.split(' ') {
        let length = word.chars().count();
        if columns > 0 && columns + 1 + length > COLUMNS {
            lines.push(std::mem::take(&mut current));
            columns = 0;
        } else if columns > 0 {
            current.push(' ');
            columns += 1;
        }
        for sign in word.chars() {
            if columns == COLUMNS {
                lines.push(std::mem::take(&mut current));
                columns = 0;
            }
            current.push(sign);
            columns += 1;
        }
    }
    lines.push(current);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_at_blanks() {
        let word = "x".repeat(40);
        for (text, expected) in [
            ("a\n\n\n\nb".to_owned(), "a\n\nb\n".to_owned()),
            (format!("{word} {word}"), format!("{word}\n{word}\n")),
            ("y".repeat(80), format!("{}\nyyyy\n", "y".repeat(76))),
            (format!("{} z", "y".repeat(76)), format!("{}\nz\n", "y".repeat(76))),
        ] {
            assert_eq!(folded(&text), expected);
        }
    }
}
