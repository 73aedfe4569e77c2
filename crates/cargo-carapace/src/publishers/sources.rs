//! Where facts of people come from, and in which order: what is held on this machine, the lock of
//! facts, and the registry's API for what is still open.
//!
//! Nothing that is known is asked for again: who published a version never changes, and who owns a
//! package is asked for again where its fact is older than the user wants.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use carapace_core::graph::Graph;
use carapace_core::knowledge::date::Date;
use carapace_core::knowledge::people::People;
use carapace_core::report::Gap;
use carapace_core::supply::Supply;
use semver::Version;

use super::PeopleError;
use super::answers::Answers;
use super::api::{Api, Question};
use super::index;
use super::search::{Search, now};
use crate::cli::Failure;
use crate::cli::args::PublishersArgs;
use crate::cli::audit::door;
use crate::cli::output;
use crate::host::dirs;
use crate::host::foreign;
use crate::host::registry::{self, CRATES_IO, IndexAddress};

/// The API of crates.io (<https://crates.io/data-access#api>).
const CRATES_IO_API: &str = "https://crates.io/";
/// Who is asked no more than once a second, whatever the user says.
const CRATES_IO_HOST: &str = "crates.io";
/// A dump that is so many days old is told to be old.
const MAX_DUMP_AGE: i64 = 91;
/// How many of the most downloaded packages impostors are looked for of.
const POPULAR: usize = 2_000;
/// A run that asks for longer says so before.
const LONG: Duration = Duration::from_secs(10);

/// What was found out of people.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) people: People,
    /// The names that are downloaded most.
    pub(super) popular: BTreeSet<String>,
    pub(super) gaps: Vec<Gap>,
}

/// Finds out who can change the packages of a graph, and who published them.
///
/// # Errors
/// [`Failure`] for settings that cannot be used.
pub(super) fn find(
    graph: &Graph,
    supply: &Supply,
    arguments: &PublishersArgs,
    today: Date,
) -> Result<Found, Failure> {
    let sources = &arguments.sources;
    let address = address(arguments)?;
    let cache = dirs::cache(&dirs::env);
    let answers = Answers::of(
        cache.as_deref(),
        address.as_deref().unwrap_or(CRATES_IO_API),
    );
    let mut wanted: BTreeMap<&str, BTreeSet<&Version>> = BTreeMap::new();
    // Nobody else's names are sent anywhere.
    for (_, package, _) in supply.of_crates_io(graph) {
        let versions = wanted.entry(&package.name).or_default();
        versions.insert(&package.version);
    }
    let mut gaps = Vec::new();
    let names: Vec<&str> = wanted.keys().copied().collect();
    let (held, popular) = held(cache.as_deref(), &names, today, &mut gaps);
    let mut search = Search {
        held,
        lock: supply.lock.as_ref(),
        is_verified: sources.verify,
        max_age: sources.cache_max_age,
        now: now(),
        records: wanted
            .keys()
            .map(|name| ((*name).to_owned(), answers.get(name)))
            .collect(),
        wanted,
    };
    let questions = search.open();
    let network = arguments.network;
    if !questions.is_empty() && !network.offline && !network.frozen {
        match &address {
            Ok(address) => {
                let interval = interval(address, sources.registry_api_rate)?;
                let door = door()?;
                let moment = (search.now, today);
                let mut api = Api::new(&door, address, &answers, interval, moment);
                tell(address, &questions, interval, arguments);
                gaps.extend(search.ask(&mut api, questions, arguments.output.quiet));
            }
            Err(reason) => gaps.push(Gap::new("people", reason.clone())),
        }
    }
    let open = search.open();
    gaps.extend(search.gaps(&open));
    if sources.verify {
        gaps.extend(search.unverified(&open));
    }
    Ok(Found {
        people: search.people(),
        popular,
        gaps,
    })
}

/// What the index of the registry's dump says of packages, and what is downloaded most, if one was
/// taken in; and what makes that less than it seems.
fn held(
    cache: Option<&Path>,
    names: &[&str],
    today: Date,
    gaps: &mut Vec<Gap>,
) -> (People, BTreeSet<String>) {
    let read = || {
        let Some(index) = cache.map(index::open).transpose()?.flatten() else {
            return Ok(None);
        };
        let (people, popular) = (index.people(names)?, index.most_downloaded(POPULAR)?);
        Ok(Some((people, popular.into_iter().collect(), index)))
    };
    let read: Result<_, PeopleError> = read();
    let (people, popular, index) = match read {
        Ok(Some(read)) => read,
        Ok(None) => return Default::default(),
        Err(error) => {
            gaps.push(Gap::new("people", error.to_string()));
            return Default::default();
        }
    };
    let as_of = index.as_of();
    match today.days() - as_of.days() {
        age @ MAX_DUMP_AGE.. => gaps.push(Gap::new(
            "people",
            format!(
                "the registry's dump is of {as_of}, {age} days old; `cargo carapace publishers \
                 update` fetches a newer one"
            ),
        )),
        ..0 => gaps.push(Gap::new(
            "people",
            format!("the registry's dump is of {as_of}, which is yet to come: a clock is wrong"),
        )),
        _ => {}
    }
    let aside = index.info().set_aside.iter();
    gaps.extend(aside.map(|reason| Gap::new("people", reason.clone())));
    (people, popular)
}

/// The address of the API, or why nobody is asked: who has crates.io's index come from elsewhere has
/// chosen who learns the names of packages.
fn address(arguments: &PublishersArgs) -> Result<Result<String, String>, Failure> {
    let sources = &arguments.sources;
    let named = sources.registry_api.as_deref().map(str::trim);
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        // With what its paths begin with or without it: both are how people know it.
        let root = named.trim_end_matches('/');
        let root = root.strip_suffix("/api/v1").unwrap_or(root);
        let address = registry::base(root).ok_or_else(|| {
            Failure(format!(
                "`{}` is not the address of a registry's API; give one like {CRATES_IO_API}",
                foreign::address(named)
            ))
        })?;
        return Ok(Ok(address));
    }
    let index = match &sources.registry_index {
        Some(named) => IndexAddress::named(named)?,
        None => registry::index_address(dirs::cargo_home(&dirs::env).as_deref(), &dirs::env),
    };
    Ok(match index {
        IndexAddress::Sparse(index) if index == CRATES_IO => Ok(CRATES_IO_API.to_owned()),
        _ => Err(
            "the index of crates.io is asked elsewhere, and so the API of crates.io is not asked; \
             --registry-api URL names one"
                .to_owned(),
        ),
    })
}

/// The time between two questions.
fn interval(address: &str, rate: Option<f64>) -> Result<Duration, Failure> {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_crates_io = host == CRATES_IO_HOST || host.ends_with(&format!(".{CRATES_IO_HOST}"));
    let rate = rate.unwrap_or(1.0);
    if is_crates_io && rate > 1.0 {
        let why = "--registry-api-rate: crates.io allows one question a second; `cargo carapace \
                   publishers update` fetches everything at once";
        return Err(Failure(why.to_owned()));
    }
    Ok(Duration::from_secs_f64(1.0 / rate))
}

/// Says how long it will take, where that is long.
fn tell(address: &str, questions: &[Question], interval: Duration, arguments: &PublishersArgs) {
    let requests: usize = questions.iter().map(Question::requests).sum();
    let time = interval.saturating_mul(u32::try_from(requests).unwrap_or(u32::MAX));
    if time < LONG || arguments.output.quiet {
        return;
    }
    let time = match time.as_secs() {
        seconds @ ..120 => format!("{seconds} seconds"),
        seconds @ ..7200 => format!("{} minutes", seconds / 60),
        seconds => format!("{} hours", seconds / 3600),
    };
    output::note(&format!(
        "asking `{}` {requests} questions, which takes about {time}; each answer is kept.\n\
         `cargo carapace publishers update` fetches everything at once",
        foreign::address(address)
    ));
}
