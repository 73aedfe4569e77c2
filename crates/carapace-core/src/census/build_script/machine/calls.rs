//! Names, and what is called by them: functions and types of the script, and methods of values.

use std::rc::Rc;

use super::Machine;
use crate::census::build_script::syntax::{Constant, Expr, Function, Name, Receiver};
use crate::census::build_script::value::{Place, Value};

/// Roots of paths that print nothing by themselves.
const SILENT: [&str; 21] = [
    "std",
    "core",
    "alloc",
    "cc",
    "pkg_config",
    "rustc_version",
    "version_check",
    "semver",
    "rustversion",
    "autocfg",
    "String",
    "Vec",
    "Option",
    "Result",
    "Path",
    "PathBuf",
    "OsString",
    "Command",
    "Default",
    "cfg_aliases",
    "rustversion_compat",
];

impl Machine<'_> {
    /// A path with its first name replaced by what it was imported as.
    fn absolute(&self, path: &[Name]) -> Vec<Name> {
        let skip = |name: &Name| matches!(&**name, "crate" | "self" | "super");
        let start = path.iter().position(|name| !skip(name));
        let mut path: Vec<Name> = path.get(start.unwrap_or(0)..).unwrap_or_default().to_vec();
        let import = path
            .first()
            .and_then(|first| self.program.imports.get(first));
        if let Some(import) = import {
            path.splice(0..1, import.iter().cloned());
        }
        path
    }

    /// The type of a variant's path, empty for those of all programs, and its name.
    pub(super) fn variant_path(&self, path: &[Name]) -> (Name, Name) {
        let name = path.last().cloned().unwrap_or_else(|| "".into());
        if let Some(of) = path.len().checked_sub(2).and_then(|at| path.get(at)) {
            let of = match &**of {
                "Self" => self.current_owner(),
                _ => of.clone(),
            };
            if self.program.types.contains_key(&of) {
                return (of, name);
            }
            if &*of == "Option" || &*of == "Result" {
                return ("".into(), name);
            }
            return (of, name);
        }
        if &*name == "Self" {
            let own = self.current_owner();
            return (own.clone(), own);
        }
        if self.program.types.contains_key(&name) {
            return (name.clone(), name);
        }
        // A variant by its name alone must be imported, or be one that all know.
        let import = self.program.imports.get(&name);
        if let Some(of) = import.and_then(|path| path.get(path.len().checked_sub(2)?)) {
            return (of.clone(), name);
        }
        let own = self.program.variants.get(&name);
        let own = own.filter(|of| self.program.globs.contains(of));
        (own.cloned().unwrap_or_else(|| "".into()), name)
    }

    /// The value of a path that is no variable.
    pub(super) fn global(&mut self, path: &[Name]) -> Value {
        let Some(name) = path.last() else {
            return Value::Unknown;
        };
        if let Some(constant) = self.constant(path) {
            return self.eval_apart(&constant);
        }
        let (of, variant) = self.variant_path(path);
        let own = self
            .program
            .types
            .get(&of)
            .and_then(|found| found.variants.as_ref());
        if own.is_some_and(|all| all.iter().any(|(known, _)| *known == variant)) {
            return Value::variant(&of, &variant, Vec::new());
        }
        if path.len() == 1 && &**name == "None" {
            return Value::none();
        }
        let full = self.absolute(path);
        let joined = full.join("::");
        match joined.as_str() {
            "u8::MAX" => return Value::Int(i128::from(u8::MAX)),
            "u16::MAX" => return Value::Int(i128::from(u16::MAX)),
            "u32::MAX" | "std::u32::MAX" => return Value::Int(i128::from(u32::MAX)),
            "u64::MAX" | "std::u64::MAX" | "usize::MAX" => {
                return Value::Int(i128::from(u64::MAX));
            }
            _ => {}
        }
        // A variant of a type that is not the script's own.
        let is_type =
            |name: &str| name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
        if path.len() > 1 && is_type(name) && is_type(&of) {
            return Value::variant(&of, &variant, Vec::new());
        }
        Value::Function(path.into())
    }

    fn constant(&self, path: &[Name]) -> Option<Rc<Constant>> {
        let all = self.program.constants.get(path.last()?)?;
        let owner = match path.len().checked_sub(2).and_then(|at| path.get(at)) {
            Some(of) if &**of == "Self" => Some(self.current_owner()),
            Some(of) => Some(of.clone()),
            None => None,
        };
        let own = self.current_owner();
        let mut usable = all.iter().filter(|constant| {
            let holds = constant.conditions.iter().map(|one| self.holds(one));
            holds.into_iter().all(|holds| holds == Some(true))
        });
        match owner {
            Some(owner) if self.program.types.contains_key(&owner) => {
                usable.find(|constant| constant.owner == owner).cloned()
            }
            Some(_) => usable.next().cloned(),
            None => {
                let mut first = None;
                for constant in usable {
                    if constant.owner == own {
                        return Some(constant.clone());
                    }
                    first.get_or_insert(constant);
                }
                first.cloned()
            }
        }
    }

    /// A function that a path means, among the script's own.
    fn own_function(&self, path: &[Name]) -> Option<Vec<Rc<Function>>> {
        let name = path.last()?;
        let all = self.program.functions.get(name)?;
        let owner = path.len().checked_sub(2).and_then(|at| path.get(at));
        let own = self.current_owner();
        let is_type = |owner: &Name| self.program.types.contains_key(owner);
        let wanted = |function: &&Rc<Function>| match owner {
            Some(owner) if &**owner == "Self" => function.owner == own,
            Some(owner) if matches!(&**owner, "self" | "super" | "crate") => {
                !is_type(&function.owner)
            }
            Some(owner) => function.owner == *owner,
            None => function.receiver.is_none() && function.of_trait.is_none(),
        };
        let mut found: Vec<_> = all.iter().filter(wanted).cloned().collect();
        if owner.is_none() && found.iter().any(|function| function.owner == own) {
            found.retain(|function| function.owner == own);
        }
        found.retain(|function| {
            let mut holds = function.conditions.iter().map(|one| self.holds(one));
            !holds.any(|holds| holds == Some(false))
        });
        (!found.is_empty()).then_some(found)
    }

    /// A method of the type that a value has.
    pub(super) fn own_method(&self, value: &Value, name: &str) -> Option<Rc<Function>> {
        let of = match value {
            Value::Variant(node) => &node.inner.of,
            Value::Struct(node) => &node.inner.name,
            _ => return None,
        };
        let all = self.program.functions.get(name)?;
        let is_trait = |owner: &Name| {
            let mut all = self.program.implementations.iter();
            all.any(|(own, of_trait)| own == of && of_trait == owner)
        };
        let usable = |function: &&Rc<Function>| {
            let mut holds = function.conditions.iter().map(|one| self.holds(one));
            function.receiver.is_some() && !holds.any(|holds| holds == Some(false))
        };
        let own = all
            .iter()
            .filter(usable)
            .find(|function| function.owner == *of);
        own.or_else(|| {
            all.iter()
                .filter(usable)
                .find(|function| is_trait(&function.owner))
        })
        .cloned()
    }

    pub(super) fn call(&mut self, callee: &Expr, arguments: &[Expr]) -> Value {
        let values: Vec<_> = arguments.iter().map(|one| self.eval(one)).collect();
        if self.state.is_none() {
            return Value::Unknown;
        }
        match callee {
            Expr::Path(path, generics) => {
                if let [_] = path.as_slice()
                    && let value @ (Value::Closure(_) | Value::Reference(_)) = self.path_value(path)
                {
                    return self.apply(&value, values);
                }
                self.call_path(path, values, generics.as_deref())
            }
            other => {
                let callee = self.value(other);
                self.apply(&callee, values)
            }
        }
    }

    fn path_value(&mut self, path: &[Name]) -> Value {
        self.eval(&Expr::Path(path.to_vec(), None))
    }

    pub(super) fn call_path(
        &mut self,
        path: &[Name],
        mut values: Vec<Value>,
        generics: Option<&str>,
    ) -> Value {
        let full = self.absolute(path);
        for path in [path, &full] {
            if let Some(functions) = self.own_function(path) {
                return self.call_own(&functions, values);
            }
        }
        let (of, name) = self.variant_path(path);
        if self.program.types.contains_key(&of) && self.is_constructor(&of, &name) {
            return Value::variant(&of, &name, values);
        }
        let resolved: Vec<_> = values.iter().map(|v| self.resolved(v.clone())).collect();
        if let Some(value) = self.standard(&full, &resolved, generics) {
            return value;
        }
        if let Some(value) = self.tool(&full, &resolved) {
            return value;
        }
        // `Trait::method(receiver, …)`, `Type::method(&receiver, …)`
        let is_type = full.len() > 1
            && full
                .get(full.len() - 2)
                .is_some_and(|owner| owner.starts_with(char::is_uppercase) || owner.len() <= 5);
        if is_type && !values.is_empty() && full.first().is_some_and(|first| is_silent(first)) {
            let receiver = values.remove(0);
            let name = name.clone();
            let place = match &receiver {
                Value::Reference(place) => Some(place.clone()),
                _ => None,
            };
            let receiver = self.resolved(receiver);
            return self.method_on(receiver, place.as_ref(), &name, generics, values);
        }
        self.handed(&values);
        let first = full.first().map_or("", |first| &**first);
        if full.len() > 1 && !is_silent(first) || full.len() == 1 && !is_known(first) {
            self.helpers = true;
        }
        Value::Unknown
    }

    fn is_constructor(&self, of: &Name, name: &Name) -> bool {
        self.program
            .types
            .get(of)
            .is_some_and(|found| match &found.variants {
                Some(variants) => variants.iter().any(|(known, _)| known == name),
                None => of == name,
            })
    }

    fn call_own(&mut self, functions: &[Rc<Function>], mut values: Vec<Value>) -> Value {
        let [function] = functions else {
            // Which of them it is is not known.
            for function in functions {
                let (function, values) = (function.clone(), values.clone());
                self.perhaps(&mut |m| {
                    m.function(&function, None, values.clone());
                });
            }
            return Value::Unknown;
        };
        let receiver = match function.receiver {
            Some(_) if !values.is_empty() => Some(values.remove(0)),
            Some(_) => Some(Value::Unknown),
            None => None,
        };
        self.function(function, receiver, values)
    }

    pub(super) fn structure(
        &mut self,
        path: &[Name],
        fields: &[(Name, Expr)],
        rest: Option<&Expr>,
    ) -> Value {
        let name = match path.last() {
            Some(name) if &**name == "Self" => self.current_owner(),
            Some(name) => name.clone(),
            None => return Value::Unknown,
        };
        let mut values = Vec::new();
        for (field, value) in fields {
            let value = self.eval(value);
            values.push((field.clone(), self.resolved(value)));
        }
        if let Some(rest) = rest
            && let Value::Struct(node) = self.value(rest)
        {
            for (field, value) in &node.inner.fields {
                if !values.iter().any(|(known, _)| known == field) {
                    values.push((field.clone(), value.clone()));
                }
            }
        }
        if let Some(found) = self.program.types.get(&name) {
            let place = |field: &Name| found.fields.iter().position(|known| known == field);
            values.sort_by_key(|(field, _)| place(field));
        }
        Value::structure(&name, values)
    }

    pub(super) fn method(
        &mut self,
        receiver: &Expr,
        name: &Name,
        generics: Option<&str>,
        arguments: &[Expr],
    ) -> Value {
        let place = self.place(receiver);
        let (place, value) = match place {
            Some(place) => {
                let value = self.read(&place);
                (Some(place), value)
            }
            None => match self.eval(receiver) {
                Value::Reference(place) => {
                    let value = self.read(&place);
                    (Some(place), value)
                }
                value => (None, value),
            },
        };
        if self.state.is_none() {
            return Value::Unknown;
        }
        // What is called on standard output, on a file or on a process.
        if matches!(&**name, "write_all" | "write_str" | "write" | "push_str")
            && let [text] = arguments
            && !self.program.functions.contains_key(name)
        {
            let text = self.value(text);
            if matches!(value, Value::Text(_) | Value::Prefix(_)) {
                return self.write_to(receiver, &text);
            }
            return self.write_into(&value, &text);
        }
        let values: Vec<_> = arguments.iter().map(|one| self.eval(one)).collect();
        if self.state.is_none() {
            return Value::Unknown;
        }
        self.method_on(value, place.as_ref(), name, generics, values)
    }

    /// Calls a method on a value, and on the place where it is, if it has one.
    fn method_on(
        &mut self,
        value: Value,
        place: Option<&Place>,
        name: &str,
        generics: Option<&str>,
        values: Vec<Value>,
    ) -> Value {
        if let Some(function) = self.own_method(&value, name) {
            let receiver = match (function.receiver, place) {
                (Some(Receiver::Mutable), Some(place)) => Value::Reference(place.clone()),
                _ => value,
            };
            return self.function(&function, Some(receiver), values);
        }
        if matches!(value, Value::Unknown)
            && let Some(functions) = self.program.functions.get(name)
        {
            let methods = functions.iter().filter(|f| f.receiver.is_some());
            for function in methods.cloned().collect::<Vec<_>>() {
                self.perhaps(&mut |m| {
                    m.function(&function, Some(Value::Unknown), values.clone());
                });
            }
        }
        let resolved: Vec<_> = values.iter().map(|v| self.resolved(v.clone())).collect();
        if let Value::Command(command) = &value {
            return self.command_method(&command.clone(), place, name, &resolved);
        }
        if let Some(found) = self.tool_method(&value, name, &resolved) {
            return found;
        }
        let found = match &value {
            Value::Text(_) | Value::Prefix(_) => {
                self.text_method(&value, place, name, generics, &resolved)
            }
            Value::List(_) => self.list_method(&value, place, name, generics, &resolved),
            Value::Variant(node) if node.inner.of.is_empty() => {
                self.option_method(&value, place, name, &resolved)
            }
            _ => None,
        };
        if let Some(found) = found {
            return found;
        }
        if let Some(found) = self.any_method(&value, name, &resolved) {
            return found;
        }
        self.handed(&values);
        if let Some(place) = place
            && !is_reading(name)
        {
            self.write(place, Value::Unknown);
        }
        Value::Unknown
    }
}

/// Whether a path with this root prints nothing by itself.
fn is_silent(root: &str) -> bool {
    SILENT.contains(&root)
        || matches!(
            root,
            "env"
                | "fs"
                | "io"
                | "process"
                | "str"
                | "iter"
                | "mem"
                | "cmp"
                | "fmt"
                | "path"
                | "File"
                | "Box"
                | "Rc"
                | "Arc"
                | "Cow"
                | "HashMap"
                | "HashSet"
                | "BTreeMap"
                | "BTreeSet"
                | "Stdio"
                | "OsStr"
                | "Instant"
                | "Duration"
                | "char"
                | "u8"
                | "u16"
                | "u32"
                | "u64"
                | "usize"
                | "i32"
                | "i64"
                | "f64"
                | "ToString"
                | "From"
                | "Into"
                | "Iterator"
                | "AsRef"
                | "ExitStatus"
                | "Error"
                | "T"
                | "Self"
        )
}

/// Whether a name alone is one that all programs know.
fn is_known(name: &str) -> bool {
    matches!(
        name,
        "drop" | "Some" | "Ok" | "Err" | "Box" | "String" | "Vec"
    )
}

/// Whether a method leaves its receiver as it is.
fn is_reading(name: &str) -> bool {
    name.starts_with("is_")
        || name.starts_with("as_ref")
        || name.starts_with("to_")
        || name.starts_with("starts")
        || name.starts_with("ends")
        || matches!(
            name,
            "len"
                | "clone"
                | "iter"
                | "contains"
                | "get"
                | "display"
                | "unwrap"
                | "expect"
                | "unwrap_or"
                | "unwrap_or_default"
                | "unwrap_or_else"
                | "success"
                | "as_str"
                | "as_bytes"
                | "as_path"
                | "as_os_str"
                | "into_string"
                | "split"
                | "lines"
                | "exists"
                | "map"
                | "ok"
                | "first"
                | "last"
                | "join"
                | "parse"
                | "trim"
                | "and_then"
                | "filter"
                | "chars"
                | "bytes"
                | "eq"
                | "contains_key"
                | "deref"
                | "parent"
                | "file_name"
                | "extension"
                | "into_iter"
                | "copied"
                | "cloned"
        )
}
