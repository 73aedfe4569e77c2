//! The network door against servers that behave, and ones that don't. Nothing
//! here leaves loopback.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::{Duration, Instant};

use cargo_carapace::host::http::{HttpError, Request, Response};
use support::door::{LIMITS, body, door, get, tls_door};
use support::server::{Resp, Send, Server};

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
fn nobody_there_is_an_error() {
    let url = { Server::start(|_| Resp::ok("")).url("/") };
    assert!(matches!(get(&door(), &url), Err(HttpError::Connect { .. })));
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
