//! The inside of clockify-addons: what an installed workspace is and does.
//!
//! It knows actix, serde and jsonpath_lib; it has no HTTP server or client, no SQL and no environment, because those crates are not among its
//! dependencies. What it needs of the world it states as traits in [`port`]; the service crate implements them.
//!
//! ```text
//! registry    the only door in: finds or starts the actor of a key                    supervisor  deaths, back-off, quarantine
//! sweeper     recovery, idle actors, quarantines; retention                            workspace   the actor: its messages, its queue, its runner
//! flow        when, if, then: all of it pure                                          jsonpath    jsonpath_lib behind a fence
//! bootstrap   the snapshot of a workspace: plan, record, machine; pure
//! pace        the calls as the platform counts them: places of a second
//! explorer    a person's call: checked, rendered, shown; pure as well                 call        such a call as it is kept
//! budget      whose turn it is: the urgent first                                      gate        is the platform there at all?
//! dedupe      deliveries that came before                                             loop_guard  flows that answer themselves
//! effort      what one workspace may do on a thread that it shares
//! backoff rate  waits between tries; how often something may happen                   settings    the admin's choice over the operator's
//! addon operation installation event entity source activity ids secret clock   the nouns           limits      every bound, with its reason
//! webhook     which path carries which events                                         port        store/, clockify, web, observer
//! schedule    when a flow is due by itself
//! subscription                                                 webhooks that the manifest does not declare
//! testing     honest stand-ins, behind a feature
//! ```
//!
//! The road of a delivery: [`registry::Registry::deliver`] → the actor judges it and finds the flows it starts ([`workspace::deliver`]) → the
//! journal makes the event and its runs durable in one transaction ([`port::store::journal`]) → the caller is answered → the runner drives the runs
//! ([`workspace::runner`]), asking [`flow::machine`] what each answer means.
//!
//! To add an action: a file in `flow/action/`, a line in each of its enums. A message: a file in `workspace/`, a method of the registry.
//! A port's backend: see [`port::store`].
//!
//! # Invariants
//!
//! Code and tests cite them by number.
//!
//! - **I1** Nothing is acknowledged before it is durable.
//! - **I2** The store is the truth; what an actor remembers may be dropped at any moment.
//! - **I3** One live actor for each installation in a process, one process at a time for each database.
//! - **I4** A step that cannot be repeated safely and whose outcome is unknown becomes uncertain and is shown, never silently run again.
//! - **I5** Every queue, body, batch, loop, wait and retry has a bound in [`limits`].
//! - **I6** Time and chance come through [`clock`].
//! - **I7** No secret in a log, an error, a URL, a metric or a clear column.
//! - **I8** Nothing leaves except through the outbound guard.
//! - **I9** The workspace and the role come from a verified token, never from a parameter.

pub mod activity;
pub mod addon;
pub mod backoff;
pub mod bootstrap;
pub mod budget;
pub mod call;
pub mod clock;
pub mod dedupe;
pub mod effort;
pub mod entity;
pub mod event;
pub mod explorer;
pub mod flow;
pub mod gate;
pub mod ids;
pub mod installation;
pub mod jsonpath;
pub mod limits;
pub mod loop_guard;
pub mod operation;
pub mod pace;
pub mod port;
pub mod rate;
pub mod registry;
pub mod retention;
pub mod schedule;
pub mod secret;
pub mod settings;
pub mod source;
pub mod subscription;
pub mod supervisor;
pub mod sweeper;
#[cfg(feature = "testing")]
pub mod testing;
pub mod webhook;
pub mod workspace;
