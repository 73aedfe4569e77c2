//! What cargo says of a build
//! (<https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages>).

use serde::Deserialize;

/// How many messages of the compiler are kept of one build.
const MAX_DIAGNOSTICS: usize = 20_000;
/// How many targets of one build are kept.
const MAX_ARTIFACTS: usize = 100_000;
/// How far the calls of macros around a place are followed.
const MAX_EXPANSIONS: usize = 16;

/// How bad a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What is built may be used all the same.
    Warning,
    /// Nothing was built.
    Error,
}

/// A place in a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as the compiler names it: from the workspace's root, or in full.
    pub file: String,
    /// The offset in bytes.
    pub start: usize,
    /// The offset behind it.
    pub end: usize,
}

/// A message of the compiler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// The lint, or the number of the error.
    pub code: Option<String>,
    /// Its first line.
    pub text: String,
    /// The places that it is about, the main ones first, then those of the macros' calls that led
    /// there.
    pub places: Vec<Place>,
    /// The whole, as people see it.
    pub rendered: String,
    /// What was compiled, as `lib foo` or `test bar`.
    pub target: String,
}

impl Diagnostic {
    /// The file of the first place.
    #[must_use]
    pub fn file(&self) -> &str {
        self.places.first().map_or("", |place| &place.file)
    }
}

/// A target that was compiled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Artifact {
    /// Its kind in the manifest: `lib`, `bin`, `test`, `example`, `bench`, `proc-macro` …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The file that it begins in, in full.
    pub root: String,
    /// Whether it was compiled as a test.
    pub is_test: bool,
}

/// What cargo said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Build {
    /// Messages of the compiler, in order, without its summaries.
    pub diagnostics: Vec<Diagnostic>,
    /// What was compiled, now or before.
    pub artifacts: Vec<Artifact>,
    /// Lines that should have been messages and could not be read, or were too many to be kept.
    pub unread: usize,
}

#[derive(Deserialize)]
struct RawLine {
    reason: String,
    target: Option<RawTarget>,
    message: Option<RawMessage>,
    profile: Option<RawProfile>,
}

#[derive(Deserialize)]
struct RawTarget {
    #[serde(default)]
    kind: Vec<String>,
    name: String,
    #[serde(default)]
    src_path: String,
}

#[derive(Deserialize)]
struct RawProfile {
    test: bool,
}

#[derive(Deserialize)]
struct RawMessage {
    level: String,
    message: String,
    code: Option<RawCode>,
    #[serde(default)]
    spans: Vec<RawSpan>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct RawCode {
    code: String,
}

#[derive(Deserialize)]
struct RawSpan {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    #[serde(default)]
    is_primary: bool,
    expansion: Option<Box<RawExpansion>>,
}

#[derive(Deserialize)]
struct RawExpansion {
    span: RawSpan,
}

impl Build {
    /// Reads what cargo wrote. Macros and build scripts can write there, too: what is no message is
    /// passed over.
    #[must_use]
    pub fn read(output: &[u8]) -> Self {
        let mut build = Self::default();
        for line in output.split(|byte| *byte == b'\n') {
            build.line(line);
        }
        build
    }

    fn line(&mut self, line: &[u8]) {
        if !line.starts_with(b"{") {
            return;
        }
        let Ok(line) = serde_json::from_slice::<RawLine>(line) else {
            self.unread += usize::from(line.starts_with(b"{\"reason\":\"compiler-message\""));
            return;
        };
        match line.reason.as_str() {
            "compiler-artifact" => self.artifact(line),
            "compiler-message" => self.diagnostic(line),
            _ => {}
        }
    }

    fn artifact(&mut self, line: RawLine) {
        let Some(target) = line.target else {
            return;
        };
        if self.artifacts.len() >= MAX_ARTIFACTS {
            self.unread += 1;
            return;
        }
        self.artifacts.push(Artifact {
            kind: target.kind.into_iter().next().unwrap_or_default(),
            name: target.name,
            root: target.src_path,
            is_test: line.profile.is_some_and(|profile| profile.test),
        });
    }

    fn diagnostic(&mut self, line: RawLine) {
        let Some(message) = line.message else {
            return;
        };
        let level = match message.level.as_str() {
            "warning" => Level::Warning,
            level if level.starts_with("error") => Level::Error,
            _ => return,
        };
        // What it has counted in the end is no message of its own.
        let is_summary = message.spans.is_empty() && message.code.is_none();
        if is_summary && (level == Level::Warning || message.message.starts_with("aborting due")) {
            return;
        }
        if self.diagnostics.len() >= MAX_DIAGNOSTICS {
            self.unread += 1;
            return;
        }
        let target = line.target.map_or_else(String::new, |target| {
            let kind = target.kind.into_iter().next().unwrap_or_default();
            format!("{kind} {}", target.name)
        });
        self.diagnostics.push(Diagnostic {
            level,
            code: message.code.map(|code| code.code),
            text: message.message,
            places: places(message.spans),
            rendered: message.rendered.unwrap_or_default(),
            target,
        });
    }

    /// The errors.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.of_level(Level::Error)
    }

    /// The warnings.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.of_level(Level::Warning)
    }

    fn of_level(&self, level: Level) -> impl Iterator<Item = &Diagnostic> {
        let all = self.diagnostics.iter();
        all.filter(move |diagnostic| diagnostic.level == level)
    }
}

fn places(spans: Vec<RawSpan>) -> Vec<Place> {
    let mut main = Vec::new();
    let mut others = Vec::new();
    let mut around = Vec::new();
    for span in spans {
        let to = match span.is_primary {
            true => &mut main,
            false => &mut others,
        };
        let mut expansion = take(span, to);
        for _ in 0..MAX_EXPANSIONS {
            let Some(call) = expansion else {
                break;
            };
            expansion = take(call.span, &mut around);
        }
    }
    main.append(&mut others);
    main.append(&mut around);
    main
}

fn take(span: RawSpan, to: &mut Vec<Place>) -> Option<Box<RawExpansion>> {
    to.push(Place {
        file: span.file_name,
        start: span.byte_start,
        end: span.byte_end,
    });
    span.expansion
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_among_other_lines() {
        let output = r#"noise of a macro
{"reason":"compiler-message","target":{"kind":["lib"],"name":"a"},"message":{"level":"warning","message":"unused variable: `x`","code":{"code":"unused_variables"},"spans":[{"file_name":"src/m.rs","byte_start":9,"byte_end":10,"is_primary":false,"expansion":null},{"file_name":"src/lib.rs","byte_start":1,"byte_end":2,"is_primary":true,"expansion":{"span":{"file_name":"src/call.rs","byte_start":3,"byte_end":4,"is_primary":false,"expansion":null}}}],"rendered":"warning: …"}}
{"reason":"compiler-message","target":{"kind":["lib"],"name":"a"},"message":{"level":"warning","message":"1 warning emitted","code":null,"spans":[],"rendered":"…"}}
{"reason":"compiler-message","target":{"kind":["lib"],"name":"a"},"message":{"level":"error: internal compiler error","message":"x","code":null,"spans":[],"rendered":null}}
{"reason":"compiler-message","message":{"level":"error","message":"aborting due to 1 previous error","code":null,"spans":[]}}
{"reason":"compiler-artifact","manifest_path":"/p/Cargo.toml","target":{"kind":["test"],"name":"t","src_path":"/p/tests/t.rs"},"profile":{"test":true},"filenames":["/t/t-1"],"fresh":true}
{"reason":"build-script-executed"}
{"reason":"build-finished","success":false}
"#;
        let build = Build::read(output.as_bytes());
        let warning = build.warnings().next().unwrap();
        let files: Vec<&str> = warning.places.iter().map(|place| &*place.file).collect();
        assert_eq!(files, ["src/lib.rs", "src/m.rs", "src/call.rs"]);
        assert_eq!(
            (warning.target.as_str(), warning.file()),
            ("lib a", "src/lib.rs")
        );
        assert_eq!((build.warnings().count(), build.errors().count()), (1, 1));
        let artifact = &build.artifacts[0];
        assert!(artifact.is_test && artifact.root == "/p/tests/t.rs");
        assert_eq!(build.unread, 0);
    }

    #[test]
    fn what_should_be_a_message_and_is_none_is_counted() {
        let deep = format!(
            "{{\"reason\":\"compiler-message\",\"x\":{}",
            "[".repeat(1000)
        );
        let build = Build::read(format!("{deep}\n{{\"reason\":1}}\n{{}}\n{{\n").as_bytes());
        assert_eq!((build.unread, build.diagnostics.len()), (1, 0));
        assert_eq!(Build::read(b"\xff{\n\xff"), Build::default());
    }
}
