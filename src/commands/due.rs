//! `ritardo due`: messages that are not answered yet, when each becomes late, and what it will cost; what the open
//! months have come to, and a forecast. Nothing is written; mails are sent only when asked for.

mod letter;
mod outlook;

use std::collections::BTreeSet;

use serde::Serialize;

use super::cases::{Case, Desk, Gathered};
use super::table::Table;
use super::{Outcome, World, say};
use crate::cli::{Due, TableForm};
use crate::domain::reading::ChargeFor;
use crate::domain::text::masked;
use crate::domain::{BusinessId, Currency, Instant, Span};
use crate::error::{Failure, Kind};
use crate::ledger::entry::LogRead;
use outlook::{Open, Outlook, outlook};

/// What `--format json` writes.
#[derive(Serialize)]
struct Told {
    format: &'static str,
    as_of: Instant,
    tariff: String,
    currency: Currency,
    businesses: Vec<OfBusiness>,
}

/// A business with the messages that await an answer.
#[derive(Serialize)]
struct OfBusiness {
    business: BusinessId,
    /// Up to where the logs of each channel are known; `null`: nothing is.
    known_through: Vec<(String, Option<Instant>)>,
    /// Soonest first.
    due: Vec<Open>,
    months: Vec<Outlook>,
}

pub fn due(args: &Due, world: &mut World) -> Result<Outcome, Failure> {
    let as_of = args.as_of.unwrap_or(world.now);
    let desk = Desk::open(&args.configured.config, as_of)?;
    let tariff = &desk.setup.tariff;
    if tariff.reading.charge_for == ChargeFor::LateOutbound {
        let message = format!("the tariff {} charges for messages of the business: none is due", tariff.name());
        return Err(Failure::new(Kind::CommandLine, message).hint("`ritardo readings` shows other readings"));
    }
    let archive = desk.archive()?;
    let mut gathered = Gathered::new(&desk, &archive);
    let evidence = gathered.of(&desk.setup)?;
    let files: Vec<&LogRead> = desk.history.files.iter().map(|(_, file)| file).collect();
    let mut businesses = Vec::new();
    for mut cases in by_business(&desk, args.business.as_ref())? {
        let (mut of, business) = (OfBusiness::new(&cases), cases[0].business.clone());
        of.known_through.iter_mut().for_each(|(channel, known)| {
            *known = evidence.of_channel(channel, as_of).map(|evidence| evidence.watermark);
        });
        for case in cases.drain(..) {
            let (open, month) = outlook(&case, evidence)?;
            of.due.extend(open);
            of.months.extend(month);
        }
        let soon = |open: &Open| args.within.is_none_or(|within| open.late_after <= as_of.plus(within));
        of.due.retain(soon);
        of.due.sort_by(|a, b| a.order().cmp(&b.order()));
        let ids: BTreeSet<&str> = of.due.iter().map(|open| open.keyed.as_str()).collect();
        let from = of.due.iter().map(|open| open.received_at).min().unwrap_or(as_of);
        let names = archive.find(files.iter().copied(), &ids, Span { from, to: as_of })?;
        for open in &mut of.due {
            let named = names.get(&(open.channel.clone(), open.keyed.clone(), open.customer.clone()));
            open.customer = masked(named.map_or("", |(_, customer)| customer), open.market.calling_code());
            if let Some((id, _)) = named {
                open.message_id.clone_from(id);
            }
        }
        if args.mail {
            letter::send(&desk, &business, &of.due, world)?;
        }
        businesses.push(of);
    }
    let (tariff, currency) = (tariff.name(), tariff.currency);
    Told { format: "ritardo-due/1", as_of, tariff, currency, businesses }.print(args.format, world)?;
    Ok(Outcome::Done)
}

/// The months of each business that are not closed, in the order of ids and months.
fn by_business(desk: &Desk, business: Option<&BusinessId>) -> Result<Vec<Vec<Case>>, Failure> {
    let known = |id: &BusinessId| desk.setup.businesses.iter().any(|business| business.id == *id);
    if let Some(id) = business.filter(|id| !known(id)) {
        let failure = Failure::new(Kind::CommandLine, format!("the book has no business `{id}`"));
        return Err(failure.hint("ids are those of businesses.toml"));
    }
    let wanted = desk.setup.businesses.iter().filter(|known| business.is_none_or(|id| *id == known.id));
    let cases = wanted.map(|business| {
        let months = std::iter::successors(Some(business.first_month), |month| Some(month.next()));
        let months = months.take_while(|month| month.span(business.zone).from <= desk.as_of);
        let open = months.filter(|month| !desk.history.closed.contains_key(&(business.id.clone(), *month)));
        open.map(|month| Case {
            business: business.clone(),
            month,
            setup: std::rc::Rc::clone(&desk.setup),
            billed: None,
            as_of: desk.as_of,
        })
        .collect()
    });
    Ok(cases.filter(|cases: &Vec<Case>| !cases.is_empty()).collect())
}

impl OfBusiness {
    fn new(cases: &[Case]) -> Self {
        let business = &cases[0].business;
        let span = Span { from: cases[0].month.span(business.zone).from, to: cases[0].as_of };
        let channels: BTreeSet<String> = business.channels_in(span).map(|owned| owned.channel.to_string()).collect();
        Self {
            business: business.id.clone(),
            known_through: channels.into_iter().map(|channel| (channel, None)).collect(),
            due: Vec::new(),
            months: Vec::new(),
        }
    }
}

impl Told {
    fn print(&self, form: TableForm, world: &mut World) -> Result<(), Failure> {
        match form {
            TableForm::Json => {
                let text = serde_json::to_string_pretty(self);
                let broken = |error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error);
                say(world.out, &text.map_err(broken)?)
            }
            TableForm::Csv => {
                let head = ["late after", "business", "channel", "message id", "customer", "market", "entry point"];
                let rest = ["received at", "known through", "state", ">cost", "next at", ">next cost"];
                let mut table = Table::new(&[&head[..], &rest[..]].concat());
                for of in &self.businesses {
                    of.due.iter().for_each(|open| table.add(open.row(of.business.as_str())));
                }
                let text = table.csv()?;
                say(world.out, text.trim_end_matches("\r\n"))
            }
            TableForm::Text => self.businesses.iter().try_for_each(|of| of.print(self, world)),
        }
    }
}

impl OfBusiness {
    fn print(&self, told: &Told, world: &mut World) -> Result<(), Failure> {
        let due = super::summary::counted(self.due.len() as u64, "message");
        let seen = "no answer was seen to";
        say(world.out, &format!("{}: {seen} {due}, as of {}; {}", self.business, told.as_of, told.tariff))?;
        for (channel, known) in &self.known_through {
            let known = known.map_or("nothing".to_owned(), |known| format!("up to {known}"));
            say(world.out, &format!("  logs of channel {channel} are known: {known}"))?;
        }
        let mut table = Table::new(&["late after", "channel", "message", "customer", "state", ">cost", "then"]);
        for open in &self.due {
            let (at, message, customer) = (open.late_after.to_string(), open.message_id.clone(), open.customer.clone());
            let (channel, state) = (open.channel.clone(), open.state.to_string());
            table.add(vec![at, channel, message, customer, state, open.cost.to_string(), open.then()]);
        }
        if !table.is_empty() {
            table.lines().iter().try_for_each(|line| say(world.out, &format!("  {line}")))?;
        }
        self.months.iter().try_for_each(|month| say(world.out, &format!("  {}", month.sentence(told.currency))))
    }
}
