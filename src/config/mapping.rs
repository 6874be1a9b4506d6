//! `mapping = "twilio"` and `[source.mapping]`: how the log of a vendor is read as a canonical one.
//!
//! A mapping is written key by key, and may begin with that of a vendor: what it says itself goes before.

mod draft;

use std::path::Path;

use self::draft::{Draft, MAPPING};
pub(super) use self::draft::{columns, conditions, field, words};
use super::page::Page;
use super::table::Table;
use crate::domain::Mistake;
use crate::domain::mapping::Mapping;

/// The mappings that come with the program, by name.
pub const VENDORS: [(&str, &str); 7] = [
    ("twilio", include_str!("vendors/twilio.toml")),
    ("twilio-json", include_str!("vendors/twilio-json.toml")),
    ("kaleyra", include_str!("vendors/kaleyra.toml")),
    ("infobip", include_str!("vendors/infobip.toml")),
    ("vonage", include_str!("vendors/vonage.toml")),
    ("chatwoot", include_str!("vendors/chatwoot.toml")),
    ("gupshup", include_str!("vendors/gupshup.toml")),
];

/// The mapping of a vendor, where there is one of that name.
pub fn vendor(name: &str) -> Option<Mapping> {
    let (name, text) = VENDORS.into_iter().find(|(known, _)| *known == name)?;
    parse_mapping(Path::new(name), text).ok()
}

/// The mapping in `text`: the keys of `[source.mapping]` as a file.
///
/// # Errors
/// Every mistake of the file, in order of lines.
pub fn parse_mapping(path: &Path, text: &str) -> Result<Mapping, Vec<Mistake>> {
    let page = Page::new(path, text);
    let tree = page.tree()?;
    let mapping = whole(&Table::root(&page, &MAPPING, &tree));
    page.outcome(mapping)
}

/// The mapping of a source, where it has one.
pub(super) fn of_source(source: &Table<'_>) -> Option<Mapping> {
    if source.has_text("mapping") {
        let name = source.choice("mapping", &VENDORS.map(|(name, _)| (name, name)))?;
        return vendor(name);
    }
    source.table("mapping", &MAPPING).as_ref().and_then(whole)
}

/// What a table says, over what the vendor's mapping says that it names as `like`.
fn whole(table: &Table<'_>) -> Option<Mapping> {
    let like = table.choice("like", &VENDORS);
    let draft = Draft::of(table);
    let draft = match like.and_then(shipped) {
        Some(vendor) => draft.over(vendor),
        None => draft,
    };
    draft.whole(table)
}

fn shipped(text: &str) -> Option<Draft> {
    let page = Page::new(Path::new("mapping"), text);
    let tree = page.tree().ok()?;
    Some(Draft::of(&Table::root(&page, &MAPPING, &tree)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, parse_config};
    use crate::domain::mapping::{Field, Sides};

    const ISSUER: &str =
        "[issuer]\nlegal_name = \"A\"\naddress = [\"B\"]\ncountry = \"IE\"\nemail = \"a@b.ie\"\nzone = \"UTC\"\n";

    fn config_of(mapping: &str) -> (String, Result<Config, Vec<Mistake>>) {
        let text = format!("{ISSUER}[[source]]\nname = \"a\"\nfiles = \"**\"\n{mapping}\n");
        let config = parse_config(Path::new("ritardo.toml"), &text);
        (text, config)
    }

    #[test]
    fn every_vendor_has_a_whole_mapping() {
        for (name, text) in VENDORS {
            let mapping = parse_mapping(Path::new(name), text);
            assert!(mapping.is_ok(), "{name}: {mapping:#?}");
            let (_, config) = config_of(&format!("mapping = \"{name}\""));
            assert_eq!(config.unwrap().sources[0].mapping.as_deref(), mapping.ok().as_ref(), "{name}");
        }
    }

    #[test]
    fn single_keys_go_before_those_of_the_vendor() {
        let (_, config) =
            config_of("[source.mapping]\nlike = \"twilio\"\nmessage_id = \"MessageSid\"\nbusiness = { value = \"b\" }");
        let config = config.unwrap();
        let (mapping, vendor) = (config.sources[0].mapping.as_deref().unwrap(), vendor("twilio").unwrap());
        assert_eq!(mapping.message_id, Field::Columns(vec!["MessageSid".to_owned()]));
        assert_eq!(mapping.business, Some(Field::Value("b".to_owned())));
        assert_eq!((&mapping.sides, &mapping.times), (&vendor.sides, &vendor.times));
        let (_, config) = config_of("[source.mapping]\nlike = \"infobip\"\ndirection = \"inbound\"");
        assert_eq!(
            config.unwrap().sources[0].mapping.as_ref().unwrap().sides,
            Sides::Always(crate::domain::Direction::Inbound)
        );
    }

    #[test]
    fn every_mistake_of_a_mapping_is_found_at_its_line() {
        for (rest, line, part) in [
            ("mapping = \"twillio\"", 10, "`mapping` is one of \"twilio\""),
            ("mapping = \"twilio\"\nformat = \"parquet\"", 10, "is not read through a mapping"),
            ("mapping = \"twilio\"\nstamps = \"seconds\"", 11, "`stamps` means nothing beside a mapping"),
            ("[source.mapping]\nlike = \"twilio\"\nmesage_id = \"Sid\"", 12, "[source.mapping] has no key `mesage_id`"),
            ("[source.mapping]\nlike = \"twilio\"\ntime = \"noon\"", 12, "not a form of times"),
            ("[source.mapping]\nlike = \"twilio\"\ntime = \"%d/%m\"", 12, "must tell day, month, year"),
            ("[source.mapping]\nlike = \"twilio\"\nseparator = \"ab\"", 12, "`separator` is one of"),
            ("[source.mapping]\nlike = \"twilio\"\nkinds = { smoke = \"x\" }", 12, "`smoke` is not a word of `kinds`"),
            (
                "[source.mapping]\nlike = \"twilio\"\nstatuses = { sent = \"x\", read = \"x\" }",
                12,
                "\"x\" means two things",
            ),
            (
                "[source.mapping]\nlike = \"twilio\"\ndirection = \"inbound\"\nown_numbers = [\"+39\"]",
                12,
                "more than one way",
            ),
            ("[source.mapping]\nlike = \"twilio\"\ninbound = { Direction = \"in\" }", 12, "`inbound` needs `outbound`"),
            ("[source.mapping]\nlike = \"twilio\"\nbusiness = { valu = \"b\" }", 12, "has no key `valu`"),
            ("[source.mapping]\nlike = \"twilio\"\nmessage_id = [\"a\", \"a\"]", 12, "stands twice"),
        ] {
            let (text, config) = config_of(rest);
            let mistakes = config.expect_err(&text);
            let [mistake] = mistakes.as_slice() else { panic!("{text}\n{mistakes:#?}") };
            assert!(mistake.message.contains(part), "{text}\n{mistake}");
            assert_eq!(mistake.line, Some(line), "{text}\n{mistake}");
            assert!(!mistake.hint.is_empty());
        }
        let (_, config) = config_of("[source.mapping]\nmessage_id = \"id\"");
        let told: Vec<String> = config.unwrap_err().into_iter().map(|mistake| mistake.message).collect();
        assert_eq!(
            told,
            [
                "[source.mapping] has no `sent_at`",
                "[source.mapping] has no `time`",
                "[source.mapping] does not tell the direction",
                "[source.mapping] does not tell channel and customer",
            ]
        );
    }
}
