//! How far the clocks of the logs lie apart, as far as messages that two of them stamped can tell.

use super::evidence::Evidence;
use crate::domain::Elapsed;
use crate::error::{Failure, Kind};
use crate::pair::{Clock, Skew, Stamp, skew};

impl Evidence {
    /// The differences of every two clocks that stamped the same messages, by channel.
    pub fn skews(&self) -> Result<Vec<Skew>, Failure> {
        let source = |file: u32| usize::try_from(file).ok().and_then(|file| Some(self.files.get(file)?.source.clone()));
        let mut skews = Vec::new();
        for messages in self.by_business.values() {
            let found = skew(messages, &source)
                .map_err(|error| Failure::new(Kind::SelfCheck, "the clocks could not be compared").because(error))?;
            skews.extend(found);
        }
        Ok(skews)
    }
}

/// The difference in one line.
pub fn told(skew: &Skew) -> String {
    let Skew { channel, one, other, messages, median, min, max } = skew;
    let range = format!("median of {messages}, from {} to {}", seconds(*min), seconds(*max));
    format!("channel {channel}: {} minus {}: {} ({range})", named(other), named(one), seconds(*median))
}

fn named(clock: &Clock) -> String {
    let source = clock.source.as_deref().unwrap_or("the log");
    match clock.stamp {
        Stamp::Own => format!("{source}'s own stamps"),
        Stamp::SentStatus => format!("{source}'s `sent` statuses"),
    }
}

/// `+0.400 s`, `-3.000 s`.
fn seconds(elapsed: Elapsed) -> String {
    let micros = elapsed.micros();
    let sign = if micros < 0 { "-" } else { "+" };
    let millis = micros.unsigned_abs() / 1000;
    format!("{sign}{}.{:03} s", millis / 1000, millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_a_sign_and_milliseconds() {
        for (micros, text) in
            [(0, "+0.000 s"), (400_000, "+0.400 s"), (-3_000_999, "-3.000 s"), (61_500_000, "+61.500 s")]
        {
            assert_eq!(seconds(Elapsed::from_micros(micros)), text);
        }
    }
}
