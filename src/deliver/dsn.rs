//! What a server that offers DSN is asked to report (RFC 3461): failures and delays, with a name of the envelope, so that a
//! report tells its mail also where it gives nothing of it back.

/// The longest ENVID and the longest ORCPT, in characters (RFC 3461, 4.4 and 4.2).
const ENVID_MAX: usize = 100;
const ORCPT_MAX: usize = 500;

/// What follows the sender: of a mail that comes back its headers are enough.
pub(super) fn of_mail(name: &str) -> String {
    let id = xtext(name);
    let envid = if id.len() <= ENVID_MAX { format!(" ENVID={id}") } else { String::new() };
    format!(" RET=HDRS{envid}")
}

/// What follows the recipient.
pub(super) fn of_recipient(address: &str) -> String {
    let address = format!("rfc822;{}", xtext(address));
    let orcpt = if address.len() <= ORCPT_MAX { format!(" ORCPT={address}") } else { String::new() };
    format!(" NOTIFY=FAILURE,DELAY{orcpt}")
}

/// In the encoding of RFC 3461: what is no graphic ASCII, and `+` and `=`, as `+` and two digits.
fn xtext(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'!'..=b'~' if byte != b'+' && byte != b'=' => char::from(byte).to_string(),
        _ => format!("+{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_written_as_the_standard_says() {
        assert_eq!(of_mail("LR-2018-000001.1@example.com"), " RET=HDRS ENVID=LR-2018-000001.1@example.com");
        assert_eq!(of_mail("a+b=c@example.com"), " RET=HDRS ENVID=a+2Bb+3Dc@example.com");
        assert_eq!(of_mail(&"a".repeat(101)), " RET=HDRS");
        assert_eq!(of_recipient("a+b@example.com"), " NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb@example.com");
        assert_eq!(xtext("è \r\n"), "+C3+A8+20+0D+0A");
    }
}
