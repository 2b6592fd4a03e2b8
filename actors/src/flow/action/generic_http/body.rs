//! The body of a call. Values are inserted as typed values and written once, so that none can change the structure around it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{form_encode, listed};
use crate::flow::action::scalar;
use crate::flow::model::{BodyKind, HttpBody};
use crate::flow::run::Reason;
use crate::flow::template::{Compiler, Renderer, Template};
use crate::secret::SecretName;

/// A body with holes in its values.
#[derive(Clone, Debug)]
pub(super) struct Body {
    kind: BodyKind,
    value: Template,
}

impl Body {
    pub(super) fn compile(body: &HttpBody, field: &str, compiler: &mut Compiler<'_>) -> Self {
        let field = format!("{field}.value");
        match (body.kind, &body.value) {
            (BodyKind::Json, _) | (BodyKind::Form, Value::Object(_)) | (BodyKind::Text, Value::String(_)) => {}
            (BodyKind::Form, _) => compiler.faults.add(&field, "invalid_type", "a form is an object of names and values"),
            (BodyKind::Text, _) => compiler.faults.add(&field, "invalid_type", "expected a text"),
        }
        Self { kind: body.kind, value: compiler.value(&body.value, &field, 1) }
    }

    pub(super) fn collect_secrets(&self, names: &mut BTreeSet<SecretName>) {
        self.value.collect_secrets(names);
    }

    pub(super) const fn media_type(&self) -> &'static str {
        match self.kind {
            BodyKind::Json => "application/json",
            BodyKind::Form => "application/x-www-form-urlencoded",
            BodyKind::Text => "text/plain; charset=utf-8",
        }
    }

    pub(super) fn render(&self, renderer: &mut Renderer<'_>) -> Result<String, Reason> {
        let value = renderer.value(&self.value)?;
        match self.kind {
            BodyKind::Json => Ok(value.to_string()),
            BodyKind::Text => match value {
                Value::String(text) => Ok(text),
                // A path that leads to something else is written as JSON.
                other => Ok(other.to_string()),
            },
            BodyKind::Form => {
                let Value::Object(fields) = value else {
                    return Err(Reason::new("parameter_invalid", "a form is an object of names and values"));
                };
                let mut form = String::new();
                for (name, value) in fields {
                    for value in listed(value) {
                        if !form.is_empty() {
                            form.push('&');
                        }
                        form_encode(&mut form, &name);
                        form.push('=');
                        form_encode(&mut form, &scalar(&name, &value)?);
                    }
                }
                Ok(form)
            }
        }
    }
}
