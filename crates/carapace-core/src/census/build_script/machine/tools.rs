//! Libraries that ask the compiler for build scripts.

use super::Machine;
use crate::census::build_script::syntax::Name;
use crate::census::build_script::value::Value;
use crate::cfg::CfgExpr;

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
