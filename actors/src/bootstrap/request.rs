//! The call of a page.

use std::fmt::Write;
use std::time::Duration;

use super::record::{Lane, Progress};
use crate::entity::EntityId;
use crate::ids::WorkspaceId;
use crate::limits::bootstrap as limits;
use crate::operation::Operation;
use crate::port::clockify::{ApiRequest, Method};

/// The call of a lane's next page. `None`: a parameter of the path has no value.
pub fn request(operation: &Operation, progress: &Progress, lane: &Lane, workspace: WorkspaceId) -> Option<ApiRequest> {
    let mut path = String::with_capacity(128);
    for segment in operation.path.split('/').skip(1) {
        path.push('/');
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            None => path.push_str(segment),
            Some("workspaceId") => path.push_str(&workspace.to_string()),
            Some(name) => {
                let below = progress.below.as_ref().filter(|below| below.parameter == name)?;
                push_id(&mut path, lane.parent.as_ref().filter(|_| below.parameter == name)?)?;
            }
        }
    }
    let mut query = progress.query.clone();
    if let Some(paging) = &operation.answer.paging {
        query.push((paging.page.clone(), lane.page.to_string()));
        query.push((paging.size.clone(), lane.size.to_string()));
    }
    Some(ApiRequest {
        method: Method::Get,
        host: operation.host,
        path,
        query,
        body: None,
        content_type: None,
        response_bytes_max: limits::PAGE_BYTES_MAX,
        timeout: Duration::from_millis(limits::CALL_MS_MAX),
    })
}

/// An id as one segment of a path.
fn push_id(path: &mut String, id: &EntityId) -> Option<()> {
    if matches!(id.as_str(), "." | "..") {
        return None;
    }
    for byte in id.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").ok()?;
        }
    }
    Some(())
}
