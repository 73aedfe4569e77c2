//! A function of the package is unsafe only for what safe code can do
//!
//! All that needs the function to be unsafe has a safe replacement, or it is a helper that reads any type
//! out of bytes. Each call of it is an unsafe block that nobody needs.
//!
//! ## What to do
//! Replace what is unsafe in its body, declare the function without `unsafe`, and take the blocks around
//! its calls away; rustc's `unused_unsafe` names them. A helper that reads any type becomes one function
//! for each type that it is called with.
//!
//! ## Known problems
//! That is shown only: the calls may be in many files. Where an index is out of bounds it panics then,
//! where it was undefined before. A function of which other packages know that it is unsafe can lose that
//! without harm: their blocks warn then.
//!
//! ## Example
//! ```text,bad
//! pub struct Dictionary {
//!     bytes: [u8; 64],
//! }
//!
//! impl Dictionary {
//!     unsafe fn read<T>(&self, at: usize) -> T {
//!         std::ptr::read_unaligned(self.bytes.as_ptr().add(at) as *const T)
//!     }
//!
//!     pub fn two(&self, at: usize) -> u16 {
//!         unsafe { self.read(at) }
//!     }
//!
//!     pub fn four(&self, at: usize) -> u32 {
//!         u32::from_le(unsafe { self.read::<u32>(at) })
//!     }
//! }
//! ```
//! ```text,good
//! pub struct Dictionary {
//!     bytes: [u8; 64],
//! }
//!
//! impl Dictionary {
//!     fn read_u16(&self, at: usize) -> u16 {
//!         u16::from_ne_bytes([self.bytes[at], self.bytes[at + 1]])
//!     }
//!
//!     fn read_u32(&self, at: usize) -> u32 {
//!         let mut read = [0; 4];
//!         read.copy_from_slice(&self.bytes[at..at + 4]);
//!         u32::from_ne_bytes(read)
//!     }
//!
//!     pub fn two(&self, at: usize) -> u16 {
//!         self.read_u16(at)
//!     }
//!
//!     pub fn four(&self, at: usize) -> u32 {
//!         u32::from_le(self.read_u32(at))
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/reference/unsafe-keyword.html>
//! - <https://doc.rust-lang.org/std/primitive.u32.html#method.from_ne_bytes>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::declared::Place;
use crate::dance::needs::Operation;
use crate::dance::pointers::{Access, Way};
use crate::dance::replacement::{Pieces, Replacement};
use crate::dance::sites::{is_covered, offers};
use crate::dance::types::Ty;
use crate::facts::dance::Need;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprId, ExprKind, Function};

pub(crate) const META: Meta = Meta {
    code: "DAN037",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

/// How many operations of a function are looked at.
const MAX_OPERATIONS: usize = 16;
/// How many functions of one name are looked at.
const MAX_FUNCTIONS: usize = 4;

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    if operation.need != Need::Own {
        found.extend(helper(at, operation));
        return;
    }
    let called = called(at, operation.expr);
    if called.is_empty() || called.len() > MAX_FUNCTIONS {
        return;
    }
    if let [(place, function)] = called.as_slice()
        && let Some(inner) = at.declared.at(*place)
        && let Some(body) = function.body
        && reader(&inner, body).is_some()
    {
        found.extend(read(at, operation));
        return;
    }
    // What says in its name that it does not check is there for that.
    if operation.name.contains("unchecked") {
        return;
    }
    let are_replaced = called.iter().all(|(place, function)| {
        let inner = at.declared.at(*place);
        inner
            .zip(function.body)
            .is_some_and(|(inner, body)| is_replaced(&inner, body))
    });
    if are_replaced {
        found.push(
            Replacement::new(
                operation,
                operation.expr,
                Pieces::default().keep(operation.expr),
            )
            .says("a call of a function that can be safe: all of it has a replacement")
            .applies(Applicability::Display),
        );
    }
}

/// The functions of the package that a call may mean.
fn called<'p>(at: &At<'p>, call: ExprId) -> Vec<(Place, &'p Function)> {
    match at.kind(call) {
        ExprKind::Call { .. } => {
            let Some(path) = at.called_path(call) else {
                return Vec::new();
            };
            if let Some(found) = at.declared_function(call, path) {
                return vec![found];
            }
            let [only] = path.segments.as_slice() else {
                return Vec::new();
            };
            let all = at.declared.functions(at.name(only.name), None);
            let all: Vec<_> = all.collect();
            let are_free = all
                .iter()
                .all(|(place, _)| at.declared.owner(*place).is_none());
            if are_free { all } else { Vec::new() }
        }
        ExprKind::Method { receiver, name, .. } => {
            let of = at.type_of(*receiver);
            let Ty::Named(owner, _) = of.peeled() else {
                return Vec::new();
            };
            at.declared.functions(at.name(*name), Some(owner)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether all that is unsafe in a body has a replacement.
fn is_replaced(at: &At<'_>, body: ExprId) -> bool {
    let operations = at.operations(body);
    if operations.is_empty() || operations.len() > MAX_OPERATIONS {
        return false;
    }
    // Not by this rule again: functions may call each other.
    let offers = offers(*at, &operations, |code| code != META.code);
    let safe = offers.iter().map(|(_, offer)| offer);
    let safe = safe.filter(|offer| offer.applicability == Applicability::Safe);
    let mut operations = operations.iter();
    operations.all(|operation| is_covered(operation.expr, safe.clone()))
}

/// What a body reads, if it does nothing else than to read a type parameter's type out of bytes.
fn reader(at: &At<'_>, body: ExprId) -> Option<Access> {
    let [_] = at.statements(body) else {
        return None;
    };
    let mut tail = at.tail(body)?;
    if at.is_unsafe_block(tail) {
        tail = at.tail(tail)?;
    }
    let access = at.access(tail)?;
    let is_any = matches!(access.of, Ty::Parameter(_)) && access.spot.element == Ty::Int("u8");
    (is_any && access.way == Way::Read).then_some(access)
}

/// A call of a helper that reads any type.
fn read(at: &At<'_>, operation: &Operation) -> Option<Replacement> {
    let (before, generics, arguments) = match at.kind(operation.expr) {
        ExprKind::Method {
            receiver,
            generics,
            arguments,
            ..
        } => {
            let before = Pieces::default().operand(*receiver).text(".");
            (before, generics.first(), arguments)
        }
        ExprKind::Call { arguments, .. } => {
            let path = at.called_path(operation.expr)?;
            let last = path.segments.last()?;
            let names = path.segments.iter().rev().skip(1).rev();
            let names = names.map(|segment| format!("{}::", at.written_name(segment.name)));
            let before = Pieces::of(names.collect::<String>());
            (before, last.arguments.first(), arguments)
        }
        _ => return None,
    };
    let (of, _) = at.stated_or_expected(generics, operation.expr);
    let (Ty::Int(name) | Ty::Float(name)) = of else {
        return None;
    };
    if name.is_empty() {
        return None;
    }
    let mut text = before.text(format!("read_{name}("));
    for (place, argument) in arguments.iter().enumerate() {
        if place > 0 {
            text = text.text(", ");
        }
        text = text.keep(*argument);
    }
    Some(
        Replacement::new(operation, operation.expr, text.text(")"))
            .since(32)
            .says("a call of a helper that reads any type: one that reads this type can be safe")
            .applies(Applicability::Display),
    )
}

/// The helper itself.
fn helper(at: &At<'_>, operation: &Operation) -> Option<Replacement> {
    let (_, function) = at.function(operation.expr)?;
    let access = reader(at, function.body?)?;
    if access.target != operation.expr {
        return None;
    }
    let name = at.free_name(&["read", "bytes", "value", "part"], &access.spot.parts())?;
    let text = Pieces::of(format!(
        "{{ let mut {name} = [0; 4]; {name}.copy_from_slice(&"
    ))
    .then(access.spot.part(at, 4))
    .text(format!("); u32::from_ne_bytes({name}) }}"));
    Some(
        Replacement::new(operation, operation.expr, text)
            .covers(access.spot.calls.iter().copied())
            .since(32)
            .says("a helper that reads any type out of bytes: one for each type can be safe, as for `u32`")
            .applies(Applicability::Display),
    )
}
