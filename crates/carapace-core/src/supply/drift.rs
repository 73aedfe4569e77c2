//! What has changed since the lock of facts was written.
//!
//! *Invariant.* Only what the registry said to this machine is held against the lock: two entries of
//! the lock never are, nor is an older answer about owners.

use std::collections::BTreeSet;

use semver::Version;

use crate::finding::Finding;
use crate::graph::checksum::Checksum;
use crate::graph::{Package, PackageIdx};
use crate::knowledge::people::{
    AccountId, CratePeople, Fact, Owner, People, Publisher, TrustedPublishing, VersionPeople,
};
use crate::rules::{Context, Rule};

/// What the lock and the registry say of a package.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drift<'a> {
    package: &'a Package,
    /// What is known now.
    pub(crate) people: &'a People,
    /// What the lock says.
    pub(crate) lock: &'a People,
    locked: &'a CratePeople,
    now: &'a CratePeople,
}

/// The packages that are built and that the lock has.
pub(crate) fn drifts<'a>(
    context: &'a Context<'_>,
) -> impl Iterator<Item = (PackageIdx, &'a Package, Drift<'a>)> {
    context
        .published()
        .filter_map(|(index, package, _, supply)| {
            let drift = Drift::of(package, &supply.people, supply.lock.as_ref()?)?;
            Some((index, package, drift))
        })
}

/// What a rule finds of owners, `changed` of which are of its kind: once for a package, whichever
/// versions of it are in use.
pub(crate) fn owner_findings(
    rule: &'static Rule,
    context: &Context<'_>,
    changed: impl Fn(&Owners<'_>) -> Vec<AccountId>,
    message: impl Fn(&str, &str) -> String,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, package, drift) in drifts(context) {
        let Some(owners) = drift.owners() else {
            continue;
        };
        let changed = changed(&owners);
        if changed.is_empty() || !seen.insert(&package.name) {
            continue;
        }
        let accounts: Vec<String> = changed
            .iter()
            .map(|id| account(drift.people, *id))
            .collect();
        let message = message(&package.name, &accounts.join(", "));
        let mut finding = context.finding(rule, index, message);
        // Another one later is another finding.
        for account in &changed {
            finding.fingerprint += &format!(":{}-{}", account.kind(), account.number());
        }
        finding.evidence = vec![
            format!("owners now: {}", owners.now.origin()),
            format!("owners in the lock: {}", owners.locked.origin()),
        ];
        findings.push(finding);
    }
    findings
}

/// Who may publish a package, when it was locked and now.
pub(crate) struct Owners<'a> {
    pub(crate) locked: &'a Fact<Vec<Owner>>,
    pub(crate) now: &'a Fact<Vec<Owner>>,
}

impl Owners<'_> {
    /// Who owns it now and did not.
    pub(crate) fn added(&self) -> Vec<AccountId> {
        beyond(&self.now.value, &self.locked.value)
    }

    /// Who owned it and does not now.
    pub(crate) fn removed(&self) -> Vec<AccountId> {
        beyond(&self.locked.value, &self.now.value)
    }
}

/// The accounts of some owners that are not among others.
fn beyond(owners: &[Owner], others: &[Owner]) -> Vec<AccountId> {
    let others: BTreeSet<AccountId> = others.iter().map(|owner| owner.account).collect();
    let accounts = owners.iter().map(|owner| owner.account);
    accounts
        .filter(|account| !others.contains(account))
        .collect()
}

impl<'a> Drift<'a> {
    /// Of a package that the lock has.
    pub(crate) fn of(package: &'a Package, people: &'a People, lock: &'a People) -> Option<Self> {
        Some(Self {
            package,
            people,
            lock,
            locked: lock.crates.get(&package.name)?,
            now: people.crates.get(&package.name)?,
        })
    }

    /// Its owners, if the registry has told them since.
    pub(crate) fn owners(&self) -> Option<Owners<'a>> {
        let (locked, now) = (self.locked.owners.as_ref()?, self.now.owners.as_ref()?);
        let is_later = now.verified && now.as_of >= locked.as_of;
        is_later.then_some(Owners { locked, now })
    }

    /// Who published the version in use, if the registry said so.
    pub(crate) fn publisher(&self) -> Option<&'a Fact<Publisher>> {
        let version = self.now.versions.get(&self.package.version)?;
        let publisher = version.publisher.as_ref()?;
        publisher.verified.then_some(publisher)
    }

    /// What the lock says of the version in use and is not so, a fact a line.
    pub(crate) fn changed(&self) -> Vec<String> {
        let Some(locked) = self.locked.versions.get(&self.package.version) else {
            return Vec::new();
        };
        let mut changed = Vec::new();
        if let (Some(locked), Some(now)) = (&locked.publisher, self.publisher())
            && now.is_final()
            && locked.value != now.value
        {
            changed.push(format!(
                "publisher in the lock: {}",
                who(self.lock, &locked.value)
            ));
            let now = (who(self.people, &now.value), now.origin());
            changed.push(format!("publisher by the registry: {} ({})", now.0, now.1));
        }
        if let Some(locked) = &locked.checksum {
            let is_other = |checksum: &Checksum| *checksum != Checksum::parse(locked);
            let now = self.now.versions.get(&self.package.version);
            let by_registry = now.and_then(|now| now.checksum.as_deref());
            let by_registry = by_registry.map(Checksum::parse).filter(is_other);
            let in_lockfile = self.package.checksum.as_ref();
            let in_lockfile = in_lockfile.filter(|checksum| is_other(checksum));
            let others = [
                ("by the registry", by_registry.as_ref()),
                ("in Cargo.lock", in_lockfile),
            ];
            for (place, checksum) in others {
                if let Some(checksum) = checksum {
                    changed.push(format!("checksum in the lock: {locked}"));
                    changed.push(format!("checksum {place}: {checksum}"));
                }
            }
        }
        changed
    }

    /// The locked version that the version in use is held against, and who published it: the nearest
    /// before, else the nearest after. None if the version in use is locked itself.
    pub(crate) fn before(&self) -> Option<(&'a Version, &'a Publisher)> {
        let (locked, version) = (&self.locked.versions, &self.package.version);
        if locked.contains_key(version) {
            return None;
        }
        let published = |(version, known): (&'a Version, &'a VersionPeople)| {
            let publisher = known.publisher.as_ref()?;
            Some((version, &publisher.value))
        };
        let mut older = locked.range(..version).rev().filter_map(published);
        older.next().or_else(|| locked.iter().find_map(published))
    }

    /// The locked version before the one in use, its workflow, which did not publish this one, and who
    /// did.
    pub(crate) fn lost_workflow(
        &self,
    ) -> Option<(&'a Version, &'a Publisher, &'a Fact<Publisher>)> {
        let (before, by) = self.before()?;
        let Publisher::Trusted(workflow) = by else {
            return None;
        };
        let publisher = self.publisher()?;
        let is_lost = match &publisher.value {
            Publisher::User(_) => true,
            Publisher::Trusted(now) => !is_same_repository(now, workflow),
            Publisher::Unrecorded => false,
        };
        (is_lost && *before < self.package.version).then_some((before, by, publisher))
    }

    /// A publisher of the version in use who published no locked version and owned the package not,
    /// and the locked version before it.
    pub(crate) fn new_publisher(&self) -> Option<(&'a Version, &'a Fact<Publisher>)> {
        let (before, _) = self.before()?;
        let publisher = self.publisher()?;
        let published = self.locked.versions.values();
        let mut published = published.filter_map(|known| Some(&known.publisher.as_ref()?.value));
        let owners = self.locked.owners.iter().flat_map(|owners| &owners.value);
        let is_new = match &publisher.value {
            Publisher::User(number) => {
                let account = AccountId::User(*number);
                let is_owner = owners.into_iter().any(|owner| owner.account == account);
                !is_owner && !published.any(|before| *before == publisher.value)
            }
            Publisher::Trusted(now) => !published.any(|before| {
                matches!(before, Publisher::Trusted(before) if is_same_repository(now, before))
            }),
            Publisher::Unrecorded => false,
        };
        is_new.then_some((before, publisher))
    }

    /// Whether a team owned the package, whose members are not known.
    pub(crate) fn had_team(&self) -> bool {
        let mut owners = self.locked.owners.iter().flat_map(|owners| &owners.value);
        owners.any(|owner| owner.account.is_team())
    }
}

/// Whether two workflows are of one repository; servers take letters of either case for the same.
fn is_same_repository(one: &TrustedPublishing, other: &TrustedPublishing) -> bool {
    one.provider == other.provider && one.repository.eq_ignore_ascii_case(&other.repository)
}

/// A publisher in words.
pub(crate) fn who(people: &People, publisher: &Publisher) -> String {
    match publisher {
        Publisher::User(number) => account(people, AccountId::User(*number)),
        Publisher::Trusted(workflow) => {
            format!(
                "a workflow of {} at {}",
                workflow.repository, workflow.provider
            )
        }
        Publisher::Unrecorded => "nobody that is recorded".to_owned(),
    }
}

/// An account in words: a login can be taken by another, its number cannot.
fn account(people: &People, id: AccountId) -> String {
    format!("{} ({} {})", people.login(id), id.kind(), id.number())
}
