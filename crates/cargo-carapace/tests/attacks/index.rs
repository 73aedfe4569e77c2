//! What the registry's index tells: new dependencies, near names, young versions, yanked predecessors.

use serde_json::Value;

use crate::draw::{Draw, at};
use crate::support::registry::Supplied;

/// An attack and its twin.
struct Row {
    /// What happened.
    of: &'static str,
    /// The package that the project depends on.
    depends: String,
    /// What is published when the project takes its packages.
    bad: Vec<String>,
    /// The same, but for one fact.
    good: Vec<String>,
    arguments: &'static [&'static str],
    /// The rule that shows it, the package that it is shown for, and what its finding tells.
    code: &'static str,
    package: String,
    tells: Vec<String>,
}

const MINUTE: i64 = 60;
const YEAR: i64 = 365 * 86_400;

#[test]
fn each_is_shown_and_its_twin_is_not() {
    let mut draw = Draw::new();
    let seed = draw.seed;
    let rows: [fn(&mut Draw) -> Row; 9] = [
        new_edge,
        new_build_edge,
        forced_off_good_versions,
        without_separator,
        a_letter_less,
        words_in_another_order,
        one_hop_down,
        burst,
        younger_than_wanted,
    ];
    for row in rows {
        let row = row(&mut draw);
        let told = |what: &str, document: &Value| {
            format!(
                "CARAPACE_TEST_SEED={seed}: {}, {what}: {document:#}",
                row.of
            )
        };
        let bad = judged(&row, &row.bad);
        let found = findings(&bad);
        let shown = found.iter().find(|finding| {
            let package = finding["package"].as_str().unwrap();
            finding["code"] == row.code && package.contains(&format!("#{}@", row.package))
        });
        let shown = shown.unwrap_or_else(|| panic!("{}", told("not shown", &bad)));
        assert_ne!(shown["level"], "note", "{}", told("only noted", &bad));
        for text in &row.tells {
            let is_told = shown.to_string().contains(text);
            assert!(is_told, "{text}: {}", told("not told", &bad));
        }
        let good = judged(&row, &row.good);
        assert!(
            findings(&good).is_empty(),
            "{}",
            told("a twin is shown", &good)
        );
    }
}

/// The findings that tell signals of the index.
fn findings(document: &Value) -> Vec<&Value> {
    let findings = document["findings"].as_array().unwrap().iter();
    let signals = findings.filter(|finding| finding["code"].as_str().unwrap().starts_with("SUP02"));
    signals.collect()
}

/// The document on a project that depends on a package, from a registry that has these.
fn judged(row: &Row, releases: &[String]) -> Value {
    let world = Supplied::unlocked(&format!("{} = \"*\"\n", row.depends));
    world.registry.publish(releases);
    world.lock();
    world.cargo(&["fetch", "--locked"]);
    // What the registry says is kept, and answers without a network.
    world.advisory(1, "another", "\">= 1\"");
    world.audit(&[]).run();
    let run = world.world.plain(&["publishers", "--offline"]);
    let output = run.args(row.arguments).args(["--format", "json"]).run();
    output.json()
}

/// Releases of a package over some years, without what is new.
fn releases(draw: &mut Draw, name: &str, count: usize) -> Vec<String> {
    let mut times: Vec<i64> = (0..count).map(|_| draw.ago(10_000, 2_500)).collect();
    times.sort_unstable();
    let times = times.into_iter().enumerate();
    times
        .map(|(number, time)| format!("{name} 0.3.{number} at={}", at(time)))
        .collect()
}

/// arrayref 0.3.10, of a stolen account: one line more, to a package of the same hour.
fn new_edge(draw: &mut Draw) -> Row {
    let (package, helper) = (draw.name(), draw.name());
    let mut all = releases(draw, &package, 5);
    let time = draw.ago(2, 3);
    all.push(format!("{package} 0.3.9 at={}: {helper} ^0.1", at(time)));
    let with = |born: i64| {
        [
            all.clone(),
            vec![format!("{helper} 0.1.0 script at={}", at(born))],
        ]
    };
    let born = time - 20 * MINUTE;
    Row {
        of: "arrayref 0.3.10",
        bad: with(born).concat(),
        good: with(time - YEAR).concat(),
        arguments: &[],
        code: "SUP020",
        tells: vec![
            helper,
            "20 minutes before".to_owned(),
            "runs code on the machine that builds it".to_owned(),
        ],
        depends: package.clone(),
        package,
    }
}

/// The same by way of the build script's dependencies.
fn new_build_edge(draw: &mut Draw) -> Row {
    let (package, helper) = (draw.name(), draw.name());
    let old = releases(draw, &package, 3);
    let time = draw.ago(2, 20);
    let born = time - 60 * MINUTE;
    let with = |needs: &str| {
        let newest = format!("{package} 0.3.9 script at={}{needs}", at(time));
        let helper = format!("{helper} 0.1.0 at={}", at(born));
        [old.clone(), vec![newest, helper]].concat()
    };
    Row {
        of: "append-only-vec",
        bad: with(&format!(": build:{helper} ^0.1")),
        good: with(""),
        arguments: &[],
        code: "SUP020",
        tells: vec![helper.clone(), "60 minutes before".to_owned()],
        depends: package.clone(),
        package,
    }
}

/// arrayref again: who resolves anew is left with the bad version.
fn forced_off_good_versions(draw: &mut Draw) -> Row {
    let package = draw.name();
    let good = releases(draw, &package, 4);
    let newest = format!("{package} 0.3.9 at={}", at(draw.ago(2, 3)));
    let yanked = |release: &String| release.replacen(" at=", "! at=", 1);
    let mut bad: Vec<String> = good.iter().map(yanked).collect();
    bad.push(newest.clone());
    Row {
        of: "arrayref's good versions",
        bad,
        good: [good, vec![newest]].concat(),
        arguments: &[],
        code: "SUP023",
        tells: vec!["0.3.3".to_owned(), "0.3.2".to_owned()],
        depends: package.clone(),
        package,
    }
}

/// A package with this name, young or not.
fn named(draw: &mut Draw, of: &'static str, known: &str, name: String) -> Row {
    let first = draw.ago(30, 100);
    let with = |first: i64| {
        let release = |patch: i64| format!("{name} 1.0.{patch} at={}", at(first + patch * 3_600));
        vec![release(0), release(1)]
    };
    Row {
        of,
        bad: with(first),
        good: with(first - 3 * YEAR),
        arguments: &[],
        code: "SUP021",
        tells: vec![format!("{name} is named like"), format!("{known}: ")],
        depends: name.clone(),
        package: name,
    }
}

fn without_separator(draw: &mut Draw) -> Row {
    let (known, name) = draw.like(|name| {
        let joined = name.replace(['-', '_'], "");
        (joined.len() < name.len()).then_some(joined)
    });
    named(draw, "rustdecimal, oncecell, lazystatic", known, name)
}

fn a_letter_less(draw: &mut Draw) -> Row {
    let place = 1 + draw.below(3);
    let (known, name) = draw.like(|name| {
        let is_word = name.len() > 6 && name.bytes().all(|byte| byte.is_ascii_lowercase());
        is_word.then(|| format!("{}{}", &name[..place], &name[place + 1..]))
    });
    named(draw, "serd", known, name)
}

fn words_in_another_order(draw: &mut Draw) -> Row {
    let (known, name) = draw.like(|name| {
        let (first, second) = name.split_once('-')?;
        (!second.contains(['-', '_'])).then(|| format!("{second}-{first}"))
    });
    named(draw, "if-cfg", known, name)
}

/// finch-rust and sha-rust: what is asked for is empty, and brings what does harm.
fn one_hop_down(draw: &mut Draw) -> Row {
    let (package, payload) = (draw.name(), draw.name());
    let time = draw.ago(2, 25);
    let with = |born: i64| {
        vec![
            format!("{package} 0.1.0 at={}: {payload} ^0.1", at(time)),
            format!("{payload} 0.1.0 at={}", at(born)),
        ]
    };
    Row {
        of: "finch-rust, sha-rust",
        bad: with(time - 5 * MINUTE),
        good: with(time - 2 * YEAR),
        arguments: &[],
        code: "SUP020",
        tells: vec![payload.clone(), "5 minutes before".to_owned()],
        depends: package.clone(),
        package,
    }
}

/// uniswap-utils and evm-units: a harmless version first, then one that brings the other.
fn burst(draw: &mut Draw) -> Row {
    let (package, payload) = (draw.name(), draw.name());
    let time = draw.ago(2, 25);
    let with = |time: i64| {
        vec![
            format!("{package} 0.1.0 at={}", at(time - 30 * MINUTE)),
            format!("{package} 0.1.1 at={}: {payload} ^1", at(time)),
            format!("{package} 0.1.2 at={}: {payload} ^1", at(time + MINUTE)),
            format!("{payload} 1.0.0 at={}", at(time - 10 * MINUTE)),
        ]
    };
    Row {
        of: "uniswap-utils, evm-units",
        bad: with(time),
        good: with(time - YEAR),
        arguments: &[],
        code: "SUP020",
        tells: vec![format!("{package} 0.1.1 of"), payload],
        depends: package.clone(),
        package,
    }
}

/// time_calibrator, polymarket-…: found and removed within hours.
fn younger_than_wanted(draw: &mut Draw) -> Row {
    let package = draw.name();
    let (age, time) = (8 * 86_400, draw.ago(2, 6));
    let with = |time: i64| vec![format!("{package} 0.1.0 at={}", at(time))];
    Row {
        of: "time_calibrator",
        bad: with(time),
        good: with(time - age),
        arguments: &["--min-age", "7days"],
        code: "SUP022",
        tells: vec![at(time)[..10].to_owned()],
        depends: package.clone(),
        package,
    }
}

#[test]
fn a_workspace_that_is_released_at_once_is_only_noted() {
    let mut draw = Draw::new();
    let (package, time) = (draw.name(), draw.ago(2, 25));
    let mut all = releases(&mut draw, &package, 3);
    let core = format!("{package}-core");
    all.push(format!("{core} 1.0.0 at={}", at(time - MINUTE)));
    all.push(format!("{package} 1.0.0 at={}: {core} ^1", at(time)));
    let row = named(&mut draw, "", "", package);
    let document = judged(&row, &all);
    let levels: Vec<&Value> = findings(&document).iter().map(|f| &f["level"]).collect();
    let seed = draw.seed;
    assert_eq!(levels, ["note"], "CARAPACE_TEST_SEED={seed}: {document:#}");
}

#[test]
fn a_version_without_a_date_is_not_old_enough() {
    let mut draw = Draw::new();
    let package = draw.name();
    let mut row = named(&mut draw, "", "", package.clone());
    row.arguments = &["--min-age", "7days"];
    let undated = judged(&row, &[format!("{package} 1.0.0")]);
    assert_eq!(undated["verdict"], "incomplete", "{undated:#}");
    let gaps = undated["gaps"].as_array().unwrap();
    let is_told = gaps.iter().any(|gap| {
        gap["what"] == "min-age"
            && gap["blocking"] == true
            && gap["package"].to_string().contains(&package)
    });
    assert!(is_told, "{undated:#}");
    let dated = judged(
        &row,
        &[format!("{package} 1.0.0 at={}", at(draw.ago(1_000, 90)))],
    );
    assert_eq!(dated["verdict"], "pass", "{dated:#}");
}

#[test]
fn what_policy_exempts_is_left_out_and_told() {
    let mut draw = Draw::new();
    let row = younger_than_wanted(&mut draw);
    let world = Supplied::unlocked(&format!("{} = \"*\"\n", row.depends));
    world.registry.publish(&row.bad);
    world.lock();
    world.cargo(&["fetch", "--locked"]);
    world.advisory(1, "another", "\">= 1\"");
    world.audit(&[]).run();
    let judge = |config: String, code: i32| {
        world.world.write("project/carapace.toml", config);
        world.world.plain(&["publishers", "--offline"]).json(code)
    };
    let wanted = "[publishers]\nmin-age = \"7days\"\n";
    judge(wanted.to_owned(), 1);
    let exempt = |until: &str| {
        format!(
            "{wanted}[[publishers.exempt]]\npackage = {:?}\nreason = \"a fix\"\nuntil = {until:?}\n",
            row.package
        )
    };
    let document = judge(exempt("2026-06-15"), 0);
    let ignored = document["ignored"].as_array().unwrap();
    let is_told = ignored.iter().any(|ignored| ignored["code"] == "SUP022");
    assert!(is_told, "{document:#}");
    let effect = document["config"][0]["effect"].as_str().unwrap();
    assert!(effect.contains("a fix (until 2026-06-15)"), "{effect}");
    judge(exempt("2026-06-14"), 1);
    // An organisation's policy is not loosened.
    world.world.write("policy.toml", wanted);
    world
        .world
        .write("project/carapace.toml", exempt("2026-06-15"));
    let run = world.world.plain(&["publishers", "--offline"]);
    run.set("CARAPACE_POLICY", world.world.path("policy.toml"))
        .json(1);
}
