//! What the integration tests share.

// Each test file is a program of its own and uses what it needs.
#![allow(dead_code, unreachable_pub)]

pub mod advisories;
pub mod census;
pub mod dance;
pub mod door;
pub mod dump;
pub mod index;
pub mod oracle;
pub mod people;
pub mod process;
pub mod project;
pub mod registry;
pub mod repository;
pub mod run;
pub mod schema;
pub mod server;
pub mod supply;
