//! Methods of options and results, and those that most values have.

use super::Machine;
use crate::census::build_script::syntax::Operator;
use crate::census::build_script::value::{Place, Value};

impl Machine<'_> {
    /// Methods of options and results.
    pub(super) fn option_method(
        &mut self,
        value: &Value,
        place: Option<&Place>,
        name: &str,
        values: &[Value],
    ) -> Option<Value> {
        let variant = value.as_variant()?;
        let kind = &*variant.name;
        let inner = variant.fields.first();
        let success = value.success();
        let is_option = matches!(kind, "Some" | "None");
        let wrap = |value: Value| {
            if is_option {
                Value::some(value)
            } else {
                Value::ok(value)
            }
        };
        let first = values.first();
        Some(match name {
            "is_some" | "is_ok" => Value::Bool(success.is_some()),
            "is_none" | "is_err" => Value::Bool(success.is_none()),
            "is_some_and" | "is_ok_and" => match success {
                Some(inner) => self.apply(first?, vec![inner.clone()]),
                None => Value::Bool(false),
            },
            "is_none_or" => match success {
                Some(inner) => self.apply(first?, vec![inner.clone()]),
                None => Value::Bool(true),
            },
            "unwrap" | "expect" => match success {
                Some(inner) => inner.clone(),
                None => self.fail(),
            },
            "unwrap_err" | "expect_err" => match kind {
                "Err" => inner?.clone(),
                _ => self.fail(),
            },
            "unwrap_or" => match success {
                Some(inner) => inner.clone(),
                None => first?.clone(),
            },
            // Of what type it is is not known; it is mostly a text.
            "unwrap_or_default" => match success {
                Some(inner) => inner.clone(),
                None => Value::text(""),
            },
            "unwrap_or_else" => match (success, is_option) {
                (Some(inner), _) => inner.clone(),
                (None, true) => self.apply(first?, Vec::new()),
                (None, false) => self.apply(first?, vec![inner?.clone()]),
            },
            "map" => match success {
                Some(inner) => {
                    let mapped = self.apply(first?, vec![inner.clone()]);
                    wrap(mapped)
                }
                None => value.clone(),
            },
            "map_or" => match success {
                Some(inner) => self.apply(values.get(1)?, vec![inner.clone()]),
                None => first?.clone(),
            },
            "map_or_else" => match (success, is_option) {
                (Some(inner), _) => self.apply(values.get(1)?, vec![inner.clone()]),
                (None, true) => self.apply(first?, Vec::new()),
                (None, false) => self.apply(first?, vec![inner?.clone()]),
            },
            "map_err" => match kind {
                "Err" => {
                    let mapped = self.apply(first?, vec![inner?.clone()]);
                    Value::err(mapped)
                }
                _ => value.clone(),
            },
            "and_then" => match success {
                Some(inner) => self.apply(first?, vec![inner.clone()]),
                None => value.clone(),
            },
            "and" => match success {
                Some(_) => first?.clone(),
                None => value.clone(),
            },
            "or" => match success {
                Some(_) => value.clone(),
                None => first?.clone(),
            },
            "or_else" => match (success, is_option) {
                (Some(_), _) => value.clone(),
                (None, true) => self.apply(first?, Vec::new()),
                (None, false) => self.apply(first?, vec![inner?.clone()]),
            },
            "ok" => Value::option(success.cloned()),
            "err" => match kind {
                "Err" => Value::some(inner?.clone()),
                _ => Value::none(),
            },
            "ok_or" => match success {
                Some(inner) => Value::ok(inner.clone()),
                None => Value::err(first?.clone()),
            },
            "ok_or_else" => match success {
                Some(inner) => Value::ok(inner.clone()),
                None => Value::err(Value::Unknown),
            },
            "filter" => match success {
                Some(inner) => {
                    let holds = self.apply(first?, vec![inner.clone()]).as_bool();
                    match holds {
                        Some(true) => value.clone(),
                        Some(false) => Value::none(),
                        None => Value::Unknown,
                    }
                }
                None => value.clone(),
            },
            // What it is borrowed for is not followed.
            "as_mut" | "as_deref_mut" if place.is_some() => return None,
            "as_ref" | "as_deref" | "as_mut" | "as_deref_mut" | "clone" | "cloned" | "copied"
            | "to_owned" | "into" => value.clone(),
            "iter" | "into_iter" => Value::list(success.cloned().into_iter().collect()),
            "take" => {
                if let Some(place) = place {
                    self.write(place, Value::none());
                }
                value.clone()
            }
            "flatten" => match success {
                Some(inner) => inner.clone(),
                None => value.clone(),
            },
            "transpose" => return None,
            "unwrap_unchecked" => success?.clone(),
            _ => return None,
        })
    }

    /// Methods that most values have.
    pub(super) fn any_method(
        &mut self,
        value: &Value,
        name: &str,
        values: &[Value],
    ) -> Option<Value> {
        let first = values.first();
        Some(match (name, value) {
            (
                "clone" | "to_owned" | "into" | "as_ref" | "borrow" | "deref" | "iter"
                | "into_iter" | "as_str",
                _,
            ) => value.clone(),
            ("to_string", value) => self.shown(&value.clone(), ""),
            ("eq" | "ne", value) => {
                let equal = self.equal(value, first?)?;
                Value::Bool(equal == (name == "eq"))
            }
            ("cmp" | "partial_cmp", value) => {
                let lower = self.binary(Operator::Less, value, first?).as_bool()?;
                let equal = self.binary(Operator::Equal, value, first?).as_bool()?;
                let found = match (lower, equal) {
                    (_, true) => "Equal",
                    (true, _) => "Less",
                    _ => "Greater",
                };
                let found = Value::variant("Ordering", found, Vec::new());
                if name == "cmp" {
                    found
                } else {
                    Value::some(found)
                }
            }
            ("ge" | "gt" | "le" | "lt", value) => {
                let operator = match name {
                    "ge" => Operator::GreaterEqual,
                    "gt" => Operator::Greater,
                    "le" => Operator::LessEqual,
                    _ => Operator::Less,
                };
                self.binary(operator, value, first?)
            }
            ("then", Value::Bool(true)) => {
                let value = self.apply(first?, Vec::new());
                Value::some(value)
            }
            ("then_some", Value::Bool(true)) => Value::some(first?.clone()),
            ("then" | "then_some", Value::Bool(false)) => Value::none(),
            ("is_ascii_digit" | "is_numeric", Value::Char(c)) => Value::Bool(c.is_ascii_digit()),
            ("is_digit", Value::Char(c)) => {
                let radix = u32::try_from(first?.as_int()?).ok();
                Value::Bool(c.is_digit(radix.filter(|radix| (2..=36).contains(radix))?))
            }
            ("is_alphanumeric" | "is_ascii_alphanumeric", Value::Char(c)) => {
                Value::Bool(c.is_alphanumeric())
            }
            ("is_alphabetic" | "is_ascii_alphabetic", Value::Char(c)) => {
                Value::Bool(c.is_alphabetic())
            }
            ("is_whitespace" | "is_ascii_whitespace", Value::Char(c)) => {
                Value::Bool(c.is_whitespace())
            }
            ("min" | "max", Value::Int(a)) => {
                let b = first?.as_int()?;
                Value::Int(if name == "min" {
                    *a.min(&b)
                } else {
                    *a.max(&b)
                })
            }
            _ => return None,
        })
    }
}
