//! A page tells the same of waits that are told one by one and of those that are counted.

use super::super::{BusinessMonth, month_page};
use super::{AUGUST, business, facts, html, id, open, waits};
use crate::domain::charge::Weighed;

#[test]
fn counted_waits_give_the_same_page() {
    let (id, few) = (id("a"), waits(AUGUST));
    let state = || open("waiting", "no logs after 30 August");
    let many: Vec<_> = few.iter().flat_map(|rated| [rated.clone(), rated.clone(), rated.clone()]).collect();
    let told = html(&month_page(&facts(vec![business(&id, state(), &many)])));
    let settled: Vec<Weighed> = few[1..].iter().map(|rated| Weighed { rated: rated.clone(), times: 3 }).collect();
    let first = &many[..3];
    let counted = BusinessMonth { settled: &settled, ..business(&id, state(), first) };
    assert_eq!(html(&month_page(&facts(vec![counted]))), told);
    let fewer = BusinessMonth { settled: &settled[1..], ..business(&id, state(), first) };
    assert_ne!(html(&month_page(&facts(vec![fewer]))), told);
}
