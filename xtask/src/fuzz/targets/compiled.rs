//! What rustc says with `--compiled`, which a procedural macro can say in its place, and the sources
//! that its places are looked up in.

use carapace_core::census::compiled::dep_info;
use carapace_core::census::compiled::lines::Lines;
use carapace_core::census::compiled::lint::{Message, kind_of};
use carapace_core::census::compiled::reconcile::{Compiled, Unit};
use carapace_core::census::{Census, PackageCensus};

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "unsafe",
    "pub(crate) unsafe fn f() {}",
    "#[unsafe(no_mangle)]",
    "#![a]",
    "r#\"unsafe\"#",
    "/* unsafe */",
    "// unsafe\n",
    "'",
    "\u{e9}",
    "\r\n",
    "\"expansion\":null",
    "\"line_start\":2",
    "\"column_start\":4294967295",
    "\"is_primary\":true",
    "declaration of an `unsafe` function",
    "declaration of a `no_mangle` function",
    "2 warnings emitted",
    "a.rs:\n",
    "\\ ",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let message = |what: &str, place: &str, expansion: &str| {
        format!(
            r#"{{"message":"{what}","code":{{"code":"unsafe_code"}},"level":"warning","spans":[{{"file_name":"/w/a.rs",{place},"is_primary":true,"expansion":{expansion}}}]}}"#
        )
    };
    let block = "usage of an `unsafe` block";
    let seeds = [
        message(block, r#""line_start":2,"column_start":3"#, "null") + "\n  unsafe {}\n",
        message(block, r#""line_start":1,"column_start":1"#, "{}"),
        message(
            "declaration of an `unsafe` function",
            r#""line_start":2,"column_start":1"#,
            "null",
        ) + "\npub /* unsafe */ const\nunsafe fn f() {}",
        message(
            "declaration of a `no_mangle` static",
            r#""line_start":3,"column_start":5"#,
            "null",
        ) + "\n#[cfg_attr(\n    no_mangle)]\nstatic A: u8 = 0;",
        r#"{"message":"2 warnings emitted","code":null,"level":"warning","spans":[]}"#.to_owned(),
        "/t/a.d: a.rs b\\ c.rs\n\na.rs:\nb\\ c.rs:\n# env-dep:X=1\n".to_owned(),
    ];
    seeds.map(Into::into).into()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let text = String::from_utf8_lossy(bytes);
    signature.count(dep_info::files(&text).len());
    let lines = Lines::new(&text);
    let mut said = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        match Message::read(line) {
            Message::Lint(Some(reported)) => said.push(reported),
            Message::Lint(None) => signature.message("no place"),
            Message::Summary => signature.message("summary"),
            Message::Other => {}
        }
    }
    for reported in &said {
        signature.accepted();
        let place = (reported.line, reported.column);
        let (line, column) = lines.keyword(place.0, place.1);
        assert!((line, column) >= place, "a keyword before its declaration");
        if (line, column) != place {
            let rest: String = lines.line(line).chars().skip(column as usize - 1).collect();
            assert!(rest.starts_with("unsafe"), "{rest:?}");
        }
        let attribute = lines.attribute(place.0, place.1);
        assert!(attribute <= place, "an attribute behind its place");
        signature.count(line.saturating_sub(place.0) as usize);
    }
    let units = [Unit {
        package: 0,
        files: vec!["/w/a.rs".to_owned()],
        reported: said.clone(),
    }];
    let compiled = Compiled {
        folders: &["/w".to_owned()],
        generated: "/w/target",
        units: &units,
        is_whole: true,
        text: &|_| Some(text.clone().into_owned()),
    };
    let mut census = Census {
        packages: vec![PackageCensus::default()],
    };
    let compared = compiled.reconcile(&mut census);
    for package in &compared.packages {
        // Each place goes to one side, if to any: several can be the same.
        let apart = (package.in_macros + package.generated) as usize;
        assert!(package.compiler_only.len() + apart <= said.len());
        assert_eq!(package.agreed, 0);
        signature.count(package.compiler_only.len());
    }
    signature.count(said.iter().filter_map(|s| kind_of(&s.message)).count());
    signature
}
