//! The rows of a made-up registry.

use super::Scale;
use super::table::{Field, Table};
use crate::fuzz::rng::Rng;

/// Parts of names, logins and texts.
const PARTS: [&str; 40] = [
    "amber", "basalt", "cedar", "delta", "ember", "fjord", "glyph", "harbor", "indigo", "jasper",
    "kelp", "lumen", "marble", "nectar", "onyx", "prism", "quartz", "ridge", "sable", "thicket",
    "umbra", "velvet", "willow", "xenon", "yarrow", "zephyr", "anvil", "bramble", "copper", "dune",
    "echo", "flint", "grove", "hazel", "iris", "juniper", "knoll", "loom", "moss", "nimbus",
];

/// A registry; what it has of a kind is numbered, and made of its number and the seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Registry(Scale);

impl Registry {
    pub(super) fn new(scale: Scale) -> Self {
        Self(scale)
    }

    /// Random numbers for one thing of a kind.
    fn rng(self, kind: u64, number: u64) -> Rng {
        let mut rng = Rng::new(self.0.seed ^ kind << 56 ^ number << 8);
        rng.next();
        rng
    }

    /// How many of something there are, counted from 0, each made by `row`.
    fn table(
        self,
        name: &'static str,
        columns: &'static [&'static str],
        count: u64,
        row: impl Fn(Self, u64) -> Vec<Field> + 'static,
    ) -> Table {
        let mut numbers = 0..count;
        Table {
            name,
            columns,
            rows: Box::new(move || numbers.next().map(|number| row(self, number))),
        }
    }

    /// All tables that matter here and some that do not, in the order of crates.io's dump: those that
    /// others refer to come first.
    pub(super) fn tables(self) -> Vec<Table> {
        let scale = self.0;
        let teams = scale.users / 20 + 1;
        vec![
            self.table(
                "crate_downloads",
                &["crate_id", "downloads"],
                scale.crates,
                |of, at| {
                    let downloads = u64::MAX / (of.rng(1, at).next() / 8 + 1) + at % 97;
                    vec![number(crate_id(at)), number(downloads)]
                },
            ),
            self.table(
                "crates",
                &[
                    "created_at",
                    "description",
                    "documentation",
                    "homepage",
                    "id",
                    "max_features",
                    "max_upload_size",
                    "name",
                    "readme",
                    "repository",
                    "trustpub_only",
                    "updated_at",
                ],
                scale.crates,
                Self::package,
            ),
            self.table(
                "teams",
                &["avatar", "github_id", "id", "login", "name", "org_id"],
                teams,
                |of, at| {
                    let mut rng = of.rng(3, at);
                    let login = format!("github:{}-{at}:{}", part(&mut rng), part(&mut rng));
                    let name = (at % 3 > 0).then(|| part(&mut rng).to_owned());
                    vec![
                        None,
                        number(at + 9_000),
                        number(at + 1),
                        Some(login),
                        name,
                        number(at),
                    ]
                },
            ),
            self.table(
                "users",
                &["created_at", "gh_id", "gh_login", "id", "name", "username"],
                scale.users,
                |of, at| {
                    let mut rng = of.rng(4, at);
                    let login = format!("{}-{}-{at}", part(&mut rng), part(&mut rng));
                    let name = match at % 5 {
                        0 => None,
                        1 => Some(String::new()),
                        2 => Some(format!("{}, \"{}\"", part(&mut rng), part(&mut rng))),
                        _ => Some(format!("{} {}", part(&mut rng), part(&mut rng))),
                    };
                    let username = if at % 50 == 0 {
                        format!("{login}-here")
                    } else {
                        login.clone()
                    };
                    let id = number(user_id(at));
                    let joined = time(&mut rng, 0);
                    vec![
                        joined,
                        number(at + 5_000),
                        Some(login),
                        id,
                        name,
                        Some(username),
                    ]
                },
            ),
            self.table(
                "crate_owners",
                &[
                    "crate_id",
                    "created_at",
                    "created_by",
                    "owner_id",
                    "owner_kind",
                ],
                scale.crates * 4 / 3,
                move |of, at| {
                    let package = at % of.0.crates;
                    let mut rng = of.rng(5, at);
                    let user = of.owner(package);
                    let other = user_id(package * 7 % of.0.users);
                    let is_first = at < of.0.crates;
                    let is_team = !is_first && (at % 4 == 0 || other == user);
                    let owner = match (is_first, is_team) {
                        (true, _) => user,
                        (_, true) => package % teams + 1,
                        (_, false) => other,
                    };
                    let kind = u64::from(is_team);
                    vec![
                        number(crate_id(package)),
                        time(&mut rng, 0),
                        number(user),
                        number(owner),
                        number(kind),
                    ]
                },
            ),
            self.table(
                "deleted_crates",
                &[
                    "available_at",
                    "created_at",
                    "deleted_at",
                    "deleted_by",
                    "id",
                    "message",
                    "name",
                ],
                scale.crates / 100,
                |of, at| {
                    let mut rng = of.rng(6, at);
                    let name = Some(format!("gone-{}-{at}", part(&mut rng)));
                    let (made, gone) = (time(&mut rng, 0), time(&mut rng, 500));
                    vec![gone.clone(), made, gone, None, number(at + 1), None, name]
                },
            ),
            self.table(
                "versions",
                &[
                    "bin_names",
                    "categories",
                    "crate_id",
                    "crate_size",
                    "created_at",
                    "description",
                    "documentation",
                    "downloads",
                    "edition",
                    "features",
                    "has_lib",
                    "homepage",
                    "id",
                    "keywords",
                    "license",
                    "links",
                    "num",
                    "num_no_build",
                    "published_by",
                    "repository",
                    "rust_version",
                    "tar_sha256",
                    "updated_at",
                    "yanked",
                    "zip_json_sha256",
                    "zip_sha256",
                ],
                scale.versions,
                Self::version,
            ),
            self.table(
                "version_downloads",
                &["date", "downloads", "version_id"],
                scale.versions,
                |of, at| {
                    let downloads = of.rng(8, at).below(5_000) as u64;
                    vec![
                        Some("2026-08-19".to_owned()),
                        number(downloads),
                        number(at + 1),
                    ]
                },
            ),
        ]
    }

    fn package(self, at: u64) -> Vec<Field> {
        let mut rng = self.rng(2, at);
        let name = name(&mut rng, at);
        let readme = match at % 4 {
            0 => None,
            _ => Some(format!(
                "# {name}\n\n{}\n\n```toml\n[dependencies]\n{name} = \"1\"\n```\n",
                text(&mut rng, 60)
            )),
        };
        let repository = Some(format!("https://git.example/{}/{name}", part(&mut rng)));
        let is_trusted_only = if at % 40 == 7 { "t" } else { "f" };
        vec![
            time(&mut rng, at * 100 / self.0.crates),
            Some(text(&mut rng, 8)),
            None,
            None,
            number(crate_id(at)),
            None,
            None,
            Some(name),
            readme,
            repository,
            Some(is_trusted_only.to_owned()),
            time(&mut rng, 600),
        ]
    }

    /// Packages have one version each, and some have many more.
    fn version(self, at: u64) -> Vec<Field> {
        let crates = self.0.crates;
        let round = at / crates;
        // Each round of as many versions as there are packages goes to fewer of them.
        let package = match round {
            0 => at,
            _ => at % (crates / (round + 1)).max(1),
        };
        let mut rng = self.rng(7, at);
        // Within a package every number is another one, as every row is.
        let nth = at / (crates / (round + 1)).max(1);
        let num = match nth % 30 {
            29 => format!("{}.0.0-rc.{nth}.{round}", nth / 40),
            _ => format!("{}.{}.{}", nth / 40, nth % 40 / 8, nth * 1_000 + round),
        };
        let publisher = (!at.is_multiple_of(11)).then(|| self.owner(package).to_string());
        let hash = |rng: &mut Rng| {
            let hex: String = (0..4).map(|_| format!("{:016x}", rng.next())).collect();
            Some(format!("\\x{hex}"))
        };
        let yanked = if at.is_multiple_of(60) { "t" } else { "f" };
        let one = |text: &str| Some(text.to_owned());
        vec![
            one("{}"),
            one("{}"),
            number(crate_id(package)),
            number(rng.below(100_000) as u64),
            time(&mut rng, nth * 20),
            Some(text(&mut rng, 6)),
            None,
            number(rng.below(9_000) as u64),
            one("2021"),
            one("{\"default\": [\"std\"], \"std\": []}"),
            one("t"),
            None,
            number(at + 1),
            one("{}"),
            one("MIT OR Apache-2.0"),
            None,
            Some(num.clone()),
            Some(num),
            publisher,
            None,
            one("1.70"),
            hash(&mut rng),
            time(&mut rng, nth * 20),
            one(yanked),
            None,
            None,
        ]
    }

    /// The user who made a package; some made many.
    fn owner(self, package: u64) -> u64 {
        let one = self.rng(9, package).below(1 << 20) as u64;
        user_id((one * one * self.0.users) >> 40)
    }
}

fn crate_id(at: u64) -> u64 {
    at * 3 + 11
}

fn user_id(at: u64) -> u64 {
    at * 2 + 5
}

fn number(number: u64) -> Field {
    Some(number.to_string())
}

fn part(rng: &mut Rng) -> &'static str {
    rng.pick(&PARTS).copied().unwrap_or_default()
}

/// A package's name: another one for every number.
fn name(rng: &mut Rng, at: u64) -> String {
    match at % 3 {
        0 => format!("{}{at}", part(rng)),
        1 => format!("{}_{}_{at}", part(rng), part(rng)),
        _ => format!("{}-{}{at}", part(rng), part(rng)),
    }
}

/// Some lines of words, which may be quoted.
fn text(rng: &mut Rng, words: usize) -> String {
    let mut text = String::new();
    for word in 0..words / 2 + rng.below(words) {
        text += part(rng);
        text += match (word % 12, rng.below(20)) {
            (11, _) => ".\n",
            (_, 0) => ", ",
            (_, 1) => " \"",
            _ => " ",
        };
    }
    text
}

/// A time so many days after the end of 2014 or up to some years later, and none after 2026-08-15.
fn time(rng: &mut Rng, days: u64) -> Field {
    let days = (16_435 + days + rng.below(1_000) as u64).min(20_680);
    let seconds = i64::try_from(days * 86_400 + rng.below(86_400) as u64).unwrap_or_default();
    let time = carapace_core::knowledge::date::rfc3339(seconds)?;
    let (day, of_day) = time.trim_end_matches('Z').split_once('T')?;
    Some(format!("{day} {of_day}.{:06}+00", rng.below(1_000_000)))
}
