//! Everything else that a workspace can be asked: a method for each message, which waits for the answer, for so long and no longer (I5).

use std::sync::Arc;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Handler, MailboxError, Message};

use super::Registry;
use crate::ids::{EventId, Key, RunId};
use crate::installation::{Proof, Verdict};
use crate::limits::flow::REPLAYS_PER_MESSAGE_MAX;
use crate::limits::{actor as limits, explorer};
use crate::port::store::schedules::Due;
use crate::secret::Secret;
use crate::source::{CustomSource, SourceName};
use crate::workspace::bootstrap::{Bootstrap, Granted, Wish};
use crate::workspace::cancel::{Cancel, Cancelled};
use crate::workspace::execute::{Execute, Executed};
use crate::workspace::flows::{ChangeFlow, FlowChange, FlowChanged};
use crate::workspace::lifecycle::{Change, Lifecycle};
use crate::workspace::lift::Lift;
use crate::workspace::replay::{Replay, ReplayMany, Replayed};
use crate::workspace::replay_event::{EventReplayed, ReplayEvent};
use crate::workspace::settings::{KeepSettings, SettingsWritten, WriteSettings};
use crate::workspace::sources::{ChangeSource, FindSource, SourceChange, SourceChanged};
use crate::workspace::status::{Snapshot, Status};
use crate::workspace::subscriptions::{ChangeSubscription, SubscriptionChanged};
use crate::workspace::tick::Tick;
use crate::workspace::time_zone::AskTimeZone;
use crate::workspace::{Error, Workspace};

impl Registry {
    /// Applies a lifecycle call.
    pub async fn lifecycle(&self, key: Key, change: Change, proof: Proof) -> Result<Verdict, Error> {
        self.ask(key, Lifecycle { change, proof }).await
    }

    /// Changes a flow.
    pub async fn change_flow(&self, key: Key, change: FlowChange) -> Result<FlowChanged, Error> {
        self.ask(key, ChangeFlow(change)).await
    }

    /// Changes a custom source.
    pub async fn change_source(&self, key: Key, change: SourceChange) -> Result<SourceChanged, Error> {
        self.ask(key, ChangeSource(change)).await
    }

    /// Finds a custom source for a caller who has proved nothing yet: no actor is started for a workspace that has no installation.
    pub async fn source(&self, key: Key, name: &SourceName) -> Result<Option<Arc<CustomSource>>, Error> {
        if self.alive(key).is_none() && self.env.store.installation(key).await?.is_none() {
            return Ok(None);
        }
        match self.ask(key, FindSource(name.clone())).await {
            Err(Error::NotInstalled) => Ok(None),
            found => found,
        }
    }

    /// Changes subscriptions, at the platform and here.
    pub async fn change_subscription(&self, key: Key, change: ChangeSubscription) -> Result<SubscriptionChanged, Error> {
        self.ask(key, change).await
    }

    /// Writes settings, by id, to the platform and keeps what it took. They have been checked.
    pub async fn change_settings(&self, key: Key, values: serde_json::Map<String, serde_json::Value>) -> Result<SettingsWritten, Error> {
        let (written, before) = self.ask(key, WriteSettings(values.clone())).await?;
        if written == SettingsWritten::Done
            && let Err(error) = self.ask(key, KeepSettings { values, before }).await
        {
            // The platform has them, and says so with SETTINGS_UPDATED.
            log::warn!(workspace:% = key.workspace; "settings that the platform took are not kept yet: {error}");
        }
        Ok(written)
    }

    /// The time zone of the person whose token this is, if the platform says it.
    pub async fn time_zone(&self, key: Key, token: Secret) -> Result<Option<String>, Error> {
        self.ask(key, AskTimeZone(token)).await
    }

    /// Makes a call that a person asks for. It is made once: a call whose answer is lost is not made again (I4).
    pub async fn execute(&self, key: Key, call: Execute) -> Result<Executed, Error> {
        self.ask_within(key, call, Duration::from_millis(explorer::ANSWER_MS_MAX)).await
    }

    /// Starts a finished run again.
    pub async fn replay(&self, key: Key, run: RunId) -> Result<Replayed, Error> {
        self.ask(key, Replay(run)).await
    }

    /// Ends a run before its time.
    pub async fn cancel(&self, key: Key, run: RunId) -> Result<Cancelled, Error> {
        self.ask(key, Cancel(run)).await
    }

    /// Begins, stops or repeats the reading of the workspace.
    pub async fn bootstrap(&self, key: Key, wish: Wish) -> Result<Granted, Error> {
        self.ask(key, Bootstrap(wish)).await
    }

    /// Starts those of some runs again that have ended, a bounded number at a time. Gives the new runs.
    pub async fn replay_many(&self, key: Key, runs: &[RunId]) -> Result<Vec<RunId>, Error> {
        let mut started = Vec::new();
        for batch in runs.chunks(REPLAYS_PER_MESSAGE_MAX) {
            started.extend(self.ask(key, ReplayMany(batch.to_vec())).await?);
        }
        Ok(started)
    }

    /// Matches an event against the flows of now.
    pub async fn replay_event(&self, key: Key, event: EventId) -> Result<EventReplayed, Error> {
        self.ask(key, ReplayEvent(event)).await
    }

    /// Starts a flow that is due by its schedule.
    pub async fn tick(&self, due: Due) -> Result<(), Error> {
        self.ask(due.key, Tick(due)).await
    }

    /// How the workspace is.
    pub async fn status(&self, key: Key) -> Result<Snapshot, Error> {
        self.ask(key, Status).await
    }

    /// Ends a quarantine before its time. `false`: there was none.
    pub async fn lift(&self, key: Key) -> Result<bool, Error> {
        if !self.supervision.lift(key) {
            return Ok(false);
        }
        self.ask(key, Lift).await?;
        Ok(true)
    }

    async fn ask<M, T>(&self, key: Key, message: M) -> Result<T, Error>
    where
        M: Message<Result = Result<T, Error>> + Clone + Send + 'static,
        T: Send + 'static,
        Workspace: Handler<M>,
        <Workspace as actix::Actor>::Context: ToEnvelope<Workspace, M>,
    {
        self.ask_within(key, message, Duration::from_millis(limits::ANSWER_MS_MAX)).await
    }

    async fn ask_within<M, T>(&self, key: Key, message: M, limit: Duration) -> Result<T, Error>
    where
        M: Message<Result = Result<T, Error>> + Clone + Send + 'static,
        T: Send + 'static,
        Workspace: Handler<M>,
        <Workspace as actix::Actor>::Context: ToEnvelope<Workspace, M>,
    {
        for _ in 0..limits::OFFERS_MAX {
            let actor = self.find(key).await?;
            match self.within(limit, actor.address.send(message.clone())).await {
                // It has retired and looked at nothing: its successor will.
                Some(Ok(Err(Error::Unavailable))) => drop(self.gone(key, actor.generation)),
                Some(Ok(answer)) => return answer,
                Some(Err(MailboxError::Closed)) => {
                    if !actor.address.connected() {
                        self.died(key, actor.generation);
                    }
                    return Err(Error::Unavailable);
                }
                Some(Err(MailboxError::Timeout)) | None => return Err(Error::Busy),
            }
        }
        Err(Error::Unavailable)
    }
}
