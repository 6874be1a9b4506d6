//! What stands after the name: a text of a person, or words that the app put in its place.

use super::token::is_unseen;
use crate::domain::chat::WeakIds;
use crate::domain::message::Counts;
use crate::domain::{Direction, Kind};

/// The mark with which an iPhone begins what no person wrote.
const OF_THE_APP: char = '\u{200e}';
/// Longer lines between angle brackets are texts.
const LONGEST_PLACEHOLDER: usize = 80;

/// What a message is, as far as the words in its place tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Text,
    /// A picture, a voice message, a file: the export tells them apart in one form and not in the other.
    Media,
    Deleted,
    Edited,
    Call,
    /// Of the app itself: nobody sent it.
    Notice,
    /// Words of the app that are not known here, or none where there was something.
    Unclear,
}

/// Whole texts in place of a deleted message.
const DELETED: [&str; 24] = [
    "this message was deleted",
    "you deleted this message",
    "questo messaggio è stato eliminato",
    "hai eliminato questo messaggio",
    "diese nachricht wurde gelöscht",
    "du hast diese nachricht gelöscht",
    "se eliminó este mensaje",
    "eliminaste este mensaje",
    "este mensaje fue eliminado",
    "mensagem apagada",
    "essa mensagem foi apagada",
    "você apagou essa mensagem",
    "esta mensagem foi apagada",
    "ce message a été supprimé",
    "vous avez supprimé ce message",
    "dit bericht is verwijderd",
    "u heeft dit bericht verwijderd",
    "تم حذف هذه الرسالة",
    "حذفت هذه الرسالة",
    "این پیام حذف شد",
    "pesan ini telah dihapus",
    "anda telah menghapus pesan ini",
    "данное сообщение удалено",
    "यह मैसेज डिलीट कर दिया गया",
];
/// What stands at the end of an edited message.
const EDITED: [&str; 10] = [
    "<this message was edited>",
    "<questo messaggio è stato modificato>",
    "<diese nachricht wurde bearbeitet>",
    "<se editó este mensaje.>",
    "<se editó este mensaje>",
    "<mensagem editada>",
    "<essa mensagem foi editada>",
    "<ce message a été modifié>",
    "<dit bericht is bewerkt>",
    "<تم تعديل هذه الرسالة>",
];
/// What stands after the name of a file that lies beside the export.
const ATTACHED: [&str; 10] = [
    "(file attached)",
    "(file allegato)",
    "(datei angehängt)",
    "(archivo adjunto)",
    "(arquivo anexado)",
    "(fichier joint)",
    "(bestand bijgevoegd)",
    "(الملف مرفق)",
    "(file terlampir)",
    "(файл добавлен)",
];
/// Words in place of media that were left out, behind the mark of the app.
const OMITTED: [&str; 12] = [
    "omitted",
    "omess",
    "weggelassen",
    "ausgeschlossen",
    "omitid",
    "ocultad",
    "oculta",
    "absent",
    "weggelaten",
    "غير مدرج",
    "مستبعد",
    "پیوست نشده",
];
/// With what the words of calls begin, behind the mark of the app; whole texts also without it.
const CALLS: [&str; 26] = [
    "missed voice call",
    "missed video call",
    "missed group voice call",
    "missed group video call",
    "silenced voice call",
    "silenced video call",
    "voice call",
    "video call",
    "chiamata vocale",
    "chiamata video",
    "chiamata persa",
    "videochiamata",
    "verpasster sprachanruf",
    "verpasster videoanruf",
    "sprachanruf",
    "videoanruf",
    "llamada perdida",
    "llamada de voz",
    "videollamada",
    "ligação de voz",
    "ligação de vídeo",
    "chamada de voz",
    "chamada de vídeo",
    "appel vocal",
    "appel vidéo",
    "مكالمة",
];
/// What stands behind them is a length or an hour: with more, somebody wrote it.
const LONGEST_CALL: usize = 60;
/// Sentences of the app are one line, and longer only where they explain themselves.
const LONGEST_NOTICE: usize = 600;
/// Parts of sentences of the app, behind its mark or in place of a name.
const NOTICES: [&str; 46] = [
    "end-to-end encrypt",
    "end-to-end-verschlüsselt",
    "ende-zu-ende-verschlüsselt",
    "encriptação ponto a ponto",
    "terenkripsi secara end-to-end",
    "сквозным шифрованием",
    "uçtan uca şifrel",
    "رمزگذاری سرتاسری",
    "crittografia end-to-end",
    "crittografati end-to-end",
    "cifrado de extremo a extremo",
    "cifrados de extremo a extremo",
    "criptografia de ponta a ponta",
    "encriptadas ponto a ponto",
    "chiffrés de bout en bout",
    "end-to-end versleuteld",
    "مشفرة تمامًا",
    "एंड-टू-एंड एन्क्रिप्ट",
    "security code",
    "codice di sicurezza",
    "sicherheitsnummer",
    "código de seguridad",
    "código de segurança",
    "created group",
    "created this group",
    "ha creato il gruppo",
    "hat die gruppe",
    "creó el grupo",
    "criou o grupo",
    "criou este grupo",
    "a créé le groupe",
    "changed the subject",
    "changed the group",
    "changed this group",
    "ha cambiato l'oggetto",
    "ha modificato l'oggetto",
    "hat den betreff",
    "cambió el asunto",
    "mudou o assunto",
    "a changé l'objet",
    "changed their phone number",
    "this chat is with a business account",
    "questa chat è con un account business",
    "you blocked this contact",
    "you unblocked this contact",
    "disappearing messages",
];

/// Lower case without marks, so that words compare.
fn plain(text: &str) -> String {
    let seen: String = text.chars().filter(|sign| !is_unseen(*sign)).collect();
    seen.trim().to_lowercase()
}

/// Whether what stands before a colon is the begin of a sentence of the app, and no name.
pub(super) fn is_sentence(name: &str) -> bool {
    let name = plain(name);
    NOTICES.iter().any(|notice| name.contains(notice))
}

/// What the text is. Nothing of it is kept.
pub(super) fn body(text: &str) -> Body {
    let (words, trimmed) = (plain(text), text.trim());
    let first = words.lines().next().unwrap_or_default().trim_end();
    let is_one_of = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    let bare = words.trim_matches(['<', '>', '.', '。', '।', ' ']);
    if DELETED.contains(&bare) {
        return Body::Deleted;
    }
    if EDITED.iter().any(|edited| words.ends_with(edited)) {
        return Body::Edited;
    }
    let is_placeholder = words.starts_with('<') && words.ends_with('>') && words.len() <= LONGEST_PLACEHOLDER;
    if trimmed.starts_with(OF_THE_APP) {
        // The mark may be in what a person wrote or pasted: what asks, or goes on, is not known for a sentence of the app.
        let is_said = |most: usize| words.len() <= most && !words.contains(['\n', '?', '!']);
        let is_notice = is_said(LONGEST_NOTICE) && is_one_of(&NOTICES);
        let is_call = is_said(LONGEST_CALL) && CALLS.iter().any(|call| words.starts_with(call));
        let is_media = is_placeholder || (is_said(LONGEST_PLACEHOLDER) && is_one_of(&OMITTED));
        let known = [(Body::Notice, is_notice), (Body::Media, is_media), (Body::Call, is_call)];
        return known.into_iter().find(|(_, is_it)| *is_it).map_or(Body::Unclear, |(body, _)| body);
    }
    if CALLS.contains(&bare) {
        return Body::Call;
    }
    if is_placeholder && !words.contains('\n') || ATTACHED.iter().any(|attached| first.ends_with(attached)) {
        return Body::Media;
    }
    // Behind a text of a person: the name of an attached file, or words of a language that is not known here.
    match trimmed.rfind("\u{200e}<").and_then(|at| trimmed.get(at..)).filter(|_| trimmed.ends_with('>')) {
        Some(end) if end.contains(": ") => Body::Media,
        Some(_) => Body::Edited,
        None if words.is_empty() || words == "null" => Body::Unclear,
        None => Body::Text,
    }
}

impl Body {
    /// The kind of a message that somebody sent.
    ///
    /// A message that was edited or deleted may stand in an earlier export with its first text, and so under another
    /// id: as a question it must not be charged a second time. Which message of the business was deleted is not
    /// known, and it may have been an answer.
    pub fn kind(self, direction: Direction, weak_ids: WeakIds) -> Kind {
        let kind = match (self, direction) {
            (Self::Text, _) | (Self::Edited, Direction::Outbound) => Kind::Text,
            (Self::Media, _) => Kind::Document,
            (Self::Deleted, Direction::Inbound) => Kind::Revoke,
            (Self::Call, _) => Kind::Call,
            (Self::Notice, _) => Kind::System,
            (Self::Edited, Direction::Inbound) | (Self::Deleted, Direction::Outbound) | (Self::Unclear, _) => {
                Kind::Other
            }
        };
        let is_held = weak_ids == WeakIds::Hold && direction == Direction::Inbound && kind.counts() == Counts::Yes;
        if is_held { Kind::Other } else { kind }
    }

    /// What of the text tells one message from another. An export with its media and one without write them
    /// differently.
    pub fn told(self, text: &str) -> &str {
        if self == Self::Media { "\u{1}media" } else { text.trim() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_app_are_told_from_texts() {
        for (text, expected) in [
            ("ciao", Body::Text),
            ("a < b > c", Body::Text),
            ("this message was deleted by Anna", Body::Text),
            ("<Media omitted>", Body::Media),
            ("<Media omessi>", Body::Media),
            ("<Medien ausgeschlossen>", Body::Media),
            ("IMG-20180812-WA0001.jpg (file attached)\nlook", Body::Media),
            ("\u{200e}image omitted", Body::Media),
            ("\u{200e}<attached: 00000002-PHOTO-2018-08-12.jpg>", Body::Media),
            ("look \u{200e}<attached: 00000002-PHOTO-2018-08-12.jpg>", Body::Media),
            ("This message was deleted", Body::Deleted),
            ("\u{200e}This message was deleted.", Body::Deleted),
            ("<Questo messaggio è stato eliminato>", Body::Deleted),
            ("ciao <This message was edited>", Body::Edited),
            ("ciao \u{200e}<Ŝanĝita mesaĝo>", Body::Edited),
            ("\u{200e}Missed voice call", Body::Call),
            ("\u{200e}Voice call, \u{200e}5 min", Body::Call),
            ("Missed voice call", Body::Call),
            ("\u{200e}Sure! Shall we do a video call at 10?", Body::Unclear),
            ("\u{200e}Video call at ten, or what is better for you? Tell me", Body::Unclear),
            ("\u{200e}Your security code is lost?\nNo", Body::Unclear),
            ("\u{200e}Messages and calls are end-to-end encrypted.", Body::Notice),
            ("\u{200e}Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.", Body::Notice),
            ("Are your messages end-to-end encrypted?", Body::Text),
            ("\u{200e}Nekonata frazo", Body::Unclear),
            ("null", Body::Unclear),
            ("", Body::Unclear),
        ] {
            assert_eq!(body(text), expected, "{text}");
        }
        assert!(is_sentence("Anna changed the subject to \u{201c}Offer") && !is_sentence("Anna Bianchi"));
    }

    #[test]
    fn what_may_be_charged_twice_is_held() {
        use Direction::{Inbound, Outbound};
        for (body, direction, billable, held) in [
            (Body::Text, Inbound, Kind::Text, Kind::Other),
            (Body::Text, Outbound, Kind::Text, Kind::Text),
            (Body::Media, Inbound, Kind::Document, Kind::Other),
            (Body::Media, Outbound, Kind::Document, Kind::Document),
            (Body::Edited, Inbound, Kind::Other, Kind::Other),
            (Body::Edited, Outbound, Kind::Text, Kind::Text),
            (Body::Deleted, Inbound, Kind::Revoke, Kind::Revoke),
            (Body::Deleted, Outbound, Kind::Other, Kind::Other),
            (Body::Call, Inbound, Kind::Call, Kind::Call),
            (Body::Unclear, Inbound, Kind::Other, Kind::Other),
        ] {
            let kinds = [WeakIds::Billable, WeakIds::Hold].map(|weak_ids| body.kind(direction, weak_ids));
            assert_eq!(kinds, [billable, held], "{body:?} {direction}");
        }
    }
}
