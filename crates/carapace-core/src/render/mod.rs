//! From a report to text: one pure function per format.

pub mod compat;
pub mod json;
