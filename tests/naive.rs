//! Ten thousand random months under random tariffs and readings, priced a second time by plain loops that share
//! nothing with the product: neither its parser of tariffs, nor its pairing, nor its money.
//!
//! `RITARDO_SEEDS` names another number of months; a failure names its seed.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "how many months are taken is told by the environment")]
#![expect(clippy::cast_possible_wrap, reason = "throws of dice are small")]
#![expect(clippy::too_many_lines, reason = "one plain loop after the other, told apart from the product's stages")]

mod common;
#[path = "naive/second_opinion.rs"]
mod second_opinion;

use std::collections::BTreeMap;
use std::path::Path;

use common::Dice;
use polars::prelude::DataFrame;
use ritardo::close::Pricing;
use ritardo::domain::charge::{Place, RatedWait};
use ritardo::domain::message::Sighting;
use ritardo::domain::{ChannelEvidence, Direction, Elapsed, EntryPoint, Instant, Kind, Month, Status, Zone};
use ritardo::engine::decide;
use ritardo::rate::Tariff;
use ritardo::read::frame::Builder;
use ritardo::read::row::Row;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
/// 1 August 2018, in microseconds.
const AUGUST: i64 = 1_533_081_600_000_000;
const KINDS: [Kind; 4] = [Kind::Text, Kind::Image, Kind::Automatic, Kind::Reaction];
const CUSTOMERS: [&str; 4] = ["+393330000001", "+12125550100", "+18095550100", "nobody"];

/// A message of the random month.
#[derive(Clone, Debug)]
struct Message {
    id: String,
    channel: usize,
    talk: usize,
    customer: &'static str,
    inbound: bool,
    at: i64,
    kind: Kind,
    status: Status,
    entry: EntryPoint,
}

/// A price in millionths, or prices by length of the wait in hours.
#[derive(Clone, Debug)]
enum Cost {
    Flat(i128),
    Steps(Vec<(i64, i128)>),
}

/// One row of the rate table: hours since 1 August, `i64::MIN` and `i64::MAX` for none.
#[derive(Clone, Debug)]
struct RateRow {
    market: &'static str,
    entry: Option<EntryPoint>,
    from_day: Option<i64>,
    to_day: Option<i64>,
    /// By the number of charges below; one with 0 alone is no tier.
    tiers: Vec<(u64, Cost)>,
}

/// How the month is read and priced, in words of its own.
#[derive(Clone, Debug)]
struct Rules {
    charge_for: &'static str,
    per_run: bool,
    clock: &'static str,
    window: i64,
    exclusive: bool,
    price_date: &'static str,
    month_of: &'static str,
    answered_by: &'static str,
    give_up: Option<i64>,
    tolerance: i64,
    rows: Vec<RateRow>,
    all_units: bool,
    free: u64,
    /// In cents.
    minimum: Option<i128>,
    cap: Option<i128>,
}

fn pick<T: Copy>(dice: &mut Dice, from: &[T]) -> T {
    from[dice.roll(from.len())]
}

fn chance(dice: &mut Dice, percent: usize) -> bool {
    dice.roll(100) < percent
}

/// Times lie on a grid of six hours, and often one millisecond beside it.
fn instants(dice: &mut Dice, at: &mut i64) -> i64 {
    *at += pick(dice, &[0, 0, 10 * MINUTE, 6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 90 * HOUR]);
    *at + pick(dice, &[0, 0, 0, 1000, -1000, 30 * MINUTE / 60])
}

fn messages(dice: &mut Dice, delivered: bool) -> Vec<Message> {
    let mut all = Vec::new();
    for channel in 0..1 + dice.roll(2) {
        for talk in 0..1 + dice.roll(3) {
            let mut at = AUGUST - 48 * HOUR + dice.roll(20) as i64 * 6 * HOUR;
            let customer = pick(dice, &CUSTOMERS);
            for count in 0..dice.roll(14) {
                let sent_at = instants(dice, &mut at);
                let statuses = if delivered {
                    [Status::Sent, Status::Delivered, Status::Read, Status::Failed]
                } else {
                    [Status::Unstated, Status::Sent, Status::Read, Status::Failed]
                };
                let inbound = chance(dice, 60);
                all.push(Message {
                    // In no order of time, so that ties are broken by the id.
                    id: format!("{}-{channel}-{talk}-{count}", dice.roll(10)),
                    channel,
                    talk,
                    customer,
                    inbound,
                    at: sent_at,
                    kind: pick(dice, &KINDS),
                    status: if inbound { Status::Unstated } else { pick(dice, &statuses) },
                    entry: pick(dice, &EntryPoint::ALL),
                });
            }
        }
    }
    all
}

fn cost(dice: &mut Dice, window: i64, give_up: Option<i64>) -> Cost {
    let price = |dice: &mut Dice| pick(dice, &[10_000, 20_000, 33_333, 45_000, 90_000]);
    if chance(dice, 60) {
        return Cost::Flat(price(dice));
    }
    let later =
        [window + 1, window + 24, window + 66].into_iter().filter(|after| give_up.is_none_or(|end| *after < end));
    let mut steps = vec![(window, price(dice))];
    for after in later {
        if chance(dice, 60) {
            steps.push((after, price(dice)));
        }
    }
    Cost::Steps(steps)
}

fn rates(dice: &mut Dice, rules: &Rules, tiered: bool) -> Vec<RateRow> {
    let mut rows = Vec::new();
    let markets: Vec<&str> =
        ["39", "1", "1809", "other"].into_iter().filter(|m| *m == "other" || chance(dice, 60)).collect();
    for market in markets {
        for entry in [None, Some(EntryPoint::ClickToChat), Some(EntryPoint::LiveSupport)] {
            if entry.is_some() && chance(dice, 70) {
                continue;
            }
            let change = chance(dice, 40).then(|| dice.roll(30) as i64);
            let spans = match change {
                Some(day) => vec![(None, Some(day)), (Some(day), None)],
                None => vec![(None, None)],
            };
            for (from_day, to_day) in spans {
                let mut tiers = vec![(0, cost(dice, rules.window, rules.give_up))];
                if tiered && chance(dice, 60) {
                    tiers.push((1 + dice.roll(3) as u64, cost(dice, rules.window, rules.give_up)));
                    if chance(dice, 40) {
                        tiers.push((5 + dice.roll(3) as u64, cost(dice, rules.window, rules.give_up)));
                    }
                }
                rows.push(RateRow { market, entry, from_day, to_day, tiers });
            }
        }
    }
    rows
}

fn rules(dice: &mut Dice) -> Rules {
    let charge_for = pick(dice, &["unanswered_inbound", "unanswered_inbound", "late_reply", "late_outbound"]);
    let outbound = charge_for == "late_outbound";
    let per_run = !outbound && chance(dice, 30);
    let clock = match (outbound, per_run) {
        (true, _) => "each_inbound",
        (false, true) => pick(dice, &["first_unanswered", "last_inbound"]),
        (false, false) => pick(dice, &["each_inbound", "each_inbound", "first_unanswered", "last_inbound"]),
    };
    let window = pick(dice, &[24, 24, 6]);
    let needs = charge_for == "late_reply" || clock == "last_inbound";
    let give_up = (!outbound && (needs || chance(dice, 20))).then(|| pick(dice, &[window + 6, window + 48, 168]));
    let dates: &[&str] =
        if charge_for == "late_reply" { &["received", "deadline", "answered"] } else { &["received", "deadline"] };
    let mut rules = Rules {
        charge_for,
        per_run,
        clock,
        window,
        exclusive: chance(dice, 30),
        price_date: if outbound { "answered" } else { pick(dice, dates) },
        month_of: if outbound { "answered" } else { pick(dice, dates) },
        answered_by: if outbound { "any" } else { pick(dice, &["any", "any", "human", "delivered"]) },
        give_up,
        tolerance: if chance(dice, 30) { pick(dice, &[MINUTE, 10 * MINUTE]) } else { 0 },
        rows: Vec::new(),
        all_units: chance(dice, 50),
        free: if chance(dice, 30) { 1 + dice.roll(4) as u64 } else { 0 },
        minimum: chance(dice, 20).then(|| 1 + dice.roll(40) as i128),
        cap: chance(dice, 20).then(|| 41 + dice.roll(20) as i128),
    };
    let tiered = chance(dice, 40);
    rules.rows = rates(dice, &rules, tiered);
    rules
}

fn millionths(amount: i128) -> String {
    format!("{}.{:06}", amount / 1_000_000, amount % 1_000_000)
}

fn day(days: i64) -> String {
    Zone::UTC.date_of(Instant::from_micros(AUGUST + days * 24 * HOUR)).to_string()
}

impl Cost {
    fn written(&self) -> String {
        match self {
            Cost::Flat(price) => format!("price = \"{}\"", millionths(*price)),
            Cost::Steps(steps) => {
                let step = |(after, price): &(i64, i128)| {
                    format!("{{ after = \"{after}h\", price = \"{}\" }}", millionths(*price))
                };
                format!("steps = [{}]", steps.iter().map(step).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl Rules {
    /// The tariff that says the same.
    fn written(&self) -> String {
        let mut text =
            "id = \"t\"\nversion = \"1\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"dice\"\n".to_owned();
        let mut add = |line: String| text += &format!("{line}\n");
        let has_tiers = self.rows.iter().any(|row| row.tiers.len() > 1);
        if has_tiers {
            add(format!("tiers = \"{}\"", if self.all_units { "all_units" } else { "graduated" }));
        }
        if self.free > 0 {
            add(format!("free = {}", self.free));
        }
        for (name, cents) in [("minimum", self.minimum), ("cap", self.cap)] {
            if let Some(cents) = cents {
                add(format!("{name} = \"{}.{:02}\"", cents / 100, cents % 100));
            }
        }
        add("[reading]".to_owned());
        add(format!("charge_for = \"{}\"\nwindow = \"{}h\"", self.charge_for, self.window));
        add(format!("boundary = \"{}\"", if self.exclusive { "exclusive" } else { "inclusive" }));
        if self.charge_for != "late_outbound" {
            add(format!("charge_per = \"{}\"", if self.per_run { "wait_run" } else { "message" }));
            add(format!("clock = \"{}\"\nanswered_by = \"{}\"", self.clock, self.answered_by));
            add(format!("price_date = \"{}\"\nmonth_of = \"{}\"", self.price_date, self.month_of));
        }
        if let Some(give_up) = self.give_up {
            add(format!("give_up = \"{give_up}h\""));
        }
        for row in &self.rows {
            add(format!("[[rate]]\nmarket = \"{}\"", row.market));
            row.entry.iter().for_each(|entry| add(format!("entry_point = \"{entry}\"")));
            row.from_day.iter().for_each(|from| add(format!("from = \"{}\"", day(*from))));
            row.to_day.iter().for_each(|to| add(format!("to = \"{}\"", day(*to))));
            if let [(_, only)] = row.tiers.as_slice() {
                add(only.written());
            } else {
                let tier = |(above, cost): &(u64, Cost)| format!("{{ above = {above}, {} }}", cost.written());
                add(format!("tiers = [{}]", row.tiers.iter().map(tier).collect::<Vec<_>>().join(", ")));
            }
        }
        text
    }

    fn within(&self, length: i64, limit: i64) -> bool {
        if self.exclusive { length < limit } else { length <= limit }
    }

    fn row(&self, customer: &str, entry: EntryPoint, at: i64) -> (&'static str, usize) {
        let digits = customer.strip_prefix('+').unwrap_or("");
        let market = ["1809", "39", "1"]
            .into_iter()
            .find(|market| digits.starts_with(market) && self.rows.iter().any(|row| row.market == *market))
            .unwrap_or("other");
        let holds = |row: &RateRow| {
            let from = row.from_day.is_none_or(|day| AUGUST + day * 24 * HOUR <= at);
            row.market == market && from && row.to_day.is_none_or(|day| at < AUGUST + day * 24 * HOUR)
        };
        let own = self.rows.iter().position(|row| holds(row) && row.entry == Some(entry));
        let general = self.rows.iter().position(|row| holds(row) && row.entry.is_none());
        (market, own.or(general).expect("the dice leave no hole"))
    }
}

/// What the naive road says of one wait.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Judged {
    verdict: &'static str,
    received_at: i64,
    answered_at: Option<i64>,
    /// Millionths, tier, step in hours, place.
    charge: Option<(i128, Option<u64>, Option<i64>, Place)>,
}

/// A wait on the naive road.
struct Wait {
    key: (usize, String),
    customer: &'static str,
    entry: EntryPoint,
    received_at: i64,
    answered_at: Option<i64>,
    verdict: &'static str,
    row: Option<(&'static str, usize)>,
}

fn counts(message: &Message) -> bool {
    message.kind != Kind::Reaction
}

fn is_answer(message: &Message, rules: &Rules) -> bool {
    let human = rules.answered_by != "human" || message.kind != Kind::Automatic;
    let delivered = rules.answered_by != "delivered" || matches!(message.status, Status::Delivered | Status::Read);
    !message.inbound && counts(message) && message.status != Status::Failed && human && delivered
}

/// The waits of one conversation.
fn waits_of(talk: &[&Message], rules: &Rules, known: i64) -> Vec<Wait> {
    let mut talk: Vec<&Message> = talk.iter().copied().filter(|message| message.at < known).collect();
    talk.sort_by_key(|message| (message.at, message.id.clone()));
    let questions: Vec<&Message> = talk.iter().copied().filter(|message| message.inbound && counts(message)).collect();
    if rules.charge_for == "late_outbound" {
        let mut waits = Vec::new();
        for message in &talk {
            if message.inbound || !counts(message) || message.status == Status::Failed {
                continue;
            }
            let before = questions.iter().rfind(|question| question.at - rules.tolerance <= message.at);
            let Some(question) = before else { continue };
            let length = (message.at - question.at).max(0);
            let on_time = rules.within(length, rules.window * HOUR + rules.tolerance);
            waits.push(Wait {
                key: (message.channel, message.id.clone()),
                customer: message.customer,
                entry: question.entry,
                received_at: question.at,
                answered_at: Some(message.at),
                verdict: if on_time { "on_time" } else { "late" },
                row: None,
            });
        }
        return waits;
    }
    // Which run each question is of: a number for each, counted up where a new one begins.
    let mut run_of = vec![0; questions.len()];
    for next in 1..questions.len() {
        let (last, here) = (questions[next - 1], questions[next]);
        let answered_between = talk.iter().any(|message| {
            let since = message.at + rules.tolerance;
            is_answer(message, rules) && since >= last.at && since < here.at
        });
        let first = (0..next).find(|before| run_of[*before] == run_of[next - 1]).unwrap();
        let clock = if rules.clock == "last_inbound" { last } else { questions[first] };
        let given_up = rules.give_up.is_some_and(|give_up| !rules.within(here.at - clock.at, give_up * HOUR));
        let alone = rules.clock == "each_inbound";
        run_of[next] = run_of[next - 1] + i32::from(answered_between || given_up || alone);
    }
    let mut waits = Vec::new();
    for (index, question) in questions.iter().enumerate() {
        let run: Vec<&Message> = (0..questions.len())
            .filter(|other| run_of[*other] == run_of[index])
            .map(|other| questions[other])
            .collect();
        let clock = if rules.clock == "last_inbound" { run[run.len() - 1] } else { run[0] };
        if rules.per_run && clock.id != question.id {
            continue;
        }
        let answer = talk
            .iter()
            .filter(|message| is_answer(message, rules) && message.at + rules.tolerance >= run[0].at)
            .map(|message| message.at)
            .min();
        let length = |at: i64| (at - clock.at).max(0);
        let answer = answer.filter(|at| {
            rules.give_up.is_none_or(|give_up| rules.within(length(*at), give_up * HOUR + rules.tolerance))
        });
        let last_chance = clock.at + rules.window * HOUR + rules.tolerance;
        let waits_on = rules.charge_for == "late_reply" || rules.clock == "last_inbound";
        let settled = if waits_on { clock.at + rules.give_up.unwrap() * HOUR + rules.tolerance } else { last_chance };
        let verdict = match answer {
            Some(at) if rules.within(length(at), rules.window * HOUR + rules.tolerance) => "on_time",
            Some(_) => "late",
            None if known > settled => "unanswered",
            None => "pending",
        };
        waits.push(Wait {
            key: (question.channel, question.id.clone()),
            customer: clock.customer,
            entry: clock.entry,
            received_at: clock.at,
            answered_at: answer,
            verdict,
            row: None,
        });
    }
    waits
}

/// The price for a length of time in hours, with the step.
fn price(cost: &Cost, wait: &Wait, rules: &Rules) -> (i128, Option<i64>) {
    match cost {
        Cost::Flat(price) => (*price, None),
        Cost::Steps(steps) => {
            let reached = |after: i64| match wait.answered_at {
                Some(at) => !rules.within((at - wait.received_at).max(0), after * HOUR + rules.tolerance),
                None => true,
            };
            let (after, price) = steps.iter().rfind(|(after, _)| reached(*after)).unwrap();
            (*price, Some(*after))
        }
    }
}

fn last_step(row: &RateRow) -> Option<i64> {
    let of = |(_, cost): &(u64, Cost)| match cost {
        Cost::Flat(_) => None,
        Cost::Steps(steps) => steps.last().map(|(after, _)| *after),
    };
    row.tiers.iter().filter_map(of).max()
}

fn dated(wait: &Wait, by: &str, rules: &Rules) -> i64 {
    match by {
        "deadline" => wait.received_at + rules.window * HOUR,
        "answered" => wait.answered_at.unwrap_or(wait.received_at),
        _ => wait.received_at,
    }
}

fn month(at: i64) -> String {
    Month::of(Instant::from_micros(at), Zone::UTC).to_string()
}

/// All waits with their charges, and by month the net amount in cents.
fn naive(all: &[Message], rules: &Rules, known: i64) -> (BTreeMap<(usize, String), Judged>, BTreeMap<String, i128>) {
    let mut waits = Vec::new();
    for channel in 0..2 {
        for talk in 0..3 {
            let here: Vec<&Message> = all.iter().filter(|m| m.channel == channel && m.talk == talk).collect();
            waits.extend(waits_of(&here, rules, known));
        }
    }
    for wait in &mut waits {
        let charged =
            wait.verdict == "late" || (wait.verdict == "unanswered" && rules.charge_for == "unanswered_inbound");
        if charged {
            let (market, row) = rules.row(wait.customer, wait.entry, dated(wait, rules.price_date, rules));
            let end = last_step(&rules.rows[row]).map(|after| wait.received_at + after * HOUR + rules.tolerance);
            if wait.answered_at.is_none() && end.is_some_and(|end| known <= end) {
                wait.verdict = "pending";
            } else {
                wait.row = Some((market, row));
            }
        }
    }
    let order = |wait: &Wait| {
        let at = if rules.charge_for == "late_outbound" { wait.answered_at.unwrap() } else { wait.received_at };
        (at, wait.key.1.clone(), wait.key.0)
    };
    let mut places: Vec<usize> = (0..waits.len()).filter(|index| waits[*index].row.is_some()).collect();
    places.sort_by_key(|index| order(&waits[*index]));
    let mut judged: BTreeMap<(usize, String), Judged> = BTreeMap::new();
    let mut lines: BTreeMap<(String, String), BTreeMap<String, i128>> = BTreeMap::new();
    for wait in &waits {
        let one = Judged {
            verdict: wait.verdict,
            received_at: wait.received_at,
            answered_at: wait.answered_at,
            charge: None,
        };
        assert!(judged.insert(wait.key.clone(), one).is_none(), "the dice gave an id twice");
    }
    let counted = rules.free > 0 || rules.rows.iter().any(|row| row.tiers.len() > 1);
    let month_of = |wait: &Wait| month(dated(wait, rules.month_of, rules));
    for (rank, index) in places.iter().enumerate() {
        let wait = &waits[*index];
        let (market, row) = wait.row.unwrap();
        let earlier = |same_market: bool| -> Vec<usize> {
            let before = places[..rank].iter().copied().filter(|other| {
                let other = &waits[*other];
                month_of(other) == month_of(wait) && (!same_market || other.row.unwrap().0 == market)
            });
            before.collect()
        };
        let free_before = |index: usize| {
            let place = places.iter().position(|other| *other == index).unwrap();
            let all =
                places[..place].iter().filter(|other| month_of(&waits[**other]) == month_of(&waits[index])).count();
            (all as u64) < rules.free
        };
        let number = earlier(false).len() as u64 + 1;
        let charge = if number <= rules.free {
            (0, None, None, Place::Free(number))
        } else {
            let position = earlier(true).into_iter().filter(|other| !free_before(*other)).count() as u64 + 1;
            let of_market = places.iter().filter(|other| {
                let there = &waits[**other];
                month_of(there) == month_of(wait) && there.row.unwrap().0 == market && !free_before(**other)
            });
            let reached = if rules.all_units { of_market.count() as u64 } else { position };
            let tiers = &rules.rows[row].tiers;
            let (above, cost) = tiers.iter().rfind(|(above, _)| *above < reached).unwrap();
            let (price, step) = price(cost, wait, rules);
            let place = if counted { Place::InMarket(position) } else { Place::Uncounted };
            (price, (tiers.len() > 1).then_some(*above), step, place)
        };
        let line =
            format!("{market} {} {:?} {:?} {:?} {}", wait.entry, charge.1, charge.2, number <= rules.free, charge.0);
        *lines.entry((month_of(wait), line)).or_default().entry("sum".to_owned()).or_default() += charge.0;
        judged.get_mut(&wait.key).unwrap().charge = Some(charge);
    }
    let mut nets: BTreeMap<String, i128> = BTreeMap::new();
    for ((month, _), sum) in &lines {
        // Ten thousand millionths are a cent, half a cent is one more; no sum is negative.
        *nets.entry(month.clone()).or_default() += (sum["sum"] + 5_000) / 10_000;
    }
    for (month, net) in &mut nets {
        let paid = places.iter().any(|index| {
            let wait = &waits[*index];
            let free = matches!(judged[&wait.key].charge, Some((.., Place::Free(_))));
            month_of(wait) == *month && !free
        });
        if paid {
            *net = rules.minimum.map_or(*net, |minimum| minimum.max(*net));
            *net = rules.cap.map_or(*net, |cap| cap.min(*net));
        }
    }
    (judged, nets)
}

fn frame(all: &[Message]) -> DataFrame {
    let mut builder = Builder::default();
    for (number, message) in (1..).zip(all) {
        let row = Row {
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
        };
        builder.push(&row.borrowed(), number);
    }
    builder.finish().unwrap().0
}

fn judged(rated: &RatedWait) -> ((usize, String), Judged) {
    let wait = &rated.wait;
    let channel = wait.channel.strip_prefix('c').unwrap().parse().unwrap();
    let charge = rated.charge.as_ref().map(|charge| {
        let amount = charge.amount.units() / 1000;
        assert_eq!(charge.amount, charge.rate.price);
        (amount, charge.rate.tier, charge.rate.step.map(|step| step.micros() / HOUR), charge.place)
    });
    let (verdict, received_at) = (wait.verdict.name(), wait.received_at.micros());
    let answered_at = wait.answered_at.map(Instant::micros);
    ((channel, wait.message_id.to_string()), Judged { verdict, received_at, answered_at, charge })
}

/// What each month with charges comes to, in cents.
fn sums(rated: &[RatedWait], tariff: &Tariff, rules: &Rules) -> BTreeMap<String, i128> {
    let mut months: BTreeMap<String, Vec<RatedWait>> = BTreeMap::new();
    for rated in rated.iter().filter(|rated| rated.charge.is_some()) {
        let wait = &rated.wait;
        let at = match rules.month_of {
            "deadline" => wait.deadline,
            "answered" => wait.answered_at.unwrap_or(wait.received_at),
            _ => wait.received_at,
        };
        months.entry(month(at.micros())).or_default().push(rated.clone());
    }
    let adjustments = |net, has_paid_charge| ritardo::rate::adjustments(net, has_paid_charge, tariff);
    let pricing = Pricing { tariff: "t@1", currency: tariff.currency, adjustments: &adjustments };
    let net = |rated: &[RatedWait]| i128::from(ritardo::close::sums(rated, &pricing).unwrap().net.minor());
    months.into_iter().map(|(month, rated)| (month, net(&rated))).collect()
}

#[test]
fn ten_thousand_random_months_cost_the_same_by_another_road() {
    let seeds = std::env::var("RITARDO_SEEDS").ok().map_or(10_000_u64, |seeds| seeds.parse().expect("a number"));
    let (mut charges, mut free, mut tiers, mut steps) = (0, 0, 0, 0);
    for seed in 0..seeds {
        let mut dice = Dice::new(seed);
        let rules = rules(&mut dice);
        let mut all = messages(&mut dice, rules.answered_by == "delivered");
        let text = rules.written();
        let tariff = Tariff::parse(Path::new("t.toml"), &text)
            .unwrap_or_else(|mistakes| panic!("seed {seed}: {}\n{text}", mistakes[0]));
        let known = AUGUST + pick(&mut dice, &[20, 33, 50]) * 24 * HOUR;
        let (expected, nets) = naive(&all, &rules, known);
        // In another order.
        for index in (1..all.len()).rev() {
            all.swap(index, dice.roll(index + 1));
        }
        let evidence = ChannelEvidence {
            tolerance: Elapsed::from_micros(rules.tolerance),
            ..ChannelEvidence::complete_through(Instant::from_micros(known))
        };
        let month_of = |_: &str, at: Instant| Month::of(at, Zone::UTC);
        let decided = decide(&frame(&all), &|_, _| Some(evidence.clone()), &tariff, &|_| true, &month_of).unwrap();
        let rated = decided.rated.unwrap_or_else(|no_rate| panic!("seed {seed}: {no_rate}\n{text}"));
        let found: BTreeMap<(usize, String), Judged> = rated.iter().map(judged).collect();
        for key in expected.keys().chain(found.keys()) {
            assert_eq!(found.get(key), expected.get(key), "seed {seed}, {key:?}\n{text}");
        }
        assert_eq!(sums(&rated, &tariff, &rules), nets, "seed {seed}\n{text}");
        let charged = || found.values().filter_map(|one| one.charge.as_ref());
        charges += charged().count();
        free += charged().filter(|(.., place)| matches!(place, Place::Free(_))).count();
        tiers += charged().filter(|(_, tier, ..)| tier.is_some_and(|above| above > 0)).count();
        steps += charged().filter(|(_, _, step, _)| step.is_some()).count();
    }
    let enough = usize::try_from(seeds).unwrap() / 10;
    let said = format!("{seeds} months, {charges} charges, {free} free, {tiers} above a tier, {steps} with steps");
    assert!(charges > enough && free > enough && tiers > enough / 10 && steps > enough, "too few: {said}");
}
