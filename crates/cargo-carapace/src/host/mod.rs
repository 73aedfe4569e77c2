//! What Carapace asks of the machine and of the network.
//!
//! All that arrives through here is hostile input: servers' answers, their redirects, registries'
//! indexes, repositories of git, and the project under analysis. Each door bounds it in bytes and
//! in time, and tells in its errors what was refused and why.

pub mod bench;
pub mod cargo;
pub(crate) mod child;
pub mod compiler;
pub mod confine;
pub mod dirs;
pub mod files;
pub(crate) mod foreign;
pub mod git;
mod glob;
pub mod http;
pub(crate) mod kept;
pub(crate) mod manifest;
pub mod metadata;
pub(crate) mod mirror;
pub(crate) mod parallel;
pub mod progress;
pub(crate) mod project_config;
pub mod registry;
pub mod resolve;
pub mod rewrite;
pub mod search;
pub(crate) mod tarball;
pub(crate) mod targets;
pub(crate) mod toolchain;
pub(crate) mod whole;
pub mod workspace;
