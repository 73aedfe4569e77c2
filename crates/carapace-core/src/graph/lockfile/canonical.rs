//! The fast reader: exactly the shape that cargo writes.
//!
//! One line at a time, no copy of any text. Whatever differs by a byte from what cargo's
//! serializer emits (`cargo::ops::lockfile::serialize_resolve`): another key, another order, an
//! escape in a string, a carriage return, a stray space: `None`, and the general reader decides.

use std::borrow::Cow;

use super::{LockedPackage, Lockfile, NEWEST_VERSION, version_without_marker};

/// Reads a lockfile that is written as cargo writes it; `None` for any other text.
#[must_use]
pub fn read(text: &str) -> Option<Lockfile<'_>> {
    if !plain(text) {
        return None;
    }
    let mut lines = Lines::new(text);
    let mut lockfile = Lockfile {
        version: 0,
        packages: Vec::with_capacity(text.len() / 200),
        has_root_table: false,
        unused_patches: Vec::new(),
        dependencies: Vec::with_capacity(text.len() / 60),
        checksums: Vec::new(),
    };
    while lines.peek()?.starts_with('#') {
        lines.next();
    }
    let mut version = None;
    if let Some(number) = lines.peek()?.strip_prefix("version = ") {
        let known = number.len() == 1 && !number.starts_with('0');
        version = Some(number.parse::<u32>().ok().filter(|_| known)?);
        if version > Some(NEWEST_VERSION) {
            return None;
        }
        lines.next();
    }
    if lines.peek() == Some("") {
        lines.next();
    }
    let mut in_patches = false;
    while let Some(header) = lines.next() {
        match header {
            "[[package]]" if !in_patches => {
                let package = package(&mut lines, &mut lockfile.dependencies)?;
                lockfile.packages.push(package);
            }
            "[[patch.unused]]" => {
                in_patches = true;
                let package = package(&mut lines, &mut lockfile.dependencies)?;
                lockfile.unused_patches.push(package);
            }
            "[metadata]" => {
                while let Some(line) = lines.next() {
                    let (key, value) = metadata(line)?;
                    lockfile.checksums.push((key, value));
                }
            }
            _ => return None,
        }
    }
    // TOML refuses a repeated key and orders them; cargo writes them in that order.
    let ascending = |pair: &[(Cow<'_, str>, Cow<'_, str>)]| match pair {
        [(first, _), (second, _)] => first < second,
        _ => true,
    };
    if !lockfile.checksums.windows(2).all(ascending) {
        return None;
    }
    if lockfile.packages.is_empty() {
        return None;
    }
    lockfile.version = version.unwrap_or_else(|| version_without_marker(&lockfile.packages));
    Some(lockfile)
}

/// The keys after a header, in cargo's order, up to the blank line or the end.
fn package<'a>(
    lines: &mut Lines<'a>,
    dependencies: &mut Vec<Cow<'a, str>>,
) -> Option<LockedPackage<'a>> {
    let line = lines.number;
    let start = dependencies.len();
    let mut package = LockedPackage {
        name: Cow::Borrowed(string(lines.next()?.strip_prefix("name = ")?)?),
        version: Cow::Borrowed(string(lines.next()?.strip_prefix("version = ")?)?),
        source: None,
        checksum: None,
        replace: None,
        dependencies: start..start,
        line,
    };
    package.source = optional(lines, "source = ")?;
    package.checksum = optional(lines, "checksum = ")?;
    if lines.peek() == Some("dependencies = [") {
        lines.next();
        while let Some(entry) = lines.entry() {
            dependencies.push(Cow::Borrowed(entry));
        }
        if lines.next()? != "]" {
            return None;
        }
    } else {
        package.replace = optional(lines, "replace = ")?;
    }
    package.dependencies = start..dependencies.len();
    // Old releases of cargo ended the file with more than one newline.
    let mut ended = false;
    while lines.peek() == Some("") {
        lines.next();
        ended = true;
    }
    (ended || lines.peek().is_none()).then_some(package)
}

/// `Some(None)` if the key is not on the next line, `None` if its value is not a plain string.
#[expect(clippy::option_option, reason = "absent and malformed differ")]
fn optional<'a>(lines: &mut Lines<'a>, key: &str) -> Option<Option<Cow<'a, str>>> {
    match lines.peek().and_then(|line| line.strip_prefix(key)) {
        Some(value) => {
            lines.next();
            Some(Some(Cow::Borrowed(string(value)?)))
        }
        None => Some(None),
    }
}

/// `"KEY" = "VALUE"`, as `[metadata]` of version 1 holds.
fn metadata(line: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let (key, value) = line.strip_prefix('"')?.split_once("\" = ")?;
    if key.as_bytes().contains(&b'"') {
        return None;
    }
    Some((Cow::Borrowed(key), Cow::Borrowed(string(value)?)))
}

/// The inside of a basic TOML string without escapes.
fn string(value: &str) -> Option<&str> {
    let inside = value.strip_prefix('"')?.strip_suffix('"')?;
    (!inside.as_bytes().contains(&b'"')).then_some(inside)
}

/// Nothing that TOML would read as more than itself inside a basic string, nor refuse in a comment:
/// no escapes, no control characters but the end of a line.
fn plain(text: &str) -> bool {
    // Without an early exit this compiles to vector instructions.
    text.bytes().fold(true, |plain, byte| {
        plain & ((byte >= 0x20) | (byte == b'\n')) & (byte != b'\\') & (byte != 0x7f)
    })
}

/// Lines with their numbers. Only `\n` ends a line; a `\r` stays and makes the line foreign.
struct Lines<'a> {
    rest: &'a str,
    next: Option<&'a str>,
    /// The number, from 1, of the line that `next` gives.
    number: u32,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let mut lines = Self {
            rest: text,
            next: None,
            number: 0,
        };
        lines.next();
        lines
    }

    fn peek(&self) -> Option<&'a str> {
        self.next
    }

    /// The string of a line ` "…",`, which is most of the lines that there are; none, and nothing
    /// read, if the next line is another.
    fn entry(&mut self) -> Option<&'a str> {
        let inside = self.next?.strip_prefix(" \"")?.strip_suffix("\",")?;
        if inside.as_bytes().contains(&b'"') {
            return None;
        }
        self.next();
        Some(inside)
    }

    fn next(&mut self) -> Option<&'a str> {
        let current = self.next;
        self.number += 1;
        // Lines are short: a plain loop finds their ends sooner than a vector search begins.
        self.next = match self.rest.bytes().position(|byte| byte == b'\n') {
            Some(end) => {
                let (line, rest) = self.rest.split_at_checked(end)?;
                self.rest = rest.get(1..)?;
                Some(line)
            }
            None if self.rest.is_empty() => None,
            None => Some(std::mem::take(&mut self.rest)),
        };
        current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"# This file is automatically @generated by Cargo.
# It is not intended for manual editing.
version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "dep 1.0.0",
 "dep 2.0.0",
]

[[package]]
name = "dep"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "aa"

[[package]]
name = "dep"
version = "2.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "bb"
"#;

    fn same(text: &str) {
        let fast = read(text).expect("canonical");
        let general = super::super::general::read(text).expect("toml");
        assert_eq!(fast, general);
    }

    #[test]
    fn agrees_with_the_general_reader() {
        same(PLAIN);
        same(&PLAIN.replace("version = 4\n", ""));
        same(&format!(
            "{PLAIN}\n[[patch.unused]]\nname = \"x\"\nversion = \"1.0.0\"\n"
        ));
        same(
            "[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\n \"b 1.0.0 (registry+u)\",\n]\n\n\
             [[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"registry+u\"\n\n\
             [metadata]\n\"checksum b 1.0.0 (registry+u)\" = \"cc\"\n",
        );
    }

    #[test]
    fn lines_are_those_of_the_name() {
        let lockfile = read(PLAIN).unwrap();
        let lines: Vec<u32> = lockfile.packages.iter().map(|p| p.line).collect();
        assert_eq!(lines, [6, 14, 20]);
    }

    #[test]
    fn anything_else_is_left_to_the_general_reader() {
        for foreign in [
            "",
            "version = 4\n",
            "version = 99\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n",
            "[[package]]\nversion = \"1.0.0\"\nname = \"a\"\n",
            "[[package]]\nname = \"a\\u0041\"\nversion = \"1.0.0\"\n",
            "[[package]]\nname = \"a\"\r\nversion = \"1.0.0\"\n",
            "[[package]]\nname = 'a'\nversion = \"1.0.0\"\n",
            "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nextra = 1\n",
            "[metadata]\n\"a\" = \"1\"\n\"a\" = \"2\"\n",
            "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\n \"b\",\n",
        ] {
            assert_eq!(read(foreign), None, "{foreign:?}");
        }
    }
}
