//! What a manifest says of the lint `unsafe_code`.

use toml::{Table, Value};

pub(super) use crate::host::manifest::MAX_MANIFEST as MAX_BYTES;

/// What `[lints]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ManifestLint {
    /// A level.
    Level(String),
    /// What the workspace's manifest says.
    Workspace,
}

/// Reads `[lints]` of a manifest.
pub(super) fn lint(text: &str) -> Option<ManifestLint> {
    // Most manifests have nothing of it, and need no reading.
    if !text.contains("lints") || !(text.contains("unsafe_code") || text.contains("workspace")) {
        return None;
    }
    let table: Table = text.parse().ok()?;
    let lints = table.get("lints")?;
    if lints.get("workspace").and_then(Value::as_bool) == Some(true) {
        return Some(ManifestLint::Workspace);
    }
    level(lints).map(ManifestLint::Level)
}

/// Reads `[workspace.lints]` of a manifest.
pub(super) fn workspace_lint(text: &str) -> Option<String> {
    if !text.contains("unsafe_code") {
        return None;
    }
    let table: Table = text.parse().ok()?;
    level(table.get("workspace")?.get("lints")?)
}

/// `unsafe_code = "forbid"`, or a table with `level`.
fn level(lints: &Value) -> Option<String> {
    let value = lints.get("rust")?.get("unsafe_code")?;
    let level = value.as_str().or_else(|| value.get("level")?.as_str())?;
    Some(level.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        let level = |level: &str| Some(ManifestLint::Level(level.to_owned()));
        assert_eq!(lint("[lints.rust]\nunsafe_code = \"deny\""), level("deny"));
        let table = "[lints.rust]\nunsafe_code = { level = \"forbid\", priority = 1 }";
        assert_eq!(lint(table), level("forbid"));
        let inherited = "[lints]\nworkspace = true";
        assert_eq!(lint(inherited), Some(ManifestLint::Workspace));
        assert_eq!(lint("[package]\nname = \"lints\""), None);
        let root = "[workspace.lints.rust]\nunsafe_code = \"forbid\"";
        assert_eq!(workspace_lint(root).as_deref(), Some("forbid"));
    }
}
