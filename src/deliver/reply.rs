//! What a server says: a reply of one or more lines, taken apart strictly (RFC 5321, 4.2).

use crate::domain::text::{is_mark, is_unseen};

/// The longest line of a reply, line break included. The standard has 512; servers with long words exist.
pub(super) const LINE_MAX: usize = 1024;
/// More lines than these are no reply. What servers offer has about twenty.
const LINES_MAX: usize = 100;
/// Of what a server says, so many characters are kept.
const KEPT: usize = 200;

/// A whole reply: all its lines had the same code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub code: u16,
    /// The words of each line, not longer than a line can be.
    pub lines: Vec<String>,
}

/// A reply of which lines may still be missing.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    code: Option<u16>,
    lines: Vec<String>,
}

impl Unfinished {
    /// Takes the next line, line break included; gives the reply when it was the last.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn take(&mut self, line: &[u8]) -> Result<Option<Reply>, &'static str> {
        let text = line.strip_suffix(b"\r\n").ok_or("a reply whose line does not end with CR LF")?;
        let (digits, rest) = text.split_at_checked(3).ok_or("a reply without a code")?;
        let code = code(digits).ok_or("a reply without a code")?;
        let (is_last, words) = match rest.split_first() {
            None => (true, rest),
            Some((b' ', words)) => (true, words),
            Some((b'-', words)) => (false, words),
            Some(_) => return Err("a reply without a code"),
        };
        if self.code.is_some_and(|before| before != code) {
            return Err("a reply with two codes");
        }
        if self.lines.len() >= LINES_MAX {
            return Err("a reply of more than 100 lines");
        }
        self.code = Some(code);
        self.lines.push(String::from_utf8_lossy(words).into_owned());
        Ok(is_last.then(|| Reply { code, lines: std::mem::take(&mut self.lines) }))
    }
}

/// Three digits, of which the first says what becomes of the command: 200 to 599.
fn code(digits: &[u8]) -> Option<u16> {
    let is_code = matches!(digits.first(), Some(b'2'..=b'5')) && digits.iter().all(u8::is_ascii_digit);
    let number = digits.iter().fold(0_u16, |number, digit| number * 10 + u16::from(digit.saturating_sub(b'0')));
    is_code.then_some(number)
}

impl Reply {
    pub(super) const fn is_refusal(&self) -> bool {
        self.code >= 500
    }

    /// Code and words in one line, whole.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.code, self.lines.join(" ")).trim_end().to_owned()
    }

    /// The same without these words, should the server repeat them.
    pub(super) fn without(self, secrets: &[String]) -> Self {
        let words = self.lines.join(" ");
        let veiled = secrets.iter().fold(words.clone(), |text, secret| text.replace(secret.as_str(), "…"));
        if veiled == words { self } else { Self { lines: vec![veiled], ..self } }
    }
}

/// At most 200 characters, none of which hides or reorders what stands around it: it is shown on terminals and pages.
pub(super) fn bounded(text: &str) -> String {
    let is_seen =
        |c: &char| !c.is_control() && !is_mark(*c) && !is_unseen(*c) && !matches!(*c, '\u{200c}' | '\u{200d}');
    let seen = text.chars().filter(is_seen).map(|c| if c.is_whitespace() { ' ' } else { c });
    seen.take(KEPT).collect()
}

/// What a server can do, as its answer to EHLO says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offers {
    pub starttls: bool,
    /// AUTH PLAIN.
    pub plain: bool,
    /// AUTH LOGIN.
    pub login: bool,
    /// Reports as one asks for them (RFC 3461).
    pub dsn: bool,
    /// SIZE (RFC 1870): offered, and perhaps with the greatest mail, in bytes.
    pub size: Option<Option<u64>>,
}

impl Offers {
    pub(super) fn of(reply: &Reply) -> Self {
        let mut offers = Self::default();
        // The first line is a greeting.
        for line in reply.lines.iter().skip(1) {
            // `AUTH=` is how servers wrote it before there was a standard.
            let line = line.to_ascii_uppercase().replacen("AUTH=", "AUTH ", 1);
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("STARTTLS") => offers.starttls = true,
                Some("DSN") => offers.dsn = true,
                // Without a number, or with 0, there is no fixed limit.
                Some("SIZE") => {
                    offers.size = Some(words.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0));
                }
                Some("AUTH") => {
                    for mechanism in words {
                        offers.plain |= mechanism == "PLAIN";
                        offers.login |= mechanism == "LOGIN";
                    }
                }
                _ => {}
            }
        }
        offers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(lines: &[&str]) -> Result<Option<Reply>, &'static str> {
        let mut unfinished = Unfinished::default();
        let mut last = Ok(None);
        for line in lines {
            last = unfinished.take(line.as_bytes());
            if !matches!(last, Ok(None)) {
                break;
            }
        }
        last
    }

    #[test]
    fn a_reply_ends_with_the_line_that_says_so() {
        let one = reply(&["250 2.0.0 queued\r\n"]).unwrap().unwrap();
        assert_eq!((one.code, one.text().as_str()), (250, "250 2.0.0 queued"));
        let two = reply(&["250-a\r\n", "250-\r\n", "250 b\r\n"]).unwrap().unwrap();
        assert_eq!(two.lines, ["a", "", "b"]);
        assert_eq!(reply(&["250\r\n"]).unwrap().unwrap().text(), "250");
        assert_eq!(reply(&["250-a\r\n"]), Ok(None));
    }

    #[test]
    fn everything_else_is_no_reply() {
        for bad in [
            "",
            "\r\n",
            "25\r\n",
            "250 ok\n",
            "250 ok\r",
            "250 ok",
            "250_ok\r\n",
            "2500\r\n",
            "150 ok\r\n",
            "600 ok\r\n",
            "2x0 ok\r\n",
            " 250 ok\r\n",
            "-50 ok\r\n",
            "hello\r\n",
            "\u{ff12}50 ok\r\n",
        ] {
            assert!(reply(&[bad]).is_err(), "{bad:?}");
        }
        assert!(reply(&["250-a\r\n", "251 b\r\n"]).is_err());
        assert!(reply(&["250-a\r\n"; 101]).is_err());
    }

    #[test]
    fn what_is_kept_is_short_and_clean() {
        let long = format!("550 \u{1b}[31mno\u{7}\u{85} {}\r\n", "x".repeat(500));
        let kept = bounded(&reply(&[long.as_str()]).unwrap().unwrap().text());
        assert_eq!(kept.chars().count(), 200);
        assert!(kept.starts_with("550 [31mno xxx"), "{kept}");
        // Another direction, a line break of Unicode, and what nobody sees.
        let marked =
            "550 \u{202e}evil\u{202c} a\u{2028}b\u{200b}c\u{200d}d\u{feff}e\u{2066}f\u{ad}g\u{a0}h \u{e9}\u{20ac}";
        assert_eq!(bounded(marked), "550 evil a bcdefg h \u{e9}\u{20ac}");
    }

    #[test]
    fn offers_are_read_whatever_their_case() {
        let offers = |lines: &[&str]| Offers::of(&reply(lines).unwrap().unwrap());
        assert_eq!(offers(&["250 STARTTLS\r\n"]), Offers::default(), "the first line offers nothing");
        let all =
            offers(&["250-x\r\n", "250-SIZE 1000\r\n", "250-StartTls\r\n", "250-dsn\r\n", "250 auth login plain\r\n"]);
        assert_eq!(all, Offers { starttls: true, plain: true, login: true, dsn: true, size: Some(Some(1000)) });
        let old = offers(&["250-x\r\n", "250-  \r\n", "250-SIZE 0\r\n", "250 AUTH=LOGIN\r\n"]);
        assert_eq!(old, Offers { login: true, size: Some(None), ..Offers::default() });
        assert_eq!(offers(&["250-x\r\n", "250 SIZE\r\n"]).size, Some(None));
    }
}
