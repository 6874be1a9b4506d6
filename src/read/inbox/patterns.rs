//! Which source claims a file, by the patterns of their `files`.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::settings::Source;

/// The sources by what their patterns begin with, to be asked about one name after the other: there may be many of
/// both.
pub struct Patterns<'s> {
    sources: &'s [Source],
    /// Places of the sources, in their order, by the beginning of their patterns.
    by_beginning: BTreeMap<&'s str, Vec<usize>>,
    /// How many bytes the beginnings have.
    lengths: BTreeSet<usize>,
}

impl<'s> Patterns<'s> {
    pub fn of(sources: &'s [Source]) -> Self {
        let mut by_beginning: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, source) in sources.iter().enumerate() {
            by_beginning.entry(beginning(bare(&source.files))).or_default().push(place);
        }
        let lengths = by_beginning.keys().map(|beginning| beginning.len()).collect();
        Self { sources, by_beginning, lengths }
    }

    /// The first source whose pattern fits.
    pub fn claimed(&self, name: &str) -> Option<&'s Source> {
        let mut first: Option<(usize, &'s Source)> = None;
        for beginning in self.lengths.iter().filter_map(|length| name.get(..*length)) {
            let known = first.map(|(place, _)| place);
            let places = self.by_beginning.get(beginning).into_iter().flatten().copied();
            // A source that stands after one that fits is not asked.
            let earlier = places.take_while(|place| known.is_none_or(|known| *place < known));
            let mut sources = earlier.filter_map(|place| Some((place, self.sources.get(place)?)));
            first = sources.find(|(_, source)| fits(&source.files, name)).or(first);
        }
        first.map(|(_, source)| source)
    }
}

/// The first source whose pattern fits a single name; see [`Patterns`] for many.
pub fn claimed<'s>(sources: &'s [Source], name: &str) -> Option<&'s Source> {
    sources.iter().find(|source| fits(&source.files, name))
}

/// A pattern without what says nothing: `./` before it, and the `/` after a folder.
fn bare(pattern: &str) -> &str {
    let pattern = pattern.trim_start_matches("./");
    pattern.strip_suffix('/').unwrap_or(pattern)
}

/// What stands before the first `*` of a bare pattern: every name that it fits begins with that.
fn beginning(bare: &str) -> &str {
    bare.split('*').next().unwrap_or_default().trim_end_matches('/')
}

/// Whether a pattern fits a name: `*` is any text within one folder name, `**` any folders. A pattern that
/// names a folder takes everything below it.
fn fits(pattern: &str, name: &str) -> bool {
    let bare = bare(pattern);
    // It tells most names apart.
    if !name.starts_with(beginning(bare)) {
        return false;
    }
    let (parts, names): (Vec<&str>, Vec<&str>) = (bare.split('/').collect(), name.split('/').collect());
    folders_fit(&parts, &names) || folders_fit(&[parts.as_slice(), &["**"]].concat(), &names)
}

fn folders_fit(parts: &[&str], names: &[&str]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => (0..=names.len()).any(|skipped| folders_fit(rest, &names[skipped..])),
        (Some((part, parts)), Some((name, names))) => name_fits(part, name) && folders_fit(parts, names),
        _ => false,
    }
}

fn name_fits(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    let mut pieces = rest.split('*').collect::<Vec<_>>();
    let Some(tail) = pieces.pop() else { return true };
    for piece in pieces {
        let Some(found) = name.find(piece) else { return false };
        name = &name[found + piece.len()..];
    }
    name.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::settings::{Coverage, Stamps};
    use crate::domain::{Direction, Elapsed};

    #[test]
    fn patterns_fit_names() {
        for (pattern, name, expected) in [
            ("**", "a/b/c.csv", true),
            ("bakery", "bakery/2018-08-01.csv", true),
            ("bakery/", "bakery/x/2018-08-01.csv", true),
            ("bakery/*.csv", "bakery/2018-08-01.csv", true),
            ("bakery/*.csv", "bakery/x/2018-08-01.csv", false),
            ("bakery/**/*.csv", "bakery/x/y/2018-08-01.csv", true),
            ("bakery/**/*.csv", "bakery/2018-08-01.csv", true),
            ("*/2018-*-01.csv*", "bakery/2018-08-01.csv.gz", true),
            ("*.csv", "bakery/2018-08-01.csv", false),
            ("bakery", "bakery2/x.csv", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    /// Numbers without a pattern, the same in every run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % limit
        }

        /// Up to `most` folders, one inside the other.
        fn path(&mut self, most: usize, folders: &[&str]) -> String {
            let depth = 1 + self.below(most);
            (0..depth).map(|_| folders[self.below(folders.len())]).collect::<Vec<_>>().join("/")
        }
    }

    fn source(name: String, files: String) -> Source {
        Source {
            name,
            files,
            format: None,
            mapping: None,
            zone: None,
            stamps: Stamps::Text,
            from: None,
            to: None,
            expected_by: None,
            keep_raw: None,
            channels: None,
            directions: Direction::BOTH.to_vec(),
            coverage: Coverage::Span,
            tolerance: Elapsed::ZERO,
            chat: None,
        }
    }

    /// Every source in its order, and every pattern from its first letter on.
    fn plain<'s>(sources: &'s [Source], name: &str) -> Option<&'s Source> {
        let names: Vec<&str> = name.split('/').collect();
        let fits = |source: &&Source| {
            let parts: Vec<&str> = bare(&source.files).split('/').collect();
            folders_fit(&parts, &names) || folders_fit(&[parts.as_slice(), &["**"]].concat(), &names)
        };
        sources.iter().find(fits)
    }

    #[test]
    fn many_names_are_claimed_as_by_asking_every_source() {
        let written = ["a", "b", "ab", "abc", "é", "éa", "*", "**", "a*", "*b", "a*c", "é*", "*é", "a*b*"];
        let found = ["a", "b", "ab", "abc", "aé", "é", "éa", "è", "ac", "x"];
        let mut numbers = Numbers(1);
        let (mut claimed_by, mut unclaimed) = (BTreeSet::new(), 0);
        for round in 0..300 {
            let count = numbers.below(9);
            let sources: Vec<Source> = (0..count)
                .map(|place| {
                    let before = ["", "", "", "./"][numbers.below(4)];
                    let after = ["", "", "", "/"][numbers.below(4)];
                    source(format!("s{place}"), format!("{before}{}{after}", numbers.path(3, &written)))
                })
                .collect();
            let patterns = Patterns::of(&sources);
            for _ in 0..60 {
                let name = numbers.path(4, &found);
                let expected = plain(&sources, &name).map(|source| source.name.as_str());
                let found = patterns.claimed(&name).map(|source| source.name.as_str());
                assert_eq!(found, expected, "{round} {name}");
                assert_eq!(claimed(&sources, &name).map(|source| source.name.as_str()), expected, "{round} {name}");
                match expected {
                    Some(name) => {
                        claimed_by.insert(name.to_owned());
                    }
                    None => unclaimed += 1,
                }
            }
        }
        assert!(claimed_by.len() > 4 && unclaimed > 100, "{claimed_by:?} {unclaimed}");
    }
}
