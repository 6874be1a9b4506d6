//! `ritardo tariff diff`: the prices in which two tariffs differ, or what a month would cost under each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{over, read, show};
use crate::cli::{DiffForm, TariffDiff};
use crate::commands::files::{self, Access};
use crate::commands::table::Table;
use crate::commands::{Outcome, World, say};
use crate::domain::Decimal;
use crate::error::{Failure, Kind};
use crate::rate::Tariff;
use show::{PriceRow, prices};

pub fn diff(args: &TariffDiff, world: &mut World) -> Result<Outcome, Failure> {
    let ((old, _), (new, _)) = (read(&args.old)?, read(&args.new)?);
    let text = match args.over {
        Some(month) => over::over(args, month, &old, &new, world)?,
        None => of_rates(args.format, &old, &new)?,
    };
    put(args.out.as_deref(), &text, world)?;
    Ok(Outcome::Done)
}

/// Writes the file that was asked for, or to standard output.
pub fn put(out: Option<&Path>, text: &str, world: &mut World) -> Result<(), Failure> {
    match out {
        Some(path) => files::write(path, text.as_bytes(), Access::Usual),
        None => say(world.out, text.trim_end_matches(['\r', '\n'])),
    }
}

/// All of a row but its price.
type Key = Vec<String>;

fn by_key(tariff: &Tariff) -> BTreeMap<Key, PriceRow> {
    let key = |row: &PriceRow| {
        let mut cells = row.cells(false);
        cells.pop();
        cells
    };
    prices(tariff, None).into_iter().map(|row| (key(&row), row)).collect()
}

fn of_rates(form: DiffForm, old: &Tariff, new: &Tariff) -> Result<String, Failure> {
    if form == DiffForm::Html {
        let failure = Failure::new(Kind::CommandLine, "a page shows what a month costs");
        return Err(failure.hint("add --over 2018-08, or take text or csv"));
    }
    let (before, after) = (by_key(old), by_key(new));
    let head = ["market", "from", "until before", "entry point", ">above", ">after", ">old", ">new", ">change %"];
    let mut table = Table::new(&head);
    let keys: BTreeSet<&Key> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let (was, is) = (before.get(key), after.get(key));
        let (was_price, is_price) = (was.map(|row| row.price), is.map(|row| row.price));
        let Some(row) = was.or(is).filter(|_| was_price != is_price) else { continue };
        let mut cells = row.cells(form == DiffForm::Text);
        cells.pop();
        let text = |price: Option<Decimal>| price.map_or("-".to_owned(), |price| price.to_string());
        cells.extend([text(was_price), text(is_price), change(was_price, is_price)]);
        table.add(cells);
    }
    if form == DiffForm::Csv {
        return table.csv();
    }
    let mut lines = vec![format!("{} and {}: prices in {} and {}", old.name(), new.name(), old.currency, new.currency)];
    let terms = [
        ("reading", old.reading.to_string(), new.reading.to_string()),
        ("free units", old.free.to_string(), new.free.to_string()),
        ("minimum", said(old.minimum), said(new.minimum)),
        ("cap", said(old.cap), said(new.cap)),
        ("tiers", said(old.tiers.map(|mode| mode.name())), said(new.tiers.map(|mode| mode.name()))),
    ];
    lines.extend(
        terms.iter().filter(|(_, was, is)| was != is).map(|(name, was, is)| format!("  {name}: {was}, then {is}")),
    );
    if table.is_empty() {
        lines.push("  no price differs".to_owned());
    } else {
        lines.extend(table.lines().iter().map(|line| format!("  {line}")));
    }
    Ok(lines.join("\n"))
}

fn said<T: ToString>(value: Option<T>) -> String {
    value.map_or("none".to_owned(), |value| value.to_string())
}

/// `+12.5`, `-3.0`: in percent of the old amount, rounded half away from zero to one place; `-` without one.
pub fn change(was: Option<Decimal>, is: Option<Decimal>) -> String {
    let Some((was, is)) = was.zip(is).filter(|(was, _)| !was.is_zero()) else { return "-".to_owned() };
    let part = (is.units() - was.units()).checked_mul(2000).map(|part| (part / was.units(), part < 0));
    let Some((twice, is_less)) = part else { return "-".to_owned() };
    // Half a tenth more in the direction that it goes.
    let tenths = (twice + if is_less { -1 } else { 1 }) / 2;
    let sign = if tenths < 0 { "-" } else { "+" };
    format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_share_of_the_old_price() {
        let decimal = |text: &str| Some(text.parse::<Decimal>().unwrap());
        for (was, is, expected) in [
            ("0.04", "0.05", "+25.0"),
            ("0.05", "0.04", "-20.0"),
            ("0.03", "0.04", "+33.3"),
            ("0.03", "0.02", "-33.3"),
            ("0.08", "0.08005", "+0.1"),
            ("0.05", "0.05", "+0.0"),
            ("0", "0.05", "-"),
        ] {
            assert_eq!(change(decimal(was), decimal(is)), expected, "{was} {is}");
        }
        assert_eq!(change(None, decimal("0.05")), "-");
    }
}
