//! A pointer is transmuted into another, where a cast does
//!
//! `transmute` from pointer to pointer takes every other two types of one size, too: a fat pointer's parts,
//! a reference and its lifetime. A cast takes pointers only.
//!
//! ## What to do
//! Write `as *const T`, or `.cast::<T>()`. What reads through the pointer needs unsafe code as before, and
//! the number of the pointer needs none.
//!
//! ## Known problems
//! Of references only those are looked at that become pointers.
//!
//! ## Example
//! ```text,bad
//! pub fn bytes(pointer: *const u32) -> *const u8 {
//!     unsafe { std::mem::transmute::<*const u32, *const u8>(pointer) }
//! }
//!
//! pub fn writable(pointer: *const u16) -> *mut u8 {
//!     unsafe { std::mem::transmute(pointer) }
//! }
//!
//! pub fn of(value: &u32) -> *const u8 {
//!     unsafe { std::mem::transmute(value) }
//! }
//!
//! pub fn address(pointer: *const u8) -> usize {
//!     unsafe { std::mem::transmute(pointer) }
//! }
//! ```
//! ```text,good
//! pub fn bytes(pointer: *const u32) -> *const u8 {
//!     pointer as *const u8
//! }
//!
//! pub fn writable(pointer: *const u16) -> *mut u8 {
//!     pointer as *mut _
//! }
//!
//! pub fn of(value: &u32) -> *const u8 {
//!     value as *const _ as *const _
//! }
//!
//! pub fn address(pointer: *const u8) -> usize {
//!     pointer as usize
//! }
//! ```
//! ```text,cases
//! let value = random.any::<u32>();
//! let number = |pointer: *const u8| pointer as usize - &value as *const u32 as usize;
//! show!(number(bytes(&value)));
//! show!(number(writable(&value as *const u32 as *const u16)));
//! show!(number(of(&value)));
//! show!(address(&value as *const u32 as *const u8) == &value as *const u32 as usize);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/mem/fn.transmute.html#alternatives>
//! - <https://rust-lang.github.io/rust-clippy/master/index.html#transmute_ptr_to_ptr>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN042",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(transmute) = at.transmute(operation.expr) else {
        return;
    };
    let value = Pieces::default().operand(transmute.value);
    let text = match (&transmute.from, &transmute.to) {
        (Ty::Pointer { of: a, .. }, Ty::Pointer { mutable, of: b }) if is_thin(a) && is_thin(b) => {
            value.text(format!(" as {}", target(at, operation, *mutable)))
        }
        (
            Ty::Ref {
                mutable: is_mut,
                of: a,
            },
            Ty::Pointer { mutable, of: b },
        ) if is_thin(a) && is_thin(b) => {
            let first = if *is_mut { "*mut _" } else { "*const _" };
            let target = target(at, operation, *mutable);
            value.text(format!(" as {first} as {target}"))
        }
        (Ty::Pointer { of, .. }, Ty::Int(name @ ("usize" | "isize")))
            if is_thin(of) && at.runs(operation.expr) =>
        {
            value.text(format!(" as {name}"))
        }
        _ => return,
    };
    found.push(
        Replacement::new(operation, operation.expr, text)
            .binds(at.cast_binds(operation.expr))
            .says("a pointer that is transmuted where a cast does"),
    );
}

/// Whether pointers to a type surely are an address alone.
fn is_thin(of: &Ty) -> bool {
    match of {
        Ty::Array(..) | Ty::Vec(_) => true,
        Ty::Pointer { of, .. } | Ty::Ref { of, .. } => is_thin(of),
        of => of.is_scalar(),
    }
}

/// The type that is cast to: as the turbofish has it, or what is wanted.
fn target(at: &At<'_>, operation: &Operation, mutable: bool) -> String {
    let call = at.standard_call(operation.expr);
    let written = call.and_then(|call| call.generics.get(1).copied());
    let written = written.map(|of| at.type_text(of));
    match written.filter(|text| text.starts_with('*')) {
        Some(text) => text,
        None if mutable => "*mut _".to_owned(),
        None => "*const _".to_owned(),
    }
}
