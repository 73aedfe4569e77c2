//! Whether values are what patterns ask for, and what these bind.

use super::Machine;
use crate::census::build_script::syntax::{Expr, Name, Pattern};
use crate::census::build_script::value::{Place, Step, Value};

type Bound = Vec<(Name, Value)>;

impl Machine<'_> {
    /// Whether a value matches; none if that is not known. What is bound is added either way, so
    /// that both ways know the same names.
    pub(super) fn matches(
        &mut self,
        pattern: &Pattern,
        value: Value,
        bound: &mut Bound,
    ) -> Option<bool> {
        if !self.burn(1) {
            names(pattern, bound);
            return None;
        }
        match pattern {
            Pattern::Wildcard | Pattern::Rest => Some(true),
            Pattern::Bind(name, None) => {
                bound.push((name.clone(), value));
                Some(true)
            }
            Pattern::Bind(name, Some(inner)) => {
                bound.push((name.clone(), value.clone()));
                self.matches(inner, value, bound)
            }
            Pattern::Value(expected) => {
                let expected = self.value(expected);
                let value = self.resolved(value);
                self.equal(&value, &expected)
            }
            Pattern::Range(from, to, inclusive) => {
                let value = self.resolved(value);
                let mut end = |end: Option<&Expr>| end.map(|end| self.value(end));
                let (from, to) = (end(from.as_deref()), end(to.as_deref()));
                let order = |_: &str, _: &str| None;
                let low = from.map_or(Some(true), |from| {
                    from.compare(&value, &order).map(|found| found.is_le())
                });
                let high = to.map_or(Some(true), |to| {
                    let found = value.compare(&to, &order);
                    found.map(|found| found.is_lt() || *inclusive && found.is_eq())
                });
                both(low, high)
            }
            Pattern::Or(all) => self.any_of(all, &value, bound),
            Pattern::Tuple(parts) => {
                let (whole, place) = self.seen(value);
                match &whole {
                    Value::Tuple(node) => {
                        self.parts(parts, &node.inner, place.as_ref(), bound, false)
                    }
                    // `version_check` gave pairs where it gives the first of them now.
                    Value::Bool(_) => {
                        let pair = [whole.clone(), Value::Unknown];
                        self.parts(parts, &pair, None, bound, false)
                    }
                    _ => {
                        parts.iter().for_each(|part| names(part, bound));
                        None
                    }
                }
            }
            Pattern::Slice(parts) => {
                let (whole, place) = self.seen(value);
                match &whole {
                    Value::List(node) => {
                        self.parts(parts, &node.inner, place.as_ref(), bound, true)
                    }
                    _ => {
                        parts.iter().for_each(|part| names(part, bound));
                        None
                    }
                }
            }
            Pattern::Variant(path, parts) => {
                let (whole, place) = self.seen(value);
                let (of, name) = self.variant_path(path);
                match &whole {
                    Value::Variant(node) if of == node.inner.of && name == node.inner.name => {
                        let fields = node.inner.fields.clone();
                        self.parts(parts, &fields, place.as_ref(), bound, false)
                    }
                    Value::Variant(node) if of == node.inner.of => {
                        parts.iter().for_each(|part| names(part, bound));
                        Some(false)
                    }
                    _ => {
                        parts.iter().for_each(|part| names(part, bound));
                        None
                    }
                }
            }
            Pattern::Struct(path, fields) => {
                let (whole, place) = self.seen(value);
                let (of, name) = self.variant_path(path);
                let found = match &whole {
                    Value::Struct(node) if node.inner.name == name => Some(true),
                    Value::Variant(node) if node.inner.of == of => {
                        (node.inner.name != name).then_some(false)
                    }
                    _ => None,
                };
                let mut all = found;
                for (name, pattern) in fields {
                    let step = Step::Field(name.clone());
                    let part = match found {
                        Some(true) => part_of(&whole, place.as_ref(), step),
                        _ => Value::Unknown,
                    };
                    let found = self.matches(pattern, part, bound);
                    all = both(all, found);
                }
                all
            }
            Pattern::Opaque(all) => {
                bound.extend(all.iter().map(|name| (name.clone(), Value::Unknown)));
                None
            }
        }
    }

    fn any_of(&mut self, all: &[Pattern], value: &Value, bound: &mut Bound) -> Option<bool> {
        let mut found = Some(false);
        let length = bound.len();
        for pattern in all {
            let mut own = Vec::new();
            let this = self.matches(pattern, value.clone(), &mut own);
            if this == Some(true) && found == Some(false) {
                bound.truncate(length);
                bound.extend(own);
                return Some(true);
            }
            if this != Some(false) {
                found = None;
            }
            if bound.len() == length {
                bound.extend(own.into_iter().map(|(name, _)| (name, Value::Unknown)));
            }
            if this == Some(true) {
                return found.or(Some(true));
            }
        }
        found
    }

    /// What a value refers to, and where that is if it is borrowed to be changed.
    fn seen(&self, value: Value) -> (Value, Option<Place>) {
        let place = match &value {
            Value::Reference(place) => Some(place.clone()),
            _ => None,
        };
        (self.resolved(value), place)
    }

    fn parts(
        &mut self,
        patterns: &[Pattern],
        values: &[Value],
        place: Option<&Place>,
        bound: &mut Bound,
        is_slice: bool,
    ) -> Option<bool> {
        let rest = patterns.iter().position(is_rest);
        let fits = match rest {
            None => patterns.len() == values.len(),
            Some(_) => patterns.len() - 1 <= values.len(),
        };
        if !fits {
            patterns.iter().for_each(|pattern| names(pattern, bound));
            // Only slices have a length of their own.
            return is_slice.then_some(false);
        }
        let mut all = Some(true);
        for (at, pattern) in patterns.iter().enumerate() {
            let index = match rest {
                Some(rest) if at == rest => {
                    if let Pattern::Bind(name, _) = pattern {
                        let behind = patterns.len() - 1 - at;
                        let part = values.get(at..values.len() - behind);
                        let part = part.map(<[Value]>::to_vec).unwrap_or_default();
                        bound.push((name.clone(), Value::list(part)));
                    }
                    continue;
                }
                Some(rest) if at > rest => values.len() + at - patterns.len(),
                _ => at,
            };
            let part = match (values.get(index), place) {
                (Some(_), Some(place)) => within(place, Step::Index(index)),
                (Some(value), None) => value.clone(),
                (None, _) => Value::Unknown,
            };
            let found = self.matches(pattern, part, bound);
            all = both(all, found);
        }
        all
    }
}

fn is_rest(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Rest => true,
        Pattern::Bind(_, Some(inner)) => matches!(**inner, Pattern::Rest),
        _ => false,
    }
}

fn part_of(whole: &Value, place: Option<&Place>, step: Step) -> Value {
    match place {
        Some(place) => within(place, step),
        None => whole.at(&[step]),
    }
}

fn within(place: &Place, step: Step) -> Value {
    let steps = place.steps.iter().cloned().chain([step]);
    Value::Reference(Place {
        slot: place.slot,
        steps: steps.collect(),
        mutable: place.mutable,
    })
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Binds the names of a pattern to what is not known.
fn names(pattern: &Pattern, bound: &mut Bound) {
    match pattern {
        Pattern::Wildcard | Pattern::Rest | Pattern::Value(_) | Pattern::Range(..) => {}
        Pattern::Bind(name, inner) => {
            bound.push((name.clone(), Value::Unknown));
            if let Some(inner) = inner {
                names(inner, bound);
            }
        }
        Pattern::Tuple(all) | Pattern::Slice(all) | Pattern::Variant(_, all) => {
            all.iter().for_each(|pattern| names(pattern, bound));
        }
        Pattern::Struct(_, fields) => fields.iter().for_each(|(_, inner)| names(inner, bound)),
        // Each way binds the same names.
        Pattern::Or(all) => all.iter().take(1).for_each(|pattern| names(pattern, bound)),
        Pattern::Opaque(all) => {
            bound.extend(all.iter().map(|name| (name.clone(), Value::Unknown)));
        }
    }
}
