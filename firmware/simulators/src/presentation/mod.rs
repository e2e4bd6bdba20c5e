//! What is put before the camera, in the word of ISO/IEC 30107-1 a presentation: a
//! living person, or the instrument of an attack.

mod body;
mod glow;
mod lids;
mod mask;
mod mouth;
mod raster;
mod recapture;
mod surface;

use image::RgbImage;
use serde::{Deserialize, Serialize};

pub use body::{Motion, Pose, Prompter};
pub use raster::Raster;
pub use recapture::{on_screen, printed};
pub use surface::{Surface, Turn};

use glow::Lit;
use raster::Made;
use recapture::{glazed, toned};

pub(crate) use body::Body;

/// Where the features of a photographed face lie, in pixels of the photograph.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Features {
    /// The middle of the eye on the picture's left.
    pub left_eye: [f32; 2],
    /// The middle of the eye on the picture's right.
    pub right_eye: [f32; 2],
    /// How far either lid is from the middle of the open eye, in distances between the eyes.
    pub lids: f32,
    /// How far the lower edge of the brow is from there, likewise.
    pub brow: f32,
    /// Where the lips meet, likewise below the middle between the eyes.
    pub mouth: f32,
}

impl Features {
    /// The same in the photograph at another size.
    #[must_use]
    pub fn scaled(self, by: f32) -> Self {
        let place = |[x, y]: [f32; 2]| [(x + 0.5) * by - 0.5, (y + 0.5) * by - 0.5];
        Self { left_eye: place(self.left_eye), right_eye: place(self.right_eye), ..self }
    }

    /// Between the eyes.
    pub fn middle(&self) -> [f32; 2] {
        let ([ax, ay], [bx, by]) = (self.left_eye, self.right_eye);
        [ax.midpoint(bx), ay.midpoint(by)]
    }
}

/// What is put before the camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presentation {
    /// A living person: a head with relief, eyes that can shut, a mouth that can open.
    #[default]
    Living,
    /// A photograph fed in where the camera's picture should come from; it moves with nothing.
    Still,
    /// A print, held and turned by the attacker.
    Print,
    /// The same, bent around the attacker's face.
    BentPrint,
    /// A print with holes, through which the attacker's eyes open and shut.
    CutOut,
    /// A print worn as a mask that fits, the wearer's eyes in its holes: it turns as a head and shuts
    /// its eyes, but its mouth stays closed.
    Mask,
    /// A handful of prints of the living person, one for each movement, of which the one that is
    /// asked for is held up: changed in a moment, and never seen on its way.
    Prints,
    /// A photograph on a screen, held and turned.
    Screen,
    /// A film of the living person on a screen, made before: it moves as it likes.
    Film,
    /// A film fed in where the camera's picture should come from.
    InjectedFilm,
    /// A film on a screen that somebody steers while the kiosk asks. What the movements
    /// cannot tell from a living person.
    SteeredFilm,
}

impl Presentation {
    /// All attacks, for tables.
    pub const ATTACKS: [Self; 10] = [
        Self::Still,
        Self::Print,
        Self::BentPrint,
        Self::CutOut,
        Self::Mask,
        Self::Prints,
        Self::Screen,
        Self::Film,
        Self::InjectedFilm,
        Self::SteeredFilm,
    ];

    /// Whether it moves as it is told to.
    pub(crate) fn obeys(self) -> bool {
        !matches!(self, Self::Still | Self::Film | Self::InjectedFilm)
    }

    /// What the kiosk's light falls on.
    fn surface(self) -> Lit {
        match self {
            Self::Living | Self::Print | Self::BentPrint | Self::CutOut | Self::Mask | Self::Prints => {
                Lit::Diffuse
            }
            Self::Screen | Self::Film | Self::SteeredFilm => Lit::Glass,
            Self::Still | Self::InjectedFilm => Lit::Nothing,
        }
    }

    /// What it is shown by, if anything: pixels or dots.
    fn made(self) -> Option<Made> {
        match self {
            Self::Print | Self::BentPrint | Self::CutOut | Self::Mask | Self::Prints => Some(Made::Dots),
            Self::Screen | Self::Film | Self::SteeredFilm => Some(Made::Pixels),
            Self::Living | Self::Still | Self::InjectedFilm => None,
        }
    }

    /// Whether it moves by itself, as it was filmed.
    pub(crate) fn is_filmed(self) -> bool {
        matches!(self, Self::Film | Self::InjectedFilm)
    }
}

/// A picture on a screen, whose pixels are drawn into it unless a raster shows them.
fn shown(picture: &RgbImage, raster: Option<(Raster, Made)>) -> RgbImage {
    if raster.is_some() { glazed(picture) } else { on_screen(picture) }
}

/// A print of a picture, whose dots are drawn into it unless a raster shows them.
fn on_paper(picture: &RgbImage, raster: Option<(Raster, Made)>) -> RgbImage {
    if raster.is_some() { toned(picture) } else { printed(picture) }
}

/// How far around its face a bent print is bent, in distances between the eyes.
const BEND: f32 = 2.2;

/// A photograph in front of the camera, ready to be posed.
pub(crate) struct Subject {
    pub(crate) presentation: Presentation,
    photograph: RgbImage,
    features: Features,
    /// Where the photograph's corner lies in the frame.
    place: [f32; 2],
    /// The room without it.
    room: RgbImage,
    /// How many times as bright as an office the room is.
    brightness: f32,
    /// The raster that shows it, as the camera sees it.
    raster: Option<(Raster, Made)>,
}

impl Subject {
    /// `photograph` at `place` before `room`, which is so many times as bright as an office. Without a
    /// raster its pixels or dots are coarse ones, drawn into the photograph.
    pub(crate) fn new(
        presentation: Presentation,
        photograph: RgbImage,
        features: Features,
        room: RgbImage,
        (place, brightness): ([f32; 2], f32),
        raster: Option<Raster>,
    ) -> Self {
        let raster = raster.zip(presentation.made());
        let photograph = match (presentation.made(), raster) {
            // What moves is printed once it has moved.
            (Some(Made::Dots), raster) if presentation != Presentation::Prints => {
                let print = on_paper(&photograph, raster);
                let is_worn = presentation == Presentation::Mask;
                if is_worn { mask::worn(&photograph, &print, &features) } else { print }
            }
            // What moves is shown once it has moved.
            _ if presentation == Presentation::Screen => shown(&photograph, raster),
            _ => photograph,
        };
        Self { presentation, photograph, features, place, room, brightness, raster }
    }

    /// The frame that shows it in that pose.
    pub(crate) fn posed(&self, pose: Pose) -> RgbImage {
        let straight = Turn::default();
        let mut scene = self.room.clone();
        match self.presentation {
            Presentation::Still => self.draw(Surface::Sheet, &self.photograph, straight, &mut scene),
            Presentation::Print | Presentation::Screen => {
                self.draw(Surface::Sheet, &self.photograph, pose.turn, &mut scene);
            }
            Presentation::BentPrint => {
                self.draw(Surface::Bent { radius: BEND }, &self.photograph, pose.turn, &mut scene);
            }
            Presentation::CutOut => {
                let eyes = lids::closed(&self.photograph, &self.features, pose.lids);
                self.draw(Surface::Sheet, &eyes, pose.turn, &mut scene);
            }
            Presentation::Mask => {
                let eyes = lids::closed(&self.photograph, &self.features, pose.lids);
                self.draw(Surface::Sheet, &eyes, straight, &mut scene);
                let shown = (&eyes, self.raster);
                Surface::Head.draw_shown(shown, &self.features, pose.turn, &mut scene, self.place);
            }
            Presentation::Prints => {
                let print = on_paper(&self.living(pose.at_its_end()), self.raster);
                self.draw(Surface::Sheet, &print, straight, &mut scene);
            }
            Presentation::Living | Presentation::InjectedFilm => {
                self.draw(Surface::Sheet, &self.living(pose), straight, &mut scene);
            }
            Presentation::Film | Presentation::SteeredFilm => {
                let film = shown(&self.living(pose), self.raster);
                self.draw(Surface::Sheet, &film, straight, &mut scene);
            }
        }
        let on = self.presentation.surface();
        glow::lit(&mut scene, &self.features, self.place, pose.glow, on, self.brightness);
        let scene = if pose.nearer == 0.0 { scene } else { self.nearer(&scene, 1.0 + pose.nearer) };
        if self.raster.is_some() { raster::mosaic(&scene) } else { scene }
    }

    /// The photograph as the living person would look.
    fn living(&self, pose: Pose) -> RgbImage {
        let eyes = lids::closed(&self.photograph, &self.features, pose.lids);
        let face = if pose.mouth == 0.0 { eyes } else { mouth::opened(&eyes, &self.features, pose.mouth) };
        let mut head = face.clone();
        Surface::Head.draw(&face, &self.features, pose.turn, &mut head, [0.0, 0.0]);
        head
    }

    fn draw(&self, surface: Surface, picture: &RgbImage, turn: Turn, scene: &mut RgbImage) {
        if self.raster.is_none() && surface == Surface::Sheet && turn == Turn::default() {
            let [x, y] = self.place;
            image::imageops::replace(scene, picture, x as i64, y as i64);
        } else {
            surface.draw_shown((picture, self.raster), &self.features, turn, scene, self.place);
        }
    }

    /// The whole frame, larger around the face.
    fn nearer(&self, scene: &RgbImage, by: f32) -> RgbImage {
        let [x, y] = self.features.middle();
        let (x, y) = (x + self.place[0], y + self.place[1]);
        RgbImage::from_fn(scene.width(), scene.height(), |column, row| {
            let from = [x + (column as f32 - x) / by, y + (row as f32 - y) / by];
            image::Rgb(surface::sampled(scene, from).unwrap_or_default())
        })
    }
}
