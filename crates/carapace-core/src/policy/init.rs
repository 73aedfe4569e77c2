//! A `carapace.toml` to begin with: what another tool's configuration says, in our words.

use std::fmt::Write as _;

use super::audit_toml::AuditToml;
use super::auditing::Auditing;
use super::deny_toml::DenyToml;
use super::ignores::Ignore;
use super::{Deny, RuleSetting, Scope};
use crate::finding::Level;
use crate::knowledge::advisory::{Kind, SeverityLevel};
use crate::text::toml_string;

/// What a file begins with.
const HEAD: &str = "\
# What `cargo carapace` fails on, and what it leaves out. `cargo carapace explain CODE` tells of a rule.
";

/// What to write where nothing was agreed on before.
#[must_use]
pub fn empty() -> String {
    format!(
        "{HEAD}\n[rules]\n# deny = [\"unmaintained\", \"unsound\", \"yanked\"]\n\n[audit]\n\
         # severity-threshold = \"medium\"\n# max-age = 30\n\n# [[audit.ignore]]\n\
         # id = \"RUSTSEC-2099-0001\"\n# reason = \"not reached\"\n# until = \"2099-12-31\"\n\n\
         [publishers]\n# min-age = \"7days\"\n\n# [[publishers.exempt]]\n# package = \"parser\"\n\
         # rule = \"young-version\"\n# reason = \"a fix that cannot wait\"\n# until = \"2099-12-31\"\n"
    )
}

/// What an `audit.toml` says; `file` is its path, as shown. What has no twin here is a comment.
#[must_use]
pub fn from_audit(toml: &AuditToml, file: &str) -> String {
    let mut draft = Draft::new(file);
    for deny in &toml.deny {
        let rules = match deny {
            Deny::Warnings => vec!["unmaintained", "unsound", "notice", "yanked"],
            Deny::Unmaintained => vec!["unmaintained"],
            Deny::Unsound => vec!["unsound"],
            Deny::Notice => vec!["notice"],
            Deny::Yanked => vec!["yanked"],
        };
        for rule in rules {
            draft.rule(rule, None, Some(Level::Deny), None);
        }
    }
    if let Some(shown) = &toml.informational {
        for kind in [Kind::Unmaintained, Kind::Unsound, Kind::Notice] {
            if !shown.value.contains(&kind) {
                draft.rule(kind.name(), None, None, None);
            }
        }
    }
    if toml.yanked.as_ref().is_some_and(|yanked| !yanked.value) {
        draft.rule("yanked", None, None, None);
    }
    draft.threshold = toml.severity_threshold.as_ref().map(|set| set.value);
    for ignore in &toml.ignore {
        draft.ignores.push(Ignore {
            id: ignore.value.clone(),
            reason: draft.unsaid(),
            ..Ignore::default()
        });
    }
    let others = [
        ("database.path", toml.path.is_some()),
        ("database.url", toml.url.is_some()),
        ("database.fetch", toml.fetch.is_some()),
        ("database.stale", toml.stale.is_some()),
        ("output.format", toml.format.is_some()),
        ("output.quiet", toml.quiet),
        ("target.arch", !toml.target_arch.is_empty()),
        ("target.os", !toml.target_os.is_empty()),
        ("yanked.update_index", toml.update_index.is_some()),
    ];
    let others = others.into_iter().filter(|(_, is_set)| *is_set);
    draft.left = others.map(|(name, _)| name).collect();
    draft.text()
}

/// What a `deny.toml` says of advisories and of what is built; `file` is its path, as shown.
#[must_use]
pub fn from_deny(toml: &DenyToml, file: &str) -> String {
    let mut draft = Draft::new(file);
    for rule in &toml.rules {
        let RuleSetting {
            rule,
            package,
            level,
            reason,
        } = &rule.value;
        let package = package.as_ref().map(ToString::to_string);
        draft.rule(rule, package, *level, reason.clone());
    }
    let Auditing {
        ignores,
        scopes,
        features,
        targets,
        no_dev,
        excluded,
        ..
    } = &toml.auditing;
    for ignore in ignores {
        let mut ignore = ignore.value.clone();
        if ignore.reason.trim().is_empty() {
            ignore.reason = draft.unsaid();
        }
        draft.ignores.push(ignore);
    }
    let scopes = scopes.iter().filter(|set| set.value.1 != Scope::All);
    draft.scopes = scopes.map(|set| set.value).collect();
    if let Some(features) = features {
        let features = &features.value;
        if features.all {
            draft.built += "all-features = true\n";
        }
        if features.no_default {
            draft.built += "no-default-features = true\n";
        }
        if !features.features.is_empty() {
            let names = features.features.iter().map(|name| toml_string(name));
            let names: Vec<String> = names.collect();
            draft.built += &format!("features = [{}]\n", names.join(", "));
        }
    }
    if !targets.is_empty() {
        let names: Vec<String> = targets
            .iter()
            .map(|name| toml_string(&name.value))
            .collect();
        draft.built += &format!("targets = [{}]\n", names.join(", "));
    }
    if no_dev.as_ref().is_some_and(|no_dev| no_dev.value) {
        draft.built += "no-dev = true\n";
    }
    if !excluded.is_empty() {
        let names = excluded
            .iter()
            .map(|name| toml_string(&name.value.to_string()));
        let names: Vec<String> = names.collect();
        draft.built += &format!("exclude = [{}]\n", names.join(", "));
    }
    draft.text()
}

/// What is written.
struct Draft<'a> {
    file: &'a str,
    /// The entries of `deny`, `warn` and `allow`.
    rules: [Vec<String>; 3],
    threshold: Option<SeverityLevel>,
    scopes: Vec<(Kind, Scope)>,
    /// Lines of `[audit]`.
    built: String,
    ignores: Vec<Ignore>,
    /// Settings that have no twin.
    left: Vec<&'static str>,
}

impl<'a> Draft<'a> {
    fn new(file: &'a str) -> Self {
        Self {
            file,
            rules: [Vec::new(), Vec::new(), Vec::new()],
            threshold: None,
            scopes: Vec::new(),
            built: String::new(),
            ignores: Vec::new(),
            left: Vec::new(),
        }
    }

    /// A reason where none was given.
    fn unsaid(&self) -> String {
        format!("taken over from {}, which does not say why", self.file)
    }

    fn rule(
        &mut self,
        rule: &str,
        package: Option<String>,
        level: Option<Level>,
        reason: Option<String>,
    ) {
        let slot = match level {
            Some(Level::Deny) => 0,
            Some(_) => 1,
            None => 2,
        };
        let mut fields = vec![format!("rule = {}", toml_string(rule))];
        if let Some(package) = package {
            fields.push(format!("package = {}", toml_string(&package)));
        }
        if slot > 0 {
            let reason = reason.filter(|reason| !reason.trim().is_empty());
            let reason = reason.unwrap_or_else(|| self.unsaid());
            fields.push(format!("reason = {}", toml_string(&reason)));
        }
        let entry = match fields.as_slice() {
            [_] => toml_string(rule),
            fields => format!("{{ {} }}", fields.join(", ")),
        };
        let [deny, warn, allow] = &mut self.rules;
        let known = match slot {
            0 => deny,
            1 => warn,
            _ => allow,
        };
        if !known.contains(&entry) {
            known.push(entry);
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{HEAD}# Taken over from {}.\n", commented(self.file));
        if !self.left.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "# Flags have what it says besides: {}.",
                self.left.join(", ")
            );
        }
        let names = ["deny", "warn", "allow"];
        let lists = names.iter().zip(&self.rules);
        let mut lists = lists.filter(|(_, list)| !list.is_empty()).peekable();
        if lists.peek().is_some() {
            text += "\n[rules]\n";
        }
        for (name, list) in lists {
            let _ = writeln!(text, "{name} = [");
            for entry in list {
                let _ = writeln!(text, "    {entry},");
            }
            text += "]\n";
        }
        text += "\n[audit]\n";
        if let Some(threshold) = self.threshold {
            let _ = writeln!(
                text,
                "severity-threshold = {}",
                toml_string(threshold.name())
            );
        }
        text += &self.built;
        if !self.scopes.is_empty() {
            text += "\n[audit.scope]\n";
        }
        for (kind, scope) in &self.scopes {
            let names = Scope::NAMES.iter();
            let name = names.clone().find(|(_, known)| known == scope);
            let name = name.map_or("all", |(name, _)| name);
            let _ = writeln!(text, "{kind} = {}", toml_string(name));
        }
        for ignore in &self.ignores {
            let _ = write!(
                text,
                "\n[[audit.ignore]]\nid = {}\nreason = {}\n",
                toml_string(&ignore.id),
                toml_string(&ignore.reason)
            );
        }
        text
    }
}

/// A text that ends no comment.
fn commented(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::super::carapace_toml::{self, CarapaceToml};
    use super::super::{Policy, audit_toml, deny_toml};
    use super::*;
    use crate::rules::Rule;

    fn read(text: &str) -> (CarapaceToml, Policy) {
        let toml = carapace_toml::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let mut policy = Policy::default();
        toml.add_to(&mut policy, "carapace.toml");
        (toml, policy)
    }

    #[test]
    fn the_empty_one_says_nothing() {
        let (toml, _) = read(&empty());
        assert_eq!(toml, CarapaceToml::default());
    }

    #[test]
    fn an_audit_toml_means_the_same() {
        let text = "[advisories]\nignore = [\"RUSTSEC-2099-0001\", \"odd \\\" id\"]\n\
             informational_warnings = [\"unsound\"]\nseverity_threshold = \"high\"\n\
             [output]\ndeny = [\"unsound\"]\n[target]\nos = \"linux\"\n[yanked]\nenabled = false\n";
        let toml = audit_toml::parse(text).unwrap();
        let written = from_audit(&toml, ".cargo/audit.toml\nx");
        let (_, policy) = read(&written);
        assert!(written.contains("# Flags have what it says besides: target.os.\n"));
        let ids: Vec<&str> = policy.ignores.iter().map(|ignore| &*ignore.id).collect();
        assert_eq!(ids, ["RUSTSEC-2099-0001", "odd \" id"]);
        assert_eq!(policy.severity_threshold, Some(SeverityLevel::High));
        let of = |name: &str| {
            let rule = Rule::find(name).unwrap();
            (
                policy.level(rule, None),
                policy.allows(rule, None).is_some(),
            )
        };
        assert_eq!(of("unsound"), (Level::Deny, false));
        assert!(of("unmaintained").1 && of("notice").1 && of("yanked").1);
    }

    #[test]
    fn a_deny_toml_means_the_same() {
        let text = "[graph]\nall-features = true\nfeatures = [\"a\"]\ntargets = [\"t\"]\n\
             exclude = [\"fuzz\"]\nexclude-dev = true\n\
             [advisories]\nunmaintained = \"workspace\"\nunsound = \"none\"\nyanked = \"deny\"\n\
             ignore = [\"RUSTSEC-2099-0001\", { id = \"RUSTSEC-2099-0002\", reason = \"why\" },\n\
             { crate = \"parser@1.2.0\" }]\n";
        let toml = deny_toml::parse(text).unwrap();
        let (written, mut expected) = (from_deny(&toml, "deny.toml"), Policy::default());
        toml.add_to(&mut expected, "deny.toml");
        let (own, policy) = read(&written);
        assert_eq!(
            policy.scopes,
            std::iter::once((Kind::Unmaintained, Scope::Direct)).collect()
        );
        assert_eq!(policy.ignores.len(), expected.ignores.len());
        assert!(policy.no_dev && policy.excluded == expected.excluded);
        for rule in ["unmaintained", "unsound", "notice", "yanked"] {
            let rule = Rule::find(rule).unwrap();
            assert_eq!(policy.level(rule, None), expected.level(rule, None));
            let (own, other) = (policy.allows(rule, None), expected.allows(rule, None));
            assert_eq!(own.is_some(), other.is_some(), "{}", rule.name);
        }
        let features = &own.auditing.features.as_ref().unwrap().value;
        assert_eq!((features.all, features.features.len()), (true, 1));
        assert_eq!(own.auditing.targets[0].value, "t");
    }
}
