//! What an arm becomes.

use super::{Binding, Bindings, Expansion, MAX_DEPTH, MAX_TEXT, Stretch, repetition};
use crate::source::lexer::TokenKind;
use crate::source::outline::Source;

struct Writer<'s, 'a> {
    body: &'s Source<'a>,
    arguments: &'s Source<'a>,
    out: Expansion,
}

pub(super) fn transcribe(
    definition: &Source<'_>,
    body: (usize, usize),
    arguments: &Source<'_>,
    bindings: &Bindings,
) -> Option<Expansion> {
    let mut writer = Writer {
        body: definition,
        arguments,
        out: Expansion::default(),
    };
    writer.sequence(body, bindings, MAX_DEPTH)?;
    Some(writer.out)
}

impl Writer<'_, '_> {
    fn sequence(
        &mut self,
        (from, to): (usize, usize),
        bindings: &Bindings,
        depth: usize,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let mut at = from;
        while at < to {
            if self.out.text.len() > MAX_TEXT {
                return None;
            }
            let next = self.body.kind(at + 1);
            if let Some(found) = repetition(self.body, at) {
                self.turns(found.inside, found.separator, bindings, depth)?;
                at = found.next;
                continue;
            }
            let is_variable =
                self.body.kind(at) == TokenKind::Dollar && (next.is_ident() || next.is_keyword());
            if is_variable {
                match bindings.get(&self.body.name(at + 1)) {
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
        bindings: &Bindings,
        depth: usize,
    ) -> Option<()> {
        let names: Vec<String> = (inside.0..inside.1)
            .filter(|at| self.body.kind(*at) == TokenKind::Dollar)
            .map(|at| self.body.name(at + 1))
            .collect();
        let repeated = names.iter().filter_map(|name| match bindings.get(name) {
            Some(Binding::Turns(turns)) => Some(turns.len()),
            _ => None,
        });
        // A repetition that no metavariable counts belongs to a definition in the expansion.
        let Some(count) = repeated.max() else {
            for at in inside.0.saturating_sub(2)..separator.1 + 1 {
                self.token(at);
            }
            return Some(());
        };
        for turn in 0..count {
            if turn > 0 {
                for at in separator.0..separator.1 {
                    self.token(at);
                }
            }
            let mut inner = bindings.clone();
            for name in &names {
                if let Some(Binding::Turns(turns)) = bindings.get(name) {
                    inner.insert(name.clone(), turns.get(turn)?.clone());
                }
            }
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
