//! `[[reconcile]]`: how the statement of a partner is read, in the manner of the mappings of vendors.

use super::mapping::{columns, conditions, field, words};
use super::table::{Form, Table, refuse_shared};
use super::words as spelled;
use crate::domain::mapping::Field;
use crate::domain::statement::{DayForm, Tolerance};
use crate::domain::{EntryPoint, Market, StatementMapping, Zone};

const RECONCILE: Form = Form {
    name: "[[reconcile]]",
    needs: &["name = \"partner\"", "day = \"date\""],
    allows: &[
        "time = \"%d/%m/%Y\"",
        "zone = { value = \"America/Los_Angeles\" }",
        "market = \"country\"",
        "markets = { 39 = [\"IT\", \"Italy\"] }",
        "category = \"category\"",
        "categories = { live_support = \"service\" }",
        "count = \"volume\"",
        "amount = \"cost\"",
        "currency = \"currency\"",
        "only = { type = \"late_reply\" }",
        "rows = \"data.points\"",
        "separator = \";\"",
        "decimal = \",\"",
        "count_tolerance = 0",
        "amount_tolerance = \"0.01\"",
        "count_tolerance_in_all = 5",
        "amount_tolerance_in_all = \"0.50\"",
    ],
};

/// More would hide whole days.
const MOST_TOLERATED: u32 = 1_000_000;

/// The mappings of the file at `root`, in its order.
pub(super) fn statements(root: &Table<'_>) -> Vec<StatementMapping> {
    if !root.has("reconcile") {
        return Vec::new();
    }
    let tables = root.tables("reconcile", &RECONCILE);
    refuse_shared(&tables, "name");
    tables.iter().filter_map(statement).collect()
}

fn statement(table: &Table<'_>) -> Option<StatementMapping> {
    let day_form = table.parsed("time", str::parse::<DayForm>);
    let (zone, count, amount) = (zone(table), columns(table, "count"), columns(table, "amount"));
    if day_form.as_ref().is_some_and(DayForm::needs_zone) && !table.has("zone") {
        let hint = format!("add {}", RECONCILE.example("zone"));
        table.wrong("time", "the day of an instant hangs on the zone", hint);
    }
    if !table.has("count") && !table.has("amount") {
        let hint = format!("add {}, or {}, or both", RECONCILE.example("count"), RECONCILE.example("amount"));
        table.wrong("count", "there is nothing to compare: neither `count` nor `amount`", hint);
    }
    for (words, column) in [("markets", "market"), ("categories", "category")] {
        if table.has(words) && !table.has(column) {
            let hint = format!("add {}", RECONCILE.example(column));
            table.wrong(words, format!("`{words}` needs `{column}` beside it"), hint);
        }
    }
    Some(StatementMapping {
        name: table.parsed("name", spelled::source_name)?,
        rows: table.text("rows"),
        separator: table.choice("separator", &[(",", b','), (";", b';'), ("tab", b'\t'), ("|", b'|')]).unwrap_or(b','),
        decimal_comma: table.choice("decimal", &[(".", false), (",", true)]).unwrap_or(false),
        day: columns(table, "day")?,
        day_form: day_form.unwrap_or(DayForm::Date),
        zone,
        market: field(table, "market"),
        markets: words(table, "markets", &RECONCILE, &|name| Market::parse(name).is_some()).unwrap_or_default(),
        category: field(table, "category"),
        categories: words(table, "categories", &RECONCILE, &|name| name.parse::<EntryPoint>().is_ok())
            .unwrap_or_default(),
        count,
        amount,
        currency: field(table, "currency"),
        only: conditions(table, "only").unwrap_or_default(),
        tolerance: tolerance(table),
    })
}

/// How little needs no explanation; without a word of its own no more in all than of one row.
fn tolerance(table: &Table<'_>) -> Tolerance {
    let usual = Tolerance::default();
    let number = |key: &str| table.number(key, 0..=MOST_TOLERATED).map(u64::from);
    let money = |key: &str| table.parsed(key, spelled::amount);
    let count = number("count_tolerance").unwrap_or(usual.count);
    let amount = money("amount_tolerance").unwrap_or(usual.amount);
    let in_all_count = number("count_tolerance_in_all").unwrap_or(count);
    Tolerance { count, amount, in_all_count, in_all: money("amount_tolerance_in_all").unwrap_or(amount) }
}

/// A column of zones, or the zone of all rows, which is one that there is.
fn zone(table: &Table<'_>) -> Option<Field> {
    let zone = field(table, "zone")?;
    if let Field::Value(name) = &zone
        && let Err(why) = name.parse::<Zone>()
    {
        table.wrong("zone", why, format!("write it like {}", RECONCILE.example("zone")));
    }
    Some(zone)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse_config;
    use crate::domain::Mistake;

    const ISSUER: &str =
        "[issuer]\nlegal_name = \"A\"\naddress = [\"B\"]\ncountry = \"IE\"\nemail = \"a@b.ie\"\nzone = \"UTC\"\n";

    fn read(more: &str) -> Result<Vec<StatementMapping>, Vec<Mistake>> {
        let text = format!("{ISSUER}[[reconcile]]\nname = \"partner\"\n{more}\n");
        parse_config(Path::new("ritardo.toml"), &text).map(|config| config.statements)
    }

    #[test]
    fn a_mapping_says_where_each_fact_stands() {
        let told = read(
            "day = \"date\"\ncount = \"volume\"\nmarket = \"country\"\nmarkets = { 39 = [\"IT\"] }\nzone = { value = \
             \"UTC\" }\namount_tolerance = \"0.01\"",
        )
        .unwrap();
        let [told] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(told.columns(), ["country", "date", "volume"]);
        assert_eq!((told.zone.clone(), told.tolerance.count), (Some(Field::Value("UTC".to_owned())), 0));
        let cent = "0.01".parse().unwrap();
        assert_eq!((told.tolerance.amount, told.tolerance.in_all, told.tolerance.in_all_count), (cent, cent, 0));
        let told = read("day = \"date\"\ncount = \"n\"\ncount_tolerance = 1\ncount_tolerance_in_all = 7").unwrap();
        assert_eq!((told[0].tolerance.count, told[0].tolerance.in_all_count), (1, 7));
    }

    #[test]
    fn each_mistake_is_told_once() {
        for more in [
            "count = \"n\"",
            "day = \"date\"",
            "day = \"date\"\ncount = \"n\"\ntime = \"seconds\"",
            "day = \"date\"\ncount = \"n\"\ntime = \"days\"",
            "day = \"date\"\ncount = \"n\"\nzone = { value = \"CEST\" }",
            "day = \"date\"\ncount = \"n\"\nmarket = \"m\"\nmarkets = { italy = \"IT\" }",
            "day = \"date\"\ncount = \"n\"\ncategories = { live_support = \"service\" }",
            "day = \"date\"\ncount = \"n\"\namount_tolerance = \"-1\"",
            "day = \"date\"\ncount = \"n\"\namount_tolerance_in_all = \"-1\"",
            "day = \"date\"\ncount = \"n\"\nvolume = \"n\"",
            "day = \"date\"\ncount = \"n\"\n[[reconcile]]\nname = \"partner\"\nday = \"d\"\ncount = \"n\"",
        ] {
            assert_eq!(read(more).unwrap_err().len(), 1, "{more}");
        }
    }
}
