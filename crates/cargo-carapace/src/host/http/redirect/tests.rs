use super::{Address, HttpError};

fn named(url: &str) -> Address {
    Address::named_by_user(url).unwrap()
}

#[test]
fn plain_http_is_for_this_machine() {
    for url in [
        "http://127.0.0.1:1/",
        "http://127.9.9.9/",
        "http://[::1]:8/",
        "http://localhost/x",
    ] {
        assert!(Address::named_by_user(url).is_ok(), "{url}");
    }
    for url in [
        "http://example.com/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://localhost.example.com/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::]/",
    ] {
        assert!(
            matches!(Address::named_by_user(url), Err(HttpError::Insecure { .. })),
            "{url}"
        );
    }
}

#[test]
fn odd_addresses_are_refused_and_shown_without_secrets() {
    for url in [
        "",
        "/path",
        "host",
        "ftp://host/",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://host:/",
        "https://host:99999/",
        "https://host:x/",
        "https://ho st/",
        "https://host/\r\nX: y",
        "https://[::1",
        "https://[::1%25lo]/",
        "https://user:secret@host/",
        "https://./",
        "https://-\u{202e}/",
    ] {
        let error = Address::named_by_user(url).unwrap_err();
        assert!(matches!(error, HttpError::BadAddress { .. }), "{url}");
        let text = error.to_string();
        assert!(
            !text.contains("secret") && !text.contains('\n') && !text.contains('\u{202e}'),
            "{text}"
        );
    }
}

#[test]
fn references_resolve_as_in_the_standard() {
    let base = named("https://h:444/a/b/c?q");
    for (location, expected) in [
        ("d", "https://h:444/a/b/d"),
        ("../d?x=1#f", "https://h:444/a/d?x=1"),
        ("../../../../d", "https://h:444/d"),
        ("./", "https://h:444/a/b/"),
        ("..", "https://h:444/a/"),
        ("/d/../e", "https://h:444/e"),
        ("?z", "https://h:444/a/b/c?z"),
        ("", "https://h:444/a/b/c?q"),
        ("//other.example/x", "https://other.example/x"),
        ("HTTPS://h:444/y", "https://h:444/y"),
        ("x:y", "x:y"),
    ] {
        assert_eq!(base.resolve(location), expected, "{location}");
    }
}

#[test]
fn same_origin_is_scheme_host_and_port() {
    assert!(named("https://H/").same_origin(&named("https://h:443/x")));
    assert!(!named("https://h/").same_origin(&named("https://h:444/")));
    assert!(!named("https://localhost/").same_origin(&named("http://localhost:443/")));
}

#[test]
fn redirects_that_addresses_alone_forbid() {
    let from = named("https://public.example/x");
    for to in [
        "http://public.example/x",
        "http://other.example/",
        "ftp://other.example/",
        "file:///etc/passwd",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://a.localhost./",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://0.0.0.0/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[fe80::1]/",
        "https://user:pw@other.example/",
        "//127.0.0.1/",
        "https://0177.0.0.1/",
        "javascript:alert(1)",
    ] {
        let error = from.redirect(to).unwrap_err();
        assert!(matches!(error, HttpError::Redirect { .. }), "{to}");
        assert!(!error.to_string().contains("pw"), "{error}");
    }
    for to in [
        "/y",
        "y",
        "https://public.example:443/y",
        "https://other.example/",
        "https://1.1.1.1/",
    ] {
        assert!(from.redirect(to).is_ok(), "{to}");
    }
}
