//! `ritardo run`: the nightly run.

use super::archived::Archive;
use super::closing::{self, OpenMonth, Step};
use super::cluster::{self, Cluster};
use super::correct::{self, Bench, Late, Withheld};
use super::decide::{self, Closings};
use super::derived::{Derived, derived};
use super::digest::{self, Told};
use super::evidence::{Evidence, Stranger};
use super::guards::Watch;
use super::held::{Held, check_clock, check_tariff, new_tariff};
use super::intake::{self, Intake, Which, Writing};
use super::letters::signer;
use super::open::{Tonight, open_in_portions};
use super::outbox::{Outbox, Sent};
use super::patience::Written;
use super::portions::{Room, rows_in};
use super::settled::{self, Drawn, Task};
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::summary::Summary;
use super::timings::Timings;
use super::{Outcome, World, alarms, ending, issue, metrics, pages, parked, previews, review, say, standing};
use crate::cli::{Format, Run};
use crate::domain::{Instant, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{LogRead, SetAside, Trying};
use crate::ledger::{Additions, Entry, History, Ledger, LedgerError};
use crate::read::identity::Naming;
use crate::render::Renderer;
use crate::report::alarms::Alarm;
use crate::report::metrics::NightFacts;

/// What a night did.
pub struct Night<'s> {
    pub setup: &'s Setup,
    pub as_of: Instant,
    pub dry_run: bool,
    pub intake: Intake,
    pub open: Vec<OpenMonth<'s>>,
    pub closings: Closings,
    pub strangers: Vec<Stranger>,
    pub written: Written,
    pub mail: Sent,
    pub derived: Derived,
    /// Business, month that was or can be closed, and what of it was never seen.
    pub unseen: Vec<(String, Month, String)>,
    /// Files that earlier nights set aside and none could read since.
    pub standing: Vec<SetAside>,
    /// Business, closed month, and the new rows that fall into it.
    pub after_closing: Vec<(String, Month, u64)>,
    /// Closed months to which something came late.
    pub late: Vec<Late>,
    /// Folders of previews that were drawn.
    pub previews: Vec<std::path::PathBuf>,
    /// Of the months that were open when the night began.
    pub alarms: Vec<Alarm>,
    /// What its metrics need of ledger and logs.
    pub seen: metrics::Seen,
}

pub fn run(args: &Run, world: &mut World) -> Result<Outcome, Failure> {
    let mut measured = None;
    let ended = nightly(args, world, &mut measured);
    if !args.dry_run {
        metrics::write(args, measured.as_ref(), &ended, world);
    }
    ended
}

/// The run as people see it; `measured` is what it leaves for programs, once its work is done.
fn nightly(args: &Run, world: &mut World, measured: &mut Option<NightFacts>) -> Result<Outcome, Failure> {
    let timings = Timings::measuring(world.clock, args.timings);
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let cluster = Cluster::of(&args.engine, &setup.config, world.watched)?;
    let cluster = cluster.as_ref();
    cluster.map_or(Ok(()), |_| cluster::refuse(&setup))?;
    let mut night = if args.dry_run {
        rehearse(&setup, &state, (args, cluster), world, &timings)
    } else {
        work(&setup, &state, (args, cluster), world, &timings)
    }?;
    *measured = Some(metrics::facts(&night, &timings));
    let summary = Summary::of(&night);
    // Before anything is said: it is there though nobody can be told.
    let left = summary.leave_page(&night);
    match args.format {
        Format::Text => say(world.out, summary.text().trim_end())?,
        Format::Json => say(world.out, &summary.json()?)?,
    }
    timings.say(world.err)?;
    // What is to be heard of is said though the page could not be written.
    night.derived.unpaged = night.derived.unpaged.or(left.err());
    ending::end(night, world)
}

/// The night in its order: read, judge, close and number, draw, send, report.
fn work<'s>(
    setup: &'s Setup,
    state: &State,
    (args, cluster): (&Run, Option<&Cluster>),
    world: &mut World,
    timings: &Timings,
) -> Result<Night<'s>, Failure> {
    let room = Room { rows_at_once: rows_in(args.memory), is_on_cluster: cluster.is_some() };
    let (signer, began) = (signer(&setup.config)?, args.as_of.unwrap_or(world.now));
    let (as_of, Held { _lock, mut ledger, history }) = Held::in_turn(setup, state, args, world)?;
    timings.lap("taking the ledger", None, None);
    let (path, begun) = (state.ledger(), history.last);
    let intake = take_in(setup, state, &mut ledger, &history, as_of, world)?;
    timings.lap("reading", Some(intake.rows + intake.rejected), Some(intake.bytes));
    let history = ledger.shared().map_err(|error| ledger_failure(error, &path))?;
    let archive = Archive::open(state, &history)?;
    let task = Task { setup, state, ledger: &ledger, history: &history, archive: &archive, as_of, room };
    let mut evidence = known(&task, args.from_scratch, timings)?;
    let after_closing = after_closing(&history, setup, &archive, &intake)?;
    let bench = Bench { setup, state, history: &history, archive: &archive, run_at: as_of };
    let late = correct::correct_late(&bench, &mut ledger, Writing::Yes)?;
    timings.lap("late logs", Some(late.len() as u64), None);
    let (withheld, renderer) = (&correct::withheld(&late), &renderer()?);
    let history = ledger.shared().map_err(|error| ledger_failure(error, &path))?;
    let tonight = Tonight { setup, history: &history, archive: &archive, as_of, is_kept: true, timings: Some(timings) };
    let open = open_in_portions(&tonight, &mut evidence, cluster)?;
    let evidence = &evidence;
    let watch = Watch { setup, state, ledger: Some(&ledger), history: &history, evidence, renderer, withheld, as_of };
    let Judged { mut open, alarms, strangers, unseen, standing } = judged(&watch, open, &intake, timings)?;
    let closings = close(setup, state, &mut ledger, &mut open, withheld, (as_of, timings))?;
    let history = ledger.shared().map_err(|error| ledger_failure(error, &path))?;
    let bench = Bench { setup, state, history: &history, archive: &archive, run_at: as_of };
    let previews = previews::write(&bench, &ledger, &open, &late, renderer)?;
    timings.lap("previews", Some(previews.len() as u64), None);
    let written = issue::write_documents(state, &mut ledger, renderer, signer.as_ref(), world)?;
    timings.lap("documents", Some(written.documents), None);
    let told = Told { begun, open: &open, late: &late, failed: &closings.failed };
    // What happens to mails is told with the time since the program began, which knows of the wait for the lock.
    let outbox = Outbox { setup, state, now: began, by: Trying::Run };
    let mail = mailed(&outbox, &mut ledger, &told, (&*world, timings))?;
    let closed = &pages::closed_tonight(setup, evidence, &open)?;
    open.retain(|open| !matches!(open.step, Step::Close(_)));
    let history = ledger.shared().map_err(|error| ledger_failure(error, &path))?;
    let task = Task { setup, state, ledger: &ledger, history: &history, archive: &archive, as_of, room };
    let drawn = &if args.from_scratch { Drawn::new() } else { settled::drawn(&task)? };
    let rows_at_once = room.rows_at_once;
    let seen = pages::Seen { open: &open, evidence, as_of, alarms: &alarms, late: &late, drawn, closed, rows_at_once };
    let derived = derived(&task, &seen, timings);
    Ok(Night {
        setup,
        as_of,
        dry_run: false,
        intake,
        open,
        closings,
        strangers,
        written,
        mail,
        derived,
        unseen,
        standing,
        after_closing,
        late,
        previews,
        alarms,
        seen: metrics::Seen::of(setup, &history, evidence, as_of),
    })
}

/// Sends what is due, and tells the issuer what happened.
fn mailed(
    outbox: &Outbox,
    ledger: &mut Ledger,
    told: &Told,
    (world, timings): (&World, &Timings),
) -> Result<Sent, Failure> {
    let mail = digest::sent_and_told(outbox, ledger, told, world)?;
    timings.lap("mail", Some(mail.attempts()), None);
    Ok(mail)
}

/// Closes what can be closed; what a person has not seen as it would be now stays open.
fn close(
    setup: &Setup,
    state: &State,
    ledger: &mut Ledger,
    open: &mut [OpenMonth],
    withheld: &Withheld,
    (as_of, timings): (Instant, &Timings),
) -> Result<Closings, Failure> {
    let closings = decide::close_months(setup, state, ledger, open, withheld, (as_of, timings))?;
    closings.hold(open);
    parked::record(ledger, open, &closings, as_of)?;
    timings.lap("closing", Some(closings.months.len() as u64), None);
    Ok(closings)
}

/// What the night is judged by: the messages of all files, or what is settled of them and the rest.
fn known(task: &Task, from_scratch: bool, timings: &Timings) -> Result<Evidence, Failure> {
    let Task { setup, history, archive, .. } = *task;
    let settled = if from_scratch { None } else { settled::evidence(task)? };
    let files: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).collect();
    let gather = || gathered(&files, setup, archive, task.room);
    accepted(settled.map_or_else(gather, Ok)?, history, timings)
}

/// The messages of all files, or those that fit into memory; none where a cluster looks at them.
fn gathered(files: &[&LogRead], setup: &Setup, archive: &Archive, room: Room) -> Result<Evidence, Failure> {
    match room {
        Room { is_on_cluster: true, rows_at_once } => Ok(Evidence::left(files, setup, rows_at_once)),
        Room { rows_at_once, .. } => Evidence::gather_or_leave(files, setup, archive, rows_at_once),
    }
}

/// The same evidence with the holds that were accepted up to the end of the ledger.
fn accepted(evidence: Evidence, history: &History, timings: &Timings) -> Result<Evidence, Failure> {
    let evidence = evidence.with_accepted(history.accepted_through(history.last));
    let messages = evidence.by_business.values().map(|messages| messages.height() as u64).sum();
    timings.lap("gathering evidence", Some(messages), None);
    Ok(evidence)
}

/// What is known before anything is decided.
struct Judged<'s> {
    open: Vec<OpenMonth<'s>>,
    alarms: Vec<Alarm>,
    strangers: Vec<Stranger>,
    unseen: Vec<(String, Month, String)>,
    standing: Vec<SetAside>,
}

/// The open months after the guards, and what is missing.
fn judged<'s>(
    watch: &Watch,
    open: Vec<OpenMonth<'s>>,
    intake: &Intake,
    timings: &Timings,
) -> Result<Judged<'s>, Failure> {
    let setup = watch.setup;
    let waits = open.iter().flat_map(OpenMonth::weighed).map(|(_, times)| times).sum();
    timings.lap("judging open months", Some(waits), None);
    let open = review::guarded(watch, open)?;
    timings.lap("guards", Some(open.len() as u64), None);
    let alarms = alarms::alarms(setup, watch.evidence, &open, watch.as_of)?;
    let strangers = watch.evidence.strangers(setup)?;
    let unseen = unseen(&open, watch.evidence);
    let standing = standing::standing(setup, watch.history, &intake.entries);
    timings.lap("alarms", Some(alarms.len() as u64), None);
    Ok(Judged { open, alarms, strangers, unseen, standing })
}

/// Reads what is new in the inbox, and records it.
fn take_in(
    setup: &Setup,
    state: &State,
    ledger: &mut Ledger,
    history: &History,
    as_of: Instant,
    world: &World,
) -> Result<Intake, Failure> {
    let night = intake::Night::new(setup, state, history, as_of, Writing::Yes, Which::New);
    let intake = intake::intake(&night, world)?;
    let mut additions = Additions { entries: intake.entries.clone(), contents: Vec::new() };
    if let Some(known) = new_tariff(history, setup, as_of) {
        additions.entries.push(Entry::Tariff(known));
        additions.contents.push(setup.tariff_text.text.clone().into_bytes());
    }
    if !additions.entries.is_empty() {
        let path = ledger.path().to_owned();
        let added = ledger.append(|_| Ok::<_, LedgerError>(additions));
        added.map_err(|error| ledger_failure(error, &path))?;
    }
    Ok(intake)
}

/// The same up to the decision; nothing is written.
fn rehearse<'s>(
    setup: &'s Setup,
    state: &State,
    (args, cluster): (&Run, Option<&Cluster>),
    world: &World,
    timings: &Timings,
) -> Result<Night<'s>, Failure> {
    let as_of = args.as_of.unwrap_or(world.now);
    let mut ledger = state.ledger().exists().then(|| state.read_ledger()).transpose()?;
    let read = |ledger: &Ledger| ledger.history().map_err(|error| ledger_failure(error, ledger.path()));
    let history = ledger.as_ref().map_or_else(|| Ok(History::default()), read)?;
    check_clock(&history, as_of)?;
    check_tariff(&history, setup)?;
    timings.lap("taking the ledger", None, None);
    let night = intake::Night::new(setup, state, &history, as_of, Writing::No, Which::New);
    let intake = intake::intake(&night, world)?;
    timings.lap("reading", Some(intake.rows + intake.rejected), Some(intake.bytes));
    let new = intake.entries.iter().filter_map(|entry| if let Entry::File(file) = entry { Some(file) } else { None });
    let files: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).chain(new).collect();
    let rehearsing = intake.rehearsed.as_ref().map(|scratch| state.rehearsing(&scratch.path));
    let archive = match (&rehearsing, &intake.key) {
        (Some(state), Some(key)) => Archive { state, key: Naming::Key(key.clone()) },
        _ => Archive::open(state, &history)?,
    };
    let room = Room { rows_at_once: rows_in(args.memory), is_on_cluster: cluster.is_some() };
    let evidence = gathered(&files, setup, &archive, room)?;
    let mut evidence = accepted(evidence, &history, timings)?;
    let after_closing = after_closing(&history, setup, &archive, &intake)?;
    let state = rehearsing.as_ref().unwrap_or(state);
    let late = match &mut ledger {
        Some(ledger) => {
            let history = history.with_files(files.iter().copied().skip(history.files.len()));
            let bench = Bench { setup, state, history: &history, archive: &archive, run_at: as_of };
            correct::correct_late(&bench, ledger, Writing::No)?
        }
        None => Vec::new(),
    };
    timings.lap("late logs", Some(late.len() as u64), None);
    let (renderer, withheld) = (&renderer()?, &correct::withheld(&late));
    let tonight =
        Tonight { setup, history: &history, archive: &archive, as_of, is_kept: false, timings: Some(timings) };
    let open = open_in_portions(&tonight, &mut evidence, cluster)?;
    let evidence = &evidence;
    let watch = Watch { setup, state, ledger: ledger.as_ref(), history: &history, evidence, renderer, withheld, as_of };
    let Judged { open, alarms, strangers, unseen, standing } = judged(&watch, open, &intake, timings)?;
    let (closings, mail) = (Closings::default(), Sent::default());
    Ok(Night {
        setup,
        as_of,
        dry_run: true,
        intake,
        open,
        closings,
        strangers,
        written: Written::default(),
        mail,
        derived: Derived::default(),
        unseen,
        standing,
        after_closing,
        late,
        previews: Vec::new(),
        alarms,
        seen: metrics::Seen::default(),
    })
}

fn unseen(open: &[OpenMonth], evidence: &Evidence) -> Vec<(String, Month, String)> {
    let of = |open: &OpenMonth| {
        let said = closing::unseen(open, evidence).into_iter();
        said.map(|text| (open.business.id.to_string(), open.month, text)).collect::<Vec<_>>()
    };
    open.iter().flat_map(of).collect()
}

/// New rows that fall into months that are closed already.
fn after_closing(
    history: &History,
    setup: &Setup,
    archive: &Archive,
    intake: &Intake,
) -> Result<Vec<(String, Month, u64)>, Failure> {
    let new = intake.entries.iter().filter_map(|entry| if let Entry::File(file) = entry { Some(file) } else { None });
    if history.closed.is_empty() || new.clone().next().is_none() {
        return Ok(Vec::new());
    }
    let evidence = Evidence::gather(new, setup, archive)?;
    let mut late = Vec::new();
    for closed in history.closed.values() {
        let Some(business) = setup.business(closed.business.as_str()) else { continue };
        let from = closed.month.span(business.zone).from;
        let rows = evidence.rows_between(&business.id, from, closed.cut)?;
        late.extend((rows > 0).then(|| (business.id.to_string(), closed.month, rows)));
    }
    Ok(late)
}

pub fn renderer() -> Result<Renderer, Failure> {
    Renderer::new().map_err(|error| Failure::new(Kind::SelfCheck, "the templates cannot be used").because(error))
}
