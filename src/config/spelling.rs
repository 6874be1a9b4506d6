//! "Did you mean": the known word nearest to a mistyped one.

/// The word that differs least from `typed`, when it differs little: by one slip in a short word, two in a long one.
pub(super) fn nearest<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let slips = if typed.chars().count() <= 4 { 1 } else { 2 };
    let near = words.into_iter().map(|word| (distance(typed, word), word));
    near.filter(|(distance, _)| *distance <= slips).min().map(|(_, word)| word)
}

/// Letters to insert, remove, replace or swap with their neighbour to turn one word into the other.
fn distance(typed: &str, word: &str) -> usize {
    let typed: Vec<char> = typed.chars().flat_map(char::to_lowercase).take(64).collect();
    let word: Vec<char> = word.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=word.len()).collect();
    for (i, letter) in typed.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, wanted) in word.iter().enumerate() {
            let replaced = above[j] + usize::from(letter != wanted);
            let mut least = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && typed[i - 1] == *wanted && *letter == word[j - 1] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[word.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_word() {
        const KEYS: [&str; 5] = ["legal_name", "zone", "host", "port", "password_env"];
        for (typed, found) in [
            ("legal-name", Some("legal_name")),
            ("legalname", Some("legal_name")),
            ("Zone", Some("zone")),
            ("zoen", Some("zone")),
            ("hots", Some("host")),
            ("post", Some("host")),
            ("password", None),
            ("tz", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, KEYS), found, "{typed}");
        }
    }
}
