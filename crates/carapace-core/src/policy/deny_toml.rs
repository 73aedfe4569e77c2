//! cargo-deny's configuration, `deny.toml`, as far as it is about advisories and about what is built
//! (<https://embarkstudios.github.io/cargo-deny/checks/advisories/cfg.html>,
//! <https://embarkstudios.github.io/cargo-deny/checks/cfg.html>).
//!
//! Its other tables are for other checks, and keys that are not known are passed over: that tool
//! judges its own file.

use serde::Deserialize;
use toml::{Spanned, Value};

use super::auditing::Auditing;
use super::ignores::Ignore;
use super::reader::{ConfigError, Reader, Set};
use super::{PackageName, Policy, RuleSetting, Scope};
use crate::finding::Level;
use crate::knowledge::advisory::Kind;
use crate::report::ConfigEffect;

/// What a `deny.toml` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DenyToml {
    /// What it says of advisories and of what is built.
    pub auditing: Auditing,
    /// How the findings of rules count.
    pub rules: Vec<Set<RuleSetting>>,
    /// What it excludes in another form than a package's name: that is not followed.
    pub unfollowed: Vec<Set<String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Raw {
    advisories: RawAdvisories,
    graph: RawGraph,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawAdvisories {
    ignore: Vec<Spanned<Value>>,
    unmaintained: Option<Spanned<String>>,
    unsound: Option<Spanned<String>>,
    yanked: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct RawGraph {
    targets: Vec<Spanned<Value>>,
    all_features: Option<Spanned<bool>>,
    no_default_features: Option<Spanned<bool>>,
    features: Option<Spanned<Vec<String>>>,
    exclude: Vec<Spanned<String>>,
    exclude_dev: Option<Spanned<bool>>,
}

/// Where advisories of a kind count there; none for nowhere.
const SCOPES: &[(&str, Option<Scope>)] = &[
    ("all", Some(Scope::All)),
    // What members depend on by themselves.
    ("workspace", Some(Scope::Direct)),
    ("transitive", Some(Scope::Transitive)),
    ("none", None),
];

const LEVELS: &[(&str, Option<Level>)] = &[
    ("deny", Some(Level::Deny)),
    ("warn", Some(Level::Warn)),
    ("allow", None),
];

/// Reads a `deny.toml`.
///
/// # Errors
/// [`ConfigError`] with the line, for what is no TOML, or no value of a setting that is followed.
pub fn parse(text: &str) -> Result<DenyToml, ConfigError> {
    let reader = Reader::new(text);
    let raw: Raw = reader.parse()?;
    let mut deny = DenyToml::default();
    for value in raw.advisories.ignore {
        reader.ignored(&value, &mut deny)?;
    }
    // There, what is found fails, unless it is said to count in fewer places.
    for (kind, rule, set, usual) in [
        (
            Kind::Unmaintained,
            "unmaintained",
            raw.advisories.unmaintained,
            Scope::All,
        ),
        (
            Kind::Unsound,
            "unsound",
            raw.advisories.unsound,
            Scope::Direct,
        ),
    ] {
        let set = reader.one_of(set, "scope", SCOPES)?;
        let (scope, line) = set.map_or((Some(usual), 1), |set| (set.value, set.line));
        deny.rules.push(Set {
            value: RuleSetting {
                rule,
                package: None,
                level: scope.map(|_| Level::Deny),
                reason: Some("none are asked for".to_owned()),
            },
            line,
        });
        if let Some(scope) = scope {
            let value = (kind, scope);
            deny.auditing.scopes.push(Set { value, line });
        }
    }
    deny.rules.push(Set {
        value: RuleSetting {
            rule: "notice",
            package: None,
            level: Some(Level::Deny),
            reason: None,
        },
        line: 1,
    });
    if let Some(Set { value, line }) = reader.one_of(raw.advisories.yanked, "level", LEVELS)? {
        deny.rules.push(Set {
            value: RuleSetting {
                rule: "yanked",
                package: None,
                level: value,
                reason: Some("yanked versions are allowed".to_owned()),
            },
            line,
        });
    }
    reader.graph(raw.graph, &mut deny);
    Ok(deny)
}

impl Reader<'_> {
    /// An id; `{ id, reason }`; or a package whose yanked versions are allowed: `NAME@VERSION`, or
    /// `{ crate, reason }`.
    fn ignored(&self, value: &Spanned<Value>, deny: &mut DenyToml) -> Result<(), ConfigError> {
        let line = self.line(value);
        let text = |key: &str| {
            let table = value.get_ref().as_table()?;
            table.get(key)?.as_str().map(str::to_owned)
        };
        let id = match value.get_ref() {
            Value::String(id) => Some(id.clone()),
            _ => text("id"),
        };
        let reason = text("reason").unwrap_or_default();
        let is_package = |id: &String| id.contains('@');
        let package = text("crate").or_else(|| id.clone().filter(is_package));
        if let Some(package) = package {
            // Its versions may be ranges; what is no single version is not followed.
            if let Some(package) = PackageName::parse(&package) {
                deny.rules.push(Set {
                    value: RuleSetting {
                        rule: "yanked",
                        package: Some(package),
                        level: None,
                        reason: Some(reason),
                    },
                    line,
                });
            }
            return Ok(());
        }
        let Some(id) = id else {
            let message = "an ignored advisory is its id, or { id = \"…\", reason = \"…\" }";
            return Err(self.fault(value, message.to_owned()));
        };
        deny.auditing.ignores.push(Set {
            line,
            value: Ignore {
                id,
                reason,
                ..Ignore::default()
            },
        });
        Ok(())
    }

    fn graph(&self, raw: RawGraph, deny: &mut DenyToml) {
        // That tool's own examples write them out where they are off.
        let on = |flag: Option<Spanned<bool>>| flag.filter(|flag| *flag.get_ref());
        deny.auditing.features = self.features(
            raw.features,
            on(raw.all_features),
            on(raw.no_default_features),
        );
        deny.auditing.no_dev = on(raw.exclude_dev).map(|flag| self.set(flag));
        for excluded in raw.exclude {
            // Package id specifications, in which `:` is the older form of `@`.
            let name = PackageName::parse(&excluded.get_ref().replacen(':', "@", 1));
            let Set { value, line } = self.set(excluded);
            match name {
                Some(value) => deny.auditing.excluded.push(Set { value, line }),
                None => deny.unfollowed.push(Set { value, line }),
            }
        }
        for target in raw.targets {
            let triple = match target.get_ref() {
                Value::String(triple) => Some(triple.clone()),
                Value::Table(table) => {
                    let triple = table.get("triple").and_then(Value::as_str);
                    triple.map(str::to_owned)
                }
                _ => None,
            };
            let line = self.line(&target);
            let triple = triple.map(|value| Set { value, line });
            deny.auditing.targets.extend(triple);
        }
    }
}

impl DenyToml {
    /// What it switches off or loosens.
    #[must_use]
    pub fn effects(&self, file: &str) -> Vec<ConfigEffect> {
        let mut effects = self.auditing.effects(file);
        for Set { value, line } in self.rules.iter().filter(|rule| rule.value.level.is_none()) {
            let package = value.package.as_ref();
            let of = package.map_or_else(String::new, |package| format!(" of {package}"));
            let effect = format!("does not report {}{of}", value.rule);
            effects.push(ConfigEffect::new(file.to_owned(), *line, effect));
        }
        for Set { value, line } in &self.unfollowed {
            let effect =
                format!("`exclude` of {value} is not followed: it is no NAME or NAME@VERSION");
            effects.push(ConfigEffect::new(file.to_owned(), *line, effect));
        }
        effects
    }

    /// Adds what it says to a policy; `file` is its path, as shown.
    pub fn add_to(&self, policy: &mut Policy, file: &str) {
        let rules = self.rules.iter().map(|rule| rule.value.clone());
        policy.rules.extend(rules);
        self.auditing.add_to(policy, file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_advisories_is_followed() {
        let text = r#"
[graph]
targets = ["x86_64-unknown-linux-gnu", { triple = "wasm32-wasip1", features = ["a"] }]
all-features = true
exclude = ["fuzz", "bench:0.1.0", "https://example.org/x"]
exclude-dev = true
[advisories]
version = 2
db-urls = ["https://example.com/db"]
unmaintained = "transitive"
unsound = "none"
yanked = "deny"
ignore = [
  "RUSTSEC-2099-0001",
  { id = "RUSTSEC-2099-0002", reason = "not reached" },
  { crate = "parser@1.2.0", reason = "rolled back soon" },
  "libc@0.2.0",
]
[bans]
multiple-versions = "warn"
"#;
        let deny = parse(text).unwrap();
        let mut policy = Policy::default();
        deny.add_to(&mut policy, "deny.toml");
        let ids: Vec<&str> = policy.ignores.iter().map(|ignore| &*ignore.id).collect();
        assert_eq!(ids, ["RUSTSEC-2099-0001", "RUSTSEC-2099-0002"]);
        assert_eq!(
            policy.scopes.get(&Kind::Unmaintained),
            Some(&Scope::Transitive)
        );
        assert!(policy.no_dev && policy.excluded.len() == 2);
        let triples: Vec<&str> = deny.auditing.targets.iter().map(|t| &*t.value).collect();
        assert_eq!(triples, ["x86_64-unknown-linux-gnu", "wasm32-wasip1"]);
        assert!(deny.auditing.features.as_ref().unwrap().value.all);
        let effects = deny.effects("deny.toml");
        let effects: Vec<String> = effects
            .iter()
            .map(|effect| format!("{}: {}", effect.line, effect.effect))
            .collect();
        assert_eq!(
            effects,
            [
                "14: ignores RUSTSEC-2099-0001: ",
                "15: ignores RUSTSEC-2099-0002: not reached",
                "10: shows unmaintained advisories of what others than members depend on only",
                "6: hides findings in what only tests need",
                "5: leaves out fuzz and what only it needs",
                "5: leaves out bench@0.1.0 and what only it needs",
                "4: names the features that are shipped",
                "3: names the platforms that are shipped for: x86_64-unknown-linux-gnu, wasm32-wasip1",
                "16: does not report yanked of parser@1.2.0",
                "17: does not report yanked of libc@0.2.0",
                "11: does not report unsound",
                "5: `exclude` of https://example.org/x is not followed: it is no NAME or NAME@VERSION",
            ]
        );
    }

    #[test]
    fn what_can_not_be_followed_is_told() {
        for (text, expected) in [
            (
                "[advisories]\nunmaintained = \"some\"",
                "line 2: `some` is no scope",
            ),
            (
                "[advisories]\nignore = [1]",
                "line 2: an ignored advisory is its id",
            ),
            ("[advisories", "line 1: "),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
        assert!(parse("").is_ok());
    }
}
