//! The socket between `kioskd` and the touchscreen: each message is a length
//! (u32, big-endian), a kind byte and a body. Views and taps are JSON; preview
//! frames are raw, because fifteen of them a second would be wasteful as text. Bytes of messages
//! are wiped when dropped: they are names, keys that were tapped and pictures of a face.

use std::io::{self, Read, Write};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::{panel::Panel, tap::Tap, view::View};

/// The longest message that either side accepts: a 1280 × 960 preview frame.
pub const LONGEST: usize = 4 * 1024 * 1024;

const PANEL: u8 = b'g';
const VIEW: u8 = b'v';
const PREVIEW: u8 = b'p';
const TAP: u8 = b't';
const DRAWN: u8 = b'd';

/// From `kioskd` to the screen.
#[derive(Clone, PartialEq)]
pub enum ToScreen {
    /// The glass that the pages are drawn on; once, before the first page.
    Panel(Panel),
    /// Show this page.
    Show(Box<View>),
    /// The newest camera picture, for the face page.
    Preview(Preview),
}

/// A camera picture made ready for the screen: mirrored, cropped, scaled.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
    /// Three bytes a pixel, row by row.
    pub rgb: Zeroizing<Vec<u8>>,
}

/// From the screen to `kioskd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromScreen {
    /// Somebody tapped.
    Tap(Tap),
    /// The newest view is on the glass: proof that the screen is being drawn.
    Drawn,
}

/// Why a message could not be carried.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The other side closed the socket between two messages.
    #[error("the other side closed the socket")]
    Closed,
    /// The socket failed.
    #[error("the screen socket failed")]
    Socket(#[source] io::Error),
    /// A message longer than [`LONGEST`], or empty.
    #[error("a message of {0} bytes is out of bounds")]
    Length(usize),
    /// A body that is not what its kind says.
    #[error("a message could not be understood")]
    Body,
}

impl ToScreen {
    /// The message as bytes, ready to send.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Panel(panel) => frame(PANEL, &json(panel)),
            Self::Show(view) => frame(VIEW, &json(view)),
            Self::Preview(picture) => {
                let mut body = Zeroizing::new(Vec::with_capacity(4 + picture.rgb.len()));
                body.extend_from_slice(&picture.width.to_be_bytes());
                body.extend_from_slice(&picture.height.to_be_bytes());
                body.extend_from_slice(&picture.rgb);
                frame(PREVIEW, &body)
            }
        }
    }

    /// Reads one message.
    pub fn read(from: &mut impl Read) -> Result<Self, WireError> {
        let message = read_frame(from)?;
        let (kind, body) = message.split_first().ok_or(WireError::Body)?;
        match (*kind, body) {
            (PANEL, body) => serde_json::from_slice(body).map(Self::Panel).map_err(|_| WireError::Body),
            (VIEW, body) => serde_json::from_slice(body)
                .map(|view| Self::Show(Box::new(view)))
                .map_err(|_| WireError::Body),
            (PREVIEW, [w0, w1, h0, h1, rgb @ ..]) => {
                let (width, height) = (u16::from_be_bytes([*w0, *w1]), u16::from_be_bytes([*h0, *h1]));
                if rgb.len() == usize::from(width) * usize::from(height) * 3 {
                    Ok(Self::Preview(Preview { width, height, rgb: rgb.to_vec().into() }))
                } else {
                    Err(WireError::Body)
                }
            }
            _ => Err(WireError::Body),
        }
    }
}

impl FromScreen {
    /// The message as bytes, ready to send.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Tap(tap) => frame(TAP, &json(tap)),
            Self::Drawn => frame(DRAWN, &[]),
        }
    }

    /// Sends the message.
    pub fn write(&self, to: &mut impl Write) -> Result<(), WireError> {
        to.write_all(&self.encode()).map_err(WireError::Socket)
    }

    /// Reads a message's kind and body, as [`frame_length`] bounds them.
    pub fn decode(kind: u8, body: &[u8]) -> Result<Self, WireError> {
        match kind {
            TAP => serde_json::from_slice(body).map(Self::Tap).map_err(|_| WireError::Body),
            DRAWN if body.is_empty() => Ok(Self::Drawn),
            _ => Err(WireError::Body),
        }
    }
}

/// The bytes that follow a length field, kind included; for a reader that is not
/// blocking.
pub fn frame_length(field: [u8; 4]) -> Result<usize, WireError> {
    let length = u32::from_be_bytes(field) as usize;
    if (1..=LONGEST).contains(&length) { Ok(length) } else { Err(WireError::Length(length)) }
}

fn json(message: &impl Serialize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(serde_json::to_vec(message).expect("views and taps are plain data"))
}

fn frame(kind: u8, body: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut message = Zeroizing::new(Vec::with_capacity(5 + body.len()));
    message.extend_from_slice(&(body.len() as u32 + 1).to_be_bytes());
    message.push(kind);
    message.extend_from_slice(body);
    message
}

/// The kind and the body.
fn read_frame(from: &mut impl Read) -> Result<Zeroizing<Vec<u8>>, WireError> {
    let mut field = [0; 4];
    match from.read_exact(&mut field) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(WireError::Closed),
        other => other.map_err(WireError::Socket)?,
    }
    let mut message = Zeroizing::new(vec![0; frame_length(field)?]);
    from.read_exact(&mut message).map_err(WireError::Socket)?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Language, Look, Offers, Screen};

    #[test]
    fn a_view_arrives_as_it_was_sent() {
        let view = View {
            screen: Screen::Hello { name: "NGUYỄN THỊ KHUÊ".into(), birth_year: 1990 },
            language: Language::Vi,
            look: Look::default(),
            step: None,
            over: None,
            offers: Offers { back: true, end: true },
        };
        let sent = ToScreen::Show(Box::new(view));
        assert!(ToScreen::read(&mut sent.encode().as_slice()).unwrap() == sent);
    }

    #[test]
    fn a_panel_arrives_as_it_was_sent_and_one_without_size_does_not() {
        let panel = Panel::new(1080, 194, 500).unwrap();
        let sent = ToScreen::Panel(panel);
        assert!(ToScreen::read(&mut sent.encode().as_slice()).unwrap() == sent);
        let bytes = frame(PANEL, br#"{"dots-wide":1080,"mm-wide":0,"viewing-mm":500}"#);
        assert!(matches!(ToScreen::read(&mut bytes.as_slice()), Err(WireError::Body)));
    }

    #[test]
    fn a_preview_of_the_wrong_size_is_refused() {
        let mut bytes = ToScreen::Preview(Preview { width: 2, height: 1, rgb: vec![0; 6].into() }).encode();
        assert!(ToScreen::read(&mut bytes.as_slice()).is_ok());
        bytes[6] = 9;
        assert!(matches!(ToScreen::read(&mut bytes.as_slice()), Err(WireError::Body)));
    }

    #[test]
    fn an_endless_message_is_refused_before_it_is_read() {
        let bytes = [0xFF, 0xFF, 0xFF, 0xFF, b'v'];
        assert!(matches!(ToScreen::read(&mut bytes.as_slice()), Err(WireError::Length(0xFFFF_FFFF))));
    }

    #[test]
    fn a_tap_never_prints_what_was_typed() {
        assert_eq!(format!("{:?}", Tap::Key('7')), "Key");
    }
}
