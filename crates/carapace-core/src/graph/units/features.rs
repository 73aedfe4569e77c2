//! Which features and optional dependencies are on: the least set that is closed under what each
//! feature and dependency turns on. It does not depend on the order in which that is followed, so
//! it is followed with a list of what is still to be done instead of by recursion.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::super::PackageIdx;
use super::super::metadata::{DependencyKind, Metadata};
use super::edges::{Edge, Edges, Key};
use super::selection::MemberFeatures;
use super::{Platforms, Request, Resolver, UnitProblem};

/// What features are held apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum World {
    Target,
    Host,
}

impl World {
    /// The world whose features a unit has: resolver 1 knows only one.
    pub(super) fn of(request: &Request<'_>, host: bool) -> Self {
        match (request.resolver, host) {
            (Resolver::V2, true) => Self::Host,
            _ => Self::Target,
        }
    }
}

/// What a feature's value says.
enum Value<'a> {
    Feature(&'a str),
    Dependency(&'a str),
    DependencyFeature {
        dependency: &'a str,
        feature: &'a str,
        is_weak: bool,
    },
}

impl<'a> Value<'a> {
    fn parse(text: &'a str) -> Self {
        if let Some((dependency, feature)) = text.split_once('/') {
            let weak = dependency.strip_suffix('?');
            return Self::DependencyFeature {
                dependency: weak.unwrap_or(dependency),
                feature,
                is_weak: weak.is_some(),
            };
        }
        match text.strip_prefix("dep:") {
            Some(name) => Self::Dependency(name),
            None => Self::Feature(text),
        }
    }
}

/// A set of flags for each world.
#[derive(Debug)]
struct Flags([Vec<bool>; 2]);

impl Flags {
    fn new(len: usize) -> Self {
        Self([vec![false; len], vec![false; len]])
    }

    fn list(&self, world: World) -> &[bool] {
        let [target, host] = &self.0;
        match world {
            World::Target => target,
            World::Host => host,
        }
    }

    fn get(&self, world: World, index: u32) -> bool {
        self.list(world).get(index as usize) == Some(&true)
    }

    /// Whether it was not set.
    fn set(&mut self, world: World, index: u32) -> bool {
        let [target, host] = &mut self.0;
        let list = match world {
            World::Target => target,
            World::Host => host,
        };
        match list.get_mut(index as usize) {
            Some(flag) => !std::mem::replace(flag, true),
            None => false,
        }
    }
}

/// What is on.
#[derive(Debug)]
pub(super) struct Activated {
    features: Flags,
    dependencies: Flags,
    pub(super) problems: Vec<UnitProblem>,
}

impl Activated {
    /// For each feature of a package whether it is on.
    pub(super) fn features(&self, edges: &Edges<'_>, package: PackageIdx, world: World) -> &[bool] {
        let starts = &edges.feature_starts;
        let (start, end) = (starts.get(package.get()), starts.get(package.get() + 1));
        let range = start
            .zip(end)
            .map(|(start, end)| *start as usize..*end as usize);
        let list = self.features.list(world);
        range.and_then(|range| list.get(range)).unwrap_or_default()
    }

    /// Whether an optional dependency is on.
    pub(super) fn has_dependency(&self, key: Key, world: World) -> bool {
        self.dependencies.get(world, key.0)
    }
}

/// Something that is on, whose consequences are still to be drawn.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A package is there: so are its dependencies.
    Package(PackageIdx, World),
    /// A feature, by its place in the package.
    Feature(PackageIdx, World, usize),
    /// An optional dependency.
    Dependency(PackageIdx, World, Key),
}

struct Activation<'a> {
    metadata: &'a Metadata,
    edges: &'a Edges<'a>,
    request: &'a Request<'a>,
    takes_part: &'a [bool],
    activated: Activated,
    packages: Flags,
    /// Features of optional dependencies that are on as soon as those are.
    weak: HashMap<(Key, World), Vec<&'a str>, RandomState>,
    todo: Vec<Step>,
}

/// Follows the features of the selected members.
pub(super) fn activate<'a>(
    metadata: &'a Metadata,
    edges: &'a Edges<'a>,
    request: &'a Request<'a>,
    participants: &'a [(PackageIdx, MemberFeatures<'a>)],
    takes_part: &'a [bool],
) -> Activated {
    let features = edges.feature_starts.last().copied().unwrap_or_default();
    let mut activation = Activation {
        metadata,
        edges,
        request,
        takes_part,
        activated: Activated {
            features: Flags::new(features as usize),
            dependencies: Flags::new(edges.keys_len()),
            problems: Vec::new(),
        },
        packages: Flags::new(metadata.packages.len()),
        weak: HashMap::with_hasher(RandomState::default()),
        todo: Vec::new(),
    };
    for (member, features) in participants {
        let mut worlds = vec![World::Target];
        if request.resolver == Resolver::V2 && edges.is_proc_macro(*member) {
            worlds.push(World::Host);
        }
        for world in worlds {
            activation.member(*member, world, features);
            activation.run();
        }
    }
    activation.activated
}

impl<'a> Activation<'a> {
    fn member(&mut self, member: PackageIdx, world: World, features: &MemberFeatures<'a>) {
        let Some(package) = self.metadata.get(member) else {
            return;
        };
        for text in &features.values {
            self.value(member, world, text);
        }
        if features.default
            && let Some(default) = package.feature("default")
        {
            self.feature(member, world, default);
        }
        if features.all {
            for feature in 0..package.features.len() {
                self.feature(member, world, feature);
            }
        }
        self.package(member, world);
    }

    fn run(&mut self) {
        while let Some(step) = self.todo.pop() {
            match step {
                Step::Package(package, world) => {
                    for edge in self.edges.of(package) {
                        if !edge.optional {
                            self.dependency(package, world, edge);
                        }
                    }
                }
                Step::Feature(package, world, feature) => {
                    let metadata = self.metadata.get(package);
                    let found = metadata.and_then(|metadata| metadata.features.get(feature));
                    for text in found.into_iter().flat_map(|(_, values)| values) {
                        self.value(package, world, text);
                    }
                }
                Step::Dependency(package, world, key) => {
                    let weak = self.weak.remove(&(key, world)).unwrap_or_default();
                    for edge in self.edges.named(key) {
                        for feature in &weak {
                            self.dependency_feature(package, world, edge, feature);
                        }
                        self.dependency(package, world, edge);
                    }
                }
            }
        }
    }

    fn package(&mut self, package: PackageIdx, world: World) {
        let index = u32::try_from(package.get()).unwrap_or(u32::MAX);
        if self.packages.set(world, index) {
            self.todo.push(Step::Package(package, world));
        }
    }

    fn feature(&mut self, package: PackageIdx, world: World, feature: usize) {
        let start = self.edges.feature_starts.get(package.get());
        let index = u32::try_from(feature).unwrap_or(u32::MAX);
        let index = start.map_or(u32::MAX, |start| start.saturating_add(index));
        if self.activated.features.set(world, index) {
            self.todo.push(Step::Feature(package, world, feature));
        }
    }

    fn feature_named(&mut self, package: PackageIdx, world: World, name: &str) {
        let found = self
            .metadata
            .get(package)
            .and_then(|found| found.feature(name));
        match found {
            Some(feature) => self.feature(package, world, feature),
            None => self.activated.problems.push(UnitProblem::Feature {
                package,
                feature: name.into(),
            }),
        }
    }

    fn value(&mut self, package: PackageIdx, world: World, text: &'a str) {
        match Value::parse(text) {
            Value::Feature(name) => self.feature_named(package, world, name),
            Value::Dependency(name) => {
                if let Some(key) = self.edges.key(package, name) {
                    self.optional(package, world, key);
                }
            }
            Value::DependencyFeature {
                dependency,
                feature,
                is_weak,
            } => {
                let Some(key) = self.edges.key(package, dependency) else {
                    return;
                };
                for edge in self.edges.named(key) {
                    if self.world_of(package, world, edge).is_none() {
                        continue;
                    }
                    if edge.optional && is_weak && !self.activated.has_dependency(key, world) {
                        let waiting = self.weak.entry((key, world)).or_default();
                        waiting.push(feature);
                        continue;
                    }
                    if edge.optional {
                        self.optional(package, world, key);
                        // Before there was `dep:`, this turned the feature of the same name on.
                        let metadata = self.metadata.get(package);
                        let implicit = metadata.and_then(|found| found.feature(dependency));
                        if let Some(implicit) = implicit.filter(|_| !is_weak) {
                            self.feature(package, world, implicit);
                        }
                    }
                    self.dependency_feature(package, world, edge, feature);
                }
            }
        }
    }

    fn optional(&mut self, package: PackageIdx, world: World, key: Key) {
        if self.activated.dependencies.set(world, key.0) {
            self.todo.push(Step::Dependency(package, world, key));
        }
    }

    /// A dependency is there, with the features that the manifest asks for.
    fn dependency(&mut self, package: PackageIdx, world: World, edge: &'a Edge<'a>) {
        let Some((to, to_world)) = self.world_of(package, world, edge) else {
            return;
        };
        for text in &edge.declared.features {
            self.value(to, to_world, text);
        }
        let metadata = self.metadata.get(to);
        let default = metadata.and_then(|metadata| metadata.feature("default"));
        if let Some(default) = default.filter(|_| edge.declared.default_features) {
            self.feature(to, to_world, default);
        }
        self.package(to, to_world);
    }

    fn dependency_feature(
        &mut self,
        package: PackageIdx,
        world: World,
        edge: &'a Edge<'a>,
        feature: &'a str,
    ) {
        if let Some((to, to_world)) = self.world_of(package, world, edge) {
            self.value(to, to_world, feature);
        }
    }

    /// Where a dependency leads, if it counts.
    fn world_of(
        &self,
        package: PackageIdx,
        world: World,
        edge: &Edge<'_>,
    ) -> Option<(PackageIdx, World)> {
        let (to, _) = edge.to.as_ref()?;
        let is_v2 = self.request.resolver == Resolver::V2;
        let is_build = edge.kind == DependencyKind::Build;
        if edge.kind == DependencyKind::Dev {
            // Only members have them; with resolver 1, whether tests are built or not.
            let takes_part = self.takes_part.get(package.get()) == Some(&true);
            if !takes_part || (is_v2 && !self.request.dev) {
                return None;
            }
        }
        let all = !is_v2 || self.request.targets == Platforms::All;
        let on_host = is_build || world == World::Host;
        if !all && !self.edges.is_active(edge, on_host) {
            return None;
        }
        let is_host = world == World::Host || is_build || self.edges.is_proc_macro(*to);
        let world = if is_v2 && is_host {
            World::Host
        } else {
            World::Target
        };
        Some((*to, world))
    }
}
