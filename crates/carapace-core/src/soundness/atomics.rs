//! Which atomic operations order nothing, and what keeps threads apart as far as a function's words say.

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::source::syntax::{ExprId, ExprKind, Function, ItemId, Receiver, Tokens, TypeKind};

/// How many steps it is from a place to its variable.
const MAX_STEPS: u32 = 24;

/// `place.fetch_sub(1, Ordering::Release)`, `place.load(Ordering::Relaxed)`, in code that is no test's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Atomic<'p> {
    /// The whole call.
    pub(crate) call: ExprId,
    /// The atomic.
    pub(crate) place: ExprId,
    /// Whether it is loaded; otherwise counted down.
    pub(crate) is_load: bool,
    /// Whether it is `Relaxed`; otherwise `Release`.
    pub(crate) is_relaxed: bool,
    /// The function around it.
    pub(crate) item: ItemId,
    /// The same.
    pub(crate) function: &'p Function,
    /// Its body.
    pub(crate) body: ExprId,
}

/// Whether a name has a part, whatever its case.
pub(crate) fn has_part(name: &[u8], part: &[u8]) -> bool {
    name.windows(part.len())
        .any(|at| at.eq_ignore_ascii_case(part))
}

impl<'p> At<'p> {
    /// A count that goes down by `Relaxed` or `Release`, or a load by `Relaxed`.
    pub(crate) fn atomic(&self, call: ExprId) -> Option<Atomic<'p>> {
        let load = self.method_of::<1>(call, &["load"]);
        let (place, order, is_load) = match load {
            Some((place, [order])) => (place, order, true),
            None => {
                let (place, [_, order]) = self.method_of::<2>(call, &["fetch_sub"])?;
                (place, order, false)
            }
        };
        let ExprKind::Path(path) = self.kind(self.bare(order)) else {
            return None;
        };
        let order = path.segments.last()?.name;
        let is_relaxed = self.is_name(order, "Relaxed");
        if !is_relaxed && (is_load || !self.is_name(order, "Release")) {
            return None;
        }
        let (item, function) = self.function(call)?;
        let body = function.body?;
        (!self.is_test(item)).then_some(Atomic {
            call,
            place,
            is_load,
            is_relaxed,
            item,
            function,
            body,
        })
    }

    /// Whether some tokens name an order, a fence or a lock.
    pub(crate) fn orders(&self, tokens: Tokens) -> bool {
        const PARTS: [&[u8]; 8] = [
            b"acq",
            b"seqcst",
            b"fence",
            b"synchroni",
            b"barrier",
            b"mutex",
            b"critical",
            b"compare",
        ];
        const WHOLE: [&[u8]; 10] = [
            b"once",
            b"call_once",
            b"lock",
            b"try_lock",
            b"write_lock",
            b"read_lock",
            b"wait",
            b"join",
            b"guard",
            b"thread_id",
        ];
        self.any_word(tokens, |word| {
            PARTS.iter().any(|part| has_part(word, part))
                || WHOLE.contains(&word)
                || word.starts_with(b"Once")
        })
    }

    /// Whether some tokens hold a name of which this is true.
    pub(crate) fn any_word(&self, tokens: Tokens, is: impl Fn(&[u8]) -> bool) -> bool {
        let source = self.file.source;
        (tokens.start..tokens.end).any(|token| {
            source.kind(token as usize).is_ident() && is(source.name_bytes(token as usize))
        })
    }

    /// The variable that a place is a part of.
    pub(crate) fn place_root(&self, place: ExprId) -> ExprId {
        let mut part = self.bare(place);
        for _ in 0..MAX_STEPS {
            part = match self.kind(part) {
                ExprKind::Field { base, .. } | ExprKind::Index { base, .. } => self.bare(*base),
                ExprKind::Method { receiver, .. } => self.bare(*receiver),
                ExprKind::Unary { operand, .. }
                | ExprKind::Borrow { operand, .. }
                | ExprKind::Try(operand) => self.bare(*operand),
                ExprKind::Block(_) => match self.tail(part) {
                    Some(tail) => self.bare(tail),
                    None => return part,
                },
                ExprKind::Path(_) => match self.let_value(part) {
                    Some(value) => self.bare(value),
                    None => return part,
                },
                _ => return part,
            };
        }
        part
    }

    /// Whether a place leads back to `self`, also through methods and variables.
    pub(crate) fn leads_to_self(&self, place: ExprId) -> bool {
        self.is_self(self.place_root(place))
    }

    /// Whether nothing else can use a place meanwhile: it is borrowed mutably, or owned.
    pub(crate) fn is_own_atomic(&self, atomic: &Atomic<'_>) -> bool {
        let root = self.place_root(atomic.place);
        if self.is_self(root) {
            return matches!(
                atomic.function.receiver,
                Some(Receiver::Mut | Receiver::Value)
            );
        }
        match self.variable(root).map(|binding| binding.bound) {
            Some(Bound::Parameter(of)) => !matches!(
                self.syntax().type_kind(of),
                TypeKind::Ref { mutable: false, .. }
            ),
            Some(_) => true,
            None => false,
        }
    }
}
