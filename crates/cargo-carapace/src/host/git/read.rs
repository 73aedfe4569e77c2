//! Reading what git prints: commits, trees and files.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::ChildStdout;

use super::error::GitError;
use super::run::Git;
use super::{GitLimits, GitSnapshot, Skipped, SkippedBecause};
use crate::host::foreign;

const READING_COMMIT: &str = "read the commit of";
const LISTING: &str = "list the files of";
const READING_FILES: &str = "read the files of";

/// A commit is read up to here, in bytes.
const MAX_COMMIT: u64 = 1024 * 1024;
/// A longer line of `ls-tree` ends the reading, in bytes.
const MAX_LINE: u64 = 64 * 1024;

/// A regular file that is to be read.
struct Entry {
    path: String,
    hash: String,
    size: u64,
}

/// Paths and contents.
type Files = Vec<(String, Vec<u8>)>;

/// What is below the roots.
struct Tree {
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
}

/// For commands that print nothing.
pub(super) fn nothing(mut output: ChildStdout) -> Result<(), GitError> {
    let copied = std::io::copy(&mut output, &mut std::io::sink());
    copied.map(drop).map_err(|error| GitError::Io {
        doing: "read from git",
        error,
    })
}

/// The files of a commit, below the roots and wanted by their paths.
pub(super) fn snapshot(
    git: &Git<'_>,
    name: &str,
    roots: &[&str],
    wanted: fn(&str) -> bool,
    limits: &GitLimits,
) -> Result<GitSnapshot, GitError> {
    let (revision, committed) = commit(git, name)?;
    let tree = tree(git, &revision, roots, wanted, limits)?;
    let (files, skipped) = files(git, tree, limits)?;
    Ok(GitSnapshot {
        revision,
        committed,
        files,
        skipped,
    })
}

/// The hash and the committer's date of a commit.
pub(super) fn commit(git: &Git<'_>, name: &str) -> Result<(String, i64), GitError> {
    let malformed = || GitError::Malformed {
        doing: READING_COMMIT,
    };
    let read = |mut output: ChildStdout| {
        let mut text = Vec::new();
        let read = output.by_ref().take(MAX_COMMIT).read_to_end(&mut text);
        // Git must not stop for a full pipe.
        nothing(output)?;
        read.map(|_| text).map_err(|error| GitError::Io {
            doing: "read from git",
            error,
        })
    };
    let input = format!("{name}\n").into_bytes();
    let text = git.run(
        READING_COMMIT,
        &["cat-file", "--batch"],
        input,
        read,
        &|| Ok(()),
    )?;
    let text = String::from_utf8_lossy(&text);
    let (head, body) = text.split_once('\n').ok_or_else(malformed)?;
    if head.ends_with(" missing") || head.ends_with(" ambiguous") {
        let revision = name.strip_suffix("^{commit}").unwrap_or(name);
        return Err(GitError::NoRevision {
            source: git.source.to_owned(),
            revision: foreign::shown(revision),
        });
    }
    let mut words = head.split(' ');
    let (Some(hash), Some("commit")) = (words.next(), words.next()) else {
        return Err(malformed());
    };
    // An empty line ends the header; what a message says is no date.
    let committer = body
        .lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix("committer "));
    let seconds = committer
        .and_then(|line| line.rsplit(' ').nth(1)?.parse().ok())
        .ok_or_else(malformed)?;
    if !is_hash(hash) {
        return Err(malformed());
    }
    Ok((hash.to_owned(), seconds))
}

/// The regular files below the roots that are wanted by their paths, with their
/// sizes.
fn tree(
    git: &Git<'_>,
    revision: &str,
    roots: &[&str],
    wanted: fn(&str) -> bool,
    limits: &GitLimits,
) -> Result<Tree, GitError> {
    let mut arguments = vec![
        "ls-tree",
        "-r",
        "-z",
        "-l",
        "--full-tree",
        "--end-of-options",
        revision,
    ];
    arguments.extend(roots);
    let owned: Vec<String> = roots.iter().map(|root| format!("{root}/")).collect();
    let source = git.source.to_owned();
    let limits = *limits;
    let read = move |output| {
        let mut output = BufReader::new(output);
        let mut tree = Tree {
            entries: Vec::new(),
            skipped: Vec::new(),
        };
        let mut total = 0_u64;
        let mut listed = 0_usize;
        loop {
            let mut line = Vec::new();
            let read = output.by_ref().take(MAX_LINE).read_until(0, &mut line);
            read.map_err(|error| GitError::Io {
                doing: "read from git",
                error,
            })?;
            if line.is_empty() {
                return Ok(tree);
            }
            let too_large = |what, limit| GitError::TooLarge {
                source: source.clone(),
                what,
                limit,
            };
            if line.pop() != Some(0) {
                return Err(too_large("bytes in a path", MAX_LINE));
            }
            listed += 1;
            if listed > limits.max_files {
                return Err(too_large("files", limits.max_files as u64));
            }
            match entry(&line, &limits)? {
                // A root that is a file or a link is not a folder of files.
                Ok(entry)
                    if !owned.is_empty()
                        && !owned.iter().any(|root| entry.path.starts_with(root)) => {}
                Ok(entry) if !wanted(&entry.path) => {}
                Err(skipped) if !wanted(&skipped.path) => {}
                Ok(entry) => {
                    total = total.saturating_add(entry.size);
                    if total > limits.max_total_bytes {
                        return Err(too_large("bytes of files", limits.max_total_bytes));
                    }
                    tree.entries.push(entry);
                }
                Err(skipped) => tree.skipped.push(skipped),
            }
        }
    };
    git.run(LISTING, &arguments, Vec::new(), read, &|| Ok(()))
}

/// Reads `MODE SP TYPE SP HASH SP+ SIZE TAB PATH`.
fn entry(line: &[u8], limits: &GitLimits) -> Result<Result<Entry, Skipped>, GitError> {
    let malformed = || GitError::Malformed { doing: LISTING };
    let tab = memchr::memchr(b'\t', line).ok_or_else(malformed)?;
    let (head, path) = line.split_at_checked(tab).ok_or_else(malformed)?;
    let path = path.get(1..).ok_or_else(malformed)?;
    let head = std::str::from_utf8(head).map_err(|_| malformed())?;
    let mut words = head.split_ascii_whitespace();
    let (Some(mode), Some(_), Some(hash), Some(size)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(malformed());
    };
    let skip = |why| Skipped {
        path: String::from_utf8_lossy(path).into_owned(),
        why,
    };
    match mode {
        "120000" => return Ok(Err(skip(SkippedBecause::Symlink))),
        "160000" => return Ok(Err(skip(SkippedBecause::Submodule))),
        _ if !mode.starts_with("100") || !is_hash(hash) => return Err(malformed()),
        _ => {}
    }
    let bytes = size.parse().map_err(|_| malformed())?;
    if bytes > limits.max_file_bytes {
        return Ok(Err(skip(SkippedBecause::TooLarge { bytes })));
    }
    match std::str::from_utf8(path) {
        Ok(text) if is_plain(text) => Ok(Ok(Entry {
            path: text.to_owned(),
            hash: hash.to_owned(),
            size: bytes,
        })),
        _ => Ok(Err(skip(SkippedBecause::Path))),
    }
}

/// Whether a path means the same as a path of any system: below where it
/// begins, and not in a repository's own folder.
fn is_plain(path: &str) -> bool {
    !path.contains(['\\', '\0'])
        && path
            .split('/')
            .all(|part| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git"))
}

fn is_hash(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The files' contents.
fn files(git: &Git<'_>, tree: Tree, limits: &GitLimits) -> Result<(Files, Vec<Skipped>), GitError> {
    let Tree { entries, skipped } = tree;
    let mut input = Vec::new();
    for entry in &entries {
        input.extend_from_slice(entry.hash.as_bytes());
        input.push(b'\n');
    }
    let max_file = limits.max_file_bytes;
    let read = move |output| {
        let malformed = || GitError::Malformed {
            doing: READING_FILES,
        };
        let io = |error| GitError::Io {
            doing: "read from git",
            error,
        };
        let mut output = BufReader::with_capacity(256 * 1024, output);
        let mut files = Vec::with_capacity(entries.len());
        for entry in entries {
            let mut head = String::new();
            output
                .by_ref()
                .take(MAX_LINE)
                .read_line(&mut head)
                .map_err(io)?;
            let expected = format!("{} blob {}\n", entry.hash, entry.size);
            if head != expected || entry.size > max_file {
                return Err(malformed());
            }
            let mut content = Vec::new();
            output
                .by_ref()
                .take(entry.size)
                .read_to_end(&mut content)
                .map_err(io)?;
            let mut end = [0];
            output.read_exact(&mut end).map_err(io)?;
            if content.len() as u64 != entry.size || end != *b"\n" {
                return Err(malformed());
            }
            files.push((entry.path, content));
        }
        Ok(files)
    };
    let files = git.run(
        READING_FILES,
        &["cat-file", "--batch"],
        input,
        read,
        &|| Ok(()),
    )?;
    Ok((files, skipped))
}

/// The size of the files in a folder, in bytes; what can't be read counts nothing.
pub(super) fn size_of_files(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|meta| meta.len())
        .sum()
}
