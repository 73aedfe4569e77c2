//! A vector is given a greater length before it has the elements
//!
//! `set_len` after `reserve` makes elements that were never written. Reading one is undefined
//! behaviour, and so is handing them to code that may read, as every implementation of `Read` may.
//!
//! ## What to do
//! Write `resize(n, 0)`, which makes room by itself; `truncate(n)` or `clear()` where the vector
//! becomes shorter.
//!
//! ## Known problems
//! The new elements are written once more than before. Only a growth is rewritten before which the
//! function takes no pointer to the vector's memory, as `resize` would overwrite what was written
//! there: where bytes come through a pointer first, see the rule on spare capacity.
//!
//! ## Example
//! ```text,bad
//! use std::io::{self, Read};
//!
//! pub struct Buffer {
//!     pub bytes: Vec<u8>,
//! }
//!
//! impl Buffer {
//!     pub fn read<R: Read>(&mut self, from: &mut R, length: u16) -> io::Result<()> {
//!         let old = self.bytes.len();
//!         self.bytes.reserve(length as usize);
//!         unsafe { self.bytes.set_len(old + length as usize) };
//!         from.read_exact(&mut self.bytes[old..])
//!     }
//!
//!     pub fn grow(&mut self, size: usize) {
//!         if size > self.bytes.len() {
//!             let more = size - self.bytes.len();
//!             self.bytes.reserve(more);
//!             unsafe {
//!                 self.bytes.set_len(size);
//!             }
//!             self.bytes.iter_mut().for_each(|byte| *byte = 7);
//!         }
//!     }
//! }
//!
//! pub fn fill_up(numbers: &mut Vec<f32>) -> bool {
//!     numbers.reserve(10);
//!     unsafe {
//!         let capacity = numbers.capacity();
//!         numbers.set_len(capacity);
//!     }
//!     numbers.iter_mut().for_each(|number| *number = 1.5);
//!     numbers.len() >= 10
//! }
//!
//! pub fn empty(bytes: &mut Vec<u8>) {
//!     unsafe { bytes.set_len(0) }
//! }
//! ```
//! ```text,good
//! use std::io::{self, Read};
//!
//! pub struct Buffer {
//!     pub bytes: Vec<u8>,
//! }
//!
//! impl Buffer {
//!     pub fn read<R: Read>(&mut self, from: &mut R, length: u16) -> io::Result<()> {
//!         let old = self.bytes.len();
//!         self.bytes.resize(old + length as usize, 0);
//!         from.read_exact(&mut self.bytes[old..])
//!     }
//!
//!     pub fn grow(&mut self, size: usize) {
//!         if size > self.bytes.len() {
//!             let more = size - self.bytes.len();
//!             self.bytes.reserve(more);
//!             self.bytes.resize(size, 0);
//!             self.bytes.iter_mut().for_each(|byte| *byte = 7);
//!         }
//!     }
//! }
//!
//! pub fn fill_up(numbers: &mut Vec<f32>) -> bool {
//!     numbers.reserve(10);
//!     {
//!         let capacity = numbers.capacity();
//!         numbers.resize(capacity, 0.0);
//!     }
//!     numbers.iter_mut().for_each(|number| *number = 1.5);
//!     numbers.len() >= 10
//! }
//!
//! pub fn empty(bytes: &mut Vec<u8>) {
//!     bytes.clear()
//! }
//! ```
//! ```text,cases
//! let mut buffer = Buffer { bytes: random.many(0..30) };
//! let bytes: Vec<u8> = random.many(1..40);
//! show!(buffer.read(&mut &bytes[..], random.below(bytes.len()) as u16).is_ok());
//! show!(&buffer.bytes);
//! buffer.grow(random.below(90));
//! show!(&buffer.bytes);
//! let mut numbers: Vec<f32> = vec![0.5; random.below(9)];
//! show!(fill_up(&mut numbers));
//! show!(numbers.iter().all(|number| *number == 1.5));
//! empty(&mut buffer.bytes);
//! show!(&buffer.bytes);
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/vec/struct.Vec.html#method.resize>
//! - <https://rust-lang.github.io/rust-clippy/master/index.html#uninit_vec>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::ExprId;

pub(crate) const META: Meta = Meta {
    code: "DAN011",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some((receiver, [length])) = at.method_of(operation.expr, &["set_len"]) else {
        return;
    };
    if at.fresh_vector(operation.expr).is_some() {
        return;
    }
    let of = at.type_of(receiver);
    let element = match of.peeled() {
        Ty::Vec(element) if element.is_known() => (**element).clone(),
        Ty::Vec(_) => by_use(at, receiver),
        // What else has both of these methods has `resize`, too, but not always of the same meaning.
        Ty::Unknown if at.is_reserved(receiver, operation.expr) => Ty::Unknown,
        _ => return,
    };
    let plain = at.plain_value(&element, operation.expr);
    let plain = plain.filter(|_| at.is_clone(&element));
    if plain.is_none() && element != Ty::Unknown {
        return;
    }
    let is_zero = at.plain(at.bare(length)) == "0";
    if is_zero && plain.is_some() {
        let text = Pieces::default().operand(receiver).text(".clear()");
        found.push(
            Replacement::new(operation, operation.expr, text)
                .says("a vector that is emptied by itself"),
        );
        return;
    }
    if plain.is_some() && at.is_guarded_shrink(receiver, length, operation.expr) {
        let text = Pieces::default()
            .operand(receiver)
            .text(".truncate(")
            .keep(length)
            .text(")");
        found.push(
            Replacement::new(operation, operation.expr, text)
                .says("a vector that is cut without trust in the length"),
        );
        return;
    }
    let Some(reserved) = at.reserved(receiver, operation.expr) else {
        return;
    };
    let value = plain
        .clone()
        .unwrap_or_else(|| "Default::default()".to_owned());
    let text = Pieces::default()
        .operand(receiver)
        .text(".resize(")
        .keep(length)
        .text(format!(", {value})"));
    let mut replacement = Replacement::new(operation, operation.expr, text)
        .says("elements that exist from the start, instead of memory that was never written");
    replacement.removes.extend(reserved.spare(at, length));
    found.push(replacement.safe_if(plain.is_some()));
}

/// What a vector in a variable holds, by how it is used.
fn by_use(at: &At<'_>, receiver: ExprId) -> Ty {
    let bound = at.single(receiver).and_then(|name| {
        let binding = at.binding(name, receiver)?;
        Some((name, binding.bound))
    });
    match bound {
        Some((name, Bound::Let { statement, .. })) => at.element_of(statement, name),
        _ => Ty::Unknown,
    }
}
