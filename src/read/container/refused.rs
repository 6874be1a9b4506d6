//! Why an archive is set aside as a whole. Members are named as `names::shown` shows them.

use super::Limits;

/// Why no message of the archive is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the archive is damaged or cut off: {0}")]
    Damaged(String),
    #[error("its name is that of an archive, and it is none: it was cut to nothing, or is something else")]
    NotAnArchive,
    #[error("its member {0} is encrypted: pack it without a password")]
    Encrypted(String),
    #[error("its member {0} is packed in a way that is not read ({1}): pack it as usual, with deflate")]
    Method(String, String),
    #[error("its member {0} is packed or an archive itself: pack it once")]
    Nested(String),
    #[error("its member {0} is Parquet, which is packed already: give it as a file of its own")]
    Parquet(String),
    #[error("its member {0} is a link, a device or a file with holes, and none of them is read")]
    NotAFile(String),
    #[error(
        "its member {0} has a name that no file of a log has: it is empty, very long, not printable, or leaves its folder"
    )]
    Name(String),
    #[error("two of its members have the name {0}, and nobody knows which of them counts")]
    SameName(String),
    #[error("its member {0} shares its bytes with another one, as in a bomb")]
    Overlap(String),
    #[error("it has more than {0} members; cut it into days")]
    TooManyMembers(u64),
    #[error(
        "its member {0} is of no form that is read, so nobody knows what is lost without it: take it out of the archive"
    )]
    Unclaimed(String),
    #[error("its member {0} has the name of what a desktop leaves, and is a log: give it a name of its own")]
    Litter(String),
    #[error("its members {0} and {1} are of different forms: pack each form by itself")]
    Mixed(String, String),
    #[error("its members {0} and {1} are two chats: one archive holds one chat")]
    TwoChats(String, String),
    #[error("it holds no exported chat")]
    NoChat,
    #[error("it holds no log; a day without messages is an empty file in it")]
    NoLog,
}

impl Refused {
    /// An archive with more members than `limits` allow.
    pub(super) const fn members(limits: &Limits) -> Self {
        Self::TooManyMembers(limits.members)
    }
}
