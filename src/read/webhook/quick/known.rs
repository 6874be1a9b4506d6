//! The keys of envelopes.

/// A key that the long way keeps, or whose presence it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    Changes,
    Contacts,
    Context,
    DisplayPhoneNumber,
    Entry,
    Field,
    From,
    FromUserId,
    GroupId,
    History,
    HistoryContext,
    Id,
    MessageEchoes,
    Messages,
    Metadata,
    PhoneNumberId,
    RecipientId,
    RecipientType,
    RecipientUserId,
    ReferredProduct,
    Referral,
    Status,
    Statuses,
    System,
    Threads,
    Timestamp,
    To,
    ToUserId,
    Type,
    UserId,
    Value,
    WaId,
}

impl Known {
    pub fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"changes" => Self::Changes,
            b"contacts" => Self::Contacts,
            b"context" => Self::Context,
            b"display_phone_number" => Self::DisplayPhoneNumber,
            b"entry" => Self::Entry,
            b"field" => Self::Field,
            b"from" => Self::From,
            b"from_user_id" => Self::FromUserId,
            b"group_id" => Self::GroupId,
            b"history" => Self::History,
            b"history_context" => Self::HistoryContext,
            b"id" => Self::Id,
            b"message_echoes" => Self::MessageEchoes,
            b"messages" => Self::Messages,
            b"metadata" => Self::Metadata,
            b"phone_number_id" => Self::PhoneNumberId,
            b"recipient_id" => Self::RecipientId,
            b"recipient_type" => Self::RecipientType,
            b"recipient_user_id" => Self::RecipientUserId,
            b"referred_product" => Self::ReferredProduct,
            b"referral" => Self::Referral,
            b"status" => Self::Status,
            b"statuses" => Self::Statuses,
            b"system" => Self::System,
            b"threads" => Self::Threads,
            b"timestamp" => Self::Timestamp,
            b"to" => Self::To,
            b"to_user_id" => Self::ToUserId,
            b"type" => Self::Type,
            b"user_id" => Self::UserId,
            b"value" => Self::Value,
            b"wa_id" => Self::WaId,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::read::webhook::envelope::{KEPT, MARKS};

    #[test]
    fn both_ways_know_the_same_keys() {
        let keys: BTreeSet<Known> =
            KEPT.iter().chain(&MARKS).map(|key| Known::named(key.as_bytes()).unwrap()).collect();
        assert_eq!(keys.len(), KEPT.len() + MARKS.len(), "two keys are one");
        assert_eq!(keys.len(), Known::WaId as usize + 1, "a key is known here alone");
        for key in ["", "i", "ids", "ID", "text", "messaging_product"] {
            assert_eq!(Known::named(key.as_bytes()), None, "{key}");
        }
    }
}
