//! Our own HTTP server of states: what terraform's documentation of the `http` backend asks for, locks enforced, and faults on
//! demand.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// How the server differs from the plainest one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Behaviour {
    /// Names contents by entity tags, and honours conditions.
    pub(crate) etags: bool,
    /// Takes writes whatever `?ID=` says, and lets anyone unlock.
    pub(crate) trusting: bool,
    /// Whom it lets in.
    pub(crate) user: Option<(&'static str, &'static str)>,
    /// Announces the MD5 of what it sends.
    pub(crate) announces_md5: bool,
}

/// What goes wrong with one request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This answer, and nothing is done.
    Answer(u16, Vec<(&'static str, String)>),
    /// Everything is done, and this is the answer.
    AnswerAfter(u16),
    /// The body ends in the middle.
    Truncated,
    /// Another MD5 is announced than the body has.
    WrongMd5,
    /// Everything is done, and the connection closed without an answer.
    NoAnswer,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

#[derive(Debug, Default)]
struct Content {
    states: BTreeMap<String, Vec<u8>>,
    locks: BTreeMap<String, Vec<u8>>,
    faults: VecDeque<(String, Fault)>,
    requests: Vec<Request>,
}

/// The server; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    content: Arc<Mutex<Content>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        Self::start_with(behaviour, None).await
    }

    pub(crate) async fn start_with(behaviour: Behaviour, tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let content = Arc::new(Mutex::new(Content::default()));
        let shared = Arc::clone(&content);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let (behaviour, content, tls) = (behaviour.clone(), Arc::clone(&shared), tls.clone());
                connections.spawn(async move {
                    match tls {
                        Some(tls) => serve(tls.accept(stream).await?, &behaviour, &content).await,
                        None => serve(stream, &behaviour, &content).await,
                    }
                });
            }
        });
        Self { address, content, task }
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/states/{name}", self.address)
    }

    /// The next request of this method meets the fault.
    pub(crate) fn fail(&self, method: &str, fault: Fault) {
        self.content.lock().unwrap().faults.push_back((method.to_owned(), fault));
    }

    pub(crate) fn state(&self, name: &str) -> Option<Vec<u8>> {
        self.content.lock().unwrap().states.get(&format!("/states/{name}")).cloned()
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        self.content.lock().unwrap().states.insert(format!("/states/{name}"), bytes.to_vec());
    }

    pub(crate) fn lock(&self, name: &str) -> Option<String> {
        let content = self.content.lock().unwrap();
        content.locks.get(&format!("/states/{name}")).map(|lock| String::from_utf8(lock.clone()).unwrap())
    }

    /// What was asked since the last time.
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.content.lock().unwrap().requests)
    }
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

fn answer(status: u16) -> Answer {
    Answer { status, headers: Vec::new(), body: Vec::new() }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    behaviour: &Behaviour,
    content: &Mutex<Content>,
) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(1 << 20, stream);
    while let Some(request) = receive(&mut stream).await? {
        let fault = {
            let mut content = content.lock().unwrap();
            let at = content.faults.iter().position(|(method, _)| *method == request.method);
            content.requests.push(Request { body: Vec::new(), ..request.clone() });
            at.and_then(|at| content.faults.remove(at)).map(|(_, fault)| fault)
        };
        let mut answer = match fault.clone() {
            Some(Fault::Answer(status, headers)) => Answer { headers, ..answer(status) },
            _ => content.lock().unwrap().handle(&request, behaviour),
        };
        let mut sent = answer.body.len();
        match fault {
            Some(Fault::NoAnswer) => return Ok(()),
            Some(Fault::AnswerAfter(status)) => answer.status = status,
            Some(Fault::Truncated) => sent /= 2,
            Some(Fault::WrongMd5) => answer.headers.push(("Content-MD5", STANDARD.encode(Md5::digest("another")))),
            _ => {}
        }
        let mut head = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut whole = head.into_bytes();
        whole.extend_from_slice(&answer.body[..sent]);
        stream.write_all(&whole).await?;
        stream.flush().await?;
        if sent < answer.body.len() {
            return Ok(());
        }
    }
    Ok(())
}

async fn receive(stream: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Option<Request>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut first = lines[0].split(' ').map(str::to_owned);
    let (method, target) = (first.next().unwrap(), first.next().unwrap());
    let headers: BTreeMap<String, String> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Request { method, target, headers, body }))
}

fn etag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", STANDARD.encode(Md5::digest(bytes)))
}

/// The id of a lock, as its holder wrote it.
fn id_of(lock: &[u8]) -> Option<String> {
    let lock: serde_json::Value = serde_json::from_slice(lock).ok()?;
    Some(lock.get("ID")?.as_str()?.to_owned())
}

impl Content {
    fn handle(&mut self, request: &Request, behaviour: &Behaviour) -> Answer {
        if let Some((name, password)) = behaviour.user {
            match request.headers.get("authorization") {
                None => return answer(401),
                Some(given) if *given != format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))) => {
                    return answer(403);
                }
                Some(_) => {}
            }
        }
        if let Some(md5) = request.headers.get("content-md5")
            && *md5 != STANDARD.encode(Md5::digest(&request.body))
        {
            return answer(400);
        }
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        match request.method.as_str() {
            "GET" => self.read(path, request, behaviour),
            "POST" | "PUT" => self.write(path, query, request, behaviour),
            "LOCK" => match self.locks.get(path) {
                Some(holder) => Answer { body: holder.clone(), ..answer(423) },
                None => {
                    self.locks.insert(path.to_owned(), request.body.clone());
                    answer(200)
                }
            },
            "UNLOCK" => {
                let held = self.locks.get(path).and_then(|lock| id_of(lock));
                // `terraform force-unlock` sends nothing, whatever id it was given.
                if !behaviour.trusting && !request.body.is_empty() && held != id_of(&request.body) {
                    return answer(409);
                }
                self.locks.remove(path);
                answer(200)
            }
            _ => answer(405),
        }
    }

    fn read(&self, path: &str, request: &Request, behaviour: &Behaviour) -> Answer {
        let Some(state) = self.states.get(path) else { return answer(404) };
        let mut headers = Vec::new();
        if behaviour.announces_md5 {
            headers.push(("Content-MD5", STANDARD.encode(Md5::digest(state))));
        }
        if behaviour.etags {
            if request.headers.get("if-none-match") == Some(&etag_of(state)) {
                return answer(304);
            }
            headers.push(("ETag", etag_of(state)));
        }
        Answer { headers, body: state.clone(), ..answer(200) }
    }

    fn write(&mut self, path: &str, query: &str, request: &Request, behaviour: &Behaviour) -> Answer {
        let held = self.locks.get(path).and_then(|lock| id_of(lock));
        let given = query.split('&').find_map(|pair| pair.strip_prefix("ID=")).map(str::to_owned);
        if !behaviour.trusting && held != given {
            return answer(409);
        }
        let current = self.states.get(path).map(|state| etag_of(state));
        let wanted = request.headers.get("if-match");
        let only_new = request.headers.get("if-none-match").is_some_and(|none| none == "*");
        if behaviour.etags && (wanted.is_some() && wanted != current.as_ref() || only_new && current.is_some()) {
            return answer(412);
        }
        self.states.insert(path.to_owned(), request.body.clone());
        answer(200)
    }
}
