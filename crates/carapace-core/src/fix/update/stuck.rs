//! Why a package stays what it is, and what can be done instead.

use std::fmt;

use semver::Version;

use crate::fix::manifest::Asked;

/// Why there is no change that would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stuck {
    /// Every version has a fault.
    NoRelease {
        /// The package.
        name: String,
        /// The newest version.
        newest: Option<Version>,
    },
    /// What would do needs a newer Rust than the workspace promises to build with.
    Rust {
        /// The package.
        name: String,
        /// The first version that would do.
        version: Version,
        /// The Rust that it needs.
        rust: Version,
    },
    /// No version of a dependent takes one that will do.
    Parent(Box<Parent>),
    /// The requirement stands in a manifest that is not to be changed.
    Place {
        /// What is asked, and where.
        asked: Box<Asked>,
        /// The first version that will do.
        wanted: Version,
    },
    /// The dependent is neither of the registry nor of the workspace.
    Elsewhere {
        /// Its id.
        parent: String,
        /// The package that it depends on.
        package: String,
        /// The first version that will do.
        wanted: Version,
    },
    /// What versions there are is not known.
    Unknown {
        /// The package.
        name: String,
        /// Why.
        reason: String,
    },
    /// It was not found out within bounds.
    TooMany,
}

/// A package of the registry that holds another one back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The dependent.
    pub name: String,
    /// Its version in the lockfile.
    pub version: Version,
    /// Its newest version.
    pub newest: Version,
    /// The package that it depends on.
    pub package: String,
    /// What it asks of that.
    pub requirement: String,
    /// The first version of that which will do; none if it would have to do without it.
    pub wanted: Option<Version>,
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            version,
            newest,
            package,
            requirement,
            wanted,
        } = self;
        write!(f, "{name} {version} asks for {package} {requirement}, and ")?;
        match newest > version {
            true => write!(f, "none of its versions up to {newest}")?,
            false => f.write_str("it has no newer version that")?,
        }
        match wanted {
            Some(wanted) => write!(f, " takes {wanted}"),
            None => f.write_str(" does without it"),
        }
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRelease {
                name,
                newest: Some(newest),
            } => write!(
                f,
                "no version of {name} is free of it; the newest is {newest}"
            ),
            Self::NoRelease { name, newest: None } => {
                write!(f, "the registry has no version of {name} to choose")
            }
            Self::Rust {
                name,
                version,
                rust,
            } => write!(
                f,
                "{name} {version} would do, and needs Rust {rust}, which is newer than the workspace's `rust-version`"
            ),
            Self::Parent(parent) => parent.fmt(f),
            Self::Place { asked, wanted } => write!(
                f,
                "{}:{} asks for {} {}, which is not this workspace's to change to {wanted}",
                asked.file, asked.line, asked.package, asked.text
            ),
            Self::Elsewhere {
                parent,
                package,
                wanted,
            } => write!(
                f,
                "{parent}, which is not from crates.io, does not take {package} {wanted}"
            ),
            Self::Unknown { name, reason } => {
                write!(f, "the versions of {name} are not known: {reason}")
            }
            Self::TooMany => f.write_str("too many packages would have to change"),
        }
    }
}

impl Stuck {
    /// What can be done instead.
    #[must_use]
    pub fn alternatives(&self) -> Vec<String> {
        match self {
            Self::NoRelease { name, .. } => vec![
                format!("replace {name}, or whatever brings it in"),
                "leave the advisory out, with a reason and a day, if it does not concern you"
                    .to_owned(),
            ],
            Self::Rust { rust, .. } => {
                vec![format!("raise `rust-version` to {rust} and run this again")]
            }
            Self::Parent(parent) => {
                let (name, package) = (&parent.name, &parent.package);
                vec![
                    match &parent.wanted {
                        Some(wanted) => format!(
                            "ask the maintainers of {name} for a version that takes {package} {wanted}"
                        ),
                        None => {
                            format!("ask the maintainers of {name} for a version without {package}")
                        }
                    },
                    format!(
                        "have `[patch.crates-io]` take {name} from a copy that does, or replace {name}"
                    ),
                ]
            }
            Self::Place { asked, .. } => vec![format!("change {} there", asked.file)],
            Self::Elsewhere { parent, .. } => vec![format!("update {parent} where it comes from")],
            Self::Unknown { .. } => vec!["try again with a connection to the registry".to_owned()],
            Self::TooMany => vec!["update the packages that bring it in by hand".to_owned()],
        }
    }
}
