//! A closed month judged again: from the archive, by the texts that the ledger froze, with what was known then.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::archived::{Archive, forgotten_id};
use super::super::closing::with_names;
use super::super::cluster::{Cluster, OfBusiness, Question, Told};
use super::super::evidence::{Evidence, broken};
use super::super::setup::Setup;
use super::super::state::State;
use super::super::{correct, recorded};
use super::quick::{self, Judged, Task};
use crate::domain::charge::RatedWait;
use crate::domain::{Business, BusinessId, Instant, Month, Verdict};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{HoldAccepted, LogRead, MonthClosed, MonthCorrected, Texts};
use crate::ledger::{History, Ledger};
use crate::read::frame;

/// How far what was known reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Everything up to this entry of the ledger.
    Through(u64),
    /// What became known before this instant.
    Before(Instant),
}

/// How the archive is judged. Both ways find the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In numbers what numbers can say, in less time and memory.
    Columns,
    /// As messages, each with its texts.
    Rows,
}

/// By what a month is judged again.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'h> {
    pub closed: &'h MonthClosed,
    pub cut: Instant,
    pub known: Known,
    /// Messages of disputes that were settled up to this entry are not charged.
    pub disputes_through: u64,
    /// SHA-256 of the text.
    pub tariff: &'h str,
}

impl<'h> Basis<'h> {
    pub fn of_closing(closed: &'h MonthClosed) -> Self {
        let known = Known::Through(closed.evidence_through);
        Self { closed, cut: closed.cut, known, disputes_through: 0, tariff: &closed.tariff_sha256 }
    }

    pub fn of_correction(closed: &'h MonthClosed, corrected: &MonthCorrected) -> Self {
        let known = Known::Through(corrected.evidence_through);
        let disputes_through = corrected.disputes_through;
        Self { cut: corrected.cut, known, disputes_through, ..Self::of_closing(closed) }
    }
}

/// What a replay came to.
pub struct Replayed {
    pub setup: Arc<Setup>,
    /// With plain names, counted, sorted.
    pub rated: Vec<RatedWait>,
    /// Waits that were answered in time and are not among them: nothing but their number is ever asked. `None`: the
    /// month was judged row by row, and all of them are there.
    pub on_time: Option<u64>,
}

impl Replayed {
    /// As the recorded book had it.
    pub fn business(&self, closed: &MonthClosed) -> Option<&Business> {
        self.setup.business(closed.business.as_str())
    }
}

/// What all replays share, whichever thread they run in.
pub struct Replays<'a> {
    pub state: &'a State,
    pub history: &'a History,
    pub archive: Archive<'a>,
    setups: Last<Texts, Setup>,
    evidence: Last<(Known, [String; 2]), Evidence>,
    /// Where months are judged in numbers as far as that goes; `None` of those that go row by row.
    judged: Option<Last<Group, Option<Judged>>>,
    /// Where a cluster sieves the archive first.
    sieved: Option<(Cluster, Last<Group, Evidence>)>,
}

/// Waits, and how many that were answered in time are not among them, where some are only counted.
type Waits = (Vec<RatedWait>, Option<u64>);

/// What is judged in one pass: a month of the businesses that were closed, or corrected, by the same; and where the
/// evidence of each ends.
type Group = (Known, Texts, Month, BTreeMap<BusinessId, Instant>);

impl<'a> Replays<'a> {
    pub fn new(state: &'a State, history: &'a History) -> Result<Self, Failure> {
        Ok(Self::with(state, history, Archive::open(state, history)?))
    }

    pub fn with(state: &'a State, history: &'a History, archive: Archive<'a>) -> Self {
        Self { state, history, archive, setups: Last::of(8), evidence: Last::of(2), judged: None, sieved: None }
    }

    /// The same, judging in this way.
    pub fn by(self, way: Way) -> Self {
        let judged = match way {
            Way::Columns => Some(Last::of(2)),
            Way::Rows => None,
        };
        Self { judged, ..self }
    }

    /// The same, with a cluster that sieves the archive.
    pub fn on(self, cluster: Option<Cluster>) -> Self {
        Self { sieved: cluster.map(|cluster| (cluster, Last::of(2))), ..self }
    }

    /// The waits of a month, judged anew. The inner error says why it cannot be: a difference, not a broken world.
    pub fn replay(&self, ledger: &Ledger, basis: &Basis) -> Result<Result<Replayed, String>, Failure> {
        let closed = basis.closed;
        let texts = Texts { tariff_sha256: basis.tariff.to_owned(), ..recorded::texts(closed) };
        let setup = self.setup(ledger, &texts)?;
        let Some(business) = setup.business(closed.business.as_str()) else {
            return Ok(Err("the recorded book has no such business".to_owned()));
        };
        let judged = match self.quickly(basis, &texts, &setup)? {
            Some((rated, on_time)) => Ok((rated, Some(on_time))),
            None => match &self.sieved {
                Some(sieved) => self.of_sieved(sieved, basis, (&texts, business, &setup))?,
                None => self.by_rows(basis, business, &setup)?.map(|rated| (rated, None)),
            },
        };
        let (mut rated, on_time) = match judged {
            Ok(judged) => judged,
            Err(why) => return Ok(Err(why)),
        };
        // Counted with everything, so that a disputed message leaves the places of the others as they were.
        self.take_out_disputed(&mut rated, basis);
        Ok(Ok(Replayed { setup, rated, on_time }))
    }

    fn by_rows(
        &self,
        basis: &Basis,
        business: &Business,
        setup: &Setup,
    ) -> Result<Result<Vec<RatedWait>, String>, Failure> {
        let closed = basis.closed;
        let evidence = self.evidence(closed, setup, basis.known)?;
        let waits = evidence.waits_under(business, closed.month, basis.cut, &setup.tariff, None)?;
        match waits.rated {
            Ok(rated) => with_names(&self.archive, &evidence, &rated, &setup.tariff, closed.month).map(Ok),
            Err(no_rate) => Ok(Err(no_rate.to_string())),
        }
    }

    /// The waits of what a cluster leaves of the archive, and how many it has counted.
    fn of_sieved(
        &self,
        (cluster, last): &(Cluster, Last<Group, Evidence>),
        basis: &Basis,
        (texts, business, setup): (&Texts, &Business, &Setup),
    ) -> Result<Result<Waits, String>, Failure> {
        let (known, month, cuts) = (basis.known, basis.closed.month, self.cuts(basis));
        let evidence = last.get((known, texts.clone(), month, cuts.clone()), || {
            let files = self.files(known);
            let evidence = Evidence::left(&files, setup, u64::MAX);
            let mut evidence = evidence.with_accepted(self.holds(known).into_iter());
            let files_only = evidence.over(frame::empty().map_err(broken)?)?;
            let of_business = |(id, cut): (&BusinessId, &Instant)| {
                let business = setup.business(id.as_str())?;
                let (judged, months) = (month.span(business.zone), vec![(month, *cut)]);
                Some(OfBusiness { business, portion: 0, judged, through: *cut, months })
            };
            let businesses = cuts.iter().filter_map(of_business).collect();
            let as_of = cuts.values().copied().max().unwrap_or(basis.cut);
            let (archive, evidence_of) = (&self.archive, &files_only);
            let question = Question { archive, setup, evidence: evidence_of, as_of, businesses, is_of_a_night: false };
            let mut sieve = question.ask(cluster, None)?;
            if let Some(strays) = &mut sieve.strays {
                evidence.known = std::mem::take(&mut strays.known);
            }
            for Told { business, settled, carried, claims } in sieve.portion(0)? {
                evidence.let_go(business, settled, carried);
                let cut = cuts.get(&business.id).copied().unwrap_or(basis.cut);
                let waits = evidence.waits_under(business, month, cut, &setup.tariff, None)?;
                // Where a charge has no rate there is nothing to compare it with: that is a difference by itself.
                if let Ok(rated) = &waits.rated {
                    claims.compare(month.span(business.zone), rated.iter())?;
                }
            }
            Ok(evidence)
        })?;
        let waits = evidence.waits_under(business, month, basis.cut, &setup.tariff, None)?;
        let counted = evidence.settled.get(business.id.as_str()).and_then(|settled| settled.months.get(&month));
        let on_time = counted.into_iter().flatten().map(|weighed| weighed.times).sum();
        match waits.rated {
            Ok(rated) => {
                let rated = with_names(&self.archive, &evidence, &rated, &setup.tariff, month)?;
                Ok(Ok((rated, Some(on_time))))
            }
            Err(no_rate) => Ok(Err(no_rate.to_string())),
        }
    }

    /// The waits but for most of those that were answered in time, and how many these are; `None` where the month goes
    /// row by row.
    fn quickly(&self, basis: &Basis, texts: &Texts, setup: &Setup) -> Result<Option<(Vec<RatedWait>, u64)>, Failure> {
        let Some(last) = &self.judged else { return Ok(None) };
        let (known, month, cuts) = (basis.known, basis.closed.month, self.cuts(basis));
        let judged = last.get((known, texts.clone(), month, cuts.clone()), || {
            let files = self.files(known);
            let evidence = Evidence::of_files(files.iter().copied(), setup);
            let evidence = evidence.with_accepted(self.holds(known).into_iter());
            quick::quick(&Task { archive: &self.archive, setup, evidence: &evidence, month, cuts: &cuts })
        })?;
        // Their texts are made outside the lock: several businesses are told at once.
        let business = basis.closed.business.as_str();
        Ok((*judged).as_ref().and_then(|judged| judged.waits(business, &setup.tariff, month)))
    }

    /// Where the evidence of each business ends that is judged together with this one.
    fn cuts(&self, basis: &Basis) -> BTreeMap<BusinessId, Instant> {
        let closed = basis.closed;
        let texts = recorded::texts(closed);
        let together = self.history.closed.values();
        let together = together.filter(|other| other.month == closed.month && recorded::texts(other) == texts);
        let cut = |other: &MonthClosed| match basis.known {
            Known::Before(_) => Some(other.cut),
            Known::Through(seq) if other.evidence_through == seq => Some(other.cut),
            Known::Through(seq) => {
                let mut corrections = self.history.corrections(&other.business, other.month);
                corrections.find(|corrected| corrected.evidence_through == seq).map(|corrected| corrected.cut)
            }
        };
        let cuts = together.filter_map(|other| Some((other.business.clone(), cut(other)?)));
        cuts.chain([(closed.business.clone(), basis.cut)]).collect()
    }

    /// What is accepted of settled disputes is held for good: never charged.
    fn take_out_disputed(&self, rated: &mut [RatedWait], basis: &Basis) {
        let closed = basis.closed;
        let accepted = correct::accepted(self.history, &closed.business, closed.month, basis.disputes_through);
        // Charged messages have their plain names here; somebody who was forgotten since has what stands in their place.
        let by_name = |channel: &String, keyed: &String| (channel.clone(), forgotten_id(keyed));
        let forgotten: BTreeSet<_> = accepted.keys().map(|(channel, keyed)| by_name(channel, keyed)).collect();
        for rated in rated.iter_mut().filter(|rated| !accepted.is_empty() && rated.charge.is_some()) {
            let (channel, id) = (rated.wait.channel.to_string(), rated.wait.message_id.to_string());
            let keyed = (channel.clone(), self.archive.key.message(&id));
            if accepted.contains_key(&keyed) || forgotten.contains(&(channel, id)) {
                (rated.wait.verdict, rated.wait.excluded, rated.charge) = (Verdict::Held, true, None);
            }
        }
    }

    /// Configuration, businesses and tariff by their digests.
    pub fn setup(&self, ledger: &Ledger, texts: &Texts) -> Result<Arc<Setup>, Failure> {
        self.setups.get(texts.clone(), || recorded::setup_of(ledger, texts))
    }

    fn evidence(&self, closed: &MonthClosed, setup: &Setup, known: Known) -> Result<Arc<Evidence>, Failure> {
        let texts = [&closed.config_sha256, &closed.businesses_sha256].map(String::clone);
        self.evidence.get((known, texts), || {
            let files = self.files(known);
            let evidence = Evidence::gather(files.iter().copied(), setup, &self.archive)?;
            Ok(evidence.with_accepted(self.holds(known).into_iter()))
        })
    }

    /// The files that were known, in their order.
    pub fn files(&self, known: Known) -> Vec<&LogRead> {
        match known {
            Known::Through(seq) => self.history.files_through(seq).collect(),
            Known::Before(at) => {
                let is_known = |(place, file): &&(u64, LogRead)| known_since(self.history, *place, file) < Some(at);
                self.history.files.iter().filter(is_known).map(|(_, file)| file).collect()
            }
        }
    }

    fn holds(&self, known: Known) -> Vec<&HoldAccepted> {
        match known {
            Known::Through(seq) => self.history.accepted_through(seq).collect(),
            Known::Before(at) => {
                self.history.accepted.iter().map(|(_, hold)| hold).filter(|hold| hold.at < at).collect()
            }
        }
    }
}

/// When a file became known. Version 0.1.0 did not record it: its files are known since the first fact with a time
/// that the ledger has after them; `None` where it has none, which contradicts no instant.
fn known_since(history: &History, place: u64, file: &LogRead) -> Option<Instant> {
    let closings = history.closed.values().filter(|closed| closed.evidence_through >= place);
    let later = history.files.iter().filter(|(other, _)| *other > place).filter_map(|(_, file)| file.read_at);
    file.read_at.or_else(|| closings.map(|closed| closed.closed_at).chain(later).min())
}

/// The last values that were made, shared between threads. Months are audited in order, so that a few are enough,
/// and no more than they are held in memory.
struct Last<K, V> {
    made: Mutex<VecDeque<(K, Arc<V>)>>,
    length: usize,
}

impl<K: PartialEq, V> Last<K, V> {
    const fn of(length: usize) -> Self {
        Self { made: Mutex::new(VecDeque::new()), length }
    }

    /// The value of a key. While one thread makes one, the others wait for it: most wait for the same.
    fn get(&self, key: K, make: impl FnOnce() -> Result<V, Failure>) -> Result<Arc<V>, Failure> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = made.iter().position(|(known, _)| *known == key) {
            if let Some(found) = made.remove(place) {
                made.push_back(found);
            }
        } else {
            // The oldest goes first: it and the new one are never held together for nothing.
            while made.len() >= self.length {
                made.pop_front();
            }
            let value = Arc::new(make()?);
            made.push_back((key, value));
        }
        let last = made.back().map(|(_, value)| Arc::clone(value));
        last.ok_or_else(|| Failure::new(Kind::SelfCheck, "a value was made and is not there"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_values_are_made_once() {
        let last = Last::of(2);
        let made = std::cell::Cell::new(0);
        let get = |key: u8| {
            let make = || {
                made.set(made.get() + 1);
                Ok(key * 10)
            };
            *last.get(key, make).unwrap()
        };
        assert_eq!([get(1), get(2), get(1), get(3), get(1), get(2)], [10, 20, 10, 30, 10, 20]);
        assert_eq!(made.get(), 4, "2 was the oldest when 3 came");
        assert!(last.get(9, || Err(Failure::new(Kind::SelfCheck, "no"))).is_err());
        assert_eq!(get(2), 20);
    }
}
