//! Against the examples of the standards, and against keys as OpenSSL writes them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use ring::signature::{
    ED25519, KeyPair as _, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey, VerificationAlgorithm,
};

use super::*;

/// RFC 8463, appendix A.3.
const MAIL: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
    To: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\n\
    Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\
    \r\n\
    Hi.\r\n\
    \r\n\
    We lost the game.  Are you hungry yet?\r\n\
    \r\n\
    Joe.\r\n";
const NAMES: [&str; 8] = ["from", "to", "subject", "date", "message-id", "from", "subject", "date"];
const BODY_HASH: &str = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=";

/// RFC 4648, without the line breaks that a signature may have.
fn decoded(text: &str) -> Vec<u8> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in text.chars().filter(|c| !c.is_whitespace() && *c != '=') {
        bits = (bits << 6) | u32::try_from(LETTERS.find(letter).unwrap()).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
            bits &= (1 << count) - 1;
        }
    }
    bytes
}

fn signed_of(own: &str) -> String {
    let parts = canon::parted(MAIL.as_bytes()).unwrap();
    canon::signed(&parts.fields, &NAMES.map(str::to_owned), own)
}

#[test]
fn the_ed25519_example_of_the_standard_is_signed_as_it_stands_there() {
    let parts = canon::parted(MAIL.as_bytes()).unwrap();
    assert_eq!(base64::encoded(&canon::body_hash(parts.body)), BODY_HASH);
    let own = format!(
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n \
         q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n \
         bh={BODY_HASH};\r\n b="
    );
    let seed = decoded("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
    let key = Key::Ed25519(Box::new(Ed25519KeyPair::from_seed_unchecked(&seed).unwrap()));
    assert_eq!(
        base64::encoded(&key.sign(signed_of(&own).as_bytes()).unwrap()),
        "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    );
}

#[test]
fn the_rsa_example_of_the_standard_is_of_the_same_bytes() {
    // Its key is too short to sign with today; its signature can be checked.
    let public = decoded(
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx\
         /byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT\
         +l/K4w3QIDAQAB",
    );
    let signature = decoded(
        "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGs\
         geefOsk2JzdA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=",
    );
    let own = format!(
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n \
         q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n date : message-id : from : subject : date;\r\n \
         bh={BODY_HASH};\r\n b="
    );
    // Behind 22 bytes of what kind of key it is.
    verify(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &public[22..], signed_of(&own).as_bytes(), &signature);
}

#[track_caller]
fn verify(algorithm: &'static dyn VerificationAlgorithm, public: &[u8], bytes: &[u8], signature: &[u8]) {
    UnparsedPublicKey::new(algorithm, public).verify(bytes, signature).unwrap();
}

/// A new Ed25519 key in PEM, in a file of this name.
fn key_file(name: &str) -> PathBuf {
    let path = super::super::script::folder(name).join("dkim.pem");
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", base64::encoded(der.as_ref()));
    fs::write(&path, pem).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn dkim(key_file: &Path) -> Dkim {
    Dkim { domain: "football.example.com".to_owned(), selector: "s1".to_owned(), key_file: key_file.to_owned() }
}

#[test]
fn a_signature_is_of_the_mail_and_of_no_clock() {
    let signer = Signer::load(&dkim(&key_file("dkim"))).unwrap();
    let date: Instant = "2018-10-05T06:00:00Z".parse().unwrap();
    let field = signer.signature(MAIL.as_bytes(), date).unwrap();
    assert_eq!(field, signer.signature(MAIL.as_bytes(), date).unwrap());
    assert!(
        field.starts_with("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n\td=football.example.com;\r\n")
    );
    assert!(field.contains("\ts=s1; t=1538719200;\r\n"), "{field}");
    assert!(field.ends_with("\r\n") && field.split("\r\n").all(|line| line.len() <= 80), "{field}");
    let names: String = field.split_once("h=").unwrap().1.split_once(';').unwrap().0.split_whitespace().collect();
    let times = |wanted: &str| names.split(':').filter(|name| *name == wanted).count();
    assert_eq!([times("from"), times("subject"), times("cc")], [2, 2, 1], "once more than it is there: {names}");
    // As a receiver does it: the same fields, and the signature's own without what stands behind `b=`.
    let (own, signature) = field.split_once("\tb=").unwrap();
    let parts = canon::parted(MAIL.as_bytes()).unwrap();
    let names: Vec<String> = names.split(':').map(str::to_owned).collect();
    let signed = canon::signed(&parts.fields, &names, &format!("{own}\tb="));
    let Key::Ed25519(key) = &signer.key else { panic!("no Ed25519 key") };
    verify(&ED25519, key.public_key().as_ref(), &Sha256::digest(signed.as_bytes()), &decoded(signature));
    let whole = [field.as_bytes(), MAIL.as_bytes()].concat();
    assert!(super::field::travels(&whole).is_ok());
    assert!(signer.signature(b"no mail", date).is_err());
}

#[test]
fn a_key_that_cannot_sign_is_refused() {
    let path = key_file("dkim-refused");
    let load = || Signer::load(&dkim(&path)).map(|_| ());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(load(), Err(DeliverError::KeyOpen { mode: 0o640, .. })));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    load().unwrap();
    for text in ["", "canary", "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n"] {
        fs::write(&path, text).unwrap();
        let error = load().unwrap_err();
        assert!(matches!(error, DeliverError::Key { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("anary"), "{error:?}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(load(), Err(DeliverError::KeyFile { .. })));
}
