//! What a message is for pairing, from the texts of its columns.

use crate::domain::message::{Counts, Role};
use crate::domain::{Direction, EntryPoint, Kind, Status};

/// The direction of that name.
pub(super) fn direction(bytes: &[u8]) -> Option<Direction> {
    Direction::BOTH.into_iter().find(|direction| direction.name().as_bytes() == bytes)
}

/// The kind of that name, or the default where there is none; `None` when it is not UTF-8.
pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    if bytes.is_empty() { Some(Kind::Text) } else { std::str::from_utf8(bytes).ok().map(Kind::named) }
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

/// What the message is; `None` where the long way would hold it or reject it.
pub(super) fn role(
    direction: Direction,
    kind: Kind,
    status: Option<Status>,
    point: Option<EntryPoint>,
) -> Option<Role> {
    match (direction, kind.counts()) {
        (_, Counts::Unknown) => None,
        (Direction::Inbound, counts) => {
            let point = point?;
            Some(if counts == Counts::Yes { Role::Asks(point) } else { Role::Neither })
        }
        (Direction::Outbound, counts) => {
            let answers = status? != Status::Failed && counts == Counts::Yes;
            Some(if answers { Role::Answers } else { Role::Neither })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_that_of_the_default_reading() {
        let asks = Some(Role::Asks(EntryPoint::Unknown));
        for (texts, expected) in [
            (["inbound", "", "", ""], asks),
            (["inbound", "text", "", "unknown"], asks),
            (["inbound", "image", "failed", ""], asks),
            (["inbound", "", "unheard", "live_support"], Some(Role::Asks(EntryPoint::LiveSupport))),
            (["inbound", "", "", "somewhere"], None),
            (["inbound", "reaction", "", ""], Some(Role::Neither)),
            (["inbound", "reaction", "", "somewhere"], None),
            (["inbound", "poll", "", ""], None),
            (["inbound", "other", "", ""], None),
            (["outbound", "", "", ""], Some(Role::Answers)),
            (["outbound", "template", "read", "somewhere"], Some(Role::Answers)),
            (["outbound", "", "failed", ""], Some(Role::Neither)),
            (["outbound", "call", "sent", ""], Some(Role::Neither)),
            (["outbound", "", "unheard", ""], None),
            (["outbound", "poll", "failed", ""], None),
            (["in", "", "", ""], None),
            (["Inbound", "", "", ""], None),
            (["", "", "", ""], None),
        ] {
            let [of, sort, state, from] = texts.map(str::as_bytes);
            let found = direction(of)
                .zip(kind(sort))
                .zip(status(state).zip(point(from)))
                .and_then(|((direction, kind), (status, point))| role(direction, kind, status, point));
            assert_eq!(found, expected, "{texts:?}");
        }
        assert_eq!((kind(b"\xff"), status(b"\xff"), point(b"\xff")), (None, None, None));
    }
}
