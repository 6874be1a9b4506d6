//! Where the pages go: below the state folder, or into a folder that is given away.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

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
        let path = self.root.join(path);
        self.folder(&path)?;
        files::leave_if_changed(&path, page.as_bytes(), self.access)
    }

    /// The same of a page that nights ask for: it is synced.
    pub fn keep(&self, path: &str, page: &str) -> Result<bool, Failure> {
        let path = self.root.join(path);
        self.folder(&path)?;
        files::write_if_changed(&path, page.as_bytes(), self.access)
    }

    pub fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// Removes pages of a folder that are not among those that were drawn.
    pub fn keep_only(&self, folder: &str, drawn: &BTreeSet<String>) -> Result<(), Failure> {
        if self.only.is_some() {
            return Ok(());
        }
        let folder = self.root.join(folder);
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_page = path.extension().is_some_and(|extension| extension == "html");
            let is_drawn = entry.file_name().to_str().is_some_and(|name| drawn.contains(name));
            if is_page && !is_drawn {
                std::fs::remove_file(&path).map_err(|error| Failure::io("remove the page", &path, error))?;
            }
        }
        Ok(())
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
