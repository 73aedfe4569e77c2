//! The table `audit` of `carapace.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::super::audit_toml::SEVERITIES;
use super::super::auditing::Auditing;
use super::super::ignores::Ignore;
use super::super::reader::{ConfigError, Reader, Set};
use super::super::{NotShipped, PackageName, Scope};
use crate::knowledge::advisory::Kind;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct RawAudit {
    severity_threshold: Option<Spanned<String>>,
    without_score: Option<Spanned<String>>,
    not_shipped: Option<Spanned<String>>,
    not_reached: Option<Spanned<String>>,
    max_age: Option<Spanned<u32>>,
    scope: BTreeMap<Spanned<String>, Spanned<String>>,
    ignore: Vec<Spanned<RawIgnore>>,
    features: Option<Spanned<Vec<String>>>,
    all_features: Option<Spanned<bool>>,
    no_default_features: Option<Spanned<bool>>,
    targets: Vec<Spanned<String>>,
    no_dev: Option<Spanned<bool>>,
    exclude: Vec<Spanned<String>>,
    baseline: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawIgnore {
    id: Option<String>,
    reason: Option<String>,
    until: Option<Spanned<String>>,
    package: Option<Spanned<String>>,
    parent: Option<Spanned<String>>,
}

const KINDS: &[(&str, Kind)] = &[
    ("vulnerability", Kind::Vulnerability),
    ("unmaintained", Kind::Unmaintained),
    ("unsound", Kind::Unsound),
    ("notice", Kind::Notice),
];

/// What becomes of vulnerabilities without a score where there is a threshold: whether they are left
/// out.
const WITHOUT_SCORE: &[(&str, bool)] = &[("report", false), ("ignore", true)];

impl Reader<'_> {
    pub(super) fn audit(&self, raw: RawAudit) -> Result<Auditing, ConfigError> {
        if let (None, Some(rule)) = (&raw.severity_threshold, &raw.without_score) {
            let message = "`without-score` is about a `severity-threshold`, and there is none";
            return Err(self.fault(rule, message.to_owned()));
        }
        let mut scopes = Vec::new();
        for (kind, scope) in raw.scope {
            let line = self.line(&kind);
            let kind = self.named(kind, "kind of advisory", KINDS)?;
            let value = (kind, self.named(scope, "scope", Scope::NAMES)?);
            scopes.push(Set { value, line });
        }
        scopes.sort_by_key(|scope| scope.line);
        Ok(Auditing {
            severity_threshold: self.one_of(raw.severity_threshold, "severity", SEVERITIES)?,
            needs_score: self.one_of(raw.without_score, "rule", WITHOUT_SCORE)?,
            not_shipped: self.one_of(raw.not_shipped, "level", NotShipped::NAMES)?,
            not_reached: self.one_of(raw.not_reached, "level", NotShipped::NAMES)?,
            scopes,
            max_age: raw.max_age.map(|age| self.set(age)),
            ignores: raw
                .ignore
                .into_iter()
                .map(|ignore| self.ignore(ignore))
                .collect::<Result<_, _>>()?,
            features: self.features(raw.features, raw.all_features, raw.no_default_features),
            targets: raw.targets.into_iter().map(|name| self.set(name)).collect(),
            no_dev: raw.no_dev.map(|no_dev| self.set(no_dev)),
            excluded: raw
                .exclude
                .into_iter()
                .map(|name| {
                    let line = self.line(&name);
                    let value = self.package(&name, name.get_ref())?;
                    Ok(Set { value, line })
                })
                .collect::<Result<_, _>>()?,
            baseline: self.baseline(raw.baseline)?,
        })
    }

    fn ignore(&self, raw: Spanned<RawIgnore>) -> Result<Set<Ignore>, ConfigError> {
        let line = self.line(&raw);
        let fault = |message: &str| ConfigError {
            line: Some(line),
            message: message.to_owned(),
        };
        let raw = raw.into_inner();
        let text = |text: Option<String>| {
            let text = text.unwrap_or_default().trim().to_owned();
            (!text.is_empty()).then_some(text)
        };
        let no_id = "an ignored advisory needs its `id`: RUSTSEC-…, or another of its names";
        let no_reason = "an ignored advisory needs a `reason`, which reports show";
        Ok(Set {
            line,
            value: Ignore {
                id: text(raw.id).ok_or_else(|| fault(no_id))?,
                reason: text(raw.reason).ok_or_else(|| fault(no_reason))?,
                until: self.day(raw.until)?,
                package: self.package_name(raw.package)?,
                parent: self.package_name(raw.parent)?,
                place: None,
            },
        })
    }

    fn package_name(
        &self,
        name: Option<Spanned<String>>,
    ) -> Result<Option<PackageName>, ConfigError> {
        let named = |name: Spanned<String>| self.package(&name, name.get_ref());
        name.map(named).transpose()
    }
}
