//! What `--fix` changes, and what it leaves.

use std::fs;

use super::project::{GOES, GONE, STAYS, commit, committed, findings, manifest, project, read};
use crate::support::run::{Run, World};

fn fix(world: &World, arguments: &[&str]) -> Run {
    world
        .plain(&["dance", "--offline", "--fix"])
        .args(arguments)
}

#[test]
fn what_goes_by_itself_is_gone_and_the_rest_is_as_it_was() {
    let world = committed(&[GOES, "\n", STAYS].concat());
    let output = fix(&world, &[]).exits(0);
    output.shows(&[
        "--- a/src/lib.rs",
        "-    unsafe { *bytes.get_unchecked(0) }",
        "+    bytes[0]",
        "fixed: app 0.1.0",
        "source: src/lib.rs: ",
    ]);
    assert_eq!(read(&world, "src/lib.rs"), [GONE, "\n", STAYS].concat());
    // Now there is nothing left to do, and the tree is dirty.
    commit(&world);
    let document = fix(&world, &[]).json(0);
    assert_eq!(findings(&document).len(), 0);
    assert_eq!(document["fixes"], serde_json::json!([]));
    assert_eq!(document.get("patch"), None);
}

/// An import whose last use goes.
const IMPORTED: &str = "use std::mem;\n\npub fn bits(x: f32) -> u32 {\n    \
    unsafe { mem::transmute::<f32, u32>(x) }\n}\n";

#[test]
fn imports_that_are_left_unused_go_too() {
    let world = committed("mod a;\nmod b;\n");
    world.write("project/src/a.rs", IMPORTED);
    // One that a module takes from around it stays.
    world.write("project/src/b.rs", ["mod c;\n", IMPORTED].concat());
    let child = "pub fn take(x: &mut u8) -> u8 {\n    super::mem::take(x)\n}\n";
    world.write("project/src/b/c.rs", child);
    commit(&world);
    fix(&world, &[]).exits(0);
    assert!(
        !read(&world, "src/a.rs").contains("mem"),
        "{}",
        read(&world, "src/a.rs")
    );
    assert!(read(&world, "src/b.rs").contains("use std::mem;"));
    assert!(read(&world, "src/b.rs").contains("to_bits"));
}

#[test]
fn attributes_of_a_file_stay_and_so_does_what_a_macro_writes_by_its_name() {
    const MODULES: &str = "mod a;\nmod b;\nmod c;\n";
    const FILES: [&str; 3] = ["src/a.rs", "src/b.rs", "src/c.rs"];
    let fixed = |root: &str, calls: &str| {
        let world = committed(&[root, MODULES].concat());
        let attribute = "#![deny(unused_must_use)]\n\n";
        world.write("project/src/a.rs", [attribute, IMPORTED].concat());
        world.write("project/src/b.rs", [IMPORTED, calls].concat());
        // A module below has the name from elsewhere.
        world.write("project/src/c.rs", ["mod d;\n", IMPORTED].concat());
        let child = "use std::mem;\npub fn take(x: &mut u8) -> u8 {\n    mem::take(x)\n}\n\
                     pub fn f() {\n    super::bits(1.0);\n}\n";
        world.write("project/src/c/d.rs", child);
        commit(&world);
        fix(&world, &[]).exits(0);
        let texts = FILES.map(|file| read(&world, file));
        let [first, ..] = &texts;
        assert!(first.starts_with(attribute), "{first}");
        texts
    };
    let is_imported = |text: &String| {
        assert!(text.contains("to_bits"), "{text}");
        text.contains("use std::mem;")
    };
    // A macro of the package writes the name: whoever calls it may need the import.
    let size = "macro_rules! size {\n    () => {\n        mem::size_of::<u8>()\n    };\n}\n";
    let calls = "\npub fn size() -> usize {\n    size!()\n}\n";
    assert!(fixed(size, calls).iter().all(is_imported));
    assert!(!fixed("", "").iter().any(is_imported));
}

#[test]
fn a_root_of_any_name_has_its_modules_beside_it() {
    let root = "[lib]\npath = \"src/root.rs\"\n";
    let world = committed("");
    world.write("project/Cargo.toml", manifest("app", root));
    world.write("project/src/root.rs", ["mod child;\n", IMPORTED].concat());
    let child = "pub fn take(x: &mut u8) -> u8 {\n    crate::mem::take(x)\n}\n";
    world.write("project/src/child.rs", child);
    commit(&world);
    fix(&world, &[]).exits(0);
    let after = read(&world, "src/root.rs");
    assert!(
        after.contains("use std::mem;") && after.contains("to_bits"),
        "{after}"
    );
}

#[test]
fn a_dry_run_shows_and_changes_nothing() {
    let world = project(GOES);
    let document = fix(&world, &["--dry-run"]).json(0);
    assert_eq!(document["fixes"][0]["status"], "planned");
    assert_eq!(document["fixes"][0]["changes"][0]["action"], "source");
    let patch = document["patch"].as_str().unwrap();
    assert!(patch.contains("+    bytes[0]"), "{patch}");
    assert_eq!(read(&world, "src/lib.rs"), GOES);
}

#[test]
fn what_git_could_not_give_back_is_not_touched() {
    // No repository.
    let world = project(GOES);
    fs::remove_dir(world.path("project/.git")).unwrap();
    let says = ["is in no git repository", "--allow-dirty"];
    fix(&world, &[]).exits(2).says(&says);
    assert_eq!(read(&world, "src/lib.rs"), GOES);
    fix(&world, &["--allow-dirty"]).exits(0);
    assert_eq!(read(&world, "src/lib.rs"), GONE);

    // Changed since, in the file itself or in another one, or not there yet.
    let changed = [GOES, "// Mine.\n"].concat();
    for (path, text) in [
        ("src/lib.rs", changed.as_str()),
        ("src/other.rs", "// Mine.\n"),
    ] {
        let world = committed(GOES);
        world.write("project/src/other.rs", "");
        commit(&world);
        world.write(&format!("project/{path}"), text);
        let before = read(&world, "src/lib.rs");
        fix(&world, &[])
            .exits(2)
            .says(&[path, "git commit", "git stash", "--allow-dirty"]);
        assert_eq!(read(&world, "src/lib.rs"), before);
    }
    let world = committed("mod fresh;\n");
    world.write("project/src/fresh.rs", GOES);
    fix(&world, &[]).exits(2).says(&["src/fresh.rs"]);
    assert_eq!(read(&world, "src/fresh.rs"), GOES);

    // A repository without a commit.
    let world = project(GOES);
    fs::remove_dir(world.path("project/.git")).unwrap();
    super::project::git(&world, &["init", "--quiet"]);
    fix(&world, &[]).exits(2).says(&["--allow-dirty"]);
    assert_eq!(read(&world, "src/lib.rs"), GOES);
}

#[test]
fn dependencies_are_never_changed() {
    let world = project("");
    let dependency = "[dependencies]\nother = { path = \"../other\" }\n";
    world.write("project/Cargo.toml", manifest("app", dependency));
    world.write("other/Cargo.toml", manifest("other", ""));
    world.write("other/src/lib.rs", GOES);
    let document = fix(&world, &["--deps", "--allow-dirty"]).json(0);
    let fixes = document["fixes"].as_array().unwrap();
    assert_eq!(fixes.len(), 1, "{document:#}");
    assert_eq!(fixes[0]["status"], "none");
    assert!(
        fixes[0]["reason"]
            .as_str()
            .unwrap()
            .contains("not the workspace's own")
    );
    assert_eq!(
        fs::read_to_string(world.path("other/src/lib.rs")).unwrap(),
        GOES
    );
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links() {
    use std::os::unix::fs::symlink;

    // What it leads to is in the repository, and not in the package.
    let world = World::new();
    world.write("project/app/Cargo.toml", manifest("app", ""));
    world.write("project/app/src/lib.rs", "mod linked;\nmod folder;\n");
    world.write("project/elsewhere/a.rs", GOES);
    world.write("project/elsewhere/mod.rs", GOES);
    symlink(
        "../../elsewhere/a.rs",
        world.path("project/app/src/linked.rs"),
    )
    .unwrap();
    symlink("../../elsewhere", world.path("project/app/src/folder")).unwrap();
    let document = fix(&world, &["--allow-dirty", "app"]).json(0);
    assert!(!findings(&document).is_empty(), "{document:#}");
    assert_eq!(read(&world, "elsewhere/a.rs"), GOES);
    assert_eq!(read(&world, "elsewhere/mod.rs"), GOES);
    let reasons = document["fixes"].to_string();
    assert!(reasons.contains("through links"), "{reasons}");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_written_leaves_all_as_they_were() {
    use std::os::unix::fs::PermissionsExt;

    let world = project("mod a;\nmod b;\n");
    world.write("project/src/a.rs", GOES);
    world.write("project/src/b.rs", GOES);
    let locked = fs::Permissions::from_mode(0o444);
    fs::set_permissions(world.path("project/src/b.rs"), locked).unwrap();
    fix(&world, &["--allow-dirty"])
        .exits(2)
        .says(&["src/b.rs", "permissions"]);
    assert_eq!(read(&world, "src/a.rs"), GOES);
}

/// A repository whose configuration has a program run by nearly everything that git does.
#[cfg(unix)]
#[test]
fn a_repositorys_own_programs_are_not_run() {
    let world = committed(GOES);
    let canary = world.path("canary");
    let program = world.path("program");
    let text = format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\ncat\n", canary.display());
    crate::support::process::script(&program, &text);
    world.write("project/.gitattributes", "* filter=evil diff=evil\n");
    let program = program.to_str().unwrap();
    for (key, value) in [
        ("filter.evil.clean", program),
        ("filter.evil.smudge", program),
        ("core.fsmonitor", program),
        ("core.pager", program),
        ("diff.external", program),
    ] {
        super::project::git(&world, &["config", key, value]);
    }
    let hooks = world.path("project/.git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    fs::copy(program, hooks.join("post-index-change")).unwrap();
    // The plain tool runs it.
    let mut status = crate::support::repository::git_in(&world.path("project"));
    world.write("project/src/lib.rs", [GOES, "\n"].concat());
    status.arg("status").output().unwrap();
    assert!(canary.exists());
    fs::remove_file(&canary).unwrap();
    fix(&world, &[]).exits(2).says(&["src/lib.rs"]);
    world.write("project/src/lib.rs", GOES);
    fix(&world, &[]).exits(0);
    assert_eq!(read(&world, "src/lib.rs"), GONE);
    assert!(!canary.exists(), "{}", fs::read_to_string(&canary).unwrap());
}

#[test]
fn flags_that_need_each_other() {
    let world = project(GOES);
    for arguments in [
        vec!["--dry-run"],
        vec!["--unsafe-fixes"],
        vec!["--allow-dirty"],
        vec!["--fix", "--nominate"],
        vec!["--fix", "--report", "app"],
        vec!["--no-deps", ".", "--deps"],
    ] {
        world.plain(&["dance"]).args(&arguments).exits(2);
    }
}
