//! From files to a board. Each file is checked by itself, so that what is wrong has a
//! line; then it is laid over what it inherits.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    Board, BoardError,
    parts::{
        BadgesPart, CameraPart, CodeScannerPart, ConfigurationPart, FilesPart, GatewayPart, IdlePart,
        KioskPart, LightsPart, LivenessPackPart, OfficersPart, OutboxPart, ReaderPart, ReceiptPrinterPart,
        ScreenPart,
    },
    section::Part,
};

/// What one file says.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BoardFile {
    /// Another file: a name in the same folder, or a path from there.
    inherit: Option<String>,
    kiosk: Option<KioskPart>,
    files: Option<FilesPart>,
    screen: Option<ScreenPart>,
    reader: Option<ReaderPart>,
    camera: Option<CameraPart>,
    receipt_printer: Option<ReceiptPrinterPart>,
    code_scanner: Option<CodeScannerPart>,
    lights: Option<LightsPart>,
    liveness_pack: Option<LivenessPackPart>,
    officers: Option<OfficersPart>,
    badges: Option<BadgesPart>,
    configuration: Option<ConfigurationPart>,
    gateway: Option<GatewayPart>,
    outbox: Option<OutboxPart>,
    idle: Option<IdlePart>,
    face: Option<toml::Table>,
    identity: Option<toml::Table>,
}

pub(crate) fn load(path: &Path) -> Result<Board, BoardError> {
    let mut seen = Vec::new();
    let mut board = BoardFile::default();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let file = read(&path, &mut seen)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        next = file.inherit.as_ref().map(|name| folder.join(format!("{name}.toml")));
        board = board.over(file.placed(folder));
    }
    board.whole(path)
}

fn read(path: &Path, seen: &mut Vec<PathBuf>) -> Result<BoardFile, BoardError> {
    let fail = |source| BoardError::Read { path: path.to_owned(), source };
    // Two spellings of one file are one file.
    let same = path.canonicalize().map_err(fail)?;
    if seen.contains(&same) {
        return Err(BoardError::Cycle { path: path.to_owned() });
    }
    seen.push(same);
    let text = fs::read_to_string(path).map_err(fail)?;
    toml::from_str(&text).map_err(|error| BoardError::Wrong {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1),
        reason: error.message().to_owned(),
    })
}

/// One table over another, and the tables in it likewise; for the crate that knows what the keys
/// mean.
fn key_by_key(ours: toml::Table, mut inherited: toml::Table) -> toml::Table {
    for (key, value) in ours {
        let value = match (value, inherited.remove(&key)) {
            (toml::Value::Table(ours), Some(toml::Value::Table(inherited))) => {
                toml::Value::Table(key_by_key(ours, inherited))
            }
            (value, _) => value,
        };
        inherited.insert(key, value);
    }
    inherited
}

impl BoardFile {
    fn placed(mut self, folder: &Path) -> Self {
        fn place(part: &mut Option<impl Part>, folder: &Path) {
            if let Some(part) = part {
                part.place(folder);
            }
        }
        place(&mut self.kiosk, folder);
        place(&mut self.files, folder);
        place(&mut self.screen, folder);
        place(&mut self.reader, folder);
        place(&mut self.camera, folder);
        place(&mut self.receipt_printer, folder);
        place(&mut self.code_scanner, folder);
        place(&mut self.lights, folder);
        place(&mut self.liveness_pack, folder);
        place(&mut self.officers, folder);
        place(&mut self.badges, folder);
        place(&mut self.configuration, folder);
        place(&mut self.gateway, folder);
        place(&mut self.outbox, folder);
        place(&mut self.idle, folder);
        self
    }

    fn over(self, inherited: Self) -> Self {
        fn over<T: Part>(ours: Option<T>, inherited: Option<T>) -> Option<T> {
            match (ours, inherited) {
                (Some(ours), Some(inherited)) => Some(ours.over(inherited)),
                (ours, inherited) => ours.or(inherited),
            }
        }
        fn table_over(ours: Option<toml::Table>, inherited: Option<toml::Table>) -> Option<toml::Table> {
            match (ours, inherited) {
                (Some(ours), Some(inherited)) => Some(key_by_key(ours, inherited)),
                (ours, inherited) => ours.or(inherited),
            }
        }
        Self {
            inherit: None,
            kiosk: over(self.kiosk, inherited.kiosk),
            files: over(self.files, inherited.files),
            screen: over(self.screen, inherited.screen),
            reader: over(self.reader, inherited.reader),
            camera: over(self.camera, inherited.camera),
            receipt_printer: over(self.receipt_printer, inherited.receipt_printer),
            code_scanner: over(self.code_scanner, inherited.code_scanner),
            lights: over(self.lights, inherited.lights),
            liveness_pack: over(self.liveness_pack, inherited.liveness_pack),
            officers: over(self.officers, inherited.officers),
            badges: over(self.badges, inherited.badges),
            configuration: over(self.configuration, inherited.configuration),
            gateway: over(self.gateway, inherited.gateway),
            outbox: over(self.outbox, inherited.outbox),
            idle: over(self.idle, inherited.idle),
            face: table_over(self.face, inherited.face),
            identity: table_over(self.identity, inherited.identity),
        }
    }

    fn whole(self, path: &Path) -> Result<Board, BoardError> {
        let missing = |section, key| BoardError::Missing { path: path.to_owned(), section, key };
        // A section that no file has lacks its first key.
        macro_rules! needed {
            ($part:ident, $name:literal) => {
                self.$part.unwrap_or_default().whole().map_err(|key| missing($name, key))?
            };
        }
        macro_rules! maybe {
            ($part:ident, $name:literal) => {
                self.$part.map(Part::whole).transpose().map_err(|key| missing($name, key))?
            };
        }
        let board = Board {
            kiosk: needed!(kiosk, "kiosk"),
            files: needed!(files, "files"),
            screen: needed!(screen, "screen"),
            reader: needed!(reader, "reader"),
            camera: needed!(camera, "camera"),
            receipt_printer: maybe!(receipt_printer, "receipt-printer"),
            code_scanner: maybe!(code_scanner, "code-scanner"),
            lights: maybe!(lights, "lights"),
            liveness_pack: maybe!(liveness_pack, "liveness-pack"),
            officers: maybe!(officers, "officers"),
            badges: maybe!(badges, "badges"),
            configuration: maybe!(configuration, "configuration"),
            gateway: needed!(gateway, "gateway"),
            outbox: needed!(outbox, "outbox"),
            idle: needed!(idle, "idle"),
            face: self.face.ok_or_else(|| missing("face", "accept"))?,
            identity: self.identity.ok_or_else(|| missing("identity", "chip"))?,
        };
        match &board.lights {
            Some(lights) if lights.fill_pin.get() == lights.slot_pin.get() => {
                Err(BoardError::OnePin { path: path.to_owned(), pin: lights.fill_pin.get() })
            }
            _ => Ok(board),
        }
    }
}
