//! Messages as logs: one file a form.

mod parquet;
mod text;
mod webhook;

use std::io::{self, Write};

use super::{Business, Message};
use crate::domain::Elapsed;

/// The form of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Parquet,
    Csv,
    Ndjson,
    /// Bodies of WhatsApp Cloud API webhooks, one a line.
    Webhook,
}

impl Form {
    pub const ALL: [Form; 4] = [Form::Parquet, Form::Csv, Form::Ndjson, Form::Webhook];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Webhook => "webhook",
        }
    }

    pub const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Webhook => "json",
        }
    }

    /// What its stamps are whole multiples of.
    pub const fn unit(self) -> Elapsed {
        match self {
            Self::Parquet | Self::Csv | Self::Ndjson => Elapsed::from_micros(1000),
            Self::Webhook => Elapsed::from_seconds(1),
        }
    }
}

/// A log that is being written. Nothing is whole before [`Sink::finish`].
pub enum Sink<W: Write + Send> {
    Parquet(Box<parquet::Writer<W>>),
    Csv(Box<csv::Writer<W>>),
    Ndjson(W),
    Webhook(W),
}

impl<W: Write + Send> Sink<W> {
    pub fn new(form: Form, to: W) -> io::Result<Self> {
        Ok(match form {
            Form::Parquet => Self::Parquet(Box::new(parquet::Writer::new(to)?)),
            Form::Csv => Self::Csv(Box::new(text::csv(to)?)),
            Form::Ndjson => Self::Ndjson(to),
            Form::Webhook => Self::Webhook(to),
        })
    }

    pub fn write(&mut self, message: &Message, business: &Business) -> io::Result<()> {
        match self {
            Self::Parquet(writer) => writer.write(message, business),
            Self::Csv(writer) => text::row(writer, message, business),
            Self::Ndjson(to) => text::line(to, message, business),
            Self::Webhook(to) => webhook::bodies(to, message, business),
        }
    }

    /// Writes what is left, and gives back where it was written to.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Parquet(writer) => writer.finish(),
            Self::Csv(writer) => writer.into_inner().map_err(|error| error.into_error()),
            Self::Ndjson(to) | Self::Webhook(to) => Ok(to),
        }
    }
}
