//! Whether a value was looked at before it is used: asserted, compared, indexed with.

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{
    BlockKind, ExprId, ExprKind, Operator, Path, PatternKind, StatementId, StatementKind, Tokens,
};

/// How many checks of one function are kept.
const MAX_CHECKS: usize = 1024;
/// How many names are taken to say something of one value.
const MAX_NAMES: usize = 32;

/// What is known of a value at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// Nothing looked at it.
    No,
    /// Only what is left out of release builds did: here.
    Debug(Tokens),
    /// Something did.
    Yes,
}

/// A place that looks at values.
#[derive(Debug, Clone, Copy)]
struct Check {
    /// What is looked at.
    looked_at: Tokens,
    /// Where it holds.
    holds: Tokens,
    /// Whether it is only there in debug builds.
    is_debug: bool,
    /// Whether all it asks is how much room there is.
    is_room: bool,
    /// Whether all it asks is whether something is nothing.
    is_zero: bool,
    /// The sides of a comparison for equality.
    sides: Option<(Tokens, Tokens)>,
}

/// What a use needs of a check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// What is used has to be there: room does not suffice.
    pub(crate) is_read: bool,
    /// That it is something suffices.
    pub(crate) is_any: bool,
    /// A check counts wherever it stands: what is used is used later.
    pub(crate) is_later: bool,
}

/// The checks of a function.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    all: Vec<Check>,
}

impl Checks {
    /// The checks in a function's body.
    pub(crate) fn of(at: &At<'_>, body: ExprId) -> Self {
        let mut checks = Self::default();
        for id in at.syntax().within(body) {
            if checks.all.len() >= MAX_CHECKS {
                at.leave_out();
                break;
            }
            checks.add(at, id, body);
        }
        checks
    }

    /// Whether one of some names was looked at where an expression stands.
    pub(crate) fn state(
        &self,
        at: &At<'_>,
        used: ExprId,
        names: &[String],
        needs: Needs,
    ) -> Checked {
        let tokens = at.syntax().expr(used).tokens;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut state = Checked::No;
        for check in &self.all {
            let is_here = is_within(tokens, check.holds) || needs.is_later;
            // What is used in the condition itself was not looked at before.
            let is_own = is_within(tokens, check.looked_at);
            let counts = !(needs.is_read && check.is_room) && (needs.is_any || !check.is_zero);
            if !is_here || is_own || !counts || !at.mentions_any(check.looked_at, &names) {
                continue;
            }
            let is_among_themselves = check.sides.is_some_and(|(left, right)| {
                at.mentions_any(left, &names) && at.mentions_any(right, &names)
            });
            if is_among_themselves && !needs.is_any {
                continue;
            }
            match check.is_debug {
                true => state = Checked::Debug(check.looked_at),
                false => return Checked::Yes,
            }
        }
        state
    }

    fn add(&mut self, at: &At<'_>, id: ExprId, body: ExprId) {
        let expr = at.syntax().expr(id);
        let end = at.syntax().expr(body).tokens.end;
        let behind = Tokens {
            start: expr.tokens.end,
            end,
        };
        let mut keep = |check: Check| self.all.push(check);
        let mut push = |looked_at, holds, is_debug| {
            keep(Check {
                looked_at,
                holds,
                is_debug,
                is_room: false,
                is_zero: false,
                sides: None,
            });
        };
        let is_here = at.is_behind(id, body);
        match &expr.kind {
            ExprKind::Macro { path, .. } => {
                if let Some(is_debug) = at.asserts(path) {
                    push(expr.tokens, behind, is_debug);
                }
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                let looked_at = at.syntax().expr(*condition).tokens;
                let check = Check {
                    looked_at,
                    holds: expr.tokens,
                    is_debug: at.mentions(looked_at, "debug_assertions"),
                    is_room: at.is_of_room(*condition),
                    is_zero: at.is_beside_the_point(*condition),
                    sides: at.sides(*condition),
                };
                keep(check);
                let leaves = at.leaves(*then) || otherwise.is_some_and(|other| at.leaves(other));
                if leaves || is_here && at.sets(*then) {
                    keep(Check {
                        holds: behind,
                        ..check
                    });
                }
            }
            ExprKind::While { condition, .. } => {
                let looked_at = at.syntax().expr(*condition).tokens;
                push(looked_at, expr.tokens, false);
            }
            ExprKind::Match { value, arms } => {
                let looked_at = at.syntax().expr(*value).tokens;
                push(looked_at, expr.tokens, false);
                for guard in arms.iter().filter_map(|arm| arm.guard) {
                    push(at.syntax().expr(guard).tokens, expr.tokens, false);
                }
                if arms.iter().any(|arm| at.leaves(arm.body)) {
                    push(looked_at, behind, false);
                }
            }
            // Panics where it is too large.
            ExprKind::Index { index, .. } => {
                push(at.syntax().expr(*index).tokens, behind, false);
            }
            // A condition by itself: `a < b && unsafe { … }`, `.filter(|i| *i < len)`.
            ExprKind::Binary {
                operator: Operator::LazyAnd | Operator::LazyOr,
                left,
                right,
            } => {
                let looked_at = at.syntax().expr(*left).tokens;
                push(looked_at, at.syntax().expr(*right).tokens, false);
            }
            ExprKind::Method {
                receiver,
                name,
                arguments,
                ..
            } => {
                let name = at.name(*name);
                let handed = Tokens {
                    start: at.syntax().expr(*receiver).tokens.end,
                    end: expr.tokens.end,
                };
                let is_lazy = matches!(name, "then" | "then_some" | "filter" | "take_while");
                if is_lazy {
                    push(at.syntax().expr(*receiver).tokens, expr.tokens, false);
                }
                if !arguments.is_empty() && (looks(name) || at.is_own_check(name)) {
                    push(handed, behind, false);
                }
            }
            ExprKind::Call { .. } => {
                let path = at.called_path(id);
                let name = path.and_then(|path| path.segments.last());
                let name = name.map(|last| at.name(last.name)).unwrap_or_default();
                if looks(name) || at.is_own_check(name) {
                    push(expr.tokens, behind, false);
                }
            }
            _ => {}
        }
    }
}

/// Functions that look at their arguments, or make room for as many.
fn looks(name: &str) -> bool {
    const WORDS: [&str; 9] = [
        "check", "assert", "ensure", "valid", "verify", "bounds", "reserve", "resize", "require",
    ];
    const NAMES: [&str; 26] = [
        "get",
        "get_mut",
        "split_at",
        "split_at_mut",
        "split_off",
        "drain",
        "swap",
        "copy_within",
        "with_capacity",
        "with_capacity_in",
        "array",
        "is_char_boundary",
        "contains",
        "contains_key",
        "contains_range",
        "nth",
        "alloc",
        "realloc",
        "allocate",
        "grow",
        "from_size_align",
        "try_from",
        "try_into",
        "truncate",
        "advance",
        "repeat",
    ];
    NAMES.contains(&name)
        || !name.contains("unchecked") && WORDS.iter().any(|word| name.contains(word))
        || name.starts_with("is_")
}

/// Whether some tokens lie in others.
fn is_within(inner: Tokens, outer: Tokens) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

impl At<'_> {
    /// The sides of a condition that compares for equality.
    fn sides(&self, condition: ExprId) -> Option<(Tokens, Tokens)> {
        match self.kind(self.bare(condition)) {
            ExprKind::Binary {
                operator: Operator::Eq | Operator::Ne,
                left,
                right,
            } => {
                let tokens = |id: ExprId| self.syntax().expr(id).tokens;
                Some((tokens(*left), tokens(*right)))
            }
            _ => None,
        }
    }

    /// The names that say something of a value with a name: it, and what is computed of it.
    pub(crate) fn related(&self, name: &str, body: ExprId) -> Vec<String> {
        let mut names = vec![name.to_owned()];
        let tokens = self.syntax().expr(body).tokens;
        // Statements come in the order in which they end; a value's before what is made of it.
        for statement in self.statements_in(tokens) {
            let Some(found) = self.syntax().statement(statement) else {
                continue;
            };
            let StatementKind::Let {
                pattern,
                value: Some(value),
                ..
            } = found.kind
            else {
                continue;
            };
            let of = self.syntax().expr(value).tokens;
            self.add_related(self.pattern_tokens(pattern), of, &mut names);
        }
        for id in self.syntax().within(body) {
            match self.kind(id) {
                ExprKind::For { pattern, over, .. } => {
                    let of = self.syntax().expr(*over).tokens;
                    let mut bound = self.pattern_tokens(*pattern);
                    // A count is none of what is counted.
                    if self.mentions(of, "enumerate")
                        && let PatternKind::Tuple(parts) = self.syntax().pattern(*pattern)
                        && let Some(first) = parts.first()
                    {
                        bound.start = self.pattern_tokens(*first).end;
                    }
                    self.add_related(bound, of, &mut names);
                }
                ExprKind::Let { pattern, value } => {
                    let of = self.syntax().expr(*value).tokens;
                    self.add_related(self.pattern_tokens(*pattern), of, &mut names);
                }
                ExprKind::Assign { left, right, .. } => {
                    let of = self.syntax().expr(*right).tokens;
                    if let Some(name) = self.single(*left) {
                        let known: Vec<&str> = names.iter().map(String::as_str).collect();
                        if self.mentions_any(of, &known) && !known.contains(&name) {
                            names.push(name.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
        names
    }

    fn add_related(&self, pattern: Tokens, of: Tokens, names: &mut Vec<String>) {
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        if names.len() >= MAX_NAMES || !self.mentions_any(of, &known) {
            return;
        }
        for at in pattern.start..pattern.end {
            let is_name = self.file.source.kind(at as usize).is_ident();
            let name = self.name(at);
            let is_variable = name.starts_with(|first: char| first.is_lowercase() || first == '_');
            if is_name && is_variable && names.iter().all(|known| known != name) {
                names.push(name.to_owned());
            }
        }
    }

    /// The statements that stand in some tokens.
    fn statements_in(&self, tokens: Tokens) -> Vec<StatementId> {
        let statements = &self.file.syntax.statements;
        let first = statements.partition_point(|found| found.tokens.end <= tokens.start);
        let rest = statements.get(first..).unwrap_or_default().iter();
        let inside = rest
            .take_while(|found| found.tokens.end <= tokens.end)
            .enumerate();
        let inside = inside.map(|(at, _)| u32::try_from(first + at).unwrap_or(u32::MAX));
        inside.map(StatementId).collect()
    }

    /// Whether a macro panics or returns where what is handed to it does not hold; whether only in
    /// debug builds.
    fn asserts(&self, path: &Path) -> Option<bool> {
        let name = self.name(path.segments.last()?.name);
        if name.contains("unchecked") || name == "assume" {
            return None;
        }
        if name.contains("debug_assert") || name.contains("debug_check") {
            return Some(true);
        }
        const WORDS: [&str; 7] = [
            "assert", "ensure", "check", "require", "guard", "bounds", "verify",
        ];
        WORDS
            .iter()
            .any(|word| name.contains(word))
            .then_some(false)
    }

    /// Whether what stands behind an expression is only reached through it: it stands in no branch.
    fn is_behind(&self, id: ExprId, body: ExprId) -> bool {
        let mut around = self.syntax().ancestors(id).take_while(|at| *at != body);
        around.all(
            |at| matches!(self.kind(at), ExprKind::Block(block) if block.kind != BlockKind::Async),
        )
    }

    /// Whether control leaves in an expression: it returns, breaks, panics.
    pub(crate) fn leaves(&self, id: ExprId) -> bool {
        const PANICS: [&str; 13] = [
            "panic",
            "unreachable",
            "todo",
            "unimplemented",
            "bail",
            "throw",
            "error",
            "fail",
            "abort",
            "handle_",
            "exit",
            "overflow",
            "oob",
        ];
        let leaves_by_name = |token: u32| {
            let name = self.name(token);
            PANICS.iter().any(|word| name.contains(word)) && !name.contains("unchecked")
        };
        let mut parts = self.syntax().within(id);
        let leaves = parts.any(|part| match self.kind(part) {
            // `Err(…)?`
            ExprKind::Return(_) | ExprKind::Break(_) | ExprKind::Continue | ExprKind::Try(_) => {
                true
            }
            ExprKind::Call { .. } => self.called_path(part).is_some_and(|path| {
                let last = path.segments.last();
                last.is_some_and(|last| leaves_by_name(last.name))
            }),
            _ => false,
        });
        // Macros are items, too, where nothing says what they are.
        let tokens = self.syntax().expr(id).tokens;
        leaves
            || (tokens.start..tokens.end).any(|at| {
                self.file.source.kind(at as usize).is_ident()
                    && self.file.source.kind(at as usize + 1) == T::Bang
                    && leaves_by_name(at)
            })
    }

    /// Whether a branch gives a variable another value: `if n > max { n = max }`.
    fn sets(&self, then: ExprId) -> bool {
        let mut parts = self.syntax().within(then);
        parts.any(|part| matches!(self.kind(part), ExprKind::Assign { .. }))
    }

    /// Whether a condition only asks whether something is nothing.
    fn is_beside_the_point(&self, condition: ExprId) -> bool {
        match self.kind(self.bare(condition)) {
            ExprKind::Binary {
                operator: Operator::Eq | Operator::Ne,
                left,
                right,
            } => {
                let is_literal = |id: ExprId| *self.kind(self.bare(id)) == ExprKind::Literal;
                let is_length = |id: ExprId| self.method_of::<0>(id, &["len"]).is_some();
                (is_literal(*left) || is_literal(*right))
                    && !is_length(self.bare(*left))
                    && !is_length(self.bare(*right))
            }
            ExprKind::Method { name, .. } => {
                self.is_name(*name, "is_empty") || self.is_name(*name, "is_null")
            }
            _ => false,
        }
    }

    /// Whether a condition compares with a capacity alone.
    fn is_of_room(&self, condition: ExprId) -> bool {
        let ExprKind::Binary { left, right, .. } = self.kind(self.bare(condition)) else {
            return false;
        };
        [*left, *right]
            .into_iter()
            .any(|side| self.is_capacity(side))
    }

    fn is_capacity(&self, id: ExprId) -> bool {
        let id = self.bare(id);
        if self.method_of::<0>(id, &["capacity"]).is_some() {
            return true;
        }
        let Some(binding) = self.single(id).and_then(|name| self.binding(name, id)) else {
            return false;
        };
        match binding.bound {
            Bound::Let {
                value: Some(value), ..
            } => self
                .method_of::<0>(self.bare(value), &["capacity"])
                .is_some(),
            _ => false,
        }
    }

    /// Whether the package has a function of a name, and it looks at what it gets.
    fn is_own_check(&self, name: &str) -> bool {
        let mut functions = self.declared.functions(name, None).take(4);
        functions.any(|(place, function)| {
            let (Some(there), Some(body)) = (self.declared.at(place), function.body) else {
                return false;
            };
            if function.unsafety.is_some() {
                return false;
            }
            let mut parts = there.syntax().within(body).take(512);
            parts.any(|part| match there.kind(part) {
                ExprKind::Macro { path, .. } => {
                    there.asserts(path) == Some(false) || there.leaves(part)
                }
                ExprKind::Return(_) | ExprKind::Try(_) | ExprKind::Index { .. } => true,
                ExprKind::If { condition, .. } => !there.is_beside_the_point(*condition),
                _ => false,
            })
        })
    }
}
