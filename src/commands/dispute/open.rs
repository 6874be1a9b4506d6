//! `ritardo dispute open`: each disputed message, with what the evidence known now says about it.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::archived::{Archive, FORGOTTEN, forgotten_id};
use super::super::cases::Desk;
use super::super::correct::{self, Bench, rated_now};
use super::super::evidence::broken;
use super::super::held::check_clock;
use super::super::pages::Replays;
use super::super::state::ledger_failure;
use super::super::{Outcome, World, files, say};
use super::{head, line};
use crate::cli::DisputeOpen;
use crate::close::Filed;
use crate::domain::charge::RatedWait;
use crate::domain::date::spoken;
use crate::domain::{BusinessId, ChannelId, Decimal, Month, Verdict, columns};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Claim, Dispute, Entry, LogRead};
use crate::ledger::{Additions, Ledger, LedgerError};
use crate::read::sha256;

/// A row of the file that was handed in.
struct Row {
    message_id: String,
    channel: Option<String>,
    reason: String,
    decision: Option<Decision>,
}

/// What the operator decided, whatever the evidence says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    Accept,
    Reject,
}

/// Where a message is charged.
struct Charged {
    business: BusinessId,
    month: Month,
    channel: String,
    amount: Decimal,
}

/// Claims with the plain ids of their messages, by business and month.
type Claims = BTreeMap<(BusinessId, Month), Vec<(Claim, String)>>;

pub fn open(args: &DisputeOpen, world: &mut World) -> Result<Outcome, Failure> {
    let desk = Desk::open(&args.configured.config, args.as_of.unwrap_or(world.now))?;
    let _lock = desk.state.lock()?;
    check_clock(&desk.history, desk.as_of)?;
    let archive = desk.archive()?;
    let text = files::text(&args.file)?;
    let rows = rows(&args.file, &text)?;
    let mut charged = charged(&desk, &archive, &rows)?;
    let (mut claims, mut replays) = (Claims::new(), Replays::with(desk.history.clone()));
    for row in rows {
        let Some(found) = charged.get_mut(&row.message_id).filter(|found| !found.is_empty()) else {
            say(world.out, &format!("  rejected  {}: no closed month charges it as things stand", row.message_id))?;
            continue;
        };
        let of_message = pick(&args.file, &row, found)?;
        let claim = judged(&desk, &archive, &mut replays, &row, &of_message)?;
        claims.entry((of_message.business, of_message.month)).or_default().push((claim, row.message_id));
    }
    let file_sha256 = sha256(text.as_bytes());
    let mut opened = Vec::new();
    let path = desk.state.ledger();
    let mut ledger = Ledger::open(&path).map_err(|error| ledger_failure(error, &path))?;
    let added = ledger.append(|history| {
        let first = history.disputes.len() + 1;
        opened = claims
            .into_iter()
            .zip(first..)
            .map(|(((business, month), claims), number)| {
                let dispute = u32::try_from(number).unwrap_or(u32::MAX);
                let (claims, names) = claims.into_iter().unzip();
                let (at, file_sha256) = (desk.as_of, file_sha256.clone());
                (Dispute { dispute, business, month, at, file_sha256, claims }, names)
            })
            .collect::<Vec<(Dispute, Vec<String>)>>();
        let entries = opened.iter().map(|(dispute, _)| Entry::Dispute(dispute.clone())).collect();
        Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() })
    });
    added.map_err(|error| ledger_failure(error, &path))?;
    for (dispute, names) in &opened {
        say(world.out, &head(dispute))?;
        dispute.claims.iter().zip(names).try_for_each(|(claim, name)| say(world.out, &line(claim, name)))?;
        if dispute.claims.iter().any(|claim| claim.accepted) {
            say(world.out, &format!("  next: `ritardo dispute settle {}` drafts the credit note", dispute.dispute))?;
        }
    }
    Ok(Outcome::Done)
}

fn rows(path: &Path, text: &str) -> Result<Vec<Row>, Failure> {
    let wrong = |line: u64, why: String| {
        let failure = Failure::new(Kind::CommandLine, format!("line {line}: {why}")).at(path);
        failure.hint("the columns are message_id and reason; channel, and decision (accept or reject), may be added")
    };
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let head = reader.headers().map_err(|error| wrong(1, error.to_string()))?.clone();
    let known = ["message_id", "reason", "channel", "decision"];
    if let Some(column) = head.iter().find(|column| !known.contains(column)) {
        return Err(wrong(1, format!("a file of claims has no column `{}`", column.escape_debug())));
    }
    let place = |name: &str| head.iter().position(|column| column == name);
    let (Some(message_id), Some(reason)) = (place("message_id"), place("reason")) else {
        return Err(wrong(1, "the columns message_id and reason are needed".to_owned()));
    };
    let (channel, decision) = (place("channel"), place("decision"));
    let mut rows: Vec<Row> = Vec::new();
    for (line, record) in (2..).zip(reader.records()) {
        let record = record.map_err(|error| wrong(line, error.to_string()))?;
        let cell = |place: usize| record.get(place).unwrap_or_default().trim().to_owned();
        let optional = |place: Option<usize>| place.map(cell).filter(|text| !text.is_empty());
        let decision = match optional(decision).as_deref() {
            None => None,
            Some("accept") => Some(Decision::Accept),
            Some("reject") => Some(Decision::Reject),
            Some(other) => return Err(wrong(line, format!("`{}` is no decision", other.escape_debug()))),
        };
        let row = Row { message_id: cell(message_id), channel: optional(channel), reason: cell(reason), decision };
        if row.message_id.is_empty() || row.reason.is_empty() || row.reason.chars().any(char::is_control) {
            return Err(wrong(line, "a message id or a reason is missing, or is on several lines".to_owned()));
        }
        if rows.iter().any(|known| (&known.message_id, &known.channel) == (&row.message_id, &row.channel)) {
            return Err(wrong(line, format!("message {} stands twice in the file", row.message_id)));
        }
        rows.push(row);
    }
    if rows.is_empty() { Err(wrong(2, "it names no message".to_owned())) } else { Ok(rows) }
}

/// Where the messages of the file are charged as things stand, by message id.
fn charged(desk: &Desk, archive: &Archive, rows: &[Row]) -> Result<BTreeMap<String, Vec<Charged>>, Failure> {
    let bench = Bench { setup: &desk.setup, state: &desk.state, history: &desk.history, archive, run_at: desk.as_of };
    let mut charged: BTreeMap<String, Vec<Charged>> = BTreeMap::new();
    // A forgotten customer's message has another name in the file of charges.
    let names: BTreeMap<String, &str> = rows
        .iter()
        .flat_map(|row| {
            [row.message_id.clone(), forgotten_id(&archive.key.message(&row.message_id))]
                .map(|name| (name, row.message_id.as_str()))
        })
        .collect();
    for (business, month) in desk.history.closed.keys() {
        let Some(standing) = desk.history.standing(business, *month) else { continue };
        let filed: Filed = correct::read(&correct::standing_charges(&bench, &standing)?)?;
        for (channel, cell) in filed.messages() {
            let plain = cell.strip_prefix('\'').unwrap_or(cell);
            let Some(message_id) = names.get(cell).or_else(|| names.get(plain)) else { continue };
            let amount = filed.charge(channel, cell).unwrap_or_default();
            let channel = channel.strip_prefix('\'').unwrap_or(channel).to_owned();
            let of_message = charged.entry((*message_id).to_owned()).or_default();
            of_message.push(Charged { business: business.clone(), month: *month, channel, amount });
        }
    }
    Ok(charged)
}

/// The one of several charges that a row means.
fn pick(path: &Path, row: &Row, found: &mut Vec<Charged>) -> Result<Charged, Failure> {
    let is_meant = |charged: &Charged| row.channel.as_ref().is_none_or(|channel| *channel == charged.channel);
    let meant: Vec<usize> = (0..found.len()).filter(|place| is_meant(&found[*place])).collect();
    match meant[..] {
        // Taken out, so that another row means another charge.
        [one] => Ok(found.remove(one)),
        _ => {
            let how = if meant.is_empty() { "on another channel" } else { "on several channels" };
            let failure = Failure::new(Kind::CommandLine, format!("message {} is charged {how}", row.message_id));
            Err(failure.at(path).hint("add the column channel, with the number as the line file has it"))
        }
    }
}

/// A claim with what is decided about it.
fn judged(
    desk: &Desk,
    archive: &Archive,
    replays: &mut Replays,
    row: &Row,
    charged: &Charged,
) -> Result<Claim, Failure> {
    let (business, month, channel) = (&charged.business, charged.month, &charged.channel);
    let keyed = keyed_id(desk, archive, channel, &row.message_id)?;
    let accepted_by = desk.history.disputes.iter().find(|dispute| {
        let is_it = |claim: &Claim| claim.accepted && claim.message_id == keyed && claim.channel.as_str() == channel;
        (&dispute.business, dispute.month) == (business, month) && dispute.claims.iter().any(is_it)
    });
    let (accepted, ruling) = match (accepted_by, row.decision) {
        (Some(dispute), _) => (false, format!("dispute {} has accepted it already", dispute.dispute)),
        (None, Some(Decision::Accept)) => (true, "accepted by the operator".to_owned()),
        (None, Some(Decision::Reject)) => (false, "rejected by the operator".to_owned()),
        (None, None) => {
            let bench =
                Bench { setup: &desk.setup, state: &desk.state, history: &desk.history, archive, run_at: desk.as_of };
            let missing = || Failure::new(Kind::Differences, format!("{month} of {business} is not closed"));
            let standing = desk.history.standing(business, month).ok_or_else(missing)?;
            let waits = rated_now(&bench, &desk.ledger, replays, &standing)?;
            let wait = waits.iter().find(|rated| *rated.wait.message_id == *keyed && *rated.wait.channel == **channel);
            ruling(wait, charged.amount)
        }
    };
    let channel: ChannelId = channel.parse().map_err(|why: String| Failure::new(Kind::Differences, why))?;
    Ok(Claim { channel, message_id: keyed, reason: row.reason.clone(), accepted, ruling })
}

/// The keyed id of a message, which may be named as a file of charges does whose customer was forgotten.
fn keyed_id(desk: &Desk, archive: &Archive, channel: &str, named: &str) -> Result<String, Failure> {
    let of_channel = |file: &&LogRead| named.starts_with(FORGOTTEN) && file.channels.iter().any(|one| one == channel);
    for file in desk.history.files.iter().map(|(_, file)| file).filter(of_channel) {
        for kept in archive.kept(file) {
            let messages = archive.messages(kept)?;
            let text = |name: &str| messages.column(name).and_then(|column| column.str()).map_err(broken);
            let mut rows = text(columns::CHANNEL)?.iter().zip(text(columns::MESSAGE_ID)?.iter());
            let is_it = |(of, id): &(Option<&str>, Option<&str>)| {
                *of == Some(channel) && id.is_some_and(|id| forgotten_id(id) == named)
            };
            if let Some((_, Some(id))) = rows.find(is_it) {
                return Ok(id.to_owned());
            }
        }
    }
    Ok(archive.key.message(named))
}

/// The rule: a charge that the logs known now do not prove is given back; one that they prove stands.
fn ruling(now: Option<&RatedWait>, billed: Decimal) -> (bool, String) {
    let Some(RatedWait { wait, charge, .. }) = now else {
        return (true, "by the logs known now there is no such question in the month".to_owned());
    };
    let answered = wait.answered_at.map(|at| format!("answered at {at}"));
    match (wait.verdict, charge) {
        (Verdict::OnTime, _) => (true, format!("{}, in time, by the logs known now", answered.unwrap_or_default())),
        (Verdict::Held | Verdict::Pending, _) => {
            let why = wait.held_for.map(|why| format!(": {why}")).unwrap_or_default();
            (true, format!("the logs known now do not prove it{why}"))
        }
        (Verdict::Late | Verdict::Unanswered, None) => (true, "it costs nothing by the logs known now".to_owned()),
        (Verdict::Late, Some(charge)) => {
            let length = wait.length().map(spoken).unwrap_or_default();
            (
                false,
                format!(
                    "{}, {length} after it was received, which is late{}",
                    answered.unwrap_or_default(),
                    less(charge.amount, billed)
                ),
            )
        }
        (Verdict::Unanswered, Some(charge)) => {
            let known = wait.watermark;
            (
                false,
                format!(
                    "no answer by {} is in the logs, which are known through {known}{}",
                    wait.deadline,
                    less(charge.amount, billed)
                ),
            )
        }
    }
}

fn less(now: Decimal, billed: Decimal) -> String {
    if now == billed {
        String::new()
    } else {
        format!("; it was charged {billed} and costs {now} by now, which `ritardo run` settles")
    }
}
