//! A reference outlives what it leads to
//!
//! A lifetime that nothing which is handed in has is one that the caller chooses, up to `'static`: what a
//! safe function gives with it, made of a pointer, is still there when its memory is gone. The same holds
//! for a closure that a foreign library keeps although it may refer to what goes out of scope.
//!
//! ## What to do
//! Write the lifetime of `self` or of the parameter that it comes from; ask for `'static` of what is kept;
//! or make the function unsafe.
//!
//! ## Known problems
//! What a foreign function keeps is not known: a value that it only uses while it runs is found, too, less
//! surely.
//!
//! ## Example
//! ```text,bad
//! pub struct List<T> {
//!     first: *const T,
//! }
//!
//! impl<T> List<T> {
//!     pub fn first<'a>(&self) -> &'a T {
//!         unsafe { &*self.first }
//!     }
//! }
//! ```
//! ```text,good
//! pub struct List<T> {
//!     first: *const T,
//! }
//!
//! impl<T> List<T> {
//!     pub fn first(&self) -> &T {
//!         unsafe { &*self.first }
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/nomicon/unbounded-lifetimes.html>

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::ground::Entry;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{ExprId, ExprKind, Item, ItemKind, Receiver, Tokens, TypeKind};

pub(crate) const META: Meta = Meta {
    code: "SND051",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "LIFETIME",
    alike: &[
        "RUSTSEC-2021-0130",
        "RUSTSEC-2021-0128",
        "RUSTSEC-2022-0070",
        "RUSTSEC-2020-0146",
    ],
    find,
};

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    for (entry, body, keyword) in at.entries() {
        let doubt = given_freely(at, entry, keyword)
            .or_else(|| given_twice(at, entry, body, keyword))
            .or_else(|| made_static(at, entry, body, keyword))
            .or_else(|| kept(at, entry, body));
        found.extend(doubt);
    }
    for item in &at.syntax().items {
        if item.kind == ItemKind::Macro {
            found.extend(in_macro(at, item));
        }
    }
}

fn doubt(
    at: &At<'_>,
    entry: Entry<'_>,
    keyword: u32,
    confidence: Confidence,
    message: String,
    sound: &str,
) -> Doubt {
    let at_unsafe = Tokens {
        start: keyword,
        end: keyword + 1,
    };
    Doubt {
        keyword,
        tokens: at.head_tokens(entry.item),
        confidence,
        message,
        chain: vec![
            at.reason(at.head_tokens(entry.item), "so it says what lives how long"),
            at.reason(at_unsafe, "and unsafe code is taken at its word"),
        ],
        sound: sound.to_owned(),
    }
}

fn lifetime(at: &At<'_>, token: u32) -> String {
    at.file.source.text(token as usize).to_string()
}

/// `fn iter<'a>(&self) -> Iter<'a, T>`
fn given_freely(at: &At<'_>, entry: Entry<'_>, keyword: u32) -> Option<Doubt> {
    let free = at.lifetimes(entry.item).into_iter().find(|name| {
        let uses = at.uses_of_lifetime(entry.item, *name);
        uses.is_given && !uses.is_taken && !uses.is_argued
    })?;
    let function = entry.function;
    if at.has_word(entry.item, |word| word.starts_with(b"leak")) {
        return None;
    }
    let borrows = matches!(function.receiver, Some(Receiver::Shared | Receiver::Mut))
        || function
            .parameters
            .iter()
            .any(|parameter| matches!(at.syntax().type_kind(parameter.of), TypeKind::Ref { .. }));
    let gives = function.output.is_some_and(|output| {
        let tokens = at.type_tokens(output);
        (tokens.start..tokens.end).any(|token| at.file.source.kind(token as usize) == T::Amp)
    });
    let is_mutable = function.output.is_some_and(|output| {
        let tokens = at.type_tokens(output);
        (tokens.start..tokens.end).any(|token| at.file.source.kind(token as usize) == T::Mut)
    });
    // What a library of C shows is often there until the end.
    let is_foreign = || {
        let mut parts = function
            .body
            .into_iter()
            .flat_map(|body| at.syntax().within(body));
        at.has_words(entry.item, &["CStr"]) || parts.any(|part| at.foreign_call(part).is_some())
    };
    let confidence = match (entry.is_reached, borrows, gives) {
        (true, true, _) if !is_mutable && is_foreign() => Confidence::Medium,
        (true, true, _) => Confidence::High,
        (true, false, true) | (false, true, _) => Confidence::Medium,
        // Handles that own what they stand for, and a helper for pointers of the package.
        _ => Confidence::Low,
    };
    let name = lifetime(at, free);
    let message = format!("the caller chooses `{name}` of what is made of a pointer here");
    let sound = "give it the lifetime of what it comes from, or make the function unsafe";
    Some(doubt(at, entry, keyword, confidence, message, sound))
}

/// `impl<'a> Row<'a> { fn slice(&mut self) -> &'a mut [T] }`
fn given_twice(at: &At<'_>, entry: Entry<'_>, body: ExprId, keyword: u32) -> Option<Doubt> {
    if entry.function.receiver != Some(Receiver::Mut) || !entry.function.parameters.is_empty() {
        return None;
    }
    let output = entry.function.output?;
    let is_plain = matches!(
        at.syntax().type_kind(output),
        TypeKind::Ref { mutable: true, .. }
    );
    let around = at.implementation(entry.item)?;
    let tokens = at.type_tokens(output);
    let outer = at.lifetimes(around);
    let own = outer.into_iter().find(|name| {
        at.file.source.bytes_of(tokens.start as usize + 1)
            == at.file.source.bytes_of(*name as usize)
    })?;
    // What goes on does not give the same twice.
    let goes_on = at.syntax().within(body).any(|part| {
        matches!(at.kind(part), ExprKind::Assign { .. })
            || at.call_of::<2>(part, "mem", &["replace", "swap"]).is_some()
            || at.call_of::<1>(part, "mem", &["take"]).is_some()
    });
    const STEPS: [&str; 6] = ["next", "take", "advance", "pop", "split", "remainder"];
    let name = at.text_of(at.item_name_tokens(entry.item));
    let is_step = at.trait_of(entry.item).is_some() || STEPS.iter().any(|word| name.contains(word));
    if !is_plain || goes_on || is_step {
        return None;
    }
    let confidence = match entry.is_reached {
        true => Confidence::High,
        false => Confidence::Medium,
    };
    let name = lifetime(at, own);
    let message = format!("each call gives another `&{name} mut` to the same");
    let sound = "give it the lifetime of `&mut self`, or take `self` by value";
    Some(doubt(at, entry, keyword, confidence, message, sound))
}

/// `fn name(&self) -> &'static str` by `transmute`, or of a pointer.
fn made_static(at: &At<'_>, entry: Entry<'_>, body: ExprId, keyword: u32) -> Option<Doubt> {
    let output = entry.function.output?;
    let tokens = at.type_tokens(output);
    let is_ref = matches!(at.syntax().type_kind(output), TypeKind::Ref { .. });
    if !is_ref || at.file.source.bytes_of(tokens.start as usize + 1) != b"'static" {
        return None;
    }
    let takes_ref = matches!(
        entry.function.receiver,
        Some(Receiver::Shared | Receiver::Mut)
    ) || entry.function.parameters.iter().any(|parameter| {
        let tokens = at.type_tokens(parameter.of);
        matches!(at.syntax().type_kind(parameter.of), TypeKind::Ref { .. })
            && at.file.source.bytes_of(tokens.start as usize + 1) != b"'static"
    });
    const KEPT: [&str; 5] = ["leak", "into_raw", "static_ref", "get_or_init", "insert"];
    if !takes_ref || at.has_words(entry.item, &KEPT) {
        return None;
    }
    let is_transmuted = |part: ExprId| at.call_of::<1>(part, "mem", &["transmute"]).is_some();
    let transmuted = at.syntax().within(body).find(|part| is_transmuted(*part));
    let followed = || {
        at.syntax().within(body).find(|part| {
            let follow = at.follow(*part);
            follow.is_some_and(|follow| {
                let base = at.origin(follow.pointer).base;
                matches!(at.type_of(base), Ty::Ref { .. })
                    || matches!(at.kind(base), ExprKind::Field { .. })
                    || at.method_of::<0>(base, &["as_ptr", "as_mut_ptr"]).is_some()
            })
        })
    };
    let (confidence, from) = match (transmuted, entry.is_reached) {
        (Some(from), true) => (Confidence::High, from),
        (Some(from), false) => (Confidence::Medium, from),
        (None, true) => (Confidence::Medium, followed()?),
        (None, false) => (Confidence::Low, followed()?),
    };
    let keyword = at.rests_on(from).unwrap_or(keyword);
    let message =
        "a reference that is handed in, or to what is, is given out as `'static`".to_owned();
    let sound = "give it the lifetime of what it comes from, or make the function unsafe";
    Some(doubt(at, entry, keyword, confidence, message, sound))
}

/// What a foreign function keeps may refer to what is gone by then.
fn kept(at: &At<'_>, entry: Entry<'_>, body: ExprId) -> Option<Doubt> {
    at.syntax().within(body).find_map(|part| {
        boxed(at, entry, part)
            .or_else(|| moved(at, entry, part))
            .or_else(|| lent(at, entry, part))
    })
}

const KEEPS: &str = "ask for `'static`, or keep what is referred to along with it";

/// The type parameter that a variable's type is, or of which it is an `Option`, without `'static`.
fn short_lived(at: &At<'_>, entry: Entry<'_>, value: ExprId) -> Option<String> {
    let of = match at.type_of(value) {
        Ty::Unknown => {
            let name = at.single(value)?;
            match at.binding(name, value)?.bound {
                Bound::Taken { value, .. } => at.type_of(value),
                _ => return None,
            }
        }
        of => of,
    };
    let of = match of {
        Ty::Option(of) => *of,
        of => of,
    };
    let Ty::Parameter(name) = of else {
        return None;
    };
    let output = entry.function.output.map(|output| at.type_tokens(output));
    let is_given = output.is_some_and(|output| at.mentions(output, &name));
    let is_own = entry
        .function
        .generics
        .iter()
        .any(|token| at.is_name(*token, &name));
    (is_own && !is_given && !at.is_static(entry.item, &name)).then_some(name)
}

/// `Box::into_raw(Box::new(closure))` beside a foreign call.
fn boxed(at: &At<'_>, entry: Entry<'_>, id: ExprId) -> Option<Doubt> {
    let ([outer], _) = at.call_of(id, "Box", &["into_raw", "leak"])?;
    let ([value], _) = at.call_of(at.bare(outer), "Box", &["new"])?;
    let name = short_lived(at, entry, value)?;
    let body = entry.function.body?;
    // The library's own call frees it again where it only borrows it.
    let call = at
        .syntax()
        .within(body)
        .find(|part| at.foreign_call(*part).is_some())?;
    if at.has_words(entry.item, &["from_raw", "join"]) {
        return None;
    }
    let keyword = at.rests_on(call)?;
    let confidence = match entry.is_reached {
        true => Confidence::High,
        false => Confidence::Medium,
    };
    let message = format!("a `{name}` that need not be `'static` is left to foreign code");
    let mut doubt = doubt(at, entry, keyword, confidence, message, KEEPS);
    doubt
        .chain
        .push(at.reason(at.expr_tokens(id), "it is given away here"));
    Some(doubt)
}

/// A value goes to an unsafe function of another package, which keeps it.
fn moved(at: &At<'_>, entry: Entry<'_>, id: ExprId) -> Option<Doubt> {
    let call = at.foreign_call(id)?;
    const KEEPING: [&str; 10] = [
        "new", "register", "set", "add", "create", "external", "install", "hook", "callback",
        "spawn",
    ];
    if !KEEPING.iter().any(|word| call.name.contains(word)) {
        return None;
    }
    let name = call.arguments.iter().find_map(|argument| {
        at.single(*argument)?;
        short_lived(at, entry, *argument)
    })?;
    let bounds = at.bounds_of(entry.item, &name)?;
    if bounds.iter().any(|bound| bound == "Copy") {
        return None;
    }
    let keyword = at.rests_on(id)?;
    let message =
        format!("a `{name}` that need not be `'static` goes to unsafe code that may keep it");
    let mut doubt = doubt(at, entry, keyword, Confidence::Medium, message, KEEPS);
    doubt
        .chain
        .push(at.reason(at.expr_tokens(id), "it is given away here"));
    Some(doubt)
}

/// A pointer to what is lent for a lifetime that only bounds speak of, the wrong way around.
fn lent(at: &At<'_>, entry: Entry<'_>, id: ExprId) -> Option<Doubt> {
    let call = at.foreign_call(id)?;
    let around = at.implementation(entry.item);
    let mut lifetimes = at.lifetimes(entry.item);
    lifetimes.extend(
        around
            .map(|around| at.lifetimes(around))
            .unwrap_or_default(),
    );
    let name = lifetimes.into_iter().find(|name| {
        let uses = at.uses_of_lifetime(entry.item, *name);
        uses.is_taken && uses.is_outlived && !uses.is_given && !uses.is_argued
    })?;
    let bytes = at.file.source.bytes_of(name as usize).to_vec();
    let lent = entry.function.parameters.iter().find_map(|parameter| {
        let tokens = at.type_tokens(parameter.of);
        let is_lent = at.has_lifetime(tokens, &bytes)
            && matches!(at.syntax().type_kind(parameter.of), TypeKind::Ref { .. });
        let pattern = at.pattern_tokens(parameter.pattern);
        is_lent.then(|| at.name(pattern.end.saturating_sub(1)))
    })?;
    let mentions = |argument: &ExprId| at.mentions(at.expr_tokens(*argument), lent);
    if !call.arguments.iter().any(mentions) {
        return None;
    }
    let keyword = at.rests_on(id)?;
    let confidence = match entry.is_reached {
        true => Confidence::High,
        false => Confidence::Medium,
    };
    let message = format!("`{lent}` is lent to foreign code, and what comes back does not say so");
    let sound = "put the lifetime into the type that comes back";
    let mut doubt = doubt(at, entry, keyword, confidence, message, sound);
    doubt
        .chain
        .push(at.reason(at.expr_tokens(id), "its pointer is kept here"));
    Some(doubt)
}

/// An exported macro that transmutes what it is given: lifetimes, too.
fn in_macro(at: &At<'_>, item: &Item) -> Option<Doubt> {
    let source = at.file.source;
    if !at.mentions(at.attributes(item), "macro_export") {
        return None;
    }
    let fragment = |from: usize, to: usize| {
        (from..to).any(|at| {
            source.kind(at) == T::Dollar
                && (source.kind(at + 1).is_ident() && source.kind(at + 2) != T::Colon
                    || source.kind(at + 1) == T::OpenParen)
        })
    };
    let mut keyword = None;
    for token in item.head..item.tokens.end {
        let index = token as usize;
        if source.kind(index) == T::Unsafe {
            keyword = Some(token);
        }
        let is_transmute = source.kind(index).is_ident() && at.is_name(token, "transmute");
        let Some(keyword) = keyword.filter(|_| is_transmute) else {
            continue;
        };
        let mut open = index + 1;
        let mut of_fragment = false;
        if source.kind(open) == T::Colon {
            let start = open;
            while open < item.tokens.end as usize && source.kind(open) != T::OpenParen {
                open += 1;
            }
            of_fragment = fragment(start, open);
        }
        if source.kind(open) != T::OpenParen || !of_fragment {
            continue;
        }
        let close = source.groups.end(open);
        if !fragment(open, close) {
            continue;
        }
        let tokens = Tokens {
            start: token,
            end: u32::try_from(close).unwrap_or(token) + 1,
        };
        return Some(Doubt {
            keyword,
            tokens,
            confidence: Confidence::Medium,
            message: "a macro transmutes what its caller gives, and the lifetimes in it".to_owned(),
            chain: vec![at.reason(tokens, "both types are the caller's")],
            sound: "transmute in a function that names one lifetime for both".to_owned(),
        });
    }
    None
}
