//! The control socket: one word a line in, one line out.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::net::{UnixListener, UnixStream},
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Duration,
};

use simulators::vpcd::VpcdCard;

/// A word, where its answer goes, and what tells that the answer was written.
type Order = (String, Sender<String>, Receiver<()>);

/// Obeys every connection's words, one after the other, until one says `quit`.
pub(crate) fn obey(listener: &UnixListener, mut card: VpcdCard) -> io::Result<()> {
    let (orders, incoming) = mpsc::channel::<Order>();
    let listener = listener.try_clone()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let orders = orders.clone();
            thread::spawn(move || converse(stream, &orders));
        }
    });
    for (word, answer, written) in incoming {
        let reply = carry_out(&word, &mut card);
        // Whoever asked may be gone by now.
        let _ = answer.send(reply);
        if word == "quit" {
            // The program ends with this: not before the answer is out.
            let _ = written.recv_timeout(Duration::from_secs(1));
            break;
        }
    }
    Ok(())
}

fn carry_out(word: &str, card: &mut VpcdCard) -> String {
    match word {
        "lay" => {
            card.lay().map_or_else(|error| format!("error: no virtual reader: {error}"), |()| "ok".into())
        }
        "lift" => {
            card.lift();
            "ok".into()
        }
        "code" => card.printed_code(),
        "status" => {
            let place = if card.is_laid() { "laid" } else { "lifted" };
            format!("{place} {}", card.answered())
        }
        "quit" => "ok".into(),
        other => format!("error: '{other}' is none of lay, lift, code, status, quit"),
    }
}

/// One connection; it ends at the first thing that cannot be read or written.
fn converse(stream: UnixStream, orders: &Sender<Order>) -> Option<()> {
    let mut out = stream.try_clone().ok()?;
    for line in BufReader::new(stream).lines() {
        let (answer, answered) = mpsc::channel();
        let (wrote, written) = mpsc::channel();
        orders.send((line.ok()?.trim().to_owned(), answer, written)).ok()?;
        writeln!(out, "{}", answered.recv().ok()?).ok()?;
        let _ = wrote.send(());
    }
    Some(())
}
