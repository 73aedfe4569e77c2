//! Changes of files as a unified diff, which `git apply` and `patch -p1` take.
//!
//! *Invariants.* A line is what ends with `\n`, and nothing else: a `\r` before it is a part of the
//! line. What the patch says of a text is so to the byte, the missing end of a last line too.

use std::fmt::Write as _;

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

/// Lines around a change.
const CONTEXT: usize = 3;

/// A file before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed<'a> {
    /// Its path from where the patch is applied, with `/`.
    pub file: &'a str,
    /// Its text as it is.
    pub before: &'a str,
    /// Its text as it shall be.
    pub after: &'a str,
}

/// The patch for some files, in the order of their paths; empty where nothing changes.
#[must_use]
pub fn unified<'a>(files: impl IntoIterator<Item = Changed<'a>>) -> String {
    let mut files: Vec<Changed<'a>> = files.into_iter().collect();
    files.sort_unstable();
    let mut patch = String::new();
    for file in files.iter().filter(|file| file.before != file.after) {
        of_file(&mut patch, file);
    }
    patch
}

fn of_file(patch: &mut String, file: &Changed<'_>) {
    let before: Vec<&str> = file.before.split_inclusive('\n').collect();
    let after: Vec<&str> = file.after.split_inclusive('\n').collect();
    let (old, new) = (name("a", file.file), name("b", file.file));
    // A text of a string cannot refuse to be written to.
    let _ = writeln!(patch, "diff --git {old} {new}");
    let _ = writeln!(patch, "--- {old}{}", behind(&old));
    let _ = writeln!(patch, "+++ {new}{}", behind(&new));
    let changes = capture_diff_slices(Algorithm::Myers, &before, &after);
    for hunk in group_diff_ops(changes, CONTEXT) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
            continue;
        };
        let old = range(first.old_range().start, last.old_range().end);
        let new = range(first.new_range().start, last.new_range().end);
        let _ = writeln!(patch, "@@ -{old} +{new} @@");
        for change in &hunk {
            of_change(patch, change, &before, &after);
        }
    }
}

fn of_change(patch: &mut String, change: &DiffOp, before: &[&str], after: &[&str]) {
    let (tag, old, new) = change.as_tag_tuple();
    let old = before.get(old).unwrap_or_default();
    let new = after.get(new).unwrap_or_default();
    if tag == DiffTag::Equal {
        return lines(patch, ' ', old);
    }
    lines(patch, '-', old);
    lines(patch, '+', new);
}

fn lines(patch: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        patch.push(sign);
        patch.push_str(line);
        if !line.ends_with('\n') {
            patch.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// A range of lines as patches write it: an empty one is named by the line before.
fn range(start: usize, end: usize) -> String {
    match end.saturating_sub(start) {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    }
}

/// A path as git writes it: one that holds what could be taken for something else is quoted.
fn name(side: &str, file: &str) -> String {
    let is_plain = |c: char| !c.is_control() && c != '"' && c != '\\';
    if file.chars().all(is_plain) {
        return format!("{side}/{file}");
    }
    let mut quoted = format!("\"{side}/");
    for character in file.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            plain if is_plain(plain) => quoted.push(plain),
            control => {
                for byte in control.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
        }
    }
    quoted.push('"');
    quoted
}

/// What tells where a name ends that has a blank in it.
fn behind(name: &str) -> &'static str {
    match name.contains(' ') && !name.starts_with('"') {
        true => "\t",
        false => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(file: &str, before: &str, after: &str) -> String {
        unified([Changed {
            file,
            before,
            after,
        }])
    }

    #[test]
    fn a_change_stands_among_its_lines() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n";
        assert_eq!(
            patch("src/a b.rs", before, after),
            "diff --git a/src/a b.rs b/src/a b.rs\n--- a/src/a b.rs\t\n+++ b/src/a b.rs\t\n\
             @@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        );
        assert_eq!(patch("a", before, before), "");
    }

    #[test]
    fn ends_of_lines_are_told_as_they_are() {
        assert_eq!(
            patch("a", "x\r\ny", "x\r\nz\n"),
            "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n x\r\n-y\n\
             \\ No newline at end of file\n+z\n"
        );
        assert!(patch("a", "", "x\n").contains("@@ -0,0 +1 @@\n+x\n"));
        assert!(patch("a", "x\n", "").contains("@@ -1 +0,0 @@\n-x\n"));
    }

    #[test]
    fn names_cannot_end_a_line() {
        let patch = patch("a\n\"b", "x\n", "y\n");
        assert!(patch.starts_with("diff --git \"a/a\\012\\\"b\" \"b/a\\012\\\"b\"\n"));
    }

    #[test]
    fn files_come_in_order() {
        let of = |file| Changed {
            file,
            before: "x\n",
            after: "y\n",
        };
        let patch = unified([of("b"), of("a")]);
        assert!(patch.find("a/a").unwrap() < patch.find("a/b").unwrap());
    }
}
