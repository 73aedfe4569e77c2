//! The patterns of `members` and `default-members`, as the crate `glob` takes
//! them for cargo: `*`, `?` and `[…]` in a part of a path, and `**` for any
//! number of parts. A leading dot is nothing special.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::files;

/// How many entries of folders are looked at for all patterns of a manifest.
pub(crate) const MAX_ENTRIES: usize = 100_000;

/// What a pattern stands for.
pub(crate) struct Expanded {
    /// The folders, sorted; the pattern itself where nothing matches, as cargo
    /// has it.
    pub(crate) folders: Vec<PathBuf>,
    /// What was not looked into, and why.
    pub(crate) gaps: Vec<(PathBuf, String)>,
}

/// The folders that a pattern stands for in a folder. Links are followed while
/// they stay in the tree. `left` is how many entries may still be looked at.
pub(crate) fn expand(tree: &Path, folder: &Path, pattern: &str, left: &mut usize) -> Expanded {
    let whole = files::normalized(&folder.join(pattern));
    if !is_pattern(pattern) {
        return Expanded {
            folders: vec![whole],
            gaps: Vec::new(),
        };
    }
    let mut walk = Walk {
        tree,
        left,
        gaps: Vec::new(),
    };
    let mut found = BTreeSet::from([folder.to_owned()]);
    let mut previous = "";
    for part in pattern.split(std::path::is_separator) {
        // A `**` after another stands for nothing more.
        if part.is_empty() || part == "." || (part == "**" && previous == "**") {
            continue;
        }
        previous = part;
        found = match part {
            ".." => found
                .iter()
                .filter_map(|at| at.parent().map(Path::to_owned))
                .collect(),
            "**" => walk.below(found),
            part if is_pattern(part) => {
                let part: Vec<char> = part.chars().collect();
                let children = found.iter().flat_map(|at| walk.folders(at));
                children
                    .filter(|(name, _)| matches(&part, name))
                    .map(|(_, path)| path)
                    .collect()
            }
            part => found
                .iter()
                .map(|at| at.join(part))
                .filter(|at| at.is_dir())
                .collect(),
        };
    }
    if found.is_empty() {
        found.insert(whole);
    }
    Expanded {
        folders: found.into_iter().collect(),
        gaps: walk.gaps,
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

struct Walk<'a> {
    tree: &'a Path,
    left: &'a mut usize,
    gaps: Vec<(PathBuf, String)>,
}

impl Walk<'_> {
    /// The folders in a folder, with their names.
    fn folders(&mut self, folder: &Path) -> Vec<(String, PathBuf)> {
        let mut found = Vec::new();
        if *self.left == 0 {
            return found;
        }
        if let Err(error) = files::resolve_reached(self.tree, folder) {
            self.gaps.push((folder.to_owned(), error.to_string()));
            return found;
        }
        let Ok(entries) = fs::read_dir(folder) else {
            return found;
        };
        for entry in entries.flatten() {
            *self.left -= 1;
            if *self.left == 0 {
                let why = format!(
                    "more than {MAX_ENTRIES} entries to look at for the patterns; name the members"
                );
                self.gaps.push((folder.to_owned(), why));
                break;
            }
            let (Ok(name), path) = (entry.file_name().into_string(), entry.path()) else {
                continue;
            };
            if path.is_dir() {
                found.push((name, path));
            }
        }
        found
    }

    /// The folders and all that are below them. Links are not followed here:
    /// they could lead back up.
    fn below(&mut self, folders: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
        let mut todo: Vec<PathBuf> = folders.into_iter().collect();
        let mut found = BTreeSet::new();
        while let Some(folder) = todo.pop() {
            if !found.insert(folder.clone()) {
                continue;
            }
            let children = self.folders(&folder).into_iter().map(|(_, path)| path);
            todo.extend(children.filter(|path| !path.is_symlink()));
        }
        found
    }
}

/// Whether a name fits a part of a pattern.
fn matches(pattern: &[char], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where the last `*` is, and how far it has reached.
    let mut star = None;
    while let Some(&c) = name.get(n) {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => class(pattern.get(p..).unwrap_or_default(), c),
            Some(&literal) if literal == c => Some(1),
            _ => None,
        };
        match (step, star) {
            (Some(step), _) => {
                p += step;
                n += 1;
            }
            (None, Some((at, reached))) => {
                star = Some((at, reached + 1));
                p = at + 1;
                n = reached + 1;
            }
            (None, None) => return false,
        }
    }
    pattern
        .get(p..)
        .is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

/// The length of the class that the pattern begins with, if the character is in
/// it. A `]` right behind the opening is one of the class.
fn class(pattern: &[char], c: char) -> Option<usize> {
    let negated = pattern.get(1) == Some(&'!');
    let start = if negated { 2 } else { 1 };
    let end = pattern
        .iter()
        .skip(start + 1)
        .position(|c| *c == ']')
        .map(|at| at + start + 1)?;
    let mut members = pattern.get(start..end)?;
    let mut within = false;
    loop {
        members = match members {
            [from, '-', to, rest @ ..] => {
                within |= (*from..=*to).contains(&c);
                rest
            }
            [one, rest @ ..] => {
                within |= *one == c;
                rest
            }
            [] => break,
        };
    }
    (within != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_are_those_of_the_shell() {
        for (pattern, name, expected) in [
            ("*", "a", true),
            ("*", ".a", true),
            ("a*", "a", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]x]", "]", true),
            ("[a", "a", false),
            ("a", "ab", false),
        ] {
            let parts: Vec<char> = pattern.chars().collect();
            assert_eq!(matches(&parts, name), expected, "{pattern} {name}");
        }
    }
}
