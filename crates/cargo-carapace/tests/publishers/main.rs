//! `publishers`, as users run it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod api;
mod audits;
mod lock;
mod selection;
#[path = "../support/mod.rs"]
mod support;
