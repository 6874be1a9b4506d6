//! The mails of a document: made of its frozen files and of the setup that it was decided with, so that the same document
//! always gives the same bytes.

use super::issue::Files;
use super::line_forms;
use super::patience::drawn;
use super::setup::Setup;
use crate::config::Config;
use crate::deliver::{self, Attachment, DeliverError, Letter, Others, Signer};
use crate::domain::settings::{Dkim, Transport};
use crate::domain::{Attachable, Business, Elapsed, Instant, Invoice, LineForm, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::ledger::entry::{Issued, Mail, MailCopy};
use crate::read::sha256;
use crate::render::{InvoiceView, MailBodies, Renderer, is_letter_pdf, preview_pdf_file};

/// A document with all that its mails are made of.
pub struct Post<'p> {
    pub setup: &'p Setup,
    pub renderer: &'p Renderer,
    pub invoice: &'p Invoice,
    pub issued: &'p Issued,
    /// Its documents, by name.
    pub files: &'p Files,
    /// What the ledger tells: a mail that it names has the signature that it has there.
    pub history: &'p History,
    /// Signs mails that the ledger does not name yet.
    pub signer: Option<&'p Signer>,
    /// Bytes that a mail may have which the ledger does not name yet: a larger one is made without its documents.
    pub max_size: Option<u64>,
}

/// How large the settings let a mail be, in bytes; a folder takes any.
pub fn max_size(config: &Config) -> Option<u64> {
    match &config.transport {
        Transport::Smtp(server) => server.max_size,
        Transport::File { .. } => None,
    }
}

/// Who signs mails, where they are signed.
pub fn signer(config: &Config) -> Result<Option<Signer>, Failure> {
    let load = |dkim: &Dkim| {
        Signer::load(dkim).map_err(|error| {
            let failure = Failure::new(Kind::Configuration, "mails cannot be signed").at(&dkim.key_file).because(error);
            failure.hint(
                "openssl genpkey -algorithm rsa makes a key that every receiver knows; let its owner alone read it",
            )
        })
    };
    config.dkim.as_ref().map(load).transpose()
}

/// A mail behind its signature, where mails are signed.
pub fn signed(signer: Option<&Signer>, eml: Vec<u8>, date: Instant) -> Result<Vec<u8>, DeliverError> {
    let Some(signer) = signer else { return Ok(eml) };
    Ok([signer.signature(&eml, date)?.as_bytes(), &eml].concat())
}

/// What one mail has of its own.
struct Addressed<'a> {
    message_id: String,
    date: Instant,
    /// As the ledger is to have it.
    recorded: Option<Instant>,
    to: &'a str,
    others: Others<'a>,
    name: String,
    copy: Option<MailCopy>,
}

/// The mail of a preview, as its first recipient would see it; `None` of a business that is not in the book. It is not kept
/// in the ledger, and nothing sends it.
pub fn preview(setup: &Setup, invoice: &Invoice, bodies: &MailBodies, pdf: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    let business = setup.business(invoice.business.as_str());
    let Some((business, to)) = business.and_then(|business| Some((business, business.recipients.first()?))) else {
        return Ok(None);
    };
    let from = &invoice.seller_email;
    let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let name = preview_pdf_file(invoice);
    let letter = Letter {
        message_id: &format!("{}@{domain}", name.trim_end_matches(".pdf")),
        date: noon(invoice, setup.config.issuer_of(business).zone),
        from_name: &invoice.seller.legal_name,
        from,
        to,
        others: Others { cc: &business.mailing.cc, reply_to: business.mailing.reply_to.as_deref(), to: &[] },
        language: invoice.language.code(),
        subject: &bodies.subject,
        text: &bodies.text,
        html: &bodies.html,
        attachments: vec![Attachment { name: &name, content_type: "application/pdf", bytes: pdf }],
        in_parts: false,
    };
    let failed = |error: DeliverError| {
        Failure::new(Kind::SelfCheck, format!("the mail for {} cannot be made", invoice.business)).because(error)
    };
    deliver::eml(&letter).map(Some).map_err(failed)
}

/// Of the day of a document, so that the day is the same wherever the header is read.
fn noon(invoice: &Invoice, zone: Zone) -> Instant {
    invoice.issue_date.start(zone).plus(Elapsed::from_seconds(12 * 3600))
}

/// What a header can say of an instant.
fn in_seconds(instant: Instant) -> Instant {
    Instant::from_micros(instant.micros().div_euclid(1_000_000).saturating_mul(1_000_000))
}

/// Whether a mail has its documents, or goes without them because it would be too large.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Whole,
    Short,
}

impl Post<'_> {
    /// One finished mail a recipient: those of `emails` first, then those of `cc`.
    pub fn mails(&self) -> Result<Vec<(Mail, Vec<u8>)>, Failure> {
        let (invoice, number) = (self.invoice, &self.issued.number);
        // The book as it was at the closing: later changes send nothing elsewhere, and nobody is forgotten.
        let nobody = || Failure::new(Kind::SelfCheck, format!("{number} has nobody that it could be mailed to"));
        let business = self.business().filter(|business| !business.recipients.is_empty()).ok_or_else(nobody)?;
        let bodies = self.bodies(false, Size::Whole)?;
        let (recipients, cc) = (&business.recipients, &business.mailing.cc);
        let reply_to = business.mailing.reply_to.as_deref();
        let (mut mails, nobody_else): (Vec<(Mail, Vec<u8>)>, &[String]) = (Vec::new(), &[]);
        for (index, address) in recipients.iter().chain(cc).enumerate() {
            // Who is only copied in sees whom it was written to.
            let is_copied = index >= recipients.len();
            let (to, too) = match recipients.split_first() {
                Some((first, rest)) if is_copied => (first, rest),
                _ => (address, nobody_else),
            };
            let message_id = deliver::message_id(number, index, &invoice.seller_email);
            let recorded = self.date(&message_id);
            let addressed = Addressed {
                message_id,
                date: recorded.unwrap_or_else(|| noon(invoice, self.zone())),
                recorded,
                to,
                others: Others { to: too, cc, reply_to },
                name: format!("{number}_{}.eml", index + 1),
                copy: None,
            };
            mails.push(self.finished(&bodies, addressed, address)?);
        }
        Ok(mails)
    }

    /// A mail once more, because a person said so: another Message-ID, and a subject that says that it is a copy.
    pub fn copy(&self, copy: MailCopy, to: &str) -> Result<(Mail, Vec<u8>), Failure> {
        let stem = copy.of.strip_suffix(".eml").unwrap_or(&copy.of);
        let name = format!("{stem}_copy-{}.eml", copy.copy);
        let place = stem.rsplit_once('_').map_or("1", |(_, place)| place);
        let domain = self.invoice.seller_email.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let message_id = format!("{}.{place}.copy-{}@{domain}", self.issued.number, copy.copy);
        let reply_to = self.business().and_then(|business| business.mailing.reply_to.as_deref());
        // Nobody else gets it.
        let others = Others { reply_to, ..Others::default() };
        let known = self.history.mails_of(&self.issued.number).find(|mail| mail.message_id == message_id);
        let recorded = known.map_or_else(|| Some(in_seconds(copy.at)), |mail| mail.date);
        let date = recorded.unwrap_or(copy.at);
        let addressed = Addressed { message_id, date, recorded, to, others, name, copy: Some(copy) };
        self.finished(&self.bodies(true, Size::Whole)?, addressed, to)
    }

    /// The copies that the ledger names, made again.
    pub fn copies(&self) -> Result<Vec<(Mail, Vec<u8>)>, Failure> {
        let recorded = self.history.mails_of(&self.issued.number);
        recorded.filter_map(|mail| Some(self.copy(mail.copy.clone()?, &mail.to))).collect()
    }

    fn business(&self) -> Option<&Business> {
        self.setup.business(self.issued.business.as_str())
    }

    /// Of an issuer who is in the recorded configuration: the date of a mail is cut where the document's was.
    fn zone(&self) -> Zone {
        self.business().map_or(Zone::UTC, |business| self.setup.config.issuer_of(business).zone)
    }

    /// The date of a mail: as the ledger has it, or of a new one the recorded instant at which its document was issued. A run
    /// that makes it again comes to the same, and no server takes it for one from the future, whose signature does not count
    /// yet. `None`: the ledger has the mail, and no date of it.
    fn date(&self, message_id: &str) -> Option<Instant> {
        let mut known = self.history.mails_of(&self.issued.number);
        if let Some(mail) = known.find(|mail| mail.message_id == message_id) {
            return mail.date;
        }
        let issued = self.issued;
        let closed =
            || self.history.closed.get(&(issued.business.clone(), issued.month)).map(|closed| closed.closed_at);
        issued.issued_at.or_else(closed).map(in_seconds)
    }

    fn attaches(&self, kind: Attachable) -> bool {
        self.business().is_none_or(|business| business.mailing.attaches(kind))
    }

    fn bodies(&self, is_copy: bool, size: Size) -> Result<MailBodies, Failure> {
        let Self { setup, renderer, invoice, issued, .. } = self;
        let form = line_forms::mailed(setup, issued);
        let view = InvoiceView::of(invoice, &issued.document_sha256).with_lines_as(form, invoice);
        let view = if self.attaches(Attachable::Lines) { view } else { view.without_lines(invoice) };
        let view = if self.attaches(Attachable::Xml) { view } else { view.without_e_invoice(invoice) };
        let view = if size == Size::Short { view.without_documents(invoice) } else { view };
        let view = if is_copy { view.copied(invoice) } else { view };
        let view = setup.dressed(view, invoice, None);
        drawn(setup, &setup.renderer(renderer)?, &view, &format!("the mail of {}", issued.number), Renderer::mail)
    }

    fn attachments(&self) -> Vec<Attachment<'_>> {
        let form = line_forms::mailed(self.setup, self.issued);
        let attached = self.files.iter().filter_map(|(name, bytes)| {
            let (kind, content_type) = match (LineForm::of_file(name), name.rsplit('.').next()) {
                _ if is_letter_pdf(name) => (Attachable::Letter, "application/pdf"),
                (Some(of_lines), _) if of_lines == form => (Attachable::Lines, form.media_type()),
                (None, Some("pdf")) => (Attachable::Pdf, "application/pdf"),
                (None, Some("xml")) => (Attachable::Xml, "application/xml"),
                _ => return None,
            };
            self.attaches(kind).then_some(Attachment { name, content_type, bytes })
        });
        attached.collect()
    }

    /// The mail with its bytes, without its documents where it would be too large; `recipient` is that of its envelope.
    fn finished(&self, bodies: &MailBodies, addressed: Addressed, recipient: &str) -> Result<(Mail, Vec<u8>), Failure> {
        let number = &self.issued.number;
        let recorded = self.history.mails_of(number).find(|mail| mail.message_id == addressed.message_id);
        let whole = || self.frozen(bodies, &addressed, self.attachments(), recorded);
        let short =
            || self.frozen(&self.bodies(addressed.copy.is_some(), Size::Short)?, &addressed, Vec::new(), recorded);
        let ((dkim, bytes), too_big) = match recorded.map(|mail| mail.too_big) {
            Some(None) => (whole()?, None),
            Some(size) => (short()?, size),
            None => {
                let whole = whole()?;
                let size = u64::try_from(whole.1.len()).unwrap_or(u64::MAX);
                if self.max_size.is_some_and(|most| size > most) { (short()?, Some(size)) } else { (whole, None) }
            }
        };
        let Addressed { message_id, name, copy, recorded: date, .. } = addressed;
        let (number, sha256, from) = (number.clone(), sha256(&bytes), self.invoice.seller_email.clone());
        let to = recipient.to_owned();
        Ok((Mail { number, message_id, from, to, name, sha256, copy, dkim, date, too_big }, bytes))
    }

    /// The signature of a mail, and its bytes; the signature that it has in the ledger, where it is there.
    fn frozen(
        &self,
        bodies: &MailBodies,
        addressed: &Addressed,
        attachments: Vec<Attachment<'_>>,
        recorded: Option<&Mail>,
    ) -> Result<(String, Vec<u8>), Failure> {
        let (invoice, number) = (self.invoice, &self.issued.number);
        let failed = |error: DeliverError| {
            Failure::new(Kind::SelfCheck, format!("the mail of {number} cannot be made")).because(error)
        };
        let letter = Letter {
            message_id: &addressed.message_id,
            date: addressed.date,
            from_name: &invoice.seller.legal_name,
            from: &invoice.seller_email,
            to: addressed.to,
            others: addressed.others,
            language: invoice.language.code(),
            subject: &bodies.subject,
            text: &bodies.text,
            html: &bodies.html,
            attachments,
            // Whether a date is recorded tells mails of before from others.
            in_parts: addressed.recorded.is_none(),
        };
        let unsigned = deliver::eml(&letter).map_err(failed)?;
        let dkim = match (recorded, self.signer) {
            (Some(mail), _) => mail.dkim.clone(),
            (None, Some(signer)) => signer.signature(&unsigned, addressed.date).map_err(failed)?,
            (None, None) => String::new(),
        };
        let bytes = if dkim.is_empty() { unsigned } else { [dkim.as_bytes(), &unsigned].concat() };
        Ok((dkim, bytes))
    }
}
