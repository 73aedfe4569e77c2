//! The edge of Carapace: everything that touches the machine it runs on.
//!
//! This library exists so that the program and its tests share one build.
//! It is **not a stable interface**: anything may change in any release.
//! Build on `carapace-core` instead.
#![forbid(unsafe_code)]

pub mod advisories;
pub mod audit;
pub mod census;
pub mod cli;
pub mod dance;
pub mod gate;
mod ground;
pub mod host;
pub mod publishers;
