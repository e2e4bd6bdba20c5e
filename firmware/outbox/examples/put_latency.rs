//! How long the outbox's work takes with an empty queue and with a full one:
//! `cargo run -p outbox --example put_latency [-- ITEMS [FOLDER]]`. Prints one line each.

#[path = "../tests/all/sample/mod.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod sample;

use std::{
    env,
    path::PathBuf,
    time::{Duration, Instant},
};

use outbox::{Outbox, Standing};
use sample::{LIMITS, Sample, at, chance};
use transaction::Sealed;

const TRIES: u32 = 500;

fn main() {
    let mut arguments = env::args().skip(1);
    let items: u32 = arguments.next().map_or(10_000, |text| text.parse().expect("a number of items"));
    let folder = arguments.next().map_or_else(env::temp_dir, PathBuf::from);
    let folder = tempfile::TempDir::new_in(folder).expect("the folder can be written");
    let path = folder.path().join("outbox.db");
    let sample = Sample::new();
    let mut outbox = Outbox::open(&path, LIMITS).expect("a new outbox");

    let sealed: Vec<_> = (0..TRIES).map(|number| sample.sealed(number)).collect();
    println!("{} bytes a transaction, {TRIES} tries, milliseconds", sealed[0].bytes().len());
    put("put, empty queue", &mut outbox, &sealed);
    acknowledge("acknowledge, nearly empty queue", &mut outbox, &sample, 0);

    for number in TRIES..TRIES + items {
        outbox.put(&sample.sealed(number), at(0)).expect("room");
    }
    let first = TRIES + items;
    let sealed: Vec<_> = (first..first + TRIES).map(|number| sample.sealed(number)).collect();
    put(&format!("put, {items} waiting"), &mut outbox, &sealed);
    measure(&format!("due, {items} waiting"), |_| {
        outbox.due(at(1)).expect("readable").expect("something is due");
    });
    measure(&format!("retry later, {items} waiting"), |try_| {
        let id = sealed[try_ as usize].id();
        outbox.retry_later(id, at(2), &mut chance()).expect("it waits");
    });
    measure(&format!("counts, {items} waiting"), |_| {
        outbox.counts().expect("readable");
    });
    acknowledge(&format!("acknowledge, {items} waiting"), &mut outbox, &sample, first);
    drop(outbox);
    let start = Instant::now();
    Outbox::open(&path, LIMITS).expect("it is whole");
    println!("{:<36} {:8.3}", format!("open and check, {items} waiting"), ms(start.elapsed()));
}

fn put(what: &str, outbox: &mut Outbox, sealed: &[Sealed]) {
    measure(what, |try_| {
        outbox.put(&sealed[try_ as usize], at(0)).expect("room");
    });
}

fn acknowledge(what: &str, outbox: &mut Outbox, sample: &Sample, first: u32) {
    let receipts: Vec<_> =
        (first..first + TRIES).map(|number| sample.receipt(number, Standing::Received)).collect();
    measure(what, |try_| {
        outbox.acknowledge(&receipts[try_ as usize], at(3)).expect("it waits");
    });
}

fn measure(what: &str, mut act: impl FnMut(u32)) {
    let mut times: Vec<_> = (0..TRIES)
        .map(|try_| {
            let start = Instant::now();
            act(try_);
            start.elapsed()
        })
        .collect();
    times.sort();
    let part = |percent: usize| ms(times[times.len() * percent / 100]);
    println!("{what:<36} p50 {:8.3}  p99 {:8.3}", part(50), part(99));
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
