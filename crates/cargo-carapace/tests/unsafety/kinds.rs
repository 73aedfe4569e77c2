//! What is called unsafe, where it stands, and in which item.

use super::fixture::Fixture;

#[test]
fn every_kind() {
    Fixture::library(
        r#"
    fn block() { unsafe {} }
//               ^ block active block
    pub unsafe fn function() {}
//      ^ fn active function
    unsafe trait Trait { unsafe fn required(); unsafe fn provided(&self) {} }
//  ^ trait active Trait
//                       ^ method active Trait::required
//                                             ^ method active Trait::provided
    struct Type;
    unsafe impl Trait for Type { unsafe fn required() {} }
//  ^ impl active Type
//                               ^ method active Type::required
    impl Type { pub(crate) const unsafe extern "C" fn own(self) {} }
//                               ^ method active Type::own
    unsafe extern "C" { unsafe fn foreign(); safe fn sqrt(x: f64) -> f64; unsafe static S: u8; }
//  ^ extern-block active
//                      ^ extern-fn active foreign
//                                                                        ^ extern-fn active S
    extern "C" { fn old(); }
//  ^ extern-block active
    extern { }
//  ^ extern-block active
    unsafe extern "C" fn exported() {}
//  ^ fn active exported
    type Pointer = Option<unsafe extern "C" fn(u8) -> u8>;
//                        ^ fn-pointer active Pointer
    fn takes(f: unsafe fn(), g: &dyn Fn(unsafe fn()) -> bool) {}
//              ^ fn-pointer active takes
//                                      ^ fn-pointer active takes
    static mut COUNTER: u32 = 0;
//  ^ static-mut active COUNTER
    union Bits { f: f32, u: u32 }
//  ^ union active Bits
    core::arch::global_asm!("nop");
//  ^ global-asm active
    mod inner { impl<T> super::Generic<T> { fn deep() { fn local() { unsafe {} } } } }
//                                                                   ^ block active inner::Generic::deep::local
    struct Generic<T>(T);
    const C: u8 = unsafe { 1 };
//                ^ block active C
    unsafe auto trait Auto {}
//  ^ trait active Auto
    unsafe impl !Send for Type {}
//  ^ impl active Type
"#,
    )
    .holds(&[]);
}

#[test]
fn attributes_stand_where_rustc_has_them() {
    Fixture::library(
        r#"
    #[no_mangle] pub extern "C" fn a() {}
//  ^ attribute active a
    #[unsafe(no_mangle)]
//  ^ attribute active b
    #[inline]
    pub extern "C" fn b() {}
    # [ unsafe ( export_name = "x" ) ] pub fn c() {}
//  ^ attribute active c
    #[link_section = ".data"] static D: u8 = 0;
//  ^ attribute active D
    #[cfg_attr(all(), unsafe(no_mangle), export_name = "e2")] pub fn e() {}
//                    ^ attribute active e
//                                       ^ attribute active e
    #[cfg_attr(any(), no_mangle)] pub fn f() {}
//                    ^ attribute inactive f
    #[cfg_attr(test, cfg_attr(unix, cfg_attr(unix, unsafe(no_mangle))))] pub fn g() {}
//                                                 ^ attribute test g
    #[link(name = "m")]
//  ^ attribute active
    extern "C" {
//  ^ extern-block active
        #[link_name = "x"] fn h();
        #[cfg(any())] #[no_mangle] static I: u8;
//                    ^ attribute inactive
    }
    struct S;
    impl S { #[no_mangle] fn method() {} }
//           ^ attribute active S::method
    #[unsafe(naked)] pub extern "C" fn j() { core::arch::naked_asm!("") }
//  ^ attribute active j
    #[doc = "unsafe"] #[must_use = "no_mangle"] fn k() -> u8 { 0 }
"#,
    )
    .holds(&[]);
}

#[test]
fn words_that_are_no_code() {
    Fixture::library(
        r###"
    //! unsafe { }
    // unsafe { }
    /* unsafe /* unsafe */ unsafe */
    const A: &str = "unsafe { }";
    const B: &str = r##"unsafe "# { }"##;
    const C: &[u8] = br"unsafe";
    const D: char = '\'';
    fn r#unsafe(r#union: u8, union: u8) -> u8 { let unsafe_ = union; unsafe_ + r#union }
    fn e<'a, 'static_>(x: &'a str) -> &'a str { x }
    fn f() { let union = 1; union; r#unsafe(1, 2); }
    struct Link { link: u8, no_mangle: u8 }
    fn g() { println!("unsafe {}", 1); }
    mod union { pub fn union() {} }
"###,
    )
    .holds(&[]);
}

#[test]
fn columns_are_characters() {
    let mut fixture = Fixture::library(
        "
    fn f() { let é = \"日本語🦀\"; unsafe {} }
//                           ^ block active f
\t\tfn\tg() {\tunsafe {} }
//         ^ block active g
    fn ünsafe() { unsafe {} }
//                ^ block active ünsafe
    /* \u{301}\u{200d} */ unsafe fn h() {}
//           ^ fn active h
",
    );
    fixture.world.write("project/src/lib.rs", {
        let text = std::fs::read_to_string(fixture.world.path("project/src/lib.rs")).unwrap();
        format!("{text}mod bom; mod crlf; mod shebang; mod cr;")
    });
    fixture.write("src/bom.rs", "");
    fixture
        .world
        .write("project/src/bom.rs", "\u{feff}unsafe fn f() {}\n");
    fixture.mark("src/bom.rs:1:1", "fn active bom::f");
    let crlf = "fn f() {\r\n  unsafe {}\r\n}\r\nunsafe fn g() {}\r\n";
    fixture.world.write("project/src/crlf.rs", crlf);
    fixture.mark("src/crlf.rs:2:3", "block active crlf::f");
    fixture.mark("src/crlf.rs:4:1", "fn active crlf::g");
    let shebang = "#!/usr/bin/env run unsafe\nunsafe fn f() {}\n";
    fixture.world.write("project/src/shebang.rs", shebang);
    fixture.mark("src/shebang.rs:2:1", "fn active shebang::f");
    // A lone carriage return ends no line.
    let cr = "// unsafe \r unsafe\nfn f() {\r unsafe {} }\n";
    fixture.world.write("project/src/cr.rs", cr);
    fixture.mark("src/cr.rs:2:11", "block active cr::f");
    fixture.holds(&[]);
}

#[test]
fn items_have_paths() {
    Fixture::package(
        "",
        r#"
    mod a { pub mod r#mod { pub(in crate::a) unsafe fn r#fn() {} } }
//                                           ^ fn active a::mod::fn
    impl<'a, T: Iterator<Item = [u8; { 1 + 1 }]>> Clone for &'a crate::b::B<T> where T: Copy {
        fn clone(&self) -> Self { unsafe { loop {} } }
//                                ^ block active B::clone
    }
    enum E { V = { unsafe { 1 } } }
//                 ^ block active E
    fn closure() { let f = || unsafe { 1 }; let a = async move { unsafe { 2 } }; }
//                            ^ block active closure
//                                                               ^ block active closure
    trait T { const C: u8 = unsafe { 0 }; fn f() where [u8; unsafe { 1 }]: Sized { } }
//                          ^ block active T::C
//                                                          ^ block active T::f
    fn arms(x: u8) -> u8 { match x { 0 if unsafe { true } => unsafe { 0 }, _ => 1 } }
//                                        ^ block active arms
//                                                           ^ block active arms
    mod b;
    mod c;
//- src/b.rs
    pub struct B<T>(T);
    impl<T> B<T> { unsafe fn f() {} }
//                 ^ method active b::B::f
//- src/c/mod.rs
    mod d;
//- src/c/d.rs
    static S: fn() = || unsafe {};
//                      ^ block active c::d::S
"#,
    )
    .holds(&[]);
}

#[test]
fn items_behind_commas_of_calls_have_paths() {
    Fixture::library(
        r#"
    other::m!(a, unsafe fn first() {}, pub(crate) const unsafe extern "C" fn second() {});
//               ^ fn active first
//                                                      ^ fn active second
    other::m!(fn safe(), unsafe fn head(x: u8), b);
//                       ^ fn active head
    other::m!(Vec<u8>, impl<T> X for Y<T, u8> { unsafe fn f() {} }, unsafe impl Send for Z {});
//                                              ^ method active Y::f
//                                                                  ^ impl active Z
    other::m! { k => v, mod inner { fn f() { unsafe {} } }, struct S { f: unsafe fn() } }
//                                           ^ block active inner::f
//                                                                        ^ fn-pointer active S
    other::m!(u8, static mut A: u8 = 0, const B: u8 = unsafe { 1 }, unsafe { 2 }, unsafe extern "C" {});
//                ^ static-mut active A
//                                                    ^ block active B
//                                                                  ^ block active
//                                                                                ^ extern-block active
    other::m!(a, union U { a: u8 }, #[cfg(any())] unsafe fn off() {}, #[no_mangle] fn on() {});
//               ^ union active U
//                                                ^ fn inactive off
//                                                                    ^ attribute active on
    fn around() {
        other::m!(a, unsafe { 1 }, b < c, unsafe fn inner() {});
//                   ^ block active around
//                                        ^ fn active around
        other::m!(a, fn inner() { unsafe {} });
//                                ^ block active around::inner
        other::m!(const C: A<u8, u8> = unsafe { 1 }, unsafe { 2 });
//                                     ^ block active around::C
//                                                   ^ block active around
        let x: other::A<u8, fn(unsafe fn()), { unsafe { 1 } }> = vec![a, fn f() { unsafe {} }];
//                             ^ fn-pointer active around
//                                             ^ block active around
//                                                                                ^ block active around::f
    }
    other::m!(fn generic<A, const N: usize>() where A: B<A, fn(u8)>, { unsafe {} }, c);
//                                                                     ^ block active generic
    other::m!(a, impl Fn(u8) -> u8, { unsafe {} });
//                                    ^ block active
    macro_rules! own { ($a:ident, $($item:item),*) => { $(#[cfg(windows)] $item)* } }
    own!(a, unsafe fn by_own() {}, unsafe trait T {});
//          ^ fn inactive by_own
//                                 ^ trait inactive T
"#,
    )
    .holds(&[]);
}
