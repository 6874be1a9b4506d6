//! What a rating warns of.

use super::{Logs, RejectRow};
use crate::commands::summary::{counted, links};
use crate::commands::{World, say};
use crate::error::Failure;
use crate::pair::Conflict;

/// Warns of what was rejected, passed over or contradicted.
pub fn warn(logs: &Logs, conflicts: &[Conflict], world: &mut World) -> Result<(), Failure> {
    if let Some(first) = logs.rejects.first() {
        let (count, RejectRow { file, row, reason }) = (logs.rejects.len(), first);
        let rows = if count == 1 { "1 row was".to_owned() } else { format!("{count} rows were") };
        say(world.err, &format!("warning: {rows} rejected; the first: {file}, row {row}: {reason}"))?;
        if !logs.suspects.is_empty() {
            say(world.err, "warning: a rejected row may be an answer: the waits that it could end are held")?;
        }
    }
    if !logs.passed_over.is_empty() {
        let (links, names) = links(&logs.passed_over);
        say(world.err, &format!("warning: {links} passed over, never opened: {names}"))?;
    }
    let passed_over: u64 = logs.inputs.iter().filter_map(|input| input.passed_over).sum();
    if passed_over > 0 {
        let rows = counted(passed_over, "row");
        say(world.err, &format!("warning: {rows} passed over, which the mapping takes for no messages"))?;
    }
    warn_of_conflicts(conflicts, world)
}

/// Warns of messages about which exports disagree.
pub fn warn_of_conflicts(conflicts: &[Conflict], world: &mut World) -> Result<(), Failure> {
    if let Some(first) = conflicts.first() {
        let (messages, differs_in) = (counted(conflicts.len() as u64, "message"), first.differs_in.join(", "));
        let text = format!("warning: exports disagree about {messages}, whose conversations are held; the first");
        say(world.err, &format!("{text}: {} of {}, in {differs_in}", first.message_id, first.business))?;
    }
    Ok(())
}
