//! A panic of a caller's closure unwinds into C
//!
//! A function of C's convention that calls a closure of the package's callers is left by a panic of it.
//! Before Rust 1.81 that is undefined behaviour, from then on the program ends.
//!
//! ## What to do
//! Call the closure in `std::panic::catch_unwind`, keep what it gives, and go on with it
//! (`resume_unwind`) when C has returned; or declare the function `extern "C-unwind"` where C allows it.
//!
//! ## Known problems
//! A package that only builds with compilers from 1.81 on is ended at worst.
//!
//! ## Example
//! ```text,bad
//! use std::ffi::c_void;
//!
//! pub unsafe extern "C" fn call<F: FnMut(i32)>(closure: *mut c_void, value: i32) {
//!     let closure = unsafe { &mut *(closure as *mut F) };
//!     closure(value);
//! }
//! ```
//! ```text,good
//! use std::ffi::c_void;
//! use std::panic::{AssertUnwindSafe, catch_unwind};
//!
//! pub unsafe extern "C" fn call<F: FnMut(i32)>(closure: *mut c_void, value: i32) {
//!     let closure = unsafe { &mut *(closure as *mut F) };
//!     let _ = catch_unwind(AssertUnwindSafe(|| closure(value)));
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/nomicon/ffi.html#ffi-and-unwinding>

use crate::dance::at::At;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::atomics::has_part;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{ExprId, ExprKind, Function, Item, ItemId, ItemKind};

pub(crate) const META: Meta = Meta {
    code: "SND061",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "FFI",
    alike: &["RUSTSEC-2019-0038"],
    find,
};

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for (index, item) in at.syntax().items.iter().enumerate() {
        let ItemKind::Function(function) = &item.kind else {
            continue;
        };
        let id = ItemId(u32::try_from(index).unwrap_or(u32::MAX));
        if is_of_c(at, item) {
            found.extend(unwinding(at, id, function));
        }
    }
}

/// `extern "C" fn`, `extern fn`
fn is_of_c(at: &At<'_>, item: &Item) -> bool {
    let source = at.file.source;
    let Some(name) = item.name else {
        return false;
    };
    let mut tokens = item.tokens.start..name;
    tokens.any(|token| {
        source.kind(token as usize) == T::Extern
            && match source.kind(token as usize + 1) {
                T::Fn => true,
                _ => {
                    let convention = source.text(token as usize + 1);
                    matches!(
                        &*convention,
                        "\"C\"" | "\"system\"" | "\"cdecl\"" | "\"stdcall\""
                    )
                }
            }
    })
}

fn unwinding(at: &At<'_>, item: ItemId, function: &Function) -> Option<Doubt> {
    let body = function.body?;
    let caught = |word: &[u8]| {
        let has = |part: &[u8]| has_part(word, part);
        has(b"unwind") || has(b"abort") || has(b"panic") || has(b"wrap") || has(b"guard")
    };
    if at.has_word(item, caught) || at.is_test(item) {
        return None;
    }
    let is_generic = function.generics.iter().any(|name| {
        let bounds = at.bounds_of(item, at.name(*name)).unwrap_or_default();
        bounds.iter().any(|bound| is_closure(bound))
    });
    let tokens = at.expr_tokens(body);
    let source = at.file.source;
    let is_object = || {
        (tokens.start..tokens.end)
            .any(|token| source.kind(token as usize) == T::Dyn && is_closure(at.name(token + 1)))
    };
    if !is_generic && !is_object() {
        return None;
    }
    let call = at
        .syntax()
        .within(body)
        .find(|part| calls_value(at, *part))?;
    let unsafe_block = || {
        let mut blocks = at
            .syntax()
            .within(body)
            .filter(|part| at.is_unsafe_block(*part));
        blocks.next().map(|block| at.expr_tokens(block).start)
    };
    let keyword = at.rests_on(call).or_else(unsafe_block)?;
    let head = at.head_tokens(item);
    Some(Doubt {
        keyword,
        tokens: head,
        confidence: Confidence::Low,
        message: "a panic of a caller's closure unwinds into C".to_owned(),
        chain: vec![
            at.reason(head, "C calls this"),
            at.reason(at.expr_tokens(call), "and this may panic"),
        ],
        sound: "call it in `catch_unwind`".to_owned(),
    })
}

fn is_closure(name: &str) -> bool {
    matches!(name, "Fn" | "FnMut" | "FnOnce")
}

/// Whether an expression calls what a variable or a pointer holds.
fn calls_value(at: &At<'_>, id: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = at.kind(id) else {
        return false;
    };
    let callee = at.bare(*callee);
    match at.kind(callee) {
        ExprKind::Path(_) => at
            .single(callee)
            .is_some_and(|name| at.binding(name, callee).is_some()),
        ExprKind::Unary { .. } | ExprKind::Borrow { .. } | ExprKind::Field { .. } => true,
        _ => false,
    }
}
