//! Which members are built, and what the command line turns on in each.

use std::fmt;

use super::super::PackageIdx;
use super::super::metadata::{Metadata, MetadataPackage};
use super::{Request, Resolver};

/// Which members are built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Selected {
    /// Those that cargo takes where none is named.
    #[default]
    Default,
    /// `--workspace`, without those of `--exclude`.
    Workspace {
        /// The specs of `--exclude`.
        exclude: Vec<String>,
    },
    /// `-p`: by package id specification, or by name with `*` and `?`.
    Packages(Vec<String>),
}

/// What the command line says of features.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeatureFlags {
    /// `--features`: each a list with commas or spaces.
    pub features: Vec<String>,
    /// `--all-features`.
    pub all: bool,
    /// `--no-default-features`.
    pub no_default: bool,
}

/// What was asked for and is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectionError {
    /// No member is meant.
    NoMember {
        /// The spec of `-p`.
        spec: String,
    },
    /// No selected member has the feature.
    NoFeature {
        /// The feature.
        feature: String,
    },
    /// A feature that may not be named so.
    BadFeature {
        /// The feature.
        feature: String,
    },
}

impl fmt::Display for SelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMember { spec } => write!(
                f,
                "the workspace has no member `{spec}`; -p takes the name of one, or NAME@VERSION"
            ),
            Self::NoFeature { feature } => write!(
                f,
                "none of the selected packages has the feature `{feature}`; see [features] in their manifests"
            ),
            Self::BadFeature { feature } => write!(
                f,
                "`{feature}` is no name of a feature for the command line; name a feature, or DEPENDENCY/FEATURE"
            ),
        }
    }
}

impl std::error::Error for SelectionError {}

/// What is turned on in a member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MemberFeatures<'a> {
    pub(super) values: Vec<&'a str>,
    pub(super) default: bool,
    pub(super) all: bool,
}

/// The members that take part, in the workspace's order: each with what is turned on in it.
pub(super) fn participants<'a>(
    metadata: &'a Metadata,
    request: &'a Request<'_>,
) -> Result<Vec<(PackageIdx, MemberFeatures<'a>)>, SelectionError> {
    let mut selected = selected(metadata, &request.selected)?;
    selected.sort_unstable();
    selected.dedup();
    let flags = &request.features;
    let lists = flags.features.iter();
    let features: Vec<&str> = lists
        .flat_map(|list| list.split([',', ' ', '\t', '\n']))
        .filter(|feature| !feature.is_empty())
        .collect();
    for feature in &features {
        if feature.starts_with("dep:") || feature.split('/').count() > 2 {
            let feature = (*feature).to_owned();
            return Err(SelectionError::BadFeature { feature });
        }
    }
    // Cargo keeps its old ways where nothing asks for the new: the flags are for the package of
    // the manifest that it was given, which always takes part.
    let root_manifest = metadata
        .packages
        .iter()
        .any(|package| package.source.is_none() && package.root_dir() == &*metadata.workspace_root);
    if request.resolver == Resolver::V1 && root_manifest {
        return Ok(old_way(metadata, flags, &features, &selected));
    }
    let mut found = vec![false; features.len()];
    let participants = selected.into_iter().filter_map(|member| {
        let package = metadata.get(member)?;
        let mut values = Vec::new();
        for (feature, found) in features.iter().zip(&mut found) {
            if let Some(value) = feature_of(package, feature) {
                values.push(value);
                *found = true;
            }
        }
        let features = MemberFeatures {
            values,
            default: !flags.no_default,
            all: flags.all,
        };
        Some((member, features))
    });
    let participants = participants.collect();
    match features.iter().zip(found).find(|(_, found)| !found) {
        Some((feature, _)) => Err(SelectionError::NoFeature {
            feature: (*feature).to_owned(),
        }),
        None => Ok(participants),
    }
}

/// What a feature of the command line means to a member, if anything.
fn feature_of<'a>(package: &MetadataPackage, feature: &'a str) -> Option<&'a str> {
    let dependencies = package.dependencies.iter();
    let named = |name: &str| {
        let mut dependencies = dependencies.clone();
        dependencies.find(|declared| declared.key() == name)
    };
    let has = |name: &str| {
        package.feature(name).is_some() || named(name).is_some_and(|found| found.optional)
    };
    let Some((dependency, inner)) = feature.split_once('/') else {
        return has(feature).then_some(feature);
    };
    let name = dependency.strip_suffix('?').unwrap_or(dependency);
    if package.dependencies.iter().any(|found| found.key() == name) {
        return Some(feature);
    }
    (*package.name == *name && has(inner)).then_some(inner)
}

fn old_way<'a>(
    metadata: &'a Metadata,
    flags: &FeatureFlags,
    features: &[&'a str],
    selected: &[PackageIdx],
) -> Vec<(PackageIdx, MemberFeatures<'a>)> {
    let name_of = |member: &PackageIdx| metadata.get(*member).map(|package| &*package.name);
    let mut own = Vec::new();
    let mut others = Vec::new();
    for feature in features {
        let of_member = feature.split_once('/').and_then(|(name, inner)| {
            let name = name.strip_suffix('?').unwrap_or(name);
            let is_it = |member: &&PackageIdx| {
                Some(**member) != metadata.root && name_of(member) == Some(name)
            };
            selected.iter().find(is_it).map(|member| (*member, inner))
        });
        match of_member {
            Some(of_member) => others.push(of_member),
            None => own.push(*feature),
        }
    }
    let members = metadata.members.iter().filter_map(|member| {
        let is_root = Some(*member) == metadata.root;
        if !is_root && !selected.contains(member) {
            return None;
        }
        let others = others.iter().filter(|(of, _)| of == member);
        let features = MemberFeatures {
            values: match is_root {
                true => own.clone(),
                false => others.map(|(_, feature)| *feature).collect(),
            },
            default: !is_root || !flags.no_default,
            all: flags.all,
        };
        Some((*member, features))
    });
    members.collect()
}

fn selected(metadata: &Metadata, selected: &Selected) -> Result<Vec<PackageIdx>, SelectionError> {
    let members = |spec: &String| {
        let members = metadata.members.iter().copied();
        let found: Vec<_> = members
            .filter(|member| {
                let package = metadata.get(*member);
                package.is_some_and(|package| is_meant(package, spec))
            })
            .collect();
        match found.is_empty() {
            true => Err(SelectionError::NoMember { spec: spec.clone() }),
            false => Ok(found),
        }
    };
    match selected {
        Selected::Default => Ok(metadata.default_members.clone()),
        Selected::Workspace { exclude } => {
            // As cargo, which only warns of what is not there to be left out.
            let left_out = exclude.iter().flat_map(|spec| members(spec).ok());
            let left_out: Vec<_> = left_out.flatten().collect();
            let all = metadata.members.iter().copied();
            Ok(all.filter(|member| !left_out.contains(member)).collect())
        }
        Selected::Packages(specs) => {
            let found: Result<Vec<_>, _> = specs.iter().map(members).collect();
            Ok(found?.concat())
        }
    }
}

/// Whether a spec means a package: its id, `NAME`, `NAME@VERSION`, where the version may be cut.
fn is_meant(package: &MetadataPackage, spec: &str) -> bool {
    if *package.id == *spec {
        return true;
    }
    let (address, rest) = match spec.rsplit_once('#') {
        Some((address, rest)) => (Some(address), rest),
        None if spec.contains("://") => (Some(spec), ""),
        None => (None, spec),
    };
    if let Some(address) = address {
        let of_package = package
            .id
            .rsplit_once('#')
            .map_or("", |(address, _)| address);
        let without_kind = of_package.split_once('+').map_or("", |(_, url)| url);
        if address != of_package && address != without_kind {
            return false;
        }
    }
    let starts_with_digit = rest.starts_with(|c: char| c.is_ascii_digit());
    let (name, version) = match rest.split_once(['@', ':']) {
        Some((name, version)) => (name, version),
        None if address.is_some() && starts_with_digit => ("", rest),
        None => (rest, ""),
    };
    let has_name = name.is_empty() && address.is_some() || glob(name, &package.name);
    let own = package.version.to_string();
    let has_version = version.is_empty()
        || own.strip_prefix(version).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('.') || rest.starts_with(['-', '+'])
        });
    has_name && has_version
}

/// Whether a name fits a pattern with `*` and `?`. Goes back to the last `*` only, so it takes no
/// more than the product of both lengths.
fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || Some(c) == name.get(n) => {
                p += 1;
                n += 1;
            }
            _ => match &mut star {
                Some((at, from)) => {
                    *from += 1;
                    p = *at + 1;
                    n = *from;
                }
                None => return false,
            },
        }
    }
    let rest = pattern.get(p..).unwrap_or_default();
    rest.iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "abc", true),
            ("*c", "abcc", true),
            ("a?c", "abc", true),
            ("*a*b*", "xaxbx", true),
            ("*a*b*", "xbxax", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(glob(pattern, name), expected, "{pattern} {name}");
        }
    }
}
