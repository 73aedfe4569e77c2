//! What is written of a site's safety: a `SAFETY:` comment, or a `# Safety` section.
//!
//! What counts is what clippy takes, so that who follows its `undocumented_unsafe_blocks` and
//! `missing_safety_doc` is not told otherwise: of a function, method or trait, a section of its
//! documentation; of all else, a comment with `SAFETY:`, in any case, in the lines right above the
//! site or above the statement that it is in, or right behind the brace that opens it.
//!
//! *Invariant.* What is read is the lines right above and the comments of the site itself, so that
//! the work is linear in these.

use memchr::{memchr, memrchr};

use super::unsafety::SiteKind;
use crate::source::lexer::{Comment, TokenKind};
use crate::source::outline::{FILE, ItemKind, Mark, Outline, Source};

/// Whether a site is documented.
pub(super) fn is_documented(source: &Source<'_>, outline: &Outline, mark: &Mark) -> bool {
    let reader = Reader { source, outline };
    match mark.kind {
        SiteKind::Fn | SiteKind::Method | SiteKind::Trait | SiteKind::ExternFn => {
            reader.has_section(mark)
        }
        SiteKind::Impl => reader.is_commented(mark.token as usize, 0),
        _ => reader.is_block_commented(mark),
    }
}

struct Reader<'s, 'a> {
    source: &'s Source<'a>,
    outline: &'s Outline,
}

impl Reader<'_, '_> {
    fn is_block_commented(&self, mark: &Mark) -> bool {
        let floor = self.floor(mark);
        let token = mark.token as usize;
        if self.is_commented(token, floor) {
            return true;
        }
        if mark.body.is_some_and(|body| self.is_commented_inside(body)) {
            return true;
        }
        let element = mark.element as usize;
        let statement = mark.statement as usize;
        [element, statement]
            .into_iter()
            .filter(|start| *start < token)
            .any(|start| !self.is_branch(start) && self.is_commented(start, floor))
    }

    /// The place before which no comment is about a site: where the function begins that it is in.
    fn floor(&self, mark: &Mark) -> usize {
        let mut at = mark.item;
        while let Some(item) = self.outline.items.get(at as usize).filter(|_| at != FILE) {
            if item.kind == ItemKind::Fn {
                return self.source.token(item.head as usize).start as usize;
            }
            at = item.parent;
        }
        0
    }

    /// Whether a statement is an `if` or a `match`: what is said of these is said of no block in
    /// their conditions.
    fn is_branch(&self, statement: usize) -> bool {
        let mut at = statement;
        for _ in 0..MAX_ATTRIBUTES {
            if self.source.kind(at) != TokenKind::Pound {
                break;
            }
            at = self.source.groups.after(at + 1);
        }
        matches!(self.source.kind(at), TokenKind::If | TokenKind::Match)
    }

    /// Whether a `SAFETY:` comment ends in the line above that of a token, blank lines aside.
    fn is_commented(&self, token: usize, floor: usize) -> bool {
        let bytes = self.source.bytes;
        let mut at = line_start(bytes, self.source.token(token).start as usize);
        let Some((mut start, mut line)) = above(bytes, &mut at) else {
            return false;
        };
        if line.starts_with(b"//") {
            let mut in_example = false;
            loop {
                if start < floor {
                    return false;
                }
                in_example ^= is_fence(line);
                if !in_example && says_safety(line) {
                    return true;
                }
                match above(bytes, &mut at) {
                    Some((above, text)) if text.starts_with(b"//") => (start, line) = (above, text),
                    _ => return false,
                }
            }
        }
        // A block comment is known by its end, and counts if it begins its line.
        if !line.trim_ascii_end().ends_with(b"*/") {
            return false;
        }
        let end = start + line.trim_ascii_end().len();
        let comments = &self.source.lexed.comments;
        let behind = comments.partition_point(|comment| (comment.end as usize) < end);
        comments.get(behind).is_some_and(|comment| {
            let begin = comment.start as usize;
            let before = bytes.get(line_start(bytes, begin)..begin);
            comment.end as usize == end
                && begin >= floor
                && before.unwrap_or_default().trim_ascii().is_empty()
                && says_safety(self.text(comment))
        })
    }

    /// Whether one of the comments between a brace and what it holds says it.
    fn is_commented_inside(&self, open: u32) -> bool {
        let from = self.source.token(open as usize).end;
        let to = self.source.token(open as usize + 1).start;
        self.comments(from, to)
            .any(|comment| says_safety(self.text(comment)))
    }

    /// The comments between two places.
    fn comments(&self, from: u32, to: u32) -> impl Iterator<Item = &Comment> {
        let comments = &self.source.lexed.comments;
        let first = comments.partition_point(|comment| comment.start < from);
        let rest = comments.get(first..).unwrap_or_default();
        rest.iter().take_while(move |comment| comment.end <= to)
    }

    fn text(&self, comment: &Comment) -> &[u8] {
        let range = comment.start as usize..comment.end as usize;
        self.source.bytes.get(range).unwrap_or_default()
    }

    /// Whether the documentation of an item has a section on safety.
    fn has_section(&self, mark: &Mark) -> bool {
        let element = mark.element as usize;
        let from = element.checked_sub(1);
        let from = from.map_or(0, |before| self.source.token(before).end);
        let to = self.source.token(mark.token as usize).start;
        let is_doc = |comment: &&Comment| {
            let text = self.text(comment);
            (text.starts_with(b"///") && !text.starts_with(b"////"))
                || (text.starts_with(b"/**") && !text.starts_with(b"/***"))
        };
        let mut lines = self
            .comments(from, to)
            .filter(is_doc)
            .flat_map(|comment| self.text(comment).split(|byte| *byte == b'\n'));
        if lines.any(is_heading) {
            return true;
        }
        // `#[doc = "…"]`; what stands for a macro's documentation is handed on as such.
        (element..mark.token as usize).any(|at| {
            self.source.is_word(at, "doc")
                && self.source.kind(at + 1) == TokenKind::Eq
                && self.source.string(at + 2).is_some_and(|text| {
                    let text = text.replace("\\n", "\n");
                    text.lines().any(|line| is_heading(line.as_bytes()))
                })
        })
    }
}

/// How far back a line's begin is looked for, in bytes.
const MAX_LINE: usize = 4096;
/// How many attributes before a statement are passed over.
const MAX_ATTRIBUTES: usize = 64;

/// Where the line begins that a place is in.
fn line_start(bytes: &[u8], at: usize) -> usize {
    // A longer line is no person's, and to go back over it for each of its sites takes for ever.
    let from = at.saturating_sub(MAX_LINE);
    let before = bytes.get(from..at).unwrap_or_default();
    memrchr(b'\n', before).map_or(from, |end| from + end + 1)
}

/// The last line before a place at the begin of a line that is not blank: where its text begins, and
/// the text. The place moves there.
fn above<'a>(bytes: &'a [u8], at: &mut usize) -> Option<(usize, &'a [u8])> {
    loop {
        let end = at.checked_sub(1)?;
        *at = line_start(bytes, end);
        let line = bytes.get(*at..end).unwrap_or_default();
        let text = line.trim_ascii_start();
        if !text.is_empty() {
            return Some((*at + line.len() - text.len(), text));
        }
    }
}

/// Whether a comment has `SAFETY:` in it, in any case.
fn says_safety(comment: &[u8]) -> bool {
    const WORD: &[u8] = b"SAFETY";
    let mut rest = comment;
    while let Some(colon) = memchr(b':', rest) {
        let (before, behind) = rest.split_at_checked(colon).unwrap_or_default();
        let word = before.len().checked_sub(WORD.len());
        let word = word.and_then(|start| before.get(start..));
        if word.is_some_and(|word| word.eq_ignore_ascii_case(WORD)) {
            return true;
        }
        rest = behind.get(1..).unwrap_or_default();
    }
    false
}

/// Whether a line of a comment begins or ends an example.
fn is_fence(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    let from = text
        .iter()
        .position(|byte| *byte != b'/' && !byte.is_ascii_whitespace());
    from.and_then(|from| text.get(from..))
        .is_some_and(|text| text.starts_with(b"```"))
}

/// Whether a line of documentation is the heading of a section on safety.
fn is_heading(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    let text = [&b"///"[..], b"/**", b"*"]
        .iter()
        .find_map(|mark| text.strip_prefix(*mark))
        .unwrap_or(text);
    let text = text.trim_ascii();
    let title = text.iter().position(|byte| *byte != b'#');
    let (Some(1..=6), Some(title)) = (title, title.and_then(|at| text.get(at..))) else {
        return false;
    };
    let title = title.trim_ascii();
    let title = title.strip_suffix(b"*/").unwrap_or(title);
    // A heading may be closed by `#`, and may be emphasised or a link.
    let is_of_title = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b' ';
    let title: Vec<u8> = title.iter().copied().filter(is_of_title).collect();
    let title = title.trim_ascii().to_ascii_lowercase();
    matches!(&*title, b"safety" | b"implementation safety")
}

#[cfg(test)]
mod tests {
    use super::super::FileFacts;
    use super::super::scan::scan;

    /// Whether each site of a source is documented, in order.
    fn documented(source: &str) -> Vec<bool> {
        let facts = FileFacts::from(scan("src/lib.rs", source.as_bytes()));
        let sites = facts.sites.iter();
        sites.map(|site| site.safety_comment).collect()
    }

    #[test]
    fn comments_above_a_block_count() {
        for source in [
            "fn f() {\n    // SAFETY: x\n    unsafe { g() }\n}",
            "fn f() {\n    // safety: x\n    unsafe { g() }\n}",
            "fn f() {\n    // Text, then Safety: x\n    // and more.\n\n    unsafe { g() }\n}",
            "fn f() {\n    /* SAFETY: x\n       y */\n    unsafe { g() }\n}",
            "fn f() {\n    /// SAFETY: x\n    unsafe { g() }\n}",
            "fn f() {\n    // SAFETY: x\n    #[allow(unused)]\n    unsafe { g() }\n}",
        ] {
            assert_eq!(documented(source), [true], "{source}");
        }
    }

    #[test]
    fn comments_above_what_a_block_is_in_count() {
        for source in [
            "fn f() {\n    // SAFETY: x\n    let a =\n        h(1, unsafe { g() });\n}",
            "fn f() {\n    // SAFETY: x\n    a\n        .b(|| unsafe { g() });\n}",
            "fn f() {\n    // SAFETY: x\n    if a { unsafe { g() } }\n}",
            "fn f() {\n    match a {\n        // SAFETY: x\n        A => unsafe { g() },\n    }\n}",
            "// SAFETY: x\nconst A: u8 =\n    unsafe { g() };",
            "// SAFETY: x\nstatic A: u8 = unsafe { g() };",
        ] {
            assert_eq!(documented(source), [true], "{source}");
        }
    }

    #[test]
    fn comments_right_inside_a_block_count() {
        for source in [
            "fn f() { unsafe { // SAFETY: x\n    g() } }",
            "fn f() {\n    unsafe {\n        // SAFETY: x\n        g() } }",
        ] {
            assert_eq!(documented(source), [true], "{source}");
        }
    }

    #[test]
    fn other_comments_do_not_count() {
        for source in [
            "fn f() {\n    // SAFETY above\n    unsafe { g() }\n}",
            "fn f() {\n    // # Safety\n    unsafe { g() }\n}",
            "// SAFETY: x\nfn f() { unsafe { g() } }",
            "fn f() {\n    // SAFETY: x\n    let a = 1;\n    unsafe { g() }\n}",
            "fn f() { /* SAFETY: x */ unsafe { g() } }",
            "fn f() {\n    let s = 1; // SAFETY: x\n    unsafe { g() }\n}",
            "fn f() {\n    // SAFETY: x\n    if a &&\n        unsafe { g() } {}\n}",
            "fn f() {\n    unsafe {\n        g();\n        // SAFETY: x\n    }\n}",
            "unsafe impl Send for A {} // SAFETY: x",
        ] {
            assert_eq!(documented(source), [false], "{source}");
        }
    }

    #[test]
    fn each_block_needs_its_own() {
        let blocks = "fn f() {\n    // SAFETY: x\n    unsafe { g() };\n    unsafe { g() };\n}";
        assert_eq!(documented(blocks), [true, false]);
        let impls = "// SAFETY: x\nunsafe impl Send for A {}\nunsafe impl Sync for A {}";
        assert_eq!(documented(impls), [true, false]);
    }

    #[test]
    fn declarations_are_documented_by_a_section() {
        for (source, expected) in [
            ("/// # Safety\n/// x\npub unsafe fn f() {}", true),
            (
                "/// x\n#[inline]\n/// ## SAFETY\npub unsafe fn f() {}",
                true,
            ),
            ("#[doc = \"# Safety\"]\nunsafe fn f() {}", true),
            ("/** x\n * # Safety\n * y */\nunsafe trait T {}", true),
            ("/// # Implementation Safety\nunsafe trait T {}", true),
            ("trait T { /// # Safety\n unsafe fn f(); }", true),
            ("/// Safety: x\nunsafe fn f() {}", false),
            ("// # Safety\nunsafe fn f() {}", false),
            ("// SAFETY: x\nunsafe fn f() {}", false),
            ("/// # Safety\nfn g() {}\nunsafe fn f() {}", false),
        ] {
            assert_eq!(documented(source), [expected], "{source}");
        }
    }
}
