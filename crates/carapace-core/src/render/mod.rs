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

/// JSON in which nothing can be taken for a command to a CI system: these act in any line of a log,
/// `##[…]` wherever it stands in one. In JSON a `#` is always inside a string, and its escape means
/// the same to whoever reads it.
fn disarmed(json: String) -> String {
    if json.contains("##") {
        json.replace("##", "#\\u0023")
    } else {
        json
    }
}
