//! A disk that is full: what cannot be kept is refused, what is kept can be read, and space mends it without a restart.
//!
//! The disk is a small one of the test's own, mounted where only its process sees it. Where the system allows no such thing, this says so and
//! shows nothing; the writer's own tests show the same with a database that is told to be full.

use std::path::Path;
use std::process::Command;

use actors::port::store::Error;
use actors::port::store::journal::Written;
use clockify_addons::store::{Settings, open};

use crate::backend::{settings, submit, write};
use crate::sample::{accept, event, install, key};

const SMALL_DISK: &str = "STORE_TEST_SMALL_DISK";
const NAME: &str = "sqlite::disk::a_full_disk_refuses_what_it_cannot_keep_and_is_got_over";

/// Runs this test again in a process that has a disk of twelve megabytes.
fn again_on_a_small_disk() {
    let disk = tempfile::tempdir().unwrap();
    let script = r#"mount -t tmpfs -o size=12m none "$1" || exit 77; exec "$2" --exact "$3" --nocapture"#;
    let program = std::env::current_exe().unwrap();
    let child = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .arg(disk.path())
        .arg(program)
        .arg(NAME)
        .env(SMALL_DISK, disk.path())
        .output();
    match child {
        Ok(child) if child.status.success() => {}
        Ok(child) if child.status.code() == Some(77) || String::from_utf8_lossy(&child.stderr).contains("unshare") => {
            println!("SKIPPED {NAME}: this system gives no disk of its own to a test");
        }
        Ok(child) => panic!("{}\n{}", String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr)),
        Err(error) => println!("SKIPPED {NAME}: {error}"),
    }
}

#[tokio::test]
async fn a_full_disk_refuses_what_it_cannot_keep_and_is_got_over() {
    let Some(disk) = std::env::var_os(SMALL_DISK) else { return again_on_a_small_disk() };
    let disk = Path::new(&disk);
    let other = tempfile::tempdir().unwrap();
    let database = open(Settings { url: format!("sqlite://{}", disk.join("x.db").display()), ..settings(&other) }).await.unwrap();
    let store = database.store();
    install(&*store, key(1)).await;
    std::fs::write(disk.join("ballast"), vec![0; 6 << 20]).unwrap();
    let (mut kept, mut refused) = (Vec::new(), Vec::new());
    // A commit may find room where a larger one before it did not: it is over when the last is refused.
    let mut full = false;
    while !full {
        let events: Vec<_> = (0..50).map(|_| actors::event::Event { payload: vec![b'x'; 4_000].into(), ..event() }).collect();
        let pending: Vec<_> = events.iter().map(|event| submit(&*store, accept(key(1), event, &[]))).collect();
        let mut outcomes = Vec::new();
        for answer in pending {
            outcomes.push(answer.outcome().await);
        }
        full = outcomes.last().is_some_and(Result::is_err);
        let (done, failed): (Vec<_>, Vec<_>) = events.into_iter().zip(outcomes).partition(|(_, outcome)| *outcome == Ok(Written::Done));
        kept.extend(done.into_iter().map(|(event, _)| event));
        refused.extend(failed);
        assert!(kept.len() < 5_000, "the disk never gets full");
    }
    for (event, outcome) in &refused {
        assert!(matches!(outcome, Err(Error::Unavailable(why)) if why.contains("full") || why.contains("I/O")), "{outcome:?}");
        assert_eq!(store.event(key(1), event.id).await, Ok(None), "the read path lives, and nothing half is there");
    }
    assert!(database.figures().failing);
    for event in &kept {
        assert_eq!(store.event(key(1), event.id).await.unwrap().as_ref(), Some(event));
    }
    std::fs::remove_file(disk.join("ballast")).unwrap();
    assert_eq!(store.ping().await, Ok(()));
    for (event, _) in &refused {
        assert_eq!(write(&*store, accept(key(1), event, &[])).await, Ok(Written::Done));
    }
    assert!(!database.figures().failing);
}
