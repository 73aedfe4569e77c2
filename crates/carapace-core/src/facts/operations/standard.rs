//! The unsafe functions of the standard library, by name.
//!
//! `standard.txt` is made by `cargo xtask standard`, which says how.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

/// What of one name is unsafe.
#[derive(Debug, Default)]
struct Entry {
    /// The types or modules that an unsafe function of that name is in.
    parents: Vec<&'static str>,
    /// Whether an intrinsic of an architecture has it.
    arch: bool,
    /// Whether it is a method of a type.
    method: bool,
    /// Whether it is a trait's, so that any type's function of that name is.
    of_trait: bool,
    /// Whether safe methods have it, too.
    shared: bool,
}

static TABLE: LazyLock<HashMap<&'static str, Entry, RandomState>> = LazyLock::new(|| {
    let mut table: HashMap<&str, Entry, RandomState> = HashMap::default();
    for line in include_str!("standard.txt").lines() {
        let mut words = line.split(' ');
        let path = words.next().unwrap_or_default();
        let (mut shared, mut of_trait) = (false, false);
        for word in words {
            shared |= word == "shared";
            of_trait |= word == "trait";
        }
        let Some((before, name)) = path.rsplit_once("::") else {
            continue;
        };
        let parent = before.rsplit("::").next().unwrap_or(before);
        let entry = table.entry(name).or_default();
        if before == "core::arch" {
            entry.arch = true;
            continue;
        }
        let of_type = parent.starts_with(|c: char| c.is_ascii_uppercase())
            || before.matches("::").count() == 1 && is_primitive(parent);
        entry.shared |= shared;
        entry.method |= of_type;
        entry.of_trait |= of_trait && !shared;
        entry.parents.push(parent);
    }
    table
});

/// Whether a primitive type has methods under this name.
fn is_primitive(name: &str) -> bool {
    matches!(
        name,
        "pointer" | "slice" | "str" | "array" | "char" | "f32" | "f64" | "usize" | "u8" | "u32"
    )
}

/// Methods whose names other types' safe methods have often, beyond those of the standard library.
const SHARED: &[&str] = &[
    "alloc",
    "alloc_zeroed",
    "arg",
    "deallocate",
    "downcast_unchecked",
    "grow",
    "grow_zeroed",
    "new",
    "shrink",
    "transmute",
];

/// How sure it is that a method of a name is an unsafe one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// No unsafe method of the standard library has the name.
    No,
    /// Unsafe methods have it, and no others.
    Unsafe,
    /// Methods of pointers have it, and others, too.
    Shared,
}

/// Whether a function is unsafe: by the name of the type or module it is in, and its own.
pub(crate) fn is_unsafe(parent: &str, name: &str) -> bool {
    let parent = match parent.strip_prefix("NonZero") {
        Some(_) => "NonZero",
        None => parent,
    };
    let is_type = parent.starts_with(|c: char| c.is_uppercase() || c == '<');
    TABLE.get(name).is_some_and(|entry| {
        entry.parents.contains(&parent) || entry.of_trait && is_type && !SHARED.contains(&name)
    })
}

/// Whether an intrinsic of an architecture is unsafe even where its features are there.
pub(crate) fn is_unsafe_intrinsic(name: &str) -> bool {
    TABLE.get(name).is_some_and(|entry| entry.arch)
}

/// What is known of a method by its name.
pub(crate) fn method(name: &str) -> Method {
    match TABLE.get(name) {
        Some(entry) if entry.method && (entry.shared || SHARED.contains(&name)) => Method::Shared,
        Some(entry) if entry.method => Method::Unsafe,
        _ => Method::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_knows_functions_methods_and_intrinsics() {
        assert!(is_unsafe("ptr", "read") && is_unsafe("Vec", "from_raw_parts"));
        assert!(is_unsafe("mem", "transmute") && !is_unsafe("mem", "swap"));
        assert!(is_unsafe_intrinsic("_mm_loadu_si128") && !is_unsafe_intrinsic("_mm_add_epi8"));
        assert_eq!(method("get_unchecked"), Method::Unsafe);
        assert_eq!(method("read"), Method::Shared);
        assert_eq!(method("push"), Method::No);
    }

    #[test]
    fn the_table_is_sorted() {
        let lines: Vec<&str> = include_str!("standard.txt").lines().collect();
        assert!(lines.is_sorted());
    }
}
