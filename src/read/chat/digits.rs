//! Digits of the scripts in which phones write dates.

/// The zeros of the scripts whose digits follow one another: ASCII, Arabic, Persian, those of India and its
/// neighbours, and the wide ones.
const ZEROS: [u32; 17] = [
    0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0x1040, 0x17e0,
    0xff10,
];

/// The value of a decimal digit.
pub(super) fn digit(sign: char) -> Option<u32> {
    let code = u32::from(sign);
    ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|digit| *digit < 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_have_their_value() {
        let (latin, arabic, persian) = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹");
        let (devanagari, thai, wide) = ("०१२३४५६७८९", "๐๑๒๓๔๕๖๗๘๙", "０１２３４５６７８９");
        for script in [latin, arabic, persian, devanagari, thai, wide] {
            let values: Vec<u32> = script.chars().filter_map(digit).collect();
            assert_eq!(values, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "{script}");
        }
        assert_eq!(['a', '/', ':', '²', '½', '一'].map(digit), [None; 6]);
    }
}
