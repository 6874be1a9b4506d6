//! Names of the columns of the canonical message log, and of the frame of messages made from it.
//!
//! The frame that `read` makes and `pair` takes has all of them, in the order of [`ALL`]: `sent_at` is
//! `Int64` (microseconds since 1970 in UTC), the others are `String`, none has nulls. An optional fact that
//! a log does not state is the empty text.

pub const MESSAGE_ID: &str = "message_id";
pub const BUSINESS: &str = "business";
pub const CHANNEL: &str = "channel";
pub const CUSTOMER: &str = "customer";
pub const DIRECTION: &str = "direction";
pub const SENT_AT: &str = "sent_at";
pub const CONVERSATION: &str = "conversation";
pub const KIND: &str = "kind";
pub const STATUS: &str = "status";
pub const ENTRY_POINT: &str = "entry_point";
/// How the stamp was come by: empty, `sent`, `delivered`, `read`, `failed`. Only the archive has it.
pub const SIGHTING: &str = "sighting";
/// Where the stamp is a local time that the clocks showed twice: whole seconds between its two readings, else
/// empty. An inbound message has the later reading, an outbound one the earlier. Only the archive has it.
pub const FOLD: &str = "fold";
/// Which file of the evidence a row came from, as an index of `Int64`. Frames of several files may have it
/// beside the columns of [`ALL`].
pub const FILE: &str = "file";

/// Columns without which a log cannot be read.
pub const REQUIRED: [&str; 6] = [MESSAGE_ID, BUSINESS, CHANNEL, CUSTOMER, DIRECTION, SENT_AT];
pub const OPTIONAL: [&str; 6] = [CONVERSATION, KIND, STATUS, ENTRY_POINT, SIGHTING, FOLD];
/// Columns of the archive alone: in a log they are unknown ones.
pub const ARCHIVED: [&str; 2] = [SIGHTING, FOLD];
pub const ALL: [&str; 12] = [
    MESSAGE_ID,
    BUSINESS,
    CHANNEL,
    CUSTOMER,
    DIRECTION,
    SENT_AT,
    CONVERSATION,
    KIND,
    STATUS,
    ENTRY_POINT,
    SIGHTING,
    FOLD,
];
