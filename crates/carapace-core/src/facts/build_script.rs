//! Which `cfg`s a build script may set.
//!
//! A build script is a program: what it sets is known only to who runs it, which we do not. But it
//! cannot set a name that it does not have: from its strings follows what it can *not* set.

use serde::{Deserialize, Serialize};

use crate::source::lexer::{Lexer, Piece, TokenKind};

/// What a build script may set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildScriptFacts {
    /// The names in `cargo:rustc-cfg=NAME` that it prints, sorted, each once.
    pub cfgs: Vec<String>,
    /// Whether it prints `cargo:rustc-cfg=` with a name that it computes, or hands the work to
    /// another package.
    pub computed: bool,
    /// Its other strings that could be such a name, sorted, each once; kept where
    /// [`Self::computed`].
    pub words: Vec<String>,
}

impl BuildScriptFacts {
    /// Looks through the sources of a build script.
    #[must_use]
    pub fn new<'a>(sources: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut facts = Self::default();
        for source in sources {
            for piece in Lexer::new(source) {
                let Piece::Token(token) = piece else { continue };
                let range = token.start as usize..token.end as usize;
                let Ok(text) = std::str::from_utf8(source.get(range).unwrap_or_default()) else {
                    continue;
                };
                match token.kind {
                    TokenKind::Str | TokenKind::RawStr => facts.string(text),
                    TokenKind::Ident => {
                        facts.computed |= matches!(text, "autocfg" | "AutoCfg" | "cfg_aliases")
                    }
                    _ => {}
                }
            }
        }
        if !facts.computed {
            facts.words.clear();
        }
        for list in [&mut facts.cfgs, &mut facts.words] {
            list.sort();
            list.dedup();
        }
        facts
    }

    fn string(&mut self, text: &str) {
        let mut found = false;
        for mark in ["cargo:rustc-cfg=", "cargo::rustc-cfg="] {
            for (at, _) in text.match_indices(mark) {
                found = true;
                let rest = text.get(at + mark.len()..).unwrap_or_default();
                let name: String = rest.chars().take_while(|c| is_of_name(*c)).collect();
                let behind = rest.get(name.len()..).unwrap_or_default();
                if name.is_empty() || behind.starts_with('{') {
                    self.computed = true;
                } else {
                    self.cfgs.push(name);
                }
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

    #[test]
    fn a_script_sets_only_names_that_it_has() {
        let script = br#"fn main() { println!("cargo:rustc-cfg=fast"); println!("cargo::rustc-cfg=kind=\"x\""); }"#;
        let facts = BuildScriptFacts::new([script.as_slice()]);
        assert_eq!(facts.cfgs, ["fast", "kind"]);
        assert!(facts.may_set("fast") && !facts.may_set("slow"));

        let script =
            br#"fn f(n: &str) { println!("cargo:rustc-cfg={}", n) } fn main() { f("slow") }"#;
        let facts = BuildScriptFacts::new([script.as_slice()]);
        assert!(facts.may_set("slow") && !facts.may_set("fast"));
    }
}
