//! From a report to text: one pure function per format.

mod columns;
pub mod compat;
pub mod cyclonedx;
pub mod diffable;
pub mod github;
pub mod human;
pub mod json;
pub mod markdown;
#[cfg(test)]
pub(crate) mod sample;
pub mod sarif;
#[cfg(test)]
mod tests;
mod tree;
pub mod view;
mod words;

use crate::text::{has_deceptive, is_deceptive};

/// JSON, on one line, that does nothing to whoever prints it. The commands of CI systems act in any
/// line of a log, `##[…]` wherever it stands in one; and of the characters that act or hide, JSON's
/// own escapes leave those beyond ASCII: a terminal takes U+009B as it does `ESC [`. In JSON these
/// are always inside a string, and an escape means the same to whoever reads it.
fn disarmed(json: String) -> String {
    let mut marks = memchr::memmem::find_iter(json.as_bytes(), b"##").peekable();
    let json = if marks.peek().is_some() {
        let mut text = String::with_capacity(json.len() + 64);
        let mut from = 0;
        for at in marks {
            text.push_str(json.get(from..at).unwrap_or_default());
            text.push_str("#\\u0023");
            from = at + 2;
        }
        text.push_str(json.get(from..).unwrap_or_default());
        text
    } else {
        json
    };
    if !has_deceptive(&json) {
        return json;
    }
    let mut text = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        if is_deceptive(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text += &format!("\\u{unit:04x}");
            }
        } else {
            text.push(character);
        }
    }
    text
}
