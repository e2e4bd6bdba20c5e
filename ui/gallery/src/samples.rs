//! One view or more of every page, with invented people. The pages stand in a
//! chain: each names the next, so a new `Screen` variant does not compile here
//! until somebody gives it a place and a sample.

mod officers;
mod staff;

use screen::{
    Contrast, Entry, FaceHint, Fault, Glow, Icon, Language, Look, Offers, Outcome, Over, PaperOutcome,
    PasswordRules, ReadingStage, ReviewLabel, ReviewLine, Screen, ServiceTile, Step, Text, TextSize, View,
    Work,
};

/// A view with a name for its picture.
#[derive(Clone)]
pub struct Sample {
    /// The page's name, with what is special about this view behind a dot.
    pub name: String,
    /// What the page shows.
    pub screen: Screen,
    /// What lies over it.
    pub over: Option<Over>,
}

impl Sample {
    /// The sample as a complete view.
    pub fn view(&self, language: Language, text: TextSize, contrast: Contrast) -> View {
        let quiet = matches!(
            self.screen,
            Screen::Attract { .. } | Screen::OutOfService { .. } | Screen::Staff { .. } | Screen::Done { .. }
        );
        let before = matches!(
            self.screen,
            Screen::ChooseService { .. } | Screen::StaffSignIn { .. } | Screen::StaffBadge { .. }
        );
        View {
            screen: self.screen.clone(),
            language,
            look: Look { text, contrast },
            step: (!quiet && !before).then_some(Step { now: 2, of: 5 }),
            over: self.over,
            offers: Offers { back: !quiet, end: !quiet },
        }
    }
}

/// Every sample, in the order of a visit.
pub fn samples() -> Vec<Sample> {
    let mut all = vec![Sample {
        name: "attract".into(),
        screen: Screen::Attract { closes_in: None, message: None },
        over: None,
    }];
    all.push(Sample {
        name: "attract.closes".into(),
        screen: Screen::Attract { closes_in: Some(1), message: None },
        over: None,
    });
    all.push(Sample { name: "attract.message".into(), screen: operators_message(), over: None });
    let mut last = Screen::Attract { closes_in: None, message: None };
    while let Some((page, screens)) = following(&last) {
        for (special, screen) in &screens {
            let name = if special.is_empty() { page.to_owned() } else { format!("{page}.{special}") };
            all.push(Sample { name, screen: screen.clone(), over: None });
        }
        last = screens.into_iter().next_back().expect("each page has a sample").1;
    }
    for (special, over) in [
        ("still-there", Over::StillThere { seconds_left: 25 }),
        ("really-end", Over::ReallyEnd),
        ("help-is-coming", Over::HelpIsComing),
    ] {
        let screen = Screen::Phone { digits: "0912".into(), fault: None };
        all.push(Sample { name: format!("over.{special}"), screen, over: Some(over) });
    }
    all
}

/// As long as a message may be.
fn operators_message() -> Screen {
    let vi = "Từ thứ Hai 7/12, quầy số 3 chuyển sang tầng 2. Người cao tuổi và phụ nữ có thai được mời làm trước tại quầy số 1.";
    let en = "From Monday 7 Dec, counter 3 moves to the second floor. The elderly and pregnant women are served first at counter 1.";
    Screen::Attract { closes_in: None, message: Some(Text::new(vi, en)) }
}

type Page = (&'static str, Vec<(&'static str, Screen)>);
/// The page after this one, with its samples.
#[allow(clippy::too_many_lines)] // one arm a page; splitting would hide that it is total
fn following(page: &Screen) -> Option<Page> {
    Some(match page {
        Screen::Attract { .. } => ("choose-service", services()),
        Screen::ChooseService { .. } => {
            ("consent", vec![("", consent(Some(0))), ("fee", consent(Some(200_000)))])
        }
        Screen::Consent { .. } => (
            "card-key",
            vec![
                ("", Screen::CardKey { digits: String::new(), scanner: true, tries_left: None, fault: None }),
                (
                    "typed",
                    Screen::CardKey { digits: "0001".into(), scanner: true, tries_left: None, fault: None },
                ),
                (
                    "wrong",
                    Screen::CardKey {
                        digits: String::new(),
                        scanner: false,
                        tries_left: Some(2),
                        fault: Some(Fault::CardKeyWrong),
                    },
                ),
                (
                    "code needed",
                    Screen::CardKey {
                        digits: String::new(),
                        scanner: true,
                        tries_left: None,
                        fault: Some(Fault::CardCodeNeeded),
                    },
                ),
            ],
        ),
        Screen::CardKey { .. } => (
            "place-card",
            vec![
                ("", Screen::PlaceCard { fault: None }),
                ("lifted", Screen::PlaceCard { fault: Some(Fault::CardLifted) }),
            ],
        ),
        Screen::PlaceCard { .. } => (
            "reading-card",
            vec![
                ("", Screen::ReadingCard { name: None, stage: ReadingStage::Opening, percent: 0 }),
                (
                    "portrait",
                    Screen::ReadingCard {
                        name: Some("NGUYỄN THỊ KHUÊ".into()),
                        stage: ReadingStage::Portrait,
                        percent: 62,
                    },
                ),
                (
                    "checking",
                    Screen::ReadingCard {
                        name: Some("TÔN NỮ HOÀNG THỊ NGUYỆT ẤNH TUYẾT".into()),
                        stage: ReadingStage::Checking,
                        percent: 100,
                    },
                ),
            ],
        ),
        Screen::ReadingCard { .. } => (
            "hello",
            vec![
                ("", Screen::Hello { name: "NGUYỄN THỊ KHUÊ".into(), birth_year: 1990 }),
                (
                    "long",
                    Screen::Hello {
                        name: "TÔN NỮ HOÀNG THỊ NGUYỆT ẤNH TUYẾT".into(), birth_year: 1961
                    },
                ),
            ],
        ),
        Screen::Hello { .. } => ("face", faces()),
        Screen::Face { .. } => (
            "face-not-matched",
            vec![("", Screen::FaceNotMatched { attempt: 2, attempts: 3, fault: Fault::FaceNotMatched })],
        ),
        Screen::FaceNotMatched { .. } => ("face-another-way", officers::another_ways()),
        Screen::FaceAnotherWay { .. } => ("officers-confirm", officers::confirm()),
        Screen::OfficersConfirm { .. } => ("officer-number", officers::number()),
        Screen::OfficerNumber { .. } => ("officer-pin", officers::pin()),
        Screen::OfficerPin { .. } => (
            "vneid-code",
            vec![(
                "",
                Screen::VneidCode {
                    qr: "https://vneid.example/authorise/3f9c2a71".into(),
                    seconds_left: 118,
                },
            )],
        ),
        Screen::VneidCode { .. } => ("working", works()),
        Screen::Working { .. } => (
            "phone",
            vec![
                ("", Screen::Phone { digits: "0912".into(), fault: None }),
                ("wrong", Screen::Phone { digits: "0912000158".into(), fault: Some(Fault::PhoneMismatch) }),
            ],
        ),
        Screen::Phone { .. } => ("otp", codes()),
        Screen::Otp { .. } => ("password", passwords()),
        Screen::Password { .. } => (
            "passcode",
            vec![
                ("", Screen::Passcode { entry: Entry::First, entered: 3, fault: None }),
                (
                    "weak",
                    Screen::Passcode { entry: Entry::First, entered: 0, fault: Some(Fault::PasscodeWeak) },
                ),
                ("again", Screen::Passcode { entry: Entry::Again, entered: 6, fault: None }),
            ],
        ),
        Screen::Passcode { .. } => ("question", questions()),
        Screen::Question { .. } => ("review", vec![("", review())]),
        Screen::Review { .. } => ("printing", vec![("", Screen::Printing)]),
        Screen::Printing => ("outcome", outcomes()),
        Screen::Outcome { .. } => {
            ("done", vec![("", Screen::Done { rated: None }), ("rated", Screen::Done { rated: Some(4) })])
        }
        Screen::Done { .. } => (
            "out-of-service",
            vec![
                ("", Screen::OutOfService { fault: Fault::StoreFailed, minutes: None }),
                ("minutes", Screen::OutOfService { fault: Fault::Upkeep, minutes: Some(5) }),
                ("locked", Screen::OutOfService { fault: Fault::Locked, minutes: Some(90) }),
                ("repair", Screen::OutOfService { fault: Fault::LockedForRepair, minutes: Some(5_000) }),
            ],
        ),
        Screen::OutOfService { .. } => ("staff-sign-in", staff::sign_in()),
        Screen::StaffSignIn { .. } => ("staff-badge", staff::badge()),
        Screen::StaffBadge { .. } => ("staff", staff::serving()),
        Screen::Staff { .. } => return None,
    })
}

fn services() -> Vec<(&'static str, Screen)> {
    let tile = |id: &str, icon, vi: (&str, &str), en: (&str, &str), closed| ServiceTile {
        id: id.into(),
        icon,
        title: Text::new(vi.0, en.0),
        about: Text::new(vi.1, en.1),
        closed,
    };
    let activate = |closed| {
        tile(
            "eid.activate",
            Icon::Account,
            ("Kích hoạt định danh điện tử", "Cần thẻ Căn cước và điện thoại chính chủ"),
            ("Activate your e-ID account", "You need your ID card and a phone in your own name"),
            closed,
        )
    };
    let several = vec![
        activate(None),
        tile(
            "residence.confirm",
            Icon::Residence,
            ("Xác nhận thông tin cư trú", "In giấy xác nhận có mã kiểm tra"),
            ("Confirm your residence", "Prints a confirmation with a code to check it"),
            Some(Fault::PaperOut),
        ),
        tile(
            "documents.add",
            Icon::Document,
            ("Thêm giấy tờ vào tài khoản", "Giấy phép lái xe, thẻ bảo hiểm y tế"),
            ("Add papers to your account", "Driving licence, health insurance"),
            None,
        ),
        tile(
            "queue.ticket",
            Icon::Ticket,
            ("Lấy số thứ tự", "Không cần thẻ"),
            ("Take a number", "No card needed"),
            None,
        ),
        tile(
            "fee.pay",
            Icon::Payment,
            ("Nộp phí, lệ phí", "Quét VietQR"),
            ("Pay a fee", "By VietQR"),
            Some(Fault::PlatformUnreachable),
        ),
    ];
    vec![
        ("", Screen::ChooseService { services: vec![activate(None)] }),
        ("closed", Screen::ChooseService { services: vec![activate(Some(Fault::ReaderMissing))] }),
        ("several", Screen::ChooseService { services: several }),
    ]
}

fn consent(fee: Option<u32>) -> Screen {
    Screen::Consent {
        fee,
        service: Text::new("Kích hoạt định danh điện tử", "Activate your e-ID account"),
        purposes: vec![
            Text::new(
                "Máy đọc chip trên thẻ và so khuôn mặt để kích hoạt tài khoản",
                "It reads your card chip and compares your face to activate the account",
            ),
            Text::new(
                "Số điện thoại dùng để gửi mã xác nhận",
                "Your phone number is used to send a confirmation code",
            ),
        ],
    }
}

fn faces() -> Vec<(&'static str, Screen)> {
    let face = |hint, percent| Screen::Face {
        hint,
        percent,
        attempt: 1,
        attempts: 3,
        gently: false,
        glow: Glow::Off,
    };
    let lit =
        |hint, percent, glow| Screen::Face { hint, percent, attempt: 1, attempts: 3, gently: false, glow };
    let gently = |hint, percent| Screen::Face {
        hint,
        percent,
        attempt: 2,
        attempts: 3,
        gently: true,
        glow: Glow::Off,
    };
    vec![
        ("", face(FaceHint::LookStraight, 0)),
        ("still", face(FaceHint::HoldStill, 70)),
        ("uncover", face(FaceHint::Uncover, 10)),
        ("dark", face(FaceHint::TooDark, 0)),
        ("one-sided", face(FaceHint::OneSidedLight, 0)),
        ("nobody", face(FaceHint::NoFace, 0)),
        ("closer", face(FaceHint::ComeCloser, 0)),
        ("back", face(FaceHint::MoveBack, 0)),
        ("to-the-left", face(FaceHint::MoveLeft, 0)),
        ("to-the-right", face(FaceHint::MoveRight, 0)),
        ("up", face(FaceHint::LookUp, 10)),
        ("down", face(FaceHint::LookDown, 10)),
        ("open-eyes", face(FaceHint::OpenEyes, 20)),
        ("close-mouth", face(FaceHint::CloseMouth, 20)),
        ("one-person", face(FaceHint::OnePerson, 0)),
        ("bright", face(FaceHint::TooBright, 0)),
        ("odd-light", face(FaceHint::OddLight, 0)),
        ("background", face(FaceHint::BusyBackground, 0)),
        ("left", face(FaceHint::TurnLeft, 40)),
        ("right", face(FaceHint::TurnRight, 60)),
        ("eyes", face(FaceHint::CloseEyes, 60)),
        ("mouth", face(FaceHint::OpenMouth, 60)),
        ("red", lit(FaceHint::HoldStill, 40, Glow::Red)),
        ("yellow", lit(FaceHint::TurnLeft, 40, Glow::Yellow)),
        ("green", lit(FaceHint::HoldStill, 60, Glow::Green)),
        ("cyan", lit(FaceHint::CloseEyes, 60, Glow::Cyan)),
        ("blue", lit(FaceHint::LookStraight, 80, Glow::Blue)),
        ("magenta", lit(FaceHint::TurnRight, 80, Glow::Magenta)),
        ("gently", gently(FaceHint::TurnLeft, 40)),
        ("gently-eyes", gently(FaceHint::CloseEyes, 65)),
    ]
}

fn works() -> Vec<(&'static str, Screen)> {
    vec![
        ("", Screen::Working { work: Work::LookingUpAccount }),
        ("face", Screen::Working { work: Work::ComparingFace }),
        ("officer", Screen::Working { work: Work::OfficerSigns }),
        ("secrets", Screen::Working { work: Work::SettingSecrets }),
        ("sending", Screen::Working { work: Work::Sending }),
    ]
}

fn codes() -> Vec<(&'static str, Screen)> {
    let otp = |entered, resend_in, tries_left, fault| Screen::Otp {
        sent_to: "09x xxx x58".into(),
        entered,
        resend_in,
        tries_left,
        fault,
    };
    vec![
        ("", otp(2, 48, None, None)),
        ("wrong", otp(0, 0, Some(2), Some(Fault::OtpWrong))),
        ("expired", otp(0, 0, None, Some(Fault::OtpExpired))),
    ]
}

fn passwords() -> Vec<(&'static str, Screen)> {
    let rules = PasswordRules { length: false, upper: true, lower: true, digit: false, special: true };
    vec![
        ("", Screen::Password { entry: Entry::First, entered: 5, rules, fault: None }),
        (
            "weak",
            Screen::Password { entry: Entry::First, entered: 0, rules, fault: Some(Fault::PasswordPolicy) },
        ),
        (
            "again",
            Screen::Password {
                entry: Entry::Again,
                entered: 11,
                rules: PasswordRules::default(),
                fault: None,
            },
        ),
    ]
}

fn questions() -> Vec<(&'static str, Screen)> {
    let choices = vec![
        Text::new(
            "Tên trường tiểu học đầu tiên của quý vị?",
            "What was the name of your first primary school?",
        ),
        Text::new("Món ăn quý vị thích nhất?", "What is your favourite dish?"),
        Text::new("Người bạn thân nhất thời thơ ấu?", "Who was your best friend as a child?"),
        Text::new("Tên con vật nuôi đầu tiên?", "What was the name of your first pet?"),
        Text::new("Quê ngoại của quý vị ở đâu?", "Where does your mother's family come from?"),
    ];
    let question = |chosen, entered, last, fault| Screen::Question {
        number: 1,
        choices: choices.clone(),
        chosen,
        entered,
        last,
        fault,
    };
    vec![
        ("", question(None, 0, None, None)),
        ("answer", question(Some(0), 5, Some('ễ'), None)),
        ("short", question(Some(2), 1, None, Some(Fault::AnswerTooShort))),
    ]
}

fn review() -> Screen {
    let line = |label, value: &str, editable| ReviewLine { label, value: value.into(), editable };
    Screen::Review {
        lines: vec![
            line(ReviewLabel::Service, "Kích hoạt định danh điện tử", false),
            line(ReviewLabel::Name, "NGUYỄN THỊ KHUÊ", false),
            line(ReviewLabel::Number, "•••• •••• 0158", false),
            line(ReviewLabel::Phone, "0912 000 158", true),
            line(ReviewLabel::IdentityProof, "Chip Căn cước, khuôn mặt", false),
        ],
    }
}

fn outcomes() -> Vec<(&'static str, Screen)> {
    let outcome = |outcome, reference: Option<&str>, paper| Screen::Outcome {
        outcome,
        reference: reference.map(str::to_owned),
        paper,
    };
    vec![
        ("activated", outcome(Outcome::Activated, Some("K7-4Q2M"), PaperOutcome::Printed)),
        ("received", outcome(Outcome::Received, Some("K7-4Q2M"), PaperOutcome::Failed(Fault::PaperOut))),
        ("already-active", outcome(Outcome::AlreadyActive, None, PaperOutcome::None)),
        (
            "overdue",
            outcome(Outcome::Overdue { hotline: "1900 0368".into() }, Some("K7-4Q2M"), PaperOutcome::Offered),
        ),
        ("locked", outcome(Outcome::Locked, Some("K7-4Q2M"), PaperOutcome::None)),
        ("no-account", outcome(Outcome::NoAccount, None, PaperOutcome::Offered)),
        ("level-one", outcome(Outcome::LevelOne, None, PaperOutcome::None)),
        (
            "card-expired",
            outcome(Outcome::CardExpired { on: "20/11/2026".into() }, None, PaperOutcome::Offered),
        ),
        ("declined", outcome(Outcome::Declined, None, PaperOutcome::None)),
        ("staff-way", outcome(Outcome::StaffWay, Some("K7-4Q2M"), PaperOutcome::Printed)),
        (
            "refused",
            outcome(Outcome::Refused { fault: Fault::DataAltered }, Some("K7-4Q2M"), PaperOutcome::None),
        ),
        // After the fifth number: other words than on the page that asked for it.
        (
            "no-key",
            outcome(Outcome::Refused { fault: Fault::CardKeyWrong }, Some("K7-4Q2M"), PaperOutcome::Offered),
        ),
    ]
}
