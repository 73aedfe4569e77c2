//! `audit`: from what was typed to the report.
//!
//! [`inputs`] finds and reads what is judged, `binaries` what of it is compiled, [`ruling`] finds
//! which configuration rules, `roles` has cargo say what of it is built, [`reach`] whether affected
//! functions are reached, [`settings`] works out what the user wants,
//! [`databases`] and the registry's index bring what is known, and the core's engine judges.
//! [`fix`] has cargo change what was found, in a copy, and has it judged again.

mod binaries;
pub mod databases;
pub mod fix;
pub mod inputs;
pub mod known;
pub mod reach;
mod roles;
pub mod ruling;
pub mod settings;
mod toolchain;
