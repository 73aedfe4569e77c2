//! The census of unsafe code: reading packages, and keeping what was found in them.

pub mod extract;
mod sources;
