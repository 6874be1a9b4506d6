//! Keyed names in place of plain ones.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use polars::prelude::{DataFrame, IntoColumn, IntoSeries, PolarsResult, StringChunkedBuilder};

use crate::domain::columns;
use crate::read::identity::IdKey;

/// So many parties are named again without a hash under the key, unless two of them have the same slot.
const SLOTS: usize = 1 << 13;

/// The same messages with keyed names.
///
/// # Errors
/// When the frame is none of messages.
pub fn keyed(frame: &DataFrame, key: &IdKey) -> PolarsResult<DataFrame> {
    let height = frame.height();
    let names = |name: &'static str| StringChunkedBuilder::new(name.into(), height);
    let texts = |name: &str| frame.column(name)?.str();
    let mut messages = names(columns::MESSAGE_ID);
    let mut name = String::new();
    for id in texts(columns::MESSAGE_ID)?.iter() {
        name.clear();
        key.push_message(id.unwrap_or_default(), &mut name);
        messages.append_value(name.as_str());
    }
    let (mut customers, mut conversations) = (names(columns::CUSTOMER), names(columns::CONVERSATION));
    let mut parties = Parties::of(key);
    let plain = texts(columns::CUSTOMER)?.iter().zip(texts(columns::CONVERSATION)?.iter());
    for (customer, conversation) in plain {
        let (customer, conversation) = (customer.unwrap_or_default(), conversation.unwrap_or_default());
        let name = parties.name(customer);
        customers.append_value(name);
        // Most conversations are their customer's.
        if conversation == customer {
            conversations.append_value(name);
        } else {
            conversations.append_value(parties.name(conversation));
        }
    }
    let mut keyed = frame.clone();
    let builders = [messages, customers, conversations].into_iter().map(StringChunkedBuilder::finish);
    for (name, names) in super::NAMES.into_iter().zip(builders) {
        keyed.replace(name, names.into_series().into_column())?;
    }
    Ok(keyed)
}

/// Parties under their names, some of them with the names at hand.
struct Parties<'k> {
    key: &'k IdKey,
    hash: FixedState,
    /// By the hash of its text: the party that was met last, and its name, which none has before it was met.
    slots: Vec<(String, String)>,
}

impl<'k> Parties<'k> {
    fn of(key: &'k IdKey) -> Self {
        Self { key, hash: FixedState::with_seed(0), slots: vec![(String::new(), String::new()); SLOTS] }
    }

    /// The name of a party, as the key gives it.
    fn name(&mut self, text: &str) -> &str {
        let slot = usize::try_from(self.hash.hash_one(text) % SLOTS as u64).unwrap_or_default();
        let (met, name) = &mut self.slots[slot];
        // The texts are compared, so equal hashes do no harm.
        if name.is_empty() || met.as_str() != text {
            met.clear();
            met.push_str(text);
            name.clear();
            self.key.push_party(text, name);
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::frame::Builder;
    use crate::read::{Options, read_bytes};

    #[test]
    fn a_party_has_its_name_however_often_it_is_met() {
        let key = IdKey::of([5; 32]);
        let mut parties = Parties::of(&key);
        // More than there are slots, so that some push others out.
        for round in 0..3 {
            for number in 0..SLOTS + 500 {
                let text = if number == 7 { String::new() } else { format!("+39333{number}") };
                assert_eq!(parties.name(&text), key.party(&text), "{round}");
            }
        }
    }

    #[test]
    fn names_are_those_of_the_key_row_by_row() {
        let key = IdKey::of([5; 32]);
        let rows: String = [
            ("1", "+393331234567", ""),
            ("2", "+393331234568", "group-1"),
            ("1", "+393331234567", "+393331234567"),
            ("3", "393331234567", ""),
            ("4", "IT.77", "+393331234567"),
        ]
        .map(|(id, customer, conversation)| {
            format!("{id},b,c,{customer},inbound,2018-08-01T00:00:00Z,{conversation}\n")
        })
        .concat();
        let header = "message_id,business,channel,customer,direction,sent_at,conversation";
        let text = format!("{header}\n{rows}");
        let log = read_bytes(text.as_bytes(), std::path::Path::new("log.csv"), &Options::default()).unwrap();
        let keyed = keyed(&log.frame, &key).unwrap();
        let column = |frame: &DataFrame, name: &str| -> Vec<String> {
            frame.column(name).unwrap().str().unwrap().iter().map(|text| text.unwrap().to_owned()).collect()
        };
        let plain = |name: &str| column(&log.frame, name);
        let messages: Vec<String> = plain(columns::MESSAGE_ID).iter().map(|id| key.message(id)).collect();
        assert_eq!(column(&keyed, columns::MESSAGE_ID), messages);
        for name in [columns::CUSTOMER, columns::CONVERSATION] {
            let parties: Vec<String> = plain(name).iter().map(|text| key.party(text)).collect();
            assert_eq!(column(&keyed, name), parties, "{name}");
        }
        for name in [columns::BUSINESS, columns::DIRECTION, columns::SENT_AT] {
            assert_eq!(keyed.column(name).unwrap(), log.frame.column(name).unwrap(), "{name}");
        }
        let empty = Builder::default().finish().unwrap().0;
        assert_eq!(super::keyed(&empty, &key).unwrap().height(), 0);
    }
}
