//! `ChangeSource` and `FindSource`: custom sources, kept in mind by the actor so that a delivery is proved without the store.

use std::sync::Arc;

use actix::{ActorFutureExt, AtomicResponse, Context, Handler, Message, WrapFuture};

use super::{Error, Workspace, caught, load};
use crate::clock::Timestamp;
use crate::limits::source as limits;
use crate::port::store::sources::SourceSaved;
use crate::secret::Secret;
use crate::source::{CustomSource, SourceName};

/// A change to the workspace's sources.
#[derive(Clone, Debug)]
pub enum SourceChange {
    /// A new source.
    Create(Box<CustomSource>),
    /// The source of that name becomes this; its secrets stay.
    Update(Box<CustomSource>),
    /// The source of that name gets a new secret; the one that was first stays good for a while.
    Rotate {
        /// Which.
        name: SourceName,
        /// The new secret.
        fresh: Secret,
        /// Until when the former one is good.
        old_until: Timestamp,
    },
    /// No source of that name any more.
    Delete(SourceName),
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SourceChanged {
    /// Done.
    Done,
    /// There is no such source.
    Absent,
    /// There is one of that name.
    Taken,
    /// The workspace has as many as it may have.
    TooMany,
}

/// Asks the workspace to change a source.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<SourceChanged, Error>")]
pub struct ChangeSource(pub SourceChange);

/// Asks for a source.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<Option<Arc<CustomSource>>, Error>")]
pub struct FindSource(pub SourceName);

impl Handler<FindSource> for Workspace {
    type Result = Result<Option<Arc<CustomSource>>, Error>;

    fn handle(&mut self, message: FindSource, _: &mut Context<Self>) -> Self::Result {
        Ok(self.loaded()?.sources.get(&message.0).cloned())
    }
}

impl Handler<ChangeSource> for Workspace {
    type Result = AtomicResponse<Self, Result<SourceChanged, Error>>;

    fn handle(&mut self, message: ChangeSource, _: &mut Context<Self>) -> Self::Result {
        let refusal = self.loaded().err();
        let (key, env) = (self.key, Arc::clone(&self.env));
        let work = async move {
            if let Some(error) = refusal {
                return Err(error);
            }
            let changed = caught(async {
                let there = |there| if there { SourceChanged::Done } else { SourceChanged::Absent };
                Ok(match &message.0 {
                    // The actor changes one thing after the other, so that what is read here is what is replaced.
                    SourceChange::Update(source) => match env.store.source(key, &source.name).await? {
                        Some(stored) => {
                            there(env.store.update_source(key, &CustomSource { secrets: stored.secrets, ..*source.clone() }).await?)
                        }
                        None => SourceChanged::Absent,
                    },
                    SourceChange::Rotate { name, fresh, old_until } => match env.store.source(key, name).await? {
                        Some(mut stored) => {
                            stored.rotate(fresh.clone(), *old_until, env.clock.now());
                            there(env.store.update_source(key, &stored).await?)
                        }
                        None => SourceChanged::Absent,
                    },
                    SourceChange::Delete(name) => there(env.store.delete_source(key, name).await?),
                    SourceChange::Create(source) => match env.store.create_source(key, source, limits::SOURCES_MAX).await? {
                        SourceSaved::Done => SourceChanged::Done,
                        SourceSaved::Taken => SourceChanged::Taken,
                        SourceSaved::TooMany => SourceChanged::TooMany,
                        SourceSaved::Absent => SourceChanged::Absent,
                    },
                })
            })
            .await?;
            Ok((changed, caught(load(key, &env)).await))
        };
        AtomicResponse::new(Box::pin(work.into_actor(self).map(|outcome, workspace, context| {
            let (changed, loaded) = outcome?;
            workspace.settle(loaded, context);
            Ok(changed)
        })))
    }
}
