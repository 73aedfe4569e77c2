//! Whether a variable that holds a pointer still leads to the same, and where it is used.

use super::super::at::At;
use super::super::types::Ty;
use super::Spot;
use crate::source::lexer::TokenKind;
use crate::source::syntax::{Borrow, ExprId, ExprKind, PatternKind, StatementId, StatementKind};

impl At<'_> {
    /// Whether what a variable's value was made of is the same where the variable is used.
    pub(super) fn is_steady(
        &self,
        spot: &Spot,
        let_: StatementId,
        value: ExprId,
        used: ExprId,
    ) -> bool {
        let Some((_, function)) = self.function(used) else {
            return false;
        };
        let Some(body) = function.body else {
            return false;
        };
        let from = self.statement_tokens(let_).end;
        let to = self.syntax().expr(used).tokens.start;
        let is_in_closure = self.syntax().within(body).any(|part| {
            matches!(self.kind(part), ExprKind::Closure { .. })
                && self.syntax().is_within(used, part)
                && !self.syntax().is_within(value, part)
        });
        if is_in_closure {
            return false;
        }
        let steps = spot.steps.iter().map(|step| (step.expr, false));
        let parts = steps.chain([(spot.base, true)]);
        let mut parts: Vec<(ExprId, bool)> = parts.collect();
        let mut names: Vec<(String, bool)> = Vec::new();
        let mut is_simple = true;
        while let Some((part, is_base)) = parts.pop() {
            for inner in self.syntax().within(part) {
                match self.kind(inner) {
                    ExprKind::Path(_) => {
                        if let Some(name) = self.single(inner)
                            && let Some(binding) = self.binding(name, inner)
                        {
                            let now = self.binding(name, used);
                            if now.map(|now| now.pattern) != Some(binding.pattern) {
                                return false;
                            }
                            names.push((name.to_owned(), is_base));
                        }
                    }
                    ExprKind::Field { .. } | ExprKind::Index { .. } | ExprKind::Method { .. }
                        if !is_base =>
                    {
                        is_simple = false;
                    }
                    _ => {}
                }
            }
        }
        let root = self.root(spot.base);
        if root.is_none_or(|root| self.is_borrowed(body, root, from, used)) {
            return false;
        }
        let touched = |name: &str, is_base: bool| self.is_touched(body, name, from, to, is_base);
        if names.iter().any(|(name, is_base)| touched(name, *is_base)) {
            return false;
        }
        is_simple && self.is_pure(spot.base) || self.is_quiet(body, from, to, used)
    }

    /// Whether something that is there where a pointer is used may borrow what it was made of: the
    /// pointer goes by that, its slice would not.
    fn is_borrowed(&self, body: ExprId, root: &str, from: u32, used: ExprId) -> bool {
        let to = self.syntax().expr(used).tokens.start;
        let holds = |id: ExprId| self.mentions(self.syntax().expr(id).tokens, root);
        let is_plain = |id: ExprId| {
            let of = self.type_of(id);
            of.is_scalar() || matches!(of, Ty::Pointer { .. })
        };
        let statements = &self.syntax().statements;
        // Statements lie in the order in which they end, and none ends before it begins.
        let first = statements.partition_point(|statement| statement.tokens.end <= from);
        let last = self.syntax().expr(body).tokens.end;
        let statements = statements.get(first..).unwrap_or_default().iter();
        let mut statements = statements.take_while(|statement| statement.tokens.end <= last);
        let is_bound = statements.any(|statement| {
            from <= statement.tokens.start
                && statement.tokens.start < to
                && matches!(statement.kind, StatementKind::Let { value: Some(value), .. }
                    if holds(value) && !is_plain(value))
        });
        let is_around = self.syntax().within(body).any(|part| {
            let header = match self.kind(part) {
                ExprKind::For { over, .. } => *over,
                ExprKind::Match { value, .. } => *value,
                ExprKind::If { condition, .. } | ExprKind::While { condition, .. } => *condition,
                _ => return false,
            };
            self.syntax().is_within(used, part)
                && !self.syntax().is_within(used, header)
                && from <= self.syntax().expr(part).tokens.start
                && holds(header)
                && !self.is_free_header(header)
        });
        is_bound || is_around
    }

    /// Whether what a loop or a condition looks at borrows nothing: lengths and comparisons.
    fn is_free_header(&self, header: ExprId) -> bool {
        self.syntax()
            .within(header)
            .all(|part| match self.kind(part) {
                ExprKind::Method {
                    name, arguments, ..
                } => {
                    arguments.is_empty()
                        && (self.is_name(*name, "len") || self.is_name(*name, "is_empty"))
                }
                ExprKind::Call { .. } | ExprKind::Macro { .. } | ExprKind::Let { .. } => false,
                ExprKind::Borrow { .. } | ExprKind::Closure { .. } => false,
                _ => true,
            })
    }

    /// Whether a variable is assigned to behind a place, or given away before another.
    fn is_touched(&self, body: ExprId, name: &str, from: u32, to: u32, is_base: bool) -> bool {
        self.syntax().within(body).any(|part| {
            let start = self.syntax().expr(part).tokens.start;
            if start < from || !matches!(self.kind(part), ExprKind::Path(_)) {
                return false;
            }
            if self.single(part) != Some(name) {
                return false;
            }
            let Some(around) = self.syntax().around(part) else {
                return false;
            };
            match self.kind(around) {
                ExprKind::Assign { left, .. } if *left == part => true,
                ExprKind::Borrow { how, .. } => {
                    matches!(how, Borrow::Mut | Borrow::RawMut) && !is_base
                }
                ExprKind::Method { receiver, .. } if *receiver == part => false,
                ExprKind::Index { .. }
                | ExprKind::Field { .. }
                | ExprKind::Unary { .. }
                | ExprKind::Binary { .. }
                | ExprKind::Cast { .. }
                | ExprKind::Range { .. }
                | ExprKind::Paren(_) => false,
                // Numbers are copied.
                _ => is_base && start < to && !self.is_copied(part),
            }
        })
    }

    /// Whether giving a value away leaves it where it is.
    fn is_copied(&self, id: ExprId) -> bool {
        match self.type_of(id) {
            Ty::Ref { mutable, .. } | Ty::Pointer { mutable, .. } => !mutable,
            of => of.is_scalar(),
        }
    }

    /// Whether nothing is called or assigned between two places.
    fn is_quiet(&self, body: ExprId, from: u32, to: u32, used: ExprId) -> bool {
        !self.syntax().within(body).any(|part| {
            let start = self.syntax().expr(part).tokens.start;
            from <= start
                && start < to
                && !self.syntax().is_within(used, part)
                && matches!(
                    self.kind(part),
                    ExprKind::Assign { .. }
                        | ExprKind::Call { .. }
                        | ExprKind::Method { .. }
                        | ExprKind::Macro { .. }
                )
        })
    }

    fn is_path_separator(&self, token: u32) -> bool {
        let is_colon = |at: u32| self.file.source.kind(at as usize) == TokenKind::Colon;
        is_colon(token) && is_colon(token + 1)
    }

    /// The uses of what a `let` binds, behind it.
    pub(crate) fn uses_of(&self, let_: StatementId) -> Option<Vec<ExprId>> {
        let statement = self.syntax().statement(let_)?;
        let StatementKind::Let { pattern, .. } = statement.kind else {
            return None;
        };
        let name = self.pattern_name(pattern)?;
        let block = statement.block?;
        let behind = statement.tokens.end;
        let named = self.syntax().within(block).filter(|part| {
            self.syntax().expr(*part).tokens.start >= behind
                && matches!(self.kind(*part), ExprKind::Path(_))
                && self.single(*part) == Some(name)
        });
        let named: Vec<ExprId> = named.collect();
        let uses = named.iter().copied().filter(|part| {
            let binding = self.binding(name, *part);
            binding.is_some_and(|binding| binding.pattern == pattern)
        });
        let uses: Vec<ExprId> = uses.collect();
        // In what could not be read it may stand besides.
        let end = self.syntax().expr(block).tokens.end;
        let kind = |token: u32| self.file.source.kind(token as usize);
        let is_own = |token: &u32| {
            // A field or a method of the name is none of it.
            let before = token.checked_sub(1).map(kind);
            let is_field = before == Some(TokenKind::Dot)
                || matches!(before, Some(TokenKind::Comma | TokenKind::OpenBrace))
                    && kind(token + 1) == TokenKind::Colon
                    && kind(token + 2) != TokenKind::Colon;
            // A module may have the same name: `ptr::read(ptr)`.
            let is_module = self.is_path_separator(*token + 1)
                || *token > 1 && self.is_path_separator(*token - 2);
            let is_named = kind(*token).is_path_segment() && self.is_name(*token, name);
            is_named && !is_field && !is_module
        };
        let mentions = (behind..end).filter(is_own).count();
        let patterns = &self.syntax().patterns;
        // Patterns lie in the order in which they end.
        let first = patterns.partition_point(|pattern| pattern.tokens.end <= behind);
        let patterns = patterns.get(first..).unwrap_or_default().iter();
        let patterns = patterns.take_while(|pattern| pattern.tokens.end <= end);
        let bound = patterns.filter(|pattern| {
            behind <= pattern.tokens.start
                && matches!(pattern.kind, PatternKind::Name { name, .. } if is_own(&name))
        });
        (mentions == named.len() + bound.count()).then_some(uses)
    }
}
