//! Doors to the tests' own servers.

use std::time::Duration;

use cargo_carapace::host::http::{Door, HttpError, HttpSettings, Limits, Request, Response};

use super::server::authority;

/// What the answers of the tests may cost.
pub const LIMITS: Limits = Limits {
    max_bytes: 64 * 1024,
    connect: Duration::from_millis(500),
    total: Duration::from_millis(900),
};

pub fn door() -> Door {
    Door::new(HttpSettings::default()).unwrap()
}

pub fn tls_door() -> Door {
    Door::new(HttpSettings {
        cainfo: Some(authority()),
        ..HttpSettings::default()
    })
    .unwrap()
}

pub fn get(door: &Door, url: &str) -> Result<Response, HttpError> {
    door.get(&Request::new(url, LIMITS))
}

pub fn body(response: Response) -> Vec<u8> {
    match response {
        Response::Body { bytes, .. } => bytes,
        Response::NotModified => panic!("not modified"),
    }
}
