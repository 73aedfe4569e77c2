//! The safety-dance: unsafe code that safe code can replace.
//!
//! Rules look at each operation that needs `unsafe`, with the expressions around it and the types
//! that declarations give; what they propose becomes facts ([`crate::facts::dance`]).

use crate::facts::dance::PackageDance;

/// A file of a package, read as far as the rules need it.
#[derive(Debug)]
pub struct Danced {
    path: String,
}

impl Danced {
    /// The files that it calls for by their paths, from the package's folder, with `/`.
    #[must_use]
    pub fn wanted(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Reads a file; `path` is from the package's folder, with `/`.
#[must_use]
pub fn read(path: &str, _bytes: &[u8]) -> Danced {
    Danced {
        path: path.to_owned(),
    }
}

/// Puts a package's files together, in whatever order they come, and asks the rules.
#[must_use]
pub fn package(mut files: Vec<Danced>) -> PackageDance {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    PackageDance::default()
}
