//! The proof of fixes, with real cargo on small packages without dependencies, some of which want
//! more than to be built.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../support/mod.rs"]
mod support;

mod hostile;
mod package;
mod patch;
mod subjects;
mod verdicts;
