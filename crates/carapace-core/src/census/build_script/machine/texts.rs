//! Methods of texts: of paths and bytes too.

use std::rc::Rc;

use super::Machine;
use crate::census::build_script::value::{MAX_TEXT, Place, Value};

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

    /// Where a pattern is in a text for the first time, or the last.
    fn find_one(
        &mut self,
        text: &str,
        pattern: &Value,
        is_last: bool,
    ) -> Option<Option<(usize, usize)>> {
        let most = if is_last { usize::MAX } else { 1 };
        Some(self.find_all(text, pattern, most)?.last().copied())
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
                None => Value::Bool(self.find_one(text, first?, false)?.is_some()),
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
            "split_once" | "rsplit_once" => {
                let found = self.find_one(text, first?, name == "rsplit_once")?;
                match found {
                    Some((start, end)) => Value::some(Value::tuple(vec![
                        Value::text(text.get(..start)?),
                        Value::text(text.get(end..)?),
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
            "find" | "position" | "rfind" => {
                let found = self.find_one(text, first?, name == "rfind")?;
                Value::option(match found {
                    Some((at, _)) => Some(Value::Int(i128::try_from(at).ok()?)),
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
                if count.saturating_mul(text.len()) > MAX_TEXT {
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
}

/// Whether a `push` is that of a path: onto a text that ends in none.
fn is_path_push(text: &str, pushed: Option<&Value>) -> bool {
    text.contains('/') && matches!(pushed, Some(Value::Text(_) | Value::Prefix(_)))
}
