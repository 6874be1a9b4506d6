//! What the configuration settles for exported chats: whose they are, and how far they may be relied on.

use serde::{Deserialize, Serialize};

/// In which order a chat writes the parts of a date that is three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    DayFirst,
    MonthFirst,
    YearFirst,
}

impl DateOrder {
    pub const ALL: [DateOrder; 3] = [DateOrder::DayFirst, DateOrder::MonthFirst, DateOrder::YearFirst];

    pub const fn name(self) -> &'static str {
        match self {
            Self::DayFirst => "day-first",
            Self::MonthFirst => "month-first",
            Self::YearFirst => "year-first",
        }
    }
}

/// Whether messages whose ids are derived, and not given by the log, may be charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeakIds {
    /// Every question is held: nothing of the chat is ever charged, its answers count.
    #[default]
    Hold,
    Billable,
}

impl WeakIds {
    pub const ALL: [(&'static str, WeakIds); 2] = [("hold", WeakIds::Hold), ("billable", WeakIds::Billable)];
}

/// What becomes of a chat in which no name of the business appears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutSender {
    /// It is set aside: the name in the configuration may be wrong.
    #[default]
    Refuse,
    /// The business never wrote in it.
    Inbound,
}

impl WithoutSender {
    pub const ALL: [(&'static str, WithoutSender); 2] =
        [("refuse", WithoutSender::Refuse), ("inbound", WithoutSender::Inbound)];
}

/// Whose the chats of a source are. A chat names people as the phone does that exported it, and no ids at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatSource {
    pub business: String,
    pub channel: String,
    /// Under which names the business writes; at least one. Everybody else is a customer.
    pub senders: Vec<String>,
    /// `None`: proved from the file, or the file is refused.
    pub date_order: Option<DateOrder>,
    pub weak_ids: WeakIds,
    pub without_sender: WithoutSender,
    /// The name of the conversation; needed by a chat with several customers, which is a group.
    pub conversation: Option<String>,
}
