//! The setup that a closed month was decided with, from the texts that the ledger froze.

use std::path::Path;

use super::setup::{Recorded, Setup, Written};
use super::state::ledger_failure;
use crate::error::{Failure, Kind};
use crate::ledger::Ledger;
use crate::ledger::entry::{MonthClosed, Texts};

/// Configuration, businesses, tariff and looks as they were at the closing. Paths in them stand for nothing.
pub fn setup(ledger: &Ledger, closed: &MonthClosed) -> Result<Setup, Failure> {
    setup_of(ledger, &texts(closed))
}

/// The texts of a closing.
pub fn texts(closed: &MonthClosed) -> Texts {
    Texts {
        config_sha256: closed.config_sha256.clone(),
        businesses_sha256: closed.businesses_sha256.clone(),
        tariff_sha256: closed.tariff_sha256.clone(),
        looks_sha256: closed.looks_sha256.clone(),
    }
}

/// Configuration, businesses, tariff and looks by their digests.
pub fn setup_of(ledger: &Ledger, texts: &Texts) -> Result<Setup, Failure> {
    let written = |name: &str, sha256: &str| {
        let bytes = ledger.content(sha256).map_err(|error| {
            let message = format!("the recorded {name} cannot be used");
            Failure { message, ..ledger_failure(error, ledger.path()) }
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            Failure::new(Kind::Differences, format!("the recorded {name} is not text")).at(ledger.path()).because(error)
        })?;
        let path = Path::new("recorded").join(name);
        Ok::<_, Failure>(Written { path, text, sha256: sha256.to_owned() })
    };
    let looks = texts.looks_sha256.as_ref().map(|sha256| written("looks.json", sha256)).transpose()?;
    let written = Recorded {
        config: written("ritardo.toml", &texts.config_sha256)?,
        businesses: written("businesses.toml", &texts.businesses_sha256)?,
        tariff: written("tariff.toml", &texts.tariff_sha256)?,
        looks,
    };
    Setup::recorded(written)
}
