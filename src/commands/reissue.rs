//! `ritardo reissue`: an invoice with wrong words is given back whole, and issued again with the words of today.

use super::archived::Archive;
use super::billable::{self, Anew};
use super::closing::filed_charges;
use super::correct::{self, Base, Bench, Refused};
use super::held::Held;
use super::letters::signer;
use super::run::renderer;
use super::setup::Setup;
use super::state::State;
use super::summary::told;
use super::{Outcome, World, issue, recorded, retaxed, say};
use crate::cli::Reissue;
use crate::close::credit::{self, Credit, Stands};
use crate::close::{self, ClosedMonth, Filed, FrozenRates, Issue, check};
use crate::domain::correction::{Amounts, Correction, CreditLine, Earlier};
use crate::domain::invoice::Payment;
use crate::domain::prepaid::Released;
use crate::domain::vat::VatShare;
use crate::domain::{Business, CorrectionCause, Invoice, InvoiceNumber, Money, Rounding};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, Issued};
use crate::ledger::{Additions, History, Ledger};

pub fn reissue(args: &Reissue, world: &mut World) -> Result<Outcome, Failure> {
    let reason = one_line(&args.reason)?;
    let setup = Setup::load(&args.configured.config)?;
    let (state, signer) = (State::new(&setup.config), signer(&setup.config)?);
    let run_at = args.as_of.unwrap_or(world.now);
    let Held { _lock, mut ledger, history } = Held::of(&setup, &state, run_at)?;
    let archive = Archive::open(&state, &history)?;
    let bench = Bench { setup: &setup, state: &state, history: &history, archive: &archive, run_at };
    let whole = Whole::of(&bench, &ledger, &args.number)?;
    let draft = draft(&setup, &whole)?;
    refuse_unbillable(&setup, &whole, &draft, &args.number)?;
    let anew = rates(&setup, &whole, &draft, &args.number)?;
    refuse_same_words(&setup, &whole, (&draft, &anew), &args.number)?;
    let (note, invoice) = write(&bench, &mut ledger, &whole, &anew, reason)?;
    let drawn = issue::write_documents(&state, &mut ledger, &renderer()?, signer.as_ref(), world)?;
    say(world.out, &format!("credited  {}  {} for {}", note.number, told(&note), args.number))?;
    say(world.out, &format!("issued    {}  {} in its place", invoice.number, told(&invoice)))?;
    let again = whole.base.invoice.prepaid.as_ref();
    let again = again.map(|prepaid| prepaid.again(invoice.as_billed().total, note.as_billed().total));
    for Released { reference, amount } in again.into_iter().flat_map(|(_, released)| released) {
        say(
            world.out,
            &format!("released  {amount} of `{reference}`, which later invoices take while the book has it"),
        )?;
    }
    drawn.whole()?;
    say(world.out, &format!("documents {}/issued; the next `ritardo run` mails them", setup.config.state.display()))?;
    Ok(Outcome::Done)
}

/// A reason that can be printed.
pub fn one_line(reason: &str) -> Result<&str, Failure> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().any(char::is_control) {
        let failure = Failure::new(Kind::CommandLine, "the reason is empty, or has more than one line");
        return Err(failure.hint("say in a sentence why; it is recorded, and printed on the documents"));
    }
    Ok(reason)
}

/// What is left of an invoice.
struct Whole<'w> {
    base: Base,
    business: &'w Business,
    /// The rows of the credit note.
    lines: Vec<CreditLine>,
    /// What of earlier months is left on it.
    earlier: Vec<Earlier>,
    /// The same with the VAT of today.
    earlier_again: Vec<Earlier>,
    /// With the VAT of today.
    closed: ClosedMonth,
    /// As at the closing of its month.
    recorded: Setup,
}

impl<'w> Whole<'w> {
    fn of(bench: &Bench<'w>, ledger: &Ledger, number: &InvoiceNumber) -> Result<Self, Failure> {
        let history = bench.history;
        let refused = |why: String, hint: &str| Failure::new(Kind::CommandLine, why).hint(hint.to_owned());
        let issued = history.document(number).ok_or_else(|| {
            refused(format!("the ledger has no document {number}"), "numbers are those of `ritardo status`")
        })?;
        if !issued.kind.is_invoice() {
            let hint = "name the invoice that it corrects";
            return Err(refused(format!("{number} is a credit note, which is not corrected again"), hint));
        }
        let own = history.billed_by(issued, issued.month).ok_or_else(too_large)?;
        let left = history.rest(issued).filter(|rest| rest.minor() > 0);
        if left.is_none() {
            return Err(refused(
                format!("{number} is given back whole already"),
                "there is nothing left to bill again",
            ));
        }
        let business =
            bench.setup.businesses.iter().find(|business| business.id == issued.business).ok_or_else(|| {
                refused(
                    format!("the book has no business `{}`", issued.business),
                    "the new invoice has the words of the book",
                )
            })?;
        let sha256 = own.data_sha256.to_owned();
        let charges = filed_charges(bench.state, history, &issued.business, issued.month, &sha256)?;
        let mut closed = closed_again(bench, ledger, issued, &sha256)?;
        let base = correct::base_of(bench, ledger, issued, &closed, charges, sha256)?;
        if bench.setup.config.issuer_of(business).id != base.issuer.id {
            let hint = "let businesses.toml name that issuer until it is reissued";
            return Err(refused(
                format!("{number} is of issuer `{}`, and the business of another today", base.issuer.id),
                hint,
            ));
        }
        let earlier = earlier(history, issued, &base)?;
        let lines = lines(&base, &earlier)?;
        let recorded = match history.closed.get(&(issued.business.clone(), issued.month)) {
            Some(closed) => recorded::setup(ledger, closed)?,
            None => return Err(Failure::new(Kind::Differences, format!("{number} has no closed month"))),
        };
        let earlier_again = retaxed::earlier(ledger, history, business, &earlier)?;
        let earlier_again = earlier_again.filter(|_| retaxed::own(&recorded, business, &mut closed));
        let Some(earlier_again) = earlier_again else { return Err(other_days(number)) };
        Ok(Self { base, business, lines, earlier, earlier_again, closed, recorded })
    }
}

/// Which charge fell under which treatment is that of the closing.
fn other_days(number: &InvoiceNumber) -> Failure {
    let message =
        format!("{number} is of a month within which the VAT treatment changes, in the book of then or of today");
    let hint = "give the book the treatments of then until it is reissued, or settle it with a dispute";
    Failure::new(Kind::CommandLine, message).hint(hint)
}

/// The new invoice, but for rates of exchange and for what the transaction gives it.
fn draft(setup: &Setup, whole: &Whole) -> Result<Invoice, Failure> {
    let Whole { base: Base { invoice, .. }, business, closed, recorded, .. } = whole;
    let issue = Issue {
        number: invoice.number.clone(),
        date: invoice.issue_date,
        previous: String::new(),
        earlier: whole.earlier_again.clone(),
        rates: FrozenRates::default(),
        available: Vec::new(),
    };
    let issuer = setup.config.issuer_of(business);
    close::invoice(issuer, business, closed, &recorded.tariff_name(), issue).ok_or_else(too_large)
}

/// The rates of exchange of the new invoice.
fn rates(setup: &Setup, whole: &Whole, draft: &Invoice, number: &InvoiceNumber) -> Result<Anew, Failure> {
    let (invoice, business) = (&whole.base.invoice, whole.business);
    let refused = |why| Failure::new(Kind::CommandLine, format!("{number} cannot be billed again: {why}"));
    // Whether it charges tax hangs on no rate.
    let anew = billable::frozen_anew(setup, business, invoice, draft.charges_vat()).map_err(refused)?;
    let billed = anew.rates.exchange.as_ref().map_or(invoice.currency, |frozen| frozen.rate.to);
    match &invoice.prepaid {
        Some(prepaid) if prepaid.due.currency() != billed => {
            Err(refused(format!("it took {} of payments in advance, and would be in {billed}", prepaid.paid)))
        }
        _ => Ok(anew),
    }
}

/// A document that would say the same corrects nothing: what is compared is all that the canonical invoice says, but for what
/// follows from the charges. How documents look, and the forms of their line files, it does not say.
fn refuse_same_words(
    setup: &Setup,
    whole: &Whole,
    (draft, anew): (&Invoice, &Anew),
    number: &InvoiceNumber,
) -> Result<(), Failure> {
    let (invoice, business) = (&whole.base.invoice, whole.business);
    let issuer = setup.config.issuer_of(business);
    let payment = Payment { iban: issuer.iban.clone(), bic: issuer.bic.clone(), days: issuer.payment_days };
    let seller = (&issuer.party, &issuer.email, &payment);
    let buyer = (&business.party, business.language, &business.reference, business.e_invoice);
    let is_same = seller == (&invoice.seller, &invoice.seller_email, &invoice.payment)
        && buyer == (&invoice.buyer, invoice.language, &invoice.reference, invoice.e_invoice)
        && retaxed::says_the_same(draft, invoice)
        && anew.is_same
        // One of before there were e-invoices is issued again with one.
        && invoice.electronic;
    if !is_same {
        return Ok(());
    }
    let failure = Failure::new(Kind::CommandLine, format!("{number} has the words of today already"));
    Err(failure.hint(
        "correct ritardo.toml or businesses.toml first: the new invoice is written with them; looks and forms of line files \
         are no words of it",
    ))
}

/// What holds a month holds the invoice in place of another, too.
fn refuse_unbillable(setup: &Setup, whole: &Whole, draft: &Invoice, number: &InvoiceNumber) -> Result<(), Failure> {
    let Whole { business, closed, earlier_again, .. } = whole;
    let is_under = |category: &str| draft.vat.iter().any(|vat| vat.category == category);
    let seller = &setup.config.issuer_of(business).party;
    let contradicted = || billable::contradicted(business, seller, &is_under);
    let by_receipt = setup.tariff.reading.is_by_receipt();
    match close::wanting(business, closed, earlier_again, by_receipt).or_else(contradicted) {
        None => Ok(()),
        Some(why) => Err(Failure::new(Kind::CommandLine, format!("{number} cannot be billed again: {why}"))),
    }
}

fn too_large() -> Failure {
    Failure::new(Kind::SelfCheck, "a sum is too large to be exact")
}

/// The month as the invoice bills it now, closed once more.
fn closed_again(bench: &Bench, ledger: &Ledger, issued: &Issued, sha256: &str) -> Result<ClosedMonth, Failure> {
    let history = bench.history;
    let missing = || Failure::new(Kind::Differences, format!("{} has no closed month", issued.number));
    let standing = history.standing(&issued.business, issued.month).ok_or_else(missing)?;
    let corrected =
        history.corrections(&issued.business, issued.month).find(|corrected| corrected.data_sha256 == sha256);
    let evidence = corrected.map_or(standing.closed.evidence_through, |corrected| corrected.evidence_through);
    let disputes = corrected.map_or(0, |corrected| corrected.disputes_through);
    let mut replays = super::pages::Replays::with(history.clone());
    let again = correct::rated_again(bench, ledger, &mut replays, &standing, evidence, disputes)?;
    let differs = |why: String| {
        let failure =
            Failure::new(Kind::Differences, format!("the charges of {} cannot be made again: {why}", issued.number));
        failure.at(ledger.path()).hint("see `ritardo audit`; nothing was written")
    };
    let mut closed = again.closed.map_err(|reasons| differs(reasons.join("; ")))?;
    if closed.data_sha256 != history.sha256_now(sha256) {
        return Err(differs("they come to another digest".to_owned()));
    }
    sha256.clone_into(&mut closed.data_sha256);
    Ok(closed)
}

/// What an invoice still bills of earlier months.
fn earlier(history: &History, issued: &Issued, base: &Base) -> Result<Vec<Earlier>, Failure> {
    let left = issued.earlier.iter().filter_map(|earlier| {
        let own = history.billed_by(issued, earlier.month).filter(|own| own.rest.minor() > 0)?;
        Some(retaxed::left(history, issued, earlier, &own))
    });
    left.map(|earlier| with_parts_left(earlier, base)).collect()
}

/// The amount of a month with several categories or rates with what is left of each.
fn with_parts_left(earlier: Earlier, base: &Base) -> Result<Earlier, Failure> {
    if earlier.shares.is_empty() {
        return Ok(earlier);
    }
    let left = credit::left_of_month(&base.invoice, &base.notes, earlier.month).ok_or_else(too_large)?;
    let left = left.into_iter().filter(|(_, amount)| !amount.is_zero());
    Ok(earlier.with_shares(left.map(|(vat, amount)| VatShare { vat, amount }).collect()))
}

fn lines(base: &Base, earlier: &[Earlier]) -> Result<Vec<CreditLine>, Failure> {
    let zero = Money::zero(base.invoice.currency);
    let nothing = Amounts { quantity: 0, amount: zero };
    let filed = correct::read(&base.charges)?;
    let mut lines = if credit::is_by_row(&base.invoice, &base.notes) {
        credit::of_charges(&filed, &Filed::default(), zero.currency()).ok_or_else(too_large)?
    } else {
        let net = filed.net().and_then(|net| net.rounded(zero.currency(), Rounding::HalfAwayFromZero));
        let billed = Amounts { quantity: filed.quantity(), amount: net.ok_or_else(too_large)? };
        vec![credit::of_earlier(base.month, billed, nothing).ok_or_else(too_large)?]
    };
    for Earlier { month, charges, amount, .. } in earlier {
        let billed = Amounts { quantity: *charges, amount: *amount };
        lines.push(credit::of_earlier(*month, billed, nothing).ok_or_else(too_large)?);
    }
    Ok(lines)
}

/// Both documents, in one transaction.
fn write(
    bench: &Bench,
    ledger: &mut Ledger,
    whole: &Whole,
    anew: &Anew,
    reason: &str,
) -> Result<(Invoice, Invoice), Failure> {
    let mut made = None;
    correct::append(ledger, |history| {
        let (additions, note, invoice) = decide(bench, history, whole, anew, reason)?;
        made = Some((note, invoice));
        Ok(additions)
    })?;
    made.ok_or_else(|| Failure::new(Kind::SelfCheck, "nothing was issued"))
}

fn decide(
    bench: &Bench,
    history: &History,
    whole: &Whole,
    anew: &Anew,
    reason: &str,
) -> Result<(Additions, Invoice, Invoice), Refused> {
    let Whole { base, business, closed, recorded, .. } = whole;
    let correction = Correction {
        number: base.number.clone(),
        issue_date: base.invoice.issue_date,
        cause: CorrectionCause::Reissue,
        reason: Some(reason.to_owned()),
        messages: 0,
        was_sha256: base.was_sha256.clone(),
    };
    let credit = Credit {
        lines: whole.lines.clone(),
        stands: Stands::Nothing,
        month: base.invoice.month,
        counts: closed.counts,
        data_sha256: base.was_sha256.clone(),
    };
    let note = correct::note(bench, history, base, &correction, credit)?;
    let note_bytes = note.canonical();
    let note_row = Issued { earlier: whole.earlier.clone(), ..correct::row(bench, base, &note, &note_bytes) };
    let mut after = history.clone();
    after.issue(note_row.clone());
    let issuer = bench.setup.config.issuer_of(business);
    let date = issuer.zone.date_of(bench.run_at);
    let number = after.next_number(&issuer.series, date.year(), issuer.first_number);
    let (previous, earlier, rates) = (after.document_head(), whole.earlier_again.clone(), anew.rates.clone());
    let issue = Issue { number: number.clone(), date, previous, earlier, rates, available: Vec::new() };
    // The words are those of today; the month is cut where it was.
    let then = recorded.businesses.iter().find(|then| then.id == business.id);
    let zone = then.map_or(business.zone, |then| then.zone);
    let business = Business { zone, ..(*business).clone() };
    let invoice = close::invoice(issuer, &business, closed, &recorded.tariff_name(), issue)
        .ok_or_else(|| Refused::Check("a sum is too large to be exact".to_owned()))?;
    let (invoice, released) = credit::replacement((&base.invoice, &note), invoice, number, date, correction);
    if let Some(finding) = check::findings(&invoice, &closed.line_file, &check::sha256(&closed.line_file)).first() {
        return Err(Refused::Check(finding.to_string()));
    }
    let invoice_bytes = invoice.canonical();
    let exchange_sha256 = anew.table.as_deref().map(check::sha256);
    let invoice_row = Issued { exchange_sha256, released, ..correct::row(bench, base, &invoice, &invoice_bytes) };
    let contents = bench.setup.contents().into_iter().chain([note_bytes, invoice_bytes]);
    let contents = contents.chain(anew.table.clone()).collect();
    let entries = vec![Entry::CreditNote(note_row), Entry::Replacement(invoice_row)];
    Ok((Additions { entries, contents }, note, invoice))
}
