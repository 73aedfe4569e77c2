//! What the rules on unsound code share: from a fault to a finding.

use std::collections::BTreeMap;

use super::dance::state;
use super::{Context, Rule};
use crate::census::Site;
use crate::census::dance::{Advised, PackageSteps};
use crate::facts::soundness::Fault;
use crate::finding::{Finding, Location};
use crate::graph::PackageIdx;
use crate::knowledge::advisory::page;

/// The findings of a rule: the faults that it found in the packages that were asked for, those in tests
/// left out.
pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let Some(dance) = context.dance else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (index, census, steps) in dance.asked(context.graph) {
        let mut alike: BTreeMap<(&str, &str, &str), u32> = BTreeMap::new();
        for (site, known) in census.sites.iter().zip(&steps.sites) {
            let faults = known.faults.iter();
            let faults = faults.filter(|fault| fault.rule == rule.meta.code);
            for fault in faults.filter(|fault| dance.tells(site, fault)) {
                let key = (site.file.as_str(), site.item.as_str(), fault.code.as_str());
                let number = alike.entry(key).or_default();
                *number += 1;
                findings.push(finding(rule, context, index, steps, site, fault, *number));
            }
        }
    }
    findings
}

/// `number` tells it from those before it that are alike.
fn finding(
    rule: &'static Rule,
    context: &Context<'_>,
    index: PackageIdx,
    steps: &PackageSteps,
    site: &Site,
    fault: &Fault,
    number: u32,
) -> Finding {
    let mut finding = context.finding(rule, index, fault.message.clone());
    let item = &site.item;
    let name = context.graph.get(index).map(|package| &*package.name);
    finding.fingerprint = format!(
        "{}:{}:{}:{item}:{}#{number}",
        rule.meta.code,
        name.unwrap_or_default(),
        site.file,
        fault.code
    );
    finding.confidence = fault.confidence;
    finding.item = (!item.is_empty()).then(|| item.clone());
    finding.evidence = vec![fault.code.clone()];
    finding.evidence.extend(state(site).map(str::to_owned));
    let chain = fault.chain.iter();
    finding.evidence.extend(chain.map(|link| {
        let file = steps.shown(&link.path);
        format!("{file}:{}:{}: {}", link.line, link.column, link.says)
    }));
    let covering = context.dance.into_iter();
    for advised in covering.flat_map(|dance| dance.covering(index, item)) {
        finding.evidence.push(covered(advised));
        finding.covered_by.push(advised.advisory.clone());
    }
    finding.help = vec![fault.sound.clone()];
    if let Some(judges) = rule.judges {
        finding.pattern = Some(judges.pattern);
        let advisories = judges.alike.iter();
        let address = |id: &&str| format!("https://rustsec.org/advisories/{id}.html");
        let covering = finding.covered_by.iter().filter_map(|id| page(id));
        finding.references = covering.chain(advisories.map(address)).collect();
    }
    let span = fault.span;
    finding.location = Some(Location {
        file: steps.shown(&site.file),
        repository_file: None,
        line: span.line,
        column: span.column,
        end_line: span.end_line,
        end_column: span.end_column,
    });
    finding
}

/// That an advisory speaks of a fault already.
pub(crate) fn covered(advised: &Advised) -> String {
    let id = &advised.advisory;
    match advised.is_of_all() {
        true => {
            format!("may be covered by {id}, which speaks of this version and names no function")
        }
        false => format!("already covered by {id}"),
    }
}
