//! Conditions of compilation: what stands inside `cfg( … )`, in Rust sources and in the keys of a
//! manifest's `[target]` tables, and what a compiler sets.
//!
//! The grammar is the reference's
//! (<https://doc.rust-lang.org/reference/conditional-compilation.html>). What a condition comes to
//! may be unknown: a build script sets cfgs of its own. So evaluation has three values, by Kleene's
//! strong logic: a part that is unknown matters only where the known parts do not decide.
//!
//! *Invariants.* Reading never panics, and recurses no deeper than [`MAX_DEPTH`]. What is read and
//! shown again reads the same.

use std::borrow::Cow;
use std::fmt;

/// How deep conditions may be nested. The deepest on crates.io have fewer than ten levels.
pub const MAX_DEPTH: usize = 64;

/// A single cfg, as a compiler sets or does not set it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Predicate {
    /// A name alone: `unix`, `test`.
    Flag(Box<str>),
    /// A name with a value: `target_os = "linux"`.
    KeyValue(Box<str>, Box<str>),
}

impl Predicate {
    /// The name, without `r#`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Flag(name) | Self::KeyValue(name, _) => name,
        }
    }

    /// The value, where there is one.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Flag(_) => None,
            Self::KeyValue(_, value) => Some(value),
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.name(), "true" | "false") {
            f.write_str("r#")?;
        }
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::KeyValue(name, value) => write!(f, "{name} = {value:?}"),
        }
    }
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CfgExpr {
    /// `true`.
    True,
    /// `false`.
    False,
    /// A single cfg.
    Predicate(Predicate),
    /// `all( … )`; true where it is empty.
    All(Vec<CfgExpr>),
    /// `any( … )`; false where it is empty.
    Any(Vec<CfgExpr>),
    /// `not( … )`.
    Not(Box<CfgExpr>),
    /// A form that only nightly compilers know, as it is written: `version("1.80")`,
    /// `accessible(std::mem)`, `target(os = "linux")`. What it comes to is unknown.
    Other(Box<str>),
}

impl CfgExpr {
    /// Reads the text inside `cfg( … )`.
    ///
    /// # Errors
    /// [`CfgError`] if it is no condition, or nested deeper than [`MAX_DEPTH`].
    pub fn parse(text: &str) -> Result<Self, CfgError> {
        let mut parser = Parser::new(text);
        let expression = parser.expression(0)?;
        parser.next_if(&Token::Comma)?;
        match parser.next()? {
            None => Ok(expression),
            Some((at, _)) => Err(CfgError {
                at,
                kind: CfgErrorKind::Expected("the end"),
            }),
        }
    }

    /// Reads a condition at the beginning of a text, as in `cfg_attr( … )`: the condition, and
    /// where it ends, in bytes.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_prefix(text: &str) -> Result<(Self, usize), CfgError> {
        let mut parser = Parser::new(text);
        let expression = parser.expression(0)?;
        let end = parser.peeked.as_ref().map_or(parser.at, |(at, _)| *at);
        Ok((expression, end))
    }

    /// What it comes to, if that can be told: `known` says what a single cfg comes to, or that it
    /// does not know.
    #[must_use]
    pub fn eval(&self, known: &dyn Fn(&Predicate) -> Option<bool>) -> Option<bool> {
        match self {
            Self::True => Some(true),
            Self::False => Some(false),
            Self::Predicate(predicate) => known(predicate),
            Self::All(parts) => junction(parts, known, false),
            Self::Any(parts) => junction(parts, known, true),
            Self::Not(part) => part.eval(known).map(|value| !value),
            Self::Other(_) => None,
        }
    }

    /// Whether it holds for what a compiler sets, as cargo asks it. What only nightly compilers
    /// know does not hold, negated or not.
    #[must_use]
    pub fn matches(&self, set: &CfgSet) -> bool {
        self.eval(&|predicate| Some(set.contains(predicate))) == Some(true)
    }

    /// The single cfgs in it, from left to right.
    pub fn predicates(&self) -> impl Iterator<Item = &Predicate> {
        let mut todo = vec![self];
        std::iter::from_fn(move || {
            loop {
                match todo.pop()? {
                    Self::Predicate(predicate) => return Some(predicate),
                    Self::All(parts) | Self::Any(parts) => todo.extend(parts.iter().rev()),
                    Self::Not(part) => todo.push(part),
                    Self::True | Self::False | Self::Other(_) => {}
                }
            }
        })
    }
}

/// `any` is decided by one part that holds, `all` by one that does not.
fn junction(
    parts: &[CfgExpr],
    known: &dyn Fn(&Predicate) -> Option<bool>,
    decisive: bool,
) -> Option<bool> {
    let mut value = Some(!decisive);
    for part in parts {
        match part.eval(known) {
            Some(found) if found == decisive => return Some(decisive),
            Some(_) => {}
            None => value = None,
        }
    }
    value
}

impl fmt::Display for CfgExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, parts) = match self {
            Self::True => return f.write_str("true"),
            Self::False => return f.write_str("false"),
            Self::Predicate(predicate) => return predicate.fmt(f),
            Self::Other(text) => return f.write_str(text),
            Self::All(parts) => ("all", parts.as_slice()),
            Self::Any(parts) => ("any", parts.as_slice()),
            Self::Not(part) => ("not", std::slice::from_ref(&**part)),
        };
        write!(f, "{name}(")?;
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            part.fmt(f)?;
        }
        f.write_str(")")
    }
}

/// What a compiler sets for a platform.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CfgSet {
    /// Sorted, each once.
    set: Vec<Predicate>,
}

impl CfgSet {
    /// Reads what `rustc --print cfg` prints: `NAME` or `NAME="VALUE"` a line. Other lines are
    /// left out.
    #[must_use]
    pub fn parse(lines: &str) -> Self {
        lines.lines().filter_map(predicate_of_line).collect()
    }

    /// Whether it is set.
    #[must_use]
    pub fn contains(&self, predicate: &Predicate) -> bool {
        self.set.binary_search(predicate).is_ok()
    }

    /// With one more.
    pub fn insert(&mut self, predicate: Predicate) {
        if let Err(at) = self.set.binary_search(&predicate) {
            self.set.insert(at, predicate);
        }
    }

    /// All that is set, sorted.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Predicate> {
        self.set.iter()
    }
}

impl FromIterator<Predicate> for CfgSet {
    fn from_iter<I: IntoIterator<Item = Predicate>>(predicates: I) -> Self {
        let mut set: Vec<_> = predicates.into_iter().collect();
        set.sort_unstable();
        set.dedup();
        Self { set }
    }
}

/// A single cfg as `rustc --print cfg` prints it and `--cfg` takes it.
#[must_use]
pub fn predicate_of_line(line: &str) -> Option<Predicate> {
    match CfgExpr::parse(line.trim()).ok()? {
        CfgExpr::Predicate(predicate) => Some(predicate),
        _ => None,
    }
}

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CfgError {
    /// Where, in bytes from the text's beginning.
    pub at: usize,
    /// What is wrong.
    pub kind: CfgErrorKind,
}

/// What is wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CfgErrorKind {
    /// Something else has to stand there.
    Expected(&'static str),
    /// A string or comment that does not end.
    Unterminated,
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
}

impl fmt::Display for CfgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            CfgErrorKind::Expected(what) => write!(f, "expected {what}")?,
            CfgErrorKind::Unterminated => f.write_str("a string or comment without an end")?,
            CfgErrorKind::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels")?,
        }
        write!(f, " at byte {} of the cfg", self.at)
    }
}

impl std::error::Error for CfgError {}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    /// Whether it was written with `r#`.
    Name(&'a str, bool),
    Text(Cow<'a, str>),
    Open,
    Close,
    Comma,
    Equals,
    /// Anything that only stands inside of a form that we do not know.
    Other,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    peeked: Option<(usize, Token<'a>)>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            peeked: None,
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error<T>(&self, at: usize, kind: CfgErrorKind) -> Result<T, CfgError> {
        Err(CfgError { at, kind })
    }

    fn next(&mut self) -> Result<Option<(usize, Token<'a>)>, CfgError> {
        match self.peeked.take() {
            Some(token) => Ok(Some(token)),
            None => self.token(),
        }
    }

    /// Takes the next token if it is this one.
    fn next_if(&mut self, wanted: &Token<'a>) -> Result<bool, CfgError> {
        let next = self.next()?;
        if next.as_ref().is_some_and(|(_, token)| token == wanted) {
            return Ok(true);
        }
        self.peeked = next;
        Ok(false)
    }

    fn expect(&mut self, wanted: &Token<'a>, name: &'static str) -> Result<(), CfgError> {
        let found = self.next_if(wanted)?;
        let at = self.peeked.as_ref().map_or(self.at, |(at, _)| *at);
        match found {
            true => Ok(()),
            false => self.error(at, CfgErrorKind::Expected(name)),
        }
    }

    fn expression(&mut self, depth: usize) -> Result<CfgExpr, CfgError> {
        let expected = CfgErrorKind::Expected("a condition");
        let (at, name, is_raw) = match self.next()? {
            Some((at, Token::Name(name, is_raw))) => (at, name, is_raw),
            Some((at, _)) => return self.error(at, expected),
            None => return self.error(self.at, expected),
        };
        if depth >= MAX_DEPTH {
            return self.error(at, CfgErrorKind::TooDeep);
        }
        if self.next_if(&Token::Equals)? {
            return match self.next()? {
                Some((_, Token::Text(value))) => Ok(CfgExpr::Predicate(Predicate::KeyValue(
                    name.into(),
                    value.into(),
                ))),
                next => {
                    let at = next.map_or(self.at, |(at, _)| at);
                    self.error(at, CfgErrorKind::Expected("a string"))
                }
            };
        }
        if !self.next_if(&Token::Open)? {
            return Ok(match (name, is_raw) {
                ("true", false) => CfgExpr::True,
                ("false", false) => CfgExpr::False,
                _ => CfgExpr::Predicate(Predicate::Flag(name.into())),
            });
        }
        match name {
            "all" => Ok(CfgExpr::All(self.list(depth)?)),
            "any" => Ok(CfgExpr::Any(self.list(depth)?)),
            "not" => {
                let part = self.expression(depth + 1)?;
                self.next_if(&Token::Comma)?;
                self.expect(&Token::Close, "`)`: `not` takes one condition")?;
                Ok(CfgExpr::Not(Box::new(part)))
            }
            _ => {
                self.skip()?;
                let text = self.text.get(at..self.at).unwrap_or_default();
                Ok(CfgExpr::Other(text.into()))
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<CfgExpr>, CfgError> {
        let mut parts = Vec::new();
        while !self.next_if(&Token::Close)? {
            parts.push(self.expression(depth + 1)?);
            if !self.next_if(&Token::Comma)? {
                self.expect(&Token::Close, "`,` or `)`")?;
                break;
            }
        }
        Ok(parts)
    }

    /// Goes on behind the `)` that belongs to the `(` that was taken.
    fn skip(&mut self) -> Result<(), CfgError> {
        let mut open = 1_usize;
        while open > 0 {
            match self.next()? {
                Some((_, Token::Open)) => open += 1,
                Some((_, Token::Close)) => open -= 1,
                Some(_) => {}
                None => return self.error(self.at, CfgErrorKind::Expected("`)`")),
            }
        }
        Ok(())
    }

    fn token(&mut self) -> Result<Option<(usize, Token<'a>)>, CfgError> {
        self.skip_blank()?;
        let at = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(None);
        };
        let raw = rest.strip_prefix("r#").filter(|rest| starts_name(rest));
        let token = match first {
            '(' => self.single(Token::Open),
            ')' => self.single(Token::Close),
            ',' => self.single(Token::Comma),
            '=' => self.single(Token::Equals),
            '"' => self.string()?,
            'r' if rest.starts_with("r\"") || rest.starts_with("r#") && raw.is_none() => {
                self.raw_string()?
            }
            _ if raw.is_some() || starts_name(rest) => {
                let name = raw.unwrap_or(rest);
                let end = name.find(|c| !is_name(c)).unwrap_or(name.len());
                self.at += rest.len() - name.len() + end;
                Token::Name(name.get(..end).unwrap_or_default(), raw.is_some())
            }
            other => {
                self.at += other.len_utf8();
                Token::Other
            }
        };
        Ok(Some((at, token)))
    }

    fn single(&mut self, token: Token<'a>) -> Token<'a> {
        self.at += 1;
        token
    }

    fn skip_blank(&mut self) -> Result<(), CfgError> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            if blank > 0 {
                self.at += blank;
            } else if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) -> Result<(), CfgError> {
        let start = self.at;
        let mut open = 0_usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                open += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                open -= 1;
                self.at += 2;
                if open == 0 {
                    return Ok(());
                }
            } else {
                match rest.chars().next() {
                    Some(other) => self.at += other.len_utf8(),
                    None => return self.error(start, CfgErrorKind::Unterminated),
                }
            }
        }
    }

    fn string(&mut self) -> Result<Token<'a>, CfgError> {
        let start = self.at;
        let body = self.rest().get(1..).unwrap_or_default();
        let Some(end) = end_of_string(body) else {
            return self.error(start, CfgErrorKind::Unterminated);
        };
        self.at += end + 2;
        let body = body.get(..end).unwrap_or_default();
        match unescape(body) {
            Some(text) => Ok(Token::Text(text)),
            None => self.error(start, CfgErrorKind::Expected("a string with known escapes")),
        }
    }

    fn raw_string(&mut self) -> Result<Token<'a>, CfgError> {
        let start = self.at;
        let rest = self.rest().get(1..).unwrap_or_default();
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        let Some(body) = rest.get(hashes..).and_then(|rest| rest.strip_prefix('"')) else {
            return self.error(start, CfgErrorKind::Expected("a raw string or a name"));
        };
        let closing = format!("\"{}", "#".repeat(hashes));
        let Some(end) = body.find(&closing) else {
            return self.error(start, CfgErrorKind::Unterminated);
        };
        self.at += 2 + hashes + end + closing.len();
        Ok(Token::Text(Cow::Borrowed(
            body.get(..end).unwrap_or_default(),
        )))
    }
}

fn is_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn starts_name(text: &str) -> bool {
    let first = text.chars().next();
    first.is_some_and(|c| c == '_' || c.is_alphabetic())
}

/// Where the `"` is that ends a string, whose text begins here.
fn end_of_string(body: &str) -> Option<usize> {
    let mut is_escaped = false;
    body.char_indices()
        .find(|(_, c)| {
            let ends = *c == '"' && !is_escaped;
            is_escaped = *c == '\\' && !is_escaped;
            ends
        })
        .map(|(at, _)| at)
}

/// The escapes of string literals.
fn unescape(body: &str) -> Option<Cow<'_, str>> {
    if !body.contains('\\') {
        return Some(Cow::Borrowed(body));
    }
    let mut text = String::with_capacity(body.len());
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next()? {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            '0' => text.push('\0'),
            c @ ('\\' | '"' | '\'') => text.push(c),
            'x' => {
                let digits = chars.as_str().get(..2)?;
                let value = u8::from_str_radix(digits, 16).ok()?;
                text.push(char::from(value));
                chars = chars.as_str().get(2..)?.chars();
            }
            'u' => {
                let (digits, rest) = chars.as_str().strip_prefix('{')?.split_once('}')?;
                let digits = digits.replace('_', "");
                text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                chars = rest.chars();
            }
            // A line that goes on.
            '\n' => chars = chars.as_str().trim_start().chars(),
            _ => return None,
        }
    }
    Some(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        CfgExpr::parse(text).unwrap().to_string()
    }

    #[test]
    fn what_is_written_in_sources_and_manifests() {
        for (text, expected) in [
            ("unix", "unix"),
            (" target_os=\"linux\" ", "target_os = \"linux\""),
            ("all(unix,)", "all(unix)"),
            ("all()", "all()"),
            ("any ( a , b )", "any(a, b)"),
            ("not(any(a, not(b),),)", "not(any(a, not(b)))"),
            ("all(true, false)", "all(true, false)"),
            ("r#true", "r#true"),
            ("r#unix", "unix"),
            ("all", "all"),
            ("feature = r#\"a\"b\"#", "feature = \"a\\\"b\""),
            ("feature = r\"a\\b\"", "feature = \"a\\\\b\""),
            ("feature = \"a\\x41\\u{4_2}\\\n   c\"", "feature = \"aABc\""),
            (
                "all(/* a /* nested */ one */ unix, // and\n windows)",
                "all(unix, windows)",
            ),
            ("é", "é"),
            ("not(version(\"1.80\"))", "not(version(\"1.80\"))"),
            (
                "any(accessible(::std::mem::f), x)",
                "any(accessible(::std::mem::f), x)",
            ),
        ] {
            assert_eq!(shown(text), expected, "{text}");
            assert_eq!(shown(expected), expected);
        }
    }

    #[test]
    fn what_is_no_condition() {
        for text in [
            "",
            "a b",
            "a,b",
            "not()",
            "not(a, b)",
            "all(a b)",
            "all(a",
            "a = b",
            "a =",
            "\"a\"",
            "a = \"b",
            "/* a",
            "all(,)",
            "a = \"\\q\"",
            "a = r#\"x\"",
            "r#",
            "version(",
            "=",
        ] {
            assert!(CfgExpr::parse(text).is_err(), "{text}");
        }
        let deep = format!("{}a{}", "not(".repeat(100_000), ")".repeat(100_000));
        let error = CfgExpr::parse(&deep).unwrap_err();
        assert_eq!(error.kind, CfgErrorKind::TooDeep);
        let deep = format!("x({}", "(".repeat(100_000));
        assert!(CfgExpr::parse(&deep).is_err());
    }

    #[test]
    fn a_condition_before_something_else() {
        let text = "all(a, b) , deny(x)";
        let (expression, end) = CfgExpr::parse_prefix(text).unwrap();
        assert_eq!(expression.to_string(), "all(a, b)");
        assert_eq!(text.get(end..).unwrap().trim(), ", deny(x)");
    }

    #[test]
    fn what_a_compiler_sets() {
        let set = CfgSet::parse("unix\ntarget_os=\"linux\"\npanic=\"unwind\"\n\nunix\n?\n");
        assert_eq!(set.iter().len(), 3);
        for (text, expected) in [
            ("unix", true),
            ("target_os = \"linux\"", true),
            ("target_os = \"macos\"", false),
            ("target_os", false),
            ("all(unix, not(windows))", true),
            ("any()", false),
            ("version(\"1\")", false),
            ("not(version(\"1\"))", false),
        ] {
            assert_eq!(CfgExpr::parse(text).unwrap().matches(&set), expected);
        }
        let expression = CfgExpr::parse("all(a, any(not(b = \"c\"), a))").unwrap();
        let names: Vec<_> = expression.predicates().map(Predicate::name).collect();
        assert_eq!(names, ["a", "b", "a"]);
    }

    fn expressions() -> impl Strategy<Value = CfgExpr> {
        let leaf = prop_oneof![
            Just(CfgExpr::True),
            Just(CfgExpr::False),
            (0..4_u8).prop_map(|n| CfgExpr::Predicate(Predicate::Flag(format!("f{n}").into()))),
            ".{0,6}".prop_map(|value| CfgExpr::Predicate(Predicate::KeyValue(
                "k".into(),
                value.into()
            ))),
        ];
        leaf.prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(CfgExpr::All),
                prop::collection::vec(inner.clone(), 0..4).prop_map(CfgExpr::Any),
                inner.prop_map(|part| CfgExpr::Not(Box::new(part))),
            ]
        })
    }

    /// What single cfgs come to, from a number: three values each.
    fn valuation(seed: u32) -> impl Fn(&Predicate) -> Option<bool> {
        move |predicate| {
            let sum: u32 = predicate.to_string().bytes().map(u32::from).sum();
            match (seed.rotate_left(sum % 31) ^ sum) % 3 {
                0 => None,
                1 => Some(true),
                _ => Some(false),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_the_same(expression in expressions()) {
            prop_assert_eq!(CfgExpr::parse(&expression.to_string()), Ok(expression));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}", code in "[a(),=\"r#/* \\\\]{0,40}") {
            let _ = CfgExpr::parse(&text);
            let _ = CfgExpr::parse(&code);
            let _ = CfgExpr::parse_prefix(&code);
        }

        #[test]
        fn de_morgan(parts in prop::collection::vec(expressions(), 0..4), seed: u32) {
            let known = valuation(seed);
            let not = |part: &CfgExpr| CfgExpr::Not(Box::new(part.clone()));
            let negated: Vec<_> = parts.iter().map(not).collect();
            let all = CfgExpr::Not(Box::new(CfgExpr::All(parts.clone())));
            let any = CfgExpr::Not(Box::new(CfgExpr::Any(parts)));
            prop_assert_eq!(all.eval(&known), CfgExpr::Any(negated.clone()).eval(&known));
            prop_assert_eq!(any.eval(&known), CfgExpr::All(negated).eval(&known));
        }

        /// What is decided stays so, whatever the unknown turns out to be.
        #[test]
        fn more_knowledge_changes_nothing(expression in expressions(), seed: u32, guess: bool) {
            let known = valuation(seed);
            let more = |predicate: &Predicate| known(predicate).or(Some(guess));
            let value = expression.eval(&known);
            prop_assert!(value.is_none() || value == expression.eval(&more));
            prop_assert!(expression.eval(&more).is_some());
        }

        #[test]
        fn order_does_not_matter(parts in prop::collection::vec(expressions(), 0..4), seed: u32) {
            let known = valuation(seed);
            let mut reversed = parts.clone();
            reversed.reverse();
            prop_assert_eq!(
                CfgExpr::All(parts.clone()).eval(&known),
                CfgExpr::All(reversed.clone()).eval(&known)
            );
            prop_assert_eq!(CfgExpr::Any(parts).eval(&known), CfgExpr::Any(reversed).eval(&known));
        }
    }
}
