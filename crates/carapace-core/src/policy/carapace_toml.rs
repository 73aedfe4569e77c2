//! Carapace's own configuration: `carapace.toml` beside the lockfile, or the same keys below
//! `[workspace.metadata.carapace]` or `[package.metadata.carapace]` of a manifest.
//!
//! ```toml
//! [rules]
//! deny = ["undocumented-unsafe"]
//! allow = [{ rule = "missing-forbid", package = "plugin-api", reason = "macros of ours need it" }]
//!
//! [unsafe]
//! baseline = "carapace-baseline.toml"
//!
//! [unsafe.budget]
//! max = 400
//! runtime = 300
//! undocumented = 0
//!
//! [unsafe.packages."libc@0.2.177"]
//! max = 900
//! allow-new = true
//! reason = "bindings, reviewed at every update"
//!
//! [audit]
//! severity-threshold = "medium"   # vulnerabilities below it are left out
//! without-score = "report"        # or "ignore": those without a score
//! not-shipped = "warn"            # or "deny", "allow": what only tests need, or nothing builds
//! max-age = 30                    # days of the advisories
//! features = ["tls"]              # what is shipped, as all-features and no-default-features
//! targets = ["x86_64-unknown-linux-gnu"]
//!
//! [audit.scope]
//! unmaintained = "direct"         # or "workspace", "all"
//!
//! [[audit.ignore]]
//! id = "RUSTSEC-2099-0001"
//! reason = "not reached"
//! until = "2099-12-31"
//! package = "parser@1.2.0"
//! parent = "formats"
//!
//! [publishers]
//! min-age = "7days"               # of every version; days, weeks or months
//! min-account-age = "90days"      # of who publishes or owns; 30 days where nothing is said
//!
//! [[publishers.exempt]]
//! package = "parser@1.2.0"
//! rule = "young-version"          # every signal where none is named
//! reason = "fixes RUSTSEC-2099-0001"
//! until = "2099-12-31"
//! ```
//!
//! In `[rules]`, the name of a group (`advisory`, `unsafety`, `supply`, `policy`) stands for each rule of
//! it that is not named itself.
//!
//! Every table and key may be left out. A key that is not known is an error: what a misspelt setting
//! was meant to do is not known. What loosens needs a reason.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

pub use super::reader::{ConfigError, Set};

mod audit;
mod publishers;

pub use publishers::Publishing;

use super::auditing::Auditing;
use super::reader::Reader;
use super::unsafety::{Limit, Limits, PackageLimits, Place};
use super::{PackageName, Policy, RuleSetting};
use crate::finding::Level;
use crate::knowledge::platform::nearest;
use crate::report::ConfigEffect;
use crate::rules::Rule;
use crate::rules::registry::RULES;

/// What the configuration of a project says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CarapaceToml {
    /// `audit`
    pub auditing: Auditing,
    /// `publishers`
    pub publishing: Publishing,
    /// `rules`, in the order of `deny`, `warn`, `allow`.
    pub rules: Vec<Set<RuleSetting>>,
    /// `unsafe.baseline`: a path below the file's folder, with `/`.
    pub baseline: Option<Set<String>>,
    /// `unsafe.allow-new`: why, where it is set.
    pub allow_new: Option<Set<String>>,
    /// `unsafe.budget`
    pub budget: Budget,
    /// `unsafe.packages`, sorted by name.
    pub packages: Vec<Set<PackageBudget>>,
}

/// How much unsafe code there may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// `max`: sites that are built.
    pub max: Option<Set<u32>>,
    /// `runtime`: sites that are built into what is shipped.
    pub runtime: Option<Set<u32>>,
    /// `undocumented`: sites without a word on why they are sound.
    pub undocumented: Option<Set<u32>>,
}

/// What is said of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageBudget {
    /// The package.
    pub package: PackageName,
    /// How much there may be in it.
    pub budget: Budget,
    /// `allow-new`: why, where it is set.
    pub allow_new: Option<Set<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    audit: audit::RawAudit,
    publishers: publishers::RawPublishers,
    rules: RawRules,
    r#unsafe: RawUnsafe,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawRules {
    deny: Vec<Spanned<Value>>,
    warn: Vec<Spanned<Value>>,
    allow: Vec<Spanned<Value>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RawUnsafe {
    baseline: Option<Spanned<String>>,
    allow_new: Option<Spanned<bool>>,
    reason: Option<Spanned<String>>,
    budget: RawBudget,
    packages: BTreeMap<String, Spanned<RawPackage>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawBudget {
    max: Option<Spanned<u32>>,
    runtime: Option<Spanned<u32>>,
    undocumented: Option<Spanned<u32>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RawPackage {
    max: Option<Spanned<u32>>,
    runtime: Option<Spanned<u32>>,
    undocumented: Option<Spanned<u32>>,
    allow_new: Option<Spanned<bool>>,
    reason: Option<Spanned<String>>,
}

/// A manifest, as far as it is ours.
#[derive(Deserialize, Default)]
#[serde(default)]
struct RawManifest {
    workspace: RawTable,
    package: RawTable,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawTable {
    metadata: RawMetadata,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawMetadata {
    carapace: Option<Spanned<Raw>>,
}

/// Reads a `carapace.toml`.
///
/// # Errors
/// [`ConfigError`] with the line, for what is no TOML, no setting, no value of one, or loosens
/// something without a reason.
pub fn parse(text: &str) -> Result<CarapaceToml, ConfigError> {
    let reader = Reader::new(text);
    let raw: Raw = reader.parse()?;
    reader.settings(raw)
}

/// Reads what a `Cargo.toml` holds of it; none if it holds nothing.
///
/// # Errors
/// As [`parse`]; and where both tables are there, as it is not known which was meant.
pub fn parse_manifest(text: &str) -> Result<Option<CarapaceToml>, ConfigError> {
    let reader = Reader::new(text);
    let raw: RawManifest = reader.parse()?;
    match (
        raw.workspace.metadata.carapace,
        raw.package.metadata.carapace,
    ) {
        (Some(_), Some(second)) => {
            let message = "`workspace.metadata.carapace` is there, too: keep one of them";
            Err(reader.fault(&second, message.to_owned()))
        }
        (Some(raw), None) | (None, Some(raw)) => reader.settings(raw.into_inner()).map(Some),
        (None, None) => Ok(None),
    }
}

impl Reader<'_> {
    fn settings(&self, raw: Raw) -> Result<CarapaceToml, ConfigError> {
        let mut rules: Vec<Set<RuleSetting>> = Vec::new();
        let mut of_groups: Vec<Set<RuleSetting>> = Vec::new();
        for (level, values) in [
            (Some(Level::Deny), raw.rules.deny),
            (Some(Level::Warn), raw.rules.warn),
            (None, raw.rules.allow),
        ] {
            for value in values {
                let (settings, is_group) = self.rules(&value, level)?;
                let known = if is_group { &mut of_groups } else { &mut rules };
                for setting in settings {
                    if let Some(other) = known.iter().find(|other| is_same(other, &setting)) {
                        let (name, line) = (setting.rule, other.line);
                        let message = format!("`{name}` is set in line {line}, too: keep one");
                        return Err(self.fault(&value, message));
                    }
                    known.push(Set {
                        line: self.line(&value),
                        value: setting,
                    });
                }
            }
        }
        // What is said of a rule by its name comes before what is said of its group.
        of_groups.retain(|group| !rules.iter().any(|rule| is_same(rule, &group.value)));
        rules.extend(of_groups);
        let auditing = self.audit(raw.audit)?;
        let publishing = self.publishers(raw.publishers)?;
        let raw = raw.r#unsafe;
        let mut packages = Vec::with_capacity(raw.packages.len());
        for (name, raw) in raw.packages {
            let line = self.line(&raw);
            let package = self.package(&raw, &name)?;
            let raw = raw.into_inner();
            let value = PackageBudget {
                package,
                budget: Budget {
                    max: raw.max.map(|max| self.set(max)),
                    runtime: raw.runtime.map(|max| self.set(max)),
                    undocumented: raw.undocumented.map(|max| self.set(max)),
                },
                allow_new: self.allow_new(raw.allow_new, raw.reason)?,
            };
            packages.push(Set { value, line });
        }
        Ok(CarapaceToml {
            auditing,
            publishing,
            rules,
            allow_new: self.allow_new(raw.allow_new, raw.reason)?,
            baseline: self.baseline(raw.baseline)?,
            budget: Budget {
                max: raw.budget.max.map(|max| self.set(max)),
                runtime: raw.budget.runtime.map(|max| self.set(max)),
                undocumented: raw.budget.undocumented.map(|max| self.set(max)),
            },
            packages,
        })
    }

    /// The file of a baseline.
    fn baseline(&self, path: Option<Spanned<String>>) -> Result<Option<Set<String>>, ConfigError> {
        match path {
            Some(path) if !is_inside(path.get_ref()) => {
                let message = format!(
                    "`{}` is no path below this file's folder: a project's baseline is one of its \
                     own files, with `/` and without `..`",
                    path.get_ref()
                );
                Err(self.fault(&path, message))
            }
            path => Ok(path.map(|path| self.set(path))),
        }
    }

    /// The code or name of a rule, the name of a group, or a table with `rule`, `package` and `reason`:
    /// the settings of the rules that are meant, and whether these are those of a group.
    fn rules(
        &self,
        value: &Spanned<Value>,
        level: Option<Level>,
    ) -> Result<(Vec<RuleSetting>, bool), ConfigError> {
        let (mut name, mut package, mut reason) = (None, None, None);
        match value.get_ref() {
            Value::String(text) => name = Some(text.as_str()),
            Value::Table(table) => {
                for (key, text) in table {
                    let slot = match key.as_str() {
                        "rule" => &mut name,
                        "package" => &mut package,
                        "reason" => &mut reason,
                        _ => {
                            let message = format!(
                                "unknown field `{key}`, expected `rule`, `package`, `reason`"
                            );
                            return Err(self.fault(value, message));
                        }
                    };
                    *slot = text.as_str();
                    if slot.is_none() {
                        return Err(self.fault(value, format!("`{key}` is a text")));
                    }
                }
            }
            _ => {}
        }
        let Some(name) = name else {
            let message = "a rule is its code or name, or { rule = \"…\", reason = \"…\" }";
            return Err(self.fault(value, message.to_owned()));
        };
        let meant: Vec<&Rule> = match Rule::find(name) {
            Some(rule) => vec![rule],
            None => RULES
                .iter()
                .filter(|rule| rule.group.name() == name)
                .collect(),
        };
        if meant.is_empty() {
            let names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
            let meant = nearest(name, &names).map(|near| format!("; did you mean `{near}`?"));
            let meant = meant.unwrap_or_default();
            let message = format!("`{name}` is no rule's code or name{meant}");
            return Err(self.fault(value, message));
        }
        let package = package.map(|text| self.package(value, text)).transpose()?;
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        if reason.is_none() && meant.iter().any(|rule| level < Some(rule.meta.level)) {
            let message = format!(
                "`{name}` is loosened without a reason: write {{ rule = \"{name}\", reason = \"…\" }}"
            );
            return Err(self.fault(value, message));
        }
        let is_group = Rule::find(name).is_none();
        let settings = meant.iter().map(|rule| RuleSetting {
            rule: rule.name,
            package: package.clone(),
            level,
            reason: reason.map(str::to_owned),
        });
        Ok((settings.collect(), is_group))
    }

    /// Why new unsafe code is allowed; none if it is not.
    fn allow_new(
        &self,
        allowed: Option<Spanned<bool>>,
        reason: Option<Spanned<String>>,
    ) -> Result<Option<Set<String>>, ConfigError> {
        let Some(allowed) = allowed.filter(|allowed| *allowed.get_ref()) else {
            return Ok(None);
        };
        match reason.filter(|reason| !reason.get_ref().trim().is_empty()) {
            Some(reason) => Ok(Some(Set {
                line: self.line(&allowed),
                value: reason.into_inner().trim().to_owned(),
            })),
            None => {
                let message = "`allow-new` needs a `reason` beside it, which reports show";
                Err(self.fault(&allowed, message.to_owned()))
            }
        }
    }
}

fn is_same(one: &Set<RuleSetting>, other: &RuleSetting) -> bool {
    (one.value.rule, &one.value.package) == (other.rule, &other.package)
}

/// Whether a path stays below where it begins, on any system.
fn is_inside(path: &str) -> bool {
    !path.contains(['\\', ':', '\0'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

impl CarapaceToml {
    /// What the file switches off or loosens.
    #[must_use]
    pub fn effects(&self, file: &str) -> Vec<ConfigEffect> {
        let mut effects = self.auditing.effects(file);
        effects.extend(self.publishing.effects(file));
        let mut add = |line: u32, effect: String| {
            effects.push(ConfigEffect::new(file.to_owned(), line, effect));
        };
        for Set { value, line } in &self.rules {
            let usual = Rule::find(value.rule).map(|rule| rule.meta.level);
            if value.level >= usual {
                continue;
            }
            let what = match value.level {
                None => format!("does not report {}", value.rule),
                Some(level) => format!("reports {} as {level} only", value.rule),
            };
            let package = value.package.as_ref();
            let of = package.map_or_else(String::new, |package| format!(" of {package}"));
            let reason = value.reason.as_deref().unwrap_or_default();
            add(*line, format!("{what}{of}: {reason}"));
        }
        if let Some(reason) = &self.allow_new {
            let effect = format!("allows new unsafe code: {}", reason.value);
            add(reason.line, effect);
        }
        for package in &self.packages {
            if let Some(reason) = &package.value.allow_new {
                let name = &package.value.package;
                let effect = format!("allows new unsafe code in {name}: {}", reason.value);
                add(reason.line, effect);
            }
        }
        effects
    }

    /// Adds what the file says to a policy; `file` is its path, as shown. Where the policy has a
    /// limit, the lower one holds.
    pub fn add_to(&self, policy: &mut Policy, file: &str) {
        policy
            .rules
            .extend(self.rules.iter().map(|rule| rule.value.clone()));
        self.auditing.add_to(policy, file);
        self.publishing.add_to(&mut policy.publishers, file);
        let unsafety = &mut policy.unsafety;
        unsafety.limits.tighten(self.budget.limits(file));
        if unsafety.allow_new.is_none() {
            unsafety.allow_new = self.allow_new.as_ref().map(|reason| reason.value.clone());
        }
        let packages = self
            .packages
            .iter()
            .map(|Set { value, line }| PackageLimits {
                package: value.package.clone(),
                limits: value.budget.limits(file),
                allow_new: value.allow_new.as_ref().map(|reason| reason.value.clone()),
                place: place(file, *line),
            });
        unsafety.packages.extend(packages);
    }
}

impl Budget {
    fn limits(&self, file: &str) -> Limits {
        let limit = |set: &Option<Set<u32>>| {
            set.as_ref().map(|set| Limit {
                most: set.value,
                place: Some(place(file, set.line)),
            })
        };
        Limits {
            max: limit(&self.max),
            runtime: limit(&self.runtime),
            undocumented: limit(&self.undocumented),
        }
    }
}

fn place(file: &str, line: u32) -> Place {
    Place {
        file: file.to_owned(),
        line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYTHING: &str = r#"
[rules]
deny = ["UNS002", { rule = "yanked", package = "libc" }]
warn = [{ rule = "budget", reason = "until the port is done" }]
allow = [
  { rule = "missing-forbid", package = "api@1.0.0", reason = "macros need it" },
]
[unsafe]
baseline = "ci/baseline.toml"
allow-new = true
reason = "the port"
[unsafe.budget]
max = 40
runtime = 30
undocumented = 0
[unsafe.packages.libc]
max = 9
[unsafe.packages."ring@0.17.8"]
allow-new = true
reason = "assembly"
"#;

    fn lines(effects: &[ConfigEffect]) -> Vec<String> {
        let lines = effects.iter();
        lines
            .map(|effect| format!("{}: {}", effect.line, effect.effect))
            .collect()
    }

    #[test]
    fn everything_that_is_documented_is_read() {
        let config = parse(EVERYTHING).unwrap();
        assert_eq!(
            lines(&config.effects("carapace.toml")),
            [
                "4: reports budget as warn only: until the port is done",
                "6: does not report missing-forbid of api@1.0.0: macros need it",
                "10: allows new unsafe code: the port",
                "19: allows new unsafe code in ring@0.17.8: assembly",
            ]
        );
        assert_eq!(config.baseline.as_ref().unwrap().value, "ci/baseline.toml");
        let mut policy = Policy::default();
        policy.unsafety.limits.max = Some(Limit {
            most: 20,
            place: None,
        });
        config.add_to(&mut policy, "carapace.toml");
        let limits = &policy.unsafety.limits;
        assert_eq!(limits.max.as_ref().unwrap().most, 20);
        let runtime = limits.runtime.as_ref().unwrap();
        assert_eq!(
            (runtime.most, runtime.place.as_ref().unwrap().line),
            (30, 14)
        );
        assert_eq!(policy.unsafety.packages.len(), 2);
    }

    #[test]
    fn a_manifest_holds_the_same() {
        let manifest = EVERYTHING
            .replace("[rules]", "[workspace.metadata.carapace.rules]")
            .replace("[unsafe", "[workspace.metadata.carapace.unsafe");
        let manifest = format!("{manifest}\n[package]\nname = \"a\"\nanything = 1\n");
        let config = parse_manifest(&manifest).unwrap().unwrap();
        assert_eq!(config, parse(EVERYTHING).unwrap());
        assert_eq!(parse_manifest("[package]\nname = \"a\"").unwrap(), None);
        let both = "[workspace.metadata.carapace]\n[package.metadata.carapace]\n";
        let error = parse_manifest(both).unwrap_err().to_string();
        assert!(
            error.starts_with("line 2: `workspace.metadata.carapace` is there, too"),
            "{error}"
        );
    }

    #[test]
    fn faults_are_told_with_their_line() {
        for (text, expected) in [
            ("[unsfae]\n", "line 1: unknown field `unsfae`"),
            ("\n[unsafe]\nbugdet = 1", "line 3: unknown field `bugdet`"),
            (
                "[unsafe.budget]\nmax = -1",
                "line 2: invalid value: integer `-1`",
            ),
            (
                "[unsafe.packages.x]\nmaxx = 1",
                "line 2: unknown field `maxx`",
            ),
            ("[unsafe.packages.\"x@y\"]\n", "line 1: `x@y` is no package"),
            (
                "[unsafe]\nallow-new = true",
                "line 2: `allow-new` needs a `reason`",
            ),
            (
                "[rules]\n\ndeny = [\"bugdet\"]",
                "line 3: `bugdet` is no rule's code or name; did you mean `budget`?",
            ),
            (
                "[rules]\nallow = [\"UNS001\"]",
                "line 2: `UNS001` is loosened without a reason",
            ),
            (
                "[rules]\nallow = [{ rule = \"UNS001\", reason = \" \" }]",
                "line 2: `UNS001` is loosened",
            ),
            (
                "[rules]\nwarn = [\"budget\"]",
                "line 2: `budget` is loosened without a reason",
            ),
            (
                "[rules]\nwarn = [{ rule = \"UNS001\", until = \"x\" }]",
                "line 2: unknown field `until`",
            ),
            ("[rules]\nwarn = [1]", "line 2: a rule is its code or name"),
            (
                "[rules]\ndeny = [\"budget\"]\nwarn = [{rule=\"budget\",reason=\"x\"}]",
                "line 3: `budget` is set in line 2, too",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_about_audits_is_read() {
        let text = r#"
[rules]
deny = ["advisory", { rule = "supply", package = "libc" }]
warn = [{ rule = "unsound", reason = "one by one" }]
[audit]
severity-threshold = "medium"
without-score = "ignore"
not-shipped = "allow"
max-age = 30
no-default-features = true
features = ["tls"]
targets = ["wasm32-wasip1"]
[audit.scope]
unmaintained = "direct"
unsound = "all"
[[audit.ignore]]
id = "RUSTSEC-2099-0001"
reason = "not reached"
until = "2099-12-31"
package = "parser@1.2.0"
parent = "formats"
"#;
        let config = parse(text).unwrap();
        assert_eq!(
            lines(&config.effects("carapace.toml")),
            [
                "16: ignores RUSTSEC-2099-0001 in parser@1.2.0 below formats until 2099-12-31: not \
                 reached",
                "6: hides vulnerabilities below medium",
                "7: hides vulnerabilities without a score",
                "14: shows unmaintained advisories of members and their own dependencies only",
                "8: hides findings in what is never shipped",
                "10: names the features that are shipped",
                "12: names the platforms that are shipped for: wasm32-wasip1",
            ]
        );
        let mut policy = Policy::default();
        config.add_to(&mut policy, "carapace.toml");
        let level = |name: &str| policy.level(Rule::find(name).unwrap(), None);
        let levels = ["unsound", "unmaintained", "notice", "yanked"].map(level);
        let expected = [Level::Warn, Level::Deny, Level::Deny, Level::Warn];
        assert_eq!(levels, expected);
        for (text, expected) in [
            (
                "[audit]\nwithout-score = \"ignore\"",
                "line 2: `without-score` is about",
            ),
            (
                "[[audit.ignore]]\nid = \"X\"",
                "line 1: an ignored advisory needs a `reason`",
            ),
            (
                "[[audit.ignore]]\nreason = \"X\"",
                "line 1: an ignored advisory needs its `id`",
            ),
            (
                "[[audit.ignore]]\nid = \"X\"\nreason = \"x\"\nuntil = \"2099-13-01\"",
                "line 4: `2099-13-01` is no day",
            ),
            (
                "[audit.scope]\nunsafe = \"all\"",
                "line 2: `unsafe` is no kind of advisory",
            ),
            (
                "[audit.scope]\nnotice = \"some\"",
                "line 2: `some` is no scope",
            ),
            ("[audit]\nignores = []", "line 2: unknown field `ignores`"),
            (
                "[rules]\nallow = [\"advisory\"]",
                "line 2: `advisory` is loosened without",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_about_publishers_is_read() {
        let text = r#"
[publishers]
min-age = "2weeks"
min-account-age = 60
[[publishers.exempt]]
package = "parser@1.2.0"
rule = "young-version"
reason = "a fix"
until = "2099-12-31"
[[publishers.exempt]]
package = "lexer"
reason = "ours"
"#;
        let config = parse(text).unwrap();
        assert_eq!(
            lines(&config.effects("carapace.toml")),
            [
                "5: does not report young-version of parser@1.2.0: a fix (until 2099-12-31)",
                "10: does not report any signal of lexer: ours",
            ]
        );
        let mut policy = Policy::default();
        config.add_to(&mut policy, "carapace.toml");
        let publishers = &policy.publishers;
        let days = |age: &Option<_>| {
            age.as_ref()
                .map(|age: &crate::policy::publishers::MinAge| age.days)
        };
        assert_eq!(days(&publishers.min_age), Some(14));
        assert_eq!(days(&publishers.min_account_age), Some(60));
        assert_eq!(publishers.exemptions.len(), 2);
        for (text, expected) in [
            ("[publishers]\nminage = 1", "line 2: unknown field `minage`"),
            (
                "[publishers]\nmin-age = \"soon\"",
                "line 2: `soon` is no age",
            ),
            ("[publishers]\nmin-age = -1", "line 2: `-1` is no age"),
            (
                "[[publishers.exempt]]\nreason = \"x\"",
                "line 1: an exemption needs its `package`",
            ),
            (
                "[[publishers.exempt]]\npackage = \"a\"",
                "line 1: an exemption needs a `reason`",
            ),
            (
                "[[publishers.exempt]]\npackage = \"a\"\nreason = \"x\"\nrule = \"checksum\"",
                "line 4: `checksum` is no rule that a package can be exempt from",
            ),
            (
                "[[publishers.exempt]]\npackage = \"a\"\nreason = \"x\"\nuntil = \"soon\"",
                "line 4: `soon` is no day",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_baseline_is_a_file_of_the_tree() {
        for path in [
            "../b",
            "/b",
            "a/../../b",
            "",
            "c:\\\\b",
            "a//b",
            "./b",
            "C:b",
            "~/../b",
        ] {
            let error = parse(&format!("[unsafe]\nbaseline = \"{path}\"")).unwrap_err();
            assert!(error.message.contains("no path below"), "{path}: {error}");
        }
        assert!(parse("[unsafe]\nbaseline = \"a/b c.toml\"").is_ok());
    }
}
