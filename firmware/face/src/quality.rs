//! What a frame is like, measured, and the one hint that follows from it.

/// What was measured about the face in one picture. Not personal: no picture, no place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// The detector's certainty, 0 to 1.
    pub certainty: f32,
    /// Area of the second largest face as a share of the largest; 0: there is none.
    pub second_face: f32,
    /// Pixels between the eyes.
    pub eye_distance: f32,
    /// Height of the face as a share of the picture's height.
    pub face_height: f32,
    /// How far right of the picture's centre the face's centre lies, as a share of its height.
    pub right_of_centre: f32,
    /// How far below.
    pub below_centre: f32,
    /// Degrees; positive: turned to the picture's right.
    pub yaw: f32,
    /// Degrees; positive: chin down.
    pub pitch: f32,
    /// Degrees; positive: tilted clockwise as seen in the picture.
    pub roll: f32,
    /// Mean brightness of the face, 0 to 1.
    pub brightness: f32,
    /// Share of nearly black pixels.
    pub black: f32,
    /// Share of nearly white pixels.
    pub white: f32,
    /// Variance of the Laplacian at a fixed size.
    pub sharpness: f32,
    /// Lid gap of the eye that is open least, over the distance from eyes to chin.
    pub eye_opening: f32,
    /// Lip gap over the distance from eyes to chin.
    pub mouth_opening: f32,
    /// The landmark model's certainty that there is a face in the crop, 0 to 1.
    pub presence: f32,
}
