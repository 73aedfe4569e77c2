//! The table `publishers` of `carapace.toml`.

use serde::Deserialize;
use toml::{Spanned, Value};

use super::super::publishers::{Exemption, MinAge, PublishersPolicy, is_signal};
use super::super::reader::{ConfigError, Reader, Set};
use super::place;
use crate::report::ConfigEffect;
use crate::rules::Rule;
use crate::rules::registry::RULES;

/// What a configuration says of how packages are published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publishing {
    /// `min-age`: days that a version must be old.
    pub min_age: Option<Set<u32>>,
    /// `min-account-age`: days that accounts must be old.
    pub min_account_age: Option<Set<u32>>,
    /// `exempt`, in their order.
    pub exemptions: Vec<Set<Exemption>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct RawPublishers {
    min_age: Option<Spanned<Value>>,
    min_account_age: Option<Spanned<Value>>,
    exempt: Vec<Spanned<RawExemption>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawExemption {
    package: Option<Spanned<String>>,
    rule: Option<Spanned<String>>,
    reason: Option<String>,
    until: Option<Spanned<String>>,
}

impl Reader<'_> {
    pub(super) fn publishers(&self, raw: RawPublishers) -> Result<Publishing, ConfigError> {
        Ok(Publishing {
            min_age: self.age(raw.min_age)?,
            min_account_age: self.age(raw.min_account_age)?,
            exemptions: raw
                .exempt
                .into_iter()
                .map(|exempt| self.exemption(exempt))
                .collect::<Result<_, _>>()?,
        })
    }

    /// An age: a number of days, or a text with a unit.
    fn age(&self, value: Option<Spanned<Value>>) -> Result<Option<Set<u32>>, ConfigError> {
        let Some(value) = value else { return Ok(None) };
        let days = match value.get_ref() {
            Value::String(text) => MinAge::parse(text),
            Value::Integer(days) => MinAge::parse(&days.to_string()),
            _ => MinAge::parse(""),
        };
        let line = self.line(&value);
        let days = days.map_err(|message| self.fault(&value, message))?;
        Ok(Some(Set { value: days, line }))
    }

    fn exemption(&self, raw: Spanned<RawExemption>) -> Result<Set<Exemption>, ConfigError> {
        let line = self.line(&raw);
        let fault = |message: &str| ConfigError {
            line: Some(line),
            message: message.to_owned(),
        };
        let raw = raw.into_inner();
        let package = raw
            .package
            .ok_or_else(|| fault("an exemption needs its `package`"))?;
        let rule = raw.rule.map(|name| self.signal(&name)).transpose()?;
        let reason = raw.reason.unwrap_or_default().trim().to_owned();
        if reason.is_empty() {
            return Err(fault("an exemption needs a `reason`, which reports show"));
        }
        let value = Exemption {
            package: self.package(&package, package.get_ref())?,
            rule,
            reason,
            until: self.day(raw.until)?,
        };
        Ok(Set { value, line })
    }

    /// The name of a rule about how packages are published.
    fn signal(&self, name: &Spanned<String>) -> Result<&'static str, ConfigError> {
        let rule = Rule::find(name.get_ref()).filter(|rule| is_signal(rule));
        rule.map(|rule| rule.name).ok_or_else(|| {
            let names = RULES.iter().filter(|rule| is_signal(rule));
            let names: Vec<&str> = names.map(|rule| rule.name).collect();
            let message = format!(
                "`{}` is no rule that a package can be exempt from: {}",
                name.get_ref(),
                names.join(", ")
            );
            self.fault(name, message)
        })
    }
}

impl Publishing {
    /// What it loosens.
    pub(super) fn effects(&self, file: &str) -> impl Iterator<Item = ConfigEffect> {
        let exemptions = self.exemptions.iter();
        exemptions.map(move |set| set.value.effect(file, set.line))
    }

    /// Adds what it says to a policy; the longer age holds.
    pub(super) fn add_to(&self, policy: &mut PublishersPolicy, file: &str) {
        let age = |set: &Option<Set<u32>>| {
            set.as_ref().map(|set| MinAge {
                days: set.value,
                place: Some(place(file, set.line)),
            })
        };
        policy.tighten(age(&self.min_age), age(&self.min_account_age));
        let exemptions = self.exemptions.iter();
        policy
            .exemptions
            .extend(exemptions.map(|set| set.value.clone()));
    }
}
