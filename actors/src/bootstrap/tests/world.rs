//! A small workspace: lists by operation and parent, which answer the machine page by page, and what is stored of it meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::bootstrap::machine::{Effect, Input, Machine};
use crate::bootstrap::page::Failure;
use crate::bootstrap::plan::{Terms, plan};
use crate::bootstrap::record::{Record, Status};
use crate::clock::Timestamp;
use crate::entity::EntityId;
use crate::operation::Catalogue;
use crate::settings::Settings;

pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub fn catalogue(extra: serde_json::Value) -> Catalogue {
    let workspace = json!({"name": "workspaceId", "in": "path", "required": true});
    let below = |name: &str| json!([workspace, {"name": name, "in": "path", "required": true}]);
    let paged = json!({"list": "", "paging": {"page": "page", "size": "page-size", "sizeMax": 50}});
    let mut all = vec![
        json!({"id": "getProjects", "method": "GET", "path": "/v1/workspaces/{workspaceId}/projects", "tag": "", "summary": "", "scope": "PROJECT_READ",
            "answer": paged, "parameters": [workspace]}),
        json!({"id": "getTasks", "method": "GET", "path": "/v1/workspaces/{workspaceId}/projects/{projectId}/tasks", "tag": "", "summary": "",
            "scope": "TASK_READ", "answer": paged, "parameters": below("projectId")}),
        json!({"id": "getTags", "method": "GET", "path": "/v1/workspaces/{workspaceId}/tags", "tag": "", "summary": "", "scope": "TAG_READ",
            "answer": {"list": ""}, "parameters": [workspace]}),
    ];
    all.extend(extra.as_array().into_iter().flatten().cloned());
    Catalogue::read(serde_json::to_string(&all).unwrap().as_bytes()).unwrap()
}

pub fn scopes() -> BTreeSet<String> {
    ["PROJECT_READ", "TASK_READ", "TAG_READ"].map(str::to_owned).into()
}

pub fn record(catalogue: &Catalogue, settings: Settings) -> Record {
    let mut record = Record::asked(uuid::Uuid::nil().into(), NOW);
    record.begin(plan(catalogue, Terms { scopes: &scopes(), settings, now: NOW }), 3, NOW);
    record
}

/// Lists by operation and parent, each of its pages; what is stored; and what has been asked for.
pub struct World {
    pub catalogue: Catalogue,
    pub pages: BTreeMap<(String, Option<String>), Vec<usize>>,
    pub stored: Record,
    pub machine: Machine,
    pub doing: Vec<Effect>,
    /// Pages that were stored, by operation, parent and page.
    pub kept: BTreeMap<(String, Option<String>, u32), u32>,
    /// Pages that were asked for.
    pub asked: BTreeMap<(String, Option<String>, u32), u32>,
    pub now: Timestamp,
    /// Projects that are known, with lists or without.
    pub found: usize,
}

pub const PROJECTS: usize = 130;

impl World {
    pub fn new() -> Self {
        let catalogue = catalogue(json!([]));
        let stored = record(&catalogue, Settings::default());
        let mut pages = BTreeMap::from([(("getProjects".to_owned(), None), vec![50, 50, 30]), (("getTags".to_owned(), None), vec![7])]);
        for project in 0..PROJECTS {
            let tasks = if project % 3 == 0 { vec![50, 1] } else { vec![project % 50] };
            pages.insert(("getTasks".to_owned(), Some(format!("p{project:03}"))), tasks);
        }
        let machine = Machine::new(stored.clone());
        Self {
            catalogue,
            pages,
            stored,
            machine,
            doing: Vec::new(),
            kept: BTreeMap::new(),
            asked: BTreeMap::new(),
            now: NOW,
            found: PROJECTS,
        }
    }

    pub fn crash(&mut self) {
        self.machine = Machine::new(self.stored.clone());
        self.doing.clear();
    }

    pub fn begin_all(&mut self) {
        while let Some(effect) = self.machine.next(self.now) {
            if let Effect::Call { operation, parent } = &effect {
                let (progress, lane) = self.machine.lane(*operation, parent.as_ref()).unwrap();
                let place = (progress.operation.clone(), parent.as_ref().map(ToString::to_string), lane.page);
                *self.asked.entry(place).or_default() += 1;
            }
            self.doing.push(effect);
        }
    }

    pub fn step(&mut self, input: Input) {
        let changed = self.machine.step(input, self.now);
        let record = self.machine.record();
        if changed.head {
            self.stored.head = record.head.clone();
        }
        for index in changed.operations {
            self.stored.operations[index] = record.operations[index].clone();
        }
    }

    pub fn answer(&mut self, effect: Effect, failure: Option<Failure>) {
        let input = match effect {
            Effect::Call { operation, parent } => match failure {
                Some(failure) => Input::Failed { operation, parent, failure },
                None => {
                    let Some((progress, lane)) = self.machine.lane(operation, parent.as_ref()) else {
                        return self.step(Input::Read { operation, parent, entities: 0, items: 0, first: None, last: None });
                    };
                    let place = (progress.operation.clone(), parent.as_ref().map(ToString::to_string));
                    let items = self.pages[&place].get(lane.page as usize - 1).copied().unwrap_or(0);
                    let first = (items > 0).then(|| format!("{place:?} {}", lane.page));
                    if self.machine.record().operations[operation].status.over() {
                        return self.step(Input::Read { operation, parent, entities: items, items, first, last: None });
                    }
                    *self.kept.entry((place.0, place.1, lane.page)).or_default() += 1;
                    Input::Read { operation, parent, entities: items, items, first, last: None }
                }
            },
            Effect::Find { operation, after, limit, .. } => {
                let all = (0..self.found).map(|project| EntityId::parse(&format!("p{project:03}")).unwrap());
                let ids: Vec<EntityId> = all.filter(|id| after.as_ref().is_none_or(|after| id > after)).take(limit as usize).collect();
                Input::Found { operation, complete: ids.len() < limit as usize, ids }
            }
            Effect::Sweep { kind, .. } => Input::Swept { kind, after: None },
        };
        self.step(input);
    }

    /// Goes on until nothing is left to do.
    pub fn run(&mut self) {
        self.run_with(|_| None);
    }

    /// The same, with calls that fail as told by what they are below of.
    pub fn run_with(&mut self, mut fails: impl FnMut(Option<&EntityId>) -> Option<Failure>) {
        for _ in 0..10_000 {
            self.begin_all();
            if !self.doing.is_empty() {
                let effect = self.doing.remove(0);
                let failure = match &effect {
                    Effect::Call { parent, .. } => fails(parent.as_ref()),
                    _ => None,
                };
                self.answer(effect, failure);
            } else if let Some(due) = self.machine.due().filter(|due| *due > self.now) {
                self.now = due;
            } else {
                return;
            }
        }
        panic!("it does not end");
    }

    pub fn entities(&self) -> u64 {
        self.pages.values().flatten().map(|items| *items as u64).sum()
    }

    pub fn status(&self) -> Status {
        self.machine.record().head.status
    }

    pub fn of(&self, operation: &str) -> usize {
        self.machine.record().operations.iter().position(|progress| progress.operation == operation).unwrap()
    }
}
