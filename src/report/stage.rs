//! How far the month of a business has come, and what was issued for it.
//!
//! Sentences are printed as they are: they name no customer and no message. Addresses are seen from the page.

use crate::domain::correction::Earlier;
use crate::domain::invoice::Adjustment;
use crate::domain::{CorrectionCause, Date, DocumentKind, InvoiceNumber, Money, Month};

/// How far the month of a business has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Open(Open),
    Closed(Closed),
}

impl State {
    /// Whether its charges are final, but for corrections.
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }

    /// The documents that bill or correct the month, in the order of issue.
    pub fn documents(&self) -> &[Document] {
        match self {
            Self::Open(_) => &[],
            Self::Closed(closed) => &closed.documents,
        }
    }
}

/// A month that is not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// As `ritardo status` names the state.
    pub word: &'static str,
    /// What is missing, or what was found.
    pub reasons: Vec<String>,
    /// How it goes on, where somebody has to act and the reasons do not say so.
    pub next: Option<String>,
    /// Without tax: what it would come to, where that is known.
    pub net: Option<Money>,
    pub preview: Option<Link>,
}

/// A month that is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// As `ritardo status` names the state.
    pub word: &'static str,
    /// What no document bills.
    pub said: Vec<String>,
    /// Charged waits after the last correction; `None` without any. All else on a page is as the closing counted it.
    pub charged_now: Option<u64>,
    pub documents: Vec<Document>,
    /// What came to it after its closing.
    pub after: Vec<After>,
}

/// A document that bills or corrects the month of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub number: InvoiceNumber,
    pub kind: DocumentKind,
    pub date: Date,
    /// Its own month: an invoice of a later one may bill a part of this.
    pub month: Month,
    /// What it bills or gives back of the month of the page, without tax.
    pub part: Money,
    pub net: Money,
    pub tax: Money,
    pub total: Money,
    /// Parts of its net amount that are of months before its own.
    pub earlier: Vec<Earlier>,
    pub corrects: Option<InvoiceNumber>,
    pub cause: Option<CorrectionCause>,
    /// In the words of the operator, or of the business.
    pub reason: Option<String>,
    /// Of a minimum or a cap.
    pub adjustments: Vec<Adjustment>,
    /// How many of its mails are in which state, in the words of `ritardo mail list`.
    pub mails: Vec<(&'static str, u64)>,
    /// Address of its page; empty where there is none yet.
    pub href: String,
}

/// Something that came to a month after its closing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// `late logs`, `dispute 1`
    pub what: String,
    pub text: String,
    /// What the business itself is told of it, on its own page.
    pub told: Option<Told>,
    pub links: Vec<Link>,
}

/// What a business is told of what came to its month, in its own language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub what: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Link {
    pub text: String,
    /// Empty where there is nothing to go to.
    pub href: String,
}
