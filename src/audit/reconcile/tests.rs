use super::*;
use crate::domain::Instant;

const MONTH: &str = "2018-08";

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A message of the Italian market, received in a business of Rome.
fn fact(at: &str, amount: Option<&str>, kind: FactKind) -> Fact {
    Fact {
        received_at: at.parse::<Instant>().unwrap(),
        zone: "Europe/Rome".parse().unwrap(),
        market: Market::parse("39").unwrap(),
        entry_point: EntryPoint::LiveSupport,
        amount: amount.map(decimal),
        kind,
    }
}

const BILLED: FactKind = FactKind::Billed(None);

/// Four charges: three on the tenth, of which the last is of the eleventh in Rome, and one on the twentieth.
fn charged() -> Facts {
    let mut facts = Facts::default();
    for at in ["2018-08-10T08:00:00Z", "2018-08-10T12:34:56Z", "2018-08-10T22:30:00Z", "2018-08-20T10:00:00Z"] {
        facts.add(fact(at, Some("0.05"), BILLED), 1);
    }
    facts
}

fn cell(day: &str) -> Cell {
    Cell { day: day.parse().unwrap(), market: Market::parse("39"), entry_point: Some(EntryPoint::LiveSupport) }
}

/// A statement of these days: count and amount.
fn theirs(days: &[(&str, u64, &str)]) -> Theirs {
    let cells = days.iter().map(|(day, count, amount)| (cell(day), Sums { count: *count, amount: decimal(amount) }));
    Theirs {
        cells: cells.collect(),
        measures: Measures { market: true, entry_point: true, count: true, amount: true },
        zone: None,
        tolerance: Tolerance::default(),
    }
}

/// As they should bill [`charged`].
const RIGHT: [(&str, u64, &str); 3] = [("2018-08-10", 2, "0.10"), ("2018-08-11", 1, "0.05"), ("2018-08-20", 1, "0.05")];

fn compared(theirs: &Theirs, facts: &Facts, unread: &[Unread]) -> Reconciled {
    let mut prices = Prices::default();
    prices.add(decimal("0.05"), || "the price of today".to_owned());
    prices.add(decimal("0.02"), || "the price of yesterday".to_owned());
    let zones = ["UTC", "Europe/Rome", "America/Los_Angeles"].map(|zone| zone.parse().unwrap()).to_vec();
    let ours = Ours { facts, unread: unread.to_vec(), prices, zones };
    reconcile(MONTH.parse().unwrap(), theirs, &ours).unwrap()
}

/// Each difference as `DAY: cause count, …; unexplained count amount`.
fn told(reconciled: &Reconciled) -> Vec<String> {
    let one = |difference: &Difference| {
        let parts = difference.parts.iter().map(|part| format!("{} {:+}", part.cause.words(), part.count));
        let rest = difference.unexplained.map(|rest| format!("unexplained {:+} {}", rest.count, rest.amount));
        format!("{}: {}", difference.cell.day, parts.chain(rest).collect::<Vec<_>>().join(", "))
    };
    reconciled.differences.iter().map(one).collect()
}

/// The right statement with another cell for one day.
fn with(day: &str, count: u64, amount: &str) -> Theirs {
    let mut theirs = theirs(&RIGHT);
    theirs.cells.insert(cell(day), Sums { count, amount: decimal(amount) });
    theirs
}

#[test]
fn equal_sides_have_no_difference() {
    let told = compared(&theirs(&RIGHT), &charged(), &[]);
    assert_eq!((told.cells, told.equal, told.differences.len()), (3, 3, 0));
    assert_eq!((told.ours, told.ours), (told.theirs, Sums { count: 4, amount: decimal("0.20") }));
    assert!(told.counts_days_of.is_none() && told.causes().is_empty());
}

#[test]
fn each_cause_is_found_and_explains_each_charge_once() {
    let missing = |cause: Cause| FactKind::Missing(cause);
    for (cause, amount) in [
        (Cause::LateLog, Some("0.05")),
        (Cause::Disputed, Some("0.05")),
        (Cause::Parked, Some("0.05")),
        (Cause::NotClosed, Some("0.05")),
        (Cause::Held, None),
        (Cause::Pending, None),
    ] {
        let mut facts = charged();
        facts.add(fact("2018-08-20T11:00:00Z", amount, missing(cause)), 1);
        let words = cause.words();
        assert_eq!(
            told(&compared(&with("2018-08-20", 2, "0.10"), &facts, &[])),
            [format!("2018-08-20: {words} +1")],
            "{words}"
        );
        // One message does not explain two charges.
        assert_eq!(
            told(&compared(&with("2018-08-20", 3, "0.15"), &facts, &[])).concat().matches("unexplained +1").count(),
            1,
            "{words}"
        );
    }
}

#[test]
fn what_they_leave_out_is_explained_by_doubts_alone() {
    let without = theirs(&RIGHT[..2]);
    assert_eq!(told(&compared(&without, &charged(), &[])), ["2018-08-20: unexplained -1 -0.05"]);
    for cause in [Cause::Disputed, Cause::LateLog] {
        let mut facts = Facts::default();
        for at in ["2018-08-10T08:00:00Z", "2018-08-10T12:34:56Z", "2018-08-10T22:30:00Z"] {
            facts.add(fact(at, Some("0.05"), BILLED), 1);
        }
        facts.add(fact("2018-08-20T10:00:00Z", Some("0.05"), FactKind::Billed(Some(cause))), 1);
        assert_eq!(told(&compared(&without, &facts, &[])), [format!("2018-08-20: {} -1", cause.words())]);
    }
}

#[test]
fn days_cut_in_another_zone_are_found_by_counting_again() {
    let shifted = theirs(&[("2018-08-10", 3, "0.15"), ("2018-08-20", 1, "0.05")]);
    let found = compared(&shifted, &charged(), &[]);
    // UTC and Los Angeles agree; the first of them is told.
    assert_eq!(found.counts_days_of, Some(Zone::UTC));
    assert_eq!(told(&found), ["2018-08-10: time zone +1", "2018-08-11: time zone -1"]);
    assert_eq!(found.unexplained(), 0);
    // What differs beside it stays what it is.
    let more = theirs(&[("2018-08-10", 3, "0.15"), ("2018-08-20", 2, "0.10")]);
    let found = compared(&more, &charged(), &[]);
    assert_eq!(found.counts_days_of, Some(Zone::UTC));
    assert_eq!(told(&found)[2], "2018-08-20: unexplained +1 0.05");
    // One charge too many is no shift.
    assert_eq!(compared(&with("2018-08-20", 2, "0.10"), &charged(), &[]).counts_days_of, None);
}

#[test]
fn another_price_is_explained_where_the_tariff_knows_it() {
    let found = compared(&with("2018-08-10", 2, "0.04"), &charged(), &[]);
    assert_eq!(told(&found), ["2018-08-10: rate +0"]);
    assert!(found.differences[0].parts[0].text.as_ref().unwrap().ends_with("the price of yesterday"));
    let found = compared(&with("2018-08-10", 2, "0.06"), &charged(), &[]);
    assert_eq!(told(&found), ["2018-08-10: unexplained +0 -0.04"]);
}

#[test]
fn rows_that_could_not_be_read_explain_as_many_charges() {
    let (first, last) = ("2018-08-19".parse().unwrap(), "2018-08-21".parse().unwrap());
    let unread = [Unread { first, last, rows: 1 }];
    let found = compared(&with("2018-08-20", 2, "0.10"), &charged(), &unread);
    assert_eq!(told(&found), ["2018-08-20: rejected +1"]);
    let mut both = with("2018-08-20", 2, "0.10");
    both.cells.insert(cell("2018-08-21"), Sums { count: 1, amount: decimal("0.05") });
    let found = compared(&both, &charged(), &unread);
    assert_eq!(told(&found), ["2018-08-20: rejected +1", "2018-08-21: unexplained +1 0.05"]);
}

#[test]
fn the_tolerance_lets_small_differences_pass() {
    let mut near = with("2018-08-20", 1, "0.06");
    near.tolerance = Tolerance { amount: decimal("0.01"), in_all: decimal("0.01"), ..Tolerance::default() };
    let found = compared(&near, &charged(), &[]);
    assert_eq!((found.within_tolerance, found.differences.len()), (1, 0));
    assert!(found.is_settled());
    // Many small differences are a large one.
    let mut all = theirs(&[("2018-08-10", 2, "0.11"), ("2018-08-11", 1, "0.06"), ("2018-08-20", 1, "0.06")]);
    all.tolerance = near.tolerance;
    let found = compared(&all, &charged(), &[]);
    assert_eq!((found.within_tolerance, found.tolerated.amount), (3, decimal("0.03")));
    assert!(found.beyond_tolerance && !found.is_settled());
    all.tolerance.in_all = decimal("0.03");
    assert!(compared(&all, &charged(), &[]).is_settled());
    near.cells.insert(cell("2018-08-20"), Sums { count: 1, amount: decimal("0.061") });
    assert_eq!(told(&compared(&near, &charged(), &[])), ["2018-08-20: unexplained +0 0.011"]);
}

#[test]
fn another_price_and_a_row_nobody_can_read_settle_nothing() {
    let found = compared(&with("2018-08-10", 2, "0.04"), &charged(), &[]);
    assert_eq!(
        (told(&found), found.unexplained(), found.is_settled()),
        (vec!["2018-08-10: rate +0".to_owned()], 0, false)
    );
    let day = "2018-08-20".parse().unwrap();
    let unread = [Unread { first: day, last: day, rows: 1 }];
    let found = compared(&with("2018-08-20", 2, "0.10"), &charged(), &unread);
    assert_eq!((found.unexplained(), found.is_settled()), (0, false));
    let mut facts = charged();
    facts.add(fact("2018-08-20T11:00:00Z", Some("0.05"), FactKind::Missing(Cause::LateLog)), 1);
    assert!(compared(&with("2018-08-20", 2, "0.10"), &facts, &[]).is_settled());
}

#[test]
fn of_several_messages_those_explain_that_come_to_the_amount() {
    let mut facts = charged();
    for amount in ["0.01", "0.09"] {
        facts.add(fact("2018-08-20T11:00:00Z", Some(amount), FactKind::Missing(Cause::LateLog)), 1);
    }
    let found = compared(&with("2018-08-20", 2, "0.14"), &facts, &[]);
    assert_eq!((told(&found), found.is_settled()), (vec!["2018-08-20: late log +1".to_owned()], true));
    let mut alone = with("2018-08-20", 0, "0.14");
    alone.measures = Measures { count: false, ..alone.measures };
    assert_eq!(told(&compared(&alone, &facts, &[])), ["2018-08-20: late log +1"]);
}

#[test]
fn all_cells_have_one_cut() {
    // They cut in UTC, and leave out one charge of the tenth, so that by its numbers that day looks as if it were right.
    let shifted = theirs(&[("2018-08-10", 2, "0.10"), ("2018-08-20", 1, "0.05")]);
    let mut facts = charged();
    for at in ["2018-08-14T22:30:00Z", "2018-08-17T22:30:00Z"] {
        facts.add(fact(at, Some("0.05"), BILLED), 1);
    }
    let mut shifted = shifted;
    for day in ["2018-08-14", "2018-08-17"] {
        shifted.cells.insert(cell(day), Sums { count: 1, amount: decimal("0.05") });
    }
    let found = compared(&shifted, &facts, &[]);
    assert_eq!(found.counts_days_of, Some(Zone::UTC));
    assert_eq!(
        told(&found),
        [
            "2018-08-10: time zone +1, unexplained -1 -0.05",
            "2018-08-11: time zone -1",
            "2018-08-14: time zone +1",
            "2018-08-15: time zone -1",
            "2018-08-17: time zone +1",
            "2018-08-18: time zone -1",
        ]
    );
}

#[test]
fn a_statement_may_tell_less() {
    let mut facts = charged();
    facts.add(fact("2018-08-20T11:00:00Z", Some("0.05"), FactKind::Missing(Cause::Parked)), 1);
    let mut amounts = with("2018-08-20", 0, "0.10");
    amounts.measures = Measures { count: false, ..amounts.measures };
    assert_eq!(told(&compared(&amounts, &facts, &[])), ["2018-08-20: parked +1"]);
    let whole = |day: &str| Cell { day: day.parse().unwrap(), market: None, entry_point: None };
    let mut counts = theirs(&[]);
    counts.measures = Measures { market: false, entry_point: false, count: true, amount: false };
    for (day, count) in [("2018-08-10", 2), ("2018-08-11", 1), ("2018-08-20", 2)] {
        counts.cells.insert(whole(day), Sums { count, amount: Decimal::ZERO });
    }
    assert_eq!(told(&compared(&counts, &facts, &[])), ["2018-08-20: parked +1"]);
}
