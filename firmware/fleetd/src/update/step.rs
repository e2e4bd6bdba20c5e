//! The transitions.

use jiff::{SignedDuration, Timestamp};

use super::{
    ActionId, Approved, Before, Effect, Event, Execution, Handling, Hold, Memory, Moment, NotActivated,
    NotAllowed, Order, Outcome, Policy, Report, State, health::Ill, state::Watched, when::hold,
};

/// What to do, in order.
type Effects = Vec<Effect>;

impl Memory {
    /// Moves on. What changes is written down before any effect is carried out.
    #[must_use]
    pub fn step(mut self, event: Event, policy: &Policy) -> (Self, Effects) {
        let effects = match event {
            Event::Ordered(order) => self.ordered(order),
            Event::CalledOff(action) => self.called_off(action),
            Event::NothingWanted => self.nothing_wanted(),
            Event::Tick(moment) => self.tick(&moment, policy),
            event => {
                let state = std::mem::take(&mut self.state);
                self.answered(state, event)
            }
        };
        (self, effects)
    }

    /// What is to be done again after a restart. The slots say at the next tick what became of
    /// a change that was under way.
    pub fn resume(&self) -> Effects {
        match &self.state {
            State::Idle | State::Trial { .. } => vec![],
            State::Asking { order } => vec![Effect::Ask(order.target.clone())],
            State::Fetching { release, .. } => vec![Effect::Fetch(Box::new(release.clone()))],
            State::Rehearsing { release, .. } => vec![Effect::Rehearse(Box::new(release.clone()))],
            State::Refusing { release, why, .. } => {
                vec![Effect::Refuse { release: Box::new(release.clone()), why: why.clone() }]
            }
            State::Waiting { .. } => vec![Effect::Open],
            // The lease went with the process that held it.
            State::Activating { .. } | State::RollingBack { .. } => vec![Effect::Lease],
            State::Committing { release, .. } => vec![Effect::Commit(Box::new(release.clone()))],
        }
    }

    fn ordered(&mut self, order: Order) -> Effects {
        if let Some((action, outcome)) = &self.last
            && *action == order.action
        {
            // It is done. The server has not heard, or has lost it.
            if !self.outgoing.ends(*action) {
                self.outgoing.push(Report::end(*action, outcome));
            }
            return vec![];
        }
        match self.state.order() {
            Some(under_way) if under_way.is_same(&order) => self.as_urgent_as(order),
            // Whoever stands at the machine goes first; the server asks again.
            Some(under_way) if under_way.action.is_of_stick() && !order.action.is_of_stick() => vec![],
            Some(_) if !self.state.can_be_called_off() => vec![],
            Some(_) => {
                let mut effects = self.drop_it();
                effects.extend(self.begin(order));
                effects
            }
            None => self.begin(order),
        }
    }

    /// The server has changed its mind about how urgent it is.
    fn as_urgent_as(&mut self, new: Order) -> Effects {
        if let State::Asking { order }
        | State::Fetching { order, .. }
        | State::Rehearsing { order, .. }
        | State::Waiting { order, .. } = &mut self.state
        {
            *order = new;
        }
        vec![]
    }

    fn begin(&mut self, order: Order) -> Effects {
        if order.download == Handling::Skip {
            return vec![];
        }
        self.report(order.action, Execution::Proceeding, "asks the repository what is signed of it");
        let ask = Effect::Ask(order.target.clone());
        self.state = State::Asking { order };
        vec![ask]
    }

    fn called_off(&mut self, action: ActionId) -> Effects {
        let under_way = self.state.order().map(|order| order.action);
        if under_way == Some(action) && !self.state.can_be_called_off() {
            self.outgoing.push(Report::cancelled(action, false, "too late: the slot is being changed"));
            return vec![];
        }
        let line = if under_way == Some(action) { "called off" } else { "it was not under way" };
        self.outgoing.push(Report::cancelled(action, true, line));
        if under_way == Some(action) { self.drop_it() } else { vec![] }
    }

    fn nothing_wanted(&mut self) -> Effects {
        // What a stick ordered the server never wanted.
        let of_server = self.state.order().is_some_and(|order| !order.action.is_of_stick());
        if of_server && self.state.can_be_called_off() { self.drop_it() } else { vec![] }
    }

    /// Forgets what has not been begun in earnest.
    fn drop_it(&mut self) -> Effects {
        self.said = None;
        match std::mem::take(&mut self.state) {
            State::Asking { .. } | State::Fetching { .. } | State::Rehearsing { .. } => vec![Effect::Stop],
            State::Waiting { closes: Some(_), .. } => vec![Effect::Open],
            _ => vec![],
        }
    }

    /// Answers to what we asked for. One that is not awaited any more changes nothing.
    fn answered(&mut self, state: State, event: Event) -> Effects {
        match (state, event) {
            // All of it lies on this disk: what does not come now does not come later.
            (State::Asking { order } | State::Fetching { order, .. }, Event::NotNow(why))
                if order.action.is_of_stick() =>
            {
                self.end(order.action, Outcome::NotWritten(why))
            }
            (state @ (State::Asking { .. } | State::Fetching { .. }), Event::NotNow(why)) => {
                if let Some(order) = state.order() {
                    self.report(order.action, Execution::Proceeding, &why);
                }
                self.state = state;
                vec![]
            }
            (State::Asking { order }, Event::Resolved(Ok(release))) => {
                self.report(order.action, Execution::Download, "is being written into the spare slot");
                self.state = State::Fetching { order, release: (*release).clone() };
                vec![Effect::Fetch(release)]
            }
            (State::Asking { order }, Event::Resolved(Err(NotAllowed::RunsAlready))) => {
                self.end(order.action, Outcome::AlreadyThere)
            }
            (State::Asking { order }, Event::Resolved(Err(why))) => {
                self.end(order.action, Outcome::NotAllowed(why))
            }
            (State::Fetching { order, release }, Event::DeltaRefused(why)) => {
                let line = format!("delta-refused: {why}; the whole release is fetched");
                self.report(order.action, Execution::Download, &line);
                let fetch = Effect::Fetch(Box::new(release.clone()));
                self.state = State::Fetching { order, release };
                vec![fetch]
            }
            (State::Fetching { order, release }, Event::Written(Ok(()))) => {
                self.report(order.action, Execution::Proceeding, "it lies whole in the spare slot");
                let rehearse = Effect::Rehearse(Box::new(release.clone()));
                self.state = State::Rehearsing { order, release };
                vec![rehearse]
            }
            (State::Fetching { order, .. }, Event::Written(Err(why))) => {
                self.end(order.action, Outcome::NotWritten(why))
            }
            (State::Rehearsing { order, release }, Event::Rehearsed(Ok(()))) => {
                self.downloaded(order, release, "downloaded, and a rehearsed visit went through")
            }
            (State::Rehearsing { order, release }, Event::NotRehearsed) => {
                self.downloaded(order, release, "downloaded; this kiosk rehearses no visit")
            }
            (State::Rehearsing { order, release }, Event::Rehearsed(Err(why))) => {
                let refuse = Effect::Refuse { release: Box::new(release.clone()), why: why.clone() };
                self.state = State::Refusing { order, release, why };
                vec![refuse]
            }
            (State::Refusing { order, why, .. }, Event::Refused) => {
                self.end(order.action, Outcome::RehearsalFailed(why))
            }
            (State::Waiting { order, release, closes: Some(_) }, Event::Leased(Some(before))) => {
                self.report(
                    order.action,
                    Execution::Proceeding,
                    "nobody is served; the slot is being changed",
                );
                self.activate(order, release, before)
            }
            (State::Activating { order, release, before }, Event::Leased(Some(_))) => {
                self.activate(order, release, before)
            }
            (State::Activating { order, release, before }, Event::Activated(Ok(()))) => {
                self.report(order.action, Execution::Proceeding, "on trial");
                self.state = State::Trial { order, release, before, watched: Watched::default() };
                vec![]
            }
            (State::Activating { order, .. }, Event::Activated(Err(NotActivated::NeverCameUp))) => {
                self.end_open(order.action, Outcome::NeverCameUp)
            }
            (State::Activating { order, release, .. }, Event::Activated(Err(NotActivated::Failed(why))))
            | (State::RollingBack { order, release, why }, Event::Leased(Some(_))) => {
                self.roll_back_now(order, release, why)
            }
            (State::Committing { order, .. }, Event::Committed) => self.end(order.action, Outcome::Committed),
            (State::RollingBack { order, why, .. }, Event::RolledBack(Ok(()))) => {
                self.end_open(order.action, Outcome::RolledBack(why))
            }
            (State::RollingBack { order, .. }, Event::RolledBack(Err(why))) => {
                self.end_open(order.action, Outcome::Stuck(why))
            }
            (state, _) => {
                self.state = state;
                vec![]
            }
        }
    }

    fn downloaded(&mut self, order: Order, release: Approved, line: &str) -> Effects {
        self.report(order.action, Execution::Downloaded, line);
        self.state = State::Waiting { order, release, closes: None };
        vec![]
    }

    fn activate(&mut self, order: Order, release: Approved, before: Before) -> Effects {
        let activate = Effect::Activate(Box::new(release.clone()));
        self.state = State::Activating { order, release, before };
        vec![activate]
    }

    /// From here on nothing else happens; the visit under way is waited for.
    fn roll_back(&mut self, order: Order, release: Approved, why: String, now: Timestamp) -> Effects {
        self.state = State::RollingBack { order, release, why };
        vec![Effect::Announce(now), Effect::Lease]
    }

    fn roll_back_now(&mut self, order: Order, release: Approved, why: String) -> Effects {
        let effect = Effect::RollBack { release: Box::new(release.clone()), why: why.clone() };
        self.state = State::RollingBack { order, release, why };
        vec![effect]
    }

    fn tick(&mut self, moment: &Moment, policy: &Policy) -> Effects {
        match std::mem::take(&mut self.state) {
            State::Waiting { order, release, closes } => self.wait(order, release, closes, moment, policy),
            State::Trial { order, release, before, watched } => {
                self.watch(order, release, before, watched, moment, policy)
            }
            state @ (State::Activating { .. } | State::RollingBack { .. }) => {
                self.state = state;
                vec![Effect::Announce(moment.clock), Effect::Lease]
            }
            state => {
                // Whoever is at it goes on; what broke off begins again.
                self.state = state;
                self.resume()
            }
        }
    }

    fn wait(
        &mut self,
        order: Order,
        release: Approved,
        closes: Option<Timestamp>,
        moment: &Moment,
        policy: &Policy,
    ) -> Effects {
        let announce = SignedDuration::try_from(policy.announce).unwrap_or(SignedDuration::ZERO);
        let soonest = moment.clock.saturating_add(announce).unwrap_or(moment.clock);
        // A clock that was set back must not put it off for years.
        let closes = closes.map(|closes| closes.min(soonest));
        let (closes, effects) = match (closes, hold(&order, &release, policy, moment)) {
            (Some(_), Some(Hold::Server)) => (None, vec![Effect::Open]),
            // Once it is announced, it holds: whoever is served longer than that is waited for.
            (Some(closes), _) if moment.clock >= closes => {
                (Some(closes), vec![Effect::Announce(closes), Effect::Lease])
            }
            (Some(closes), _) => (Some(closes), vec![]),
            (None, Some(hold)) => {
                self.report(order.action, Execution::Scheduled, hold.line());
                (None, vec![])
            }
            (None, None) => (Some(soonest), vec![Effect::Announce(soonest)]),
        };
        self.state = State::Waiting { order, release, closes };
        effects
    }

    fn watch(
        &mut self,
        order: Order,
        release: Approved,
        before: Before,
        watched: Watched,
        moment: &Moment,
        policy: &Policy,
    ) -> Effects {
        let Some(glance) = moment.glance else {
            self.state = State::Trial { order, release, before, watched };
            return vec![];
        };
        if glance.trial != Some(release.digest) {
            // The launcher counts starts by itself, without us.
            let good = glance.good == Some(release.digest);
            return self.end_open(order.action, if good { Outcome::Committed } else { Outcome::NeverCameUp });
        }
        let ill = if glance.trial_runs {
            before.ill(moment.vitals.as_ref(), moment.clock)
        } else {
            Some(Ill::Here("launcher: the release before runs".to_owned()))
        };
        let (watched, effects) = match ill {
            None => {
                let well = watched.well + moment.passed;
                if well >= policy.well_for {
                    let commit = Effect::Commit(Box::new(release.clone()));
                    self.state = State::Committing { order, release };
                    return vec![Effect::Open, commit];
                }
                // It is up: citizens may come.
                (Watched { well, ..Watched::default() }, vec![Effect::Open])
            }
            Some(Ill::CutOff(what)) => {
                let cut_off = watched.cut_off + moment.passed;
                if cut_off >= policy.cut_off_for {
                    return self.roll_back(order, release, what, moment.clock);
                }
                (Watched { cut_off, ..Watched::default() }, vec![Effect::Open])
            }
            Some(Ill::Here(what)) => {
                let ill = watched.ill + moment.passed;
                if ill >= policy.ill_for {
                    return self.roll_back(order, release, what, moment.clock);
                }
                (Watched { ill, ..Watched::default() }, vec![])
            }
        };
        self.state = State::Trial { order, release, before, watched };
        effects
    }

    fn end_open(&mut self, action: ActionId, outcome: Outcome) -> Effects {
        self.end(action, outcome);
        vec![Effect::Open]
    }

    fn end(&mut self, action: ActionId, outcome: Outcome) -> Effects {
        self.said = None;
        if action.is_of_stick() {
            self.of_stick = Some((action, outcome));
        } else {
            self.outgoing.push(Report::end(action, &outcome));
            self.last = Some((action, outcome));
        }
        self.state = State::Idle;
        vec![]
    }

    /// Tells the server, unless that is what it was told last.
    fn report(&mut self, action: ActionId, execution: Execution, line: &str) {
        if self.said.as_deref() != Some(line) {
            self.said = Some(line.to_owned());
            if action.is_of_stick() {
                return;
            }
            self.outgoing.push(Report::of(action, execution, line));
        }
    }
}
