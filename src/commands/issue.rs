//! Documents and mails of issued invoices: everything here is drawn from what the ledger already holds, and
//! can be stopped and begun again at any point.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::closing::{charge_file, filed_charges, stored_invoice};
use super::patience::{self, Written, drawn};
use super::setup::Setup;
use super::state::{State, keep, ledger_failure, put};
use super::{World, correct, files, line_forms, progress, recorded, workers};
use crate::close::credit_file;
use crate::deliver::{self, Attachment, DeliverError, Letter, Outcome};
use crate::domain::{Elapsed, Instant, Invoice, LineForm, Month, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Artefact, Documents, Entry, Issued, Mail, MailAttempt, MailOutcome, Texts};
use crate::ledger::{Additions, History, Ledger, LedgerError, MailState};
use crate::read::sha256;
use crate::render::{self, InvoiceView, Renderer};

fn add(ledger: &mut Ledger, entries: Vec<Entry>) -> Result<(), Failure> {
    let path = ledger.path().to_owned();
    let added = ledger.append(|_| Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() }));
    added.map_err(|error| ledger_failure(error, &path))
}

/// The files of one invoice, by name.
pub type Files = Vec<(String, Vec<u8>)>;

/// Draws all documents of an invoice or credit note, in the looks of the setup that it was decided with; `charges` are the
/// files of charges that go with it.
pub fn documents(
    setup: &Setup,
    renderer: &Renderer,
    invoice: &Invoice,
    head: &str,
    charges: Files,
) -> Result<Files, Failure> {
    let own = charges.iter().find(|(name, _)| *name == render::line_file(invoice)).map(|(_, bytes)| bytes.as_slice());
    let view = setup.dressed(InvoiceView::of(invoice, head), invoice, own);
    let renderer = setup.renderer(renderer)?;
    let what = format!("the documents of {}", invoice.number);
    let html = drawn(setup, &renderer, &view, &what, Renderer::html)?;
    let pdf = drawn(setup, &renderer, &view, &what, Renderer::pdf)?;
    let made = [
        (format!("{}.json", invoice.file_stem()), invoice.canonical()),
        (format!("{}.html", invoice.file_stem()), html.into_bytes()),
        (render::pdf_file(invoice), pdf),
    ];
    let ubl = render::as_ubl(invoice, head).map(|xml| (render::ubl_file(invoice), xml));
    Ok(made.into_iter().chain(ubl).chain(charges).collect())
}

/// The files of charges that go with a document: what an invoice bills, of earlier months too; what a credit note
/// changes.
pub fn charges(state: &State, history: &History, issued: &Issued, invoice: &Invoice) -> Result<Files, Failure> {
    charges_with(state, history, (issued, invoice), None)
}

/// The same, with the charges of the month of an invoice where they are here already.
pub fn charges_with(
    state: &State,
    history: &History,
    (issued, invoice): (&Issued, &Invoice),
    own: Option<Vec<u8>>,
) -> Result<Files, Failure> {
    let of = |month: Month, sha256: &str| filed_charges(state, history, &issued.business, month, sha256);
    let now = &invoice.computation.data_sha256;
    let Some(correction) = invoice.corrects.as_ref().filter(|_| invoice.is_credit_note()) else {
        let earlier = invoice.earlier.iter().map(|earlier| {
            Ok((format!("{}_{}.csv", issued.number, earlier.month), of(earlier.month, &earlier.data_sha256)?))
        });
        let own = own.map_or_else(|| charge_file(state, history, issued), Ok)?;
        return std::iter::once(Ok((render::line_file(invoice), own))).chain(earlier).collect();
    };
    if correction.messages == 0 {
        return Ok(Vec::new());
    }
    let (was, now) =
        (correct::read(&of(issued.month, &correction.was_sha256)?)?, correct::read(&of(issued.month, now)?)?);
    let changes = credit_file(invoice.net, &was, &now)
        .ok_or_else(|| Failure::new(Kind::SelfCheck, format!("the changes of {} do not fit", issued.number)))?;
    Ok(vec![(render::line_file(invoice), changes)])
}

/// The texts of the documents, by the name of their form.
pub fn texts(setup: &Setup, renderer: &Renderer, invoice: &Invoice) -> Result<Vec<(&'static str, String)>, Failure> {
    let view = setup.dressed(InvoiceView::of(invoice, ""), invoice, None);
    let renderer = setup.renderer(renderer)?;
    let what = format!("the mail of {}", invoice.number);
    let mail = drawn(setup, &renderer, &view, &what, Renderer::mail)?;
    Ok(vec![("HTML page", drawn(setup, &renderer, &view, &what, Renderer::html)?), ("mail", mail.text)])
}

/// Writes the documents and mails that issued invoices still lack, and those that were lost since. One that templates of one's
/// own cannot draw stops no other.
pub fn write_documents(
    state: &State,
    ledger: &mut Ledger,
    renderer: &Renderer,
    world: &World,
) -> Result<Written, Failure> {
    let history = ledger.shared().map_err(|error| ledger_failure(error, ledger.path()))?;
    let lacking: Vec<&Issued> = history.issued.iter().filter(|issued| lacks(state, &history, issued)).collect();
    let bar = progress::bar(world.watched, "documents", lacking.len());
    let (mut written, mut setups) = (Written::default(), BTreeMap::new());
    for some in lacking.chunks(AT_ONCE) {
        // The ledger is read on this thread alone: what the others need of it is taken out before.
        let orders = orders(ledger, &history, some, &mut setups)?;
        let draw = |(issued, texts, invoice): &Order| {
            let setup: &Setup = setups.get(texts).ok_or_else(|| without_setup(issued))?;
            patience::or_undrawn(write_invoice(state, renderer, &history, setup, issued, invoice))
        };
        workers::in_order(&orders, draw, |_, drawn| {
            bar.inc(1);
            let Some((entries, is_written)) = written.noted(drawn)? else { return Ok(()) };
            if !entries.is_empty() {
                // The files are on disk and synced before the ledger names them.
                add(ledger, entries)?;
            }
            written.documents += u64::from(is_written);
            Ok(())
        })?;
    }
    bar.finish_and_clear();
    Ok(written)
}

/// So many canonical invoices are in memory at a time.
const AT_ONCE: usize = 256;

/// A document that is to be drawn, with the texts that it was decided with, and its canonical form.
type Order<'o> = (&'o Issued, Texts, Invoice);

/// What is to be drawn of some documents. `setups` has those of their texts afterwards, each read once, and no others.
fn orders<'o>(
    ledger: &Ledger,
    history: &History,
    lacking: &[&'o Issued],
    setups: &mut BTreeMap<Texts, Setup>,
) -> Result<Vec<Order<'o>>, Failure> {
    let order = |issued: &&'o Issued| {
        let issued: &'o Issued = issued;
        Ok::<Order<'o>, Failure>((issued, correct::texts_of(ledger, history, issued)?, stored_invoice(ledger, issued)?))
    };
    let orders = lacking.iter().map(order).collect::<Result<Vec<Order<'o>>, Failure>>()?;
    let wanted: BTreeSet<&Texts> = orders.iter().map(|(_, texts, _)| texts).collect();
    setups.retain(|texts, _| wanted.contains(texts));
    for texts in wanted {
        if let Slot::Vacant(new) = setups.entry(texts.clone()) {
            new.insert(recorded::setup_of(ledger, texts)?);
        }
    }
    Ok(orders)
}

fn without_setup(issued: &Issued) -> Failure {
    Failure::new(Kind::SelfCheck, format!("the settings of {} were not read", issued.number))
}

/// Whether a document or mail of the invoice was never made, or is missing.
fn lacks(state: &State, history: &History, issued: &Issued) -> bool {
    let folder = state.documents(&issued.number);
    let Some(documents) = history.documents.get(&issued.number) else { return true };
    let names = documents.files.iter().map(|file| &file.name);
    let mails = history.mails_of(&issued.number).filter(|mail| !history.is_destroyed(mail)).map(|mail| &mail.name);
    names.chain(mails).any(|name| !folder.join(name).exists())
        || (is_first(issued) && !state.charges(&issued.business, issued.month).exists())
}

/// The invoice of a closing, whose charges are those of the closing.
fn is_first(issued: &Issued) -> bool {
    issued.kind.is_invoice() && issued.corrects.is_none()
}

/// Draws documents and mails from the canonical invoice and the setup of its closing. What the ledger names
/// already is restored only with the bytes that it names. Gives what the ledger is to name, and whether anything was
/// written.
fn write_invoice(
    state: &State,
    renderer: &Renderer,
    history: &History,
    setup: &Setup,
    issued: &Issued,
    invoice: &Invoice,
) -> Result<(Vec<Entry>, bool), Failure> {
    let charges = charges(state, history, issued, invoice)?;
    let mut files = documents(setup, renderer, invoice, &issued.document_sha256, charges)?;
    line_forms::add(setup, issued, invoice, &mut files)?;
    let mails = mails(setup, renderer, invoice, issued, &files)?;
    let mut written = false;
    if is_first(issued) {
        written |= keep(&state.charges(&issued.business, issued.month), &charge_file(state, history, issued)?)?;
    }
    let mut entries = Vec::new();
    let is_new = !history.documents.contains_key(&issued.number);
    if is_new {
        let artefact = |(name, bytes): &(String, Vec<u8>)| Artefact { name: name.clone(), sha256: sha256(bytes) };
        let documents = Documents { number: issued.number.clone(), files: files.iter().map(artefact).collect() };
        entries.push(Entry::Documents(documents));
        entries.extend(mails.iter().map(|(mail, _)| Entry::Mail(mail.clone())));
    }
    let named = named(history, issued);
    let folder = state.documents(&issued.number);
    let mail_files = mails.into_iter().map(|(mail, bytes)| (mail.name, bytes));
    for (name, bytes) in files.into_iter().chain(mail_files) {
        let path = folder.join(&name);
        if is_new {
            refuse_other(&path, &bytes)?;
        }
        let may_write = named.get(name.as_str()).is_none_or(|recorded| *recorded == sha256(&bytes) && !path.exists());
        written |= may_write && put(&path, &bytes)?;
    }
    if is_new || written {
        files::sync(&folder)?;
    }
    Ok((entries, written))
}

/// A document that the ledger does not name yet may lie there from a run that was killed: with the same bytes. With others
/// it was issued under this number before, and the ledger has forgotten that.
fn refuse_other(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    match std::fs::read(path) {
        Ok(present) if present != bytes => {
            let failure = Failure::new(Kind::Differences, "another document of this number lies there already");
            Err(failure.at(path).hint(
                "put the newest copy of the ledger back; where another version of this program was stopped while it wrote, remove the file",
            ))
        }
        _ => Ok(()),
    }
}

/// The files of an invoice that the ledger names, with their digests.
fn named<'h>(history: &'h History, issued: &'h Issued) -> BTreeMap<&'h str, &'h str> {
    let documents = history.documents.get(&issued.number).into_iter().flat_map(|documents| &documents.files);
    let documents = documents.map(|file| (file.name.as_str(), history.sha256_now(&file.sha256)));
    // A destroyed mail has a digest that nothing has: it is never made again.
    let sha256 = |mail: &'h Mail| if history.is_destroyed(mail) { "" } else { mail.sha256.as_str() };
    let mails = history.mails_of(&issued.number).map(|mail| (mail.name.as_str(), sha256(mail)));
    documents.chain(mails).collect()
}

/// One finished mail a recipient: the same invoice always gives the same bytes.
pub fn mails(
    setup: &Setup,
    renderer: &Renderer,
    invoice: &Invoice,
    issued: &Issued,
    files: &Files,
) -> Result<Vec<(Mail, Vec<u8>)>, Failure> {
    let failed = |error: DeliverError| {
        Failure::new(Kind::SelfCheck, format!("the mail of {} cannot be made", issued.number)).because(error)
    };
    let form = line_forms::mailed(setup, issued);
    let view = InvoiceView::of(invoice, &issued.document_sha256).with_lines_as(form, invoice);
    let view = setup.dressed(view, invoice, None);
    let what = format!("the mail of {}", issued.number);
    let bodies = drawn(setup, &setup.renderer(renderer)?, &view, &what, Renderer::mail)?;
    // The book as it was at the closing: later changes send nothing elsewhere, and nobody is forgotten.
    let business = setup.business(issued.business.as_str());
    // Of an issuer who is in the recorded configuration: the date of a mail is cut where the document's was.
    let zone = business.map_or(Zone::UTC, |business| setup.config.issuer_of(business).zone);
    let recipients = business.map(|business| business.recipients.as_slice()).unwrap_or_default();
    if recipients.is_empty() {
        return Err(Failure::new(Kind::SelfCheck, format!("{} has nobody that it could be mailed to", issued.number)));
    }
    let attachments: Vec<Attachment> = files
        .iter()
        .filter_map(|(name, bytes)| {
            let content_type = match (LineForm::of_file(name), name.rsplit('.').next()) {
                (Some(of_lines), _) if of_lines == form => form.media_type(),
                (None, Some("pdf")) => "application/pdf",
                (None, Some("xml")) => "application/xml",
                _ => return None,
            };
            Some(Attachment { name, content_type, bytes })
        })
        .collect();
    let from = &invoice.seller_email;
    let mut mails = Vec::new();
    for (index, to) in recipients.iter().enumerate() {
        let message_id = deliver::message_id(&issued.number, index, from);
        let letter = Letter {
            message_id: &message_id,
            // Noon, so that the day is the same wherever the header is read.
            date: invoice.issue_date.start(zone).plus(Elapsed::from_seconds(12 * 3600)),
            from_name: &invoice.seller.legal_name,
            from,
            to,
            language: invoice.language.code(),
            subject: &bodies.subject,
            text: &bodies.text,
            html: &bodies.html,
            attachments: attachments.clone(),
        };
        let bytes = deliver::eml(&letter).map_err(failed)?;
        let (number, name) = (issued.number.clone(), format!("{}_{}.eml", issued.number, index + 1));
        let mail = Mail { number, message_id, from: from.clone(), to: to.clone(), name, sha256: sha256(&bytes) };
        mails.push((mail, bytes));
    }
    Ok(mails)
}

/// What became of the mails that were waiting.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sent {
    pub sent: u64,
    pub deferred: u64,
    pub refused: u64,
    pub unknown: u64,
    /// Why sending stopped, where it did.
    pub stopped: Option<String>,
    /// Mails that were not sent, with the outcome's name and the reason.
    pub troubles: Vec<(Mail, &'static str, String)>,
}

/// Gives every waiting mail to the transport, once.
pub fn send(
    setup: &Setup,
    state: &State,
    ledger: &mut Ledger,
    run_at: Instant,
    world: &World,
) -> Result<Sent, Failure> {
    let history = ledger.shared().map_err(|error| ledger_failure(error, ledger.path()))?;
    let waiting: Vec<&Mail> =
        history.mails.iter().filter(|mail| history.mail_state(mail) == MailState::Queued).collect();
    let bar = progress::bar(world.watched, "mail", waiting.len());
    let mut sent = Sent::default();
    for mail in waiting {
        let eml = stored_mail(state, mail)?;
        let carried =
            deliver::deliver(&setup.config.transport, &eml, &mail.name, &mail.from, &mail.to, &deliver::password);
        let (outcome, detail) = match carried {
            Ok(Outcome::Sent { reply }) => (MailOutcome::Sent, reply),
            Ok(Outcome::Deferred { reason }) => (MailOutcome::Deferred, reason),
            Ok(Outcome::Refused { reason }) => (MailOutcome::Refused, reason),
            Ok(Outcome::Unknown { reason }) => (MailOutcome::Unknown, reason),
            Err(error) => {
                // A wrong password or outbox concerns every mail: they stay where they are.
                sent.stopped =
                    Some(Failure::new(Kind::Configuration, "the mail was not sent").because(error).to_string());
                break;
            }
        };
        sent.count(outcome);
        if let Some(name) = trouble(outcome) {
            sent.troubles.push((mail.clone(), name, detail.clone()));
        }
        let attempt = MailAttempt { message_id: mail.message_id.clone(), at: run_at, outcome, detail };
        add(ledger, vec![Entry::MailAttempt(attempt)])?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(sent)
}

/// What a mail that was not sent is called; `None` for one that was.
const fn trouble(outcome: MailOutcome) -> Option<&'static str> {
    match outcome {
        MailOutcome::Sent => None,
        MailOutcome::Deferred => Some("deferred"),
        MailOutcome::Refused => Some("refused"),
        MailOutcome::Unknown => Some("unknown"),
    }
}

impl Sent {
    /// Mails that were given to the transport.
    pub const fn attempts(&self) -> u64 {
        self.sent + self.deferred + self.refused + self.unknown
    }

    fn count(&mut self, outcome: MailOutcome) {
        *match outcome {
            MailOutcome::Sent => &mut self.sent,
            MailOutcome::Deferred => &mut self.deferred,
            MailOutcome::Refused => &mut self.refused,
            MailOutcome::Unknown => &mut self.unknown,
        } += 1;
    }
}

/// The frozen bytes of a mail, compared with what the ledger says.
fn stored_mail(state: &State, mail: &Mail) -> Result<Vec<u8>, Failure> {
    let path = state.documents(&mail.number).join(&mail.name);
    let bytes = std::fs::read(&path).map_err(|error| Failure::io("read the mail", &path, error))?;
    if sha256(&bytes) == mail.sha256 {
        Ok(bytes)
    } else {
        let failure = Failure::new(Kind::Differences, "a finished mail was changed; it is not sent").at(&path);
        Err(failure.hint("restore it from a backup"))
    }
}
