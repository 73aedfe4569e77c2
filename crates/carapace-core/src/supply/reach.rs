//! What each account could change: who can publish new versions of what is built, and how far these
//! would come.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashSet};

use super::Supply;
use crate::graph::paths::Dependents;
use crate::graph::units::{Role, Roles};
use crate::graph::{Graph, PackageIdx};
use crate::knowledge::people::AccountId;

/// Steps from package to dependent that all accounts together may cost. A workspace of a thousand
/// packages takes a hundredth of it.
const STEPS: usize = 20_000_000;

/// What all accounts could change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    /// What each could: those that could change most first.
    pub accounts: Vec<Reach>,
    /// How much hangs on how many of them.
    pub sum: Concentration,
}

/// What one account could change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Who.
    pub account: AccountId,
    /// The packages that it can publish new versions of, by name, sorted.
    pub crates: Vec<String>,
    /// How many of these nobody else owns.
    pub alone: usize,
    /// How many of these run code on the machine that builds: build scripts, procedural macros, and
    /// what those are made of.
    pub at_build: usize,
    /// How many of these are linked into what is shipped.
    pub shipped: usize,
    /// The members of the workspace that any of these is built into, in the graph's order; none
    /// where there is too much to follow.
    pub members: Option<Vec<PackageIdx>>,
}

/// How much hangs on how many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Concentration {
    /// How many packages of crates.io are built, by name.
    pub crates: usize,
    /// Those of which no source says who owns them, sorted.
    pub unknown: Vec<String>,
    /// Those with one owner, sorted. A team counts as one, whoever is in it.
    pub single_owner: Vec<String>,
    /// How many accounts, each time the one that adds most, can change half of the packages whose
    /// owners are known.
    pub half: usize,
}

impl Concentration {
    /// Of how many packages a source says who owns them.
    #[must_use]
    pub fn known(&self) -> usize {
        self.crates - self.unknown.len()
    }
}

/// One name of what is built, all versions together.
#[derive(Debug, Default)]
struct Crate {
    packages: Vec<PackageIdx>,
    at_build: bool,
    shipped: bool,
}

/// The packages of crates.io that are built, by name.
fn crates<'a>(graph: &'a Graph, roles: &[Roles], supply: &Supply) -> BTreeMap<&'a str, Crate> {
    let mut crates: BTreeMap<&str, Crate> = BTreeMap::new();
    for (index, package, known) in supply.of_crates_io(graph) {
        let at = graph.position(index);
        let roles = at.and_then(|at| roles.get(at)).copied().unwrap_or_default();
        let found = crates.entry(&package.name).or_default();
        found.packages.push(index);
        // Of a lockfile only archives tell.
        let archive = known.archive.as_ref();
        found.at_build |= known.runs_at_build
            || archive.is_some_and(|archive| archive.runs_at_build())
            || roles.contains(Role::Build)
            || roles.contains(Role::ProcMacro);
        found.shipped |= roles.contains(Role::Runtime);
    }
    crates
}

/// Works out what accounts could change of a graph.
#[must_use]
pub fn reached(graph: &Graph, roles: &[Roles], supply: &Supply) -> Reached {
    let crates = crates(graph, roles, supply);
    let accounts = accounts(graph, &crates, supply);
    let sum = concentration(&crates, supply, &accounts);
    Reached { accounts, sum }
}

fn accounts(graph: &Graph, crates: &BTreeMap<&str, Crate>, supply: &Supply) -> Vec<Reach> {
    let dependents = Dependents::new(graph);
    let mut steps = STEPS;
    let mut owned: BTreeMap<AccountId, Vec<(&str, &Crate, bool)>> = BTreeMap::new();
    for (name, found) in crates {
        let known = supply.people.crates.get(*name);
        let Some(owners) = known.and_then(|known| known.owners.as_ref()) else {
            continue;
        };
        let alone = owners.value.len() == 1;
        for owner in &owners.value {
            let all = owned.entry(owner.account).or_default();
            all.push((name, found, alone));
        }
    }
    let mut all: Vec<Reach> = owned
        .into_iter()
        .map(|(account, owned)| {
            let count = |is: &dyn Fn(&Crate, bool) -> bool| {
                owned
                    .iter()
                    .filter(|(_, found, alone)| is(found, *alone))
                    .count()
            };
            let packages = owned.iter().flat_map(|(_, found, _)| &found.packages);
            Reach {
                account,
                alone: count(&|_, alone| alone),
                at_build: count(&|found, _| found.at_build),
                shipped: count(&|found, _| found.shipped),
                members: members(graph, &dependents, packages.copied(), &mut steps),
                crates: owned
                    .iter()
                    .map(|(name, _, _)| (*name).to_owned())
                    .collect(),
            }
        })
        .collect();
    let login = |account| supply.people.login(account);
    all.sort_by_cached_key(|one| (Reverse(one.crates.len()), login(one.account), one.account));
    all
}

/// The members that packages are built into; none once there are no more steps.
fn members(
    graph: &Graph,
    dependents: &Dependents<'_>,
    packages: impl Iterator<Item = PackageIdx>,
    steps: &mut usize,
) -> Option<Vec<PackageIdx>> {
    let mut seen: BTreeSet<PackageIdx> = packages.collect();
    let mut open: Vec<PackageIdx> = seen.iter().copied().collect();
    while let Some(package) = open.pop() {
        let above = dependents.of(package);
        *steps = steps.checked_sub(above.len() + 1)?;
        open.extend(above.iter().copied().filter(|above| seen.insert(*above)));
    }
    let members = graph.members().into_iter();
    Some(members.filter(|member| seen.contains(member)).collect())
}

fn concentration(
    crates: &BTreeMap<&str, Crate>,
    supply: &Supply,
    accounts: &[Reach],
) -> Concentration {
    let owners = |name: &str| {
        let known = supply.people.crates.get(name)?;
        Some(known.owners.as_ref()?.value.len())
    };
    let with = |is: &dyn Fn(Option<usize>) -> bool| {
        let names = crates.keys().copied();
        let names = names.filter(|name| is(owners(name)));
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let unknown = with(&|owners| owners.is_none());
    let known = crates.len() - unknown.len();
    Concentration {
        crates: crates.len(),
        single_owner: with(&|owners| owners == Some(1)),
        half: enough_for_half(known, accounts),
        unknown,
    }
}

/// How many accounts, each time the one that adds most, and of several the first, can change half of
/// so many packages.
fn enough_for_half(known: usize, accounts: &[Reach]) -> usize {
    let mut covered: HashSet<&str> = HashSet::new();
    // What an account adds only ever gets less, so what was counted before is an upper bound: the one
    // on top whose count is still right is the one that adds most.
    let counted = accounts.iter().enumerate();
    let mut most: BinaryHeap<(usize, Reverse<usize>)> = counted
        .map(|(at, one)| (one.crates.len(), Reverse(at)))
        .collect();
    let mut chosen = 0;
    while covered.len() * 2 < known {
        let Some((before, at)) = most.pop() else {
            break;
        };
        let Some(one) = accounts.get(at.0) else { break };
        let new = one
            .crates
            .iter()
            .filter(|name| !covered.contains(name.as_str()));
        match new.count() {
            0 => {}
            now if now == before => {
                covered.extend(one.crates.iter().map(String::as_str));
                chosen += 1;
            }
            now => most.push((now, at)),
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn half_is_what_looking_at_all_each_time_finds(
            owned in prop::collection::vec(prop::collection::btree_set(0_usize..12, 1..6), 0..12),
        ) {
            let reach: Vec<Reach> = owned.iter().enumerate().map(|(at, owned)| Reach {
                account: AccountId::User(u32::try_from(at).unwrap()),
                crates: owned.iter().map(ToString::to_string).collect(),
                alone: 0,
                at_build: 0,
                shipped: 0,
                members: None,
            }).collect();
            let all: BTreeSet<&usize> = owned.iter().flatten().collect();
            let (mut covered, mut naive) = (BTreeSet::new(), 0);
            while covered.len() * 2 < all.len() {
                let adds = |one: &&BTreeSet<usize>| one.difference(&covered).count();
                let most = owned.iter().rev().max_by_key(adds).unwrap();
                covered.extend(most.iter().copied());
                naive += 1;
            }
            prop_assert_eq!(enough_for_half(all.len(), &reach), naive);
        }
    }
}
