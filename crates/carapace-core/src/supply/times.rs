//! When packages were published, and what else was at about that time.

use std::sync::Arc;

use super::Supply;
use crate::graph::{Graph, Package};
use crate::knowledge::date::rfc3339;
use crate::knowledge::people::{AccountId, Publisher};
use crate::knowledge::registry::History;

impl Supply {
    /// All versions of a package, where they are known.
    #[must_use]
    pub fn history(&self, name: &str) -> Option<&History> {
        self.histories.get(name).map(Arc::as_ref)
    }

    /// How many whole days lie between a time, in seconds since 1970-01-01T00:00:00Z, and the
    /// beginning of the day of the run: never more than have passed. None where that day is not known.
    #[must_use]
    pub fn days_since(&self, time: i64) -> Option<i64> {
        let today = self.today?.days() * DAY;
        Some((today - time).div_euclid(DAY).max(0))
    }

    /// When the version of a package was published, in seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn published(&self, package: &Package) -> Option<i64> {
        let history = self
            .history(&package.name)
            .filter(|_| package.is_crates_io());
        history?.get(&package.version)?.published
    }

    /// What is to be said of the versions right below that of a package that were yanked.
    pub(crate) fn yanked_below(&self, package: &Package) -> Option<String> {
        let history = self.history(&package.name)?;
        let yanked: Vec<String> = history
            .yanked_below(&package.version)
            .take(MOST_NAMED)
            .map(|past| match past.published {
                Some(published) => format!("{} of {}", past.version, time(published)),
                None => past.version.to_string(),
            })
            .collect();
        (!yanked.is_empty()).then(|| format!("yanked right below it: {}", yanked.join(", ")))
    }

    /// What is to be said of the other packages that the publisher of one published at about the same
    /// time. By itself that is nothing: the packages of a workspace are released so.
    pub(crate) fn published_together(
        &self,
        graph: &Graph,
        package: &Package,
        at: i64,
    ) -> Option<String> {
        let publisher = |package: &Package| {
            let version = self.people.version(&package.name, &package.version)?;
            match version.publisher.as_ref()?.value {
                Publisher::User(number) => Some(number),
                Publisher::Trusted(_) | Publisher::Unrecorded => None,
            }
        };
        let own = publisher(package)?;
        let others = graph.packages().iter().filter(|other| {
            let is_near = |time: i64| (time - at).abs() <= TOGETHER;
            other.name != package.name
                && publisher(other) == Some(own)
                && self.published(other).is_some_and(is_near)
        });
        let others: Vec<String> = others
            .take(MOST_NAMED)
            .map(|other| format!("{} {}", other.name, other.version))
            .collect();
        let login = self.people.login(AccountId::User(own));
        let minutes = TOGETHER / 60;
        (!others.is_empty()).then(|| {
            let others = others.join(", ");
            format!("{login} published within {minutes} minutes of it, too: {others}")
        })
    }
}

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;
/// Seconds within which releases are together: the packages of an attack of 2026 came within 25
/// minutes.
const TOGETHER: i64 = 30 * 60;
/// How many versions or packages a line names.
const MOST_NAMED: usize = 5;

/// A time in seconds since 1970-01-01T00:00:00Z, in words.
pub(crate) fn time(seconds: i64) -> String {
    let text = rfc3339(seconds).unwrap_or_default();
    let minutes = text.get(..16).unwrap_or(&text);
    format!("{} UTC", minutes.replace('T', " "))
}

/// The time from one to another, in words.
pub(crate) fn between(from: i64, to: i64) -> String {
    let minutes = (to - from).max(0) / 60;
    let (count, unit) = match minutes {
        0..120 => (minutes, "minute"),
        120..2_880 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rule;
    use crate::rules::example::{example, run};

    #[test]
    fn times_are_told_in_words() {
        assert_eq!(time(1_787_270_912), "2026-08-21 00:08 UTC");
        for (seconds, expected) in [
            (-5, "0 minutes"),
            (60, "1 minute"),
            (7_199, "119 minutes"),
            (7_200, "2 hours"),
            (2 * DAY, "2 days"),
        ] {
            assert_eq!(between(100, 100 + seconds), expected);
        }
    }

    #[test]
    fn ages_are_of_whole_days_that_are_over() {
        let supply = Supply {
            today: "2099-06-02".parse().ok(),
            ..Supply::default()
        };
        let today = supply.today.unwrap().days() * DAY;
        for (time, days) in [
            (60, 0),
            (0, 0),
            (-1, 0),
            (-DAY + 1, 0),
            (-DAY, 1),
            (-10 * DAY, 10),
        ] {
            assert_eq!(supply.days_since(today + time), Some(days), "{time}");
        }
        assert_eq!(Supply::default().days_since(0), None);
    }

    #[test]
    fn what_one_person_released_at_once_is_told() {
        let bad = example(Rule::find("new-dependency").unwrap(), "bad");
        let by = |helper: &str, time: &str| {
            let people = "--- people\nuser 7 ann\nuser 8 bob\nparser 1.0.1 by 7\nhelper 0.1.0 by ";
            let text = format!("{}\n{people}{helper}\n", bad.replace("T08:00", time));
            let report = run(&text);
            report.inputs[0].findings[0].evidence.join("\n")
        };
        let told = "ann published within 30 minutes of it, too: helper 0.1.0";
        assert!(by("7", "T09:40").contains(told));
        assert!(!by("8", "T09:40").contains("published within"));
        assert!(!by("7", "T08:00").contains("published within"));
    }
}
