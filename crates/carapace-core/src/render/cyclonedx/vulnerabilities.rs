//! What is known against components, and what is known of whether it matters here (VEX).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::components::{Components, fitting};
use super::{add, property, purl};
use crate::finding::{Finding, Level};
use crate::graph::PackageIdx;
use crate::graph::units::{Role, Roles};
use crate::knowledge::advisory::{self, Advisory, Kind};
use crate::reach::{Reachability, Verdict};
use crate::report::{ExcludedBy, Input, LeftOut, Report};

/// What is known of whether an advisory matters to what is shipped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Analysis {
    state: &'static str,
    justification: Option<&'static str>,
    response: Option<&'static str>,
    detail: Option<String>,
}

impl Analysis {
    /// Nothing is known that speaks against it. That it can be exploited is not known either: the
    /// format has no other word for what is yet to be looked at.
    fn open(detail: Option<String>) -> Self {
        Self {
            state: "in_triage",
            justification: None,
            response: None,
            detail,
        }
    }

    fn not_affected(justification: &'static str, detail: &str) -> Self {
        Self {
            state: "not_affected",
            justification: Some(justification),
            response: None,
            detail: Some(detail.to_owned()),
        }
    }

    /// What is known of a finding. A claim that a package does no harm has its place here.
    fn of_finding(input: &Input, finding: &Finding) -> Self {
        let advisory = finding.advisory.as_deref();
        let roles = finding.package.map(|index| roles(input, index));
        let by_roles = || Self::of_roles(advisory?, roles?);
        // What was published to do harm does it without being called.
        let harms = advisory.is_some_and(Advisory::is_malicious);
        let reach = finding.reachability.as_deref().filter(|_| !harms);
        let by_reach = || Self::of_reach(reach?);
        let said = if finding.rule.is_about_toolchain() {
            "it is in the toolchain"
        } else if finding.rule.name == "possible-match" {
            "not from the registry that the advisory is about: only name and version agree"
        } else if let Some(known) = by_roles() {
            return known;
        } else if let Some(known) = by_reach() {
            return known;
        } else if finding.known {
            "known by the baseline"
        } else {
            return Self::open(None);
        };
        Self::open(Some(said.to_owned()))
    }

    /// What is known of an advisory that policy leaves out. Whether somebody's reason means that it
    /// does not matter, or that it does and is borne, the program cannot tell.
    fn of_left_out(input: &Input, left_out: &LeftOut) -> Self {
        let roles = left_out.package.map(|index| roles(input, index));
        if let Some(known) = roles.and_then(|roles| Self::of_roles(&left_out.advisory, roles)) {
            return known;
        }
        let exclusion = &left_out.exclusion;
        let until = exclusion.until.map(|until| format!("; until {until}"));
        let detail = format!("{}{}", exclusion.reason, until.unwrap_or_default());
        match exclusion.by {
            ExcludedBy::Platform => Self::not_affected("requires_environment", &detail),
            ExcludedBy::NotReached => Self::not_affected("code_not_reachable", &detail),
            ExcludedBy::Setting => Self::open(Some(format!("left out: {detail}"))),
            ExcludedBy::Decision => Self {
                response: Some("will_not_fix"),
                ..Self::open(Some(format!("ignored: {detail}")))
            },
        }
    }

    /// What follows from what a package is for. What was published to do harm does it where it is
    /// built, too.
    fn of_roles(advisory: &Advisory, roles: Roles) -> Option<Self> {
        if advisory.is_malicious() {
            return None;
        }
        if roles.are_among(&[Role::Disabled]) {
            let detail =
                "nothing builds it: no feature that is selected has it on, on any platform";
            return Some(Self::not_affected("code_not_present", detail));
        }
        if roles.are_never_shipped() {
            let detail = "only tests, examples or benchmarks need it: it is not in what is shipped";
            return Some(Self::not_affected("code_not_present", detail));
        }
        if roles.contains(Role::Runtime) || roles == Roles::default() {
            return None;
        }
        let names: Vec<&str> = roles.iter().map(Role::name).collect();
        Some(Self::open(Some(format!("roles: {}", names.join(", ")))))
    }

    /// What follows from whether the functions that an advisory names are reached.
    fn of_reach(reach: &Reachability) -> Option<Self> {
        let of = |verdict: Verdict| {
            let functions = reach.functions.iter();
            let functions = functions.filter(|found| found.verdict == verdict);
            let names: Vec<&str> = functions.map(|found| found.function.as_str()).collect();
            names.join(", ")
        };
        match reach.verdict {
            Verdict::NotReached => {
                let detail = format!("nothing that is built names {}", of(Verdict::NotReached));
                Some(Self::not_affected("code_not_reachable", &detail))
            }
            Verdict::Reached => {
                let detail = format!("code that is built names {}", of(Verdict::Reached));
                Some(Self::open(Some(detail)))
            }
            Verdict::Unknown => None,
        }
    }

    fn document(&self) -> Value {
        let mut analysis = Map::new();
        add(&mut analysis, "state", Some(self.state));
        add(&mut analysis, "justification", self.justification);
        add(
            &mut analysis,
            "response",
            self.response.map(|response| json!([response])),
        );
        add(&mut analysis, "detail", self.detail.as_deref());
        analysis.into()
    }
}

fn roles(input: &Input, package: PackageIdx) -> Roles {
    let roles = input.details.roles.get(package.get());
    roles.copied().unwrap_or_default()
}

/// What is one entry: the same advisory, of which the same is to be said.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    id: &'a str,
    analysis: Analysis,
    /// The rule's code and how it counts; none for what is left out.
    counts: Option<(&'static str, Level)>,
    recommendation: Option<&'a str>,
}

/// A component that an advisory speaks of.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Affected {
    reference: String,
    version: Option<String>,
    /// Whether it is the package that the advisory is about.
    is_certain: bool,
}

/// The vulnerabilities of a document, sorted by id. References are made for them, and a component for
/// a toolchain that is affected.
pub(super) fn of(report: &Report, components: &mut Components<'_>) -> Vec<Value> {
    let mut all: BTreeMap<Key<'_>, (&Advisory, BTreeSet<Affected>)> = BTreeMap::new();
    for (at, input) in report.inputs.iter().enumerate() {
        let found = input.findings.iter().filter_map(|finding| {
            let advisory = finding.advisory.as_deref()?;
            let is_package = !finding.rule.is_about_toolchain();
            let key = Key {
                id: &advisory.id,
                analysis: Analysis::of_finding(input, finding),
                counts: Some((finding.rule.meta.code, finding.level)),
                recommendation: finding.help.first().map(String::as_str),
            };
            let package = finding.package.filter(|_| is_package);
            Some((key, advisory, package))
        });
        let left_out = input.details.left_out.iter().map(|left_out| {
            let key = Key {
                id: &left_out.advisory.id,
                analysis: Analysis::of_left_out(input, left_out),
                counts: None,
                recommendation: None,
            };
            (key, &*left_out.advisory, left_out.package)
        });
        for (key, advisory, package) in found.chain(left_out) {
            let affected = match package.map(|index| (index, input.graph.get(index))) {
                Some((index, Some(package))) => {
                    let reference = components.reference(at, index);
                    reference.map(|reference| Affected {
                        reference: reference.to_owned(),
                        version: fitting(package.version.to_string()),
                        is_certain: advisory.is_about(package.source.as_deref()),
                    })
                }
                Some((_, None)) => None,
                None => components.toolchain(at).map(|reference| Affected {
                    reference,
                    version: None,
                    is_certain: true,
                }),
            };
            all.entry(key)
                .or_insert((advisory, BTreeSet::new()))
                .1
                .extend(affected);
        }
    }
    let all = all.into_iter();
    all.map(|(key, (advisory, affected))| {
        let reference = components.unique(&format!("advisory {}", key.id));
        vulnerability(&reference, &key, advisory, &affected)
    })
    .collect()
}

fn vulnerability(
    reference: &str,
    key: &Key<'_>,
    advisory: &Advisory,
    affected: &BTreeSet<Affected>,
) -> Value {
    let mut fields = Map::new();
    add(&mut fields, "bom-ref", Some(reference));
    add(&mut fields, "id", Some(key.id));
    add(&mut fields, "source", Some(source(key.id)));
    let aliases = advisory.aliases.iter();
    let aliases: Vec<Value> = aliases
        .map(|id| json!({"id": id, "source": source(id)}))
        .collect();
    add(
        &mut fields,
        "references",
        (!aliases.is_empty()).then_some(aliases),
    );
    add(&mut fields, "ratings", Some(json!([rating(advisory)])));
    add(&mut fields, "description", advisory.title.as_deref());
    add(&mut fields, "recommendation", key.recommendation);
    let pages = [Some(advisory.link()), advisory.url.clone()];
    let pages: BTreeSet<String> = pages.into_iter().flatten().collect();
    let pages = pages.iter().filter_map(|page| purl::web_address(page));
    let pages: Vec<Value> = pages.map(|url| json!({"url": url})).collect();
    add(
        &mut fields,
        "advisories",
        (!pages.is_empty()).then_some(pages),
    );
    add(
        &mut fields,
        "published",
        Some(format!("{}T00:00:00Z", advisory.date)),
    );
    add(&mut fields, "analysis", Some(key.analysis.document()));
    let range = purl::versions(&advisory.ranges);
    let affects: Vec<Value> = affected
        .iter()
        .map(|affected| affects(affected, range.as_deref()))
        .collect();
    add(&mut fields, "affects", Some(affects));
    let kind = property("kind", advisory.kind().name());
    let counts = key
        .counts
        .into_iter()
        .flat_map(|(code, level)| [property("code", code), property("level", level.name())]);
    let categories = advisory.categories.iter();
    let categories = categories.map(|category| property("category", category));
    let properties: Vec<Value> = [kind].into_iter().chain(counts).chain(categories).collect();
    add(&mut fields, "properties", Some(properties));
    fields.into()
}

fn affects(affected: &Affected, range: Option<&str>) -> Value {
    let status = if affected.is_certain {
        "affected"
    } else {
        "unknown"
    };
    let version = affected.version.as_ref();
    let version = version.map(|version| json!({"version": version, "status": status}));
    let range = range.map(|range| json!({"range": range, "status": status}));
    let versions: Vec<Value> = version.into_iter().chain(range).collect();
    json!({"ref": affected.reference, "versions": versions})
}

/// Who gives ids of this kind.
fn source(id: &str) -> Value {
    let name = id.split('-').next().unwrap_or_default();
    let page = advisory::page(id);
    let page = page.as_deref().and_then(purl::web_address);
    let mut source = Map::new();
    add(&mut source, "name", (!name.is_empty()).then_some(name));
    add(&mut source, "url", page);
    source.into()
}

/// How severe it is; of what is no vulnerability, that it is none.
fn rating(advisory: &Advisory) -> Value {
    let Some(severity) = advisory.severity() else {
        let is_known = advisory.kind() != Kind::Vulnerability;
        return json!({"severity": if is_known { "info" } else { "unknown" }});
    };
    let method = match severity.vector.split('/').next() {
        Some("CVSS:3.0") => "CVSSv3",
        Some("CVSS:3.1") => "CVSSv31",
        Some("CVSS:4.0") => "CVSSv4",
        _ => "CVSSv2",
    };
    json!({
        "score": severity.score,
        "severity": severity.level.name(),
        "method": method,
        "vector": severity.vector,
    })
}
