//! What an e-invoice says beyond the other fields of its document.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a party receives documents in a network such as Peppol: `0088:9520000004170`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Code of the list of electronic address schemes (EAS): four digits.
    pub scheme: String,
    /// The address within the scheme, without blanks.
    pub id: String,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scheme, self.id)
    }
}

impl FromStr for Endpoint {
    type Err = String;

    /// The form alone: whether the scheme is one of the list is looked at where a person writes it.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is not an electronic address like 0088:9520000004170", text.escape_debug());
        let (scheme, id) = text.split_once(':').ok_or_else(wrong)?;
        let is_scheme = scheme.len() == 4 && scheme.bytes().all(|byte| byte.is_ascii_digit());
        let is_id = (1..=50).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        if is_scheme && is_id { Ok(Self { scheme: scheme.to_owned(), id: id.to_owned() }) } else { Err(wrong()) }
    }
}

crate::written_as_text!(Endpoint);

/// How a document is written for programs. A document without it is of a version that wrote no e-invoices: it keeps
/// its bytes, and so does every file that is drawn from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Electronic {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller: Option<Endpoint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<Endpoint>,
    /// A file of UBL goes with the document, as the business asks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ubl: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_written_as_it_was_read() {
        for good in ["0088:9520000004170", "9930:DE136695976", "0192:991825827", "0007:a:b"] {
            assert_eq!(good.parse::<Endpoint>().map(|endpoint| endpoint.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "0088", "0088:", ":1", "88:1", "EM:a@b.example", "0088:1 2", "0088:é", "0088:a\n"] {
            assert!(bad.parse::<Endpoint>().is_err(), "{bad}");
        }
        assert!(format!("0088:{}", "1".repeat(51)).parse::<Endpoint>().is_err());
    }
}
