//! A shop that lives at random: nights, late logs, disputes, new invoices for old ones, approvals, kills. A model beside it
//! knows what every month should come to, and after every step the books are compared with it and with themselves.
//!
//! `RITARDO_MACHINES=1000` lets that many shops live, `RITARDO_MACHINES=17..18` the one of a seed. A failure names its
//! seed and the shortest list of steps found that still fails.
#![cfg(test)]
#![expect(clippy::cast_possible_wrap, reason = "counts of a small town")]
#![expect(clippy::disallowed_methods, reason = "the number of shops is in the environment, and a kill takes real time")]

mod common;

#[path = "machine/books.rs"]
mod books;
#[path = "machine/model.rs"]
mod model;
#[path = "machine/steps.rs"]
mod steps;
#[path = "machine/town.rs"]
mod town;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use common::shop::Shop;
use steps::{Life, Step};

/// How often each kind of thing happened, so that a run in which nothing happens is seen.
pub type Tally = BTreeMap<&'static str, usize>;

fn seeds() -> Range<u64> {
    let told = std::env::var("RITARDO_MACHINES").unwrap_or_else(|_| "8".to_owned());
    let number = |text: &str| text.parse().expect("RITARDO_MACHINES is a number, or two as in 17..18");
    told.split_once("..").map_or_else(|| 0..number(&told), |(from, to)| number(from)..number(to))
}

/// Lives a whole life in a folder of its own; the error says at which step what was wrong.
fn live(name: &str, seed: u64, steps: &[Step]) -> Result<Tally, String> {
    let told = |why: Box<dyn std::any::Any + Send>| {
        let text = why.downcast_ref::<String>().cloned();
        text.or_else(|| why.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    };
    std::panic::catch_unwind(|| lived(name, seed, steps)).unwrap_or_else(|why| Err(told(why)))
}

fn lived(name: &str, seed: u64, steps: &[Step]) -> Result<Tally, String> {
    let mut life = Life::new(name, seed);
    for (count, step) in steps.iter().enumerate() {
        life.take(*step).map_err(|why| format!("step {count}, {step:?} at day {}: {why}", life.today))?;
    }
    life.end().map_err(|why| format!("at the end, day {}: {why}", life.today))?;
    let tally = life.tally.clone();
    life.remove();
    Ok(tally)
}

/// Leaves out steps, many at once and then one by one, as long as the life still fails.
fn shortened(name: &str, seed: u64, mut steps: Vec<Step>, mut why: String) -> (Vec<Step>, String) {
    let mut size = steps.len().div_ceil(2);
    let mut tries = 60;
    while size > 0 {
        let mut from = 0;
        while from < steps.len() && tries > 0 {
            let fewer = [&steps[..from], &steps[(from + size).min(steps.len())..]].concat();
            tries -= 1;
            match live(name, seed, &fewer) {
                Ok(_) => from += size,
                Err(still) => (steps, why) = (fewer, still),
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    (steps, why)
}

#[test]
fn the_books_of_every_life_hold() {
    let seeds: Vec<u64> = seeds().collect();
    let (happened, failures) = (Mutex::new(Tally::new()), Mutex::new(Vec::new()));
    common::in_parallel(&seeds, |_, seed| {
        let name = format!("machine-{seed}");
        let steps = steps::drawn(*seed);
        match live(&name, *seed, &steps) {
            Ok(tally) => {
                let mut happened = happened.lock().unwrap();
                tally.into_iter().for_each(|(what, count)| *happened.entry(what).or_default() += count);
            }
            Err(why) => {
                let (steps, why) = shortened(&name, *seed, steps, why);
                failures.lock().unwrap().push(format!("seed {seed}: {why}\n  after {steps:?}"));
            }
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} lives fail:\n{}", failures.len(), seeds.len(), failures.join("\n"));
    let happened = happened.into_inner().unwrap();
    // In few lives the rarer things may not happen.
    let rare = ["settled", "debited", "carried", "approved", "unparked"];
    let often = ["invoice", "credit note", "replacement", "killed"];
    for what in often.iter().filter(|_| seeds.len() >= 8).chain(rare.iter().filter(|_| seeds.len() >= 24)) {
        assert!(happened.get(what).is_some_and(|count| *count > 0), "no {what} in {happened:?}");
    }
}

/// Between the opening of a dispute and its settling, a night may give back what it is about.
#[test]
fn a_dispute_gives_back_what_late_logs_have_not() {
    let shop = Shop::new("machine-dispute", "");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let open = |ids: &[&str]| {
        let rows: String = ids.iter().map(|id| format!("{id},a test message,accept\n")).collect();
        std::fs::write(shop.folder.join("claims.csv"), format!("message_id,reason,decision\n{rows}")).unwrap();
        shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", "2018-09-06T00:00:00Z"]).expect(0)
    };
    open(&["2018-08-05-1", "2018-08-05-2"]);
    open(&["2018-08-05-3"]);
    shop.log("2018-08-05-late", &["a1 outbound 2018-08-05T12:00:00Z 81", "a3 outbound 2018-08-05T12:00:00Z 83"]);
    shop.run("2018-09-07T00:00:00Z").expect(0);
    let settle = |number: &str, issue: &[&str]| {
        let settle = ["dispute", "settle", number, "--as-of", "2018-09-08T00:00:00Z"];
        shop.ritardo(&[&settle[..], issue].concat()).expect(0).out
    };
    assert!(settle("1", &[]).contains("draft     USD 0.05 for LR-2018-000001"));
    assert!(settle("1", &["--issue"]).contains("credited  LRC-2018-000002  USD 0.05"));
    assert!(settle("2", &[]).contains("nothing is to be given back"));
    assert!(settle("2", &["--issue"]).contains("nothing is to be given back"));
    let listed = shop.ritardo(&["dispute", "list"]).expect(0).out;
    assert_eq!(listed.matches("settled at 2018-09-08").count(), 2, "{listed}");
    assert_eq!(shop.documents().len(), 3);
    shop.stands("2018-08", "2018-09-08T00:00:00Z", "closed", "USD 0.00");
    shop.holds();
}
