//! A value is made of memory that was never written
//!
//! `MaybeUninit::uninit().assume_init()` says that a value is there where none is. Of an integer that
//! is undefined behaviour, too. Only of an array of `MaybeUninit` it is sound, and says no more than
//! the array would.
//!
//! ## What to do
//! Write a value: `[0; 64]`. An array of `MaybeUninit` is `[const { MaybeUninit::uninit() }; N]` since
//! Rust 1.79; one that is filled element by element is mostly `array::from_fn`.
//!
//! ## Known problems
//! The memory is written once more than before.
//!
//! ## Example
//! ```text,bad
//! use std::mem::MaybeUninit;
//!
//! pub fn digits(number: u8) -> usize {
//!     let mut digits: [u8; 3] = unsafe { MaybeUninit::uninit().assume_init() };
//!     digits[0] = number / 100;
//!     digits[1] = number / 10 % 10;
//!     digits[2] = number % 10;
//!     digits.iter().skip_while(|digit| **digit == 0).count()
//! }
//!
//! pub fn slots<T, const N: usize>() -> [MaybeUninit<T>; N] {
//!     unsafe { MaybeUninit::<[MaybeUninit<T>; N]>::uninit().assume_init() }
//! }
//! ```
//! ```text,good
//! use std::mem::MaybeUninit;
//!
//! pub fn digits(number: u8) -> usize {
//!     let mut digits: [u8; 3] = [0; 3];
//!     digits[0] = number / 100;
//!     digits[1] = number / 10 % 10;
//!     digits[2] = number % 10;
//!     digits.iter().skip_while(|digit| **digit == 0).count()
//! }
//!
//! pub fn slots<T, const N: usize>() -> [MaybeUninit<T>; N] {
//!     [const { MaybeUninit::uninit() }; N]
//! }
//! ```
//! ```text,cases
//! show!(digits(random.any::<u8>()));
//! show!(slots::<String, 3>().len());
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/mem/union.MaybeUninit.html>
//! - <https://rust-lang.github.io/rust-clippy/master/index.html#uninit_assumed_init>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, ItemKind, Path, StatementKind, TypeId, TypeKind};

pub(crate) const META: Meta = Meta {
    code: "DAN021",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// The first compiler that has blocks of constants in expressions.
const SINCE: u32 = 79;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some((made, [])) = at.method_of::<0>(operation.expr, &["assume_init"]) else {
        return;
    };
    if at
        .call_of::<0>(at.bare(made), "MaybeUninit", &["uninit"])
        .is_none()
    {
        return;
    }
    let Some(path) = at.callee_path(at.bare(made)) else {
        return;
    };
    let written = turbofish(path);
    let item = at.item_of(operation.expr);
    let of = match written {
        Some(of) => at.written_in(of, item),
        None => at.expected(operation.expr),
    };
    let says = "a value that exists from the start, instead of memory that was never written";
    let value = match written {
        Some(_) => at.typed_value(&of, operation.expr),
        None => at.plain_value(&of, operation.expr),
    };
    if let Some(value) = value {
        let text = Pieces::of(value);
        found.push(Replacement::new(operation, operation.expr, text).says(says));
        return;
    }
    let Some(length) = length_of_slots(at, operation.expr, written) else {
        return;
    };
    let Some(name) = own_name(at, path) else {
        return;
    };
    let text = Pieces::of(format!("[const {{ {name}::uninit() }}; "))
        .keep(length)
        .text("]");
    found.push(
        Replacement::new(operation, operation.expr, text)
            .since(SINCE)
            .says("an array of memory that may be written later, which needs no promise"),
    );
}

/// The type in `MaybeUninit::<T>::uninit`.
fn turbofish(path: &Path) -> Option<TypeId> {
    path.parent()?.arguments.first().copied()
}

/// `MaybeUninit` as it is named where a path leads to a function of it.
fn own_name(at: &At<'_>, path: &Path) -> Option<String> {
    let (_, before) = path.segments.split_last()?;
    let names: Vec<&str> = before.iter().map(|segment| at.name(segment.name)).collect();
    (!names.is_empty()).then(|| names.join("::"))
}

/// The length of an array of `MaybeUninit`, where that is written at the place itself.
fn length_of_slots(at: &At<'_>, id: ExprId, written: Option<TypeId>) -> Option<ExprId> {
    let of = written.or_else(|| stated(at, id))?;
    let TypeKind::Array {
        of,
        length: Some(length),
    } = at.syntax().type_kind(of)
    else {
        return None;
    };
    let TypeKind::Path(path) = at.syntax().type_kind(*of) else {
        return None;
    };
    let last = path.segments.last()?;
    at.is_name(last.name, "MaybeUninit").then_some(*length)
}

/// The type that a `let` or the function says that a value has.
fn stated(at: &At<'_>, id: ExprId) -> Option<TypeId> {
    use crate::source::syntax::Parent;
    let mut value = id;
    loop {
        match at.syntax().expr(value).parent {
            Parent::Expr(around) if matches!(at.kind(around), ExprKind::Paren(_)) => value = around,
            Parent::Statement(statement) => {
                let found = at.syntax().statement(statement)?;
                match found.kind {
                    StatementKind::Let { declared, .. } => return declared,
                    StatementKind::Expr { ends: false, .. } => {
                        value = found.block.filter(|block| at.tail(*block) == Some(value))?;
                    }
                    _ => return None,
                }
            }
            Parent::Item(item) => match &at.syntax().item(item)?.kind {
                ItemKind::Function(function) => return function.output,
                ItemKind::Value { of, .. } => return *of,
                _ => return None,
            },
            _ => return None,
        }
    }
}
