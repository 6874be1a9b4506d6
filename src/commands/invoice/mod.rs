//! `ritardo invoice`: issued invoices and credit notes, listed, read, opened, written. Nothing is issued, and nothing in the
//! state folder is changed.

mod list;
mod render;

use std::path::Path;
use std::process::{Command, Stdio};

use super::audit::state_of;
use super::closing::stored_invoice;
use super::state::{State, ledger_failure};
use super::{Outcome, World, say};
use crate::cli::{InvoiceAction, InvoiceCommand, InvoiceShow};
use crate::domain::{Invoice, InvoiceNumber};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Issued;
use crate::ledger::{History, Ledger};
use crate::read::sha256;
use crate::render::{InvoiceView, Paper, pdf_file, text};

/// Characters of a line where there is no terminal.
const WIDTH: usize = 100;

pub fn invoice(args: &InvoiceCommand, world: &mut World) -> Result<Outcome, Failure> {
    match &args.action {
        InvoiceAction::List(args) => list::list(args, world),
        InvoiceAction::Show(args) => show(args, world),
        InvoiceAction::Open(args) => open(args, world),
        InvoiceAction::Render(args) => render::render(args, world),
    }
}

/// What is read for a command about one document.
struct Shelf {
    state: State,
    ledger: Ledger,
    history: History,
}

impl Shelf {
    fn open(config: &Path) -> Result<Self, Failure> {
        let state = state_of(config)?;
        let ledger = state.read_ledger()?;
        let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
        Ok(Self { state, ledger, history })
    }

    /// A document with its canonical form.
    fn document(&self, number: &InvoiceNumber) -> Result<(&Issued, Invoice), Failure> {
        let issued = self.history.document(number).ok_or_else(|| {
            let failure = Failure::new(Kind::CommandLine, format!("the ledger has no document {number}"));
            failure.at(self.ledger.path()).hint("`ritardo invoice list` shows the numbers that it has")
        })?;
        Ok((issued, stored_invoice(&self.ledger, issued)?))
    }

    /// The bytes of a file beside documents, as they were issued.
    fn frozen(&self, number: &InvoiceNumber, name: &str, recorded: &str) -> Result<Vec<u8>, Failure> {
        let path = self.state.documents(number).join(name);
        let bytes = std::fs::read(&path).map_err(|error| {
            Failure::io("read the document", &path, error).hint("the next `ritardo run` makes it again")
        })?;
        if sha256(&bytes) == self.history.sha256_now(recorded) {
            return Ok(bytes);
        }
        let failure = Failure::new(Kind::Differences, "the document is not the one that was issued").at(&path);
        Err(failure.hint("restore it from a backup; `ritardo verify` compares all of them"))
    }
}

fn show(args: &InvoiceShow, world: &mut World) -> Result<Outcome, Failure> {
    let shelf = Shelf::open(&args.configured.config)?;
    let (issued, invoice) = shelf.document(&args.number)?;
    let paper = Paper { width: world.columns.unwrap_or(WIDTH), bold: world.columns.is_some() };
    let text = text(&InvoiceView::of(&invoice, &issued.document_sha256), paper);
    say(world.out, text.trim_end())?;
    Ok(Outcome::Done)
}

/// Opens the PDF where somebody sits at a terminal; else its path is for a program.
fn open(args: &InvoiceShow, world: &mut World) -> Result<Outcome, Failure> {
    let shelf = Shelf::open(&args.configured.config)?;
    let (issued, invoice) = shelf.document(&args.number)?;
    let name = pdf_file(&invoice);
    let recorded = shelf.history.documents.get(&issued.number);
    let recorded = recorded.and_then(|documents| documents.files.iter().find(|file| file.name == name));
    let recorded = recorded.ok_or_else(|| {
        let failure = Failure::new(Kind::CommandLine, format!("the documents of {} are not written yet", args.number));
        failure.hint("the next `ritardo run` writes them; `ritardo invoice show` reads it here")
    })?;
    shelf.frozen(&issued.number, &name, &recorded.sha256)?;
    let path = shelf.state.documents(&issued.number).join(&name);
    // Where no program is there to open it, a person has the path at least.
    if world.columns.is_none() || !opened(&path) {
        say(world.out, &path.display().to_string())?;
    }
    Ok(Outcome::Done)
}

/// Whether a program of the desktop has taken the file.
fn opened(path: &Path) -> bool {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    let command = command.arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
