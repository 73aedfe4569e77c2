//! Cargo itself, asked what our own resolution has to give.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use carapace_core::cfg::CfgSet;
use carapace_core::graph::metadata::{Metadata, MetadataPackage};
use carapace_core::graph::units::{
    FeatureFlags, Follow, Platform, Platforms, Request, Resolver, Role, Selected, Units, roles,
};

/// A workspace that both are asked about.
pub struct Asked<'a> {
    pub folder: &'a Path,
    pub metadata: &'a Metadata,
    pub resolver: Resolver,
    pub host: &'a Platform,
    /// Another platform, whose standard library need not be there.
    pub other: Option<&'a Platform>,
}

/// Cargo's flags and what they are here.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub selected: Selected,
    pub features: FeatureFlags,
    pub platforms: Wanted,
}

/// `--target` in each of its forms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Wanted {
    #[default]
    Host,
    /// The host, named: then cargo tells both apart.
    HostNamed,
    Other,
    All,
}

pub fn run(folder: &Path, program: &str, arguments: &[String]) -> Result<String, String> {
    let program = match program {
        "cargo" => std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()),
        other => other.to_owned(),
    };
    let output = Command::new(&program)
        .args(arguments)
        .current_dir(folder)
        // Unit graphs are for nightly; the stable one knows them too.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TERM_COLOR", "never")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} {arguments:?}: {said}"));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

fn texts(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|text| (*text).to_owned()).collect()
}

/// What the compiler says of a platform; of the host without one.
pub fn platform(triple: Option<&str>) -> Result<Platform, String> {
    let folder = Path::new("/");
    let version = run(folder, "rustc", &texts(&["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let triple = triple.or(host).unwrap_or_default().to_owned();
    let cfg = run(
        folder,
        "rustc",
        &texts(&["--print", "cfg", "--target", &triple]),
    )?;
    Ok(Platform {
        triple: triple.into(),
        cfg: CfgSet::parse(&cfg),
    })
}

impl Flags {
    fn arguments(&self, asked: &Asked<'_>) -> Vec<String> {
        let mut arguments = Vec::new();
        match &self.selected {
            Selected::Default => {}
            Selected::Workspace { exclude } => {
                arguments.push("--workspace".to_owned());
                for spec in exclude {
                    arguments.extend(["--exclude".to_owned(), spec.clone()]);
                }
            }
            Selected::Packages(specs) => {
                for spec in specs {
                    arguments.extend(["-p".to_owned(), spec.clone()]);
                }
            }
        }
        for feature in &self.features.features {
            arguments.extend(["--features".to_owned(), feature.clone()]);
        }
        if self.features.all {
            arguments.push("--all-features".to_owned());
        }
        if self.features.no_default {
            arguments.push("--no-default-features".to_owned());
        }
        let target = match self.platforms {
            Wanted::Host => return arguments,
            Wanted::HostNamed => asked.host.triple.to_string(),
            Wanted::Other => asked.other.map_or("", |other| &other.triple).to_owned(),
            Wanted::All => "all".to_owned(),
        };
        arguments.extend(["--target".to_owned(), target]);
        arguments
    }

    fn units(&self, asked: &Asked<'_>, dev: bool) -> Result<Units, String> {
        let platform = match self.platforms {
            Wanted::HostNamed => Some(asked.host),
            Wanted::Other => asked.other,
            Wanted::Host | Wanted::All => None,
        };
        let request = Request {
            resolver: asked.resolver,
            selected: self.selected.clone(),
            features: self.features.clone(),
            dev,
            host: asked.host,
            targets: match self.platforms {
                Wanted::All => Platforms::All,
                _ => Platforms::Only(platform.map(std::slice::from_ref).unwrap_or_default()),
            },
        };
        let units = Units::resolve(asked.metadata, &request).map_err(|error| error.to_string())?;
        if units.problems.is_empty() {
            return Ok(units);
        }
        Err(format!("{:?}", units.problems))
    }
}

fn kind(package: &MetadataPackage) -> &'static str {
    match package.source.as_deref().map(|source| source.text.as_str()) {
        None => "path",
        Some(text) if text.starts_with("git+") => "git",
        Some(_) => "registry",
    }
}

/// `{p}` of cargo's: `NAME vVERSION (PATH or ADDRESS) (proc-macro)`.
fn kind_shown(line: &str) -> String {
    let line = line.replace(" (*)", "").replace(" (proc-macro)", "");
    let mut words = line.splitn(3, ' ');
    let (name, version) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let kind = match words.next() {
        None | Some("") => "registry",
        Some(place) if place.contains("://") || place.contains('#') => "git",
        Some(_) => "path",
    };
    format!("{name} {} {kind}", version.trim_start_matches('v'))
}

fn difference(what: &str, cargo: &BTreeSet<String>, ours: &BTreeSet<String>) -> Result<(), String> {
    let missing: Vec<_> = cargo.difference(ours).take(20).collect();
    let extra: Vec<_> = ours.difference(cargo).take(20).collect();
    if missing.is_empty() && extra.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{what}\nonly cargo has: {missing:#?}\nonly we have: {extra:#?}"
    ))
}

/// The packages that `cargo tree` shows with all features of all members.
fn packages_shown(asked: &Asked<'_>, edges: &str, all: bool) -> Result<BTreeSet<String>, String> {
    let mut arguments = texts(&["tree", "--locked", "--offline", "--prefix", "none"]);
    arguments.extend(texts(&["--workspace", "--all-features", "--format", "{p}"]));
    arguments.extend(texts(&["--edges", edges]));
    if all {
        arguments.extend(texts(&["--target", "all"]));
    }
    let shown = run(asked.folder, "cargo", &arguments)?;
    let lines = shown.lines().filter(|line| !line.is_empty());
    let lines = lines.map(|line| line.trim_end_matches(" (*)"));
    Ok(lines.map(kind_shown).collect())
}

/// The roles of packages, as `audit` asks for them, in cargo's own word: each of its sets is that of
/// all packages that have one of these roles.
pub fn roles_shown(asked: &Asked<'_>) -> Result<usize, String> {
    let request = Request {
        resolver: asked.resolver,
        selected: Selected::Workspace { exclude: vec![] },
        features: FeatureFlags {
            all: true,
            ..FeatureFlags::default()
        },
        dev: false,
        host: asked.host,
        targets: Platforms::Only(&[]),
    };
    let roles = roles(asked.metadata, &request).map_err(|error| error.to_string())?;
    let built = [Role::Runtime, Role::Build, Role::ProcMacro];
    let with_dev = [Role::Runtime, Role::Build, Role::ProcMacro, Role::Dev];
    let everywhere = Role::ALL.map(|role| match role {
        Role::Disabled => Role::Runtime,
        role => role,
    });
    for (edges, all, some) in [
        ("normal,no-proc-macro", false, &built[..1]),
        ("normal,build", false, &built[..]),
        ("normal,build,dev", false, &with_dev[..]),
        ("normal,build,dev", true, &everywhere[..]),
    ] {
        let packages = asked.metadata.packages.iter().zip(&roles);
        let ours: BTreeSet<String> = packages
            .filter(|(_, roles)| some.iter().any(|role| roles.contains(*role)))
            .map(|(package, _)| format!("{} {} {}", package.name, package.version, kind(package)))
            .collect();
        let what = format!("{}: roles, {edges}, all {all}", asked.folder.display());
        difference(&what, &packages_shown(asked, edges, all)?, &ours)?;
    }
    Ok(roles.len())
}

/// The sets of packages, and of packages with their features, that `cargo tree` shows.
pub fn trees(asked: &Asked<'_>, flags: &Flags) -> Result<usize, String> {
    let mut count = 0;
    for (edges, follow, dev) in [
        ("normal,no-proc-macro", Follow::LINKED, false),
        ("normal,build", Follow::BUILT, false),
        ("normal,build,dev", Follow::ALL, true),
    ] {
        let mut arguments = texts(&["tree", "--locked", "--offline", "--prefix", "none"]);
        arguments.extend(texts(&["--edges", edges, "--format", "{p}|{f}"]));
        arguments.extend(flags.arguments(asked));
        let shown = run(asked.folder, "cargo", &arguments)?;
        let lines = shown.lines().filter(|line| !line.is_empty());
        let mut cargo = BTreeSet::new();
        for line in lines {
            let (package, features) = line.split_once('|').unwrap_or((line, ""));
            let features = features.trim_end_matches(" (*)");
            cargo.insert(format!("{} [{features}]", kind_shown(package)));
        }
        let units = flags.units(asked, dev)?;
        let mut ours = BTreeSet::new();
        for index in units.reached(follow) {
            let unit = units.get(index).ok_or("no such unit")?;
            let package = asked.metadata.get(unit.package).ok_or("no such package")?;
            let (name, version) = (&package.name, &package.version);
            let features = unit.features.join(",");
            ours.insert(format!("{name} {version} {} [{features}]", kind(package)));
        }
        let what = format!("{}: cargo {}", asked.folder.display(), arguments.join(" "));
        let packages = |set: &BTreeSet<String>| -> BTreeSet<String> {
            let names = set.iter().filter_map(|line| line.split(" [").next());
            names.map(str::to_owned).collect()
        };
        difference(&what, &packages(&cargo), &packages(&ours))?;
        if packages(&ours).len() != units.tree(follow).len() {
            return Err(format!("{what}: another number of packages"));
        }
        // Where the platforms are one, cargo shows a package once if it has the same features for
        // both, and follows it once, though its dependencies' features may differ.
        if matches!(flags.platforms, Wanted::Host | Wanted::All) {
            ours.retain(|line| cargo.contains(line));
        }
        difference(&what, &cargo, &ours)?;
        count += cargo.len();
    }
    Ok(count)
}

/// What cargo would compile, and from what to what: with platform and features.
pub fn builds(asked: &Asked<'_>, flags: &Flags) -> Result<usize, String> {
    let mut count = 0;
    for dev in [false, true] {
        let mut arguments = texts(&["build", "--locked", "--offline", "--unit-graph"]);
        arguments.extend(texts(&["-Zunstable-options", "--ignore-rust-version"]));
        if dev {
            arguments.push("--all-targets".to_owned());
        }
        arguments.extend(flags.arguments(asked));
        let json = run(asked.folder, "cargo", &arguments)?;
        let json: serde_json::Value =
            serde_json::from_str(&json).map_err(|error| error.to_string())?;
        let (cargo, cargo_edges) = unit_graph(&json);
        let units = flags.units(asked, dev)?;
        let mut ours = BTreeSet::new();
        let mut our_edges = BTreeSet::new();
        for unit in units.units().iter().filter(|unit| unit.is_built) {
            let package = asked.metadata.get(unit.package).ok_or("no such package")?;
            let features = unit.features.join(",");
            ours.insert(format!("{} host={} [{features}]", package.id, unit.host));
            for edge in unit.dependencies.iter().filter(|edge| edge.is_used) {
                let to = units.get(edge.to).ok_or("no such unit")?;
                let to_package = asked.metadata.get(to.package).ok_or("no such package")?;
                our_edges.insert(format!(
                    "{} host={} -> {} host={} as {}",
                    package.id, unit.host, to_package.id, to.host, edge.name
                ));
            }
        }
        let what = format!("{}: cargo {}", asked.folder.display(), arguments.join(" "));
        difference(&what, &cargo, &ours)?;
        difference(&what, &cargo_edges, &our_edges)?;
        count += cargo.len();
    }
    Ok(count)
}

/// Packages with platform and features, and the edges between different ones.
fn unit_graph(json: &serde_json::Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let units = json["units"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let kind = |unit: &serde_json::Value| text(&unit["target"]["kind"][0]);
    let features = |unit: &serde_json::Value| {
        let features = unit["features"].as_array().cloned().unwrap_or_default();
        let features: Vec<_> = features.iter().map(text).collect();
        features.join(",")
    };
    let is_script = |unit: &serde_json::Value| kind(unit) == "custom-build";
    // A script is compiled for the host, but runs for one unit of its package or the other: its
    // running has that unit's platform.
    let mut set = BTreeSet::new();
    let mut edges = BTreeSet::new();
    let node =
        |unit: &serde_json::Value, host: bool| format!("{} host={host}", text(&unit["pkg_id"]));
    let is_host = |unit: &serde_json::Value| unit["platform"].is_null();
    for unit in units {
        let is_run = text(&unit["mode"]) == "run-custom-build";
        if !is_script(unit) || is_run {
            set.insert(format!(
                "{} [{}]",
                node(unit, is_host(unit)),
                features(unit)
            ));
        }
        let dependencies = unit["dependencies"].as_array().cloned().unwrap_or_default();
        let mut follow = |dependencies: &[serde_json::Value], host: bool| {
            for dependency in dependencies {
                let index = dependency["index"].as_u64().unwrap_or(u64::MAX);
                let Some(to) = usize::try_from(index).ok().and_then(|at| units.get(at)) else {
                    continue;
                };
                let is_library = !is_script(to) && kind(to) != "bin";
                if to["pkg_id"] == unit["pkg_id"] || !is_library {
                    continue;
                }
                let name = text(&dependency["extern_crate_name"]);
                edges.insert(format!(
                    "{} -> {} as {name}",
                    node(unit, host),
                    node(to, is_host(to))
                ));
            }
        };
        if is_run {
            // What the script that it runs was compiled with.
            for dependency in &dependencies {
                let index = dependency["index"].as_u64().unwrap_or(u64::MAX);
                let to = usize::try_from(index).ok().and_then(|at| units.get(at));
                let script = to.filter(|to| to["pkg_id"] == unit["pkg_id"] && is_script(to));
                if let Some(script) = script {
                    let of_script = script["dependencies"].as_array().cloned();
                    follow(&of_script.unwrap_or_default(), is_host(unit));
                }
            }
        } else if !is_script(unit) {
            follow(&dependencies, is_host(unit));
        }
    }
    (set, edges)
}
