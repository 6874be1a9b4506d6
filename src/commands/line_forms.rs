//! The line files of a document in the other forms that its business gets them in. They are drawn from the CSV files that lie
//! beside them and the canonical document, frozen and recorded like these, and redacted with them.

use super::issue::Files;
use super::setup::Setup;
use crate::domain::{Invoice, LineForm};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Issued;
use crate::render;

/// The forms that the business of a document had when it was decided, in the order of its book.
fn forms(setup: &Setup, issued: &Issued) -> Vec<LineForm> {
    let business = setup.business(issued.business.as_str());
    business.map_or_else(|| vec![LineForm::Csv], |business| business.lines.clone())
}

/// The one form that is mailed.
pub fn mailed(setup: &Setup, issued: &Issued) -> LineForm {
    forms(setup, issued).first().copied().unwrap_or(LineForm::Csv)
}

/// Adds to the files of a document its line files in the other forms of its business.
pub fn add(setup: &Setup, issued: &Issued, invoice: &Invoice, files: &mut Files) -> Result<(), Failure> {
    let mut made = Files::new();
    for form in forms(setup, issued).into_iter().filter(|form| *form != LineForm::Csv) {
        for (name, csv) in files.iter().filter(|(name, _)| LineForm::of_file(name) == Some(LineForm::Csv)) {
            made.push((name_in(form, name), drawn(form, name, csv, invoice)?));
        }
    }
    files.extend(made);
    Ok(())
}

/// A line file of a document in another form; `name` is that of the CSV.
pub fn drawn(form: LineForm, name: &str, csv: &[u8], invoice: &Invoice) -> Result<Vec<u8>, Failure> {
    render::line_file_as(form, name, csv, invoice)
        .map_err(|error| Failure::new(Kind::SelfCheck, format!("{name} cannot be written as {form}")).because(error))
}

/// The name of a line file in another form.
pub fn name_in(form: LineForm, name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{stem}.{form}")
}
