//! How the packages of a graph come to be what they are: who can publish them, and who did.
//!
//! A [`Supply`] is what the rules about that look at, and what a report shows of people.

use crate::knowledge::date::Date;
use crate::knowledge::people::People;

/// What was found out of how the packages of a graph are published.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Supply {
    /// Who can publish them, and who did.
    pub people: People,
    /// What is known of each, by the places of packages in the graph.
    pub packages: Vec<PackageSupply>,
    /// The day of the run, which ages are counted to.
    pub today: Option<Date>,
}

/// What is known of one package, beside its people.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PackageSupply {
    /// Whether it is a part of what is judged: chosen features, platforms and tables need it.
    pub is_built: bool,
    /// Its authors, as its manifest writes them: anybody can write any name there.
    pub authors: Vec<String>,
}
