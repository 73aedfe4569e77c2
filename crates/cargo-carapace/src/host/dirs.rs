//! The user's own folders.

use std::fs::DirBuilder;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Reads a variable of the environment; empty counts as not set.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's own environment.
#[must_use]
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A folder of ours for what is gone again in a moment: it exists.
#[must_use]
pub fn work(env: Env<'_>) -> PathBuf {
    let work = cache(env).map(|cache| cache.join("resolve"));
    work.filter(|work| std::fs::create_dir_all(work).is_ok())
        .unwrap_or_else(std::env::temp_dir)
}

/// Where Carapace keeps what can be made anew: `CARAPACE_CACHE_DIR`, else `carapace` in the
/// platform's cache folder (`XDG_CACHE_HOME` is respected everywhere). None if there is no home.
#[must_use]
pub fn cache(env: Env<'_>) -> Option<PathBuf> {
    if let Some(folder) = env("CARAPACE_CACHE_DIR") {
        return std::path::absolute(folder).ok();
    }
    // The specification of these variables wants relative ones ignored.
    let absolute = |name: &str| {
        env(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    // A home that is not there is not for us to make.
    let home = || absolute("HOME").filter(|home| home.is_dir());
    let platform = if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Caches"))
    } else {
        home().map(|home| home.join(".cache"))
    };
    let folder = absolute("XDG_CACHE_HOME").or(platform)?;
    Some(folder.join("carapace"))
}

/// The user's home.
#[must_use]
pub fn home(env: Env<'_>) -> Option<PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    env(name)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}

/// Cargo's home: `CARGO_HOME`, else `.cargo` in the user's home.
#[must_use]
pub fn cargo_home(env: Env<'_>) -> Option<PathBuf> {
    match env("CARGO_HOME") {
        Some(folder) => std::path::absolute(folder).ok(),
        None => Some(home(env)?.join(".cargo")),
    }
}

/// A new folder among the temporary ones, which others cannot write to. Whoever made it removes it.
///
/// # Errors
/// What the system says. A folder or link that is there already is never taken: on a machine with
/// several users it may be somebody's trap.
pub fn temporary() -> io::Result<PathBuf> {
    let moment = SystemTime::now().duration_since(UNIX_EPOCH);
    let moment = moment.map_or(0, |since| since.subsec_nanos());
    let name = format!("carapace-{}-{moment}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder)?;
    Ok(folder)
}

/// A path as people write it in configuration: `~` is the home.
#[must_use]
pub fn expand(path: &str, env: Env<'_>) -> PathBuf {
    let inside = match path.strip_prefix('~') {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix(['/', std::path::MAIN_SEPARATOR]),
        None => None,
    };
    match (inside, home(env)) {
        (Some(inside), Some(home)) => home.join(inside),
        _ => Path::new(path).to_owned(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn of(variables: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| {
            let mut variables = variables.iter();
            variables
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn folders() {
        // A folder that is there.
        let env = of(&[("HOME", "/tmp"), ("XDG_CACHE_HOME", "relative")]);
        let expected = if cfg!(target_os = "macos") {
            "/tmp/Library/Caches/carapace"
        } else {
            "/tmp/.cache/carapace"
        };
        assert_eq!(cache(&env).unwrap(), Path::new(expected));
        assert_eq!(cargo_home(&env).unwrap(), Path::new("/tmp/.cargo"));
        assert_eq!(cache(&of(&[("HOME", "/missing")])), None);
        assert_eq!(
            cache(&of(&[("XDG_CACHE_HOME", "/c")])).unwrap(),
            Path::new("/c/carapace")
        );
        assert_eq!(
            cache(&of(&[("CARAPACE_CACHE_DIR", "/c")])).unwrap(),
            Path::new("/c")
        );
        assert_eq!(cache(&of(&[])), None);
    }

    #[test]
    fn the_tilde_is_the_home() {
        let env = of(&[("HOME", "/h")]);
        assert_eq!(expand("~/db", &env), Path::new("/h/db"));
        assert_eq!(expand("~", &env), Path::new("/h"));
        assert_eq!(expand("~other/db", &env), Path::new("~other/db"));
    }
}
