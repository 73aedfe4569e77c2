//! What unsafe code is held against: baselines, configuration, lists of vendored files; and the texts
//! that fixes change.

use carapace_core::census::baseline::Baseline;
use carapace_core::fix::{apply, crate_attribute, workspace_lint};
use carapace_core::graph::unpacked::{Contents, differences};
use carapace_core::policy::Policy;
use carapace_core::policy::known::KnownFindings;
use carapace_core::policy::{carapace_toml, deny_toml};

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "version = 1\n",
    "[[package]]\n",
    "name = \"a\"\n",
    "version = \"1.0.0\"\n",
    "sites = [",
    "{ file = \"a\", item = \"b\", kind = \"block\" },",
    "operations = [\"raw-deref\"]",
    "count = 2",
    "command = \"audit\"\n",
    "findings = [",
    "{ code = \"ADV001\", advisory = \"X\" },",
    "[rules]\n",
    "deny = [",
    "allow = [{ rule = \"UNS001\", package = \"a@1.0.0\", reason = \"r\" }]",
    "[unsafe]\n",
    "baseline = \"",
    "../",
    "allow-new = true\nreason = \"r\"\n",
    "[unsafe.budget]\nmax = 1\n",
    "[unsafe.packages.\"a@1.0.0\"]\n",
    "[workspace.metadata.carapace",
    "[workspace.lints.rust]\n",
    "unsafe_code = \"deny\"\n",
    "{\"files\":{\"src/lib.rs\":\"aa\"},\"package\":\"bb\"}",
    "#![deny(unsafe_code)]",
    "#![doc = r#\"",
    "//! x\n",
    "/*!",
    "*/",
    "\u{feff}",
    "\r\n",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seeds = [
        "version = 1\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsites = [\n\
         { file = \"a.rs\", item = \"f\", kind = \"block\", operations = [\"raw-deref\"], count = 2 },\n]\n",
        "command = \"audit\"\nversion = 1\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nfindings = [\n\
         { code = \"ADV001\", advisory = \"X\" }, { code = \"SUP001\" },\n]\n",
        "[rules]\ndeny = [\"UNS002\"]\nallow = [{ rule = \"UNS001\", reason = \"r\" }]\n\
         [unsafe]\nbaseline = \"a/b\"\nallow-new = true\nreason = \"r\"\n\
         [unsafe.budget]\nmax = 1\n[unsafe.packages.a]\nruntime = 2\n",
        "[workspace.lints.rust]\na = \"warn\"\n[workspace.metadata.carapace.unsafe.budget]\nmax = 1\n",
        "[audit]\nseverity-threshold = \"low\"\nwithout-score = \"ignore\"\nfeatures = [\"a\"]\n\
         targets = [\"b\"]\nno-dev = true\nexclude = [\"a@1.0.0\"]\nbaseline = \"a/b\"\n[audit.scope]\nnotice = \"direct\"\n[[audit.ignore]]\nid = \"X\"\n\
         reason = \"y\"\nuntil = \"2099-01-01\"\npackage = \"a@1.0.0\"\n",
        "[advisories]\nunsound = \"none\"\nyanked = \"deny\"\nignore = [\"X\", { id = \"Y\" }, \
         { crate = \"a@1.0.0\" }]\n[graph]\nexclude = [\"a:1.0.0\"]\nexclude-dev = true\nall-features = true\ntargets = [{ triple = \"b\" }]\n",
        "{\"files\":{\"src/lib.rs\":\"aa\",\"b\":\"cc\"},\"package\":\"bb\"}",
        "#!/bin/x\n//! Docs.\n/*! /* x */ */\n#![warn(a)]\n# ! [ deny ( unsafe_code ) ]\nfn f() {}\n",
        "// L\n\n#![doc = r#\"]\"#]\n/// of f\nfn f() {}",
    ];
    seeds.map(Into::into).into()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    match Baseline::parse(bytes) {
        Ok(baseline) => {
            signature.accepted();
            let text = baseline.write();
            let again = Baseline::parse(text.as_bytes());
            assert_eq!(again, Ok(baseline), "written, it is another:\n{text}");
            signature.count(text.lines().count());
        }
        Err(error) => signature.message(&error.to_string()),
    }
    match KnownFindings::parse(bytes) {
        Ok(known) => {
            signature.accepted();
            let text = known.write();
            let again = KnownFindings::parse(text.as_bytes());
            let again = again.map(|known| (known.write(), known.len()));
            assert_eq!(
                again,
                Ok((text.clone(), known.len())),
                "written, it is another"
            );
            signature.count(text.lines().count());
        }
        Err(error) => signature.message(&error.to_string()),
    }
    match Contents::parse(bytes) {
        Ok(contents) => {
            signature.accepted();
            let locked = contents.archive.as_ref();
            assert_eq!(differences(&contents, &contents.files, locked), []);
            signature.count(contents.files.len());
        }
        Err(error) => signature.message(&error.to_string()),
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return signature;
    };
    let lines = text.lines().count().max(1);
    for parsed in [
        carapace_toml::parse(text).map(Some),
        carapace_toml::parse_manifest(text),
    ] {
        match parsed {
            Ok(None) => {}
            Ok(Some(config)) => {
                signature.accepted();
                if let Some(path) = &config.baseline {
                    let mut parts = path.value.split('/');
                    assert!(
                        parts.all(|part| !matches!(part, "" | "." | "..")),
                        "{path:?}"
                    );
                }
                let mut policy = Policy::default();
                config.add_to(&mut policy, "carapace.toml");
                for effect in config.effects("carapace.toml") {
                    assert!(effect.line as usize <= lines, "{effect:?}");
                }
                signature.count(policy.rules.len() + policy.unsafety.packages.len());
            }
            Err(error) => {
                assert!(error.line.is_none_or(|line| line as usize <= lines + 1));
                signature.message(&error.message);
            }
        }
    }
    match deny_toml::parse(text) {
        Ok(config) => {
            config.add_to(&mut Policy::default(), "deny.toml");
            for effect in config.effects("deny.toml") {
                assert!(effect.line as usize <= lines, "{effect:?}");
            }
            signature.count(config.rules.len() + config.auditing.ignores.len());
        }
        Err(error) => {
            assert!(error.line.is_none_or(|line| line as usize <= lines + 1));
            signature.message(&error.message);
        }
    }
    if let Some(edit) = crate_attribute::forbid_unsafe("lib.rs", text) {
        let fixed = apply(text, [&edit]);
        assert!(
            fixed.is_ok_and(|fixed| fixed.contains("forbid")),
            "{edit:?}"
        );
        signature.add(edit.start as u64);
    }
    if let Some(edit) = workspace_lint::forbid_unsafe("Cargo.toml", text) {
        signature.accepted();
        let fixed = apply(text, [&edit]).unwrap_or_default();
        let again = workspace_lint::forbid_unsafe("Cargo.toml", &fixed);
        assert!(again.is_some(), "{fixed}");
    }
    signature
}
