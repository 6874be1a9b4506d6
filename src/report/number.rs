//! Numbers as the pages print them: grouped by thousands, shares exact.

use crate::domain::{Currency, Date, Decimal, Money, Month, Tongue};

/// Printed for a sum that does not fit its type, which no tariff with sane prices reaches.
const TOO_LARGE: &str = "too large to print";

/// Printed where there is nothing to state.
pub const NONE: &str = "–";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `12,345`
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// `1 business`, `2 businesses`: a count with its noun.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// `USD 12,345.67`; `None` is a sum that does not fit.
pub fn money(amount: Option<Money>) -> String {
    amount.map_or(TOO_LARGE.to_owned(), |amount| format!("{}\u{a0}{}", amount.currency(), grouped(&amount.digits())))
}

/// How the amounts of one page are printed, so that they stand under each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// The currency that needs no code.
    pub currency: Currency,
    /// Decimal places of exact amounts: those of the finest.
    pub places: usize,
    /// What the page is written in.
    pub tongue: Tongue,
}

impl Amounts {
    /// As many places as the finest of `amounts` needs, at least two.
    pub fn fitting(currency: Currency, amounts: impl Iterator<Item = Decimal>) -> Self {
        Self { currency, places: amounts.map(places).fold(2, usize::max), tongue: Tongue::English }
    }

    /// The same for a page in another language.
    pub fn spoken(self, tongue: Tongue) -> Self {
        Self { tongue, ..self }
    }

    /// `12,345`
    pub fn count(self, number: u64) -> String {
        self.tongue.number(&count(number))
    }

    /// `1 business`, `2 businesses`: a count with its noun, which is looked up.
    pub fn counted(self, number: u64, one: &str, many: &str) -> String {
        format!("{} {}", self.count(number), self.tongue.say(if number == 1 { one } else { many }))
    }

    /// `USD 12,345.67`; `None` is a sum that does not fit.
    pub fn coded(self, amount: Option<Money>) -> String {
        amount.map_or_else(|| self.too_large(), |amount| self.tongue.number(&money(Some(amount))))
    }

    /// As [`share`].
    pub fn share(self, part: u64, whole: u64) -> String {
        self.tongue.number(&share(part, whole))
    }

    /// `August 2018`
    pub fn month(self, month: Month) -> String {
        format!("{} {}", self.tongue.say(name_of(month.number())), month.year())
    }

    /// `1 August`
    pub fn day(self, date: Date) -> String {
        format!("{} {}", date.day(), self.tongue.say(name_of(date.month())))
    }

    /// The words in the language of the page.
    pub fn say(self, english: &'static str) -> &'static str {
        self.tongue.say(english)
    }

    /// What parts the last of several amounts from the one before it, with its blanks.
    pub fn and(self) -> String {
        format!(" {} ", self.say("and"))
    }

    fn too_large(self) -> String {
        self.tongue.say(TOO_LARGE).to_owned()
    }

    /// `12,345.67`, with its code only where it is not that of the page.
    pub fn money(self, amount: Option<Money>) -> String {
        let digits = |amount: Money| self.tongue.number(&grouped(&amount.digits()));
        amount.filter(|amount| amount.currency() == self.currency).map_or_else(|| self.coded(amount), digits)
    }

    /// `12,345.670`: an exact amount of the page's currency; `None` is a sum that does not fit.
    pub fn exact(self, amount: Option<Decimal>) -> String {
        let padded = |amount: Decimal| format!("{amount}{:0<1$}", "", self.places.saturating_sub(places(amount)));
        amount.map_or_else(|| self.too_large(), |amount| self.tongue.number(&grouped(&padded(amount))))
    }

    /// The same without commas, for a program that compares.
    pub fn plain(self, amount: Option<Decimal>) -> String {
        amount.map(|amount| amount.to_string()).unwrap_or_default()
    }
}

/// Decimal places as an amount is written: at least two, no more than needed.
fn places(amount: Decimal) -> usize {
    let text = amount.to_string();
    text.len() - text.find('.').map_or(text.len(), |dot| dot + 1)
}

/// `97.3 %` of `whole`, computed in integers and rounded to one place, half up.
///
/// A part is never printed as nothing, nor as all: those are `< 0.1 %` and `> 99.9 %`. Nothing of nothing is `–`.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return NONE.to_owned();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let tenths = (part * 2000 + whole) / (whole * 2);
    match tenths {
        0 if part > 0 => "<\u{a0}0.1\u{a0}%".to_owned(),
        1000 if part < whole => ">\u{a0}99.9\u{a0}%".to_owned(),
        _ => format!("{}.{}\u{a0}%", tenths / 10, tenths % 10),
    }
}

/// `August 2018`
pub fn month_name(month: Month) -> String {
    format!("{} {}", name_of(month.number()), month.year())
}

/// `1 August`
pub fn day_name(date: Date) -> String {
    format!("{} {}", date.day(), name_of(date.month()))
}

fn name_of(number: u8) -> &'static str {
    MONTHS.get(usize::from(number).wrapping_sub(1)).copied().unwrap_or_default()
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (digits, printed) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-1234567.891", "-1,234,567.891"),
            ("-123.45", "-123.45"),
            ("100000.00", "100,000.00"),
        ] {
            assert_eq!(grouped(digits), printed);
        }
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn a_share_is_exact_and_never_hides_a_part() {
        for (part, whole, printed) in [
            (0, 0, "–"),
            (0, 7, "0.0 %"),
            (7, 7, "100.0 %"),
            (1, 3, "33.3 %"),
            (2, 3, "66.7 %"),
            (1, 2000, "0.1 %"), // half of a tenth is rounded up
            (1, 2001, "< 0.1 %"),
            (1999, 2000, "> 99.9 %"),
            (1998, 2000, "99.9 %"),
            (973, 1000, "97.3 %"),
            (u64::MAX, u64::MAX, "100.0 %"),
            (u64::MAX - 1, u64::MAX, "> 99.9 %"),
        ] {
            assert_eq!(share(part, whole).replace('\u{a0}', " "), printed, "{part} of {whole}");
        }
    }

    #[test]
    fn money_names_its_currency_where_it_must() {
        let (usd, yen): (Currency, Currency) = ("USD".parse().unwrap(), "JPY".parse().unwrap());
        assert_eq!(money(Some(Money::new(123_456, usd))), "USD\u{a0}1,234.56");
        let page = Amounts { currency: usd, places: 2, tongue: Tongue::English };
        assert_eq!(page.money(Some(Money::new(123_456, usd))), "1,234.56");
        assert_eq!(page.money(Some(Money::new(123_456, yen))), "JPY\u{a0}123,456");
        assert_eq!(page.money(None), TOO_LARGE);
    }

    #[test]
    fn exact_amounts_of_a_page_have_the_places_of_the_finest() {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        for (amounts, printed) in [
            (vec![], "1,000.00"),
            (vec!["5", "0.1"], "1,000.00"),
            (vec!["0.05", "0.015"], "1,000.000"),
            (vec!["0.000000001", "0.05"], "1,000.000000000"),
        ] {
            let page = Amounts::fitting("USD".parse().unwrap(), amounts.iter().map(|text| decimal(text)));
            assert_eq!(page.exact(Some(decimal("1000"))), printed, "{amounts:?}");
        }
    }

    #[test]
    fn a_page_in_italian_has_italian_numbers() {
        let page = Amounts { currency: "USD".parse().unwrap(), places: 3, tongue: Tongue::Italian };
        let amount = Money::new(123_456, "USD".parse().unwrap());
        assert_eq!((page.count(12_345), page.money(Some(amount))), ("12.345".into(), "1.234,56".into()));
        assert_eq!((page.share(1, 3), page.coded(Some(amount))), ("33,3\u{a0}%".into(), "USD\u{a0}1.234,56".into()));
        assert_eq!(page.exact(Some("1000.5".parse().unwrap())), "1.000,500");
        let month: Month = "2018-08".parse().unwrap();
        assert_eq!((page.month(month), page.day(month.first_day())), ("agosto 2018".into(), "1 agosto".into()));
        assert_eq!(page.counted(2, "business", "businesses"), "2 aziende");
    }

    #[test]
    fn months_and_days_are_written_out() {
        let month: Month = "2018-12".parse().unwrap();
        assert_eq!((month_name(month).as_str(), day_name(month.last_day()).as_str()), ("December 2018", "31 December"));
        assert_eq!(month_name("2019-01".parse().unwrap()), "January 2019");
    }
}
