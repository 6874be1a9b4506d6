//! What can happen to a shop, and what is to be true after each of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::Tally;
use crate::books::{self, Document, cents};
use crate::common::{Dice, Ran, bodies, program, ritardo, text};
use crate::model::{Charges, Dispute, Key, Model, net, place};
use crate::town::{BUSINESSES, DAYS, MONTHS, Message, Town, date, end_of};

/// One thing that happens. The numbers choose among what there is at that moment, so that a step keeps its sense when
/// others before it are left out.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Some days pass, then the nightly run.
    Night { days: i64 },
    /// The same, started twice at once.
    Twice { days: i64 },
    /// The same, killed after so many microseconds, then started again.
    KilledNight { days: i64, after: u64 },
    /// An answer in time to a charged message comes to light.
    Answer { of: usize },
    /// A message comes to light that no log had.
    Ask { of: usize, day: usize },
    /// A message that was withheld comes to light.
    Withheld { of: usize },
    /// The log of a missing day comes.
    MissingDay,
    /// Another log says another time of a message.
    Doubt { of: usize },
    /// A log is exported once more.
    Again { of: usize },
    /// A log that was read goes from the inbox.
    Removed { of: usize },
    /// A business disputes up to three messages.
    Dispute { of: usize, decision: usize },
    /// A dispute is settled; where `after` is not zero it is killed then.
    Settle { of: usize, after: u64 },
    /// An invoice is issued again with other words; as above.
    Reissue { of: usize, after: u64 },
    /// Somebody approves all there is.
    Approve,
    /// Somebody releases all that is parked.
    Unpark,
    /// Somebody accepts a hold.
    Accept { of: usize },
}

/// The steps of a life.
pub fn drawn(seed: u64) -> Vec<Step> {
    let mut dice = Dice::new(seed + 4242);
    let _ = [(); 8].map(|()| dice.roll(2));
    let count = 14 + dice.roll(8);
    (0..count).map(|_| step(&mut dice)).collect()
}

fn step(dice: &mut Dice) -> Step {
    let of = dice.roll(1000);
    let days = [1, 4, 9, 17, 30][dice.roll(5)];
    let after = 1_000 + dice.roll(250_000) as u64;
    let maybe = if dice.roll(4) == 0 { after } else { 0 };
    match dice.roll(100) {
        0..20 => Step::Night { days },
        20..22 => Step::Twice { days },
        22..30 => Step::KilledNight { days, after },
        30..43 => Step::Answer { of },
        43..50 => Step::Ask { of, day: dice.roll(92) },
        50..57 => Step::Withheld { of },
        57..59 => Step::MissingDay,
        59..60 => Step::Doubt { of },
        60..62 => Step::Again { of },
        62..63 => Step::Removed { of },
        63..74 => Step::Dispute { of, decision: dice.roll(5) },
        74..85 => Step::Settle { of, after: maybe },
        85..92 => Step::Reissue { of, after: maybe },
        92..95 => Step::Approve,
        95..98 => Step::Unpark,
        _ => Step::Accept { of },
    }
}

pub struct Life {
    town: Town,
    model: Model,
    pub today: i64,
    pub tally: Tally,
    frozen: BTreeMap<String, String>,
    /// Of the book of businesses.
    version: usize,
    /// The head of the ledger that was audited last.
    audited: String,
}

type Checked = Result<(), String>;

fn ensure(is_so: bool, why: impl FnOnce() -> String) -> Checked {
    if is_so { Ok(()) } else { Err(why()) }
}

fn said(ran: &Ran) -> String {
    format!("it ends with {}\n{}{}", ran.code, ran.out, ran.err)
}

impl Life {
    pub fn new(name: &str, seed: u64) -> Self {
        let mut town = Town::new(name, seed);
        // August can be closed, or is not over.
        let today = [20, 34, 34][town.dice.roll(3)];
        let (model, tally, frozen) = (Model::default(), Tally::new(), BTreeMap::new());
        Self { town, model, today, tally, frozen, version: 0, audited: String::new() }
    }

    pub fn remove(self) {
        fs::remove_dir_all(&self.town.folder).unwrap();
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn now(&self) -> String {
        format!("{}T06:00:00Z", date(self.today))
    }

    fn pass(&mut self, days: i64) {
        self.today = (self.today + days).min(150);
    }

    /// A command at the time of now.
    fn ritardo(&self, arguments: &[&str]) -> Ran {
        ritardo(&self.town.folder, &[arguments, &["--as-of", &self.now()]].concat())
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let now = self.now();
        let arguments = [arguments, &["--as-of", &now]].concat();
        let mut command = program(&self.town.folder, &arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts a command and kills it; it may have ended before.
    fn kill(&mut self, arguments: &[&str], after: u64) {
        let mut child = self.start(arguments);
        std::thread::sleep(Duration::from_micros(after));
        child.kill().unwrap();
        if child.wait_with_output().unwrap().status.code().is_none() {
            self.count("killed");
        }
    }

    pub fn take(&mut self, step: Step) -> Checked {
        match step {
            Step::Night { days } => {
                self.pass(days);
                self.night()
            }
            Step::Twice { days } => {
                self.pass(days);
                let children = [self.start(&["run"]), self.start(&["run"])];
                for child in children {
                    let ran = Ran::of(&child.wait_with_output().unwrap());
                    ensure([0, 65, 75].contains(&ran.code), || said(&ran))?;
                }
                self.night()
            }
            Step::KilledNight { days, after } => {
                self.pass(days);
                self.kill(&["run"], after);
                self.night()
            }
            Step::Approve => self.approve(),
            Step::Unpark => self.unpark(),
            _ if self.audited.is_empty() => Ok(()),
            Step::Dispute { of, decision } => self.dispute(of, decision),
            Step::Settle { of, after } => self.settle(of, after),
            Step::Reissue { of, after } => self.reissue(of, after),
            Step::Accept { of } => self.accept(of),
            log => {
                self.write(log);
                Ok(())
            }
        }
    }

    /// What lies in the inbox from now on.
    fn write(&mut self, step: Step) {
        let pick = |count: usize, of: usize| (count > 0).then(|| of % count);
        match step {
            Step::Answer { of } => {
                let charges: Vec<(usize, usize, i64)> = (self.model.closed.iter())
                    .flat_map(|((business, _), closed)| {
                        closed.charges.values().map(|c| (*business, c.customer, c.received))
                    })
                    .collect();
                let Some(place) = pick(charges.len(), of) else { return };
                let (business, customer, received) = charges[place];
                let answer = self.town.message(business, customer, false, received + 30 + (of as i64 * 7) % 1400);
                self.town.put_late(vec![answer]);
            }
            Step::Ask { of, day } => {
                let (business, customer) = (of % self.town.rules.businesses, of / 7 % 5);
                let asked =
                    self.town.message(business, customer, true, (day as i64 + 1) * 1440 + 485 + of as i64 % 600);
                self.town.put_late(vec![asked]);
            }
            Step::Withheld { of } => {
                if let Some(place) = pick(self.town.withheld.len(), of) {
                    let message = self.town.withheld.remove(place);
                    self.town.put_late(vec![message]);
                }
            }
            Step::MissingDay => {
                if let Some(log) = self.town.missing.pop() {
                    self.town.put(log);
                }
            }
            Step::Doubt { of } => {
                let rows: Vec<Message> = self.town.logs.iter().flat_map(|log| log.rows.iter().cloned()).collect();
                let Some(place) = pick(rows.len(), of) else { return };
                let message = rows[place].clone();
                self.model.doubted.insert((message.business, message.customer));
                self.town.put_late(vec![Message { at: message.at + 95, ..message }]);
            }
            Step::Again { of } => {
                let Some(place) = pick(self.town.logs.len(), of) else { return };
                let rows = self.town.logs[place].rows.clone();
                if !rows.is_empty() {
                    self.town.put_late(rows);
                }
            }
            Step::Removed { of } => {
                let read: Vec<&str> = self.town.logs.iter().filter(|log| log.was_read).map(|log| &*log.name).collect();
                let Some(place) = pick(read.len(), of) else { return };
                let _ = fs::remove_file(self.town.folder.join(format!("inbox/desk/{}.csv", read[place])));
            }
            _ => {}
        }
    }

    fn night(&mut self) -> Checked {
        let ran = self.ritardo(&["run"]);
        let is_parked = ran.out.contains("charges-per-day") && ran.code == 65;
        ensure(ran.code == 0 || is_parked, || said(&ran))?;
        self.learn()?;
        let parked = Model::keys(&self.town.rules).any(|key| self.model.is_parked(&self.town.rules, key));
        let is_doubted = !self.model.doubted.is_empty();
        ensure(parked == is_parked || is_doubted, || format!("parked: {parked}\n{}", ran.out))?;
        self.check()
    }

    /// What the night is to have done, by the model, and what it did.
    fn learn(&mut self) -> Checked {
        let today = self.today;
        let mut is_touched = false;
        for log in self.town.logs.iter_mut().filter(|log| !log.was_read && log.day < today) {
            (log.was_read, is_touched) = (true, true);
            self.model.read(log);
        }
        self.learn_settled()?;
        let found = books::standing(&self.town);
        let billed = books::billed(&books::documents(&self.town.state()));
        let rules = self.town.rules.clone();
        for key in self.model.closed.keys().copied().collect::<Vec<_>>() {
            let now = found.get(&key).ok_or("a closed month is gone")?;
            if self.model.is_doubted(key) {
                self.model.correct(&rules, key, now.clone());
                continue;
            }
            // A cent that only rounding finds waits until a log makes somebody look.
            let may_stay = !is_touched && !rules.is_in_cents() && *now == self.model.closed[&key].charges;
            let correction = self.model.correction(&rules, key).filter(|_| !may_stay);
            if let Some(charges) = correction.filter(|charges| self.model.may_correct(&rules, key, charges)) {
                let is_more = net(&rules, &charges) > net(&rules, &self.model.closed[&key].charges);
                self.count(if is_more { "debited" } else { "credited" });
                self.model.correct(&rules, key, charges);
            }
        }
        for (key, charges) in found.iter().filter(|(key, _)| !self.model.closed.contains_key(key)).collect::<Vec<_>>() {
            self.learn_closed(*key, charges)?;
        }
        self.believe(&billed);
        for key in Model::keys(&rules).filter(|key| self.model.is_closable(*key) && today > end_of(key.1)) {
            let may_wait = self.model.is_parked(&rules, key) || self.model.to_approve(&rules, key).is_some();
            ensure(may_wait, || format!("{} of {} could be closed and is not", MONTHS[key.1], BUSINESSES[key.0].0))?;
        }
        Ok(())
    }

    /// Of a business with a month that is in doubt, what is billed is taken from the documents.
    fn believe(&mut self, billed: &BTreeMap<Key, i64>) {
        let doubted: BTreeSet<usize> = Model::keys(&self.town.rules)
            .filter(|key| self.model.is_doubted(*key))
            .map(|(business, _)| business)
            .collect();
        for (key, closed) in self.model.closed.iter_mut().filter(|((business, _), _)| doubted.contains(business)) {
            closed.billed = billed.get(key).copied().unwrap_or(0);
        }
    }

    fn learn_closed(&mut self, key: Key, charges: &Charges) -> Checked {
        let rules = self.town.rules.clone();
        if !self.model.is_doubted(key) {
            let told = self.model.told(key);
            let place = || format!("{} of {}", MONTHS[key.1], BUSINESSES[key.0].0);
            ensure(self.model.is_closable(key), || format!("{} is closed without proof", place()))?;
            ensure(!self.model.is_parked(&rules, key), || format!("{} is closed in spite of a guard", place()))?;
            ensure(self.model.to_approve(&rules, key).is_none(), || format!("{} is closed unseen", place()))?;
            ensure(told.charges == *charges, || {
                format!("{} is closed with {charges:#?}\nby the rule {:#?}", place(), told.charges)
            })?;
        }
        let is_invoice = self.model.close(&rules, key, charges.clone());
        if !is_invoice && !charges.is_empty() {
            self.count("carried");
        }
        Ok(())
    }

    /// Disputes that the ledger says are settled.
    fn learn_settled(&mut self) -> Checked {
        let settled: BTreeSet<u64> =
            bodies(&self.town.state(), "dispute_settled").iter().map(|b| b["dispute"].as_u64().unwrap()).collect();
        let rules = self.town.rules.clone();
        for place in 0..self.model.disputes.len() {
            let dispute = &mut self.model.disputes[place];
            if dispute.is_settled || !settled.contains(&dispute.number) {
                continue;
            }
            dispute.is_settled = true;
            let (key, accepted) = (dispute.key, dispute.accepted.clone());
            let mut charges = self.model.closed.get(&key).ok_or("a dispute of an open month")?.charges.clone();
            charges.retain(|id, _| !accepted.contains(id));
            self.model.correct(&rules, key, charges);
            self.count("settled");
        }
        Ok(())
    }

    /// The books hold, and are those of the model.
    fn check(&mut self) -> Checked {
        let state = self.town.state();
        let (documents, standing) = (books::documents(&state), books::standing(&self.town));
        books::check_documents(&documents)?;
        books::check_once(&standing)?;
        books::check_journal(&self.town, &documents)?;
        let billed = books::billed(&documents);
        for (key, closed) in &self.model.closed {
            let place = format!("{} of {}", MONTHS[key.1], BUSINESSES[key.0].0);
            let stands = standing.get(key).ok_or("a closed month is gone")?;
            ensure(*stands == closed.charges, || {
                format!("of {place} stands {stands:#?}\nby the rule {:#?}", closed.charges)
            })?;
            let billed = billed.get(key).copied().unwrap_or(0);
            ensure(billed == closed.billed, || format!("{billed} of {place} is billed, {} is due", closed.billed))?;
            let stands = net(&self.town.rules, stands);
            ensure((0..=stands).contains(&billed), || format!("{billed} of {place} is billed, {stands} stands"))?;
        }
        ensure(billed.keys().all(|key| self.model.closed.contains_key(key)), || "an open month is billed".to_owned())?;
        self.check_status()?;
        self.check_frozen()?;
        let head = bodies(&state, "month_closed").len() + bodies(&state, "corrected").len() + documents.len();
        let head = format!("{head} {}", self.model.closed.len());
        let verified = ritardo(&self.town.folder, &["verify"]);
        ensure(verified.code == 0, || said(&verified))?;
        if head != self.audited && !self.model.closed.is_empty() {
            let audited = ritardo(&self.town.folder, &["audit", "--all"]);
            ensure(audited.code == 0, || said(&audited))?;
        }
        self.audited = head;
        Ok(())
    }

    /// What `status` says of closed months is what the documents say.
    fn check_status(&self) -> Checked {
        let told = self.ritardo(&["status", "--format", "json"]);
        ensure(told.code == 0, || said(&told))?;
        for row in told.json()["months"].as_array().unwrap() {
            let Some(key) = place(&text(row, "business"), &text(row, "month")) else { continue };
            let Some(closed) = self.model.closed.get(&key) else {
                ensure(row["state"] != "closed", || format!("closed and not in the ledger: {row:#}"))?;
                continue;
            };
            let net = net(&self.town.rules, &closed.charges);
            let amount = |name: &str| row[name].as_str().map_or(0, cents);
            let is_so = row["state"] == "closed" && amount("net") == net && amount("carried") == net - closed.billed;
            ensure(is_so, || format!("{net} stands, {} is billed: {row:#}", closed.billed))?;
        }
        Ok(())
    }

    fn check_frozen(&mut self) -> Checked {
        let now = books::frozen(&self.town.state());
        let changed: Vec<&String> = self
            .frozen
            .iter()
            .filter(|(name, sha256)| now.get(*name).is_some_and(|n| n != *sha256))
            .map(|(n, _)| n)
            .collect();
        ensure(changed.is_empty(), || format!("changed after they were issued: {changed:?}"))?;
        let gone = self.frozen.keys().find(|name| !name.starts_with("charges/") && !now.contains_key(*name));
        ensure(gone.is_none(), || format!("{gone:?} is gone"))?;
        self.frozen.extend(now);
        Ok(())
    }

    fn approve(&mut self) -> Checked {
        self.night()?;
        let rules = self.town.rules.clone();
        for (place, month) in MONTHS.iter().enumerate() {
            let due: Vec<_> = Model::keys(&rules)
                .filter(|(_, of)| *of == place)
                .filter_map(|key| Some((key, self.model.to_approve(&rules, key)?)))
                .collect();
            let ran = self.ritardo(&["approve", month]);
            let is_expected = ran.code == if due.is_empty() { 2 } else { 0 };
            ensure(is_expected || !self.model.doubted.is_empty(), || format!("{due:?} waits: {}", said(&ran)))?;
            if ran.code == 0 {
                self.count("approved");
                self.model.approved.extend(due);
            }
        }
        self.night()
    }

    fn unpark(&mut self) -> Checked {
        self.night()?;
        let told = self.ritardo(&["parked", "--format", "json"]);
        ensure(told.code == 0, || said(&told))?;
        for row in told.json().as_array().unwrap() {
            let (business, month) = (text(row, "business"), text(row, "month"));
            if row["found"].as_array().unwrap().iter().any(|found| found["may_be_released"] != true) {
                // Only logs that disagree make a message one of two months.
                ensure(!self.model.doubted.is_empty(), || format!("parked for good: {row:#}"))?;
                continue;
            }
            let ran = self.ritardo(&["unpark", &month, "--business", &business, "--reason", "it was a busy day"]);
            ensure(ran.code == 0, || said(&ran))?;
            self.count("unparked");
            if let Some(key) = place(&business, &month) {
                self.model.unparked.insert(key, self.model.told(key).charges);
            }
        }
        self.night()
    }

    fn dispute(&mut self, of: usize, decision: usize) -> Checked {
        let all: Vec<(Key, String)> = (self.model.closed.iter())
            .flat_map(|(key, closed)| closed.charges.keys().map(|id| (*key, id.clone())))
            .collect();
        if all.is_empty() {
            return Ok(());
        }
        let picked: BTreeMap<String, Key> =
            (0..1 + of % 3).map(|nth| all[(of + nth * 5) % all.len()].clone()).map(|(key, id)| (id, key)).collect();
        let decision = ["", "", "accept", "accept", "reject"][decision];
        let rows: String = picked.keys().map(|id| format!("{id},the till was offline,{decision}\n")).collect();
        let file = "message_id,reason,decision\n".to_owned() + &rows + "nobody-knows,why not,\n";
        fs::write(self.town.folder.join("claims.csv"), file).unwrap();
        let ran = self.ritardo(&["dispute", "open", "claims.csv"]);
        ensure(ran.code == 0, || said(&ran))?;
        let mut opened: Vec<Dispute> = Vec::new();
        for line in ran.out.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["dispute", number, month, business, ..] => {
                    let key = place(business.trim_end_matches(':'), month).ok_or("a dispute of no month")?;
                    let number = number.parse().unwrap();
                    opened.push(Dispute { number, key, accepted: BTreeSet::new(), is_settled: false });
                }
                [ruling @ ("accepted" | "rejected"), id, ..] if id != "nobody-knows:" => {
                    let (dispute, id) = (opened.last_mut().ok_or("a claim of no dispute")?, id.trim_end_matches(':'));
                    let key = *picked.get(id).ok_or("a claim that nobody made")?;
                    let is_twice = self.model.disputes.iter().any(|d| d.key.0 == key.0 && d.accepted.contains(id));
                    let is_given = decision == "accept" || decision.is_empty() && !self.model.proves(key, id);
                    let due = is_given && !is_twice;
                    let is_known = decision.is_empty() && self.model.is_doubted(key);
                    ensure(is_known || due == (ruling == "accepted"), || format!("{id} is {ruling}:\n{}", ran.out))?;
                    if ruling == "accepted" {
                        dispute.accepted.insert(id.to_owned());
                    }
                }
                _ => {}
            }
        }
        ensure(!opened.is_empty(), || said(&ran))?;
        self.model.disputes.extend(opened);
        self.check()
    }

    fn settle(&mut self, of: usize, after: u64) -> Checked {
        let open: Vec<&Dispute> =
            self.model.disputes.iter().filter(|dispute| !dispute.is_settled && !dispute.accepted.is_empty()).collect();
        let Some(dispute) = (!open.is_empty()).then(|| open[of % open.len()].clone()) else { return Ok(()) };
        let number = dispute.number.to_string();
        let arguments = ["dispute", "settle", &number, "--issue"];
        if after > 0 {
            self.kill(&arguments, after);
            self.learn_settled()?;
            return self.night();
        }
        let ran = self.ritardo(&arguments);
        ensure(ran.code == 0, || format!("dispute {number}: {}", said(&ran)))?;
        self.learn_settled()?;
        let is_settled = self.model.disputes.iter().any(|d| d.number == dispute.number && d.is_settled);
        ensure(is_settled, || format!("dispute {number} is not settled"))?;
        self.check()
    }

    fn reissue(&mut self, of: usize, after: u64) -> Checked {
        let documents = books::documents(&self.town.state());
        let invoices: Vec<&Document> = documents.iter().filter(|document| !document.is_credit()).collect();
        if invoices.is_empty() {
            return Ok(());
        }
        let invoice = invoices[of % invoices.len()];
        let credits =
            documents.iter().filter(|note| note.is_credit() && note.corrects.as_ref() == Some(&invoice.number));
        let rest = invoice.amounts[0] - credits.map(|note| note.amounts[0]).sum::<i64>();
        self.version += 1;
        self.town.write_book(self.version);
        let arguments = ["reissue", &invoice.number, "--reason", "the street has another number"];
        if after > 0 {
            self.kill(&arguments, after);
            return self.night();
        }
        let ran = self.ritardo(&arguments);
        ensure(ran.code == if rest > 0 { 0 } else { 2 }, || {
            format!("{rest} left of {}: {}", invoice.number, said(&ran))
        })?;
        self.check()
    }

    fn accept(&mut self, of: usize) -> Checked {
        let told = self.ritardo(&["gap", "list", "--format", "json"]);
        ensure(told.code == 0, || said(&told))?;
        let told = told.json();
        let held = told["held"].as_array().unwrap();
        if held.is_empty() {
            return Ok(());
        }
        let hold = &held[of % held.len()];
        let business = BUSINESSES.iter().position(|(id, ..)| hold["business"] == *id).ok_or("a hold of nobody")?;
        // Which of its conversations it touches is for the program to know.
        self.model.doubted.extend((0..8).map(|customer| (business, customer)));
        let ran = self.ritardo(&["gap", "accept", &text(hold, "id"), "--reason", "the till was off"]);
        ensure(ran.code == 0, || said(&ran))?;
        self.count("accepted");
        self.night()
    }

    /// Everything comes to light, and everybody says yes.
    pub fn end(&mut self) -> Checked {
        while let Some(log) = self.town.missing.pop() {
            self.town.put(log);
        }
        while let Some(message) = self.town.withheld.pop() {
            self.town.put_late(vec![message]);
        }
        self.today = self.today.max(DAYS + 2);
        self.night()?;
        self.unpark()?;
        self.approve()?;
        for document in books::documents(&self.town.state()) {
            self.count(match document.kind {
                "invoice" => "invoice",
                "replacement" => "replacement",
                _ => "credit note",
            });
        }
        let closed: BTreeSet<usize> = self.model.closed.keys().map(|(_, month)| *month).collect();
        for month in closed {
            let bundle = format!("{}.tar.zst", MONTHS[month]);
            for arguments in [&["export-month", MONTHS[month], &bundle][..], &["audit", &bundle]] {
                let ran = ritardo(&self.town.folder, arguments);
                ensure(ran.code == 0, || format!("{arguments:?}: {}", said(&ran)))?;
            }
        }
        Ok(())
    }
}
