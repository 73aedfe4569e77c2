//! Text of a caller is a format of C
//!
//! `printf` and its kind read their format: each `%s` in it takes an argument that is not there, `%n` writes
//! through one. A safe function that hands a caller's text on as the format lets safe code read and write
//! anywhere.
//!
//! ## What to do
//! Hand `"%s"` on as the format, and the text behind it, or use the function without a format (`puts`,
//! `addstr`).
//!
//! ## Known problems
//! Functions are known by the names that C's have.
//!
//! ## Example
//! ```text,bad
//! use std::ffi::{CString, c_char, c_int};
//!
//! extern "C" {
//!     fn printf(format: *const c_char, ...) -> c_int;
//! }
//!
//! pub fn print(text: &str) {
//!     if let Ok(text) = CString::new(text) {
//!         unsafe { printf(text.as_ptr()) };
//!     }
//! }
//! ```
//! ```text,good
//! use std::ffi::{CString, c_char, c_int};
//!
//! extern "C" {
//!     fn puts(text: *const c_char) -> c_int;
//! }
//!
//! pub fn print(text: &str) {
//!     if let Ok(text) = CString::new(text) {
//!         unsafe { puts(text.as_ptr()) };
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://cwe.mitre.org/data/definitions/134.html>

use crate::dance::at::At;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "SND060",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "FFI",
    alike: &["RUSTSEC-2019-0006", "RUSTSEC-2019-0005"],
    find,
};

/// C's functions that take a format, and how many arguments they have up to it.
const FORMATS: [(&str, usize); 12] = [
    ("printf", 1),
    ("fprintf", 2),
    ("dprintf", 2),
    ("sprintf", 2),
    ("snprintf", 3),
    ("asprintf", 2),
    ("printw", 1),
    ("wprintw", 2),
    ("mvprintw", 3),
    ("mvwprintw", 4),
    ("syslog", 2),
    ("setproctitle", 1),
];

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for id in at.syntax().expr_ids() {
        if matches!(at.kind(id), ExprKind::Call { .. }) {
            found.extend(formatted(at, id));
        }
    }
}

fn formatted(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    let call = at.foreign_call(id)?;
    // With more than the format, that says what is behind it.
    let is_last = FORMATS
        .iter()
        .any(|(name, count)| call.name == *name && call.arguments.len() == *count);
    if !is_last {
        return None;
    }
    let last = at.bare(*call.arguments.last()?);
    let (pointer, []) = at.method_of(at.origin(last).base, &["as_ptr"])?;
    if matches!(at.kind(at.bare(pointer)), ExprKind::Literal) {
        return None;
    }
    let entry = at.entry_around(id)?;
    let keyword = at.rests_on(id)?;
    let tokens = at.expr_tokens(id);
    Some(Doubt {
        keyword,
        tokens,
        confidence: match entry.is_reached {
            true => Confidence::High,
            false => Confidence::Medium,
        },
        message: format!("`{}` takes a caller's text for its format", call.name),
        chain: vec![
            at.reason(at.expr_tokens(last), "this is no text of the program's own"),
            at.reason(tokens, "and it says how many arguments there are"),
        ],
        sound: "hand `%s` on as the format, and the text behind it".to_owned(),
    })
}
