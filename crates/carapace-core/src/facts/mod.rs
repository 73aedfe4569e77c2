//! What one package's sources say, as plain data.
//!
//! *Invariants.* Facts depend on nothing but the bytes of the package's files and the
//! [`VERSION`] of the extractor: not on features, targets or toolchains. Conditions are kept
//! unevaluated; the [`crate::census`] evaluates them for a graph. So the facts of a published
//! version never change and are kept by its checksum.

pub mod unsafety;
