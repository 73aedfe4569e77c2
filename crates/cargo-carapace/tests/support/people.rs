//! A registry's API with made-up people, as <https://crates.io/api/openapi.json> describes it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::server::{Req, Resp, Server};

/// What the registry knows; it may change while it is asked.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    owners: BTreeMap<String, Vec<Value>>,
    versions: BTreeMap<String, Vec<Value>>,
}

/// A person.
pub fn user(id: u32, login: &str) -> Value {
    json!({
        "id": id, "login": login, "kind": "user", "name": null, "avatar": null,
        "url": format!("https://github.com/{login}"), "github_username_matches": true,
    })
}

/// A team.
pub fn team(id: u32, login: &str) -> Value {
    json!({
        "id": id, "login": login, "kind": "team", "name": "A team", "avatar": null, "url": null,
    })
}

/// Who published a version: a person, a workflow of this repository, or nobody that is known.
#[derive(Clone, Copy)]
pub enum By<'a> {
    User(u32, &'a str),
    Workflow(&'a str),
    Nobody,
}

impl Registry {
    /// A package with its owners.
    pub fn package(mut self, name: &str, owners: &[Value]) -> Self {
        self.owners.insert(name.to_owned(), owners.to_vec());
        self.versions.entry(name.to_owned()).or_default();
        self
    }

    /// A version of a package.
    pub fn version(mut self, name: &str, num: &str, by: By<'_>) -> Self {
        let publisher = match by {
            By::User(id, login) => json!({
                "id": id, "login": login, "name": null, "avatar": null, "url": "",
                "github_username_matches": true, "created_at": "2015-05-15T00:00:00Z",
            }),
            _ => Value::Null,
        };
        let trusted = match by {
            By::Workflow(repository) => json!({
                "provider": "github", "repository": repository, "run_id": "123", "sha": "c0ffee",
            }),
            _ => Value::Null,
        };
        let checksum = format!("{:064x}", name.len() * 1000 + num.len());
        let version = json!({
            "id": 1, "crate": name, "num": num, "checksum": checksum, "yanked": false,
            "created_at": "2026-05-01T12:00:00Z", "updated_at": "2026-05-01T12:00:00Z",
            "published_by": publisher, "trustpub_data": trusted, "audit_actions": [],
            "features": {}, "links": {"dependencies": "", "version_downloads": "", "authors": ""},
        });
        let versions = self.versions.entry(name.to_owned()).or_default();
        versions.retain(|known| known["num"] != num);
        versions.push(version);
        self
    }

    /// What it answers.
    pub fn answer(&self, request: &Req) -> Resp {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let not_found = |detail: String| {
            let mut answer = Resp::ok(json!({"errors": [{"detail": detail}]}).to_string());
            answer.status = 404;
            answer
        };
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let ["api", "v1", "crates", name, what] = parts[..] else {
            return not_found("Not Found".to_owned());
        };
        match (what, self.owners.get(name)) {
            (_, None) => not_found(format!("crate `{name}` does not exist")),
            ("owners", Some(owners)) => Resp::ok(json!({"users": owners}).to_string()),
            ("versions", Some(_)) => {
                let asked: Vec<String> = query
                    .split('&')
                    .filter_map(|part| part.strip_prefix("nums[]="))
                    .map(|num| num.replace("%2B", "+"))
                    .collect();
                let versions = self.versions[name].iter();
                let versions: Vec<&Value> = versions
                    .filter(|version| asked.iter().any(|num| version["num"] == **num))
                    .collect();
                let total = versions.len();
                let meta = json!({"total": total, "next_page": null});
                Resp::ok(json!({"versions": versions, "meta": meta}).to_string())
            }
            _ => not_found("Not Found".to_owned()),
        }
    }

    /// A server of it.
    pub fn serve(self) -> (Server, Arc<Mutex<Self>>) {
        let registry = Arc::new(Mutex::new(self));
        let shared = Arc::clone(&registry);
        let server = Server::start(move |request| shared.lock().unwrap().answer(request));
        (server, registry)
    }
}

/// The paths that a server was asked for, sorted.
pub fn asked(server: &Server) -> Vec<String> {
    let mut paths: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.path.replace("/api/v1/crates/", ""))
        .collect();
    paths.sort();
    paths
}
