//! From the firmware's enums to the pages' own. Each match is total: a new
//! variant that no page knows does not compile.

use screen::{
    Contrast, DeviceName, Entry, FaceHint, Glow, Icon, Language, ReadingStage, ReviewLabel, StaffTap,
    TextSize, Work,
};

use crate::pages;

/// Writes both ways of a translation between two enums of the same words.
macro_rules! same_words {
    ($forth:ident, $ours:ident { $($word:ident),+ $(,)? }) => {
        pub(crate) fn $forth(one: $ours) -> pages::$ours {
            match one { $($ours::$word => pages::$ours::$word,)+ }
        }
    };
    ($forth:ident, $back:ident, $ours:ident { $($word:ident),+ $(,)? }) => {
        same_words!($forth, $ours { $($word),+ });
        pub(crate) fn $back(one: pages::$ours) -> $ours {
            match one { $(pages::$ours::$word => $ours::$word,)+ }
        }
    };
}

same_words!(language, language_of, Language { Vi, En });
same_words!(text_size, text_size_of, TextSize { Normal, Large, Largest });
same_words!(contrast, contrast_of, Contrast { Normal, High });
same_words!(stage, ReadingStage { Opening, Details, Portrait, Checking });
same_words!(
    hint,
    FaceHint {
        LookStraight,
        HoldStill,
        ComeCloser,
        MoveBack,
        MoveLeft,
        MoveRight,
        LookUp,
        LookDown,
        Uncover,
        OpenEyes,
        CloseMouth,
        OnePerson,
        TooDark,
        TooBright,
        OneSidedLight,
        OddLight,
        BusyBackground,
        NoFace,
        TurnLeft,
        TurnRight,
        CloseEyes,
        OpenMouth,
    }
);
same_words!(glow, Glow { Off, Red, Yellow, Green, Cyan, Blue, Magenta });
same_words!(
    work,
    Work {
        ComparingFace,
        LookingUpAccount,
        SendingCode,
        CheckingCode,
        SettingSecrets,
        Sending,
        AskingVneid,
        OfficerSigns
    }
);
same_words!(entry, Entry { First, Again });
same_words!(review_label, ReviewLabel { Service, Name, Number, Phone, IdentityProof });
same_words!(device, DeviceName { CardReader, Camera, ReceiptPrinter, CodeScanner, Network, Store });

pub(crate) fn icon(icon: Icon) -> pages::ServiceIcon {
    match icon {
        Icon::Account => pages::ServiceIcon::Account,
        Icon::Document => pages::ServiceIcon::Document,
        Icon::Residence => pages::ServiceIcon::Residence,
        Icon::Ticket => pages::ServiceIcon::Ticket,
        Icon::Payment => pages::ServiceIcon::Payment,
    }
}

pub(crate) fn staff_tap_of(tap: pages::StaffTap) -> StaffTap {
    match tap {
        pages::StaffTap::TestPrint => StaffTap::TestPrint,
        pages::StaffTap::PaperRefilled => StaffTap::PaperRefilled,
        pages::StaffTap::TestReader => StaffTap::TestReader,
        pages::StaffTap::TestCamera => StaffTap::TestCamera,
        pages::StaffTap::LockMachine => StaffTap::LockMachine,
        pages::StaffTap::Exit => StaffTap::Exit,
    }
}
