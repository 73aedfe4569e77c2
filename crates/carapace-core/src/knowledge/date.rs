//! Days of the calendar, as advisories write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A day of the proleptic Gregorian calendar, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day, if there is such a one.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let every = |years: u16| year.is_multiple_of(years);
        let leap = every(4) && (!every(100) || every(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=days)
            .contains(&day)
            .then_some(Self { year, month, day })
    }

    /// The day, in UTC, of a time in seconds since 1970-01-01T00:00:00Z; none before that or after
    /// the year 9999.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Option<Self> {
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let days = u64::try_from(seconds).ok()? / 86_400 + 719_468;
        let era = days / 146_097;
        let of_era = days % 146_097;
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let year = u16::try_from(year).ok().filter(|year| *year <= 9999)?;
        Self::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> u16 {
        self.year
    }

    /// Days from 1970-01-01 to this day; negative before.
    #[must_use]
    pub fn days(self) -> i64 {
        // The same source, days_from_civil.
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let shifted = (month + 9) % 12;
        let of_year = (153 * shifted + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A time in seconds since 1970-01-01T00:00:00Z as RFC 3339 writes it; none where
/// [`Date::from_unix`] gives none.
#[must_use]
pub fn rfc3339(seconds: i64) -> Option<String> {
    let date = Date::from_unix(seconds)?;
    let of_day = seconds.rem_euclid(86_400);
    let (hours, minutes, seconds) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    Some(format!("{date}T{hours:02}:{minutes:02}:{seconds:02}Z"))
}

/// The time that a text names in the form that [`rfc3339`] writes, in seconds since
/// 1970-01-01T00:00:00Z; none for any other form. It is that of a registry index
/// (<https://doc.rust-lang.org/cargo/reference/registry-index.html#json-schema>, `pubtime`).
#[must_use]
pub fn from_rfc3339(text: &str) -> Option<i64> {
    let (day, of_day) = text.strip_suffix('Z')?.split_once('T')?;
    let day: Date = day.parse().ok()?;
    let part = |range: Range, limit: i64| {
        let part = of_day.get(range)?;
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = part.parse().ok()?;
        (is_number && number < limit).then_some(number)
    };
    let is_separated = of_day.len() == 8 && of_day.get(2..3)? == ":" && of_day.get(5..6)? == ":";
    if !is_separated {
        return None;
    }
    let (hours, minutes, seconds) = (part(0..2, 24)?, part(3..5, 60)?, part(6..8, 60)?);
    Some(day.days() * 86_400 + hours * 3_600 + minutes * 60 + seconds)
}

/// A text that is no day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateError(String);

impl fmt::Display for DateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no date of the form YYYY-MM-DD", self.0)
    }
}

impl std::error::Error for DateError {}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let number = |range, digits: usize| -> Option<u16> {
            let part: &str = text.get::<Range>(range)?;
            let numeric = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
            numeric.then(|| part.parse().ok()).flatten()
        };
        let parse = || {
            let separated = text.len() == 10 && text.get(4..5)? == "-" && text.get(7..8)? == "-";
            let (year, month, day) = (number(0..4, 4)?, number(5..7, 2)?, number(8..10, 2)?);
            let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
            separated.then(|| Self::new(year, month, day)).flatten()
        };
        parse().ok_or_else(|| DateError(text.to_owned()))
    }
}

type Range = std::ops::Range<usize>;

impl TryFrom<String> for Date {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_days_that_are() {
        for wrong in [
            "2023-02-29",
            "2023-13-01",
            "2023-1-01",
            "2023-01-00",
            "２023-01",
            "2023/01/01",
            "+023-01-01",
        ] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
        assert_eq!(
            "2024-02-29".parse::<Date>().unwrap().to_string(),
            "2024-02-29"
        );
    }

    #[test]
    fn known_days() {
        assert_eq!(Date::from_unix(0).unwrap().to_string(), "1970-01-01");
        assert_eq!(
            Date::from_unix(1_787_270_912).unwrap().to_string(),
            "2026-08-21"
        );
        assert_eq!(Date::from_unix(-1), None);
        assert_eq!(rfc3339(1_787_270_912).unwrap(), "2026-08-21T00:08:32Z");
        assert_eq!(from_rfc3339("2026-08-21T00:08:32Z"), Some(1_787_270_912));
        for wrong in [
            "2026-08-21T00:08:32",
            "2026-08-21 00:08:32Z",
            "2026-08-21T24:00:00Z",
            "2026-08-21T00:+8:32Z",
            "2026-08-21T00:08:32.5Z",
            "2026-08-32T00:08:32Z",
        ] {
            assert_eq!(from_rfc3339(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn days_and_seconds_agree(days in 0_i64..2_900_000) {
            let date = Date::from_unix(days * 86_400 + 86_399).unwrap();
            let seconds = days * 86_400 + 12_345;
            prop_assert_eq!(rfc3339(seconds).as_deref().and_then(from_rfc3339), Some(seconds));
            prop_assert_eq!(date.days(), days);
            prop_assert_eq!(date.to_string().parse::<Date>().unwrap(), date);
        }
    }
}
