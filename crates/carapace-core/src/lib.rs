//! The pure core.
#![forbid(unsafe_code)]
pub mod graph;
pub mod knowledge;
pub mod text;
