//! `[engine]`: the cluster that `run` and `audit` use, where there is one.

use std::path::Path;

use super::lies_in;
use super::objects::{lie_in_one_another, place};
use super::page::Page;
use super::table::{ENGINE, Form, Table};
use crate::domain::cluster::{ClusterRules, FarPlace};

const FORM: Form = Form {
    name: ENGINE,
    needs: &["remote = \"sc://host:15002\""],
    allows: &[
        "token_file = \"cluster.token\"",
        "archive = \"s3://bucket/archive\"",
        "exchange = \"s3://bucket/exchange\"",
    ],
};

/// The cluster, where the file at `root` names one.
pub(super) fn rules(root: &Table<'_>, (state, inbox): (&Path, &Path)) -> Option<ClusterRules> {
    let table = root.table("engine", &FORM)?;
    let far = |key: &str| table.parsed(key, |text| far(text, table.page));
    let (archive, exchange) = (far("archive"), far("exchange"));
    if let Some(exchange) = &exchange
        && let Some(other) = mixed(root, exchange, archive.as_ref(), (state, inbox))
    {
        let message = format!("what the cluster writes would lie in {other}");
        table.wrong("exchange", message, "give it a folder or a prefix of its own");
    }
    Some(ClusterRules {
        remote: table.parsed("remote", |text| text.parse())?,
        token_file: table.path("token_file"),
        archive,
        exchange,
    })
}

/// What holds the exchange, or lies in it, and may not.
fn mixed(
    root: &Table<'_>,
    exchange: &FarPlace,
    archive: Option<&FarPlace>,
    (state, inbox): (&Path, &Path),
) -> Option<&'static str> {
    let objects = |key: &str| root.quiet_text(key).and_then(|text| place(&text, "").ok()).map(FarPlace::Objects);
    let is_mixed = |other: &FarPlace| match (exchange, other) {
        (FarPlace::Objects(one), FarPlace::Objects(other)) => lie_in_one_another(one, other),
        (FarPlace::Folder(one), FarPlace::Folder(other)) => lies_in(one, other) || lies_in(other, one),
        _ => false,
    };
    let folder = |path: &Path| Some(FarPlace::Folder(path.to_owned()));
    let inboxes = [objects("inbox"), folder(inbox)];
    let archives = [objects("archive"), archive.cloned(), folder(&state.join("archive"))];
    let is_any = |places: &[Option<FarPlace>]| places.iter().flatten().any(is_mixed);
    if is_any(&inboxes) { Some("the inbox") } else { is_any(&archives).then_some("the archive") }
}

/// `s3://bucket/prefix`, `file:///folder` or `/folder`, without needless parts: folders are compared by their text.
fn far(text: &str, page: &Page<'_>) -> Result<FarPlace, String> {
    let path = text.strip_prefix("file://").unwrap_or(text);
    if path.starts_with('/') {
        return Ok(FarPlace::Folder(page.joined(path)));
    }
    place(text, " or a folder from / on, which the workers see, too").map(FarPlace::Objects)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_config;

    const ISSUER: &str =
        "[issuer]\nlegal_name = \"A\"\naddress = [\"B\"]\ncountry = \"IE\"\nemail = \"a@b.ie\"\nzone = \"UTC\"\n";

    fn engine(top: &str, more: &str) -> Result<Option<ClusterRules>, Vec<String>> {
        let parsed = parse_config(Path::new("/etc/ritardo/ritardo.toml"), &format!("{top}\n{ISSUER}{more}"));
        let told = |mistakes: Vec<crate::domain::Mistake>| mistakes.iter().map(|one| one.message.clone()).collect();
        parsed.map(|config| config.cluster).map_err(told)
    }

    #[test]
    fn a_cluster_is_named_with_its_folders() {
        assert_eq!(engine("", ""), Ok(None));
        let text = "[engine]\nremote = \"sc://spark:15002\"\ntoken_file = \"t\"\narchive = \"file:///mnt/archive\"\n\
                    exchange = \"s3://bucket/exchange\"\n";
        let rules = engine("", text).unwrap().unwrap();
        assert_eq!((rules.remote.host(), rules.remote.port()), ("spark", 15_002));
        assert_eq!(rules.token_file, Some("/etc/ritardo/t".into()));
        assert_eq!(rules.archive, Some(FarPlace::Folder("/mnt/archive".into())));
        assert!(matches!(rules.exchange, Some(FarPlace::Objects(place)) if place.prefix == "exchange"));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let remote = "[engine]\nremote = \"sc://h\"\n";
        for (top, text, expected) in [
            ("", "[engine]\n".to_owned(), "has no `remote`"),
            ("", "[engine]\nremote = \"http://h\"\n".to_owned(), "no URL of Spark Connect"),
            ("", "[engine]\nremote = \"sc://h/;token=x\"\n".to_owned(), "a token never stands in the URL"),
            ("", format!("{remote}exchange = \"exchange\"\n"), "a folder from / on"),
            ("", format!("{remote}exchange = \"hdfs://a/b\"\n"), "`hdfs` is not known"),
            ("", format!("{remote}archive = \"/a\"\nexchange = \"/a/b\"\n"), "would lie in the archive"),
            ("", format!("{remote}exchange = \"/etc/ritardo/inbox/x\"\n"), "would lie in the inbox"),
            ("", format!("{remote}exchange = \"/etc/ritardo/a/../inbox/x\"\n"), "would lie in the inbox"),
            ("archive = \"s3://bucket/a\"", format!("{remote}exchange = \"s3://bucket/a/x\"\n"), "lie in the archive"),
        ] {
            let found = engine(top, &text).unwrap_err();
            assert!(found.iter().any(|message| message.contains(expected)), "{text}: {found:?}");
        }
    }
}
