//! What a foreign function gives is used unchecked
//!
//! C says "nothing" with a null pointer, also where a length says zero. `from_raw_parts` and
//! `CStr::from_ptr` have to have a pointer that leads somewhere, also for an empty slice.
//!
//! ## What to do
//! Look with `is_null` (or `NonNull::new`, `as_ref`) at what comes back before anything is made of it.
//!
//! ## Known problems
//! What a foreign function promises is not known: some never give null.
//!
//! ## Example
//! ```text,bad
//! extern "C" {
//!     fn buffer(length: *mut usize) -> *const u8;
//! }
//!
//! pub fn bytes() -> Vec<u8> {
//!     let mut length = 0;
//!     unsafe {
//!         let start = buffer(&mut length);
//!         std::slice::from_raw_parts(start, length).to_vec()
//!     }
//! }
//! ```
//! ```text,good
//! extern "C" {
//!     fn buffer(length: *mut usize) -> *const u8;
//! }
//!
//! pub fn bytes() -> Vec<u8> {
//!     let mut length = 0;
//!     unsafe {
//!         let start = buffer(&mut length);
//!         if start.is_null() {
//!             return Vec::new();
//!         }
//!         std::slice::from_raw_parts(start, length).to_vec()
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/slice/fn.from_raw_parts.html>
//! - <https://doc.rust-lang.org/std/ffi/struct.CStr.html#method.from_ptr>

use crate::dance::at::At;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::atomics::has_part;
use crate::soundness::ground::Entry;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "SND055",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "FFI",
    alike: &[
        "RUSTSEC-2026-0008",
        "RUSTSEC-2026-0183",
        "RUSTSEC-2025-0126",
    ],
    find,
};

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for id in at.syntax().expr_ids() {
        if matches!(at.kind(id), ExprKind::Call { .. }) {
            found.extend(used(at, id));
        }
    }
}

fn used(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    const SLICES: [&str; 2] = ["from_raw_parts", "from_raw_parts_mut"];
    let (pointer, is_text) = match at.call_of::<2>(id, "slice", &SLICES) {
        Some(([pointer, _], _)) => (pointer, false),
        None => {
            let ([pointer], _) = at.call_of(id, "CStr", &["from_ptr"])?;
            (pointer, true)
        }
    };
    let entry = at.entry_around(id)?;
    let keyword = at.rests_on(id)?;
    let (given, says, confidence) = given(at, entry, pointer, is_text)?;
    if checks(at, entry) {
        return None;
    }
    let tokens = at.expr_tokens(id);
    Some(Doubt {
        keyword,
        tokens,
        confidence,
        message:
            "a pointer of a foreign function is used with nothing that looks whether it is null"
                .to_owned(),
        chain: vec![
            at.reason(at.expr_tokens(given), says),
            at.reason(tokens, "it has to lead somewhere here"),
        ],
        sound: "look with `is_null` first, and give something empty".to_owned(),
    })
}

/// The foreign function's call or the field of its own that a pointer is.
fn given(
    at: &At<'_>,
    entry: Entry<'_>,
    pointer: ExprId,
    is_text: bool,
) -> Option<(ExprId, &'static str, Confidence)> {
    let base = at.origin(pointer).base;
    if let Some(call) = at.foreign_source(pointer) {
        let is_own = !is_allocated(call.name);
        let confidence = match is_text && is_never_null(call.name) {
            true => Confidence::Low,
            false => Confidence::Medium,
        };
        return is_own.then_some((base, "a foreign function gives this", confidence));
    }
    // `self.raw.ptr`, of a type that another package declares as C has it.
    let ExprKind::Field { base: outer, .. } = at.kind(base) else {
        return None;
    };
    let ExprKind::Field { base: own, name } = at.kind(at.bare(*outer)) else {
        return None;
    };
    let is_foreign = at.is_self(*own) && {
        let Ty::Named(own, _) = at.own_type(entry.item) else {
            return None;
        };
        let (there, id, item) = at.own_item(&own)?;
        let crate::source::syntax::ItemKind::Struct { fields, .. } = &item.kind else {
            return None;
        };
        let name = at.name(*name);
        let mut fields = fields.iter();
        let field =
            fields.find(|field| field.name.is_some_and(|token| there.is_name(token, name)))?;
        let text = there.type_text(field.of);
        let of = there.written_in(field.of, Some(id));
        let is_declared = matches!(&of, Ty::Named(name, _) if at.own_item(name).is_some());
        let last = text.rsplit("::").next().unwrap_or_default();
        !is_declared && last.starts_with(|first: char| first.is_lowercase()) && last.contains('_')
    };
    is_foreign.then_some((base, "a foreign function fills this", Confidence::Medium))
}

/// Whether the name says that a function's text is always there.
fn is_never_null(name: &str) -> bool {
    ["err", "version", "name", "str", "msg", "config", "info"]
        .iter()
        .any(|word| name.to_ascii_lowercase().contains(word))
}

/// What allocates is looked at elsewhere.
fn is_allocated(name: &str) -> bool {
    name.contains("alloc") || name.contains("mmap")
}

/// Whether a function looks for null or for nothing.
fn checks(at: &At<'_>, entry: Entry<'_>) -> bool {
    at.has_word(entry.item, |name| {
        let has = |part: &[u8]| has_part(name, part);
        has(b"null") || has(b"nil") || has(b"check") || has(b"try") || name == b"as_ref"
    })
}
