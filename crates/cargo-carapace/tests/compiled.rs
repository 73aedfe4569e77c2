//! `unsafe --compiled`: what is built, where, and what it changes. Each test builds a workspace
//! without dependencies from a registry.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use support::process::{Home, Ran};
use support::project::{listing, package};

/// A library with a program, a build script whose conditions cannot be read from it, a dependency
/// for both, and a procedural macro.
struct Workspace {
    home: Home,
}

const LIB: &str = "\
include!(concat!(env!(\"OUT_DIR\"), \"/generated.rs\"));

pub fn block() -> u8 {
    unsafe { *b\"x\".get_unchecked(0) }
}

#[cfg(has_it)]
pub unsafe fn switched_on() {}

#[cfg(has_not)]
pub unsafe fn switched_off() {}

#[cfg(has_not)]
mod left_out;

macro_rules! unchecked {
    () => {
        unsafe { std::hint::unreachable_unchecked() }
    };
}

pub fn expanded() {
    unchecked!()
}

mac::nothing!();
";

const SCRIPT: &str = "\
fn main() {
    let out = std::env::var(\"OUT_DIR\").unwrap();
    std::fs::write(format!(\"{out}/generated.rs\"), \"pub unsafe fn generated() {}\").unwrap();
    for name in [\"it\", \"not\"] {
        println!(\"cargo::rustc-check-cfg=cfg(has_{name})\");
    }
    println!(\"cargo::rustc-cfg=has_{}\", dep::name());
}
";

impl Workspace {
    fn new() -> Self {
        // The toolchain that the tests are built with, whatever rustup would take.
        let cargo = PathBuf::from(std::env::var_os("CARGO").unwrap());
        let path = std::env::var_os("PATH").unwrap();
        let mut folders = vec![cargo.parent().unwrap().to_owned()];
        folders.extend(std::env::split_paths(&path));
        let path = std::env::join_paths(folders).unwrap();
        let home = Home::new()
            .with("CARGO", cargo.to_str().unwrap())
            .with("PATH", path.to_str().unwrap());
        let workspace = Self { home };
        let rest = "[workspace]\nmembers = [\"dep\", \"mac\"]\n\
                    [dependencies]\ndep = { path = \"dep\" }\nmac = { path = \"mac\" }\n\
                    [build-dependencies]\ndep = { path = \"dep\" }\n";
        for (path, text) in [
            ("Cargo.toml", package("app", rest)),
            ("build.rs", SCRIPT.to_owned()),
            ("src/lib.rs", LIB.to_owned()),
            ("src/left_out.rs", "union U { a: u8, b: i8 }\n".to_owned()),
            (
                "src/main.rs",
                "fn main() {\n    let _ = unsafe { *b\"x\".get_unchecked(0) };\n}\n".to_owned(),
            ),
            ("dep/Cargo.toml", package("dep", "")),
            (
                "dep/src/lib.rs",
                "pub fn name() -> &'static str {\n    unsafe { std::str::from_utf8_unchecked(b\"it\") }\n}\n"
                    .to_owned(),
            ),
            (
                "mac/Cargo.toml",
                package("mac", "[lib]\nproc-macro = true\n"),
            ),
            (
                "mac/src/lib.rs",
                "extern crate proc_macro;\nuse proc_macro::TokenStream;\n\n#[proc_macro]\n\
                 pub fn nothing(_: TokenStream) -> TokenStream {\n    unsafe { String::from_utf8_unchecked(Vec::new()) };\n    TokenStream::new()\n}\n"
                    .to_owned(),
            ),
        ] {
            workspace.write(path, &text);
        }
        let locked = workspace.plain_cargo(&["generate-lockfile", "--offline"]);
        assert_eq!(locked.code, Some(0), "{locked:?}");
        workspace
    }

    fn root(&self) -> PathBuf {
        self.home.path("w")
    }

    fn write(&self, path: &str, text: &str) {
        self.home.write(&format!("w/{path}"), text);
    }

    /// A program of the workspace, and the file that it writes when it runs.
    fn canary(&self, path: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let canary = self.home.path("canary");
        let shown = canary.display();
        self.write(path, &format!("#!/bin/sh\necho \"$0 $*\" >> '{shown}'\n"));
        let program = self.root().join(path);
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
        canary
    }

    /// Cargo as a user runs it in the workspace, with a target folder elsewhere.
    fn plain_cargo(&self, arguments: &[&str]) -> Ran {
        let mut cargo = Command::new(std::env::var("CARGO").unwrap());
        self.home.clean(&mut cargo);
        cargo
            .args(arguments)
            .current_dir(self.root())
            .env("CARGO_TARGET_DIR", self.home.path("plain"));
        Ran::of(&mut cargo)
    }

    /// The command, which leaves the workspace as it is.
    fn run(&self, arguments: &[&str]) -> Ran {
        let before = listing(&self.root());
        let fixed = ["unsafe", "--compiled", "--offline", "w"];
        let ran = self.home.run([&fixed, arguments].concat());
        assert_eq!(listing(&self.root()), before, "the project is untouched");
        ran
    }

    fn document(&self, arguments: &[&str]) -> (Ran, Value) {
        let ran = self.run(&[&["--format", "json"], arguments].concat());
        let json = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
        (ran, json)
    }

    /// The folder that all is built in.
    fn folder(&self) -> PathBuf {
        let folders = fs::read_dir(self.home.cache().join("compiled")).unwrap();
        let folders: Vec<PathBuf> = folders.map(|entry| entry.unwrap().path()).collect();
        assert_eq!(folders.len(), 1);
        folders[0].clone()
    }
}

/// What is said of a package.
fn unsafety<'a>(document: &'a Value, name: &str) -> &'a Value {
    let packages = document["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == name);
    &package.unwrap()["unsafety"]
}

fn numbers(document: &Value, name: &str) -> [u64; 5] {
    let compiled = &unsafety(document, name)["compiled"];
    for side in ["compiler_only", "census_only"] {
        assert_eq!(compiled[side], Value::Array(Vec::new()), "{name}");
    }
    let of = |key: &str| compiled[key].as_u64().unwrap();
    ["units", "agreed", "in_macros", "generated", "decided"].map(of)
}

/// The state of each site of the library's file, by its item.
fn states(document: &Value) -> Vec<(String, String)> {
    let sites = unsafety(document, "app")["sites"].as_array().unwrap();
    let text = |site: &Value, key: &str| site[key].as_str().unwrap().to_owned();
    sites
        .iter()
        .filter(|site| site["file"] != "src/main.rs")
        .map(|site| (text(site, "item"), text(site, "state")))
        .collect()
}

#[test]
fn compiler_and_census_are_held_against_each_other() {
    let workspace = Workspace::new();
    let (first, document) = workspace.document(&[]);
    assert_eq!(first.code, Some(0), "{first:?}");
    // The library, the program, the build script.
    assert_eq!(numbers(&document, "app"), [3, 3, 1, 1, 3]);
    // For the library, and for the build script.
    assert_eq!(numbers(&document, "dep"), [2, 1, 0, 0, 0]);
    assert_eq!(numbers(&document, "mac"), [1, 1, 0, 0, 0]);
    let expected = [
        ("left_out::U", "inactive"),
        ("block", "active"),
        ("switched_on", "active"),
        ("switched_off", "inactive"),
        ("", "macro"),
    ];
    let found = states(&document);
    for (item, state) in expected {
        let pair = (item.to_owned(), state.to_owned());
        assert!(found.contains(&pair), "{pair:?} in {found:?}");
    }

    // What cargo finds done is not asked for again, and the answer is the same.
    let (second, _) = workspace.document(&[]);
    assert_eq!(second.out, first.out);
    // Where answers are lost, it is.
    fs::remove_dir_all(workspace.folder().join("answers")).unwrap();
    let (third, _) = workspace.document(&[]);
    assert_eq!(third.out, first.out);

    let people = workspace.run(&[]);
    for words in [
        "compiled 6 units: compiler and census agree on 5 sites, 0 differences",
        "reports 1 in macros' bodies",
        "1 in generated code",
        "the compiler decided 3 sites",
    ] {
        assert!(people.out.contains(words), "no {words:?} in {people:?}");
    }

    // Another source, another answer.
    let source = LIB.replace(
        "pub fn expanded",
        "pub unsafe trait More {}\npub fn expanded",
    );
    workspace.write("src/lib.rs", &source);
    let (_, document) = workspace.document(&[]);
    assert_eq!(numbers(&document, "app"), [3, 4, 1, 1, 3]);
    // Units that are not part of it are left out, though they are still there.
    let (_, document) = workspace.document(&["-p", "dep"]);
    assert_eq!(numbers(&document, "dep"), [1, 1, 0, 0, 0]);
    assert_eq!(numbers(&document, "app"), [0; 5]);
}

#[test]
fn it_is_said_first_and_built_in_a_folder_of_ours() {
    let workspace = Workspace::new();
    // A build script that shows when it runs.
    let script = SCRIPT.replace(
        "fn main() {",
        "fn main() {\n    eprintln!(\"RUNS\"); panic!();",
    );
    workspace.write("build.rs", &script);
    let ran = workspace.run(&[]);
    assert!(
        ran.err
            .starts_with("note: --compiled builds w/Cargo.toml in "),
        "{ran:?}"
    );
    let line = ran.err.lines().next().unwrap();
    assert!(
        line.contains("build scripts and procedural macros"),
        "{line}"
    );
    let folder = workspace.folder();
    assert!(line.contains(&folder.display().to_string()), "{line}");
    assert!(folder.join("target").is_dir());
    assert!(!workspace.root().join("target").exists());
    // The gap has what the script said, and what could be compiled is compared.
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.out.contains("RUNS"), "{ran:?}");
    let (ran, document) = workspace.document(&[]);
    assert_eq!(ran.code, Some(3));
    assert_eq!(document["verdict"], "incomplete");
    let gaps = document["gaps"].as_array().unwrap();
    let gap = gaps.iter().find(|gap| gap["what"] == "compiled").unwrap();
    assert_eq!(gap["blocking"], true);
    assert_eq!(numbers(&document, "mac"), [1, 1, 0, 0, 0]);
    // The build script alone.
    assert_eq!(numbers(&document, "app"), [1, 0, 0, 0, 0]);
    let open = states(&document);
    let open = open.iter().filter(|(_, state)| state == "unknown");
    assert_eq!(open.count(), 3);
}

#[test]
fn errors_of_the_compiler_are_shown_and_act_on_no_terminal() {
    let workspace = Workspace::new();
    workspace.write(
        "src/main.rs",
        "fn main() { compile_error!(\"\u{1b}[2Jno\") }\n",
    );
    let ran = workspace.run(&[]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    for words in ["Jno; --> src/main.rs:1:13", "could not compile `app`"] {
        assert!(ran.out.contains(words), "no {words:?} in {ran:?}");
    }
    assert!(!ran.out.contains('\u{1b}'), "{ran:?}");
    // The library was compiled.
    let (_, document) = workspace.document(&[]);
    assert_eq!(numbers(&document, "app")[0], 2);
}

#[test]
fn without_a_lockfile_nothing_is_built() {
    let workspace = Workspace::new();
    let lockfile = workspace.root().join("Cargo.lock");
    let text = fs::read_to_string(&lockfile).unwrap();
    for stale in [None, Some(text.replace("\"mac\"", "\"other\""))] {
        match stale {
            Some(text) => fs::write(&lockfile, text).unwrap(),
            None => fs::remove_file(&lockfile).unwrap(),
        }
        let ran = workspace.run(&[]);
        ran.refused(&["cargo generate-lockfile", "w/Cargo.lock"]);
        assert!(!workspace.home.cache().join("compiled").exists());
    }
}

#[test]
fn the_projects_own_configuration_is_not_obeyed() {
    let workspace = Workspace::new();
    let canary = workspace.canary("tools/program");
    let program = workspace.root().join("tools/program");
    for (key, table) in [
        ("rustc", "build"),
        ("rustc-wrapper", "build"),
        ("rustc-workspace-wrapper", "build"),
        ("linker", "target.'cfg(all())'"),
    ] {
        let config = format!(
            "[{table}]\n{key} = {program:?}\n[env]\nRUSTC_WRAPPER = {{ value = {program:?}, force = true }}\n"
        );
        workspace.write(".cargo/config.toml", &config);
        let plain = workspace.plain_cargo(&["check", "--offline"]);
        assert_ne!(plain.code, Some(0), "{plain:?}");
        assert!(canary.exists(), "the fixture is not hostile: {key}");
        fs::remove_file(&canary).unwrap();

        let (ran, document) = workspace.document(&[]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let said = fs::read_to_string(&canary);
        assert!(said.is_err(), "{key}: something ran: {said:?}");
        assert_eq!(numbers(&document, "app"), [3, 3, 1, 1, 3]);
        let effects = document["config"].as_array().unwrap();
        assert_eq!(effects.len(), 2, "{effects:?}");
    }
    // A target folder of its choosing stays empty.
    let elsewhere = workspace.home.path("elsewhere");
    let config = format!("[build]\ntarget-dir = {elsewhere:?}\nbuild-dir = {elsewhere:?}\n");
    workspace.write(".cargo/config.toml", &config);
    assert_eq!(workspace.run(&[]).code, Some(0));
    assert!(!elsewhere.exists());
}

/// Cargo starts the compiler in the workspace, where rustup's would look for a toolchain file.
#[test]
fn a_toolchain_of_the_project_is_not_taken() {
    let user = PathBuf::from(std::env::var_os("HOME").unwrap());
    let variable = |name: &str, default: &str| {
        let set = std::env::var_os(name).map(PathBuf::from);
        set.unwrap_or_else(|| user.join(default))
    };
    let rustup = variable("RUSTUP_HOME", ".rustup");
    let proxy = variable("CARGO_HOME", ".cargo").join("bin/rustc");
    let mut workspace = Workspace::new();
    let path = format!("{}:/usr/bin:/bin", proxy.parent().unwrap().display());
    workspace.home = workspace
        .home
        .with("PATH", path)
        .with("RUSTUP_HOME", rustup.to_str().unwrap());
    let cargo = PathBuf::from(std::env::var_os("CARGO").unwrap());
    let has_rustc = cargo.with_file_name("rustc").exists();
    let canary = workspace.canary("toolchain/bin/rustc");
    let toolchain = workspace.root().join("toolchain");
    workspace.write(
        "rust-toolchain.toml",
        &format!("[toolchain]\npath = {toolchain:?}\n"),
    );
    // Only where rustc is rustup's, and there is another toolchain, does that file mean anything.
    let mut anywhere = Command::new(&proxy);
    workspace.home.clean(anywhere.arg("-vV").current_dir("/"));
    let works = anywhere.current_dir("/").output();
    let works = works.is_ok_and(|output| output.status.success());
    if !works || !fs::read_link(&proxy).is_ok_and(|to| to.ends_with("rustup")) || !has_rustc {
        return;
    }
    workspace.plain_cargo(&["check", "--offline"]);
    assert!(canary.exists(), "the fixture is not hostile");
    fs::remove_file(&canary).unwrap();
    let (ran, document) = workspace.document(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!canary.exists());
    assert_eq!(numbers(&document, "app"), [3, 3, 1, 1, 3]);
}

/// What build scripts try out with the compiler is no unit, whatever they call it.
#[test]
fn what_build_scripts_try_out_is_rustcs_alone() {
    let workspace = Workspace::new();
    let probe = "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
                 let file = format!(\"{out}/probe.rs\");\n    \
                 std::fs::write(&file, \"pub unsafe fn probe() {}\").unwrap();\n    \
                 let wrapper = std::env::var(\"RUSTC_WRAPPER\").unwrap();\n    \
                 let probe = std::process::Command::new(wrapper).arg(std::env::var(\"RUSTC\").unwrap())\n        \
                 .args([\"--crate-name\", \"probe\", \"--crate-type\", \"lib\", \"--emit\", \"metadata\", \"--out-dir\"])\n        \
                 .arg(out).arg(file).output().unwrap();\n    \
                 assert!(probe.status.success() && probe.stderr.is_empty());\n";
    workspace.write("build.rs", &SCRIPT.replace("fn main() {\n", probe));
    let (ran, document) = workspace.document(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(numbers(&document, "app"), [3, 3, 1, 1, 3]);
}
