//! What a bundle says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::recorded::texts;
use super::super::state::State;
use super::FORM;
use crate::domain::{BusinessId, Decimal, DocumentKind, Instant, InvoiceNumber, Money, Month, Zone};
use crate::ledger::History;
use crate::ledger::entry::{Issued, MonthClosed, Texts};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub form: String,
    pub month: Month,
    /// Of the program that made it, and of its time zone data.
    pub version: String,
    pub zones: String,
    pub ledger: Heads,
    /// By business.
    pub businesses: Vec<OfBusiness>,
    /// Channels of the recorded books with the names that the archive has for them as customers.
    pub channels: BTreeMap<String, String>,
    /// Sorted by name; without this file, its signature and the list of sums.
    pub files: Vec<Listed>,
}

/// Where the extract of the ledger ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heads {
    pub entries: u64,
    /// Hash of the last row.
    pub head: String,
    /// Head of the chain of issued documents.
    pub documents: String,
}

/// What the month came to for a business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfBusiness {
    pub business: BusinessId,
    pub cut: Instant,
    pub closed_at: Instant,
    pub version: String,
    pub zones: String,
    pub tariff: String,
    pub tariff_sha256: String,
    pub config_sha256: String,
    pub businesses_sha256: String,
    pub waits: u64,
    pub charges: u64,
    pub exact: Decimal,
    pub data_sha256: String,
    pub corrections: u64,
    /// In the order of issue.
    pub documents: Vec<Document>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub number: InvoiceNumber,
    pub kind: DocumentKind,
    pub total: Money,
    pub sha256: String,
}

/// A file of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

impl Manifest {
    /// What a ledger that ends with the month says of it.
    pub fn of(history: &History, month: Month, channels: BTreeMap<String, String>, files: Vec<Listed>) -> Self {
        let ledger = Heads { entries: history.last, head: history.head.clone(), documents: history.document_head() };
        Self {
            form: FORM.to_owned(),
            month,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            zones: Zone::DATA_VERSION.to_owned(),
            ledger,
            businesses: closed_in(history, month).map(|closed| OfBusiness::of(history, closed)).collect(),
            channels,
            files,
        }
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn written(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// What the businesses closed in a month, by business.
pub fn closed_in(history: &History, month: Month) -> impl Iterator<Item = &MonthClosed> {
    history.closed.values().filter(move |closed| closed.month == month)
}

/// The documents of a month.
pub fn issued_for(history: &History, month: Month) -> impl Iterator<Item = &Issued> {
    history.issued.iter().filter(move |issued| issued.month == month)
}

/// What the month needs of the contents of the ledger: SHA-256 of each text of a decision and of each canonical
/// document, with those that they correct; and what it is.
pub fn contents_of(history: &History, month: Month) -> BTreeMap<String, String> {
    let mut contents = BTreeMap::new();
    let mut texts_of = |whose: &str, texts: &Texts| {
        let named = [("configuration", &texts.config_sha256), ("book", &texts.businesses_sha256)];
        for (what, sha256) in named.into_iter().chain([("tariff", &texts.tariff_sha256)]) {
            contents.entry(sha256.clone()).or_insert_with(|| format!("the {what} of {whose}"));
        }
        if let Some(sha256) = &texts.looks_sha256 {
            contents.entry(sha256.clone()).or_insert_with(|| format!("the templates of {whose}"));
        }
    };
    for closed in closed_in(history, month) {
        texts_of(closed.business.as_str(), &texts(closed));
    }
    for issued in issued_for(history, month) {
        issued.texts.iter().for_each(|texts| texts_of(&issued.number.to_string(), texts));
    }
    for (closed, sha256) in
        closed_in(history, month).filter_map(|closed| Some((closed, closed.exchange_sha256.as_ref()?)))
    {
        contents.entry(sha256.clone()).or_insert_with(|| format!("the exchange rates of {}", closed.business));
    }
    let corrected = issued_for(history, month).filter_map(|issued| history.document(issued.corrects.as_ref()?));
    // A credit note is proved by what its invoice lost before it, also for other months.
    let others = issued_for(history, month).filter_map(|issued| Some(history.credits_of(issued.corrects.as_ref()?)));
    for issued in issued_for(history, month).chain(corrected).chain(others.flatten()) {
        let rates = issued.exchange_sha256.iter();
        contents.extend(rates.map(|sha256| (sha256.clone(), format!("the exchange rates of {}", issued.number))));
        contents.insert(issued.document_sha256.clone(), format!("the canonical document {}", issued.number));
    }
    contents
}

impl OfBusiness {
    fn of(history: &History, closed: &MonthClosed) -> Self {
        let documents = issued_for(history, closed.month).filter(|issued| issued.business == closed.business);
        let document = |issued: &Issued| Document {
            number: issued.number.clone(),
            kind: issued.kind,
            total: issued.total,
            sha256: issued.document_sha256.clone(),
        };
        Self {
            business: closed.business.clone(),
            cut: closed.cut,
            closed_at: closed.closed_at,
            version: closed.version.clone(),
            zones: closed.zones.clone(),
            tariff: closed.tariff.clone(),
            tariff_sha256: closed.tariff_sha256.clone(),
            config_sha256: closed.config_sha256.clone(),
            businesses_sha256: closed.businesses_sha256.clone(),
            waits: closed.counts.waits,
            charges: closed.charges,
            exact: closed.exact,
            data_sha256: closed.data_sha256.clone(),
            corrections: history.corrections(&closed.business, closed.month).count() as u64,
            documents: documents.map(document).collect(),
        }
    }
}

/// A path below the state folder as the name that it has in a bundle.
pub fn name_of(state: &State, path: &std::path::Path) -> String {
    let below = path.strip_prefix(state.root()).unwrap_or(path);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
