//! What a log says of a message, from the texts of its columns.

use crate::domain::message::Facts;
use crate::domain::{Direction, EntryPoint, Kind, Status};

/// The direction of that name.
pub(super) fn direction(bytes: &[u8]) -> Option<Direction> {
    Direction::BOTH.into_iter().find(|direction| direction.name().as_bytes() == bytes)
}

/// The kind of that name, inside it `None` where the log states none; `None` when it is not UTF-8.
pub(super) fn kind(bytes: &[u8]) -> Option<Option<Kind>> {
    if bytes.is_empty() { Some(None) } else { std::str::from_utf8(bytes).ok().map(|name| Some(Kind::named(name))) }
}

/// The status of that name, inside it `None` where it is an unknown one: of the customer's messages it means nothing;
/// of the business's it holds.
pub(super) fn status(bytes: &[u8]) -> Option<Option<Status>> {
    std::str::from_utf8(bytes).ok().map(Status::named)
}

/// The entry point of that name, inside it `None` where it is an unknown one: of the business's messages it means
/// nothing.
pub(super) fn point(bytes: &[u8]) -> Option<Option<EntryPoint>> {
    let name = std::str::from_utf8(bytes).ok()?;
    let named = || EntryPoint::ALL.into_iter().find(|point| point.name() == name);
    Some(if name.is_empty() { Some(EntryPoint::Unknown) } else { named() })
}

/// What the log says of the message, as the long way takes it; `None` where that would reject the row.
pub(super) fn facts(
    direction: Direction,
    kind: Option<Kind>,
    status: Option<Status>,
    point: Option<EntryPoint>,
) -> Option<Facts> {
    let (status, kind) = match (status, direction) {
        (Some(status), _) => (status, kind),
        (None, Direction::Inbound) => (Status::Unstated, kind),
        // It may be that of an answer.
        (None, Direction::Outbound) => (Status::Unstated, Some(Kind::Other)),
    };
    let point = if direction == Direction::Outbound { EntryPoint::Unknown } else { point? };
    Some(Facts::of(direction, kind, status, point))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Role;

    #[test]
    fn facts_are_those_of_the_long_way() {
        let asks = Some(Role::Asks(EntryPoint::Unknown));
        for (texts, expected) in [
            (["inbound", "", "", ""], asks),
            (["inbound", "text", "", "unknown"], asks),
            (["inbound", "image", "failed", ""], asks),
            (["inbound", "", "unheard", "live_support"], Some(Role::Asks(EntryPoint::LiveSupport))),
            (["inbound", "", "", "somewhere"], None),
            (["inbound", "reaction", "", ""], Some(Role::Neither)),
            (["inbound", "reaction", "", "somewhere"], None),
            (["inbound", "poll", "", ""], Some(Role::Unclear)),
            (["inbound", "other", "", ""], Some(Role::Unclear)),
            (["outbound", "", "", ""], Some(Role::Answers)),
            (["outbound", "template", "read", "somewhere"], Some(Role::Answers)),
            (["outbound", "", "failed", ""], Some(Role::Neither)),
            (["outbound", "call", "sent", ""], Some(Role::Neither)),
            (["outbound", "", "unheard", ""], Some(Role::Unclear)),
            (["outbound", "poll", "failed", ""], Some(Role::Neither)),
            (["outbound", "poll", "", ""], Some(Role::Unclear)),
            (["in", "", "", ""], None),
            (["Inbound", "", "", ""], None),
            (["", "", "", ""], None),
        ] {
            let [of, sort, state, from] = texts.map(str::as_bytes);
            let found = direction(of)
                .zip(kind(sort))
                .zip(status(state).zip(point(from)))
                .and_then(|((direction, kind), (status, point))| facts(direction, kind, status, point));
            assert_eq!(found.map(Facts::role), expected, "{texts:?}");
        }
        assert_eq!((kind(b"\xff"), status(b"\xff"), point(b"\xff")), (None, None, None));
    }
}
