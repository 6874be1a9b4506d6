//! `[exchange]` and the table of rates that it names: the form in which the European Central Bank publishes its own.
//!
//! The first row names the columns: `Date`, then currencies. Each further row is a day with the units of each currency for
//! one euro, or `N/A`. The order of rows is free; currencies that are not known here are passed over.

use std::path::{Path, PathBuf};

use super::table::{Form, Table};
use crate::domain::exchange::Rates;
use crate::domain::{Currency, Date, Decimal, Mistake};

const EXCHANGE: Form = Form { name: "[exchange]", needs: &["table = \"eurofxref-hist.csv\""], allows: &[] };

/// The file of rates, where the configuration names one.
pub(super) fn rates(root: &Table<'_>) -> Option<PathBuf> {
    root.table("exchange", &EXCHANGE)?.path("table")
}

/// Mistakes of a table that are told; more of them say nothing new.
const MISTAKES_MAX: usize = 20;

/// A table of exchange rates.
///
/// Pure: `path` only names the file in messages.
///
/// # Errors
/// The first mistakes of the file, in order of lines; with mistakes there is no table.
pub fn parse_rates(path: &Path, text: &str) -> Result<Rates, Vec<Mistake>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1_u32..).zip(text.lines());
    let wrong = |line: Option<u32>, message: String| {
        let hint = "take eurofxref-hist.csv as the ECB publishes it: a row of names, then a row a day";
        Mistake { line, ..Mistake::of_file(path, message, hint) }
    };
    let head = lines.next().map(|(_, head)| head).unwrap_or_default();
    let mut names = head.split(',').map(str::trim);
    if names.next() != Some("Date") {
        return Err(vec![wrong(Some(1), "the table of rates does not begin with the column `Date`".to_owned())]);
    }
    let columns: Vec<Option<Currency>> = names.map(|name| name.parse().ok()).collect();
    let (mut rates, mut mistakes) = (Rates::default(), Vec::new());
    for (line, row) in lines.filter(|(_, row)| !row.trim().is_empty()) {
        if let Err(why) = add_row(&mut rates, &columns, row) {
            mistakes.push(wrong(Some(line), why));
        }
        if mistakes.len() == MISTAKES_MAX {
            break;
        }
    }
    if mistakes.is_empty() && rates.last_day().is_none() {
        mistakes.push(wrong(None, "the table of rates has no day".to_owned()));
    }
    if mistakes.is_empty() { Ok(rates) } else { Err(mistakes) }
}

fn add_row(rates: &mut Rates, columns: &[Option<Currency>], row: &str) -> Result<(), String> {
    let mut cells = row.split(',').map(str::trim);
    let day: Date = cells.next().unwrap_or_default().parse()?;
    if !rates.add_day(day) {
        return Err(format!("the day {day} stands twice in the table of rates"));
    }
    if cells.clone().count() > columns.len() {
        return Err("the row has more cells than there are columns".to_owned());
    }
    for (currency, cell) in columns.iter().zip(cells) {
        let Some(currency) = currency.filter(|_| !cell.is_empty() && cell != "N/A") else { continue };
        let rate: Decimal = cell.parse()?;
        if rate.is_zero() || rate.is_negative() || rate > Decimal::whole(10_000_000) {
            return Err(format!("the rate {cell} of {currency} is not between 0 and ten million"));
        }
        if !rates.add(day, currency, rate) {
            return Err(format!("the currency {currency} has two columns"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Rates, Vec<Mistake>> {
        parse_rates(Path::new("rates.csv"), text)
    }

    const TABLE: &str =
        "Date,USD,JPY,CYP,GBP,\n2018-09-03,1.1604,128.78,N/A,0.90135,\n2018-08-31,1.1651,129.05,0.5,0.89745,\n";

    #[test]
    fn the_table_of_the_bank_is_read_as_it_is_published() {
        let [usd, gbp, eur]: [Currency; 3] = ["USD", "GBP", "EUR"].map(|code| code.parse().unwrap());
        for text in [TABLE.to_owned(), TABLE.replace('\n', "\r\n"), format!("\u{feff}{TABLE}\n")] {
            let rates = parsed(&text).unwrap();
            let rate = rates.on("2018-09-01".parse().unwrap(), usd, gbp).unwrap();
            assert_eq!(
                (rate.date.to_string(), rate.to_per_euro.to_string()),
                ("2018-08-31".to_owned(), "0.89745".to_owned())
            );
            let proof = rates.proof("2018-09-01".parse().unwrap(), &[usd, eur]);
            let again = parsed(&proof).unwrap().on("2018-09-01".parse().unwrap(), usd, eur);
            assert_eq!(again, rates.on("2018-09-01".parse().unwrap(), usd, eur));
        }
    }

    #[test]
    fn a_table_with_a_mistake_is_none() {
        for (good, bad, line, part) in [
            ("Date", "Datum", 1, "does not begin with the column `Date`"),
            ("2018-08-31", "31.8.2018", 3, "is not a date"),
            ("2018-08-31", "2018-09-03", 3, "stands twice"),
            ("1.1651,", "1,1651,", 3, "more cells than"),
            ("1.1651", "-1.1651", 3, "is not between"),
            ("1.1604", "0", 2, "is not between"),
            ("1.1604", "1.16e0", 2, "not an exact decimal"),
            ("JPY", "USD", 2, "the currency USD has two columns"),
        ] {
            let mistakes = parsed(&TABLE.replacen(good, bad, 1)).unwrap_err();
            assert_eq!(mistakes[0].line, Some(line), "{bad}");
            assert!(mistakes[0].message.contains(part), "{bad}: {}", mistakes[0].message);
        }
        assert!(parsed("Date,USD,\n").unwrap_err()[0].message.contains("no day"));
        assert!(parsed("").is_err());
    }
}
