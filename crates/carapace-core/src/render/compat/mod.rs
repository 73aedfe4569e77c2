//! The formats of the tools that this one replaces.

pub mod cargo_audit;
pub mod cargo_geiger;
pub mod cargo_supply_chain;
pub mod cargo_vet;
