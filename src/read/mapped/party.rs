//! Customers and channels as a vendor writes them.

use std::borrow::Cow;

use crate::domain::mapping::{Numbers, Parties};
use crate::read::party::is_whole_number;

/// A party as the canonical log has it.
pub(super) fn party<'t>(parties: &Parties, text: &'t str) -> Cow<'t, str> {
    let bare = parties.strip.iter().find_map(|prefix| text.strip_prefix(prefix.as_str())).unwrap_or(text);
    match parties.numbers {
        Numbers::WithoutPlus if is_whole_number(bare) => Cow::Owned(format!("+{bare}")),
        Numbers::WithoutPlus | Numbers::AsWritten => Cow::Borrowed(bare),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_taken_off_and_a_plus_is_put_before_whole_numbers_alone() {
        let parties = |numbers| Parties {
            channel: None,
            customer: None,
            from: None,
            to: None,
            strip: vec!["whatsapp:".to_owned()],
            numbers,
        };
        for (text, as_written, without_plus) in [
            ("whatsapp:+393331234567", "+393331234567", "+393331234567"),
            ("393331234567", "393331234567", "+393331234567"),
            ("whatsapp:393331234567", "393331234567", "+393331234567"),
            ("0039333123456", "0039333123456", "0039333123456"),
            ("shop-7", "shop-7", "shop-7"),
            ("", "", ""),
        ] {
            assert_eq!(party(&parties(Numbers::AsWritten), text), as_written);
            assert_eq!(party(&parties(Numbers::WithoutPlus), text), without_plus);
        }
    }
}
