//! The charges of the quick way by name, in their order: of each the id of its message is read, and nothing else.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::charges::{Charged, Tables};
use super::quick::{Task, places_of};
use super::shares::{self, Share};
use crate::commands::columns::{Stop, in_parallel, workers};
use crate::domain::charge::{Market, RatedWait};
use crate::domain::{Decimal, Elapsed, Instant};
use crate::engine::kernel;
use crate::read::project::Unusual;
use crate::render::waits::{Cell, Rows};

/// Charges with all that is told of them.
pub(super) struct Table {
    /// In the order of [`crate::domain::Wait::order`].
    charges: Vec<Charged>,
    names: Names,
    markets: Vec<Market>,
    prices: Vec<(Decimal, Decimal)>,
    tariff: String,
    currency: crate::domain::Currency,
    window: Elapsed,
}

/// The texts that charges point to.
struct Names {
    /// Ids of messages, by worker.
    ids: Vec<String>,
    /// Business and channel of each place.
    channels: Vec<(String, String)>,
    /// Of the business of each place: its rank in the order of names.
    ranks: Vec<usize>,
}

impl Names {
    fn new(channels: Vec<(String, String)>, workers: usize) -> Self {
        let names: BTreeSet<&str> = channels.iter().map(|(business, _)| business.as_str()).collect();
        let ranks: BTreeMap<&str, usize> = names.into_iter().zip(0..).collect();
        let rank = |(business, _): &(String, String)| ranks.get(business.as_str()).copied().unwrap_or_default();
        let ranks = channels.iter().map(rank).collect();
        Self { ids: vec![String::new(); workers], channels, ranks }
    }

    fn id(&self, charged: &Charged) -> &str {
        let begin = usize::try_from(charged.at).unwrap_or(usize::MAX);
        let of_worker = self.ids.get(usize::from(charged.worker)).map_or("", String::as_str);
        of_worker.get(begin..begin.saturating_add(usize::from(charged.length))).unwrap_or_default()
    }

    /// Business and channel.
    fn parties(&self, charged: &Charged) -> (&str, &str) {
        let place = kernel::parties(charged.conversation).0;
        self.channels.get(place).map_or(("", ""), |(business, channel)| (business, channel))
    }

    fn key(&self, charged: &Charged, place: usize) -> Key {
        let channel = kernel::parties(charged.conversation).0;
        (self.ranks.get(channel).copied().unwrap_or_default(), charged.received_at, place)
    }

    /// The order of waits of one business and instant.
    fn by_texts(&self, a: &Charged, b: &Charged) -> Ordering {
        let texts = |charged| (self.id(charged), self.parties(charged).1, conversation(charged));
        texts(a).cmp(&texts(b))
    }
}

fn conversation(charged: &Charged) -> String {
    format!("+{}", kernel::parties(charged.conversation).1)
}

/// What the quick way charged, and what it had to leave to the long way.
pub(super) struct Found {
    pub charges: Vec<Charged>,
    pub odd: Vec<RatedWait>,
    pub tables: Tables,
    pub shares: Vec<Vec<Share>>,
    pub channels: Vec<(String, String)>,
}

/// All charges by name, in their order.
pub(super) fn table(task: &Task, found: Found) -> Result<Table, Stop> {
    let Found { mut charges, odd, tables, shares, channels } = found;
    let mut names = Names::new(channels, shares.len());
    read_ids(task, &shares, &mut charges, &mut names)?;
    add_odd(&odd, &tables, &mut charges, &mut names)?;
    let charges = sorted(&charges, &names);
    let (markets, prices) = tables.into_parts();
    let (tariff, currency, window) = (task.tariff.name(), task.tariff.currency, task.tariff.reading.window);
    Ok(Table { charges, names, markets, prices, tariff, currency, window })
}

/// Reads the ids of the charged messages.
fn read_ids(task: &Task, shares: &[Vec<Share>], charges: &mut [Charged], names: &mut Names) -> Result<(), Stop> {
    let wanted = |worker: usize| {
        let of_worker = charges.iter().zip(0_usize..).filter(|(charged, _)| usize::from(charged.worker) == worker);
        let mut wanted: Vec<(u32, usize)> = of_worker.map(|(charged, place)| (charged.at, place)).collect();
        wanted.sort_unstable();
        wanted
    };
    let read = in_parallel(shares, |worker, shares| {
        let wanted = wanted(worker);
        let rows: Vec<u32> = wanted.iter().map(|(row, _)| *row).collect();
        let (mut texts, mut ends) = (String::new(), Vec::with_capacity(rows.len()));
        shares::ids_of(task, shares, &rows, &mut |id| {
            texts.push_str(id);
            ends.push(texts.len());
        })?;
        if ends.len() == wanted.len() { Ok((texts, ends, wanted)) } else { Err(Unusual) }
    })?;
    for (worker, (texts, ends, wanted)) in read.into_iter().enumerate() {
        let begins = [0].into_iter().chain(ends.iter().copied());
        for ((begin, end), (_, place)) in begins.zip(&ends).zip(wanted) {
            let charged = charges.get_mut(place).ok_or(Unusual)?;
            charged.at = u32::try_from(begin).map_err(|_| Unusual)?;
            charged.length = u8::try_from(end - begin).map_err(|_| Unusual)?;
        }
        names.ids[worker] = texts;
    }
    Ok(())
}

/// Adds the charges of conversations that went row by row.
fn add_odd(odd: &[RatedWait], tables: &Tables, charges: &mut Vec<Charged>, names: &mut Names) -> Result<(), Unusual> {
    let worker = u8::try_from(names.ids.len()).map_err(|_| Unusual)?;
    let (mut texts, places) = (String::new(), places_of(&names.channels));
    for (rated, charge) in odd.iter().filter_map(|rated| Some((rated, rated.charge.as_ref()?))) {
        let wait = &rated.wait;
        let channel = places.get(&(&*wait.business, &*wait.channel)).and_then(|place| u32::try_from(*place).ok());
        let customer = wait.conversation.strip_prefix('+').and_then(|digits| digits.parse().ok());
        charges.push(Charged {
            conversation: kernel::conversation(channel.ok_or(Unusual)?, customer.ok_or(Unusual)?),
            received_at: wait.received_at,
            answered: wait.answered_at.map_or(0, Instant::micros),
            at: u32::try_from(texts.len()).map_err(|_| Unusual)?,
            market: tables.market(&rated.market)?,
            price: tables.price((charge.rate.price, charge.amount))?,
            length: u8::try_from(wait.message_id.len()).map_err(|_| Unusual)?,
            worker,
            entry_point: wait.entry_point,
            verdict: wait.verdict,
        });
        texts.push_str(&wait.message_id);
    }
    names.ids.push(texts);
    Ok(())
}

/// What a charge is sorted by before its texts: the rank of its business, its instant; and its place.
type Key = (usize, Instant, usize);

/// The charges in their order: each worker sorts keys of its part, and what is sorted in runs is then put together.
fn sorted(charges: &[Charged], names: &Names) -> Vec<Charged> {
    let mut keys: Vec<Key> = charges.iter().enumerate().map(|(place, charged)| names.key(charged, place)).collect();
    let each = keys.len().div_ceil(workers()).max(1);
    std::thread::scope(|scope| {
        for part in keys.chunks_mut(each) {
            scope.spawn(|| part.sort_unstable());
        }
    });
    keys.sort();
    // Of one business and instant the texts decide.
    for same in keys.chunk_by_mut(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|same| same.len() > 1) {
        same.sort_by(|a, b| names.by_texts(&charges[a.2], &charges[b.2]));
    }
    keys.into_iter().map(|(.., place)| charges[place]).collect()
}

impl Rows for Table {
    fn count(&self) -> usize {
        self.charges.len()
    }

    fn cell(&self, column: usize, row: usize) -> Cell<'_> {
        let charged = &self.charges[row];
        let (price, amount) = self.prices.get(usize::from(charged.price)).copied().unzip();
        match column {
            0 => Cell::text(self.names.id(charged)),
            1 => Cell::text(self.names.parties(charged).0),
            2 => Cell::text(self.names.parties(charged).1),
            3 => Cell::Phone(kernel::parties(charged.conversation).1),
            4 => Cell::Instant(Some(charged.received_at)),
            5 => Cell::Instant(charged.answered_at()),
            6 => Cell::Instant(Some(charged.received_at.plus(self.window))),
            7 => Cell::text(charged.verdict.name()),
            8 => Cell::millis(charged.answered_at().map(|at| at.since(charged.received_at).max(Elapsed::ZERO))),
            9 => Cell::text(self.markets.get(usize::from(charged.market)).map_or("", Market::name)),
            10 => Cell::text(charged.entry_point.name()),
            11 => Cell::text(&self.tariff),
            12 => Cell::Decimal(price),
            13 => Cell::Decimal(amount),
            14 => Cell::text(self.currency.code()),
            16 => Cell::text(""),
            _ => Cell::Number(None),
        }
    }
}
