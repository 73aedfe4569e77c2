//! Every `unsafe` is accounted for, once: held against rustc's own lexer.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ra_ap_rustc_lexer::{FrontmatterAllowed, TokenKind, strip_shebang, tokenize};
use serde_json::Value;

/// Where the keyword stands in a text.
pub(crate) fn keywords(text: &str) -> Vec<usize> {
    let mut at = strip_shebang(text).unwrap_or(0);
    let mut found = Vec::new();
    for token in tokenize(&text[at..], FrontmatterAllowed::No) {
        let end = at + token.len as usize;
        if token.kind == TokenKind::Ident && &text[at..end] == "unsafe" {
            found.push(at);
        }
        at = end;
    }
    found
}

/// Finds the offsets of places that come in order.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    line: u64,
    column: u64,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        let at = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
        Self {
            text,
            at,
            line: 1,
            column: 1,
        }
    }

    fn offset(&mut self, line: u64, column: u64) -> usize {
        for found in self.text[self.at..].chars() {
            if (self.line, self.column) >= (line, column) {
                break;
            }
            self.at += found.len_utf8();
            self.column += 1;
            if found == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            }
        }
        assert_eq!((self.line, self.column), (line, column), "no such place");
        self.at
    }
}

/// The `unsafe` that a site stands for: the one there, or that of the attribute which begins there.
fn keyword(text: &str, at: usize, keywords: &[usize]) -> Option<usize> {
    if keywords.binary_search(&at).is_ok() {
        return Some(at);
    }
    let rest = text[at..].strip_prefix('#')?.trim_start();
    let rest = rest.strip_prefix('!').unwrap_or(rest).trim_start();
    let rest = rest.strip_prefix('[')?.trim_start();
    let at = text.len() - rest.len();
    keywords.binary_search(&at).is_ok().then_some(at)
}

/// That the sites of all packages of a document stand for each `unsafe` of their files once.
pub(crate) fn accounted(document: &Value) {
    for package in document["packages"].as_array().unwrap() {
        let root = Path::new(package["root_dir"].as_str().unwrap());
        let mut by_file: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for site in package["unsafety"]["sites"].as_array().unwrap() {
            let file = site["file"].as_str().unwrap();
            by_file.entry(file).or_default().push(site);
        }
        for file in sources(root) {
            by_file.entry(Box::leak(file.into_boxed_str())).or_default();
        }
        for (file, sites) in by_file {
            let Ok(bytes) = fs::read(root.join(file)) else {
                continue;
            };
            let text = String::from_utf8(bytes).unwrap();
            let expected = keywords(&text);
            let mut cursor = Cursor::new(&text);
            let mut found: Vec<usize> = sites
                .iter()
                .filter_map(|site| {
                    let number = |key: &str| site[key].as_u64().unwrap();
                    let at = cursor.offset(number("line"), number("column"));
                    keyword(&text, at, &expected)
                })
                .collect();
            found.sort_unstable();
            if found != expected {
                let lines = |places: &[usize]| -> Vec<usize> {
                    let line = |at: &usize| text[..*at].matches('\n').count() + 1;
                    places.iter().map(line).collect()
                };
                let (mut found, mut expected) = (lines(&found), lines(&expected));
                found.truncate(20);
                expected.truncate(20);
                let file = root.join(file);
                panic!("{}: {found:?}, not {expected:?}", file.display());
            }
        }
    }
}

/// The Rust files of a package.
fn sources(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut work = vec![root.to_owned()];
    while let Some(folder) = work.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let name = entry.file_name();
            if entry.file_type().unwrap().is_dir() {
                let is_other = path.join("Cargo.toml").exists() || name == ".git";
                if !is_other && name != "target" {
                    work.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let path = path.strip_prefix(root).unwrap();
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    found
}
