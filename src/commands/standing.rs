//! Which files stand aside now: of what was set aside, what was neither read, replaced nor made good since.

use std::collections::BTreeSet;

use super::reader::child::sha256_of;
use super::setup::Setup;
use crate::domain::Span;
use crate::domain::evidence::united;
use crate::domain::settings::Coverage;
use crate::ledger::History;
use crate::ledger::entry::{Entry, LogRead, SetAside};
use crate::read::inbox::{self, Found};

/// The files that stand aside, by name, as the ledger knows them; `new` is what a rehearsal would add to it.
///
/// A file is told by its name, its bytes and the time that it speaks of, as when it is read: the same bytes under
/// a name that declares another day are another file.
pub fn standing(setup: &Setup, history: &History, new: &[Entry]) -> Vec<SetAside> {
    let read_now = new.iter().filter_map(|entry| if let Entry::File(file) = entry { Some(file) } else { None });
    let read: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).chain(read_now).collect();
    let decided_now: BTreeSet<&str> = new.iter().filter_map(name).collect();
    let last = history.last_set_aside().into_values().filter(|aside| !decided_now.contains(aside.name.as_str()));
    last.filter(|aside| stands(aside, setup, &read)).cloned().collect()
}

fn name(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::File(file) => Some(&file.name),
        Entry::SetAside(aside) => Some(&aside.name),
        _ => None,
    }
}

fn stands(aside: &SetAside, setup: &Setup, read: &[&LogRead]) -> bool {
    let found = Found { name: aside.name.clone(), path: setup.config.inbox.join(&aside.name) };
    let source = inbox::claimed(&setup.config.sources, &aside.name);
    let by_name = || inbox::declared(source?, &found).ok()?.span;
    let declared = aside.declared.or_else(by_name);
    let of_source = || read.iter().filter(|file| source.is_some_and(|source| source.name == file.source));
    if of_source().any(|file| file.sha256 == aside.sha256 && file.declared == declared) {
        return false;
    }
    if let Ok(sha256) = sha256_of(&found.path) {
        // Its old bytes, which were read once, may lie under the name again.
        return sha256 == aside.sha256 || !of_source().any(|file| file.sha256 == sha256 && file.declared == declared);
    }
    if found.path.exists() {
        return true;
    }
    // It has left the inbox.
    match declared {
        Some(span) => !are_covering(of_source().filter_map(|file| file.declared), span),
        // It was moved to where it could be read.
        None if read.iter().any(|file| file.sha256 == aside.sha256) => false,
        // Of such a source nobody else can say what it proved.
        None => source.is_some_and(|source| source.coverage == Coverage::Continuous),
    }
}

fn are_covering(spans: impl Iterator<Item = Span>, span: Span) -> bool {
    united(spans.collect()).iter().any(|known| known.from <= span.from && span.to <= known.to)
}
