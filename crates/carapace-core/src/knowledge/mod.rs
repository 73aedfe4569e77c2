//! What comes from outside the code: advisories and the registry's index.

pub mod advisory;
pub mod date;
pub mod platform;
pub mod registry;
