//! How far the clocks of the sources of a channel may be off: by the configuration alone, whichever files are there.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::settings::Source;
use crate::domain::{Direction, Elapsed};

/// What counts of some sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Clocks {
    /// The greatest tolerance; `None` without a source.
    tolerance: Option<Elapsed>,
    /// How many of them may speak of outbound messages.
    outbound: usize,
}

impl Clocks {
    fn add(&mut self, source: &Source) {
        self.tolerance = self.tolerance.max(Some(source.tolerance));
        self.outbound += usize::from(source.directions.contains(&Direction::Outbound));
    }
}

/// The tolerances of all channels, counted once for all sources: there may be many of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tolerances {
    /// Of the sources that name no channels: they may carry each.
    of_each: Clocks,
    /// Of the sources that name the channel.
    by_channel: BTreeMap<String, Clocks>,
}

impl Tolerances {
    pub fn of(sources: &[Source]) -> Self {
        let mut tolerances = Self { of_each: Clocks::default(), by_channel: BTreeMap::new() };
        for source in sources {
            let Some(channels) = &source.channels else {
                tolerances.of_each.add(source);
                continue;
            };
            // A source counts once, however often it names a channel.
            for channel in channels.iter().collect::<BTreeSet<_>>() {
                tolerances.by_channel.entry(channel.to_string()).or_default().add(source);
            }
        }
        tolerances
    }

    /// The tolerance of a channel: the greatest of the sources that may carry it, whichever files are there. Were it
    /// that of the files, taking one away could add a charge.
    pub fn tolerance(&self, channel: &str) -> Elapsed {
        self.clocks(channel).tolerance.unwrap_or(Elapsed::ZERO)
    }

    /// By how much the clocks that speak of the outbound messages of a channel may differ. One clock does not differ
    /// from itself. It counts who may speak, not whose files are there.
    pub fn drift(&self, channel: &str) -> Elapsed {
        if self.clocks(channel).outbound < 2 { Elapsed::ZERO } else { self.tolerance(channel) }
    }

    /// Of all sources that may carry a channel.
    fn clocks(&self, channel: &str) -> Clocks {
        let Clocks { tolerance, outbound } = self.by_channel.get(channel).copied().unwrap_or_default();
        let Self { of_each, .. } = self;
        Clocks { tolerance: tolerance.max(of_each.tolerance), outbound: outbound + of_each.outbound }
    }
}
