//! Where the pages go: below the state folder, or into a folder that is given away.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::super::files::{self, Access};
use super::super::setup::Setup;
use super::super::state::State;
use crate::cli::Months;
use crate::domain::{Business, BusinessId, Month, Tongue};
use crate::error::{Failure, Kind};
use crate::render::Pages;
use crate::report::{self, Link, paged};

/// The page of the last run.
pub const RUN: &str = "run.html";

/// The names of the pages that the program wrote, a line each.
const LIST: &str = "pages.list";

/// A folder of pages, with the templates that they are made of.
pub struct Site {
    root: PathBuf,
    access: Access,
    /// Documents and previews lie where a page of the state folder seeks them.
    pub is_beside: bool,
    /// It has a page of the last run.
    pub has_run: bool,
    /// Only the pages of this business: they lead to no others.
    pub only: Option<BusinessId>,
    /// Each business has pages of its own.
    each: bool,
    /// Only these months are drawn.
    pub months: Option<Months>,
    /// Of the pages of all businesses.
    pub tongue: Tongue,
    templates: BTreeMap<Tongue, Pages>,
    /// What was written, or was there as it would be.
    written: Mutex<BTreeSet<String>>,
}

impl Site {
    /// The site of the state folder.
    pub fn of_state(setup: &Setup, state: &State, has_run: bool) -> Result<Self, Failure> {
        let site = Self::apart(setup, &state.reports())?;
        Ok(Self { access: Access::Private, is_beside: true, has_run, ..site })
    }

    /// A site that is given away: it lies alone, and leads to no document.
    pub fn apart(setup: &Setup, folder: &Path) -> Result<Self, Failure> {
        let rules = setup.config.report;
        Ok(Self {
            root: folder.to_owned(),
            access: Access::Usual,
            is_beside: false,
            has_run: false,
            only: None,
            each: rules.each_business,
            months: None,
            tongue: rules.tongue,
            templates: templates()?,
            written: Mutex::default(),
        })
    }

    /// Whether the pages of a business are wanted.
    pub fn is_wanted(&self, business: &BusinessId) -> bool {
        self.only.as_ref().map_or(self.each, |only| only == business)
    }

    /// Whether anything of a business is drawn: all, unless pages of one are asked for.
    pub fn draws(&self, business: &BusinessId) -> bool {
        self.only.as_ref().is_none_or(|only| only == business)
    }

    /// What the pages of a business are written in.
    pub fn tongue_of(&self, business: &Business) -> Tongue {
        Tongue::of(business.language)
    }

    /// The addresses beside a page; `up` leads from it to the first folder of the site.
    pub fn nav(&self, tongue: Tongue, up: &str, more: Vec<Link>) -> Vec<Link> {
        // Who has only the pages of one business has no other.
        if self.only.is_some() && !self.is_beside { more } else { paged::nav(tongue, up, self.has_run, more) }
    }

    /// A page by its template.
    pub fn draw(&self, tongue: Tongue, template: &str, data: &impl Serialize) -> Result<String, Failure> {
        let failed = |why: String| Failure::new(Kind::SelfCheck, why);
        let pages = self.templates.get(&tongue).ok_or_else(|| failed(format!("no pages in {}", tongue.code())))?;
        let drawn = pages.render(&report::site::name_in(tongue, template), data);
        drawn.map_err(|error| failed(format!("a page of {template} cannot be drawn")).because(error))
    }

    /// Writes a page that is there whole or not at all; it is not synced: it can be drawn again. Says whether it changed.
    pub fn leave(&self, path: &str, page: &str) -> Result<bool, Failure> {
        self.note(path);
        let path = self.root.join(path);
        self.folder(&path)?;
        files::leave_if_changed(&path, page.as_bytes(), self.access)
    }

    /// The same of a page that nights ask for: it is synced.
    pub fn keep(&self, path: &str, page: &str) -> Result<bool, Failure> {
        self.note(path);
        let path = self.root.join(path);
        self.folder(&path)?;
        files::write_if_changed(&path, page.as_bytes(), self.access)
    }

    pub fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// Removes the pages that earlier nights wrote and that nothing draws any more, and lists those that are there. `is_kept`
    /// says of a page that was not drawn now whether it stays. What no list of ours names is left alone, whoever made it.
    pub fn settle(&self, is_kept: impl Fn(&str) -> bool) -> Result<(), Failure> {
        if self.only.is_some() {
            return Ok(());
        }
        let mut pages = self.written.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let list = self.root.join(LIST);
        // A list that is lost, or was made by hand, is none: pages stay then.
        let before = std::fs::read_to_string(&list).unwrap_or_default();
        for name in before.lines().filter(|name| is_page(name)) {
            if pages.contains(name) {
                continue;
            }
            if is_kept(name) {
                pages.insert(name.to_owned());
                continue;
            }
            let path = self.root.join(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Failure::io("remove the page", &path, error));
                }
                _ => {}
            }
        }
        let text: String = pages.iter().map(|name| format!("{name}\n")).collect();
        self.folder(&list)?;
        files::leave_if_changed(&list, text.as_bytes(), self.access).map(drop)
    }

    fn note(&self, page: &str) {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).insert(page.to_owned());
    }

    fn folder(&self, path: &Path) -> Result<(), Failure> {
        let Some(folder) = path.parent() else { return Ok(()) };
        match self.access {
            Access::Private => files::private_folder(folder),
            Access::Usual | Access::Everybody => {
                std::fs::create_dir_all(folder).map_err(|error| Failure::io("create the folder", folder, error))
            }
        }
    }
}

/// Whether a line of a list can be the name of a page of this site: nothing outside of its folder is.
fn is_page(name: &str) -> bool {
    let path = Path::new(name);
    let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    is_inside && path.extension().is_some_and(|extension| extension == "html")
}

fn templates() -> Result<BTreeMap<Tongue, Pages>, Failure> {
    let broken = |error| Failure::new(Kind::SelfCheck, "the templates of the pages cannot be used").because(error);
    let of = |tongue| Ok((tongue, Pages::with(&report::site::templates(tongue)).map_err(broken)?));
    Tongue::ALL.into_iter().map(of).collect()
}

/// Where the page of a month lies.
pub fn of_month(month: Month) -> String {
    format!("{month}.html")
}

/// Where the page of a business in a month lies.
pub fn of_business(month: Month, business: &BusinessId) -> String {
    format!("{month}/{business}.html")
}

/// Where the page of a business over all months lies.
pub fn over_months(business: &BusinessId) -> String {
    format!("business/{business}.html")
}

/// The business whose page this is, in a month or over all of them; other pages have a name that no id can be.
pub fn business_of(page: &str) -> Option<BusinessId> {
    page.split_once('/')?.1.strip_suffix(".html")?.parse().ok()
}

/// The month that a page is of, itself or by its folder.
pub fn month_in(page: &str) -> Option<Month> {
    page.split(['/', '.']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_by_its_name_what_it_is_of() {
        for (name, month, business) in [
            ("2018-08.html", Some("2018-08"), None),
            ("2018-08/shop.html", Some("2018-08"), Some("shop")),
            ("2018-08/businesses_2.html", Some("2018-08"), None),
            ("business/shop.html", None, Some("shop")),
            ("index.html", None, None),
        ] {
            assert_eq!(month_in(name).map(|month| month.to_string()).as_deref(), month, "{name}");
            assert_eq!(business_of(name).map(|id| id.to_string()).as_deref(), business, "{name}");
        }
        for (name, is_ours) in [("2018-08/a.html", true), ("../a.html", false), ("/a.html", false), ("a.txt", false)] {
            assert_eq!(is_page(name), is_ours, "{name}");
        }
    }
}
