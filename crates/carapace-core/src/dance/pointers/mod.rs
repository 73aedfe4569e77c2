//! Where pointers lead: which element of which slice, array or vector.
//!
//! Only what the same function says counts: methods of the sequence, arithmetic, casts, and
//! variables that hold such a pointer and nothing else.

mod accesses;
mod steady;

pub(crate) use accesses::{Access, Way};

use super::at::At;
use super::replacement::{Piece, Pieces};
use super::scope::Bound;
use super::types::Ty;
use crate::source::syntax::{Borrow, ExprId, ExprKind, Operator, Prefix, StatementId};

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
        let from = match self.is_first() {
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

    /// The expressions that its place is written with.
    pub(crate) fn parts(&self) -> Vec<ExprId> {
        let steps = self.steps.iter().map(|step| step.expr);
        steps.chain([self.base]).collect()
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
                let item = self.item_of(pointer);
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
        let item = self.item_of(place);
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
        let binding = self.variable(operand)?;
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
        let binding = self.variable(variable)?;
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
        let item = self.item_of(variable);
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
        spot.is_first() && !matches!(self.kind(self.bare(spot.base)), ExprKind::Index { .. })
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

    /// A pointer without what only changes its type.
    pub(crate) fn without_casts(&self, pointer: ExprId) -> ExprId {
        let mut id = self.bare(pointer);
        loop {
            id = match self.kind(id) {
                ExprKind::Cast { operand, .. } => self.bare(*operand),
                _ => match self.method_of(id, &["cast"]) {
                    Some((receiver, [])) => self.bare(receiver),
                    None => return id,
                },
            };
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
