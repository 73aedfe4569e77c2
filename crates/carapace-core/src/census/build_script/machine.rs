//! Follows a build script through, on values that may be unknown.
//!
//! Where it branches on what is not known, both ways are gone and what holds after both is kept. A
//! way that ends in a panic or an error is dropped: the build at hand did not fail. What cannot be
//! followed is taken to do whatever the strings and names in it allow.
//!
//! *Invariants.* Every step takes fuel; without fuel nothing is claimed. Nesting of calls and
//! expressions is bounded.

mod calls;
mod commands;
mod control;
mod expressions;
mod frames;
mod lists;
mod options;
mod patterns;
mod print;
mod standard;
mod state;
mod texts;
mod tools;
mod variables;

use std::collections::BTreeMap;
use std::rc::Rc;

use self::state::{State, Ways, meet};
use super::ScriptEnvironment;
use super::items::Program;
use super::syntax::{Condition, Function, Name};
use super::value::{Place, Value};
use crate::cfg::CfgExpr;
use crate::facts::build_script::BuildScriptFacts;

/// How many steps a script may take: the longest known takes 25 000.
const FUEL: usize = 60_000;
/// How deep calls may nest, and how deep expressions within calls.
const MAX_CALLS: usize = 20;
const MAX_DEPTH: usize = 160;
/// How often a loop may turn.
const MAX_TURNS: usize = 4096;

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
    program: &'a Program,
    environment: &'a ScriptEnvironment<'a>,
    facts: &'a BuildScriptFacts,
    /// The way that is followed; none where it has ended.
    state: Option<State>,
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
                let place = Place::variable(slot);
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
    fn burn(&mut self, amount: usize) -> bool {
        self.fuel = self.fuel.saturating_sub(amount);
        self.fuel > 0
    }

    /// Ends the way: the build fails.
    fn fail(&mut self) -> Value {
        self.state = None;
        Value::Unknown
    }

    /// Ends the process well.
    fn exit(&mut self) -> Value {
        if let Some(mut state) = self.state.take() {
            state.slots.clear();
            meet(&mut self.exits, state, Value::Unknown);
        }
        Value::Unknown
    }

    /// The module or type that the code is in.
    fn current_owner(&self) -> Name {
        let frame = self.frames.last();
        frame.map_or_else(|| "crate".into(), |frame| frame.owner.clone())
    }

    // Ways.

    /// Goes one way, the other, or both.
    fn either(
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
    fn perhaps(&mut self, what: &mut dyn FnMut(&mut Self)) {
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

    // Conditions of the script itself.

    /// Whether an attribute's condition holds where the script is compiled.
    fn holds(&self, condition: &Condition) -> Option<bool> {
        match condition {
            Condition::Cfg(text) => self.cfg(text),
            Condition::RustVersion(text) => self.rust_version(text),
        }
    }

    fn cfg(&self, text: &str) -> Option<bool> {
        let expression = CfgExpr::parse(text).ok()?;
        expression.eval(&|predicate| self.environment.of_script(predicate))
    }
}
