//! A bundle as a state folder of its own: what an audit works on where there is nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::archived::{Archive, Kept};
use super::super::state::{State, ledger_failure};
use super::manifest::{Manifest, contents_of, issued_for, name_of};
use super::sign::Signatory;
use super::unpack::{Folder, Unpacked, unpack};
use super::{CONTENTS, ROWS};
use crate::error::{Failure, Kind};
use crate::ledger::{History, Ledger, LedgerError, Row};
use crate::read::archive;
use crate::read::identity::{Listed, Naming};

/// What to do about a bundle that does not hold.
const HINT: &str = "ask for another copy; `ritardo export-month` makes the same bytes again";

/// An unpacked bundle, whose ledger chains and holds what the manifest says.
pub struct Opened {
    #[expect(dead_code, reason = "the folder goes with it")]
    folder: Folder,
    pub state: State,
    pub history: History,
    pub manifest: Manifest,
    /// What is said of the signature.
    pub signed: String,
    /// What differs between the bundle and its own ledger.
    pub findings: Vec<String>,
    pub path: PathBuf,
}

impl Opened {
    /// Unpacks a bundle and makes its ledger again. With `signed_by`, it must be signed by that key.
    pub fn of(path: &Path, signed_by: Option<&Path>) -> Result<Self, Failure> {
        let signatory = signed_by.map(Signatory::read).transpose()?;
        let Unpacked { folder, manifest, manifest_bytes, signature } = unpack(path)?;
        let signed = signed(path, &manifest_bytes, signature.as_deref(), signatory.as_ref())?;
        let state = State::unpacked(folder.path());
        let history = ledger_of(path, &manifest, &state)?;
        let again = Manifest::of(&history, manifest.month, manifest.channels.clone(), manifest.files.clone());
        let again = Manifest { version: manifest.version.clone(), zones: manifest.zones.clone(), ..again };
        let mut findings = Vec::new();
        if again != manifest {
            findings.push("the manifest and the rows of the ledger tell different things of the month".to_owned());
        }
        documents(&state, &history, &manifest, &mut findings)?;
        Ok(Self { folder, state, history, manifest, signed, findings, path: path.to_owned() })
    }

    /// A failure about an unpacked file, as one about the bundle.
    pub fn told(&self, failure: Failure) -> Failure {
        let folder = format!("{}/", self.state.root().display());
        match failure.place.as_ref().and_then(|place| place.strip_prefix(&folder)) {
            Some(name) => {
                let place = Some(format!("{}: {name}", self.path.display()));
                Failure { place, kind: Kind::Differences, ..failure }.hint(HINT)
            }
            None => failure,
        }
    }

    /// The messages of the bundle, with the names that it has. The key is not in it.
    pub fn archive(&self) -> Result<Archive<'_>, Failure> {
        let mut listed = Listed { parties: self.manifest.channels.clone(), ..Listed::default() };
        let without = Archive { state: &self.state, key: Naming::Listed(Listed::default()) };
        let in_bundle: BTreeSet<&str> = self.manifest.files.iter().map(|file| file.name.as_str()).collect();
        let here = |kept: &Kept| in_bundle.contains(name_of(&self.state, &without.path(*kept)).as_str());
        let files = self.history.files.iter();
        let kept: Vec<Kept> = files.flat_map(|(_, file)| without.kept(file)).filter(here).collect();
        for kept in kept {
            let Some(names) = without.names(kept)? else { continue };
            let failed = |error| {
                Failure::new(Kind::Differences, "the names do not fit the messages").at(&self.path).because(error)
            };
            if names.height() != without.messages(kept)?.height() {
                return Err(
                    Failure::new(Kind::Differences, "a file of names has other rows than its messages").at(&self.path)
                );
            }
            let found = archive::find(&without.messages(kept)?, &names, &|_| true).map_err(failed)?;
            listed.messages.extend(found.into_iter().map(|((_, keyed, _), (plain, _))| (plain, keyed)));
        }
        Ok(Archive { state: &self.state, key: Naming::Listed(listed) })
    }
}

fn signed(
    path: &Path,
    manifest: &[u8],
    signature: Option<&[u8]>,
    signatory: Option<&Signatory>,
) -> Result<String, Failure> {
    let refused = |message: String| {
        let failure = Failure::new(Kind::Differences, message).at(path);
        Err(failure.hint("ask whoever made it for a bundle that is signed with the key of this name"))
    };
    match (signatory, signature) {
        (None, None) => Ok("not signed".to_owned()),
        (None, Some(_)) => Ok("signed; --signed-by KEY.pub.pem says whether by whom it should be".to_owned()),
        (Some(signatory), Some(signature)) if signatory.has_signed(manifest, signature) => {
            Ok(format!("signed by the key sha256:{}", signatory.fingerprint()))
        }
        (Some(signatory), Some(_)) => {
            refused(format!("the bundle is not signed by the key sha256:{}", signatory.fingerprint()))
        }
        (Some(_), None) => refused("the bundle is not signed".to_owned()),
    }
}

/// The ledger of the bundle's rows and contents, in its folder.
fn ledger_of(path: &Path, manifest: &Manifest, state: &State) -> Result<History, Failure> {
    let wrong = |message: String| Failure::new(Kind::Differences, message).at(path).hint(HINT);
    let read = |name: &str| {
        let path = state.root().join(name);
        fs::read(&path).map_err(|error| Failure::io("read the unpacked file", &path, error))
    };
    let names = || manifest.files.iter().map(|file| file.name.as_str());
    if !names().any(|name| name == ROWS) {
        return Err(wrong(format!("the bundle has no {ROWS}")));
    }
    let rows = read(ROWS)?;
    let lines = rows.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let rows: Vec<Row> = lines
        .map(serde_json::from_slice)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(format!("{ROWS} cannot be read")).because(error))?;
    let contents = names().filter(|name| name.starts_with(CONTENTS)).map(read).collect::<Result<Vec<_>, _>>()?;
    let failed = |error: LedgerError| match error {
        LedgerError::Chain(_) | LedgerError::Body(..) | LedgerError::Kind(..) => {
            wrong("the rows of the bundle's ledger do not hold".to_owned()).because(error)
        }
        // Two rows of one number, or an entry that is no JSON: no ledger has it.
        LedgerError::Sqlite(_) => {
            wrong("the rows of the bundle's ledger contradict each other".to_owned()).because(error)
        }
        other => ledger_failure(other, &state.ledger()),
    };
    let ledger = Ledger::rebuilt(&state.ledger(), &rows, &contents).map_err(failed)?;
    let history = ledger.history().map_err(failed)?;
    let lacking = |(sha256, _): &(String, String)| ledger.content(sha256).is_err();
    match contents_of(&history, manifest.month).into_iter().find(lacking) {
        None => Ok(history),
        Some((sha256, what)) => Err(wrong(format!("the bundle does not hold {what}, whose SHA-256 is {sha256}"))),
    }
}

/// Compares the documents that are in the bundle with what the ledger says of them, and finds those that lack.
fn documents(state: &State, history: &History, manifest: &Manifest, findings: &mut Vec<String>) -> Result<(), Failure> {
    let mut named = BTreeSet::new();
    for issued in issued_for(history, manifest.month) {
        let written = history.documents.get(&issued.number).into_iter();
        for file in written.flat_map(|documents| &documents.files) {
            let name = name_of(state, &state.documents(&issued.number).join(&file.name));
            let recorded = history.sha256_now(&file.sha256);
            match manifest.files.iter().find(|listed| listed.name == name) {
                Some(listed) if listed.sha256 == recorded => {}
                Some(listed) => {
                    findings.push(format!("{name}: its SHA-256 is {}, the ledger says {recorded}", listed.sha256));
                }
                None => findings.push(format!("{name} is missing")),
            }
            named.insert(name);
        }
    }
    let of_documents = manifest.files.iter().filter(|listed| listed.name.starts_with("issued/"));
    let unknown = of_documents.filter(|listed| !named.contains(&listed.name));
    findings.extend(unknown.map(|listed| format!("{}: the ledger knows no such document", listed.name)));
    Ok(())
}
