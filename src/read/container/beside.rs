//! The archive that a phone makes of a chat: its text, and beside it what was sent in it.

use std::collections::BTreeMap;

use super::member::{Budget, Member};
use super::names::{base, shown};
use super::{Builder, HEAD, LogFormat, Options, ReadError, Refused, log_of, of_member};
use crate::read::{chat, check_text, rows};

/// The name under which an iPhone packs the text of a chat.
const CHAT: &[u8] = b"_chat.txt";
/// Where they are counted that are no chat.
const BESIDE: &str = "file beside the chat";

/// Reads the one member that is a chat. Anything may have been sent in it, and is counted unread.
pub(super) fn read(
    members: Vec<Member>,
    options: &Options,
    budget: &mut Budget,
    builder: &mut Builder,
) -> Result<(LogFormat, BTreeMap<String, u64>), ReadError> {
    let mut found: Option<Member> = None;
    let mut beside = 0;
    for member in members {
        let mut opened = member.open();
        let head = opened.head(HEAD, budget).map_err(|error| of_member(&shown(&member.name), error))?;
        if chat::looks_like(head, HEAD) || base(&member.name) == CHAT {
            if let Some(other) = &found {
                return Err(Refused::TwoChats(shown(&other.name), shown(&member.name)).into());
            }
            found = Some(member);
        } else if let Some(form) = log_of(head) {
            // Nobody means it for a file that was sent.
            let name = shown(&member.name);
            return Err(Refused::Mixed(format!("{name} ({form})"), "the chat".to_owned()).into());
        } else {
            beside += 1;
        }
    }
    let chat = found.ok_or(Refused::NoChat)?;
    let plain = chat.open().whole(budget).map_err(|error| of_member(&shown(&chat.name), error))?;
    check_text(&plain)?;
    let mut others = rows(&plain, LogFormat::Chat, options, builder)?;
    if beside > 0 {
        others.insert(BESIDE.to_owned(), beside);
    }
    Ok((LogFormat::Chat, others))
}
