//! How the connection to the platform is, for the services that need it.

use std::time::Duration;

use crate::{GatewayError, ProblemCode};

/// How the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// The platform answers in time.
    Up,
    /// It answers, but slowly, or not at once; or a system behind it is missing.
    Slow,
    /// It does not answer, cannot be trusted, or refuses this machine. Also before the
    /// first answer.
    Down,
}

/// Draws the link's state out of how each request went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    slow_after: Duration,
    link: Link,
    timed_out: bool,
}

impl Meter {
    pub(crate) fn new(slow_after: Duration) -> Self {
        Self { slow_after, link: Link::Down, timed_out: false }
    }

    /// One request is over: with this outcome, after this time. Gives the link's state.
    pub(crate) fn note(&mut self, outcome: Result<(), &GatewayError>, took: Duration) -> Link {
        let timed_out = matches!(outcome, Err(GatewayError::Slow));
        self.link = match outcome {
            Ok(()) => self.by_time(took),
            // One late answer is slowness, two in a row are silence.
            Err(GatewayError::Slow) if self.timed_out => Link::Down,
            Err(GatewayError::Slow | GatewayError::Garbled { .. }) => Link::Slow,
            Err(GatewayError::Refused(problem)) => match problem.code {
                ProblemCode::DeviceSuspended | ProblemCode::ClockSkew => Link::Down,
                ProblemCode::UpstreamDown | ProblemCode::UpstreamTimeout | ProblemCode::RateLimited => {
                    Link::Slow
                }
                _ => self.by_time(took),
            },
            Err(GatewayError::NotSendable(_)) => self.link,
            Err(_) => Link::Down,
        };
        self.timed_out = timed_out;
        self.link
    }

    fn by_time(&self, took: Duration) -> Link {
        if took < self.slow_after { Link::Up } else { Link::Slow }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(50);

    fn meter() -> Meter {
        Meter::new(Duration::from_secs(2))
    }

    #[test]
    fn a_quick_answer_is_up_and_a_late_one_slow() {
        let mut meter = meter();
        assert_eq!(meter.note(Ok(()), QUICK), Link::Up);
        assert_eq!(meter.note(Ok(()), Duration::from_secs(3)), Link::Slow);
    }

    #[test]
    fn one_missing_answer_is_slow_and_two_in_a_row_are_down() {
        let mut meter = meter();
        let silence = GatewayError::Slow;
        assert_eq!(meter.note(Err(&silence), QUICK), Link::Slow);
        assert_eq!(meter.note(Err(&silence), QUICK), Link::Down);
        assert_eq!(meter.note(Ok(()), QUICK), Link::Up);
        assert_eq!(meter.note(Err(&silence), QUICK), Link::Slow);
    }

    #[test]
    fn an_untrusted_answer_is_down() {
        assert_eq!(meter().note(Err(&GatewayError::NotTrusted { why: "x" }), QUICK), Link::Down);
        assert_eq!(meter().note(Err(&GatewayError::NotEnrolled), QUICK), Link::Down);
    }
}
