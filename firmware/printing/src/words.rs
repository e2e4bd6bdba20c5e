//! Every word on paper, in each language. The tone of the screens: "quý vị",
//! nobody is blamed, the next step is always said.

use screen::view::Language;

/// The words that stand on slips whatever they say.
pub(crate) struct Words {
    pub product: &'static str,
    pub reference: &'static str,
    pub service: &'static str,
    pub time: &'static str,
    pub kiosk: &'static str,
    pub phone: &'static str,
    pub next: &'static str,
    pub scan: &'static str,
    pub scam: &'static str,
    pub thanks: &'static str,
    pub received: Heading,
    pub received_next: &'static str,
    pub registered: Heading,
    pub renewal: Heading,
    pub expired_on: &'static str,
    pub renewal_next: &'static str,
    pub nothing_kept: &'static str,
    pub counter: Heading,
    pub show_slip: &'static str,
    pub hotline: Heading,
    pub hotline_label: &'static str,
    pub test: Heading,
    pub test_letters: &'static str,
    pub no_account: [&'static str; 2],
    pub level_one: [&'static str; 2],
    pub overdue: [&'static str; 2],
    pub locked: [&'static str; 2],
    pub another_way: [&'static str; 2],
    pub refused: &'static str,
}

/// The boxed words at the top, and the line under them.
pub(crate) struct Heading {
    pub words: &'static str,
    pub under: &'static str,
}

/// The words in a language.
pub(crate) fn words(language: Language) -> &'static Words {
    match language {
        Language::Vi => &VI,
        Language::En => &EN,
    }
}

const VI: Words = Words {
    product: "MỘT CHẠM",
    reference: "Mã tra cứu",
    service: "Dịch vụ",
    time: "Lúc",
    kiosk: "Máy số",
    phone: "Điện thoại",
    next: "Việc tiếp theo",
    scan: "Cán bộ quét mã này để kiểm tra phiếu",
    scam: "Không ai được hỏi mã OTP, mật khẩu, passcode của quý vị.",
    thanks: "Cảm ơn quý vị",
    received: Heading { words: "ĐÃ TIẾP NHẬN", under: "Chưa ghi nhận trên hệ thống" },
    received_next: "Máy đã ký và giữ yêu cầu của quý vị, sẽ tự gửi đi. Quý vị không cần làm lại. Muốn biết kết quả, xin đưa phiếu này tại quầy.",
    registered: Heading { words: "ĐÃ GHI NHẬN", under: "Hệ thống đã xác nhận" },
    renewal: Heading { words: "CẦN ĐỔI THẺ", under: "tại Công an xã, phường" },
    expired_on: "Thẻ Căn cước của quý vị đã hết hạn ngày",
    renewal_next: "Mời quý vị mang thẻ cũ và phiếu này đến Công an xã, phường để đổi thẻ. Có thẻ mới, mời quý vị quay lại máy này.",
    nothing_kept: "Máy không lưu dữ liệu nào trên thẻ của quý vị.",
    counter: Heading { words: "MỜI ĐẾN QUẦY", under: "Cán bộ sẽ giúp quý vị" },
    show_slip: "Xin đưa phiếu này cho cán bộ.",
    hotline: Heading { words: "MỜI GỌI TỔNG ĐÀI", under: "hoặc đến quầy" },
    hotline_label: "Tổng đài",
    test: Heading { words: "BẢN IN THỬ", under: "Không có giá trị" },
    test_letters: "ẪẤỒẮỄỮỢ ẫấồắễữợ đĐ 0123456789 Nguyễn Thị Khuê, phường Nghĩa Đô",
    no_account: [
        "Quý vị chưa có tài khoản định danh điện tử.",
        "Cán bộ làm thủ tục đăng ký tại quầy (mẫu TK01). Xin mang theo thẻ Căn cước và điện thoại chính chủ.",
    ],
    level_one: [
        "Tài khoản của quý vị đang ở mức độ 1.",
        "Lên mức độ 2, cán bộ đối chiếu khuôn mặt và vân tay tại quầy. Xin mang theo thẻ Căn cước.",
    ],
    overdue: [
        "Tài khoản đã quá hạn kích hoạt trên máy.",
        "Quý vị không mất tài khoản. Xin gọi tổng đài, hoặc đưa phiếu này tại quầy.",
    ],
    locked: ["Tài khoản của quý vị đang bị khóa.", "Cán bộ sẽ xem lý do và cách mở khóa cùng quý vị."],
    another_way: [
        "Máy chưa xác nhận được. Đây không phải lỗi của quý vị.",
        "Cán bộ sẽ đối chiếu và giúp quý vị bằng cách khác.",
    ],
    refused: "Mã lỗi",
};

const EN: Words = Words {
    product: "MỘT CHẠM",
    reference: "Reference",
    service: "Service",
    time: "Time",
    kiosk: "Machine",
    phone: "Phone",
    next: "What comes next",
    scan: "Staff scan this code to check the slip",
    scam: "Nobody may ask for your OTP, password or passcode.",
    thanks: "Thank you",
    received: Heading { words: "RECEIVED", under: "Not registered in the system yet" },
    received_next: "This machine has signed and kept your request and sends it by itself. There is no need to do it again. To learn the result, please show this slip at the counter.",
    registered: Heading { words: "REGISTERED", under: "Confirmed by the system" },
    renewal: Heading { words: "RENEW YOUR CARD", under: "at the ward police" },
    expired_on: "Your ID card expired on",
    renewal_next: "Please take your old card and this slip to the ward police to renew it. With the new card, please come back to this machine.",
    nothing_kept: "This machine has kept no data from your card.",
    counter: Heading { words: "PLEASE GO TO THE COUNTER", under: "Staff will help you" },
    show_slip: "Please show this slip to staff.",
    hotline: Heading { words: "PLEASE CALL", under: "or go to the counter" },
    hotline_label: "Hotline",
    test: Heading { words: "TEST PRINT", under: "Not valid for anything" },
    test_letters: "ẪẤỒẮỄỮỢ ẫấồắễữợ đĐ 0123456789 Nguyễn Thị Khuê, phường Nghĩa Đô",
    no_account: [
        "You have no e-ID account yet.",
        "An officer registers it at the counter (form TK01). Please bring your ID card and a phone in your own name.",
    ],
    level_one: [
        "Your account is at level 1.",
        "For level 2 an officer checks face and fingerprint at the counter. Please bring your ID card.",
    ],
    overdue: [
        "The time to activate at a machine has passed.",
        "Your account is not lost. Please call the hotline, or show this slip at the counter.",
    ],
    locked: ["Your account is locked.", "Staff will look at the reason with you and how to unlock it."],
    another_way: [
        "The machine could not confirm it. This is not your fault.",
        "Staff will check and help you another way.",
    ],
    refused: "Problem code",
};
