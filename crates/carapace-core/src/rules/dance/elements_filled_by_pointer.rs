//! Elements are set to one byte through a pointer
//!
//! `ptr::write_bytes` trusts that the place has as many elements as it is told, and makes values of
//! bytes.
//!
//! ## What to do
//! Write `v[i..i + n].fill(0)` (Rust 1.50), which becomes the same `memset`.
//!
//! ## Known problems
//! A range that is out of bounds panics then, where it was undefined before. Of other elements than
//! bytes, only zero is rewritten, where zero bytes are a value of the type.
//!
//! ## Example
//! ```text,bad
//! pub fn clear(bytes: &mut [u8], from: usize, n: usize) {
//!     // SAFETY: the caller has looked.
//!     unsafe { std::ptr::write_bytes(bytes.as_mut_ptr().add(from), 0, n) }
//! }
//!
//! pub fn all(words: &mut [u32; 8], value: u8) -> [u8; 4] {
//!     let mut bytes = [1, 2, 3, 4u8];
//!     unsafe {
//!         words.as_mut_ptr().write_bytes(0, 8);
//!         std::ptr::write_bytes(bytes.as_mut_ptr(), value, 2);
//!     }
//!     bytes
//! }
//! ```
//! ```text,good
//! pub fn clear(bytes: &mut [u8], from: usize, n: usize) {
//!     bytes[from..from + n].fill(0)
//! }
//!
//! pub fn all(words: &mut [u32; 8], value: u8) -> [u8; 4] {
//!     let mut bytes = [1, 2, 3, 4u8];
//!     words.fill(0);
//!     bytes[..2].fill(value);
//!     bytes
//! }
//! ```
//! ```text,cases
//! let mut bytes: Vec<u8> = random.many(20..30);
//! clear(&mut bytes, random.below(10), random.below(10));
//! show!(&bytes);
//! let mut words = [7u32; 8];
//! show!(all(&mut words, random.any::<u8>()));
//! show!(words);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/primitive.slice.html#method.fill>
//! - <https://doc.rust-lang.org/std/ptr/fn.write_bytes.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::stretches::Stretch;
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::ExprId;

pub(crate) const META: Meta = Meta {
    code: "DAN019",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// The first compiler that has `fill`.
const SINCE: u32 = 50;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let names = ["write_bytes"];
    let (pointer, value, count) = if let Some(([pointer, value, count], _)) =
        at.call_of::<3>(operation.expr, "ptr", &names)
    {
        (pointer, value, count)
    } else if let Some((pointer, [value, count])) = at.method_of::<2>(operation.expr, &names) {
        (pointer, value, count)
    } else {
        return;
    };
    // While the program is compiled, slices have few methods.
    if !at.runs(operation.expr) {
        return;
    }
    let Some(spot) = at.spot(pointer) else {
        return;
    };
    let is_plain = spot.is_plain();
    let Some(chain) = at.chain(spot.base) else {
        return;
    };
    if !is_plain || !spot.mutable || at.may_be_spare(&spot, operation.expr) {
        return;
    }
    let Some(written) = value_of(at, &spot.element, value) else {
        return;
    };
    let stretch = Stretch { spot, count };
    if stretch.touches(at, &chain) && !stretch.is_whole(at) {
        return;
    }
    let is_known = stretch.spot.element.is_known()
        && stretch.spot.is_certain
        && at.is_pure(stretch.spot.base)
        && at.is_only_use(&stretch.spot, &stretch.spot, operation.expr);
    let offer = |text: Pieces, since: u32| {
        Replacement::new(operation, operation.expr, text)
            .through(&stretch.spot)
            .since(since)
            .says("elements that are filled with a value, in a range that is checked")
            .safe_if(is_known)
    };
    let text = stretch.place(at).text(".fill(").then(written.clone());
    found.push(offer(text.text(")"), SINCE));
    let is_steady = at.is_pure(value) && at.own_statement(operation.expr).is_some();
    let name = at.new_name(&["element", "value", "item"], operation.expr);
    if let Some(name) = name.filter(|_| is_steady) {
        let place = stretch.place(at);
        let text = Pieces::of(format!("for {name} in "))
            .then(place)
            .text(format!(".iter_mut() {{ *{name} = "))
            .then(written)
            .text("; }");
        found.push(offer(text, 0).binds(Binds::Loose));
    }
}

/// What elements of a type become of a byte.
fn value_of(at: &At<'_>, of: &Ty, byte: ExprId) -> Option<Pieces> {
    match of {
        Ty::Int("u8" | "") => Some(Pieces::default().keep(byte)),
        Ty::Int(_) | Ty::Float(_) | Ty::Bool | Ty::Char if at.whole_number(byte) == Some(0) => {
            at.plain_value(of, byte).map(Pieces::of)
        }
        Ty::Unknown => Some(Pieces::default().keep(byte)),
        _ => None,
    }
}
