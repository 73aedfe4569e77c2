//! Ways to a function that are hard to see, in packages written for it. What a case does not write is
//! that of [`LIBRARY`] and a program that does nothing.

/// A way, and the files that make it: after `//- PATH` the file's lines.
#[derive(Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) name: &'static str,
    /// The affected function.
    pub(crate) function: &'static str,
    pub(crate) files: &'a str,
}

/// The affected package.
pub(crate) const LIBRARY: &str = "
//- faulty/src/lib.rs
    pub struct Faulty;
    impl Faulty { pub fn bad(&self) {} pub fn good(&self) {} }
    pub fn bad() {}
    pub fn good() {}
    pub fn make() -> Faulty { Faulty }
    pub mod inner { pub fn bad() {} pub use super::good; }
";

const fn way(name: &'static str, function: &'static str, files: &'static str) -> Way<'static> {
    Way {
        name,
        function,
        files,
    }
}

pub(crate) const WAYS: &[Way<'_>] = &[
    way("a path in an attribute's string", "faulty::bad", "
//- program/src/main.rs
    #[derive(maker::Make)] #[make(with = \"faulty::bad\")] struct S;
    fn main() {}
"),
    way("what a procedural macro writes", "faulty::bad", "
//- maker/src/lib.rs
    #[proc_macro_derive(Make)] pub fn make(_: TokenStream) -> TokenStream { quote!(fn x() { ::faulty::bad() }).into() }
//- program/src/main.rs
    #[derive(maker::Make)] struct S; fn main() {}
"),
    way("what a procedural macro writes as text", "faulty::bad", "
//- maker/src/lib.rs
    #[proc_macro_derive(Make)] pub fn make(_: TokenStream) -> TokenStream { \"fn x() { ::faulty::bad() }\".parse().unwrap() }
//- program/src/main.rs
    #[derive(maker::Make)] struct S; fn main() {}
"),
    way("a name that a procedural macro puts together", "faulty::bad", "
//- maker/src/lib.rs
    #[proc_macro] pub fn make(_: TokenStream) -> TokenStream { let f = format_ident!(\"b{}\", \"ad\"); quote!(::faulty::#f()) }
//- program/src/main.rs
    fn main() { maker::make!() }
"),
    way("a name that a macro puts together", "faulty::bad", "
//- program/src/main.rs
    macro_rules! call { ($end:ident) => { paste::paste! { faulty::[<b $end>]() } } }
    fn main() { call!(ad) }
"),
    way("a name that is nothing but what a macro is handed", "faulty::bad", "
//- program/src/main.rs
    macro_rules! call { ($a:ident $b:ident) => { paste::paste! { faulty::[<$a $b>]() } } }
    fn main() { call!(b ad) }
"),
    way("a macro of the package", "faulty::bad", "
//- faulty/src/lib.rs
    pub fn bad() {}
    #[macro_export] macro_rules! outer { () => { $crate::inner!() } }
    #[macro_export] macro_rules! inner { () => { $crate::bad() } }
//- program/src/main.rs
    fn main() { faulty::outer!() }
"),
    way("macro_use", "faulty::bad", "
//- faulty/src/lib.rs
    pub fn bad() {}
    #[macro_export] macro_rules! call { () => { $crate::bad() } }
//- program/src/main.rs
    #[macro_use] extern crate faulty;
    fn main() { call!() }
"),
    way("a trait that is implemented for all", "faulty::Run::bad", "
//- faulty/src/lib.rs
    pub trait Run { fn bad(&self); } impl<T> Run for T { fn bad(&self) {} }
//- program/src/main.rs
    use faulty::Run;
    fn main() { 1.bad() }
"),
    way("a table of functions", "faulty::bad", "
//- faulty/src/lib.rs
    fn bad() {} static TABLE: [fn(); 1] = [bad]; pub fn run() { TABLE[0]() }
//- program/src/main.rs
    fn main() { faulty::run() }
"),
    way("through Deref", "faulty::Inner::bad", "
//- faulty/src/lib.rs
    pub struct Inner; impl Inner { pub fn bad(&self) {} }
    pub struct Outer(Inner); impl std::ops::Deref for Outer { type Target = Inner; fn deref(&self) -> &Inner { &self.0 } }
    pub fn outer() -> Outer { Outer(Inner) }
//- program/src/main.rs
    fn main() { faulty::outer().bad() }
"),
    way("an iterator", "faulty::Faulty::next", "
//- faulty/src/lib.rs
    pub struct Faulty; impl Iterator for Faulty { type Item = u8; fn next(&mut self) -> Option<u8> { None } }
    pub fn all() -> impl Iterator<Item = u8> { Faulty }
//- program/src/main.rs
    fn main() { for _ in faulty::all() {} }
"),
    way("Drop of a field", "faulty::Inner::drop", "
//- faulty/src/lib.rs
    struct Inner; impl Drop for Inner { fn drop(&mut self) {} }
    pub struct Outer { inner: Inner } impl Default for Outer { fn default() -> Self { Outer { inner: Inner } } }
//- program/src/main.rs
    fn main() { let _: faulty::Outer = Default::default(); }
"),
    way("an operator", "faulty::Faulty::add", "
//- faulty/src/lib.rs
    #[derive(Clone, Copy)] pub struct Faulty; impl std::ops::Add for Faulty { type Output = Self; fn add(self, _: Self) -> Self { self } }
    pub const ONE: Faulty = Faulty;
//- program/src/main.rs
    fn main() { let _ = faulty::ONE + faulty::ONE; }
"),
    way("a question mark", "faulty::Faulty::from", "
//- faulty/src/lib.rs
    #[derive(Debug)] pub struct Faulty; impl From<std::fmt::Error> for Faulty { fn from(_: std::fmt::Error) -> Self { Self } }
    pub type Result = std::result::Result<(), Faulty>;
//- program/src/main.rs
    fn main() -> faulty::Result { Err(std::fmt::Error)?; Ok(()) }
"),
    way("a derived implementation", "faulty::Faulty::clone", "
//- faulty/src/lib.rs
    pub struct Faulty; impl Clone for Faulty { fn clone(&self) -> Self { Self } }
//- program/src/main.rs
    #[derive(Clone)] struct Own(Option<faulty::Faulty>);
    fn main() { let _ = Own(None).clone(); }
"),
    way("sorting", "faulty::Faulty::cmp", "
//- faulty/src/lib.rs
    #[derive(PartialEq, Eq)] pub struct Faulty;
    impl PartialOrd for Faulty { fn partial_cmp(&self, _: &Self) -> Option<std::cmp::Ordering> { None } }
    impl Ord for Faulty { fn cmp(&self, _: &Self) -> std::cmp::Ordering { std::cmp::Ordering::Equal } }
    pub fn all() -> Vec<Faulty> { Vec::new() }
//- program/src/main.rs
    fn main() { faulty::all().sort() }
"),
    way("an export to other languages", "faulty::bad", "
//- faulty/src/lib.rs
    fn bad() {} #[no_mangle] pub extern \"C\" fn entry() { bad() }
//- program/src/main.rs
    extern crate faulty; extern \"C\" { fn entry(); } fn main() { unsafe { entry() } }
"),
    way("an included file that is no .rs", "faulty::bad", "
//- program/src/main.rs
    include!(\"main.in\");
//- program/src/main.in
    fn main() { faulty::bad() }
"),
    way("a file that a build makes", "faulty::bad", "
//- program/src/main.rs
    include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\")); fn main() {}
"),
    way("the build script", "faulty::bad", "
//- program/build.rs
    fn main() { faulty::bad() }
"),
    way("a test", "faulty::bad", "
//- program/tests/a.rs
    #[test] fn a() { faulty::bad() }
"),
    way("a module's tests", "faulty::bad", "
//- program/src/main.rs
    fn main() {} #[cfg(test)] mod tests { use faulty::*; #[test] fn a() { bad() } }
"),
    way("a file elsewhere", "faulty::bad", "
//- program/src/main.rs
    #[path = \"../../shared.rs\"] mod shared; fn main() { shared::run() }
//- shared.rs
    pub fn run() { faulty::bad() }
"),
    way("a module that a macro declares", "faulty::bad", "
//- program/src/main.rs
    macro_rules! modules { ($($name:ident)*) => { $(mod $name;)* } } modules!(hidden); fn main() {}
//- program/src/hidden.rs
    pub fn run() { faulty::bad() }
"),
    way("a module in a condition's macro", "faulty::bad", "
//- program/src/main.rs
    cfg_if::cfg_if! { if #[cfg(unix)] { mod hidden; } else { mod other; } } fn main() {}
//- program/src/hidden.rs
    pub fn run() { faulty::bad() }
//- program/src/other.rs
"),
    way("a feature that is off", "faulty::bad", "
//- program/src/main.rs
    fn main() { #[cfg(feature = \"extra\")] faulty::bad(); }
"),
    way("another platform", "faulty::bad", "
//- program/src/main.rs
    #[cfg(windows)] fn run() { faulty::bad() } fn main() { #[cfg(windows)] run() }
"),
    way("a package that hands on all", "faulty::bad", "
//- middle/src/lib.rs
    pub use faulty::*;
//- program/src/main.rs
    fn main() { middle::bad() }
"),
    way("a package that hands on the package", "faulty::bad", "
//- middle/src/lib.rs
    pub use faulty as parts;
//- program/src/main.rs
    fn main() { middle::parts::bad() }
"),
    way("a renamed package", "faulty::bad", "
//- program/src/main.rs
    fn main() { renamed::bad() }
"),
    way("extern crate as", "faulty::bad", "
//- program/src/main.rs
    extern crate faulty as other; fn main() { other::bad() }
"),
    way("raw names", "faulty::bad", "
//- program/src/main.rs
    fn main() { faulty::r#bad() }
"),
    way("a trait object", "faulty::Faulty::bad", "
//- faulty/src/lib.rs
    pub trait Run { fn bad(&self); } struct Faulty; impl Run for Faulty { fn bad(&self) {} }
    pub fn make() -> Box<dyn Run> { Box::new(Faulty) }
//- program/src/main.rs
    use faulty::Run;
    fn main() { faulty::make().bad() }
"),
    way("a trait of another package", "faulty::Faulty::go", "
//- faulty/src/lib.rs
    pub struct Faulty; impl Faulty { pub fn go(&self) {} }
//- middle/src/lib.rs
    pub trait Run { fn run(&self); } impl Run for faulty::Faulty { fn run(&self) { self.go() } }
//- program/src/main.rs
    fn all<T: middle::Run>(one: T) { one.run() } fn main() { all(faulty::Faulty) }
"),
    way("a constant that holds a function", "faulty::Faulty::bad", "
//- faulty/src/lib.rs
    pub struct Faulty; impl Faulty { fn bad() {} pub const RUN: fn() = Self::bad; }
//- program/src/main.rs
    fn main() { (faulty::Faulty::RUN)() }
"),
    way("a type in angle brackets", "faulty::Faulty::bad", "
//- program/src/main.rs
    fn main() { <faulty::Faulty>::bad(&faulty::make()) }
"),
    way("a trait in angle brackets", "faulty::Faulty::bad", "
//- faulty/src/lib.rs
    pub trait Run { fn bad(); } pub struct Faulty; impl Run for Faulty { fn bad() {} }
//- program/src/main.rs
    fn main() { <faulty::Faulty as faulty::Run>::bad() }
"),
    way("a method as a value", "faulty::Faulty::bad", "
//- program/src/main.rs
    fn main() { Some(&faulty::Faulty).map(faulty::Faulty::bad); }
"),
    way("a type parameter's function", "faulty::Faulty::bad", "
//- faulty/src/lib.rs
    pub trait Run { fn bad(); } pub struct Faulty; impl Run for Faulty { fn bad() {} }
    pub fn run<T: Run>() { T::bad() }
//- program/src/main.rs
    fn main() { faulty::run::<faulty::Faulty>() }
"),
    way("an associated type's function", "faulty::Faulty::bad", "
//- faulty/src/lib.rs
    pub trait Has { type Is: Run; } pub trait Run { fn bad(); } pub struct Faulty; impl Run for Faulty { fn bad() {} }
    impl Has for u8 { type Is = Faulty; }
//- program/src/main.rs
    use faulty::Run;
    fn main() { <u8 as faulty::Has>::Is::bad() }
"),
    way("an alias of the type", "faulty::Faulty::bad", "
//- program/src/main.rs
    type Other = faulty::Faulty; fn main() { Other::bad(&faulty::make()) }
"),
    way("a trait's default", "faulty::Run::bad", "
//- faulty/src/lib.rs
    pub trait Run { fn bad(&self) {} fn run(&self) { self.bad() } }
//- program/src/main.rs
    struct Own; impl faulty::Run for Own {} fn main() { use faulty::Run; Own.run() }
"),
    way("a supertrait", "faulty::Run::bad", "
//- faulty/src/lib.rs
    pub trait Run { fn bad() {} } pub trait More: Run { fn more() { Self::bad() } }
//- program/src/main.rs
    struct Own; impl faulty::Run for Own {} impl faulty::More for Own {} fn main() { <Own as faulty::More>::more() }
"),
    way("a function that a macro makes", "faulty::bad", "
//- faulty/src/lib.rs
    macro_rules! make { ($name:ident) => { pub fn $name() {} } } make!(bad);
//- program/src/main.rs
    fn main() { faulty::bad() }
"),
    way("a method that a macro makes", "faulty::Faulty::bad", "
//- faulty/src/lib.rs
    macro_rules! make { ($of:ident) => { impl $of { pub fn bad(&self) {} } } } pub struct Faulty; make!(Faulty);
//- program/src/main.rs
    fn main() { faulty::Faulty.bad() }
"),
    way("a type that a macro makes", "faulty::Faulty::bad", "
//- faulty/src/lib.rs
    macro_rules! make { ($name:ident) => { pub struct $name; } } make!(Faulty); impl Faulty { pub fn bad(&self) {} }
    #[cfg(windows_ce)] struct Faulty;
//- program/src/main.rs
    fn main() { faulty::Faulty.bad() }
"),
    way("items that a macro wraps", "faulty::Faulty::bad", "
//- faulty/src/lib.rs
    macro_rules! all { ($($item:item)*) => { $($item)* } }
    all! { pub struct Faulty; impl Faulty { pub fn bad(&self) {} } pub fn make() -> Faulty { Faulty } }
//- program/src/main.rs
    fn main() { faulty::make().bad() }
"),
    way("a field that holds a function", "faulty::bad", "
//- faulty/src/lib.rs
    fn bad() {} pub struct Has { pub run: fn() } pub fn has() -> Has { Has { run: bad } }
//- program/src/main.rs
    fn main() { (faulty::has().run)() }
"),
    way("a shorthand field", "faulty::bad", "
//- faulty/src/lib.rs
    pub fn bad() {} pub struct Has { pub bad: fn() } pub fn has() -> Has { use self::bad; Has { bad } }
//- program/src/main.rs
    fn main() { (faulty::has().bad)() }
"),
    way("use in a function", "faulty::bad", "
//- program/src/main.rs
    fn main() { use faulty::bad; bad() }
"),
    way("use of a parent's names", "faulty::bad", "
//- program/src/main.rs
    use faulty::bad; mod a; fn main() { a::run() }
//- program/src/a.rs
    use super::*; pub fn run() { bad() }
"),
    way("use by a macro", "faulty::bad", "
//- program/src/main.rs
    macro_rules! bring { () => { use faulty::bad; } } bring!(); fn main() { bad() }
"),
    way("use by a macro of another package", "faulty::bad", "
//- faulty/src/lib.rs
    pub fn bad() {} #[macro_export] macro_rules! bring { () => { use $crate::bad; } }
//- program/src/main.rs
    faulty::bring!(); fn main() { bad() }
"),
    way("use of nested names", "faulty::inner::bad", "
//- program/src/main.rs
    use faulty::{self as f, inner::{bad as worse}}; fn main() { f::good(); worse() }
"),
    way("a thread's own", "faulty::bad", "
//- faulty/src/lib.rs
    fn bad() -> u8 { 0 } thread_local! { static ONE: u8 = bad(); } pub fn one() -> u8 { ONE.with(|one| *one) }
//- program/src/main.rs
    fn main() { faulty::one(); }
"),
    way("a macro's static", "faulty::bad", "
//- faulty/src/lib.rs
    fn bad() -> u8 { 0 } lazy_static! { pub static ref ONE: u8 = bad(); }
//- program/src/main.rs
    fn main() { let _ = *faulty::ONE; }
"),
    way("a future", "faulty::Faulty::poll", "
//- faulty/src/lib.rs
    struct Faulty; impl std::future::Future for Faulty { type Output = (); fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<()> { std::task::Poll::Pending } }
    pub async fn run() { Faulty.await }
//- program/src/main.rs
    async fn all() { faulty::run().await } fn main() { let _ = all(); }
"),
    way("into", "faulty::Faulty::from", "
//- faulty/src/lib.rs
    pub struct Faulty; impl<T: AsRef<str>> From<T> for Faulty { fn from(_: T) -> Self { Self } } pub fn take(_: impl Into<Faulty>) {}
//- program/src/main.rs
    fn main() { faulty::take(\"a\") }
"),
    way("a library that hands the function on", "faulty::bad", "
//- program/src/lib.rs
    pub use faulty::bad;
"),
    way("a library that hands the package on", "faulty::bad", "
//- program/src/lib.rs
    pub use faulty;
"),
    way("a library that hands a module on", "faulty::inner::bad", "
//- program/src/lib.rs
    pub use faulty::inner;
"),
    way("a library that hands the type on", "faulty::Faulty::bad", "
//- program/src/lib.rs
    pub use faulty::Faulty;
"),
    way("extern crate for others", "faulty::bad", "
//- program/src/lib.rs
    pub extern crate faulty;
"),
    way("an implementation in a function", "faulty::bad", "
//- faulty/src/lib.rs
    pub struct Faulty; fn bad() {} #[allow(dead_code)] fn never() { impl Drop for Faulty { fn drop(&mut self) { bad() } } }
//- program/src/main.rs
    fn main() { drop(faulty::Faulty) }
"),
    way("an implementation in a constant", "faulty::bad", "
//- faulty/src/lib.rs
    pub struct Faulty; fn bad() {} const _: () = { impl Drop for Faulty { fn drop(&mut self) { bad() } } };
//- program/src/main.rs
    fn main() { drop(faulty::Faulty) }
"),
    way("a type of the same name elsewhere", "faulty::Faulty::bad", "
//- faulty/src/lib.rs
    mod a { pub struct Faulty; impl Faulty { pub fn bad(&self) {} } } mod b { #[cfg(never)] pub struct Faulty; }
    pub fn make() -> impl Run { a::Faulty } pub trait Run { fn run(&self); } impl Run for a::Faulty { fn run(&self) { self.bad() } }
//- program/src/main.rs
    use faulty::Run; fn main() { faulty::make().run() }
"),
    way("a prelude's trait of the package's own", "faulty::Faulty::to_string", "
//- faulty/src/lib.rs
    pub trait ToString { fn to_string(&self); } pub struct Faulty; impl ToString for Faulty { fn to_string(&self) {} }
//- program/src/main.rs
    use faulty::ToString; fn main() { faulty::Faulty.to_string() }
"),
    way("a registered function", "faulty::bad", "
//- faulty/src/lib.rs
    fn bad() {} #[ctor::ctor] fn begin() { bad() }
//- program/src/main.rs
    use faulty as _; fn main() {}
"),
    way("a method behind a macro's dot", "faulty::Faulty::bad", "
//- program/src/main.rs
    macro_rules! on { ($a:expr, $($m:tt)*) => { $a.$($m)*() } } fn main() { on!(faulty::make(), bad) }
"),
    way("a qualified macro's path", "faulty::inner::bad", "
//- program/src/main.rs
    macro_rules! run { ($m:ident :: $f:ident) => { faulty::$m::$f() } } fn main() { run!(inner::bad) }
"),
    way("an enum's variant", "faulty::Faulty::bad", "
//- faulty/src/lib.rs
    pub enum Faulty { One } impl Faulty { pub fn bad(&self) {} }
//- program/src/main.rs
    use faulty::Faulty::*; fn main() { One.bad() }
"),
    way("an operator by its whole path, where a module is called core", "faulty::Faulty::neg", "
//- faulty/src/lib.rs
    #[derive(Clone, Copy)] pub struct Faulty; impl core::ops::Neg for Faulty { type Output = Self; fn neg(self) -> Self { self } }
//- middle/src/lib.rs
    pub mod core {} pub use faulty::Faulty;
//- program/src/main.rs
    fn main() { let _ = -middle::Faulty; }
"),
    way("an operator that the package hands on to itself", "faulty::Faulty::neg", "
//- faulty/src/lib.rs
    mod lib { pub use core::ops::*; } pub struct Faulty; impl crate::lib::Neg for Faulty { type Output = (); fn neg(self) {} }
//- program/src/main.rs
    fn main() { -faulty::Faulty }
"),
    way("a module that another module has from elsewhere", "faulty::time::bad", "
//- faulty/src/lib.rs
    pub mod time { pub fn bad() {} }
//- program/src/main.rs
    use faulty::time; mod inner { use std::time; pub fn run() { time::Instant::now(); } } fn main() { inner::run(); time::bad() }
"),
    way("a derived function beside one that is not built", "faulty::Faulty::clone", "
//- faulty/src/lib.rs
    #[derive(Clone)] pub struct Faulty; #[cfg(target_os = \"never\")] #[cfg(feature = \"never\")] impl Clone for Faulty { fn clone(&self) -> Self { Self } }
//- program/src/main.rs
    fn main() { let _ = faulty::Faulty.clone(); }
"),
    way("a function in a module that a foreign macro makes", "faulty::cpu::get", "
//- faulty/src/lib.rs
    maker::detect!(cpu); pub fn run() { cpu::get() }
//- program/src/main.rs
    fn main() { faulty::run() }
"),
    way("an implementation by the type's alias", "faulty::bad", "
//- faulty/src/lib.rs
    pub struct Faulty<T>(T); pub type Own = Faulty<u8>; fn bad() {}
    impl Own { fn begin() { bad() } } impl Faulty<u16> { pub fn run() { Faulty::begin() } }
//- program/src/main.rs
    fn main() { faulty::Faulty::run() }
"),
    way("a function of the old edition", "faulty::bad", "
//- middle/src/lib.rs
    extern crate faulty; mod a { use faulty::bad; pub fn run() { bad(); ::faulty::bad() } } pub fn run() { a::run() }
//- program/src/main.rs
    fn main() { middle::run() }
"),
];
