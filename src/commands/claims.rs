//! What a file that was read may claim: nothing where it speaks of another time than it declares, and less where its
//! rows could not be read.

use std::collections::BTreeSet;

use super::intake::Wanted;
use super::reader::wire::FileRead;
use crate::domain::evidence::Unread;
use crate::domain::settings::LogFormat;
use crate::domain::{Elapsed, Instant, Span};
use crate::read::Reject;
use crate::read::inbox::Declared;

/// From so many rejected rows on, a file without any other is refused as a whole: it is not what its source says.
const FEW: u64 = 10;

/// Why a file that could be read proves nothing that it claims.
pub fn refused(wanted: &Wanted, read: &FileRead) -> Option<String> {
    let Wanted { source, declared, .. } = wanted;
    if let Err(reason) = declared.check_rows(read.rows + read.rejected + read.passed_over()) {
        return Some(reason);
    }
    if let (0, FEW.., Some(first)) = (read.rows, read.rejected, read.first_rejects.first()) {
        let (rejected, Reject { row, reason, .. }) = (read.rejected, first);
        return Some(format!("none of its {rejected} rows can be read; row {row}: {reason}"));
    }
    let (span, first, last) = (declared.span?, read.first?, read.last?);
    // Statuses of webhooks arrive when they like.
    let is_log = read.format != LogFormat::Webhook.name();
    let is_apart = last < span.from.minus(source.tolerance) || first >= span.to.plus(source.tolerance);
    let Span { from, to } = span;
    (is_log && is_apart).then(|| format!("its messages are of {first} to {last}, and it declares {from} to {to}"))
}

/// The last message of a file that does not say which time it speaks of, where it lies after the instant of
/// judgement.
pub fn ahead(wanted: &Wanted, read: &FileRead, as_of: Instant) -> Option<Instant> {
    let ahead = |last: &Instant| wanted.declared.span.is_none() && *last > as_of.plus(wanted.source.tolerance);
    read.last.filter(ahead)
}

/// What the rejected rows leave open.
pub fn unread(read: &FileRead, declared: &Declared, as_of: Instant) -> Vec<Unread> {
    let micro = Elapsed::from_micros(1);
    let extent = read.first.zip(read.last).map(|(from, last)| Span { from, to: last.plus(micro) });
    // Of a file without a message nobody knows when its rows were: at any time up to now.
    let ever = Span { from: Instant::EARLIEST_STAMP, to: as_of };
    let whole = declared.span.or(extent).unwrap_or(ever);
    if read.more_suspects {
        return vec![Unread { channel: None, conversation: None, span: whole }];
    }
    // The time of a row that cannot be read may lie beyond the messages of a file that declares none.
    let wider = |conversation: &Option<String>| match (declared.span, conversation) {
        (Some(span), _) => span,
        (None, Some(_)) => ever,
        (None, None) => Span { from: whole.from.minus(Elapsed::DAY), to: whole.to.plus(Elapsed::DAY) },
    };
    let unread = read.suspects.iter().map(|suspect| Unread {
        channel: suspect.channel.clone(),
        conversation: suspect.conversation.clone(),
        span: suspect.at.map_or_else(|| wider(&suspect.conversation), |at| Span { from: at, to: at.plus(micro) }),
    });
    unread.collect::<BTreeSet<_>>().into_iter().collect()
}
