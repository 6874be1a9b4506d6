//! `ritardo reconcile`: the statement of a partner against what is billed, each difference explained or named unexplained.

mod filed;
mod known;
mod ours;
mod told;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use self::told::Findings;
use super::cases::Desk;
use super::held::check_clock;
use super::state::ledger_failure;
use super::{Outcome, World};
use crate::audit::reconcile::{Cell, Measures, Ours, Sums, Theirs, reconcile as compare};
use crate::cli::Reconcile;
use crate::domain::{Month, StatementMapping};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, MonthReconciled};
use crate::ledger::{Additions, Ledger, LedgerError};
use crate::read::sha256;
use crate::read::statement::{BYTES_MAX, Statement, statement};

pub fn reconcile(args: &Reconcile, world: &mut World) -> Result<Outcome, Failure> {
    let desk = Desk::open(&args.configured.config, args.as_of.unwrap_or(world.now))?;
    let mapping = mapping(args, &desk)?;
    check_business(args, &desk)?;
    if !args.dry_run {
        check_clock(&desk.history, desk.as_of)?;
    }
    let bytes = bytes(&args.file)?;
    let currency = desk.setup.tariff.currency;
    let stated = statement(&bytes, mapping, currency).map_err(|why| {
        let failure = Failure::new(Kind::Configuration, format!("the statement cannot be read: {why}")).at(&args.file);
        failure.hint(format!("[[reconcile]] `{}` says how its columns are called", mapping.name))
    })?;
    let (theirs, of_other_months) = theirs(&args.file, args.month, mapping, &stated)?;
    let known = ours::known(&desk, args.month, args.business.as_ref())?;
    let ours = Ours { facts: &known.facts, unread: known.unread, prices: known.prices, zones: known.zones };
    let reconciled = compare(args.month, &theirs, &ours).ok_or_else(too_large)?;
    let findings = Findings {
        month: args.month,
        business: args.business.clone(),
        file: args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        file_sha256: sha256(&bytes),
        mapping: mapping.name.clone(),
        currency,
        zone: theirs.zone,
        compared_by: told::names(theirs.measures),
        measures: theirs.measures,
        causes: reconciled.causes(),
        unexplained: reconciled.unexplained() as u64,
        rejected: stated.rejected,
        rejected_rows: stated.rejected_rows,
        passed_over: stated.passed_over,
        of_other_months,
        reconciled,
    };
    let is_recorded = !args.dry_run && record(&desk, &findings)?;
    told::tell(&findings, desk.as_of, args.format, is_recorded, world)?;
    Ok(if findings.is_explained() { Outcome::Done } else { Outcome::Differences })
}

fn too_large() -> Failure {
    Failure::new(Kind::Configuration, "the sums of the statement are too large")
}

/// The mapping that is asked for, or the only one.
fn mapping<'d>(args: &Reconcile, desk: &'d Desk) -> Result<&'d StatementMapping, Failure> {
    let all = &desk.setup.config.statements;
    let names = || all.iter().map(|mapping| format!("`{}`", mapping.name)).collect::<Vec<_>>().join(", ");
    match (&args.mapping, all.as_slice()) {
        (_, []) => {
            let failure = Failure::new(Kind::Configuration, "no [[reconcile]] says how a statement is read");
            Err(failure.at(&args.configured.config).hint("the README has an example, in the section on reconciliation"))
        }
        (None, [only]) => Ok(only),
        (None, _) => {
            let failure = Failure::new(Kind::CommandLine, "there are several ways to read a statement");
            Err(failure.hint(format!("say which with --as: {}", names())))
        }
        (Some(wanted), _) => all.iter().find(|mapping| mapping.name == *wanted).ok_or_else(|| {
            let message = format!("no [[reconcile]] has the name `{}`", wanted.escape_debug());
            Failure::new(Kind::CommandLine, message).hint(format!("there is {}", names()))
        }),
    }
}

fn check_business(args: &Reconcile, desk: &Desk) -> Result<(), Failure> {
    match args.business.as_ref().filter(|id| desk.setup.business(id.as_str()).is_none()) {
        Some(id) => {
            let failure = Failure::new(Kind::CommandLine, format!("the book has no business `{id}`"));
            Err(failure.hint("ids are those of businesses.toml"))
        }
        None => Ok(()),
    }
}

/// The bytes of a file that is no longer than a statement may be.
fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes));
    read.map_err(|error| Failure::io("read the file", path, error))?;
    if bytes.len() as u64 > BYTES_MAX {
        let message = format!("the statement is longer than {} MiB", BYTES_MAX >> 20);
        return Err(Failure::new(Kind::Configuration, message).at(path).hint("export the month alone"));
    }
    Ok(bytes)
}

/// What the statement says of the month, and how many of its rows are of others.
fn theirs(path: &Path, month: Month, mapping: &StatementMapping, stated: &Statement) -> Result<(Theirs, u64), Failure> {
    if let ([], Some(first)) = (stated.rows.as_slice(), stated.rejected.first()) {
        let message = format!("no row of the statement can be read; row {}: {}", first.row, first.reason);
        let hint = format!("see [[reconcile]] `{}`", mapping.name);
        return Err(Failure::new(Kind::Configuration, message).at(path).hint(hint));
    }
    let (mut cells, mut of_other_months): (BTreeMap<Cell, Sums>, u64) = (BTreeMap::new(), 0);
    for row in &stated.rows {
        if !(month.first_day()..=month.last_day()).contains(&row.day) {
            of_other_months += 1;
            continue;
        }
        let cell = Cell { day: row.day, market: row.market.clone(), entry_point: row.entry_point };
        let sums = Sums { count: row.count.unwrap_or_default(), amount: row.amount.unwrap_or_default() };
        let sum = cells.entry(cell).or_default();
        *sum = sum.plus(sums).ok_or_else(too_large)?;
    }
    if cells.is_empty() {
        let days = || stated.rows.iter().map(|row| row.day);
        let hint = match days().min().zip(days().max()) {
            Some((first, last)) => format!("its days are from {first} to {last}"),
            None => "its rows were passed over by `only`, or it has none".to_owned(),
        };
        return Err(Failure::new(Kind::CommandLine, format!("the statement has no day of {month}"))
            .at(path)
            .hint(hint));
    }
    let measures = Measures {
        market: mapping.market.is_some(),
        entry_point: mapping.category.is_some(),
        count: mapping.count.is_some(),
        amount: mapping.amount.is_some(),
    };
    let (zone, tolerance) = (stated.zone, mapping.tolerance);
    Ok((Theirs { cells, measures, zone, tolerance }, of_other_months))
}

/// Records the comparison, unless the last one of the same statement came to the same. Says whether it did. The lock is held
/// for this alone: what takes long keeps no night from its work.
fn record(desk: &Desk, findings: &Findings) -> Result<bool, Failure> {
    let _lock = desk.state.lock()?;
    let result = findings.json()?.into_bytes();
    let result_sha256 = sha256(&result);
    let entry = MonthReconciled {
        month: findings.month,
        business: findings.business.clone(),
        at: desk.as_of,
        known_through: desk.history.last,
        file: findings.file.clone(),
        file_sha256: findings.file_sha256.clone(),
        mapping: findings.mapping.clone(),
        cells: findings.reconciled.cells,
        differences: findings.reconciled.differences.len() as u64,
        unexplained: findings.unexplained,
        rejected: findings.rejected_rows,
        causes: findings.causes.iter().map(|(cause, count)| (cause.name().to_owned(), *count)).collect(),
        ours: findings.reconciled.ours.amount,
        theirs: findings.reconciled.theirs.amount,
        result_sha256,
    };
    let is_like = |known: &MonthReconciled| {
        let of = |entry: &MonthReconciled| (entry.month, entry.business.clone(), entry.file_sha256.clone());
        of(known) == of(&entry)
    };
    let last = desk.history.reconciled.iter().map(|(_, known)| known).rfind(|known| is_like(known));
    if last.is_some_and(|last| last.result_sha256 == entry.result_sha256) {
        return Ok(false);
    }
    let path = desk.state.ledger();
    let mut ledger = Ledger::open(&path).map_err(|error| ledger_failure(error, &path))?;
    let now = ledger.shared().map_err(|error| ledger_failure(error, &path))?;
    if now.last != desk.history.last {
        let failure = Failure::new(Kind::TryLater, "the ledger has grown while the statement was compared");
        return Err(failure.at(&path).hint("nothing was recorded; compare again"));
    }
    let additions = Additions { entries: vec![Entry::Reconciled(entry)], contents: vec![result] };
    let added = ledger.append(|_| Ok::<_, LedgerError>(additions));
    added.map_err(|error| ledger_failure(error, &path))?;
    Ok(true)
}
