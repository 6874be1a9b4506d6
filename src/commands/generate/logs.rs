//! The logs of a synthetic month: one file, or one a business and day.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use crate::cli::By;
use crate::commands::files::{self, Access};
use crate::domain::{Date, Instant, Zone};
use crate::error::Failure;
use crate::generate::{self, Business, Form, Message, Order, Place, Sink, Trap};

/// Where messages are written to.
pub enum Logs<'b> {
    /// One log of everything.
    Whole {
        path: PathBuf,
        sink: Sink<BufWriter<File>>,
        businesses: &'b [Business],
    },
    Days(Days<'b>),
}

/// A log a business and day, which is kept until the day is over.
pub struct Days<'b> {
    folder: &'b Path,
    form: Form,
    order: &'b Order,
    businesses: &'b [Business],
    day: Date,
    in_time: Vec<Sink<Vec<u8>>>,
    late: Vec<Option<Sink<Vec<u8>>>>,
}

impl<'b> Logs<'b> {
    pub fn new(
        folder: &'b Path,
        by: By,
        form: Form,
        order: &'b Order,
        businesses: &'b [Business],
    ) -> Result<Self, Failure> {
        if by == By::Month {
            let path = folder.join(format!("messages.{}", form.extension()));
            let sink = File::create(&path).and_then(|file| Sink::new(form, BufWriter::with_capacity(1 << 20, file)));
            let sink = sink.map_err(|error| Failure::io("create the file", &path, error))?;
            return Ok(Self::Whole { path, sink, businesses });
        }
        let day = Zone::UTC.date_of(order.begin());
        let mut days = Days { folder, form, order, businesses, day, in_time: Vec::new(), late: Vec::new() };
        days.begin()?;
        Ok(Self::Days(days))
    }

    pub fn write(&mut self, message: &Message) -> Result<(), Failure> {
        let place = usize::try_from(message.business).unwrap_or(usize::MAX);
        match self {
            Self::Whole { path, sink, businesses } => {
                let written = businesses.get(place).map_or(Ok(()), |business| sink.write(message, business));
                written.map_err(|error| Failure::io("write the file", path, error))
            }
            Self::Days(days) => days.write(message, place),
        }
    }

    /// To be called when an hour is over, which ends at `end`.
    pub fn end_hour(&mut self, end: Instant) -> Result<(), Failure> {
        match self {
            Self::Days(days) if Zone::UTC.date_of(end) != days.day => days.end(),
            Self::Days(_) | Self::Whole { .. } => Ok(()),
        }
    }

    pub fn finish(self) -> Result<(), Failure> {
        let Self::Whole { path, sink, .. } = self else { return Ok(()) };
        let written =
            sink.finish().and_then(|to| to.into_inner().map_err(io::Error::from)).and_then(|file| file.sync_all());
        written.map_err(|error| Failure::io("write the file", &path, error))
    }
}

impl Days<'_> {
    fn begin(&mut self) -> Result<(), Failure> {
        let new = |_: &Business| Sink::new(self.form, Vec::new()).map_err(|error| self.failed(error));
        self.in_time = self.businesses.iter().map(new).collect::<Result<_, _>>()?;
        self.late = self.businesses.iter().map(|_| None).collect();
        Ok(())
    }

    fn write(&mut self, message: &Message, place: usize) -> Result<(), Failure> {
        let (form, failed) = (self.form, |error| Failure::io("write the logs below", self.folder, error));
        let Some(business) = self.businesses.get(place) else { return Ok(()) };
        let sink = match message.place {
            Place::Missing => return Ok(()),
            Place::InTime => self.in_time.get_mut(place),
            Place::Late => {
                let late = self.late.get_mut(place);
                if let Some(late @ None) = late {
                    *late = Some(Sink::new(form, Vec::new()).map_err(failed)?);
                }
                self.late.get_mut(place).and_then(Option::as_mut)
            }
        };
        sink.map_or(Ok(()), |sink| sink.write(message, business)).map_err(failed)
    }

    /// Writes the files of the day. A quiet day has a file without messages, a missing one has none.
    fn end(&mut self) -> Result<(), Failure> {
        let (in_time, late) = (std::mem::take(&mut self.in_time), std::mem::take(&mut self.late));
        let at = self.day.start(Zone::UTC);
        for (number, (business, (in_time, late))) in
            (0..).zip(self.businesses.iter().zip(in_time.into_iter().zip(late)))
        {
            let is_missing = generate::day_of(self.order, Trap::Gaps, number).is_some_and(|day| day.contains(at));
            let name = |suffix: &str| format!("{}{suffix}.{}", self.day, self.form.extension());
            if !is_missing {
                self.keep("inbox", business, &name(""), in_time)?;
            }
            if let Some(late) = late {
                self.keep("late", business, &name("-late"), late)?;
            }
        }
        self.day = self.day.plus_days(1);
        self.begin()
    }

    fn keep(&self, kind: &str, business: &Business, name: &str, sink: Sink<Vec<u8>>) -> Result<(), Failure> {
        let folder = self.folder.join(kind).join(&business.id);
        fs::create_dir_all(&folder).map_err(|error| Failure::io("create the folder", &folder, error))?;
        let bytes = sink.finish().map_err(|error| self.failed(error))?;
        files::write(&folder.join(name), &bytes, Access::Usual)
    }

    fn failed(&self, error: io::Error) -> Failure {
        Failure::io("write the logs below", self.folder, error)
    }
}
