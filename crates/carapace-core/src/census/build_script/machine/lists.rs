//! Methods of arrays, vectors, slices, sets and iterators.

use std::cmp::Ordering;

use super::Machine;
use crate::census::build_script::value::{Place, Value};

impl Machine<'_> {
    /// Methods of arrays, vectors, slices, sets and iterators.
    pub(super) fn list_method(
        &mut self,
        value: &Value,
        place: Option<&Place>,
        name: &str,
        generics: Option<&str>,
        values: &[Value],
    ) -> Option<Value> {
        let list = value.as_list()?;
        self.burn(1 + list.len());
        let first = values.first();
        let rest = |from: usize| Value::list(list.get(from..).unwrap_or_default().to_vec());
        let count = |value: &Value| usize::try_from(value.as_int()?).ok();
        Some(match name {
            "iter" | "into_iter" | "to_vec" | "as_slice" | "clone" | "copied" | "cloned"
            | "by_ref" | "to_owned" | "as_ref" | "into" | "drain" | "peekable" | "fuse"
            | "into_boxed_slice" | "as_bytes" => match (name, place) {
                // What is taken from it is taken from where it is.
                ("by_ref", Some(place)) => Value::Reference(place.clone()),
                ("drain", Some(place)) => {
                    self.write(place, Value::Unknown);
                    value.clone()
                }
                _ => value.clone(),
            },
            "iter_mut" | "as_mut_slice" => {
                self.write(place?, Value::Unknown);
                Value::Unknown
            }
            "collect" => match generics {
                Some(text) if text.starts_with("String") => self.concatenated(list),
                Some(text) if text.starts_with("Result") || text.starts_with("Option") => {
                    self.gathered(list)
                }
                _ => value.clone(),
            },
            "len" | "count" => Value::Int(i128::try_from(list.len()).ok()?),
            "is_empty" => Value::Bool(list.is_empty()),
            "contains" => {
                let mut found = Some(false);
                for one in list {
                    match self.equal(one, first?) {
                        Some(true) => return Some(Value::Bool(true)),
                        Some(false) => {}
                        None => found = None,
                    }
                }
                Value::maybe(found)
            }
            "first" | "peek" => Value::option(list.first().cloned()),
            "last" => Value::option(list.last().cloned()),
            "next" => {
                if let Some(place) = place {
                    self.write(place, rest(1));
                }
                Value::option(list.first().cloned())
            }
            "next_back" | "pop" => {
                if let Some(place) = place {
                    let left = list.get(..list.len().saturating_sub(1)).unwrap_or_default();
                    self.write(place, Value::list(left.to_vec()));
                }
                Value::option(list.last().cloned())
            }
            "nth" => {
                let at = count(first?)?;
                if let Some(place) = place {
                    self.write(place, rest(at.saturating_add(1).min(list.len())));
                }
                Value::option(list.get(at).cloned())
            }
            "get" => match count(first?) {
                Some(at) => Value::option(list.get(at).cloned()),
                None => return None,
            },
            "skip" => rest(count(first?)?.min(list.len())),
            "take" => {
                let most = count(first?)?.min(list.len());
                Value::list(list.get(..most).unwrap_or_default().to_vec())
            }
            "rev" => Value::list(list.iter().rev().cloned().collect()),
            "enumerate" => {
                let pairs = list.iter().enumerate();
                let pair = |(at, value): (usize, &Value)| {
                    let at = i128::try_from(at).unwrap_or_default();
                    Value::tuple(vec![Value::Int(at), value.clone()])
                };
                Value::list(pairs.map(pair).collect())
            }
            "zip" => {
                let other = first?.as_list()?;
                let pairs = list.iter().zip(other);
                Value::list(
                    pairs
                        .map(|(a, b)| Value::tuple(vec![a.clone(), b.clone()]))
                        .collect(),
                )
            }
            "chain" => {
                let other = match first? {
                    Value::List(node) => node.inner.clone(),
                    other if other.is_failure() => Vec::new(),
                    other => vec![other.success()?.clone()],
                };
                Value::list([list, &other].concat())
            }
            "push" | "insert" | "push_back" if values.len() == 1 => {
                let place = place?;
                let mut list = list.to_vec();
                list.push(first?.clone());
                self.write(place, Value::list(list));
                if name == "insert" {
                    Value::Unknown
                } else {
                    Value::unit()
                }
            }
            "extend" | "append" | "extend_from_slice" => {
                let place = place?;
                let other = match first? {
                    Value::List(node) => Value::list([list, &node.inner].concat()),
                    _ => Value::Unknown,
                };
                self.write(place, other);
                Value::unit()
            }
            "clear" => {
                self.write(place?, Value::list(Vec::new()));
                Value::unit()
            }
            "map" => {
                let mut all = Vec::new();
                for one in list {
                    all.push(self.apply(first?, vec![one.clone()]));
                }
                Value::list(all)
            }
            "for_each" => {
                for one in list {
                    self.apply(first?, vec![one.clone()]);
                }
                Value::unit()
            }
            "inspect" => value.clone(),
            "filter" | "take_while" | "skip_while" => {
                let mut all = Vec::new();
                let mut skips = true;
                for one in list {
                    let holds = self.apply(first?, vec![one.clone()]).as_bool();
                    match (name, holds) {
                        (_, None) => {
                            self.rest_perhaps(first?, list);
                            return Some(Value::Unknown);
                        }
                        ("take_while", Some(false)) => break,
                        ("skip_while", Some(holds)) => {
                            skips &= holds;
                            if !skips {
                                all.push(one.clone());
                            }
                        }
                        (_, Some(true)) => all.push(one.clone()),
                        _ => {}
                    }
                }
                Value::list(all)
            }
            "filter_map" | "flat_map" | "find_map" => {
                let mut all = Vec::new();
                for one in list {
                    let found = self.apply(first?, vec![one.clone()]);
                    match self.resolved(found) {
                        Value::List(node) if name == "flat_map" => {
                            all.extend(node.inner.iter().cloned());
                        }
                        found if found.is_failure() => {}
                        found => match found.success() {
                            Some(inner) if name == "find_map" => {
                                return Some(Value::some(inner.clone()));
                            }
                            Some(inner) => all.push(inner.clone()),
                            None => {
                                self.rest_perhaps(first?, list);
                                return Some(Value::Unknown);
                            }
                        },
                    }
                }
                if name == "find_map" {
                    Value::none()
                } else {
                    Value::list(all)
                }
            }
            "flatten" => {
                let mut all = Vec::new();
                for one in list {
                    match one {
                        Value::List(node) => all.extend(node.inner.iter().cloned()),
                        one if one.is_failure() => {}
                        one => all.push(one.success()?.clone()),
                    }
                }
                Value::list(all)
            }
            "any" | "all" => {
                let decisive = name == "any";
                let mut found = Some(!decisive);
                for one in list {
                    match self.apply(first?, vec![one.clone()]).as_bool() {
                        Some(holds) if holds == decisive => return Some(Value::Bool(decisive)),
                        Some(_) => {}
                        None => found = None,
                    }
                }
                Value::maybe(found)
            }
            "find" | "position" => {
                for (at, one) in list.iter().enumerate() {
                    match self.apply(first?, vec![one.clone()]).as_bool() {
                        Some(true) => {
                            if let Some(place) = place {
                                self.write(place, rest(at + 1));
                            }
                            return Some(Value::some(match name {
                                "find" => one.clone(),
                                _ => Value::Int(i128::try_from(at).ok()?),
                            }));
                        }
                        Some(false) => {}
                        None => {
                            self.rest_perhaps(first?, list);
                            return Some(Value::Unknown);
                        }
                    }
                }
                Value::none()
            }
            "fold" => {
                let mut folded = first?.clone();
                for one in list {
                    folded = self.apply(values.get(1)?, vec![folded, one.clone()]);
                }
                folded
            }
            "join" | "concat" => {
                let separator = first.cloned().unwrap_or_else(|| Value::text(""));
                let mut parts = Vec::new();
                for (at, one) in list.iter().enumerate() {
                    if at > 0 {
                        parts.push(separator.clone());
                    }
                    parts.push(one.clone());
                }
                self.concatenated(&parts)
            }
            "max" | "min" => {
                let mut all = list.iter().map(Value::as_int);
                let first = all.next()??;
                let found = all.try_fold(first, |best, one| {
                    let one = one?;
                    Some(if name == "max" {
                        best.max(one)
                    } else {
                        best.min(one)
                    })
                });
                Value::some(Value::Int(found?))
            }
            "split_first" => match list.split_first() {
                Some((first, rest)) => Value::some(Value::tuple(vec![
                    first.clone(),
                    Value::list(rest.to_vec()),
                ])),
                None => Value::none(),
            },
            "starts_with" => {
                let wanted = first?.as_list()?;
                let part = list.get(..wanted.len());
                let part = part.map(|part| Value::list(part.to_vec()));
                match part {
                    Some(part) => Value::maybe(part.equals(first?)),
                    None => Value::Bool(false),
                }
            }
            "sort" | "sort_unstable" => {
                let sorted = self.sorted(list);
                self.write(place?, sorted);
                Value::unit()
            }
            "dedup" => {
                let mut all: Vec<Value> = Vec::new();
                for one in list {
                    match all.last().map_or(Some(false), |last| last.equals(one)) {
                        Some(true) => {}
                        Some(false) => all.push(one.clone()),
                        None => {
                            self.write(place?, Value::Unknown);
                            return Some(Value::unit());
                        }
                    }
                }
                self.write(place?, Value::list(all));
                Value::unit()
            }
            "sort_by" | "sort_by_key" | "retain" => {
                self.write(place?, Value::Unknown);
                self.handed(values);
                Value::unit()
            }
            _ => return None,
        })
    }

    /// A list in order, if all of it can be compared.
    fn sorted(&mut self, list: &[Value]) -> Value {
        self.burn(list.len().saturating_mul(8));
        let order = |of: &str, name: &str| self.variant_place(of, name);
        let mut all = list.to_vec();
        let mut known = true;
        all.sort_by(|a, b| {
            let found = a.compare(b, &order);
            known &= found.is_some();
            found.unwrap_or(Ordering::Equal)
        });
        if known {
            Value::list(all)
        } else {
            Value::Unknown
        }
    }

    /// What a closure may do with elements that were not come to.
    fn rest_perhaps(&mut self, callee: &Value, list: &[Value]) {
        for one in list {
            self.perhaps(&mut |m| {
                m.apply(callee, vec![one.clone()]);
            });
        }
    }

    /// What a list of options or results collects to.
    fn gathered(&self, list: &[Value]) -> Value {
        let mut all = Vec::new();
        let mut is_option = false;
        for one in list {
            if one.is_failure() {
                return one.clone();
            }
            let Some(inner) = one.success() else {
                return Value::Unknown;
            };
            is_option = one
                .as_variant()
                .is_some_and(|variant| &*variant.name == "Some");
            all.push(inner.clone());
        }
        let all = Value::list(all);
        if is_option {
            Value::some(all)
        } else {
            Value::ok(all)
        }
    }
}
