//! Follows a build script through, on values that may be unknown.
//!
//! Where it branches on what is not known, both ways are gone and what holds after both is kept. A
//! way that ends in a panic or an error is dropped: the build at hand did not fail. What cannot be
//! followed is taken to do whatever the strings and names in it allow.
//!
//! *Invariants.* Every step takes fuel; without fuel nothing is claimed. Nesting of calls and
//! expressions is bounded.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::ScriptEnvironment;
use super::items::Program;
use super::syntax::{
    Arm, Condition, Constant, Expr, Function, Name, Opaque, Operator, Pattern, Statement,
};
use super::value::{Capture, Command, Place, Step, Value};
use crate::cfg::CfgExpr;
use crate::facts::build_script::BuildScriptFacts;

/// How many steps a script may take: the longest known takes 25 000.
const FUEL: usize = 60_000;
/// How deep calls may nest, and how deep expressions within calls.
const MAX_CALLS: usize = 20;
const MAX_DEPTH: usize = 160;
/// How often a loop may turn.
const MAX_TURNS: usize = 4096;

/// What a way through the script has done.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// The values of all variables that there are.
    pub(super) slots: Vec<Value>,
    /// What was printed behind `rustc-cfg=`, and whether on all ways.
    pub(super) printed: BTreeMap<Name, bool>,
    /// The files that were written.
    pub(super) files: BTreeMap<Name, Value>,
    /// What was written to the last process that was started.
    pub(super) input: Option<Value>,
}

impl State {
    /// What holds of two ways that meet.
    fn join(mut self, other: Self) -> Self {
        let length = self.slots.len().min(other.slots.len());
        self.slots.truncate(length);
        for (slot, other) in self.slots.iter_mut().zip(other.slots) {
            if !slot.is_same(&other) {
                *slot = std::mem::replace(slot, Value::Unknown).join(other);
            }
        }
        for (name, sure) in &mut self.printed {
            *sure &= other.printed.get(name).copied().unwrap_or(false);
        }
        for name in other.printed.into_keys() {
            self.printed.entry(name).or_insert(false);
        }
        for (path, text) in other.files {
            let slot = self.files.entry(path).or_insert(Value::Unknown);
            *slot = std::mem::replace(slot, Value::Unknown).join(text);
        }
        self.input = match (self.input, other.input) {
            (Some(a), Some(b)) => Some(a.join(b)),
            (None, None) => None,
            _ => Some(Value::Unknown),
        };
        self
    }
}

/// Ways that meet somewhere, and the value with which.
type Ways = Option<(State, Value)>;

fn meet(ways: &mut Ways, state: State, value: Value) {
    *ways = Some(match ways.take() {
        None => (state, value),
        Some((other, known)) => (other.join(state), known.join(value)),
    });
}

#[derive(Debug, Default)]
struct Loop {
    label: Option<Name>,
    /// Whether it is a block, which can only be left by its label.
    is_block: bool,
    slots: usize,
    breaks: Ways,
    continues: Ways,
}

#[derive(Debug)]
struct Frame {
    id: u64,
    /// The module or type that the code is in.
    owner: Name,
    scope: Vec<(Name, usize)>,
    slots: usize,
    /// The function that was called; none of a closure.
    function: Option<Rc<Function>>,
    returns: Ways,
    loops: Vec<Loop>,
}

pub(super) struct Machine<'a> {
    pub(super) program: &'a Program,
    pub(super) environment: &'a ScriptEnvironment<'a>,
    pub(super) facts: &'a BuildScriptFacts,
    /// The way that is followed; none where it has ended.
    pub(super) state: Option<State>,
    frames: Vec<Frame>,
    next_frame: u64,
    fuel: usize,
    depth: usize,
    /// The ways that ended the process well.
    exits: Ways,
    /// What names begin with that may be set.
    pub(super) prefixes: Vec<Name>,
    /// Whether anything that the script's strings allow may be set.
    pub(super) any: bool,
    /// Why, where that is so for the first time.
    pub(super) reason: Option<&'static str>,
    /// Whether code of another package was called, of which it is not known what it does.
    pub(super) helpers: bool,
}

impl<'a> Machine<'a> {
    pub(super) fn new(
        program: &'a Program,
        facts: &'a BuildScriptFacts,
        environment: &'a ScriptEnvironment<'a>,
    ) -> Self {
        Self {
            program,
            environment,
            facts,
            // Those that all functions see come first.
            state: Some(State {
                slots: vec![Value::Unknown; program.statics.len()],
                ..State::default()
            }),
            frames: vec![Frame {
                id: 0,
                owner: "crate".into(),
                scope: Vec::new(),
                slots: 0,
                function: None,
                returns: None,
                loops: Vec::new(),
            }],
            next_frame: 1,
            fuel: FUEL,
            depth: 0,
            exits: None,
            prefixes: Vec::new(),
            any: program.is_partial,
            reason: program.is_partial.then_some("a part of it is not at hand"),
            helpers: false,
        }
    }

    /// Runs `main`: what was printed, and whether on all ways that end well. None if no way does.
    pub(super) fn main(&mut self) -> Option<BTreeMap<Name, bool>> {
        let all = self.program.functions.get("main")?;
        let main = all.iter().find(|f| &*f.owner == "crate")?.clone();
        for (slot, (name, constant)) in self.program.statics.iter().enumerate() {
            let value = self.eval_apart(constant);
            let mut all = self.program.statics.iter();
            // Which of two is meant is not known.
            if all.position(|(known, _)| known == name) == Some(slot)
                && !all.any(|(known, _)| known == name)
            {
                let place = Place {
                    slot,
                    steps: Rc::new([]),
                    mutable: true,
                };
                self.write(&place, value);
            }
        }
        let value = self.function(&main, None, Vec::new());
        let mut ways = self.exits.take();
        if let Some(state) = self.state.take()
            && !value.is_failure()
        {
            meet(&mut ways, state, Value::Unknown);
        }
        if self.fuel == 0 {
            self.give_up("no fuel");
        }
        ways.map(|(state, _)| state.printed)
    }

    /// Claims nothing any more of what the script's strings allow.
    pub(super) fn give_up(&mut self, why: &'static str) {
        self.any = true;
        self.reason.get_or_insert(why);
    }

    /// Gives up, and forgets all that was known: code was passed over that may change it.
    fn lose(&mut self, why: &'static str) -> Value {
        self.give_up(why);
        if let Some(state) = &mut self.state {
            state.slots.fill(Value::Unknown);
            state
                .files
                .values_mut()
                .for_each(|text| *text = Value::Unknown);
        }
        Value::Unknown
    }

    /// Takes fuel; whether there is any.
    pub(super) fn burn(&mut self, amount: usize) -> bool {
        self.fuel = self.fuel.saturating_sub(amount);
        self.fuel > 0
    }

    /// Ends the way: the build fails.
    pub(super) fn fail(&mut self) -> Value {
        self.state = None;
        Value::Unknown
    }

    /// Ends the process well.
    pub(super) fn exit(&mut self) -> Value {
        if let Some(mut state) = self.state.take() {
            state.slots.clear();
            meet(&mut self.exits, state, Value::Unknown);
        }
        Value::Unknown
    }

    /// The module or type that the code is in.
    pub(super) fn current_owner(&self) -> Name {
        let frame = self.frames.last();
        frame.map_or_else(|| "crate".into(), |frame| frame.owner.clone())
    }

    // Variables.

    fn mark(&self) -> (usize, usize) {
        let scope = self.frames.last().map_or(0, |frame| frame.scope.len());
        (
            scope,
            self.state.as_ref().map_or(0, |state| state.slots.len()),
        )
    }

    fn release(&mut self, (scope, slots): (usize, usize)) {
        if let Some(frame) = self.frames.last_mut() {
            frame.scope.truncate(scope);
        }
        if let Some(state) = &mut self.state {
            state.slots.truncate(slots);
        }
    }

    pub(super) fn bind(&mut self, name: Name, value: Value) {
        let (Some(state), Some(frame)) = (&mut self.state, self.frames.last_mut()) else {
            return;
        };
        frame.scope.push((name, state.slots.len()));
        state.slots.push(value);
    }

    fn variable(&self, name: &str) -> Option<usize> {
        let scope = &self.frames.last()?.scope;
        let found = scope.iter().rev().find(|(known, _)| &**known == name);
        let is_static = |(known, _): &(Name, Rc<Constant>)| &**known == name;
        found
            .map(|(_, slot)| *slot)
            .or_else(|| self.program.statics.iter().position(is_static))
    }

    pub(super) fn read(&self, place: &Place) -> Value {
        let state = self.state.as_ref();
        let value = state.and_then(|state| state.slots.get(place.slot));
        value.map_or(Value::Unknown, |value| value.at(&place.steps))
    }

    pub(super) fn write(&mut self, place: &Place, value: Value) {
        self.burn(4);
        if let Some(state) = &mut self.state
            && let Some(slot) = state.slots.get_mut(place.slot)
        {
            *slot = slot.with(&place.steps, value);
        }
    }

    /// What a value refers to.
    pub(super) fn resolved(&self, value: Value) -> Value {
        let mut value = value;
        for _ in 0..8 {
            match value {
                Value::Reference(place) => value = self.read(&place),
                value => return value,
            }
        }
        Value::Unknown
    }

    /// The place that an expression names, if it is one.
    pub(super) fn place(&mut self, expression: &Expr) -> Option<Place> {
        let place = match expression {
            Expr::Path(path, _) => {
                let [name] = path.as_slice() else { return None };
                Place {
                    slot: self.variable(name)?,
                    steps: Rc::new([]),
                    mutable: true,
                }
            }
            Expr::Field(inner, name) => {
                let place = self.place(inner)?;
                if matches!(self.read(&place), Value::Command(_)) {
                    return None;
                }
                let step = match name.parse() {
                    Ok(index) => Step::Index(index),
                    Err(_) => Step::Field(name.clone()),
                };
                longer(&place, step)?
            }
            Expr::Index(inner, index) => {
                let place = self.place(inner)?;
                let index = self.eval(index);
                let index = self.resolved(index).as_int();
                match index.and_then(|index| usize::try_from(index).ok()) {
                    Some(index) => longer(&place, Step::Index(index))?,
                    None => {
                        // Whichever it is, it may be changed through this.
                        self.write(&place, Value::Unknown);
                        return None;
                    }
                }
            }
            Expr::Deref(inner) | Expr::Reference(_, inner) => self.place(inner)?,
            _ => return None,
        };
        // Through what is borrowed to where it is.
        let mut place = place;
        for _ in 0..8 {
            match self.read(&place) {
                Value::Reference(inner) => place = inner,
                _ => return Some(place),
            }
        }
        None
    }

    // Ways.

    /// Goes one way, the other, or both.
    pub(super) fn either(
        &mut self,
        condition: Option<bool>,
        yes: &mut dyn FnMut(&mut Self) -> Value,
        no: &mut dyn FnMut(&mut Self) -> Value,
    ) -> Value {
        match condition {
            Some(true) => yes(self),
            Some(false) => no(self),
            None => {
                let Some(before) = self.state.clone() else {
                    return Value::Unknown;
                };
                self.burn(4 + before.slots.len() / 4);
                let mut ways = None;
                let value = yes(self);
                if let Some(state) = self.state.take() {
                    meet(&mut ways, state, value);
                }
                self.state = Some(before);
                let value = no(self);
                if let Some(state) = self.state.take() {
                    meet(&mut ways, state, value);
                }
                self.arrive(ways)
            }
        }
    }

    fn arrive(&mut self, ways: Ways) -> Value {
        match ways {
            Some((state, value)) => {
                self.state = Some(state);
                value
            }
            None => self.fail(),
        }
    }

    /// Does something of which it is not known whether it is done, nor how often.
    pub(super) fn perhaps(&mut self, what: &mut dyn FnMut(&mut Self)) {
        let Some(before) = self.state.clone() else {
            return;
        };
        self.burn(4 + before.slots.len() / 4);
        // What it changes at all is unknown at its beginning.
        what(self);
        let mut widened = before;
        if let Some(after) = self.state.take() {
            for (slot, after) in widened.slots.iter_mut().zip(&after.slots) {
                if !slot.is_same(after) {
                    *slot = Value::Unknown;
                }
            }
        }
        self.state = Some(widened.clone());
        what(self);
        let mut ways = Some((widened, Value::Unknown));
        if let Some(state) = self.state.take() {
            meet(&mut ways, state, Value::Unknown);
        }
        self.arrive(ways);
    }

    // Expressions.

    pub(super) fn eval(&mut self, expression: &Expr) -> Value {
        if self.state.is_none() || !self.burn(1) {
            return Value::Unknown;
        }
        if self.depth >= MAX_DEPTH {
            return self.lose("too deep");
        }
        self.depth += 1;
        let value = self.eval_within(expression);
        self.depth -= 1;
        value
    }

    /// The value that an expression refers to.
    pub(super) fn value(&mut self, expression: &Expr) -> Value {
        let value = self.eval(expression);
        self.resolved(value)
    }

    fn values(&mut self, all: &[Expr]) -> Vec<Value> {
        all.iter().map(|one| self.eval(one)).collect()
    }

    fn eval_within(&mut self, expression: &Expr) -> Value {
        match expression {
            Expr::Bool(value) => Value::Bool(*value),
            Expr::Int(value) => Value::Int(*value),
            Expr::Char(value) => Value::Char(*value),
            Expr::Str(text) => Value::Text(text.clone()),
            Expr::Path(path, _) => self.path(path),
            Expr::Call(callee, arguments) => self.call(callee, arguments),
            Expr::Method(receiver, name, generics, arguments) => {
                self.method(receiver, name, generics.as_deref(), arguments)
            }
            Expr::Field(inner, name) => self.field(inner, name),
            Expr::Index(inner, index) => self.index(inner, index),
            Expr::Not(inner) => match self.value(inner) {
                Value::Bool(value) => Value::Bool(!value),
                _ => Value::Unknown,
            },
            Expr::Negative(inner) => match self.value(inner) {
                Value::Int(value) => value.checked_neg().map_or(Value::Unknown, Value::Int),
                _ => Value::Unknown,
            },
            Expr::Deref(inner) => self.value(inner),
            Expr::Reference(mutable, inner) => self.reference(*mutable, inner),
            Expr::All(parts) => self.junction(parts, false),
            Expr::Any(parts) => self.junction(parts, true),
            Expr::Binary(operator, left, right) => {
                let left = self.value(left);
                let right = self.value(right);
                self.binary(*operator, &left, &right)
            }
            Expr::Assign(operator, left, right) => self.assign(*operator, left, right),
            Expr::Range(from, to, inclusive) => {
                self.range(from.as_deref(), to.as_deref(), *inclusive)
            }
            Expr::If(condition, then, otherwise) => {
                self.branch(condition, then, otherwise.as_deref())
            }
            Expr::Let(pattern, value) => {
                // Outside of a condition's list: what it binds is not seen.
                let value = self.eval(value);
                Value::maybe(self.matches(pattern, value, &mut Vec::new()))
            }
            Expr::Match(value, arms) => {
                let value = self.eval(value);
                self.arms(&value, arms)
            }
            Expr::Loop(label, condition, body) => {
                self.repeat(label.clone(), condition.as_deref(), body)
            }
            Expr::For(label, pattern, over, body) => {
                self.for_loop(label.clone(), pattern, over, body)
            }
            Expr::Block(label, statements) => self.labelled(label.clone(), statements),
            Expr::Return(value) => {
                let value = self.optional(value.as_deref());
                self.return_with(value)
            }
            Expr::Break(label, value) => {
                let value = self.optional(value.as_deref());
                self.leave(label.as_deref(), Some(value))
            }
            Expr::Continue(label) => self.leave(label.as_deref(), None),
            Expr::Tuple(parts) => {
                let parts = self.values(parts);
                Value::tuple(parts)
            }
            Expr::Array(parts) => {
                let parts = self.values(parts);
                self.burn(parts.len());
                Value::list(parts)
            }
            Expr::Repeat(value, count) => {
                let value = self.eval(value);
                let count = self.value(count).as_int();
                match count.and_then(|count| usize::try_from(count).ok()) {
                    Some(count) if count <= 256 => Value::list(vec![value; count]),
                    _ => Value::Unknown,
                }
            }
            Expr::Struct(path, fields, rest) => self.structure(path, fields, rest.as_deref()),
            Expr::Closure(closure) => {
                let frame = self.frames.last();
                Value::Closure(Rc::new(Capture {
                    closure: closure.clone(),
                    scope: frame.map_or_else(Vec::new, |frame| frame.scope.clone()),
                    frame: frame.map_or(0, |frame| frame.id),
                    owner: self.current_owner(),
                }))
            }
            Expr::Try(inner) => {
                let value = self.value(inner);
                self.question(value)
            }
            Expr::Cast(inner, name) => {
                let value = self.value(inner);
                cast(value, name)
            }
            Expr::Format(name, arguments) => self.format_macro(name, arguments),
            Expr::Cfg(text) => Value::maybe(self.cfg(text)),
            Expr::RustVersion(text) => Value::maybe(self.rust_version(text)),
            Expr::Aliases(aliases) => {
                self.aliases(aliases);
                Value::unit()
            }
            Expr::Env(optional, name) => {
                let name = self.value(name);
                let value = match name.as_text() {
                    Some(name) => self.environment.variable(name, self.program),
                    None => None,
                };
                match (value, optional) {
                    (None, _) => Value::Unknown,
                    (Some(None), true) => Value::none(),
                    (Some(None), false) => Value::Unknown,
                    (Some(Some(value)), true) => Value::some(Value::text(value)),
                    (Some(Some(value)), false) => Value::text(value),
                }
            }
            Expr::Concat(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.value(part)).collect();
                self.concatenated(&parts)
            }
            Expr::Conditional(condition, inner) => {
                let holds = self.holds(condition);
                self.either(holds, &mut |m| m.eval(inner), &mut |_| Value::unit())
            }
            Expr::Opaque(opaque) => self.opaque(opaque),
        }
    }

    fn optional(&mut self, value: Option<&Expr>) -> Value {
        value.map_or_else(Value::unit, |value| self.eval(value))
    }

    fn return_with(&mut self, value: Value) -> Value {
        let slots = self.state.as_ref().map_or(0, |state| state.slots.len());
        self.burn(slots / 4);
        if let (Some(mut state), Some(frame)) = (self.state.take(), self.frames.last_mut()) {
            state.slots.truncate(frame.slots);
            meet(&mut frame.returns, state, value);
        }
        Value::Unknown
    }

    /// `break` with a value, and `continue` without.
    fn leave(&mut self, label: Option<&str>, value: Option<Value>) -> Value {
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
    fn question(&mut self, value: Value) -> Value {
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

    fn junction(&mut self, parts: &[Expr], decisive: bool) -> Value {
        let Some((first, rest)) = parts.split_first() else {
            return Value::Bool(!decisive);
        };
        let value = self.value(first).as_bool();
        if rest.is_empty() {
            return Value::maybe(value);
        }
        if value == Some(decisive) {
            return Value::Bool(decisive);
        }
        if value == Some(!decisive) {
            return self.junction_rest(rest, decisive);
        }
        self.either(None, &mut |_| Value::Bool(decisive), &mut |m| {
            m.junction_rest(rest, decisive)
        })
    }

    /// A list of conditions can be long: known ones are not gone into.
    fn junction_rest(&mut self, mut rest: &[Expr], decisive: bool) -> Value {
        while let Some((first, behind)) = rest.split_first() {
            match self.value(first).as_bool() {
                Some(value) if value == decisive => return Value::Bool(decisive),
                Some(_) => rest = behind,
                None => {
                    // One behind may decide all the same.
                    let mut all = None;
                    for part in behind {
                        let mut decided = true;
                        self.perhaps(&mut |m| {
                            decided &= m.value(part).as_bool() == Some(decisive);
                        });
                        if decided {
                            all = Some(decisive);
                        }
                    }
                    return Value::maybe(all);
                }
            }
        }
        Value::Bool(!decisive)
    }

    fn path(&mut self, path: &[Name]) -> Value {
        if let [name] = path
            && let Some(slot) = self.variable(name)
        {
            let value = self.state.as_ref().and_then(|state| state.slots.get(slot));
            return value.cloned().unwrap_or(Value::Unknown);
        }
        self.global(path)
    }

    /// `x.name`
    fn field(&mut self, inner: &Expr, name: &Name) -> Value {
        let value = self.value(inner);
        if let Value::Command(_) = value {
            // A process that was started: `child.stdin`.
            return Value::some(Value::variant("std", name, Vec::new()));
        }
        let step = match name.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Field(name.clone()),
        };
        value.at(&[step])
    }

    fn index(&mut self, inner: &Expr, index: &Expr) -> Value {
        let value = self.value(inner);
        if let Expr::Range(from, to, inclusive) = index {
            let from = from.as_deref().map(|from| self.value(from));
            let to = to.as_deref().map(|to| self.value(to));
            let end = |value: &Value| value.as_int().and_then(|v| usize::try_from(v).ok());
            let from = match &from {
                None => Some(0),
                Some(value) => end(value),
            };
            let to = match &to {
                None => Some(None),
                Some(value) => end(value).map(|to| Some(to + usize::from(*inclusive))),
            };
            let (Some(from), Some(to)) = (from, to) else {
                return Value::Unknown;
            };
            return match &value {
                Value::Text(text) => match text.get(from..to.unwrap_or(text.len())) {
                    Some(part) => Value::text(part),
                    None => self.fail(),
                },
                Value::List(node) => match node.inner.get(from..to.unwrap_or(node.inner.len())) {
                    Some(part) => Value::list(part.to_vec()),
                    None => self.fail(),
                },
                _ => Value::Unknown,
            };
        }
        let index = self.value(index);
        match (&value, index.as_int()) {
            (Value::List(node), Some(index)) => {
                let found = usize::try_from(index)
                    .ok()
                    .and_then(|at| node.inner.get(at));
                match found {
                    Some(value) => value.clone(),
                    None => self.fail(),
                }
            }
            _ => Value::Unknown,
        }
    }

    fn reference(&mut self, mutable: bool, inner: &Expr) -> Value {
        if mutable && let Some(place) = self.place(inner) {
            return Value::Reference(place);
        }
        self.eval(inner)
    }

    pub(super) fn binary(&mut self, operator: Operator, left: &Value, right: &Value) -> Value {
        use Operator as O;
        let order = |of: &str, name: &str| self.variant_place(of, name);
        match operator {
            O::Equal | O::Unequal => {
                let equal = self.equal(left, right);
                Value::maybe(equal.map(|equal| equal == (operator == O::Equal)))
            }
            O::Less | O::LessEqual | O::Greater | O::GreaterEqual => {
                if self.has_own(left, &["PartialOrd", "Ord"]) {
                    return Value::Unknown;
                }
                let found = left.compare(right, &order);
                Value::maybe(found.map(|found| match operator {
                    O::Less => found.is_lt(),
                    O::LessEqual => found.is_le(),
                    O::Greater => found.is_gt(),
                    _ => found.is_ge(),
                }))
            }
            _ => match (left, right) {
                (Value::Int(a), Value::Int(b)) => integer(operator, *a, *b),
                (Value::Bool(a), Value::Bool(b)) => match operator {
                    O::And => Value::Bool(a & b),
                    O::Or => Value::Bool(a | b),
                    O::Xor => Value::Bool(a ^ b),
                    _ => Value::Unknown,
                },
                (Value::Bool(known), Value::Unknown) | (Value::Unknown, Value::Bool(known)) => {
                    match (operator, known) {
                        (O::And, false) => Value::Bool(false),
                        (O::Or, true) => Value::Bool(true),
                        _ => Value::Unknown,
                    }
                }
                (Value::Text(_) | Value::Prefix(_), _) if operator == O::Add => {
                    self.concatenated(&[left.clone(), right.clone()])
                }
                _ => Value::Unknown,
            },
        }
    }

    /// Whether two values are equal by the script's own lights.
    pub(super) fn equal(&self, left: &Value, right: &Value) -> Option<bool> {
        if self.has_own(left, &["PartialEq"]) {
            return None;
        }
        left.equals(right)
    }

    /// Whether a type of the script's own implements one of these traits by itself.
    fn has_own(&self, value: &Value, traits: &[&str]) -> bool {
        let of = match value {
            Value::Variant(node) => &node.inner.of,
            Value::Struct(node) => &node.inner.name,
            _ => return false,
        };
        let mut all = self.program.implementations.iter();
        all.any(|(own, of_trait)| own == of && traits.contains(&&**of_trait))
    }

    pub(super) fn variant_place(&self, of: &str, name: &str) -> Option<usize> {
        if of.is_empty() {
            // `None` before `Some`, `Ok` before `Err`.
            return Some(usize::from(matches!(name, "Some" | "Err")));
        }
        let variants = self.program.types.get(of)?.variants.as_ref()?;
        variants.iter().position(|(known, _)| &**known == name)
    }

    fn assign(&mut self, operator: Option<Operator>, left: &Expr, right: &Expr) -> Value {
        let right = self.eval(right);
        if let Expr::Tuple(parts) = left {
            // `(a, b) = …`
            let right = self.resolved(right);
            for (at, part) in parts.iter().enumerate() {
                let value = right.at(&[Step::Index(at)]);
                if let Some(place) = self.place(part) {
                    self.write(&place, value);
                }
            }
            return Value::unit();
        }
        // A variable that holds a borrow, and is given another.
        let own = match (left, operator) {
            (Expr::Path(path, _), None) => match path.as_slice() {
                [name] => self.variable(name).map(|slot| Place {
                    slot,
                    steps: Rc::new([]),
                    mutable: true,
                }),
                _ => None,
            },
            _ => None,
        };
        let Some(place) = own.or_else(|| self.place(left)) else {
            return Value::unit();
        };
        let value = match operator {
            None => right,
            Some(operator) => {
                let before = self.read(&place);
                let right = self.resolved(right);
                self.binary(operator, &before, &right)
            }
        };
        self.write(&place, value);
        Value::unit()
    }

    fn range(&mut self, from: Option<&Expr>, to: Option<&Expr>, inclusive: bool) -> Value {
        let from = from.map_or(Value::Unknown, |from| self.value(from));
        let to = to.map_or(Value::Unknown, |to| self.value(to));
        let (Value::Int(from), Value::Int(to)) = (&from, &to) else {
            return Value::Unknown;
        };
        let end = to.saturating_add(i128::from(inclusive));
        if end.saturating_sub(*from) > 1024 {
            return Value::Unknown;
        }
        let all: Vec<_> = (*from..end).map(Value::Int).collect();
        self.burn(all.len());
        Value::list(all)
    }

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

    fn branch(&mut self, condition: &Expr, then: &Expr, otherwise: Option<&Expr>) -> Value {
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

    fn arms(&mut self, value: &Value, arms: &[Arm]) -> Value {
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

    fn labelled(&mut self, label: Option<Name>, statements: &[Statement]) -> Value {
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

    fn for_loop(
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
        let mut bound = Vec::new();
        self.matches(pattern, value, &mut bound);
        for (name, value) in bound {
            self.bind(name, value);
        }
        self.eval(body);
        self.release(mark);
        self.take_continues();
    }

    fn repeat(&mut self, label: Option<Name>, condition: Option<&Expr>, body: &Expr) -> Value {
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

    // Calls.

    /// Calls a function of the script.
    pub(super) fn function(
        &mut self,
        function: &Rc<Function>,
        receiver: Option<Value>,
        arguments: Vec<Value>,
    ) -> Value {
        let parameters = function.parameters.iter();
        let mut bound = Vec::new();
        if let Some(receiver) = receiver {
            bound.push((Name::from("self"), receiver));
        }
        let mut arguments = arguments.into_iter();
        for parameter in parameters {
            let value = arguments.next().unwrap_or(Value::Unknown);
            self.matches(parameter, value, &mut bound);
        }
        // Of what nothing is known, every call is the same: it does not get further by itself.
        let is_unknown = bound
            .iter()
            .all(|(_, value)| matches!(value, Value::Unknown));
        let is_this = |frame: &&Frame| {
            let of_frame = frame.function.as_ref();
            of_frame.is_some_and(|known| Rc::ptr_eq(known, function))
        };
        if is_unknown && self.frames.iter().filter(is_this).count() >= 2 {
            return self.lose("a call within itself");
        }
        let owner = function.owner.clone();
        let called = Some(function.clone());
        self.frame(owner, called, Vec::new(), bound, &function.body)
    }

    /// Calls a closure.
    pub(super) fn closure(&mut self, capture: &Rc<Capture>, arguments: Vec<Value>) -> Value {
        if !self.frames.iter().any(|frame| frame.id == capture.frame) {
            // What it sees is gone.
            return self.lose("a closure outlives its call");
        }
        let mut bound = Vec::new();
        let mut arguments = arguments.into_iter();
        for parameter in &capture.closure.parameters {
            let value = arguments.next().unwrap_or(Value::Unknown);
            self.matches(parameter, value, &mut bound);
        }
        let scope = capture.scope.clone();
        self.burn(scope.len() / 4);
        self.frame(
            capture.owner.clone(),
            None,
            scope,
            bound,
            &capture.closure.body,
        )
    }

    fn frame(
        &mut self,
        owner: Name,
        function: Option<Rc<Function>>,
        scope: Vec<(Name, usize)>,
        bound: Vec<(Name, Value)>,
        body: &Expr,
    ) -> Value {
        if self.frames.len() > MAX_CALLS {
            return self.lose("too many calls");
        }
        let slots = self.state.as_ref().map_or(0, |state| state.slots.len());
        self.frames.push(Frame {
            id: self.next_frame,
            owner,
            scope,
            slots,
            function,
            returns: None,
            loops: Vec::new(),
        });
        self.next_frame += 1;
        for (name, value) in bound {
            self.bind(name, value);
        }
        let value = self.eval(body);
        // A place in this call ends with it; what it holds does not.
        let value = match value {
            Value::Reference(place) if place.slot >= slots => self.read(&place),
            value => value,
        };
        if let Some(state) = &mut self.state {
            state.slots.truncate(slots);
        }
        let mut ways = self.frames.pop().and_then(|frame| frame.returns);
        if let Some(state) = self.state.take() {
            meet(&mut ways, state, value);
        }
        self.arrive(ways)
    }

    /// Evaluates a constant, which sees no variables.
    pub(super) fn eval_apart(&mut self, constant: &Constant) -> Value {
        self.frame(
            constant.owner.clone(),
            None,
            Vec::new(),
            Vec::new(),
            &constant.value,
        )
    }

    /// Returns from the function.
    pub(super) fn early(&mut self, value: Value) -> Value {
        self.return_with(value)
    }

    /// Calls what a value is; unknown values do nothing that is known of.
    pub(super) fn apply(&mut self, callee: &Value, arguments: Vec<Value>) -> Value {
        match self.resolved(callee.clone()) {
            Value::Closure(capture) => self.closure(&capture, arguments),
            Value::Function(path) => self.call_path(&path, arguments, None),
            _ => Value::Unknown,
        }
    }

    /// What code that is not understood may do with values that it is handed.
    pub(super) fn handed(&mut self, values: &[Value]) {
        for value in values {
            match value {
                Value::Closure(_) | Value::Function(_) => {
                    let callee = value.clone();
                    self.perhaps(&mut |m| {
                        m.apply(&callee, Vec::new());
                    });
                }
                Value::Reference(place) if place.mutable => {
                    self.write(&place.clone(), Value::Unknown);
                }
                _ => {}
            }
        }
    }

    /// Does whatever code that is not understood may do.
    fn opaque(&mut self, opaque: &Rc<Opaque>) -> Value {
        for text in &opaque.strings {
            if text.contains("rustc-cfg") {
                self.print_perhaps(text);
            }
        }
        for name in &opaque.names {
            if let Some(functions) = self.program.functions.get(name) {
                for function in functions.clone() {
                    let receiver = function.receiver.map(|_| Value::Unknown);
                    self.perhaps(&mut |m| {
                        m.function(&function, receiver.clone(), Vec::new());
                    });
                }
            }
            if let Some(slot) = self.variable(name) {
                let place = Place {
                    slot,
                    steps: Rc::new([]),
                    mutable: true,
                };
                self.write(&place, Value::Unknown);
            }
        }
        Value::Unknown
    }

    // Conditions of the script itself.

    /// Whether an attribute's condition holds where the script is compiled.
    pub(super) fn holds(&self, condition: &Condition) -> Option<bool> {
        match condition {
            Condition::Cfg(text) => self.cfg(text),
            Condition::RustVersion(text) => self.rust_version(text),
        }
    }

    fn cfg(&self, text: &str) -> Option<bool> {
        let expression = CfgExpr::parse(text).ok()?;
        expression.eval(&|predicate| self.environment.of_script(predicate))
    }

    pub(super) fn set_command(&mut self, place: Option<&Place>, command: Command) -> Value {
        let value = Value::Command(Rc::new(command));
        match place {
            Some(place) => {
                self.write(place, value);
                Value::Reference(place.clone())
            }
            None => value,
        }
    }
}

fn longer(place: &Place, step: Step) -> Option<Place> {
    if place.steps.len() >= 8 {
        return None;
    }
    let steps = place.steps.iter().cloned().chain([step]);
    Some(Place {
        slot: place.slot,
        steps: steps.collect(),
        mutable: place.mutable,
    })
}

fn integer(operator: Operator, a: i128, b: i128) -> Value {
    let shift = u32::try_from(b).ok();
    let value = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        Operator::Remainder => a.checked_rem(b),
        Operator::And => Some(a & b),
        Operator::Or => Some(a | b),
        Operator::Xor => Some(a ^ b),
        Operator::Left => shift.and_then(|by| a.checked_shl(by)),
        Operator::Right => shift.and_then(|by| a.checked_shr(by)),
        _ => None,
    };
    value.map_or(Value::Unknown, Value::Int)
}

fn cast(value: Value, name: &str) -> Value {
    let is_integer = name.starts_with(['u', 'i']);
    match value {
        Value::Bool(value) if is_integer => Value::Int(i128::from(value)),
        Value::Char(value) if is_integer => Value::Int(i128::from(u32::from(value))),
        Value::Int(value) if name == "char" => {
            let found = u32::try_from(value).ok().and_then(char::from_u32);
            found.map_or(Value::Unknown, Value::Char)
        }
        Value::Int(value) if is_integer => {
            let bits = match name {
                "u8" | "i8" => 8,
                "u16" | "i16" => 16,
                "u32" | "i32" => 31,
                _ => 63,
            };
            if value >= 0 && value < 1_i128 << bits {
                Value::Int(value)
            } else {
                Value::Unknown
            }
        }
        // Pointers, and types that only look like them.
        value if !is_integer && !name.starts_with('f') => value,
        _ => Value::Unknown,
    }
}
