//! Uploaded pictures.

use serde_json::json;

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::Scene;

/// Takes a picture and says where it is.
pub fn upload(scene: &mut Scene<'_>) -> Outcome {
    let (_, file) = scene.call.files.iter().find(|(field, _)| field == "file").ok_or_else(|| Refusal::body("file is required"))?;
    let id = scene.fresh_id();
    scene.workspace.put_file(&id, file.clone());
    Ok(Reply::ok(json!({"name": file.name, "url": format!("https://img.clockify.example/{id}")})))
}
