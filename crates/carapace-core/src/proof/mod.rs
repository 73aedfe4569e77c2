//! Whether a fix has done no harm: what a build and its tests said before and after, compared.
//!
//! *Invariants.* All that is read here was written by a compiler and by tests that the code under
//! judgement could have made say anything: it decides about that code's own fixes and about nothing
//! else, is bounded by the caller, and never fails to be read. Texts are kept as they came; whoever
//! shows them escapes them.

pub mod division;
pub mod judgement;
pub mod messages;
pub mod outcomes;
