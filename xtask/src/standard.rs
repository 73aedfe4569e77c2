//! `cargo xtask standard`: which functions and methods of the standard library are unsafe, and what
//! all its methods are called.
//!
//! The answer is read from the documentation that a toolchain carries (`rustup component add
//! rust-docs`), whose pages mark unsafe functions and show the signatures of methods. Only paths and
//! names are taken from it. A line of the table is a path, sorted; a method's has the name of its
//! type, or of the primitive type, before it, and behind it `shared` where safe methods of the same
//! name exist, and `trait` where it is a trait's. The functions of all architectures are listed as those of `core::arch`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::process;

const TABLE: &str = "crates/carapace-core/src/facts/operations/standard.txt";
/// The names of all traits.
const TRAITS: &str = "crates/carapace-core/src/reach/standard_traits.txt";
/// The names of all methods, safe or not.
const METHODS: &str = "crates/carapace-core/src/reach/standard.txt";
const USAGE: &str = "\
usage: cargo xtask standard [--docs FOLDER]
  --docs FOLDER  the toolchain's share/doc/rust/html, if not that of the rustc at hand
";
/// Modules whose items are not for users, or are listed elsewhere.
const PASSED_OVER: [&str; 3] = ["core_arch", "core_simd", "src"];
/// How deep modules may nest.
const MAX_DEPTH: usize = 8;

pub(crate) fn run(root: &Path, mut arguments: Vec<String>) -> Result<(), String> {
    let docs = process::option(&mut arguments, "--docs").map_err(|e| format!("{e}\n{USAGE}"))?;
    if !arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    let docs = match docs {
        Some(folder) => PathBuf::from(folder),
        None => {
            let mut rustc = std::process::Command::new("rustc");
            let sysroot = process::run(rustc.args(["--print", "sysroot"]))?.stdout;
            Path::new(sysroot.trim()).join("share/doc/rust/html")
        }
    };
    let mut table = Table::default();
    for name in ["core", "alloc", "std"] {
        table.module(&docs.join(name), name, 0)?;
    }
    for (path, text) in [
        (TABLE, table.text()),
        (METHODS, table.method_names()),
        (
            TRAITS,
            table
                .traits
                .iter()
                .map(|name| format!("{name}\n"))
                .collect(),
        ),
    ] {
        let path = root.join(path);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Table {
    functions: BTreeSet<String>,
    /// With the names of their types before them, and whether these are traits.
    methods: BTreeMap<String, bool>,
    /// Names of methods that are safe in some type.
    safe: BTreeSet<String>,
    /// Names of traits.
    traits: BTreeSet<String>,
}

impl Table {
    fn module(&mut self, folder: &Path, path: &str, depth: usize) -> Result<(), String> {
        let at = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(folder).map_err(at)? {
            let entry = entry.map_err(at)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() {
                if depth < MAX_DEPTH && !PASSED_OVER.contains(&name.as_str()) {
                    self.module(&entry.path(), &format!("{path}::{name}"), depth + 1)?;
                }
                continue;
            }
            let parts: Vec<&str> = name.split('.').collect();
            let is_index = name == "index.html";
            let item = match parts.as_slice() {
                [
                    kind @ ("struct" | "enum" | "union" | "trait" | "primitive"),
                    item,
                    "html",
                ] => Some((*item, *kind == "trait")),
                _ => None,
            };
            if !is_index && item.is_none() {
                continue;
            }
            let text = fs::read_to_string(entry.path()).map_err(at)?;
            match item {
                None => self.functions.extend(functions(&text, path)),
                Some((item, is_trait)) => self.methods_of(&text, path, item, is_trait),
            }
        }
        Ok(())
    }

    fn methods_of(&mut self, text: &str, path: &str, item: &str, is_trait: bool) {
        if is_trait {
            self.traits.insert(item.to_owned());
        }
        for (name, is_unsafe) in methods(text) {
            if is_unsafe {
                self.methods
                    .insert(format!("{path}::{item}::{name}"), is_trait);
            } else {
                self.safe.insert(name.to_owned());
            }
        }
    }

    fn method_names(&self) -> String {
        let others = self
            .methods
            .keys()
            .filter_map(|path| path.rsplit("::").next());
        let names: BTreeSet<&str> = self.safe.iter().map(String::as_str).chain(others).collect();
        names.into_iter().map(|name| format!("{name}\n")).collect()
    }

    fn text(&self) -> String {
        let mut lines = BTreeMap::new();
        for path in &self.functions {
            lines.insert(path.clone(), "");
        }
        for (path, is_trait) in &self.methods {
            let name = path.rsplit("::").next().unwrap_or(path);
            let flags = match (self.safe.contains(name), *is_trait) {
                (false, false) => "",
                (true, false) => " shared",
                (false, true) => " trait",
                (true, true) => " shared trait",
            };
            lines.insert(path.clone(), flags);
        }
        // What `std` shows anew of `core` and `alloc` says nothing more.
        let tails: BTreeSet<String> = lines
            .keys()
            .filter_map(|path| tail(path, &["core::", "alloc::"]))
            .collect();
        lines.retain(|path, _| tail(path, &["std::"]).is_none_or(|tail| !tails.contains(&tail)));
        let lines = lines.into_iter();
        lines
            .map(|(path, flags)| format!("{path}{flags}\n"))
            .collect()
    }
}

fn tail(path: &str, roots: &[&str]) -> Option<String> {
    let found = roots.iter().find_map(|root| path.strip_prefix(root));
    found.map(str::to_owned)
}

/// The unsafe functions that a module's page lists.
fn functions(text: &str, path: &str) -> Vec<String> {
    let path = match path.strip_prefix("core::arch::") {
        Some(_) => "core::arch",
        None if path.starts_with("std::arch") => return Vec::new(),
        None => path,
    };
    let mut found = Vec::new();
    for entry in text.split("<a class=\"fn\" href=\"fn.").skip(1) {
        let Some((name, rest)) = entry.split_once(".html\"") else {
            continue;
        };
        let behind = rest.split_once("</a>").map_or("", |(_, behind)| behind);
        if behind.starts_with("<sup title=\"unsafe function\"") {
            found.push(format!("{path}::{name}"));
        }
    }
    found
}

/// The methods that a type's page shows as its own, and whether they are unsafe.
fn methods(text: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    for header in text.split("<h4 class=\"code-header\">").skip(1) {
        let Some((qualifiers, rest)) = header.split_once("fn <a href=\"#") else {
            continue;
        };
        // A header without a function has one of a later header behind it.
        if qualifiers.contains('<') {
            continue;
        }
        let name = rest.split_once('"').map_or("", |(link, _)| link);
        let Some(name) = ["tymethod.", "method."]
            .iter()
            .find_map(|kind| name.strip_prefix(kind))
        else {
            continue;
        };
        let name = name.split('-').next().unwrap_or(name);
        found.push((name, qualifiers.split(' ').any(|word| word == "unsafe")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_functions_are_marked() {
        let page = "<dt><a class=\"fn\" href=\"fn.read.html\" title=\"fn core::ptr::read\">read</a>\
                    <sup title=\"unsafe function\">!</sup></dt>\
                    <dt><a class=\"fn\" href=\"fn.null.html\" title=\"\">null</a></dt>";
        assert_eq!(functions(page, "core::ptr"), ["core::ptr::read"]);
        assert_eq!(functions(page, "core::arch::x86"), ["core::arch::read"]);
    }

    #[test]
    fn methods_are_shown_with_their_qualifiers() {
        let page = "<h4 class=\"code-header\">pub const unsafe fn <a href=\"#method.add\" class=\"fn\">\
                    <h4 class=\"code-header\">impl A</h4>\
                    <h4 class=\"code-header\">fn <a href=\"#tymethod.read\" class=\"fn\">\
                    <h4 class=\"code-header\">fn <a href=\"trait.B.html#method.b\" class=\"fn\">";
        assert_eq!(methods(page), [("add", true), ("read", false)]);
    }
}
