//! The command line.

use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

/// What `--help` prints.
pub const HELP: &str = "\
kiosk-ui --socket PATH [--fullscreen] [--size WxH]
  --socket PATH   kioskd's socket for the screen; tried again until it is there
  --fullscreen    fill the screen
  --size WxH      the window's size, 1280x800 by default
  --version       print the version and stop
  --help          print this and stop";

/// What the command line asks for.
#[derive(Debug, PartialEq)]
pub enum Asked {
    /// Print the help.
    Help,
    /// Print the version.
    Version,
    /// Show the screen.
    Run(Arguments),
}

/// How to show it.
#[derive(Debug, PartialEq)]
pub struct Arguments {
    /// Where `kioskd` listens.
    pub socket: PathBuf,
    /// Fill the screen.
    pub fullscreen: bool,
    /// The window's size.
    pub size: (u32, u32),
}

/// Why the command line is not understood.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// An option that does not exist, or lacks its value.
    #[error("{0}; see --help")]
    Option(lexopt::Error),
    /// No socket was named.
    #[error("--socket PATH is needed; see --help")]
    NoSocket,
    /// A size that is none.
    #[error("'{0}' is no size such as 1280x800")]
    Size(String),
}

impl Arguments {
    /// Reads the command line.
    pub fn read(mut parser: Parser) -> Result<Asked, UsageError> {
        let mut socket = None;
        let mut fullscreen = false;
        let mut size = (1280, 800);
        while let Some(argument) = parser.next().map_err(UsageError::Option)? {
            match argument {
                Arg::Long("socket") => socket = Some(parser.value().map_err(UsageError::Option)?.into()),
                Arg::Long("fullscreen") => fullscreen = true,
                Arg::Long("size") => {
                    let text = parser.value().and_then(ValueExt::string).map_err(UsageError::Option)?;
                    size = parse_size(&text).ok_or(UsageError::Size(text))?;
                }
                Arg::Long("help") | Arg::Short('h') => return Ok(Asked::Help),
                Arg::Long("version") => return Ok(Asked::Version),
                other => return Err(UsageError::Option(other.unexpected())),
            }
        }
        let socket = socket.ok_or(UsageError::NoSocket)?;
        Ok(Asked::Run(Self { socket, fullscreen, size }))
    }
}

/// A window that nobody can use is no size.
fn parse_size(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    let side = |text: &str| text.parse().ok().filter(|side| (320..=16384).contains(side));
    Some((side(width)?, side(height)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Asked, String> {
        Arguments::read(Parser::from_args(arguments)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_socket_is_all_that_is_needed() {
        let expected = Arguments { socket: "/run/s".into(), fullscreen: false, size: (1280, 800) };
        assert_eq!(read(&["--socket", "/run/s"]), Ok(Asked::Run(expected)));
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        for (arguments, words) in [
            (&["--sokcet", "x"][..], "--sokcet"),
            (&["--fullscreen"][..], "--socket PATH is needed"),
            (&["--socket", "x", "--size", "12"][..], "'12' is no size"),
            (&["--socket", "x", "--size", "0x0"][..], "'0x0' is no size"),
            (&["--socket"][..], "--socket"),
        ] {
            let line = read(arguments).unwrap_err();
            assert!(line.contains(words) && !line.contains('\n'), "{line}");
        }
    }
}
