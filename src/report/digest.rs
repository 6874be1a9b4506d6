//! What the issuer is told after a run: what was issued, what became of the mails, what waits for a person. In English or
//! Italian; what the program found stands in the words in which it found it.

use std::fmt::Write as _;

use super::chart::escaped;
use crate::domain::business::Language;

/// More rows of a part than these are only counted.
const SHOWN: usize = 200;

/// A part of a digest, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Issued,
    Sent,
    /// Mails that wait for a later run.
    Waiting,
    /// Mails that nothing more happens to unless a person acts.
    Undelivered,
    Parked,
    ToApprove,
    /// Months with waits that the logs cannot prove.
    Held,
    /// Files that could not be read.
    SetAside,
}

impl Part {
    pub const ALL: [Part; 8] = [
        Self::Issued,
        Self::Sent,
        Self::Waiting,
        Self::Undelivered,
        Self::Parked,
        Self::ToApprove,
        Self::Held,
        Self::SetAside,
    ];

    /// As it is recorded: it stays, whatever the headings say.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Sent => "sent",
            Self::Waiting => "waiting",
            Self::Undelivered => "undelivered",
            Self::Parked => "parked",
            Self::ToApprove => "to_approve",
            Self::Held => "held",
            Self::SetAside => "set_aside",
        }
    }

    /// Heading, and the word that follows a count in the subject. ASCII.
    const fn words(self, language: Language) -> (&'static str, &'static str) {
        match (self, language) {
            (Self::Issued, Language::Italian) => ("Documenti emessi", "emessi"),
            (Self::Issued, _) => ("Documents issued", "issued"),
            (Self::Sent, Language::Italian) => ("Messaggi inviati", "inviati"),
            (Self::Sent, _) => ("Mails sent", "sent"),
            (Self::Waiting, Language::Italian) => ("Messaggi in attesa", "in attesa"),
            (Self::Waiting, _) => ("Mails that wait", "waiting"),
            (Self::Undelivered, Language::Italian) => ("Messaggi non recapitati: serve una persona", "non recapitati"),
            (Self::Undelivered, _) => ("Mails that need a person", "undelivered"),
            (Self::Parked, Language::Italian) => ("Mesi sospesi da un controllo", "sospesi"),
            (Self::Parked, _) => ("Months parked by a guard", "parked"),
            (Self::ToApprove, Language::Italian) => ("Mesi da approvare", "da approvare"),
            (Self::ToApprove, _) => ("Months to approve", "to approve"),
            (Self::Held, Language::Italian) => ("Mesi in attesa di prove", "in attesa di prove"),
            (Self::Held, _) => ("Months held for want of proof", "held"),
            (Self::SetAside, Language::Italian) => ("File messi da parte", "file messi da parte"),
            (Self::SetAside, _) => ("Files set aside", "files set aside"),
        }
    }
}

/// A digest, before it has a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    pub language: Language,
    /// Of the run, as people at the issuer's write it, to the minute.
    pub date: String,
    /// Rows of cells of each part that has any, in the order of [`Part::ALL`].
    pub parts: Vec<(Part, Vec<Vec<String>>)>,
}

impl Digest {
    /// ASCII, on one line.
    pub fn subject(&self) -> String {
        let counts = self.parts.iter().map(|(part, rows)| format!("{} {}", rows.len(), part.words(self.language).1));
        let counts: Vec<String> = counts.collect();
        let day = self.date.get(..10).unwrap_or(&self.date);
        if counts.is_empty() {
            format!("ritardo {day}: {}", self.nothing())
        } else {
            format!("ritardo {day}: {}", counts.join(", "))
        }
    }

    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.opening());
        for (part, rows) in &self.parts {
            // Writing to a text cannot fail.
            let _ = write!(text, "\n{} ({})\n", part.words(self.language).0, rows.len());
            for row in rows.iter().take(SHOWN) {
                // A row is a line, whatever the name of a file has in it.
                let line: String = row.join("  ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                let _ = writeln!(text, "  {line}");
            }
            if let Some(more) = self.more(rows) {
                let _ = writeln!(text, "  {more}");
            }
        }
        text
    }

    /// Self-contained, without anything to fetch.
    pub fn html(&self) -> String {
        let language = self.language.code();
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n</head>\n\
             <body style=\"font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:1.5;color:#16212e;\">\n<p>{}</p>\n",
            escaped(&self.subject()),
            escaped(&self.opening())
        );
        for (part, rows) in &self.parts {
            let (heading, _) = part.words(self.language);
            let _ = write!(
                html,
                "<h2 style=\"font-size:17px;margin:24px 0 4px;\">{heading} ({})</h2>\n<table>\n",
                rows.len()
            );
            for row in rows.iter().take(SHOWN) {
                let cells: String = row
                    .iter()
                    .map(|cell| {
                        format!("<td style=\"padding:2px 16px 2px 0;vertical-align:top;\">{}</td>", escaped(cell))
                    })
                    .collect();
                let _ = writeln!(html, "<tr>{cells}</tr>");
            }
            html.push_str("</table>\n");
            if let Some(more) = self.more(rows) {
                let _ = writeln!(html, "<p>{more}</p>");
            }
        }
        html.push_str("</body>\n</html>\n");
        html
    }

    fn opening(&self) -> String {
        let told = match self.language {
            Language::Italian => format!("Esecuzione del {}.", self.date),
            _ => format!("Run of {}.", self.date),
        };
        if self.parts.is_empty() { format!("{told} {}.", self.nothing()) } else { told }
    }

    const fn nothing(&self) -> &'static str {
        match self.language {
            Language::Italian => "nulla di nuovo",
            _ => "nothing new",
        }
    }

    fn more(&self, rows: &[Vec<String>]) -> Option<String> {
        let more = rows.len().checked_sub(SHOWN).filter(|more| *more > 0)?;
        Some(match self.language {
            Language::Italian => format!("e altri {more}"),
            _ => format!("and {more} more"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(language: Language, rows: usize) -> Digest {
        let row = |count: usize| vec![format!("LR-2018-{count:06}"), "a <b> & c".to_owned()];
        let parts = vec![(Part::Issued, (0..rows).map(row).collect()), (Part::Held, vec![vec!["2018-08".to_owned()]])];
        Digest { language, date: "2018-09-05 02:00".to_owned(), parts }
    }

    #[test]
    fn both_languages_tell_the_same_rows() {
        assert_eq!(digest(Language::English, 2).subject(), "ritardo 2018-09-05: 2 issued, 1 held");
        assert_eq!(digest(Language::Italian, 2).subject(), "ritardo 2018-09-05: 2 emessi, 1 in attesa di prove");
        for language in [Language::English, Language::Italian] {
            let digest = digest(language, 2);
            assert!(digest.subject().is_ascii());
            assert!(digest.text().contains("\n  LR-2018-000001  a <b> & c\n"), "{}", digest.text());
            assert!(
                digest.html().contains("a &lt;b&gt; &amp; c") && !digest.html().contains("<b>"),
                "{}",
                digest.html()
            );
            for part in Part::ALL {
                let (heading, word) = part.words(language);
                assert!(heading.is_ascii() && word.is_ascii(), "{heading}");
            }
        }
    }

    #[test]
    fn a_row_is_a_line() {
        let parts = vec![(Part::SetAside, vec![vec!["a\n\nMails sent (1)\n.csv".to_owned(), "damaged".to_owned()]])];
        let text = Digest { parts, ..digest(Language::English, 0) }.text();
        assert!(text.ends_with("\nFiles set aside (1)\n  a  Mails sent (1) .csv  damaged\n"), "{text}");
    }

    #[test]
    fn long_parts_are_cut_and_counted() {
        let text = digest(Language::English, 203).text();
        assert!(text.contains("Documents issued (203)") && text.contains("\n  and 3 more\n"), "{text}");
        assert!(!text.contains("LR-2018-000200"), "{text}");
        let none = Digest { parts: Vec::new(), ..digest(Language::English, 0) };
        assert_eq!(none.text(), "Run of 2018-09-05 02:00. nothing new.\n");
        assert_eq!(none.subject(), "ritardo 2018-09-05: nothing new");
    }
}
