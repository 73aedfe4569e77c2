//! What a registry's server, or a file in the user's cargo home, may hold.

use carapace_core::knowledge::registry::{
    Answer, entry, entry_in_cargo_cache, history, history_in_cargo_cache, path, published,
    published_in_cargo_cache, read_cargo_cache, read_sparse,
};
use semver::Version;

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "\"name\":\"a\"",
    "\"vers\":\"1.0.0\"",
    "\"cksum\":\"AA\"",
    "\"yanked\":true",
    "\"yanked\":null",
    "\"features2\":{}",
    "\"v\":2",
    "\"pubtime\":\"2099-01-01T00:00:00Z\"",
    "\"optional\":true",
    "{}",
    "null",
    "\\u0061",
    "[[[[[[[[",
    "\u{3}\u{2}\0\0\0",
    "\0",
    "1.0.0\0",
    "\r\n",
    "\n\n",
    "<html>",
    "..",
    "/",
];

const LINE: &str = r#"{"name":"a","vers":"1.0.0","deps":[{"name":"b","req":"^1","package":"c","kind":"dev"}],"rust_version":"1.70","cksum":"AA","features":{},"yanked":false,"pubtime":"2099-01-01T00:00:00Z"}"#;
const YANKED: &str =
    r#"{"name":"a","vers":"1.1.0-rc.1+b","deps":[{"name":"b"}],"cksum":"bb","yanked":true,"v":2}"#;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let kept = kept(&[LINE.as_bytes(), YANKED.as_bytes()]);
    vec![
        format!("{LINE}\n{YANKED}\n").into_bytes(),
        LINE.into(),
        kept,
        "a".into(),
        "some_crate-name".into(),
        Vec::new(),
    ]
}

/// The file that cargo would keep of these lines.
fn kept(lines: &[&[u8]]) -> Vec<u8> {
    let mut file = b"\x03\x02\0\0\0etag: x\0".to_vec();
    for line in lines {
        file.extend(b"1.0.0\0");
        file.extend(*line);
        file.push(0);
    }
    file
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let versions: Vec<Version> = ["1.0.0", "1.1.0-rc.1+b", "9.0.0"]
        .iter()
        .filter_map(|version| version.parse().ok())
        .collect();
    let versions: Vec<&Version> = versions.iter().collect();
    let served = read_sparse(bytes, "a", &versions);
    let from_cache = read_cargo_cache(bytes, "a", &versions);
    for answers in [&served, &from_cache] {
        match answers {
            Ok(answers) => {
                signature.accepted();
                assert_eq!(answers.len(), versions.len());
                for answer in answers {
                    signature.add(match answer {
                        Answer::Release(release) => 1 + u64::from(release.yanked),
                        Answer::NoVersion => 3,
                        Answer::NoPackage => 4,
                    });
                }
            }
            Err(error) => signature.message(&error.to_string()),
        }
    }
    if served.is_ok() {
        let lines = bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        let lines: Vec<&[u8]> = lines.collect();
        let again = read_cargo_cache(&kept(&lines), "a", &versions);
        assert_eq!(served, again, "as cargo keeps it, it says something else");
    }
    for version in &versions {
        let known = entry(bytes, "a", version).ok().flatten();
        assert!(
            known.is_none()
                || served.is_err()
                || read_sparse(bytes, "a", &[version]) != Ok(vec![Answer::NoVersion])
        );
        signature.count(known.map_or(0, |known| known.declared.dependencies.len()));
        let _ = entry_in_cargo_cache(bytes, "a", version);
    }
    // What can be chosen is among what is known.
    let served_versions = published(bytes, "a");
    assert_eq!(served_versions.is_ok(), served.is_ok());
    for version in served_versions.iter().flatten() {
        signature.count(version.needs.len());
        let known = read_sparse(bytes, "a", &[&version.version]);
        assert!(!matches!(known.as_deref(), Ok([Answer::NoVersion])));
    }
    let cached_versions = published_in_cargo_cache(bytes, "a");
    assert_eq!(cached_versions.is_ok(), from_cache.is_ok());
    // A history knows what can be chosen, and nothing that the index does not.
    if let Ok(history) = history(bytes, "a") {
        let known = history.versions();
        signature.count(known.len());
        assert!(known.is_sorted_by(|a, b| a.version < b.version));
        for past in known {
            let answer = read_sparse(bytes, "a", &[&past.version]);
            assert!(matches!(answer.as_deref(), Ok([answer]) if *answer != Answer::NoPackage));
            for edge in &past.edges {
                let introduced = history.introduced(&past.version, &edge.package);
                assert!(introduced.is_some_and(|first| first.needs(&edge.package)));
            }
        }
        let choosable = served_versions.iter().flatten();
        for version in choosable {
            assert!(history.get(&version.version).is_some());
        }
    }
    let _ = history_in_cargo_cache(bytes, "a");
    let _ = read_sparse(bytes, &String::from_utf8_lossy(bytes), &[]);
    if let Some(path) = std::str::from_utf8(bytes).ok().and_then(path) {
        let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_/".contains(&b);
        assert!(path.bytes().all(known), "{path}");
        let name = String::from_utf8_lossy(bytes).to_ascii_lowercase();
        let parts: Vec<&str> = path.split('/').collect();
        assert!(parts.len() <= 4 && parts.last() == Some(&&*name), "{path}");
        assert!(parts.iter().all(|part| !part.is_empty()), "{path}");
        signature.count(name.len());
    }
    signature
}
