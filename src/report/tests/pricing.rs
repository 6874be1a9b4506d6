//! Free units, tiers, minimum and cap.

use super::super::month_page;
use super::{AUGUST, business, closed, facts, html, id, invoice, issued, tariff, waits};
use crate::domain::invoice::{Adjustment, AdjustmentKind};
use crate::domain::{Charge, Decimal, Place, RateRow};

#[test]
fn free_units_tiers_minimum_and_cap_are_shown() {
    let (mut waits, ids) = (waits(AUGUST), [id("a"), id("b")]);
    let flat = month_page(&facts(vec![business(&ids[0], issued("USD", 20, 4), &waits)]));
    assert!(flat.insight.sooner.iter().all(|row| row.amount != "–") && flat.insight.sooner_note.is_empty());
    let plain = html(&month_page(&facts(vec![business(&ids[0], issued("USD", 20, 4), &waits)])));
    assert!(!plain.contains("Free units") && !plain.contains("Minimum") && !plain.contains("Reading"));
    let places = [(2, Place::Free(1), None, "0"), (3, Place::InMarket(1), Some(0), "0.05")];
    for (index, place, tier, price) in places.into_iter().chain([(4, Place::InMarket(2), Some(1), "0.04")]) {
        let amount: Decimal = price.parse().unwrap();
        let rate = RateRow { line: 7, tier, step: None, price: amount };
        waits[index].charge = Some(Charge { rate, place, amount });
    }
    let mut adjusted = invoice("USD", 500, 0);
    let (limit, amount) = ("USD 5.00".parse().unwrap(), "USD 4.91".parse().unwrap());
    adjusted.adjustments.push(Adjustment { kind: AdjustmentKind::Minimum, limit, amount, shares: Vec::new() });
    let state = closed(vec![adjusted]);
    let free = business(&ids[1], closed(Vec::new()), &waits[2..3]);
    let mut facts = facts(vec![business(&ids[0], state, &waits), free]);
    facts.tariffs = vec![tariff("boundary = exclusive")];
    let page = month_page(&facts);
    let tiers: Vec<_> =
        page.pricing.tiers.iter().map(|row| [&*row.market, &row.tier, &row.charges, &row.amount]).collect();
    let expected = [
        ["other", "free units", "2", "0.00"],
        ["other", "first tier", "1", "0.05"],
        ["other", "tier above 1", "1", "0.04"],
    ];
    assert_eq!(tiers, expected);
    let [adjusted] = page.pricing.adjustments.as_slice() else { panic!("{:?}", page.pricing) };
    assert_eq!((adjusted.kind, &*adjusted.limit, &*adjusted.amount), ("minimum", "5.00", "4.91"));
    assert!(page.insight.sooner.iter().all(|row| row.amount == "–") && !page.insight.sooner_note.is_empty());
    assert_eq!(page.businesses[1].said, ["free units only"]);
    assert_eq!((page.total.counts.charged.as_str(), page.total.counts.amount.as_str()), ("4", "0.09"));
    let page = html(&page);
    for text in ["tier above 1<", "free units only", "boundary = exclusive", "3 late, 1 unanswered; 2 free"] {
        assert!(page.contains(text), "{text}");
    }
}
