//! Where ways part and meet: conditions, branches, blocks and loops, and what leaves them.

use super::state::{Ways, meet};
use super::{Loop, MAX_TURNS, Machine};
use crate::census::build_script::syntax::{Arm, Expr, Name, Pattern, Statement};
use crate::census::build_script::value::Value;

impl Machine<'_> {
    // What leaves a function or a loop.

    pub(super) fn return_with(&mut self, value: Value) -> Value {
        let slots = self.state.as_ref().map_or(0, |state| state.slots.len());
        self.burn(slots / 4);
        if let (Some(mut state), Some(frame)) = (self.state.take(), self.frames.last_mut()) {
            state.slots.truncate(frame.slots);
            meet(&mut frame.returns, state, value);
        }
        Value::Unknown
    }

    /// `break` with a value, and `continue` without.
    pub(super) fn leave(&mut self, label: Option<&str>, value: Option<Value>) -> Value {
        let (Some(mut state), Some(frame)) = (self.state.take(), self.frames.last_mut()) else {
            return Value::Unknown;
        };
        let mut loops = frame.loops.iter_mut().rev();
        let found = match label {
            None => loops.find(|one| !one.is_block),
            Some(label) => loops.find(|one| one.label.as_deref() == Some(label)),
        };
        if let Some(found) = found {
            state.slots.truncate(found.slots);
            match value {
                Some(value) => meet(&mut found.breaks, state, value),
                None => meet(&mut found.continues, state, Value::Unknown),
            }
        } else {
            // No such loop: what follows is not known.
            self.give_up("no such loop");
        }
        Value::Unknown
    }

    /// What `?` makes of a value.
    pub(super) fn question(&mut self, value: Value) -> Value {
        if let Some(inner) = value.success() {
            return inner.clone();
        }
        if value.is_failure() {
            return self.return_with(value);
        }
        self.either(None, &mut |_| Value::Unknown, &mut |m| {
            m.return_with(Value::Unknown)
        })
    }

    // Conditions, and what depends on them.

    /// Evaluates a condition: what its `let`s bind is bound from here on where it holds.
    fn condition(&mut self, condition: &Expr) -> Option<bool> {
        match condition {
            Expr::Let(pattern, value) => {
                let value = self.eval(value);
                self.bind_all(pattern, value)
            }
            Expr::All(parts) => {
                let mut all = Some(true);
                for part in parts {
                    let found = if all.is_some() {
                        self.condition(part)
                    } else {
                        self.later_condition(part)
                    };
                    match found {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => all = None,
                    }
                }
                all
            }
            other => self.value(other).as_bool(),
        }
    }

    /// A condition that is asked for only if an unknown one before it holds.
    fn later_condition(&mut self, condition: &Expr) -> Option<bool> {
        let (pattern, expression) = match condition {
            Expr::Let(pattern, value) => (Some(pattern), &**value),
            other => (None, other),
        };
        let mut value = Value::Unknown;
        self.either(
            None,
            &mut |m| {
                value = m.eval(expression);
                Value::Unknown
            },
            &mut |_| Value::Unknown,
        );
        match pattern {
            Some(pattern) => self.bind_all(pattern, value),
            None => self.resolved(value).as_bool(),
        }
    }

    fn bind_all(&mut self, pattern: &Pattern, value: Value) -> Option<bool> {
        let mut bound = Vec::new();
        let found = self.matches(pattern, value, &mut bound);
        for (name, value) in bound {
            self.bind(name, value);
        }
        found
    }

    pub(super) fn branch(
        &mut self,
        condition: &Expr,
        then: &Expr,
        otherwise: Option<&Expr>,
    ) -> Value {
        let mark = self.mark();
        let holds = self.condition(condition);
        if self.state.is_none() {
            self.release(mark);
            return Value::Unknown;
        }
        let value = self.either(
            holds,
            &mut |m| {
                let value = m.eval(then);
                // Both ways have the same variables where they meet.
                if let Some(state) = &mut m.state {
                    state.slots.truncate(mark.1);
                }
                value
            },
            &mut |m| {
                let bound = m
                    .frames
                    .last_mut()
                    .map(|frame| frame.scope.split_off(mark.0));
                if let Some(state) = &mut m.state {
                    state.slots.truncate(mark.1);
                }
                let value = m.optional(otherwise);
                if let (Some(bound), Some(frame)) = (bound, m.frames.last_mut()) {
                    frame.scope.extend(bound);
                }
                value
            },
        );
        self.release(mark);
        value
    }

    pub(super) fn arms(&mut self, value: &Value, arms: &[Arm]) -> Value {
        let mut ways = None;
        for arm in arms {
            if self.state.is_none() || !self.burn(1) {
                break;
            }
            let enabled = match &arm.condition {
                Some(condition) => self.holds(condition),
                None => Some(true),
            };
            if enabled == Some(false) {
                continue;
            }
            let mark = self.mark();
            let mut bound = Vec::new();
            let found = self.matches(&arm.pattern, value.clone(), &mut bound);
            let found = if found == Some(true) { enabled } else { found };
            if found == Some(false) {
                continue;
            }
            let before = self.state.clone();
            for (name, value) in bound {
                self.bind(name, value);
            }
            let guard = arm
                .guard
                .as_ref()
                .map_or(Some(true), |guard| self.condition(guard));
            let taken = match (found, guard) {
                (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            if taken != Some(false) {
                self.burn(4);
                let result = self.eval(&arm.body);
                self.release(mark);
                if let Some(state) = self.state.take() {
                    meet(&mut ways, state, result);
                }
            }
            self.release(mark);
            if taken == Some(true) {
                return self.arrive(ways);
            }
            if taken.is_none() || self.state.is_none() {
                self.state = before;
            }
        }
        // No arm is certain: one of those that may be.
        self.state = None;
        self.arrive(ways)
    }

    // Blocks.

    pub(super) fn labelled(&mut self, label: Option<Name>, statements: &[Statement]) -> Value {
        let Some(label) = label else {
            return self.block(statements);
        };
        self.enter(Some(label), true);
        let value = self.block(statements);
        let mut ways = self.end_loop().breaks;
        if let Some(state) = self.state.take() {
            meet(&mut ways, state, value);
        }
        self.arrive(ways)
    }

    fn block(&mut self, statements: &[Statement]) -> Value {
        let mark = self.mark();
        let mut last = Value::unit();
        for statement in statements {
            if self.state.is_none() {
                break;
            }
            last = Value::unit();
            match statement {
                Statement::Expr(value, is_value) => {
                    let value = self.eval(value);
                    if *is_value {
                        last = value;
                    }
                }
                Statement::Let(pattern, value, otherwise) => {
                    self.let_statement(pattern, value.as_ref(), otherwise.as_ref());
                }
                Statement::LetIf(condition, pattern, value) => match self.holds(condition) {
                    Some(true) => self.let_statement(pattern, value.as_ref(), None),
                    Some(false) => {}
                    None => self.let_statement(pattern, None, None),
                },
            }
        }
        self.release(mark);
        last
    }

    fn let_statement(&mut self, pattern: &Pattern, value: Option<&Expr>, otherwise: Option<&Expr>) {
        let value = value.map_or(Value::Unknown, |value| self.eval(value));
        if self.state.is_none() {
            return;
        }
        let mut bound = Vec::new();
        let found = self.matches(pattern, value, &mut bound);
        if let Some(otherwise) = otherwise
            && found != Some(true)
        {
            self.either(found, &mut |_| Value::Unknown, &mut |m| {
                m.eval(otherwise);
                m.state = None;
                Value::Unknown
            });
        }
        for (name, value) in bound {
            self.bind(name, value);
        }
    }

    // Loops.

    fn enter(&mut self, label: Option<Name>, is_block: bool) {
        let slots = self.state.as_ref().map_or(0, |state| state.slots.len());
        if let Some(frame) = self.frames.last_mut() {
            frame.loops.push(Loop {
                label,
                is_block,
                slots,
                ..Loop::default()
            });
        }
    }

    fn end_loop(&mut self) -> Loop {
        let frame = self.frames.last_mut();
        frame
            .and_then(|frame| frame.loops.pop())
            .unwrap_or_default()
    }

    /// Goes on with the turns that ended early.
    fn take_continues(&mut self) {
        let Some(found) = self
            .frames
            .last_mut()
            .and_then(|frame| frame.loops.last_mut())
        else {
            return;
        };
        let mut ways = found.continues.take();
        if let Some(state) = self.state.take() {
            meet(&mut ways, state, Value::Unknown);
        }
        self.state = ways.map(|(state, _)| state);
    }

    pub(super) fn for_loop(
        &mut self,
        label: Option<Name>,
        pattern: &Pattern,
        over: &Expr,
        body: &Expr,
    ) -> Value {
        let over = self.eval(over);
        let list = self.resolved(over.clone());
        let list = match (&over, &list) {
            // What is borrowed to be changed.
            (Value::Reference(place), _) if place.mutable => {
                self.write(&place.clone(), Value::Unknown);
                Value::Unknown
            }
            // `for x in option`
            _ if list.is_failure() => Value::list(Vec::new()),
            _ => match list.success() {
                Some(only) => Value::list(vec![only.clone()]),
                None => list,
            },
        };
        self.enter(label, false);
        if let Some(values) = list.as_list() {
            for value in values.iter().take(MAX_TURNS) {
                if self.state.is_none() || !self.burn(1) {
                    break;
                }
                self.turn(pattern, value.clone(), body);
            }
        } else {
            self.perhaps(&mut |m| m.turn(pattern, Value::Unknown, body));
        }
        let mut ways = self.end_loop().breaks;
        if let Some(state) = self.state.take() {
            meet(&mut ways, state, Value::Unknown);
        }
        self.arrive(ways);
        Value::unit()
    }

    fn turn(&mut self, pattern: &Pattern, value: Value, body: &Expr) {
        let mark = self.mark();
        self.bind_all(pattern, value);
        self.eval(body);
        self.release(mark);
        self.take_continues();
    }

    pub(super) fn repeat(
        &mut self,
        label: Option<Name>,
        condition: Option<&Expr>,
        body: &Expr,
    ) -> Value {
        self.enter(label, false);
        let mut turns = 0;
        let mut left: Ways = None;
        while self.state.is_some() && self.burn(1) {
            turns += 1;
            let mark = self.mark();
            let holds = condition.map_or(Some(true), |condition| self.condition(condition));
            if holds == Some(false) {
                self.release(mark);
                if let Some(state) = self.state.take() {
                    meet(&mut left, state, Value::unit());
                }
                break;
            }
            let is_lost = self.frames.last().and_then(|frame| frame.loops.last());
            let is_lost = is_lost.is_some_and(|one| one.breaks.is_some()) || turns > MAX_TURNS;
            if holds.is_none() || is_lost {
                self.release(mark);
                self.perhaps(&mut |m| {
                    let mark = m.mark();
                    if let Some(condition) = condition {
                        m.condition(condition);
                    }
                    m.eval(body);
                    m.release(mark);
                    m.take_continues();
                });
                if let Some(state) = self.state.take() {
                    meet(&mut left, state, Value::Unknown);
                }
                break;
            }
            self.eval(body);
            self.release(mark);
            self.take_continues();
        }
        let mut ways = self.end_loop().breaks;
        if let Some((state, value)) = left {
            meet(&mut ways, state, value);
        }
        self.arrive(ways)
    }
}
