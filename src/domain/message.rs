//! What is known of a message: envelope facts, never its text.

use std::fmt;

/// Who wrote to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Customer to business.
    Inbound,
    /// Business to customer.
    Outbound,
}

impl Direction {
    pub const BOTH: [Direction; 2] = [Direction::Inbound, Direction::Outbound];

    pub fn named(name: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|direction| direction.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// What a kind of message means for the rule: the table of kinds of the default reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Inbound it asks for an answer, outbound it is one.
    Yes,
    /// Neither asks nor answers.
    No,
    /// Not known: it could be either, so what hangs on it is held.
    Unknown,
}

/// The kind of a message. Kinds that this version does not know are kept as `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    Text,
    Image,
    Audio,
    Video,
    Document,
    Sticker,
    Location,
    Contacts,
    Order,
    Button,
    Interactive,
    Template,
    Automatic,
    Reaction,
    Edit,
    Revoke,
    System,
    Note,
    Call,
    Other,
}

const KINDS: [(Kind, &str); 20] = [
    (Kind::Text, "text"),
    (Kind::Image, "image"),
    (Kind::Audio, "audio"),
    (Kind::Video, "video"),
    (Kind::Document, "document"),
    (Kind::Sticker, "sticker"),
    (Kind::Location, "location"),
    (Kind::Contacts, "contacts"),
    (Kind::Order, "order"),
    (Kind::Button, "button"),
    (Kind::Interactive, "interactive"),
    (Kind::Template, "template"),
    (Kind::Automatic, "automatic"),
    (Kind::Reaction, "reaction"),
    (Kind::Edit, "edit"),
    (Kind::Revoke, "revoke"),
    (Kind::System, "system"),
    (Kind::Note, "note"),
    (Kind::Call, "call"),
    (Kind::Other, "other"),
];

impl Kind {
    /// The kind of that name; every name that is not in the table is `Other`.
    pub fn named(name: &str) -> Self {
        KINDS.into_iter().find(|(_, known)| *known == name).map_or(Kind::Other, |(kind, _)| kind)
    }

    pub const fn name(self) -> &'static str {
        KINDS[self as usize].1
    }

    /// The kind stored as `code` by [`Kind::code`].
    pub fn of_code(code: u8) -> Option<Self> {
        KINDS.get(usize::from(code)).map(|(kind, _)| *kind)
    }

    pub const fn code(self) -> u8 {
        self as u8
    }

    pub const fn counts(self) -> Counts {
        match self {
            Kind::Reaction | Kind::Edit | Kind::Revoke | Kind::System | Kind::Note | Kind::Call => Counts::No,
            Kind::Other => Counts::Unknown,
            _ => Counts::Yes,
        }
    }
}

/// What became of an outbound message. Ordered: of several statuses of one message the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Status {
    Unstated,
    Sent,
    Delivered,
    Read,
    /// At any time: not an answer.
    Failed,
}

impl Status {
    pub const ALL: [Status; 5] = [Status::Unstated, Status::Sent, Status::Delivered, Status::Read, Status::Failed];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Unstated => "",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

/// What a message of known kind is for the default reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Neither asks nor answers.
    Neither,
    Asks(EntryPoint),
    Answers,
}

/// How a customer came to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EntryPoint {
    InformationRequest,
    ClickToChat,
    LiveSupport,
    Unknown,
}

impl EntryPoint {
    pub const ALL: [EntryPoint; 4] =
        [EntryPoint::InformationRequest, EntryPoint::ClickToChat, EntryPoint::LiveSupport, EntryPoint::Unknown];

    pub const fn name(self) -> &'static str {
        match self {
            Self::InformationRequest => "information_request",
            Self::ClickToChat => "click_to_chat",
            Self::LiveSupport => "live_support",
            Self::Unknown => "unknown",
        }
    }
}

impl std::str::FromStr for EntryPoint {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|entry_point| entry_point.name() == name).ok_or_else(|| {
            format!("`{name}` is not an entry point (information_request, click_to_chat, live_support, unknown)")
        })
    }
}

impl fmt::Display for EntryPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for Direction {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::named(name).ok_or_else(|| format!("`{name}` is not a direction (inbound, outbound)"))
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

crate::written_as_text!(Direction, EntryPoint);

/// How the stamp of a stored message was come by.
///
/// A message that is seen only through its statuses has the instant of its first sign of life: that of
/// `sent`, else of `delivered`, else of `read`. Ordered: of several sightings the smallest gives the stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Sighting {
    /// The log itself stamps the message.
    Stamped,
    OnSent,
    OnDelivered,
    OnRead,
    /// Only its failure was seen.
    OnFailed,
}

impl Sighting {
    pub const ALL: [Sighting; 5] =
        [Sighting::Stamped, Sighting::OnSent, Sighting::OnDelivered, Sighting::OnRead, Sighting::OnFailed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Stamped => "",
            Self::OnSent => "sent",
            Self::OnDelivered => "delivered",
            Self::OnRead => "read",
            Self::OnFailed => "failed",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sighting| sighting.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name_and_its_code() {
        for (index, (kind, name)) in KINDS.into_iter().enumerate() {
            assert_eq!(Kind::named(name), kind);
            assert_eq!(kind.name(), name);
            assert_eq!(kind.code() as usize, index);
            assert_eq!(Kind::of_code(kind.code()), Some(kind));
        }
        assert_eq!(Kind::named("poll").counts(), Counts::Unknown);
    }
}
