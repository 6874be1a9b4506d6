//! Names of members, which anybody may have chosen: they order the members and are shown, and are never paths.

/// Longer names are no names of logs.
const LONGEST: usize = 1 << 10;
/// So many letters of a name are shown.
const SHOWN: usize = 60;
/// So many digits in a row may be somebody's number.
const DIGITS_MAX: usize = 8;
/// What a desktop leaves in every folder.
const LITTER: [&[u8]; 3] = [b".DS_Store", b"Thumbs.db", b"desktop.ini"];

/// The name as it may be printed: its end where it is long, without signs that could hide something, and without
/// long numbers, which may be somebody's.
pub(super) fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let is_plain = |sign: &char| sign.is_alphanumeric() || " ._-+/()[],@&=~".contains(*sign);
    let signs: Vec<char> = text.chars().map(|sign| if is_plain(&sign) { sign } else { '?' }).collect();
    let mut told = String::from("`");
    let begin = signs.len().saturating_sub(SHOWN);
    if begin > 0 {
        told.push('…');
    }
    let runs = signs.chunk_by(|one, other| one.is_numeric() == other.is_numeric());
    let hidden = runs.flat_map(|run| {
        let is_long = run.len() > DIGITS_MAX && run.iter().all(|sign| sign.is_numeric());
        run.iter().map(move |sign| if is_long { '#' } else { *sign })
    });
    told.extend(hidden.skip(begin));
    told.push('`');
    told
}

/// Whether no file of a log has such a name.
pub(super) fn is_absurd(name: &[u8]) -> bool {
    let is_absolute = matches!(name, [b'/' | b'\\', ..]);
    let leaves = name.split(|byte| matches!(byte, b'/' | b'\\')).any(|part| part == b"..");
    name.is_empty() || name.len() > LONGEST || is_absolute || leaves || name.iter().any(u8::is_ascii_control)
}

/// The name without its folders.
pub(super) fn base(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default()
}

/// Whether a desktop has left the file, by its name.
pub(super) fn is_litter(name: &[u8]) -> bool {
    LITTER.contains(&base(name)) || name.split(|byte| *byte == b'/').any(|part| part == b"__MACOSX")
}

/// Whether the file holds what a Mac knows of another one.
pub(super) fn is_of_mac(name: &[u8], bytes: &[u8]) -> bool {
    base(name).starts_with(b"._") && bytes.starts_with(&[0, 5, 0x16, 7])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_without_what_could_harm() {
        for (name, expected) in [
            ("2018-08/body-17.json", "`2018-08/body-17.json`"),
            ("20180801.csv", "`20180801.csv`"),
            ("+393330000400/a.json", "`+############/a.json`"),
            ("a\u{202e}b\u{1b}[31m`c", "`a?b?[31m?c`"),
            ("caffè.csv", "`caffè.csv`"),
        ] {
            assert_eq!(shown(name.as_bytes()), expected);
        }
        assert_eq!(shown(b"\xff.csv"), "`?.csv`");
        let long = shown(&[b'a'; 500]);
        assert_eq!((long.chars().count(), long.starts_with("`…a")), (SHOWN + 3, true));
    }

    #[test]
    fn a_name_that_leaves_its_folder_is_absurd() {
        for name in ["", "/etc/passwd", "\\x", "..", "../x", "a/../x", "a\\..\\x", "a\nb", "a\0b"] {
            assert!(is_absurd(name.as_bytes()), "{name:?}");
        }
        assert!(is_absurd(&[b'a'; 2000]));
        for name in ["./a.json", "a..b", "...", "a b/c.csv", "città.csv"] {
            assert!(!is_absurd(name.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn litter_is_known() {
        for name in [".DS_Store", "a/.DS_Store", "__MACOSX/._a.csv", "a/__MACOSX/b", "x\\Thumbs.db"] {
            assert!(is_litter(name.as_bytes()), "{name}");
        }
        assert!(!is_litter(b"MACOSX/a.csv") && !is_litter(b"DS_Store"));
        assert!(is_of_mac(b"a/._b.csv", &[0, 5, 0x16, 7, 0]) && !is_of_mac(b"a/._b.csv", b"message_id"));
    }
}
