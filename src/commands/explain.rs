//! `ritardo explain`: why one message was or was not charged, in one screen.

use super::closing::{Step, open_months, stored_invoice};
use std::collections::BTreeSet;

use super::archived::Archive;
use super::evidence::{Evidence, Seen};
use super::pages::Replays;
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::{Outcome, World, say};
use crate::cli::Explain;
use crate::domain::charge::RatedWait;
use crate::domain::date::spoken;
use crate::domain::message::Counts;
use crate::domain::text::masked;
use crate::domain::{Business, Direction, Elapsed, Instant, Invoice, Kind as MessageKind, Month, Span, Verdict};
use crate::error::{Failure, Kind};
use crate::ledger::entry::LogRead;
use crate::ledger::{History, Ledger};

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
    let mut found = closed_waits(&is_wanted, &state, &ledger, &history)?;
    let files: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).collect();
    let evidence = Evidence::gather(files.iter().copied(), &setup, &archive)?;
    let evidence = evidence.with_accepted(history.accepted_through(history.last));
    for open in open_months(&setup, &history, &evidence, &archive, as_of)? {
        let why = match &open.step {
            Step::Wait(reasons) => format!("{} is not closed: {}", open.month, reasons.join("; ")),
            Step::Park(reason) => format!("{} is parked: {reason}", open.month),
            Step::Close(_) => format!("{} is closed by the next run", open.month),
        };
        let wanted = open.waits.into_iter().filter(|rated| is_wanted(&rated.wait.message_id));
        found.extend(wanted.map(|rated| Found {
            rated,
            business: open.business.clone(),
            fate: Fate::Open(why.clone()),
            tariff: Named::of(&setup),
        }));
    }
    if found.is_empty() {
        return no_wait(args, &is_wanted, &evidence, &history, &setup, as_of, world);
    }
    for (index, found) in found.iter().enumerate() {
        if index > 0 {
            say(world.out, "")?;
        }
        print(found, args, &archive, &evidence, world)?;
    }
    Ok(Outcome::Done)
}

/// A wait with the month that it belongs to.
struct Found {
    rated: RatedWait,
    business: Business,
    fate: Fate,
    tariff: Named,
}

enum Fate {
    /// In a closed month, on this invoice if it was charged.
    Closed(Option<Box<Invoice>>),
    Open(String),
}

/// The tariff as the explanation names it.
struct Named {
    name: String,
    sha256: String,
    window: crate::domain::Elapsed,
    currency: crate::domain::Currency,
}

impl Named {
    fn of(setup: &Setup) -> Self {
        let (name, sha256) = (setup.tariff.name(), setup.tariff_text.sha256.clone());
        Self { name, sha256, window: setup.tariff.reading.window, currency: setup.tariff.currency }
    }
}

fn closed_waits(
    is_wanted: &dyn Fn(&str) -> bool,
    state: &State,
    ledger: &Ledger,
    history: &History,
) -> Result<Vec<Found>, Failure> {
    let mut replays = Replays::default();
    let mut found = Vec::new();
    for closed in history.closed.values() {
        let waits = replays.waits(state, ledger, closed)?;
        let (setup, _) = replays.inputs(state, ledger, closed)?;
        let Some(business) = setup.businesses.iter().find(|business| business.id == closed.business) else { continue };
        for rated in waits.into_iter().filter(|rated| is_wanted(&rated.wait.message_id)) {
            let issued = history.invoice_of(&closed.business, closed.month).filter(|_| rated.charge.is_some());
            let invoice = issued.map(|issued| stored_invoice(ledger, issued)).transpose()?;
            let fate = Fate::Closed(invoice.map(Box::new));
            found.push(Found { rated, business: business.clone(), fate, tariff: Named::of(setup) });
        }
    }
    Ok(found)
}

fn print(
    found: &Found,
    args: &Explain,
    archive: &Archive,
    evidence: &Evidence,
    world: &mut World,
) -> Result<(), Failure> {
    let Found { rated, business, .. } = found;
    let wait = &rated.wait;
    let at = Span { from: wait.received_at, to: wait.received_at.plus(Elapsed::from_micros(1)) };
    let names = archive.find(evidence.files.iter(), &BTreeSet::from([&*wait.message_id]), at)?;
    let named = names.get(&(wait.message_id.to_string(), wait.customer.to_string()));
    let customer = named.map_or("", |(_, customer)| customer);
    let time = |instant: Instant| format!("{instant}   {}", business.zone.print(instant));
    let customer = masked(customer, rated.market.calling_code());
    let rows = [
        ("message", args.message_id.clone()),
        ("business", format!("{} ({})", wait.business, business.party.legal_name)),
        ("channel", wait.channel.to_string()),
        ("customer", format!("{customer}, market {}", rated.market)),
        ("entry", wait.entry_point.to_string()),
        ("received", time(wait.received_at)),
        ("deadline", format!("{}   {} later", time(wait.deadline), found.tariff.window)),
        ("answered", answered(rated, &time)),
        ("verdict", format!("{}: {}", wait.verdict, why(rated, found))),
        ("rate", rate(rated, found)),
        ("charged", charged(rated, found)),
    ];
    rows.iter().try_for_each(|(label, text)| say(world.out, &format!("{label:<9} {text}")))
}

fn answered(rated: &RatedWait, time: &dyn Fn(Instant) -> String) -> String {
    let wait = &rated.wait;
    match (wait.answered_at, wait.length()) {
        (Some(at), Some(length)) => format!("{}   after {} ({} ms)", time(at), spoken(length), length.millis()),
        _ => format!("no answer seen; the evidence ends at {}", wait.watermark),
    }
}

fn why(rated: &RatedWait, found: &Found) -> String {
    let (wait, window) = (&rated.wait, found.tariff.window);
    let tolerance =
        if wait.tolerance.micros() > 0 { format!(" and the tolerance of {}", wait.tolerance) } else { String::new() };
    match wait.verdict {
        Verdict::OnTime => format!("answered within the window of {window}{tolerance}"),
        Verdict::Late => format!("answered after the window of {window}{tolerance}"),
        Verdict::Unanswered => {
            format!("no answer within the window of {window}{tolerance}, and the logs are known beyond it")
        }
        Verdict::Pending => "the logs are not known beyond the deadline yet".to_owned(),
        Verdict::Held => {
            let why = wait.held_for.map(|why| why.to_string()).unwrap_or_default();
            if wait.excluded { format!("{why}; the operator accepted this, and the wait is never billed") } else { why }
        }
    }
}

fn rate(rated: &RatedWait, found: &Found) -> String {
    let Some(charge) = &rated.charge else { return "none: only late and unanswered waits are charged".to_owned() };
    let step = charge.rate.step.map(|step| format!(", step after {step}")).unwrap_or_default();
    let Named { name, sha256, currency, .. } = &found.tariff;
    format!(
        "{currency} {}: {name} line {}, market {}{step}   sha256:{sha256}",
        charge.rate.price, charge.rate.line, rated.market
    )
}

fn charged(rated: &RatedWait, found: &Found) -> String {
    match (&found.fate, &rated.charge) {
        _ if rated.wait.excluded => "no, and never: see `ritardo gap list` for the recorded reason".to_owned(),
        (Fate::Open(why), _) => format!("not yet: {why}"),
        (Fate::Closed(None), _) | (_, None) => "no".to_owned(),
        (Fate::Closed(Some(invoice)), Some(charge)) => {
            let fits = |line: &&crate::domain::invoice::Line| {
                (&line.market, line.entry_point, line.step, line.unit_price)
                    == (&rated.market, rated.wait.entry_point, charge.rate.step, charge.rate.price)
            };
            let place = invoice.lines.iter().position(|line| fits(&line));
            let line = place.and_then(|place| Some((place + 1, invoice.lines.get(place)?)));
            let line = line.map(|(number, line)| {
                format!(", line {number}: {} × {} = {}", line.quantity, line.unit_price, line.amount)
            });
            let (currency, number) = (&found.tariff.currency, &invoice.number);
            format!("{currency} {} on {number}{}", charge.amount, line.unwrap_or_default())
        }
    }
}

fn is_in_closed_month(history: &History, setup: &Setup, business: &str, at: Instant) -> bool {
    let business = setup.businesses.iter().find(|known| known.id.as_str() == business);
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
    for Seen { business, channel, direction, sent_at, kind, status } in seen {
        let known = evidence.of_channel(&channel, as_of).map(|evidence| evidence.watermark);
        let why = match direction {
            Direction::Outbound if status == "failed" => "a failed send: never charged, and no answer".to_owned(),
            Direction::Outbound => "a message of the business: never charged".to_owned(),
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
