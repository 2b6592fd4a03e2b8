//! Shares of a commit: what one workspace writes does not keep the others waiting.

use super::*;

#[tokio::test]
async fn large_entries_of_one_workspace_do_not_keep_the_others_waiting() {
    let (handle, seen) = start(&[]);
    let release = hold(&handle).await;
    let hostile = (1..=10).map(|number| submit(&handle, event(1, number, SHARE_BYTES_MAX)));
    let pending: Vec<_> = hostile.collect();
    let others = (11..=40).map(|number| submit(&handle, event(u8::try_from(number % 3).unwrap() + 2, number, 1_000)));
    let pending: Vec<_> = pending.into_iter().chain(others).collect();
    release.send(()).unwrap();
    assert!(outcomes(pending).await.iter().all(|outcome| *outcome == Ok(Written::Done)));
    let commits = seen.commits.lock().unwrap().clone();
    assert_eq!(commits[0], std::iter::once(1).chain(11..=40).collect::<Vec<_>>(), "all of the others' are in the first commit");
    assert_eq!(commits[1..].concat(), (2..=10).collect::<Vec<_>>(), "its own stay in their order, and go on once nobody else waits");
    assert_eq!(commits.len(), 2);
}

#[tokio::test]
async fn a_job_is_not_overtaken_by_what_was_left_before_it() {
    let (handle, seen) = start(&[]);
    let release = hold(&handle).await;
    let mut pending: Vec<_> = (1..=3).map(|number| submit(&handle, event(1, number, SHARE_BYTES_MAX))).collect();
    pending.push(submit(&handle, event(2, 4, 10)));
    let (told, commits) = oneshot::channel();
    let at_job = Arc::clone(&seen);
    let job: Job<u32> = Box::new(move |_| {
        Box::pin(async move {
            let _ = told.send(at_job.commits.lock().unwrap().concat());
            After::Fine
        })
    });
    handle.run(job).unwrap();
    release.send(()).unwrap();
    outcomes(pending).await;
    assert_eq!(commits.await.unwrap(), [1, 4, 2, 3]);
}

#[tokio::test]
async fn an_entry_larger_than_a_share_is_made_up_for() {
    let (handle, seen) = start(&[]);
    let release = hold(&handle).await;
    let mut pending: Vec<_> = (1..=2).map(|number| submit(&handle, event(1, number, 3 * SHARE_BYTES_MAX))).collect();
    pending.push(submit(&handle, event(2, 10, 10)));
    let (begun, mut begins) = mpsc::channel(1);
    let (go, goes) = mpsc::channel(1);
    *seen.gate.lock().unwrap() = Some((begun, goes));
    release.send(()).unwrap();
    // Somebody else waits before each of the next commits.
    for number in 11..=13 {
        begins.recv().await.unwrap();
        pending.push(submit(&handle, event(2, number, 10)));
        go.send(()).await.unwrap();
    }
    drop(go);
    outcomes(pending).await;
    assert_eq!(*seen.commits.lock().unwrap(), [vec![1, 10], vec![11], vec![12], vec![2, 13]]);
}
