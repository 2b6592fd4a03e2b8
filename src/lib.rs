//! The outside of clockify-addons: bytes in, SQL, bytes out, and the place where all of it is put together.
//!
//! What a workspace is and does is the crate [`actors`]; its invariants (I1 to I9) are numbered there and hold here too. Parts do not know each
//! other: each is handed what it needs by `app`, the only file that names every concrete type.
//!
//! ```text
//! main cli config telemetry signals     from the command line to a running process      healthcheck  what the image asks
//! app        builds, runs and stops a service; one build for `main` and the tests
//! http       the route table, the proof that each route demands, one file for each noun
//! catalogue  the platform's operations, shipped or read from an operator's file
//! auth       the platform's tokens and keys: who calls                                  manifest     what the platform reads about the add-ons
//! store      SQL, group commit, sealed secrets; behind the traits of `actors::port::store`
//! flow_templates  flows to begin with, embedded
//! outbound   everything that leaves, through one guard (I8)                             metrics      what is counted
//! ui         the page's files, compiled in
//! sandbox    a simulated Clockify for newcomers and tests; nothing of it runs under `serve`
//! ```
//!
//! # The road of a webhook
//!
//! `http::webhooks` bounds the body and proves the sender → `actors::registry` finds or starts the workspace's actor → the actor judges the
//! delivery and finds the flows that it starts → `store` makes the event and its runs durable in one group commit → only then 2xx (I1) →
//! the actor runs the flows, each call through `outbound`. Recovery is the same road, entered at the store.
//!
//! # Where things go
//!
//! An endpoint: a file in `http/`, a line of its route table, a test in `tests/http/`, a line in `docs/security.md`. An add-on: a folder in
//! `manifests/`, a line in `actors::addon`. A backend of the store: a folder in `store/`, a line where URLs are opened. A variable: a line in
//! `config`, in `docs/settings.md` and in `.env.example`. The rules of the house are tests in `tests/house/`.

pub mod app;
pub mod auth;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod flow_templates;
pub mod healthcheck;
pub mod http;
pub mod manifest;
pub mod metrics;
pub mod outbound;
pub mod sandbox;
pub mod signals;
pub mod store;
pub mod telemetry;
pub mod ui;
