//! All messages of an order in the order of time, in memory that hangs on a day and not on the month.

use super::dice::Dice;
use super::judge::judged;
use super::people::{Business, business_of, businesses, customer, message_id};
use super::plan::{MESSAGES_PER_HUNDRED, Step, plan};
use super::traps;
use super::{Expected, Message, Order, Place, Trap};
use crate::domain::{Direction, Elapsed, EntryPoint, Instant, Span, Status, Zone};

const HOUR: Elapsed = Elapsed::from_seconds(3600);
/// There are so many numbers: the conversations of traps have the last ones.
const LAST_CUSTOMER: u64 = 999_999_999;
/// Of ten thousand conversations begin so many in each hour of the day.
const HOURS: [u64; 24] =
    [120, 70, 50, 40, 40, 60, 120, 260, 480, 640, 720, 740, 680, 620, 600, 620, 660, 680, 660, 600, 560, 480, 320, 180];
const POINTS: [EntryPoint; 4] =
    [EntryPoint::InformationRequest, EntryPoint::ClickToChat, EntryPoint::LiveSupport, EntryPoint::Unknown];

/// A message that is planned, and not yet written.
struct Planned {
    step: Step,
    conversation: u64,
    business: u32,
    number: u32,
    place: Place,
    expected: Option<Expected>,
    is_copy: bool,
}

/// Gives the messages hour by hour.
pub struct Stream<'o> {
    order: &'o Order,
    businesses: Vec<Business>,
    conversations: u64,
    next: u64,
    begin: Instant,
    hour: usize,
    hours: Vec<Vec<Planned>>,
}

impl<'o> Stream<'o> {
    pub fn new(order: &'o Order) -> Self {
        let begin = order.begin();
        let hours = order.complete_through().since(begin).millis() / HOUR.millis();
        let businesses = businesses(order);
        let made = traps::made(order, &businesses);
        let mut stream = Self {
            order,
            businesses,
            conversations: (order.messages * 100 / MESSAGES_PER_HUNDRED).max(1),
            next: 0,
            begin,
            hour: 0,
            hours: std::iter::repeat_with(Vec::new).take(usize::try_from(hours).unwrap_or_default()).collect(),
        };
        for (number, made) in (0..).zip(&made) {
            stream.put(LAST_CUSTOMER - number, made.business, made.steps.clone());
        }
        stream
    }

    pub fn businesses(&self) -> &[Business] {
        &self.businesses
    }

    /// How many hours there are.
    pub fn hours(&self) -> usize {
        self.hours.len()
    }

    /// The messages of the next hour, sorted by time, then id, with the end of it; `None` after the last.
    pub fn hour(&mut self) -> Option<(Instant, Vec<Message>)> {
        let end = self.begin.plus(Elapsed::from_micros(HOUR.micros() * i64::try_from(self.hour + 1).ok()?));
        while self.next < self.conversations && self.start(self.next) < end {
            self.plan(self.next);
            self.next += 1;
        }
        let planned = std::mem::take(self.hours.get_mut(self.hour)?);
        self.hour += 1;
        let mut messages: Vec<Message> = planned.into_iter().map(|planned| self.message(&planned)).collect();
        messages.sort_by(|a, b| (a.sent_at, &a.message_id).cmp(&(b.sent_at, &b.message_id)));
        Some((end, messages))
    }

    /// When a conversation begins: never before an earlier one.
    fn start(&self, conversation: u64) -> Instant {
        let first = self.order.month.first_day();
        let days = u64::from(self.order.month.last_day().day());
        let at = u128::from(conversation) * u128::from(days * 10_000_000) / u128::from(self.conversations);
        let at = u64::try_from(at).unwrap_or_default();
        let (day, mut rest) = (at / 10_000_000, at % 10_000_000);
        let mut seconds = 0;
        for weight in HOURS {
            if rest < weight * 1000 {
                seconds += rest * 3_600_000 / (weight * 1000);
                break;
            }
            (rest, seconds) = (rest - weight * 1000, seconds + 3_600_000);
        }
        let into = Elapsed::from_micros(i64::try_from(seconds * 1000).unwrap_or_default());
        first.plus_days(u32::try_from(day).unwrap_or_default()).start(Zone::UTC).plus(into)
    }

    fn plan(&mut self, conversation: u64) {
        let mut dice = Dice::new(self.order.seed, conversation);
        let business = business_of(&mut dice, self.order.businesses);
        let has_greeting = self.order.has(Trap::Bots) && dice.hits(50);
        let steps = plan(&mut dice, self.start(conversation), has_greeting);
        self.put(conversation, business, steps);
    }

    /// Puts the steps of a conversation into their hours.
    fn put(&mut self, conversation: u64, business: u32, mut steps: Vec<Step>) {
        steps.iter_mut().for_each(|step| step.at = cut(step.at, self.order.unit));
        let missing = traps::day(self.order, Trap::Gaps, business);
        let late = traps::day(self.order, Trap::Late, business);
        let place = |step: &Step| {
            let is_in = |day: Option<Span>| day.is_some_and(|day| day.contains(step.at));
            match () {
                () if is_in(missing) => Place::Missing,
                () if is_in(late) && (conversation.is_multiple_of(3)) => Place::Late,
                () => Place::InTime,
            }
        };
        let places: Vec<Place> = steps.iter().map(place).collect();
        let known = judged(&steps, &places, missing);
        for (number, ((step, place), expected)) in (0..).zip(steps.into_iter().zip(places).zip(known)) {
            let planned = Planned { step, conversation, business, number, place, expected, is_copy: false };
            if let Some(copy) = self.copy(&planned) {
                self.keep(copy);
            }
            self.keep(planned);
        }
    }

    fn keep(&mut self, planned: Planned) {
        let hour = planned.step.at.since(self.begin).millis() / HOUR.millis();
        // What lies outside was never logged.
        if let Some(hour) = usize::try_from(hour).ok().and_then(|hour| self.hours.get_mut(hour)) {
            hour.push(planned);
        }
    }

    /// The same message once more: as it is, cut to its second, or before its customer had read it.
    fn copy(&self, planned: &Planned) -> Option<Planned> {
        let mut dice = Dice::new(self.order.seed ^ 1, planned.conversation ^ (u64::from(planned.number) << 40));
        if !self.order.has(Trap::Duplicates) || !dice.hits(20) {
            return None;
        }
        let Step { at, direction, kind, status } = planned.step;
        let at = if dice.hits(500) { cut(at, Elapsed::from_seconds(1)) } else { at };
        let earlier = if status == Status::Read && dice.hits(500) { Status::Sent } else { status };
        let step = Step { at, direction, kind, status: earlier };
        Some(Planned { step, expected: None, is_copy: true, ..*planned })
    }

    fn message(&self, planned: &Planned) -> Message {
        let Planned { step, conversation, business, number, place, expected, is_copy } = planned;
        let mut dice = Dice::new(self.order.seed ^ 2, *conversation);
        let customer = customer(&mut dice, *conversation);
        let point = POINTS[dice.pick(&[35, 25, 35, 5])];
        Message {
            business: *business,
            message_id: message_id(self.order.seed, *conversation, u64::from(*number)),
            customer,
            direction: step.direction,
            sent_at: step.at,
            kind: step.kind,
            status: step.status,
            entry_point: if step.direction == Direction::Inbound { point } else { EntryPoint::Unknown },
            place: *place,
            expected: expected.filter(|_| !is_copy),
        }
    }
}

fn cut(at: Instant, unit: Elapsed) -> Instant {
    Instant::from_micros(at.micros() - at.micros().rem_euclid(unit.micros().max(1)))
}
