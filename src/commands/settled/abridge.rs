//! What is left of the messages of a business once its open months were judged: as if a night before had counted them.
//!
//! A month that can be closed tonight keeps all waits that cost something until it is closed, and was looked at by the
//! second opinion while its messages were there. What is let go of it was answered in time.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use polars::prelude::DataFrame;

use super::Settled;
use super::ids::{self, Run};
use super::make::{Closing, Night, Parted, weighed};
use crate::close::readiness::cut;
use crate::commands::closing::{OpenMonth, Step, tolerance};
use crate::commands::evidence::Evidence;
use crate::commands::files;
use crate::commands::open::Tonight;
use crate::commands::second_opinion::second_opinion;
use crate::commands::workers;
use crate::domain::charge::{RatedWait, Weighed};
use crate::domain::{Business, Month, Span, Zone};
use crate::error::Failure;

/// A business without most of its messages.
struct Abridged {
    settled: Settled,
    carried: DataFrame,
    /// By open month, in their order.
    months: Vec<OfMonth>,
}

struct OfMonth {
    month: Month,
    /// Which of its waits are only counted from now on.
    is_counted: Vec<bool>,
    counted: Vec<Weighed>,
    opinion: Option<Vec<String>>,
}

/// Lets go of the messages of some businesses that were judged, as far as no later night and no document needs them. A
/// business of which that is not certain keeps them all.
pub fn abridge(
    tonight: &Tonight,
    evidence: &mut Evidence,
    portion: &[&Business],
    open: &mut [OpenMonth],
) -> Result<(), Failure> {
    let known: &Evidence = evidence;
    let mut of_businesses: BTreeMap<&str, Vec<&OpenMonth>> = BTreeMap::new();
    for open in open.iter() {
        of_businesses.entry(open.business.id.as_str()).or_default().push(open);
    }
    let months = |business: &Business| of_businesses.get(business.id.as_str()).map(Vec::as_slice).unwrap_or_default();
    let abridged = workers::all(portion, |business| of_business(tonight, known, business, months(business)))?;
    let mut of_months: BTreeMap<(&str, Month), OfMonth> = BTreeMap::new();
    for (business, abridged) in portion.iter().zip(abridged) {
        let Some(Abridged { settled, carried, months }) = abridged else { continue };
        evidence.let_go(business, settled, carried);
        of_months.extend(months.into_iter().map(|of_month| ((business.id.as_str(), of_month.month), of_month)));
    }
    for open in open {
        let Some(of_month) = of_months.remove(&(open.business.id.as_str(), open.month)) else { continue };
        let mut is_counted = of_month.is_counted.into_iter();
        open.waits.retain(|_| !is_counted.next().unwrap_or(false));
        open.waits.shrink_to_fit();
        (open.settled, open.opinion) = (of_month.counted, of_month.opinion);
    }
    Ok(())
}

fn of_business(
    tonight: &Tonight,
    evidence: &Evidence,
    business: &Business,
    months: &[&OpenMonth],
) -> Result<Option<Abridged>, Failure> {
    let Tonight { setup, history, archive, as_of, is_kept, .. } = *tonight;
    let Some(messages) = evidence.by_business.get(business.id.as_str()) else { return Ok(None) };
    let night = Night { setup, state: archive.state, history, as_of, evidence, business, months };
    let Some(before) = night.frontier(&|month| !is_decided(month)) else { return Ok(None) };
    let closing = Closing { is_told: &is_decided, is_over: &is_decided };
    let Some(parted) = night.parted(messages, before, &closing)? else { return Ok(None) };
    let Parted { carried, more, is_counted, counted } = parted;
    let runs = if is_kept { written_ids(&archive.state.settled(), more) } else { Vec::new() };
    let traffic = evidence.traffic(&business.id, Span::ALWAYS)?;
    let (past, days) = (night.past(before, &traffic), night.days(before)?);
    let opinion = |open: &OpenMonth| {
        let cut = cut(business, open.month, setup.tariff.horizon(), tolerance(setup, business));
        let looked_at =
            is_decided(open).then(|| second_opinion(evidence, business, open.month, cut, setup, &open.waits));
        looked_at.transpose()
    };
    let of_months = months.iter().zip(is_counted).zip(counted).map(|((open, is_counted), (month, counted))| {
        Ok(OfMonth { month, is_counted, counted, opinion: opinion(open)? })
    });
    let months = of_months.collect::<Result<Vec<_>, Failure>>()?;
    let settled = Settled { before, ids: runs, months: BTreeMap::new(), past, days, is_of_tonight: false };
    Ok(Some(Abridged { settled, carried, months }))
}

/// Writes the ids of messages that are let go. A file that is not there, or not whole, does no harm: the next night begins
/// from the archive. So it need not outlast a loss of power, and where it cannot be written this night goes on all the same.
pub(super) fn written_ids(folder: &Path, more: Vec<u64>) -> Vec<Run> {
    let (runs, file) = ids::with(folder, &[], more);
    if let Some((name, bytes)) = file
        && files::private_folder(folder).is_ok()
        && let Ok(mut file) = files::private_file(&folder.join(name))
    {
        let _ = file.write_all(&bytes);
    }
    runs
}

/// Whether a month waits for nothing any more, and will be closed.
pub(super) fn is_decided(open: &OpenMonth) -> bool {
    matches!(&open.step, Step::Wait(missing) if missing.is_empty())
}

/// Of months that can be closed the waits are only counted from now on, where messages were let go: their charges
/// stand in their files.
pub fn weigh_closed(evidence: &Evidence, open: &mut [OpenMonth]) {
    let is_abridged = |open: &&mut OpenMonth| evidence.settled.contains_key(open.business.id.as_str());
    let closed = open.iter_mut().filter(|open| matches!(open.step, Step::Close(_)));
    for month in closed.filter(is_abridged) {
        count_decided(&mut month.waits, &mut month.settled, month.business.zone);
    }
}

/// Puts all waits of a month that are decided beside those that are only counted.
pub fn count_decided(waits: &mut Vec<RatedWait>, counted: &mut Vec<Weighed>, zone: Zone) {
    let (told, decided): (Vec<_>, Vec<_>) =
        std::mem::take(waits).into_iter().partition(|rated| rated.wait.is_open() || rated.wait.excluded);
    let earlier = counted.iter().map(|weighed| (&weighed.rated, weighed.times));
    let all = weighed(earlier.chain(decided.iter().map(|rated| (rated, 1))), zone);
    (*waits, *counted) = (told, all);
}
