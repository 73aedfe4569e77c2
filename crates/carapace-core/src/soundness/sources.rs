//! Which parameters of a function a value comes from, as it came in: sums, casts and copies of it.

use crate::dance::at::At;
use crate::dance::scope::{Binding, Bound};
use crate::dance::types::Ty;
use crate::source::lexer::TokenKind;
use crate::source::syntax::{
    ExprId, ExprKind, Function, ItemKind, Operator, PatternId, PatternKind, Prefix, TypeId,
    TypeKind,
};

/// How many expressions are looked at for one value.
const MAX_LOOKS: u32 = 256;
/// How many expressions a function has that only computes.
const MAX_COMPUTED: usize = 32;

/// What of a parameter a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A number that it is or holds.
    Number,
    /// How many elements it has.
    Length,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The parameter's name.
    pub(crate) parameter: String,
    /// Its type, as it is written.
    pub(crate) of: TypeId,
    /// What of it.
    pub(crate) part: Part,
}

/// What is gone through.
struct Walk {
    looks: u32,
    found: Vec<Origin>,
}

impl At<'_> {
    /// The parameters that a number comes from, without anything on the way that keeps it small: a
    /// remainder, a mask, `min`.
    pub(crate) fn numbers_from(&self, id: ExprId) -> Vec<Origin> {
        let mut walk = Walk {
            looks: MAX_LOOKS,
            found: Vec::new(),
        };
        self.walk_number(id, &mut walk);
        walk.found
    }

    fn walk_number(&self, id: ExprId, walk: &mut Walk) {
        let Some(left) = walk.looks.checked_sub(1) else {
            return;
        };
        walk.looks = left;
        match self.kind(id) {
            ExprKind::Paren(inner)
            | ExprKind::Cast { operand: inner, .. }
            | ExprKind::Borrow { operand: inner, .. }
            | ExprKind::Try(inner)
            | ExprKind::Unary {
                operator: Prefix::Neg | Prefix::Deref,
                operand: inner,
            } => self.walk_number(*inner, walk),
            ExprKind::Field { base, name }
                if self.single(*base).is_none_or(|name| name != "self") =>
            {
                let before = walk.found.len();
                self.walk_number(*base, walk);
                if walk.found.len() == before {
                    self.walk_field(id, *base, *name, walk);
                }
            }
            ExprKind::Binary {
                operator,
                left,
                right,
            } => match operator {
                Operator::Add | Operator::Mul | Operator::Or | Operator::Xor => {
                    self.walk_number(*left, walk);
                    self.walk_number(*right, walk);
                }
                Operator::Sub | Operator::Shl | Operator::Shr | Operator::Div => {
                    self.walk_number(*left, walk);
                }
                _ => {}
            },
            ExprKind::Range { from, to, .. } => {
                for bound in [from, to].into_iter().flatten() {
                    self.walk_number(*bound, walk);
                }
            }
            ExprKind::Method {
                receiver,
                name,
                arguments,
                ..
            } => self.walk_method(*receiver, self.name(*name), arguments, walk),
            ExprKind::Call { arguments, .. } => {
                // `usize::from(x)`, `Wrapping(x)`
                let name = self.called_path(id).and_then(|path| path.segments.last());
                let name = name.map(|last| self.name(last.name)).unwrap_or_default();
                if matches!(name, "from" | "Wrapping" | "into" | "max")
                    && let Some(first) = arguments.first()
                {
                    self.walk_number(*first, walk);
                } else if self.computes(name) {
                    for argument in arguments {
                        self.walk_number(*argument, walk);
                    }
                }
            }
            // Numbers of a list that the caller gives.
            ExprKind::Index { base, .. } if self.is_wide(self.type_of(*base).element()) => {
                self.walk_number(*base, walk);
            }
            ExprKind::Path(_) => {
                let Some(name) = self.single(id) else {
                    return;
                };
                if let Some(binding) = self.binding(name, id) {
                    self.walk_binding(name, binding, id, walk);
                }
            }
            _ => {}
        }
    }

    fn walk_method(&self, receiver: ExprId, name: &str, arguments: &[ExprId], walk: &mut Walk) {
        const KEEPS: [&str; 20] = [
            "clone",
            "to_owned",
            "into",
            "to_usize",
            "as_usize",
            "as_u32",
            "unwrap",
            "expect",
            "get",
            "iter",
            "into_iter",
            "enumerate",
            "rev",
            "copied",
            "cloned",
            "index",
            "abs",
            "borrow",
            "start",
            "end",
        ];
        if name == "len" && arguments.is_empty() {
            if let Some(name) = self.single(receiver)
                && let Some(Binding {
                    bound: Bound::Parameter(of),
                    ..
                }) = self.binding(name, receiver)
            {
                push(&mut walk.found, name.to_owned(), of, Part::Length);
            }
            return;
        }
        let is_arithmetic = ["wrapping_", "saturating_", "checked_", "unchecked_"]
            .iter()
            .any(|word| name.starts_with(word));
        if is_arithmetic {
            self.walk_number(receiver, walk);
            if !name.ends_with("sub") && !name.ends_with("rem") {
                for argument in arguments {
                    self.walk_number(*argument, walk);
                }
            }
        } else if !arguments.is_empty() && self.computes(name) {
            for argument in arguments {
                self.walk_number(*argument, walk);
            }
        } else if KEEPS.contains(&name)
            && arguments.len() <= usize::from(name == "expect")
            && !self.is_trait_call(name)
        {
            self.walk_number(receiver, walk);
        }
    }

    /// A field of a parameter's type that everybody can set.
    fn walk_field(&self, id: ExprId, base: ExprId, field: u32, walk: &mut Walk) {
        let Some(name) = self.single(base) else {
            return;
        };
        let Some(Binding {
            bound: Bound::Parameter(of),
            ..
        }) = self.binding(name, base)
        else {
            return;
        };
        let Ty::Named(owner, _) = self.type_of(base).peeled().clone() else {
            return;
        };
        let found = self.declared.type_named(&owner);
        let Some((ItemKind::Struct { fields, .. }, place)) =
            found.map(|(place, item)| (&item.kind, place))
        else {
            return;
        };
        let Some(there) = self.declared.at(place) else {
            return;
        };
        let field = self.name(field);
        let is_open = fields.iter().any(|found| {
            found.name.is_some_and(|token| {
                there.is_name(token, field)
                    && token > 0
                    && there.file.source.kind(token as usize - 1) == TokenKind::Pub
            })
        });
        if is_open && self.is_wide(Some(&self.type_of(id))) {
            push(&mut walk.found, name.to_owned(), of, Part::Number);
        }
    }

    /// Whether the only function of the package under a name computes a number of others, and keeps
    /// it by nothing.
    fn computes(&self, name: &str) -> bool {
        let mut functions = self.declared.functions(name, None);
        let (Some((place, function)), None) = (functions.next(), functions.next()) else {
            return false;
        };
        let (Some(there), Some(body)) = (self.declared.at(place), function.body) else {
            return false;
        };
        let is_number = function.output.is_some_and(|of| {
            let written = there.written_in(of, Some(place.item));
            self.is_wide(Some(&written))
        });
        let is_plain = |part: ExprId| match there.kind(part) {
            ExprKind::Binary { operator, .. } => matches!(
                operator,
                Operator::Add | Operator::Mul | Operator::Sub | Operator::Shl | Operator::Or
            ),
            ExprKind::Block(_)
            | ExprKind::Paren(_)
            | ExprKind::Path(_)
            | ExprKind::Field { .. }
            | ExprKind::Cast { .. }
            | ExprKind::Literal => true,
            _ => false,
        };
        let mut parts = there.syntax().within(body).take(MAX_COMPUTED + 1);
        is_number && there.syntax().within(body).nth(MAX_COMPUTED).is_none() && parts.all(is_plain)
    }

    /// Whether a method is one of the package's traits: what it gives is not the value.
    fn is_trait_call(&self, name: &str) -> bool {
        !matches!(name, "clone" | "into" | "unwrap" | "expect" | "iter")
            && self.declared.functions(name, None).next().is_some()
    }

    fn walk_binding(&self, name: &str, binding: Binding, at: ExprId, walk: &mut Walk) {
        match binding.bound {
            Bound::Parameter(of) if self.is_number(of, at) => {
                push(&mut walk.found, name.to_owned(), of, Part::Number);
            }
            Bound::Let {
                value: Some(value), ..
            } => self.walk_number(value, walk),
            Bound::Each(over) => self.walk_each(over, walk),
            Bound::Taken { value, .. } => self.walk_number(value, walk),
            Bound::Somehow => {
                if let Some((over, is_count)) = self.each_around(name, binding.pattern, at) {
                    if !is_count {
                        self.walk_each(over, walk);
                    }
                } else {
                    self.walk_parameter_pattern(name, binding.pattern, at, walk);
                }
            }
            _ => {}
        }
    }

    /// `(a, b): (usize, usize)`
    fn walk_parameter_pattern(&self, name: &str, pattern: PatternId, at: ExprId, walk: &mut Walk) {
        let Some((_, function)) = self.function(at) else {
            return;
        };
        let mut parameters = function.parameters.iter();
        if let Some(parameter) = parameters.find(|parameter| parameter.pattern == pattern)
            && self.is_number(parameter.of, at)
        {
            push(&mut walk.found, name.to_owned(), parameter.of, Part::Number);
        }
    }

    /// What a `for` gives: of a range, up to its end.
    fn walk_each(&self, over: ExprId, walk: &mut Walk) {
        let mut over = self.bare(over);
        while let Some((receiver, [])) = self.method_of::<0>(
            over,
            &["rev", "iter", "into_iter", "enumerate", "copied", "cloned"],
        ) {
            over = self.bare(receiver);
        }
        if let Some((receiver, [_])) = self.method_of::<1>(over, &["step_by", "skip"]) {
            over = self.bare(receiver);
        }
        match self.kind(over) {
            ExprKind::Range { to: Some(to), .. } => self.walk_number(*to, walk),
            ExprKind::Range { .. } => {}
            _ => self.walk_number(over, walk),
        }
    }

    /// What the `for` goes over whose pattern binds a name, and whether the name is a count of it.
    fn each_around(&self, name: &str, pattern: PatternId, at: ExprId) -> Option<(ExprId, bool)> {
        self.syntax().ancestors(at).find_map(|around| {
            let ExprKind::For {
                pattern: own, over, ..
            } = self.kind(around)
            else {
                return None;
            };
            if *own != pattern {
                return None;
            }
            let PatternKind::Tuple(parts) = self.syntax().pattern(pattern) else {
                return Some((*over, false));
            };
            let first = parts.first().map(|first| self.pattern_tokens(*first));
            let is_first = first.is_some_and(|first| self.mentions(first, name));
            let over_tokens = self.syntax().expr(*over).tokens;
            Some((*over, is_first && self.mentions(over_tokens, "enumerate")))
        })
    }

    /// Whether a parameter's type is a number that can be large, a range or a list of such.
    pub(crate) fn is_number(&self, of: TypeId, at: ExprId) -> bool {
        let item = self.item_of(at);
        let written = self.written_in(of, item);
        if self.is_wide(Some(&written)) || self.is_wide(written.element()) {
            return true;
        }
        match written.peeled() {
            Ty::Range(inner) => self.is_wide(Some(inner)),
            Ty::Tuple(parts) => {
                !parts.is_empty() && parts.iter().all(|part| self.is_wide(Some(part)))
            }
            _ => self.is_index_parameter(of, at),
        }
    }

    /// `I: SliceIndex<[T]>`, `impl Into<usize>`
    fn is_index_parameter(&self, of: TypeId, at: ExprId) -> bool {
        const BOUNDS: [&str; 2] = ["SliceIndex", "RangeBounds"];
        let tokens = self.type_tokens(of);
        if self.mentions_any(tokens, &BOUNDS)
            || self.mentions(tokens, "Into") && self.mentions(tokens, "usize")
        {
            return true;
        }
        let TypeKind::Path(path) = self.syntax().type_kind(of) else {
            return false;
        };
        let [one] = path.segments.as_slice() else {
            return false;
        };
        let name = self.name(one.name);
        let item = self.item_of(at).and_then(|item| self.syntax().item(item));
        let generics = item.map(|item| self.generics(item)).unwrap_or_default();
        let parameter = generics.named(name);
        parameter.is_some_and(|parameter| {
            parameter
                .bounds
                .iter()
                .any(|bound| BOUNDS.contains(&bound.as_str()))
        })
    }

    fn is_wide(&self, of: Option<&Ty>) -> bool {
        let name = of.and_then(|of| of.peeled().integer());
        matches!(
            name,
            Some("usize" | "isize" | "u32" | "i32" | "u64" | "i64" | "u128" | "i128")
        )
    }

    /// The parameter of a function that an expression is by itself.
    pub(crate) fn parameter_meant<'f>(
        &self,
        id: ExprId,
        function: &'f Function,
    ) -> Option<(&'f crate::source::syntax::Parameter, String)> {
        let id = match self.kind(self.bare(id)) {
            ExprKind::Unary {
                operator: Prefix::Deref,
                operand,
            }
            | ExprKind::Borrow { operand, .. } => self.bare(*operand),
            _ => self.bare(id),
        };
        let name = self.single(id)?;
        let binding = self.binding(name, id)?;
        let Bound::Parameter(of) = binding.bound else {
            return None;
        };
        let mut parameters = function.parameters.iter();
        let parameter = parameters.find(|parameter| parameter.of == of)?;
        Some((parameter, name.to_owned()))
    }
}

fn push(found: &mut Vec<Origin>, parameter: String, of: TypeId, part: Part) {
    let from = Origin {
        parameter,
        of,
        part,
    };
    if !found.contains(&from) {
        found.push(from);
    }
}
