//! Which ways the network door takes: redirects, proxies, TLS, and whose
//! settings decide. Nothing here leaves loopback.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::io::Write;
use std::time::Duration;

use cargo_carapace::host::http::{
    Door, HttpError, HttpSettings, Limits, Request, Response, SettingsError,
};
use support::door::{LIMITS, body, door, get, tls_door};
use support::server::{Resp, Send, Server, authority};

#[test]
fn redirects_within_the_origin_are_followed() {
    let server = Server::start(|request| match request.path.as_str() {
        "/a/b" => Resp::redirect("../c?d#e"),
        "/c?d" => Resp::ok("here"),
        _ => Resp::status(404),
    });
    let Response::Body {
        bytes, final_url, ..
    } = get(&door(), &server.url("/a/b")).unwrap()
    else {
        panic!("not modified")
    };
    assert_eq!(bytes, b"here");
    assert_eq!(final_url, server.url("/c?d"));
}

#[test]
fn redirects_end() {
    let server = Server::start(|_| Resp::redirect("/"));
    assert!(matches!(
        get(&door(), &server.url("/")),
        Err(HttpError::TooManyRedirects { .. })
    ));
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn redirects_into_networks_of_ours_are_refused() {
    let other = Server::tls(|_| Resp::ok("secret"));
    let targets = [
        format!("http://127.0.0.1:{}/", other.port()),
        format!("https://127.0.0.1:{}/", other.port()),
        format!("https://localhost:{}/", other.port()),
        format!("https://[::ffff:127.0.0.1]:{}/", other.port()),
        format!("https://2130706433:{}/", other.port()),
        format!("https://127.1:{}/", other.port()),
        "https://[::1]/".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "https://192.168.0.1/".to_owned(),
        "https://[fd00::1]/".to_owned(),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://0.0.0.0/".to_owned(),
        "http://example.com/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "https://user:secret@example.com/".to_owned(),
        "https://ex\u{1b}ample.com/".to_owned(),
    ];
    for target in targets {
        let to = target.clone();
        for server in [
            Server::start({
                let to = to.clone();
                move |_| Resp::redirect(&*to)
            }),
            Server::tls(move |_| Resp::redirect(&*to)),
        ] {
            let error = get(&tls_door(), &server.url("/")).unwrap_err();
            assert!(
                matches!(
                    error,
                    HttpError::Redirect { .. } | HttpError::Protocol { .. }
                ),
                "{target}: {error:?}"
            );
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
    assert_eq!(other.requests(), []);
}

#[test]
fn plain_http_stays_on_this_machine() {
    let proxy = Server::start(|_| Resp::ok("from the proxy"));
    let settings = HttpSettings {
        proxy: Some(proxy.url("")),
        ..HttpSettings::default()
    };
    let door = Door::new(settings).unwrap();
    for url in [
        "http://example.com/",
        "http://10.0.0.1/",
        "http://192.0.2.1/x",
    ] {
        assert!(
            matches!(get(&door, url), Err(HttpError::Insecure { .. })),
            "{url}"
        );
    }
    assert_eq!(proxy.requests(), []);
    let server = Server::start(|_| Resp::ok("direct"));
    assert_eq!(body(get(&door, &server.url("/")).unwrap()), b"direct");
    assert_eq!(proxy.requests(), []);
}

#[test]
fn https_with_the_authority_that_the_user_named() {
    let server = Server::tls(|request| match request.path.as_str() {
        "/moved" => Resp::redirect("/here"),
        _ => Resp::ok("secure"),
    });
    let door = tls_door();
    for path in ["/moved", "/here"] {
        let url = server.url(path);
        let request = Request {
            authorization: Some("token"),
            ..Request::new(&url, LIMITS)
        };
        assert_eq!(body(door.get(&request).unwrap()), b"secure");
    }
    let requests = server.requests();
    assert!(
        requests.iter().all(|request| request.connection == 0),
        "{requests:?}"
    );
    assert!(
        requests
            .iter()
            .all(|request| request.header("authorization") == Some("token"))
    );
    assert!(
        !format!(
            "{:?}",
            Request {
                authorization: Some("token"),
                ..Request::new("https://h/", LIMITS)
            }
        )
        .contains("token")
    );
}

#[test]
fn https_with_an_authority_that_nobody_named_is_refused() {
    let server = Server::tls(|_| Resp::ok("trust me"));
    let limits = Limits {
        connect: Duration::from_secs(2),
        total: Duration::from_secs(3),
        ..LIMITS
    };
    let error = door()
        .get(&Request::new(&server.url("/"), limits))
        .unwrap_err();
    assert!(matches!(error, HttpError::Tls { .. }), "{error:?}");
    assert_eq!(server.requests(), []);
}

#[test]
fn https_at_a_server_without_tls_is_an_error() {
    let server = Server::start(|_| Resp::ok("plain"));
    let error = get(
        &tls_door(),
        &format!("https://127.0.0.1:{}/", server.port()),
    )
    .unwrap_err();
    assert!(
        matches!(error, HttpError::Connect { .. } | HttpError::Tls { .. }),
        "{error:?}"
    );
}

#[test]
fn the_proxy_is_asked_to_connect() {
    let server = Server::tls(|_| Resp::ok("through the proxy"));
    let port = server.port();
    let proxy = Server::start(move |request| match request.header("proxy-authorization") {
        Some("Basic dXNlcjpwYXNz") => Resp::new(200, Send::Tunnel(port)),
        _ => Resp::status(407),
    });
    let with = |proxy| {
        Door::new(HttpSettings {
            proxy: Some(proxy),
            cainfo: Some(authority()),
            ..HttpSettings::default()
        })
        .unwrap()
    };

    let door = with(format!("http://user:pass@127.0.0.1:{}", proxy.port()));
    assert_eq!(
        body(get(&door, &format!("https://localhost:{port}/x")).unwrap()),
        b"through the proxy"
    );
    let connect = &proxy.requests()[0];
    assert_eq!(
        (connect.method.as_str(), connect.path.clone()),
        ("CONNECT", format!("localhost:{port}"))
    );

    let door = with(format!("user:secret@127.0.0.1:{}", proxy.port()));
    let error = get(&door, &format!("https://localhost:{port}/x")).unwrap_err();
    assert!(matches!(error, HttpError::Connect { .. }), "{error:?}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn a_redirect_through_the_proxy_is_judged_by_its_address() {
    let server = Server::tls(|_| Resp::redirect("https://10.0.0.1/"));
    let port = server.port();
    let proxy = Server::start(move |_| Resp::new(200, Send::Tunnel(port)));
    let settings = HttpSettings {
        proxy: Some(proxy.url("")),
        cainfo: Some(authority()),
        ..HttpSettings::default()
    };
    let error = get(
        &Door::new(settings).unwrap(),
        &format!("https://localhost:{port}/"),
    )
    .unwrap_err();
    assert!(matches!(error, HttpError::Redirect { .. }), "{error:?}");
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn exceptions_to_the_proxy_are_asked_directly() {
    let proxy = Server::start(|_| Resp::status(502));
    let server = Server::tls(|_| Resp::ok("direct"));
    let settings = HttpSettings {
        proxy: Some(proxy.url("")),
        no_proxy: vec![
            "example.com".to_owned(),
            format!("127.0.0.1:{}", server.port()),
        ],
        cainfo: Some(authority()),
        ..HttpSettings::default()
    };
    let door = Door::new(settings).unwrap();
    assert_eq!(body(get(&door, &server.url("/")).unwrap()), b"direct");
    assert_eq!(proxy.requests(), []);
    assert!(get(&door, &format!("https://localhost:{}/", server.port())).is_err());
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn certificates_that_are_none_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let with = |name: &str, content: Option<&[u8]>| {
        let file = folder.path().join(name);
        if let Some(content) = content {
            std::fs::File::create(&file)
                .unwrap()
                .write_all(content)
                .unwrap();
        }
        Door::new(HttpSettings {
            cainfo: Some(file),
            ..HttpSettings::default()
        })
        .unwrap_err()
    };
    let missing = with("missing.pem", None);
    assert!(
        matches!(
            missing,
            HttpError::Settings(SettingsError::Unreadable { .. })
        ),
        "{missing:?}"
    );
    assert!(missing.to_string().contains("missing.pem"));
    for content in [
        &b""[..],
        b"garbage",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
    ] {
        let error = with("garbage.pem", Some(content));
        assert!(
            matches!(
                error,
                HttpError::Settings(SettingsError::Certificates { .. })
            ),
            "{error:?}"
        );
    }
}

#[test]
fn proxies_that_are_none_are_told() {
    for proxy in [
        "socks5://user:secret@host:1080",
        "ftp://host",
        "http://",
        "http://us er@host",
    ] {
        let settings = HttpSettings {
            proxy: Some(proxy.to_owned()),
            ..HttpSettings::default()
        };
        let error = Door::new(settings).unwrap_err();
        assert!(
            matches!(error, HttpError::Settings(SettingsError::Proxy { .. })),
            "{proxy}: {error:?}"
        );
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn settings_come_from_the_user_in_cargos_order() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("cargo-home");
    std::fs::create_dir(&home).unwrap();
    let from = |vars: &[(&str, &str)]| {
        let vars: Vec<(String, String)> = vars
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        HttpSettings::from_user(&home, &move |name| {
            vars.iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        })
    };
    assert_eq!(from(&[]).unwrap(), HttpSettings::default());
    assert_eq!(from(&[("http_proxy", "http://p")]).unwrap().proxy, None);
    assert_eq!(
        from(&[("ALL_PROXY", "a"), ("HTTPS_PROXY", "b")])
            .unwrap()
            .proxy
            .as_deref(),
        Some("b")
    );
    let listed = from(&[("NO_PROXY", "a, .b ,*")]).unwrap().no_proxy;
    assert_eq!(listed, ["a", ".b", "*"]);
    assert!(matches!(
        from(&[("CARGO_HTTP_CAINFO", "ca.pem")]),
        Err(SettingsError::RelativePath { .. })
    ));

    std::fs::write(
        home.join("config.toml"),
        "[http]\nproxy = 'c'\ncainfo = 'ca.pem'\n[build]\nrustc = 'x'\n",
    )
    .unwrap();
    let settings = from(&[("HTTPS_PROXY", "b")]).unwrap();
    assert_eq!(settings.proxy.as_deref(), Some("c"));
    assert_eq!(
        settings.cainfo.as_deref(),
        Some(&*folder.path().join("ca.pem"))
    );
    assert_eq!(
        from(&[("CARGO_HTTP_PROXY", "d")]).unwrap().proxy.as_deref(),
        Some("d")
    );
    assert_eq!(
        from(&[("CARGO_HTTP_PROXY", ""), ("HTTPS_PROXY", "b")])
            .unwrap()
            .proxy,
        None
    );

    std::fs::write(home.join("config.toml"), "[http\n").unwrap();
    assert!(matches!(from(&[]), Err(SettingsError::Config { .. })));
}
