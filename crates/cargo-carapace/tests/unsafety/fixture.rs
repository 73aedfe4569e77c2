//! Projects as one text, with marks at their unsafe sites.
//!
//! ```text
//! //- src/lib.rs
//!     unsafe fn f() {}
//! //  ^ fn active f
//! ```
//! A mark tells of the line above it what begins at that column: its kind, its state and, where it
//! matters, its item. A project's sites are its marks, no more and no less.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::tokens;
use crate::support::run::{Run, World};

/// A project.
pub(crate) struct Fixture {
    pub(crate) world: World,
    /// `path:line:column kind state item`
    marks: BTreeSet<String>,
    /// What of these has no item.
    bare: BTreeSet<String>,
}

impl Fixture {
    /// A project of these files.
    pub(crate) fn new(text: &str) -> Self {
        let mut fixture = Self {
            world: World::new(),
            marks: BTreeSet::new(),
            bare: BTreeSet::new(),
        };
        for part in text.split("//- ").skip(1) {
            let (path, content) = part.split_once('\n').unwrap();
            fixture.write(path.trim(), content);
        }
        fixture
    }

    /// A package of one file.
    pub(crate) fn library(source: &str) -> Self {
        Self::package("", source)
    }

    /// A package of these files, the first of which is its library; more of its manifest.
    pub(crate) fn package(manifest: &str, source: &str) -> Self {
        Self::new(&format!(
            "//- Cargo.toml\n{}\n//- src/lib.rs\n{source}",
            named("app", manifest)
        ))
    }

    /// Writes a file, and takes in its marks.
    pub(crate) fn write(&mut self, path: &str, content: &str) {
        let mut place = 0;
        for (at, line) in content.lines().enumerate() {
            match mark(line) {
                Some((column, what)) => self.mark(&format!("{path}:{place}:{column}"), what),
                None => place = at + 1,
            }
        }
        self.world.write(&format!("project/{path}"), content);
    }

    /// A mark at a place, `path:line:column`: kind, state and, where it matters, item.
    pub(crate) fn mark(&mut self, place: &str, what: &str) {
        let marks = match what.split(' ').count() {
            2 => &mut self.bare,
            _ => &mut self.marks,
        };
        assert!(marks.insert(format!("{place} {what}")), "{place} twice");
    }

    /// The program in the project.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let run = self.world.plain(&["unsafe", "--offline"]);
        run.args(arguments)
    }

    /// Runs, and holds the sites against the marks; gives the document.
    pub(crate) fn holds(&self, arguments: &[&str]) -> Value {
        let document = self.run(arguments).json(0);
        self.compare(&document);
        document
    }

    fn compare(&self, document: &Value) {
        let mut expected = self.marks.clone();
        expected.extend(self.bare.iter().cloned());
        let found: BTreeSet<String> = sites(document, &self.world.path("project"))
            .into_iter()
            .map(|site| {
                let bare = site.rsplitn(2, ' ').last().unwrap().to_owned();
                if self.bare.contains(&bare) {
                    bare
                } else {
                    site
                }
            })
            .collect();
        let mut wrong = String::new();
        for site in expected.difference(&found) {
            writeln!(wrong, "missing: {site}").unwrap();
        }
        for site in found.difference(&expected) {
            writeln!(wrong, "found:   {site}").unwrap();
        }
        assert!(wrong.is_empty(), "\n{wrong}gaps: {}", document["gaps"]);
        tokens::accounted(document);
    }
}

/// A manifest.
pub(crate) fn named(name: &str, more: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n{}{more}\n",
        if more.contains("edition") {
            ""
        } else {
            "edition = \"2021\"\n"
        }
    )
}

/// A text with names in marks replaced by what is to hold.
pub(crate) fn filled(text: &str, names: &[(&str, &str)]) -> String {
    let fill = |line: &str| match mark(line) {
        Some((_, what)) => {
            let words = what.split(' ');
            let known = |word| names.iter().find(|(name, _)| *name == word);
            let words = words.map(|word| known(word).map_or(word, |(_, value)| value));
            line.replace(what, &words.collect::<Vec<_>>().join(" "))
        }
        None => line.to_owned(),
    };
    let lines: Vec<String> = text.lines().map(fill).collect();
    lines.join("\n") + "\n"
}

/// All sites of a document, `path:line:column kind state item`; those outside of the folder with the
/// package's name before the path.
pub(crate) fn sites(document: &Value, folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for package in document["packages"].as_array().unwrap() {
        let root = package["root_dir"].as_str().unwrap();
        let root = match Path::new(root).strip_prefix(folder) {
            Ok(root) if root.as_os_str().is_empty() => String::new(),
            Ok(root) => format!("{}/", root.display()),
            Err(_) => format!("{}: ", package["name"].as_str().unwrap()),
        };
        for site in package["unsafety"]["sites"].as_array().unwrap() {
            let text = |key: &str| site[key].as_str().unwrap();
            let (line, column) = (&site["line"], &site["column"]);
            let (file, kind, state, item) =
                (text("file"), text("kind"), text("state"), text("item"));
            all.push(format!(
                "{root}{file}:{line}:{column} {kind} {state} {item}"
            ));
        }
    }
    all
}

/// The column and the words of a mark.
fn mark(line: &str) -> Option<(usize, &str)> {
    let (before, what) = line.split_once('^')?;
    let is_mark = before.trim_start().trim_end_matches(' ') == "//";
    is_mark.then(|| (before.chars().count() + 1, what.trim()))
}
