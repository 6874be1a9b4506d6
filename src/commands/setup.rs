//! Configuration, businesses and tariff, read and parsed together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{files, looks};
use crate::close::TariffName;
use crate::config::{
    Config, parse_businesses, parse_config, parse_rates, parse_recorded_businesses, parse_recorded_config,
};
use crate::domain::business::VatTreatment;
use crate::domain::settings::Source;
use crate::domain::{Business, Elapsed, Invoice, Mistake, Rates};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Texts;
use crate::rate::Tariff;
use crate::read::coverage::Tolerances;
use crate::read::sha256;
use crate::render::{InvoiceView, Looks, Renderer};

/// A file that a person wrote, as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    pub text: String,
    pub sha256: String,
}

impl Written {
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = files::text(path)?;
        let sha256 = sha256(text.as_bytes());
        Ok(Self { path: path.to_owned(), text, sha256 })
    }

    /// A tariff: where it names a table of rates, both as one text, which its digest is of.
    pub fn tariff(path: &Path) -> Result<Self, Failure> {
        let written = Self::read(path)?;
        let is_name = |name: &String| !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.');
        // A name that is none is told by the tariff's parser.
        let Some(name) = Tariff::table_name(&written.text).filter(is_name) else { return Ok(written) };
        let beside = path.with_file_name(&name);
        let table = files::text(&beside).map_err(|failure| {
            failure.hint(format!("{} names it as its table of `rates`; it lies beside it", path.display()))
        })?;
        let text = Tariff::with_table(&written.text, &name, &table).map_err(|why| {
            let failure = Failure::new(Kind::Configuration, why).at(path);
            failure.hint("change the line: it is what parts the table from the tariff in the ledger")
        })?;
        let sha256 = sha256(text.as_bytes());
        Ok(Self { path: path.to_owned(), text, sha256 })
    }
}

/// The texts that a ledger recorded.
pub struct Recorded {
    pub config: Written,
    pub businesses: Written,
    pub tariff: Written,
    /// Templates and logos, where they were recorded.
    pub looks: Option<Written>,
}

/// What a run is told by people.
#[derive(Debug)]
pub struct Setup {
    pub config: Config,
    pub config_text: Written,
    /// Sorted by id.
    pub businesses: Vec<Business>,
    pub businesses_text: Written,
    pub tariff: Tariff,
    pub tariff_text: Written,
    /// The table of exchange rates as it is today. A recorded setup has none: what an invoice needs is frozen with it.
    pub rates: Option<Rates>,
    /// Templates and logos of the documents.
    pub looks: Looks,
    /// `None` of months that were closed before looks were recorded.
    pub looks_text: Option<Written>,
    /// By name, the places of the sources in the configuration.
    sources: BTreeMap<String, usize>,
    tolerances: Tolerances,
}

/// How a book of businesses is read: today, or as it was accepted once.
type ParseBook = fn(&Path, &str) -> Result<Vec<Business>, Vec<Mistake>>;

impl Setup {
    /// Reads all three files and lists the mistakes of all three.
    pub fn load(config: &Path) -> Result<Self, Failure> {
        let config_text = Written::read(config).map_err(|failure| {
            failure.hint("`ritardo init` writes a commented starter set; --config names another file")
        })?;
        let config = parse_config(config, &config_text.text).map_err(Failure::of_mistakes)?;
        let named = |key: &str| format!("ritardo.toml names it as `{key}`; `ritardo init` writes a commented one");
        let read = |path: &Path, key: &str| Written::read(path).map_err(|failure| failure.hint(named(key)));
        let businesses_text = read(&config.businesses, "businesses")?;
        let tariff_text = Written::tariff(&config.tariff)
            .map_err(|failure| if failure.hint.is_some() { failure } else { failure.hint(named("tariff")) })?;
        let rates = config.rates.as_deref().map(|path| {
            let hint =
                "ritardo.toml names it as the `table` of [exchange]; the ECB publishes one as eurofxref-hist.csv";
            Written::read(path).map_err(|failure| failure.hint(hint))
        });
        let rates = rates.transpose()?;
        let rates = rates.map(|written| parse_rates(&written.path, &written.text)).transpose();
        let setup = Self::parse(config, config_text, businesses_text, tariff_text, parse_businesses);
        let (setup, rates) = match (setup, rates.map_err(Failure::of_mistakes)) {
            (Ok(setup), Ok(rates)) => (setup, rates),
            (Err(failure), _) | (_, Err(failure)) => return Err(failure),
        };
        let mistakes: Vec<Mistake> = without_rates(&setup).into_iter().collect();
        if !mistakes.is_empty() && rates.is_none() {
            return Err(Failure::of_mistakes(mistakes));
        }
        if let Some(mistake) = paid_in_another_currency(&setup) {
            return Err(Failure::of_mistakes(vec![mistake]));
        }
        let looks = looks::read(&setup.config)?;
        Ok(Self { rates, looks_text: Some(looks::written(&looks)), looks, ..setup })
    }

    fn parse(
        config: Config,
        config_text: Written,
        businesses_text: Written,
        tariff_text: Written,
        parse_book: ParseBook,
    ) -> Result<Self, Failure> {
        let mut mistakes: Vec<Mistake> = Vec::new();
        let mut noted = |found: Vec<Mistake>| mistakes.extend(found);
        let businesses = parse_book(&businesses_text.path, &businesses_text.text).map_err(&mut noted).ok();
        let tariff = Tariff::parse(&tariff_text.path, &tariff_text.text).map_err(&mut noted).ok();
        if let Some(businesses) = &businesses {
            mistakes.extend(wrong_issuers(&config, &businesses_text, businesses));
            mistakes.extend(without_issuer_vat_id(&config, &config_text, businesses));
            mistakes.extend(without_issuer_terms(&config, &config_text, businesses));
        }
        match (businesses, tariff) {
            (Some(businesses), Some(tariff)) if mistakes.is_empty() => {
                let names = config.sources.iter().map(|source| source.name.clone());
                // Invariant: no two sources have one name; the parser of the configuration refuses them.
                let sources = names.zip(0..).collect();
                let tolerances = Tolerances::of(&config.sources);
                let (looks, looks_text) = (Looks::first(), None);
                Ok(Self {
                    config,
                    config_text,
                    businesses,
                    businesses_text,
                    tariff,
                    tariff_text,
                    rates: None,
                    looks,
                    looks_text,
                    sources,
                    tolerances,
                })
            }
            _ => Err(Failure::of_mistakes(mistakes)),
        }
    }

    /// The setup that a ledger recorded, from its texts.
    pub fn recorded(recorded: Recorded) -> Result<Self, Failure> {
        let Recorded { config, businesses, tariff, looks: looks_text } = recorded;
        let parsed = parse_recorded_config(&config.path, &config.text).map_err(Failure::of_mistakes)?;
        let looks = match &looks_text {
            None => Looks::first(),
            Some(written) => Looks::parse(&written.text)
                .map_err(|why| Failure::new(Kind::Differences, format!("the recorded looks cannot be used: {why}")))?,
        };
        let setup = Self::parse(parsed, config, businesses, tariff, parse_recorded_businesses)?;
        Ok(Self { looks, looks_text, ..setup })
    }

    /// What a decision is recorded with: each text once in the ledger, by its digest.
    pub fn contents(&self) -> Vec<Vec<u8>> {
        let texts = [&self.config_text, &self.businesses_text, &self.tariff_text].into_iter().chain(&self.looks_text);
        texts.map(|written| written.text.clone().into_bytes()).collect()
    }

    /// The digests of these.
    pub fn texts(&self) -> Texts {
        Texts {
            config_sha256: self.config_text.sha256.clone(),
            businesses_sha256: self.businesses_text.sha256.clone(),
            tariff_sha256: self.tariff_text.sha256.clone(),
            looks_sha256: self.looks_text.as_ref().map(|written| written.sha256.clone()),
        }
    }

    /// The renderer with the templates of this setup.
    pub fn renderer(&self, renderer: &Renderer) -> Result<Renderer, Failure> {
        let renderer = renderer.in_looks(&self.looks);
        renderer.map_err(|error| Failure::new(Kind::SelfCheck, "the templates cannot be used").because(error))
    }

    /// The view of a document as the documents of its issuer look; `file` is the file of charges that goes with it.
    pub fn dressed(&self, view: InvoiceView, invoice: &Invoice, file: Option<&[u8]>) -> InvoiceView {
        let business = self.business(invoice.business.as_str());
        let issuer = business.map(|business| self.config.issuer_of(business)).or(self.config.issuers.first());
        match issuer {
            Some(issuer) => view.in_looks(&self.looks, &issuer.id, &issuer.brand, invoice, file),
            None => view,
        }
    }

    /// A business of the book.
    pub fn business(&self, id: &str) -> Option<&Business> {
        let place = self.businesses.binary_search_by(|business| business.id.as_str().cmp(id)).ok()?;
        self.businesses.get(place)
    }

    /// A source of the configuration.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.get(name).and_then(|place| self.config.sources.get(*place))
    }

    /// The tolerance of a channel, whichever files are there.
    pub fn tolerance(&self, channel: &str) -> Elapsed {
        self.tolerances.tolerance(channel)
    }

    pub fn tariff_name(&self) -> TariffName {
        TariffName {
            id: self.tariff.id.clone(),
            version: self.tariff.version.clone(),
            sha256: self.tariff_text.sha256.clone(),
            source: self.tariff.source.clone(),
            window: self.tariff.reading.window,
            reading: self.tariff.reading_text(),
            tiers: self.tariff.tiers.map(|mode| mode.name().to_owned()).unwrap_or_default(),
            free: self.tariff.free,
            currency: self.tariff.currency,
        }
    }
}

/// A business names an issuer that there is, and with several of them it names one.
fn wrong_issuers(config: &Config, text: &Written, businesses: &[Business]) -> Vec<Mistake> {
    let ids: Vec<&str> = config.issuers.iter().map(|issuer| issuer.id.as_str()).collect();
    let hint = match ids.as_slice() {
        [""] => "take it out: the only issuer has no id".to_owned(),
        ids => format!("write issuer = \"...\" in it; the ids of the issuers are: {}", ids.join(", ")),
    };
    let wrong = businesses.iter().filter_map(|business| {
        let message = match &business.issuer {
            None if ids.len() == 1 => return None,
            None => format!("there are several issuers, and the business `{}` names none", business.id),
            Some(named) if ids.contains(&named.as_str()) => return None,
            Some(named) => format!("the business `{}` names the issuer `{named}`, which there is not", business.id),
        };
        Some(Mistake::of_file(&text.path, message, hint.clone()))
    });
    wrong.collect()
}

/// What is billed, or accounted for, in another currency than the tariff's needs a table of rates.
fn without_rates(setup: &Setup) -> Option<Mistake> {
    let tariff = setup.tariff.currency;
    let wrong = |business: &Business| {
        let (id, billed) = (&business.id, business.currency.unwrap_or(tariff));
        let returned = setup.config.issuer_of(business).vat_currency.unwrap_or(billed);
        let is_taxed = business.vat.spans.iter().any(|span| matches!(span.treatment, VatTreatment::Standard { .. }));
        if billed != tariff {
            return Some(format!(
                "`{id}` is billed in {billed}, the tariff is in {tariff}, and there are no exchange rates"
            ));
        }
        let message = || {
            format!(
                "`{id}` is billed in {billed}, its VAT accounted for in {returned}, and there are no exchange rates"
            )
        };
        (is_taxed && returned != billed).then(message)
    };
    let message = setup.businesses.iter().find_map(wrong)?;
    let hint = "add [exchange] with table = \"eurofxref-hist.csv\", the rates that the ECB publishes";
    Some(Mistake::of_file(&setup.config_text.path, message, hint))
}

/// Payments in advance are in the currency that the business is billed in: nothing says at which rate others would be taken.
fn paid_in_another_currency(setup: &Setup) -> Option<Mistake> {
    let wrong = |business: &Business| {
        let billed = business.currency.unwrap_or(setup.tariff.currency);
        let other = business.prepaid.iter().find(|advance| advance.amount.currency() != billed)?;
        let (id, paid) = (&business.id, other.amount);
        Some(format!("`{id}` is billed in {billed}, and paid {paid} in advance (`{}`)", other.reference))
    };
    let message = setup.businesses.iter().find_map(wrong)?;
    let hint = "write what it is worth in that currency, as agreed; or take it out where it is used up";
    Some(Mistake::of_file(&setup.businesses_text.path, message, hint))
}

/// Who charges VAT, or shifts it to the buyer, has a VAT id (EN 16931, BR-S-02, BR-Z-02, BR-AE-02 and BR-G-02).
fn without_issuer_vat_id(config: &Config, text: &Written, businesses: &[Business]) -> Option<Mistake> {
    let needs = |business: &&Business| {
        let taxes =
            |treatment: &VatTreatment| !matches!(treatment, VatTreatment::OutOfScope | VatTreatment::Exempt { .. });
        business.vat.spans.iter().any(|span| taxes(&span.treatment))
            && config.issuer_of(business).party.vat_id.is_none()
    };
    let business = businesses.iter().find(needs)?;
    let message = format!("the issuer has no vat_id, which the VAT treatment of `{}` needs", business.id);
    Some(Mistake::of_file(&text.path, message, "add vat_id to [issuer]"))
}

/// Who sends e-invoices through a network has an address in it, and a VAT id unless all is out of scope (Peppol BIS 3,
/// PEPPOL-EN16931-R020; EN 16931, BR-E-02).
fn without_issuer_terms(config: &Config, text: &Written, businesses: &[Business]) -> Vec<Mistake> {
    let asking = || businesses.iter().filter(|business| business.e_invoice.is_some());
    let wrong = |business: &Business, key: &str, example: &str| {
        let message = format!("the issuer has no {key}, which the e-invoices of `{}` need", business.id);
        Mistake::of_file(&text.path, message, format!("add {example} to [issuer]"))
    };
    let is_exempt = |business: &&Business| {
        business.vat.spans.iter().any(|span| matches!(span.treatment, VatTreatment::Exempt { .. }))
    };
    let unaddressed = asking().find(|business| config.issuer_of(business).party.endpoint.is_none());
    let unnamed = asking().filter(is_exempt).find(|business| config.issuer_of(business).party.vat_id.is_none());
    let unaddressed = unaddressed.map(|business| wrong(business, "endpoint", "endpoint = \"0088:9520000004170\""));
    let unnamed = unnamed.map(|business| wrong(business, "vat_id", "vat_id = \"IE1234567FA\""));
    unaddressed.into_iter().chain(unnamed).collect()
}
