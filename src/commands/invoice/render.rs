//! `ritardo invoice render`: the documents of an issued invoice or credit note in a folder.
//!
//! What was issued is written as it was issued, byte for byte, or not at all. Forms that it was not issued in are drawn from
//! the canonical invoice and the line files.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::files::{self, Access};
use super::super::issue::{self, Files};
use super::super::run::renderer;
use super::super::{Outcome, World, correct, line_forms, recorded, say};
use super::{Shelf, WIDTH};
use crate::cli::{DocumentForm, InvoiceRender};
use crate::domain::{Invoice, LineForm};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Issued;
use crate::render::{InvoiceView, Paper, text};

pub fn render(args: &InvoiceRender, world: &mut World) -> Result<Outcome, Failure> {
    let shelf = Shelf::open(&args.configured.config)?;
    let (issued, invoice) = shelf.document(&args.number)?;
    let only: BTreeSet<DocumentForm> = args.only.iter().copied().collect();
    let is_wanted = |form: DocumentForm| only.is_empty() || only.contains(&form);
    let frozen = frozen(&shelf, issued, &is_wanted)?;
    let drawn = drawn(&shelf, issued, &invoice, &frozen, &is_wanted)?;
    let has =
        |form: &DocumentForm| frozen.iter().chain(&drawn).any(|(name, _)| DocumentForm::of_file(name) == Some(*form));
    if let Some(form) = only.iter().find(|form| !has(form)) {
        let failure = Failure::new(Kind::CommandLine, format!("{} has no {form}", args.number));
        return Err(failure.hint("it was not issued in that form, and has nothing that could be written in it"));
    }
    refuse_state(&shelf, &args.out)?;
    refuse_others(&args.out, frozen.iter().chain(&drawn))?;
    files::private_folder(&args.out)?;
    for (what, some) in [("issued", &frozen), ("drawn", &drawn)] {
        for (name, bytes) in some {
            let path = args.out.join(name);
            files::write_if_changed(&path, bytes, Access::Private)?;
            say(world.out, &format!("{what:<8}  {}", path.display()))?;
        }
    }
    Ok(Outcome::Done)
}

/// The files that the ledger names, as they were issued.
fn frozen(shelf: &Shelf, issued: &Issued, is_wanted: &dyn Fn(DocumentForm) -> bool) -> Result<Files, Failure> {
    let documents = shelf.history.documents.get(&issued.number).into_iter().flat_map(|documents| &documents.files);
    let wanted = documents.filter(|file| DocumentForm::of_file(&file.name).is_some_and(is_wanted));
    wanted
        .map(|file| {
            let bytes = shelf.frozen(&issued.number, &file.name, &file.sha256)?;
            Ok::<_, Failure>((file.name.clone(), bytes))
        })
        .collect()
}

/// The forms that it was not issued in.
fn drawn(
    shelf: &Shelf,
    issued: &Issued,
    invoice: &Invoice,
    frozen: &Files,
    is_wanted: &dyn Fn(DocumentForm) -> bool,
) -> Result<Files, Failure> {
    let known = shelf.history.documents.get(&issued.number);
    let is_issued = |name: &str| known.is_some_and(|documents| documents.files.iter().any(|file| file.name == name));
    let head = &issued.document_sha256;
    let charges = issue::charges(&shelf.state, &shelf.history, issued, invoice)?;
    let view = InvoiceView::of(invoice, head);
    let mut drawn = Files::new();
    for (form, of_lines) in [(DocumentForm::Xlsx, LineForm::Xlsx), (DocumentForm::Parquet, LineForm::Parquet)] {
        for (name, csv) in charges.iter().filter(|_| is_wanted(form)) {
            let name_in = line_forms::name_in(of_lines, name);
            if !is_issued(&name_in) {
                drawn.push((name_in, line_forms::drawn(of_lines, name, csv, invoice)?));
            }
        }
    }
    if is_wanted(DocumentForm::Txt) {
        let text = text(&view, Paper { width: WIDTH, bold: false });
        drawn.push((format!("{}.txt", invoice.file_stem()), text.into_bytes()));
    }
    // The e-invoice that its PDF carries, as a file of its own.
    if let Some(carried) = view.einvoice.filter(|_| is_wanted(DocumentForm::Xml)) {
        drawn.push((format!("{}_{}", invoice.file_stem(), carried.name), carried.xml));
    }
    // Its documents are not written yet: the next run writes the same.
    if known.is_none() && frozen.is_empty() {
        let texts = correct::texts_of(&shelf.ledger, &shelf.history, issued)?;
        let setup = recorded::setup_of(&shelf.ledger, &texts)?;
        let documents = issue::documents(&setup, &renderer()?, invoice, head, charges)?;
        drawn.extend(documents.into_iter().filter(|(name, _)| DocumentForm::of_file(name).is_some_and(is_wanted)));
    }
    drawn.sort();
    Ok(drawn)
}

/// The state folder holds what was issued, and nothing that was drawn since.
fn refuse_state(shelf: &Shelf, out: &Path) -> Result<(), Failure> {
    let root = std::fs::canonicalize(shelf.state.root());
    // Of a folder that is not there yet, the first above it that is.
    let is_inside = out.ancestors().find_map(|folder| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let folder = std::fs::canonicalize(folder).ok()?;
        Some(root.as_ref().is_ok_and(|root| folder.starts_with(root)))
    });
    if is_inside == Some(true) {
        let failure = Failure::new(Kind::CommandLine, "the folder lies in the state folder").at(out);
        return Err(failure.hint("name another one: what is written there could be taken for what was issued"));
    }
    Ok(())
}

/// Files that lie there already may be the same, and no others.
fn refuse_others<'f>(out: &Path, files: impl Iterator<Item = &'f (String, Vec<u8>)>) -> Result<(), Failure> {
    for (name, bytes) in files {
        let path = out.join(name);
        match std::fs::read(&path) {
            Ok(present) if present == *bytes => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Ok(_) => {
                let failure = Failure::new(Kind::CannotCreate, "another file of this name lies there already");
                return Err(failure.at(&path).hint("name another folder, or move the file away; nothing was written"));
            }
            Err(error) => return Err(Failure::io("create the file", &path, error)),
        }
    }
    Ok(())
}
