//! The invoice or credit note as plain text: on a terminal, or as a file.
//!
//! It is drawn from the same view as all other documents. Widths count characters, so that amounts stand below one another
//! whatever a name is written in: no name stands to the left of one.

use super::credit::CreditView;
use super::view::{Fact, InvoiceView, LineView, PartyView, TotalView};

/// What the text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Characters of a line; it is never narrower than 60 and never wider than 110.
    pub width: usize,
    /// Whether what matters most is printed in bold, as terminals understand it.
    pub bold: bool,
}

const WIDTH_MIN: usize = 60;
const WIDTH_MAX: usize = 110;
/// Between two columns.
const GAP: usize = 2;
/// Labels of facts take no more.
const LABEL_MAX: usize = 32;

/// The document as text. The same view on the same paper gives the same text.
pub fn text(view: &InvoiceView, paper: Paper) -> String {
    let mut page = Page { lines: Vec::new(), width: paper.width.clamp(WIDTH_MIN, WIDTH_MAX), bold: paper.bold };
    if let Some(preview) = &view.preview {
        page.strong(&preview.mark);
    }
    page.strong(&view.title);
    page.strong(&view.headline);
    page.paragraphs(&view.why);
    page.gap();
    page.facts(&view.facts);
    for party in [&view.seller, &view.buyer] {
        page.party(party);
    }
    page.gap();
    match &view.credit {
        Some(credit) => page.credit(credit, view),
        None => page.billed(&view.lines, view),
    }
    page.paragraphs(std::slice::from_ref(&view.together));
    page.sums(&view.totals, &view.total);
    page.paragraphs(&view.notes);
    page.heading(view.settling.unwrap_or(view.words.how_to_pay));
    page.paragraphs(std::slice::from_ref(&view.please_pay));
    page.facts(&view.payment);
    page.paragraphs(std::slice::from_ref(&view.questions));
    page.heading(view.words.how_computed);
    page.facts(&view.computation);
    page.facts(&view.digests);
    page.lines.push(String::new());
    page.lines.join("\n")
}

/// A column of a table: its head, its cells, and whether they stand to the right.
struct Column<'v> {
    head: String,
    cells: Vec<&'v str>,
    right: bool,
}

fn column<'v, T>(head: &str, rows: &'v [T], of: fn(&T) -> &str, right: bool) -> Column<'v> {
    Column { head: head.to_owned(), cells: rows.iter().map(of).collect(), right }
}

impl Column<'_> {
    fn width(&self) -> usize {
        self.cells.iter().map(|cell| count(cell)).chain([count(&self.head)]).max().unwrap_or_default()
    }
}

/// The lines so far.
struct Page {
    lines: Vec<String>,
    width: usize,
    bold: bool,
}

impl Page {
    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    fn strong(&mut self, text: &str) {
        for line in wrapped(text, self.width) {
            self.strong_line(line);
        }
    }

    /// A line as it is: blanks before it stay.
    fn strong_line(&mut self, line: String) {
        self.lines.push(if self.bold { format!("\u{1b}[1m{line}\u{1b}[0m") } else { line });
    }

    fn heading(&mut self, text: &str) {
        self.gap();
        self.strong(text);
    }

    fn paragraphs(&mut self, texts: &[String]) {
        for text in texts.iter().filter(|text| !text.is_empty()) {
            self.lines.extend(wrapped(text, self.width));
        }
    }

    /// Labels with their values beside them; values that are too long go on below themselves.
    fn facts(&mut self, facts: &[Fact]) {
        let widest = facts.iter().map(|fact| count(fact.label)).max().unwrap_or_default().min(LABEL_MAX);
        let rest = self.width.saturating_sub(widest.saturating_add(GAP));
        for fact in facts {
            let mut values = wrapped(&fact.value, rest).into_iter();
            let first = values.next().unwrap_or_default();
            self.lines.push(format!("{:<widest$}  {first}", fact.label));
            self.lines.extend(values.map(|value| format!("{:widest$}  {value}", "")));
        }
    }

    fn party(&mut self, party: &PartyView) {
        self.heading(party.role);
        for line in std::iter::once(&party.name).chain(&party.lines) {
            self.lines.extend(wrapped(line, self.width.saturating_sub(GAP)).iter().map(|line| format!("  {line}")));
        }
    }

    fn billed(&mut self, lines: &[LineView], view: &InvoiceView) {
        let words = view.words;
        let amount = format!("{} ({})", words.amount, view.currency);
        let columns = [
            column(words.quantity, lines, |line| line.quantity.as_str(), true),
            column(words.unit_price, lines, |line| line.unit_price.as_str(), true),
            column(&amount, lines, |line| line.amount.as_str(), true),
            column(words.vat_code, lines, |line| line.vat.as_str(), false),
        ];
        let described = lines.iter().map(|line| (line.description.as_str(), line.detail.as_str()));
        self.table(words.description, &described.collect::<Vec<_>>(), &columns);
    }

    fn credit(&mut self, credit: &CreditView, view: &InvoiceView) {
        let (rows, quantity) = (credit.rows.as_slice(), view.words.quantity);
        let [billed, now] = [credit.billed, credit.now].map(|head| format!("{head}: {quantity}"));
        let given_back = format!("{} ({})", credit.credit, view.currency);
        let columns = [
            column(&billed, rows, |row| row.billed_quantity.as_str(), true),
            column(credit.billed, rows, |row| row.billed_amount.as_str(), true),
            column(&now, rows, |row| row.now_quantity.as_str(), true),
            column(credit.now, rows, |row| row.now_amount.as_str(), true),
            column(&given_back, rows, |row| row.credit.as_str(), true),
        ];
        let described = rows.iter().map(|row| (row.description.as_str(), row.detail.as_str()));
        self.table(view.words.description, &described.collect::<Vec<_>>(), &columns);
        if !credit.note.is_empty() {
            self.lines.extend(wrapped(credit.note, self.width));
        }
    }

    /// A table whose first column takes what the others leave, and goes on below itself where that is too little.
    fn table(&mut self, head: &str, described: &[(&str, &str)], columns: &[Column]) {
        let widths: Vec<usize> = columns.iter().map(Column::width).collect();
        let others = widths.iter().map(|width| width.saturating_add(GAP)).fold(0, usize::saturating_add);
        let first = self.width.saturating_sub(others).max(WIDTH_MIN / 5);
        let line = |text: &str, cells: &[&str]| {
            let mut line = padded(text, first, false);
            for ((cell, width), column) in cells.iter().zip(&widths).zip(columns) {
                line.push_str("  ");
                line.push_str(&padded(cell, *width, column.right));
            }
            line.trim_end().to_owned()
        };
        let heads: Vec<&str> = columns.iter().map(|column| column.head.as_str()).collect();
        self.lines.push(line(head, &heads));
        self.lines.push("-".repeat(first.saturating_add(others).min(self.width)));
        for (place, (description, detail)) in described.iter().enumerate() {
            let cells: Vec<&str> =
                columns.iter().map(|column| column.cells.get(place).copied().unwrap_or_default()).collect();
            let mut said = wrapped(description, first).into_iter();
            self.lines.push(line(&said.next().unwrap_or_default(), &cells));
            self.lines.extend(said);
            if !detail.is_empty() {
                self.lines.extend(wrapped(detail, first.saturating_sub(GAP)).iter().map(|text| format!("  {text}")));
            }
        }
    }

    /// Sums to the right, below one another.
    fn sums(&mut self, totals: &[TotalView], total: &TotalView) {
        self.gap();
        let all = || totals.iter().chain([total]);
        let widest = all().map(|sum| count(&sum.amount)).max().unwrap_or_default();
        let label = self.width.saturating_sub(widest.saturating_add(GAP));
        for sum in totals {
            self.lines.extend(summed(sum, label, widest));
        }
        for line in summed(total, label, widest) {
            self.strong_line(line);
        }
        self.gap();
    }
}

/// A sum with its label before it; of a label that is too long the last line has the amount.
fn summed(sum: &TotalView, label: usize, widest: usize) -> Vec<String> {
    let mut labels = wrapped(&sum.label, label);
    let last = labels.pop().unwrap_or_default();
    let line = format!("{}  {}", padded(&last, label, true), padded(&sum.amount, widest, true));
    labels.into_iter().map(|text| padded(&text, label, true)).chain([line]).collect()
}

fn count(text: &str) -> usize {
    text.chars().count()
}

fn padded(text: &str, width: usize, right: bool) -> String {
    if right { format!("{text:>width$}") } else { format!("{text:<width$}") }
}

/// The lines of a text, broken at blanks; a word that is wider than a line is broken where the line ends. Blanks that do
/// not break stay. At least one line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let (mut lines, mut line, mut held) = (Vec::new(), String::new(), 0_usize);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = count(word);
        if held > 0 && held.saturating_add(1).saturating_add(length) > width {
            lines.push(std::mem::take(&mut line));
            held = 0;
        }
        if held > 0 {
            line.push(' ');
            held = held.saturating_add(1);
        }
        for sign in word.chars() {
            if held == width {
                lines.push(std::mem::take(&mut line));
                held = 0;
            }
            line.push(sign);
            held = held.saturating_add(1);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::business::Language;

    #[test]
    fn lines_are_broken_at_blanks_and_long_words_where_they_must() {
        for (text, width, lines) in [
            ("", 5, vec![""]),
            ("one two", 7, vec!["one two"]),
            ("one two", 6, vec!["one", "two"]),
            ("abcdefgh ij", 3, vec!["abc", "def", "gh", "ij"]),
            ("a\u{a0}b c", 3, vec!["a\u{a0}b", "c"]),
        ] {
            assert_eq!(wrapped(text, width), lines, "{text}");
        }
    }

    #[test]
    fn no_line_is_wider_than_the_paper_and_amounts_stand_to_the_right() {
        let mut invoice = sample::invoice(Language::English);
        invoice.buyer.legal_name = "株式会社 🥐 ".repeat(40);
        let view = InvoiceView::of(&invoice, &"c".repeat(64));
        for width in [0, 60, 80, 500] {
            let text = text(&view, Paper { width, bold: false });
            let width = width.clamp(WIDTH_MIN, WIDTH_MAX);
            let too_wide: Vec<&str> = text.lines().filter(|line| count(line) > width).collect();
            assert!(too_wide.is_empty(), "{too_wide:#?}");
            for label in ["Net amount", "Total due"] {
                let ending = format!("{label}  USD 1,342.75");
                assert!(text.lines().any(|line| count(line) == width && line.ends_with(&ending)), "{text}");
            }
            assert!(!text.contains('\u{1b}'), "nothing is bold");
        }
    }

    #[test]
    fn every_document_is_written_as_text() {
        let view = InvoiceView::of(&sample::invoice(Language::Italian), "c");
        let bold = text(&view, Paper { width: 80, bold: true });
        assert!(bold.starts_with("\u{1b}[1mFattura LR-2026-000123\u{1b}[0m\n"), "{bold}");
        let preview = InvoiceView::preview(&sample::invoice(Language::English));
        assert!(text(&preview, Paper { width: 80, bold: false }).starts_with("PREVIEW"));
    }
}
