//! cargo-audit's configuration.
