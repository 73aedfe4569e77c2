//! How much unsafe code there may be.

use crate::graph::Package;

use super::PackageName;

/// Where a setting stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as shown.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// The most that there may be of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub most: u32,
    /// What sets it; none for the command line.
    pub place: Option<Place>,
}

/// The most that there may be, by what is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of sites that are built.
    pub max: Option<Limit>,
    /// Of sites that are built into what is shipped.
    pub runtime: Option<Limit>,
    /// Of sites without a word on why they are sound.
    pub undocumented: Option<Limit>,
}

impl Limits {
    /// Takes over the limits of another that are lower, or that this has not.
    pub fn tighten(&mut self, other: Self) {
        for (limit, other) in [
            (&mut self.max, other.max),
            (&mut self.runtime, other.runtime),
            (&mut self.undocumented, other.undocumented),
        ] {
            let Some(other) = other else { continue };
            if limit.as_ref().is_none_or(|limit| other.most < limit.most) {
                *limit = Some(other);
            }
        }
    }

    /// Whether anything is limited.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.max.is_some() || self.runtime.is_some() || self.undocumented.is_some()
    }
}

/// What is said of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageLimits {
    /// The package.
    pub package: PackageName,
    /// How much there may be in it.
    pub limits: Limits,
    /// Why new unsafe code is allowed in it, where it is.
    pub allow_new: Option<String>,
    /// What says so.
    pub place: Place,
}

/// What the user wants of unsafe code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnsafePolicy {
    /// How much there may be in all packages together; of what is undocumented, in those of the
    /// workspace.
    pub limits: Limits,
    /// What is said of single packages.
    pub packages: Vec<PackageLimits>,
    /// Why new unsafe code is allowed, where it is.
    pub allow_new: Option<String>,
}

impl UnsafePolicy {
    /// Why new unsafe code is allowed in a package; none if it is not.
    #[must_use]
    pub fn allows_new(&self, package: &Package) -> Option<&str> {
        let said = self.packages.iter().filter(|said| said.package.is(package));
        let mut reasons = said.filter_map(|said| said.allow_new.as_deref());
        reasons.next().or(self.allow_new.as_deref())
    }
}
