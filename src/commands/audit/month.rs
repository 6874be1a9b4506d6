//! One closed month: its closing, each of its corrections, each of its documents.

use super::super::billable::{available, frozen_again, is_taxed};
use super::super::closing::{close_with, filed_charges, stored_invoice};
use super::super::summary::billed_total;
use super::documents::{looks, others};
use super::replay::{Basis, Replayed};
use super::told::{Audited, Corrected};
use super::{Auditing, two_clocks};
use crate::audit::{RecordedMonth, ReplayedMonth, differences};
use crate::close::{self, ClosedMonth, Issue};
use crate::domain::correction::Earlier;
use crate::domain::invoice::Counts;
use crate::domain::{Instant, Invoice, Zone};
use crate::error::Failure;
use crate::ledger::entry::{Issued, MonthClosed, MonthCorrected};
use crate::ledger::{Contradiction, History, Ledger};

pub fn audited(auditing: &Auditing, ledger: &Ledger, closed: &MonthClosed) -> Result<Audited, Failure> {
    let Auditing { replays, clocks, timings, .. } = auditing;
    let history = replays.history;
    let issued = history.invoice_of(&closed.business, closed.month);
    let mut audited = Audited::of(closed, issued);
    let replayed = auditing.replay(ledger, &Basis::of_closing(closed))?;
    let begun = timings.now();
    match &replayed {
        Err(why) => audited.differences.push(why.clone()),
        Ok(replayed) => closing(auditing, ledger, closed, replayed, &mut audited)?,
    }
    timings.part("comparing", begun, None);
    for corrected in history.corrections(&closed.business, closed.month) {
        audited.corrections.push(correction(auditing, ledger, closed, corrected)?);
    }
    let begun = timings.now();
    audited.documents = others(auditing, ledger, closed)?;
    timings.part("comparing", begun, None);
    let of_month = |found: &&Contradiction| {
        found.business == closed.business && [found.month, found.told_in].contains(&closed.month)
    };
    audited.differences.extend(auditing.contradictions.iter().filter(of_month).map(|found| found.text.clone()));
    audited.judge();
    if !audited.identical && closed.zones != Zone::DATA_VERSION {
        let (then, now) = (&closed.zones, Zone::DATA_VERSION);
        let why = "months and days may be cut elsewhere";
        audited.suspects.push(format!("closed with time zone data {then}, replayed with {now}: {why}"));
    }
    if let Ok(replayed) = &replayed {
        let begun = timings.now();
        audited.clocks = two_clocks::clocked(clocks, replays, ledger, closed, replayed)?;
        if audited.clocks.is_some() {
            timings.part("by other clocks", begun, None);
        }
    }
    Ok(audited)
}

fn closing(
    auditing: &Auditing,
    ledger: &Ledger,
    recorded: &MonthClosed,
    replayed: &Replayed,
    audited: &mut Audited,
) -> Result<(), Failure> {
    let (state, history) = (auditing.replays.state, auditing.replays.history);
    let issued = history.invoice_of(&recorded.business, recorded.month);
    let again = match again(history, recorded, recorded.cut, &recorded.data_sha256, replayed) {
        Err(why) => {
            audited.differences.push(why);
            return Ok(());
        }
        Ok(again) => again,
    };
    let filed = || filed_charges(state, history, &recorded.business, recorded.month, &recorded.data_sha256);
    // Charges without an invoice wait for one that bills them.
    let line_file = (issued.is_some() || recorded.carried.is_some()).then(filed).transpose()?;
    let stored = issued.map(|issued| stored_invoice(ledger, issued)).transpose()?;
    audited.billed = stored.as_ref().and_then(billed_total);
    let month = RecordedMonth {
        counts: recorded.counts,
        charges: recorded.charges,
        exact: recorded.exact,
        net: recorded.carried,
        vat: &recorded.vat,
        data_sha256: &recorded.data_sha256,
        line_file: line_file.as_deref(),
        line_file_sha256: history.sha256_now(&recorded.data_sha256),
        document: stored.as_ref().zip(issued).map(|(stored, issued)| (stored, issued.document_sha256.as_str())),
    };
    let invoice =
        match issued.map(|issued| rebuilt((ledger, history), recorded, replayed, &again.closed, issued)).transpose()? {
            Some(Err(why)) => {
                audited.differences.push(why);
                return Ok(());
            }
            Some(Ok(invoice)) => invoice,
            None => None,
        };
    let invoice = invoice.zip(stored.as_ref()).map(|(invoice, stored)| close::in_form_of(stored, invoice));
    let compared = differences(&month, &again.with(invoice.as_ref()));
    audited.differences.extend(compared.iter().map(ToString::to_string));
    // Of documents with other amounts nobody asks how they look.
    if let (Some(issued), Some(invoice), true) = (issued, stored, audited.differences.is_empty()) {
        audited.looks =
            looks(auditing, ledger, issued, &invoice, Some((again.closed.line_file, again.line_file_sha256)))?;
    }
    Ok(())
}

fn correction(
    auditing: &Auditing,
    ledger: &Ledger,
    closed: &MonthClosed,
    recorded: &MonthCorrected,
) -> Result<Corrected, Failure> {
    let (state, history) = (auditing.replays.state, auditing.replays.history);
    let mut told = Corrected::of(recorded);
    let replayed = auditing.replay(ledger, &Basis::of_correction(closed, recorded))?;
    let begun = auditing.timings.now();
    let closed_again =
        replayed.and_then(|replayed| again(history, closed, recorded.cut, &recorded.data_sha256, &replayed));
    match closed_again {
        Err(why) => told.differences.push(why),
        Ok(again) => {
            let path = state.corrected_charges(&recorded.business, recorded.month, recorded.correction);
            let line_file = std::fs::read(&path).map_err(|error| Failure::io("read the charge file", &path, error))?;
            let month = RecordedMonth {
                counts: recorded.counts,
                charges: recorded.charges,
                exact: recorded.exact,
                net: Some(recorded.net),
                vat: &recorded.vat,
                data_sha256: &recorded.data_sha256,
                line_file: Some(&line_file),
                line_file_sha256: history.sha256_now(&recorded.data_sha256),
                document: None,
            };
            let compared = differences(&month, &again.with(None));
            told.differences.extend(compared.iter().map(ToString::to_string));
        }
    }
    told.identical = told.differences.is_empty();
    auditing.timings.part("comparing", begun, None);
    Ok(told)
}

/// A month closed again.
struct Again {
    closed: ClosedMonth,
    /// SHA-256 of its line file, as it is now.
    line_file_sha256: String,
}

impl Again {
    fn with<'a>(&'a self, invoice: Option<&'a Invoice>) -> ReplayedMonth<'a> {
        ReplayedMonth { closed: &self.closed, line_file_sha256: &self.line_file_sha256, invoice }
    }
}

/// The month closed again from a replay.
fn again(
    history: &History,
    closed: &MonthClosed,
    cut: Instant,
    recorded_sha256: &str,
    replayed: &Replayed,
) -> Result<Again, String> {
    let business = replayed.business(closed).ok_or("the recorded book has no such business")?;
    let again = close_with(&replayed.setup.tariff, business, closed.month, cut, &replayed.rated);
    let mut again = again.map_err(|error| format!("the month cannot be closed again: {error}"))?;
    let on_time = replayed.on_time.unwrap_or_default();
    again.counts.join(&Counts { waits: on_time, on_time, ..Counts::default() });
    let line_file_sha256 = again.data_sha256.clone();
    // Of a month in which somebody was forgotten, the line file without them is what can be made again. The
    // ledger binds its digest to that of the month.
    if history.sha256_now(recorded_sha256) == again.data_sha256 {
        recorded_sha256.clone_into(&mut again.data_sha256);
    }
    Ok(Again { closed: again, line_file_sha256 })
}

/// The invoice of the month closed again, with the recorded number, date and place in the chain, by the recorded rates of
/// exchange. The inner error is a difference.
fn rebuilt(
    (ledger, history): (&Ledger, &History),
    recorded: &MonthClosed,
    replayed: &Replayed,
    again: &ClosedMonth,
    issued: &Issued,
) -> Result<Result<Option<Invoice>, String>, Failure> {
    let setup = &replayed.setup;
    let Some(business) = replayed.business(recorded) else { return Ok(Ok(None)) };
    let by_receipt = setup.tariff.reading.is_by_receipt();
    let earlier = issued.earlier.iter().map(|row| history.undecided(&issued.business, row));
    let earlier: Vec<Earlier> = earlier.map(|row| close::decided_anew(&business.vat, row, by_receipt)).collect();
    let is_taxed = is_taxed(business, again, &earlier);
    let rows = (recorded.month, recorded.exchange_sha256.as_deref());
    let rates = match frozen_again(ledger, rows, setup, business, is_taxed)? {
        Err(why) => return Ok(Err(why)),
        Ok(rates) => rates,
    };
    let issue = Issue {
        number: issued.number.clone(),
        date: issued.issue_date,
        previous: issued.previous.clone(),
        earlier,
        rates,
        available: available(history, business, issued.issue_date, Some(&issued.number)),
    };
    Ok(Ok(close::invoice(setup.config.issuer_of(business), business, again, &setup.tariff_name(), issue)))
}
