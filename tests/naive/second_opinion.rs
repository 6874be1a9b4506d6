//! The second opinion that every month gets before it is closed: it finds nothing against the product over random
//! months, and finds each thing that is spoiled.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ritardo::audit::naive::{self, Opinion, Question};
use ritardo::close::is_of_month;
use ritardo::close::readiness::cut;
use ritardo::config::parse_businesses;
use ritardo::domain::charge::{Market, Place, RatedWait};
use ritardo::domain::message::Sighting;
use ritardo::domain::{
    Business, ChannelEvidence, Decimal, Direction, Elapsed, EntryPoint, Instant, Kind, Month, Span, Status, Verdict,
};
use ritardo::engine::decide;
use ritardo::rate::Tariff;
use ritardo::read::frame::Builder;
use ritardo::read::row::Row;

use super::common::Dice;
use super::{AUGUST, HOUR, MINUTE, Message, chance, messages, pick, rules};

/// A month that can be closed, as the closing has it.
struct Closable {
    text: String,
    tariff: Tariff,
    business: Business,
    month: Month,
    rows: Vec<naive::Row>,
    evidence: BTreeMap<String, ChannelEvidence>,
    rated: Vec<RatedWait>,
}

impl Closable {
    fn opinion_on(&self, judged: &[RatedWait]) -> Opinion {
        let question = Question {
            rows: &self.rows,
            judged,
            reading: self.tariff.reading,
            evidence: &self.evidence,
            channels: &self.business.channels,
            month: self.month.span(self.business.zone),
        };
        let mut opinion = naive::opinion(&question);
        opinion.findings.extend(naive::price_findings(&self.text, judged, &self.tariff.reading));
        opinion
    }

    fn opinion(&self) -> Opinion {
        self.opinion_on(&self.rated)
    }
}

fn row(message: &Message) -> Row {
    Row {
        business: "b".to_owned(),
        channel: format!("c{}", message.channel),
        conversation: format!("v{}", message.talk),
        customer: message.customer.to_owned(),
        message_id: message.id.clone(),
        direction: if message.inbound { Direction::Inbound } else { Direction::Outbound },
        sent_at: Instant::from_micros(message.at),
        kind: message.kind,
        status: message.status,
        entry_point: message.entry,
        sighting: Sighting::Stamped,
        fold: Elapsed::ZERO,
    }
}

/// A second row of a message: a copy that agrees, a status, or now and then one that does not agree.
fn another(dice: &mut Dice, row: &Row) -> Row {
    let mut other = row.clone();
    match dice.roll(20) {
        0..5 => {}
        5..9 => {
            let unit = pick(dice, &[1_000, 1_000_000, MINUTE]);
            other.sent_at = Instant::from_micros(row.sent_at.micros() / unit * unit);
        }
        9..12 => other.entry_point = EntryPoint::Unknown,
        12..17 if row.direction == Direction::Outbound => {
            other.sighting = pick(dice, &[Sighting::OnSent, Sighting::OnDelivered, Sighting::OnRead]);
            other.status = pick(dice, &[Status::Sent, Status::Delivered, Status::Read, Status::Failed]);
            other.sent_at = row.sent_at.plus(Elapsed::from_micros(pick(dice, &[0, HOUR, 800 * HOUR])));
            other.kind = Kind::Text;
        }
        17 => other.fold = Elapsed::from_micros(HOUR),
        18 if chance(dice, 20) => other.sent_at = row.sent_at.plus(Elapsed::from_micros(5 * MINUTE)),
        19 if chance(dice, 20) => other.customer = "+4915100000000".to_owned(),
        _ => {}
    }
    other
}

/// The messages of a random month with copies, statuses, repeated local times, and a few of unknown kind.
fn rows(dice: &mut Dice, messages: &[Message], is_messy: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for message in messages {
        let mut row = row(message);
        if is_messy {
            if chance(dice, 10) {
                row.fold = Elapsed::from_micros(HOUR);
            }
            if chance(dice, 1) {
                row.kind = Kind::Other;
            }
            if message.inbound || !chance(dice, 5) {
                while chance(dice, 20) {
                    rows.push(another(dice, &row));
                }
            } else {
                row.sighting = Sighting::OnSent;
                row.kind = Kind::Text;
            }
        }
        rows.push(row);
    }
    dice.shuffle(&mut rows);
    rows
}

fn archived(row: &Row) -> naive::Row {
    naive::Row {
        message_id: row.message_id.clone(),
        channel: row.channel.clone(),
        conversation: row.conversation.clone(),
        customer: row.customer.clone(),
        direction: row.direction,
        sent_at: row.sent_at,
        fold: row.fold,
        kind: Some(row.kind).filter(|kind| row.sighting == Sighting::Stamped || *kind == Kind::Other),
        status: Some(row.status),
        entry_point: row.entry_point,
        sighting: row.sighting,
    }
}

fn business(dice: &mut Dice) -> Business {
    let text = "[[business]]\nid = \"b\"\nlegal_name = \"B\"\naddress = [\"Way 1\"]\ncountry = \"IT\"\n\
                emails = [\"b@b.example\"]\nlanguage = \"en\"\nzone = \"UTC\"\nfirst_month = \"2018-08\"\n\
                vat = { treatment = \"out-of-scope\" }\n[[business.channel]]\nid = \"c0\"\n\
                [[business.channel]]\nid = \"c1\"\n";
    let mut businesses =
        parse_businesses(Path::new("businesses.toml"), text).unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    let mut business = businesses.remove(0);
    business.zone = pick(dice, &["UTC", "UTC", "Europe/Rome", "America/Sao_Paulo"]).parse().unwrap();
    if chance(dice, 20) {
        business.channels[1].span.from = Instant::from_micros(AUGUST + 200 * HOUR);
    }
    business
}

/// A stretch of a few hours or days.
fn stretch(dice: &mut Dice) -> Span {
    let from = AUGUST + dice.roll(40 * 24) as i64 * HOUR;
    let length = pick(dice, &[HOUR, 6 * HOUR, 24 * HOUR, 90 * HOUR]);
    Span { from: Instant::from_micros(from), to: Instant::from_micros(from + length) }
}

/// The random month of a seed; `None` where it cannot be closed.
fn closable(seed: u64, is_messy: bool) -> Option<Closable> {
    let mut dice = Dice::new(seed);
    let rules = rules(&mut dice);
    let all = messages(&mut dice, rules.answered_by == "delivered");
    let text = rules.written();
    let tariff = Tariff::parse(Path::new("t.toml"), &text).unwrap_or_else(|wrong| panic!("{}\n{text}", wrong[0]));
    let business = business(&mut dice);
    let month: Month = "2018-08".parse().unwrap();
    let tolerance = Elapsed::from_micros(rules.tolerance);
    let cut = cut(&business, month, tariff.horizon(), tolerance);
    let mut known = ChannelEvidence { tolerance, ..ChannelEvidence::complete_through(cut.plus(Elapsed::DAY)) };
    if is_messy && chance(&mut dice, 30) {
        let gap = stretch(&mut dice);
        known.gaps = vec![gap];
        known.inbound_gaps = vec![gap];
        if chance(&mut dice, 70) {
            known.accepted.spans = vec![gap];
        }
    }
    let rows = rows(&mut dice, &all, is_messy);
    let unknown = rows.iter().filter(|row| row.kind == Kind::Other).map(|row| row.message_id.clone());
    known.accepted.questions = unknown.collect();
    let mut builder = Builder::default();
    for (number, row) in (1..).zip(&rows) {
        builder.push(&row.borrowed(), number);
    }
    let frame = builder.finish().unwrap().0;
    let span = month.span(business.zone);
    let wanted = |wait: &ritardo::domain::Wait| is_of_month(wait, &business, span, &tariff.reading);
    let mut decided = None;
    for _ in 0..2 {
        let proof = |_: &str, _: &str| Some(known.cut_at(cut));
        let found = decide(&frame, &proof, &tariff, &wanted, &|_, _| month).unwrap();
        // The operator accepts what contradicts itself.
        known.accepted.disputes = found.conflicts.iter().map(|found| (found.message_id.clone(), cut)).collect();
        decided = Some(found);
    }
    let rated = decided.unwrap().rated.unwrap_or_else(|no_rate| panic!("seed {seed}: {no_rate}\n{text}"));
    if rated.iter().any(|rated| rated.wait.is_open()) {
        return None;
    }
    let evidence = ["c0", "c1"].map(|channel| (channel.to_owned(), known.cut_at(cut))).into();
    Some(Closable { text, tariff, business, month, rows: rows.iter().map(archived).collect(), evidence, rated })
}

#[test]
fn the_second_opinion_agrees_over_random_months() {
    let wanted = std::env::var("RITARDO_SEEDS").ok().map_or(6_000_u64, |seeds| seeds.parse().expect("a number"));
    let (mut months, mut waits, mut charges, mut skipped, mut excluded) = (0, 0, 0, 0, 0);
    for (seed, is_messy) in (0..).zip([true, false].into_iter().cycle()) {
        let Some(closable) = closable(seed, is_messy) else { continue };
        let opinion = closable.opinion();
        assert_eq!(opinion.findings, Vec::<String>::new(), "seed {seed}\n{}", closable.text);
        assert!(is_messy || opinion.skipped == 0, "seed {seed}: {opinion:?}");
        waits += opinion.compared;
        skipped += opinion.skipped;
        charges += closable.rated.iter().filter(|rated| rated.charge.is_some()).count();
        excluded += closable.rated.iter().filter(|rated| rated.wait.excluded).count();
        months += 1;
        if months == wanted {
            break;
        }
    }
    let said = format!("{months} months, {waits} waits, {charges} charges, {skipped} skipped, {excluded} excluded");
    let few = usize::try_from(wanted).unwrap() / 20;
    assert!(waits > wanted * 3 && charges > few && excluded > few && skipped < waits / 4, "{said}");
}

/// One thing that may be wrong with a month.
type Spoil = fn(&mut Dice, &mut Vec<RatedWait>) -> bool;

fn any(dice: &mut Dice, rated: &[RatedWait], fits: fn(&RatedWait) -> bool) -> Option<usize> {
    let fitting: Vec<usize> = (0..rated.len()).filter(|index| fits(&rated[*index])).collect();
    (!fitting.is_empty()).then(|| fitting[dice.roll(fitting.len())])
}

fn is_charged(rated: &RatedWait) -> bool {
    rated.charge.is_some()
}

fn costs(rated: &RatedWait) -> bool {
    rated.charge.as_ref().is_some_and(|charge| !charge.is_free())
}

const SPOILS: [(&str, Spoil); 13] = [
    ("a verdict that spares a charge", |dice, rated| {
        any(dice, rated, is_charged)
            .map(|at| (rated[at].wait.verdict, rated[at].charge) = (Verdict::OnTime, None))
            .is_some()
    }),
    ("a verdict alone", |dice, rated| {
        any(dice, rated, |rated| rated.wait.verdict == Verdict::OnTime)
            .map(|at| rated[at].wait.verdict = Verdict::Late)
            .is_some()
    }),
    ("a wait left out", |dice, rated| any(dice, rated, |_| true).map(|at| rated.remove(at)).is_some()),
    ("a wait too many", |dice, rated| {
        let at = any(dice, rated, |rated| rated.charge.is_none());
        at.map(|at| {
            let mut more = rated[at].clone();
            more.wait.message_id = "more".into();
            rated.push(more);
        })
        .is_some()
    }),
    ("a wait twice", |dice, rated| any(dice, rated, |_| true).map(|at| rated.push(rated[at].clone())).is_some()),
    ("an answer a millisecond later", |dice, rated| {
        let at = any(dice, rated, |rated| rated.wait.answered_at.is_some());
        at.map(|at| {
            let wait = &mut rated[at].wait;
            wait.answered_at = wait.answered_at.map(|at| at.plus(Elapsed::from_micros(1000)));
        })
        .is_some()
    }),
    ("a message received a millisecond later", |dice, rated| {
        let at = any(dice, rated, |_| true);
        at.map(|at| {
            let wait = &mut rated[at].wait;
            wait.received_at = wait.received_at.plus(Elapsed::from_micros(1000));
        })
        .is_some()
    }),
    ("a price", |dice, rated| {
        let at = any(dice, rated, is_charged);
        let charge = at.and_then(|at| rated[at].charge.as_mut());
        charge
            .map(|charge| {
                charge.rate.price = charge.rate.price.checked_add("0.000000001".parse::<Decimal>().unwrap()).unwrap();
                charge.amount = charge.rate.price;
            })
            .is_some()
    }),
    ("an amount that is not its price", |dice, rated| {
        let at = any(dice, rated, is_charged);
        at.and_then(|at| rated[at].charge.as_mut()).map(|charge| charge.amount = Decimal::whole(1)).is_some()
    }),
    ("a step", |dice, rated| {
        let at = any(dice, rated, costs);
        let charge = at.and_then(|at| rated[at].charge.as_mut());
        let after = |step: Option<Elapsed>| step.unwrap_or(Elapsed::ZERO).plus(Elapsed::from_seconds(3600));
        charge.map(|charge| charge.rate.step = Some(after(charge.rate.step))).is_some()
    }),
    ("a tier", |dice, rated| {
        let at = any(dice, rated, costs);
        let charge = at.and_then(|at| rated[at].charge.as_mut());
        charge.map(|charge| charge.rate.tier = Some(charge.rate.tier.unwrap_or(0) + 1)).is_some()
    }),
    ("a place", |dice, rated| {
        let at = any(dice, rated, is_charged);
        let charge = at.and_then(|at| rated[at].charge.as_mut());
        charge
            .map(|charge| {
                charge.place = match charge.place {
                    Place::Uncounted => Place::Free(1),
                    Place::Free(number) => Place::InMarket(number),
                    Place::InMarket(number) => Place::InMarket(number + 1),
                }
            })
            .is_some()
    }),
    ("a market", |dice, rated| {
        let at = any(dice, rated, costs);
        at.map(|at| rated[at].market = Market::parse("7").unwrap()).is_some()
    }),
];

#[test]
fn whatever_is_spoiled_is_found() {
    let mut spoiled: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..1_000 {
        let Some(closable) = closable(seed, false) else { continue };
        let mut dice = Dice::new(seed);
        for (name, spoil) in SPOILS {
            let mut judged = closable.rated.clone();
            if spoil(&mut dice, &mut judged) {
                let found = closable.opinion_on(&judged).findings;
                assert!(!found.is_empty(), "seed {seed}: {name}\n{}", closable.text);
                *spoiled.entry(name).or_default() += 1;
            }
        }
    }
    assert!(spoiled.len() == SPOILS.len() && spoiled.values().all(|times| *times > 100), "{spoiled:?}");
}

#[test]
fn an_on_time_wait_that_is_charged_is_found() {
    let (mut waits, mut charges) = (0, 0);
    for seed in 0..300 {
        let Some(closable) = closable(seed, false) else { continue };
        let mut judged = closable.rated.clone();
        let Some(charge) = judged.iter().find_map(|rated| rated.charge.clone()) else { continue };
        let Some(at) = judged.iter().position(|rated| rated.wait.verdict == Verdict::OnTime) else { continue };
        judged[at].charge = Some(charge);
        let id = judged[at].wait.message_id.to_string();
        let found = closable.opinion_on(&judged).findings;
        waits += 1;
        charges += usize::from(found.iter().any(|text| text.contains(&format!("message {id} on "))));
    }
    assert!(waits > 50 && waits == charges, "{charges} of {waits}");
}

#[test]
fn a_charge_in_whose_time_logs_are_missing_is_found() {
    let mut charges = 0;
    for seed in 0..500 {
        let Some(mut closable) = closable(seed, false) else { continue };
        let Some(rated) = closable.rated.iter().find(|rated| is_charged(rated)) else { continue };
        let wait = &rated.wait;
        let from = wait.received_at.plus(Elapsed::from_micros(HOUR));
        let gap = vec![Span { from, to: from.plus(Elapsed::from_micros(1)) }];
        let channel = closable.evidence.get_mut(&*wait.channel).unwrap();
        (channel.gaps, channel.inbound_gaps) = (gap.clone(), gap);
        let said = format!("message {} on {} is {}", wait.message_id, wait.channel, wait.verdict);
        let said = format!("{said}, and logs that could spare it are missing from {from}");
        // Of a run that goes on, the clock of the last message may be later than the gap.
        let found = closable.opinion().findings;
        charges += usize::from(found.contains(&said));
    }
    assert!(charges > 100, "{charges}");
}

/// One thing spoiled, one sentence, word for word.
#[test]
fn a_finding_says_what_it_is_about() {
    let closable = (0..)
        .filter_map(|seed| closable(seed, false))
        .find(|closable| {
            let plain = !closable.tariff.counts() && closable.tariff.reading.charge_per.name() == "message";
            plain && closable.rated.iter().any(|rated| rated.wait.verdict == Verdict::Late && costs(rated))
        })
        .unwrap();
    let late = closable.rated.iter().position(|rated| rated.wait.verdict == Verdict::Late && costs(rated)).unwrap();
    let name = format!("message {} on {}", closable.rated[late].wait.message_id, closable.rated[late].wait.channel);
    let check = |spoil: &dyn Fn(&mut Vec<RatedWait>), sentence: &str| {
        let mut judged = closable.rated.clone();
        spoil(&mut judged);
        assert_eq!(closable.opinion_on(&judged).findings, [format!("{name} {sentence}")]);
    };
    check(
        &|judged| drop(judged.remove(late)),
        "is late by the second opinion, and missing among the waits of the month",
    );
    check(&|judged| judged[late].charge = None, "is late, and not charged");
    let spared: &dyn Fn(&mut Vec<RatedWait>) = &|judged| {
        (judged[late].wait.verdict, judged[late].charge) = (Verdict::OnTime, None);
    };
    check(spared, "has verdict on_time, by the second opinion late");
}

#[test]
fn a_sample_does_not_hang_on_order() {
    let names: Vec<String> = (0..1_000).map(|number| format!("c {number}")).collect();
    let drawn = naive::sample(names.iter().map(String::as_str), "b 2018-08", 50);
    let mut others = names.clone();
    Dice::new(7).shuffle(&mut others);
    others.extend(names.iter().take(10).cloned());
    assert_eq!(naive::sample(others.iter().map(String::as_str), "b 2018-08", 50), drawn);
    assert_eq!(drawn.len(), 50);
    // What is drawn of more conversations stays drawn, as far as they are here; another month draws others.
    let fewer = naive::sample(drawn.iter().map(String::as_str), "b 2018-08", 20);
    assert!(fewer.is_subset(&drawn));
    assert_ne!(naive::sample(names.iter().map(String::as_str), "b 2018-09", 50), drawn);
    let all: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(naive::sample(names.iter().map(String::as_str), "b 2018-08", 1_000), all);
    assert_eq!(naive::sample(std::iter::empty(), "b 2018-08", 50), BTreeSet::new());
}

#[test]
fn a_table_of_rates_gives_the_same_prices() {
    let seed =
        (0..).find(|seed| closable(*seed, false).is_some_and(|closable| closable.rated.iter().any(costs))).unwrap();
    let closable = closable(seed, false).unwrap();
    let customers: BTreeSet<String> = closable.rated.iter().map(|rated| rated.wait.customer.to_string()).collect();
    assert!(!customers.is_empty());
    let head = "id = \"t\"\nversion = \"1\"\ncurrency = \"USD\"\nzone = \"Europe/Rome\"\nsource = \"dice\"\n\
                tiers = \"graduated\"\nfree = 1\nrates = \"rates.csv\"\n";
    let table = "Market;above;after;price;from;to;entry_point\n39;0;24h;0.01;;2018-08-20;\n39;0;2d;0.02;;2018-08-20;\n\
                 39;2;;0.03;;2018-08-20;\n39;;;0.09;2018-08-20;;\n1 809;;;0.05;;;\n1;;;0.04;;;\n1;;;0.06;;;live_support\n\
                 other;;;0.07;;;\n;;;;;;\n";
    let text = Tariff::with_table(head, "rates.csv", table).unwrap();
    let tariff = Tariff::parse(Path::new("t.toml"), &text).unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    let mut charges = 0;
    for seed in 0..200 {
        let Some(other) = self::closable(seed, false) else { continue };
        let waits = other.rated.into_iter().map(|rated| rated.wait);
        let waits = waits.filter(|wait| wait.deadline.since(wait.received_at) == Elapsed::DAY && wait.run.is_empty());
        let rated = ritardo::rate::rate(waits.collect(), &tariff, &|_, _| other.month).unwrap();
        charges += rated.iter().filter(|rated| rated.charge.is_some()).count();
        assert_eq!(naive::price_findings(&text, &rated, &tariff.reading), Vec::<String>::new(), "seed {seed}");
        let spoiled = text.replace("1;;;0.06;;;live_support", "1;;;0.02;;;live_support");
        let dear = |rated: &&RatedWait| rated.charge.as_ref().is_some_and(|charge| charge.amount.to_string() == "0.06");
        let found = naive::price_findings(&spoiled, &rated, &tariff.reading);
        assert_eq!(found.len(), rated.iter().filter(dear).count(), "seed {seed}: {found:?}");
    }
    assert!(charges > 200, "{charges}");
}
