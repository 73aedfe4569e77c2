//! `publishers`, as users run it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod api;
mod audits;
mod lock;
mod people;
mod selection;
mod sources;
#[path = "../support/mod.rs"]
mod support;
