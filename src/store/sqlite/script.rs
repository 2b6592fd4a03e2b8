//! A transaction as one string of statements: one round trip to the database's thread instead of one for each statement, which is what a commit
//! costs most (measured: 28,400 against 42,800 requests/s).
//!
//! Statements are of fixed text but for how many rows of placeholders they have.

use actors::limits::store::PREPARED_ROWS_MAX;
use actors::port::store::Error;
use futures_util::TryStreamExt;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Either, Encode, Executor, SqliteConnection, Type};

use super::Failure;

/// Whether the database keeps the statements for the next script of the same form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Prepared {
    /// This form comes often.
    Kept,
    /// There are too many forms.
    Once,
}

impl Prepared {
    /// For a script that writes so many rows.
    pub(super) fn if_few(rows: usize) -> Self {
        if rows <= PREPARED_ROWS_MAX { Self::Kept } else { Self::Once }
    }
}

/// What is learned of one statement of a script.
pub(super) struct Answer {
    /// Rows that it wrote.
    pub(super) written: u64,
    /// Rows that it returned.
    pub(super) rows: Vec<SqliteRow>,
}

/// Statements with their values, in one transaction.
pub(super) struct Script {
    sql: String,
    values: SqliteArguments,
    misfit: Option<String>,
    statements: usize,
}

impl Script {
    pub(super) fn new(rows: usize) -> Self {
        let mut values = SqliteArguments::default();
        values.reserve(rows * 16, 0);
        let mut sql = String::with_capacity(1_024 + rows * 48);
        sql.push_str("BEGIN IMMEDIATE;\n");
        Self { sql, values, misfit: None, statements: 1 }
    }

    /// Binds the next `?`.
    pub(super) fn bind<'v>(&mut self, value: impl Encode<'v, Sqlite> + Type<Sqlite>) -> &mut Self {
        if let Err(error) = self.values.add(value) {
            self.misfit = Some(error.to_string());
        }
        self
    }

    /// Appends a statement that has `count` rows of `width` placeholders between its halves; its place among the answers.
    pub(super) fn statement(&mut self, [before, after]: [&'static str; 2], count: usize, width: usize) -> usize {
        self.sql.push_str(before);
        for row in 0..count {
            self.sql.push_str(if row == 0 { "(" } else { ",(" });
            for column in 0..width {
                self.sql.push_str(if column == 0 { "?" } else { ",?" });
            }
            self.sql.push(')');
        }
        self.sql.push_str(after);
        self.sql.push_str(";\n");
        self.statements += 1;
        self.statements - 1
    }

    /// Runs all of it; an answer for each statement. After a failure the transaction may be open.
    pub(super) async fn run(mut self, connection: &mut SqliteConnection, prepared: Prepared) -> Result<Vec<Answer>, Failure> {
        if let Some(misfit) = self.misfit {
            return Err(Failure::Refused(misfit));
        }
        self.sql.push_str("COMMIT");
        let query = sqlx::query_with(AssertSqlSafe(self.sql), self.values).persistent(prepared == Prepared::Kept);
        let mut answers = connection.fetch_many(query);
        let (mut told, mut rows) = (Vec::with_capacity(self.statements + 1), Vec::new());
        while let Some(answer) = answers.try_next().await? {
            match answer {
                Either::Left(done) => told.push(Answer { written: done.rows_affected(), rows: std::mem::take(&mut rows) }),
                Either::Right(row) => rows.push(row),
            }
        }
        // The connection's thread may end in the middle without a word: without the last answer nothing is certain (I1).
        if told.len() != self.statements + 1 {
            return Err(Failure::Lost(Error::Unavailable("the commit was not confirmed".into())));
        }
        Ok(told)
    }
}
