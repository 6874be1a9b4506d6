//! New files of the inbox into the archive, each once.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::claims::{ahead, refused, unread};
use super::mirror::{self, Left};
use super::reader::wire::{FileRead, Hello, Job};
use super::reader::{self, Reading};
use super::scratch::Scratch;
use super::setup::Setup;
use super::state::State;
use super::{World, keyfile, progress};
use crate::domain::settings::{Limits, Source};
use crate::domain::{Elapsed, Instant, Span};
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::ledger::entry::{Entry, Key, LogRead, SetAside};
use crate::read::identity::IdKey;
use crate::read::inbox::{self, Declared, Found, Patterns};
use crate::read::{self, Latest, Options, Reject, sha256};

/// A stamp so far after the time that a file speaks of is a broken clock.
const CLOCK_SLACK: Elapsed = Elapsed::DAY;
/// The same for a file that does not say which time it speaks of. Within it the file is for a later night.
const YEAR: Elapsed = Elapsed::from_seconds(366 * 86_400);

/// What the inbox held that was not known.
#[derive(Default)]
pub struct Intake {
    pub entries: Vec<Entry>,
    pub files: u64,
    pub rows: u64,
    /// Of the files, as they lay in the inbox.
    pub bytes: u64,
    pub rejected: u64,
    /// Rows that mappings take for no messages.
    pub rows_passed_over: u64,
    /// Files that are read later, since the time that they speak of is not over yet.
    pub early: Vec<String>,
    /// Files without declared time whose last message lies after the instant of the run, with that message's instant.
    pub ahead: Vec<(String, Instant)>,
    /// Files that were written to while they were read: the next night reads them.
    pub changed: Vec<String>,
    /// Links, pipes, sockets and devices.
    pub passed_over: Vec<String>,
    /// Objects of the inbox whose names cannot be those of files.
    pub unfit: Vec<String>,
    /// The first rejects, with their files.
    pub first_rejects: Vec<(String, Reject)>,
    /// Of a rehearsal: what a run would have added to the archive.
    pub rehearsed: Option<Scratch>,
    /// The key that the new files were archived under.
    pub key: Option<IdKey>,
}

/// Whether the intake may write into the state folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    Yes,
    No,
}

/// Which files are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All, without those that were set aside and would be again.
    New,
    /// Those with these names or digests, whatever happened to them before.
    Again(BTreeSet<String>),
}

/// What the night knows before it reads.
pub struct Night<'n> {
    pub setup: &'n Setup,
    pub state: &'n State,
    pub history: &'n History,
    pub as_of: Instant,
    pub writing: Writing,
    which: Which,
    patterns: Patterns<'n>,
    /// Source, digest and declared span of what was read before.
    read: BTreeSet<(&'n str, &'n str, Option<Span>)>,
    /// Of each name what was set aside last and not read since.
    aside: BTreeMap<&'n str, &'n SetAside>,
}

/// Brings what a bucket holds to the inbox. A rehearsal does so too, under the lock: it could not judge otherwise.
fn brought(night: &Night) -> Result<Left, Failure> {
    let config = &night.setup.config;
    let is_rehearsal = night.writing == Writing::No && config.inbox_objects.is_some();
    let _lock = is_rehearsal.then(|| night.state.lock()).transpose()?;
    mirror::refresh(config, night.state)
}

/// Reads what is new. Archive and rejects are written before the ledger names them.
pub fn intake(night: &Night, world: &World) -> Result<Intake, Failure> {
    let inbox = &night.setup.config.inbox;
    let left = brought(night)?;
    let listing = inbox::files(inbox).map_err(|error| {
        let failure = Failure::new(Kind::Configuration, "the inbox cannot be read").at(inbox).because(error);
        failure.hint("make the folder, or name another one as `inbox` in ritardo.toml")
    })?;
    let (passed_over, changed, unfit) = (listing.passed_over, left.changed, left.refused);
    let mut intake = Intake { passed_over, changed, unfit, ..Intake::default() };
    let scratch = Scratch::of(night.state, night.writing);
    let mut wanted: BTreeMap<(String, String, Option<Span>), Wanted> = BTreeMap::new();
    let bar = progress::bar(world.watched, "looking", listing.files.len());
    for found in listing.files {
        look(found, night, &mut wanted, &mut intake)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    if wanted.is_empty() {
        return Ok(intake);
    }
    scratch.make()?;
    let key = match night.writing {
        Writing::Yes => keyfile::made(night.state, night.history)?,
        Writing::No => keyfile::passing(night.state, night.history)?,
    };
    if night.history.key.is_none() {
        intake.entries.push(Entry::Key(Key { fingerprint: key.fingerprint() }));
    }
    let limits = night.setup.config.limits;
    let hello = Hello {
        key: Some(key.reveal()),
        forgotten: night.history.forgotten.iter().map(|one| (one.person.clone(), one.at)).collect(),
        memory: limits.memory,
        cpu: limits.cpu_seconds,
    };
    let bar = progress::bar(world.watched, "reading logs", wanted.len());
    let mut wanted: Vec<Wanted> = wanted.into_values().collect();
    wanted.sort_by(|a, b| a.found.cmp(&b.found));
    let jobs = wanted.iter().enumerate().map(|(number, wanted)| wanted.job(night, scratch.of_job(number)));
    let jobs: Vec<Job> = jobs.collect();
    let readings = reader::read_all(&jobs, &hello, &limits, &|| bar.inc(1))?;
    bar.finish_and_clear();
    for (wanted, reading) in wanted.into_iter().zip(readings) {
        let before = intake.entries.len();
        intake.take(&wanted, reading, night, &scratch)?;
        intake.set_copies_aside(&wanted, before, night);
    }
    if !intake.entries.iter().any(|entry| matches!(entry, Entry::File(_))) {
        intake.entries.retain(|entry| !matches!(entry, Entry::Key(_)));
    }
    intake.key = Some(key);
    intake.rehearsed = (night.writing == Writing::No).then_some(scratch);
    Ok(intake)
}

/// A file that is to be read.
pub struct Wanted<'n> {
    pub found: Found,
    pub source: &'n Source,
    pub declared: Declared,
    pub sha256: String,
    pub tried_with: String,
    /// The same bytes for the same time under other names.
    pub copies: Vec<Found>,
}

/// What becomes of a file, before it is read.
pub enum Fate<'n> {
    SetAside(String),
    /// The time that it speaks of is not over.
    Early,
    /// It was read before.
    Known,
    /// It was set aside before, and would be again.
    Tried,
    /// It has left the inbox.
    Gone,
    Read(Box<Wanted<'n>>),
}

/// The fate of a file by its name, its digest and its manifest.
pub fn fate<'n>(found: &Found, night: &Night<'n>) -> Result<Fate<'n>, Failure> {
    match digest(found)? {
        Some(sha256) => Ok(fate_of(found, &sha256, night)),
        None => Ok(Fate::Gone),
    }
}

fn digest(found: &Found) -> Result<Option<String>, Failure> {
    match reader::child::sha256_of(&found.path) {
        Ok(digest) => Ok(Some(digest)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io("read the log", &found.path, error)),
    }
}

fn fate_of<'n>(found: &Found, sha256: &str, night: &Night<'n>) -> Fate<'n> {
    let Some(source) = night.patterns.claimed(&found.name) else {
        return Fate::SetAside("no source claims it: no `files` pattern of ritardo.toml fits its name".to_owned());
    };
    let declared = inbox::declared(source, found).and_then(|declared| {
        declared.check_sha256(sha256)?;
        Ok(declared)
    });
    let declared = match declared {
        Ok(declared) => declared,
        Err(reason) => return Fate::SetAside(reason),
    };
    // A file of a day that is not over may still grow: read now, it would prove what it cannot know yet.
    if declared.span.is_some_and(|span| span.to > night.as_of) {
        return Fate::Early;
    }
    if night.read.contains(&(source.name.as_str(), sha256, declared.span)) {
        return Fate::Known;
    }
    let tried_with = tried_with(source, &declared, found);
    // Set aside before, and nothing that could help it has changed since.
    let aside = night.aside.get(found.name.as_str());
    let is_same = |aside: &&&SetAside| aside.sha256 == sha256 && aside.tried_with.as_ref() == Some(&tried_with);
    if night.which == Which::New && aside.filter(is_same).is_some() {
        return Fate::Tried;
    }
    let (found, sha256, copies) = (found.clone(), sha256.to_owned(), Vec::new());
    Fate::Read(Box::new(Wanted { found, source, declared, sha256, tried_with, copies }))
}

/// Decides what becomes of a file before it is read.
fn look<'n>(
    found: Found,
    night: &Night<'n>,
    wanted: &mut BTreeMap<(String, String, Option<Span>), Wanted<'n>>,
    intake: &mut Intake,
) -> Result<(), Failure> {
    let Some(digest) = digest(&found)? else {
        intake.changed.push(found.name);
        return Ok(());
    };
    if matches!(&night.which, Which::Again(files) if !files.contains(&digest) && !files.contains(&found.name)) {
        return Ok(());
    }
    match fate_of(&found, &digest, night) {
        Fate::SetAside(reason) => intake.set_aside(night, &found, digest, &reason, None),
        Fate::Early => intake.early.push(found.name),
        Fate::Known | Fate::Tried | Fate::Gone => {}
        Fate::Read(new) => {
            let key = (new.source.name.clone(), new.sha256.clone(), new.declared.span);
            match wanted.entry(key) {
                Slot::Vacant(slot) => drop(slot.insert(*new)),
                Slot::Occupied(slot) if slot.get().tried_with == new.tried_with => {
                    slot.into_mut().copies.push(new.found);
                }
                Slot::Occupied(_) => {}
            }
        }
    }
    Ok(())
}

impl Wanted<'_> {
    fn job(&self, night: &Night, into: PathBuf) -> Job {
        let options = options(Some(self.source), &self.declared, night.as_of, &night.setup.config.limits);
        let keep_raw = self.source.keep_raw.is_some();
        Job { path: self.found.path.clone(), options, into, keep_raw }
    }
}

/// How a file is read.
pub fn options(source: Option<&Source>, declared: &Declared, as_of: Instant, limits: &Limits) -> Options {
    // A broken clock is told from the file's own claim where it makes one, so that a late run reads the same.
    let (latest, latest_is) = declared
        .span
        .map_or((as_of.plus(YEAR), Latest::YearAhead), |span| (span.to.plus(CLOCK_SLACK), Latest::Declared));
    let usual = read::Limits::default();
    let limits = read::Limits { unpacked: limits.unpacked, ratio: limits.ratio, rows: limits.rows, ..usual };
    Options { latest, latest_is, limits, ..source.map_or_else(Options::default, Options::of) }
}

/// All that the reading of a file depends on beside its bytes.
fn tried_with(source: &Source, declared: &Declared, found: &Found) -> String {
    let (version, Declared { span, sidecar_sha256, .. }) = (env!("CARGO_PKG_VERSION"), declared);
    // Of the name, its end tells a form of log.
    let ending = found.path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    sha256(format!("{version}\n{source:?}\n{span:?}\n{sidecar_sha256:?}\n{ending:?}").as_bytes())
}

impl<'n> Night<'n> {
    pub fn new(
        setup: &'n Setup,
        state: &'n State,
        history: &'n History,
        as_of: Instant,
        writing: Writing,
        which: Which,
    ) -> Self {
        let read = |(_, file): &'n (u64, LogRead)| (file.source.as_str(), file.sha256.as_str(), file.declared);
        let read = history.files.iter().map(read).collect();
        let patterns = Patterns::of(&setup.config.sources);
        Self { setup, state, history, as_of, writing, which, patterns, read, aside: history.last_set_aside() }
    }
}

impl Intake {
    fn take(&mut self, wanted: &Wanted, reading: Reading, night: &Night, scratch: &Scratch) -> Result<(), Failure> {
        let Wanted { found, sha256, .. } = wanted;
        match reading {
            Reading::Refused(reason) => {
                self.refuse(wanted, night, &reason);
            }
            Reading::Changed => self.changed.push(found.name.clone()),
            Reading::Read(read) if read.sha256 != *sha256 => self.changed.push(found.name.clone()),
            Reading::Read(read) => match refused(wanted, &read) {
                Some(reason) => self.refuse(wanted, night, &reason),
                None => match ahead(wanted, &read, night.as_of) {
                    Some(last) => self.ahead.push((found.name.clone(), last)),
                    None => self.keep(wanted, *read, night, scratch)?,
                },
            },
        }
        Ok(())
    }

    fn keep(&mut self, wanted: &Wanted, read: FileRead, night: &Night, scratch: &Scratch) -> Result<(), Failure> {
        scratch.settle(night.state, &read)?;
        self.add(wanted, read, night);
        Ok(())
    }

    fn refuse(&mut self, wanted: &Wanted, night: &Night, reason: &str) {
        let Wanted { found, sha256, tried_with, .. } = wanted;
        self.set_aside(night, found, sha256.clone(), reason, Some(tried_with.clone()));
    }

    fn set_aside(&mut self, night: &Night, found: &Found, sha256: String, reason: &str, tried_with: Option<String>) {
        let is_same =
            |aside: &&&SetAside| aside.sha256 == sha256 && aside.reason == reason && aside.tried_with == tried_with;
        if night.aside.get(found.name.as_str()).filter(is_same).is_none() {
            let source = night.patterns.claimed(&found.name);
            let declared = source.and_then(|source| inbox::declared(source, found).ok()?.span);
            let (name, reason, at) = (found.name.clone(), reason.to_owned(), Some(night.as_of));
            self.entries.push(Entry::SetAside(SetAside { name, sha256, reason, at, tried_with, declared }));
        }
    }

    /// What became of a file set aside becomes of its copies: each name stands in the list.
    fn set_copies_aside(&mut self, wanted: &Wanted, before: usize, night: &Night) {
        let mut new = self.entries.get(before..).unwrap_or_default().iter();
        let reason = new.find_map(|entry| match entry {
            Entry::SetAside(aside) => Some(aside.reason.clone()),
            _ => None,
        });
        let Some(reason) = reason else { return };
        for copy in &wanted.copies {
            self.set_aside(night, copy, wanted.sha256.clone(), &reason, Some(wanted.tried_with.clone()));
        }
    }

    fn add(&mut self, wanted: &Wanted, read: FileRead, night: &Night) {
        let Wanted { found, source, declared, .. } = wanted;
        self.files += 1;
        self.rows += read.rows;
        // It is told, and nothing hangs on it: a file that has gone since counts as empty.
        self.bytes += std::fs::metadata(&found.path).map_or(0, |metadata| metadata.len());
        self.rejected += read.rejected;
        self.rows_passed_over += read.passed_over();
        let unread = unread(&read, declared, night.as_of);
        let (speaks_for, directions) = declared.speaks_for();
        self.first_rejects.extend(read.first_rejects.into_iter().take(3).map(|reject| (found.name.clone(), reject)));
        let channels: BTreeSet<String> = read.channels.into_iter().map(|(_, channel, ..)| channel).collect();
        // What names somebody who is forgotten is not kept.
        let keeps_raw = night.state.raw(&read.sha256).exists();
        let entry = LogRead {
            name: found.name.clone(),
            source: source.name.clone(),
            format: read.format,
            sha256: read.sha256,
            rows: read.rows,
            rejected: read.rejected,
            archive_sha256: None,
            parts: read.parts,
            read_at: Some(night.as_of),
            raw_until: source.keep_raw.filter(|_| keeps_raw).map(|kept| night.as_of.plus(kept)),
            unread,
            declared: declared.span,
            first: read.first,
            last: read.last,
            channels: channels.into_iter().collect(),
            speaks_for,
            directions,
        };
        self.entries.push(Entry::File(entry));
    }

    /// New files that were set aside.
    pub fn newly_set_aside(&self) -> impl Iterator<Item = &SetAside> {
        self.entries.iter().filter_map(|entry| if let Entry::SetAside(file) = entry { Some(file) } else { None })
    }
}
