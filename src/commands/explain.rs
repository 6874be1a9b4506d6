//! `ritardo explain`: why one message was or was not charged, in one screen.

mod told;

use super::archived::Archive;
use super::closing::{Step, counted, stored_invoice, texts};
use super::correct;
use super::evidence::{Evidence, Seen};
use super::open::{Tonight, open_months};
use super::pages::Replays;
use super::setup::{Setup, Written};
use super::state::{State, ledger_failure};
use super::{Outcome, World, say};
use crate::cli::Explain;
use crate::domain::charge::RatedWait;
use crate::domain::message::Counts;
use crate::domain::reading::ChargeFor;
use crate::domain::{Business, Direction, Instant, Invoice, Kind as MessageKind, Month, Wait};
use crate::error::{Failure, Kind};
use crate::ledger::entry::LogRead;
use crate::ledger::{History, Ledger};
use crate::rate::Tariff;

pub fn explain(args: &Explain, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let as_of = args.as_of.unwrap_or(world.now);
    let archive = Archive::open(&state, &history)?;
    // A report that names no person shows the keyed id: that finds the message too.
    let keyed = archive.key.message(&args.message_id);
    let is_wanted = |id: &str| id == keyed || id == args.message_id;
    let is_of_wait = |wait: &Wait| is_wanted(&wait.message_id) || wait.run.iter().any(|id| is_wanted(id));
    let mut found = closed_waits(&is_of_wait, &state, &ledger, &history)?;
    let files: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).collect();
    let evidence = Evidence::gather(files.iter().copied(), &setup, &archive)?;
    let evidence = evidence.with_accepted(history.accepted_through(history.last));
    let tonight = Tonight { setup: &setup, history: &history, archive: &archive, as_of, is_kept: false, timings: None };
    for open in open_months(&tonight, &evidence)? {
        let why = match &open.step {
            Step::Wait(reasons) => format!("{} is not closed: {}", open.month, texts(reasons).join("; ")),
            Step::Park(reason) => format!("{} is parked: {reason}", open.month),
            Step::Approve(_) => format!("{} waits for `ritardo approve`", open.month),
            Step::Close(_) => format!("{} is closed by the next run", open.month),
        };
        if !open.waits.iter().any(|rated| is_of_wait(&rated.wait)) {
            continue;
        }
        let waits = counted(&archive, &evidence, open.waits, &setup.tariff, open.month)?;
        found.extend(waits.into_iter().filter(|rated| is_of_wait(&rated.wait)).map(|rated| Found {
            rated,
            business: open.business.clone(),
            month: open.month,
            fate: Fate::Open(why.clone()),
            tariff: Named::of(&setup),
            corrected: Vec::new(),
        }));
    }
    if found.is_empty() {
        return no_wait(args, &is_wanted, &evidence, &history, &setup, as_of, world);
    }
    for (index, found) in found.iter().enumerate() {
        if index > 0 {
            say(world.out, "")?;
        }
        let rows = told::rows(found, &args.message_id, &archive, &evidence)?;
        rows.iter().try_for_each(|(label, text)| say(world.out, &format!("{label:<9} {text}")))?;
    }
    Ok(Outcome::Done)
}

/// A wait with the month that it belongs to.
struct Found {
    rated: RatedWait,
    business: Business,
    month: Month,
    fate: Fate,
    tariff: Named,
    /// What became of the charges of its closed month.
    corrected: Vec<correct::Step>,
}

enum Fate {
    /// In a closed month, on this invoice if it was charged.
    Closed(Option<Box<Invoice>>),
    /// Charged in a closed month that no invoice bills yet.
    Carried,
    Open(String),
}

/// The tariff as the explanation names it.
struct Named {
    tariff: Tariff,
    sha256: String,
    /// The table of rates that its lines are counted in, where it has one.
    table: Option<String>,
}

impl Named {
    fn of(setup: &Setup) -> Self {
        let Written { text, sha256, .. } = &setup.tariff_text;
        Self { tariff: setup.tariff.clone(), sha256: sha256.clone(), table: Tariff::table_name(text) }
    }
}

fn closed_waits(
    is_of_wait: &dyn Fn(&Wait) -> bool,
    state: &State,
    ledger: &Ledger,
    history: &History,
) -> Result<Vec<Found>, Failure> {
    let mut replays = Replays::default();
    let mut found = Vec::new();
    for closed in history.closed.values() {
        let waits = replays.waits(state, ledger, closed)?;
        let (setup, _) = replays.inputs(state, ledger, closed)?;
        let Some(business) = setup.business(closed.business.as_str()) else { continue };
        for rated in waits.into_iter().filter(|rated| is_of_wait(&rated.wait)) {
            let mut of_month = history.issued_to(&closed.business).filter(|issued| issued.kind.is_invoice());
            let issued = of_month.find(|issued| issued.part_of(closed.month).is_some());
            let issued = issued.filter(|_| rated.charge.is_some());
            let invoice = issued.map(|issued| stored_invoice(ledger, issued)).transpose()?;
            let is_carried = invoice.is_none() && closed.carried.is_some() && rated.charge.is_some();
            let fate = if is_carried { Fate::Carried } else { Fate::Closed(invoice.map(Box::new)) };
            let (business, tariff) = (business.clone(), Named::of(setup));
            let corrected = correct::steps(state, history, closed)?;
            found.push(Found { rated, business, month: closed.month, fate, tariff, corrected });
        }
    }
    Ok(found)
}

fn is_in_closed_month(history: &History, setup: &Setup, business: &str, at: Instant) -> bool {
    let business = setup.business(business);
    let month = business.map(|business| (business.id.clone(), Month::of(at, business.zone)));
    month.is_some_and(|month| history.closed.contains_key(&month))
}

/// A message that is not a wait: say what it is, or that it is not known.
fn no_wait(
    args: &Explain,
    is_wanted: &dyn Fn(&str) -> bool,
    evidence: &Evidence,
    history: &History,
    setup: &Setup,
    as_of: Instant,
    world: &mut World,
) -> Result<Outcome, Failure> {
    let seen = evidence.seen(is_wanted)?;
    if seen.is_empty() {
        let failure = Failure::new(
            Kind::CommandLine,
            format!("no archived message has the id `{}`", args.message_id.escape_debug()),
        );
        return Err(failure.hint("ids are compared as bytes; a row that could not be read is among the rejects"));
    }
    say(world.out, &format!("{:<9} {}", "message", args.message_id))?;
    let is_late_outbound = setup.tariff.reading.charge_for == ChargeFor::LateOutbound;
    for Seen { business, channel, direction, sent_at, kind, status } in seen {
        let known = evidence.of_channel(&channel, as_of).map(|evidence| evidence.watermark);
        let why = match direction {
            Direction::Outbound if status == "failed" => "a failed send: never charged, and no answer".to_owned(),
            Direction::Outbound if is_late_outbound => {
                "a message with none of the customer before it, or of a kind that is no answer: never charged".to_owned()
            }
            Direction::Outbound => "a message of the business: never charged".to_owned(),
            Direction::Inbound if is_late_outbound => {
                "a message of the customer: under charge_for = late_outbound those of the business are charged"
                    .to_owned()
            }
            Direction::Inbound if MessageKind::named(&kind).counts() == Counts::No && !kind.is_empty() => {
                format!("a message of kind {kind} asks for no answer: never charged")
            }
            Direction::Inbound if is_in_closed_month(history, setup, &business, sent_at) => {
                "its logs arrived after its month was closed, which does not change any more".to_owned()
            }
            Direction::Inbound if known.is_none_or(|known| sent_at >= known) => {
                "not judged yet: the logs of its channel are not known so far".to_owned()
            }
            Direction::Inbound => "not billed: no business of the book owned its channel then, or its month is before the first billed one".to_owned(),
        };
        say(world.out, &format!("{:<9} {business}, channel {channel}, {direction}, {sent_at}", "seen"))?;
        say(world.out, &format!("{:<9} {why}", "charged"))?;
    }
    Ok(Outcome::Done)
}
