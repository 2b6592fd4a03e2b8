//! The writer over a database that does as it is told: batches, order, culprits, failures, panics, the end.

mod shares;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use actors::addon::Addon;
use actors::event::{Event, EventType, Source};
use actors::ids::{EventId, Key, WorkspaceId};
use actors::limits::store::{QUEUE_ENTRIES_MAX, QUEUE_JOBS_MAX};
use actors::port::store::journal::Written;
use actors::port::store::receipt::Pending;
use uuid::Uuid;

use super::*;

/// What the database saw.
#[derive(Default)]
struct Seen {
    /// Events of each commit, by their number.
    commits: Mutex<Vec<Vec<u32>>>,
    connections: AtomicU32,
    closed: AtomicU32,
    /// What happens to the next writes and connects, first to last; then all goes well.
    script: Mutex<VecDeque<Step>>,
    /// A write says that it begins and waits until it may go on, while somebody lets it.
    gate: Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Step {
    Full,
    Lost,
    Panic,
    NoConnection,
}

/// A database that refuses batches with an event whose number is in here.
struct Fake {
    seen: Arc<Seen>,
    refused: &'static [u32],
}

impl Backend for Fake {
    type Connection = u32;

    async fn connect(&self) -> Result<u32, Error> {
        let mut script = self.seen.script.lock().unwrap();
        if script.front() == Some(&Step::NoConnection) {
            script.pop_front();
            return Err(Error::Unavailable("no connection".into()));
        }
        Ok(self.seen.connections.fetch_add(1, Ordering::Relaxed))
    }

    async fn write(&self, _: &mut u32, entries: &[Entry]) -> Result<Vec<Outcome>, Failure> {
        let gate = self.seen.gate.lock().unwrap().take();
        if let Some((begun, mut goes)) = gate {
            let _ = begun.send(()).await;
            if goes.recv().await.is_some() {
                *self.seen.gate.lock().unwrap() = Some((begun, goes));
            }
        }
        let step = self.seen.script.lock().unwrap().pop_front();
        let unavailable = |why: &str| Error::Unavailable(why.to_owned());
        match step {
            Some(Step::Full) => return Err(Failure::Not(unavailable("full"))),
            Some(Step::Lost) => return Err(Failure::Lost(unavailable("lost"))),
            Some(Step::Panic) => panic!("told to"),
            Some(Step::NoConnection) | None => {}
        }
        let numbers: Vec<u32> = entries.iter().map(number).collect();
        if numbers.iter().any(|number| self.refused.contains(number)) {
            return Err(Failure::Refused("told to".into()));
        }
        self.seen.commits.lock().unwrap().push(numbers);
        Ok(vec![Ok(Written::Done); entries.len()])
    }

    async fn close(&self, _: u32) {
        self.seen.closed.fetch_add(1, Ordering::Relaxed);
    }
}

fn start(refused: &'static [u32]) -> (Handle<u32>, Arc<Seen>) {
    let seen = Arc::<Seen>::default();
    (spawn(Fake { seen: Arc::clone(&seen), refused }, Some(99)).unwrap(), seen)
}

fn key() -> Key {
    Key { addon: Addon::UniversalWebhook, workspace: WorkspaceId::from_bytes([1; 12]) }
}

fn entry(number: u32) -> Entry {
    Entry::Repeat { key: key(), event: EventId::from(Uuid::from_u128(u128::from(number))) }
}

/// An event of a workspace with a payload of so many bytes.
fn event(workspace: u8, number: u32, bytes: usize) -> Entry {
    let key = Key { addon: Addon::UniversalWebhook, workspace: WorkspaceId::from_bytes([workspace; 12]) };
    let event = Event {
        id: EventId::from(Uuid::from_u128(u128::from(number))),
        source: Source::Clockify,
        message: None,
        event_type: EventType::parse("NEW_TAG").unwrap(),
        entity: None,
        received_at: actors::clock::Timestamp::from_seconds(1),
        payload: vec![b' '; bytes].into(),
        payload_hash: [0; 32],
        headers: None,
        deliveries: 1,
    };
    Entry::Accept { key, event: Box::new(event), runs: Vec::new() }
}

fn number(entry: &Entry) -> u32 {
    match entry {
        Entry::Repeat { event, .. } => u32::try_from(event.uuid().as_u128()).unwrap(),
        Entry::Accept { event, .. } => u32::try_from(event.id.uuid().as_u128()).unwrap(),
        _ => 0,
    }
}

fn submit(handle: &Handle<u32>, entry: Entry) -> Pending {
    let (receipt, pending) = Receipt::pair();
    handle.submit(entry, receipt);
    pending
}

/// A job that tells what had been committed when its turn came.
fn witness(seen: &Arc<Seen>) -> (Job<u32>, oneshot::Receiver<Vec<Vec<u32>>>) {
    let (seen, (told, commits)) = (Arc::clone(seen), oneshot::channel());
    let job: Job<u32> = Box::new(move |_| {
        Box::pin(async move {
            let _ = told.send(seen.commits.lock().unwrap().clone());
            After::Fine
        })
    });
    (job, commits)
}

/// Occupies the writer until the sender is used.
async fn hold(handle: &Handle<u32>) -> oneshot::Sender<()> {
    let (release, released) = oneshot::channel::<()>();
    let (begun, begins) = oneshot::channel();
    let job: Job<u32> = Box::new(move |_| {
        Box::pin(async move {
            let _ = begun.send(());
            let _ = released.await;
            After::Fine
        })
    });
    handle.run(job).unwrap();
    begins.await.unwrap();
    release
}

/// What ends when the writer is closed.
async fn begin_to_close(handle: &Handle<u32>) -> tokio::task::JoinHandle<()> {
    let handle = handle.clone();
    let closing = tokio::spawn(async move { handle.close().await });
    tokio::task::yield_now().await;
    closing
}

async fn outcomes(pending: Vec<Pending>) -> Vec<Outcome> {
    futures_util::future::join_all(pending.into_iter().map(Pending::outcome)).await
}

fn is_unavailable(outcome: &Outcome) -> bool {
    matches!(outcome, Err(Error::Unavailable(_)))
}

#[tokio::test]
async fn what_waits_goes_into_one_commit_in_the_order_of_submission() {
    let (handle, seen) = start(&[]);
    let release = hold(&handle).await;
    let pending: Vec<_> = (1..=100).map(|number| submit(&handle, entry(number))).collect();
    assert_eq!(handle.figures().entries_waiting, 100);
    release.send(()).unwrap();
    assert_eq!(outcomes(pending).await, vec![Ok(Written::Done); 100]);
    assert_eq!(*seen.commits.lock().unwrap(), [(1..=100).collect::<Vec<_>>()]);
    let figures = handle.figures();
    assert_eq!((figures.batches, figures.entries, figures.entries_waiting, figures.failing), (1, 100, 0, false));
}

#[tokio::test]
async fn a_commit_takes_so_many_entries_and_no_more() {
    let (handle, seen) = start(&[]);
    let release = hold(&handle).await;
    let pending: Vec<_> = (0..2 * BATCH_ENTRIES_MAX as u32 + 10).map(|number| submit(&handle, entry(number))).collect();
    release.send(()).unwrap();
    outcomes(pending).await;
    let sizes: Vec<_> = seen.commits.lock().unwrap().iter().map(Vec::len).collect();
    assert_eq!(sizes, [BATCH_ENTRIES_MAX, BATCH_ENTRIES_MAX, 10]);
}

#[tokio::test]
async fn a_commit_takes_so_many_bytes_and_no_more() {
    let (handle, seen) = start(&[]);
    let release = hold(&handle).await;
    let pending: Vec<_> = (0..5).map(|number| submit(&handle, event(1, number, BATCH_BYTES_MAX / 2))).collect();
    release.send(()).unwrap();
    outcomes(pending).await;
    let sizes: Vec<_> = seen.commits.lock().unwrap().iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 2, 1]);
}

#[tokio::test]
async fn jobs_stand_in_line_with_entries() {
    let (handle, seen) = start(&[]);
    let release = hold(&handle).await;
    let first = submit(&handle, entry(1));
    let (job, commits) = witness(&seen);
    handle.run(job).unwrap();
    let second = submit(&handle, entry(2));
    release.send(()).unwrap();
    assert_eq!(outcomes(vec![first, second]).await, [Ok(Written::Done), Ok(Written::Done)]);
    assert_eq!(commits.await.unwrap(), [[1]]);
    assert_eq!(*seen.commits.lock().unwrap(), [[1], [2]]);
}

#[tokio::test]
async fn only_the_culprits_of_a_batch_are_refused_and_the_others_keep_their_order() {
    let (handle, seen) = start(&[3, 17, 18]);
    let release = hold(&handle).await;
    let pending: Vec<_> = (1..=20).map(|number| submit(&handle, entry(number))).collect();
    release.send(()).unwrap();
    for (number, outcome) in (1..).zip(outcomes(pending).await) {
        assert_eq!(is_unavailable(&outcome), [3, 17, 18].contains(&number), "{number}: {outcome:?}");
    }
    let written: Vec<u32> = seen.commits.lock().unwrap().concat();
    assert_eq!(written, (1..=20).filter(|number| ![3, 17, 18].contains(number)).collect::<Vec<_>>());
    assert!(!handle.figures().failing, "a culprit says nothing about the store");
}

#[tokio::test]
async fn a_full_disk_fails_what_waited_and_is_seen_and_got_over() {
    let (handle, seen) = start(&[]);
    seen.script.lock().unwrap().push_back(Step::Full);
    let release = hold(&handle).await;
    let pending: Vec<_> = (1..=10).map(|number| submit(&handle, entry(number))).collect();
    release.send(()).unwrap();
    assert_eq!(outcomes(pending).await, vec![Err(Error::Unavailable("full".into())); 10]);
    assert!(handle.figures().failing);
    assert_eq!(submit(&handle, entry(11)).outcome().await, Ok(Written::Done));
    assert!(!handle.figures().failing);
    assert_eq!(seen.connections.load(Ordering::Relaxed), 0, "the connection is kept");
}

#[tokio::test]
async fn a_lost_connection_is_opened_again_for_the_next_work() {
    let (handle, seen) = start(&[]);
    seen.script.lock().unwrap().extend([Step::Lost, Step::NoConnection]);
    assert_eq!(submit(&handle, entry(1)).outcome().await, Err(Error::Unavailable("lost".into())));
    assert_eq!(submit(&handle, entry(2)).outcome().await, Err(Error::Unavailable("no connection".into())));
    assert_eq!(submit(&handle, entry(3)).outcome().await, Ok(Written::Done));
    assert_eq!(seen.connections.load(Ordering::Relaxed), 1);
    assert_eq!(*seen.commits.lock().unwrap(), [[3]]);
}

#[tokio::test]
async fn a_panic_answers_the_batch_in_hand_and_the_writer_goes_on() {
    let (handle, seen) = start(&[]);
    let release = hold(&handle).await;
    seen.script.lock().unwrap().push_back(Step::Panic);
    let pending: Vec<_> = (0..BATCH_ENTRIES_MAX as u32 + 5).map(|number| submit(&handle, entry(number))).collect();
    release.send(()).unwrap();
    let outcomes = outcomes(pending).await;
    assert!(outcomes[..BATCH_ENTRIES_MAX].iter().all(is_unavailable));
    assert_eq!(outcomes[BATCH_ENTRIES_MAX..], vec![Ok(Written::Done); 5]);
    assert_eq!(seen.connections.load(Ordering::Relaxed), 1, "with a new connection");
}

#[tokio::test]
async fn a_panicking_job_costs_only_its_own_answer() {
    let (handle, _) = start(&[]);
    let (told, answer) = oneshot::channel::<()>();
    let job: Job<u32> = Box::new(move |_| {
        Box::pin(async move {
            let _told = told;
            panic!("told to")
        })
    });
    handle.run(job).unwrap();
    assert!(answer.await.is_err());
    assert_eq!(submit(&handle, entry(1)).outcome().await, Ok(Written::Done));
}

#[tokio::test]
async fn what_may_wait_lets_so_many_commits_go_first_and_no_more() {
    let (handle, seen) = start(&[]);
    let (begun, mut begins) = mpsc::channel(1);
    let (go, goes) = mpsc::channel(1);
    *seen.gate.lock().unwrap() = Some((begun, goes));
    let mut pending = vec![submit(&handle, entry(0))];
    begins.recv().await.unwrap();
    let (job, mut commits) = witness(&seen);
    handle.run_later(job).unwrap();
    let at = loop {
        // Another entry waits whenever a commit ends.
        pending.push(submit(&handle, entry(u32::try_from(pending.len()).unwrap())));
        go.send(()).await.unwrap();
        begins.recv().await.unwrap();
        if let Ok(at) = commits.try_recv() {
            break at.len();
        }
        assert!(pending.len() < 100, "it never comes to it");
    };
    assert_eq!(at, 1 + COMMITS_FIRST_MAX, "the one that was under way, and those that went first");
    drop(go);
    assert!(outcomes(pending).await.iter().all(|outcome| *outcome == Ok(Written::Done)));
}

#[tokio::test]
async fn what_may_wait_is_done_when_nothing_else_is_to_be_and_before_the_end() {
    let (handle, seen) = start(&[]);
    let (job, done) = witness(&seen);
    handle.run_later(job).unwrap();
    done.await.unwrap();
    let release = hold(&handle).await;
    let (job, done) = witness(&seen);
    handle.run_later(job).unwrap();
    let closing = begin_to_close(&handle).await;
    release.send(()).unwrap();
    closing.await.unwrap();
    done.await.unwrap();
}

#[tokio::test]
async fn full_queues_answer_busy_at_once_each_for_itself() {
    let (handle, _) = start(&[]);
    let release = hold(&handle).await;
    let pending: Vec<_> = (0..QUEUE_ENTRIES_MAX as u32).map(|number| submit(&handle, entry(number))).collect();
    assert_eq!(submit(&handle, entry(0)).outcome().await, Err(Error::Busy));
    let job = || -> Job<u32> { Box::new(|_| Box::pin(async { After::Fine })) };
    for _ in 0..QUEUE_JOBS_MAX {
        handle.run(job()).unwrap();
    }
    assert_eq!(handle.run(job()), Err(Error::Busy));
    release.send(()).unwrap();
    assert!(outcomes(pending).await.iter().all(|outcome| *outcome == Ok(Written::Done)));
    assert_eq!(submit(&handle, entry(0)).outcome().await, Ok(Written::Done));
    handle.run(job()).unwrap();
}

#[tokio::test]
async fn closing_writes_what_is_queued_and_takes_nothing_more() {
    let (handle, seen) = start(&[]);
    let release = hold(&handle).await;
    let pending: Vec<_> = (1..=300).map(|number| submit(&handle, entry(number))).collect();
    let closing = begin_to_close(&handle).await;
    release.send(()).unwrap();
    closing.await.unwrap();
    assert!(outcomes(pending).await.iter().all(|outcome| *outcome == Ok(Written::Done)));
    assert_eq!(seen.commits.lock().unwrap().concat().len(), 300);
    assert_eq!(seen.closed.load(Ordering::Relaxed), 1);
    assert!(is_unavailable(&submit(&handle, entry(1)).outcome().await));
    assert!(handle.run(Box::new(|_| Box::pin(async { After::Fine }))).is_err());
    handle.close().await;
}
