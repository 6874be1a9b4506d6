//! `[metrics]`: where each run leaves its numbers for Prometheus.

use std::path::{Path, PathBuf};

use super::lies_in;
use super::table::{Form, Table};

const METRICS: Form =
    Form { name: "[metrics]", needs: &["textfile = \"/var/lib/node_exporter/ritardo.prom\""], allows: &[] };

/// The file of the metrics, where the file at `root` names one.
pub(super) fn textfile(root: &Table<'_>, state: &Path, inbox: &Path) -> Option<PathBuf> {
    let table = root.table("metrics", &METRICS)?;
    let path = table.path("textfile")?;
    if path.extension().is_none_or(|ending| ending != "prom") {
        let message = format!("the collector passes {} over: its name does not end with .prom", path.display());
        table.wrong("textfile", message, format!("write it like {}", METRICS.example("textfile")));
    }
    if let Some(folder) = [state, inbox].into_iter().find(|folder| lies_in(&path, folder)) {
        let message = format!("{} lies in the folder {}", path.display(), folder.display());
        table.wrong("textfile", message, "put it into the folder that the collector reads, which holds nothing else");
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use crate::config::parse_config;

    const ISSUER: &str =
        "[issuer]\nlegal_name = \"A\"\naddress = [\"B\"]\ncountry = \"IE\"\nemail = \"a@b.ie\"\nzone = \"UTC\"\n";

    fn metrics(more: &str) -> Result<Option<std::path::PathBuf>, usize> {
        let parsed = parse_config(std::path::Path::new("/etc/ritardo/ritardo.toml"), &format!("{ISSUER}{more}"));
        parsed.map(|config| config.metrics).map_err(|mistakes| mistakes.len())
    }

    #[test]
    fn the_textfile_lies_apart_and_has_the_ending_that_is_read() {
        assert_eq!(metrics(""), Ok(None));
        let told = metrics("[metrics]\ntextfile = \"metrics/ritardo.prom\"\n");
        assert_eq!(told, Ok(Some("/etc/ritardo/metrics/ritardo.prom".into())));
        for wrong in
            ["", "textfile = \"ritardo.txt\"\n", "textfile = \"state/r.prom\"\n", "textfile = \"inbox/r.prom\"\n"]
        {
            assert_eq!(metrics(&format!("[metrics]\n{wrong}")), Err(1), "{wrong}");
        }
    }
}
