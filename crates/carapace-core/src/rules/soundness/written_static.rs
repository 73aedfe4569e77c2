//! Safe code writes a `static mut`
//!
//! Any thread may call a safe function. One that writes a `static mut` writes it from two threads at once,
//! with no order between them.
//!
//! ## What to do
//! Put what is behind it into a `Mutex`, a `OnceLock` or an atomic, or declare the function unsafe and say
//! who may call it when.
//!
//! ## Known problems
//! A machine with one thread has no races: files that speak of WebAssembly are left out, others are not.
//! Numbers and options in a `static mut` are told of by the rules that replace them.
//!
//! ## Example
//! ```text,bad
//! static mut NAMES: Vec<String> = Vec::new();
//!
//! pub fn add(name: String) {
//!     unsafe { NAMES.push(name) }
//! }
//! ```
//! ```text,good
//! use std::sync::Mutex;
//!
//! static NAMES: Mutex<Vec<String>> = Mutex::new(Vec::new());
//!
//! pub fn add(name: String) {
//!     NAMES.lock().unwrap().push(name);
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/edition-guide/rust-2024/static-mut-references.html>

use std::collections::HashSet;

use crate::dance::at::At;
use crate::dance::types::is_primitive;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::atomics::has_part;
use crate::soundness::judged::Judged;
use crate::soundness::reach::{Reach, Safe};
use crate::soundness::{Doubt, Judges};
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{Borrow, ExprId, ExprKind, Item, Tokens, TypeKind};

pub(crate) const META: Meta = Meta {
    code: "SND072",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "ORDERING_RACE",
    alike: &["RUSTSEC-2020-0100"],
    find,
};

/// How many `static mut`s of one file are looked at.
const MAX_STATICS: usize = 512;
/// How many functions of a file that write one are looked at.
const MAX_WRITERS: usize = 256;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    let items = at.syntax().items.iter();
    let names = items
        .filter(|item| is_racy(at, item))
        .filter_map(|item| Some(at.name(item.name?)));
    let names: HashSet<&str> = at.up_to(MAX_STATICS, names).collect();
    if names.is_empty() || has_one_thread(at) {
        return;
    }
    let functions = judged.safe_functions().iter();
    let written = functions.filter_map(|safe| Some((safe, written(at, safe, &names)?)));
    for (safe, (part, name)) in at.up_to(MAX_WRITERS, written) {
        found.extend(doubt(at, safe, part, name));
    }
}

/// Whether a file is for machines that mostly have one thread.
fn has_one_thread(at: &At<'_>) -> bool {
    at.any_word(at.tokens(), |word| {
        word.starts_with(b"__wbindgen") || word.starts_with(b"wasm")
    })
}

/// A `static mut` that holds neither a number nor an option.
fn is_racy(at: &At<'_>, item: &Item) -> bool {
    let Some((of, _)) = item.static_mut() else {
        return false;
    };
    if let TypeKind::Path(path) = at.syntax().type_kind(of)
        && let Some(last) = path.segments.last()
    {
        let name = at.name(last.name);
        if name == "Option" || is_primitive(name) {
            return false;
        }
    }
    !at.mentions(at.attributes(item), "thread_local")
}

/// Where a function writes one of them, and its name.
fn written<'p>(at: &At<'p>, safe: &Safe<'_>, names: &HashSet<&str>) -> Option<(ExprId, &'p str)> {
    let is_static = |word: &[u8]| std::str::from_utf8(word).is_ok_and(|word| names.contains(word));
    if !at.any_word(at.expr_tokens(safe.body), is_static) {
        return None;
    }
    let mut parts = at.syntax().within(safe.body);
    parts.find_map(|part| {
        let place = written_place(at, part)?;
        let name = at.single(at.place_root(place))?;
        let is_static = names.contains(name) && at.unsafe_around(part).is_some();
        is_static.then_some((part, name))
    })
}

fn doubt(at: &At<'_>, safe: &Safe<'_>, written: ExprId, name: &str) -> Option<Doubt> {
    if is_kept_apart(at, safe) || at.reach_of(safe.id) != Reach::Everybody {
        return None;
    }
    let keyword = at.unsafe_around(written)?;
    let tokens = at.expr_tokens(written);
    let head = at.head_tokens(safe.id);
    Some(safe.doubt(
        keyword,
        tokens,
        Confidence::Medium,
        "is safe to call from two threads at once and writes a `static mut`",
        "put it into a `Mutex`, a `OnceLock` or an atomic, or declare the function unsafe",
        vec![
            at.reason(head, "any thread calls this"),
            at.reason(
                tokens,
                format!("`{name}` is written, and nothing keeps two threads apart"),
            ),
        ],
    ))
}

/// What an expression writes or borrows mutably.
fn written_place(at: &At<'_>, id: ExprId) -> Option<ExprId> {
    match at.kind(id) {
        ExprKind::Assign { left, .. } => Some(*left),
        ExprKind::Borrow {
            how: Borrow::Mut,
            operand,
        } => Some(*operand),
        ExprKind::Method { receiver, name, .. } => {
            const WRITES: [&str; 8] = [
                "push",
                "insert",
                "remove",
                "clear",
                "as_mut_ptr",
                "iter_mut",
                "push_str",
                "extend_from_slice",
            ];
            let writes = WRITES.iter().any(|word| at.is_name(*name, word));
            writes.then_some(*receiver)
        }
        _ => None,
    }
}

/// Whether a function keeps threads apart, as far as its words say, or only C calls it.
fn is_kept_apart(at: &At<'_>, safe: &Safe<'_>) -> bool {
    let Some(name) = safe.item.name else {
        return true;
    };
    let whole = Tokens {
        start: safe.item.tokens.start,
        end: at.expr_tokens(safe.body).end,
    };
    let source = at.file.source;
    let is_of_c = (safe.item.head..name).any(|token| source.kind(token as usize) == T::Extern);
    const PARTS: [&[u8]; 8] = [
        b"atomic",
        b"token",
        b"thread",
        b"interrupt",
        b"exchange",
        b"swap",
        b"python",
        b"_lock",
    ];
    is_of_c
        || at.orders(whole)
        || at.any_word(whole, |word| PARTS.iter().any(|part| has_part(word, part)))
}
