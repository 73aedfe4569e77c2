//! What each rule on replaceable unsafe code replaces, run: before and after its fix, one program is
//! made of all rules' examples, and both sides are given the same random inputs.

use std::fmt::Write as _;
use std::process::Command;

use carapace_core::rules::registry::RULES;
use carapace_core::rules::{Group, Rule};

/// How often each pair is run, with other inputs.
const ROUNDS: u32 = 200;

/// What cases are given.
const INPUTS: &str = r"
pub struct Random(u64);
pub trait Any { fn any(random: &mut Random) -> Self; }
macro_rules! integers { ($($t:ty),*) => { $( impl Any for $t { fn any(random: &mut Random) -> Self { random.next() as $t } } )* } }
integers!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);
impl Any for bool { fn any(random: &mut Random) -> Self { random.next() & 1 == 1 } }
impl Any for f32 { fn any(random: &mut Random) -> Self { f32::from_bits(random.next() as u32) } }
impl Any for f64 { fn any(random: &mut Random) -> Self { f64::from_bits(random.next()) } }
impl Any for char {
    fn any(random: &mut Random) -> Self {
        loop {
            if let Some(found) = char::from_u32(random.next() as u32 % 0x11_0000) {
                return found;
            }
        }
    }
}
impl Random {
    pub fn new(seed: u64) -> Self { Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1) }
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8 ^ self.0 << 40
    }
    pub fn below(&mut self, end: usize) -> usize { (self.next() % end.max(1) as u64) as usize }
    pub fn any<T: Any>(&mut self) -> T { T::any(self) }
    pub fn many<T: Any>(&mut self, length: std::ops::Range<usize>) -> Vec<T> {
        let count = length.start + self.below(length.end - length.start);
        (0..count).map(|_| T::any(self)).collect()
    }
}
";

fn block<'a>(rule: &'a Rule, mark: &str) -> Option<&'a str> {
    let (_, rest) = rule.docs.split_once(&format!("```text,{mark}\n"))?;
    Some(rest.split_once("\n```")?.0)
}

/// One side of a rule's example as a module, with its cases.
fn side(text: &mut String, lint: &str, name: &str, code: &str, cases: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "#[{lint}] #[allow(dead_code)] mod {name} {{\n{code}\n\
         #[allow(unused)] pub fn cases(random: &mut crate::Random) -> Vec<String> {{\n\
         let mut shown = Vec::new();\n\
         macro_rules! show {{ ($value:expr) => {{ shown.push(format!(\"{{:?}}\", $value)) }} }}\n\
         {cases}\nshown }} }}"
    );
}

#[test]
fn before_and_after_do_the_same_on_the_same_inputs() {
    let mut text = String::from(INPUTS);
    let mut main = String::new();
    let mut rules = 0;
    for rule in RULES.iter().filter(|rule| rule.group == Group::Dance) {
        let Some(cases) = block(rule, "cases") else {
            continue;
        };
        assert!(cases.contains("show!("), "{} shows nothing", rule.name);
        let name = rule.name.replace('-', "_");
        let (bad, good) = (block(rule, "bad").unwrap(), block(rule, "good").unwrap());
        side(
            &mut text,
            "allow(warnings)",
            &format!("before_{name}"),
            bad,
            cases,
        );
        // What a fix gives may not make the compiler warn.
        side(
            &mut text,
            "deny(warnings)",
            &format!("after_{name}"),
            good,
            cases,
        );
        let _ = writeln!(
            main,
            "for seed in 0..{ROUNDS} {{\n\
             let before = before_{name}::cases(&mut Random::new(seed));\n\
             let after = after_{name}::cases(&mut Random::new(seed));\n\
             assert_eq!(before, after, \"{name}, inputs {{seed}}\"); }}"
        );
        rules += 1;
    }
    assert!(rules > 0);
    let _ = writeln!(text, "fn main() {{\n{main}\n}}");
    let folder = tempfile::tempdir().unwrap();
    let (source, program) = (folder.path().join("main.rs"), folder.path().join("main"));
    std::fs::write(&source, text).unwrap();
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let built = Command::new(compiler)
        .args([
            "--edition",
            "2021",
            "-C",
            "debug-assertions=on",
            "-C",
            "overflow-checks=on",
            "-o",
        ])
        .args([&program, &source])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    let run = Command::new(&program).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
}
