//! Something that is made once, or later, is a static mut
//!
//! A `static mut` that is `None` until something puts a value into it is a data race where two threads use
//! it at once. A `Once` beside it guards the first time only, and only where nobody forgets it.
//!
//! ## What to do
//! What is written once is a `OnceLock`, or a `LazyLock` that knows how to make it; what is written again
//! is a `Mutex<Option<T>>`.
//!
//! ## Known problems
//! What is shown is the way: all uses have to change together. `OnceLock` needs Rust 1.70, a `Mutex` in a
//! `static` 1.63; before, the crates `once_cell` and `lazy_static` do it.
//!
//! ## Example
//! ```text,bad
//! use std::sync::Once;
//!
//! static START: Once = Once::new();
//! static mut NAME: Option<String> = None;
//!
//! pub fn name() -> &'static str {
//!     START.call_once(|| unsafe { NAME = Some("name".to_owned()) });
//!     unsafe { (*std::ptr::addr_of!(NAME)).as_deref().unwrap_or("") }
//! }
//! ```
//! ```text,good
//! use std::sync::OnceLock;
//!
//! static NAME: OnceLock<String> = OnceLock::new();
//!
//! pub fn name() -> &'static str {
//!     NAME.get_or_init(|| "name".to_owned())
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/sync/struct.OnceLock.html>
//! - <https://doc.rust-lang.org/std/sync/struct.LazyLock.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{Item, TypeId, TypeKind};

pub(crate) const META: Meta = Meta {
    code: "DAN058",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find: |_, _, _| {},
    find_in_file: Some(find_in_file),
};

fn find_in_file(at: &At<'_>, found: &mut Vec<(u32, Replacement)>) {
    let all = at.tokens();
    let mut has_once = None;
    for (id, item) in at.syntax().items_by_id() {
        let (Some(of), Some((keyword, name))) = (held(at, item), at.static_name(item)) else {
            continue;
        };
        let of = at.type_text(of);
        let is_once = *has_once
            .get_or_insert_with(|| at.mentions(all, "call_once") || at.mentions(all, "Once"));
        let (text, says, since) = match is_once {
            true => (
                format!("static {name}: OnceLock<{of}> = OnceLock::new();"),
                "something that is made once; `OnceLock` lets only one thread make it",
                70,
            ),
            false => (
                format!("static {name}: Mutex<Option<{of}>> = Mutex::new(None);"),
                "something that every thread may put in or take out; a `Mutex` lets one at a time",
                63,
            ),
        };
        let change = Replacement::of_item(id, Some(Pieces::of(text)))
            .says(says)
            .since(since)
            .applies(Applicability::Display);
        found.push((keyword, change));
    }
}

/// What the `Option` in a `static mut` holds.
fn held(at: &At<'_>, item: &Item) -> Option<TypeId> {
    let (of, _) = item.static_mut()?;
    let TypeKind::Path(path) = at.syntax().type_kind(of) else {
        return None;
    };
    let last = path.segments.last()?;
    let is_option = at.is_name(last.name, "Option") && !at.declared.has("Option");
    last.arguments.first().copied().filter(|_| is_option)
}
