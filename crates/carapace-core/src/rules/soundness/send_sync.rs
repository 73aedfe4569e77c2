//! Another thread gets what may not leave its own
//!
//! `unsafe impl Send` and `unsafe impl Sync` promise for every type that is put in. Where the bound is
//! missing that the type's contents need, safe code can hand an `Rc` or a `Cell` to another thread:
//! counts and contents are changed from two threads at once, and memory is freed under its users.
//!
//! ## What to do
//! Write the bound: `Send` needs `T: Send` of everything that is held by value; `Sync` needs `T: Sync`
//! where a shared reference leads to the contents, and `T: Send` where the contents go in or out through
//! one. Where the fields say all that, take the implementation out: the compiler has it by itself.
//!
//! ## Known problems
//! Checks at run time (which thread is it?) are recognized where the type holds a thread's identity.
//! What other packages' types do with a parameter is not known, and such findings are less sure.
//!
//! ## Example
//! ```text,bad
//! use std::cell::UnsafeCell;
//!
//! pub struct Slot<T> {
//!     value: UnsafeCell<Option<T>>,
//! }
//!
//! impl<T> Slot<T> {
//!     pub fn new(value: T) -> Self {
//!         Self { value: UnsafeCell::new(Some(value)) }
//!     }
//!     pub fn into_inner(self) -> Option<T> {
//!         self.value.into_inner()
//!     }
//! }
//!
//! unsafe impl<T> Send for Slot<T> {}
//! ```
//! ```text,good
//! use std::cell::UnsafeCell;
//!
//! pub struct Slot<T> {
//!     value: UnsafeCell<Option<T>>,
//! }
//!
//! impl<T> Slot<T> {
//!     pub fn new(value: T) -> Self {
//!         Self { value: UnsafeCell::new(Some(value)) }
//!     }
//!     pub fn into_inner(self) -> Option<T> {
//!         self.value.into_inner()
//!     }
//! }
//!
//! unsafe impl<T: Send> Send for Slot<T> {}
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/nomicon/send-and-sync.html>
//! - <https://github.com/sslab-gatech/Rudra>

use std::cell::OnceCell;

use crate::dance::at::At;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::api::{Handing, How};
use crate::soundness::generics::{Generics, TypeParameter};
use crate::soundness::holds::Holds;
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges, Reason};
use crate::source::syntax::{Item, ItemKind, Path, Receiver, Tokens, TypeId, TypeKind};

pub(crate) const META: Meta = Meta {
    code: "SND001",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "SEND_SYNC",
    alike: &[
        "RUSTSEC-2020-0044",
        "RUSTSEC-2020-0070",
        "RUSTSEC-2020-0111",
        "RUSTSEC-2021-0036",
    ],
    find,
};

/// `unsafe impl Send for Name<…>`
struct Promise<'a, 'p> {
    at: &'a At<'p>,
    is_send: bool,
    of: TypeId,
    name: String,
    generics: Generics,
    keyword: u32,
    tokens: Tokens,
    /// Whether the file asks which thread it runs on, asked once.
    knows_threads: &'a OnceCell<bool>,
}

/// How many promises of a file about types with parameters are looked at.
const MAX_PROMISES: usize = 1024;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    let knows_threads = OnceCell::new();
    let mut left = MAX_PROMISES;
    for item in &at.syntax().items {
        let Some(promise) = Promise::of(at, item, &knows_threads) else {
            continue;
        };
        let TypeKind::Path(path) = at.syntax().type_kind(promise.of) else {
            continue;
        };
        let count = path.segments.last().map_or(0, |last| last.arguments.len());
        if count == 0 {
            continue;
        }
        left = match left.checked_sub(1) {
            Some(left) => left,
            None => return at.leave_out(),
        };
        let mut lacking: Vec<Lack> = (0..count)
            .filter_map(|number| promise.lacks(number))
            .collect();
        lacking.sort_by_key(|lack| std::cmp::Reverse(lack.confidence));
        if let Some(mut lack) = lacking.into_iter().next() {
            // Who can name it, in the package alone, may know what it asks for.
            if !at.is_type_exported(item) || promise.is_said_to_be_unchecked() {
                lack.confidence = lack.confidence.min(Confidence::Medium);
            }
            found.push(promise.doubt(lack));
        }
    }
}

/// A bound that is missing.
struct Lack {
    parameter: String,
    bound: &'static str,
    confidence: Confidence,
    chain: Vec<Reason>,
    why: &'static str,
}

impl<'a, 'p> Promise<'a, 'p> {
    fn of(at: &'a At<'p>, item: &Item, knows_threads: &'a OnceCell<bool>) -> Option<Self> {
        let ItemKind::Impl {
            of,
            of_trait: Some(of_trait),
            unsafety: Some(keyword),
            ..
        } = &item.kind
        else {
            return None;
        };
        let is_send = is_send(at, of_trait)?;
        let name = at.name(item.name?);
        let generics = at.generics(item);
        let tokens = Tokens {
            start: *keyword,
            end: generics.head.end,
        };
        Some(Self {
            at,
            is_send,
            of: *of,
            name: name.to_owned(),
            generics,
            keyword: *keyword,
            tokens,
            knows_threads,
        })
    }

    fn lacks(&self, number: usize) -> Option<Lack> {
        let name = self.at.argument_name(self.of, number)?;
        let parameter = self.generics.named(&name)?;
        let holds = self.at.holds(&self.name, number);
        let is_settled = self.asks_in_a_clause(&name) || self.is_thread_checked();
        if !holds.is_any() || is_settled || self.is_empty() {
            return None;
        }
        let handings = self.at.handings(&self.name, number);
        let (own, associated): (Vec<_>, Vec<_>) = handings
            .into_iter()
            .partition(|handing| !handing.of_associated);
        let lack = match self.is_send {
            true => self.lacks_for_send(parameter, holds, &own),
            false => self.lacks_for_sync(parameter, holds, &own),
        };
        let lack = lack.or_else(|| lacks_of_associated(&associated));
        let (bound, mut confidence, why, by) = lack?;
        if self.at.is_closed(&parameter.bounds) || self.makers_ask(number, bound) {
            confidence = Confidence::Low;
        }
        if by.is_some_and(|by| by.by_token || by.for_good) || self.file_knows_threads() {
            confidence = confidence.min(Confidence::Medium);
        }
        let mut chain = self.declaration(number);
        if let Some(by) = by {
            chain.push(reason_of(by));
        }
        Some(Lack {
            parameter: name,
            bound,
            confidence,
            chain,
            why,
        })
    }

    fn has(&self, parameter: &TypeParameter, bound: &str) -> bool {
        self.at.has_bound(parameter, bound)
    }

    /// `Send` needs `Send` of what goes along, and `Sync` of what is only referred to.
    fn lacks_for_send<'h>(
        &self,
        parameter: &TypeParameter,
        holds: Holds,
        handings: &'h [Handing],
    ) -> Option<Missing<'h>> {
        let mut moving = handings
            .iter()
            .filter(|handing| matches!(handing.how, How::In | How::Out) && !handing.asks_send);
        let moves = moving.clone().find(|handing| !handing.is_lent());
        let goes_in = moving.find(|handing| handing.how == How::In);
        let is_bounded = self.has(parameter, "Send") && self.has(parameter, "Sync");
        if holds.counted && !holds.cell && !holds.locked && !is_bounded {
            let bound = match self.has(parameter, "Send") {
                true => "Sync",
                false => "Send",
            };
            let why = "it is counted: what is sent stays with those that share it";
            let confidence = match holds.unknown {
                true => Confidence::Medium,
                false => Confidence::High,
            };
            return Some((bound, confidence, why, moves));
        }
        if self.has(parameter, "Send") {
            return None;
        }
        let is_value = holds.is_value() || holds.mutable && !holds.named;
        let by_name = holds.named && !holds.shared && !holds.mutable;
        if !is_value && !holds.pointer && holds.named && moves.is_none() {
            // It stands for something that the type is for, most often.
            return Some(("Send", Confidence::Low, "it is owned by name", None));
        }
        if is_value || by_name && !holds.pointer {
            // What nothing puts in is made by the package, which may know what it is.
            let is_held = holds.owned || holds.cell || holds.counted || holds.mutable;
            let is_sure = !holds.unknown && is_held && goes_in.is_some();
            let confidence = match is_sure {
                true => Confidence::High,
                false => Confidence::Medium,
            };
            return Some((
                "Send",
                confidence,
                "it goes along to the other thread",
                moves,
            ));
        }
        if holds.pointer {
            return Some(match moves {
                Some(moves) => (
                    "Send",
                    match holds.erased {
                        true => Confidence::Medium,
                        false => Confidence::High,
                    },
                    "what its pointer leads to goes in and out by value",
                    Some(moves),
                ),
                // A guard: what it refers to is shared.
                None if self.has(parameter, "Sync") => return None,
                None => (
                    "Send",
                    Confidence::Medium,
                    "what its pointer leads to is reached from the other thread",
                    None,
                ),
            });
        }
        if holds.shared && !self.has(parameter, "Sync") {
            let why = "it is referred to from both threads";
            // A name may stand for whatever is borrowed, and a trait's type may always be `Sync`.
            let confidence = match holds.named && !holds.pointer || !parameter.bounds.is_empty() {
                true => Confidence::Medium,
                false => Confidence::High,
            };
            return Some(("Sync", confidence, why, None));
        }
        None
    }

    /// `Sync` needs `Sync` of what a shared reference shows, and `Send` of what goes through one.
    fn lacks_for_sync<'h>(
        &self,
        parameter: &TypeParameter,
        holds: Holds,
        handings: &'h [Handing],
    ) -> Option<Missing<'h>> {
        let through_shared = || {
            let handings = handings.iter();
            handings.filter(|handing| handing.receiver == Some(Receiver::Shared))
        };
        let (is_send, is_sync) = (self.has(parameter, "Send"), self.has(parameter, "Sync"));
        let shows =
            through_shared().find(|handing| handing.how == How::Shared && !handing.asks_sync);
        if let Some(shows) = shows.filter(|_| !is_sync) {
            let is_locked = shows.by_closure && is_send || holds.locked;
            let confidence = match (is_locked, holds.is_name()) {
                (true, _) => Confidence::Low,
                (_, true) => Confidence::Medium,
                _ => Confidence::High,
            };
            let why = "a shared reference leads to it";
            return Some(("Sync", confidence, why, Some(shows)));
        }
        let is_copy = self.has(parameter, "Copy") || self.has(parameter, "Clone");
        let moves = through_shared().find(|handing| {
            let is_clone = handing.how == How::Out && is_copy || handing.is_lent();
            handing.how != How::Shared && !handing.asks_send && !is_clone
        });
        if let Some(moves) = moves.filter(|_| !is_send) {
            let confidence = match (moves.by_closure, holds.is_value() || holds.pointer) {
                // A key that something is looked up by, most likely.
                _ if moves.is_copied => Confidence::Medium,
                // Under a lock, most likely.
                (true, _) if is_sync && moves.how == How::Mutable => Confidence::Low,
                (_, false) => Confidence::Medium,
                (true, _) if moves.how != How::In => Confidence::Medium,
                _ => Confidence::High,
            };
            let why = "it goes in or out through a shared reference";
            return Some(("Send", confidence, why, Some(moves)));
        }
        if is_send || is_sync {
            // `&'a Other<T>` in a field: shared, it is as `Sync` as what it refers to.
            return None;
        }
        if holds.shared || holds.counted {
            return Some((
                "Sync",
                Confidence::Medium,
                "what it refers to is shared",
                None,
            ));
        }
        // What only goes in and out by value is never shared.
        let is_reached = holds.pointer || holds.cell || through_shared().next().is_some();
        holds.is_any().then_some((
            "Sync",
            match holds.unknown || !is_reached {
                true => Confidence::Low,
                false => Confidence::Medium,
            },
            "neither `Send` nor `Sync` is asked of it, and it is shared with all that it holds",
            None,
        ))
    }

    /// Whether `where` asks something for a type that is made of the parameter.
    fn asks_in_a_clause(&self, name: &str) -> bool {
        let mut clauses = self.generics.clauses.iter();
        clauses.any(|clause| {
            let asks = clause
                .bounds
                .iter()
                .any(|bound| bound == "Send" || bound == "Sync");
            asks && self.at.mentions(clause.subject, name)
        })
    }

    /// Whether the type knows to which thread it belongs.
    fn is_thread_checked(&self) -> bool {
        let declared = self.at.declared;
        let Some((_, place, item)) = declared.type_at_top(self.at.file.index, &self.name) else {
            return false;
        };
        const THREADS: [&str; 4] = ["ThreadId", "thread_id", "ThreadBound", "tid"];
        let at = declared.at(place);
        at.is_some_and(|at| at.mentions_any(item.tokens, &THREADS))
    }

    /// Whether the file asks which thread it runs on.
    fn file_knows_threads(&self) -> bool {
        const THREADS: [&str; 4] = ["ThreadId", "thread_id", "ThreadBound", "current_thread"];
        *self
            .knows_threads
            .get_or_init(|| self.file_mentions(&THREADS))
    }

    fn file_mentions(&self, words: &[&str]) -> bool {
        self.at.mentions_any(self.at.tokens(), words)
    }

    /// Whether its name says that it promises what nobody checks.
    fn is_said_to_be_unchecked(&self) -> bool {
        ["Unsafe", "Assert", "Force", "Unchecked"]
            .iter()
            .any(|word| self.name.contains(word))
    }

    /// Whether the type has nothing in it but names.
    fn is_empty(&self) -> bool {
        let declared = self.at.declared;
        let Some((_, place, item)) = declared.type_at_top(self.at.file.index, &self.name) else {
            return false;
        };
        let (Some(at), ItemKind::Struct { fields, .. }) = (declared.at(place), &item.kind) else {
            return false;
        };
        fields
            .iter()
            .all(|field| match at.syntax().type_kind(field.of) {
                TypeKind::Path(path) => path
                    .segments
                    .last()
                    .is_some_and(|last| at.is_name(last.name, "PhantomData")),
                _ => false,
            })
    }

    /// Whether all functions of the type's file that make one ask for the bound.
    fn makers_ask(&self, number: usize, bound: &str) -> bool {
        let mut asked = self.at.makers(&self.name, number, bound).into_iter();
        asked
            .next()
            .is_some_and(|first| first && asked.all(|asks| asks))
    }

    /// The declaration of the type, where it holds the parameter.
    fn declaration(&self, number: usize) -> Vec<Reason> {
        let declared = self.at.declared;
        let meant = declared.type_at_top(self.at.file.index, &self.name);
        let Some((_, place, item)) = meant else {
            return Vec::new();
        };
        let (Some(at), Some(name)) = (declared.at(place), item.name) else {
            return Vec::new();
        };
        let generics = at.generics(item);
        let Some(parameter) = generics.types.get(number) else {
            return Vec::new();
        };
        let field = match &item.kind {
            ItemKind::Struct { fields, .. } => fields
                .iter()
                .find(|field| at.held_by(field.of, &parameter.name, 8).is_any())
                .map(|field| at.type_tokens(field.of)),
            _ => None,
        };
        let tokens = field.unwrap_or(Tokens {
            start: name,
            end: name + 1,
        });
        let says = format!("`{}` holds `{}` here", self.name, parameter.name);
        vec![at.reason(tokens, says)]
    }

    fn doubt(&self, lack: Lack) -> Doubt {
        let auto = match self.is_send {
            true => "Send",
            false => "Sync",
        };
        let Lack {
            parameter,
            bound,
            confidence,
            mut chain,
            why,
        } = lack;
        let says =
            format!("`{auto}` is promised for every `{parameter}`, also where it is not `{bound}`");
        chain.push(self.at.reason(self.tokens, says));
        Doubt {
            keyword: self.keyword,
            tokens: self.tokens,
            confidence,
            message: format!("`{}` is {auto} whatever `{parameter}` is: {why}", self.name),
            sound: format!("ask for `{parameter}: {bound}`"),
            chain,
        }
    }
}

/// `Send for Name<T>` says nothing of `T::Owned`.
fn lacks_of_associated<'h>(handings: &'h [Handing]) -> Option<Missing<'h>> {
    let mut handings = handings.iter();
    let moves = handings.find(|handing| matches!(handing.how, How::In | How::Out))?;
    let why = "a type that a trait gives to it goes along";
    Some(("Send", Confidence::Medium, why, Some(moves)))
}

/// The bound that is missing, how sure that is, why it is needed, and what shows it.
type Missing<'h> = (&'static str, Confidence, &'static str, Option<&'h Handing>);

fn reason_of(handing: &Handing) -> Reason {
    let says = match (handing.how, handing.by_closure) {
        (How::In, false) => "a value goes in here",
        (How::Out, false) => "a value comes out here",
        (How::Shared, false) => "a shared reference comes out here",
        (How::Mutable, false) => "a mutable reference comes out here",
        (How::In, true) => "a value comes in here, of a closure",
        (_, true) => "a closure gets it here",
    };
    Reason {
        file: handing.place.file,
        tokens: handing.tokens,
        says: says.to_owned(),
    }
}

fn is_send(at: &At<'_>, of_trait: &Path) -> Option<bool> {
    let last = of_trait.segments.last()?;
    match at.name(last.name) {
        "Send" => Some(true),
        "Sync" => Some(false),
        _ => None,
    }
}
