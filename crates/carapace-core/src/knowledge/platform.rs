//! The architectures and systems that rustc knows, to tell a misspelt one from a real one.

/// `target_arch` values of rustc's targets (`rustc --print target-list`, with `--print cfg`, 1.95).
pub const ARCHITECTURES: &[&str] = &[];

/// `target_os` values of rustc's targets.
pub const SYSTEMS: &[&str] = &[];
