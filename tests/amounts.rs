//! The arithmetic of EN 16931 over random invoices and their credit notes: BR-CO-10 to 18, BR-DEC, the sums of each category,
//! and the same once more in another currency. A validator's rules prove that amounts are there; these prove the amounts.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use ritardo::close::credit::{self, Corrected, Credit, Stands};
use ritardo::close::{self, ClosedMonth, Filed, Frozen, FrozenRates, Issue, Pricing, TariffName, check};
use ritardo::config::{parse_businesses, parse_config};
use ritardo::domain::business::Issuer;
use ritardo::domain::charge::{Charge, Market, Place, RateRow, RatedWait};
use ritardo::domain::correction::{Amounts, Correction, CorrectionCause, CreditLine, Earlier, EarlierCause};
use ritardo::domain::invoice::{Adjustment, AdjustmentKind, Vat};
use ritardo::domain::vat::VatShare;
use ritardo::domain::{
    Advance, Available, Business, Currency, Date, Decimal, Elapsed, EntryPoint, Invoice, Money, Month, Rate, VatKey,
    Verdict, Wait,
};

/// A charge: second of the month, market, price in millionths.
type Charged = (i64, usize, u32);

/// What a random invoice is made of.
#[derive(Clone, Debug)]
struct Plan {
    charges: Vec<Charged>,
    vat: usize,
    /// Day of the month on which the second rate begins.
    change: u8,
    /// Cents of a minimum, and of a cap.
    limits: (Option<u32>, Option<u32>),
    /// Months before, and cents.
    earlier: Vec<(u8, u32)>,
    /// Units of the tariff's currency, and of the invoice's, for one euro, in ten-thousandths.
    rate: Option<(u32, u32)>,
    /// Units of the invoice's currency for one euro, in ten-thousandths, where its seller accounts for VAT in euro.
    returned: Option<u32>,
    /// Cents of payments in advance, in the currency of the invoice.
    advances: Vec<u32>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let charges = prop::collection::vec((0..31 * 86_400_i64, 0..3_usize, 0..90_001_u32), 1..40);
    let limits = (prop::option::of(1..2_000_u32), prop::option::of(1..2_000_u32));
    // A tariff with a minimum above its cap is refused.
    let limits =
        limits.prop_map(|(one, other)| if one > other && other.is_some() { (other, one) } else { (one, other) });
    let earlier = prop::collection::btree_map(1..4_u8, 1..10_000_u32, 0..3);
    let earlier = earlier.prop_map(|earlier| earlier.into_iter().collect::<Vec<_>>());
    let rate = prop::option::of((1_000..20_000_u32, 1_000..20_000_u32));
    let returned = prop::option::of(1_000..20_000_u32);
    let advances = prop::collection::vec(1..3_000_u32, 0..3);
    (charges, 0..7_usize, 2..29_u8, limits, earlier, rate, returned, advances).prop_map(
        |(charges, vat, change, limits, earlier, rate, returned, advances)| Plan {
            charges,
            vat,
            change,
            limits,
            earlier,
            rate,
            returned,
            advances,
        },
    )
}

/// Nothing at all, in the currency of the tariff.
fn bare() -> Plan {
    let (charges, earlier, advances) = (Vec::new(), Vec::new(), Vec::new());
    Plan { charges, vat: 0, change: 2, limits: (None, None), earlier, rate: None, returned: None, advances }
}

fn month() -> Month {
    "2018-08".parse().unwrap()
}

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn treatments(plan: &Plan) -> String {
    let day = format!("2018-08-{:02}", plan.change);
    match plan.vat {
        0 => "vat = { treatment = \"standard\", rate = \"22\" }".to_owned(),
        1 => "vat = { treatment = \"reverse-charge\" }".to_owned(),
        2 => "vat = { treatment = \"zero\" }".to_owned(),
        3 => "vat = { treatment = \"exempt\", reason = \"r\", code = \"VATEX-EU-132\" }".to_owned(),
        4 => "vat = { treatment = \"export\" }".to_owned(),
        other => {
            let tax_point = if other == 5 { "charge" } else { "month-end" };
            format!(
                "tax_point = \"{tax_point}\"\nvat = [{{ treatment = \"standard\", rate = \"5.5\" }}, \
                 {{ treatment = \"standard\", rate = \"21\", from = \"{day}\" }}]"
            )
        }
    }
}

fn business(plan: &Plan) -> Business {
    let text = format!(
        "[[business]]\nid = \"b\"\nlegal_name = \"B\"\naddress = [\"B\"]\ncountry = \"IT\"\nvat_id = \"IT12345678903\"\n\
         emails = [\"b@b.it\"]\nlanguage = \"it\"\nzone = \"Europe/Rome\"\nfirst_month = \"2018-08\"\n{}\n\
         [[business.channel]]\nid = \"+390510000417\"\n",
        treatments(plan)
    );
    parse_businesses(Path::new("businesses.toml"), &text).unwrap().remove(0)
}

fn issuer() -> Issuer {
    let text = "[issuer]\nlegal_name = \"A\"\naddress = [\"A\"]\ncountry = \"IE\"\nvat_id = \"IE1234567FA\"\n\
                email = \"a@a.ie\"\nzone = \"UTC\"\n";
    parse_config(Path::new("ritardo.toml"), text).unwrap().issuers.remove(0)
}

fn decimal(units: u32, places: usize) -> Decimal {
    let digits = format!("{units:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{whole}.{fraction}").parse().unwrap()
}

fn rated(business: &Business, plan: &Plan) -> Vec<RatedWait> {
    let begin = month().span(business.zone).from;
    let mut charges = plan.charges.clone();
    charges.sort_unstable();
    let wait = |(place, (second, market, price)): (usize, &Charged)| {
        let received_at = begin.plus(Elapsed::from_seconds(*second));
        let wait = Wait {
            business: "b".into(),
            channel: "+390510000417".into(),
            conversation: "c".into(),
            customer: "+393331234567".into(),
            message_id: format!("m{place}").into(),
            run: Vec::new(),
            entry_point: EntryPoint::Unknown,
            received_at,
            answered_at: None,
            deadline: received_at.plus(Elapsed::DAY),
            verdict: Verdict::Unanswered,
            held_for: None,
            doubt_at: None,
            accepted_at: None,
            excluded: false,
            watermark: "2018-10-01T00:00:00Z".parse().unwrap(),
            tolerance: Elapsed::ZERO,
        };
        // Few prices, so that lines have more than one charge.
        let amount = decimal(price % 7 * 10_007, 6);
        let rate = RateRow { line: 1, tier: None, step: None, price: amount };
        let market: Market = ["39", "44", "other"][*market].parse().unwrap();
        RatedWait { wait, market, charge: Some(Charge { rate, place: Place::Uncounted, amount }) }
    };
    charges.iter().enumerate().map(wait).collect()
}

/// A minimum first, then a cap.
fn adjustments(net: Money, limits: (Option<u32>, Option<u32>)) -> Vec<Adjustment> {
    let (mut net, mut adjustments) = (net, Vec::new());
    for (kind, cents) in [(AdjustmentKind::Minimum, limits.0), (AdjustmentKind::Cap, limits.1)] {
        let Some(limit) = cents.map(|cents| Money::new(cents.into(), usd())) else { continue };
        let amount = limit.checked_sub(net).unwrap();
        let is_due = if kind == AdjustmentKind::Minimum { amount.minor() > 0 } else { amount.minor() < 0 };
        if is_due {
            adjustments.push(Adjustment { kind, limit, amount, shares: Vec::new() });
            net = limit;
        }
    }
    adjustments
}

fn tariff() -> TariffName {
    TariffName {
        id: "t".to_owned(),
        version: "1".to_owned(),
        sha256: String::new(),
        source: String::new(),
        window: Elapsed::DAY,
        reading: String::new(),
        tiers: String::new(),
        free: 0,
        currency: usd(),
    }
}

fn frozen((from, to): (u32, u32)) -> Frozen {
    let rate = Rate {
        from: usd(),
        to: "GBP".parse().unwrap(),
        date: month().last_day(),
        from_per_euro: decimal(from, 4),
        to_per_euro: decimal(to, 4),
    };
    Frozen { rate, table_sha256: "t".to_owned() }
}

/// From the currency of the invoice to the euro.
fn returned(per_euro: u32, billed: Currency) -> Frozen {
    let (to, from_per_euro) = ("EUR".parse().unwrap(), decimal(per_euro, 4));
    let rate = Rate { from: billed, to, date: month().last_day(), from_per_euro, to_per_euro: Decimal::whole(1) };
    Frozen { rate, table_sha256: "t".to_owned() }
}

fn available(place: usize, cents: u32, billed: Currency) -> Available {
    let amount = Money::new(i64::from(cents), billed);
    let advance = Advance { received: "2018-08-03".parse().unwrap(), reference: format!("transfer {place}"), amount };
    Available { advance, left: amount }
}

fn issue(number: &str, plan: &Plan) -> Issue {
    let billed = if plan.rate.is_some() { "GBP".parse().unwrap() } else { usd() };
    let earlier = |(back, cents): &(u8, u32)| {
        let row = Earlier {
            month: Month::new(2018, 8 - back).unwrap(),
            cause: EarlierCause::CarriedOver,
            charges: 1,
            amount: Money::new(i64::from(*cents), usd()),
            data_sha256: String::new(),
            vat: None,
            shares: Vec::new(),
        };
        // Where charges decide, some months were closed with charges of both rates, or of the later one.
        let part = i64::from(cents % 3) * i64::from(*cents) / 3;
        let parts = [("5.5", part), ("21", i64::from(*cents) - part)];
        let share = |(rate, minor): (&str, i64)| VatShare {
            vat: VatKey { category: "S".to_owned(), rate: rate.parse().unwrap() },
            amount: Money::new(minor, usd()),
        };
        let shares = parts.into_iter().filter(|(_, minor)| *minor > 0 && plan.vat == 5 && cents % 2 == 1).map(share);
        row.with_shares(shares.collect())
    };
    Issue {
        number: number.parse().unwrap(),
        date: "2018-09-05".parse::<Date>().unwrap(),
        previous: String::new(),
        earlier: plan.earlier.iter().map(earlier).collect(),
        rates: FrozenRates {
            exchange: plan.rate.map(frozen),
            vat: plan.returned.map(|per_euro| returned(per_euro, billed)),
        },
        available: plan.advances.iter().enumerate().map(|(place, cents)| available(place, *cents, billed)).collect(),
    }
}

/// The month without some of its charges.
fn closed_without(plan: &Plan, out: &BTreeSet<usize>) -> ClosedMonth {
    let business = business(plan);
    let mut rated = rated(&business, plan);
    for (_, rated) in rated.iter_mut().enumerate().filter(|(place, _)| out.contains(place)) {
        (rated.charge, rated.wait.verdict, rated.wait.excluded) = (None, Verdict::Held, true);
    }
    let adjust = |net, has_charges: bool| Some(if has_charges { adjustments(net, plan.limits) } else { Vec::new() });
    let pricing = Pricing { tariff: "t@1", currency: usd(), adjustments: &adjust };
    let cut = "2018-09-03T00:00:00Z".parse().unwrap();
    close::close(&business, month(), cut, &rated, &pricing).unwrap()
}

fn made(plan: &Plan) -> (ClosedMonth, Invoice) {
    let business = business(plan);
    let closed = closed_without(plan, &BTreeSet::new());
    let invoice = close::invoice(&issuer(), &business, &closed, &tariff(), issue("LR-2018-000001", plan)).unwrap();
    (closed, invoice)
}

/// Half away from zero, by another road than the program's: twice the number, and one more on its side of zero.
fn percent(net: i64, rate: Decimal) -> i64 {
    let product = i128::from(net) * rate.units();
    let divisor = 100 * 10_i128.pow(9);
    let away = if product < 0 { -divisor } else { divisor };
    i64::try_from((2 * product + away) / (2 * divisor)).unwrap()
}

/// The rows of a document by category and rate; a document has one group, or each row says its own.
fn by_group(invoice: &Invoice) -> BTreeMap<VatKey, i64> {
    let only = || {
        assert_eq!(invoice.vat.len(), 1, "a row says nothing");
        invoice.vat[0].key()
    };
    let mut groups: BTreeMap<VatKey, i64> = BTreeMap::new();
    let mut add = |key: Option<&VatKey>, amount: Money| {
        *groups.entry(key.cloned().unwrap_or_else(only)).or_default() += amount.minor();
    };
    invoice.lines.iter().for_each(|line| add(line.vat.as_ref(), line.amount));
    invoice.earlier.iter().flat_map(Earlier::by_key).for_each(|(key, amount)| add(key, amount));
    let adjusted = invoice.adjustments.iter().map(|row| (&row.shares, row.amount));
    for (shares, amount) in adjusted.chain(invoice.credited.iter().map(|row| (&row.shares, row.credit))) {
        if shares.is_empty() && invoice.vat.len() == 1 {
            add(None, amount);
        }
        let sum: i64 = shares.iter().map(|share| share.amount.minor()).sum();
        assert!(shares.is_empty() || sum == amount.minor(), "the shares of a row are the row");
        shares.iter().for_each(|share| add(Some(&share.vat), share.amount));
    }
    groups
}

/// The rules, over a document as it is billed.
fn check_rules(invoice: &Invoice) {
    let minor = |amounts: Vec<Money>| amounts.iter().map(|amount| amount.minor()).sum::<i64>();
    let rows = invoice.lines.iter().map(|line| line.amount);
    let rows = rows.chain(invoice.adjustments.iter().map(|row| row.amount));
    let rows = rows.chain(invoice.earlier.iter().map(|row| row.amount));
    let rows = rows.chain(invoice.credited.iter().map(|row| row.credit));
    // BR-CO-10 and 13: the sum of the rows is the amount without VAT, as there are no allowances beside rows.
    assert_eq!(minor(rows.collect()), invoice.net.minor());
    // BR-CO-14 and 15.
    assert_eq!(minor(invoice.vat.iter().map(|vat| vat.tax).collect()), invoice.tax.minor());
    assert_eq!(invoice.net.minor() + invoice.tax.minor(), invoice.total.minor());
    // BR-CO-18, and each category and rate once with what its rows come to (BR-S-08 and its like).
    assert!(!invoice.vat.is_empty());
    let stated: BTreeMap<VatKey, i64> = invoice.vat.iter().map(|vat| (vat.key(), vat.net.minor())).collect();
    assert_eq!(stated.len(), invoice.vat.len());
    let something = |mut groups: BTreeMap<VatKey, i64>| {
        groups.retain(|_, net| *net != 0);
        groups
    };
    assert_eq!(something(by_group(invoice)), something(stated));
    // BR-DEC: no amount has more than two decimals.
    for amount in invoice.vat.iter().flat_map(|vat| [vat.net, vat.tax]).chain([invoice.net, invoice.tax, invoice.total])
    {
        assert_eq!(amount.currency(), invoice.currency);
        assert!(amount.digits().split_once('.').is_none_or(|(_, fraction)| fraction.len() <= 2));
    }
}

/// BT-111: what the tax comes to in the currency of the VAT return, rounded once, by another road than the program's.
fn check_returned(invoice: &Invoice, plan: &Plan) {
    let is_taxed = invoice.vat.iter().any(|vat| vat.category == "S");
    let accounting = invoice.vat_accounting.as_ref();
    assert_eq!(accounting.is_some(), is_taxed && plan.returned.is_some());
    let (Some(accounting), Some(per_euro)) = (accounting, plan.returned) else { return };
    let tax = i128::from(invoice.as_billed().tax.minor()) * 10_000;
    let per_euro = i128::from(per_euro);
    let away = if tax < 0 { -per_euro } else { per_euro };
    assert_eq!(i128::from(accounting.tax.minor()), (2 * tax + away) / (2 * per_euro));
    assert_eq!((accounting.currency.code(), invoice.format.to_string().as_str()), ("EUR", "ritardo-invoice/2"));
}

/// BR-CO-16: what is due is the total less what was paid in advance, which is taken in order and no further than needed.
fn check_prepaid(invoice: &Invoice, plan: &Plan) {
    let total = invoice.as_billed().total.minor();
    let given: i64 = plan.advances.iter().map(|cents| i64::from(*cents)).sum();
    let paid = invoice.prepaid.as_ref().map_or(0, |prepaid| prepaid.paid.minor());
    assert_eq!(paid, given.min(total).max(0));
    assert_eq!(invoice.as_billed().due().minor(), total - paid);
    let taken = invoice.prepaid.iter().flat_map(|prepaid| &prepaid.payments);
    // All but the last payment is used up.
    assert!(taken.clone().rev().skip(1).all(|payment| payment.left.is_zero() && payment.taken == payment.amount));
    assert_eq!(taken.map(|payment| payment.taken.minor()).sum::<i64>(), paid);
}

fn check_invoice(closed: &ClosedMonth, invoice: &Invoice) {
    let findings = check::findings(invoice, &closed.line_file, &closed.data_sha256);
    assert!(findings.is_empty(), "{findings:?}");
    for document in [invoice, &*invoice.as_billed()] {
        check_rules(document);
        // BR-CO-17, exactly and not within the cent that the rules of the validators leave.
        for vat in &document.vat {
            assert_eq!(vat.tax.minor(), percent(vat.net.minor(), vat.rate));
        }
    }
    // What is written is read again, and is the same.
    let again: Invoice = serde_json::from_slice(&invoice.canonical()).unwrap();
    assert_eq!(&again, invoice);
}

/// A correction: charges of the invoice's own month that go, or which earlier month falls to how many hundredths.
#[derive(Clone, Debug)]
enum Step {
    Out(Vec<usize>),
    Earlier(usize, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => prop::collection::vec(0..40_usize, 1..6).prop_map(Step::Out),
        1 => (0..3_usize, 1..100_u32).prop_map(|(place, part)| Step::Earlier(place, part)),
    ];
    prop::collection::vec(step, 0..6)
}

/// An invoice with its credit notes so far.
struct Story<'p> {
    plan: &'p Plan,
    invoice: &'p Invoice,
    notes: Vec<Invoice>,
    /// What stands of its own month, and without which charges.
    closed: ClosedMonth,
    out: BTreeSet<usize>,
    /// What stands of earlier months.
    earlier: BTreeMap<Month, Money>,
}

impl<'p> Story<'p> {
    fn of(plan: &'p Plan, closed: ClosedMonth, invoice: &'p Invoice) -> Self {
        let earlier = invoice.earlier.iter().map(|row| (row.month, row.amount)).collect();
        Self { plan, invoice, notes: Vec::new(), closed, out: BTreeSet::new(), earlier }
    }

    /// What a correction gives back, where that is anything.
    fn step(&mut self, step: &Step) {
        match step {
            Step::Out(places) => self.take_out(places),
            Step::Earlier(place, part) => {
                let found = self.earlier.iter().nth(*place).map(|(month, was)| (*month, *was));
                if let Some((month, was)) = found {
                    self.lessen(month, Money::new(was.minor() * i64::from(*part) / 100, usd()));
                }
            }
        }
    }

    fn take_out(&mut self, places: &[usize]) {
        let out: BTreeSet<usize> = self.out.iter().chain(places).copied().collect();
        let now = closed_without(self.plan, &out);
        if now.net >= self.closed.net {
            return;
        }
        let (was, is) = (Filed::read(&self.closed.line_file).unwrap(), Filed::read(&now.line_file).unwrap());
        let lines = credit::of_charges(&was, &is, usd()).unwrap();
        self.note(month(), lines, Stands::Charges { closed: &now, as_then: true });
        (self.closed, self.out) = (now, out);
    }

    fn lessen(&mut self, of: Month, now: Money) {
        let was = self.earlier[&of];
        if now < was {
            let lines = vec![whole(of, was, now)];
            self.note(of, lines, Stands::Month { month: of, net: now, groups: BTreeMap::new() });
            self.earlier.insert(of, now);
        }
    }

    /// All that is left, as a reissue gives it back.
    fn end(&mut self) {
        let was = Filed::read(&self.closed.line_file).unwrap();
        let mut lines = credit::of_charges(&was, &Filed::default(), usd()).unwrap();
        let left = self.earlier.iter().filter(|(_, left)| !left.is_zero());
        lines.extend(left.map(|(month, left)| whole(*month, *left, Money::zero(usd()))));
        if lines.iter().map(|line| line.credit.minor()).sum::<i64>() > 0 {
            self.note(month(), lines, Stands::Nothing);
        }
    }

    fn note(&mut self, month: Month, lines: Vec<CreditLine>, stands: Stands) {
        let correction = Correction {
            number: self.invoice.number.clone(),
            issue_date: self.invoice.issue_date,
            cause: CorrectionCause::LateLogs,
            reason: None,
            messages: 1,
            was_sha256: String::new(),
        };
        let issue = Issue {
            number: format!("LRC-2018-{:06}", self.notes.len() + 1).parse().unwrap(),
            date: self.invoice.issue_date,
            previous: String::new(),
            earlier: Vec::new(),
            rates: FrozenRates::default(),
            available: Vec::new(),
        };
        let credit =
            Credit { lines, stands, month, counts: self.invoice.computation.counts, data_sha256: String::new() };
        let corrected = Corrected { invoice: self.invoice, notes: &self.notes, correction };
        let note = credit::credit_note(corrected, credit, issue).unwrap();
        let findings = check::credit_findings(&note, self.invoice, &self.notes);
        assert!(findings.is_empty(), "{findings:?}");
        for document in [&note, &*note.as_billed()] {
            check_rules(document);
            assert!(document.net.minor() >= 0, "no credit note asks for money");
        }
        let again: Invoice = serde_json::from_slice(&note.canonical()).unwrap();
        assert_eq!(again, note);
        self.notes.push(note);
        for as_billed in [false, true] {
            for (vat, [net, tax]) in self.left(as_billed) {
                assert!(net >= 0, "{vat}: {net} is left, so that more was given back than was billed");
                assert_eq!(tax, percent(net, vat.rate), "{vat}: of {net} that is left");
            }
        }
    }

    /// Net amount and tax of each group that the notes leave, as they are billed or in the currency of the tariff.
    fn left(&self, as_billed: bool) -> BTreeMap<VatKey, [i64; 2]> {
        let of = |document: &Invoice| -> Vec<Vat> {
            if as_billed { document.as_billed().vat.clone() } else { document.vat.clone() }
        };
        let mut left: BTreeMap<VatKey, [i64; 2]> = BTreeMap::new();
        let billed = of(self.invoice).into_iter().map(|vat| (1, vat));
        for (sign, vat) in billed.chain(self.notes.iter().flat_map(of).map(|vat| (-1, vat))) {
            let sums = left.entry(vat.key()).or_default();
            sums[0] += sign * vat.net.minor();
            sums[1] += sign * vat.tax.minor();
        }
        left
    }
}

/// The row of a month as a whole.
fn whole(month: Month, was: Money, now: Money) -> CreditLine {
    let of = |amount| Amounts { quantity: 1, amount };
    credit::of_earlier(month, of(was), of(now)).unwrap()
}

/// Credit notes that give an invoice back whole: exactly what was billed in each group and currency, and never more on the way.
fn check_credits(plan: &Plan, steps: &[Step]) -> usize {
    let (closed, invoice) = made(plan);
    let mut story = Story::of(plan, closed, &invoice);
    steps.iter().for_each(|step| story.step(step));
    story.end();
    for as_billed in [false, true] {
        let left = story.left(as_billed);
        assert!(left.values().all(|sums| *sums == [0, 0]), "{left:?} is left in the end");
    }
    let returned = |of: &Invoice| of.vat_accounting.as_ref().map_or(0, |accounting| accounting.tax.minor());
    let given_back: i64 = story.notes.iter().map(returned).sum();
    assert_eq!(given_back, returned(&invoice), "in the currency of the VAT return, too");
    story.notes.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_amounts_of_an_invoice_follow_the_standard(plan in plans()) {
        let (closed, invoice) = made(&plan);
        check_invoice(&closed, &invoice);
        check_returned(&invoice, &plan);
        check_prepaid(&invoice, &plan);
    }

    #[test]
    fn credit_notes_give_back_what_was_billed(plan in plans(), corrections in steps()) {
        check_credits(&plan, &corrections);
    }
}

#[test]
fn a_month_with_two_rates_has_two_groups() {
    let noon = |day: i64| (day - 1) * 86_400 + 43_200;
    let charges = vec![(noon(14), 0, 1), (noon(15), 0, 1), (noon(15), 0, 1)];
    let (limits, earlier) = ((Some(1_000), None), vec![(1, 500)]);
    let plan = Plan { charges, vat: 5, change: 15, limits, earlier, rate: None, returned: None, advances: Vec::new() };
    let (closed, invoice) = made(&plan);
    check_invoice(&closed, &invoice);
    let groups: Vec<String> = invoice.vat.iter().map(|vat| format!("{} {} {}", vat.key(), vat.net, vat.tax)).collect();
    // One charge of 0.010007 at the first rate, two at the second; the minimum in their proportion; July at its own rate.
    assert_eq!(groups, ["S at 5.50% USD 8.33 USD 0.46", "S at 21.00% USD 6.67 USD 1.40"]);
    assert_eq!(invoice.format.to_string(), "ritardo-invoice/2");
    let by_month_end = Plan { vat: 6, earlier: Vec::new(), ..plan };
    let (_, invoice) = made(&by_month_end);
    assert_eq!(invoice.vat.len(), 1);
    assert_eq!(invoice.vat[0].rate.to_string(), "21.00");
    assert_eq!(invoice.format.to_string(), "ritardo-invoice/1");
}

#[test]
fn rows_that_say_their_rate_are_no_invoice_of_the_first_form() {
    let (charges, limits, earlier, advances) = (Vec::new(), (None, None), vec![(1, 500)], Vec::new());
    let plan = Plan { charges, vat: 6, change: 15, limits, earlier, rate: None, returned: None, advances };
    let (closed, invoice) = made(&plan);
    check_invoice(&closed, &invoice);
    // There are no charges of August: all is of July, at the rate of then.
    let groups: Vec<String> = invoice.vat.iter().map(|vat| format!("{} {} {}", vat.key(), vat.net, vat.tax)).collect();
    assert_eq!(groups, ["S at 5.50% USD 5.00 USD 0.28"]);
    assert_eq!(invoice.earlier[0].vat.as_ref(), Some(&invoice.vat[0].key()));
    assert_eq!(invoice.format.to_string(), "ritardo-invoice/2");
}

#[test]
fn an_earlier_month_of_two_rates_is_billed_under_both() {
    let noon = |day: i64| (day - 1) * 86_400 + 43_200;
    // 701 cents of July, of which two thirds are at the first rate; one charge of August at the second.
    let (charges, limits, earlier, advances) = (vec![(noon(20), 0, 1)], (None, None), vec![(1, 701)], Vec::new());
    let plan = Plan { charges, vat: 5, change: 15, limits, earlier, rate: None, returned: None, advances };
    let (closed, invoice) = made(&plan);
    check_invoice(&closed, &invoice);
    let groups: Vec<String> = invoice.vat.iter().map(|vat| format!("{} {} {}", vat.key(), vat.net, vat.tax)).collect();
    assert_eq!(groups, ["S at 5.50% USD 4.67 USD 0.26", "S at 21.00% USD 2.35 USD 0.49"]);
}

#[test]
fn an_invoice_in_another_currency_says_both_amounts() {
    let charges = vec![(0, 0, 1); 100];
    let rate = Some((11_651, 8_974));
    let (returned, limits, earlier) = (Some(8_974), (None, None), Vec::new());
    let plan = Plan { charges, vat: 0, change: 2, limits, earlier, rate, returned, advances: vec![50, 100] };
    let (closed, invoice) = made(&plan);
    check_invoice(&closed, &invoice);
    let exchange = invoice.exchange.as_ref().unwrap();
    // 100 charges of 0.010007 are 1.0007, by 0.8974 / 1.1651: one rounding, from the exact sum.
    assert_eq!((invoice.net.to_string(), exchange.net.to_string()), ("USD 1.00".to_owned(), "GBP 0.77".to_owned()));
    assert_eq!((exchange.tax.to_string(), exchange.total.to_string()), ("GBP 0.17".to_owned(), "GBP 0.94".to_owned()));
    let billed = invoice.as_billed();
    assert_eq!((billed.currency.code(), billed.lines[0].unit_price.to_string().as_str()), ("GBP", "0.007707735"));
    let accounting = invoice.vat_accounting.as_ref().unwrap();
    // The tax of 0.17 pounds, at 0.8974 for one euro.
    assert_eq!(accounting.tax.to_string(), "EUR 0.19");
    check_returned(&invoice, &plan);
    check_prepaid(&invoice, &plan);
    let prepaid = invoice.prepaid.as_ref().unwrap();
    let left: Vec<i64> = prepaid.payments.iter().map(|payment| payment.left.minor()).collect();
    // 0.94 pounds of 0.50 and 1.00.
    assert_eq!((left, prepaid.due.minor()), (vec![0, 56], 0));
    let steps: Vec<Step> = (0..100).map(|place| Step::Out(vec![place])).collect();
    assert_eq!(check_credits(&plan, &steps), 100);
}

#[test]
fn a_note_gives_back_the_group_of_its_charges() {
    let noon = |day: i64| (day - 1) * 86_400 + 43_200;
    // One charge at the first rate, two at the second, of 0.020014 each, in pounds; and July at the rate of its own month.
    let charges = vec![(noon(14), 0, 2), (noon(15), 0, 2), (noon(16), 0, 2)];
    let rate = Some((11_651, 8_974));
    let plan = Plan { charges, vat: 5, change: 15, limits: (None, None), earlier: vec![(1, 500)], rate, ..bare() };
    let (closed, invoice) = made(&plan);
    let mut story = Story::of(&plan, closed, &invoice);
    story.take_out(&[0]);
    story.lessen("2018-07".parse().unwrap(), Money::new(400, usd()));
    let groups = |note: &Invoice| note.vat.iter().map(|vat| format!("{} {}", vat.key(), vat.net)).collect::<Vec<_>>();
    assert_eq!(groups(&story.notes[0]), ["S at 5.50% USD 0.02"]);
    assert_eq!(groups(&story.notes[1]), ["S at 5.50% USD 1.00"]);
    // 5.00 by 0.8974 / 1.1651 are 3.85, and 4.00 are 3.08.
    assert_eq!(groups(&story.notes[1].as_billed()), ["S at 5.50% GBP 0.77"]);
    story.end();
    assert!(story.left(true).values().all(|sums| *sums == [0, 0]));
}

#[test]
fn a_month_of_several_rates_is_given_back_by_what_is_left_to_them() {
    let noon = |day: i64| (day - 1) * 86_400 + 43_200;
    let charges = vec![(noon(14), 0, 1), (noon(15), 0, 1)];
    let plan = Plan { charges, vat: 5, change: 15, limits: (None, None), earlier: vec![(1, 500)], ..bare() };
    let (closed, mut invoice) = made(&plan);
    // July has two rates of its own.
    let keys: Vec<VatKey> = invoice.vat.iter().map(Vat::key).collect();
    let share = |key: &VatKey, cents| VatShare { vat: key.clone(), amount: Money::new(cents, usd()) };
    (invoice.earlier[0].vat, invoice.earlier[0].shares) = (None, vec![share(&keys[0], 200), share(&keys[1], 300)]);
    let nets = by_group(&invoice);
    for vat in &mut invoice.vat {
        vat.net = Money::new(nets[&vat.key()], usd());
        vat.tax = Money::new(percent(vat.net.minor(), vat.rate), usd());
    }
    invoice.tax = Money::sum(usd(), invoice.vat.iter().map(|vat| vat.tax)).unwrap();
    invoice.total = invoice.net.checked_add(invoice.tax).unwrap();
    let july: Month = "2018-07".parse().unwrap();
    let mut story = Story::of(&plan, closed, &invoice);
    let net = Money::new(300, usd());
    let groups = [(keys[0].clone(), Money::new(200, usd())), (keys[1].clone(), Money::new(100, usd()))].into();
    story.note(july, vec![whole(july, Money::new(500, usd()), net)], Stands::Month { month: july, net, groups });
    story.earlier.insert(july, net);
    let note = &story.notes[0];
    assert_eq!(note.vat.iter().map(|vat| (vat.key(), vat.net.minor())).collect::<Vec<_>>(), [(keys[1].clone(), 200)]);
    // What is left to each is in the proportion of what other invoices leave, and of none is less than nothing.
    let groups = [(keys[0].clone(), Money::new(-100, usd())), (keys[1].clone(), Money::new(400, usd()))].into();
    let net = Money::new(100, usd());
    story.note(july, vec![whole(july, Money::new(300, usd()), net)], Stands::Month { month: july, net, groups });
    story.earlier.insert(july, net);
    assert_eq!(story.notes[1].credited[0].shares, [share(&keys[0], 200)]);
    story.end();
    assert!(story.left(false).values().all(|sums| *sums == [0, 0]));
}

#[test]
fn where_a_cap_falls_away_no_note_asks_for_tax() {
    let noon = |day: i64| (day - 1) * 86_400 + 43_200;
    // Twenty charges of 0.060042 at each rate, which come to 2.40 in two lines; a cap of 1.89; then nine at the first rate go.
    let charges: Vec<Charged> = (0..40).map(|place| (noon(if place < 20 { 14 } else { 15 }), 0, 6)).collect();
    let plan = Plan { charges, vat: 5, change: 15, limits: (None, Some(189)), ..bare() };
    let (closed, invoice) = made(&plan);
    let groups =
        |of: &Invoice| of.vat.iter().map(|vat| (vat.key().rate.to_string(), vat.net.minor())).collect::<Vec<_>>();
    assert_eq!(groups(&invoice), [("5.50".to_owned(), 94), ("21.00".to_owned(), 95)]);
    let mut story = Story::of(&plan, closed, &invoice);
    story.take_out(&[0, 1, 2, 3, 4, 5, 6, 7, 8]);
    // 0.66 and 1.20 stand, which is 0.03 less, and would be 0.28 less and 0.25 more.
    assert_eq!(groups(&story.notes[0]), [("5.50".to_owned(), 3)]);
    assert!(story.notes[0].tax.minor() >= 0);
    story.take_out(&[20, 21]);
    story.end();
    assert!(story.left(false).values().all(|sums| *sums == [0, 0]));
}

#[test]
fn a_cap_takes_no_more_than_there_is_in_another_currency() {
    // Seven prices in each of three markets, which come to 0.63 USD in 21 lines, and to 0.54 GBP; at 1.2 USD a pound.
    let charges = (0..21).map(|place| (i64::from(place) * 86_400, place as usize % 3, place / 3)).collect();
    let plan = Plan { charges, vat: 0, change: 2, limits: (None, Some(5)), rate: Some((12_000, 10_000)), ..bare() };
    let (closed, invoice) = made(&plan);
    check_invoice(&closed, &invoice);
    let exchange = invoice.exchange.as_ref().unwrap();
    assert_eq!((invoice.net.to_string(), exchange.net.to_string()), ("USD 0.05".to_owned(), "GBP 0.04".to_owned()));
    let mut forged = invoice.clone();
    let exchange = forged.exchange.as_mut().unwrap();
    let taken = exchange.adjustments[0].amount;
    exchange.adjustments[0].amount = taken.checked_sub(Money::new(5, taken.currency())).unwrap();
    let findings = check::findings(&forged, &closed.line_file, &closed.data_sha256);
    assert!(findings.iter().any(|finding| finding.to_string().contains("minimum or cap of USD 0.05")), "{findings:?}");
}

#[test]
fn a_note_that_gives_back_what_was_not_billed_is_found() {
    let charges = vec![(0, 0, 1); 100];
    let plan = Plan { charges, vat: 0, change: 2, limits: (None, None), rate: Some((11_651, 8_974)), ..bare() };
    let (closed, invoice) = made(&plan);
    let mut story = Story::of(&plan, closed, &invoice);
    story.take_out(&[0, 1, 2]);
    story.take_out(&[3, 4, 5]);
    let (note, before) = story.notes.split_last().unwrap();
    let found = |forge: &dyn Fn(&mut ritardo::domain::Exchange)| {
        let mut forged = note.clone();
        forge(forged.exchange.as_mut().unwrap());
        let findings = check::credit_findings(&forged, &invoice, before);
        findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(found(&|_| {}), "");
    let cent = |amount: Money| amount.checked_add(Money::new(1, amount.currency())).unwrap();
    // A cent more in every sum: it adds up, and is not what the invoice has left.
    let more = found(&|exchange| {
        let row = &mut exchange.credited[0];
        (row.billed, row.credit) = (cent(row.billed), cent(row.credit));
        (exchange.net, exchange.total) = (cent(exchange.net), cent(exchange.total));
        exchange.vat[0].net = cent(exchange.vat[0].net);
    });
    assert!(more.contains("is left to be given back, the credit note says GBP"), "{more}");
    let tax = found(&|exchange| {
        (exchange.tax, exchange.total) = (cent(exchange.tax), cent(exchange.total));
        exchange.vat[0].tax = cent(exchange.vat[0].tax);
    });
    assert!(tax.contains("which leaves a tax of GBP"), "{tax}");
    let rate = found(&|exchange| exchange.billed_per_euro = Decimal::whole(1));
    assert!(rate.contains("the rate of exchange is not that of LR-2018-000001"), "{rate}");
    // The same without the note before: what that gave back would be given back again.
    assert!(!check::credit_findings(note, &invoice, &[]).is_empty());
    let mut other = invoice.clone();
    other.exchange.as_mut().unwrap().billed_per_euro = Decimal::whole(1);
    assert!(!check::replacement_findings(&other, &invoice).is_empty());
    assert!(check::replacement_findings(&invoice, &invoice).is_empty());
}

#[test]
fn a_note_that_accounts_for_more_tax_than_its_invoice_loses_is_found() {
    let charges = vec![(0, 0, 90_000); 100];
    let plan = Plan { charges, returned: Some(11_651), ..bare() };
    let (closed, invoice) = made(&plan);
    let mut story = Story::of(&plan, closed, &invoice);
    story.take_out(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    story.take_out(&[10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    let (note, before) = story.notes.split_last().unwrap();
    let found = |more: i64| {
        let mut forged = note.clone();
        let accounting = forged.vat_accounting.as_mut().unwrap();
        accounting.tax = accounting.tax.checked_add(Money::new(more, accounting.tax.currency())).unwrap();
        let findings = check::credit_findings(&forged, &invoice, before);
        findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(found(0), "");
    // A cent beside what the tax of the note comes to by itself, and not what is left of the invoice.
    for more in [-1, 1] {
        assert!(found(more).contains("does not come to EUR"), "{}", found(more));
    }
}
