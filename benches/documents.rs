//! Documents of many invoices, drawn on all processors: how many a second, what each costs, and whether memory stays flat.
//!
//!     cargo bench --locked --bench documents [-- NUMBER...]
//!
//! Nothing here is a test of speed. What one does with a figure stands in `benches/README.md`.
#![expect(clippy::unwrap_used, reason = "a benchmark over what cannot be made ends at once, and says where")]

use std::fs;
use std::io::{Write, stdout};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use ritardo::close::{self, Frozen, FrozenRates, Issue, Pricing, TariffName};
use ritardo::config::{parse_businesses, parse_config};
use ritardo::domain::brand::Brand;
use ritardo::domain::business::{Business, Issuer};
use ritardo::domain::charge::{Charge, Place, RateRow, RatedWait};
use ritardo::domain::invoice::Adjustment;
use ritardo::domain::{Currency, Decimal, Elapsed, EntryPoint, Instant, Invoice, Money, Month, Rate, Verdict, Wait};
use ritardo::render::{InvoiceView, Looks, Renderer, as_ubl};

/// So many documents at a time, where the command line does not say.
const USUAL: [u32; 2] = [500, 5_000];
/// Calling codes: each is a line of the invoice.
const MARKETS: [&str; 8] = ["39", "44", "34", "33", "49", "351", "30", "55"];
/// Charges of a line.
const CHARGES: i64 = 25;
/// As the program has it for its workers.
const STACK_BYTES: usize = 16 << 20;

fn main() {
    let mut out = stdout().lock();
    let (invoice, charges) = made();
    assert_eq!(invoice.lines.len(), MARKETS.len());
    let (renderer, processors) =
        (Renderer::new().unwrap(), thread::available_parallelism().map_or(1, NonZeroUsize::get));
    writeln!(out, "{} lines, {} charges, {processors} processors\n", invoice.lines.len(), rows(&charges)).unwrap();
    writeln!(out, "| documents | each of | a second | CPU ms each | wall ms | peak MiB | KiB of a PDF |").unwrap();
    writeln!(out, "|---:|---|---:|---:|---:|---:|---:|").unwrap();
    for (name, forms) in [("page one", Forms::PageOne), ("PDF", Forms::Pdf), ("JSON, page, PDF, UBL, mail", Forms::All)]
    {
        for count in asked() {
            let cost =
                measured(count, processors, &|number| drawn(&renderer, &numbered(&invoice, number), &charges, forms));
            let Cost { wall, cpu, peak, bytes } = cost;
            let (per_second, each) = (u64::from(count) * 1_000 / wall.max(1), bytes / u64::from(count) / 1_024);
            let cpu_each = tenths(cpu * 10 / u64::from(count));
            writeln!(out, "| {count} | {name} | {per_second} | {cpu_each} | {wall} | {} | {each} |", peak / 1_024)
                .unwrap();
        }
    }
}

/// Numbers of documents that the command line asks for; `cargo` adds words of its own.
#[expect(clippy::disallowed_methods, reason = "a benchmark has a command line of its own")]
fn asked() -> Vec<u32> {
    let asked: Vec<u32> = std::env::args().filter_map(|word| word.parse().ok()).filter(|count| *count > 0).collect();
    if asked.is_empty() { USUAL.to_vec() } else { asked }
}

fn tenths(count: u64) -> String {
    format!("{}.{}", count / 10, count % 10)
}

fn rows(file: &[u8]) -> usize {
    file.split(|byte| *byte == b'\n').count().saturating_sub(2)
}

/// What is drawn of each invoice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Forms {
    /// With the e-invoice inside, and without the pages of details.
    PageOne,
    /// With the e-invoice inside, the chart and the pages of details.
    Pdf,
    /// All that lies beside an issued invoice but for its line files.
    All,
}

/// Draws what `issue` draws, and gives the bytes of the PDF.
fn drawn(renderer: &Renderer, invoice: &Invoice, charges: &[u8], forms: Forms) -> u64 {
    let head = close::check::sha256(&invoice.canonical());
    let looks = Looks::default();
    let renderer = renderer.in_looks(&looks).unwrap();
    let charges = (forms != Forms::PageOne).then_some(charges);
    let view = InvoiceView::of(invoice, &head).in_looks(&looks, "", &Brand::default(), invoice, charges);
    let annex = view.sheet.as_ref().and_then(|sheet| sheet.annex.as_ref());
    assert!(view.einvoice.is_some() && annex.is_some_and(|annex| annex.waits.is_some()) == charges.is_some());
    let pdf = renderer.pdf(&view).unwrap();
    if forms == Forms::All {
        let (page, mail) = (renderer.html(&view).unwrap(), renderer.mail(&view).unwrap());
        assert!(!page.is_empty() && !mail.text.is_empty() && as_ubl(invoice, &head).is_some());
    }
    u64::try_from(pdf.len()).unwrap()
}

/// The invoice with another number and another buyer, as each has.
fn numbered(invoice: &Invoice, number: u32) -> Invoice {
    let mut invoice = invoice.clone();
    invoice.number.count = number;
    invoice.buyer.legal_name = format!("{} {number}", invoice.buyer.legal_name);
    invoice
}

struct Cost {
    /// Milliseconds.
    wall: u64,
    /// Milliseconds of all threads.
    cpu: u64,
    /// KiB, of the whole process.
    peak: u64,
    /// Of all PDFs.
    bytes: u64,
}

/// Draws so many documents on all processors; nothing of one is kept for the next.
#[expect(clippy::disallowed_methods, reason = "a benchmark has a stopwatch")]
fn measured(count: u32, processors: usize, draw: &(dyn Fn(u32) -> u64 + Sync)) -> Cost {
    // From here on the most memory is that of these documents. Where the machine does not let us, it is that of all before.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let (next, cpu, begun) = (AtomicU32::new(1), cpu(), std::time::Instant::now());
    let work = || {
        let numbers =
            std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number <= count));
        numbers.map(draw).sum::<u64>()
    };
    let bytes = thread::scope(|scope| {
        let worker = || thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work).unwrap();
        let workers: Vec<_> = (0..processors).map(|_| worker()).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<u64>()
    });
    let wall = u64::try_from(begun.elapsed().as_millis()).unwrap();
    Cost { wall, cpu: self::cpu() - cpu, peak: peak(), bytes }
}

/// Milliseconds of processor time of this process, to ten; 0 where the system does not tell.
fn cpu() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may have blanks; `utime` and `stime` are the 14th and 15th field.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

/// The most memory of this process in KiB; 0 where the system does not tell.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|count| count.parse().ok()).unwrap_or_default()
}

// An invoice as a closing makes it.

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn month() -> Month {
    Month::new(2018, 8).unwrap()
}

/// The invoice and its file of charges: domestic VAT, billed in euro, with a QR code, for a business that wants UBL too.
fn made() -> (Invoice, Vec<u8>) {
    let (business, issuer) = (business(), issuer());
    let adjustments = |_: Money, _: bool| Some(Vec::<Adjustment>::new());
    let pricing = Pricing { tariff: "late-reply@2018-08", currency: usd(), adjustments: &adjustments };
    let cut = "2018-09-03T00:00:00Z".parse().unwrap();
    let closed = close::close(&business, month(), cut, &rated(&business), &pricing).unwrap();
    let rate = Rate {
        from: usd(),
        to: "EUR".parse().unwrap(),
        date: month().last_day(),
        from_per_euro: "1.1651".parse().unwrap(),
        to_per_euro: Decimal::whole(1),
    };
    let exchange = Some(Frozen { rate, table_sha256: "5d".repeat(32) });
    let issue = Issue {
        number: "LR-2018-000001".parse().unwrap(),
        date: "2018-09-05".parse().unwrap(),
        previous: "b".repeat(64),
        earlier: Vec::new(),
        rates: FrozenRates { exchange, vat: None },
        available: Vec::new(),
    };
    let invoice = close::invoice(&issuer, &business, &closed, &tariff(), issue).unwrap();
    (invoice, closed.line_file)
}

fn business() -> Business {
    let text = "[[business]]\nid = \"bologna-bakery\"\nlegal_name = \"Forno Città & Figli S.r.l.\"\n\
                address = [\"Via degli Esempi 12\", \"40126 Bologna BO\"]\ncountry = \"IT\"\nvat_id = \"IT99999990379\"\n\
                emails = [\"accounts@forno.example\"]\nlanguage = \"it\"\nzone = \"Europe/Rome\"\nfirst_month = \"2018-08\"\n\
                vat = { treatment = \"standard\", rate = \"22\" }\ncurrency = \"EUR\"\nreference = \"PO 4711\"\n\
                endpoint = \"0211:IT12345678903\"\ne_invoice = \"ubl\"\n\
                [[business.channel]]\nid = \"+390510000417\"\n";
    parse_businesses(Path::new("businesses.toml"), text).unwrap().remove(0)
}

fn issuer() -> Issuer {
    let text = "[issuer]\nlegal_name = \"Late Reply Billing Limited\"\naddress = [\"1 Sample Quay\", \"Dublin 2\"]\n\
                country = \"IE\"\nvat_id = \"IE9999990AH\"\nemail = \"billing@late-reply.example\"\nzone = \"Europe/Dublin\"\n\
                iban = \"IE89 RTRD 9990 0012 3456 78\"\nbic = \"RTRDIE2D\"\nendpoint = \"0088:9520000004170\"\n\
                [mail]\ntransport = \"file\"\n";
    parse_config(Path::new("ritardo.toml"), text).unwrap().issuers.remove(0)
}

fn tariff() -> TariffName {
    TariffName {
        id: "late-reply".to_owned(),
        version: "2018-08".to_owned(),
        sha256: "cb".repeat(32),
        source: "rates are examples".to_owned(),
        window: Elapsed::DAY,
        reading: String::new(),
        tiers: String::new(),
        free: 0,
        currency: usd(),
    }
}

/// So many charges of each market over the month, most of them answered late, in the order of time.
fn rated(business: &Business) -> Vec<RatedWait> {
    let begin = month().span(business.zone).from;
    let markets = i64::try_from(MARKETS.len()).unwrap();
    let step = 31 * 86_400 / (markets * CHARGES);
    (0..markets * CHARGES).map(|place| charged(place, begin.plus(Elapsed::from_seconds(place * step)))).collect()
}

fn charged(place: i64, received_at: Instant) -> RatedWait {
    let market = MARKETS[usize::try_from(place).unwrap() % MARKETS.len()];
    let hours = 25 + place % 7 * 9;
    let answered_at = (place % 5 > 0).then(|| received_at.plus(Elapsed::from_seconds(hours * 3_600)));
    let price: Decimal =
        ["0.05", "0.0475", "0.06"][usize::try_from(place).unwrap() % MARKETS.len() % 3].parse().unwrap();
    let wait = Wait {
        business: "bologna-bakery".into(),
        channel: "+390510000417".into(),
        conversation: format!("c{place}").into(),
        customer: format!("+{market}333{place:06}").into(),
        message_id: format!("wamid.{place:012}").into(),
        run: Vec::new(),
        entry_point: EntryPoint::Unknown,
        received_at,
        answered_at,
        deadline: received_at.plus(Elapsed::DAY),
        verdict: if answered_at.is_some() { Verdict::Late } else { Verdict::Unanswered },
        held_for: None,
        doubt_at: None,
        accepted_at: None,
        excluded: false,
        watermark: "2018-10-01T00:00:00Z".parse().unwrap(),
        tolerance: Elapsed::ZERO,
    };
    let rate = RateRow { line: 1, tier: None, step: None, price };
    let charge = Charge { rate, place: Place::Uncounted, amount: price };
    RatedWait { wait, market: market.parse().unwrap(), charge: Some(charge) }
}
