//! Who writes to whom: businesses with their channels and zones, customers with their numbers.

use super::Order;
use super::dice::{Dice, mixed};
use crate::domain::Zone;

/// Markets with how many of a hundred customers they have.
pub const MARKETS: [(&str, u32); 9] =
    [("39", 30), ("351", 12), ("55", 18), ("44", 8), ("49", 9), ("34", 8), ("1", 6), ("91", 7), ("377", 2)];

const ZONES: [&str; 6] =
    ["Europe/Rome", "Europe/Lisbon", "America/Sao_Paulo", "Europe/Berlin", "America/New_York", "Asia/Kolkata"];

/// A business that is made.
#[derive(Clone, Debug)]
pub struct Business {
    pub id: String,
    /// Digits, as the id of a number in the Cloud API.
    pub channel: String,
    pub zone: Zone,
}

/// The businesses of an order, in the order of their ids.
pub fn businesses(order: &Order) -> Vec<Business> {
    (1..=order.businesses).map(business).collect()
}

fn business(number: u32) -> Business {
    let place = usize::try_from(number - 1).unwrap_or_default() % ZONES.len();
    let zone = ZONES[place].parse().unwrap_or(Zone::UTC);
    Business {
        id: format!("business-{number:05}"),
        channel: format!("{}", 1_002_003_000_000 + u64::from(number)),
        zone,
    }
}

/// The business of a conversation: the first ones have the most, as in life.
pub fn business_of(dice: &mut Dice, businesses: u32) -> u32 {
    let (one, other) = (dice.below(businesses), dice.below(businesses));
    // The smaller of two: a falling line. Half of the rest goes to the first tenth.
    let low = one.min(other);
    if dice.hits(400) { low / 10 } else { low }
}

/// The number of a customer, of whom there is one for each conversation.
pub fn customer(dice: &mut Dice, conversation: u64) -> String {
    let (code, _) = MARKETS[dice.pick(&MARKETS.map(|(_, weight)| weight))];
    // Multiplied by a number that shares no factor with 10^9, which keeps all of them apart.
    let subscriber = (conversation % 1_000_000_000).wrapping_mul(617_283_951) % 1_000_000_000;
    format!("+{code}{subscriber:09}")
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The id of a message: as long as those of 2018, and different for every step of every conversation.
pub fn message_id(seed: u64, conversation: u64, step: u64) -> String {
    let place = mixed((conversation << 20) ^ step ^ mixed(seed));
    let mut id = String::with_capacity(26);
    id.push_str("ABGG");
    for bits in [place, mixed(place ^ 0x5555_5555_5555_5555)] {
        for digit in 0..11 {
            let six = usize::try_from((bits >> (digit * 6)) & 63).unwrap_or_default();
            id.push(char::from(DIGITS[six]));
        }
    }
    id
}
