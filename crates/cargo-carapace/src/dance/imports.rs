//! Imports that fixes leave without use: they go with them, or the compiler would warn.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use carapace_core::fix::Edit;
use carapace_core::fix::imports::{macros_write, may_take, unused_imports};
use carapace_core::source::lexer::{Lexed, TokenKind};

use crate::census::sources::{MAX_FILE, list};
use crate::host::files;

/// The sources of a package, read where it is asked whether they use a name.
pub(super) struct Others {
    /// Their paths, as files are named here, and where they are.
    files: BTreeMap<String, PathBuf>,
    texts: OnceCell<Vec<(String, Vec<u8>)>>,
}

impl Others {
    /// Of the package in a folder; its links may lead to anywhere in `tree`.
    pub(super) fn in_folder(root: &Path, tree: &Path) -> Self {
        let listing = list(root, tree, false);
        let files = listing.rust();
        Self::of_files(files.map(|(path, place)| (path.to_owned(), place.to_owned())))
    }

    /// These.
    pub(super) fn of_files(files: impl Iterator<Item = (String, PathBuf)>) -> Self {
        Self {
            files: files.collect(),
            texts: OnceCell::new(),
        }
    }

    /// The edits that take out what `edits`, all of one file, leave unused; `file` is named as these
    /// are.
    pub(super) fn unused(&self, file: &str, text: &str, edits: &[&Edit]) -> Vec<Edit> {
        let edits: Vec<Edit> = edits.iter().map(|edit| (*edit).clone()).collect();
        let below = self.below(file, text);
        unused_imports(text, &edits, &|name| self.mentions(file, &below, name))
    }

    /// Whether another file may mean an import of this one by a name: it is one of its modules and takes
    /// names from around it, or has a macro that writes the name, and may be called here.
    fn mentions(&self, file: &str, below: &str, name: &str) -> bool {
        let texts = self.texts.get_or_init(|| self.read());
        let mut others = texts
            .iter()
            .filter(|(path, text)| path != file && has_word(text, name));
        others.any(|(path, text)| {
            path.starts_with(below) && may_take(text, name) || macros_write(text, name)
        })
    }

    /// Where the modules of a file are, who alone can see its private imports: in the folder of its
    /// name, or, of what is or may be the root of a crate, beside it. Anywhere, if it says where its
    /// modules are.
    fn below(&self, file: &str, text: &str) -> String {
        if text.contains("#[path") || text.contains("include!") {
            return String::new();
        }
        let (folder, name) = split(file);
        let is_module = folder.starts_with("src/") || folder.contains("/src/");
        let is_root = matches!(name, "lib.rs" | "main.rs" | "mod.rs") || folder.ends_with("/bin/");
        // A root may have any name, and a file to which a `#[path]` leads has its modules beside it.
        let is_beside = |module: &str| {
            let has = |file: &str| self.files.contains_key(file);
            has(&format!("{folder}{module}.rs")) || has(&format!("{folder}{module}/mod.rs"))
        };
        match is_module && !is_root && !declared(text).any(is_beside) {
            true => format!("{folder}{}/", name.trim_end_matches(".rs")),
            false => folder.to_owned(),
        }
    }

    fn read(&self) -> Vec<(String, Vec<u8>)> {
        let texts = self.files.iter().filter_map(|(path, place)| {
            let bytes = files::read_regular(place, MAX_FILE).ok()?;
            let has = |what: &str| memchr::memmem::find(&bytes, what.as_bytes()).is_some();
            let takes = has("super") || has("crate") || has("::*") || has("macro");
            takes.then_some((path.clone(), bytes))
        });
        texts.collect()
    }
}

/// The folder of a file, with a `/` at its end unless it is where paths begin, and its name.
fn split(file: &str) -> (&str, &str) {
    file.split_at(file.rfind('/').map_or(0, |slash| slash + 1))
}

/// The modules that a text says are in files of their own.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    let tokens = Lexed::new(text.as_bytes()).tokens;
    let declarations = (0..tokens.len()).filter_map(move |at| match tokens.get(at..at + 3)? {
        [first, name, end]
            if first.kind == TokenKind::Mod
                && name.kind.is_ident()
                && end.kind == TokenKind::Semi =>
        {
            Some(name.start as usize..name.end as usize)
        }
        _ => None,
    });
    declarations.filter_map(|name| Some(text.get(name)?.trim_start_matches("r#")))
}

/// Whether a word stands in a text by itself.
fn has_word(text: &[u8], word: &str) -> bool {
    let is_part = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii())
    };
    memchr::memmem::find_iter(text, word.as_bytes()).any(|at| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        !is_part(before) && !is_part(text.get(at + word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_below_their_file() {
        for (file, text, expected) in [
            ("src/a.rs", "", "src/a/"),
            ("app/src/a/b.rs", "", "app/src/a/b/"),
            ("src/lib.rs", "", "src/"),
            ("src/a/mod.rs", "", "src/a/"),
            ("src/bin/x.rs", "", "src/bin/"),
            ("tests/x.rs", "", "tests/"),
            ("build.rs", "", ""),
            ("src/a.rs", "#[path = \"x.rs\"] mod x;", ""),
            // What is beside it may be its own.
            ("src/a.rs", "mod b;", "src/"),
            ("src/a.rs", "pub mod r#c;", "src/"),
            ("src/a.rs", "// mod b;\nmod d; mod b {}", "src/a/"),
            ("src/b/x.rs", "mod b;", "src/b/x/"),
        ] {
            let files = ["src/b.rs", "src/c/mod.rs", "src/a/d.rs"];
            let files = files.map(|file| (file.to_owned(), PathBuf::new()));
            let others = Others::of_files(files.into_iter());
            assert_eq!(others.below(file, text), expected, "{file}: {text}");
        }
    }

    #[test]
    fn words_stand_by_themselves() {
        for (text, expected) in [
            ("use mem;", true),
            ("mem", true),
            ("memory mem2 _mem", false),
            ("x memory mem::swap", true),
            ("", false),
        ] {
            assert_eq!(has_word(text.as_bytes(), "mem"), expected, "{text}");
        }
    }
}
