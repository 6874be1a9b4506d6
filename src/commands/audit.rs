//! `ritardo audit`: a closed month again, from the archive and the recorded texts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::archived::Archive;
use super::closing::{charge_file, close_with, stored_invoice, with_names};
use super::issue::documents;
use super::pages::Replays;
use super::run::renderer;
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::summary::counted;
use super::{Outcome, World, say};
use crate::audit::{RecordedMonth, ReplayedMonth, differences};
use crate::cli::{Audit, Format};
use crate::close::{self, Issue};
use crate::config::parse_config;
use crate::domain::charge::RatedWait;
use crate::domain::{Invoice, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Issued, MonthClosed};
use crate::ledger::{History, Ledger};
use crate::read::sha256;
use crate::render::Renderer;

/// The result for one business; its JSON form is that of `--format json`.
#[derive(Serialize)]
struct Audited {
    month: Month,
    business: String,
    identical: bool,
    waits: u64,
    charges: u64,
    data_sha256: String,
    invoice: Option<String>,
    document_sha256: Option<String>,
    total: Option<String>,
    version: String,
    differences: Vec<String>,
    /// Documents that this version would draw otherwise; the amounts are not concerned.
    looks: Vec<String>,
}

pub fn audit(args: &Audit, world: &mut World) -> Result<Outcome, Failure> {
    let state = state_of(&args.configured.config)?;
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let closed: Vec<&MonthClosed> = history.closed.values().filter(|closed| closed.month == args.month).collect();
    if closed.is_empty() {
        let failure = Failure::new(Kind::CommandLine, format!("no business has closed {}", args.month));
        return Err(failure.at(ledger.path()).hint(closed_months(&history)));
    }
    let (renderer, mut replays) = (renderer()?, Replays::default());
    let mut audited = Vec::new();
    for closed in closed {
        audited.push(audit_one(&state, &ledger, &history, closed, &renderer, &mut replays)?);
    }
    match args.format {
        Format::Text => print(&audited, args.month, world)?,
        Format::Json => {
            let text = serde_json::to_string_pretty(&audited);
            let text =
                text.map_err(|error| Failure::new(Kind::SelfCheck, "the result cannot be written").because(error))?;
            say(world.out, &text)?;
        }
    }
    Ok(if audited.iter().all(|audited| audited.identical) { Outcome::Done } else { Outcome::Differences })
}

/// The state folder; businesses and tariff of today are of no concern to an audit.
pub fn state_of(config: &std::path::Path) -> Result<State, Failure> {
    let text = super::files::text(config)
        .map_err(|failure| failure.hint("--config names the configuration file, whose state folder is read"))?;
    let config = parse_config(config, &text).map_err(Failure::of_mistakes)?;
    Ok(State::new(&config))
}

/// Name of the line file beside the documents of an invoice.
pub fn line_file_of(issued: &Issued) -> String {
    format!("{}_{}.csv", issued.number, issued.month)
}

fn closed_months(history: &History) -> String {
    let months: Vec<String> = history.months().iter().map(Month::to_string).collect();
    if months.is_empty() {
        "no month is closed yet".to_owned()
    } else {
        format!("closed months: {}", months.join(", "))
    }
}

fn audit_one(
    state: &State,
    ledger: &Ledger,
    history: &History,
    recorded: &MonthClosed,
    renderer: &Renderer,
    replays: &mut Replays,
) -> Result<Audited, Failure> {
    let rated = replays.waits(state, ledger, recorded)?;
    let (setup, evidence) = replays.inputs(state, ledger, recorded)?;
    let issued = history.invoice_of(&recorded.business, recorded.month);
    let mut result = Audited {
        month: recorded.month,
        business: recorded.business.to_string(),
        identical: false,
        waits: recorded.counts.waits,
        charges: recorded.charges,
        data_sha256: recorded.data_sha256.clone(),
        invoice: issued.map(|issued| issued.number.to_string()),
        document_sha256: issued.map(|issued| issued.document_sha256.clone()),
        total: issued.map(|issued| issued.total.to_string()),
        version: recorded.version.clone(),
        differences: Vec::new(),
        looks: Vec::new(),
    };
    let archive = Archive::open(state, history)?;
    let rated = with_names(&archive, evidence, &rated, &setup.tariff, recorded.month)?;
    let now_sha256 = issued.map(|issued| history.sha256_now(&issued.data_sha256));
    match replay(setup, recorded, issued, &rated, now_sha256) {
        Err(why) => result.differences.push(why),
        Ok((closed, invoice)) => {
            let file = |issued: &Issued| charge_file(state, history, issued);
            let line_file = issued.map(file).transpose()?;
            let stored = issued.map(|issued| stored_invoice(ledger, issued)).transpose()?;
            let document = stored.as_ref().map(Invoice::canonical);
            let month = RecordedMonth {
                counts: recorded.counts,
                exact: recorded.exact,
                data_sha256: &recorded.data_sha256,
                line_file: line_file.as_deref(),
                line_file_sha256: now_sha256.unwrap_or(&recorded.data_sha256),
                document: document.as_deref(),
            };
            let replayed = ReplayedMonth { closed: &closed, invoice: invoice.as_ref() };
            result.differences = differences(&month, &replayed).iter().map(ToString::to_string).collect();
            if let (Some(issued), Some(invoice)) = (issued, stored) {
                result.looks = looks(history, issued, &invoice, renderer, closed.line_file)?;
            }
        }
    }
    result.identical = result.differences.is_empty();
    Ok(result)
}

/// The month closed again, and its invoice with the recorded number, date and place in the chain.
fn replay(
    setup: &Setup,
    recorded: &MonthClosed,
    issued: Option<&Issued>,
    rated: &[RatedWait],
    now_sha256: Option<&str>,
) -> Result<(close::ClosedMonth, Option<Invoice>), String> {
    let business = setup.businesses.iter().find(|business| business.id == recorded.business);
    let business = business.ok_or("the recorded book has no such business")?;
    let closed = close_with(&setup.tariff, business, recorded.month, recorded.cut, rated);
    let mut closed = closed.map_err(|error| format!("the month cannot be closed again: {error}"))?;
    // Of a month in which somebody was forgotten, the line file without them is what can be made again. The
    // ledger binds its digest to that of the month.
    if now_sha256 == Some(closed.data_sha256.as_str()) {
        closed.data_sha256.clone_from(&recorded.data_sha256);
    }
    let invoice = issued.map(|issued| {
        let issue = Issue {
            number: issued.number.clone(),
            date: issued.issue_date,
            previous: issued.previous.clone(),
            earlier: issued.earlier.clone(),
        };
        close::invoice(setup.config.issuer_of(business), business, &closed, &setup.tariff_name(), issue)
    });
    let invoice = invoice.map(|invoice| invoice.ok_or("a sum is too large to be exact")).transpose()?;
    Ok((closed, invoice))
}

fn looks(
    history: &History,
    issued: &Issued,
    invoice: &Invoice,
    renderer: &Renderer,
    line_file: Vec<u8>,
) -> Result<Vec<String>, Failure> {
    let Some(recorded) = history.documents.get(&issued.number) else { return Ok(Vec::new()) };
    let recorded: BTreeMap<&str, &str> =
        recorded.files.iter().map(|file| (file.name.as_str(), history.sha256_now(&file.sha256))).collect();
    let drawn =
        documents(renderer, invoice, &issued.document_sha256, vec![(crate::render::line_file(invoice), line_file)])?;
    let differing =
        drawn.into_iter().filter(|(name, bytes)| recorded.get(name.as_str()) != Some(&sha256(bytes).as_str()));
    Ok(differing.map(|(name, _)| name).collect())
}

fn print(audited: &[Audited], month: Month, world: &mut World) -> Result<(), Failure> {
    let width = audited.iter().map(|audited| audited.business.len()).max().unwrap_or_default();
    for audited in audited {
        let verdict = if audited.identical { "identical" } else { "DIFFERS" };
        let (waits, charges) = (counted(audited.waits, "wait"), counted(audited.charges, "charge"));
        let billed = match (&audited.invoice, &audited.total) {
            (Some(number), Some(total)) => format!("{number}  {total}"),
            _ => "no invoice".to_owned(),
        };
        say(world.out, &format!("{verdict:<9} {month}  {:<width$}  {waits}, {charges}  {billed}", audited.business))?;
        say(world.out, &format!("          data     sha256:{}", audited.data_sha256))?;
        if let Some(document) = &audited.document_sha256 {
            say(world.out, &format!("          document sha256:{document}"))?;
        }
        for difference in &audited.differences {
            say(world.out, &format!("          {difference}"))?;
        }
        for name in &audited.looks {
            let made = &audited.version;
            say(
                world.out,
                &format!("          {name} would look otherwise today (made by {made}); its amounts are the same"),
            )?;
        }
    }
    let identical = audited.iter().filter(|audited| audited.identical).count() as u64;
    let (waits, charges) = audited.iter().fold((0, 0), |sum, one| (sum.0 + one.waits, sum.1 + one.charges));
    let months = counted(audited.len() as u64, "business month");
    say(
        world.out,
        &format!("{identical} of {months} identical: {}, {}", counted(waits, "wait"), counted(charges, "charge")),
    )
}
