//! Customers and channels as a vendor writes them.

use std::borrow::Cow;

use crate::domain::mapping::{Numbers, Parties, begins};
use crate::read::party::is_whole_number;

/// A party as the canonical log has it.
pub(super) fn party<'t>(parties: &Parties, text: &'t str) -> Cow<'t, str> {
    let bare = parties.strip.iter().find_map(|prefix| begins(text, prefix)).unwrap_or(text);
    match parties.numbers {
        Numbers::WithoutPlus if is_whole_number(bare) => Cow::Owned(format!("+{bare}")),
        Numbers::WithoutPlus | Numbers::WithPlus | Numbers::AsWritten => Cow::Borrowed(bare),
    }
}

/// Whether a channel is none by the way in which numbers are written: it stands for several of them, or is unknown.
pub(super) fn is_no_channel(parties: &Parties, channel: &str) -> bool {
    let is_number = || channel.strip_prefix('+').is_some_and(is_whole_number);
    // A channel that has a column or a value of its own may be any id.
    let is_end = parties.channel.is_none() && parties.numbers == Numbers::WithPlus;
    is_end && !channel.is_empty() && !is_number()
}

/// Several texts as one, so that no two lists of them become the same.
pub(super) fn joined(parts: &[Cow<'_, str>]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| part.replace('^', "^^").replace('|', "^|")).collect();
    parts.join("|")
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
            ("WhatsApp:+393331234567", "+393331234567", "+393331234567"),
            ("whatsapp:393331234567", "393331234567", "+393331234567"),
            ("0039333123456", "0039333123456", "0039333123456"),
            ("shop-7", "shop-7", "shop-7"),
            ("", "", ""),
        ] {
            assert_eq!(party(&parties(Numbers::AsWritten), text), as_written);
            assert_eq!(party(&parties(Numbers::WithoutPlus), text), without_plus);
        }
    }

    #[test]
    fn no_two_pairs_are_joined_alike() {
        let pairs = [["a", "b"], ["a|", "b"], ["a", "|b"], ["a^", "b"], ["a", "^b"], ["a^|", "b"], ["a|b", ""]];
        let joined = pairs.map(|pair| joined(&pair.map(Cow::Borrowed)));
        let different: std::collections::BTreeSet<&String> = joined.iter().collect();
        assert_eq!(different.len(), pairs.len(), "{joined:?}");
    }
}
