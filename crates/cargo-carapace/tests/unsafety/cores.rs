//! How many cores there are changes nothing of what is said.

use std::fs;
use std::process::Command;

use super::fixture::{Fixture, named};
use super::packages::with_vendored;

const FORMATS: [&[&str]; 4] = [
    &["--format", "json"],
    &["--format", "sarif"],
    &["--format", "cargo-geiger"],
    &["--sites", "--charset", "utf8"],
];

/// One of the cores that this process may use, and two of them, as `taskset` names them; nothing
/// where there are not two, or no `taskset`.
fn cores() -> Option<[String; 2]> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let mut lines = status.lines();
    let list = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let mut cores = list.trim().split(',').flat_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        first.parse::<u32>().unwrap()..=last.parse().unwrap()
    });
    let (one, other) = (cores.next()?, cores.next()?);
    let asked = Command::new("taskset").arg("--version").output();
    asked.ok()?;
    Some([one.to_string(), format!("{one},{other}")])
}

/// Holds runs on one core, on two, and some on all that there are against each other: each with
/// nothing kept, and with what was kept then.
fn all_say_the_same(fixture: &Fixture) {
    let mut places = vec![None; 3];
    places.extend(cores().into_iter().flatten().map(Some));
    for arguments in FORMATS {
        let mut outputs = Vec::new();
        for cores in &places {
            let cache = tempfile::tempdir().unwrap();
            for _ in 0..2 {
                let mut run = fixture.run(arguments);
                if let Some(cores) = cores {
                    run = run.on_cores(cores);
                }
                let run = run.set("CARAPACE_CACHE_DIR", cache.path());
                outputs.push(run.exits(0).stdout);
            }
        }
        assert!(outputs[0].len() > 100, "{}", outputs[0]);
        for output in &outputs {
            assert_eq!(*output, outputs[0], "{arguments:?}");
        }
    }
}

#[test]
fn packages_of_a_workspace() {
    // Of different sizes, each with sites, gaps, macros and operations that another one decides.
    let packages = 0..12;
    let mut manifest = named("app", "[dependencies]");
    let mut library = String::new();
    let mut files = String::new();
    for at in packages {
        let name = format!("p{at}");
        manifest += &format!("{name} = {{ path = \"{name}\" }}\n");
        library += &format!("fn use_{name}() {{ unsafe {{ {name}::f() }} }}\n");
        files += &format!(
            "//- {name}/Cargo.toml\n{}//- {name}/src/lib.rs\n{}\
             pub unsafe fn f() {{}}\nmod missing;\ninclude!(\"gone.rs\");\n\
             macro_rules! m {{ ($($t:item)*) => {{ $(#[cfg(unix)] $t)* }} }}\n\
             m! {{ unsafe fn g() {{}} unsafe trait T {{}} }}\n",
            named(&name, ""),
            (0..=at).map(|n| format!("mod a{n};\n")).collect::<String>(),
        );
        for n in 0..=at {
            // Every third one has a comment without an end.
            let end = if n % 3 == 0 { "/*" } else { "" };
            files += &format!(
                "//- {name}/src/a{n}.rs\nfn f() {{ unsafe {{ super::g(); x.y() }} }} {end}\n"
            );
        }
    }
    let text = format!("//- Cargo.toml\n{manifest}//- src/lib.rs\n{library}{files}");
    all_say_the_same(&Fixture::new(&text));
}

#[test]
fn packages_of_a_registry() {
    all_say_the_same(&with_vendored("registry", "cargo/config.toml"));
}
