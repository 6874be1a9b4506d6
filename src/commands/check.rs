//! `ritardo check`: everything that people wrote, validated; no state is touched.

use super::letters::signer;
use super::run::renderer;
use super::setup::Setup;
use super::{Outcome, World, cluster, looks, say};
use crate::cli::Configured;
use crate::deliver::{self, Carrier, DeliverError, Password};
use crate::domain::settings::{PasswordFrom, Smtp, Transport};
use crate::error::{Failure, Kind};

pub fn check(args: &Configured, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.config)?;
    let config = &setup.config;
    say(world.out, &format!("{}: ok", setup.config_text.path.display()))?;
    for issuer in &config.issuers {
        let (name, series, credits) = (&issuer.party.legal_name, &issuer.series, &issuer.credit_series);
        say(world.out, &format!("  issuer {name}, {}, invoices {series}, credit notes {credits}", issuer.zone))?;
    }
    let own: Vec<&str> = setup.looks.own().collect();
    if let (Some(folder), false) = (&config.templates, own.is_empty()) {
        say(world.out, &format!("{}: ok\n  {}", folder.display(), own.join(", ")))?;
    }
    for source in &config.sources {
        let (name, files, coverage) = (&source.name, &source.files, source.coverage.name());
        say(
            world.out,
            &format!("  source {name}: files {files}, coverage {coverage}, tolerance {}", source.tolerance),
        )?;
    }
    say(world.out, &format!("{}: ok", setup.businesses_text.path.display()))?;
    for business in &setup.businesses {
        let (channels, from) = (business.channels.len(), business.first_month);
        let channels = if channels == 1 { "1 channel".to_owned() } else { format!("{channels} channels") };
        say(world.out, &format!("  {}: {channels}, {}, billed from {from}", business.id, business.zone))?;
    }
    let (path, name) = (setup.tariff_text.path.display(), setup.tariff.name());
    say(world.out, &format!("{path}: ok\n  {name}, {}, sha256 {}", setup.tariff.currency, setup.tariff_text.sha256))?;
    check_mail(&setup)?;
    check_cluster(&setup, world)?;
    if let Some(strange) = config.strange_signature() {
        say(world.err, &format!("warning: {strange}"))?;
    }
    let renderer = renderer()?;
    for issuer in &config.issuers {
        let whose = if issuer.id.is_empty() { "the issuer" } else { issuer.id.as_str() };
        looks::warn(whose, &looks::lacking_of_issuer(&renderer, issuer), world)?;
    }
    for business in &setup.businesses {
        looks::warn(business.id.as_str(), &looks::lacking_of_business(&renderer, business), world)?;
    }
    Ok(Outcome::Done)
}

/// What the mails need is read once, so that a wrong mode is met now and not at night.
fn check_mail(setup: &Setup) -> Result<(), Failure> {
    signer(&setup.config)?;
    check_password(&setup.config.transport)?;
    Carrier::new(&setup.config.transport, &stand_in).map(drop).map_err(|error| {
        let failure = Failure::new(Kind::Configuration, "mails cannot be sent with these settings").because(error);
        failure.at(&setup.config_text.path).hint("correct [mail]; a ca_file holds certificates in PEM form")
    })
}

fn check_password(transport: &Transport) -> Result<(), Failure> {
    let Transport::Smtp(Smtp { login: Some(login), .. }) = transport else { return Ok(()) };
    let PasswordFrom::File(path) = &login.password else { return Ok(()) };
    let read = deliver::password(&login.password).map(drop);
    read.map_err(|error| Failure::new(Kind::Configuration, "the password cannot be used").at(path).because(error))
}

/// A cluster that the nightly run uses: whether it can judge by these settings, and the token can be read.
fn check_cluster(setup: &Setup, world: &mut World) -> Result<(), Failure> {
    let Some(rules) = &setup.config.cluster else { return Ok(()) };
    cluster::refuse(setup).map_err(|failure| Failure { kind: Kind::Configuration, ..failure })?;
    rules.token_file.as_deref().map(|path| cluster::token(path, &rules.remote)).transpose()?;
    say(world.out, &format!("  cluster {}", rules.remote))
}

/// In place of the password: one that is not in a file may be there for the nightly run alone.
fn stand_in(_: &PasswordFrom) -> Result<Password, DeliverError> {
    Password::new("not read")
}
