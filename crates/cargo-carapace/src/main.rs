//! `cargo carapace`, also run bare as `cargo-carapace`.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::process::ExitCode;

use cargo_carapace::census::compiled::wrapper;
use cargo_carapace::cli;
use cargo_carapace::host::confine;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(code) = confine::enter(&arguments) {
        return code;
    }
    // Cargo calls with rustc's arguments, which are none of ours.
    wrapper::run(&arguments).unwrap_or_else(|| cli::run(arguments).into())
}
