//! How fast the page is over much data: `cargo bench --bench pages`, or with `-- --events N` and `-- --rounds N`.
//!
//! Fills a database with the events, runs, entities, calls and changes of one workspace beside those of others, asks the release binary for every list
//! with every filter, and opens the dashboard in a browser. SQLite first; Postgres as well where `TEST_POSTGRES_URL` names a server. Nothing here
//! fails because something was slow.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::large_futures,
    reason = "a measurement that cannot be made ends where it stands"
)]
#![allow(dead_code, reason = "the other measurement needs more of what both are made of")]

mod api;
mod browser;
mod connection;
mod database;
mod filled;
mod lists;
mod load;
mod machine;
mod process;
mod report;
mod workspaces;

use std::path::Path;

use api::Api;
use database::Database;
use filled::Sizes;
use process::Process;
use report::Report;
use workspaces::Platform;

fn main() {
    let (mut sizes, mut rounds) = (Sizes::of_events(100_000), 40);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse::<usize>().ok()).unwrap_or_else(|| usage());
        match argument.as_str() {
            "--bench" => {}
            "--events" => sizes = Sizes::of_events(number().max(1)),
            "--rounds" => rounds = number().max(1),
            _ => usage(),
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("{}\n{sizes}; {rounds} rounds", machine::describe());
    tokio::task::LocalSet::new().block_on(&runtime, async {
        for database in Database::all() {
            measure(&database, &sizes, rounds).await;
            database.drop().await;
        }
    });
}

async fn measure(database: &Database, sizes: &Sizes, rounds: usize) {
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let url = database.make(folder.path()).await;
    let (api, mut report) =
        (Api::start(), Report::titled([&format!("{database}: what"), "p50, p99, first, processor time of one", "to reach"]));
    let platform = Platform::new(api.address);
    let start = async || Process::start_on(&url, folder.path(), &platform.public_key(), api.address).await;
    let service = start().await;
    platform.install(service.address, 0, sizes.workspaces).await;
    service.stop().await;
    let filled = filled::fill(&url, folder.path(), sizes).await;
    database.settle(&url).await;
    let service = start().await;
    lists::measure(&service, &platform, &filled, rounds, &mut report).await;
    browser::measure(&service, &platform, rounds, &mut report).await;
    service.stop().await;
    println!("\n{report}");
}

fn usage() -> ! {
    println!("cargo bench --bench pages -- [--events N] [--rounds N]");
    std::process::exit(2)
}
