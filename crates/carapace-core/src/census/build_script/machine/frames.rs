//! Calls of the script's own functions and closures: each in a frame of its own.

use std::rc::Rc;

use super::state::meet;
use super::{Frame, MAX_CALLS, Machine};
use crate::census::build_script::syntax::{Constant, Expr, Function, Name};
use crate::census::build_script::value::{Capture, Value};

impl Machine<'_> {
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
    fn closure(&mut self, capture: &Rc<Capture>, arguments: Vec<Value>) -> Value {
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
}
