//! Packages that want more than to be built.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use cargo_carapace::dance::verify::Verified;

use crate::package::{Package, kept, refusal};
use crate::support::process::{are_gone, script};

const BITS: &str = "pub fn bits(x: f32) -> u32 {\n    unsafe { std::mem::transmute(x) }\n}\n";

/// A library with one fine fix, and tests of that text.
fn with_tests(tests: &str) -> Package {
    Package::new(&format!(
        "{BITS}\n#[cfg(test)]\nmod tests {{\n{tests}\n}}\n"
    ))
}

fn try_it(package: &Package) -> Verified {
    package.verify(&[package.fix("unsafe { std::mem::transmute(x) }", "x.to_bits()")])
}

#[test]
fn tests_that_hang_are_ended_and_left_out() {
    let mut package = with_tests("    #[test]\n    fn fine() {}\n");
    package.test_timeout = Duration::from_secs(6);
    package.write(
        "tests/hangs.rs",
        "#[test]\nfn forever() {\n    std::process::Command::new(\"sleep\").arg(\"87651\").status().unwrap();\n}\n",
    );
    let verified = try_it(&package);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    let before = &verified.baseline.builds[0];
    let (name, why) = &before.hung[0];
    assert_eq!((name.as_str(), before.hung.len()), ("--test hangs", 1));
    assert!(why.contains("did not end within 6 s"), "{why}");
    assert_eq!(before.passed, 1);
    assert!(are_gone("87651"));
}

#[test]
fn a_fix_with_which_tests_hang_is_refused() {
    let mut package =
        with_tests("    #[test]\n    fn ends() {\n        while super::bits(0.0) != 0 {}\n    }\n");
    package.test_timeout = Duration::from_secs(6);
    let fix = package.fix("unsafe { std::mem::transmute(x) }", "x.to_bits() + 1");
    let why = refusal(&package.verify(&[fix]), 0);
    assert!(
        why.contains("did not end within 6 s, which they did before"),
        "{why}"
    );
    assert!(why.contains("src/lib.rs"), "{why}");
}

#[test]
fn nothing_of_the_users_is_written() {
    // With namespaces, and where there are none.
    for use_namespaces in [true, false] {
        let mut package = with_tests("");
        package.use_namespaces = use_namespaces;
        let home = package.path("home");
        let original = package.root();
        let beside = package.path("beside");
        fs::create_dir(&beside).unwrap();
        fs::write(beside.join("file"), "as it was").unwrap();
        let body = |who: &str| {
            format!(
                "    for folder in [{home:?}, {original:?}, {beside:?}, \"/tmp\", \"/var/tmp\", \"/\"] {{\n\
                 \x20       let _ = std::fs::write(format!(\"{{folder}}/canary-of-{who}\"), \"sings\");\n\
                 \x20       let _ = std::fs::remove_file(format!(\"{{folder}}/file\"));\n\
                 \x20   }}\n\
                 \x20   let _ = std::fs::remove_dir_all({home:?});\n"
            )
        };
        package.write("build.rs", &format!("fn main() {{\n{}}}\n", body("script")));
        package.write(
            "tests/writes.rs",
            &format!("#[test]\nfn writes() {{\n{}}}\n", body("test")),
        );
        package.write("file", "of the package");
        // What is in the home is looked at there.
        let verified = try_it(&package);
        assert_eq!(kept(&verified), [0], "{verified:#?}");
        assert_eq!(verified.baseline.builds[0].passed, 1);
        assert_eq!(
            fs::read_to_string(beside.join("file")).unwrap(),
            "as it was"
        );
        for folder in [
            Path::new("/tmp"),
            Path::new("/var/tmp"),
            Path::new("/"),
            &beside,
        ] {
            for who in ["script", "test"] {
                assert!(!folder.join(format!("canary-of-{who}")).exists());
            }
        }
        assert_eq!(
            verified.baseline.unconfined.is_empty(),
            use_namespaces,
            "{verified:#?}"
        );
    }
}

#[test]
fn nobody_is_spoken_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let at = listener.local_addr().unwrap();
    let package = with_tests(&format!(
        "    #[test]\n    fn calls() {{\n        std::net::TcpStream::connect(\"{at}\").unwrap();\n    }}\n\
         \x20   #[test]\n    fn calls_itself() {{\n        let own = std::net::TcpListener::bind(\"127.0.0.1:0\").unwrap();\n\
         \x20       std::net::TcpStream::connect(own.local_addr().unwrap()).unwrap();\n    }}\n"
    ));
    let verified = try_it(&package);
    assert!(listener.accept().is_err(), "somebody came");
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    let before = &verified.baseline.builds[0];
    assert_eq!((before.failed.len(), before.passed), (1, 1), "{before:?}");
    assert!(before.failed[0].ends_with("tests::calls"));
}

#[test]
fn secrets_are_not_seen() {
    let mut package = with_tests(
        "    #[test]\n    fn looks() {\n        for (name, value) in std::env::vars_os() {\n\
         \x20           let all = format!(\"{name:?} {value:?}\");\n\
         \x20           assert!(!all.contains(\"CANARY\"), \"{all}\");\n        }\n    }\n\
         \x20   #[test]\n    fn reads() {\n        for file in [env!(\"FIRST\"), env!(\"SECOND\")] {\n\
         \x20           assert!(std::fs::read(file).is_err(), \"{file}\");\n        }\n    }\n",
    );
    for name in [
        "CANARY_TOKEN",
        "CARGO_REGISTRY_TOKEN",
        "SSH_AUTH_SOCK",
        "HTTPS_PROXY",
        "AWS_SECRET_ACCESS_KEY",
    ] {
        package.variables.insert(name, "CANARY".into());
    }
    let secrets = ["home/.cargo/credentials.toml", "home/.ssh/id"].map(|file| package.path(file));
    for file in &secrets {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "CANARY").unwrap();
    }
    package.write(
        "build.rs",
        &format!(
            "fn main() {{\n    println!(\"cargo:rustc-env=FIRST={}\");\n    println!(\"cargo:rustc-env=SECOND={}\");\n}}\n",
            secrets[0].display(),
            secrets[1].display()
        ),
    );
    for use_namespaces in [true, false] {
        package.use_namespaces = use_namespaces;
        let verified = try_it(&package);
        let before = &verified.baseline.builds[0];
        assert_eq!(
            (before.passed, before.failed.len()),
            (2, 0),
            "{verified:#?}"
        );
    }
}

#[test]
fn memory_and_output_have_limits() {
    let mut package = with_tests("    #[test]\n    fn fine() {}\n");
    package.memory = 1 << 30;
    package.output = 1 << 20;
    package.write(
        "tests/eats.rs",
        "#[test]\nfn eats() {\n    let mut all = Vec::new();\n    loop {\n        all.push(vec![1_u8; 1 << 20]);\n    }\n}\n",
    );
    package.write(
        "tests/floods.rs",
        "use std::io::Write;\n#[test]\nfn floods() {\n    let line = [b'x'; 65536];\n    loop {\n        std::io::stdout().write_all(&line).unwrap();\n    }\n}\n",
    );
    let verified = try_it(&package);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    let before = &verified.baseline.builds[0];
    let hung: Vec<&str> = before.hung.iter().map(|(name, _)| name.as_str()).collect();
    assert!(hung.contains(&"--test floods"), "{before:?}");
    assert!(before.passed >= 1, "{before:?}");
}

#[test]
fn the_projects_configuration_is_not_obeyed() {
    let package = with_tests("    #[test]\n    fn fine() {}\n");
    let canary = package.path("canary");
    let tool = package.root().join("tools/tool");
    script(
        &tool,
        &format!(
            "#!/bin/sh\necho \"$0\" >> '{}'\nexec \"$@\"\n",
            canary.display()
        ),
    );
    let triple = cargo_carapace::host::compiler::of_process(&package.root(), &[]).unwrap();
    let triple = triple.host.triple;
    package.write(
        ".cargo/config.toml",
        &format!(
            "[build]\nrustc-wrapper = {tool:?}\nrustc = {tool:?}\ntarget-dir = {:?}\n\
             [target.{triple}]\nrunner = {tool:?}\nlinker = {tool:?}\n[alias]\nbuild = \"run\"\n",
            package.path("elsewhere")
        ),
    );
    let toolchain = package.root().join("toolchain");
    script(
        &toolchain.join("bin/rustc"),
        &format!("#!/bin/sh\necho rustc >> '{}'\n", canary.display()),
    );
    script(
        &toolchain.join("bin/cargo"),
        &format!("#!/bin/sh\necho cargo >> '{}'\n", canary.display()),
    );
    package.write(
        "rust-toolchain.toml",
        &format!("[toolchain]\npath = {toolchain:?}\n"),
    );
    let verified = try_it(&package);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    assert_eq!(verified.baseline.builds[0].passed, 1);
    let sung = fs::read_to_string(&canary);
    assert!(sung.is_err(), "{sung:?}");
    assert!(!package.path("elsewhere").exists());
}

#[test]
fn the_users_own_configuration_is_not_there() {
    let package = with_tests(
        "    #[test]\n    fn plain() {\n        assert!(!cfg!(canary));\n        assert!(std::env::var_os(\"CANARY\").is_none());\n    }\n",
    );
    fs::write(
        package.path("home/.cargo/config.toml"),
        "[build]\nrustflags = [\"--cfg\", \"canary\"]\n[env]\nCANARY = \"sings\"\n",
    )
    .unwrap();
    let verified = try_it(&package);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    assert_eq!(verified.baseline.builds[0].passed, 1);
}

#[test]
fn a_script_that_changes_sources_changes_no_result() {
    let package = with_tests("    #[test]\n    fn fine() {}\n");
    package.write(
        "build.rs",
        "fn main() {\n    println!(\"cargo:rerun-if-changed=build.rs\");\n\
         \x20   let lib = std::fs::read_to_string(\"src/lib.rs\").unwrap();\n\
         \x20   let _ = std::fs::write(\"src/lib.rs\", format!(\"{lib}\\n// changed\\n\"));\n}\n",
    );
    let verified = try_it(&package);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    assert!(!verified.files["src/lib.rs"].before.contains("changed"));
    assert!(!verified.patch.contains("// changed"));
}
