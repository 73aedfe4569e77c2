//! `publishers`: what can be typed.

mod update;

use std::path::PathBuf;
use std::time::Duration;

use carapace_core::policy::publishers::MinAge;
use clap::{Args, Subcommand, ValueEnum};

pub use update::PublishersUpdateArgs;

use super::{ConfigArgs, NetworkArgs, OutputArgs, SelectionArgs};

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

/// What to do instead of judging a project.
#[derive(Debug, Subcommand)]
pub enum PublishersCommand {
    /// Take in who publishes what, from the registry's database dump
    Update(PublishersUpdateArgs),
}

/// `publishers`
#[derive(Debug, Default, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Without a policy this is an inventory and ends with 0; signals of an attack warn \
                  or fail. Takes cargo-supply-chain's flags with their meaning."
)]
pub struct PublishersArgs {
    /// What to do instead of judging a project.
    #[command(subcommand)]
    pub command: Option<PublishersCommand>,
    /// A project: its folder, its Cargo.toml or a lockfile [default: the workspace around the
    /// current folder]
    #[arg(value_name = "PATH", conflicts_with = "manifest_path")]
    pub path: Option<PathBuf>,
    /// A project's Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// Look for what was published to do harm, in every lockfile below PATH, `target` folders and
    /// vendored packages included, and in cargo's cache
    #[arg(short, long, conflicts_with_all = ["manifest_path", "by", "diffable"])]
    pub recursive: bool,
    /// With --recursive: take the advisories from this folder only
    #[arg(long, value_name = "FOLDER", requires = "recursive")]
    pub db: Vec<PathBuf>,
    /// Which packages are judged, and as what.
    #[command(flatten)]
    pub selection: SelectionArgs,

    /// By what people are listed [default: person]
    #[arg(long, value_name = "WHAT", help_heading = "View")]
    pub by: Option<ByArg>,
    /// One fact a line, without numbers that change when others do: to be compared with diff
    #[arg(short, long, help_heading = "View")]
    pub diffable: bool,

    /// Tell people only: neither the index's history nor archives are looked at
    #[arg(long, help_heading = "Policy", conflicts_with_all = ["min_age", "min_account_age"])]
    pub no_signals: bool,
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

/// Where facts of people come from.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Sources")]
pub struct SourceArgs {
    /// Ask this registry's API instead of crates.io's
    #[arg(
        long,
        value_name = "URL",
        env = "CARAPACE_REGISTRY_API",
        hide_env_values = true
    )]
    pub registry_api: Option<String>,
    /// How many questions a second it is asked at most; crates.io allows one [default: 1]
    #[arg(long, value_name = "N", value_parser = rate)]
    pub registry_api_rate: Option<f64>,
    /// Take this dump in before, as `publishers update` does: an https address, or a file
    #[arg(long, value_name = "URL|FILE")]
    pub registry_dump: Option<String>,
    /// Ask this sparse index instead of crates.io's
    #[arg(long, value_name = "URL")]
    pub registry_index: Option<String>,
    /// Ask for owners again whose facts are older than this: 48h, 7days [default: 48h for what the
    /// API has said; what the dump or the lock says is not asked for again]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub cache_max_age: Option<Duration>,

    /// The lock of facts [default: carapace-publishers.lock beside Cargo.lock, if there is one]
    #[arg(long, value_name = "FILE", help_heading = "Lock of facts")]
    pub lock: Option<PathBuf>,
    /// Write what is known into the lock
    #[arg(long, help_heading = "Lock of facts")]
    pub write_lock: bool,
    /// Ask for everything that the lock says: what cannot be makes the run incomplete
    #[arg(long, help_heading = "Lock of facts")]
    pub verify: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok();
    let rate = rate.filter(|rate: &f64| (0.001..=1000.0).contains(rate));
    rate.ok_or_else(|| "a number of questions a second, 0.001 to 1000".to_owned())
}
