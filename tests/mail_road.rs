//! Mails from a run to a server behind TLS and a login, signed: what arrives, what an audit says of it, and what is made
//! again where it was lost.
#![cfg(test)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use common::shop::{Shop, edit};
use common::smtp::{Act, Authority, Paper, Plan, Rule, Server, Tls};
use common::{files, program};

const NIGHT: &str = "2018-09-05T00:00:00Z";

/// An Ed25519 key of no use but this: that of RFC 8410, section 10.3.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                   -----END PRIVATE KEY-----\n";

fn secret(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
}

/// A shop whose August can be billed, with a server of this paper, a login and a key.
fn shop(name: &str, paper: Paper, rules: &[Rule]) -> (Shop, Server) {
    let authority = Authority::new();
    let server = Server::start(Plan { tls: Some(Tls::Implicit(authority.server(paper))), ..Plan::of(rules) });
    let shop = Shop::new(name, "");
    let settings = format!(
        "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nca_file = \"ca.pem\"\nuser = \"billing\"\n\
         password_file = \"password\"\n[mail.dkim]\ndomain = \"late-reply.example\"\nselector = \"s1\"\n\
         key_file = \"dkim.pem\"\n",
        server.port
    );
    edit(&shop.folder, "ritardo.toml", "transport = \"file\"", &settings);
    fs::write(shop.folder.join("ca.pem"), &authority.pem).unwrap();
    secret(&shop.folder, "password", "canary-password\n");
    secret(&shop.folder, "dkim.pem", KEY);
    (shop, server)
}

#[test]
fn a_signed_mail_goes_over_tls_and_is_audited_without_the_key() {
    let (shop, server) = shop("mail-road-signed", Paper::Good, &[]);
    shop.ritardo(&["check"]).expect(0);
    shop.run(NIGHT).expect(0);
    let heard = server.heard();
    assert_eq!(heard.accepted_for("accounts@forno.example"), 1, "{:?}", heard.commands);
    let mail = String::from_utf8(heard.mails[0].bytes.clone()).unwrap();
    let start = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n\td=late-reply.example;\r\n\ts=s1; t=";
    assert!(mail.starts_with(start), "{mail}");
    let stored = shop.state().join("issued/LR-2018-000001/LR-2018-000001_1.eml");
    assert_eq!(fs::read(&stored).unwrap(), heard.mails[0].bytes, "the bytes that are sent are those that were stored");
    // Another key tomorrow: the mail is made again with the signature that it had, and an audit needs none.
    fs::remove_file(&stored).unwrap();
    let other = KEY.replace("MC4CAQAwBQYDK2VwBCIEINTu", "MC4CAQAwBQYDK2VwBCIEINTv");
    secret(&shop.folder, "dkim.pem", &other);
    shop.run("2018-09-06T00:00:00Z").expect(0);
    assert_eq!(fs::read(&stored).unwrap(), heard.mails[0].bytes);
    fs::remove_file(shop.folder.join("dkim.pem")).unwrap();
    shop.ritardo(&["audit", "2018-08"]).expect(0);
    shop.ritardo(&["verify"]).expect(0);
    // Without the key nothing new is written.
    let told = shop.run("2018-09-07T00:00:00Z").expect(78);
    assert!(told.err.contains("mails cannot be signed"), "{}", told.err);
    assert_eq!(server.stop().accepted().count(), 1);
}

#[test]
fn a_server_that_is_not_proved_gets_no_mail_and_no_password() {
    for (name, paper) in [("expired", Paper::Expired), ("name", Paper::OtherName), ("self", Paper::SelfSigned)] {
        let (shop, server) = shop(&format!("mail-road-{name}"), paper, &[]);
        let told = shop.run(NIGHT).expect(0);
        assert!(told.out.contains("TLS: its certificate "), "{}", told.out);
        assert!(server.stop().commands.is_empty(), "{name}");
    }
}

#[test]
fn the_password_is_nowhere() {
    let (shop, server) =
        shop("mail-road-password", Paper::Good, &[Rule::at("AUTH", Act::say("535 canary-password\r\n"))]);
    let told = shop.run(NIGHT).expect(78);
    assert!(told.err.contains("does not accept the login"), "{}", told.err);
    let list = program(&shop.folder, &["mail", "list", "--as-of", NIGHT]).output().unwrap();
    for text in [&told.out, &told.err, &String::from_utf8_lossy(&list.stdout).into_owned()] {
        assert!(!text.contains("canary-password"), "{text}");
    }
    for name in files(&shop.state()) {
        let bytes = fs::read(shop.state().join(&name)).unwrap();
        assert!(!bytes.windows(15).any(|window| window == b"canary-password"), "{name}");
    }
    assert!(!server.stop().verbs().contains(&"MAIL"), "a login that is refused stops all mail");
}
