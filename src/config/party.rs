//! The parties: what an issuer and a business say of themselves alike.

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

/// An electronic address: four digits of the scheme (EAS) and the address within it.
fn endpoint(text: &str) -> Result<String, String> {
    let wrong = || format!("`{text}` is not an electronic address: four digits of its scheme, a colon, the address");
    let (scheme, address) = text.split_once(':').ok_or_else(wrong)?;
    let is_scheme = scheme.len() == 4 && scheme.bytes().all(|byte| byte.is_ascii_digit());
    let is_address = (1..=100).contains(&address.len()) && address.bytes().all(|byte| byte.is_ascii_graphic());
    if is_scheme && is_address { Ok(text.to_owned()) } else { Err(wrong()) }
}
