//! `ritardo conflicts`: messages of which exports disagree, with every version.

use std::collections::BTreeMap;

use serde::Serialize;

use super::archived::Archive;
use super::evidence::Evidence;
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::summary::counted;
use super::{Outcome, World, say};
use crate::cli::{Conflicts, Format};
use crate::domain::{Month, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::LogRead;
use crate::pair::{Conflict, Version};

/// A message with its versions; the id is keyed, as in the archive.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    conflict: Conflict,
    /// By version: the first file that says so, inside the inbox.
    files: Vec<Option<String>>,
}

pub fn conflicts(args: &Conflicts, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let archive = Archive::open(&state, &history)?;
    let files: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).collect();
    let evidence = Evidence::gather(files.iter().copied(), &setup, &archive)?;
    let evidence = evidence.with_accepted(history.accepted_through(history.last));
    let as_of = args.as_of.unwrap_or(world.now);
    let mut found: BTreeMap<(String, String, String), Conflict> = BTreeMap::new();
    for business in &setup.businesses {
        // Conflicts are those of all logs; the month only says which waits come with them.
        let month = Month::of(as_of, business.zone);
        let waits = evidence.waits(business, month, as_of, &setup)?;
        for conflict in waits.conflicts {
            let key = (conflict.business.clone(), conflict.channel.clone(), conflict.message_id.clone());
            found.insert(key, conflict);
        }
    }
    let told: Vec<Told> = found.into_values().map(|conflict| of(conflict, &evidence)).collect();
    if args.format == Format::Json {
        let text = serde_json::to_string_pretty(&told)
            .map_err(|error| Failure::new(Kind::SelfCheck, "the conflicts cannot be written").because(error))?;
        say(world.out, &text)?;
        return Ok(Outcome::Done);
    }
    for told in &told {
        let zone = setup.business(&told.conflict.business);
        print(told, zone.map_or(Zone::UTC, |business| business.zone), world)?;
    }
    match told.len() as u64 {
        0 => say(world.out, "exports disagree about no message")?,
        count => say(world.out, &format!("{}; their conversations are held", counted(count, "message")))?,
    }
    Ok(Outcome::Done)
}

fn of(conflict: Conflict, evidence: &Evidence) -> Told {
    let name = |version: &Version| {
        let place = usize::try_from(version.file?).ok()?;
        evidence.files.get(place).map(|file| file.name.clone())
    };
    let files = conflict.versions.iter().map(name).collect();
    Told { conflict, files }
}

fn print(told: &Told, zone: Zone, world: &mut World) -> Result<(), Failure> {
    let Conflict { business, channel, message_id, differs_in, accepted, .. } = &told.conflict;
    let accepted = if *accepted { "; accepted" } else { "" };
    let differs_in = differs_in.join(", ");
    say(world.out, &format!("{message_id}  {business}, channel {channel}: differs in {differs_in}{accepted}"))?;
    for (version, file) in told.conflict.versions.iter().zip(&told.files) {
        let Version { sent_at, direction, kind, status, rows, .. } = version;
        let (kind, status) =
            (if kind.is_empty() { "text" } else { kind }, if status.is_empty() { "-" } else { status });
        let (rows, at) = (counted(*rows, "row"), zone.print(*sent_at));
        let file = file.as_deref().unwrap_or("a log");
        say(world.out, &format!("  {at}  {direction:<8} {kind:<11} {status:<9} {rows} of {file}"))?;
    }
    let parties = |of: &dyn Fn(&Version) -> &str| {
        let mut names: Vec<&str> = told.conflict.versions.iter().map(of).collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    };
    let (customers, conversations) = (parties(&|version| &version.customer), parties(&|version| &version.conversation));
    if customers > 1 || conversations > 1 {
        say(world.out, &format!("  {customers} customers and {conversations} conversations are named"))?;
    }
    Ok(())
}
