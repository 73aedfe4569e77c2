//! What configuration says of `audit`, whichever file says it.

use super::ignores::Ignore;
use super::reader::Set;
use super::unsafety::Place;
use super::{NotShipped, PackageName, Policy, Scope};
use crate::graph::units::FeatureFlags;
use crate::knowledge::advisory::{Kind, SeverityLevel};
use crate::report::ConfigEffect;

/// What configuration says of `audit`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Auditing {
    /// Vulnerabilities with a score below it are left out.
    pub severity_threshold: Option<Set<SeverityLevel>>,
    /// Whether those without a score are, too.
    pub needs_score: Option<Set<bool>>,
    /// In which packages advisories of a kind count.
    pub scopes: Vec<Set<(Kind, Scope)>>,
    /// What findings count for in what is never shipped.
    pub not_shipped: Option<Set<NotShipped>>,
    /// What findings count for whose affected functions are not reached.
    pub not_reached: Option<Set<NotShipped>>,
    /// Databases older than so many days make the run incomplete.
    pub max_age: Option<Set<u32>>,
    /// Advisories that are left out.
    pub ignores: Vec<Set<Ignore>>,
    /// The features of what is shipped; none for all of all members.
    pub features: Option<Set<FeatureFlags>>,
    /// The platforms that are shipped for; empty for every one.
    pub targets: Vec<Set<String>>,
    /// Whether what only tests need is left out.
    pub no_dev: Option<Set<bool>>,
    /// Packages that are left out, with what only they need.
    pub excluded: Vec<Set<PackageName>>,
    /// The file of the findings that are known: a path below the file's folder, with `/`.
    pub baseline: Option<Set<String>>,
}

impl Auditing {
    /// What it switches off or loosens.
    #[must_use]
    pub fn effects(&self, file: &str) -> Vec<ConfigEffect> {
        let mut effects = Vec::new();
        let mut add = |line: u32, effect: String| {
            effects.push(ConfigEffect::new(file.to_owned(), line, effect));
        };
        for Set { value, line } in &self.ignores {
            let package = value.package.as_ref().map(|name| format!(" in {name}"));
            let parent = value.parent.as_ref().map(|name| format!(" below {name}"));
            let until = value.until.map(|until| format!(" until {until}"));
            let rest = [package, parent, until].map(Option::unwrap_or_default);
            let (id, rest, reason) = (&value.id, rest.concat(), &value.reason);
            add(*line, format!("ignores {id}{rest}: {reason}"));
        }
        if let Some(threshold) = &self.severity_threshold {
            let level = threshold.value.name();
            add(
                threshold.line,
                format!("hides vulnerabilities below {level}"),
            );
        }
        if let Some(needs) = self.needs_score.as_ref().filter(|needs| needs.value) {
            let effect = "hides vulnerabilities without a score".to_owned();
            add(needs.line, effect);
        }
        for Set {
            value: (kind, scope),
            line,
        } in &self.scopes
        {
            let of = match scope {
                Scope::Workspace => "members",
                Scope::Direct => "members and their own dependencies",
                Scope::Transitive => "what others than members depend on",
                Scope::All => continue,
            };
            add(*line, format!("shows {kind} advisories of {of} only"));
        }
        if let Some(set) = &self.not_shipped
            && set.value == NotShipped::Allow
        {
            let effect = "hides findings in what is never shipped".to_owned();
            add(set.line, effect);
        }
        let not_reached = self.not_reached.as_ref();
        if let Some(set) = not_reached.filter(|set| set.value != NotShipped::Deny) {
            let effect = match set.value {
                NotShipped::Allow => "hides findings whose affected functions are not reached",
                _ => "lowers findings whose affected functions are not reached",
            };
            add(set.line, effect.to_owned());
        }
        if let Some(no_dev) = self.no_dev.as_ref().filter(|no_dev| no_dev.value) {
            add(
                no_dev.line,
                "hides findings in what only tests need".to_owned(),
            );
        }
        for Set { value, line } in &self.excluded {
            add(*line, format!("leaves out {value} and what only it needs"));
        }
        if let Some(features) = &self.features {
            let effect = "names the features that are shipped".to_owned();
            add(features.line, effect);
        }
        if let Some(Set { value, line }) = &self.baseline {
            add(*line, format!("takes the findings in {value} for known"));
        }
        if let Some(first) = self.targets.first() {
            let names: Vec<&str> = self.targets.iter().map(|name| &*name.value).collect();
            let effect = format!(
                "names the platforms that are shipped for: {}",
                names.join(", ")
            );
            add(first.line, effect);
        }
        effects
    }

    /// Adds it to a policy; `file` is its path, as shown. What the policy has already stays.
    pub fn add_to(&self, policy: &mut Policy, file: &str) {
        if policy.severity_threshold.is_none() {
            policy.severity_threshold = self.severity_threshold.as_ref().map(|set| set.value);
            policy.needs_score = self.needs_score.as_ref().is_some_and(|set| set.value);
        }
        for Set {
            value: (kind, scope),
            ..
        } in &self.scopes
        {
            policy.scopes.entry(*kind).or_insert(*scope);
        }
        let not_shipped = self.not_shipped.as_ref().map(|set| set.value);
        policy.not_shipped = policy.not_shipped.or(not_shipped);
        let not_reached = self.not_reached.as_ref().map(|set| set.value);
        policy.not_reached = policy.not_reached.or(not_reached);
        policy.no_dev |= self.no_dev.as_ref().is_some_and(|set| set.value);
        let excluded = self.excluded.iter().map(|set| set.value.clone());
        policy.excluded.extend(excluded);
        let ignores = self.ignores.iter().map(|Set { value, line }| Ignore {
            place: Some(Place {
                file: file.to_owned(),
                line: *line,
            }),
            ..value.clone()
        });
        policy.ignores.extend(ignores);
    }
}
