//! The small tables that go along: markets, rates and months, cut here, so that neither a search nor a zone of the cluster
//! has a say.

use std::collections::{BTreeMap, BTreeSet};

use super::statement::{NEVER, quoted};
use crate::domain::{Elapsed, EntryPoint, Instant, Market, Month};
use crate::rate::Tariff;
use crate::rate::tariff::{Price, Rate, RateOf, Tier};

/// Neither end of time is a number that every parser takes.
const FOREVER: i64 = 4_000_000_000_000_000_000;

/// The spans of text in which the longest calling code that begins a number is the same.
pub(super) fn markets(tariff: &Tariff) -> String {
    let codes: BTreeSet<&str> = tariff.rows().filter_map(|row| row.market.calling_code()).collect();
    let edges: BTreeSet<String> = codes.iter().flat_map(|code| [(*code).to_owned(), after(code)]).collect();
    let edges: Vec<&String> = edges.iter().collect();
    let mut rows = Vec::new();
    for span in edges.windows(2) {
        let [from, until] = span else { continue };
        let longest = codes.iter().filter(|code| from.starts_with(**code)).max_by_key(|code| code.len());
        let (Some(code), Some(first)) = (longest, from.get(..1)) else { continue };
        rows.push(format!("({}, {}, {}, {})", quoted(first), quoted(from), quoted(until), quoted(code)));
    }
    table(&rows, "('', '', '', 'other')", "first_digit, from_digits, until_digits, market")
}

/// The first text after all that begin with the digits.
fn after(code: &str) -> String {
    let mut signs: Vec<char> = code.chars().collect();
    if let Some(last) = signs.last_mut() {
        // Behind `9` comes a sign that is no digit.
        *last = char::from_u32(u32::from(*last) + 1).unwrap_or(*last);
    }
    signs.into_iter().collect()
}

/// The tariff, one row a rate, tier and step, by the number of each entry point.
pub(super) fn rates(tariff: &Tariff) -> String {
    let mut by_market: BTreeMap<&Market, Vec<RateOf>> = BTreeMap::new();
    for row in tariff.rows() {
        by_market.entry(row.market).or_default().push(row);
    }
    let mut rows = Vec::new();
    for (market, of_market) in by_market {
        let spans = of_market.iter().map(|row| row.rate.span);
        let edges: BTreeSet<Instant> = spans.flat_map(|span| [span.from, span.to]).collect();
        let edges: Vec<Instant> = edges.into_iter().collect();
        for (number, entry_point) in EntryPoint::ALL.into_iter().enumerate() {
            for span in edges.windows(2) {
                let [from, until] = span else { continue };
                if let Some(rate) = in_force(&of_market, entry_point, *from) {
                    let begin = format!("{}, {number}, {}, {}", quoted(market.name()), micros(*from), micros(*until));
                    rows.extend(prices(rate).into_iter().map(|price| format!("({begin}, {price})")));
                }
            }
        }
    }
    let columns = "market, entry_point, valid_from, valid_until, line, last_step, is_tiered, above, upto, longer_than, \
                   up_to_length, is_last_step, price";
    // Invariant: a tariff has at least one rate.
    table(
        &rows,
        "('', 0, 0L, 0L, 0, cast(null as bigint), false, 0L, 0L, 0L, 0L, true, cast('0' as decimal(18, 9)))",
        columns,
    )
}

/// The row of the entry point, else the general one.
fn in_force<'t>(rows: &[RateOf<'t>], entry_point: EntryPoint, at: Instant) -> Option<&'t Rate> {
    let of = |wanted: Option<EntryPoint>| {
        rows.iter().find(|row| row.entry_point == wanted && row.rate.span.contains(at)).map(|row| row.rate)
    };
    of(Some(entry_point)).or_else(|| of(None))
}

/// Line, last step, tier, step and price of a rate.
fn prices(rate: &Rate) -> Vec<String> {
    let steps = rate.tiers.iter().filter_map(|tier| tier.price.steps().last());
    let last_step = steps.map(|step| step.after).max();
    let last_step = last_step.map_or_else(|| "cast(null as bigint)".to_owned(), |after| format!("{}L", after.micros()));
    let mut rows = Vec::new();
    for (place, Tier { above, price }) in rate.tiers.iter().enumerate() {
        let upto = rate.tiers.get(place + 1).map_or_else(|| FOREVER.to_string(), |next| next.above.to_string());
        let tier = format!("{}, {last_step}, {}, {above}L, {upto}L", rate.line, rate.is_tiered());
        match price {
            Price::Flat(price) => {
                rows.push(format!("{tier}, {}, {NEVER}L, true, cast('{price}' as decimal(18, 9))", before(None)));
            }
            Price::Steps(steps) => {
                for (place, step) in steps.iter().enumerate() {
                    let next = steps.get(place + 1).map(|next| next.after);
                    let (until, is_last) = (next.map_or(NEVER, Elapsed::micros), next.is_none());
                    let price = step.price;
                    let from = before(Some(step.after));
                    rows.push(format!("{tier}, {from}, {until}L, {is_last}, cast('{price}' as decimal(18, 9))"));
                }
            }
        }
    }
    rows
}

/// The beginning of a step; without one, before every length.
fn before(step: Option<Elapsed>) -> String {
    format!("{}L", step.map_or(-NEVER, Elapsed::micros))
}

/// The billing months, in the zone of the tariff, of messages from `first` to `last`.
pub(super) fn months(tariff: &Tariff, first: Instant, last: Instant) -> String {
    let end = Month::of(last.plus(tariff.reading.horizon()), tariff.zone);
    let all = std::iter::successors(Some(Month::of(first, tariff.zone)), |month| Some(month.next()));
    let within = all.take_while(|month| *month <= end);
    let row = |month: Month| {
        let span = month.span(tariff.zone);
        format!("({}, {}, {})", quoted(&month.to_string()), micros(span.from), micros(span.to))
    };
    let rows: Vec<String> = within.map(row).collect();
    table(&rows, "('', 0L, 0L)", "month, begins, ends")
}

pub(super) fn micros(at: Instant) -> String {
    format!("{}L", at.micros().clamp(-FOREVER, FOREVER))
}

/// A query that gives the rows; where there are none, one that fits nothing.
pub(super) fn table(rows: &[String], none: &str, columns: &str) -> String {
    let rows = if rows.is_empty() { none.to_owned() } else { rows.join(", ") };
    format!("select * from values {rows} as t({columns})")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "id = \"t\"\nversion = \"1\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"a test\"\n";

    fn tariff(rates: &str) -> Tariff {
        Tariff::parse(std::path::Path::new("t.toml"), &format!("{HEAD}{rates}")).unwrap()
    }

    #[test]
    fn the_longest_code_has_its_own_span() {
        let text = "rate = [{ market = \"1\", price = \"0.02\" }, { market = \"1 809\", price = \"0.03\" },
                            { market = \"39\", price = \"0.04\" }, { market = \"other\", price = \"0.01\" }]";
        let expected = "('1', '1', '1809', '1'), ('1', '1809', '180:', '1809'), ('1', '180:', '2', '1'), \
                        ('3', '39', '3:', '39')";
        assert!(markets(&tariff(text)).contains(expected), "{}", markets(&tariff(text)));
        let none = markets(&tariff("rate = [{ market = \"other\", price = \"0.01\" }]"));
        assert!(none.contains("('', '', '', 'other')"), "{none}");
    }

    #[test]
    fn a_rate_has_a_row_for_each_entry_point_span_and_step() {
        let text = "rate = [{ market = \"other\", to = \"2018-08-01\", price = \"0.01\" },
            { market = \"other\", from = \"2018-08-01\", steps = [{ after = \"24h\", price = \"0.02\" },
                                                                  { after = \"48h\", price = \"0.03\" }] },
            { market = \"other\", entry_point = \"live_support\", price = \"0.09\" }]";
        let made = rates(&tariff(text));
        assert_eq!(made.matches("as decimal").count(), 3 * 3 + 2, "{made}");
        let live = made.matches("cast('0.09' as decimal(18, 9))").count();
        assert_eq!(live, 2, "one for each of the two spans of the general rows: {made}");
        let step = "('other', 0, 1533081600000000L, 4000000000000000000L, ";
        assert!(made.contains(step), "{made}");
        assert!(made.contains("172800000000L, 100000000000000000L, true, cast('0.03' as decimal(18, 9)))"), "{made}");
    }

    #[test]
    fn months_go_on_to_the_last_deadline() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let tariff = tariff("rate = [{ market = \"other\", price = \"0.01\" }]");
        let made = months(&tariff, at("2018-07-31T23:59:59Z"), at("2018-08-31T12:00:00Z"));
        for month in ["2018-07", "2018-08", "2018-09"] {
            assert!(made.contains(&format!("('{month}', ")), "{made}");
        }
        assert!(!made.contains("2018-10"), "{made}");
    }
}
