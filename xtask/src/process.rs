//! Other programs, run and measured, and folders that go away again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// An empty folder that is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct TempFolder(PathBuf);

impl TempFolder {
    pub(crate) fn new() -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("carapace-xtask-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // What cannot be removed stays in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a program wrote and how it ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// None if a signal ended it.
    pub(crate) code: Option<i32>,
}

impl Finished {
    /// How it ended, and the first line of what it said then.
    pub(crate) fn ending(&self) -> String {
        let code = self
            .code
            .map_or("a signal".to_owned(), |code| format!("status {code}"));
        match self.stderr.lines().next() {
            Some(line) => format!("ended with {code}: {line}"),
            None => format!("ended with {code}"),
        }
    }
}

/// A program with a cache of its own and without what makes it behave as on a build server.
pub(crate) fn command(program: &Path, cache: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("CARAPACE_CACHE_DIR", cache)
        .env_remove("CI")
        .stdin(Stdio::null());
    command
}

/// Runs a program to its end, reading all that it writes.
pub(crate) fn run(command: &mut Command) -> Result<Finished, String> {
    let output = command
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|error| error.to_string());
    Ok(Finished {
        stdout: text(output.stdout)?,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    })
}

/// The value behind a flag, taken out of the arguments.
pub(crate) fn option(arguments: &mut Vec<String>, flag: &str) -> Result<Option<String>, String> {
    let Some(at) = arguments.iter().position(|argument| argument == flag) else {
        return Ok(None);
    };
    arguments.remove(at);
    if at < arguments.len() {
        Ok(Some(arguments.remove(at)))
    } else {
        Err(format!("`{flag}` needs a value"))
    }
}

/// The same for one that must be there.
pub(crate) fn required(arguments: &mut Vec<String>, flag: &str) -> Result<String, String> {
    option(arguments, flag)?.ok_or_else(|| format!("`{flag}` is missing"))
}

/// A number behind a flag.
pub(crate) fn number(arguments: &mut Vec<String>, flag: &str) -> Result<Option<u64>, String> {
    let parse = |value: String| {
        let number = value.parse();
        number.map_err(|_| format!("`{flag} {value}`: not a number"))
    };
    option(arguments, flag)?.map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_taken_out() {
        let mut arguments: Vec<String> = ["a", "--n", "3", "b"].map(str::to_owned).into();
        assert_eq!(number(&mut arguments, "--n"), Ok(Some(3)));
        assert_eq!(arguments, ["a", "b"]);
        assert_eq!(number(&mut arguments, "--n"), Ok(None));
        assert!(option(&mut arguments, "b").is_err());
        assert!(required(&mut arguments, "--c").is_err());
    }
}
