//! A fat pointer is taken apart as somebody guessed that it lies
//!
//! How a reference to a trait object or a slice lies in memory is not promised: neither that it is two
//! words, nor which comes first. Code that transmutes one to a pair of words or to a struct of its own, or
//! the other way around, breaks when the compiler lays it out otherwise.
//!
//! ## What to do
//! For trait objects, keep a pointer to the concrete type and cast that (`as *const T`); for slices, use
//! `as_ptr`, `len` and `from_raw_parts`; for `Any`, its own `downcast` methods.
//!
//! ## Known problems
//! A struct of the package is found where it has two pointers or words and nothing else.
//!
//! ## Example
//! ```text,bad
//! pub fn data(object: &dyn std::fmt::Debug) -> usize {
//!     let (data, _table) = unsafe {
//!         std::mem::transmute::<&dyn std::fmt::Debug, (usize, usize)>(object)
//!     };
//!     data
//! }
//! ```
//! ```text,good
//! pub fn data(object: &dyn std::fmt::Debug) -> usize {
//!     object as *const dyn std::fmt::Debug as *const () as usize
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/reference/type-layout.html>

use crate::dance::at::At;
use crate::dance::declared::of_file;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind, ItemKind, TypeId, TypeKind};

pub(crate) const META: Meta = Meta {
    code: "SND059",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "LAYOUT_PUN",
    alike: &["RUSTSEC-2020-0027", "RUSTSEC-2021-0095"],
    find,
};

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for id in at.syntax().expr_ids() {
        if matches!(at.kind(id), ExprKind::Call { .. }) {
            found.extend(transmuted(at, id));
        }
    }
}

fn transmuted(at: &At<'_>, id: ExprId) -> Option<Doubt> {
    let ([value], call) = at.call_of(id, "mem", &["transmute", "transmute_copy"])?;
    let (item, _) = at.function(id)?;
    let of = |number: usize| {
        let of = call.generics.get(number)?;
        Some(at.written_in(*of, Some(item))).filter(|of| *of != Ty::Unknown)
    };
    let from = of(0).unwrap_or_else(|| at.type_of(value));
    let to = of(1).unwrap_or_else(|| at.expected(id));
    let reference = |number: usize, of: &Ty| match call.generics.get(number) {
        Some(written) => is_reference(at, *written),
        None => matches!(of, Ty::Ref { .. } | Ty::Pointer { .. } | Ty::Boxed(_)),
    };
    let is_guessed = is_pair(at, &to) && (reference(0, &from) || at.is_self(value))
        || is_pair(at, &from) && reference(1, &to);
    if !is_guessed || at.is_test(item) {
        return None;
    }
    let keyword = at.rests_on(id)?;
    let tokens = at.expr_tokens(id);
    Some(Doubt {
        keyword,
        tokens,
        confidence: Confidence::Medium,
        message: "a fat pointer is taken for two words: nothing says that it lies like that"
            .to_owned(),
        chain: vec![
            at.reason(at.expr_tokens(value), "this is on one side"),
            at.reason(tokens, "and two words are on the other"),
        ],
        sound: "cast the pointer to its data, or use `as_ptr`, `len` and `from_raw_parts`"
            .to_owned(),
    })
}

fn is_reference(at: &At<'_>, of: TypeId) -> bool {
    matches!(
        at.syntax().type_kind(of),
        TypeKind::Ref { .. } | TypeKind::Pointer { .. }
    )
}

/// Whether a type is two words: a pair, an array, a struct of the package, the old `TraitObject`.
fn is_pair(at: &At<'_>, of: &Ty) -> bool {
    let is_word = |of: &Ty| matches!(of, Ty::Int("usize" | "isize") | Ty::Pointer { .. });
    match of {
        Ty::Tuple(parts) => parts.len() == 2 && parts.iter().all(is_word),
        Ty::Array(of, Some(length)) => length == "2" && is_word(of),
        Ty::Named(name, _) => match at.own_item(name) {
            Some((there, id, item)) => match &item.kind {
                ItemKind::Struct { fields, .. } => {
                    let mut fields = fields.iter();
                    let count = fields.len();
                    count == 2 && fields.all(|field| is_word(&there.written_in(field.of, Some(id))))
                }
                _ => false,
            },
            None => of_file(name).1 == "TraitObject",
        },
        _ => false,
    }
}
