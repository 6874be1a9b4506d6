use super::*;
use crate::domain::prepaid::Released;
use crate::domain::receivable::{AccountWhat, MoneySide, StatementEntry};
use crate::domain::{Advance, Date, DocumentKind};

fn usd(minor: i64) -> Money {
    Money::new(minor, "USD".parse().unwrap())
}

fn brief(number: &str, total: i64) -> Brief {
    Brief {
        number: number.parse().unwrap(),
        kind: DocumentKind::Invoice,
        business: "bakery".parse().unwrap(),
        month: "2018-08".parse().unwrap(),
        issued: "2018-09-05".parse().unwrap(),
        due: "2018-10-05".parse().unwrap(),
        total: usd(total),
        prepaid: usd(0),
        released: Vec::new(),
        corrects: None,
    }
}

fn credit(number: &str, base: &str, total: i64) -> Brief {
    Brief { kind: DocumentKind::CreditNote, corrects: Some(base.parse().unwrap()), ..brief(number, total) }
}

fn replacing(number: &str, base: &str, total: i64) -> Brief {
    Brief { corrects: Some(base.parse().unwrap()), ..brief(number, total) }
}

fn part(number: &str, amount: i64) -> PaidPart {
    PaidPart { number: number.parse().unwrap(), amount: usd(amount) }
}

fn entry(amount: i64, text: &str) -> StatementEntry {
    StatementEntry {
        place: "entry 1".to_owned(),
        account: "X".to_owned(),
        reference: String::new(),
        booked: "2018-09-10".parse().unwrap(),
        amount: usd(amount),
        side: MoneySide::Credit,
        is_reversal: false,
        batch: None,
        payer: String::new(),
        references: Vec::new(),
        texts: vec![text.to_owned()],
        like: 0,
    }
}

#[track_caller]
fn balances(briefs: &[Brief], paid: &[PaidPart], expected: &[(&str, i64)]) {
    let items = Items::of(briefs, paid.iter()).unwrap();
    let found: Vec<(String, i64)> = items.iter().map(|item| (item.number.to_string(), item.balance.minor())).collect();
    let expected: Vec<(String, i64)> = expected.iter().map(|(number, left)| ((*number).to_owned(), *left)).collect();
    assert_eq!(found, expected);
}

#[test]
fn an_item_is_what_is_left_of_an_invoice() {
    let (one, two) = (brief("LR-2018-000001", 100), brief("LR-2018-000002", 50));
    balances(
        &[one.clone(), two.clone()],
        &[part("LR-2018-000001", 30)],
        &[("LR-2018-000001", 70), ("LR-2018-000002", 50)],
    );
    let note = credit("LRC-2018-000001", "LR-2018-000001", 40);
    balances(
        &[one.clone(), two, note],
        &[part("LR-2018-000001", 100)],
        &[("LR-2018-000001", -40), ("LR-2018-000002", 50)],
    );
    let prepaid = Brief { prepaid: usd(80), ..one };
    balances(&[prepaid], &[], &[("LR-2018-000001", 20)]);
}

#[test]
fn payments_follow_the_debt_to_what_stands_in_its_place() {
    let (one, note) = (brief("LR-2018-000001", 100), credit("LRC-2018-000001", "LR-2018-000001", 100));
    let two = replacing("LR-2018-000002", "LR-2018-000001", 90);
    let all = [one.clone(), note.clone(), two.clone()];
    balances(&all, &[], &[("LR-2018-000001", 0), ("LR-2018-000002", 90)]);
    balances(&all, &[part("LR-2018-000001", 100)], &[("LR-2018-000001", 0), ("LR-2018-000002", -10)]);
    // What was paid in advance was paid once, whatever the second one says of it.
    let (first, second) = (Brief { prepaid: usd(100), ..one }, Brief { prepaid: usd(90), ..two });
    balances(&[first.clone(), note.clone(), second.clone()], &[], &[("LR-2018-000001", 0), ("LR-2018-000002", -10)]);
    // What the second one leaves of it to later invoices is no credit beside.
    let released = vec![Released { reference: "TRX 1".to_owned(), amount: usd(10) }];
    let second = Brief { released, ..second };
    balances(&[first, note, second], &[], &[("LR-2018-000001", 0), ("LR-2018-000002", 0)]);
}

#[test]
fn a_payment_is_for_what_it_names() {
    let briefs = [brief("LR-2018-000001", 100), brief("LR-2018-000002", 50)];
    let decided = |amount: i64, text: &str| {
        let mut matcher = Matcher::new(Items::of(&briefs, std::iter::empty()).unwrap(), Vec::new());
        let matched = matcher.decide(&entry(amount, text));
        let parts: Vec<(String, i64)> =
            matched.parts.iter().map(|part| (part.number.to_string(), part.amount.minor())).collect();
        (matched.verdict, parts, matched.said.join("; "))
    };
    let parts =
        |of: &[(&str, i64)]| of.iter().map(|(number, amount)| ((*number).to_owned(), *amount)).collect::<Vec<_>>();
    for (amount, text, verdict, expected, part) in [
        (100, "LR-2018-000001", Verdict::Paid, &[("LR-2018-000001", 100)][..], ""),
        (40, "LR-2018-000001", Verdict::Partial, &[("LR-2018-000001", 40)], "USD 0.60 is left to pay"),
        (130, "LR-2018-000001", Verdict::Over, &[("LR-2018-000001", 100)], "USD 0.30 is more than was open"),
        (150, "LR-2018-000002, LR-2018-000001", Verdict::Paid, &[("LR-2018-000001", 100), ("LR-2018-000002", 50)], ""),
        (
            120,
            "LR2018000001 LR2018000002",
            Verdict::Partial,
            &[("LR-2018-000001", 100), ("LR-2018-000002", 20)],
            "in part",
        ),
        (50, "thank you", Verdict::Unknown, &[], "of its amount there is LR-2018-000002"),
        (51, "thank you", Verdict::Unknown, &[], "no open one has its amount"),
    ] {
        let (found, told, said) = decided(amount, text);
        assert_eq!((found, told), (verdict, parts(expected)), "{amount} {text}");
        assert!(said.contains(part), "{said}");
    }
    let mut matcher = Matcher::new(Items::of(&briefs, std::iter::empty()).unwrap(), Vec::new());
    assert_eq!(matcher.decide(&entry(100, "LR-2018-000001")).verdict, Verdict::Paid);
    let again = matcher.decide(&entry(100, "LR-2018-000001"));
    assert!(again.verdict == Verdict::Unknown && again.said[0].contains("paid twice"), "{again:?}");
    let euro = StatementEntry { amount: Money::new(50, "EUR".parse().unwrap()), ..entry(50, "LR-2018-000002") };
    let other = matcher.decide(&euro);
    assert!(other.verdict == Verdict::Unknown && other.said[0].contains("is billed in USD"), "{other:?}");
}

#[test]
fn a_payment_in_advance_is_known_by_the_book() {
    let advance = Advance { received: "2018-09-10".parse().unwrap(), reference: "TRX 88".to_owned(), amount: usd(500) };
    let mut matcher = Matcher::new(Items::default(), vec![("bakery".parse().unwrap(), advance)]);
    let matched = matcher.decide(&entry(500, "transfer trx 88"));
    assert_eq!((matched.verdict, matched.advance.unwrap().reference.as_str()), (Verdict::Advance, "TRX 88"));
    assert_eq!(matcher.decide(&entry(500, "transfer trx 88")).verdict, Verdict::Unknown);
}

/// Of two payments in advance that look the same a person says which it is, and of one in other words that it may be it.
#[test]
fn a_payment_in_advance_is_not_guessed() {
    let advance = |reference: &str| Advance {
        received: "2018-09-10".parse().unwrap(),
        reference: reference.to_owned(),
        amount: usd(500),
    };
    let of = |business: &str, reference: &str| (business.parse().unwrap(), advance(reference));
    let mut matcher = Matcher::new(Items::default(), vec![of("bakery", "TRX 88"), of("hotel", "TRX 88")]);
    let matched = matcher.decide(&entry(500, "transfer trx 88"));
    assert_eq!((matched.verdict, matched.advance), (Verdict::Unknown, None));
    assert!(matched.said[0].contains("several payments in advance"), "{:?}", matched.said);
    let mut matcher = Matcher::new(Items::default(), vec![of("bakery", "TRX 88")]);
    let matched = matcher.decide(&entry(500, "thank you"));
    assert!(matched.verdict == Verdict::Unknown && matched.said[0].contains("`TRX 88`"), "{matched:?}");
}

#[test]
fn several_payments_in_one_pay_nothing() {
    let mut matcher = Matcher::new(Items::of(&[brief("LR-2018-000001", 100)], std::iter::empty()).unwrap(), Vec::new());
    let batch = StatementEntry { batch: Some("2 payments in one".to_owned()), ..entry(100, "LR-2018-000001") };
    let matched = matcher.decide(&batch);
    assert_eq!((matched.verdict, matched.parts.len()), (Verdict::Batch, 0));
    assert!(matched.said[0].contains("2 payments in one; it names LR-2018-000001"), "{:?}", matched.said);
    assert_eq!(matcher.decide(&entry(100, "LR-2018-000001")).verdict, Verdict::Paid);
}

#[test]
fn why_nothing_is_open_is_said() {
    let credited = [brief("LR-2018-000001", 100), credit("LRC-2018-000001", "LR-2018-000001", 100)];
    let euro = |amount: i64| Money::new(amount, "EUR".parse().unwrap());
    let other = Brief { total: euro(90), prepaid: euro(0), ..replacing("LR-2018-000002", "LR-2018-000001", 90) };
    let replaced = [credited[0].clone(), credited[1].clone(), other];
    for (briefs, part) in
        [(&credited[..], "a credit note gave it back"), (&replaced[..], "LR-2018-000002 stands in its place")]
    {
        let mut matcher = Matcher::new(Items::of(briefs, std::iter::empty()).unwrap(), Vec::new());
        let matched = matcher.decide(&entry(100, "LR-2018-000001"));
        assert!(matched.said[0].contains(part), "{:?}", matched.said);
    }
}

#[test]
fn an_account_runs_from_day_to_day() {
    let items = Items::of(&[brief("LR-2018-000001", 100)], [part("LR-2018-000001", 40)].iter()).unwrap();
    let day = |text: &str| text.parse::<Date>().unwrap();
    let number = || "LR-2018-000001".parse().unwrap();
    let movements = vec![
        Movement { date: day("2018-09-10"), what: AccountWhat::Payment(1, "x".to_owned()), amount: usd(-40) },
        Movement { date: day("2018-09-05"), what: AccountWhat::Invoice(number()), amount: usd(100) },
    ];
    let own: Vec<&crate::domain::receivable::OpenItem> = items.iter().collect();
    let of = |today: &str| accounts(movements.clone(), &own, &[usd(5)], day(today)).unwrap().remove(0);
    let account = of("2018-10-05");
    let rows: Vec<(i64, i64)> = account.rows.iter().map(|row| (row.amount.minor(), row.balance.minor())).collect();
    assert_eq!((rows, account.balance, account.overdue), (vec![(100, 100), (-40, 60)], usd(60), usd(0)));
    assert_eq!(of("2018-10-06").overdue, usd(60));
    assert_eq!(account.left, usd(5));
    assert_eq!(account.open[0].overdue_by(day("2018-10-15")), Some(10));
}
