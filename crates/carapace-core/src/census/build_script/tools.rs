//! What build scripts ask the compiler, and libraries that ask it for them.

use std::rc::Rc;

use super::machine::Machine;
use super::syntax::Name;
use super::value::{Command, Place, Value};
use crate::cfg::{CfgExpr, Predicate};
use crate::source::lexer::TokenKind as T;
use crate::source::outline::Source;

/// Instructions that processors other than Arm's do not have.
const ARM_INSTRUCTIONS: [&str; 8] = [
    "clrex", "ldrex", "strex", "udf", "dmb", "wfe", "cpsid", "bx",
];

/// Expressions that libraries probe for, and since which `1.N` they are understood.
const EXPRESSIONS: [(&str, u64); 11] = [
    ("1f64.total_cmp(&2f64)", 62),
    ("unsafe { 1f64.to_int_unchecked::<i32>() }", 44),
    ("1u32.reverse_bits()", 37),
    ("1u32.trailing_ones()", 46),
    ("1u32.leading_ones()", 46),
    ("1f64.copysign(-1f64)", 35),
    ("f64::div_euclid", 38),
    ("1u32.checked_div_euclid(1)", 38),
    ("{ let mut x = 1; x += &2; }", 22),
    ("1u32.to_ne_bytes()", 32),
    ("unsafe { ::std::hint::unreachable_unchecked() }", 27),
];

/// Paths and types that libraries probe for, and since which `1.N` they are there.
const PATHS: [(&str, u64); 14] = [
    ("i128", 26),
    ("u128", 26),
    ("std::iter::Sum", 11),
    ("std::iter::Product", 11),
    ("std::iter::FusedIterator", 26),
    ("core::iter::FusedIterator", 26),
    ("std::ops::RangeInclusive", 26),
    ("std::convert::TryFrom", 34),
    ("core::convert::TryFrom", 34),
    ("std::mem::MaybeUninit", 36),
    ("core::mem::MaybeUninit", 36),
    ("std::panic::Location", 10),
    ("core::error::Error", 81),
    ("std::alloc::Layout", 28),
];

/// Sources that scripts have compiled to see whether they can be, in one line, and since which `1.N`
/// they can.
const SOURCES: [(&str, u64); 6] = [
    (
        "#![allow(dead_code)] #[track_caller] fn foo() { let _location = std::panic::Location::caller(); }",
        46,
    ),
    (
        "const unsafe fn foo(p: *const u8) -> isize { p.offset_from(p) }",
        65,
    ),
    ("#[diagnostic::on_unimplemented()] trait Foo {}", 78),
    (
        "fn a(x: &core::num::NonZeroI32, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { core::fmt::LowerExp::fmt(x, f) }",
        84,
    ),
    ("fn main() { 0i128; }", 26),
    ("fn main() {}", 0),
];

/// Flags that every C compiler of the last ten years knows on x86.
const X86_FLAGS: [&str; 9] = [
    "-msse2",
    "-msse4.1",
    "-msse4.2",
    "-mavx",
    "-mavx2",
    "-mavx512f",
    "-mavx512vl",
    "-maes",
    "-mpclmul",
];

impl Machine<'_> {
    // Processes.

    pub(super) fn command_method(
        &mut self,
        command: &Rc<Command>,
        place: Option<&Place>,
        name: &str,
        values: &[Value],
    ) -> Value {
        let first = values.first();
        let mut changed = (**command).clone();
        match name {
            "arg" | "args" if changed.arguments.len() < 256 => {
                match first {
                    Some(Value::List(node)) => changed.arguments.extend(node.inner.iter().cloned()),
                    Some(value) => changed.arguments.push(value.clone()),
                    None => {}
                }
                self.set_command(place, changed)
            }
            "env_remove" => {
                changed
                    .removed
                    .extend(first.and_then(Value::as_text).map(Name::from));
                self.set_command(place, changed)
            }
            "env" => {
                changed
                    .set
                    .extend(first.and_then(Value::as_text).map(Name::from));
                self.set_command(place, changed)
            }
            "env_clear" | "envs" | "stdin" | "stdout" | "stderr" | "current_dir" | "arg0" => {
                self.set_command(place, changed)
            }
            "spawn" => {
                if let Some(state) = &mut self.state {
                    state.input = None;
                }
                match self.is_compiler(command) {
                    Some(_) => Value::ok(Value::Command(command.clone())),
                    None => Value::Unknown,
                }
            }
            "status" | "wait" => match self.run(command) {
                Some((success, _)) => Value::ok(exit_status(success)),
                None => Value::Unknown,
            },
            "output" | "wait_with_output" => match self.run(command) {
                Some((success, output)) => Value::ok(Value::structure(
                    "Output",
                    vec![
                        ("status".into(), exit_status(success)),
                        ("stdout".into(), output),
                        ("stderr".into(), Value::Unknown),
                    ],
                )),
                None => Value::Unknown,
            },
            "clone" | "as_mut" | "by_ref" | "unwrap" => Value::Command(command.clone()),
            _ => Value::Unknown,
        }
    }

    /// The arguments of a process if it is the compiler.
    fn is_compiler<'c>(&self, command: &'c Command) -> Option<&'c [Value]> {
        let is_rustc = |value: &Value| {
            let text = self.resolved(value.clone());
            text.as_text()
                .is_some_and(|text| text == "rustc" || text.ends_with("/rustc"))
        };
        is_rustc(&command.program).then_some(&command.arguments)
    }

    /// Whether a process ends well, if that is known, and what it prints. None where it may not
    /// even start.
    fn run(&mut self, command: &Command) -> Option<(Option<bool>, Value)> {
        let arguments: Vec<Value> = self.is_compiler(command)?.to_vec();
        let arguments: Vec<Value> = arguments.into_iter().map(|a| self.resolved(a)).collect();
        let has = |wanted: &[&str]| {
            let mut texts = arguments.iter().filter_map(Value::as_text);
            texts.any(|text| wanted.contains(&text))
        };
        let verbose = self.environment.toolchain.verbose;
        if has(&["-vV", "-Vv"]) || has(&["--version", "-V"]) && has(&["--verbose", "-v"]) {
            return Some((Some(true), Value::text(verbose)));
        }
        if has(&["--version", "-V"]) {
            let first = verbose.lines().next().unwrap_or_default();
            return Some((Some(true), Value::text(format!("{first}\n"))));
        }
        if has(&["--print"])
            || arguments
                .iter()
                .any(|a| a.as_text().is_some_and(|a| a.starts_with("--print")))
        {
            return Some((Some(true), Value::Unknown));
        }
        Some((self.compiles(command, &arguments), Value::Unknown))
    }

    /// Whether the compiler takes a source.
    fn compiles(&mut self, command: &Command, arguments: &[Value]) -> Option<bool> {
        let texts: Vec<&str> = arguments.iter().filter_map(Value::as_text).collect();
        let input = self.state.as_mut().and_then(|state| state.input.take());
        let text = match input {
            Some(text) => Some(text),
            None => {
                let path = texts.iter().rev().find(|text| text.ends_with(".rs"));
                path.and_then(|path| self.file(path))
            }
        };
        let text = text?.as_text().map(Name::from)?;
        let bootstraps = command.set.iter().any(|name| &**name == "RUSTC_BOOTSTRAP");
        let mut cfgs: Vec<&str> = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            if let Some(cfg) = text.strip_prefix("--cfg=") {
                cfgs.push(cfg);
            } else if *text == "--cfg" {
                cfgs.extend(texts.get(at + 1));
            }
        }
        let is_stable = self.environment.toolchain.channel() != "nightly" && !bootstraps;
        if is_stable && self.has_gate(&text, &cfgs) {
            return Some(false);
        }
        if self.has_foreign_assembly(&text) {
            return Some(false);
        }
        let minor = self.environment.toolchain.minor()?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = words.join(" ");
        let known = SOURCES.iter().find(|(known, _)| *known == line);
        if let Some((_, since)) = known {
            return Some(minor >= *since);
        }
        self.is_plain(&text).then_some(true)
    }

    /// Whether a source does no more than to import what is known to be there.
    fn is_plain(&mut self, text: &str) -> bool {
        self.burn(text.len() / 4);
        let mut words: Vec<&str> = text.split_whitespace().collect();
        words.retain(|word| *word != "#![allow(warnings)]");
        let plain = words.join(" ");
        let Some(mut rest) = plain.strip_suffix("fn main() { }") else {
            return false;
        };
        while let Some(import) = rest.strip_prefix("use ") {
            let Some((path, behind)) = import.split_once(';') else {
                return false;
            };
            if self.has_path(path) != Some(true) {
                return false;
            }
            rest = behind.trim_start();
        }
        rest.is_empty()
    }

    /// Whether a path or type of the standard library is there.
    fn has_path(&self, path: &str) -> Option<bool> {
        let minor = self.environment.toolchain.minor()?;
        let atomic = path
            .rsplit_once("::sync::atomic::Atomic")
            .map(|(_, kind)| kind);
        if let Some(bits) = atomic.and_then(|kind| kind.strip_prefix(['U', 'I'])) {
            let bits = if bits == "size" { "ptr" } else { bits };
            let wanted = Predicate::KeyValue("target_has_atomic".into(), bits.into());
            let has = minor >= 60 && self.environment.cfg.contains(&wanted);
            return has.then_some(true);
        }
        let found = PATHS.iter().find(|(known, _)| *known == path);
        Some(found?.1 <= minor)
    }

    /// Whether a source asks for unstable features, which a stable compiler refuses.
    fn has_gate(&mut self, text: &str, cfgs: &[&str]) -> bool {
        self.burn(text.len() / 4);
        let source = Source::new(text.as_bytes());
        let mut at = 0;
        while source.kind(at) == T::Pound
            && source.kind(at + 1) == T::Bang
            && source.kind(at + 2) == T::OpenBracket
        {
            let (name, open) = (at + 3, at + 4);
            if source.is_word(name, "feature") {
                return true;
            }
            if source.is_word(name, "cfg_attr") {
                let inside = source.text_between(open + 1, source.groups.end(open));
                if let Ok((condition, end)) = CfgExpr::parse_prefix(&inside) {
                    let rest = inside.get(end..).unwrap_or_default();
                    let holds = condition.eval(&|predicate| match predicate {
                        Predicate::Flag(name) if cfgs.contains(&&**name) => Some(true),
                        Predicate::KeyValue(..) => None,
                        Predicate::Flag(_) => Some(self.environment.cfg.contains(predicate)),
                    });
                    let rest = rest.trim_start_matches([',', ' ', '\n']);
                    if holds == Some(true) && rest.starts_with("feature") {
                        return true;
                    }
                }
            }
            at = source.groups.after(at + 2).max(at + 3);
        }
        false
    }

    /// Whether a source holds instructions that the target does not have.
    fn has_foreign_assembly(&self, text: &str) -> bool {
        let is_x86 = self.environment.value_of("target_arch").starts_with("x86");
        is_x86
            && text.contains("asm!(")
            && ARM_INSTRUCTIONS
                .iter()
                .any(|name| text.contains(&format!("\"{name}")))
    }

    // Libraries.

    /// Functions of libraries that look at the compiler.
    pub(super) fn tool(&mut self, path: &[Name], values: &[Value]) -> Option<Value> {
        let root = &**path.first()?;
        let name = &**path.last()?;
        let of = path.len().checked_sub(2).and_then(|at| path.get(at));
        let of = of.map_or("", |of| &**of);
        let first = values.first();
        let text = first.and_then(Value::as_text);
        Some(match (root, of, name) {
            ("autocfg", "autocfg" | "AutoCfg", "new") => {
                let value = Value::variant("autocfg", "AutoCfg", Vec::new());
                if of == "AutoCfg" {
                    Value::ok(value)
                } else {
                    value
                }
            }
            ("autocfg", _, "emit") => {
                match text {
                    Some(text) => self.print(&Value::text(format!("cargo:rustc-cfg={text}")), true),
                    None => self.give_up("a name of which nothing is known"),
                }
                Value::unit()
            }
            ("autocfg", _, "rerun_path" | "rerun_env" | "emit_possibility") => Value::unit(),
            ("version_check", "Version", "read") => Value::some(self.version()),
            ("version_check", "Version", "parse") => Value::option(version_of(text?)),
            ("version_check", "Channel", "read") => {
                Value::some(Value::variant("version_check", "Channel", Vec::new()))
            }
            ("version_check", "Date", "read") => Value::Unknown,
            ("version_check", _, "is_min_version") => {
                Value::option(at_least(self.version(), text?).map(Value::Bool))
            }
            ("version_check", _, "is_max_version") => {
                let version = self.version();
                let below = version.compare(&version_of(text?)?, &|_, _| None)?;
                Value::some(Value::Bool(below.is_le()))
            }
            ("version_check", _, "is_exact_version") => {
                let equal = self.version().equals(&version_of(text?)?)?;
                Value::some(Value::Bool(equal))
            }
            ("version_check", _, "is_feature_flaggable" | "supports_feature" | "is_nightly") => {
                match self.environment.toolchain.channel() {
                    "nightly" => Value::Unknown,
                    _ => Value::some(Value::Bool(false)),
                }
            }
            ("version_check", _, "triple") => Value::some(Value::tuple(vec![
                self.version(),
                Value::variant("version_check", "Channel", Vec::new()),
                Value::Unknown,
            ])),
            ("rustc_version", _, "version") => Value::ok(self.version()),
            ("rustc_version", _, "version_meta") => {
                let channel = match self.environment.toolchain.channel() {
                    "nightly" => "Nightly",
                    "beta" => "Beta",
                    "dev" => "Dev",
                    _ => "Stable",
                };
                Value::ok(Value::structure(
                    "VersionMeta",
                    vec![
                        ("semver".into(), self.version()),
                        (
                            "channel".into(),
                            Value::variant("Channel", channel, Vec::new()),
                        ),
                        ("host".into(), Value::text(self.environment.toolchain.host)),
                    ],
                ))
            }
            ("rustc_version" | "semver", "Version", "parse") => match version_of(text?) {
                Some(version) => Value::ok(version),
                None => Value::Unknown,
            },
            ("rustc_version" | "semver", "Version", "new") => {
                let part = |at: usize| values.get(at).cloned().unwrap_or(Value::Unknown);
                version(part(0), part(1), part(2))
            }
            ("cc", "Build", "new") => Value::variant("cc", "Build", Vec::new()),
            _ => return None,
        })
    }

    /// Methods of what those libraries give.
    pub(super) fn tool_method(
        &mut self,
        value: &Value,
        name: &str,
        values: &[Value],
    ) -> Option<Value> {
        let first = values.first();
        let text = first.and_then(Value::as_text);
        match value {
            Value::Struct(node) if &*node.inner.name == "ExitStatus" => {
                let success = node.inner.fields.first().map(|(_, value)| value.clone())?;
                match (name, &success) {
                    ("success", _) => Some(success),
                    ("code", Value::Bool(true)) => Some(Value::some(Value::Int(0))),
                    _ => Some(Value::Unknown),
                }
            }
            Value::Struct(node) if &*node.inner.name == "Version" => {
                let known = |text: &str| value.compare(&version_of(text)?, &|_, _| None);
                Some(match name {
                    "at_least" => Value::Bool(known(text?)?.is_ge()),
                    "at_most" => Value::Bool(known(text?)?.is_le()),
                    "exactly" => Value::Bool(known(text?)?.is_eq()),
                    "to_mmp" => {
                        let fields = node.inner.fields.iter().map(|(_, value)| value.clone());
                        Value::tuple(fields.collect())
                    }
                    _ => return None,
                })
            }
            Value::Variant(node) if &*node.inner.of == "version_check" => {
                let channel = self.environment.toolchain.channel();
                Some(match name {
                    "supports_features" => Value::Bool(matches!(channel, "nightly" | "dev")),
                    "is_nightly" => Value::Bool(channel == "nightly"),
                    "is_beta" => Value::Bool(channel == "beta"),
                    "is_stable" => Value::Bool(channel == "stable"),
                    "is_dev" => Value::Bool(channel == "dev"),
                    _ => Value::Unknown,
                })
            }
            Value::Variant(node) if &*node.inner.of == "autocfg" => {
                Some(self.autocfg_method(name, values))
            }
            Value::Variant(node) if &*node.inner.of == "cc" => Some(match name {
                "is_flag_supported" => match self.environment.toolchain.c_compiler {
                    Some(true) => {
                        let is_x86 = self.environment.value_of("target_arch").starts_with("x86");
                        let is_known = text.is_some_and(|flag| X86_FLAGS.contains(&flag));
                        Value::ok(Value::maybe((is_x86 && is_known).then_some(true)))
                    }
                    Some(false) => Value::err(Value::Unknown),
                    None => Value::Unknown,
                },
                "compile" => Value::unit(),
                "try_compile" | "get_compiler" | "try_get_compiler" | "expand" | "try_expand" => {
                    Value::Unknown
                }
                _ => value.clone(),
            }),
            _ => None,
        }
    }

    fn autocfg_method(&mut self, name: &str, values: &[Value]) -> Value {
        let text = |at: usize| values.get(at).and_then(Value::as_text);
        let minor = self.environment.toolchain.minor();
        let since = |table: &[(&str, u64)], what: &str| -> Option<bool> {
            let found = table.iter().find(|(known, _)| *known == what);
            Some(found?.1 <= minor?)
        };
        let (kind, emits) = match name.split_once('_') {
            Some(("probe", kind)) => (kind, false),
            Some(("emit", kind)) => (kind, true),
            _ => return Value::Unknown,
        };
        let (has_name, kind) = match kind.strip_prefix("has_") {
            Some(kind) => (true, kind),
            None => (false, kind.strip_suffix("_cfg").unwrap_or(kind)),
        };
        let what = text(0).unwrap_or_default().to_owned();
        let found = match kind {
            "rustc_version" => {
                let (major, wanted) = (values.first(), values.get(1));
                let major = major.and_then(Value::as_int);
                let wanted = wanted.and_then(Value::as_int);
                let (Some(major), Some(wanted), Some(minor)) = (major, wanted, minor) else {
                    if emits {
                        self.give_up("version");
                    }
                    return Value::Unknown;
                };
                let holds = major < 1 || major == 1 && i128::from(minor) >= wanted;
                if emits && holds {
                    let line = format!("cargo:rustc-cfg=rustc_{major}_{wanted}");
                    self.print(&Value::text(line), true);
                }
                return Value::Bool(holds);
            }
            "sysroot_crate" => match what.as_str() {
                "core" | "alloc" => Some(true),
                "std" => self.environment.has_std().then_some(true),
                _ => None,
            },
            "path" | "type" | "trait" => self.has_path(&what),
            "expression" => since(&EXPRESSIONS, &what),
            _ => None,
        };
        if !emits {
            return Value::maybe(found);
        }
        let cfg = match (has_name || kind == "sysroot_crate", text(1)) {
            (false, Some(cfg)) => cfg.to_owned(),
            _ => format!("has_{}", mangled(&what)),
        };
        self.either(
            found,
            &mut |m| {
                m.print(&Value::text(format!("cargo:rustc-cfg={cfg}")), true);
                Value::unit()
            },
            &mut |_| Value::unit(),
        )
    }

    /// The compiler's version, as libraries give it.
    fn version(&self) -> Value {
        version_of(self.environment.toolchain.release()).unwrap_or(Value::Unknown)
    }

    /// Whether a condition of the `rustversion` macros holds.
    pub(super) fn rust_version(&self, text: &str) -> Option<bool> {
        let toolchain = self.environment.toolchain;
        let channel = toolchain.channel();
        let minor = toolchain.minor()?;
        self.version_condition(text.trim(), channel, minor, 0)
    }

    fn version_condition(
        &self,
        text: &str,
        channel: &str,
        minor: u64,
        depth: usize,
    ) -> Option<bool> {
        if depth > 16 {
            return None;
        }
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name.trim(), rest.trim_end().strip_suffix(')')?),
            None => (text, ""),
        };
        let asked = || {
            let mut parts = arguments.trim().split('.');
            let major: u64 = parts.next()?.trim().parse().ok()?;
            let minor: u64 = parts.next().unwrap_or("0").trim().parse().ok()?;
            (major == 1).then_some(minor)
        };
        match name {
            "stable" | "beta" | "nightly" => {
                let is_channel = channel == name;
                match arguments {
                    "" => Some(is_channel),
                    _ => Some(is_channel && asked()? == minor),
                }
            }
            "since" => Some(minor >= asked()?),
            "before" => Some(minor < asked()?),
            "not" => self
                .version_condition(arguments.trim(), channel, minor, depth + 1)
                .map(|holds| !holds),
            "all" | "any" => {
                let decisive = name == "any";
                let mut all = Some(!decisive);
                for part in parts(arguments) {
                    match self.version_condition(part, channel, minor, depth + 1) {
                        Some(found) if found == decisive => return Some(decisive),
                        Some(_) => {}
                        None => all = None,
                    }
                }
                all
            }
            // What `attr(…)` adds is no function.
            _ => None,
        }
    }

    /// Sets the aliases that hold.
    pub(super) fn aliases(&mut self, aliases: &[(Name, Name)]) {
        let mut known: Vec<(Name, Option<bool>)> = Vec::new();
        for (name, text) in aliases {
            let holds = CfgExpr::parse(text).ok().and_then(|expression| {
                expression.eval(&|predicate| {
                    let alias = known.iter().find(|(alias, _)| **alias == *predicate.name());
                    match (alias, predicate.value()) {
                        (Some((_, holds)), None) => *holds,
                        _ => self.environment.of_package_code(predicate),
                    }
                })
            });
            known.push((name.clone(), holds));
            self.either(
                holds,
                &mut |m| {
                    m.print(&Value::text(format!("cargo:rustc-cfg={name}")), true);
                    Value::unit()
                },
                &mut |_| Value::unit(),
            );
        }
    }
}

fn exit_status(success: Option<bool>) -> Value {
    Value::structure(
        "ExitStatus",
        vec![("success".into(), Value::maybe(success))],
    )
}

fn version(major: Value, minor: Value, patch: Value) -> Value {
    let fields = vec![
        ("major".into(), major),
        ("minor".into(), minor),
        ("patch".into(), patch),
    ];
    Value::structure("Version", fields)
}

/// A version from a text; what stands behind `-` and `+` is left out.
fn version_of(text: &str) -> Option<Value> {
    let text = text.trim().split(['-', '+']).next()?;
    let mut parts = text.split('.').map(|part| part.parse::<i128>().ok());
    let major = parts.next()??;
    let minor = parts.next().unwrap_or(Some(0))?;
    let patch = parts.next().unwrap_or(Some(0))?;
    Some(version(
        Value::Int(major),
        Value::Int(minor),
        Value::Int(patch),
    ))
}

fn at_least(version: Value, text: &str) -> Option<bool> {
    let found = version.compare(&version_of(text)?, &|_, _| None)?;
    Some(found.is_ge())
}

/// As `autocfg` makes names of paths and expressions.
fn mangled(text: &str) -> String {
    let letters = text.chars().map(|c| match c {
        '&' => String::from("ref"),
        '*' => String::from("ptr"),
        c if c.is_alphanumeric() => c.to_string(),
        _ => String::from("_"),
    });
    letters.collect()
}

/// The parts between commas that are in no brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let (mut depth, mut from) = (0_usize, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                all.extend(text.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    all.extend(text.get(from..));
    all.into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}
