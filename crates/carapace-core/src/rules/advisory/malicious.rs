//! A package was published to do harm
//!
//! An advisory of the category `malicious` names this package: it was published to steal, destroy
//! or take over, not by mistake. Its build script or macro runs on every machine that builds it.
//!
//! This fails in whatever role the package has, whatever kind the advisory has, and no severity
//! threshold hides it.
//!
//! ## What to do
//! Remove it. Then treat every machine that built or ran it as compromised: change the secrets that
//! were in reach, and look at what was published or pushed from there since.
//!
//! ## Known problems
//! Such packages are removed from the registry soon after they are found, mostly before anyone
//! depends on them; the advisory is what remains.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parsre"
//! version = "1.2.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parsre/RUSTSEC-2099-0002.md
//! categories = ["malicious"]
//! patched = []
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.2.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parsre/RUSTSEC-2099-0002.md
//! categories = ["malicious"]
//! patched = []
//! ```
//!
//! ## References
//! - <https://rustsec.org/categories/malicious.html>

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule, advisory};

pub(crate) const META: Meta = Meta {
    code: "ADV002",
    level: Level::Deny,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    advisory::findings(
        rule,
        context,
        |hit| hit.certain && hit.advisory.is_malicious(),
        |subject, advisory| match &advisory.title {
            Some(title) => format!("{subject} was published to do harm: {title}"),
            None => format!("{subject} was published to do harm"),
        },
    )
}
