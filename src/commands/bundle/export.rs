//! `ritardo export-month`: writes a bundle, and audits what it wrote before it has its name.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::super::archived::Archive;
use super::super::audit::{Way, audit_opened, closed_months, refuse_unknown_rules, state_of};
use super::super::state::ledger_failure;
use super::super::summary::counted;
use super::super::timings::Timings;
use super::super::{Outcome, World, files, say};
use super::gather::{Content, Whole, last_of};
use super::manifest::{Manifest, closed_in};
use super::pack::{Packing, listed};
use super::sign::Signer;
use super::{Opened, SUFFIX};
use crate::cli::ExportMonth;
use crate::domain::Instant;
use crate::error::{Failure, Kind};
use crate::ledger::History;

pub fn export_month(args: &ExportMonth, world: &mut World) -> Result<Outcome, Failure> {
    let out = args.out.as_path();
    if !out.to_string_lossy().ends_with(SUFFIX) {
        let failure = Failure::new(Kind::CommandLine, format!("a bundle has a name that ends with {SUFFIX}")).at(out);
        return Err(failure.hint("`ritardo audit` knows it by that"));
    }
    let signer = args.sign.as_deref().map(Signer::read).transpose()?;
    let state = state_of(&args.configured.config)?;
    let ledger = state.read_ledger()?;
    let failed = |error| ledger_failure(error, ledger.path());
    let recorded = ledger.entries().map_err(failed)?;
    let last = last_of(&recorded, args.month);
    let is_known = |recorded: &crate::ledger::Recorded| recorded.seq <= last;
    let whole = History::of(recorded.clone());
    let history = History::of(recorded.into_iter().filter(is_known).collect());
    let closed: Vec<_> = closed_in(&history, args.month).collect();
    if closed.is_empty() {
        let failure = Failure::new(Kind::CommandLine, format!("no business has closed {}", args.month));
        return Err(failure.at(ledger.path()).hint(closed_months(&whole)));
    }
    refuse_unknown_rules(&closed, &history, ledger.path())?;
    // A key that does not fit would give names that nobody has.
    Archive::open(&state, &history)?;
    let sources =
        Whole { state: &state, ledger: &ledger, history: &history, month: args.month, watched: world.watched };
    let content = sources.content()?;
    let files = content.files.iter().map(|(name, held)| listed(name, held)).collect::<Result<Vec<_>, _>>()?;
    let manifest = Manifest::of(&history, args.month, content.channels.clone(), files);
    let closed_at = closed.iter().map(|closed| closed.closed_at).max().unwrap_or(Instant::MIN);
    let partial = files::partial_of(out);
    let written = write(&partial, &content, &manifest, signer.as_ref(), closed_at)
        .and_then(|()| proven(&partial, world))
        .and_then(|()| named(&partial, out));
    if written.is_err() {
        // Of no use to anybody.
        let _ = fs::remove_file(&partial);
    }
    told(out, written?, &manifest, signer.as_ref(), world)
}

fn write(
    partial: &Path,
    content: &Content,
    manifest: &Manifest,
    signer: Option<&Signer>,
    closed_at: Instant,
) -> Result<(), Failure> {
    let failed = |error| Failure::io("write the bundle", partial, error);
    let file = files::private_file(partial)?;
    let seconds = u64::try_from(closed_at.micros() / 1_000_000).unwrap_or_default();
    let mut packing = Packing::begin(std::io::BufWriter::new(file), seconds).map_err(failed)?;
    packing.head(manifest, signer)?;
    for (listed, held) in manifest.files.iter().zip(content.files.values()) {
        packing.file(listed, held)?;
    }
    let mut buffer = packing.end().map_err(failed)?;
    let file: &mut File = buffer.flush().map(|()| buffer.get_mut()).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// Unpacks and audits what was written, with nothing but the bundle.
fn proven(partial: &Path, world: &mut World) -> Result<(), Failure> {
    let opened = Opened::of(partial, None)?;
    let audited = audit_opened(&opened, None, None, (Way::Columns, world.watched), &Timings::new(world.clock, false))?;
    let differs = |business: &str| {
        let message = format!("{} of {business} is not the same when it is done again", opened.manifest.month);
        Failure::new(Kind::Differences, message).hint("`ritardo audit` says what differs; no bundle was written")
    };
    match audited.iter().find(|audited| !audited.identical) {
        Some(audited) => Err(differs(&audited.business)),
        None => match opened.findings.first() {
            Some(finding) => Err(Failure::new(Kind::Differences, finding).hint("see `ritardo verify`")),
            None => Ok(()),
        },
    }
}

/// Gives it its name. What is there already stays when it has other bytes. Says whether anything was written.
fn named(partial: &Path, out: &Path) -> Result<bool, Failure> {
    let failed = |error| Failure::io("create the bundle", out, error);
    if out.exists() {
        if !same(partial, out).map_err(failed)? {
            let failure = Failure::new(Kind::CannotCreate, "another file has this name").at(out);
            return Err(failure.hint("move it away, or choose another name: no bundle is written over"));
        }
        fs::remove_file(partial).map_err(failed)?;
        return Ok(false);
    }
    fs::rename(partial, out).map_err(failed)?;
    files::sync_folder(out).map(|()| true)
}

fn same(one: &Path, other: &Path) -> std::io::Result<bool> {
    use std::io::Read;
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let read = one.read(&mut left)?;
        let (Some(left), Some(right)) = (left.get(..read), right.get_mut(..read)) else { return Ok(false) };
        if read == 0 {
            return Ok(true);
        }
        other.read_exact(right)?;
        if left != right {
            return Ok(false);
        }
    }
}

fn told(
    out: &Path,
    is_new: bool,
    manifest: &Manifest,
    signer: Option<&Signer>,
    world: &mut World,
) -> Result<Outcome, Failure> {
    let metadata = out.metadata().map_err(|error| Failure::io("read the bundle", out, error))?;
    let files = counted(manifest.files.len() as u64, "file");
    let businesses = counted(manifest.businesses.len() as u64, "business month");
    let what = if is_new { "bundled" } else { "unchanged" };
    let month = manifest.month;
    let bytes = metadata.len();
    say(world.out, &format!("{what:<9} {month}: {businesses}, {files}, {bytes} bytes, audited identical"))?;
    say(
        world.out,
        &format!("ledger    sha256:{} ({})", manifest.ledger.head, counted(manifest.ledger.entries, "row")),
    )?;
    say(world.out, &format!("documents sha256:{}", manifest.ledger.documents))?;
    if let Some(signer) = signer {
        say(world.out, &format!("signed    by the key sha256:{}", signer.fingerprint()))?;
    }
    Ok(Outcome::Done)
}
