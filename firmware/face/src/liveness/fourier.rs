//! The power of a square's spatial frequencies: a fast Fourier transform of one fixed size
//! (Cooley and Tukey 1965, radix 2). Of our own because what it works on is somebody's skin: a
//! crate's complex numbers cannot be wiped.

use std::{f32::consts::TAU, sync::LazyLock};

use zeroize::Zeroizing;

/// Pixels of the square's side.
pub(super) const SIDE: usize = 64;
/// Of a random level that spreads by one around its mean, the power at every frequency.
pub(super) const NOISE: f32 = (0.375 * SIDE as f32) * (0.375 * SIDE as f32);

/// A real and an imaginary part.
type Complex = [f32; 2];

/// Each half-turn's step.
static TURNS: LazyLock<[Complex; SIDE / 2]> = LazyLock::new(|| {
    std::array::from_fn(|step| {
        let (sin, cos) = (TAU * step as f32 / SIDE as f32).sin_cos();
        [cos, -sin]
    })
});

/// Hann's window: a square has no edges in it that would be a pattern of their own.
static WINDOW: LazyLock<[f32; SIDE]> =
    LazyLock::new(|| std::array::from_fn(|place| 0.5 - 0.5 * (TAU * place as f32 / SIDE as f32).cos()));

/// The power at every frequency of a square of levels, row by row: the column is the frequency
/// across, the row that down, each in cycles of the whole square; beyond the middle they are
/// negative. A slope over the whole square is taken away before. The levels are used up.
pub(super) fn powers(levels: &mut [f32]) -> Zeroizing<Vec<f32>> {
    flatten(levels);
    let mut square: Zeroizing<Vec<Complex>> = Zeroizing::new(Vec::with_capacity(SIDE * SIDE));
    for (row, line) in levels.chunks_exact(SIDE).enumerate() {
        square.extend(line.iter().zip(*WINDOW).map(|(level, across)| [level * across * WINDOW[row], 0.0]));
    }
    let mut line = Zeroizing::new([[0.0; 2]; SIDE]);
    for row in square.chunks_exact_mut(SIDE) {
        line.copy_from_slice(row);
        transform(&mut line);
        row.copy_from_slice(&*line);
    }
    for column in 0..SIDE {
        (0..SIDE).for_each(|row| line[row] = square[row * SIDE + column]);
        transform(&mut line);
        (0..SIDE).for_each(|row| square[row * SIDE + column] = line[row]);
    }
    Zeroizing::new(square.iter().map(|[real, imaginary]| real * real + imaginary * imaginary).collect())
}

/// Takes the plane away that lies closest to the levels.
fn flatten(levels: &mut [f32]) {
    let from_middle = |place: usize| place as f32 - (SIDE as f32 - 1.0) / 2.0;
    let places = |at: usize| [from_middle(at % SIDE), from_middle(at / SIDE)];
    let (mut sum, mut along) = (0.0, [0.0; 2]);
    for (at, level) in levels.iter().enumerate() {
        sum += level;
        along.iter_mut().zip(places(at)).for_each(|(along, place)| *along += level * place);
    }
    let count = (SIDE * SIDE) as f32;
    // The sum of the squares of all places, along either side.
    let squares = count * (SIDE as f32 * SIDE as f32 - 1.0) / 12.0;
    let ([right, down], mean) = (along.map(|along| along / squares), sum / count);
    for (at, level) in levels.iter_mut().enumerate() {
        let [x, y] = places(at);
        *level -= mean + right * x + down * y;
    }
}

fn transform(line: &mut [Complex; SIDE]) {
    let bits = SIDE.trailing_zeros();
    for at in 0..SIDE {
        let other = at.reverse_bits() >> (usize::BITS - bits);
        if at < other {
            line.swap(at, other);
        }
    }
    let mut half = 1;
    while half < SIDE {
        for block in line.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for (step, (low, high)) in low.iter_mut().zip(high).enumerate() {
                let [cos, sin] = TURNS[step * (SIDE / 2 / half)];
                let [a, b] = *high;
                let turned = [a * cos - b * sin, a * sin + b * cos];
                *high = [low[0] - turned[0], low[1] - turned[1]];
                *low = [low[0] + turned[0], low[1] + turned[1]];
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_that_defines_it() {
        let given: [Complex; SIDE] = std::array::from_fn(|at| {
            let at = at as f32;
            [(at * at * 0.37).sin() * 9.0, (at * 1.7).cos() - 0.1 * at]
        });
        let mut found = given;
        transform(&mut found);
        for (frequency, found) in found.iter().enumerate() {
            let mut sum = [0.0_f64; 2];
            for (at, [real, imaginary]) in given.iter().enumerate() {
                let turn = -std::f64::consts::TAU * (at * frequency % SIDE) as f64 / SIDE as f64;
                let ([a, b], (sin, cos)) = ([*real, *imaginary].map(f64::from), turn.sin_cos());
                sum = [sum[0] + a * cos - b * sin, sum[1] + a * sin + b * cos];
            }
            let apart = (f64::from(found[0]) - sum[0]).hypot(f64::from(found[1]) - sum[1]);
            assert!(apart < 1e-3, "{frequency}: {found:?}, {sum:?}");
        }
    }

    #[test]
    fn a_wave_lies_at_its_frequency_and_a_slope_nowhere() {
        let wave = |x: usize, y: usize| (TAU * (9 * x + (SIDE - 5) * y) as f32 / SIDE as f32).cos();
        let mut levels: Vec<f32> = (0..SIDE * SIDE)
            .map(|at| 80.0 + 0.9 * (at % SIDE) as f32 - 0.4 * (at / SIDE) as f32 + wave(at % SIDE, at / SIDE))
            .collect();
        let powers = powers(&mut levels);
        let largest = (0..powers.len()).max_by(|&a, &b| powers[a].total_cmp(&powers[b])).unwrap();
        assert!([(9, SIDE - 5), (SIDE - 9, 5)].contains(&(largest % SIDE, largest / SIDE)), "{largest}");
        assert!(powers[0] < 1.0 && powers[1] < 1.0, "{} {}", powers[0], powers[1]);
        // Half an amplitude, summed over a window whose mean is a quarter.
        let expected = (0.5 * 0.25 * (SIDE * SIDE) as f32).powi(2);
        assert!((powers[largest] / expected - 1.0).abs() < 0.01, "{} {expected}", powers[largest]);
    }

    #[test]
    fn noise_has_the_power_that_is_said() {
        let mut chance = 7_u32;
        let mut levels: Vec<f32> = (0..SIDE * SIDE)
            .map(|_| {
                chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if chance >> 31 == 0 { 1.0 } else { -1.0 }
            })
            .collect();
        let powers = powers(&mut levels);
        let mean = powers.iter().sum::<f32>() / powers.len() as f32;
        assert!((mean / NOISE - 1.0).abs() < 0.1, "{mean}");
    }
}
