//! What rustc and clippy said of a workspace's sites.
//!
//! An answer is a list of diagnostics, each with its place, of two passes: `clippy`, over the sources
//! as they are, and `erased`, over a copy in which every `unsafe` before a brace is blank, so that
//! rustc names each operation that needed it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::json::{flag_at, number_at, parse, text_at};

/// A line and a column, from 1.
pub(crate) type Place = (usize, usize);

#[derive(Debug, Default)]
pub(crate) struct Truth {
    /// The folders of packages, by the names of crates.
    pub(crate) packages: BTreeMap<String, PathBuf>,
    pub(crate) sites: Vec<Judged>,
}

/// A site and what is said of it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) file: PathBuf,
    pub(crate) start: Place,
    pub(crate) end: Place,
    pub(crate) kind: &'static str,
    /// None where the operations of its crate are not known.
    pub(crate) operations: Option<BTreeSet<&'static str>>,
    pub(crate) documented: Documented,
}

/// What is said of a site's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Documented {
    /// Whether it has a comment.
    Comment(bool),
    /// It lacks a section.
    NoSection,
    NotJudged,
}

struct Record<'a> {
    value: &'a Value,
    crate_name: &'a str,
    lint: &'a str,
    message: &'a str,
    file: PathBuf,
    start: Place,
    end: Place,
    erased: bool,
    in_macro: bool,
}

impl<'a> Record<'a> {
    fn read(value: &'a Value) -> Result<Self, String> {
        Ok(Self {
            value,
            crate_name: text_at(value, "/crate")?,
            lint: text_at(value, "/lint")?,
            message: text_at(value, "/message")?,
            file: PathBuf::from(text_at(value, "/file")?),
            start: (number_at(value, "/line")?, number_at(value, "/column")?),
            end: (
                number_at(value, "/end_line")?,
                number_at(value, "/end_column")?,
            ),
            erased: text_at(value, "/pass")? == "erased",
            in_macro: flag_at(value, "/macro")?,
        })
    }

    fn holds(&self, other: &Record<'_>) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The kind of an operation, as `group` has it.
    fn operation(&self) -> Result<&'static str, String> {
        let label = self.value.get("label").and_then(Value::as_str);
        let label = label.unwrap_or_default();
        Ok(match label {
            "call to unsafe function" => "call",
            "dereference of raw pointer" => "raw-deref",
            "access to union field" => "union-field",
            "use of mutable static" => "static-mut",
            "use of extern static" => "extern-static",
            "use of inline assembly" => "inline-asm",
            "call to function with `#[target_feature]`" => "target-feature",
            _ => return Err(format!("an operation is called `{label}`")),
        })
    }
}

fn kind(message: &str) -> Option<&'static str> {
    Some(match message {
        "usage of an `unsafe` block" => "block",
        "declaration of an `unsafe` function" => "fn",
        "declaration of an `unsafe` method" | "implementation of an `unsafe` method" => "method",
        "declaration of an `unsafe` trait" => "trait",
        "implementation of an `unsafe` trait" => "impl",
        _ => return None,
    })
}

impl Truth {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let document = parse(text)?;
        let values = document.as_array().ok_or("no list")?;
        let mut truth = Self::default();
        let mut by_file: BTreeMap<PathBuf, Vec<Record<'_>>> = BTreeMap::new();
        let mut erased_crates = BTreeSet::new();
        for value in values {
            let record = Record::read(value)?;
            let folder = PathBuf::from(text_at(value, "/package_dir")?);
            truth.packages.insert(record.crate_name.to_owned(), folder);
            if record.erased {
                erased_crates.insert(record.crate_name);
            }
            by_file.entry(record.file.clone()).or_default().push(record);
        }
        for records in by_file.values() {
            truth.file(records, &erased_crates)?;
        }
        Ok(truth)
    }

    fn file(&mut self, records: &[Record<'_>], erased: &BTreeSet<&str>) -> Result<(), String> {
        let sites = records
            .iter()
            .filter(|r| r.lint == "unsafe_code" && !r.in_macro);
        let sites: Vec<(&Record<'_>, &str)> = sites
            .filter_map(|record| Some((record, kind(record.message)?)))
            .collect();
        let mut seen = BTreeSet::new();
        for (site, kind) in &sites {
            if !seen.insert((site.start, site.end, *kind)) {
                continue;
            }
            let is_function = matches!(*kind, "fn" | "method");
            let is_known = match *kind {
                "block" => erased.contains(site.crate_name),
                _ => is_function,
            };
            let mut operations = BTreeSet::new();
            for record in records {
                let is_operation = matches!(record.lint, "E0133" | "unsafe_op_in_unsafe_fn")
                    && !record.in_macro
                    && record.erased != is_function
                    && site.holds(record);
                // Of the innermost site around.
                let is_inner = |(other, other_kind): &(&Record<'_>, &str)| {
                    *other_kind == *kind
                        && site.holds(other)
                        && (other.start, other.end) != (site.start, site.end)
                        && other.holds(record)
                };
                if is_operation && !sites.iter().any(is_inner) {
                    operations.insert(record.operation()?);
                }
            }
            let documented = match *kind {
                "block" | "impl" => {
                    let lint = "clippy::undocumented_unsafe_blocks";
                    let mut lacks = records.iter().filter(|record| record.lint == lint);
                    Documented::Comment(!lacks.any(|record| record.start == site.start))
                }
                _ => {
                    let lint = "clippy::missing_safety_doc";
                    let mut lacks = records.iter().filter(|record| record.lint == lint);
                    match lacks.any(|record| record.start == site.start) {
                        true => Documented::NoSection,
                        false => Documented::NotJudged,
                    }
                }
            };
            self.sites.push(Judged {
                file: site.file.clone(),
                start: site.start,
                end: site.end,
                kind: (*kind).to_owned().leak(),
                operations: is_known.then_some(operations),
                documented,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(pass: &str, lint: &str, message: &str, line: usize, label: &str) -> String {
        format!(
            r#"{{"crate": "a", "package_dir": "/a", "pass": "{pass}", "lint": "{lint}",
                "message": "{message}", "label": "{label}", "file": "/a/lib.rs", "line": {line},
                "column": 1, "end_line": {}, "end_column": 9, "macro": false}}"#,
            if lint == "unsafe_code" {
                line + 2
            } else {
                line
            },
        )
    }

    #[test]
    fn operations_are_those_inside() {
        let block = "usage of an `unsafe` block";
        let records = [
            record("clippy", "unsafe_code", block, 1, ""),
            record("clippy", "clippy::undocumented_unsafe_blocks", "", 1, ""),
            record("erased", "E0133", "", 2, "dereference of raw pointer"),
            record("erased", "E0133", "", 9, "call to unsafe function"),
        ];
        let truth = Truth::read(&format!("[{}]", records.join(","))).unwrap();
        assert_eq!(truth.sites.len(), 1);
        let site = &truth.sites[0];
        assert_eq!(site.operations, Some(BTreeSet::from(["raw-deref"])));
        assert_eq!(site.documented, Documented::Comment(false));
        assert_eq!(truth.packages["a"], PathBuf::from("/a"));
    }
}
