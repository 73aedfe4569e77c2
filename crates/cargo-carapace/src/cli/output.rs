//! Writing answers and messages.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use carapace_core::text::visible;

use super::Failure;
use super::args::Color;

/// Whether colours go to standard output.
#[must_use]
pub fn is_colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
    }
}

/// Writes an answer to a file, or to standard output as it is.
///
/// # Errors
/// [`Failure`] if the file or the stream cannot be written. That a reader of standard output went
/// away is none: it has what it wanted.
pub fn answer(text: &str, file: Option<&Path>) -> Result<(), Failure> {
    let Some(file) = file else {
        let mut stdout = io::stdout().lock();
        return match stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
        {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure(format!("standard output: {error}")))
            }
            _ => Ok(()),
        };
    };
    fs::write(file, text)
        .map_err(|error| Failure(format!("{}: {error}", visible(&file.to_string_lossy()))))
}

/// Says on standard error what went wrong.
pub fn error(message: &str) {
    say("error", "1;31", message);
}

/// Says on standard error what is worth knowing.
pub fn note(message: &str) {
    say("note", "1;32", message);
}

/// Foreign text in the message has been made visible by who made it; here only lines are kept
/// from beginning like commands of a CI's log.
fn say(what: &str, style: &str, message: &str) {
    let mut stderr = io::stderr().lock();
    let (on, off) = if stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        (format!("\x1b[{style}m"), "\x1b[0m")
    } else {
        (String::new(), "")
    };
    let message = message.trim_end().replace('\n', "\n  ");
    // Nothing can be done about a closed stream.
    let _ = writeln!(stderr, "{on}{what}{off}: {message}");
}
