//! An unchecked function of the package is called where it has a checked one
//!
//! An `unsafe fn get_unchecked(…)` beside a safe `fn get(…)` that takes and gives the same differs in
//! nothing but its checks: so does one whose body only calls a safe function.
//!
//! ## What to do
//! Call the safe one, and measure before you go back: often the compiler does away with the check, or the
//! caller has made it anyway.
//!
//! ## Known problems
//! Where only the names (`unsafe_X`, `X_unchecked`, `unchecked_X` and `X`), the places and the types say
//! that the two do the same, the replacement is to be looked at: the safe one may ask for more than is
//! needed. Where the body of the unchecked one is a call of the safe one, it is sure. A call from which the
//! safe one is reached is left as it is, and so are calls in unchecked functions. Inside an implementation
//! of another package's trait the replacement is to be looked at, too: operators and loops call such
//! functions without a name.
//!
//! ## Example
//! ```text,bad
//! pub trait Image {
//!     fn pixel(&self, x: usize, y: usize) -> u32;
//!
//!     unsafe fn unsafe_pixel(&self, x: usize, y: usize) -> u32 {
//!         self.pixel(x, y)
//!     }
//! }
//!
//! pub fn sum<I: Image>(image: &I, side: usize) -> u64 {
//!     let mut sum = 0;
//!     for x in 0..side {
//!         for y in 0..side {
//!             // SAFETY: in bounds.
//!             sum += u64::from(unsafe { image.unsafe_pixel(x, y) });
//!         }
//!     }
//!     sum
//! }
//!
//! pub struct Counter {
//!     pub count: u32,
//! }
//!
//! impl Counter {
//!     pub fn set(&mut self, value: u32) {
//!         assert!(value < 1000);
//!         self.count = value;
//!     }
//!
//!     /// # Safety
//!     /// Below a thousand.
//!     pub unsafe fn set_unchecked(&mut self, value: u32) {
//!         self.count = value;
//!     }
//! }
//!
//! pub fn reset(counter: &mut Counter) {
//!     unsafe {
//!         counter.set_unchecked(0);
//!     }
//! }
//! ```
//! ```text,good
//! pub trait Image {
//!     fn pixel(&self, x: usize, y: usize) -> u32;
//!
//!     unsafe fn unsafe_pixel(&self, x: usize, y: usize) -> u32 {
//!         self.pixel(x, y)
//!     }
//! }
//!
//! pub fn sum<I: Image>(image: &I, side: usize) -> u64 {
//!     let mut sum = 0;
//!     for x in 0..side {
//!         for y in 0..side {
//!             sum += u64::from(image.pixel(x, y));
//!         }
//!     }
//!     sum
//! }
//!
//! pub struct Counter {
//!     pub count: u32,
//! }
//!
//! impl Counter {
//!     pub fn set(&mut self, value: u32) {
//!         assert!(value < 1000);
//!         self.count = value;
//!     }
//!
//!     /// # Safety
//!     /// Below a thousand.
//!     pub unsafe fn set_unchecked(&mut self, value: u32) {
//!         self.count = value;
//!     }
//! }
//!
//! pub fn reset(counter: &mut Counter) {
//!     counter.set(0);
//! }
//! ```
//! ```text,cases
//! struct Square(Vec<u32>);
//! impl Image for Square {
//!     fn pixel(&self, x: usize, y: usize) -> u32 {
//!         self.0[x * 4 + y]
//!     }
//! }
//! show!(sum(&Square((0..16).map(|_| random.any()).collect()), 4));
//! let mut counter = Counter { count: random.any() };
//! reset(&mut counter);
//! show!(counter.count);
//! ```
//!
//! ## References
//! - <https://rust-lang.github.io/api-guidelines/naming.html>

use std::collections::HashSet;

use foldhash::fast::RandomState;

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::declared::Place;
use crate::dance::needs::{Operation, says_unchecked};
use crate::dance::replacement::Replacement;
use crate::dance::types::Ty;
use crate::facts::dance::Need;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{
    ExprId, ExprKind, Function, Item, ItemKind, Path, StatementKind, Tokens,
};

/// How many functions are gone through for a way back to the caller.
const MAX_REACHED: usize = 400;
/// How much of them is read, in tokens.
const MAX_READ: u32 = 100_000;
/// How many functions of one name are looked at.
const MAX_NAMED: usize = 32;

pub(crate) const META: Meta = Meta {
    code: "DAN052",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    if !operation.is_certain || operation.need != Need::Own {
        return;
    }
    let id = operation.expr;
    let (name, called, parts) = match at.kind(id) {
        ExprKind::Method {
            receiver,
            name,
            arguments,
            ..
        } => {
            let parts = std::iter::once(*receiver).chain(arguments.iter().copied());
            (
                *name,
                methods(at, *receiver, *name),
                parts.collect::<Vec<_>>(),
            )
        }
        ExprKind::Call { arguments, .. } => {
            let Some(path) = at.callee_path(id) else {
                return;
            };
            let Some(last) = path.segments.last() else {
                return;
            };
            (last.name, function(at, id, path), arguments.to_vec())
        }
        _ => return,
    };
    let Some(twin) = twin(at, id, &called) else {
        return;
    };
    let Some((caller, _)) = at.function(id) else {
        return;
    };
    let caller_name = at.syntax().item(caller).and_then(|item| item.name);
    let Some(caller_name) = caller_name.map(|name| at.name(name)) else {
        return;
    };
    if says_unchecked(caller_name) || is_reached(at, &twin, caller_name) {
        return;
    }
    let is_told = called.iter().any(|place| {
        let there = at.declared.there(*place);
        there.is_some_and(|(there, item)| delegate(&there, item).as_ref() == Some(&twin))
    });
    found.push(
        Replacement::new(operation, id, at.renamed(id, name, &twin, &parts))
            .says(format!(
                "an unchecked function, of which `{twin}` is the checked one"
            ))
            .safe_if(is_told && !is_of_foreign_trait(at, id)),
    );
}

/// The functions that a method may be.
fn methods(at: &At<'_>, receiver: ExprId, name: u32) -> Vec<Place> {
    let name = at.name(name);
    if let Ty::Named(owner, _) = at.type_of(receiver).peeled() {
        let own = at.declared.functions(name, Some(owner));
        let own: Vec<Place> = own.map(|(place, _)| place).collect();
        if !own.is_empty() {
            return own;
        }
    }
    let all = at.declared.functions(name, None);
    all.map(|(place, _)| place).collect()
}

/// The function that a path is.
fn function(at: &At<'_>, id: ExprId, path: &Path) -> Vec<Place> {
    let found = at.declared_function(id, path);
    found.map(|(place, _)| place).into_iter().collect()
}

/// The name of the safe function that stands beside each of these.
fn twin(at: &At<'_>, call: ExprId, called: &[Place]) -> Option<String> {
    if called.is_empty() || called.len() > MAX_NAMED {
        return None;
    }
    let mut names: Vec<String> = called.iter().flat_map(|place| names(at, *place)).collect();
    names.retain(|name| called.iter().all(|place| has_twin(at, call, *place, name)));
    names.into_iter().next()
}

/// What the twin of a function may be called.
fn names(at: &At<'_>, place: Place) -> Vec<String> {
    let Some((there, item)) = at.declared.there(place) else {
        return Vec::new();
    };
    let Some(name) = item.name.map(|name| there.name(name)) else {
        return Vec::new();
    };
    let mut names: Vec<String> = delegate(&there, item).into_iter().collect();
    for prefix in ["unsafe_", "unchecked_"] {
        names.extend(name.strip_prefix(prefix).map(str::to_owned));
    }
    names.extend(name.strip_suffix("_unchecked").map(str::to_owned));
    if let Some(stem) = name.strip_suffix("_unchecked_mut") {
        names.push(format!("{stem}_mut"));
    }
    names
}

/// The function that a body calls with the parameters and does nothing else.
fn delegate(at: &At<'_>, item: &Item) -> Option<String> {
    let ItemKind::Function(function) = &item.kind else {
        return None;
    };
    let [only] = at.statements(function.body?) else {
        return None;
    };
    let StatementKind::Expr { value, .. } = at.syntax().statement(*only)?.kind else {
        return None;
    };
    let (name, arguments) = match at.kind(value) {
        ExprKind::Method {
            receiver,
            name,
            arguments,
            ..
        } if at.single(*receiver) == Some("self") => (*name, arguments),
        ExprKind::Call { arguments, .. } if function.receiver.is_none() => {
            let path = at.callee_path(value)?;
            (path.segments.last()?.name, arguments)
        }
        _ => return None,
    };
    let is_handed_on = arguments.len() == function.parameters.len()
        && arguments
            .iter()
            .zip(&function.parameters)
            .all(|(argument, parameter)| {
                let name = at.pattern_name(parameter.pattern);
                name.is_some() && at.single(*argument) == name
            });
    is_handed_on.then(|| at.name(name).to_owned())
}

/// Whether a safe function of a name with the same types stands where another does.
fn has_twin(at: &At<'_>, call: ExprId, place: Place, name: &str) -> bool {
    let Some((there, item)) = at.declared.there(place) else {
        return false;
    };
    let ItemKind::Function(function) = &item.kind else {
        return false;
    };
    if function.unsafety.is_none() {
        return false;
    }
    let container = there.implementation(place.item);
    let of_trait = container.and_then(|container| match &there.syntax().item(container)?.kind {
        ItemKind::Impl { of_trait, .. } => there.last_name(of_trait.as_ref()?),
        _ => None,
    });
    let twins = at.declared.functions(name, None);
    let mut twins = twins.filter(|(twin, _)| {
        let is_beside = twin.file == place.file
            && at
                .declared
                .item(*twin)
                .is_some_and(|twin| twin.parent == item.parent);
        let is_inherited = of_trait.is_some() && at.declared.owner(*twin).as_deref() == of_trait;
        is_beside || is_inherited
    });
    let Some((twin_place, twin)) = twins.next() else {
        return false;
    };
    let Some((twin_at, twin_item)) = at.declared.there(twin_place) else {
        return false;
    };
    let is_in_trait = of_trait.is_some()
        || container.is_some_and(|container| {
            let found = there.syntax().item(container);
            found.is_some_and(|found| matches!(found.kind, ItemKind::Trait { .. }))
        });
    let is_seen = is_in_trait
        || twin_item.public
        || twin_at.file.index == at.file.index
        || !item.public && twin_at.is_name(twin_at.item_head(twin_item), "pub");
    twin.unsafety.is_none()
        && is_seen
        && (twin.is_const || at.runs(call))
        && is_alike((&there, item, function), (&twin_at, twin_item, twin))
}

/// Whether two functions take and give the same, and are there in the same builds.
fn is_alike(a: (&At<'_>, &Item, &Function), b: (&At<'_>, &Item, &Function)) -> bool {
    let parameters = |(at, _, function): (&At<'_>, &Item, &Function)| -> Vec<String> {
        let types = function
            .parameters
            .iter()
            .map(|parameter| at.type_text(parameter.of));
        types.collect()
    };
    let output = |(at, _, function): (&At<'_>, &Item, &Function)| {
        function.output.map(|output| at.type_text(output))
    };
    let attributes = |(at, item, _): (&At<'_>, &Item, &Function), word: &str| {
        at.mentions(at.attributes(item), word)
    };
    let is_conditional = attributes(a, "cfg") || attributes(b, "cfg");
    let is_warned_of =
        attributes(b, "deprecated") || attributes(b, "must_use") && !attributes(a, "must_use");
    let has_bounds = |(at, item, function): (&At<'_>, &Item, &Function)| {
        let tokens = Tokens {
            start: item.head,
            end: function
                .body
                .map_or(item.tokens.end, |body| at.syntax().expr(body).tokens.start),
        };
        !function.generics.is_empty() || at.mentions(tokens, "where")
    };
    a.2.receiver == b.2.receiver
        && parameters(a) == parameters(b)
        && output(a) == output(b)
        && !is_conditional
        && !is_warned_of
        && !has_bounds(b)
}

/// Whether a function may be called, by whatever way, by one that has a name.
fn is_reached(at: &At<'_>, from: &str, name: &str) -> bool {
    let is_code = |item: &Item| matches!(item.kind, ItemKind::Function(_) | ItemKind::Macro);
    let mut seen: HashSet<&str, RandomState> = HashSet::default();
    let mut work = vec![from];
    let mut read = 0;
    while let Some(next) = work.pop() {
        if next == name || seen.len() > MAX_REACHED {
            return true;
        }
        if !seen.insert(next) {
            continue;
        }
        for (place, item) in at.declared.all(next).filter(|(_, item)| is_code(item)) {
            let Some(there) = at.declared.at(place) else {
                continue;
            };
            read += item.tokens.end - item.tokens.start;
            if read > MAX_READ {
                return true;
            }
            let tokens = (item.tokens.start..item.tokens.end).map(|token| token as usize);
            let source = there.file.source;
            let words = tokens.filter(|token| source.kind(*token).is_ident());
            let words =
                words.filter_map(|token| std::str::from_utf8(source.name_bytes(token)).ok());
            work.extend(words.filter(|word| {
                !seen.contains(word) && at.declared.all(word).any(|(_, item)| is_code(item))
            }));
        }
    }
    false
}

/// Whether a function implements a trait of another package.
fn is_of_foreign_trait(at: &At<'_>, id: ExprId) -> bool {
    let around = at.item_of(id).and_then(|item| at.implementation(item));
    let around = around.and_then(|around| at.syntax().item(around));
    let Some(ItemKind::Impl {
        of_trait: Some(of), ..
    }) = around.map(|around| &around.kind)
    else {
        return false;
    };
    let is_trait = |kind: &ItemKind| matches!(kind, ItemKind::Trait { .. });
    let name = at.last_name(of);
    name.is_none_or(|name| at.declared.only(name, is_trait).is_none())
}
