//! Where the month of a business stands, as its page tells it: in the words of the commands that say the same.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::approve::advice;
use super::super::closing::{OpenMonth, Step, stored_invoice};
use super::super::correct::Outcome;
use super::super::dispute;
use super::super::previews;
use super::super::state::State;
use super::super::status::{Row, billed_later, of_closed, of_open, would_be};
use super::super::summary::{changed, late_on_page, unsigned};
use super::Known;
use crate::close::guards::on_page;
use crate::domain::{Business, BusinessId, CorrectionCause, Currency, Month, Tongue};
use crate::error::Failure;
use crate::ledger::History;
use crate::ledger::entry::{self, Issued, MonthClosed, MonthCorrected};
use crate::report::{After, Closed, Document, Link, Open, Told};

pub fn open(known: &Known, open: &OpenMonth) -> Open {
    let Row { state, missing, net, .. } = of_open(open, known.seen.as_of);
    let (business, month) = (&open.business.id, open.month);
    let reasons = match &open.step {
        Step::Park(parked) => on_page(&parked.found),
        _ => missing,
    };
    let next = match &open.step {
        Step::Park(parked) => {
            let may_be_released = parked.found.iter().all(|found| found.guard.may_be_released());
            Some(advice(month, business, may_be_released))
        }
        _ => None,
    };
    let is_drawn = matches!(open.step, Step::Approve(_));
    let preview = is_drawn.then(|| preview(known, &previews::folder(known.state, month, business))).flatten();
    Open { word: state.name(), reasons, next, net, preview }
}

pub fn closed(known: &Known, closed: &MonthClosed, business: &Business, currency: Currency) -> Result<Closed, Failure> {
    let row = of_closed(known.history, closed, currency);
    let bills = |issued: &&Issued| issued.part_of(closed.month).is_some();
    let documents = known.history.issued_to(&closed.business).filter(bills);
    let documents = documents.map(|issued| document(known, issued, closed.month)).collect::<Result<_, _>>()?;
    Ok(Closed {
        word: row.state.name(),
        charged_now: known
            .history
            .standing(&closed.business, closed.month)
            .and_then(|standing| standing.corrected.map(|corrected| corrected.charges)),
        said: row.missing.iter().cloned().chain(row.carried.map(billed_later)).collect(),
        documents,
        after: after(known, closed, business, &row),
    })
}

fn document(known: &Known, issued: &Issued, month: Month) -> Result<Document, Failure> {
    let Known { ledger, history, .. } = *known;
    let is_first = issued.kind.is_invoice() && issued.corrects.is_none() && issued.month == month;
    let adjustments = if is_first { stored_invoice(ledger, issued)?.adjustments } else { Vec::new() };
    Ok(Document {
        number: issued.number.clone(),
        kind: issued.kind,
        date: issued.issue_date,
        month: issued.month,
        part: issued.part_of(month).unwrap_or(issued.net),
        net: issued.net,
        tax: issued.tax,
        total: issued.total,
        earlier: issued.earlier.clone(),
        corrects: issued.corrects.clone(),
        cause: issued.cause,
        reason: issued.reason.clone(),
        adjustments,
        mails: mails(history, issued),
        href: link(known, issued).href,
    })
}

/// How many of the mails of a document are in which state.
fn mails(history: &History, issued: &Issued) -> Vec<(&'static str, u64)> {
    let mut states = BTreeMap::new();
    // A copy that a person had made is told of by `ritardo mail list`.
    for mail in history.mails_of(&issued.number).filter(|mail| mail.copy.is_none()) {
        *states.entry(history.mail_state(mail)).or_insert(0) += 1;
    }
    states.into_iter().map(|(state, count)| (state.name(), count)).collect()
}

/// Corrections in order, then what is known and not decided, then disputes.
fn after(known: &Known, closed: &MonthClosed, business: &Business, row: &Row) -> Vec<After> {
    let (id, month) = (&closed.business, closed.month);
    let mut after: Vec<After> =
        known.history.corrections(id, month).map(|of| correction(known, of, business)).collect();
    let compared = known.history.compared.get(&(id.clone(), month));
    if let (Some(net), Some(compared)) = (row.would_be, compared) {
        let difference = row.net.and_then(|stands| net.checked_sub(stands));
        let more = |by: crate::domain::Money| if by.minor() < 0 { "less" } else { "more" };
        let difference = difference.map(|by| format!(", {} {} than stands", unsigned(by), more(by)));
        let text = format!("{}{}; {}", would_be(net), difference.unwrap_or_default(), changed(compared.messages));
        let what = CorrectionCause::LateLogs.name().to_owned();
        after.push(After { what, text, told: None, links: Vec::new() });
    }
    let undone = |outcome: &Outcome| !outcome.is_decided();
    let late = known.late.get(&(id, month)).into_iter().flatten();
    for late in late.filter(|late| undone(&late.outcome)) {
        let is_drawn = matches!(late.outcome, Outcome::ToApprove { .. });
        let preview = is_drawn.then(|| preview(known, &previews::folder(known.state, month, id))).flatten();
        let (what, text) = (CorrectionCause::LateLogs.name().to_owned(), late_on_page(late, false).1);
        after.push(After { what, text, told: None, links: preview.into_iter().collect() });
    }
    let disputes = known.history.disputes.iter().filter(|dispute| dispute.business == *id && dispute.month == month);
    after.extend(disputes.map(|dispute| disputed(known, dispute, business)));
    after
}

fn correction(known: &Known, corrected: &MonthCorrected, business: &Business) -> After {
    let notes =
        notes(known, &corrected.business, corrected.month, |issued| issued.data_sha256 == corrected.data_sha256);
    let date = business.zone.date_of(corrected.at);
    let text = format!("{}, {date}: the month comes to {}", corrected.cause.name(), corrected.net);
    let (number, tongue) = (corrected.correction, Tongue::of(business.language));
    let values = [("date", date.to_string()), ("net", tongue.number(&corrected.net.to_string()))];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    let told = Told {
        what: format!("{} {number}", tongue.say("correction")),
        text: tongue.fill("{date}: the month comes to {net}", &values),
    };
    After { what: format!("correction {number}"), text, told: Some(told), links: notes }
}

fn disputed(known: &Known, dispute: &entry::Dispute, business: &Business) -> After {
    let settled = known.history.settled.get(&dispute.dispute).map(|(_, settled)| settled.at);
    let links = settled.map_or_else(
        || preview(known, &previews::of_dispute(known.state, dispute.dispute)).into_iter().collect(),
        |at| {
            notes(known, &dispute.business, dispute.month, |issued| {
                issued.cause == Some(CorrectionCause::Dispute) && issued.issued_at == Some(at)
            })
        },
    );
    let (opened, accepted) = (business.zone.date_of(dispute.at), dispute::accepted(dispute));
    let has_accepted = dispute.claims.iter().any(|claim| claim.accepted);
    let state = match settled {
        Some(at) => format!("settled {}", business.zone.date_of(at)),
        None if has_accepted => format!("open: {}", dispute::next(dispute)),
        None => "nothing is to be given back".to_owned(),
    };
    let tongue = Tongue::of(business.language);
    let text = match settled {
        Some(at) => tongue.fill("settled on {date}", &[("date", &business.zone.date_of(at).to_string())]),
        None => tongue.fill("opened on {date}", &[("date", &opened.to_string())]),
    };
    let told = Some(Told { what: format!("{} {}", tongue.say("dispute"), dispute.dispute), text });
    let what = format!("dispute {}", dispute.dispute);
    After { what, text: format!("{accepted}, {opened}; {state}"), told, links }
}

/// Credit notes of a month, as links.
fn notes(known: &Known, business: &BusinessId, month: Month, is_one: impl Fn(&Issued) -> bool) -> Vec<Link> {
    let notes = known.history.issued_to(business).filter(|issued| !issued.kind.is_invoice() && issued.month == month);
    notes.filter(|issued| is_one(issued)).map(|issued| link(known, issued)).collect()
}

/// A document with the address of its page.
fn link(known: &Known, issued: &Issued) -> Link {
    let files = known.history.documents.get(&issued.number).into_iter().flat_map(|documents| &documents.files);
    let page = files.into_iter().find(|file| is_page(Path::new(&file.name)) && known.site.is_beside);
    let href = page.map(|page| address(known.state, &known.state.documents(&issued.number).join(&page.name)));
    Link { text: issued.number.to_string(), href: href.unwrap_or_default() }
}

/// The page of a preview, where one was drawn.
fn preview(known: &Known, folder: &Path) -> Option<Link> {
    if !known.site.is_beside {
        return None;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let page = entries.filter(|path| is_page(path)).min()?;
    Some(Link { text: "preview".to_owned(), href: address(known.state, &page) })
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "html")
}

/// Where a file of the state lies, seen from the page of a month: both lie below the same folder.
fn address(state: &State, path: &Path) -> String {
    let inside = path.strip_prefix(state.root()).unwrap_or(path);
    let parts = inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    std::iter::once("..".to_owned()).chain(parts).collect::<Vec<_>>().join("/")
}
