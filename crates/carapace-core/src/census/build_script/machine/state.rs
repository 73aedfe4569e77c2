//! What holds on a way through the script, and what of it is left where ways meet.

use std::collections::BTreeMap;

use crate::census::build_script::syntax::Name;
use crate::census::build_script::value::Value;

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
pub(super) type Ways = Option<(State, Value)>;

pub(super) fn meet(ways: &mut Ways, state: State, value: Value) {
    *ways = Some(match ways.take() {
        None => (state, value),
        Some((other, known)) => (other.join(state), known.join(value)),
    });
}
