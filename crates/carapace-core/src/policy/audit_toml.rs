//! cargo-audit's configuration, `audit.toml`, as that tool documents it
//! (<https://github.com/rustsec/rustsec/blob/main/cargo-audit/audit.toml.example>).
//!
//! Every section and key may be left out. A key that is not known is an error, as there: what a
//! misspelt setting was meant to do is not known.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::Deny;
use super::reader::Reader;
pub use super::reader::{ConfigError, Set};
use crate::knowledge::advisory::{Kind, SeverityLevel};
use crate::knowledge::platform::{ARCHITECTURES, SYSTEMS, nearest};
use crate::report::ConfigEffect;

/// What an `audit.toml` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditToml {
    /// `advisories.ignore`
    pub ignore: Vec<Set<String>>,
    /// `advisories.informational_warnings`
    pub informational: Option<Set<BTreeSet<Kind>>>,
    /// `advisories.severity_threshold`
    pub severity_threshold: Option<Set<SeverityLevel>>,
    /// `database.path`
    pub path: Option<Set<String>>,
    /// `database.url`
    pub url: Option<Set<String>>,
    /// `database.fetch`
    pub fetch: Option<Set<bool>>,
    /// `database.stale`
    pub stale: Option<Set<bool>>,
    /// `output.deny`
    pub deny: BTreeSet<Deny>,
    /// `output.format`
    pub format: Option<Set<String>>,
    /// `output.quiet`
    pub quiet: bool,
    /// `target.arch`
    pub target_arch: Vec<Set<String>>,
    /// `target.os`
    pub target_os: Vec<Set<String>>,
    /// `yanked.enabled`
    pub yanked: Option<Set<bool>>,
    /// `yanked.update_index`
    pub update_index: Option<Set<bool>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    advisories: RawAdvisories,
    database: RawDatabase,
    output: RawOutput,
    target: RawTarget,
    yanked: RawYanked,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawAdvisories {
    ignore: Vec<Spanned<String>>,
    informational_warnings: Option<Spanned<Vec<Spanned<String>>>>,
    severity_threshold: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawDatabase {
    path: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
    fetch: Option<Spanned<bool>>,
    stale: Option<Spanned<bool>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawOutput {
    deny: Vec<Spanned<String>>,
    format: Option<Spanned<String>>,
    quiet: bool,
    /// Whether paths are shown; here they are part of a finding.
    #[serde(rename = "show_tree")]
    _show_tree: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawTarget {
    arch: OneOrMany,
    os: OneOrMany,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawYanked {
    enabled: Option<Spanned<bool>>,
    update_index: Option<Spanned<bool>>,
}

/// Reads an `audit.toml`.
///
/// # Errors
/// [`ConfigError`] with the line, for what is no TOML, no setting, or no value of one.
pub fn parse(text: &str) -> Result<AuditToml, ConfigError> {
    let reader = Reader::new(text);
    let raw: Raw = reader.parse()?;
    let (advisories, database, output) = (raw.advisories, raw.database, raw.output);
    Ok(AuditToml {
        ignore: advisories
            .ignore
            .into_iter()
            .map(|id| reader.set(id))
            .collect(),
        informational: match advisories.informational_warnings {
            None => None,
            Some(kinds) => {
                let line = reader.line(&kinds);
                let kinds = kinds.into_inner().into_iter();
                let value = kinds
                    .map(|kind| reader.named(kind, "informational kind", INFORMATIONAL))
                    .collect::<Result<_, _>>()?;
                Some(Set { value, line })
            }
        },
        severity_threshold: reader.one_of(advisories.severity_threshold, "severity", SEVERITIES)?,
        path: database.path.map(|path| reader.set(path)),
        url: database.url.map(|url| reader.set(url)),
        fetch: database.fetch.map(|fetch| reader.set(fetch)),
        stale: database.stale.map(|stale| reader.set(stale)),
        deny: output
            .deny
            .into_iter()
            .map(|name| reader.named(name, "thing to deny", Deny::NAMES))
            .collect::<Result<_, _>>()?,
        format: output.format.map(|format| reader.set(format)),
        quiet: output.quiet,
        target_arch: reader.targets(raw.target.arch, "arch", ARCHITECTURES)?,
        target_os: reader.targets(raw.target.os, "os", SYSTEMS)?,
        yanked: raw.yanked.enabled.map(|enabled| reader.set(enabled)),
        update_index: raw.yanked.update_index.map(|update| reader.set(update)),
    })
}

const INFORMATIONAL: &[(&str, Kind)] = &[
    ("unmaintained", Kind::Unmaintained),
    ("unsound", Kind::Unsound),
    ("notice", Kind::Notice),
];

pub(super) const SEVERITIES: &[(&str, SeverityLevel)] = &[
    ("none", SeverityLevel::None),
    ("low", SeverityLevel::Low),
    ("medium", SeverityLevel::Medium),
    ("high", SeverityLevel::High),
    ("critical", SeverityLevel::Critical),
];

impl Reader<'_> {
    fn targets(
        &self,
        names: OneOrMany,
        key: &str,
        known: &[&'static str],
    ) -> Result<Vec<Set<String>>, ConfigError> {
        // An untagged value has no span; the key's line is near enough for a message.
        let is_key = |line: &str| {
            line.trim_start()
                .strip_prefix(key)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        let at = self.text.lines().position(is_key).unwrap_or(0);
        let line = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let names = match names {
            OneOrMany::One(name) => vec![name],
            OneOrMany::Many(names) => names,
        };
        let check = |name: String| match unknown_target(&name, known) {
            Some(message) => Err(ConfigError {
                line: Some(line),
                message,
            }),
            None => Ok(Set { value: name, line }),
        };
        names.into_iter().map(check).collect()
    }
}

/// What to say of a target's architecture or system that rustc does not know; none if it does.
#[must_use]
pub fn unknown_target(name: &str, known: &[&'static str]) -> Option<String> {
    if known.contains(&name) {
        return None;
    }
    Some(match nearest(name, known) {
        Some(nearest) => format!("`{name}` is nothing that rustc knows; did you mean `{nearest}`?"),
        None => format!("`{name}` is nothing that rustc knows"),
    })
}

impl AuditToml {
    /// What the file switches off or ignores. Whether it is followed where it points elsewhere
    /// (`path` and `url`) is for who follows it to say.
    #[must_use]
    pub fn effects(&self, file: &str) -> Vec<ConfigEffect> {
        let mut effects = Vec::new();
        let mut add = |line: u32, effect: String| {
            effects.push(ConfigEffect::new(file.to_owned(), line, effect));
        };
        for ignore in &self.ignore {
            add(ignore.line, format!("ignores {}", ignore.value));
        }
        if let Some(shown) = &self.informational {
            let hidden = INFORMATIONAL
                .iter()
                .filter(|(_, kind)| !shown.value.contains(kind));
            let hidden: Vec<&str> = hidden.map(|(name, _)| *name).collect();
            if !hidden.is_empty() {
                add(
                    shown.line,
                    format!("hides {} advisories", hidden.join(", ")),
                );
            }
        }
        if let Some(threshold) = &self.severity_threshold {
            let effect = format!("hides vulnerabilities below {}", threshold.value.name());
            add(threshold.line, effect);
        }
        for (setting, off, effect) in [
            (
                &self.fetch,
                false,
                "fetches no advisories and asks no registry",
            ),
            (&self.stale, true, "accepts advisories of any age"),
            (&self.yanked, false, "looks for no yanked versions"),
            (
                &self.update_index,
                false,
                "asks the registry for nothing new",
            ),
        ] {
            if let Some(setting) = setting.as_ref().filter(|s| s.value == off) {
                add(setting.line, effect.to_owned());
            }
        }
        for (targets, what) in [
            (&self.target_arch, "architecture"),
            (&self.target_os, "system"),
        ] {
            if let Some(first) = targets.first() {
                let names: Vec<&str> = targets.iter().map(|t| t.value.as_str()).collect();
                let effect = format!("hides what is not for the {what} {}", names.join(", "));
                add(first.line, effect);
            }
        }
        effects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_documented_is_read() {
        let config = parse(
            "[advisories]\nignore = [\n \"RUSTSEC-2020-0001\",\n]\n\
             informational_warnings = [\"unmaintained\"]\nseverity_threshold = \"low\"\n\
             [database]\npath = \"~/db\"\nurl = \"https://e.org/db.git\"\nfetch = false\nstale = true\n\
             [output]\ndeny = [\"warnings\"]\nformat = \"terminal\"\nquiet = true\nshow_tree = false\n\
             [target]\narch = \"x86_64\"\nos = [\"linux\", \"windows\"]\n\
             [yanked]\nenabled = false\nupdate_index = false\n",
        )
        .unwrap();
        let effects: Vec<String> = config
            .effects("audit.toml")
            .into_iter()
            .map(|effect| format!("{}: {}", effect.line, effect.effect))
            .collect();
        assert_eq!(
            effects,
            [
                "3: ignores RUSTSEC-2020-0001",
                "5: hides unsound, notice advisories",
                "6: hides vulnerabilities below low",
                "10: fetches no advisories and asks no registry",
                "11: accepts advisories of any age",
                "21: looks for no yanked versions",
                "22: asks the registry for nothing new",
                "18: hides what is not for the architecture x86_64",
                "19: hides what is not for the system linux, windows",
            ]
        );
    }

    #[test]
    fn sections_may_be_partial() {
        for partial in [
            "",
            "[database]\nfetch = false\n",
            "[output]\ndeny = []\n",
            "[yanked]\n",
        ] {
            assert!(parse(partial).is_ok(), "{partial}");
        }
    }

    #[test]
    fn faults_are_told_with_their_line() {
        let fault = |text: &str| parse(text).unwrap_err().to_string();
        assert!(fault("[outptu]\n").starts_with("line 1: unknown field `outptu`"));
        assert!(
            fault("\n[output]\ndeny = [\"all\"]")
                .starts_with("line 3: `all` is no thing to deny: warnings")
        );
        assert!(fault("[target]\nos = \"lunix\"").contains("did you mean `linux`?"));
        assert!(fault("[advisories]\nseverity_threshold = \"lo\"").contains("`lo` is no severity"));
    }
}
