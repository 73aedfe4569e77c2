//! The words that `audit` may have before its paths, as cargo-audit's users type them.
//!
//! They are no subcommands of the parser: flags stand before the word (`audit --json bin PATH`, as
//! cargo-audit has it) as well as behind it, and a flag given on both sides counts as given twice.

use std::path::Path;

use super::AuditArgs;
use crate::cli::Failure;

/// What is done, where the first path is one of these words. A folder of that name is `./bin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditWord {
    /// `bin`: the paths are binaries.
    Bin,
    /// `fix`: as with `--fix`.
    Fix,
}

impl AuditWord {
    const NAMES: &[(&str, Self)] = &[("bin", Self::Bin), ("fix", Self::Fix)];

    fn of(path: &Path) -> Option<Self> {
        let mut names = Self::NAMES.iter();
        let found = names.find(|(name, _)| path.as_os_str() == *name);
        found.map(|(_, word)| *word)
    }
}

impl AuditArgs {
    /// Takes the word off the paths.
    ///
    /// # Errors
    /// [`Failure`] where the word needs paths and has none.
    pub fn take_word(&mut self) -> Result<(), Failure> {
        self.word = self.paths.first().and_then(|first| AuditWord::of(first));
        if self.word.is_some() {
            self.paths.remove(0);
        }
        self.fix |= self.word == Some(AuditWord::Fix);
        match self.word {
            Some(AuditWord::Bin) if self.paths.is_empty() => Err(Failure(
                "`audit bin` needs the paths of binaries or of folders with such; a folder that is \
                 called `bin` is `./bin`"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn parsed(line: &str) -> AuditArgs {
        let words = ["cargo-carapace"].into_iter().chain(line.split(' '));
        let Command::Audit(arguments) = Cli::try_parse_from(words).unwrap().command else {
            unreachable!("{line}");
        };
        *arguments
    }

    #[test]
    fn a_word_is_a_word_only_before_all_paths() {
        for (line, word, paths) in [
            ("audit bin x", Some(AuditWord::Bin), &["x"][..]),
            (
                "audit --json bin x bin",
                Some(AuditWord::Bin),
                &["x", "bin"],
            ),
            ("audit fix --dry-run", Some(AuditWord::Fix), &[]),
            ("audit -n fix x", Some(AuditWord::Fix), &["x"]),
            ("audit x bin", None, &["x", "bin"]),
            ("audit ./bin", None, &["./bin"]),
        ] {
            let mut arguments = parsed(line);
            arguments.take_word().unwrap();
            assert_eq!(arguments.word, word, "{line}");
            assert_eq!(arguments.fix, word == Some(AuditWord::Fix), "{line}");
            let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
            assert_eq!(arguments.paths, paths, "{line}");
        }
        assert!(parsed("audit bin").take_word().is_err());
    }

    #[test]
    fn flags_stand_on_both_sides_of_the_word() {
        let mut arguments = parsed("audit --ignore A --json bin --ignore B x");
        arguments.take_word().unwrap();
        assert_eq!(
            (arguments.ignore.as_slice(), arguments.json),
            (&["A".to_owned(), "B".to_owned()][..], true)
        );
    }
}
