//! Variables, and the places in them.

use std::rc::Rc;

use super::Machine;
use crate::census::build_script::syntax::{Constant, Expr, Name};
use crate::census::build_script::value::{Place, Step, Value};

impl Machine<'_> {
    pub(super) fn mark(&self) -> (usize, usize) {
        let scope = self.frames.last().map_or(0, |frame| frame.scope.len());
        (
            scope,
            self.state.as_ref().map_or(0, |state| state.slots.len()),
        )
    }

    pub(super) fn release(&mut self, (scope, slots): (usize, usize)) {
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

    pub(super) fn variable(&self, name: &str) -> Option<usize> {
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
                Place::variable(self.variable(name)?)
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
