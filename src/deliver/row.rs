//! What attempts in a row say of those that would follow them: one mail that a server cannot take is tried and the others go
//! on, but a server that fails one mail after the other is left alone.

use std::collections::BTreeSet;

use super::Outcome;
use super::reply::Reply;

/// So many attempts in a row that the server left without an answer, or put off for all: 421, too late, nobody knows.
const SPENT_MOST: u32 = 2;
/// So many connections in a row that broke.
const BROKEN_MOST: u32 = 3;
/// So many refusals in a row, with the same words, are none of these mails: of one sender, or to recipients of so many domains.
const ALIKE_MOST: usize = 3;
/// To recipients of so many domains where the server has taken others in this run, as when a quota is used up.
const ALIKE_AFTER: usize = 10;
/// To recipients of so many domains where these words stopped the last run.
const ALIKE_AGAIN: usize = 2;
/// Status codes (RFC 3463) of the sender, and of what it may send (Gmail's quotas), at whatever stage.
const OF_SENDER: [&str; 3] = ["5.1.7", "5.1.8", "5.4.5"];
/// Of the words of a refusal, so many characters are compared.
const COMPARED: usize = 80;

/// What an attempt says of the way that it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// Nothing: the server spoke of the mail alone.
    Sound,
    /// A 5xx that may be about this side, and not about the mail: its words, without addresses.
    Refused { words: String, is_sender: bool },
    /// 530, 534, 535 or 538: the login is missing, or is not enough. The whole words.
    Login(String),
    /// 421, or no reply in time.
    Tired,
    /// Nobody knows whether the mail is there.
    Doubt,
    /// The connection ended, or what came is no reply to what was asked.
    Broken,
}

impl Sign {
    /// What a reply says that its stage does not accept.
    pub(super) fn of(stage: &str, reply: &Reply) -> Self {
        match reply.code {
            421 => Self::Tired,
            ..400 => Self::Broken,
            530 | 534 | 535 | 538 => Self::Login(format!("{stage}: {}", reply.text())),
            500.. if is_of_this_side(stage, reply) => {
                let is_sender = stage == "MAIL" || OF_SENDER.contains(&status(&reply.text()));
                Self::Refused { words: compared(stage, reply), is_sender }
            }
            _ => Self::Sound,
        }
    }

    /// Whether the connection is in order.
    pub(super) const fn is_in_order(&self) -> bool {
        matches!(self, Self::Sound | Self::Refused { .. })
    }
}

/// The status code of a reply (RFC 3463), where it has one.
fn status(text: &str) -> &str {
    text.split_ascii_whitespace().nth(1).unwrap_or_default()
}

/// Whether a refusal may be about the sender or the right to send at all, and so about every mail, at whatever stage it is said:
/// many servers look at a sender or a quota only once the whole mail is there. 552, and the status codes of addresses, mailboxes
/// and contents, are about the size, the recipient and the mail; but for those of the sender.
fn is_of_this_side(stage: &str, reply: &Reply) -> bool {
    let text = reply.text();
    let status = status(&text);
    let is_of_recipient = stage != "MAIL" && ["5.1.", "5.2."].iter().any(|class| status.starts_with(class));
    let is_of_mail = reply.code == 552 || status == "5.3.4" || status.starts_with("5.6.");
    OF_SENDER.contains(&status) || !(is_of_recipient || is_of_mail)
}

/// The words of a refusal without what differs from mail to mail: addresses, and the ids that servers give to dialogues.
fn compared(stage: &str, reply: &Reply) -> String {
    let is_own = |word: &str| word.contains('@') || (word.len() >= 8 && word.contains(|c: char| c.is_ascii_digit()));
    let text = super::reply::bounded(&reply.text());
    let words = text.split(' ').filter(|word| !word.is_empty() && !is_own(word));
    let words = format!("{stage}: {}", words.collect::<Vec<_>>().join(" "));
    words.chars().take(COMPARED).collect()
}

/// What follows from an attempt for the mails after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    Next,
    /// No further mail for now.
    Pause,
    /// No further mail for now, and somebody is to be told why.
    Tell(String),
    /// No further mail until the settings are changed: the words that every mail meets.
    Stop(String),
}

/// The attempts of a run, one after the other.
#[derive(Debug, Default)]
pub(super) struct Row {
    spent: u32,
    broken: u32,
    /// Refusals in a row with the same words.
    alike: Alike,
    has_sent: bool,
    /// What the run before this one said when it stopped.
    before: Vec<String>,
}

/// Refusals in a row with the same words.
#[derive(Debug, Default)]
struct Alike {
    words: String,
    mails: usize,
    /// Of the recipients: several documents for one of them are refused with the same words for it alone.
    domains: BTreeSet<String>,
}

impl Row {
    /// What the last run said where something stopped it: the same words stop this one at once.
    pub(super) fn was_stopped(&mut self, words: Vec<String>) {
        self.before = words;
    }

    /// Takes an attempt for a recipient of `domain` in, and says what follows from it.
    pub(super) fn after(&mut self, outcome: &Outcome, sign: &Sign, domain: &str) -> Follows {
        self.has_sent |= matches!(outcome, Outcome::Sent { .. });
        (self.spent, self.broken) = match sign {
            Sign::Tired | Sign::Doubt => (self.spent.saturating_add(1), self.broken.saturating_add(1)),
            Sign::Broken => (0, self.broken.saturating_add(1)),
            Sign::Sound | Sign::Refused { .. } | Sign::Login(_) => (0, 0),
        };
        if let Sign::Refused { words, is_sender } = sign {
            return self.refused(words, *is_sender, domain);
        }
        self.alike = Alike::default();
        let why = super::reply::bounded(outcome.words());
        match sign {
            Sign::Tired if self.spent >= SPENT_MOST => Follows::Pause,
            Sign::Doubt if self.spent >= SPENT_MOST => {
                Follows::Tell(format!("the server left one mail after the other without an answer ({why})"))
            }
            _ if self.broken >= BROKEN_MOST => Follows::Tell(format!("one connection after the other broke ({why})")),
            _ => Follows::Next,
        }
    }

    /// A recipient may be refused for itself: with the same words as others only where they have nothing to do with it.
    fn refused(&mut self, words: &str, is_sender: bool, domain: &str) -> Follows {
        if self.alike.words != words {
            self.alike = Alike { words: words.to_owned(), ..Alike::default() };
        }
        self.alike.mails = self.alike.mails.saturating_add(1);
        self.alike.domains.insert(domain.to_ascii_lowercase());
        let is_again = self.before.iter().any(|before| before.contains(words));
        let (found, most) = match () {
            () if is_sender => (self.alike.mails, if is_again { 1 } else { ALIKE_MOST }),
            () if self.has_sent => (self.alike.domains.len(), ALIKE_AFTER),
            () => (self.alike.domains.len(), if is_again { ALIKE_AGAIN } else { ALIKE_MOST }),
        };
        if found >= most { Follows::Stop(words.to_owned()) } else { Follows::Next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(stage: &str, text: &str) -> Sign {
        let code = text[..3].parse().unwrap();
        Sign::of(stage, &Reply { code, lines: vec![text[3..].trim_start().to_owned()] })
    }

    fn after(row: &mut Row, sign: &Sign, domain: &str) -> Follows {
        let reason = "words".to_owned();
        let outcome = match sign {
            Sign::Doubt => Outcome::Unknown { reason },
            Sign::Refused { .. } => Outcome::Refused { reason },
            Sign::Sound => Outcome::Sent { reply: reason },
            _ => Outcome::Deferred { reason },
        };
        row.after(&outcome, sign, domain)
    }

    /// What follows from attempts, each for another domain: `.` the next mail, `p` a pause, `t` a pause of which is told, `s` a
    /// stop.
    fn follows(signs: &[Sign]) -> String {
        let domains: Vec<String> = (0..signs.len()).map(|place| format!("{place}.example")).collect();
        followed(&mut Row::default(), signs.iter().zip(domains.iter().map(String::as_str)))
    }

    /// The same for attempts for one domain.
    fn follows_to_one(signs: &[Sign]) -> String {
        followed(&mut Row::default(), signs.iter().zip(["B.it", "b.it"].into_iter().cycle()))
    }

    fn followed<'a>(row: &mut Row, attempts: impl Iterator<Item = (&'a Sign, &'a str)>) -> String {
        let letter = |(sign, domain)| match after(row, sign, domain) {
            Follows::Next => '.',
            Follows::Pause => 'p',
            Follows::Tell(_) => 't',
            Follows::Stop(_) => 's',
        };
        attempts.map(letter).collect()
    }

    #[test]
    fn a_server_that_fails_one_mail_after_the_other_is_left_alone() {
        use Sign::{Broken, Doubt, Sound, Tired};
        assert_eq!(follows(&[Tired, Sound, Tired, Sound, Doubt, Sound, Broken, Broken, Sound, Broken]), "..........");
        assert_eq!(follows(&[Tired, Tired]), ".p");
        assert_eq!(follows(&[Doubt, Doubt]), ".t");
        assert_eq!(follows(&[Tired, Doubt]), ".t");
        assert_eq!(follows(&[Broken, Broken, Broken]), "..t");
        assert_eq!(follows(&[Doubt, Broken, Doubt]), "..t");
        assert_eq!(follows(&[Tired, Broken, Tired, Sound, Doubt]), "..t..");
    }

    #[test]
    fn refusals_of_one_sender_with_the_same_words_are_of_no_mail() {
        let sender = |name: &str| refusal("MAIL", &format!("553 5.7.1 <{name}@a.ie>: not owned by user x"));
        assert_eq!(follows(&[sender("a"), sender("b"), sender("c")]), "..s");
        assert_eq!(follows(&[Sign::Sound, sender("a"), sender("b"), sender("c")]), "...s");
        assert_eq!(follows(&[sender("a"), Sign::Sound, sender("a"), sender("a"), refusal("MAIL", "550 no")]), ".....");
        let relay = |name: &str| refusal("RCPT", &format!("554 5.7.1 <{name}@b.it>: Relay access denied 4f2a9c1b77"));
        assert_eq!(follows(&[relay("a"), relay("b"), relay("c")]), "..s");
        assert_eq!(follows(&[Sign::Sound, relay("a"), relay("b"), relay("c"), relay("d")]), ".....", "it takes others");
        assert_eq!(follows_to_one(&[sender("a"), sender("b"), sender("c")]), "..s");
        let dead = || refusal("RCPT", "550 Unrouteable address");
        assert_eq!(follows_to_one(&[dead(), dead(), dead(), dead()]), "....", "one recipient who is not there");
        assert_eq!(follows(&[relay("a"), relay("b"), refusal("RCPT", "550 no"), relay("c")]), "....");
        let Sign::Refused { words, .. } = relay("a") else { panic!("a refusal") };
        assert_eq!(words, "RCPT: 554 5.7.1 Relay access denied");
    }

    /// What servers say of a sender that is not proved, of one that sends too much, and of a quota.
    #[test]
    fn refusals_of_this_side_are_seen_at_every_stage_and_after_some_were_taken() {
        for (stage, text) in [
            (
                "end of mail",
                "554 Message rejected: Email address is not verified. The following identities failed: a@b.it",
            ),
            ("end of mail", "550 5.7.501 Access denied, spam abuse detected from a@b.it"),
            ("DATA", "550 5.7.1 DKIM of your domain is required"),
        ] {
            let of = || refusal(stage, text);
            assert_eq!(follows(&[of(), of(), of()]), "..s", "{text}");
            assert_eq!(follows_to_one(&[of(), of(), of()]), "...", "{text}");
            // Where others were taken it needs more of them to know.
            let after: Vec<Sign> = std::iter::once(Sign::Sound).chain((0..10).map(|_| of())).collect();
            assert_eq!(follows(&after), "..........s", "{text}");
        }
        for (stage, text) in
            [("RCPT", "550 5.4.5 Daily sending limit exceeded"), ("end of mail", "550 5.1.8 outbound spam")]
        {
            let of = || refusal(stage, text);
            assert_eq!(follows_to_one(&[Sign::Sound, of(), of(), of()]), "...s", "{text}");
            assert_eq!(follows(&[Sign::Sound, of(), of(), Sign::Sound, of()]), ".....", "{text}");
        }
    }

    #[test]
    fn what_stopped_the_last_run_stops_the_next_at_once() {
        let words = refusal("MAIL", "550 5.7.1 no such sender");
        let mut row = Row::default();
        row.was_stopped(vec!["the mail was not sent: `a.ie` refuses …: MAIL: 550 5.7.1 no such sender".to_owned()]);
        assert_eq!(after(&mut row, &words, "b.it"), Follows::Stop("MAIL: 550 5.7.1 no such sender".to_owned()));
        assert_eq!(after(&mut row, &refusal("MAIL", "550 other words"), "b.it"), Follows::Next);
        // One recipient with many mails never stops those of others, night after night; two do.
        let dead = refusal("RCPT", "550 Unrouteable address");
        for (domains, expected) in [(["b.it"; 4], "...."), (["b.it", "b.it", "c.it", "c.it"], "..ss")] {
            let mut row = Row::default();
            row.was_stopped(vec!["RCPT: 550 Unrouteable address".to_owned()]);
            assert_eq!(followed(&mut row, domains.into_iter().map(|domain| (&dead, domain))), expected);
        }
    }

    #[test]
    fn a_refusal_is_of_its_mail_where_the_server_says_so() {
        for (stage, text) in [
            ("RCPT", "550 5.1.1 no such user"),
            ("RCPT", "550 5.1.10 no such user"),
            ("RCPT", "552 mailbox full"),
            ("RCPT", "550 5.2.1 disabled"),
            ("MAIL", "552 5.3.4 too big"),
            ("MAIL", "554 5.3.4 too big"),
            ("DATA", "550 5.1.1 no such user"),
            ("end of mail", "552 mailbox full"),
            ("end of mail", "554 5.6.0 a lone line feed"),
            ("RCPT", "450 later"),
        ] {
            assert_eq!(refusal(stage, text), Sign::Sound, "{stage} {text}");
        }
        for (stage, text) in [
            ("RCPT", "550 relay not permitted"),
            ("RCPT", "550 5.7.54 no relay"),
            ("RCPT", "550 5.1.8 bad sender"),
            ("DATA", "554 no valid recipients"),
            ("end of mail", "554 5.7.1 spam"),
            ("MAIL", "550 5.1.0 sender rejected"),
        ] {
            assert!(matches!(refusal(stage, text), Sign::Refused { .. }), "{stage} {text}");
        }
        for code in [530, 534, 535, 538] {
            for stage in ["MAIL", "RCPT", "DATA", "end of mail"] {
                let words = format!("{stage}: {code} log in");
                assert_eq!(refusal(stage, &format!("{code} log in")), Sign::Login(words));
            }
        }
        assert_eq!((refusal("RCPT", "421 bye"), refusal("RCPT", "299 eh")), (Sign::Tired, Sign::Broken));
    }
}
