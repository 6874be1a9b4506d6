//! The numbers that were given: counted without gaps, for each series and year.

use std::collections::BTreeMap;

use crate::domain::InvoiceNumber;

/// The greatest count of every series and year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers(BTreeMap<String, BTreeMap<i32, u32>>);

impl Numbers {
    /// A number is given.
    pub fn give(&mut self, number: &InvoiceNumber) {
        let years = match self.0.get_mut(&number.series) {
            Some(years) => years,
            None => self.0.entry(number.series.clone()).or_default(),
        };
        let count = years.entry(number.year).or_default();
        *count = number.count.max(*count);
    }

    /// The number after the last of its series and year. The first year of a series begins at `first`, later years at 1.
    pub fn next(&self, series: &str, year: i32, first: u32) -> InvoiceNumber {
        let years = self.0.get(series);
        let last = years.and_then(|years| years.get(&year));
        let start = if years.is_none() { first } else { 1 };
        let count = last.map_or(start, |last| last + 1);
        InvoiceNumber { series: series.to_owned(), year, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_series_and_year_counts_for_itself() {
        let mut numbers = Numbers::default();
        let mut given = Vec::new();
        for (series, year, first) in
            [("LR", 2018, 7), ("LR", 2018, 7), ("CN", 2018, 1), ("LR", 2019, 7), ("LR", 2018, 7)]
        {
            let number = numbers.next(series, year, first);
            numbers.give(&number);
            given.push(number.to_string());
        }
        assert_eq!(given, ["LR-2018-000007", "LR-2018-000008", "CN-2018-000001", "LR-2019-000001", "LR-2018-000009"]);
    }

    #[test]
    fn a_number_that_is_given_late_takes_nothing_back() {
        let mut numbers = Numbers::default();
        for number in ["LR-2018-000003", "LR-2018-000001"] {
            numbers.give(&number.parse().unwrap());
        }
        assert_eq!(numbers.next("LR", 2018, 1).count, 4);
    }
}
