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
        KINDS.iter().find(|(_, known)| *known == name).map_or(Kind::Other, |(kind, _)| *kind)
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

/// What a message is for the default reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Neither asks nor answers.
    Neither,
    Asks(EntryPoint),
    Answers,
    /// It is of an unknown kind: it may ask or answer.
    Unclear,
}

/// What a log says of a message beside parties and time, as one small number: direction, kind where it is stated,
/// status, entry point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Facts(u16);

/// In the place of the kind: not stated.
const UNSTATED: u16 = 31;

impl Facts {
    /// All codes lie below.
    pub const COUNT: u16 = 1 << 11;

    pub const fn of(direction: Direction, kind: Option<Kind>, status: Status, entry_point: EntryPoint) -> Self {
        let kind = match kind {
            Some(kind) => kind as u16,
            None => UNSTATED,
        };
        Self(direction as u16 | kind << 1 | (status as u16) << 6 | (entry_point as u16) << 9)
    }

    /// The facts of a code; `None` where no facts have it.
    pub fn of_code(code: u16) -> Option<Self> {
        let facts = Self(code);
        let has_kind = (code >> 1) & 31 == UNSTATED || facts.kind().is_some();
        let has_status = Status::ALL.get(usize::from((code >> 6) & 7)).is_some();
        (code < Self::COUNT && has_kind && has_status).then_some(facts)
    }

    pub const fn code(self) -> u16 {
        self.0
    }

    pub const fn direction(self) -> Direction {
        if self.0 & 1 == Direction::Inbound as u16 { Direction::Inbound } else { Direction::Outbound }
    }

    /// `None` where the log does not state it: a text then.
    pub fn kind(self) -> Option<Kind> {
        u8::try_from((self.0 >> 1) & 31).ok().and_then(Kind::of_code)
    }

    pub fn status(self) -> Status {
        Status::ALL.get(usize::from((self.0 >> 6) & 7)).copied().unwrap_or(Status::Unstated)
    }

    pub fn entry_point(self) -> EntryPoint {
        EntryPoint::ALL.get(usize::from((self.0 >> 9) & 3)).copied().unwrap_or(EntryPoint::Unknown)
    }

    /// For the default reading.
    pub fn role(self) -> Role {
        match (self.direction(), self.kind().unwrap_or(Kind::Text).counts()) {
            (_, Counts::No) => Role::Neither,
            (Direction::Outbound, _) if self.status() == Status::Failed => Role::Neither,
            (_, Counts::Unknown) => Role::Unclear,
            (Direction::Inbound, Counts::Yes) => Role::Asks(self.entry_point()),
            (Direction::Outbound, Counts::Yes) => Role::Answers,
        }
    }
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

    #[test]
    fn facts_are_what_they_were_made_of() {
        let kinds = || [None].into_iter().chain(KINDS.into_iter().map(|(kind, _)| Some(kind)));
        let mut codes = std::collections::BTreeSet::new();
        for direction in Direction::BOTH {
            for (kind, status) in kinds().flat_map(|kind| Status::ALL.map(|status| (kind, status))) {
                for entry_point in EntryPoint::ALL {
                    let facts = Facts::of(direction, kind, status, entry_point);
                    let told = (facts.direction(), facts.kind(), facts.status(), facts.entry_point());
                    assert_eq!(told, (direction, kind, status, entry_point));
                    assert_eq!(Facts::of_code(facts.code()), Some(facts));
                    assert!(codes.insert(facts.code()), "no two have one code");
                }
            }
        }
        let known = (0..Facts::COUNT).filter(|code| Facts::of_code(*code).is_some());
        assert_eq!(known.count(), codes.len());
        let role = |direction, kind, status| Facts::of(direction, kind, status, EntryPoint::LiveSupport).role();
        assert_eq!(role(Direction::Inbound, None, Status::Failed), Role::Asks(EntryPoint::LiveSupport));
        assert_eq!(role(Direction::Outbound, Some(Kind::Image), Status::Read), Role::Answers);
        assert_eq!(role(Direction::Outbound, Some(Kind::Other), Status::Failed), Role::Neither);
        assert_eq!(role(Direction::Outbound, Some(Kind::Other), Status::Sent), Role::Unclear);
        assert_eq!(role(Direction::Inbound, Some(Kind::Other), Status::Unstated), Role::Unclear);
        assert_eq!(role(Direction::Inbound, Some(Kind::Note), Status::Unstated), Role::Neither);
    }
}
