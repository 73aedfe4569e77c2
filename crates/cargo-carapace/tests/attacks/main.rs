//! Attacks that happened, rebuilt as harmless registries and archives: each is shown by its signal, and
//! a twin that differs by one fact is not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod archives;
mod draw;
mod index;
#[path = "../support/mod.rs"]
mod support;
