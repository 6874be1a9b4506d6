//! What is known here of the charges of a month: those that are billed, and those that are not, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use super::super::archived::{Archive, forgotten_id};
use super::super::cases::Desk;
use super::super::closing::{OpenMonth, Step, filed_charges};
use super::super::correct::{self, Bench, rated_now};
use super::super::pages::Replays;
use super::super::review::review;
use super::filed::{self, Row};
use super::known;
use crate::audit::reconcile::{Cause, Fact, FactKind, Facts, Prices, Unread};
use crate::domain::charge::RatedWait;
use crate::domain::{BusinessId, Month, Verdict, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::MonthClosed;
use crate::ledger::{History, Standing};

/// All that is known.
pub(super) struct Known {
    pub facts: Facts,
    pub unread: Vec<Unread>,
    pub prices: Prices,
    pub zones: Vec<Zone>,
}

/// A message as the archive names it: channel and keyed id.
type Name = (String, String);

/// What is known of a month, for all businesses or for one. Of the months beside it as much as other zones see of them.
pub(super) fn known(desk: &Desk, month: Month, business: Option<&BusinessId>) -> Result<Known, Failure> {
    let is_wanted = |id: &BusinessId, of: Month| is_near(month, of) && business.is_none_or(|business| business == id);
    let archive = desk.archive()?;
    let mut gathering = Gathering { desk, archive: &archive, month, facts: Facts::default() };
    let mut replays = Replays::with(desk.history.clone());
    let mut is_billed = false;
    for (id, of) in desk.history.closed.keys().filter(|(id, of)| is_wanted(id, *of)) {
        let Some(standing) = desk.history.standing(id, *of) else { continue };
        is_billed |= *of == month;
        gathering.closed(&standing, &mut replays)?;
    }
    let open = review(desk, &archive)?;
    for open in open.iter().filter(|open| is_wanted(&open.business.id, open.month)) {
        is_billed |= open.month == month;
        gathering.open(open);
    }
    if !is_billed {
        let failure = Failure::new(Kind::CommandLine, format!("no business is billed for {month}"));
        return Err(failure.hint("`first_month` in businesses.toml says from when on each one is"));
    }
    let (unread, prices) = (known::unread(desk, month, business), known::prices(desk)?);
    Ok(Known { facts: gathering.facts, unread, prices, zones: known::zones(desk) })
}

/// Messages of a closed month that a business does not want to pay: of a dispute that is settled, those that were not accepted
/// stand as they are billed.
fn disputed(history: &History, closed: &MonthClosed) -> BTreeSet<Name> {
    let mut disputed = BTreeSet::new();
    for dispute in &history.disputes {
        if (&dispute.business, dispute.month) != (&closed.business, closed.month) {
            continue;
        }
        let is_settled = history.settled.contains_key(&dispute.dispute);
        let open = dispute.claims.iter().filter(|claim| claim.accepted || !is_settled);
        disputed.extend(open.map(|claim| (claim.channel.to_string(), claim.message_id.clone())));
    }
    disputed
}

/// Of which another zone may see a day in the month.
fn is_near(month: Month, other: Month) -> bool {
    other == month || other.next() == month || month.next() == other
}

struct Gathering<'g> {
    desk: &'g Desk,
    archive: &'g Archive<'g>,
    month: Month,
    facts: Facts,
}

impl Gathering<'_> {
    /// What is billed of a closed month; of the month itself also what its messages come to by everything that is known now.
    fn closed(&mut self, standing: &Standing, replays: &mut Replays) -> Result<(), Failure> {
        let Self { desk, archive, month, .. } = *self;
        let (id, of) = (&standing.closed.business, standing.closed.month);
        let bench =
            Bench { setup: &desk.setup, state: &desk.state, history: &desk.history, archive, run_at: desk.as_of };
        let billed = filed::rows(&correct::standing_charges(&bench, standing)?)?;
        if of != month {
            let zone = desk.setup.business(id.as_str()).map_or(Zone::UTC, |business| business.zone);
            billed.iter().for_each(|row| self.add_row(row, zone, FactKind::Billed(None)));
            return Ok(());
        }
        let waits = rated_now(&bench, &desk.ledger, replays, standing)?;
        let (setup, _) = replays.inputs_at(&desk.state, &desk.ledger, standing.closed, desk.history.last)?;
        if setup.tariff.currency != desk.setup.tariff.currency {
            let (was, is) = (setup.tariff.currency, desk.setup.tariff.currency);
            let failure = Failure::new(Kind::CommandLine, format!("{of} of {id} was closed in {was}, not in {is}"));
            return Err(failure.hint("name a configuration with the tariff of that time"));
        }
        let zone = setup.business(id.as_str()).map_or(Zone::UTC, |business| business.zone);
        let seen = self.billed(standing, &billed, &waits, zone);
        self.missing(standing, &seen, &waits, zone)
    }

    /// Adds what is billed, with what speaks against it; gives the names of these messages.
    fn billed(&mut self, standing: &Standing, billed: &[Row], waits: &[RatedWait], zone: Zone) -> BTreeSet<Name> {
        let (archive, closed) = (self.archive, standing.closed);
        let disputed = disputed(&self.desk.history, closed);
        // A forgotten customer's message has another name in the file of charges.
        let mut by_name: BTreeMap<Name, &RatedWait> = BTreeMap::new();
        for rated in waits {
            let (channel, id) = name(rated);
            by_name.insert((channel.clone(), forgotten_id(&id)), rated);
            by_name.insert((channel, id), rated);
        }
        let mut seen = BTreeSet::new();
        for row in billed {
            let keyed = (row.channel.clone(), archive.key.message(&row.message_id));
            let as_filed = (row.channel.clone(), row.message_id.clone());
            let now = by_name.get(&keyed).or_else(|| by_name.get(&as_filed)).copied();
            let known_as = now.map_or(keyed, name);
            let doubt = if disputed.contains(&known_as) {
                Some(Cause::Disputed)
            } else if now.is_some_and(|rated| rated.charge.is_some() && !rated.wait.is_open()) {
                None
            } else {
                Some(Cause::LateLog)
            };
            seen.insert(known_as);
            self.add_row(row, zone, FactKind::Billed(doubt));
        }
        seen
    }

    /// Adds what is not billed, and what was billed once.
    fn missing(
        &mut self,
        standing: &Standing,
        seen: &BTreeSet<Name>,
        waits: &[RatedWait],
        zone: Zone,
    ) -> Result<(), Failure> {
        let (desk, closed) = (self.desk, standing.closed);
        let settled = correct::accepted(&desk.history, &closed.business, closed.month, desk.history.last);
        let cause = |name: &Name| if settled.contains_key(name) { Cause::Disputed } else { Cause::LateLog };
        let mut told: BTreeSet<Name> = BTreeSet::new();
        for rated in waits.iter().filter(|rated| !seen.contains(&name(rated))) {
            let why = match rated.wait.verdict {
                Verdict::Held => Cause::Held,
                Verdict::Pending => Cause::Pending,
                Verdict::OnTime | Verdict::Late | Verdict::Unanswered if rated.charge.is_none() => continue,
                Verdict::OnTime | Verdict::Late | Verdict::Unanswered => cause(&name(rated)),
            };
            told.insert(name(rated));
            self.add(rated, zone, why, 1);
        }
        if standing.corrected.is_none() || closed.charges == 0 {
            return Ok(());
        }
        let was = filed_charges(&desk.state, &desk.history, &closed.business, closed.month, &closed.data_sha256)?;
        for row in &filed::rows(&was)? {
            let keyed = (row.channel.clone(), self.archive.key.message(&row.message_id));
            if !seen.contains(&keyed) && !told.contains(&keyed) {
                let why = cause(&keyed);
                self.add_row(row, zone, FactKind::Missing(why));
            }
        }
        Ok(())
    }

    /// What an open month would come to, and what keeps it open.
    fn open(&mut self, open: &OpenMonth) {
        let unbilled = if matches!(open.step, Step::Park(_)) { Cause::Parked } else { Cause::NotClosed };
        for (rated, times) in open.weighed() {
            let why = match rated.wait.verdict {
                Verdict::Held => Cause::Held,
                Verdict::Pending => Cause::Pending,
                Verdict::OnTime | Verdict::Late | Verdict::Unanswered if rated.charge.is_none() => continue,
                Verdict::OnTime | Verdict::Late | Verdict::Unanswered => unbilled,
            };
            self.add(rated, open.business.zone, why, times);
        }
    }

    fn add(&mut self, rated: &RatedWait, zone: Zone, why: Cause, times: u64) {
        // Nothing decides what a wait costs that is not decided itself.
        let decided = rated.charge.as_ref().filter(|_| !matches!(why, Cause::Held | Cause::Pending));
        let fact = Fact {
            received_at: rated.wait.received_at,
            zone,
            market: rated.market.clone(),
            entry_point: rated.wait.entry_point,
            amount: decided.map(|charge| charge.amount),
            kind: FactKind::Missing(why),
        };
        self.facts.add(fact, times);
    }

    fn add_row(&mut self, row: &Row, zone: Zone, kind: FactKind) {
        let fact = Fact {
            received_at: row.received_at,
            zone,
            market: row.market.clone(),
            entry_point: row.entry_point,
            amount: Some(row.amount),
            kind,
        };
        self.facts.add(fact, 1);
    }
}

fn name(rated: &RatedWait) -> Name {
    (rated.wait.channel.to_string(), rated.wait.message_id.to_string())
}
