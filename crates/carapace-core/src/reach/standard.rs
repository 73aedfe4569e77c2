//! What of the standard library matters to what a name may mean.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Traits that every module knows without `use`
/// (<https://doc.rust-lang.org/std/prelude/index.html>).
const PRELUDE: [&str; 31] = [
    "AsMut",
    "AsRef",
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Future",
    "Hash",
    "Into",
    "IntoFuture",
    "IntoIterator",
    "Iterator",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "ToOwned",
    "ToString",
    "TryFrom",
];
/// Its modules, whose traits packages implement by `module::Trait`.
const MODULES: [&str; 24] = [
    "alloc", "any", "array", "ascii", "borrow", "cell", "char", "clone", "cmp", "convert",
    "default", "error", "fmt", "future", "hash", "io", "iter", "marker", "net", "num", "ops",
    "slice", "str", "string",
];

/// The names of its methods, sorted; `cargo xtask standard` makes the list from the documentation of
/// a toolchain.
static METHODS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("standard.txt").lines().collect());

/// Whether a name is that of one of its libraries.
pub(super) fn is_library(name: &str) -> bool {
    matches!(name, "std" | "core" | "alloc" | "proc_macro" | "test")
}

/// Whether a name is that of a trait that every module knows.
pub(super) fn is_in_prelude(name: &str) -> bool {
    name == "TryInto" || PRELUDE.contains(&name)
}

/// Whether a name is that of one of its modules.
pub(super) fn is_module(name: &str) -> bool {
    MODULES.contains(&name)
}

/// Whether one of its types has a method of a name.
pub(super) fn is_method(name: &str) -> bool {
    METHODS.contains(name)
}
