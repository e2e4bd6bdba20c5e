//! What a camera does by itself: exposure, white balance, flicker, backlight. Set when it is
//! opened, held while light is judged, given back afterwards. A camera without a control is as
//! good as it is; what it took and what it refused is said in one line.
//!
//! Names and numbers: the kernel's `v4l2-controls.h`, user and camera class.

use std::{fmt, io};

use devices::Held;
use linuxvideo::controls::Cid;

/// `V4L2_EXPOSURE_MANUAL`.
const MANUAL: i32 = 1;
/// `V4L2_EXPOSURE_APERTURE_PRIORITY`, by which webcams mean that the time is theirs to choose;
/// `V4L2_EXPOSURE_AUTO`, where the iris is too.
const AUTOMATIC: [i32; 2] = [3, 0];
/// `V4L2_LOCK_EXPOSURE`, `V4L2_LOCK_WHITE_BALANCE`.
const LOCK_EXPOSURE: i32 = 1;
const LOCK_WHITE: i32 = 2;

/// The frequency of the lamps' mains: what an exposure must be a multiple of to see no flicker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mains {
    /// Viet Nam and most of the world.
    Hertz50,
    /// The Americas, parts of Asia.
    Hertz60,
}

/// The controls of an open camera.
pub(super) trait Controls: Send {
    /// Those that it has, each with the most that it takes.
    fn listed(&self) -> Vec<(Cid, i32)>;
    /// The value of one.
    fn read(&self, control: Cid) -> io::Result<i32>;
    /// Sets one.
    fn write(&mut self, control: Cid, value: i32) -> io::Result<()>;
}

/// A camera's controls, and what must be given back.
pub(super) struct Control {
    controls: Box<dyn Controls>,
    listed: Vec<(Cid, i32)>,
    held: Held,
    /// What was before it was held, in the order in which it was changed.
    before: Vec<(Cid, i32)>,
}

impl Control {
    pub(super) fn new(controls: Box<dyn Controls>) -> Self {
        Self { listed: controls.listed(), controls, held: Held::default(), before: Vec::new() }
    }

    /// Everything automatic, within one frame's time.
    pub(super) fn set(&mut self, mains: Mains, backlight: u32) -> Report {
        // A program that died while it held the camera left it so.
        for (control, value) in [(Cid::CAMERA_3A_LOCK, 0), (Cid::AUTOGAIN, 1)] {
            if self.most(control).is_some() {
                _ = self.controls.write(control, value);
            }
        }
        let hertz = match mains {
            Mains::Hertz50 => 1,
            Mains::Hertz60 => 2,
        };
        let backlight = self.most(Cid::BACKLIGHT_COMPENSATION).unwrap_or(0).min(backlight as i32);
        Report(vec![
            ("exposure", self.first_taken(Cid::EXPOSURE_AUTO, &AUTOMATIC)),
            // 0: the frame rate stays, whatever the light.
            ("rate follows light", self.first_taken(Cid::EXPOSURE_AUTO_PRIORITY, &[0])),
            ("white balance", self.first_taken(Cid::AUTO_WHITE_BALANCE, &[1])),
            ("mains", self.first_taken(Cid::POWER_LINE_FREQUENCY, &[hertz])),
            ("backlight", self.first_taken(Cid::BACKLIGHT_COMPENSATION, &[backlight])),
        ])
    }

    /// The most that a control takes; none where the camera does not have it.
    fn most(&self, control: Cid) -> Option<i32> {
        self.listed.iter().find(|(listed, _)| *listed == control).map(|(_, most)| *most)
    }

    fn first_taken(&mut self, control: Cid, values: &[i32]) -> Answer {
        if self.most(control).is_none() {
            return Answer::Missing;
        }
        let mut answer = Answer::Missing;
        for value in values {
            answer = match self.controls.write(control, *value) {
                Ok(()) => return Answer::Took(*value),
                Err(error) => Answer::Refused(error.to_string()),
            };
        }
        answer
    }

    /// Keeps exposure and white balance as they are, as far as the camera lets it.
    pub(super) fn hold(&mut self) -> Held {
        if self.held == Held::default() {
            self.lock();
            self.held.exposure |= self.hold_exposure();
            self.held.white_balance |= self.hold_white();
        }
        self.held
    }

    /// The one control that was made for this; few USB cameras have it.
    fn lock(&mut self) {
        let Some(most) = self.most(Cid::CAMERA_3A_LOCK) else { return };
        let wanted = most & (LOCK_EXPOSURE | LOCK_WHITE);
        if wanted != 0 && self.change(Cid::CAMERA_3A_LOCK, wanted) {
            self.held.exposure = wanted & LOCK_EXPOSURE != 0;
            self.held.white_balance = wanted & LOCK_WHITE != 0;
        }
    }

    fn hold_exposure(&mut self) -> bool {
        if self.held.exposure {
            return false;
        }
        let gain = self.value(Cid::GAIN);
        let held = self.by_hand(Cid::EXPOSURE_AUTO, MANUAL, Cid::EXPOSURE_ABSOLUTE);
        // Amplification that goes on by itself would undo it.
        if !held || (self.most(Cid::AUTOGAIN).is_some() && !self.change(Cid::AUTOGAIN, 0)) {
            self.take_back(&[Cid::EXPOSURE_AUTO]);
            return false;
        }
        if let Some(gain) = gain {
            _ = self.controls.write(Cid::GAIN, gain);
        }
        true
    }

    fn hold_white(&mut self) -> bool {
        if self.held.white_balance {
            return false;
        }
        let held = self.by_hand(Cid::AUTO_WHITE_BALANCE, 0, Cid::WHITE_BALANCE_TEMPERATURE);
        if !held {
            self.take_back(&[Cid::AUTO_WHITE_BALANCE]);
        }
        held
    }

    /// Turns an automatic off and sets what it had chosen: a camera may otherwise fall back to
    /// what was set by hand before. Without a value to set it keeps what it has.
    fn by_hand(&mut self, automatic: Cid, off: i32, value: Cid) -> bool {
        if self.most(automatic).is_none() {
            return false;
        }
        let chosen = self.value(value);
        self.change(automatic, off) && chosen.is_none_or(|chosen| self.controls.write(value, chosen).is_ok())
    }

    fn value(&self, control: Cid) -> Option<i32> {
        self.most(control)?;
        self.controls.read(control).ok()
    }

    /// Sets a control that will be given back.
    fn change(&mut self, control: Cid, value: i32) -> bool {
        let Ok(was) = self.controls.read(control) else { return false };
        let changed = was == value || self.controls.write(control, value).is_ok();
        if changed && was != value {
            self.before.push((control, was));
        }
        changed
    }

    /// Gives some back at once.
    fn take_back(&mut self, these: &[Cid]) {
        for (control, was) in self.before.extract_if(.., |(control, _)| these.contains(control)) {
            _ = self.controls.write(control, was);
        }
    }

    /// Gives back what was before. A camera that is gone needs nothing.
    pub(super) fn release(&mut self) {
        self.held = Held::default();
        for (control, was) in std::mem::take(&mut self.before).into_iter().rev() {
            _ = self.controls.write(control, was);
        }
    }
}

/// A camera that was closed while it was held must not stay so for the next who opens it.
impl Drop for Control {
    fn drop(&mut self) {
        self.release();
    }
}

/// What a camera answered to each setting.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Report(Vec<(&'static str, Answer)>);

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Took(i32),
    Refused(String),
    Missing,
}

/// In one line: `exposure 3, mains 1; refused: backlight (…); not there: white balance`.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut took, mut refused, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for (name, answer) in &self.0 {
            match answer {
                Answer::Took(value) => took.push(format!("{name} {value}")),
                Answer::Refused(why) => refused.push(format!("{name} ({why})")),
                Answer::Missing => missing.push((*name).to_owned()),
            }
        }
        let all = [("", took), ("refused: ", refused), ("not there: ", missing)];
        let said = all.iter().filter(|(_, names)| !names.is_empty());
        let parts: Vec<_> = said.map(|(what, names)| format!("{what}{}", names.join(", "))).collect();
        out.write_str(&parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::v4l::tests::Knobs;

    fn control(knobs: &Arc<Mutex<Knobs>>) -> Control {
        Control::new(Box::new(Arc::clone(knobs)))
    }

    fn value(knobs: &Arc<Mutex<Knobs>>, control: Cid) -> i32 {
        knobs.lock().unwrap().value(control).unwrap()
    }

    #[test]
    fn a_webcam_is_set_to_choose_within_a_frames_time_under_the_countrys_lamps() {
        let knobs = Knobs::webcam();
        let report = control(&knobs).set(Mains::Hertz50, 1);
        assert_eq!(
            report.to_string(),
            "exposure 3, rate follows light 0, white balance 1, mains 1, backlight 1"
        );
        assert_eq!(value(&knobs, Cid::EXPOSURE_AUTO_PRIORITY), 0);
        control(&knobs).set(Mains::Hertz60, 9);
        assert_eq!(value(&knobs, Cid::POWER_LINE_FREQUENCY), 2);
        assert_eq!(value(&knobs, Cid::BACKLIGHT_COMPENSATION), 2, "the most that it takes");
    }

    #[test]
    fn a_camera_that_calls_it_otherwise_is_automatic_too() {
        let knobs = Knobs::webcam();
        knobs.lock().unwrap().refuse(Cid::EXPOSURE_AUTO, 3);
        assert!(control(&knobs).set(Mains::Hertz50, 1).to_string().starts_with("exposure 0, "));
        knobs.lock().unwrap().refuse(Cid::EXPOSURE_AUTO, 0);
        let told = control(&knobs).set(Mains::Hertz50, 1).to_string();
        assert!(told.contains("refused: exposure (Invalid argument"), "{told}");
    }

    #[test]
    fn what_a_camera_does_not_have_is_said_and_is_no_fault() {
        let knobs = Knobs::of(&[(Cid::POWER_LINE_FREQUENCY, 0, 2)]);
        let mut control = control(&knobs);
        assert_eq!(
            control.set(Mains::Hertz50, 1).to_string(),
            "mains 1; not there: exposure, rate follows light, white balance, backlight"
        );
        assert_eq!(control.hold(), Held::default());
    }

    #[test]
    fn held_it_keeps_what_it_had_chosen_and_gets_back_what_was() {
        let knobs = Knobs::webcam();
        let mut control = control(&knobs);
        control.set(Mains::Hertz50, 1);
        // What the camera chose meanwhile; by hand 156 and 4600 were set at some time before.
        knobs.lock().unwrap().chose(312, 5100);
        assert_eq!(control.hold(), Held { exposure: true, white_balance: true });
        assert_eq!((value(&knobs, Cid::EXPOSURE_AUTO), value(&knobs, Cid::EXPOSURE_ABSOLUTE)), (MANUAL, 312));
        assert_eq!(value(&knobs, Cid::AUTO_WHITE_BALANCE), 0);
        assert_eq!(value(&knobs, Cid::WHITE_BALANCE_TEMPERATURE), 5100);
        control.release();
        assert_eq!((value(&knobs, Cid::EXPOSURE_AUTO), value(&knobs, Cid::AUTO_WHITE_BALANCE)), (3, 1));
    }

    #[test]
    fn a_camera_with_a_lock_of_its_own_is_locked() {
        let knobs = Knobs::webcam();
        knobs.lock().unwrap().add(Cid::CAMERA_3A_LOCK, 0, 7);
        let mut control = control(&knobs);
        assert_eq!(control.hold(), Held { exposure: true, white_balance: true });
        assert_eq!((value(&knobs, Cid::CAMERA_3A_LOCK), value(&knobs, Cid::EXPOSURE_AUTO)), (3, 3));
        control.release();
        assert_eq!(value(&knobs, Cid::CAMERA_3A_LOCK), 0);
    }

    #[test]
    fn half_a_lock_is_completed_by_hand() {
        let knobs = Knobs::webcam();
        knobs.lock().unwrap().add(Cid::CAMERA_3A_LOCK, 0, LOCK_WHITE);
        assert_eq!(control(&knobs).hold(), Held { exposure: true, white_balance: true });
        assert_eq!(value(&knobs, Cid::EXPOSURE_AUTO), 3, "given back when it was dropped");
    }

    #[test]
    fn a_camera_that_cannot_set_what_it_had_chosen_stays_automatic() {
        let knobs = Knobs::webcam();
        knobs.lock().unwrap().refuse(Cid::EXPOSURE_ABSOLUTE, 156);
        let mut control = control(&knobs);
        assert_eq!(control.hold(), Held { exposure: false, white_balance: true });
        assert_eq!(value(&knobs, Cid::EXPOSURE_AUTO), 3);
    }

    #[test]
    fn amplification_that_cannot_be_stopped_is_not_held() {
        let knobs = Knobs::webcam();
        knobs.lock().unwrap().add(Cid::AUTOGAIN, 1, 1);
        knobs.lock().unwrap().refuse(Cid::AUTOGAIN, 0);
        let mut control = control(&knobs);
        assert_eq!(control.hold(), Held { exposure: false, white_balance: true });
        assert_eq!(value(&knobs, Cid::EXPOSURE_AUTO), 3);
    }

    #[test]
    fn what_a_program_left_held_is_free_again_at_the_next_opening() {
        let knobs = Knobs::webcam();
        knobs.lock().unwrap().add(Cid::CAMERA_3A_LOCK, 3, 7);
        knobs.lock().unwrap().add(Cid::AUTOGAIN, 0, 1);
        for (control, left) in [(Cid::EXPOSURE_AUTO, MANUAL), (Cid::AUTO_WHITE_BALANCE, 0)] {
            Controls::write(&mut Arc::clone(&knobs), control, left).unwrap();
        }
        control(&knobs).set(Mains::Hertz50, 1);
        let free = [Cid::CAMERA_3A_LOCK, Cid::AUTOGAIN, Cid::EXPOSURE_AUTO, Cid::AUTO_WHITE_BALANCE];
        assert_eq!(free.map(|control| value(&knobs, control)), [0, 1, 3, 1]);
    }
}
