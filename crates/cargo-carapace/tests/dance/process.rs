//! Which package to begin with, and its audit.

use super::project::{GOES, STAYS, manifest, of, project};
use crate::support::run::World;

/// Two packages with the same unsafe code, one of which reads what strangers send.
fn graph() -> World {
    let world = project("");
    let dependencies = "[dependencies]\nplain = { path = \"plain\" }\nmiddle = { path = \"middle\" }\n\
        [workspace]\n";
    world.write("project/Cargo.toml", manifest("app", dependencies));
    world.write("project/plain/Cargo.toml", manifest("plain", ""));
    world.write("project/plain/src/lib.rs", GOES);
    let middle = "[dependencies]\nreader = { path = \"../reader\" }\n";
    world.write("project/middle/Cargo.toml", manifest("middle", middle));
    world.write("project/middle/src/lib.rs", STAYS);
    let reader = "categories = [\"parser-implementations\"]\nkeywords = [\"fast\"]\n";
    world.write("project/reader/Cargo.toml", manifest("reader", reader));
    world.write("project/reader/src/lib.rs", [GOES, "\n", STAYS].concat());
    world
}

#[test]
fn nominations_are_ranked_and_say_why() {
    let world = graph();
    let run = || world.plain(&["dance", "--offline", "--nominate"]);
    let document = run().json(0);
    let reader = of(&document, "reader");
    let plain = of(&document, "plain");
    assert_eq!(reader["dependents"], 2);
    assert_eq!(plain["dependents"], 1);
    assert!(reader["score"].as_u64() > Some(0) && plain["score"].as_u64() > Some(0));
    let reasons = reader["reasons"].to_string();
    for reason in [
        "1 of 3 sites",
        "2 packages depend on it",
        "it is shipped",
        "parser-impl",
    ] {
        assert!(reasons.contains(reason), "{reason}: {reasons}");
    }
    assert!(
        plain["reasons"]
            .to_string()
            .contains("nothing unsafe would be left")
    );
    assert_eq!(of(&document, "middle").get("score"), None);
    let output = run().exits(0);
    output.shows(&[
        "Where a dance would win most",
        "reader 0.1.0",
        "plain 0.1.0",
    ]);
    let markdown = run().args(["--format", "markdown"]).exits(0);
    markdown.shows(&["| Package | Score |", "| `reader 0.1.0` |"]);
}

#[test]
fn an_audit_has_every_site() {
    let world = graph();
    let output = world
        .plain(&["dance", "--offline", "--report", "reader"])
        .exits(0);
    output.shows(&[
        "# Audit of unsafe code: `reader 0.1.0`",
        "### By kind",
        "| block | 2 | 1 |",
        "| in all | 3 | 1 |",
        "#### `src/lib.rs:2:5`: block in `first`",
        "**goes automatically**",
        "  - *bytes.get_unchecked(0)",
        "  + bytes[0]",
        "#### `src/lib.rs:11:5`: block in `pid`",
        "it calls foreign functions (`getpid`)",
        "### Why sites stay",
    ]);
    // A member's, to a file; and the document instead.
    let run = world.plain(&["dance", "--offline", "--report", "app", "-o", "audit.md"]);
    assert_eq!(run.exits(0).stdout, "");
    let page = std::fs::read_to_string(world.path("project/audit.md")).unwrap();
    assert!(
        page.contains("`app 0.1.0`") && page.contains("no unsafe code"),
        "{page}"
    );
    let document = world
        .plain(&["dance", "--offline", "--report", "reader"])
        .json(0);
    assert_eq!(of(&document, "reader")["automatic"], 1);
    let run = world.plain(&["dance", "--offline", "--report", "nobody"]);
    run.exits(2).says(&["no package of it is named `nobody`"]);
    let run = world.plain(&["dance", "--offline", "--report", "app", "--format", "sarif"]);
    run.exits(2).says(&["--report writes Markdown"]);
}

#[test]
fn what_is_open_is_asked() {
    let source = "pub unsafe fn read(p: *const u8) -> u8 {\n    *p\n}\n\
        fn f(p: *const u8) -> u8 {\n    unsafe { other::read(p) }\n}\n";
    let world = project(source);
    let output = world
        .plain(&["dance", "--offline", "--report", "app"])
        .exits(0);
    output.shows(&[
        "### Open questions",
        "- [ ] `src/lib.rs:1:5`: it is public, and has no `# Safety` section",
        "- [ ] `src/lib.rs:5:5`: no `SAFETY` comment",
    ]);
}
