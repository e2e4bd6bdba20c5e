//! The socket to the touchscreen. One screen at a time; a new one takes over, for
//! that is what a restarted `kiosk-ui` is. What is sent is always the newest: pages
//! and preview frames that were not sent in time are replaced, never queued.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use screen::{
    Panel, View,
    wire::{FromScreen, Preview, ToScreen, frame_length},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};
use zeroize::Zeroizing;

use crate::happened::{Happened, Tell};

/// The kiosk's end of the socket.
pub struct ScreenLink {
    views: watch::Sender<Option<Arc<View>>>,
    previews: Previews,
}

/// Where the camera puts pictures for the screen.
#[derive(Clone)]
pub struct Previews(Arc<watch::Sender<Option<Arc<Preview>>>>);

impl Previews {
    /// Shows a picture, or none any more.
    pub fn show(&self, picture: Option<Preview>) {
        self.0.send_replace(picture.map(Arc::new));
    }

    /// Pictures that nobody looks at.
    #[cfg(test)]
    pub fn unseen() -> Self {
        Self(Arc::new(watch::channel(None).0))
    }
}

impl ScreenLink {
    /// Listens at the path for the screen before that panel. A file left by a crash is
    /// removed; a socket that another kioskd serves is not.
    pub fn listen(path: &Path, panel: Panel, tell: Tell) -> io::Result<Self> {
        let listener = bind(path)?;
        let (views, view_changes) = watch::channel(None);
        let (previews, preview_changes) = watch::channel(None);
        tokio::spawn(serve(listener, panel, view_changes, preview_changes, tell));
        Ok(Self { views, previews: Previews(Arc::new(previews)) })
    }

    /// Shows a page, if it differs from the one that is shown; whether it does.
    pub fn show(&self, view: View) -> bool {
        self.views.send_if_modified(|shown| {
            let changed = shown.as_deref() != Some(&view);
            if changed {
                *shown = Some(Arc::new(view));
            }
            changed
        })
    }

    /// For the camera.
    pub fn previews(&self) -> Previews {
        self.previews.clone()
    }
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    // The group is the touchscreen's; nobody else may look at what citizens see.
    fs::set_permissions(path, fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

async fn serve(
    listener: UnixListener,
    panel: Panel,
    views: watch::Receiver<Option<Arc<View>>>,
    previews: watch::Receiver<Option<Arc<Preview>>>,
    tell: Tell,
) {
    let mut at_screen: Option<tokio::task::JoinHandle<()>> = None;
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the screen socket does not accept");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                continue;
            }
        };
        if let Some(before) = at_screen.take() {
            before.abort();
        }
        at_screen = Some(tokio::spawn(attend(stream, panel, views.clone(), previews.clone(), tell.clone())));
    }
}

async fn attend(
    stream: UnixStream,
    panel: Panel,
    mut views: watch::Receiver<Option<Arc<View>>>,
    mut previews: watch::Receiver<Option<Arc<Preview>>>,
    tell: Tell,
) {
    let (from, mut to) = stream.into_split();
    let reader = tokio::spawn(listen_to_taps(from, tell.clone()));
    tell.tell(Happened::ScreenCame);
    views.mark_changed();
    previews.borrow_and_update();
    let sent = match to.write_all(&ToScreen::Panel(panel).encode()).await {
        Ok(()) => send_newest(&mut to, &mut views, &mut previews, &reader).await,
        failed => failed,
    };
    reader.abort();
    tracing::info!(?sent, "the screen has gone");
    tell.tell(Happened::ScreenGone);
}

/// Sends until the socket fails or the screen stops talking.
async fn send_newest(
    to: &mut OwnedWriteHalf,
    views: &mut watch::Receiver<Option<Arc<View>>>,
    previews: &mut watch::Receiver<Option<Arc<Preview>>>,
    reader: &tokio::task::JoinHandle<()>,
) -> io::Result<()> {
    let mut ended = tokio::time::interval(std::time::Duration::from_millis(250));
    loop {
        let message = tokio::select! {
            // A page before a picture: pictures come all the time.
            biased;
            changed = views.changed() => {
                changed.map_err(|_| io::ErrorKind::NotConnected)?;
                let view = views.borrow_and_update().clone();
                view.map(|view| ToScreen::Show(Box::new((*view).clone())))
            }
            changed = previews.changed() => {
                changed.map_err(|_| io::ErrorKind::NotConnected)?;
                let picture = previews.borrow_and_update().clone();
                picture.map(|picture| ToScreen::Preview((*picture).clone()))
            }
            _ = ended.tick() => {
                if reader.is_finished() {
                    return Ok(());
                }
                None
            }
        };
        if let Some(message) = message {
            to.write_all(&message.encode()).await?;
        }
    }
}

/// Reads taps until the screen goes or says something that it must not.
async fn listen_to_taps(mut from: OwnedReadHalf, tell: Tell) {
    loop {
        let mut field = [0; 4];
        if from.read_exact(&mut field).await.is_err() {
            return;
        }
        let Ok(length) = frame_length(field) else { return };
        // A tap is short; a screen that sends more is not ours.
        if length > 4096 {
            tracing::warn!(length, "the screen sent a message out of bounds");
            return;
        }
        let mut message = Zeroizing::new(vec![0; length]);
        if from.read_exact(&mut message).await.is_err() {
            return;
        }
        match FromScreen::decode(message[0], &message[1..]) {
            Ok(FromScreen::Tap(tap)) => tell.tell(Happened::Tap(tap)),
            Ok(FromScreen::Drawn) => tell.tell(Happened::ScreenDrew),
            Err(error) => {
                tracing::warn!(%error, "the screen sent something unknown");
                return;
            }
        }
    }
}

/// Where the socket lies, for messages.
pub fn describe(path: &Path, error: &io::Error) -> String {
    let path: PathBuf = path.to_owned();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!("another kioskd serves {}", path.display()),
        _ => format!("cannot listen at {}: {error}", path.display()),
    }
}
