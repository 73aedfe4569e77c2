//! `dance`: what can be typed.

use std::path::PathBuf;

use carapace_core::finding::Confidence;
use clap::{Args, ValueEnum};

use super::{ConfigArgs, NetworkArgs, OutputArgs, SelectionArgs};

/// How sure a finding has to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Sure {
    /// What is likely wrong more often than not is told, too.
    Low,
    /// What is likely.
    Medium,
    /// What is so.
    #[default]
    High,
}

impl From<Sure> for Confidence {
    fn from(sure: Sure) -> Self {
        match sure {
            Sure::Low => Self::Low,
            Sure::Medium => Self::Medium,
            Sure::High => Self::High,
        }
    }
}

/// `dance`
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Without a policy this is an inventory and ends with 0. Nothing is changed unless \
                  --fix asks for it, and nothing of the project is run unless --verify does."
)]
pub struct DanceArgs {
    /// A project: its folder or its Cargo.toml [default: the workspace around the current folder]
    #[arg(value_name = "PATH", conflicts_with = "manifest_path")]
    pub path: Option<PathBuf>,
    /// A project's Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// Judge the package in this folder alone, as it was unpacked or written
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["path", "manifest_path", "workspace", "packages", "deps", "nominate"])]
    pub no_deps: Option<PathBuf>,

    /// Judge only this package of the graph, a member or a dependency, NAME or NAME@VERSION
    #[arg(
        short,
        long = "package",
        value_name = "SPEC",
        help_heading = "Selection"
    )]
    pub packages: Vec<String>,
    /// Judge what the members depend on, too
    #[arg(long, help_heading = "Selection", conflicts_with = "packages")]
    pub deps: bool,
    /// Which packages are judged, and as what.
    #[command(flatten)]
    pub selection: SelectionArgs,

    /// How sure a finding of unsound code has to be, to be told
    #[arg(
        long,
        value_enum,
        value_name = "LEVEL",
        default_value_t,
        help_heading = "Selection"
    )]
    pub confidence: Sure,

    /// Rank the packages of the graph by what a dance there would win
    #[arg(long, help_heading = "Process", conflicts_with_all = ["fix", "report"])]
    pub nominate: bool,
    /// Write the audit of a package, every unsafe site of it, as Markdown for a tracking issue
    #[arg(
        long,
        value_name = "SPEC",
        help_heading = "Process",
        conflicts_with_all = ["fix", "packages", "deps"]
    )]
    pub report: Option<String>,

    /// Apply the fixes that can be applied unseen, to the workspace's own members; with --no-deps, to the
    /// package that it names
    #[arg(long, help_heading = "Fix")]
    pub fix: bool,
    /// With --fix: also those that are to be looked at
    #[arg(long, requires = "fix", help_heading = "Fix")]
    pub unsafe_fixes: bool,
    /// With --fix: show the diff, and change nothing
    #[arg(long, requires = "fix", help_heading = "Fix")]
    pub dry_run: bool,
    /// With --fix: build in a copy and run tests, before and after each fix, and keep what is proven; of
    /// dependencies a patch is made. This runs the code of the package and of all that it depends on,
    /// confined as far as the system allows
    #[arg(long, requires = "fix", help_heading = "Fix")]
    pub verify: bool,
    /// With --fix: write the changes to this file as a patch, too: those of the workspace or of one package
    #[arg(long, value_name = "FILE", requires = "fix", help_heading = "Fix")]
    pub patch: Option<PathBuf>,
    /// With --fix: change files that git could not give back
    #[arg(long, requires = "fix", help_heading = "Fix")]
    pub allow_dirty: bool,

    /// Which configuration counts.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Flags of the network.
    #[command(flatten)]
    pub network: NetworkArgs,

    /// Flags of the output.
    #[command(flatten)]
    pub output: OutputArgs,
}
