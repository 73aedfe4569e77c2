//! What of the standard library matters to what a name may mean.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The names of its methods, sorted; `cargo xtask standard` makes the list from the documentation of
/// a toolchain.
static METHODS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("standard.txt").lines().collect());

/// The names of its traits, sorted; made likewise.
static TRAITS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("standard_traits.txt").lines().collect());

/// Whether a name is that of one of its libraries.
pub(super) fn is_library(name: &str) -> bool {
    matches!(name, "std" | "core" | "alloc" | "proc_macro" | "test")
}

/// Whether it has a trait of a name.
pub(super) fn is_trait(name: &str) -> bool {
    TRAITS.contains(name)
}

/// Whether one of its types has a method of a name.
pub(crate) fn is_method(name: &str) -> bool {
    METHODS.contains(name)
}
