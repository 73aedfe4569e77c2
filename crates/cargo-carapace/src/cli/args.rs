//! What can be typed.

mod audit_words;
mod dance;
mod publishers;

pub use audit_words::AuditWord;
pub use dance::DanceArgs;
pub use publishers::{ByArg, PublishersArgs, PublishersCommand, PublishersUpdateArgs, SourceArgs};

use std::path::PathBuf;

use carapace_core::census::State;
use carapace_core::facts::unsafety::SiteKind;
use carapace_core::graph::units::FeatureFlags;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Makes it easy to write secure code in Rust
#[derive(Debug, Parser)]
#[command(
    name = "cargo-carapace",
    bin_name = "cargo carapace",
    version,
    styles = STYLES,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "Exit codes: 0 pass; 1 findings that fail; 2 usage or operational error; \
                  3 a check that was asked for could not be made."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell what a project depends on that is known to be bad
    Audit(Box<AuditArgs>),
    /// Tell where unsafe code is, in a project and in all that it depends on
    Unsafe(Box<UnsafeArgs>),
    /// Tell what unsafe code safe code can replace, and replace it
    Dance(Box<DanceArgs>),
    /// Tell who can change what a project depends on, and whether what they published looks right
    Publishers(Box<PublishersArgs>),
    /// Write a carapace.toml: from audit.toml or deny.toml where there is one
    Init(InitArgs),
    /// Fetch, inspect and maintain advisory databases
    Db(DbArgs),
    /// Show a rule's documentation
    Explain(ExplainArgs),
}

/// `init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// A project: its folder or its Cargo.toml [default: the workspace around the current folder]
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// How the answer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[value(alias = "terminal")]
    Human,
    /// One document, `carapace/1`
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// Markdown, for a README or a comment
    Markdown,
    /// A bill of materials with the findings as VEX, CycloneDX 1.6; of `audit`
    #[value(name = "cyclonedx")]
    CycloneDx,
    /// cargo-audit's JSON, a document a line; of `audit`
    CargoAudit,
    /// cargo-geiger's JSON, a document a line; of `unsafe`
    CargoGeiger,
    /// cargo-supply-chain's JSON; of `publishers`
    CargoSupplyChain,
    /// Entries of cargo-vet that trust whoever published what is in use; of `publishers`
    CargoVet,
}

/// Whether colours are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Which configuration counts.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Policy")]
pub struct ConfigArgs {
    /// Take the policy from this file
    #[arg(
        id = "config",
        long = "config",
        value_name = "FILE",
        conflicts_with = "no_project_config"
    )]
    pub named: Option<PathBuf>,
    /// Take no notice of the project's own configuration
    #[arg(long)]
    pub no_project_config: bool,
}

impl ConfigArgs {
    /// Whether the project's own configuration counts, beside what is named.
    #[must_use]
    pub fn is_projects_followed(&self) -> bool {
        !self.no_project_config
    }
}

/// Flags of the network, as cargo has them.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// Use no network
    #[arg(long)]
    pub offline: bool,
    /// Resolve nothing: a project must have a lockfile
    #[arg(long)]
    pub locked: bool,
    /// --offline and --locked
    #[arg(long)]
    pub frozen: bool,
}

/// Flags of the output.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// How the answer looks [default: human]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write the answer to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Use colours
    #[arg(
        short,
        long,
        value_name = "WHEN",
        default_value = "auto",
        env = "CARGO_TERM_COLOR",
        hide_env = true
    )]
    pub color: Color,
    /// Say nothing when all is well
    #[arg(short, long)]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
}

/// `audit`
#[derive(Debug, Default, Args)]
#[command(
    override_usage = "cargo carapace audit [OPTIONS] [PATH]...\n       \
                      cargo carapace audit bin [OPTIONS] PATH...\n       \
                      cargo carapace audit fix [OPTIONS] [PATH]...",
    after_help = "Takes cargo-audit's flags with their meaning and reads `.cargo/audit.toml`. \
                  `-d` reads a folder as it is and never changes it."
)]
pub struct AuditArgs {
    /// The word before the paths, once [`AuditArgs::take_word`] has taken it off them.
    #[arg(skip)]
    pub word: Option<AuditWord>,
    /// Projects, lockfiles (`-` for standard input), binaries, folders of binaries or, with
    /// --recursive, of lockfiles [default: the workspace around the current folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// A lockfile (`-` for standard input)
    #[arg(short, long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A project's Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// Search folders for lockfiles
    #[arg(short, long)]
    pub recursive: bool,
    /// With --recursive: also in `target` folders
    #[arg(long, requires = "recursive")]
    pub include_target: bool,
    /// With --recursive: also in vendored packages
    #[arg(long, requires = "recursive")]
    pub include_vendored: bool,

    /// Change what the project depends on so that nothing of it is found: its lockfile, and its
    /// manifests where that takes it
    #[arg(long, help_heading = "Fix")]
    pub fix: bool,
    /// With --fix: show what would be changed, and change nothing
    #[arg(long, help_heading = "Fix")]
    pub dry_run: bool,

    /// Read no binaries that are larger; 0 for any [default: 536870912]
    #[arg(long, value_name = "BYTES", help_heading = "Binaries")]
    pub max_binary_size: Option<u64>,
    /// Unpack no more of a binary's audit data; 0 for any [default: 8388608]
    #[arg(long, value_name = "BYTES", help_heading = "Binaries")]
    pub audit_data_size_limit: Option<usize>,

    /// Take the advisories from this folder only
    #[arg(short, long, value_name = "FOLDER", help_heading = "Advisories")]
    pub db: Vec<PathBuf>,
    /// Take the advisories of this folder too
    #[arg(long, value_name = "FOLDER", help_heading = "Advisories")]
    pub add_db: Vec<PathBuf>,
    /// Fetch the advisories from this git repository or .tar.gz
    #[arg(
        short,
        long,
        value_name = "URL",
        conflicts_with = "db",
        help_heading = "Advisories"
    )]
    pub url: Option<String>,
    /// Fetch no advisories and ask no registry
    #[arg(short, long, help_heading = "Advisories")]
    pub no_fetch: bool,
    /// Accept advisories of any age
    #[arg(long, help_heading = "Advisories")]
    pub stale: bool,
    /// Accept advisories of at most so many days; older ones make the run incomplete [default: 90,
    /// a gap; in CI incomplete]
    #[arg(
        long,
        value_name = "DAYS",
        conflicts_with = "stale",
        help_heading = "Advisories"
    )]
    pub max_age: Option<u32>,

    /// Fail on warnings, unmaintained, unsound, notice or yanked
    #[arg(short = 'D', long, value_name = "KIND", value_delimiter = ',', value_parser = deny, help_heading = "Policy")]
    pub deny: Vec<carapace_core::policy::Deny>,
    /// Leave an advisory out, by its id or another of its names
    #[arg(
        long,
        value_name = "ID",
        value_delimiter = ',',
        help_heading = "Policy"
    )]
    pub ignore: Vec<String>,
    /// Take the findings in this file for known: they are notes, and only what is new fails
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub baseline: Option<PathBuf>,
    /// Write what there is to the baseline
    #[arg(long, conflicts_with = "fix", help_heading = "Policy")]
    pub write_baseline: bool,
    /// Look for no yanked, removed or swapped versions
    #[arg(long, help_heading = "Policy")]
    pub no_yanked: bool,
    /// Know whether the functions that advisories name are reached, or be incomplete
    #[arg(long, help_heading = "Policy")]
    pub reachable: bool,
    /// Leave out what is not for this architecture
    #[arg(long, value_name = "ARCH", help_heading = "Policy")]
    pub target_arch: Vec<String>,
    /// Leave out what is not for this system
    #[arg(long, value_name = "OS", help_heading = "Policy")]
    pub target_os: Vec<String>,
    /// Which configuration counts.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// What is shipped [default: all features of the workspace's members].
    #[command(flatten)]
    pub built: BuiltArgs,

    /// Ask this sparse index instead of crates.io's
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub registry_index: Option<String>,
    /// Flags of the network.
    #[command(flatten)]
    pub network: NetworkArgs,

    /// cargo-audit's JSON: --format cargo-audit
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Flags of the output.
    #[command(flatten)]
    pub output: OutputArgs,
}

fn deny(name: &str) -> Result<carapace_core::policy::Deny, String> {
    use carapace_core::policy::Deny;
    Deny::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Deny::NAMES.iter().map(|(name, _)| *name).collect();
        format!("one of {}", names.join(", "))
    })
}

/// cargo-geiger's name for how the answer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum GeigerFormat {
    /// --charset ascii
    Ascii,
    /// --charset utf8
    Utf8,
    /// --format cargo-geiger
    Json,
    /// --format markdown
    #[value(name = "GitHubMarkdown")]
    GitHubMarkdown,
    /// Not here: safe code is not counted
    Ratio,
}

/// The characters of trees and symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CharsetArg {
    /// Lines and emoji
    Utf8,
    /// ASCII alone
    Ascii,
}

/// Which packages of a workspace are judged, and as what, as cargo has it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Judge all members of the workspace
    #[arg(long)]
    pub workspace: bool,
    /// Count what tests, examples and benchmarks have as used, too
    #[arg(long)]
    pub all_targets: bool,
    /// What is built of them.
    #[command(flatten)]
    pub built: BuiltArgs,
}

/// With which features, for what, and with what for tests, as cargo has it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct BuiltArgs {
    /// Features to activate, with spaces or commas between
    #[arg(short = 'F', long, value_name = "FEATURES")]
    pub features: Vec<String>,
    /// Activate all features
    #[arg(long)]
    pub all_features: bool,
    /// Do not activate the `default` feature
    #[arg(long)]
    pub no_default_features: bool,
    /// Judge for this platform [default: this machine's; of `audit` and
    /// `publishers`, every one counts]
    #[arg(long, value_name = "TRIPLE")]
    pub target: Vec<String>,
    /// Leave dependencies for tests out
    #[arg(long)]
    pub no_dev: bool,
}

impl BuiltArgs {
    /// The features, as the graph takes them.
    #[must_use]
    pub fn flags(&self) -> FeatureFlags {
        FeatureFlags {
            features: self.features.clone(),
            all: self.all_features,
            no_default: self.no_default_features,
        }
    }

    /// Whether some are named: what is shipped is built with these.
    #[must_use]
    pub fn names_features(&self) -> bool {
        !self.features.is_empty() || self.all_features || self.no_default_features
    }
}

/// `unsafe`
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Without a policy or a baseline this is an inventory and ends with 0. Takes \
                  cargo-geiger's flags where they mean something here: nothing is built unless \
                  --compiled asks for it."
)]
pub struct UnsafeArgs {
    /// A project: its folder or its Cargo.toml [default: the workspace around the current folder]
    #[arg(value_name = "PATH", conflicts_with = "manifest_path")]
    pub path: Option<PathBuf>,
    /// A project's Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// Judge the package in this folder alone, as it was unpacked or written
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["path", "manifest_path", "workspace"])]
    pub no_deps: Option<PathBuf>,
    /// Build the project, in a folder of our own, and compare with what the compiler saw; runs its
    /// build scripts and procedural macros
    #[arg(long, conflicts_with = "no_deps")]
    pub compiled: bool,

    /// Which packages are judged, and as what.
    #[command(flatten)]
    pub selection: SelectionArgs,

    /// List the unsafe sites of a package of the graph, NAME or NAME@VERSION; of a workspace's
    /// members only those named are judged then
    #[arg(short, long = "package", value_name = "SPEC", help_heading = "Sites")]
    pub packages: Vec<String>,
    /// List the unsafe sites
    #[arg(long, help_heading = "Sites")]
    pub sites: bool,
    /// List the sites of these kinds
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',', value_parser = kind, help_heading = "Sites")]
    pub kinds: Vec<SiteKind>,
    /// List the sites in these states [default: active,unknown]
    #[arg(long = "state", value_name = "STATE", value_delimiter = ',', value_parser = state, help_heading = "Sites")]
    pub states: Vec<State>,
    /// List the sites that do not tell why they are sound
    #[arg(long, help_heading = "Sites")]
    pub without_safety: bool,

    /// Fail on unsafe code that this file does not have
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub baseline: Option<PathBuf>,
    /// Write what there is to the baseline
    #[arg(long, conflicts_with = "since", help_heading = "Policy")]
    pub write_baseline: bool,
    /// Fail on unsafe code that this revision does not have
    #[arg(long, value_name = "REV", help_heading = "Policy")]
    pub since: Option<String>,
    /// Which configuration counts.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Turn the tree around: who depends on a package [default: on those of --package]
    #[arg(short, long, value_name = "SPEC", num_args = 0..=1, help_heading = "Table")]
    pub invert: Option<Vec<String>>,
    /// List each package once, those with the most unsafe code first
    #[arg(long, conflicts_with_all = ["invert", "prefix_depth", "no_indent"], help_heading = "Table")]
    pub table: bool,
    /// Begin each line with its depth instead of lines of a tree
    #[arg(long, conflicts_with = "no_indent", help_heading = "Table")]
    pub prefix_depth: bool,
    /// Draw no tree
    #[arg(long, help_heading = "Table")]
    pub no_indent: bool,
    /// Show what a package depends on each time that the package is shown
    #[arg(short, long, help_heading = "Table")]
    pub all: bool,
    /// Show only which packages forbid unsafe code
    #[arg(short, long, help_heading = "Table")]
    pub forbid_only: bool,
    /// Count what tests have as used, too
    #[arg(long, help_heading = "Table")]
    pub include_tests: bool,
    /// Besides what is shipped, show only what build scripts need
    #[arg(long, help_heading = "Table")]
    pub build_dependencies: bool,
    /// Besides what is shipped, show only what tests need
    #[arg(long, help_heading = "Table")]
    pub dev_dependencies: bool,
    /// Show what build scripts and tests need, which is done anyway
    #[arg(long, help_heading = "Table")]
    pub all_dependencies: bool,
    /// The characters of trees and symbols [default: as the locale has them]
    #[arg(long, value_name = "CHARSET", help_heading = "Table")]
    pub charset: Option<CharsetArg>,

    /// Flags of the network.
    #[command(flatten)]
    pub network: NetworkArgs,

    /// How the answer looks, as cargo-geiger names it
    #[arg(
        long,
        value_name = "FORMAT",
        ignore_case = true,
        conflicts_with = "format",
        help_heading = "Output"
    )]
    pub output_format: Option<GeigerFormat>,
    /// Flags of the output.
    #[command(flatten)]
    pub output: OutputArgs,
}

fn kind(name: &str) -> Result<SiteKind, String> {
    SiteKind::from_name(name).ok_or_else(|| {
        let names = SiteKind::ALL.map(SiteKind::name);
        format!("one of {}", names.join(", "))
    })
}

fn state(name: &str) -> Result<State, String> {
    let found = State::ALL.into_iter().find(|state| state.name() == name);
    found.ok_or_else(|| {
        let names = State::ALL.map(State::name);
        format!("one of {}", names.join(", "))
    })
}

/// `db`
#[derive(Debug, Args)]
pub struct DbArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: DbCommand,
}

/// What to do with databases.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Take a database in; runs use it until a newer one comes
    Update {
        /// A folder, a git repository or the https address of a .tar.gz [default: where it came
        /// from before, at first RustSec's]
        #[arg(long, value_name = "SOURCE")]
        source: Option<String>,
        /// Keep it under a name of its own, beside RustSec's
        #[arg(long, value_name = "NAME", default_value = "main")]
        name: String,
        /// Take it in though it is older than what is held
        #[arg(long)]
        allow_older: bool,
        /// Use no network
        #[arg(long)]
        offline: bool,
        /// Say nothing when all is well
        #[arg(short, long)]
        quiet: bool,
    },
    /// Show which databases are held, how old they are and what of them could not be read
    Status,
    /// Forget a database that was taken in
    Remove {
        /// Its name
        #[arg(default_value = "main")]
        name: String,
    },
    /// Write the facts of a database, without its texts, to one file: what is built into the program
    Snapshot {
        /// A folder, a git repository or the https address of a .tar.gz
        #[arg(long, value_name = "SOURCE")]
        source: String,
        /// The address to name as its source
        #[arg(long, value_name = "URL", default_value = crate::advisories::RUSTSEC_REPOSITORY)]
        label: String,
        /// The file to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A rule's code or name; none lists the rules
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}
