//! Draws the samples of templates of one's own in a child of this program, with limits: a template may compute for ever, or
//! ask for all memory, and then it is refused.
//!
//! The child tells what it is about to draw, line by line, and last what it found.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::reader::SIGNAL_CPU;
use super::reader::child::limit;
use super::{Outcome, World, say};
use crate::domain::brand::{Brand, Logo};
use crate::error::{Failure, Kind};
use crate::render::{Fault, Looks, Renderer};

/// Name of the hidden subcommand that the child runs.
const COMMAND: &str = "prove-templates";
/// Bytes of data memory: the samples of the program's own templates need a tenth of it.
const MEMORY: u64 = 1 << 30;
/// Seconds of processor time, and so many more for each issuer: the program's own templates need less than one.
const CPU: u64 = 5;
const CPU_OF_ISSUER: u64 = 1;
/// Seconds by the clock from one line of the child to the next, however busy the machine is.
const SILENCE: u64 = 600;

/// What the child is to prove, as one JSON value on its standard input.
#[derive(Serialize, Deserialize)]
struct Job {
    /// As [`Looks::written`] gives them.
    looks: String,
    /// By the id of the issuer.
    brands: Vec<(String, Brand)>,
    memory: u64,
    cpu: u64,
}

/// A line of the child.
#[derive(Serialize, Deserialize)]
enum Line {
    /// The template that comes next.
    Drawing(String),
    Proved(Vec<Fault>),
    /// The program itself is at fault.
    Broken(String),
}

/// What is wrong with the templates and logos of some looks, by samples in the looks of every issuer.
///
/// # Errors
/// The child cannot be started, or the program itself is broken.
pub fn faults(looks: &Looks, brands: &[(String, Brand)]) -> Result<Vec<Fault>, Failure> {
    let brands: Vec<(String, Brand)> = brands.iter().map(|(id, brand)| (id.clone(), without_path(brand))).collect();
    let issuers = u64::try_from(brands.len()).unwrap_or(u64::MAX);
    let cpu = CPU.saturating_add(issuers.saturating_mul(CPU_OF_ISSUER));
    let job = Job { looks: looks.written(), brands, memory: MEMORY, cpu };
    let mut prover = Prover::start(&job)?;
    let mut drawn = None;
    let why = loop {
        match prover.lines.recv_timeout(Duration::from_secs(SILENCE)) {
            Ok(line) => match serde_json::from_str::<Line>(&line).map_err(broken)? {
                Line::Drawing(name) => drawn = Some(name),
                Line::Proved(faults) => return Ok(faults),
                Line::Broken(why) => return Err(Failure::new(Kind::SelfCheck, why)),
            },
            Err(RecvTimeoutError::Timeout) => break format!("it took more than {SILENCE} seconds to draw a sample"),
            Err(RecvTimeoutError::Disconnected) => {
                let status = prover.child.wait();
                break ended(status.map_err(|error| Failure::io("wait for", &PathBuf::from(COMMAND), error))?, cpu)?;
            }
        }
    };
    let drawn = drawn.ok_or_else(|| Failure::new(Kind::SelfCheck, format!("the samples cannot be drawn: {why}")))?;
    let hint = "it computes too much: a template places finished texts, and draws each sample in a moment";
    Ok(vec![Fault { template: drawn, span: None, message: why, hint: Some(hint.to_owned()) }])
}

/// What a logo shows is in the looks; where its file lies is nothing to the child.
fn without_path(brand: &Brand) -> Brand {
    let logo = brand.logo.as_ref().map(|logo| Logo { path: PathBuf::new(), alt: logo.alt.clone() });
    Brand { logo, ..brand.clone() }
}

fn broken(error: serde_json::Error) -> Failure {
    Failure::new(Kind::SelfCheck, "what is to be proved cannot be read").because(error)
}

/// What the end of a child that gave no answer says of the template.
fn ended(status: ExitStatus, cpu: u64) -> Result<String, Failure> {
    let of_machine = i32::from(Kind::InputOutput.exit_code());
    match (status.code(), status.signal()) {
        (Some(code), _) if code == of_machine => {
            Err(Failure::new(Kind::InputOutput, format!("what draws the samples ended with code {code}")))
        }
        (_, Some(SIGNAL_CPU)) => Ok(format!("its samples took more than {cpu} seconds of processor time")),
        _ => Ok(format!("its samples needed more than {} MiB of memory, or broke the program down", MEMORY >> 20)),
    }
}

/// A child that draws.
struct Prover {
    child: Child,
    lines: Receiver<String>,
}

impl Prover {
    fn start(job: &Job) -> Result<Self, Failure> {
        let program = std::env::current_exe();
        let program = program.map_err(|error| Failure::new(Kind::InputOutput, "cannot find myself").because(error))?;
        let mut command = Command::new(&program);
        // One thread: then the processor time that a template needs is the same on every machine.
        command.arg(COMMAND).env_clear().env("RAYON_NUM_THREADS", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn();
        let mut child = child.map_err(|error| Failure::io("start what draws the samples with", &program, error))?;
        let (sender, lines) = channel();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        let job = serde_json::to_vec(job).map_err(broken)?;
        if let Some(mut input) = child.stdin.take() {
            // A child that is gone already is met when it does not answer.
            let _ = input.write_all(&job);
        }
        Ok(Self { child, lines })
    }
}

impl Drop for Prover {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The child: draws what standard input asks for, under limits that it sets itself.
pub fn serve(world: &mut World) -> Result<Outcome, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map_err(|error| Failure::new(Kind::InputOutput, "cannot read what is to be proved").because(error))?;
    let job: Job = serde_json::from_str(&text).map_err(broken)?;
    limit(job.memory, job.cpu)?;
    let proved = proved(&job, world)?;
    tell(world, &proved)?;
    Ok(Outcome::Done)
}

fn proved(job: &Job, world: &mut World) -> Result<Line, Failure> {
    let looks = match Looks::parse(&job.looks) {
        Ok(looks) => looks,
        Err(why) => return Ok(Line::Broken(why)),
    };
    let mut silent = None;
    let mut drawing = |name: &str| {
        if let Err(failure) = tell(world, &Line::Drawing(name.to_owned())) {
            silent = Some(failure);
        }
    };
    let faults = Renderer::new().and_then(|renderer| renderer.faults(&looks, &job.brands, &mut drawing));
    match (silent, faults) {
        (Some(failure), _) => Err(failure),
        (None, Ok(faults)) => Ok(Line::Proved(faults)),
        (None, Err(error)) => {
            let failure = Failure::new(Kind::SelfCheck, "the samples cannot be drawn").because(error);
            Ok(Line::Broken(failure.in_a_line()))
        }
    }
}

fn tell(world: &mut World, line: &Line) -> Result<(), Failure> {
    say(world.out, &serde_json::to_string(line).map_err(broken)?)?;
    world.out.flush().map_err(|error| Failure::new(Kind::InputOutput, "cannot answer").because(error))
}
