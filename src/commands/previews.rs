//! Previews: what a person looks at before something is issued. They are drawn anew as long as they differ, and removed
//! once there is nothing to approve.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::closing::{OpenMonth, Step};
use super::correct::{self, Bench, Late, Noted, Withheld};
use super::decide::{self, Due};
use super::pages::Replays;
use super::patience::drawn;
use super::setup::Setup;
use super::state::{State, keep};
use super::{billable, workers};
use crate::close::check::sha256;
use crate::close::{ClosedMonth, Issue};
use crate::domain::{Business, BusinessId, Instant, Invoice, InvoiceNumber, Month};
use crate::error::{Failure, Kind};
use crate::ledger::{History, Ledger};
use crate::render::{self, InvoiceView, Looks, Renderer};

/// Where the preview of a month lies.
pub fn folder(state: &State, month: Month, business: &BusinessId) -> PathBuf {
    state.previews().join(month.to_string()).join(business.as_str())
}

/// The invoice of a month as it would be issued, with a number that is none, a date that is its end, and no place in the
/// chain: as long as nothing else changes, it is the same every night. `at` is when it would be issued: it takes payments in
/// advance that were received by then.
pub fn invoice(
    setup: &Setup,
    history: &History,
    month: &OpenMonth,
    closed: &ClosedMonth,
    withheld: &Withheld,
    at: Instant,
) -> Result<Invoice, String> {
    let number = InvoiceNumber { series: "PREVIEW".to_owned(), year: 0, count: 0 };
    let end = month.month.span(month.business.zone).to;
    let date = setup.config.issuer_of(month.business).zone.date_of(end);
    let Due { earlier, is_worth_an_invoice } = Due::of(setup, history, month, closed, withheld);
    let is_taxed = billable::is_taxed(month.business, closed, &earlier);
    let rates = match billable::frozen(setup, month.business, month.month, is_taxed) {
        Err(why) if is_worth_an_invoice => return Err(why),
        // What no invoice bills yet needs no rate.
        frozen => frozen.ok().flatten().map(|(rates, _)| rates).unwrap_or_default(),
    };
    let today = setup.config.issuer_of(month.business).zone.date_of(at);
    let available = billable::available(history, month.business, today, None);
    let issue = Issue { number, date, previous: sha256(b""), earlier, rates, available };
    if is_worth_an_invoice {
        decide::invoice(setup, month, closed, issue)
    } else {
        decide::outline(setup, month, closed, issue)
    }
}

/// Writes what a document would look like, with a mark on every page that it is none.
pub fn write_one(
    folder: &Path,
    setup: &Setup,
    renderer: &Renderer,
    invoice: &Invoice,
    line_file: Option<&[u8]>,
) -> Result<bool, Failure> {
    let view = setup.dressed(InvoiceView::preview(invoice), invoice, line_file);
    let (renderer, own) = (setup.renderer(renderer)?, setup.looks != Looks::default());
    let what = format!("the preview for {}", invoice.business);
    let html = drawn(setup, &renderer, &view, &what, Renderer::html)?;
    let (page, pdf) = (folder.join(render::preview_html_file(invoice)), folder.join(render::preview_pdf_file(invoice)));
    // A page that is as it was has its PDF already, and setting type takes time; but templates of one's own may differ in
    // the PDF alone.
    let written = keep(&page, html.as_bytes())?;
    if written || own || !pdf.exists() {
        keep(&pdf, &drawn(setup, &renderer, &view, &what, Renderer::pdf)?)?;
    }
    Ok(written)
}

/// What an approval is of: the invoice, and whom it goes to.
pub fn draft_sha256(invoice: &Invoice, business: &Business) -> String {
    let recipients = business.recipients.iter().map(ToString::to_string);
    let recipients: Vec<String> = recipients.collect();
    sha256(&[&invoice.canonical(), recipients.join("\n").as_bytes()].concat())
}

/// Draws the previews of a night, and removes those of which nothing waits any more. The folders that changed.
pub fn write(
    bench: &Bench,
    ledger: &Ledger,
    open: &[OpenMonth],
    late: &[Late],
    renderer: &Renderer,
) -> Result<Vec<PathBuf>, Failure> {
    let withheld = correct::withheld(late);
    let (mut wanted, mut written) = (BTreeSet::new(), Vec::new());
    let (setup, state, history, at) = (bench.setup, bench.state, bench.history, bench.run_at);
    let to_approve: Vec<(&OpenMonth, &ClosedMonth)> = open
        .iter()
        .filter_map(|month| if let Step::Approve(closed) = &month.step { Some((month, closed.as_ref())) } else { None })
        .collect();
    let draw = |(month, closed): &(&OpenMonth, &ClosedMonth)| {
        let folder = folder(state, month.month, &month.business.id);
        let failed = |why: String| {
            Failure::new(Kind::SelfCheck, format!("the preview of {} cannot be made: {why}", month.month))
        };
        let invoice = invoice(setup, history, month, closed, &withheld, at).map_err(failed)?;
        let drawn = write_one(&folder, setup, renderer, &invoice, Some(closed.line_file.as_slice()))?;
        let charges = keep(&folder.join(render::preview_line_file(&invoice)), &closed.line_file)?;
        Ok::<_, Failure>((folder, drawn || charges))
    };
    workers::in_order(&to_approve, draw, |_, (folder, is_written)| {
        written.extend(is_written.then(|| folder.clone()));
        wanted.insert(folder);
        Ok(())
    })?;
    // What they are judged by is loaded once for all of them, and not at all without one.
    let mut replays: Option<Replays> = None;
    for late in late.iter().filter(|late| matches!(late.outcome, correct::Outcome::ToApprove { .. })) {
        let folder = folder(bench.state, late.month, &late.business);
        let replays = replays.get_or_insert_with(|| Replays::with(history.clone()));
        for Noted { note, changes } in correct::drafts_of(bench, ledger, replays, late)? {
            let mut is_written = write_one(&folder, setup, renderer, &note, changes.as_deref())?;
            if let Some(changes) = &changes {
                is_written |= keep(&folder.join(render::preview_line_file(&note)), changes)?;
            }
            written.extend(is_written.then(|| folder.clone()));
        }
        wanted.insert(folder);
    }
    remove_others(&bench.state.previews(), &wanted)?;
    Ok(written)
}

/// Removes previews of months that are not wanted; those of disputes are removed when they are settled.
fn remove_others(previews: &Path, wanted: &BTreeSet<PathBuf>) -> Result<(), Failure> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    };
    for month in below(previews) {
        let is_month =
            month.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.parse::<Month>().is_ok());
        if !is_month {
            continue;
        }
        for business in below(&month).into_iter().filter(|folder| !wanted.contains(folder)) {
            fs::remove_dir_all(&business).map_err(|error| Failure::io("remove the preview", &business, error))?;
        }
        // A folder that still has one stays.
        let _ = fs::remove_dir(&month);
    }
    Ok(())
}

/// Where the preview of a dispute lies.
pub fn of_dispute(state: &State, dispute: u32) -> PathBuf {
    state.previews().join(format!("dispute-{dispute}"))
}

/// Removes the preview of a dispute.
pub fn remove_dispute(state: &State, dispute: u32) -> Result<(), Failure> {
    let folder = of_dispute(state, dispute);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::io("remove the preview", &folder, error))
        }
        _ => Ok(()),
    }
}
