//! What a function does that unsafe code rests on, in the order in which it is done: values that exist
//! twice for a while, lengths that are set, memory that nothing was written to, and code of the caller.
//!
//! *Invariants.* The tree lists expressions in the order in which they end, which is the order in which
//! they are evaluated, branches and loops aside; those are told apart where two steps are compared
//! ([`Flow::reaches`]). A place is a variable with fields, `self.buf`, to which pointers and references are
//! followed as far as `let` tells; of others nothing is said.

mod order;
pub(crate) mod places;
mod steps;

use self::places::overlap;
use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::soundness::user_code::{Given, UserCode};
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{ExprId, ExprKind, Function, ItemId, ItemKind, Tokens};

/// How many steps of one function are looked at.
const MAX_STEPS: usize = 512;
/// How many expressions a function may have to be looked at.
const MAX_EXPRS: usize = 20_000;
/// How far what stands around an expression is gone through.
const MAX_AROUND: usize = 256;

/// Words without which a function holds nothing for these rules.
const WORDS: [&str; 19] = [
    "alloc",
    "write",
    "transmute",
    "set_len",
    "read",
    "read_unaligned",
    "copy",
    "copy_nonoverlapping",
    "copy_to",
    "copy_from",
    "from_raw",
    "from_raw_parts",
    "from_raw_parts_mut",
    "drop_in_place",
    "uninitialized",
    "assume_init",
    "zeroed",
    "get_unchecked_mut",
    "unreachable_unchecked",
];

/// What happens to a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    /// It is set to nothing.
    Zero,
    /// It grows.
    Raised,
    /// It is set to what is not known to be more.
    Set,
}

/// What one step does; each with the place that it does it to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Does {
    /// A value is copied out, and stays where it was.
    Read(String),
    /// A value is written, over whatever was there.
    Write(String),
    /// A value is assigned: what was there is dropped.
    Assign(String),
    /// Values are copied from a place to another, and stay where they were.
    Shift {
        /// From where.
        from: String,
        /// To where.
        to: String,
    },
    /// How many values count changes.
    Counts(String, Counting),
    /// It gets room for more.
    Grows(String),
    /// It is never dropped from here on.
    Forgets(String),
    /// Something that frees is made of a pointer.
    Owns(String),
    /// A `Box` is made of a pointer.
    Boxes(String),
    /// Values are dropped where they are.
    Drops(String),
    /// A variable is made of memory that nobody wrote.
    Unwritten(String),
    /// What is behind a vector's length is taken as a slice.
    Exposes(String),
    /// A pointer or a mutable reference is handed to other code.
    Hands(String),
    /// Code of the caller is run.
    Runs(UserCode),
    /// The function may be left early, with an error.
    Leaves,
    /// Something is made that repairs while a panic unwinds.
    Guards,
}

/// A step.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The expression that does it.
    pub(crate) expr: ExprId,
    /// What it does.
    pub(crate) does: Does,
}

/// A function, and what it does.
#[derive(Debug)]
pub(crate) struct Flow<'a, 'p> {
    /// Where it is.
    pub(crate) at: &'a At<'p>,
    /// Which item.
    pub(crate) item: ItemId,
    /// The same.
    pub(crate) function: &'p Function,
    /// Its body.
    pub(crate) body: ExprId,
    /// What stands for code of its caller.
    pub(crate) given: Given<'a, 'p>,
    /// What it does, in order.
    pub(crate) steps: Vec<Step>,
}

/// Whether values of a type have something to drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Droppable {
    /// They may.
    Yes,
    /// They have not.
    No,
    /// It is not known.
    Unknown,
}

impl<'a, 'p> Flow<'a, 'p> {
    /// The functions of a file in which anything of this is done, tests aside.
    pub(crate) fn all(at: &'a At<'p>) -> Vec<Self> {
        let words = words(at);
        if words.is_empty() {
            return Vec::new();
        }
        let mut flows = Vec::new();
        for (number, item) in at.syntax().items.iter().enumerate() {
            let ItemKind::Function(function) = &item.kind else {
                continue;
            };
            let Some(body) = function.body else {
                continue;
            };
            let tokens = at.syntax().expr(body).tokens;
            let from = words.partition_point(|word| *word < tokens.start);
            if words.get(from).is_none_or(|word| *word >= tokens.end) {
                continue;
            }
            let id = ItemId(u32::try_from(number).unwrap_or(u32::MAX));
            if at.is_test(id) {
                continue;
            }
            if at.syntax().within(body).nth(MAX_EXPRS).is_some() {
                at.leave_out();
                continue;
            }
            let mut flow = Self {
                at,
                item: id,
                function,
                body,
                given: Given::new(at, id, function),
                steps: Vec::new(),
            };
            flow.steps = at.up_to(MAX_STEPS, flow.taken()).collect();
            flows.push(flow);
        }
        flows
    }

    /// A step by its number.
    pub(crate) fn step(&self, number: usize) -> Option<&Step> {
        self.steps.get(number)
    }

    /// The steps, with their numbers.
    pub(crate) fn numbered(&self) -> impl DoubleEndedIterator<Item = (usize, &Step)> {
        self.steps.iter().enumerate()
    }

    /// The keyword on which an expression rests: that of the unsafe block around it, else of the function.
    pub(crate) fn keyword(&self, id: ExprId) -> u32 {
        let keyword = self.at.unsafe_around(id).or(self.function.unsafety);
        keyword.unwrap_or_else(|| self.at.syntax().expr(id).tokens.start)
    }

    /// The tokens of a step.
    pub(crate) fn tokens(&self, number: usize) -> Tokens {
        let step = self.step(number);
        step.map(|step| self.at.syntax().expr(step.expr).tokens)
            .unwrap_or_default()
    }

    /// Whether values of a type have something to drop.
    pub(crate) fn droppable(&self, of: &Ty) -> Droppable {
        match of {
            Ty::Int(_)
            | Ty::Float(_)
            | Ty::Bool
            | Ty::Char
            | Ty::Str
            | Ty::Ref { .. }
            | Ty::Pointer { .. }
            | Ty::Range(_) => Droppable::No,
            Ty::String | Ty::Vec(_) | Ty::Boxed(_) => Droppable::Yes,
            Ty::Slice(of) | Ty::Array(of, _) | Ty::Option(of) | Ty::Result(of) => {
                self.droppable(of)
            }
            Ty::Tuple(parts) => {
                let mut parts = parts.iter().map(|part| self.droppable(part));
                parts
                    .find(|part| *part != Droppable::No)
                    .unwrap_or(Droppable::No)
            }
            Ty::Parameter(name) => {
                match self.given.parameters.iter().any(|own| own.name == *name) {
                    true if self.given.is_droppable(name) => Droppable::Yes,
                    true => Droppable::No,
                    false => Droppable::Unknown,
                }
            }
            Ty::Named(name, _)
                if matches!(name.as_str(), "MaybeUninit" | "ManuallyDrop" | "NonNull") =>
            {
                Droppable::No
            }
            Ty::Named(_, parts) => {
                let mut parts = parts.iter();
                match parts.any(|part| self.droppable(part) == Droppable::Yes) {
                    true => Droppable::Yes,
                    false => Droppable::Unknown,
                }
            }
            Ty::Unknown => Droppable::Unknown,
        }
    }

    /// The same of what a pointer or a reference leads to.
    pub(crate) fn droppable_behind(&self, pointer: ExprId) -> Droppable {
        match self.at.type_of(pointer) {
            Ty::Pointer { of, .. } | Ty::Ref { of, .. } => self.droppable(&of),
            Ty::Named(name, parts) if name == "NonNull" => parts
                .first()
                .map_or(Droppable::Unknown, |of| self.droppable(of)),
            _ => Droppable::Unknown,
        }
    }

    /// Whether what a step makes count in a place was never written: there is room for it, and nothing was
    /// put there.
    pub(crate) fn is_unwritten(&self, number: usize, place: &str) -> bool {
        let grown = self.numbered().take(number).filter(|(grown, step)| {
            matches!(&step.does, Does::Grows(of) if overlap(of, place))
                && self.reaches(*grown, number).is_some()
        });
        let grown = grown.last().map(|(grown, _)| grown);
        let made = self.made_empty(number, place);
        let from = match (grown, made) {
            (Some(grown), _) => grown,
            (None, true) => 0,
            (None, false) => return false,
        };
        // Who takes what is behind the length writes there, most likely.
        !self.any_from(from, number, |does| {
            is_written(does, place) || matches!(does, Does::Exposes(of) if overlap(of, place))
        })
    }

    /// Whether a variable was made with room and nothing in it: `Vec::with_capacity(n)`.
    fn made_empty(&self, number: usize, place: &str) -> bool {
        let Some(step) = self.step(number) else {
            return false;
        };
        let binding = self.at.binding(place, step.expr);
        let Some(Bound::Let {
            value: Some(value), ..
        }) = binding.map(|binding| binding.bound)
        else {
            return false;
        };
        let path = self.at.called_path(self.at.bare(value));
        let last = path.and_then(|path| path.segments.last());
        last.is_some_and(|last| self.at.is_name(last.name, "with_capacity"))
    }

    /// Whether a length is set to all that there is room for: `v.set_len(v.capacity())`.
    pub(crate) fn counts_capacity(&self, call: ExprId) -> bool {
        let ExprKind::Method { arguments, .. } = self.at.kind(call) else {
            return false;
        };
        let mut arguments = arguments.iter();
        arguments.any(|argument| self.at.plain(*argument).contains("capacity()"))
    }

    /// Whether safe code of other packages can call the function, as far as it says itself.
    pub(crate) fn is_public(&self) -> bool {
        self.function.unsafety.is_none()
            && self
                .at
                .syntax()
                .item(self.item)
                .is_some_and(|item| item.public)
    }

    /// Whether a place is a field.
    pub(crate) fn is_field(&self, place: &str) -> bool {
        place.contains('.')
    }

    /// Whether a place is a variable that the function has for itself.
    pub(crate) fn is_own(&self, place: &str, at: ExprId) -> bool {
        match self.at.binding(place, at).map(|binding| binding.bound) {
            Some(Bound::Let { .. }) => true,
            Some(Bound::Parameter(of)) => matches!(self.at.written(of), Ty::Vec(_)),
            _ => false,
        }
    }

    /// Whether a variable was made of memory that an allocator gave, in which nothing is.
    pub(crate) fn is_allocated(&self, place: &str, at: ExprId) -> bool {
        let mut at = at;
        for _ in 0..4 {
            let binding = self.at.binding(place, at);
            let Some(Bound::Let {
                statement,
                value: Some(value),
                ..
            }) = binding.map(|binding| binding.bound)
            else {
                return false;
            };
            let tokens = self.at.statement_tokens(statement);
            if self
                .at
                .mentions_any(tokens, &["alloc", "allocate", "malloc"])
            {
                return !self
                    .at
                    .mentions_any(tokens, &["alloc_zeroed", "allocate_zeroed"]);
            }
            at = value;
        }
        false
    }

    /// What a vector holds, by the type of what the function returns: `Vec<T>`, `Result<Vec<T>>`.
    pub(crate) fn returned_element(&self, place: &str) -> Option<Ty> {
        let tail = self.at.plain(self.at.tail(self.body)?);
        let is_returned =
            tail == place || tail == format!("Ok({place})") || tail == format!("Some({place})");
        let mut of = self.at.written_in(
            self.function.output.filter(|_| is_returned)?,
            Some(self.item),
        );
        while let Ty::Result(inner) | Ty::Option(inner) = of {
            of = *inner;
        }
        match of {
            Ty::Vec(of) => Some(*of),
            _ => None,
        }
    }

    /// What a vector holds, as far as its own type and that of the function tell.
    pub(crate) fn element(&self, vector: ExprId, place: &str) -> Ty {
        let of = self.at.type_of(vector);
        let known = of.element().filter(|of| of.is_known()).cloned();
        known
            .or_else(|| self.returned_element(place))
            .unwrap_or(match of.peeled() {
                Ty::Named(..) | Ty::Parameter(_) => of.peeled().clone(),
                _ => Ty::Unknown,
            })
    }

    /// Whether a variable is named again behind an expression.
    pub(crate) fn is_used_behind(&self, place: &str, id: ExprId) -> bool {
        let tokens = Tokens {
            start: self.at.syntax().expr(id).tokens.end,
            end: self.at.syntax().expr(self.body).tokens.end,
        };
        self.at.mentions(tokens, place)
    }

    /// Whether a step repairs or stops a panic of another one: something with such a `Drop` was made before
    /// it, or it is run where panics are caught.
    pub(crate) fn is_guarded(&self, number: usize) -> bool {
        let mut before = self.steps.iter().take(number);
        if before.any(|step| step.does == Does::Guards) {
            return true;
        }
        let Some(step) = self.step(number) else {
            return false;
        };
        let around = self.at.syntax().ancestors(step.expr).take(MAX_AROUND);
        let mut around = around.take_while(|around| *around < self.body);
        around.any(|around| {
            matches!(self.at.kind(around), ExprKind::Call { .. }) && self.at.is_guard(around)
        })
    }

    /// Whether the type of a variable, as it is written, repairs what it refers to when it is dropped.
    pub(crate) fn is_guard_variable(&self, name: &str, at: ExprId) -> bool {
        let Some(binding) = self.at.binding(name, at) else {
            return false;
        };
        let tokens = match binding.bound {
            Bound::Parameter(of) | Bound::Closure(Some(of)) => self.at.type_tokens(of),
            _ => return false,
        };
        let mut names = (tokens.start..tokens.end).take(32);
        names.any(|token| {
            self.at.file.source.kind(token as usize).is_ident()
                && self.at.is_guard_type(self.at.name(token))
        })
    }

    /// The name of the type or trait that the function is a method of.
    pub(crate) fn owner(&self) -> Option<&'p str> {
        let around = self.at.implementation(self.item)?;
        let name = self.at.syntax().item(around)?.name?;
        Some(self.at.name(name))
    }

    /// Whether the function is `Drop::drop`.
    pub(crate) fn is_drop(&self) -> bool {
        let around = self.at.implementation(self.item);
        let around = around.and_then(|around| self.at.syntax().item(around));
        matches!(
            around.map(|around| &around.kind),
            Some(ItemKind::Impl { of_trait: Some(of_trait), .. })
                if of_trait.segments.last().is_some_and(|last| self.at.is_name(last.name, "Drop"))
        )
    }

    /// Whether `self` repairs what it refers to when it is dropped.
    pub(crate) fn is_of_guard(&self) -> bool {
        let owner = self.owner();
        self.function.receiver.is_some() && owner.is_some_and(|owner| self.at.is_guard_type(owner))
    }
}

/// Whether a step may put something into a place.
pub(crate) fn is_written(does: &Does, place: &str) -> bool {
    match does {
        Does::Write(of) | Does::Assign(of) | Does::Hands(of) | Does::Shift { to: of, .. } => {
            overlap(of, place)
        }
        _ => false,
    }
}

/// Where functions have words of [`WORDS`] in their bodies, in a file that has unsafe code.
fn words(at: &At<'_>) -> Vec<u32> {
    let source = at.file.source;
    let mut found = Vec::new();
    // Bodies come in the order in which they begin, and one may stand in another.
    let mut looked_at = 0;
    for item in &at.syntax().items {
        let ItemKind::Function(Function {
            body: Some(body), ..
        }) = item.kind
        else {
            continue;
        };
        let tokens = at.syntax().expr(body).tokens;
        for token in tokens.start.max(looked_at)..tokens.end {
            if source.kind(token as usize).is_ident() && is_word(source.name_bytes(token as usize))
            {
                found.push(token);
            }
        }
        looked_at = looked_at.max(tokens.end);
    }
    let has_unsafe = || at.has_kind(at.tokens(), T::Unsafe);
    match found.is_empty() || has_unsafe() {
        true => found,
        false => Vec::new(),
    }
}

fn is_word(name: &[u8]) -> bool {
    WORDS.iter().any(|word| word.as_bytes() == name)
        || name.starts_with(b"set_len")
        || name.starts_with(b"drop_")
}
