//! What is wrong with what a client sent: each fault by its field, all of them at once, up to a bound.

use serde::Serialize;

use crate::limits::flow as limits;

/// What is wrong with one field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FieldError {
    /// Where, as `actions[0].params.path.id`.
    pub field: String,
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// Collects what is wrong while reading goes on, so that a client learns all of it at once.
#[derive(Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// Notes a fault.
    pub fn add(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        if self.0.len() < limits::FAULTS_MAX {
            self.0.push(FieldError { field: field.into(), code, message: message.into() });
        }
    }

    /// The value if nothing was wrong, else all that was.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}
