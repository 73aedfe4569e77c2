//! Expansion of `macro_rules!`, so that what a macro does to the code that is handed to it is known:
//! under what conditions it stands afterwards, and whether it stands anywhere.
//!
//! The expansion is a text, of which each stretch is known to come from the call's arguments or from
//! the definition. What a fragment like `$x:expr` takes is found by where it must end (Rust's
//! [follow sets](https://doc.rust-lang.org/reference/macros-by-example.html#follow-set-ambiguity-restrictions)),
//! not by parsing it. Matching is greedy and does not go back, which all definitions that rustc
//! takes as unambiguous allow.
//!
//! *Invariants.* Nesting is at most [`MAX_DEPTH`] deep and the text at most [`MAX_TEXT`] long; what
//! is beyond, or matches no arm, has no expansion.

mod fragment;
mod matcher;
mod transcribe;

use super::lexer::TokenKind;
use super::outline::Source;

/// How deep patterns and repetitions may nest.
pub const MAX_DEPTH: usize = 32;
/// How long an expansion may be, in bytes.
pub const MAX_TEXT: usize = 4 * 1024 * 1024;

/// A stretch of an expansion that comes from the arguments of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    /// Its place in the expansion.
    at: u32,
    /// Its place in the arguments' text.
    from: u32,
    /// How long it is, in bytes.
    len: u32,
}

/// What a call becomes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The text.
    pub text: String,
    stretches: Vec<Stretch>,
}

impl Expansion {
    /// Where in the arguments a place of the text comes from; none if it comes from the definition.
    #[must_use]
    pub fn origin(&self, at: u32) -> Option<u32> {
        let behind = self.stretches.partition_point(|stretch| stretch.at <= at);
        let stretch = self.stretches.get(behind.checked_sub(1)?)?;
        let within = at - stretch.at;
        (within < stretch.len).then_some(stretch.from + within)
    }
}

/// What a metavariable stands for.
#[derive(Debug, Clone)]
enum Binding {
    /// Tokens of the arguments: the first, and that behind the last.
    Tokens(usize, usize),
    /// One for each turn of a repetition.
    Turns(Vec<Self>),
}

/// The metavariables, in the order of the pattern.
type Bindings<'a> = Vec<(&'a [u8], Binding)>;

/// A definition of a macro, read.
#[derive(Debug)]
pub struct Definition<'a> {
    source: Source<'a>,
    arms: Vec<Arm>,
}

impl<'a> Definition<'a> {
    /// Reads the text of a definition, without the brackets around it.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let source = Source::new(text.as_bytes());
        let arms = match source.groups.balanced {
            true => arms(&source),
            false => Vec::new(),
        };
        Self { source, arms }
    }

    /// Expands a call with these arguments, without the brackets around them. None if no arm takes
    /// them, or a bound is passed.
    #[must_use]
    pub fn expand(&self, arguments: &str) -> Option<Expansion> {
        let arguments = Source::new(arguments.as_bytes());
        if !arguments.groups.balanced {
            return None;
        }
        for (pattern, body) in &self.arms {
            let end = arguments.lexed.tokens.len();
            let mut matcher = matcher::Matcher::new(&self.source, &arguments);
            if let Some(bindings) = matcher.all(*pattern, end) {
                return transcribe::transcribe(&self.source, *body, &arguments, &bindings);
            }
        }
        None
    }
}

/// Expands one call by a definition; see [`Definition`].
#[must_use]
pub fn expand(definition: &str, arguments: &str) -> Option<Expansion> {
    Definition::new(definition).expand(arguments)
}

/// The token ranges of an arm's pattern and of what it becomes.
type Arm = ((usize, usize), (usize, usize));

fn arms(definition: &Source<'_>) -> Vec<Arm> {
    let mut arms = Vec::new();
    let mut at = 0;
    let inside = |open: usize| (open + 1, definition.groups.end(open));
    while definition.kind(at).is_open() {
        let body = definition.groups.after(at) + 2;
        if !definition.is_pair(body - 2, TokenKind::Eq, TokenKind::Gt)
            || !definition.kind(body).is_open()
        {
            break;
        }
        arms.push((inside(at), inside(body)));
        at = definition.groups.after(body);
        at += usize::from(definition.kind(at) == TokenKind::Semi);
    }
    arms
}

/// How a repetition repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Repetition {
    /// The tokens in it: the first, and that behind the last.
    inside: (usize, usize),
    /// The tokens between its turns.
    separator: (usize, usize),
    /// `?`: at most once.
    once: bool,
    /// `+`: at least once.
    some: bool,
    /// The token behind it.
    next: usize,
}

/// Reads the `$(…) separator operator` whose `$` is at a token.
fn repetition(source: &Source<'_>, dollar: usize) -> Option<Repetition> {
    let open = dollar + 1;
    if source.kind(dollar) != TokenKind::Dollar || source.kind(open) != TokenKind::OpenParen {
        return None;
    }
    let behind = source.groups.after(open);
    let operator = |at: usize| match source.kind(at) {
        TokenKind::Star => Some((false, false)),
        TokenKind::Plus => Some((false, true)),
        TokenKind::Question => Some((true, false)),
        _ => None,
    };
    let mut at = behind;
    // `$(…)+*` has the separator `+`: an operator behind makes one a separator.
    let is_separator = operator(at).is_none()
        || matches!(source.kind(at + 1), TokenKind::Star | TokenKind::Plus)
            && source.is_joined(at)
            && source.kind(at) != TokenKind::Question;
    if is_separator {
        at += fragment::punctuation(source, at);
    }
    let (once, some) = operator(at)?;
    Some(Repetition {
        inside: (open + 1, source.groups.end(open)),
        separator: (behind, at),
        once,
        some,
        next: at + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(definition: &str, arguments: &str) -> Option<String> {
        let text = expand(definition, arguments)?.text;
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn items_get_a_condition() {
        let definition = "($($item:item)*) => { $( #[cfg(feature = \"rt\")] $item )* }";
        let got = expanded(definition, "pub fn a() { unsafe {} } #[x] struct B; mod c;").unwrap();
        let condition = "#[cfg(feature = \"rt\")]";
        let expected = format!(
            "{condition} pub fn a() {{ unsafe {{}} }} {condition} #[x] struct B; {condition} mod c;"
        );
        assert_eq!(got.replace("# [", "#["), expected);
    }

    #[test]
    fn fragments_end_where_they_must() {
        for (definition, arguments, expected) in [
            (
                "($a:expr, $b:expr) => {$b; $a}",
                "f(1, 2) + x::<A, B>(), |a, b| a",
                "|a, b| a; f(1, 2) + x::<A, B>()",
            ),
            (
                "($t:ty => $e:expr) => {$e as $t}",
                "Vec<Option<u8>> => {1}",
                "{1} as Vec<Option<u8>>",
            ),
            (
                "($($k:ident: $v:expr),* $(,)?) => {$($k = $v;)*}",
                "a: 1, b: {2},",
                "a = 1; b = {2};",
            ),
            (
                "($v:vis fn $n:ident) => {$v $n}",
                "pub(crate) fn x",
                "pub(crate) x",
            ),
            ("($v:vis fn $n:ident) => {$v $n}", "fn x", "x"),
            (
                "(a) => {1}; (b $($t:tt)*) => {[$($t)*]}",
                "b -> => ::x",
                "[-> => ::x]",
            ),
            (
                "($($(#[$m:meta])* $l:lifetime $x:literal)+) => {$($($m)* $l $x)+}",
                "#[a(b)] 'a -1 'b \"s\"",
                "a(b) 'a -1 'b \"s\"",
            ),
            (
                "($p:pat => $b:block) => {$p $b}",
                "Some(A { x, .. }) | None => { 1 }",
                "Some(A { x, .. }) | None { 1 }",
            ),
        ] {
            let got = expanded(definition, arguments);
            assert_eq!(
                got.as_deref().map(squeeze),
                Some(squeeze(expected)),
                "{definition}"
            );
        }
    }

    fn squeeze(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    #[test]
    fn what_no_arm_takes_has_no_expansion() {
        assert_eq!(expanded("(a) => {1}", "b"), None);
        assert_eq!(expanded("($x:ident) => {1}", "1"), None);
        assert_eq!(expanded("no macro", "1"), None);
    }

    #[test]
    fn origins_are_kept() {
        let expansion = expand("($e:expr) => { f(unsafe { $e }, $e) }", "unsafe { g() }").unwrap();
        let places = expansion.text.match_indices("unsafe");
        let origins: Vec<_> = places.map(|(at, _)| expansion.origin(at as u32)).collect();
        assert_eq!(origins, [None, Some(0), Some(0)]);
    }

    #[test]
    fn turns_within_turns_have_a_bound() {
        use std::fmt::Write;
        let mut names = String::new();
        for at in 0..20_000 {
            let _ = write!(names, "$a{at}:ident ");
        }
        let definition = format!("($( $( y {names} )* x )*) => {{1}}");
        assert_eq!(expanded(&definition, &"x ".repeat(20_000)), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_fail(
            definition in "(\\(|\\)|\\$|x|:|expr|tt|=>|\\{|\\}|;|,|\\*|\\+|\\?| ){0,40}",
            arguments in "(\\(|\\)|x|:|=>|\\{|\\}|;|,|<|>|\\|| ){0,30}",
        ) {
            let _ = expand(&definition, &arguments);
        }
    }
}
