//! How mails are sent, what a business gets in them, and what the issuer is told after a run.

use std::str::FromStr;

use super::Elapsed;
use super::business::Language;

/// What a run keeps to when it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailRules {
    /// A run only queues; `ritardo mail send` sends.
    pub by_hand: bool,
    /// How often a mail of unknown fate is sent again, with the same bytes and Message-ID.
    pub copies: u32,
    /// No attempt is begun so long after the first of a run.
    pub within: Elapsed,
}

impl Default for MailRules {
    fn default() -> Self {
        Self { by_hand: false, copies: 3, within: Elapsed::from_seconds(30 * 60) }
    }
}

impl MailRules {
    /// From the first attempt on, after which a mail that was never taken has failed.
    pub const GIVE_UP: Elapsed = Elapsed::from_seconds(5 * 86_400);

    /// From when on a mail that still waits is an alarm: in the next night, also where that begins a little sooner, or has an hour
    /// less before it.
    pub const ALARM: Elapsed = Elapsed::from_seconds(22 * 3600);

    /// How long the next attempt waits after `attempts` of them: 5, 10, 20, 40 minutes, then an hour each time.
    pub fn delay(attempts: u32) -> Elapsed {
        let minutes = match attempts {
            0 => 0,
            1 => 5,
            2 => 10,
            3 => 20,
            4 => 40,
            _ => 60,
        };
        Elapsed::from_seconds(minutes * 60)
    }
}

/// A kind of file that can go with a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attachable {
    /// The document.
    Pdf,
    /// The line file, in the first form of the business.
    Lines,
    /// The e-invoice as a file of its own.
    Xml,
    /// The letter of the month, which there is only where it is asked for.
    Letter,
}

impl Attachable {
    pub const ALL: [Self; 4] = [Self::Pdf, Self::Lines, Self::Xml, Self::Letter];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Lines => "lines",
            Self::Xml => "xml",
            Self::Letter => "letter",
        }
    }
}

impl FromStr for Attachable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == text);
        known.ok_or_else(|| format!("`{text}` is not a kind of attachment (pdf, lines, xml, letter)"))
    }
}

/// How a business gets its mails, beside the addresses that they go to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailing {
    /// Further recipients, whom every copy names.
    pub cc: Vec<String>,
    /// Where answers go; `None`: to the sender.
    pub reply_to: Option<String>,
    /// What goes with a mail, the document among it; `None`: everything that the business gets.
    pub attach: Option<Vec<Attachable>>,
}

impl Mailing {
    pub fn attaches(&self, kind: Attachable) -> bool {
        self.attach.as_ref().map_or(kind != Attachable::Letter, |kinds| kinds.contains(&kind))
    }
}

/// What the issuer is told after a run in which something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestRules {
    /// Address that it is mailed to.
    pub to: Option<String>,
    /// Whether it is written into the state folder.
    pub write: bool,
    /// Whether a run in which nothing happened tells nothing.
    pub quiet: bool,
    /// English or Italian.
    pub language: Language,
}

impl Default for DigestRules {
    fn default() -> Self {
        Self { to: None, write: false, quiet: true, language: Language::English }
    }
}

impl DigestRules {
    /// Whether there is one at all.
    pub const fn is_wanted(&self) -> bool {
        self.to.is_some() || self.write
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_ever_later_up_to_an_hour() {
        let minutes = [0, 1, 2, 3, 4, 5, 6, 500].map(|attempts| MailRules::delay(attempts).micros() / 60_000_000);
        assert_eq!(minutes, [0, 5, 10, 20, 40, 60, 60, 60]);
    }

    #[test]
    fn without_a_choice_everything_goes_with_a_mail() {
        let chosen = Mailing { attach: Some(vec![Attachable::Pdf]), ..Mailing::default() };
        for kind in Attachable::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(Mailing::default().attaches(kind), kind != Attachable::Letter);
            assert_eq!(chosen.attaches(kind), kind == Attachable::Pdf);
        }
        assert!("PDF".parse::<Attachable>().is_err());
    }
}
