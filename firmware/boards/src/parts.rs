//! What a board consists of.

use crate::{
    section::section,
    value::{
        Baud, ChipAccess, Hertz, HttpsUrl, KioskName, Line, Location, PaperDots, Rotation, UsbName, Within,
    },
};

section! {
    /// Which kiosk this is, and where it stands.
    Kiosk said by KioskPart {
        /// The id under which it is enrolled.
        id: KioskName => "id",
        /// Where it stands, as printed on a slip.
        site: Line => "site",
    }
}

section! {
    /// The folders and files that a kiosk works with.
    Files said by FilesPart {
        /// Outbox, audit log, device key: the only place that is written.
        data: Location => "data",
        /// Country certificates that are believed, PEM.
        trust_list: Location => "trust-list",
        /// Folder of the issuers' revocation lists, DER, `*.crl`.
        revocation_lists: Location => "revocation-lists",
        /// Face models with their manifest.
        models: Location => "models",
        /// The service catalogue.
        catalogue: Location => "catalogue",
        /// The dated legal numbers.
        rules: Location => "rules",
        /// Who may open the staff page.
        staff: Location => "staff",
        /// The socket between kioskd and kiosk-ui.
        screen_socket: Location => "screen-socket",
        /// What kioskd and fleetd tell each other; a folder in memory.
        upkeep: Location => "upkeep",
    }
}

section! {
    /// The touchscreen.
    Screen said by ScreenPart {
        /// Dots across, as the citizen sees it.
        width: Within<640, 4096> => "width",
        /// Dots down.
        height: Within<480, 4096> => "height",
        /// How the panel is mounted.
        rotation: Rotation => "rotation",
        /// How wide the dots are together, in millimetres: words are as large as eyes
        /// need, not as dots are many (EN 301 549 V3.2.1, 5.1.4).
        mm_wide: Within<60, 2000> => "mm-wide",
        /// From how far it is read.
        viewing_mm: Within<250, 1500> => "viewing-mm",
    }
}

section! {
    /// The chip card reader.
    Reader said by ReaderPart {
        /// Part of the PC/SC reader's name.
        name: Line => "name",
        /// How a chip may be opened.
        access: ChipAccess => "access",
    }
}

section! {
    /// The camera.
    Camera said by CameraPart {
        /// The V4L2 node.
        device: Location => "device",
        /// The kernel driver that serves it: pictures that come by way of another are not the
        /// camera's.
        driver: Line => "driver",
        /// Which USB product it is: another that the same driver serves is not the camera.
        usb: UsbName => "usb",
        /// Dots across, at least: the nearest picture that is not smaller is taken.
        width: Within<320, 3840> => "width",
        /// Dots down, at least.
        height: Within<240, 2160> => "height",
        /// Frames in one second. No frame is exposed for longer than one takes, so that a dark
        /// room makes pictures darker and not fewer.
        frames_per_second: Within<10, 60> => "frames-per-second",
        /// The mains that the lamps around it flicker with.
        mains_hertz: Hertz => "mains-hertz",
        /// How much of a face before a bright window is brightened, where the camera can; 0:
        /// nothing.
        backlight_compensation: Within<0, 10> => "backlight-compensation",
    }
}

section! {
    /// The receipt printer.
    ReceiptPrinter said by ReceiptPrinterPart {
        /// The serial port.
        port: Location => "port",
        /// Its speed.
        baud: Baud => "baud",
        /// Dots across the paper.
        dots: PaperDots => "dots",
        /// How long a new roll is.
        roll_metres: Within<5, 200> => "roll-metres",
    }
}

section! {
    /// The code scanner.
    CodeScanner said by CodeScannerPart {
        /// The serial port.
        port: Location => "port",
        /// Its speed.
        baud: Baud => "baud",
    }
}

section! {
    /// The passive liveness model, where the operator installed one.
    LivenessPack said by LivenessPackPart {
        /// Its folder.
        folder: Location => "folder",
        /// SHA-256 of the folder's `manifest.toml`, in hexadecimal digits.
        manifest_sha256: Line => "manifest-sha256",
    }
}

section! {
    /// The lamps, by BCM pin number.
    Lights said by LightsPart {
        /// Lights a dark face.
        fill_pin: Within<2, 27> => "fill-pin",
        /// Stands beside the card slot.
        slot_pin: Within<2, 27> => "slot-pin",
    }
}

section! {
    /// The officers who may confirm a person whom the camera fails. A board without it
    /// offers no such way.
    Officers said by OfficersPart {
        /// The officers file: numbers, public keys, sealed keys.
        list: Location => "list",
    }
}

section! {
    /// The badges of those who service the machine. Whoever has one needs it to sign in; without
    /// this section a PIN alone signs in.
    Badges said by BadgesPart {
        /// The badges file: ids of the staff file, and public keys.
        list: Location => "list",
    }
}

section! {
    /// Settings from afar, laid over the board. A board without it takes none.
    Configuration said by ConfigurationPart {
        /// Where `fleetd` lays them down.
        folder: Location => "folder",
    }
}

section! {
    /// The site's one upstream.
    Gateway said by GatewayPart {
        /// Where it listens.
        url: HttpsUrl => "url",
        /// The authority of its certificate, PEM.
        ca: Location => "ca",
        /// The kiosk's TLS certificate, PEM.
        client_cert: Location => "client-cert",
        /// Its key, PEM.
        client_key: Location => "client-key",
        /// The key that checks the platform's signed answers.
        signing_key: Location => "signing-key",
        /// The key to which records and secrets are sealed.
        sealing_key: Location => "sealing-key",
        /// Until a connection must stand.
        connect_seconds: Within<1, 60> => "connect-seconds",
        /// Until an answer must be whole.
        answer_seconds: Within<1, 120> => "answer-seconds",
    }
}

section! {
    /// How much may wait for the platform, and how long ids are remembered.
    Outbox said by OutboxPart {
        /// At most so many transactions wait.
        count: Within<1, 1_000_000> => "count",
        /// At most so many mebibytes wait.
        mebibytes: Within<1, 65_536> => "mebibytes",
        /// None may have waited so many hours: a kiosk cut off for longer takes nothing new.
        age_hours: Within<1, 8_760> => "age-hours",
        /// So many days an acknowledged id is remembered.
        remember_days: Within<1, 3_650> => "remember-days",
    }
}

section! {
    /// After how long a visit ends by itself.
    Idle said by IdlePart {
        /// Without a tap, until "Are you still there?"
        ask_after_seconds: Within<20, 600> => "ask-after-seconds",
        /// From then, until the visit is wiped. At least 20 seconds (WCAG 2.2.1).
        end_after_seconds: Within<20, 300> => "end-after-seconds",
    }
}
