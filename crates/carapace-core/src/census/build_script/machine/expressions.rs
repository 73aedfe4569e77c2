//! What an expression comes to.

use std::rc::Rc;

use super::{MAX_DEPTH, Machine};
use crate::census::build_script::syntax::{Expr, Name, Opaque, Operator};
use crate::census::build_script::value::{Capture, Place, Step, Value};

impl Machine<'_> {
    pub(super) fn eval(&mut self, expression: &Expr) -> Value {
        if self.state.is_none() || !self.burn(1) {
            return Value::Unknown;
        }
        if self.depth >= MAX_DEPTH {
            return self.lose("too deep");
        }
        self.depth += 1;
        let value = self.eval_within(expression);
        self.depth -= 1;
        value
    }

    /// The value that an expression refers to.
    pub(super) fn value(&mut self, expression: &Expr) -> Value {
        let value = self.eval(expression);
        self.resolved(value)
    }

    fn values(&mut self, all: &[Expr]) -> Vec<Value> {
        all.iter().map(|one| self.eval(one)).collect()
    }

    fn eval_within(&mut self, expression: &Expr) -> Value {
        match expression {
            Expr::Bool(value) => Value::Bool(*value),
            Expr::Int(value) => Value::Int(*value),
            Expr::Char(value) => Value::Char(*value),
            Expr::Str(text) => Value::Text(text.clone()),
            Expr::Path(path, _) => self.path(path),
            Expr::Call(callee, arguments) => self.call(callee, arguments),
            Expr::Method(receiver, name, generics, arguments) => {
                self.method(receiver, name, generics.as_deref(), arguments)
            }
            Expr::Field(inner, name) => self.field(inner, name),
            Expr::Index(inner, index) => self.index(inner, index),
            Expr::Not(inner) => match self.value(inner) {
                Value::Bool(value) => Value::Bool(!value),
                _ => Value::Unknown,
            },
            Expr::Negative(inner) => match self.value(inner) {
                Value::Int(value) => value.checked_neg().map_or(Value::Unknown, Value::Int),
                _ => Value::Unknown,
            },
            Expr::Deref(inner) => self.value(inner),
            Expr::Reference(mutable, inner) => self.reference(*mutable, inner),
            Expr::All(parts) => self.junction(parts, false),
            Expr::Any(parts) => self.junction(parts, true),
            Expr::Binary(operator, left, right) => {
                let left = self.value(left);
                let right = self.value(right);
                self.binary(*operator, &left, &right)
            }
            Expr::Assign(operator, left, right) => self.assign(*operator, left, right),
            Expr::Range(from, to, inclusive) => {
                self.range(from.as_deref(), to.as_deref(), *inclusive)
            }
            Expr::If(condition, then, otherwise) => {
                self.branch(condition, then, otherwise.as_deref())
            }
            Expr::Let(pattern, value) => {
                // Outside of a condition's list: what it binds is not seen.
                let value = self.eval(value);
                Value::maybe(self.matches(pattern, value, &mut Vec::new()))
            }
            Expr::Match(value, arms) => {
                let value = self.eval(value);
                self.arms(&value, arms)
            }
            Expr::Loop(label, condition, body) => {
                self.repeat(label.clone(), condition.as_deref(), body)
            }
            Expr::For(label, pattern, over, body) => {
                self.for_loop(label.clone(), pattern, over, body)
            }
            Expr::Block(label, statements) => self.labelled(label.clone(), statements),
            Expr::Return(value) => {
                let value = self.optional(value.as_deref());
                self.return_with(value)
            }
            Expr::Break(label, value) => {
                let value = self.optional(value.as_deref());
                self.leave(label.as_deref(), Some(value))
            }
            Expr::Continue(label) => self.leave(label.as_deref(), None),
            Expr::Tuple(parts) => {
                let parts = self.values(parts);
                Value::tuple(parts)
            }
            Expr::Array(parts) => {
                let parts = self.values(parts);
                self.burn(parts.len());
                Value::list(parts)
            }
            Expr::Repeat(value, count) => {
                let value = self.eval(value);
                let count = self.value(count).as_int();
                match count.and_then(|count| usize::try_from(count).ok()) {
                    Some(count) if count <= 256 => Value::list(vec![value; count]),
                    _ => Value::Unknown,
                }
            }
            Expr::Struct(path, fields, rest) => self.structure(path, fields, rest.as_deref()),
            Expr::Closure(closure) => {
                let frame = self.frames.last();
                Value::Closure(Rc::new(Capture {
                    closure: closure.clone(),
                    scope: frame.map_or_else(Vec::new, |frame| frame.scope.clone()),
                    frame: frame.map_or(0, |frame| frame.id),
                    owner: self.current_owner(),
                }))
            }
            Expr::Try(inner) => {
                let value = self.value(inner);
                self.question(value)
            }
            Expr::Cast(inner, name) => {
                let value = self.value(inner);
                cast(value, name)
            }
            Expr::Format(name, arguments) => self.format_macro(name, arguments),
            Expr::Cfg(text) => Value::maybe(self.cfg(text)),
            Expr::RustVersion(text) => Value::maybe(self.rust_version(text)),
            Expr::Aliases(aliases) => {
                self.aliases(aliases);
                Value::unit()
            }
            Expr::Env(optional, name) => {
                let name = self.value(name);
                let value = match name.as_text() {
                    Some(name) => self.environment.variable(name, self.program),
                    None => None,
                };
                match (value, optional) {
                    (None, _) => Value::Unknown,
                    (Some(None), true) => Value::none(),
                    (Some(None), false) => Value::Unknown,
                    (Some(Some(value)), true) => Value::some(Value::text(value)),
                    (Some(Some(value)), false) => Value::text(value),
                }
            }
            Expr::Concat(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.value(part)).collect();
                self.concatenated(&parts)
            }
            Expr::Conditional(condition, inner) => {
                let holds = self.holds(condition);
                self.either(holds, &mut |m| m.eval(inner), &mut |_| Value::unit())
            }
            Expr::Opaque(opaque) => self.opaque(opaque),
        }
    }

    pub(super) fn optional(&mut self, value: Option<&Expr>) -> Value {
        value.map_or_else(Value::unit, |value| self.eval(value))
    }

    fn junction(&mut self, parts: &[Expr], decisive: bool) -> Value {
        let Some((first, rest)) = parts.split_first() else {
            return Value::Bool(!decisive);
        };
        let value = self.value(first).as_bool();
        if rest.is_empty() {
            return Value::maybe(value);
        }
        if value == Some(decisive) {
            return Value::Bool(decisive);
        }
        if value == Some(!decisive) {
            return self.junction_rest(rest, decisive);
        }
        self.either(None, &mut |_| Value::Bool(decisive), &mut |m| {
            m.junction_rest(rest, decisive)
        })
    }

    /// A list of conditions can be long: known ones are not gone into.
    fn junction_rest(&mut self, mut rest: &[Expr], decisive: bool) -> Value {
        while let Some((first, behind)) = rest.split_first() {
            match self.value(first).as_bool() {
                Some(value) if value == decisive => return Value::Bool(decisive),
                Some(_) => rest = behind,
                None => {
                    // One behind may decide all the same.
                    let mut all = None;
                    for part in behind {
                        let mut decided = true;
                        self.perhaps(&mut |m| {
                            decided &= m.value(part).as_bool() == Some(decisive);
                        });
                        if decided {
                            all = Some(decisive);
                        }
                    }
                    return Value::maybe(all);
                }
            }
        }
        Value::Bool(!decisive)
    }

    fn path(&mut self, path: &[Name]) -> Value {
        if let [name] = path
            && let Some(slot) = self.variable(name)
        {
            let value = self.state.as_ref().and_then(|state| state.slots.get(slot));
            return value.cloned().unwrap_or(Value::Unknown);
        }
        self.global(path)
    }

    /// `x.name`
    fn field(&mut self, inner: &Expr, name: &Name) -> Value {
        let value = self.value(inner);
        if let Value::Command(_) = value {
            // A process that was started: `child.stdin`.
            return Value::some(Value::variant("std", name, Vec::new()));
        }
        let step = match name.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Field(name.clone()),
        };
        value.at(&[step])
    }

    fn index(&mut self, inner: &Expr, index: &Expr) -> Value {
        let value = self.value(inner);
        if let Expr::Range(from, to, inclusive) = index {
            let from = from.as_deref().map(|from| self.value(from));
            let to = to.as_deref().map(|to| self.value(to));
            let end = |value: &Value| value.as_int().and_then(|v| usize::try_from(v).ok());
            let from = match &from {
                None => Some(0),
                Some(value) => end(value),
            };
            let to = match &to {
                None => Some(None),
                Some(value) => end(value).map(|to| Some(to + usize::from(*inclusive))),
            };
            let (Some(from), Some(to)) = (from, to) else {
                return Value::Unknown;
            };
            return match &value {
                Value::Text(text) => match text.get(from..to.unwrap_or(text.len())) {
                    Some(part) => Value::text(part),
                    None => self.fail(),
                },
                Value::List(node) => match node.inner.get(from..to.unwrap_or(node.inner.len())) {
                    Some(part) => Value::list(part.to_vec()),
                    None => self.fail(),
                },
                _ => Value::Unknown,
            };
        }
        let index = self.value(index);
        match (&value, index.as_int()) {
            (Value::List(node), Some(index)) => {
                let found = usize::try_from(index)
                    .ok()
                    .and_then(|at| node.inner.get(at));
                match found {
                    Some(value) => value.clone(),
                    None => self.fail(),
                }
            }
            _ => Value::Unknown,
        }
    }

    fn reference(&mut self, mutable: bool, inner: &Expr) -> Value {
        if mutable && let Some(place) = self.place(inner) {
            return Value::Reference(place);
        }
        self.eval(inner)
    }

    pub(super) fn binary(&mut self, operator: Operator, left: &Value, right: &Value) -> Value {
        use Operator as O;
        let order = |of: &str, name: &str| self.variant_place(of, name);
        match operator {
            O::Equal | O::Unequal => {
                let equal = self.equal(left, right);
                Value::maybe(equal.map(|equal| equal == (operator == O::Equal)))
            }
            O::Less | O::LessEqual | O::Greater | O::GreaterEqual => {
                if self.has_own(left, &["PartialOrd", "Ord"]) {
                    return Value::Unknown;
                }
                let found = left.compare(right, &order);
                Value::maybe(found.map(|found| match operator {
                    O::Less => found.is_lt(),
                    O::LessEqual => found.is_le(),
                    O::Greater => found.is_gt(),
                    _ => found.is_ge(),
                }))
            }
            _ => match (left, right) {
                (Value::Int(a), Value::Int(b)) => integer(operator, *a, *b),
                (Value::Bool(a), Value::Bool(b)) => match operator {
                    O::And => Value::Bool(a & b),
                    O::Or => Value::Bool(a | b),
                    O::Xor => Value::Bool(a ^ b),
                    _ => Value::Unknown,
                },
                (Value::Bool(known), Value::Unknown) | (Value::Unknown, Value::Bool(known)) => {
                    match (operator, known) {
                        (O::And, false) => Value::Bool(false),
                        (O::Or, true) => Value::Bool(true),
                        _ => Value::Unknown,
                    }
                }
                (Value::Text(_) | Value::Prefix(_), _) if operator == O::Add => {
                    self.concatenated(&[left.clone(), right.clone()])
                }
                _ => Value::Unknown,
            },
        }
    }

    /// Whether two values are equal by the script's own lights.
    pub(super) fn equal(&self, left: &Value, right: &Value) -> Option<bool> {
        if self.has_own(left, &["PartialEq"]) {
            return None;
        }
        left.equals(right)
    }

    /// Whether a type of the script's own implements one of these traits by itself.
    fn has_own(&self, value: &Value, traits: &[&str]) -> bool {
        let of = match value {
            Value::Variant(node) => &node.inner.of,
            Value::Struct(node) => &node.inner.name,
            _ => return false,
        };
        let mut all = self.program.implementations.iter();
        all.any(|(own, of_trait)| own == of && traits.contains(&&**of_trait))
    }

    pub(super) fn variant_place(&self, of: &str, name: &str) -> Option<usize> {
        if of.is_empty() {
            // `None` before `Some`, `Ok` before `Err`.
            return Some(usize::from(matches!(name, "Some" | "Err")));
        }
        let variants = self.program.types.get(of)?.variants.as_ref()?;
        variants.iter().position(|(known, _)| &**known == name)
    }

    fn assign(&mut self, operator: Option<Operator>, left: &Expr, right: &Expr) -> Value {
        let right = self.eval(right);
        if let Expr::Tuple(parts) = left {
            // `(a, b) = …`
            let right = self.resolved(right);
            for (at, part) in parts.iter().enumerate() {
                let value = right.at(&[Step::Index(at)]);
                if let Some(place) = self.place(part) {
                    self.write(&place, value);
                }
            }
            return Value::unit();
        }
        // A variable that holds a borrow, and is given another.
        let own = match (left, operator) {
            (Expr::Path(path, _), None) => match path.as_slice() {
                [name] => self.variable(name).map(Place::variable),
                _ => None,
            },
            _ => None,
        };
        let Some(place) = own.or_else(|| self.place(left)) else {
            return Value::unit();
        };
        let value = match operator {
            None => right,
            Some(operator) => {
                let before = self.read(&place);
                let right = self.resolved(right);
                self.binary(operator, &before, &right)
            }
        };
        self.write(&place, value);
        Value::unit()
    }

    fn range(&mut self, from: Option<&Expr>, to: Option<&Expr>, inclusive: bool) -> Value {
        let from = from.map_or(Value::Unknown, |from| self.value(from));
        let to = to.map_or(Value::Unknown, |to| self.value(to));
        let (Value::Int(from), Value::Int(to)) = (&from, &to) else {
            return Value::Unknown;
        };
        let end = to.saturating_add(i128::from(inclusive));
        if end.saturating_sub(*from) > 1024 {
            return Value::Unknown;
        }
        let all: Vec<_> = (*from..end).map(Value::Int).collect();
        self.burn(all.len());
        Value::list(all)
    }

    /// Does whatever code that is not understood may do.
    fn opaque(&mut self, opaque: &Rc<Opaque>) -> Value {
        for text in &opaque.strings {
            if text.contains("rustc-cfg") {
                self.print_perhaps(text);
            }
        }
        for name in &opaque.names {
            if let Some(functions) = self.program.functions.get(name) {
                for function in functions.clone() {
                    let receiver = function.receiver.map(|_| Value::Unknown);
                    self.perhaps(&mut |m| {
                        m.function(&function, receiver.clone(), Vec::new());
                    });
                }
            }
            if let Some(slot) = self.variable(name) {
                let place = Place::variable(slot);
                self.write(&place, Value::Unknown);
            }
        }
        Value::Unknown
    }
}

fn integer(operator: Operator, a: i128, b: i128) -> Value {
    let shift = u32::try_from(b).ok();
    let value = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        Operator::Remainder => a.checked_rem(b),
        Operator::And => Some(a & b),
        Operator::Or => Some(a | b),
        Operator::Xor => Some(a ^ b),
        Operator::Left => shift.and_then(|by| a.checked_shl(by)),
        Operator::Right => shift.and_then(|by| a.checked_shr(by)),
        _ => None,
    };
    value.map_or(Value::Unknown, Value::Int)
}

fn cast(value: Value, name: &str) -> Value {
    let is_integer = name.starts_with(['u', 'i']);
    match value {
        Value::Bool(value) if is_integer => Value::Int(i128::from(value)),
        Value::Char(value) if is_integer => Value::Int(i128::from(u32::from(value))),
        Value::Int(value) if name == "char" => {
            let found = u32::try_from(value).ok().and_then(char::from_u32);
            found.map_or(Value::Unknown, Value::Char)
        }
        Value::Int(value) if is_integer => {
            let bits = match name {
                "u8" | "i8" => 8,
                "u16" | "i16" => 16,
                "u32" | "i32" => 31,
                _ => 63,
            };
            if value >= 0 && value < 1_i128 << bits {
                Value::Int(value)
            } else {
                Value::Unknown
            }
        }
        // Pointers, and types that only look like them.
        value if !is_integer && !name.starts_with('f') => value,
        _ => Value::Unknown,
    }
}
