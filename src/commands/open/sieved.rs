//! Open months whose messages a cluster has sieved.

use std::collections::BTreeMap;

use super::{BrokenVow, Guard, Parked, Step, Tonight, asked, close_decided, judged};
use crate::commands::closing::OpenMonth;
use crate::commands::cluster::{Cluster, OfBusiness, Question, Told};
use crate::commands::evidence::{Evidence, broken};
use crate::commands::second_opinion::second_opinion;
use crate::commands::setup::Setup;
use crate::commands::timings::Timings;
use crate::commands::{settled, workers};
use crate::domain::{Business, Instant, Span};
use crate::error::Failure;
use crate::read::frame;

/// The open months of the businesses of some portions, after a cluster has sieved their messages.
pub(super) fn on_cluster<'s>(
    tonight: &Tonight<'s, '_>,
    broken_vows: &[BrokenVow],
    evidence: &mut Evidence,
    portions: &[Vec<&'s Business>],
    cluster: &Cluster,
) -> Result<Vec<OpenMonth<'s>>, Failure> {
    let Tonight { setup, archive, as_of, .. } = *tonight;
    let known = evidence.over(frame::empty().map_err(broken)?)?;
    let of_business = |portion: u32, business: &&'s Business| {
        let months = asked(tonight, &known, business);
        let judged = Span { from: months.first().map_or(Instant::MAX, |asked| asked.span().from), to: Instant::MAX };
        let months = months.iter().map(|asked| (asked.month, asked.cut)).collect();
        OfBusiness { business, portion, judged, through: as_of, months }
    };
    let businesses = (0..).zip(portions).flat_map(|(number, portion)| portion.iter().map(move |one| (number, one)));
    let businesses = businesses.map(|(number, business)| of_business(number, business)).collect();
    let question = Question { archive, setup, evidence: &known, as_of, businesses, is_of_a_night: true };
    let (mut sieve, mut open) = (question.ask(cluster, tonight.timings)?, Vec::new());
    if let Some(strays) = &mut sieve.strays {
        evidence.known = std::mem::take(&mut strays.known);
    }
    for (number, portion) in (0..).zip(portions) {
        let begun = tonight.timings.map(Timings::now);
        let mut claims = BTreeMap::new();
        for Told { business, settled, carried, claims: of_business } in sieve.portion(number)? {
            evidence.let_go(business, settled, carried);
            claims.insert(&business.id, of_business);
        }
        let (mut judged, decided) = judged(tonight, broken_vows, evidence, portion)?;
        for month in &judged {
            // Where a charge has no rate there are no waits to compare it with, and nothing is billed.
            let lacks_rate = |parked: &Parked| parked.found.iter().any(|found| matches!(found.guard, Guard::Rates));
            let is_judged = !matches!(&month.step, Step::Park(parked) if lacks_rate(parked));
            if let Some(claims) = claims.get(&month.business.id).filter(|_| is_judged) {
                claims.compare(month.month.span(month.business.zone), month.waits.iter())?;
            }
        }
        opinions(setup, evidence, &mut judged, &decided)?;
        close_decided(tonight, evidence, &mut judged, &decided)?;
        settled::weigh_closed(evidence, &mut judged);
        tonight.part("what is left of it", begun, portion.len() as u64);
        open.extend(judged);
    }
    // Nothing of the others is billed, but they are told.
    for (name, messages) in sieve.strays.into_iter().flat_map(|strays| strays.by_business) {
        match evidence.by_business.get_mut(&name) {
            Some(of_business) if !question.is_about(&name) => drop(of_business.vstack_mut(&messages).map_err(broken)?),
            Some(_) => {}
            None => drop(evidence.by_business.insert(name, messages)),
        }
    }
    Ok(open)
}

/// The second opinion on months that will be closed, while all their waits are there.
fn opinions(
    setup: &Setup,
    evidence: &Evidence,
    open: &mut [OpenMonth],
    decided: &[(usize, Instant)],
) -> Result<(), Failure> {
    let of_month = |(place, cut): &(usize, Instant)| {
        let Some(OpenMonth { business, month, waits, .. }) = open.get(*place) else { return Ok(None) };
        second_opinion(evidence, business, *month, *cut, setup, waits).map(Some)
    };
    let found = workers::all(decided, of_month)?;
    for ((place, _), opinion) in decided.iter().zip(found) {
        if let Some(month) = open.get_mut(*place) {
            month.opinion = opinion;
        }
    }
    Ok(())
}
