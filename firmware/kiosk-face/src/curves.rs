//! ROC and DET as a picture: what share of one person's pairs match, and what share do
//! not, over the share of two persons' pairs that do. Shares that are small matter, so their
//! axes are logarithmic, as in NIST's reports.

use plotters::{
    chart::{ChartBuilder, LabelAreaPosition, SeriesLabelPosition},
    coord::{Shift, combinators::IntoLogRange as _},
    drawing::{DrawingArea, IntoDrawingArea as _},
    element::{PathElement, Polygon},
    prelude::{BitMapBackend, LineSeries},
    style::{BLACK, Color as _, FontStyle, RGBColor, WHITE, register_font},
};

use crate::trials::{Estimate, Point};

const WIDTH: u32 = 1600;
const HEIGHT: u32 = 800;
/// Of which the title takes so much.
const HEAD: u32 = 60;
const FONT: &str = "Be Vietnam Pro";
/// The lowest share of false matches, and of false non-matches, that is drawn.
const LEAST_MATCH: f64 = 1e-5;
const LEAST_NON_MATCH: f64 = 1e-4;
/// One for each program (Okabe and Ito's, told apart also by the colour-blind).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// What is drawn of one program.
pub struct Curve<'a> {
    pub name: &'a str,
    pub points: Vec<Point>,
    /// Shares of false matches, descending, and the false non-matches there.
    pub band: Vec<(f64, Estimate)>,
}

/// The lowest shares that the pairs can show: the axes begin there.
#[derive(Clone, Copy)]
struct Floor {
    false_match: f64,
    false_non_match: f64,
}

impl Floor {
    fn of(curves: &[Curve<'_>]) -> Self {
        let least = |share: fn(&Point) -> f64, limit: f64| {
            let shares = curves.iter().flat_map(|curve| &curve.points).map(share);
            let least = shares.filter(|share| *share > 0.0).fold(0.1, f64::min);
            10_f64.powf(least.log10().floor()).max(limit)
        };
        Self {
            false_match: least(|point| point.false_match, LEAST_MATCH),
            false_non_match: least(|point| point.false_non_match, LEAST_NON_MATCH),
        }
    }

    /// Into the axes: what is rarer lies on their ends.
    fn place(self, false_match: f64, false_non_match: f64) -> (f64, f64) {
        (false_match.max(self.false_match), false_non_match.max(self.false_non_match))
    }
}

/// How much of its colour the bounds of a curve have.
const BAND: f64 = 0.15;

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;
type Failure = Box<dyn std::error::Error>;

/// Both as one PNG file, below a title.
pub fn png(title: &str, curves: &[Curve<'_>]) -> Vec<u8> {
    let mut pixels = vec![0; (WIDTH * HEIGHT * 3) as usize];
    draw(title, curves, &mut pixels).expect("a picture in memory can be drawn");
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
    written.expect("a file in memory can be written");
    file
}

fn draw(title: &str, curves: &[Curve<'_>], pixels: &mut [u8]) -> Result<(), Failure> {
    let font = include_bytes!("../../printing/fonts/BeVietnamPro-Medium.ttf");
    register_font(FONT, FontStyle::Normal, font).map_err(|_| "the font is broken")?;
    let whole = BitMapBackend::with_buffer(pixels, (WIDTH, HEIGHT)).into_drawing_area();
    whole.fill(&WHITE)?;
    let (head, below) = whole.split_vertically(HEAD);
    head.margin(14, 0, 0, 0).titled(title, (FONT, 26))?;
    let (left, right) = below.split_horizontally(WIDTH / 2);
    draw_roc(&left, curves)?;
    draw_det(&right, curves)?;
    whole.present()?;
    Ok(())
}

/// The share of matches among one person's pairs.
fn draw_roc(area: &Area<'_>, curves: &[Curve<'_>]) -> Result<(), Failure> {
    let floor = Floor::of(curves);
    let drawn = |point: &&Point| point.false_match >= floor.false_match;
    let matched = |false_match: f64, missed: f64| (false_match.max(floor.false_match), 1.0 - missed);
    let missed = curves.iter().flat_map(|curve| curve.points.iter().filter(drawn));
    let most = missed.map(|point| point.false_non_match).fold(0.0, f64::max);
    let bottom = ((1.0 - most) * 20.0).floor() / 20.0;
    let across = (floor.false_match..1.0).log_scale();
    let mut chart = builder(area, "ROC").build_cartesian_2d(across, bottom.min(0.95)..1.0)?;
    chart
        .configure_mesh()
        .x_desc("false match rate")
        .y_desc("1 - false non-match rate")
        .label_style((FONT, 18))
        .x_label_formatter(&|it| share(*it))
        .y_label_formatter(&|value| format!("{value:.3}"))
        .draw()?;
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        chart.draw_series([Polygon::new(outline(curve, floor, matched), colour.mix(BAND))])?;
    }
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let line =
            curve.points.iter().filter(drawn).map(|point| matched(point.false_match, point.false_non_match));
        let series = chart.draw_series(LineSeries::new(line, colour.stroke_width(3)))?;
        series
            .label(curve.name)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 24, y)], colour.stroke_width(3)));
    }
    let place = SeriesLabelPosition::LowerRight;
    chart
        .configure_series_labels()
        .position(place)
        .label_font((FONT, 18))
        .background_style(WHITE)
        .border_style(BLACK)
        .draw()?;
    Ok(())
}

/// The share of no matches among one person's pairs.
fn draw_det(area: &Area<'_>, curves: &[Curve<'_>]) -> Result<(), Failure> {
    let floor = Floor::of(curves);
    let drawn = |point: &&Point| point.false_match >= floor.false_match;
    let (across, up) = ((floor.false_match..1.0).log_scale(), (floor.false_non_match..1.0).log_scale());
    let mut chart = builder(area, "DET").build_cartesian_2d(across, up)?;
    chart
        .configure_mesh()
        .x_desc("false match rate")
        .y_desc("false non-match rate")
        .label_style((FONT, 18))
        .x_label_formatter(&|it| share(*it))
        .y_label_formatter(&|it| share(*it))
        .draw()?;
    let placed = |false_match, missed| floor.place(false_match, missed);
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        chart.draw_series([Polygon::new(outline(curve, floor, placed), colour.mix(BAND))])?;
    }
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let line =
            curve.points.iter().filter(drawn).map(|point| placed(point.false_match, point.false_non_match));
        chart.draw_series(LineSeries::new(line, colour.stroke_width(3)))?;
    }
    Ok(())
}

/// There along the upper bounds and back along the lower ones.
fn outline(curve: &Curve<'_>, floor: Floor, place: impl Fn(f64, f64) -> (f64, f64)) -> Vec<(f64, f64)> {
    let seen = || curve.band.iter().filter(|(false_match, _)| *false_match >= floor.false_match);
    let upper = seen().map(|(false_match, at)| place(*false_match, at.high));
    let lower = seen().rev().map(|(false_match, at)| place(*false_match, at.low));
    upper.chain(lower).collect()
}

fn builder<'a, 'b>(area: &'a Area<'b>, title: &str) -> ChartBuilder<'a, 'b, BitMapBackend<'b>> {
    let mut builder = ChartBuilder::on(area);
    builder
        .caption(title, (FONT, 28))
        .margin(24)
        .set_label_area_size(LabelAreaPosition::Left, 90)
        .set_label_area_size(LabelAreaPosition::Bottom, 60);
    builder
}

/// A share as its axis says it.
fn share(value: f64) -> String {
    format!("{} %", (value * 1e6).round() / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(false_match: f64, false_non_match: f64) -> Point {
        Point { threshold: 0.0, false_match, false_non_match }
    }

    fn curve<'a>(name: &'a str, points: &[Point]) -> Curve<'a> {
        let bounds = |point: &Point| {
            let value = point.false_non_match;
            (point.false_match, Estimate { value, low: value / 2.0, high: (value * 2.0).min(1.0) })
        };
        Curve { name, points: points.to_vec(), band: points.iter().map(bounds).collect() }
    }

    #[test]
    fn every_program_has_a_line_of_its_colour_in_both_halves() {
        let ours = [point(1.0, 0.001), point(0.1, 0.01), point(0.001, 0.1)];
        let peer = [point(1.0, 0.002), point(0.1, 0.05), point(0.001, 0.4)];
        let file = png("two", &[curve("ours", &ours), curve("peer", &peer)]);
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        for colour in &COLOURS[..2] {
            for half in 0..2 {
                let seen = pixels.chunks_exact(3).enumerate().filter(|(at, pixel)| {
                    *at as u32 % WIDTH / (WIDTH / 2) == half && *pixel == [colour.0, colour.1, colour.2]
                });
                assert!(seen.count() > 300);
            }
        }
    }

    #[test]
    fn nothing_but_perfect_pairs_is_drawn_too() {
        assert!(!png("none", &[curve("ours", &[point(1.0, 0.0), point(0.0, 0.0)])]).is_empty());
    }

    #[test]
    fn an_axis_says_shares_without_rounding_them_away() {
        assert_eq!([1.0, 0.01, 1e-5].map(share), ["100 %", "1 %", "0.001 %"]);
    }
}
