//! Waits that are not decided, by their reason, and what to do about each.

use std::collections::BTreeMap;

use super::facts::BusinessMonth;
use super::number::Amounts;
use super::page::HeldRow;
use crate::domain::wait::HeldFor;
use crate::domain::{Verdict, Wait};

/// Why a wait is not decided; in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    Pending,
    Gap,
    InboundGap,
    Unread,
    Unknown,
    Undelivered,
    Elsewhere,
    Conflict,
    Excluded,
}

impl Reason {
    fn of(wait: &Wait) -> Option<Self> {
        match (wait.verdict, wait.held_for) {
            (Verdict::Pending, _) => Some(Self::Pending),
            (Verdict::Held, _) if wait.excluded => Some(Self::Excluded),
            (Verdict::Held, Some(held)) => Some(match held {
                HeldFor::Gap(_) => Self::Gap,
                HeldFor::InboundGap(_) => Self::InboundGap,
                HeldFor::Unread(_) => Self::Unread,
                HeldFor::UnknownAnswer(_) | HeldFor::UnknownKind => Self::Unknown,
                HeldFor::UnknownDelivery(_) => Self::Undelivered,
                HeldFor::OtherConversation(_) => Self::Elsewhere,
                HeldFor::Conflict => Self::Conflict,
            }),
            (Verdict::Held, None) => Some(Self::Gap),
            (Verdict::OnTime | Verdict::Late | Verdict::Unanswered, _) => None,
        }
    }

    /// The reason, and what to do.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Pending => (
                "Pending: the logs do not reach far enough yet",
                "Nothing, as long as logs arrive: the next ones decide it",
            ),
            Self::Gap => (
                "Outbound logs are missing, and an answer may be among them",
                "Export the missing time again; or `ritardo gap list` and `ritardo gap accept`",
            ),
            Self::InboundGap => (
                "Inbound logs are missing, and a message in them would change the wait",
                "Export the missing time again; or `ritardo gap list` and `ritardo gap accept`",
            ),
            Self::Unread => {
                ("A rejected row may have been the answer", "`ritardo rejects` shows the row; export that file again")
            }
            Self::Unknown => (
                "A message of a kind that is not known",
                "Say in the mapping of the source what kind it is; or `ritardo gap accept`",
            ),
            Self::Undelivered => (
                "Whether the answer was delivered is not known",
                "Export the delivery statuses of that day; or `ritardo gap accept`",
            ),
            Self::Elsewhere => (
                "Logs differ in whether they name conversations",
                "Export that time again with conversations; or `ritardo gap accept`",
            ),
            Self::Conflict => (
                "Exports disagree about a message of the conversation",
                "`ritardo conflicts` shows the versions; export the right one again",
            ),
            Self::Excluded => ("Held for good: a person accepted it", "Nothing: it is never billed"),
        }
    }
}

/// One row for each reason that occurs.
pub fn rows<'b>(amounts: Amounts, businesses: impl IntoIterator<Item = &'b BusinessMonth<'b>>) -> Vec<HeldRow> {
    let mut counts: BTreeMap<Reason, u64> = BTreeMap::new();
    for (rated, times) in businesses.into_iter().flat_map(BusinessMonth::weighed) {
        if let Some(reason) = Reason::of(&rated.wait) {
            *counts.entry(reason).or_default() += times;
        }
    }
    let row = |(reason, count): (Reason, u64)| {
        let (why, next) = reason.words();
        HeldRow { reason: amounts.say(why), waits: amounts.count(count), next: amounts.say(next) }
    };
    counts.into_iter().map(row).collect()
}
