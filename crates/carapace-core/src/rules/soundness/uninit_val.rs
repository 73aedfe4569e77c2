//! A value is made of memory that nobody wrote
//!
//! `mem::uninitialized`, `MaybeUninit::uninit().assume_init()` and `mem::zeroed` claim that there is a value.
//! For a type that the caller chooses, a reference, a `Box`, a `bool` there is none: the compiler builds on
//! what such a value always is, and dropping it frees what was never made. A `Vec` of which only the length
//! was set has such values, too.
//!
//! ## What to do
//! Hold it in `MaybeUninit` until it was written: an array of `MaybeUninit<T>` needs no value.
//! `array::from_fn`, `vec![value; n]` and `Default` make values without unsafe code.
//!
//! ## Known problems
//! Which bits are a value of another package's type is not known: such findings are left out or less sure.
//!
//! ## Example
//! ```text,bad
//! use std::mem::MaybeUninit;
//!
//! pub fn blank<T>() -> T {
//!     unsafe { MaybeUninit::<T>::uninit().assume_init() }
//! }
//! ```
//! ```text,good
//! use std::mem::MaybeUninit;
//!
//! pub fn blank<T>() -> MaybeUninit<T> {
//!     MaybeUninit::uninit()
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/mem/union.MaybeUninit.html>
//! - <https://doc.rust-lang.org/reference/behavior-considered-undefined.html>

use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::flow::places::overlap;
use crate::soundness::flow::{Counting, Does, Droppable, Flow, is_written};
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "SND012",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "UNINIT_VAL",
    alike: &[
        "RUSTSEC-2018-0018",
        "RUSTSEC-2022-0067",
        "RUSTSEC-2025-0105",
        "RUSTSEC-2024-0018",
    ],
    find,
};

/// How deep types are gone through.
const MAX_STEPS: u32 = 8;
/// How many expressions of one function are looked at for claims.
const MAX_CLAIMS: usize = 256;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for flow in judged.flows() {
        let parts = at.syntax().within(flow.body);
        let claims = parts.filter_map(|id| Some((id, claim(flow, id)?)));
        for (id, claim) in at.up_to(MAX_CLAIMS, claims) {
            found.extend(claimed(flow, id, &claim));
        }
        for number in 0..flow.steps.len() {
            found.extend(counted(flow, number));
            found.extend(assigned(flow, number));
            found.extend(allocated(flow, number));
        }
    }
}

/// A claim that memory is a value.
struct Claim {
    of: Ty,
    is_zeroed: bool,
}

/// `mem::uninitialized::<T>()`, `MaybeUninit::<T>::zeroed().assume_init()`
fn claim(flow: &Flow<'_, '_>, id: ExprId) -> Option<Claim> {
    let at = flow.at;
    let (call, is_held) = match at.kind(id) {
        ExprKind::Call { arguments, .. } if arguments.is_empty() => (id, false),
        ExprKind::Method { receiver, .. } => {
            at.method_of::<0>(id, &["assume_init"])?;
            (at.bare(*receiver), true)
        }
        _ => return None,
    };
    let path = at.called_path(call)?;
    let mut segments = path.segments.iter().rev();
    let (last, parent) = (segments.next()?, segments.next());
    let is_of = |word: &str| parent.is_some_and(|parent| at.is_name(parent.name, word));
    let is_zeroed = at.is_name(last.name, "zeroed");
    let is_claim = match is_held {
        true => is_of("MaybeUninit") && (is_zeroed || at.is_name(last.name, "uninit")),
        false => {
            let is_named = is_zeroed || at.is_name(last.name, "uninitialized");
            is_named && (is_of("mem") || parent.is_none() && at.standard(path).is_some())
        }
    };
    // A package that brings the type itself has nothing better to make it of.
    if !is_claim || flow.owner().is_some_and(|owner| owner == "MaybeUninit") {
        return None;
    }
    let written = last
        .arguments
        .first()
        .or_else(|| parent.and_then(|parent| parent.arguments.first()));
    let of = match written {
        Some(of) => at.written_in(*of, Some(flow.item)),
        None => at.expected(id),
    };
    Some(Claim { of, is_zeroed })
}

/// Why memory is no value of a type, and how sure that is.
fn why(flow: &Flow<'_, '_>, of: &Ty, is_zeroed: bool, steps: u32) -> Option<(String, Confidence)> {
    let steps = steps.checked_sub(1)?;
    match of {
        Ty::Parameter(name) => match (flow.given.is_plain(name), is_zeroed) {
            (true, _) => None,
            // Of a type without a size, mostly, or of those that a private function is called with.
            (false, true) => Some((
                format!("`{name}` may be any type"),
                match flow.is_public() {
                    true => Confidence::Medium,
                    false => Confidence::Low,
                },
            )),
            (false, false) => Some((format!("`{name}` may be any type"), Confidence::High)),
        },
        Ty::Ref { .. } | Ty::Boxed(_) => Some(("it is never null".to_owned(), Confidence::High)),
        Ty::Vec(_) | Ty::String => Some(("its pointer is never null".to_owned(), Confidence::High)),
        Ty::Bool | Ty::Char if !is_zeroed => Some((
            "not all bits are a value of it".to_owned(),
            Confidence::High,
        )),
        Ty::Array(of, _) => match (why(flow, of, is_zeroed, steps), &**of) {
            (Some(found), _) => Some(found),
            (None, Ty::Int(_) | Ty::Float(_)) if !is_zeroed => Some((
                "numbers have to be written, too".to_owned(),
                Confidence::Medium,
            )),
            (None, _) => None,
        },
        Ty::Tuple(parts) => parts
            .iter()
            .find_map(|part| why(flow, part, is_zeroed, steps)),
        Ty::Named(name, parts) => {
            if matches!(
                name.as_str(),
                "MaybeUninit" | "UnsafeCell" | "ManuallyDrop" | "PhantomData"
            ) {
                let is_value = name != "MaybeUninit" && name != "PhantomData";
                return is_value
                    .then(|| why(flow, parts.first()?, is_zeroed, steps))
                    .flatten();
            }
            if matches!(name.as_str(), "Arc" | "Rc" | "NonNull") {
                return Some(("its pointer is never null".to_owned(), Confidence::High));
            }
            let holds = parts
                .iter()
                .any(|part| flow.droppable(part) == Droppable::Yes);
            (holds && !is_zeroed)
                .then(|| ("it holds values of any type".to_owned(), Confidence::Medium))
        }
        _ => None,
    }
}

fn claimed(flow: &Flow<'_, '_>, id: ExprId, claim: &Claim) -> Option<Doubt> {
    let (why, confidence) = match &claim.of {
        Ty::Unknown if !claim.is_zeroed => ("its type is not known".to_owned(), Confidence::Low),
        Ty::Int(_) | Ty::Float(_) if !claim.is_zeroed => (
            "numbers have to be written, too".to_owned(),
            Confidence::Low,
        ),
        of => why(flow, of, claim.is_zeroed, MAX_STEPS)?,
    };
    let confidence = match flow.function.unsafety {
        None => confidence,
        Some(_) => confidence.min(Confidence::Medium),
    };
    let tokens = flow.at.syntax().expr(id).tokens;
    let memory = match claim.is_zeroed {
        true => "zeroes are",
        false => "memory that nobody wrote is",
    };
    Some(Doubt {
        keyword: flow.keyword(id),
        tokens,
        confidence,
        message: format!("{memory} taken for a value: {why}"),
        chain: vec![
            flow.at
                .reason(tokens, "a value is claimed here, and there is none"),
        ],
        sound: "hold it in `MaybeUninit` until it was written".to_owned(),
    })
}

/// A vector of which only the length was set, and that nobody writes to afterwards either.
fn counted(flow: &Flow<'_, '_>, number: usize) -> Option<Doubt> {
    let step = flow.step(number)?;
    let Does::Counts(place, Counting::Raised | Counting::Set) = &step.does else {
        return None;
    };
    if !flow.is_unwritten(number, place) || !flow.is_own(place, step.expr) {
        return None;
    }
    let mut behind = flow.steps.get(number + 1..)?.iter();
    let is_touched = behind.any(|step| match &step.does {
        Does::Runs(_) => true,
        Does::Counts(of, _) => overlap(of, place),
        does => is_written(does, place),
    });
    if is_touched {
        return None;
    }
    let receiver = match flow.at.kind(step.expr) {
        ExprKind::Method { receiver, .. } => *receiver,
        _ => return None,
    };
    let element = flow.element(receiver, place);
    let is_any = matches!(element, Ty::Parameter(_)) || flow.droppable(&element) == Droppable::Yes;
    let is_seen = flow.is_used_behind(place, step.expr);
    if !is_seen {
        return None;
    }
    let is_safe = flow.function.unsafety.is_none();
    let confidence = match (is_any, is_safe) {
        (true, true) => Confidence::High,
        (false, true) => Confidence::Medium,
        (_, false) => Confidence::Low,
    };
    let tokens = flow.tokens(number);
    Some(Doubt {
        keyword: flow.keyword(step.expr),
        tokens,
        confidence,
        message: format!("`{place}` is used as if it had values, and nobody wrote any"),
        chain: vec![flow.at.reason(tokens, "only the length is set here")],
        sound: "fill it: `vec![value; n]`, `resize`, or hold `MaybeUninit`".to_owned(),
    })
}

/// `*slot = value` where nothing is yet: what is dropped there was never made.
fn assigned(flow: &Flow<'_, '_>, number: usize) -> Option<Doubt> {
    let step = flow.step(number)?;
    let Does::Assign(place) = &step.does else {
        return None;
    };
    let ExprKind::Assign { left, .. } = flow.at.kind(step.expr) else {
        return None;
    };
    let before = flow
        .numbered()
        .take(number)
        .filter(|(_, step)| match &step.does {
            Does::Counts(of, Counting::Raised | Counting::Set) => overlap(of, place),
            Does::Unwritten(of) => of == place,
            _ => false,
        });
    let source = before.last().filter(|(before, step)| match &step.does {
        Does::Counts(of, _) => flow.is_unwritten(*before, of),
        _ => true,
    });
    let source = source.filter(|(before, _)| flow.reaches(*before, number).is_some());
    let from = match source {
        Some((source, _)) => source,
        None if flow.is_allocated(place, step.expr) => 0,
        None => return None,
    };
    // What was written once may be dropped.
    let writes =
        |does: &Does| matches!(does, Does::Write(of) | Does::Hands(of) if overlap(of, place));
    if flow.any_from(from, number, writes) {
        return None;
    }
    let element = match flow.at.type_of(*left) {
        Ty::Unknown => flow.returned_element(place).unwrap_or(Ty::Unknown),
        known => known,
    };
    if flow.droppable(&element) != Droppable::Yes {
        return None;
    }
    let tokens = flow.tokens(number);
    let mut chain = Vec::new();
    if source.is_some() {
        chain.push(
            flow.at
                .reason(flow.tokens(from), "nobody wrote a value yet"),
        );
    }
    chain.push(flow.at.reason(tokens, "an assignment drops what is there"));
    Some(Doubt {
        keyword: flow.keyword(step.expr),
        tokens,
        confidence: match flow.function.unsafety {
            None => Confidence::High,
            Some(_) => Confidence::Medium,
        },
        message: format!(
            "`{place}` is assigned to where no value is yet, which drops what was never made"
        ),
        chain,
        sound: "write it: `ptr::write`, or push values one by one".to_owned(),
    })
}

/// `Box::from_raw` of memory that an allocator gave, before anything was written to it.
fn allocated(flow: &Flow<'_, '_>, number: usize) -> Option<Doubt> {
    let step = flow.step(number)?;
    let Does::Boxes(place) = &step.does else {
        return None;
    };
    if !flow.is_allocated(place, step.expr) {
        return None;
    }
    let writes = |does: &Does| is_written(does, place);
    if flow.any_from(0, number, writes) {
        return None;
    }
    let tokens = flow.tokens(number);
    Some(Doubt {
        keyword: flow.keyword(step.expr),
        tokens,
        confidence: match flow.function.unsafety {
            None => Confidence::Medium,
            Some(_) => Confidence::Low,
        },
        message: format!("`{place}` is taken for a value before anything was written to it"),
        chain: vec![
            flow.at
                .reason(tokens, "memory of an allocator becomes a value here"),
        ],
        sound: "write a value first, or make a `Box<MaybeUninit<T>>`".to_owned(),
    })
}
