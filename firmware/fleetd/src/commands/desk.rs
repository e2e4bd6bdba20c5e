//! What becomes of a command: a pure state machine. [`Memory::step`] gives what to remember and
//! what to do; the memory is on the disk before anything is done. No I/O, no clock, no chance.

use command::{Accepted, CommandId, Here, Ledger, Name, Time, What, accept};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use upkeep::{Lock, Message};

use super::{CommandOrder, Effect, Event, Moment, Settings};
use crate::update::{ActionId, Execution, Finished, Outgoing, Policy, Report};

/// How long the machine has to go down.
const GOES_DOWN_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// Everything that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// What was accepted before.
    ledger: Ledger,
    /// What takes a while.
    doing: Option<Doing>,
    /// The lock that holds, by the trusted clock.
    pub(crate) lock: Option<Lock>,
    /// The message that is shown, by the trusted clock.
    pub(crate) message: Option<Message>,
    /// What the server has yet to hear.
    pub(crate) outgoing: Outgoing,
    /// How the newest action ended.
    last: Option<Report>,
    /// The last line that the server was told.
    said: Option<String>,
}

/// What takes a while. Only waiting can be called off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "at", rename_all = "kebab-case")]
enum Doing {
    /// The machine is to be started anew, when nobody is served.
    Waiting {
        action: ActionId,
        not_after: Timestamp,
        /// When the machine closes by its own clock, once that is announced.
        closes: Option<Timestamp>,
    },
    /// It was told to go down, or was about to be: never again for this command.
    GoingDown {
        action: ActionId,
        /// Which start of the machine that was.
        boot: String,
        /// When, by the machine's clock.
        since: Timestamp,
    },
    /// Logs are being collected.
    Collecting { action: ActionId, id: CommandId, which: Vec<Name> },
}

impl Doing {
    fn action(&self) -> ActionId {
        match self {
            Self::Waiting { action, .. }
            | Self::GoingDown { action, .. }
            | Self::Collecting { action, .. } => *action,
        }
    }
}

type Effects = Vec<Effect>;

/// So many minutes later.
fn after(from: Timestamp, minutes: u16) -> Timestamp {
    from.saturating_add(SignedDuration::from_mins(minutes.into())).unwrap_or(from)
}

impl Memory {
    /// Nothing is remembered but this lock.
    pub(crate) fn with_lock(lock: Option<Lock>) -> Self {
        Self { lock, ..Self::default() }
    }

    /// Whether time changes nothing here.
    pub fn is_quiet(&self) -> bool {
        let nothing = self.doing.is_none() && self.lock.is_none() && self.message.is_none();
        nothing && self.ledger.has_begun()
    }

    /// Whether the machine closes for a command: no update begins then.
    pub fn has_machine(&self) -> bool {
        matches!(self.doing, Some(Doing::Waiting { closes: Some(_), .. } | Doing::GoingDown { .. }))
    }

    /// Whether an action is one of ours.
    pub fn is_about(&self, action: ActionId) -> bool {
        let doing = self.doing.as_ref().is_some_and(|doing| doing.action() == action);
        doing || self.last.as_ref().is_some_and(|last| last.action == action)
    }

    /// What is left of before a restart of this program. What was begun is not begun again.
    #[must_use]
    pub fn resume(mut self) -> (Self, Effects) {
        match &self.doing {
            Some(Doing::Collecting { action, .. }) => {
                let action = *action;
                let effects = self.end(action, false, "broken-off: fleetd ended meanwhile; order it again");
                (self, effects)
            }
            Some(Doing::Waiting { closes: Some(_), .. }) => {
                if let Some(Doing::Waiting { closes, .. }) = &mut self.doing {
                    *closes = None;
                }
                (self, vec![Effect::Open])
            }
            _ => (self, vec![]),
        }
    }

    /// Moves on. `None` for the settings: this kiosk takes no commands.
    #[must_use]
    pub fn step(
        mut self,
        event: Event,
        settings: Option<&Settings>,
        policy: &Policy,
        moment: &Moment,
    ) -> (Self, Effects) {
        let effects = match event {
            Event::Ordered(order) => self.ordered(&order, settings, moment),
            Event::CalledOff(action) => self.called_off(action),
            Event::NothingWanted => self.nothing_wanted(),
            Event::Tick => self.tick(policy, moment),
            Event::Leased(got) => self.leased(got, moment),
            Event::ToldToGoDown(told) => self.told(told),
            Event::Collected(came_to) => self.collected(came_to),
        };
        (self, effects)
    }

    fn ordered(&mut self, order: &CommandOrder, settings: Option<&Settings>, moment: &Moment) -> Effects {
        let action = order.action;
        if let Some(last) = self.last.as_ref().filter(|last| last.action == action) {
            // It is done. The server has not heard, or has lost it.
            if !self.outgoing.ends(action) {
                self.outgoing.push(last.clone());
            }
            return vec![];
        }
        let mut effects = match &self.doing {
            // What was begun comes to its end first; the server offers this one again.
            Some(Doing::GoingDown { .. } | Doing::Collecting { .. }) => return vec![],
            Some(Doing::Waiting { action: under_way, .. }) if *under_way == action => return vec![],
            Some(Doing::Waiting { .. }) => self.drop_it(),
            None => vec![],
        };
        let Some(settings) = settings else {
            effects.extend(self.end(action, false, "refused: CMD-06: this kiosk takes no commands"));
            return effects;
        };
        if let Time::Known(now) = moment.time {
            self.ledger.begin(now);
        }
        let here = Here { kiosk: &settings.kiosk, site: settings.site.as_ref(), time: moment.time };
        effects.extend(match accept(order.envelope.as_bytes(), &settings.allowed, &here, &self.ledger) {
            Ok((accepted, ledger)) => {
                self.ledger = ledger;
                self.begin(action, &accepted, settings)
            }
            Err(refusal) if refusal.is_for_now() => {
                self.report(action, Execution::Scheduled, &refusal.line());
                vec![]
            }
            Err(refusal) => self.end(action, false, &format!("refused: {}", refusal.line())),
        });
        effects
    }

    fn begin(&mut self, action: ActionId, accepted: &Accepted, settings: &Settings) -> Effects {
        let command = accepted.command();
        let by: Vec<_> = accepted.signers().iter().map(Name::as_str).collect();
        let by = by.join(" and ");
        match &command.what {
            What::Lock { minutes, reason } => {
                let until = after(accepted.at(), *minutes);
                self.lock = Some(Lock { until, reason: *reason });
                self.end(action, true, &format!("locked until {until}, by {by}"))
            }
            What::Unlock {} => {
                self.lock = None;
                self.end(action, true, &format!("unlocked, by {by}"))
            }
            What::Message { words, until } => {
                let over = *until <= accepted.at();
                self.message = (!over).then(|| Message { words: words.clone(), until: *until });
                let line =
                    if over { "no message is shown".to_owned() } else { format!("shown until {until}") };
                self.end(action, true, &format!("{line}, by {by}"))
            }
            What::Reboot {} => {
                self.report(action, Execution::Proceeding, &format!("accepted: ordered by {by}"));
                self.doing = Some(Doing::Waiting { action, not_after: command.not_after, closes: None });
                vec![]
            }
            What::CollectLogs { which } => {
                let logs = settings.logs.as_ref();
                let unknown =
                    which.iter().find(|name| logs.is_none_or(|logs| !logs.sources.contains_key(*name)));
                if let Some(name) = unknown {
                    return self.end(
                        action,
                        false,
                        &format!("refused: CMD-13: no logs of {name} are collected here"),
                    );
                }
                self.report(action, Execution::Proceeding, &format!("collecting: ordered by {by}"));
                let (id, which) = (command.id.clone(), which.iter().cloned().collect::<Vec<_>>());
                self.doing = Some(Doing::Collecting { action, id: id.clone(), which: which.clone() });
                vec![Effect::Collect { id, which }]
            }
        }
    }

    fn called_off(&mut self, action: ActionId) -> Effects {
        let (did, line) = match &self.doing {
            Some(Doing::Waiting { action: under_way, .. }) if *under_way == action => (true, "called off"),
            Some(doing) if doing.action() == action => (false, "too late: it is being carried out"),
            _ => (true, "it was not under way"),
        };
        self.outgoing.push(Report::cancelled(action, did, line));
        if did && self.doing.as_ref().is_some_and(|doing| doing.action() == action) {
            return self.drop_it();
        }
        vec![]
    }

    fn nothing_wanted(&mut self) -> Effects {
        match &self.doing {
            // It was closed at the server.
            Some(Doing::Waiting { .. }) => self.drop_it(),
            _ => vec![],
        }
    }

    /// Forgets a restart that waits.
    fn drop_it(&mut self) -> Effects {
        self.said = None;
        match self.doing.take() {
            Some(Doing::Waiting { closes: Some(_), .. }) => vec![Effect::Open],
            _ => vec![],
        }
    }

    fn tick(&mut self, policy: &Policy, moment: &Moment) -> Effects {
        if let Time::Known(now) = moment.time {
            self.ledger.begin(now);
            // Nothing is locked for longer, whatever the clock said when it began.
            let longest = after(now, Lock::MOST_MINUTES);
            let lock = self.lock.map(|lock| Lock { until: lock.until.min(longest), ..lock });
            self.lock = lock.filter(|lock| now < lock.until);
            self.message = self.message.take().filter(|message| now < message.until);
        }
        match &self.doing {
            Some(Doing::Waiting { action, not_after, closes }) => {
                self.wait(*action, *not_after, *closes, policy, moment)
            }
            Some(Doing::GoingDown { action, boot, .. }) if *boot != moment.boot => {
                let action = *action;
                self.end_open(action, true, "restarted: the machine was started anew")
            }
            Some(Doing::GoingDown { action, since, .. })
                if moment.clock.duration_since(*since).abs() > GOES_DOWN_WITHIN =>
            {
                let action = *action;
                self.end_open(action, false, "not-restarted: the machine did not go down; order it again")
            }
            Some(Doing::GoingDown { .. }) => vec![Effect::Announce(moment.clock)],
            Some(Doing::Collecting { .. }) | None => vec![],
        }
    }

    fn wait(
        &mut self,
        action: ActionId,
        not_after: Timestamp,
        closes: Option<Timestamp>,
        policy: &Policy,
        moment: &Moment,
    ) -> Effects {
        if matches!(moment.time, Time::Known(now) if now > not_after) {
            let line = "expired: the machine was not free in time";
            return if closes.is_some() {
                self.end_open(action, false, line)
            } else {
                self.end(action, false, line)
            };
        }
        let announce = SignedDuration::try_from(policy.announce).unwrap_or(SignedDuration::ZERO);
        let soonest = moment.clock.saturating_add(announce).unwrap_or(moment.clock);
        // A clock that was set back must not put it off for years.
        let closes = closes.map(|closes| closes.min(soonest));
        let (closes, effects) = match closes {
            Some(closes) if moment.clock >= closes => {
                (Some(closes), vec![Effect::Announce(closes), Effect::Lease])
            }
            Some(closes) => (Some(closes), vec![]),
            None if moment.updates => {
                self.report(action, Execution::Scheduled, "waits: an update is under way");
                (None, vec![])
            }
            None if moment.idle < policy.idle_forced => {
                self.report(action, Execution::Scheduled, "waits: somebody is served");
                (None, vec![])
            }
            None => (Some(soonest), vec![Effect::Announce(soonest)]),
        };
        self.doing = Some(Doing::Waiting { action, not_after, closes });
        effects
    }

    fn leased(&mut self, got: bool, moment: &Moment) -> Effects {
        let Some(Doing::Waiting { action, closes: Some(_), .. }) = &self.doing else { return vec![] };
        if !got {
            // Whoever is served longer than announced is waited for.
            return vec![];
        }
        let (action, boot) = (*action, moment.boot.clone());
        self.report(action, Execution::Proceeding, "restarting: nobody is served");
        self.doing = Some(Doing::GoingDown { action, boot, since: moment.clock });
        vec![Effect::Reboot]
    }

    fn told(&mut self, told: Result<(), String>) -> Effects {
        match (&self.doing, told) {
            (Some(Doing::GoingDown { action, .. }), Err(why)) => {
                let action = *action;
                self.end_open(action, false, &format!("not-restarted: {why}"))
            }
            _ => vec![],
        }
    }

    fn collected(&mut self, came_to: Result<String, String>) -> Effects {
        let Some(Doing::Collecting { action, .. }) = &self.doing else { return vec![] };
        let action = *action;
        match came_to {
            Ok(line) => self.end(action, true, &line),
            Err(why) => self.end(action, false, &format!("not-collected: {why}")),
        }
    }

    fn end_open(&mut self, action: ActionId, good: bool, line: &str) -> Effects {
        self.end(action, good, line);
        vec![Effect::Open]
    }

    fn end(&mut self, action: ActionId, good: bool, line: &str) -> Effects {
        let finished = if good { Finished::Success } else { Finished::Failure };
        let end = Report { finished, ..Report::of(action, Execution::Closed, line) };
        self.outgoing.push(end.clone());
        self.last = Some(end);
        self.said = None;
        self.doing = None;
        vec![]
    }

    /// Tells the server, unless that is what it was told last.
    fn report(&mut self, action: ActionId, execution: Execution, line: &str) {
        if self.said.as_deref() != Some(line) {
            self.said = Some(line.to_owned());
            self.outgoing.push(Report::of(action, execution, line));
        }
    }
}

#[cfg(test)]
mod tests;
