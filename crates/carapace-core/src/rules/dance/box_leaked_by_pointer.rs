//! A box is leaked through a raw pointer
//!
//! `&mut *Box::into_raw(value)` makes a reference that lives as long as is wanted of it. `Box::leak` does
//! the same, and says so.
//!
//! ## What to do
//! Write `Box::leak(value)`.
//!
//! ## Known problems
//! The memory is given back by nobody, before and after; where it has to be, keep the pointer and make a
//! box of it again by `Box::from_raw`.
//!
//! ## Example
//! ```text,bad
//! pub fn counter(start: u32) -> &'static mut u32 {
//!     unsafe { &mut *Box::into_raw(Box::new(start)) }
//! }
//!
//! pub fn name(text: &str) -> &'static str {
//!     let boxed: Box<str> = text.into();
//!     unsafe { &*Box::into_raw(boxed) }
//! }
//! ```
//! ```text,good
//! pub fn counter(start: u32) -> &'static mut u32 {
//!     Box::leak(Box::new(start))
//! }
//!
//! pub fn name(text: &str) -> &'static str {
//!     let boxed: Box<str> = text.into();
//!     &*Box::leak(boxed)
//! }
//! ```
//! ```text,cases
//! show!(counter(random.any()));
//! show!(name(&random.many::<char>(0..9).into_iter().collect::<String>()));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/boxed/struct.Box.html#method.leak>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{Borrow, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "DAN059",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(pointer) = at.dereferenced(operation.expr) else {
        return;
    };
    let call = at.bare(pointer);
    let Some(([boxed], _)) = at.call_of(call, "Box", &["into_raw"]) else {
        return;
    };
    let path = at.callee_path(call);
    let Some(leak) = path.and_then(|path| at.sibling(path, "leak")) else {
        return;
    };
    let Some(around) = at.around(operation.expr) else {
        return;
    };
    let (text, binds) = match at.kind(around) {
        ExprKind::Borrow {
            how: Borrow::Mut, ..
        } => (Pieces::of(format!("{leak}(")), Binds::Postfix),
        ExprKind::Borrow {
            how: Borrow::Shared,
            ..
        } => (Pieces::of(format!("&*{leak}(")), Binds::Prefix),
        _ => return,
    };
    found.push(
        Replacement::new(operation, around, text.keep(boxed).text(")"))
            .binds(binds)
            .says("a box that is leaked through a raw pointer")
            .since(26),
    );
}
