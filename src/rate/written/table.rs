//! The table of rates as a spreadsheet writes it: CSV with comma, semicolon or tab.
//!
//! Columns: `market`, `price`, and where they are needed `from`, `to`, `entry_point`, `above`, `after`. Rows that are
//! alike in market, span and entry point make one rate: `above` parts its tiers, `after` its lateness steps.

use std::ops::Range;

use toml::Spanned;

use super::Reader;
use super::rates::{Row, StepRow, TierRow};

const COLUMNS: [&str; 7] = ["market", "from", "to", "entry_point", "above", "after", "price"];

/// One line of the table: cells in the order of [`COLUMNS`], empty ones where a column is missing.
struct Line {
    at: Range<usize>,
    cells: [String; 7],
}

/// A price or steps.
type Prices = (Option<Spanned<String>>, Option<Spanned<Vec<StepRow>>>);

/// The lines of one rate, and of one of its tiers.
type Group<'l> = Vec<&'l Line>;

impl Reader<'_> {
    pub(super) fn rows_of_table(&mut self) -> Vec<Spanned<Row>> {
        let lines = self.lines();
        let mut groups: Vec<Group> = Vec::new();
        for line in &lines {
            let same = |group: &&mut Group| group.first().is_some_and(|first| first.cells[..4] == line.cells[..4]);
            match groups.iter_mut().find(same) {
                Some(group) => group.push(line),
                None => groups.push(vec![line]),
            }
        }
        groups.iter().filter_map(|group| self.row(group)).collect()
    }

    fn lines(&mut self) -> Vec<Line> {
        let hint = "the first line names the columns: market,price and, where they are needed, from, to, entry_point, above, after";
        let text = self.text.trim_start_matches('\u{feff}');
        let offset = self.text.len() - text.len();
        let head = text.lines().next().unwrap_or_default();
        let separator = [b';', b'\t', b','].into_iter().max_by_key(|byte| head.bytes().filter(|b| b == byte).count());
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator.unwrap_or(b','))
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let names: Vec<String> = match reader.headers() {
            Ok(names) => names.iter().map(str::to_lowercase).collect(),
            Err(error) => {
                self.wrong(0..0, format!("the table cannot be read: {error}"), hint);
                return Vec::new();
            }
        };
        let place = |column: &str| names.iter().position(|name| name == column);
        if place("market").is_none() || place("price").is_none() {
            self.wrong(0..0, "the table has no columns `market` and `price`", hint);
            return Vec::new();
        }
        let unknown = names.iter().find(|name| !name.is_empty() && !COLUMNS.contains(&name.as_str()));
        if let Some(unknown) = unknown {
            self.wrong(0..0, format!("the table has a column `{unknown}` that is not known"), hint);
            return Vec::new();
        }
        let places = COLUMNS.map(place);
        let mut lines = Vec::new();
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    self.wrong(0..0, format!("the table cannot be read: {error}"), hint);
                    return Vec::new();
                }
            };
            // What spreadsheets leave below a table.
            if record.iter().all(str::is_empty) {
                continue;
            }
            let start = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or_default());
            let at = offset + start..offset + start;
            if record.len() > names.len() {
                let hint = "a decimal comma parts a price in two: write 0.05";
                self.wrong(at, "the line has more cells than the table has columns", hint);
                continue;
            }
            let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).unwrap_or_default().to_owned();
            lines.push(Line { at, cells: places.map(cell) });
        }
        lines
    }

    /// The rate of some lines.
    fn row(&mut self, group: &Group) -> Option<Spanned<Row>> {
        let first = group.first()?;
        let mut tiers: Vec<(Option<u64>, Group)> = Vec::new();
        for line in group {
            let above = self.above(line)?;
            match tiers.iter_mut().find(|(known, _)| *known == above) {
                Some((_, lines)) => lines.push(line),
                None => tiers.push((above, vec![line])),
            }
        }
        let mut row = Row {
            market: first.spanned(0),
            from: first.cell(1),
            to: first.cell(2),
            entry_point: first.cell(3),
            price: None,
            steps: None,
            tiers: None,
        };
        if let [(None, lines)] = tiers.as_slice() {
            (row.price, row.steps) = self.price_of(lines)?;
        } else {
            let mut rows = Vec::new();
            for (above, lines) in &tiers {
                let at = lines.first()?.at.clone();
                let Some(above) = above else {
                    self.wrong(
                        at,
                        "some lines of the rate have `above`, and this one has not",
                        "write 0 for the first tier",
                    );
                    return None;
                };
                let (price, steps) = self.price_of(lines)?;
                let tier = TierRow { above: Spanned::new(at.clone(), *above), price, steps };
                rows.push(Spanned::new(at, tier));
            }
            row.tiers = Some(Spanned::new(first.at.clone(), rows));
        }
        Some(Spanned::new(first.at.clone(), row))
    }

    /// The tier of a line. The outer `None`: it is wrong, and noted.
    fn above(&mut self, line: &Line) -> Option<Option<u64>> {
        let text = &line.cells[4];
        if text.is_empty() {
            return Some(None);
        }
        let parsed = text.parse();
        if parsed.is_err() {
            let message = format!("`{text}` is not a number of charges");
            self.wrong(line.at.clone(), message, "`above` is a whole number, 0 for the first tier");
        }
        parsed.ok().map(Some)
    }

    /// The price or the steps of the lines of one tier.
    fn price_of(&mut self, lines: &Group) -> Option<Prices> {
        let first = lines.first()?;
        lines.iter().try_for_each(|line| self.plain(line))?;
        match (lines.len(), first.cells[5].is_empty()) {
            (1, true) => Some((first.cell(6), None)),
            (_, true) => {
                let line = lines.get(1)?;
                self.wrong(
                    line.at.clone(),
                    "the same rate stands twice",
                    "keep one of the lines, or tell them apart by after, above, from or to",
                );
                None
            }
            (_, false) => {
                let step = |line: &&Line| StepRow { after: line.spanned(5), price: line.spanned(6) };
                Some((None, Some(Spanned::new(first.at.clone(), lines.iter().map(step).collect()))))
            }
        }
    }

    /// Notes a price that a spreadsheet has dressed up.
    fn plain(&mut self, line: &Line) -> Option<()> {
        let price = &line.cells[6];
        let hint = if price.contains(',') {
            "write the decimal point as a dot: 0.05"
        } else if price.contains('%') {
            "a price is an amount of the tariff's currency, not a share"
        } else if price.chars().any(|c| !c.is_ascii_digit() && !".-".contains(c)) {
            "prices are in the tariff's currency and have no sign: write 0.05"
        } else {
            return Some(());
        };
        self.wrong(line.at.clone(), format!("`{price}` is not an exact decimal"), hint);
        None
    }
}

impl Line {
    fn spanned(&self, column: usize) -> Spanned<String> {
        Spanned::new(self.at.clone(), self.cells.get(column).cloned().unwrap_or_default())
    }

    fn cell(&self, column: usize) -> Option<Spanned<String>> {
        let cell = self.spanned(column);
        (!cell.get_ref().is_empty()).then_some(cell)
    }
}
