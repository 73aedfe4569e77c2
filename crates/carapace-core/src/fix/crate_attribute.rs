//! `#![forbid(unsafe_code)]` in the root of a crate.

use std::ops::Range;

use super::Edit;

const ATTRIBUTE: &str = "#![forbid(unsafe_code)]";

/// The edit that has a crate forbid unsafe code, by the text of its root; none if the beginning of
/// the text cannot be read. A lower level of the lint is raised; else the attribute comes behind the
/// crate's documentation and attributes.
#[must_use]
pub fn forbid_unsafe(file: &str, text: &str) -> Option<Edit> {
    let head = Head::read(text)?;
    let edit = |at: Range<usize>, text: String| Edit {
        file: file.to_owned(),
        start: at.start,
        end: at.end,
        text,
    };
    if let Some(level) = head.level {
        return Some(edit(level, "forbid".to_owned()));
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (before, rest) = text.split_at_checked(head.end)?;
    let mut put = String::new();
    // A last line without an end gets one.
    if !before.is_empty() && !before.ends_with('\n') && before != BOM {
        put.push_str(end);
    }
    if head.last == Last::Documentation {
        put.push_str(end);
    }
    put.push_str(ATTRIBUTE);
    put.push_str(end);
    if !rest.is_empty() && !rest.starts_with(['\n', '\r']) {
        put.push_str(end);
    }
    Some(edit(head.end..head.end, put))
}

const BOM: &str = "\u{feff}";

/// What of a crate's own stands last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Documentation,
    Attribute,
}

/// How a crate's root begins.
struct Head {
    /// Where an attribute can be put: behind everything that is the crate's own.
    end: usize,
    last: Last,
    /// The level of a `#![…(unsafe_code)]`.
    level: Option<Range<usize>>,
}

impl Head {
    fn read(text: &str) -> Option<Self> {
        let mut at = text.strip_prefix(BOM).map_or(0, |_| BOM.len());
        let rest = |at: usize| text.get(at..).unwrap_or_default();
        // A shebang is what `#![` is not, as rustc has it.
        if rest(at).starts_with("#!") && !after_blank(rest(at + 2))?.starts_with('[') {
            at = line_end(text, at);
        }
        let mut head = Self {
            end: at,
            last: Last::Nothing,
            level: None,
        };
        loop {
            let here = rest(at);
            let blank = here.len() - here.trim_start().len();
            if blank > 0 {
                // A blank line ends a comment that is about the file, like a licence.
                let lines = here.get(..blank)?.matches('\n').count();
                let is_own = head.last == Last::Nothing && at > head.end;
                at += blank;
                if is_own && lines >= 1 && here.get(..blank)?.starts_with(['\n', '\r']) {
                    head.end = at;
                }
                continue;
            }
            let is_outer = here.starts_with("///") && !here.starts_with("////")
                || here.starts_with("/**")
                    && !here.starts_with("/***")
                    && !here.starts_with("/**/");
            if is_outer {
                break;
            }
            if here.starts_with("//") {
                let end = line_end(text, at);
                if here.starts_with("//!") {
                    head.end = end;
                    head.last = Last::Documentation;
                }
                at = end;
            } else if here.starts_with("/*") {
                let end = at + block_comment(here)?;
                if here.starts_with("/*!") {
                    head.end = own_line_end(text, end);
                    head.last = Last::Documentation;
                }
                at = end;
            } else if let Some(open) = attribute(here) {
                let inside = rest(at + open);
                let close = brackets(inside)?;
                let content = inside.get(1..close.checked_sub(1)?)?;
                if let Some(level) = level(content) {
                    let start = at + open + 1;
                    head.level = Some(start + level.start..start + level.end);
                }
                at += open + close;
                head.end = own_line_end(text, at);
                head.last = Last::Attribute;
            } else {
                break;
            }
        }
        Some(head)
    }
}

/// Behind the end of the line.
fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |end| at + end + 1)
}

/// Behind the end of the line, if nothing but blanks is in the way.
fn own_line_end(text: &str, at: usize) -> usize {
    let end = line_end(text, at);
    let is_blank = text.get(at..end).is_some_and(|rest| rest.trim().is_empty());
    if is_blank { end } else { at }
}

/// A text without the blanks and comments that it begins with; none if a comment has no end.
fn after_blank(mut text: &str) -> Option<&str> {
    loop {
        text = text.trim_start();
        if text.starts_with("//") {
            text = text.get(line_end(text, 0)..)?;
        } else if text.starts_with("/*") {
            text = text.get(block_comment(text)?..)?;
        } else {
            return Some(text);
        }
    }
}

/// How long the comment is that a text begins with; comments nest.
fn block_comment(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let next = rest.find(['/', '*'])?;
        at += next;
        let rest = text.get(at..)?;
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth = depth.checked_sub(1)?;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
}

/// Where the bracket of an inner attribute is that a text begins with.
fn attribute(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('#')?.trim_start();
    let rest = rest.strip_prefix('!')?.trim_start();
    rest.starts_with('[').then(|| text.len() - rest.len())
}

/// How long the text in brackets is that a text begins with.
fn brackets(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let first = rest.chars().next()?;
        at += match first {
            '[' | '(' | '{' => {
                depth += 1;
                1
            }
            ']' | ')' | '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
                1
            }
            '"' => string(rest)?,
            'r' if rest.starts_with("r\"") || rest.starts_with("r#") => raw_string(rest)?,
            '/' if rest.starts_with("//") => line_end(rest, 0),
            '/' if rest.starts_with("/*") => block_comment(rest)?,
            other => other.len_utf8(),
        };
    }
}

fn string(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    let mut characters = text.char_indices().skip(1);
    let end = characters.find(|(_, character)| {
        let is_end = *character == '"' && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        is_end
    })?;
    Some(end.0 + 1)
}

fn raw_string(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('r')?;
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    // `r#name` is a name.
    let Some(content) = rest.get(hashes..)?.strip_prefix('"') else {
        return Some(1 + hashes);
    };
    let end = format!("\"{}", "#".repeat(hashes));
    Some(content.find(&end)? + end.len() + hashes + 2)
}

/// Where the level stands, if this is an attribute on nothing but our lint.
fn level(content: &str) -> Option<Range<usize>> {
    let (name, lints) = content.split_once('(')?;
    let lints = lints.trim_end().strip_suffix(')')?.trim();
    let lint = lints.strip_suffix(',').unwrap_or(lints).trim_end();
    let start = name.len() - name.trim_start().len();
    let name = name.trim();
    let is_lower = matches!(name, "deny" | "warn" | "allow");
    (is_lower && lint == "unsafe_code").then(|| start..start + name.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fix::apply;

    fn fixed(text: &str) -> String {
        let edit = forbid_unsafe("lib.rs", text).unwrap();
        apply(text, [&edit]).unwrap()
    }

    #[test]
    fn it_comes_behind_what_is_the_crates_own() {
        for (text, expected) in [
            ("", "#![forbid(unsafe_code)]\n"),
            ("fn f() {}\n", "#![forbid(unsafe_code)]\n\nfn f() {}\n"),
            ("\nfn f() {}\n", "#![forbid(unsafe_code)]\n\nfn f() {}\n"),
            (
                "//! Docs.\n\nfn f() {}\n",
                "//! Docs.\n\n#![forbid(unsafe_code)]\n\nfn f() {}\n",
            ),
            (
                "//! Docs.\nfn f() {}",
                "//! Docs.\n\n#![forbid(unsafe_code)]\n\nfn f() {}",
            ),
            ("//! Docs.", "//! Docs.\n\n#![forbid(unsafe_code)]\n"),
            (
                "//! Docs.\n\n#![warn(missing_docs)]\n\nfn f() {}\n",
                "//! Docs.\n\n#![warn(missing_docs)]\n#![forbid(unsafe_code)]\n\nfn f() {}\n",
            ),
            (
                "#!/usr/bin/env run\nfn main() {}\n",
                "#!/usr/bin/env run\n#![forbid(unsafe_code)]\n\nfn main() {}\n",
            ),
            (
                "#!/usr/bin/env run",
                "#!/usr/bin/env run\n#![forbid(unsafe_code)]\n",
            ),
            (
                "#! /* x */ [allow(a)]\nfn main() {}\n",
                "#![forbid(unsafe_code)]\n\n#! /* x */ [allow(a)]\nfn main() {}\n",
            ),
            (
                "\u{feff}fn f() {}\n",
                "\u{feff}#![forbid(unsafe_code)]\n\nfn f() {}\n",
            ),
            (
                "// Licence.\n\nmod a;\n",
                "// Licence.\n\n#![forbid(unsafe_code)]\n\nmod a;\n",
            ),
            (
                "// About a.\nmod a;\n",
                "#![forbid(unsafe_code)]\n\n// About a.\nmod a;\n",
            ),
            (
                "/// Docs of a.\nmod a;\n",
                "#![forbid(unsafe_code)]\n\n/// Docs of a.\nmod a;\n",
            ),
            (
                "/*! Docs /* of */ it. */ mod a;\n",
                "/*! Docs /* of */ it. */\n\n#![forbid(unsafe_code)]\n\n mod a;\n",
            ),
            (
                "#![doc = \"] \\\" [\"]\r\n#![doc = r#\"]\"]\"#]\r\nmod a;\r\n",
                "#![doc = \"] \\\" [\"]\r\n#![doc = r#\"]\"]\"#]\r\n#![forbid(unsafe_code)]\r\n\r\nmod a;\r\n",
            ),
            (
                "#![deny(unsafe_code)]\nmod a;\n",
                "#![forbid(unsafe_code)]\nmod a;\n",
            ),
            (
                "# ! [ warn ( unsafe_code , ) ]\n",
                "# ! [ forbid ( unsafe_code , ) ]\n",
            ),
        ] {
            assert_eq!(fixed(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_left() {
        for text in ["#![doc(", "/* x", "#![doc = \"]", "#![doc = r#\"x\"]"] {
            assert_eq!(forbid_unsafe("lib.rs", text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_text_it_is_kept(text in "(//!|/\\*|\\*/|#!|\\[|\\]|\"|r#|é|\n| |a){0,12}") {
            if let Some(edit) = forbid_unsafe("lib.rs", &text) {
                let fixed = apply(&text, [&edit]).unwrap();
                prop_assert!(fixed.contains("forbid(unsafe_code)"));
                prop_assert_eq!(fixed.len(), text.len() + edit.text.len());
            }
        }
    }
}
