//! What stands on the buttons that the robot presses, as a citizen reads it.

use screen::Language;

/// A button, in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    vi: &'static str,
    en: &'static str,
}

impl Label {
    /// The words in a language.
    pub fn words(self, language: Language) -> &'static str {
        match language {
            Language::Vi => self.vi,
            Language::En => self.en,
        }
    }
}

const fn label(vi: &'static str, en: &'static str) -> Label {
    Label { vi, en }
}

pub const START: Label = label("Chạm màn hình để bắt đầu", "Touch the screen to start");
/// Each language is called by its own name, and offered in the other one only.
pub const TO_ENGLISH: Label = label("English", "English");
pub const TO_VIETNAMESE: Label = label("Tiếng Việt", "Tiếng Việt");
pub const AGREE: Label = label("Tôi đồng ý", "I agree");
pub const DISAGREE: Label = label("Tôi không đồng ý", "I do not agree");
pub const CONTINUE: Label = label("Tiếp tục", "Continue");
pub const ERASE: Label = label("Xóa", "Erase");
pub const ITS_ME: Label = label("Đúng là tôi", "Yes, this is me");
pub const TRY_AGAIN: Label = label("Thử lại", "Try again");
pub const GO_SLOWER: Label = label("Làm chậm lại", "Go slower");
pub const VNEID: Label = label("Dùng VNeID", "Use VNeID instead");
pub const OFFICERS: Label = label("Hai cán bộ xác nhận", "Two officers confirm");
pub const FIRST_OFFICER: Label = label("Cán bộ thứ nhất ký", "First officer signs");
pub const SECOND_OFFICER: Label = label("Cán bộ thứ hai ký", "Second officer signs");
pub const OFFICER_SIGNS: Label = label("Ký", "Sign");
pub const STAFF: Label = label("Gặp cán bộ", "Ask staff");
pub const SIGN: Label = label("Ký và gửi", "Sign and send");
pub const PRINT: Label = label("In phiếu", "Print the slip");
pub const PRINT_APPOINTMENT: Label = label("In phiếu hẹn", "Print an appointment slip");
pub const FINISH: Label = label("Xong", "Finish");
pub const VERY_SATISFIED: Label = label("Rất hài lòng", "Very satisfied");
pub const END: Label = label("Kết thúc", "End");
pub const MORE_TIME: Label = label("Thêm thời gian", "More time");
pub const GO_ON: Label = label("Làm tiếp", "Go on");
pub const CLOSE: Label = label("Đóng", "Close");
pub const CAPITALS: Label = label("Chữ hoa", "Capital letters");
pub const SMALL: Label = label("Chữ thường", "Small letters");
pub const SIGNS: Label = label("Ký hiệu và số", "Signs and digits");
pub const LETTERS: Label = label("Chữ cái", "Letters");
pub const SIGN_IN: Label = label("Đăng nhập", "Sign in");
pub const TEST_PRINT: Label = label("In thử", "Test print");
pub const PAPER_CHANGED: Label = label("Đã thay giấy", "Paper changed");
pub const TEST_READER: Label = label("Thử đầu đọc", "Test reader");
pub const TEST_CAMERA: Label = label("Thử camera", "Test camera");
pub const LOCK: Label = label("Khóa máy", "Lock machine");
pub const UNLOCK: Label = label("Mở máy", "Open machine");
pub const BACK: Label = label("Quay lại", "Back");
pub const EXIT: Label = label("Thoát", "Exit");
