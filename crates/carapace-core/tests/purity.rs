//! The core is pure: what it depends on is on a list, what it says is held to its `clippy.toml`.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the test itself looks at files and starts cargo"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use carapace_core::source::lexer::{Lexer, Piece};

/// Everything that the core may be built from. None of it touches the machine; whoever adds to it
/// has looked at that, and at its maintenance.
const DEPENDENCIES: &[&str] = &[
    "cfg-if",
    "crc32fast",
    "cvss",
    "flate2",
    "foldhash",
    "itoa",
    "memchr",
    "object",
    "proc-macro2",
    "quote",
    "semver",
    "serde",
    "serde_core",
    "serde_derive",
    "serde_json",
    "serde_spanned",
    "similar",
    "strsim",
    "syn",
    "toml",
    "toml_datetime",
    "toml_parser",
    "unicode-ident",
    "winnow",
    "zlib-rs",
    "zmij",
];

/// What no source file of the core may name, whatever the lints say.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::thread",
    "std::time::Instant",
    "SystemTime",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "println!",
    "eprintln!",
    "print!(",
    "dbg!",
    "option_env!",
    "std::os::",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn depends_on_nothing_that_is_not_listed() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--package",
            "carapace-core",
            "--edges",
            "normal,build",
        ])
        .args(["--prefix", "none", "--format", "{p}", "--target", "all"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let listed: BTreeSet<&str> = DEPENDENCIES
        .iter()
        .copied()
        .chain(["carapace-core"])
        .collect();
    let unlisted: Vec<_> = names.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&names).collect();
    assert!(unlisted.is_empty(), "not listed: {unlisted:?}");
    assert!(gone.is_empty(), "listed, but not used any more: {gone:?}");
}

#[test]
fn no_source_names_what_touches_the_machine() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    assert!(files.len() > 30);
    for file in files {
        let text = code_of(&std::fs::read(&file).unwrap());
        for (index, code) in text.lines().enumerate() {
            for name in IMPURE {
                assert!(
                    !code.contains(name),
                    "{}:{}: {name}",
                    file.display(),
                    index + 1
                );
            }
        }
    }
}

/// A source with what is in its comments and literals blanked out.
fn code_of(source: &[u8]) -> String {
    let mut code = source.to_vec();
    for piece in Lexer::new(source) {
        let (start, end) = match piece {
            Piece::Comment(comment) => (comment.start, comment.end),
            Piece::Token(token) if token.kind.is_literal() => (token.start, token.end),
            Piece::Token(_) => continue,
        };
        for byte in code.get_mut(start as usize..end as usize).unwrap() {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8(code).unwrap()
}

#[test]
fn the_wall_stands() {
    let wall = std::fs::read_to_string(root().join("clippy.toml")).unwrap();
    for part in [
        "disallowed-types",
        "disallowed-methods",
        "disallowed-macros",
        "std::fs::File",
        "std::println",
    ] {
        assert!(wall.contains(part), "{part}");
    }
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    assert!(lib.contains("#![forbid(unsafe_code)]"));
}
