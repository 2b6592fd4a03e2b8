//! Any number of entities in a workspace, for load and for paging. The same numbers make the same names.

use std::time::Duration;

use actors::clock::Timestamp;
use actors::limits::sandbox as limits;
use serde::Deserialize;
use serde_json::Value;

use super::seed;
use super::workspace::{ObjectIds, Shelf, Workspace, text};

/// How many of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Crowd {
    /// Clients.
    pub clients: usize,
    /// Projects, of those clients by turns.
    pub projects: usize,
    /// Tasks of each of those projects.
    pub tasks_per_project: usize,
    /// Tags.
    pub tags: usize,
    /// Members.
    pub users: usize,
    /// Time entries of the owner, a minute each, one after the other back from now.
    pub time_entries: usize,
}

impl Crowd {
    /// A large company.
    pub const LARGE: Self = Self { clients: 2_000, projects: 200, tasks_per_project: 20, tags: 2_000, users: 500, time_entries: 1_000 };

    /// As many clients, projects, tags and time entries.
    pub fn even(count: usize) -> Self {
        Self { clients: count, projects: count, tags: count, time_entries: count, ..Self::default() }
    }

    /// Whether each number is within the bound.
    pub fn is_bounded(&self) -> bool {
        let tasks = self.projects.saturating_mul(self.tasks_per_project);
        [self.clients, self.projects, tasks, self.tags, self.users, self.time_entries]
            .iter()
            .all(|count| *count <= limits::SEEDED_ENTITIES_MAX)
    }

    /// Puts them all into a workspace.
    pub fn settle(&self, workspace: &mut Workspace, ids: &mut ObjectIds, now: Timestamp) {
        let (id, owner) = (workspace.id, workspace.owner().unwrap_or_default().to_owned());
        for n in 0..self.users {
            let user = seed::user(&id, &ids.next(now), &format!("Member {n:05}"));
            workspace.roles.insert(text(&user, "id").to_owned(), "MEMBER".into());
            workspace.put(Shelf::Users, user);
        }
        let clients: Vec<Value> = (0..self.clients).map(|n| seed::client(&id, &ids.next(now), &format!("Client {n:05}"))).collect();
        for n in 0..self.projects {
            let client = n.checked_rem(clients.len()).and_then(|n| clients.get(n));
            let project = seed::project(&id, &ids.next(now), &format!("Project {n:05}"), client, "#607D8B", std::slice::from_ref(&owner));
            for task in 0..self.tasks_per_project {
                workspace.put(Shelf::Tasks, seed::task(&ids.next(now), text(&project, "id"), &format!("Task {task:05}")));
            }
            workspace.put(Shelf::Projects, project);
        }
        clients.into_iter().for_each(|client| workspace.put(Shelf::Clients, client));
        for n in 0..self.tags {
            workspace.put(Shelf::Tags, seed::tag(&id, &ids.next(now), &format!("tag {n:05}")));
        }
        let projects: Vec<String> = workspace.all(Shelf::Projects).map(|project| text(project, "id").to_owned()).collect();
        for n in 0..self.time_entries {
            let project = n.checked_rem(projects.len()).and_then(|n| projects.get(n)).map(String::as_str);
            let start = now - Duration::from_secs(60 * (n as u64 + 1));
            workspace
                .put(Shelf::TimeEntries, seed::time_entry(&id, &ids.next(now), &owner, project, &format!("Entry {n:05}"), start, Some(60)));
        }
    }
}

#[cfg(test)]
mod tests {
    use actors::ids::WorkspaceId;

    use super::*;

    #[test]
    fn a_large_company_is_as_large_as_it_says_and_the_same_each_time() {
        let make = || {
            let (mut ids, now) = (ObjectIds::new(0.5), Timestamp::from_seconds(1_790_000_000));
            let mut workspace = Workspace::new(WorkspaceId::parse(&ids.next(now)).unwrap(), "Company");
            Crowd::LARGE.settle(&mut workspace, &mut ids, now);
            workspace
        };
        let (one, other) = (make(), make());
        let kinds = [Shelf::Clients, Shelf::Projects, Shelf::Tasks, Shelf::Tags, Shelf::Users, Shelf::TimeEntries];
        assert_eq!(kinds.map(|kind| one.count(kind)), [2_000, 200, 4_000, 2_000, 500, 1_000]);
        assert!(kinds.iter().all(|kind| one.all(*kind).eq(other.all(*kind))));
        assert!(Crowd::LARGE.is_bounded() && !Crowd { projects: 5_000, tasks_per_project: 3, ..Crowd::default() }.is_bounded());
    }
}
