//! One page of a list, as each operation of the platform pages.
//!
//! Most lists take `page` and `page-size` in the query, searches take them in the body, the feeds of changes count from 0, and some lists come
//! whole whatever is asked for. A page that is too large is refused.

use actors::limits::sandbox as limits;
use actors::operation::{Operation, Place};
use actors::port::clockify::{Host, Method};
use serde_json::Value;

use super::answer::{Outcome, Refusal, Reply};
use super::call::Call;

const SIZE_NAMES: [&str; 4] = ["page-size", "pageSize", "limit", "size"];

/// Searches whose page stands in the body.
const PAGED_BY_BODY: [&str; 8] = [
    "filterUsersOfWorkspace",
    "getInvoicesInfo",
    "getTimeOffRequest",
    "getPtoTimeOffRequests",
    "getFilteredProjectTotals",
    "getUserTotals",
    "generateDetailedReport",
    "generateDetailedReportV1",
];

/// A page of a list, not yet shown.
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// How many there are on all pages together.
    pub total: usize,
    last: Option<bool>,
}

impl<T> Page<T> {
    /// The page as a list.
    pub fn show(self, view: impl FnMut(T) -> Value) -> Outcome {
        self.wrap(view, |items, _| Value::Array(items))
    }

    /// The page as a list within something, that gets the list and the total.
    pub fn wrap(self, view: impl FnMut(T) -> Value, wrap: impl FnOnce(Vec<Value>, usize) -> Value) -> Outcome {
        let items = self.items.into_iter().map(view).collect();
        Ok(Reply { last_page: self.last, ..Reply::ok(wrap(items, self.total)) })
    }
}

/// Where a page begins and how much is on it.
struct Window {
    before: usize,
    size: usize,
}

impl Call {
    /// Takes the page that is asked for.
    pub fn cut<T>(&self, items: Vec<T>) -> Result<Page<T>, Refusal> {
        let total = items.len();
        let Some(Window { before, size }) = self.window()? else { return Ok(Page { items, total, last: None }) };
        let last = says_last(&self.operation).then_some(before.saturating_add(size) >= total);
        Ok(Page { items: items.into_iter().skip(before).take(size).collect(), total, last })
    }

    /// One page of a list that is shown as it is kept.
    pub fn page(&self, items: Vec<&Value>) -> Outcome {
        self.cut(items)?.show(Value::clone)
    }

    fn window(&self) -> Result<Option<Window>, Refusal> {
        let takes = |name: &str| self.operation.parameters.iter().any(|one| one.place == Place::Query && one.name == name);
        let (first, page, size) = if takes("page") {
            let size = SIZE_NAMES.into_iter().find(|name| takes(name)).unwrap_or("page-size");
            let first = usize::from(size != "limit");
            (first, self.number("page", first)?, self.number(size, 1)?)
        } else if PAGED_BY_BODY.contains(&self.operation.id.as_str()) {
            // The detailed report has them in the filter of its own.
            let filter = self.body.get("detailedFilter").unwrap_or(&self.body);
            (1, in_body(filter, "page")?, in_body(filter, "pageSize")?)
        } else {
            return Ok(None);
        };
        let (usual, most) = sizes(&self.operation);
        let size = size.unwrap_or(usual);
        if size > most {
            return Err(Refusal::parameter("page-size"));
        }
        Ok(Some(Window { before: (page.unwrap_or(first) - first).saturating_mul(size), size }))
    }

    /// A query parameter that is a number of at least `least`.
    fn number(&self, name: &str, least: usize) -> Result<Option<usize>, Refusal> {
        let number = |value: &str| value.parse().ok().filter(|number| *number >= least).ok_or_else(|| Refusal::parameter(name));
        self.query(name).map(number).transpose()
    }
}

/// A number of at least one in a body.
fn in_body(body: &Value, name: &str) -> Result<Option<usize>, Refusal> {
    let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok()).filter(|number| *number >= 1);
    let given = body.get(name).filter(|value| !value.is_null());
    given.map(|value| number(value).ok_or_else(|| Refusal::body(format!("{name} has to be a number from 1")))).transpose()
}

/// The usual size of an operation's page and the largest.
fn sizes(operation: &Operation) -> (usize, usize) {
    let time_off = operation.host == Host::Pto || operation.path.contains("/time-off/");
    match operation.id.as_str() {
        "getInProgressTimeEntries" => (limits::PAGE_SIZE_IN_PROGRESS, limits::PAGE_SIZE_SMALL_MAX),
        _ if time_off => (limits::PAGE_SIZE_DEFAULT, limits::PAGE_SIZE_TIME_OFF_MAX),
        _ if operation.host == Host::Reports => (limits::PAGE_SIZE_DEFAULT, limits::PAGE_SIZE_SMALL_MAX),
        _ => (limits::PAGE_SIZE_DEFAULT, limits::PAGE_SIZE_MAX),
    }
}

/// Whether its answers have `Last-Page`: lists that are read with GET from the backend, but for the feeds of changes.
fn says_last(operation: &Operation) -> bool {
    operation.method == Method::Get && operation.host == Host::Backend && !operation.path.contains("/entities/")
}
