//! What came of fixes that were tried in a copy, where the package was built and its tests were run.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::facts::unsafety::SiteKind;

/// How many sites of a kind there were, and are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindChange {
    /// The kind.
    pub kind: SiteKind,
    /// Before.
    pub before: usize,
    /// With the fixes that are kept.
    pub after: usize,
}

/// What came of trying fixes of one workspace or package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// The workspace's or package's name, as shown.
    pub subject: String,
    /// What was so before, and what could not be looked at: a sentence each. Foreign text.
    pub before: Vec<String>,
    /// How many fixes of each rule are kept, by its code.
    pub kept: BTreeMap<String, usize>,
    /// The unsafe sites by kind; kinds without any are left out.
    pub kinds: Vec<KindChange>,
    /// The roots of crates that forbid unsafe code from now on.
    pub forbids: Vec<String>,
    /// The kept fixes as a unified diff from the root of the workspace or package; empty where none is.
    pub patch: String,
}

impl Proof {
    /// `block 12 → 9, fn 3 → 3`.
    #[must_use]
    pub fn sites(&self) -> String {
        let kinds = self.kinds.iter();
        let kinds = kinds.map(|one| format!("{} {} → {}", one.kind, one.before, one.after));
        kinds.collect::<Vec<_>>().join(", ")
    }

    /// A message for a commit of the patch; empty where nothing is kept.
    #[must_use]
    pub fn message(&self) -> String {
        let kept: usize = self.kept.values().sum();
        if kept == 0 {
            return String::new();
        }
        let mut text = format!("Replace unsafe code of {} by safe code\n\n", self.subject);
        let rules = self
            .kept
            .iter()
            .map(|(code, count)| format!("{code} ({count})"));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "Rules: {}.", rules.collect::<Vec<_>>().join(", "));
        let _ = writeln!(text, "Unsafe sites: {}.", self.sites());
        if !self.forbids.is_empty() {
            let _ = writeln!(
                text,
                "Unsafe code is forbidden in {}.",
                self.forbids.join(", ")
            );
        }
        text += "\nBuilt and tested with and without.\n";
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_what_changed() {
        let proof = Proof {
            subject: "app 0.1.0".to_owned(),
            kept: BTreeMap::from([("DAN001".to_owned(), 2)]),
            kinds: vec![KindChange {
                kind: SiteKind::Block,
                before: 2,
                after: 0,
            }],
            forbids: vec!["src/lib.rs".to_owned()],
            ..Proof::default()
        };
        assert_eq!(
            proof.message(),
            "Replace unsafe code of app 0.1.0 by safe code\n\nRules: DAN001 (2).\n\
             Unsafe sites: block 2 → 0.\nUnsafe code is forbidden in src/lib.rs.\n\n\
             Built and tested with and without.\n"
        );
        assert_eq!(Proof::default().message(), "");
    }
}
