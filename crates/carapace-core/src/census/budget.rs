//! What is counted of a census, and held against limits.

use super::{Census, PackageCensus, Site, State};
use crate::facts::unsafety::SiteKind;
use crate::graph::{Graph, PackageIdx};

/// Whether something is compiled, or may be.
#[must_use]
pub fn is_built(state: State) -> bool {
    matches!(state, State::Active | State::Unknown)
}

/// Whether a site is built, and neither a `SAFETY` comment nor a `# Safety` section says why it is
/// sound, or what a caller has to hold to.
///
/// Methods are not asked: those of implementations have their trait's documentation.
#[must_use]
pub fn is_undocumented(site: &Site) -> bool {
    let needs = matches!(site.kind, SiteKind::Block | SiteKind::Impl | SiteKind::Fn);
    needs && is_built(site.state) && !site.safety_comment
}

/// How many sites there are of what limits are about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// That are built.
    pub built: u32,
    /// That are built into what is shipped.
    pub runtime: u32,
    /// That are undocumented.
    pub undocumented: u32,
}

impl Counted {
    /// Those of a package.
    #[must_use]
    pub fn of(package: &PackageCensus) -> Self {
        let count = |wanted: &dyn Fn(&Site) -> bool| {
            let wanted = package.sites.iter().filter(|site| wanted(site));
            u32::try_from(wanted.count()).unwrap_or(u32::MAX)
        };
        Self {
            built: count(&|site| is_built(site.state)),
            runtime: count(&|site| is_built(site.runtime)),
            undocumented: count(&is_undocumented),
        }
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            built: self.built.saturating_add(other.built),
            runtime: self.runtime.saturating_add(other.runtime),
            undocumented: self.undocumented.saturating_add(other.undocumented),
        }
    }
}

/// The packages that something here has linked in, and whose sources were not at hand: how much
/// unsafe code they have is not known.
#[must_use]
pub fn unknown(graph: &Graph, census: &Census) -> Vec<PackageIdx> {
    let packages = graph.iter().enumerate();
    let unknown = packages.filter(|(at, _)| match census.packages.get(*at) {
        Some(found) => !found.scanned && (found.runtime || found.build_time || found.dev_only),
        None => true,
    });
    unknown.map(|(_, (index, _))| index).collect()
}
