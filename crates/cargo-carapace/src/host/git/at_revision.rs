//! What a project was at a revision: read from its own repository, never
//! checked out.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::error::GitError;
use super::run::Git;
use super::{GitLimits, GitSnapshot, read, repository_of};
use crate::host::child::SearchPath;
use crate::host::foreign;

/// Reads the regular files that a checkout had at a revision, below `roots` and
/// wanted by their paths. Both are from the root of the repository, with `/`; no
/// roots are all of it.
///
/// `checkout` is the folder that holds `.git`. The revision is anything that git
/// knows a commit by; it is handed to git as a line of input, where nothing is an
/// option. What a partial clone lacks is not fetched.
///
/// # Errors
/// See [`GitError`]; each of them means that nothing is known of the revision.
pub fn files_at_revision(
    checkout: &Path,
    revision: &str,
    roots: &[&str],
    wanted: fn(&str) -> bool,
    limits: &GitLimits,
) -> Result<GitSnapshot, GitError> {
    let source = foreign::path(checkout);
    if revision.is_empty() || revision.chars().any(char::is_control) {
        return Err(GitError::NoRevision {
            source,
            revision: foreign::shown(revision),
        });
    }
    let no_repository = || GitError::NotARepository {
        path: checkout.to_owned(),
    };
    let dir = fs::canonicalize(checkout).map_err(|_| no_repository())?;
    let repository = repository_of(&dir).ok_or_else(no_repository)?;
    // A program of the analysed tree is none of ours.
    let program = SearchPath::of_process().outside(&dir).find("git");
    let git = Git {
        program: &program.ok_or(GitError::NoGit)?,
        repository: &repository,
        // The root of the file system: nothing there is the project's.
        home: dir.ancestors().last().ok_or_else(no_repository)?,
        protocol: "none",
        source: &source,
        deadline: Instant::now() + limits.total,
        limit: limits.total,
    };
    // An empty root is the whole repository.
    let roots = if roots.contains(&"") { &[] } else { roots };
    read::snapshot(
        &git,
        &format!("{revision}^{{commit}}"),
        roots,
        wanted,
        limits,
    )
}
