//! How long an unanswered transaction waits before it is sent again.

use jiff::SignedDuration;
use rand_core::CryptoRng;

/// After the first failure.
const FIRST: SignedDuration = SignedDuration::from_secs(5);

/// Never longer: after an outage of days, everything is on its way within this time.
pub(crate) const CEILING: SignedDuration = SignedDuration::from_mins(15);

/// Who was given an item and did not come back has lost it after this time.
pub(crate) const LEASE: SignedDuration = SignedDuration::from_mins(1);

/// Twice as long each time, and of that a random part between half and all, so that a
/// thousand kiosks do not come back in the same second.
pub(crate) fn wait(attempt: u32, chance: &mut dyn CryptoRng) -> SignedDuration {
    let doubled = FIRST.checked_mul(1 << attempt.saturating_sub(1).min(20)).unwrap_or(CEILING);
    let longest = doubled.min(CEILING).as_millis().cast_unsigned() as u64;
    let half = longest / 2;
    let part = chance.next_u64() % (half + 1);
    SignedDuration::from_millis((half + part).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_up_to_the_ceiling_and_never_leaves_its_half() {
        let mut chance = rand_core::UnwrapErr(getrandom::SysRng);
        for (attempt, seconds) in
            [(0, 5), (1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (40, 900), (u32::MAX, 900)]
        {
            let longest = SignedDuration::from_secs(seconds);
            for _ in 0..200 {
                let wait = wait(attempt, &mut chance);
                assert!(wait >= longest / 2 && wait <= longest, "attempt {attempt}: {wait}");
            }
        }
    }

    #[test]
    fn two_kiosks_do_not_come_back_together() {
        let mut chance = rand_core::UnwrapErr(getrandom::SysRng);
        let waits: std::collections::BTreeSet<_> = (0..50).map(|_| wait(6, &mut chance)).collect();
        assert!(waits.len() > 40, "{} different waits of 50", waits.len());
    }
}
