//! The mail that tells a business which messages await an answer. It is no document: it is not recorded, and sent
//! again each time that it is asked for.

use std::fmt::Write as _;

use super::outlook::{Open, State};
use crate::commands::cases::Desk;
use crate::commands::letters::{signed, signer};
use crate::commands::{World, say};
use crate::deliver::{self, Carried, Carrier, Letter, Others, Outcome, Parcel, Road};
use crate::domain::business::Language;
use crate::domain::{Business, Zone};
use crate::error::{Failure, Kind};
use crate::report::chart::escaped;

/// More messages than these are only counted.
const SHOWN: usize = 200;

/// Sends a business its list; nothing where none is due. What became of each mail is said on standard error.
pub fn send(desk: &Desk, business: &Business, due: &[Open], world: &mut World) -> Result<(), Failure> {
    if due.is_empty() {
        return Ok(());
    }
    let issuer = desk.setup.config.issuer_of(business);
    let text = text(business, due, &desk.setup.tariff.currency.to_string());
    let html = format!(
        "<!doctype html><html lang=\"{}\"><body><pre>{}</pre></body></html>",
        business.language.code(),
        escaped(&text)
    );
    let failed = |error| Failure::new(Kind::Configuration, "the mail was not sent").because(error);
    let signer = signer(&desk.setup.config)?;
    let mut carrier = Carrier::new(&desk.setup.config.transport, &deliver::password).map_err(failed)?;
    carrier.trust(&desk.setup.config.state);
    let domain = issuer.email.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    for (index, to) in (1..).zip(&business.recipients) {
        let stamp: String = desk.as_of.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
        let stem = format!("due-{}-{stamp}-{index}", business.id);
        let letter = Letter {
            message_id: &format!("{stem}@{domain}"),
            date: desk.as_of,
            from_name: &issuer.party.legal_name,
            from: &issuer.email,
            to,
            others: Others { reply_to: business.mailing.reply_to.as_deref(), ..Others::default() },
            language: business.language.code(),
            subject: &subject(business.language, due.len()),
            text: &text,
            html: &html,
            attachments: Vec::new(),
            in_parts: false,
        };
        let eml = deliver::eml(&letter).map_err(failed)?;
        let bytes = signed(signer.as_ref(), eml, desk.as_of).map_err(failed)?;
        let name = format!("{stem}.eml");
        let parcel = Parcel { id: letter.message_id, name: &name, from: &issuer.email, to, eml: &bytes };
        let Carried { outcome, road } = carrier.carry(&parcel).map_err(failed)?;
        let said = match outcome {
            Outcome::Sent { .. } => "sent".to_owned(),
            Outcome::Deferred { reason } => format!("deferred: {reason}; ask again later"),
            Outcome::Refused { reason } | Outcome::TooBig { reason } => format!("refused: {reason}"),
            Outcome::Unknown { reason } => format!("perhaps sent: {reason}"),
        };
        say(world.err, &format!("mail      {} to {to}: {said}", business.id))?;
        if let (Road::Busy { .. }, Some(more)) = (road, business.recipients.len().checked_sub(index).filter(|n| *n > 0))
        {
            say(world.err, &format!("mail      {}: {more} more not tried; ask again later", business.id))?;
            break;
        }
    }
    carrier.close();
    Ok(())
}

fn subject(language: Language, due: usize) -> String {
    match language {
        Language::English => format!("{due} messages await an answer"),
        Language::Italian => format!("{due} messaggi attendono risposta"),
        Language::Portuguese => format!("{due} mensagens aguardam resposta"),
        Language::Spanish => format!("{due} mensajes esperan respuesta"),
        Language::German => format!("{due} Nachrichten warten auf Antwort"),
        Language::French => format!("{due} messages attendent une reponse"),
    }
}

fn text(business: &Business, due: &[Open], currency: &str) -> String {
    let (intro, late, cost, more) = match business.language {
        Language::English => (
            "To these messages no answer was seen. Each becomes late after the time beside it, and then costs the amount.",
            "already late",
            "costs",
            "more",
        ),
        Language::Italian => (
            "A questi messaggi non risulta alcuna risposta. Dopo l'orario indicato ciascuno è in ritardo e costa l'importo.",
            "già in ritardo",
            "costa",
            "altri",
        ),
        Language::Portuguese => (
            "Estas mensagens não têm resposta conhecida. Depois da hora indicada cada uma está em atraso e custa o valor.",
            "já em atraso",
            "custa",
            "mais",
        ),
        Language::Spanish => (
            "No consta respuesta a estos mensajes. Después de la hora indicada cada uno llega tarde y cuesta el importe.",
            "ya con retraso",
            "cuesta",
            "más",
        ),
        Language::German => (
            "Auf diese Nachrichten ist keine Antwort bekannt. Nach der Zeit daneben ist jede verspätet und kostet den Betrag.",
            "bereits verspätet",
            "kostet",
            "weitere",
        ),
        Language::French => (
            "Aucune réponse à ces messages n’est connue. Après l’heure indiquée, chacun est en retard et coûte le montant.",
            "déjà en retard",
            "coûte",
            "autres",
        ),
    };
    let mut text = format!("{intro}\n\n");
    for open in due.iter().take(SHOWN) {
        let late = if open.state == State::InTime { String::new() } else { format!(" ({late})") };
        let (at, customer, cost_of) = (printed(business.zone, open), &open.customer, open.cost);
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{at}{late}  {customer}  {}  {cost} {currency} {cost_of}", open.message_id);
    }
    if due.len() > SHOWN {
        let _ = writeln!(text, "+ {} {more}", due.len() - SHOWN);
    }
    text
}

fn printed(zone: Zone, open: &Open) -> String {
    // To the minute: a person reads it.
    zone.print(open.late_after).chars().take(16).collect()
}
