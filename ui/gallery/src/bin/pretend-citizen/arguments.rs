//! The command line.

use std::{path::PathBuf, time::Duration};

use lexopt::{Arg, Parser, ValueExt};
use screen::Language;

/// What `--help` prints.
pub const HELP: &str = "\
pretend-citizen --socket PATH --scenario FILE --person-phone P --otp CODE --out DIR
  --socket PATH             kioskd's socket for the screen
  --scenario FILE           the situation; its [citizen], [officers] or [technician] is played
  --person-phone P          the person's own phone number
  --otp CODE                the code that the platform sends
  --out DIR                 where the pictures and walk.json go
  --lang vi|en              the citizen's language, vi by default
  --size WxH                the screen, 1280x800 by default
  --service ID              what is asked for, eid.activate by default
  --card-digits D           the six digits on the card, where they must be typed
  --control-card SOCKET     the virtual card: lines 'lay' and 'lift' are written to it
  --control-body SOCKET     the camera's citizen: words of the camera's hints are written to it
  --control-scanner SOCKET  the desk: lines 'scan' and 'paper-enough' are written to it
  --patience SECONDS        how long a page may stay as it is, 120 by default";

/// How to walk.
pub struct Arguments {
    pub socket: PathBuf,
    pub scenario: PathBuf,
    pub phone: String,
    pub otp: String,
    pub out: PathBuf,
    pub language: Language,
    pub size: (u32, u32),
    pub service: String,
    pub card_digits: Option<String>,
    pub control_card: Option<PathBuf>,
    pub control_scanner: Option<PathBuf>,
    pub control_body: Option<PathBuf>,
    pub patience: Duration,
}

impl Arguments {
    /// Reads the command line; nothing where only help was asked for.
    pub fn read(mut parser: Parser) -> Result<Option<Self>, String> {
        let (mut socket, mut scenario, mut phone, mut otp, mut out) = (None, None, None, None, None);
        let (mut card_digits, mut control_card, mut control_scanner) = (None, None, None);
        let mut control_body = None;
        let mut language = Language::Vi;
        let mut size = (1280, 800);
        let mut service = "eid.activate".to_owned();
        let mut patience = Duration::from_mins(2);
        let plain = |error: lexopt::Error| error.to_string();
        while let Some(argument) = parser.next().map_err(plain)? {
            let Arg::Long(name) = argument else { return Err(plain(argument.unexpected())) };
            let name = name.to_owned();
            if name == "help" {
                return Ok(None);
            }
            let mut text = || parser.value().and_then(ValueExt::string).map_err(plain);
            match name.as_str() {
                "socket" => socket = Some(text()?.into()),
                "scenario" => scenario = Some(text()?.into()),
                "person-phone" => phone = Some(text()?),
                "otp" => otp = Some(text()?),
                "out" => out = Some(text()?.into()),
                "service" => service = text()?,
                "card-digits" => card_digits = Some(text()?),
                "control-card" => control_card = Some(text()?.into()),
                "control-body" => control_body = Some(text()?.into()),
                "control-scanner" => control_scanner = Some(text()?.into()),
                "lang" => {
                    language = match text()?.as_str() {
                        "vi" => Language::Vi,
                        "en" => Language::En,
                        other => return Err(format!("'{other}' is no language of the pages: vi, en")),
                    };
                }
                "size" => {
                    let given = text()?;
                    size = gallery::parse_size(&given)
                        .ok_or(format!("'{given}' is no size such as 1280x800"))?;
                }
                "patience" => {
                    let given = text()?;
                    let seconds = given.parse().map_err(|_| format!("'{given}' is no number of seconds"))?;
                    patience = Duration::from_secs(seconds);
                }
                other => return Err(format!("invalid option '--{other}'")),
            }
        }
        let needed = |name: &str| format!("--{name} is needed");
        Ok(Some(Self {
            socket: socket.ok_or_else(|| needed("socket"))?,
            scenario: scenario.ok_or_else(|| needed("scenario"))?,
            phone: phone.ok_or_else(|| needed("person-phone"))?,
            otp: otp.ok_or_else(|| needed("otp"))?,
            out: out.ok_or_else(|| needed("out"))?,
            language,
            size,
            service,
            card_digits,
            control_card,
            control_scanner,
            control_body,
            patience,
        }))
    }
}
