//! What `cargo carapace unsafe` said of a workspace.

use std::path::{Component, Path, PathBuf};

use crate::json::{at, list, number_at, parse, text_at};

/// Of the document `carapace/1`, what is compared.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) packages: Vec<Package>,
}

/// A package whose sources were at hand.
#[derive(Debug)]
pub(crate) struct Package {
    /// Name and version.
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    pub(crate) sites: Vec<Site>,
}

/// An unsafe site, listed.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) file: PathBuf,
    /// From 1, as is `column`, in characters.
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) kind: String,
    pub(crate) state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    Inactive,
    Test,
    Macro,
    Unknown,
}

impl State {
    fn read(text: &str) -> Result<Self, String> {
        Ok(match text {
            "active" => Self::Active,
            "inactive" => Self::Inactive,
            "test" => Self::Test,
            "macro" => Self::Macro,
            "unknown" => Self::Unknown,
            _ => return Err(format!("a site has the state `{text}`, which none is")),
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Test => "test",
            Self::Macro => "macro",
            Self::Unknown => "unknown",
        }
    }
}

impl Report {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let document = parse(text)?;
        if text_at(&document, "/schema")? != "carapace/1" {
            return Err("not of the schema carapace/1".to_owned());
        }
        let mut packages = Vec::new();
        for package in list(&document, "/packages")? {
            let Some(unsafety) = package.get("unsafety").filter(|value| !value.is_null()) else {
                continue;
            };
            let (name, version) = (text_at(package, "/name")?, text_at(package, "/version")?);
            let root = normal(Path::new(text_at(package, "/root_dir")?));
            let mut sites = Vec::new();
            for site in list(unsafety, "/sites")? {
                // All that the schema requires of a site, compared or not.
                for field in ["/item", "/operations", "/safety_comment", "/public"] {
                    at(site, field)?;
                }
                sites.push(Site {
                    file: normal(&root.join(text_at(site, "/file")?)),
                    line: number_at(site, "/line")?,
                    column: number_at(site, "/column")?,
                    kind: text_at(site, "/kind")?.to_owned(),
                    state: State::read(text_at(site, "/state")?)?,
                });
            }
            packages.push(Package {
                name: format!("{name} {version}"),
                root,
                sites,
            });
        }
        Ok(Self { packages })
    }
}

/// A path without `.` and `..`, by its text alone, as the oracle writes it.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            _ => normal.push(component),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = r#"{"file": "src/../shared.rs", "line": 3, "column": 5, "kind": "block",
        "state": "active", "item": "f", "operations": [], "safety_comment": false, "public": false}"#;

    fn document(site: &str) -> String {
        format!(
            r#"{{"schema": "carapace/1", "packages": [
                {{"name": "a", "version": "1.0.0", "root_dir": "/w/./a",
                  "unsafety": {{"forbids": false, "counts": {{}}, "sites": [{site}]}}}},
                {{"name": "b", "version": "1.0.0", "unsafety": null}},
                {{"name": "c", "version": "1.0.0"}}]}}"#
        )
    }

    #[test]
    fn packages_with_sources_are_read() {
        let report = Report::read(&document(SITE)).unwrap();
        assert_eq!(report.packages.len(), 1);
        let package = &report.packages[0];
        assert_eq!(package.name, "a 1.0.0");
        assert_eq!(package.sites[0].file, Path::new("/w/a/shared.rs"));
        assert_eq!(package.sites[0].state, State::Active);
    }

    #[test]
    fn another_document_is_an_error() {
        for wrong in [
            String::new(),
            "{}".to_owned(),
            document(SITE).replace("carapace/1", "carapace/2"),
            document(&SITE.replace("active", "compiled")),
            document(&SITE.replace("\"line\": 3, ", "")),
            document(&SITE.replace("\"public\": false", "\"more\": 1")),
        ] {
            assert!(Report::read(&wrong).is_err(), "{wrong}");
        }
    }
}
