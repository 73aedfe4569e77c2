//! cargo-vet's `[[trusted]]` entries (<https://mozilla.github.io/cargo-vet/trusted-entries.html>):
//! whoever published the versions in use is trusted with the package from then on, for a year. To be
//! read by a person, and put into `supply-chain/audits.toml`; written is only what is known, of each
//! package once for each publisher.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::knowledge::date::Date;
use crate::knowledge::people::{AccountId, Publisher};
use crate::knowledge::vet::{Identity, SAFE_TO_DEPLOY, identity};
use crate::render::words::people::account;
use crate::report::Report;
use crate::text::{toml_string, visible};

/// How long trust holds, in days.
const YEAR: i64 = 365;

/// The entries of a report's packages, as TOML.
#[must_use]
pub fn render(report: &Report) -> String {
    // By package and publisher: the earliest day, the day of the run, and who that is.
    let mut entries: BTreeMap<(&str, Identity), (Date, Option<Date>, String)> = BTreeMap::new();
    for input in &report.inputs {
        let Some(supply) = &input.supply else {
            continue;
        };
        for (_, package, _) in supply.of_crates_io(&input.graph) {
            let version = supply.people.version(&package.name, &package.version);
            let Some((version, day)) = version.and_then(|v| Some((v, v.published?))) else {
                continue;
            };
            let Some(publisher) = &version.publisher else {
                continue;
            };
            let Some(identity) = identity(&publisher.value).filter(is_plain) else {
                continue;
            };
            let who = match &publisher.value {
                Publisher::User(number) => account(&supply.people, AccountId::User(*number)),
                _ => String::new(),
            };
            let entry = entries.entry((&package.name, identity));
            let entry = entry.or_insert((day, supply.today, who));
            entry.0 = entry.0.min(day);
        }
    }
    let mut text = String::new();
    for ((name, identity), (start, today, who)) in entries {
        let end = today.unwrap_or(start).days() + YEAR;
        let Some(end) = Date::from_unix(end * 86_400) else {
            continue;
        };
        let _ = writeln!(text, "[[trusted.{}]]", toml_key(name));
        let _ = writeln!(text, "criteria = \"{SAFE_TO_DEPLOY}\"");
        let _ = match identity {
            Identity::User(number) => writeln!(text, "user-id = {number} # {who}"),
            Identity::TrustedPublisher(name) => {
                writeln!(text, "trusted-publisher = {}", toml_string(&name))
            }
        };
        let _ = writeln!(text, "start = \"{start}\"\nend = \"{end}\"\n");
    }
    text
}

/// Whether a publisher is named by what does nothing to whoever prints it: nobody else can be trusted
/// by name.
fn is_plain(identity: &Identity) -> bool {
    match identity {
        Identity::User(_) => true,
        Identity::TrustedPublisher(name) => visible(name) == *name,
    }
}

/// A package's name as a key: a lockfile may have any text for one.
fn toml_key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match !name.is_empty() && name.bytes().all(is_bare) {
        true => name.to_owned(),
        false => toml_string(name),
    }
}
