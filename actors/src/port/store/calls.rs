//! Calls of the explorer.

use async_trait::async_trait;

use super::{Error, Page, Slice};
use crate::call::{Bearer, Call};
use crate::clock::Timestamp;
use crate::ids::{CallId, Key};
use crate::port::clockify::Method;

/// Which calls of a list are wanted; `None` is all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CallFilter {
    /// Of this operation.
    pub operation: Option<String>,
    /// With this method.
    pub method: Option<Method>,
    /// With this token.
    pub bearer: Option<Bearer>,
    /// Answered with a status below 400, or not.
    pub went_well: Option<bool>,
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
}

/// Keeps calls; what was sent and answered is sealed.
#[async_trait]
pub trait Calls: Send + Sync {
    /// Keeps a call, and lets the workspace's oldest go where it has more than `calls_max`. `false`: the workspace has no installation (any more).
    async fn keep_call(&self, key: Key, call: &Call, calls_max: u32) -> Result<bool, Error>;

    /// Calls without their content, newest first.
    async fn calls(&self, key: Key, filter: &CallFilter, slice: Slice) -> Result<Page<Call>, Error>;

    /// One call with its content.
    async fn call(&self, key: Key, id: CallId) -> Result<Option<Call>, Error>;

    /// Removes at most `rows_max` calls that were made before a moment, of whichever workspace: they are kept equally long everywhere. Says how
    /// many.
    async fn expire_calls(&self, before: Timestamp, rows_max: u32) -> Result<u32, Error>;
}
