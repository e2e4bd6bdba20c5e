//! The command line of `pretend-platform`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use lexopt::prelude::*;
use pretend_platform::{
    Options,
    fleet::{FleetOptions, Login},
};

pub const USAGE: &str = "\
pretend-platform: a pretend gateway for demo and tests (invented citizens only)

  --dir DIR         keys, certificates and state.json; made where it is missing
  --scenario FILE   the situation; without it only the citizens of the tests are known
  --people DIR      the folder of people.toml; needed with --scenario
  --listen ADDRESS  where kiosks connect (127.0.0.1:0)
  --kiosk NAME      the one kiosk that is known (demo-kiosk)
  --fleet ADDRESS   serve a fleet too, as hawkBit's DDI v1 and management REST, over plain HTTP
  --fleet-login USER:PASSWORD  of the management REST (admin:admin)
  --gateway-token TOKEN        lets kiosks in that the fleet server does not know yet
  --poll-every SECONDS         what kiosks are told to sleep (300)
  --help            this text";

/// What is asked.
pub struct Asked {
    pub options: Options,
    pub scenario: Option<(PathBuf, PathBuf)>,
    pub fleet: Option<FleetOptions>,
}

/// What is said of the fleet server.
#[derive(Default)]
struct FleetAsked {
    listen: Option<SocketAddr>,
    login: Option<Login>,
    gateway_token: Option<String>,
    poll_every: Option<Duration>,
}

/// Reads the command line; `None` asks for the usage.
pub fn asked(mut parser: lexopt::Parser) -> Result<Option<Asked>, lexopt::Error> {
    let (mut dir, mut scenario, mut people) = (None, None, None);
    let (mut listen, mut kiosk) = (None, None);
    let mut fleet = FleetAsked::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("dir") => dir = Some(PathBuf::from(parser.value()?)),
            Long("scenario") => scenario = Some(PathBuf::from(parser.value()?)),
            Long("people") => people = Some(PathBuf::from(parser.value()?)),
            Long("listen") => listen = Some(parser.value()?.parse()?),
            Long("kiosk") => kiosk = Some(parser.value()?.string()?),
            Long("fleet") => fleet.listen = Some(parser.value()?.parse()?),
            Long("fleet-login") => fleet.login = Some(parser.value()?.parse_with(login)?),
            Long("gateway-token") => fleet.gateway_token = Some(parser.value()?.string()?),
            Long("poll-every") => fleet.poll_every = Some(parser.value()?.parse_with(below_a_day)?),
            Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    let dir = dir.ok_or("--dir is missing")?;
    let fleet = fleet.options(&dir)?;
    let mut options = Options::new(dir);
    options.listen = listen.unwrap_or(options.listen);
    options.kiosk = kiosk.unwrap_or(options.kiosk);
    let scenario = match (scenario, people) {
        (Some(scenario), Some(people)) => Some((scenario, people)),
        (None, None) => None,
        _ => return Err("--scenario and --people belong together".into()),
    };
    Ok(Some(Asked { options, scenario, fleet }))
}

impl FleetAsked {
    fn options(self, dir: &Path) -> Result<Option<FleetOptions>, lexopt::Error> {
        let Some(listen) = self.listen else {
            let alone = self.login.is_none() && self.gateway_token.is_none() && self.poll_every.is_none();
            return if alone { Ok(None) } else { Err("--fleet is missing".into()) };
        };
        let mut options = FleetOptions::new(dir.join("artifacts"));
        options.listen = listen;
        options.login = self.login.unwrap_or(options.login);
        options.settings.gateway_token = self.gateway_token;
        options.settings.poll_every = self.poll_every.unwrap_or(options.settings.poll_every);
        Ok(Some(options))
    }
}

fn login(text: &str) -> Result<Login, &'static str> {
    let (user, password) = text.split_once(':').ok_or("a login is USER:PASSWORD")?;
    Ok(Login { user: user.to_owned(), password: password.to_owned() })
}

fn below_a_day(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| (1..86_400).contains(seconds));
    seconds.map(Duration::from_secs).ok_or("seconds are 1 to 86399")
}
