//! A value is taken out without a look whether it is there
//!
//! `unwrap_unchecked` believes that an `Option` is `Some` and a `Result` is `Ok`. Where it is not,
//! behaviour is undefined.
//!
//! ## What to do
//! Write `unwrap()`, or `if let`, `let … else` in place of a check and a taking out. Where the compiler
//! can see that the value is there, the code is the same.
//!
//! ## Known problems
//! `unwrap` of a `Result` needs an error that can be shown; `.ok().unwrap()` does not. A panic that is
//! not seen to be out of reach is one branch more.
//!
//! ## Example
//! ```text,bad
//! pub struct Opaque;
//!
//! pub fn first(values: &[u32]) -> u32 {
//!     unsafe { *values.first().unwrap_unchecked() }
//! }
//!
//! pub fn value(found: Option<u32>) -> u32 {
//!     if found.is_none() {
//!         return 0;
//!     }
//!     // SAFETY: it was looked at.
//!     unsafe { found.unwrap_unchecked() }
//! }
//!
//! pub fn result(found: Result<u32, Opaque>) -> u32 {
//!     let value = unsafe { found.unwrap_unchecked() };
//!     value / 2
//! }
//!
//! pub fn error(found: Result<Opaque, u32>) -> u32 {
//!     unsafe { found.unwrap_err_unchecked() }
//! }
//! ```
//! ```text,good
//! pub struct Opaque;
//!
//! pub fn first(values: &[u32]) -> u32 {
//!     *values.first().unwrap()
//! }
//!
//! pub fn value(found: Option<u32>) -> u32 {
//!     if found.is_none() {
//!         return 0;
//!     }
//!     found.unwrap()
//! }
//!
//! pub fn result(found: Result<u32, Opaque>) -> u32 {
//!     let value = found.ok().unwrap();
//!     value / 2
//! }
//!
//! pub fn error(found: Result<Opaque, u32>) -> u32 {
//!     found.err().unwrap()
//! }
//! ```
//! ```text,cases
//! let values: Vec<u32> = random.many(1..10);
//! show!(first(&values));
//! show!(value(values.get(random.below(20)).copied()));
//! show!(result(Ok(values[0])));
//! show!(error(Err(values[0])));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/option/enum.Option.html#method.unwrap_unchecked>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN055",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let names = ["unwrap_unchecked", "unwrap_err_unchecked"];
    let Some((receiver, [])) = at.method_of(operation.expr, &names) else {
        return;
    };
    if !at.runs(operation.expr) {
        return;
    }
    let is_error = at
        .method_of::<0>(operation.expr, &["unwrap_err_unchecked"])
        .is_some();
    let of = at.type_of(receiver);
    let (text, is_known) = match (is_error, &of) {
        (false, Ty::Option(_)) => (".unwrap()", true),
        (false, Ty::Result(_)) => (".ok().unwrap()", true),
        (true, Ty::Result(_)) => (".err().unwrap()", true),
        // The package may have a method of this name.
        _ if at.declared.has("unwrap_unchecked") => return,
        (false, _) => (".unwrap()", false),
        (true, _) => (".unwrap_err()", false),
    };
    let pieces = Pieces::default().operand(receiver).text(text);
    found.push(
        Replacement::new(operation, operation.expr, pieces)
            .says("a value that is taken out without a look whether it is there")
            .safe_if(is_known),
    );
}
