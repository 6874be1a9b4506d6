//! Keyed names for messages and people, so that what is kept for years names nobody.
//!
//! The archive and the ledger know a message id, a customer and a conversation by a BLAKE3 hash under a key
//! that lies in its own file. The same text has the same name for as long as the key lives, so copies of a
//! message are still one message; without the key nobody can try out numbers.

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::text::{hex, hex_digits, leading_digits};

/// The key. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct IdKey([u8; 32]);

/// Bytes of a hash that are kept: 128 bits, so that two texts of one archive never share a name.
const KEPT: usize = 16;
/// Hexadecimal digits that prove the name of an envelope.
const TOKEN: usize = 16;
/// What is hashed lies on the stack up to so many bytes, which no id and no party has.
const SHORT: usize = 320;

impl IdKey {
    pub const fn of(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key from its 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches(['\r', '\n']).as_bytes();
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let mut key = [0; 32];
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
            *byte = value(*pair.first()?)? << 4 | value(*pair.last()?)?;
        }
        Some(Self(key))
    }

    /// Its hexadecimal digits, as its file holds them.
    pub fn reveal(&self) -> String {
        hex(&self.0)
    }

    /// Tells one key from another and gives neither away.
    pub fn fingerprint(&self) -> String {
        self.hashed("fingerprint", "ritardo")
    }

    /// The name of the envelope of a mail: 16 hexadecimal digits, which nobody can find without the key, a dot, and the
    /// Message-ID. A report that gives it back is about a mail that this program gave to a server.
    pub fn envelope(&self, message_id: &str) -> String {
        let mut token = self.hashed("envelope", message_id);
        token.truncate(TOKEN);
        format!("{token}.{message_id}")
    }

    /// The Message-ID in the name of an envelope; `None` where it is no name that this key gives.
    pub fn of_envelope<'n>(&self, name: &'n str) -> Option<&'n str> {
        let (_, message_id) = name.split_once('.')?;
        (self.envelope(message_id) == name).then_some(message_id)
    }

    /// The name of a message: 32 hexadecimal digits.
    pub fn message(&self, message_id: &str) -> String {
        self.hashed("message", message_id)
    }

    /// Writes the name of a message after what `to` holds.
    pub fn push_message(&self, message_id: &str, to: &mut String) {
        self.push_hashed("message", message_id, to);
    }

    /// The name of a customer or of a conversation, which is often the customer's number: its leading digits,
    /// which give the market, a tilde, and 32 hexadecimal digits. What is no number has no digits.
    pub fn party(&self, text: &str) -> String {
        let mut name = String::new();
        self.push_party(text, &mut name);
        name
    }

    /// Writes the name of a customer or of a conversation after what `to` holds.
    pub fn push_party(&self, text: &str, to: &mut String) {
        let digits = leading_digits(text);
        to.push_str(if digits.is_empty() { "" } else { "+" });
        to.push_str(digits);
        to.push('~');
        self.push_hashed("party", text, to);
    }

    /// Whether a word of a file is a customer of this name, written with the `+` of its number or without.
    pub fn is_party(&self, name: &str, word: &str) -> bool {
        let digits = name.trim_start_matches('+').split('~').next().unwrap_or_default();
        word.starts_with(digits) && (self.party(word) == name || self.party(&format!("+{word}")) == name)
    }

    fn hashed(&self, what: &str, text: &str) -> String {
        let mut name = String::with_capacity(KEPT * 2);
        self.push_hashed(what, text, &mut name);
        name
    }

    fn push_hashed(&self, what: &str, text: &str, to: &mut String) {
        let hash = self.hash(what.as_bytes(), text.as_bytes());
        let kept: [u8; KEPT] = hash.as_bytes().first_chunk().copied().unwrap_or_default();
        to.push_str(std::str::from_utf8(hex_digits(kept).as_flattened()).unwrap_or_default());
    }

    /// The hash of both texts with a zero between them.
    fn hash(&self, what: &[u8], text: &[u8]) -> blake3::Hash {
        let mut whole = [0_u8; SHORT];
        let length = what.len() + 1 + text.len();
        // A hasher that takes its texts piece by piece is some kilobytes large: one text is hashed at once.
        if let Some(whole) = whole.get_mut(..length) {
            whole[..what.len()].copy_from_slice(what);
            whole[what.len() + 1..].copy_from_slice(text);
            return blake3::keyed_hash(&self.0, whole);
        }
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(what).update(b"\0").update(text);
        hasher.finalize()
    }
}

impl fmt::Debug for IdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdKey(…)")
    }
}

/// Where the archive's names of plain texts come from.
#[derive(Clone, Debug)]
pub enum Naming {
    Key(IdKey),
    /// Of those who look at a part of the archive without its key.
    Listed(Listed),
}

/// Plain texts with their names in the archive: those of charged messages and of channels, and no others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    pub messages: BTreeMap<String, String>,
    pub parties: BTreeMap<String, String>,
}

impl Naming {
    /// The name of a message. Without the key, what is not listed has a name that no message has.
    pub fn message(&self, message_id: &str) -> String {
        match self {
            Self::Key(key) => key.message(message_id),
            Self::Listed(listed) => listed.messages.get(message_id).cloned().unwrap_or_default(),
        }
    }

    /// The name of a customer, a conversation or a channel. Without the key, what is not listed has a name that nobody
    /// has.
    pub fn party(&self, text: &str) -> String {
        match self {
            Self::Key(key) => key.party(text),
            Self::Listed(listed) => listed.parties.get(text).cloned().unwrap_or_default(),
        }
    }

    pub fn key(&self) -> Option<&IdKey> {
        match self {
            Self::Key(key) => Some(key),
            Self::Listed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_as_digits_and_shown_by_nothing() {
        let key = IdKey::of([0xA7; 32]);
        assert_eq!(IdKey::parse(&format!("{}\n", key.reveal())), Some(key.clone()));
        assert_eq!(format!("{key:?}"), "IdKey(…)");
        for bad in ["", "a7", &"a7".repeat(33), &"g7".repeat(32), &format!("{} ", "a7".repeat(32))] {
            assert_eq!(IdKey::parse(bad), None, "{bad}");
        }
    }

    /// However long a text is, its name is that of its bytes one after the other.
    #[test]
    fn a_name_is_the_begin_of_one_keyed_hash() {
        let key = IdKey::of([3; 32]);
        for length in [0, 1, 63, 64, 255, SHORT - 9, SHORT - 8, SHORT - 7, SHORT, 5000] {
            let text = "x".repeat(length);
            let mut hasher = blake3::Hasher::new_keyed(&[3; 32]);
            hasher.update(b"message\0").update(text.as_bytes());
            let digits = hasher.finalize().to_hex();
            assert_eq!(key.message(&text), &digits.as_str()[..KEPT * 2], "{length}");
            let mut written = "before ".to_owned();
            key.push_message(&text, &mut written);
            key.push_party("+393331234567", &mut written);
            assert_eq!(written, format!("before {}{}", key.message(&text), key.party("+393331234567")));
        }
    }

    #[test]
    fn names_hang_on_text_kind_and_key() {
        let (one, other) = (IdKey::of([1; 32]), IdKey::of([2; 32]));
        assert_eq!(one.message("m1"), one.message("m1"));
        let names = [
            one.message("m1"),
            one.message("m2"),
            other.message("m1"),
            one.party("m1"),
            one.party("m2"),
            one.fingerprint(),
            other.fingerprint(),
        ];
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        assert_eq!(one.message("m1").len(), 32);
    }

    #[test]
    fn without_the_key_only_listed_texts_have_their_names() {
        let key = IdKey::of([1; 32]);
        let (messages, parties) = ([("m1".to_owned(), key.message("m1"))], [("shop".to_owned(), key.party("shop"))]);
        let listed = Naming::Listed(Listed { messages: messages.into(), parties: parties.into() });
        let with_key = Naming::Key(key);
        assert_eq!((listed.message("m1"), listed.party("shop")), (with_key.message("m1"), with_key.party("shop")));
        assert_eq!((listed.message("m2"), listed.party("m1")), (String::new(), String::new()));
        assert!(with_key.key().is_some() && listed.key().is_none());
    }

    #[test]
    fn a_party_keeps_only_what_gives_its_market() {
        let key = IdKey::of([1; 32]);
        for (text, kept) in [
            ("+393331234567", "+3933312~"),
            ("+18095551234", "+180955~"),
            ("+2904567", "+290~"),
            ("+391", "+391~"),
            ("IT.77", "~"),
            ("3933312345678", "~"),
            ("+39 333", "~"),
        ] {
            let name = key.party(text);
            assert_eq!(name.strip_prefix(kept).map(str::len), Some(32), "{text} {name}");
        }
    }
}
