//! What a script prints, and how texts are made.

use super::Machine;
use crate::census::build_script::syntax::{Expr, Name};
use crate::census::build_script::value::{Place, Value};

/// What cargo looks for, in its two forms.
const MARKS: [&str; 2] = ["cargo:rustc-cfg=", "cargo::rustc-cfg="];

impl Machine<'_> {
    /// Evaluates a macro that takes a format.
    pub(super) fn format_macro(&mut self, name: &str, arguments: &[(Option<Name>, Expr)]) -> Value {
        match name {
            "println" | "print" => {
                let text = self.formatted(arguments);
                self.print(&text, name == "println");
                Value::unit()
            }
            "eprintln" | "eprint" => {
                self.formatted(arguments);
                Value::unit()
            }
            "dbg" => arguments
                .first()
                .map_or_else(Value::unit, |(_, one)| self.eval(one)),
            "format" | "format_args" => self.formatted(arguments),
            "bail" => {
                self.formatted(arguments);
                self.return_with(Value::err(Value::Unknown))
            }
            "write" | "writeln" => {
                let Some(((_, destination), rest)) = arguments.split_first() else {
                    return Value::Unknown;
                };
                let text = self.formatted(rest);
                let text = match name {
                    "writeln" => self.concatenated(&[text, Value::text("\n")]),
                    _ => text,
                };
                self.write_to(destination, &text)
            }
            "assert" | "debug_assert" => {
                let holds = arguments.first().map(|(_, one)| self.value(one));
                if let Some(Value::Bool(false)) = holds {
                    return self.fail();
                }
                Value::unit()
            }
            "assert_eq" | "debug_assert_eq" | "assert_ne" | "debug_assert_ne" => {
                let [(_, left), (_, right), ..] = arguments else {
                    return Value::unit();
                };
                let (left, right) = (self.value(left), self.value(right));
                if self.equal(&left, &right) == Some(name.ends_with("ne")) {
                    return self.fail();
                }
                Value::unit()
            }
            _ => {
                for (_, argument) in arguments {
                    self.eval(argument);
                }
                self.fail()
            }
        }
    }

    /// The text that a format and its arguments make.
    fn formatted(&mut self, arguments: &[(Option<Name>, Expr)]) -> Value {
        let Some(((_, format), rest)) = arguments.split_first() else {
            return Value::text("");
        };
        let format = match self.value(format) {
            Value::Text(text) => text,
            value => return prefix_of(value),
        };
        let values: Vec<(Option<Name>, Value)> = rest
            .iter()
            .map(|(name, value)| (name.clone(), self.value(value)))
            .collect();
        let mut parts = Vec::new();
        let mut next = 0_usize;
        for piece in pieces(&format) {
            let (name, spec) = match piece {
                Piece::Text(text) => {
                    parts.push(Value::Text(text.into()));
                    continue;
                }
                Piece::Argument(name, spec) => (name, spec),
            };
            let found = if name.is_empty() {
                next += 1;
                values.get(next - 1).map(|(_, value)| value.clone())
            } else if let Ok(index) = name.parse::<usize>() {
                values.get(index).map(|(_, value)| value.clone())
            } else {
                let named = values
                    .iter()
                    .find(|(known, _)| known.as_deref() == Some(name));
                match named {
                    Some((_, value)) => Some(value.clone()),
                    None => Some(self.value(&Expr::Path(vec![name.into()], None))),
                }
            };
            let shown = self.shown(&found.unwrap_or(Value::Unknown), spec);
            parts.push(shown);
        }
        self.concatenated(&parts)
    }

    /// How a value is shown.
    pub(super) fn shown(&mut self, value: &Value, spec: &str) -> Value {
        let value = self.resolved(value.clone());
        match (&value, spec) {
            (Value::Text(_) | Value::Prefix(_), "") => value,
            (Value::Int(value), "" | "?") => Value::text(value.to_string()),
            (Value::Bool(value), "" | "?") => Value::text(value.to_string()),
            (Value::Char(value), "") => Value::text(value.to_string()),
            (Value::Text(text), "?") => Value::text(format!("{text:?}")),
            (Value::Int(value), "x") => Value::text(format!("{value:x}")),
            (Value::Int(value), "02") => Value::text(format!("{value:02}")),
            (Value::Variant(_) | Value::Struct(_), "") => self.displayed(&value),
            (Value::Variant(node), "?") if node.inner.fields.is_empty() => {
                Value::Text(node.inner.name.clone())
            }
            _ => Value::Prefix("".into()),
        }
    }

    /// How a type of the script's own shows itself.
    fn displayed(&mut self, value: &Value) -> Value {
        let Some(method) = self.own_method(value, "fmt") else {
            return Value::Prefix("".into());
        };
        let Some(state) = &mut self.state else {
            return Value::Unknown;
        };
        let place = Place {
            slot: state.slots.len(),
            steps: [].into(),
            mutable: true,
        };
        state.slots.push(Value::text(""));
        let arguments = vec![Value::Reference(place.clone())];
        self.function(&method, Some(value.clone()), arguments);
        let text = prefix_of(self.read(&place));
        if let Some(state) = &mut self.state {
            state.slots.truncate(place.slot);
        }
        text
    }

    /// One text of several, as far as it is known.
    pub(super) fn concatenated(&mut self, parts: &[Value]) -> Value {
        let mut text = String::new();
        for part in parts {
            match self.resolved(part.clone()) {
                Value::Text(part) => text.push_str(&part),
                Value::Int(part) => text.push_str(&part.to_string()),
                Value::Bool(part) => text.push_str(&part.to_string()),
                Value::Char(part) => text.push(part),
                Value::Prefix(part) => {
                    text.push_str(&part);
                    return Value::Prefix(text.into());
                }
                _ => return Value::Prefix(text.into()),
            }
            if !self.burn(1 + text.len() / 64) {
                return Value::Prefix("".into());
            }
        }
        Value::text(text)
    }

    /// Writes to a text, a file, a process, or to standard output.
    pub(super) fn write_to(&mut self, destination: &Expr, text: &Value) -> Value {
        if let Some(place) = self.place(destination) {
            match self.read(&place) {
                before @ (Value::Text(_) | Value::Prefix(_)) => {
                    let after = self.concatenated(&[before, text.clone()]);
                    self.write(&place, after);
                    return Value::ok(Value::unit());
                }
                Value::Unknown => {}
                value => return self.write_into(&value, text),
            }
        }
        let value = self.value(destination);
        self.write_into(&value, text)
    }

    pub(super) fn write_into(&mut self, destination: &Value, text: &Value) -> Value {
        match destination {
            Value::Variant(node) if &*node.inner.of == "std" => match &*node.inner.name {
                "stdin" => {
                    let before = self.state.as_ref().and_then(|state| state.input.clone());
                    let before = before.unwrap_or_else(|| Value::text(""));
                    let after = self.concatenated(&[before, text.clone()]);
                    if let Some(state) = &mut self.state {
                        state.input = Some(after);
                    }
                }
                "File" => {
                    let path = node.inner.fields.first().cloned();
                    self.write_file(path.as_ref(), text, true);
                }
                "stderr" => {}
                _ => self.print(text, false),
            },
            // It may be standard output.
            _ => match text {
                Value::Text(text) if !text.contains("rustc-cfg") => {}
                Value::Text(text) => self.print_perhaps(&text.clone()),
                Value::Prefix(text) if !text.is_empty() => self.print_perhaps(&text.clone()),
                _ => {}
            },
        }
        Value::ok(Value::unit())
    }

    /// Notes what is written to a file.
    pub(super) fn write_file(&mut self, path: Option<&Value>, text: &Value, behind: bool) {
        let path = path.and_then(|path| path.as_text().map(Name::from));
        let Some(path) = path else {
            // It may be any of them.
            if let Some(state) = &mut self.state {
                state
                    .files
                    .values_mut()
                    .for_each(|text| *text = Value::Unknown);
            }
            return;
        };
        let before = self
            .state
            .as_ref()
            .and_then(|state| state.files.get(&path).cloned());
        let after = match before {
            Some(before) if behind => self.concatenated(&[before, text.clone()]),
            _ => text.clone(),
        };
        if let Some(state) = &mut self.state {
            state.files.insert(path, after);
        }
    }

    /// Prints a text.
    pub(super) fn print(&mut self, text: &Value, ends_line: bool) {
        match text {
            Value::Text(text) => {
                let text = text.clone();
                if !ends_line && !text.ends_with('\n') {
                    // What comes behind in the same line is not followed.
                    self.print_perhaps(&text);
                    return;
                }
                for line in text.lines() {
                    self.line(line, true);
                }
            }
            Value::Prefix(text) => {
                let text = text.clone();
                let (whole, last) = match text.rsplit_once('\n') {
                    Some((whole, last)) => (whole, last),
                    None => ("", &*text),
                };
                for line in whole.lines() {
                    self.line(line, true);
                }
                self.line_beginning(last);
            }
            _ => self.give_up("unknown text printed"),
        }
    }

    /// A line of which only the beginning is known.
    fn line_beginning(&mut self, line: &str) {
        for mark in MARKS {
            if let Some(name) = line.strip_prefix(mark) {
                self.prefixes.push(name.into());
            } else if mark.starts_with(line) {
                self.give_up("a line of which nothing is known");
            }
        }
    }

    fn line(&mut self, line: &str, sure: bool) {
        let found = MARKS.iter().find_map(|mark| line.strip_prefix(mark));
        if let (Some(name), Some(state)) = (found, &mut self.state) {
            let slot = state.printed.entry(name.trim().into()).or_insert(sure);
            *slot |= sure;
        }
    }

    /// What may be printed, somewhere in a line.
    pub(super) fn print_perhaps(&mut self, text: &str) {
        let mut found = false;
        for line in text.lines() {
            for mark in MARKS {
                let Some((_, name)) = line.split_once(mark) else {
                    continue;
                };
                found = true;
                let is_name = |c: char| c.is_alphanumeric() || c == '_';
                let length = name.find(|c| !is_name(c)).unwrap_or(name.len());
                let (own, behind) = name.split_at_checked(length).unwrap_or((name, ""));
                match (own, behind) {
                    ("", _) => self.give_up("a name of which nothing is known"),
                    (own, "") if self.state.is_some() => self.line(&format!("{mark}{own}"), false),
                    (own, _) => self.prefixes.push(own.into()),
                }
            }
        }
        if !found && text.contains("rustc-cfg") {
            self.give_up("no name");
        }
    }
}

/// A text of which at least the beginning is known.
fn prefix_of(value: Value) -> Value {
    match value {
        Value::Text(_) | Value::Prefix(_) => value,
        _ => Value::Prefix("".into()),
    }
}

enum Piece<'t> {
    Text(String),
    /// The name or number of an argument, and how it is shown.
    Argument(&'t str, &'t str),
}

/// The pieces of a format.
fn pieces(format: &str) -> Vec<Piece<'_>> {
    let mut all = Vec::new();
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
        text.push_str(before);
        if let Some(next) = behind.strip_prefix("{{") {
            text.push('{');
            rest = next;
        } else if let Some(next) = behind.strip_prefix("}}") {
            text.push('}');
            rest = next;
        } else if let Some((inside, next)) = behind
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'))
        {
            all.push(Piece::Text(std::mem::take(&mut text)));
            let (name, spec) = inside.split_once(':').unwrap_or((inside, ""));
            all.push(Piece::Argument(name.trim(), spec.trim()));
            rest = next;
        } else {
            rest = behind.get(1..).unwrap_or_default();
        }
    }
    text.push_str(rest);
    all.push(Piece::Text(text));
    all
}
