//! What the header of a mail can carry. Settings that go into one are held to it when they are read, by what the mail is
//! held to when it is made: a document that has its number could not be mailed otherwise, on any night.

/// The longest text, in bytes.
const LONGEST_TEXT: usize = 400;
/// The longest address, in characters (RFC 5321, 4.5.3.1.3).
const LONGEST_ADDRESS: usize = 254;
/// What stands before the `@` of a Message-ID is not longer.
const LONGEST_LOCAL: usize = 64;

/// A text for a header: one line, no control characters, at most 400 bytes.
///
/// An encoded word in it would be read back as another text, so `=?` is refused. Blanks at the ends are dropped
/// and several in a row are one: between two words that are encoded they would be lost.
///
/// # Errors
/// What is wrong with it.
pub fn text(text: &str) -> Result<String, &'static str> {
    if text.chars().any(char::is_control) {
        Err("it holds a line break or another control character")
    } else if text.contains("=?") {
        Err("it holds `=?`, which begins an encoded word")
    } else if text.len() > LONGEST_TEXT {
        Err("it is longer than 400 bytes")
    } else {
        Ok(text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
    }
}

/// The signs and the length of a mail address; its form is told by what reads it.
///
/// # Errors
/// What is wrong with it.
pub fn address(text: &str) -> Result<(), &'static str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>()\",;:\\".contains(&byte));
    if is_plain && text.len() <= LONGEST_ADDRESS {
        Ok(())
    } else {
        Err("an address is at most 254 ASCII characters without spaces and quotes")
    }
}

/// The address of a sender, whose domain stands in the Message-IDs of its mails, which are as long as addresses.
///
/// # Errors
/// What is wrong with it.
pub fn sender(text: &str) -> Result<(), &'static str> {
    let domain = text.rsplit_once('@').map_or(text, |(_, domain)| domain);
    if domain.len() + LONGEST_LOCAL + 1 > LONGEST_ADDRESS {
        return Err("the domain of a sender is at most 189 characters: Message-IDs end with it");
    }
    address(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_room_for_message_ids() {
        let of = |length: usize| format!("a@{}", "b".repeat(length));
        assert_eq!((address(&of(252)), sender(&of(189))), (Ok(()), Ok(())));
        assert!(address(&of(253)).is_err() && sender(&of(190)).is_err() && sender("a b@c").is_err());
    }
}
