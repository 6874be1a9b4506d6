//! One attempt under one clock: a server that answers a byte a minute must not hold a run for ever.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use super::smtp::{self, Job};
use super::{DeliverError, Outcome};

/// How long an attempt waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For each read and write of the dialogue.
    pub reply: Duration,
    /// For the answer to the whole mail: the server may be storing or scanning it (RFC 5321, 4.5.3.2.6).
    pub verdict: Duration,
    /// For a reply that must not come.
    pub silence: Duration,
    /// For everything together.
    pub whole: Duration,
}

impl Patience {
    pub(super) const USUAL: Patience = Patience {
        reply: Duration::from_secs(60),
        verdict: Duration::from_secs(600),
        silence: Duration::from_millis(20),
        whole: Duration::from_secs(1200),
    };
}

/// Settles between the attempt and its clock who came first: content going out, or time running out.
#[derive(Default)]
pub(super) struct Gate(AtomicU8);

impl Gate {
    const OPEN: u8 = 0;
    const PASSED: u8 = 1;
    const SHUT: u8 = 2;

    fn turn(&self, to: u8) -> bool {
        self.0.compare_exchange(Self::OPEN, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// To be called before the first byte of content; false when nobody waits any more and none may be sent.
    pub(super) fn pass(&self) -> bool {
        self.turn(Self::PASSED)
    }

    /// True when no content was sent and none will be.
    fn shut(&self) -> bool {
        self.turn(Self::SHUT)
    }
}

/// Makes the attempt in a thread of its own and waits for it as long as its patience says.
///
/// A fault inside the mail library ends that thread only, and counts as a lost connection.
pub(super) fn run(job: Job) -> Result<Outcome, DeliverError> {
    let gate = Arc::new(Gate::default());
    let (sender, receiver) = mpsc::channel();
    let whole = job.patience.whole;
    let passage = Arc::clone(&gate);
    let speak = move || {
        // Fails only when nobody waits any more.
        let _ = sender.send(smtp::send(&job, &passage));
    };
    thread::Builder::new().name("smtp".to_owned()).spawn(speak).map_err(|source| DeliverError::Thread { source })?;
    match receiver.recv_timeout(whole) {
        Ok(result) => result,
        Err(_) if gate.shut() => Ok(Outcome::Deferred { reason: "given up before the mail was sent".to_owned() }),
        Err(_) => Ok(Outcome::Unknown { reason: "given up after the mail had begun to be sent".to_owned() }),
    }
}
