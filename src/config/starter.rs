//! The commented files that a new folder begins with. The parties in them are fictitious.

/// Name and text of each starter file.
pub const STARTER: [(&str, &str); 3] = [
    ("ritardo.toml", include_str!("../../templates/starter/ritardo.toml")),
    ("businesses.toml", include_str!("../../templates/starter/businesses.toml")),
    ("tariff.toml", include_str!("../../templates/starter/tariff.toml")),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{parse_businesses, parse_config};
    use crate::domain::{VatBook, VatTreatment};

    #[test]
    fn the_files_are_accepted_as_they_are() {
        let [(config_path, config), (book_path, book), (tariff_path, tariff)] = STARTER;
        assert_eq!([config_path, book_path, tariff_path], ["ritardo.toml", "businesses.toml", "tariff.toml"]);
        let config = parse_config(Path::new(config_path), config).unwrap();
        assert_eq!(config.sources.len(), 2);
        assert_eq!([config.businesses, config.tariff], [Path::new(book_path), Path::new(tariff_path)]);
        let book = parse_businesses(Path::new(book_path), book).unwrap();
        let ids: Vec<_> = book.iter().map(|business| business.id.as_str()).collect();
        assert_eq!(ids, ["bologna-bakery", "dublin-florist"]);
        assert_eq!(book[0].vat, VatBook::always(VatTreatment::ReverseCharge));
        assert!(config.issuers[0].party.vat_id.is_some(), "reverse charge needs it");
        let tariff: toml::Table = tariff.parse().unwrap();
        let rates = tariff["rate"].as_array().unwrap();
        assert!(rates.iter().any(|rate| rate["market"].as_str() == Some("other")));
        assert!(
            rates.iter().all(|rate| rate["price"].as_str().is_some_and(|price| ("0.01"..="0.09").contains(&price)))
        );
    }

    /// A setting that is commented out is tried by taking the `# ` away.
    #[test]
    fn the_settings_that_are_commented_out_are_valid() {
        let setting = |line: &&str| {
            line.contains(" = ") && !line.contains("{ ") || line.starts_with("[mail.") || line.starts_with("[report]")
        };
        let bare = |line: &str| line.strip_prefix("# ").filter(setting).unwrap_or(line).to_owned();
        let [(path, text), ..] = STARTER;
        let (before, smtp) = text.split_once("# To send them").unwrap();
        let smtp: Vec<_> = smtp.lines().skip_while(|line| *line != "# [mail]").skip(1).map(bare).collect();
        let before: Vec<_> = before.lines().filter(|line| !line.starts_with("outbox")).map(bare).collect();
        let text = before.join("\n").replace("transport = \"file\"", &smtp.join("\n"));
        let config = parse_config(Path::new(path), &text).unwrap();
        assert_eq!(config.issuers[0].iban.as_deref(), Some("IE29AIBK93115212345678"));
        assert!(config.sources[1].channels.is_some() && config.dkim.is_some());
        assert!(matches!(config.transport, crate::domain::settings::Transport::Smtp(smtp) if smtp.login.is_some()));
    }
}
