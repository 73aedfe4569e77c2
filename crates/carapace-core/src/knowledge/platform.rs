//! The architectures and systems that rustc knows, to tell a misspelt one from a real one.
//!
//! From `rustc --print cfg --target T` over `rustc --print target-list`, release 1.95.

use strsim::levenshtein;

/// `target_arch` of every target, sorted.
pub const ARCHITECTURES: &[&str] = &[
    "aarch64",
    "amdgpu",
    "arm",
    "arm64ec",
    "avr",
    "bpf",
    "csky",
    "hexagon",
    "loongarch32",
    "loongarch64",
    "m68k",
    "mips",
    "mips32r6",
    "mips64",
    "mips64r6",
    "msp430",
    "nvptx64",
    "powerpc",
    "powerpc64",
    "riscv32",
    "riscv64",
    "s390x",
    "sparc",
    "sparc64",
    "wasm32",
    "wasm64",
    "x86",
    "x86_64",
    "xtensa",
];

/// `target_os` of every target, sorted.
pub const SYSTEMS: &[&str] = &[
    "aix",
    "amdhsa",
    "android",
    "cuda",
    "cygwin",
    "dragonfly",
    "emscripten",
    "espidf",
    "freebsd",
    "fuchsia",
    "haiku",
    "helenos",
    "hermit",
    "horizon",
    "hurd",
    "illumos",
    "ios",
    "l4re",
    "linux",
    "lynxos178",
    "macos",
    "managarm",
    "motor",
    "netbsd",
    "none",
    "nto",
    "nuttx",
    "openbsd",
    "psp",
    "psx",
    "qurt",
    "redox",
    "rtems",
    "solaris",
    "solid_asp3",
    "teeos",
    "trusty",
    "tvos",
    "uefi",
    "unknown",
    "vexos",
    "visionos",
    "vita",
    "vxworks",
    "wasi",
    "watchos",
    "windows",
    "xous",
    "zkvm",
];

/// The known name nearest to one that is not known, if any is near enough to be meant.
#[must_use]
pub fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    // No name is longer; a text of a configuration may be.
    let name: String = name.chars().take(64).collect();
    let candidates = known.iter().map(|k| (levenshtein(&name, k), *k));
    let (distance, nearest) = candidates.min()?;
    (distance * 2 <= name.len()).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_the_meant_one() {
        assert_eq!(nearest("lunix", SYSTEMS), Some("linux"));
        assert_eq!(nearest("x86-64", ARCHITECTURES), Some("x86_64"));
        assert_eq!(nearest("plan9", SYSTEMS), None);
    }

    #[test]
    fn lists_are_sorted() {
        assert!(ARCHITECTURES.is_sorted() && SYSTEMS.is_sorted());
    }
}
