//! Reports for tests of formats, made by the real engine.

use std::sync::Arc;

use crate::engine::Subject;
use crate::graph::{Graph, lockfile};
use crate::knowledge::advisory::index::DatabaseInfo;
use crate::knowledge::registry::{Answer, Lookup, Release};
use crate::policy::{Deny, Ignore};
use crate::report::{
    ConfigEffect, Database, DatabaseOrigin, FixChange, FixStatus, Fixed, FixedFinding, Gap,
    InputKind, Report,
};
use crate::rules::example::run_with;

pub(super) const LOCK: &str = r#"--- Cargo.lock
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["web", "forked"]

[[package]]
name = "cli"
version = "0.1.0"
dependencies = ["web"]

[[package]]
name = "tool-a"
version = "0.1.0"
dependencies = ["parser"]

[[package]]
name = "tool-b"
version = "0.1.0"
dependencies = ["parser", "parsre"]

[[package]]
name = "web"
version = "2.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "ff"
dependencies = ["parser"]

[[package]]
name = "parser"
version = "1.1.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "parsre"
version = "1.1.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "forked"
version = "1.0.0"
source = "git+https://example.org/forked#0123456789012345678901234567890123456789"
--- crates/parser/RUSTSEC-2099-0001.md
# Reads past the end of *nested* [lists](https://example.org)
aliases = ["CVE-2099-0001", "GHSA-aaaa-bbbb-cccc"]
categories = ["memory-exposure"]
cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
patched = [">= 1.2.0"]
unaffected = ["< 1.0.0"]
--- crates/parser/RUSTSEC-2099-0002.md
patched = []
--- crates/parsre/RUSTSEC-2099-0003.md
# Steals keys
categories = ["malicious"]
patched = []
--- crates/forked/RUSTSEC-2099-0004.md
# Overflow
patched = [">= 1.2.0"]
--- crates/web/RUSTSEC-2099-0005.md
# No longer maintained
informational = "unmaintained"
patched = []
--- crates/web/RUSTSEC-2099-0006.md
# Slow
patched = [">= 3.0.0"]
--- index/web
{"name":"web","vers":"2.0.0","cksum":"aa","yanked":true}
--- ignore
RUSTSEC-2099-0006
RUSTSEC-2099-9999
"#;

/// Everything at once.
pub(crate) fn everything() -> Report {
    let mut report = run_with(LOCK, |request, knowledge, policy| {
        let untitled = |id: &str| id == "RUSTSEC-2099-0002";
        for advisory in &mut knowledge.advisories {
            if untitled(&advisory.id) {
                (advisory.title, advisory.description) = (None, None);
            } else {
                advisory.description = Some("Some\n\n## Details\nof it.".to_owned());
            }
        }
        let database = |origin, source: &str, advisories| Database {
            origin,
            info: DatabaseInfo {
                source: source.to_owned(),
                date: "2099-01-02".parse().ok(),
                advisories,
                ..DatabaseInfo::default()
            },
        };
        knowledge.databases = vec![
            database(DatabaseOrigin::Embedded, "", 1225),
            database(DatabaseOrigin::Path, "our/advisories", 1),
        ];
        let text = "[[package]]\nname = \"parser\"\nversion = \"1.1.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        let locked = lockfile::read(text.as_bytes()).unwrap();
        request.subjects.push(Subject {
            path: "/project/fuzz dir/Cargo.lock".to_owned(),
            repository_path: Some("fuzz dir/Cargo.lock".to_owned()),
            kind: InputKind::Manifest,
            graph: Arc::new(Graph::from_lockfile(&locked).unwrap()),
            roles: Vec::new(),
            toolchain: None,
            binary: None,
        });
        let release = Release {
            checksum: "bb".to_owned(),
            yanked: true,
        };
        let answer = Lookup::Kept(Answer::Release(release));
        let version = semver::Version::new(1, 1, 0);
        knowledge.registry.insert("parsre", version, answer);
        request.config.push(ConfigEffect {
            file: ".cargo/audit.toml".to_owned(),
            repository_file: None,
            line: 4,
            effect: "ignores RUSTSEC-2099-0006".to_owned(),
        });
        request.gaps.push(Gap {
            path: Some("vendor/pipe".to_owned()),
            ..Gap::new("files", "not a regular file")
        });
        request.today = None;
        policy.deny.insert(Deny::Yanked);
        policy.ignores = vec![
            Ignore {
                id: "RUSTSEC-2099-0006".to_owned(),
                reason: "we read it only once".to_owned(),
                ..Ignore::default()
            },
            Ignore {
                id: "RUSTSEC-2099-9999".to_owned(),
                ..Ignore::default()
            },
        ];
    });
    report.fixes = Some(vec![
        fixed("parser", FixStatus::Applied),
        fixed("pipe", FixStatus::None),
    ]);
    report
}

/// A fix in which every text is one text.
fn fixed(text: &str, status: FixStatus) -> Fixed {
    let text = || text.to_owned();
    let changes = vec![
        FixChange::Requirement {
            file: text(),
            line: 1,
            package: text(),
            from: text(),
            to: text(),
        },
        FixChange::Lockfile {
            package: text(),
            from: vec![text()],
            to: vec![text(), text()],
        },
    ];
    let is_stuck = status == FixStatus::None;
    Fixed {
        input: text(),
        package: text(),
        subject: text(),
        findings: vec![FixedFinding {
            fingerprint: text(),
            name: text(),
        }],
        status,
        changes: if is_stuck { Vec::new() } else { changes },
        reason: is_stuck.then(text),
        alternatives: vec![text()],
        notes: vec![text()],
    }
}

/// The same in which every text from outside is one text.
pub(super) fn hostile(text: &str) -> Report {
    let mut report = run_with(LOCK, |request, knowledge, policy| {
        let subject = &mut request.subjects[0];
        let mut toml: String = LOCK
            .split("--- ")
            .nth(1)
            .unwrap()
            .split_once('\n')
            .unwrap()
            .1
            .into();
        // A package name may hold anything that fits into a TOML string.
        let name = format!("n{}", text.chars().take(200).collect::<String>());
        let quoted: String = name
            .chars()
            .map(|c| format!("\\U{:08X}", u32::from(c)))
            .collect();
        toml = toml.replace("name = \"parser\"", &format!("name = \"{quoted}\""));
        if let Ok(locked) = lockfile::read(toml.as_bytes())
            && let Ok(graph) = Graph::from_lockfile(&locked)
        {
            subject.graph = Arc::new(graph);
        }
        subject.path = text.to_owned();
        for advisory in &mut knowledge.advisories {
            if advisory.package == "parser" {
                advisory.package.clone_from(&name);
                advisory.id = text.to_owned();
                advisory.url = Some(text.to_owned());
            }
            advisory.title = Some(text.to_owned());
            advisory.description = Some(text.to_owned());
            advisory.aliases = vec![text.to_owned()];
            advisory.categories.push(text.to_owned());
            advisory.patched = vec![text.to_owned()];
        }
        knowledge.databases.push(Database {
            origin: DatabaseOrigin::Path,
            info: DatabaseInfo {
                source: text.to_owned(),
                ..DatabaseInfo::default()
            },
        });
        request.config.push(ConfigEffect {
            file: text.to_owned(),
            repository_file: Some(text.to_owned()),
            line: 1,
            effect: text.to_owned(),
        });
        for blocking in [false, true] {
            request.gaps.push(Gap {
                package: Some(text.to_owned()),
                path: Some(text.to_owned()),
                blocking,
                ..Gap::new("files", text)
            });
        }
        policy.ignores[0].reason = text.to_owned();
    });
    for finding in report
        .inputs
        .iter_mut()
        .flat_map(|input| &mut input.findings)
    {
        finding.evidence.push(text.to_owned());
        finding.help.push(text.to_owned());
        finding.references.push(text.to_owned());
    }
    let states = [FixStatus::None, FixStatus::Planned, FixStatus::Applied];
    report.fixes = Some(states.map(|status| fixed(text, status)).into());
    report
}
