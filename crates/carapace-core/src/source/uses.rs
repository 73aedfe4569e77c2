//! What `use` and `extern crate` bring in.

use super::lexer::TokenKind;
use super::outline::{Source, UseDeclaration};

/// One name, or all names of a module, that a declaration brings in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The path as written, its segments without `r#`; the first is empty where it begins with `::`.
    pub path: Vec<String>,
    /// The name that it has here; none for `*`. A trait that is brought in without one has `_`.
    pub name: Option<String>,
}

/// How many names one declaration may bring in.
const MAX_IMPORTS: usize = 4096;

/// The names that a declaration brings in, in their order.
///
/// Trees are gone through with a list of work, so that their depth does not matter.
#[must_use]
pub fn imports(source: &Source<'_>, declaration: &UseDeclaration) -> Vec<Import> {
    let (start, end) = (declaration.start as usize, declaration.end as usize);
    let mut found = Vec::new();
    if declaration.is_extern_crate {
        let name = source.name(start);
        let alias = match source.kind(start + 1) {
            TokenKind::As if start + 2 < end => source.name(start + 2),
            _ => name.clone(),
        };
        let path = match name.as_str() {
            "self" => vec!["crate".to_owned()],
            _ => vec![String::new(), name],
        };
        let name = Some(alias);
        return vec![Import { path, name }];
    }
    let mut work: Vec<(usize, usize, Vec<String>)> = vec![(start, end, Vec::new())];
    while let Some((start, end, before)) = work.pop() {
        let mut at = start;
        while at < end && found.len() < MAX_IMPORTS {
            let (next, tree) = branch(source, at, end, &before);
            match tree {
                Branch::Name(import) => found.push(import),
                Branch::Group(open, path) => {
                    // What is behind the group comes after it.
                    work.push((next, end, before.clone()));
                    work.push((open + 1, source.groups.end(open), path));
                    break;
                }
                Branch::Nothing => {}
            }
            at = next.max(at + 1);
        }
    }
    found
}

enum Branch {
    Name(Import),
    /// The token that opens a group, and the path before it.
    Group(usize, Vec<String>),
    Nothing,
}

/// The branch of a tree that begins at a token, and the place behind its comma.
fn branch(source: &Source<'_>, from: usize, end: usize, before: &[String]) -> (usize, Branch) {
    let mut path = before.to_vec();
    let mut at = from;
    let mut tree = Branch::Nothing;
    while at < end {
        let kind = source.kind(at);
        match kind {
            TokenKind::Comma => return (at + 1, finish(tree, path, before)),
            TokenKind::Colon if at == from && path.is_empty() => path.push(String::new()),
            TokenKind::Colon | TokenKind::Dollar => {}
            TokenKind::Star => {
                let path = std::mem::take(&mut path);
                tree = Branch::Name(Import { path, name: None });
            }
            TokenKind::OpenBrace => {
                let next = source.groups.after(at);
                let next = next + usize::from(source.kind(next) == TokenKind::Comma);
                return (next, Branch::Group(at, path));
            }
            TokenKind::As => {
                let name = Some(source.name(at + 1));
                let path = of_self(std::mem::take(&mut path), before);
                tree = Branch::Name(Import { path, name });
                at += 1;
            }
            _ if kind.is_path_segment() => path.push(source.name(at)),
            _ => {}
        }
        at += 1;
    }
    (end, finish(tree, path, before))
}

fn finish(tree: Branch, path: Vec<String>, before: &[String]) -> Branch {
    match tree {
        Branch::Nothing if path.len() > before.len() => {
            let path = of_self(path, before);
            match path.last().cloned() {
                Some(name) => Branch::Name(Import {
                    path,
                    name: Some(name),
                }),
                None => Branch::Nothing,
            }
        }
        tree => tree,
    }
}

/// `a::{self}` is `a`.
fn of_self(mut path: Vec<String>, before: &[String]) -> Vec<String> {
    if !before.is_empty() && path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    path
}

#[cfg(test)]
mod tests {
    use super::super::outline::{Outline, Watch};
    use super::*;

    fn of(text: &str) -> Vec<(String, Option<String>)> {
        let source = Source::new(text.as_bytes());
        let outline = Outline::new(&source, Watch::default());
        let imports = outline.uses.iter().flat_map(|u| imports(&source, u));
        imports.map(|i| (i.path.join("::"), i.name)).collect()
    }

    fn named(path: &str, name: &str) -> (String, Option<String>) {
        (path.to_owned(), Some(name.to_owned()))
    }

    #[test]
    fn trees_are_taken_apart() {
        let text = "use a::{self, b::{c, d as e}, f::*, r#type}; use ::g as _; use h;";
        let expected = [
            named("a", "a"),
            named("a::b::c", "c"),
            named("a::b::d", "e"),
            ("a::f".to_owned(), None),
            named("a::type", "type"),
            named("::g", "_"),
            named("h", "h"),
        ];
        assert_eq!(of(text), expected);
    }

    #[test]
    fn crates_are_named() {
        let text =
            "extern crate a; extern crate b as c; extern crate self as me; use self::x as y;";
        let expected = [
            named("::a", "a"),
            named("::b", "c"),
            named("crate", "me"),
            named("self::x", "y"),
        ];
        assert_eq!(of(text), expected);
    }

    #[test]
    fn depth_does_not_matter() {
        let text = format!("use {}x{};", "a::{".repeat(2000), "}".repeat(2000));
        assert_eq!(of(&text).len(), 1);
    }
}
