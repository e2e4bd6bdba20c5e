//! The one thing that a person should change now. The names are those of
//! `screen::FaceHint`; a daemon maps one to the other, because this crate knows no
//! screen.

/// What to tell the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaceHint {
    /// Look straight at the camera.
    LookStraight,
    /// All is well: stay so.
    HoldStill,
    /// The face is too small.
    ComeCloser,
    /// The face is too large: its surroundings must be seen too.
    MoveBack,
    /// Move to the person's own left.
    MoveLeft,
    /// Move to the person's own right.
    MoveRight,
    /// Raise the head.
    LookUp,
    /// Lower the head.
    LookDown,
    /// Something covers the face.
    Uncover,
    /// The eyes are shut.
    OpenEyes,
    /// More than one person is in the picture.
    OnePerson,
    /// There is too little light.
    TooDark,
    /// There is too much light.
    TooBright,
    /// Nobody is in the picture.
    NoFace,
}
