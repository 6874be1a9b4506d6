//! How the log of a vendor is read as a canonical one: which of its columns says what, and in which words.
//!
//! Whatever a mapping does not know is a rejected row or a refused file, never a guess. In CSV a column is named as the
//! header names it, in NDJSON as the path to it: `payload.destination`.

use serde::{Deserialize, Serialize};

use super::time_form::TimeForm;
use super::{Direction, Zone};

/// Where a fact stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Field {
    /// In the first of these columns that is not empty.
    Columns(Vec<String>),
    /// In the mapping itself: the same in every row.
    Value(String),
}

impl Field {
    /// Its columns; none where the mapping has the value.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Columns(columns) => columns,
            Self::Value(_) => &[],
        }
    }
}

/// What a column must say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    pub column: String,
    /// One of these texts, in capitals or not; one that ends with `*` stands for all that begin so.
    pub texts: Vec<String>,
}

impl Condition {
    /// An empty text fits nothing.
    pub fn fits(&self, text: &str) -> bool {
        let is = |wanted: &String| match wanted.strip_suffix('*') {
            Some(beginning) => begins(text, beginning).is_some(),
            None => text.eq_ignore_ascii_case(wanted),
        };
        !text.is_empty() && self.texts.iter().any(is)
    }
}

/// What follows a beginning of a text, which may be in capitals or not.
pub fn begins<'t>(text: &'t str, beginning: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(beginning.len())?;
    head.eq_ignore_ascii_case(beginning).then_some(rest)
}

/// What names a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Conversation {
    Named(Field),
    /// All of these columns together; a row that lacks one of them is rejected.
    Joined(Vec<String>),
}

impl Conversation {
    /// The columns that it is read from.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Named(field) => field.columns(),
            Self::Joined(columns) => columns,
        }
    }
}

/// The vendor's words for a word of the canonical log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// As the canonical log has it.
    pub name: String,
    pub texts: Vec<String>,
}

/// The canonical word for a text of the vendor.
pub fn meant<'w>(words: &'w [Words], text: &str) -> Option<&'w str> {
    words.iter().find(|words| words.texts.iter().any(|known| known == text)).map(|words| words.name.as_str())
}

/// Who talks to whom: channel and customer themselves, or the two ends of which one is the business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// Invariant: without it, or without `customer`, there are `from` and `to`.
    pub channel: Option<Field>,
    pub customer: Option<Field>,
    pub from: Option<Field>,
    pub to: Option<Field>,
    /// What stands before some parties and is no part of them, such as `whatsapp:`.
    pub strip: Vec<String>,
    pub numbers: Numbers,
}

/// How phone numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Numbers {
    #[default]
    AsWritten,
    /// Whole numbers without their plus: it is put before them.
    WithoutPlus,
    /// With their plus: an end of the business that is none, such as the id of a messaging service, is no channel.
    WithPlus,
}

/// What tells the direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sides {
    /// All rows have one.
    Always(Direction),
    /// One of these conditions holds, for one direction alone.
    Told { inbound: Vec<Condition>, outbound: Vec<Condition> },
    /// The business's own numbers: one of them is the sender or the receiver, and not both.
    Own(Vec<String>),
}

/// What an outbound row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutboundRows {
    #[default]
    Messages,
    /// A status of a message, with its own time: several rows tell of one message.
    Statuses,
}

/// How the log of a vendor is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Path of the list whose elements are the rows; without it every line is one.
    pub rows: Option<String>,
    /// Between the fields of CSV.
    pub separator: u8,
    pub message_id: Field,
    /// Without it the business is the owner of the channel.
    pub business: Option<Field>,
    pub parties: Parties,
    /// Without it the conversation is the customer's.
    pub conversation: Option<Conversation>,
    pub sides: Sides,
    /// The first of these columns that is not empty has the time.
    pub sent_at: Vec<String>,
    /// One or more.
    pub times: Vec<TimeForm>,
    /// Of local times, where it is not that of the source.
    pub zone: Option<Zone>,
    pub kind: Option<Field>,
    pub kinds: Vec<Words>,
    pub status: Option<Field>,
    pub statuses: Vec<Words>,
    pub entry_point: Option<Field>,
    pub entry_points: Vec<Words>,
    /// All of them hold for a message; other rows are passed over.
    pub only: Vec<Condition>,
    /// Where there are any, one of them holds for a message; other rows are passed over.
    pub only_any: Vec<Condition>,
    /// One of them holds for a row that is no message, as internal notes are.
    pub skip: Vec<Condition>,
    /// One of them holds for what no person wrote.
    pub automatic: Vec<Condition>,
    /// One of them holds for an outbound message that never arrived.
    pub failed: Vec<Condition>,
    pub outbound_rows: OutboundRows,
    /// Columns that a file may lack. Where one says nothing, `only` asks nothing of it.
    pub optional: Vec<String>,
}

/// Columns of which a file must have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<'m> {
    pub columns: Vec<&'m str>,
    /// A log of objects may leave the others out where they say nothing.
    pub is_required: bool,
}

impl Mapping {
    /// What a file must have, in the order of the facts.
    pub fn wanted(&self) -> Vec<Wanted<'_>> {
        let Parties { channel, customer, from, to, .. } = &self.parties;
        let mut groups: Vec<(Vec<&str>, bool)> = vec![(names(self.message_id.columns()), true)];
        for field in [channel, customer, from, to] {
            groups.push((columns_of(field.as_ref()), true));
        }
        groups.push((names(&self.sent_at), true));
        for field in [&self.business, &self.kind, &self.status, &self.entry_point] {
            groups.push((columns_of(field.as_ref()), false));
        }
        match &self.conversation {
            Some(Conversation::Joined(columns)) => {
                groups.extend(names(columns).into_iter().map(|name| (vec![name], true)));
            }
            conversation => groups.push((conversation.as_ref().map_or_else(Vec::new, |it| names(it.columns())), false)),
        }
        if let Sides::Told { inbound, outbound } = &self.sides {
            groups.push((inbound.iter().chain(outbound).map(|told| told.column.as_str()).collect(), true));
        }
        let conditions =
            self.only.iter().chain(&self.only_any).chain(&self.skip).chain(&self.automatic).chain(&self.failed);
        groups.extend(conditions.map(|condition| (vec![condition.column.as_str()], false)));
        let groups = groups.into_iter().filter(|(columns, _)| !columns.is_empty());
        groups.map(|(columns, is_required)| Wanted { columns, is_required }).collect()
    }

    /// Whether a file may lack the column.
    pub fn may_lack(&self, column: &str) -> bool {
        self.optional.iter().any(|optional| optional == column)
    }

    /// Every column that it names, sorted.
    pub fn columns(&self) -> Vec<&str> {
        let mut columns: Vec<&str> = self.wanted().into_iter().flat_map(|wanted| wanted.columns).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

fn names(columns: &[String]) -> Vec<&str> {
    columns.iter().map(String::as_str).collect()
}

/// The columns of a field; none where there is no field.
pub fn columns_of(field: Option<&Field>) -> Vec<&str> {
    field.map_or_else(Vec::new, |field| names(field.columns()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_a_text_or_a_beginning() {
        let condition = |texts: &[&str]| Condition {
            column: "c".to_owned(),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        };
        for (texts, text, fits) in [
            (&["whatsapp"][..], "whatsapp", true),
            (&["whatsapp"], "WhatsApp", true),
            (&["whatsapp"], "sms", false),
            (&["whatsapp:*"], "WhatsApp:+39", true),
            (&["whatsapp:*"], "whatsapè", false),
            (&["sms", "whatsapp:*"], "whatsapp:+39", true),
            (&["whatsapp:*"], "+39", false),
            (&["*"], "anything", true),
            (&["*"], "", false),
            (&[""], "", false),
        ] {
            assert_eq!(condition(texts).fits(text), fits, "{texts:?} {text}");
        }
    }
}
