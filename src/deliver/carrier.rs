//! Carries mails one after the other over one road.

use super::{DeliverError, Outcome, Password, deliver};
use crate::domain::settings::{PasswordFrom, Smtp, Transport};

/// A finished mail on its way to one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Parcel<'a> {
    /// Its file name in an outbox, such as `LR-2018-000001_1.eml`.
    pub name: &'a str,
    /// Of the envelope, as `to` is.
    pub from: &'a str,
    pub to: &'a str,
    pub eml: &'a [u8],
}

/// Whether further mails can go after one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Road {
    Open,
    /// The server wants no further mail for now: those left are not touched.
    Busy {
        reason: String,
    },
}

/// What became of a mail, and of the road.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    pub outcome: Outcome,
    pub road: Road,
}

/// The road of a run.
pub struct Carrier {
    transport: Transport,
    password: Option<Password>,
}

impl Carrier {
    /// Checks what lies on this side; nothing is connected yet.
    ///
    /// # Errors
    /// The password cannot be read.
    pub fn new(
        transport: &Transport,
        secrets: &dyn Fn(&PasswordFrom) -> Result<Password, DeliverError>,
    ) -> Result<Self, DeliverError> {
        let password = match transport {
            Transport::Smtp(Smtp { login: Some(login), .. }) => Some(secrets(&login.password)?),
            Transport::Smtp(_) | Transport::File { .. } => None,
        };
        Ok(Self { transport: transport.clone(), password })
    }

    /// One attempt for one recipient.
    ///
    /// # Errors
    /// What stops all mail of a run: settings that cannot be used, a login that the server refuses.
    pub fn carry(&mut self, parcel: &Parcel<'_>) -> Result<Carried, DeliverError> {
        let Parcel { name, from, to, eml } = *parcel;
        let secrets = |_: &PasswordFrom| self.password.clone().ok_or(DeliverError::PasswordForm);
        let outcome = deliver(&self.transport, eml, name, from, to, &secrets)?;
        Ok(Carried { outcome, road: Road::Open })
    }

    /// Takes leave of the server.
    pub fn close(self) {}
}
