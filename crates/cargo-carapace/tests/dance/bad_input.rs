//! What is hostile, damaged or no Rust at all: it never ends the program, takes no more than its memory
//! and time, and costs nothing of what is beside it.

use std::fs;

use serde_json::Value;

use super::project::{GOES, NEWER, findings, manifest};
use crate::support::run::{World, gaps};

/// What the program and all that it starts may take, in KiB, where it can be bounded.
const MEMORY: u32 = 1024 * 1024;

/// A package with something good in it.
fn package() -> World {
    let world = World::new();
    world.write("project/Cargo.toml", manifest("app", ""));
    world.write("project/src/lib.rs", "");
    world.write("project/src/main.rs", "mod good;\nfn main() {}\n");
    world.write("project/src/good.rs", GOES);
    world
}

/// What is said of the package alone. What is good in it is there.
fn judged(world: &World) -> Value {
    let run = world.plain(&["dance", "--format", "json", "--no-deps", "."]);
    let document = run.bounded(MEMORY).exits(0).json();
    let found = findings(&document);
    let is_good = |finding: &&Value| finding["location"]["file"] == "src/good.rs";
    assert!(
        found.into_iter().any(|finding| is_good(&finding)),
        "{}",
        document["gaps"]
    );
    document
}

/// The same with this as the library's root. Of one world the compiler is asked once.
fn with(world: &World, source: impl AsRef<[u8]>) -> Value {
    world.write("project/src/lib.rs", source);
    judged(world)
}

#[test]
fn nesting() {
    let world = package();
    let many = 300_000;
    for open in [
        "(", "[", "{", "f(", "a::<", "&", "*", "-", "!", "if ", "unsafe{", "||", "x=", "a.",
    ] {
        let text = open.repeat(many / open.len());
        with(&world, format!("fn g() {{ unsafe {{ {text} h() }} }}"));
    }
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("unsafe{", "}"),
        ("m!{", "}"),
        ("vec![", "]"),
    ] {
        let many = 20_000;
        let text = [open.repeat(many), "*p".to_owned(), close.repeat(many)].concat();
        with(
            &world,
            format!("fn g(p: *const u8) {{ unsafe {{ {text} }} }}"),
        );
    }
}

#[test]
fn chains() {
    let world = package();
    let many = 20_000;
    for (begin, link, end) in [
        ("*p", " + *p", ""),
        ("a", ".get_unchecked(0)", ""),
        ("a", "[0]", ""),
        ("a", " as usize", ""),
        ("", "*p; ", ""),
        ("", "*", "p"),
        ("a", "?", ""),
        ("if a { *p }", " else if a { *p }", ""),
        ("a", " = a", ""),
        ("a", "..a", ""),
        ("std", "::std", "::mem::transmute::<f32, u32>(x)"),
    ] {
        let text = [begin, &link.repeat(many), end].concat();
        let document = with(
            &world,
            format!("fn g(p: *const u8) {{ unsafe {{ {text} }} }}"),
        );
        // Too deep for the rules: that is told.
        if link.contains("else") {
            let gaps = gaps(&document);
            assert!(!gaps.is_empty());
        }
    }
}

#[test]
fn no_rust() {
    let world = package();
    for source in [
        "unsafe",
        "unsafe {",
        "unsafe }",
        "}}}} unsafe {{{{",
        "fn f() { unsafe { transmute( } }",
        "fn f() { unsafe { get_unchecked } }",
        "\"",
        "'",
        "/* unsafe {",
        "r#\"",
        "macro_rules! m { (",
        "fn f() { unsafe { *p as } }",
        "fn f() { unsafe { let } }",
        "\u{feff}#!/bin/sh\nunsafe {}",
    ] {
        with(&world, source);
    }
}

#[test]
fn bytes_that_are_no_text() {
    let world = package();
    let mut bytes = GOES.as_bytes().to_vec();
    bytes.extend(b"// \xff\xfe\n");
    with(&world, &bytes);
    with(&world, b"\0\0\0unsafe\0{}");
    with(&world, [0xff; 4096]);
    let utf16: Vec<u8> = GOES.encode_utf16().flat_map(u16::to_le_bytes).collect();
    with(&world, utf16);
}

#[test]
fn what_is_large() {
    let world = package();
    // Twenty thousand sites of the same kind, and one line of many megabytes.
    let one = "pub fn f(x: &[u8]) -> u8 { unsafe { *x.get_unchecked(0) } }\n";
    with(&world, one.repeat(20_000));
    let items = "*p,".repeat(1_000_000);
    with(
        &world,
        format!("fn f(p: *const u8) {{ unsafe {{ g([{items}]) }} }}"),
    );
    // Beyond what is read as more than tokens: that is told.
    let document = with(
        &world,
        format!("fn f() {{ unsafe {{}} }}\n//{}", " ".repeat(30 << 20)),
    );
    assert!(!gaps(&document).is_empty());
}

#[cfg(unix)]
#[test]
fn what_is_no_file() {
    use std::os::unix::fs::symlink;

    use crate::support::run::fifo;

    let world = package();
    world.write(
        "project/src/lib.rs",
        "mod pipe;\nmod device;\nmod out;\nmod around;\n",
    );
    fifo(&world.path("project/src/pipe.rs"));
    symlink("/dev/zero", world.path("project/src/device.rs")).unwrap();
    world.write("elsewhere/out.rs", GOES);
    symlink(
        world.path("elsewhere/out.rs"),
        world.path("project/src/out.rs"),
    )
    .unwrap();
    symlink("around.rs", world.path("project/src/around.rs")).unwrap();
    let document = judged(&world);
    assert_eq!(findings(&document).len(), 1);
    for name in ["pipe.rs", "device.rs", "out.rs"] {
        let found = document["gaps"].to_string();
        assert!(found.contains(name), "{name}: {found}");
    }
}

#[test]
fn foreign_texts_do_nothing() {
    let hostile = GOES.replace("(0)", "(/* \u{1b}[2J ::error::x ##[error]y \u{202e} */ 0)");
    let world = package();
    world.write("project/src/lib.rs", hostile);
    for arguments in [
        vec!["dance", "--no-deps", "."],
        vec!["dance", "--no-deps", ".", "--format", "markdown"],
        vec!["dance", "--no-deps", ".", "--fix", "--dry-run"],
        vec!["dance", "--offline", "--report", "app"],
    ] {
        let output = world.plain(&arguments).exits(0);
        for line in output.stdout.lines() {
            assert!(!line.contains(['\u{1b}', '\u{202e}']), "{line}");
            assert!(
                !line.trim_start().starts_with("::") && !line.contains("##[error]"),
                "{line}"
            );
        }
    }
}

#[test]
fn absurd_manifests() {
    let world = package();
    for manifest in [
        "",
        "[package]\n",
        "[package]\nname = 1\nversion = []\nrust-version = 3\nkeywords = \"x\"\n",
        "[package]\nname = \"x\"\nrust-version = \"99999999999999999999.1\"\n",
        "[package]\nname = \"x\"\nrust-version = \"1.4294967296\"\n",
        "\u{0}",
    ] {
        world.write("project/Cargo.toml", manifest);
        judged(&world);
    }
    // An old one builds with nothing that is new.
    world.write(
        "project/Cargo.toml",
        "[package]\nname = \"x\"\nrust-version = \"0.9\"\n",
    );
    world.write("project/src/lib.rs", NEWER);
    assert_eq!(findings(&judged(&world)).len(), 1);
    fs::remove_file(world.path("project/Cargo.toml")).unwrap();
    judged(&world);
}
