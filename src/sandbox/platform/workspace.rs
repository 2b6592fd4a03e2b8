//! The data of one simulated workspace: entities as JSON, shelved by kind, in order of creation.

use std::collections::BTreeMap;

use actors::clock::Timestamp;
use actors::ids::WorkspaceId;
use actors::limits::sandbox as limits;
use serde_json::{Map, Value, json};

use super::answer::File;
use super::api::invoices;
use super::changes::Changes;

/// A kind of entity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs, reason = "the names are the kinds")]
pub enum Shelf {
    Users,
    Groups,
    Clients,
    Projects,
    Tasks,
    Tags,
    TimeEntries,
    CustomFields,
    Expenses,
    Categories,
    Invoices,
    Payments,
    Approvals,
    Policies,
    TimeOffRequests,
    Holidays,
    Assignments,
    SharedReports,
}

/// Makes ids as the platform does: seconds, five bytes of the maker's own, a counter.
#[derive(Debug)]
pub struct ObjectIds {
    own: u64,
    counter: u32,
}

impl ObjectIds {
    /// A maker; `chance` (0 to 1) tells it apart from others.
    pub fn new(chance: f64) -> Self {
        Self { own: (chance * ((1u64 << 40) - 1) as f64) as u64, counter: 0 }
    }

    /// The next id, 24 hexadecimal digits. Ids of one maker sort by creation.
    pub fn next(&mut self, now: Timestamp) -> String {
        self.counter = (self.counter + 1) & 0x00ff_ffff;
        format!("{:08x}{:010x}{:06x}", now.seconds().clamp(0, i64::from(u32::MAX)), self.own, self.counter)
    }
}

/// A workspace.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Roles by user id: `OWNER`, `WORKSPACE_ADMIN`, `MEMBER`.
    pub roles: BTreeMap<String, String>,
    /// Values of custom fields of users, by user and field.
    pub user_values: BTreeMap<(String, String), Value>,
    /// What a member has of a policy's time off, by policy and member: what was given and what was used.
    pub balances: BTreeMap<(String, String), (f64, f64)>,
    /// What an hour costs, and what it is billed at.
    pub rates: (Value, Value),
    /// How invoices are made.
    pub invoice_settings: Value,
    /// How much members work and on which days, by user, where somebody has said so.
    pub work: BTreeMap<String, Value>,
    /// Uploaded files by id.
    pub files: BTreeMap<String, File>,
    /// What became of entities, for the feeds of changes.
    pub changes: Changes,
    shelves: BTreeMap<Shelf, BTreeMap<String, Value>>,
}

/// The currency of everything.
pub const CURRENCY_ID: &str = "64b641568b07987035750e00";

impl Workspace {
    /// An empty workspace.
    pub fn new(id: WorkspaceId, name: &str) -> Self {
        Self {
            id,
            name: name.into(),
            roles: BTreeMap::new(),
            user_values: BTreeMap::new(),
            balances: BTreeMap::new(),
            rates: (json!({"amount": 3_000, "currency": "EUR"}), json!({"amount": 5_000, "currency": "EUR"})),
            invoice_settings: invoices::settings(),
            work: BTreeMap::new(),
            files: BTreeMap::new(),
            changes: Changes::default(),
            shelves: BTreeMap::new(),
        }
    }

    /// One entity.
    pub fn get(&self, shelf: Shelf, id: &str) -> Option<&Value> {
        self.shelves.get(&shelf)?.get(id)
    }

    /// All of a kind, oldest first.
    pub fn all(&self, shelf: Shelf) -> impl Iterator<Item = &Value> {
        self.shelves.get(&shelf).into_iter().flat_map(BTreeMap::values)
    }

    /// How many of a kind there are.
    pub fn count(&self, shelf: Shelf) -> usize {
        self.shelves.get(&shelf).map_or(0, BTreeMap::len)
    }

    /// Puts an entity in its place by its `id`. When a kind has grown past its bound the oldest leaves.
    pub fn put(&mut self, shelf: Shelf, entity: Value) {
        let id = text(&entity, "id").to_owned();
        let kept = self.shelves.entry(shelf).or_default();
        kept.insert(id, entity);
        if kept.len() > limits::ENTITIES_MAX {
            kept.pop_first();
        }
    }

    /// Keeps an uploaded file. When there are too many the oldest leaves.
    pub fn put_file(&mut self, id: &str, file: File) {
        self.files.insert(id.to_owned(), file);
        if self.files.len() > limits::FILES_MAX {
            self.files.pop_first();
        }
    }

    /// What somebody is called; nothing for the add-on's own user.
    pub fn name_of(&self, shelf: Shelf, id: &str) -> &str {
        self.get(shelf, id).map_or("", |entity| text(entity, "name"))
    }

    /// Takes an entity out.
    pub fn remove(&mut self, shelf: Shelf, id: &str) -> Option<Value> {
        self.shelves.get_mut(&shelf)?.remove(id)
    }

    /// Who owns it.
    pub fn owner(&self) -> Option<&str> {
        self.with_role("OWNER")
    }

    /// Somebody with this role.
    pub fn with_role(&self, role: &str) -> Option<&str> {
        self.roles.iter().find(|(_, held)| held.eq_ignore_ascii_case(role)).map(|(user, _)| user.as_str())
    }
}

/// Somebody's membership of something.
pub fn membership(user: &str, target: &str, kind: &str) -> Value {
    json!({
        "userId": user,
        "hourlyRate": null,
        "costRate": null,
        "targetId": target,
        "membershipType": kind,
        "membershipStatus": "ACTIVE",
    })
}

/// A member that is a text, or nothing.
pub fn text<'v>(entity: &'v Value, name: &str) -> &'v str {
    entity.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The members of an object, none if it is something else.
pub fn object(entity: &Value) -> Map<String, Value> {
    entity.as_object().cloned().unwrap_or_default()
}

/// A time as the platform writes it: UTC, to the second.
pub fn wire_time(moment: Timestamp) -> String {
    Timestamp::from_seconds(moment.seconds()).to_string().replace(".000Z", "Z")
}

/// The time between two moments as ISO 8601, `PT1H30M`.
pub fn wire_duration(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let part = |amount: u64, unit: &str| if amount == 0 { String::new() } else { format!("{amount}{unit}") };
    let parts = [part(hours, "H"), part(minutes, "M"), part(seconds, "S")].concat();
    if parts.is_empty() { "PT0S".into() } else { format!("PT{parts}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_platforms_and_sort_by_creation() {
        let mut ids = ObjectIds::new(0.999_999);
        let made: Vec<String> = (0..100).map(|n| ids.next(Timestamp::from_seconds(1_700_000_000 + n / 10))).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(made.iter().all(|id| WorkspaceId::parse(id).is_ok()));
    }

    #[test]
    fn times_and_durations_read_as_the_platform_writes_them() {
        assert_eq!(wire_time(Timestamp::from_millis(1_763_915_554_120)), "2025-11-23T16:32:34Z");
        assert_eq!([0, 59, 3_600, 5_430].map(wire_duration), ["PT0S", "PT59S", "PT1H", "PT1H30M30S"]);
    }
}
