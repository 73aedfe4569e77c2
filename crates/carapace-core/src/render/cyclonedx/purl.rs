//! Addresses of packages and of versions.

use std::fmt::Write as _;

use crate::graph::Package;
use crate::graph::source::SourceKind;
use crate::knowledge::advisory::range::Range;

/// The package's URL (<https://github.com/package-url/purl-spec>); none for a folder of the project,
/// which has no place that anybody else could find it at: without one, its name would be crates.io's.
pub(super) fn of(package: &Package) -> Option<String> {
    let source = package.source.as_deref()?;
    // A name is required.
    if package.name.is_empty() {
        return None;
    }
    let (name, version) = (&package.name, package.version.to_string());
    let mut purl = format!("pkg:cargo/{}@{}", encoded(name), encoded(&version));
    if source.is_crates_io() {
        return Some(purl);
    }
    let (qualifier, value) = match source.kind {
        SourceKind::Registry | SourceKind::Sparse => ("repository_url", source.url.clone()),
        SourceKind::Git(_) => match &source.commit {
            Some(commit) => ("vcs_url", format!("git+{}@{commit}", source.url)),
            None => ("vcs_url", format!("git+{}", source.url)),
        },
        SourceKind::Path | SourceKind::Local => return None,
    };
    // Writing to a string cannot fail.
    let _ = write!(purl, "?{qualifier}={}", encoded(&value));
    Some(purl)
}

/// The affected versions as a range (<https://github.com/package-url/vers-spec>).
pub(super) fn versions(ranges: &[Range]) -> Option<String> {
    /// No longer one fits.
    const LONGEST: usize = 4096;
    let bounds = ranges.iter().flat_map(|range| {
        let from = range.introduced.as_ref().map(|from| (">=", from));
        let to = range.fixed.as_ref().map(|to| ("<", to));
        from.into_iter().chain(to)
    });
    let bounds: Vec<String> = bounds
        .map(|(bound, version)| format!("{bound}{}", encoded(&version.to_string())))
        .collect();
    let bounds = match (ranges.is_empty(), bounds.is_empty()) {
        (true, _) => return None,
        (false, true) => "*".to_owned(),
        (false, false) => bounds.join("|"),
    };
    Some(format!("vers:cargo/{bounds}")).filter(|range| range.len() <= LONGEST)
}

/// Percent-encoded, but for what both specifications leave as it is.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// An address of the web, as RFC 3986 has them; none for a text that is none.
pub(super) fn web_address(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("https://");
    let rest = rest.or_else(|| text.strip_prefix("http://"))?;
    let is_of_url =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte);
    let mut escapes = rest.split('%').skip(1);
    let is_escape = |after: &str| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    // Of a second `#`, and of what is no host, a parser of addresses would complain.
    let is_address = rest.starts_with(|first: char| first.is_ascii_alphanumeric())
        && rest.bytes().all(is_of_url)
        && rest.matches('#').count() <= 1
        && escapes.all(is_escape);
    is_address.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::source::Source;

    #[test]
    fn packages() {
        let of = |name: &str, version: &str, source: Option<&str>| {
            of(&Package {
                name: name.to_owned(),
                version: version.parse().unwrap(),
                source: source.map(|source| Source::parse(source).unwrap().into()),
                checksum: None,
                line: 0,
                replaced_by: None,
                root_dir: None,
                spec: None,
            })
        };
        let crates_io = Some("registry+https://github.com/rust-lang/crates.io-index");
        for (name, version, source, expected) in [
            ("rand", "0.7.2", crates_io, Some("pkg:cargo/rand@0.7.2")),
            (
                "a_b-c",
                "1.0.0-rc.1+sse4.2",
                crates_io,
                Some("pkg:cargo/a_b-c@1.0.0-rc.1%2Bsse4.2"),
            ),
            (
                "a/b @?#%é",
                "1.0.0",
                crates_io,
                Some("pkg:cargo/a%2Fb%20%40%3F%23%25%C3%A9@1.0.0"),
            ),
            ("", "1.0.0", crates_io, None),
            ("app", "1.0.0", None, None),
            (
                "own",
                "1.0.0",
                Some("sparse+https://index.example.org/a/"),
                Some("pkg:cargo/own@1.0.0?repository_url=https:%2F%2Findex.example.org%2Fa%2F"),
            ),
            (
                "forked",
                "1.0.0",
                Some("git+https://example.org/forked?branch=x#0123"),
                Some(
                    "pkg:cargo/forked@1.0.0?vcs_url=git%2Bhttps:%2F%2Fexample.org%2Fforked%400123",
                ),
            ),
        ] {
            assert_eq!(of(name, version, source).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn ranges() {
        let ranges = |text: &str| {
            let ranges: Vec<Range> = text
                .split(' ')
                .map(|range| range.parse().unwrap())
                .collect();
            versions(&ranges).unwrap()
        };
        assert_eq!(ranges("<"), "vers:cargo/*");
        assert_eq!(ranges("<1.2.0"), "vers:cargo/<1.2.0");
        assert_eq!(
            ranges("<0.3.0 1.0.0<1.2.0-rc.1 2.0.0+x<"),
            "vers:cargo/<0.3.0|>=1.0.0|<1.2.0-rc.1|>=2.0.0%2Bx"
        );
        assert_eq!(versions(&[]), None);
        let long = format!("<1.0.0-{}", "a".repeat(5000));
        assert_eq!(versions(&[long.parse().unwrap()]), None);
    }

    #[test]
    fn addresses() {
        for good in ["https://example.org/a?b=c%20d#e", "http://[::1]/"] {
            assert_eq!(web_address(good), (!good.contains('[')).then_some(good));
        }
        for bad in [
            "",
            "https://",
            "https:///x",
            "javascript:x",
            "https://a b",
            "https://a#b#c",
            "https://é.org",
            "https://a/%zz",
            "https://a/%2",
        ] {
            assert_eq!(web_address(bad), None, "{bad}");
        }
    }
}
