//! How the documents of an issuer look, as its table says it.

use std::path::Path;

use super::table::Table;
use crate::domain::Brand;
use crate::domain::brand::{Logo, Paper};

/// More fields of an issuer's own than these would be a page of their own.
const FIELDS_MOST: usize = 12;

/// The look that an issuer's table describes. `name` is what a logo shows where nothing else is said.
pub(super) fn brand(table: &Table<'_>, name: Option<&str>) -> Brand {
    let usual = Brand::default();
    let alt = table.text("logo_alt");
    let path = table.path("logo").filter(|path| is_picture(table, path));
    if alt.is_some() && !table.has("logo") {
        table.wrong("logo_alt", "logo_alt says what a logo shows, and there is none", "add logo = \"logo.svg\", or remove it");
    }
    let alt = alt.or_else(|| name.map(str::to_owned)).unwrap_or_default();
    Brand {
        paper: table.choice("paper", &Paper::ALL).unwrap_or(usual.paper),
        colour: table.parsed("colour", str::parse).unwrap_or(usual.colour),
        logo: path.map(|path| Logo { path, alt }),
        fields: fields(table),
    }
}

fn is_picture(table: &Table<'_>, path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let is_known = ["svg", "png"].contains(&ending);
    if !is_known {
        let message = format!("the logo {} is neither .svg nor .png", path.display());
        table.wrong("logo", message, "SVG stays sharp on paper; of PNG take one of 600 pixels or more");
    }
    is_known
}

fn fields(table: &Table<'_>) -> Vec<(String, String)> {
    let Some(texts) = table.has("fields").then(|| table.texts("fields")).flatten() else { return Vec::new() };
    if texts.len() > FIELDS_MOST {
        let message = format!("there are {} fields, more than {FIELDS_MOST}", texts.len());
        table.wrong("fields", message, "what is longer belongs into a template of your own");
    }
    let parted = |text: &str| {
        let (label, value) = text.split_once(": ")?;
        let (label, value) = (label.trim(), value.trim());
        (!label.is_empty() && !value.is_empty()).then(|| (label.to_owned(), value.to_owned()))
    };
    let mut fields = Vec::new();
    for text in texts {
        match parted(&text.text) {
            Some(field) => fields.push(field),
            None => table.page.note(
                Some(text.place),
                format!("the field `{}` has no label", text.text),
                "write label and value with a colon between them: \"Share capital: EUR 10,000\"",
            ),
        }
    }
    fields
}
