//! The words of the trade as types: money, months, messages, waits, charges, invoices.
//!
//! Nothing here reads a file, a clock or the environment, and nothing here knows another stage.
#![deny(clippy::float_arithmetic)]

mod bank_days;
pub mod billed;
pub mod brand;
pub mod business;
pub mod charge;
pub mod chat;
pub mod clock;
pub mod columns;
pub mod correction;
pub mod date;
pub mod evidence;
pub mod exchange;
pub mod header;
pub mod hours;
pub mod instant;
pub mod invoice;
pub mod line_form;
pub mod mailing;
pub mod mapping;
pub mod message;
pub mod mistake;
pub mod money;
pub mod month;
pub mod objects;
pub mod payment;
pub mod prepaid;
pub mod reading;
pub mod rule_version;
pub mod settings;
pub mod text;
pub mod time_form;
mod variants;
pub mod vat;
pub mod wait;

pub use brand::Brand;
pub use business::{Business, BusinessId, ChannelId, Ownership};
pub use charge::{Charge, Market, Place, RateRow};
pub use clock::{LocalTime, TimeOfDay};
pub use correction::{CorrectionCause, DocumentKind};
pub use date::{Date, Zone};
pub use evidence::{Accepted, ChannelEvidence};
pub use exchange::{Exchange, Rate, Rates, VatAccounting};
pub use hours::OpeningHours;
pub use instant::{Elapsed, Instant, Span};
pub use invoice::{Invoice, InvoiceNumber};
pub use line_form::LineForm;
pub use mailing::{Attachable, DigestRules, MailRules, Mailing};
pub use mapping::Mapping;
pub use message::{Direction, EntryPoint, Kind, Status};
pub use mistake::Mistake;
pub use money::{Currency, Decimal, Money, Rounding};
pub use month::Month;
pub use prepaid::{Advance, Available, Prepaid};
pub use reading::Reading;
pub use rule_version::RuleVersion;
pub use vat::{VatBook, VatKey, VatTreatment};
pub use wait::{Verdict, Wait};
