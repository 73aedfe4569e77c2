//! Small dumps of a made-up registry.

use tar::EntryType;

use super::advisories::{Archive, Files};

/// The tables of a registry with these packages, each with the login of its owner, who published
/// its one version, 1.0.0.
pub fn tables(packages: &[(&str, &str)]) -> Files {
    let mut crates = "created_at,id,name,readme,trustpub_only\n".to_owned();
    let mut owners = "crate_id,created_at,created_by,owner_id,owner_kind\n".to_owned();
    let mut users = "created_at,gh_id,gh_login,id,name,username\n".to_owned();
    let mut versions = "crate_id,created_at,num,published_by,yanked\n".to_owned();
    let mut downloads = "crate_id,downloads\n".to_owned();
    let moment = "2024-05-06 07:08:09.123456+00";
    for (at, (package, login)) in packages.iter().enumerate() {
        crates += &format!("{moment},{at},{package},\"a\n\"\"b\"\"\",f\n");
        owners += &format!("{at},{moment},,{at},0\n");
        users += &format!(",1,{login},{at},,{login}\n");
        versions += &format!("{at},{moment},1.0.0,{at},f\n");
        downloads += &format!("{at},{}\n", 1_000 + at);
    }
    let teams = "avatar,github_id,id,login,name,org_id\n".to_owned();
    let files = [
        ("crate_downloads", downloads),
        ("crates", crates),
        ("teams", teams),
        ("users", users),
        ("crate_owners", owners),
        ("versions", versions),
    ];
    files
        .map(|(name, text)| (format!("data/{name}.csv"), text.into_bytes()))
        .to_vec()
}

/// The dump of a day with these tables.
pub fn dump(day: &str, tables: &Files) -> Vec<u8> {
    let mut archive = Archive::without_commit();
    let metadata = format!("{{\"timestamp\": \"{day}T02:00:34.5Z\"}}");
    let metadata = ("metadata.json".to_owned(), metadata.into_bytes());
    for (path, bytes) in std::iter::once(&metadata).chain(tables) {
        let path = format!("{day}-020034/{path}");
        archive.entry(EntryType::Regular, &path, 0, bytes);
    }
    archive.finish()
}
