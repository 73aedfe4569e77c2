//! Bills of materials: valid by the format's own schema, whatever is judged.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use jsonschema::{Draft, Registry, Validator};
use serde_cyclonedx::cyclonedx::v_1_6::CycloneDx;
use serde_json::{Value, json};

use crate::roles::project;
use crate::support::index::index;
use crate::support::run::{CRATES_IO, Output, World, advisory, entry, lock};

/// What cargo says, in this repository.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:#?}");
    String::from_utf8(output.stdout).unwrap()
}

/// CycloneDX 1.6, as a package of crates.io brings it.
fn schema() -> Value {
    let version = cargo(&["-vV"]);
    let mut lines = version.lines();
    let host = lines.find_map(|line| line.strip_prefix("host: ")).unwrap();
    let format = ["metadata", "--locked", "--format-version", "1"];
    let metadata = cargo(&[&format[..], &["--filter-platform", host]].concat());
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let package = packages.find(|package| package["name"] == "serde-cyclonedx");
    let manifest = PathBuf::from(package.unwrap()["manifest_path"].as_str().unwrap());
    let schema = manifest
        .with_file_name("schemas")
        .join("cyclonedx_1_6.json");
    serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap()
}

fn validator() -> &'static Validator {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| {
        // What is written here has neither licences nor signatures, and none would be valid.
        let nothing = || {
            Draft::Draft7.create_resource(json!({"definitions": {"signature": false}, "not": {}}))
        };
        let registry = Registry::new()
            .add("http://cyclonedx.org/schema/spdx.schema.json", nothing())
            .unwrap()
            .add(
                "http://cyclonedx.org/schema/jsf-0.82.schema.json",
                nothing(),
            )
            .unwrap()
            .prepare()
            .unwrap();
        let mut options = jsonschema::options().with_draft(Draft::Draft7);
        options = options.should_validate_formats(true);
        options.with_registry(&registry).build(&schema()).unwrap()
    })
}

/// The document of an answer, which is valid, and which another program reads.
fn valid(output: &Output) -> Value {
    let document = output.json();
    let faults = validator().iter_errors(&document);
    let faults: Vec<String> = faults
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert_eq!(faults, [""; 0], "{document:#}");
    let read: CycloneDx = serde_json::from_str(&output.stdout).unwrap();
    let all = document["components"].as_array().unwrap();
    assert_eq!(read.components.unwrap().len(), all.len());
    document
}

const FORMAT: [&str; 2] = ["--format", "cyclonedx"];

/// Of each entry: the id, what is said of it, and the components, sorted.
fn entries(document: &Value) -> Vec<(String, String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = document["vulnerabilities"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            let affects = entry["affects"].as_array().unwrap().iter();
            let affects = affects.map(|affects| {
                let reference = text(&affects["ref"]);
                reference.rsplit('#').next().unwrap().to_owned()
            });
            (
                text(&entry["id"]),
                text(&entry["analysis"]["state"]),
                affects.collect(),
            )
        })
        .collect()
}

/// A score, names and an address, and an advisory without any of it.
const SCORES: [(&str, &str); 4] = [
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSSv31"),
    ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSSv3"),
    (
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        "CVSSv4",
    ),
    ("AV:N/AC:L/Au:N/C:P/I:P/A:P", "CVSSv2"),
];

#[test]
fn every_kind_of_finding_is_valid() {
    let names = [
        "parser", "p0", "p1", "p2", "p3", "bad", "old", "shaky", "told", "gone", "swapped",
    ];
    let packages: Vec<(&str, &str)> = names.iter().map(|name| (*name, "1.2.0")).collect();
    let text = lock(&packages).replace(
        "name = \"swapped\"\nversion = \"1.2.0\"\n",
        &format!(
            "name = \"swapped\"\nversion = \"1.2.0\"\nchecksum = \"{}\"\n",
            "ab".repeat(32)
        ),
    );
    let text = text
        + &entry("parser", "1.2.0", Some("git+https://e.org/x?branch=y#0123"))
        + &entry(
            "own",
            "1.2.0-rc.1+x",
            Some("sparse+https://index.example.org/"),
        );
    let world = World::new();
    world.write("project/Cargo.lock", &text);
    world.project();
    world.write("project/rust-toolchain", "1.60.0\n");
    world.write(
        "db/rust/std/CVE-2026-0001.md",
        advisory("CVE-2026-0001", "std", "").replace(">= 1.3.0", ">= 1.70.0"),
    );
    world.advisory(
        "RUSTSEC-2026-0001",
        "parser",
        "aliases = [\"CVE-2026-1\", \"GHSA-a\", \"X\"]\nurl = \"https://e.org/a b\"",
    );
    for (at, (vector, _)) in SCORES.iter().enumerate() {
        let id = format!("RUSTSEC-2026-001{at}");
        world.advisory(
            &id,
            &format!("p{at}"),
            &format!("cvss = \"{vector}\"\nurl = \"https://e.org/{at}\""),
        );
    }
    for (id, name, more) in [
        ("0002", "bad", "categories = [\"malicious\"]"),
        ("0003", "old", "informational = \"unmaintained\""),
        ("0004", "shaky", "informational = \"unsound\""),
        ("0005", "told", "informational = \"notice\""),
    ] {
        world.advisory(&format!("RUSTSEC-2026-{id}"), name, more);
    }
    let mut files: Vec<(&str, &[&str])> =
        names.iter().map(|name| (*name, &["1.2.0"][..])).collect();
    files.retain(|(name, _)| !matches!(*name, "gone"));
    files[0].1 = &["1.2.0!"];
    let server = index(&files);
    let run = || {
        world
            .online(&FORMAT)
            .args(["--registry-index", &server.url("/")])
    };
    let document = valid(&run().exits(1));
    let found = entries(&document);
    let ids: Vec<&str> = found.iter().map(|(id, ..)| id.as_str()).collect();
    let mut expected = vec!["CVE-2026-0001", "RUSTSEC-2026-0001", "RUSTSEC-2026-0001"];
    let more: Vec<String> = (2..6)
        .map(|n| format!("RUSTSEC-2026-000{n}"))
        .chain((0..4).map(|n| format!("RUSTSEC-2026-001{n}")))
        .collect();
    expected.extend(more.iter().map(String::as_str));
    assert_eq!(ids, expected);
    let methods: BTreeMap<&str, &Value> = document["vulnerabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["id"].as_str().unwrap(), &entry["ratings"][0]))
        .collect();
    for (at, (vector, method)) in SCORES.iter().enumerate() {
        let rating = methods[format!("RUSTSEC-2026-001{at}").as_str()];
        assert_eq!(
            (rating["method"].as_str(), rating["vector"].as_str()),
            (Some(*method), Some(*vector))
        );
    }
    assert_eq!(methods["RUSTSEC-2026-0003"], &json!({"severity": "info"}));
    assert_eq!(
        methods["RUSTSEC-2026-0001"],
        &json!({"severity": "unknown"})
    );
    let said = document.to_string();
    for said_of in [
        "SUP001: parser 1.2.0 was yanked",
        "SUP002",
        "SUP003",
        "repository_url=",
        "vcs_url=",
    ] {
        assert!(said.contains(said_of), "{said_of}");
    }
    // Nothing but the time that was given is of the run.
    assert_eq!(document["metadata"]["timestamp"], "2026-06-15T00:00:00Z");
    assert_eq!(run().exits(1), run().exits(1));
    let timeless = valid(&run().unset("SOURCE_DATE_EPOCH").exits(1));
    assert_eq!(timeless["metadata"].get("timestamp"), None);
}

#[test]
fn what_the_project_says_is_there() {
    let dependencies = "[dev-dependencies]\nparser = \"1.2\"\n[dependencies]\nlinked = \"1.2\"\n";
    let world = project(dependencies, &[("parser", ""), ("linked", "")]);
    world.advisory("RUSTSEC-2026-0002", "linked", "");
    world.advisory(
        "RUSTSEC-2026-0003",
        "linked",
        "[affected]\nos = [\"windows\"]",
    );
    let ignore = "[[audit.ignore]]\nid = \"RUSTSEC-2026-0002\"\nreason = \"not called\"\nuntil = \"2026-12-31\"\n";
    world.write("project/carapace.toml", ignore);
    let document = valid(&world.audit(&FORMAT).args(["--target-os", "linux"]).exits(0));
    let of = |id: &str, state: &str, package: &str| {
        (id.to_owned(), state.to_owned(), vec![package.to_owned()])
    };
    assert_eq!(
        entries(&document),
        [
            of("RUSTSEC-2026-0001", "not_affected", "parser@1.2.0"),
            of("RUSTSEC-2026-0002", "in_triage", "linked@1.2.0"),
            of("RUSTSEC-2026-0003", "not_affected", "linked@1.2.0"),
        ]
    );
    let ignored = &document["vulnerabilities"][1]["analysis"];
    assert_eq!(
        *ignored,
        json!({
            "state": "in_triage",
            "response": ["will_not_fix"],
            "detail": "ignored: not called; until 2026-12-31",
        })
    );
    let components = document["components"].as_array().unwrap();
    let scopes: Vec<_> = components
        .iter()
        .map(|c| (c["name"].as_str().unwrap(), c["scope"].as_str().unwrap()))
        .collect();
    assert_eq!(scopes, [("linked", "required"), ("parser", "excluded")]);
    assert_eq!(components[0]["purl"], "pkg:cargo/linked@1.2.0");
    assert_eq!(components[0]["hashes"][0]["content"], "0".repeat(64));
    assert_eq!(document["metadata"]["component"]["name"], "app");
    assert_eq!(
        document["dependencies"][0]["dependsOn"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn several_inputs_are_one_bill() {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    let other = lock(&[("parser", "1.2.0"), ("other", "1.0.0")]);
    world.write("project/b/Cargo.lock", &other);
    let run = world.audit(&["Cargo.lock", "b/Cargo.lock", "missing.lock"]);
    let document = valid(&run.args(FORMAT).exits(1));
    let references: Vec<&str> = document["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["bom-ref"].as_str().unwrap())
        .collect();
    let of = |name: &str| format!("{CRATES_IO}#{name}");
    assert_eq!(
        references,
        [
            "Cargo.lock#app@0.1.0",
            "b/Cargo.lock#app@0.1.0",
            &of("other@1.0.0"),
            &of("parser@1.2.0")
        ]
    );
    // What could not be read is not passed over.
    let root = document["compositions"].as_array().unwrap().iter();
    let incomplete: Vec<&Value> = root.filter(|of| of["aggregate"] == "incomplete").collect();
    assert_eq!(incomplete[0]["dependencies"], json!(["project"]));
    assert!(document["properties"].to_string().contains("missing.lock"));
}

#[test]
fn hostile_texts_are_valid() {
    let long = "x".repeat(3000);
    let names = [
        "a b",
        "é%",
        "@1.0.0",
        "pkg:cargo/x",
        "\\u202e",
        "\\\"",
        "<script>",
        "urn:cdx:x",
        &long,
    ];
    let mut read = 0;
    for name in names {
        let mut text =
            "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n".to_owned();
        text += &entry(
            name,
            &format!("1.0.0-{}", "a".repeat(2000)),
            Some(CRATES_IO),
        );
        text += &entry(name, "1.0.0", Some("git+javascript:x?tag=%00#%"));
        text += &entry(name, "1.0.0", None);
        let world = World::new();
        world.write("project/Cargo.lock", text);
        let more = "url = \"javascript:x\"\naliases = [\"\", \"CVE-\", \"GHSA a b\", \"\\u202e\"]\nreferences = [\"\"]\n\
                    categories = [\"\"]\ncvss = \"CVSS:3.1/AV:N\"";
        let file = Path::new("db/crates/any/RUSTSEC-2026-0001.md");
        world.write(
            file.to_str().unwrap(),
            advisory("RUSTSEC-2026-0001", name, more),
        );
        let output = world.audit(&["Cargo.lock"]).args(FORMAT).run();
        // A name that no lockfile may have is an error of its own.
        if output.code == 2 {
            assert!(output.stdout.is_empty());
            continue;
        }
        read += 1;
        valid(&output);
        assert!(!output.stdout.contains(['\u{202e}', '\u{1b}']));
    }
    assert!(read > 5, "{read}");
}

#[test]
fn this_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let world = World::new();
    let arguments = ["audit", "-n", "--stale", "--format", "cyclonedx", "-f"];
    let run = world.plain(&arguments).arg(root.join("Cargo.lock"));
    let document = valid(&run.run());
    assert!(document["components"].as_array().unwrap().len() > 50);
}

#[test]
fn what_is_not_valid_is_seen() {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    let document = valid(&world.audit(&FORMAT).exits(1));
    for (place, wrong) in [
        ("/serialNumber", json!("urn:uuid:1")),
        ("/components/0/type", json!("crate")),
        ("/components/0/unknown", json!(1)),
        (
            "/components/0/licenses",
            json!([{"license": {"id": "MIT"}}]),
        ),
        ("/vulnerabilities/0/published", json!("yesterday")),
        ("/vulnerabilities/0/analysis/state", json!("fixed")),
        ("/vulnerabilities/0/advisories/0/url", json!("a b")),
    ] {
        let mut document = document.clone();
        let (object, field) = place.rsplit_once('/').unwrap();
        document.pointer_mut(object).unwrap()[field] = wrong;
        assert!(!validator().is_valid(&document), "{place}");
    }
}
