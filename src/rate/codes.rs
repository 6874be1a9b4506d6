//! The markets of many customers: a tariff's calling codes as a tree of digits.

use super::tariff::Tariff;
use crate::domain::Market;
use crate::domain::text::leading_digits;

/// The calling codes of a tariff. Gives what [`Tariff::market_of`] gives, without a search for each length.
pub(super) struct Codes {
    /// The first one is the root.
    nodes: Vec<Node>,
    other: Market,
}

/// What begins with some digits.
#[derive(Default)]
struct Node {
    /// By the next digit; 0: no code goes on so.
    next: [usize; 10],
    /// The market whose code the digits are.
    market: Option<Market>,
}

impl Codes {
    pub fn of(tariff: &Tariff) -> Self {
        let mut codes = Self { nodes: vec![Node::default()], other: Market::other() };
        for market in tariff.markets.keys() {
            codes.add(market);
        }
        codes
    }

    fn add(&mut self, market: &Market) {
        let Some(code) = market.calling_code() else { return };
        let mut place = 0;
        for digit in code.bytes().filter_map(value) {
            let next = self.nodes[place].next[digit];
            place = if next == 0 {
                let new = self.nodes.len();
                self.nodes.push(Node::default());
                self.nodes[place].next[digit] = new;
                new
            } else {
                next
            };
        }
        self.nodes[place].market = Some(market.clone());
    }

    /// The market of a customer: the longest calling code of the tariff that begins its E.164 number.
    pub fn market_of(&self, customer: &str) -> Market {
        let (mut place, mut found) = (0, &self.other);
        for digit in leading_digits(customer).bytes() {
            place = value(digit).map_or(0, |digit| self.nodes[place].next[digit]);
            if place == 0 {
                break;
            }
            found = self.nodes[place].market.as_ref().unwrap_or(found);
        }
        found.clone()
    }
}

/// The value of a digit.
fn value(digit: u8) -> Option<usize> {
    digit.is_ascii_digit().then(|| usize::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_gives_what_the_search_gives() {
        let rates = ["1", "1 809", "39", "3933", "393", "7", "8801234"]
            .map(|code| format!("{{ market = \"{code}\", price = \"0.02\" }}"))
            .join(", ");
        let head = "id = \"t\"\nversion = \"1\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"a test\"\n";
        let text = format!("{head}rate = [{rates}, {{ market = \"other\", price = \"0.01\" }}]");
        let tariff = Tariff::parse(std::path::Path::new("t.toml"), &text).unwrap();
        let codes = Codes::of(&tariff);
        for customer in [
            "",
            "+",
            "someone",
            "39333",
            "+39",
            "+393",
            "+3933",
            "+39333",
            "+393334567890",
            "+39 333",
            "+1809",
            "+18095550100",
            "+18005550100",
            "+12125550100",
            "+88012345678901",
            "+8801299999999",
            "+0039333",
            "+3933312~abc",
            "+18~x",
            "+~",
            "+2~1809",
            "+7",
            "+79",
            "+393334567890x",
        ] {
            assert_eq!(codes.market_of(customer), tariff.market_of(customer), "{customer}");
        }
    }
}
