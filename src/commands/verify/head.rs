//! What a printed head pins: a document with all before it, or an entry of the ledger with all before it.

use super::super::closing::stored_invoice;
use super::super::summary::counted;
use crate::cli::Digest;
use crate::close::check::sha256;
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, Issued};
use crate::ledger::{Ledger, Recorded};

/// What a head is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    sha256: String,
    /// What it is, in words.
    what: String,
    /// Entries up to this one are pinned.
    seq: u64,
}

/// The head with these digits; `None` when this ledger has none.
pub fn pinned(digest: &Digest, recorded: &[Recorded]) -> Result<Option<Pinned>, Failure> {
    let start = Pinned { sha256: sha256(b""), what: "the beginning, before the first document".to_owned(), seq: 0 };
    let heads = std::iter::once(start).chain(recorded.iter().flat_map(heads));
    let mut fitting = heads.filter(|head| digest.begins(&head.sha256));
    let (first, other) = (fitting.next(), fitting.next());
    if other.is_some() {
        let message = format!("several heads begin with {}", digest.digits());
        return Err(Failure::new(Kind::CommandLine, message).hint("give more of its digits"));
    }
    Ok(first)
}

/// The heads that an entry made: its own, and that of the document that it issued.
fn heads(recorded: &Recorded) -> Vec<Pinned> {
    let Recorded { seq, hash, entry } = recorded;
    let own = Pinned { sha256: hash.clone(), what: format!("entry {seq} of the ledger ({})", entry.kind()), seq: *seq };
    let document = issued(entry).map(|issued| Pinned {
        sha256: issued.document_sha256.clone(),
        what: format!("{} {} (entry {seq})", issued.kind.name(), issued.number),
        seq: *seq,
    });
    std::iter::once(own).chain(document).collect()
}

fn issued(entry: &Entry) -> Option<&Issued> {
    match entry {
        Entry::Invoice(issued) | Entry::CreditNote(issued) | Entry::Replacement(issued) => Some(issued),
        _ => None,
    }
}

/// Says what a head pins and that the ledger still holds it, or adds what is wrong. That the entries chain was checked
/// when they were read.
pub fn prove(
    digest: &Digest,
    ledger: &Ledger,
    recorded: &[Recorded],
    findings: &mut Vec<String>,
) -> Result<Option<String>, Failure> {
    let Some(pinned) = pinned(digest, recorded)? else {
        let told = "the ledger no longer holds what pinned it: it is an older copy, or was rewritten";
        findings.push(format!("no head of this ledger is sha256:{}: {told}", digest.digits()));
        return Ok(None);
    };
    let documents = || recorded.iter().filter_map(|recorded| Some((recorded.seq, issued(&recorded.entry)?)));
    let before = findings.len();
    let mut head = sha256(b"");
    for (_, issued) in documents().filter(|(seq, _)| *seq <= pinned.seq) {
        // The document itself states the head before it; its bytes are compared with its SHA-256 as they are read.
        let stated = stored_invoice(ledger, issued).map(|invoice| invoice.chain.previous);
        if stated.ok().as_ref() != Some(&head) {
            findings.push(format!("{}: up to {} the chain of documents is broken here", issued.number, pinned.what));
        }
        head.clone_from(&issued.document_sha256);
    }
    let after = documents().filter(|(seq, _)| *seq > pinned.seq).count() as u64;
    let entries = recorded.len() as u64 - pinned.seq;
    let plural = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
    let Pinned { sha256, what, .. } = pinned;
    let told = format!("sha256:{sha256} is {what}: all up to it is held and chains; {}", counted(after, "document"));
    Ok((findings.len() == before).then(|| format!("{told} and {plural} came after")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::Key;

    #[test]
    fn a_head_is_found_by_its_first_digits_when_they_are_enough() {
        let entry = |seq: u64, hash: &str| Recorded {
            seq,
            hash: format!("{hash:0<64}"),
            entry: Entry::Key(Key { fingerprint: String::new() }),
        };
        let recorded = [entry(1, "abababababab1"), entry(2, "abababababab2"), entry(3, "cdcdcdcdcdcd")];
        let find = |text: &str| pinned(&text.parse().unwrap(), &recorded);
        assert_eq!(find("cdcdcdcdcdcd").unwrap().unwrap().what, "entry 3 of the ledger (key)");
        assert_eq!(find("abababababab2").unwrap().unwrap().seq, 2);
        assert_eq!(find("abababababab").unwrap_err().kind, Kind::CommandLine);
        assert_eq!(find("efefefefefef").unwrap(), None);
        assert_eq!(find(&sha256(b"")).unwrap().unwrap().seq, 0);
    }
}
