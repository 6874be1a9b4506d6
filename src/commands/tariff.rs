//! `ritardo tariff`: rate tables for the people who keep them.

mod diff;
mod import;
mod over;
mod show;

use std::path::Path;

use super::setup::Written;
use super::{Outcome, World, say};
use crate::cli::{Tariff as Args, TariffAction};
use crate::domain::Mistake;
use crate::error::Failure;
use crate::rate::Tariff;

pub fn tariff(args: &Args, world: &mut World) -> Result<Outcome, Failure> {
    match &args.action {
        TariffAction::Check { files } => check(files, world),
        TariffAction::Show(args) => show::show(args, world),
        TariffAction::Diff(args) => diff::diff(args, world),
        TariffAction::Import(args) => import::import(args, world),
    }
}

/// A tariff with the text that its digest is of.
fn read(path: &Path) -> Result<(Tariff, Written), Failure> {
    let written = Written::tariff(path)?;
    let tariff = Tariff::parse(&written.path, &written.text).map_err(Failure::of_mistakes)?;
    Ok((tariff, written))
}

/// All mistakes of all files, or a line for each.
fn check(files: &[std::path::PathBuf], world: &mut World) -> Result<Outcome, Failure> {
    let (mut mistakes, mut sound): (Vec<Mistake>, Vec<String>) = (Vec::new(), Vec::new());
    for path in files {
        let written = Written::tariff(path)?;
        match Tariff::parse(&written.path, &written.text) {
            Err(found) => mistakes.extend(found),
            Ok(tariff) => {
                let rates = super::summary::counted(tariff.rows().count() as u64, "rate");
                let Tariff { currency, reading, .. } = &tariff;
                let digest = &written.sha256;
                let text = format!("{}, {currency}, {rates}, reading {reading}, sha256 {digest}", tariff.name());
                sound.push(format!("{}: ok\n  {text}", path.display()));
            }
        }
    }
    sound.iter().try_for_each(|line| say(world.out, line))?;
    if mistakes.is_empty() { Ok(Outcome::Done) } else { Err(Failure::of_mistakes(mistakes)) }
}
