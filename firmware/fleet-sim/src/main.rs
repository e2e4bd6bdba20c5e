//! `fleet-sim`: says what a fleet would do.

use std::{process::ExitCode, time::Duration};

use fleet_sim::{
    Fleet, Plan,
    loopback::{self, Failed, Load},
    three_groups,
};
use lexopt::prelude::*;
use serde_json::json;

const USAGE: &str = "\
fleet-sim: the update machines of many kiosks against one fleet server, in simulated time

  --kiosks N       how many (10000)
  --hours N        how long (24)
  --seed N         decides all chance (7)
  --bad PERCENT    on so many kiosks the release is ill (0)
  --power-cut      after an hour everything is off for ten minutes
  --loopback SECONDS   instead: the load of as many real clients on a real server, in real time
  --poll-every SECONDS     what it tells them to sleep (5)
  --help           this text

A release is rolled out in three groups: one in a hundred, a tenth, the rest; more than two in a
hundred that fail pause it. Prints JSON.";

struct Asked {
    kiosks: usize,
    hours: u32,
    seed: u64,
    bad: u32,
    power_cut: bool,
    loopback: Option<u64>,
    poll_every: u64,
}

fn main() -> ExitCode {
    match asked(lexopt::Parser::from_env()) {
        Ok(Some(asked)) => {
            let said = match asked.loopback {
                Some(seconds) => load(&asked, Duration::from_secs(seconds)),
                None => Ok(run(&asked)),
            };
            match said {
                Ok(said) => {
                    println!("{said:#}");
                    ExitCode::SUCCESS
                }
                Err(error) => {
                    eprintln!("fleet-sim: {error}");
                    ExitCode::FAILURE
                }
            }
        }
        Ok(None) => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("fleet-sim: {error}; see --help");
            ExitCode::from(2)
        }
    }
}

fn asked(mut parser: lexopt::Parser) -> Result<Option<Asked>, lexopt::Error> {
    let mut asked =
        Asked { kiosks: 10_000, hours: 24, seed: 7, bad: 0, power_cut: false, loopback: None, poll_every: 5 };
    while let Some(arg) = parser.next()? {
        match arg {
            Long("kiosks") => asked.kiosks = parser.value()?.parse()?,
            Long("hours") => asked.hours = parser.value()?.parse()?,
            Long("seed") => asked.seed = parser.value()?.parse()?,
            Long("bad") => asked.bad = parser.value()?.parse()?,
            Long("power-cut") => asked.power_cut = true,
            Long("loopback") => asked.loopback = Some(parser.value()?.parse()?),
            Long("poll-every") => asked.poll_every = parser.value()?.parse()?,
            Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(asked))
}

fn load(asked: &Asked, lasts: Duration) -> Result<serde_json::Value, Failed> {
    let folder = tempfile::tempdir()?;
    let load = Load {
        kiosks: asked.kiosks,
        lasts,
        poll_every: Duration::from_secs(asked.poll_every),
        seed: asked.seed,
        folder: folder.path().to_owned(),
    };
    tokio::runtime::Runtime::new()?.block_on(loopback::run(&load))
}

fn run(asked: &Asked) -> serde_json::Value {
    let mut fleet = Fleet::new(Plan::of_wards(asked.kiosks, asked.seed));
    let (rollout, new) = fleet.roll_out(7, three_groups());
    let bad = asked.bad;
    fleet.well_where(move |digest, number| digest != new || number as u32 * 7 % 100 >= bad);
    let mut left = asked.hours * 3_600;
    if asked.power_cut && left > 4_200 {
        fleet.run(3_600);
        fleet.cut_power(0..asked.kiosks);
        fleet.run(600);
        fleet.restore_power(0..asked.kiosks);
        left -= 4_200;
    }
    fleet.run(left);
    let count =
        |holds: &dyn Fn(&fleet_sim::Kiosk) -> bool| fleet.kiosks.iter().filter(|it| holds(it)).count();
    let rollout = fleet.server.rollout(rollout).expect("made above");
    json!({
        "kiosks": asked.kiosks,
        "hours": asked.hours,
        "rollout": rollout.status.word(),
        "groups": rollout.groups.iter().map(|group| json!({
            "name": group.plan.name, "kiosks": group.targets.len(), "status": group.status.word(),
        })).collect::<Vec<_>>(),
        "ran it": count(&|kiosk| kiosk.ran.contains(&new)),
        "keep it": count(&|kiosk| kiosk.good == new),
        "visits broken": fleet.kiosks.iter().map(|kiosk| kiosk.disturbed).sum::<u32>(),
        "polls": fleet.polls.iter().map(|polls| u64::from(*polls)).sum::<u64>(),
        "most polls in a second": fleet.polls.iter().max(),
    })
}
