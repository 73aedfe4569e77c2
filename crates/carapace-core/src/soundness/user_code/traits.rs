//! Traits of types that are put in, and which of their methods are code of the caller.

use crate::soundness::generics::TypeParameter;

/// Methods whose result runs the same code as their receiver.
pub(super) const ITERATES: [&str; 16] = [
    "into_iter",
    "iter",
    "iter_mut",
    "by_ref",
    "fuse",
    "peekable",
    "enumerate",
    "zip",
    "map",
    "rev",
    "skip",
    "take",
    "as_mut",
    "as_ref",
    "filter",
    "chain",
];

/// Whether a trait is one of closures.
pub(super) fn is_closure_trait(name: &str) -> bool {
    matches!(name, "Fn" | "FnMut" | "FnOnce")
}

/// Whether values of a type with these bounds have nothing to drop, by the traits' names.
pub(super) fn is_plain(own: &TypeParameter) -> bool {
    const PLAIN: [&str; 12] = [
        "Pod",
        "AnyBitPattern",
        "FromBytes",
        "NoUninit",
        "AsBytes",
        "Zeroable",
        "Float",
        "PrimInt",
        "Num",
        "Integer",
        "FixedInt",
        "Primitive",
    ];
    own.bounds
        .iter()
        .any(|bound| PLAIN.contains(&bound.as_str()))
}

/// Traits of types that are put in for what they do, and not to be held.
pub(super) fn is_no_element(bound: &str) -> bool {
    matches!(
        bound,
        "Read"
            | "Write"
            | "BufRead"
            | "Seek"
            | "AsyncRead"
            | "AsyncWrite"
            | "AsRef"
            | "AsMut"
            | "Hasher"
            | "BuildHasher"
            | "Iterator"
            | "IntoIterator"
            | "ExactSizeIterator"
            | "Allocator"
            | "Serializer"
            | "Deserializer"
            | "Buf"
            | "BufMut"
            | "Rng"
            | "RngCore"
            | "Display"
            | "Alloc"
    )
}

/// Methods of traits that never do anything that could fail, in any implementation one meets.
pub(super) fn is_harmless(name: &str) -> bool {
    matches!(
        name,
        "size"
            | "len"
            | "capacity"
            | "to_usize"
            | "as_ptr"
            | "as_mut_ptr"
            | "is_empty"
            | "layout"
            | "align"
            | "size_of"
            | "align_of"
            | "needs_drop"
            | "size_hint"
            | "as_usize"
            | "ptr"
            | "ptr_mut"
            | "addr"
            | "cast"
            | "as_raw"
            | "type_id"
            | "is_some"
            | "is_none"
            | "is_ok"
            | "is_err"
    )
}

/// Whether a trait is one of the standard library whose methods are known here.
pub(super) fn is_known(bound: &str) -> bool {
    STANDARD.iter().any(|(name, _)| *name == bound)
        || matches!(
            bound,
            "Send"
                | "Sync"
                | "Sized"
                | "?Sized"
                | "Copy"
                | "Unpin"
                | "Any"
                | "Error"
                | "Seek"
                | "Eq"
                | "Debug"
        )
}

/// Whether a trait of the standard library has a method.
pub(super) fn gives(bound: &str, name: &str) -> bool {
    let found = STANDARD.iter().find(|(known, _)| *known == bound);
    found.is_some_and(|(_, methods)| methods.contains(&name))
}

const STANDARD: [(&str, &[&str]); 25] = [
    ("Clone", &["clone", "clone_from"]),
    ("Default", &["default"]),
    ("PartialEq", &["eq", "ne"]),
    ("PartialOrd", &["partial_cmp", "lt", "le", "gt", "ge"]),
    (
        "Ord",
        &[
            "cmp",
            "max",
            "min",
            "clamp",
            "partial_cmp",
            "lt",
            "le",
            "gt",
            "ge",
        ],
    ),
    ("Hash", &["hash"]),
    ("Into", &["into"]),
    ("TryInto", &["try_into"]),
    ("From", &["from"]),
    ("TryFrom", &["try_from"]),
    ("Borrow", &["borrow"]),
    ("BorrowMut", &["borrow_mut"]),
    ("ToOwned", &["to_owned"]),
    ("AsRef", &["as_ref"]),
    ("AsMut", &["as_mut"]),
    ("Deref", &["deref"]),
    ("DerefMut", &["deref_mut"]),
    (
        "Iterator",
        &[
            "next",
            "nth",
            "fold",
            "for_each",
            "collect",
            "count",
            "last",
            "find",
            "position",
            "all",
            "any",
            "by_ref",
            "sum",
            "try_fold",
            "size_hint",
        ],
    ),
    (
        "IntoIterator",
        &["into_iter", "next", "nth", "for_each", "next_back"],
    ),
    ("DoubleEndedIterator", &["next_back", "rfold"]),
    ("ExactSizeIterator", &["next"]),
    (
        "Read",
        &[
            "read",
            "read_exact",
            "read_vectored",
            "read_to_end",
            "read_at",
        ],
    ),
    (
        "BufRead",
        &[
            "read",
            "read_exact",
            "fill_buf",
            "consume",
            "read_until",
            "read_to_end",
        ],
    ),
    (
        "Write",
        &["write", "write_all", "write_str", "write_fmt", "flush"],
    ),
    ("AsyncRead", &["poll_read", "read", "read_exact"]),
];
