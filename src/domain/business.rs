//! The parties: businesses that are billed, and the issuer that bills them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::vat::VatBook;
pub use super::vat::VatTreatment;
use super::{Advance, Brand, Currency, LineForm, Month, Span, Zone};

/// Id of a business: 1 to 40 of `a-z`, `0-9`, `-`. Safe as a file name everywhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusinessId(Arc<str>);

impl BusinessId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BusinessId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=40).contains(&text.len()) && text.bytes().all(allowed);
        let reserved = ["con", "nul", "aux", "prn"].contains(&text);
        if fits && !reserved && !text.starts_with('-') {
            Ok(Self(text.into()))
        } else {
            Err(format!("`{}` is not a business id: 1 to 40 of a-z, 0-9 and -", text.escape_debug()))
        }
    }
}

/// A channel of a business: its phone number, or its Cloud API `phone_number_id`, as the logs name it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(Arc<str>);

impl ChannelId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ChannelId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        let wrong = || format!("`{}` is not a channel: 1 to 128 visible ASCII characters", text.escape_debug());
        if fits { Ok(Self(text.into())) } else { Err(wrong()) }
    }
}

macro_rules! printed_as_text {
    ($($name:ty),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}
printed_as_text!(BusinessId, ChannelId);

/// A channel and the time in which a business owns it, judged at `received_at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    pub channel: ChannelId,
    pub span: Span,
}

/// The language of a business's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    English,
    Italian,
    Portuguese,
    Spanish,
    German,
    French,
}

impl Language {
    pub const ALL: [Language; 6] =
        [Self::English, Self::Italian, Self::Portuguese, Self::Spanish, Self::German, Self::French];

    /// BCP 47.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Italian => "it",
            Self::Portuguese => "pt",
            Self::Spanish => "es",
            Self::German => "de",
            Self::French => "fr",
        }
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|language| language.code() == text);
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::code).join(", ");
            format!("`{text}` is not a language of the documents ({known})")
        })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// A party of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Party {
    pub legal_name: String,
    /// Lines of the postal address, without the country.
    pub address: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub vat_id: Option<String>,
    /// Number in the register of companies.
    pub registration: Option<String>,
    /// Post code and city by themselves, as an electronic invoice has them; the printed address is `address`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Electronic address (BT-34, BT-49): four digits of its scheme (EAS), a colon, the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
}

/// What a business wants of an invoice beside what everybody gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EInvoice {
    /// UBL 2.1 in the form of Peppol BIS 3, as a file of its own.
    Ubl,
}

impl EInvoice {
    pub const ALL: [(&'static str, EInvoice); 1] = [("ubl", EInvoice::Ubl)];
}

/// A billed business, as the book of businesses states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Business {
    pub id: BusinessId,
    pub party: Party,
    /// Sorted by channel, then time; spans of one channel never overlap, over all businesses.
    pub channels: Vec<Ownership>,
    /// E-mail addresses that receive the invoices; at least one.
    pub recipients: Vec<String>,
    pub language: Language,
    /// Cuts the billing months.
    pub zone: Zone,
    pub vat: VatBook,
    /// What its invoices are billed and paid in; `None`: the currency of the tariff.
    pub currency: Option<Currency>,
    pub e_invoice: Option<EInvoice>,
    pub first_month: Month,
    /// Purchase order or buyer reference, printed on the invoice.
    pub reference: Option<String>,
    /// What it paid in advance, in the order in which it was received.
    pub prepaid: Vec<Advance>,
    /// Id of the issuer that bills it; `None`: the only one.
    pub issuer: Option<String>,
    /// Forms of its line files, at least one. The first is mailed; the CSV always lies beside the documents.
    pub lines: Vec<LineForm>,
}

impl Business {
    /// The channels that the business owns at some time within `span`.
    pub fn channels_in(&self, span: Span) -> impl Iterator<Item = &Ownership> {
        self.channels.iter().filter(move |owned| owned.span.overlaps(&span))
    }
}

/// Who bills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Unique, `[a-z0-9-]{1,40}`; empty for an only one without an id.
    pub id: String,
    pub party: Party,
    /// Sender of the mails and address for questions.
    pub email: String,
    /// Dates of issue, and the year of the number series, are cut here.
    pub zone: Zone,
    pub iban: Option<String>,
    pub bic: Option<String>,
    /// Days from issue to due date.
    pub payment_days: u32,
    /// Letters before the year in an invoice number: `LR` gives `LR-2018-000001`.
    pub series: String,
    /// Letters before the year in the number of a credit note.
    pub credit_series: String,
    /// First number of the series of invoices in its first year.
    pub first_number: u32,
    /// What its VAT return is in. Tax that is charged in another currency is said in this one, too. `None`: nothing is known.
    pub vat_currency: Option<Currency>,
    /// How its documents look.
    pub brand: Brand,
}

crate::written_as_text!(BusinessId, ChannelId, Language);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_id_is_a_safe_file_name() {
        for good in ["a", "bologna-bakery", "0", &"a".repeat(40)] {
            assert!(good.parse::<BusinessId>().is_ok(), "{good}");
        }
        for bad in ["", "..", "a/b", "a\\b", "A", "con", "a\0", "caffè", "-x", &"a".repeat(41)] {
            assert!(bad.parse::<BusinessId>().is_err(), "{bad}");
        }
    }
}
