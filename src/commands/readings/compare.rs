//! The same messages under several readings: what each charges, and where they differ.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::charge::RatedWait;
use crate::domain::{Decimal, Elapsed, Instant, Reading, Wait};
use crate::error::{Failure, Kind};
use crate::rate::{NoRate, Tariff};

/// What one reading makes of the messages.
#[derive(Serialize)]
pub struct Outcome {
    /// From 1; the first is the tariff's own reading.
    pub number: usize,
    pub reading: String,
    pub charges: u64,
    /// Exact sum of the charges.
    pub amount: Decimal,
    /// The sum less that of the tariff's own reading.
    pub difference: Decimal,
    /// Messages charged here and not under the tariff's own reading, and the other way round.
    pub only_here: u64,
    pub not_here: u64,
    /// Charged under both, at another amount.
    pub other_amount: u64,
    /// Waits that the logs do not decide yet, or cannot prove.
    pub undecided: u64,
    /// Why nothing is charged here, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A message on which readings differ.
#[derive(Serialize)]
pub struct Difference {
    pub channel: String,
    pub message_id: String,
    /// When it was sent, or by the clock of its run received.
    pub at: Instant,
    #[serde(skip)]
    pub customer: String,
    /// Amounts by number of the reading; a reading that is not named charges nothing for it.
    pub amounts: BTreeMap<usize, Decimal>,
}

/// All of one business and month, or of one set of logs.
#[derive(Serialize)]
pub struct Compared {
    pub readings: Vec<Outcome>,
    pub differences: Vec<Difference>,
}

/// Waits under a tariff; the inner error names a charge without a rate.
pub type Judged = Result<Result<Vec<RatedWait>, NoRate>, Failure>;

/// Channel and message.
type Key = (String, String);

/// Judges the messages under each reading. `judge` gives their waits under a tariff; `wanted` are the readings, the
/// tariff's own first.
pub fn compare(
    tariff: &Tariff,
    wanted: &[Reading],
    judge: &mut dyn FnMut(&Tariff) -> Judged,
) -> Result<Compared, Failure> {
    let mut found: BTreeMap<Key, Difference> = BTreeMap::new();
    let (mut readings, mut own): (Vec<Outcome>, BTreeMap<Key, Decimal>) = (Vec::new(), BTreeMap::new());
    for (number, reading) in (1..).zip(wanted) {
        let rated = match tariff.with_reading(*reading) {
            Ok(tariff) => judge(&tariff)?.map_err(|no_rate| no_rate.without_message()),
            Err(why) => Err(why),
        };
        let (rated, refused) = match rated {
            Ok(rated) => (rated, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let charges = charges(&rated);
        if number == 1 {
            own.clone_from(&charges);
        }
        for rated in rated.iter().filter(|rated| rated.charge.is_some()) {
            let key = key(&rated.wait);
            let amount = charges.get(&key).copied().unwrap_or_default();
            let difference = found.entry(key).or_insert_with(|| difference(&rated.wait));
            difference.amounts.insert(number, amount);
        }
        readings.push(outcome(number, *reading, &rated, &charges, &own, refused)?);
    }
    let judged = readings.iter().filter(|outcome| outcome.refused.is_none()).count();
    let mut differences: Vec<Difference> = found.into_values().filter(|one| one.differs(judged)).collect();
    differences.sort_by(|a, b| (a.at, &a.message_id, &a.channel).cmp(&(b.at, &b.message_id, &b.channel)));
    Ok(Compared { readings, differences })
}

impl Difference {
    fn differs(&self, readings: usize) -> bool {
        let first = self.amounts.values().next();
        self.amounts.len() != readings || self.amounts.values().any(|amount| Some(amount) != first)
    }
}

fn key(wait: &Wait) -> Key {
    (wait.channel.to_string(), wait.message_id.to_string())
}

fn charges(rated: &[RatedWait]) -> BTreeMap<Key, Decimal> {
    rated.iter().filter_map(|rated| Some((key(&rated.wait), rated.charge.as_ref()?.amount))).collect()
}

fn difference(wait: &Wait) -> Difference {
    Difference {
        channel: wait.channel.to_string(),
        message_id: wait.message_id.to_string(),
        at: wait.received_at,
        customer: wait.customer.to_string(),
        amounts: BTreeMap::new(),
    }
}

fn outcome(
    number: usize,
    reading: Reading,
    rated: &[RatedWait],
    charges: &BTreeMap<Key, Decimal>,
    own: &BTreeMap<Key, Decimal>,
    refused: Option<String>,
) -> Result<Outcome, Failure> {
    let too_large = || Failure::new(Kind::SelfCheck, "the sum of the charges is too large");
    let sum = |of: &BTreeMap<Key, Decimal>| Decimal::sum(of.values().copied()).ok_or_else(too_large);
    let (amount, own_amount) = (sum(charges)?, sum(own)?);
    let both = charges.iter().filter_map(|(key, amount)| Some((amount, own.get(key)?)));
    Ok(Outcome {
        number,
        reading: reading.to_string(),
        charges: charges.len() as u64,
        amount,
        difference: amount.checked_sub(own_amount).ok_or_else(too_large)?,
        only_here: charges.keys().filter(|key| !own.contains_key(*key)).count() as u64,
        not_here: own.keys().filter(|key| !charges.contains_key(*key)).count() as u64,
        other_amount: both.filter(|(here, there)| here != there).count() as u64,
        undecided: rated.iter().filter(|rated| rated.wait.is_open()).count() as u64,
        refused,
    })
}

/// The readings to compare: the tariff's own first.
pub fn wanted(own: &Reading, give_up: Elapsed, all: bool) -> Vec<Reading> {
    let mut wanted = own.variants(give_up);
    if all {
        wanted.extend(own.combinations(give_up));
        let mut seen = std::collections::BTreeSet::new();
        wanted.retain(|reading| seen.insert(*reading));
    }
    wanted
}
