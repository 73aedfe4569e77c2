//! What manifests ask of the registry, and where they say so.

use std::ops::Range;

use semver::VersionReq;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The tables of dependencies; cargo still knows the spelling with `_`.
const TABLES: [&str; 5] = [
    "dependencies",
    "dev-dependencies",
    "dev_dependencies",
    "build-dependencies",
    "build_dependencies",
];

/// A manifest of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The file, as it is shown.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Whether it may be changed: a member's, in the tree that is fixed.
    pub is_editable: bool,
}

/// A requirement of a package from the registry, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The package, whatever the manifest calls it.
    pub package: String,
    /// The versions that will do.
    pub requirement: VersionReq,
    /// The same, as written.
    pub text: String,
    /// The manifest.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// Where in the manifest the value is, with its quotes, in bytes.
    pub at: Range<usize>,
    /// Whether that place may be changed.
    pub is_editable: bool,
}

/// A package in a folder, and what it asks of the registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Local {
    /// Its name.
    pub name: String,
    /// The manifest.
    pub file: String,
    /// What it asks, that which it inherits from its workspace among it.
    pub asks: Vec<Asked>,
}

/// The packages of manifests; those that inherit do so from `root`. What is no manifest gives none.
#[must_use]
pub fn locals(manifests: &[Manifest], root: Option<&Manifest>) -> Vec<Local> {
    let shared = root.map(|root| {
        parsed(&root.text)
            .and_then(|(table, before)| {
                let shared = table_of(table.get_ref().get("workspace")?)?.get("dependencies")?;
                let reader = Reader::new(root, before, &[]);
                Some(reader.table(table_of(shared)?))
            })
            .unwrap_or_default()
    });
    let shared = shared.unwrap_or_default();
    manifests
        .iter()
        .filter_map(|manifest| local(manifest, &shared))
        .collect()
}

type Keyed = (String, Asked);

fn local(manifest: &Manifest, shared: &[Keyed]) -> Option<Local> {
    let (table, before) = parsed(&manifest.text)?;
    let table = table.get_ref();
    let package = table.get("package").or_else(|| table.get("project"))?;
    let name = table_of(package)?.get("name")?.get_ref().as_str()?;
    let targets = table.get("target").and_then(table_of);
    let targets = targets.into_iter().flat_map(|targets| targets.values());
    let reader = Reader::new(manifest, before, shared);
    let asks = std::iter::once(table)
        .chain(targets.filter_map(table_of))
        .flat_map(|place| TABLES.iter().filter_map(|key| table_of(place.get(*key)?)))
        .flat_map(|table| reader.table(table))
        .map(|(_, asked)| asked)
        .collect();
    Some(Local {
        name: name.to_owned(),
        file: manifest.file.clone(),
        asks,
    })
}

/// The table of a text, and how many bytes are before it: cargo takes a byte order mark, too.
fn parsed(text: &str) -> Option<(Spanned<DeTable<'_>>, usize)> {
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    Some((DeTable::parse(bare).ok()?, text.len() - bare.len()))
}

fn table_of<'v, 't>(value: &'v Spanned<DeValue<'t>>) -> Option<&'v DeTable<'t>> {
    value.get_ref().as_table()
}

struct Reader<'a> {
    manifest: &'a Manifest,
    /// Bytes of the text that the parser was not given.
    before: usize,
    shared: &'a [Keyed],
    /// Where the lines end.
    lines: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn new(manifest: &'a Manifest, before: usize, shared: &'a [Keyed]) -> Self {
        let lines = manifest.text.match_indices('\n').map(|(at, _)| at);
        Self {
            manifest,
            before,
            shared,
            lines: lines.collect(),
        }
    }

    fn table(&self, table: &DeTable<'_>) -> Vec<Keyed> {
        let entries = table.iter();
        entries
            .filter_map(|(key, value)| self.entry(key.get_ref(), value))
            .collect()
    }

    fn entry(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Keyed> {
        let (package, requirement) = match value.get_ref() {
            DeValue::String(_) => (key, value),
            DeValue::Table(fields) => {
                let inherits = fields
                    .get("workspace")
                    .and_then(|set| set.get_ref().as_bool());
                if inherits == Some(true) {
                    let shared = self.shared.iter().find(|(name, _)| name == key)?;
                    return Some(shared.clone());
                }
                let elsewhere = ["path", "git", "registry", "registry-index"];
                if elsewhere.iter().any(|field| fields.contains_key(*field)) {
                    return None;
                }
                let package = fields.get("package");
                let package = package.and_then(|package| package.get_ref().as_str());
                (package.unwrap_or(key), fields.get("version")?)
            }
            _ => return None,
        };
        let text = requirement.get_ref().as_str()?;
        let span = requirement.span();
        let at = span.start + self.before..span.end + self.before;
        let line = self.lines.partition_point(|end| *end < at.start) + 1;
        let asked = Asked {
            package: package.to_owned(),
            requirement: VersionReq::parse(text).ok()?,
            text: text.to_owned(),
            file: self.manifest.file.clone(),
            line: u32::try_from(line).ok()?,
            at,
            is_editable: self.manifest.is_editable,
        };
        Some((key.to_owned(), asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Manifest {
        Manifest {
            file: "Cargo.toml".to_owned(),
            text: text.to_owned(),
            is_editable: true,
        }
    }

    #[test]
    fn all_ways_to_ask_are_read() {
        let member = manifest(concat!(
            "\u{feff}[package]\nname = \"app\"\n",
            "[dependencies]\na = \"1\"\nb = { version = '2', package = \"bb\" }\n",
            "c.workspace = true\nd.version = \"4\"\n",
            "here = { path = \"here\", version = \"1\" }\n",
            "[dependencies.e]\nversion = \"5\"\n",
            "[dev_dependencies]\nf = \"6\"\n",
            "[target.'cfg(unix)'.build-dependencies]\ng = \"7\"\n",
            "h = { version = \"8\", git = \"https://g.org\" }\n",
            "i = { version = \"9\", registry = \"other\" }\n",
            "[patch.crates-io]\na = { path = \"a\" }\n",
        ));
        let root =
            manifest("[workspace.dependencies]\nc = { package = \"cc\", version = \"3\" }\n");
        let locals = locals(std::slice::from_ref(&member), Some(&root));
        let asks = &locals[0].asks;
        let mut read: Vec<_> = asks.iter().map(|a| (&*a.package, &*a.text)).collect();
        read.sort_unstable();
        let expected = [
            ("a", "1"),
            ("bb", "2"),
            ("cc", "3"),
            ("d", "4"),
            ("e", "5"),
            ("f", "6"),
            ("g", "7"),
        ];
        assert_eq!(read, expected);
        for asked in asks {
            let text = match &*asked.package {
                "cc" => &root.text,
                _ => &member.text,
            };
            let quoted = text.get(asked.at.clone()).unwrap();
            assert_eq!(quoted.trim_matches(['"', '\'']), asked.text);
            let line = text.lines().nth(asked.line as usize - 1).unwrap();
            assert!(line.contains(quoted), "{line}");
        }
    }

    #[test]
    fn what_is_no_package_asks_nothing() {
        for text in [
            "",
            "[",
            "[workspace]\n",
            "package = 1",
            "[package]\nname = 1\n",
        ] {
            assert_eq!(locals(&[manifest(text)], None), []);
        }
    }
}
