//! HTTP/1.0 to the pretended platform on this machine: a request, an answer, the end.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use anyhow::{Context as _, Result, bail};

/// Sends a request and gives the body of the answer; one that is no success is an error.
/// `login` is what stands behind `Basic`.
pub fn ask(port: u16, method: &str, path: &str, login: Option<&str>, body: &str) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let login = login.map_or_else(String::new, |login| format!("Authorization: Basic {login}\r\n"));
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\n{login}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").context("no HTTP answer")?;
    let status = answer.get(9..10);
    if !answer.starts_with(b"HTTP/1.") || status != Some(b"2") {
        bail!("{method} {path}: {}", String::from_utf8_lossy(&answer).trim());
    }
    Ok(answer.split_off(head + 4))
}
