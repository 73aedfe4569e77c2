//! Who can change what, a fact a line, sorted: to be kept and compared with `diff`. Nothing in a line
//! changes when something else does; the form is that of cargo-supply-chain's `--diffable`, with the
//! numbers of accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::view::By;
use super::words::cut;
use crate::knowledge::people::AccountId;
use crate::report::{Input, Report};
use crate::supply::Supply;

/// Characters of a login or name.
const NAME: usize = 128;

/// The lines of a report.
#[must_use]
pub fn render(report: &Report, by: By) -> String {
    let mut text = String::new();
    for input in &report.inputs {
        let Some(supply) = &input.supply else {
            continue;
        };
        match by {
            By::Person => accounts(input, supply, |_| true, &mut text),
            By::Team => accounts(input, supply, AccountId::is_team, &mut text),
            By::Crate => crates(input, supply, &mut text),
        }
    }
    text
}

fn account(supply: &Supply, id: AccountId) -> String {
    let known = supply.people.accounts.get(&id);
    let login = known.map_or("", |known| &known.login);
    format!("{} \"{}\" ({})", id.kind(), cut(login, NAME), id.number())
}

fn accounts(
    input: &Input,
    supply: &Supply,
    is_shown: impl Fn(AccountId) -> bool,
    text: &mut String,
) {
    let reached = input.details.reached.iter();
    let reached = reached.flat_map(|reached| &reached.accounts);
    let shown = reached.filter(|one| is_shown(one.account));
    let mut lines: Vec<String> = shown
        .map(|one| {
            let crates: Vec<String> = one.crates.iter().map(|name| cut(name, NAME)).collect();
            format!("{}: {}", account(supply, one.account), crates.join(", "))
        })
        .collect();
    lines.sort();
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
}

fn crates(input: &Input, supply: &Supply, text: &mut String) {
    let mut owners: BTreeMap<&str, BTreeSet<AccountId>> = BTreeMap::new();
    for (_, package, _) in supply.of_crates_io(&input.graph) {
        let krate = supply.people.crates.get(&package.name);
        if let Some(known) = krate.and_then(|krate| krate.owners.as_ref()) {
            let accounts = known.value.iter().map(|owner| owner.account);
            owners.entry(&package.name).or_default().extend(accounts);
        }
    }
    for (name, accounts) in owners {
        let mut accounts: Vec<String> = accounts.iter().map(|id| account(supply, *id)).collect();
        accounts.sort();
        let _ = writeln!(text, "{}: {}", cut(name, NAME), accounts.join(", "));
    }
}
