//! What unsafe code is held against.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::fixture::{Fixture, named};
use crate::support::repository::git_in;
use crate::support::run::found;

const LIBRARY: &str = "pub fn f() {\n    // SAFETY: none is needed.\n    unsafe { g() }\n}\n";

fn app(source: &str) -> Fixture {
    Fixture::package("", source)
}

fn codes(document: &Value) -> Vec<String> {
    found(document)
}

#[test]
fn limits() {
    let fixture = app("unsafe fn f() { unsafe {} }\n#[cfg(any())] unsafe fn g() {}");
    let with = |budget: &str| {
        fixture.world.write("project/carapace.toml", budget);
        fixture.run(&[])
    };
    with("[unsafe.budget]\nmax = 2\n").exits(0);
    let document = with("[unsafe.budget]\nmax = 1\n").json(1);
    assert_eq!(document["verdict"], "fail");
    assert_eq!(
        codes(&document)
            .iter()
            .filter(|code| *code == "UNS004")
            .count(),
        1
    );
    with("[unsafe.budget]\nundocumented = 1\n").exits(1);
    with("[unsafe.packages.app]\nruntime = 0\n").exits(1);
    with("[unsafe.packages.other]\nruntime = 0\n").exits(0);
    with("[unsafe]\nbugdet = 0\n")
        .exits(2)
        .says(&["carapace.toml", "bugdet"]);
    with("[rules]\ndeny = [\"undocumented-unsafe\"]\n").exits(1);
    with("[rules]\nallow = [\"undocumented-unsafe\"]\n").exits(2);
    let strict = "[unsafe.budget]\nmax = 0\n";
    with(strict).args(["--no-project-config"]).exits(0);
}

#[test]
fn a_baseline_knows_what_was_there() {
    let fixture = app(LIBRARY);
    fixture.run(&["--write-baseline"]).exits(0);
    let baseline = fixture.world.path("project/carapace-baseline.toml");
    let written = fs::read_to_string(&baseline).unwrap();
    fixture.run(&["--write-baseline"]).exits(0);
    assert_eq!(fs::read_to_string(&baseline).unwrap(), written);
    let held = || fixture.run(&["--baseline", "carapace-baseline.toml"]);
    held().exits(0);
    // Moved, and turned around with what is safe: nothing is new.
    fixture.world.write(
        "project/src/lib.rs",
        format!("// x\n\nfn a() {{}}\n{LIBRARY}"),
    );
    held().exits(0);
    fixture.world.write(
        "project/src/lib.rs",
        format!("{LIBRARY}fn new() {{ unsafe {{ h() }} }}"),
    );
    let document = held().json(1);
    let new: Vec<_> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["code"] == "UNS001")
        .collect();
    assert_eq!(new.len(), 1, "{new:?}");
    assert_eq!(new[0]["location"]["line"], 5);
    fixture.world.write(
        "project/carapace.toml",
        "[unsafe]\nbaseline = \"carapace-baseline.toml\"\n",
    );
    fixture.run(&[]).exits(1);
    fs::remove_file(&baseline).unwrap();
    fixture.run(&[]).exits(2).says(&["carapace-baseline.toml"]);
}

#[test]
fn a_revision_knows_what_was_there() {
    let fixture = app(LIBRARY);
    fs::remove_dir(fixture.world.path("project/.git")).unwrap();
    let git = |arguments: &[&str]| {
        let done = git_in(&fixture.world.path("project"))
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "x"]);
    let since = || fixture.run(&["--since", "HEAD"]);
    since().exits(0);
    fixture
        .world
        .write("project/src/lib.rs", format!("\n\n// moved\n{LIBRARY}"));
    since().exits(0);
    fixture.world.write(
        "project/src/lib.rs",
        format!("{LIBRARY}pub fn g() {{ unsafe {{}} }}\n"),
    );
    let document = since().json(1);
    assert!(
        codes(&document).contains(&"UNS001".to_owned()),
        "{document}"
    );
    fixture.run(&["--since", "no-such-revision"]).exits(2);
}

#[test]
fn a_missing_forbid_has_a_fix_that_compiles() {
    let fixture = app("//! Docs.\n#![warn(missing_docs)]\npub fn f() {}\n");
    fixture.world.write(
        "project/carapace.toml",
        "[rules]\nwarn = [\"missing-forbid\"]\n",
    );
    let document = fixture.run(&[]).json(0);
    let findings = document["findings"].as_array().unwrap();
    let finding = findings
        .iter()
        .find(|finding| finding["name"] == "missing-forbid");
    let edits = finding.unwrap()["fix"]["edits"].as_array().unwrap();
    for edit in edits {
        let file = fixture
            .world
            .path("project")
            .join(edit["file"].as_str().unwrap());
        let mut text = fs::read_to_string(&file).unwrap();
        let at = |key: &str| edit[key].as_u64().unwrap() as usize;
        text.replace_range(at("start")..at("end"), edit["text"].as_str().unwrap());
        fs::write(&file, text).unwrap();
    }
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiled = Command::new(rustc)
        .args([
            "--edition",
            "2021",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
            "-o",
        ])
        .arg(fixture.world.path("out.rmeta"))
        .arg(fixture.world.path("project/src/lib.rs"))
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{compiled:?}");
    let document = fixture.run(&[]).json(0);
    assert_eq!(document["packages"][0]["unsafety"]["forbids"], true);
    assert!(!document["findings"].to_string().contains("missing-forbid"));
}

#[test]
fn where_a_lint_is_set() {
    let forbids = |manifest: &str, source: &str| {
        let fixture = Fixture::package(manifest, source);
        fixture.run(&[]).json(0)["packages"][0]["unsafety"]["lint"].clone()
    };
    let lint = |level: &str, origin: &str| serde_json::json!({"level": level, "origin": origin});
    assert_eq!(
        forbids("", "#![forbid(unsafe_code)]"),
        lint("forbid", "attribute")
    );
    assert_eq!(
        forbids("", "#![deny(warnings, unsafe_code)]"),
        lint("deny", "attribute")
    );
    assert_eq!(
        forbids("", "#![cfg_attr(all(), forbid(unsafe_code))]"),
        lint("forbid", "cfg-attr")
    );
    assert_eq!(
        forbids("", "#![cfg_attr(any(), forbid(unsafe_code))]"),
        Value::Null
    );
    assert_eq!(
        forbids("[lints.rust]\nunsafe_code = \"forbid\"", ""),
        lint("forbid", "manifest")
    );
    let inherited = "[lints]\nworkspace = true\n[workspace.lints.rust]\nunsafe_code = \"deny\"";
    assert_eq!(forbids(inherited, ""), lint("deny", "workspace"));
    assert_eq!(
        forbids("", "mod a { #![forbid(unsafe_code)] }"),
        Value::Null
    );
    // One of two targets does not say it.
    let fixture = Fixture::new(&format!(
        "//- Cargo.toml\n{}//- src/lib.rs\n#![forbid(unsafe_code)]\n//- src/main.rs\nfn main() {{}}\n",
        named("app", "")
    ));
    let document = fixture.run(&[]).json(0);
    assert_eq!(document["packages"][0]["unsafety"]["forbids"], false);
}
