//! The hybrid of runs and packed bits in which Parquet stores small numbers.

use super::Unusual;

/// The hybrid of runs and packed bits of the Parquet format: gives each value with the number of times that it stands
/// there, `count` values in all.
pub(super) fn runs(data: &[u8], width: u32, count: usize, mut give: impl FnMut(u64, usize)) -> Result<(), Unusual> {
    if width > 32 {
        return Err(Unusual);
    }
    let bytes = usize::try_from(width.div_ceil(8)).map_err(|_| Unusual)?;
    let (mut rest, mut left) = (data, count);
    while left > 0 {
        let (header, after) = varint(rest).ok_or(Unusual)?;
        let times = usize::try_from(header >> 1).map_err(|_| Unusual)?;
        if header & 1 == 0 {
            let (value, after) = after.split_at_checked(bytes).ok_or(Unusual)?;
            let value = value.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte));
            let times = times.min(left);
            if times == 0 {
                return Err(Unusual);
            }
            give(value, times);
            (rest, left) = (after, left - times);
            continue;
        }
        // Groups of eight; the last may be cut where the values end.
        let packed = times.checked_mul(usize::try_from(width).map_err(|_| Unusual)?).ok_or(Unusual)?;
        let (packed, after) = after.split_at(packed.min(after.len()));
        let values = times.saturating_mul(8).min(left);
        if times == 0 {
            return Err(Unusual);
        }
        unpacked(packed, width, values, &mut give)?;
        (rest, left) = (after, left - values);
    }
    Ok(())
}

/// Values of `width` bits each, the lowest first, in groups of eight.
fn unpacked(packed: &[u8], width: u32, count: usize, give: &mut impl FnMut(u64, usize)) -> Result<(), Unusual> {
    let mask = (1_u64 << width) - 1;
    let bytes = usize::try_from(width).map_err(|_| Unusual)?;
    let mut left = count;
    for group in 0..count.div_ceil(8) {
        let begin = group * bytes;
        let group = packed.get(begin..packed.len().min(begin + bytes)).ok_or(Unusual)?;
        let values = left.min(8);
        if group.len() * 8 < values * bytes {
            return Err(Unusual);
        }
        if bytes <= 8 {
            // Most dictionaries are that small.
            let mut all = [0; 8];
            all[..group.len()].copy_from_slice(group);
            let mut all = u64::from_le_bytes(all);
            for _ in 0..values {
                give(all & mask, 1);
                all >>= bytes;
            }
        } else if bytes <= 16 {
            let mut all = [0; 16];
            all[..group.len()].copy_from_slice(group);
            let all = u128::from_le_bytes(all);
            (0..values)
                .for_each(|place| give(u64::try_from((all >> (place * bytes)) & u128::from(mask)).unwrap_or(0), 1));
        } else {
            wide(group, width, values, give);
        }
        left -= values;
    }
    Ok(())
}

/// The same of one group whose values are wide.
fn wide(group: &[u8], width: u32, count: usize, give: &mut impl FnMut(u64, usize)) {
    let (mut bits, mut held) = (0_u64, 0_u32);
    let mask = (1_u64 << width) - 1;
    let mut bytes = group.iter();
    for _ in 0..count {
        while held < width {
            bits |= u64::from(bytes.next().copied().unwrap_or(0)) << held;
            held += 8;
        }
        give(bits & mask, 1);
        bits >>= width;
        held -= width;
    }
}

fn varint(data: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (place, byte) in data.iter().enumerate().take(5) {
        value |= u64::from(byte & 127) << (7 * place);
        if byte & 128 == 0 {
            return Some((value, &data[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(data: &[u8], width: u32, count: usize) -> Option<Vec<u64>> {
        let mut all = Vec::new();
        runs(data, width, count, |value, times| all.extend(std::iter::repeat_n(value, times))).ok().map(|()| all)
    }

    #[test]
    fn runs_and_packed_bits_are_the_formats() {
        // The example of the specification: 0 to 7 in three bits each.
        let packed = [0b0000_0011, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        assert_eq!(told(&packed, 3, 8), Some((0..8).collect()));
        // Two hundred times 5, then 1.
        assert_eq!(told(&[0x90, 0x03, 5, 2, 1], 3, 201).unwrap()[198..], [5, 5, 1]);
        assert_eq!(told(&packed, 3, 9), None, "it ends too early");
        assert_eq!(told(&[2], 3, 1), None);
        assert_eq!(told(&[0, 5], 3, 1), None, "a run of nothing has no end");
        assert_eq!(told(&[], 0, 0), Some(Vec::new()));
        // Twelve bits each: 1, 2 and 3 of a group of eight.
        assert_eq!(told(&[3, 1, 0x20, 0, 3, 0], 12, 3), Some(vec![1, 2, 3]));
        // Twenty bits each.
        assert_eq!(told(&[3, 1, 0, 0x20, 0, 0], 20, 2), Some(vec![1, 2]));
        assert_eq!(told(&[8], 0, 4), Some(vec![0; 4]), "no bit is needed for one value");
    }
}
