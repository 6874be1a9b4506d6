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
        table.wrong(
            "logo_alt",
            "logo_alt says what a logo shows, and there is none",
            "add logo = \"logo.svg\", or remove it",
        );
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

#[cfg(test)]
mod tests {
    use super::super::{Config, parse_config};
    use super::*;
    use crate::domain::Mistake;

    const ISSUER: &str =
        "[issuer]\nlegal_name = \"A\"\naddress = [\"B\"]\ncountry = \"IE\"\nemail = \"a@b.ie\"\nzone = \"UTC\"\n";

    fn config_of(text: &str) -> Result<Config, Vec<Mistake>> {
        parse_config(Path::new("/etc/ritardo/ritardo.toml"), text)
    }

    #[test]
    fn an_issuer_says_how_its_documents_look() {
        let usual = config_of(ISSUER).unwrap();
        assert_eq!((usual.issuers[0].brand.clone(), usual.templates), (Brand::default(), None));
        let looks =
            "logo = \"logo.png\"\ncolour = \"#1A4FD0\"\npaper = \"letter\"\nfields = [\"A: b: c\", \" D :  e \"]\n";
        let config = config_of(&format!("templates = \"mine\"\n{ISSUER}{looks}")).unwrap();
        let brand = &config.issuers[0].brand;
        let logo = Logo { path: "/etc/ritardo/logo.png".into(), alt: "A".to_owned() };
        assert_eq!(brand.logo, Some(logo), "it shows the name, where nothing else is said");
        assert_eq!((brand.colour.to_string().as_str(), brand.paper), ("#1a4fd0", Paper::Letter));
        let field = |label: &str, value: &str| (label.to_owned(), value.to_owned());
        assert_eq!(brand.fields, [field("A", "b: c"), field("D", "e")]);
        assert_eq!(config.templates, Some("/etc/ritardo/mine".into()));
    }

    #[test]
    fn what_no_document_can_show_is_refused() {
        for wrong in
            ["logo = \"logo.jpg\"", "logo_alt = \"A\"", "paper = \"a5\"", "colour = \"red\"", "fields = [\"A\"]"]
        {
            let mistakes = config_of(&format!("{ISSUER}{wrong}\n")).unwrap_err();
            assert_eq!(mistakes.iter().map(|mistake| mistake.line).collect::<Vec<_>>(), [Some(7)], "{wrong}");
        }
    }
}
