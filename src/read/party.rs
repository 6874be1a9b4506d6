//! How a customer or a conversation may be written. In two spellings one person would be two: the answer in one
//! would be missed, and the question in the other charged. So nothing is normalised, and what has a plainer
//! spelling is refused.

use crate::domain::columns;
pub(super) use crate::domain::text::{is_mark, is_unseen};

/// Digits of a phone number, with the `00` of an international call.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=17;

/// A party is any text of visible characters without blanks around it. A phone number has no blanks or marks in
/// it and does not begin with `00`. `what` is the name of its column; an id of a conversation may look like a
/// number with hyphens or with leading zeros.
pub(super) fn check_party(what: &str, text: &str) -> Result<(), String> {
    if is_plain_number(text.as_bytes()) {
        return Ok(());
    }
    match text.len() {
        0 => Err(format!("{what} is empty")),
        256.. => Err(format!("{what} is longer than 255 bytes")),
        // Nothing of what the next ones look for is visible ASCII.
        _ if text.bytes().all(|byte| byte.is_ascii_graphic()) => check_number(what, text),
        _ if text.chars().any(char::is_control) => Err(format!("{what} has control characters")),
        _ if text.contains(is_mark) => Err(format!("{what} has marks of text direction")),
        _ if text.contains(is_unseen) || has_idle_joiner(text) => {
            Err(format!("{what} has characters that nobody sees"))
        }
        _ if text.trim() != text => Err(format!("{what} begins or ends with a blank")),
        _ if text.contains(|c: char| c.is_whitespace() && c != ' ') => {
            Err(format!("{what} has a blank that is not the plain one, such as a no-break space"))
        }
        _ => check_number(what, text),
    }
}

/// Digits, with a plus or without, that do not begin with the `00` of an international call: nothing is wrong with
/// them, whatever column they stand in. Most parties are such.
fn is_plain_number(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"+").unwrap_or(bytes);
    let is_called = digits.starts_with(b"00");
    // All bytes are looked at, which takes less time than to stop at the first that is no digit.
    (1..=64).contains(&digits.len()) && !is_called && digits.iter().fold(true, |are, byte| are & byte.is_ascii_digit())
}

/// Digits that are a whole phone number without its plus.
pub(super) fn is_whole_number(text: &str) -> bool {
    (8..=15).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn check_number(what: &str, text: &str) -> Result<(), String> {
    let is_id = what == columns::CONVERSATION && !text.contains(is_of_phone_numbers);
    if is_id {
        return Ok(());
    }
    if is_respelled(text) {
        return Err(format!("{what} is a phone number with blanks or marks in it: write it like +393331234567"));
    }
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_called = digits.strip_prefix("00").is_some_and(|rest| !rest.starts_with('0'));
    if is_called && DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{what} is a phone number that begins with 00: write it with +, like +393331234567"));
    }
    Ok(())
}

/// A joiner that has only ASCII to join does nothing.
fn has_idle_joiner(text: &str) -> bool {
    let is_joiner = |c| matches!(c, '\u{200c}' | '\u{200d}');
    text.contains(is_joiner) && text.chars().all(|c| is_joiner(c) || c.is_ascii())
}

/// What stands in phone numbers, and hardly in an id that is made of digits.
fn is_of_phone_numbers(c: char) -> bool {
    matches!(c, '+' | ' ' | '(' | ')' | '\'' | '"' | '=') || !c.is_ascii()
}

/// Digits with anything between or around them that people and spreadsheets put there, but a leading `+`.
fn is_respelled(text: &str) -> bool {
    let (body, is_signed) = text.strip_prefix('+').map_or((text, false), |body| (body, true));
    let digits = body.chars().filter(|c| c.is_numeric()).count();
    let is_long = DIGITS.contains(&digits) || (is_signed && (1..=*DIGITS.end()).contains(&digits));
    let is_between = |c| {
        matches!(c, ' ' | '-' | '(' | ')' | '.' | '/' | '+' | '\'' | '"' | '=')
            || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0b}' | '\u{ff0d}' | '\u{2018}' | '\u{2019}')
    };
    is_long && body.chars().all(|c| c.is_numeric() || is_between(c)) && !body.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(what: &str, text: &str, reason: &str) {
        let expected = if reason.is_empty() { Ok(()) } else { Err(format!("{what} {reason}")) };
        assert_eq!(check_party(what, text), expected, "{text:?}");
    }

    #[test]
    fn a_customer_has_one_spelling() {
        let respelled = "is a phone number with blanks or marks in it: write it like +393331234567";
        let called = "is a phone number that begins with 00: write it with +, like +393331234567";
        let around = "begins or ends with a blank";
        let odd_blank = "has a blank that is not the plain one, such as a no-break space";
        for (text, reason) in [
            ("+393331234567", ""),
            ("393331234567", ""), // as webhooks write it
            ("+39 333 1234567", respelled),
            ("39 333 1234567", respelled),
            ("+39-333-1234567", respelled),
            ("(333) 1234567", respelled),
            ("333.123.4567", respelled),
            ("333/1234567", respelled),
            ("+39\u{2011}333\u{2011}1234567", respelled),
            ("\u{ff0b}393331234567", respelled),
            ("+\u{663}\u{669}3331234567", respelled),
            ("++393331234567", respelled),
            ("'+393331234567", respelled),
            ("=\"+393331234567\"", respelled),
            ("+39 12", respelled),
            ("00393331234567", called),
            ("+00393331234567", called),
            ("0000012345", ""), // an id with leading zeros
            ("0039", ""),
            ("003933312345678901", ""), // too long for a number
            ("+393331234567 ", around),
            (" +393331234567", around),
            ("\u{a0}+393331234567", around),
            ("+393331234567\u{3000}", around),
            ("+39\u{a0}3331234567", odd_blank),
            ("Anna\u{202f}Bianchi", odd_blank),
            ("Anna Bianchi", ""),
            ("'t Hooft 1234567", ""),
            ("ext. 12-34", ""),
            ("12-34", ""),
            ("IT.77", ""),
            ("x", ""),
        ] {
            check(columns::CUSTOMER, text, reason);
        }
    }

    #[test]
    fn most_numbers_take_the_short_way() {
        for text in ["+393331234567", "393331234567", "+1", "7", "0393331234567", &"1".repeat(64)] {
            assert!(is_plain_number(text.as_bytes()), "{text}");
            assert_eq!(check_number(columns::CUSTOMER, text), Ok(()), "the long way says the same of {text}");
            assert_eq!(check_number(columns::CONVERSATION, text), Ok(()), "the long way says the same of {text}");
        }
        for text in ["", "+", "++1", "00393331234567", "+00", "+39 333", "39a", &"1".repeat(65)] {
            assert!(!is_plain_number(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_nobody_sees_is_refused_and_what_a_name_needs_is_not() {
        let unseen = "has characters that nobody sees";
        for (text, reason) in [
            ("+39\u{200b}3331234567", unseen),
            ("\u{feff}+393331234567", unseen),
            ("+393331234567\u{2060}", unseen),
            ("+39333\u{ad}1234567", unseen),
            ("+393331234567\u{200d}", unseen),
            ("+393331234567\u{200e}", "has marks of text direction"),
            ("x\u{85}", "has control characters"),
            ("\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}", ""),
        ] {
            check(columns::CUSTOMER, text, reason);
            check(columns::CONVERSATION, text, reason);
        }
    }

    #[test]
    fn an_id_of_a_conversation_may_look_like_a_number() {
        let respelled = "is a phone number with blanks or marks in it: write it like +393331234567";
        for (text, reason) in [
            ("2018-08-10-0042", ""),
            ("393331234567-1533081600", ""), // a group
            ("0012345678", ""),
            ("2018.004.217", ""),
            ("+39 333 1234567", respelled),
            ("39 333 1234567", respelled),
            ("+39-333-1234567", respelled),
            ("+00393331234567", "is a phone number that begins with 00: write it with +, like +393331234567"),
        ] {
            check(columns::CONVERSATION, text, reason);
        }
    }
}
