//! What a night draws last: workbooks and pages, and what the next night begins from.

use super::pages::{self, site::Site};
use super::settled::{self, Task};
use super::timings::Timings;
use super::workbook;
use crate::domain::Month;
use crate::error::Failure;

/// What is made of a night, and can be made again.
#[derive(Default)]
pub struct Derived {
    /// Months of which a page changed.
    pub pages: Vec<Month>,
    /// Where they lie, and the head of the chain of documents; `None` where nothing is written.
    pub site: Option<(Site, String)>,
    /// Why the workbooks could not be kept.
    pub unbooked: Option<Failure>,
    /// Why the pages could not be drawn.
    pub unpaged: Option<Failure>,
    /// Why what was counted could not be kept.
    pub unsettled: Option<Failure>,
}

/// Draws workbooks and pages, and keeps what was counted: without it the next night begins from the archive.
pub fn derived(task: &Task, seen: &pages::Seen, timings: &Timings) -> Derived {
    let Task { setup, state, ledger, history, .. } = *task;
    let unbooked = workbook::keep_closed(state, ledger, history).err();
    let drawn = Site::of_state(setup, state, true).and_then(|site| {
        let pages = pages::write_pages(setup, state, ledger, seen, &site)?;
        timings.lap("pages", Some(pages.len() as u64), None);
        Ok((pages, site))
    });
    match drawn {
        Ok((pages, site)) => {
            let unsettled = settled::keep(task, seen.evidence, seen.open, seen.late).err();
            timings.lap("settling", None, None);
            Derived { pages, site: Some((site, history.document_head())), unbooked, unsettled, unpaged: None }
        }
        // Pages that were not drawn are not to be taken for those that this night left.
        Err(failure) => Derived { unbooked, unpaged: Some(failure), ..Derived::default() },
    }
}
