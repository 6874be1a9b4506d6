//! The mapping that a command line names: that of a vendor, or a file of its own.

use std::path::Path;

use super::setup::Written;
use crate::config::{VENDORS, parse_mapping, vendor};
use crate::domain::Mapping;
use crate::error::Failure;

/// The mapping of a vendor of that name, else the file.
pub fn mapping(named: &Path) -> Result<Mapping, Failure> {
    if let Some(mapping) = named.to_str().and_then(vendor) {
        return Ok(mapping);
    }
    let written = Written::read(named).map_err(|failure| {
        let names: Vec<&str> = VENDORS.iter().map(|(name, _)| *name).collect();
        failure.hint(format!(
            "--mapping names a TOML file with the keys of [source.mapping], or one of {}",
            names.join(", ")
        ))
    })?;
    parse_mapping(&written.path, &written.text).map_err(Failure::of_mistakes)
}
