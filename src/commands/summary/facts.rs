//! The facts of a night as its summary states them.

use std::collections::BTreeMap;

use super::{Closed, Invoiced, Read, Reason, Rejected, Trouble, Unknown};
use crate::commands::closing::Step;
use crate::commands::issue::Sent;
use crate::commands::run::Night;
use crate::ledger::entry::SetAside;
use crate::pair::Conflict;

pub(super) fn rows_read(night: &Night) -> Read {
    let read = &night.intake;
    let rejected = |(file, reject): &(String, crate::read::Reject)| Rejected {
        file: file.clone(),
        row: reject.row,
        reason: reject.reason.clone(),
    };
    Read {
        files: read.files,
        messages: read.rows,
        rejected: read.rejected,
        first_rejects: read.first_rejects.iter().map(rejected).collect(),
    }
}

pub(super) fn strangers(night: &Night) -> Vec<Unknown> {
    let told = night.strangers.iter().map(|((business, channel), rows)| Unknown {
        business: business.clone(),
        channel: channel.clone(),
        rows: *rows,
    });
    told.collect()
}

pub(super) fn reason(file: &SetAside) -> Reason {
    Reason { file: file.name.clone(), reason: file.reason.clone() }
}

pub(super) fn troubles(mail: &Sent) -> Vec<Trouble> {
    let told = mail.troubles.iter().map(|(mail, outcome, reason)| Trouble {
        number: mail.number.to_string(),
        to: mail.to.clone(),
        outcome,
        reason: reason.clone(),
    });
    told.collect()
}

pub(super) fn conflicts(night: &Night) -> Vec<Conflict> {
    let mut conflicts: BTreeMap<(&str, &str, &str), &Conflict> = BTreeMap::new();
    // Months come in order: the last one knows the most versions.
    for conflict in night.open.iter().flat_map(|open| &open.conflicts) {
        conflicts.insert((&conflict.business, &conflict.channel, &conflict.message_id), conflict);
    }
    conflicts.into_values().cloned().collect()
}

pub(super) fn closed(night: &Night) -> Vec<Closed> {
    let closings = &night.closings;
    let decided = night.open.iter().filter_map(|open| match &open.step {
        Step::Close(closed) => Some((open.business.id.to_string(), closed.as_ref())),
        _ => None,
    });
    let rehearsed = decided.map(|(business, closed)| {
        let invoice = Invoiced { number: None, net: closed.net, tax: closed.tax, total: closed.total };
        let charges = closed.charges();
        let invoice = closed.has_charges().then_some(invoice);
        Closed { month: closed.month, business, verdicts: closed.counts, charges, exact: closed.exact, invoice }
    });
    let carried_out = closings.months.iter().map(|(recorded, invoice)| Closed {
        month: recorded.month,
        business: recorded.business.to_string(),
        verdicts: recorded.counts,
        charges: recorded.charges,
        exact: recorded.exact,
        invoice: invoice.as_ref().map(|invoice| Invoiced {
            number: Some(invoice.number.to_string()),
            net: invoice.net,
            tax: invoice.tax,
            total: invoice.total,
        }),
    });
    carried_out.chain(rehearsed).collect()
}
