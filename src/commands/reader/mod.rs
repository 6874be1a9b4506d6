//! Reads files in child processes with limits, so that no file can take a run down.

pub mod child;
pub mod wire;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use self::wire::{Answer, FileRead, Hello, Job};
use crate::domain::settings::Limits;
use crate::error::{Failure, Kind};

/// Name of the hidden subcommand that a child runs.
pub const COMMAND: &str = "read-files";
/// Files up to this size share a child; a larger one has a child, and its processor time, of its own.
const SMALL: u64 = 1 << 20;
/// By which the kernel ends a child that used up its processor time.
pub const SIGNAL_CPU: i32 = 24;

/// How a file was read.
#[derive(Debug)]
pub enum Reading {
    Read(Box<FileRead>),
    /// Cannot be used, and why.
    Refused(String),
    /// Was written to, or has gone, while it was read: it is for another night.
    Changed,
}

/// Reads all files, `Limits::readers` at a time. The results are in the order of the jobs; `done` is called after each.
pub fn read_all(
    jobs: &[Job],
    hello: &Hello,
    limits: &Limits,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Reading>, Failure> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Result<Reading, Failure>>>> = Mutex::new((0..jobs.len()).map(|_| None).collect());
    let work = || {
        let mut reader = None;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(index) else { return };
            let result = read_one(job, hello, limits, &mut reader);
            if result.is_err() {
                // The run will stop: nobody takes up another file.
                next.store(jobs.len(), Ordering::Relaxed);
            }
            if let Ok(mut results) = results.lock()
                && let Some(slot) = results.get_mut(index)
            {
                *slot = Some(result);
            }
            done();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..limits.readers.min(jobs.len()) {
            scope.spawn(work);
        }
    });
    let lost = || Failure::new(Kind::SelfCheck, "a file was not read");
    let results = results.into_inner().map_err(|_| lost())?;
    results.into_iter().map(|result| result.ok_or_else(lost)?).collect()
}

/// Reads one file with the child at hand, or with a new one.
fn read_one(job: &Job, hello: &Hello, limits: &Limits, reader: &mut Option<Reader>) -> Result<Reading, Failure> {
    let is_small = job.path.metadata().is_ok_and(|metadata| metadata.len() <= SMALL);
    if is_small && let Some(shared) = reader.as_mut() {
        if let Ok(answer) = shared.ask(job, limits) {
            return reading(answer, job);
        }
        // What ended a child that had read other files before may not be this file's doing: once more, alone.
        *reader = None;
    }
    let mut own = Reader::start(hello)?;
    match own.ask(job, limits) {
        Ok(answer) => {
            *reader = is_small.then_some(own);
            reading(answer, job)
        }
        Err(Silence::OfFile(why)) => Ok(Reading::Refused(why)),
        Err(Silence::OfMachine(code)) => {
            Err(Failure::new(Kind::InputOutput, format!("a reader ended with code {code}")).at(&job.path))
        }
    }
}

fn reading(answer: Answer, job: &Job) -> Result<Reading, Failure> {
    let path = &job.path;
    match answer {
        Answer::Read(read) => Ok(Reading::Read(Box::new(FileRead { made_in: job.into.clone(), ..*read }))),
        Answer::Refused(why) => Ok(Reading::Refused(why)),
        Answer::Changed => Ok(Reading::Changed),
        Answer::Io(_) if !path.exists() => Ok(Reading::Changed),
        Answer::Unwritten(why) => Err(why.failure()),
        Answer::Io(why) => Err(Failure::new(Kind::InputOutput, format!("a log cannot be read: {why}")).at(path)),
    }
}

/// Why a child gave no answer.
enum Silence {
    /// What it read ended it.
    OfFile(String),
    /// It could not read or write, and ended itself with this code.
    OfMachine(i32),
}

/// A reading child.
struct Reader {
    child: Child,
    answers: Receiver<String>,
}

impl Reader {
    fn start(hello: &Hello) -> Result<Self, Failure> {
        let program = std::env::current_exe();
        let program = program.map_err(|error| Failure::new(Kind::InputOutput, "cannot find myself").because(error))?;
        let failed = |error| Failure::io("start a reader with", &program, error);
        let mut command = Command::new(&program);
        command.arg(COMMAND).env_clear().env("POLARS_MAX_THREADS", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(failed)?;
        let (sender, answers) = channel();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        let mut reader = Self { child, answers };
        // A child that is gone already is met when it does not answer.
        let _ = reader.tell(hello);
        Ok(reader)
    }

    fn tell(&mut self, value: &impl serde::Serialize) -> std::io::Result<()> {
        let Some(input) = self.child.stdin.as_mut() else { return Ok(()) };
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        input.write_all(&line)?;
        input.flush()
    }

    /// The child's answer, or why there is none; then the child is gone.
    fn ask(&mut self, job: &Job, limits: &Limits) -> Result<Answer, Silence> {
        let _ = self.tell(job);
        match self.answers.recv_timeout(Duration::from_secs(limits.seconds)) {
            Ok(line) => serde_json::from_str(&line)
                .map_err(|_| Silence::OfFile("its reader gave no answer that makes sense".to_owned())),
            Err(RecvTimeoutError::Timeout) => {
                let _ = self.child.kill();
                let _ = self.child.wait();
                Err(Silence::OfFile(format!("its reader needed more than {} seconds", limits.seconds)))
            }
            Err(RecvTimeoutError::Disconnected) => Err(self
                .child
                .wait()
                .map_or_else(|_| Silence::OfFile("its reader is gone".to_owned()), |status| silence(status, limits))),
        }
    }
}

/// What the end of a child that gave no answer says.
fn silence(status: ExitStatus, limits: &Limits) -> Silence {
    let of_machine = [Kind::InputOutput, Kind::CannotCreate, Kind::Permission].map(|kind| i32::from(kind.exit_code()));
    match (status.code(), status.signal()) {
        (Some(code), _) if of_machine.contains(&code) => Silence::OfMachine(code),
        (_, Some(SIGNAL_CPU)) => {
            Silence::OfFile(format!("its reader used more than {} seconds of processor time", limits.cpu_seconds))
        }
        _ => Silence::OfFile(format!(
            "its reader broke down: the file is damaged, or needs more than {} MiB of memory",
            limits.memory >> 20
        )),
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // The end of its input ends a child that is idle; one that is not has nothing more to say.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
