//! The parties: what an issuer and a business say of themselves alike.

use super::endpoint::endpoint;
use super::table::Table;
use super::vat_id::vat_id;
use super::words;
use crate::domain::business::Party;

/// The party that a table with `legal_name`, `address`, `country`, `vat_id`, `registration`, `post_code`, `city` and
/// `endpoint` describes.
pub(super) fn party(table: &Table<'_>) -> Option<Party> {
    let legal_name = table.text("legal_name");
    let address = table.texts("address");
    let country = table.parsed("country", words::country);
    let vat_id = table.parsed("vat_id", |text| vat_id(text, country.as_deref(), table.page.is_recorded));
    let registration = table.text("registration");
    let address = address?.into_iter().map(|line| line.text).collect();
    let (post_code, city) = (table.text("post_code"), table.text("city"));
    let endpoint = table.parsed("endpoint", endpoint);
    let (legal_name, country) = (legal_name?, country?);
    Some(Party { legal_name, address, country, vat_id, registration, post_code, city, endpoint })
}
