//! cargo-supply-chain's JSON, field for field: what its `json` command prints, by the schema that
//! `json --print-schema` shows, read at cargo-supply-chain 0.3.
//!
//! What it does not know (who published a version, from where a fact comes, findings) has no place
//! in it; the program's own document shows it. A package of which no source says who owns it is left
//! out there as here: the report's gaps name it. `avatar` is null: no source of ours keeps it. Each
//! input is one document.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::knowledge::people::AccountId;
use crate::render::disarmed;
use crate::report::{Input, Report};

#[derive(Serialize)]
struct StructuredOutput<'a> {
    not_audited: NotAudited<'a>,
    crates_io_crates: BTreeMap<&'a str, Vec<PublisherData<'a>>>,
}

#[derive(Serialize)]
struct NotAudited<'a> {
    local_crates: BTreeSet<&'a str>,
    foreign_crates: BTreeSet<&'a str>,
}

#[derive(Serialize)]
struct PublisherData<'a> {
    id: u32,
    login: &'a str,
    kind: &'static str,
    name: Option<&'a str>,
    avatar: Option<&'a str>,
}

/// The documents of a report: one a line, or, to be compared with `diff`, over many lines.
#[must_use]
pub fn render(report: &Report, diffable: bool) -> String {
    let mut text = String::new();
    for input in &report.inputs {
        let document = document(input);
        // The document holds only strings, numbers, lists and structures: that cannot fail.
        let json = match diffable {
            true => serde_json::to_string_pretty(&document),
            false => serde_json::to_string(&document),
        };
        for line in json.unwrap_or_default().lines() {
            text += &disarmed(line.to_owned());
            text.push('\n');
        }
    }
    text
}

fn document(input: &Input) -> StructuredOutput<'_> {
    let mut document = StructuredOutput {
        not_audited: NotAudited {
            local_crates: BTreeSet::new(),
            foreign_crates: BTreeSet::new(),
        },
        crates_io_crates: BTreeMap::new(),
    };
    let Some(supply) = &input.supply else {
        return document;
    };
    let people = &supply.people;
    for (package, known) in input.graph.packages().iter().zip(&supply.packages) {
        let not_audited = &mut document.not_audited;
        match &package.source {
            None => {
                not_audited.local_crates.insert(&package.name);
                continue;
            }
            Some(_) if !known.is_built => continue,
            Some(_) if !package.is_crates_io() => {
                not_audited.foreign_crates.insert(&package.name);
                continue;
            }
            Some(_) => {}
        }
        let owners = people.crates.get(&package.name);
        let Some(owners) = owners.and_then(|known| known.owners.as_ref()) else {
            continue;
        };
        let mut accounts: Vec<AccountId> = owners.value.iter().map(|own| own.account).collect();
        accounts.sort_by_key(|account| (account.number(), account.kind()));
        let publishers = accounts.into_iter().map(|account| {
            let known = people.accounts.get(&account);
            PublisherData {
                id: account.number(),
                login: known.map_or("", |known| &known.login),
                kind: account.kind(),
                name: known.and_then(|known| known.name.as_deref()),
                avatar: None,
            }
        });
        let crates = &mut document.crates_io_crates;
        crates.insert(&package.name, publishers.collect());
    }
    document
}
