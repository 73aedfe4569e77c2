//! Small projects with unsafe code that can go, and some that cannot.

use serde_json::Value;

pub(crate) use crate::support::project::package as manifest;
use crate::support::repository::git_in;
use crate::support::run::World;

/// What goes by itself, in a function.
pub(crate) const GOES: &str = "\
pub fn first(bytes: &[u8]) -> u8 {
    unsafe { *bytes.get_unchecked(0) }
}
";

/// The same without unsafe code.
pub(crate) const GONE: &str = "\
pub fn first(bytes: &[u8]) -> u8 {
    bytes[0]
}
";

/// What goes since Rust 1.20.
pub(crate) const NEWER: &str = "\
pub fn bits(x: f32) -> u32 {
    unsafe { std::mem::transmute::<f32, u32>(x) }
}
";

/// What stays.
pub(crate) const STAYS: &str = "\
extern \"C\" {
    fn getpid() -> i32;
}

pub fn pid() -> i32 {
    // SAFETY: it always works.
    unsafe { getpid() }
}
";

/// A project of one package.
pub(crate) fn project(source: &str) -> World {
    let world = World::new();
    world.write("project/Cargo.toml", manifest("app", ""));
    world.write("project/src/lib.rs", source);
    world
}

/// The same in a repository, all of it committed.
pub(crate) fn committed(source: &str) -> World {
    let world = project(source);
    std::fs::remove_dir(world.path("project/.git")).unwrap();
    git(&world, &["init", "--quiet", "--initial-branch=main"]);
    commit(&world);
    world
}

pub(crate) fn commit(world: &World) {
    git(world, &["add", "--all"]);
    git(world, &["commit", "--quiet", "--message", "x"]);
}

pub(crate) fn git(world: &World, arguments: &[&str]) {
    let output = git_in(&world.path("project"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

pub(crate) fn read(world: &World, path: &str) -> String {
    std::fs::read_to_string(world.path(&format!("project/{path}"))).unwrap()
}

/// The findings of the command's own rules.
pub(crate) fn findings(document: &Value) -> Vec<&Value> {
    findings_of(document, "dance")
}

/// The findings of a group of rules.
pub(crate) fn findings_of<'a>(document: &'a Value, group: &str) -> Vec<&'a Value> {
    let findings = document["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["group"] == group)
        .collect()
}

/// What the document says of a package.
pub(crate) fn of<'a>(document: &'a Value, name: &str) -> &'a Value {
    let packages = document["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == name);
    &package.unwrap_or_else(|| panic!("no {name}: {document:#}"))["dance"]
}
