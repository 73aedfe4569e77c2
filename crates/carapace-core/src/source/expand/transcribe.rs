//! What an arm becomes.

use super::{Binding, Bindings, Expansion, MAX_DEPTH, MAX_TEXT, Stretch, repetition};
use crate::source::lexer::TokenKind;
use crate::source::outline::Source;

/// How many tokens of the definition may be gone through.
const MAX_STEPS: usize = 16 * MAX_TEXT;

/// What metavariables stand for in one turn, in the order of their names.
type Scope<'a, 'b> = Vec<(&'a [u8], &'b Binding)>;

fn find<'b>(scope: &[(&[u8], &'b Binding)], name: &[u8]) -> Option<&'b Binding> {
    let at = scope.binary_search_by_key(&name, |(name, _)| name).ok()?;
    scope.get(at).map(|(_, binding)| *binding)
}

struct Writer<'s, 'a> {
    body: &'s Source<'a>,
    arguments: &'s Source<'a>,
    out: Expansion,
    steps: usize,
}

pub(super) fn transcribe<'a>(
    definition: &Source<'a>,
    body: (usize, usize),
    arguments: &Source<'a>,
    bindings: &Bindings<'_>,
) -> Option<Expansion> {
    let mut writer = Writer {
        body: definition,
        arguments,
        out: Expansion::default(),
        steps: MAX_STEPS,
    };
    let bindings = bindings.iter();
    let mut scope: Scope<'_, '_> = bindings.map(|(name, binding)| (*name, binding)).collect();
    scope.sort_by_key(|(name, _)| *name);
    scope.dedup_by_key(|(name, _)| *name);
    writer.sequence(body, &scope, MAX_DEPTH)?;
    Some(writer.out)
}

impl<'a> Writer<'_, 'a> {
    /// The name of the metavariable behind a `$`.
    fn name(&self, dollar: usize) -> &'a [u8] {
        self.body.name_bytes(dollar + 1)
    }

    fn sequence(
        &mut self,
        (from, to): (usize, usize),
        scope: &[(&[u8], &Binding)],
        depth: usize,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let mut at = from;
        while at < to {
            self.steps = self.steps.checked_sub(1)?;
            if self.out.text.len() > MAX_TEXT {
                return None;
            }
            let next = self.body.kind(at + 1);
            if let Some(found) = repetition(self.body, at) {
                self.turns(found.inside, found.separator, scope, depth)?;
                at = found.next;
                continue;
            }
            let is_variable =
                self.body.kind(at) == TokenKind::Dollar && (next.is_ident() || next.is_keyword());
            if is_variable {
                match find(scope, self.name(at)) {
                    Some(Binding::Tokens(start, end)) => self.argument(*start, *end),
                    Some(Binding::Turns(_)) => return None,
                    // `$crate`, and the metavariables of a definition in the expansion.
                    None if next == TokenKind::Crate => self.token(at + 1),
                    None => {
                        self.token(at);
                        self.token(at + 1);
                    }
                }
                at += 2;
                continue;
            }
            self.token(at);
            at += 1;
        }
        Some(())
    }

    fn turns(
        &mut self,
        inside: (usize, usize),
        separator: (usize, usize),
        scope: &[(&[u8], &Binding)],
        depth: usize,
    ) -> Option<()> {
        self.steps = self.steps.checked_sub(inside.1 - inside.0)?;
        let names = (inside.0..inside.1)
            .filter(|at| self.body.kind(*at) == TokenKind::Dollar)
            .map(|at| self.name(at));
        // What is used in the turns, and nothing else: that is written, each time.
        let mut used: Scope<'_, '_> = names
            .filter_map(|name| Some((name, find(scope, name)?)))
            .collect();
        used.sort_by_key(|(name, _)| *name);
        used.dedup_by_key(|(name, _)| *name);
        let repeated = used.iter().filter_map(|(_, binding)| match binding {
            Binding::Turns(turns) => Some(turns.len()),
            Binding::Tokens(..) => None,
        });
        // A repetition that no metavariable counts belongs to a definition in the expansion.
        let Some(count) = repeated.max() else {
            for at in inside.0.saturating_sub(2)..separator.1 + 1 {
                self.token(at);
            }
            return Some(());
        };
        let mut inner = Scope::with_capacity(used.len());
        for turn in 0..count {
            if turn > 0 {
                for at in separator.0..separator.1 {
                    self.token(at);
                }
            }
            inner.clear();
            for (name, binding) in &used {
                let own = match binding {
                    Binding::Turns(turns) => turns.get(turn)?,
                    binding @ Binding::Tokens(..) => binding,
                };
                inner.push((*name, own));
            }
            self.steps = self.steps.checked_sub(used.len())?;
            self.sequence(inside, &inner, depth)?;
        }
        Some(())
    }

    /// Writes a token of the definition.
    fn token(&mut self, at: usize) {
        let text = self.body.bytes_of(at);
        self.out.text.push_str(&String::from_utf8_lossy(text));
        if !self.body.is_joined(at) || self.body.kind(at + 1) == TokenKind::Dollar {
            self.out.text.push(' ');
        }
    }

    /// Writes tokens of the arguments, comments and all.
    fn argument(&mut self, from: usize, to: usize) {
        if from >= to {
            return;
        }
        let (start, end) = (
            self.arguments.token(from).start,
            self.arguments.token(to - 1).end,
        );
        let text = self.arguments.bytes.get(start as usize..end as usize);
        let text = text.unwrap_or_default();
        let at = u32::try_from(self.out.text.len()).unwrap_or(u32::MAX);
        self.out.stretches.push(Stretch {
            at,
            from: start,
            len: end - start,
        });
        self.out.text.push_str(&String::from_utf8_lossy(text));
        self.out.text.push(' ');
    }
}
