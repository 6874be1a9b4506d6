//! What is known here of the charges of a month, counted so that their days can be cut in any zone.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Cell, Days, Measures, Sums};
use crate::domain::{Date, Decimal, EntryPoint, Instant, Market, Month, Zone};

/// Why the two sides may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// They cut their days in another zone.
    TimeZone,
    /// Logs that came after the closing say otherwise than those before.
    LateLog,
    /// A business disputes the message.
    Disputed,
    /// The month is parked.
    Parked,
    /// The month is not closed yet.
    NotClosed,
    /// The logs cannot prove the wait, or the operator accepted that they never will.
    Held,
    /// The logs do not decide the wait yet.
    Pending,
    /// A row of a log could not be read.
    Rejected,
    /// They charge another price that the tariff knows.
    Rate,
}

impl Cause {
    pub const ALL: [Cause; 9] = [
        Cause::TimeZone,
        Cause::LateLog,
        Cause::Disputed,
        Cause::Parked,
        Cause::NotClosed,
        Cause::Held,
        Cause::Pending,
        Cause::Rejected,
        Cause::Rate,
    ];

    /// Whether it accounts for what differs. Another price is to be settled with the partner, however it was found; a row that
    /// could not be read may be a charge, or no question at all.
    pub const fn settles(self) -> bool {
        !matches!(self, Self::Rejected | Self::Rate)
    }

    /// As JSON and the ledger have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TimeZone => "time_zone",
            Self::LateLog => "late_log",
            Self::Disputed => "disputed",
            Self::Parked => "parked",
            Self::NotClosed => "not_closed",
            Self::Held => "held",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Rate => "rate",
        }
    }

    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::TimeZone => "time zone",
            Self::LateLog => "late log",
            Self::NotClosed => "not closed",
            other => other.name(),
        }
    }
}

/// Whether a charge is billed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactKind {
    /// It is; the cause says why another may see it otherwise.
    Billed(Option<Cause>),
    /// It is not, for this cause.
    Missing(Cause),
}

/// A message that is, or may be, charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub received_at: Instant,
    /// That of its business.
    pub zone: Zone,
    pub market: Market,
    pub entry_point: EntryPoint,
    /// `None` where nothing decides what it would cost.
    pub amount: Option<Decimal>,
    pub kind: FactKind,
}

/// Offsets of zones are multiples of this: within it no day begins anywhere.
const SLOT_MICROS: i64 = 15 * 60 * 1_000_000;

/// Facts that no zone can tell apart are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Like {
    slot: Instant,
    own_day: Date,
    market: Market,
    entry_point: EntryPoint,
    amount: Option<Decimal>,
    kind: FactKind,
}

/// All facts of a month, and of its neighbours, of which other zones see a part in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<Like, u64>);

/// By cell: causes with what each message costs, and how many there are.
pub(super) type Causes = BTreeMap<(Cell, Cause), BTreeMap<Option<Decimal>, u64>>;

impl Facts {
    /// Adds so many facts that are alike.
    pub fn add(&mut self, fact: Fact, times: u64) {
        let micros = fact.received_at.micros();
        let like = Like {
            slot: Instant::from_micros(micros.saturating_sub(micros.rem_euclid(SLOT_MICROS))),
            own_day: fact.zone.date_of(fact.received_at),
            market: fact.market,
            entry_point: fact.entry_point,
            amount: fact.amount,
            kind: fact.kind,
        };
        let known = self.0.entry(like).or_default();
        *known = known.saturating_add(times);
    }

    /// What is billed, by cell. `None` where a sum does not fit.
    pub(super) fn billed(&self, month: Month, days: Days, measures: Measures) -> Option<BTreeMap<Cell, Sums>> {
        let mut cells: BTreeMap<Cell, Sums> = BTreeMap::new();
        for (like, times) in self.0.iter().filter(|(like, _)| matches!(like.kind, FactKind::Billed(_))) {
            let Some(cell) = like.cell(month, days, measures) else { continue };
            let amount = like.amount.unwrap_or_default().times(*times)?;
            let sums = cells.entry(cell).or_default();
            *sums = sums.plus(Sums { count: *times, amount })?;
        }
        Some(cells)
    }

    /// What is not billed and they may charge, and what is billed and they may not.
    pub(super) fn causes(&self, month: Month, days: Days, measures: Measures) -> (Causes, Causes) {
        let (mut missing, mut doubted) = (Causes::new(), Causes::new());
        for (like, times) in &self.0 {
            let (causes, cause) = match like.kind {
                FactKind::Missing(cause) => (&mut missing, cause),
                FactKind::Billed(Some(cause)) => (&mut doubted, cause),
                FactKind::Billed(None) => continue,
            };
            let Some(cell) = like.cell(month, days, measures) else { continue };
            let known = causes.entry((cell, cause)).or_default().entry(like.amount).or_default();
            *known = known.saturating_add(*times);
        }
        (missing, doubted)
    }
}

impl Like {
    /// `None` where its day is of another month.
    fn cell(&self, month: Month, days: Days, measures: Measures) -> Option<Cell> {
        let day = match days {
            Days::Own => self.own_day,
            Days::Of(zone) => zone.date_of(self.slot),
        };
        let is_of_month = (month.first_day()..=month.last_day()).contains(&day);
        is_of_month.then(|| Cell {
            day,
            market: measures.market.then(|| self.market.clone()),
            entry_point: measures.entry_point.then_some(self.entry_point),
        })
    }
}
