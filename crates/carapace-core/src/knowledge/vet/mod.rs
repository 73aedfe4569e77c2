//! Audits by others: cargo-vet's store, `supply-chain/` beside a lockfile
//! (<https://mozilla.github.io/cargo-vet/config.html>).
//!
//! Read at cargo-vet 0.10. Three files: `audits.toml` holds what the project itself says,
//! `config.toml` whose audits it imports and what it exempts, `imports.lock` those audits and who
//! published what. A key that is not known is passed over: newer releases add some.
//!
//! *Invariant.* What is not understood certifies nothing: an entry with a version, requirement or
//! date that cannot be read is left out, and counted.

mod certify;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use semver::{Version, VersionReq};

use super::date::Date;

pub(crate) use certify::identity;
pub use certify::{Basis, Certified, Root, Violation};
pub use read::{Files, VetError};

/// The weaker of the two built-in criteria: to be run on a machine where it can do harm.
pub const SAFE_TO_RUN: &str = "safe-to-run";
/// The stronger one, which implies it: to be shipped.
pub const SAFE_TO_DEPLOY: &str = "safe-to-deploy";

/// All that a store says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Store {
    /// For each criterion that the project declares, those that it implies.
    pub implied: BTreeMap<String, BTreeSet<String>>,
    /// What is said of each package, by name.
    pub packages: BTreeMap<String, Said>,
    /// How many entries could not be understood.
    pub set_aside: usize,
}

/// What a store says of one package.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// Audits of versions, and of what changed between two.
    pub audits: Vec<Audit>,
    /// Versions that are known to break a criterion.
    pub violations: Vec<Broken>,
    /// Whose versions count as audited, from then until then.
    pub trust: Vec<Trust>,
    /// Versions that pass without an audit.
    pub exemptions: Vec<Exemption>,
    /// Who published which version, as cargo-vet asked the registry.
    pub publishers: Vec<Publisher>,
}

/// A version, or a change of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The version that the change begins at; none for an audit of the whole.
    pub from: Option<String>,
    /// The version that was looked at. Revisions in git have `@git:` and a commit behind.
    pub to: String,
    /// What it meets, in the project's own names.
    pub criteria: Vec<String>,
    /// Who looked.
    pub who: Vec<String>,
    /// Whose audits it is from; none for the project's own.
    pub import: Option<String>,
}

/// Versions that do not meet a criterion.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// Which versions.
    pub versions: VersionReq,
    /// What they do not meet.
    pub criteria: Vec<String>,
    /// Who says so.
    pub who: Vec<String>,
    /// Whose audits it is from; none for the project's own.
    pub import: Option<String>,
}

/// Who publishes, as cargo-vet names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// A user of crates.io, by number.
    User(u32),
    /// A workflow without a token: `github:OWNER/NAME`.
    TrustedPublisher(String),
}

/// Trust in whatever somebody publishes of a package within a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// Whose versions.
    pub identity: Identity,
    /// The first day of publication.
    pub start: Date,
    /// The last day of publication.
    pub end: Date,
    /// What these versions meet.
    pub criteria: Vec<String>,
    /// Whether it is a promise of those who look at every version, and not trust alone.
    pub is_wildcard: bool,
    /// Whose audits it is from; none for the project's own.
    pub import: Option<String>,
}

/// A version that passes without an audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// The version.
    pub version: String,
    /// What it is taken to meet.
    pub criteria: Vec<String>,
}

/// A version with who published it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// The version.
    pub version: Version,
    /// The day.
    pub when: Date,
    /// Who.
    pub identity: Identity,
}
