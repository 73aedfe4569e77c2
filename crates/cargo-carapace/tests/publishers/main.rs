//! `publishers`, as users run it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod audits;
mod selection;
#[path = "../support/mod.rs"]
mod support;
