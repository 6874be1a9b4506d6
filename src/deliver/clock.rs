//! The clock of a dialogue: time limits are measured with it, and waits between mails. Nothing that is kept hangs on it.

use std::thread;
use std::time::{Duration, Instant};

/// A clock that only runs forward. Tests have one that they move themselves.
pub(super) trait Clock: Send + Sync {
    /// The time since some fixed moment.
    fn now(&self) -> Duration;

    /// Returns after this time.
    fn wait(&self, time: Duration);
}

/// The clock of this machine.
pub(super) struct Monotonic(Instant);

impl Monotonic {
    #[expect(clippy::disallowed_methods, reason = "the only place where the time limits of a dialogue are measured")]
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "a rate that the configuration asks for is kept by waiting")]
    fn wait(&self, time: Duration) {
        thread::sleep(time);
    }
}

/// Spaces mails evenly: each begins at least `every` after the one before.
pub(super) struct Pace {
    every: Duration,
    next: Option<Duration>,
}

impl Pace {
    pub(super) fn new(every: Duration) -> Self {
        Self { every, next: None }
    }

    /// Waits until the next mail may begin.
    pub(super) fn keep(&mut self, clock: &dyn Clock) {
        let now = clock.now();
        let at = self.next.map_or(now, |next| next.max(now));
        if at > now {
            clock.wait(at.saturating_sub(now));
        }
        self.next = Some(at.saturating_add(self.every));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;

    /// A clock that stands still, but for the waits that it is asked for, which take no time.
    #[derive(Default)]
    pub(crate) struct Still {
        now: Mutex<Duration>,
    }

    impl Clock for Still {
        fn now(&self) -> Duration {
            *self.now.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn wait(&self, time: Duration) {
            *self.now.lock().unwrap_or_else(PoisonError::into_inner) += time;
        }
    }

    #[test]
    fn mails_are_spaced_evenly() {
        let clock = Still::default();
        let mut pace = Pace::new(Duration::from_secs(2));
        let begun: Vec<u64> = (0..4)
            .map(|mail| {
                pace.keep(&clock);
                let begun = clock.now().as_secs();
                // The third takes longer than the pace: nobody waits for the fourth.
                clock.wait(Duration::from_secs(if mail == 2 { 5 } else { 0 }));
                begun
            })
            .collect();
        assert_eq!(begun, [0, 2, 4, 9]);
    }
}
