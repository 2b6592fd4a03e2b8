//! The lease on a schema: an advisory lock of a session that does nothing else. A session that breaks is followed by another one.

use std::sync::Arc;
use std::time::Duration;

use actors::clock::Clock;
use actors::limits::store as limits;
use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

use super::super::OpenError;
use super::super::lease::Held;
use super::connection::{options, within};

/// The number is this project's alone, and not the migrations'.
const TAKE: &str = "SELECT pg_try_advisory_lock(1836017712, hashtext(current_schema()::TEXT))";

/// Who holds it; wants the session that we know to be ours.
const IS_OURS: &str = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = $1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 1836017712 AND objid::BIGINT = (hashtext(current_schema()::TEXT)::BIGINT & 4294967295) AND objsubid = 2)";

struct Session {
    options: PgConnectOptions,
    clock: Arc<dyn Clock>,
    connection: PgConnection,
    /// The server's number of the session.
    pid: i32,
}

/// What a look at the lease has found.
enum Found {
    Ours(Box<(PgConnection, i32)>),
    /// A session of ours that is dead, which the server does not know yet, or no server at all: it is looked at again.
    Unclear,
    Anothers,
}

async fn connect(options: &PgConnectOptions, clock: &dyn Clock) -> Result<(PgConnection, i32), sqlx::Error> {
    let dial = std::pin::pin!(async {
        let mut connection = options.connect().await?;
        let pid = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
        Ok((connection, pid))
    });
    match select(dial, clock.sleep(Duration::from_millis(limits::CONNECT_MS_MAX))).await {
        Either::Left((dialled, _)) => dialled,
        Either::Right(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

/// Takes the lease if it is free.
pub(in super::super) async fn lease(url: &str, clock: &Arc<dyn Clock>) -> Result<Option<Box<dyn Held>>, OpenError> {
    let options = options(url)?;
    let (mut connection, pid) = connect(&options, &**clock).await?;
    let taken: bool = sqlx::query_scalar(TAKE).fetch_one(&mut connection).await?;
    Ok(taken.then(|| Box::new(Session { options, clock: Arc::clone(clock), connection, pid }) as Box<dyn Held>))
}

impl Session {
    async fn lives(&mut self) -> bool {
        let ping = async { Ok(sqlx::query("SELECT 1").execute(&mut self.connection).await?) };
        within(&*self.clock, limits::ANSWER_MS_MAX, ping.boxed()).await.is_ok()
    }

    async fn look(&self) -> Found {
        let Ok((mut connection, pid)) = connect(&self.options, &*self.clock).await else { return Found::Unclear };
        let look = async {
            if sqlx::query_scalar(TAKE).fetch_one(&mut connection).await? {
                return Ok(Found::Ours(Box::new((connection, pid))));
            }
            let ours: bool = sqlx::query_scalar(IS_OURS).bind(self.pid).fetch_one(&mut connection).await?;
            Ok(if ours { Found::Unclear } else { Found::Anothers })
        };
        within(&*self.clock, limits::ANSWER_MS_MAX, look.boxed()).await.unwrap_or(Found::Unclear)
    }
}

#[async_trait]
impl Held for Session {
    async fn lost(&mut self) {
        loop {
            self.clock.sleep(Duration::from_millis(limits::LEASE_LOOK_MS)).await;
            if self.lives().await {
                continue;
            }
            match self.look().await {
                Found::Ours(anew) => (self.connection, self.pid) = *anew,
                Found::Unclear => {}
                Found::Anothers => return,
            }
        }
    }
}
