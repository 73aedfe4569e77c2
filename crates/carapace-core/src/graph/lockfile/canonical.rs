//! The fast reader: exactly the shape that cargo writes.
//!
//! One pass over the bytes, no copy of any text. Whatever differs by a byte from what cargo's
//! serializer emits (`cargo::ops::lockfile::serialize_resolve`): another key, another order, an
//! escape in a string, a carriage return, a stray space: `None`, and the general reader decides.

use std::borrow::Cow;

use super::{Entry, Lockfile, NEWEST_VERSION, Span};

/// Reads a lockfile that is written as cargo writes it; `None` for any other text.
#[must_use]
pub fn read(text: &str) -> Option<Lockfile<'_>> {
    if !is_plain(text) || u32::try_from(text.len()).is_err() {
        return None;
    }
    let mut at = Cursor {
        bytes: text.as_bytes(),
        at: 0,
        line: 1,
    };
    let mut lockfile = Lockfile::empty(Cow::Borrowed(text));
    // Of large real files, a package takes 250 bytes and a dependency 50.
    lockfile.packages = Vec::with_capacity(text.len() / 250 + 1);
    lockfile.dependencies = Vec::with_capacity(text.len() / 50 + 1);
    while at.eat(b"#") {
        at.skip_line();
    }
    let mut version = None;
    if at.eat(b"version = ") {
        let digit = at.bytes.get(at.at).copied().filter(u8::is_ascii_digit)?;
        version = Some(u32::from(digit - b'0')).filter(|v| (1..=NEWEST_VERSION).contains(v));
        version?;
        at.at += 1;
        at.end_of_line()?;
    }
    at.blank_lines();
    let mut in_patches = false;
    while !at.is_at_end() {
        if !in_patches && at.eat(b"[[package]]\n") {
            at.line += 1;
            let entry = entry(&mut at, &mut lockfile.dependencies)?;
            lockfile.packages.push(entry);
        } else if at.eat(b"[[patch.unused]]\n") {
            at.line += 1;
            in_patches = true;
            let entry = entry(&mut at, &mut lockfile.dependencies)?;
            lockfile.unused_patches.push(entry);
        } else if at.eat(b"[metadata]\n") {
            at.line += 1;
            while at.eat(b"\"") {
                let key = at.string()?;
                if !at.eat(b" = \"") {
                    return None;
                }
                let value = at.string()?;
                at.end_of_line()?;
                lockfile.checksums.push((key, value));
            }
            if !at.is_at_end() {
                return None;
            }
        } else {
            return None;
        }
    }
    // TOML refuses a repeated key, and the general reader sorts them; cargo writes them sorted.
    let mut keys = lockfile.checksums().map(|(key, _)| key);
    let mut last = keys.next();
    for key in keys {
        if last.replace(key) >= Some(key) {
            return None;
        }
    }
    if lockfile.packages.is_empty() {
        return None;
    }
    lockfile.version = version.unwrap_or_else(|| lockfile.version_without_marker());
    Some(lockfile)
}

/// The keys after a header, in cargo's order, up to the blank line or the end.
fn entry(at: &mut Cursor<'_>, dependencies: &mut Vec<Span>) -> Option<Entry> {
    let line = at.line;
    let name = at.key(b"name = \"")??;
    let version = at.key(b"version = \"")??;
    let source = at.key(b"source = \"")?;
    let checksum = at.key(b"checksum = \"")?;
    let start = u32::try_from(dependencies.len()).ok()?;
    let mut replace = None;
    if at.eat(b"dependencies = [\n") {
        at.line += 1;
        while at.eat(b" \"") {
            dependencies.push(at.string()?);
            if !at.eat(b",\n") {
                return None;
            }
            at.line += 1;
        }
        if !at.eat(b"]") {
            return None;
        }
        at.end_of_line()?;
    } else {
        replace = at.key(b"replace = \"")?;
    }
    let end = u32::try_from(dependencies.len()).ok()?;
    // Old releases of cargo ended the file with more than one newline.
    (at.blank_lines() || at.is_at_end()).then_some(Entry {
        name,
        version,
        source: source.unwrap_or(Span::NONE),
        checksum: checksum.unwrap_or(Span::NONE),
        replace: replace.unwrap_or(Span::NONE),
        dependencies: Span { start, end },
        line,
    })
}

/// Nothing that TOML would read as more than itself inside a basic string, nor refuse in a comment:
/// no escapes, no control characters but the end of a line.
fn is_plain(text: &str) -> bool {
    // Without an early exit this compiles to vector instructions.
    text.bytes().fold(true, |plain, byte| {
        plain & ((byte >= 0x20) | (byte == b'\n')) & (byte != b'\\') & (byte != 0x7f)
    })
}

/// Where the first quote or line's end is. Strings are short here: eight bytes at a time in a
/// register find it before a search with wider ones has begun.
fn quote_or_line_end(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    // The lowest marked byte is zero; bytes above it may be marked wrongly (Sean Eron Anderson,
    // "Bit Twiddling Hacks", hasless). Only the lowest is used.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let ends = zeros(word ^ (ONES * u64::from(b'\n')));
        let marked = quotes | ends;
        if marked != 0 {
            return Some(index * 8 + (marked.trailing_zeros() / 8) as usize);
        }
    }
    let in_tail = tail.iter().position(|b| *b == b'"' || *b == b'\n')?;
    Some(words.len() * 8 + in_tail)
}

/// A place in the text, and the line, from 1, that it is on.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Goes behind a text if it stands here.
    fn eat<const N: usize>(&mut self, text: &[u8; N]) -> bool {
        let found = self.rest().first_chunk() == Some(text);
        if found {
            self.at += N;
        }
        found
    }

    /// Goes behind the string that has begun here.
    fn string(&mut self) -> Option<Span> {
        let rest = self.rest();
        let length = quote_or_line_end(rest)?;
        // A string ends on the line that it begins on.
        if rest.get(length) != Some(&b'"') {
            return None;
        }
        let start = u32::try_from(self.at).ok()?;
        self.at += length + 1;
        let end = u32::try_from(self.at - 1).ok()?;
        Some(Span { start, end })
    }

    /// The value of a key with the quote that begins it, to the line's end. `Some(None)` if the key
    /// does not stand here, `None` if its value is not a plain string.
    #[expect(clippy::option_option, reason = "absent and malformed differ")]
    fn key<const N: usize>(&mut self, key: &[u8; N]) -> Option<Option<Span>> {
        if !self.eat(key) {
            return Some(None);
        }
        let value = self.string()?;
        self.end_of_line()?;
        Some(Some(value))
    }

    /// Goes to the next line, if this one ends here.
    fn end_of_line(&mut self) -> Option<()> {
        if self.is_at_end() {
            return Some(());
        }
        let ends = self.eat(b"\n");
        self.line += 1;
        ends.then_some(())
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        self.line += 1;
    }

    /// Goes behind blank lines; whether there were any.
    fn blank_lines(&mut self) -> bool {
        let before = self.at;
        while self.eat(b"\n") {
            self.line += 1;
        }
        self.at != before
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
        let lines: Vec<u32> = lockfile.packages().map(|package| package.line()).collect();
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

    proptest::proptest! {
        #[test]
        fn the_first_quote_or_line_end_is_found(text in "[a\u{21}\u{23}\u{0b}\"\n]{0,40}") {
            let bytes = text.as_bytes();
            let expected = bytes.iter().position(|b| *b == b'"' || *b == b'\n');
            proptest::prop_assert_eq!(quote_or_line_end(bytes), expected);
        }
    }
}
