//! Who logs in, and how the password goes over an encrypted connection: AUTH PLAIN, or LOGIN where only that is offered.

use super::reply::{Offers, Reply};
use super::wire::Fault;
use super::{DeliverError, Password, field};
use crate::domain::settings::{Login, PasswordFrom};
use crate::render::base64;

/// A user and the password. It has neither `Debug` nor `Display`.
pub(super) struct Credentials {
    user: String,
    password: Password,
}

/// How a login ended, with the server's last reply.
pub(super) enum Welcome {
    Done,
    /// The server does not know this login.
    Rejected(Reply),
    /// Not now, or not understood.
    Not(Reply),
    /// The server offers no way that is known here, or asks for more than belongs to it.
    NoWay,
}

impl Credentials {
    pub(super) fn new(
        login: &Login,
        secrets: &dyn Fn(&PasswordFrom) -> Result<Password, DeliverError>,
    ) -> Result<Self, DeliverError> {
        let user = field::text("login name", &login.user)?;
        Ok(Self { user, password: secrets(&login.password)? })
    }

    /// Logs in. `ask` sends a line and gives the reply.
    pub(super) fn present(
        &self,
        offers: &Offers,
        mut ask: impl FnMut(&str) -> Result<Reply, Fault>,
    ) -> Result<Welcome, Fault> {
        let last = if offers.plain {
            ask(&format!("AUTH PLAIN {}", self.plain()))?
        } else if offers.login {
            let mut last = ask("AUTH LOGIN")?;
            for answer in [self.user.as_str(), self.password.reveal()] {
                if last.code == 334 {
                    last = ask(&base64::encoded(answer.as_bytes()))?;
                }
            }
            last
        } else {
            return Ok(Welcome::NoWay);
        };
        Ok(match last.code {
            235 => Welcome::Done,
            // It has had all that there is to say.
            334 => Welcome::NoWay,
            _ if last.is_refusal() => Welcome::Rejected(last),
            _ => Welcome::Not(last),
        })
    }

    fn plain(&self) -> String {
        base64::encoded(format!("\0{}\0{}", self.user, self.password.reveal()).as_bytes())
    }

    /// The password as it stands in a dialogue.
    pub(super) fn secrets(&self) -> Vec<String> {
        let password = self.password.reveal();
        vec![self.plain(), base64::encoded(password.as_bytes()), password.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        let login = Login { user: "user".to_owned(), password: PasswordFrom::Environment("X".to_owned()) };
        Credentials::new(&login, &|_| Password::new("canary")).unwrap()
    }

    /// What was said, when the server answers with these codes.
    fn said(offers: &Offers, codes: &[u16]) -> (Vec<String>, Welcome) {
        let (mut said, mut codes) = (Vec::new(), codes.iter());
        let ask = |line: &str| {
            said.push(line.to_owned());
            Ok(Reply { code: *codes.next().unwrap(), lines: vec![String::new()] })
        };
        let welcome = credentials().present(offers, ask).unwrap();
        (said, welcome)
    }

    #[test]
    fn a_login_is_welcomed_by_235_alone() {
        let plain = Offers { plain: true, login: true, ..Offers::default() };
        let (lines, welcome) = said(&plain, &[235]);
        assert_eq!(lines, ["AUTH PLAIN AHVzZXIAY2FuYXJ5"]);
        assert!(matches!(welcome, Welcome::Done));
        assert!(matches!(said(&plain, &[334]).1, Welcome::NoWay), "what it wants beyond that is not known here");
        for code in [250, 354, 421, 454] {
            assert!(matches!(said(&plain, &[code]).1, Welcome::Not(_)), "{code}");
        }
        for code in [500, 530, 534, 535, 554] {
            assert!(matches!(said(&plain, &[code]).1, Welcome::Rejected(_)), "{code}");
        }
    }

    #[test]
    fn the_older_way_answers_what_is_asked() {
        let login = Offers { login: true, ..Offers::default() };
        let (lines, welcome) = said(&login, &[334, 334, 235]);
        assert_eq!(lines, ["AUTH LOGIN", "dXNlcg==", "Y2FuYXJ5"]);
        assert!(matches!(welcome, Welcome::Done));
        assert_eq!(said(&login, &[535]).0, ["AUTH LOGIN"], "a password that is not asked for is not told");
        assert!(matches!(said(&login, &[334, 334, 334]).1, Welcome::NoWay));
        assert!(matches!(said(&Offers::default(), &[]).1, Welcome::NoWay));
    }

    #[test]
    fn a_password_that_is_repeated_is_not_shown() {
        let lines = ["no: AHVzZXIAY2FuYXJ5".to_owned(), "Y2FuYXJ5 canary".to_owned()];
        let veiled = Reply { code: 535, lines: lines.to_vec() }.without(&credentials().secrets());
        assert_eq!(veiled.text(), "535 no: … … …");
        let other = Reply { code: 535, lines: lines.to_vec() };
        assert_eq!(other.clone().without(&[]), other);
    }
}
