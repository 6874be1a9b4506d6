//! The page as a whole: its sums, its silence about customers, its bytes.

mod alone;
mod currencies;
mod documents;
mod paged;
mod pricing;
mod weighed;

use super::page::{CountCells, StackRow};
use super::{
    After, BusinessMonth, Closed, Document, Link, MonthFacts, MonthPage, Open, RejectedRows, State, TariffUsed,
    month_page,
};
use crate::domain::charge::RatedWait;
use crate::domain::{
    BusinessId, Charge, CorrectionCause, Decimal, DocumentKind, Elapsed, EntryPoint, Instant, Market, Money, Place,
    RateRow, Tongue, Verdict, Wait, Zone,
};

const CUSTOMER: &str = "+393331234567";
const MESSAGE: &str = "wamid-secret";

/// `received  answered or -  verdict  charge or -`, the entry points in turn.
fn waits(table: &str) -> Vec<RatedWait> {
    let rows = table.lines().map(str::split_whitespace).map(Iterator::collect::<Vec<_>>).filter(|row| !row.is_empty());
    rows.enumerate().map(|(index, row)| wait(index, row[0], row[1], row[2], row[3])).collect()
}

fn wait(index: usize, received: &str, answered: &str, verdict: &str, charge: &str) -> RatedWait {
    let received_at: Instant = received.parse().unwrap();
    let rate = |price: Decimal| RateRow { line: 7, tier: None, step: None, price };
    let charge = charge.parse().ok().map(|amount| Charge { rate: rate(amount), place: Place::Uncounted, amount });
    let wait = Wait {
        business: "bakery".into(),
        channel: "channel-secret".into(),
        conversation: "conversation-secret".into(),
        customer: CUSTOMER.into(),
        message_id: MESSAGE.into(),
        run: Vec::new(),
        entry_point: EntryPoint::ALL[index % 4],
        received_at,
        answered_at: answered.parse().ok(),
        deadline: received_at.plus(Elapsed::DAY),
        verdict: verdict.parse().unwrap(),
        held_for: None,
        doubt_at: None,
        accepted_at: None,
        excluded: false,
        watermark: "2018-10-01T00:00:00Z".parse().unwrap(),
        tolerance: Elapsed::ZERO,
    };
    RatedWait { wait, market: Market::other(), charge }
}

const AUGUST: &str = "
    2018-07-31T22:30:00Z  2018-07-31T22:31:00Z  on_time     -
    2018-08-05T08:00:00Z  2018-08-06T08:00:00Z  on_time     -
    2018-08-05T09:00:00Z  2018-08-06T10:00:00Z  late        0.05
    2018-08-06T09:00:00Z  2018-08-09T09:00:00Z  late        0.055
    2018-08-07T09:00:00Z  -                     unanswered  0.09
    2018-08-31T09:00:00Z  -                     pending     -
    2018-08-31T21:59:59Z  -                     held        -
";

fn invoice(currency: &str, net: i64, tax: i64) -> Document {
    let money = |minor| Money::new(minor, currency.parse().unwrap());
    let (net, tax, total) = (money(net), money(tax), money(net + tax));
    Document {
        number: "LR-2018-000001".parse().unwrap(),
        kind: DocumentKind::Invoice,
        date: "2018-09-05".parse().unwrap(),
        month: "2018-08".parse().unwrap(),
        part: net,
        net,
        tax,
        total,
        earlier: Vec::new(),
        corrects: None,
        cause: None,
        reason: None,
        adjustments: Vec::new(),
        mails: vec![("sent", 2)],
        href: "../issued/LR-2018-000001/LR-2018-000001_2018-08.html".into(),
    }
}

fn credit(net: i64, tax: i64, cause: CorrectionCause) -> Document {
    Document {
        number: "LRC-2018-000001".parse().unwrap(),
        kind: DocumentKind::CreditNote,
        corrects: Some("LR-2018-000001".parse().unwrap()),
        cause: Some(cause),
        ..invoice("USD", net, tax)
    }
}

fn closed(documents: Vec<Document>) -> State {
    State::Closed(Closed { word: "closed", said: Vec::new(), charged_now: None, documents, after: Vec::new() })
}

fn issued(currency: &str, net: i64, tax: i64) -> State {
    closed(vec![invoice(currency, net, tax)])
}

fn open(word: &'static str, reason: &str) -> State {
    State::Open(Open { word, reasons: vec![reason.into()], next: None, net: None, preview: None })
}

fn business<'a>(id: &'a BusinessId, state: State, waits: &'a [RatedWait]) -> BusinessMonth<'a> {
    let zone = "Europe/Rome".parse::<Zone>().unwrap();
    BusinessMonth {
        id,
        legal_name: "Forno S.r.l.",
        issuer: "Issuer S.p.A.",
        page: String::new(),
        tongue: Tongue::English,
        zone,
        tariff: tariff(""),
        currency: "USD".parse().unwrap(),
        state,
        waits,
        settled: &[],
    }
}

fn facts(businesses: Vec<BusinessMonth>) -> MonthFacts {
    MonthFacts {
        month: "2018-08".parse().unwrap(),
        issuer: "Issuer S.p.A.",
        tongue: Tongue::English,
        nav: Vec::new(),
        businesses,
        tariffs: vec![tariff("")],
        chain_head: "4a0e",
        rejected: vec![RejectedRows { file: "desk/a.csv".into(), reason: "no time".into(), rows: 1204 }],
        quarantined_files: Vec::new(),
        currency: "USD".parse().unwrap(),
        alarms: Vec::new(),
        coverage: Vec::new(),
    }
}

fn tariff(reading: &str) -> TariffUsed {
    TariffUsed { name: "late-reply@2018-08".into(), sha256: "cb5b".into(), reading: reading.into() }
}

fn id(text: &str) -> BusinessId {
    text.parse().unwrap()
}

fn html(page: &MonthPage) -> String {
    let context = tera::Context::from_serialize(page).unwrap();
    let (_, template) = super::site::templates(Tongue::English).swap_remove(0);
    tera::Tera::one_off(&template, &context, true).unwrap()
}

fn number(cell: &str) -> u64 {
    cell.replace(',', "").parse().unwrap()
}

fn units(cell: &str) -> i128 {
    cell.replace(',', "").parse::<Decimal>().unwrap().units()
}

#[track_caller]
fn check_stack(rows: &[StackRow], total: &StackRow) {
    assert_eq!(rows.iter().map(|row| number(&row.waits)).sum::<u64>(), number(&total.waits));
    for part in 0..4 {
        let sum: u64 = rows.iter().map(|row| number(&row.parts[part])).sum();
        assert_eq!(sum, number(&total.parts[part]), "part {part}");
    }
}

#[track_caller]
fn check_counts<'a>(rows: impl Iterator<Item = &'a CountCells> + Clone, total: &CountCells) {
    let columns: [fn(&CountCells) -> &str; 6] =
        [|c| &c.waits, |c| &c.on_time, |c| &c.late, |c| &c.unanswered, |c| &c.open, |c| &c.charged];
    for column in columns {
        assert_eq!(rows.clone().map(|row| number(column(row))).sum::<u64>(), number(column(total)));
    }
    assert_eq!(rows.map(|row| units(&row.amount)).sum::<i128>(), units(&total.amount));
}

#[test]
fn every_table_adds_up_to_the_same_totals() {
    let (waits, ids) = (waits(AUGUST), [id("a"), id("b")]);
    let businesses = vec![
        business(&ids[0], issued("USD", 123_456, 27_160), &waits),
        business(&ids[1], open("waiting", "no logs after 30 August"), &waits[2..5]),
    ];
    let page = month_page(&facts(businesses));
    check_counts(page.businesses.iter().map(|row| &row.counts), &page.total.counts);
    check_counts(page.entry_points.iter().map(|row| &row.counts), &page.entry_points_total.counts);
    check_stack(&page.stacks.days, &page.stacks.stack_total);
    check_stack(&page.stacks.lengths, &page.stacks.stack_total);
    assert_eq!(page.verdicts.iter().map(|row| number(&row.waits)).sum::<u64>(), 10);
    assert_eq!(page.verdicts.iter().map(|row| units(&row.amount)).sum::<i128>(), units("0.39"));
    let CountCells { waits, charged, amount, .. } = &page.total.counts;
    assert_eq!((waits.as_str(), charged.as_str(), amount.as_str()), ("10", "6", "0.390"));
    assert_eq!((page.total.sums.issued.as_str(), page.total.sums.standing.as_str()), ("1,234.56", "1,234.56"));
    assert_eq!((page.documents.total.net.as_str(), page.documents.total.total.as_str()), ("1,234.56", "1,506.16"));
}

#[test]
fn days_and_lengths_are_those_of_the_rule() {
    let (waits, id) = (waits(AUGUST), id("a"));
    let page = month_page(&facts(vec![business(&id, issued("USD", 20, 4), &waits)]));
    let busy = |rows: &[StackRow]| -> Vec<(String, String)> {
        let busy = rows.iter().filter(|row| row.waits != "0");
        busy.map(|row| (row.name.clone(), row.parts.join(" "))).collect()
    };
    let pairs = |rows: &[(&str, &str)]| -> Vec<(String, String)> {
        rows.iter().map(|(name, parts)| ((*name).to_owned(), (*parts).to_owned())).collect()
    };
    assert_eq!(page.stacks.days.len(), 31);
    assert_eq!(
        busy(&page.stacks.days),
        pairs(&[
            ("1 August", "1 0 0 0"),
            ("5 August", "1 1 0 0"),
            ("6 August", "0 1 0 0"),
            ("7 August", "0 0 1 0"),
            ("31 August", "0 0 0 2"),
        ])
    );
    assert_eq!(
        busy(&page.stacks.lengths),
        pairs(&[
            ("≤ 1 h", "1 0 0 0"),
            ("12–24 h", "1 0 0 0"),
            ("24–48 h", "0 1 0 0"),
            ("> 48 h", "0 1 0 0"),
            ("no answer", "0 0 1 2"),
        ])
    );
}

#[test]
fn waits_that_began_in_another_month_have_their_own_bars() {
    let (waits, id) = (
        waits(
            "
            2018-07-31T21:59:59Z  -  unanswered  0.05
            2018-08-31T22:00:00Z  -  pending     -
        ",
        ),
        id("a"),
    );
    let page = month_page(&facts(vec![business(&id, closed(Vec::new()), &waits)]));
    assert_eq!(page.stacks.days.len(), 33);
    assert_eq!((page.stacks.days[0].name.as_str(), page.stacks.days[0].waits.as_str()), ("before the month", "1"));
    assert_eq!((page.stacks.days[32].name.as_str(), page.stacks.days[32].waits.as_str()), ("after the month", "1"));
    check_stack(&page.stacks.days, &page.stacks.stack_total);
}

#[test]
fn the_summary_is_one_sentence_in_every_case() {
    let (waits, ids) = (waits(AUGUST), [id("a"), id("b"), id("c")]);
    let parked = || open("parked", "no rate");
    let usd = || issued("USD", 100, 22);
    for (businesses, summary) in [
        (vec![], "No business is billed in this month; no customer waited for an answer."),
        (
            vec![business(&ids[0], closed(Vec::new()), &[])],
            "None of 1 business is invoiced; no customer waited for an answer.",
        ),
        (
            vec![business(&ids[0], parked(), &waits[5..])],
            "None of 1 business is invoiced; 2 waits are not decided yet; 1 business is still open.",
        ),
        (
            vec![business(&ids[0], usd(), &waits), business(&ids[1], issued("EUR", 1, 0), &[])],
            "2 of 2 businesses are invoiced for USD 1.22 and EUR 0.01 in all; 40.0 % of 5 decided waits ended within \
             the window.",
        ),
    ] {
        assert_eq!(month_page(&facts(businesses)).summary.replace('\u{a0}', " "), summary);
    }
}

#[test]
fn amounts_of_two_currencies_are_never_added() {
    let ids = [id("a"), id("b"), id("c")];
    let states = [issued("EUR", 1000, 220), issued("USD", 100, 0), issued("EUR", 1, 0)];
    let businesses = ids.iter().zip(states).map(|(id, state)| business(id, state, &[])).collect();
    let page = month_page(&facts(businesses));
    assert_eq!(page.documents.total.total, "1.00");
    let others: Vec<&str> = page.documents.others.iter().map(|sums| sums.total.as_str()).collect();
    assert_eq!(others, ["EUR\u{a0}12.21"]);
    assert_eq!(page.other_totals[0].standing, "EUR\u{a0}10.01");
    assert_eq!(page.businesses[0].sums.issued, "EUR\u{a0}10.00");
}

#[test]
fn a_month_without_waits_has_a_page() {
    let id = id("a");
    for businesses in [vec![], vec![business(&id, closed(Vec::new()), &[])]] {
        let page = html(&month_page(&facts(businesses)));
        assert!(page.contains("No customer waited for an answer in August 2018."));
        assert!(!page.contains("<svg") && page.ends_with("</html>\n"));
    }
}

#[test]
fn hostile_names_are_text() {
    const HOSTILE: &str = "</title><script>alert('x')</script><img src=x onerror=\"y\">&amp;{{ issuer }}";
    let (waits, ids) = (waits(AUGUST), [id("a"), id("b")]);
    let mut note = credit(1, 0, CorrectionCause::Reissue);
    (note.reason, note.href) = (Some(HOSTILE.into()), HOSTILE.into());
    let link = || Link { text: HOSTILE.into(), href: HOSTILE.into() };
    let after = vec![After { what: HOSTILE.into(), text: HOSTILE.into(), told: None, links: vec![link()] }];
    let said = vec![HOSTILE.to_owned()];
    let mut businesses = vec![
        business(&ids[0], open("parked", HOSTILE), &waits),
        business(
            &ids[1],
            State::Closed(Closed { word: "closed", said, charged_now: None, documents: vec![note], after }),
            &[],
        ),
    ];
    if let State::Open(open) = &mut businesses[0].state {
        (open.next, open.preview) = (Some(HOSTILE.into()), Some(link()));
    }
    businesses.iter_mut().for_each(|business| business.legal_name = HOSTILE);
    let mut facts = facts(businesses);
    (facts.issuer, facts.chain_head) = (HOSTILE, HOSTILE);
    facts.tariffs = vec![TariffUsed { name: HOSTILE.into(), sha256: HOSTILE.into(), reading: HOSTILE.into() }];
    facts.quarantined_files = vec![(HOSTILE.into(), HOSTILE.into())];
    let page = html(&month_page(&facts));
    assert!(!page.contains("<img") && !page.contains("onerror=\"y"));
    assert_eq!(page.matches("<script").count(), 1, "its own");
    assert_eq!((page.matches("<svg").count(), page.matches("</title>").count()), (4, 1 + 4 + 31 + 7 + 5));
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn no_customer_and_no_message_is_named() {
    let (waits, id) = (waits(AUGUST), id("a"));
    let page = html(&month_page(&facts(vec![business(&id, issued("USD", 20, 4), &waits)])));
    for secret in [CUSTOMER, &CUSTOMER[1..], "4567", MESSAGE, "secret"] {
        assert!(!page.contains(secret), "{secret}");
    }
}

#[test]
fn the_same_facts_give_the_same_bytes_and_load_nothing() {
    let (waits, id) = (waits(AUGUST), id("a"));
    let mut facts = facts(vec![business(&id, issued("USD", 20, 4), &waits)]);
    facts.coverage.push(super::coverage::tests::channel());
    facts.alarms.push("source <till>: a file is missing".into());
    let page = html(&month_page(&facts));
    assert!(page.contains("<bdi>source &lt;till&gt;: a file is missing</bdi>"));
    assert!(page.contains("What the logs prove") && page.contains("<bdi>+39&lt;0510</bdi>"));
    assert_eq!(page, html(&month_page(&facts)));
    // The SVG namespace is a name, not an address that is fetched.
    let page = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "url(", "@import", "<link", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn charges_of_open_months_are_told_apart() {
    let (waits, ids) = (waits(AUGUST), [id("a"), id("b")]);
    let parked = open("parked", "no rate");
    let businesses = vec![business(&ids[0], issued("USD", 20, 4), &waits), business(&ids[1], parked, &waits[4..])];
    let page = month_page(&facts(businesses));
    let charges = page.figures.iter().find(|figure| figure.label == "Charges, exact").unwrap();
    assert_eq!((charges.value.as_str(), charges.note.as_str()), ("USD\u{a0}0.285", "0.090 of it in open months"));
    assert_eq!(page.open.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["b"]);
    let verdicts: Vec<_> = page.verdicts.iter().map(|row| row.name).collect();
    assert_eq!(verdicts.len(), Verdict::ALL.len());
}
