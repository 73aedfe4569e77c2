//! A known finding is not there any more
//!
//! The baseline has a finding that is not found any more: the package was updated or removed. As long
//! as it stands there, the same fault could come back and nobody would hear of it.
//!
//! ## What to do
//! Write the baseline anew: `cargo carapace audit --write-baseline`. What changes in the file is what
//! got better.
//!
//! ## Known problems
//! A database that does not have the advisory makes it look gone; so does another set of inputs.
//! Nothing is said of a package about which an advisory could not be read, or where an input could
//! not be.
//!
//! ## Example
//! ```text,bad
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.3.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0010.md
//! patched = [">= 1.3.0"]
//! --- carapace-audit-baseline.toml
//! command = "audit"
//! version = 1
//!
//! [[package]]
//! name = "parser"
//! version = "1.2.0"
//! findings = [
//!     { code = "ADV001", advisory = "RUSTSEC-2099-0010" },
//! ]
//! ```
//! ```text,good
//! --- Cargo.lock
//! [[package]]
//! name = "parser"
//! version = "1.3.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! --- crates/parser/RUSTSEC-2099-0010.md
//! patched = [">= 1.3.0"]
//! --- carapace-audit-baseline.toml
//! command = "audit"
//! version = 1
//! ```

use crate::finding::{Finding, Level};
use crate::rules::{Context, Meta, Rule, policy};

pub(crate) const META: Meta = Meta {
    code: "POL005",
    level: Level::Note,
    is_lowered: false,
};

pub(crate) fn check(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let gone = context.gone.iter().map(|gone| {
        let (code, package, version) = (&gone.code, &gone.package, &gone.version);
        let message = format!("{code} in {package} {version} is known, and not there any more");
        let name = format!("{code}:{package}@{version}");
        let mut finding = policy::finding(rule, context, message, &name, Some(&gone.place));
        finding.help = vec!["write the baseline anew: `--write-baseline`".to_owned()];
        finding
    });
    gone.collect()
}
