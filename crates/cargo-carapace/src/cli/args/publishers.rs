//! `publishers`: what can be typed.

use std::path::PathBuf;

use carapace_core::policy::publishers::MinAge;
use clap::{Args, ValueEnum};

use super::{NetworkArgs, OutputArgs, SelectionArgs};

/// By what people are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ByArg {
    /// Each person, and what they can change
    #[default]
    Person,
    /// Each package, and who can change it
    Crate,
    /// Each team, and what its members can change
    Team,
}

/// `publishers`
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Without a policy this is an inventory and ends with 0; signals of an attack warn \
                  or fail. Takes cargo-supply-chain's flags with their meaning."
)]
pub struct PublishersArgs {
    /// A project: its folder, its Cargo.toml or a lockfile [default: the workspace around the
    /// current folder]
    #[arg(value_name = "PATH", conflicts_with = "manifest_path")]
    pub path: Option<PathBuf>,
    /// A project's Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// Which packages are judged, and as what.
    #[command(flatten)]
    pub selection: SelectionArgs,

    /// By what people are listed [default: person]
    #[arg(long, value_name = "WHAT", help_heading = "View")]
    pub by: Option<ByArg>,
    /// One fact a line, without numbers that change when others do: to be compared with diff
    #[arg(short, long, help_heading = "View")]
    pub diffable: bool,

    /// Where facts come from.
    #[command(flatten)]
    pub sources: SourceArgs,

    /// Fail on versions that are younger: 7days, 2weeks; of which no date is known makes the run
    /// incomplete
    #[arg(long, value_name = "AGE", value_parser = MinAge::parse, help_heading = "Policy")]
    pub min_age: Option<u32>,
    /// Warn of accounts that are younger [default: 30days, where their age is known]
    #[arg(long, value_name = "AGE", value_parser = MinAge::parse, help_heading = "Policy")]
    pub min_account_age: Option<u32>,
    /// Take the policy from this file
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "no_project_config",
        help_heading = "Policy"
    )]
    pub config: Option<PathBuf>,
    /// Take no notice of the project's own configuration
    #[arg(long, help_heading = "Policy")]
    pub no_project_config: bool,

    /// Flags of the network.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Flags of the output.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Where facts of people come from.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Sources")]
pub struct SourceArgs {
    /// Ask this registry's API instead of crates.io's
    #[arg(long, value_name = "URL")]
    pub registry_api: Option<String>,
    /// Ask this sparse index instead of crates.io's
    #[arg(long, value_name = "URL")]
    pub registry_index: Option<String>,
}
