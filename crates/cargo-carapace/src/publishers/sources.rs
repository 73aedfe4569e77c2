//! Where facts of people come from, and in which order: what is held on this machine, the lock of
//! facts, and the registry's API for what is still open.
//!
//! Nothing that is known is asked for again: who published a version never changes, and who owns a
//! package is asked for again where its fact is older than the user wants.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use carapace_core::graph::{Graph, Package};
use carapace_core::knowledge::date::Date;
use carapace_core::knowledge::people::{Fact, People};
use carapace_core::report::Gap;
use carapace_core::supply::Supply;
use semver::Version;

use super::answers::{Answers, Record};
use super::api::{Api, Question};
use super::pace::since_epoch;
use crate::cli::Failure;
use crate::cli::args::PublishersArgs;
use crate::cli::audit::door;
use crate::cli::output;
use crate::host::dirs;
use crate::host::foreign;
use crate::host::progress::Progress;
use crate::host::registry::{self, CRATES_IO, IndexAddress};

/// The API of crates.io (<https://crates.io/data-access#api>).
const CRATES_IO_API: &str = "https://crates.io/";
/// Who is asked no more than once a second, whatever the user says.
const CRATES_IO_HOST: &str = "crates.io";
/// How old owners that the API told may be, where the user does not say.
const MAX_AGE: Duration = Duration::from_secs(48 * 60 * 60);
/// What a day has of them.
const MILLISECONDS_OF_DAY: i64 = 86_400_000;
/// A run that asks for longer says so before.
const LONG: Duration = Duration::from_secs(10);
/// How many packages are named of those that are not known.
const NAMED: usize = 5;

/// What was found out of people.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) people: People,
    pub(super) gaps: Vec<Gap>,
}

/// The packages of crates.io that are built: nobody else's names are sent anywhere.
fn packages<'a>(graph: &'a Graph, supply: &'a Supply) -> impl Iterator<Item = &'a Package> {
    let packages = graph.packages().iter().zip(&supply.packages);
    let built = packages.filter(|(package, known)| known.is_built && package.is_crates_io());
    built.map(|(package, _)| package)
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
    for package in packages(graph, supply) {
        let versions = wanted.entry(&package.name).or_default();
        versions.insert(&package.version);
    }
    let mut search = Search {
        held: People::default(),
        lock: supply.lock.as_ref(),
        is_verified: sources.verify,
        max_age: sources.cache_max_age,
        now: milliseconds(since_epoch()),
        records: wanted
            .keys()
            .map(|name| ((*name).to_owned(), answers.get(name)))
            .collect(),
        wanted,
    };
    let mut gaps = Vec::new();
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
                search.ask(&mut api, questions, arguments.output.quiet, &mut gaps);
            }
            Err(reason) => gaps.push(Gap::new("people", reason.clone())),
        }
    }
    let open = search.open();
    if let Some(gap) = unknown_publishers(&open) {
        gaps.push(gap);
    }
    if sources.verify {
        gaps.extend(search.unverified(&open));
    }
    Ok(Found {
        people: search.people(),
        gaps,
    })
}

/// The address of the API, or why nobody is asked: who has crates.io's index come from elsewhere has
/// chosen who learns the names of packages.
fn address(arguments: &PublishersArgs) -> Result<Result<String, String>, Failure> {
    let sources = &arguments.sources;
    let named = sources.registry_api.as_deref().map(str::trim);
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        let slash = if named.ends_with('/') { "" } else { "/" };
        let address = registry::base(&format!("{named}{slash}")).ok_or_else(|| {
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

/// What is known while it is looked for.
struct Search<'a> {
    /// The packages that are built, and their versions.
    wanted: BTreeMap<&'a str, BTreeSet<&'a Version>>,
    /// What is held on this machine of all packages.
    held: People,
    /// What the API has said of each.
    records: BTreeMap<String, Record>,
    /// What the lock says.
    lock: Option<&'a People>,
    /// Whether the lock's word is not enough.
    is_verified: bool,
    /// How old owners may be, where the user says so.
    max_age: Option<Duration>,
    /// The moment at which the run began, in milliseconds since the epoch.
    now: i64,
}

impl Search<'_> {
    /// Everything that is known.
    fn people(&self) -> People {
        let mut people = self.held.clone();
        for (name, record) in &self.records {
            people.extend(record.people(name));
        }
        // What the registry says of an account and of a version counts before.
        if let Some(lock) = self.lock {
            let locked = lock.crates.iter();
            let locked = locked.filter(|(name, _)| self.wanted.contains_key(name.as_str()));
            people.extend(People {
                accounts: lock.accounts.clone(),
                crates: locked
                    .map(|(n, krate)| (n.clone(), krate.clone()))
                    .collect(),
            });
        }
        people
    }

    /// Whether something that was said at a moment is young enough.
    fn is_young(&self, moment: i64) -> bool {
        let max_age = match (self.max_age, self.is_verified) {
            (Some(max_age), _) => max_age,
            (None, true) => Duration::ZERO,
            (None, false) => MAX_AGE,
        };
        let max_age = milliseconds(max_age);
        // What was said later than now was said by a clock that went wrong, or to a run beside.
        moment >= self.now.saturating_sub(max_age)
    }

    /// What is to be asked about a package of which the API has said this.
    fn question(&self, name: &str, record: &Record) -> Question {
        let mut question = Question {
            name: name.to_owned(),
            owners: false,
            versions: Vec::new(),
        };
        let is_told = record.asked.is_some_and(|asked| self.is_young(asked));
        let exists = record.krate.exists.as_ref();
        if is_told && exists.is_some_and(|exists| !exists.value) {
            return question;
        }
        let held = self.held.crates.get(name);
        let lock = self.lock.and_then(|lock| lock.crates.get(name));
        let is_age_wanted = self.is_verified || self.max_age.is_some();
        let of_held = held.and_then(|held| held.owners.as_ref());
        let is_enough = match is_age_wanted {
            true => {
                of_held.is_some_and(|held| self.is_young(held.as_of.days() * MILLISECONDS_OF_DAY))
            }
            false => of_held.is_some() || lock.is_some_and(|lock| lock.owners.is_some()),
        };
        question.owners = !is_told && !is_enough;
        let of = |version: &Version| {
            let held = held.and_then(|held| held.versions.get(version));
            let lock = lock.and_then(|lock| lock.versions.get(version));
            let lock = lock.filter(|_| !self.is_verified);
            let known = [record.krate.versions.get(version), held, lock].into_iter();
            known.flatten().filter_map(|known| known.publisher.as_ref())
        };
        let is_known = |version: &Version| {
            let absent = record.absent.get(version);
            of(version).any(Fact::is_final) || absent.is_some_and(|said| self.is_young(*said))
        };
        let versions = self.wanted.get(name).into_iter().flatten();
        let open = versions.filter(|version| !is_known(version));
        question.versions = open.map(|version| (*version).clone()).collect();
        question
    }

    /// Everything that is to be asked.
    fn open(&self) -> Vec<Question> {
        let questions = self.records.iter();
        let questions = questions.map(|(name, record)| self.question(name, record));
        questions
            .filter(|question| question.requests() > 0)
            .collect()
    }

    /// Asks it.
    fn ask(
        &mut self,
        api: &mut Api<'_>,
        questions: Vec<Question>,
        quiet: bool,
        gaps: &mut Vec<Gap>,
    ) {
        let progress = Progress::new("asking the registry's API", questions.len(), quiet);
        let many = questions.len();
        let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (done, Question { name, .. }) in questions.into_iter().enumerate() {
            let (record, said) = api.ask(&name, &|record| self.question(&name, record));
            self.records.insert(name.clone(), record);
            if let Err(reason) = said {
                reasons.entry(reason).or_default().push(name);
            }
            progress.reached(done + 1);
        }
        for (name, record) in api.settle() {
            for names in reasons.values_mut() {
                names.retain(|unanswered| *unanswered != name);
            }
            self.records.insert(name, record);
        }
        for (reason, names) in reasons.iter().filter(|(_, names)| !names.is_empty()) {
            let reason = format!("{reason}; of {} ({} of {many})", some(names), names.len());
            gaps.push(Gap::new("people", reason));
        }
    }

    /// What of the lock was not verified.
    fn unverified(&self, open: &[Question]) -> Option<Gap> {
        let lock = self.lock?;
        let open = open.iter().filter(|question| {
            lock.crates.get(&question.name).is_some_and(|locked| {
                let mut versions = question.versions.iter();
                question.owners && locked.owners.is_some()
                    || versions.any(|version| locked.versions.contains_key(version))
            })
        });
        let names: Vec<String> = open.map(|question| question.name.clone()).collect();
        let reason = format!(
            "what the lock says could not be verified of {}: the registry has no answer",
            some(&names)
        );
        (!names.is_empty()).then(|| Gap {
            blocking: true,
            ..Gap::new("verify", reason)
        })
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Of which versions it is not known who published them.
fn unknown_publishers(open: &[Question]) -> Option<Gap> {
    let of = |question: &Question| {
        let versions = question.versions.iter();
        let named = versions.map(|version| format!("{} {version}", question.name));
        named.collect::<Vec<_>>()
    };
    let names: Vec<String> = open.iter().flat_map(of).collect();
    let reason = format!("who published it is not known of {}", some(&names));
    (!names.is_empty()).then(|| Gap::new("publisher", reason))
}

/// Some names, and how many more there are.
fn some(names: &[String]) -> String {
    let named = names.iter().take(NAMED).map(String::as_str);
    let named: Vec<&str> = named.collect();
    match names.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
