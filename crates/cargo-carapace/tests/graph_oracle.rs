#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
mod support;
use carapace_core::graph::metadata::Metadata;
use carapace_core::graph::units::*;
use std::path::Path;
use support::oracle::*;

#[test]
fn adhoc() {
    let dirs = std::env::var("ADHOC").unwrap_or_default();
    let host = platform(None).unwrap();
    let other = platform(Some("x86_64-pc-windows-msvc")).unwrap();
    let mut bad = 0;
    for dir in dirs.split(':').filter(|d| !d.is_empty()) {
        let folder = Path::new(dir);
        let json = match run(
            folder,
            "cargo",
            &[
                "metadata",
                "--format-version",
                "1",
                "--all-features",
                "--locked",
            ]
            .map(String::from),
        ) {
            Ok(j) => j,
            Err(e) => {
                println!("{e}");
                continue;
            }
        };
        let metadata = Metadata::parse(&json).unwrap();
        let manifest: toml::Table = std::fs::read_to_string(folder.join("Cargo.toml"))
            .unwrap()
            .parse()
            .unwrap();
        let w = manifest.get("workspace").and_then(|w| w.get("resolver"));
        let p = manifest.get("package");
        let r = w
            .or_else(|| p.and_then(|p| p.get("resolver")))
            .and_then(|r| r.as_str());
        let e = p.map(|p| p.get("edition").and_then(|e| e.as_str()).unwrap_or("2015"));
        let resolver = Resolver::of_manifest(r, e);
        println!("{dir} {resolver:?} {} packages", metadata.packages.len());
        let asked = Asked {
            folder,
            metadata: &metadata,
            resolver,
            host: &host,
            other: Some(&other),
        };
        for all in [false, true] {
            for no_default in [false, true] {
                for platforms in [Wanted::Host, Wanted::HostNamed, Wanted::Other, Wanted::All] {
                    for selected in [Selected::Default, Selected::Workspace { exclude: vec![] }] {
                        let flags = Flags {
                            selected,
                            features: FeatureFlags {
                                all,
                                no_default,
                                features: vec![],
                            },
                            platforms,
                        };
                        match trees(&asked, &flags) {
                            Ok(_) => {}
                            Err(e) => {
                                bad += 1;
                                println!("TREE {resolver:?} {flags:?} {e}");
                            }
                        }
                        if platforms == Wanted::HostNamed || platforms == Wanted::Other {
                            match builds(&asked, &flags) {
                                Ok(_) => {}
                                Err(e) => {
                                    bad += 1;
                                    println!("BUILD {resolver:?} {flags:?} {e}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    println!("bad {bad}");
}
