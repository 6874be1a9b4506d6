//! Outbound messages under a name that is not the owner's: of another business on an owned channel, of a channel in
//! another spelling, or with the two sides changed. Nobody is billed for them, but each may be an answer.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, PolarsResult};

use super::loaded::Owners;
use crate::domain::{Direction, Elapsed, Instant, Span, Status, columns};
use crate::read::coverage::Known;
use crate::read::frame;

/// More of them than this on one channel are taken together: nothing outbound of their time is then certain.
const MOST: usize = 10_000;

/// Fewer digits than this are no number.
const DIGITS: usize = 7;

/// A message that may belong to an owned channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stray {
    channel: String,
    /// `None`: any of the channel.
    conversation: Option<String>,
    at: Instant,
    message_id: String,
}

/// Owned channels: who owned them when, and under which name the archive has them as customers.
struct Book<'b> {
    owners: &'b Owners<'b>,
    parties: BTreeMap<String, &'b str>,
}

/// Which rows of a business and channel stray, and where to.
enum Target<'o> {
    /// Those of a time in which another business owned the channel.
    SameChannel,
    /// All of them: the channel is an owned one in another spelling.
    OtherSpelling(&'o str),
    /// All of them: what stands as the business is an owned channel.
    SidesChanged(&'o str),
    /// Those whose customer is an owned channel.
    OfOwnedCustomer,
}

/// Takes back what the logs prove of the instants at which such messages were sent, unless the owner's logs have
/// the same message. `keyed` gives the name under which the archive has an owned channel as a customer.
pub fn take_back(
    known: &mut BTreeMap<String, Known>,
    by_business: &BTreeMap<String, DataFrame>,
    owners: &Owners,
    keyed: &dyn Fn(&str) -> String,
) -> PolarsResult<()> {
    let mut strays = BTreeSet::new();
    let parties: BTreeMap<String, &str> = owners.keys().map(|owned| (keyed(owned), *owned)).collect();
    let book = Book { owners, parties };
    let numbers: BTreeMap<String, &str> = owners.keys().filter_map(|owned| Some((number(owned)?, *owned))).collect();
    for (business, messages) in by_business {
        for (_, channel) in frame::channels(messages)?.into_keys() {
            if let Some(target) = target(business, &channel, owners, &numbers) {
                add(&mut strays, messages, (business, &channel), &target, &book)?;
            }
        }
    }
    let ids: BTreeSet<&str> = strays.iter().map(|stray| stray.message_id.as_str()).collect();
    let found = if ids.is_empty() { BTreeSet::new() } else { with_owners(by_business, &ids, owners)? };
    let mut by_channel: BTreeMap<&str, Vec<&Stray>> = BTreeMap::new();
    for stray in strays.iter().filter(|stray| !found.contains(&(stray.channel.clone(), stray.message_id.clone()))) {
        by_channel.entry(&stray.channel).or_default().push(stray);
    }
    for (channel, strays) in by_channel {
        let Some(known) = known.get_mut(channel) else { continue };
        known.take_back(&holes(&strays));
    }
    Ok(())
}

/// The digits of a name that is a number in some spelling.
fn number(name: &str) -> Option<String> {
    let is_number = name.chars().all(|c| c.is_ascii_digit() || " +-().'".contains(c));
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    (is_number && digits.len() >= DIGITS).then(|| digits.to_owned())
}

fn target<'o>(
    business: &str,
    channel: &str,
    owners: &Owners,
    numbers: &BTreeMap<String, &'o str>,
) -> Option<Target<'o>> {
    if let Some(owners) = owners.get(channel) {
        let others = owners.iter().any(|(owner, _)| owner.id.as_str() != business);
        return others.then_some(Target::SameChannel);
    }
    let alike = |name: &str| number(name).and_then(|digits| numbers.get(&digits).copied());
    let found = alike(channel).map(Target::OtherSpelling).or_else(|| alike(business).map(Target::SidesChanged));
    Some(found.unwrap_or(Target::OfOwnedCustomer))
}

fn add(
    strays: &mut BTreeSet<Stray>,
    messages: &DataFrame,
    (business, channel): (&str, &str),
    target: &Target,
    book: &Book,
) -> PolarsResult<()> {
    let text = |name: &str| messages.column(name)?.str();
    let (channels, directions, statuses) = (text(columns::CHANNEL)?, text(columns::DIRECTION)?, text(columns::STATUS)?);
    let (conversations, ids, customers) =
        (text(columns::CONVERSATION)?, text(columns::MESSAGE_ID)?, text(columns::CUSTOMER)?);
    let sent_at = messages.column(columns::SENT_AT)?.i64()?;
    let is_other = |at: Instant| {
        let mut owners = book.owners.get(channel).into_iter().flatten();
        owners.any(|(owner, span)| span.contains(at) && owner.id.as_str() != business)
    };
    for row in 0..messages.height() {
        let here = channels.get(row) == Some(channel) && directions.get(row) == Some(Direction::Outbound.name());
        if !here || statuses.get(row) == Some(Status::Failed.name()) {
            continue;
        }
        let at = Instant::from_micros(sent_at.get(row).unwrap_or_default());
        let conversation = conversations.get(row).map(str::to_owned);
        let (channel, conversation) = match target {
            Target::SameChannel if is_other(at) => (channel, conversation),
            Target::SameChannel => continue,
            Target::OtherSpelling(owned) => (*owned, conversation),
            Target::SidesChanged(owned) => (*owned, None),
            Target::OfOwnedCustomer => match customers.get(row).and_then(|customer| book.parties.get(customer)) {
                Some(owned) => (*owned, None),
                None => continue,
            },
        };
        let message_id = ids.get(row).unwrap_or_default().to_owned();
        strays.insert(Stray { channel: channel.to_owned(), conversation, at, message_id });
    }
    Ok(())
}

/// Channel and id of the messages that stand under an owner of their channel as well.
fn with_owners(
    by_business: &BTreeMap<String, DataFrame>,
    wanted: &BTreeSet<&str>,
    owners: &Owners,
) -> PolarsResult<BTreeSet<(String, String)>> {
    let mut found = BTreeSet::new();
    for (business, messages) in by_business {
        let owns = |channel: &str| {
            owners.get(channel).is_some_and(|owners| owners.iter().any(|(owner, _)| owner.id.as_str() == business))
        };
        let text = |name: &str| messages.column(name)?.str();
        let rows = text(columns::CHANNEL)?.iter().zip(text(columns::MESSAGE_ID)?.iter());
        let rows = rows.filter_map(|(channel, id)| Some((channel?, id?)));
        let of_owner = rows.filter(|(channel, id)| wanted.contains(id) && owns(channel));
        found.extend(of_owner.map(|(channel, id)| (channel.to_owned(), id.to_owned())));
    }
    Ok(found)
}

/// Conversation and span of what is taken back.
fn holes(strays: &[&Stray]) -> Vec<(Option<String>, Span)> {
    let moment = |at: Instant| Span { from: at, to: at.plus(Elapsed::from_micros(1)) };
    let instants = || strays.iter().map(|stray| stray.at);
    match (instants().min(), instants().max()) {
        (Some(from), Some(last)) if strays.len() > MOST => vec![(None, Span { from, to: moment(last).to })],
        _ => strays.iter().map(|stray| (stray.conversation.clone(), moment(stray.at))).collect(),
    }
}
