//! What comes from outside the code: advisories, the registry's index, people.

pub mod advisory;
pub mod date;
mod index_head;
pub mod people;
pub mod platform;
pub mod registry;
pub mod vet;
