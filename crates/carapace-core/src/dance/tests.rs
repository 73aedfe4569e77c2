use super::*;

fn all(text: &str) -> PackageDance {
    package(vec![read("src/lib.rs", text.as_bytes())], one_by_one)
}

#[test]
fn a_site_is_done_away_with_where_all_of_it_is_replaced_only() {
    let danced = all(
        "fn f(v: &[u8], p: *const u8) -> u8 { unsafe { *v.get_unchecked(0) + *p } }\n\
         fn g(v: &[u8]) -> u8 { unsafe { *v.get_unchecked(0) + *v.get_unchecked(1) } }",
    );
    let sites = &danced.files[0].sites;
    assert_eq!(sites.len(), 2);
    assert!(sites[0].plans.is_empty() && sites[0].left.len() == 1);
    assert_eq!(sites[0].proposals[0].changes.len(), 1);
    assert!(sites[1].left.is_empty());
    assert_eq!(sites[1].plans[0].changes[0].text, "v[0] + v[1]");
}

#[test]
fn a_pointer_leads_to_its_element_through_variables_that_go_with_it() {
    let danced = all(
        "fn f(v: &[u8], n: usize) -> u8 { let p = v.as_ptr(); let q = unsafe { p.add(n) }; unsafe { *q } }\n\
         fn g(v: &[u8], n: usize) -> u8 { unsafe { let p = v.as_ptr(); let q = p.add(n); *q.add(1) } }\n\
         fn h(v: &[u8], n: i32) -> u8 { unsafe { *v.as_ptr().add(1).offset(n as isize) } }\n\
         fn i(v: &[u8]) -> u8 { let p = v.as_ptr(); let v = &v[1..]; unsafe { *p } }",
    );
    let sites = &danced.files[0].sites;
    let plan = &sites[2].plans[0];
    assert_eq!(plan.applicability, crate::fix::Applicability::Safe);
    assert_eq!(plan.changes[0].text, "v[n + 1]");
    assert_eq!(
        sites[3].plans[0].applicability,
        crate::fix::Applicability::Unsafe
    );
    assert!(sites[4].plans.is_empty());
}

#[test]
fn what_a_type_is_asked_of_is_bounded_however_often_it_is_named() {
    let mut body = String::new();
    for at in 0..40 {
        let parts = vec![format!("v{at}"); 40].join(", ");
        body += &format!("let v{} = [{parts}];\n", at + 1);
    }
    let danced = all(&format!(
        "fn f(v0: impl Sized) {{ {body} unsafe {{ v40.get_unchecked(0) }}; }}\n\
         fn g(v: &[u8]) -> u8 {{ unsafe {{ *v.get_unchecked(0) }} }}"
    ));
    let sites = &danced.files[0].sites;
    assert_eq!(sites[1].plans[0].changes[0].text, "v[0]");
}

#[test]
fn a_site_whose_expressions_stand_too_deep_in_each_other_is_not_read() {
    let chain = |links: usize| {
        format!(
            "fn f(v: &[u8], a: bool) {{ unsafe {{ v.get_unchecked(0); if a {{}} {} }} }}",
            "else if a {} ".repeat(links)
        )
    };
    assert_eq!(all(&chain(100)).files[0].sites.len(), 1);
    let deep = all(&chain(100_000)).files;
    assert!(deep.iter().all(|file| file.sites.is_empty()));
}

#[test]
fn raw_names_stay_raw() {
    let danced = all(
        "#[repr(C)] #[derive(Clone, Copy)] struct A { r#type: u8, b: u16 }\n\
         fn f() -> A { unsafe { std::mem::zeroed() } }\n\
         #[repr(u8)] enum B { r#Type = 0, C = 1 }\n\
         fn g(n: u8) -> B { unsafe { std::mem::transmute(n) } }",
    );
    let sites = &danced.files[0].sites;
    let with = |site: usize| sites[site].proposals[0].with.as_str();
    assert_eq!(with(0), "A { r#type: 0, b: 0 }");
    assert!(with(1).contains("B::r#Type"), "{}", with(1));
}

/// What is proposed for a text, and whether it can be applied unseen.
fn proposed(text: &str) -> Vec<(String, bool)> {
    let danced = all(text);
    let sites = danced.files.iter().flat_map(|file| &file.sites);
    let proposals = sites.flat_map(|site| &site.proposals);
    let is_safe = |applicability| applicability == crate::fix::Applicability::Safe;
    proposals
        .map(|proposal| (proposal.with.clone(), is_safe(proposal.applicability)))
        .collect()
}

#[test]
fn memory_behind_the_elements_that_may_have_been_written_is_not_overwritten() {
    let is_kept = |text: &str| assert!(proposed(text).is_empty(), "{text}");
    is_kept(
        "fn f(v: &mut Vec<u8>) { v.reserve(9); g(v.as_mut_ptr()); let n = v.len();\n\
         unsafe { v.set_len(n + 9) } }",
    );
    is_kept("fn f(v: &mut Vec<u8>) { v.reserve(9); h(v); unsafe { v.set_len(9) } }");
    is_kept("fn f(v: &mut Vec<u8>, n: usize) { unsafe { v.set_len(n) } }");
    is_kept(
        "struct B { v: Vec<u8> } impl B { unsafe fn advance(&mut self, n: usize) {\n\
         self.v.reserve(n); unsafe { self.v.set_len(n) } } }",
    );
    is_kept("fn f<T>(v: &mut Vec<T>) { v.reserve(9); unsafe { v.set_len(9) } }");
    is_kept(
        "fn f(n: usize) { let mut v = Vec::<u8>::with_capacity(n); g(&mut v);\n\
             unsafe { v.set_len(n) } }",
    );
}

#[test]
fn types_of_one_name_are_told_apart_by_their_files() {
    let text = "struct A { v: Vec<u8> } impl A { fn f(&mut self) { self.v.reserve(1);\n\
                unsafe { self.v.set_len(1) } } }";
    let other = "struct A { v: Vec<String> }";
    let danced = package(
        vec![
            read("src/a.rs", text.as_bytes()),
            read("src/b.rs", other.as_bytes()),
        ],
        one_by_one,
    );
    let site = &danced.files[0].sites[0];
    assert_eq!(site.plans[0].changes[0].text, "self.v.resize(1, 0)");
}

#[test]
fn pointers_of_which_not_all_is_known_are_not_copied_by_slices_unseen() {
    let is_never = |text: &str| {
        let proposed = proposed(text);
        assert!(proposed.iter().all(|(_, is_safe)| !is_safe), "{text}");
    };
    // Behind the elements, of another type, of one that is not `Copy`, while it is compiled.
    is_never(
        "fn f(v: &mut Vec<u8>, s: &[u8]) { let n = v.len(); unsafe {\n\
         std::ptr::copy_nonoverlapping(s.as_ptr(), v.as_mut_ptr().add(n), 9) } }",
    );
    is_never(
        "fn f<T>(v: &[u8], n: usize) -> &[T] {\n\
         unsafe { std::slice::from_raw_parts(v.as_ptr().cast(), n) } }",
    );
    // What is derived holds for some arguments, or in some builds.
    let read = "fn f(&mut self) -> Self { unsafe { std::ptr::read(self) } } }";
    is_never(&format!(
        "#[derive(Clone, Copy)] struct A<T>(T);\nimpl<T> A<T> {{ {read}"
    ));
    is_never(&format!(
        "#[cfg_attr(x, derive(Clone, Copy))] struct A(u8);\nimpl A {{ {read}"
    ));
    for parameters in ["", "<u8>", "<[u16; 2]>"] {
        let declared = if parameters.is_empty() { "" } else { "<T>" };
        let text =
            format!("#[derive(Clone, Copy)] struct A{declared}(u8);\nimpl A{parameters} {{ {read}");
        assert!(
            proposed(&text).iter().any(|(_, is_safe)| *is_safe),
            "{text}"
        );
    }
    is_never(
        "fn f<T>(v: &mut [T], s: &[T]) { unsafe {\n\
         std::ptr::copy_nonoverlapping(s.as_ptr(), v.as_mut_ptr(), 9) } }",
    );
    is_never(
        "const fn f(v: &mut [u8], s: &[u8]) { unsafe {\n\
         std::ptr::copy_nonoverlapping(s.as_ptr(), v.as_mut_ptr(), 9) } }",
    );
    // The pointer lives on.
    is_never(
        "fn f(v: &mut [u8], s: &[u8]) -> u8 { let p = v.as_mut_ptr(); unsafe {\n\
         std::ptr::copy_nonoverlapping(s.as_ptr(), p, 9); g(p) } }",
    );
    is_never(
        "struct A { v: Vec<u8> } impl A { fn f(&mut self) -> &mut [u8] { let n = self.v.len();\n\
         unsafe { std::slice::from_raw_parts_mut(self.v.as_mut_ptr(), n) } } }",
    );
}

#[test]
fn the_same_root_is_borrowed_once_only() {
    let of = |text: &str| proposed(text).into_iter().next().map(|(with, _)| with);
    let text = |arguments: &str| {
        format!(
            "struct A {{ a: [u8; 9], b: [u8; 9], n: usize }} impl A {{ fn f(&mut self) {{\n\
             unsafe {{ std::ptr::copy_nonoverlapping({arguments}) }}; }} }}"
        )
    };
    let apart = text("self.a.as_ptr(), self.b.as_mut_ptr(), self.n");
    let with = "self.b[..self.n].copy_from_slice(&self.a[..self.n])";
    assert_eq!(of(&apart).as_deref(), Some(with));
    let within = text("self.a.as_ptr(), self.a.as_mut_ptr().add(2), self.n");
    assert_eq!(
        of(&within).as_deref(),
        Some("self.a.copy_within(..self.n, 2)")
    );
    let asked = text("self.a.as_ptr(), self.b.as_mut_ptr(), self.b.len()");
    let with = "{ let count = self.b.len(); self.b[..count].copy_from_slice(&self.a[..count]) }";
    assert_eq!(of(&asked).as_deref(), Some(with));
}

#[test]
fn a_trait_of_the_package_gives_unsafe_methods_to_types_of_the_standard_library() {
    let danced = all("trait B { unsafe fn go(&mut self, n: usize); }\n\
         impl B for &mut [u8] { unsafe fn go(&mut self, n: usize) {} }\n\
         fn f(v: &mut [u8], n: usize) { unsafe {\n\
         std::ptr::write_bytes(v.as_mut_ptr(), 0, n); v.go(n); } }");
    let site = danced.files[0].sites.last().unwrap();
    assert!(site.plans.is_empty() && site.left.len() == 1);
}

#[test]
fn a_pointer_is_followed_only_where_its_slice_could_be_used() {
    let danced = all(
        "fn f(v: &mut [u8]) { let p = v.as_mut_ptr(); for (i, b) in v.iter().enumerate() { unsafe { *p.add(i) = *b } } }\n\
         fn g(v: &mut [u8]) { let p = v.as_mut_ptr(); let x = &v[2]; unsafe { *p = *x } }\n\
         fn h(mut v: &[u8]) -> u8 { let p = v.as_ptr(); v = &v[1..]; unsafe { *p } }\n\
         fn i(v: Vec<u8>) -> u8 { let p = v.as_ptr(); let f = || unsafe { *p }; f() }\n\
         fn j(v: &mut Vec<u8>) { v.reserve(1); unsafe { *v.as_mut_ptr().add(v.len()) = 1; } }",
    );
    let sites = &danced.files[0].sites;
    assert_eq!(sites.len(), 5);
    assert!(sites.iter().all(|site| site.plans.is_empty()), "{sites:#?}");
}

#[test]
fn what_a_closure_returns_is_not_what_its_function_does() {
    let danced = all(
        "fn f(n: u32) -> f32 { let g = |n: u64| { return unsafe { std::mem::transmute(n) }; }; let x: f64 = g(1); x as f32 }",
    );
    let site = &danced.files[0].sites[0];
    assert!(site.plans.is_empty() && site.proposals.is_empty());
}

/// The codes that are proposed at all, and how many sites go.
fn codes(text: &str) -> (Vec<String>, usize) {
    let danced = all(text);
    let sites: Vec<_> = danced.files.iter().flat_map(|file| &file.sites).collect();
    let proposals = sites.iter().flat_map(|site| &site.proposals);
    let gone = sites.iter().filter(|site| !site.plans.is_empty()).count();
    (
        proposals.map(|proposal| proposal.rule.clone()).collect(),
        gone,
    )
}

#[test]
fn functions_of_the_standard_library_are_known_under_any_name() {
    let danced = all("use core::hint::unreachable_unchecked as never;\n\
         fn f() -> u8 { unsafe { never() } }");
    assert_eq!(
        danced.files[0].sites[0].plans[0].changes[0].text,
        "unreachable!()"
    );
}

#[test]
fn a_checked_twin_does_not_call_itself() {
    let text = "impl S { fn set(&mut self, n: u8) { assert!(n < 9); self.put(n) } \
         fn put(&mut self, n: u8) { unsafe { self.set_unchecked(n) } } \
         unsafe fn set_unchecked(&mut self, n: u8) { self.n = *self.p.add(n) } \
         fn other(&mut self) { unsafe { self.set_unchecked(1) } } }\n\
         struct S { n: u8, p: *const u8 }";
    let danced = all(text);
    let by = danced.files[0]
        .sites
        .iter()
        .flat_map(|site| &site.proposals);
    let by: Vec<&str> = by
        .filter(|found| found.rule == "DAN052")
        .map(|found| found.with.as_str())
        .collect();
    assert_eq!(by, ["self.set(1)"]);
}

#[test]
fn a_block_is_needless_only_where_all_of_it_is_known() {
    let needs = [
        "mod libc { } fn f(x: u8) { unsafe { g::h(x) } } fn h(x: u8) {}",
        "foreign! { fn h(x: u8); } fn f(x: u8) { unsafe { h(x) } }",
        "fn f(v: &mut Vec<u8>) { unsafe { v.set_len(0) } }",
        "fn f(v: &[u8]) { unsafe { v.to_str_unchecked() } }",
        "fn f(h: unsafe fn(u8), x: u8) { unsafe { h(x) } }",
        "fn f(h: unsafe fn(u8), x: u8) { unsafe { h(x) } } fn h(x: u8) {}",
        "#[target_feature(enable = \"sse2\")] fn h(x: u8) {} fn f(x: u8) { unsafe { h(x) } }",
    ];
    for text in needs {
        assert!(!codes(text).0.contains(&"DAN078".to_owned()), "{text}");
    }
    let (found, gone) = codes("fn f(x: u8) { unsafe { h(x) } } fn h(x: u8) {}");
    assert_eq!((found, gone), (vec!["DAN078".to_owned()], 1));
}

#[test]
fn an_item_goes_with_the_comment_that_says_why_it_is_sound() {
    let text = "struct S { n: u8 }\n\n// A remark.\n// SAFETY: it is.\nunsafe impl Send for S {}\nfn f() {}\n";
    let danced = all(text);
    let change = &danced.files[0].sites[0].plans[0].changes[0];
    let (start, end) = (change.start as usize, change.end as usize);
    assert_eq!(
        text.get(start..end).unwrap(),
        "// SAFETY: it is.\nunsafe impl Send for S {}\n"
    );
    let text = "use small::String; struct S { n: String } unsafe impl Send for S {}";
    assert!(codes(text).0.is_empty());
    for kept in [
        "*mut u8",
        "std::rc::Rc<u8>",
        "Unknown",
        "std::sync::MutexGuard<'static, u8>",
    ] {
        let text = format!("struct S {{ n: {kept} }} unsafe impl Send for S {{}}");
        assert!(codes(&text).0.is_empty(), "{text}");
    }
}

#[test]
fn a_function_that_hands_on_a_belief_is_named() {
    let text = "struct T(Vec<u8>); impl T { unsafe fn from_utf8_unchecked(v: Vec<u8>) -> T { T(v) } }\n\
         fn f(v: Vec<u8>) -> T { unsafe { T::from_utf8_unchecked(v) } }";
    let (found, gone) = codes(text);
    assert_eq!((found, gone), (vec!["DAN053".to_owned()], 0));
}

#[test]
fn what_is_handed_to_an_unknown_macro_is_looked_at_first() {
    let text =
        |name: &str| format!("fn f(v: &[u8]) {{ {name}!(unsafe {{ *v.get_unchecked(0) }} == 1) }}");
    assert_eq!(proposed(&text("assert")), [("v[0]".to_owned(), true)]);
    assert_eq!(proposed(&text("ensure")), [("v[0]".to_owned(), false)]);
}

#[test]
fn what_rules_leave_out_is_a_gap() {
    let gaps = |promises: usize| {
        let promise = |number| {
            format!("pub struct S{number}<T>(T); unsafe impl<T> Send for S{number}<T> {{}}\n")
        };
        let text: String = (0..promises).map(promise).collect();
        package(vec![read("src/lib.rs", text.as_bytes())], one_by_one).gaps
    };
    assert_eq!(gaps(3), []);
    let [gap] = gaps(2000).try_into().unwrap();
    assert_eq!(gap.path, "src/lib.rs");
    assert!(gap.reason.contains("not judged"), "{}", gap.reason);
}
