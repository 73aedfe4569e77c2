//! People, in the words that several formats share.

use std::collections::{BTreeMap, BTreeSet};

use super::{count, cut, shown};
use crate::graph::{Graph, Package};
use crate::knowledge::people::{AccountId, Fact, People, Publisher, VersionPeople};
use crate::knowledge::vet::{Basis, Certified, Root};
use crate::supply::archive::ArchiveFacts;
use crate::supply::archive::capability::Part;
use crate::supply::reach::Reached;
use crate::supply::{PackageSupply, Supply};

/// Characters of a name that people gave themselves.
const NAME: usize = 64;

/// `ann (Ann Lee)`, `team github:o:t`. Logins can be given up and taken by others, so the number
/// stands there, too.
pub(in crate::render) fn account(people: &People, id: AccountId) -> String {
    let known = people.accounts.get(&id);
    let login = known.map(|known| known.login.as_str()).unwrap_or_default();
    let login = cut(login, NAME);
    let mut text = match (id, login.is_empty()) {
        (AccountId::User(_), false) => login.clone(),
        (AccountId::Team(_), false) => format!("team {login}"),
        (_, true) => return format!("{} {}", id.kind(), id.number()),
    };
    let name = known.and_then(|known| known.name.as_deref());
    if let Some(name) = name.filter(|name| *name != login && !name.is_empty()) {
        text += &format!(" ({})", cut(name, NAME));
    }
    let github = known.and_then(|known| known.github_login.as_deref());
    if let Some(github) = github.filter(|github| *github != login) {
        text += &format!(", at GitHub {}", cut(github, NAME));
    }
    text += &format!(", {} {}", id.kind(), id.number());
    text
}

/// `75 %`; whole numbers, those that are not all are never shown as all.
pub(in crate::render) fn share(part: usize, whole: usize) -> String {
    match whole {
        0 => "-".to_owned(),
        whole => format!("{} %", part * 100 / whole),
    }
}

/// The facts that owners rest on: `dump of 2026-01-01 (12), lock of 2026-01-02, not verified (1)`.
pub(in crate::render) fn origins(supply: &Supply, graph: &Graph) -> String {
    let mut origins: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (_, package, _) in supply.of_crates_io(graph) {
        let krate = supply.people.crates.get(&package.name);
        if let Some(owners) = krate.and_then(|krate| krate.owners.as_ref()) {
            let names = origins.entry(owners.origin()).or_default();
            names.insert(&package.name);
        }
    }
    let several = origins.len() > 1;
    let texts = origins.iter().map(|(origin, names)| match several {
        true => format!("{origin} ({})", names.len()),
        false => origin.clone(),
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// Who published a version, and when.
pub(in crate::render) fn publisher(people: &People, version: &VersionPeople) -> Option<String> {
    let by = version.publisher.as_ref().map(|by| match &by.value {
        Publisher::User(number) => account(people, AccountId::User(*number)),
        Publisher::Trusted(from) => {
            let mut text = format!(
                "a workflow of {} {}",
                cut(&from.provider, NAME),
                cut(&from.repository, 2 * NAME)
            );
            if let Some(run) = &from.run {
                text += &format!(", run {}", cut(run, NAME));
            }
            if let Some(commit) = &from.commit {
                text += &format!(", commit {}", cut(commit, NAME));
            }
            text
        }
        Publisher::Unrecorded => "somebody whom the registry does not name".to_owned(),
    });
    match (by, version.published) {
        (Some(by), Some(day)) => Some(format!("{by} on {day}")),
        (Some(by), None) => Some(by),
        (None, Some(day)) => Some(format!("not known whom, on {day}")),
        (None, None) => None,
    }
}

/// Who owns a package: teams first, then by login.
pub(in crate::render) fn owners(people: &People, name: &str) -> Option<Vec<String>> {
    let owners = people.crates.get(name)?.owners.as_ref()?;
    let mut accounts: Vec<AccountId> = owners.value.iter().map(|own| own.account).collect();
    accounts.sort_by_cached_key(|id| (!id.is_team(), people.login(*id), *id));
    Some(accounts.into_iter().map(|id| account(people, id)).collect())
}

/// What audits by others come to, a line for each basis:
/// `safe-to-deploy, safe-to-run: audited by Ann (from mozilla), 1.0.0 → 1.1.0`.
fn audits(certified: &[Certified]) -> Vec<String> {
    let mut lines: Vec<(&Basis, Vec<&str>)> = Vec::new();
    for one in certified {
        match lines.iter_mut().find(|(basis, _)| **basis == one.basis) {
            Some((_, criteria)) => criteria.push(&one.criterion),
            None => lines.push((&one.basis, vec![&one.criterion])),
        }
    }
    let lines = lines.into_iter();
    let lines =
        lines.map(|(on, criteria)| format!("{}: {}", shown(&criteria.join(", ")), basis(on)));
    lines.collect()
}

fn basis(basis: &Basis) -> String {
    let mut text = match basis.root {
        Root::Audited => "audited",
        Root::Wildcard => "its publisher looks at every version",
        Root::Trusted => "its publisher is trusted",
        Root::Exempted => "exempted",
    }
    .to_owned();
    let is_way = basis.versions.len() > 1;
    if !basis.who.is_empty() {
        let audited = match basis.root {
            Root::Audited => "",
            _ => ", changes audited",
        };
        text += &format!("{audited} by {}", shown(&basis.who.join(", ")));
    }
    if !basis.imports.is_empty() {
        text += &format!(" (from {})", shown(&basis.imports.join(", ")));
    }
    if is_way {
        text += &format!(", {}", shown(&basis.versions.join(" → ")));
    }
    text
}

/// What is known of a package's people, a fact a line: a key, and what follows it.
pub(in crate::render) fn facts(
    package: &Package,
    known: &PackageSupply,
    supply: &Supply,
) -> Vec<(&'static str, String)> {
    let people = &supply.people;
    let krate = people.crates.get(&package.name);
    let gone = krate.and_then(|krate| krate.exists.as_ref());
    let mut facts = Vec::new();
    match (owners(people, &package.name), gone) {
        (Some(owners), _) if owners.is_empty() => facts.push(("owners", "nobody".to_owned())),
        (Some(owners), _) => facts.push(("owners", owners.join("; "))),
        (None, Some(Fact { value: false, .. })) => {
            facts.push((
                "owners",
                "the registry does not know the package".to_owned(),
            ));
        }
        (None, _) => facts.push(("owners", "not known".to_owned())),
    }
    let version = krate.and_then(|krate| krate.versions.get(&package.version));
    let publisher = version.and_then(|version| publisher(people, version));
    facts.push((
        "published by",
        publisher.unwrap_or_else(|| "not known".to_owned()),
    ));
    if krate.and_then(|krate| krate.trusted_only) == Some(true) {
        let text = "the registry takes versions from workflows only".to_owned();
        facts.push(("publishing", text));
    }
    if !known.authors.is_empty() {
        facts.push(("authors, by its manifest", shown(&known.authors.join("; "))));
    }
    facts.extend(
        known
            .archive
            .as_ref()
            .and_then(|archive| abilities(archive)),
    );
    let audits = audits(&known.certified).into_iter();
    facts.extend(audits.map(|audit| ("audit", audit)));
    facts
}

/// What a package's code can do, by whose code it is: `build script: environment, files; library: files`.
fn abilities(archive: &ArchiveFacts) -> Option<(&'static str, String)> {
    let mut parts: BTreeMap<Part, BTreeSet<&str>> = BTreeMap::new();
    for found in &archive.capabilities {
        parts
            .entry(found.part)
            .or_default()
            .insert(found.ability.name());
    }
    let parts = parts.into_iter().map(|(part, abilities)| {
        let abilities: Vec<&str> = abilities.into_iter().collect();
        format!("{}: {}", part.name(), abilities.join(", "))
    });
    let text = parts.collect::<Vec<_>>().join("; ");
    (!text.is_empty()).then_some(("can do", text))
}

/// What the run came to: `9 people and 2 teams can change 14 of 14 crates of crates.io, 2 are enough
/// for half of them`.
pub(in crate::render) fn sum(reached: &Reached) -> String {
    let Reached { accounts, sum } = reached;
    if accounts.is_empty() && sum.crates > 0 {
        let crates = count(sum.crates, "crate", "crates");
        return format!("who can change {crates} of crates.io is not known");
    }
    let teams = accounts.iter().filter(|one| one.account.is_team()).count();
    let people = count(accounts.len() - teams, "person", "people");
    let teams = match teams {
        0 => String::new(),
        n => format!(" and {}", count(n, "team", "teams")),
    };
    let known = sum.known();
    let mut text = format!(
        "{people}{teams} can change {known} of {} of crates.io",
        count(sum.crates, "crate", "crates")
    );
    if sum.half > 0 {
        let are = if sum.half == 1 { "is" } else { "are" };
        text += &format!(", {} {are} enough for half of them", sum.half);
    }
    if !sum.unknown.is_empty() {
        text += &format!(", {} not known", sum.unknown.len());
    }
    text
}
