//! Where pointers lead: which element of which slice, array or vector.
//!
//! Only what the same function says counts: methods of the sequence, arithmetic, casts, and
//! variables that hold such a pointer and nothing else.

use super::at::At;
use super::replacement::{Piece, Pieces};
use super::scope::Bound;
use super::types::Ty;
use crate::source::lexer::TokenKind;
use crate::source::syntax::{
    Borrow, ExprId, ExprKind, Operator, Prefix, StatementId, StatementKind,
};

/// How many steps lead from a pointer to what it was made of, at most.
const MAX_STEPS: u32 = 12;

/// What is added to an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) expr: ExprId,
    /// Whether it is written `… as usize`.
    pub(super) is_cast: bool,
    /// How many elements one of it are.
    pub(super) times: u32,
    pub(super) minus: bool,
}

/// An element of a sequence that a pointer leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The slice, the array, the vector.
    pub(crate) base: ExprId,
    /// What it holds.
    pub(crate) element: Ty,
    /// What the pointer says is there.
    pub(crate) pointee: Ty,
    /// Whether the pointer was made to write.
    pub(crate) mutable: bool,
    /// The calls on the way that need unsafe code.
    pub(crate) calls: Vec<ExprId>,
    /// The variables on the way.
    pub(crate) through: Vec<StatementId>,
    /// Whether it surely leads there.
    pub(crate) is_certain: bool,
    /// Whether it was cast to a pointer to anything, the same or not.
    was_cast: bool,
    pub(super) steps: Vec<Step>,
    pub(super) constant: u64,
}

impl Spot {
    fn new(base: ExprId, element: &Ty, pointee: Ty, mutable: bool) -> Self {
        Self {
            base,
            element: element.clone(),
            pointee,
            mutable,
            calls: Vec::new(),
            through: Vec::new(),
            is_certain: true,
            was_cast: false,
            steps: Vec::new(),
            constant: 0,
        }
    }

    /// Whether the pointer was cast to something else than what is there.
    pub(crate) fn is_cast(&self) -> bool {
        self.pointee != self.element
    }

    /// Whether the pointer surely says of what is there what it is: it was never cast, or to the same
    /// that is known.
    pub(crate) fn is_plain(&self) -> bool {
        !self.is_cast() && (!self.was_cast || self.element.is_known())
    }

    /// The index of an element so many behind it.
    pub(crate) fn index(&self, at: &At<'_>, more: u64) -> Pieces {
        let constant = self.constant.saturating_add(more);
        let is_alone = self.steps.len() == 1 && constant == 0;
        let mut text = Pieces::default();
        for (place, step) in self.steps.iter().enumerate() {
            text = match (place, step.minus) {
                (0, _) => text,
                (_, true) => text.text(" - "),
                (_, false) => text.text(" + "),
            };
            text = match (step.is_cast, step.times) {
                (true, 1) => text.operand(step.expr).text(" as usize"),
                (true, times) => text.operand(step.expr).text(format!(" as usize * {times}")),
                (false, 1) if is_alone || at.is_term(step.expr, step.minus) => text.keep(step.expr),
                (false, 1) => text.text("(").keep(step.expr).text(")"),
                (false, times) => text.operand(step.expr).text(format!(" * {times}")),
            };
        }
        match (self.steps.is_empty(), constant) {
            (false, 0) => text,
            (false, constant) => text.text(format!(" + {constant}")),
            (true, constant) => text.text(constant.to_string()),
        }
    }

    /// The element itself, or one so many behind it.
    pub(crate) fn place(&self, at: &At<'_>, more: u64) -> Pieces {
        self.sequence()
            .text("[")
            .then(self.index(at, more))
            .text("]")
    }

    /// So many elements from there on.
    pub(crate) fn part(&self, at: &At<'_>, count: u64) -> Pieces {
        if !self.is_pure(at) {
            return self
                .sequence()
                .text("[")
                .then(self.index(at, 0))
                .text(format!("..][..{count}]"));
        }
        let from = match self.steps.is_empty() && self.constant == 0 {
            true => Pieces::default(),
            false => self.index(at, 0),
        };
        self.sequence()
            .text("[")
            .then(from)
            .text("..")
            .then(self.index(at, count))
            .text("]")
    }

    pub(super) fn sequence(&self) -> Pieces {
        Pieces::default().operand(self.base)
    }

    /// Whether it can be written several times.
    pub(crate) fn is_pure(&self, at: &At<'_>) -> bool {
        at.is_pure(self.base) && self.steps.iter().all(|step| at.is_pure(step.expr))
    }

    /// Whether it is the first one.
    pub(crate) fn is_first(&self) -> bool {
        self.steps.is_empty() && self.constant == 0
    }

    /// Whether its index is a number that is written.
    pub(crate) fn is_constant(&self) -> bool {
        self.steps.is_empty()
    }
}

impl Pieces {
    /// Adds others.
    #[must_use]
    pub(crate) fn then(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Whether they keep what an expression is in.
    pub(crate) fn keeps(&self, at: &At<'_>, id: ExprId) -> bool {
        self.0.iter().any(|piece| match piece {
            Piece::Keep(kept) | Piece::Operand(kept) => at.syntax().is_within(id, *kept),
            Piece::Text(_) => false,
        })
    }
}

impl At<'_> {
    /// The element that a pointer leads to.
    pub(crate) fn spot(&self, pointer: ExprId) -> Option<Spot> {
        self.spot_of(pointer, MAX_STEPS)
    }

    fn spot_of(&self, pointer: ExprId, steps: u32) -> Option<Spot> {
        let steps = steps.checked_sub(1)?;
        let pointer = self.bare(pointer);
        match self.kind(pointer) {
            ExprKind::Cast { operand, to } => {
                let item = self.function(pointer).map(|(item, _)| item);
                let Ty::Pointer { of, .. } = self.written_in(*to, item) else {
                    return None;
                };
                let spot = self.spot_of(*operand, steps)?;
                Some(cast(spot, *of))
            }
            ExprKind::Borrow { how, operand } => {
                let mutable = matches!(how, Borrow::Mut | Borrow::RawMut);
                self.borrowed(*operand, mutable, steps)
            }
            ExprKind::Unary {
                operator: Prefix::Deref,
                operand,
            } => self.behind_reference(*operand, steps),
            ExprKind::Path(_) => self.in_variable(pointer, steps),
            ExprKind::Block(_) => {
                let [_] = self.statements(pointer) else {
                    return None;
                };
                self.spot_of(self.tail(pointer)?, steps)
            }
            ExprKind::Method { .. } => self.by_method(pointer, steps),
            _ => self.lent(pointer),
        }
    }

    /// A reference to a sequence that becomes a pointer.
    fn lent(&self, id: ExprId) -> Option<Spot> {
        let Ty::Ref { mutable, of } = self.type_of(id) else {
            return None;
        };
        let (Ty::Slice(element) | Ty::Array(element, _)) = &*of else {
            return None;
        };
        Some(Spot::new(id, element, (*of).clone(), mutable))
    }

    fn borrowed(&self, operand: ExprId, mutable: bool, steps: u32) -> Option<Spot> {
        let operand = self.bare(operand);
        if let ExprKind::Index { base, index } = self.kind(operand) {
            let is_range = matches!(self.type_of(*index), Ty::Range(_));
            let of = self.type_of(*base);
            let element = of.element()?;
            if is_range {
                let of = Ty::Slice(Box::new(element.clone()));
                return Some(Spot::new(operand, element, of, mutable));
            }
            if !matches!(self.type_of(*index), Ty::Int(_)) && !self.is_one(operand, *index, element)
            {
                return None;
            }
            let mut spot = Spot::new(*base, element, element.clone(), mutable);
            self.add(&mut spot, *index, false, false);
            return Some(spot);
        }
        match self.type_of(operand) {
            of @ (Ty::Slice(_) | Ty::Array(..)) => {
                let element = of.element()?.clone();
                Some(Spot::new(operand, &element, of, mutable))
            }
            // `&*pointer`
            _ => match self.kind(operand) {
                ExprKind::Unary {
                    operator: Prefix::Deref,
                    operand,
                } if matches!(self.type_of(*operand), Ty::Pointer { .. }) => {
                    self.spot_of(*operand, steps)
                }
                _ => None,
            },
        }
    }

    /// Whether an index of which the type is not known is one of one element: a sum, or of what is
    /// cast to a pointer to one.
    fn is_one(&self, place: ExprId, index: ExprId, element: &Ty) -> bool {
        if matches!(self.kind(self.bare(index)), ExprKind::Binary { .. }) {
            return true;
        }
        let item = self.function(place).map(|(item, _)| item);
        let cast = self.around(place).and_then(|borrow| self.around(borrow));
        match cast.map(|cast| self.kind(cast)) {
            Some(ExprKind::Cast { to, .. }) => {
                matches!(self.written_in(*to, item), Ty::Pointer { of, .. } if *of == *element)
            }
            _ => false,
        }
    }

    /// `*p` where `p` is `&v.as_ptr()`.
    fn behind_reference(&self, operand: ExprId, steps: u32) -> Option<Spot> {
        let name = self.single(operand)?;
        let binding = self.binding(&name, operand)?;
        let Bound::Let {
            value: Some(value),
            statement,
            ..
        } = binding.bound
        else {
            return None;
        };
        let ExprKind::Borrow {
            how: Borrow::Shared,
            operand: inner,
        } = self.kind(self.bare(value))
        else {
            return None;
        };
        let mut spot = self.spot_of(*inner, steps)?;
        if binding.mutable || !self.is_steady(&spot, statement, value, operand) {
            return None;
        }
        spot.through.push(statement);
        Some(spot)
    }

    fn in_variable(&self, variable: ExprId, steps: u32) -> Option<Spot> {
        if !matches!(self.type_of(variable), Ty::Pointer { .. }) {
            return self.lent(variable);
        }
        let name = self.single(variable)?;
        let binding = self.binding(&name, variable)?;
        let Bound::Let {
            value: Some(value),
            statement,
            declared,
        } = binding.bound
        else {
            return None;
        };
        if binding.mutable {
            return None;
        }
        let mut spot = self.spot_of(value, steps)?;
        let item = self.function(variable).map(|(item, _)| item);
        if let Some(Ty::Pointer { of, .. }) = declared.map(|of| self.written_in(of, item)) {
            spot = cast(spot, *of);
        }
        if !self.is_steady(&spot, statement, value, variable) {
            return None;
        }
        spot.through.push(statement);
        Some(spot)
    }

    fn by_method(&self, id: ExprId, steps: u32) -> Option<Spot> {
        if let Some((receiver, [])) = self.method_of(id, &["as_ptr", "as_mut_ptr"]) {
            let of = self.type_of(receiver);
            let element = of.element()?;
            let mutable = self.method_of::<0>(id, &["as_mut_ptr"]).is_some();
            return Some(Spot::new(receiver, element, element.clone(), mutable));
        }
        if let Some((receiver, [by])) = self.method_of(
            id,
            &[
                "add",
                "offset",
                "sub",
                "wrapping_add",
                "wrapping_offset",
                "wrapping_sub",
            ],
        ) {
            let mut spot = self.spot_of(receiver, steps)?;
            let minus = self.method_of::<1>(id, &["sub", "wrapping_sub"]).is_some();
            let signed = self
                .method_of::<1>(id, &["offset", "wrapping_offset"])
                .is_some();
            // Of a pointer to a whole slice or array.
            if spot.is_cast() && matches!(spot.pointee, Ty::Slice(_) | Ty::Array(..)) {
                return None;
            }
            spot.calls.push(id);
            return match signed {
                true => self.add_signed(&mut spot, by, minus).then_some(spot),
                false => self.add(&mut spot, by, false, minus).then_some(spot),
            };
        }
        if let Some((receiver, [])) = self.method_of(id, &["cast_mut", "cast_const"]) {
            return self.spot_of(receiver, steps);
        }
        let (receiver, []) = self.method_of(id, &["cast"])?;
        let spot = self.spot_of(receiver, steps)?;
        let Ty::Pointer { of, .. } = self.type_of(id) else {
            return None;
        };
        Some(cast(spot, *of))
    }

    /// Adds a number of elements.
    fn add(&self, spot: &mut Spot, by: ExprId, is_cast: bool, minus: bool) -> bool {
        let Some(times) = times(spot) else {
            return false;
        };
        if let Some(number) = self.whole_number(by) {
            let number = number.saturating_mul(u64::from(times));
            let sum = match minus {
                true => spot.constant.checked_sub(number),
                false => spot.constant.checked_add(number),
            };
            return sum.map(|sum| spot.constant = sum).is_some();
        }
        // What is taken away of nothing lies outside.
        if minus && spot.steps.is_empty() {
            return false;
        }
        spot.steps.push(Step {
            expr: self.bare(by),
            is_cast,
            times,
            minus,
        });
        true
    }

    /// Adds what may be less than zero.
    fn add_signed(&self, spot: &mut Spot, by: ExprId, minus: bool) -> bool {
        let by = self.bare(by);
        if self.whole_number(by).is_some() {
            return self.add(spot, by, false, minus);
        }
        match self.kind(by) {
            ExprKind::Cast { operand, .. } => {
                let of = self.type_of(*operand);
                let name = of.integer().unwrap_or_default();
                let is_unsigned = name.starts_with('u') || self.whole_number(*operand).is_some();
                if !is_unsigned {
                    spot.is_certain &= self.is_whole(spot);
                }
                self.add(spot, *operand, name != "usize", minus)
            }
            ExprKind::Binary {
                operator: operator @ (Operator::Add | Operator::Sub),
                left,
                right,
            } if self.is_positive(*left) && self.is_positive(*right) => {
                let is_less = *operator == Operator::Sub;
                self.add_signed(spot, *left, minus)
                    && self.add_signed(spot, *right, minus != is_less)
            }
            _ => {
                spot.is_certain &= self.is_whole(spot);
                self.add(spot, by, true, minus)
            }
        }
    }

    /// Whether a number that is signed is surely not below zero: a literal, or cast from one that
    /// cannot be.
    fn is_positive(&self, id: ExprId) -> bool {
        let id = self.bare(id);
        if self.whole_number(id).is_some() {
            return true;
        }
        match self.kind(id) {
            ExprKind::Cast { operand, .. } => {
                let of = self.type_of(*operand);
                of.integer().is_some_and(|name| name.starts_with('u'))
            }
            ExprKind::Binary {
                operator: Operator::Add,
                left,
                right,
            } => self.is_positive(*left) && self.is_positive(*right),
            _ => false,
        }
    }

    /// Whether nothing lies before what the pointer leads to.
    fn is_whole(&self, spot: &Spot) -> bool {
        spot.steps.is_empty()
            && spot.constant == 0
            && !matches!(self.kind(self.bare(spot.base)), ExprKind::Index { .. })
    }

    /// Whether an expression can be added to others as it stands.
    pub(super) fn is_term(&self, id: ExprId, minus: bool) -> bool {
        match self.kind(id) {
            ExprKind::Binary { operator, .. } => match operator {
                Operator::Add | Operator::Sub => !minus,
                Operator::Mul | Operator::Div | Operator::Rem => true,
                _ => false,
            },
            ExprKind::Range { .. }
            | ExprKind::Assign { .. }
            | ExprKind::Closure { .. }
            | ExprKind::Return(_)
            | ExprKind::Break(_) => false,
            _ => true,
        }
    }

    /// A literal that is a whole number.
    pub(crate) fn whole_number(&self, id: ExprId) -> Option<u64> {
        let id = self.bare(id);
        if *self.kind(id) != ExprKind::Literal {
            return None;
        }
        let Ty::Int(suffix) = self.type_of(id) else {
            return None;
        };
        let text: String = self.text(id).chars().filter(|c| *c != '_').collect();
        let text = text.strip_suffix(suffix).unwrap_or(&text);
        let (digits, radix) = match text.get(..2) {
            Some("0x") => (text.get(2..)?, 16),
            Some("0b") => (text.get(2..)?, 2),
            Some("0o") => (text.get(2..)?, 8),
            _ => (text, 10),
        };
        u64::from_str_radix(digits, radix).ok()
    }

    /// Whether what a variable's value was made of is the same where the variable is used.
    fn is_steady(&self, spot: &Spot, let_: StatementId, value: ExprId, used: ExprId) -> bool {
        let Some((_, function)) = self.function(used) else {
            return false;
        };
        let Some(body) = function.body else {
            return false;
        };
        let from = self.statement_tokens(let_).end;
        let to = self.syntax().expr(used).tokens.start;
        let is_in_closure = self.syntax().within(body).any(|part| {
            matches!(self.kind(part), ExprKind::Closure { .. })
                && self.syntax().is_within(used, part)
                && !self.syntax().is_within(value, part)
        });
        if is_in_closure {
            return false;
        }
        let steps = spot.steps.iter().map(|step| (step.expr, false));
        let parts = steps.chain([(spot.base, true)]);
        let mut parts: Vec<(ExprId, bool)> = parts.collect();
        let mut names: Vec<(String, bool)> = Vec::new();
        let mut is_simple = true;
        while let Some((part, is_base)) = parts.pop() {
            for inner in self.syntax().within(part) {
                match self.kind(inner) {
                    ExprKind::Path(_) => {
                        if let Some(name) = self.single(inner)
                            && let Some(binding) = self.binding(&name, inner)
                        {
                            let now = self.binding(&name, used);
                            if now.map(|now| now.pattern) != Some(binding.pattern) {
                                return false;
                            }
                            names.push((name, is_base));
                        }
                    }
                    ExprKind::Field { .. } | ExprKind::Index { .. } | ExprKind::Method { .. }
                        if !is_base =>
                    {
                        is_simple = false;
                    }
                    _ => {}
                }
            }
        }
        let root = self.root(spot.base);
        if root.is_none_or(|root| self.is_borrowed(body, &root, from, used)) {
            return false;
        }
        let touched = |name: &str, is_base: bool| self.is_touched(body, name, from, to, is_base);
        if names.iter().any(|(name, is_base)| touched(name, *is_base)) {
            return false;
        }
        is_simple && self.is_pure(spot.base) || self.is_quiet(body, from, to, used)
    }

    /// Whether something that is there where a pointer is used may borrow what it was made of: the
    /// pointer goes by that, its slice would not.
    fn is_borrowed(&self, body: ExprId, root: &str, from: u32, used: ExprId) -> bool {
        let to = self.syntax().expr(used).tokens.start;
        let holds = |id: ExprId| self.mentions(self.syntax().expr(id).tokens, root);
        let is_plain = |id: ExprId| {
            let of = self.type_of(id);
            matches!(
                of,
                Ty::Int(_) | Ty::Float(_) | Ty::Bool | Ty::Char | Ty::Pointer { .. }
            )
        };
        let statements = &self.syntax().statements;
        // Statements lie in the order in which they end, and none ends before it begins.
        let first = statements.partition_point(|statement| statement.tokens.end <= from);
        let last = self.syntax().expr(body).tokens.end;
        let statements = statements.get(first..).unwrap_or_default().iter();
        let mut statements = statements.take_while(|statement| statement.tokens.end <= last);
        let is_bound = statements.any(|statement| {
            from <= statement.tokens.start
                && statement.tokens.start < to
                && matches!(statement.kind, StatementKind::Let { value: Some(value), .. }
                    if holds(value) && !is_plain(value))
        });
        let is_around = self.syntax().within(body).any(|part| {
            let header = match self.kind(part) {
                ExprKind::For { over, .. } => *over,
                ExprKind::Match { value, .. } => *value,
                ExprKind::If { condition, .. } | ExprKind::While { condition, .. } => *condition,
                _ => return false,
            };
            self.syntax().is_within(used, part)
                && !self.syntax().is_within(used, header)
                && from <= self.syntax().expr(part).tokens.start
                && holds(header)
                && !self.is_free_header(header)
        });
        is_bound || is_around
    }

    /// Whether what a loop or a condition looks at borrows nothing: lengths and comparisons.
    fn is_free_header(&self, header: ExprId) -> bool {
        self.syntax()
            .within(header)
            .all(|part| match self.kind(part) {
                ExprKind::Method {
                    name, arguments, ..
                } => {
                    arguments.is_empty()
                        && (self.is_name(*name, "len") || self.is_name(*name, "is_empty"))
                }
                ExprKind::Call { .. } | ExprKind::Macro { .. } | ExprKind::Let { .. } => false,
                ExprKind::Borrow { .. } | ExprKind::Closure { .. } => false,
                _ => true,
            })
    }

    /// Whether a variable is assigned to behind a place, or given away before another.
    fn is_touched(&self, body: ExprId, name: &str, from: u32, to: u32, is_base: bool) -> bool {
        self.syntax().within(body).any(|part| {
            let start = self.syntax().expr(part).tokens.start;
            if start < from || !matches!(self.kind(part), ExprKind::Path(_)) {
                return false;
            }
            if self.single(part).as_deref() != Some(name) {
                return false;
            }
            let Some(around) = self.syntax().around(part) else {
                return false;
            };
            match self.kind(around) {
                ExprKind::Assign { left, .. } if *left == part => true,
                ExprKind::Borrow { how, .. } => {
                    matches!(how, Borrow::Mut | Borrow::RawMut) && !is_base
                }
                ExprKind::Method { receiver, .. } if *receiver == part => false,
                ExprKind::Index { .. }
                | ExprKind::Field { .. }
                | ExprKind::Unary { .. }
                | ExprKind::Binary { .. }
                | ExprKind::Cast { .. }
                | ExprKind::Range { .. }
                | ExprKind::Paren(_) => false,
                // Numbers are copied.
                _ => is_base && start < to && !self.is_copied(part),
            }
        })
    }

    /// Whether giving a value away leaves it where it is.
    fn is_copied(&self, id: ExprId) -> bool {
        match self.type_of(id) {
            Ty::Ref { mutable, .. } | Ty::Pointer { mutable, .. } => !mutable,
            Ty::Int(_) | Ty::Float(_) | Ty::Bool | Ty::Char => true,
            _ => false,
        }
    }

    /// Whether nothing is called or assigned between two places.
    fn is_quiet(&self, body: ExprId, from: u32, to: u32, used: ExprId) -> bool {
        !self.syntax().within(body).any(|part| {
            let start = self.syntax().expr(part).tokens.start;
            from <= start
                && start < to
                && !self.syntax().is_within(used, part)
                && matches!(
                    self.kind(part),
                    ExprKind::Assign { .. }
                        | ExprKind::Call { .. }
                        | ExprKind::Method { .. }
                        | ExprKind::Macro { .. }
                )
        })
    }

    fn is_path_separator(&self, token: u32) -> bool {
        let is_colon = |at: u32| self.file.source.kind(at as usize) == TokenKind::Colon;
        is_colon(token) && is_colon(token + 1)
    }

    /// The uses of what a `let` binds, behind it.
    pub(crate) fn uses_of(&self, let_: StatementId) -> Option<Vec<ExprId>> {
        use crate::source::syntax::PatternKind;
        let statement = self.syntax().statement(let_)?;
        let StatementKind::Let { pattern, .. } = statement.kind else {
            return None;
        };
        let PatternKind::Name { name, .. } = self.syntax().pattern(pattern) else {
            return None;
        };
        let name = self.name(*name);
        let block = statement.block?;
        let behind = statement.tokens.end;
        let named = self.syntax().within(block).filter(|part| {
            self.syntax().expr(*part).tokens.start >= behind
                && matches!(self.kind(*part), ExprKind::Path(_))
                && self.single(*part).as_deref() == Some(&name)
        });
        let named: Vec<ExprId> = named.collect();
        let uses = named.iter().copied().filter(|part| {
            let binding = self.binding(&name, *part);
            binding.is_some_and(|binding| binding.pattern == pattern)
        });
        let uses: Vec<ExprId> = uses.collect();
        // In what could not be read it may stand besides.
        let end = self.syntax().expr(block).tokens.end;
        let kind = |token: u32| self.file.source.kind(token as usize);
        let is_own = |token: &u32| {
            // A field or a method of the name is none of it.
            let before = token.checked_sub(1).map(kind);
            let is_field = before == Some(TokenKind::Dot)
                || matches!(before, Some(TokenKind::Comma | TokenKind::OpenBrace))
                    && kind(token + 1) == TokenKind::Colon
                    && kind(token + 2) != TokenKind::Colon;
            // A module may have the same name: `ptr::read(ptr)`.
            let is_module = self.is_path_separator(*token + 1)
                || *token > 1 && self.is_path_separator(*token - 2);
            let is_named = kind(*token).is_path_segment() && self.is_name(*token, &name);
            is_named && !is_field && !is_module
        };
        let mentions = (behind..end).filter(is_own).count();
        let patterns = &self.syntax().patterns;
        // Patterns lie in the order in which they end.
        let first = patterns.partition_point(|pattern| pattern.tokens.end <= behind);
        let patterns = patterns.get(first..).unwrap_or_default().iter();
        let patterns = patterns.take_while(|pattern| pattern.tokens.end <= end);
        let bound = patterns.filter(|pattern| {
            behind <= pattern.tokens.start
                && matches!(pattern.kind, PatternKind::Name { name, .. } if is_own(&name))
        });
        (mentions == named.len() + bound.count()).then_some(uses)
    }
}

fn cast(mut spot: Spot, of: Ty) -> Spot {
    // `as *const _` leaves it to what is around.
    spot.pointee = of;
    spot.was_cast = true;
    spot
}

/// How many elements one of what a pointer leads to are.
fn times(spot: &Spot) -> Option<u32> {
    if !spot.is_cast() {
        return Some(1);
    }
    let (of, element) = (spot.pointee.bytes()?, spot.element.bytes()?);
    (of % element == 0).then_some(of / element)
}

/// What is done through a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Something is read.
    Read,
    /// A value is written.
    Write(ExprId),
    /// It is a place, that something is called on or taken of.
    Place,
}

/// An operation through a pointer into a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// Where.
    pub(crate) spot: Spot,
    /// What is done.
    pub(crate) way: Way,
    /// The expression that does it.
    pub(crate) target: ExprId,
    /// The type of what is read or written.
    pub(crate) of: Ty,
}

impl At<'_> {
    /// What an operation does through a pointer into a sequence.
    pub(crate) fn access(&self, operation: ExprId) -> Option<Access> {
        const READS: [&str; 2] = ["read", "read_unaligned"];
        const WRITES: [&str; 2] = ["write", "write_unaligned"];
        let mut stated = Ty::Unknown;
        let (pointer, way, target) = if let ExprKind::Unary {
            operator: Prefix::Deref,
            operand,
        } = self.kind(operation)
        {
            let (way, target) = self.used_place(operation);
            (*operand, way, target)
        } else if let Some((receiver, [])) = self.method_of(operation, &READS) {
            (receiver, Way::Read, operation)
        } else if let Some((receiver, [value])) = self.method_of(operation, &WRITES) {
            (receiver, Way::Write(value), operation)
        } else if let Some(([pointer], call)) = self.call_of(operation, "ptr", &READS) {
            let item = self.function(operation).map(|(item, _)| item);
            let of = call.generics.first();
            stated = of.map_or(Ty::Unknown, |of| self.written_in(*of, item));
            (pointer, Way::Read, operation)
        } else {
            let ([pointer, value], call) = self.call_of(operation, "ptr", &WRITES)?;
            let item = self.function(operation).map(|(item, _)| item);
            let of = call.generics.first();
            stated = of.map_or(Ty::Unknown, |of| self.written_in(*of, item));
            (pointer, Way::Write(value), operation)
        };
        let mut spot = self.spot(pointer)?;
        // Under another name it may be another function elsewhere.
        if let ExprKind::Call { callee, .. } = self.kind(operation) {
            let name = self.standard_call(operation).map(|call| call.name);
            let text = self.plain(self.bare(*callee));
            let last = text
                .split("::<")
                .next()
                .and_then(|path| path.rsplit("::").next());
            spot.is_certain &= last == name.as_deref();
        }
        if !spot.pointee.is_known() && stated.is_known() {
            spot.pointee = stated;
        }
        // Methods of numbers take a copy.
        let is_number = matches!(spot.pointee, Ty::Int(_) | Ty::Float(_));
        let is_called = self
            .around(operation)
            .is_some_and(|around| matches!(self.kind(around), ExprKind::Method { .. }));
        let way = match way {
            Way::Place if is_number && is_called => Way::Read,
            way => way,
        };
        spot.is_certain &= self.is_used_here_only(&spot, operation);
        // Behind what a vector holds there may be room that is written to first.
        if matches!(self.type_of(spot.base).peeled(), Ty::Vec(_)) {
            if self.makes_room(operation) {
                return None;
            }
            spot.is_certain &= way == Way::Read;
        }
        let of = match (&spot.pointee, way) {
            (Ty::Unknown, Way::Read) => self.expected(operation),
            (Ty::Unknown, Way::Write(value)) => self.type_of(value),
            (known, _) => known.clone(),
        };
        Some(Access {
            spot,
            way,
            target,
            of,
        })
    }

    /// Whether the variables on the way are used in one unsafe block: where several are replaced one by
    /// one, a variable is left that nothing uses.
    fn is_used_here_only(&self, spot: &Spot, operation: ExprId) -> bool {
        let mut block = operation;
        while !self.is_unsafe_block(block) {
            match self.syntax().around(block) {
                Some(around) => block = around,
                None => break,
            }
        }
        let is_on_the_way = |used: ExprId| {
            let own = self.syntax().expr(used).tokens;
            spot.through.iter().any(|statement| {
                let tokens = self.statement_tokens(*statement);
                tokens.start <= own.start && own.end <= tokens.end
            })
        };
        spot.through.iter().all(|statement| {
            let uses = self.uses_of(*statement).unwrap_or_default();
            let is_here =
                |used: &ExprId| self.syntax().is_within(*used, block) || is_on_the_way(*used);
            uses.iter().all(is_here)
        })
    }

    /// Whether the function around something speaks of a vector's room.
    fn makes_room(&self, id: ExprId) -> bool {
        const WORDS: [&str; 6] = [
            "set_len",
            "reserve",
            "reserve_exact",
            "with_capacity",
            "capacity",
            "spare_capacity_mut",
        ];
        let Some(item) = self
            .function(id)
            .and_then(|(item, _)| self.syntax().item(item))
        else {
            return true;
        };
        self.mentions_any(item.tokens, &WORDS)
    }

    /// How a place is used, and the expression that uses it.
    fn used_place(&self, place: ExprId) -> (Way, ExprId) {
        let Some(around) = self.around(place) else {
            return (Way::Read, place);
        };
        let is = |id: ExprId| self.bare(id) == place;
        match self.kind(around) {
            ExprKind::Assign {
                operator: None,
                left,
                right,
            } if is(*left) => (Way::Write(*right), around),
            ExprKind::Assign { left, .. } if is(*left) => (Way::Place, place),
            ExprKind::Borrow { .. } | ExprKind::Field { .. } => (Way::Place, place),
            ExprKind::Method { receiver, .. } if is(*receiver) => (Way::Place, place),
            ExprKind::Index { base, .. } if is(*base) => (Way::Place, place),
            _ => (Way::Read, place),
        }
    }

    /// A name of these that some expressions do not mention.
    pub(crate) fn free_name(
        &self,
        names: &[&'static str],
        near: &[ExprId],
    ) -> Option<&'static str> {
        let is_free = |name: &&&str| {
            let mut near = near.iter();
            !near.any(|id| self.mentions(self.syntax().expr(*id).tokens, name))
        };
        names.iter().find(is_free).copied()
    }

    /// The variable that a place is a part of.
    pub(crate) fn root(&self, id: ExprId) -> Option<String> {
        let id = self.bare(id);
        match self.kind(id) {
            ExprKind::Path(_) => self.single(id),
            ExprKind::Field { base, .. } | ExprKind::Index { base, .. } => self.root(*base),
            ExprKind::Unary { operand, .. } | ExprKind::Borrow { operand, .. } => {
                self.root(*operand)
            }
            ExprKind::Method { receiver, .. } => self.root(*receiver),
            _ => None,
        }
    }
}

impl Spot {
    /// The expressions that its place is written with.
    pub(crate) fn parts(&self) -> Vec<ExprId> {
        let steps = self.steps.iter().map(|step| step.expr);
        steps.chain([self.base]).collect()
    }
}
