//! Pages for finance, made of facts that are already decided: nothing here changes what is billed.
//!
//! Each page is a struct of texts for a template that computes nothing. No customer and no message is ever
//! named, and no page prints when it was made: the same facts give the same bytes.

pub mod alarms;
mod alone;
pub mod bars;
pub mod chart;
pub mod coverage;
pub mod digest;
pub mod facts;
pub mod finance;
mod heat;
mod held;
mod insight;
mod issued;
pub mod journal;
pub mod lanes;
pub mod metrics;
pub mod month;
pub mod number;
pub mod overview;
pub mod page;
pub mod paged;
pub mod portrait;
mod pricing;
pub mod receivables;
pub mod rows;
pub mod silence;
pub mod site;
pub mod stage;
pub mod strip;
pub mod sums;
pub mod tally;
#[cfg(test)]
mod tests;
mod trend;

pub use alone::business_page;
pub use facts::{
    After, BusinessMonth, Closed, Document, Link, MonthFacts, Open, RejectedRows, State, TariffUsed, Told,
};
pub use month::{joined, month_of, month_page};
pub use page::MonthPage;
