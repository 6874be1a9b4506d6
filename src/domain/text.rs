//! Types that are written as text in files: one macro gives them serde through `Display` and `FromStr`.

/// Implements `Serialize` through `Display` and `Deserialize` through `FromStr`, so that a type has
/// exactly one written form.
#[macro_export]
macro_rules! written_as_text {
    ($($name:ty),+ $(,)?) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

/// Lower-case hexadecimal of a digest.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        hex_digits([*byte]).as_flattened().iter().for_each(|digit| text.push(char::from(*digit)));
    }
    text
}

/// The same digits byte by byte, without a text of their own.
pub fn hex_digits<const N: usize>(bytes: [u8; N]) -> [[u8; 2]; N] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
}

/// A market lies within so many leading digits of a number.
pub const MARKET_DIGITS: usize = 7;

/// The leading digits of a customer's number, which give its market: at most [`MARKET_DIGITS`], and of a whole
/// number never the last five. Empty for what is no number in E.164. The archive keeps no more of a number,
/// written before a tilde (`+3933312~…`), so the digits of an archived customer are the same.
pub fn leading_digits(customer: &str) -> &str {
    let number = customer.strip_prefix('+').unwrap_or_default();
    let (digits, archived) = number.split_once('~').map_or((number, false), |(digits, _)| (digits, true));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return "";
    }
    let shown = if archived { digits.len() } else { digits.len().saturating_sub(5).max(digits.len().min(3)) };
    digits.get(..shown.min(MARKET_DIGITS)).unwrap_or_default()
}

/// A customer's number as documents may show it: calling code and last four digits, `+39 ••• ••• 4567`.
/// Anything that is not an E.164 number is shown as dots alone.
pub fn masked(customer: &str, calling_code: Option<&str>) -> String {
    let digits = customer.strip_prefix('+').unwrap_or_default();
    let is_number = digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return "••• •••".to_owned();
    }
    let code = calling_code.filter(|code| digits.starts_with(code) && digits.len() - code.len() > 4);
    let tail = &digits[digits.len() - 4..];
    let head = code.map_or(["", ""], |code| [code, " "]);
    ["+", head[0], head[1], "••• ••• ", tail].concat()
}

/// The marks of direction that chat exports put around numbers.
pub const fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters of format (Unicode `Cf`), without the joiners, which the names of some languages need.
pub const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0001}'..='\u{e007f}'
    )
}
