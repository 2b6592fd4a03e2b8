//! What makes a step ready: an action is rendered with what it needs of the store, and what does not need a call is known at once.

use std::panic::AssertUnwindSafe;

use serde_json::Value;

use super::Runner;
use crate::flow::action::{CompiledAction, CompiledKind};
use crate::flow::context::Context;
use crate::flow::machine::Tried;
use crate::flow::run::{Reason, RequestSummary, Run};
use crate::flow::template::Secrets;
use crate::ids::FlowId;
use crate::port::clockify::ApiRequest;
use crate::port::store;
use crate::port::web::WebRequest;

/// What a step is about to do.
pub(super) enum Prepared {
    Call(ApiRequest),
    /// Another server than the platform's, with the secrets that the request holds.
    Web(WebRequest, RequestSummary, Secrets),
    Known(Tried),
    /// A list that was looked at, and its items.
    List(Tried, Vec<Value>),
}

impl Runner {
    /// Renders an action, with what it needs of the store; a panic in it is an outcome like any other.
    pub(super) async fn prepare(&self, action: &CompiledAction, context: &Context, run: &Run) -> Result<Prepared, store::Error> {
        let known = |tried| Ok(Prepared::Known(tried));
        let mut secrets = Secrets::new();
        match &action.kind {
            CompiledKind::GenericHttp(_) if !self.calls_others(run.flow) => {
                let words = "calls of other servers are switched off in this workspace (enable_generic_http_actions)";
                return known(Tried::Unrendered(Reason::new("generic_http_off", words)));
            }
            CompiledKind::GenericHttp(call) if !call.secrets().is_empty() => {
                match self.env.store.reveal_secrets(self.key, call.secrets()).await {
                    Err(store::Error::Unreadable(_)) => {
                        let words = "a secret of this action cannot be read any more: store it again";
                        return known(Tried::Unrendered(Reason::new("secret_unreadable", words)));
                    }
                    revealed => secrets = revealed?,
                }
            }
            CompiledKind::CacheLookup(lookup) => {
                let id = std::panic::catch_unwind(AssertUnwindSafe(|| lookup.render(context.value())));
                let found = match id {
                    Err(_) => return known(Tried::Panicked),
                    Ok(Err(reason)) => return known(Tried::Unrendered(reason)),
                    Ok(Ok(None)) => None,
                    Ok(Ok(Some(id))) => self.env.store.entity(self.key, lookup.kind(), &id).await?.map(|entity| entity.data),
                };
                return known(lookup.judge(found));
            }
            _ => {}
        }
        let prepared = std::panic::catch_unwind(AssertUnwindSafe(|| prepare(action, context.value(), secrets, run.steps.len())));
        Ok(prepared.unwrap_or(Prepared::Known(Tried::Panicked)))
    }

    /// Whether a flow may call other servers than the platform's: any where the workspace allows it, and the one that a setting keeps.
    fn calls_others(&self, flow: FlowId) -> bool {
        let inner = self.inner.borrow();
        inner.other_servers || inner.forwarding == Some(flow)
    }
}

fn prepare(action: &CompiledAction, context: &Value, secrets: Secrets, steps: usize) -> Prepared {
    let known = |reason| Prepared::Known(Tried::Unrendered(reason));
    match &action.kind {
        CompiledKind::ClockifyApi(call) => call.render(context).map_or_else(known, Prepared::Call),
        CompiledKind::GenericHttp(call) => match call.summary(context).and_then(|summary| Ok((summary, call.render(context, &secrets)?))) {
            Ok((summary, request)) => Prepared::Web(request, summary, secrets),
            Err(reason) => known(reason),
        },
        CompiledKind::ForEach(each) => match each.list(context) {
            Ok(items) => match each.judge(&items, steps) {
                tried @ Tried::Listed(_) => Prepared::List(tried, items),
                refused => Prepared::Known(refused),
            },
            Err(reason) => known(reason),
        },
        // It needs the store, and is looked up there.
        CompiledKind::CacheLookup(_) => Prepared::Known(Tried::Panicked),
        CompiledKind::StopIf(condition) => match condition.holds(context) {
            Ok(holds) => Prepared::Known(Tried::Examined(holds)),
            Err(error) => known(Reason::new("condition_not_evaluated", error.to_string())),
        },
    }
}

/// What a request looks like to people: no host, no token.
pub(super) fn summary(request: &ApiRequest) -> RequestSummary {
    let mut path = request.path.clone();
    for (index, (name, value)) in request.query.iter().enumerate() {
        path.push(if index == 0 { '?' } else { '&' });
        path.push_str(name);
        path.push('=');
        path.push_str(value);
    }
    let body = request.body.as_ref().map(|body| String::from_utf8_lossy(body));
    RequestSummary::new(request.method, path, body.as_deref())
}
