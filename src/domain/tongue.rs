//! The language of pages and letters, and their words in it.
//!
//! English is what stands in the code and in the templates; the other language is looked up by it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::business::Language;

/// English and Italian, a line each, pairs parted by an empty line. Lines that begin with `#` say what follows.
const ITALIAN: &str = include_str!("../../templates/site_it.txt");

static WORDS: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| pairs(ITALIAN));

/// A language that pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tongue {
    #[default]
    English,
    Italian,
}

impl Tongue {
    pub const ALL: [Self; 2] = [Self::English, Self::Italian];

    /// The one that a reader of a document understands: English, unless it is Italian.
    pub fn of(language: Language) -> Self {
        if language == Language::Italian { Self::Italian } else { Self::English }
    }

    /// BCP 47.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Italian => "it",
        }
    }

    /// The same words in this language; English where they are not known.
    pub fn say(self, english: &str) -> &str {
        match self {
            Self::English => english,
            Self::Italian => WORDS.get(english).copied().unwrap_or(english),
        }
    }

    /// The same with its places, such as `{count}`, filled. What is filled in is not looked at again.
    pub fn fill(self, english: &str, values: &[(&str, &str)]) -> String {
        let mut text = String::new();
        let mut rest = self.say(english);
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let found = after.split_once('}').and_then(|(name, after)| {
                let (_, value) = values.iter().find(|(known, _)| *known == name)?;
                Some((value, after))
            });
            match found {
                Some((value, after)) => {
                    text.push_str(value);
                    rest = after;
                }
                None => {
                    text.push('{');
                    rest = after;
                }
            }
        }
        text + rest
    }

    /// A number that is written as in English, with commas between thousands and a point before the fraction.
    pub fn number(self, english: &str) -> String {
        let swapped = |sign| match (self, sign) {
            (Self::Italian, ',') => '.',
            (Self::Italian, '.') => ',',
            _ => sign,
        };
        english.chars().map(swapped).collect()
    }

    /// A template in this language: what stands between double brackets is looked up.
    pub fn template(self, english: &str) -> String {
        let mut text = String::with_capacity(english.len());
        let mut rest = english;
        while let Some((before, after)) = rest.split_once("[[") {
            text.push_str(before);
            let Some((words, after)) = after.split_once("]]") else {
                text.push_str("[[");
                rest = after;
                continue;
            };
            text.push_str(self.say(words));
            rest = after;
        }
        text + rest
    }

    /// Whether the words are known in every language.
    pub fn knows(english: &str) -> bool {
        WORDS.contains_key(english)
    }
}

fn pairs(text: &'static str) -> BTreeMap<&'static str, &'static str> {
    let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut pairs = BTreeMap::new();
    while let (Some(english), Some(other)) = (lines.next(), lines.next()) {
        pairs.insert(english, other);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_templates_are_told_in_both_languages() {
        assert_eq!(Tongue::Italian.say("Businesses"), "Aziende");
        assert_eq!(Tongue::English.say("Businesses"), "Businesses");
        assert_eq!(Tongue::Italian.say("never heard"), "never heard");
        assert_eq!(Tongue::Italian.number("USD 1,234.50"), "USD 1.234,50");
        assert_eq!(Tongue::English.number("1,234.50"), "1,234.50");
        assert_eq!(Tongue::Italian.template("<h2>[[Businesses]]</h2> [[x"), "<h2>Aziende</h2> [[x");
        assert_eq!(Tongue::English.template("<h2>[[Businesses]]</h2>"), "<h2>Businesses</h2>");
    }

    #[test]
    fn places_are_filled_once() {
        let values = [("a", "{b}"), ("b", "2")];
        assert_eq!(Tongue::English.fill("{a} and {b}, {c} {", &values), "{b} and 2, {c} {");
    }

    #[test]
    fn every_pair_is_whole_and_has_the_same_places() {
        let lines: Vec<&str> = ITALIAN.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert_eq!(lines.len() % 2, 0, "an English line without its Italian one");
        assert_eq!(WORDS.len() * 2, lines.len(), "an English line stands twice");
        let places = |text: &str| {
            let mut places: Vec<String> =
                text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
            places.sort();
            places
        };
        for (english, italian) in WORDS.iter() {
            assert_eq!(places(english), places(italian), "{english}");
        }
    }
}
