//! What code can do beyond computing: by the paths of the standard library and of well-known packages
//! that it names.
//!
//! *Known limits.* A path is what is looked for, through `use`, other names and globs of the same
//! file. What a value's own methods do (`path.exists()`), what another package does on its behalf, and
//! names that a macro puts together are not seen. What is seen need not be called.

mod table;
mod uses;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(super) use table::Table;
pub(super) use uses::{Mention, live, mentions};

/// Whose code it is, and so when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Part {
    /// The build script's: runs when the package is built.
    BuildScript,
    /// A procedural macro's: runs when what uses it is built.
    ProcMacro,
    /// The library's: runs in the program.
    Library,
}

impl Part {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BuildScript => "build-script",
            Self::ProcMacro => "proc-macro",
            Self::Library => "library",
        }
    }

    /// In a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::BuildScript => "the build script",
            Self::ProcMacro => "the procedural macro",
            Self::Library => "the library",
        }
    }
}

/// What it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ability {
    /// Talk to other machines.
    Network,
    /// Start programs.
    Processes,
    /// Load code while it runs.
    Loading,
    /// Read the environment's variables.
    Environment,
    /// Read or write files.
    Files,
    /// Call functions that are not written in Rust.
    Foreign,
    /// Carry files of the package along as bytes.
    Embedded,
}

impl Ability {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Processes => "processes",
            Self::Loading => "loading",
            Self::Environment => "environment",
            Self::Files => "files",
            Self::Foreign => "foreign",
            Self::Embedded => "embedded",
        }
    }

    /// What the code can do, behind `can`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Network => "use the network",
            Self::Processes => "start programs",
            Self::Loading => "load code while it runs",
            Self::Environment => "read environment variables",
            Self::Files => "read or write files",
            Self::Foreign => "call foreign functions",
            Self::Embedded => "carry bytes along",
        }
    }
}

/// Something that a package's code can do, with one place that shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Capability {
    /// Whose code it is.
    pub part: Part,
    /// What it can do.
    pub ability: Ability,
    /// The path that is named, in full.
    pub names: String,
    /// The program that it starts, where it is named there and is none of the toolchain.
    pub program: Option<String>,
    /// The file, from the package's folder.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Capability {
    /// Whether it counts in full: code that runs during builds and reaches out of the machine, loads
    /// code, or starts a program that it names. A program that it does not name is mostly the compiler,
    /// which build scripts ask for what it can do.
    #[must_use]
    pub fn is_severe(&self) -> bool {
        let is_severe = match self.ability {
            Ability::Network | Ability::Loading => true,
            Ability::Processes => self.program.is_some(),
            Ability::Environment | Ability::Files | Ability::Foreign | Ability::Embedded => false,
        };
        is_severe && self.part != Part::Library
    }

    /// In a sentence, with its place.
    #[must_use]
    pub fn words(&self) -> String {
        let (part, ability) = (self.part.words(), self.ability.words());
        format!("{part} can {ability}: {self}")
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names)?;
        if let Some(program) = &self.program {
            write!(f, "({program:?})")?;
        }
        write!(f, " at {}:{}", self.file, self.line)
    }
}
