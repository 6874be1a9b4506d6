//! A closed month as one file, with everything that it takes to do it again elsewhere.
//!
//! A bundle is a small state folder in a `.tar.zst`: the rows of the ledger up to the last that concerns the month, the
//! texts and canonical documents that they name, the messages that the month was judged by, plain names of charged
//! messages alone, the charges and documents. Its bytes depend on nothing but what the ledger and the archive hold.

mod export;
mod gather;
mod manifest;
mod open;
mod pack;
mod sign;
mod unpack;

pub use export::export_month;
pub use open::Opened;

/// How the name of a bundle ends.
pub use crate::cli::BUNDLE_SUFFIX as SUFFIX;

/// Name and version of the form.
const FORM: &str = "ritardo-bundle/1";

/// The first files of a bundle, in this order. The others follow, sorted by name.
const SUMS: &str = "SHA256SUMS";
const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.json.sig";

/// Where the rows of the ledger lie in it, and the contents that they name.
const ROWS: &str = "ledger/entries.ndjson";
const CONTENTS: &str = "ledger/content/";
const README: &str = "README.txt";

/// For whoever finds one.
const README_TEXT: &str = include_str!("README.txt");
