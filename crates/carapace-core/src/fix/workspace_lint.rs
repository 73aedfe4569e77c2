//! `unsafe_code = "forbid"` in `[workspace.lints]`, for the members that inherit it.

use serde::Deserialize;
use toml::{Spanned, Value};

use super::{Edit, apply};

const SETTING: &str = "unsafe_code = \"forbid\"\n";
const TABLE: &str = "[workspace.lints.rust]";

#[derive(Deserialize, Default)]
#[serde(default)]
struct Manifest {
    lints: Lints,
    workspace: Workspace,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Lints {
    workspace: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Workspace {
    lints: Option<WorkspaceLints>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WorkspaceLints {
    rust: Option<Rust>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Rust {
    unsafe_code: Option<Spanned<Value>>,
}

fn read(manifest: &str) -> Option<Manifest> {
    toml::from_str(manifest).ok()
}

/// Whether a member's manifest inherits the lints of its workspace.
#[must_use]
pub fn inherits(manifest: &str) -> bool {
    read(manifest).is_some_and(|manifest| manifest.lints.workspace)
}

/// The edit that has a workspace forbid unsafe code in all members that inherit its lints, by the
/// text of its manifest. None if it has no lints to inherit, or writes them in a way that leaves no
/// plain place for one more.
#[must_use]
pub fn forbid_unsafe(file: &str, text: &str) -> Option<Edit> {
    let lints = read(text)?.workspace.lints?;
    let (start, end, put) = match lints.rust {
        Some(Rust {
            unsafe_code: Some(level),
        }) => match level.get_ref() {
            Value::String(_) => (
                level.span().start,
                level.span().end,
                "\"forbid\"".to_owned(),
            ),
            _ => return None,
        },
        Some(Rust { unsafe_code: None }) => {
            let header = headers(text).find(|(_, line)| *line == TABLE)?;
            let end = text.get(header.0..)?.find('\n');
            match end {
                Some(end) => {
                    let at = header.0 + end + 1;
                    (at, at, SETTING.to_owned())
                }
                None => (text.len(), text.len(), format!("\n{SETTING}")),
            }
        }
        None => {
            headers(text).find(|(_, line)| line.starts_with("[workspace.lints"))?;
            let end = if text.ends_with('\n') { "" } else { "\n" };
            (text.len(), text.len(), format!("{end}\n{TABLE}\n{SETTING}"))
        }
    };
    let edit = Edit {
        file: file.to_owned(),
        start,
        end,
        text: put,
    };
    // What looks like a header may stand in a text of many lines: only what holds is given.
    let after = read(&apply(text, [&edit]).ok()?)?.workspace.lints?;
    let level = after.rust?.unsafe_code?;
    (level.get_ref().as_str() == Some("forbid")).then_some(edit)
}

/// The lines that can be headers of tables, with their offsets.
fn headers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let name = line.split('#').next().unwrap_or_default().trim();
        name.starts_with('[').then_some((start, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_is_put_where_it_belongs() {
        for (text, expected) in [
            (
                "[workspace.lints.rust] # ours\na = \"warn\"\n",
                "[workspace.lints.rust] # ours\nunsafe_code = \"forbid\"\na = \"warn\"\n",
            ),
            (
                "[workspace.lints.clippy]\na = \"warn\"",
                "[workspace.lints.clippy]\na = \"warn\"\n\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n",
            ),
            (
                "[workspace.lints.rust]\nunsafe_code = 'deny'\n",
                "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n",
            ),
            (
                "[workspace]\nlints.rust.unsafe_code = \"warn\"\n",
                "[workspace]\nlints.rust.unsafe_code = \"forbid\"\n",
            ),
            (
                "[workspace.lints.rust]",
                "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n",
            ),
        ] {
            let edit = forbid_unsafe("Cargo.toml", text).unwrap();
            assert_eq!(apply(text, [&edit]).unwrap(), expected);
        }
    }

    #[test]
    fn what_has_no_plain_place_is_left() {
        for text in [
            "",
            "[workspace]\n",
            "[workspace]\nlints.rust.a = \"warn\"\n",
            "[workspace]\nlints = { rust = { a = \"warn\" } }\n",
            "[workspace.lints.rust]\nunsafe_code = { level = \"deny\", priority = 1 }\n",
            "[workspace.lints]\nrust.a = \"warn\"\nx = '''\n[workspace.lints.rust]\n'''\n",
            "[workspace",
        ] {
            assert_eq!(forbid_unsafe("Cargo.toml", text), None, "{text}");
        }
        assert!(inherits("[lints]\nworkspace = true\n"));
        assert!(!inherits("[lints.rust]\nunsafe_code = \"forbid\"\n"));
    }
}
