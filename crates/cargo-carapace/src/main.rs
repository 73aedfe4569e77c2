//! `cargo carapace`, also run bare as `cargo-carapace`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_carapace::cli::run(std::env::args_os()).into()
}
