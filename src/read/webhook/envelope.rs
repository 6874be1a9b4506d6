//! A JSON document cut down to the keys that envelopes are made of.
//!
//! Bodies come from many senders and every part of them can be missing or of another type, so nothing here
//! fails but broken JSON: what a part must be is asked where it is used. The values of all other keys, the
//! text of messages first of all, are passed over without being decoded.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Keys whose values are kept.
pub(super) const KEPT: [&str; 30] = [
    "changes",
    "contacts",
    "context",
    "display_phone_number",
    "entry",
    "field",
    "from",
    "from_user_id",
    "group_id",
    "history",
    "history_context",
    "id",
    "message_echoes",
    "messages",
    "metadata",
    "phone_number_id",
    "recipient_id",
    "recipient_type",
    "recipient_user_id",
    "status",
    "statuses",
    "system",
    "threads",
    "timestamp",
    "to",
    "to_user_id",
    "type",
    "user_id",
    "value",
    "wa_id",
];

/// Keys of which only the presence is kept.
pub(super) const MARKS: [&str; 2] = ["referral", "referred_product"];

/// What stands where nothing does.
pub(super) const NULL: &Node<'static> = &Node::Null;

/// One value of the document. A text without escapes is where the document has it.
#[derive(Debug)]
pub(super) enum Node<'d> {
    /// `null`, or not there.
    Null,
    /// A whole number.
    Number(i64),
    Text(Cow<'d, str>),
    List(Vec<Node<'d>>),
    Object(Vec<(&'static str, Node<'d>)>),
    /// A truth value, a fraction, a mark, or an object in which a key stands twice.
    Odd,
}

impl<'d> Node<'d> {
    /// The value of `key`; `Null` where this is no object or has no such key.
    pub fn at(&self, key: &str) -> &Node<'d> {
        let Node::Object(members) = self else { return NULL };
        members.iter().find(|(known, _)| *known == key).map_or(NULL, |(_, node)| node)
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Node::Null)
    }

    pub fn is_object(&self) -> bool {
        matches!(self, Node::Object(_))
    }

    pub fn is_empty_list(&self) -> bool {
        matches!(self, Node::List(nodes) if nodes.is_empty())
    }

    /// A text that is not empty, or the digits of a number: ids are written in both ways.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Node::Text(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
            Node::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Node::Odd)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Node::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Node::Odd, Node::Number))
    }

    #[expect(clippy::disallowed_types, reason = "serde hands over a fraction so; it is dropped")]
    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Node::Odd)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(&'static str, Node<'de>)> = Vec::new();
        let mut twice = false;
        while let Some(key) = map.next_key()? {
            let (key, node) = match key {
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Key::Mark(key) => (key, map.next_value::<Option<IgnoredAny>>()?.map_or(Node::Null, |_| Node::Odd)),
                Key::Kept(key) => (key, map.next_value()?),
            };
            twice |= members.iter().any(|(known, _)| *known == key);
            members.push((key, node));
        }
        Ok(if twice { Node::Odd } else { Node::Object(members) })
    }
}

/// A key of an object, as far as it is known.
enum Key {
    Kept(&'static str),
    Mark(&'static str),
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        let known = |keys: &[&'static str]| keys.iter().copied().find(|key| *key == name);
        let kept = known(&KEPT).map(Key::Kept);
        Ok(kept.or_else(|| known(&MARKS).map(Key::Mark)).unwrap_or(Key::Other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_envelope_is_kept() {
        let json = r#"{"id":7,"text":{"body":"secret"},"referral":{"body":"secret"},"caption":"secret","status":true}"#;
        let node: Node = serde_json::from_str(json).unwrap();
        assert!(!format!("{node:?}").contains("secret"));
        assert_eq!(node.at("id").text().as_deref(), Some("7"));
        assert!(!node.at("referral").is_null());
        assert!(node.at("status").text().is_none() && node.at("entry").is_null());
    }

    #[test]
    fn a_text_is_where_the_document_has_it_but_for_its_escapes() {
        let json = br#"{"id":"1","to":"\u0031","from":2}"#;
        let node: Node = serde_json::from_slice(json).unwrap();
        assert!(matches!(node.at("id"), Node::Text(Cow::Borrowed("1"))));
        assert!(matches!(node.at("to"), Node::Text(Cow::Owned(_))));
        assert_eq!([node.at("to"), node.at("from")].map(|node| node.text().unwrap().into_owned()), ["1", "2"]);
    }

    #[test]
    fn an_object_with_a_key_twice_spoils_only_itself() {
        let node: Node = serde_json::from_str(r#"{"messages":[{"id":"1","id":"2"},{"id":"3","a":1,"a":2}]}"#).unwrap();
        let Node::List(messages) = node.at("messages") else { panic!("no list") };
        assert_eq!(messages.iter().map(Node::is_object).collect::<Vec<_>>(), [false, true]);
    }
}
