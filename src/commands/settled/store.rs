//! The written form: a list that names every other file by its SHA-256, and begins with its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::ids::{self, Run};
use super::{Days, Settled, Task};
use crate::close::check::sha256;
use crate::commands::evidence::broken;
use crate::commands::files;
use crate::commands::state;
use crate::domain::charge::Weighed;
use crate::domain::{Business, Date, Elapsed, EntryPoint, Instant, Market, Month, RuleVersion, Verdict, Wait, columns};
use crate::error::{Failure, Kind};
use crate::rate::{self, Tariff};
use crate::read::{archive, frame};
use crate::report::alarms::Past;

const FORMAT: &str = "ritardo-settled/2";
const LIST: &str = "settled.json";

/// The list.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    format: String,
    /// Of the program that wrote it, and its rule.
    version: String,
    rule: u32,
    /// SHA-256 of configuration, book and tariff.
    texts: [String; 3],
    pub as_of: Instant,
    /// Place and hash of the last entry of the ledger.
    pub last: u64,
    pub head: String,
    /// So many files were known.
    pub files: u64,
    pub businesses: BTreeMap<String, OfBusiness>,
    /// Of closed months.
    pub pages: Vec<Left>,
}

/// The page of a closed month as a night left it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    pub month: Month,
    /// Its SHA-256.
    pub page: String,
    /// Digest of what the ledger tells of the month.
    pub told: String,
}

/// What is kept of a business.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfBusiness {
    pub before: Instant,
    /// Digest of what was proven before.
    pub proof: String,
    rows: Option<Rows>,
    pub ids: Vec<Run>,
    months: Vec<(Month, Vec<Group>)>,
    past: Vec<(String, Past)>,
    days: Vec<DaysOf>,
}

/// The rows that are carried on.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    sha256: String,
    /// Places of their files, each with the number of rows that follow one another.
    files: Vec<(i64, u64)>,
}

/// Waits that agree in all that is told of them, by one of them. It has no price: that is found again.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub received_at: Instant,
    pub answered_at: Option<Instant>,
    pub entry_point: EntryPoint,
    pub market: Market,
    pub verdict: Verdict,
    pub times: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DaysOf {
    month: Month,
    channel: String,
    /// In microseconds since 1970: an ownership may have no beginning.
    from: i64,
    inbound: Vec<(Date, u64)>,
    outbound: Vec<(Date, u64)>,
}

/// Files to be written, by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

impl Written {
    /// A list of nothing, as of a night.
    pub fn of(task: &Task) -> Self {
        let Task { setup, history, as_of, .. } = *task;
        let texts = [&setup.config_text, &setup.businesses_text, &setup.tariff_text];
        Self {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rule: RuleVersion::CURRENT.number(),
            texts: texts.map(|text| text.sha256.clone()),
            as_of,
            last: history.last,
            head: history.head.clone(),
            files: history.files.len() as u64,
            businesses: BTreeMap::new(),
            pages: Vec::new(),
        }
    }

    /// The list in a folder; `None` where there is none, or it was damaged, or another version wrote it.
    pub fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join(LIST)).ok()?;
        let (digest, list) = text.split_once('\n')?;
        if sha256(list.as_bytes()) != digest {
            return None;
        }
        serde_json::from_str(list).ok()
    }

    /// Whether it was written by the same program with the same settings.
    pub fn is_like(&self, other: &Self) -> bool {
        let key = |list: &Self| (list.format.clone(), list.version.clone(), list.rule, list.texts.clone());
        key(self) == key(other)
    }

    /// Writes the list after what it names, and removes what no list names any more.
    pub fn write(&self, folder: &Path, new: &Files) -> Result<(), Failure> {
        if self.businesses.is_empty() && self.pages.is_empty() && !folder.exists() {
            return Ok(());
        }
        let list = serde_json::to_string(self)
            .map_err(|error| Failure::new(Kind::SelfCheck, "what is settled cannot be written").because(error))?;
        files::private_folder(folder)?;
        for (name, bytes) in new {
            state::put(&folder.join(name), bytes)?;
        }
        files::sync(folder)?;
        let text = format!("{}\n{list}", sha256(list.as_bytes()));
        state::keep(&folder.join(LIST), text.as_bytes())?;
        let mut named = BTreeSet::from([LIST.to_owned()]);
        for of in self.businesses.values() {
            named.extend(of.ids.iter().map(|run| ids::name(&run.sha256)));
            named.extend(of.rows.iter().map(|rows| name(&rows.sha256)));
        }
        // What stays behind takes some room and does no harm, and what somebody else put there is theirs.
        let is_ours = |name: &str| [".ids", ".parquet", ".partial"].iter().any(|end| name.ends_with(end));
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if is_ours(&name) && !named.contains(&*name) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

fn name(sha256: &str) -> String {
    format!("{sha256}.parquet")
}

impl OfBusiness {
    /// The written form, with the rows that are carried on.
    pub fn of(settled: &Settled, proof: String, carried: &DataFrame, files: &mut Files) -> Result<Self, Failure> {
        let days = settled.days.iter().map(|((month, channel, from), [inbound, outbound])| {
            let of = |days: &Days| days.iter().map(|(day, messages)| (*day, *messages)).collect();
            let (channel, from) = (channel.clone(), from.micros());
            DaysOf { month: *month, channel, from, inbound: of(inbound), outbound: of(outbound) }
        });
        let months = settled.months.iter().map(|(month, waits)| (*month, waits.iter().map(Group::of).collect()));
        Ok(Self {
            before: settled.before,
            proof,
            rows: Rows::of(carried, files)?,
            ids: settled.ids.clone(),
            months: months.collect(),
            past: settled.past.iter().map(|(channel, past)| (channel.clone(), past.clone())).collect(),
            days: days.collect(),
        })
    }

    /// What is settled; `None` where it cannot be told any more.
    pub fn settled(&self, business: &Business, tariff: &Tariff) -> Option<Settled> {
        let mut months = BTreeMap::new();
        for (month, groups) in &self.months {
            let waits = groups.iter().map(|group| group.weighed(business, self.before, tariff));
            months.insert(*month, waits.collect::<Option<Vec<Weighed>>>()?);
        }
        let days = self.days.iter().map(|of| {
            let place = (of.month, of.channel.clone(), Instant::from_micros(of.from));
            (place, [&of.inbound, &of.outbound].map(|days| days.iter().copied().collect::<Days>()))
        });
        let past = self.past.iter().cloned().collect();
        let (before, ids) = (self.before, self.ids.clone());
        Some(Settled { before, ids, months, past, days: days.collect(), is_of_tonight: false })
    }

    /// The rows that are carried on; `None` where they are gone or damaged.
    pub fn carried(&self, folder: &Path) -> Result<Option<DataFrame>, Failure> {
        let Some(Rows { sha256, files }) = &self.rows else {
            let none = frame::empty().and_then(|none| frame::with_files(none, Vec::new()));
            return none.map(Some).map_err(broken);
        };
        let Ok(bytes) = fs::read(folder.join(name(sha256))) else { return Ok(None) };
        let Ok(rows) = archive::decode(&bytes, sha256) else { return Ok(None) };
        let mut places = Vec::with_capacity(rows.height());
        for (place, count) in files {
            let Ok(count) = usize::try_from(*count) else { return Ok(None) };
            if count > rows.height() - places.len() {
                return Ok(None);
            }
            places.resize(places.len() + count, *place);
        }
        if places.len() != rows.height() {
            return Ok(None);
        }
        frame::with_files(rows, places).map(Some).map_err(broken)
    }
}

impl Rows {
    fn of(carried: &DataFrame, files: &mut Files) -> Result<Option<Self>, Failure> {
        if carried.height() == 0 {
            return Ok(None);
        }
        let unfit =
            |error| Failure::new(Kind::SelfCheck, "messages that are carried on cannot be written").because(error);
        let (bytes, sha256) = archive::encode(carried).map_err(unfit)?;
        files.insert(name(&sha256), bytes);
        let places = carried.column(columns::FILE).and_then(|column| column.i64()).map_err(broken)?;
        let mut runs: Vec<(i64, u64)> = Vec::new();
        for place in places.iter().flatten() {
            match runs.last_mut().filter(|(last, _)| *last == place) {
                Some((_, count)) => *count += 1,
                None => runs.push((place, 1)),
            }
        }
        Ok(Some(Self { sha256, files: runs }))
    }
}

impl Group {
    fn of(weighed: &Weighed) -> Self {
        let Weighed { rated, times } = weighed;
        let Wait { received_at, answered_at, entry_point, verdict, .. } = rated.wait;
        let (market, times) = (rated.market.clone(), *times);
        Self { received_at, answered_at, entry_point, market, verdict, times }
    }

    /// The wait with its price; `None` where the tariff has none for it.
    pub fn weighed(&self, business: &Business, before: Instant, tariff: &Tariff) -> Option<Weighed> {
        let Self { received_at, answered_at, entry_point, verdict, times, .. } = *self;
        let wait = Wait {
            business: business.id.as_str().into(),
            channel: "".into(),
            conversation: "".into(),
            customer: "".into(),
            message_id: "".into(),
            run: Vec::new(),
            entry_point,
            received_at,
            answered_at,
            deadline: received_at.plus(tariff.reading.window),
            verdict,
            held_for: None,
            doubt_at: None,
            accepted_at: None,
            excluded: false,
            watermark: before,
            tolerance: Elapsed::ZERO,
        };
        let rated = rate::rate_one(wait, self.market.clone(), tariff).ok()?;
        (rated.wait.verdict == verdict).then_some(Weighed { rated, times })
    }
}
