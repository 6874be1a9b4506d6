//! `[limits]`: what one file may ask of the machine that reads it.

use super::table::{Form, Table};
use crate::domain::Elapsed;
use crate::domain::settings::Limits;

const LIMITS: Form = Form {
    name: "[limits]",
    needs: &[],
    allows: &[
        "memory = \"8GiB\"",
        "cpu = \"10m\"",
        "time = \"30m\"",
        "readers = 2",
        "unpacked = \"8GiB\"",
        "ratio = 250",
        "rows = 200000000",
    ],
};

/// The limits of the file at `root`; the usual ones where it says nothing.
pub(super) fn limits(root: &Table<'_>) -> Limits {
    let usual = Limits::default();
    let Some(table) = root.has("limits").then(|| root.table("limits", &LIMITS)).flatten() else { return usual };
    let number =
        |key: &str, range: std::ops::RangeInclusive<u32>, usual: u64| table.number(key, range).map_or(usual, u64::from);
    Limits {
        memory: table.parsed("memory", |text| bytes(text, 1 << 28)).unwrap_or(usual.memory),
        cpu_seconds: table.parsed("cpu", seconds).unwrap_or(usual.cpu_seconds),
        seconds: table.parsed("time", seconds).unwrap_or(usual.seconds),
        readers: usize::try_from(number("readers", 1..=64, usual.readers as u64)).unwrap_or(usual.readers),
        unpacked: table.parsed("unpacked", |text| bytes(text, 1 << 20)).unwrap_or(usual.unpacked),
        ratio: number("ratio", 10..=100_000, usual.ratio),
        rows: number("rows", 1_000..=4_000_000_000, usual.rows),
    }
}

/// `512MiB`, `8GiB`; at least `least` bytes.
pub(super) fn bytes(text: &str, least: u64) -> Result<u64, String> {
    let wrong = || format!("`{}` is not a size such as 512MiB or 8GiB", text.escape_debug());
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let (digits, power) = units
        .into_iter()
        .find_map(|(name, power)| Some((text.strip_suffix(name)?.trim_end(), power)))
        .ok_or_else(wrong)?;
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    let bytes = count.checked_mul(1 << power).ok_or_else(wrong)?;
    if bytes >= least { Ok(bytes) } else { Err(format!("{text} is too little: at least {} MiB", least >> 20)) }
}

fn seconds(text: &str) -> Result<u64, String> {
    let time: Elapsed = text.parse()?;
    let seconds = u64::try_from(time.millis() / 1000).unwrap_or_default();
    if (1..=86_400).contains(&seconds) { Ok(seconds) } else { Err(format!("{time} is not between 1s and 24h")) }
}
