//! Artifacts over HTTP, in pieces: never whole in memory.

use std::{
    io::{self, SeekFrom},
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures_core::Stream;
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, AsyncSeekExt as _},
    sync::mpsc,
};

use super::{
    Call, Content, FleetRefusal, Mishap, ModuleId, Part,
    asked::{Asked, refuse},
    part,
    server::Shared,
    software::Held,
};

/// Bytes handed on at once.
const PIECE: u64 = 64 * 1024;
/// The ending of an artifact's name that asks for its MD5 instead.
const SUM: &str = ".MD5SUM";

/// Answers `GET softwaremodules/{module}/artifacts/{file}` and its `.MD5SUM`.
pub(super) async fn answer(shared: Arc<Shared>, asked: Asked) -> Response {
    let mishap = match asked.begin(&shared, Call::Download) {
        Ok(mishap) => mishap,
        Err(refusal) => return refuse(&refusal),
    };
    if let Some(answer) = asked.spoil(mishap).await {
        return answer;
    }
    let answer = match sent(&shared, &asked, mishap) {
        Ok(answer) => answer,
        Err(refusal) => refuse(&refusal),
    };
    if mishap == Some(Mishap::DoneButSilent) {
        match asked.hang_up.now().await {}
    }
    answer
}

fn sent(shared: &Arc<Shared>, asked: &Asked, mishap: Option<Mishap>) -> Result<Response, FleetRefusal> {
    let module: ModuleId = asked
        .name("module")
        .parse()
        .map_err(|_| FleetRefusal::missing("software module", asked.name("module")))?;
    let mut state = shared.state();
    let file = asked.name("file");
    if let Some(file) = file.strip_suffix(SUM) {
        state.is_due(&asked.controller, module)?;
        let artifact = state.artifact(&asked.controller, module, file)?;
        return Ok(format!("{}  {file}", artifact.content.hashes().md5).into_response());
    }
    let content = state.artifact(&asked.controller, module, file)?.content.clone();
    let tag = format!("\"{}\"", content.hashes.sha1);
    // As hawkBit: only the download of the whole asks for an active action, ranges may be many.
    let whole = !asked.headers.contains_key(header::RANGE);
    if whole {
        state.is_due(&asked.controller, module)?;
    }
    let (status, range) = match part(&asked.headers, content.size, &tag) {
        Part::OtherBytes => return Err(FleetRefusal::Precondition),
        Part::Unsatisfiable => {
            let range = [(header::CONTENT_RANGE, format!("bytes */{}", content.size))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
        Part::Whole => (StatusCode::OK, 0..content.size),
        Part::Range { first, last } => (StatusCode::PARTIAL_CONTENT, first..last + 1),
    };
    let mut response = head(status, &range, content.size, tag);
    // Who only looks downloads nothing.
    if asked.method == Method::HEAD {
        return Ok(response);
    }
    state.download_begins(&asked.controller, module, whole.then(|| asked.uri.path()), shared.now());
    let (pieces, received) = mpsc::channel(1);
    let sending = Sending {
        shared: shared.clone(),
        controller: asked.controller.clone(),
        at: range.start,
        end: range.end,
        left: if let Some(Mishap::DropAfter(bytes)) = mishap { bytes } else { u64::MAX },
        alters: mishap == Some(Mishap::OtherBytes),
        pieces,
    };
    tokio::spawn(sending.run(content));
    *response.body_mut() = Body::from_stream(Pieces(received));
    Ok(response)
}

/// Status and headers of an answer with these bytes of so many.
fn head(status: StatusCode, range: &Range<u64>, size: u64, tag: String) -> Response {
    let mut headers: Vec<(HeaderName, String)> = vec![
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, (range.end - range.start).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, tag),
    ];
    if status == StatusCode::PARTIAL_CONTENT {
        let (first, last) = (range.start, range.end - 1);
        headers.push((header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}")));
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().expect("numbers, hashes and words of ours"));
    }
    response
}

/// A download under way.
struct Sending {
    shared: Arc<Shared>,
    controller: String,
    at: u64,
    end: u64,
    /// Until it breaks off.
    left: u64,
    alters: bool,
    pieces: mpsc::Sender<io::Result<Bytes>>,
}

impl Sending {
    async fn run(mut self, content: Content) {
        if let Err(error) = self.send(&content.held).await {
            // What was handed over before shall leave before the connection breaks.
            tokio::time::sleep(Duration::from_millis(100)).await;
            // Nobody may listen any more; that is no matter.
            let _ = self.pieces.send(Err(error)).await;
        }
    }

    async fn send(&mut self, held: &Held) -> io::Result<()> {
        let mut file = match held {
            Held::InMemory(_) => None,
            Held::InFile(path) => {
                let mut file = File::open(path.as_path()).await?;
                file.seek(SeekFrom::Start(self.at)).await?;
                Some(file)
            }
        };
        while self.at < self.end {
            let size = PIECE.min(self.end - self.at).min(self.left);
            if size == 0 {
                return Err(io::Error::other("broken off on request"));
            }
            let piece = match (held, &mut file) {
                (Held::InMemory(bytes), _) => bytes.slice(self.at as usize..(self.at + size) as usize),
                (Held::InFile(_), Some(file)) => {
                    let mut piece = vec![0; size as usize];
                    file.read_exact(&mut piece).await?;
                    piece.into()
                }
                (Held::InFile(_), None) => unreachable!("opened above"),
            };
            let piece = if self.alters { piece.iter().map(|byte| byte ^ 0x5A).collect() } else { piece };
            if self.pieces.send(Ok(piece)).await.is_err() {
                return Ok(());
            }
            self.at += size;
            self.left -= size;
            self.shared.state().downloaded(&self.controller, size);
        }
        Ok(())
    }
}

/// The pieces as axum wants them.
struct Pieces(mpsc::Receiver<io::Result<Bytes>>);

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.0.poll_recv(context)
    }
}
