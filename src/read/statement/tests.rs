use super::*;
use crate::domain::mapping::{Condition, Words};
use crate::domain::statement::{DayForm, Tolerance};

fn mapping() -> StatementMapping {
    let columns = |name: &str| Field::Columns(vec![name.to_owned()]);
    StatementMapping {
        name: "partner".to_owned(),
        rows: None,
        separator: b',',
        decimal_comma: false,
        day: vec!["day".to_owned()],
        day_form: DayForm::Date,
        zone: None,
        market: Some(columns("country")),
        markets: vec![Words { name: "39".to_owned(), texts: vec!["IT".to_owned()] }],
        category: Some(columns("category")),
        categories: vec![Words { name: "live_support".to_owned(), texts: vec!["SERVICE".to_owned()] }],
        count: Some(vec!["n".to_owned()]),
        amount: Some(vec!["cost".to_owned()]),
        currency: Some(columns("currency")),
        only: Vec::new(),
        tolerance: Tolerance::default(),
    }
}

fn read(text: &str, mapping: &StatementMapping) -> Result<Statement, String> {
    statement(text.as_bytes(), mapping, "USD".parse().unwrap())
}

fn italian() -> StatementRow {
    StatementRow {
        day: "2018-08-10".parse().unwrap(),
        market: Market::parse("39"),
        entry_point: Some(EntryPoint::LiveSupport),
        count: Some(3),
        amount: Some("0.15".parse().unwrap()),
    }
}

#[test]
fn the_same_row_in_every_form() {
    let csv = "\u{feff}day,country,category,n,cost,currency\n2018-08-10,IT,SERVICE,3,0.15,USD\n";
    let object = r#"{"day":"2018-08-10","country":"+39","category":"live_support","n":3,"cost":0.15,"currency":"USD"}"#;
    let nested = format!(r#"{{"analytics":{{"data":[{{"points":[{object}]}}]}}}}"#);
    let plain = mapping();
    let semicolons =
        StatementMapping { separator: b';', decimal_comma: true, amount: plain.amount.clone(), ..mapping() };
    let under = StatementMapping { rows: Some("analytics.data.points".to_owned()), ..mapping() };
    for (text, mapping) in [
        (csv.to_owned(), &plain),
        (csv.replace("0.15", "0,15").replace(',', ";").replace("0;15", "0,15"), &semicolons),
        (object.to_owned(), &plain),
        (format!("[{object}]"), &plain),
        (nested, &under),
    ] {
        let told = read(&text, mapping).unwrap();
        assert_eq!((told.rows, told.rejected.len()), (vec![italian()], 0), "{text}");
    }
}

#[test]
fn dots_part_thousands_or_the_amount_is_none() {
    let comma = StatementMapping { separator: b';', decimal_comma: true, ..mapping() };
    for (text, expected) in [
        ("0,15", Some("0.15")),
        ("1.234,50", Some("1234.50")),
        ("-1.234.567", Some("-1234567")),
        ("12345,6", Some("12345.6")),
        ("1.5", None),
        ("1.2345,0", None),
        ("0.150", None),
        (".150", None),
        ("1234.567", None),
        ("1,5,0", None),
        ("1,2.3", None),
        ("--1", None),
    ] {
        let row = format!("day;country;category;n;cost;currency\n2018-08-10;IT;SERVICE;3;{text};USD\n");
        let told = read(&row, &comma).unwrap();
        let amount = told.rows.first().and_then(|row| row.amount);
        assert_eq!(amount, expected.map(|digits| digits.parse().unwrap()), "{text}");
        assert_eq!(told.rejected_rows, u64::from(expected.is_none()), "{text}");
    }
}

#[test]
fn of_many_rows_that_cannot_be_read_the_first_are_kept() {
    let rows = "nonsense,IT,SERVICE,3,0.15,USD\n".repeat(1500);
    let told = read(&format!("day,country,category,n,cost,currency\n{rows}"), &mapping()).unwrap();
    assert_eq!((told.rejected.len(), told.rejected_rows), (1000, 1500));
}

#[test]
fn a_row_that_cannot_be_read_is_rejected_with_its_reason() {
    for (row, part) in [
        ("10/08/2018,IT,SERVICE,3,0.15,USD", "is not a day"),
        (",IT,SERVICE,3,0.15,USD", "no day"),
        ("2018-08-10,XX,SERVICE,3,0.15,USD", "`XX` is no market"),
        ("2018-08-10,IT,MARKETING,3,0.15,USD", "`MARKETING` is no category"),
        ("2018-08-10,IT,SERVICE,-3,0.15,USD", "is not a count"),
        ("2018-08-10,IT,SERVICE,3,1e3,USD", "is not an amount"),
        ("2018-08-10,IT,SERVICE,3,0.15,EUR", "its currency is EUR"),
        ("2018-08-10,IT,SERVICE,3,0.15", "it has 5 fields"),
    ] {
        let text = format!("day,country,category,n,cost,currency\n{row}\n2018-08-10,IT,SERVICE,3,0.15,USD\n");
        let told = read(&text, &mapping()).unwrap();
        assert_eq!(told.rows, [italian()], "{row}");
        let [rejected] = told.rejected.as_slice() else { panic!("{row}: {:?}", told.rejected) };
        assert!(rejected.row == 2 && rejected.reason.contains(part), "{row}: {}", rejected.reason);
    }
}

#[test]
fn what_is_none_of_its_rows_is_passed_over_and_zones_are_one() {
    let only = vec![Condition { column: "category".to_owned(), texts: vec!["SERVICE".to_owned()] }];
    let zone = Some(Field::Columns(vec!["zone".to_owned()]));
    let mapping = StatementMapping { only, zone, ..mapping() };
    let text = "day,country,category,n,cost,currency,zone\n2018-08-10,IT,SERVICE,3,0.15,USD,Europe/Rome\n\
                2018-08-10,IT,MARKETING,3,0.15,USD,UTC\n2018-08-10,IT,SERVICE,3,0.15,USD,UTC\n";
    let told = read(text, &mapping).unwrap();
    assert_eq!((told.rows.len(), told.passed_over, told.rejected.len()), (1, 1, 1));
    assert_eq!(told.zone, Some("Europe/Rome".parse().unwrap()));
}

#[test]
fn what_cannot_be_read_as_a_whole_is_refused() {
    for (text, part) in [
        ("", "empty"),
        ("day,country\n", "no column `category`"),
        ("day,day,country,category,n,cost,currency\n", "`day` stands twice"),
        ("{\"day\": ", "not JSON"),
    ] {
        assert!(read(text, &mapping()).is_err_and(|why| why.contains(part)), "{text}");
    }
    assert!(statement(b"\xff\xfe", &mapping(), "USD".parse().unwrap()).is_err());
}
