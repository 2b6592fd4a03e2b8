//! `ChangeFlow`: flows are changed through the actor, so that the next event finds the change.

use std::sync::Arc;

use actix::{ActorFutureExt, AtomicResponse, Context, Handler, Message, WrapFuture};

use super::{Environment, Error, Workspace, caught, load};
use crate::flow::model::{Definition, Flow};
use crate::flow::permission::{self, Terms};
use crate::flow::read::FieldError;
use crate::ids::{FlowId, Key};
use crate::limits::flow as limits;
use crate::port::store;
use crate::port::store::flows::Saved;

/// A change to the workspace's flows. The definition has been checked.
#[derive(Clone, Debug)]
pub enum FlowChange {
    /// A new flow.
    Create(Box<Definition>),
    /// New flows, all of them or none.
    Import(Vec<Definition>),
    /// A new version.
    Update {
        /// Of which flow.
        id: FlowId,
        /// What it does from now on.
        definition: Box<Definition>,
        /// The version that it is to follow, if it matters.
        after: Option<u32>,
    },
    /// No flow any more; its unfinished runs are cancelled.
    Delete(FlowId),
}

impl FlowChange {
    fn definitions_mut(&mut self) -> &mut [Definition] {
        match self {
            Self::Create(definition) | Self::Update { definition, .. } => std::slice::from_mut(definition),
            Self::Import(definitions) => definitions,
            Self::Delete(_) => &mut [],
        }
    }
}

/// Whether a definition that people send is the stored one, but for the mark that they cannot set.
fn is_same(sent: &Definition, stored: &Definition) -> bool {
    Definition { managed_by: stored.managed_by.clone(), ..sent.clone() } == *stored
}

/// What became of it.
#[derive(Clone, PartialEq, Debug)]
pub enum FlowChanged {
    /// Saved like this.
    Saved(Box<Flow>),
    /// Saved, all of them, in their order.
    Imported(Vec<Flow>),
    /// Another version has come in between: this one.
    Overtaken(u32),
    /// Deleted.
    Deleted,
    /// There is no such flow.
    Absent,
    /// The workspace has as many flows as it may have.
    TooMany,
    /// A setting keeps the flow: it is changed there.
    Kept,
    /// It would do what it may not do here.
    NotPermitted(Vec<FieldError>),
}

/// Asks the workspace to change a flow.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<FlowChanged, Error>")]
pub struct ChangeFlow(pub FlowChange);

impl Handler<ChangeFlow> for Workspace {
    type Result = AtomicResponse<Self, Result<FlowChanged, Error>>;

    fn handle(&mut self, mut message: ChangeFlow, _: &mut Context<Self>) -> Self::Result {
        let (refusal, other_servers) = match self.loaded() {
            Ok(loaded) => (None, loaded.settings.enable_generic_http_actions),
            Err(error) => (Some(error), false),
        };
        let kept_by_setting = self.loaded().ok().and_then(|loaded| loaded.forwarding.flow());
        let deleted = match &message.0 {
            FlowChange::Delete(flow) => Some(*flow),
            FlowChange::Create(_) | FlowChange::Import(_) | FlowChange::Update { .. } => None,
        };
        let updated = match &message.0 {
            FlowChange::Update { id, .. } => Some(*id),
            FlowChange::Create(_) | FlowChange::Import(_) | FlowChange::Delete(_) => None,
        };
        message.0.definitions_mut().iter_mut().for_each(|definition| definition.managed_by = None);
        let (key, env) = (self.key, Arc::clone(&self.env));
        let work = async move {
            if let Some(error) = refusal {
                return Err(error);
            }
            let now = env.clock.now();
            let changed = caught(async {
                let definitions: &[Definition] = match &message.0 {
                    FlowChange::Create(definition) | FlowChange::Update { definition, .. } => std::slice::from_ref(definition),
                    FlowChange::Import(definitions) => definitions,
                    FlowChange::Delete(_) => &[],
                };
                if let Some(kept) = kept_by_setting.filter(|kept| deleted == Some(*kept) || updated == Some(*kept)) {
                    return match (&message.0, env.store.flow(key, kept).await?) {
                        // Nothing but the end of a pause.
                        (FlowChange::Update { definition, .. }, Some(flow)) if is_same(definition, &flow.definition) => {
                            env.store.resume_flow(key, kept).await?;
                            Ok(FlowChanged::Saved(Box::new(flow)))
                        }
                        _ => Ok(FlowChanged::Kept),
                    };
                }
                for definition in definitions {
                    if let Err(faults) = permitted(key, &env, other_servers, definition).await? {
                        return Ok(FlowChanged::NotPermitted(faults));
                    }
                }
                let flow =
                    |id, definition: Box<Definition>| Flow { id, version: 1, definition: *definition, created_at: now, updated_at: now };
                let (saved, id) = match message.0 {
                    FlowChange::Delete(id) => {
                        let deleted = env.store.delete_flow(key, id, now).await?;
                        return Ok(if deleted { FlowChanged::Deleted } else { FlowChanged::Absent });
                    }
                    FlowChange::Create(definition) => {
                        let flow = flow(env.clock.fresh_id().into(), definition);
                        (env.store.create_flow(key, &flow, limits::FLOWS_MAX).await?, flow.id)
                    }
                    FlowChange::Import(definitions) => {
                        let flows: Vec<Flow> =
                            definitions.into_iter().map(|definition| flow(env.clock.fresh_id().into(), Box::new(definition))).collect();
                        return Ok(match env.store.create_flows(key, &flows, limits::FLOWS_MAX).await? {
                            Saved::Version(_) => FlowChanged::Imported(flows),
                            Saved::Absent => FlowChanged::Absent,
                            Saved::TooMany => FlowChanged::TooMany,
                        });
                    }
                    FlowChange::Update { id, definition, after } => {
                        // Changes of a workspace's flows come one after another, so that what is read here is still so when it is written.
                        let present = env.store.flow(key, id).await?.map(|flow| flow.version);
                        if let (Some(after), Some(present)) = (after, present)
                            && after != present
                        {
                            return Ok(FlowChanged::Overtaken(present));
                        }
                        (env.store.update_flow(key, &flow(id, definition)).await?, id)
                    }
                };
                if let (Saved::Version(_), Some(id)) = (saved, updated) {
                    // Who saves a flow has looked at it.
                    env.store.resume_flow(key, id).await?;
                }
                Ok(match saved {
                    Saved::Version(_) => {
                        env.store.flow(key, id).await?.map_or(FlowChanged::Absent, |flow| FlowChanged::Saved(Box::new(flow)))
                    }
                    Saved::Absent => FlowChanged::Absent,
                    Saved::TooMany => FlowChanged::TooMany,
                })
            })
            .await?;
            Ok((changed, caught(load(key, &env)).await))
        };
        AtomicResponse::new(Box::pin(work.into_actor(self).map(move |outcome, workspace, context| {
            let (changed, loaded) = outcome?;
            if let Some(flow) = deleted.filter(|_| changed == FlowChanged::Deleted) {
                workspace.runner.forget(flow);
            }
            if let Some(flow) = updated.filter(|_| matches!(changed, FlowChanged::Saved(_))) {
                workspace.runner.resume(flow);
            }
            workspace.settle(loaded, context);
            Ok(changed)
        })))
    }
}

/// Whether a definition may be saved here.
async fn permitted(
    key: Key,
    env: &Environment,
    other_servers: bool,
    definition: &Definition,
) -> Result<Result<(), Vec<FieldError>>, store::Error> {
    let secrets = env.store.secrets(key).await?.into_iter().map(|kept| kept.name).collect();
    let terms = Terms { other_servers, destinations: &*env.other_servers.destinations, secrets: &secrets };
    Ok(permission::check(definition, &terms, key.workspace, &env.catalogue))
}
