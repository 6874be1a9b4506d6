//! What a run needs beside the messages: configuration, book of businesses, tariff.

use std::fmt::Write;

use super::people::{Business, MARKETS};
use super::{Form, Order};
use crate::domain::Decimal;

/// Prices by calling code; every other market pays the last one.
const PRICES: [(&str, &str); 9] = [
    ("39", "0.05"),
    ("351", "0.035"),
    ("55", "0.02"),
    ("44", "0.03"),
    ("49", "0.07"),
    ("34", "0.04"),
    ("1", "0.02"),
    ("91", "0.01"),
    ("other", "0.09"),
];

/// The tariff that the known amounts are of.
const TARIFF: &str = r#"# Example rates of a synthetic month.

id = "synthetic"
version = "1"
currency = "USD"
zone = "UTC"
source = "written by `ritardo generate`; the rates are examples"
"#;

/// The whole tariff file.
pub fn tariff() -> String {
    PRICES.iter().fold(TARIFF.to_owned(), |text, (market, price)| {
        format!("{text}\n[[rate]]\nmarket = \"{market}\"\nprice = \"{price}\"\n")
    })
}

/// What a late answer to a customer costs.
pub fn price(customer: &str) -> Decimal {
    let digits = customer.trim_start_matches('+');
    let known = PRICES.iter().find(|(market, _)| {
        // Of the markets that are made, no code begins with another.
        MARKETS.iter().any(|(code, _)| code == market) && digits.starts_with(market)
    });
    let (_, price) = known.unwrap_or(&PRICES[PRICES.len() - 1]);
    price.parse().unwrap_or(Decimal::ZERO)
}

/// The configuration: one source a business, one file a day.
pub fn config(form: Form, businesses: &[Business]) -> String {
    let mut text = CONFIG.to_owned();
    for Business { id, channel, .. } in businesses {
        // Text is not refused by memory.
        let _ = write!(
            text,
            "\n[[source]]\nname = \"{id}\"\nfiles = \"{id}/*\"\nformat = \"{}\"\ncoverage = \"daily\"\nzone = \"UTC\"\nchannels = [\"{channel}\"]\n",
            form.name()
        );
    }
    text
}

const CONFIG: &str = r#"# A synthetic month: every party in it is invented.

state = "state"
inbox = "inbox"
tariff = "tariff.toml"
businesses = "businesses.toml"

[issuer]
legal_name = "Synthetic Issuer Limited"
address = ["1 Generated Street", "Dublin 2"]
country = "IE"
vat_id = "IE9999990AH"
email = "billing@issuer.example"
zone = "Europe/Dublin"
iban = "IE89 RTRD 9990 0012 3456 78"
bic = "RTRDIE2D"
payment_days = 30

[invoice]
series = "SY"

# One customer of a synthetic month may write more in an hour than all others.
[guards]
charges_per_day = 1000000

[mail]
transport = "file"
"#;

/// The book of businesses.
pub fn book(order: &Order, businesses: &[Business]) -> String {
    let mut text = "# The businesses of a synthetic month.\n".to_owned();
    for (number, Business { id, channel, zone }) in (1..).zip(businesses) {
        let _ = write!(
            text,
            r#"
[[business]]
id = "{id}"
legal_name = "Business {number} Limited"
address = ["{number} Generated Street", "Valletta"]
country = "US"
emails = ["{id}@business.example"]
language = "en"
zone = "{zone}"
first_month = "{month}"
vat = {{ treatment = "out-of-scope" }}

[[business.channel]]
id = "{channel}"
"#,
            month = order.month,
        );
    }
    text
}
