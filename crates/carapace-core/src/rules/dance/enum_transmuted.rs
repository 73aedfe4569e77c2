//! A number is transmuted into an enum
//!
//! Every number that no variant has is undefined behaviour as a value of the enum: what was checked
//! before, and whether the check is still right when a variant is added, nobody looks at.
//!
//! ## What to do
//! Write the `match` from numbers to variants. Compilers make the same code of it where the numbers stand
//! in a row. Best is a function that gives `None`, or an error, for other numbers.
//!
//! ## Known problems
//! For a number that no variant has it panics, where it was undefined before. Enums whose values are not
//! written as numbers are left out.
//!
//! ## Example
//! ```text,bad
//! #[repr(u8)]
//! #[derive(Debug, Clone, Copy, PartialEq)]
//! pub enum Block {
//!     Image = 0x2C,
//!     Extension = 0x21,
//!     Trailer,
//! }
//!
//! #[repr(i8)]
//! #[derive(Debug)]
//! pub enum Sign {
//!     Less = -1,
//!     Equal,
//!     More,
//! }
//!
//! impl Block {
//!     pub fn of(n: u8) -> Option<Block> {
//!         match n {
//!             0x2C | 0x21 | 0x22 => Some(unsafe { std::mem::transmute(n) }),
//!             _ => None,
//!         }
//!     }
//! }
//!
//! impl Sign {
//!     pub fn of(n: i8) -> Self {
//!         unsafe { std::mem::transmute::<i8, Sign>(n.signum()) }
//!     }
//! }
//! ```
//! ```text,good
//! #[repr(u8)]
//! #[derive(Debug, Clone, Copy, PartialEq)]
//! pub enum Block {
//!     Image = 0x2C,
//!     Extension = 0x21,
//!     Trailer,
//! }
//!
//! #[repr(i8)]
//! #[derive(Debug)]
//! pub enum Sign {
//!     Less = -1,
//!     Equal,
//!     More,
//! }
//!
//! impl Block {
//!     pub fn of(n: u8) -> Option<Block> {
//!         match n {
//!             0x2C | 0x21 | 0x22 => Some(match n { 0x2C => Block::Image, 0x21 => Block::Extension, 34 => Block::Trailer, _ => unreachable!() }),
//!             _ => None,
//!         }
//!     }
//! }
//!
//! impl Sign {
//!     pub fn of(n: i8) -> Self {
//!         match n.signum() { -1 => Sign::Less, 0 => Sign::Equal, 1 => Sign::More, _ => unreachable!() }
//!     }
//! }
//! ```
//! ```text,cases
//! show!(Block::of(0x1e + random.below(16) as u8));
//! show!(Sign::of(random.any()));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/reference/items/enumerations.html#casting>
//! - <https://doc.rust-lang.org/reference/behavior-considered-undefined.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::declared::of_file;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Binds, Pieces, Replacement};
use crate::dance::transmutes::Unit;
use crate::dance::types::Ty;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;

pub(crate) const META: Meta = Meta {
    code: "DAN033",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// How many variants are written out, at most.
const MAX_VARIANTS: usize = 64;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(transmute) = at.transmute(operation.expr) else {
        return;
    };
    let Some(units) = at.units(&transmute.to) else {
        return;
    };
    let range = match &transmute.from {
        Ty::Int(name) => range(name),
        Ty::Unknown => Some((0, 127, 0)),
        _ => return,
    };
    let Some((least, most, count)) = range else {
        return;
    };
    if units.len() > MAX_VARIANTS {
        return;
    }
    let fits = |unit: &Unit| (least..=most).contains(&unit.value);
    if !units.iter().all(fits) {
        return;
    }
    let Some((path, is_self)) = path(at, operation, &transmute.to) else {
        return;
    };
    let mut text = Pieces::of("match ").keep(transmute.value).text(" { ");
    for (place, unit) in units.iter().enumerate() {
        let comma = if place > 0 { ", " } else { "" };
        text = text.text(format!("{comma}{} => {path}::{}", unit.text, unit.name));
    }
    // Where every number has its variant there is no other.
    let rest = match units.len() == count {
        true => " }",
        false => ", _ => unreachable!() }",
    };
    let since = match (at.runs(operation.expr), is_self) {
        (false, _) => 57,
        (true, true) => 37,
        (true, false) => 0,
    };
    found.push(
        Replacement::new(operation, operation.expr, text.text(rest))
            .binds(Binds::Loose)
            .since(since)
            .says("a number that is taken for a variant of an enum")
            .safe_if(transmute.from.is_known() && at.is_own(&transmute.to)),
    );
}

/// The least and the greatest number of a type, and how many there are, if few.
fn range(name: &str) -> Option<(i128, i128, usize)> {
    Some(match name {
        "u8" => (0, 255, 256),
        "i8" => (-128, 127, 256),
        "u16" => (0, i128::from(u16::MAX), 0),
        "i16" => (i128::from(i16::MIN), i128::from(i16::MAX), 0),
        "u32" | "usize" => (0, i128::from(u32::MAX), 0),
        "i32" | "isize" => (i128::from(i32::MIN), i128::from(i32::MAX), 0),
        "u64" => (0, i128::from(u64::MAX), 0),
        "i64" => (i128::from(i64::MIN), i128::from(i64::MAX), 0),
        _ => return None,
    })
}

/// How an enum is called at an operation, and whether that is `Self`.
fn path(at: &At<'_>, operation: &Operation, of: &Ty) -> Option<(String, bool)> {
    let Ty::Named(name, _) = of else {
        return None;
    };
    if at.is_nameable(operation.expr, name) {
        return Some((of_file(name).1.to_owned(), false));
    }
    let (item, _) = at.function(operation.expr)?;
    (at.own_type(item) == *of).then(|| ("Self".to_owned(), true))
}
