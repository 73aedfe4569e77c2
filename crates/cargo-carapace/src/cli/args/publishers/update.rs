//! `publishers update`: what can be typed.

use clap::Args;

use crate::publishers::update::CRATES_IO_DUMP;

/// `publishers update`
#[derive(Debug, Args)]
pub struct PublishersUpdateArgs {
    /// Take the dump from this https address, or this file
    #[arg(
        long,
        value_name = "URL|FILE",
        default_value = CRATES_IO_DUMP,
        env = "CARAPACE_REGISTRY_DUMP",
        hide_env_values = true
    )]
    pub registry_dump: String,
    /// Take it also where it is older than what is held
    #[arg(long)]
    pub allow_older: bool,
    /// Ask nobody: only a file can be taken
    #[arg(long)]
    pub offline: bool,
    /// Say nothing
    #[arg(short, long)]
    pub quiet: bool,
}
