//! What attributes mention: macros, and names that macros make code of, in strings too.

use super::MentionKind;
use super::walk::Walk;
use crate::source::lexer::TokenKind;

/// Attributes of the language that name nothing and register nothing.
const SILENT: [&str; 40] = [
    "allow",
    "automatically_derived",
    "cfg",
    "cold",
    "coverage",
    "debugger_visualizer",
    "default",
    "deny",
    "deprecated",
    "diagnostic",
    "doc",
    "expect",
    "feature",
    "forbid",
    "ignore",
    "inline",
    "instruction_set",
    "link",
    "link_name",
    "link_ordinal",
    "macro_export",
    "macro_use",
    "must_use",
    "no_core",
    "no_implicit_prelude",
    "no_main",
    "no_std",
    "non_exhaustive",
    "optimize",
    "path",
    "recursion_limit",
    "repr",
    "rustfmt",
    "should_panic",
    "stable",
    "target_feature",
    "track_caller",
    "type_length_limit",
    "unstable",
    "warn",
];
/// Those by which other languages, or the start of the program, find an item.
const EXPORTS: [&str; 11] = [
    "alloc_error_handler",
    "export_name",
    "global_allocator",
    "lang",
    "link_section",
    "naked",
    "no_mangle",
    "panic_handler",
    "start",
    "unsafe",
    "used",
];
/// Macros of well-known packages that leave an item what it is.
const PLAIN: [&str; 4] = ["async_trait", "async_recursion", "bench", "instrument"];
/// The attributes that make an item a procedural macro, or a test.
const NAMED: [&str; 3] = ["proc_macro", "proc_macro_attribute", "test"];

impl Walk<'_, '_> {
    /// Takes in the attribute whose `#` and bracket are at these tokens, and gives the place behind.
    pub(super) fn attribute(&mut self, pound: usize, open: usize) -> usize {
        let end = self.source.groups.end(open);
        let mut work = vec![(open + 1, end)];
        while let Some((start, end)) = work.pop() {
            self.meta(pound, start, end, &mut work);
        }
        self.source.groups.after(open)
    }

    /// Takes in what stands in an attribute; what a `cfg_attr` holds comes into the work.
    fn meta(&mut self, pound: usize, start: usize, end: usize, work: &mut Vec<(usize, usize)>) {
        let source = self.source;
        // Its path, and what is behind.
        let mut at = start;
        let mut name = String::new();
        while at < end {
            match source.kind(at) {
                kind if kind.is_path_segment() || kind.is_keyword() => name = source.name(at),
                TokenKind::Colon => {}
                _ => break,
            }
            at += 1;
        }
        match name.as_str() {
            "cfg_attr" if source.kind(at) == TokenKind::OpenParen => {
                // The predicate comes first.
                let close = source.groups.end(at);
                let mut from = None;
                let mut at = at + 1;
                while at < close {
                    if source.kind(at) == TokenKind::Comma {
                        work.extend(from.map(|from| (from, at)));
                        from = Some(at + 1);
                    }
                    at = source.after_tree(at);
                }
                work.extend(from.map(|from| (from, close)));
            }
            name if SILENT.contains(&name) => {}
            name if EXPORTS.contains(&name) => self.registered_at(pound),
            "derive" => self.names(at, end, MentionKind::Macro),
            "proc_macro_derive" => self.derive_macro(at, end),
            name => {
                self.mention(MentionKind::Macro, "", name);
                self.names(at, end, MentionKind::Loose);
                if !PLAIN.contains(&name) && !NAMED.contains(&name) {
                    self.registered_at(pound);
                }
            }
        }
    }

    /// `#[proc_macro_derive(Name, …)] fn own_name`: it is called by the first.
    fn derive_macro(&mut self, from: usize, end: usize) {
        let mut names = (from..end).filter(|at| self.source.kind(*at).is_ident());
        if let Some(name) = names.next() {
            let name = self.source.name(name);
            self.alias_of_item(&name);
        }
    }

    fn names(&mut self, from: usize, end: usize, kind: MentionKind) {
        let source = self.source;
        for at in from..end {
            match source.kind(at) {
                found if found.is_ident() => self.mention(kind, "", &source.name(at)),
                TokenKind::Str | TokenKind::RawStr => self.text(at),
                _ => {}
            }
        }
    }
}
