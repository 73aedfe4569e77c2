//! Whole dumps, from their tables to what the index says of them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use semver::Version;

use super::*;
use crate::knowledge::advisory::index::{IndexError, piece};
use crate::knowledge::people::index::{Index, bytes_needed};
use crate::knowledge::people::{Account, AccountId, FactSource, Owner, People, Publisher};

/// Files of a dump, by their paths in its folder.
type Files = Vec<(&'static str, String)>;

fn files() -> Files {
    let table = |name, text: &str| (name, text.to_owned());
    vec![
        table(
            "metadata.json",
            "{\"timestamp\": \"2026-03-04T05:06:07.89Z\"}",
        ),
        table(
            "data/crate_downloads.csv",
            "crate_id,downloads\n7,10\n8,900\n",
        ),
        table(
            "data/versions.csv",
            "created_at,crate_id,id,num,published_by,yanked\n\
             2020-01-03 00:00:00+00,7,1,1.0.0,5,f\n\
             2020-01-02 23:59:59.9+00,7,2,0.9.0-rc.1+b,,t\n\
             2021-01-02 00:00:00+00,8,3,1.0.0,4,f\n",
        ),
        table(
            "data/crates.csv",
            "created_at,id,name,readme,trustpub_only\n\
             2020-01-02 00:00:00+00,7,brook,\"a,\nb\",t\n\
             2021-01-02 00:00:00+00,8,acorn,,f\n",
        ),
        table(
            "data/crate_owners.csv",
            "crate_id,created_at,created_by,owner_id,owner_kind\n\
             7,2020-01-02 00:00:00+00,,5,1\n\
             7,2022-01-02 00:00:00+00,5,5,0\n\
             8,2021-01-02 00:00:00+00,,4,0\n",
        ),
        table(
            "data/teams.csv",
            "id,login,name,org_id\n5,github:grove:core,Core,1\n",
        ),
        table(
            "data/users.csv",
            "created_at,gh_id,gh_login,id,name,username\n\
             ,1,ada-at-hub,5,\"Ada \"\"A\"\" Finch\",ada\n\
             2019-05-06 00:00:00+00,2,bo,4,,bo\n",
        ),
        table(
            "data/deleted_crates.csv",
            "created_at,id,name\n\
             2019-01-01 00:00:00+00,1,acorn\n\
             2019-01-01 00:00:00+00,2,gone\n",
        ),
    ]
}

/// The same with a file replaced, or without it.
fn with(name: &str, text: Option<&str>) -> Files {
    let files = files()
        .into_iter()
        .filter_map(|(path, own)| match path == name {
            true => text.map(|text| (path, text.to_owned())),
            false => Some((path, own)),
        });
    files.collect()
}

/// The index of a dump that comes in pieces of so many bytes.
fn index(files: &Files, step: usize) -> Result<(DumpInfo, Vec<u8>), DumpError> {
    let mut dump = Dump::default();
    for (path, text) in files {
        assert!(dump.open(&format!("2025-12-31-235958/{path}"))?);
        for chunk in text.as_bytes().chunks(step) {
            dump.feed(chunk)?;
        }
        dump.close()?;
    }
    let (info, parts) = dump.index(DumpInfo::default())?;
    Ok((info, parts.concat()))
}

fn people(bytes: &[u8], names: &[&str]) -> Result<People, IndexError> {
    Index::read(bytes)?.people(names, &mut |place| piece(bytes, place))
}

fn date(text: &str) -> Option<Date> {
    Some(text.parse().unwrap())
}

#[test]
fn what_the_tables_say_is_what_the_index_says() {
    let (info, bytes) = index(&files(), 7).unwrap();
    assert_eq!(
        (
            info.crates,
            info.versions,
            info.accounts,
            info.set_aside.len()
        ),
        (2, 3, 3, 0)
    );
    let index = Index::read(&bytes).unwrap();
    let whole = &mut |place| piece(&bytes, place);
    index.verify(whole).unwrap();
    assert_eq!(index.info, info);
    assert_eq!(index.length(), bytes.len() as u64);
    assert_eq!(index.most_downloaded(9, whole).unwrap(), ["acorn", "brook"]);
    assert_eq!(index.most_downloaded(1, whole).unwrap(), ["acorn"]);

    let names = ["gone", "brook", "brook", "acorn", "unheard-of", ""];
    let people = index.people(&names, whole).unwrap();
    let names: Vec<&str> = people.crates.keys().map(String::as_str).collect();
    assert_eq!(names, ["acorn", "brook", "gone"]);
    let brook = &people.crates["brook"];
    let owners = brook.owners.as_ref().unwrap();
    assert_eq!(owners.as_of, date("2026-03-04").unwrap());
    assert!(owners.verified && owners.source == FactSource::Dump);
    let owner = |account, since| Owner {
        account,
        since: date(since),
    };
    let expected = [
        owner(AccountId::User(5), "2022-01-02"),
        owner(AccountId::Team(5), "2020-01-02"),
    ];
    assert_eq!(owners.value, expected);
    assert_eq!(brook.created, date("2020-01-02"));
    assert_eq!(brook.trusted_only, Some(true));
    let known = |version: &str| &brook.versions[&version.parse::<Version>().unwrap()];
    let publisher = |version| known(version).publisher.as_ref().unwrap().value.clone();
    assert_eq!(publisher("1.0.0"), Publisher::User(5));
    assert_eq!(publisher("0.9.0-rc.1+b"), Publisher::Unrecorded);
    assert_eq!(known("0.9.0-rc.1+b").published, date("2020-01-02"));
    let account = |login: &str, name: Option<&str>, hub: Option<&str>, created| Account {
        login: login.to_owned(),
        name: name.map(str::to_owned),
        github_login: hub.map(str::to_owned),
        created,
    };
    let expected = BTreeMap::from([
        (
            AccountId::User(4),
            account("bo", None, None, date("2019-05-06")),
        ),
        (
            AccountId::User(5),
            account("ada", Some("Ada \"A\" Finch"), Some("ada-at-hub"), None),
        ),
        (
            AccountId::Team(5),
            account("github:grove:core", Some("Core"), None, None),
        ),
    ]);
    assert_eq!(people.accounts, expected);
    // What was removed and is there again exists.
    assert!(people.crates["acorn"].exists.as_ref().unwrap().value);
    let gone = &people.crates["gone"];
    assert!(!gone.exists.as_ref().unwrap().value && gone.owners.is_none());
    let packages = index.packages(&["brook"], whole).unwrap();
    let yanked: Vec<_> = packages["brook"]
        .versions
        .iter()
        .map(|known| known.is_yanked)
        .collect();
    assert_eq!(yanked, [Some(true), Some(false)]);
}

#[test]
fn the_order_of_tables_and_the_size_of_pieces_do_not_matter() {
    let expected = index(&files(), 1).unwrap();
    let mut files = files();
    for step in 2..40 {
        files.rotate_left(1);
        assert_eq!(index(&files, step), Ok(expected.clone()));
    }
}

#[test]
fn the_folder_tells_the_time_where_nothing_else_does() {
    let (info, _) = index(&with("metadata.json", None), 9).unwrap();
    assert_eq!(info.time, moment("2025-12-31T23:59:58Z").unwrap());
    let (info, _) = index(&with("metadata.json", Some("[")), 9).unwrap();
    assert_eq!(info.time, moment("2025-12-31-235958").unwrap());
    for wrong in [
        "",
        "2025-13-01-000000",
        "2025-12-31",
        "2025-12-31-240000",
        "1969-12-31-235959",
        "latest",
    ] {
        assert_eq!(moment(wrong), None, "{wrong}");
    }
}

#[test]
fn what_lacks_is_named() {
    for table in ["crates", "crate_owners", "teams", "users", "versions"] {
        let error = index(&with(&format!("data/{table}.csv"), None), 9).unwrap_err();
        assert_eq!(error, DumpError::MissingTable(table));
    }
    for table in ["crate_downloads", "deleted_crates"] {
        assert!(index(&with(&format!("data/{table}.csv"), None), 9).is_ok());
    }
    let without = |table: &str, column: &str| {
        let text = files()
            .into_iter()
            .find(|(path, _)| path.contains(table))
            .unwrap()
            .1;
        let text = text.replacen(column, "other", 1);
        index(&with(&format!("data/{table}.csv"), Some(&text)), 9)
    };
    let error = without("versions", "published_by").unwrap_err();
    assert_eq!(
        error.to_string(),
        "its table `versions` has no column `published_by`"
    );
    assert!(without("users", "username").is_ok());
    assert!(without("users", "gh_login").is_ok());
    let mut twice = files();
    twice.push(twice[3].clone());
    assert_eq!(index(&twice, 9), Err(DumpError::TwiceTable("crates")));
    let empty = index(&with("data/users.csv", Some("")), 9);
    assert_eq!(empty, Err(DumpError::NoTable("users")));
    let cut = index(&with("data/users.csv", Some("id,gh_login\n1,\"a\n")), 9);
    let expected = DumpError::EndlessRow {
        table: "users",
        row: 1,
    };
    assert_eq!(cut, Err(expected));
}

#[test]
fn wrong_rows_are_counted_and_named() {
    for (table, rows, why) in [
        (
            "versions",
            "crate_id,num,published_by\n7,1.0.0,\n7,1.0,\n",
            "none of a version",
        ),
        (
            "versions",
            "crate_id,num,published_by\n7,1.0.0,-1\n",
            "a number is none",
        ),
        (
            "versions",
            "crate_id,num,published_by\n7,1.0.0,1,\n",
            "as many fields",
        ),
        (
            "versions",
            "crate_id,num,published_by\n9,1.0.0,1\n",
            "no package has",
        ),
        (
            "versions",
            "crate_id,num,published_by\n7,1.0.0,1\n7,1.0.0,2\n",
            "version twice",
        ),
        (
            "versions",
            "crate_id,num,published_by,yanked\n7,1.0.0,1,y\n",
            "truth value",
        ),
        (
            "versions",
            "crate_id,num,published_by,created_at\n7,1.0.0,1,1960-01-01\n",
            "a time",
        ),
        (
            "crate_owners",
            "crate_id,owner_id,owner_kind\n7,5,2\n",
            "neither a user",
        ),
        (
            "crate_owners",
            "crate_id,owner_id,owner_kind\n7,5,0\n7,5,0\n",
            "one owner twice",
        ),
        (
            "crate_owners",
            "crate_id,owner_id,owner_kind\n9,5,0\n",
            "no package has",
        ),
        ("users", "id,gh_login\n99999999999,a\n", "a number is none"),
        ("users", "id,gh_login\n1,\n", "empty"),
        ("users", "id,gh_login\n1,a\n1,b\n", "one number"),
        ("teams", "id,login\n,a\n", "empty"),
        ("crate_downloads", "crate_id,downloads\n7,-4\n", "downloads"),
    ] {
        let error = index(&with(&format!("data/{table}.csv"), Some(rows)), 9).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(table) && text.contains(why), "{text}");
    }
    for rows in ["id,name\n7,a\n8,a\n", "id,name\n7,a\n7,b\n"] {
        let mut files = with("data/crates.csv", Some(rows));
        files.retain(|(path, _)| !path.contains("deleted"));
        let error = index(&files, 9).unwrap_err();
        assert!(matches!(error, DumpError::WrongRows { .. }), "{error}");
    }
}

#[test]
fn one_wrong_row_among_very_many_is_left_out_and_told() {
    let mut text = "id,gh_login\n5,ada\n4,bo\nx,cy\n".to_owned();
    let last = u32::try_from(TOLERANCE).unwrap();
    text.extend((10..last + 7).map(|id| format!("{id},u{id}\n")));
    let (info, bytes) = index(&with("data/users.csv", Some(&text)), 4096).unwrap();
    let told = "1 of 10000 rows of its table `users` are wrong, first row 3: a number is none";
    assert_eq!(info.set_aside, [told]);
    let people = people(&bytes, &["acorn"]).unwrap();
    assert_eq!(people.accounts[&AccountId::User(4)].login, "bo");
    let text = text.replacen("u11", "", 1);
    assert!(index(&with("data/users.csv", Some(&text)), 4096).is_err());
}

#[test]
fn a_damaged_index_is_an_error() {
    let (_, bytes) = index(&files(), 99).unwrap();
    let names = ["acorn", "brook", "gone"];
    let expected = people(&bytes, &names).unwrap();
    let everything = |bytes: &[u8]| -> Result<People, IndexError> {
        let index = Index::read(bytes)?;
        index.verify(&mut |place| piece(bytes, place))?;
        index.people(&names, &mut |place| piece(bytes, place))
    };
    assert_eq!(everything(&bytes).as_ref(), Ok(&expected));
    for at in 0..bytes.len() {
        assert!(everything(&bytes[..at]).is_err(), "cut at {at}");
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(everything(&damaged).is_err(), "damaged at {at}");
        // Without a look at all of it there is the right answer, or none.
        if let Ok(people) = people(&damaged, &names) {
            assert_eq!(people, expected);
        }
    }
    let needed = bytes_needed(&bytes).unwrap();
    assert!(Index::read(&bytes[..needed]).is_ok());
    assert!(Index::read(&bytes[..needed - 1]).is_err());
}

#[test]
fn what_is_no_file_of_a_dump_is_left_alone() {
    let mut dump = Dump::default();
    for path in [
        "",
        "crates.csv",
        "a/b/data/crates.csv",
        "a/data/crates.csv/x",
        "a/data/dependencies.csv",
        "a/data/Crates.csv",
        "a/schema.sql",
    ] {
        assert_eq!(dump.open(path), Ok(false), "{path}");
        dump.feed(b"x").unwrap();
        dump.close().unwrap();
    }
    assert_eq!(dump.open("./a/data/crates.csv"), Ok(true));
    assert_eq!(
        dump.open("data/crates.csv"),
        Err(DumpError::TwiceTable("crates"))
    );
    // What is too long for it is no JSON.
    assert_eq!(dump.open("a/metadata.json"), Ok(true));
    dump.feed(&vec![b' '; MAX_METADATA]).unwrap();
    dump.feed(b"{\"timestamp\": \"2026-03-04T05:06:07Z\"}")
        .unwrap();
    dump.close().unwrap();
    assert_eq!(dump.time(), None);
}

/// A made-up registry: packages with their owners and versions.
type Made = BTreeMap<
    String,
    (
        BTreeSet<(bool, u8)>,
        BTreeMap<(u8, u8, bool), (Option<u32>, u16)>,
    ),
>;

fn made() -> impl Strategy<Value = Made> {
    let owners = prop::collection::btree_set((any::<bool>(), any::<u8>()), 0..4);
    let versions = prop::collection::btree_map(
        (any::<u8>(), any::<u8>(), any::<bool>()),
        (prop::option::of(any::<u32>()), any::<u16>()),
        0..40,
    );
    prop::collection::btree_map("[a-zA-Z0-9_-]{1,12}", (owners, versions), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_registry_survives(made in made(), asked in prop::collection::vec("[a-z]{1,2}", 0..9)) {
        let mut crates = "name,id\n".to_owned();
        let mut owners = "owner_kind,owner_id,crate_id\n".to_owned();
        let mut versions = "num,published_by,created_at,crate_id\n".to_owned();
        let day = |days: u16| Date::from_unix(i64::from(days) * 86_400).unwrap();
        let number = |(major, minor, is_pre): &(u8, u8, bool)| {
            format!("{major}.{minor}.0{}", if *is_pre { "-a.1" } else { "" })
        };
        // Numbers of packages are in no relation to the order of names.
        for (at, (name, (of, published))) in made.iter().enumerate() {
            let id = (at * 37) % 61;
            crates += &format!("{name},{id}\n");
            for (is_team, account) in of {
                owners += &format!("{},{account},{id}\n", u8::from(*is_team));
            }
            for (version, (publisher, days)) in published.iter().rev() {
                let publisher = publisher.map(|id| id.to_string()).unwrap_or_default();
                versions += &format!("{},{publisher},{} 01:02:03+00,{id}\n", number(version), day(*days));
            }
        }
        let files = vec![
            ("data/crate_owners.csv", owners),
            ("data/versions.csv", versions),
            ("data/crates.csv", crates),
            ("data/teams.csv", "id,login\n".to_owned()),
            ("data/users.csv", "id,gh_login\n".to_owned()),
        ];
        let (_, bytes) = index(&files, 1000).unwrap();
        let names: Vec<&str> = made.keys().chain(&asked).map(String::as_str).collect();
        let people = people(&bytes, &names).unwrap();
        prop_assert_eq!(people.crates.len(), made.len());
        for (name, (of, published)) in &made {
            let known = &people.crates[name];
            let owners: BTreeSet<AccountId> = of
                .iter()
                .map(|(is_team, id)| match is_team {
                    true => AccountId::Team((*id).into()),
                    false => AccountId::User((*id).into()),
                })
                .collect();
            let found = known.owners.as_ref().unwrap().value.iter().map(|owner| owner.account);
            prop_assert!(found.eq(owners));
            prop_assert_eq!(known.versions.len(), published.len());
            for (version, (publisher, days)) in published {
                let known = &known.versions[&number(version).parse::<Version>().unwrap()];
                let publisher = publisher.map_or(Publisher::Unrecorded, Publisher::User);
                prop_assert_eq!(&known.publisher.as_ref().unwrap().value, &publisher);
                prop_assert_eq!(known.published, Some(day(*days)));
            }
        }
    }
}
