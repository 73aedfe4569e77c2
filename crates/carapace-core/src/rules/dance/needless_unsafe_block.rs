//! Nothing in an unsafe block needs it
//!
//! An unsafe block around code that needs none hides the places that do, and what is written into it later
//! needs no second thought.
//!
//! ## What to do
//! Take the `unsafe` out. The compiler warns of such blocks, but not where `allow(unused_unsafe)` or a
//! macro stands around them.
//!
//! ## Known problems
//! Only blocks of which all is known are named: no macros, no calls of other packages.
//!
//! ## Example
//! ```text,bad
//! pub fn half(value: u32) -> u32 {
//!     #[allow(unused_unsafe)]
//!     let half = unsafe { value / 2 };
//!     half
//! }
//!
//! #[allow(unused_unsafe)]
//! pub fn twice(value: &mut u32) {
//!     unsafe {
//!         let more = half(*value);
//!         *value = more * 2;
//!     }
//! }
//! ```
//! ```text,good
//! pub fn half(value: u32) -> u32 {
//!     #[allow(unused_unsafe)]
//!     let half = value / 2;
//!     half
//! }
//!
//! #[allow(unused_unsafe)]
//! pub fn twice(value: &mut u32) {
//!     let more = half(*value);
//!     *value = more * 2;
//! }
//! ```
//! ```text,cases
//! let mut value = random.any::<u32>();
//! show!(half(value));
//! twice(&mut value);
//! show!(value);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/rustc/lints/listing/warn-by-default.html#unused-unsafe>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::replacement::Replacement;
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{BlockKind, ExprId, ExprKind, Path, Prefix};

pub(crate) const META: Meta = Meta {
    code: "DAN078",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find: |_, _, _| {},
    find_in_file: Some(find_in_file),
};

/// Methods of numbers, texts and slices that are safe.
const SAFE_METHODS: [&str; 20] = [
    "len",
    "is_empty",
    "clone",
    "iter",
    "iter_mut",
    "as_slice",
    "as_str",
    "as_bytes",
    "push",
    "clear",
    "min",
    "max",
    "abs",
    "pow",
    "wrapping_add",
    "wrapping_sub",
    "wrapping_mul",
    "count_ones",
    "trailing_zeros",
    "leading_zeros",
];

fn find_in_file(at: &At<'_>, found: &mut Vec<(u32, Replacement)>) {
    for id in at.unsafe_blocks() {
        let is_in_function = at.function(id).is_some();
        let mut parts = at.syntax().within(id).filter(|part| *part != id);
        if is_in_function && parts.all(|part| is_plain(at, part)) && at.operations(id).is_empty() {
            let says = "an unsafe block in which nothing needs it";
            let keyword = at.syntax().expr(id).tokens.start;
            found.push((keyword, Replacement::unwrapping(id).says(says)));
        }
    }
}

/// Whether an expression, without what stands in it, surely needs nothing unsafe.
fn is_plain(at: &At<'_>, id: ExprId) -> bool {
    match at.kind(id) {
        ExprKind::Literal
        | ExprKind::Paren(_)
        | ExprKind::Index { .. }
        | ExprKind::Borrow { .. }
        | ExprKind::Binary { .. }
        | ExprKind::Assign { .. }
        | ExprKind::Cast { .. }
        | ExprKind::Range { .. }
        | ExprKind::Tuple(_)
        | ExprKind::Array(_)
        | ExprKind::Repeat { .. }
        | ExprKind::If { .. }
        | ExprKind::While { .. }
        | ExprKind::Loop(_)
        | ExprKind::Return(_)
        | ExprKind::Break(_)
        | ExprKind::Continue => true,
        ExprKind::Block(block) => block.kind == BlockKind::Plain,
        ExprKind::Unary { operator, operand } => match operator {
            Prefix::Deref => matches!(at.type_of(*operand), Ty::Ref { .. } | Ty::Boxed(_)),
            Prefix::Neg | Prefix::Not => true,
        },
        ExprKind::Path(path) => is_plain_name(at, id, path),
        // A union's fields were looked for: only of what is known.
        ExprKind::Field { base, .. } => match at.type_of(*base).peeled() {
            Ty::Named(of, _) => at.declared.type_named(of).is_some(),
            Ty::Tuple(_) => true,
            _ => false,
        },
        ExprKind::Call { callee, .. } => match at.kind(*callee) {
            // A variable may hold an unsafe function.
            ExprKind::Path(_)
                if at
                    .single(*callee)
                    .is_some_and(|name| at.binding(name, id).is_some()) =>
            {
                false
            }
            ExprKind::Path(path) => at
                .declared_function(id, path)
                .is_some_and(|(_, function)| function.unsafety.is_none()),
            _ => false,
        },
        ExprKind::Method { receiver, name, .. } => {
            let of = at.type_of(*receiver);
            let name = at.name(*name);
            // A trait of any package may have an unsafe method for these.
            let is_safe = SAFE_METHODS.contains(&name);
            match of.peeled() {
                Ty::Int(_) | Ty::Float(_) | Ty::Str | Ty::String => is_safe && of.is_known(),
                Ty::Slice(_) | Ty::Array(..) | Ty::Vec(_) => is_safe,
                Ty::Named(owner, _) => {
                    let mut own = at.declared.functions(name, Some(owner)).peekable();
                    own.peek().is_some() && own.all(|(_, found)| found.unsafety.is_none())
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether a name is a variable, or a function that is called.
fn is_plain_name(at: &At<'_>, id: ExprId, path: &Path) -> bool {
    let is_called = at.syntax().around(id).is_some_and(
        |around| matches!(at.kind(around), ExprKind::Call { callee, .. } if *callee == id),
    );
    let is_variable = at
        .single(id)
        .is_some_and(|name| name == "self" || at.binding(name, id).is_some());
    is_variable || is_called && at.declared_function(id, path).is_some()
}
