//! A long invoice on its page: lines of one market stand together. The canonical invoice and its e-invoice keep every line.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::lines::{self, LineView};
use super::texts::{self, fill};
use super::view::InvoiceView;
use super::{labels, numbers, terms};
use crate::domain::invoice::Line;
use crate::domain::{Decimal, EntryPoint, Invoice, Market, Money, VatKey};

/// A page shows no more rows of charges than these.
const ROWS_MOST: usize = 60;

/// What the lines of one row have in common.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'i> {
    market: &'i Market,
    free: bool,
    /// `None`: their prices may differ.
    price: Option<Decimal>,
    vat: Option<&'i VatKey>,
}

/// The view of an invoice, as it is billed, whose lines stand together where there are too many. Documents of before there
/// were e-invoices keep their bytes.
pub(super) fn shown(invoice: &Invoice, view: InvoiceView) -> InvoiceView {
    if !invoice.electronic || invoice.lines.len() <= ROWS_MOST {
        return view;
    }
    let shown: Option<Vec<LineView>> = rows(&invoice.lines).iter().map(|row| row_view(row, invoice)).collect();
    // Where a sum does not fit, every line is shown.
    let Some(mut shown) = shown else { return view };
    // After the lines are the amounts of earlier months.
    shown.extend(view.lines.iter().skip(invoice.lines.len()).cloned());
    let together = fill(labels::of(invoice.language).together, &[("count", &count(invoice.lines.len(), invoice))]);
    InvoiceView { lines: shown, together, ..view }
}

/// Lines by row, in their order: of one market and price together; where these are too many, of one market; and where they
/// still are, the markets with the smallest amounts are one row.
fn rows(lines: &[Line]) -> Vec<Vec<&Line>> {
    for price in [true, false] {
        let rows = grouped(lines, price);
        if rows.len() <= ROWS_MOST {
            return rows;
        }
    }
    with_others(grouped(lines, false))
}

fn grouped(lines: &[Line], by_price: bool) -> Vec<Vec<&Line>> {
    let (mut places, mut rows) = (BTreeMap::new(), Vec::<Vec<&Line>>::new());
    for line in lines {
        let price = by_price.then_some(line.unit_price);
        let key = Key { market: &line.market, free: line.free, price, vat: line.vat.as_ref() };
        let place: usize = *places.entry(key).or_insert(rows.len());
        match rows.get_mut(place) {
            Some(row) => row.push(line),
            None => rows.push(vec![line]),
        }
    }
    rows
}

/// The rows with the largest amounts, in their order; then the others, by whether they are free and by their VAT.
fn with_others(rows: Vec<Vec<&Line>>) -> Vec<Vec<&Line>> {
    let kinds: BTreeSet<(bool, Option<&VatKey>)> =
        rows.iter().flatten().map(|line| (line.free, line.vat.as_ref())).collect();
    let room = ROWS_MOST.saturating_sub(kinds.len());
    let amount = |row: &Vec<&Line>| row.iter().fold(0_i64, |sum, line| sum.saturating_add(line.amount.minor()));
    let mut places: Vec<(Reverse<i64>, usize)> =
        rows.iter().enumerate().map(|(place, row)| (Reverse(amount(row)), place)).collect();
    places.sort_unstable();
    let kept: BTreeSet<usize> = places.into_iter().take(room).map(|(_, place)| place).collect();
    let (mut shown, mut others) = (Vec::new(), BTreeMap::<(bool, Option<&VatKey>), Vec<&Line>>::new());
    for (place, row) in rows.into_iter().enumerate() {
        if kept.contains(&place) {
            shown.push(row);
            continue;
        }
        for line in row {
            others.entry((line.free, line.vat.as_ref())).or_default().push(line);
        }
    }
    shown.extend(others.into_values());
    shown
}

/// A row as the page has it; `None` where a sum does not fit.
fn row_view(row: &[&Line], invoice: &Invoice) -> Option<LineView> {
    let (first, rest) = row.split_first()?;
    if rest.is_empty() {
        return Some(lines::line_view(first, invoice));
    }
    let language = invoice.language;
    let is_one_price = rest.iter().all(|line| line.unit_price == first.unit_price);
    let quantity = row.iter().try_fold(0_u64, |sum, line| sum.checked_add(line.quantity))?;
    let amount = Money::sum(invoice.currency, row.iter().map(|line| line.amount))?;
    Some(LineView {
        description: described(first, rest, invoice),
        detail: fill(labels::of(language).lines_together, &[("count", &count(row.len(), invoice))]),
        quantity: numbers::count(quantity, language),
        unit_price: if is_one_price { numbers::decimal(first.unit_price, language) } else { String::new() },
        amount: numbers::amount_digits(amount, language),
        vat: lines::vat_of(first.vat.as_ref(), invoice),
    })
}

/// With the entry point where all lines have the same; of several markets, how many they are.
fn described(first: &Line, rest: &[&Line], invoice: &Invoice) -> String {
    let language = invoice.language;
    let markets: BTreeSet<&Market> = rest.iter().map(|line| &line.market).chain([&first.market]).collect();
    if markets.len() == 1 {
        let is_one = rest.iter().all(|line| line.entry_point == first.entry_point);
        let entry_point = if is_one { first.entry_point } else { EntryPoint::Unknown };
        return lines::described(&first.market, entry_point, first.free, language);
    }
    let named = if first.free { terms::of(language).line_free } else { texts::of(language).line };
    let others = fill(labels::of(language).other_markets, &[("count", &count(markets.len(), invoice))]);
    fill(named, &[("market", &others)])
}

fn count(count: usize, invoice: &Invoice) -> String {
    numbers::count(u64::try_from(count).unwrap_or(u64::MAX), invoice.language)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::business::Language;

    /// An invoice with a line for each of these entry points and steps of so many markets, at a price by `price`.
    fn invoice(markets: u64, steps: u64, price: fn(u64, u64) -> u64) -> Invoice {
        let mut invoice = Invoice { electronic: true, ..sample::invoice(Language::English) };
        let first = invoice.lines[0].clone();
        let mut lines = Vec::new();
        for market in 0..markets {
            for step in 0..steps {
                let unit_price: Decimal = format!("0.{:03}", price(market, step)).parse().unwrap();
                let exact = unit_price.times(3 + step).unwrap();
                let amount = exact.rounded(invoice.currency, crate::domain::Rounding::HalfAwayFromZero).unwrap();
                lines.push(Line {
                    market: (100 + market).to_string().parse().unwrap(),
                    entry_point: if step % 2 == 0 { EntryPoint::ClickToChat } else { EntryPoint::LiveSupport },
                    step: Some(format!("{}h", 24 + step).parse().unwrap()),
                    quantity: 3 + step,
                    unit_price,
                    exact,
                    amount,
                    ..first.clone()
                });
            }
        }
        invoice.lines = lines;
        invoice.net = Money::sum(invoice.currency, invoice.lines.iter().map(|line| line.amount)).unwrap();
        invoice.total = invoice.net;
        let known = invoice.vat[0].clone();
        invoice.vat = vec![crate::domain::invoice::Vat { net: invoice.net, ..known }];
        invoice
    }

    /// The rows of the page: their amounts and quantities are those of all lines.
    #[track_caller]
    fn check(invoice: &Invoice) -> Vec<LineView> {
        let view = InvoiceView::of(invoice, "c");
        let plain = |text: &str| text.replace(',', "");
        let amounts = view.lines.iter().map(|row| format!("USD {}", plain(&row.amount)).parse().unwrap());
        assert_eq!(Money::sum(invoice.currency, amounts), Some(invoice.net));
        let quantities: u64 = view.lines.iter().map(|row| plain(&row.quantity).parse::<u64>().unwrap()).sum();
        assert_eq!(quantities, invoice.lines.iter().map(|line| line.quantity).sum::<u64>());
        assert!(view.lines.len() <= ROWS_MOST, "{}", view.lines.len());
        let xml = String::from_utf8(view.einvoice.unwrap().xml).unwrap();
        let lines = xml.matches("<ram:IncludedSupplyChainTradeLineItem>").count();
        assert_eq!(lines, invoice.lines.len(), "the e-invoice has every line");
        assert_eq!(view.together.is_empty(), invoice.lines.len() <= ROWS_MOST);
        view.lines
    }

    #[test]
    fn up_to_sixty_lines_are_shown_as_they_are() {
        let rows = check(&invoice(20, 3, |_, step| 50 + step));
        assert_eq!((rows.len(), rows[0].detail.as_str()), (60, "waited more than 24\u{a0}h"));
    }

    #[test]
    fn more_stand_together_by_market_and_price() {
        let rows = check(&invoice(25, 4, |_, step| 50 + step / 2));
        let said = [&rows[0].detail, &rows[0].quantity, &rows[0].unit_price];
        assert_eq!((rows.len(), said.map(String::as_str)), (50, ["2 lines together", "7", "0.05"]));
        assert!(!rows[0].description.contains("click to chat"), "{}", rows[0].description);
    }

    #[test]
    fn where_prices_are_too_many_by_market_alone() {
        let rows = check(&invoice(40, 4, |market, step| market + step));
        assert_eq!((rows.len(), rows[0].detail.as_str(), rows[0].unit_price.as_str()), (40, "4 lines together", ""));
    }

    #[test]
    fn where_markets_are_too_many_the_smallest_are_one_row() {
        let rows = check(&invoice(200, 5, |market, _| market + 1));
        let last = rows.last().unwrap();
        let said = (rows.len(), last.description.as_str(), last.detail.as_str());
        assert_eq!(said, (60, "Late replies: 141 other markets", "705 lines together"));
    }

    #[test]
    fn what_was_issued_before_keeps_its_lines() {
        let before = Invoice { electronic: false, ..invoice(25, 4, |_, _| 50) };
        let view = InvoiceView::of(&before, "c");
        assert_eq!((view.lines.len(), view.together.as_str()), (100, ""));
    }
}
