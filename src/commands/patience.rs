//! Templates of one's own draw documents with patience, and not for ever: the samples ran, but a document may have what no
//! sample has.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::setup::Setup;
use super::workers::STACK_BYTES;
use crate::error::{Failure, Kind};
use crate::ledger::Entry;
use crate::render::{InvoiceView, RenderError, Renderer};

/// Seconds for one document by one template, however busy the machine is: a thousand times what one needs.
const PATIENCE: u64 = 20;

/// How a document is drawn: [`Renderer::html`] and the like.
type Draw<T> = fn(&Renderer, &InvoiceView) -> Result<T, RenderError>;

/// Draws with the templates of a setup. `what` is drawn is told where it cannot be: with templates of one's own that is a fault
/// of the configuration, and of that document alone.
pub fn drawn<T: Send + 'static>(
    setup: &Setup,
    renderer: &Renderer,
    view: &InvoiceView,
    what: &str,
    draw: Draw<T>,
) -> Result<T, Failure> {
    let own: Vec<&str> = setup.looks.own().collect();
    if own.is_empty() {
        let failed =
            |error: RenderError| Failure::new(Kind::SelfCheck, format!("{what} cannot be drawn")).because(error);
        return draw(renderer, view).map_err(failed);
    }
    let (sender, drawn) = channel();
    let (renderer, view) = (renderer.clone(), view.clone());
    let work = move || {
        // Nobody listens any more where it took too long: then the thread ends with the program.
        let _ = sender.send(draw(&renderer, &view));
    };
    let started = thread::Builder::new().stack_size(STACK_BYTES).spawn(work);
    started.map_err(|error| Failure::new(Kind::InputOutput, "cannot start a thread").because(error))?;
    let by = format!("with templates of its own ({})", own.join(", "));
    let hint = "nothing of it is mailed before it can be drawn; the templates of a closed month are frozen with it";
    match drawn.recv_timeout(Duration::from_secs(PATIENCE)) {
        Ok(Ok(drawn)) => Ok(drawn),
        Ok(Err(error)) => {
            let failure = Failure::new(Kind::Configuration, format!("{what} cannot be drawn {by}"));
            Err(failure.because(error).hint(hint))
        }
        Err(RecvTimeoutError::Timeout) => {
            let message = format!("{what} cannot be drawn {by} within {PATIENCE} seconds: they compute too much");
            Err(Failure::new(Kind::Configuration, message).hint(hint))
        }
        Err(RecvTimeoutError::Disconnected) => Err(Failure::new(Kind::SelfCheck, "a thread broke down")),
    }
}

/// What became of the documents that issued invoices lacked.
#[derive(Debug, Default)]
pub struct Written {
    /// Invoices of which something was written.
    pub documents: u64,
    /// Why some could not be drawn with templates of their own. The next run tries again.
    pub undrawn: Vec<Failure>,
    /// Mails that were made without their documents: name, recipient, and the bytes that each would have had.
    pub too_big: Vec<(String, String, u64)>,
}

/// What is said of a mail that is too large.
pub fn too_big(name: &str, to: &str, size: u64) -> String {
    format!(
        "warning: the mail {name} to {to} is too big: with its documents it has {size} bytes, more than max_size; it goes \
         without them and says that they are to be asked for"
    )
}

impl Written {
    /// The first failure, where something could not be drawn.
    pub fn whole(self) -> Result<u64, Failure> {
        self.undrawn.into_iter().next().map_or(Ok(self.documents), Err)
    }

    /// Notes the new mails that are too large.
    pub fn too_big(&mut self, entries: &[Entry]) {
        let of = |entry: &Entry| match entry {
            Entry::Mail(mail) => Some((mail.name.clone(), mail.to.clone(), mail.too_big?)),
            _ => None,
        };
        self.too_big.extend(entries.iter().filter_map(of));
    }

    /// What was drawn of a document; `None` where it could not be, which is noted.
    pub fn noted<T>(&mut self, drawn: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match drawn {
            Ok(drawn) => Ok(Some(drawn)),
            Err(failure) if self.undrawn.len() >= UNDRAWN_MOST => Err(failure),
            Err(failure) => {
                self.undrawn.push(failure);
                Ok(None)
            }
        }
    }
}

/// Takes a document that templates of one's own cannot draw for a result, which stops no other.
pub fn or_undrawn<T>(drawn: Result<T, Failure>) -> Result<Result<T, Failure>, Failure> {
    match drawn {
        Err(failure) if failure.kind == Kind::Configuration => Ok(Err(failure)),
        drawn => drawn.map(Ok),
    }
}

/// After so many documents that cannot be drawn a run tries no more: each may take its time.
const UNDRAWN_MOST: usize = 8;
