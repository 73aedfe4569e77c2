use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::*;
use crate::engine::Toolchain;
use crate::graph::units::{Role, Roles};
use crate::reach::{Reachability, Verdict};
use crate::render::sample::{LOCK, everything, hostile};
use crate::rules::example::run_with;

fn document_at(report: &Report, timestamp: Option<i64>) -> Value {
    let options = Options {
        version: "0.1.0",
        timestamp,
        sha256: |bytes| Sha256::digest(bytes).into(),
    };
    serde_json::from_str(&render(report, &options)).unwrap()
}

/// A document whose references are what they have to be.
fn document(report: &Report) -> Value {
    let document = document_at(report, None);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let root = &document["metadata"]["component"];
    let components: Vec<String> = list(&document["components"])
        .iter()
        .chain([root])
        .map(|component| text(&component["bom-ref"]))
        .collect();
    let known: BTreeSet<&String> = components.iter().collect();
    let vulnerabilities = list(&document["vulnerabilities"]);
    let entries: BTreeSet<String> = vulnerabilities
        .iter()
        .map(|v| text(&v["bom-ref"]))
        .collect();
    assert_eq!(known.len(), components.len());
    assert_eq!(entries.len(), vulnerabilities.len());
    assert!(entries.iter().all(|entry| !known.contains(entry)));
    let dependencies = list(&document["dependencies"]);
    let of: BTreeSet<String> = dependencies.iter().map(|on| text(&on["ref"])).collect();
    assert!(of.len() == dependencies.len() && of.iter().collect::<BTreeSet<_>>() == known);
    let on = dependencies.iter().flat_map(|on| list(&on["dependsOn"]));
    let affects = vulnerabilities.iter().flat_map(|v| list(&v["affects"]));
    let named = on.chain(affects.map(|affects| affects["ref"].clone()));
    assert!(named.into_iter().all(|named| known.contains(&text(&named))));
    document
}

/// State, justification, response and detail of each entry, by its id.
fn analyses(document: &Value) -> BTreeMap<String, Vec<String>> {
    let mut analyses = BTreeMap::<String, Vec<String>>::new();
    for found in document["vulnerabilities"].as_array().unwrap() {
        let analysis = &found["analysis"];
        let fields = ["state", "justification", "response", "detail"];
        let said = fields.iter().filter_map(|field| match &analysis[field] {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        });
        let said: Vec<String> = said.collect();
        let id = found["id"].as_str().unwrap().to_owned();
        analyses.entry(id).or_default().push(said.join(": "));
    }
    analyses
}

#[test]
fn everything_is_there() {
    let report = everything();
    let document = document(&report);
    assert_eq!(document["metadata"]["component"]["name"], "workspaces");
    let found = analyses(&document);
    // It is in both inputs, and the same is said of both: the folder is another, the package is not.
    assert_eq!(found["RUSTSEC-2099-0001"], ["in_triage"]);
    assert_eq!(
        found["RUSTSEC-2099-0006"],
        [r#"in_triage: ["will_not_fix"]: ignored: we read it only once"#]
    );
    assert_eq!(
        found["RUSTSEC-2099-0004"],
        [
            "in_triage: not from the registry that the advisory is about: only name and version agree"
        ]
    );
    let all = document["vulnerabilities"].as_array().unwrap();
    let one = all.iter().find(|v| v["id"] == "RUSTSEC-2099-0001").unwrap();
    assert_eq!(
        *one,
        json!({
            "bom-ref": "advisory RUSTSEC-2099-0001",
            "id": "RUSTSEC-2099-0001",
            "source": {"name": "RUSTSEC", "url": "https://rustsec.org/advisories/RUSTSEC-2099-0001.html"},
            "references": [
                {"id": "CVE-2099-0001", "source": {"name": "CVE", "url": "https://www.cve.org/CVERecord?id=CVE-2099-0001"}},
                {"id": "GHSA-aaaa-bbbb-cccc", "source": {"name": "GHSA", "url": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc"}},
            ],
            "ratings": [{
                "score": 7.5,
                "severity": "high",
                "method": "CVSSv31",
                "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
            }],
            "description": "Reads past the end of *nested* [lists](https://example.org)",
            "recommendation": "move to parser >=1.2.0 (fixed)",
            "advisories": [{"url": "https://rustsec.org/advisories/RUSTSEC-2099-0001.html"}],
            "published": "2099-01-01T00:00:00Z",
            "analysis": {"state": "in_triage"},
            "affects": [{
                "ref": "registry+https://github.com/rust-lang/crates.io-index#parser@1.1.0",
                "versions": [
                    {"version": "1.1.0", "status": "affected"},
                    {"range": "vers:cargo/>=1.0.0|<1.2.0", "status": "affected"},
                ],
            }],
            "properties": [
                {"name": "carapace:kind", "value": "vulnerability"},
                {"name": "carapace:code", "value": "ADV001"},
                {"name": "carapace:level", "value": "deny"},
                {"name": "carapace:category", "value": "memory-exposure"},
            ],
        })
    );
    let components = document["components"].as_array().unwrap();
    let web = components.iter().find(|c| c["name"] == "web").unwrap();
    let said = "deny SUP001: web 2.0.0 was yanked by its owners";
    assert!(web["properties"].to_string().contains(said), "{web:#}");
    let properties = document["properties"].to_string();
    for said in [
        "not a regular file",
        ".cargo/audit.toml:4",
        "our/advisories",
        "POL001",
    ] {
        assert!(properties.contains(said), "{said}: {properties}");
    }
    // What is not from crates.io is compared by name only.
    let compositions = document["compositions"].as_array().unwrap();
    let found = compositions
        .iter()
        .find(|of| of.get("vulnerabilities").is_some());
    assert_eq!(found.unwrap()["aggregate"], "incomplete");
}

#[test]
fn what_packages_are_for_tells_whether_it_matters() {
    let with = |role: Option<&[Role]>| {
        let report = run_with(LOCK, |request, _, policy| {
            policy.ignores.clear();
            let subject = &mut request.subjects[0];
            let of = |role: &[Role]| role.iter().copied().collect::<Roles>();
            subject.roles = role.map_or_else(Vec::new, |role| {
                vec![of(role); subject.graph.packages().len()]
            });
        });
        let document = document(&report);
        let components = document["components"].as_array().unwrap();
        let parser = components.iter().find(|c| c["name"] == "parser").unwrap();
        let scope = parser["scope"].as_str().unwrap_or("?").to_owned();
        let analyses = analyses(&document);
        // What does harm does it wherever it is built.
        assert!(analyses["RUSTSEC-2099-0003"][0].starts_with("in_triage"));
        (scope, analyses["RUSTSEC-2099-0001"][0].clone())
    };
    let not_there = "not_affected: code_not_present: ";
    for (roles, scope, state) in [
        (None, "?", "in_triage"),
        (Some(&[Role::Runtime][..]), "required", "in_triage"),
        (Some(&[Role::Runtime, Role::Dev]), "required", "in_triage"),
        (
            Some(&[Role::Build, Role::Dev]),
            "excluded",
            "in_triage: roles: build, dev",
        ),
        (
            Some(&[Role::ProcMacro]),
            "excluded",
            "in_triage: roles: proc-macro",
        ),
        (
            Some(&[Role::OtherTarget]),
            "optional",
            "in_triage: roles: other-target",
        ),
        (Some(&[Role::Dev]), "excluded", not_there),
        (Some(&[Role::Disabled]), "optional", not_there),
    ] {
        let (found_scope, found_state) = with(roles);
        assert_eq!(found_scope, scope, "{roles:?}");
        let is_so = found_state == state || (state == not_there && found_state.starts_with(state));
        assert!(is_so, "{roles:?}: {found_state}");
    }
}

#[test]
fn the_toolchain_and_platforms() {
    let lock = format!(
        "{LOCK}--- rust/std/CVE-2099-0001.md\npatched = [\">= 1.90.0\"]\n\
         --- crates/web/RUSTSEC-2099-0007.md\npatched = []\n"
    );
    let report = run_with(&lock, |request, knowledge, policy| {
        request.subjects[0].toolchain = Some(Toolchain {
            version: "1.70.0".parse().unwrap(),
            pinned: None,
        });
        let on_windows =
            |advisory: &&mut crate::knowledge::advisory::Advisory| advisory.id.ends_with("0007");
        for advisory in knowledge.advisories.iter_mut().filter(on_windows) {
            let affected = advisory.affected.get_or_insert_default();
            affected.os = vec!["windows".to_owned()];
        }
        policy.target_os = vec!["linux".to_owned()];
    });
    let document = document(&report);
    let found = analyses(&document);
    assert_eq!(
        found["CVE-2099-0001"],
        ["in_triage: it is in the toolchain"]
    );
    let elsewhere = "not_affected: requires_environment: affects only windows";
    assert_eq!(found["RUSTSEC-2099-0007"], [elsewhere]);
    let components = document["components"].as_array().unwrap();
    let rust = components
        .iter()
        .find(|component| component["type"] == "platform")
        .unwrap();
    assert_eq!(rust["version"], "1.70.0");
}

#[test]
fn functions_that_are_not_reached() {
    let mut report = run_with(LOCK, |_, _, policy| policy.ignores.clear());
    let mut said = |verdict| {
        let findings = &mut report.inputs[0].findings;
        for finding in findings.iter_mut().filter(|found| found.advisory.is_some()) {
            let mut reach = Reachability::impossible(&["parser::read".to_owned()], "");
            reach.functions[0].verdict = verdict;
            finding.reachability = Some(Arc::new(Reachability::new(reach.functions)));
        }
        let found = analyses(&document(&report));
        // What does harm needs no call.
        assert!(found["RUSTSEC-2099-0003"][0].starts_with("in_triage"));
        found["RUSTSEC-2099-0001"].clone()
    };
    assert_eq!(
        said(Verdict::NotReached),
        ["not_affected: code_not_reachable: nothing that is built names parser::read"]
    );
    assert_eq!(
        said(Verdict::Reached),
        ["in_triage: code that is built names parser::read"]
    );
    assert_eq!(said(Verdict::Unknown), ["in_triage"]);
}

#[test]
fn a_root_and_what_could_not_be_resolved() {
    let lock = "--- Cargo.lock\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n\
                dependencies = [\"part\", \"gone\"]\n\n\
                [[package]]\nname = \"part\"\nversion = \"0.1.0\"\n";
    let document = document(&run_with(lock, |_, _, _| ()));
    assert_eq!(document["metadata"]["component"]["name"], "app");
    assert_eq!(document["components"].as_array().unwrap().len(), 1);
    assert_eq!(
        document["compositions"],
        json!([
            {"aggregate": "complete", "dependencies": ["part@0.1.0"]},
            {"aggregate": "incomplete", "dependencies": ["app@0.1.0"]},
            {"aggregate": "unknown", "assemblies": ["app@0.1.0", "part@0.1.0"]},
            {"aggregate": "incomplete", "vulnerabilities": []},
        ])
    );
}

#[test]
fn the_serial_number_is_of_the_content() {
    let report = everything();
    let document = document(&report);
    assert_eq!(document, document_at(&report, None));
    assert_eq!(document["metadata"].get("timestamp"), None);
    let other = document_at(&report, Some(1_781_481_600));
    assert_eq!(other["metadata"]["timestamp"], "2026-06-15T00:00:00Z");
    assert_ne!(document["serialNumber"], other["serialNumber"]);
    let number = serial_number([0xff; 32]);
    assert_eq!(number, "urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff");
    let bytes: Vec<u8> = (0..32).collect();
    let number = serial_number(bytes.try_into().unwrap());
    assert_eq!(number, "urn:uuid:00010203-0405-8607-8809-0a0b0c0d0e0f");
}

#[test]
fn references_hold_whatever_names_are() {
    for text in [
        "",
        "project",
        "a@1.0.0",
        "advisory RUSTSEC-2099-0001",
        "urn:cdx:x",
        "\u{202e}",
    ] {
        document(&hostile(text));
    }
}
