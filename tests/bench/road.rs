//! How fast the road is: `cargo bench --bench road`, or with `-- --full` for the numbers that the design names.
//!
//! Drives the release binary as a process, over loopback, with a generator of its own, against a stand-in for the platform's API. Prints the
//! machine and what was measured beside what is to be reached. Nothing here fails because something was slow. With `-- --hostile all` it measures what one
//! workspace that does its worst costs the others, with `-- --entities 1000000` what one that is read whole does.

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
mod connection;
mod floor;
mod hostile;
mod load;
mod machine;
mod measure;
mod plan;
mod process;
mod reading;
mod report;
mod workspaces;

use plan::Plan;
use report::Report;

fn main() {
    let plan = Plan::from_arguments(std::env::args().skip(1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut report = Report::new();
    println!("{}\n{plan}", machine::describe());
    tokio::task::LocalSet::new().block_on(&runtime, async {
        if let Some(trick) = &plan.trick {
            return hostile::measure(trick, &plan, &mut report).await;
        }
        if plan.entities > 0 {
            return reading::measure(&plan, &mut report).await;
        }
        measure::empty(&mut report).await;
        measure::accepting(&plan, &mut report).await;
        measure::flows(&plan, &mut report).await;
        measure::many_installations(&plan, &mut report).await;
    });
    println!("\n{report}");
}
