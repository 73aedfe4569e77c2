//! Packages from the registry, from a folder, and members of a workspace.

use std::fs;

use cargo_carapace::dance::verify::Subject;

use crate::package::{Package, kept};
use crate::support::project::package;
use crate::support::registry::archive;

const LIB: &str = "pub fn bits(x: f32) -> u32 {\n    unsafe { std::mem::transmute(x) }\n}\n\n\
    #[test]\nfn works() {\n    assert_eq!(bits(0.0), 0);\n}\n";

#[test]
fn an_archive_is_unpacked() {
    let sample = Package::new(LIB);
    // Its own tests need what cannot be had.
    let manifest = package(
        "sample",
        "\n[dev-dependencies.gone-with-the-wind]\nversion = \"1\"\n",
    );
    let subject = Subject::Archive {
        bytes: archive(
            "sample-0.1.0",
            &[
                ("Cargo.toml", &manifest),
                ("src/lib.rs", LIB),
                ("tests/with.rs", "extern crate gone_with_the_wind;\n"),
            ],
        ),
        name: "sample".to_owned(),
        version: "0.1.0".to_owned(),
    };
    let fix = sample.fix("unsafe { std::mem::transmute(x) }", "x.to_bits()");
    let verified = sample.verify_as(&subject, &[fix]);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    let before = &verified.baseline.builds[0];
    assert_eq!((before.passed, before.unbuilt.len()), (1, 1));
    assert!(
        verified
            .baseline
            .notes
            .iter()
            .any(|note| note.contains("only tests"))
    );
    assert!(verified.patch.contains("+    x.to_bits()\n"));
}

#[test]
fn a_folder_is_a_package_of_its_own() {
    let sample = Package::new(LIB);
    // A workspace around it that does not count it in.
    fs::write(
        sample.path("home/Cargo.toml"),
        "[workspace]\nmembers = []\n",
    )
    .unwrap();
    let subject = Subject::Folder {
        folder: sample.root(),
    };
    let fix = sample.fix("unsafe { std::mem::transmute(x) }", "x.to_bits()");
    assert_eq!(kept(&sample.verify_as(&subject, &[fix])), [0]);
}

#[test]
fn of_a_workspace_the_named_packages_are_built() {
    let sample = Package::new("");
    sample.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"2\"\nmembers = [\"a\", \"b\"]\n",
    );
    sample.write("a/Cargo.toml", &package("a", ""));
    sample.write("a/src/lib.rs", LIB);
    sample.write("b/Cargo.toml", &package("b", ""));
    sample.write("b/src/lib.rs", "compile_error!(\"not here\");\n");
    let subject = Subject::Workspace {
        root: sample.root(),
        tree: sample.root(),
        packages: vec!["a".to_owned()],
    };
    let fix = sample.fix_in(
        "a/src/lib.rs",
        "unsafe { std::mem::transmute(x) }",
        "x.to_bits()",
    );
    let verified = sample.verify_as(&subject, &[fix]);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    assert!(verified.forbids.contains_key("a/src/lib.rs"));
    assert!(verified.patch.contains("--- a/a/src/lib.rs\n"));
}
