//! Why unsafe code stays: what is done in it, and the safe abstraction that is missing for that.

use std::collections::{BTreeMap, BTreeSet};

use super::PackageSteps;
use crate::facts::dance::Need;

/// What is done that has no replacement, and what would let it go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// What is done, as what follows "it".
    pub does: &'static str,
    /// What would be needed instead.
    pub missing: &'static str,
}

const FOREIGN: Reason = Reason {
    does: "calls foreign functions",
    missing: "a crate that wraps the library safely, or one in Rust",
};
const OWN: Reason = Reason {
    does: "calls unsafe functions of the package",
    missing: "safe ones: it goes when what they do goes",
};
const UNKNOWN: Reason = Reason {
    does: "calls what is declared elsewhere, or by a name that several functions have",
    missing: "a look by hand: what is called is not known here",
};
const DEREF: Reason = Reason {
    does: "dereferences raw pointers",
    missing: "references that live long enough; for linked structures, indices into an arena \
              (`slab`, `slotmap`)",
};
const STATIC_MUT: Reason = Reason {
    does: "uses a `static mut`",
    missing: "an atomic, a `Mutex` or a `OnceLock` in its place",
};
const UNION: Reason = Reason {
    does: "reads a field of a union",
    missing: "an enum, or `to_ne_bytes` and its kind",
};
const ASSEMBLY: Reason = Reason {
    does: "is assembler",
    missing: "an intrinsic, or a function of the standard library that does the same",
};
const UNREAD: Reason = Reason {
    does: "is code that could not be read as expressions",
    missing: "a look by hand",
};
const SIMD: Reason = Reason {
    does: "calls vector intrinsics",
    missing: "`std::simd`, which is not stable, or a crate of safe vectors (`wide`); since Rust 1.87 \
              most are safe inside of `#[target_feature]`",
};
const UNINIT: Reason = Reason {
    does: "handles memory that is not initialised",
    missing: "`array::from_fn`, or a `Vec` that is filled; for arrays in parts, `arrayvec`",
};
const PIN: Reason = Reason {
    does: "projects pins",
    missing: "`pin-project-lite`",
};
const MEMORY: Reason = Reason {
    does: "manages memory by hand",
    missing: "a `Box`, a `Vec` or an arena that owns it",
};
const TRANSMUTE: Reason = Reason {
    does: "takes values for those of another type",
    missing: "`bytemuck` or `zerocopy`, which check the types",
};
const POINTERS: Reason = Reason {
    does: "reads and writes through raw pointers",
    missing: "slices and indices; `mem::take` and `mem::replace` for what is moved out",
};
const SLICES: Reason = Reason {
    does: "makes slices of pointers and lengths",
    missing: "slices that are handed on whole, or `bytemuck` for those of another type",
};
const UNCHECKED: Reason = Reason {
    does: "leaves checks out",
    missing: "the method that checks, where a measurement allows it",
};
const C_STRINGS: Reason = Reason {
    does: "takes strings of C",
    missing: "a crate that wraps the library safely",
};
const DESCRIPTORS: Reason = Reason {
    does: "makes owners of raw descriptors and handles",
    missing: "`OwnedFd` and `BorrowedFd` where these come from",
};
const CELLS: Reason = Reason {
    does: "shares memory that changes",
    missing: "`Cell`, `OnceLock`, `Mutex` or an atomic",
};
const ENVIRONMENT: Reason = Reason {
    does: "changes the process's environment",
    missing: "values that are handed on; `Command::env` for children",
};
const STANDARD: Reason = Reason {
    does: "calls other unsafe functions of the standard library",
    missing: "a look by hand",
};

/// What functions of the standard library are about, by the last part of their paths.
const FUNCTIONS: [(&[&str], Reason); 11] = [
    (
        &[
            "set_len",
            "uninitialized",
            "zeroed",
            "assume_init",
            "assume_init_ref",
            "assume_init_mut",
            "assume_init_read",
            "assume_init_drop",
            "array_assume_init",
        ],
        UNINIT,
    ),
    (&["map_unchecked", "map_unchecked_mut"], PIN),
    (
        &[
            "alloc",
            "alloc_zeroed",
            "dealloc",
            "realloc",
            "drop_in_place",
            "from_raw",
            "from_raw_in",
            "from_size_align_unchecked",
            "increment_strong_count",
            "decrement_strong_count",
            "grow",
            "shrink",
            "deallocate",
        ],
        MEMORY,
    ),
    (
        &["transmute", "transmute_copy", "transmute_unchecked"],
        TRANSMUTE,
    ),
    (
        &[
            "read",
            "read_unaligned",
            "read_volatile",
            "write",
            "write_unaligned",
            "write_volatile",
            "write_bytes",
            "copy",
            "copy_nonoverlapping",
            "copy_from",
            "copy_from_nonoverlapping",
            "copy_to",
            "copy_to_nonoverlapping",
            "swap",
            "swap_nonoverlapping",
            "replace",
            "add",
            "sub",
            "offset",
            "offset_from",
            "byte_add",
            "byte_sub",
            "as_ref",
            "as_mut",
            "as_uninit_ref",
        ],
        POINTERS,
    ),
    (
        &[
            "from_raw_parts",
            "from_raw_parts_mut",
            "slice_from_raw_parts",
            "from_ptr_range",
            "align_to",
            "align_to_mut",
        ],
        SLICES,
    ),
    (
        &[
            "get_unchecked",
            "get_unchecked_mut",
            "from_utf8_unchecked",
            "from_utf8_unchecked_mut",
            "unwrap_unchecked",
            "unwrap_err_unchecked",
            "unreachable_unchecked",
            "assert_unchecked",
            "new_unchecked",
            "from_u32_unchecked",
            "as_bytes_mut",
            "as_mut_vec",
            "unchecked_add",
            "unchecked_sub",
            "unchecked_mul",
            "slice_unchecked",
            "slice_mut_unchecked",
            "split_at_unchecked",
            "split_at_mut_unchecked",
            "from_bytes_with_nul_unchecked",
            "from_vec_unchecked",
            "to_int_unchecked",
            "downcast_ref_unchecked",
        ],
        UNCHECKED,
    ),
    (&["from_ptr"], C_STRINGS),
    (
        &[
            "from_raw_fd",
            "from_raw_handle",
            "from_raw_socket",
            "borrow_raw",
        ],
        DESCRIPTORS,
    ),
    (
        &["as_ref_unchecked", "as_mut_unchecked", "get_mut_unchecked"],
        CELLS,
    ),
    (&["set_var", "remove_var"], ENVIRONMENT),
];

/// Why an operation has no replacement; `name` is what is called, as it is written.
#[must_use]
pub fn reason(need: Need, name: &str) -> Reason {
    match need {
        Need::Foreign => FOREIGN,
        Need::Own => OWN,
        Need::Unknown => UNKNOWN,
        Need::Deref => DEREF,
        Need::StaticMut => STATIC_MUT,
        Need::Union => UNION,
        Need::Assembly => ASSEMBLY,
        Need::Macro | Need::Unread => UNREAD,
        Need::Standard => standard(name),
    }
}

fn standard(name: &str) -> Reason {
    let path = without_generics(name);
    let mut parts = path
        .rsplit("::")
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let function = parts.next().unwrap_or_default().trim_start_matches('.');
    let owner = parts.next().unwrap_or_default();
    if owner == "Pin" {
        return PIN;
    }
    if name.contains("arch::") || is_intrinsic(function) {
        return SIMD;
    }
    if matches!(owner, "Vec" | "String") && function == "from_raw_parts" {
        return MEMORY;
    }
    let known = FUNCTIONS
        .iter()
        .find(|(names, _)| names.contains(&function));
    known.map_or(STANDARD, |(_, reason)| *reason)
}

/// `Vec::<u8>::new` without what stands between the brackets.
fn without_generics(name: &str) -> String {
    let mut depth = 0_usize;
    let outside = name.chars().filter(|character| {
        let is_inside = depth > 0;
        match character {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        !is_inside && *character != '<'
    });
    outside.collect()
}

/// Names of x86's, Arm's and WebAssembly's intrinsics.
fn is_intrinsic(function: &str) -> bool {
    let is_arm = function.starts_with('v')
        && [
            "_u8", "_u16", "_u32", "_u64", "_s8", "_s16", "_s32", "_s64", "_f32", "_f64", "_p8",
            "_p64",
        ]
        .iter()
        .any(|ending| function.ends_with(ending));
    is_arm
        || ["_mm", "__cpuid", "_xgetbv", "_pext", "_pdep", "v128_"]
            .iter()
            .any(|begin| function.starts_with(begin))
}

/// Why sites of a package stay: how many for a reason, and what is called there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Why.
    pub reason: Reason,
    /// How many sites do that; one that does several things is in several.
    pub sites: usize,
    /// What is called or used, as it is written, sorted.
    pub names: BTreeSet<String>,
}

/// Why sites of a package stay, the most frequent first.
#[must_use]
pub fn kept(steps: &PackageSteps) -> Vec<Kept> {
    let mut reasons: BTreeMap<Reason, Kept> = BTreeMap::new();
    for site in steps
        .sites
        .iter()
        .filter(|site| !site.outlook.is_replaceable())
    {
        let mut own: BTreeSet<Reason> = BTreeSet::new();
        for left in &site.left {
            let reason = reason(left.need, &left.name);
            let kept = reasons.entry(reason).or_insert_with(|| Kept {
                reason,
                sites: 0,
                names: BTreeSet::new(),
            });
            kept.sites += usize::from(own.insert(reason));
            if !left.name.is_empty() {
                kept.names.insert(left.name.clone());
            }
        }
    }
    let mut kept: Vec<Kept> = reasons.into_values().collect();
    kept.sort_by(|a, b| b.sites.cmp(&a.sites).then(a.reason.cmp(&b.reason)));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_tells_what_is_missing() {
        for (name, expected) in [
            ("ptr::read", POINTERS),
            ("std::ptr::copy_nonoverlapping", POINTERS),
            ("get_unchecked", UNCHECKED),
            (".get_unchecked_mut", UNCHECKED),
            ("Pin::new_unchecked", PIN),
            ("NonNull::new_unchecked", UNCHECKED),
            ("mem::transmute::<A, B>", TRANSMUTE),
            ("core::arch::x86_64::_mm_add_epi8", SIMD),
            ("_mm256_loadu_si256", SIMD),
            ("vaddq_u8", SIMD),
            ("Vec::from_raw_parts", MEMORY),
            ("slice::from_raw_parts", SLICES),
            ("Box::from_raw", MEMORY),
            ("MaybeUninit::<[u8; 4]>::zeroed", UNINIT),
            ("set_len", UNINIT),
            ("env::set_var", ENVIRONMENT),
            ("verify", STANDARD),
            ("", STANDARD),
        ] {
            assert_eq!(reason(Need::Standard, name), expected, "{name}");
        }
        assert_eq!(reason(Need::Foreign, "libc::read"), FOREIGN);
    }
}
