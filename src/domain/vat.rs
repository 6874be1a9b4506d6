//! Value added tax: how it applies to a business, from which day to which.
//!
//! Which treatment is right, and which day decides where it changes within a month, is said by an accountant in the book of
//! businesses. Nothing here guesses either.

use std::collections::BTreeSet;
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
    let weights: Vec<i128> = parts.iter().map(|part| i128::from(part.minor())).collect();
    weighed(amount, &weights)
}

/// `amount` in the proportion of `weights`, as [`apportioned`].
pub fn weighed(amount: Money, weights: &[i128]) -> Option<Vec<Money>> {
    let Some((_, front)) = weights.split_last() else { return Some(Vec::new()) };
    let whole = weights.iter().try_fold(0_i128, |sum, weight| sum.checked_add(*weight))?;
    let (mut upto, mut given, mut shares) = (0_i128, Money::zero(amount.currency()), Vec::new());
    for weight in front {
        upto = upto.checked_add(*weight)?;
        let until = if whole == 0 { given } else { amount.fraction(upto, whole)? };
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

    /// What a day of a month falls under: the day itself decides, or the last one of the month.
    pub fn key_of(&self, day: Date, month: Month) -> Option<VatKey> {
        let treatment = match self.tax_point {
            TaxPoint::Charge => self.at(day),
            TaxPoint::MonthEnd => self.of_month(month),
        };
        treatment.map(VatTreatment::key)
    }

    /// The reasons of a category and rate on these days, each once, the first day first; `None` where there is none.
    pub fn reason(&self, key: &VatKey, days: &BTreeSet<Date>) -> Option<String> {
        let mut reasons: Vec<String> = Vec::new();
        for reason in self.of_key(key, days).into_iter().filter_map(VatTreatment::reason) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// The code of the reason, where all treatments of a category and rate on these days have the same.
    pub fn code(&self, key: &VatKey, days: &BTreeSet<Date>) -> Option<String> {
        let mut codes = self.of_key(key, days).into_iter().map(VatTreatment::code);
        let first = codes.next()??;
        codes.all(|code| code == Some(first)).then(|| first.to_owned())
    }

    /// The treatments of a category and rate on these days, in their order; where no day has one, all that the book has.
    fn of_key(&self, key: &VatKey, days: &BTreeSet<Date>) -> Vec<&VatTreatment> {
        let of = |of_day: &dyn Fn(&VatSpan) -> bool| -> Vec<&VatTreatment> {
            let spans = self.spans.iter().filter(|span| span.treatment.key() == *key && of_day(span));
            spans.map(|span| &span.treatment).collect()
        };
        let of_days = of(&|span| days.iter().any(|day| span.contains(*day)));
        if of_days.is_empty() { of(&|_| true) } else { of_days }
    }
}

/// Prefixes of the VAT ids of the EU: Greece has one of its own.
const UNION: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Whether a VAT id is of a member state of the EU.
pub fn is_of_the_union(vat_id: &str) -> bool {
    UNION.iter().any(|prefix| vat_id.starts_with(*prefix))
}

/// Whether a VAT id counts in the EU for goods alone, and for no service: that of Northern Ireland.
pub fn is_for_goods(vat_id: &str) -> bool {
    vat_id.starts_with("XI")
}

/// Whether what is supplied to a country (ISO 3166-1 alpha-2) stays in the EU for VAT: its member states, and Monaco, which
/// counts as France (Directive 2006/112/EC, Article 7).
pub fn is_in_the_union(country: &str) -> bool {
    matches!(country, "GR" | "MC") || (UNION.contains(&country) && country != "EL")
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
        let august = "2018-08".parse().unwrap();
        assert_eq!(book.key_of(day("2018-08-14"), august), Some(standard("22").key()));
        let by_month = VatBook { tax_point: TaxPoint::MonthEnd, ..book };
        assert_eq!(by_month.key_of(day("2018-08-14"), august), Some(standard("24").key()));
    }

    #[test]
    fn a_category_has_the_reasons_of_its_days_and_no_others() {
        let spans = vec![
            span(None, Some("2018-01-01"), exempt("Art. 10", Some("VATEX-EU-132"))),
            span(Some("2018-01-01"), None, exempt("Art. 11", Some("VATEX-EU-135"))),
        ];
        let mut book = VatBook { spans, tax_point: TaxPoint::Charge };
        let key = book.spans[0].treatment.key();
        let days = |days: &[&str]| days.iter().map(|text| day(text)).collect::<BTreeSet<_>>();
        let said = |book: &VatBook, of: &[&str]| {
            let of = days(of);
            (book.reason(&key, &of).unwrap(), book.code(&key, &of))
        };
        let told = |reason: &str, code: Option<&str>| (reason.to_owned(), code.map(str::to_owned));
        assert_eq!(said(&book, &["2017-12-31"]), told("Art. 10", Some("VATEX-EU-132")));
        assert_eq!(said(&book, &["2018-01-01", "2018-01-31"]), told("Art. 11", Some("VATEX-EU-135")));
        // What of both falls into one group has the reasons of both, and no code for the two of them.
        assert_eq!(said(&book, &["2018-01-01", "2017-12-31"]), told("Art. 10; Art. 11", None));
        book.spans[1].treatment = exempt("Art. 10", Some("VATEX-EU-132"));
        assert_eq!(said(&book, &["2017-12-31", "2018-01-01"]), told("Art. 10", Some("VATEX-EU-132")));
        assert_eq!(book.reason(&standard("22").key(), &days(&["2018-01-01"])), None);
        let export = |reason: Option<&str>| VatBook::always(VatTreatment::Export { reason: reason.map(str::to_owned) });
        let key = export(None).spans[0].treatment.key();
        let none = BTreeSet::new();
        assert_eq!((key.category.as_str(), key.rate), ("G", Decimal::ZERO));
        assert_eq!(export(None).reason(&key, &none).as_deref(), Some("Export outside the EU"));
        assert_eq!(export(Some("Art. 9")).reason(&key, &none).as_deref(), Some("Art. 9"));
        assert_eq!(export(None).code(&key, &none), None);
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
        let weighed = weighed(usd(-500), &[4_000_000, 4_000_000]).unwrap();
        assert_eq!(weighed, [usd(-250), usd(-250)]);
    }

    #[test]
    fn the_union_has_27_members() {
        assert_eq!(UNION.iter().filter(|code| is_in_the_union(code)).count() + 1, 27);
        for (country, is_in) in [("GR", true), ("EL", false), ("XI", false), ("GB", false), ("IT", true), ("MC", true)]
        {
            assert_eq!(is_in_the_union(country), is_in, "{country}");
        }
    }
}
