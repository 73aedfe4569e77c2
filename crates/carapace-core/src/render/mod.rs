//! From a report to text: one pure function per format.

pub mod compat;
pub mod github;
pub mod human;
pub mod json;
#[cfg(test)]
mod sample;
pub mod sarif;
#[cfg(test)]
mod tests;
mod words;
