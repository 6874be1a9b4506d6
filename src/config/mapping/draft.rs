//! A mapping on its way: what a table says, and what it leaves to another one.

use crate::config::table::{Form, Table, Text};
use crate::domain::mapping::{Condition, Conversation, Field, Mapping, Numbers, OutboundRows, Parties, Sides, Words};
use crate::domain::time_form::TimeForm;
use crate::domain::{Direction, EntryPoint, Kind, Status, Zone};

pub(super) const MAPPING: Form = Form {
    name: "[source.mapping]",
    needs: &[],
    allows: &[
        "like = \"twilio\"",
        "rows = \"results\"",
        "separator = \";\"",
        "message_id = \"Sid\"",
        "business = { value = \"bologna-bakery\" }",
        "channel = \"ChannelId\"",
        "customer = \"ContactId\"",
        "from = \"From\"",
        "to = \"To\"",
        "strip = [\"whatsapp:\"]",
        "numbers = \"without-plus\"",
        "conversation = \"ConversationId\"",
        "direction = \"inbound\"",
        "inbound = { Direction = \"inbound\" }",
        "outbound = { Direction = [\"outbound-api\", \"outbound-reply\"] }",
        "own_numbers = [\"+390510000417\"]",
        "sent_at = \"SentDate\"",
        "time = \"%d/%m/%Y %H:%M:%S\"",
        "zone = \"UTC\"",
        "kind = \"Type\"",
        "kinds = { image = \"picture\" }",
        "status = \"Status\"",
        "statuses = { failed = [\"failed\", \"undelivered\"] }",
        "entry_point = \"Origin\"",
        "entry_points = { click_to_chat = \"ad\" }",
        "only = { channel = \"whatsapp\" }",
        "only_any = { From = \"whatsapp:*\", To = \"whatsapp:*\" }",
        "skip = { private = true }",
        "automatic = { sender_type = \"bot\" }",
        "failed = { FAILED_AT = \"*\" }",
        "outbound_rows = \"statuses\"",
        "optional = [\"message_type\"]",
    ],
};

const VALUE: Form = Form { name: "a value of a mapping", needs: &["value = \"bologna-bakery\""], allows: &[] };

const JOIN: Form =
    Form { name: "`conversation` of [source.mapping]", needs: &["join = [\"InboxId\", \"ThreadId\"]"], allows: &[] };

const NUMBERS: [(&str, Numbers); 3] =
    [("as-written", Numbers::AsWritten), ("without-plus", Numbers::WithoutPlus), ("with-plus", Numbers::WithPlus)];

/// What one table says of a mapping.
#[derive(Default)]
pub(super) struct Draft {
    rows: Option<String>,
    separator: Option<u8>,
    message_id: Option<Field>,
    business: Option<Field>,
    channel: Option<Field>,
    customer: Option<Field>,
    from: Option<Field>,
    to: Option<Field>,
    strip: Option<Vec<String>>,
    numbers: Option<Numbers>,
    conversation: Option<Conversation>,
    sides: Option<Sides>,
    sent_at: Option<Vec<String>>,
    times: Option<Vec<TimeForm>>,
    zone: Option<Zone>,
    kind: Option<Field>,
    kinds: Option<Vec<Words>>,
    status: Option<Field>,
    statuses: Option<Vec<Words>>,
    entry_point: Option<Field>,
    entry_points: Option<Vec<Words>>,
    only: Option<Vec<Condition>>,
    only_any: Option<Vec<Condition>>,
    skip: Option<Vec<Condition>>,
    automatic: Option<Vec<Condition>>,
    failed: Option<Vec<Condition>>,
    outbound_rows: Option<OutboundRows>,
    optional: Option<Vec<String>>,
}

impl Draft {
    pub fn of(table: &Table<'_>) -> Self {
        let is_status = |name: &str| !name.is_empty() && Status::named(name).is_some();
        Self {
            rows: table.text("rows"),
            separator: table.choice("separator", &[(",", b','), (";", b';'), ("tab", b'\t'), ("|", b'|')]),
            message_id: field(table, "message_id"),
            business: field(table, "business"),
            channel: field(table, "channel"),
            customer: field(table, "customer"),
            from: field(table, "from"),
            to: field(table, "to"),
            strip: table.parsed_set("strip", |text| Ok(text.to_owned())),
            numbers: table.choice("numbers", &NUMBERS),
            conversation: conversation(table),
            sides: sides(table),
            sent_at: columns(table, "sent_at"),
            times: times(table),
            zone: table.parsed("zone", str::parse),
            kind: field(table, "kind"),
            kinds: words(table, "kinds", &MAPPING, &|name| {
                name == Kind::Other.name() || Kind::named(name) != Kind::Other
            }),
            status: field(table, "status"),
            statuses: words(table, "statuses", &MAPPING, &is_status),
            entry_point: field(table, "entry_point"),
            entry_points: words(table, "entry_points", &MAPPING, &|name| name.parse::<EntryPoint>().is_ok()),
            only: conditions(table, "only"),
            only_any: conditions(table, "only_any"),
            skip: conditions(table, "skip"),
            automatic: conditions(table, "automatic"),
            failed: conditions(table, "failed"),
            outbound_rows: table
                .choice("outbound_rows", &[("messages", OutboundRows::Messages), ("statuses", OutboundRows::Statuses)]),
            optional: columns(table, "optional"),
        }
    }

    /// This draft where it says something, else the other one.
    pub fn over(self, other: Self) -> Self {
        Self {
            rows: self.rows.or(other.rows),
            separator: self.separator.or(other.separator),
            message_id: self.message_id.or(other.message_id),
            business: self.business.or(other.business),
            channel: self.channel.or(other.channel),
            customer: self.customer.or(other.customer),
            from: self.from.or(other.from),
            to: self.to.or(other.to),
            strip: self.strip.or(other.strip),
            numbers: self.numbers.or(other.numbers),
            conversation: self.conversation.or(other.conversation),
            sides: self.sides.or(other.sides),
            sent_at: self.sent_at.or(other.sent_at),
            times: self.times.or(other.times),
            zone: self.zone.or(other.zone),
            kind: self.kind.or(other.kind),
            kinds: self.kinds.or(other.kinds),
            status: self.status.or(other.status),
            statuses: self.statuses.or(other.statuses),
            entry_point: self.entry_point.or(other.entry_point),
            entry_points: self.entry_points.or(other.entry_points),
            only: self.only.or(other.only),
            only_any: self.only_any.or(other.only_any),
            skip: self.skip.or(other.skip),
            automatic: self.automatic.or(other.automatic),
            failed: self.failed.or(other.failed),
            outbound_rows: self.outbound_rows.or(other.outbound_rows),
            optional: self.optional.or(other.optional),
        }
    }

    /// Notes what a mapping needs and this one lacks. What is there and wrong was told already.
    fn note_missing(&self, table: &Table<'_>) {
        let has = [self.message_id.is_some(), self.sent_at.is_some(), self.times.is_some()];
        let keys = ["message_id", "sent_at", "time"].into_iter().zip(has);
        for (key, _) in keys.filter(|(key, is_there)| !is_there && !table.has(key)) {
            let hint = format!("add {}, or begin with a vendor's mapping by `like`", MAPPING.example(key));
            table.wrong(key, format!("{} has no `{key}`", MAPPING.name), hint);
        }
        let tells_side = ["direction", "inbound", "outbound", "own_numbers"].iter().any(|key| table.has(key));
        if self.sides.is_none() && !tells_side {
            let message = format!("{} does not tell the direction", MAPPING.name);
            table.wrong("direction", message, "add `inbound` and `outbound`, or `own_numbers`, or `direction`");
        }
        let has_ends = self.from.is_some() && self.to.is_some();
        let has_both = self.channel.is_some() && self.customer.is_some();
        // Own numbers are looked for at both ends.
        let is_told = has_ends || (has_both && !matches!(self.sides, Some(Sides::Own(_))));
        if !is_told {
            let message = format!("{} does not tell channel and customer", MAPPING.name);
            table.wrong("channel", message, "add `from` and `to`, or `channel` and `customer`");
        }
    }

    /// The mapping, when nothing that it needs is missing.
    pub fn whole(self, table: &Table<'_>) -> Option<Mapping> {
        self.note_missing(table);
        Some(Mapping {
            rows: self.rows,
            separator: self.separator.unwrap_or(b','),
            message_id: self.message_id?,
            business: self.business,
            parties: Parties {
                channel: self.channel,
                customer: self.customer,
                from: self.from,
                to: self.to,
                strip: self.strip.unwrap_or_default(),
                numbers: self.numbers.unwrap_or_default(),
            },
            conversation: self.conversation,
            sides: self.sides?,
            sent_at: self.sent_at?,
            times: self.times?,
            zone: self.zone,
            kind: self.kind,
            kinds: self.kinds.unwrap_or_default(),
            status: self.status,
            statuses: self.statuses.unwrap_or_default(),
            entry_point: self.entry_point,
            entry_points: self.entry_points.unwrap_or_default(),
            only: self.only.unwrap_or_default(),
            only_any: self.only_any.unwrap_or_default(),
            skip: self.skip.unwrap_or_default(),
            automatic: self.automatic.unwrap_or_default(),
            failed: self.failed.unwrap_or_default(),
            outbound_rows: self.outbound_rows.unwrap_or_default(),
            optional: self.optional.unwrap_or_default(),
        })
    }
}

/// A column, several of which the first that is not empty counts, or `{ value = "…" }`.
pub(in crate::config) fn field(table: &Table<'_>, key: &str) -> Option<Field> {
    if table.has_table(key) {
        return table.table(key, &VALUE)?.text("value").map(Field::Value);
    }
    columns(table, key).map(Field::Columns)
}

/// A field, or `{ join = ["…", "…"] }`.
fn conversation(table: &Table<'_>) -> Option<Conversation> {
    if !table.has_table("conversation") {
        return columns(table, "conversation").map(|columns| Conversation::Named(Field::Columns(columns)));
    }
    let joined = table.table("conversation", &JOIN)?;
    let columns = columns(&joined, "join")?;
    if columns.len() < 2 {
        joined.wrong("join", "one column has nothing to be joined with", "name it as `conversation` itself");
    }
    Some(Conversation::Joined(columns))
}

pub(in crate::config) fn columns(table: &Table<'_>, key: &str) -> Option<Vec<String>> {
    let texts = table.one_or_more_texts(key)?;
    let mut columns: Vec<String> = Vec::new();
    for Text { text, place } in texts {
        if columns.contains(&text) {
            let message = format!("the column `{}` stands twice", text.escape_debug());
            table.page.note(Some(place), message, "keep one of them");
        } else {
            columns.push(text);
        }
    }
    Some(columns)
}

fn times(table: &Table<'_>) -> Option<Vec<TimeForm>> {
    let texts = table.one_or_more_texts("time")?;
    let parsed = texts.into_iter().map(|Text { text, place }| {
        let note = |message: String| {
            table.page.note(Some(place), message, format!("write it like {}", MAPPING.example("time")));
        };
        text.parse::<TimeForm>().map_err(note).ok()
    });
    parsed.collect()
}

/// The one way in which the direction is told.
fn sides(table: &Table<'_>) -> Option<Sides> {
    let is_told = table.has("inbound") || table.has("outbound");
    let ways = [table.has("direction"), is_told, table.has("own_numbers")];
    if ways.into_iter().filter(|is_there| *is_there).count() > 1 {
        let key = if table.has("direction") { "direction" } else { "own_numbers" };
        let hint = "keep one of: `direction`; `inbound` and `outbound`; `own_numbers`";
        table.wrong(key, "the direction is told in more than one way", hint);
        return None;
    }
    if is_told {
        for (key, other) in [("inbound", "outbound"), ("outbound", "inbound")] {
            if !table.has(other) {
                let hint = format!("add {}", MAPPING.example(other));
                table.wrong(key, format!("`{key}` needs `{other}` beside it"), hint);
            }
        }
        return Some(Sides::Told { inbound: conditions(table, "inbound")?, outbound: conditions(table, "outbound")? });
    }
    let own = table.parsed_set("own_numbers", |text| Ok(text.to_owned())).map(Sides::Own);
    own.or_else(|| table.parsed("direction", str::parse::<Direction>).map(Sides::Always))
}

pub(in crate::config) fn conditions(table: &Table<'_>, key: &str) -> Option<Vec<Condition>> {
    let words = table.words(key)?;
    let texts = |texts: Vec<Text>| texts.into_iter().map(|text| text.text).collect();
    Some(words.into_iter().map(|(column, of)| Condition { column: column.text, texts: texts(of) }).collect())
}

/// The words of a vendor, or a partner, for words that `is_known`; none of them may mean two things.
pub(in crate::config) fn words(
    table: &Table<'_>,
    key: &str,
    form: &Form,
    is_known: &dyn Fn(&str) -> bool,
) -> Option<Vec<Words>> {
    let mut words: Vec<Words> = Vec::new();
    for (Text { text: name, place }, of) in table.words(key)? {
        if !is_known(&name) {
            let message = format!("`{}` is not a word of `{key}`", name.escape_debug());
            table.page.note(Some(place), message, format!("write it like {}", form.example(key)));
        }
        let mut texts: Vec<String> = Vec::new();
        for Text { text, place } in of {
            let is_taken = words.iter().any(|words: &Words| words.texts.contains(&text)) || texts.contains(&text);
            if is_taken {
                let message = format!("\"{}\" means two things", text.escape_debug());
                table.page.note(Some(place), message, "keep one of them");
            }
            texts.push(text);
        }
        words.push(Words { name, texts });
    }
    Some(words)
}
