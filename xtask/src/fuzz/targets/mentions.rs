//! The names that sources mention, and whether a function is reached by them: every index is in its
//! place, what is kept is what was read, and a question always has an answer.

use carapace_core::cfg::CfgSet;
use carapace_core::facts::mentions::{PackageMentions, Scope, mentions, package};
use carapace_core::graph::PackageIdx;
use carapace_core::graph::metadata::Metadata;
use carapace_core::graph::units::{
    FeatureFlags, Platform, Platforms, Request, Resolver, Selected, Units,
};
use carapace_core::reach::{Question, World, cone, judge};

use super::outline;
use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "b::f()",
    "b::T::m",
    ".m()",
    "use b::*;",
    "use b::f as g;",
    "pub use b;",
    "impl Drop for T {",
    "impl<T> X for T {",
    "macro_rules! m { ($x:item) => { $x } }",
    "paste! { [<f $x>] }",
    "#[path = \"b::f\"]",
    "#[derive(M)]",
    "#[no_mangle]",
    "include!(\"a.rs\");",
    "mod a;",
    "struct T;",
    "\"b::f\"",
    "\u{0}",
];

/// A program `a` and the package `b` that it depends on.
const METADATA: &str = r#"{"packages":[
{"id":"a","name":"a","version":"1.0.0","source":null,"manifest_path":"/a/Cargo.toml","edition":"2021","features":{},
 "dependencies":[{"name":"b","req":"*","kind":null}],
 "targets":[{"name":"a","kind":["bin"],"crate_types":["bin"],"src_path":"/a/lib.rs","edition":"2021"}]},
{"id":"b","name":"b","version":"1.0.0","source":"registry+https://e.org","manifest_path":"/b/Cargo.toml","edition":"2021",
 "features":{},"dependencies":[],
 "targets":[{"name":"b","kind":["lib"],"crate_types":["lib"],"src_path":"/b/lib.rs","edition":"2021"}]}],
"workspace_members":["a"],"workspace_default_members":["a"],"workspace_root":"/a","target_directory":"/t",
"resolve":{"root":"a","nodes":[{"id":"a","deps":[{"name":"b","pkg":"b","dep_kinds":[{"kind":null,"target":null}]}]},
 {"id":"b","deps":[]}]}}"#;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let sources = [
        "use b::{f as g, T}; fn main() { g(); T::m(&b::x()); b::call!(f) } //- \
         pub fn f() {} pub struct T; impl T { pub fn m(&self) { f() } } pub fn x() -> T { T } \
         #[macro_export] macro_rules! call { ($n:ident) => { $crate::$n() } }",
        "pub use b::*; #[derive(M)] #[m(with = \"b::f\")] struct S { f: fn() } //- \
         pub trait X { fn m(&self) {} } impl<T> X for T {} impl Drop for T { fn drop(&mut self) { f() } } \
         struct T; fn f() { impl Clone for T {} } paste! { fn [<f $x>]() {} } thread_local! { static A: T = f(); }",
    ];
    let seeds = sources.iter().map(|text| text.as_bytes().to_vec());
    let kept = sources.iter().filter_map(|text| {
        let read = package(vec![mentions("lib.rs", text.as_bytes(), Scope::default())]);
        postcard::to_stdvec(&read).ok()
    });
    seeds.chain(kept).chain(outline::seeds()).collect()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let at = bytes.windows(3).position(|window| window == b"//-");
    let (program, library) = bytes.split_at(at.unwrap_or(bytes.len() / 2));
    for strings in [false, true] {
        let scope = Scope { strings };
        let read = |source: &[u8]| package(vec![mentions("lib.rs", source, scope)]);
        let (program, library) = (read(program), read(library));
        holds(&program);
        holds(&library);
        let kept = postcard::to_stdvec(&library).map(|kept| postcard::from_bytes(&kept));
        assert_eq!(kept.ok().and_then(Result::ok).as_ref(), Some(&library));
        answers(program, library, &mut signature);
    }
    // What is damaged is refused, or does no harm.
    match postcard::from_bytes::<PackageMentions>(bytes) {
        Ok(damaged) => {
            signature.accepted();
            answers(damaged.clone(), damaged, &mut signature);
        }
        Err(error) => signature.message(&error.to_string()),
    }
    signature
}

fn holds(read: &PackageMentions) {
    for file in &read.files {
        for (at, item) in file.items.iter().enumerate() {
            assert!(
                at == 0 || (item.parent as usize) < at,
                "an item is before the one around it"
            );
            let mentions = item.mentions.iter();
            let mut words = mentions.flat_map(|mention| [mention.name, mention.qualifier]);
            assert!(
                words.all(|word| (word as usize) < read.words.len()),
                "no word"
            );
            assert!(
                (item.condition as usize) < file.conditions.len(),
                "no condition"
            );
        }
    }
}

fn answers(program: PackageMentions, library: PackageMentions, signature: &mut Signature) {
    let Ok(metadata) = Metadata::parse(METADATA) else {
        return;
    };
    let host = Platform::default();
    let request = Request {
        resolver: Resolver::V2,
        selected: Selected::Default,
        features: FeatureFlags::default(),
        dev: true,
        host: &host,
        targets: Platforms::All,
    };
    let Ok(units) = Units::resolve(&metadata, &request) else {
        return;
    };
    let affected: Vec<PackageIdx> = metadata.iter().map(|(index, _)| index).skip(1).collect();
    let cone = cone(&metadata, &units, &affected);
    let generated = [Some(program.clone())];
    let world = World {
        metadata: &metadata,
        units: &units,
        platforms: None,
        host: &CfgSet::default(),
        tests: true,
        cone: &cone,
        mentions: &[Some(program), Some(library)],
        generated: &generated,
    };
    let functions = ["b::f", "b::T::m", "b::T", "b::<X as Y>::drop", "::"];
    let questions: Vec<Question> = affected
        .iter()
        .map(|package| Question {
            package: *package,
            functions: functions.map(str::to_owned).to_vec(),
            unseen: None,
        })
        .collect();
    for answer in judge(&world, &questions) {
        assert_eq!(
            answer.functions.len(),
            functions.len(),
            "each has an answer"
        );
        for function in answer.functions {
            signature.message(&format!("{:?} {}", function.verdict, function.reason));
            signature.count(function.path.len());
        }
    }
}
