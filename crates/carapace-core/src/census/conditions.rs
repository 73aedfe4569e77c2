//! What conditions come to in one build.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::State;
use super::build_script::ScriptCfgs;
use crate::cfg::{CfgExpr, CfgSet, Predicate};
use crate::facts::ConditionKind;
use crate::facts::build_script::BuildScriptFacts;

/// Keys that the compiler alone sets: what it does not set does not hold, whatever a build script
/// prints.
pub(crate) const OF_THE_COMPILER: [&str; 24] = [
    "debug_assertions",
    "doc",
    "doctest",
    "feature",
    "fmt_debug",
    "miri",
    "overflow_checks",
    "panic",
    "proc_macro",
    "relocation_model",
    "sanitize",
    "target_abi",
    "target_arch",
    "target_endian",
    "target_env",
    "target_family",
    "target_feature",
    "target_has_atomic",
    "target_os",
    "target_pointer_width",
    "target_thread_local",
    "target_vendor",
    "unix",
    "windows",
];

/// What is known of one build of one target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// What the compiler sets.
    pub(super) cfg: &'a CfgSet,
    /// The features, sorted.
    pub(super) features: &'a [Arc<str>],
    /// Whether the target is a procedural macro.
    pub(super) proc_macro: bool,
    /// What the package's build script sets, and what it may set at all.
    pub(super) build_script: Option<(&'a ScriptCfgs, &'a BuildScriptFacts)>,
}

impl Known<'_> {
    /// Whether a cfg is set in a build, with or without tests.
    fn holds(&self, predicate: &Predicate, test: bool) -> Option<bool> {
        let name = predicate.name();
        match (name, predicate.value()) {
            ("test", None) => return Some(test),
            ("proc_macro", None) => return Some(self.proc_macro),
            ("feature", Some(value)) => {
                let found = self.features.binary_search_by(|known| (**known).cmp(value));
                // A script may set features that the manifest does not have.
                return if found.is_ok() {
                    Some(true)
                } else {
                    self.of_script(predicate)
                };
            }
            _ => {}
        }
        if self.cfg.contains(predicate) {
            return Some(true);
        }
        if OF_THE_COMPILER.contains(&name) {
            return Some(false);
        }
        self.of_script(predicate)
    }

    /// Whether the package's build script sets a cfg.
    fn of_script(&self, predicate: &Predicate) -> Option<bool> {
        match self.build_script {
            Some((cfgs, facts)) => cfgs.holds(predicate, facts),
            None => Some(false),
        }
    }
}

/// Predicates that were read, by their text; none where it is no predicate.
#[derive(Debug, Default)]
pub(super) struct Predicates {
    read: RefCell<HashMap<String, Option<Arc<CfgExpr>>>>,
}

impl Predicates {
    fn get(&self, text: &str) -> Option<Arc<CfgExpr>> {
        if let Some(known) = self.read.borrow().get(text) {
            return known.clone();
        }
        let read = CfgExpr::parse(text).ok().map(Arc::new);
        self.read.borrow_mut().insert(text.to_owned(), read.clone());
        read
    }

    /// Evaluates them in one build.
    pub(super) fn evaluator<'a>(&'a self, known: &'a Known<'a>) -> Evaluator<'a> {
        Evaluator {
            predicates: self,
            known,
            states: HashMap::new(),
        }
    }
}

/// What predicates come to in one build.
#[derive(Debug)]
pub(super) struct Evaluator<'a> {
    predicates: &'a Predicates,
    known: &'a Known<'a>,
    states: HashMap<String, State>,
}

impl Evaluator<'_> {
    /// As what something stands that has this predicate.
    pub(super) fn state(&mut self, text: &str) -> State {
        if let Some(state) = self.states.get(text) {
            return *state;
        }
        let state = self.evaluate(text);
        self.states.insert(text.to_owned(), state);
        state
    }

    fn evaluate(&self, text: &str) -> State {
        let Some(expression) = self.predicates.get(text) else {
            return State::Unknown;
        };
        match expression.eval(&|predicate| self.known.holds(predicate, false)) {
            Some(true) => State::Active,
            None => State::Unknown,
            Some(false) => match expression.eval(&|predicate| self.known.holds(predicate, true)) {
                Some(false) => State::Inactive,
                _ => State::Test,
            },
        }
    }
}

/// What a condition by itself makes of what stands under it.
pub(super) fn state(kind: &ConditionKind, eval: &mut dyn FnMut(&str) -> State) -> State {
    match kind {
        ConditionKind::Always | ConditionKind::Handed(_) => State::Active,
        ConditionKind::Cfg(text) => eval(text),
        ConditionKind::NotCfg(text) => match text.as_str() {
            "" => State::Unknown,
            text => eval(&format!("not({text})")),
        },
        ConditionKind::Test => State::Test,
        ConditionKind::Definition => State::Macro,
        ConditionKind::Never => State::Inactive,
    }
}
