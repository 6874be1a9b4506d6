//! `ritardo forget`: destroys what identifies one customer. Amounts, digests and chain go on to verify.
//!
//! Raw files that name the customer anywhere, or may, are destroyed whole.
//!
//! The ledger says first what is to happen, then it happens, then the ledger says that it is done: a run that
//! finds a forgetting half done finishes it.

mod known;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use self::known::Known;
use super::archived::{Archive, Kept, forgotten_id};
use super::closing::stored_invoice;
use super::files::{self, Access};
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::summary::counted;
use super::{Outcome, World, line_forms, say};
use crate::cli::Forget;
use crate::close::{changes_without_names, without_names};
use crate::domain::settings::Transport;
use crate::domain::{BusinessId, Instant, InvoiceNumber, LineForm, MailRules, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, Erased, Forgotten, Issued, Mail, Purged, Redacted};
use crate::ledger::{Additions, History, Ledger, LedgerError};
use crate::read::{archive, sha256};

pub fn forget(args: &Forget, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let _lock = state.lock()?;
    state.read_ledger()?;
    let path = state.ledger();
    let mut ledger = Ledger::open(&path).map_err(|error| ledger_failure(error, &path))?;
    finish(&setup, &state, &mut ledger)?;
    let history = ledger.history().map_err(|error| ledger_failure(error, &path))?;
    let archive = Archive::open(&state, &history)?;
    let at = args.as_of.unwrap_or(world.now);
    let (person, known) = known(&archive, &history, &args.customer, at)?;
    let raw = known.raw_of(&state).len() as u64;
    if known.messages == 0 && raw == 0 {
        let failure = Failure::new(Kind::CommandLine, "no archived message is of this customer");
        return Err(failure.hint("write the customer as the logs do, such as +39 and the number without spaces"));
    }
    if known.names.is_empty() && raw == 0 {
        say(world.out, "nothing   to do: nothing plain is kept of this customer")?;
        return Ok(Outcome::Done);
    }
    let forgotten = decided(&state, (&ledger, &history), &known, &setup.config.mail, (person, at))?;
    let line_files = counted(forgotten.line_files.len() as u64, "line file");
    let mails = counted(forgotten.mails.len() as u64, "mail");
    add(&mut ledger, vec![Entry::Forgotten(forgotten)])?;
    finish(&setup, &state, &mut ledger)?;
    if !known.names.is_empty() {
        let messages = counted(known.names.len() as u64, "message");
        say(world.out, &format!("forgotten {messages}: their ids and the customer's number are destroyed"))?;
        let unchanged = "amounts and counts are as they were";
        say(world.out, &format!("redacted  {line_files}; {mails} with it destroyed; {unchanged}"))?;
    }
    if raw > 0 {
        let files = counted(raw, "raw file");
        say(world.out, &format!("destroyed {files} that named the customer, or might; what was read from them stays"))?;
    }
    say(world.out, "keep      in mind: backups of the state folder and mails that were sent are not in reach")?;
    Ok(Outcome::Done)
}

/// Carries out what the ledger says is to be forgotten and was not yet.
pub fn finish(setup: &Setup, state: &State, ledger: &mut Ledger) -> Result<(), Failure> {
    let path = ledger.path().to_owned();
    let history = ledger.history().map_err(|error| ledger_failure(error, &path))?;
    for forgotten in history.forgotten.iter().skip(history.erased) {
        let archive = Archive::open(state, &history)?;
        let known = Known::of(&archive, &history, &forgotten.person, forgotten.at)?;
        redact(state, (&*ledger, &history), forgotten, &known)?;
        destroy_mails(setup, state, &history, forgotten)?;
        let raw = known.raw_of(state);
        raw.iter().try_for_each(|sha256| removed(&state.raw(sha256)))?;
        // The names go last: what is redacted is found by them.
        blank(&archive, &history, forgotten)?;
        let (person, at) = (forgotten.person.clone(), forgotten.at);
        let purged = (!raw.is_empty()).then_some(Entry::Purged(Purged { at, raw }));
        add(ledger, purged.into_iter().chain([Entry::Erased(Erased { person, at })]).collect())?;
    }
    Ok(())
}

fn add(ledger: &mut Ledger, entries: Vec<Entry>) -> Result<(), Failure> {
    let path = ledger.path().to_owned();
    let added = ledger.append(|_| Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() }));
    added.map_err(|error| ledger_failure(error, &path))
}

/// What is known of a customer, by the keyed name. A number may be written without its `+`.
fn known(archive: &Archive, history: &History, customer: &str, at: Instant) -> Result<(String, Known), Failure> {
    let person = archive.key.party(customer);
    let known = Known::of(archive, history, &person, at)?;
    if known.messages == 0 && customer.starts_with(|first: char| first.is_ascii_digit()) {
        let person = archive.key.party(&format!("+{customer}"));
        let number = Known::of(archive, history, &person, at)?;
        if number.messages > 0 || !number.raw.is_empty() {
            return Ok((person, number));
        }
    }
    Ok((person, known))
}

/// The ledger, and what it holds.
type Books<'b> = (&'b Ledger, &'b History);

/// Which files of charges and mails name the customer. A mail that still waits goes first: its business is to know
/// what it is billed for.
fn decided(
    state: &State,
    (ledger, history): Books,
    known: &Known,
    rules: &MailRules,
    (person, at): (String, Instant),
) -> Result<Forgotten, Failure> {
    let mut forgotten = Forgotten { person, at, line_files: Vec::new(), mails: Vec::new() };
    for file in charge_files(state, history) {
        let Some(redacted) = redacted_file(&file.path, known)? else { continue };
        if let Some(number) = &file.number {
            let mails: Vec<_> = history.mails_of(number).filter(|mail| !history.is_destroyed(mail)).collect();
            let waits = |mail: &&Mail| history.mail_standing(&mail.message_id, rules, at).waits();
            if mails.iter().any(waits) {
                return Err(unsent(number));
            }
            forgotten.mails.extend(mails.iter().map(|mail| mail.message_id.clone()));
        }
        for (was_sha256, sha256) in [redacted].into_iter().chain(redrawn_digests((ledger, history), &file, known)?) {
            if forgotten.line_files.iter().all(|known| known.was_sha256 != was_sha256) {
                let ChargeFile { number, business, month, correction, .. } = file.clone();
                forgotten.line_files.push(Redacted { number, business, month, correction, was_sha256, sha256 });
            }
        }
    }
    let concerns = |issued: &Issued| {
        let of_month = |file: &Redacted| (&file.business, file.month) == (&issued.business, issued.month);
        forgotten.line_files.iter().any(of_month)
    };
    match history.issued.iter().find(|issued| !history.documents.contains_key(&issued.number) && concerns(issued)) {
        Some(issued) => Err(unsent(&issued.number)),
        None => Ok(forgotten),
    }
}

fn unsent(number: &InvoiceNumber) -> Failure {
    let failure = Failure::new(Kind::TryLater, format!("{number} has not been sent to its business yet"));
    failure.hint("nothing was changed; `ritardo run` sends it, then forget the customer")
}

/// A file that may name a customer.
#[derive(Clone)]
struct ChargeFile {
    path: PathBuf,
    /// Of a file beside documents.
    number: Option<InvoiceNumber>,
    business: BusinessId,
    month: Month,
    correction: Option<u32>,
}

/// Every file of charges, or of changes of charges, that a closing, a correction or a document made.
fn charge_files(state: &State, history: &History) -> Vec<ChargeFile> {
    let mut files = Vec::new();
    for issued in &history.issued {
        let documents = history.documents.get(&issued.number).into_iter().flat_map(|documents| &documents.files);
        for file in documents.filter(|file| file.name.ends_with(".csv")) {
            let path = state.documents(&issued.number).join(&file.name);
            let (business, month) = (issued.business.clone(), issued.month);
            files.push(ChargeFile { path, number: Some(issued.number.clone()), business, month, correction: None });
        }
    }
    for closed in history.closed.values() {
        let (business, month) = (&closed.business, closed.month);
        let corrections = history.corrections(business, month).map(|corrected| corrected.correction);
        for correction in std::iter::once(0).chain(corrections) {
            let path = state.corrected_charges(business, month, correction);
            let correction = (correction > 0).then_some(correction);
            files.push(ChargeFile { path, number: None, business: business.clone(), month, correction });
        }
    }
    files
}

/// Digests of a file as it is, and without the customer; `None` where it does not name them, or is not there.
fn redacted_file(path: &Path, known: &Known) -> Result<Option<(String, String)>, Failure> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(|error| Failure::io("read the charge file", path, error))?,
    };
    Ok(redacted(&bytes, known)?.map(|redacted| (sha256(&bytes), sha256(&redacted))))
}

/// The other forms of a file beside documents, as the ledger names them: path, form, and recorded digest of each.
fn other_forms(history: &History, file: &ChargeFile) -> Vec<(PathBuf, LineForm, String)> {
    let documents = file.number.as_ref().and_then(|number| history.documents.get(number));
    let names = documents.into_iter().flat_map(|documents| &documents.files);
    let others = names.filter_map(|other| {
        let path = file.path.with_file_name(&other.name);
        let form = LineForm::of_file(&other.name).filter(|form| *form != LineForm::Csv)?;
        let is_of_it = path.file_stem() == file.path.file_stem();
        is_of_it.then(|| (path, form, history.sha256_now(&other.sha256).to_owned()))
    });
    others.collect()
}

/// Digests of the other forms of a file that names the customer, as they are, and drawn from the file without them.
fn redrawn_digests(books: Books, file: &ChargeFile, known: &Known) -> Result<Vec<(String, String)>, Failure> {
    let mut digests = Vec::new();
    for (_, form, was_sha256) in other_forms(books.1, file) {
        digests.push((was_sha256, sha256(&redrawn(books, file, form, known)?)));
    }
    Ok(digests)
}

/// A file in another form, without the customer; the file itself may be redacted already.
fn redrawn((ledger, history): Books, file: &ChargeFile, form: LineForm, known: &Known) -> Result<Vec<u8>, Failure> {
    let csv = fs::read(&file.path).map_err(|error| Failure::io("read the charge file", &file.path, error))?;
    let csv = redacted(&csv, known)?.unwrap_or(csv);
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let issued = file.number.as_ref().and_then(|number| history.document(number));
    let issued = issued.ok_or_else(|| Failure::new(Kind::SelfCheck, format!("{name} goes with no document")))?;
    line_forms::drawn(form, &name, &csv, &stored_invoice(ledger, issued)?)
}

fn redacted(line_file: &[u8], known: &Known) -> Result<Option<Vec<u8>>, Failure> {
    let named = |channel: &str, id: &str| {
        known.names.get(&(channel.to_owned(), id.to_owned())).map(|keyed| forgotten_id(keyed))
    };
    // A file of changes has other columns.
    without_names(line_file, &named).or_else(|_| changes_without_names(line_file, &named)).map_err(|why| {
        Failure::new(Kind::Differences, format!("a line file cannot be read back: {why}")).hint("see `ritardo verify`")
    })
}

fn redact(state: &State, books: Books, forgotten: &Forgotten, known: &Known) -> Result<(), Failure> {
    let (_, history) = books;
    let was: BTreeSet<&str> = forgotten.line_files.iter().map(|file| file.was_sha256.as_str()).collect();
    for file in charge_files(state, history) {
        // The other forms first: they are drawn from a file whether or not it was redacted before the run was killed.
        for (path, form, _) in other_forms(history, &file) {
            if fs::read(&path).is_ok_and(|bytes| was.contains(sha256(&bytes).as_str())) {
                files::write(&path, &redrawn(books, &file, form, known)?, Access::Private)?;
            }
        }
        let Ok(bytes) = fs::read(&file.path) else { continue };
        if !was.contains(sha256(&bytes).as_str()) {
            continue;
        }
        if let Some(redacted) = redacted(&bytes, known)? {
            files::write(&file.path, &redacted, Access::Private)?;
        }
    }
    Ok(())
}

/// The mails themselves, and their copies in the folder of a `file` transport.
fn destroy_mails(setup: &Setup, state: &State, history: &History, forgotten: &Forgotten) -> Result<(), Failure> {
    let mails = history.mails.iter().filter(|mail| forgotten.mails.contains(&mail.message_id));
    for mail in mails {
        removed(&state.documents(&mail.number).join(&mail.name))?;
        if let Transport::File { outbox } = &setup.config.transport {
            let copy = outbox.join(&mail.name);
            if fs::read(&copy).is_ok_and(|bytes| sha256(&bytes) == mail.sha256) {
                removed(&copy)?;
            }
        }
    }
    Ok(())
}

fn removed(path: &std::path::Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io("remove", path, error)),
        _ => Ok(()),
    }
}

fn blank(archive: &Archive, history: &History, forgotten: &Forgotten) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    let kept = history.files.iter().flat_map(|(_, file)| &file.parts);
    for part in kept.filter(|part| part.first < forgotten.at && seen.insert(&part.sha256)) {
        let path = archive.state.names(part);
        let Ok(names) = fs::read(&path) else { continue };
        let messages = archive.messages(Kept::Part(part))?;
        let without = archive::names_without(&names, &messages, &forgotten.person, forgotten.at);
        let failed = |error| Failure::new(Kind::SelfCheck, "the names cannot be written").at(&path).because(error);
        if let Some(bytes) = without.map_err(failed)? {
            files::write(&path, &bytes, Access::Private)?;
        }
    }
    Ok(())
}
