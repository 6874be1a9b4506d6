//! `ritardo what-if`: what a month would have cost under another tariff, or had the business answered sooner or in
//! other hours. Nothing is written.

use polars::prelude::DataFrame;
use serde::Serialize;

use super::cases::{Case, Desk, Gathered};
use super::closing::close_with;
use super::evidence::{Evidence, broken};
use super::setup::Written;
use super::table::Table;
use super::{Outcome, World, say};
use crate::cli::{TableForm, WhatIf};
use crate::domain::charge::RatedWait;
use crate::domain::message::Sighting;
use crate::domain::reading::{ChargeFor, Reading};
use crate::domain::{
    BusinessId, Direction, Elapsed, EntryPoint, Instant, Kind as MessageKind, Money, Month, Status, Wait,
};
use crate::error::{Failure, Kind};
use crate::rate::Tariff;
use crate::read::frame;
use crate::read::row::Row;

/// What `--format json` writes.
#[derive(Serialize)]
struct Told {
    format: &'static str,
    month: Month,
    as_of: Instant,
    /// What is supposed, in words.
    supposed: String,
    businesses: Vec<OfBusiness>,
}

#[derive(Serialize)]
struct OfBusiness {
    business: BusinessId,
    tariff: String,
    what_if_tariff: String,
    was: Cost,
    what_if: Cost,
    /// What it would have cost more; `None` where the currencies differ.
    difference: Option<Money>,
    /// Net amount of the invoice of a closed month.
    #[serde(skip_serializing_if = "Option::is_none")]
    billed: Option<Money>,
}

/// What the decided waits of a month cost.
#[derive(Serialize)]
struct Cost {
    charges: u64,
    net: Money,
    /// Waits that the logs do not decide yet, or cannot prove.
    undecided: u64,
}

pub fn what_if(args: &WhatIf, world: &mut World) -> Result<Outcome, Failure> {
    if args.tariff.is_none() && args.answer_within.is_none() && args.if_open.is_none() {
        let failure = Failure::new(Kind::CommandLine, "nothing is supposed");
        return Err(failure.hint("add --tariff FILE, --answer-within 12h, or --if-open \"mon-sat 09:00-20:00\""));
    }
    let other = args.tariff.as_deref().map(parsed).transpose()?;
    let desk = Desk::open(&args.configured.config, args.as_of.unwrap_or(world.now))?;
    let archive = desk.archive()?;
    let mut gathered = Gathered::new(&desk, &archive);
    let mut businesses = Vec::new();
    for case in &desk.cases(args.month, args.business.as_ref())? {
        let evidence = gathered.of(&case.setup)?;
        businesses.push(compare(args, case, evidence, other.as_ref())?);
    }
    let (month, as_of, supposed) = (args.month, desk.as_of, supposed(args, other.as_ref()));
    let told = Told { format: "ritardo-what-if/1", month, as_of, supposed, businesses };
    told.print(args.format, world)?;
    Ok(Outcome::Done)
}

fn parsed(path: &std::path::Path) -> Result<Tariff, Failure> {
    let written = Written::tariff(path)?;
    Tariff::parse(&written.path, &written.text).map_err(Failure::of_mistakes)
}

fn supposed(args: &WhatIf, other: Option<&Tariff>) -> String {
    let tariff = other.map(|tariff| format!("under the tariff {}", tariff.name()));
    let within = args.answer_within.map(|within| format!("every message answered within {within}"));
    let open = args.if_open.as_ref().map(|hours| format!("answered when open ({hours})"));
    tariff.into_iter().chain(within).chain(open).collect::<Vec<_>>().join(", ")
}

fn compare(args: &WhatIf, case: &Case, evidence: &Evidence, other: Option<&Tariff>) -> Result<OfBusiness, Failure> {
    let own = &case.setup.tariff;
    let tariff = other.unwrap_or(own);
    let answers = match (args.answer_within, &args.if_open) {
        (None, None) => None,
        _ if tariff.reading.charge_for == ChargeFor::LateOutbound => {
            let message =
                format!("{} charges for messages of the business: to answer sooner is not to send", tariff.name());
            return Err(Failure::new(Kind::CommandLine, message).hint("suppose another tariff only"));
        }
        _ => Some(answers(args, case, evidence, own)?),
    };
    let was = cost(case, own, &judged(case, evidence, own, None)?)?;
    let what_if = cost(case, tariff, &judged(case, evidence, tariff, answers.as_ref())?)?;
    Ok(OfBusiness {
        business: case.business.id.clone(),
        tariff: own.name(),
        what_if_tariff: tariff.name(),
        difference: what_if.net.checked_add(was.net.negated()),
        was,
        what_if,
        billed: case.billed.flatten(),
    })
}

fn judged(
    case: &Case,
    evidence: &Evidence,
    tariff: &Tariff,
    more: Option<&DataFrame>,
) -> Result<Vec<RatedWait>, Failure> {
    case.waits(evidence, tariff, more)?.map_err(|no_rate| {
        let failure = Failure::new(Kind::Configuration, no_rate.without_message());
        failure.hint("add a rate that is in force at that instant")
    })
}

fn cost(case: &Case, tariff: &Tariff, rated: &[RatedWait]) -> Result<Cost, Failure> {
    let (open, decided): (Vec<_>, Vec<_>) = rated.iter().cloned().partition(|rated| rated.wait.is_open());
    let through = case.through(tariff);
    let closed = close_with(tariff, &case.business, case.month, through, &decided)
        .map_err(|error| Failure::new(Kind::SelfCheck, "the month cannot be summed").because(error))?;
    let charges = decided.iter().filter(|rated| rated.charge.is_some()).count() as u64;
    Ok(Cost { charges, net: closed.net, undecided: open.len() as u64 })
}

/// The answers that are supposed: one for each message that really had none so soon.
fn answers(args: &WhatIf, case: &Case, evidence: &Evidence, tariff: &Tariff) -> Result<DataFrame, Failure> {
    // Each message by itself, whatever the tariff reads: the supposed answers are read by it afterwards.
    let plain = Reading { window: tariff.reading.window, ..Reading::default() };
    let tariff = tariff.with_reading(plain).map_err(|why| Failure::new(Kind::SelfCheck, why))?;
    let rated = judged(case, evidence, &tariff, None)?;
    let within = args.answer_within.unwrap_or(Elapsed::ZERO);
    let mut builder = frame::Builder::default();
    for (number, wait) in (1..).zip(rated.iter().map(|rated| &rated.wait)) {
        let ready = wait.received_at.plus(within);
        let at = args.if_open.as_ref().map_or(ready, |hours| hours.next_open(ready, case.business.zone));
        if wait.answered_at.is_none_or(|answered_at| at < answered_at) {
            builder.push(&answer(wait, at).borrowed(), number);
        }
    }
    let (answers, _) = builder.finish().map_err(broken)?;
    frame::with_file(answers, -1).map_err(broken)
}

fn answer(wait: &Wait, sent_at: Instant) -> Row {
    Row {
        business: wait.business.to_string(),
        channel: wait.channel.to_string(),
        conversation: wait.conversation.to_string(),
        customer: wait.customer.to_string(),
        message_id: format!("what-if {}", wait.message_id),
        direction: Direction::Outbound,
        sent_at,
        kind: MessageKind::Text,
        status: Status::Delivered,
        entry_point: EntryPoint::Unknown,
        sighting: Sighting::Stamped,
        fold: Elapsed::ZERO,
    }
}

impl Told {
    fn print(&self, form: TableForm, world: &mut World) -> Result<(), Failure> {
        if form == TableForm::Json {
            let text = serde_json::to_string_pretty(self);
            let broken = |error| Failure::new(Kind::SelfCheck, "the result cannot be written").because(error);
            return say(world.out, &text.map_err(broken)?);
        }
        let head = [">charges", ">net", ">what-if charges", ">what-if net", ">difference", ">undecided"];
        let mut table = Table::new(&[&["business", "currency"], &head[..]].concat());
        for of in &self.businesses {
            let undecided = of.was.undecided.max(of.what_if.undecided).to_string();
            let currency = of.what_if.net.currency().to_string();
            let (was, what_if) = (of.was.net.digits(), of.what_if.net.digits());
            let difference = of.difference.map_or("-".to_owned(), Money::signed);
            let charges = (of.was.charges.to_string(), of.what_if.charges.to_string());
            table.add(vec![
                of.business.to_string(),
                currency,
                charges.0,
                was,
                charges.1,
                what_if,
                difference,
                undecided,
            ]);
        }
        if form == TableForm::Csv {
            let text = table.csv()?;
            return say(world.out, text.trim_end_matches("\r\n"));
        }
        say(world.out, &format!("{} {}; nothing was written", self.month, self.supposed))?;
        table.lines().iter().try_for_each(|line| say(world.out, line))?;
        self.notes().iter().try_for_each(|note| say(world.out, note))
    }

    fn notes(&self) -> Vec<String> {
        let late = self.businesses.iter().filter(|of| of.billed.is_some_and(|billed| billed != of.was.net));
        let billed = |of: &OfBusiness| {
            let billed = of.billed.map(|billed| billed.to_string()).unwrap_or_default();
            format!("note: {} was billed {billed}: logs that arrived since are counted here", of.business)
        };
        let mut notes: Vec<String> = late.map(billed).collect();
        if self.businesses.iter().any(|of| of.was.undecided.max(of.what_if.undecided) > 0) {
            notes.push("note: undecided waits cost nothing here".to_owned());
        }
        notes
    }
}
