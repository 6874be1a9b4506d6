//! The book of businesses: who is billed, for which channels, with which tax.

use std::path::Path;

use super::channels::{CHANNEL, Claim, claims, refuse_overlaps};
use super::page::Page;
use super::party::party;
use super::table::{Form, Table, refuse_shared};
use super::words;
use crate::domain::business::VatTreatment;
use crate::domain::{Business, Decimal, LineForm, Mistake, Ownership};

const BOOK: Form = Form { name: "the file", needs: &["[[business]]"], allows: &[] };

const BUSINESS: Form = Form {
    name: "[[business]]",
    needs: &[
        "id = \"bologna-bakery\"",
        "legal_name = \"Forno Esempio S.r.l.\"",
        "address = [\"Via Esempio 1\", \"40121 Bologna BO\"]",
        "country = \"IT\"",
        "emails = [\"accounts@bakery.example\"]",
        "language = \"it\"",
        "zone = \"Europe/Rome\"",
        "first_month = \"2018-08\"",
        "vat = { treatment = \"standard\", rate = \"22\" }",
        "[[business.channel]]",
    ],
    allows: &[
        "vat_id = \"IT12345678903\"",
        "registration = \"REA BO-123456\"",
        "reference = \"PO 4711\"",
        "issuer = \"late-reply-ie\"",
        "lines = [\"xlsx\", \"csv\"]",
    ],
};

const VAT: Form = Form {
    name: "vat",
    needs: &["treatment = \"standard\""],
    allows: &["rate = \"22\"", "reason = \"Exempt under Article 132 of Directive 2006/112/EC\""],
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Standard,
    ReverseCharge,
    OutOfScope,
    Exempt,
}

const TREATMENTS: [(&str, Treatment); 4] = [
    ("standard", Treatment::Standard),
    ("reverse-charge", Treatment::ReverseCharge),
    ("out-of-scope", Treatment::OutOfScope),
    ("exempt", Treatment::Exempt),
];

/// The businesses of a book, sorted by id.
///
/// Pure: `path` only names the file in messages.
///
/// # Errors
/// Every mistake of the file, in order of lines; with mistakes there is no book.
pub fn parse_businesses(path: &Path, text: &str) -> Result<Vec<Business>, Vec<Mistake>> {
    let page = Page::new(path, text);
    let tree = page.tree()?;
    let businesses = book(&Table::root(&page, &BOOK, &tree));
    page.outcome(Some(businesses))
}

fn book(root: &Table<'_>) -> Vec<Business> {
    let tables = root.tables("business", &BUSINESS);
    refuse_shared(&tables, "id");
    let mut businesses = Vec::new();
    let mut claimed = Vec::new();
    for table in &tables {
        let claims = claims(&table.tables("channel", &CHANNEL));
        businesses.extend(business(table, &claims));
        claimed.extend(claims);
    }
    refuse_overlaps(root.page, &claimed);
    businesses.sort_by(|one: &Business, other| one.id.cmp(&other.id));
    businesses
}

fn business(table: &Table<'_>, claims: &[Claim]) -> Option<Business> {
    let id = table.parsed("id", str::parse);
    let party = party(table);
    let recipients = table.parsed_set("emails", words::email);
    let language = table.parsed("language", str::parse);
    let zone = table.parsed("zone", str::parse);
    let first_month = table.parsed("first_month", str::parse);
    let (reference, issuer) = (table.text("reference"), table.parsed("issuer", words::source_name));
    let lines = table.parsed_set("lines", str::parse).unwrap_or_else(|| vec![LineForm::Csv]);
    let vat = vat(table);
    Some(Business {
        id: id?,
        party: party?,
        channels: channels(claims),
        recipients: recipients?,
        language: language?,
        zone: zone?,
        vat: vat?,
        first_month: first_month?,
        reference,
        issuer,
        lines,
    })
}

fn channels(claims: &[Claim]) -> Vec<Ownership> {
    let mut channels: Vec<Ownership> = claims.iter().map(|claim| claim.ownership.clone()).collect();
    channels.sort_by(|one, other| (&one.channel, one.span).cmp(&(&other.channel, other.span)));
    channels
}

fn vat(business: &Table<'_>) -> Option<VatTreatment> {
    let table = business.table("vat", &VAT)?;
    let rate = table.parsed("rate", rate);
    let reason = table.text("reason");
    let treatment = table.choice("treatment", &TREATMENTS)?;
    for (owner, key) in [(Treatment::Standard, "rate"), (Treatment::Exempt, "reason")] {
        check_companion(&table, treatment, owner, key);
    }
    if treatment == Treatment::ReverseCharge && !business.has("vat_id") {
        let hint =
            "add vat_id = \"IT12345678903\" to the business; without a VAT id the buyer cannot account for the tax";
        table.wrong("treatment", "reverse-charge needs the VAT id of the business", hint);
    }
    match treatment {
        Treatment::Standard => rate.map(|rate| VatTreatment::Standard { rate }),
        Treatment::ReverseCharge => Some(VatTreatment::ReverseCharge),
        Treatment::OutOfScope => Some(VatTreatment::OutOfScope),
        Treatment::Exempt => reason.map(|reason| VatTreatment::Exempt { reason }),
    }
}

/// `key` stands beside its own treatment, and beside no other.
fn check_companion(table: &Table<'_>, treatment: Treatment, owner: Treatment, key: &str) {
    let name = |wanted| TREATMENTS.iter().find(|(_, known)| *known == wanted).map_or("", |(name, _)| name);
    match (treatment == owner, table.has(key)) {
        (true, false) => {
            table.wrong("treatment", format!("{} needs a {key}", name(owner)), format!("add {}", VAT.example(key)));
        }
        (false, true) => {
            let hint = format!("remove `{key}`, or write treatment = \"{}\"", name(owner));
            table.wrong(key, format!("{} has no {key}", name(treatment)), hint);
        }
        _ => {}
    }
}

fn rate(text: &str) -> Result<Decimal, String> {
    let rate: Decimal = text.parse()?;
    let fits = Decimal::ZERO < rate && rate < "100".parse()?;
    if fits { Ok(rate) } else { Err(format!("a VAT rate of {text} is not between 0 and 100 percent")) }
}
