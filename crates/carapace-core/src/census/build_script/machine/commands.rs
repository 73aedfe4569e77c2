//! Processes that a script starts: what the compiler says of itself, and which sources it takes.

use std::rc::Rc;

use super::Machine;
use crate::census::build_script::syntax::Name;
use crate::census::build_script::value::{Command, Place, Value};
use crate::cfg::{CfgExpr, Predicate};
use crate::source::lexer::TokenKind as T;
use crate::source::outline::Source;

/// Instructions that processors other than Arm's do not have.
const ARM_INSTRUCTIONS: [&str; 8] = [
    "clrex", "ldrex", "strex", "udf", "dmb", "wfe", "cpsid", "bx",
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

impl Machine<'_> {
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
    pub(super) fn has_path(&self, path: &str) -> Option<bool> {
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

    fn set_command(&mut self, place: Option<&Place>, command: Command) -> Value {
        let value = Value::Command(Rc::new(command));
        match place {
            Some(place) => {
                self.write(place, value);
                Value::Reference(place.clone())
            }
            None => value,
        }
    }
}

fn exit_status(success: Option<bool>) -> Value {
    Value::structure(
        "ExitStatus",
        vec![("success".into(), Value::maybe(success))],
    )
}
