use super::super::unsafety::Operation as O;
use super::decide::Names;
use super::*;
use crate::source::outline::Watch;

/// What is done in each site of a source, its own declarations known.
fn done(text: &str) -> Vec<Vec<Operation>> {
    let source = Source::new(text.as_bytes());
    let outline = Outline::new(&source, Watch::default());
    let declared = declared::declared(&source, &outline);
    let names = Names::new([("src/lib.rs", &declared)]);
    let sites = candidates(&source, &outline);
    let decide = |(mark, candidates): (&Mark, &Vec<Candidate>)| {
        let decided = names.decide(0, candidates, mark.kind == SiteKind::Block);
        let mut operations = decided.operations;
        operations.extend(decided.otherwise);
        operations
    };
    outline.marks.iter().zip(&sites).map(decide).collect()
}

fn block(code: &str) -> Vec<Operation> {
    let text = format!("fn f(p: *mut u8, r: &u8) {{ unsafe {{ {code} }} }}");
    done(&text).remove(0)
}

#[test]
fn operations_of_a_block() {
    for (code, expected) in [
        ("*p = 1", vec![O::RawDeref]),
        ("let _ = *p + *r;", vec![O::RawDeref]),
        ("&*p", vec![O::RawDeref]),
        ("p.read()", vec![O::UnsafeCall]),
        ("p.add(1).write(2)", vec![O::UnsafeCall]),
        ("std::mem::transmute::<u8, i8>(1)", vec![O::Transmute]),
        ("String::from_utf8_unchecked(v)", vec![O::Unchecked]),
        ("v.get_unchecked(1)", vec![O::Unchecked]),
        ("v.set_len(1)", vec![O::SetLen]),
        ("Vec::from_raw_parts(p, 1, 2)", vec![O::FromRaw]),
        ("core::arch::asm!(\"nop\")", vec![O::InlineAsm]),
        ("(x.f)(1)", vec![O::UnsafeCall]),
        ("*q()", vec![O::RawDeref]),
        ("x.frobnicate()", vec![O::UnsafeCall]),
        (
            "core::ptr::drop_in_place(&mut *p)",
            vec![O::RawDeref, O::UnsafeCall],
        ),
        (
            "let _: *mut u8 = p; std::mem::swap(a, b); g(1); 2 * x;",
            vec![O::UnsafeCall],
        ),
    ] {
        assert_eq!(block(code), expected, "{code}");
    }
}

#[test]
fn addresses_are_no_operations() {
    let around =
        "static mut M: u8 = 0; fn f(p: *mut u8) { unsafe { @; g::<u8>(); } } unsafe fn g() {}";
    for (code, expected) in [
        ("&raw const M", vec![O::UnsafeCall]),
        ("std::ptr::addr_of!(M)", vec![O::UnsafeCall]),
        ("&raw const (*p)", vec![O::UnsafeCall]),
        ("addr_of_mut!(*p)", vec![O::UnsafeCall]),
        ("addr_of!((*p).x)", vec![O::RawDeref, O::UnsafeCall]),
        ("&M", vec![O::UnsafeCall, O::StaticMut]),
        ("&mut M", vec![O::UnsafeCall, O::StaticMut]),
        ("M = 1", vec![O::UnsafeCall, O::StaticMut]),
    ] {
        let text = around.replace('@', code);
        assert_eq!(done(&text)[1], expected, "{code}");
    }
}

#[test]
fn declarations_of_the_package_decide() {
    let text = "extern { fn ffi(); static EXT: u8; } union U { a: u8 } unsafe fn g() {}
        struct S { p: *mut u8 } impl S { unsafe fn m(&self) {} fn n(&self) { unsafe {
            self.m(); *self.p; g(); ffi(); EXT; u.a; u.a = 1; Self::m(self); } } }";
    let expected = [
        O::RawDeref,
        O::UnsafeCall,
        O::FfiCall,
        O::ExternStatic,
        O::UnionField,
    ];
    assert_eq!(done(text).last().unwrap(), &expected);
}

#[test]
fn an_operation_belongs_to_the_innermost_block() {
    let text = "unsafe fn f(p: *mut u8) { *p; unsafe { p.read(); || g(); unsafe { ffi() } } \
                fn h() { v.set_len(1) } }
        unsafe fn g() {} extern { fn ffi(); }";
    let expected = [
        vec![O::RawDeref],
        vec![O::UnsafeCall],
        vec![O::FfiCall],
        vec![],
        vec![],
    ];
    assert_eq!(done(text), expected);
}

#[test]
fn imports_are_followed() {
    let text = "use std::{mem::transmute as t, ptr::{self, read}}; use core::arch::x86_64::*;
        fn f() { unsafe { t::<A, B>(1) } unsafe { read(x) } unsafe { ptr::swap(a, b) }
            unsafe { _mm_loadu_si128(x) } unsafe { _mm_add_epi8(a, b) } }
        #[target_feature(enable = \"sse2\")] fn g() { unsafe { _mm_add_epi8(a, b); h() } }";
    let expected = [
        vec![O::Transmute],
        vec![O::UnsafeCall],
        vec![O::UnsafeCall],
        vec![O::UnsafeCall],
        vec![O::TargetFeature],
        vec![O::UnsafeCall],
    ];
    assert_eq!(done(text), expected);
}

#[test]
fn locals_are_those_of_the_function_or_statement() {
    let text = "const A: u8 = { let p = &1; unsafe { *p; g() } };
        const B: u8 = { let p = &1 as *const u8; unsafe { *p } }; unsafe fn g() {}
        macro_rules! m { () => { let p: *mut u8 = x; unsafe { *p } } }";
    let expected = [
        vec![O::UnsafeCall],
        vec![O::RawDeref],
        vec![],
        vec![O::RawDeref],
    ];
    assert_eq!(done(text), expected);
}

#[test]
fn implementations_are_of_send_or_sync() {
    let text = "unsafe impl<T> Send for A<T> {} unsafe impl Sync for B where X: Y {} \
                unsafe impl marker::Send for C {} unsafe impl GlobalAlloc for D {}";
    let expected = [
        vec![O::SendImpl],
        vec![O::SyncImpl],
        vec![O::SendImpl],
        vec![],
    ];
    assert_eq!(done(text), expected);
}

proptest::proptest! {
    #[test]
    fn nothing_makes_it_fail(
        text in "(unsafe |\\{|\\}|\\(|\\)|fn f|p|\\*|&raw const |::|<|>|\\.|=|let |M|!|use a|;|,|#\\[|\\]){0,60}",
    ) {
        done(&text);
        block(&text);
    }
}
