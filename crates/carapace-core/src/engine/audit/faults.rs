//! What is known against versions that nobody has yet.

use std::collections::BTreeSet;

use semver::Version;

use super::{ByPackage, Ignores, Knowledge, by_package};
use crate::knowledge::date::Date;
use crate::policy::Policy;

/// What a policy holds against versions of packages of crates.io, whatever the graph around them.
pub struct VersionFaults<'a> {
    policy: &'a Policy,
    ignores: Ignores<'a>,
    advisories: ByPackage,
}

impl<'a> VersionFaults<'a> {
    /// What the advisories of a run say by a policy, on a day.
    #[must_use]
    pub fn new(knowledge: &Knowledge, policy: &'a Policy, today: Option<Date>) -> Self {
        Self {
            policy,
            ignores: Ignores::new(&policy.ignores, today),
            advisories: by_package(&knowledge.advisories),
        }
    }

    /// The ids of the advisories that speak of a version and that are not left out.
    #[must_use]
    pub fn of(&self, name: &str, version: &Version) -> BTreeSet<String> {
        let named = self.advisories.get(name).into_iter().flatten();
        named
            .filter(|advisory| advisory.affects(version))
            .filter(|advisory| self.ignores.find(advisory, None).is_none())
            .filter(|advisory| self.policy.leaves_out(advisory, None, None).is_none())
            .map(|advisory| advisory.id.clone())
            .collect()
    }
}
