//! One bootstrap: does what the machine says is next, several pages at a time, and stores what came of each before anything that follows from it.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Reader;
use crate::bootstrap::machine::{Changed, Effect, Input, Machine};
use crate::bootstrap::page::{self, Failure, Page, Place};
use crate::bootstrap::plan::{Terms, plan};
use crate::bootstrap::record::Status;
use crate::bootstrap::request::request;
use crate::budget::Priority;
use crate::clock::Timestamp;
use crate::entity::{EntityChange, EntityId};
use crate::limits::bootstrap as limits;
use crate::limits::run::LOOK_SECONDS_MAX;
use crate::limits::store::ENTITY_CHANGES_MAX;
use crate::port::clockify::{ApiResponse, CallError};
use crate::port::observer::{Happening, Stir};
use crate::port::store;
use crate::workspace::runner::turn::Turn;

/// A page that came, or did not.
struct Came {
    operation: usize,
    parent: Option<EntityId>,
    outcome: Result<Page, Failure>,
}

/// Whether there is anything to go on with.
enum Kept {
    Yes,
    /// Another bootstrap has taken the place of this one, or the installation is gone.
    Overtaken,
}

/// That a bootstrap goes on, for as long as its task does.
struct Works<'r>(&'r Reader);

impl<'r> Works<'r> {
    fn begin(reader: &'r Reader) -> Self {
        reader.env.observer.observe(reader.key.addon, Happening::BootstrapWorks);
        Self(reader)
    }
}

impl Drop for Works<'_> {
    fn drop(&mut self) {
        self.0.env.observer.observe(self.0.key.addon, Happening::BootstrapRests);
    }
}

/// Places of the pages that are read on other threads.
static ELSEWHERE: Semaphore = Semaphore::const_new(limits::READ_ELSEWHERE_MAX);

/// Reads a page: a large one on another thread, because the workspaces that share this one would wait for it. A panic is its failure.
async fn read(answer: Result<ApiResponse, CallError>, place: Place) -> Result<Page, Failure> {
    let large = answer.as_ref().is_ok_and(|answer| answer.body.len() > limits::BYTES_READ_HERE_MAX);
    let read = move || page::read(answer, &place);
    let outcome = if large {
        // Never closed, so that everybody's turn comes; it lasts as long as the reading, whether anybody still waits for it or not.
        let turn = ELSEWHERE.acquire().await;
        let read = move || {
            let _turn = turn;
            read()
        };
        tokio::task::spawn_blocking(read).await.ok()
    } else {
        std::panic::catch_unwind(AssertUnwindSafe(read)).ok()
    };
    outcome.unwrap_or_else(|| Err(Failure::Unreadable { reason: "the answer could not be read".into() }))
}

impl Reader {
    /// Goes on with the stored bootstrap until it ends or may not go on.
    pub(super) async fn drive(&self) -> Result<(), store::Error> {
        let Some(mut machine) = self.take_up().await? else { return Ok(()) };
        let _works = Works::begin(self);
        let now = self.env.clock.now();
        let resumed = machine.step(Input::Resume, now);
        if matches!(self.keep(&mut machine, resumed, Vec::new()).await?, Kept::Overtaken) {
            return Ok(());
        }
        let mut calls: JoinSet<Came> = JoinSet::new();
        let mut waiting: Option<(usize, Option<EntityId>)> = None;
        let mut turn = self.runner.turn(Priority::Bootstrap);
        loop {
            if !self.inner.borrow().goes() {
                if let Some((operation, parent)) = waiting.take() {
                    machine.give_back(operation, &parent);
                }
                if calls.is_empty() {
                    return self.rest(&mut machine).await;
                }
            }
            let room = match self.do_what_is_next(&mut machine, &mut calls, &mut waiting, &mut turn).await? {
                Some(room) => room,
                None => return Ok(()),
            };
            self.inner.borrow_mut().under_way = calls.len();
            if machine.record().head.status != Status::Running && calls.is_empty() {
                return Ok(());
            }
            let now = self.env.clock.now();
            let due = machine.due().map(|due| due.since(now).max(Duration::from_millis(1)));
            let pause = room.into_iter().chain(due).min().unwrap_or(Duration::from_secs(LOOK_SECONDS_MAX));
            tokio::select! {
                biased;
                Some(came) = calls.join_next(), if !calls.is_empty() => {
                    if let Ok(came) = came
                        && matches!(self.take(&mut machine, came).await?, Kept::Overtaken)
                    {
                        return Ok(());
                    }
                }
                () = self.changed.notified() => {}
                () = self.env.clock.sleep(pause) => {}
            }
        }
    }

    /// The stored bootstrap, planned. `None`: there is nothing to read.
    async fn take_up(&self) -> Result<Option<Machine>, store::Error> {
        let record = self.env.store.bootstrap(self.key).await?;
        self.learn_of_cache(record.as_ref().is_some_and(|record| record.head.status != Status::Disabled));
        let Some(mut record) = record.filter(|record| record.head.status.unfinished()) else { return Ok(None) };
        if record.operations.is_empty() && record.head.status != Status::Running {
            let none = std::collections::BTreeSet::new();
            let scopes = self.env.scopes.get(&self.key.addon).unwrap_or(&none);
            let (settings, now) = (self.inner.borrow().settings, self.env.clock.now());
            record.begin(plan(&self.env.catalogue, Terms { scopes, settings, now }), settings.max_pages, now);
            if !self.env.store.put_bootstrap(self.key, &record).await? {
                return Ok(None);
            }
            self.env.observer.stir(self.key, Stir::Bootstrap);
            log::info!(addon = self.key.addon.slug(), workspace:% = self.key.workspace, operations = record.progress().1; "a bootstrap begins");
        }
        Ok(Some(Machine::new(record)))
    }

    /// Says that it waits, unless the service itself ends.
    async fn rest(&self, machine: &mut Machine) -> Result<(), store::Error> {
        let silent = {
            let inner = self.inner.borrow();
            inner.draining || inner.closed
        };
        if !silent {
            let paused = machine.step(Input::Pause("the add-on is not active in this workspace".into()), self.env.clock.now());
            self.keep(machine, paused, Vec::new()).await?;
        }
        Ok(())
    }

    /// Begins what may begin now. Says how long to wait for room in the budget; `None`: there is nothing to go on with.
    async fn do_what_is_next(
        &self,
        machine: &mut Machine,
        calls: &mut JoinSet<Came>,
        waiting: &mut Option<(usize, Option<EntityId>)>,
        turn: &mut Turn,
    ) -> Result<Option<Option<Duration>>, store::Error> {
        while self.inner.borrow().goes() {
            let now = self.env.clock.now();
            let call = match waiting.take() {
                Some(call) => call,
                None => match machine.next(now) {
                    None => return Ok(Some(None)),
                    Some(Effect::Call { operation, parent }) => (operation, parent),
                    Some(effect) => {
                        if matches!(self.look(machine, effect).await?, Kept::Overtaken) {
                            return Ok(None);
                        }
                        continue;
                    }
                },
            };
            let calls_per_second = self.inner.borrow().settings.max_rps;
            match self.runner.let_go_evenly(turn, calls_per_second) {
                Ok(()) => self.call(machine, calls, call, std::mem::replace(turn, self.runner.turn(Priority::Bootstrap))),
                Err(wait) => {
                    *waiting = Some(call);
                    return Ok(Some(Some(wait)));
                }
            }
        }
        Ok(Some(None))
    }

    /// Looks something up in the store.
    async fn look(&self, machine: &mut Machine, effect: Effect) -> Result<Kept, store::Error> {
        let (store, since) = (&self.env.store, machine.record().head.started_at);
        let input = match effect {
            Effect::Call { .. } => return Ok(Kept::Yes),
            Effect::Find { operation, kind, after, limit } => {
                let ids = store.entity_ids(self.key, &kind, since, after.as_ref(), limit).await?;
                Input::Found { operation, complete: ids.len() < limit as usize, ids }
            }
            Effect::Sweep { kind, after } => {
                let swept = store.sweep_entities(self.key, &kind, since, after.as_ref(), limits::SWEEP_ROWS).await?;
                Input::Swept { kind, after: swept.after }
            }
        };
        let changed = machine.step(input, self.env.clock.now());
        self.keep(machine, changed, Vec::new()).await
    }

    /// Asks for a page.
    fn call(&self, machine: &mut Machine, calls: &mut JoinSet<Came>, (operation, parent): (usize, Option<EntityId>), turn: Turn) {
        let installation = self.inner.borrow().installation.clone();
        let Some(installation) = installation else { return machine.give_back(operation, &parent) };
        let Some((progress, lane)) = machine.lane(operation, parent.as_ref()) else { return machine.give_back(operation, &parent) };
        let known = self.env.catalogue.get(&progress.operation);
        let call = known.and_then(|known| {
            let request = request(known, progress, lane, self.key.workspace)?;
            let (kind, answer) = (progress.kind.clone(), known.answer.clone());
            let (workspace, asked_at) = (self.key.workspace, self.env.clock.now());
            Some((request, Place { kind, shared: progress.shared, answer, parent: parent.clone(), workspace, asked_at }))
        });
        let runner = Rc::clone(&self.runner);
        calls.spawn_local(async move {
            let outcome = match call {
                None => Err(Failure::Unreadable { reason: "the API catalogue no longer has this operation".into() }),
                Some((request, place)) => read(runner.read_page(&installation, request, turn).await, place).await,
            };
            Came { operation, parent, outcome }
        });
    }

    /// Takes in a page.
    async fn take(&self, machine: &mut Machine, came: Came) -> Result<Kept, store::Error> {
        let Came { operation, parent, outcome } = came;
        let (input, entities) = match outcome {
            Err(failure) => (Input::Failed { operation, parent, failure }, Vec::new()),
            Ok(page) => {
                let Page { entities, items, first, last } = page;
                (Input::Read { operation, parent, entities: entities.len(), items, first, last }, entities)
            }
        };
        let read = matches!(input, Input::Read { .. }).then_some(entities.len());
        let changed = machine.step(input, self.env.clock.now());
        if changed.token_dead {
            self.token_is_dead(machine);
        }
        let kept = self.keep(machine, changed, entities.into_iter().map(EntityChange::Seen).collect()).await?;
        if let (Some(entities), Kept::Yes) = (read, &kept) {
            self.env.observer.observe(self.key.addon, Happening::BootstrapPage(entities));
        }
        Ok(kept)
    }

    fn token_is_dead(&self, machine: &Machine) {
        self.inner.borrow_mut().works = false;
        self.runner.token_is_dead(machine.record().head.note.as_deref().unwrap_or_default());
    }

    /// Stores what a page brought, some at a time so that others' writes come in between; the last of it with the standing of its operation. A crash
    /// before that repeats the page, and a row is the same however often it is written.
    async fn keep(&self, machine: &mut Machine, changed: Changed, mut changes: Vec<EntityChange>) -> Result<Kept, store::Error> {
        let (store, record) = (&self.env.store, machine.record());
        while changes.len() > ENTITY_CHANGES_MAX {
            let rest = changes.split_off(ENTITY_CHANGES_MAX);
            if !store.change_entities(self.key, &std::mem::replace(&mut changes, rest)).await? {
                return Ok(Kept::Overtaken);
            }
        }
        if !changed.head && changes.is_empty() {
            return Ok(Kept::Yes);
        }
        let operations: Vec<_> = changed.operations.iter().filter_map(|index| record.operations.get(*index).cloned()).collect();
        if !store.advance_bootstrap(self.key, &record.head, &operations, &changes).await? {
            return Ok(Kept::Overtaken);
        }
        self.env.observer.stir(self.key, Stir::Bootstrap);
        if changed.head && record.head.finished_at.is_some() {
            self.say_goodbye(machine, record.head.updated_at);
        }
        Ok(Kept::Yes)
    }

    fn say_goodbye(&self, machine: &Machine, ended_at: Timestamp) {
        let head = &machine.record().head;
        self.env.observer.observe(self.key.addon, Happening::BootstrapEnded(head.status));
        let seconds = ended_at.since(head.started_at).as_secs();
        log::info!(
            addon = self.key.addon.slug(), workspace:% = self.key.workspace, status = head.status.as_str(), entities = head.entities,
            calls = head.calls, seconds; "a bootstrap has ended"
        );
    }
}
