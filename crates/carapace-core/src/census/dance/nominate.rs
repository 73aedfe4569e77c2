//! Where a dance would win most: replaceable unsafe code, in what much depends on, and where input
//! from outside is read.

use std::cmp::Reverse;

use super::{Dance, Outlook, Outlooks, PackageSteps};
use crate::census::{PackageCensus, State};
use crate::graph::units::{Role, Roles};
use crate::graph::{Graph, PackageIdx};
use crate::report::Edges;

/// A package in which a dance would win something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nomination {
    /// The package.
    pub package: PackageIdx,
    /// What could become of those of its sites that are built, or may be.
    pub outlooks: Outlooks,
    /// How many packages depend on it, directly or by way of others.
    pub dependents: usize,
    /// What orders nominations; by itself it means nothing.
    pub score: u64,
    /// What the score is made of, in words: a reason each.
    pub reasons: Vec<String>,
}

/// What a package of these is about, as the registry and authors call it: it guards something, or reads
/// what strangers send.
const CRITICAL: [(&str, &[&str]); 4] = [
    (
        "reads formats from outside",
        &[
            "parser-implementations",
            "parsing",
            "parser",
            "parse",
            "encoding",
            "decoder",
            "decode",
            "decoding",
            "deserialize",
            "serialization",
            "xml",
            "json",
            "html",
            "yaml",
            "toml",
            "cbor",
            "protobuf",
            "asn1",
            "der",
            "pem",
            "pdf",
            "font",
            "csv",
            "unicode",
            "utf8",
            "url",
            "regex",
        ],
    ),
    (
        "unpacks what is compressed",
        &[
            "compression",
            "compress",
            "decompression",
            "deflate",
            "inflate",
            "gzip",
            "zlib",
            "zip",
            "tar",
            "zstd",
            "brotli",
            "lz4",
            "lzma",
            "xz",
            "snappy",
            "archive",
        ],
    ),
    (
        "reads images, sound or video",
        &[
            "multimedia",
            "image",
            "images",
            "png",
            "jpeg",
            "jpg",
            "gif",
            "webp",
            "tiff",
            "bmp",
            "audio",
            "video",
            "mp3",
            "mp4",
            "ogg",
            "vorbis",
            "flac",
            "svg",
        ],
    ),
    (
        "guards secrets or speaks with the network",
        &[
            "cryptography",
            "crypto",
            "authentication",
            "tls",
            "ssl",
            "x509",
            "certificate",
            "signature",
            "cipher",
            "aes",
            "rsa",
            "ecdsa",
            "ed25519",
            "hash",
            "sha2",
            "hmac",
            "password",
            "jwt",
            "oauth",
            "network-programming",
            "web-programming",
            "http",
            "http2",
            "h2",
            "http3",
            "quic",
            "websocket",
            "dns",
            "email",
            "smtp",
            "ssh",
            "network",
            "protocol",
        ],
    ),
];

/// The packages in which a dance would win something, those with the highest score first.
///
/// The score is what could go (three for a site that goes by itself, two for one to be looked at, one
/// for the others; double where nothing would be left), times how much depends on the package (one for
/// each doubling), times what it is for (three for what is shipped, two for what runs at build time),
/// double where it guards something or reads what strangers send.
#[must_use]
pub fn nominate(graph: &Graph, dance: &Dance, roles: &[Roles], edges: &Edges) -> Vec<Nomination> {
    let dependents = Dependents::new(graph, edges);
    let mut nominations: Vec<Nomination> = dance
        .looked_at(graph)
        .filter_map(|(index, census, steps)| {
            let at = graph.position(index)?;
            let roles = roles.get(at).copied().unwrap_or_default();
            let of = || dependents.count(at);
            nomination(graph, index, census, steps, roles, of)
        })
        .collect();
    nominations.sort_by_key(|found| (Reverse(found.score), found.package));
    nominations
}

fn nomination(
    graph: &Graph,
    index: PackageIdx,
    census: &PackageCensus,
    steps: &PackageSteps,
    roles: Roles,
    dependents: impl FnOnce() -> usize,
) -> Option<Nomination> {
    let mut outlooks = Outlooks::default();
    for (site, known) in census.sites.iter().zip(&steps.sites) {
        if matches!(site.state, State::Active | State::Unknown | State::Macro) {
            outlooks.add(known.outlook);
        }
    }
    let [automatic, look, shown] =
        [Outlook::Automatic, Outlook::Look, Outlook::Shown].map(|outlook| outlooks.of(outlook));
    let replaceable = outlooks.replaceable();
    if replaceable == 0 {
        return None;
    }
    let total = outlooks.total();
    let is_all = replaceable == total;
    let mut reasons = vec![format!(
        "{replaceable} of {total} sites could go: {automatic} automatically, {look} after a look, \
         {shown} by hand"
    )];
    if is_all {
        reasons.push("nothing unsafe would be left".to_owned());
    }
    let dependents = dependents();
    reasons.push(match dependents {
        0 => "nothing here depends on it".to_owned(),
        1 => "1 package depends on it".to_owned(),
        n => format!("{n} packages depend on it"),
    });
    let has = |wanted: &[Role]| roles.iter().any(|role| wanted.contains(&role));
    let (weight, what) = if has(&[Role::Runtime]) || roles.iter().next().is_none() {
        (3, "it is shipped")
    } else if has(&[Role::Build, Role::ProcMacro]) {
        (2, "it runs at build time")
    } else {
        (1, "it is not shipped")
    };
    // What a lockfile does not tell is no reason.
    if roles.iter().next().is_some() {
        reasons.push(what.to_owned());
    }
    let name = graph.get(index).map(|package| package.name.as_str());
    let critical = critical(name.unwrap_or_default(), &steps.about);
    if let Some((what, word)) = &critical {
        reasons.push(format!("it {what} (`{word}`)"));
    }
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let wins = number(3 * automatic + 2 * look + shown) * if is_all { 2 } else { 1 };
    let reach = 1 + u64::from(usize::BITS - dependents.leading_zeros());
    let critical = if critical.is_some() { 2 } else { 1 };
    Some(Nomination {
        package: index,
        outlooks,
        dependents,
        score: wins
            .saturating_mul(reach)
            .saturating_mul(weight)
            .saturating_mul(critical),
        reasons,
    })
}

/// Why a package is critical, and the word that says so: of its categories and keywords, else of its
/// name.
fn critical(name: &str, about: &[String]) -> Option<(&'static str, String)> {
    let find = |word: &str| {
        let word = word.to_ascii_lowercase();
        // `web-programming::http-client`
        let first = word.split("::").next().unwrap_or(&word).to_owned();
        let mut all = CRITICAL.iter();
        let found = all.find(|(_, words)| words.contains(&first.as_str()));
        found.map(|(what, _)| (*what, word))
    };
    let said = about.iter().find_map(|word| find(word));
    said.or_else(|| name.split(['-', '_']).find_map(find))
}

/// Who depends on whom, turned around.
struct Dependents {
    of: Vec<Vec<usize>>,
}

impl Dependents {
    fn new(graph: &Graph, edges: &Edges) -> Self {
        let mut of: Vec<Vec<usize>> = vec![Vec::new(); graph.packages().len()];
        for (from, to) in edges.packages.iter().enumerate() {
            for (to, _) in to {
                let to = graph.position(*to).and_then(|to| of.get_mut(to));
                if let Some(dependents) = to {
                    dependents.push(from);
                }
            }
        }
        Self { of }
    }

    /// How many packages depend on one, directly or by way of others.
    fn count(&self, package: usize) -> usize {
        let mut is_seen = vec![false; self.of.len()];
        let mut work = vec![package];
        let mut count = 0;
        while let Some(at) = work.pop() {
            for from in self.of.get(at).into_iter().flatten() {
                if let Some(seen @ false) = is_seen.get_mut(*from) {
                    *seen = true;
                    count += usize::from(*from != package);
                    work.push(*from);
                }
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_what_is_critical() {
        let about = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (name, words, expected) in [
            (
                "x",
                vec!["web-programming::http-client"],
                Some("web-programming::http-client"),
            ),
            ("x", vec!["fast", "PNG"], Some("png")),
            ("tls-parser", vec![], Some("tls")),
            ("itoa", vec!["no-std"], None),
            ("x", vec![], None),
        ] {
            let found = critical(name, &about(&words)).map(|(_, word)| word);
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }
}
