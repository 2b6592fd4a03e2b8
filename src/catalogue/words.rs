//! `manifests/words.toml`: what this project itself says of operations.

use std::collections::BTreeMap;

use actors::operation::{Kind, Schema};
use serde::Deserialize;

const TEXT: &str = include_str!("../../manifests/words.toml");

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// By tag, the scope of its operations without `_READ` and `_WRITE`.
    pub scopes: BTreeMap<String, String>,
    /// By operation id.
    pub operations: BTreeMap<String, Said>,
}

/// What is said of one operation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// What it does.
    pub summary: String,
    /// The scope that it needs.
    pub scope: String,
    /// Where the list is in its answer.
    pub list: Option<String>,
    /// What each entity of the list is wrapped in.
    pub entity: Option<String>,
    /// Corrections by parameter.
    #[serde(default)]
    pub parameters: BTreeMap<String, Correction>,
}

/// What the official description leaves out about a parameter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Its type.
    #[serde(rename = "type")]
    kind: Option<Kind>,
    /// Its values; those of an array's elements, where it is one.
    #[serde(rename = "enum", default)]
    choices: Vec<String>,
    /// Its format.
    format: Option<String>,
}

impl Words {
    /// Reads the file that is compiled in.
    pub fn read() -> Result<Self, toml::de::Error> {
        toml::from_str(TEXT)
    }
}

impl Correction {
    /// Puts right what a description says.
    pub fn apply(&self, schema: &mut Schema) {
        if let Some(kind) = self.kind {
            schema.kind = kind;
            schema.default = schema.default.take().map(|value| super::schema::as_kind(value, kind));
        }
        if let Some(format) = &self.format {
            schema.format = Some(format.clone());
        }
        if !self.choices.is_empty() {
            let holder = if schema.kind == Kind::Array { schema.items.get_or_insert_default().as_mut() } else { schema };
            holder.choices.clone_from(&self.choices);
        }
    }
}
