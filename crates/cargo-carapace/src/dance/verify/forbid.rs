//! `#![forbid(unsafe_code)]` where no `unsafe` is left, so that none comes back.

use std::collections::BTreeSet;
use std::path::Path;

use carapace_core::fix::crate_attribute::forbid_unsafe;
use carapace_core::fix::{Applicability, Fix};
use carapace_core::source::lexer::{Lexer, Piece, TokenKind};

use super::attempt::Bench;

/// The roots of libraries and programs that could forbid unsafe code, with the fix for each. All
/// sources beside and below a root have to be free of it, whatever their conditions: what is not
/// compiled here is compiled somewhere.
pub(super) fn candidates(bench: &mut Bench<'_>) -> Vec<(String, Fix)> {
    let root = bench.place.root.clone();
    let artifacts = bench
        .ways()
        .iter()
        .flat_map(|known| &known.messages.artifacts);
    let roots: BTreeSet<String> = artifacts
        .filter(|artifact| {
            !matches!(
                artifact.kind.as_str(),
                "custom-build" | "test" | "example" | "bench"
            )
        })
        .filter_map(|artifact| {
            let file = Path::new(&artifact.root).strip_prefix(&root).ok()?;
            Some(file.to_str()?.replace('\\', "/"))
        })
        .collect();
    let mut found = Vec::new();
    for file in roots {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        // Nothing is written through links.
        if bench.originals.is_linked(&file) || !is_free(bench, folder) {
            continue;
        }
        let Ok(text) = bench.read(&file) else {
            continue;
        };
        if forbids(text) {
            continue;
        }
        if let Some(edit) = forbid_unsafe(&file, text) {
            let fix = Fix {
                applicability: Applicability::Safe,
                edits: vec![edit],
            };
            found.push((file, fix));
        }
    }
    found
}

/// Whether a text says so already.
fn forbids(text: &str) -> bool {
    let tokens = Lexer::new(text.as_bytes()).filter_map(|piece| match piece {
        Piece::Token(token) => text.get(token.start as usize..token.end as usize),
        Piece::Comment(_) => None,
    });
    let tokens: Vec<&str> = tokens.collect();
    tokens
        .windows(3)
        .any(|three| three == ["forbid", "(", "unsafe_code"])
}

/// Whether no source in a folder has the word in it, but for comments and literals.
fn is_free(bench: &mut Bench<'_>, folder: &str) -> bool {
    let sources = bench.originals.sources(folder);
    sources.is_some_and(|sources| {
        sources.iter().all(|file| match bench.settled(file) {
            Some(text) => !has_unsafe(text.as_bytes()),
            None => bench
                .originals
                .read(file)
                .is_ok_and(|text| !has_unsafe(text.as_bytes())),
        })
    })
}

fn has_unsafe(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"unsafe").is_some()
        && Lexer::new(text).any(|piece| match piece {
            Piece::Token(token) => token.kind == TokenKind::Unsafe,
            Piece::Comment(_) => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_unsafe_code() {
        assert!(!has_unsafe(
            b"// unsafe\nfn f() -> &'static str { \"unsafe\" }"
        ));
        assert!(!has_unsafe(b"#![deny(unsafe_code)]"));
        assert!(has_unsafe(b"macro_rules! m { () => { unsafe { f() } } }"));
        assert!(forbids("#![forbid(unsafe_code)]"));
        assert!(forbids("#![forbid( /* x */ unsafe_code, warnings)]"));
        assert!(!forbids("#![deny(unsafe_code)]\n// forbid(unsafe_code)"));
    }
}
