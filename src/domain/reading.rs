//! The reading of the rule that a tariff states: who is charged for what, by which clock.

use std::fmt;

use super::Elapsed;

/// Gives a field of the reading its names: `name`, `FromStr`, `Display`, all values.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$of:meta])* $value:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[$of])* $value,)+ }

        impl $type {
            pub const ALL: &'static [$type] = &[$(Self::$value,)+];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$value => $name,)+ }
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(name: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().copied().find(|value| value.name() == name);
                let names = || Self::ALL.iter().map(|value| value.name()).collect::<Vec<_>>().join(", ");
                found.ok_or_else(|| format!("`{name}` is none of {}", names()))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

named! {
    /// What is charged.
    ChargeFor {
        /// Each inbound message that is answered late or never.
        UnansweredInbound = "unanswered_inbound",
        /// Each that is answered late; one never answered by `give_up` is free.
        LateReply = "late_reply",
        /// Each outbound message sent more than the window after the last inbound message before it.
        LateOutbound = "late_outbound",
    }
}

named! {
    /// What one charge is for.
    ChargePer {
        Message = "message",
        /// Consecutive inbound messages with no answer between.
        WaitRun = "wait_run",
    }
}

named! {
    /// Which message of a run gives `received_at`, customer, rate, entry point and month.
    RunClock {
        /// Each its own.
        EachInbound = "each_inbound",
        /// The first of the run, for all of it.
        FirstUnanswered = "first_unanswered",
        /// The last of the run, for all of it.
        LastInbound = "last_inbound",
    }
}

named! {
    /// An instant of a wait.
    DateOf {
        Received = "received",
        Deadline = "deadline",
        Answered = "answered",
    }
}

named! {
    /// Which outbound messages answer.
    AnsweredBy {
        Any = "any",
        /// None that is automatic.
        Human = "human",
        /// Those that were delivered or read, at any time; the instant stays that of sending.
        Delivered = "delivered",
    }
}

named! {
    /// Whether a wait of exactly the window is on time.
    Boundary {
        /// Exactly at the window is on time.
        Inclusive = "inclusive",
        /// Exactly at the window is late.
        Exclusive = "exclusive",
    }
}

/// How the rule is read. `Default` is the default reading: every message that is answered late or never, each with
/// its own clock of 24 hours, any answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reading {
    pub charge_for: ChargeFor,
    pub charge_per: ChargePer,
    pub clock: RunClock,
    pub window: Elapsed,
    pub boundary: Boundary,
    /// Which instant finds the rate. Of [`ChargeFor::LateOutbound`] it is `Answered`: that of the outbound message.
    pub price_date: DateOf,
    /// Which instant puts a charge in its billing month; of [`ChargeFor::LateOutbound`] it is `Answered`.
    pub month_of: DateOf,
    pub answered_by: AnsweredBy,
    /// How long after the clock's message an answer is waited for.
    pub give_up: Option<Elapsed>,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            charge_for: ChargeFor::UnansweredInbound,
            charge_per: ChargePer::Message,
            clock: RunClock::EachInbound,
            window: Elapsed::DAY,
            boundary: Boundary::Inclusive,
            price_date: DateOf::Received,
            month_of: DateOf::Received,
            answered_by: AnsweredBy::Any,
            give_up: None,
        }
    }
}

/// Why fields of a reading do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The field to point at, as the tariff writes it.
    pub field: &'static str,
    pub message: &'static str,
    pub hint: &'static str,
}

impl Reading {
    /// The reading of the official rule of 2018 to 2022: each outbound message that comes late is priced.
    pub fn late_outbound() -> Self {
        Self {
            charge_for: ChargeFor::LateOutbound,
            price_date: DateOf::Answered,
            month_of: DateOf::Answered,
            ..Self::default()
        }
    }

    /// Whether the month of a charge is that in which its message was received.
    pub fn is_by_receipt(&self) -> bool {
        self.month_of == DateOf::Received
    }

    /// Whether a wait of this length is within `limit` (the window, the start of a lateness step, `give_up`).
    pub fn is_within(&self, wait: Elapsed, limit: Elapsed) -> bool {
        match self.boundary {
            Boundary::Inclusive => wait <= limit,
            Boundary::Exclusive => wait < limit,
        }
    }

    /// How long after a message its charge can still change: the window or `give_up`.
    pub fn horizon(&self) -> Elapsed {
        self.give_up.map_or(self.window, |give_up| give_up.max(self.window))
    }

    /// What keeps the fields from going together; `None`: nothing does.
    pub fn clash(&self) -> Option<Clash> {
        let clash = |field, message, hint| Some(Clash { field, message, hint });
        let by_answer = self.price_date == DateOf::Answered || self.month_of == DateOf::Answered;
        let date = if self.price_date == DateOf::Answered { "price_date" } else { "month_of" };
        if self.window == Elapsed::ZERO {
            return clash("window", "the window must be longer than nothing", "the announced window is 24h");
        }
        if self.give_up.is_some_and(|give_up| give_up <= self.window) {
            return clash("give_up", "give_up must be longer than the window", "an answer may come late before it");
        }
        if self.charge_for == ChargeFor::LateOutbound {
            let plain = Self { window: self.window, boundary: self.boundary, ..Self::late_outbound() };
            let field = [
                ("charge_per", self.charge_per != plain.charge_per),
                ("clock", self.clock != plain.clock),
                ("answered_by", self.answered_by != plain.answered_by),
                ("give_up", self.give_up.is_some()),
                ("price_date", self.price_date != plain.price_date),
                ("month_of", self.month_of != plain.month_of),
            ];
            let field = field.into_iter().find(|(_, differs)| *differs).map(|(field, _)| field)?;
            let message =
                "late_outbound charges outbound messages, each by its own instant: this field has no part in it";
            return clash(field, message, "remove it, or charge for inbound messages");
        }
        if self.charge_per == ChargePer::WaitRun && self.clock == RunClock::EachInbound {
            let message = "a run that is charged once has one clock, and each_inbound gives it several";
            return clash("clock", message, "say clock = \"first_unanswered\" or \"last_inbound\"");
        }
        if by_answer && self.charge_for == ChargeFor::UnansweredInbound {
            let message = "a message never answered is charged, and has no instant of an answer";
            return clash(date, message, "say \"received\" or \"deadline\", or charge_for = \"late_reply\"");
        }
        if self.give_up.is_none() {
            let hint = "add give_up = \"7d\" or another length of time";
            if self.charge_for == ChargeFor::LateReply {
                return clash("charge_for", "late_reply needs give_up: else a month could wait for ever", hint);
            }
            if self.clock == RunClock::LastInbound {
                return clash("clock", "last_inbound needs give_up: else a run could go on for ever", hint);
            }
        }
        None
    }

    /// The fields that differ from the default, as the tariff writes them.
    pub fn stated(&self) -> Vec<(&'static str, String)> {
        let (plain, text) = (Self::default(), |name: &str| name.to_owned());
        let late_outbound = self.charge_for == ChargeFor::LateOutbound;
        let fields = [
            ("charge_for", self.charge_for != plain.charge_for, text(self.charge_for.name())),
            ("charge_per", self.charge_per != plain.charge_per, text(self.charge_per.name())),
            ("clock", self.clock != plain.clock, text(self.clock.name())),
            ("window", self.window != plain.window, self.window.to_string()),
            ("boundary", self.boundary != plain.boundary, text(self.boundary.name())),
            ("price_date", self.price_date != plain.price_date && !late_outbound, text(self.price_date.name())),
            ("month_of", self.month_of != plain.month_of && !late_outbound, text(self.month_of.name())),
            ("answered_by", self.answered_by != plain.answered_by, text(self.answered_by.name())),
            ("give_up", self.give_up.is_some(), self.give_up.map(|give_up| give_up.to_string()).unwrap_or_default()),
        ];
        fields.into_iter().filter(|(_, differs, _)| *differs).map(|(field, _, value)| (field, value)).collect()
    }
}

/// `default`, or what differs from it: `charge_for = late_reply, give_up = 168h`.
impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stated: Vec<String> =
            self.stated().into_iter().map(|(field, value)| format!("{field} = {value}")).collect();
        f.pad(&if stated.is_empty() { "default".to_owned() } else { stated.join(", ") })
    }
}
