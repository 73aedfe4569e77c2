//! Vectors that are given a length before they have elements: where they were made, and of what.

use super::at::At;
use super::scope::{Binding, Bound};
use super::types::Ty;
use crate::source::lexer::TokenKind;
use crate::source::syntax::{
    Borrow, ExprId, ExprKind, Parent, Path, PatternId, PatternKind, StatementId, Tokens,
};

/// How many uses of a variable are looked at.
const MAX_USES: usize = 256;

/// Methods of readers and writers that take bytes.
const TAKES_BYTES: [&str; 10] = [
    "read",
    "read_exact",
    "write",
    "write_all",
    "recv",
    "recv_from",
    "send",
    "send_to",
    "read_at",
    "write_at",
];

/// Methods of vectors and slices that change them, or hand them out to be changed.
const CHANGES: [&str; 39] = [
    "append",
    "as_mut",
    "as_mut_ptr",
    "as_mut_slice",
    "chunks_exact_mut",
    "chunks_mut",
    "clear",
    "clone_from_slice",
    "copy_from_slice",
    "copy_within",
    "dedup",
    "drain",
    "extend",
    "extend_from_slice",
    "fill",
    "fill_with",
    "first_mut",
    "get_mut",
    "get_unchecked_mut",
    "insert",
    "iter_mut",
    "last_mut",
    "pop",
    "push",
    "remove",
    "reserve",
    "resize",
    "retain",
    "reverse",
    "rotate_left",
    "rotate_right",
    "set_len",
    "shrink_to_fit",
    "sort",
    "sort_unstable",
    "split_at_mut",
    "split_off",
    "swap",
    "truncate",
];

/// Methods of vectors, slices and numbers that only look.
const LOOKS: [&str; 33] = [
    "as_ptr",
    "as_ref",
    "as_slice",
    "binary_search",
    "capacity",
    "chunks",
    "chunks_exact",
    "clone",
    "cloned",
    "concat",
    "contains",
    "copied",
    "ends_with",
    "first",
    "get",
    "get_unchecked",
    "into_boxed_slice",
    "into_iter",
    "is_empty",
    "iter",
    "join",
    "last",
    "len",
    "split_at",
    "starts_with",
    "to_owned",
    "to_string",
    "to_vec",
    "windows",
    "wrapping_add",
    "wrapping_mul",
    "wrapping_sub",
    "eq",
];

/// A vector in a variable that was made with a capacity and has no elements yet.
#[derive(Debug, Clone)]
pub(crate) struct Fresh<'p> {
    /// The variable.
    pub(crate) binding: Binding,
    /// The call of `with_capacity`.
    pub(crate) value: ExprId,
    /// Its argument.
    pub(crate) capacity: ExprId,
    /// The path that is called.
    pub(crate) path: &'p Path,
    /// What it holds.
    pub(crate) element: Ty,
    /// Whether that is said by the call alone.
    pub(crate) is_said_by_call: bool,
    /// The `let` of its capacity, where that has no other use.
    pub(crate) counted: Option<StatementId>,
    /// The end of the statement that sets the length.
    pub(crate) behind: u32,
}

impl<'p> At<'p> {
    /// The vector of a call of `set_len` that gives one that was just made all of its capacity as
    /// its length, where nothing touches it between.
    pub(crate) fn fresh_vector(&self, call: ExprId) -> Option<Fresh<'p>> {
        let (receiver, [length]) = self.method_of(call, &["set_len"])?;
        let name = self.single(receiver)?;
        let binding = self.binding(name, receiver)?;
        let Bound::Let {
            statement,
            value: Some(value),
            ..
        } = binding.bound
        else {
            return None;
        };
        let ([capacity], _) = self.call_of::<1>(value, "Vec", &["with_capacity"])?;
        let path = self.called_path(value)?;
        let between = self.between(statement, call)?;
        let of_capacity = |id: ExprId| {
            let of = self.method_of::<0>(id, &["capacity"]);
            of.is_some_and(|(of, _)| self.single(of).as_ref() == Some(&name))
        };
        let mut counted = None;
        let is_all = match self.single(length).map(|length| self.binding(length, call)) {
            _ if of_capacity(self.bare(length)) => true,
            Some(Some(Binding {
                bound:
                    Bound::Let {
                        statement: own,
                        value: Some(value),
                        ..
                    },
                mutable: false,
                ..
            })) if between.contains(&own) && of_capacity(self.bare(value)) => {
                counted = Some(own);
                true
            }
            _ => self.is_same_number(capacity, length) && self.is_steady_over(length, &between),
        };
        let is_untouched = between.iter().all(|between| {
            counted == Some(*between) || !self.mentions(self.statement_tokens(*between), name)
        });
        if !is_all || !is_untouched {
            return None;
        }
        let counted = counted.filter(|counted| self.uses_in_block(*counted) == 1);
        let (set, _) = self.own_statement(call)?;
        Some(Fresh {
            binding,
            value,
            capacity,
            path,
            element: self.element_of(statement, name),
            is_said_by_call: path.segments.iter().any(|part| !part.arguments.is_empty()),
            counted,
            behind: self.statement_tokens(set).end,
        })
    }

    /// The statements between a `let` and the statement that an expression is, in the block of the
    /// `let` or in one that is a statement of it.
    fn between(&self, from: StatementId, to: ExprId) -> Option<Vec<StatementId>> {
        let (own, inner) = self.own_statement(to)?;
        let outer = self.syntax().statement(from)?.block?;
        let before = |block: ExprId, end: StatementId| {
            let all = self.statements(block).iter().copied();
            all.take_while(move |statement| *statement != end)
        };
        if inner == outer {
            let between = before(outer, own).skip_while(|statement| *statement != from);
            return Some(between.skip(1).collect());
        }
        let (block, around) = self.own_statement(inner)?;
        let is_plain = matches!(self.kind(inner), ExprKind::Block(_));
        if around != outer || !is_plain {
            return None;
        }
        let between = before(outer, block).skip_while(|statement| *statement != from);
        Some(between.skip(1).chain(before(inner, own)).collect())
    }

    /// Whether two expressions are written alike, of the same variables, and can be evaluated once
    /// instead of twice.
    fn is_same_number(&self, a: ExprId, b: ExprId) -> bool {
        let variables = |id: ExprId| -> Vec<Option<PatternId>> {
            let parts = self.syntax().within(id);
            let names = parts.filter_map(|part| match self.kind(part) {
                ExprKind::Path(_) => Some((self.single(part)?, part)),
                _ => None,
            });
            let bound = names.map(|(name, part)| self.binding(name, part));
            bound
                .map(|bound| bound.map(|bound| bound.pattern))
                .collect()
        };
        let is_counted = |part: ExprId| match self.standard_call(part) {
            Some(call) => call.parent == "mem" && call.name.starts_with("size_of"),
            None => true,
        };
        let is_steady = |id: ExprId| {
            self.syntax().within(id).all(|part| match self.kind(part) {
                ExprKind::Call { .. } => is_counted(part),
                ExprKind::Method { arguments, .. } => {
                    arguments.is_empty() || self.method_of::<1>(part, &["min", "max"]).is_some()
                }
                ExprKind::Macro { .. } | ExprKind::Block(_) | ExprKind::Closure { .. } => false,
                ExprKind::Await(_) | ExprKind::Unknown | ExprKind::Assign { .. } => false,
                _ => true,
            })
        };
        self.alike(a, b) && is_steady(a) && variables(a) == variables(b)
    }

    /// Whether statements leave what an expression speaks of alone.
    fn is_steady_over(&self, id: ExprId, between: &[StatementId]) -> bool {
        self.syntax().within(id).all(|part| {
            let Some(name) = self.single(part) else {
                return true;
            };
            let bound = self.binding(name, part);
            let is_fixed = bound
                .is_some_and(|bound| !bound.mutable && matches!(self.type_of(part), Ty::Int(_)));
            let is_named = name.chars().all(|c| !c.is_lowercase());
            is_fixed
                || is_named
                || !between
                    .iter()
                    .any(|between| self.mentions(self.statement_tokens(*between), name))
        })
    }

    /// How often the variable of a `let` is named in its block behind it.
    fn uses_in_block(&self, statement: StatementId) -> usize {
        let Some(found) = self.syntax().statement(statement) else {
            return 0;
        };
        let Some(name) = self.let_name(statement) else {
            return usize::MAX;
        };
        let Some(block) = found.block else {
            return 0;
        };
        let end = self.syntax().expr(block).tokens.end;
        let named = (found.tokens.end..end).filter(|at| {
            self.file.source.kind(*at as usize).is_path_segment()
                && self.file.source.name_bytes(*at as usize) == name.as_bytes()
        });
        named.count()
    }

    /// What the vector of a `let` holds, by all that is said of it.
    pub(crate) fn element_of(&self, statement: StatementId, name: &str) -> Ty {
        use crate::source::syntax::StatementKind;
        let Some(found) = self.syntax().statement(statement) else {
            return Ty::Unknown;
        };
        let StatementKind::Let {
            pattern,
            declared,
            value: Some(value),
            ..
        } = found.kind
        else {
            return Ty::Unknown;
        };
        let item = self.item_of(value);
        let written = declared.map(|declared| self.written_in(declared, item));
        // An integer of which the type is not said is known as that, at least.
        let mut least = Ty::Unknown;
        for known in [
            written.unwrap_or(Ty::Unknown),
            self.type_of(value),
            self.expected(value),
        ] {
            match known {
                Ty::Vec(of) if *of == Ty::Int("") => least = *of,
                Ty::Vec(of) if *of != Ty::Unknown => return *of,
                _ => {}
            }
        }
        let Some(block) = found.block else {
            return least;
        };
        let uses = self.uses_of_variable(block, name, pattern, found.tokens.end);
        let mut known = uses.into_iter().map(|used| self.wanted_element(used));
        known.find(|of| *of != Ty::Unknown).unwrap_or(least)
    }

    /// The places in a block behind a token where a variable is named.
    pub(crate) fn uses_of_variable(
        &self,
        block: ExprId,
        name: &str,
        pattern: PatternId,
        behind: u32,
    ) -> Vec<ExprId> {
        let parts = self.syntax().within(block);
        let uses = parts.filter(|part| {
            self.syntax().expr(*part).tokens.start >= behind
                && matches!(self.kind(*part), ExprKind::Path(_))
                && self.single(*part) == Some(name)
                && self
                    .binding(name, *part)
                    .is_some_and(|bound| bound.pattern == pattern)
        });
        uses.take(MAX_USES).collect()
    }

    /// What a use of a vector wants its elements to be.
    fn wanted_element(&self, used: ExprId) -> Ty {
        let mut slice = used;
        loop {
            let Parent::Expr(around) = self.syntax().expr(slice).parent else {
                return Ty::Unknown;
            };
            match self.kind(around) {
                ExprKind::Index { base, index } if *base == slice => {
                    if !matches!(self.type_of(*index), Ty::Range(_)) {
                        return Ty::Unknown;
                    }
                    slice = around;
                }
                ExprKind::Borrow { .. } | ExprKind::Paren(_) => slice = around,
                ExprKind::Unary { .. } => slice = around,
                ExprKind::Method { receiver, .. } if *receiver == slice => {
                    let names = ["as_mut_slice", "as_slice", "as_mut", "as_ref"];
                    if self.method_of::<0>(around, &names).is_none() {
                        return Ty::Unknown;
                    }
                    slice = around;
                }
                ExprKind::Method {
                    name, arguments, ..
                } => {
                    if let Some(of) = self.expected(slice).element() {
                        return of.clone();
                    }
                    let place = arguments.iter().position(|argument| *argument == slice);
                    return self.taken_element(self.name(*name), place.unwrap_or_default());
                }
                ExprKind::Call { .. } => {
                    let is_text = self
                        .call_of::<1>(around, "String", &["from_utf8"])
                        .is_some();
                    return match self.expected(slice).element() {
                        Some(of) => of.clone(),
                        None if is_text => Ty::Int("u8"),
                        None => Ty::Unknown,
                    };
                }
                _ => return Ty::Unknown,
            }
        }
    }

    /// What the elements are that methods of a name take, where all agree on it.
    fn taken_element(&self, name: &str, place: usize) -> Ty {
        let own = self.declared.functions(name, None);
        let own = own.filter(|(place, _)| self.declared.owner(*place).is_some());
        let mut wanted: Vec<Ty> = own
            .map(|(item, function)| {
                let there = self.declared.at(item);
                let of = function.parameters.get(place).zip(there);
                let of = of.map(|(parameter, at)| at.written_in(parameter.of, Some(item.item)));
                let element = of.as_ref().and_then(Ty::element).cloned();
                element.unwrap_or(Ty::Unknown)
            })
            .collect();
        if TAKES_BYTES.contains(&name) {
            wanted.push(Ty::Int("u8"));
        }
        wanted.dedup();
        match wanted.as_slice() {
            [Ty::Int(of)] => Ty::Int(of),
            _ => Ty::Unknown,
        }
    }

    /// Whether a variable that holds a vector or an array has to be `mut` for what stands behind a
    /// token; nothing where that is not known.
    pub(crate) fn is_changed(&self, binding: &Binding, at: ExprId, behind: u32) -> Option<bool> {
        let name = self.pattern_name(binding.pattern)?;
        let body = self.body_of(at)?;
        let is_hidden = self.syntax().within(body).any(|part| {
            let tokens = self.syntax().expr(part).tokens;
            let is_unread = match self.kind(part) {
                ExprKind::Macro { is_read, .. } => !is_read,
                ExprKind::Unknown => true,
                _ => false,
            };
            is_unread && tokens.start >= behind && self.mentions(tokens, name)
        });
        let uses = self.uses_of_variable(body, name, binding.pattern, behind);
        let mut is_certain = !is_hidden && uses.len() < MAX_USES;
        for used in uses {
            match self.changes(used) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => is_certain = false,
            }
        }
        is_certain.then_some(false)
    }

    fn changes(&self, used: ExprId) -> Option<bool> {
        let mut place = used;
        loop {
            let Parent::Expr(around) = self.syntax().expr(place).parent else {
                return Some(false);
            };
            match self.kind(around) {
                ExprKind::Index { base, .. } if *base == place => place = around,
                ExprKind::Field { .. } | ExprKind::Paren(_) => place = around,
                ExprKind::Borrow { how, .. } => {
                    return Some(matches!(how, Borrow::Mut | Borrow::RawMut));
                }
                ExprKind::Assign { left, .. } if *left == place => return Some(true),
                ExprKind::Method { receiver, name, .. } if *receiver == place => {
                    let name = self.name(*name);
                    return match name {
                        name if CHANGES.contains(&name) => Some(true),
                        name if LOOKS.contains(&name) => Some(false),
                        _ => None,
                    };
                }
                ExprKind::Match { .. } | ExprKind::Let { .. } => return None,
                ExprKind::Unary { .. } | ExprKind::Unknown => return None,
                _ => return Some(false),
            }
        }
    }

    /// How the macro `vec!` is named where a path leads to `Vec`, and whether that is certain.
    pub(crate) fn vec_macro(&self, path: &'p Path) -> (&'static str, bool) {
        match self.full_path(path).find(|segment| !segment.is_empty()) {
            Some("Vec" | "std") => ("vec!", true),
            Some("alloc") if self.file.imports().contains_key("vec") => ("vec!", true),
            Some("alloc") => ("::alloc::vec!", true),
            _ => ("vec!", false),
        }
    }

    /// The name that a `let` binds, where it is one.
    pub(crate) fn let_name(&self, statement: StatementId) -> Option<&'p str> {
        use crate::source::syntax::StatementKind;
        let StatementKind::Let { pattern, .. } = self.syntax().statement(statement)?.kind else {
            return None;
        };
        self.pattern_name(pattern)
    }

    /// The tokens of a variable's pattern, without its `mut`: those of its name alone.
    pub(crate) fn name_tokens(&self, pattern: PatternId) -> Option<Tokens> {
        match self.syntax().pattern(pattern) {
            PatternKind::Name { name, .. } => Some(Tokens {
                start: *name,
                end: *name + 1,
            }),
            _ => None,
        }
    }

    /// Whether a token is the keyword `pub`, or ends `pub(…)`.
    pub(crate) fn is_public_mark(&self, token: u32) -> bool {
        let kind = self.file.source.kind(token as usize);
        kind == TokenKind::Pub || kind == TokenKind::CloseParen
    }
}
