//! What the issuer is told after a run. It tells the entries since the last time, so that a run that was killed is told of
//! by the next, and nothing is told twice.

use std::collections::BTreeSet;

use super::closing::{OpenMonth, Step, stored_invoice, texts};
use super::correct::{self, Late};
use super::letters::{signed, signer};
use super::outbox::{Outbox, Sent};
use super::state::{keep, ledger_failure};
use super::{World, files};
use crate::close::readiness::Missing;
use crate::deliver::{self, Letter, Others};
use crate::domain::{DigestRules, Instant, MailRules, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{DigestMade, DigestMail, Entry};
use crate::ledger::{Additions, History, Ledger, LedgerError, MailState, Recorded};
use crate::read::sha256;
use crate::report::digest::{Digest, Part};

/// What a run knows beside the ledger.
pub struct Told<'t> {
    /// Place of the last entry when the run began.
    pub begun: u64,
    pub open: &'t [OpenMonth<'t>],
    pub late: &'t [Late],
    /// Business, month and finding of what a self-check kept from being closed.
    pub failed: &'t [(String, Month, String)],
}

/// Rows of cells, by part.
type Rows = Vec<(Part, Vec<String>)>;

/// Sends what is due, and tells the issuer what happened, where the settings say so.
pub fn sent_and_told(outbox: &Outbox, ledger: &mut Ledger, told: &Told, world: &World) -> Result<Sent, Failure> {
    let mut sent = outbox.run(ledger, world)?;
    let rules = &outbox.setup.config.digest;
    if !rules.is_wanted() {
        return Ok(sent);
    }
    let is_open = !outbox.setup.config.mail.by_hand && !sent.halted && sent.busy.is_none();
    let now = outbox.instant(world);
    let own = made(outbox, rules, ledger, (told, now)).and_then(|name| match name.filter(|_| is_open) {
        Some(name) => outbox.send(ledger, Some(&BTreeSet::from([name])), world).map(Some),
        None => Ok(None),
    });
    match own {
        Ok(Some(own)) => sent = sent.and(own),
        Ok(None) => {}
        // What became of the other mails is told all the same.
        Err(failure) => sent.untold = Some(failure),
    }
    Ok(sent)
}

/// The digest of what stands. Where it changes, there is something to tell.
fn digest_of(standing: &[(Part, Vec<String>)]) -> Result<String, Failure> {
    let rows: Vec<(&str, &Vec<String>)> = standing.iter().map(|(part, cells)| (part.name(), cells)).collect();
    let failed = |error| Failure::new(Kind::SelfCheck, "what stands cannot be written").because(error);
    serde_json::to_vec(&rows).map(|text| sha256(&text)).map_err(failed)
}

/// Freezes the digest of a run in which something happened. Gives the name of its mail, where one is to go out.
fn made(
    outbox: &Outbox,
    rules: &DigestRules,
    ledger: &mut Ledger,
    (told, now): (&Told, Instant),
) -> Result<Option<String>, Failure> {
    let path = ledger.path().to_owned();
    let history = ledger.shared().map_err(|error| ledger_failure(error, &path))?;
    let since = history.digests.last().map_or(told.begun, |last| last.through);
    let recorded = ledger.entries_since(since).map_err(|error| ledger_failure(error, &path))?;
    let standing = standing(told);
    let standing_sha256 = digest_of(&standing)?;
    let news = news(outbox, ledger, (&history, now), &recorded)?;
    let was = history.digests.last().map(|last| &last.standing_sha256);
    let changed = was.map_or(!standing.is_empty(), |was| *was != standing_sha256);
    if rules.quiet && news.is_empty() && !changed {
        return Ok(None);
    }
    let digest = digest(outbox, rules, news.into_iter().chain(standing));
    let (mail, bytes) = frozen(outbox, rules, &digest, &history)?.unzip();
    let (through, head, at) = (history.last, history.head.clone(), outbox.now);
    let name = mail.as_ref().map(|mail| mail.name.clone());
    let entry = DigestMade { through, head, at, standing_sha256, mail };
    let mut is_told = false;
    let added = ledger.append(|history| {
        // Under the lock nothing came between; the same end of the ledger is told once.
        is_told = history.last == entry.through && !history.digests.iter().any(|told| told.head == entry.head);
        // Its bytes, too: it tells what was found in its night, and nothing could make it again.
        let contents = bytes.into_iter().filter(|_| is_told).collect();
        let entries = if is_told { vec![Entry::Digest(entry)] } else { Vec::new() };
        Ok::<_, LedgerError>(Additions { entries, contents })
    });
    added.map_err(|error| ledger_failure(error, &path))?;
    Ok(name.filter(|_| is_told))
}

/// Its parts, each with its rows.
fn digest(outbox: &Outbox, rules: &DigestRules, rows: impl Iterator<Item = (Part, Vec<String>)>) -> Digest {
    let rows: Rows = rows.collect();
    let of = |part: Part| -> Vec<Vec<String>> {
        rows.iter().filter(|(of, _)| *of == part).map(|(_, row)| row.clone()).collect()
    };
    let parts = Part::ALL.into_iter().map(|part| (part, of(part))).filter(|(_, rows)| !rows.is_empty()).collect();
    // Invariant: there is at least one issuer.
    let zone = outbox.setup.config.issuers.first().map(|issuer| issuer.zone);
    let printed = zone.map_or_else(|| outbox.now.to_string(), |zone| zone.print(outbox.now));
    // To the minute: a person reads it.
    Digest { language: rules.language, date: printed.chars().take(16).collect(), parts }
}

/// Documents, mails and files of the entries since the last digest, and how the mails stand `now`, after the sending.
fn news(
    outbox: &Outbox,
    ledger: &Ledger,
    (history, now): (&History, Instant),
    recorded: &[Recorded],
) -> Result<Rows, Failure> {
    let (mut rows, mut touched) = (Rows::new(), BTreeSet::new());
    for Recorded { entry, .. } in recorded {
        match entry {
            Entry::Invoice(issued) | Entry::CreditNote(issued) | Entry::Replacement(issued) => {
                let total = stored_invoice(ledger, issued)?.as_billed().total;
                let corrects = issued.corrects.as_ref().map(|number| format!("for {number}"));
                let cells = [issued.number.to_string(), issued.month.to_string(), issued.business.to_string()];
                let cells = cells.into_iter().chain([total.to_string()]).chain(corrects);
                rows.push((Part::Issued, cells.collect()));
            }
            Entry::SetAside(file) => rows.push((Part::SetAside, vec![file.name.clone(), file.reason.clone()])),
            Entry::Mail(mail) => drop(touched.insert(mail.message_id.as_str())),
            Entry::MailBegun(begun) => drop(touched.insert(begun.message_id.as_str())),
            Entry::MailAttempt(attempt) => drop(touched.insert(attempt.message_id.as_str())),
            Entry::MailRetried(retried) => drop(touched.insert(retried.message_id.as_str())),
            Entry::MailBounced(bounced) => {
                touched.extend(history.mail_named(&bounced.mail).map(|mail| mail.message_id));
            }
            _ => {}
        }
    }
    for mail in history.outgoing().into_iter().filter(|mail| mail.number.is_some()) {
        let standing = history.mail_standing(mail.message_id, &outbox.setup.config.mail, now);
        let since = history.waits_since(&mail).filter(|_| standing.waits());
        let is_overdue = since.is_some_and(|since| now.since(since) > MailRules::ALARM);
        if !is_overdue && !touched.contains(mail.message_id) {
            continue;
        }
        let part = match standing.state {
            MailState::Sent => Part::Sent,
            MailState::Cancelled => continue,
            _ if standing.needs_a_person() => Part::Undelivered,
            _ => Part::Waiting,
        };
        let state = (part != Part::Sent).then(|| standing.state.name().to_owned());
        let until = since.map(|since| format!("since {since}")).into_iter();
        let until = until.chain(standing.until().map(|until| format!("until {until}")));
        let detail = Some(standing.detail.clone()).filter(|detail| part != Part::Sent && !detail.is_empty());
        let told = state.into_iter().chain(until).chain(standing.doubt().map(str::to_owned)).chain(detail);
        rows.push((part, [mail.name.to_owned(), mail.to.to_owned()].into_iter().chain(told).collect()));
    }
    Ok(rows)
}

/// What waits for a person, whenever it came to that.
fn standing(told: &Told) -> Rows {
    let mut rows = Rows::new();
    for open in told.open {
        let mut add = |part, said: Vec<String>| {
            rows.push((part, vec![open.month.to_string(), open.business.id.to_string(), said.join("; ")]));
        };
        match &open.step {
            Step::Park(parked) => add(Part::Parked, texts(&parked.found)),
            Step::Approve(closed) => add(Part::ToApprove, vec![closed.net.to_string()]),
            Step::Wait(missing) => {
                let held: Vec<&Missing> =
                    missing.iter().filter(|missing| matches!(missing, Missing::Held { .. })).collect();
                if !held.is_empty() {
                    add(Part::Held, texts(&held));
                }
            }
            Step::Close(_) => {}
        }
    }
    for (business, month, finding) in told.failed {
        rows.push((Part::Parked, vec![month.to_string(), business.clone(), finding.clone()]));
    }
    for late in told.late {
        let part = match &late.outcome {
            correct::Outcome::Parked { .. } | correct::Outcome::Failed { .. } => Part::Parked,
            correct::Outcome::ToApprove { .. } => Part::ToApprove,
            _ => continue,
        };
        let (_, said) = super::summary::late_words(late, false);
        rows.push((part, vec![late.month.to_string(), late.business.to_string(), said]));
    }
    rows
}

/// Writes the digest where the settings say so, and the mail that is to go out. They are named by the end of the ledger
/// that they tell of.
fn frozen(
    outbox: &Outbox,
    rules: &DigestRules,
    digest: &Digest,
    history: &History,
) -> Result<Option<(DigestMail, Vec<u8>)>, Failure> {
    let head = history.head.get(..16).unwrap_or(&history.head);
    let stem = format!("digest-{:06}-{head}", history.last);
    let folder = outbox.state.digests();
    files::private_folder(&folder)?;
    let (text, html) = (digest.text(), digest.html());
    if rules.write {
        keep(&folder.join(format!("{stem}.txt")), text.as_bytes())?;
        keep(&folder.join(format!("{stem}.html")), html.as_bytes())?;
    }
    let (Some(to), Some(issuer)) = (&rules.to, outbox.setup.config.issuers.first()) else { return Ok(None) };
    let domain = issuer.email.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let message_id = format!("{stem}@{domain}");
    let letter = Letter {
        message_id: &message_id,
        date: outbox.now,
        from_name: &issuer.party.legal_name,
        from: &issuer.email,
        to,
        others: Others::default(),
        language: rules.language.code(),
        subject: &digest.subject(),
        text: &text,
        html: &html,
        attachments: Vec::new(),
        in_parts: false,
    };
    let failed = |error| Failure::new(Kind::SelfCheck, "the digest cannot be made").because(error);
    let signer = signer(&outbox.setup.config)?;
    let eml = deliver::eml(&letter).map_err(failed)?;
    let bytes = signed(signer.as_ref(), eml, outbox.now).map_err(failed)?;
    let name = format!("{stem}.eml");
    keep(&folder.join(&name), &bytes)?;
    let (from, to, sha256) = (issuer.email.clone(), to.clone(), sha256(&bytes));
    Ok(Some((DigestMail { message_id, from, to, name, sha256 }, bytes)))
}
