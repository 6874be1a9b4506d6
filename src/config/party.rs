//! The parties: what an issuer and a business say of themselves alike.

use super::table::Table;
use super::vat_id::vat_id;
use super::words;
use crate::domain::business::Party;

/// The party that a table with `legal_name`, `address`, `country`, `vat_id` and `registration` describes.
pub(super) fn party(table: &Table<'_>) -> Option<Party> {
    let legal_name = table.text("legal_name");
    let address = table.texts("address");
    let country = table.parsed("country", words::country);
    let vat_id = table.parsed("vat_id", |text| vat_id(text, country.as_deref(), table.page.is_recorded));
    let registration = table.text("registration");
    let address = address?.into_iter().map(|line| line.text).collect();
    Some(Party { legal_name: legal_name?, address, country: country?, vat_id, registration })
}
