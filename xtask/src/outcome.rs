//! What a run found, as a set that can be compared whatever program and format it comes from.

use std::fmt;

use serde_json::Value;

use crate::json::{at, count, list, parse, text_at};

/// One advisory that speaks of one package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    /// `vulnerability`, `unmaintained`, `unsound`, `notice`, …
    pub(crate) kind: String,
    /// The advisory's id; empty where there is none.
    pub(crate) advisory: String,
    pub(crate) package: String,
    pub(crate) version: String,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, advisory) = (&self.kind, &self.advisory);
        write!(f, "{kind} {advisory} {}@{}", self.package, self.version)
    }
}

/// What a run found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// How many packages it looked at.
    pub(crate) packages: u64,
    /// Sorted; what was found twice is in it twice.
    pub(crate) items: Vec<Item>,
}

const VULNERABILITY: &str = "vulnerability";

impl Outcome {
    fn new(packages: u64, mut items: Vec<Item>) -> Self {
        items.sort();
        Self { packages, items }
    }

    /// Reads cargo-audit's JSON.
    pub(crate) fn from_cargo_audit(text: &str) -> Result<Self, String> {
        let document = parse(text)?;
        let mut items = Vec::new();
        for entry in list(&document, "/vulnerabilities/list")? {
            items.push(audited(VULNERABILITY, entry)?);
        }
        let warnings = at(&document, "/warnings")?.as_object();
        for (kind, entries) in warnings.ok_or("`/warnings` is no object")? {
            for entry in list(entries, "")? {
                items.push(audited(kind, entry)?);
            }
        }
        let packages = count(&document, "/lockfile/dependency-count")?;
        Ok(Self::new(packages, items))
    }

    /// Reads a document of the schema `carapace/1`. Possible matches by name alone, which
    /// cargo-audit does not know, are left out.
    pub(crate) fn from_carapace(text: &str) -> Result<Self, String> {
        let document = parse(text)?;
        if text_at(&document, "/schema")? != "carapace/1" {
            return Err("not of the schema carapace/1".to_owned());
        }
        let mut items = Vec::new();
        for finding in list(&document, "/findings")? {
            if text_at(finding, "/code")? == "ADV006" {
                continue;
            }
            let id = text_at(finding, "/package")?;
            let name_and_version = id.rsplit_once('#').map_or(id, |(_, rest)| rest);
            let (package, version) = name_and_version
                .rsplit_once('@')
                .ok_or_else(|| format!("`{id}` does not end with NAME@VERSION"))?;
            items.push(Item {
                kind: text_at(finding, "/advisory/kind")?.to_owned(),
                advisory: text_at(finding, "/advisory/id")?.to_owned(),
                package: package.to_owned(),
                version: version.to_owned(),
            });
        }
        let inputs = list(&document, "/inputs")?;
        let packages = inputs.iter().map(|input| count(input, "/packages"));
        Ok(Self::new(packages.sum::<Result<u64, String>>()?, items))
    }

    /// Reads what is expected of a lockfile.
    pub(crate) fn from_expected(text: &str) -> Result<Self, String> {
        let document = parse(text)?;
        let mut items = Vec::new();
        for (place, kinds) in [("/vulnerabilities", 0), ("/warnings", 1)] {
            for row in list(&document, place)? {
                let row: Option<Vec<&str>> = list(row, "")?.iter().map(Value::as_str).collect();
                let row = row.ok_or_else(|| format!("`{place}` holds more than texts"))?;
                let (kind, rest) = match kinds {
                    0 => (Some(&VULNERABILITY), &row[..]),
                    _ => (row.first(), row.get(1..).unwrap_or_default()),
                };
                let (Some(kind), [advisory, package, version]) = (kind, rest) else {
                    return Err(format!("`{place}` has a row of another length"));
                };
                let [kind, advisory, package, version] =
                    [kind, advisory, package, version].map(|text| (*text).to_owned());
                items.push(Item {
                    kind,
                    advisory,
                    package,
                    version,
                });
            }
        }
        Ok(Self::new(count(&document, "/packages")?, items))
    }

    pub(crate) fn has_vulnerability(&self) -> bool {
        self.items.iter().any(|item| item.kind == VULNERABILITY)
    }

    /// What `other` has more and less; empty if both are the same.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        if self.packages != other.packages {
            differences.push(format!(
                "{} packages instead of {}",
                other.packages, self.packages
            ));
        }
        for (mark, all, known) in [
            ("-", &self.items, &other.items),
            ("+", &other.items, &self.items),
        ] {
            let mut known = known.clone();
            for item in all {
                match known.iter().position(|k| k == item) {
                    Some(at) => drop(known.remove(at)),
                    None => differences.push(format!("{mark} {item}")),
                }
            }
        }
        differences
    }
}

fn audited(kind: &str, entry: &Value) -> Result<Item, String> {
    // A yanked package has no advisory.
    let advisory = entry.pointer("/advisory/id").and_then(Value::as_str);
    Ok(Item {
        kind: kind.to_owned(),
        advisory: advisory.unwrap_or_default().to_owned(),
        package: text_at(entry, "/package/name")?.to_owned(),
        version: text_at(entry, "/package/version")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: &str = r#"{"packages": 3,
        "vulnerabilities": [["RUSTSEC-1", "a", "1.0.0"]],
        "warnings": [["unsound", "RUSTSEC-2", "b", "2.0.0"]]}"#;

    #[test]
    fn all_three_forms_say_the_same() {
        let expected = Outcome::from_expected(EXPECTED).unwrap();
        let audit = r#"{"lockfile": {"dependency-count": 3},
            "vulnerabilities": {"list": [{"advisory": {"id": "RUSTSEC-1"}, "package": {"name": "a", "version": "1.0.0"}}]},
            "warnings": {"unsound": [{"kind": "unsound", "advisory": {"id": "RUSTSEC-2"}, "package": {"name": "b", "version": "2.0.0"}}]}}"#;
        assert_eq!(Outcome::from_cargo_audit(audit).unwrap(), expected);
        let carapace = r#"{"schema": "carapace/1", "inputs": [{"packages": 3}], "findings": [
            {"code": "ADV003", "package": "registry+u#b@2.0.0", "advisory": {"id": "RUSTSEC-2", "kind": "unsound"}},
            {"code": "ADV006", "package": "c@1.0.0"},
            {"code": "ADV001", "package": "a@1.0.0", "advisory": {"id": "RUSTSEC-1", "kind": "vulnerability"}}]}"#;
        assert_eq!(Outcome::from_carapace(carapace).unwrap(), expected);
        assert!(expected.has_vulnerability());
        assert!(expected.differences(&expected).is_empty());
    }

    #[test]
    fn more_less_and_twice_are_differences() {
        let expected = Outcome::from_expected(EXPECTED).unwrap();
        let mut other = expected.clone();
        other.packages = 4;
        other.items[0] = other.items[1].clone();
        let differences = expected.differences(&other);
        assert_eq!(
            differences,
            [
                "4 packages instead of 3",
                "- unsound RUSTSEC-2 b@2.0.0",
                "+ vulnerability RUSTSEC-1 a@1.0.0"
            ]
        );
    }

    #[test]
    fn what_is_no_such_document_is_an_error() {
        for wrong in [
            "",
            "{}",
            r#"{"packages": 1, "vulnerabilities": [["a"]], "warnings": []}"#,
        ] {
            assert!(Outcome::from_expected(wrong).is_err(), "{wrong}");
            assert!(Outcome::from_carapace(wrong).is_err(), "{wrong}");
            assert!(Outcome::from_cargo_audit(wrong).is_err(), "{wrong}");
        }
    }
}
