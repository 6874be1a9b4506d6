//! `ritardo generate`: a synthetic month with its logs, its known answers, and all that a run needs.

mod known;
mod logs;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use self::known::Answers;
use self::logs::Logs;
use super::files::{self, Access};
use super::summary::counted;
use super::{Outcome, World, progress, say};
use crate::cli::{By, Generate, LogForm, TrapName};
use crate::error::{Failure, Kind};
use crate::generate::{self, Form, Order, Place, Stream, Trap};

pub fn generate(args: &Generate, world: &mut World) -> Result<Outcome, Failure> {
    let (order, form) = (order(args)?, form(args.form));
    let folder = &args.folder;
    prepare(folder)?;
    let mut stream = Stream::new(&order);
    let businesses = stream.businesses().to_vec();
    let texts = [
        ("ritardo.toml", generate::config(form, &businesses)),
        ("businesses.toml", generate::book(&order, &businesses)),
        ("tariff.toml", generate::tariff()),
    ];
    for (name, text) in texts {
        files::write(&folder.join(name), text.as_bytes(), Access::Usual)?;
    }
    let mut logs = Logs::new(folder, args.by, form, &order, &businesses)?;
    let mut known = Answers::new(folder, &businesses)?;
    let bar = progress::bar(world.watched, "writing", stream.hours());
    while let Some((end, messages)) = stream.hour() {
        for message in messages.iter().filter(|message| message.place != Place::Missing) {
            logs.write(message)?;
            known.write(message)?;
        }
        logs.end_hour(end)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    logs.finish()?;
    let sums = known.finish()?;
    let (rows, waits, charges) = (sums.rows, sums.all.waits, sums.all.late + sums.all.unanswered);
    say(world.out, &format!("messages  {}", counted(rows, "row")))?;
    let (waits, charges) = (counted(waits, "wait"), counted(charges, "charge"));
    say(world.out, &format!("known     {waits}, {charges}, USD {}", sums.all.total))?;
    for command in commands(args, form, &order) {
        say(world.out, &format!("try       {command}"))?;
    }
    Ok(Outcome::Done)
}

fn order(args: &Generate) -> Result<Order, Failure> {
    let traps: BTreeSet<Trap> = args.traps.iter().flat_map(|name| traps(*name)).collect();
    let of_days = [Trap::Late, Trap::Gaps].into_iter().find(|trap| traps.contains(trap));
    if let (By::Month, Some(trap)) = (args.by, of_days) {
        let failure = Failure::new(Kind::CommandLine, format!("`--traps {trap}` needs `--by day`"));
        return Err(failure.hint("one file in all has no day that could be missing or late"));
    }
    let unit = form(args.form).unit();
    Ok(Order { messages: args.messages, month: args.month, businesses: args.businesses, seed: args.seed, traps, unit })
}

fn traps(name: TrapName) -> Vec<Trap> {
    match name {
        TrapName::Dst => vec![Trap::Dst],
        TrapName::Edge => vec![Trap::Edge],
        TrapName::Duplicates => vec![Trap::Duplicates],
        TrapName::Bots => vec![Trap::Bots],
        TrapName::LateFiles => vec![Trap::Late],
        TrapName::Gaps => vec![Trap::Gaps],
        TrapName::All => Trap::ALL.to_vec(),
    }
}

const fn form(form: LogForm) -> Form {
    match form {
        LogForm::Parquet => Form::Parquet,
        LogForm::Csv => Form::Csv,
        LogForm::Ndjson => Form::Ndjson,
        LogForm::Webhook => Form::Webhook,
    }
}

/// An empty folder: nothing that is there is ever written over.
fn prepare(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::io("create the folder", folder, error))?;
    let mut found = fs::read_dir(folder).map_err(|error| Failure::io("list the folder", folder, error))?;
    if found.next().is_some() {
        let failure = Failure::new(Kind::CommandLine, "the folder is not empty").at(folder);
        return Err(failure.hint("name one that is empty or missing: nothing is written over"));
    }
    Ok(())
}

/// What can be done with what was made.
fn commands(args: &Generate, form: Form, order: &Order) -> Vec<String> {
    let (folder, through) = (args.folder.display(), order.complete_through());
    let logs = match args.by {
        By::Day => "inbox".to_owned(),
        By::Month => format!("messages.{}", form.extension()),
    };
    let rate = format!(
        "ritardo rate {folder}/{logs} --tariff {folder}/tariff.toml --as-of {through} --summary {folder}/summary.json"
    );
    let run = format!("ritardo run --config {folder}/ritardo.toml --as-of {through}");
    match args.by {
        By::Day => vec![run, rate],
        By::Month => vec![rate],
    }
}
