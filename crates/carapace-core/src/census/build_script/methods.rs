//! Methods of texts, lists, options and results.

use std::cmp::Ordering;
use std::rc::Rc;

use super::machine::Machine;
use super::syntax::Operator;
use super::value::{Place, Value};

impl Machine<'_> {
    /// Whether a pattern of a text holds for a character.
    fn is_char(&mut self, pattern: &Value, c: char) -> Option<bool> {
        match pattern {
            Value::Char(wanted) => Some(*wanted == c),
            Value::List(node) => {
                let mut all = node.inner.iter().map(|one| match one {
                    Value::Char(wanted) => Some(*wanted == c),
                    _ => None,
                });
                all.try_fold(false, |found, one| Some(found || one?))
            }
            Value::Closure(_) | Value::Function(_) => {
                self.apply(pattern, vec![Value::Char(c)]).as_bool()
            }
            _ => None,
        }
    }

    /// Where a pattern is in a text: the bytes from and to; none if that is not known.
    fn find_all(
        &mut self,
        text: &str,
        pattern: &Value,
        most: usize,
    ) -> Option<Vec<(usize, usize)>> {
        if let Value::Text(pattern) = pattern {
            let found = text.match_indices(&**pattern).take(most);
            return Some(found.map(|(at, part)| (at, at + part.len())).collect());
        }
        let mut all = Vec::new();
        for (at, c) in text.char_indices() {
            if all.len() >= most || !self.burn(1) {
                break;
            }
            if self.is_char(pattern, c)? {
                all.push((at, at + c.len_utf8()));
            }
        }
        Some(all)
    }

    fn split(&mut self, text: &str, pattern: &Value, most: usize) -> Option<Vec<Value>> {
        let found = self.find_all(text, pattern, most)?;
        let mut parts = Vec::new();
        let mut from = 0;
        for (start, end) in found {
            parts.push(Value::text(text.get(from..start)?));
            from = end;
        }
        parts.push(Value::text(text.get(from..)?));
        self.burn(parts.len()).then_some(parts)
    }

    fn trimmed<'t>(
        &mut self,
        text: &'t str,
        pattern: &Value,
        start: bool,
        end: bool,
    ) -> Option<&'t str> {
        let mut text = text;
        if let Value::Text(pattern) = pattern {
            if start {
                text = text.trim_start_matches(&**pattern);
            }
            return Some(if end {
                text.trim_end_matches(&**pattern)
            } else {
                text
            });
        }
        while start && let Some(c) = text.chars().next() {
            if !self.is_char(pattern, c)? || !self.burn(1) {
                break;
            }
            text = text.get(c.len_utf8()..)?;
        }
        while end && let Some(c) = text.chars().next_back() {
            if !self.is_char(pattern, c)? || !self.burn(1) {
                break;
            }
            text = text.get(..text.len() - c.len_utf8())?;
        }
        Some(text)
    }

    /// Methods of texts of all kinds: paths and bytes among them.
    pub(super) fn text_method(
        &mut self,
        value: &Value,
        place: Option<&Place>,
        name: &str,
        generics: Option<&str>,
        values: &[Value],
    ) -> Option<Value> {
        let first = values.first();
        if let Value::Prefix(prefix) = value {
            return self.prefix_method(prefix, place, name, first);
        }
        let text = value.as_text()?;
        self.burn(1 + text.len() / 32);
        let argument = first.and_then(Value::as_text);
        Some(match name {
            "to_string" | "to_owned" | "into" | "as_str" | "as_ref" | "clone" | "to_str"
            | "into_string" | "as_bytes" | "to_string_lossy" | "into_owned" | "to_path_buf"
            | "as_os_str" | "as_path" | "into_bytes" | "deref" | "display" | "as_mut_str"
            | "into_os_string" | "into_boxed_str" | "as_slice" | "to_vec" | "borrow"
            | "as_encoded_bytes" | "leak" => match name {
                // Of `OsStr` and `Path` an option, of nothing else.
                "to_str" => Value::some(value.clone()),
                // Of `OsString` a result.
                "into_string" => Value::ok(value.clone()),
                _ => value.clone(),
            },
            "is_empty" => Value::Bool(text.is_empty()),
            "len" => Value::Int(i128::try_from(text.len()).ok()?),
            "contains" => match argument {
                Some(argument) => Value::Bool(text.contains(argument)),
                None => Value::Bool(!self.find_all(text, first?, 1)?.is_empty()),
            },
            "starts_with" => match argument {
                Some(argument) => Value::Bool(text.starts_with(argument)),
                None => match text.chars().next() {
                    Some(c) => Value::maybe(self.is_char(first?, c)),
                    None => Value::Bool(false),
                },
            },
            "ends_with" => match argument {
                Some(argument) => Value::Bool(text.ends_with(argument)),
                None => match text.chars().next_back() {
                    Some(c) => Value::maybe(self.is_char(first?, c)),
                    None => Value::Bool(false),
                },
            },
            "eq_ignore_ascii_case" => Value::Bool(text.eq_ignore_ascii_case(argument?)),
            "eq" | "ne" => Value::Bool((text == argument?) == (name == "eq")),
            "to_lowercase" | "to_ascii_lowercase" => Value::text(text.to_ascii_lowercase()),
            "to_uppercase" | "to_ascii_uppercase" => Value::text(text.to_ascii_uppercase()),
            "make_ascii_uppercase" => {
                self.write(place?, Value::text(text.to_ascii_uppercase()));
                Value::unit()
            }
            "make_ascii_lowercase" => {
                self.write(place?, Value::text(text.to_ascii_lowercase()));
                Value::unit()
            }
            "trim" => Value::text(text.trim()),
            "trim_start" | "trim_left" => Value::text(text.trim_start()),
            "trim_end" | "trim_right" => Value::text(text.trim_end()),
            "trim_matches" => Value::text(self.trimmed(text, first?, true, true)?),
            "trim_start_matches" | "trim_left_matches" => {
                Value::text(self.trimmed(text, first?, true, false)?)
            }
            "trim_end_matches" | "trim_right_matches" => {
                Value::text(self.trimmed(text, first?, false, true)?)
            }
            "strip_prefix" => {
                let rest = match first? {
                    Value::Char(c) => text.strip_prefix(*c),
                    _ => text.strip_prefix(argument?),
                };
                Value::option(rest.map(Value::text))
            }
            "strip_suffix" => {
                let rest = match first? {
                    Value::Char(c) => text.strip_suffix(*c),
                    _ => text.strip_suffix(argument?),
                };
                Value::option(rest.map(Value::text))
            }
            "split" => Value::list(self.split(text, first?, usize::MAX)?),
            "splitn" => {
                let most = usize::try_from(first?.as_int()?).ok()?;
                Value::list(self.split(text, values.get(1)?, most.checked_sub(1)?)?)
            }
            "split_terminator" => {
                let mut parts = self.split(text, first?, usize::MAX)?;
                if parts.last().and_then(Value::as_text) == Some("") {
                    parts.pop();
                }
                Value::list(parts)
            }
            "split_once" => {
                let found = self.find_all(text, first?, 1)?;
                match found.first() {
                    Some((start, end)) => Value::some(Value::tuple(vec![
                        Value::text(text.get(..*start)?),
                        Value::text(text.get(*end..)?),
                    ])),
                    None => Value::none(),
                }
            }
            "rsplit_once" => {
                let found = self.find_all(text, first?, usize::MAX)?;
                match found.last() {
                    Some((start, end)) => Value::some(Value::tuple(vec![
                        Value::text(text.get(..*start)?),
                        Value::text(text.get(*end..)?),
                    ])),
                    None => Value::none(),
                }
            }
            "rsplit" => {
                let mut parts = self.split(text, first?, usize::MAX)?;
                parts.reverse();
                Value::list(parts)
            }
            "rsplitn" => {
                let most = usize::try_from(first?.as_int()?).ok()?.checked_sub(1)?;
                let found = self.find_all(text, values.get(1)?, usize::MAX)?;
                let mut parts = Vec::new();
                let mut to = text.len();
                for (start, end) in found.into_iter().rev().take(most) {
                    parts.push(Value::text(text.get(end..to)?));
                    to = start;
                }
                parts.push(Value::text(text.get(..to)?));
                Value::list(parts)
            }
            "split_at" => {
                let at = usize::try_from(first?.as_int()?).ok()?;
                let (left, right) = text.split_at_checked(at)?;
                Value::tuple(vec![Value::text(left), Value::text(right)])
            }
            "split_whitespace" | "split_ascii_whitespace" => {
                Value::list(text.split_whitespace().map(Value::text).collect())
            }
            "lines" => Value::list(text.lines().map(Value::text).collect()),
            "chars" => Value::list(text.chars().map(Value::Char).collect()),
            "bytes" => Value::list(text.bytes().map(|b| Value::Int(b.into())).collect()),
            "find" | "position" => {
                let found = self.find_all(text, first?, 1)?;
                let at = found.first().map(|(at, _)| *at);
                Value::option(match at {
                    Some(at) => Some(Value::Int(i128::try_from(at).ok()?)),
                    None => None,
                })
            }
            "rfind" => {
                let found = self.find_all(text, first?, usize::MAX)?;
                let at = found.last().map(|(at, _)| *at);
                Value::option(match at {
                    Some(at) => Some(Value::Int(i128::try_from(at).ok()?)),
                    None => None,
                })
            }
            "replace" => {
                let mut parts = self.split(text, first?, usize::MAX)?;
                let with = values.get(1)?.as_text()?;
                parts.reverse();
                let mut out = parts.pop()?.as_text()?.to_owned();
                for part in parts.iter().rev() {
                    out.push_str(with);
                    out.push_str(part.as_text()?);
                    self.burn(1 + with.len());
                }
                Value::text(out)
            }
            "repeat" => {
                let count = usize::try_from(first?.as_int()?).ok()?;
                if count.saturating_mul(text.len()) > super::value::MAX_TEXT {
                    return None;
                }
                Value::text(text.repeat(count))
            }
            "parse" => self.parsed(text, generics),
            "push_str" | "push" if place.is_some_and(|_| !is_path_push(text, first)) => {
                let after = self.concatenated(&[value.clone(), first?.clone()]);
                self.write(place?, after);
                Value::unit()
            }
            "push" => {
                let after = self.joined_path(text, first?);
                self.write(place?, after);
                Value::unit()
            }
            "clear" => {
                self.write(place?, Value::text(""));
                Value::unit()
            }
            "join" => self.joined_path(text, first?),
            "with_extension" => {
                let stem = match text.rsplit_once('.') {
                    Some((stem, ending)) if !ending.contains('/') => stem,
                    _ => text,
                };
                Value::text(format!("{stem}.{}", argument?))
            }
            "file_name" => Value::some(Value::text(text.rsplit('/').next()?)),
            "extension" => Value::option(text.rsplit_once('.').map(|(_, end)| Value::text(end))),
            "parent" => Value::option(text.rsplit_once('/').map(|(folder, _)| Value::text(folder))),
            "exists" | "is_file" | "is_dir" => match self.exists(text) {
                Some(true) if name == "exists" => Value::Bool(true),
                Some(false) => Value::Bool(false),
                _ => Value::Unknown,
            },
            "get" | "nth" | "first" | "last" | "iter" | "into_iter" => {
                // Its bytes.
                let bytes = Value::list(text.bytes().map(|b| Value::Int(b.into())).collect());
                return self.list_method(&bytes, None, name, generics, values);
            }
            "fmt" | "pad" => {
                // `text.fmt(f)`, `f.pad(text)`
                return None;
            }
            "cmp" | "partial_cmp" => return None,
            _ => return None,
        })
    }

    fn joined_path(&mut self, text: &str, other: &Value) -> Value {
        match other {
            Value::Text(other) if other.starts_with('/') || text.is_empty() => {
                Value::Text(other.clone())
            }
            Value::Text(other) => Value::text(format!("{}/{other}", text.trim_end_matches('/'))),
            Value::Prefix(_) => Value::Prefix(text.into()),
            _ => Value::Unknown,
        }
    }

    /// Methods of a text of which only the beginning is known.
    fn prefix_method(
        &mut self,
        prefix: &Rc<str>,
        place: Option<&Place>,
        name: &str,
        first: Option<&Value>,
    ) -> Option<Value> {
        let whole = Value::Prefix(prefix.clone());
        Some(match name {
            "to_string" | "to_owned" | "into" | "as_str" | "as_ref" | "clone" | "into_owned"
            | "to_string_lossy" | "as_bytes" | "deref" | "display" => whole,
            "starts_with" => {
                let wanted = first?.as_text()?;
                if prefix.starts_with(wanted) {
                    Value::Bool(true)
                } else if wanted.starts_with(&**prefix) {
                    return None;
                } else {
                    Value::Bool(false)
                }
            }
            "is_empty" if !prefix.is_empty() => Value::Bool(false),
            "contains" if prefix.contains(first?.as_text()?) => Value::Bool(true),
            "push_str" | "push" => {
                self.write(place?, whole);
                Value::unit()
            }
            "to_lowercase" | "to_ascii_lowercase" => {
                Value::Prefix(prefix.to_ascii_lowercase().into())
            }
            "to_uppercase" | "to_ascii_uppercase" => {
                Value::Prefix(prefix.to_ascii_uppercase().into())
            }
            _ => return None,
        })
    }

    /// What `parse` makes of a text: as whole numbers are what scripts parse, one that looks like
    /// one is one.
    fn parsed(&self, text: &str, generics: Option<&str>) -> Value {
        let is_integer = generics.is_none_or(|name| {
            let digits = name.trim_start_matches(['u', 'i']);
            name.starts_with(['u', 'i']) && (digits == "size" || digits.parse::<u8>().is_ok())
        });
        match (text.parse::<i128>(), is_integer) {
            (Ok(value), true) => Value::ok(Value::Int(value)),
            (Err(_), true) if generics.is_some_and(|name| name != "_") => {
                Value::err(Value::Unknown)
            }
            _ if generics == Some("bool") => match text {
                "true" | "false" => Value::ok(Value::Bool(text == "true")),
                _ => Value::err(Value::Unknown),
            },
            _ => Value::Unknown,
        }
    }

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

/// Whether a `push` is that of a path: onto a text that ends in none.
fn is_path_push(text: &str, pushed: Option<&Value>) -> bool {
    text.contains('/') && matches!(pushed, Some(Value::Text(_) | Value::Prefix(_)))
}
