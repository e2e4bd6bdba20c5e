//! Everything that a page can show, empty by default. A sheet is laid on the
//! screen whole, so what one view does not fill is wiped from the one before.

use slint::{ComponentHandle, Image, Model, ModelRc, SharedString, VecModel};

use crate::pages::{
    App, CardKeyData, ConsentData, Data, DeviceLine, FaceData, Fault, HelloData, OfficersData, OtpData,
    OutcomeData, PageName, PasscodeData, PasswordData, QuestionData, ReadingData, ReviewLine, StaffData,
    StaffSignInData, Tile, VneidData, Work,
};

/// What stands on a page.
#[derive(Default)]
pub(crate) struct Sheet {
    pub page: PageName,
    pub fault: Fault,
    pub tiles: Vec<Tile>,
    pub consent: ConsentData,
    pub purposes: Vec<SharedString>,
    pub card_key: CardKeyData,
    pub typed: Vec<SharedString>,
    pub reading: ReadingData,
    pub hello: HelloData,
    pub face: FaceData,
    pub attempt: i32,
    pub attempts: i32,
    pub reference: SharedString,
    pub officers: OfficersData,
    pub vneid: VneidData,
    pub work: Work,
    pub otp: OtpData,
    pub password: PasswordData,
    pub passcode: PasscodeData,
    pub question: QuestionData,
    pub questions: Vec<SharedString>,
    pub review: Vec<ReviewLine>,
    pub outcome: OutcomeData,
    pub rated: i32,
    pub minutes: i32,
    pub message: SharedString,
    pub sign_in: StaffSignInData,
    pub devices: Vec<DeviceLine>,
    pub staff: StaffData,
}

impl Sheet {
    /// Lays the sheet on the screen. The page is named first, so that a page which
    /// goes is unmade before its data are.
    pub fn lay(self, app: &App) {
        let data = app.global::<Data>();
        if data.get_page() != self.page {
            data.set_preview(Image::default());
        }
        data.set_page(self.page);
        data.set_fault(self.fault);
        if let Some(rows) = changed(&data.get_tiles(), self.tiles) {
            data.set_tiles(rows);
        }
        data.set_consent(self.consent);
        if let Some(rows) = changed(&data.get_purposes(), self.purposes) {
            data.set_purposes(rows);
        }
        data.set_card_key(self.card_key);
        if let Some(rows) = changed(&data.get_typed(), self.typed) {
            data.set_typed(rows);
        }
        data.set_reading(self.reading);
        data.set_hello(self.hello);
        data.set_face(self.face);
        data.set_attempt(self.attempt);
        data.set_attempts(self.attempts);
        data.set_reference(self.reference);
        data.set_officers(self.officers);
        data.set_vneid(self.vneid);
        data.set_work(self.work);
        data.set_otp(self.otp);
        data.set_password(self.password);
        data.set_passcode(self.passcode);
        // the list before the place in it
        if let Some(rows) = changed(&data.get_questions(), self.questions) {
            data.set_questions(rows);
        }
        data.set_question(self.question);
        if let Some(rows) = changed(&data.get_review(), self.review) {
            data.set_review(rows);
        }
        data.set_outcome(self.outcome);
        data.set_rated(self.rated);
        data.set_minutes(self.minutes);
        data.set_message(self.message);
        data.set_sign_in(self.sign_in);
        if let Some(rows) = changed(&data.get_devices(), self.devices) {
            data.set_devices(rows);
        }
        data.set_staff(self.staff);
    }
}

/// A new list, where it differs from the one shown: an equal one would unmake
/// every row under the citizen's finger.
fn changed<T: Clone + PartialEq + 'static>(shown: &ModelRc<T>, rows: Vec<T>) -> Option<ModelRc<T>> {
    let same = shown.row_count() == rows.len() && shown.iter().eq(rows.iter().cloned());
    (!same).then(|| ModelRc::new(VecModel::from(rows)))
}

/// Takes everything off the screen, back to the page shown before anything is known.
pub fn forget(app: &App) {
    Sheet::default().lay(app);
}
