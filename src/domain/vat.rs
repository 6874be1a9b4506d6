//! Value added tax: how it applies to a business, from which day to which.
//!
//! Which treatment is right, and which day decides where it changes within a month, is said by an accountant in the book of
//! businesses. Nothing here guesses either.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Date, Decimal, Money, Month};

/// How value added tax applies to a business: decided by its accountant, never guessed.
///
/// The letters are the categories of EN 16931 (UNCL 5305).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VatTreatment {
    /// `S`: domestic, at this rate in percent.
    Standard { rate: Decimal },
    /// `Z`: taxed, at a rate of nothing.
    Zero,
    /// `AE`: the buyer accounts for the tax.
    ReverseCharge,
    /// `O`: not subject to VAT.
    OutOfScope,
    /// `E`: exempt, for this reason. `code` is that of the list VATEX, where the accountant gave one.
    Exempt { reason: String, code: Option<String> },
    /// `G`: an export outside the EU, free of tax, for this reason; without one in the words of the list VATEX.
    Export { reason: Option<String> },
}

/// What an export says where the book gives no reason of its own (EN 16931, BR-G-10).
const EXPORT: &str = "Export outside the EU";

impl VatTreatment {
    pub const fn category(&self) -> &'static str {
        match self {
            Self::Standard { .. } => "S",
            Self::Zero => "Z",
            Self::ReverseCharge => "AE",
            Self::OutOfScope => "O",
            Self::Exempt { .. } => "E",
            Self::Export { .. } => "G",
        }
    }

    /// In percent.
    pub const fn rate(&self) -> Decimal {
        match self {
            Self::Standard { rate } => *rate,
            Self::Zero | Self::ReverseCharge | Self::OutOfScope | Self::Exempt { .. } | Self::Export { .. } => {
                Decimal::ZERO
            }
        }
    }

    /// Why no tax is charged, in the words that the law asks for; `None` where tax is charged.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Standard { .. } | Self::Zero => None,
            Self::ReverseCharge => Some("Reverse charge / Inversione contabile".to_owned()),
            Self::OutOfScope => Some("Not subject to VAT".to_owned()),
            Self::Exempt { reason, .. } => Some(reason.clone()),
            Self::Export { reason } => Some(reason.clone().unwrap_or_else(|| EXPORT.to_owned())),
        }
    }

    /// The code of the reason (BT-121), where the book gives one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Exempt { code, .. } => code.as_deref(),
            Self::Standard { .. } | Self::Zero | Self::ReverseCharge | Self::OutOfScope | Self::Export { .. } => None,
        }
    }

    pub fn key(&self) -> VatKey {
        VatKey { category: self.category().to_owned(), rate: self.rate() }
    }
}

/// What parts an invoice into groups, each taxed and rounded once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VatKey {
    /// `S`, `Z`, `AE`, `O`, `E`, `G` (UNCL 5305).
    pub category: String,
    /// In percent.
    pub rate: Decimal,
}

impl fmt::Display for VatKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}%", self.category, self.rate)
    }
}

/// A part of an amount that falls under one category and rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VatShare {
    pub vat: VatKey,
    pub amount: Money,
}

/// `amount` in the proportion of `parts`, in their order: each is what the sum up to it comes to, rounded, less what is given
/// before it, so that together they are the amount exactly. Where the parts sum to nothing, the last has all of it. `None`
/// when a sum does not fit.
pub fn apportioned(amount: Money, parts: &[Money]) -> Option<Vec<Money>> {
    let Some((last, front)) = parts.split_last() else { return Some(Vec::new()) };
    let whole = Money::sum(last.currency(), parts.iter().copied())?;
    let (mut upto, mut given, mut shares) = (Money::zero(last.currency()), Money::zero(amount.currency()), Vec::new());
    for part in front {
        upto = upto.checked_add(*part)?;
        let until = if whole.is_zero() { given } else { amount.share(upto, whole)? };
        shares.push(until.checked_sub(given)?);
        given = until;
    }
    shares.push(amount.checked_sub(given)?);
    Some(shares)
}

/// Which day decides under which treatment a charge falls, where it changes within a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaxPoint {
    /// The last day of the billed month: a month is one supply, which ends then.
    #[default]
    MonthEnd,
    /// The day on which the message was received, in the zone of the business: each charge is a supply of its own. A month
    /// may then have two rates.
    Charge,
}

/// A treatment and its days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VatSpan {
    /// The first day; `None`: as long as anybody can remember.
    pub from: Option<Date>,
    /// The first day after it; `None`: until further notice.
    pub to: Option<Date>,
    pub treatment: VatTreatment,
}

impl VatSpan {
    fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}

/// The treatments of a business over time. Days that none of them covers are possible: what falls on them is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VatBook {
    /// Sorted by their first day; they never overlap; at least one.
    pub spans: Vec<VatSpan>,
    pub tax_point: TaxPoint,
}

impl VatBook {
    /// One treatment for all time.
    pub fn always(treatment: VatTreatment) -> Self {
        Self { spans: vec![VatSpan { from: None, to: None, treatment }], tax_point: TaxPoint::default() }
    }

    /// The treatment of a day.
    pub fn at(&self, day: Date) -> Option<&VatTreatment> {
        self.spans.iter().find(|span| span.contains(day)).map(|span| &span.treatment)
    }

    /// The treatment of what is of a month as a whole: that of its last day.
    pub fn of_month(&self, month: Month) -> Option<&VatTreatment> {
        self.at(month.last_day())
    }

    /// Whether charges of one month may fall under different treatments.
    pub fn may_part(&self) -> bool {
        self.spans.len() > 1 && self.tax_point == TaxPoint::Charge
    }

    /// The reasons of the treatments of a category and rate, each once; `None` where there is none.
    pub fn reason(&self, key: &VatKey) -> Option<String> {
        let mut reasons: Vec<String> = Vec::new();
        for reason in self.of_key(key).filter_map(VatTreatment::reason) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// The code of the reason, where all treatments of a category and rate have the same.
    pub fn code(&self, key: &VatKey) -> Option<String> {
        let mut codes = self.of_key(key).map(VatTreatment::code);
        let first = codes.next()??;
        codes.all(|code| code == Some(first)).then(|| first.to_owned())
    }

    fn of_key<'b>(&'b self, key: &'b VatKey) -> impl Iterator<Item = &'b VatTreatment> {
        self.spans.iter().map(|span| &span.treatment).filter(move |treatment| treatment.key() == *key)
    }
}

/// Prefixes of the VAT ids of the EU: Greece has one of its own, and Northern Ireland counts for goods and for this.
const UNION: [&str; 28] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI",
];

/// Whether a VAT id is of a member state of the EU, or of Northern Ireland.
pub fn is_of_the_union(vat_id: &str) -> bool {
    UNION.iter().any(|prefix| vat_id.starts_with(*prefix))
}

/// Whether a country (ISO 3166-1 alpha-2) is a member state of the EU.
pub fn is_in_the_union(country: &str) -> bool {
    country == "GR" || (UNION.contains(&country) && !["EL", "XI"].contains(&country))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn standard(rate: &str) -> VatTreatment {
        VatTreatment::Standard { rate: rate.parse().unwrap() }
    }

    fn exempt(reason: &str, code: Option<&str>) -> VatTreatment {
        VatTreatment::Exempt { reason: reason.to_owned(), code: code.map(str::to_owned) }
    }

    fn span(from: Option<&str>, to: Option<&str>, treatment: VatTreatment) -> VatSpan {
        VatSpan { from: from.map(day), to: to.map(day), treatment }
    }

    #[test]
    fn a_day_has_the_treatment_of_its_span() {
        let spans = vec![
            span(None, Some("2018-08-15"), standard("22")),
            span(Some("2018-08-15"), Some("2018-10-01"), standard("24")),
        ];
        let book = VatBook { spans, tax_point: TaxPoint::Charge };
        for (of, rate) in
            [("1990-01-01", Some("22")), ("2018-08-14", Some("22")), ("2018-08-15", Some("24")), ("2018-10-01", None)]
        {
            assert_eq!(book.at(day(of)).map(VatTreatment::rate), rate.map(|rate| rate.parse().unwrap()), "{of}");
        }
        assert_eq!(book.of_month("2018-08".parse().unwrap()), Some(&standard("24")));
        assert!(book.may_part() && !VatBook { tax_point: TaxPoint::MonthEnd, ..book }.may_part());
        assert!(!VatBook::always(VatTreatment::Zero).may_part());
    }

    #[test]
    fn the_reasons_of_a_category_stand_together() {
        let spans = vec![
            span(None, Some("2018-01-01"), exempt("Art. 10", Some("VATEX-EU-132"))),
            span(Some("2018-01-01"), None, exempt("Art. 11", Some("VATEX-EU-132"))),
        ];
        let mut book = VatBook { spans, tax_point: TaxPoint::Charge };
        let key = book.spans[0].treatment.key();
        assert_eq!(book.reason(&key).as_deref(), Some("Art. 10; Art. 11"));
        assert_eq!(book.code(&key).as_deref(), Some("VATEX-EU-132"));
        book.spans[1].treatment = exempt("Art. 10", None);
        assert_eq!((book.reason(&key).as_deref(), book.code(&key)), (Some("Art. 10"), None));
        assert_eq!(book.reason(&standard("22").key()), None);
        let export = |reason: Option<&str>| VatBook::always(VatTreatment::Export { reason: reason.map(str::to_owned) });
        let key = export(None).spans[0].treatment.key();
        assert_eq!((key.category.as_str(), key.rate), ("G", Decimal::ZERO));
        assert_eq!(export(None).reason(&key).as_deref(), Some("Export outside the EU"));
        assert_eq!(export(Some("Art. 9")).reason(&key).as_deref(), Some("Art. 9"));
        assert_eq!(export(None).code(&key), None);
    }

    #[test]
    fn an_amount_is_apportioned_to_the_cent() {
        let usd = |minor| Money::new(minor, "USD".parse().unwrap());
        let of = |amount, parts: &[i64]| {
            let parts: Vec<Money> = parts.iter().map(|part| usd(*part)).collect();
            apportioned(usd(amount), &parts).unwrap().iter().map(|share| share.minor()).collect::<Vec<_>>()
        };
        assert_eq!(of(-100, &[1, 1, 1]), [-33, -34, -33]);
        assert_eq!(of(10, &[3, 7]), [3, 7]);
        assert_eq!(of(7, &[0, 0]), [0, 7]);
        assert_eq!(of(7, &[5]), [7]);
        assert_eq!(of(7, &[]), [0_i64; 0]);
    }

    #[test]
    fn the_union_has_27_members() {
        assert_eq!(UNION.iter().filter(|code| is_in_the_union(code)).count() + 1, 27);
        for (country, is_in) in [("GR", true), ("EL", false), ("XI", false), ("GB", false), ("IT", true), ("CH", false)]
        {
            assert_eq!(is_in_the_union(country), is_in, "{country}");
        }
    }
}
