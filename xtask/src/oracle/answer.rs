//! What rustc said of a workspace.

use std::collections::BTreeSet;
use std::path::PathBuf;

use carapace_core::census::compiled::lint::{is_judged, kind_of};
use carapace_core::facts::unsafety::SiteKind;
use serde_json::Value;

use super::sources::Sources;
use crate::json::{at, flag_at, list, number_at, parse, text_at};

/// The oracle's document.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// How many crates were compiled.
    pub(crate) units: usize,
    /// The folders of their packages.
    pub(crate) packages: BTreeSet<PathBuf>,
    /// The files that they were built from.
    pub(crate) files: BTreeSet<PathBuf>,
    pub(crate) sites: Vec<Reported>,
}

/// A place that rustc reported.
#[derive(Debug, Clone)]
pub(crate) struct Reported {
    pub(crate) file: PathBuf,
    /// From 1, as is `column`, in characters.
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// The kind that a report of ours should have there.
    pub(crate) kind: &'static str,
    /// Whether the place lies in the body of a macro that was expanded.
    pub(crate) is_macro: bool,
}

impl Answer {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let document = parse(text)?;
        if at(&document, "/ok")? != &Value::Bool(true) {
            return Err("the workspace did not compile, so the answer is not whole".to_owned());
        }
        let units = list(&document, "/units")?;
        let mut answer = Self {
            units: units.len(),
            ..Self::default()
        };
        for unit in units {
            if let Some(folder) = at(unit, "/package_dir")?.as_str() {
                answer.packages.insert(PathBuf::from(folder));
            }
            for file in list(unit, "/files")? {
                answer.files.insert(PathBuf::from(text_at(file, "")?));
            }
        }
        for site in list(&document, "/sites")? {
            answer.sites.push(Reported {
                file: PathBuf::from(text_at(site, "/file")?),
                line: number_at(site, "/line")?,
                column: number_at(site, "/column")?,
                kind: known(text_at(site, "/message")?)?.name(),
                is_macro: flag_at(site, "/macro")?,
            });
        }
        Ok(answer)
    }

    /// Reads what `--compiled` keeps of each unit.
    pub(crate) fn of_units(units: &[String], sources: &mut Sources) -> Result<Self, String> {
        let mut answer = Self {
            units: units.len(),
            ..Self::default()
        };
        // Units of the same package report the same places.
        let mut seen = BTreeSet::new();
        for text in units {
            let unit = parse(text)?;
            answer
                .packages
                .insert(PathBuf::from(text_at(&unit, "/folder")?));
            for file in list(&unit, "/files")? {
                answer.files.insert(PathBuf::from(text_at(file, "")?));
            }
            for site in list(&unit, "/reported")? {
                let file = PathBuf::from(text_at(site, "/file")?);
                let (line, column) = (number_at(site, "/line")?, number_at(site, "/column")?);
                let is_macro = flag_at(site, "/in_macro")?;
                let kind = known(text_at(site, "/message")?)?;
                let (line, column) = match is_judged(kind) && !is_macro {
                    true => sources.keyword(&file, line, column),
                    false => (line, column),
                };
                if seen.insert((file.clone(), line, column, kind, is_macro)) {
                    answer.sites.push(Reported {
                        file,
                        line,
                        column,
                        kind: kind.name(),
                        is_macro,
                    });
                }
            }
        }
        Ok(answer)
    }
}

fn known(message: &str) -> Result<SiteKind, String> {
    kind_of(message).ok_or_else(|| {
        format!(
            "rustc says `{message}`, which `carapace_core::census::compiled::lint` does not know"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_each_place_once() {
        let unit = r#"{"crate_name": "a", "folder": "/w", "files": ["/w/src/lib.rs"],
            "reported": [{"file": "/w/src/lib.rs", "line": 2, "column": 1, "in_macro": false,
                "message": "declaration of an `unsafe` function"}]}"#;
        let text = "\npub unsafe fn f() {}\n";
        let mut sources = Sources::default().with("/w/src/lib.rs", text);
        let units = [unit.to_owned(), unit.to_owned()];
        let answer = Answer::of_units(&units, &mut sources).unwrap();
        assert_eq!((answer.units, answer.sites.len()), (2, 1));
        let site = &answer.sites[0];
        assert_eq!((site.line, site.column, site.kind), (2, 5, "fn"));
    }

    #[test]
    fn only_a_whole_answer_is_taken() {
        let site = r#"{"crate": "a", "kind": "lib", "file": "/w/src/lib.rs", "line": 3, "column": 5,
            "message": "usage of an `unsafe` block", "macro": false}"#;
        let of = |ok: &str, site: &str| {
            Answer::read(&format!(
                r#"{{"ok": {ok}, "units": [{{"crate": "a", "kind": "lib", "package_dir": "/w",
                    "files": ["/w/src/lib.rs"]}}], "sites": [{site}]}}"#
            ))
        };
        let answer = of("true", site).unwrap();
        assert_eq!((answer.units, answer.sites.len()), (1, 1));
        assert!(answer.files.contains(&PathBuf::from("/w/src/lib.rs")));
        assert_eq!(answer.sites[0].kind, "block");
        assert!(of("false", site).is_err());
        let error = of("true", &site.replace("usage of", "use of")).unwrap_err();
        assert!(error.contains("use of an"), "{error}");
        assert!(Answer::read("").is_err());
    }
}
