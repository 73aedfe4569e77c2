//! Stretches of sequences: so many elements from where a pointer leads.

use super::at::At;
use super::chains::overlap;
use super::pointers::Spot;
use super::replacement::{Pieces, Replacement};
use super::scope::Bound;
use super::types::Ty;
use crate::source::syntax::{
    Borrow, ExprId, ExprKind, ItemKind, Operator, StatementId, StatementKind,
};

/// So many elements, from one on.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    /// The first.
    pub(crate) spot: Spot,
    /// How many.
    pub(crate) count: ExprId,
}

/// Elements that are copied to other places.
#[derive(Debug, Clone)]
pub(crate) struct Copied {
    /// Where they come from.
    pub(crate) from: Spot,
    /// Where they go.
    pub(crate) to: Spot,
    /// How many.
    pub(crate) count: ExprId,
}

impl Stretch {
    /// Whether it is all of the sequence.
    pub(crate) fn is_whole(&self, at: &At<'_>) -> bool {
        self.spot.is_first() && self.is_length(at, self.count)
    }

    /// Whether a number is the sequence's length.
    fn is_length(&self, at: &At<'_>, number: ExprId) -> bool {
        let number = at.bare(number);
        if let (Some(whole), Ty::Array(_, Some(length))) =
            (at.whole_number(number), at.type_of(self.spot.base).peeled())
        {
            return *length == whole.to_string();
        }
        at.is_length_of(number, self.spot.base)
    }

    /// Whether it goes up to the sequence's end: `v.len() - i` elements from `i` on.
    fn is_rest(&self, at: &At<'_>) -> bool {
        self.difference(at)
            .is_some_and(|end| self.is_length(at, end))
    }

    /// The end where `end - i` elements begin at `i`.
    fn difference(&self, at: &At<'_>) -> Option<ExprId> {
        let ExprKind::Binary {
            operator: Operator::Sub,
            left,
            right,
        } = at.kind(at.bare(self.count))
        else {
            return None;
        };
        let [step] = self.spot.steps.as_slice() else {
            return None;
        };
        let is_plain = !step.is_cast && !step.minus && step.times == 1 && self.spot.constant == 0;
        (is_plain && at.alike(*right, step.expr)).then_some(*left)
    }

    /// The range of indices: `i..i + n`. Only for what can be evaluated twice.
    pub(crate) fn range(&self, at: &At<'_>) -> Pieces {
        let from = match self.spot.is_first() {
            true => Pieces::default(),
            false => self.spot.index(at, 0),
        };
        if self.is_rest(at) {
            return from.text("..");
        }
        if let Some(end) = self.difference(at) {
            return from.text("..").keep(end);
        }
        let to = match (at.whole_number(self.count), self.end_by_difference(at)) {
            (Some(number), _) => self.spot.index(at, number),
            (None, Some(end)) => Pieces::default().keep(end),
            (None, None) if self.spot.is_first() => Pieces::default().keep(self.count),
            (None, None) => {
                let end = self.spot.summand(at).text(" + ");
                match at.is_term(self.count, false) {
                    true => end.keep(self.count),
                    false => end.text("(").keep(self.count).text(")"),
                }
            }
        };
        from.text("..").then(to)
    }

    /// The end where `n` elements begin at `end - n`.
    fn end_by_difference(&self, at: &At<'_>) -> Option<ExprId> {
        let [step] = self.spot.steps.as_slice() else {
            return None;
        };
        if step.is_cast || step.minus || step.times != 1 || self.spot.constant != 0 {
            return None;
        }
        let ExprKind::Binary {
            operator: Operator::Sub,
            left,
            right,
        } = at.kind(at.bare(step.expr))
        else {
            return None;
        };
        at.alike(*right, self.count).then_some(*left)
    }

    /// The elements as a place, without a borrow: `v[i..i + n]`, or `v` where it is all of it.
    pub(crate) fn place(&self, at: &At<'_>) -> Pieces {
        if self.is_whole(at) {
            return self.spot.sequence();
        }
        if !self.is_pure(at) {
            let from = match self.spot.is_first() {
                true => self.spot.sequence(),
                false => {
                    let from = self.spot.sequence().text("[");
                    from.then(self.spot.index(at, 0)).text("..]")
                }
            };
            return from.text("[..").keep(self.count).text("]");
        }
        self.spot
            .sequence()
            .text("[")
            .then(self.range(at))
            .text("]")
    }

    /// The elements as something that coerces to a slice.
    pub(crate) fn slice(&self, at: &At<'_>) -> Pieces {
        match self.is_whole(at) && matches!(at.type_of(self.spot.base), Ty::Ref { .. }) {
            true => Pieces::default().keep(self.spot.base),
            false => Pieces::of("&").then(self.place(at)),
        }
    }

    /// Whether it can be written with a range.
    pub(crate) fn is_pure(&self, at: &At<'_>) -> bool {
        self.spot.is_pure(at) && at.is_pure(self.count)
    }

    /// Whether its index or its length speak of a place.
    pub(crate) fn touches(&self, at: &At<'_>, chain: &[String]) -> bool {
        self.steps_touch(at, chain) || at.touches(self.count, chain)
    }

    fn steps_touch(&self, at: &At<'_>, chain: &[String]) -> bool {
        let mut steps = self.spot.steps.iter();
        steps.any(|step| at.touches(step.expr, chain))
    }
}

impl Spot {
    /// The index where something is added to it.
    pub(crate) fn summand(&self, at: &At<'_>) -> Pieces {
        match self.steps.as_slice() {
            [step] if self.constant == 0 && step.times == 1 && !at.is_term(step.expr, false) => {
                Pieces::of("(").then(self.index(at, 0)).text(")")
            }
            _ => self.index(at, 0),
        }
    }
}

impl At<'_> {
    /// What a call of the standard library copies from one place of a sequence to another.
    pub(crate) fn copied(&self, call: ExprId) -> Option<Copied> {
        let names = ["copy", "copy_nonoverlapping"];
        let (from, to, count) =
            if let Some(([from, to, count], _)) = self.call_of::<3>(call, "ptr", &names) {
                (from, to, count)
            } else if let Some((from, [to, count])) =
                self.method_of::<2>(call, &["copy_to", "copy_to_nonoverlapping"])
            {
                (from, to, count)
            } else {
                let names = ["copy_from", "copy_from_nonoverlapping"];
                let (to, [from, count]) = self.method_of::<2>(call, &names)?;
                (from, to, count)
            };
        let (from, to) = (self.spot(from)?, self.spot(to)?);
        let is_plain = Spot::is_plain;
        let is_copied = is_plain(&from)
            && is_plain(&to)
            && to.mutable
            && from.element == to.element
            && self.may_be_copied(&from.element, call)
            // What is moved by hand, of a type with a destructor perhaps.
            && !(from.element == Ty::Unknown && self.whole_number(count) == Some(1));
        is_copied.then_some(Copied { from, to, count })
    }

    /// Whether a pointer may lead behind the elements of a vector, to memory that it has besides: where
    /// the function gives the vector more of it, or another length, or goes on from its length.
    pub(crate) fn may_be_spare(&self, to: &Spot, near: ExprId) -> bool {
        if !self.is_vec(to.base) {
            return false;
        }
        let chain = self.chain(to.base).unwrap_or_default();
        let body = self.body_of(near);
        let grows = |part: ExprId| {
            let of = self.method_of::<1>(part, &["set_len", "reserve", "reserve_exact"]);
            of.is_some_and(|(of, _)| self.chain(of).is_none_or(|of| overlap(&of, &chain)))
        };
        let by_length = |id: ExprId| {
            let value = self.bare(self.let_value(id).unwrap_or(id));
            self.method_of::<0>(value, &["len"]).is_some()
        };
        to.steps
            .iter()
            .any(|step| !step.minus && by_length(step.expr))
            || body.is_none_or(|body| self.syntax().within(body).any(grows))
    }

    /// The `let` of a variable that an expression is.
    pub(crate) fn own_let(&self, id: ExprId) -> Option<StatementId> {
        match self.variable(id)?.bound {
            Bound::Let { statement, .. } => Some(statement),
            _ => None,
        }
    }

    /// Whether two elements of one sequence can surely be named by their indices, both at once, in a
    /// call of a method of it.
    pub(crate) fn are_free(&self, a: &Spot, b: &Spot, target: ExprId) -> bool {
        let chain = self.chain(a.base).unwrap_or_default();
        let mut parts = a.parts().into_iter().chain(b.parts());
        let is_mixed = parts.any(|part| !self.alike(part, a.base) && self.touches(part, &chain));
        a.is_certain
            && b.is_certain
            && (self.is_lent_late(a.base) || !is_mixed)
            && self.is_pure(a.base)
            && self.is_only_use(a, b, target)
            && self.is_only_use(b, a, target)
    }

    /// The length of a sequence, asked of it: the method's call, or a variable with its value.
    pub(crate) fn is_own_length(&self, id: ExprId, base: ExprId) -> bool {
        let fixed = self.variable(id).filter(|binding| !binding.mutable);
        let value = fixed.and_then(|binding| binding.value());
        self.is_length_of(value.unwrap_or(id), base)
    }

    /// `base.len()`
    pub(crate) fn is_length_of(&self, id: ExprId, base: ExprId) -> bool {
        let of = self.method_of::<0>(self.bare(id), &["len"]);
        of.is_some_and(|(of, _)| self.alike(of, base))
    }

    /// Whether the pointers on the way are used for nothing but this: a change of what they lead to
    /// by its own name would end them.
    pub(crate) fn is_only_use(&self, to: &Spot, from: &Spot, target: ExprId) -> bool {
        let is_inside = |used: ExprId| {
            let own = self.syntax().expr(used).tokens;
            self.syntax().is_within(used, target)
                || to.through.iter().chain(&from.through).any(|statement| {
                    let tokens = self.statement_tokens(*statement);
                    tokens.start <= own.start && own.end <= tokens.end
                })
        };
        to.through.iter().all(|statement| {
            let uses = self.uses_of(*statement);
            uses.is_some_and(|uses| uses.into_iter().all(is_inside))
        })
    }

    /// Whether a type is one of which values are copied by their bits, or may be: nothing is known
    /// of it.
    fn may_be_copied(&self, of: &Ty, near: ExprId) -> bool {
        match of {
            Ty::Unknown => true,
            Ty::Parameter(name) => self.is_bound_to_copy(name, near),
            of => self.is_copy(of),
        }
    }

    /// Whether a type parameter of the function or what is around it is bound to be `Copy`.
    pub(crate) fn is_bound_to_copy(&self, name: &str, near: ExprId) -> bool {
        let mut around = self.item_of(near);
        while let Some(id) = around {
            let Some(item) = self.syntax().item(id) else {
                return false;
            };
            let body = match &item.kind {
                ItemKind::Function(function) => function.body,
                _ => None,
            };
            let end = match body {
                Some(body) => self.syntax().expr(body).tokens.start,
                None => self.brace_behind(item.head, item.tokens.end),
            };
            if self.bounds_say_copy(name, item.head, end) {
                return true;
            }
            around = item.parent;
        }
        false
    }

    fn brace_behind(&self, from: u32, end: u32) -> u32 {
        use crate::source::lexer::TokenKind;
        let brace = |at: &u32| self.file.source.kind(*at as usize) == TokenKind::OpenBrace;
        (from..end).find(brace).unwrap_or(end)
    }

    /// Whether `T: … Copy …` stands between two tokens.
    fn bounds_say_copy(&self, name: &str, from: u32, end: u32) -> bool {
        use crate::source::lexer::TokenKind as T;
        let kind = |at: u32| self.file.source.kind(at as usize);
        (from..end).any(|at| {
            let begins = kind(at).is_path_segment()
                && self.is_name(at, name)
                && kind(at + 1) == T::Colon
                && kind(at + 2) != T::Colon;
            begins
                && (at + 2..end)
                    .take_while(|at| !matches!(kind(*at), T::Comma | T::Gt | T::OpenBrace))
                    .any(|at| kind(at).is_path_segment() && self.is_name(at, "Copy"))
        })
    }

    /// Whether a call of a method of slices on this may speak of it in its arguments, too: it is
    /// borrowed for the call only where it is a reference to a slice itself.
    pub(crate) fn is_lent_late(&self, base: ExprId) -> bool {
        let is_path = self.single(base).is_some();
        is_path
            && matches!(
                self.type_of(base),
                Ty::Ref { mutable: true, of } if matches!(*of, Ty::Slice(_))
            )
    }

    /// Where a dereference is one of two of one sequence that are borrowed at once to be changed,
    /// `(&mut *p.add(i), &mut *p.add(j))`: the tuple, and both with where they lead.
    pub(crate) fn borrowed_pair(&self, deref: ExprId) -> Option<(ExprId, [(ExprId, Spot); 2])> {
        let tuple = self.around(self.around(deref)?)?;
        let ExprKind::Tuple(parts) = self.kind(tuple) else {
            return None;
        };
        let [first, second] = parts.as_slice() else {
            return None;
        };
        let (first, second) = (
            self.borrowed_element(*first)?,
            self.borrowed_element(*second)?,
        );
        let is_one = self.alike(first.1.base, second.1.base);
        is_one.then_some((tuple, [first, second]))
    }

    /// `&mut *pointer`: the dereference, and where it leads.
    fn borrowed_element(&self, borrow: ExprId) -> Option<(ExprId, Spot)> {
        let ExprKind::Borrow {
            how: Borrow::Mut,
            operand,
        } = self.kind(self.bare(borrow))
        else {
            return None;
        };
        let place = self.bare(*operand);
        let spot = self.spot(self.dereferenced(place)?)?;
        (spot.is_plain() && spot.mutable).then_some((place, spot))
    }

    /// Text that names a number first: statements of their own where that can be, a block else.
    pub(crate) fn with_let(
        &self,
        call: ExprId,
        name: &str,
        number: Pieces,
        then: Pieces,
    ) -> Pieces {
        let named = Pieces::of(format!("let {name} = ")).then(number).text(";");
        let is_free = |block: ExprId| {
            let block = match self.is_unsafe_block(block) {
                true => self.own_statement(block).map(|(_, around)| around),
                false => Some(block),
            };
            block.is_some()
        };
        let own = self.own_statement(call).filter(|(statement, block)| {
            let found = self.syntax().statement(*statement).map(|found| &found.kind);
            matches!(found, Some(StatementKind::Expr { ends: true, .. })) && is_free(*block)
        });
        match own {
            Some(_) => named
                .text(format!("\n{}", self.line_indent(call)))
                .then(then),
            None => Pieces::of("{ ").then(named).text(" ").then(then).text(" }"),
        }
    }

    /// The white space at the begin of an expression's first line.
    fn line_indent(&self, id: ExprId) -> String {
        let tokens = self.syntax().expr(id).tokens;
        let start = self.file.source.token(tokens.start as usize).start as usize;
        let line = self.file.source.bytes.get(self.line_of(start)..start);
        let blank = line.unwrap_or_default().iter();
        let blank = blank.take_while(|byte| matches!(byte, b' ' | b'\t'));
        blank.map(|byte| char::from(*byte)).collect()
    }

    /// A name that nothing in a function has.
    pub(crate) fn new_name(&self, names: &[&'static str], near: ExprId) -> Option<&'static str> {
        let (item, _) = self.function(near)?;
        let tokens = self.syntax().item(item)?.tokens;
        names
            .iter()
            .find(|name| !self.mentions(tokens, name))
            .copied()
    }
}

impl Replacement {
    /// Through the variables and the calls on the way of a pointer, which go with it.
    #[must_use]
    pub(crate) fn through(mut self, spot: &Spot) -> Self {
        self.covers.extend(spot.calls.iter().copied());
        self.drops.extend(spot.through.iter().copied());
        self
    }
}
