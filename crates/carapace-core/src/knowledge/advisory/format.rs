//! One advisory as its maintainers write it: a fenced `toml` block, a `# Title`, a text.

use std::collections::BTreeMap;
use std::fmt;

use semver::VersionReq;
use serde::Deserialize;

use super::range::{self, RangeError};
use super::{Advisory, Affected, Collection};
use crate::knowledge::date::Date;

/// Advisories above this many bytes are set aside. The largest of the RustSec database is 30 KB.
pub const MAX_BYTES: usize = 1 << 20;

const FENCE: &str = "```toml";

/// Why an advisory could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormatError {
    /// More than [`MAX_BYTES`].
    TooLarge,
    /// Not UTF-8.
    NotText,
    /// It does not begin with a fenced `toml` block that ends.
    NoFrontMatter,
    /// No `# Title` follows the front matter.
    NoTitle,
    /// The front matter is not TOML, lacks a field or has one of another type; the parser's words.
    FrontMatter(String),
    /// The id is empty or holds what no id holds.
    Id(String),
    /// The package is empty or holds what no package's name holds.
    Package(String),
    /// The versions are no ranges.
    Versions(RangeError),
    /// A requirement of `[affected.functions]` or `[versions]` is none.
    Requirement(String),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "larger than {} KiB", MAX_BYTES >> 10),
            Self::NotText => f.write_str("not UTF-8 text"),
            Self::NoFrontMatter => f.write_str("does not begin with a ```toml block that ends"),
            Self::NoTitle => f.write_str("no `# Title` follows the front matter"),
            Self::FrontMatter(message) => write!(f, "front matter: {message}"),
            Self::Id(id) => write!(f, "`{id}` is not an advisory id"),
            Self::Package(name) => write!(f, "`{name}` is not a package name"),
            Self::Versions(error) => write!(f, "[versions]: {error}"),
            Self::Requirement(req) => write!(f, "`{req}` is not a version requirement"),
        }
    }
}

impl std::error::Error for FormatError {}

impl From<RangeError> for FormatError {
    fn from(error: RangeError) -> Self {
        Self::Versions(error)
    }
}

/// Reads an advisory.
///
/// # Errors
/// [`FormatError`] says what is wrong; the caller sets the advisory aside.
pub fn parse(bytes: &[u8], collection: Collection) -> Result<Advisory, FormatError> {
    let parts = Parts::split(text(bytes)?)?;
    let raw: RawAdvisory = toml::from_str(parts.front_matter)
        .map_err(|error| FormatError::FrontMatter(error.message().to_owned()))?;
    let meta = raw.advisory;
    let id_byte = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if meta.id.is_empty() || meta.id.len() > 64 || !meta.id.bytes().all(id_byte) {
        return Err(FormatError::Id(meta.id));
    }
    // In the index, tabs and line ends separate, and a slash keeps the collections apart.
    let separates = |c: char| c.is_control() || c == '/';
    if meta.package.is_empty() || meta.package.contains(separates) {
        return Err(FormatError::Package(meta.package));
    }
    let patched = requirements(raw.versions.patched)?;
    let unaffected = requirements(raw.versions.unaffected)?;
    let mut ranges = range::affected(unaffected.iter().chain(&patched))?;
    if meta.withdrawn.is_some() {
        ranges.clear();
    }
    let affected = match raw.affected {
        None => None,
        Some(raw) => Some(Affected {
            arch: raw.arch,
            os: raw.os,
            functions: raw
                .functions
                .into_iter()
                .map(|(path, reqs)| Ok((path, texts(&requirements(reqs)?))))
                .collect::<Result<_, FormatError>>()?,
        }),
    };
    Ok(Advisory {
        id: meta.id,
        package: meta.package,
        collection,
        date: meta.date,
        withdrawn: meta.withdrawn,
        informational: meta.informational,
        categories: meta.categories,
        keywords: meta.keywords,
        cvss: meta.cvss,
        aliases: meta.aliases,
        related: meta.related,
        url: meta.url,
        references: meta.references,
        license: meta.license,
        source: meta.source,
        expect_deleted: meta.expect_deleted,
        affected,
        patched: texts(&patched),
        unaffected: texts(&unaffected),
        ranges,
        title: Some(parts.title.to_owned()),
        description: Some(parts.description.to_owned()),
    })
}

/// What a look at an advisory tells without parsing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peek<'a> {
    /// The package that it is about.
    pub package: &'a str,
    /// The day of disclosure.
    pub date: Date,
}

/// Looks for `package` and `date` where they stand plainly in the leading `[advisory]` table;
/// `None` where only the full parser could tell.
///
/// *Invariant, fuzzed:* where this gives something and [`parse`] gives an advisory, they agree.
#[must_use]
pub fn peek(bytes: &[u8]) -> Option<Peek<'_>> {
    let front_matter = bytes.strip_prefix(FENCE.as_bytes())?;
    let end = memchr::memmem::find(front_matter, b"\n```")?;
    let front_matter = std::str::from_utf8(front_matter.get(..end)?).ok()?;
    let mut lines = front_matter.lines().map(str::trim);
    lines
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .filter(|line| *line == "[advisory]")?;
    let (mut package, mut date) = (None, None);
    for line in lines {
        // Inside a multi-line value a line means something else, and behind a header too. Since
        // TOML 1.1 an inline table may be one.
        let opens = line.bytes().any(|byte| byte == b'{')
            || line
                .as_bytes()
                .windows(3)
                .any(|w| w == b"\"\"\"" || w == b"'''");
        if line.starts_with('[') || opens {
            return None;
        }
        let value = |key: &str| line.strip_prefix(key)?.strip_suffix('"');
        if let Some(value) = value("package = \"") {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            package = Some(value).filter(|name| name.bytes().all(plain));
        } else if let Some(value) = value("date = \"") {
            date = value.parse().ok();
        }
        if let (Some(package), Some(date)) = (package, date) {
            return Some(Peek { package, date });
        }
    }
    None
}

fn text(bytes: &[u8]) -> Result<&str, FormatError> {
    if bytes.len() > MAX_BYTES {
        return Err(FormatError::TooLarge);
    }
    std::str::from_utf8(bytes).map_err(|_| FormatError::NotText)
}

fn requirements(texts: Vec<String>) -> Result<Vec<VersionReq>, FormatError> {
    let parse = |text: String| VersionReq::parse(&text).map_err(|_| FormatError::Requirement(text));
    texts.into_iter().map(parse).collect()
}

fn texts(requirements: &[VersionReq]) -> Vec<String> {
    requirements.iter().map(ToString::to_string).collect()
}

/// The three parts of an advisory's file.
struct Parts<'a> {
    front_matter: &'a str,
    title: &'a str,
    description: &'a str,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, FormatError> {
        let (front_matter, markdown) = text
            .strip_prefix(FENCE)
            .and_then(|rest| rest.split_once("\n```"))
            .ok_or(FormatError::NoFrontMatter)?;
        let markdown = markdown.trim_start().strip_prefix("# ");
        let markdown = markdown.ok_or(FormatError::NoTitle)?;
        let (title, description) = markdown.split_once('\n').unwrap_or((markdown, ""));
        Ok(Self {
            front_matter: front_matter.trim(),
            title: title.trim(),
            description: description.trim(),
        })
    }
}

#[derive(Deserialize)]
struct RawAdvisory {
    advisory: RawMetadata,
    affected: Option<RawAffected>,
    versions: RawVersions,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawMetadata {
    id: String,
    package: String,
    date: Date,
    withdrawn: Option<Date>,
    informational: Option<String>,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    keywords: Vec<String>,
    cvss: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    related: Vec<String>,
    url: Option<String>,
    #[serde(default)]
    references: Vec<String>,
    license: Option<String>,
    source: Option<String>,
    #[serde(default)]
    expect_deleted: bool,
}

#[derive(Deserialize)]
struct RawAffected {
    #[serde(default)]
    arch: Vec<String>,
    #[serde(default)]
    os: Vec<String>,
    #[serde(default)]
    functions: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct RawVersions {
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"```toml
[advisory]
id = "RUSTSEC-2099-0001"
package = "some-crate"
date = "2099-01-31"
informational = "unsound"
categories = ["memory-corruption"]
keywords = ["k"]
cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
aliases = ["CVE-2099-1"]
expect-deleted = true

[affected]
os = ["linux"]
functions = { "some_crate::f" = ["< 1.2.0"] }

[versions]
patched = [">= 1.2.0, <1.3.0", ">=1.3.5"]
unaffected = ["< 0.5"]
```

#  A title 

A text.
"#;

    fn with(from: &str, to: &str) -> Result<Advisory, FormatError> {
        assert!(WHOLE.contains(from));
        parse(WHOLE.replace(from, to).as_bytes(), Collection::Crates)
    }

    #[test]
    fn the_whole_format() {
        let advisory = with("", "").unwrap();
        assert_eq!(advisory.title.as_deref(), Some("A title"));
        assert_eq!(advisory.description.as_deref(), Some("A text."));
        assert_eq!(advisory.patched, [">=1.2.0, <1.3.0", ">=1.3.5"]);
        let ranges: Vec<String> = advisory.ranges.iter().map(ToString::to_string).collect();
        assert_eq!(ranges, ["0.5.0<1.2.0", "1.3.0<1.3.5"]);
        assert_eq!(advisory.kind(), super::super::Kind::Unsound);
        let severity = advisory.severity().unwrap();
        assert_eq!((severity.score, severity.level.name()), (9.8, "critical"));
        assert!(advisory.is_named("CVE-2099-1") && advisory.expect_deleted);
    }

    #[test]
    fn a_withdrawn_advisory_affects_nothing() {
        let advisory = with("keywords =", "withdrawn = \"2099-02-01\"\nkeywords =").unwrap();
        assert!(advisory.ranges.is_empty());
    }

    #[test]
    fn windows_line_ends_and_unknown_keys_are_read() {
        let text = WHOLE
            .replace("keywords =", "future = 1\nkeywords =")
            .replace('\n', "\r\n");
        let advisory = parse(text.as_bytes(), Collection::Crates).unwrap();
        assert_eq!(advisory.title.as_deref(), Some("A title"));
    }

    #[test]
    fn each_fault_is_told() {
        let fault = |from, to| with(from, to).unwrap_err().to_string();
        assert!(fault("```toml", "toml").contains("does not begin"));
        assert!(fault("# ", "## ").contains("no `# Title`"));
        assert!(fault("date = \"2099-01-31\"", "date = \"soon\"").contains("`soon` is no date"));
        assert!(fault("package = \"some-crate\"", "").contains("missing field `package`"));
        assert!(fault("RUSTSEC-2099-0001", "../x").contains("not an advisory id"));
        for name in ["", "a\\tb", "a\\nb", "rust/std"] {
            assert!(fault("some-crate", name).contains("not a package name"));
        }
        assert!(fault(">=1.3.5", "=>1").contains("not a version requirement"));
        assert!(fault(">=1.3.5", ">=1.2.5").contains("overlap"));
        assert!(fault("< 1.2.0\"]", "nope\"]").contains("not a version requirement"));
    }

    #[test]
    fn a_look_is_never_wrong() {
        let found = peek(WHOLE.as_bytes()).unwrap();
        assert_eq!((found.package, found.date.year()), ("some-crate", 2099));
        for hidden in [
            "package   = \"some-crate\"",
            "package = 'some-crate'",
            "\"package\" = \"some-crate\"",
        ] {
            let text = WHOLE.replace("package = \"some-crate\"", hidden);
            assert_eq!(peek(text.as_bytes()), None, "{hidden}");
        }
        let trap = WHOLE.replace(
            "[advisory]",
            "[advisory]\nx = '''\npackage = \"other\"\n'''",
        );
        assert_eq!(peek(trap.as_bytes()), None);
        let trap = WHOLE.replace("date =", "x = {\npackage = \"other\"\n}\ndate =");
        assert_eq!(
            parse(trap.as_bytes(), Collection::Crates).unwrap().package,
            "some-crate"
        );
        assert_eq!(peek(trap.as_bytes()), None);
        let trap = WHOLE.replace("[advisory]", "[x]\npackage = \"other\"\n[advisory]");
        assert_eq!(peek(trap.as_bytes()), None);
    }
}
