//! Templates of one's own and logos, as the configuration names them: read once, and proved with samples before anything
//! is drawn with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::setup::Written;
use super::{World, proving, say};
use crate::config::Config;
use crate::domain::brand::Brand;
use crate::domain::business::{Issuer, Party};
use crate::domain::{Business, Mistake};
use crate::error::{Failure, Kind};
use crate::read::sha256;
use crate::render::{Fault, LogoFile, Looks, Renderer};

/// A logo is in each PDF, and a template in the ledger.
const LOGO_BYTES_MOST: u64 = 512 * 1024;
const TEMPLATE_BYTES_MOST: u64 = 256 * 1024;

/// Characters that a warning names one by one.
const SHOWN: usize = 8;

/// What the documents of a configuration are drawn with. Templates and logos that cannot be used are refused with their
/// lines.
pub fn read(config: &Config) -> Result<Looks, Failure> {
    let mut mistakes = Vec::new();
    let templates = match &config.templates {
        Some(folder) => templates(folder, &mut mistakes)?,
        None => BTreeMap::new(),
    };
    let logos = logos(config, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(Failure::of_mistakes(mistakes));
    }
    let is_usual = templates.is_empty() && logos.is_empty();
    let looks = Looks::with(templates.clone(), logos);
    if !is_usual {
        let faults = faults(config, &looks)?;
        mistakes.extend(faults.into_iter().map(|fault| mistake(config, &templates, fault)));
    }
    if mistakes.is_empty() { Ok(looks) } else { Err(Failure::of_mistakes(mistakes)) }
}

/// The characters that the PDFs of an issuer cannot show: of its name, its address, its fields and the words for its logo.
pub fn lacking_of_issuer(renderer: &Renderer, issuer: &Issuer) -> BTreeSet<char> {
    let fields = issuer.brand.fields.iter().flat_map(|(label, value)| [label, value]);
    let alt = issuer.brand.logo.iter().map(|logo| &logo.alt);
    lacking(renderer, of_party(&issuer.party).chain(fields).chain(alt))
}

/// The same of a business: of its name, its address and its reference.
pub fn lacking_of_business(renderer: &Renderer, business: &Business) -> BTreeSet<char> {
    lacking(renderer, of_party(&business.party).chain(&business.reference))
}

fn of_party(party: &Party) -> impl Iterator<Item = &String> {
    std::iter::once(&party.legal_name).chain(&party.address).chain(&party.vat_id).chain(&party.registration)
}

fn lacking<'t>(renderer: &Renderer, texts: impl Iterator<Item = &'t String>) -> BTreeSet<char> {
    texts.flat_map(|text| renderer.lacking(text)).collect()
}

/// Says which characters the PDFs cannot show. Nothing else lacks them, and no document waits for them.
pub fn warn(whose: &str, lacking: &BTreeSet<char>, world: &mut World) -> Result<(), Failure> {
    if lacking.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = lacking.iter().take(SHOWN).map(|sign| sign.escape_debug().to_string()).collect();
    let more = if lacking.len() > SHOWN { " and others" } else { "" };
    let signs = shown.join(" ");
    say(
        world.err,
        &format!(
            "warning: {whose}: the fonts of the PDF lack {signs}{more}; a box stands in their place there, with a note, \
             and all other files have the name"
        ),
    )
}

/// The looks as the ledger keeps them.
pub fn written(looks: &Looks) -> Written {
    let text = looks.written();
    let sha256 = sha256(text.as_bytes());
    Written { path: PathBuf::from("looks.json"), text, sha256 }
}

fn faults(config: &Config, looks: &Looks) -> Result<Vec<Fault>, Failure> {
    let brands: Vec<(String, Brand)> =
        config.issuers.iter().map(|issuer| (issuer.id.clone(), issuer.brand.clone())).collect();
    proving::faults(looks, &brands)
}

/// The templates of a folder by their names. Hidden files are nobody's business.
fn templates(folder: &Path, mistakes: &mut Vec<Mistake>) -> Result<BTreeMap<String, String>, Failure> {
    let unread = |error| {
        let failure = Failure::io("read the folder of templates", folder, error);
        Failure { kind: Kind::Configuration, ..failure }.hint("ritardo.toml names it as `templates`")
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        names.push(entry.map_err(unread)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let known: Vec<&str> = Looks::names().collect();
    let mut templates = BTreeMap::new();
    for name in names.into_iter().filter(|name| !name.starts_with('.')) {
        let path = folder.join(&name);
        if !known.contains(&name.as_str()) {
            let message = format!("`{}` is the name of no template", name.escape_debug());
            let hint = format!("the templates of documents are {}; put other files elsewhere", known.join(", "));
            mistakes.push(Mistake::of_file(&path, message, hint));
        } else if let Some(bytes) = bounded(&path, TEMPLATE_BYTES_MOST, "template", mistakes) {
            match String::from_utf8(bytes) {
                Ok(text) => drop(templates.insert(name, text)),
                Err(_) => mistakes.push(Mistake::of_file(&path, "the template is not UTF-8", "save it as UTF-8")),
            }
        }
    }
    Ok(templates)
}

fn logos(config: &Config, mistakes: &mut Vec<Mistake>) -> BTreeMap<String, LogoFile> {
    let mut logos = BTreeMap::new();
    for issuer in &config.issuers {
        let Some(logo) = &issuer.brand.logo else { continue };
        let Some(bytes) = bounded(&logo.path, LOGO_BYTES_MOST, "logo", mistakes) else { continue };
        let kind = if logo.path.extension().is_some_and(|ending| ending == "png") { "png" } else { "svg" };
        let is_it = if kind == "png" { bytes.starts_with(b"\x89PNG\r\n\x1a\n") } else { is_svg(&bytes) };
        if is_it {
            logos.insert(issuer.id.clone(), LogoFile::new(kind, &bytes));
        } else {
            let message = format!("the logo is no {}", kind.to_uppercase());
            mistakes.push(Mistake::of_file(&logo.path, message, "its ending says what it is: .svg or .png"));
        }
    }
    logos
}

fn is_svg(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.contains("<svg"))
}

/// The bytes of a small file; what keeps it from being one is noted.
fn bounded(path: &Path, most: u64, what: &str, mistakes: &mut Vec<Mistake>) -> Option<Vec<u8>> {
    let read = fs::metadata(path).and_then(|metadata| {
        if !metadata.is_file() {
            return Ok(Err(format!("the {what} is no file")));
        }
        if metadata.len() > most {
            return Ok(Err(format!("the {what} has {} bytes, more than {most}", metadata.len())));
        }
        fs::read(path).map(Ok)
    });
    let refused = match read {
        Ok(Ok(bytes)) => return Some(bytes),
        Ok(Err(why)) => why,
        Err(error) => format!("cannot read the {what}: {error}"),
    };
    let hint = format!("it is frozen with every month, and so it is a file of at most {} KiB", most / 1024);
    mistakes.push(Mistake::of_file(path, refused, hint));
    None
}

/// Where the fault is: in a template of one's own, or, where those of the program are used, in a logo.
fn mistake(config: &Config, templates: &BTreeMap<String, String>, fault: Fault) -> Mistake {
    let hint =
        fault.hint.unwrap_or_else(|| "it is drawn with samples: an invoice, a credit note, a preview".to_owned());
    if let (Some(folder), Some(written)) = (&config.templates, templates.get(&fault.template)) {
        let path = folder.join(&fault.template);
        let message = format!("the template cannot be used: {}", in_a_line(&fault.message));
        return match fault.span {
            Some(span) => Mistake::at(&path, written, span, message, hint),
            None => Mistake::of_file(&path, message, hint),
        };
    }
    let logo = config.issuers.iter().find_map(|issuer| issuer.brand.logo.as_ref());
    let path = logo.map_or_else(|| PathBuf::from(&fault.template), |logo| logo.path.clone());
    Mistake::of_file(&path, format!("the logo cannot be used: {}", in_a_line(&fault.message)), hint)
}

fn in_a_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
