use proptest::prelude::*;

use super::*;

/// An expression as text in which every operator has brackets: what binds what can be seen.
fn shown(source: &Source<'_>, syntax: &Syntax, id: ExprId) -> String {
    use ExprKind as K;
    let show = |id: ExprId| shown(source, syntax, id);
    let list = |list: &[ExprId]| {
        list.iter()
            .map(|id| show(*id))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let tokens = syntax.expr(id).tokens;
    let text = |tokens: Tokens| source.text_between(tokens.start as usize, tokens.end as usize);
    let of = |of: TypeId| text(syntax.types[of.0 as usize].tokens);
    match syntax.kind(id) {
        K::Unknown => format!("?{}?", text(tokens)),
        K::Literal | K::Path(_) | K::Continue => text(tokens),
        K::Macro { arguments, .. } => format!("!({})", list(arguments)),
        K::Call { callee, arguments } => format!("{}({})", show(*callee), list(arguments)),
        K::Method {
            receiver,
            name,
            arguments,
            ..
        } => {
            let name = source.text(*name as usize);
            format!("{}.{name}({})", show(*receiver), list(arguments))
        }
        K::Field { base, name } => format!("{}.{}", show(*base), source.text(*name as usize)),
        K::Index { base, index } => format!("{}[{}]", show(*base), show(*index)),
        K::Unary { operator, operand } => format!("({operator:?} {})", show(*operand)),
        K::Borrow { how, operand } => format!("({how:?} {})", show(*operand)),
        K::Binary {
            operator,
            left,
            right,
        } => format!("({} {operator:?} {})", show(*left), show(*right)),
        K::Assign {
            operator,
            left,
            right,
        } => format!("({} {operator:?}= {})", show(*left), show(*right)),
        K::Cast { operand, to } => format!("({} as {})", show(*operand), of(*to)),
        K::Range { from, to, .. } => format!(
            "({}..{})",
            from.map(show).unwrap_or_default(),
            to.map(show).unwrap_or_default()
        ),
        K::Tuple(items) => format!("({},)", list(items)),
        K::Array(items) => format!("[{}]", list(items)),
        K::Repeat { value, length } => format!("[{}; {}]", show(*value), show(*length)),
        K::Struct { fields, base, .. } => {
            let fields: Vec<ExprId> = fields
                .iter()
                .map(|(_, value)| *value)
                .chain(*base)
                .collect();
            format!("S{{{}}}", list(&fields))
        }
        K::Paren(inner) => format!("<{}>", show(*inner)),
        K::Block(block) => {
            let statements = block.statements.iter().map(|id| {
                let statement = syntax.statement(*id).unwrap();
                match &statement.kind {
                    StatementKind::Let { value, .. } => {
                        format!("let {};", value.map(show).unwrap_or_default())
                    }
                    StatementKind::Expr { value, ends } => {
                        format!("{}{}", show(*value), if *ends { ";" } else { "" })
                    }
                    StatementKind::Item(_) => "item".to_owned(),
                    StatementKind::Empty => ";".to_owned(),
                }
            });
            format!(
                "{:?}{{{}}}",
                block.kind,
                statements.collect::<Vec<_>>().join(" ")
            )
        }
        K::If {
            condition,
            then,
            otherwise,
        } => format!(
            "if {} {} else {}",
            show(*condition),
            show(*then),
            otherwise.map(show).unwrap_or_default()
        ),
        K::Let { value, .. } => format!("(let {})", show(*value)),
        K::Match { value, arms } => {
            let arms = arms.iter().map(|arm| {
                let guard = arm.guard.map(|guard| format!("if {} ", show(guard)));
                format!("{}=> {}", guard.unwrap_or_default(), show(arm.body))
            });
            format!(
                "match {} {{{}}}",
                show(*value),
                arms.collect::<Vec<_>>().join(", ")
            )
        }
        K::While { condition, body } => format!("while {} {}", show(*condition), show(*body)),
        K::Loop(body) => format!("loop {}", show(*body)),
        K::For { over, body, .. } => format!("for {} {}", show(*over), show(*body)),
        K::Closure { body, parameters } => format!("|{}| {}", parameters.len(), show(*body)),
        K::Return(value) => format!("return {}", value.map(show).unwrap_or_default()),
        K::Break(value) => format!("break {}", value.map(show).unwrap_or_default()),
        K::Try(value) => format!("{}?", show(*value)),
        K::Await(value) => format!("{}.await", show(*value)),
    }
}

fn body(text: &str) -> String {
    let text = format!("fn f() {{ {text} }}");
    let source = Source::new(text.as_bytes());
    let syntax = Syntax::new(&source, Depth::Bodies);
    check(&syntax, &source);
    let Some(ItemKind::Function(function)) = syntax.items.first().map(|item| &item.kind) else {
        panic!("{syntax:?}");
    };
    let shown = shown(&source, &syntax, function.body.unwrap());
    shown
        .strip_prefix("Plain{")
        .unwrap()
        .strip_suffix('}')
        .unwrap()
        .to_owned()
}

/// What must hold of every tree.
fn check(syntax: &Syntax, source: &Source<'_>) {
    let tokens = place(source.lexed.tokens.len());
    for (at, expr) in syntax.exprs.iter().enumerate() {
        let id = ExprId(place(at));
        assert!(expr.first <= id.0);
        assert!(expr.tokens.start <= expr.tokens.end && expr.tokens.end <= tokens);
        if let Some(around) = syntax.around(id) {
            assert!(syntax.is_within(id, around), "{id:?} in {around:?}");
            assert!(around > id);
            let outer = syntax.expr(around).tokens;
            assert!(outer.start <= expr.tokens.start && expr.tokens.end <= outer.end);
        }
    }
    assert!(syntax.patterns.iter().map(|of| of.tokens.end).is_sorted());
    assert!(syntax.statements.iter().map(|of| of.tokens.end).is_sorted());
    for (at, item) in syntax.items.iter().enumerate() {
        assert!(item.parent.is_none_or(|parent| (parent.0 as usize) < at));
    }
}

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap()
}

#[test]
fn operators_bind_as_in_rust() {
    for (text, expected) in [
        ("a + b * c", "(a Add (b Mul c))"),
        ("a * b + c", "((a Mul b) Add c)"),
        ("a - b - c", "((a Sub b) Sub c)"),
        ("-a as u8 + 1", "(((Neg a) as u8) Add 1)"),
        ("*a.b(c)[d]", "(Deref a.b(c)[d])"),
        ("&mut *p", "(Mut (Deref p))"),
        ("&&a", "(Shared (Shared a))"),
        ("&raw const x", "(RawConst x)"),
        ("&raw", "(Shared raw)"),
        ("a << 1 | b >> 2", "((a Shl 1) Or (b Shr 2))"),
        ("a && b || c == d", "((a LazyAnd b) LazyOr (c Eq d))"),
        ("a = b = c", "(a None= (b None= c))"),
        ("a <<= b + 1", "(a Some(Shl)= (b Add 1))"),
        ("a..b + 1", "(a..(b Add 1))"),
        ("..", "(..)"),
        ("x[1..]", "x[(1..)]"),
        ("x[..=n]", "x[(..n)]"),
        ("(a as usize) < b", "(<(a as usize)> Lt b)"),
        ("f::<u8>(x)?.y.0.await", "f::<u8>(x)?.y.0.await"),
        ("x.0.1", "x.0.1"),
        ("<T as A<B>>::c(d)", "<T as A<B>>::c(d)"),
        (
            "x.iter().map(|a| a + 1).sum::<u8>()",
            "x.iter().map(|1| (a Add 1)).sum()",
        ),
        ("move || {}", "|0| Plain{}"),
        ("return a + b", "return (a Add b)"),
        ("(a, b)", "(a, b,)"),
        ("(a,)", "(a,)"),
        ("(a)", "<a>"),
        ("[0; 4]", "[0; 4]"),
        ("[a, b]", "[a, b]"),
        ("S { a, b: 1, ..c }", "S{a, 1, c}"),
        ("!a == b", "((Not a) Eq b)"),
        ("a < b && c > d", "((a Lt b) LazyAnd (c Gt d))"),
        ("*(p as *const u8)", "(Deref <(p as *const u8)>)"),
        ("a as u32 <= b.c", "((a as u32) Le b.c)"),
        ("$a + $b", "($a Add $b)"),
    ] {
        assert_eq!(body(text), expected, "{text}");
    }
}

#[test]
fn statements_end_where_they_end() {
    for (text, expected) in [
        ("a; b", "a; b"),
        ("let x = 1; x", "let 1; x"),
        ("let Some(x) = y else { return };", "let y;"),
        ("unsafe { a() } - 1", "Unsafe{a()} (Neg 1)"),
        ("unsafe { a() }.b() - 1", "(Unsafe{a()}.b() Sub 1)"),
        ("let x = unsafe { a() } - 1;", "let (Unsafe{a()} Sub 1);"),
        (
            "if a == b { c } else if d { e } else { f }",
            "if (a Eq b) Plain{c} else if d Plain{e} else Plain{f}",
        ),
        (
            "if let Some(a) = b && c { d }",
            "if ((let b) LazyAnd c) Plain{d} else ",
        ),
        (
            "match a { B { x } => 1, C if d => { e } F => g, _ => (h) }",
            "match a {=> 1, if d => Plain{e}, => g, => <h>}",
        ),
        ("'a: loop { break 'a 1; }", "loop Plain{break 1;}"),
        ("for i in 0..n { f(i) }", "for (0..n) Plain{f(i)}"),
        (
            "while let Some(x) = it.next() {}",
            "while (let it.next()) Plain{}",
        ),
        ("fn g() {} g()", "item g()"),
        ("vec![0; n]", "!(0, n)"),
        ("assert!(a < b, \"{}\", c);", "!((a Lt b), \"{}\", c);"),
        ("try!(r.read(&mut b));", "!(r.read((Mut b)));"),
        ("const X: usize = 1; X", "item X"),
        ("async move { a }", "Async{a}"),
        (
            "match x { 0..=9 => a, b'a'..=b'z' | b'_' => b, &c => d }",
            "match x {=> a, => b, => d}",
        ),
        ("a ) b", "a ?) b?"),
        ("let x = ; y", "let ??; y"),
        ("x.; y", "x.; y"),
        ("if x < y { z }", "if (x Lt y) Plain{z} else "),
        ("if Foo::BAR { z }", "if Foo::BAR Plain{z} else "),
        (
            "static A: u8 = 1; unsafe fn h() {} unsafe { h() }",
            "item item Unsafe{h()}",
        ),
    ] {
        assert_eq!(body(text), expected, "{text}");
    }
}

#[test]
fn equal_signs_in_bounds_end_no_declaration() {
    let text = "fn f<C>(c: C) where C: Deref<Target=[u8]>, C: Fn(u8) -> Box<u8> { a }\n\
                impl<C> T for S<C> where C: Deref<Target=[u8]> { fn g() { b } }";
    let source = Source::new(text.as_bytes());
    let syntax = Syntax::new(&source, Depth::Bodies);
    let bodies = syntax.items.iter().filter(
        |item| matches!(&item.kind, ItemKind::Function(function) if function.body.is_some()),
    );
    assert_eq!(bodies.count(), 2);
}

#[test]
fn items_have_their_parts() {
    let text = "#[repr(u8)] pub enum E { #[a] A = 1, B(u8), C { x: u8 } }\n\
        pub(crate) struct S<'a, T: Copy, const N: usize> where T: Clone { pub a: &'a [T], b: [u8; N] }\n\
        struct U(u8, *mut T); union V { a: u8 }\n\
        unsafe impl<T: Send> Send for S<T> {}\n\
        impl<'a> S<'a> { pub const unsafe fn f<A, B>(&mut self, x: &[u8], (a, b): (u8, u8)) -> Option<u8> where A: B { x.g() } }\n\
        extern \"C\" { fn c(x: u8, ...) -> u8; static mut X: u8; }\n\
        static mut Y: Option<u8> = None; const Z: &'static str = \"\";\n\
        type A<T> = Vec<T>; use a::{b, c}; extern crate d;\n\
        macro_rules! m { ($x:expr) => { unsafe { $x.get_unchecked(0) } }; }\n\
        mod n { fn o() {} } cfg_if! { if #[cfg(a)] { fn p() {} } else { fn q() {} } }\n\
        trait W { fn r(&self); unsafe fn s(self) {} }";
    let source = Source::new(text.as_bytes());
    let syntax = Syntax::new(&source, Depth::Bodies);
    check(&syntax, &source);
    let names: Vec<String> = syntax
        .items
        .iter()
        .map(|item| {
            let kind = format!("{:?}", item.kind);
            let kind = kind.split([' ', '(']).next().unwrap().to_owned();
            let name = item.name.map(|name| source.text(name as usize));
            format!("{kind} {}", name.unwrap_or_default())
        })
        .collect();
    assert_eq!(
        names,
        [
            "Enum E",
            "Struct S",
            "Struct U",
            "Union V",
            "Impl S",
            "Impl S",
            "Function f",
            "Foreign ",
            "Function c",
            "Value X",
            "Value Y",
            "Value Z",
            "Alias A",
            "Use ",
            "Use ",
            "Macro m",
            "Mod n",
            "Function o",
            "Call cfg_if",
            "Function p",
            "Function q",
            "Trait W",
            "Function r",
            "Function s",
        ]
    );
    let ItemKind::Function(f) = &syntax.items[6].kind else {
        panic!()
    };
    assert_eq!(f.receiver, Some(Receiver::Mut));
    assert_eq!((f.parameters.len(), f.generics.len()), (2, 2));
    assert!(f.unsafety.is_some() && f.output.is_some());
    let ItemKind::Struct { fields, generics } = &syntax.items[1].kind else {
        panic!()
    };
    assert_eq!(fields.len(), 2);
    assert_eq!(
        generics
            .iter()
            .map(|at| source.text(*at as usize))
            .collect::<Vec<_>>(),
        ["T"]
    );
    let unsafe_blocks = syntax.exprs.iter().filter(
        |expr| matches!(&expr.kind, ExprKind::Block(block) if block.kind == BlockKind::Unsafe),
    );
    assert_eq!(unsafe_blocks.count(), 1);
}

#[test]
fn what_nests_deep_is_given_up_and_what_is_long_is_read() {
    let deep = [
        "(".repeat(50_000),
        "[".repeat(50_000),
        "{".repeat(50_000),
        "-".repeat(50_000),
        "&".repeat(50_000),
        "*".repeat(50_000),
        "f(".repeat(50_000),
        "a = ".repeat(50_000),
        "|x| ".repeat(50_000),
        "match x { _ => ".repeat(10_000),
        "if x { ".repeat(10_000),
        "return ".repeat(50_000),
        "x as ".to_owned() + &"&".repeat(50_000),
        "let x: Vec<".to_owned() + &"Vec<".repeat(50_000),
        "mod a { ".repeat(10_000),
        "m!{ ".repeat(10_000),
        "if let ".to_owned() + &"&".repeat(50_000),
        "a < ".repeat(50_000),
        "..".repeat(50_000),
        "x?.y(".repeat(10_000),
        "$(".repeat(10_000),
        "Some(".repeat(10_000),
        "let ((((".repeat(5_000),
        "a && ".repeat(20_000),
        "let a = let ".repeat(10_000),
        "<".repeat(20_000),
        "<T as ".repeat(20_000),
        "impl ".repeat(20_000),
        "S { a: ".repeat(20_000),
        "unsafe ".repeat(20_000),
        "fn ".repeat(20_000),
        "pub ".repeat(20_000),
        "macro_rules! a { ".repeat(5_000),
        "=> {".repeat(5_000),
        "macro_rules! a { () => {".repeat(2_000),
        format!(
            "macro_rules! a {{ () => {{ {}",
            "$( $(#[a])* mod b {".repeat(5_000)
        ),
        format!("macro_rules! a {{ () => {{ {}", "$( #[a]".repeat(5_000)),
    ];
    for text in &deep {
        for text in [
            text.clone(),
            format!("fn f() {{ {text} }}"),
            format!("fn f() {{ g({text}) }}"),
        ] {
            let source = Source::new(text.as_bytes());
            check(&Syntax::new(&source, Depth::Bodies), &source);
        }
    }
    let long = format!("fn f() {{ x{}; y }}", ".g()".repeat(50_000));
    let source = Source::new(long.as_bytes());
    let syntax = Syntax::new(&source, Depth::Bodies);
    assert_eq!(syntax.too_deep, None);
    // Of the block: an item among others is none.
    assert_eq!(syntax.statements.len(), 2);
    let long = format!("fn f() {{ if a {{}} {} }}", "else if b {}".repeat(20_000));
    let source = Source::new(long.as_bytes());
    assert_eq!(Syntax::new(&source, Depth::Bodies).too_deep, None);
}

#[test]
fn repeated_items_of_a_macro_are_items() {
    let text = "macro_rules! r { ($($t:ty, $m:meta),*) => { \
        $( $(#[$m])* #[b] pub(crate) struct S; unsafe impl Send for $t {} )+ \
        $( fn f() { unsafe { g() } } ),* $( h($t) );* } }";
    let source = Source::new(text.as_bytes());
    let syntax = Syntax::new(&source, Depth::Bodies);
    check(&syntax, &source);
    let kinds: Vec<String> = syntax
        .items
        .iter()
        .map(|item| format!("{:?}", item.kind))
        .map(|kind| kind.split([' ', '(']).next().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["Macro", "Struct", "Impl", "Function"]);
    let is_unsafe = |expr: &Expr| match &expr.kind {
        ExprKind::Block(block) => block.kind == BlockKind::Unsafe,
        _ => false,
    };
    assert_eq!(
        syntax.exprs.iter().filter(|expr| is_unsafe(expr)).count(),
        1
    );
}

proptest! {
    #[test]
    fn any_tokens_give_a_tree(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "a", "b", "1", "(", ")", "{", "}", "[", "]", "<", ">", "=", "=>", "->", "::", ":", ";",
            ",", ".", "..", "..=", "&", "|", "*", "-", "!", "?", "#", "$", "'a", "fn", "unsafe",
            "let", "if", "else", "match", "for", "in", "while", "loop", "impl", "struct", "enum",
            "return", "as", "mut", "ref", "move", "pub", "const", "static", "m!", "macro_rules!",
            "where", "dyn", "extern", "\"s\"", "self", "_", "@", "async", "union", "use", "mod",
        ]),
        0..60,
    )) {
        let text = words.join(" ");
        let source = Source::new(text.as_bytes());
        let syntax = Syntax::new(&source, Depth::Bodies);
        check(&syntax, &source);
        check(&Syntax::new(&source, Depth::Declarations), &source);
    }
}
