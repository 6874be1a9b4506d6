//! `ritardo tariff diff --over`: who pays more in a month, by business and market.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::diff::change;
use crate::cli::{DiffForm, TariffDiff};
use crate::close::{self, Pricing};
use crate::commands::World;
use crate::commands::cases::{Case, Desk, Gathered};
use crate::commands::evidence::Evidence;
use crate::commands::table::Table;
use crate::domain::business::Language;
use crate::domain::charge::RatedWait;
use crate::domain::{Market, Money, Month};
use crate::error::{Failure, Kind};
use crate::rate::{self, Tariff};
use crate::render::market_named;
use crate::report::chart::escaped;

/// What a business pays in one market, or on the whole.
struct Row {
    business: String,
    /// Empty for the whole.
    market: String,
    charges: [u64; 2],
    amounts: [Money; 2],
}

/// Charges and rounded amounts by market, and the net amount of the month.
type Sums = (BTreeMap<Market, (u64, Money)>, u64, Money);

pub fn over(args: &TariffDiff, month: Month, old: &Tariff, new: &Tariff, world: &World) -> Result<String, Failure> {
    if old.currency != new.currency {
        let message = format!("{} and {} cannot be compared", old.currency, new.currency);
        return Err(Failure::new(Kind::CommandLine, message).hint("both tariffs need the same currency"));
    }
    let desk = Desk::open(&args.config, args.as_of.unwrap_or(world.now))?;
    let archive = desk.archive()?;
    let mut gathered = Gathered::new(&desk, &archive);
    let mut rows = Vec::new();
    for case in &desk.cases(month, args.business.as_ref())? {
        let evidence = gathered.of(&case.setup)?;
        let (was, is) = (sums(case, evidence, old)?, sums(case, evidence, new)?);
        rows.extend(of_business(case.business.id.as_str(), &was, &is, old));
    }
    let title = format!("{month} under {} and under {}, in {}", old.name(), new.name(), old.currency);
    match args.format {
        DiffForm::Text => Ok(format!("{title}\n{}", table(&rows).lines().join("\n"))),
        DiffForm::Csv => table(&rows).csv(),
        DiffForm::Html => Ok(page(&title, &rows)),
    }
}

fn sums(case: &Case, evidence: &Evidence, tariff: &Tariff) -> Result<Sums, Failure> {
    let rated = case.waits(evidence, tariff, None)?.map_err(|no_rate| {
        let failure = Failure::new(Kind::Configuration, no_rate.without_message());
        failure.hint("add a rate that is in force at that instant")
    })?;
    let too_large = || Failure::new(Kind::SelfCheck, "a sum of charges is too large");
    let adjustments = |net, has_paid_charge| rate::adjustments(net, has_paid_charge, tariff);
    let pricing = Pricing { tariff: &tariff.name(), currency: tariff.currency, adjustments: &adjustments };
    let decided: Vec<RatedWait> = rated.into_iter().filter(|rated| !rated.wait.is_open()).collect();
    let sums = close::sums(&decided, &pricing).ok_or_else(too_large)?;
    let mut markets: BTreeMap<Market, (u64, Money)> = BTreeMap::new();
    for line in &sums.lines {
        let (charges, amount) = markets.entry(line.market.clone()).or_insert((0, Money::zero(tariff.currency)));
        *charges += line.quantity;
        *amount = amount.checked_add(line.amount).ok_or_else(too_large)?;
    }
    let charges = sums.lines.iter().map(|line| line.quantity).sum();
    Ok((markets, charges, sums.net))
}

/// The markets of a business, then the whole, which has minimum and cap.
fn of_business(business: &str, was: &Sums, is: &Sums, tariff: &Tariff) -> Vec<Row> {
    let nothing = (0, Money::zero(tariff.currency));
    let markets: BTreeSet<&Market> = was.0.keys().chain(is.0.keys()).collect();
    let row = |market: String, was: (u64, Money), is: (u64, Money)| Row {
        business: business.to_owned(),
        market,
        charges: [was.0, is.0],
        amounts: [was.1, is.1],
    };
    let name = |market: &Market| {
        let name = market_named(market, Language::English).unwrap_or_else(|| "other countries".to_owned());
        name.replace('\u{a0}', " ")
    };
    let of_market = |market: &&Market| {
        let of = |sums: &Sums| sums.0.get(*market).copied().unwrap_or(nothing);
        row(name(market), of(was), of(is))
    };
    let mut rows: Vec<Row> = markets.iter().map(of_market).collect();
    rows.push(row(String::new(), (was.1, was.2), (is.1, is.2)));
    rows
}

impl Row {
    fn difference(&self) -> Money {
        let [was, is] = self.amounts;
        is.checked_add(was.negated()).unwrap_or_else(|| Money::zero(is.currency()))
    }

    fn market(&self) -> &str {
        if self.market.is_empty() { "all" } else { &self.market }
    }
}

fn table(rows: &[Row]) -> Table {
    let numbers = [">old charges", ">new charges", ">old amount", ">new amount", ">difference", ">change %"];
    let mut table = Table::new(&[&["business", "market"], &numbers[..]].concat());
    for row in rows {
        let ([was, is], [before, after]) = (row.amounts, row.charges);
        table.add(vec![
            row.business.clone(),
            row.market().to_owned(),
            before.to_string(),
            after.to_string(),
            was.digits(),
            is.digits(),
            row.difference().signed(),
            change(Some(was.exact()), Some(is.exact())),
        ]);
    }
    table
}

const STYLE: &str = ":root{color-scheme:light dark;--ink:#1d2329;--soft:#5c6670;--more:#b3401e;--less:#1f7a54;--rule:#d8dde2;\
--paper:#fff}@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa4ae;--more:#f08a66;--less:#63c79b;\
--rule:#39424b;--paper:#14181c}}body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);\
max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%;font-variant-numeric:\
tabular-nums}th,td{padding:.3rem .6rem;border-bottom:1px solid var(--rule);text-align:right}th:nth-child(-n+2),\
td:nth-child(-n+2){text-align:left}tr.all td{font-weight:600}svg{width:100%;height:auto}svg text{fill:var(--ink);\
font:13px system-ui,sans-serif}.more{fill:var(--more)}.less{fill:var(--less)}.axis{stroke:var(--soft)}";

/// A page that needs nothing but itself: the chart of the differences by business, and the table.
fn page(title: &str, rows: &[Row]) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{0}</title><style>{STYLE}</style></head><body><h1>Who pays more</h1>\
         <p>{0}. Waits that the logs do not decide cost nothing here.</p>\n{1}\n<table><thead><tr>",
        escaped(title),
        chart(rows)
    );
    for head in ["Business", "Market", "Old charges", "New charges", "Old", "New", "Difference", "Change %"] {
        let _ = write!(html, "<th scope=\"col\">{head}</th>");
    }
    html.push_str("</tr></thead><tbody>\n");
    for row in rows {
        let ([was, is], [before, after]) = (row.amounts, row.charges);
        let class = if row.market.is_empty() { " class=\"all\"" } else { "" };
        let change = change(Some(was.exact()), Some(is.exact()));
        let (business, market) = (escaped(&row.business), escaped(row.market()));
        // Writing to a text cannot fail.
        let _ = writeln!(
            html,
            "<tr{class}><td>{business}</td><td>{market}</td><td>{before}</td><td>{after}</td><td>{}</td><td>{}</td>\
             <td>{}</td><td>{change}</td></tr>",
            was.digits(),
            is.digits(),
            row.difference().signed()
        );
    }
    html + "</tbody></table></body></html>\n"
}

/// A bar for each business: to the right who pays more, to the left who pays less.
fn chart(rows: &[Row]) -> String {
    let (label, half, step): (i128, i128, i128) = (200, 260, 34);
    let wholes: Vec<&Row> = rows.iter().filter(|row| row.market.is_empty()).collect();
    let widest = wholes.iter().map(|row| i128::from(row.difference().minor()).abs()).max().unwrap_or(0).max(1);
    let height = step * wholes.len() as i128 + 10;
    let zero = label + half;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {} {height}\" role=\"img\" aria-label=\"Difference by business; the table has the numbers\">",
        zero + half + 80
    );
    for (place, row) in (0..).zip(&wholes) {
        let minor = i128::from(row.difference().minor());
        let length = minor.abs() * half / widest;
        let (y, x) = (place * step + 5, if minor < 0 { zero - length } else { zero });
        let class = if minor < 0 { "less" } else { "more" };
        let (name, difference) = (escaped(&row.business), row.difference().signed());
        let (label_at, anchor) = if minor < 0 { (zero + 8, "start") } else { (zero + length + 8, "start") };
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{0}\">{name}</text><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{length}\" \
             height=\"22\" rx=\"3\"/><text x=\"{label_at}\" y=\"{0}\" text-anchor=\"{anchor}\">{difference}</text>",
            y + 16
        );
    }
    let _ = write!(svg, "<line class=\"axis\" x1=\"{zero}\" y1=\"0\" x2=\"{zero}\" y2=\"{height}\"/></svg>");
    svg
}
