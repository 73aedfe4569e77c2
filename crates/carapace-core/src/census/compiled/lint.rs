//! What rustc says by its lint `unsafe_code`.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::facts::unsafety::SiteKind;

/// The lint's name, as messages have it.
pub const LINT: &str = "unsafe_code";

/// A place that rustc reports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reported {
    /// The file, as rustc has it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// What it is, in rustc's words.
    pub message: String,
    /// Whether it is of a macro's expansion; the place is the one in the macro's body then.
    pub in_macro: bool,
}

/// What a line of rustc's JSON messages is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Of the lint; without a place there is nothing to report.
    Lint(Option<Reported>),
    /// The count of warnings at the end, which counts the lint's.
    Summary,
    /// Anything else.
    Other,
}

#[derive(Deserialize)]
struct Diagnostic {
    message: String,
    #[serde(default)]
    level: String,
    code: Option<Code>,
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
    expansion: Option<IgnoredAny>,
}

impl Message {
    /// Reads a line of what rustc prints with `--error-format=json`
    /// (<https://doc.rust-lang.org/rustc/json.html>). What is no such message is something else.
    #[must_use]
    pub fn read(line: &[u8]) -> Self {
        // Nearly all lines of a compilation can be told by what they do not have.
        let has = |word: &str| memchr::memmem::find(line, word.as_bytes()).is_some();
        if !has(LINT) && !has(" emitted") {
            return Self::Other;
        }
        let Ok(diagnostic) = serde_json::from_slice::<Diagnostic>(line) else {
            return Self::Other;
        };
        match diagnostic.code {
            Some(code) if code.code == LINT => {
                let primary = diagnostic.spans.into_iter().find(|span| span.is_primary);
                Self::Lint(primary.map(|span| Reported {
                    file: span.file_name,
                    line: span.line_start,
                    column: span.column_start,
                    message: diagnostic.message,
                    in_macro: span.expansion.is_some(),
                }))
            }
            None if diagnostic.level == "warning" && diagnostic.message.ends_with(" emitted") => {
                Self::Summary
            }
            _ => Self::Other,
        }
    }
}

/// The kind of site that a message of the lint speaks of
/// (`rustc_lint/src/lints.rs`, `BuiltinUnsafe`); none for a message that is not known here.
#[must_use]
pub fn kind_of(message: &str) -> Option<SiteKind> {
    Some(match message {
        "usage of an `unsafe` block" => SiteKind::Block,
        "declaration of an `unsafe` function" => SiteKind::Fn,
        // The first is one without a body.
        "declaration of an `unsafe` method" | "implementation of an `unsafe` method" => {
            SiteKind::Method
        }
        "declaration of an `unsafe` trait" => SiteKind::Trait,
        "implementation of an `unsafe` trait" => SiteKind::Impl,
        "usage of an `unsafe extern` block" => SiteKind::ExternBlock,
        "usage of `core::arch::global_asm`" => SiteKind::GlobalAsm,
        _ => {
            let declared = message.strip_prefix("declaration of a ")?;
            let (a, b) = declared
                .split_once(" with ")
                .or_else(|| declared.split_once(' '))?;
            let attribute = ["`no_mangle`", "`export_name`", "`link_section`"];
            let item = ["function", "static", "method"];
            let is = |a, b| attribute.contains(&a) && item.contains(&b);
            if !is(a, b) && !is(b, a) {
                return None;
            }
            SiteKind::Attribute
        }
    })
}

/// Whether the lint reports a kind of site wherever the keyword `unsafe` makes it. Of the others it
/// reports none, or, as of attributes, some.
#[must_use]
pub fn is_judged(kind: SiteKind) -> bool {
    matches!(
        kind,
        SiteKind::Block
            | SiteKind::Fn
            | SiteKind::Method
            | SiteKind::Trait
            | SiteKind::Impl
            | SiteKind::ExternBlock
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_has_its_kind() {
        for (message, expected) in [
            ("usage of an `unsafe` block", Some("block")),
            ("declaration of an `unsafe` function", Some("fn")),
            ("declaration of an `unsafe` method", Some("method")),
            ("implementation of an `unsafe` method", Some("method")),
            ("declaration of an `unsafe` trait", Some("trait")),
            ("implementation of an `unsafe` trait", Some("impl")),
            ("usage of an `unsafe extern` block", Some("extern-block")),
            ("usage of `core::arch::global_asm`", Some("global-asm")),
            ("declaration of a `no_mangle` function", Some("attribute")),
            ("declaration of a `no_mangle` static", Some("attribute")),
            (
                "declaration of a method with `export_name`",
                Some("attribute"),
            ),
            (
                "declaration of a static with `link_section`",
                Some("attribute"),
            ),
            ("declaration of a `no_mangle` union", None),
            ("declaration of a function", None),
            ("usage of an unsafe field", None),
        ] {
            let kind = kind_of(message).map(SiteKind::name);
            assert_eq!(kind, expected, "{message}");
        }
    }

    #[test]
    fn messages_are_told_apart() {
        let span = |expansion: &str| {
            format!(
                r#"{{"file_name":"src/lib.rs","line_start":3,"column_start":5,"is_primary":true,"expansion":{expansion}}}"#
            )
        };
        let lint = |spans: &str| {
            format!(
                r#"{{"$message_type":"diagnostic","message":"usage of an `unsafe` block","code":{{"code":"unsafe_code","explanation":null}},"level":"warning","spans":[{spans}]}}"#
            )
        };
        let reported = |in_macro| Reported {
            file: "src/lib.rs".to_owned(),
            line: 3,
            column: 5,
            message: "usage of an `unsafe` block".to_owned(),
            in_macro,
        };
        for (line, expected) in [
            (lint(&span("null")), Message::Lint(Some(reported(false)))),
            (
                lint(&span("{\"span\":{}}")),
                Message::Lint(Some(reported(true))),
            ),
            (lint(""), Message::Lint(None)),
            (
                lint("").replace("\"code\":\"unsafe_code\"", "\"code\":\"unsafe_code2\""),
                Message::Other,
            ),
            (
                r#"{"message":"2 warnings emitted","code":null,"level":"warning","spans":[]}"#
                    .to_owned(),
                Message::Summary,
            ),
            (
                r#"{"message":"no `unsafe_code` here","code":null,"level":"error","spans":[]}"#
                    .to_owned(),
                Message::Other,
            ),
            ("unsafe_code".to_owned(), Message::Other),
            (String::new(), Message::Other),
        ] {
            assert_eq!(Message::read(line.as_bytes()), expected, "{line}");
        }
    }
}
