//! What the answer looks like.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use carapace_core::census::survey::{Member, SourceText, Survey};
use carapace_core::census::{Census, PackageCensus};
use carapace_core::engine::{Subject, UnsafetyRequest, unsafety};
use carapace_core::graph::{Graph, lockfile};
use carapace_core::policy::Policy;
use carapace_core::render::json;
use carapace_core::report::InputKind;
use serde_json::Value;

use crate::support::index::index;
use crate::support::run::{CRATES_IO, Output, World, advisory, entry, lock};
use crate::support::schema::{Required, faults, parts, required};

const FORMATS: [&str; 6] = [
    "human",
    "json",
    "sarif",
    "github",
    "cargo-audit",
    "cyclonedx",
];

/// A score of 9.8.
const CVSS: &str = "cvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"";

/// A vulnerability and what warns.
fn small() -> World {
    let world = World::with_lock(&[("parser", "1.2.0"), ("other", "1.0.0"), ("fine", "2.0.0")]);
    let more = format!("aliases = [\"CVE-2026-1\"]\ncategories = [\"denial-of-service\"]\n{CVSS}");
    world.advisory("RUSTSEC-2026-0001", "parser", &more);
    world.advisory(
        "RUSTSEC-2026-0002",
        "other",
        "informational = \"unmaintained\"",
    );
    world
}

#[test]
fn for_people() {
    let world = small();
    let expected = "\
error[ADV001]: parser 1.2.0 has a known vulnerability: A fault in parser
  --> Cargo.lock:13:1
   |
13 | name = \"parser\"
   | ^^^^^^^^^^^^^^^
   = advisory: RUSTSEC-2026-0001 of 2026-06-01, also CVE-2026-1
   = affected versions: <1.3.0
   = severity: 9.8 (critical)
   = path: app 0.1.0 → parser 1.2.0
   = help: move to parser >=1.3.0 (fixed)
   = see https://rustsec.org/advisories/RUSTSEC-2026-0001.html

warning[ADV004]: other 1.0.0 is unmaintained: A fault in other
  --> Cargo.lock:18:1
   |
18 | name = \"other\"
   | ^^^^^^^^^^^^^^
   = advisory: RUSTSEC-2026-0002 of 2026-06-01
   = affected versions: <1.3.0
   = path: app 0.1.0 → other 1.0.0
   = help: move to other >=1.3.0 (fixed)
   = see https://rustsec.org/advisories/RUSTSEC-2026-0002.html

note: not looked at: advisories: 1 package is not from crates.io (1 in folders): compared by name and version only
note: not looked at: roles: the lockfile does not fit the manifests; what is in the lockfile counts, whether built or not
note: not looked at: yanked: 3 packages: not asked, as the run is offline, and no copy of the index is kept
error: 1 vulnerability, 1 warning in Cargo.lock (4 packages); database of 2026-06-01, 2 advisories, from DB
";
    let output = world.audit(&[]).exits(1);
    let db = world.path("db").display().to_string();
    assert_eq!(output.stdout.replace(&db, "DB"), expected);
    assert_eq!(output.stderr, "");
}

#[test]
fn when_all_is_well_there_is_little_to_read() {
    let world = World::with_lock(&[("parser", "1.3.0")]);
    let output = world.audit(&[]).exits(0);
    assert_eq!(output.stdout.lines().count(), 2, "{output:#?}");
    output.shows(&[
        "(`-v` tells more)",
        "ok: nothing found in Cargo.lock (2 packages); ",
    ]);
    let output = world.audit(&["-q"]).exits(0);
    assert_eq!((&*output.stdout, &*output.stderr), ("", ""));
    let output = world.audit(&["-v"]).exits(0);
    output.shows(&["not looked at: yanked: ", "not looked at: roles: "]);
    // What warns or fails is no quiet matter, nor what could not be looked at.
    small()
        .audit(&["-q"])
        .exits(1)
        .shows(&["error[ADV001]", "warning[ADV004]"]);
    let output = world.audit(&["-q", "-D", "yanked"]).exits(3);
    output.shows(&["error: incomplete: yanked"]);
}

#[test]
fn colours_are_for_terminals() {
    let world = small();
    let is_colored = |output: Output| output.stdout.contains('\x1b');
    assert!(!is_colored(world.audit(&[]).exits(1)));
    assert!(!is_colored(world.audit(&["--color", "never"]).exits(1)));
    assert!(is_colored(world.audit(&["--color", "always"]).exits(1)));
    assert!(is_colored(
        world.audit(&[]).set("CARGO_TERM_COLOR", "always").exits(1)
    ));
    // Never where a program reads, and not in a file.
    for format in &FORMATS[1..] {
        let run = world.audit(&["--color", "always", "--format", format]);
        assert!(!is_colored(run.exits(1)), "{format}");
    }
    world.audit(&["--color", "always", "-o", "report"]).exits(1);
    let report = fs::read_to_string(world.path("project/report")).unwrap();
    assert!(report.starts_with("error[ADV001]: "), "{report}");
}

#[test]
fn the_answer_in_a_file() {
    let world = small();
    for format in FORMATS {
        let printed = world.audit(&["--format", format]).exits(1);
        let output = world.audit(&["--format", format, "-o", "report"]).exits(1);
        assert_eq!(output.stdout, "");
        let report = fs::read_to_string(world.path("project/report")).unwrap();
        assert_eq!(report, printed.stdout, "{format}");
    }
    let output = world.audit(&["-o", "missing/report"]).exits(2);
    output.says(&["missing/report"]);
}

#[test]
fn two_runs_give_the_same_bytes() {
    let names: Vec<String> = (0..200).map(|n| format!("p{}", n * 7919 % 200)).collect();
    let packages: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "1.0.0")).collect();
    let world = World::with_lock(&packages);
    for n in 0..60 {
        world.advisory(&format!("RUSTSEC-2026-{n:04}"), &format!("p{}", n % 40), "");
    }
    for format in FORMATS {
        let run = || {
            world
                .audit(&["--format", format, "Cargo.lock", "-"])
                .stdin(lock(&packages))
        };
        assert_eq!(run().exits(1), run().exits(1), "{format}");
    }
}

#[test]
fn formats_are_of_commands() {
    let world = small();
    let run = world.audit(&["--format", "cargo-geiger"]).exits(2);
    assert!(
        run.stderr.contains("`cargo carapace unsafe`"),
        "{}",
        run.stderr
    );
    let run = world.plain(&["unsafe", "--format", "cargo-audit"]).exits(2);
    assert!(
        run.stderr.contains("`cargo carapace audit`"),
        "{}",
        run.stderr
    );
    let page = world.audit(&["--format", "markdown"]).exits(1).stdout;
    let line = "- **error** ADV001: `parser 1.2.0 has a known vulnerability: A fault in parser`";
    assert!(page.contains(line), "{page}");
}

fn schema() -> Value {
    let text = include_str!("../../../../schema/carapace-1.schema.json");
    serde_json::from_str(text).unwrap()
}

/// Documents of real runs, of each kind.
fn documents() -> Vec<Value> {
    let world = small();
    let ignore = "[advisories]\nignore = [\"CVE-2026-1\"]\n";
    world.write("project/.cargo/audit.toml", ignore);
    world.write("db/crates/fine/RUSTSEC-2026-0003.md", "nothing");
    let well = World::with_lock(&[("parser", "1.3.0")]);
    let server = index(&[("parser", &["1.2.0!"]), ("fine", &["2.0.0"])]);
    let elsewhere =
        lock(&[("base64", "0.5.1")]) + &entry("parser", "1.2.0", Some("git+https://e.org/x#1"));
    vec![
        world.audit(&["--no-project-config"]).json(1),
        world.audit(&["--ignore", "RUSTSEC-1999-0001"]).json(0),
        well.audit(&[]).json(0),
        world.audit(&["-D", "yanked"]).json(3),
        world
            .audit(&["Cargo.lock", "-", "Cargo.lock"])
            .stdin(lock(&[]))
            .json(0),
        world
            .online(&["--registry-index", &server.url("/")])
            .json(1),
        world.audit(&["-"]).stdin(&elsewhere).json(0),
        world.plain(&["audit", "-n", "-"]).stdin(&elsewhere).json(1),
        world
            .plain(&["audit", "-n", "-"])
            .stdin("version = 4\n")
            .json(0),
        crate::support::census::document(),
        crate::support::dance::document(),
        crate::support::supply::document(),
        with_a_fix(),
        with_reachability(),
        with_fixes(),
    ]
}

/// A document of a project that comes to an affected function.
fn with_reachability() -> Value {
    let world = World::new();
    let function = "[affected.functions]\n\"parser::read\" = []\n";
    world.advisory("RUSTSEC-2026-0001", "parser", function);
    world.write(
        "project/Cargo.toml",
        package("app", "parser = { path = \"parser\" }\n"),
    );
    world.write("project/src/main.rs", "fn main() { parser::read() }");
    world.write("project/parser/Cargo.toml", package("parser", ""));
    world.write("project/parser/src/lib.rs", "pub fn read() {}");
    let document = world.audit(&[]).json(0);
    let reachability = &document["findings"][0]["reachability"];
    assert_eq!(reachability["verdict"], "reached", "{document:#}");
    document
}

/// A document of a run with `--fix` that could ask nobody.
fn with_fixes() -> Value {
    let world = World::with_lock(&[("parser", "1.2.0")]);
    let document = world.audit(&["--fix", "--dry-run"]).json(1);
    assert!(document["fixes"][0]["package"].is_string(), "{document:#}");
    document
}

fn package(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n\
         {dependencies}"
    )
}

/// A document with a fix, which no advisory has.
fn with_a_fix() -> Value {
    let lock = lock(&[]);
    let graph = Graph::from_lockfile(&lockfile::read(lock.as_bytes()).unwrap()).unwrap();
    let source = |file: &str| SourceText {
        file: file.to_owned(),
        text: "fn f() {}\n".to_owned(),
    };
    let member = Member {
        package: graph.members()[0],
        folder: String::new(),
        manifest: SourceText::default(),
        roots: vec![source("src/lib.rs"), source("src/main.rs")],
    };
    let scanned = PackageCensus {
        scanned: true,
        ..PackageCensus::default()
    };
    let request = UnsafetyRequest {
        survey: Survey {
            census: Census {
                packages: vec![scanned; graph.packages().len()],
            },
            members: vec![member],
            ..Survey::default()
        },
        subject: Subject::new("Cargo.lock", InputKind::Manifest, Arc::new(graph)),
        config: Vec::new(),
        gaps: Vec::new(),
    };
    let report = unsafety(request, &Policy::default());
    let document: Value = serde_json::from_str(&json::render(&report, "0.0.0")).unwrap();
    let edits = &document["findings"][0]["fix"]["edits"];
    assert_eq!(edits.as_array().unwrap().len(), 2);
    assert_eq!(document["packages"][0]["unsafety"]["scanned"], true);
    document
}

#[test]
fn documents_are_as_the_schema_says_and_others_are_refused() {
    let (schema, documents) = (schema(), documents());
    let mut seen = BTreeSet::new();
    for document in &documents {
        assert_eq!(faults(&schema, document), [""; 0], "{document:#}");
        for Required {
            part,
            field,
            object,
        } in required(&schema, document)
        {
            let mut less = document.clone();
            let place = less.pointer_mut(&object).unwrap().as_object_mut().unwrap();
            assert!(place.remove(&field).is_some(), "{object} has no {field}");
            assert!(
                !faults(&schema, &less).is_empty(),
                "{object} needs no {field}"
            );
            seen.insert((part, field));
        }
    }
    // The runs above had each of them.
    let all: BTreeSet<_> = parts(&schema).into_iter().collect();
    assert!(all.len() > 60, "{all:?}");
    let missing: Vec<_> = all.difference(&seen).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // Values of another kind are refused too.
    let mut other = documents[0].clone();
    other["findings"][0]["level"] = "fatal".into();
    other["inputs"][0]["packages"] = (-1).into();
    assert_eq!(faults(&schema, &other).len(), 2);
}

/// What was promised; more may come, none may go.
#[test]
fn the_schema_requires_what_was_promised() {
    let promised = [
        (
            "",
            "schema tool command inputs config database packages findings gaps ignored verdict",
        ),
        ("tool", "name version"),
        ("inputs", "id path kind packages verdict"),
        ("config", "file line effect"),
        ("database", "source revision date advisories"),
        (
            "packages",
            "id inputs name version source checksum roles paths",
        ),
        (
            "findings",
            "input code name group level confidence package message paths evidence fingerprint references",
        ),
        ("findings severity", "score vector label"),
        ("findings location", "file line column end_line end_column"),
        (
            "findings advisory",
            "id aliases patched unaffected kind url",
        ),
        ("gaps", "what reason blocking"),
        ("ignored", "code reason"),
    ];
    let schema = schema();
    let resolved = |part: &Value| -> Value {
        let choice = part["anyOf"].as_array().map_or(part, |choices| &choices[0]);
        match choice["$ref"].as_str() {
            Some(reference) => schema.pointer(&reference[1..]).unwrap().clone(),
            None => choice.clone(),
        }
    };
    for (path, fields) in promised {
        let mut part = schema.clone();
        for name in path.split_whitespace() {
            let property = &part["properties"][name];
            part = resolved(property.get("items").unwrap_or(property));
        }
        let required = part["required"].as_array().unwrap();
        for field in fields.split_whitespace() {
            assert!(required.iter().any(|name| name == field), "{path}: {field}");
            assert!(!part["properties"][field].is_null(), "{path}: {field}");
        }
    }
}

#[test]
fn what_the_document_says() {
    let world = small();
    let document = world.audit(&[]).json(1);
    assert_eq!(document["schema"], "carapace/1");
    let finding = &document["findings"][0];
    let id = format!("{CRATES_IO}#parser@1.2.0");
    let expected = serde_json::json!({
        "input": "Cargo.lock", "code": "ADV001", "name": "vulnerability", "group": "advisory",
        "level": "deny", "confidence": "high", "package": &id,
        "message": "parser 1.2.0 has a known vulnerability: A fault in parser",
        "severity": {"score": 9.8, "label": "critical", "vector": CVSS.split('"').nth(1)},
        "location": {"file": "Cargo.lock", "line": 13, "column": 1, "end_line": 13, "end_column": 16},
        "paths": [["app@0.1.0", &id]],
        "evidence": ["affected versions: <1.3.0", "severity: 9.8 (critical)"],
        "help": ["move to parser >=1.3.0 (fixed)"],
        "advisory": {
            "id": "RUSTSEC-2026-0001", "title": "A fault in parser", "aliases": ["CVE-2026-1"],
            "patched": [">=1.3.0"], "unaffected": [], "kind": "vulnerability",
            "categories": ["denial-of-service"], "date": "2026-06-01",
            "url": "https://rustsec.org/advisories/RUSTSEC-2026-0001.html",
        },
        "fingerprint": format!("RUSTSEC-2026-0001:{id}"),
        "references": ["https://rustsec.org/advisories/RUSTSEC-2026-0001.html"],
    });
    assert_eq!(finding, &expected);
    // The built-in snapshot has facts and no texts.
    let run = world.plain(&["audit", "-n", "-"]);
    let document = run.stdin(lock(&[("base64", "0.5.1")])).json(1);
    let advisory = &document["findings"][0]["advisory"];
    assert_eq!(advisory["id"], "RUSTSEC-2017-0004");
    assert_eq!(advisory["title"], Value::Null);
    assert_eq!(document["database"]["source"], "embedded");
}

fn keys(value: &Value) -> String {
    let mut keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys.join(" ")
}

#[test]
fn cargo_audits_document_has_its_fields_and_no_others() {
    const ADVISORY: &str = "aliases categories collection cvss date description expect-deleted id \
        informational keywords license package references related source title url withdrawn";
    const PACKAGE: &str = "checksum dependencies name replace source version";
    let server = index(&[
        ("parser", &["1.2.0"]),
        ("other", &["1.0.0"]),
        ("fine", &["2.0.0!"]),
    ]);
    let world = small();
    let functions =
        "[affected]\nos = [\"linux\"]\n[affected.functions]\n\"parser::f\" = [\"<1.3.0\"]";
    world.advisory("RUSTSEC-2026-0003", "parser", functions);
    world.advisory("RUSTSEC-2026-0004", "parser", "informational = \"unsound\"");
    world.advisory("RUSTSEC-2026-0005", "parser", "informational = \"notice\"");
    let text = lock(&[("other", "1.0.0"), ("fine", "2.0.0")]);
    let parser = entry("parser", "1.2.0", Some(CRATES_IO));
    let text = format!("{text}{parser}dependencies = [\n \"fine\",\n]\n");
    let run = world.online(&["--json", "-", "--registry-index", &server.url("/")]);
    let document = run.stdin(text).exits(1).json();
    assert_eq!(
        keys(&document),
        "database lockfile settings vulnerabilities warnings"
    );
    assert_eq!(
        keys(&document["database"]),
        "advisory-count last-commit last-updated"
    );
    assert_eq!(document["database"]["advisory-count"], 5);
    assert_eq!(
        document["lockfile"],
        serde_json::json!({"dependency-count": 4})
    );
    assert_eq!(
        keys(&document["settings"]),
        "ignore informational_warnings severity target_arch target_os"
    );
    let vulnerabilities = &document["vulnerabilities"];
    assert_eq!(keys(vulnerabilities), "count found list");
    assert_eq!(
        (&vulnerabilities["count"], &vulnerabilities["found"]),
        (&2.into(), &true.into())
    );
    for vulnerability in vulnerabilities["list"].as_array().unwrap() {
        assert_eq!(keys(vulnerability), "advisory affected package versions");
        assert_eq!(keys(&vulnerability["advisory"]), ADVISORY);
        assert_eq!(keys(&vulnerability["versions"]), "patched unaffected");
        assert_eq!(keys(&vulnerability["package"]), PACKAGE);
        let dependency = &vulnerability["package"]["dependencies"][0];
        assert_eq!(keys(dependency), "name source version");
    }
    let [first, second] = [0, 1].map(|n| &vulnerabilities["list"][n]);
    assert_eq!(first["affected"], Value::Null);
    assert_eq!(keys(&second["affected"]), "arch functions os");
    assert_eq!(
        second["affected"]["functions"],
        serde_json::json!({"parser::f": ["<1.3.0"]})
    );
    let advisory = &first["advisory"];
    assert_eq!(advisory["collection"], "crates");
    assert_eq!(advisory["description"], "What is wrong.");
    assert_eq!(advisory["expect-deleted"], false);
    let warnings = &document["warnings"];
    assert_eq!(keys(warnings), "notice unmaintained unsound yanked");
    for (kind, of_kind) in warnings.as_object().unwrap() {
        let [warning] = &of_kind.as_array().unwrap()[..] else {
            panic!("{of_kind}")
        };
        assert_eq!(keys(warning), "advisory affected kind package versions");
        assert_eq!(warning["kind"], **kind);
        // There, a package that depends on nothing has no list of it.
        let expected = match &warning["package"]["name"] {
            name if name == "parser" => PACKAGE.to_owned(),
            _ => PACKAGE.replace("dependencies ", ""),
        };
        assert_eq!(keys(&warning["package"]), expected);
        let nothing = ["advisory", "affected", "versions"].map(|field| warning[field].is_null());
        match &**kind {
            "yanked" => assert_eq!(nothing, [true; 3]),
            _ => assert_eq!(keys(&warning["advisory"]), ADVISORY),
        }
    }
}

#[test]
fn sarif() {
    let world = small();
    let document = world.audit(&["--format", "sarif"]).exits(1).json();
    assert_eq!(document["version"], "2.1.0");
    assert_eq!(document["runs"].as_array().unwrap().len(), 1);
    let run = &document["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "carapace");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    let expected = [
        ("RUSTSEC-2026-0001", "error", 13),
        ("RUSTSEC-2026-0002", "warning", 18),
    ];
    assert_eq!((rules.len(), results.len()), (2, 2));
    for (n, (id, level, line)) in expected.into_iter().enumerate() {
        assert_eq!(rules[n]["id"], id);
        assert_eq!(
            rules[n]["helpUri"],
            format!("https://rustsec.org/advisories/{id}.html")
        );
        let result = &results[n];
        assert_eq!(
            (&result["ruleId"], &result["ruleIndex"]),
            (&id.into(), &n.into())
        );
        assert_eq!(result["level"], level);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "Cargo.lock");
        assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
        assert_eq!(place["region"]["startLine"], line);
        let fingerprint = result["partialFingerprints"]["carapace/v1"]
            .as_str()
            .unwrap();
        assert!(fingerprint.starts_with(id), "{fingerprint}");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
    }
    assert_eq!(rules[0]["properties"]["security-severity"], "9.8");
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], true);
    let incomplete = world
        .audit(&["--format", "sarif", "-D", "yanked"])
        .exits(1)
        .json();
    assert_eq!(
        incomplete["runs"][0]["invocations"][0]["executionSuccessful"],
        false
    );
    // From standard input too, results have a place that code scanning takes.
    let run = world
        .audit(&["--format", "sarif", "-"])
        .stdin(lock(&[("parser", "1.2.0")]));
    let document = run.exits(1).json();
    let place = &document["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "Cargo.lock");
}

#[test]
fn github() {
    let world = small();
    fs::create_dir_all(world.path("project/a,b:c%")).unwrap();
    fs::rename(
        world.path("project/Cargo.lock"),
        world.path("project/a,b:c%/Cargo.lock"),
    )
    .unwrap();
    let run = world.audit(&["--format", "github", "a,b:c%/Cargo.lock", "-D", "yanked"]);
    let output = run.exits(1);
    let lines: Vec<&str> = output.stdout.lines().collect();
    let error = "::error file=a%2Cb%3Ac%25/Cargo.lock,line=13,endLine=13,col=1,endColumn=16,\
                 title=ADV001 RUSTSEC-2026-0001::parser 1.2.0 has a known vulnerability: A fault in parser%0A\
                 affected versions: <1.3.0%0Aseverity: 9.8 (critical)%0A";
    assert!(lines[0].starts_with(error), "{lines:#?}");
    assert!(
        lines[1].starts_with("::error title=incomplete::yanked: "),
        "{lines:#?}"
    );
    assert!(
        lines[2].starts_with("::warning file=a%2Cb%3Ac%25/Cargo.lock,line=18,"),
        "{lines:#?}"
    );
    assert!(
        lines[3].starts_with("::notice title=not looked at::"),
        "{lines:#?}"
    );
    assert!(
        lines[4].starts_with("error: 1 vulnerability, 1 warning in "),
        "{lines:#?}"
    );
    assert_eq!(lines.len(), 5);
    // Standard input is no file.
    let run = world
        .audit(&["--format", "github", "-"])
        .stdin(lock(&[("parser", "1.2.0")]));
    run.exits(1)
        .shows(&["::error title=ADV001 RUSTSEC-2026-0001::"]);
}

/// Everything that acts in a terminal, an editor or a log.
const EVIL: &str = "x\n::error::a\r\n##[command]b ##vso[x]c ##teamcity[y]\u{1b}[31m\u{1b}]0;t\u{7}\u{9b}1m\u{202e}\u{2066}\u{200b}\u{0}\u{8}\t::set-output name=x::y";

/// As TOML writes it.
fn toml() -> String {
    EVIL.chars()
        .map(|c| match c.is_control() {
            true => format!("\\u{:04X}", u32::from(c)),
            false => c.to_string(),
        })
        .collect()
}

/// That nothing of it acts; `own` is how many commands are ours.
fn harmless(output: &Output, what: &str, own: usize) {
    for text in [&output.stdout, &output.stderr] {
        for line in text.lines() {
            let acts = |c: char| c.is_control() || "\u{202e}\u{2066}\u{200b}".contains(c);
            assert!(!line.contains(acts), "{what}: {line:?}");
            for command in ["##[", "##vso[", "##teamcity["] {
                assert!(!line.contains(command), "{what}: {line}");
            }
        }
    }
    let texts = [&output.stdout, &output.stderr];
    let lines = texts.iter().flat_map(|text| text.lines());
    let commands: Vec<&str> = lines
        .filter(|line| line.trim_start().starts_with("::"))
        .collect();
    assert_eq!(commands.len(), own, "{what}: {commands:#?}");
    for command in commands {
        assert!(
            !command.starts_with("::error::") && !command.starts_with("::set"),
            "{command}"
        );
    }
}

#[test]
fn hostile_texts_in_lockfiles_and_advisories_do_nothing() {
    let (world, evil) = (World::new(), toml());
    let more = format!(
        "aliases = [\"{evil}\"]\ncategories = [\"{evil}\"]\nkeywords = [\"{evil}\"]\nurl = \"{evil}\"\n\
         references = [\"{evil}\"]\nlicense = \"{evil}\"\n[affected.functions]\n\"{evil}\" = []"
    );
    let text = advisory("RUSTSEC-2026-0001", "parser", &more);
    // The title's line ends where the text begins.
    let title = EVIL.replace(['\n', '\r'], " ");
    let text = text
        .replace("A fault in parser", &title)
        .replace("What is wrong.", EVIL);
    world.write("db/crates/parser/RUSTSEC-2026-0001.md", text);
    world.write(
        &format!("db/crates/other/{}.md", EVIL.replace(['\0', '/'], "")),
        EVIL,
    );
    let mut text = lock(&[("parser", "1.2.0"), ("other", "1.0.0")]);
    text = text.replace(
        "dependencies = [\n",
        &format!("dependencies = [\n \"{evil}\",\n \"{evil}2\",\n"),
    );
    text += &entry(
        &evil,
        "1.0.0",
        Some(&format!("git+https://e.org/{evil}#{evil}")),
    );
    text += &format!("dependencies = [\n \"parser\",\n]\nchecksum = \"{evil}\"\n");
    text += &entry("other", "1.0.0", Some(&format!("registry+{evil}")));
    world.write("project/evil.lock", &text);
    for (format, own) in FORMATS.into_iter().zip([0, 0, 0, 3, 0]) {
        let arguments = ["--format", format, "--ignore", EVIL.trim_matches('\0')];
        let mut run = world
            .audit(&arguments[..2])
            .args(["evil.lock", "-D", "yanked"]);
        harmless(&run.run(), format, own);
        run = world.audit(&arguments[..2]).args(["evil.lock", "-v"]);
        run = run.args(["--ignore", &EVIL.replace('\0', "")]);
        harmless(&run.run(), format, own);
    }
}

#[test]
fn hostile_texts_in_what_cannot_be_used_do_nothing() {
    let (world, evil) = (World::with_lock(&[]), toml());
    for text in [
        entry(&evil, "1.0.0", Some(&evil)),
        entry(&evil, &evil, None),
        format!("version = \"{evil}\"\n"),
        format!("version = {EVIL}\n"),
        EVIL.to_owned(),
    ] {
        let output = world.audit(&["-"]).stdin(&text).exits(2);
        harmless(&output, &text, 0);
    }
    for config in [
        format!("[\"{evil}\"]\n"),
        format!("[output]\ndeny = [\"{evil}\"]\n"),
        format!("[advisories]\nseverity_threshold = \"{evil}\"\n"),
        format!("[target]\nos = \"{evil}\"\n"),
        EVIL.to_owned(),
    ] {
        world.write("project/.cargo/audit.toml", &config);
        harmless(&world.audit(&[]).exits(2), &config, 0);
    }
    let config = format!(
        "[advisories]\nignore = [\"{evil}\"]\n[database]\npath = \"{evil}\"\nurl = \"{evil}\"\n"
    );
    world.write("project/.cargo/audit.toml", config);
    for (format, own) in FORMATS.into_iter().zip([0, 0, 0, 5, 0]) {
        let run = world.plain(&["audit", "-n", "--format", format]);
        harmless(&run.exits(0), format, own);
    }
    // Arguments of a script may come from anywhere.
    let argument = EVIL.replace('\0', "");
    for arguments in [
        &[&*argument][..],
        &["-f", &argument],
        &["-d", &argument],
        &["-u", &argument],
        &["--manifest-path", &argument],
        &["--registry-index", &argument],
        &["--target-os", &argument],
        &["-o", &format!("/missing/{argument}")],
    ] {
        fs::write(world.path("project/.cargo/audit.toml"), "").unwrap();
        let output = world.plain(&["audit", "-n"]).args(arguments).exits(2);
        harmless(&output, arguments[0], 0);
    }
}
