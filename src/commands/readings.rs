//! `ritardo readings`: the same messages under every reading of the rule, side by side. Nothing is written.

mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::archived::Archive;
use super::cases::{Case, Desk, Gathered};
use super::rate::{self, logs, warn};
use super::setup::Written;
use super::summary::counted;
use super::supervised::in_child;
use super::table::Table;
use super::{Outcome, World, say};
use crate::cli::{Engine, EngineName, Rate, Readings, TableForm};
use crate::domain::text::masked;
use crate::domain::{Currency, Instant, Month, Span};
use crate::engine;
use crate::error::{Failure, Kind};
use crate::ledger::entry::LogRead;
use crate::rate::Tariff;
use compare::{Compared, Difference, compare, wanted};

/// Messages that the text form shows of those on which readings differ.
const SHOWN: usize = 20;

/// What `--format json` writes.
#[derive(Serialize)]
struct Told {
    format: &'static str,
    tariff: String,
    currency: Currency,
    as_of: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    month: Option<Month>,
    businesses: Vec<OfBusiness>,
}

#[derive(Serialize)]
struct OfBusiness {
    business: String,
    #[serde(flatten)]
    compared: Compared,
}

pub fn readings(args: &Readings, world: &mut World) -> Result<Outcome, Failure> {
    let told = match (&args.tariff, args.what.as_slice()) {
        (None, [month]) => of_month(args, month, world)?,
        (None, _) => {
            let failure = Failure::new(Kind::CommandLine, "logs without a configuration need --tariff and --as-of");
            return Err(failure.hint("or name one month, such as 2018-08, to look at archived messages"));
        }
        (Some(_), _) if !args.in_child => return rate::outcome(in_child(words(args))?),
        (Some(tariff), _) => of_logs(args, tariff, world)?,
    };
    print(&told, args.format, world)?;
    Ok(Outcome::Done)
}

/// The command line of the child.
fn words(args: &Readings) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["readings".into(), "--in-child".into()];
    let mut option =
        |name: &str, value: Option<OsString>| words.extend(value.into_iter().flat_map(|value| [name.into(), value]));
    option("--tariff", args.tariff.clone().map(Into::into));
    option("--as-of", args.as_of.map(|at| at.to_string().into()));
    option("--complete-through", args.complete_through.map(|at| at.to_string().into()));
    option("--zone", args.zone.map(|zone| zone.to_string().into()));
    option("--stamps", args.stamps.map(|stamps| stamps.name().into()));
    option("--business", args.business.as_ref().map(|business| business.to_string().into()));
    option("--give-up", Some(args.give_up.to_string().into()));
    option("--format", Some(args.format.name().into()));
    if args.all {
        words.push("--all".into());
    }
    words.push("--".into());
    words.extend(args.what.iter().map(Into::into));
    words
}

fn of_logs(args: &Readings, tariff: &Path, world: &mut World) -> Result<Told, Failure> {
    let Some(as_of) = args.as_of else {
        let failure = Failure::new(Kind::CommandLine, "logs are judged as of an instant");
        return Err(failure.hint("add --as-of 2018-09-05T00:00:00Z"));
    };
    let through = args.complete_through.unwrap_or(as_of);
    let written = Written::tariff(tariff)?;
    let tariff = Tariff::parse(&written.path, &written.text).map_err(Failure::of_mistakes)?;
    let rate = Rate {
        inputs: args.what.iter().map(PathBuf::from).collect(),
        tariff: written.path,
        as_of,
        complete_through: args.complete_through,
        out: None,
        only: None,
        summary: None,
        zone: args.zone,
        stamps: args.stamps,
        mapping: None,
        by_rows: false,
        memory: 0,
        timings: false,
        in_child: true,
        engine: Engine { engine: EngineName::Local, remote: None, token_file: None },
    };
    let logs = logs(&rate, world)?;
    let by_business = crate::read::frame::by_business(logs.frame.clone()).map_err(broken)?;
    let evidence = |_: &str, channel: &str| Some(logs.suspects.evidence(channel, through));
    let readings = wanted(&tariff.reading, args.give_up, args.all);
    let is_wanted = |name: &str| args.business.as_ref().is_none_or(|wanted| wanted.as_str() == name);
    let (mut businesses, mut conflicts) = (Vec::new(), Vec::new());
    for (business, frame) in by_business.into_iter().filter(|(name, _)| is_wanted(name)) {
        let mut judge = |tariff: &Tariff| {
            let month_of = |_: &str, at: Instant| Month::of(at, tariff.zone);
            let decided = engine::decide(&frame, &evidence, tariff, &|_| true, &month_of).map_err(broken)?;
            conflicts = decided.conflicts;
            Ok(decided.rated)
        };
        let mut compared = compare(&tariff, &readings, &mut judge)?;
        for one in &mut compared.differences {
            one.customer = masked(&one.customer, tariff.market_of(&one.customer).calling_code());
        }
        businesses.push(OfBusiness { business, compared });
    }
    warn(&logs, &conflicts, world)?;
    Ok(told(&tariff, as_of, None, businesses))
}

fn of_month(args: &Readings, month: &str, world: &World) -> Result<Told, Failure> {
    let month: Month = month.parse().map_err(|why: String| {
        Failure::new(Kind::CommandLine, why).hint("logs without a configuration need --tariff and --as-of")
    })?;
    let desk = Desk::open(&args.config, args.as_of.unwrap_or(world.now))?;
    let archive = desk.archive()?;
    let mut gathered = Gathered::new(&desk, &archive);
    let mut businesses = Vec::new();
    let cases = desk.cases(month, args.business.as_ref())?;
    for case in &cases {
        let evidence = gathered.of(&case.setup)?;
        let tariff = &case.setup.tariff;
        let readings = wanted(&tariff.reading, args.give_up, args.all);
        let mut compared = compare(tariff, &readings, &mut |tariff| case.waits(evidence, tariff, None))?;
        name(&mut compared.differences, case, &desk, &archive)?;
        businesses.push(OfBusiness { business: case.business.id.to_string(), compared });
    }
    Ok(told(&desk.setup.tariff, desk.as_of, Some(month), businesses))
}

fn told(tariff: &Tariff, as_of: Instant, month: Option<Month>, businesses: Vec<OfBusiness>) -> Told {
    let (tariff, currency) = (tariff.name(), tariff.currency);
    Told { format: "ritardo-readings/1", tariff, currency, as_of, month, businesses }
}

/// Gives the messages their plain ids, and customers their masks. Who was forgotten keeps the keyed id.
fn name(differences: &mut [Difference], case: &Case, desk: &Desk, archive: &Archive) -> Result<(), Failure> {
    let ids: BTreeSet<String> = differences.iter().map(|one| one.message_id.clone()).collect();
    let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let (first, last) = (differences.iter().map(|one| one.at).min(), case.as_of);
    let within = Span { from: first.unwrap_or(last), to: last };
    let files: Vec<&LogRead> = desk.history.files.iter().map(|(_, file)| file).collect();
    let found = archive.find(files.iter().copied(), &ids, within)?;
    let names: BTreeMap<(&String, &String), &(String, String)> =
        found.iter().map(|((channel, id, _), names)| ((channel, id), names)).collect();
    for one in differences {
        let market = case.setup.tariff.market_of(&one.customer);
        let named = names.get(&(&one.channel, &one.message_id));
        one.customer = masked(named.map_or("", |(_, customer)| customer), market.calling_code());
        if let Some((id, _)) = named {
            one.message_id.clone_from(id);
        }
    }
    Ok(())
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(Kind::SelfCheck, "the waits could not be made").because(error)
}

fn print(told: &Told, form: TableForm, world: &mut World) -> Result<(), Failure> {
    match form {
        TableForm::Json => {
            let text = serde_json::to_string_pretty(told).map_err(broken)?;
            say(world.out, &text)
        }
        TableForm::Csv => {
            let mut all = table(&["business", ">number"]);
            for OfBusiness { business, compared } in &told.businesses {
                compared.readings.iter().for_each(|outcome| {
                    all.add([vec![business.clone(), outcome.number.to_string()], cells(outcome)].concat());
                });
            }
            let text = all.csv()?;
            say(world.out, text.trim_end_matches("\r\n"))
        }
        TableForm::Text => told.businesses.iter().try_for_each(|of| of.print(told, world)),
    }
}

fn table(first: &[&str]) -> Table {
    let rest = [">charges", ">amount", ">difference", ">only here", ">not here", ">other amount", ">undecided"];
    Table::new(&[first, &["reading"], &rest].concat())
}

fn cells(outcome: &compare::Outcome) -> Vec<String> {
    let reading = match &outcome.refused {
        Some(why) => format!("{} ({why})", outcome.reading),
        None => outcome.reading.clone(),
    };
    let counts = [outcome.only_here, outcome.not_here, outcome.other_amount, outcome.undecided];
    let amounts = [outcome.charges.to_string(), outcome.amount.to_string(), outcome.difference.to_string()];
    std::iter::once(reading).chain(amounts).chain(counts.map(|count| count.to_string())).collect()
}

impl OfBusiness {
    fn print(&self, told: &Told, world: &mut World) -> Result<(), Failure> {
        let month = told.month.map(|month| format!(" in {month}")).unwrap_or_default();
        say(world.out, &format!("{}{month}: amounts in {}, rates of {}", self.business, told.currency, told.tariff))?;
        let mut readings = table(&[">#"]);
        for outcome in &self.compared.readings {
            readings.add([vec![outcome.number.to_string()], cells(outcome)].concat());
        }
        readings.lines().iter().try_for_each(|line| say(world.out, &format!("  {line}")))?;
        let differences = &self.compared.differences;
        say(world.out, &format!("  the readings differ on {}", counted(differences.len() as u64, "message")))?;
        for one in differences.iter().take(SHOWN) {
            let amounts: Vec<String> =
                one.amounts.iter().map(|(number, amount)| format!("#{number} {amount}")).collect();
            let amounts = grouped(&one.amounts).unwrap_or_else(|| amounts.join(", "));
            say(world.out, &format!("    {}  {}  {}  {amounts}", one.at, one.message_id, one.customer))?;
        }
        if differences.len() > SHOWN {
            say(world.out, &format!("    and {} more: --format json names all", differences.len() - SHOWN))?;
        }
        say(world.out, "")
    }
}

/// `0.05 under #1 #2`, where all amounts are one.
fn grouped(amounts: &BTreeMap<usize, crate::domain::Decimal>) -> Option<String> {
    let first = amounts.values().next()?;
    let numbers: Vec<String> = amounts.keys().map(|number| format!("#{number}")).collect();
    amounts.values().all(|amount| amount == first).then(|| format!("{first} under {}", numbers.join(" ")))
}
