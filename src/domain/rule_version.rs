//! The rule by which versions of the program come from logs to amounts.
//!
//! A month is audited by the rule that closed it. A version that counts anything otherwise gets a rule of its own here,
//! and keeps the older ones; what only looks otherwise is no new rule.

/// One way of coming from the same logs, book and tariff to amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleVersion {
    /// Of the versions 0.1.x.
    One,
}

impl RuleVersion {
    /// The rule of this program.
    pub const CURRENT: Self = Self::One;

    /// The rule of a version of the program; `None` for one that this program does not know.
    pub fn of(program_version: &str) -> Option<Self> {
        let mut parts = program_version.split(['.', '-', '+']);
        match (parts.next()?, parts.next()?, parts.next()?) {
            ("0", "1", patch) if !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(Self::One)
            }
            _ => None,
        }
    }

    pub const fn number(self) -> u32 {
        match self {
            Self::One => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_a_rule_or_none_that_is_known() {
        for (version, rule) in [("0.1.0", Some(1)), ("0.1.12-rc.1", Some(1)), ("0.2.0", None), ("1.1.0", None)] {
            assert_eq!(RuleVersion::of(version).map(RuleVersion::number), rule, "{version}");
        }
        for damaged in ["", "0.1", "0.1.", "0.1.x", "v0.1.0"] {
            assert_eq!(RuleVersion::of(damaged), None, "{damaged}");
        }
    }

    /// A new version of the program says by which rule it closes, before it closes anything.
    #[test]
    fn this_program_has_the_current_rule() {
        assert_eq!(RuleVersion::of(env!("CARGO_PKG_VERSION")), Some(RuleVersion::CURRENT));
    }
}
