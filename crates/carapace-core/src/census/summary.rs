//! What the sites of a package come to, counted in one pass over them.

use crate::census::{Count, PackageCensus, Site, State};
use crate::facts::unsafety::SiteKind;

const KINDS: usize = SiteKind::ALL.len();

/// Whether a kind of site is unsafe code itself, as rustc's lint `unsafe_code` means it. The others
/// are no more than declarations: only unsafe code can do something with them, so a package that
/// forbids unsafe code may have them.
#[must_use]
pub fn is_unsafe_code(kind: SiteKind) -> bool {
    !matches!(
        kind,
        SiteKind::FnPointer | SiteKind::StaticMut | SiteKind::Union
    )
}

/// Whether a comment or documentation is to say why a kind of site is sound, or when it is: what
/// clippy's lints `undocumented_unsafe_blocks` and `missing_safety_doc` ask of.
#[must_use]
pub fn wants_safety_comment(kind: SiteKind) -> bool {
    matches!(
        kind,
        SiteKind::Block | SiteKind::Fn | SiteKind::Method | SiteKind::Trait | SiteKind::Impl
    )
}

/// How many sites tell why they are sound, of those that are built and should.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Documented {
    /// Those that should.
    pub sites: u32,
    /// Those that do.
    pub with_safety: u32,
}

/// The sites of one package, or of several, counted.
///
/// *Invariant.* The counts of all kinds and states together are the sites.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    counts: [Count; KINDS],
    runtime: [u32; KINDS],
    build: [u32; KINDS],
    /// How many of those that are built tell why they are sound.
    pub documented: Documented,
    /// How many are in macros that other packages can use.
    pub exported_macros: u32,
}

impl Summary {
    /// Counts the sites of a package.
    #[must_use]
    pub fn of(package: &PackageCensus) -> Self {
        let mut summary = Self::default();
        for site in &package.sites {
            summary.add(site);
        }
        summary
    }

    fn add(&mut self, site: &Site) {
        if let Some(count) = self.counts.get_mut(site.kind as usize) {
            count.add(site.state);
        }
        for (counts, state) in [
            (&mut self.runtime, site.runtime),
            (&mut self.build, site.build),
        ] {
            if let Some(count) = counts.get_mut(site.kind as usize)
                && state == State::Active
            {
                *count = count.saturating_add(1);
            }
        }
        self.exported_macros += u32::from(site.exported_macro);
        if matches!(site.state, State::Active | State::Unknown) && wants_safety_comment(site.kind) {
            self.documented.sites += 1;
            self.documented.with_safety += u32::from(site.safety_comment);
        }
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            count.merge(more);
        }
        let runtime = self.runtime.iter_mut().zip(other.runtime);
        for (count, more) in runtime.chain(self.build.iter_mut().zip(other.build)) {
            *count = count.saturating_add(more);
        }
        self.documented.sites += other.documented.sites;
        self.documented.with_safety += other.documented.with_safety;
        self.exported_macros += other.exported_macros;
    }

    /// How many sites of a kind, by state.
    #[must_use]
    pub fn count(&self, kind: SiteKind) -> Count {
        self.counts.get(kind as usize).copied().unwrap_or_default()
    }

    /// How many sites of some kinds, by state.
    #[must_use]
    pub fn count_of(&self, kinds: &[SiteKind]) -> Count {
        let mut sum = Count::default();
        for kind in kinds {
            sum.merge(&self.count(*kind));
        }
        sum
    }

    /// How many sites, by state.
    #[must_use]
    pub fn total(&self) -> Count {
        self.count_of(&SiteKind::ALL)
    }

    /// How many sites of a kind are compiled into what is shipped.
    #[must_use]
    pub fn runtime(&self, kind: SiteKind) -> u32 {
        self.runtime.get(kind as usize).copied().unwrap_or_default()
    }

    /// How many sites of a kind are compiled into what runs at build time.
    #[must_use]
    pub fn build(&self, kind: SiteKind) -> u32 {
        self.build.get(kind as usize).copied().unwrap_or_default()
    }

    /// How many sites are unsafe code, by state.
    #[must_use]
    pub fn unsafe_code(&self) -> Count {
        let mut sum = Count::default();
        for kind in SiteKind::ALL.into_iter().filter(|k| is_unsafe_code(*k)) {
            sum.merge(&self.count(kind));
        }
        sum
    }

    /// How many sites that are unsafe code are compiled into what is shipped, and how many into what
    /// runs at build time. A site can be both.
    #[must_use]
    pub fn unsafe_code_by_role(&self) -> (u32, u32) {
        let kinds = SiteKind::ALL.into_iter().filter(|k| is_unsafe_code(*k));
        kinds.fold((0, 0), |(runtime, build), kind| {
            (runtime + self.runtime(kind), build + self.build(kind))
        })
    }
}

/// What the symbol of a package says, in cargo-geiger's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// No unsafe code is used, and all that is built forbids it.
    Forbids,
    /// No unsafe code is used, as far as is known, but it is not forbidden.
    Allows,
    /// Unsafe code is used.
    Uses,
}

impl Status {
    /// The status of a package; `tests` says whether what tests, benchmarks and examples hold is
    /// used. What was not looked at and what is not decided is never [`Status::Forbids`].
    #[must_use]
    pub fn of(package: &PackageCensus, summary: &Summary, tests: bool) -> Self {
        let code = summary.unsafe_code();
        if code.used(tests) > 0 {
            Self::Uses
        } else if package.scanned && package.forbids() && code.of(State::Unknown) == 0 {
            Self::Forbids
        } else {
            Self::Allows
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::census::{LintLevel, LintOrigin};

    fn site(kind: SiteKind, state: State) -> Site {
        Site {
            file: "src/lib.rs".to_owned(),
            line: 1,
            column: 1,
            kind,
            state,
            runtime: state,
            build: State::Inactive,
            item: "f".to_owned(),
            operations: Vec::new(),
            safety_comment: false,
            public: false,
            exported_macro: false,
        }
    }

    fn package(sites: Vec<Site>) -> PackageCensus {
        PackageCensus {
            scanned: true,
            sites,
            ..PackageCensus::default()
        }
    }

    proptest! {
        #[test]
        fn counts_sum_up(
            sites in proptest::collection::vec((0_usize..KINDS, 0_usize..5, any::<bool>()), 0..60)
        ) {
            let sites = sites.into_iter().map(|(kind, state, safety_comment)| Site {
                safety_comment,
                ..site(SiteKind::ALL[kind], State::ALL[state])
            });
            let package = package(sites.collect());
            let summary = Summary::of(&package);
            prop_assert_eq!(summary.total(), package.total());
            prop_assert_eq!(summary.total().total() as usize, package.sites.len());
            for kind in SiteKind::ALL {
                prop_assert_eq!(summary.count(kind), package.count(kind));
                prop_assert_eq!(summary.runtime(kind), summary.count(kind).of(State::Active));
            }
            prop_assert!(summary.documented.with_safety <= summary.documented.sites);
            let mut twice = summary.clone();
            twice.merge(&summary);
            prop_assert_eq!(twice.total().total(), 2 * summary.total().total());
        }
    }

    #[test]
    fn a_lock_is_for_what_is_known_and_forbidden() {
        let status = |package: &PackageCensus| Status::of(package, &Summary::of(package), false);
        let mut locked = package(vec![site(SiteKind::Union, State::Active)]);
        assert_eq!(status(&locked), Status::Allows);
        locked.lint = Some((LintLevel::Deny, LintOrigin::Manifest));
        assert_eq!(status(&locked), Status::Allows);
        locked.lint = Some((LintLevel::Forbid, LintOrigin::Manifest));
        assert_eq!(status(&locked), Status::Forbids);
        locked.sites.push(site(SiteKind::Block, State::Test));
        assert_eq!(status(&locked), Status::Forbids);
        let summary = Summary::of(&locked);
        assert_eq!(Status::of(&locked, &summary, true), Status::Uses);
        locked.sites.push(site(SiteKind::Block, State::Unknown));
        assert_eq!(status(&locked), Status::Allows);
        locked.sites.push(site(SiteKind::Block, State::Active));
        assert_eq!(status(&locked), Status::Uses);
        locked.sites.clear();
        locked.scanned = false;
        assert_eq!(status(&locked), Status::Allows);
    }
}
