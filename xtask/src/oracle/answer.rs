//! What rustc said of a workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use carapace_core::census::compiled::lint::kind_of;
use serde_json::Value;

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
        let mut unknown = BTreeMap::new();
        for site in list(&document, "/sites")? {
            let message = text_at(site, "/message")?;
            let Some(kind) = kind_of(message) else {
                *unknown.entry(message).or_insert(0) += 1;
                continue;
            };
            answer.sites.push(Reported {
                file: PathBuf::from(text_at(site, "/file")?),
                line: number_at(site, "/line")?,
                column: number_at(site, "/column")?,
                kind: kind.name(),
                is_macro: flag_at(site, "/macro")?,
            });
        }
        match unknown.first_key_value() {
            None => Ok(answer),
            Some((message, times)) => Err(format!(
                "rustc says `{message}` {times} times: a message that `{}` does not know",
                file!()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
