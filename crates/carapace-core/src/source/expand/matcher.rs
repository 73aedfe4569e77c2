//! Whether arguments fit a pattern, and what its metavariables then stand for.

use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::RandomState;

use super::{Binding, Bindings, MAX_DEPTH, Repetition, fragment, repetition};
use crate::source::lexer::TokenKind;
use crate::source::outline::Source;

pub(super) struct Matcher<'s, 'a> {
    pattern: &'s Source<'a>,
    arguments: &'s Source<'a>,
    /// How many comparisons are still made: patterns that repeat what takes nothing do not go on.
    fuel: usize,
    /// The metavariables of repetitions, by their first tokens.
    names: HashMap<usize, Rc<[&'a [u8]]>, RandomState>,
}

impl<'s, 'a> Matcher<'s, 'a> {
    pub(super) fn new(pattern: &'s Source<'a>, arguments: &'s Source<'a>) -> Self {
        let tokens = pattern.lexed.tokens.len() + arguments.lexed.tokens.len();
        Self {
            pattern,
            arguments,
            fuel: 1000 + 64 * tokens,
            names: HashMap::default(),
        }
    }

    /// What the metavariables stand for if all arguments fit.
    pub(super) fn all(&mut self, pattern: (usize, usize), end: usize) -> Option<Bindings<'a>> {
        let mut bindings = Bindings::new();
        let behind = self.sequence(pattern, 0, end, MAX_DEPTH, &mut bindings)?;
        (behind == end).then_some(bindings)
    }

    /// The argument behind those that fit a stretch of the pattern. Where they do not, what was bound
    /// on the way may be left behind.
    fn sequence(
        &mut self,
        (from, to): (usize, usize),
        start: usize,
        end: usize,
        depth: usize,
        bindings: &mut Bindings<'a>,
    ) -> Option<usize> {
        let depth = depth.checked_sub(1)?;
        let (mut at, mut argument) = (from, start);
        while at < to {
            self.fuel = self.fuel.checked_sub(1)?;
            let kind = self.pattern.kind(at);
            if let Some(found) = repetition(self.pattern, at) {
                argument = self.turns(&found, argument, end, depth, bindings)?;
                at = found.next;
            } else if kind == TokenKind::Dollar && self.is_variable(at) {
                let name = self.pattern.name_bytes(at + 1);
                let fragment = std::str::from_utf8(self.pattern.bytes_of(at + 3)).ok()?;
                let behind = fragment::end(self.arguments, fragment, argument, end)?;
                bindings.push((name, Binding::Tokens(argument, behind)));
                argument = behind;
                at += 4;
            } else if kind.is_open() {
                if argument >= end || self.arguments.kind(argument) != kind {
                    return None;
                }
                let inside = (at + 1, self.pattern.groups.end(at));
                let close = self.arguments.groups.end(argument);
                let behind = self.sequence(inside, argument + 1, close, depth, bindings)?;
                if behind != close {
                    return None;
                }
                argument = self.arguments.groups.after(argument);
                at = self.pattern.groups.after(at);
            } else {
                if argument >= end || !self.is_same(at, argument) {
                    return None;
                }
                at += 1;
                argument += 1;
            }
        }
        Some(argument)
    }

    /// `$name:fragment`
    fn is_variable(&self, at: usize) -> bool {
        let name = self.pattern.kind(at + 1);
        (name.is_ident() || name.is_keyword()) && self.pattern.kind(at + 2) == TokenKind::Colon
    }

    fn is_same(&self, pattern: usize, argument: usize) -> bool {
        self.pattern.bytes_of(pattern) == self.arguments.bytes_of(argument)
    }

    fn turns(
        &mut self,
        found: &Repetition,
        start: usize,
        end: usize,
        depth: usize,
        bindings: &mut Bindings<'a>,
    ) -> Option<usize> {
        let names = self.names(found.inside);
        // Each turn binds them all, and in their order.
        let mut columns: Vec<Vec<Binding>> = Vec::new();
        let mut argument = start;
        let mut count = 0_usize;
        let (separator, behind) = found.separator;
        let own = bindings.len();
        loop {
            let mut at = argument;
            if count > 0 {
                let len = behind - separator;
                let fits = (0..len).all(|n| at + n < end && self.is_same(separator + n, at + n));
                if !fits {
                    break;
                }
                at += len;
            }
            let next = self.sequence(found.inside, at, end, depth, bindings);
            // A turn that takes nothing could be taken for ever.
            let Some(next) = next.filter(|next| *next != argument) else {
                bindings.truncate(own);
                break;
            };
            argument = next;
            count += 1;
            columns.resize_with(names.len(), Vec::new);
            for (column, (_, binding)) in columns.iter_mut().zip(bindings.drain(own..)) {
                column.push(binding);
            }
            if found.once {
                break;
            }
        }
        if found.some && count == 0 {
            return None;
        }
        self.fuel = self.fuel.checked_sub(names.len())?;
        columns.resize_with(names.len(), Vec::new);
        let names = names.iter().copied();
        bindings.extend(names.zip(columns.into_iter().map(Binding::Turns)));
        Some(argument)
    }

    /// The metavariables of a stretch of the pattern, in order.
    fn names(&mut self, (from, to): (usize, usize)) -> Rc<[&'a [u8]]> {
        if let Some(known) = self.names.get(&from) {
            return Rc::clone(known);
        }
        let names = (from..to)
            .filter(|at| self.pattern.kind(*at) == TokenKind::Dollar && self.is_variable(*at))
            .map(|at| self.pattern.name_bytes(at + 1));
        let names: Rc<[&'a [u8]]> = names.collect();
        self.names.insert(from, Rc::clone(&names));
        names
    }
}
