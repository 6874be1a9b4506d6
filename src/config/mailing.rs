//! How mails are sent (`send`, `copies`, `within` of `[mail]`), what the issuer is told (`[digest]`), and how a business
//! gets its mails.

use super::mail::MAIL;
use super::table::{Form, Table};
use super::words;
use crate::domain::business::Language;
use crate::domain::{Attachable, DigestRules, Elapsed, MailRules, Mailing};

const DIGEST: Form = Form {
    name: "[digest]",
    needs: &[],
    allows: &["to = \"office@late-reply.example\"", "write = true", "quiet = true", "language = \"en\""],
};

const SEND: [(&str, bool); 2] = [("auto", false), ("by hand", true)];

const LANGUAGES: [(&str, Language); 2] = [("en", Language::English), ("it", Language::Italian)];

/// More copies of one mail would be a nuisance, and no proof.
const MOST_COPIES: u32 = 10;

/// The rules of the file at `root`; the usual ones where it names none. Unknown keys are noted with the transport.
pub(super) fn rules(root: &Table<'_>) -> MailRules {
    let usual = MailRules::default();
    let Some(table) = root.quiet_table("mail", &MAIL) else { return usual };
    MailRules {
        by_hand: table.choice("send", &SEND).unwrap_or(usual.by_hand),
        copies: table.number("copies", 0..=MOST_COPIES).unwrap_or(usual.copies),
        within: table.parsed("within", within).unwrap_or(usual.within),
    }
}

/// `30m`, also written `30 min`; a second to a day.
fn within(text: &str) -> Result<Elapsed, String> {
    let plain = text.replace(" min", "m").replace(' ', "");
    let within: Elapsed = plain.parse().map_err(|_| format!("`{text}` is not a length of time such as 30m"))?;
    let range = Elapsed::from_seconds(1)..=Elapsed::DAY;
    if range.contains(&within) { Ok(within) } else { Err(format!("{text} is not between 1s and 24h")) }
}

/// What the file at `root` says of the digest; without `[digest]` there is none.
pub(super) fn digest(root: &Table<'_>) -> DigestRules {
    let usual = DigestRules::default();
    let Some(table) = root.table("digest", &DIGEST) else { return usual };
    let digest = DigestRules {
        to: table.parsed("to", words::email),
        write: table.truth("write").unwrap_or(usual.write),
        quiet: table.truth("quiet").unwrap_or(usual.quiet),
        language: table.choice("language", &LANGUAGES).unwrap_or(usual.language),
    };
    if !digest.is_wanted() && !table.has("to") {
        let hint = format!("add {}, or write = true", DIGEST.example("to"));
        table.wrong("to", "[digest] is neither sent nor written", hint);
    }
    digest
}

/// How a business gets its mails; `recipients` are the addresses that they go to.
pub(super) fn mailing(business: &Table<'_>, recipients: &[String]) -> Mailing {
    let cc = business.parsed_set("cc", words::email_on(business.page.is_recorded)).unwrap_or_default();
    if let Some(twice) = cc.iter().find(|address| recipients.contains(address)) {
        business.wrong("cc", format!("`{twice}` gets the mail already"), "take it out of `cc`, or out of `emails`");
    }
    let attach: Option<Vec<Attachable>> = business.parsed_set("attach", str::parse);
    if let Some(kinds) = &attach {
        if !kinds.is_empty() && !kinds.contains(&Attachable::Pdf) {
            business.wrong("attach", "a mail without the document is none", "add \"pdf\" to `attach`");
        }
        if kinds.contains(&Attachable::Xml) && !business.has("e_invoice") {
            let hint = "add e_invoice = \"ubl\", or take \"xml\" out: the PDF carries an e-invoice anyway";
            business.wrong("attach", "there is no e-invoice of its own to attach", hint);
        }
    }
    Mailing { cc, reply_to: business.parsed("reply_to", words::email_on(business.page.is_recorded)), attach }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, parse_config};
    use crate::domain::Mistake;

    const ISSUER: &str = "[issuer]\nlegal_name = \"A\"\naddress = [\"B\"]\ncountry = \"IE\"\nemail = \"a@a.ie\"\nzone = \"UTC\"\n\
                          payment_days = 30\n";

    fn config(more: &str) -> Result<Config, Vec<Mistake>> {
        parse_config(Path::new("/etc/ritardo/ritardo.toml"), &format!("{ISSUER}{more}"))
    }

    #[test]
    fn what_is_left_out_is_as_usual() {
        let usual = config("").unwrap();
        assert_eq!((usual.mail, usual.digest), (MailRules::default(), DigestRules::default()));
        let set =
            config("[mail]\nsend = \"by hand\"\ncopies = 0\nwithin = \"2 h\"\n[digest]\nwrite = true\nquiet = false\n")
                .unwrap();
        assert_eq!(set.mail, MailRules { by_hand: true, copies: 0, within: Elapsed::from_seconds(7200) });
        assert_eq!(set.digest, DigestRules { write: true, quiet: false, ..DigestRules::default() });
        assert_eq!(config("[mail]\nwithin = \"30 min\"\n").unwrap().mail, MailRules::default());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for more in [
            "[mail]\nsend = \"never\"\n",
            "[mail]\ncopies = -1\n",
            "[mail]\nwithin = \"2d\"\n",
            "[mail]\nwithin = \"500ms\"\n",
            "[mail]\nwithin = \"soon\"\n",
            "[digest]\n",
            "[digest]\nto = \"nobody\"\n",
            "[digest]\nwrite = true\nlanguage = \"de\"\n",
            "[digest]\nwrite = true\nevery = \"day\"\n",
        ] {
            assert_eq!(config(more).unwrap_err().len(), 1, "{more}");
        }
    }
}
