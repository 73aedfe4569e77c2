//! Calls of macros: those that all scripts know, and the script's own.

use super::{MAX_DEPTH, Parser};
use crate::census::build_script::syntax::{Arm, Expr, Name, Pattern};
use crate::source::lexer::TokenKind as T;
use crate::source::outline::Source;

impl Parser<'_, '_, '_> {
    pub(super) fn macro_call(&mut self, path: &[Name]) -> Expr {
        let inside = self.group();
        let name = path.last().cloned().unwrap_or_else(|| "".into());
        let is_local = path.len() == 1 && self.reader.defines(&name);
        if is_local {
            return self.local_macro(&name, inside);
        }
        let text = || -> Name { self.source.text_between(inside.0, inside.1).into() };
        match &*name {
            "println" | "print" | "eprintln" | "eprint" | "format" | "panic" | "write"
            | "writeln" | "unreachable" | "todo" | "unimplemented" | "assert" | "assert_eq"
            | "assert_ne" | "debug_assert" | "debug_assert_eq" | "debug_assert_ne"
            | "format_args" | "compile_error" | "bail" | "dbg" => {
                let arguments = self.inside(inside, Parser::format_arguments);
                Expr::Format(name, arguments)
            }
            "vec" => self.inside(inside, Parser::array),
            "matches" => self.inside(inside, Parser::matches_macro),
            "cfg"
                if path
                    .first()
                    .is_some_and(|first| first.starts_with("rustversion")) =>
            {
                Expr::RustVersion(text())
            }
            "cfg" => Expr::Cfg(text()),
            "env" | "option_env" => {
                let value = self.inside(inside, Parser::expression);
                Expr::Env(&*name == "option_env", Box::new(value))
            }
            "concat" => Expr::Concat(self.inside(inside, Parser::list)),
            "stringify" => Expr::Str(text()),
            "cfg_aliases" => Expr::Aliases(self.inside(inside, Parser::aliases).into()),
            "include" => {
                self.reader.include(self.source, inside);
                Expr::Tuple(Vec::new())
            }
            _ => self.opaque(inside.0, inside.1),
        }
    }

    /// A macro of the script's own: what it becomes is read in its place.
    fn local_macro(&mut self, name: &str, inside: (usize, usize)) -> Expr {
        let unknown = self.opaque(inside.0, inside.1);
        if self.depth >= MAX_DEPTH {
            return unknown;
        }
        let start = self.source.token(inside.0).start as usize;
        let end = match inside.1.checked_sub(1).filter(|last| *last >= inside.0) {
            Some(last) => self.source.token(last).end as usize,
            None => start,
        };
        let text = String::from_utf8_lossy(self.source.bytes.get(start..end).unwrap_or_default());
        let Some(expansion) = self.reader.expand(name, &text) else {
            return self.reader.unexpanded(name, unknown);
        };
        let source = Source::new(expansion.as_bytes());
        let whole = (0, source.lexed.tokens.len());
        let mut parser = Parser::new(&source, whole, self.depth + 1, self.reader);
        Expr::Block(None, parser.statements())
    }

    fn format_arguments(&mut self) -> Vec<(Option<Name>, Expr)> {
        let mut all = Vec::new();
        while !self.is_done() {
            let start = self.at;
            let name = (self.kind(0).is_ident()
                && self.kind(1) == T::Eq
                && !matches!(self.kind(2), T::Eq | T::Gt))
            .then(|| self.name());
            if name.is_some() {
                self.at += 2;
            }
            let value = self.expression();
            let value = self.list_end(value);
            all.push((name, value));
            if self.at == start {
                self.at += 1;
            }
        }
        all
    }

    fn matches_macro(&mut self) -> Expr {
        let value = self.expression();
        self.take(T::Comma);
        let pattern = self.pattern();
        let guard = self.take(T::If).then(|| self.expression());
        let arm = |pattern, guard, body| Arm {
            condition: None,
            pattern,
            guard,
            body: Expr::Bool(body),
        };
        let arms = vec![
            arm(pattern, guard, true),
            arm(Pattern::Wildcard, None, false),
        ];
        Expr::Match(Box::new(value), arms)
    }

    /// `name: { predicate }, …`
    fn aliases(&mut self) -> Vec<(Name, Name)> {
        let mut all = Vec::new();
        while !self.is_done() {
            if self.kind(0).is_ident() && self.kind(1) == T::Colon && self.kind(2) == T::OpenBrace {
                let name = self.name();
                self.at += 2;
                let (from, to) = self.group();
                all.push((name, self.source.text_between(from, to).into()));
            } else {
                self.at += 1;
            }
        }
        all
    }
}
