//! Functions of the standard library, as far as build scripts use them: its environment, files and
//! processes among them.

use std::rc::Rc;

use super::Machine;
use crate::census::build_script::syntax::Name;
use crate::census::build_script::value::{Command, Value};

impl Machine<'_> {
    /// Functions of the standard library.
    pub(super) fn standard(
        &mut self,
        path: &[Name],
        values: &[Value],
        generics: Option<&str>,
    ) -> Option<Value> {
        let name = path.last()?;
        let of = path.len().checked_sub(2).and_then(|at| path.get(at));
        let of = of.map_or("", |of| &**of);
        let first = values.first();
        let text = first.and_then(Value::as_text);
        Some(match (of, &**name) {
            ("" | "Option", "Some") => Value::some(first?.clone()),
            ("" | "Result", "Ok") => Value::ok(first?.clone()),
            ("" | "Result", "Err") => Value::err(first?.clone()),
            ("env", "var") => match self.variable_of_build(text) {
                Some(Some(value)) => Value::ok(Value::text(value)),
                Some(None) => Value::err(Value::variant("VarError", "NotPresent", Vec::new())),
                None => Value::Unknown,
            },
            ("env", "var_os") => match self.variable_of_build(text) {
                Some(value) => Value::option(value.map(Value::text)),
                None => Value::Unknown,
            },
            ("env", "vars" | "vars_os") => self.variables(),
            ("env", "set_var" | "remove_var") => Value::unit(),
            ("process", "exit") => match first.and_then(Value::as_int) {
                Some(0) => self.exit(),
                _ => self.fail(),
            },
            ("process", "abort") => self.fail(),
            ("io", "stdout") => Value::variant("std", "stdout", Vec::new()),
            ("io", "stderr") => Value::variant("std", "stderr", Vec::new()),
            ("Command", "new") => Value::Command(Rc::new(Command {
                program: first?.clone(),
                arguments: Vec::new(),
                removed: Vec::new(),
                set: Vec::new(),
            })),
            (
                "String" | "OsString" | "PathBuf" | "Path" | "OsStr" | "Box" | "Rc" | "Arc" | "Cow"
                | "CString" | "Some",
                "from" | "new" | "Borrowed" | "Owned",
            ) => match (first, of) {
                (Some(Value::Char(value)), "String") => Value::text(value.to_string()),
                (Some(value), _) => value.clone(),
                (None, _) => Value::text(""),
            },
            ("char", "from") => first?.clone(),
            ("String", "with_capacity" | "default") => Value::text(""),
            ("Vec" | "HashSet" | "BTreeSet" | "VecDeque", "new" | "with_capacity" | "default") => {
                Value::list(Vec::new())
            }
            ("Vec" | "HashSet" | "BTreeSet" | "VecDeque", "from" | "from_iter") => first?.clone(),
            ("str" | "String", "from_utf8" | "from_str") => match first? {
                Value::Unknown => Value::Unknown,
                value => Value::ok(value.clone()),
            },
            ("String", "from_utf8_lossy") => first?.clone(),
            (
                "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize"
                | "u128" | "i128",
                "from_str" | "from_str_radix" | "from",
            ) => match (&**name, first?) {
                ("from", value) => value.clone(),
                (_, Value::Text(text)) => {
                    let radix = values.get(1).and_then(Value::as_int).unwrap_or(10);
                    let radix = u32::try_from(radix).ok().filter(|r| (2..=36).contains(r))?;
                    match i128::from_str_radix(text, radix) {
                        Ok(value) => Value::ok(Value::Int(value)),
                        Err(_) => Value::err(Value::Unknown),
                    }
                }
                _ => Value::Unknown,
            },
            ("iter", "once") => Value::list(vec![first?.clone()]),
            ("iter", "empty") => Value::list(Vec::new()),
            ("cmp", "max" | "min") => {
                let (a, b) = (first?.as_int()?, values.get(1)?.as_int()?);
                Value::Int(if &**name == "max" { a.max(b) } else { a.min(b) })
            }
            ("fs", "metadata" | "symlink_metadata") => match self.exists(text?) {
                Some(true) => Value::ok(Value::Unknown),
                Some(false) => Value::err(Value::Unknown),
                None => Value::Unknown,
            },
            ("fs", "read_to_string" | "read") => match self.file(text?) {
                Some(text) => Value::ok(text),
                None => Value::Unknown,
            },
            // That it can write where it should is taken for granted.
            ("fs", "write") => {
                let text = values.get(1).cloned().unwrap_or(Value::Unknown);
                self.write_file(first, &text, false);
                Value::ok(Value::unit())
            }
            ("fs", "create_dir" | "create_dir_all") => Value::ok(Value::unit()),
            ("File", "create") => {
                self.write_file(first, &Value::text(""), false);
                Value::ok(Value::variant("std", "File", vec![first?.clone()]))
            }
            ("mem", "take" | "replace") | ("panic", _) => return None,
            ("", "drop") => Value::unit(),
            ("Stdio", _) | ("env", "current_dir" | "args") => Value::Unknown,
            ("", "panic") => self.fail(),
            _ => {
                let _ = generics;
                return None;
            }
        })
    }

    /// The value of a variable of the environment: none of it if it is not set, and none at all if
    /// that is not known.
    fn variable_of_build(&self, name: Option<&str>) -> Option<Option<String>> {
        self.environment.variable(name?, self.program)
    }

    fn variables(&mut self) -> Value {
        let known = self.environment.variables();
        let mut all: Vec<_> = known
            .into_iter()
            .map(|(name, value)| Value::tuple(vec![Value::text(name), Value::text(value)]))
            .collect();
        // There are others.
        all.push(Value::tuple(vec![Value::Unknown, Value::Unknown]));
        Value::list(all)
    }

    /// Whether a file of the package is there.
    pub(super) fn exists(&self, path: &str) -> Option<bool> {
        let path = self.environment.of_package(path)?;
        if self
            .facts
            .sources
            .iter()
            .chain(&self.facts.others)
            .any(|file| file.path == path)
        {
            return Some(true);
        }
        let files = self.facts.files.as_ref()?;
        let holds = |folder: &str| {
            let folder = format!("{folder}/");
            files.iter().any(|file| file.starts_with(&folder))
        };
        if files.binary_search(&path).is_ok() || holds(&path) {
            return Some(true);
        }
        // A folder that is a link may not have been gone into.
        match path.rsplit_once('/') {
            Some((folder, _)) if !holds(folder) => None,
            _ => Some(false),
        }
    }

    /// What a file holds that the script wrote, or that is the package's.
    pub(super) fn file(&self, path: &str) -> Option<Value> {
        if let Some(text) = self.state.as_ref().and_then(|state| state.files.get(path)) {
            return Some(text.clone());
        }
        let path = self.environment.of_package(path)?;
        let mut all = self.facts.sources.iter().chain(&self.facts.others);
        let found = all.find(|file| file.path == path)?;
        Some(Value::text(&*found.text))
    }
}
