//! Patches, as git takes them.

use std::fs;
use std::process::{Command, Stdio};

use carapace_core::fix::patch::{Changed, unified};

/// A sequence that is the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn text(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.below(30) {
            text.push_str(
                ["a", "b", "", " c", "-x", "+y", "\\ z", "@@ -1 +1 @@", "é\r"]
                    [self.below(9) as usize],
            );
            text.push('\n');
        }
        if self.below(3) == 0 {
            text.push_str("the last line");
        }
        text
    }

    /// The text with some lines changed, taken out or put in.
    fn changed(&mut self, text: &str) -> String {
        let mut changed = String::new();
        for line in text.split_inclusive('\n') {
            match self.below(8) {
                0 => {}
                1 => changed.push_str("new\n"),
                2 => {
                    changed.push_str(line);
                    if line.ends_with('\n') {
                        changed.push_str("more\n");
                    }
                }
                _ => changed.push_str(line),
            }
        }
        changed
    }
}

#[test]
fn git_applies_what_is_said() {
    let mut draw = Draw(7);
    let names = [
        "src/lib.rs",
        "src/with blank.rs",
        "src/é\"q\\.rs",
        "b/tab\there",
    ];
    for round in 0..25 {
        let texts: Vec<(String, String)> = names
            .iter()
            .map(|_| {
                let before = draw.text();
                let after = draw.changed(&before);
                (before, after)
            })
            // A patch that makes or removes a file says so, and fixes do neither.
            .map(|(before, after)| (format!("first\n{before}"), format!("first\n{after}")))
            .collect();
        let patch = unified(
            names
                .iter()
                .zip(&texts)
                .map(|(file, (before, after))| Changed {
                    file,
                    before,
                    after,
                }),
        );
        let folder = tempfile::tempdir().unwrap();
        for (name, (before, _)) in names.iter().zip(&texts) {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, before).unwrap();
        }
        if patch.is_empty() {
            continue;
        }
        fs::write(folder.path().join("patch"), &patch).unwrap();
        let output = Command::new("git")
            .args(["apply", "--whitespace=nowarn", "patch"])
            .current_dir(folder.path())
            .env("GIT_CEILING_DIRECTORIES", folder.path().parent().unwrap())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "round {round}: {said}\n{patch}");
        for (name, (_, after)) in names.iter().zip(&texts) {
            let now = fs::read_to_string(folder.path().join(name)).unwrap();
            assert_eq!(&now, after, "round {round}: {name}\n{patch}");
        }
    }
}
