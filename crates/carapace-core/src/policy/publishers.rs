//! What the user wants of how packages are published.

use super::unsafety::Place;
use super::{PackageName, Policy, RuleSetting};
use crate::knowledge::date::Date;
use crate::report::ConfigEffect;
use crate::rules::registry::RULES;
use crate::rules::{Group, Rule};

/// An account that has been there for fewer days is young, whatever is asked for.
pub const MIN_ACCOUNT_AGE: u32 = 30;

/// How old something must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinAge {
    /// Whole days.
    pub days: u32,
    /// What asks for it; none for the command line.
    pub place: Option<Place>,
}

impl MinAge {
    /// Who asks for it, and for how much.
    #[must_use]
    pub fn origin(&self) -> String {
        match &self.place {
            Some(place) => format!("{} days, by {}:{}", self.days, place.file, place.line),
            None => format!("{} days, by the command line", self.days),
        }
    }

    /// Days, as `7`, `7 days`, `2weeks` or `1 month` write them; a month has 30.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<u32, String> {
        let end = text.find(|c: char| !c.is_ascii_digit());
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let in_days = match unit.trim() {
            "" | "d" | "day" | "days" => Some(1),
            "w" | "week" | "weeks" => Some(7),
            "month" | "months" => Some(30),
            _ => None,
        };
        let number: Option<u32> = number.parse().ok();
        let days = number.zip(in_days);
        let days = days.and_then(|(number, in_days)| number.checked_mul(in_days));
        days.ok_or_else(|| format!("`{text}` is no age: write it as `7days`, `2weeks` or `1month`"))
    }
}

/// A package that signals are not looked for in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// The package.
    pub package: PackageName,
    /// The rule's name; none for all signals.
    pub rule: Option<&'static str>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds; none for ever.
    pub until: Option<Date>,
}

/// What the user wants of how packages are published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishersPolicy {
    /// How old each version must be; none for any age.
    pub min_age: Option<MinAge>,
    /// How old accounts must be; [`MIN_ACCOUNT_AGE`] where nothing is said, and at least that.
    pub min_account_age: Option<MinAge>,
    /// Packages that signals are not looked for in.
    pub exemptions: Vec<Exemption>,
}

impl PublishersPolicy {
    /// How many days old accounts must be.
    #[must_use]
    pub fn account_age(&self) -> u32 {
        let asked = self.min_account_age.as_ref().map(|age| age.days);
        asked.unwrap_or_default().max(MIN_ACCOUNT_AGE)
    }

    /// Takes over what another one asks for, where that is more.
    pub fn tighten(&mut self, min_age: Option<MinAge>, min_account_age: Option<MinAge>) {
        for (own, other) in [
            (&mut self.min_age, min_age),
            (&mut self.min_account_age, min_account_age),
        ] {
            let Some(other) = other else { continue };
            if own.as_ref().is_none_or(|own| own.days < other.days) {
                *own = Some(other);
            }
        }
    }
}

/// Whether an exemption may be about a rule: it speaks of how a package was published, not of whether
/// its bytes, or what the lock of facts says of them, are the registry's.
#[must_use]
pub fn is_signal(rule: &Rule) -> bool {
    rule.group == Group::Supply
        && !matches!(
            rule.name,
            "yanked" | "removed" | "checksum" | "edited-source" | "changed-fact"
        )
}

impl Policy {
    /// The same with the exemptions that hold on a day as settings of rules. What is said of a rule
    /// and a package by themselves comes first.
    #[must_use]
    pub fn with_exemptions(&self, today: Option<Date>) -> Self {
        let mut policy = self.clone();
        let exemptions = self.publishers.exemptions.iter();
        let held = exemptions.filter(|exemption| {
            let until = exemption.until;
            until.is_none_or(|until| today.is_some_and(|today| today <= until))
        });
        for exemption in held {
            let is_meant = |rule: &&Rule| match exemption.rule {
                Some(name) => rule.name == name,
                None => is_signal(rule),
            };
            let settings = RULES.iter().filter(is_meant).map(|rule| RuleSetting {
                rule: rule.name,
                package: Some(exemption.package.clone()),
                level: None,
                reason: Some(exemption.reason()),
            });
            policy.rules.extend(settings);
        }
        policy
    }
}

impl Exemption {
    /// Why, and for how long.
    fn reason(&self) -> String {
        match self.until {
            Some(until) => format!("{} (until {until})", self.reason),
            None => self.reason.clone(),
        }
    }

    /// What it does, in a line of a project's file.
    pub(super) fn effect(&self, file: &str, line: u32) -> ConfigEffect {
        let rule = self.rule.unwrap_or("any signal");
        let effect = format!(
            "does not report {rule} of {}: {}",
            self.package,
            self.reason()
        );
        ConfigEffect::new(file.to_owned(), line, effect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_written_in_units() {
        for (text, days) in [
            ("7", 7),
            ("7days", 7),
            ("1 day", 1),
            ("2 weeks", 14),
            ("3months", 90),
            ("0", 0),
        ] {
            assert_eq!(MinAge::parse(text), Ok(days), "{text}");
        }
        for wrong in [
            "",
            "days",
            "-1",
            "7 years",
            "1.5days",
            "999999999weeks",
            "7 days x",
        ] {
            assert!(MinAge::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_exemption_holds_to_its_last_day() {
        let rule = Rule::find("new-dependency");
        let exemption = |until: &str| Exemption {
            package: PackageName::parse("parser").unwrap(),
            rule: rule.map(|rule| rule.name),
            reason: "looked at".to_owned(),
            until: until.parse().ok(),
        };
        let allowed = |until: &str, today: &str| {
            let mut policy = Policy::default();
            policy.publishers.exemptions.push(exemption(until));
            let policy = policy.with_exemptions(today.parse().ok());
            policy.rules.len()
        };
        assert_eq!(allowed("2099-06-01", "2099-06-01"), 1);
        assert_eq!(allowed("2099-06-01", "2099-06-02"), 0);
        assert_eq!(allowed("2099-06-01", ""), 0);
        assert_eq!(allowed("", ""), 1);
    }
}
