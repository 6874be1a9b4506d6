//! One row of a vendor's log to the texts of a canonical row.

use std::borrow::Cow;

use super::party::{is_no_channel, joined, party};
use super::told;
use crate::domain::mapping::{
    Condition, Conversation, Field, Mapping, OutboundRows, Parties, Sides, Words, columns_of, meant,
};
use crate::domain::message::Sighting;
use crate::domain::{Direction, Kind, Status, columns};
use crate::read::canonical::{Texts, at};
use crate::read::frame::Builder;
use crate::read::row::RowRef;
use crate::read::stamp::{self, Given};

/// What stands in the columns that the mapping names.
pub(super) struct Values<'n, 'v> {
    /// Sorted.
    pub names: &'n [&'n str],
    /// By the places of the names; `None` where the row does not have the column.
    pub texts: Vec<Option<Cow<'v, str>>>,
    /// The place of a column that has something else than one text.
    pub odd: Option<usize>,
}

impl Values<'_, '_> {
    /// The text of a column; empty where there is none.
    pub fn get(&self, column: &str) -> &str {
        let place = self.names.binary_search(&column).ok();
        place.and_then(|place| self.texts.get(place)?.as_deref()).unwrap_or_default()
    }

    fn any(&self, conditions: &[Condition]) -> bool {
        conditions.iter().any(|condition| condition.fits(self.get(&condition.column)))
    }

    /// The first of the columns that is not empty.
    fn first<'c>(&self, columns: &'c [String]) -> Option<(&'c str, &str)> {
        columns.iter().map(|column| (column.as_str(), self.get(column))).find(|(_, text)| !text.is_empty())
    }

    fn field<'t>(&'t self, field: &'t Field) -> &'t str {
        match field {
            Field::Columns(columns) => self.first(columns).map_or("", |(_, text)| text),
            Field::Value(value) => value,
        }
    }
}

/// A row as a canonical one, as far as the mapping knows it.
pub(super) struct Read<'t> {
    pub texts: Texts<'t>,
    given: Option<Given>,
    /// Why it is rejected, whatever the texts are.
    pub problem: Option<String>,
    /// The conversation has a name, and the row lacks a part of it: it is not that of the customer.
    is_nameless: bool,
}

/// Reads a row. The text of its time is left out where it was read already.
pub(super) fn read<'t>(mapping: &'t Mapping, values: &'t Values) -> Read<'t> {
    let mut read = Read { texts: Texts::default(), given: None, problem: None, is_nameless: false };
    if let Some(name) = values.odd.and_then(|place| values.names.get(place)) {
        read.problem = Some(format!("`{name}` has a value of the wrong type, or stands twice"));
    }
    let direction = match direction(mapping, values) {
        Ok(direction) => Some(direction),
        Err(problem) => {
            read.note(problem);
            None
        }
    };
    if let Some(direction) = direction {
        read.texts.set(at::DIRECTION, Cow::Borrowed(direction.name()));
    }
    read.set_parties(mapping, values, direction);
    read.texts.set(at::MESSAGE_ID, Cow::Borrowed(values.field(&mapping.message_id)));
    read.set_conversation(mapping, values);
    read.set_stamp(mapping, values);
    if direction != Some(Direction::Inbound) {
        read.set_status(mapping, values);
    }
    let of = |field: &'t Option<Field>, words: &'t [Words]| {
        let text = field.as_ref().map_or("", |field| values.field(field));
        meant(words, text).unwrap_or(text)
    };
    let is_automatic = values.any(&mapping.automatic);
    let kind = if is_automatic { Kind::Automatic.name() } else { of(&mapping.kind, &mapping.kinds) };
    read.texts.set(at::KIND, Cow::Borrowed(kind));
    read.texts.set(at::ENTRY_POINT, Cow::Borrowed(of(&mapping.entry_point, &mapping.entry_points)));
    read
}

impl<'t> Read<'t> {
    /// The first reason is told.
    fn note(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }

    fn set_parties(&mut self, mapping: &'t Mapping, values: &'t Values, direction: Option<Direction>) {
        let parties = &mapping.parties;
        let of = |own: &'t Option<Field>, end: Option<&'t Option<Field>>| {
            let field = own.as_ref().or(end.and_then(Option::as_ref));
            field.map_or(Cow::Borrowed(""), |field| party(parties, values.field(field)))
        };
        let Parties { channel, customer, from, to, .. } = parties;
        // Nobody knows which end is which where the direction is not known.
        let (of_channel, of_customer) = match direction {
            Some(Direction::Inbound) => (Some(to), Some(from)),
            Some(Direction::Outbound) => (Some(from), Some(to)),
            None => (None, None),
        };
        let mut channel = of(channel, of_channel);
        if is_no_channel(parties, &channel) {
            let field = parties.channel.as_ref().or(of_channel.and_then(Option::as_ref));
            let columns = told(columns_of(field).into_iter());
            self.note(format!("{columns} is no phone number, so nobody knows whose channel it is"));
            // What the row may answer is asked of any channel.
            channel = Cow::Borrowed("");
        }
        let business = match &mapping.business {
            Some(business) => Cow::Borrowed(values.field(business)),
            // The book says whose the channel is.
            None => channel.clone(),
        };
        self.texts.set(at::BUSINESS, business);
        self.texts.set(at::CHANNEL, channel);
        self.texts.set(at::CUSTOMER, of(customer, of_customer));
    }

    fn set_conversation(&mut self, mapping: &'t Mapping, values: &'t Values) {
        match &mapping.conversation {
            None => {}
            Some(Conversation::Named(field)) => {
                self.texts.set(at::CONVERSATION, party(&mapping.parties, values.field(field)));
            }
            Some(Conversation::Joined(columns)) => {
                if let Some(column) = columns.iter().find(|column| values.get(column).is_empty()) {
                    self.is_nameless = true;
                    self.note(format!("`{column}` is empty, and the name of a conversation needs it"));
                    return;
                }
                let parts = columns.iter().map(|column| party(&mapping.parties, values.get(column)));
                self.texts.set(at::CONVERSATION, Cow::Owned(joined(&parts.collect::<Vec<_>>())));
            }
        }
    }

    fn set_stamp(&mut self, mapping: &Mapping, values: &Values) {
        let Some((column, text)) = values.first(&mapping.sent_at) else { return };
        match stamp::given(text, &mapping.times) {
            Ok(given) => self.given = Some(given),
            Err(why) => self.note(format!("`{column}` {why}")),
        }
    }

    fn set_status(&mut self, mapping: &'t Mapping, values: &'t Values) {
        let text = mapping.status.as_ref().map_or("", |status| values.field(status));
        let known = if mapping.statuses.is_empty() { Some(text) } else { meant(&mapping.statuses, text) };
        let known = known.and_then(Status::named).or(text.is_empty().then_some(Status::Unstated));
        let status = if values.any(&mapping.failed) { Some(Status::Failed) } else { known };
        let columns = || told(columns_of(mapping.status.as_ref()).into_iter());
        match status {
            None => self.note(format!("{} has a status that the mapping does not know", columns())),
            Some(Status::Unstated) if mapping.outbound_rows == OutboundRows::Statuses => {
                self.note(format!("{} is empty, and the row is a status", columns()));
            }
            Some(status) => self.texts.set(at::STATUS, Cow::Borrowed(status.name())),
        }
    }

    /// Adds the row to the frame, or to the rejects.
    pub fn add_to(self, mapping: &Mapping, builder: &mut Builder, number: u64) {
        let Self { texts, given, problem, is_nameless } = self;
        let read = match problem {
            Some(problem) => Err(problem),
            None => texts.row(given, &builder.clock),
        };
        match read {
            Ok((row, _)) if is_status(mapping, &row) => {
                builder.push(&RowRef { sighting: sighting(row.status), ..row }, number);
            }
            Ok((row, stated)) => builder.push_stating(&row, stated, number),
            Err(reason) => {
                let mut suspect = texts.suspect(given, &builder.clock);
                if let (Some(suspect), None) = (&mut suspect, &mapping.business) {
                    suspect.business = None;
                }
                if let (Some(suspect), true) = (&mut suspect, is_nameless) {
                    suspect.conversation = None;
                }
                builder.reject(number, with_columns(mapping, reason), suspect);
            }
        }
    }
}

fn direction(mapping: &Mapping, values: &Values) -> Result<Direction, String> {
    match &mapping.sides {
        Sides::Always(direction) => Ok(*direction),
        Sides::Told { inbound, outbound } => {
            let columns = || told(inbound.iter().chain(outbound).map(|told| told.column.as_str()));
            match (values.any(inbound), values.any(outbound)) {
                (true, false) => Ok(Direction::Inbound),
                (false, true) => Ok(Direction::Outbound),
                (false, false) => Err(format!("{} has a direction that the mapping does not know", columns())),
                (true, true) => Err(format!("{} says both inbound and outbound", columns())),
            }
        }
        Sides::Own(numbers) => {
            let Parties { from, to, .. } = &mapping.parties;
            let is_own = |end: &Option<Field>| {
                let end = end.as_ref().map(|field| party(&mapping.parties, values.field(field)));
                end.is_some_and(|end| numbers.iter().any(|number| *number == *end))
            };
            let columns = || told([from, to].into_iter().flatten().flat_map(Field::columns).map(String::as_str));
            match (is_own(from), is_own(to)) {
                (false, true) => Ok(Direction::Inbound),
                (true, false) => Ok(Direction::Outbound),
                (false, false) => Err(format!("neither of {} is an own number of the business", columns())),
                (true, true) => Err(format!("both of {} are own numbers of the business", columns())),
            }
        }
    }
}

fn is_status(mapping: &Mapping, row: &RowRef) -> bool {
    mapping.outbound_rows == OutboundRows::Statuses && row.direction == Direction::Outbound
}

/// What a message is seen by.
const fn sighting(status: Status) -> Sighting {
    match status {
        Status::Unstated => Sighting::Stamped,
        Status::Sent => Sighting::OnSent,
        Status::Delivered => Sighting::OnDelivered,
        Status::Read => Sighting::OnRead,
        Status::Failed => Sighting::OnFailed,
    }
}

/// A reason of the canonical log with the columns of the vendor that it is about.
fn with_columns(mapping: &Mapping, reason: String) -> String {
    let Parties { channel, customer, from, to, .. } = &mapping.parties;
    let about: Vec<&str> = match reason.split(' ').next().unwrap_or_default() {
        columns::MESSAGE_ID => columns_of(Some(&mapping.message_id)),
        columns::BUSINESS => columns_of(mapping.business.as_ref()),
        columns::CHANNEL if channel.is_some() => columns_of(channel.as_ref()),
        columns::CUSTOMER if customer.is_some() => columns_of(customer.as_ref()),
        columns::CHANNEL | columns::CUSTOMER => [columns_of(from.as_ref()), columns_of(to.as_ref())].concat(),
        columns::CONVERSATION => {
            let columns = mapping.conversation.iter().flat_map(Conversation::columns);
            columns.map(String::as_str).collect()
        }
        columns::SENT_AT => mapping.sent_at.iter().map(String::as_str).collect(),
        columns::ENTRY_POINT => columns_of(mapping.entry_point.as_ref()),
        _ => Vec::new(),
    };
    if about.is_empty() { reason } else { format!("{reason} (from {})", told(about.into_iter())) }
}
