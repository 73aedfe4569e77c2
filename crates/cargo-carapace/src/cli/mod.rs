//! The command line.

pub mod args;
pub mod audit;
pub mod dance;
pub mod db;
pub mod explain;
pub mod init;
pub mod output;
pub mod publishers;
mod sources;
pub mod unsafe_code;

use std::ffi::OsString;
use std::process::ExitCode;

use carapace_core::report::Verdict;
use clap::Parser as _;

use args::{Cli, Command};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: nothing that fails.
    Pass,
    /// 1: findings that fail.
    Fail,
    /// 2: used wrongly, or something needed could not be had.
    Error,
    /// 3: a check that was asked for could not be made.
    Incomplete,
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Incomplete => Self::Incomplete,
            Verdict::Fail => Self::Fail,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Pass => Self::from(0),
            Exit::Fail => Self::from(1),
            Exit::Error => Self::from(2),
            Exit::Incomplete => Self::from(3),
        }
    }
}

/// Why a command could not be carried out: one sentence that says what, where and what to do.
/// Foreign text in it is safe to show.
#[derive(Debug)]
pub struct Failure(pub String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Runs the program with its arguments, the name first.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    // Cargo calls `cargo-carapace carapace …`.
    if arguments.get(1).is_some_and(|first| first == "carapace") {
        arguments.remove(1);
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let is_error = error.use_stderr();
            // Nothing can be done about a closed stream.
            let _ = error.print();
            return if is_error { Exit::Error } else { Exit::Pass };
        }
    };
    let result = match cli.command {
        Command::Audit(mut arguments) => {
            arguments.take_word().and_then(|()| audit::run(&arguments))
        }
        Command::Unsafe(arguments) => unsafe_code::run(&arguments),
        Command::Dance(arguments) => dance::run(&arguments),
        Command::Publishers(arguments) => publishers::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Db(arguments) => db::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
    };
    result.unwrap_or_else(|failure| {
        output::error(&failure.0);
        Exit::Error
    })
}
