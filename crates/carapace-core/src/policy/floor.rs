//! An organisation's policy: what projects may tighten, and not loosen.

use super::auditing::Auditing;
use super::carapace_toml::{CarapaceToml, Publishing};
use super::reader::Set;
use super::{NotShipped, Policy, Scope};
use crate::report::ConfigEffect;
use crate::rules::Rule;

/// An organisation's policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Floor {
    /// What it says.
    pub toml: CarapaceToml,
    /// The file that says it, as shown.
    pub file: String,
}

impl Floor {
    /// What is left of a project's own configuration, and what of it is not followed; `file` is the
    /// project's, as shown.
    #[must_use]
    pub fn hold(&self, mut project: CarapaceToml, file: &str) -> (CarapaceToml, Vec<ConfigEffect>) {
        let mut floor = Policy::default();
        self.toml.add_to(&mut floor, &self.file);
        let mut lines: Vec<(u32, &str)> = Vec::new();
        project.rules.retain(|Set { value, line }| {
            let Some(rule) = Rule::find(value.rule) else {
                return false;
            };
            // What the floor says of one package is compared with what is said of that package.
            let same = floor.rules.iter().find(|said| {
                said.rule == value.rule && (said.package.is_none() || said.package == value.package)
            });
            let least = same.map_or(Some(rule.meta.level), |said| said.level);
            let is_kept = value.level >= least;
            if !is_kept {
                lines.push((*line, "a rule's setting"));
            }
            is_kept
        });
        hold_auditing(&mut project.auditing, &self.toml.auditing, &mut lines);
        hold_publishing(&mut project.publishing, &self.toml.publishing, &mut lines);
        let packages = project.packages.iter_mut();
        let of_packages = packages.map(|package| &mut package.value.allow_new);
        let allowed = std::iter::once(&mut project.allow_new).chain(of_packages);
        for allow_new in allowed.filter(|_| self.toml.allow_new.is_none()) {
            lines.extend(allow_new.take().map(|set| (set.line, "`allow-new`")));
        }
        let effects = lines.into_iter().map(|(line, what)| {
            let by = &self.file;
            let effect =
                format!("{what} is not followed: it loosens the organisation's policy, {by}");
            ConfigEffect::new(file.to_owned(), line, effect)
        });
        (project, effects.collect())
    }
}

fn hold_auditing(project: &mut Auditing, floor: &Auditing, lines: &mut Vec<(u32, &'static str)>) {
    for ignore in project.ignores.drain(..) {
        lines.push((ignore.line, "an ignored advisory"));
    }
    let may_hide = floor.no_dev.as_ref().is_some_and(|set| set.value);
    if let Some(set) = project.no_dev.take_if(|set| set.value && !may_hide) {
        lines.push((set.line, "`no-dev`"));
    }
    lines.extend(
        project
            .excluded
            .drain(..)
            .map(|set| (set.line, "`exclude`")),
    );
    if let Some(set) = project.baseline.take() {
        lines.push((set.line, "`baseline`"));
    }
    let least = floor.severity_threshold.as_ref().map(|set| set.value);
    let hides_more = |set: &Set<_>| least.is_none_or(|least| set.value > least);
    if let Some(set) = project.severity_threshold.take_if(|set| hides_more(set)) {
        lines.push((set.line, "`severity-threshold`"));
    }
    let may_need = floor.needs_score.as_ref().is_some_and(|set| set.value);
    let needs_score = project.needs_score.take_if(|set| set.value && !may_need);
    if let Some(set) = needs_score {
        lines.push((set.line, "`without-score`"));
    }
    project.scopes.retain(|set| {
        let (kind, scope) = set.value;
        let of_kind = floor.scopes.iter().find(|set| set.value.0 == kind);
        let least = of_kind.map_or(Scope::All, |set| set.value.1);
        let is_kept = scope.covers(least);
        if !is_kept {
            lines.push((set.line, "a scope"));
        }
        is_kept
    });
    let least = floor.not_shipped.as_ref().map(|set| set.value);
    let least = least.unwrap_or(NotShipped::Warn);
    // `Deny` is the first.
    if let Some(set) = project.not_shipped.take_if(|set| set.value > least) {
        lines.push((set.line, "`not-shipped`"));
    }
    let least = floor.not_reached.as_ref().map(|set| set.value);
    let least = least.unwrap_or(NotShipped::Deny);
    if let Some(set) = project.not_reached.take_if(|set| set.value > least) {
        lines.push((set.line, "`not-reached`"));
    }
    let most = floor.max_age.as_ref().map(|set| set.value);
    let is_older = |set: &Set<u32>| most.is_some_and(|most| set.value > most);
    if let Some(set) = project.max_age.take_if(|set| is_older(set)) {
        lines.push((set.line, "`max-age`"));
    }
    if let Some(set) = project.features.take() {
        lines.push((set.line, "what names the features that are shipped"));
    }
    if let Some(set) = project.targets.drain(..).next() {
        lines.push((set.line, "what names the platforms that are shipped for"));
    }
}

fn hold_publishing(
    project: &mut Publishing,
    floor: &Publishing,
    lines: &mut Vec<(u32, &'static str)>,
) {
    let exemptions = project.exemptions.drain(..);
    lines.extend(exemptions.map(|set| (set.line, "an exemption")));
    for (own, least, what) in [
        (&mut project.min_age, &floor.min_age, "`min-age`"),
        (
            &mut project.min_account_age,
            &floor.min_account_age,
            "`min-account-age`",
        ),
    ] {
        let least = least.as_ref().map_or(0, |least| least.value);
        lines.extend(
            own.take_if(|own| own.value < least)
                .map(|own| (own.line, what)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::carapace_toml::parse;
    use super::*;
    use crate::finding::Level;

    fn held(floor: &str, project: &str) -> (Policy, Vec<String>) {
        let floor = Floor {
            toml: parse(floor).unwrap(),
            file: "/etc/carapace.toml".to_owned(),
        };
        let (project, effects) = floor.hold(parse(project).unwrap(), "carapace.toml");
        let mut policy = Policy::default();
        project.add_to(&mut policy, "carapace.toml");
        floor.toml.add_to(&mut policy, &floor.file);
        let of = |effect: &ConfigEffect| {
            let what = effect.effect.split(" is not").next().unwrap_or_default();
            format!("{}: {what}", effect.line)
        };
        (policy, effects.iter().map(of).collect())
    }

    #[test]
    fn what_loosens_is_not_followed() {
        let (policy, effects) = held(
            "[rules]\ndeny = [\"unmaintained\"]\n[audit]\nmax-age = 30\n",
            "[rules]\nallow = [{ rule = \"unmaintained\", reason = \"x\" }]\n\
             warn = [{ rule = \"vulnerability\", package = \"a\", reason = \"x\" }]\n\
             [audit]\nseverity-threshold = \"low\"\nwithout-score = \"ignore\"\n\
             not-shipped = \"allow\"\nmax-age = 60\nall-features = true\ntargets = [\"x\"]\n\
             baseline = \"known.toml\"\nno-dev = true\nexclude = [\"a\"]\n\
             [audit.scope]\nnotice = \"direct\"\n[[audit.ignore]]\nid = \"X\"\nreason = \"x\"\n\
             [unsafe]\nallow-new = true\nreason = \"x\"\n",
        );
        let mut effects = effects;
        effects.sort();
        assert_eq!(
            effects,
            [
                "11: `baseline`",
                "12: `no-dev`",
                "13: `exclude`",
                "15: a scope",
                "16: an ignored advisory",
                "20: `allow-new`",
                "2: a rule's setting",
                "3: a rule's setting",
                "5: `severity-threshold`",
                "6: `without-score`",
                "7: `not-shipped`",
                "8: `max-age`",
                "9: what names the features that are shipped",
                "10: what names the platforms that are shipped for",
            ]
            .into_iter()
            .map(str::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
        );
        assert!(policy.ignores.is_empty() && policy.scopes.is_empty());
        assert_eq!(policy.severity_threshold, None);
        let level = |name: &str| policy.level(Rule::find(name).unwrap(), None);
        assert_eq!(level("unmaintained"), Level::Deny);
    }

    #[test]
    fn ages_are_only_raised_and_nothing_is_exempt() {
        let floor = "[publishers]\nmin-age = 7\n[[publishers.exempt]]\npackage = \"ours\"\nreason = \"x\"\n";
        let (policy, effects) = held(
            floor,
            "[publishers]\nmin-age = 3\nmin-account-age = 60\n[[publishers.exempt]]\n\
             package = \"a\"\nreason = \"x\"\n",
        );
        assert_eq!(effects, ["4: an exemption", "2: `min-age`"]);
        let publishers = &policy.publishers;
        assert_eq!(publishers.min_age.as_ref().unwrap().days, 7);
        assert_eq!(publishers.min_account_age.as_ref().unwrap().days, 60);
        assert_eq!(publishers.exemptions.len(), 1);
        let (policy, effects) = held(floor, "[publishers]\nmin-age = \"2weeks\"\n");
        assert_eq!(effects, [""; 0]);
        assert_eq!(policy.publishers.min_age.as_ref().unwrap().days, 14);
    }

    #[test]
    fn what_tightens_is() {
        let (policy, effects) = held(
            "[audit]\nseverity-threshold = \"high\"\nnot-shipped = \"allow\"\n\
             [audit.scope]\nnotice = \"workspace\"\n",
            "[rules]\ndeny = [\"notice\"]\n[audit]\nseverity-threshold = \"low\"\n\
             not-shipped = \"deny\"\n[audit.scope]\nnotice = \"all\"\n",
        );
        assert_eq!(effects, [] as [&str; 0]);
        let threshold = policy.severity_threshold.map(|level| level.name());
        assert_eq!(threshold, Some("low"));
        assert_eq!(policy.not_shipped, Some(NotShipped::Deny));
        let scopes: Vec<_> = policy.scopes.values().copied().collect();
        assert_eq!(scopes, [Scope::All]);
        let level = policy.level(Rule::find("notice").unwrap(), None);
        assert_eq!(level, Level::Deny);
    }
}
