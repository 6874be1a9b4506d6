//! Windows-1252, in which many banks of Western Europe still write their tables.

/// The signs from 0x80 to 0x9f; each other byte is the sign of its number. What has no sign there stays what it is in ISO 8859-1.
const SIGNS: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2c6}', '\u{2030}',
    '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}', '\u{2018}', '\u{2019}', '\u{201c}',
    '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}', '\u{203a}', '\u{153}', '\u{9d}',
    '\u{17e}', '\u{178}',
];

/// The text of bytes: every byte is a sign, so that it always is one.
pub(super) fn text(bytes: &[u8]) -> String {
    let sign = |byte: &u8| {
        let special = byte.checked_sub(0x80).and_then(|place| SIGNS.get(usize::from(place)));
        special.copied().unwrap_or(char::from(*byte))
    };
    bytes.iter().map(sign).collect()
}
