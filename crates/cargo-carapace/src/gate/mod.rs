//! What unsafe code is held against, brought from the machine: the project's configuration, its
//! baseline, what it was at a revision, and what the archives of its packages held.

pub mod archive;
pub mod baseline;
pub mod config;
pub mod since;
pub mod unpacked;
