//! Foreign text in messages: made harmless to a terminal, and without secrets.

use std::path::Path;

use carapace_core::text::visible;

/// How much of a foreign text is shown, in characters.
const SHOWN_CHARS: usize = 300;

/// The text with whatever could move a cursor, reorder or hide text escaped,
/// and cut where it is long.
pub(crate) fn shown(text: &str) -> String {
    shown_up_to(text, SHOWN_CHARS)
}

/// A path, as [`shown`] shows a text.
pub(crate) fn path(path: &Path) -> String {
    shown(&path.to_string_lossy())
}

/// [`shown`], cut after that many characters.
pub(crate) fn shown_up_to(text: &str, limit: usize) -> String {
    let cut = text.char_indices().nth(limit);
    match cut.and_then(|(at, _)| text.get(..at)) {
        Some(start) => visible(start).into_owned() + "…",
        None => visible(text).into_owned(),
    }
}

/// An address to show: without user and password, and without its query,
/// where signed addresses keep their secrets.
pub(crate) fn address(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, url),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    // A password with a `/` or `?` of its own makes an address that nothing
    // accepts, and that is still about to be shown.
    if path.contains('@')
        && authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_err())
    {
        return "…".to_owned();
    }
    let host = match authority.rsplit_once('@') {
        // `git@host:path`, as ssh knows it, has a user and no password.
        Some((user, host)) if scheme.is_some() || user.contains(':') => host,
        _ => authority,
    };
    let (path, cut) = match path.split_once(['?', '#']) {
        Some((path, _)) => (path, "?…"),
        None => (path, ""),
    };
    match scheme {
        Some(scheme) => shown(&format!("{scheme}://{host}{path}{cut}")),
        None => shown(&format!("{host}{path}{cut}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{address, shown};

    #[test]
    fn terminals_get_no_orders() {
        assert_eq!(
            shown("a\x1b[2Jb\r\n\u{202e}c"),
            "a\\u{1b}[2Jb\\u{d}\\u{a}\\u{202e}c"
        );
        assert_eq!(shown(&"x".repeat(1000)).chars().count(), 301);
    }

    #[test]
    fn secrets_are_not_shown() {
        for (url, expected) in [
            ("https://user:pass@host/a", "https://host/a"),
            ("https://token@host", "https://host"),
            ("https://a@b:c@host:1/x@y", "https://host:1/x@y"),
            ("https://host/a?sig=secret#x", "https://host/a?…"),
            ("https://user:p?ss@host/", "…"),
            ("https://host:1/a@b:c", "https://host:1/a@b:c"),
            ("user:pass@proxy:8080", "proxy:8080"),
            ("git@host:path", "git@host:path"),
        ] {
            assert_eq!(address(url), expected);
        }
    }
}
