//! What a source of exported chats says: whose they are. Nothing in such a file says it.

use super::table::Table;
use crate::domain::chat::{ChatSource, DateOrder, WeakIds, WithoutSender};
use crate::domain::settings::{Coverage, LogFormat};
use crate::domain::{BusinessId, ChannelId, Elapsed};

/// Keys that only a source of chats has.
const KEYS: [&str; 7] = ["business", "channel", "sender", "date_order", "weak_ids", "without_sender", "conversation"];
/// What such a source needs beside them, and why.
const NEEDED: [(&str, &str, &str); 4] = [
    ("zone", "a chat has local times", "add the zone of the phone that exports it, such as zone = \"Europe/Rome\""),
    ("business", "a chat does not say whose it is", "add business = \"bologna-bakery\", as in the book of businesses"),
    ("channel", "a chat does not say whose it is", "add channel = \"+390510000417\", as in the book of businesses"),
    ("sender", "a chat has names for both sides", "add sender = \"Forno Esempio\", the name of the business in it"),
];
/// Where a clock shows minutes only, an answer in time may look a minute late.
const MINUTE: Elapsed = Elapsed::from_seconds(60);

/// The tolerance of a source that declares none.
pub(super) fn usual_tolerance(format: Option<LogFormat>) -> Elapsed {
    if format == Some(LogFormat::Chat) { MINUTE } else { Elapsed::ZERO }
}

/// What a source says of its chats; `None` for a source of another form.
pub(super) fn chat(table: &Table<'_>, format: Option<LogFormat>, coverage: Option<Coverage>) -> Option<ChatSource> {
    if format != Some(LogFormat::Chat) {
        for key in KEYS.into_iter().filter(|key| table.has(key)) {
            table.wrong(key, format!("`{key}` is of exported chats"), "add format = \"chat\", or take it out");
        }
        return None;
    }
    for (key, why, hint) in NEEDED.into_iter().filter(|(key, ..)| !table.has(key)) {
        table.wrong("format", format!("format = \"chat\" needs `{key}`: {why}"), hint);
    }
    // From its first to its last message one chat would speak for all the others of its channel.
    if matches!(coverage, None | Some(Coverage::Span)) {
        let hint = "write coverage = \"continuous\" when every chat of the channel is exported each time, or a manifest beside each";
        table.wrong("coverage", "one chat proves nothing of the others of its channel: declare what they prove", hint);
    }
    // What is forgotten is looked for in raw files word by word, and the names of a chat are several.
    if table.has("keep_raw") {
        let hint = "take it out, and keep the exports yourself where you may";
        table.wrong("keep_raw", "a raw chat holds what people wrote, and is not kept", hint);
    }
    let business: Option<BusinessId> = table.parsed("business", str::parse);
    let channel: Option<ChannelId> = table.parsed("channel", str::parse);
    let senders = table.text_or_texts("sender");
    let date_order = table.choice("date_order", &DateOrder::ALL.map(|order| (order.name(), order)));
    let weak_ids = table.choice("weak_ids", &WeakIds::ALL).unwrap_or_default();
    let without_sender = table.choice("without_sender", &WithoutSender::ALL).unwrap_or_default();
    let conversation = table.text("conversation");
    Some(ChatSource {
        business: business?.to_string(),
        channel: channel?.to_string(),
        senders: senders?,
        date_order,
        weak_ids,
        without_sender,
        conversation,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse_config;
    use crate::domain::settings::Source;

    const ISSUER: &str =
        "[issuer]\nlegal_name = \"A\"\naddress = [\"B\"]\ncountry = \"IE\"\nemail = \"a@b.example\"\nzone = \"UTC\"\n";
    const CHAT: &str = "[[source]]\nname = \"phone\"\nfiles = \"**\"\nformat = \"chat\"\ncoverage = \"continuous\"\n\
                        zone = \"Europe/Rome\"\nbusiness = \"shop\"\nchannel = \"+391\"\nsender = \"Forno\"\n";

    /// The source, or the messages of all mistakes.
    fn source(text: &str) -> Result<Source, Vec<String>> {
        let config = parse_config(Path::new("ritardo.toml"), &format!("{ISSUER}{text}"));
        let told =
            |mistakes: Vec<crate::domain::Mistake>| mistakes.into_iter().map(|mistake| mistake.message).collect();
        config.map(|config| config.sources[0].clone()).map_err(told)
    }

    #[test]
    fn a_source_of_chats_says_whose_they_are() {
        let usual = source(CHAT).unwrap();
        let chat = usual.chat.unwrap();
        assert_eq!(
            (chat.business.as_str(), chat.channel.as_str(), chat.senders),
            ("shop", "+391", vec!["Forno".to_owned()])
        );
        assert_eq!((chat.date_order, chat.weak_ids, chat.without_sender), (None, WeakIds::Hold, WithoutSender::Refuse));
        assert_eq!((usual.tolerance, usual.channels), (MINUTE, Some(vec!["+391".parse().unwrap()])));
        let more = "date_order = \"month-first\"\nweak_ids = \"billable\"\nwithout_sender = \"inbound\"\n\
                    conversation = \"orders\"\ntolerance = \"1s\"\n";
        let text = format!("{}{more}", CHAT.replace("\"Forno\"", "[\"Forno\", \"+39 051 1\"]"));
        let set = source(&text).unwrap();
        let chat = set.chat.unwrap();
        assert_eq!((chat.senders.len(), chat.date_order), (2, Some(DateOrder::MonthFirst)));
        assert_eq!((chat.weak_ids, chat.without_sender), (WeakIds::Billable, WithoutSender::Inbound));
        assert_eq!((chat.conversation.as_deref(), set.tolerance), (Some("orders"), Elapsed::from_seconds(1)));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (line, part) in [
            ("zone = \"Europe/Rome\"\n", "needs `zone`"),
            ("business = \"shop\"\n", "needs `business`"),
            ("channel = \"+391\"\n", "needs `channel`"),
            ("sender = \"Forno\"\n", "needs `sender`"),
            ("coverage = \"continuous\"\n", "one chat proves nothing"),
        ] {
            let mistakes = source(&CHAT.replace(line, "")).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].contains(part), "{line} {mistakes:?}");
        }
        let mistakes = source(&format!("{CHAT}keep_raw = \"30d\"\n")).unwrap_err();
        assert!(mistakes.len() == 1 && mistakes[0].contains("is not kept"), "{mistakes:?}");
        let mistakes = source(&CHAT.replace("\"chat\"", "\"csv\"")).unwrap_err();
        assert_eq!(mistakes, ["`business`", "`channel`", "`sender`"].map(|key| format!("{key} is of exported chats")));
    }
}
