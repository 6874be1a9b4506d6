//! `[reading]` of a tariff.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::Reader;
use crate::domain::Reading;
use crate::domain::reading::{ChargeFor, DateOf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadingTable {
    charge_for: Option<Spanned<String>>,
    charge_per: Option<Spanned<String>>,
    clock: Option<Spanned<String>>,
    window: Option<Spanned<String>>,
    boundary: Option<Spanned<String>>,
    price_date: Option<Spanned<String>>,
    month_of: Option<Spanned<String>>,
    answered_by: Option<Spanned<String>>,
    give_up: Option<Spanned<String>>,
}

impl Reader<'_> {
    pub(super) fn reading(&mut self, table: Option<&ReadingTable>) -> Option<Reading> {
        let mut reading = Reading::default();
        let Some(table) = table else { return Some(reading) };
        let before = self.mistakes.len();
        self.field(&mut reading.charge_for, table.charge_for.as_ref(), "the default is \"unanswered_inbound\"");
        self.field(&mut reading.charge_per, table.charge_per.as_ref(), "the default is \"message\"");
        self.field(&mut reading.clock, table.clock.as_ref(), "the default is \"each_inbound\"");
        self.field(&mut reading.window, table.window.as_ref(), "the announced window is 24h");
        self.field(&mut reading.boundary, table.boundary.as_ref(), "the default is \"inclusive\"");
        self.field(&mut reading.price_date, table.price_date.as_ref(), "the default is \"received\"");
        self.field(&mut reading.month_of, table.month_of.as_ref(), "the default is \"received\"");
        self.field(&mut reading.answered_by, table.answered_by.as_ref(), "the default is \"any\"");
        if let Some(text) = &table.give_up {
            reading.give_up = self.value(text, "write a length of time such as \"7d\"");
        }
        if reading.charge_for == ChargeFor::LateOutbound {
            self.stated_beside_late_outbound(table);
            (reading.price_date, reading.month_of) = (DateOf::Answered, DateOf::Answered);
        }
        if self.mistakes.len() > before {
            return None;
        }
        if let Some(clash) = reading.clash() {
            let span = table.span(clash.field).or_else(|| table.span("charge_per")).unwrap_or(0..0);
            self.wrong(span, clash.message, clash.hint);
            return None;
        }
        Some(reading)
    }

    fn field<T: std::str::FromStr<Err = String>>(&mut self, field: &mut T, text: Option<&Spanned<String>>, hint: &str) {
        if let Some(value) = text.and_then(|text| self.value(text, hint)) {
            *field = value;
        }
    }

    /// Each outbound message is judged by its own instant: these fields would say nothing, or something else.
    fn stated_beside_late_outbound(&mut self, table: &ReadingTable) {
        for field in ["charge_per", "clock", "answered_by", "give_up", "price_date", "month_of"] {
            if let Some(span) = table.span(field) {
                let message =
                    format!("{field} has no part in late_outbound, which judges each outbound message by itself");
                self.wrong(span, message, "remove the line, or charge for inbound messages");
            }
        }
    }
}

impl ReadingTable {
    fn span(&self, field: &str) -> Option<Range<usize>> {
        let text = match field {
            "charge_for" => &self.charge_for,
            "charge_per" => &self.charge_per,
            "clock" => &self.clock,
            "window" => &self.window,
            "boundary" => &self.boundary,
            "price_date" => &self.price_date,
            "month_of" => &self.month_of,
            "answered_by" => &self.answered_by,
            "give_up" => &self.give_up,
            _ => return None,
        };
        text.as_ref().map(Spanned::span)
    }
}
