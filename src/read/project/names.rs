//! Ids and numbers as they lie in a log, and the channels by their places.

use std::collections::BTreeMap;

/// Businesses and channels, in the order in which they were met.
#[derive(Debug, Default)]
pub struct Names {
    places: BTreeMap<String, u32>,
    /// The texts by their places.
    texts: Vec<String>,
    /// By the place of a business: the places of the texts of its channels, in their order, and those of the pairs.
    pairs: Vec<Vec<(u32, u32)>>,
    /// Business and channel of each place.
    pub channels: Vec<(String, String)>,
}

impl Names {
    /// The place of a text; `None` when it is no id.
    pub(super) fn text(&mut self, bytes: &[u8]) -> Option<u32> {
        let text = id(bytes)?;
        if let Some(place) = self.places.get(text) {
            return Some(*place);
        }
        let place = u32::try_from(self.texts.len()).ok()?;
        self.places.insert(text.to_owned(), place);
        self.texts.push(text.to_owned());
        Some(place)
    }

    /// The place of a business and a channel, of which the places as texts are given.
    pub(super) fn channel(&mut self, business: u32, channel: u32) -> Option<u32> {
        let row = usize::try_from(business).ok()?;
        if self.pairs.len() <= row {
            self.pairs.resize_with(row + 1, Vec::new);
        }
        // Most businesses have a few channels: a table of all pairs would be nearly empty.
        let known = self.pairs.get_mut(row)?;
        match known.binary_search_by_key(&channel, |(channel, _)| *channel) {
            Ok(found) => known.get(found).map(|(_, place)| *place),
            Err(at) => {
                let place = u32::try_from(self.channels.len()).ok()?;
                let name = |text: u32| self.texts.get(usize::try_from(text).ok()?).cloned();
                self.channels.push((name(business)?, name(channel)?));
                known.insert(at, (channel, place));
                Some(place)
            }
        }
    }

    /// Whether these are the business and the channel of a place.
    pub(super) fn are(&self, place: u32, business: &[u8], channel: &[u8]) -> bool {
        let named = usize::try_from(place).ok().and_then(|place| self.channels.get(place));
        named.is_some_and(|(first, second)| first.as_bytes() == business && second.as_bytes() == channel)
    }
}

/// An id as the long way takes it: visible ASCII.
pub(super) fn id(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(id_bytes(bytes)?).ok()
}

/// The same, still as bytes.
pub(super) fn id_bytes(bytes: &[u8]) -> Option<&[u8]> {
    // All bytes are looked at, which takes less time than to stop at the first that is none of an id.
    let are_visible = || bytes.iter().fold(true, |are, byte| are & byte.is_ascii_graphic());
    ((1..=255).contains(&bytes.len()) && are_visible()).then_some(bytes)
}

/// The digits of a number in E.164, which no other text has: `+`, then up to fifteen digits that begin with none of
/// zero.
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.strip_prefix(b"+")?;
    if !(1..=15).contains(&digits.len()) || digits[0] == b'0' {
        return None;
    }
    let digit = |number: u64, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'));
    digits.iter().try_fold(0, digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_its_digits_and_nothing_else_is() {
        assert_eq!(number(b"+393331234567"), Some(393_331_234_567));
        assert_eq!(number(b"+999999999999999"), Some(999_999_999_999_999));
        for other in ["393331234567", "+", "+0393331234567", "+39 333", "+1234567890123456", "anna", ""] {
            assert_eq!(number(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn an_id_is_visible_ascii_of_a_limited_length() {
        let (longest, longer) = ("x".repeat(255), "x".repeat(256));
        for (text, is_id) in [("a", true), ("~!", true), (&longest, true), ("", false), ("a b", false), ("è", false)] {
            assert_eq!(id(text.as_bytes()).is_some(), is_id, "{text}");
        }
        assert_eq!(id(longer.as_bytes()), None);
        assert_eq!(id(b"a\x7f"), None);
    }

    #[test]
    fn a_channel_has_one_place_however_often_it_is_met() {
        let mut names = Names::default();
        let pairs = [("b", "2"), ("b", "1"), ("a", "2"), ("b", "2"), ("b", "3"), ("a", "2"), ("b", "1"), ("1", "b")];
        let mut places = Vec::new();
        for (business, channel) in pairs {
            let (business, channel) =
                (names.text(business.as_bytes()).unwrap(), names.text(channel.as_bytes()).unwrap());
            places.push(names.channel(business, channel).unwrap());
        }
        assert_eq!(places, [0, 1, 2, 0, 3, 2, 1, 4]);
        let told: Vec<String> = names.channels.iter().map(|(first, second)| format!("{first}{second}")).collect();
        assert_eq!(told, ["b2", "b1", "a2", "b3", "1b"]);
        assert!(names.are(3, b"b", b"3"));
        assert!(!names.are(3, b"b", b"2"));
        assert!(!names.are(5, b"b", b"2"));
    }
}
