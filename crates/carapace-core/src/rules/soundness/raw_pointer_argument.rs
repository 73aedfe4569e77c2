//! A safe function relies on a raw pointer that a caller gives
//!
//! Raw pointers may be made of anything by safe code: null, dangling, of a number. A safe function that
//! dereferences one that it gets as an argument, or that lies in a field which callers set, lets safe code
//! read and write memory that is not its own.
//!
//! ## What to do
//! Take a reference or a slice; or declare the function `unsafe` and write down what the pointer has to
//! be. Make fields private that hold pointers, and the functions `unsafe` that set them.
//!
//! ## Known problems
//! Functions with the calling convention of another language are called from there; findings in these are
//! less sure. A check for null makes nothing sound.
//!
//! ## Example
//! ```text,bad
//! pub fn first(bytes: *const u8) -> u8 {
//!     unsafe { *bytes }
//! }
//! ```
//! ```text,good
//! /// # Safety
//! /// The pointer leads to a byte that can be read.
//! pub unsafe fn first(bytes: *const u8) -> u8 {
//!     unsafe { *bytes }
//! }
//! ```
//!
//! ## References
//! - <https://rust-lang.github.io/rust-clippy/master/index.html#not_unsafe_ptr_arg_deref>

use crate::dance::at::At;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::judged::Judged;
use crate::soundness::memory::PointerUse;
use crate::soundness::reach::{Reach, Safe};
use crate::soundness::{Doubt, Judges, Reason};
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{
    ExprId, ExprKind, Field, Function, ItemId, ItemKind, PatternKind, Tokens,
};

pub(crate) const META: Meta = Meta {
    code: "SND031",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "RAW_PTR_API",
    alike: &[
        "RUSTSEC-2020-0097",
        "RUSTSEC-2025-0170",
        "RUSTSEC-2021-0152",
        "RUSTSEC-2025-0109",
    ],
    find,
};

/// How many functions of a type are looked at for one that sets a field.
const MAX_FUNCTIONS: usize = 512;
/// How many functions of a file are reported.
const MAX_DOUBTS: usize = 512;
/// How many uses of pointers of one function are looked into.
const MAX_USES: usize = 32;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for &safe in judged.safe_functions() {
        if found.len() >= MAX_DOUBTS {
            return at.leave_out();
        }
        let takes_any = !safe.function.parameters.is_empty() || safe.function.receiver.is_some();
        if !takes_any {
            continue;
        }
        let uses = at.pointer_uses(safe.body);
        let doubts = at.up_to(MAX_USES, uses.iter()).filter_map(|used| {
            let root = at.pointer_root(used.pointer);
            of_parameter(at, safe, *used, root).or_else(|| of_field(at, safe, *used, root))
        });
        let mut doubts: Vec<Doubt> = doubts.collect();
        doubts.sort_by_key(|doubt| std::cmp::Reverse(doubt.confidence));
        found.extend(doubts.into_iter().next());
    }
}

/// A parameter that is a pointer, or a number that is made one.
fn of_parameter(at: &At<'_>, safe: Safe<'_>, used: PointerUse, root: ExprId) -> Option<Doubt> {
    let (parameter, name) = at.parameter_meant(root, safe.function)?;
    let of = at.written_in(parameter.of, Some(safe.id));
    let is_number = matches!(of, Ty::Int("usize" | "u64"));
    let is_pointer =
        matches!(of, Ty::Pointer { .. }) || matches!(&of, Ty::Named(name, _) if name == "NonNull");
    let is_address = is_number && at.is_pointer(used.pointer);
    if !is_pointer && !is_address {
        return None;
    }
    let reach = at.reach_of(safe.id);
    let confidence = match reach {
        _ if is_for_others(at, safe) => Confidence::Low,
        Reach::Package if safe.item.public && !used.is_foreign && !is_address => Confidence::Medium,
        Reach::Package => Confidence::Low,
        Reach::Everybody if used.is_foreign || is_address => Confidence::Medium,
        Reach::Everybody => Confidence::High,
    };
    let function = safe.item.name.map(|name| at.name(name)).unwrap_or_default();
    let tokens = at.syntax().expr(used.expr).tokens;
    let chain = vec![
        at.reason(
            at.pattern_tokens(parameter.pattern),
            format!("`{name}` is a pointer that the caller chooses"),
        ),
        at.reason(tokens, "it is taken to be a good one here"),
    ];
    Some(Doubt {
        keyword: used.keyword,
        tokens,
        confidence,
        message: format!("`{function}` is safe to call, and relies on the raw pointer `{name}`"),
        chain,
        sound: format!("declare `{function}` unsafe, or take a reference"),
    })
}

/// Whether a function is there for another language.
fn is_for_others(at: &At<'_>, safe: Safe<'_>) -> bool {
    let end = safe.item.name.unwrap_or(safe.item.head);
    (safe.item.tokens.start..end).any(|token| {
        at.file.source.kind(token as usize) == T::Extern
            || at.is_name(token, "no_mangle")
            || at.is_name(token, "hidden")
    })
}

/// A field that is a pointer, which callers can set.
fn of_field(at: &At<'_>, safe: Safe<'_>, used: PointerUse, root: ExprId) -> Option<Doubt> {
    let ExprKind::Field { base, name } = at.kind(root) else {
        return None;
    };
    if at.single(*base) != Some("self") {
        return None;
    }
    let own = at.implementation(safe.id)?;
    let owner = at.syntax().item(own)?.name.map(|name| at.name(name))?;
    let (_, place, item) = at.declared.type_meant(at.file.index, owner)?;
    let ItemKind::Struct { fields, .. } = &item.kind else {
        return None;
    };
    let there = at.declared.at(place)?;
    let name = at.name(*name);
    let field = field_named(&there, fields, name)?;
    if !is_raw(&there.written_in(field.of, Some(place.item))) {
        return None;
    }
    let (by, confidence) = match is_public(&there, field) {
        true => {
            let says = format!("`{name}` can be set by everybody");
            let reason = there.reason(there.type_tokens(field.of), says);
            (reason, Confidence::Medium)
        }
        false => (set_by(at, owner, name)?, Confidence::Medium),
    };
    let reach = match at.reach_of(safe.id) {
        Reach::Everybody if item.public => confidence,
        _ => Confidence::Low,
    };
    let confidence = match used.is_foreign {
        true => reach.min(Confidence::Medium),
        false => reach,
    };
    let function = safe.item.name.map(|name| at.name(name)).unwrap_or_default();
    let tokens = at.syntax().expr(used.expr).tokens;
    Some(Doubt {
        keyword: used.keyword,
        tokens,
        confidence,
        message: format!(
            "`{function}` is safe to call, and relies on the raw pointer in `{owner}`, which safe code can set"
        ),
        chain: vec![by, at.reason(tokens, "it is taken to be a good one here")],
        sound: format!("make `{name}` private, and the functions unsafe that set it"),
    })
}

/// Whether a type is a pointer that nothing is promised of.
fn is_raw(of: &Ty) -> bool {
    match of {
        Ty::Pointer { .. } => true,
        Ty::Named(name, _) => name == "NonNull",
        _ => false,
    }
}

fn field_named<'f>(at: &At<'_>, fields: &'f [Field], name: &str) -> Option<&'f Field> {
    match name.parse::<usize>() {
        Ok(number) => fields.get(number).filter(|field| field.name.is_none()),
        Err(_) => fields
            .iter()
            .find(|field| field.name.is_some_and(|token| at.is_name(token, name))),
    }
}

fn is_public(at: &At<'_>, field: &Field) -> bool {
    let first = field.name.unwrap_or_else(|| at.type_tokens(field.of).start);
    first > 0 && at.file.source.kind(first as usize - 1) == T::Pub
}

/// A safe function for everybody that puts a pointer of its caller into a field.
fn set_by(at: &At<'_>, owner: &str, field: &str) -> Option<Reason> {
    let mut left = MAX_FUNCTIONS;
    for around in at.declared.implementations(owner) {
        let there = at.declared.at(around)?;
        let item = at.declared.item(around)?;
        let ItemKind::Impl { of_trait, .. } = &item.kind else {
            continue;
        };
        for (id, found) in there.items_in(around.item) {
            left = left.checked_sub(1)?;
            let ItemKind::Function(function) = &found.kind else {
                continue;
            };
            let is_open = found.public || of_trait.is_some();
            let (None, Some(body), true) = (function.unsafety, function.body, is_open) else {
                continue;
            };
            let Some(parameter) = pointer_parameter(&there, function, id) else {
                continue;
            };
            let is_setting = there
                .syntax()
                .within(body)
                .any(|part| sets(&there, part, owner, field, parameter.0));
            if is_setting && there.reach_of(id) == Reach::Everybody {
                let says = format!(
                    "`{}` takes whatever pointer it gets",
                    there.name(found.name?)
                );
                return Some(there.reason(parameter.1, says));
            }
        }
    }
    None
}

fn pointer_parameter<'p>(
    at: &At<'p>,
    function: &Function,
    id: ItemId,
) -> Option<(&'p str, Tokens)> {
    function.parameters.iter().find_map(|parameter| {
        let of = at.written_in(parameter.of, Some(id));
        let PatternKind::Name { name, .. } = at.syntax().pattern(parameter.pattern) else {
            return None;
        };
        let tokens = at.pattern_tokens(parameter.pattern);
        is_raw(&of).then(|| (at.name(*name), tokens))
    })
}

/// `Self { field: pointer }`, `Self(pointer)`
fn sets(at: &At<'_>, id: ExprId, owner: &str, field: &str, pointer: &str) -> bool {
    let is_owner = |token: u32| at.is_name(token, "Self") || at.is_name(token, owner);
    let is_pointer = |value: ExprId| at.mentions(at.syntax().expr(value).tokens, pointer);
    match at.kind(id) {
        ExprKind::Struct { path, fields, .. } => {
            path.segments.last().is_some_and(|last| is_owner(last.name))
                && fields
                    .iter()
                    .any(|(name, value)| at.is_name(*name, field) && is_pointer(*value))
        }
        ExprKind::Call { arguments, .. } => {
            let is_own = at
                .called_path(id)
                .and_then(|path| path.segments.last())
                .is_some_and(|last| is_owner(last.name));
            let number = field.parse::<usize>().ok();
            is_own
                && number
                    .and_then(|number| arguments.get(number))
                    .is_some_and(|value| is_pointer(*value))
        }
        _ => false,
    }
}
