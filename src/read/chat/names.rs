//! Who writes in a chat: names as the phone has them, which side they are on, and what a reason may say of them.

use std::collections::BTreeMap;

use super::digits::digit;
use super::refused::Refused;
use super::token::{is_blank, is_unseen};
use crate::domain::chat::{ChatSource, WithoutSender};

/// Digits of a phone number with its calling code.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// So many names are told of a chat in which the business is not found.
const NAMES_TOLD: usize = 5;

/// A name without the marks and odd blanks of the export. A phone number loses its blanks and hyphens, so that a
/// customer has one spelling; the wave before names that the phone does not know goes.
pub(super) fn cleaned(name: &str) -> String {
    let seen = name.chars().filter(|sign| !is_unseen(*sign)).map(|sign| if is_blank(sign) { ' ' } else { sign });
    let seen: String = seen.collect();
    let seen = seen.trim();
    let seen = seen.strip_prefix("~ ").map_or(seen, str::trim_start);
    number(seen).unwrap_or_else(|| seen.to_owned())
}

/// The number that a name is: a plus, digits, and what people put between them.
fn number(name: &str) -> Option<String> {
    let body = name.strip_prefix('+')?;
    let is_between = |sign: char| matches!(sign, ' ' | '-' | '(' | ')' | '.' | '/' | '\u{2010}' | '\u{2011}');
    if !body.chars().all(|sign| digit(sign).is_some() || is_between(sign)) {
        return None;
    }
    let digits: String = body.chars().filter_map(digit).filter_map(|value| char::from_digit(value, 10)).collect();
    DIGITS.contains(&digits.len()).then(|| format!("+{digits}"))
}

/// The first letter of a name, or the plus of a number: enough to find a mistyped setting, and nobody by it.
fn masked(name: &str) -> String {
    name.chars().next().map_or_else(String::new, |first| format!("{first}•••"))
}

/// On which side the names of a chat are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sides {
    senders: Vec<String>,
    /// The conversation, where it is not that of its only customer.
    conversation: Option<String>,
    /// The only customer; of a group none in particular.
    customer: Option<String>,
}

impl Sides {
    /// The sides of a chat in which these names write, each with the number of its messages.
    pub fn of(names: &BTreeMap<String, u64>, source: &ChatSource) -> Result<Self, Refused> {
        let senders = senders(source);
        let (own, others): (Vec<_>, Vec<_>) = names.iter().partition(|(name, _)| senders.contains(name));
        // Of several people one is likely to be the business under another name, whose answers would become questions.
        let is_refused = source.without_sender == WithoutSender::Refuse || others.len() > 1;
        if own.is_empty() && !others.is_empty() && is_refused {
            return Err(Refused::NoSender(counted(&others)));
        }
        let customer = match others.as_slice() {
            [] if own.is_empty() => None,
            [] => return Err(Refused::NoCustomer),
            [(name, _)] => Some((*name).clone()),
            _ if source.conversation.is_some() => None,
            _ => return Err(Refused::Group(others.len())),
        };
        Ok(Self { senders, conversation: source.conversation.clone(), customer })
    }

    pub fn is_business(&self, name: &str) -> bool {
        self.senders.iter().any(|sender| sender == name)
    }

    /// Whom a message is from or to. What the business writes into a group is to all of it.
    pub fn customer<'n>(&'n self, name: &'n str) -> &'n str {
        let to_all = || self.conversation.as_deref().unwrap_or_default();
        if self.is_business(name) { self.customer.as_deref().unwrap_or_else(to_all) } else { name }
    }

    /// The conversation that all messages of the chat are in.
    pub fn conversation(&self) -> &str {
        self.conversation.as_deref().or(self.customer.as_deref()).unwrap_or_default()
    }
}

/// The names of the business, as [`cleaned`] gives them.
pub(super) fn senders(source: &ChatSource) -> Vec<String> {
    source.senders.iter().map(|sender| cleaned(sender)).collect()
}

/// `A••• with 12 messages and B••• with 1`.
fn counted(names: &[(&String, &u64)]) -> String {
    let told = names.iter().take(NAMES_TOLD).map(|(name, count)| format!("{} ({count})", masked(name)));
    let told: Vec<String> = told.collect();
    let more = names.len().saturating_sub(NAMES_TOLD);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::WeakIds;

    fn source() -> ChatSource {
        ChatSource {
            business: "shop".to_owned(),
            channel: "+390510000417".to_owned(),
            senders: vec!["Forno Esempio".to_owned(), "+39 051 0000417".to_owned()],
            date_order: None,
            weak_ids: WeakIds::Billable,
            without_sender: WithoutSender::Refuse,
            conversation: None,
        }
    }

    #[test]
    fn a_name_has_one_spelling() {
        for (name, expected) in [
            ("Anna Bianchi", "Anna Bianchi"),
            ("\u{200e}Anna\u{a0}Bianchi ", "Anna Bianchi"),
            ("~\u{a0}Anna", "Anna"),
            ("\u{202a}+39\u{a0}333\u{a0}000\u{2011}0001\u{202c}", "+393330000001"),
            ("+1 (809) 555-0001", "+18095550001"),
            ("+٣٩ ٣٣٣ ٠٠٠٠٠٠١", "+393330000001"),
            ("+62 8xx-xxx-x09", "+62 8xx-xxx-x09"),
            ("+12", "+12"),
        ] {
            assert_eq!(cleaned(name), expected, "{name:?}");
        }
    }

    #[track_caller]
    fn check(names: &[&str], source: &ChatSource, expected: &str) {
        let names = names.iter().map(|name| ((*name).to_owned(), 2)).collect();
        let told = match Sides::of(&names, source) {
            Ok(sides) => sides.conversation().to_owned(),
            Err(refused) => refused.to_string(),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn a_chat_has_two_sides() {
        check(&["Anna", "Forno Esempio"], &source(), "Anna");
        check(&["+390510000417", "Anna"], &source(), "Anna");
        check(&[], &source(), "");
        check(&["Forno Esempio"], &source(), &Refused::NoCustomer.to_string());
        check(&["Anna", "Bruno", "Forno Esempio"], &source(), &Refused::Group(2).to_string());
        check(&["Anna", "Carla"], &source(), &Refused::NoSender("A••• (2), C••• (2)".to_owned()).to_string());
        let inbound = ChatSource { without_sender: WithoutSender::Inbound, ..source() };
        check(&["Anna"], &inbound, "Anna");
        let group = ChatSource { conversation: Some("orders".to_owned()), ..source() };
        let silent = ChatSource { without_sender: WithoutSender::Inbound, ..group.clone() };
        check(&["Anna", "Carla"], &silent, &Refused::NoSender("A••• (2), C••• (2)".to_owned()).to_string());
        check(&["Anna", "Bruno", "Forno Esempio"], &group, "orders");
        let names = [("Anna", 1), ("Bruno", 1), ("Forno Esempio", 1)].map(|(name, count)| (name.to_owned(), count));
        let sides = Sides::of(&names.into(), &group).unwrap();
        assert_eq!(["Anna", "Bruno", "Forno Esempio"].map(|name| sides.customer(name)), ["Anna", "Bruno", "orders"]);
    }
}
