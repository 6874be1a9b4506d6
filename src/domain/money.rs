//! Exact money: decimals of the tariff, minor units of an invoice, and the one rounding between them.

use std::fmt;
use std::str::FromStr;

use super::Elapsed;

/// Decimal places that a [`Decimal`] holds.
const PLACES: u32 = 9;
const ONE: i128 = 10_i128.pow(PLACES);

/// An exact decimal number with up to nine places: prices and charges, in their tariff's currency.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

impl Decimal {
    pub const ZERO: Decimal = Decimal(0);

    pub const fn whole(number: u32) -> Self {
        Self(number as i128 * ONE)
    }

    pub fn checked_add(self, other: Decimal) -> Option<Decimal> {
        self.0.checked_add(other.0).map(Decimal)
    }

    pub fn checked_sub(self, other: Decimal) -> Option<Decimal> {
        self.0.checked_sub(other.0).map(Decimal)
    }

    pub fn times(self, quantity: u64) -> Option<Decimal> {
        self.0.checked_mul(i128::from(quantity)).map(Decimal)
    }

    /// The sum, or `None` when it does not fit.
    pub fn sum(amounts: impl IntoIterator<Item = Decimal>) -> Option<Decimal> {
        amounts.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add)
    }

    /// `whole / part` times as much, as an estimate: what a part of a month has come to, for all of it. Rounded half
    /// away from zero at nine places; `None` when it does not fit or there is no part.
    pub fn extrapolated(self, part: Elapsed, whole: Elapsed) -> Option<Decimal> {
        let product = self.0.checked_mul(i128::from(whole.micros()))?;
        Rounding::HalfAwayFromZero.divide(product, i128::from(part.micros())).map(Decimal)
    }

    /// `numerator / denominator` times as much in minor units of `currency`, rounded once; `None` when it does not fit, or
    /// the denominator is zero.
    pub fn converted(self, numerator: Decimal, denominator: Decimal, currency: Currency) -> Option<Money> {
        let unit = ONE / i128::from(currency.minor_units());
        let divisor = denominator.0.checked_mul(unit)?;
        let minor = Rounding::HalfAwayFromZero.divide(self.0.checked_mul(numerator.0)?, divisor)?;
        Some(Money { minor: i64::try_from(minor).ok()?, currency })
    }

    /// The same at nine places: a price in another currency, which documents show and nothing is computed from.
    pub fn scaled(self, numerator: Decimal, denominator: Decimal) -> Option<Decimal> {
        Rounding::HalfAwayFromZero.divide(self.0.checked_mul(numerator.0)?, denominator.0).map(Decimal)
    }

    /// Whether `amount` is at most half a minor unit away from `numerator / denominator` times as much: what
    /// [`Decimal::converted`] is checked by, without a division.
    pub fn converts_to(self, numerator: Decimal, denominator: Decimal, amount: Money) -> bool {
        let twice = |product: Option<i128>| product?.checked_mul(2);
        let (exact, stated) =
            (twice(self.0.checked_mul(numerator.0)), twice(amount.exact().0.checked_mul(denominator.0)));
        let unit = (ONE / i128::from(amount.currency.minor_units())).checked_mul(denominator.0);
        let far = exact.zip(stated).and_then(|(exact, stated)| exact.checked_sub(stated)).map(i128::unsigned_abs);
        far.zip(unit).is_some_and(|(far, unit)| far <= unit.unsigned_abs())
    }

    /// The count of `10^-9` units: how a Parquet DECIMAL(38, 9) stores it.
    pub const fn units(self) -> i128 {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// In minor units of `currency`: the only place where an amount is rounded.
    pub fn rounded(self, currency: Currency, rounding: Rounding) -> Option<Money> {
        let unit = ONE / i128::from(currency.minor_units());
        let minor = rounding.divide(self.0, unit)?;
        Some(Money { minor: i64::try_from(minor).ok()?, currency })
    }
}

impl FromStr for Decimal {
    type Err = String;

    /// Digits, at most one dot, at most nine places; no exponent, no grouping.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("`{text}` is not an exact decimal: {why}");
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !only_digits(whole) || !only_digits(fraction) || digits.ends_with('.') {
            return Err(wrong("write it as 0.05"));
        }
        if fraction.len() > PLACES as usize {
            return Err(wrong("it has more than nine decimal places"));
        }
        let too_large = |_| wrong("it is too large");
        let whole: i128 = whole.parse().map_err(too_large)?;
        let fraction: i128 = format!("{fraction:0<9}").parse().map_err(too_large)?;
        let units = whole.checked_mul(ONE).and_then(|units| units.checked_add(fraction));
        let units = units.ok_or_else(|| wrong("it is too large"))?;
        Ok(Self(if negative { -units } else { units }))
    }
}

impl fmt::Display for Decimal {
    /// At least two places, no more than needed: `0.05`, `12.50`, `0.000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.unsigned_abs() / ONE as u128, self.0.unsigned_abs() % ONE as u128);
        let fraction = format!("{fraction:09}");
        let kept = fraction.trim_end_matches('0').len().max(2);
        write!(f, "{sign}{whole}.{}", &fraction[..kept])
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How a number that lies between two minor units is brought to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    HalfAwayFromZero,
}

impl Rounding {
    fn divide(self, dividend: i128, divisor: i128) -> Option<i128> {
        let Rounding::HalfAwayFromZero = self;
        let (quotient, rest) = (dividend.checked_div(divisor)?, dividend.checked_rem(divisor)?);
        let half_or_more = rest.unsigned_abs() >= divisor.unsigned_abs().div_ceil(2);
        let away = if (dividend < 0) == (divisor < 0) { 1 } else { -1 };
        if half_or_more && rest != 0 { quotient.checked_add(away) } else { Some(quotient) }
    }
}

/// A currency by its ISO 4217 code, with the number of its minor units.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    places: u8,
}

const TWO_PLACES: [&str; 28] = [
    "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "MXN",
    "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
];

impl Currency {
    pub fn code(&self) -> &str {
        // Invariant: only ASCII codes are ever stored.
        std::str::from_utf8(&self.code).unwrap_or_default()
    }

    /// Decimal places of the minor unit: 2 for USD, 0 for JPY.
    pub const fn places(self) -> u8 {
        self.places
    }

    const fn minor_units(self) -> i64 {
        10_i64.pow(self.places as u32)
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let places = match text {
            "ISK" | "JPY" | "KRW" => 0,
            code if TWO_PLACES.contains(&code) => 2,
            _ => return Err(format!("`{text}` is not a currency known here (ISO 4217, such as USD or EUR)")),
        };
        let code = text.as_bytes().try_into().map_err(|_| "a currency has three letters".to_owned())?;
        Ok(Self { code, places })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount on a document: whole minor units of a currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    pub const fn minor(self) -> i64 {
        self.minor
    }

    pub const fn currency(self) -> Currency {
        self.currency
    }

    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// `None` when the difference does not fit, or the currencies differ.
    pub fn checked_sub(self, other: Money) -> Option<Money> {
        let minor = self.minor.checked_sub(other.minor)?;
        (self.currency == other.currency).then_some(Money { minor, ..self })
    }

    /// `None` when the currencies differ or the sum does not fit.
    pub fn checked_add(self, other: Money) -> Option<Money> {
        let minor = self.minor.checked_add(other.minor)?;
        (self.currency == other.currency).then_some(Money { minor, currency: self.currency })
    }

    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Money>) -> Option<Money> {
        amounts.into_iter().try_fold(Money::zero(currency), Money::checked_add)
    }

    /// `percent` of this amount, rounded to the minor unit.
    pub fn percent(self, percent: Decimal, rounding: Rounding) -> Option<Money> {
        let product = i128::from(self.minor).checked_mul(percent.0)?;
        let minor = rounding.divide(product, 100 * ONE)?;
        Some(Money { minor: i64::try_from(minor).ok()?, currency: self.currency })
    }

    /// `part / whole` of this amount, rounded to its minor unit. The two have one currency, which may be another.
    pub fn share(self, part: Money, whole: Money) -> Option<Money> {
        let share = self.fraction(i128::from(part.minor), i128::from(whole.minor));
        share.filter(|_| part.currency == whole.currency)
    }

    /// `numerator / denominator` of this amount, rounded to its minor unit; `None` where there is none that fits.
    pub fn fraction(self, numerator: i128, denominator: i128) -> Option<Money> {
        let minor = Rounding::HalfAwayFromZero.divide(i128::from(self.minor).checked_mul(numerator)?, denominator)?;
        Some(Money { minor: i64::try_from(minor).ok()?, ..self })
    }

    /// The amount with the other sign.
    pub const fn negated(self) -> Money {
        Money { minor: self.minor.saturating_neg(), currency: self.currency }
    }

    /// Digits with a sign, unless it is zero: `+3.50`, `-3.50`, `0.00`.
    pub fn signed(self) -> String {
        if self.minor > 0 { format!("+{}", self.digits()) } else { self.digits() }
    }

    /// The same amount as an exact decimal.
    pub fn exact(self) -> Decimal {
        Decimal(i128::from(self.minor) * (ONE / i128::from(self.currency.minor_units())))
    }

    /// Digits without the currency: `342.75`, `-0.05`, `1000` for a currency without minor unit.
    pub fn digits(self) -> String {
        let places = usize::from(self.currency.places);
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.digits())
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Money {
    type Err = String;

    /// As printed: `USD 342.75`. More places than the currency has are refused.
    fn from_str(text: &str) -> Result<Self, String> {
        let (code, digits) = text.split_once(' ').ok_or_else(|| format!("`{text}` is not money like USD 1.00"))?;
        let (currency, exact) = (code.parse::<Currency>()?, digits.parse::<Decimal>()?);
        let money = exact.rounded(currency, Rounding::HalfAwayFromZero).ok_or("the amount is too large")?;
        if money.exact() == exact { Ok(money) } else { Err(format!("`{text}` is finer than the minor unit")) }
    }
}

crate::written_as_text!(Decimal, Currency, Money);

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn usd() -> Currency {
        "USD".parse().unwrap()
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        for (exact, rounded) in [
            ("0.004999999", "USD 0.00"),
            ("0.005", "USD 0.01"),
            ("0.015", "USD 0.02"),
            ("-0.005", "USD -0.01"),
            ("-0.004999999", "USD 0.00"),
            ("2.675", "USD 2.68"),
        ] {
            assert_eq!(
                decimal(exact).rounded(usd(), Rounding::HalfAwayFromZero).unwrap().to_string(),
                rounded,
                "{exact}"
            );
        }
    }

    #[test]
    fn an_amount_is_converted_by_a_fraction_and_rounded_once() {
        let eur: Currency = "EUR".parse().unwrap();
        let one = decimal("1");
        for (exact, rate, converted) in [
            ("342.75", "1.1651", "EUR 294.18"),
            ("0.005", "1", "EUR 0.01"),
            ("-0.005", "1", "EUR -0.01"),
            ("1", "3", "EUR 0.33"),
        ] {
            let amount = decimal(exact).converted(one, decimal(rate), eur).unwrap();
            assert_eq!(amount.to_string(), converted);
            assert!(decimal(exact).converts_to(one, decimal(rate), amount));
            let off = amount.checked_add(Money::new(1, eur)).unwrap();
            assert!(exact == "-0.005" || !decimal(exact).converts_to(one, decimal(rate), off), "{exact}");
        }
        // A cross rate is a fraction of both legs, which no decimal would hold.
        let yen: Currency = "JPY".parse().unwrap();
        assert_eq!(
            decimal("100").converted(decimal("129.05"), decimal("1.1651"), yen).unwrap().to_string(),
            "JPY 11076"
        );
        assert_eq!(decimal("0.05").scaled(one, decimal("1.1651")).unwrap().to_string(), "0.042914771");
        assert_eq!(decimal("1").converted(one, Decimal::ZERO, eur), None);
    }

    #[test]
    fn vat_is_rounded_once() {
        let net: Money = "USD 0.25".parse().unwrap();
        assert_eq!(net.percent(decimal("22"), Rounding::HalfAwayFromZero).unwrap().to_string(), "USD 0.06");
        let yen = Money::new(1005, "JPY".parse().unwrap());
        assert_eq!(yen.percent(decimal("10"), Rounding::HalfAwayFromZero).unwrap().to_string(), "JPY 101");
    }

    #[test]
    fn a_decimal_is_written_as_it_was_read() {
        for text in ["0.05", "0.000001", "12.50", "-3.123456789"] {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(decimal("7").to_string(), "7.00");
        for wrong in ["", ".", "1.", ".5", "1e3", "0,05", "1.0000000001", "+1", "0x1", " 1"] {
            assert!(wrong.parse::<Decimal>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn sums_that_do_not_fit_are_none() {
        assert_eq!(Decimal::sum([Decimal(i128::MAX), Decimal(1)]), None);
        let top = Money::new(i64::MAX, usd());
        assert_eq!(top.checked_add(Money::new(1, usd())), None);
        assert_eq!(top.checked_add(Money::zero("EUR".parse().unwrap())), None);
    }
}
