//! `CACHE_LOOKUP`: an entity of what is remembered of the workspace, by type and id. Nothing is called and nothing of the budget spent.

use serde_json::Value;

use super::scalar;
use crate::entity::{EntityId, EntityType};
use crate::flow::extent;
use crate::flow::machine::Tried;
use crate::flow::model::OnMissing;
use crate::flow::read::Faults;
use crate::flow::run::Reason;
use crate::flow::template::{Compiler, Renderer, Scope, Template};
use crate::limits::run::RESPONSE_BYTES_MAX;

/// The action, ready to be rendered.
#[derive(Clone, Debug)]
pub struct CacheLookup {
    kind: EntityType,
    id: Template,
    on_missing: OnMissing,
}

impl CacheLookup {
    /// Checks a lookup; what is wrong is noted under `field`.
    pub fn compile(kind: &str, id: &Value, on_missing: OnMissing, (field, scope): (&str, Scope), faults: &mut Faults) -> Option<Self> {
        let parsed =
            EntityType::parse(kind).map_err(|error| faults.add(format!("{field}.entity_type"), "invalid_value", error.to_string()));
        let id = Compiler { scope, faults, values: 0, secrets: false }.value(id, &format!("{field}.id"), 1);
        Some(Self { kind: parsed.ok()?, id, on_missing })
    }

    /// The type.
    pub const fn kind(&self) -> &EntityType {
        &self.kind
    }

    /// The id, with values from the renderer's context. What is no id is the id of nothing.
    pub fn render(&self, mut renderer: Renderer<'_>) -> Result<Option<EntityId>, Reason> {
        let value = renderer.value(&self.id)?;
        if value.is_null() {
            return Ok(None);
        }
        Ok(EntityId::parse(&scalar("id", &value)?).ok())
    }

    /// What follows from what was found.
    pub fn judge(&self, found: Option<Value>) -> Tried {
        match (found, self.on_missing) {
            (Some(data), _) if !extent::fits(&data, RESPONSE_BYTES_MAX) => {
                Tried::Unrendered(Reason::new("entity_too_large", format!("the entity has more than {RESPONSE_BYTES_MAX} bytes")))
            }
            (Some(data), _) => Tried::Found(data),
            (None, OnMissing::Null) => Tried::Found(Value::Null),
            (None, OnMissing::Stop) => Tried::Missing(self.missing()),
            (None, OnMissing::Fail) => Tried::Unrendered(self.missing()),
        }
    }

    fn missing(&self) -> Reason {
        Reason::new("entity_missing", format!("no such entity of type {} is remembered", self.kind))
    }
}
