use super::*;

/// The items of a file, each with what it mentions.
fn read(text: &str, strings: bool) -> Vec<String> {
    let read = package(vec![mentions(
        "src/lib.rs",
        text.as_bytes(),
        Scope { strings },
    )]);
    let file = &read.files[0];
    let items = file.items.iter().map(|item| {
        let mut mentions: Vec<String> = item
            .mentions
            .iter()
            .map(|mention| {
                let qualifier = read.word(mention.qualifier);
                let colons = if qualifier.is_empty() { "" } else { "::" };
                let name = read.word(mention.name);
                format!("{:?} {qualifier}{colons}{name}", mention.kind)
            })
            .collect();
        mentions.sort();
        let flag = if item.is_registered { "!" } else { "" };
        let (kind, name) = (item.kind, read.word(item.name));
        format!("{kind:?} {name}{flag}: {}", mentions.join(", "))
    });
    items.collect()
}

#[track_caller]
fn has(text: &str, expected: &[&str]) {
    let items = read(text, false);
    for expected in expected {
        assert!(
            items.iter().any(|item| item == expected),
            "{expected}\n{items:#?}"
        );
    }
}

#[test]
fn names_are_told_by_what_is_around_them() {
    has(
        "fn f() { a(); x.b(); c::d(); E::g::<T>(); h!(i, j.k()); let l = m; }",
        &[
            "Function f: Bare T, Bare a, Bare m, Bare x, Loose i, Loose j, Macro h, Method b, \
           Method k, Path E::g, Path c::d, Prefix E, Prefix c",
        ],
    );
    has(
        "impl S { fn f(&self) { Self::g(); <Self>::h(); super::i(); } }",
        &["Function f: Path S::g, Path crate::i, Path h"],
    );
    // Fields and what is declared are no mentions.
    has(
        "fn f(a: B) { C { d: e }; self.g; }",
        &["Function f: Bare B, Bare C, Bare e"],
    );
    has(
        "fn f() { println!(\"{}\", a()); vec![b] }",
        &["Function f: Bare a, Bare b, Macro println, Macro vec"],
    );
}

#[test]
fn attributes_mention_what_macros_make_of_them() {
    has(
        "#[derive(Clone, M)] #[serde(with = \"a::b\")] #[doc = \"c d\"] #[cfg_attr(x, y(z))] struct S;",
        &[
            "Data S!: Loose a, Loose b, Loose with, Loose z, Macro Clone, Macro M, Macro serde, Macro y",
        ],
    );
    has("#[no_mangle] fn f() {}", &["Function f!: "]);
    has("#[unsafe(no_mangle)] fn f() {}", &["Function f!: "]);
    has(
        "#[inline] #[instrument(skip(a))] fn f() {}",
        &["Function f: Loose a, Loose skip, Macro instrument"],
    );
    has("#[proc_macro_derive(M)] fn f() {}", &["Alias M: Loose f"]);
}

#[test]
fn imports_are_no_mentions_but_of_types_whose_variants_they_bring() {
    has(
        "use a::b; use a::{c as d, E::*};",
        &["File : Prefix E", "Alias d: Path a::c"],
    );
}

#[test]
fn macros_may_make_anything_of_what_they_hold() {
    has(
        "macro_rules! m { ($x:ident) => { $crate::a::b($x); c.d() } }",
        &["Macro m: Loose b, Loose c, Method d, Prefix a"],
    );
    has("m! { [<a $b _c>] }", &["File : Macro m, Pattern a*_c"]);
    has("m! { fn f() { g() } }", &["Function f: Loose g"]);
}

#[test]
fn an_implementation_in_a_function_counts_without_being_named() {
    has(
        "fn f() { impl Drop for S {} }",
        &["Function f!: Bare Drop, Bare S"],
    );
    has(
        "fn f() { struct S; impl Drop for S {} }",
        &["Function f: Bare Drop, Bare S"],
    );
    has(
        "fn f() -> impl A { let x: impl B; }",
        &["Function f: Bare A, Bare B"],
    );
    has(
        "const _: () = { impl Drop for S {} };",
        &["Value _!: Bare Drop, Bare S"],
    );
}

#[test]
fn strings_of_what_makes_code_are_read() {
    let items = read(
        "fn f() { g(\"a::b()\"); format_ident!(\"x_{}\", y); \"some prose here\" }",
        true,
    );
    for expected in ["Loose a", "Loose b", "Pattern x_*", "Loose y"] {
        assert!(items[1].contains(expected), "{expected}: {items:#?}");
    }
    assert!(!items[1].contains("prose"));
}
