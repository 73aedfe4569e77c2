//! The pure core of [Carapace](https://crates.io/crates/cargo-carapace): what a Rust project
//! depends on, what is known of it, and what follows.
//!
//! Data flows one way: a lockfile or cargo's [`graph::metadata`] becomes a [`graph`], of which
//! [`graph::units`] tells what a build has, under which [`cfg`](mod@cfg); what is known outside the
//! code is [`knowledge`], [`rules`] turn both into [`finding`]s, the [`engine`] gathers them under a
//! [`policy`] into one [`report`], and [`render`] turns that into text. Nothing here reads a file,
//! starts a process, asks a network, looks at a clock or the environment, or prints: that is the
//! caller's part, and `clippy.toml` beside this crate's manifest enforces it.

#![forbid(unsafe_code)]

pub mod baseline;
pub mod census;
pub mod cfg;
pub mod dance;
pub mod engine;
pub mod facts;
pub mod finding;
pub mod fix;
pub mod graph;
pub mod knowledge;
pub mod policy;
pub mod proof;
pub mod reach;
pub mod render;
pub mod report;
pub mod rules;
pub mod soundness;
pub mod source;
pub mod supply;
pub mod text;
