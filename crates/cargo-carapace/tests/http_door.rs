//! The network door against servers that behave, and ones that don't. Nothing
//! here leaves loopback.

mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use cargo_carapace::host::http::{
    Door, HttpError, HttpSettings, Limits, Request, Response, SettingsError,
};
use support::server::{Resp, Send, Server, authority};

const LIMITS: Limits = Limits {
    max_bytes: 64 * 1024,
    connect: Duration::from_millis(500),
    total: Duration::from_millis(900),
};

fn door() -> Door {
    Door::new(HttpSettings::default()).unwrap()
}

fn tls_door() -> Door {
    Door::new(HttpSettings {
        cainfo: Some(authority()),
        ..HttpSettings::default()
    })
    .unwrap()
}

fn get(door: &Door, url: &str) -> Result<Response, HttpError> {
    door.get(&Request::new(url, LIMITS))
}

/// The error of one answer, which has to be there in time.
fn error_of(response: Resp) -> HttpError {
    let server = Server::start(move |_| response.clone());
    let started = Instant::now();
    let error = get(&door(), &server.url("/")).unwrap_err();
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{error} took {:?}",
        started.elapsed()
    );
    error
}

fn body(response: Response) -> Vec<u8> {
    match response {
        Response::Body { bytes, .. } => bytes,
        Response::NotModified => panic!("not modified"),
    }
}

#[test]
fn a_body_arrives_with_its_validators() {
    let server = Server::start(|_| {
        Resp::ok("hello")
            .with("ETag", "\"1\"")
            .with("Last-Modified", "Mon, 23 Nov 2026 06:00:00 GMT")
    });
    let url = server.url("/a?b=c");
    assert_eq!(
        get(&door(), &url).unwrap(),
        Response::Body {
            bytes: b"hello".to_vec(),
            etag: Some("\"1\"".to_owned()),
            last_modified: Some("Mon, 23 Nov 2026 06:00:00 GMT".to_owned()),
            final_url: url,
        }
    );
    let request = &server.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("GET", "/a?b=c")
    );
    assert!(
        request
            .header("user-agent")
            .unwrap()
            .starts_with("cargo-carapace/")
    );
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    assert_eq!(request.header("if-none-match"), None);
}

#[test]
fn what_is_held_is_not_sent_again() {
    let server = Server::start(|request| match request.header("if-none-match") {
        Some("\"1\"") => Resp::status(304),
        _ => Resp::ok("new"),
    });
    let door = door();
    let url = server.url("/");
    let held = Request {
        etag: Some("\"1\""),
        ..Request::new(&url, LIMITS)
    };
    assert_eq!(door.get(&held).unwrap(), Response::NotModified);
    // A validator that no header can hold is as good as none.
    let broken = Request {
        etag: Some("\"1\"\r\nx: y"),
        ..held
    };
    assert_eq!(body(door.get(&broken).unwrap()), b"new");
}

#[test]
fn not_modified_without_having_asked_is_an_error() {
    assert!(matches!(
        error_of(Resp::status(304)),
        HttpError::Status { status: 304, .. }
    ));
}

#[test]
fn validators_are_bounded() {
    let server = Server::start(|_| {
        Resp::ok("x")
            .with("etag", "e".repeat(5000))
            .with("last-modified", "\u{e9}")
    });
    let Response::Body {
        etag,
        last_modified,
        ..
    } = get(&door(), &server.url("/")).unwrap()
    else {
        panic!("not modified")
    };
    assert_eq!((etag, last_modified), (None, None));
}

#[test]
fn chunks_and_encodings_are_left_as_they_are() {
    let bomb = vec![0x1f, 0x8b, 8, 0, 1, 2, 3];
    let sent = bomb.clone();
    let server = Server::start(move |request| match request.path.as_str() {
        "/gzip" => Resp::ok(sent.clone()).with("content-encoding", "gzip"),
        _ => Resp::new(200, Send::Chunked(vec![b"ab".to_vec(), b"c".to_vec()])),
    });
    let door = door();
    assert_eq!(body(get(&door, &server.url("/gzip")).unwrap()), bomb);
    assert_eq!(body(get(&door, &server.url("/chunks")).unwrap()), b"abc");
}

#[test]
fn a_body_is_as_long_as_it_may_be_and_no_longer() {
    let limit = LIMITS.max_bytes as usize;
    let server = Server::start(move |request| match request.path.as_str() {
        "/most" => Resp::ok(vec![b'x'; limit]),
        "/chunked" => Resp::new(200, Send::Chunked(vec![vec![b'x'; limit / 2]; 3])),
        _ => Resp::ok(vec![b'x'; limit + 1]),
    });
    let door = door();
    assert_eq!(body(get(&door, &server.url("/most")).unwrap()).len(), limit);
    for path in ["/more", "/chunked"] {
        assert!(
            matches!(
                get(&door, &server.url(path)),
                Err(HttpError::TooLarge { .. })
            ),
            "{path}"
        );
    }
}

#[test]
fn an_endless_body_ends_at_the_limit() {
    assert!(matches!(
        error_of(Resp::new(200, Send::EndlessChunked)),
        HttpError::TooLarge { .. }
    ));
    assert!(matches!(
        error_of(Resp::new(200, Send::EndlessPlain)),
        HttpError::Unmeasured { .. }
    ));
    assert!(matches!(
        error_of(Resp::new(404, Send::EndlessChunked)),
        HttpError::NotFound { .. }
    ));
    assert!(matches!(
        error_of(Resp::new(200, Send::EndlessHeaders)),
        HttpError::Protocol { .. }
    ));
}

#[test]
fn a_slow_body_ends_in_time() {
    let drip = Send::Drip(vec![b'x'; 1000], Duration::from_millis(100));
    assert!(matches!(
        error_of(Resp::new(200, drip.clone())),
        HttpError::TimedOut { .. }
    ));
    // Nor does an answer that is of no use cost more time.
    let slow_error = error_of(Resp::new(404, drip));
    assert!(
        matches!(slow_error, HttpError::NotFound { .. }),
        "{slow_error}"
    );
}

#[test]
fn a_cut_body_is_an_error() {
    for send in [
        Send::Cut(100, b"half".to_vec()),
        Send::Cut(100, Vec::new()),
        Send::ChunkedCut(vec![b"half".to_vec()]),
    ] {
        let error = error_of(Resp::new(200, send));
        assert!(matches!(error, HttpError::Cut { .. }), "{error:?}");
    }
    let error = error_of(Resp::new(200, Send::UntilClose(b"whole?".to_vec())));
    assert!(matches!(error, HttpError::Unmeasured { .. }), "{error:?}");
}

#[test]
fn garbage_is_an_error() {
    for bytes in [
        &b"\x00\x01\x02 what\r\n\r\n"[..],
        b"HTTP/1.1 9999 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\x1b[2J",
    ] {
        let error = error_of(Resp::new(200, Send::Raw(bytes.to_vec())));
        assert!(matches!(error, HttpError::Protocol { .. }), "{error:?}");
        assert!(!error.to_string().contains('\x1b'), "{error}");
    }
}

#[test]
fn statuses_have_their_meanings() {
    assert!(matches!(
        error_of(Resp::status(404)),
        HttpError::NotFound { .. }
    ));
    assert!(matches!(
        error_of(Resp::status(410)),
        HttpError::NotFound { .. }
    ));
    assert!(matches!(
        error_of(Resp::status(500)),
        HttpError::Status { status: 500, .. }
    ));
    assert!(matches!(
        error_of(Resp::status(206)),
        HttpError::Status { status: 206, .. }
    ));
    let busy = |response| match error_of(response) {
        HttpError::Busy { retry_after, .. } => retry_after,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        busy(Resp::status(429).with("Retry-After", "7")),
        Some(Duration::from_secs(7))
    );
    assert_eq!(
        busy(Resp::status(503).with("Retry-After", "99999999999")),
        Some(Duration::from_secs(86_400))
    );
    assert_eq!(busy(Resp::status(503).with("Retry-After", "soon")), None);
    assert_eq!(busy(Resp::status(503)), None);
}

#[test]
fn connections_are_kept_for_good_answers_and_bad() {
    let server = Server::start(|request| match request.path.as_str() {
        "/missing" => Resp::new(404, Send::Whole(b"no".to_vec())),
        "/moved" => Resp::redirect("/here"),
        _ => Resp::ok("x"),
    });
    let door = door();
    for path in ["/a", "/missing", "/moved", "/b"] {
        let _ = get(&door, &server.url(path));
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 5);
    assert!(
        requests.iter().all(|request| request.connection == 0),
        "{requests:?}"
    );
}

#[test]
fn a_request_is_made_again_only_on_a_dropped_pooled_connection() {
    let server = Server::start(
        |request| match (request.path.as_str(), request.connection) {
            ("/again", 0) | ("/never", _) => Resp::new(200, Send::Drop),
            _ => Resp::ok("x"),
        },
    );
    let door = door();
    get(&door, &server.url("/first")).unwrap();
    assert_eq!(body(get(&door, &server.url("/again")).unwrap()), b"x");
    assert_eq!(server.requests().len(), 3);
    // The pooled connection, and then one of its own.
    assert!(matches!(
        get(&door, &server.url("/never")),
        Err(HttpError::Connect { .. })
    ));
    assert_eq!(server.requests().len(), 5);
    assert!(matches!(
        get(&door, &server.url("/never")),
        Err(HttpError::Connect { .. })
    ));
    assert_eq!(server.requests().len(), 6);
}

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
fn a_redirect_to_nowhere_is_an_error() {
    assert!(matches!(
        error_of(Resp::status(302)),
        HttpError::Protocol { .. }
    ));
    assert!(matches!(
        error_of(Resp::status(300)),
        HttpError::Status { status: 300, .. }
    ));
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
fn a_cut_body_over_tls_is_an_error() {
    for send in [
        Send::Cut(100, b"half".to_vec()),
        Send::ChunkedCut(vec![b"half".to_vec()]),
    ] {
        let server = Server::tls(move |_| Resp::new(200, send.clone()));
        let error = get(&tls_door(), &server.url("/")).unwrap_err();
        assert!(matches!(error, HttpError::Cut { .. }), "{error:?}");
    }
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
fn nobody_there_is_an_error() {
    let url = { Server::start(|_| Resp::ok("")).url("/") };
    assert!(matches!(get(&door(), &url), Err(HttpError::Connect { .. })));
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

#[test]
fn a_door_is_shared_by_threads() {
    let server = Server::start(|_| Resp::ok("x"));
    let door = door();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    get(&door, &server.url("/")).unwrap();
                }
            });
        }
    });
    let requests = server.requests();
    assert_eq!(requests.len(), 80);
    assert!(requests.iter().all(|request| request.connection < 4));
}
