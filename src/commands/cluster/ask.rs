//! What a cluster is asked: which channels there are, what their messages are judged by, and where days and months begin.

use std::collections::{BTreeMap, BTreeSet};

use super::Cluster;
use super::files::Exchange;
use super::here::strays;
use super::told::Sieve;
use crate::commands::alarms::owned_until;
use crate::commands::archived::{Archive, Kept};
use crate::commands::coverage::looked_at;
use crate::commands::evidence::{Evidence, broken};
use crate::commands::loaded::{is_webhook, owners};
use crate::commands::progress;
use crate::commands::settled::can_settle;
use crate::commands::setup::Setup;
use crate::commands::timings::Timings;
use crate::commands::workers;
use crate::domain::cluster::FarPlace;
use crate::domain::{Business, ChannelEvidence, Date, Elapsed, Instant, Month, Span};
use crate::engine::spark::sieve::{self, Parts, Place, Segment};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Part;
use crate::read::frame;
use crate::report::portrait::length_ends;

/// What is asked of a business.
pub struct OfBusiness<'s> {
    pub business: &'s Business,
    /// Businesses with one number are told together.
    pub portion: u32,
    /// Questions of this time are asked about.
    pub judged: Span,
    /// Its evidence is what was known before.
    pub through: Instant,
    /// The months that are asked about, with where their evidence ends.
    pub months: Vec<(Month, Instant)>,
}

/// What is asked.
pub struct Question<'q> {
    pub archive: &'q Archive<'q>,
    pub setup: &'q Setup,
    /// Of the files, with what was accepted; without their messages.
    pub evidence: &'q Evidence,
    pub as_of: Instant,
    pub businesses: Vec<OfBusiness<'q>>,
    /// Whether days and silences are told, too.
    pub is_of_a_night: bool,
}

/// The parts of the archive, as the workers read them.
struct Archived {
    parts: Vec<Parts>,
    rows: u64,
    /// Paths of those that the cluster is to compare with their digests, which are named in `digests`.
    unseen: Vec<String>,
    digests: Vec<String>,
}

impl Question<'_> {
    /// Whether it asks about a business.
    pub fn is_about(&self, id: &str) -> bool {
        self.businesses.iter().any(|asked| asked.business.id.as_str() == id)
    }

    /// Asks the cluster.
    ///
    /// # Errors
    /// What it cannot answer, before work starts; a damaged part of the archive; what goes wrong on the cluster.
    pub fn ask<'s>(&'s self, cluster: &Cluster, timings: Option<&Timings>) -> Result<Sieve<'s>, Failure> {
        refuse(self.setup)?;
        if self.evidence.files.iter().any(|file| file.archive_sha256.is_some()) {
            return Err(refused("files that version 0.1.0 archived"));
        }
        let exchange = Exchange::new(cluster, self.archive.state)?;
        let Archived { parts, rows, unseen, digests } = self.archived(cluster)?;
        let (calendars, segments) = self.segments();
        if rows == 0 {
            let places = self.places(&calendars, self.evidence);
            return Ok(Sieve::new(self, exchange, (places, segments), sieve::Sieved::default()));
        }
        let look = sieve::Look {
            remote: cluster.remote.clone(),
            parts,
            unseen,
            rows,
            folder: exchange.url().to_owned(),
            owners: self.owners(),
        };
        let mut begun = timings.map(Timings::now);
        let mut lap = |name, rows| {
            if let (Some(timings), Some(at)) = (timings, begun) {
                timings.part(name, at, rows);
                begun = Some(timings.now());
            }
        };
        let (_bar, progress) = progress::of_tasks(cluster.watched);
        let looked = sieve::look(look, progress, &mut lap).map_err(|error| super::failure(&error))?;
        cluster.have_seen(digests);
        let strays = strays(self, &exchange, looked.seen())?;
        // What strays takes back what is known of a channel, on which hangs how far it is judged.
        let mut evidence = self.evidence.over(frame::empty().map_err(broken)?)?;
        if let Some(strays) = &strays {
            evidence.known.clone_from(&strays.known);
        }
        let places = self.places(&calendars, &evidence);
        let task = sieve::Task {
            tariff: self.setup.tariff.clone(),
            as_of: self.as_of,
            places: places.clone(),
            segments: segments.clone(),
            is_of_a_night: self.is_of_a_night,
            length_ends: length_ends().collect(),
        };
        let written = looked.sieved(task, &mut lap).map_err(|error| super::failure(&error))?;
        Ok(Sieve { strays, ..Sieve::new(self, exchange, (places, segments), written) })
    }

    /// All parts of the archive. What the workers read of the folder that lies here is compared with its digest first;
    /// of what lies elsewhere they do it.
    fn archived(&self, cluster: &Cluster) -> Result<Archived, Failure> {
        let state = self.archive.state;
        let (mut seen, mut names, mut rows) = (BTreeSet::new(), [Vec::new(), Vec::new()], 0_u64);
        let mut all: BTreeMap<&str, &Part> = BTreeMap::new();
        let name = |part: &Part| format!("{}/{}.parquet", part.month, part.sha256);
        for file in self.evidence.files.iter() {
            for part in &file.parts {
                if seen.insert((part.sha256.as_str(), is_webhook(file))) {
                    names[usize::from(is_webhook(file))].push(name(part));
                    rows = rows.saturating_add(part.rows);
                    all.insert(&part.sha256, part);
                }
            }
        }
        let (folder, lies_here) = match (&cluster.archive, state.remote()) {
            (Some(FarPlace::Objects(place)), _) => (place.to_string(), false),
            (Some(FarPlace::Folder(path)), _) => (super::files::text_of(path)?, false),
            (None, Some(remote)) => (remote.folder(), false),
            (None, None) => (super::files::text_of(&state.archive())?, true),
        };
        super::files::plain(Kind::Configuration, "archive", &folder)?;
        if let Some(part) = all.values().find(|part| !state.archived(part).starts_with(state.archive())) {
            let failure = Failure::new(Kind::CommandLine, "a cluster sees no files that a dry run has read");
            let failure = failure.at(&state.archived(part));
            return Err(failure.hint("leave it out with --engine local, or run without --dry-run"));
        }
        let mut new = cluster.unseen(all.into_values());
        if lies_here {
            workers::all(&new, |part| self.archive.check(Kept::Part(part)))?;
            cluster.have_seen(new.drain(..).map(|part| part.sha256.clone()).collect());
        }
        let path = |name: String| format!("{folder}/{name}");
        let parts = names.into_iter().zip([false, true]).filter(|(names, _)| !names.is_empty());
        let parts = parts.map(|(names, are_of_owners)| {
            let paths = names.into_iter().map(path).collect();
            Parts { paths, are_of_owners }
        });
        let unseen = new.iter().map(|part| path(name(part))).collect();
        Ok(Archived {
            parts: parts.collect(),
            rows,
            unseen,
            digests: new.iter().map(|part| part.sha256.clone()).collect(),
        })
    }

    /// The channels of the book with their owners.
    fn owners(&self) -> Vec<(String, String, Span)> {
        let owner = |(channel, owners): (&str, Vec<(&Business, Span)>)| {
            let (business, owned) = owners.first().copied()?;
            Some((channel.to_owned(), business.id.to_string(), owned))
        };
        owners(self.setup).into_iter().filter_map(owner).collect()
    }

    /// The channels of the book, and what the evidence makes of them.
    fn places(&self, calendars: &BTreeMap<&str, u32>, evidence: &Evidence) -> Vec<Place> {
        let asked: BTreeMap<&str, &OfBusiness> =
            self.businesses.iter().map(|asked| (asked.business.id.as_str(), asked)).collect();
        let place = |(channel, owners): (&str, Vec<(&Business, Span)>)| {
            let (business, owned) = owners.first().copied()?;
            let id = business.id.as_str();
            let nobody = Span { from: Instant::MIN, to: Instant::MIN };
            let mut place = Place {
                channel: channel.to_owned(),
                business: id.to_owned(),
                portion: None,
                calendar: u32::MAX,
                is_plain: true,
                through: Instant::MIN,
                judged: nobody,
                heard_until: Instant::MIN,
            };
            let Some(of) = asked.get(id) else { return Some(place) };
            let known = evidence.of_business(&business.id, channel, of.through);
            let through = known.as_ref().map_or(Instant::MIN, |known| known.watermark);
            let until = owned_until(business).get(channel).copied().unwrap_or(Instant::MIN);
            place.portion = Some(of.portion);
            place.calendar = calendars.get(id).copied().unwrap_or(u32::MAX);
            place.is_plain = known.as_ref().is_none_or(is_plain);
            place.through = through;
            place.judged = Span { from: of.judged.from.max(owned.from), to: of.judged.to.min(owned.to) };
            if self.is_of_a_night {
                place.heard_until = self.as_of.min(through).min(until);
            }
            Some(place)
        };
        owners(self.setup).into_iter().filter_map(place).collect()
    }

    /// The calendars of the businesses, and their segments. Most businesses share one.
    fn segments(&self) -> (BTreeMap<&str, u32>, Vec<Segment>) {
        let (mut numbers, mut of_businesses, mut segments) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for of in &self.businesses {
            let edges = self.edges(of);
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            let calendar = *numbers.entry(edges.clone()).or_insert_with(|| {
                let edges: Vec<Instant> = edges.into_iter().collect();
                let spans = edges.windows(2).map(|pair| Span { from: pair[0], to: pair[1] });
                segments.extend(spans.map(|span| Segment { calendar: next, span }));
                next
            });
            of_businesses.insert(of.business.id.as_str(), calendar);
        }
        (of_businesses, segments)
    }

    /// Every instant at which a count of a business may begin or end.
    fn edges(&self, of: &OfBusiness) -> BTreeSet<Instant> {
        let OfBusiness { business, months, .. } = of;
        let mut edges = BTreeSet::new();
        for (month, cut) in months {
            let span = month.span(business.zone);
            edges.extend([span.from, span.to]);
            let days =
                std::iter::successors(Some(business.zone.date_of(span.from)), |day: &Date| Some(day.plus_days(1)));
            let days = days.map(|day| day.start(business.zone)).take_while(|at| at < cut);
            edges.extend(days.filter(|at| *at >= span.from));
            if self.is_of_a_night {
                edges.insert(*cut);
                for owned in business.channels_in(span) {
                    let looked_at = looked_at(owned, span, *cut);
                    edges.extend([looked_at.from, looked_at.to]);
                }
            }
        }
        if self.is_of_a_night {
            edges.insert(self.as_of);
        }
        edges
    }
}

/// Refuses what no cluster can sieve by.
///
/// # Errors
/// The tariff counts charges, or has another reading than the default one but for window, boundary and price date; a channel
/// was owned more than once.
pub fn refuse(setup: &Setup) -> Result<(), Failure> {
    if !can_settle(setup) {
        let tariff = setup.tariff.name();
        return Err(refused(&format!(
            "tariff {tariff}: it counts charges, or has a reading other than the default one"
        )));
    }
    match owners(setup).into_iter().find(|(_, owners)| owners.len() > 1) {
        Some((channel, _)) => Err(refused(&format!("channel {channel}, which was owned more than once"))),
        None => Ok(()),
    }
}

fn refused(what: &str) -> Failure {
    let failure = Failure::new(Kind::CommandLine, format!("a cluster cannot judge by {what}"));
    failure.hint("leave the cluster out with --engine local: this machine can")
}

/// Whether a question that was answered in time is known by its answer alone, and nothing earlier answers a later one.
fn is_plain(known: &ChannelEvidence) -> bool {
    let accepted = &known.accepted;
    known.tolerance == Elapsed::ZERO && accepted.questions.is_empty() && accepted.disputes.is_empty()
}
