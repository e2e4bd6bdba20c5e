//! From what a slip says to what stands on it.

use jiff::{
    Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};
use outbox::Standing;
use screen::view::Language;

use crate::{
    CounterReason, Matter, Slip, SlipCode,
    layout::{Block, Fill},
    words::{Heading, Words, words},
};

/// Viet Nam keeps one time all year (Indochina Time).
const VIET_NAM: Offset = Offset::constant(7);

/// What stands on a slip, top first.
pub(crate) fn blocks(slip: &Slip) -> Vec<Block> {
    let words = words(slip.language);
    let mut blocks = vec![Block::Head { name: words.product, site: slip.site.clone() }, Block::Gap(3)];
    blocks.extend(match &slip.matter {
        Matter::Request { service, phone, next, code } => {
            let mut facts =
                vec![Block::Fact { label: words.service, value: service.words(slip.language).to_owned() }];
            facts.extend(
                phone.as_ref().map(|p| Block::Fact { label: words.phone, value: p.as_str().to_owned() }),
            );
            let next = next.as_ref().map(|next| next.words(slip.language).to_owned());
            request(words, code, facts, next)
        }
        Matter::PoliceRenewal { expired_on } => renewal(words, *expired_on),
        Matter::Counter { reason, reference } => counter(words, slip.language, reason, reference.as_deref()),
        Matter::Test => vec![
            banner(&words.test, Fill::Frame),
            Block::Gap(5),
            Block::Words(words.test_letters.to_owned()),
            Block::Strong(words.test_letters.to_owned()),
            Block::Gap(5),
            Block::Pattern,
        ],
    });
    blocks.extend(foot(words, slip));
    blocks
}

fn banner(heading: &Heading, fill: Fill) -> Block {
    Block::Banner { words: heading.words, under: heading.under, fill }
}

fn request(words: &Words, code: &SlipCode, facts: Vec<Block>, next: Option<String>) -> Vec<Block> {
    let standing = code.facts().standing();
    let mut blocks = vec![
        match standing {
            Standing::Received => banner(&words.received, Fill::Frame),
            Standing::Registered => banner(&words.registered, Fill::Black),
        },
        Block::Gap(6),
        Block::Large { label: words.reference.to_owned(), value: code.facts().reference().to_string() },
        Block::Rule,
    ];
    blocks.extend(facts);
    blocks.push(Block::Rule);
    let next = match standing {
        // What follows a registration must not be read before there is one.
        Standing::Received => Some(words.received_next.to_owned()),
        Standing::Registered => next,
    };
    if let Some(next) = next {
        blocks.extend([Block::Strong(words.next.to_owned()), Block::Words(next), Block::Gap(3)]);
    }
    blocks.extend([Block::Qr(code.text().to_owned()), Block::Small(words.scan.to_owned())]);
    blocks
}

fn renewal(words: &Words, expired_on: Date) -> Vec<Block> {
    vec![
        banner(&words.renewal, Fill::Frame),
        Block::Gap(6),
        Block::Large { label: words.expired_on.to_owned(), value: day(expired_on) },
        Block::Rule,
        Block::Strong(words.next.to_owned()),
        Block::Words(words.renewal_next.to_owned()),
        Block::Gap(3),
        Block::Words(words.nothing_kept.to_owned()),
    ]
}

fn counter(words: &Words, language: Language, reason: &CounterReason, reference: Option<&str>) -> Vec<Block> {
    let hotline = match reason {
        CounterReason::Overdue { hotline } => Some(hotline),
        _ => None,
    };
    let mut blocks =
        vec![banner(if hotline.is_some() { &words.hotline } else { &words.counter }, Fill::Frame)];
    blocks.push(Block::Gap(6));
    if let Some(hotline) = hotline {
        blocks.push(Block::Large { label: words.hotline_label.to_owned(), value: hotline.clone() });
    }
    if let Some(reference) = reference {
        blocks.push(Block::Large { label: words.reference.to_owned(), value: reference.to_owned() });
    }
    if hotline.is_some() || reference.is_some() {
        blocks.push(Block::Rule);
    }
    let said = match reason {
        CounterReason::NoAccount => words.no_account,
        CounterReason::LevelOne => words.level_one,
        CounterReason::Overdue { .. } => words.overdue,
        CounterReason::Locked => words.locked,
        CounterReason::AnotherWay => words.another_way,
        CounterReason::Refused(fault) => {
            let text = fault.citizen_at_end();
            let text = if language == Language::Vi { text.vi } else { text.en };
            blocks.push(Block::Fact { label: words.refused, value: fault.code().to_owned() });
            [text, words.show_slip]
        }
    };
    blocks.extend([Block::Strong(said[0].to_owned()), Block::Words(said[1].to_owned())]);
    blocks
}

fn foot(words: &Words, slip: &Slip) -> [Block; 6] {
    [
        Block::Rule,
        Block::Fact { label: words.time, value: moment(slip.at) },
        Block::Fact { label: words.kiosk, value: slip.kiosk.to_string() },
        Block::Rule,
        Block::Small(words.scam.to_owned()),
        Block::Small(words.thanks.to_owned()),
    ]
}

fn moment(at: Timestamp) -> String {
    let local = at.to_zoned(TimeZone::fixed(VIET_NAM));
    format!("{:02}:{:02} {}", local.hour(), local.minute(), day(local.date()))
}

fn day(date: Date) -> String {
    format!("{:02}/{:02}/{}", date.day(), date.month(), date.year())
}

#[cfg(test)]
mod tests {
    use faults::Fault;

    use super::*;

    #[test]
    fn the_time_on_paper_is_viet_nams() {
        let at: Timestamp = "2026-11-20T18:05:59Z".parse().unwrap();
        assert_eq!(moment(at), "01:05 21/11/2026");
    }

    /// It is read when the page that could still be answered is gone.
    #[test]
    fn a_slip_does_not_ask_to_check_the_number() {
        for (language, next) in [(Language::Vi, "Xin gặp cán bộ"), (Language::En, "Please see staff")] {
            let reason = CounterReason::Refused(Fault::CardKeyWrong);
            let blocks = counter(words(language), language, &reason, None);
            let read = blocks.iter().find_map(|block| match block {
                Block::Strong(text) => Some(text),
                _ => None,
            });
            assert!(read.is_some_and(|text| text.ends_with(next)), "{read:?}");
        }
    }
}
