//! Which `cfg`s a build script may set.
//!
//! A build script is a program, and is not run. But it cannot set a name that it does not have: from
//! its strings follows what it can *not* set. What it does set is found out for each build, by
//! [`crate::census::build_script`], from the sources that are kept here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::census::link::{folder, join};
use crate::source::lexer::{Lexer, Piece, TokenKind};

/// How many bytes of a script's sources are kept; a script that is larger may set whatever its
/// strings allow.
const MAX_SOURCES: usize = 512 * 1024;
/// How large another file may be that the script names.
const MAX_OTHER: usize = 64 * 1024;
/// How many names of files are kept.
const MAX_FILES: usize = 4096;
/// How many files a script may be made of.
const MAX_PARTS: usize = 64;

/// A file that a build script is made of, or looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptFile {
    /// Its path from the package's folder, with `/`.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// What a build script may set, and its sources, from which can be told what it does set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildScriptFacts {
    /// The path of its root.
    pub root: String,
    /// The files that it is made of; none where it sets nothing by itself, or is too large.
    pub sources: Vec<ScriptFile>,
    /// Other files of the package that it names: probes for the compiler, the manifest.
    pub others: Vec<ScriptFile>,
    /// The paths of all files of the package, sorted; kept where it asks whether one is there.
    pub files: Option<Vec<String>>,
    /// The names in `cargo:rustc-cfg=NAME` that it prints, sorted, each once.
    pub cfgs: Vec<String>,
    /// Whether it prints `cargo:rustc-cfg=` with a name that it computes, or hands the work to
    /// another package.
    pub computed: bool,
    /// Its other strings that could be such a name, sorted, each once; kept where
    /// [`Self::computed`].
    pub words: Vec<String>,
}

/// What the code of a package may set in the name of build scripts that call it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelperFacts {
    /// The names in `cargo:rustc-cfg=NAME` of its strings, sorted, each once.
    pub cfgs: Vec<String>,
    /// What other names begin with, sorted, each once.
    pub prefixes: Vec<String>,
    /// Whether it prints such a line with a name that it is handed.
    pub computed: bool,
}

impl HelperFacts {
    /// Looks through a file; none if it sets nothing.
    #[must_use]
    pub fn new(source: &[u8]) -> Option<Self> {
        memchr::memmem::find(source, b"rustc-cfg")?;
        let mut facts = Self::default();
        for (_, text) in tokens(source).filter(|(kind, _)| is_string(*kind)) {
            let mut found = false;
            for (name, behind) in names(text) {
                found = true;
                match (name, behind.starts_with('{')) {
                    ("", _) => facts.computed = true,
                    (name, true) => facts.prefixes.push(name.to_owned()),
                    (name, false) => facts.cfgs.push(name.to_owned()),
                }
            }
            facts.computed |= !found && text.contains("rustc-cfg");
        }
        facts.tidy();
        (facts != Self::default()).then_some(facts)
    }

    /// Adds what another file says.
    pub fn add(&mut self, other: &Self) {
        self.cfgs.extend_from_slice(&other.cfgs);
        self.prefixes.extend_from_slice(&other.prefixes);
        self.computed |= other.computed;
        self.tidy();
    }

    fn tidy(&mut self) {
        for list in [&mut self.cfgs, &mut self.prefixes] {
            list.sort();
            list.dedup();
        }
    }
}

impl BuildScriptFacts {
    /// Looks through a build script: `files` are the paths of the package's files, sorted, and
    /// `read` gives what one holds.
    #[must_use]
    pub fn read(root: &str, files: &[&str], read: &mut dyn FnMut(&str) -> Option<Vec<u8>>) -> Self {
        let mut facts = Self {
            root: root.to_owned(),
            ..Self::default()
        };
        let mut todo = vec![(root.to_owned(), folder(root).to_owned())];
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut size = 0_usize;
        while let Some((path, children)) = todo.pop() {
            if seen.len() >= MAX_PARTS || !seen.insert(path.clone()) {
                continue;
            }
            let Some(bytes) = read(&path) else { continue };
            size = size.saturating_add(bytes.len());
            let text = String::from_utf8_lossy(&bytes).into_owned();
            todo.extend(leads_to(&path, &children, &text));
            facts.sources.push(ScriptFile { path, text });
        }
        // Files beside it whose names it may compute.
        let beside = match folder(root) {
            "" => "build/".to_owned(),
            folder => format!("{folder}/"),
        };
        if beside != "src/" {
            for path in files.iter().filter(|path| path.starts_with(&beside)) {
                if path.ends_with(".rs")
                    && !seen.contains(*path)
                    && let Some(bytes) = read(path)
                {
                    facts.look(&bytes);
                }
            }
        }
        for at in 0..facts.sources.len() {
            let text = facts
                .sources
                .get_mut(at)
                .map(|file| std::mem::take(&mut file.text));
            let text = text.unwrap_or_default();
            facts.look(text.as_bytes());
            if let Some(file) = facts.sources.get_mut(at) {
                file.text = text;
            }
        }
        facts.tidy();
        let sets = facts.computed || !facts.cfgs.is_empty();
        if !sets || size > MAX_SOURCES {
            facts.sources.clear();
            return facts;
        }
        facts.sources.sort_by(|a, b| a.path.cmp(&b.path));
        facts.look_beside(files, size, read);
        facts
    }

    /// What else of the package the script looks at.
    fn look_beside(
        &mut self,
        files: &[&str],
        mut size: usize,
        read: &mut dyn FnMut(&str) -> Option<Vec<u8>>,
    ) {
        let holds = |word: &str| self.sources.iter().any(|file| file.text.contains(word));
        let asks = ["metadata(", "exists(", "is_file(", "is_dir("];
        if asks.iter().any(|word| holds(word)) && files.len() <= MAX_FILES {
            self.files = Some(files.iter().map(|path| (*path).to_owned()).collect());
        }
        if !holds("Command") && !holds("read_to_string") {
            return;
        }
        // A path may be put together of several strings.
        let mut words: BTreeSet<String> = BTreeSet::new();
        for file in &self.sources {
            for (kind, text) in tokens(file.text.as_bytes()) {
                if is_string(kind) {
                    let text = text.trim_matches(['"', '#', 'r']);
                    words.extend(text.split('/').map(str::to_owned));
                }
            }
        }
        let is_named = |path: &str| {
            let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
            let stem = name.strip_suffix(".rs").unwrap_or(name);
            (name.ends_with(".rs") || name == "Cargo.toml")
                && (words.contains(name) || words.contains(stem))
                && folders
                    .split('/')
                    .all(|part| part.is_empty() || words.contains(part))
        };
        for path in files.iter().filter(|path| is_named(path)) {
            if self.sources.iter().any(|file| file.path == **path) {
                continue;
            }
            let Some(bytes) = read(path).filter(|bytes| bytes.len() <= MAX_OTHER) else {
                continue;
            };
            size = size.saturating_add(bytes.len());
            if size > MAX_SOURCES {
                return;
            }
            self.others.push(ScriptFile {
                path: (*path).to_owned(),
                text: String::from_utf8_lossy(&bytes).into_owned(),
            });
        }
    }

    /// Looks through one of its files.
    fn look(&mut self, source: &[u8]) {
        for (kind, text) in tokens(source) {
            match kind {
                TokenKind::Str | TokenKind::RawStr => self.string(text),
                TokenKind::Ident => {
                    self.computed |= matches!(text, "autocfg" | "AutoCfg" | "cfg_aliases");
                }
                _ => {}
            }
        }
    }

    fn tidy(&mut self) {
        if !self.computed {
            self.words.clear();
        }
        for list in [&mut self.cfgs, &mut self.words] {
            list.sort();
            list.dedup();
        }
    }

    fn string(&mut self, text: &str) {
        let mut found = false;
        for (name, behind) in names(text) {
            found = true;
            if name.is_empty() || behind.starts_with('{') {
                self.computed = true;
            } else {
                self.cfgs.push(name.to_owned());
            }
        }
        if found {
            return;
        }
        self.computed |= text.contains("rustc-cfg");
        let word = text.trim_matches(|c: char| !is_of_name(c));
        let word = word.split(|c| !is_of_name(c)).next().unwrap_or_default();
        if !word.is_empty() && word.len() <= 64 {
            self.words.push(word.to_owned());
        }
    }

    /// Whether it may set a name.
    #[must_use]
    pub fn may_set(&self, name: &str) -> bool {
        let has = |list: &[String]| {
            list.binary_search_by(|known| known.as_str().cmp(name))
                .is_ok()
        };
        has(&self.cfgs) || (self.computed && (has(&self.words) || is_probed(name)))
    }
}

/// The tokens of a file with their texts, those that are no UTF-8 left out.
fn tokens(source: &[u8]) -> impl Iterator<Item = (TokenKind, &str)> {
    Lexer::new(source).filter_map(|piece| {
        let Piece::Token(token) = piece else {
            return None;
        };
        let range = token.start as usize..token.end as usize;
        let text = std::str::from_utf8(source.get(range)?).ok()?;
        Some((token.kind, text))
    })
}

fn is_string(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Str | TokenKind::RawStr)
}

/// The names that a text sets, each with what stands behind it.
fn names(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let marks = ["cargo:rustc-cfg=", "cargo::rustc-cfg="];
    marks.into_iter().flat_map(move |mark| {
        text.match_indices(mark).filter_map(move |(at, _)| {
            let rest = text.get(at + mark.len()..)?;
            let length = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
            rest.split_at_checked(length)
        })
    })
}

/// The files that a file of a script leads to, each with the folder of its modules: more rather than
/// less, as those that are not there do no harm.
fn leads_to(path: &str, children: &str, text: &str) -> Vec<(String, String)> {
    let all: Vec<(TokenKind, &str)> = tokens(text.as_bytes()).collect();
    let mut found = Vec::new();
    for (at, (kind, word)) in all.iter().enumerate() {
        let behind = |ahead: usize| all.get(at + ahead).copied();
        match kind {
            TokenKind::Mod => {
                let Some((TokenKind::Ident | TokenKind::RawIdent, name)) = behind(1) else {
                    continue;
                };
                let name = name.trim_start_matches("r#");
                let nested = join(children, name);
                found.push((join(children, &format!("{name}.rs")), nested.clone()));
                found.push((join(&nested, "mod.rs"), nested));
            }
            // `#[path = "…"]`
            TokenKind::Ident if *word == "path" => {
                if let (Some((TokenKind::Eq, _)), Some((TokenKind::Str, own))) =
                    (behind(1), behind(2))
                {
                    let own = join(folder(path), own.trim_matches('"'));
                    let children = folder(&own).to_owned();
                    found.push((own, children));
                }
            }
            TokenKind::Ident if *word == "include" => {
                if let (Some((TokenKind::Bang, _)), Some((TokenKind::Str, own))) =
                    (behind(1), behind(3))
                {
                    let own = join(folder(path), own.trim_matches('"'));
                    found.push((own, children.to_owned()));
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether `autocfg` makes such names of what it finds out.
fn is_probed(name: &str) -> bool {
    ["has_", "rustc_", "probe_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(files: &[(&str, &str)]) -> BuildScriptFacts {
        let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
        BuildScriptFacts::read("build.rs", &paths, &mut |path| {
            let found = files.iter().find(|(known, _)| *known == path);
            found.map(|(_, text)| text.as_bytes().to_vec())
        })
    }

    #[test]
    fn a_script_sets_only_names_that_it_has() {
        let script = r#"fn main() { println!("cargo:rustc-cfg=fast"); println!("cargo::rustc-cfg=kind=\"x\""); }"#;
        let found = facts(&[("build.rs", script)]);
        assert_eq!(found.cfgs, ["fast", "kind"]);
        assert!(found.may_set("fast") && !found.may_set("slow"));

        let script =
            r#"fn f(n: &str) { println!("cargo:rustc-cfg={}", n) } fn main() { f("slow") }"#;
        let found = facts(&[("build.rs", script)]);
        assert!(found.may_set("slow") && !found.may_set("fast"));
    }

    #[test]
    fn a_script_is_kept_with_what_it_is_made_of() {
        let script = r#"mod a; #[path = "x/y.rs"] mod b; include!("c.rs"); fn main() {
            Command::new(rustc).arg(Path::new("probes").join("one.rs")); "rustc-cfg"; }"#;
        let found = facts(&[
            ("a.rs", "mod d;"),
            ("a/d.rs", ""),
            ("build.rs", script),
            ("c.rs", ""),
            ("probes/one.rs", "#![feature(x)]"),
            ("probes/two.rs", ""),
            ("x/y.rs", ""),
        ]);
        let sources: Vec<_> = found
            .sources
            .iter()
            .map(|file| file.path.as_str())
            .collect();
        assert_eq!(sources, ["a.rs", "a/d.rs", "build.rs", "c.rs", "x/y.rs"]);
        assert_eq!(found.others.len(), 1);
        assert!(facts(&[("build.rs", "fn main() {}")]).sources.is_empty());
    }

    #[test]
    fn helpers_set_names_and_beginnings_of_names() {
        let code =
            br#"fn f() { println!("cargo:rustc-cfg=Py_3_{}", i); g("cargo:rustc-cfg=PyPy") }"#;
        let found = HelperFacts::new(code).unwrap();
        assert_eq!(
            (found.cfgs, found.prefixes),
            (vec!["PyPy".into()], vec!["Py_3_".into()])
        );
        assert_eq!(HelperFacts::new(b"fn main() {}"), None);
    }
}
