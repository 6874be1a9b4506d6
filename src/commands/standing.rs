//! Which files stand aside now: of what was set aside, what was neither read, replaced nor made good since.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::child::sha256_of;
use super::setup::Setup;
use crate::domain::Span;
use crate::domain::evidence::united;
use crate::domain::settings::Coverage;
use crate::ledger::History;
use crate::ledger::entry::{Entry, LogRead, SetAside};
use crate::read::inbox::{self, Found, Patterns};

/// The files that stand aside, by name, as the ledger knows them; `new` is what a rehearsal would add to it.
///
/// A file is told by its name, its bytes and the time that it speaks of, as when it is read: the same bytes under
/// a name that declares another day are another file.
pub fn standing(setup: &Setup, history: &History, new: &[Entry]) -> Vec<SetAside> {
    let decided_now: BTreeSet<&str> = new.iter().filter_map(name).collect();
    let mut last = history.last_set_aside();
    last.retain(|name, _| !decided_now.contains(name));
    if last.is_empty() {
        return Vec::new();
    }
    let read_now = new.iter().filter_map(|entry| if let Entry::File(file) = entry { Some(file) } else { None });
    let read = ReadFiles::of(history.files.iter().map(|(_, file)| file).chain(read_now));
    let patterns = Patterns::of(&setup.config.sources);
    last.into_values().filter(|aside| stands(aside, setup, &patterns, &read)).cloned().collect()
}

fn name(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::File(file) => Some(&file.name),
        Entry::SetAside(aside) => Some(&aside.name),
        _ => None,
    }
}

/// The files that were read, to be asked about one file after the other: there may be many of both.
struct ReadFiles<'r> {
    /// Source, digest and declared span.
    known: BTreeSet<(&'r str, &'r str, Option<Span>)>,
    digests: BTreeSet<&'r str>,
    /// By source, the time that its files declare: sorted and disjoint.
    declared: BTreeMap<&'r str, Vec<Span>>,
}

impl<'r> ReadFiles<'r> {
    fn of(files: impl Iterator<Item = &'r LogRead>) -> Self {
        let mut read = Self { known: BTreeSet::new(), digests: BTreeSet::new(), declared: BTreeMap::new() };
        for file in files {
            let (source, sha256) = (file.source.as_str(), file.sha256.as_str());
            read.known.insert((source, sha256, file.declared));
            read.digests.insert(sha256);
            read.declared.entry(source).or_default().extend(file.declared);
        }
        read.declared.values_mut().for_each(|spans| *spans = united(std::mem::take(spans)));
        read
    }

    /// Whether files of a source declare the whole of a span.
    fn covers(&self, source: &str, span: Span) -> bool {
        self.declared.get(source).is_some_and(|spans| is_covered(spans, span))
    }
}

/// Whether one of the spans, which are sorted and disjoint, holds another one.
fn is_covered(spans: &[Span], span: Span) -> bool {
    // Of those that begin early enough, the last one reaches furthest.
    let begun = spans.partition_point(|known| known.from <= span.from);
    spans.get(..begun).and_then(<[Span]>::last).is_some_and(|known| span.to <= known.to)
}

fn stands(aside: &SetAside, setup: &Setup, patterns: &Patterns, read: &ReadFiles) -> bool {
    let found = Found { name: aside.name.clone(), path: setup.config.inbox.join(&aside.name) };
    let source = patterns.claimed(&aside.name);
    let by_name = || inbox::declared(source?, &found).ok()?.span;
    let declared = aside.declared.or_else(by_name);
    let is_known = |sha256: &str| source.is_some_and(|it| read.known.contains(&(it.name.as_str(), sha256, declared)));
    if is_known(&aside.sha256) {
        return false;
    }
    if let Ok(sha256) = sha256_of(&found.path) {
        // Its old bytes, which were read once, may lie under the name again.
        return sha256 == aside.sha256 || !is_known(&sha256);
    }
    if found.path.exists() {
        return true;
    }
    // It has left the inbox.
    match declared {
        Some(span) => !source.is_some_and(|source| read.covers(&source.name, span)),
        // It was moved to where it could be read.
        None if read.digests.contains(aside.sha256.as_str()) => false,
        // Of such a source nobody else can say what it proved.
        None => source.is_some_and(|source| source.coverage == Coverage::Continuous),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;

    #[test]
    fn a_span_is_covered_as_by_going_through_all() {
        let span = |from, to| Span { from: Instant::from_micros(from), to: Instant::from_micros(to) };
        let all = [vec![], vec![(2, 5)], vec![(2, 5), (4, 7), (9, 10)], vec![(0, 1), (1, 3), (5, 5), (6, 12)]];
        for spans in all {
            let spans = united(spans.iter().map(|(from, to)| span(*from, *to)).collect());
            for from in -1..13 {
                for to in -1..13 {
                    let wanted = span(from, to);
                    let holds = |known: &Span| known.from <= wanted.from && wanted.to <= known.to;
                    assert_eq!(is_covered(&spans, wanted), spans.iter().any(holds), "{spans:?} {wanted:?}");
                }
            }
        }
    }
}
