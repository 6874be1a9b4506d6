//! The readings that the announcement has been given, beside the one of a tariff.

use super::Elapsed;
use super::reading::{AnsweredBy, Boundary, ChargeFor, ChargePer, DateOf, Reading, RunClock};

impl Reading {
    /// This reading; then the default with each of its fields changed in turn, and the ways in which the fields have
    /// been combined; each once. `give_up` is taken where a reading needs one and this one has none.
    pub fn variants(&self, give_up: Elapsed) -> Vec<Reading> {
        let plain = Self { window: self.window, ..Self::default() };
        let give_up = Some(self.give_up.unwrap_or(give_up));
        let (first, last) = (RunClock::FirstUnanswered, RunClock::LastInbound);
        let run = ChargePer::WaitRun;
        let late_reply = Self { charge_for: ChargeFor::LateReply, give_up, ..plain };
        let mut variants = vec![
            *self,
            plain,
            Self { boundary: Boundary::Exclusive, ..plain },
            Self { answered_by: AnsweredBy::Human, ..plain },
            Self { answered_by: AnsweredBy::Delivered, ..plain },
            Self { give_up, ..plain },
            Self { clock: first, ..plain },
            Self { clock: last, give_up, ..plain },
            Self { charge_per: run, clock: first, ..plain },
            Self { charge_per: run, clock: last, give_up, ..plain },
            Self { price_date: DateOf::Deadline, ..plain },
            Self { month_of: DateOf::Deadline, ..plain },
            late_reply,
            Self { price_date: DateOf::Answered, ..late_reply },
            Self { month_of: DateOf::Answered, ..late_reply },
            Self { charge_per: run, clock: first, ..late_reply },
            Self { charge_per: run, clock: last, ..late_reply },
            Self { window: self.window, ..Self::late_outbound() },
        ];
        let mut seen = std::collections::BTreeSet::new();
        variants.retain(|reading| reading.clash().is_none() && seen.insert(*reading));
        variants
    }

    /// Every combination of the fields that makes sense, with the window of this reading, and `give_up` or none; in
    /// the order of the fields.
    pub fn combinations(&self, give_up: Elapsed) -> Vec<Reading> {
        let mut all = vec![Self { window: self.window, ..Self::default() }];
        let mut vary = |values: &dyn Fn(Reading) -> Vec<Reading>| {
            all = all.iter().copied().flat_map(values).collect();
        };
        vary(&|one| ChargeFor::ALL.iter().map(|charge_for| Self { charge_for: *charge_for, ..one }).collect());
        vary(&|one| ChargePer::ALL.iter().map(|charge_per| Self { charge_per: *charge_per, ..one }).collect());
        vary(&|one| RunClock::ALL.iter().map(|clock| Self { clock: *clock, ..one }).collect());
        vary(&|one| Boundary::ALL.iter().map(|boundary| Self { boundary: *boundary, ..one }).collect());
        vary(&|one| DateOf::ALL.iter().map(|price_date| Self { price_date: *price_date, ..one }).collect());
        vary(&|one| DateOf::ALL.iter().map(|month_of| Self { month_of: *month_of, ..one }).collect());
        vary(&|one| AnsweredBy::ALL.iter().map(|answered_by| Self { answered_by: *answered_by, ..one }).collect());
        vary(&|one| [None, Some(give_up)].into_iter().map(|give_up| Self { give_up, ..one }).collect());
        all.retain(|reading| reading.clash().is_none());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_variant_stands_twice_and_none_clashes() {
        let week: Elapsed = "7d".parse().unwrap();
        let variants = Reading::default().variants(week);
        assert_eq!((variants.len(), variants[0]), (17, Reading::default()));
        let own = Reading { answered_by: AnsweredBy::Human, boundary: Boundary::Exclusive, ..Reading::default() };
        assert_eq!((own.variants(week).len(), own.variants(week)[0]), (18, own));
        let all = Reading::default().combinations(week);
        assert!(all.iter().all(|reading| reading.clash().is_none()));
        let distinct: std::collections::BTreeSet<&Reading> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (464, 464)); // 192 of unanswered_inbound, 270 of late_reply, 2 of late_outbound
        assert!(variants.iter().all(|variant| all.contains(variant)));
    }
}
