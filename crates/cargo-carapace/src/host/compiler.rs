//! What the compiler sets for a platform: `rustc --print cfg`, asked as cargo is asked, and kept.
//!
//! Of the flags that the user has for the compiler, in `RUSTFLAGS` or in the configuration of their
//! own cargo, those are passed on that change what is set. None of the project's are.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use carapace_core::cfg::CfgSet;
use carapace_core::graph::units::Platform;
use toml::{Table, Value};

use super::cargo::{Cargo, Environment};
use super::child::{SearchPath, is_program};
use super::dirs;
use super::files;
use super::foreign;
use super::kept::Kept;
use super::resolve::{self, ResolveError, Temporary};
use super::toolchain::{self, Fingerprint};

/// What the compiler may say, in bytes.
const MAX_OUTPUT: u64 = 1024 * 1024;
/// Options of code generation that change what is set.
const CODEGEN: [&str; 3] = ["target-feature", "target-cpu", "panic"];

/// How the compiler is asked.
#[derive(Debug, Clone)]
pub struct CompilerOptions {
    /// Time for the compiler.
    pub timeout: Duration,
    /// A folder of ours, which exists.
    pub work: PathBuf,
    /// Our cache folder, if anything is to be kept.
    pub cache: Option<PathBuf>,
    /// What the compiler is found by.
    pub environment: Environment,
}

/// Why a platform is not known.
#[derive(Debug)]
#[non_exhaustive]
pub enum CompilerError {
    /// There is no compiler outside of the analysed tree.
    NoCompiler {
        /// The tree.
        tree: PathBuf,
    },
    /// A target that is no name of one: a file could be anything.
    NotAName {
        /// What was given.
        target: String,
    },
    /// It could not be run.
    Run(ResolveError),
    /// It ended with an error.
    Failed {
        /// What it said, made harmless and cut.
        said: String,
    },
}

impl From<ResolveError> for CompilerError {
    fn from(error: ResolveError) -> Self {
        Self::Run(error)
    }
}

impl fmt::Display for CompilerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCompiler { tree } => write!(
                f,
                "there is no rustc outside of `{}` that could say what a platform has; install Rust in an absolute folder of PATH",
                foreign::path(tree)
            ),
            Self::NotAName { target } => write!(
                f,
                "`{}` is no name of a target; `rustc --print target-list` has them",
                foreign::shown(target)
            ),
            Self::Run(error) => error.fmt(f),
            Self::Failed { said } => write!(f, "rustc could not say what a platform has: {said}"),
        }
    }
}

impl std::error::Error for CompilerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Run(error) => Some(error),
            _ => None,
        }
    }
}

/// What the compiler says of itself and of platforms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compiler {
    /// What `rustc -vV` prints.
    pub verbose: String,
    /// The platform that it runs on.
    pub host: Platform,
    /// The targets that were asked for, in their order.
    pub targets: Vec<Platform>,
    /// Whether there is a C compiler in the usual places; none where that is not known.
    pub has_c: Option<bool>,
}

/// What the compiler sets on this machine, and for targets by their names, asked as the user would
/// ask.
///
/// # Errors
/// See [`CompilerError`].
pub fn of_process(tree: &Path, targets: &[String]) -> Result<Compiler, CompilerError> {
    /// Time for rustc to say what it sets.
    const ASK: Duration = Duration::from_secs(60);
    let options = CompilerOptions {
        timeout: ASK,
        work: dirs::work(&dirs::env),
        cache: dirs::cache(&dirs::env),
        environment: Environment::of_process(),
    };
    platforms(tree, targets, &options)
}

/// The host, and the targets of these names in their order. As in cargo, the user's flags are for
/// the host only where no target is named.
///
/// # Errors
/// See [`CompilerError`].
pub fn platforms(
    tree: &Path,
    targets: &[String],
    options: &CompilerOptions,
) -> Result<Compiler, CompilerError> {
    let environment = &options.environment;
    let no_compiler = || CompilerError::NoCompiler {
        tree: tree.to_owned(),
    };
    let cargo = Cargo::find(environment, tree).ok_or_else(no_compiler)?;
    let compiler = cargo.compiler().ok_or_else(no_compiler)?;
    for target in targets {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !target.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !target.chars().all(is_plain)
            || target.ends_with(".json")
        {
            let target = target.clone();
            return Err(CompilerError::NotAName { target });
        }
    }
    let asking = Asking {
        cargo: &cargo,
        compiler: &compiler,
        options,
        configs: toolchain::user_tables(&cargo)
            .map(|(_, table)| table)
            .collect(),
        identity: {
            let mut identity = Fingerprint::new("platform 1");
            toolchain::add(&mut identity, &cargo, environment);
            identity
        },
    };
    let verbose = asking.kept(&["-vV".to_owned()])?;
    let host = host_of(&verbose)?;
    let flags = |triple: &str| asking.flags(triple);
    let host_flags = match targets {
        [] => flags(&host),
        _ => Vec::new(),
    };
    let host = asking.platform(&host, None, &host_flags)?;
    let targets = targets
        .iter()
        .map(|target| asking.platform(target, Some(target), &flags(target)))
        .collect::<Result<_, _>>()?;
    let path = SearchPath::new(environment.get("PATH").unwrap_or_default()).outside(tree);
    // By the name that the `cc` crate tries; on Windows it looks elsewhere.
    let has_c = (!cfg!(windows)).then(|| path.find("cc").is_some());
    Ok(Compiler {
        verbose,
        host,
        targets,
        has_c,
    })
}

/// The programs of a toolchain themselves. Where rustup's stand before them, a toolchain file in the
/// folder that they are started in would say which ones are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    /// The folder of the toolchain.
    pub(crate) root: PathBuf,
    /// Cargo.
    pub(crate) cargo: PathBuf,
    /// The compiler.
    pub(crate) rustc: PathBuf,
    /// What builds documentation, and runs its examples; none if there is none.
    pub(crate) rustdoc: Option<PathBuf>,
}

/// Asks the compiler where it is. `home` is cargo's, where the user's can't be used.
///
/// # Errors
/// What is in the way, in a sentence.
pub(crate) fn programs(cargo: &Cargo, root: &Path, home: &Path) -> Result<Programs, String> {
    let fault = |why: &str| {
        let why = foreign::shown(why);
        format!("rustc does not say where it is: {why}; check the toolchain")
    };
    let compiler = cargo.compiler();
    let compiler = compiler.ok_or_else(|| fault("there is none beside cargo"))?;
    let command = cargo.command_of(&compiler, root, home);
    let sysroot = ask(command, &["--print", "sysroot"]).map_err(|why| fault(&why))?;
    let sysroot = PathBuf::from(sysroot.trim_end());
    // Some systems have them elsewhere than their libraries; what is there is no file of rustup's.
    let itself = |name: &str| {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let program = sysroot.join("bin").join(name);
        is_program(&program).then_some(program)
    };
    let beside = |name: &str| {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let program = compiler.with_file_name(name);
        is_program(&program).then_some(program)
    };
    Ok(Programs {
        cargo: itself("cargo").unwrap_or_else(|| cargo.program().to_owned()),
        rustc: itself("rustc").unwrap_or_else(|| compiler.clone()),
        rustdoc: itself("rustdoc").or_else(|| beside("rustdoc")),
        root: sysroot,
    })
}

/// The platform that a toolchain runs on, as its compiler says; otherwise as [`programs`].
pub(crate) fn host(cargo: &Cargo, root: &Path, home: &Path) -> Option<String> {
    let command = cargo.command_of(&cargo.compiler()?, root, home);
    host_of(&ask(command, &["-vV"]).ok()?).ok()
}

/// What a command of the compiler's says.
fn ask(mut command: Command, arguments: &[&str]) -> Result<String, String> {
    /// Time for rustc to say something about itself.
    const ASK: Duration = Duration::from_secs(60);
    command.args(arguments);
    let (said, status, why) =
        resolve::run(command, ASK, MAX_OUTPUT).map_err(|error| error.to_string())?;
    match status.success() {
        true => String::from_utf8(said).map_err(|_| "it is no text".to_owned()),
        false => Err(why),
    }
}

/// The triple in what `rustc -vV` prints.
fn host_of(verbose: &str) -> Result<String, CompilerError> {
    let host = verbose.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| CompilerError::Failed {
            said: "it does not say which one the host is".to_owned(),
        })
}

struct Asking<'a> {
    cargo: &'a Cargo,
    compiler: &'a Path,
    options: &'a CompilerOptions,
    configs: Vec<Table>,
    identity: Fingerprint,
}

impl Asking<'_> {
    fn platform(
        &self,
        triple: &str,
        target: Option<&str>,
        flags: &[String],
    ) -> Result<Platform, CompilerError> {
        let mut arguments = vec!["--print".to_owned(), "cfg".to_owned()];
        if let Some(target) = target {
            arguments.extend(["--target".to_owned(), target.to_owned()]);
        }
        arguments.extend_from_slice(flags);
        let said = self.kept(&arguments)?;
        Ok(Platform {
            triple: triple.into(),
            cfg: CfgSet::parse(&said),
        })
    }

    /// What the compiler says, or has said before.
    fn kept(&self, arguments: &[String]) -> Result<String, CompilerError> {
        let mut key = self.identity.clone();
        for argument in arguments {
            key.text(argument);
        }
        let key = key.finish();
        let cache = self.options.cache.as_deref().map(Kept::answers);
        let kept = cache.as_ref().and_then(|cache| cache.get(&key, None));
        if let Some(said) = kept.and_then(|bytes| String::from_utf8(bytes).ok()) {
            return Ok(said);
        }
        let said = self.ask(arguments)?;
        if let Some(cache) = cache {
            cache.put(&key, said.as_bytes());
            cache.sweep();
        }
        Ok(said)
    }

    fn ask(&self, arguments: &[String]) -> Result<String, CompilerError> {
        let temporary = Temporary::new(&self.options.work)?;
        let folder = files::root_of(&temporary.0);
        let home = temporary.0.join("home");
        let mut command = self.cargo.command_of(self.compiler, folder, &home);
        command.args(arguments);
        let (said, status, why) = resolve::run(command, self.options.timeout, MAX_OUTPUT)?;
        if !status.success() {
            let said = foreign::shown(&why);
            return Err(CompilerError::Failed { said });
        }
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    /// The user's flags for a target, as cargo takes them: of the first place that has any. A
    /// `target.'cfg( … )'` of the user's is left out: what it says depends on what is asked here.
    fn flags(&self, triple: &str) -> Vec<String> {
        let environment = &self.options.environment;
        let text = |name: &str| environment.get(name)?.to_str().map(str::to_owned);
        if let Some(flags) = text("CARGO_ENCODED_RUSTFLAGS") {
            return relevant(flags.split('\u{1f}'));
        }
        if let Some(flags) = text("RUSTFLAGS") {
            return relevant(flags.split(' '));
        }
        let of = |path: &[&str]| {
            self.configs.iter().find_map(|config| {
                let mut value = config.get(*path.first()?)?;
                for key in path.iter().skip(1) {
                    value = value.get(*key)?;
                }
                Some(match value {
                    Value::String(flags) => relevant(flags.split(' ')),
                    Value::Array(flags) => relevant(flags.iter().filter_map(Value::as_str)),
                    _ => Vec::new(),
                })
            })
        };
        let of_target = of(&["target", triple, "rustflags"]);
        of_target
            .or_else(|| of(&["build", "rustflags"]))
            .unwrap_or_default()
    }
}

/// The flags among these that change what is set.
fn relevant<'a>(flags: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut flags = flags.map(str::trim).filter(|flag| !flag.is_empty());
    let is_codegen = |option: &str| {
        let name = option.split('=').next().unwrap_or_default();
        CODEGEN.contains(&name)
    };
    while let Some(flag) = flags.next() {
        match flag {
            "--cfg" => {
                if let Some(cfg) = flags.next() {
                    kept.extend([flag.to_owned(), cfg.to_owned()]);
                }
            }
            "-C" | "--codegen" => {
                if let Some(option) = flags.next().filter(|option| is_codegen(option)) {
                    kept.extend(["-C".to_owned(), option.to_owned()]);
                }
            }
            _ if flag.starts_with("--cfg=") => kept.push(flag.to_owned()),
            _ => {
                let option = flag.strip_prefix("-C");
                let option = option.or_else(|| flag.strip_prefix("--codegen="));
                if option.is_some_and(is_codegen) {
                    kept.push(flag.to_owned());
                }
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::relevant;

    #[test]
    fn only_flags_that_set_something() {
        let flags = "--cfg a -C linker=x -Ctarget-cpu=native -C target-feature=+aes --cfg=b=\"c\" \
                     @file -o x --codegen=panic=abort -Clink-args=y --cfg";
        assert_eq!(
            relevant(flags.split(' ')),
            [
                "--cfg",
                "a",
                "-Ctarget-cpu=native",
                "-C",
                "target-feature=+aes",
                "--cfg=b=\"c\"",
                "--codegen=panic=abort"
            ]
        );
    }
}
