//! Where one log names the conversations and another does not, a question and its answer can stand apart: each then
//! knows of the other's outbound messages to the same customer. A log without conversations has the customer in
//! their place.

use super::talks::Talks;
use crate::domain::Instant;

/// Outbound messages of a channel that another conversation knows of: the conversation's code and place, sorted.
pub(super) type Elsewhere = Vec<(u32, u32, Instant)>;

/// An event of a conversation that is not named as its customer, while another conversation may be.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    place: u32,
    customer: u32,
    conversation: u32,
    /// Of an outbound message that may be an answer.
    answer: Option<Instant>,
}

/// What each conversation knows of others.
pub(super) fn elsewhere(talks: &Talks) -> Elsewhere {
    let mut links = links(talks);
    links.sort_unstable();
    let mut elsewhere = Elsewhere::new();
    let mut unnamed = Vec::new();
    for group in links.chunk_by(|a, b| (a.place, a.customer) == (b.place, b.customer)) {
        let Some(Link { place, customer, .. }) = group.first() else { continue };
        unnamed.clear();
        talks.told_of(*customer, &mut unnamed);
        unnamed.retain(|told| told.place == *place);
        // The name is a conversation of another channel only.
        if unnamed.is_empty() {
            continue;
        }
        elsewhere.extend(group.iter().filter_map(|link| link.answer).map(|at| (*customer, *place, at)));
        let events = unnamed.iter().map(|told| &told.event);
        let here: Vec<Instant> =
            events.filter(|event| event.customer == *customer && event.may_answer()).map(|event| event.at).collect();
        for other in group.chunk_by(|a, b| a.conversation == b.conversation) {
            let Some(Link { conversation, .. }) = other.first() else { continue };
            elsewhere.extend(here.iter().map(|at| (*conversation, *place, *at)));
        }
    }
    elsewhere.sort_unstable();
    elsewhere
}

fn links(talks: &Talks) -> Vec<Link> {
    if !talks.rows.has_named {
        return Vec::new();
    }
    let mut links = Vec::new();
    talks.each_told(&mut |told| {
        let customer = told.event.customer;
        if customer != told.conversation && talks.is_conversation(customer) {
            let answer = told.event.may_answer().then_some(told.event.at);
            links.push(Link { place: told.place, customer, conversation: told.conversation, answer });
        }
    });
    links
}
