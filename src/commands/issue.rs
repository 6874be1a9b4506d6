//! Documents and mails of issued invoices: everything here is drawn from what the ledger already holds, and
//! can be stopped and begun again at any point.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::closing::{charge_file, filed_charges, stored_invoice};
use super::letters::{Post, max_size};
use super::patience::{self, Written, drawn};
use super::setup::Setup;
use super::state::{State, keep, ledger_failure, put};
use super::{World, correct, files, line_forms, progress, recorded, workers};
use crate::close::credit_file;
use crate::deliver::Signer;
use crate::domain::{Attachable, Invoice, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Artefact, Documents, Entry, Issued, Mail, Texts};
use crate::ledger::{Additions, History, Ledger, LedgerError};
use crate::read::sha256;
use crate::render::{self, InvoiceView, Renderer};

/// Adds entries in one transaction.
pub fn add(ledger: &mut Ledger, entries: Vec<Entry>) -> Result<(), Failure> {
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
    let letter = letter(setup, &renderer, invoice, own, &view)?;
    Ok(made.into_iter().chain(ubl).chain(charges).chain(letter).collect())
}

/// The letter of the month, page and PDF, where the business asks for it.
fn letter(
    setup: &Setup,
    renderer: &Renderer,
    invoice: &Invoice,
    line_file: Option<&[u8]>,
    view: &InvoiceView,
) -> Result<Files, Failure> {
    let business = setup.business(invoice.business.as_str());
    let is_asked = business.is_some_and(|business| business.mailing.attaches(Attachable::Letter));
    let letter = line_file.filter(|_| is_asked).and_then(|lines| render::letter(invoice, lines, view));
    let Some(letter) = letter else { return Ok(Files::new()) };
    let failed = |error| {
        Failure::new(Kind::SelfCheck, format!("the letter of {} cannot be drawn", invoice.number)).because(error)
    };
    let page = renderer.letter_html(&letter).map_err(failed)?;
    let pdf = renderer.letter_pdf(&letter).map_err(failed)?;
    Ok(vec![(render::letter_page_file(invoice), page.into_bytes()), (render::letter_pdf_file(invoice), pdf)])
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
/// own cannot draw stops no other. `signer` signs new mails.
pub fn write_documents(
    state: &State,
    ledger: &mut Ledger,
    renderer: &Renderer,
    signer: Option<&Signer>,
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
            patience::or_undrawn(write_invoice(state, renderer, &history, (setup, signer), issued, invoice))
        };
        workers::in_order(&orders, draw, |_, drawn| {
            bar.inc(1);
            let Some((entries, is_written)) = written.noted(drawn)? else { return Ok(()) };
            written.too_big(&entries);
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
    (setup, signer): (&Setup, Option<&Signer>),
    issued: &Issued,
    invoice: &Invoice,
) -> Result<(Vec<Entry>, bool), Failure> {
    let charges = charges(state, history, issued, invoice)?;
    let mut files = documents(setup, renderer, invoice, &issued.document_sha256, charges)?;
    line_forms::add(setup, issued, invoice, &mut files)?;
    let max_size = max_size(&setup.config);
    let post = Post { setup, renderer, invoice, issued, files: &files, history, signer, max_size };
    let (mails, copies) = (post.mails()?, post.copies()?);
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
    let mail_files = mails.into_iter().chain(copies).map(|(mail, bytes)| (mail.name, bytes));
    for (name, bytes) in files.into_iter().chain(mail_files) {
        let path = folder.join(&name);
        // A mail that no entry names was never sent, and the key that signed it may be another one now.
        if is_new && !is_mail(&name) {
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

fn is_mail(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "eml")
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
