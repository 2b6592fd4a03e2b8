//! `Tick`: a flow is due by its schedule. The tick becomes an event with the run that it starts, on the same road as any other.
//!
//! The event's message is flow and moment, and a message is never an event twice: so a tick that is asked for again, after a crash or a failure,
//! runs once. What was missed while nothing ran is made up for once, at the moment that was missed first.

use std::rc::Rc;
use std::sync::Arc;

use actix::{ActorFutureExt, Context, Handler, Message, ResponseActFuture, WrapFuture};

use super::{Error, Workspace, caught};
use crate::event::{Event, EventType, Source};
use crate::flow::matching;
use crate::ids::FlowId;
use crate::port::observer::{Happening, Stir};
use crate::port::store::journal::{Entry, Written};
use crate::port::store::receipt::Receipt;
use crate::port::store::schedules::Due;

/// Asks for a tick.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<(), Error>")]
pub struct Tick(pub Due);

/// The type of ticks.
pub const EVENT_TYPE: &str = "SCHEDULE";

/// What order and the loop guard go by: the flow itself.
pub fn entity(flow: FlowId) -> Arc<str> {
    format!("flow:{flow}").into()
}

impl Handler<Tick> for Workspace {
    type Result = ResponseActFuture<Self, Result<(), Error>>;

    fn handle(&mut self, Tick(due): Tick, _: &mut Context<Self>) -> Self::Result {
        let found = self.loaded().map(|loaded| {
            let flow = loaded.flows.iter().find(|flow| flow.id == due.flow).map(Arc::clone);
            (flow, loaded.settings.enable_flows)
        });
        let (key, env, runner) = (self.key, Arc::clone(&self.env), Rc::clone(&self.runner));
        let work = async move {
            let (flow, enabled) = found?;
            let now = env.clock.now();
            let schedule = flow.as_ref().and_then(|flow| flow.schedule.clone());
            let next = schedule.as_ref().and_then(|schedule| schedule.next_after(now));
            // A flow that this release cannot compile, or that is switched off, is not due any more.
            if let (Some(flow), Some(schedule), true) = (flow, schedule, enabled) {
                let payload = serde_json::json!({
                    "scheduled_at": due.at, "fired_at": now, "flow_id": due.flow, "cron": schedule.cron(), "time_zone": schedule.time_zone(),
                });
                let payload = payload.to_string().into_bytes();
                let event = Event {
                    id: env.clock.fresh_id().into(),
                    source: Source::Schedule,
                    message: Some(format!("{}/{}", due.flow, due.at.millis()).into()),
                    event_type: EventType::parse(EVENT_TYPE).map_err(|_| Error::Unavailable)?,
                    entity: Some(entity(due.flow)),
                    received_at: now,
                    payload: payload.into(),
                    payload_hash: [0; 32],
                    headers: None,
                    deliveries: 1,
                };
                let (runs, _) =
                    matching::runs(key, &event, &[flow], |flow| runner.is_paused(flow.id), |_| false, || env.clock.fresh_id().into(), now);
                let queued: Vec<_> = runs.iter().filter(|run| !run.state.finished()).cloned().collect();
                let (for_queue, pending) = Receipt::pair();
                let (for_caller, answer) = Receipt::pair();
                runner.expect(pending, queued, Some(event.payload.clone()));
                env.store.submit(Entry::Accept { key, event: Box::new(event), runs }, for_caller.and(for_queue));
                match answer.outcome().await? {
                    Written::Absent => return Err(Error::NotInstalled),
                    Written::Done => {
                        env.observer.observe(key.addon, Happening::EventAccepted);
                        env.observer.stir(key, Stir::Events);
                    }
                    // It ran before the next moment was noted.
                    Written::Repeated => {}
                }
            }
            caught(env.store.set_due(due, next)).await?;
            Ok(())
        };
        Box::pin(work.into_actor(self).map(|outcome, _, _| outcome))
    }
}
