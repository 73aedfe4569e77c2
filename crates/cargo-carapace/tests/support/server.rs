//! An HTTP/1.1 server on loopback that can misbehave.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Req {
    /// `GET`, `CONNECT` …; `TLS` where a TLS handshake arrived at a plain server.
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    /// The number of the connection that it arrived on, from 0.
    pub connection: usize,
}

impl Req {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// How a body is sent.
#[derive(Debug, Clone)]
pub enum Send {
    /// With its length.
    Whole(Vec<u8>),
    /// In these chunks, and the last one.
    Chunked(Vec<Vec<u8>>),
    /// In these chunks, and then the connection ends.
    ChunkedCut(Vec<Vec<u8>>),
    /// With the length of the first number, and then these bytes only.
    Cut(usize, Vec<u8>),
    /// Without a length, to the end of the connection.
    UntilClose(Vec<u8>),
    /// Chunks without end.
    EndlessChunked,
    /// Bytes without end, and without a length.
    EndlessPlain,
    /// With its length, one byte at a time, with this pause before each.
    Drip(Vec<u8>, Duration),
    /// Headers without end.
    EndlessHeaders,
    /// These bytes in the place of a whole answer, and then the connection ends.
    Raw(Vec<u8>),
    /// The connection ends.
    Drop,
    /// A tunnel to this port of loopback (the answer to `CONNECT`).
    Tunnel(u16),
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Resp {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub send: Send,
    /// Ends the connection afterwards, without having said so.
    pub close: bool,
}

impl Resp {
    pub fn new(status: u16, send: Send) -> Self {
        Self {
            status,
            headers: Vec::new(),
            send,
            close: false,
        }
    }
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, Send::Whole(body.into()))
    }
    pub fn status(status: u16) -> Self {
        Self::new(status, Send::Whole(Vec::new()))
    }
    pub fn redirect(to: impl Into<String>) -> Self {
        Self::new(302, Send::Whole(b"over there".to_vec())).with("location", to)
    }
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }
}

type Handler = dyn Fn(&Req) -> Resp + std::marker::Send + Sync;
trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

struct Shared {
    handler: Box<Handler>,
    requests: Mutex<Vec<Req>>,
    stop: AtomicBool,
    tls: Option<Arc<ServerConfig>>,
}

/// A running server. It stops when it is dropped.
pub struct Server {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// The authority to trust to reach a server started with [`Server::tls`].
pub fn authority() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support/tls/authority.pem")
}

impl Server {
    /// A server for plain http.
    pub fn start(handler: impl Fn(&Req) -> Resp + std::marker::Send + Sync + 'static) -> Self {
        Self::with(Box::new(handler), None)
    }

    /// A server for https, as `localhost` and `127.0.0.1`.
    pub fn tls(handler: impl Fn(&Req) -> Resp + std::marker::Send + Sync + 'static) -> Self {
        let chain = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .unwrap();
        Self::with(Box::new(handler), Some(Arc::new(config)))
    }

    fn with(handler: Box<Handler>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            handler,
            requests: Mutex::default(),
            stop: AtomicBool::new(false),
            tls,
        });
        let inner = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            for (number, stream) in listener.incoming().flatten().enumerate() {
                if inner.stop.load(Ordering::SeqCst) {
                    break;
                }
                let inner = Arc::clone(&inner);
                thread::spawn(move || drop(connection(&inner, stream, number)));
            }
        });
        Self {
            port,
            shared,
            thread: Some(thread),
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a path, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.shared.tls.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://127.0.0.1:{}{path}", self.port)
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Req> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn connection(shared: &Shared, tcp: TcpStream, number: usize) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(Duration::from_millis(50)))?;
    tcp.set_write_timeout(Some(Duration::from_millis(500)))?;
    let mut stream: Box<dyn Stream> = match &shared.tls {
        Some(config) => {
            let tls = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
            Box::new(StreamOwned::new(tls, tcp.try_clone()?))
        }
        None => Box::new(tcp.try_clone()?),
    };
    let mut held = Vec::new();
    while let Some(request) = request(shared, stream.as_mut(), &mut held, number)? {
        shared.requests.lock().unwrap().push(request.clone());
        if request.method == "TLS" {
            break;
        }
        let response = (shared.handler)(&request);
        if let Send::Tunnel(port) = response.send {
            write!(stream, "HTTP/1.1 200 OK\r\n\r\n")?;
            return tunnel(shared, tcp, port);
        }
        answer(shared, stream.as_mut(), &response)?;
        let ends = !matches!(
            response.send,
            Send::Whole(_) | Send::Chunked(_) | Send::Drip(..)
        );
        if ends || response.close {
            break;
        }
    }
    tcp.shutdown(Shutdown::Both)
}

/// Reads one request; none when the client is gone or the server stops.
fn request(
    shared: &Shared,
    stream: &mut dyn Stream,
    held: &mut Vec<u8>,
    connection: usize,
) -> io::Result<Option<Req>> {
    let mut buffer = [0; 4096];
    loop {
        if held.first() == Some(&0x16) {
            let tls = Req {
                method: "TLS".to_owned(),
                path: String::new(),
                headers: Vec::new(),
                connection,
            };
            return Ok(Some(tls));
        }
        if let Some(end) = held.windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<u8> = held.drain(..end + 4).collect();
            let head = String::from_utf8_lossy(&head).into_owned();
            let mut lines = head.split("\r\n");
            let mut words = lines.next().unwrap_or_default().split(' ');
            let method = words.next().unwrap_or_default().to_owned();
            let path = words.next().unwrap_or_default().to_owned();
            let headers = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .collect();
            return Ok(Some(Req {
                method,
                path,
                headers,
                connection,
            }));
        }
        if shared.stop.load(Ordering::SeqCst) {
            return Ok(None);
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(None),
            Ok(read) => held.extend_from_slice(&buffer[..read]),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) => {}
            Err(error) => return Err(error),
        }
    }
}

fn answer(shared: &Shared, out: &mut dyn Stream, response: &Resp) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Said\r\n", response.status);
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let chunk =
        |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let going = || !shared.stop.load(Ordering::SeqCst);
    match &response.send {
        Send::Whole(body) if response.status == 304 => {
            assert!(body.is_empty(), "304 has no body");
            write!(out, "{head}\r\n")?;
        }
        Send::Whole(body) => {
            write!(out, "{head}content-length: {}\r\n\r\n", body.len())?;
            out.write_all(body)?;
        }
        Send::Cut(length, body) => {
            write!(out, "{head}content-length: {length}\r\n\r\n")?;
            out.write_all(body)?;
        }
        Send::Chunked(chunks) | Send::ChunkedCut(chunks) => {
            write!(out, "{head}transfer-encoding: chunked\r\n\r\n")?;
            for bytes in chunks {
                out.write_all(&chunk(bytes))?;
            }
            if matches!(response.send, Send::Chunked(_)) {
                out.write_all(b"0\r\n\r\n")?;
            }
        }
        Send::UntilClose(body) => {
            write!(out, "{head}\r\n")?;
            out.write_all(body)?;
        }
        Send::EndlessChunked => {
            write!(out, "{head}transfer-encoding: chunked\r\n\r\n")?;
            while going() {
                out.write_all(&chunk(&[b'x'; 4096]))?;
            }
        }
        Send::EndlessPlain => {
            write!(out, "{head}\r\n")?;
            while going() {
                out.write_all(&[b'x'; 4096])?;
            }
        }
        Send::Drip(body, pause) => {
            write!(out, "{head}content-length: {}\r\n\r\n", body.len())?;
            for byte in body {
                if !going() {
                    break;
                }
                thread::sleep(*pause);
                out.write_all(&[*byte])?;
                out.flush()?;
            }
        }
        Send::EndlessHeaders => {
            write!(out, "{head}")?;
            for number in 0_u64.. {
                if !going() {
                    break;
                }
                write!(out, "x-{number}: y\r\n")?;
            }
        }
        Send::Raw(bytes) => out.write_all(bytes)?,
        Send::Drop | Send::Tunnel(_) => {}
    }
    out.flush()
}

fn tunnel(shared: &Shared, client: TcpStream, port: u16) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port))?;
    server.set_read_timeout(Some(Duration::from_millis(5)))?;
    client.set_read_timeout(Some(Duration::from_millis(5)))?;
    let mut buffer = [0; 4096];
    while !shared.stop.load(Ordering::SeqCst) {
        for (mut from, mut to) in [(&client, &server), (&server, &client)] {
            match from.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => to.write_all(&buffer[..read])?,
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}
